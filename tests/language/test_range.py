"""range: arithmetic with ints of any size, slices, comparison."""
from checks import raises

BIG = 10 ** 30


def test_construction():
    assert list(range(3)) == [0, 1, 2] and list(range(1, 4)) == [1, 2, 3] and list(range(5, 0, -2)) == [5, 3, 1]
    assert list(range(0)) == [] and list(range(3, 1)) == [] and list(range(-3)) == []
    raises(TypeError, range, message="range expected at least 1 argument, got 0")
    raises(TypeError, range, 1, 2, 3, 4, message="range expected at most 3 arguments, got 4")
    raises(ValueError, range, 1, 2, 0, message="range() arg 3 must not be zero")
    raises(TypeError, range, "a", message="'str' object cannot be interpreted as an integer")
    raises(TypeError, range, 1.0, message="'float' object cannot be interpreted as an integer")
    raises(TypeError, lambda: range(x=1), message="range() takes no keyword arguments")


def test_attributes():
    r = range(1, 10, 3)
    assert (r.start, r.stop, r.step) == (1, 10, 3)
    assert (range(5).start, range(5).stop, range(5).step) == (0, 5, 1)
    raises(AttributeError, setattr, r, "start", 1, message="readonly attribute")

    class Index:
        def __index__(self):
            return 4
    assert range(Index()) == range(4) and type(range(True).stop) is int


def test_len_and_truth():
    assert len(range(10)) == 10 and len(range(0, 10, 3)) == 4 and len(range(10, 0, -3)) == 4 and len(range(0)) == 0
    assert range(1) and not range(0) and range(BIG)
    raises(OverflowError, len, range(BIG), message="Python int too large to convert to C ssize_t")
    assert len(range(-2 ** 62, 2 ** 62 - 1)) == 2 ** 63 - 1


def test_index():
    r = range(0, 20, 2)
    assert r[0] == 0 and r[3] == 6 and r[-1] == 18 and r[True] == 2
    raises(IndexError, lambda: r[10], message="range object index out of range")
    raises(IndexError, lambda: r[-11], message="range object index out of range")
    raises(IndexError, lambda: r[BIG], message="range object index out of range")
    raises(TypeError, lambda: r["a"], message="range indices must be integers or slices, not str")
    assert range(BIG)[BIG - 1] == BIG - 1 and range(BIG)[-1] == BIG - 1 and range(BIG, 0, -3)[2] == BIG - 6


def test_slices():
    r = range(20)
    assert r[2:5] == range(2, 5) and r[::-1] == range(19, -1, -1) and r[::3][1:] == range(3, 20, 3)
    assert repr(r[2:10:3]) == "range(2, 10, 3)" and repr(r[::-2]) == "range(19, -1, -2)" and r[5:2] == range(0)
    for start in (None, 0, 3, -4, 30, -30):
        for stop in (None, 0, 7, -2, 30, -30):
            for step in (None, 1, 2, -1, -3):
                for base in (range(10), range(3, 40, 4), range(10, -10, -3)):
                    assert list(base[start:stop:step]) == list(base)[start:stop:step]
    assert range(BIG)[BIG - 3:] == range(BIG - 3, BIG) and range(BIG)[:-BIG] == range(0)
    raises(ValueError, lambda: r[::0], message="slice step cannot be zero")


def test_contains():
    r = range(0, 100, 7)
    assert 14 in r and 15 not in r and -7 not in r and 98 in r and 105 not in r and True not in r and False in r
    assert 14.0 in r and 14.5 not in r and "a" not in r and BIG not in r
    assert BIG - 1 in range(BIG) and BIG not in range(BIG) and -1 not in range(BIG) and 4 in range(10, 0, -2)
    assert 5 not in range(10, 0, -2)

    class Odd(int):
        def __eq__(self, other):
            return other == 3

        __hash__ = int.__hash__
    assert Odd(50) in range(10)


def test_index_and_count():
    r = range(1, 20, 3)
    assert r.index(4) == 1 and r.count(4) == 1 and r.count(5) == 0 and r.index(7.0) == 2 and r.count(7.0) == 1
    raises(ValueError, r.index, 5, message="5 is not in range")
    raises(ValueError, r.index, "a", message="sequence.index(x): x not in sequence")
    assert range(BIG).index(BIG - 5) == BIG - 5 and range(5, -5, -2).index(-3) == 4 and r.count("x") == 0


