# ctypes over the native _ctypes: values, layout, pointers, calls, callbacks, what is kept alive, buffers, errors.
import ctypes
import ctypes.util
import gc
import operator
import pickle
import sys
import threading
import weakref
from array import array
from ctypes import *
import _ctypes
import _ctypes_test

from checks import raises

dll = CDLL(_ctypes_test.__file__)
libc = CDLL(None, use_errno=True)


class Point(Structure):
    _fields_ = [("x", c_int), ("y", c_int)]


# ---- values -------------------------------------------------------------------------------------------------------------

def test_numbers():
    for kind, bits, signed in [(c_byte, 8, True), (c_ubyte, 8, False), (c_short, 16, True), (c_ushort, 16, False),
                               (c_int, 32, True), (c_uint, 32, False), (c_long, 64, True), (c_ulong, 64, False)]:
        assert sizeof(kind) * 8 == bits == alignment(kind) * 8
        for n in (0, 1, -1, 2 ** bits - 1, 2 ** (bits - 1), -2 ** (bits - 1), 2 ** 70 + 5, -2 ** 64 + 3):
            expected = n % 2 ** bits
            if signed and expected >= 2 ** (bits - 1):
                expected -= 2 ** bits
            assert kind(n).value == expected, (kind, n)
        raises(TypeError, kind, 1.5, message="'float' object cannot be interpreted as an integer")
        raises(TypeError, kind.from_param, "x", message="wrong type")
    assert repr(c_int(-3)) == "c_int(-3)" and repr(c_double(2.5)) == "c_double(2.5)"
    assert c_float(0.1).value == 0.10000000149011612 and c_longdouble(0.25).value == 0.25
    raises(TypeError, c_double, "x", message="must be real number, not str")
    assert c_bool([]).value is False and c_bool("x").value is True
    assert bool(c_int(0)) is False and bool(c_double(1)) is True
    number = c_int(5)
    raises(TypeError, delattr, number, "value", message="can't delete attribute")
    raises(TypeError, hash, number, message="unhashable type")


def test_characters():
    assert c_char(b"x").value == b"x" == c_char(120).value == c_char(bytearray(b"x")).value
    for bad in (b"", b"ab", "a", 256, -1, None):
        raises(TypeError, c_char, bad, message="one character bytes, bytearray or integer expected")
    assert c_wchar("\U0001f600").value == "\U0001f600"
    raises(TypeError, c_wchar, "ab", message="one character unicode string expected")
    raises(TypeError, c_wchar, b"a", message="unicode string expected instead of bytes instance")
    wrong = c_wchar.from_buffer(c_uint(0x110000))
    raises(ValueError, lambda: wrong.value, message="character U+110000 is not in range [U+0000; U+10ffff]")


def test_texts():
    assert c_char_p(b"abc\0def").value == b"abc" and c_char_p(None).value is None
    assert c_wchar_p("h\xe9\U0001f600").value == "h\xe9\U0001f600" and c_wchar_p().value is None
    assert c_char_p(b"abc")._objects == b"abc"
    raises(TypeError, c_char_p, "x", message="bytes or integer address expected instead of str instance")
    raises(TypeError, c_wchar_p, b"x", message="unicode string or integer address expected instead of bytes instance")
    text = create_string_buffer(b"abc", 10)
    assert (text.value, len(text), text.raw) == (b"abc", 10, b"abc" + bytes(7))
    text.value = b"xy"
    assert text.raw == b"xy\0" + bytes(7)
    raises(ValueError, setattr, text, "value", bytes(11), message="byte string too long")
    raises(TypeError, setattr, text, "value", "x", message="bytes expected instead of str instance")
    text.raw = b"a\0b"
    assert text.raw[:3] == b"a\0b" and text[:3] == b"a\0b" and text[2::-1] == b"b\0a"
    wide = create_unicode_buffer("h\xe9", 4)
    assert (wide.value, wide[:], wide[1]) == ("h\xe9", "h\xe9\0\0", "\xe9")
    raises(ValueError, setattr, wide, "value", "12345", message="string too long")
    assert string_at(b"hello", 3) == b"hel" and string_at(b"a\0b") == b"a" and wstring_at("x\u20ac") == "x\u20ac"
    memset(text, ord("z"), 3)
    memmove(addressof(text) + 1, b"-", 1)
    assert text.raw[:4] == b"z-z\0"


def test_subclass_values_stay_instances():
    class Number(c_int):
        pass

    class S(Structure):
        _fields_ = [("n", Number), ("m", c_int)]

    s = S(Number(3), 4)
    assert type(s.n) is Number and s.n.value == 3 and s.m == 4
    s.n = 9
    s.n.value += 1
    assert s.n.value == 10
    assert type((Number * 2)(1, 2)[0]) is Number
    assert repr(Number(1)).startswith("<") and "Number object at 0x" in repr(Number(1))
    raises(TypeError, setattr, s, "m", c_long(3), message="incompatible types, c_long instance instead of c_int instance")
    dll._testfunc_i_bhilfd.restype = Number
    assert dll._testfunc_i_bhilfd(1, 2, 3, 4, c_float(5), c_double(6)).value == 21
    del dll._testfunc_i_bhilfd.restype


def test_bad_type_codes():
    make = type(c_int)
    base = c_int.__bases__
    raises(AttributeError, make, "X", base, {}, message="class must define a '_type_' attribute")
    raises(TypeError, make, "X", base, {"_type_": 3}, message="class must define a '_type_' string attribute")
    raises(ValueError, make, "X", base, {"_type_": "ii"},
           message="class must define a '_type_' attribute which must be a string of length 1")
    raises(AttributeError, make, "X", base, {"_type_": "@"},
           message="class must define a '_type_' attribute which must be\na single character string containing one of "
                   "'cbBhHiIlLdfuzZqQPXOv?g'.")
    for abstract in (Structure, Union, Array, _ctypes._SimpleCData, _ctypes.CFuncPtr):
        raises(TypeError, abstract, message="abstract class")
    raises(TypeError, _ctypes._Pointer)
    raises(TypeError, sizeof, Structure, message="this type has no size")


