"""Objects that end on a pool's threads while their maker runs, waits, or holds the lock that their ends take.

Every end comes, once and soon, and no thread waits for itself.
"""

import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import common


class Thing:
    def run(self, n):
        return n


def submits(maker, pool, rng):
    """The maker waits for the end of each thing, with the event's own lock as its callback takes it."""
    for i in range(40):
        thing, ended = Thing(), threading.Event()
        reference = weakref.ref(thing, lambda _: ended.set())
        future = pool.submit(thing.run, (maker, i))
        thing = None
        for _ in range(rng.below(200)):
            pass
        common.check(ended.wait(20), "no end for 20 seconds")
        common.check(reference() is None, "alive after its callback")
        common.equal(future.result(), (maker, i), "result")


def locked(rng):
    """Ends take a lock that the maker holds again and again."""
    lock = threading.Lock()
    ends = []

    class Locking:
        def __init__(self, key):
            self.key = key

        def __del__(self):
            if lock.acquire(timeout=20):
                ends.append(self.key)
                lock.release()

    row = [[Locking(i)] for i in range(60)]

    def drop():
        while row:
            row.pop()

    dropper = threading.Thread(target=drop)
    dropper.start()
    while dropper.is_alive():
        with lock:
            for _ in range(rng.below(300)):
                pass
    dropper.join()
    limit = time.monotonic() + 20
    while len(ends) < 60 and time.monotonic() < limit:
        time.sleep(0.001)
    common.equal(sorted(ends), list(range(60)), "ends")


def body(n):
    def worker(index):
        rng = common.rng(index + 77 * n)
        for _ in range(3):
            with ThreadPoolExecutor(2) as pool:
                submits(index, pool, rng)
            locked(rng)

    common.run_threads(worker)


common.main(lambda: common.phases(body))
