"""threading.local: what each thread sees, when namespaces begin and end, and reads in hot loops."""
import gc
import threading
import weakref

from checks import in_thread, raises


class Thing:
    pass


def test_each_thread_has_its_own():
    local = threading.local()
    local.x = 1
    assert in_thread(lambda: hasattr(local, "x")) is False

    def other():
        local.x = 2
        local.y = [3]
        return local.x, sorted(local.__dict__)

    assert in_thread(other) == (2, ["x", "y"]) and local.__dict__ == {"x": 1}
    raises(AttributeError, lambda: local.y, message="'_thread._local' object has no attribute 'y'")
    del local.x
    raises(AttributeError, lambda: local.x, message="'_thread._local' object has no attribute 'x'")
    raises(AttributeError, lambda: delattr(local, "x"), message="'_thread._local' object has no attribute 'x'")
    raises(AttributeError, lambda: setattr(local, "__dict__", {}),
           message="'_thread._local' object attribute '__dict__' is read-only")


def loop(locals_, n):
    total = 0
    for i in range(n):
        local = locals_[i % len(locals_)]
        local.n = i
        total += local.n + local.base
        if i % 100 == 99:
            try:
                local.missing
            except AttributeError:
                total += 1
    return total


def test_many_objects_in_hot_loops():
    for count in (1, 4, 5, 13):
        locals_ = [threading.local() for _ in range(count)]

        def work(base):
            for local in locals_:
                local.base = base
            return loop(locals_, 4000)

        expected = sum(range(4000)) + 40
        assert work(0) == expected and in_thread(work, 1) == expected + 4000 and loop(locals_, 4000) == expected


def test_values_end_with_the_object_and_with_the_thread():
    local, ended = threading.local(), []
    local.thing = Thing()
    weakref.finalize(local.thing, ended.append, "here")

    def other():
        local.thing = Thing()
        weakref.finalize(local.thing, ended.append, "there")
        for _ in range(1000):
            local.thing

    in_thread(other)
    gc.collect()
    assert ended == ["there"]
    del local
    gc.collect()
    assert ended == ["there", "here"]
    # The next object has nothing of the last one.
    for i in range(200):
        fresh = threading.local()
        assert fresh.__dict__ == {}
        fresh.i = i
        assert fresh.i == i


class Counter(threading.local):
    kind = "class"

    def __init__(self, start, step=1):
        self.value = start
        self.step = step

    def next(self):
        self.value += self.step
        return self.value

    @property
    def double(self):
        return 2 * self.value

    __slots__ = ("slot",)


def test_subclasses():
    counter = Counter(10, step=5)
    for i in range(2000):
        assert counter.next() == 15 + 5 * i and counter.double == 2 * counter.value and counter.kind == "class"
    assert in_thread(lambda: [counter.next() for _ in range(3)]) == [15, 20, 25]
    counter.slot = 1
    assert in_thread(lambda: counter.slot) == 1 and "slot" not in counter.__dict__
    counter.kind = "own"
    assert in_thread(lambda: counter.kind) == "class" and counter.kind == "own"
    raises(TypeError, threading.local, 1, message="Initialization arguments are not supported")


class Failing(threading.local):
    fail = False

    def __init__(self):
        self.made = True
        if Failing.fail:
            raise ValueError("not here")


def test_an_init_that_raises():
    local = Failing()
    Failing.fail = True
    for _ in range(3):
        raises(ValueError, in_thread, lambda: local.made, message="not here")

    def twice():
        raises(ValueError, lambda: local.made, message="not here")
        Failing.fail = False
        return local.made

    assert in_thread(twice) and local.made


class Odd:
    def __init__(self, local):
        self.local = local

    def __hash__(self):
        return hash("x")

    def __eq__(self, other):
        self.local.seen = other
        return False


def test_odd_keys():
    local = threading.local()
    local.__dict__[Odd(local)] = 1
    local.x = 2
    for _ in range(1000):
        assert local.x == 2
    assert local.seen == "x"
    assert local.__class__ is threading.local and type(local) is threading.local
    local.__dict__["__class__"] = 3
    assert local.__class__ == 3


def test_what_the_collector_sees():
    local = threading.local()
    local.x = [1]
    assert gc.get_referents(local)
    local.me = local
    ref = weakref.ref(local)
    del local
    gc.collect()
    assert ref() is None


def test_many_threads():
    local, count = threading.local(), 60
    barrier = threading.Barrier(12)

    def work(i):
        barrier.wait()
        assert not hasattr(local, "n")
        for k in range(300):
            local.n = (i, k)
            assert local.n == (i, k)
        barrier.wait()
        assert local.n == (i, 299)

    failures = []

    def guarded(i):
        try:
            work(i)
        except BaseException as e:
            failures.append(e)
            barrier.abort()

    for start in range(0, count, 12):
        threads = [threading.Thread(target=guarded, args=(i,)) for i in range(start, start + 12)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert not failures, failures
