"""list: construction, indexing, slices, methods, operators, mutation while in use."""
from checks import raises


def test_construction():
    assert list() == [] and list("abc") == ["a", "b", "c"]
    assert list(range(5)) == [0, 1, 2, 3, 4]
    assert list({1: 2, 3: 4}) == [1, 3]
    assert list(x * x for x in range(4)) == [0, 1, 4, 9]
    raises(TypeError, list, 5, message="'int' object is not iterable")
    raises(TypeError, list, 1, 2, message="list expected at most 1 argument, got 2")
    try:
        list(iterable=[])
    except TypeError as e:
        assert str(e) == "list() takes no keyword arguments"
    else:
        raise AssertionError
    a = [1, 2]
    b = list(a)
    assert a == b and a is not b


def test_index_and_errors():
    a = [10, 20, 30]
    assert a[0] == 10 and a[-1] == 30 and a[True] == 20
    raises(IndexError, lambda: a[3], message="list index out of range")
    raises(IndexError, lambda: a[-4], message="list index out of range")
    raises(TypeError, lambda: a["x"], message="list indices must be integers or slices, not str")
    raises(TypeError, lambda: a[1.0], message="list indices must be integers or slices, not float")
    raises(IndexError, lambda: a[10 ** 30], message="cannot fit 'int' into an index-sized integer")

    class Index:
        def __index__(self):
            return 2
    assert a[Index()] == 30
    a[Index()] = 31
    assert a[2] == 31


def test_assignment_and_deletion():
    a = [1, 2, 3]
    a[1] = "x"
    a[-1] = "y"
    assert a == [1, "x", "y"]
    del a[0]
    assert a == ["x", "y"]
    del a[-1]
    assert a == ["x"]

    def assign():
        a[5] = 1

    def delete():
        del a[5]
    raises(IndexError, assign, message="list assignment index out of range")
    raises(IndexError, delete, message="list assignment index out of range")


def test_slices():
    a = list(range(10))
    assert a[2:5] == [2, 3, 4] and a[:3] == [0, 1, 2] and a[7:] == [7, 8, 9]
    assert a[-3:] == [7, 8, 9] and a[:-8] == [0, 1] and a[5:2] == []
    assert a[::3] == [0, 3, 6, 9] and a[::-1] == list(reversed(a))
    assert a[8:2:-2] == [8, 6, 4] and a[100:] == [] and a[-100:2] == [0, 1]
    assert a[:] == a and a[:] is not a
    assert a[:10 ** 30] == a and a[-10 ** 30:3] == [0, 1, 2]
    raises(ValueError, lambda: a[::0], message="slice step cannot be zero")
    raises(TypeError, lambda: a["a":], message="slice indices must be integers or None or have an __index__ method")


def test_slice_assignment():
    a = list(range(6))
    a[1:3] = ["a", "b", "c", "d"]
    assert a == [0, "a", "b", "c", "d", 3, 4, 5]
    a[1:5] = []
    assert a == [0, 3, 4, 5]
    a[2:2] = (7, 8)
    assert a == [0, 3, 7, 8, 4, 5]
    a[:] = "xy"
    assert a == ["x", "y"]
    a[5:9] = [1]
    assert a == ["x", "y", 1]
    a[1:1] = a
    assert a == ["x", "x", "y", 1, "y", 1]
    a[3:1] = [0]
    assert a == ["x", "x", "y", 0, 1, "y", 1]

    def bad():
        a[1:2] = 5
    raises(TypeError, bad, message="can only assign an iterable")


def test_extended_slice_assignment():
    a = list(range(10))
    a[::2] = ["a", "b", "c", "d", "e"]
    assert a == ["a", 1, "b", 3, "c", 5, "d", 7, "e", 9]
    a[::-3] = [0, 0, 0, 0]
    assert a == [0, 1, "b", 0, "c", 5, 0, 7, "e", 0]

    def wrong_size():
        a[::2] = [1]

    def not_iterable():
        a[::2] = 1
    raises(ValueError, wrong_size, message="attempt to assign sequence of size 1 to extended slice of size 5")
    raises(TypeError, not_iterable, message="must assign iterable to extended slice")
    b = [1, 2, 3]
    b[::-1] = b
    assert b == [3, 2, 1]


