# Ctrl-C reaches the main thread's code although the thread that sent it dies at the same moment.
import os
import signal
import threading
import time


started = []   # thread.start() has returned: what it does under its locks must not be interrupted


def interrupt():
    while not started:
        time.sleep(0.001)
    time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_interrupt_in_a_loop():
    for _ in range(15):
        thread = threading.Thread(target=interrupt)
        end = time.monotonic() + 5
        try:
            started.clear()
            thread.start()
            started.append(1)
            n = 0
            while time.monotonic() < end:
                n += 1
            assert False, "no KeyboardInterrupt"
        except KeyboardInterrupt:
            pass
        thread.join()


def test_interrupt_while_waiting():
    lock = threading.Lock()
    lock.acquire()
    for wait in (lambda: lock.acquire(timeout=5), lambda: time.sleep(5), lambda: threading.Event().wait(5)):
        thread = threading.Thread(target=interrupt)
        start = time.monotonic()
        try:
            started.clear()
            thread.start()
            started.append(1)
            wait()
            assert False, "no KeyboardInterrupt"
        except KeyboardInterrupt:
            assert time.monotonic() - start < 3
        thread.join()


def test_handler_runs_before_the_call_returns():
    seen = []
    old = signal.signal(signal.SIGALRM, lambda *args: seen.append(args[0]))
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-6)
        time.sleep(0.05)
        first = len(seen)   # no call and no loop since
        assert first == 1
        descriptor = os.open(f"/proc/{os.getpid()}", os.O_DIRECTORY)
        signal.pidfd_send_signal(descriptor, signal.SIGALRM)
        second = len(seen)
        os.close(descriptor)
        assert second == 2
    finally:
        signal.signal(signal.SIGALRM, old)


def test_interrupt_ends_the_block_it_came_in():
    class Block:
        def __enter__(self):
            return self

        def __exit__(self, kind, value, traceback):
            self.kind = kind
            return True

    descriptor = os.open(f"/proc/{os.getpid()}", os.O_DIRECTORY)
    with Block() as block:
        signal.pidfd_send_signal(descriptor, signal.SIGINT)
    os.close(descriptor)
    assert block.kind is KeyboardInterrupt


def test_wakeup_descriptor_that_fails():
    import subprocess
    import sys
    code = ("import os, signal\nsignal.signal(signal.SIGALRM, lambda *args: None)\nr, w = os.pipe()\nos.set_blocking(r, False)\n"
            "signal.set_wakeup_fd(r)\nsignal.raise_signal(signal.SIGALRM)\n")
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr.splitlines()
    assert lines[0] == "Exception ignored when trying to write to the signal wakeup fd:", lines
    assert lines[-1] == "OSError: [Errno 9] Bad file descriptor", lines


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
