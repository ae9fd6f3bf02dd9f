"""Attribute and item instructions that see several shapes, or a temporary that dies with the access."""


class Dies:
    log = []

    def __init__(self, name, **attributes):
        self.name = name
        self.__dict__.update(attributes)

    def __del__(self):
        Dies.log.append(self.name)


def logged(f, *args):
    Dies.log.clear()
    result = f(*args)
    return result, list(Dies.log)


def test_attribute_of_a_dying_object():
    def make(value):
        d = Dies("d")
        d.value = value
        return d

    def read(value):
        return make(value).value

    for value in (1, "text", [1], (2,), None, 1.5):
        for _ in range(3):
            assert logged(read, value) == (value, ["d"])


def test_chain_keeps_what_is_read():
    def read():
        outer = Dies("outer")
        outer.inner = Dies("inner")
        outer.inner.x = [1, 2]
        holder = [outer]
        del outer
        return holder.pop().inner.x

    for _ in range(3):
        assert logged(read) == ([1, 2], ["outer", "inner"])


def test_item_of_a_dying_container():
    def from_list(i):
        return [Dies("a"), Dies("b")][i]

    def from_tuple(i):
        return (Dies("a"), Dies("b"))[i]

    def from_dict(i):
        return {0: Dies("a"), 1: Dies("b"), -1: Dies("c")}[i]

    for make in (from_list, from_tuple):
        for i, gone in ((0, "b"), (1, "a"), (-1, "a")):
            for _ in range(3):
                Dies.log.clear()
                found = make(i)
                assert Dies.log == [gone]
                del found
                assert sorted(Dies.log) == ["a", "b"]
    for i in (0, 1, -1):
        Dies.log.clear()
        found = from_dict(i)
        assert len(Dies.log) == 2 and found.name not in Dies.log
        del found
    for make, error in ((from_list, IndexError), (from_tuple, IndexError), (from_dict, KeyError)):
        for i in (2, -3):
            try:
                make(i)
            except error:
                pass
            else:
                assert False


def test_destructor_sees_its_frame_intact():
    class Watches:
        def __init__(self):
            self.value = ["kept"]

        def __del__(self):
            junk = [object() for _ in range(50)]
            seen.append(len(junk))

    def read():
        a = 1
        v = Watches().value
        return a, v

    seen = []
    for _ in range(3):
        assert read() == (1, ["kept"])
    assert seen == [50] * 3


def test_many_shapes_at_one_site():
    def make(n):
        class C:
            shared = n

            def __init__(self):
                for i in range(n):
                    setattr(self, f"pad{i}", i)
                self.x = n

            def method(self, k):
                return self.x * 100 + k

            @property
            def prop(self):
                return -self.x
        return C

    class Slots:
        __slots__ = ("x",)
        shared = 99

        def __init__(self):
            self.x = 99

        def method(self, k):
            return self.x * 100 + k
        prop = property(lambda self: -self.x)

    class Dynamic:
        def __getattr__(self, name):
            if name == "method":
                return lambda k: 7700 + k
            return {"x": 77, "shared": 77, "prop": -77}[name]

    things = [make(n)() for n in range(12)] + [Slots(), Dynamic()]
    expected = list(range(12)) + [99, 77]
    for _ in range(40):
        for thing, x in zip(things, expected):
            assert thing.x == x
            assert thing.shared == x
            assert thing.prop == -x
            assert thing.method(3) == x * 100 + 3
    for round_ in range(40):
        for thing in things:
            thing.x = round_
            assert thing.x == round_


def test_site_forgets_a_method_that_changed():
    class A:
        def f(self):
            return "A"

    class B:
        def f(self):
            return "B"

    class C(B):
        pass

    def run():
        return [o.f() for o in (A(), B(), C(), A(), B(), C())]

    for _ in range(40):
        assert run() == ["A", "B", "B"] * 2
    C.f = lambda self: "C"
    for _ in range(40):
        assert run() == ["A", "B", "C"] * 2
    del C.f
    B.f = lambda self: "b"
    for _ in range(40):
        assert run() == ["A", "b", "b"] * 2


def test_attribute_hooks_added_later():
    class A:
        def __init__(self):
            self.x = 1

        def m(self):
            return 1

    def read(o):
        return o.x, o.m()

    def write(o):
        o.x = 3

    a = A()
    for _ in range(5):
        assert read(a) == (1, 1)
        write(A())
    A.__getattribute__ = lambda self, name: (lambda: 5) if name == "m" else 5
    for _ in range(5):
        assert read(a) == (5, 5)
    del A.__getattribute__
    assert read(a) == (1, 1)
    stored = []
    A.__setattr__ = lambda self, name, value: stored.append((name, value))
    write(a)
    assert stored == [("x", 3)] and a.x == 1
    del A.__setattr__
    write(a)
    assert a.x == 3


def test_attribute_errors_name_the_object():
    class A:
        pass

    class B:
        x = 1

    for o in (B(), A(), B(), A()):
        try:
            assert o.x == 1
            assert isinstance(o, B)
        except AttributeError as e:
            assert str(e) == "'A' object has no attribute 'x'"
            assert e.obj is o and e.name == "x"


def test_nested_items():
    rows = [[1, 2], (3, 4), "ab", {0: "zero"}, [Dies("x"), [5]]]
    for _ in range(3):
        assert (rows[0][1], rows[1][0], rows[2][-1], rows[3][0], rows[-1][1], rows[4][1][0]) == (2, 3, "b", "zero", [5], 5)
        assert [rows[i][0] for i in range(4)] == [1, 3, "a", "zero"]
        for i, k, error in ((9, 0, IndexError), (0, 9, IndexError), (0, -3, IndexError), (3, 1, KeyError), (0, "a", TypeError)):
            try:
                rows[i][k]
            except error as e:
                assert e.__traceback__.tb_lineno == test_nested_items.__code__.co_firstlineno + 7
            else:
                assert False

    def dying():
        return [[Dies("a"), Dies("b")], 1]
    Dies.log.clear()
    kept = dying()[0][1]
    assert Dies.log == ["a"] and kept.name == "b"

    class L(list):
        def __getitem__(self, i):
            return ["L", i]
    odd = L([[1], [2]])
    assert odd[1][1] == 1 and [odd][0][5] == ["L", 5]
    big = [[0] * 3] * 2
    assert big[True][True] == 0


def test_descriptors_of_builtin_types():
    from collections import namedtuple
    P = namedtuple("P", "x y")

    class Q(P):
        extra = 1

    class E(Exception):
        pass
    things = [P(1, 2), Q(3, 4), P([5], None)]
    for _ in range(20):
        assert [(p.x, p.y) for p in things] == [(1, 2), (3, 4), ([5], None)]
        e = E(7)
        assert e.args == (7,) and e.__cause__ is None and (1.5).real == 1.5 and (3).numerator == 3
        assert slice(1, 2).start == 1 and range(5).stop == 5
    for p in things[:2]:
        try:
            p.x = 1
        except AttributeError as error:
            assert str(error) == "can't set attribute"
        else:
            assert False
    Q.x = property(lambda self: "changed")
    assert things[1].x == "changed" and things[0].x == 1
    P.y = 9
    assert [p.y for p in things] == [9, 9, 9]

    def f():
        pass
    assert [f.__defaults__ for _ in range(3)] == [None] * 3