def test_classes_of_the_metatypes_without_the_base():
    # They have the metatype of C types, but their instances no memory (python3.11 crashes).
    if sys.implementation.name == "cpython":
        return
    odd = type(c_int)("odd", (), {"_type_": "i"})
    try:
        odd().value
    except (TypeError, AttributeError):
        pass
    try:
        (odd * 3)()[1]
    except (TypeError, AttributeError):
        pass


# ---- structures ------------------------------------------------------------------------------------------------------------

def test_structure_layout():
    class S(Structure):
        _fields_ = [("a", c_char), ("b", c_double), ("c", c_short), ("d", c_int)]

    assert [(getattr(S, n).offset, getattr(S, n).size) for n in "abcd"] == [(0, 1), (8, 8), (16, 2), (20, 4)]
    assert (sizeof(S), alignment(S)) == (24, 8)
    assert repr(S.c) == "<Field type=c_short, ofs=16, size=2>"

    class P(Structure):
        _pack_ = 2
        _fields_ = S._fields_

    assert [getattr(P, n).offset for n in "abcd"] == [0, 2, 10, 12] and sizeof(P) == 16

    class D(S):
        _fields_ = [("e", c_char)]

    assert D.e.offset == 24 and sizeof(D) == 32
    assert D(b"x", 1.5, 2, 3, b"y").e == b"y" and D(e=b"z").e == b"z"

    class U(Union):
        _fields_ = [("i", c_uint), ("b", c_ubyte * 5)]

    u = U(i=0x01020304)
    assert u.b[:] == [4, 3, 2, 1, 0] and sizeof(U) == 8


def test_structure_values():
    p = Point(1, y=2)
    assert (p.x, p.y) == (1, 2)
    p.x += 5
    p.extra = [1]
    assert p.x == 6 and p.__dict__ == {"extra": [1]}
    raises(TypeError, Point, 1, 2, 3, message="too many initializers")
    raises(TypeError, lambda: Point(1, x=2), message="duplicate values for field 'x'")
    raises(TypeError, delattr, p, "x", message="can't delete attribute")
    raises(TypeError, Point.x.__get__, 5, message="not a ctype instance")
    raises(TypeError, Point.x.__set__, 5, 6, message="not a ctype instance")
    assert Point.x.__get__(None, Point) is Point.x

    class Line(Structure):
        _fields_ = [("a", Point), ("b", Point), ("name", c_char * 4), ("next", POINTER(Point))]

    line = Line((1, 2), Point(3, 4), b"ab", pointer(Point(7, 8)))
    assert (line.a.y, line.b.x, line.name, line.next[0].x) == (2, 3, b"ab", 7)
    line.a.x = 9                     # a view, not a copy
    inner = line.a
    line.a = Point(5, 6)
    assert (inner.x, inner.y) == (5, 6)
    line.name = b"abcd"
    assert line.name == b"abcd"
    raises(ValueError, setattr, line, "name", b"abcde", message="bytes too long (5, maximum length 4)")
    raises(TypeError, setattr, line, "a", 5, message="expected Point instance, got int")
    raises(RuntimeError, setattr, line, "a", ("x", 1), message="(Point) TypeError: 'str' object cannot be interpreted as an integer")
    line.next = None
    assert not line.next
    line.next = (Point * 2)((1, 1), (2, 2))
    assert line.next[1].y == 2


def test_fields_are_final():
    class S(Structure):
        pass

    S._fields_ = [("next", POINTER(S)), ("n", c_int)]
    tail = S(None, 2)
    assert S(pointer(tail), 1).next.contents.n == 2
    raises(AttributeError, setattr, S, "_fields_", [], message="_fields_ is final")

    class Used(Structure):
        pass

    Used()
    raises(AttributeError, setattr, Used, "_fields_", [("a", c_int)], message="_fields_ is final")
    for bad, error in [(3, "'_fields_' must be a sequence of pairs"), ([3], "'_fields_' must be a sequence of (name, C type) pairs"),
                       ([("a", 3)], "second item in _fields_ tuple (index 0) must be a C type")]:
        raises(TypeError, type(Structure), "X", (Structure,), {"_fields_": bad}, message=error)
    raises(ValueError, type(Structure), "X", (Structure,), {"_fields_": [], "_pack_": -1},
           message="_pack_ must be a non-negative integer")


def test_bit_fields():
    class B(Structure):
        _fields_ = [("a", c_int, 1), ("b", c_int, 5), ("c", c_uint, 20), ("d", c_uint, 10), ("e", c_int, 3), ("f", c_uint, 8),
                    ("g", c_longlong, 40)]

    b = B()
    values = dict(a=-1, b=-16, c=2 ** 20 - 1, d=1000, e=-3, f=200, g=-2 ** 39)
    for name, value in values.items():
        setattr(b, name, value)
    assert {n: getattr(b, n) for n in values} == values
    b.c = -1
    b.b = 100                         # the lowest bits
    assert b.c == 2 ** 20 - 1 and b.b == 4 and b.a == -1
    assert repr(B.b) == "<Field type=c_int, ofs=0:1, bits=5>"

    class Big(BigEndianStructure):
        _fields_ = [("a", c_ushort, 4), ("b", c_ushort, 12)]

    assert bytes(Big(0xA, 0xBCD)) == b"\xab\xcd"
    make = lambda *field: type(Structure)("X", (Structure,), {"_fields_": [field]})
    raises(TypeError, make, "a", c_double, 3, message="bit fields not allowed for type c_double")
    raises(ValueError, make, "a", c_int, 33, message="number of bits invalid for bit field")
    raises(ValueError, make, "a", c_int, 0, message="number of bits invalid for bit field")

    class Same(Structure):
        _fields_ = [(n, c_int, w + 1) for w, n in enumerate("ABCDEFGHI")] + [(n, c_short, w + 1) for w, n in enumerate("MNOPQRS")]

    for n in "ABCDEFGHIMNOPQRS":
        same = Same()
        setattr(same, n, 0b0110110101)
        assert dll.unpack_bitfields(byref(same), c_char(n.encode())) == getattr(same, n), n


