# Small rules of builtin types that programs meet: conversions, iterators, pickling of subclasses, messages.
import sys
import copy
import io
import pickle
import time
import types
import typing
import warnings
import weakref

from checks import raises


class Slotted(bytearray):
    __slots__ = ("x", "__dict__")


class Text(str):
    def __bytes__(self):
        return b"own"


class Number(float):
    def __float__(self):
        return 42.0


class Labelled(float):
    def __new__(cls, value, label=None):
        self = super().__new__(cls, value)
        self.label = label
        return self


def test_conversions():
    raises(ValueError, int, "10", 2**100, message="int() base must be >= 2 and <= 36, or 0")
    assert float(Number(1)) == 42.0 and Labelled("1.5", label="a").label == "a"
    raises(TypeError, float, x=1, message="float() takes no keyword arguments")
    assert bytes(Text("x")) == b"own"
    raises(TypeError, bytes, "x", message="string argument without an encoding")
    assert type(range(True).stop) is int and type(range(False, True).start) is int


def test_iterators_are_not_made_by_hand():
    for value in ("a", b"a", bytearray(b"a"), memoryview(b"a"), [1], (1,), range(1)):
        assert str(raises(TypeError, type(iter(value)))).startswith("cannot create '")


def test_weak_references_to_sets():
    s = {1}
    r = weakref.ref(s)
    assert r() is s
    del s
    assert r() is None


def test_pickling():
    b = Slotted(b"abc")
    b.x, b.y = 1, 2
    for made in (copy.copy(b), pickle.loads(pickle.dumps(b))):
        assert (made, made.x, made.y) == (b"abc", 1, 2)
    assert list(copy.copy(iter(tuple[int]))) == [typing.get_args(list[*tuple[int]])[0]]


def test_namespace_repr():
    n = types.SimpleNamespace(x=1, y=types.SimpleNamespace(z=3))
    assert repr(n) == "namespace(x=1, y=namespace(z=3))"
    n.self = n
    assert repr(n) == "namespace(x=1, y=namespace(z=3), self=namespace(...))"


def test_writable_arguments():
    for stream in (io.BytesIO(b"x"), open("/dev/null", "rb"), open("/dev/null", "rb", buffering=0)):
        with stream:
            raises(TypeError, stream.readinto, b"abc",
                   message="readinto() argument must be read-write bytes-like object, not bytes")


def test_variadic_aliases():
    Ts = typing.TypeVarTuple("Ts")
    T = typing.TypeVar("T")
    assert dict[str, tuple[T, *Ts]][int, str, float] == dict[str, tuple[int, str, float]]
    assert list[dict[T, str]][int] == list[dict[int, str]]


def test_generic_named_tuple():
    T = typing.TypeVar("T")

    class Pair(typing.NamedTuple, typing.Generic[T]):
        x: T

    class Other(typing.Generic[T], typing.NamedTuple):
        x: T

    assert Pair(1) == (1,) and Other(x=2).x == 2 and Pair[int](3).x == 3 and isinstance(Other(1), tuple)


def test_methods_beside_slots():
    class Inherits(dict):
        pass

    class Overrides(dict):
        def __contains__(self, key):
            return True

    class Returns(Overrides):
        __contains__ = dict.__contains__
    assert "a" in Inherits(a=1) and "b" not in Inherits(a=1) and "b" in Overrides() and "b" not in Returns(a=1)
    Inherits.__contains__ = lambda self, key: True
    assert "b" in Inherits()
    del Inherits.__contains__
    assert "b" not in Inherits()
    kind = type(list.append)
    assert all(type(f) is kind for f in (dict.__contains__, dict.__getitem__, list.__getitem__, set.__contains__, frozenset.__contains__))
    for call, message in ((lambda: {}.__contains__(), "dict.__contains__() takes exactly one argument (0 given)"),
                          (lambda: [].__getitem__(1, 2), "list.__getitem__() takes exactly one argument (2 given)"),
                          (lambda: dict.__contains__([], 1), "descriptor '__contains__' for 'dict' objects doesn't apply to a 'list' object")):
        try:
            call()
        except TypeError as e:
            assert str(e) == message, e
        else:
            assert False


def test_a_class_body_may_bind_dict_and_weakref():
    import inspect
    import weakref

    class WithDict(dict):
        a = 3

        @property
        def __dict__(self):
            return {"x": 1}

    class WithWeakref:
        __weakref__ = 7

    class Plain:
        pass
    thing = WithDict()
    thing.a = 4
    assert thing.a == 4 and thing.__dict__ == vars(thing) == {"x": 1} and isinstance(WithDict.__dict__["__dict__"], property)
    assert inspect.getattr_static(thing, "a") == 3
    assert WithWeakref().__weakref__ == 7 and weakref.ref(WithWeakref())() is None
    plain = Plain()
    assert plain.__weakref__ is None
    reference = weakref.ref(plain)
    assert plain.__weakref__ is reference


def test_signature_in_a_docstring():
    class C:
        """C(raw, size=3)\n--\n\ntext"""

    class D:
        """D(raw, size=3)"""
    assert C.__text_signature__ == "(raw, size=3)" and D.__text_signature__ is None


class Whole(int):
    def __index__(self):
        return True


def test_numbers_from_subclasses():
    class Truncates:
        def __trunc__(self):
            return Whole(5)

    class FloatText(str):
        def __float__(self):
            return float(str(self)) + 1

    class GivesSubclass:
        def __float__(self):
            return Labelled(42.0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert type(int(Truncates())) is int
    assert float(FloatText("8")) == 9.0
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert type(float(GivesSubclass())) is float
    assert [w.category for w in seen] == [DeprecationWarning]
    assert 0.0 ** float("-inf") == float("inf") == pow(-0.0, float("-inf"))


def test_arguments_in_order():
    assert "translation table must be 256" in str(raises(ValueError, bytearray(b"abc").translate, b"1", 1))
    raises(TypeError, time.struct_time, "123456789", dict=None, message="time.struct_time() takes a dict as second arg, if any")

    class BadHint:
        def __iter__(self):
            return iter(b"ab")

        def __length_hint__(self):
            raise RuntimeError("hint")

    raises(RuntimeError, bytearray().extend, BadHint(), message="hint")


def test_sets_of_keys():
    assert type({"a": 1, "b": 2}.keys() & frozenset("abc")) is set
    assert type({"a": 1}.keys() & set("abc")) is set


def test_methods_through_an_alias():
    alias = list[int]
    made = alias()
    alias.append(made, "a")
    assert alias.__getitem__(made, 0) == "a" and alias.__len__(made) == 1


def test_failing_descriptor_of_a_comparison():
    class Odd:
        @property
        def __eq__(self):
            raise AttributeError("not to be had")

        @property
        def __len__(self):
            raise AttributeError("no length")

    odd = Odd()
    assert (odd == odd) is True and (odd == Odd()) is False
    raises(AttributeError, len, odd, message="no length")


def test_truth_of_strings_is_their_length():
    for kind in (str, bytes, bytearray, list):
        assert not hasattr(kind, "__bool__") and bool(kind()) is False
    assert "a" and b"a" and bytearray(b"a")

    class Long(str):
        def __len__(self):
            return 3
    assert Long()


def test_sizes_count_slots():
    for base in (bytearray, dict, list, set, frozenset):
        class Slotted(base):
            __slots__ = ("a", "b", "c")
        assert sys.getsizeof(Slotted()) >= sys.getsizeof(base()) + 24, base
    assert bytearray(b"abc").__alloc__() > 3


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
