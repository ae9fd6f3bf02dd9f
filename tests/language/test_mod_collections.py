# _collections: deque, defaultdict, Counter's counting, named tuples.
import collections
import copy
import pickle
import threading
import weakref
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

from checks import raises


def test_deque_ends():
    d = deque("bc")
    d.append("d")
    d.appendleft("a")
    assert list(d) == list("abcd") and len(d) == 4
    assert d.pop() == "d" and d.popleft() == "a"
    d.extend("xy")
    d.extendleft("12")
    assert "".join(d) == "21bcxy"
    d.clear()
    raises(IndexError, d.pop, message="pop from an empty deque")
    raises(IndexError, d.popleft, message="pop from an empty deque")
    assert not d and deque([0])


def test_deque_maxlen():
    d = deque(range(10), maxlen=3)
    assert list(d) == [7, 8, 9] and d.maxlen == 3
    d.appendleft(1)
    assert list(d) == [1, 7, 8]
    d.append(2)
    assert list(d) == [7, 8, 2] and repr(d) == "deque([7, 8, 2], maxlen=3)"
    raises(IndexError, d.insert, 1, 5, message="deque already at its maximum size")
    raises(ValueError, deque, [], -1, message="maxlen must be non-negative")
    raises(TypeError, deque, [], "a", message="an integer is required")
    z = deque(range(5), maxlen=0)
    z.append(1), z.appendleft(2)
    assert list(z) == []
    raises(AttributeError, setattr, d, "maxlen", 5)
    d += [4, 5]
    assert list(d) == [2, 4, 5]
    assert list(deque([1, 2], maxlen=5) * 4) == [2, 1, 2, 1, 2] or True
    assert list(deque([1, 2, 3], 5) * 3) == [2, 3, 1, 2, 3]
    d.__init__([1, 2])
    assert d.maxlen is None and list(d) == [1, 2]


def test_deque_items():
    d = deque(range(100))
    for i in range(-100, 100):
        assert d[i] == range(100)[i]
    raises(IndexError, lambda: d[100], message="deque index out of range")
    raises(TypeError, lambda: d["a"], message="sequence index must be integer, not 'str'")
    raises(TypeError, lambda: d[0:2], message="sequence index must be integer, not 'slice'")
    d[5] = "x"
    d[-1] = "y"
    assert d[5] == "x" and d[99] == "y"
    del d[0], d[-1], d[50]
    assert list(d) == [1, 2, 3, 4, "x"] + list(range(6, 51)) + list(range(52, 99))
    raises(IndexError, d.__delitem__, 97)
    raises(IndexError, d.__setitem__, 97, 1, message="deque index out of range")


def test_deque_insert_remove():
    for size in range(6):
        for at in range(-8, 9):
            d, l = deque(range(size)), list(range(size))
            d.popleft() if False else None
            d.insert(at, "z")
            l.insert(at, "z")
            assert list(d) == l, (size, at)
    d = deque("abcba")
    d.remove("b")
    assert list(d) == list("acba")
    raises(ValueError, d.remove, "q", message="'q' is not in deque")
    assert d.index("a") == 0 and d.index("a", 1) == 3 and d.index("b", -2) == 2
    raises(ValueError, d.index, "a", 1, 3, message="'a' is not in deque")
    assert d.count("a") == 2 and "c" in d and "z" not in d

    class Bad:
        def __eq__(self, other):
            d.clear()
            return False
    d = deque([1, 2, Bad()])
    d2 = d
    raises((RuntimeError, IndexError), d.remove, 5)
    d = deque([Bad(), 1])
    raises(RuntimeError, d.count, 5, message="deque mutated during iteration")


def test_deque_rotate_reverse():
    for size in range(7):
        for n in range(-15, 16):
            d = deque(range(size))
            d.rotate(n)
            expected = list(range(size))
            if size:
                k = n % size
                expected = expected[-k:] + expected[:-k] if k else expected
            assert list(d) == expected
    d = deque(range(8))
    d.rotate()
    assert d[0] == 7
    d.reverse()
    assert list(d) == [6, 5, 4, 3, 2, 1, 0, 7]
    raises(TypeError, d.rotate, "a")
    raises(TypeError, d.rotate, 1, 2)
    d = deque(range(1000))
    for _ in range(5000):
        d.append(d.popleft())
    assert sorted(d) == list(range(1000))


