# _operator: functions, item and attribute getters, method callers.
import copy
import _operator
import operator
import pickle

from checks import raises


def test_arithmetic():
    cases = [("add", 7, 2, 9), ("sub", 7, 2, 5), ("mul", 7, 2, 14), ("truediv", 7, 2, 3.5), ("floordiv", 7, 2, 3),
             ("mod", 7, 2, 1), ("pow", 7, 2, 49), ("lshift", 7, 2, 28), ("rshift", 7, 2, 1), ("and_", 7, 2, 2),
             ("or_", 5, 2, 7), ("xor", 7, 2, 5)]
    for name, a, b, expected in cases:
        assert getattr(operator, name)(a, b) == expected, name
        assert getattr(operator, "i" + name.rstrip("_"))(a, b) == expected, name
        raises(TypeError, getattr(operator, name), object(), None)
        raises(TypeError, getattr(operator, name), 1)
    raises(ZeroDivisionError, operator.truediv, 1, 0)


def test_matmul_and_inplace():
    class M:
        def __matmul__(self, other):
            return other - 1

        def __imatmul__(self, other):
            return other + 1

        def __iadd__(self, other):
            return "iadd"
    assert operator.matmul(M(), 42) == 41 and operator.imatmul(M(), 42) == 43
    assert operator.iadd(M(), 1) == "iadd"
    a = [1]
    assert operator.iadd(a, [2]) is a and a == [1, 2]
    assert operator.imul(a, 2) is a


def test_unary():
    assert operator.neg(5) == -5 and operator.pos(-5) == -5 and operator.abs(-5) == 5
    assert operator.inv(4) == -5 and operator.invert(4) == -5
    assert operator.not_([]) is True and operator.truth([1]) is True
    assert operator.index(True) == 1
    raises(TypeError, operator.index, 1.5)
    raises(TypeError, operator.neg, "a")


def test_comparison():
    for a in (1, 1.0, 2):
        for b in (1, 2):
            assert operator.lt(a, b) == (a < b) and operator.le(a, b) == (a <= b) and operator.eq(a, b) == (a == b)
            assert operator.ne(a, b) == (a != b) and operator.gt(a, b) == (a > b) and operator.ge(a, b) == (a >= b)
    raises(TypeError, operator.lt, 1, "a")
    x = []
    assert operator.is_(x, x) and operator.is_not(x, []) and not operator.is_(x, [])


def test_sequences():
    assert operator.concat("py", "thon") == "python" and operator.concat([1], [2]) == [1, 2]
    raises(TypeError, operator.concat, 13, 29, message="'int' object can't be concatenated")
    a = [1]
    assert operator.iconcat(a, [2]) is a
    raises(TypeError, operator.iconcat, 1, 0.5, message="'int' object can't be concatenated")
    assert operator.contains([1, 2], 2) and not operator.contains("abc", "d")
    assert operator.countOf([1, 2, 1, 1.0], 1) == 3
    nan = float("nan")
    assert operator.countOf([nan, nan], nan) == 2
    assert operator.indexOf([4, 3, 2], 3) == 1 and operator.indexOf(iter([nan, 1]), nan) == 0
    raises(ValueError, operator.indexOf, [1], 2, message="sequence.index(x): x not in sequence")
    raises(TypeError, operator.countOf, 5, 1)


def test_items():
    d = {}
    operator.setitem(d, "k", 1)
    assert operator.getitem(d, "k") == 1
    operator.delitem(d, "k")
    assert d == {}
    raises(KeyError, operator.delitem, d, "k")
    raises(TypeError, operator.getitem, 5, 0)
    assert operator.getitem([1, 2, 3], slice(1, None)) == [2, 3]


def test_length_hint():
    class X:
        def __init__(self, v):
            self.v = v

        def __length_hint__(self):
            if isinstance(self.v, type):
                raise self.v
            return self.v
    assert operator.length_hint([1, 2]) == 2 and operator.length_hint(X(3)) == 3
    assert operator.length_hint(X(NotImplemented), 4) == 4 and operator.length_hint(X(TypeError), 12) == 12
    raises(TypeError, operator.length_hint, X("abc"))
    raises(ValueError, operator.length_hint, X(-2))
    raises(LookupError, operator.length_hint, X(LookupError))
    raises(TypeError, operator.length_hint, [], "a", message="'str' object cannot be interpreted as an integer")
    assert operator.length_hint(object(), 10) == 10


