"""Every thread makes garbage cycles and collects: all garbage dies, nothing else does."""

import gc
import weakref

import common

finalised = []


class Node:
    def __init__(self, key):
        self.key = key
        self.other = None


class Final(Node):
    def __del__(self):
        finalised.append(self.key)


def body(n):
    gc.collect()
    finalised.clear()
    kept = []

    def worker(index):
        random = common.rng(index + 13 * n)
        watched = []
        finals = 0
        live = []
        for i in range(150):
            ring = [Node((index, i, k)) for k in range(1 + random.below(6))]
            if random.below(4) == 0:
                ring.append(Final((index, i)))
                finals += 1
            for a, b in zip(ring, ring[1:] + ring[:1]):
                a.other = b
            ring[0].items = ring
            ring[0].closure = lambda: ring
            if random.below(3) == 0:
                live.append(ring[0])
                if type(ring[-1]) is Final:
                    finals -= 1
            else:
                watched.append(weakref.ref(ring[0]))
            ring = None
            if random.below(40) == 0:
                gc.collect()
            if random.below(10) == 0:
                for node in live:
                    first = node
                    for _ in range(10):
                        node = node.other
                        common.equal(node.key[:2], first.key[:2], "a live ring was damaged")
        kept.append(live)
        return watched, finals

    results = common.run_threads(worker)
    gc.collect()
    common.equal(sum(1 for watched, _ in results for r in watched if r() is not None), 0, "garbage left")
    common.equal(len(finalised), sum(finals for _, finals in results), "finalisers run")
    common.equal(len(set(finalised)), len(finalised), "a finaliser ran twice")
    common.equal(gc.garbage, [], "gc.garbage")
    kept.clear()


common.main(lambda: common.phases(body))
