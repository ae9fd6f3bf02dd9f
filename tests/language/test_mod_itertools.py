# itertools: results, messages, laziness, copies by pickling, sharing between threads.
import copy
import itertools
import operator
import pickle
import threading
from itertools import *

from checks import raises


def test_count():
    assert list(islice(count(), 3)) == [0, 1, 2]
    assert list(islice(count(5, -2), 4)) == [5, 3, 1, -1]
    assert list(islice(count(start=1.5, step=0.5), 3)) == [1.5, 2.0, 2.5]
    assert repr(count(3)) == "count(3)" and repr(count(3, 2)) == "count(3, 2)" and repr(count(1.0)) == "count(1.0)"
    c = count(2 ** 61 - 2)
    assert [next(c) for _ in range(5)] == [2 ** 61 - 2 + i for i in range(5)]
    c = count(2 ** 63 - 2)
    assert [next(c) for _ in range(4)] == [2 ** 63 - 2 + i for i in range(4)]
    c = count(-2 ** 61 + 1, -1)
    assert [next(c) for _ in range(4)] == [-2 ** 61 + 1 - i for i in range(4)]
    raises(TypeError, count, "a", message="a number is required")
    raises(TypeError, count, 1, 2, 3)
    assert count(3).__reduce__() == (count, (3,))


def test_cycle():
    c = cycle("abc")
    assert "".join(islice(c, 8)) == "abcabcab"
    assert list(cycle([])) == []
    raises(TypeError, cycle, message="cycle expected 1 argument, got 0")
    raises(TypeError, cycle, 5)
    raises(TypeError, cycle, iterable="abc")
    c = cycle("ab")
    next(c), next(c), next(c)
    d = pickle.loads(pickle.dumps(c))
    assert [next(c) for _ in range(4)] == [next(d) for _ in range(4)]


def test_repeat():
    assert list(repeat("x", 3)) == ["x"] * 3
    assert list(repeat(object="x", times=2)) == ["x", "x"]
    assert list(repeat(1, -3)) == []
    assert repr(repeat(1)) == "repeat(1)" and repr(repeat("a", 2)) == "repeat('a', 2)"
    assert operator.length_hint(repeat(1, 7)) == 7
    raises(TypeError, repeat(1).__length_hint__, message="len() of unsized object")
    r = repeat("a", 3)
    next(r)
    assert list(copy.copy(r)) == ["a", "a"]


def test_chain():
    assert list(chain("ab", [1], ())) == ["a", "b", 1]
    assert list(chain()) == []
    assert list(chain.from_iterable(["ab", "c"])) == ["a", "b", "c"]
    raises(TypeError, list, chain([1], 2))
    c = chain("abc", "def")
    next(c)
    assert list(pickle.loads(pickle.dumps(c))) == list("bcdef")
    raises(TypeError, chain().__setstate__, ())
    raises(TypeError, chain().__setstate__, ([],), message="Arguments must be iterators.")

    def failing():
        yield [1]
        raise ZeroDivisionError
    c = chain.from_iterable(failing())
    assert next(c) == 1
    raises(ZeroDivisionError, next, c)


def test_filters():
    assert list(dropwhile(lambda x: x < 3, [1, 2, 3, 1])) == [3, 1]
    assert list(takewhile(lambda x: x < 3, [1, 2, 3, 1])) == [1, 2]
    assert list(filterfalse(lambda x: x % 2, range(6))) == [0, 2, 4]
    assert list(filterfalse(None, [0, 1, "", "a"])) == [0, ""]
    assert list(filterfalse(bool, [0, 1, 2])) == [0]
    assert list(compress("abcdef", [1, 0, 1, 0, 1, 1])) == list("acef")
    assert list(compress(data="abc", selectors=[0, 1])) == ["b"]
    assert list(starmap(pow, [(2, 3), [3, 2]])) == [8, 9]
    raises(TypeError, list, starmap(pow, [4]))
    t = takewhile(bool, [1, 0, 1])
    assert list(t) == [1] and list(t) == []
    raises(TypeError, dropwhile, bool, message="dropwhile expected 2 arguments, got 1")
    raises(TypeError, lambda: takewhile(function=bool, iterable=[]))
    d = dropwhile(operator.not_, [0, 1, 2])
    next(d)
    assert list(copy.deepcopy(d)) == [2]
    raises(ZeroDivisionError, list, filterfalse(lambda x: 1 / 0, [1]))


