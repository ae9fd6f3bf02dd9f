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


common.main(lambda: common.phases(body))