def test_equality_and_hash():
    assert range(3) == range(0, 3, 1) and range(0) == range(5, 2) and range(0, 3, 2) == range(0, 4, 2)
    assert range(1, 2) == range(1, 20, 50) and range(3) != range(4) and range(3) != [0, 1, 2]
    assert hash(range(0)) == hash(range(5, 2, 9)) and hash(range(1, 2)) == hash(range(1, 20, 50))
    assert hash(range(0, 4, 2)) == hash(range(0, 3, 2)) and range(BIG) == range(BIG) and range(BIG) != range(BIG + 1)
    assert hash(range(3)) == hash((3, 0, 1)) and hash(range(0)) == hash((0, None, None)) and hash(range(7, 8)) == hash((1, 7, None))
    raises(TypeError, lambda: range(1) < range(2), message="'<' not supported between instances of 'range' and 'range'")


def test_repr():
    assert repr(range(3)) == "range(0, 3)" and repr(range(1, 5, 2)) == "range(1, 5, 2)" and str(range(BIG)) == "range(0, %d)" % BIG


def test_reversed():
    assert list(reversed(range(5))) == [4, 3, 2, 1, 0] and list(reversed(range(0, 10, 3))) == [9, 6, 3, 0]
    assert list(reversed(range(0))) == [] and next(reversed(range(BIG))) == BIG - 1 and list(reversed(range(5, 0, -2))) == [1, 3, 5]


def test_big_iteration():
    r = range(BIG, BIG + 10, 3)
    assert list(r) == [BIG, BIG + 3, BIG + 6, BIG + 9] and list(reversed(r)) == [BIG + 9, BIG + 6, BIG + 3, BIG]
    it = iter(r)
    assert next(it) == BIG and it.__length_hint__() == 3 and list(it) == [BIG + 3, BIG + 6, BIG + 9]
    assert next(it, None) is None and next(it, None) is None and it.__length_hint__() == 0
    edge = range(2 ** 62 - 2, 2 ** 62 + 2)
    assert list(edge) == [2 ** 62 - 2, 2 ** 62 - 1, 2 ** 62, 2 ** 62 + 1]
    low = range(-2 ** 62 + 1, -2 ** 62 - 2, -1)
    assert list(low) == [-2 ** 62 + 1, -2 ** 62, -2 ** 62 - 1]
    huge = range(2 ** 63 - 2, 2 ** 63 + 2)
    assert list(huge) == [2 ** 63 - 2, 2 ** 63 - 1, 2 ** 63, 2 ** 63 + 1]


def test_iterator_state():
    it = iter(range(10))
    next(it)
    f, args, index = it.__reduce__()
    assert f is iter and args == (range(10),) and index == 1
    it.__setstate__(8)
    assert list(it) == [8, 9]
    it = iter(range(5))
    it.__setstate__(-3)
    assert next(it) == 0
    it.__setstate__(50)
    assert list(it) == []
    it = iter(range(-2 ** 65, 20, 2))
    it.__setstate__(2 ** 64 - 7 + 2 ** 64 // 2 - 2 ** 63)
    rest = it.__length_hint__()
    assert rest == len(range(20)) // 2 + 2 ** 64 - (2 ** 64 - 7)
    assert type(iter(range(2))).__name__ == "range_iterator" and type(iter(range(BIG))).__name__ == "longrange_iterator"


def test_exhausted_iterator_stays_so():
    it = iter(range(2))
    assert list(it) == [0, 1] and list(it) == [] and next(it, "x") == "x" and it.__length_hint__() == 0


def test_reduce():
    assert range(1, 5, 2).__reduce__() == (range, (1, 5, 2))


def test_no_subclass():
    def subclass():
        class R(range):
            pass
    raises(TypeError, subclass, message="type 'range' is not an acceptable base type")


def test_loops():
    total = 0
    for i in range(1000):
        total += i
    assert total == 499500
    assert [i for i in range(10, 0, -3)] == [10, 7, 4, 1]
    i = "untouched"
    for i in range(0):
        pass
    assert i == "untouched"


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
