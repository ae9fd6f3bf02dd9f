# _struct: formats, alignment, byte orders, range checks, buffers, iteration.
import math
import random
import struct
from array import array

from checks import raises


def test_sizes():
    for fmt, size in [("", 0), ("b", 1), ("<bhilq", 19), ("@bhi", 8), ("bq", 16), ("qb", 9), ("qb0q", 16), ("3s", 3),
                      ("=bi", 5), ("@nN", 16), ("P", 8), ("4x", 4), ("2i3h", 14), ("c0i", 4), ("10s 2h\n", 14), ("?", 1),
                      ("e", 2), ("f", 4), ("d", 8), ("!lL", 8), ("lL", 16), ("0s", 0), ("bxxi", 8)]:
        assert struct.calcsize(fmt) == size, fmt
    assert struct.calcsize(b"<ih") == 6


def test_bad_formats():
    raises(struct.error, struct.calcsize, "3", message="repeat count given without format specifier")
    raises(struct.error, struct.calcsize, "z", message="bad char in struct format")
    raises(struct.error, struct.calcsize, "<n", message="bad char in struct format")
    raises(struct.error, struct.calcsize, "99999999999999999999i", message="total struct size too long")
    raises(struct.error, struct.calcsize, "9223372036854775807i", message="total struct size too long")
    raises(struct.error, struct.calcsize, "\0", message="embedded null character")
    raises(UnicodeEncodeError, struct.calcsize, "\u1234")
    raises(TypeError, struct.calcsize, 3, message="Struct() argument 1 must be a str or bytes object, not int")
    raises(TypeError, struct.pack, message="missing format argument")
    raises(TypeError, struct.Struct, message="Struct() missing required argument 'format' (pos 1)")
    raises(struct.error, struct.calcsize, "<-")


