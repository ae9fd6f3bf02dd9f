"""Code that is new, run by all threads at once: functions of comprehensions, loops for generators and sort keys, traces of
recursive functions and of nested loops come to be while others use them.

Each result is that of the same work done in another way; what the code leaves behind is collected while it runs.
"""

import gc

import common

SOURCE = """
def comprehensions(n, k):
    squares = [i * k for i in range(n)]
    table = {i: [i + j for j in range(3)] for i in range(n)}
    return squares, table, {i % 5 for i in squares}, sum(x + k for x in squares), any(x == k for x in squares)

def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

class Point:
    def __init__(self, x):
        self.x = x

def nested(n, k):
    points = [Point(i * 0.5) for i in range(4)]
    total = 0.0
    for step in range(n):
        for i in range(4):
            a = points[i]
            for j in range(i, 4):
                b = points[j]
                b.x += k
                total += a.x - b.x
    return total, [p.x for p in points]

def by_key(n, k):
    return sorted(range(n), key=lambda i: (i * k) % 101)
"""


def nested_in_another_way(n, k):
    xs = [i * 0.5 for i in range(4)]
    total = 0.0
    step = 0
    while step < n:
        for i, j in ((0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)):
            xs[j] = xs[j] + k
            total += xs[i] - xs[j]
        step += 1
    return total, xs


def body(n):
    new = {}
    exec(compile(SOURCE, "fresh", "exec"), new)

    def work(index):
        random = common.rng(index + n)
        for turn in range(12):
            count, k = random.below(90) + 1, random.below(7) + 1
            squares = list(map(k.__mul__, range(count)))
            expected = (squares, {i: list(range(i, i + 3)) for i in range(count)}, set(map((5).__rmod__, squares)),
                        sum(squares) + k * count, count > 1)
            common.equal(new["comprehensions"](count, k), expected, "comprehensions")
            common.equal(new["fibonacci"](12 + turn % 3), (144, 233, 377)[turn % 3], "recursion")
            common.equal(new["nested"](count, k), nested_in_another_way(count, k), "nested loops")
            keys = [(i * k) % 101 for i in new["by_key"](count, k)]
            common.equal(keys, sorted(i * k % 101 for i in range(count)), "sort keys")
            if index == 0 and turn == 6:
                gc.collect()

    common.run_threads(work)
    new.clear()


common.main(lambda: common.phases(body, minimum=2))
