# Special methods written in Python run in frames of their own, from code that is compiled and from code that is not: what their
# results mean, what is raised about them, what tracebacks and sys.setprofile show, and that deep ones do not exhaust the stack.
import sys
import traceback

from checks import raises


class Row:
    def __init__(self, n):
        self.items = list(range(n))
        self.deleted = 0

    def __getitem__(self, i):
        return self.items[i]

    def __setitem__(self, i, v):
        self.items[i] = v

    def __delitem__(self, i):
        self.deleted += i

    def __contains__(self, x):
        return x % 3 == 0

    def __len__(self):
        return len(self.items)


def test_items():
    row, total = Row(10), 0
    for i in range(5000):
        total += row[i % 10]
        row[i % 10] = row[i % 10] + 1
        del row[i % 10]
        if i in row:
            total += 1
        if i not in row:
            total += 2
        found = i in row
        total += len(row) + found
    assert row.deleted == sum(i % 10 for i in range(5000))
    assert row.items == [i + 500 for i in range(10)]
    assert total == sum(i % 10 + i // 10 for i in range(5000)) + 1667 * 2 + 3333 * 2 + 50000


def test_not_implemented_is_a_value():
    class Odd:
        def __getitem__(self, key):
            return NotImplemented

        def __neg__(self):
            return NotImplemented

        def __setitem__(self, key, value):
            return 5

        def __contains__(self, item):
            return [] if item else [0]

    odd = Odd()
    for i in range(3000):
        assert odd[i] is NotImplemented and -odd is NotImplemented
        odd[i] = 3
        assert (i in odd) is (i == 0)


def test_truth():
    class ByBool:
        def __init__(self, v):
            self.v = v

        def __bool__(self):
            return self.v

        def __len__(self):
            raise AssertionError

    class ByLength:
        def __init__(self, n):
            self.n = n

        def __len__(self):
            return self.n

    class Plain:
        pass

    def run(things):
        out = []
        for t in things:
            if t:
                out.append(1)
            while not t:
                out.append(0)
                break
            out.append(t and 2)
            out.append(t or 3)
            out.append(not t)
            out.append(bool(t))
        return out

    for true, false in ((ByBool(True), ByBool(False)), (ByLength(2), ByLength(0)), (Plain(), None)):
        out = run([true, false, true] * 1500)
        assert out == [1, 2, true, False, True, 0, false, 3, True, False, 1, 2, true, False, True] * 1500
    for v, text in ((1, "int"), (None, "NoneType"), ("x", "str")):
        t = ByBool(v)
        for f in (lambda: not t, lambda: bool(t), lambda: 1 if t else 2, lambda: t and 1, lambda: t or 1):
            raises(TypeError, f, message=f"__bool__ should return bool, returned {text}")
    for v, kind, text in (
        (-1, ValueError, "__len__() should return >= 0"),
        (-(1 << 80), ValueError, "__len__() should return >= 0"),
        (1 << 80, OverflowError, "cannot fit 'int' into an index-sized integer"),
        ("x", TypeError, "'str' object cannot be interpreted as an integer"),
        (2.0, TypeError, "'float' object cannot be interpreted as an integer"),
    ):
        t = ByLength(v)
        for f in (lambda: not t, lambda: bool(t), lambda: 1 if t else 2, lambda: t and 1, lambda: len(t)):
            raises(kind, f, message=text)

    class Index:
        def __index__(self):
            return 7

    assert len(ByLength(Index())) == 7 and type(len(ByLength(True))) is int and bool(ByLength(Index()))

    def late(n):
        t, seen = ByLength(5), 0
        for i in range(n):
            if i == n - 3:
                t.n = -2
            seen += len(t)
        return seen

    raises(ValueError, late, 4000, message="__len__() should return >= 0")


def test_class_without_truth_gets_one():
    class Changing:
        pass

    c, seen = Changing(), []
    for i in range(4000):
        if c:
            seen.append(i)
        if i == 2000:
            Changing.__bool__ = lambda self: False
        if i == 3000:
            Changing.__bool__ = lambda self: True
        if i == 3500:
            del Changing.__bool__
            Changing.__len__ = lambda self: 0
    assert seen == list(range(2001)) + list(range(3001, 3501))


def test_unary_and_builtins():
    class Number:
        def __init__(self, n):
            self.n = n

        def __neg__(self):
            return Number(-self.n)

        def __pos__(self):
            return self.n

        def __invert__(self):
            return self.n + 100

        def __abs__(self):
            return abs(self.n)

        def __hash__(self):
            return self.n

    total, number = 0, Number(-3)
    for i in range(4000):
        total += (-number).n + +number + ~number + abs(number)
        number = -number
    assert total == 4000 // 2 * (3 - 3 + 97 + 3) + 4000 // 2 * (-3 + 3 + 103 + 3)
    assert [hash(Number(i)) for i in (5, 0, -1, -7, 1 << 70, True)] == [5, 0, -2, -7, hash(1 << 70), 1]
    raises(TypeError, lambda: hash(Number("x")), message="__hash__ method should return an integer")
    raises(TypeError, lambda: -Row(1), message="bad operand type for unary -: 'Row'")
    raises(TypeError, lambda: abs(Row(1)), message="bad operand type for abs(): 'Row'")


class Count:
    def __init__(self, n):
        self.i = 0
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.i >= self.n:
            raise StopIteration("ignored")
        self.i += 1
        return self.i


def test_iteration():
    total = 0
    for i in Count(5000):
        total += i
    assert total == 5000 * 5001 // 2
    for n in range(300):
        got = []
        for i in Count(n % 7):
            got.append(i)
        else:
            got.append("end")
        assert got == list(range(1, n % 7 + 1)) + ["end"]
        assert next(iter(Count(3))) == 1

    class Tree:
        def __init__(self, n):
            self.n = n

        def __iter__(self):
            for i in range(self.n):
                yield i
                yield -i

    total = 0
    for n in range(2000):
        for i in Tree(4):
            total += i
        assert list(iter(Tree(2))) == [0, 0, 1, -1]
    assert total == 0

    class Listed:
        def __iter__(self):
            return iter([1, 2])

    class Wrong:
        def __iter__(self):
            return 5

    for n in range(3000):
        for i in Listed():
            total += i
    assert total == 9000
    for f in (lambda: [0 for i in Wrong()], lambda: iter(Wrong())):
        raises(TypeError, f, message="iter() returned non-iterator of type 'int'")

    def take():
        it = Count(2)
        next(it)
        next(it)
        return next(it)

    raises(StopIteration, take, message="ignored")
    assert next(Count(0), "default") == "default"


def test_iteration_that_fails():
    class Failing(Count):
        def __next__(self):
            if self.i == 3:
                raise KeyError("three")
            return Count.__next__(self)

    class Derived(StopIteration):
        pass

    class Ending(Count):
        def __next__(self):
            if self.i == 3:
                raise Derived
            return Count.__next__(self)

    for n in range(400):
        got = []
        try:
            for i in Failing(10):
                got.append(i)
        except KeyError as e:
            got.append(traceback.extract_tb(e.__traceback__)[-1].name)
        assert got == [1, 2, 3, "__next__"]
        assert [i for i in Ending(10)] == [1, 2, 3]
        assert sys.exc_info() == (None, None, None)

    def inner():
        for i in Count(2):
            # An exception of the loop's body is none of its iterator.
            try:
                raise StopIteration("mine")
            except StopIteration as e:
                assert str(e) == "mine"
        raises(StopIteration, next, Count(0), message="ignored")

    inner()


def test_calls():
    class Adder:
        def __init__(self, n):
            self.n = n

        def __call__(self, x, y=10, *, z=0):
            return self.n + x + y + z

        def method(self, x, y=1):
            return self.n * x + y

    class Many:
        def __call__(self, *args, **kw):
            return args, kw

    add, bound, many, total = Adder(5), Adder(3).method, Many(), 0
    holder = Adder(0)
    holder.add = add
    holder.bound = bound
    for i in range(4000):
        total += add(i) + add(i, 2) + add(i, z=3) + add(x=1, y=i)
        total += bound(i) + bound(i, 2) + bound(x=i)
        total += holder.add(i) + holder.add(i, z=1) + holder.bound(i)
    each = 4000 * 3999 // 2
    assert total == each * 6 + 4000 * (15 + 7 + 18 + 6 + 15 + 16) + each * 12 + 4000 * 5
    assert many(1, 2, a=3) == ((1, 2), {"a": 3})
    raises(TypeError, add, message="test_calls.<locals>.Adder.__call__() missing 1 required positional argument: 'x'")
    raises(TypeError, add, 1, 2, 3,
           message="test_calls.<locals>.Adder.__call__() takes from 2 to 3 positional arguments but 4 were given")
    raises(TypeError, Row(1), message="'Row' object is not callable")


def test_constructors():
    class Plain:
        def __new__(cls, a, b=2):
            self = super().__new__(cls)
            self.sum = a + b
            return self

    class Both:
        def __new__(cls, a, *rest, **kw):
            self = object.__new__(cls)
            self.new = a
            return self

        def __init__(self, a, b=3, *, c=4):
            self.rest = a, b, c

    class Derived(Both):
        pass

    class Factory(Both):
        def __new__(cls, kind, value):
            return Derived(value, 9) if kind else [kind, value]

    class Pair(tuple):
        def __new__(cls, a, b):
            return tuple.__new__(cls, (a, b))

        def __init__(self, a, b):
            self.initialised = a

    class Meta(type):
        def __call__(cls, *args):
            return ("made", super().__call__(*args).sum)

    class Made(Plain, metaclass=Meta):
        pass

    class Bad:
        def __init__(self):
            return 5

        def __new__(cls):
            return super().__new__(cls)

    for i in range(3000):
        assert Plain(i).sum == i + 2 and Plain(i, b=5).sum == i + 5
        both = Both(i)
        assert both.new == i and both.rest == (i, 3, 4)
        both = Both(i, 5, c=6)
        assert both.new == i and both.rest == (i, 5, 6)
        assert Derived(i, 1).rest == (i, 1, 4)
        made = Factory(1, i)
        assert type(made) is Derived and made.rest == (i, 9, 4) and Factory(0, i) == [0, i]
        pair = Pair(i, 1)
        assert pair == (i, 1) and pair.initialised == i and type(pair) is Pair
        assert Made(i) == ("made", i + 2)
    raises(TypeError, Plain, message="test_constructors.<locals>.Plain.__new__() missing 1 required positional argument: 'a'")
    raises(TypeError, Bad, message="__init__() should return None, not 'int'")
    raises(TypeError, Both, 1, 2, 3,
           message="test_constructors.<locals>.Both.__init__() takes from 2 to 3 positional arguments but 4 were given")


def test_constructor_of_subclass_instance():
    log = []

    class Base:
        def __new__(cls, kind):
            return object.__new__({0: Base, 1: Sub, 2: Other}[kind])

    class Sub(Base):
        def __init__(self, kind):
            log.append(kind)

    class Other:
        def __init__(self, kind):
            log.append("never")

    for i in range(3000):
        assert type(Base(i % 3)) is (Base, Sub, Other)[i % 3]
    assert log == [1] * 1000


def test_generator_methods():
    class Odd:
        def __getitem__(self, i):
            yield i

        def __lt__(self, other):
            yield 1

        def __add__(self, other):
            yield other

        def __bool__(self):
            yield True

        def __len__(self):
            yield 1

        def __call__(self):
            yield 4

    odd = Odd()
    for i in range(3000):
        assert list(odd[i]) == [i] and list(odd < 3) == [1] and list(odd + 2) == [2] and list(odd()) == [4]
        assert 5 if odd < odd else 0
    raises(TypeError, lambda: 1 if odd else 2, message="__bool__ should return bool, returned generator")
    raises(TypeError, lambda: len(odd), message="'generator' object cannot be interpreted as an integer")


def test_operands_live():
    log = []

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __getitem__(self, key):
            return self.n + key.n

        def __setitem__(self, key, value):
            self = key = value = None
            assert not log, log

        def __call__(self, other):
            return self.n + other.n

        def __len__(self):
            return self.n

        def __bool__(self):
            return self.n > 0

        def __contains__(self, other):
            return self.n > other.n

        def __del__(self):
            log.append(self.n)

    for i in range(2000):
        assert Noisy(i)[Noisy(1)] == i + 1
        assert sorted(log) == sorted([i, 1])
        log.clear()
        Noisy(i)[Noisy(1)] = Noisy(2)
        assert sorted(log) == sorted([i, 1, 2])
        log.clear()
        assert Noisy(i)(Noisy(3)) == i + 3 and len(Noisy(4)) == 4
        assert sorted(log) == sorted([i, 3, 4])
        log.clear()
        assert not Noisy(0) and (Noisy(1) in Noisy(2))
        assert sorted(log) == [0, 1, 2]
        log.clear()
        bound = Noisy(7).__call__
        assert bound(Noisy(8)) == 15 and log == [8]
        bound = None
        assert log == [8, 7]
        log.clear()


def test_methods_change_meanwhile():
    class Changing:
        def __getitem__(self, i):
            return 1

        def __call__(self):
            return 1

        def __len__(self):
            return 1

    c, total = Changing(), 0
    for i in range(4000):
        total += c[i] + c() + len(c)
        if i == 2500:
            Changing.__getitem__ = Changing.__call__ = lambda self, *args: 5
            Changing.__len__ = lambda self: 5
        if i == 3500:
            del Changing.__getitem__
            raises(TypeError, lambda: c[i], message="'Changing' object is not subscriptable")
            Changing.__getitem__ = lambda self, i: 7
    assert total == 3 * 2501 + 15 * 1000 + 17 * 499


def test_frames():
    class Shown:
        def names(self):
            frame, names = sys._getframe(1), []
            while frame and len(names) < 3:
                names.append(frame.f_code.co_name)
                frame = frame.f_back
            return names

        def __getitem__(self, i):
            return self.names()

        def __call__(self):
            return self.names()

        def __len__(self):
            self.seen = self.names()
            return 1

        def __new__(cls):
            return object.__new__(cls)

    shown = Shown()

    def run():
        for i in range(1500):
            assert shown[i] == ["__getitem__", "run", "test_frames"]
            assert shown() == ["__call__", "run", "test_frames"]
            assert len(shown) == 1 and shown.seen == ["__len__", "run", "test_frames"]

    run()

    class Failing:
        def __getitem__(self, i):
            return 1 // i

        def __len__(self):
            return 1 // 0

        def __setitem__(self, i, v):
            raise LookupError

        def __bool__(self):
            return self[0]

    f = Failing()
    for use, names in (
        (lambda: f[0], ["<lambda>", "__getitem__"]),
        (lambda: len(f), ["<lambda>", "__len__"]),
        (lambda: f.__setitem__(1, 2), ["<lambda>", "__setitem__"]),
        (lambda: 1 if f else 2, ["<lambda>", "__bool__", "__getitem__"]),
        (lambda: 3 in f, None),
    ):
        for i in range(50):
            try:
                use()
            except (ZeroDivisionError, LookupError) as e:
                if names:
                    assert [t.name for t in traceback.extract_tb(e.__traceback__)][1:] == names


def test_deep():
    class Chain:
        def __init__(self, depth):
            self.depth = depth

        def __getitem__(self, i):
            return Chain(self.depth - 1)[i] + 1 if self.depth else 0

        def __len__(self):
            return len(Chain(self.depth - 1)) + 1 if self.depth else 0

        def __bool__(self):
            return not Chain(self.depth - 1) if self.depth else True

        def __call__(self):
            return Chain(self.depth - 1)() + 1 if self.depth else 0

        def __contains__(self, x):
            return x in Chain(self.depth - 1) if self.depth else True

        def __iter__(self):
            return iter(Chain(self.depth - 1)) if self.depth else iter([1])

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20000)
    try:
        chain = Chain(9000)
        assert chain[0] == len(chain) == chain() == 9000 and bool(chain) is True and 1 in chain and list(chain) == [1]
    finally:
        sys.setrecursionlimit(limit)
    endless = Chain(1 << 40)
    for f in (lambda: endless[0], lambda: len(endless), lambda: bool(endless), endless, lambda: 1 in endless):
        try:
            f()
            assert False
        except RecursionError as e:
            assert str(e).startswith("maximum recursion depth exceeded")


def test_profile():
    class Seen:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return i

        def __call__(self):
            return 1

    seen, events = Seen(), []

    def use():
        len(seen)
        seen[1]
        seen()
        return 1 if seen else 0

    def profile(frame, event, arg):
        events.append((event, arg.__name__ if event.startswith("c_") else frame.f_code.co_name))

    sys.setprofile(profile)
    try:
        use()
    finally:
        sys.setprofile(None)
    assert events[:-1] == [
        ("call", "use"),
        ("c_call", "len"), ("call", "__len__"), ("return", "__len__"), ("c_return", "len"),
        ("call", "__getitem__"), ("return", "__getitem__"),
        ("call", "__call__"), ("return", "__call__"),
        ("call", "__len__"), ("return", "__len__"),
        ("return", "use"),
    ], events
    lines = []

    def trace(frame, event, arg):
        lines.append((event, frame.f_code.co_name))
        return trace

    sys.settrace(trace)
    try:
        use()
        for x in Count(1):
            pass
    finally:
        sys.settrace(None)
    assert lines.count(("call", "__len__")) == 2 and lines.count(("call", "__next__")) == 2
    assert lines.count(("exception", "__next__")) == 1 and ("return", "__getitem__") in lines
