"""The interactive loop, fed from a pipe: what ends a block, what is an error and where."""
import subprocess
import sys


def session(text, *options):
    done = subprocess.run([sys.executable, "-i", "-q", *options], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def test_blocks_end_with_an_empty_line():
    assert session("def f():\n  x = 1\n  return x\n\nf()\n") == ">>> ... ... ... >>> 1\n>>> \n"
    assert session("if 0:\n  pass\nelse:\n  print(2)\n\n") == ">>> ... ... ... ... 2\n>>> \n"
    assert session("for i in range(2): print(i)\n\n") == ">>> ... 0\n1\n>>> \n"
    assert session("@property\ndef f(self):\n  return (1,\n2)\n\n1\n") == ">>> ... ... ... ... >>> 1\n>>> \n"
    assert session("for i in range(2): # c\n  # only\n  print(i)\n\n") == ">>> ... ... ... 0\n1\n>>> \n"


def test_strings_brackets_and_continued_lines():
    assert session('"""a\n\nb"""\n') == ">>> ... ... 'a\\n\\nb'\n>>> \n"
    assert session("(1,\n\n2\n)\n") == ">>> ... ... ... (1, 2)\n>>> \n"
    assert session("x = 1; y =\\\n2\ny\n") == ">>> ... >>> 2\n>>> \n"
    assert session("# nothing\n\n1\n") == ">>> >>> >>> 1\n>>> \n"


def test_errors():
    assert session("def f():\n    print(0)\n    return yield 42\n") == (
        '>>> ... ...   File "<stdin>", line 3\n    return yield 42\n           ^^^^^\nSyntaxError: invalid syntax\n>>> \n')
    assert session("1+\n2\n") == '>>>   File "<stdin>", line 1\n    1+\n      ^\nSyntaxError: invalid syntax\n>>> 2\n>>> \n'
    assert "IndentationError: expected an indented block after function definition on line 1" in session("def f():\n\n1\n")


def test_errors_of_the_compiler():
    for text in ("return 1\nprint(2)\n", "class A: return\n\nprint(2)\n", "def f(a, a): pass\n\nprint(2)\n", "break\nprint(2)\n",
                 "def f():\n  nonlocal x\n\nprint(2)\n", "f() = 1\nprint(2)\n"):
        out = session(text)
        assert out.count("SyntaxError: ") == 1 and out.endswith("\n>>> 2\n>>> \n") and "incomplete" not in out, (text, out)
    assert "SyntaxError: no binding for nonlocal" in session("def f():\n  nonlocal x")


def test_exit_with_a_message():
    done = subprocess.run([sys.executable, "-i", "-q"], input="raise SystemExit('bye')\n", stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and done.stderr == ">>> bye\n", done
    done = subprocess.run([sys.executable, "-i", "-q"], input="raise SystemExit(300)\n", stderr=subprocess.PIPE, text=True)
    assert done.returncode == 300 % 256, done


def test_the_end_of_the_input_ends_a_block():
    assert session("for i in range(2):\n  print(i)\n") == ">>> ... ... \n0\n1\n>>> \n"
    assert "SyntaxError: '(' was never closed" in session("x = (1,\n")


def test_future_statements_hold_on():
    out = session("from __future__ import annotations\ndef f(x: undefined): pass\n\nf.__annotations__\n")
    assert "{'x': 'undefined'}" in out, out


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
