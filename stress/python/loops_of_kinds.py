"""Loops that all threads run with values of other kinds, in another order each, give each thread what its own values say; each
stack that a thread pushes to and pops from has what it has put there."""
import random

import common


class One:
    def __init__(self, n):
        self.n = n

    def value(self):
        return self.n


class Two(One):
    def __init__(self, n):
        self.more = 1
        super().__init__(n)

    def value(self):
        return self.n * 2


class Three(One):
    def value(self):
        return -self.n


def body(n):
    # Functions of this phase only: their loops are compiled while all threads run them.
    def total(items, start):
        for x in items:
            start = start + x * 2
        return start

    def values(items):
        result = 0
        for item in items:
            result += item.value()
        return result

    def stack(items):
        kept, popped = [], []
        push = kept.append
        for k, item in enumerate(items):
            push(item)
            push((k, item))
            if k % 3:
                popped.append(kept.pop())
        while kept:
            popped.append(kept.pop())
        return popped

    shared = [kind(k) for k in range(40) for kind in (One, Two, Three)]
    numbers = list(range(60))
    kinds = [(numbers, 0), (tuple(numbers), 0), (range(60), 0), ([x / 2 for x in numbers], 0.0), (set(numbers), 0), (numbers, 0.5),
             ({x: x for x in numbers}, 0), (bytes(numbers), 0), ([10 ** 20, 1, 2.5], 0), (["a", "b"], "")]
    expected = [sum([x * 2 for x in items], start) if start != "" else "aabb" for items, start in kinds]

    def worker(index):
        order = random.Random(index * 1000 + n)
        right = 0
        for turn in range(40):
            which = order.randrange(len(kinds))
            right += total(*kinds[which]) == expected[which]
            mine = [order.choice((One, Two, Three))(k) for k in range(50)]
            right += values(mine) == sum([m.value() for m in mine])
            right += values(shared) == sum(k * 2 for k in range(40))
            items = order.choice((numbers, mine, ["x"] * 20, [None, 1.5] * 10))
            popped = stack(items)
            right += sorted(p[0] for p in popped if type(p) is tuple) == list(range(len(items)))
            right += [p for p in reversed(popped) if type(p) is not tuple] == list(items)
        return right

    common.equal(common.run_threads(worker), [200] * common.THREADS, "right results")


common.main(lambda: common.phases(body))
