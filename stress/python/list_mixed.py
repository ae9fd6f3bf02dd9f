"""sort, reverse, insert, remove, extend and slices race: every item is one that was put in, and the count adds up."""

import common


def body(n):
    items = list(range(100))
    added = [0] * common.THREADS
    removed = [0] * common.THREADS

    def worker(index):
        random = common.rng(index + 31 * n)
        for i in range(500):
            what = random.below(10)
            if what == 0:
                items.sort()
            elif what == 1:
                items.reverse()
            elif what == 2:
                items.insert(random.below(50), random.below(1000))
                added[index] += 1
            elif what == 3:
                items.extend((1, 2, 3))
                added[index] += 3
            elif what == 4:
                try:
                    items.pop(random.below(40))
                    removed[index] += 1
                except IndexError:
                    pass
            elif what == 5:
                try:
                    items.remove(random.below(1000))
                    removed[index] += 1
                except ValueError:
                    pass
            elif what == 6:
                part = items[random.below(20):random.below(100)]
                common.check(all(type(x) is int and 0 <= x < 1000 for x in part))
            elif what == 7:
                common.check(sum(1 for x in items if type(x) is not int) == 0)
            elif what == 8:
                len(items), items.count(5), 7 in items, items == items[:], max(items, default=0)
            else:
                try:
                    x = items[random.below(len(items) + 1)]
                    common.check(type(x) is int)
                except IndexError:
                    pass

    common.run_threads(worker)
    common.equal(len(items), 100 + sum(added) - sum(removed), "length")


common.main(lambda: common.phases(body))
