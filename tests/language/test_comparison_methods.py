"""Comparisons written in Python, at hot places."""
import sys
import traceback

N = 3000


class Version:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        if not isinstance(other, Version):
            return NotImplemented
        return self.n == other.n

    def __lt__(self, other):
        return self.n < other.n

    def __hash__(self):
        return self.n


class Sub(Version):
    def __eq__(self, other):
        return "sub"

    def __gt__(self, other):
        return self.n > other.n


class Odd:
    def __eq__(self, other):
        return [] if other == 0 else [1]

    def __ne__(self, other):
        return 0.0

    def __lt__(self, other):
        return Truth(other)

    __hash__ = None


class Truth:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        if self.value == 2500:
            raise ValueError("no truth")
        return self.value % 2 == 0


def test_values_and_jumps():
    a, b, c = Version(1), Version(2), Version(1)
    n = m = 0
    for i in range(N):
        x = a == c
        y = a == b
        z = a < b
        assert (x, y, z) == (True, False, True)
        if a == c:
            n += 1
        if a == b or b < a:
            n += 1000000
        if not a != c and b > a and a != b:
            m += 1
        while a < b:
            m += 1
            break
    assert (n, m) == (N, 2 * N)


def test_not_implemented():
    a = Version(1)
    for i in range(N):
        assert not a == i and a != i and not a == None
        if a == "x":
            raise AssertionError
        assert (a == a) is True
    for i in range(N):
        try:
            a <= 3
        except TypeError as e:
            assert str(e) == "'<=' not supported between instances of 'Version' and 'int'"
        else:
            raise AssertionError


def test_subclass_first():
    a, s = Version(1), Sub(1)
    for i in range(N):
        assert (a == s) == "sub" and (s == a) == "sub" and (a < s) is False
        if a == s:
            pass
        else:
            raise AssertionError


def test_truth_of_results():
    o = Odd()
    n = 0
    for i in range(N):
        if o == i % 2:
            n += 1
        if o != i:
            n += 100000
        assert (o == 0) == [] and (o != 1) == 0.0
    assert n == N // 2
    n = 0
    try:
        for i in range(N):
            if o < i:
                n += 1
    except ValueError as e:
        assert str(e) == "no truth" and i == 2500 and n == 1250
        assert [f.name for f in traceback.extract_tb(e.__traceback__)] == ["test_truth_of_results", "__bool__"]
    else:
        raise AssertionError


def test_exceptions():
    class Fails:
        def __init__(self, n):
            self.n = n

        def __lt__(self, other):
            return 1 // (self.n - other)

    f = Fails(2000)
    for jump in (False, True):
        try:
            for i in range(N):
                if jump:
                    if f < i:
                        pass
                else:
                    r = f < i
        except ZeroDivisionError as e:
            assert i == 2000
            assert [t.name for t in traceback.extract_tb(e.__traceback__)] == ["test_exceptions", "__lt__"]
        else:
            raise AssertionError


def test_replaced():
    class Local:
        def __init__(self, n):
            self.n = n

        def __eq__(self, other):
            return self.n == other.n

    a, b = Local(1), Local(2)
    results = []
    for i in range(4000):
        if i == 1500:
            Local.__eq__ = lambda self, other: "new"
        if i == 2500:
            del Local.__eq__
        if i == 3500:
            b = a
        results.append(1 if a == b else 0)
    assert results == [0] * 1500 + [1] * 1000 + [0] * 1000 + [1] * 500


def test_temporaries():
    n = 0
    for i in range(N):
        if Version(i) == Version(i):
            n += 1
        if Version(i) < Version(i + 1):
            n += 1
        v = Version(i) == Version(0)
        n += v
    assert n == 2 * N + 1


def test_containers_and_sorting():
    vs = [Version(i * 7919 % 1009) for i in range(1009)]
    assert [v.n for v in sorted(vs)] == list(range(1009))
    assert min(vs).n == 0 and Version(500) in vs and vs.index(Version(3)) == [v.n for v in vs].index(3)
    best = vs[0]
    for _ in range(5):
        for v in vs:
            if v < best:
                best = v
    assert best.n == 0


def test_recursion():
    class Deep:
        def __eq__(self, other):
            return self == other

    limit = sys.getrecursionlimit()
    for _ in range(3):
        try:
            Deep() == Deep()
        except RecursionError as e:
            assert "maximum recursion depth exceeded" in str(e)
        else:
            raise AssertionError
    assert sys.getrecursionlimit() == limit