def test_integers():
    for code, size, signed in [("b", 1, True), ("B", 1, False), ("h", 2, True), ("H", 2, False), ("i", 4, True),
                               ("I", 4, False), ("l", 4, True), ("L", 4, False), ("q", 8, True), ("Q", 8, False)]:
        low = -(1 << 8 * size - 1) if signed else 0
        high = (1 << 8 * size - (1 if signed else 0)) - 1
        for value in (low, high, 0, 1, low // 2, high // 3, 42):
            for order, name in (("<", "little"), (">", "big"), ("!", "big"), ("=", "little")):
                packed = struct.pack(order + code, value)
                assert packed == value.to_bytes(size, name, signed=signed)
                assert struct.unpack(order + code, packed) == (value,)
        for value in (low - 1, high + 1, 2 ** 100, -2 ** 100):
            raises(struct.error, struct.pack, "<" + code, value)
        raises(struct.error, struct.pack, code, 1.5, message="required argument is not an integer")
        raises(struct.error, struct.pack, code, "a", message="required argument is not an integer")
    raises(struct.error, struct.pack, "b", 128, message="byte format requires -128 <= number <= 127")
    raises(struct.error, struct.pack, "B", -1, message="ubyte format requires 0 <= number <= 255")
    raises(struct.error, struct.pack, "h", 40000, message="short format requires -32768 <= number <= 32767")
    raises(struct.error, struct.pack, "H", 70000, message="ushort format requires 0 <= number <= 65535")
    raises(struct.error, struct.pack, "i", 2 ** 31, message="'i' format requires -2147483648 <= number <= 2147483647")
    raises(struct.error, struct.pack, "I", 2 ** 32, message="'I' format requires 0 <= number <= 4294967295")
    raises(struct.error, struct.pack, "I", -1, message="argument out of range")
    raises(struct.error, struct.pack, "Q", 2 ** 64, message="argument out of range")
    raises(struct.error, struct.pack, "P", 2 ** 64, message="int too large to convert")


def test_index_objects():
    class I:
        def __index__(self):
            return 7

    class Bad:
        def __index__(self):
            raise KeyError("no")
    assert struct.pack("<bQ", I(), True) == b"\7" + (1).to_bytes(8, "little")
    raises(KeyError, struct.pack, "i", Bad())


def test_floats():
    for value in (0.0, -0.0, 1.5, -2.25, math.inf, -math.inf, 65504.0, 2.0 ** -24):
        for order in "<>@":
            for code in "efd":
                packed = struct.pack(order + code, value)
                back, = struct.unpack(order + code, packed)
                assert back == value and math.copysign(1, back) == math.copysign(1, value)
    assert struct.pack(">d", 1.0) == b"\x3f\xf0" + bytes(6) and struct.pack("<f", 1.0) == b"\0\0\x80\x3f"
    assert math.isnan(struct.unpack("<f", struct.pack("<f", math.nan))[0])
    raises(OverflowError, struct.pack, "<f", 1e39, message="float too large to pack with f format")
    raises(OverflowError, struct.pack, "e", 65520.0, message="float too large to pack with e format")
    raises(struct.error, struct.pack, "d", "x", message="required argument is not a float")
    assert struct.pack("f", 1e39) == struct.pack("f", math.inf)
    assert struct.pack("d", 3) == struct.pack("d", 3.0)


def test_half_precision():
    for bits in list(range(0, 0x7c00, 37)) + list(range(0x8000, 0xfc00, 41)):
        value, = struct.unpack("<e", bits.to_bytes(2, "little"))
        assert struct.pack("<e", value) == bits.to_bytes(2, "little")
    for value, bits in [(1.0 + 2 ** -11, 0x3c00), (1.0 + 3 * 2 ** -11, 0x3c02), (65519.99, 0x7bff), (2.0 ** -25, 0),
                        (2.0 ** -25 * 1.01, 1), (math.inf, 0x7c00)]:
        assert struct.pack("<e", value) == bits.to_bytes(2, "little"), value


def test_text():
    assert struct.pack("3s5sc", b"abcdef", b"x", b"z") == b"abcx\0\0\0\0z"
    assert struct.unpack("3s5sc", b"abcx\0\0\0\0z") == (b"abc", b"x\0\0\0\0", b"z")
    assert struct.pack("4p", b"abcdef") == b"\3abc" and struct.unpack("4p", b"\2abc") == (b"ab",)
    assert struct.pack("1p", b"ab") == b"\0" and struct.unpack("3p", b"\xffab") == (b"ab",)
    assert struct.pack("300p", b"x" * 299)[:2] == b"\xffx"
    assert struct.pack("2s", bytearray(b"q")) == b"q\0" and struct.pack("0s", b"a") == b""
    raises(struct.error, struct.pack, "s", "a", message="argument for 's' must be a bytes object")
    raises(struct.error, struct.pack, "p", 1, message="argument for 'p' must be a bytes object")
    raises(struct.error, struct.pack, "c", b"ab", message="char format requires a bytes object of length 1")
    raises(struct.error, struct.pack, "c", "a")


def test_bool_and_padding():
    assert struct.pack("?????", [], 1, "a", None, 0.0) == b"\0\1\1\0\0"
    assert struct.unpack("??", b"\0\7") == (False, True)

    class B:
        def __bool__(self):
            raise KeyError
    raises(KeyError, struct.pack, "?", B())
    assert struct.pack("<bx2xh", 1, 2) == b"\1\0\0\0\2\0"
    assert struct.pack("@bi", 1, 2) == b"\1\0\0\0\2\0\0\0"


def test_counts():
    raises(struct.error, struct.pack, "ii", 1, message="pack expected 2 items for packing (got 1)")
    raises(struct.error, struct.pack, "", 1)
    raises(struct.error, struct.unpack, "ii", b"abc", message="unpack requires a buffer of 8 bytes")
    raises(TypeError, struct.unpack, "i", "abcd", message="a bytes-like object is required, not 'str'")
    assert struct.unpack("<2h", b"\1\0\2\0") == (1, 2) and struct.unpack("", b"") == ()


def test_pack_into():
    b = bytearray(10)
    assert struct.pack_into("<hh", b, 1, 1, 2) is None and b == b"\0\1\0\2\0\0\0\0\0\0"
    struct.pack_into("<h", b, -2, 3)
    assert b[8:] == b"\3\0"
    s = struct.Struct("ii")
    raises(struct.error, s.pack_into, message="pack_into expected buffer argument")
    raises(struct.error, s.pack_into, b, message="pack_into expected offset argument")
    raises(struct.error, s.pack_into, b, 0, 1, message="pack_into expected 2 items for packing (got 1)")
    raises(struct.error, s.pack_into, b, 5, 1, 2, message="pack_into requires a buffer of at least 13 bytes for packing "
           "8 bytes at offset 5 (actual buffer size is 10)")
    raises(struct.error, s.pack_into, b, -11, 1, 2, message="offset -11 out of range for 10-byte buffer")
    raises(struct.error, s.pack_into, b, -3, 1, 2, message="no space to pack 8 bytes at offset -3")
    raises(TypeError, s.pack_into, b"x" * 9, 0, 1, 2, message="argument must be read-write bytes-like object, not bytes")
    raises(TypeError, s.pack_into, b, "a", 1, 2)
    m = memoryview(b)
    struct.pack_into("B", m, 0, 9)
    assert b[0] == 9


def test_unpack_from():
    data = b"\0" + struct.pack("<hh", 5, -6) + b"\0"
    assert struct.unpack_from("<hh", data, 1) == (5, -6)
    assert struct.unpack_from("<h", data, offset=-3) == (-6,)
    assert struct.unpack_from("<h", buffer=memoryview(data), offset=1) == (5,)
    s = struct.Struct("ii")
    b = bytes(10)
    raises(struct.error, s.unpack_from, b, 5, message="unpack_from requires a buffer of at least 13 bytes for unpacking "
           "8 bytes at offset 5 (actual buffer size is 10)")
    raises(struct.error, s.unpack_from, b, -11, message="offset -11 out of range for 10-byte buffer")
    raises(struct.error, s.unpack_from, b, -3, message="not enough data to unpack 8 bytes at offset -3")


def test_iter_unpack():
    it = struct.iter_unpack("<h", b"\1\0\2\0\3\0")
    assert it.__length_hint__() == 3 and next(it) == (1,) and list(it) == [(2,), (3,)]
    assert list(struct.Struct("bb").iter_unpack(bytearray(b"abcd"))) == [(97, 98), (99, 100)]
    raises(struct.error, struct.iter_unpack, "i", b"abc",
           message="iterative unpacking requires a buffer of a multiple of 4 bytes")
    raises(struct.error, struct.iter_unpack, "", b"",
           message="cannot iteratively unpack with a struct of length 0")
    raises(TypeError, type(it))


def test_struct_objects():
    s = struct.Struct("<ih")
    assert s.format == "<ih" and s.size == 6 and s.unpack(s.pack(1, 2)) == (1, 2)
    assert struct.Struct(b"<ih").format == "<ih"

    class Mine(struct.Struct):
        def __init__(self):
            super().__init__(">h")
    assert Mine().pack(12345) == b"\x30\x39"
    raises(AttributeError, setattr, s, "size", 3)
    assert s.__sizeof__() > 0 and issubclass(struct.error, Exception)
    struct._clearcache()


def test_random_round_trips():
    r = random.Random(11)
    limits = {"b": 7, "B": 8, "h": 15, "H": 16, "i": 31, "I": 32, "q": 63, "Q": 64}
    for _ in range(300):
        codes = [r.choice("bBhHiIqQds") for _ in range(r.randrange(1, 9))]
        order = r.choice("<>=@!")
        values = []
        fmt = order
        for c in codes:
            if c == "d":
                values.append(r.uniform(-1e9, 1e9))
            elif c == "s":
                n = r.randrange(1, 5)
                fmt += str(n)
                values.append(bytes(r.randrange(256) for _ in range(n)))
            else:
                low = -(1 << limits[c]) if c.islower() else 0
                values.append(r.randrange(low, 1 << limits[c]))
            fmt += c
        packed = struct.pack(fmt, *values)
        assert list(struct.unpack(fmt, packed)) == values and len(packed) == struct.calcsize(fmt)
    a = array("i", [1, 2])
    assert struct.unpack("ii", a) == (1, 2)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
