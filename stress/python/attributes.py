"""Instances whose attributes are added, deleted and replaced by many threads."""

import common


class Plain:
    fallback = "class"


class Slotted:
    __slots__ = ("a", "b")


def body(n):
    shared = [Plain() for _ in range(8)]
    slotted = [Slotted() for _ in range(4)]
    names = ["name%d" % i for i in range(24)]

    def worker(index):
        random = common.rng(index + 7 * n)
        own = "own%d" % index
        for i in range(800):
            target = random.choice(shared)
            name = random.choice(names)
            what = random.below(8)
            if what < 2:
                setattr(target, name, (name, index, i))
            elif what < 4:
                value = getattr(target, name, None)
                common.check(value is None or value[0] == name, "another attribute's value")
            elif what == 4:
                try:
                    delattr(target, name)
                except AttributeError:
                    pass
            elif what == 5:
                try:
                    for key, value in list(vars(target).items()):
                        common.check(key.startswith("own") or value[0] == key, "a pair that was never stored")
                except RuntimeError as error:
                    common.check("during iteration" in str(error), error)
                vars(target)[name] = (name, index, i)
            elif what == 6:
                setattr(target, own, i)
                common.equal(getattr(target, own), i, "own attribute")
                common.equal(target.fallback, "class", "class attribute")
            else:
                other = random.choice(slotted)
                other.a = ("a", i)
                try:
                    common.equal(other.a[0], "a", "slot")
                    del other.a
                except AttributeError:
                    pass
        for target in shared:
            setattr(target, own, (own, n))

    common.run_threads(worker)
    for target in shared:
        for index in range(common.THREADS):
            own = "own%d" % index
            common.equal(getattr(target, own), (own, n), "own attribute at the end")
            common.equal(target.__dict__[own], (own, n), "own attribute in __dict__")


common.main(lambda: common.phases(body))
