"""Classes whose methods, attributes and bases change while other threads use their instances."""

import common


def make_classes():
    class Left:
        def who(self):
            return "left"

    class Right:
        def who(self):
            return "right"

    class Middle(Left):
        value = 0

        def speak(self):
            return self.who() + "!"

    class Leaf(Middle):
        pass

    return Left, Right, Middle, Leaf


def body(n):
    Left, Right, Middle, Leaf = make_classes()
    done = []

    def use(index):
        leaf = Leaf()
        seen = set()
        last = -1
        for i in range(3000):
            said = leaf.speak()
            common.check(said in ("left!", "right!", "left?", "right?", "left", "right"), said)
            seen.add(said)
            value = leaf.value
            common.check(value >= last, "a class attribute went back")
            last = value
            common.check(isinstance(leaf, Middle) and issubclass(Leaf, Middle))
            common.check(type(leaf).__mro__[0] is Leaf)
            leaf.extra = i
        done.append(index)
        return len(seen)

    def change(index):
        variants = [lambda self: self.who() + "!", lambda self: self.who() + "?", lambda self: self.who()]
        step = 0
        while len(done) < common.THREADS and common._failures == []:
            step += 1
            Middle.speak = variants[step % 3]
            Middle.value = step
            if step % 5 == 0:
                Middle.__bases__ = (Right,) if step % 2 else (Left,)
            if step % 7 == 0:
                Middle.later = step
                del Middle.later

    common.run_threads(use, extra=[change])


def assigned_bases(n):
    """Threads assign the same class's __bases__, and two try to make each other's class their base."""
    class Meta(type):
        def mro(cls):
            return super().mro()

    class Left:
        name = "left"

    class Right:
        name = "right"

    class Changing(Left, metaclass=Meta if n % 2 else type):
        pass

    class Below(Changing):
        pass

    class One(Left):
        pass

    class Other(Left):
        pass

    def change(index):
        for i in range(15):
            Changing.__bases__ = (Left,) if (index + i) % 2 else (Right,)
            cls, base = (One, Other) if index % 2 else (Other, One)
            try:
                cls.__bases__ = (base,)
                cls.__bases__ = (Left,)
            except TypeError as error:
                common.check("cycle" in str(error) or "MRO" in str(error), error)

    common.run_threads(change)
    base, = Changing.__bases__
    common.check(Changing.__base__ is base)
    common.equal(Changing.__mro__, (Changing, base, object))
    common.equal(Below.__mro__, (Below, Changing, base, object))
    common.equal(Below().name, base.name)
    common.equal([cls for cls in (Left, Right) if Changing in cls.__subclasses__()], [base])
    common.check(not (issubclass(One, Other) and issubclass(Other, One)), "a cycle")


def both(n):
    body(n)
    for i in range(50):
        assigned_bases(n * 50 + i)


common.main(lambda: common.phases(both))
