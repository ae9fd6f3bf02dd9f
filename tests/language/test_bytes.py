"""bytes: construction, methods, formatting, hexadecimal text, comparison."""
import operator

from checks import raises


def test_constructor():
    assert bytes() == b"" and bytes(3) == b"\0\0\0" and bytes([1, 2, 255]) == b"\x01\x02\xff" and bytes((65, 66)) == b"AB" and bytes(b"x") == b"x"
    assert bytes("é", "utf-8") == b"\xc3\xa9" and bytes("abc", encoding="ascii") == b"abc" and bytes(range(3)) == b"\0\1\2" and bytes(bytearray(b"q")) == b"q"
    assert bytes(memoryview(b"abcdef")[::2]) == b"ace" and bytes(x for x in [1, 2]) == b"\1\2" and bytes(source=b"a") == b"a" and bytes(True) == b"\0"
    raises(ValueError, bytes, [300], message="bytes must be in range(0, 256)")
    raises(ValueError, bytes, -1, message="negative count")
    raises(TypeError, bytes, "a", message="string argument without an encoding")
    raises(TypeError, bytes, 5.0, message="cannot convert 'float' object to bytes")
    raises(TypeError, bytes, ["a"], message="'str' object cannot be interpreted as an integer")
    raises(TypeError, bytes, b"a", "ascii", message="encoding without a string argument")
    raises(TypeError, bytes, b"a", errors="x", message="errors without a string argument")
    raises(TypeError, bytes, "a", 5, message="bytes() argument 'encoding' must be str, not int")
    raises(OverflowError, bytes, 10**30, message="cannot fit 'int' into an index-sized integer")


def test_protocol():
    class B:
        def __bytes__(self):
            return b"from __bytes__"

    class Bad:
        def __bytes__(self):
            return "x"

    class Index:
        def __index__(self):
            return 2

    assert bytes(B()) == b"from __bytes__" and bytes(Index()) == b"\0\0" and b"abc"[Index()] == 99 and b"%b" % B() == b"from __bytes__"
    raises(TypeError, bytes, Bad(), message="__bytes__ returned non-bytes (type str)")


def test_indexing():
    b = b"abcdef"
    assert b[0] == 97 and b[-1] == 102 and b[1:3] == b"bc" and b[::-1] == b"fedcba" and b[::2] == b"ace" and b[10:] == b"" and b[:] is b
    raises(IndexError, operator.getitem, b, 6, message="index out of range")
    raises(TypeError, operator.getitem, b, "x", message="byte indices must be integers or slices, not str")
    assert list(b) == [97, 98, 99, 100, 101, 102] and len(b) == 6 and 97 in b and b"cd" in b and b"" in b and b"x" not in b
    raises(TypeError, operator.contains, b, "a", message="a bytes-like object is required, not 'str'")
    raises(ValueError, operator.contains, b, 300, message="byte must be in range(0, 256)")


def test_operators():
    assert b"a" + b"b" == b"ab" and b"a" + bytearray(b"b") == b"ab" and type(b"a" + bytearray(b"b")) is bytes and b"a" + memoryview(b"b") == b"ab"
    assert b"ab" * 3 == b"ababab" and 2 * b"x" == b"xx" and b"a" * -1 == b"" and b"" * 5 == b""
    raises(TypeError, operator.add, b"a", "a", message="can't concat str to bytes")
    raises(TypeError, operator.add, b"a", 5, message="can't concat int to bytes")
    raises(OverflowError, operator.mul, b"ab", 2**62 + 5, message="repeated bytes are too long")


def test_compare_and_hash():
    assert b"a" < b"b" and b"a" < b"aa" and b"\xff" > b"a" and b"a" == bytearray(b"a") and b"a" != "a" and b"a" <= b"a" and not b"a" > b"a"
    assert hash(b"abc") == hash("abc") and hash(b"") == 0 and {b"k": 1}[bytes([107])] == 1 and b"a" < bytearray(b"b")
    raises(TypeError, operator.lt, b"a", "b", message="'<' not supported between instances of 'bytes' and 'str'")
    raises(TypeError, operator.lt, b"a", 1, message="'<' not supported between instances of 'bytes' and 'int'")


def test_repr():
    assert repr(b"abc") == "b'abc'" and repr(b"a'b") == 'b"a\'b"' and repr(b"a'\"b") == "b'a\\'\"b'" and repr(b"\x00\t\n\r\\\x7f\xff") == "b'\\x00\\t\\n\\r\\\\\\x7f\\xff'"
    assert str(b"abc") == "b'abc'" and eval(repr(bytes(range(256)))) == bytes(range(256)) and ascii(b"\xe9") == "b'\\xe9'"


