"""Loops over ranges that begin and end inside compiled code."""
import sys


def nested(rows):
    total = 0
    for i in range(rows):
        for j in range(i % 7):
            total += i * j
        for j in range(i % 5, 6):
            total -= j
        for j in range(12, i % 11, -3):
            total += j
        for j in range(i % 4, 3, 2):
            total ^= j
    return total


def nested_slowly(rows, make=range):
    total = i = 0
    while i < rows:
        for j in list(make(i % 7)):
            total += i * j
        for j in list(make(i % 5, 6)):
            total -= j
        for j in list(make(12, i % 11, -3)):
            total += j
        for j in list(make(i % 4, 3, 2)):
            total ^= j
        i += 1
    return total


def test_nested_slowly():
    assert nested(4000) == nested_slowly(4000)


def leaves(rows):
    """The loop is left in the middle, and its variable seen afterwards."""
    out = []
    for i in range(rows):
        for j in range(3, 9):
            if j > i % 8:
                break
        else:
            j = -1
        out.append(j)
    return out


def test_leaves():
    assert leaves(3000) == [-1 if i % 8 >= 8 else max(3, i % 8 + 1) for i in range(3000)], leaves(20)


def raises(rows):
    caught = 0
    for i in range(rows):
        try:
            for j in range(3):
                if i % 3 == j:
                    raise ValueError(j)
        except ValueError as e:
            caught += e.args[0]
    return caught


def test_raises():
    assert raises(3000) == 3000


def large(rows, begin, step):
    total = 0
    for i in range(rows):
        for j in range(begin, begin + 3 * step, step):
            total += j
    return total


def test_large():
    for begin, step in ((0, 1), (2 ** 61, 1), (2 ** 62 - 2, 1), (2 ** 70, 1), (-2 ** 62, 2 ** 60), (5, -2 ** 61), (0, 2 ** 80)):
        assert large(1500, begin, step) == 1500 * (3 * begin + 3 * step), (begin, step)


def kinds(values):
    total = 0
    for v in values:
        for j in range(v):
            total += j
    return total


class Index:
    def __index__(self):
        return 4


def test_index():
    assert kinds([3] * 2000 + [True, Index(), 0, -5]) == 3 * 2000 + 6
    for wrong in (1.5, "a", None):
        try:
            kinds([3] * 2000 + [wrong])
        except TypeError as e:
            assert str(e) == f"'{type(wrong).__name__}' object cannot be interpreted as an integer", e
        else:
            assert False
    try:
        for step in [1] * 2000 + [0]:
            for j in range(0, 3, step):
                pass
    except ValueError as e:
        assert str(e) == "range() arg 3 must not be zero", e
    else:
        assert False


def comprehensions(rows):
    return [sum([j for j in range(i % 6)]) + len({j: i for j in range(2)}) + max(j for j in range(i % 3, 5)) for i in range(rows)]


def test_comprehensions():
    assert comprehensions(2000) == [sum(list(range(i % 6))) + 2 + 4 for i in range(2000)]


def shadowed(rows, n):
    total = 0
    for i in range(rows):
        if i == n:
            globals()["range"] = lambda *a: [7]
        for j in range(2):
            total += j
    return total


def test_shadowed():
    try:
        assert shadowed(3000, 2000) == 2000 + 7 * 1000
    finally:
        globals().pop("range", None)


def seen(rows):
    """Frames are looked at while such a loop runs."""
    def look():
        return sys._getframe(1).f_locals["j"]
    total = 0
    for i in range(rows):
        for j in range(i % 3 + 1):
            total += look()
    return total


def test_seen():
    assert seen(3000) == 4000
