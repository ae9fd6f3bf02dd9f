"""memoryview: indexing, casts, slices, several dimensions, release, comparison."""
import weakref
import gc
import operator

from checks import raises

M = memoryview
RELEASED = "operation forbidden on released memoryview object"


def test_attributes():
    m = M(b"abcdef")
    assert (m.nbytes, m.itemsize, m.ndim, m.shape, m.strides, m.suboffsets, m.readonly, m.format, m.obj) == (6, 1, 1, (6,), (1,), (), True, "B", b"abcdef")
    assert m.c_contiguous and m.f_contiguous and m.contiguous and len(m) == 6 and M(bytearray(2)).readonly is False
    s = m[::2]
    assert (s.nbytes, s.shape, s.strides, s.c_contiguous) == (3, (3,), (2,), False) and repr(m).startswith("<memory at 0x")
    raises(AttributeError, setattr, m, "format", "x")


def test_constructor_errors():
    raises(TypeError, M, 5, message="memoryview: a bytes-like object is required, not 'int'")
    raises(TypeError, M, "a", message="memoryview: a bytes-like object is required, not 'str'")
    raises(TypeError, M, message="memoryview() missing required argument 'object' (pos 1)")
    assert M(object=b"a").tobytes() == b"a" and M(M(b"ab")[1:]).tobytes() == b"b"


def test_indexing():
    m = M(b"abcdef")
    assert m[0] == 97 and m[-1] == 102 and m[(2,)] == 99 and list(m) == [97, 98, 99, 100, 101, 102] and 97 in m and list(reversed(m)) == [102, 101, 100, 99, 98, 97]
    raises(IndexError, operator.getitem, m, 10, message="index out of bounds on dimension 1")
    raises(TypeError, operator.getitem, m, "a", message="memoryview: invalid slice key")
    raises(TypeError, operator.getitem, m, ..., message="memoryview: invalid slice key")
    raises(TypeError, operator.getitem, m, (0, 0), message="cannot index 1-dimension view with 2-element tuple")
    raises(NotImplementedError, operator.getitem, m, (), message="sub-views are not implemented")
    raises(NotImplementedError, operator.getitem, m, (slice(0, 2), slice(0, 2)), message="multi-dimensional slicing is not implemented")


def test_slicing():
    m = M(b"abcdefgh")
    assert m[1:4].tobytes() == b"bcd" and m[::-1].tobytes() == b"hgfedcba" and m[::3].tolist() == [97, 100, 103] and m[6:2].tobytes() == b"" and m[::2][::2].tobytes() == b"ae" and m[-3:].tobytes() == b"fgh"
    assert m[::-2][1:3].tobytes() == b"fd" and bytes(m[::-3]) == b"heb" and len(m[2:5]) == 3 and m[2:][1] == 100
    raises(ValueError, operator.getitem, m, slice(None, None, 0), message="slice step cannot be zero")


def test_assignment():
    b = bytearray(b"abcdef")
    m = M(b)
    m[0] = 120
    m[-1] = 121
    m[1:3] = b"12"
    m[(3,)] = 48
    assert b == b"x120ey"
    m[::2] = b"XYZ"
    assert b == b"X1Y0Zy"
    m[1:] = m[:-1]
    assert b == b"XX1Y0Z"
    raises(ValueError, operator.setitem, m, 0, 300, message="memoryview: invalid value for format 'B'")
    raises(TypeError, operator.setitem, m, 0, "a", message="memoryview: invalid type for format 'B'")
    raises(TypeError, operator.setitem, m, 0, 1.5, message="memoryview: invalid type for format 'B'")
    raises(ValueError, operator.setitem, m, slice(0, 2), b"abc", message="memoryview assignment: lvalue and rvalue have different structures")
    raises(TypeError, operator.setitem, m, slice(0, 2), "ab", message="a bytes-like object is required, not 'str'")
    raises(IndexError, operator.setitem, m, 10, 1, message="index out of bounds on dimension 1")
    raises(TypeError, operator.setitem, m, "a", 1, message="memoryview: invalid slice key")
    raises(TypeError, operator.delitem, m, 0, message="cannot delete memory")
    raises(TypeError, operator.setitem, M(b"ab"), 0, 1, message="cannot modify read-only memory")
    raises(TypeError, operator.setitem, m.toreadonly(), 0, 1, message="cannot modify read-only memory")


def test_cast_formats():
    m = M(b"\x01\x00\x02\x00\xff\xff\xff\xff")
    assert m.cast("H").tolist() == [1, 2, 65535, 65535] and m.cast("h").tolist() == [1, 2, -1, -1] and m.cast("I").tolist() == [131073, 4294967295] and m.cast("i")[1] == -1 and m.cast("Q")[0] == 0xffffffff00020001
    assert m.cast("c").tolist()[:2] == [b"\x01", b"\x00"] and m.cast("?").tolist()[:2] == [True, False] and m.cast("b")[4] == -1 and m.cast("@B").format == "@B" and M(bytes(8)).cast("d")[0] == 0.0 and m.cast("l")[0] == -4294836223
    assert m.cast("H").itemsize == 2 and m.cast("H").shape == (4,) and m.cast("H").nbytes == 8 and m.cast("H").cast("B") == m and m.cast("n").format == "n" and m.cast("f").itemsize == 4