def test_islice():
    for arguments in [(10,), (2, 10), (2, 10, 3), (None,), (1, None), (1, None, 2), (0, 0)]:
        assert list(islice(range(20), *arguments)) == list(range(20))[slice(*arguments)], arguments
    it = iter(range(10))
    assert list(islice(it, 3)) == [0, 1, 2] and next(it) == 3
    assert list(islice(it, 1, 4, 5)) == [5]
    assert next(it) == 8
    stop = "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize."
    raises(ValueError, islice, [], -1, message=stop)
    raises(ValueError, islice, [], "a", message=stop)
    raises(ValueError, islice, [], -1, 3,
           message="Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
    raises(ValueError, islice, [], 1, 3, 0, message="Step for islice() must be a positive integer or None.")
    raises(TypeError, islice, [])
    assert list(islice(count(), 2, 3, 2 ** 62)) == [2]
    i = islice(range(20), 3, 15, 4)
    next(i)
    assert list(copy.copy(i)) == [7, 11]
    assert list(islice("abc", 1)) == ["a"]


def test_accumulate():
    assert list(accumulate([1, 2, 3, 4])) == [1, 3, 6, 10]
    assert list(accumulate([3, 1, 2], max)) == [3, 3, 3]
    assert list(accumulate([1, 2], initial=10)) == [10, 11, 13]
    assert list(accumulate([], initial=5)) == [5]
    assert list(accumulate("abc", func=operator.add)) == ["a", "ab", "abc"]
    assert list(accumulate([1, 2], None)) == [1, 3]
    a = accumulate([1, 2, 3, 4])
    next(a), next(a)
    assert list(pickle.loads(pickle.dumps(a))) == [6, 10]
    a = accumulate([None, None, 3], lambda x, y: y)
    next(a)
    assert list(pickle.loads(pickle.dumps(accumulate(iter([1, 2, 3]), operator.mul)))) == [1, 2, 6]
    assert list(copy.copy(a)) == [None, 3]
    a = accumulate([1], initial=9)
    assert list(copy.copy(a)) == [9, 10]


def test_zip_longest():
    assert list(zip_longest("ab", "c")) == [("a", "c"), ("b", None)]
    assert list(zip_longest("ab", "c", fillvalue=0)) == [("a", "c"), ("b", 0)]
    assert list(zip_longest()) == []
    raises(TypeError, zip_longest, "a", foo=1, message="zip_longest() got an unexpected keyword argument")
    z = zip_longest("abc", [1], fillvalue="-")
    next(z)
    assert list(copy.copy(z)) == [("b", "-"), ("c", "-")]


def test_pairwise():
    assert list(pairwise("abcd")) == [("a", "b"), ("b", "c"), ("c", "d")]
    assert list(pairwise("a")) == [] and list(pairwise("")) == []
    raises(TypeError, pairwise)
    p = pairwise(iter([1, 2]))
    assert next(p) == (1, 2)
    raises(StopIteration, next, p)
    raises(StopIteration, next, p)


def test_product():
    assert list(product("ab", [1, 2])) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert list(product()) == [()]
    assert list(product("ab", repeat=2)) == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]
    assert list(product("ab", "", "c")) == []
    assert list(product("ab", repeat=0)) == [()]
    raises(ValueError, product, "a", repeat=-1, message="repeat argument cannot be negative")
    raises((OverflowError, MemoryError), product, "ab", repeat=2 ** 62)
    p = product("abc", [1, 2])
    next(p), next(p), next(p)
    assert list(pickle.loads(pickle.dumps(p))) == [("b", 2), ("c", 1), ("c", 2)]
    assert len(list(product(range(7), repeat=4))) == 7 ** 4
    raises(ValueError, product("ab").__setstate__, (1, 2), message="invalid arguments")


