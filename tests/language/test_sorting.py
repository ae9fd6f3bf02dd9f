"""list.sort and sorted: stability, keys, errors, mutation, special comparisons."""
import functools
import random

from checks import raises


def reference(values, key=lambda x: x):
    """A plain insertion sort, stable by construction."""
    out = []
    for v in values:
        i = len(out)
        while i and key(v) < key(out[i - 1]):
            i -= 1
        out.insert(i, v)
    return out


def patterns(n, rng):
    yield list(range(n))
    yield list(range(n, 0, -1))
    yield [rng.randrange(n) for _ in range(n)]
    yield [rng.randrange(4) for _ in range(n)]
    yield [7] * n
    a = list(range(n))
    for _ in range(3):
        i, j = rng.randrange(n), rng.randrange(n)
        a[i], a[j] = a[j], a[i]
    yield a
    yield list(range(n // 2)) + list(range(n - n // 2))
    yield list(range(n, n // 2, -1)) + list(range(n // 2))
    yield list(range(n)) + [rng.randrange(n) for _ in range(5)]


def test_ints():
    rng = random.Random(1)
    for n in (1, 2, 3, 5, 10, 33, 64, 65, 100, 300):
        for a in patterns(n, rng):
            assert sorted(a) == reference(a)
            b = list(a)
            assert b.sort() is None and b == reference(a)
            b.sort(reverse=True)
            assert b == reference(a)[::-1]


def test_large_random():
    rng = random.Random(2)
    for make in (lambda: rng.randrange(10 ** 9), rng.random, lambda: str(rng.random()), lambda: (rng.randrange(50), rng.random())):
        a = [make() for _ in range(5000)]
        b = sorted(a)
        assert all(b[i] <= b[i + 1] for i in range(len(b) - 1)) and len(b) == len(a)
        assert sorted(b, reverse=True) == sorted(a, reverse=True)
        a.sort()
        assert a == b


def test_stability():
    rng = random.Random(3)
    for n in (10, 100, 1000, 3000):
        a = [(rng.randrange(10), i) for i in range(n)]
        assert sorted(a, key=lambda p: p[0]) == sorted(a)
        down = sorted(a, key=lambda p: p[0], reverse=True)
        assert down == sorted(a, key=lambda p: (-p[0], p[1]))
        floats = [float(p[0]) for p in a]
        order = sorted(range(n), key=floats.__getitem__)
        assert order == sorted(range(n), key=lambda i: (floats[i], i))
        strings = [str(p[0]) for p in a]
        assert sorted(range(n), key=strings.__getitem__) == sorted(range(n), key=lambda i: (strings[i], i))


def test_equal_objects_keep_their_order():
    a = [1, True, 1.0, 0, False, 0.0]
    assert [repr(x) for x in sorted(a)] == ["0", "False", "0.0", "1", "True", "1.0"]
    assert [repr(x) for x in sorted(a, reverse=True)] == ["1", "True", "1.0", "0", "False", "0.0"]


def test_strings():
    words = "the quick brown fox jumps over the lazy dog \u00e9t\u00e9 \u4e2d \U0001f600 zz a aa aaa".split()
    assert sorted(words) == reference(words) and sorted(words, key=len) == reference(words, len)
    assert sorted(["b", "a\0", "a", "ab"]) == ["a", "a\0", "ab", "b"]
    assert sorted(words, key=str.upper, reverse=True)[0] == "\U0001f600"


def test_floats():
    inf = float("inf")
    assert sorted([1.5, -inf, 0.0, inf, -2.5, 1e300, 1e-300]) == [-inf, -2.5, 0.0, 1e-300, 1.5, 1e300, inf]
    assert [str(x) for x in sorted([0.0, -0.0, -1.0])] == ["-1.0", "0.0", "-0.0"]
    nan = float("nan")
    out = sorted([3.0, nan, 1.0, nan, 2.0])
    assert len(out) == 5 and sum(x != x for x in out) == 2


def test_mixed_numbers_and_big_ints():
    a = [3, 2.5, 10 ** 40, -10 ** 40, True, 2 ** 62, -2 ** 62, 0.1]
    assert sorted(a) == [-10 ** 40, -2 ** 62, 0.1, True, 2.5, 3, 2 ** 62, 10 ** 40]


def test_tuples():
    assert sorted([(2, "a"), (1, "b"), (1, "a"), (0,)]) == [(0,), (1, "a"), (1, "b"), (2, "a")]
    assert sorted([(1, 2), (1, 1), (0, 5)], reverse=True) == [(1, 2), (1, 1), (0, 5)]
    assert sorted([("x", 1.5), ("x", 1), ("a", 2)]) == [("a", 2), ("x", 1), ("x", 1.5)]
    raises(TypeError, sorted, [(1, "a"), (1, 2)])
    assert sorted([(1, 2), (1,), ()]) == [(), (1,), (1, 2)]


def test_key_errors():
    raises(TypeError, sorted, [1, "a"], message="'<' not supported between instances of 'str' and 'int'")
    raises(ZeroDivisionError, lambda: sorted([1, 0], key=lambda x: 1 / x))
    a = [3, 1, 2]
    raises(ZeroDivisionError, lambda: a.sort(key=lambda x: 1 // (x - 1)))
    assert a == [3, 1, 2]
    raises(TypeError, lambda: a.sort(5), message="sort() takes no positional arguments")
    raises(TypeError, lambda: a.sort(reverse="x"), message="'str' object cannot be interpreted as an integer")
    raises(TypeError, lambda: a.sort(key=5), message="'int' object is not callable")
    a.sort(key=None, reverse=True)
    assert a == [3, 2, 1]


def test_items_survive_a_failing_comparison():
    class Bad:
        count = 0

        def __init__(self, n):
            self.n = n

        def __lt__(self, other):
            Bad.count += 1
            if Bad.count == 150:
                raise KeyError("enough")
            return self.n < other.n
    a = [Bad(i * 37 % 101) for i in range(101)]
    before = sorted(x.n for x in a)
    raises(KeyError, a.sort)
    assert sorted(x.n for x in a) == before


def test_list_is_empty_while_sorting():
    a = [3, 1, 2]
    seen = []

    def key(x):
        seen.append(list(a))
        return x
    a.sort(key=key)
    assert seen == [[], [], []] and a == [1, 2, 3]


def test_mutation_is_noticed():
    a = [3, 1, 2]

    def key(x):
        a.append(x)
        return x
    raises(ValueError, lambda: a.sort(key=key), message="list modified during sort")
    assert a == [1, 2, 3]

    class Evil:
        def __init__(self, n):
            self.n = n

        def __lt__(self, other):
            b.append(1)
            b.pop()
            return self.n < other.n
    b = [Evil(2), Evil(1)]
    raises(ValueError, b.sort, message="list modified during sort")
    assert len(b) == 2


def test_nonsense_comparisons():
    rng = random.Random(4)

    class Random:
        def __lt__(self, other):
            return rng.random() < 0.5
    for n in (2, 10, 100, 500, 2000):
        a = [Random() for _ in range(n)]
        ids = sorted(map(id, a))
        a.sort()
        assert sorted(map(id, a)) == ids

    class Always(Random):
        def __lt__(self, other):
            return True
    a = [Always() for _ in range(300)]
    ids = sorted(map(id, a))
    a.sort()
    assert sorted(map(id, a)) == ids


def test_comparison_count_is_adaptive():
    class Counting:
        count = 0

        def __init__(self, n):
            self.n = n

        def __lt__(self, other):
            Counting.count += 1
            return self.n < other.n
    a = [Counting(i) for i in range(1000)]
    a.sort()
    assert Counting.count == 999
    Counting.count = 0
    a.reverse()
    a.sort()
    assert Counting.count <= 1000 and [x.n for x in a] == list(range(1000))
    Counting.count = 0
    random.Random(5).shuffle(a)
    a.sort()
    assert Counting.count < 9500


def test_truth_of_comparison():
    class Odd:
        def __init__(self, n):
            self.n = n

        def __lt__(self, other):
            return [1] if self.n < other.n else []
    a = [Odd(3), Odd(1), Odd(2)]
    a.sort()
    assert [x.n for x in a] == [1, 2, 3]

    class NoTruth:
        def __lt__(self, other):
            class T:
                def __bool__(self):
                    raise OSError("truth")
            return T()
    raises(OSError, sorted, [NoTruth(), NoTruth()], message="truth")


def test_cmp_to_key():
    key = functools.cmp_to_key(lambda a, b: b - a)
    assert sorted([1, 3, 2], key=key) == [3, 2, 1]


def test_keys_of_one_kind():
    words = ["bb", "a", "ccc", "dd"]
    assert sorted(words, key=len) == ["a", "bb", "dd", "ccc"]
    assert sorted(words, key=lambda w: -len(w)) == ["ccc", "bb", "dd", "a"]
    assert sorted(words, key=lambda w: len(w) / 2, reverse=True) == ["ccc", "bb", "dd", "a"]
    assert sorted(range(6), key=lambda i: (i % 2, -i)) == [4, 2, 0, 5, 3, 1]
    assert sorted([3, 1, 2], key=lambda x: None if False else str(x)) == [1, 2, 3]
    assert sorted([2, 1], key=lambda x: [x]) == [1, 2]


def test_sorted_takes_iterables():
    assert sorted("hello") == ["e", "h", "l", "l", "o"] and sorted({3: 0, 1: 0}) == [1, 3] and sorted(()) == []
    a = [2, 1]
    assert sorted(a) == [1, 2] and a == [2, 1]
    raises(TypeError, sorted, 5, message="'int' object is not iterable")


def test_subclass():
    class L(list):
        pass
    x = L([2, 1])
    x.sort()
    assert x == [1, 2] and type(x) is L and type(sorted(x)) is list


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
