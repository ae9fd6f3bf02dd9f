"""Special methods are given to classes and taken away while other threads use what they are for.

Each use gives what the method gives, or what a class without it gives (AttributeError: the method went between the look at its
slot and the look for it); once all is quiet, what the class has is what counts.
"""

import common


def make():
    class Thing:
        def __init__(self):
            self.n = 1

    class Descriptor:
        pass

    class Holder:
        field = Descriptor()

    class Below(Thing):
        pass

    return Thing, Below, Descriptor, Holder


METHODS = {
    "__len__": lambda self: 3,
    "__bool__": lambda self: True,
    "__contains__": lambda self, x: True,
    "__iter__": lambda self: iter((1, 2)),
    "__call__": lambda self: 7,
    "__eq__": lambda self, other: True,
    "__lt__": lambda self, other: True,
    "__add__": lambda self, other: 9,
    "__iadd__": lambda self, other: 9,
    "__getitem__": lambda self, i: [4, 5][i],
    "__setattr__": lambda self, name, value: object.__setattr__(self, name, value),
    "__getattribute__": lambda self, name: object.__getattribute__(self, name),
    "__hash__": lambda self: 11,
    "__repr__": lambda self: "repr",
    "__new__": lambda cls: object.__new__(cls),
    "__init__": lambda self: object.__setattr__(self, "n", 1),
}


def uses(thing, holder, cls):
    yield lambda: len(thing), (3,)
    yield lambda: bool(thing), (True,)
    yield lambda: 1 in thing, (True, False)
    yield lambda: list(thing), ([1, 2], [4, 5])
    yield lambda: thing(), (7,)
    yield lambda: thing == 1, (True, False)
    yield lambda: thing < 1, (True,)
    yield lambda: thing + 1, (9,)
    yield lambda: repr(thing) == "repr", (True, False)
    yield lambda: hash(thing) in (11, object.__hash__(thing)), (True,)
    yield lambda: setattr(thing, "n", 1), (None,)
    yield lambda: thing.n, (1,)
    yield lambda: type(holder.field).__name__, ("Descriptor", "int")
    yield lambda: type(cls()).__name__, (cls.__name__,)


def give_and_take(classes, random, stop):
    thing, _, descriptor, _ = classes
    names = list(METHODS)
    kept = {"__getattribute__", "__new__", "__init__"}   # replaced only: a class has them anyway
    while not stop:
        name = names[random.below(len(names))]
        setattr(thing, name, METHODS[name] if name != "__new__" else staticmethod(METHODS[name]))
        if name not in kept:
            delattr(thing, name)
        descriptor.__get__ = lambda self, instance, owner: 5
        descriptor.__set__ = lambda self, instance, value: None
        del descriptor.__set__, descriptor.__get__


def body(n):
    classes = make()
    stop = []

    def worker(index):
        random = common.rng(index + 31 * n)
        if index == 0:
            try:
                for _ in range(60):
                    give_and_take(classes, random, stop_after(20))
            finally:
                stop.append(True)
            return
        thing, holder = classes[index & 1](), classes[3]()
        while not stop:
            for use, expected in uses(thing, holder, classes[index & 1]):
                try:
                    got = use()
                except (TypeError, AttributeError):
                    continue
                common.check(got in expected, (got, expected))

    common.run_threads(worker, max(common.THREADS, 2))
    check_quiet(classes)


class stop_after:
    """Is true after some looks."""

    def __init__(self, looks):
        self.left = looks

    def __bool__(self):
        self.left -= 1
        return self.left < 0


def check_quiet(classes):
    thing = classes[1]()
    for name, use in (("__len__", len), ("__call__", lambda x: x()), ("__iter__", iter), ("__add__", lambda x: x + 1)):
        common.check(name not in vars(classes[0]), name)
        try:
            use(thing)
        except TypeError:
            pass
        else:
            common.check(False, name + " is still there")
        setattr(classes[0], name, METHODS[name])
        use(thing)


common.main(lambda: common.phases(body))
