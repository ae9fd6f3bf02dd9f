"""frozenset: hashing, identity, algebra."""
from checks import raises


def test_construction():
    f = frozenset([1, 2, 2])
    assert len(f) == 2 and frozenset(f) is f and frozenset() == frozenset([]) and frozenset("ab") == {"a", "b"}
    raises(TypeError, frozenset, 1, message="'int' object is not iterable")
    raises(TypeError, frozenset, 1, 2, message="frozenset expected at most 1 argument, got 2")
    raises(TypeError, lambda: frozenset(x=1), message="frozenset() takes no keyword arguments")


def test_immutable():
    for name in ("add", "remove", "discard", "pop", "clear", "update", "difference_update"):
        assert not hasattr(frozenset(), name)
    f = g = frozenset([1])
    f |= {2}
    assert g == {1} and f == {1, 2} and type(f) is frozenset


def test_hash_values():
    assert hash(frozenset()) == 133146708735736
    assert hash(frozenset([1])) == -558064481276695278
    assert hash(frozenset([1, 2, 3])) == -272375401224217160
    assert hash(frozenset(range(100))) == hash(frozenset(reversed(range(100))))
    assert len({hash(frozenset([i])) for i in range(1000)}) == 1000


def test_hash_ignores_history():
    a = set(range(100))
    for i in range(50, 100):
        a.discard(i)
    assert hash(frozenset(a)) == hash(frozenset(range(50)))


def test_nested():
    f = frozenset([frozenset([1]), frozenset()])
    assert frozenset([1]) in f and {1} in f and set() in f and {2} not in f
    assert {f: 1}[frozenset([frozenset(), frozenset([1])])] == 1


def test_operators():
    a, b = frozenset([1, 2]), {2, 3}
    assert a | b == {1, 2, 3} and type(a | b) is frozenset and type(b | a) is set
    assert a & b == {2} and a - b == {1} and a ^ b == {1, 3} and type(b & a) is set and type(a ^ b) is frozenset


def test_methods():
    a = frozenset([1, 2])
    assert a.union([3]) == {1, 2, 3} and a.intersection([1]) == {1} and a.difference([1]) == {2}
    assert a.symmetric_difference([1]) == {2} and a.copy() is a and a.union() == a and a.intersection() == a
    assert a.difference() == a


def test_comparison():
    a = frozenset([1])
    assert a == {1} and {1} == a and a < {1, 2} and a <= {1} and a != {2} and not a == 1
    assert a.issubset([1]) and a.issuperset([]) and a.isdisjoint([2])
    hash(a)
    b = frozenset([2])
    hash(b)
    assert a != b and not a == b


def test_repr():
    assert repr(frozenset()) == "frozenset()" and repr(frozenset([1])) == "frozenset({1})"


class Sub(frozenset):
    pass


def test_subclass():
    s = Sub([1])
    s.tag = 1
    assert type(s) is Sub and s == {1} and hash(s) == hash(frozenset([1])) and repr(s) == "Sub({1})"
    assert frozenset(s) is not s and type(frozenset(s)) is frozenset and type(s.copy()) is frozenset
    assert type(s | {2}) is frozenset and Sub(s) is not s
    raises(TypeError, lambda: Sub(x=1), message="frozenset() takes no keyword arguments")

    class Keywords(frozenset):
        def __new__(cls, items, tag):
            return super().__new__(cls, items)

        def __init__(self, items, tag):
            self.tag = tag
    k = Keywords([1], tag="t")
    assert k == {1} and k.tag == "t"


def test_reduce():
    assert frozenset([1]).__reduce__() == (frozenset, ([1],), None)


def test_iteration():
    assert sorted(frozenset([3, 1])) == [1, 3] and type(iter(frozenset())).__name__ == "set_iterator"


def test_init_is_harmless():
    f = frozenset([1])
    f.__init__()
    assert f == {1}


def test_truth_and_len():
    assert not frozenset() and frozenset([0]) and len(frozenset("abc")) == 3


def test_class_getitem():
    assert frozenset[int].__origin__ is frozenset


def test_unhashable_items():
    raises(TypeError, frozenset, [[1]], message="unhashable type: 'list'")
    raises(TypeError, lambda: [] in frozenset(), message="unhashable type: 'list'")


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
