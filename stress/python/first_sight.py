"""Objects that one thread makes, shows to another and goes on changing, while the other changes them too.

Whatever both do to an object at the moment it is seen for the first time, nothing of it is lost.
"""

import common

ROUNDS = 400


class Task:
    pass


class Counted:
    def __init__(self):
        self.mine = 0
        self.other = 0


def attributes(place, first):
    """Both add attributes of their own."""
    if first:
        for k in range(ROUNDS):
            t = Task()
            place[0] = t
            t.a = k
            t.b = k + 1
            t.c = [k]
            while place[0] is t and not common.failed():
                pass
            common.check((t.a, t.b, t.c, t.x, t.y, t.z) == (k, k + 1, [k], k, -k, [-k]), vars(t))
    else:
        for k in range(ROUNDS):
            while (t := place[0]) is None and not common.failed():
                pass
            t.x = k
            t.y = -k
            t.z = [-k]
            place[0] = None


def items(place, first):
    """Both append to a list, and the first sets its items while it grows."""
    if first:
        for k in range(ROUNDS):
            row = [0] * 8
            place[0] = row
            for i in range(8):
                row[i] = i + k
                row.append(i)
            while place[0] is row and not common.failed():
                pass
            common.check(row[:8] == list(range(k, k + 8)) and sorted(row[8:]) == sorted(list(range(8)) * 2), row)
    else:
        for k in range(ROUNDS):
            while (row := place[0]) is None and not common.failed():
                pass
            for i in range(8):
                row.append(i)
            place[0] = None


def instances(place, first):
    """Both append objects that they make for it."""
    if first:
        for k in range(ROUNDS):
            row = []
            place[0] = row
            for i in range(40):
                row.append(Counted())
            while place[0] is row and not common.failed():
                pass
            common.check(len(row) == 80 and all(type(c) is Counted for c in row), row)
    else:
        for k in range(ROUNDS):
            while (row := place[0]) is None and not common.failed():
                pass
            for i in range(40):
                row.append(Counted())
            place[0] = None


def counts(place, first):
    """Each keeps its own attribute of objects that both hold, now and then with values that carry a count."""
    if first:
        for k in range(ROUNDS):
            c = Counted()
            place[0] = c
            for i in range(20):
                c.mine += 1
            while place[0] is c and not common.failed():
                pass
            common.check((c.mine, c.other) == (20, [20]), (c.mine, c.other))
    else:
        for k in range(ROUNDS):
            while (c := place[0]) is None and not common.failed():
                pass
            for i in range(20):
                c.other += 1
            c.other = [c.other]
            place[0] = None


def body(n):
    for part in (attributes, items, instances, counts):
        places = [[None] for _ in range(max(common.THREADS // 2, 1))]
        common.run_threads(lambda index: part(places[index // 2], index % 2 == 0), 2 * len(places))


common.main(lambda: common.phases(body))
