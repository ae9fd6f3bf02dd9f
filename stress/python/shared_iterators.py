"""Iterators of itertools and of the builtin containers consumed by many threads: no value lost or doubled."""

import itertools

import common


def drain(make, expected):
    shared = make()

    def worker(index):
        mine = []
        while True:
            try:
                mine.append(next(shared))
            except StopIteration:
                return mine

    got = [x for mine in common.run_threads(worker) for x in mine]
    common.equal(sorted(got), sorted(expected), "values of " + type(shared).__name__)


def body(n):
    data = list(range(2000))
    pairs = [(i, i) for i in data]
    drain(lambda: iter(data), data)
    drain(lambda: iter(tuple(data)), data)
    drain(lambda: iter(range(2000)), data)
    drain(lambda: reversed(data), data)
    drain(lambda: iter(dict.fromkeys(data)), data)
    drain(lambda: iter(set(data)), data)
    drain(lambda: iter("abc" * 500), "abc" * 500)
    drain(lambda: itertools.chain(data[:700], data[700:]), data)
    drain(lambda: itertools.islice(data, 100, 1500), data[100:1500])
    drain(lambda: itertools.repeat(7, 1500), [7] * 1500)
    drain(lambda: itertools.accumulate(data), list(itertools.accumulate(data)))
    drain(lambda: itertools.permutations(range(5)), list(itertools.permutations(range(5))))
    drain(lambda: itertools.product(range(12), repeat=3), list(itertools.product(range(12), repeat=3)))
    drain(lambda: enumerate(data), pairs)
    drain(lambda: zip(data), [(i,) for i in data])
    drain(lambda: filter(None, data), data[1:])
    drain(lambda: map(abs, data), data)

    counter = itertools.count()
    got = common.run_threads(lambda index: [next(counter) for _ in range(1000)])
    common.equal(sorted(x for mine in got for x in mine), list(range(1000 * common.THREADS)), "count")
    around = itertools.cycle(range(10))
    got = common.run_threads(lambda index: [next(around) for _ in range(1000)])
    for digit in range(10):
        common.equal(sum(mine.count(digit) for mine in got), 100 * common.THREADS, "cycle")


common.main(lambda: common.phases(body))
