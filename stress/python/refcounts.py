"""Objects handed around by many threads die exactly once, and none survives."""

import gc

import common

born = []
dead = []


class Counted:
    __slots__ = ("key",)

    def __init__(self, key):
        self.key = key
        born.append(key)

    def __del__(self):
        dead.append(self.key)


def body(n):
    born.clear()
    dead.clear()
    shelf = [None] * 16
    table = {}

    def worker(index):
        random = common.rng(index + n * 100)
        kept = None
        for i in range(400):
            what = random.below(6)
            place = random.below(16)
            if what == 0:
                shelf[place] = Counted((index, i))
            elif what == 1:
                kept = shelf[place]
            elif what == 2:
                table[place] = kept
            elif what == 3:
                kept = table.get(place)
            elif what == 4:
                shelf[place] = (kept, kept, [kept])[0]
            else:
                pair = [shelf[place], kept]
                pair.reverse()
                del pair
            if kept is not None:
                common.check(kept.key[1] < 400)
        kept = None

    common.run_threads(worker)
    shelf.clear()
    table.clear()
    gc.collect()
    common.equal(len(dead), len(born), "deaths")
    common.equal(sorted(dead), sorted(born), "who died")


common.main(lambda: common.phases(body))
