"""One place in the code that reads an attribute, or calls a method, of objects that have it in every possible way.

Each thread gets what its own object has, however often the others bring the place to know another kind.
"""

import collections
import types

import common

SOURCE = """
def read(row, rounds):
    for _ in range(rounds):
        for it, has in row:
            if it.args is not has:
                return it, it.args
def read_made(row, rounds):
    for _ in range(rounds):
        for make, has in row:
            if make().args is not has:
                return make, has
def call(row, rounds):
    for _ in range(rounds):
        for it, has in row:
            if it.give() is not has:
                return it, it.give()
"""


class Plain:
    def __init__(self, has):
        self.args = has

    def give(self):
        return self.args


class Late(Plain):
    def __init__(self, has):
        for i in range(40):     # what comes later lies outside of the object
            setattr(self, "a%d" % i, i)
        self.args = has


class Slotted:
    __slots__ = "first", "args"

    def __init__(self, has):
        self.first = ("first",)
        self.args = has

    give = Plain.give


class Computed:
    def __init__(self, has):
        self.has = has

    @property
    def args(self):
        return self.has

    give = Plain.give


class OtherComputed(Computed):
    @property
    def args(self):
        kept = self.has
        return kept


class Error(Exception):
    def give(self):
        return self.kept


class Row(collections.namedtuple("Row", "a args b")):
    give = Plain.give


def class_with(has):
    class Class:
        args = has

        @staticmethod
        def give():
            return has
    return Class


def instance_with(has):
    class Class:
        args = has

        @classmethod
        def give(cls):
            return cls.args
    return Class()


def module_with(has):
    module = types.ModuleType("module")
    module.args = has
    module.give = lambda: has
    return module


def error_with(has):
    error = Error(1)
    error.args = has
    error.kept = error.args     # args is a tuple of its own
    return error


def row_with(has):
    return Row(("a",), has, ("b",))


def attribute_with(has):
    it = Plain(has)
    it.give = lambda: has
    return it


KINDS = [Plain, Late, Slotted, Computed, OtherComputed, class_with, instance_with, module_with, error_with, row_with,
         attribute_with]


def body(n):
    space = {}
    exec(SOURCE, space)

    def worker(index):
        random = common.rng(index + 7 * n)
        objects = [kind((kind.__name__, index)) for kind in KINDS]
        row = [(it, it.args) for it in objects]
        random.shuffle(row)
        for _ in range(10):
            part = row[:1 + random.below(len(row))]
            made = [(lambda kind=kind, has=(index,): kind(has), (index,)) for kind in (Plain, Slotted, Computed, OtherComputed)]
            made = [(lambda make=make, has=has: make(has=has), has) for make, has in made]
            random.shuffle(made)
            for read, items in (space["read"], part), (space["read_made"], made), (space["call"], part):
                problem = read(items, 20)
                common.check(problem is None, problem)
            random.shuffle(row)

    common.run_threads(worker)


common.main(lambda: common.phases(body))
