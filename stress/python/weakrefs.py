"""Weak references, their callbacks and the weak containers under threads."""

import gc
import weakref

import common


class Node:
    def __init__(self, key):
        self.key = key


def body(n):
    called = []
    shelf = [Node(i) for i in range(32)]
    made = []
    table = weakref.WeakValueDictionary()

    def worker(index):
        random = common.rng(index + n)
        refs = []
        count = 0
        for i in range(300):
            place = random.below(32)
            node = shelf[place]
            refs.append(weakref.ref(node, lambda r: called.append(1)))
            count += 1
            common.check(refs[-1]() is node, "a reference to a live object is dead")
            if random.below(3) == 0:
                shelf[place] = Node(place)
            if random.below(4) == 0:
                table[place] = shelf[place]
            found = table.get(random.below(32))
            common.check(found is None or found.key < 32, "another object behind the reference")
            old = refs[random.below(len(refs))]()
            common.check(old is None or 0 <= old.key < 32, "a reference to something else")
            first = weakref.ref(node)
            common.check(first is weakref.ref(node), "two plain references to one live object")
            node = old = found = first = None
            if random.below(100) == 0:
                try:
                    list(table.items())
                except RuntimeError as error:
                    common.check("during iteration" in str(error), error)
        made.append(count)
        return refs

    results = common.run_threads(worker)
    shelf.clear()
    gc.collect()
    dead = sum(1 for refs in results for r in refs if r() is None)
    common.equal(dead, sum(made), "dead references")
    common.equal(len(called), sum(made), "callbacks")
    common.equal(len(table), 0, "weak values left")

    group = weakref.WeakSet()

    def churn(index):
        for i in range(100):
            mine = [Node(index) for _ in range(5)]
            for node in mine:
                group.add(node)
            common.check(all(node in group for node in mine))

    common.run_threads(churn)
    gc.collect()
    common.equal(len(group), 0, "members left")


common.main(lambda: common.phases(body))
