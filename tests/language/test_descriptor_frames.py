# Descriptors, properties' setters, attribute hooks, named tuples and unpacked arguments, in loops that are compiled and outside:
# what they give, in which order they are asked, and what is raised.
import collections
import functools
import sys
import traceback

from checks import raises


class Limited:
    def __init__(self, x=0):
        self.x = x
        self.log = 0

    @property
    def half(self):
        return self.x // 2

    @half.setter
    def half(self, v):
        if v > 10000:
            raise ValueError("too much")
        self.x = v * 2


class Field:
    def __init__(self, name):
        self.name = name

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return instance.data[self.name] + (owner is Record)

    def __set__(self, instance, value):
        instance.data[self.name] = value


class Shown:
    def __get__(self, instance, owner):
        return ("shown", instance.data["a"])


class Record:
    a = Field("a")
    b = Field("b")
    shown = Shown()

    def __init__(self):
        self.data = {"a": 1, "b": 2}


class Sub(Record):
    pass


def test_setters():
    limited = Limited()
    for i in range(5000):
        limited.half = i
        limited.half += 1
    assert limited.x == 10000 and limited.half == 5000

    def too_far():
        for i in range(20000):
            limited.half = i

    e = raises(ValueError, too_far, message="too much")
    assert [t.name for t in traceback.extract_tb(e.__traceback__)] == ["raises", "too_far", "half"]
    assert limited.half == 10000


def test_setter_changes_meanwhile():
    class Changing:
        x = property(lambda self: self.v, lambda self, v: setattr(self, "v", v))

    c = Changing()
    for i in range(4000):
        c.x = i
        if i == 2000:
            assert c.v == 2000
            Changing.x = property(lambda self: self.v, lambda self, v: setattr(self, "v", -v))
        if i == 3000:
            assert c.v == -3000
            del Changing.x
        if i == 3500:
            assert c.x == 3500 and c.v == -3000
            Changing.x = property(lambda self: 7)
            raises(AttributeError, setattr, c, "x", 1,
                   message="property of 'test_setter_changes_meanwhile.<locals>.Changing' object has no setter")
            Changing.x = property(lambda self: self.w, lambda self, w: self.__dict__.update(w=w))
    assert c.w == 3999


def test_descriptors():
    total, record, sub = 0, Record(), Sub()
    for i in range(5000):
        record.a = i
        sub.b = i + 1
        total += record.a + sub.b + record.b
        assert record.shown == ("shown", i)
    assert total == sum(i + 1 + i + 1 + 3 for i in range(5000))
    assert Record.a is Record.__dict__["a"]
    record.__dict__["shown"] = 5
    record.__dict__["a"] = 5
    for i in range(3000):
        assert record.shown == 5 and record.a == 5000


def test_descriptor_class_changes():
    class Plain:
        def __get__(self, instance, owner):
            return "got"

    class Holder:
        x = Plain()

    h = Holder()
    h.__dict__["x"] = "own"
    g, seen = Holder(), []
    for i in range(4000):
        seen.append((h.x, g.x))
        if i == 1000:
            Plain.__set__ = lambda self, instance, value: None
        if i == 2000:
            Plain.__get__ = lambda self, instance, owner: "changed"
        if i == 3000:
            del Plain.__set__, Plain.__get__
    assert [seen[i][0] for i in (1000, 1001, 2001, 3001)] == ["own", "got", "changed", "own"]
    assert [seen[i][1] for i in (1000, 1001, 2001)] == ["got", "got", "changed"] and isinstance(seen[3001][1], Plain)


class Hooked:
    kind = "hooked"

    def __init__(self):
        self.there = 1

    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(name)
        return len(name)

    @property
    def failing(self):
        raise AttributeError("inside")

    def method(self, x):
        return x + 1


