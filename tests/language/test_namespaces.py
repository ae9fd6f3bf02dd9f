# exec and eval with namespaces of their own: builtins, dict subclasses, code run as a function.
import ast
import asyncio
import types

from checks import raises


class Refused(Exception):
    pass


class Closed(dict):
    def __getitem__(self, key):
        raise Refused(key)


class Defaults(dict):
    def __missing__(self, key):
        return "default " + key


def test_builtins_of_a_namespace():
    raises(NameError, exec, "print(1)", {"__builtins__": {}}, message="name 'print' is not defined")
    raises(TypeError, exec, "print(1)", {"__builtins__": 123}, message="'int' object is not subscriptable")
    assert eval("superglobal", {"__builtins__": types.MappingProxyType({"superglobal": 1})}) == 1
    assert eval("superglobal", {"__builtins__": Defaults()}) == "default superglobal"
    raises(Refused, exec, "superglobal", {"__builtins__": Closed(superglobal=1)}, message="superglobal")
    raises(NameError, exec, "class A: pass", {"__builtins__": {}}, message="__build_class__ not found")


def test_functions_inherit_builtins():
    code = "def f(): return name\ng = type(f)(f.__code__, {})\n"
    own = {"name": 5}
    namespace = {"type": type, "__builtins__": own}
    exec(code, namespace)
    assert namespace["f"].__builtins__ is own and namespace["g"].__builtins__ is own
    assert namespace["g"]() == 5


def test_globals_of_a_dict_subclass():
    raises(Refused, exec, "name", Closed(name=1), message="name")
    namespace = Defaults(x=1)
    exec("def f(): return x, y", namespace)
    for _ in range(3):
        assert namespace["f"]() == (1, "default y")


def test_module_code_as_a_function():
    namespace = {"b": 5, "seen": []}
    function = types.FunctionType(compile("a = b\nseen.append(locals() is globals())\nclass C: x: int = a\ndel b", "?", "exec"), namespace)
    function()
    assert namespace["a"] == 5 and namespace["seen"] == [True] and namespace["C"].x == 5 and "b" not in namespace


def test_await_at_top_level():
    async def numbers():
        yield 1
        yield 2

    class Manager:
        async def __aenter__(self):
            return 7

        async def __aexit__(self, *error):
            pass

    for source, expected in (("async for a in numbers(): pass", 2), ("async with Manager() as a: pass", 7)):
        raises(SyntaxError, compile, source, "?", "exec")
        code = compile(source, "?", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        assert code.co_flags & 128
        namespace = {"numbers": numbers, "Manager": Manager}
        asyncio.run(types.FunctionType(code, namespace)())
        assert namespace["a"] == expected


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