def test_anonymous_fields():
    class Inner(Union):
        _fields_ = [("i", c_int), ("f", c_float)]

    class Middle(Structure):
        _anonymous_ = ["u"]
        _fields_ = [("u", Inner), ("z", c_int)]

    class Outer(Structure):
        _anonymous_ = ("m",)
        _fields_ = [("k", c_long), ("m", Middle)]

    outer = Outer()
    outer.f = 1.0
    outer.z = 3
    assert outer.i == 0x3F800000 == outer.m.u.i and outer.m.z == 3 and Outer.z.offset == 12
    raises(AttributeError, type(Structure), "X", (Structure,), {"_anonymous_": ["x"], "_fields_": []},
           message="type object 'X' has no attribute 'x'")
    raises(AttributeError, type(Structure), "X", (Structure,), {"_anonymous_": ["x"], "x": 3, "_fields_": []},
           message="'x' is specified in _anonymous_ but not in _fields_")


def test_byte_orders():
    class Big(BigEndianStructure):
        _fields_ = [("a", c_short), ("b", c_int), ("c", c_double), ("d", c_int * 2), ("e", c_ubyte)]

    big = Big(1, 2, 1.5, (c_int.__ctype_be__ * 2)(3, 4), 5)
    assert bytes(big) == bytes.fromhex("0001 0000 00000002 3ff8000000000000 00000003 00000004 05 00000000000000")
    assert (big.a, big.b, big.c, big.d[1], big.e) == (1, 2, 1.5, 4, 5)
    assert c_int.__ctype_be__(1).value == 1 and bytes(c_int.__ctype_be__(1)) == b"\0\0\0\1"
    assert c_int.__ctype_le__ is c_int and c_int.__ctype_be__.__ctype_le__ is c_int
    raises(TypeError, type(BigEndianStructure), "X", (BigEndianStructure,), {"_fields_": [("p", c_char_p)]})
    assert LittleEndianStructure is Structure


# ---- arrays and pointers -----------------------------------------------------------------------------------------------------

def test_arrays():
    kind = c_int * 4
    assert kind is c_int * 4 and kind.__name__ == "c_int_Array_4" and (kind._length_, kind._type_) == (4, c_int)
    a = kind(1, 2)
    a[-1] = 9
    assert a[:] == [1, 2, 0, 9] == list(a) and len(a) == 4 and a[::-2] == [9, 2] and 9 in a
    a[1:3] = [5, 6]
    assert list(a) == [1, 5, 6, 9]
    raises(IndexError, lambda: a[4], message="invalid index")
    raises(IndexError, lambda: a[-5], message="invalid index")
    raises(TypeError, lambda: a["x"], message="indices must be integers")
    raises(ValueError, a.__setitem__, slice(0, 2), [1], message="Can only assign sequence of same size")
    raises(TypeError, a.__delitem__, 0, message="Array does not support item deletion")
    raises(IndexError, kind, 1, 2, 3, 4, 5, message="invalid index")
    raises(ValueError, lambda: c_int * -1, message="Array length must be >= 0, not -1")
    raises(OverflowError, lambda: c_int * 2 ** 62, message="array too large")
    grid = (c_short * 3 * 2)()
    grid[1][2] = 7
    assert [row[:] for row in grid] == [[0, 0, 0], [0, 0, 7]]
    raises(TypeError, kind.from_param, (1, 2), message="expected c_int_Array_4 instance instead of tuple")

    class Own(Array):
        _type_ = c_char
        _length_ = 3

    assert Own(b"a", b"b").value == b"ab"
    raises(AttributeError, type(Array), "X", (Array,), {"_type_": c_int}, message="class must define a '_length_' attribute")
    raises(ValueError, type(Array), "X", (Array,), {"_type_": c_int, "_length_": -1},
           message="The '_length_' attribute must not be negative")