def test_attribute_hook():
    h, total = Hooked(), 0
    for i in range(5000):
        total += h.there + h.missing + h.method(i) + h.failing + len(h.kind)
        h.there = i
    assert total == sum(range(4999)) + 1 + 5000 * (7 + 7 + 6) + sum(range(1, 5001))
    e = raises(AttributeError, lambda: h.nothing, message="nothing")
    assert e.name == "nothing" and e.obj is h
    assert not hasattr(h, "none") and getattr(h, "north", 3) == 3
    for i in range(3000):
        if i == 1000:
            h.missing = 100
        if i == 2000:
            del h.missing
        assert h.missing == (100 if 1000 <= i < 2000 else 7)
    for i in range(3000):
        if i == 1000:
            Hooked.absent = 50
        if i == 2000:
            del Hooked.absent
        assert h.absent == (50 if 1000 <= i < 2000 else 6)


def test_hook_comes_and_goes():
    class Late:
        @property
        def p(self):
            raise AttributeError("p fails")

        def __init__(self):
            self.x = 1

    late, log = Late(), []
    for i in range(3000):
        try:
            log.append(late.p + late.x)
        except AttributeError as e:
            log.append(str(e))
        if i == 1000:
            Late.__getattr__ = lambda self, name: 41
        if i == 2000:
            del Late.__getattr__
    assert log == ["p fails"] * 1001 + [42] * 1000 + ["p fails"] * 999


def test_set_attribute_hook():
    class Watching:
        def __init__(self):
            self.x = 0

        def __setattr__(self, name, value):
            if value == -1:
                raise AttributeError(f"no {name}")
            object.__setattr__(self, name, value * 2)

    class Outer(Watching):
        def __setattr__(self, name, value):
            super().__setattr__(name, value + 1)

    w, o = Watching(), Outer()
    for i in range(4000):
        w.x = i
        o.x = i
        assert w.x == 2 * i and o.x == 2 * i + 2
    raises(AttributeError, lambda: setattr(w, "x", -1), message="no x")
    raises(AttributeError, lambda: setattr(o, "x", -2), message="no x")


Point = collections.namedtuple("Point", "x y")
Wide = collections.namedtuple("Wide", "a b c", defaults=(3,))


class Spot(Point):
    __slots__ = ()

    @property
    def norm(self):
        return self.x + self.y


class Label(collections.namedtuple("LabelBase", "text")):
    def __new__(cls, text):
        return super().__new__(cls, text.upper())


def test_named_tuples():
    total, kept = 0, []
    for i in range(5000):
        p = Point(i, i + 1)
        q = Spot(p.y, y=p.x)
        x, y = p
        w = Wide(p, q)
        total += p.x + q.norm + x - y + p[0] + w.a.x + w[1].y + w.c + len(w)
        if i % 1000 == 0:
            kept.append((p, q, w, Label(f"l{i}")))
    assert total == sum(i + 2 * i + 1 - 1 + i + i + i + 6 for i in range(5000))
    for i, (p, q, w, label) in enumerate(kept):
        n = i * 1000
        assert p == (n, n + 1) and type(p) is Point and q == (n + 1, n) and type(q) is Spot and repr(p) == f"Point(x={n}, y={n + 1})"
        assert w == (p, q, 3) and label.text == f"L{n}" and type(label) is Label and label._asdict() == {"text": f"L{n}"}
        assert p._replace(x=5) == (5, n + 1) and hash(p) == hash((n, n + 1)) and {p: 1}[n, n + 1] == 1
    raises(TypeError, Point, 1, message="Point.__new__() missing 1 required positional argument: 'y'")
    raises(AttributeError, setattr, Point(1, 2), "x", 5, message="can't set attribute")
    for i in range(2000):
        short = tuple.__new__(Point, (i,) if i % 50 == 49 else (i, 2))
        try:
            assert short.x == i and short.y == 2 and i % 50 != 49
        except IndexError as e:
            assert str(e) == "tuple index out of range" and i % 50 == 49


def test_named_tuple_field_changes():
    P = collections.namedtuple("P", "x y")
    p, seen = P(1, 2), []
    for i in range(3000):
        seen.append(p.x)
        if i == 1500:
            P.x = P.y
    assert seen == [1] * 1501 + [2] * 1499