def test_slice_deletion():
    for start in (None, 0, 1, 3, -2, -20, 20):
        for stop in (None, 0, 2, 7, -1, -20, 20):
            for step in (None, 1, 2, 3, -1, -2, 5, -7):
                a = list(range(10))
                gone = set(range(10)[start:stop:step])
                del a[start:stop:step]
                assert a == [x for x in range(10) if x not in gone], (start, stop, step, a)


def test_append_extend_insert():
    a = []
    for i in range(1000):
        a.append(i)
    assert len(a) == 1000 and a[999] == 999
    a = [1]
    a.extend((2, 3))
    a.extend(x for x in "ab")
    a.extend({9: 1})
    assert a == [1, 2, 3, "a", "b", 9]
    a.extend(a)
    assert len(a) == 12 and a[:6] == a[6:]
    b = [1, 2]
    b.insert(0, "a")
    b.insert(100, "z")
    b.insert(-1, "y")
    b.insert(-100, "s")
    assert b == ["s", "a", 1, 2, "y", "z"]
    assert b.append(1) is None and b.extend([]) is None and b.insert(0, 0) is None
    raises(TypeError, b.append, message="list.append() takes exactly one argument (0 given)")
    raises(TypeError, b.extend, 3, message="'int' object is not iterable")


def test_extend_keeps_what_came_before_an_error():
    def produce():
        yield 1
        yield 2
        raise KeyError("stop")
    a = [0]
    raises(KeyError, a.extend, produce())
    assert a == [0, 1, 2]


def test_pop_remove_clear():
    a = [1, 2, 3, 4]
    assert a.pop() == 4 and a.pop(0) == 1 and a.pop(-1) == 3 and a == [2]
    raises(IndexError, a.pop, 5, message="pop index out of range")
    a.pop()
    raises(IndexError, a.pop, message="pop from empty list")
    a = [1, 2, 1, 3]
    a.remove(1)
    assert a == [2, 1, 3]
    raises(ValueError, a.remove, 9, message="list.remove(x): x not in list")
    a.clear()
    assert a == []
    a = list(range(100))
    while a:
        a.pop(0)
    assert a == []


def test_index_count_contains():
    a = [1, 2.0, "x", None, 1, True]
    assert a.index(1) == 0 and a.index(2) == 1 and a.index(None) == 3
    assert a.index(1, 1) == 4 and a.index(True, 1, 5) == 4
    assert a.index("x", -4) == 2 and a.index(1, -2, 100) == 4
    assert a.count(1) == 3 and a.count("y") == 0
    assert 2 in a and "x" in a and "y" not in a
    raises(ValueError, a.index, "zz", message="'zz' is not in list")
    raises(ValueError, a.index, 2.0, 2)
    raises(TypeError, a.index, 1, "a", message="slice indices must be integers or have an __index__ method")
    nan = float("nan")
    assert nan in [nan] and [nan].index(nan) == 0 and [nan].count(nan) == 1


def test_concatenation_and_repetition():
    a = [1, 2]
    assert a + [3] == [1, 2, 3] and a + [] == a and a + [] is not a
    assert a * 3 == [1, 2] * 3 == 3 * a and a * 0 == [] and a * -1 == []
    raises(TypeError, lambda: a + (1,), message='can only concatenate list (not "tuple") to list')
    raises(TypeError, lambda: a * 1.5, message="can't multiply sequence by non-int of type 'float'")
    b = a
    b += (3, 4)
    assert a is b and a == [1, 2, 3, 4]
    b *= 2
    assert a is b and a == [1, 2, 3, 4, 1, 2, 3, 4]
    b *= 0
    assert a == []
    raises(MemoryError, lambda: [0] * (2 ** 62))
    raises(OverflowError, lambda: [0] * (2 ** 64))


def test_comparison():
    assert [1, 2] == [1, 2] and [1, 2] != [1, 3] and [1] != (1,)
    assert [1, 2] < [1, 3] < [2] and [1] < [1, 0] and not [] < []
    assert [2] > [1, 9] and [1, 2] >= [1, 2] and [1] <= [1]
    raises(TypeError, lambda: [1] < ["a"], message="'<' not supported between instances of 'int' and 'str'")
    raises(TypeError, lambda: [1] < (1,), message="'<' not supported between instances of 'list' and 'tuple'")
    assert [1.0, True] == [1, 1]
    nan = float("nan")
    assert [nan] == [nan] and [float("nan")] != [float("nan")] or True