def test_cast_errors():
    m = M(b"abcdef")
    native = "memoryview: destination format must be a native single character format prefixed with an optional '@'"
    for bad in ("x", "", "<B", "BB", "e"):
        raises(ValueError, m.cast, bad, message=native)
    raises(TypeError, m.cast, "I", message="memoryview: length is not a multiple of itemsize")
    raises(TypeError, m.cast("H").cast, "I", message="memoryview: cannot cast between two non-byte formats")
    raises(TypeError, m.cast, 5, message="cast() argument 'format' must be str, not int")
    raises(TypeError, m[::2].cast, "B", message="memoryview: casts are restricted to C-contiguous views")
    raises(TypeError, m.cast, "B", [2, 4], message="memoryview: product(shape) * itemsize != buffer size")
    raises(TypeError, m.cast, "B", 5, message="shape must be a list or a tuple")
    raises(TypeError, m.cast, "B", ["a"], message="memoryview.cast(): elements of shape must be integers")
    raises(ValueError, m.cast, "B", [-1], message="memoryview.cast(): elements of shape must be integers > 0")
    raises(ValueError, m.cast, "B", [1] * 65, message="memoryview: number of dimensions must not exceed 64")


def test_item_assignment_by_format():
    def view(code):
        return M(bytearray(8)).cast(code)

    for code, value in [("b", -128), ("B", 255), ("h", -32768), ("H", 65535), ("i", -2**31), ("I", 2**32 - 1), ("q", -2**63), ("Q", 2**64 - 1), ("n", -5), ("N", 5), ("d", 1.5), ("f", 0.25), ("?", True), ("c", b"x"), ("l", -7), ("L", 7), ("P", 9)]:
        m = view(code)
        m[0] = value
        assert m[0] == value and type(m[0]) is type(value), code
    for code, value in [("b", 128), ("B", -1), ("h", 2**15), ("H", -1), ("i", 2**31), ("I", 2**32), ("q", 2**63), ("Q", -1), ("Q", 2**64), ("c", b"ab")]:
        raises(ValueError, operator.setitem, view(code), 0, value, message="memoryview: invalid value for format '%s'" % code)
    for code, value in [("b", "a"), ("d", "a"), ("c", 5), ("H", 1.0)]:
        raises(TypeError, operator.setitem, view(code), 0, value, message="memoryview: invalid type for format '%s'" % code)


def test_dimensions():
    m = M(bytes(range(24))).cast("B", [2, 3, 4])
    assert m.ndim == 3 and m.shape == (2, 3, 4) and m.strides == (12, 4, 1) and m[1, 2, 3] == 23 and m[0, -1, 0] == 8 and len(m) == 2 and m.nbytes == 24
    assert m.tolist()[1][0] == [12, 13, 14, 15] and m.tobytes() == bytes(range(24)) and m.cast("B").tolist() == list(range(24)) and m[1:].shape == (1, 3, 4) and m[1:].tobytes() == bytes(range(12, 24))
    raises(NotImplementedError, operator.getitem, m, 0, message="multi-dimensional sub-views are not implemented")
    raises(IndexError, operator.getitem, m, (0, 3, 0), message="index out of bounds on dimension 2")
    raises(TypeError, operator.getitem, m, (0, 0, 0, 0), message="cannot index 3-dimension view with 4-element tuple")
    raises(NotImplementedError, operator.getitem, m, (0, 0), message="sub-views are not implemented")
    w = M(bytearray(6)).cast("B", (2, 3))
    w[1, 1] = 5
    assert w.tolist() == [[0, 0, 0], [0, 5, 0]]
    raises(NotImplementedError, operator.setitem, w, 0, 1, message="sub-views are not implemented")
    z = M(b"a").cast("B", [])
    assert z.ndim == 0 and z[()] == 97 and z.tolist() == 97 and len(z) == 1 and z[...] is z and z.shape == ()
    raises(TypeError, operator.getitem, z, 0, message="invalid indexing of 0-dim memory")
    raises(TypeError, iter, z, message="invalid indexing of 0-dim memory")


def test_tobytes_order():
    m = M(b"abcdef").cast("B", (2, 3))
    assert m.tobytes("C") == b"abcdef" and m.tobytes("F") == b"adbecf" and m.tobytes("A") == b"abcdef" and m.tobytes(None) == b"abcdef" and m.tobytes(order="F") == b"adbecf"
    raises(ValueError, m.tobytes, "x", message="order must be 'C', 'F' or 'A'")


def test_hex():
    m = M(b"abcdef")
    assert m.hex() == "616263646566" and m.hex(":", 2) == "6162:6364:6566" and m[::2].hex() == "616365"


def test_release():
    m = M(bytearray(b"abc"))
    m.release()
    m.release()
    assert repr(m).startswith("<released memory at 0x") and m == m and not m == M(b"abc")
    for operation in (lambda: m[0], lambda: len(m), lambda: m.format, lambda: m.obj, m.tobytes, m.tolist, lambda: hash(m), m.__enter__, lambda: m.cast("B"), m.hex, lambda: M(m), m.toreadonly, lambda: m.nbytes, lambda: bytes(m)):
        raises(ValueError, operation, message=RELEASED)


