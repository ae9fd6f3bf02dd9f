# Rules of classes that are seldom met: layout of __slots__, __class__ and __bases__ assignment, __dict__, wrappers of other types.
import types

from checks import raises


def test_class_assignment_with_slots():
    class AB:
        __slots__ = ["a", "b"]

    class BA:
        __slots__ = ["b", "a"]

    class CB:
        __slots__ = ["c", "b"]

    class Weak(CB):
        __slots__ = ["__weakref__"]

    class WithDict(CB):
        __slots__ = ["__dict__"]

    class Plain(CB):
        pass

    class Both(CB):
        __slots__ = ["__weakref__", "__dict__"]

    x = AB()
    x.a = 1
    x.__class__ = BA
    assert type(x) is BA and x.a == 1
    y = Plain()
    y.c, y.other = 1, 2
    y.__class__ = Both
    assert type(y) is Both and y.c == 1 and y.other == 2
    for made, other in ((AB, CB), (CB, Weak), (Weak, WithDict), (WithDict, Both)):
        message = str(raises(TypeError, setattr, made(), "__class__", other))
        assert message == "__class__ assignment: '%s' object layout differs from '%s'" % (other.__name__, made.__name__), message


def test_dict_of_a_class_is_its_own():
    class WithProperty:
        __dict__ = property(lambda self: {"a": 2})

    assert vars(WithProperty()) == {"a": 2} and isinstance(WithProperty.__dict__["__dict__"], property)

    class Base:
        pass

    class Meta(Base, type):
        pass

    class C(metaclass=Meta):
        x = 1

    assert C.__dict__["x"] == 1
    raises(AttributeError, setattr, C, "__dict__", {})
    raises((AttributeError, TypeError), Base.__dict__["__dict__"].__set__, C, {})

    class Error(Base, Exception):
        pass

    e = Error()
    e.__dict__ = {"a": 1}
    assert e.a == 1

    class Module(Base, types.ModuleType):
        pass

    assert Module("m").__dict__["__name__"] == "m"

    class Odd(types.ModuleType):
        __dict__ = 8

    raises(TypeError, dir, Odd("m"), message="<module>.__dict__ is not a dictionary")


def test_member_named_like_the_class_cell():
    class C:
        __slots__ = ["__classcell__"]

        def __init__(self):
            super().__init__()

    c = C()
    assert type(C.__dict__["__classcell__"]) is types.MemberDescriptorType
    c.__classcell__ = 3
    assert c.__classcell__ == 3


def test_wrappers_of_other_types_are_refused():
    class A(int):
        __eq__ = str.__eq__
        __add__ = str.__add__

    for operation in (lambda: A() == A(), lambda: A() + A()):
        assert "requires a 'str' object but received a 'A'" in str(raises(TypeError, operation))


def test_bases_assigned_while_they_are_assigned():
    ready = False

    class Meta(type):
        def mro(cls):
            if ready and cls.__name__ == "B":
                C.__bases__ = (B,)
            if ready and cls.__name__ == "C":
                B.__bases__ = (C,)
            return type.mro(cls)

    class A(metaclass=Meta):
        pass

    class B(A):
        pass

    class C(A):
        pass

    ready = True
    raises(TypeError, setattr, B, "__bases__", (A,), message="a __bases__ item causes an inheritance cycle")
    ready = False
    assert B.__bases__ == (A,) and C.__bases__ == (A,)


def test_mro_without_the_class():
    class Other:
        pass

    class Meta(type):
        def mro(cls):
            return (Other,)

    raises(TypeError, Meta, "C", (), {}, message="super(type, obj): obj must be an instance or subtype of type")


def test_names_and_docs_must_be_encodable():
    C = type("C", (), {})
    for broken in (lambda: setattr(C, "__name__", "A\udcdcB"), lambda: type("C", (), {"__doc__": "\udcdc"})):
        raises(UnicodeEncodeError, broken)
    assert C.__name__ == "C"


def test_class_and_static_methods_show_the_function():
    def f():
        "doc"

    for kind in (classmethod, staticmethod):
        m = kind(f)
        assert m.__wrapped__ is f and sorted(m.__dict__) == ["__annotations__", "__doc__", "__module__", "__name__", "__qualname__"]


def test_property_details():
    class Slotted(property):
        __slots__ = ()

    def documented(self):
        "doc"

    raises(AttributeError, Slotted, documented, message="'Slotted' object attribute '__doc__' is read-only")
    raises(TypeError, property().__set_name__, 1, message="__set_name__() takes 2 positional arguments but 1 were given")


def test_messages_of_deleting_items():
    class A:
        pass

    class Index:
        def __index__(self):
            return 0

    def message(container, key):
        try:
            del container[key]
        except TypeError as error:
            return str(error)
    does_not, doesnt = "object does not support item deletion", "object doesn't support item deletion"
    for container in (5, None, len, int, 1.5):
        for key in (0, slice(0, 1), "a", Index()):
            assert message(container, key) == f"{type(container).__name__!r} {does_not}", (container, key)
    for container in ((1,), "s", range(3), b"s", {1}, A(), {1: 2}.keys(), {1: 2}.values()):
        for key in (0, Index(), True):
            assert message(container, key) == f"{type(container).__name__!r} {doesnt}", (container, key)
        for key in (slice(0, 1), "a", None):
            assert message(container, key) == f"{type(container).__name__!r} {does_not}", (container, key)


def test_messages_name_the_module_of_native_types():
    import collections
    for kind, name in ((collections.deque, "collections.deque"), (int, "int")):
        for attribute in ("x", "__name__", "__doc__", "__annotations__"):
            try:
                setattr(kind, attribute, 1)
                raise AssertionError(attribute)
            except TypeError as error:
                assert str(error) == f"cannot set {attribute!r} attribute of immutable type {name!r}", error


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