def test_pointers():
    assert POINTER(c_int) is POINTER(c_int) and POINTER(c_int).__name__ == "LP_c_int"
    n = c_int(42)
    p = pointer(n)
    assert p.contents.value == 42 == p[0] and p and p.contents is not p.contents
    p[0] = 7
    assert n.value == 7
    p.contents = c_int(3)
    assert p[0] == 3 and n.value == 7
    null = POINTER(c_int)()
    assert not null
    raises(ValueError, lambda: null.contents, message="NULL pointer access")
    raises(ValueError, lambda: null[0], message="NULL pointer access")
    raises(ValueError, null.__setitem__, 0, 1, message="NULL pointer access")
    raises(TypeError, POINTER(c_int), 5, message="expected c_int instead of int")
    assert POINTER(c_int)(c_long(2 ** 33 + 5))[0] == 5
    raises(TypeError, operator.setitem, p, slice(0, 1), [1], message="sequence index must be integer, not 'slice'")
    raises(TypeError, p.__delitem__, 0, message="Pointer does not support item deletion")
    raises(TypeError, POINTER(c_int), 1, 2, message="POINTER expected at most 1 argument, got 2")
    raises(TypeError, POINTER, 5, message="must be a ctypes type")
    raises(TypeError, pointer, 5, message="_type_ must have storage info")
    numbers = (c_int * 5)(*range(5))
    p = cast(numbers, POINTER(c_int))
    assert p[:5] == [0, 1, 2, 3, 4] and p[4:0:-2] == [4, 2]
    raises(ValueError, lambda: p[1:], message="slice stop is required")
    raises(ValueError, lambda: p[:2:-1], message="slice start is required for step < 0")
    raises(ValueError, lambda: p[0:1:0], message="slice step cannot be zero")
    text = cast(b"hello", POINTER(c_char))
    assert text[1:4] == b"ell"
    wide = create_unicode_buffer("x\u20ac")
    assert cast(wide, POINTER(c_wchar))[0:2] == "x\u20ac"
    assert null[3:1] == [] and POINTER(c_char)()[1:1] == b""
    if sys.implementation.name != "cpython":  # which gives bytes of no content
        raises(ValueError, lambda: POINTER(c_char)()[0:1], message="NULL pointer access")
    pp = pointer(pointer(c_int(8)))
    assert pp[0][0] == 8 == pp.contents.contents.value
    later = POINTER("later_ctypes")
    assert later.__name__ == "LP_later_ctypes"
    raises(TypeError, later, message="Cannot create instance: has no _type_")
    later.set_type(Point)
    assert later(Point(4, 5)).contents.y == 5


def test_cast():
    numbers = (c_int * 2)(1, 2)
    raw = cast(numbers, POINTER(c_ubyte))
    assert raw[4] == 2
    del numbers
    gc.collect()
    assert raw[0] == 1
    assert cast(cast(raw, c_void_p), POINTER(c_int))[1] == 2
    assert cast(5, c_void_p).value == 5 and cast(None, c_void_p).value is None
    raises(TypeError, cast, 3, c_int, message="cast() argument 2 must be a pointer type, not c_int")
    raises(ArgumentError, cast, [], c_void_p, message="argument 1: TypeError: wrong type")


def test_kept_alive():
    class Node(Structure):
        _fields_ = [("text", c_char_p), ("p", POINTER(c_int)), ("more", c_char_p * 2)]

    node = Node(b"a" + b"b" * 3)
    node.more[1] = b"c" + b"d"
    node.p = pointer(c_int(99))
    gc.collect()
    filler = [b"z" * n for n in range(2000)]
    assert (node.text, node.more[1], node.p[0]) == (b"abbb", b"cd", 99)
    assert set(node._objects) == {"0", "1", "1:2"} and node._objects["0"] == b"abbb"
    more = node.more
    assert more._b_base_ is node and more._objects is None and not more._b_needsfree_ and node._b_needsfree_ == 1
    assert pointer(c_int(3))._objects["1"].value == 3
    assert c_int(3)._objects is None and Point()._objects is None

    class Target(Structure):
        _fields_ = [("n", c_int)]

    target = Target(5)
    gone = weakref.ref(target)
    p = pointer(target)
    del target
    gc.collect()
    assert gone() is not None and p.contents.n == 5
    p.contents = Target(6)
    gc.collect()
    assert gone() is None and p[0].n == 6 and len(filler) == 2000


def test_objects():
    class O:
        pass

    thing = O()
    gone = weakref.ref(thing)
    held = py_object(thing)
    del thing
    gc.collect()
    assert held.value is gone()
    held.value = 5
    gc.collect()
    assert gone() is None and held.value == 5 and repr(held) == "py_object(5)"
    raises(ValueError, lambda: py_object().value, message="PyObject is NULL")
    assert repr(py_object()) == "py_object(<NULL>)"
    both = (py_object * 2)("a" * 3, [1])
    both[0] = 2 ** 80
    assert both[0] == 2 ** 80 and both[1] == [1]
    proto = PYFUNCTYPE(py_object, py_object)
    for value in (None, "x", [1], 10 ** 30):
        assert proto(lambda v: v)(value) is value
    assert proto(lambda v: v + 1)(3) == 4 and proto(lambda v: v / 2)(3.0) == 1.5
    dll2 = PyDLL(_ctypes_test.__file__)
    dll2._testfunc_pylist_append.argtypes = [py_object, py_object]
    items = []
    dll2._testfunc_pylist_append(items, "one")
    assert items == ["one"]


# ---- memory -----------------------------------------------------------------------------------------------------------------

def test_from_memory():
    data = bytearray(b"\1\0\0\0\2\0\0\0")
    p = Point.from_buffer(data)
    p.y = 7
    assert data[4] == 7
    raises(BufferError, data.append, 1)
    assert type(p._objects["ffffffff"]) is memoryview
    q = Point.from_buffer(data, 0)
    raises(ValueError, Point.from_buffer, data, 4, message="Buffer size too small (8 instead of at least 12 bytes)")
    raises(ValueError, Point.from_buffer, data, -1, message="offset cannot be negative")
    raises(TypeError, Point.from_buffer, b"12345678", message="underlying buffer is not writable")
    raises(TypeError, Point.from_buffer, memoryview(bytearray(32))[::2], message="underlying buffer is not C contiguous")
    raises(TypeError, Point.from_buffer, 5, message="memoryview: a bytes-like object is required, not 'int'")
    copy = Point.from_buffer_copy(data)
    copy.x = 100
    assert p.x == 1 == q.x and Point.from_buffer_copy(b"xxxx" + bytes(data), 4).y == 7
    numbers = array("i", [5, 6])
    view = (c_int * 2).from_buffer(numbers)
    view[0] = 8
    assert numbers[0] == 8
    here = Point.from_address(addressof(p))
    here.x = 55
    assert p.x == 55 and here._objects is None and not here._b_needsfree_
    raises(TypeError, Point.from_address, "x", message="integer expected")
    assert c_int.in_dll(dll, "an_integer").value == 42
    raises(ValueError, c_int.in_dll, dll, "no_such_symbol")
    del p, q, view
    gc.collect()
    data.append(1)


