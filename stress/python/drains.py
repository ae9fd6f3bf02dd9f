"""Builtin functions that draw all of a generator, in all threads: own generators of one code, and one generator for all.

Each result is that of the generator's items; of a shared generator each item is taken once.
"""

import common


def numbers(n):
    for i in range(n):
        yield i


def own(index):
    random = common.rng(index)
    for _ in range(60):
        n = random.below(300)
        k = random.below(7)
        common.equal(sum(x * k for x in numbers(n)), k * n * (n - 1) // 2, "sum")
        common.equal(list(numbers(n)), list(range(n)), "list")
        common.equal(any(x == n - 1 for x in numbers(n)), n > 0, "any")
        common.equal(all(x < n for x in numbers(n)), True, "all")
        common.equal(max((x % 11 for x in numbers(n + 11)), default=-1), 10, "max")
        common.equal("".join(str(x % 10) for x in numbers(n)), ("0123456789" * 30)[:n], "join")
        g = numbers(n)
        for x in g:
            if x == k:
                break
        common.equal(sum(g), sum(range(k + 1, n)), "rest")


def shared(n):
    for _ in range(5):
        g = numbers(2000)
        taken = [[] for _ in range(common.THREADS)]

        def draw(index):
            while True:
                try:
                    taken[index].extend(g)
                    return
                except ValueError as e:
                    common.equal(str(e), "generator already executing", "message")

        common.run_threads(draw)
        common.equal(sorted(x for part in taken for x in part), list(range(2000)), "items of a shared generator")


def body(n):
    common.run_threads(own)
    shared(n)


common.main(lambda: common.phases(body))
