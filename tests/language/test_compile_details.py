"""What programs see of compiled code: positions, constants, stack size, block limit, file names, flags; and REPL blocks."""
import __future__
import _symtable
import math
import subprocess
import sys
import warnings


def test_a_module_begins_before_its_first_line():
    code = compile("\n\nx = 1\n", "f", "exec")
    assert code.co_firstlineno == 1
    lines = [line for _, _, line in code.co_lines()]
    assert lines[0] == 0 and lines[1] == 3
    assert next(code.co_positions()) == (0, 1, 0, 0)
    seen = []

    def trace(frame, event, argument):
        seen.append((event, frame.f_lineno))
        return trace
    sys.settrace(trace)
    try:
        exec(code, {})
    finally:
        sys.settrace(None)
    assert seen[:2] == [("call", 0), ("line", 3)]


def test_a_decoder_of_file_names_that_gives_no_text():
    import os
    import pathlib
    original = os.fsdecode
    os.fsdecode = lambda path: 5
    try:
        for compiler in compile, lambda *args: _symtable.symtable(*args):
            try:
                compiler("1", pathlib.PurePath("x"), "exec")
            except TypeError:
                pass
    finally:
        os.fsdecode = original


def test_first_constant_of_a_function():
    def documented():
        "doc"
        return 5

    def plain():
        return 5
    assert documented.__code__.co_consts[0] == "doc"
    assert plain.__code__.co_consts[:2] == (None, 5)
    assert (lambda: 5).__code__.co_consts[:2] == (None, 5)
    assert plain.__doc__ is None


def test_stack_size_is_bounded():
    for source in ("[" + "x, " * 100 + "]", "{" + "x, " * 100 + "}", "(" + "x, " * 100 + ")",
                   "f(" + "x, " * 100 + ")", "o.m(" + ", ".join(f"k{i}=x" for i in range(100)) + ")"):
        code = compile(source, "f", "eval")
        assert code.co_stacksize <= math.ceil(math.log(len(code.co_code))) + 1, source[:8]


def test_long_displays_and_calls():
    def f(*args, **kwargs):
        return len(args), sum(args), len(kwargs), sum(kwargs.values())

    class C:
        def m(self, *args, **kwargs):
            return f(*args, **kwargs)
    x = 3
    scope = {"f": f, "x": x, "C": C}
    positional = ", ".join(f"x + {i}" for i in range(50))
    named = ", ".join(f"k{i}=x * {i}" for i in range(50))
    assert eval(f"f({positional}, {named})", scope) == (50, 1375, 50, 3675)
    assert eval(f"C().m({positional}, *[1, 2], {named}, **{{'a': 1}})", scope) == (52, 1378, 51, 3676)
    for count in 15, 16, 17, 30, 31:
        names = ", ".join(f"k{i}=x" for i in range(count))
        assert eval(f"C().m(1, {names})", scope) == (1, 1, count, 3 * count)
        assert eval(f"C().m({'x, ' * count})", scope) == (count, 3 * count, 0, 0)
    try:
        eval(f"f(**{{'k3': 1}}, {named})", scope)
    except TypeError as e:
        assert "got multiple values for keyword argument 'k3'" in str(e)
    else:
        assert False
    assert eval(f"[{positional}]", scope) == list(eval(f"({positional})", scope)) == [x + i for i in range(50)]
    assert eval(f"{{{positional}}}", scope) == {x + i for i in range(50)}
    assert eval("{" + ", ".join(f"x + {i}: {i}" for i in range(50)) + ", **{1: 2}}", scope)[52] == 49


def test_too_many_nested_handlers():
    def nested(depth, clause):
        lines = []
        for i in range(depth):
            lines += ["    " * i + "try:", "    " * (i + 1) + "f()", "    " * i + clause]
        return "\n".join(lines + ["    " * depth + "pass\n"])
    for clause in "except E as e:", "except:":
        compile(nested(10, clause), "f", "exec")
        try:
            compile(nested(12, clause), "f", "exec")
        except SyntaxError as e:
            assert e.msg == "too many statically nested blocks"
        else:
            assert False


def test_file_names():
    for make in (lambda name: compile("pass", name, "exec"), lambda name: _symtable.symtable("pass", name, "exec")):
        assert getattr(make("f.py"), "co_filename", "f.py") == getattr(make(b"f.py"), "co_filename", "f.py") == "f.py"
        for name in bytearray(b"f.py"), memoryview(b"f.py"):
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                make(name)
            assert seen and seen[0].category is DeprecationWarning
            assert str(seen[0].message) == f"path should be string, bytes, or os.PathLike, not {type(name).__name__}"
        try:
            make(list(b"f.py"))
        except TypeError:
            pass
        else:
            assert False


def test_barry_as_bdfl():
    flag = __future__.CO_FUTURE_BARRY_AS_BDFL
    assert eval(compile("2 <> 3", "f", "eval", flag)) is True
    try:
        compile("2 != 3", "f", "eval", flag)
    except SyntaxError as e:
        assert e.msg == "with Barry as BDFL, use '<>' instead of '!='" and e.offset == 3
    else:
        assert False


def interactive(text, *options):
    process = subprocess.run([sys.executable, "-I", "-i", *options], input=text, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    return process.stdout.splitlines()


def test_interactive_blocks_end_with_a_blank_line():
    out = interactive("def f():\n    print(0)\n    return 42\n\nf()\n")
    assert [line.split(" ")[-1] for line in out[-3:-1]] == ["0", "42"], out
    out = interactive("def f():\n    print(0)\n    return yield 42\n")
    assert out[-4:-1] == ["    return yield 42", "           ^^^^^", "SyntaxError: invalid syntax"], out


def test_marked_ranges():
    def shown(*where):
        code = f"raise SyntaxError('bad bad', {where!r})"
        text = subprocess.run([sys.executable, "-c", code], text=True, stderr=subprocess.PIPE).stderr
        lines = text.splitlines()
        return next((line[4:] for line in lines[-2:] if set(line.strip()) == {"^"}), None)
    assert shown("bad.py", 1, 2, "abcdefg", 1, 7) == " ^^^^^"
    assert shown("bad.py", 1, 2, "abcdefg", 1, -2) == " ^"
    assert shown("bad.py", 1, 4, "abcdefg", 1, 2) == "   ^"
    assert shown("bad.py", 1, 2, "abcdefg", 1, 100) == " ^^^^^^"
    assert shown("bad.py", 1, -4, "abcdefg", 1, -2) is None


def test_import_error_is_reset():
    error = ImportError("test", name="name", path="path")
    error.__init__()
    assert error.args == () and error.msg is error.name is error.path is None
    for call, message in ((lambda: ImportError(a=1, b=2, c=3), "ImportError() takes at most 2 keyword arguments (3 given)"),
                          (lambda: min(0, key=1, b=2, c=3), "min() takes at most 2 keyword arguments (3 given)")):
        try:
            call()
        except TypeError as e:
            assert str(e) == message, e
        else:
            assert False


def test_async_for_shows_the_end_of_each_await():
    events = []

    class Items:
        def __init__(self):
            self.left = 2

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    async def loop():
        async for _ in Items():
            pass

    def trace(frame, event, argument):
        if frame.f_code is loop.__code__ and event == "exception":
            events.append(argument[0])
        return trace
    sys.settrace(trace)
    try:
        loop().send(None)
    except StopIteration:
        pass
    finally:
        sys.settrace(None)
    assert events == [StopIteration, StopIteration, StopAsyncIteration]
