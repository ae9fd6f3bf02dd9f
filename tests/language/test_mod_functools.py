# _functools: partial, reduce, cmp_to_key, lru_cache.
import copy
import functools
import gc
import pickle
import threading
import weakref
from functools import *

from checks import raises


def capture(*args, **kwargs):
    return args, kwargs


def test_partial_calls():
    p = partial(capture, 1, 2, a=10)
    assert p(3, b=4) == ((1, 2, 3), {"a": 10, "b": 4})
    assert p(a=5) == ((1, 2), {"a": 5})
    assert p() == ((1, 2), {"a": 10})
    assert p.func is capture and p.args == (1, 2) and p.keywords == {"a": 10}
    assert partial(int, base=2)("101") == 5
    raises(TypeError, partial, message="type 'partial' takes at least one argument")
    raises(TypeError, partial, 2, message="the first argument must be callable")
    assert list(p(z=1, a=2)[1]) == ["a", "z"]


def test_partial_nested():
    p = partial(partial(capture, 1, a=1), 2, b=2)
    assert p.func is capture and p.args == (1, 2) and p.keywords == {"a": 1, "b": 2}
    q = partial(capture)
    q.attribute = 1
    r = partial(q, 5)
    assert r.func is q
    d = {"a": 1}
    p = partial(capture, **d)
    d["a"] = 2
    assert p() == ((), {"a": 1})


def test_partial_attributes_and_repr():
    p = partial(capture, 1)
    p.extra = "x"
    assert p.extra == "x" and p.__dict__ == {"extra": "x"}
    raises(AttributeError, setattr, p, "func", 1)
    assert repr(partial(len, "a", k=1)) == "functools.partial(<built-in function len>, 'a', k=1)"

    class Mine(partial):
        pass
    assert repr(Mine(len)).startswith("Mine(")
    p = partial(capture)
    p.__setstate__((p, (), {}, {}))
    assert repr(p) == "functools.partial(...)"
    p.__setstate__((capture, (), {}, {}))
    assert weakref.ref(p)() is p


def test_partial_pickling():
    p = partial(capture, 1, a=2)
    p.attribute = [3]
    for q in (pickle.loads(pickle.dumps(p)), copy.copy(p), copy.deepcopy(p)):
        assert q.args == (1,) and q.keywords == {"a": 2} and q.attribute == [3] and q.func is capture
    raises(TypeError, p.__setstate__, (), message="invalid partial state")
    raises(TypeError, p.__setstate__, (1, 2, 3, 4), message="invalid partial state")
    p.__setstate__((capture, (4,), None, None))
    assert p() == ((4,), {})


def test_partial_as_method():
    class C:
        method = partial(capture, 1)
    assert C().method(2) == ((1, 2), {})
    assert partial[int] is not None


def test_reduce():
    assert reduce(lambda a, b: a + b, [1, 2, 3]) == 6
    assert reduce(lambda a, b: a + b, ["a", "b"], "x") == "xab"
    assert reduce(None, [], 5) == 5 and reduce(None, [7]) == 7
    raises(TypeError, reduce, lambda a, b: a, [], message="reduce() of empty iterable with no initial value")
    raises(TypeError, reduce, lambda a, b: a, 5, message="reduce() arg 2 must support iteration")
    raises(ZeroDivisionError, reduce, lambda a, b: 1 / 0, [1, 2])
    raises(TypeError, reduce)


def test_cmp_to_key():
    def mycmp(x, y):
        return (x > y) - (x < y)
    key = cmp_to_key(mycmp)
    assert sorted([3, 1, 2], key=key) == [1, 2, 3]
    assert key(1) < key(2) and key(2) >= key(2) and key(1) == key(1) and key(1) != key(2)
    assert key(obj=4).obj == 4
    raises(TypeError, lambda: key(1) < 1, message="other argument must be K instance")
    raises(TypeError, hash, key(1))
    assert sorted("aBc", key=cmp_to_key(mycmp=mycmp), reverse=True) == ["c", "a", "B"]
    raises(TypeError, cmp_to_key)
    raises(ZeroDivisionError, sorted, [1, 2], key=cmp_to_key(lambda a, b: 1 / 0))


def test_lru_order():
    calls = []

    @lru_cache(maxsize=2)
    def f(x):
        calls.append(x)
        return x * 2
    assert [f(1), f(2), f(1), f(3), f(1), f(2)] == [2, 4, 2, 6, 2, 4]
    assert calls == [1, 2, 3, 2]
    assert f.cache_info() == (2, 4, 2, 2)
    assert str(f.cache_info()) == "CacheInfo(hits=2, misses=4, maxsize=2, currsize=2)"
    f.cache_clear()
    assert f.cache_info() == (0, 0, 2, 0)
    assert f.__wrapped__(3) == 6 and f.cache_parameters() == {"maxsize": 2, "typed": False}


