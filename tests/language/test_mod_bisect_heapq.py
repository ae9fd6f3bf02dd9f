# _bisect and _heapq.
import bisect
import heapq
import random
import threading

from checks import raises


def test_native():
    import _bisect
    import _heapq
    assert bisect.bisect_left is _bisect.bisect_left and heapq.heappush is _heapq.heappush


def test_bisect_positions():
    for n in range(9):
        data = [2 * (i // 2) for i in range(n)]
        for x in range(-1, 10):
            left, right = bisect.bisect_left(data, x), bisect.bisect_right(data, x)
            assert all(v < x for v in data[:left]) and all(v >= x for v in data[left:])
            assert all(v <= x for v in data[:right]) and all(v > x for v in data[right:])
            assert bisect.bisect(data, x) == right


def test_bisect_bounds():
    data = list(range(10))
    assert bisect.bisect_left(data, 5, 7) == 7 and bisect.bisect_left(data, 5, 0, 3) == 3
    assert bisect.bisect_right(data, 5, lo=2, hi=8) == 6 and bisect.bisect(data, 5, hi=None) == 6
    raises(ValueError, bisect.bisect_left, data, 1, -1, message="lo must be non-negative")
    raises(ValueError, bisect.insort, data, 1, -1, 3, message="lo must be non-negative")
    raises(TypeError, bisect.bisect_left, 10, 1)
    raises(TypeError, bisect.bisect_left, data, "a")
    raises(TypeError, bisect.bisect_left, data)


def test_bisect_key():
    data = [("a", 1), ("b", 3), ("c", 5)]
    second = lambda t: t[1]
    assert bisect.bisect_left(data, 3, key=second) == 1 and bisect.bisect_right(data, 3, key=second) == 2
    bisect.insort(data, ("d", 4), key=second)
    assert data == [("a", 1), ("b", 3), ("d", 4), ("c", 5)]
    raises(ZeroDivisionError, bisect.bisect, data, 3, key=lambda t: 1 / 0)


def test_bisect_other_sequences():
    class S:
        def __len__(self):
            return 1000

        def __getitem__(self, i):
            if not 0 <= i < 1000:
                raise IndexError(i)
            return i * i
    assert bisect.bisect_left(S(), 100 * 100) == 100 and bisect.bisect_right(range(100), 50) == 51

    class Insertable(list):
        def insert(self, i, x):
            super().insert(i, ("inserted", x))
    s = Insertable([1, 2, 3])
    bisect.insort(s, 2)
    assert s == [1, 2, ("inserted", 2), 3]


def test_insort():
    r = random.Random(1)
    for insert in (bisect.insort, bisect.insort_left, bisect.insort_right):
        data = []
        for _ in range(300):
            insert(data, r.randrange(50))
        assert data == sorted(data) and len(data) == 300
    data = [1, 1.0, True]
    bisect.insort_left(data, 1 + 0j if False else 1)
    assert len(data) == 4


def is_heap(h, before=lambda a, b: a <= b):
    return all(before(h[(i - 1) // 2], h[i]) for i in range(1, len(h)))


def test_heap_basics():
    r = random.Random(2)
    h = []
    for _ in range(300):
        heapq.heappush(h, r.random())
        assert is_heap(h)
    out = [heapq.heappop(h) for _ in range(300)]
    assert out == sorted(out) and h == []
    raises(IndexError, heapq.heappop, h, message="index out of range")
    raises(IndexError, heapq.heapreplace, h, 1, message="index out of range")
    raises(TypeError, heapq.heappush, (1,), 2, message="heappush() argument 1 must be list, not tuple")
    raises(TypeError, heapq.heapify, "abc")


def test_heapify():
    r = random.Random(3)
    for n in list(range(30)) + [500]:
        h = [r.randrange(100) for _ in range(n)]
        expected = sorted(h)
        heapq.heapify(h)
        assert is_heap(h) and [heapq.heappop(h) for _ in range(n)] == expected


def test_replace_and_pushpop():
    h = [1, 3, 2]
    heapq.heapify(h)
    assert heapq.heapreplace(h, 10) == 1 and is_heap(h) and heapq.heappushpop(h, 0) == 0 and heapq.heappushpop(h, 5) == 2
    assert sorted(h) == [3, 5, 10] and heapq.heappushpop([], 7) == 7
    x = [10]
    assert heapq.heappushpop(x, 11) == 10 and x == [11]
    assert type(heapq.heappushpop([10], 10.0)) is float


def test_max_heap():
    import _heapq
    h = [3, 1, 4, 1, 5, 9, 2, 6]
    _heapq._heapify_max(h)
    assert is_heap(h, lambda a, b: a >= b) and _heapq._heappop_max(h) == 9 and _heapq._heapreplace_max(h, 0) == 6
    assert [_heapq._heappop_max(h) for _ in range(len(h))] == [5, 4, 3, 2, 1, 1, 0]


def test_merge_and_best():
    assert list(heapq.merge([1, 4], [2, 3], [0])) == [0, 1, 2, 3, 4]
    assert list(heapq.merge("ca", "b", reverse=True)) == ["c", "b", "a"]
    r = random.Random(4)
    data = [r.randrange(1000) for _ in range(200)]
    for n in (0, 1, 5, 200, 300):
        assert heapq.nsmallest(n, data) == sorted(data)[:n] and heapq.nlargest(n, data) == sorted(data, reverse=True)[:n]
    assert heapq.nlargest(2, ["aaa", "b", "cc"], key=len) == ["aaa", "cc"]


def test_comparisons_that_misbehave():
    class Bad:
        def __lt__(self, other):
            h.clear()
            return True
    h = [Bad() for _ in range(10)]
    raises((RuntimeError, IndexError), heapq.heapify, h)
    h = [Bad() for _ in range(10)]
    raises((RuntimeError, IndexError), heapq.heappop, h)

    class Raises:
        def __lt__(self, other):
            raise ZeroDivisionError
    raises(ZeroDivisionError, heapq.heappush, [Raises()], Raises())
    raises(ZeroDivisionError, bisect.bisect, [Raises()], Raises())

    class Counting:
        def __init__(self, v):
            self.v = v

        def __lt__(self, other):
            return self.v < other.v
    h = [Counting(x) for x in (3, 1, 2)]
    heapq.heapify(h)
    assert [heapq.heappop(h).v for _ in range(3)] == [1, 2, 3]


def test_types_of_items():
    h = [(2, "b"), (1, "z"), (2, "a")]
    heapq.heapify(h)
    assert [heapq.heappop(h) for _ in range(3)] == [(1, "z"), (2, "a"), (2, "b")]
    raises(TypeError, heapq.heapify, [1, "a"])
    h = [2 ** 100, 1.5, -3, 10 ** 30]
    heapq.heapify(h)
    assert [heapq.heappop(h) for _ in range(4)] == [-3, 1.5, 10 ** 30, 2 ** 100]


def test_threads_do_not_crash():
    h = list(range(1000))

    def work(seed):
        r = random.Random(seed)
        for _ in range(3000):
            try:
                heapq.heapreplace(h, r.random() * 1000)
                bisect.bisect(h, r.random())
            except (RuntimeError, IndexError):
                pass
    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(h) == 1000


def test_heaps_of_what_compares_natively():
    r = random.Random(5)
    kinds = [lambda: r.randrange(20), lambda: r.random(), lambda: str(r.randrange(50)), lambda: (r.randrange(5), r.choice("abc")),
             lambda: (r.randrange(3), r.random(), (r.choice("xy"), r.randrange(3))), lambda: r.choice((1, 2.5, True, 10**20, 3)),
             lambda: (r.randrange(2), r.choice((1, 2.0, 3))), lambda: [r.randrange(4)], lambda: ("a",) * r.randrange(4),
             lambda: (r.randrange(2), float("nan"), 1), lambda: (None, r.randrange(4))]
    for make in kinds * 3:
        h, model = [], []
        for _ in range(200):
            k = r.randrange(5)
            if k < 3:
                item = make()
                heapq.heappush(h, item)
                model.append(item)
            elif h:
                item = heapq.heappop(h) if k == 3 else heapq.heapreplace(h, model[0])
                if k == 4:
                    model.append(model[0])
                smallest = [x for x in model if x < item]
                assert not smallest or "nan" in str(model), (item, smallest)
                model.remove(item)
            assert len(h) == len(model)
            if "nan" not in str(model):
                assert not any(h[i] < h[(i - 1) // 2] for i in range(1, len(h)))
    h = []
    for i in range(50):
        heapq.heappush(h, (i % 3, str(i)))
    try:
        heapq.heappush(h, (0, 5))
        heapq.heapify(h)
    except TypeError as e:
        assert "'<' not supported between instances of" in str(e)
    else:
        assert False


def test_order_of_tuples():
    items = [(), (1,), (1, 2), (1, "a"), ("a",), ("a", 1), (1.5,), (1.5, "b"), ((1, 2), "x"), ((1, 2), "y"), ((1, "a"), 0), (True,), (None,),
             (1, (2, (3, ("x",)))), (1, (2, (3, ("y",))))]
    x = (1,)
    for _ in range(12):
        x = (x, 1)
    items += [x, (x[0], 2), (float("nan"),)]

    def order(a, b):
        for p, q in zip(a, b):
            if p is q or p == q:
                continue
            return "lt" if p < q else "gt"
        return "lt" if len(a) < len(b) else "gt" if len(a) > len(b) else "eq"
    for a in items * 2:
        for b in items:
            try:
                want = order(a, b)
            except TypeError:
                want = "error"
            try:
                got = ["lt"] * (a < b) + ["gt"] * (a > b) + ["eq"] * (a == b)
                assert (a <= b) == ("gt" not in got) and (a >= b) == ("lt" not in got) and (a != b) == ("eq" not in got) or "nan" in str((a, b))
            except TypeError:
                got = ["error"]
            assert got == [want] or "nan" in str((a, b)), (a, b, got, want)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