def test_unpacked_arguments():
    def plain(a, b, c=3):
        return a + b * c

    def rest(a, *args):
        return a + len(args) + sum(args)

    def both(*args, **kw):
        return args, kw

    def named(a, *, k=2):
        return a * k

    def wrap(f):
        @functools.wraps(f)
        def inner(*args, **kw):
            return f(*args, **kw)
        return inner

    def positional(f):
        def inner(*args):
            return f(*args)
        return inner

    class C:
        def __init__(self, *args):
            self.args = args

        def method(self, *args):
            return len(self.args) + sum(args)

        def __call__(self, *args):
            return self.method(*args)

    w, p, t, l, total = wrap(plain), positional(plain), (1, 2), [4, 5, 6], 0
    c = C(1, "x", None)
    bound = c.method
    for i in range(4000):
        total += plain(*t) + plain(i, *t) + rest(i) + rest(i, 1, 2) + rest(*l) + rest(*t, i)
        total += w(i, 2) + w(i, b=1) + p(i, i) + p(*t, 1) + wrap(rest)(1, i) + positional(named)(i)
        total += c.method(i) + bound(*t) + c(i, 2) + c(*l) + C(*t).method() + C().method(i)
        assert both(*t, k=i) == ((1, 2), {"k": i}) and both(**{"a": 1}) == ((), {"a": 1}) and named(i, **{"k": 3}) == 3 * i
    assert total == sum(
        7 + (i + 2) + i + (i + 5) + 17 + (1 + 2 + 2 + i) + (i + 6) + (i + 3) + (i + 3 * i) + 3 + (2 + i) + 2 * i
        + (3 + i) + 6 + (3 + i + 2) + 18 + 2 + i for i in range(4000))
    name = "test_unpacked_arguments.<locals>."
    raises(TypeError, lambda: plain(*(1,)), message=name + "plain() missing 1 required positional argument: 'b'")
    raises(TypeError, lambda: w(*range(4)), message=name + "plain() takes from 2 to 3 positional arguments but 4 were given")
    raises(TypeError, lambda: plain(*t, **{"a": 1}), message=name + "plain() got multiple values for argument 'a'")
    raises(TypeError, lambda: plain(*t, **{"z": 1}), message=name + "plain() got an unexpected keyword argument 'z'")
    raises(TypeError, lambda: plain(*t, **{1: 1}), message="keywords must be strings")
    raises(TypeError, lambda: plain(*5), message=__name__ + "." + name + "plain() argument after * must be an iterable, not int")
    raises(TypeError, lambda: plain(*t, **5),
           message=__name__ + "." + name + "plain() argument after ** must be a mapping, not int")
    raises(TypeError, lambda: total(*t), message="'int' object is not callable")

    def deep(n, *args):
        return deep(*(n - 1, *args)) + 1 if n else sum(args)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20000)
    try:
        assert deep(9000, 1, 2) == 9003
    finally:
        sys.setrecursionlimit(limit)
    assert rest(*range(200)) == 0 + 199 + sum(range(200))


def test_arguments_live():
    class Noisy:
        live = 0

        def __init__(self):
            Noisy.live += 1

        def __del__(self):
            Noisy.live -= 1

    def first(*args):
        return args[0]

    def keep(*args):
        return args

    def drop(*args):
        args = None
        return Noisy.live

    for i in range(3000):
        a = first(Noisy(), i)
        assert Noisy.live == 1
        a = keep(Noisy(), a)
        assert Noisy.live == 2 and first(*a) is a[0] and keep(*a) == a
        b = first(*keep(Noisy()))
        assert Noisy.live == 3
        del a, b
        assert Noisy.live == 0 and drop(Noisy(), Noisy()) == 0