def test_find():
    b = b"the cat sat on the mat"
    assert b.find(b"the") == 0 and b.rfind(b"the") == 15 and b.find(b"x") == -1 and b.find(97) == 5 and b.find(b"") == 0 and b.rfind(b"") == len(b)
    assert b.find(b"at", 6) == 9 and b.find(b"the", 1, 17) == -1 and b.index(b"sat") == 8 and b.rindex(116) == 21 and b.count(b"at") == 3 and b.count(116) == 5
    assert b.count(b"") == len(b) + 1 and b"aaaa".count(b"aa") == 2 and b.find(b"", 100) == -1 and b.count(b"a", 6, 10) == 1 and b.find(bytearray(b"cat")) == 4
    raises(ValueError, b.index, b"dog", message="subsection not found")
    raises(ValueError, b.rindex, b"dog", message="subsection not found")
    raises(TypeError, b.find, "a", message="argument should be integer or bytes-like object, not 'str'")
    raises(ValueError, b.find, 300, message="byte must be in range(0, 256)")
    hay = b"ab" * 500 + b"c" + b"ab" * 500
    assert hay.rfind(b"c" + b"ab" * 300) == 1000 and hay.find(b"ab" * 300 + b"c") == 400


def test_replace():
    assert b"aXbXc".replace(b"X", b"") == b"abc" and b"aXbXc".replace(b"X", b"yy", 1) == b"ayybXc" and b"abc".replace(b"", b"-") == b"-a-b-c-"
    assert b"".replace(b"", b"x") == b"x" and b"abc".replace(b"d", b"e") == b"abc" and b"aaa".replace(b"a", b"b", 0) == b"aaa"
    raises(TypeError, b"a".replace, "b", b"", message="a bytes-like object is required, not 'str'")


def test_split():
    assert b" a b  c ".split() == [b"a", b"b", b"c"] and b"a,b,,c".split(b",") == [b"a", b"b", b"", b"c"] and b"a,b,c".rsplit(b",", 1) == [b"a,b", b"c"]
    assert b"a b c".split(None, 1) == [b"a", b"b c"] and b" a b ".rsplit(maxsplit=1) == [b" a", b"b"] and b"".split() == [] and b"".split(b",") == [b""] and b"a--b".split(b"--") == [b"a", b"b"]
    assert b"a\nb\r\nc\rd".splitlines() == [b"a", b"b", b"c", b"d"] and b"a\nb\n".splitlines(True) == [b"a\n", b"b\n"] and b"a\x0bb".splitlines() == [b"a\x0bb"]
    assert b"a=b=c".partition(b"=") == (b"a", b"=", b"b=c") and b"a=b=c".rpartition(b"=") == (b"a=b", b"=", b"c") and b"a".partition(b"=") == (b"a", b"", b"") and b"a".rpartition(b"=") == (b"", b"", b"a")
    raises(ValueError, b"a".split, b"", message="empty separator")
    raises(TypeError, b"a".split, "a", message="a bytes-like object is required, not 'str'")
    raises(ValueError, b"a".partition, b"", message="empty separator")


def test_join():
    assert b",".join([b"a", b"b"]) == b"a,b" and b"".join([]) == b"" and b"-".join((b"x", bytearray(b"y"), memoryview(b"z"))) == b"x-y-z" and b".".join(iter([b"a"])) == b"a"
    raises(TypeError, b"".join, ["a"], message="sequence item 0: expected a bytes-like object, str found")
    raises(TypeError, b"".join, 5, message="can only join an iterable")


def test_strip():
    assert b"  a ".strip() == b"a" and b"xxaxx".strip(b"x") == b"a" and b"xya".lstrip(b"yx") == b"a" and b"axy".rstrip(b"xy") == b"a" and b"\t\n\x0b a".strip() == b"a" and b"\x1ca".strip() == b"\x1ca"
    raises(TypeError, b"a".strip, "a", message="a bytes-like object is required, not 'str'")
    b = b"prefix-body"
    assert b.startswith(b"prefix") and b.startswith((b"x", b"pre")) and b.endswith(b"body") and b.startswith(b"body", 7) and not b.endswith(()) and b.removeprefix(b"prefix-") == b"body" and b.removesuffix(b"body") == b"prefix-"
    raises(TypeError, b.startswith, "b", message="startswith first arg must be bytes or a tuple of bytes, not str")
    raises(TypeError, b.startswith, (b"b", 5), message="a bytes-like object is required, not 'int'")


def test_case_and_classes():
    assert b"Hello W\xc9".upper() == b"HELLO W\xc9" and b"HeLLo".lower() == b"hello" and b"aBc".swapcase() == b"AbC" and b"hello wORLD it's".title() == b"Hello World It'S" and b"hELLO".capitalize() == b"Hello"
    assert b"abc".isalpha() and not b"ab1".isalpha() and b"ab1".isalnum() and b"123".isdigit() and b" \t".isspace() and b"ab1".islower() and b"AB1".isupper() and b"Ab Cd".istitle() and b"abc".isascii() and not b"\xff".isascii()
    assert not b"".isalpha() and not b"".isdigit() and b"".isascii() and not b"1".islower() and not b"aB".islower() and not b"AB c".istitle()