def test_release_of_derived_views():
    b = bytearray(b"abc")
    m = M(b)
    part = m[1:]
    m.release()
    assert part[0] == 98
    raises(BufferError, b.append, 1)
    part.release()
    b.append(33)
    with M(b) as m:
        assert m[3] == 33
    raises(ValueError, m.tobytes, message=RELEASED)
    assert b"".join([M(b)]) == b"abc!"
    b.append(33)


def test_compare():
    m = M(b"abcdef")
    assert m == b"abcdef" and b"abcdef" == m and m != b"abc" and m == bytearray(b"abcdef") and m != "abcdef" and m == m[:] and m[::2] == b"ace" and m[::-1] == b"fedcba" and not m != m
    assert M(b"\1\2") == M(b"\1\2").cast("b") and M(b"\xff") != M(b"\xff").cast("b") and M(b"\1\0").cast("H") != b"\1\0" and m.cast("B", (2, 3)) == m.cast("B", (2, 3)) and m.cast("B", (2, 3)) != m.cast("B", (3, 2))
    nan = M(bytearray(8)).cast("d")
    nan[0] = float("nan")
    assert nan != nan and M(b"ab").cast("c") != M(b"ab")
    raises(TypeError, operator.lt, m, m, message="'<' not supported between instances of 'memoryview' and 'memoryview'")


def test_hash():
    m = M(b"abcdef")
    assert hash(m) == hash(b"abcdef") and hash(m[::2]) == hash(b"ace") and {m: 1}[b"abcdef"] == 1 and hash(m.cast("c")) == hash(m)
    raises(ValueError, hash, M(bytearray(1)), message="cannot hash writable memoryview object")
    raises(ValueError, hash, m.cast("H"), message="memoryview: hashing is restricted to formats 'B', 'b' or 'c'")


def test_array():
    import array
    a = array.array("i", [1, 2, 3])
    m = M(a)
    assert m.format == "i" and m.itemsize == 4 and m.tolist() == [1, 2, 3] and m.nbytes == 12 and m[1] == 2
    m[1] = 77
    assert a[1] == 77
    raises(ValueError, operator.setitem, m, 1, 2**40, message="memoryview: invalid value for format 'i'")
    raises(ValueError, operator.setitem, m, slice(0, 2), b"12345678", message="memoryview assignment: lvalue and rvalue have different structures")


def test_iteration():
    it = iter(M(b"abc"))
    assert next(it) == 97 and list(it) == [98, 99] and list(it) == []
    raises(NotImplementedError, list, M(b"abcdef").cast("B", (2, 3)), message="multi-dimensional sub-views are not implemented")


def test_as_bytes_argument():
    m = M(b"xabcx")[1:4]
    assert b"-".join([m, m]) == b"abc-abc" and b"zabcz".find(m) == 1 and b"abc".startswith(m) and bytearray(m) == b"abc" and b"" + m == b"abc" and int(M(b"12")) == 12 and float(M(b"1.5")) == 1.5
    assert str(m, "ascii") == "abc" and bytes.maketrans(m, M(b"xyz"))[97] == 120 and b"%s" % m == b"abc"
    raises(TypeError, b"".join, [M(b"abcdef")[::2]], message="sequence item 0: expected a bytes-like object, memoryview found")


def test_released_while_in_use():
    class Releasing:
        def __init__(self, view, value):
            self.view, self.value = view, value

        def __index__(self):
            self.view.release()
            return self.value

    released = "operation forbidden on released memoryview object"
    m = memoryview(bytearray(b"abcdefgh"))
    raises(ValueError, lambda: m[Releasing(m, 4)], message=released)
    raises(ValueError, lambda: m[0], message=released)
    m = memoryview(bytearray(b"abcdefgh"))
    assert m[:Releasing(m, 4)].tobytes() == b"abcd"  # the slice has an export of its own by then
    data = bytearray(b"abcdefgh")
    m = memoryview(data)

    def assign(key, value):
        m[key] = value
    raises(ValueError, assign, 0, Releasing(m, 65), message=released)
    data.clear()
    m = memoryview(bytearray(b"abcdefgh"))
    raises(ValueError, assign, slice(0, Releasing(m, 2)), b"xy", message=released)
    m = memoryview(bytearray(8)).cast("B", (2, 4))
    raises(ValueError, lambda: m[Releasing(m, 1), 0], message=released)
    m = memoryview(bytearray(8))
    other = memoryview(m)
    m.release()
    assert other[0] == 0 and repr(m).startswith("<released memory at")


def test_cycles_through_views():
    class Source(bytes):
        pass

    class Witness:
        pass

    for make in (lambda source: memoryview(source), lambda source: memoryview(source)[1:]):
        source, witness = Source(b"abc"), Witness()
        source.view, source.witness = make(source), witness
        gone = weakref.ref(witness)
        del source, witness
        gc.collect()
        assert gone() is None


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