def test_attributes_of_classes():
    class Meta(type):
        kind = "meta"

        @property
        def shown(cls):
            return "of " + cls.__name__

        def __getattr__(cls, name):
            if name == "none":
                raise AttributeError(name)
            return ("hook", name)

    class Plain(type):
        pass

    class A(metaclass=Meta):
        value = 1
        shown = "hidden by the metaclass"

        @classmethod
        def make(cls):
            return cls

        @staticmethod
        def double(x):
            return 2 * x

        def method(self):
            return self

    class B(A):
        pass

    class C(metaclass=Plain):
        value = 1

    seen = []
    for i in range(4000):
        assert A.kind == "meta" and A.shown == "of A" and B.shown == "of B" and A.absent == ("hook", "absent")
        assert A.make() is A and B.make() is B and A.double(i) == 2 * i and A.method(i) == i and B.method(self=i) == i
        assert str.upper("a") == "A" and list.__len__([i]) == 1 and object.__init__(C()) is None
        seen.append((A.value, B.value, C.value))
        if i == 1000:
            A.value = 2
        if i == 2000:
            B.value = 3
            Plain.value = property(lambda cls: "data")
        if i == 3000:
            del A.value
            del Plain.value
            A.value = 4
    assert [seen[i] for i in (1000, 1001, 2001, 3001)] == [(1, 1, 1), (2, 2, 1), (2, 3, "data"), (4, 3, 1)]
    assert not hasattr(A, "none")


def test_enums_and_abstract_classes():
    import abc
    import enum

    class Color(enum.Enum):
        RED = 1
        BLUE = 2

    class Flags(enum.IntFlag):
        A = 1
        B = 2

    class Shape(abc.ABC):
        @abc.abstractmethod
        def area(self): ...

    class Square(Shape):
        def __init__(self, w):
            self.w = w

        def area(self):
            return self.w ** 2

    total = 0
    for i in range(3000):
        color = Color.RED if i % 3 else Color.BLUE
        total += color.value + (color is Color.RED) + (color == Color.BLUE) + Square(i).area() + len(color.name)
        assert (Flags.A | Flags.B) == 3 and Color(1) is Color.RED and Color["BLUE"] is Color.BLUE
    assert total == sum((1 + 1 + 3 if i % 3 else 2 + 1 + 4) + i * i for i in range(3000))
    try:
        Shape()
        assert False
    except TypeError as e:
        assert "abstract" in str(e)


def test_keys_by_identity():
    class Node:
        def __init__(self, n):
            self.n = n

    class Same(Node):
        def __eq__(self, other):
            return isinstance(other, Same) and self.n % 5 == other.n % 5

        def __hash__(self):
            return self.n % 5

    nodes = [Node(i) for i in range(20)]
    seen, order, counts, total = set(), {}, {}, 0
    for i in range(4000):
        node = nodes[i * 7 % 20] if i < 3000 else Same(i)
        if node in seen:
            total += 1
        if node not in order:
            order[node] = len(order)
        seen.add(node)
        counts[node] = counts.get(node, 0) + 1
        total += order[node]
    assert len(seen) == len(order) == 25 and sum(counts.values()) == 4000 and counts[Same(3)] == 200
    assert total == 3000 - 20 + 1000 - 5 + 150 * sum(range(20)) + 200 * sum(range(20, 25))
    try:
        counts[Node(1)]
        assert False
    except KeyError:
        pass


def test_super_as_a_value():
    class Base:
        def __init__(self, *args, **kw):
            self.args, self.kw = args, kw

        def add(self, x):
            return x + len(self.args)

    class Derived(Base):
        def __init__(self, *args, **kw):
            super().__init__(*args, **kw)
            self.z = 1

        def add(self, x):
            f = super().add
            return f(x) + super().add(*(x,))

    for i in range(3000):
        d = Derived(i, 2)
        assert d.args == (i, 2) and d.kw == {} and d.z == 1 and d.add(i) == 2 * i + 4
        assert Derived(k=i).kw == {"k": i}
        f = d.add
        assert f(1) == 6 and f.__self__ is d and f is not d.add and f == d.add