def test_padding():
    assert b"a".center(4, b"*") == b"*a**" and b"a".ljust(3) == b"a  " and b"a".rjust(3, b"-") == b"--a" and b"-42".zfill(5) == b"-0042" and b"a\tb".expandtabs(4) == b"a   b" and b"ab".center(1) == b"ab"
    raises(TypeError, b"a".center, 5, "x", message="center() argument 2 must be a byte string of length 1, not str")
    raises(TypeError, b"a".rjust, 5, b"xx", message="rjust() argument 2 must be a byte string of length 1, not bytes")


def test_translate():
    table = bytes.maketrans(b"abc", b"xyz")
    assert len(table) == 256 and b"aabbccdd".translate(table) == b"xxyyzzdd" and b"abcabc".translate(None, b"b") == b"acac" and b"abc".translate(table, delete=b"a") == b"yz" and b"abc".translate(None) == b"abc"
    raises(ValueError, b"a".translate, b"xx", message="translation table must be 256 characters long")
    raises(ValueError, bytes.maketrans, b"a", b"xx", message="maketrans arguments must have same length")


def test_hex():
    assert b"\x00\xff\x10".hex() == "00ff10" and b"abcdef".hex(":", 2) == "6162:6364:6566" and b"abcde".hex("_", -2) == "6162_6364_65" and b"abcde".hex("_", 2) == "61_6263_6465" and b"ab".hex(b"-") == "61-62" and b"".hex() == ""
    assert bytes.fromhex("00 ff 10") == b"\x00\xff\x10" and bytes.fromhex(" ABab\n") == b"\xab\xab" and bytes.fromhex("") == b""
    raises(ValueError, b"a".hex, "xx", message="sep must be length 1.")
    raises(ValueError, b"a".hex, "\xff", message="sep must be ASCII.")
    raises(ValueError, bytes.fromhex, "aa b", message="non-hexadecimal number found in fromhex() arg at position 4")
    raises(ValueError, bytes.fromhex, "zz", message="non-hexadecimal number found in fromhex() arg at position 0")
    raises(TypeError, bytes.fromhex, b"aa", message="fromhex() argument must be str, not bytes")


def test_percent():
    assert b"%s %b %a %r" % (b"a", b"b", "é", "é") == b"a b '\\xe9' '\\xe9'" and b"%d %x %c %c" % (1, 255, 65, b"a") == b"1 ff A a" and b"%5s|%-5s|%.1s" % ((b"abc",) * 3) == b"  abc|abc  |a"
    assert b"%(a)s" % {b"a": b"x"} == b"x" and b"%f %g" % (1.5, 1e10) == b"1.500000 1e+10" and b"%s" % memoryview(b"zz") == b"zz" and b"\xff%05d%%" % -3 == b"\xff-0003%" and b"%5c|" % 65 == b"    A|"
    raises(TypeError, b"%s".__mod__, "a", message="%b requires a bytes-like object, or an object that implements __bytes__, not 'str'")
    raises(TypeError, b"%c".__mod__, b"ab", message="%c requires an integer in range(256) or a single byte")
    raises(OverflowError, b"%c".__mod__, 256, message="%c arg not in range(256)")
    raises(TypeError, b"%f".__mod__, "x", message="float argument required, not str")
    raises(TypeError, b"x".__mod__, 1, message="not all arguments converted during bytes formatting")
    raises(TypeError, b"%d".__mod__, "x", message="%d format: a real number is required, not str")
    raises(ValueError, b"%y".__mod__, 1, message="unsupported format character 'y' (0x79) at index 1")
    raises(KeyError, b"%(a)s".__mod__, {"a": b"x"})


def test_subclass():
    class Sub(bytes):
        pass

    s = Sub(b"abc")
    assert type(s) is Sub and s == b"abc" and hash(s) == hash(b"abc") and type(s[:]) is bytes and type(s + b"") is bytes and type(bytes(s)) is bytes and s.__getnewargs__() == (b"abc",)
    assert type(Sub.fromhex("61")) is Sub and type(s.replace(b"z", b"y")) is bytes and type(s.strip()) is bytes and type(s.__bytes__()) is bytes
    raises(TypeError, operator.add, s, 5, message="can't concat int to Sub")


def test_iteration():
    it = iter(b"abc")
    assert next(it) == 97 and it.__length_hint__() == 2 and list(it) == [98, 99] and list(it) == [] and type(it).__name__ == "bytes_iterator"
    assert iter(b"ab").__reduce__() == (iter, (b"ab",), 0) and list(reversed(b"abc")) == [99, 98, 97]
    it = iter(b"abc")
    it.__setstate__(1)
    assert list(it) == [98, 99]


def test_decode():
    assert b"\xc3\xa9".decode() == "é" and b"\xe9".decode("latin-1") == "é" and b"a\xff".decode("ascii", "ignore") == "a" and b"ab".decode(encoding="utf-8", errors="strict") == "ab"
    raises(TypeError, b"a".decode, 5, message="decode() argument 'encoding' must be str, not int")
    raises(LookupError, b"a".decode, "no-such-codec", message="unknown encoding: no-such-codec")


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