def test_permutations():
    assert list(permutations("abc", 2)) == [("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")]
    assert list(permutations(range(3))) == [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    assert list(permutations("ab", 3)) == [] and list(permutations([])) == [()]
    assert list(permutations("ab", r=0)) == [()]
    raises(ValueError, permutations, "abc", -2, message="r must be non-negative")
    raises(TypeError, permutations, "abc", "s", message="Expected int as r")
    raises(TypeError, permutations, 1)
    assert len(set(permutations(range(6)))) == 720
    for n in range(5):
        for r in range(n + 2):
            values = list(permutations(range(n), r))
            assert values == [t for t in product(range(n), repeat=r) if len(set(t)) == r]
    p = permutations("abcd", 3)
    for _ in range(7):
        next(p)
    assert list(copy.copy(p)) == list(permutations("abcd", 3))[7:]


def test_combinations():
    assert list(combinations("abcd", 2)) == [tuple(x) for x in ("ab", "ac", "ad", "bc", "bd", "cd")]
    assert list(combinations(range(3), 4)) == [] and list(combinations([], 0)) == [()]
    assert list(combinations_with_replacement("abc", 2)) == [tuple(x) for x in ("aa", "ab", "ac", "bb", "bc", "cc")]
    assert list(combinations_with_replacement([], 2)) == []
    assert list(combinations_with_replacement([], 0)) == [()]
    raises(ValueError, combinations, "abc", -1, message="r must be non-negative")
    raises(TypeError, combinations, "abc")
    raises(TypeError, combinations, None, 1)
    for n in range(6):
        for r in range(n + 2):
            values = list(combinations(range(n), r))
            assert values == [t for t in product(range(n), repeat=r) if list(t) == sorted(set(t))]
            values = list(combinations_with_replacement(range(n), r))
            assert values == [t for t in product(range(n), repeat=r) if list(t) == sorted(t)]
    c = combinations("abcde", r=3)
    next(c), next(c)
    assert list(pickle.loads(pickle.dumps(c))) == list(combinations("abcde", 3))[2:]
    c = combinations_with_replacement("abc", 2)
    next(c), next(c)
    assert list(copy.copy(c)) == [("a", "c"), ("b", "b"), ("b", "c"), ("c", "c")]


def test_groupby():
    groups = [(k, list(g)) for k, g in groupby("aabbbca")]
    assert groups == [("a", ["a", "a"]), ("b", ["b"] * 3), ("c", ["c"]), ("a", ["a"])]
    assert [k for k, g in groupby("aabbcc")] == ["a", "b", "c"]
    assert [(k, len(list(g))) for k, g in groupby(range(10), key=lambda x: x // 4)] == [(0, 4), (1, 4), (2, 2)]
    it = groupby("aab")
    _, first = next(it)
    next(it)
    assert list(first) == []
    it = groupby([1, 1, 2])
    key, group = next(it)
    assert next(group) == 1
    assert [k for k, _ in it] == [2]
    raises(TypeError, groupby, None)
    raises(ZeroDivisionError, list, groupby([1], lambda x: 1 / 0))


def test_tee():
    a, b = tee(range(200))
    assert [next(a) for _ in range(120)] == list(range(120))
    assert list(b) == list(range(200)) and list(a) == list(range(120, 200))
    assert tee("abc", 0) == ()
    assert len(tee("abc", 5)) == 5
    raises(ValueError, tee, "abc", -1, message="n must be >= 0")
    raises(TypeError, tee, 5)
    a, = tee("abc", 1)
    next(a)
    b = copy.copy(a)
    assert list(a) == list(b) == ["b", "c"]
    a, b, c = tee("abcdef", 3)
    assert list(zip(a, b, c)) == [(x, x, x) for x in "abcdef"]

    class Reentrant:
        def __iter__(self):
            return self

        def __next__(self):
            return next(it)
    r = Reentrant()
    it, = tee(r, 1)
    raises(RuntimeError, next, it)


def test_subclasses():
    class Count(count):
        pass
    c = Count(4)
    assert next(c) == 4 and isinstance(c, count)
    c.attribute = 1

    class Chain(chain):
        def __init__(self, *args, option=None):
            self.option = option
    c = Chain("ab", option=3)
    assert list(c) == ["a", "b"] and c.option == 3
    assert type(Chain.from_iterable(["a"])) is Chain

    class Zip(zip_longest):
        pass
    assert list(Zip("ab", "c")) == [("a", "c"), ("b", None)]


def test_errors_pass_through():
    def failing():
        yield 1
        raise KeyError("x")
    for make in (lambda it: chain(it), lambda it: islice(it, 5), lambda it: cycle(it), lambda it: accumulate(it),
                 lambda it: compress(it, repeat(1)), lambda it: takewhile(bool, it), lambda it: pairwise(it),
                 lambda it: zip_longest(it, "abcdef"), lambda it: groupby(it), lambda it: tee(it)[0],
                 lambda it: starmap(lambda x: x, zip(it)), lambda it: filterfalse(operator.not_, it),
                 lambda it: product(it), lambda it: permutations(it), lambda it: combinations(it, 1)):
        raises(KeyError, lambda: list(make(failing())))


def test_threads_share_iterators():
    c = count()
    seen = [[] for _ in range(4)]

    def take(out):
        for _ in range(3000):
            out.append(next(c))
    threads = [threading.Thread(target=take, args=(out,)) for out in seen]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(x for out in seen for x in out) == list(range(12000))

    for shared in (cycle(range(10)), chain.from_iterable(range(9) for _ in range(400)), repeat(1, 3000),
                   product(range(15), repeat=3), permutations(range(7), 4), combinations(range(20), 4)):
        counts = []

        def drain():
            n = 0
            try:
                for _ in islice(shared, 2000):
                    n += 1
            except (RuntimeError, ValueError):
                pass
            counts.append(n)
        threads = [threading.Thread(target=drain) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(counts) == 4


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
