"""tuple: construction, indexing, operators, hashing, subclasses."""
from checks import raises


def test_construction():
    assert tuple() == () and tuple("ab") == ("a", "b") and tuple([1, 2]) == (1, 2)
    t = (1, 2)
    assert tuple(t) is t
    assert tuple(i for i in range(3)) == (0, 1, 2)
    raises(TypeError, tuple, 1, message="'int' object is not iterable")
    raises(TypeError, tuple, 1, 2, message="tuple expected at most 1 argument, got 2")
    try:
        tuple(sequence=())
    except TypeError as e:
        assert str(e) == "tuple() takes no keyword arguments"


def test_index():
    t = (10, 20, 30)
    assert t[0] == 10 and t[-1] == 30 and t[True] == 20
    raises(IndexError, lambda: t[3], message="tuple index out of range")
    raises(IndexError, lambda: t[-4], message="tuple index out of range")
    raises(TypeError, lambda: t["a"], message="tuple indices must be integers or slices, not str")
    raises(IndexError, lambda: t[2 ** 80], message="cannot fit 'int' into an index-sized integer")


def test_slices():
    t = tuple(range(10))
    assert t[:] is t and t[2:4] == (2, 3) and t[::-2] == (9, 7, 5, 3, 1) and t[5:1] == ()
    assert t[::3] == (0, 3, 6, 9) and t[-2:] == (8, 9)
    raises(ValueError, lambda: t[::0])


def test_immutable():
    t = (1,)

    def assign():
        t[0] = 2

    def delete():
        del t[0]
    raises(TypeError, assign, message="'tuple' object does not support item assignment")
    raises(TypeError, delete, message="'tuple' object doesn't support item deletion")
    raises(AttributeError, lambda: t.append)


def test_concat():
    a = (1, 2)
    assert a + (3,) == (1, 2, 3) and a + () is a and () + a is a
    raises(TypeError, lambda: a + [1], message='can only concatenate tuple (not "list") to tuple')
    b = a
    b += (3,)
    assert a == (1, 2) and b == (1, 2, 3)


def test_repeat():
    a = (1, 2)
    assert a * 2 == (1, 2, 1, 2) == 2 * a and a * 0 == () and a * -3 == () and a * 1 is a
    raises(TypeError, lambda: a * "x", message="can't multiply sequence by non-int of type 'str'")
    raises(MemoryError, lambda: (0, 1) * (2 ** 62))
    raises(OverflowError, lambda: (0,) * (2 ** 64))
    assert () * (2 ** 62) == ()


def test_compare():
    assert (1, 2) == (1, 2) and (1, 2) != (2, 1) and (1,) != [1]
    assert (1, 2) < (1, 3) and (1,) < (1, 0) and () < (0,) and (2,) > (1, 99)
    assert (1, 2) <= (1, 2) and (1, 2) >= (1, 2)
    raises(TypeError, lambda: (1,) < ("a",), message="'<' not supported between instances of 'int' and 'str'")
    assert not (1,) == ("a",)


def test_hash():
    assert hash((1, 2)) == hash((1, 2)) == hash((1.0, True + 1))
    assert hash(()) == 5740354900026072187
    assert hash((1,)) == -6644214454873602895
    assert hash((1, 2, 3)) == 529344067295497451
    assert hash((0, (1, 2), -1)) == hash((0, (1, 2), -1))
    raises(TypeError, hash, ([],), message="unhashable type: 'list'")
    assert len({(i, j) for i in range(30) for j in range(30)}) == 900


def test_index_count():
    t = (1, 2, 3, 1, True)
    assert t.index(1) == 0 and t.index(1, 1) == 3 and t.count(1) == 3 and t.index(3, -3) == 2
    raises(ValueError, t.index, 9, message="tuple.index(x): x not in tuple")
    raises(ValueError, t.index, 1, 1, 3, )
    raises(TypeError, t.index, 1, None, message="slice indices must be integers or have an __index__ method")
    assert 3 in t and 9 not in t


def test_repr():
    assert repr(()) == "()" and repr((1,)) == "(1,)" and repr((1, "a")) == "(1, 'a')"
    a = []
    t = (a,)
    a.append(t)
    assert repr(t) == "([(...)],)"


class Point(tuple):
    def __new__(cls, x, y, **extra):
        self = super().__new__(cls, (x, y))
        self.extra = extra
        return self

    @property
    def x(self):
        return self[0]


def test_subclass():
    p = Point(1, 2, colour="red")
    assert p.x == 1 and p == (1, 2) and len(p) == 2 and p.extra == {"colour": "red"} and isinstance(p, tuple)
    assert type(p[:]) is tuple and type(p + (1,)) is tuple and type(p * 1) is tuple
    assert hash(p) == hash((1, 2)) and {p: 1}[(1, 2)] == 1
    assert tuple(p) == (1, 2) and type(tuple(p)) is tuple

    class Plain(tuple):
        pass
    assert type(Plain("ab")) is Plain and Plain() == () and repr(Plain((1,))) == "(1,)"
    raises(TypeError, lambda: Plain(x=1), message="tuple() takes no keyword arguments")


def test_getnewargs():
    assert (1, 2).__getnewargs__() == ((1, 2),)
    args = Point(3, 4).__getnewargs__()
    assert args == ((3, 4),) and type(args[0]) is tuple


def test_iteration():
    assert [x for x in (1, 2, 3)] == [1, 2, 3]
    it = iter((1, 2))
    assert next(it) == 1 and it.__length_hint__() == 1 and next(it) == 2 and next(it, None) is None
    assert next(it, "end") == "end" and it.__length_hint__() == 0


def test_equality_uses_identity_first():
    class Never:
        def __eq__(self, other):
            return False
    n = Never()
    assert (n,) == (n,) and n in (n,) and (n,).count(n) == 1


def test_error_in_comparison():
    class Bad:
        def __eq__(self, other):
            raise ZeroDivisionError("eq")
    raises(ZeroDivisionError, lambda: (Bad(),) == (1,), message="eq")
    raises(ZeroDivisionError, lambda: 1 in (Bad(),))


def test_nested_depth():
    t = ()
    for _ in range(300):
        t = (t,)
    assert hash(t) == hash(t) and t == t and repr(t).startswith("(((")


def test_class_getitem():
    alias = tuple[int, str]
    assert alias.__origin__ is tuple and alias.__args__ == (int, str)


def test_many_sizes():
    for n in range(200):
        t = tuple(range(n))
        assert len(t) == n and list(t) == list(range(n)) and t == tuple(list(t))


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
