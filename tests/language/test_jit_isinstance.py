"""isinstance() in hot loops: several classes, values of all kinds, classes that say something else."""

N = 4000


class Plain:
    pass


class Derived(Plain):
    def __getattr__(self, name):
        return 3


class Posing:
    @property
    def __class__(self):
        return Plain


class Deceiving:
    def __getattribute__(self, name):
        return int if name == "__class__" else object.__getattribute__(self, name)


class Any(type):
    def __instancecheck__(cls, instance):
        return True


class Everything(metaclass=Any):
    pass


NUMBERS = (int, float)
VALUES = [1, "a", 2.5, None, True, (), Plain(), Derived(), Posing(), Deceiving(), 1 << 80, 1e300, b"", [], Plain, object()]


def count(check):
    n = 0
    for i in range(N):
        if check(VALUES[i % 16]):
            n += 1
    return n * 16 // N


def test_classes():
    assert count(lambda v: isinstance(v, int)) == 4
    assert count(lambda v: isinstance(v, str)) == 1
    assert count(lambda v: isinstance(v, float)) == 2
    assert count(lambda v: isinstance(v, Plain)) == 3
    assert count(lambda v: isinstance(v, object)) == 16
    assert count(lambda v: isinstance(v, Everything)) == 16
    assert count(lambda v: isinstance(v, type)) == 1


def test_several():
    assert count(lambda v: isinstance(v, (int, float))) == 6
    assert count(lambda v: isinstance(v, NUMBERS)) == 6
    assert count(lambda v: isinstance(v, (str, bytes, (list, tuple)))) == 4
    assert count(lambda v: isinstance(v, (Plain, Derived, str))) == 4
    assert count(lambda v: isinstance(v, ())) == 0
    assert count(lambda v: isinstance(v, (type(v), str))) == 16
    assert count(lambda v: isinstance(v, int | str)) == 5


def test_loops():
    a = b = c = 0
    for i in range(N):
        x = VALUES[i % 16]
        if isinstance(x, str):
            a += 1
        elif isinstance(x, (int, float)):
            b += 1
        elif not isinstance(x, (Plain, type(None))):
            c += 1
    assert (a, b, c) == (N // 16, N // 16 * 6, N // 16 * 5)


def test_changes():
    class Late:
        pass

    late, found = Late(), 0
    for i in range(N):
        if isinstance(late, (str, int)):
            found += 1
        if i == N // 2:
            Late.__getattribute__ = lambda self, name: int if name == "__class__" else object.__getattribute__(self, name)
    assert found == N // 2 - 1
    errors = 0
    for i in range(N):
        try:
            isinstance(i, (str, 5 if i % 2 else int))
        except TypeError:
            errors += 1
    assert errors == N // 2
