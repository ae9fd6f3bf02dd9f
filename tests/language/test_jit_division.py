"""`//` and `%` by constants, which traces do without dividing."""
import random

LARGEST, SMALLEST = (1 << 62) - 1, -(1 << 62)
DIVISORS = [3, 5, 6, 7, 9, 10, 11, 12, 13, 60, 97, 100, 127, 255, 257, 1000, 3600, 65535, 65537, 86400, 10 ** 9, 2 ** 30 + 1,
            2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1]
PROGRAM = """
def apart(values):
    return [(x // {d}, x % {d}) for x in values]
def together(values):
    total = 0
    for x in values:
        total ^= x % {d} + x // {d}
    return total
"""


def values_for(divisor, numbers):
    multiples = [divisor * k + j for k in (1, 2, 3, -1, -2, -5, LARGEST // divisor // 2, LARGEST // divisor, -(LARGEST // divisor))
                 for j in (-1, 0, 1)]
    edges = [0, 1, -1, LARGEST, SMALLEST, LARGEST - 1, SMALLEST + 1, LARGEST // 2, SMALLEST // 2]
    drawn = [numbers.randint(SMALLEST, LARGEST) for _ in range(60)] + [numbers.randint(-10 ** 6, 10 ** 6) for _ in range(60)]
    return [x for x in edges + multiples + drawn if SMALLEST <= x <= LARGEST] * 40


def test_division_by_constants():
    numbers = random.Random(3)
    for divisor in DIVISORS + [numbers.randrange(3, 2 ** 31) for _ in range(10)]:
        namespace = {}
        exec(PROGRAM.format(d=divisor), namespace)
        values = values_for(divisor, numbers)
        results = namespace["apart"](values)
        expected = 0
        for x, (quotient, rest) in zip(values, results):
            assert quotient * divisor + rest == x and 0 <= rest < divisor, (x, divisor, quotient, rest)
            expected ^= rest + quotient
        assert namespace["together"](values) == expected, divisor


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        print(name, "ok")
