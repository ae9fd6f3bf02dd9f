"""Loops that look at what lists, attributes and cells hold, while other threads take it out and let it go.

What a loop looks at is whole: an object that has ended, or whose place another one has got, would not be. In the end each
object has ended, once.
"""

import gc
import sys
import time

import common

SIZE = 64
ROUNDS = 60
made, ended = [], []


class Thing:
    def __init__(self, key):
        self.key = key
        self.check = key * 7 + 1
        self.peer = None
        made.append(key)

    def __del__(self):
        self.check = self.key = -1000
        ended.append(None)

    def twice(self):
        return self.key + self.key


class Plain:
    """Without a destructor: its place is free at once."""

    def __init__(self, key):
        self.key = key
        self.check = key * 7 + 1
        self.peer = None

    def twice(self):
        return self.key + self.key


class Box:
    def __init__(self, content):
        self.content = content


class Shared:
    def __init__(self):
        self.things = [(Thing, Plain)[i % 2](i) for i in range(SIZE)]
        self.best = self.things[0]
        self.boxes = []
        self.looks = 0


def read(shared, random):
    things = shared.things
    bad = last = 0
    for t in things:
        bad += t.check - t.key * 7 - 1
        last = t.key
    common.equal((bad, t.key), (0, last), "list")
    for i in range(SIZE // 2):
        t = things[i]
        p = t.peer
        if p is not None:
            bad += p.check - p.key * 7 - 1
        bad += t.twice() - 2 * t.key
        best = shared.best
        bad += best.check - best.key * 7 - 1
    common.equal(bad, 0, "chains")


def write(shared, random):
    things = shared.things
    for _ in range(SIZE):
        key = random.below(1000)
        fresh = (Thing, Plain)[key % 2](key)
        fresh.peer = things[random.below(SIZE // 2)]
        at = random.below(SIZE // 2)
        old = things[at]
        things[at] = fresh
        old.peer = None
        if key % 5 == 0:
            shared.best = fresh
    for t in things:
        p = t.peer
        if p is not None:
            p.peer = None   # chains would grow


def move(shared, random):
    """References go from thread to thread without a count."""
    things = shared.things
    for _ in range(20):
        t = things.pop(random.below(SIZE // 2))
        bad = t.check - t.key * 7 - 1
        things.append(t)
        common.equal(bad, 0, "moved")


def box(shared, random):
    """A box of the thread's own goes to others and back, who put something else into it; it waits for others meanwhile."""
    mine = Box((Thing, Plain)[random.below(2)](random.below(1000)))
    shared.boxes.append(mine)
    bad = 0
    for i in range(300):
        content = mine.content
        bad += content.check - content.key * 7 - 1
        shared.looks += 1
        content = mine.content
        bad += content.check - content.key * 7 - 1
    common.equal(bad, 0, "box")


def refill(shared, random):
    for _ in range(30):
        try:
            box = shared.boxes.pop(0)
        except IndexError:
            return
        box.content = (Plain, Thing)[random.below(2)](random.below(1000))
        if len(shared.boxes) < 8:
            shared.boxes.append(box)


def own(shared, random):
    """A list of the thread's own, whose items are replaced while a loop goes through it, and cells."""
    row = [Thing(i) for i in range(SIZE)]
    total = 0
    for t in row:
        total += t.key
        if t.key == 40:
            row[50] = Plain(1000)
            row[40] = None
            total += t.check - 281
    common.equal((total, t.key), (sum(range(SIZE)) + 950, SIZE - 1), "own list")
    common.equal(sys.getrefcount(t), 3, "count")
    value = Plain(3)

    def look(n):
        return sum(value.check + i for i in range(n))

    common.equal(look(50), 50 * 22 + 1225, "cell")
    value = Thing(4)
    common.equal(look(50), 50 * 29 + 1225, "cell")


def body(n):
    del made[:], ended[:]
    shared = Shared()

    def worker(index):
        random = common.rng(index + 97 * n)
        for _ in range(ROUNDS):
            (read, write, move, own, box, refill)[random.below(6)](shared, random)

    common.run_threads(worker, max(common.THREADS, 2))
    shared = None
    limit = time.monotonic() + 20
    while len(ended) < len(made) and time.monotonic() < limit:
        gc.collect()
    common.equal(len(ended), len(made), "ends")


common.main(lambda: common.phases(body))
