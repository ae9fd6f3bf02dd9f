"""Loops that write objects of their own all the time, while other threads come to see these objects and write them too.

A writer gets its turn however long the loop goes on, nothing of what anybody stores is lost, and attributes may move meanwhile.
"""

import threading

import common


class Box:
    def __init__(self):
        self.n = 0
        self.stop = False


class Roomy:
    pass


def attributes(shown):
    """The loop runs until the other thread has stored."""
    box = Box()
    shown.append(box)
    rounds = 0
    while not box.stop:
        box.n = box.n + 1
        rounds += 1
    common.equal(box.n, rounds, "rounds")


def lists(shown):
    """The same with a list that is written, grown and cut."""
    row = [0, 0]
    shown.append(row)
    i = 0
    while not row[1]:
        row[0] = i
        row.append(i)
        i += 1
        if len(row) > 100:
            del row[2:]
    common.check(row[0] == i - 1, row)


def two(shown):
    """Two objects in turn: neither is kept from the other thread."""
    first, second = Box(), Box()
    shown.append(second)
    shown.append(first)
    while not (first.stop and second.stop):
        first.n = first.n + 1
        second.n = second.n + 1
    common.equal(first.n, second.n, "rounds")


def nested(shown):
    """A loop that stores around one that does not, which goes on until the other thread has stored."""
    box = Box()
    shown.append(box)
    for i in range(2000):
        box.n = box.n + 1
        last = i == 1999
        spin = 0
        while spin < 20 or (last and not box.stop):
            spin += 1
    common.equal(box.n, 2000, "rounds")


def moving(shown):
    """Attributes for which the object has no room; it gets more of them, and a dict in the end."""
    box = Roomy()
    for k in range(12):
        setattr(box, "a%d" % k, 0)
    box.stop = False
    shown.append(box)
    rounds = 0
    while not box.stop:
        box.a9 = box.a9 + 1
        box.a11 = rounds
        rounds += 1
    common.equal((box.a9, box.a11), (rounds, rounds - 1), "rounds")


def loop(part, shown):
    try:
        part(shown)
    except BaseException:
        common.fail(part.__name__ + ": " + common.describe())


def disturb(random, target, k):
    if isinstance(target, list):
        return
    what = random.below(4)
    if what == 0:
        setattr(target, "other%d" % (k % 20), k)
    elif what == 1:
        setattr(target, "other", [k])
    elif what == 2 and hasattr(target, "other"):
        del target.other
    elif what == 3 and random.below(8) == 0:
        vars(target)["dict"] = k


def body(n):
    def worker(index):
        random = common.rng(index + 97 * n)
        for part in (attributes, lists, two, nested, moving):
            shown = []
            thread = threading.Thread(target=loop, args=(part, shown))
            thread.start()
            count = 2 if part is two else 1
            while len(shown) < count and not common.failed():
                pass
            for target in shown:
                for k in range(random.below(200)):
                    disturb(random, target, k)
                if isinstance(target, list):
                    target[1] = 1
                else:
                    target.stop = True
            thread.join(20)
            common.check(not thread.is_alive(), part.__name__ + " goes on for ever")

    common.run_threads(worker, max(common.THREADS // 2, 1))


common.main(lambda: common.phases(body))
