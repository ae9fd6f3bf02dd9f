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


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
