"""Loops that keep the locks of several objects of their own, which other threads come to see, take away or read meanwhile.

Nothing that anybody stores is lost, reads give what was stored, and whoever waits for one of the objects gets it.
"""

import queue
import threading

import common


class Box:
    def __init__(self):
        self.n = 0
        self.stop = False


def several(shown):
    """More objects of all kinds than a loop keeps locks for."""
    first, second, row, table = Box(), Box(), [0], {0: 0}
    kept = 0

    def look():
        return kept

    shown.append((first, second, row, table, look))
    rounds = 0
    while not first.stop:
        rounds += 1
        first.n = rounds
        row.append(rounds)
        table[0] = rounds
        kept = rounds
        second.n = rounds
        if len(row) > 60:
            del row[1:]
    common.equal((first.n, second.n, table[0], kept), (rounds,) * 4, "rounds")
    common.check(row[-1:] in ([rounds], [0]) and second.seen == -1 and table["seen"] == -1, (row, vars(second), table))


def visit(shown, random):
    first, second, row, table, look = shown[0]
    for _ in range(random.below(100)):
        what = random.below(5)
        if what == 0:
            common.check(first.n >= 0 and second.n >= 0, "numbers")
        elif what == 1:
            common.check(all(type(x) is int for x in row[:]), row)
        elif what == 2:
            common.check(type(table[0]) is int and table[0] <= look() + 1, table)
        elif what == 3:
            setattr(first, "other%d" % random.below(9), [first])
        else:
            table[random.below(2000) + 1] = -1
    second.seen = -1
    table["seen"] = -1
    first.stop = True


def aliases(shown):
    """One object under two names, of which one changes."""
    box, boxes = Box(), [Box(), Box()]
    boxes.append(box)
    shown.append(box)
    rounds = 0
    while not box.stop:
        other = boxes[rounds % 3]
        box.n += 1
        other.n += 1
        rounds += 1
    common.equal(box.n + boxes[0].n + boxes[1].n, 2 * rounds, "rounds")


def stop(shown, random):
    for k in range(random.below(100)):
        setattr(shown[0], "other%d" % (k % 20), k)
    shown[0].stop = True


def moved(shown):
    """The list goes through a queue, which gives away the reference that it was given."""
    given, row = queue.SimpleQueue(), []
    shown.append(given)
    given.put(row)
    mine = 0
    while len(row) < 20000 and -1 not in row[-50:]:
        row.append(mine)
        mine += 1
    given.put(None)
    while given.qsize() or not shown[1:]:
        if common.failed():
            return
    common.equal([x for x in row if x >= 0], list(range(mine)), "mine")
    common.equal(row.count(-1), shown[1], "others")


def take(shown, random):
    row = shown[0].get()
    count = 0
    for _ in range(random.below(300)):
        row.append(-1)
        count += 1
    shown[0].get()
    shown.append(count)


def grown(shown):
    """A list that lives by a tuple grows while others read it."""
    place = ([],)
    ended = []
    shown.append((place, ended))

    def grow(row):
        for i in range(3000):
            row.append(i)

    while not ended:
        grow(*place)
        del place[0][:]


def read(shown, random):
    place, ended = shown[0]
    for _ in range(random.below(200)):
        row = place[0]
        for k in (0, 5, 40, 1000):
            if len(row) > k:
                try:
                    common.equal(row[k], k, "item")
                except IndexError:
                    pass
        copy = row[:]
        common.equal(copy, list(range(len(copy))), "items")
        del row
    ended.append(True)


PARTS = ((several, visit), (aliases, stop), (moved, take), (grown, read))


def loop(part, shown):
    try:
        part(shown)
    except BaseException:
        common.fail(part.__name__ + ": " + common.describe())


def body(n):
    def worker(index):
        random = common.rng(index + 89 * n)
        for part, disturb in PARTS:
            shown = []
            thread = threading.Thread(target=loop, args=(part, shown))
            thread.start()
            while not shown and not common.failed():
                pass
            if shown:
                disturb(shown, random)
            thread.join(20)
            common.check(not thread.is_alive(), part.__name__ + " goes on for ever")

    common.run_threads(worker, max(common.THREADS // 2, 1))


common.main(lambda: common.phases(body))
