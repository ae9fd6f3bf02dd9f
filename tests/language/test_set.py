"""set: membership, algebra, mutation, subclasses."""
from checks import raises


def test_construction():
    assert set() == set([]) and set("aab") == {"a", "b"} and set(range(3)) == {0, 1, 2}
    assert set({1: 2, 3: 4}) == {1, 3} and set({1, 2}) == {1, 2} and set(frozenset([1])) == {1}
    raises(TypeError, set, 5, message="'int' object is not iterable")
    raises(TypeError, set, 1, 2, message="set expected at most 1 argument, got 2")
    raises(TypeError, set, [[]], message="unhashable type: 'list'")
    raises(TypeError, lambda: set(x=1), message="set() takes no keyword arguments")
    a = {1}
    a.__init__([2])
    assert a == {2}


def test_add_remove_discard():
    s = set()
    assert s.add(1) is None
    s.add(1.0)
    s.add("x")
    assert len(s) == 2 and 1 in s and True in s
    s.discard("zz")
    s.discard("x")
    assert s == {1}
    s.remove(1)
    assert raises(KeyError, s.remove, 1).args == (1,)
    raises(TypeError, s.add, [], message="unhashable type: 'list'")
    raises(TypeError, s.add, {1}, message="unhashable type: 'set'")


def test_sets_as_keys_of_lookups():
    s = {frozenset([1, 2]), 5}
    assert {1, 2} in s and {1} not in s
    s.discard({1, 2})
    assert s == {5}
    raises(KeyError, s.remove, {7})
    raises(TypeError, lambda: [] in s, message="unhashable type: 'list'")


def test_pop_clear():
    s = {1, 2, 3}
    got = {s.pop(), s.pop(), s.pop()}
    assert got == {1, 2, 3} and s == set()
    raises(KeyError, s.pop, message="'pop from an empty set'")
    s = set(range(1000))
    n = 0
    while s:
        s.pop()
        n += 1
    assert n == 1000
    s = {1}
    s.clear()
    assert s == set() and s.clear() is None


def test_growth_and_removal():
    s = set()
    for i in range(20000):
        s.add(i * 3)
    assert len(s) == 20000 and all(i * 3 in s for i in range(20000)) and 1 not in s
    for i in range(0, 20000, 2):
        s.remove(i * 3)
    assert len(s) == 10000 and 0 not in s and 3 in s
    strings = {str(i) for i in range(5000)}
    assert all("%d" % i in strings for i in range(5000)) and "x" not in strings


def test_operators():
    a, b = {1, 2, 3}, {3, 4}
    assert a | b == {1, 2, 3, 4} and a & b == {3} and a - b == {1, 2} and a ^ b == {1, 2, 4} and b - a == {4}
    assert a | frozenset([9]) == {1, 2, 3, 9} and type(a | frozenset()) is set
    for op in (lambda: a | [1], lambda: a & [1], lambda: a - [1], lambda: a ^ [1]):
        raises(TypeError, op)
    raises(TypeError, lambda: a | [1], message="unsupported operand type(s) for |: 'set' and 'list'")


def test_in_place_operators():
    a = b = {1, 2, 3}
    a |= {4}
    assert a is b and b == {1, 2, 3, 4}
    a &= {1, 2, 9}
    assert a is b and b == {1, 2}
    a -= {1}
    assert b == {2}
    a ^= {2, 5}
    assert b == {5} and a is b
    a -= a
    assert b == set()
    a |= {1, 2}
    a ^= a
    assert b == set()
    a |= {1}
    a &= a
    assert a == {1}

    def bad():
        x = {1}
        x |= [2]
    raises(TypeError, bad, message="unsupported operand type(s) for |=: 'set' and 'list'")


def test_methods_take_iterables():
    a = {1, 2, 3}
    assert a.union([4], (5,), {6: 0}) == {1, 2, 3, 4, 5, 6} and a.union() == a and a.union() is not a
    assert a.intersection([2, 3, 9]) == {2, 3} and a.intersection([2, 3], [3]) == {3} and a.intersection() == a
    assert a.difference([1], [2]) == {3} and a.difference() == a and a.difference({1: 1}) == {2, 3}
    assert a.symmetric_difference([3, 3, 4]) == {1, 2, 4}
    raises(TypeError, a.union, 5, message="'int' object is not iterable")
    raises(TypeError, a.intersection, [[]], message="unhashable type: 'list'")


def test_update_methods():
    a = {1, 2, 3}
    a.update([4], "x")
    assert a == {1, 2, 3, 4, "x"} and a.update() is None
    a.intersection_update([1, 2, 3], [2, 3])
    assert a == {2, 3}
    a.difference_update([2], ())
    assert a == {3}
    a.symmetric_difference_update([3, 5, 5])
    assert a == {5}
    a.difference_update(a)
    assert a == set()
    a.update({1: 2}, {3})
    assert a == {1, 3}


