"""Loops that read objects which all threads know by name, while those are written to now and then.

What a loop reads is never older than what it has read before: writes are seen in the order in which they were made, by attribute
and by item, and between two looks at what a lock protects nothing changes. In the end each loop has seen the last write.
"""

import threading
import time

import common

SOURCE = """
def in_order(last):
    n = 0
    while n < 300:
        later = SECOND.n
        if FIRST.n < later or len(ITEMS) - 1 < later or ITEMS[-1] < later:
            return "order"
        if later == last:
            return "end"
        n += 1
    return ""

def with_lock(last):
    for _ in range(100):
        with LOCK:
            a = FIRST.pair
            b = SECOND.pair
            if a != b:
                return "lock"
    return ""

def by_method(last):
    n = 0
    for _ in range(300):
        n = SECOND.get()
        if FIRST.get() < n:
            return "method"
    return "end" if n == last else ""
"""


class Counter:
    def __init__(self):
        self.n = 0
        self.pair = 0

    def get(self):
        return self.n


class Other(Counter):
    def get(self):
        return self.n + 0


def write(names, i, random):
    first, second, items = names["FIRST"], names["SECOND"], names["ITEMS"]
    kind = random.below(6)
    if kind == 0:
        setattr(first, "n", i)
    elif kind == 1:
        vars(first)["n"] = i
    else:
        first.n = i
    items.append(i)
    if kind == 2:
        second.__class__ = Other
    if kind == 3:
        second.extra = i
    second.n = i
    if kind == 4:
        with names["LOCK"]:
            first.pair = i
            second.pair = i
    if kind == 5:
        items[0] = i


def body(n):
    random = common.rng(n)
    last = 4 + random.below(12)
    names = {"FIRST": Counter(), "SECOND": Counter(), "ITEMS": [0], "LOCK": threading.Lock()}
    exec(SOURCE, names)
    seen = [None] * max(common.THREADS, 2)

    def worker(index):
        if index == 0:
            for i in range(1, last + 1):
                # Long enough, now and then, for the loops to be compiled between two writes.
                if random.below(3) == 0:
                    time.sleep(0.001 * random.below(4))
                write(names, i, random)
            return
        limit = time.monotonic() + 20
        while seen[index] is None:
            for name in ("in_order", "with_lock", "by_method"):
                what = names[name](last)
                if what == "end":
                    seen[index] = what
                else:
                    common.equal(what, "", name)
            if time.monotonic() > limit:
                break
        common.equal(seen[index], "end", "last write")

    common.run_threads(worker, len(seen))


common.main(lambda: common.phases(body))
