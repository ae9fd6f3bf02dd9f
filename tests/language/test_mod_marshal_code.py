# Code objects through marshal and through bytecode files.
import marshal
import os
import sys
import tempfile
import types

SOURCE = '''
def f(a, b=2, *c, d=4, **e):
    "the docstring"
    x = [1.5, 2j, 10**40, -(10**40), b"ab", "\\ud800x", (1, (2, 3)), frozenset({1}), ...]
    def g():
        return a, x
    return g()
class C:
    "class doc"
    def m(self): return [i * 2 for i in range(3)]
def h(): yield from (1, 2)
def bad():
    raise KeyError("here")
'''


def load(code):
    namespace = {"__name__": "m"}
    exec(code, namespace)
    return namespace


def test_round_trip_is_equal():
    code = compile(SOURCE, "<stored>", "exec")
    again = marshal.loads(marshal.dumps(code))
    assert again == code and hash(again) == hash(code)
    assert again.co_filename == "<stored>" and again.co_name == "<module>"
    assert again.co_consts[0] == code.co_consts[0]


def test_loaded_code_runs():
    m = load(marshal.loads(marshal.dumps(compile(SOURCE, "<stored>", "exec"))))
    assert m["f"](1)[1] == [1.5, 2j, 10**40, -(10**40), b"ab", "\ud800x", (1, (2, 3)), frozenset({1}), ...]
    assert m["C"]().m() == [0, 2, 4] and list(m["h"]()) == [1, 2]


def test_code_looked_into_before_it_runs():
    m = load(marshal.loads(marshal.dumps(compile(SOURCE, "<stored>", "exec"))))
    f = m["f"]
    assert f.__doc__ == "the docstring" and m["C"].__doc__ == "class doc" and m["h"].__doc__ is None
    assert f.__code__.co_varnames[:3] == ("a", "b", "d") and f.__code__.co_cellvars
    assert m["h"].__code__.co_name == "h" and m["bad"].__code__.co_firstlineno == 12
    assert m["C"].m.__code__.co_code and m["bad"].__code__.co_names


def test_keyword_arguments_of_code_that_has_not_run():
    m = load(marshal.loads(marshal.dumps(compile(SOURCE, "<stored>", "exec"))))
    assert m["f"](b=1, a=5)[0] == 5
    try:
        m["bad"](x=1)
    except TypeError as e:
        assert str(e) == "bad() got an unexpected keyword argument 'x'"
    else:
        raise AssertionError


def test_line_numbers_of_loaded_code():
    m = load(marshal.loads(marshal.dumps(compile(SOURCE, "<stored>", "exec"))))
    try:
        m["bad"]()
    except KeyError as e:
        last = e.__traceback__.tb_next
        assert last.tb_lineno == 13 and last.tb_frame.f_code.co_filename == "<stored>"


def test_code_that_has_run_is_stored_again():
    m = load(compile(SOURCE, "<stored>", "exec"))
    for _ in range(10):
        m["f"](1), m["C"]().m()
    again = marshal.loads(marshal.dumps(m["f"].__code__))
    assert again == m["f"].__code__
    m["f"].__code__ = again
    assert m["f"](3)[0] == 3 and m["f"].__doc__ == "the docstring"


def test_docstring_survives_new_code():
    def f():
        "one"

    def g():
        "two"
    f.__code__ = g.__code__
    assert f.__doc__ == "one"
    f.__doc__ = None
    assert f.__doc__ is None
    del g.__doc__
    assert g.__doc__ is None


def test_cut_off_data_is_an_error():
    data = marshal.dumps(compile(SOURCE, "<stored>", "exec"))
    for n in range(0, len(data), 41):
        try:
            marshal.loads(data[:n])
        except (EOFError, ValueError, TypeError):
            continue
        raise AssertionError(n)


def test_bytecode_file_is_written_and_used():
    try:
        import subprocess
    except ImportError:
        return
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stored_module.py")
        with open(path, "w") as out:
            out.write("def f():\n    'doc'\n    return __file__\n")
        program = "import stored_module as s; print(s.f.__doc__, s.f(), s.f.__code__.co_filename, s.__cached__)"
        shown = [subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True)
                 for _ in range(2)]
        for run in shown:
            doc, file, filename, cached = run.stdout.split()
            assert doc == "doc" and file == filename == path, run.stdout
            assert os.path.exists(cached)


def test_replacing_constants():
    code = compile("x = 1\ndef f(a):\n    return a, 'text'\n", "before", "exec")

    def renamed(code):
        constants = tuple(renamed(c) if isinstance(c, type(code)) else c for c in code.co_consts)
        return code.replace(co_filename="after", co_consts=constants)

    changed = renamed(code)
    names = {}
    exec(changed, names)
    assert names["f"].__code__.co_filename == changed.co_filename == "after" and names["f"](2) == (2, "text")
    number = [float if c == 1 and type(c) is int else c for c in code.co_consts]
    exec(code.replace(co_consts=tuple(number)), names)
    assert names["x"] is float


def test_replaced_code_is_called_as_the_code_before():
    def make():
        class Made:
            value = 1
        return Made, [item for item in (1, 2)]

    def other(first, second, *rest, key, **names):
        return first

    def function(kinds):
        constants = [other.__code__ if isinstance(c, type(other.__code__)) and c.co_name in kinds else c
                     for c in make.__code__.co_consts]
        return types.FunctionType(make.__code__.replace(co_consts=tuple(constants)), {"__name__": __name__})

    for kinds in ["Made"], ["<listcomp>"]:
        try:
            function(kinds)()
        except (TypeError, ValueError):     # when it is made, or called
            continue
        assert False, kinds
