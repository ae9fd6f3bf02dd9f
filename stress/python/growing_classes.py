"""Classes whose instances get attributes outside of __init__, while methods, operators, defaults and __del__ change.

Each instance has what was put into it, each call gives what one of the versions gives, and what is kept stays alone.
"""

import gc
import weakref

import common

ROUNDS = 1500
VERSIONS = 5


def make_class():
    class Growing:
        def __init__(self, number):
            self.number = number

        def method(self, more=0, *, extra=0):
            return ("method", more, extra)

        def __add__(self, other):
            return ("add", 0)

    return Growing


def versions():
    """Functions of the same form that tell themselves apart."""
    made = []
    for k in range(VERSIONS):
        def method(self, more=k, *, extra=k, version=k):
            return ("method", more, extra)

        def add(self, other, version=k):
            return ("add", version)

        exec("def plain(self, other): return ('add', %d)" % k, space := {})
        made.append((method, add, space["plain"]))
    return made


def body(n):
    Growing = make_class()
    done = []
    doomed = []      # appended to by __del__, in whatever thread drops the last reference
    kept = [[] for i in range(common.THREADS)]
    live = weakref.WeakSet()
    wide = [2, 5, 9, 14, 20, 28, 33, 40][n % 8]
    names = ["attribute%d" % i for i in range(wide)]

    def use(index):
        random = common.rng(index * 7919 + n)
        for i in range(ROUNDS):
            g = Growing(i)
            count = random.below(wide) + 1
            for k in range(count):
                setattr(g, names[k], (index, i, k))
            if i % 16 == 0:
                g.here, g.there = i, index
            what, more, extra = g.method()
            common.check(what == "method" and 0 <= more < VERSIONS and 0 <= extra < VERSIONS, (what, more, extra))
            common.equal(g.method(7, extra=8), ("method", 7, 8))
            try:
                what, version = g + g
            except TypeError as error:
                common.check("unsupported operand" in str(error), error)
            else:
                common.check(what == "add" and 0 <= version < VERSIONS, (what, version))
            expected = {"number": i}
            for k in range(count):
                expected[names[k]] = (index, i, k)
            if i % 16 == 0:
                expected["here"], expected["there"] = i, index
            if i % 3:
                common.equal([getattr(g, name) for name in expected], list(expected.values()), "attributes")
            else:
                common.equal(vars(g), expected, "vars()")
            if i % 100 == 0:
                kept[index].append(g)
                live.add(g)
            elif i % 5 == 0:
                g.itself = g
        done.append(index)

    def change(index):
        made = versions()
        step = 0
        while len(done) < common.THREADS and not common._failures:
            step += 1
            method, add, plain = made[step % VERSIONS]
            Growing.method = method
            method.__defaults__ = (step % VERSIONS,)
            method.__kwdefaults__ = {"extra": step % VERSIONS, "version": 0}
            Growing.__add__ = plain if step % 2 else add
            if step % 3 == 0:
                del Growing.__add__

    def finalizers(index):
        step = 0
        while len(done) < common.THREADS and not common._failures:
            step += 1
            Growing.__del__ = lambda self, step=step: doomed.append(self.number)
            if step % 50 == 0:
                gc.collect()
            del Growing.__del__

    common.run_threads(use, extra=[change, finalizers])
    for number in doomed:
        common.check(0 <= number < ROUNDS, number)
    doomed.clear()

    # What was set last holds in every thread.
    Growing.__add__ = lambda self, other: ("add", "last")
    Growing.__del__ = lambda self: doomed.append(self.number)
    for row in kept:
        for g in row:
            common.equal(g + g, ("add", "last"))
    common.equal([[g.number for g in row] for row in kept], [list(range(0, ROUNDS, 100))] * common.THREADS)
    gc.collect()
    doomed.clear()
    common.equal(len(live), sum(len(row) for row in kept), "live instances")
    kept.clear()
    del row, g
    gc.collect()
    common.equal(len(live), 0, "live instances at the end")
    common.equal(len(doomed), common.THREADS * len(range(0, ROUNDS, 100)), "finalised")


def racing_changes(n):
    """Threads set and delete a special method; when all are done, operators agree with the namespace."""
    class Base:
        pass

    classes = [Base] + [type("Derived%d" % k, (Base,), {}) for k in range(20)]
    dead = []

    def works(cls, name):
        try:
            if name == "__add__":
                return cls() + 1 == 1
            if name == "__len__":
                return len(cls()) == 1
        except TypeError:
            return False
        del dead[:]
        cls()
        return bool(dead)

    for name in "__add__", "__len__", "__del__":
        def change(index):
            for i in range(20):
                if index % 2:
                    setattr(Base, name, lambda *arguments: dead.append(1) or 1)
                else:
                    try:
                        delattr(Base, name)
                    except AttributeError:
                        pass

        common.run_threads(change, 2 * common.THREADS)
        there = name in vars(Base)
        for cls in classes:
            common.equal(works(cls, name), there, name)
        if there:
            delattr(Base, name)


def both(n):
    for i in range(5):
        racing_changes(n)
    body(n)


common.main(lambda: common.phases(both))
