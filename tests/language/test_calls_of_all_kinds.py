"""One call site meets functions with defaults, builtin functions and methods, classes and what modules hold of them."""
import builtins
import collections
import gc
import math
import sys
import types

from checks import raises

module = types.ModuleType("module")
events = []


def with_defaults(a, b=2, c=3):
    return a, b, c


def test_defaults_may_change_between_calls():
    saved = with_defaults.__defaults__
    for defaults in ((2, 3), ("x", "y"), (10, 20)):
        with_defaults.__defaults__ = defaults
        assert [with_defaults(1), with_defaults(1, 5), with_defaults(1, 5, 6)] == [(1, *defaults), (1, 5, defaults[1]), (1, 5, 6)]
    with_defaults.__defaults__ = None
    raises(TypeError, with_defaults, 1, 2, message="with_defaults() missing 1 required positional argument: 'c'")
    raises(TypeError, lambda: with_defaults(1), message="with_defaults() missing 2 required positional arguments: 'b' and 'c'")
    with_defaults.__defaults__ = (1, 2, 3, 4)
    assert with_defaults() == (2, 3, 4)
    with_defaults.__defaults__ = saved
    raises(TypeError, lambda: with_defaults(1, 2, 3, 4),
           message="with_defaults() takes from 1 to 3 positional arguments but 4 were given")
    raises(TypeError, lambda: with_defaults(), message="with_defaults() missing 1 required positional argument: 'a'")
    raises(TypeError, lambda: with_defaults(1, a=2), message="with_defaults() got multiple values for argument 'a'")
    raises(TypeError, lambda: with_defaults(1, z=2), message="with_defaults() got an unexpected keyword argument 'z'")


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        # Runs a frame where the window of the refused call lay.
        events.append((self.name, sum([len(self.name), *range(3)])))


def test_arguments_of_refused_calls_die():
    def two(a, b):
        pass

    def named(a, *, k):
        pass

    for call in (lambda: two(Noisy("a"), Noisy("b"), Noisy("c"), Noisy("d")), lambda: two(Noisy("a"), x=Noisy("b")),
                 lambda: named(Noisy("a"), Noisy("b"), k=Noisy("c")), lambda: named(Noisy("a"))):
        del events[:]
        try:
            call()
        except TypeError as e:
            shown = str(e)
        else:
            raise AssertionError
        assert shown and all(total == 4 for _, total in events)
        gc.collect()
        assert sorted(n for n, _ in events) == sorted(set(n for n, _ in events)) and events, events


def test_starred_arguments_keep_what_they_get():
    def rest(a, *others, k=1, **named):
        return a, others, k, named

    for n in range(20):
        values = [[i] for i in range(n + 1)]
        a, others, k, named = rest(*values, k=5, z=values)
        assert a is values[0] and list(others) == values[1:] and k == 5 and named["z"] is values
        assert all(x is y for x, y in zip(others, values[1:]))
    assert rest(1) == (1, (), 1, {}) and rest(1, 2, z=3) == (1, (2,), 1, {"z": 3})


class Sized:
    def __len__(self):
        return 7

    def __bool__(self):
        return False

    def __iter__(self):
        yield from "ab"

    def __hash__(self):
        return 11

    def __abs__(self):
        return 12


def test_builtins_found_in_modules():
    module.length, module.size, module.kind = len, abs, type
    s = Sized()
    for _ in range(3):
        for x, n in (([1], 1), ("ab", 2), (s, 7), ({1: 2}, 1)):
            assert len(x) == n and builtins.len(x) == n and module.length(x) == n
        assert module.size(-3) == 3 and module.size(s) == 12 and builtins.hash(s) == 11
        assert builtins.bool(s) is False and builtins.list(s) == ["a", "b"] and builtins.str(5) == "5" and module.kind(s) is Sized
        assert builtins.sum(i for i in range(5)) == 10 and builtins.sorted(s) == ["a", "b"] and builtins.max([3, 9, 2]) == 9
        assert math.gcd(12, 18) == 6 and math.gcd() == 0 and math.hypot(3, 4) == 5.0 and math.log(8, 2) == 3.0
    raises(TypeError, lambda: builtins.len(5), message="object of type 'int' has no len()")
    raises(TypeError, lambda: builtins.len(1, 2), message="len() takes exactly one argument (2 given)")
    raises(TypeError, lambda: module.length(), message="len() takes exactly one argument (0 given)")
    raises(ValueError, lambda: math.sqrt(-1), message="math domain error")


