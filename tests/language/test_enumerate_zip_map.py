"""enumerate, zip, map and filter."""
from checks import raises


def test_enumerate():
    assert list(enumerate("ab")) == [(0, "a"), (1, "b")] and list(enumerate("ab", 5)) == [(5, "a"), (6, "b")]
    assert list(enumerate(iterable=[1], start=-1)) == [(-1, 1)] and list(enumerate([])) == []
    assert list(enumerate([1], start=2)) == [(2, 1)]
    it = enumerate("a")
    assert iter(it) is it and next(it) == (0, "a") and next(it, None) is None


def test_enumerate_big():
    big = 10 ** 30
    assert list(enumerate("ab", big)) == [(big, "a"), (big + 1, "b")]
    edge = 2 ** 62 - 1
    assert list(enumerate("abc", edge)) == [(edge, "a"), (edge + 1, "b"), (edge + 2, "c")]
    assert list(enumerate("ab", 2 ** 63 - 1)) == [(2 ** 63 - 1, "a"), (2 ** 63, "b")]
    assert list(enumerate("ab", -2 ** 70)) == [(-2 ** 70, "a"), (-2 ** 70 + 1, "b")]


def test_enumerate_errors():
    raises(TypeError, enumerate, message="enumerate() missing required argument 'iterable'")
    raises(TypeError, enumerate, [], 1, 2, message="enumerate() takes at most 2 arguments (3 given)")
    raises(TypeError, enumerate, 5, message="'int' object is not iterable")
    raises(TypeError, enumerate, [], "a", message="'str' object cannot be interpreted as an integer")
    raises(TypeError, lambda: enumerate([], x=1), message="'x' is an invalid keyword argument for enumerate()")
    raises(TypeError, lambda: enumerate(start=1), message="'start' is an invalid keyword argument for enumerate()")


def test_enumerate_results_are_fresh():
    it = enumerate("abc")
    a, b = next(it), next(it)
    assert a == (0, "a") and b == (1, "b") and a is not b
    kept = [p for p in enumerate(range(100))]
    assert kept[50] == (50, 50)


def test_enumerate_reduce_and_subclass():
    it = enumerate("abc", 3)
    next(it)
    cls, (inner, number) = it.__reduce__()
    assert cls is enumerate and number == 4 and list(inner) == ["b", "c"]

    class E(enumerate):
        pass
    assert type(E("a")) is E and list(E("a")) == [(0, "a")] and enumerate[int].__origin__ is enumerate


def test_zip():
    assert list(zip()) == [] and list(zip([1])) == [(1,)] and list(zip([1, 2], "ab")) == [(1, "a"), (2, "b")]
    assert list(zip([1, 2, 3], "ab", (4, 5))) == [(1, "a", 4), (2, "b", 5)] and list(zip([], "a")) == []
    it = zip("ab", "cd")
    assert iter(it) is it and next(it) == ("a", "c") and list(it) == [("b", "d")] and next(it, 0) == 0


def test_zip_errors():
    raises(TypeError, zip, 1, message="'int' object is not iterable")
    raises(TypeError, zip, [], 2, message="'int' object is not iterable")
    raises(TypeError, lambda: zip(foo=1), message="'foo' is an invalid keyword argument for zip()")

    def fails():
        yield 1
        raise OSError("gen")
    it = zip(fails(), [1, 2, 3])
    assert next(it) == (1, 1)
    raises(OSError, next, it, message="gen")


def test_zip_strict():
    assert list(zip([1], "a", strict=True)) == [(1, "a")] and list(zip(strict=True)) == [] and list(zip([], [], strict=1)) == []
    for args, message in (
            (([1], []), "zip() argument 2 is shorter than argument 1"),
            (([], [1]), "zip() argument 2 is longer than argument 1"),
            (([1], [1], [1, 2]), "zip() argument 3 is longer than arguments 1-2"),
            (([1, 2], [1, 2], [1]), "zip() argument 3 is shorter than arguments 1-2"),
            (([1, 2], [1], [1]), "zip() argument 2 is shorter than argument 1")):
        raises(ValueError, lambda: list(zip(*args, strict=True)), message=message)


