# subprocess, os.fork and waiting for children, also with other threads running.
import os
import signal
import subprocess
import sys
import threading
import time

from checks import raises


def run(*args, **kwargs):
    return subprocess.run(args, capture_output=True, **kwargs)


def test_output_and_input():
    assert run("echo", "hi", text=True).stdout == "hi\n"
    assert run("cat", input=b"data" * 50000).stdout == b"data" * 50000
    assert subprocess.check_output("echo a; echo b >&2; exit 0", shell=True, stderr=subprocess.STDOUT) == b"a\nb\n"
    assert run("sh", "-c", "echo $X", env={"X": "5"}).stdout == b"5\n"
    assert run("pwd", cwd="/usr").stdout == b"/usr\n"
    assert run(sys.executable, "-c", "print(6 * 7)").stdout == b"42\n"


def test_failures():
    assert raises(FileNotFoundError, run, "/nonexistent/program").filename == "/nonexistent/program"
    assert raises(FileNotFoundError, run, "echo", cwd="/nonexistent").filename == "/nonexistent"
    error = raises(subprocess.CalledProcessError, run, "sh", "-c", "exit 3", check=True)
    assert error.returncode == 3
    raises(subprocess.TimeoutExpired, run, "sleep", "20", timeout=0.1)
    assert run("sh", "-c", "kill -9 $$").returncode == -9
    raises(subprocess.SubprocessError, run, "true", preexec_fn=lambda: 1 / 0)
    raises(ValueError, run, "a\0b")


def test_descriptors():
    reader, writer = os.pipe()
    os.write(writer, b"x")
    os.close(writer)
    assert run("sh", "-c", "cat <&%d" % reader, pass_fds=[reader]).stdout == b"x"
    os.close(reader)
    with subprocess.Popen(["sh", "-c", "read a; echo got $a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdin.write("it\n")
        child.stdin.close()
        assert child.stdout.read() == "got it\n"
    assert child.returncode == 0


def test_signals_restored():
    # SIGPIPE is ignored by the interpreter, not by its children.
    code = "import signal; print(signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL)"
    signal.signal(signal.SIGUSR1, lambda *a: None)
    try:
        assert run(sys.executable, "-c", code).stdout == b"True\n"
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    assert run("sh", "-c", "kill -PIPE $$").returncode == -signal.SIGPIPE


def test_preexec_and_session():
    assert run("sh", "-c", "umask", umask=0o27).stdout == b"0027\n"
    child = run(sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())", start_new_session=True)
    assert child.stdout == b"True\n"
    assert run("pwd", preexec_fn=lambda: os.chdir("/usr")).stdout == b"/usr\n"


def test_locale_of_the_process():
    code = "import locale, os; print(locale.setlocale(locale.LC_CTYPE), os.environ.get('LC_CTYPE'))"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    assert run(sys.executable, "-c", code, env=environment).stdout == b"C.UTF-8 C.UTF-8\n"
    assert run(sys.executable, "-c", code, env={**environment, "LC_ALL": "C"}).stdout == b"C None\n"


def test_fork_and_wait():
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    assert os.waitpid(pid, 0) == (pid, 7 << 8)
    assert os.waitstatus_to_exitcode(7 << 8) == 7
    pid = os.fork()
    if pid == 0:
        time.sleep(20)
    os.kill(pid, signal.SIGTERM)
    found, status, usage = os.wait4(pid, 0)
    assert (found, os.WTERMSIG(status)) == (pid, signal.SIGTERM) and usage.ru_utime >= 0
    raises(ChildProcessError, os.waitpid, pid, 0)
    pid = os.fork()
    if pid == 0:
        os._exit(1)
    result = os.waitid(os.P_PID, pid, os.WEXITED)
    assert (result.si_pid, result.si_status, result.si_code) == (pid, 1, os.CLD_EXITED)


def test_fork_hooks():
    order = []
    code = """
import os
order = []
os.register_at_fork(before=lambda: order.append("b1"), after_in_child=lambda: order.append("c1"), after_in_parent=lambda: order.append("p1"))
os.register_at_fork(before=lambda: order.append("b2"), after_in_child=lambda: order.append("c2"), after_in_parent=lambda: order.append("p2"))
pid = os.fork()
if pid == 0:
    print(order, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(order)
"""
    lines = run(sys.executable, "-c", code, text=True).stdout.splitlines()
    assert lines == ["['b2', 'b1', 'c1', 'c2']", "['b2', 'b1', 'p1', 'p2']"]
    raises(TypeError, os.register_at_fork)
    raises(TypeError, os.register_at_fork, before=1)


def test_fork_with_threads():
    # The child of a process with busy threads allocates, starts threads, collects and prints.
    import gc
    stop = False
    shared = {}

    def busy(n):
        while not stop:
            shared[n] = [str(i) for i in range(50)]
            sys.stderr.flush()

    threads = [threading.Thread(target=busy, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    items = []
                    helper = threading.Thread(target=items.append, args=(1,))
                    helper.start()
                    helper.join()
                    gc.collect()
                    sys.stderr.write("")
                    sys.stderr.flush()
                    if items == [1] and threading.active_count() == 1 and threading.current_thread() is threading.main_thread():
                        code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        stop = True
        for thread in threads:
            thread.join()


def test_fork_in_thread():
    results = []

    def work():
        pid = os.fork()
        if pid == 0:
            os._exit(0 if threading.current_thread() is threading.main_thread() else 1)
        results.append(os.waitpid(pid, 0)[1])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [0]


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
