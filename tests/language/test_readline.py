# The interactive loop and input() on a terminal: editing, history, interrupts.
import os
import pty
import select
import sys
import tempfile
import time


def session(keys):
    """What a terminal shows while `keys` are typed, each as soon as the prompt is there."""
    with tempfile.TemporaryDirectory() as home:
        pid, fd = pty.fork()
        if pid == 0:
            environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
            environment.update(HOME=home, TERM="xterm")
            os.execve(sys.executable, [sys.executable, "-q"], environment)
        shown = b""

        def read(quiet):
            nonlocal shown
            end = time.monotonic() + 20
            while time.monotonic() < end:
                if not select.select([fd], [], [], quiet)[0]:
                    return
                try:
                    piece = os.read(fd, 10000)
                except OSError:
                    return
                if not piece:
                    return
                shown += piece

        read(2)
        for key in keys:
            os.write(fd, key)
            read(0.5)
        os.close(fd)
        os.waitpid(pid, 0)
    return shown.decode(errors="replace")


def test_interactive_loop():
    shown = session([b"6 * 7\n", b"def f(x):\n", b"  return x * 2\n", b"\n", b"f(50)\n", b"\x1b[A", b"\n", b"exit()\n"])
    assert "\n42\r\n" in shown and shown.count("\n100\r\n") == 2, shown


def test_interrupts_and_input():
    shown = session([b"while True: pass\n", b"\x03", b"name = input('who? ')\n", b"bob\n", b"name * 2\n", b"exit()\n"])
    assert "KeyboardInterrupt" in shown and "who? " in shown and "'bobbob'" in shown, shown


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
