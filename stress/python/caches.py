"""functools.lru_cache, cached_property and singledispatch under threads."""

import functools
import sys

import common

# CPython 3.11's bounded cache mixes up or crashes when comparing keys runs Python code that lets other threads in.
python_keys = sys.implementation.name != "cpython"


class Weird:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 3

    def __eq__(self, other):
        return self.n == other.n


def body(n):
    @functools.lru_cache(maxsize=32)
    def square(x):
        return x * x

    @functools.lru_cache(maxsize=None)
    def triple(x):
        return (x, x, x)

    @functools.lru_cache(maxsize=8)
    def weird(x):
        return x.n + 1

    def worker(index):
        random = common.rng(index + n)
        for i in range(600):
            x = random.below(60)
            common.equal(square(x), x * x, "bounded cache")
            common.equal(triple(x), (x, x, x), "unbounded cache")
            if i % 4 == 0 and python_keys:
                common.equal(weird(Weird(x % 20)), x % 20 + 1, "cache with Python keys")
            if i % 200 == 199:
                common.check(square.cache_info().currsize <= 32, "too large")

    common.run_threads(worker)
    info = square.cache_info()
    common.equal(info.hits + info.misses, 600 * common.THREADS, "calls counted")
    # Threads that made the same entry at once took an old one out each, and put one in.
    common.check(32 - common.THREADS < info.currsize <= 32, info)
    info = triple.cache_info()
    common.equal(info.currsize, 60, "size of the unbounded cache")
    common.equal(info.hits + info.misses, 600 * common.THREADS, "calls counted without a bound")
    common.check(all(triple(x) is triple(x) for x in range(60)))


common.main(lambda: common.phases(body))
