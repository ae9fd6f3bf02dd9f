"""setdefault gives every thread the same winner; pop and popitem give each item to one thread only."""

import common


class Key:
    """A key whose hash and equality are Python code."""

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return hash(self.n) & 7

    def __eq__(self, other):
        return isinstance(other, Key) and self.n == other.n


def body(n):
    table = {}
    slow = {}

    def worker(index):
        won = 0
        seen = []
        for i in range(500):
            mine = (index, i)
            seen.append(table.setdefault(i, mine))
            seen.append(table.setdefault(str(i), mine))
        for i in range(40):
            seen.append(slow.setdefault(Key(i), (index, i)))
        return seen

    results = common.run_threads(worker)
    for seen in results[1:]:
        for a, b in zip(results[0], seen):
            common.check(a is b, "two threads got different objects")
    common.equal(len(table), 1000, "size")
    common.equal(len(slow), 40, "size with Python keys")

    def take(index):
        mine = []
        for i in range(500):
            value = table.pop(i, None)
            if value is not None:
                mine.append(i)
        while True:
            try:
                key, value = table.popitem()
            except KeyError:
                break
            mine.append(key)
        return mine

    taken = [key for mine in common.run_threads(take) for key in mine]
    common.equal(len(taken), 1000, "items taken")
    common.equal(len(set(taken)), 1000, "distinct items taken")
    common.equal(len(table), 0, "items left")


common.main(lambda: common.phases(body))
