"""Arithmetic and comparison of builtin numbers of different kinds, and min and max over them."""
import operator


def test_bool_with_int():
    assert repr(1 + True) == "2" and repr(True + True) == "2" and repr(True - 1) == "0"
    assert repr(True * 5) == "5" and repr(7 // True) == "7" and repr(True % 3) == "1"
    assert repr(5 & True) == "1" and repr(True & True) == "True" and repr(True | 4) == "5"
    assert repr(False ^ True) == "True" and repr(True ^ 3) == "2"
    assert repr(True << 3) == "8" and repr(8 >> True) == "4" and repr(True / 2) == "0.5"
    x = 3
    x += True
    assert repr(x) == "4"
    x = True
    x += x
    assert repr(x) == "2"
    for f in (lambda: 1 // False, lambda: 1 % False, lambda: True // False, lambda: 1 / False):
        try:
            f()
        except ZeroDivisionError:
            pass
        else:
            assert False
    try:
        1 << (False - True)
    except ValueError as e:
        assert str(e) == "negative shift count"


def test_bool_with_float():
    assert repr(1.5 + True) == "2.5" and repr(True * 0.5) == "0.5" and repr(False - 0.5) == "-0.5"
    assert (1.0 == True, 0.5 < True, True <= 1.0) == (True, True, True)


def test_complex():
    z, c = 1 + 2j, 0.5 - 1j
    assert z * c == 2.5 + 0j and z + c == 1.5 + 1j and z - c == 0.5 + 3j
    assert z + 1 == 2 + 2j and 1 - z == -2j and z * 0.5 == 0.5 + 1j and 2.0 * z == 2 + 4j
    assert z + True == 2 + 2j and z / 2 == 0.5 + 1j and z ** 2 == -3 + 4j
    z += c
    z *= 2
    assert z == 3 + 2j
    assert repr(-0.0 + 0j) == "0j" and repr(complex(-0.0, 0.0) * 1) in ("(-0+0j)", "0j", "-0j", "(-0j)")
    assert z + (1 << 80) == complex(float(1 << 80), 2)
    for f in (lambda: z + (1 << 5000), lambda: z < 1, lambda: z // 2, lambda: z % 2, lambda: z + "a", lambda: z / 0):
        try:
            f()
        except (OverflowError, TypeError, ZeroDivisionError):
            pass
        else:
            assert False

    class C(complex):
        def __add__(self, other):
            return "left"

        def __radd__(self, other):
            return "right"
    assert C(1) + 1j == "left" and 1j + C(1) == "right" and 1 + C(1) == "right" and C(1) * 2 == 2


def test_mixed_comparison_is_exact():
    big = 1 << 53
    assert not big + 1 == float(big) and big + 1 > float(big) and float(big) < big + 1
    assert not (big + 1 <= float(big))
    nan, inf = float("nan"), float("inf")
    for op in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq):
        assert not op(nan, 1) and not op(1, nan) and not op(nan, nan)
    assert nan != 1 and inf > 10 ** 400 and -inf < -10 ** 400 and 10 ** 400 > 1.5
    taken = 0
    for a, b in ((1, 1.5), (2.5, 2), (True, 1.5), (1 << 70, 1e30), (0.0, -0.0), (5e-324, 0)):
        if a < b:
            taken += 1
        if a >= b:
            taken += 100
        if a == b:
            taken += 10000
    assert taken == 10303
    assert (1 < 1.5, 2.5 <= 2, 1e300 > 5, -1e-310 != 0, 3 == 3.0) == (True, False, True, True, True)


def test_text_comparison():
    class S(str):
        def __eq__(self, other):
            return "S"

        def __lt__(self, other):
            return "S<"
        __hash__ = str.__hash__
    texts = ["", "a", "b", "ab", "a\0", "\0", "\xe9", "\u20ac", "\U0001f600", "abc" * 9]
    for i, x in enumerate(texts):
        for k, y in enumerate(texts):
            same = "".join(list(y))
            assert (x == same) is (i == k) and (x != same) is (i != k)
            if x == same:
                assert i == k
            if x != same:
                assert i != k
            assert (x < y) == (list(map(ord, x)) < list(map(ord, y)))
            if x >= y:
                assert list(map(ord, x)) >= list(map(ord, y))
    assert ("a" == S("a")) == "S" and (S("a") == "a") == "S" and (S("a") < "a") == "S<"
    assert "a" != 1 and not "a" == None
    try:
        "a" < 1
    except TypeError as e:
        assert str(e) == "'<' not supported between instances of 'str' and 'int'"


def test_characters():
    text = "h\xe9llo\xff"
    assert [text[i] for i in range(6)] == list(text) and text[-1] == "\xff" and text[-6] == "h"
    for i in (6, -7, 1 << 62, -(1 << 62)):
        try:
            text[i]
        except IndexError as e:
            assert str(e) == "string index out of range"
        else:
            assert False
    assert "x\u20ac"[1] == "\u20ac" and "abc"[True] == "b"

    class S(str):
        def __getitem__(self, i):
            return i
    assert S("abc")[2] == 2


def test_min_and_max():
    assert min(3, 1, 2) == 1 and max(3, 1, 2) == 3 and max([3, 1]) == 3 and min((5,)) == 5
    assert repr(max(1, 1.0, True)) == "1" and repr(min(True, 1)) == "True" and repr(max(0, False)) == "0"
    assert max(1, 2.5, 1 << 70) == 1 << 70 and min("b", "a") == "a" and max("b", "a", key=ord) == "b"
    assert max([], default=7) == 7 and min((), default=None) is None
    assert max(range(5), key=lambda v: -v) == 0 and min([2, -3], key=abs) == 2
    assert max(*[4, 9, 2]) == 9 and max(i for i in (1, 5, 2)) == 5
    assert max(-1, -2, key=None) == -1
    nan = float("nan")
    assert max(nan, 1) is nan and max(1, nan) == 1
    a, b = [1], [1]
    assert max(a, b) is a and min(a, b) is a
    for f, error, message in (
        (lambda: max(), TypeError, "max expected at least 1 argument, got 0"),
        (lambda: min(1), TypeError, "'int' object is not iterable"),
        (lambda: max([]), ValueError, None),
        (lambda: min(1, 2, default=3), TypeError, "Cannot specify a default for min() with multiple positional arguments"),
        (lambda: max(1, "a"), TypeError, "'>' not supported between instances of 'str' and 'int'"),
        (lambda: max(1, 2, x=3), TypeError, None),
    ):
        try:
            f()
        except error as e:
            assert message is None or str(e) == message, str(e)
        else:
            assert False


def test_complex_temporaries():
    def f(a, b):
        return a * a + b, a - b - a, a + b, a

    x, y = 1 + 2j, 3 - 1j
    for _ in range(5):
        assert f(x, y) == (3j, -3 + 1j, 4 + 1j, 1 + 2j)
    assert (x, y) == (1 + 2j, 3 - 1j)
    kept = []
    z = 0j
    for i in range(5):
        z = z * z + y
        kept.append(z)
        z = z + x + x
    assert kept[0] == y and len(set(kept)) == 5
    held = [x * y]
    assert held[0] + held[0] == (x * y) * 2 and held == [5 + 5j]
    w = x * y
    w = w + w
    v = w
    w += 1j
    assert v == 10 + 10j and w == 10 + 11j
    assert (lambda t: (t + t, t))(x + y) == (8 + 2j, 4 + 1j)
