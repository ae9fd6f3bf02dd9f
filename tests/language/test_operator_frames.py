# Operators written in Python, called from loops that are compiled and from code that is not: who is asked, in which order,
# what a NotImplemented leads to, what tracebacks say.
import sys
import traceback


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    def __rmul__(self, k):
        return self * k

    def __sub__(self, other):
        other = Vector(0, 0) if other is None else other   # the operand's parameter is another object by now
        return NotImplemented if other.x == 99 else Vector(self.x - other.x, self.y)

    def __iadd__(self, other):
        self.x += other.x
        return self


class Other:
    def __radd__(self, left):
        return ("radd", left.x)

    def __rsub__(self, left):
        return ("rsub", left.x)


class Narrow(Vector):
    def __radd__(self, left):
        return "narrow first"


def test_arithmetic_in_loops():
    p, total = Vector(0, 0), 0
    for i in range(5000):
        p = p + Vector(i, 1) * 2
        q = 3 * p
        total += q.x - p.y
    assert (p.x, p.y) == (2 * sum(range(5000)), 10000)
    assert total == sum(3 * i * (i + 1) for i in range(5000)) - sum(2 * (i + 1) for i in range(5000))


def test_not_implemented():
    def run(n, others):
        out = []
        for i in range(n):
            out.append(Vector(i, 0) + others[i % len(others)])
        return out

    out = run(4000, [Vector(1, 1)] * 9 + [Other()])
    for i, v in enumerate(out):
        assert v == ("radd", i) if i % 10 == 9 else v.x == i + 1
    v = Vector(5, 0)
    for other in 3, None, "x", [1]:
        try:
            v + other
            assert False
        except TypeError as e:
            assert str(e) == f"unsupported operand type(s) for +: 'Vector' and '{type(other).__name__}'", e
    assert v - None is not v and (v - None).x == 5
    assert isinstance(v - Vector(98, 0), Vector)
    try:
        v - Vector(99, 0)
        assert False
    except TypeError as e:
        assert str(e) == "unsupported operand type(s) for -: 'Vector' and 'Vector'"


def test_subclasses_go_first():
    assert Vector(1, 1) + Narrow(1, 1) == "narrow first"
    results = [a + b for a in (Vector(1, 1), Narrow(2, 2)) for b in (Vector(3, 3), Narrow(4, 4))]
    assert [r if isinstance(r, str) else r.x for r in results] == [4, "narrow first", 5, 6]


def test_in_place():
    v = w = Vector(1, 2)
    for i in range(3000):
        v += Vector(1, 0)
    assert v is w and v.x == 3001
    for i in range(3000):
        w -= Vector(1, 0)
    assert w is not v and w.x == 1


def test_operands_are_kept_and_let_go():
    log = []

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __add__(self, other):
            n = self.n + other.n
            self = other = None
            assert not log, log
            return n

        def __del__(self):
            log.append(self.n)

    for i in range(3000):
        assert Noisy(i) + Noisy(1) == i + 1
        assert sorted(log) == sorted([i, 1])
        log.clear()


def test_method_changes_meanwhile():
    class Changing:
        def __add__(self, other):
            return 1

    c, total = Changing(), 0
    for i in range(4000):
        total += c + i
        if i == 2500:
            Changing.__add__ = lambda self, other: 5
        if i == 3500:
            del Changing.__add__
            try:
                c + i
                assert False
            except TypeError:
                pass
            Changing.__add__ = lambda self, other: 7
    assert total == 2501 + 1000 * 5 + 499 * 7


def test_exceptions_and_frames():
    class Failing:
        def __truediv__(self, other):
            return 1 / other

        def __mod__(self, other):
            frame = sys._getframe()
            return frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_back.f_locals["i"]

    f, caught = Failing(), 0
    for i in range(3000):
        try:
            f / (i % 3)
        except ZeroDivisionError as e:
            caught += 1
            names = [entry.name for entry in traceback.extract_tb(e.__traceback__)]
            assert names == ["test_exceptions_and_frames", "__truediv__"]
        assert f % 1 == ("__mod__", "test_exceptions_and_frames", i)
    assert caught == 1000


def test_deep_recursion():
    class Deep:
        def __add__(self, other):
            return self + other

    try:
        Deep() + 1
        assert False
    except RecursionError as e:
        assert "maximum recursion depth exceeded" in str(e)


def test_super_in_loops():
    class A:
        def __init__(self, x):
            self.x = x

        def get(self, k):
            return self.x + k

    class B(A):
        def __init__(self, x):
            super().__init__(x)
            self.z = x

        def get(self, k):
            return super().get(k) + self.z

        def where(self):
            return super().__repr__()[:4], super()

    class C(B):
        def get(self, k):
            return 1 + super().get(k)

    total, b = 0, B(3)
    for i in range(4000):
        total += (b if i % 4 else C(i)).get(i)
    assert total == sum((6 if i % 4 else 2 * i + 1) + i for i in range(4000))
    for i in range(3000):
        text, proxy = C(i).where()
        assert text[0] == "<" and proxy.__self__.x == i and proxy.__thisclass__ is B
    A.get = lambda self, k: -1
    assert b.get(2) == 2


def test_dataclass_attributes():
    import dataclasses

    @dataclasses.dataclass
    class D:
        a: int
        b: float = 0.5

    kept = []
    for i in range(4000):
        d = D(i)
        d.c = i
        if i % 500 == 0:
            kept.append(d)
    assert [(d.a, d.b, d.c) for d in kept] == [(i, 0.5, i) for i in range(0, 4000, 500)]
    assert vars(d) == {"a": 3999, "b": 0.5, "c": 3999}


def test_operators_with_further_parameters():
    class D:
        def __init__(self, n, c=1):
            self.n = n

        def __add__(self, other, context=None, *, k=1):
            return D(self.n + other.n + k) if context is None else context

        def __sub__(self, other, context=[3], more=None):
            return D(self.n - other.n + context[0]) if more is None else more

        def __lt__(self, other, context=None):
            return self.n < other.n if context is None else context

        def __mul__(self, other, wanted):
            return 0
    total, less = D(0), 0
    for i in range(3000):
        total = total - D(i)
        less += D(i) < D(i * 2 % 7, None)
        if i == 2000:
            D.__sub__.__defaults__ = ([5], None)
        if i == 2500:
            D.__sub__.__defaults__ = ([5], i)
            assert total - total == 2500
            D.__sub__.__defaults__ = None
            try:
                total - total
            except TypeError as e:
                assert "missing 2 required positional arguments: 'context' and 'more'" in str(e), e
            else:
                assert False
            D.__sub__.__defaults__ = ([4], None)
    assert total.n == -sum(range(3000)) + 3 * 2001 + 5 * 500 + 4 * 499, total.n
    assert less == sum(i < i * 2 % 7 for i in range(3000))
    try:
        total * total
    except TypeError as e:
        assert "missing 1 required positional argument: 'wanted'" in str(e)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
