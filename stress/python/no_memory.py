"""Threads whose allocations fail at random points, in code that shares caches, tables and traces: each gets MemoryError or the
right result, and none disturbs another."""

import decimal
import re._compiler

from _ptpython import end_allocation_failures, fail_allocations

import common

SOURCE = """
class Point:
    def __init__(self, x):
        self.x = x
    def scaled(self, factor):
        return Point(self.x * factor)
def work(n):
    total = 0
    for i in range(n):
        total += Point(i).scaled(3).x % 7
    return total, [k for k, v in {"a": n, "b": None}.items() if v]
"""


def integers():
    x, y = 7 ** 900, 3 ** 1500 + 1
    return divmod(x * y + 5, y)[0] == x, str(x)[:9], pow(5, -1, y) % 1009


def decimals():
    with decimal.localcontext() as context:
        context.prec = 120
        x = decimal.Decimal(2).sqrt()
        return str(x.ln())[-9:], str(x * x.exp())[-9:], int(x.scaleb(90)) % 1009, str(1 / decimal.Decimal(10 ** 60 + 7))[-9:]


def compiled():
    namespace = {}
    exec(SOURCE, namespace)
    return namespace["work"](60)


def matched():
    return re._compiler.compile(r"(?P<a>[^c-x]+|\d*?)(?i:[é-ü])(?=x)", 0).match("abÉx").span("a")


PROGRAMS = [integers, decimals, compiled, matched]
EXPECTED = [program() for program in PROGRAMS]


def allocations_of(program):
    program()
    fail_allocations(1 << 60)
    program()
    return end_allocation_failures()


def body(n):
    def worker(index):
        numbers = common.rng(n * 100 + index)
        counts = [allocations_of(program) for program in PROGRAMS]
        for i in range(25):
            which = (i + index) % len(PROGRAMS)
            start = numbers.below(counts[which] + 1)
            fail_allocations(start, start + (1, 3, 50)[i % 3])
            try:
                result = PROGRAMS[which]()
            except MemoryError:
                result = None
            finally:
                end_allocation_failures()
            common.check(result in (None, EXPECTED[which]), (which, start, result))
            common.equal(PROGRAMS[which](), EXPECTED[which], "result afterwards")

    common.run_threads(worker)


common.main(lambda: common.phases(body))
