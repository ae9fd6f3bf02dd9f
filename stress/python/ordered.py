"""collections.OrderedDict, defaultdict and Counter shared by threads."""

from collections import Counter, OrderedDict, defaultdict

import common


def body(n):
    shared = OrderedDict()
    threads = common.THREADS

    def worker(index):
        random = common.rng(index + n)
        mine = {}
        for i in range(400):
            key = (index, random.below(40))
            what = random.below(6)
            if what < 3:
                shared[key] = mine[key] = i
            elif what == 3:
                common.equal(shared.pop(key, None), mine.pop(key, None), "popped")
            elif what == 4:
                try:
                    shared.move_to_end(key, last=bool(i & 1))
                    common.check(key in mine)
                except KeyError:
                    common.check(key not in mine, "an own key was lost")
            else:
                common.equal(shared.get(key), mine.get(key), "own key")
                try:
                    for _ in shared:
                        pass
                except (RuntimeError, KeyError):
                    pass
        return mine

    owned = common.run_threads(worker)
    common.equal(len(shared), sum(len(mine) for mine in owned), "size")
    common.equal(len(list(shared)), len(shared), "keys in order")
    common.equal(len(list(reversed(shared))), len(shared), "keys in reverse")
    for mine in owned:
        for key in mine:
            common.equal(shared[key], mine[key], "value")

    def take(index):
        mine = []
        while True:
            try:
                mine.append(shared.popitem(last=bool(index & 1))[0])
            except KeyError:
                return mine

    taken = [key for mine in common.run_threads(take) for key in mine]
    common.equal(len(taken), sum(len(mine) for mine in owned), "items taken")
    common.equal(len(set(taken)), len(taken), "distinct items taken")

    groups = defaultdict(list)
    tallies = [Counter() for _ in range(threads)]

    def group(index):
        for i in range(300):
            groups[index, i % 20].append(i)
            tallies[index][i % 7] += 1

    common.run_threads(group)
    common.equal(sum(len(v) for v in groups.values()), 300 * threads, "grouped")
    common.equal(sum(tallies, Counter()).total(), 300 * threads, "counted")


common.main(lambda: common.phases(body))