def test_resize():
    small = (c_ubyte * 4)(1, 2, 3, 4)
    part = cast(small, POINTER(c_ubyte))
    view = memoryview(small)
    part[3] = 4
    for size in (5, 16, 17, 400, 10000, 8):
        resize(small, size)
        assert sizeof(small) == size and small[:] == [1, 2, 3, 4]
    assert part[0] == 1 and view.nbytes == 4 and len(bytes(small)) == 8
    raises(ValueError, resize, small, 3, message="minimum size is 4")
    raises(TypeError, resize, 3, 3, message="excepted ctypes instance")
    raises(ValueError, resize, Point.from_address(addressof(small)), 100,
           message="Memory cannot be resized because this object doesn't own it")
    text = create_string_buffer(b"abc")
    resize(text, 20)
    text.raw = b"x" * 20
    assert text.raw == b"x" * 20 and text[:] == b"x" * 4


def test_buffers():
    def info(value):
        view = memoryview(value)
        return view.format, view.itemsize, view.shape, view.nbytes, view.readonly

    assert info(c_int()) == ("<i", 4, (), 4, False)
    assert info((c_short * 3 * 2)()) == ("<h", 2, (2, 3), 12, False)
    assert info(Point()) == ("T{<i:x:<i:y:}", 8, (), 8, False)
    assert info(pointer(c_double())) == ("&<d", 8, (), 8, False)
    assert info(CFUNCTYPE(None)()) == ("X{}", 8, (), 8, False)
    assert info(c_long.__ctype_be__()) == (">q", 8, (), 8, False)
    assert info(c_char_p()) == ("<z", 8, (), 8, False) and info(c_bool())[0] == "<?"

    class S(Structure):
        _fields_ = [("a", c_char * 3 * 2), ("p", POINTER(c_int * 2)), ("s", Point)]

    assert memoryview(S()).format == "T{(2,3)<c:a:&(2)<i:p:T{<i:x:<i:y:}:s:}"
    assert info(Union.__class__("U", (Union,), {"_fields_": [("a", c_int)]})()) == ("B", 4, (), 4, False)
    assert _ctypes.buffer_info(c_int * 3 * 2) == ("<i", 2, (2, 3))
    numbers = (c_ubyte * 4)(1, 2, 3)
    view = memoryview(numbers)
    assert view.tobytes() == b"\1\2\3\0" == bytes(numbers) and view.obj is numbers
    raises(NotImplementedError, lambda: view[0])
    raises(TypeError, view.cast, "i", message="memoryview: cannot cast between two non-byte formats")
    assert memoryview((c_double * 2)(1.5)).cast("B").tolist()[:8] == [0, 0, 0, 0, 0, 0, 0xF8, 0x3F]
    assert memoryview(type(Structure)("Empty", (Structure,), {"_fields_": []})()).itemsize == 0
    again = (c_ubyte * 4).from_buffer(view)
    again[3] = 9
    assert numbers[3] == 9


def test_pickles():
    for value in (c_int(5), Point(1, 2), (c_short * 3)(1, 2, 3)):
        value.__dict__["note"] = "kept"
        if type(value) is c_int:
            assert pickle.loads(pickle.dumps(value)).note == "kept"
        rebuild, state = value.__reduce__()
        again = rebuild(*state)
        assert type(again) is type(value) and bytes(again) == bytes(value) and again.note == "kept"
    for value in (c_char_p(b"x"), pointer(c_int()), c_void_p(), (c_char_p * 2)(), CFUNCTYPE(None)()):
        raises(ValueError, pickle.dumps, value, message="ctypes objects containing pointers cannot be pickled")


# ---- calls --------------------------------------------------------------------------------------------------------------------

def test_call_arguments():
    f = dll._testfunc_d_bhilfd
    f.restype = c_double
    f.argtypes = [c_byte, c_short, c_int, c_long, c_float, c_double]
    assert f(1, 2, 3, 4, 5.5, 6.25) == 21.75
    error = raises(ArgumentError, f, 1, 2, "x", 4, 5, 6, message="argument 3: TypeError: wrong type")
    assert isinstance(error, Exception)
    raises(TypeError, f, 1, 2, message="this function takes at least 6 arguments (2 given)")
    f.argtypes = None
    del f.restype
    assert libc.abs(-5) == 5 and libc.strlen(b"abc") == 3 and libc.wcslen("abc") == 3
    assert libc.strlen(create_string_buffer(b"four")) == 4 and libc.strlen(c_char_p(b"12")) == 2
    raises(ArgumentError, libc.abs, 1.5, message="argument 1: TypeError: Don't know how to convert parameter 1")
    raises(ArgumentError, libc.abs, 2 ** 70, message="argument 1: OverflowError: int too long to convert")
    raises(AttributeError, getattr, libc, "no_such_function_there")
    raises(OSError, CDLL, "no_such_library.so")
    raises(TypeError, setattr, libc.abs, "argtypes", [3], message="item 1 in _argtypes_ has no from_param method")
    raises(TypeError, setattr, libc.abs, "restype", 3, message="restype must be a type, a callable, or None")
    raises(TypeError, setattr, libc.abs, "errcheck", 3, message="the errcheck attribute must be callable")
    assert libc["abs"] is not libc["abs"] and libc.abs is libc.abs