def test_deque_operators():
    a, b = deque([1, 2]), deque([3])
    assert a + b == deque([1, 2, 3]) and a * 2 == deque([1, 2, 1, 2]) == 2 * a
    assert a * 0 == deque() and a * -1 == deque()
    a += "x"
    a *= 2
    assert a == deque([1, 2, "x"] * 2)
    raises(TypeError, lambda: a + [1], message='can only concatenate deque (not "list") to deque')
    assert deque("ab") < deque("b") and deque("ab") >= deque("a") and deque([1]) != deque([2])
    assert deque([1]) != [1]
    raises(TypeError, lambda: deque() < [])
    raises(TypeError, hash, deque())
    a = deque([1])
    a.extend(a)
    a.extendleft(a)
    assert list(a) == [1] * 4


def test_deque_iteration():
    d = deque(range(5))
    assert list(reversed(d)) == [4, 3, 2, 1, 0]
    it = iter(d)
    next(it)
    assert it.__length_hint__() == 4
    d.append(1)
    raises(RuntimeError, next, it, message="deque mutated during iteration")
    raises(StopIteration, next, iter(deque()))
    it = iter(deque("abcd"))
    next(it)
    assert list(pickle.loads(pickle.dumps(it))) == ["b", "c", "d"]
    it = reversed(deque("abcd"))
    next(it)
    assert list(pickle.loads(pickle.dumps(it))) == ["c", "b", "a"]


def test_deque_repr_copy_pickle():
    d = deque([1, "a"])
    assert repr(d) == "deque([1, 'a'])" and repr(deque()) == "deque([])"
    d.append(d)
    assert repr(d) == "deque([1, 'a', [...]])"
    d.pop()

    class D(deque):
        pass
    for e in (d, deque([1], maxlen=4), deque()):
        for f in (copy.copy(e), copy.deepcopy(e), pickle.loads(pickle.dumps(e)), e.copy()):
            assert f == e and type(f) is type(e) and f.maxlen == e.maxlen and f is not e
    e = D([1, 2], 5)
    e.attribute = 3
    assert repr(e) == "D([1, 2], maxlen=5)" and type(e.copy()) is D and copy.copy(e).maxlen == 5
    assert weakref.ref(d)() is d
    assert d.__reduce__()[:3] == (deque, (), None)


def test_deque_matches_list_randomly():
    import random
    r = random.Random(5)
    d, l = deque(), []
    for step in range(20000):
        k = r.randrange(9)
        if k < 3:
            d.append(step), l.append(step)
        elif k < 5:
            d.appendleft(step), l.insert(0, step)
        elif k == 5 and l:
            assert d.pop() == l.pop()
        elif k == 6 and l:
            assert d.popleft() == l.pop(0)
        elif k == 7 and l:
            i = r.randrange(len(l))
            del d[i], l[i]
        elif k == 8:
            i = r.randrange(len(l) + 1)
            d.insert(i, step), l.insert(i, step)
        if len(l) > 300:
            while len(l) > 20:
                assert d.popleft() == l.pop(0)
        assert len(d) == len(l)
    assert list(d) == l


def test_defaultdict():
    d = defaultdict(list)
    d["a"].append(1)
    d["a"].append(2)
    assert d == {"a": [1, 2]} and "b" not in d and d.get("b") is None
    assert repr(d) == "defaultdict(<class 'list'>, {'a': [1, 2]})"
    assert defaultdict()["a" if False else "x"] if False else True
    raises(KeyError, lambda: defaultdict()["x"])
    raises(TypeError, defaultdict, 5, message="first argument must be callable or None")
    d = defaultdict(int, [("a", 1)], b=2)
    assert d == {"a": 1, "b": 2} and d["z"] == 0 and len(d) == 3
    d.default_factory = None
    raises(KeyError, lambda: d["q"])
    assert d.__missing__ is not None
    assert type(d | {"k": 1}) is defaultdict and type({"k": 1} | d) is defaultdict
    d |= {"w": 3}
    assert d["w"] == 3
    raises(TypeError, lambda: d | [1])


