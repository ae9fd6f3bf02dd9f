"""The end of a process: what is still alive is finalised with everything in place, files are flushed, warnings shown."""
import os
import subprocess
import sys
import tempfile


def run(code, *options, files=(), **environment):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files:
            with open(os.path.join(folder, name), "w") as out:
                out.write(text)
        path = os.path.join(folder, "program.py")
        with open(path, "w") as out:
            out.write(code)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        done = subprocess.run([sys.executable, *options, path], capture_output=True, text=True, cwd=folder,
                              env=dict(clean, **environment))
        written = os.path.join(folder, "written")
        contents = open(written).read() if os.path.exists(written) else None
        return done.stdout, done.stderr.replace(folder + os.sep, ""), contents


FINALIZER = """
import sys
limit = 3
def use():
    return sys.maxsize > limit
class A:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print(self.name, use())
"""


def test_finalizers_see_their_globals():
    out, err, _ = run(FINALIZER + "a = A('a')\n_b = A('b')\nA.c = A('c')\nd = [A('d')]\n")
    assert sorted(out.split()) == ["True"] * 4 + ["a", "b", "c", "d"] and not err, (out, err)


def test_other_modules_end_too():
    code = "f = open('written', 'w')\nf.write('text')\ndef g():\n    try:\n        yield 1\n    finally:\n        print('finally')\n"
    out, err, written = run("import other, third", files=[("other.py", code + "h = g()\nnext(h)\n"),
                                                          ("third.py", FINALIZER + "a = A('a')\n")])
    assert sorted(out.splitlines()) == ["a True", "finally"] and not err, (out, err)
    assert written == "text"


def test_files_of_classes_are_flushed():
    _, err, written = run("import other", files=[("other.py", "class A:\n    f = open('written', 'w')\nA.f.write('text')\n")])
    assert written == "text" and not err


def test_files_in_cycles_are_flushed():
    _, err, written = run("class A: pass\na = A()\na.a = a\na.f = open('written', 'w')\na.f.write('text')\n")
    assert written == "text" and not err


def test_finalizer_given_to_a_class_later():
    out, err, _ = run("class A: pass\nclass B(A): pass\na = A()\nb = B()\nA.__del__ = lambda self: print('del')\ndel a, b\nprint('end')\n")
    assert out == "del\ndel\nend\n" and not err, (out, err)


def test_current_thread_in_a_finalizer_at_exit():
    out, err, _ = run("import threading\nclass A:\n    def __del__(self):\n"
                      "        print(threading.current_thread() is threading.main_thread(), local.x)\n"
                      "local = threading.local()\nlocal.x = 1\na = A()\na.cycle = a\n")
    assert out == "True 1\n" and not err, (out, err)


def test_warnings_at_exit():
    out, err, _ = run("f = open(__file__)\n", "-Wd")
    assert err.startswith("sys:1: ResourceWarning: unclosed file "), err
    out, err, _ = run("import warnings\nwarn = warnings.warn\nclass A:\n    def __del__(self):\n        warn('late')\na = A()\n")
    assert err.startswith("program.py:5: UserWarning: late\n"), err


def test_options_load_the_warnings_module():
    out, err, _ = run("import sys\nprint('warnings' in sys.modules)\n", "-Wignore")
    assert out == "True\n"
    out, err, _ = run("pass", "-Wxxx")
    assert "Invalid -W option ignored: invalid action: 'xxx'" in err


def test_unraisable_exception_without_text():
    out, err, _ = run("class E(Exception):\n    def __str__(self):\n        1/0\nclass A:\n    def __del__(self):\n        raise E\nA()\n")
    assert err.endswith("E: <exception str() failed>\n"), err


def test_error_handlers_of_the_c_locale():
    code = "import sys\nprint(sys.stdin.errors, sys.stdout.errors, sys.stderr.errors)\n"
    for value, expected in ((None, "surrogateescape"), ("", "surrogateescape"), (":", "surrogateescape"), (":ignore", "ignore"),
                            ("utf-8", "strict"), ("utf-8:", "strict")):
        environment = dict(LC_ALL="C", PYTHONCOERCECLOCALE="0")
        if value is not None:
            environment["PYTHONIOENCODING"] = value
        out, _, _ = run(code, "-Xutf8=0", **environment)
        assert out == f"{expected} {expected} backslashreplace\n", (value, out)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