def test_arguments_of_all_kinds():
    for code, kind in [("b", c_byte), ("B", c_ubyte), ("h", c_short), ("H", c_ushort), ("i", c_int), ("I", c_uint), ("l", c_long),
                       ("L", c_ulong), ("q", c_longlong), ("Q", c_ulonglong), ("f", c_float), ("d", c_double),
                       ("D", c_longdouble)]:
        for prefix, first in (("tf_", ()), ("tf_b", (1,))):
            f = getattr(dll, prefix + code)
            f.argtypes = ([c_byte] if first else []) + [kind]
            f.restype = kind
            for value in (-99, 99) if code not in "BHILQ" else (99, 240):
                assert f(*first, value) == value // 3, (code, value)
    dll.tv_i.restype = None
    assert dll.tv_i(7) is None and c_longlong.in_dll(dll, "last_tf_arg_s").value == 7


def test_variadic():
    out = create_string_buffer(100)
    libc.snprintf.argtypes = [c_char_p, c_size_t, c_char_p]
    assert libc.snprintf(out, 100, b"%d %s %.2f %c %ld", 5, b"x", c_double(1.5), ord("y"), c_long(-2 ** 40)) == 25
    assert out.value == b"5 x 1.50 y -1099511627776"
    libc.snprintf.argtypes = None


def test_as_parameter():
    class Wrapped:
        def __init__(self, value):
            self._as_parameter_ = value

    assert libc.abs(Wrapped(-3)) == 3 and libc.abs(Wrapped(Wrapped(c_int(-4)))) == 4
    assert libc.strlen(Wrapped(b"abc")) == 3
    libc.labs.argtypes = [c_long]
    libc.labs.restype = c_long
    assert libc.labs(Wrapped(-2 ** 40)) == 2 ** 40
    libc.labs.argtypes = None
    if sys.implementation.name != "cpython":  # which crashes
        endless = Wrapped(None)
        endless._as_parameter_ = endless
        raises(ArgumentError, libc.abs, endless)

    class Own:
        @classmethod
        def from_param(cls, value):
            return c_int(value * 2)

    libc.abs.argtypes = [Own]
    assert libc.abs(-4) == 8
    libc.abs.argtypes = None


def test_pointer_arguments():
    f = dll._testfunc_deref_pointer
    f.argtypes = [POINTER(c_int)]
    assert f(c_int(5)) == 5 == f(byref(c_int(5))) == f(pointer(c_int(5))) == f((c_int * 2)(5, 6))
    numbers = (c_int * 3)(1, 2, 3)
    libc.memcpy.argtypes = [c_void_p, c_void_p, c_size_t]
    to = c_int()
    libc.memcpy(byref(to), byref(numbers, 8), 4)
    assert to.value == 3
    raises(ArgumentError, f, c_long(5), message="argument 1: TypeError: expected LP_c_int instance instead of c_long")
    raises(ArgumentError, f, byref(c_long(5)),
           message="argument 1: TypeError: expected LP_c_int instance instead of pointer to c_long")
    g = dll._testfunc_p_p
    g.restype = c_void_p
    g.argtypes = [c_void_p]
    assert g(None) is None and g(5) == 5 and string_at(g(b"abc")) == b"abc"
    assert g(numbers) == addressof(numbers) == g(byref(numbers)) == g(cast(numbers, POINTER(c_int)))
    assert g(c_char_p(b"x")) and g(libc.abs) == cast(libc.abs, c_void_p).value
    raises(ArgumentError, g, 1.5, message="argument 1: TypeError: wrong type")
    g.argtypes = [c_char_p]
    g.restype = c_char_p
    assert g(b"abc") == b"abc" == g(create_string_buffer(b"abc")) == g(cast(b"abc", POINTER(c_char)))
    assert g(None) is None and g(c_char_p(b"q")) == b"q" and g(byref(c_char(b"z")))[:1] == b"z"
    raises(ArgumentError, g, "abc", message="argument 1: TypeError: wrong type")
    g.argtypes, g.restype = [c_wchar_p], c_wchar_p
    assert g("h\xe9") == "h\xe9"
    g.argtypes = None
    del g.restype
    assert repr(byref(c_int())).startswith("<cparam 'P' (0x") and byref(to)._obj is to
    assert repr(c_int.from_param(3)) == "<cparam 'i' (3)>" and repr(c_double.from_param(1)) == "<cparam 'd' (1.0)>"
    raises(TypeError, byref, 3, message="byref() argument must be a ctypes instance, not 'int'")


def test_results():
    f = dll._testfunc_p_p
    f.restype = None
    assert f(5) is None
    f.restype = lambda number: number * 2
    assert f(5) == 10

    class Checked(c_int):
        def _check_retval_(value):
            return "<%d>" % value.value

        _check_retval_ = staticmethod(_check_retval_)

    f.restype = Checked
    assert f(7) == "<7>"
    f.restype = POINTER(c_int)
    number = c_int(3)
    assert f(byref(number)).contents.value == 3
    del f.restype
    assert f(9) == 9
    calls = []

    def check(result, function, arguments):
        calls.append((result, function is f, arguments))
        return arguments if result == 1 else "other"

    f.errcheck = check
    assert f(1) == 1 and f(2) == "other" and calls == [(1, True, (1,)), (2, True, (2,))]
    f.errcheck = lambda *a: 1 / 0
    raises(ZeroDivisionError, f, 1)
    del f.errcheck
    assert f.errcheck is None and f.restype is c_int and f.argtypes is None