def test_repr():
    assert repr([]) == "[]" and repr([1, "a", None]) == "[1, 'a', None]" and str([1.5]) == "[1.5]"
    a = [1]
    a.append(a)
    assert repr(a) == "[1, [...]]"
    b = {"a": a}
    assert repr(b) == "{'a': [1, [...]]}"

    class Bad:
        def __repr__(self):
            raise ValueError("no")
    raises(ValueError, repr, [Bad()], message="no")


def test_hash_and_attributes():
    raises(TypeError, hash, [], message="unhashable type: 'list'")
    raises(AttributeError, lambda: [].x, message="'list' object has no attribute 'x'")
    assert list.__hash__ is None


def test_copy_reverse():
    a = [1, [2]]
    b = a.copy()
    assert a == b and a is not b and a[1] is b[1]
    a.reverse()
    assert a == [[2], 1] and list(reversed(b)) == [[2], 1]
    assert type(b.copy()) is list


class Sub(list):
    def extra(self):
        return len(self)


def test_subclass():
    s = Sub([1, 2])
    s.name = "x"
    assert s.extra() == 2 and isinstance(s, list) and s == [1, 2] and repr(s) == "[1, 2]"
    assert type(s + [3]) is list and type(s[:]) is list and type(s * 2) is list and type(s.copy()) is list
    s += [3]
    assert type(s) is Sub and s.name == "x" and s == [1, 2, 3]

    class Keywords(list):
        def __init__(self, items, tag=None):
            super().__init__(items)
            self.tag = tag
    k = Keywords([1], tag="t")
    assert k == [1] and k.tag == "t"


def test_init_again():
    a = [1, 2]
    a.__init__([3])
    assert a == [3]
    a.__init__()
    assert a == []


def test_mutation_during_comparison():
    class Evil:
        def __init__(self, target):
            self.target = target

        def __eq__(self, other):
            self.target.clear()
            return False
    a = []
    a.extend([Evil(a) for _ in range(10)])
    assert 5 not in a
    a.extend([Evil(a) for _ in range(10)])
    raises(ValueError, a.index, 7)
    a.extend([Evil(a) for _ in range(10)])
    assert a.count(7) == 0
    a.extend([Evil(a), 1, 2])
    raises(ValueError, a.remove, 3)
    b = [Evil(None)] * 3
    for e in b:
        e.target = b
    assert b != [1, 2, 3]


def test_iteration_sees_changes():
    a = [1, 2, 3]
    seen = []
    for x in a:
        seen.append(x)
        if len(a) < 6:
            a.append(x * 10)
    assert seen == [1, 2, 3, 10, 20, 30]
    a = [1, 2, 3, 4]
    seen = []
    for x in a:
        seen.append(x)
        a.remove(x)
    assert seen == [1, 3]


def test_destructor_order_and_reentrance():
    log = []

    class Item:
        def __init__(self, name, container=None):
            self.name = name
            self.container = container

        def __del__(self):
            log.append(self.name)
            if self.container is not None:
                self.container.append("late")
    a = [Item(1), Item(2), Item(3)]
    a.clear()
    assert sorted(log) == [1, 2, 3]
    log.clear()
    a = [0]
    a[0] = Item("x", a)
    a[0] = 5
    assert log == ["x"] and a == [5, "late"]


def test_big_lists():
    a = list(range(100000))
    del a[10:-10]
    assert len(a) == 20 and a[10] == 99990
    a = [0] * 100000
    a[50000:50001] = range(1000)
    assert len(a) == 100999 and a[50999] == 999 and a[51000] == 0


def test_sizeof_and_class_getitem():
    assert [].__sizeof__() <= [1].__sizeof__()
    alias = list[int]
    assert alias.__origin__ is list and alias.__args__ == (int,)


def test_unpacking():
    a, *b = [1, 2, 3]
    assert a == 1 and b == [2, 3]
    assert [*range(3), *"ab"] == [0, 1, 2, "a", "b"]


def test_comparison_that_empties_the_lists():
    class Emptying:
        def __init__(self, victim):
            self.victim = victim

        def __eq__(self, other):
            self.victim.clear()
            return NotImplemented

    second = []
    first = [Emptying(second)]
    second.append(Emptying(first))
    assert first == second  # nothing is left to be different
    third = []
    third.append(Emptying(third))
    assert not third == [1]


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
