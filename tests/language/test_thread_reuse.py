# A thread begins afresh, whatever the threads before it left: system threads may be used again.
import ctypes
import os
import signal
import sys
import threading
import time

from checks import in_thread


def burst(function, count=40):
    return [in_thread(function) for _ in range(count)]


def test_signal_mask_is_the_starters():
    def mask():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])   # stays this thread's own matter
        return before
    for blocked in (set(), {signal.SIGUSR1}, set()):
        old = signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        try:
            assert all(seen == blocked for seen in burst(mask)), blocked
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)


def test_processors_are_the_starters():
    old = os.sched_getaffinity(0)
    burst(lambda: os.sched_setaffinity(0, {min(old)}))
    assert all(seen == old for seen in burst(lambda: os.sched_getaffinity(0)))
    try:
        os.sched_setaffinity(0, {max(old)})
        assert all(seen == {max(old)} for seen in burst(lambda: os.sched_getaffinity(0)))
    finally:
        os.sched_setaffinity(0, old)
    assert all(seen == old for seen in burst(lambda: os.sched_getaffinity(0)))


def test_nothing_of_the_thread_before():
    local = threading.local()

    def look():
        seen = getattr(local, "x", None), ctypes.get_errno(), sys.gettrace(), sys.exc_info()
        local.x = 1
        ctypes.set_errno(7)
        sys.settrace(lambda *args: None)
        return seen
    assert set(burst(look)) == {(None, 0, None, (None, None, None))}


def test_native_ids_do_not_come_again_at_once():
    assert len(set(burst(threading.get_native_id, 12))) == 12


def test_stack_size_is_the_one_asked_for():
    def depth():
        def nested(n):
            return 0 if n == 0 else nested(n - 1)
        return nested(500)
    burst(depth, 20)
    old = threading.stack_size(16 << 20)
    try:
        assert set(burst(depth, 20)) == {0}
    finally:
        threading.stack_size(old)
    burst(depth, 20)


def test_a_thread_that_fails_does_not_hurt_the_next():
    def fail():
        raise SystemExit
    for _ in range(40):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert burst(lambda: 1) == [1] * 40


def test_threads_in_the_child_of_a_fork():
    burst(int)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if burst(lambda: 1) == [1] * 40 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_the_child_ends_with_the_thread_that_forked():
    pids = []

    def fork():
        pid = os.fork()
        if pid:
            pids.append(pid)
    burst(fork, 3)
    start = time.monotonic()
    for pid in pids:
        os.waitpid(pid, 0)
    assert time.monotonic() - start < 0.8


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