def test_structures_by_value():
    out = Point()
    assert dll._testfunc_byval(Point(3, 4), byref(out)) == 7 and (out.x, out.y) == (3, 4)

    class Shorts(Structure):
        _fields_ = [("x", c_short), ("y", c_short)]

    class Ints(Structure):
        _fields_ = [(n, c_int) for n in "abcdefgh"]

    dll.ret_2h_func.restype, dll.ret_2h_func.argtypes = Shorts, [Shorts]
    result = dll.ret_2h_func(Shorts(5, 6))
    assert (result.x, result.y) == (10, 18)
    dll.ret_8i_func.restype, dll.ret_8i_func.argtypes = Ints, [Ints]
    result = dll.ret_8i_func(Ints(*range(1, 9)))
    assert [getattr(result, n) for n in "abcdefgh"] == [2, 6, 12, 20, 30, 42, 56, 72]
    # The rest only the library of this runtime's own build has: all classes of the calling convention.
    if not hasattr(dll, "pt_same_c1"):
        return
    shapes = dict(c1=[c_char], c3=[c_char * 3], c7=[c_char * 7], f1=[c_float], f3=[c_float] * 3, fi=[c_float, c_int],
                  id=[c_int, c_double], dc=[c_double, c_char], ld=[c_longdouble], ll3=[c_long] * 3, d5=[c_double * 5])
    for name, kinds in shapes.items():
        class Mixed(Structure):
            _fields_ = [("m%d" % i, kind) for i, kind in enumerate(kinds)]

        f = getattr(dll, "pt_same_" + name)
        f.argtypes, f.restype = [Mixed], Mixed
        given = Mixed()
        memset(byref(given), 0, sizeof(given))
        for i, kind in enumerate(kinds):
            if kind is c_char:
                setattr(given, "m%d" % i, b"x")
            elif issubclass(kind, Array) and kind._type_ is c_char:
                setattr(given, "m%d" % i, b"abcdefg"[:kind._length_])
            elif issubclass(kind, Array):
                setattr(given, "m%d" % i, kind(*range(kind._length_)))
            else:
                setattr(given, "m%d" % i, kind(i + 1.5).value if kind in (c_float, c_double, c_longdouble) else i + 7)
        got = f(given)
        assert bytes(got)[:10] == bytes(given)[:10], name
        assert [bytes(v) if isinstance(v, Array) else v for v in (getattr(got, n) for n, _ in Mixed._fields_)] == \
               [bytes(v) if isinstance(v, Array) else v for v in (getattr(given, n) for n, _ in Mixed._fields_)], name


def test_paramflags():
    prototype = CFUNCTYPE(c_int, c_int, POINTER(c_int), c_int, POINTER(c_int))
    two = prototype(("TwoOutArgs", dll), ((1, "a"), (2, "first"), (1, "b", 5), (2, "second")))
    assert two(3) == (3, 5)
    assert two(a=3, b=4) == (3, 4) and two(3, 7) == (3, 7)
    raises(TypeError, two, message="required argument 'a' missing")
    raises(TypeError, two, 1, 2, 3, message="call takes exactly 2 arguments (3 given)")
    inout = prototype(("TwoOutArgs", dll), ((1, "a"), (3, "first"), (1, "b"), (2, "second")))
    assert inout(3, c_int(10), 4)[1] == 4
    raises(ValueError, prototype, ("TwoOutArgs", dll), ((1,),), message="paramflags must have the same length as argtypes")
    raises(TypeError, prototype, ("TwoOutArgs", dll), 5, message="paramflags must be a tuple or None")
    raises(TypeError, prototype, ("TwoOutArgs", dll), ((1,), (2,), (1,), 3),
           message="paramflags must be a sequence of (int [,string [,value]]) tuples")
    raises(TypeError, prototype, ("TwoOutArgs", dll), ((2,), (2,), (1,), (2,)),
           message="'out' parameter 1 must be a pointer type, not c_int")
    raises(AttributeError, prototype, ("no_such_thing", dll))
    raises(TypeError, prototype, (1.5, dll), message="function name must be string, bytes object or integer")


def test_errno():
    set_errno(0)
    libc.open.argtypes = [c_char_p, c_int]
    assert libc.open(b"/no/such/file", 0) == -1 and get_errno() == 2
    assert set_errno(5) == 2 and get_errno() == 5
    other = []
    thread = threading.Thread(target=lambda: other.append(get_errno()))
    thread.start()
    thread.join()
    assert other == [0]
    plain = CDLL(None)
    plain.close(-1)
    assert get_errno() == 5


def test_functions_from_addresses():
    address = cast(libc.abs, c_void_p).value
    f = CFUNCTYPE(c_int, c_int)(address)
    assert f(-8) == 8 and bool(f) and not CFUNCTYPE(c_int)()
    raises(TypeError, CFUNCTYPE(c_int), "x", message="argument must be callable or integer function address")
    if sys.implementation.name != "cpython":  # which crashes
        raises(ValueError, CFUNCTYPE(c_int)(), message="NULL function pointer")
    handle = _ctypes.dlopen(None, RTLD_GLOBAL)
    assert _ctypes.dlsym(handle, "abs") == address
    raises(OSError, _ctypes.dlsym, handle, "no_such_symbol_here")
    assert _ctypes.call_function(address, (-6,)) == 6
    _ctypes.dlclose(handle)
    assert type(pythonapi) is PyDLL
    raises(AttributeError, getattr, pythonapi, "No_Such_Function")


# ---- callbacks -------------------------------------------------------------------------------------------------------------------

