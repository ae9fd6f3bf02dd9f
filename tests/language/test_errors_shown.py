"""How uncaught exceptions are displayed: suggestions, tracebacklimit; recursion limits."""
import io
import sys


def shown(function):
    old = sys.stderr
    sys.stderr = io.StringIO()
    try:
        function()
    except Exception as e:
        sys.__excepthook__(type(e), e, e.__traceback__)
    finally:
        text = sys.stderr.getvalue()
        sys.stderr = old
    return text


class A:
    colour = 1

    def __getattr__(self, name):
        raise AttributeError()


def test_attribute_suggestion():
    assert "Did you mean: 'colour'?" in shown(lambda: A().color)
    assert "Did you mean: 'append'?" in shown(lambda: [].appnd)


def test_name_suggestion():
    def f():
        counter = 1
        print(countr)

    assert shown(f).endswith("NameError: name 'countr' is not defined. Did you mean: 'counter'?\n")
    assert "Did you mean: 'print'?" in shown(lambda: prnt)


def test_suggestion_in_context():
    def f():
        try:
            [].appnd
        except AttributeError:
            raise ValueError

    assert "'append'?" in shown(f)


def test_traceback_limit():
    def g():
        1 / 0

    def f():
        g()

    try:
        sys.tracebacklimit = 1
        text = shown(f)
        assert text.count("  File ") == 1 and "in g" in text, text
        sys.tracebacklimit = 0
        assert shown(f) == "ZeroDivisionError: division by zero\n"
    finally:
        del sys.tracebacklimit


def test_recursion_limit():
    def depth(n):
        try:
            return depth(n + 1)
        except RecursionError:
            return n

    old = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(200)
        low = depth(0)
        sys.setrecursionlimit(2000)
        high = depth(0)
    finally:
        sys.setrecursionlimit(old)
    assert low < 200 and 1000 < high < 2000


def test_native_recursion_counts():
    nested = []
    for _ in range(sys.getrecursionlimit() + 100):
        nested = [nested]
    try:
        repr(nested)
    except RecursionError as e:
        assert str(e) == "maximum recursion depth exceeded while getting the repr of an object"
    else:
        raise AssertionError


def test_metaclass_instances_share_the_class_namespace():
    class Meta(type):
        pass

    class C(metaclass=Meta):
        x = 1

    C.y = 2
    assert type(C.__dict__).__name__ == "mappingproxy" and C.__dict__["y"] == 2 and "x" in C.__dict__


def test_module_of_native_types():
    assert type(test_recursion_limit).__module__ == "builtins"
    assert type(len).__module__ == "builtins"


def test_ranges_of_warnings_that_are_errors():
    import os
    import subprocess
    import tempfile
    for source, carets in (('foo = """\\q"""', "      ^^^^^^^^"), ('foo = 1, """a\n\\q"""', "         ^^^^"),
                           ("assert (1, 'a')", "^^^^^^^^^^^^^^^"), ("x = ()()", "    ^^^^"), ("x = 1[1, 2]", "    ^^^^^^^"),
                           ("x = (1,\n 2) is 1", "    ^^^"), ("z=0o7or 1", "    ^")):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program.py")
            with open(path, "w") as out:
                out.write(source + "\n")
            done = subprocess.run([sys.executable, "-Werror", path], capture_output=True, text=True)
        lines = done.stderr.splitlines()
        assert lines[-2][4:] == carets and lines[-1].startswith("SyntaxError: "), (source, done.stderr)


def test_command_that_is_no_text():
    import subprocess
    done = subprocess.run([sys.executable, "-c", b"print('\xff')"], capture_output=True)
    assert done.returncode == 1 and done.stderr.startswith(b"Unable to decode the command from the command line:\n"), done.stderr


def test_inspecting_a_module():
    import subprocess
    done = subprocess.run([sys.executable, "-i", "-m", "timeit", "-n", "1"], input="Timer\nexit()\n", capture_output=True, text=True)
    assert "1 loop" in done.stdout and "<class '__main__.Timer'>" in done.stdout, done


def test_unraisable_exceptions_have_tracebacks():
    import subprocess
    code = "class A:\n    def __del__(self):\n        1/0\nA()\n"
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr.splitlines()
    assert lines[0].startswith("Exception ignored in: <function A.__del__ at ")
    assert lines[1:] == ["Traceback (most recent call last):", '  File "<string>", line 3, in __del__', "ZeroDivisionError: division by zero"]


def test_deep_exception_groups():
    error = TypeError("innermost")
    for i in range(1000):
        error = ExceptionGroup(f"group {i}", [ValueError(i), error])

    def f():
        raise error

    text = shown(f)
    assert "| ExceptionGroup: group 999 (2 sub-exceptions)" in text and "... and 1 more exception" not in text
    assert "group 990" in text and "group 980" not in text


def test_memory_errors_keep_no_tracebacks():
    import weakref

    class C:
        pass

    def inner():
        nonlocal seen
        local = C()
        seen = weakref.ref(local)
        [0] * 2 ** 62

    seen = None
    for _ in range(2):
        try:
            inner()
        except MemoryError as e:
            entries = 0
            trace = e.__traceback__
            while trace:
                entries, trace = entries + 1, trace.tb_next
            assert entries == 2 and seen() is not None
        trace = None
        import gc
        gc.collect()
        assert seen() is None