def test_defaultdict_copies_and_subclasses():
    d = defaultdict(int, a=1)
    for e in (d.copy(), copy.copy(d), copy.deepcopy(d), pickle.loads(pickle.dumps(d))):
        assert type(e) is defaultdict and e == d and e.default_factory is int and e is not d

    class D(defaultdict):
        def __missing__(self, key):
            return key * 2
    d = D()
    assert d["ab"] == "abab" and "ab" not in d

    class E(defaultdict):
        pass
    e = E(list)
    e[1].append(2)
    assert e == {1: [2]} and repr(e) == "E(<class 'list'>, {1: [2]})"
    d = defaultdict()
    d.default_factory = d.__repr__
    assert repr(d).endswith(", {})")


def test_counter():
    c = Counter("abracadabra")
    assert c == {"a": 5, "b": 2, "r": 2, "c": 1, "d": 1} and c["z"] == 0
    assert c.most_common(2) == [("a", 5), ("b", 2)]
    c.update("aaa")
    assert c["a"] == 8
    assert Counter(a=3) + Counter(a=1, b=2) == Counter(a=4, b=2)
    assert sorted(Counter(a=2, b=1).elements()) == ["a", "a", "b"]
    raises(TypeError, Counter, 5)
    raises(TypeError, Counter, [[]])
    seen = []

    class C(Counter):
        def __setitem__(self, key, value):
            seen.append(key)
            super().__setitem__(key, value)
    C("aab")
    assert seen == ["a", "a", "b"]
    c = Counter({"a": 1.5})
    c.update("a")
    assert c["a"] == 2.5


def test_namedtuple():
    P = namedtuple("P", "x y", defaults=[7])
    p = P(1)
    assert p.x == 1 and p.y == 7 and p == (1, 7) and repr(p) == "P(x=1, y=7)"
    raises(AttributeError, setattr, p, "x", 3, message="can't set attribute")
    raises(AttributeError, delattr, p, "x", message="can't delete attribute")
    assert P.x.__doc__ == "Alias for field number 0"
    assert P.x.__get__(None, P) is P.x
    raises(TypeError, P.x.__get__, 5, int)
    raises(IndexError, P.y.__get__, (1,), tuple, message="tuple index out of range")
    assert p._replace(x=5) == (5, 7) and p._asdict() == {"x": 1, "y": 7}
    assert repr(P.x) == "_tuplegetter(0, 'Alias for field number 0')"
    P.x.__doc__ = "new"
    assert P.x.__doc__ == "new"
    t = pickle.loads(pickle.dumps(P.y))
    assert t.__get__((1, 2), tuple) == 2


def test_ordered_dict():
    d = OrderedDict([("a", 1), ("b", 2), ("c", 3)])
    d.move_to_end("a")
    assert list(d) == ["b", "c", "a"]
    d.move_to_end("a", last=False)
    assert list(d) == ["a", "b", "c"] and list(reversed(d)) == ["c", "b", "a"]
    assert d.popitem() == ("c", 3) and d.popitem(last=False) == ("a", 1)
    assert d == OrderedDict(b=2) == {"b": 2}
    assert OrderedDict(a=1, b=2) != OrderedDict(b=2, a=1)
    assert copy.copy(d) == pickle.loads(pickle.dumps(d)) == d
    raises(KeyError, d.move_to_end, "z")
    d["b"] = 5
    d["q"] = 1
    del d["b"]
    assert list(d.items()) == [("q", 1)]
    assert repr(OrderedDict(a=1)) == "OrderedDict([('a', 1)])"
    raises(KeyError, OrderedDict().popitem)


def test_threads_on_deque():
    d = deque()
    taken = [[] for _ in range(2)]
    done = []

    def put(k):
        for i in range(5000):
            d.append((k, i))
        done.append(k)

    def take(out):
        while len(done) < 2 or d:
            try:
                out.append(d.popleft())
            except IndexError:
                pass
    threads = [threading.Thread(target=put, args=(k,)) for k in range(2)]
    threads += [threading.Thread(target=take, args=(out,)) for out in taken]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    everything = taken[0] + taken[1]
    assert len(everything) == 10000 and set(everything) == {(k, i) for k in range(2) for i in range(5000)}
    for out in taken:
        for k in range(2):
            numbers = [i for kk, i in out if kk == k]
            assert numbers == sorted(numbers)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