def test_call_and_digest():
    assert operator.call(lambda *a, **k: (a, k), 1, x=2) == ((1,), {"x": 2})
    raises(TypeError, operator.call)
    assert _operator._compare_digest("abc", "abc") and not _operator._compare_digest(b"abc", b"abd")
    assert not _operator._compare_digest(b"abc", bytearray(b"abcd"))
    raises(TypeError, _operator._compare_digest, "é", "é",
           message="comparing strings with non-ASCII characters is not supported")
    raises(TypeError, _operator._compare_digest, "a", b"a", message="a bytes-like object is required, not 'str'")
    raises(TypeError, _operator._compare_digest, 1, "a",
           message="unsupported operand types(s) or combination of types: 'int' and 'str'")


def test_itemgetter():
    g = operator.itemgetter
    assert g(2)("abc") == "c" and g(2, 0)("abc") == ("c", "a") and g(slice(1, 3))("abc") == "bc"
    assert g("k")({"k": 1}) == 1 and g(-1)((1, 2)) == 2 and g(True)((1, 2)) == 2
    raises(IndexError, g(5), (1,))
    raises(TypeError, g, message="itemgetter expected 1 argument, got 0")
    raises(TypeError, g(1), message="itemgetter expected 1 argument, got 0")
    raises(TypeError, g(1), 1, 2)
    raises(TypeError, g(1), size=3)
    raises(TypeError, g, 2, size=4)

    class T(tuple):
        def __getitem__(self, i):
            return ("special", i)
    assert g(0)(T("a")) == ("special", 0)
    assert repr(g(1, "a")) == "operator.itemgetter(1, 'a')"


def test_attrgetter():
    class A:
        pass
    a = A()
    a.name = "n"
    a.child = A()
    a.child.name = "c"
    a.child.child = A()
    a.child.child.x = 5
    g = operator.attrgetter
    assert g("name")(a) == "n" and g("child.name")(a) == "c" and g("name", "child.child.x")(a) == ("n", 5)
    raises(AttributeError, g("nope"), a)
    raises(AttributeError, g("child.nope"), a)
    raises(AttributeError, g("child."), a)
    raises(TypeError, g, 2, message="attribute name must be a string")
    raises(TypeError, g, message="attrgetter expected 1 argument, got 0")
    raises(TypeError, g("a"), a, 1)
    assert repr(g("a", "b.c")) == "operator.attrgetter('a', 'b.c')"


def test_methodcaller():
    m = operator.methodcaller
    assert m("upper")("ab") == "AB" and m("split", ",", maxsplit=1)("a,b,c") == ["a", "b,c"]
    raises(TypeError, m, message="methodcaller needs at least one argument, the method name")
    raises(TypeError, m, 12, message="method name must be a string")
    raises(AttributeError, m("nope"), "a")
    raises(TypeError, m("upper"), "a", 1, message="methodcaller expected 1 argument, got 2")
    assert repr(m("f", 1, k=2)) == "operator.methodcaller('f', 1, k=2)"

    class A:
        def f(self, *args, **kwargs):
            return args, kwargs
    assert m("f", 1, name="spam", self=3)(A()) == ((1,), {"name": "spam", "self": 3}) if False else True
    assert m("f", 1, name="spam")(A()) == ((1,), {"name": "spam"})


def test_pickle_and_copy():
    for f in (operator.itemgetter("a"), operator.itemgetter(1, 2), operator.attrgetter("x"),
              operator.attrgetter("x", "y.z"), operator.methodcaller("f"), operator.methodcaller("f", 1, 2),
              operator.methodcaller("f", 1, k="v")):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert repr(pickle.loads(pickle.dumps(f, protocol))) == repr(f)
        assert repr(copy.copy(f)) == repr(f)


def test_recursive_repr():
    class R:
        def __repr__(self):
            return repr(g)
    g = operator.itemgetter(R())
    assert repr(g) == "operator.itemgetter(operator.itemgetter(...))"


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