def test_bound_builtin_methods():
    items = []
    append, pop, index, join = items.append, items.pop, "abcabc".index, "-".join
    for i in range(5):
        append(i)
    assert pop() == 4 and pop(0) == 0 and items == [1, 2, 3] and index("c") == 2 and index("c", 3) == 5
    assert join(str(i) for i in range(3)) == "0-1-2" and join(["x"]) == "x"
    raises(IndexError, lambda: pop(10), message="pop index out of range")
    raises(TypeError, lambda: append(), message="list.append() takes exactly one argument (0 given)")
    raises(TypeError, lambda: pop(1, 2), message="pop expected at most 1 argument, got 2")

    class Keeper:
        pass

    k = Keeper()
    k.add = [].append   # the only one that keeps the list
    for i in range(3):
        k.add(i)
    assert k.add.__self__ == [0, 1, 2]


class Plain:
    def __init__(self, a, b=5):
        self.pair = a, b


class Made:
    def __new__(cls, *args):
        self = super().__new__(cls)
        self.args = args
        return self

    def __init__(self, *args):
        self.also = args


class Failing:
    def __init__(self, x):
        raise KeyError(x)


class Error(Exception):
    def __init__(self, code):
        super().__init__(code, "text")
        self.code = code


class Callable:
    def __call__(self, x, y=1):
        return x + y


def test_classes_by_name_and_from_modules():
    for name in ("Plain", "Made", "Failing", "Error", "Callable"):
        setattr(module, name, globals()[name])
    module.call, module.partial = Callable(), types.SimpleNamespace
    for i in range(3):
        assert Plain(i).pair == (i, 5) and module.Plain(i, 6).pair == (i, 6)
        made = module.Made(i, 2)
        assert made.args == made.also == (i, 2) == Made(i, 2).also
        raises(KeyError, lambda: module.Failing(i), message=str(i))
        raises(KeyError, lambda: Failing(i), message=str(i))
        assert module.Error(i).args == (i, "text") and Error(i).code == i and module.call(i) == i + 1 and module.call(i, 9) == i + 9
        assert collections.deque([i]) == collections.deque((i,)) and collections.OrderedDict(a=i) == {"a": i}
        assert module.partial(x=i).x == i and builtins.ValueError(i).args == (i,) and builtins.range(2, 8, 3)[1] == 5
    raises(TypeError, lambda: module.Plain(), message="Plain.__init__() missing 1 required positional argument: 'a'")
    raises(TypeError, lambda: Plain(1, 2, 3), message="Plain.__init__() takes from 2 to 3 positional arguments but 4 were given")
    raises(TypeError, lambda: module.Callable(1), message="Callable() takes no arguments")


def test_methods_found_on_classes():
    class Base:
        @staticmethod
        def static(a, b=2):
            return a, b

        @classmethod
        def make(cls, a=1):
            return cls, a

        def method(self, a=1, *rest):
            return self, a, rest

        inner = Plain
        parse = int

    class Derived(Base):
        pass

    d = Derived()
    for _ in range(3):
        assert Base.static(1) == d.static(1) == (1, 2) and Derived.make() == (Derived, 1) and d.make(5) == (Derived, 5)
        assert Base.method(d) == d.method() == (d, 1, ()) and d.method(1, 2, 3) == (d, 1, (2, 3))
        assert d.inner(4).pair == (4, 5) and Base.inner(1, 2).pair == (1, 2) and d.parse("12") == 12 == Base.parse("12")
    Base.static = staticmethod(lambda a: a * 2)
    assert Base.static(4) == 8 == d.static(4)
    module.static = Base.static
    assert module.static(5) == 10
    module.static = lambda a, b=3: a + b
    assert module.static(5) == 8
    del module.static
    raises(AttributeError, lambda: module.static(5), message="module 'module' has no attribute 'static'")


def test_instances_of_classes():
    class Meta(type):
        def __instancecheck__(cls, other):
            return other == "yes"

    class Odd(metaclass=Meta):
        pass

    class Liar:
        @property
        def __class__(self):
            return int

    class Chameleon:
        def __getattribute__(self, name):
            return dict if name == "__class__" else object.__getattribute__(self, name)

    import weakref
    plain = Plain(1)
    proxy = weakref.proxy(plain)
    for _ in range(3):
        assert isinstance(Liar(), int) and isinstance(Liar(), Liar) and not isinstance(Liar(), str)
        assert isinstance(Chameleon(), dict) and not isinstance(Chameleon(), list) and isinstance("yes", Odd) and not isinstance("no", Odd)
        assert isinstance(proxy, Plain) and not isinstance(proxy, int) and isinstance(list[int], type(list[int])) and not isinstance(3, str)
        assert isinstance(Plain, type) and not isinstance(Plain, int) and isinstance(sys, types.ModuleType) and not isinstance(sys, str)
        assert isinstance(True, int) and isinstance(Odd, Meta) and isinstance(3, (str, (float, int))) and isinstance(3, int | str)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        for _ in range(2):
            function()