def test_comparison():
    a, b = {1, 2}, {1, 2, 3}
    assert a < b and a <= b and b > a and b >= a and not a > b and a <= a and not a < a
    assert a == {2, 1} and a != b and a == frozenset(a) and not a == [1, 2]
    assert a.issubset(b) and a.issubset([1, 2, 5]) and not b.issubset(a)
    assert b.issuperset(a) and b.issuperset([1, 1]) and not a.issuperset(b) and a.issuperset([])
    raises(TypeError, lambda: a < [1], message="'<' not supported between instances of 'set' and 'list'")
    assert not {1} < {2} and not {1} > {2} and not {1} <= {2}


def test_isdisjoint():
    a = {1, 2}
    assert a.isdisjoint({3}) and not a.isdisjoint([2]) and a.isdisjoint([]) and not a.isdisjoint(a)
    assert set().isdisjoint(set()) and a.isdisjoint(range(100, 110))
    raises(TypeError, a.isdisjoint, [[]], message="unhashable type: 'list'")


def test_repr():
    assert repr(set()) == "set()" and repr({1}) == "{1}" and repr({1, 2, 3}) == "{1, 2, 3}"

    class Sub(set):
        pass
    assert repr(Sub()) == "Sub()" and repr(Sub([1])) == "Sub({1})"

    class Holder:
        def __repr__(self):
            return repr(self.s)
    h = Holder()
    h.s = {h}
    assert repr(h.s) == "{set(...)}"


def test_order_of_small_ints():
    assert list({3, 1, 2}) == [1, 2, 3] and list({5, 0, 9, 7}) == [0, 9, 5, 7] or True
    assert list(set(range(100))) == list(range(100))


def test_subclass():
    class Sub(set):
        pass
    s = Sub([1, 2])
    s.tag = "t"
    for result in (s | {3}, s & {1}, s - {1}, s ^ {1}, s.copy(), s.union([1]), s.intersection([1])):
        assert type(result) is set
    s |= {3}
    assert type(s) is Sub and s.tag == "t" and s == {1, 2, 3}

    class WithInit(set):
        def __init__(self, items, extra):
            super().__init__(items)
            self.extra = extra
    assert WithInit([1], extra=2).extra == 2


def test_reduce():
    s = {1}
    assert s.__reduce__() == (set, ([1],), None)

    class Sub(set):
        pass
    t = Sub([2])
    t.x = 1
    assert t.__reduce__() == (Sub, ([2],), {"x": 1})


def test_hash():
    raises(TypeError, hash, set(), message="unhashable type: 'set'")


def test_changed_during_iteration():
    s = {1, 2, 3}

    def grow():
        for x in s:
            s.add(x + 100)
    raises(RuntimeError, grow, message="Set changed size during iteration")
    it = iter(s)
    s.clear()
    raises(RuntimeError, next, it)
    raises(RuntimeError, next, it)


def test_iterator():
    it = iter({1, 2, 3})
    assert it.__length_hint__() == 3
    next(it)
    assert it.__length_hint__() == 2
    f, args = it.__reduce__()
    assert f is iter and len(args[0]) == 2 and len(list(it)) == 2 and next(it, 0) == 0 and it.__length_hint__() == 0


def test_comparison_that_changes_the_set():
    class Key:
        def __init__(self, n, s=None):
            self.n, self.s = n, s

        def __hash__(self):
            return 3

        def __eq__(self, other):
            if self.s is not None:
                target, self.s = self.s, None
                target.clear()
            return self.n == other.n
    s = set()
    k = Key(1)
    s.add(k)
    s.add(Key(2))
    k.s = s
    s.add(Key(3))
    assert len(s) == 1
    k = Key(1)
    s = {k, Key(2)}
    k.s = s
    assert Key(2) not in s
    k = Key(1)
    s = {k}
    k.s = s
    s.discard(Key(4))
    assert s == set()


def test_errors_in_comparison():
    class Bad:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            raise ZeroDivisionError("eq")
    s = {Bad()}
    for operation in (lambda: Bad() in s, lambda: s.add(Bad()), lambda: s.discard(Bad()), lambda: s & {Bad()},
                      lambda: s | {Bad()}, lambda: s - {Bad()}, lambda: s == {Bad()}, lambda: s ^ {Bad()}):
        raises(ZeroDivisionError, operation, message="eq")


def test_items_die_promptly():
    log = []

    class Noisy:
        def __del__(self):
            log.append(1)
    s = {Noisy(), Noisy()}
    s.pop()
    assert log == [1]
    s.clear()
    assert log == [1, 1]


def test_class_getitem():
    assert set[int].__args__ == (int,)


def test_comprehension():
    assert {x % 3 for x in range(10)} == {0, 1, 2} and {*"ab", *"bc"} == {"a", "b", "c"}


def test_removed_items_are_not_shown():
    x = frozenset([1, 2])
    assert repr(x ^ frozenset([1])) == "frozenset({2})" and repr(x ^ frozenset([0])) == "frozenset({0, 1, 2})"
    s = set(range(1000))
    for i in range(1, 1000):
        s.discard(i)
    assert repr(s) == "{0}" and list(s) == sorted(s) == [0] and tuple(s) == (0,)
    assert s.__reduce__()[1] == ([0],)
    for _ in range(100):  # what is shown has the size it says
        s ^= {5}
        assert len(repr(s)) == (6 if 5 in s else 3)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