def test_lru_sizes():
    @lru_cache(maxsize=None)
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
    assert [fibonacci(n) for n in range(16)] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610]
    assert fibonacci.cache_info() == (28, 16, None, 16)

    @lru_cache(0)
    def never(x):
        return [x]
    assert never(1) is not never(1)
    assert never.cache_info() == (0, 2, 0, 0)

    @lru_cache(-1)
    def negative(x):
        return x
    negative(1)
    assert negative.cache_info().maxsize == 0

    @lru_cache
    def plain(x):
        return x
    assert plain(3) == 3 and plain.cache_info().maxsize == 128


def test_lru_keys():
    @lru_cache(maxsize=10, typed=True)
    def typed(*args, **kwargs):
        return object()
    assert typed(1) is not typed(1.0) and typed(1) is typed(1)
    assert typed(a=1) is not typed(a=1.0)

    @lru_cache(maxsize=10)
    def f(*args, **kwargs):
        return object()
    assert f(1, a=2) is f(1, a=2)
    assert f(a=1, b=2) is not f(b=2, a=1)
    assert f(("a", 1)) is not f(a=1)
    assert f("a", 1) is not f(a=1)
    assert f(1) is f(1.0) or f(1) is not f(1.0)
    raises(TypeError, f, [])
    raises(TypeError, f, [], x=1)


def test_lru_errors_and_reentry():
    @lru_cache(maxsize=3)
    def f(x):
        if x == 0:
            raise ValueError("zero")
        return x
    raises(ValueError, f, 0)
    raises(ValueError, f, 0)
    assert f.cache_info().misses == 2 and f.cache_info().currsize == 0

    @lru_cache(maxsize=2)
    def countdown(n):
        return n if n == 0 else countdown(n - 1)
    assert countdown(20) == 0

    hashes = []

    class Key(int):
        def __hash__(self):
            hashes.append(1)
            return int.__hash__(self)

    @lru_cache(maxsize=1)
    def g(x, y):
        return x * 3 + y
    x = Key(5)
    assert g(x, 1) == 16 and len(hashes) == 1
    assert g(x, 1) == 16 and len(hashes) == 2
    assert g(6, 2) == 20 and len(hashes) == 2
    assert g(x, 1) == 16 and len(hashes) == 3


def test_lru_methods_and_descriptors():
    class C:
        def __init__(self, n):
            self.n = n

        @lru_cache(maxsize=8)
        def value(self, k):
            return self.n + k

        @staticmethod
        @lru_cache
        def static(x):
            return x
    a, b = C(1), C(10)
    assert (a.value(1), b.value(1), a.value(1)) == (2, 11, 2)
    assert C.value.cache_info().hits == 1 and C.value(a, 1) == 2
    assert C.static(4) == 4
    assert copy.copy(C.value) is C.value and copy.deepcopy(C.value) is C.value
    C.value.extra = 3
    assert C.value.extra == 3


@lru_cache(maxsize=4)
def cached_global(x):
    return x


def test_lru_pickle_and_weakref():
    assert pickle.loads(pickle.dumps(cached_global)) is cached_global

    @lru_cache(maxsize=4)
    def f(x):
        return x
    r = weakref.ref(f)
    assert r() is f

    class Big:
        pass

    @lru_cache(maxsize=2)
    def keep(x):
        return x
    big = Big()
    alive = weakref.ref(big)
    keep(big)
    del big
    keep(1), keep(2)
    gc.collect()
    assert alive() is None


def test_lru_threads():
    @lru_cache(maxsize=20)
    def f(x):
        return x * 7
    wrong = []

    def work(seed):
        x = seed
        for _ in range(5000):
            x = (x * 1103515245 + 12345) % 2 ** 31
            key = x >> 8 & 63
            if f(key) != key * 7:
                wrong.append(key)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    info = f.cache_info()
    assert not wrong and info.hits + info.misses == 20000 and info.currsize <= 20 + 4
    f.cache_clear()
    assert f(3) == 21


def test_python_level_helpers():
    class Point:
        @cached_property
        def computed(self):
            return object()
    p = Point()
    assert p.computed is p.computed

    @singledispatch
    def kind(x):
        return "object"

    @kind.register(int)
    def _(x):
        return "int"
    assert kind(1) == "int" and kind("a") == "object" and kind(True) == "int"

    @total_ordering
    class T:
        def __init__(self, v):
            self.v = v

        def __eq__(self, other):
            return self.v == other.v

        def __lt__(self, other):
            return self.v < other.v
    assert T(1) <= T(2) and T(2) > T(1)

    @wraps(capture)
    def wrapper():
        pass
    assert wrapper.__name__ == "capture"


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
