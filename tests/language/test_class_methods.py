"""Class and static methods at hot call sites, with what they rely on changed in the middle."""


class Base:
    made = 0

    @classmethod
    def make(cls, x):
        return cls, x

    @staticmethod
    def twice(x):
        return 2 * x

    @classmethod
    def names(cls):
        return cls.__name__


class Derived(Base):
    pass


class Meta(type):
    def meta(cls, x):
        return cls, -x


class Odd(metaclass=Meta):
    @classmethod
    def make(cls, x):
        return cls, x


def test_receivers():
    b, d = Base(), Derived()
    for i in range(3000):
        assert Base.make(i) == (Base, i) and Derived.make(i) == (Derived, i)
        assert b.make(i) == (Base, i) and d.make(i) == (Derived, i)
        assert Base.twice(i) == d.twice(i) == b.twice(i) == 2 * i
        assert Odd.make(i) == (Odd, i) and Odd().make(i) == (Odd, i) and Odd.meta(i) == (Odd, -i)
    for c in (Base, Derived) * 1500:
        assert c.names() == c.__name__ and c().names() == c.__name__


def test_bound():
    d = Derived()
    for i in range(3000):
        f, g = d.make, Derived.make
        assert f(i) == g(i) == (Derived, i) and f.__self__ is Derived and f == g
        assert d.twice(i) == 2 * i and d.twice is Derived.twice


def test_replaced():
    class Local(Base):
        pass

    x = Local()
    results = []
    for i in range(4000):
        if i == 2000:
            Local.make = classmethod(lambda cls, v: (cls, "new"))
            Local.twice = staticmethod(lambda v: "static")
        if i == 3000:
            Local.make = lambda self, v=None: "plain"
            x.twice = lambda v: "own"
        results.append((x.make(i), x.twice(i), Local.make(i)))
    assert results[1999] == ((Local, 1999), 3998, (Local, 1999))
    assert results[2000] == ((Local, "new"), "static", (Local, "new"))
    assert results[3000] == ("plain", "own", "plain")
    del Local.make, Local.twice, x.twice
    assert x.make(1) == (Local, 1) and x.twice(1) == 2


def test_other_callables():
    class Callable:
        def __call__(self, cls, x):
            return "called", cls, x

    class Holder:
        method = classmethod(Callable())
        static = staticmethod(len)
        prop = classmethod(property(lambda cls: cls.__name__))

    h = Holder()
    for i in range(3000):
        assert h.method(i) == Holder.method(i) == ("called", Holder, i)
        assert h.static("abc") == Holder.static("ab") + 1
        assert h.prop == Holder.prop == "Holder"


def test_changed_class():
    x = Base()
    seen = []
    for i in range(3000):
        if i % 1000 == 999:
            x.__class__ = Derived if type(x) is Base else Base
        seen.append(x.names())
    assert seen.count("Derived") == 1001 and seen[0] == "Base" and seen[999] == "Derived"