def test_zip_consumes_like_a_loop():
    a, b = iter([1, 2, 3]), iter([1])
    assert list(zip(a, b)) == [(1, 1)] and list(a) == [3]
    a, b = iter([1]), iter([1, 2, 3])
    assert list(zip(a, b)) == [(1, 1)] and list(b) == [2, 3]


def test_zip_reduce_and_subclass():
    it = zip([1], [2])
    cls, iterators = it.__reduce__()
    assert cls is zip and [list(i) for i in iterators] == [[1], [2]]
    it = zip([1], [2], strict=True)
    assert it.__reduce__()[2] is True
    it = zip([1], [])
    it.__setstate__(1)
    raises(ValueError, next, it)

    class Z(zip):
        pass
    assert type(Z([1])) is Z and list(Z([1], [2])) == [(1, 2)]


def test_map():
    assert list(map(str, [1, 2])) == ["1", "2"] and list(map(lambda a, b: a + b, [1, 2], [3, 4, 5])) == [4, 6]
    assert list(map(lambda *a: a, "ab", "cd", "ef", "gh", "ij")) == [tuple("acegi"), tuple("bdfhj")]
    assert list(map(max, [1, 5], [4, 2], [3, 3])) == [4, 5]
    it = map(len, ["a"])
    assert iter(it) is it and next(it) == 1 and next(it, None) is None


def test_map_errors():
    raises(TypeError, map, message="map() must have at least two arguments.")
    raises(TypeError, map, len, message="map() must have at least two arguments.")
    raises(TypeError, map, len, 5, message="'int' object is not iterable")
    raises(TypeError, lambda: map(func=1), message="map() takes no keyword arguments")
    raises(TypeError, lambda: list(map(5, [1])), message="'int' object is not callable")
    it = map(lambda x: 1 // x, [1, 0, 1])
    assert next(it) == 1
    raises(ZeroDivisionError, next, it)
    assert next(it) == 1


def test_map_lazy_and_reduce():
    log = []
    it = map(log.append, [1, 2])
    assert log == []
    next(it)
    assert log == [1]
    cls, (f, inner) = map(len, ["ab"]).__reduce__()
    assert cls is map and f is len and list(inner) == ["ab"]

    class M(map):
        def __init__(self, *args, **kw):
            self.kw = kw
    m = M(str, [1], tag=2)
    assert list(m) == ["1"] and m.kw == {"tag": 2}


def test_map_stop_iteration_from_function():
    def f(x):
        if x == 2:
            raise StopIteration
        return x
    assert list(map(f, [1, 2, 3])) == [1]


def test_filter():
    assert list(filter(None, [0, 1, "", "a", None, [], [0]])) == [1, "a", [0]]
    assert list(filter(lambda x: x % 2, range(6))) == [1, 3, 5] and list(filter(bool, [0, 2])) == [2]
    assert list(filter(str.isdigit, "a1b2")) == ["1", "2"] and list(filter(None, "")) == []
    it = filter(None, [1])
    assert iter(it) is it


def test_filter_errors():
    raises(TypeError, filter, message="filter expected 2 arguments, got 0")
    raises(TypeError, filter, None, [], 3, message="filter expected 2 arguments, got 3")
    raises(TypeError, filter, None, 5, message="'int' object is not iterable")
    raises(TypeError, lambda: filter(x=1), message="filter() takes no keyword arguments")

    class NoTruth:
        def __bool__(self):
            raise OSError("truth")
    raises(OSError, list, filter(None, [NoTruth()]), message="truth")
    raises(OSError, list, filter(lambda x: NoTruth(), [1]), message="truth")
    raises(ZeroDivisionError, list, filter(lambda x: 1 / x, [0]))


def test_filter_reduce_and_subclass():
    cls, (f, inner) = filter(None, [0, 1]).__reduce__()
    assert cls is filter and f is None and list(inner) == [0, 1]

    class F(filter):
        pass
    assert type(F(None, [])) is F and list(F(None, [0, 1])) == [1]


def test_chains():
    assert sum(map(lambda p: p[0] * p[1], zip(range(10), range(10)))) == 285
    assert dict(map(reversed, {"a": 1}.items())) == {1: "a"}
    assert [i for i, x in enumerate(filter(None, [0, 5, 0, 6]))] == [0, 1]


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
