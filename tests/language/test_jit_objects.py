# Objects that a trace leaves unmade: whatever looks at one finds it as if it had been there all the time. Every loop runs
# long enough to be compiled, with rounds that leave it at different places.
import sys
import threading
import weakref


class Point:
    def __init__(self, x, y=0):
        self.x = x
        self.y = y

    def plus(self, other):
        return Point(self.x + other.x, self.y + other.y)


class Slotted:
    __slots__ = "a", "b"

    def __init__(self, a, b):
        self.a = a
        self.b = b


class Tracked:
    live = 0

    def __init__(self, n):
        self.n = n
        Tracked.live += 1

    def __del__(self):
        Tracked.live -= 1


def test_carried_from_round_to_round():
    def run(n):
        total, last = Point(0, 0), None
        for i in range(n):
            total = total.plus(Point(i, 1))
            if i % 1000 == 999:
                last = total
        return total, last

    for n in 10, 3000, 5000:
        total, last = run(n)
        assert (total.x, total.y) == (n * (n - 1) // 2, n)
        assert (last is total) == (n % 1000 == 0 and n > 0)
        assert vars(total) == {"x": total.x, "y": n}


def test_one_object_with_several_names():
    def run(n):
        kept = []
        for i in range(n):
            p = Point(i)
            q = p
            q.y = i + 1
            pair = (p, q, i)
            if i % 700 == 3:
                kept.append(pair)
            p = None
        return q, pair, kept

    q, pair, kept = run(5000)
    assert pair[0] is pair[1] is q and q.y == 5000
    assert [k[2] for k in kept] == list(range(3, 5000, 700))
    assert all(a is b and a.x == i and a.y == i + 1 for a, b, i in kept)


def test_inside_one_another():
    def run(n):
        s = 0
        for i in range(n):
            outer = Point(Point(i, 2), (i, Point(3)))
            outer.y[1].x += outer.x.y
            s += outer.x.x + outer.y[1].x + outer.y[0]
            if i == n - 2:
                inner = outer.x
                outer.y[1].y = inner
        return s, outer, inner

    s, outer, inner = run(4000)
    assert s == sum(2 * i + 5 for i in range(4000))
    assert outer.x.x == 3999 and inner.x == 3998 and outer.x is not inner
    assert outer.y[1].y == 0


def test_what_they_hold_lives_as_long():
    def run(n, counts):
        held = None
        for i in range(n):
            t = Tracked(i)
            p = Point(t, i)
            q = Point(p, None)
            t = None
            counts.append(Tracked.live)
            if i % 900 == 5:
                held = q
            p = None
        return held

    counts = []
    held = run(4000, counts)
    assert Tracked.live == 1 and held.x.x.n == 3605, Tracked.live
    assert set(counts) <= {1, 2, 3}, set(counts)
    held = None
    assert Tracked.live == 0


def test_owner_goes_first():
    def inner(t, i):
        p = Point(t, i)
        t = None
        return p

    def run(n):
        s = 0
        for i in range(n):
            p = inner(Tracked(i), i)
            s += p.x.n + p.y
            pair = (p.x, i)
            p = None
            s += pair[0].n
        return s

    assert run(4000) == 3 * sum(range(4000))
    assert Tracked.live == 0


def test_closures():
    def adder(k):
        return lambda v: v + k

    def counter(k):
        def count(by):
            nonlocal k
            k += by
            return k
        return count

    def both(k):
        def get():
            return k

        def put(v):
            nonlocal k
            k = v
        return get, put

    def factorial(n):
        def f(k):
            return 1 if k < 2 else k * f(k - 1)
        return f(n)

    def run(n):
        s, kept = 0, []
        for i in range(n):
            s += adder(i)(1)
            count = counter(i)
            count(1)
            s += count(2)
            get, put = both(i)
            put(get() + 5)
            s += get()
            s += factorial(i % 5)
            if i % 800 == 7:
                kept.append((count, get, put))
        return s, kept, count

    s, kept, count = run(4000)
    expected = sum((i + 1) + (i + 3) + (i + 5) + (1, 1, 2, 6, 24)[i % 5] for i in range(4000))
    assert s == expected
    assert count(0) == 4002 and count.__name__ == "count" and count.__closure__[0].cell_contents == 4002
    assert count.__qualname__ == "test_closures.<locals>.counter.<locals>.count"
    for k, (count, get, put) in enumerate(kept):
        i = 800 * k + 7
        assert count(1) == i + 4 and get() == i + 5
        put("x")
        assert get() == "x"


def test_closures_over_objects():
    def reader(obj):
        return lambda: obj.n

    def run(n):
        s = 0
        for i in range(n):
            f = reader(Tracked(i))
            s += f()
            if i % 1000 == 1:
                g = f
        return s + g()

    assert run(4000) == sum(range(4000)) + 3001
    assert Tracked.live == 0


def test_tuples():
    def pair(a, b):
        return a, b

    def run(n):
        a, b, seen = 0, 1, {}
        for i in range(n):
            a, b = pair(b, (a + b) % 1009)
            t = (a, (b, i))
            u = t
            assert u is t and t[1][1] == i and t[-2] == a
            if i % 500 == 2:
                seen[t] = u
            x, (y, z) = t
            assert (x, y, z) == (a, b, i) and len(t) == 2 and t == (a, (b, i))
        return seen, t

    seen, t = run(4000)
    assert len(seen) == 8 and all(k is v for k, v in seen.items()) and t[1][1] == 3999


def test_looked_at_from_all_sides():
    def run(n):
        out = []
        for i in range(n):
            p = Point(i, i + 1)
            s = Slotted(p, i)
            k = i % 37
            if k == 0:
                out.append(isinstance(p, Point))
            elif k == 1:
                out.append(type(p).__name__ + type(s).__name__)
            elif k == 2:
                out.append(sorted(vars(p).items()))
            elif k == 3:
                setattr(p, "z", p.x)
                out.append(p.z + s.a.z)
            elif k == 4:
                del p.y
                out.append(hasattr(p, "y"))
            elif k == 5:
                p.__class__ = Other
                out.append(p.name())
            elif k == 6:
                out.append(weakref.ref(p)() is p)
            elif k == 7:
                out.append(sorted(locals()) == ["Other", "i", "k", "n", "out", "p", "s"])
            elif k == 8:
                out.append(sys._getframe().f_locals["s"].a is p)
            elif k == 9:
                out.append(p == s.a and p is not None and p in (None, p))
            elif k == 10:
                out.append(hash(p) == hash(s.a))
            elif k == 11:
                try:
                    out.append(1 // (p.x - i))
                except ZeroDivisionError as e:
                    out.append(e.__traceback__.tb_frame.f_locals["p"] is p)
            elif k == 12:
                out.append(f"{p.x}" + repr(s.b))
            elif k == 13:
                p.__dict__["y"] = 5
                out.append(p.y)
        return out

    class Other:
        def name(self):
            return "other %d" % self.x

    out = run(4000)
    for start in range(0, 4000, 37):
        i = start
        want = [True, "PointSlotted", [("x", i + 2), ("y", i + 3)], 2 * (i + 3), False, f"other {i + 5}", True, True, True,
                True, True, True, f"{i + 12}{i + 12}", 5]
        got = out[:14]
        del out[:14]
        assert got == want[:len(got)], (got, want)
    assert not out


def test_class_changes_meanwhile():
    class Changing:
        def __init__(self, x):
            self.x = x

    log = []

    def run(n, start):
        s = 0
        for i in range(n):
            c = Changing(i)
            s += c.x
            if i == n // 2:
                start(Changing)
        return s

    def initialise(cls):
        cls.__init__ = lambda self, x: setattr(self, "x", x + 1)

    def prop(cls):
        cls.x = property(lambda self: 7, lambda self, v: None)

    def noisy(cls):
        cls.__del__ = lambda self: log.append(1)

    assert run(4000, lambda cls: None) == sum(range(4000))
    assert run(4000, initialise) == sum(range(4000)) + 1999
    assert run(4000, noisy) == sum(range(4000)) + 4000
    assert len(log) == 2000, len(log)
    del Changing.__del__
    assert run(4000, prop) == sum(range(1, 2002)) + 7 * 1999
    assert Changing(3).x == 7


def test_floats_beyond_the_immediate_ones():
    def run(n):
        p, out = Point(1.0, 1e-250), []
        for i in range(n):
            p = Point(p.x * 1.5 if p.x < 1e280 else 1e-280, p.y / 1.25 if p.y > 1e-290 else 1e290)
            if i % 333 == 2:
                out.append((p.x, p.y))
        return p, out

    p, out = run(6000)
    x, y, want = 1.0, 1e-250, []
    for i in range(6000):
        x, y = (x * 1.5 if x < 1e280 else 1e-280), (y / 1.25 if y > 1e-290 else 1e290)
        if i % 333 == 2:
            want.append((x, y))
    assert (p.x, p.y) == (x, y) and out == want


def test_exceptions_while_one_is_unmade():
    def run(n):
        caught = 0
        for i in range(n):
            p = Point(i, [])
            q = (p, i)
            try:
                p.y.append(q[1] // (i % 50))
                p.missing
            except ZeroDivisionError:
                assert q[0] is p and p.y == []
                caught += 1
            except AttributeError as e:
                assert e.obj is p and len(p.y) == 1
                caught += 100000
        return caught

    assert run(4000) == 80 + 3920 * 100000


def test_generators_that_yield_them():
    def points(n):
        for i in range(n):
            p = Point(i)
            p.y = (i, p.x)
            yield p

    s = 0
    for p in points(5000):
        s += p.x + p.y[0]
    assert s == sum(range(5000)) * 2


def test_in_all_threads():
    def adder(k):
        return lambda v: v + k

    def run(n, out):
        total = Point(0)
        for i in range(n):
            t = Tracked(i)
            total = total.plus(Point(adder(i)(1), i))
            pair = (t, total)
            if i % 1000 == 0:
                out.append(pair)
        out.append(total.x)

    outs = [[] for _ in range(4)]
    threads = [threading.Thread(target=run, args=(6000, out)) for out in outs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for out in outs:
        assert out.pop() == sum(range(6000)) + 6000
        assert [pair[0].n for pair in out] == list(range(0, 6000, 1000))
        assert [pair[1].x for pair in out] == [(i + 1) * (i + 2) // 2 for i in range(0, 6000, 1000)]


class Few:
    def __init__(self):
        self.a = 1


def test_attributes_that_the_object_has_no_room_for():
    o = Few()
    for i in range(40):
        setattr(o, "more%d" % i, i)

    def run(o, n):
        for i in range(n):
            o.more7 = o.more7 + 1
            o.more39 = i
            if i % 500 == 100:
                o.more7 = [o.more7]      # with a count, and back
                o.more7 = o.more7[0]
            if i == n // 2:
                for k in range(200):
                    setattr(o, "late%d" % k, k)
            if i == n * 3 // 4:
                o.__dict__["more39"] = "dict"
                assert o.more39 == "dict"
        return o.more7

    assert run(o, 4000) == 7 + 4000 and o.more39 == 3999 and o.late150 == 150
    p = Few()
    for i in range(40):
        setattr(p, "more%d" % i, i)
    assert run(p, 4000) == 7 + 4000

    def held(o, n):
        total = 0
        for i in range(n):
            o.more20 = [i]
            keep = o.more20
            o.more20 = (i,)
            total += keep[0] + o.more20[0]
        return total

    q = Few()
    for i in range(30):
        setattr(q, "more%d" % i, i)
    assert held(q, 3000) == 2999 * 3000
    del q.more29
    assert held(q, 3000) == 2999 * 3000
    del q.more20
    assert held(q, 3000) == 2999 * 3000


class Bare:
    limit = 3


class Ending:
    ended = 0

    def __del__(self):
        Ending.ended += 1


class OneSlot:
    __slots__ = ("a",)


class Making:
    made = 0

    def __new__(cls, n):
        self = object.__new__(cls)
        self.n = n
        Making.made += 1
        return self


def test_bare_instances():
    import abc

    class Abstract(abc.ABC):
        @abc.abstractmethod
        def f(self):
            pass

    def run(cls, n):
        total = 0
        for i in range(n):
            o = cls.__new__(cls)
            o.a = i
            p = object.__new__(cls)
            p.a = 1
            total += o.a + p.a
        return total, type(o), type(p)

    for cls in (Bare, OneSlot, Ending, Bare):
        assert run(cls, 3000) == (2999 * 1500 + 3000, cls, cls)
    assert Ending.ended == 6000
    kept = []
    for i in range(3000):
        kept.append(Bare.__new__(Bare))
        assert Bare.__new__(Bare).limit == 3
    assert len(set(map(id, kept))) == 3000
    assert [Making(i).n for i in range(3000)] == list(range(3000)) and Making.made == 3000

    def refused(cls, n):
        count = 0
        for i in range(n):
            try:
                object.__new__(cls)
            except TypeError:
                count += 1
        return count

    assert refused(Abstract, 2000) == refused(int, 2000) == 2000
    assert refused(Bare, 2000) == 0
    Bare.__new__ = lambda cls: 5
    try:
        assert sum(Bare.__new__(Bare) for _ in range(2000)) == 10000
    finally:
        del Bare.__new__
    assert type(Bare.__new__(Bare)) is Bare


def test_class_attributes_named_as_the_metaclass_s():
    class C:
        mro = 3
        __basicsize__ = 4

    def run():
        return sum(C.mro for _ in range(2000)), type(C.__basicsize__), C.__name__

    assert run() == (6000, int, "C") and C.__basicsize__ != 4
    C.mro = 1
    assert run() == (2000, int, "C")
    del C.mro
    assert C.mro() == [C, object]


def test_an_attribute_first_seen_by_a_recording():
    class C:
        pass

    def run(n):
        c = C()
        c.n = 0
        for i in range(n):
            c.n = c.n + 1
            c.last = i
        return c.n, c.last

    for _ in range(6):
        assert run(2000) == (2000, 1999)
    result = []
    thread = threading.Thread(target=lambda: result.append([run(2000) for _ in range(3)]))
    thread.start()
    thread.join()
    assert result == [[(2000, 1999)] * 3]


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