def test_callbacks():
    compare = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
    numbers = (c_int * 6)(5, 3, 9, 1, 7, 2)
    libc.qsort(numbers, 6, sizeof(c_int), compare(lambda a, b: a[0] - b[0]))
    assert list(numbers) == [1, 2, 3, 5, 7, 9]
    for kind, value in [(c_byte, -5), (c_ubyte, 250), (c_short, -300), (c_ushort, 65000), (c_int, -70000), (c_uint, 2 ** 32 - 1),
                        (c_long, -2 ** 40), (c_ulong, 2 ** 63), (c_float, 1.5), (c_double, 2.25), (c_longdouble, 4.5),
                        (c_char, b"x"), (c_bool, True), (c_void_p, 12345)]:
        seen = []
        f = CFUNCTYPE(kind, kind)(lambda v: seen.append(v) or v)
        assert f(value) == value and seen == [value], kind
    f = CFUNCTYPE(c_char_p, c_char_p, c_wchar_p)(lambda a, b: None)
    assert f(b"x", "y") is None

    seen = []
    f = CFUNCTYPE(None, Point, c_char_p, c_wchar_p, py_object)(lambda p, a, b, o: seen.append((type(p), p.x, p.y, a, b, o)))
    f(Point(1, 2), b"ab", "h\xe9", [3])
    assert seen == [(Point, 1, 2, b"ab", "h\xe9", [3])]
    if sys.implementation.name != "cpython":  # which takes the address for the items
        f = CFUNCTYPE(c_int, c_int * 3)(lambda a: a[:] == [4, 5, 6])
        assert f((c_int * 3)(4, 5, 6)) == 1
    many = CFUNCTYPE(c_int, *[c_int] * 40)(lambda *a: sum(a))
    assert many(*range(40)) == 780
    raises(TypeError, CFUNCTYPE(Point), lambda: 1, message="invalid result type for callback function")
    raises(TypeError, type(CFUNCTYPE(None)).__call__, type(CFUNCTYPE(None)), "X", (_ctypes.CFuncPtr,), {},
           message="class must define _flags_ which must be an integer")

    @CFUNCTYPE(c_int, c_int)
    def recursive(n):
        return n + recursive(n - 1) if n else 0

    assert recursive(20) == 210


def test_errors_in_callbacks():
    reports = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda report: reports.append((report.exc_type, report.err_msg, report.object))
    try:
        def fail(n):
            return 1 // n

        f = CFUNCTYPE(c_int, c_int)(fail)
        f(0)
        assert f(1) == 1

        def wrong():
            return "text"

        CFUNCTYPE(c_int)(wrong)()
    finally:
        sys.unraisablehook = hook
    assert reports == [(ZeroDivisionError, "Exception ignored on calling ctypes callback function", fail),
                       (TypeError, "Exception ignored on converting result of ctypes callback function", wrong)], reports


def test_callback_lives_while_it_runs():
    class Callable:
        def __call__(self):
            holder.clear()
            gc.collect()
            return 6

    holder = [CFUNCTYPE(c_int)(Callable())]
    gone = weakref.ref(holder[0])
    assert CFUNCTYPE(c_int)(cast(holder[0], c_void_p).value)() == 6
    gc.collect()
    assert gone() is None


def test_callbacks_in_other_threads():
    start = CFUNCTYPE(c_void_p, c_void_p)
    main, seen = threading.get_ident(), []
    local = threading.local()

    def body(argument):
        seen.append((argument, threading.get_ident() != main, hasattr(local, "x")))
        local.x = argument
        return argument and argument * 2

    f = start(body)
    libc.pthread_create.argtypes = [POINTER(c_ulong), c_void_p, start, c_void_p]
    libc.pthread_join.argtypes = [c_ulong, POINTER(c_void_p)]
    handles = []
    for i in range(1, 9):
        handle = c_ulong()
        assert libc.pthread_create(byref(handle), None, f, i) == 0
        handles.append(handle)
    results = []
    for handle in handles:
        result = c_void_p()
        assert libc.pthread_join(handle, byref(result)) == 0
        results.append(result.value)
    assert results == [2 * i for i in range(1, 9)]
    assert sorted(seen) == [(i, True, False) for i in range(1, 9)]


def test_calls_let_other_threads_run():
    entered, go = threading.Event(), threading.Event()

    def other():
        entered.wait(10)
        go.set()

    thread = threading.Thread(target=other)
    thread.start()
    wait = CFUNCTYPE(c_int)(lambda: entered.set() or go.wait(10))
    assert wait() == 1
    assert libc.usleep(1000) == 0
    thread.join()


# ---- the rest of the package -------------------------------------------------------------------------------------------------------

def test_helpers():
    from ctypes import wintypes
    assert sizeof(wintypes.RECT) == 32 and wintypes.DWORD is c_ulong
    assert ctypes.util.find_library("c") == "libc.so.6" and ctypes.util.find_library("no_such_library") is None
    assert ctypes.ARRAY(c_int, 3) is c_int * 3
    from multiprocessing.sharedctypes import RawArray, Value
    shared = Value(Point, 1, 2)
    with shared.get_lock():
        shared.x += 1
    assert (shared.x, RawArray("d", [1, 2])[:]) == (2, [1.0, 2.0])


def test_audit():
    import subprocess
    code = ("import sys, ctypes\n"
            "seen = []\n"
            "sys.addaudithook(lambda event, args: seen.append(event) if event.startswith('ctypes.') else None)\n"
            "lib = ctypes.CDLL(None); lib.abs; n = ctypes.c_int(); ctypes.addressof(n); ctypes.c_int.from_address(ctypes.addressof(n))\n"
            "ctypes.string_at(b'x'); ctypes.get_errno(); ctypes.c_int.from_buffer(bytearray(4)); ctypes.create_string_buffer(3)\n"
            "print(*seen)\n")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out == ["ctypes.dlopen", "ctypes.dlsym", "ctypes.addressof", "ctypes.addressof", "ctypes.cdata", "ctypes.string_at",
                   "ctypes.get_errno", "ctypes.cdata/buffer", "ctypes.cdata", "ctypes.create_string_buffer"], out


for name, function in list(globals().items()):
    if name.startswith("test_") and callable(function):
        function()
