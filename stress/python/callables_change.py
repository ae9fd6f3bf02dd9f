"""Threads call what a module, a class and an instance hold while others replace it: functions, builtins, classes, with defaults
that change, too. Each call is one of what was there; nothing is called that is gone, and what was made for one that is gone dies."""
import gc
import types

import common

try:
    import _ptpython
    COMPILES = _ptpython.jit()["mode"] != "off"   # compiled code keeps the functions that it has met
except ImportError:
    COMPILES = False


class Target:
    def __init__(self, value=7):
        self.value = value


def three(x):
    return x, 3


def with_default(x, y="a"):
    return x, y


class Token:
    """Of each replaced function there is one, in a default."""


def body(n):
    module = types.ModuleType("changing")
    namespace = types.SimpleNamespace()
    module.call = namespace.call = three
    module.size, module.kind, module.convert = len, Target, int
    kinds = {"three": lambda r, i: r == (i, 3), "token": lambda r, i: type(r) is tuple and r[0] == i and type(r[1]) is Token,
             "class": lambda r, i: type(r) is Target and r.value == i, "abs": lambda r, i: r == i}
    outcomes = ["three", "token", "class", "abs"]

    def make(which):
        if which == 0:
            return three
        if which == 1:
            def token(x, held=Token()):
                return x, held
            return token
        return Target if which == 2 else abs

    def change(index):
        for i in range(200):
            f = make((i + index) % 4)
            if i % 3 == 0:
                module.call = f
            elif i % 3 == 1:
                namespace.call = f
            else:
                vars(module).pop("extra", None)
                module.extra = f
            with_default.__defaults__ = ("a" if i % 2 else "b" * 1000 + str(i),)
            module.kind = (Target, three)[i & 1]
            module.size = (len, three)[i % 2]

    def call(index):
        counts = dict.fromkeys(outcomes, 0)
        for i in range(600):
            for result in (module.call(i), namespace.call(i), three(i)):
                fitting = [k for k in outcomes if kinds[k](result, i)]
                common.check(fitting, "a call gave something else")
                counts[fitting[0]] += 1
            try:
                result = module.extra(i)
                common.check(any(kinds[k](result, i) for k in outcomes), "a call of what comes and goes")
            except AttributeError as e:
                common.equal(str(e), "module 'changing' has no attribute 'extra'", "message")
            x, y = with_default(i)
            common.check(x == i and (y == "a" or (y[:1000] == "b" * 1000 and y[1000:].isdigit())), "a default")
            made = module.kind(i)
            common.check(made == (i, 3) or made.value == i, "a class or a function")
            common.check(module.size([i]) in (1, ([i], 3)), "a builtin or a function")
            common.equal(module.convert("12") + module.convert(i), 12 + i, "int()")
        return counts

    def worker(index):
        return change(index) if index % 2 else call(index)

    results = common.run_threads(worker)
    for counts in results:
        if counts:
            common.equal(sum(counts.values()), 1800, "calls")
    del module, namespace
    gc.collect()
    if not COMPILES:
        common.equal(sum(type(o) is Token for o in gc.get_objects()), 0, "tokens left")


common.main(lambda: common.phases(body))
