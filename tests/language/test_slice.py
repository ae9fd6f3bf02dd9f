"""slice objects."""
from checks import raises


def test_construction():
    s = slice(5)
    assert (s.start, s.stop, s.step) == (None, 5, None)
    s = slice(1, 2)
    assert (s.start, s.stop, s.step) == (1, 2, None)
    s = slice("a", [], 1.5)
    assert (s.start, s.stop, s.step) == ("a", [], 1.5)
    raises(TypeError, slice, message="slice expected at least 1 argument, got 0")
    raises(TypeError, slice, 1, 2, 3, 4, message="slice expected at most 3 arguments, got 4")
    raises(TypeError, lambda: slice(stop=1), message="slice() takes no keyword arguments")


def test_repr():
    assert repr(slice(1)) == "slice(None, 1, None)" and repr(slice(1, "b", 3)) == "slice(1, 'b', 3)"


def test_indices():
    assert slice(None).indices(10) == (0, 10, 1) and slice(None, None, -1).indices(10) == (9, -1, -1)
    assert slice(2, 5).indices(3) == (2, 3, 1) and slice(-3, None).indices(10) == (7, 10, 1)
    assert slice(-100, 100, 2).indices(10) == (0, 10, 2) and slice(100, -100, -2).indices(10) == (9, -1, -2)
    assert slice(1, 2, 3).indices(0) == (0, 0, 3)


def test_indices_any_size():
    big = 2 ** 100
    assert slice(None).indices(big) == (0, big, 1) and slice(-5, None).indices(big) == (big - 5, big, 1)
    assert slice(big, -big, -big).indices(10) == (9, -1, -big) and slice(0, big, big).indices(5) == (0, 5, big)


def test_indices_errors():
    raises(ValueError, slice(1).indices, -1, message="length should not be negative")
    raises(TypeError, slice(1).indices, "a", message="'str' object cannot be interpreted as an integer")
    raises(ValueError, slice(None, None, 0).indices, 5, message="slice step cannot be zero")
    raises(TypeError, slice("a").indices, 5, message="slice indices must be integers or None or have an __index__ method")


def test_indices_agree_with_range():
    for start in (None, -12, -5, -1, 0, 1, 5, 12):
        for stop in (None, -12, -5, -1, 0, 1, 5, 12):
            for step in (None, -3, -1, 1, 2, 20):
                for length in (0, 1, 5, 10):
                    s = slice(start, stop, step)
                    assert [x for x in range(*s.indices(length))] == list(range(length))[s]


def test_equality():
    assert slice(1, 2) == slice(1, 2) and slice(1, 2) != slice(1, 3) and slice(1) != 1 and slice(None) == slice(None, None, None)
    assert slice(1.0, 2) == slice(1, 2.0)


def test_order():
    assert slice(1, 2, 3) < slice(1, 2, 4) and slice(1, 2) <= slice(1, 2) and slice(2, 0) > slice(1, 9)
    raises(TypeError, lambda: slice(None, 1) < slice(1, 1))
    raises(TypeError, lambda: slice(1) < 1)


def test_unhashable():
    raises(TypeError, hash, slice(1), message="unhashable type: 'slice'")
    raises(TypeError, lambda: {slice(1): 1}, message="unhashable type: 'slice'")
    raises(TypeError, lambda: {}[1:2], message="unhashable type: 'slice'")


def test_read_only():
    raises(AttributeError, setattr, slice(1), "start", 1, message="readonly attribute")


def test_passed_to_getitem():
    class Probe:
        def __getitem__(self, key):
            return key
    p = Probe()
    assert p[1:2] == slice(1, 2, None) and p[::2] == slice(None, None, 2) and p[1:2, 3] == (slice(1, 2), 3)
    assert p[:] == slice(None) and p["a":"b"] == slice("a", "b")


def test_set_and_delete():
    class Probe:
        def __setitem__(self, key, value):
            self.last = key, value

        def __delitem__(self, key):
            self.last = key
    p = Probe()
    p[1:2] = 3
    assert p.last == (slice(1, 2, None), 3)
    del p[::2]
    assert p.last == slice(None, None, 2)


def test_index_method():
    class Index:
        def __index__(self):
            return 2
    assert list(range(10))[Index():] == [2, 3, 4, 5, 6, 7, 8, 9] and slice(Index()).indices(10) == (0, 2, 1)

    class Bad:
        def __index__(self):
            raise ZeroDivisionError
    raises(ZeroDivisionError, lambda: [1, 2][Bad():])


def test_reduce_and_subclass():
    assert slice(1, 2, 3).__reduce__() == (slice, (1, 2, 3))

    def subclass():
        class S(slice):
            pass
    raises(TypeError, subclass, message="type 'slice' is not an acceptable base type")


def test_huge_bounds_in_sequences():
    big = 2 ** 200
    for sequence in ([1, 2, 3], (1, 2, 3), "abc", b"abc", range(3)):
        assert sequence[-big:big] == sequence and len(sequence[big:]) == 0 and len(sequence[::big]) == 1
        assert len(sequence[::-big]) == 1


def test_mutation_by_index():
    a = list(range(10))

    class Clear:
        def __index__(self):
            a.clear()
            return 5
    assert a[:Clear()] == []


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
