"""The last reference goes on one thread while the thread that made the object runs, waits, or holds locks."""
import gc
import os
import queue
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor


def busy(seconds):
    """Runs Python code without a wait."""
    end = time.perf_counter() + seconds
    n = 0
    while time.perf_counter() < end:
        n += 1
    return n


def dropper(make, meanwhile):
    """Another thread drops the last reference to what make() gives while this one runs meanwhile(dropped)."""
    given, dropped = queue.SimpleQueue(), threading.Event()

    def drop():
        taken = given.get()
        taken = None
        dropped.set()

    thread = threading.Thread(target=drop)
    thread.start()
    given.put(make())
    meanwhile(dropped)
    thread.join()


class Locking:
    """Takes a lock when it ends, as what gives itself back to a pool does."""

    def __init__(self, lock, ends):
        self.lock, self.ends = lock, ends

    def __del__(self):
        taken = self.lock.acquire(timeout=5)
        self.ends.append(taken)
        if taken:
            self.lock.release()


def check_with_lock_held(make):
    """make(lock, ends) makes what takes the lock when it ends."""
    for _ in range(5):
        lock, ends = threading.Lock(), []

        def meanwhile(dropped):
            with lock:
                busy(0.02)

        dropper(lambda: make(lock, ends), meanwhile)
        wait_for(lambda: ends)
        assert ends == [True], ends


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    assert condition()


def test_finalizer_takes_a_lock_that_the_maker_holds():
    check_with_lock_held(Locking)


def test_finalizer_of_what_is_held_takes_such_a_lock():
    check_with_lock_held(lambda lock, ends: [({"item": [Locking(lock, ends)]},)])


def test_callback_takes_such_a_lock():
    kept = []

    class Thing:
        pass

    def make(lock, ends):
        def ended(reference):
            taken = lock.acquire(timeout=5)
            ends.append(taken)
            if taken:
                lock.release()

        thing = Thing()
        kept.append(weakref.ref(thing, ended))
        return thing

    check_with_lock_held(make)


def test_generator_takes_such_a_lock():
    def make(lock, ends):
        def steps():
            try:
                yield 1
            finally:
                taken = lock.acquire(timeout=5)
                ends.append(taken)
                if taken:
                    lock.release()

        generator = steps()
        next(generator)
        return generator

    check_with_lock_held(make)


def test_finalizer_has_run_when_the_thread_is_joined():
    for i in range(300):
        ends = []
        dropper(lambda: Locking(threading.Lock(), ends), lambda dropped: busy(i % 10 * 1e-5))
        assert ends == [True], i


def test_callback_has_run_when_an_event_comes():
    class Thing:
        pass

    for i in range(300):
        ends = []
        references = []

        def make():
            thing = Thing()
            references.append(weakref.ref(thing, ends.append))
            return thing

        dropper(make, lambda dropped: dropped.wait())
        assert ends == references and references[0]() is None, i


def test_no_end_waits_for_a_thread_that_waits():
    """The reference goes just before or after its maker begins to wait for the callback."""
    class Thing:
        def run(self):
            pass

    with ThreadPoolExecutor(max_workers=3) as pool:
        for i in range(300):
            thing, ended = Thing(), threading.Event()
            reference = weakref.ref(thing, lambda _: ended.set())
            pool.submit(thing.run)
            thing = None
            assert ended.wait(timeout=10), i
            assert reference() is None


def test_resurrected():
    """A finaliser keeps its object: it lives on, and has no second one."""
    kept = []

    class Phoenix:
        def __del__(self):
            kept.append(self)

    def spin(dropped):
        while not dropped.is_set():
            pass

    for i in range(20):
        dropper(Phoenix, spin)
        wait_for(lambda: len(kept) == i + 1)
    numbers = [id(p) for p in kept]
    assert len(set(numbers)) == 20
    references = [weakref.ref(p) for p in kept]
    kept.clear()
    gc.collect()
    assert not kept and [r() for r in references] == [None] * 20


def test_finalizer_that_waits_for_another():
    for _ in range(5):
        came, ends = threading.Event(), []

        class First:
            def __del__(self):
                ends.append(came.wait(5))

        class Second:
            def __del__(self):
                came.set()

        queues = [queue.SimpleQueue() for _ in range(2)]
        threads = []
        for q in queues:
            def drop(q=q):
                taken = q.get()
                taken = None

            threads.append(threading.Thread(target=drop))
            threads[-1].start()
        for q, make in zip(queues, (First, Second)):
            q.put(make())
            busy(0.01)
        for t in threads:
            t.join()
        wait_for(lambda: ends)
        assert ends == [True], ends


def test_finalizer_that_forks():
    """The child goes on in the finaliser, and its waits are no longer than they are to be."""
    codes = []

    class Forking:
        def __del__(self):
            child = os.fork()
            if child == 0:
                begin = time.monotonic()
                time.sleep(0.01)
                os._exit(0 if time.monotonic() - begin < 5 else 3)
            codes.append(os.waitpid(child, 0)[1])

    dropper(Forking, lambda dropped: busy(0.05))
    wait_for(lambda: codes)
    assert codes == [0]


def test_finalizers_behind_one_that_waits():
    """They have run when the thread that dropped the object is joined, as ever."""
    let_go, given = threading.Event(), queue.SimpleQueue()

    class Waiting:
        def __del__(self):
            let_go.wait(20)

    def drop():
        taken = given.get()
        taken = None

    thread = threading.Thread(target=drop)
    thread.start()
    given.put(Waiting())
    busy(0.01)
    for i in range(100):
        ends = []
        dropper(lambda: Locking(threading.Lock(), ends), lambda dropped: busy(i % 10 * 1e-5))
        assert ends == [True], i
    let_go.set()
    thread.join()


def test_finalizer_that_raises_or_waits():
    """Neither keeps the finalisers behind it from running, nor its maker from going on."""
    import sys

    seen = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda args: seen.append(args.exc_value)
    try:
        class Raising:
            def __del__(self):
                raise KeyError("end")

        class Slow:
            def __del__(self):
                time.sleep(0.2)
                seen.append("slow")

        def spin(dropped):
            # A quarter of a second at most: the slow one may run on the thread that drops it.
            end = time.monotonic() + 20
            while not dropped.is_set() and time.monotonic() < end:
                pass

        dropper(Raising, spin)
        dropper(Slow, spin)
        dropper(Raising, spin)
        wait_for(lambda: len(seen) == 3)
        assert sorted(repr(s) for s in seen) == ["'slow'", "KeyError('end')", "KeyError('end')"], seen
    finally:
        sys.unraisablehook = hook


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
