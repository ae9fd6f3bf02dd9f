"""Text codecs through str.encode and bytes.decode: results, errors and their positions."""
import subprocess
import sys

from checks import raises

TEXT = "aé€😀\x00z"


def decode_error(data, encoding, start, end, reason, name=None):
    try:
        data.decode(encoding)
    except UnicodeDecodeError as e:
        assert (e.encoding, e.object, e.start, e.end, e.reason) == (name or encoding, data, start, end, reason), e.args
        return e
    raise AssertionError("decoded")


def encode_error(text, encoding, start, end, reason, name=None):
    try:
        text.encode(encoding)
    except UnicodeEncodeError as e:
        assert (e.encoding, e.object, e.start, e.end, e.reason) == (name or encoding, text, start, end, reason), e.args
        return e
    raise AssertionError("encoded")


def test_round_trips():
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "UTF8", "U8", "utf_8", "UTF-16LE"):
        for text in ("", "abc", TEXT, "é" * 100, "€" * 100, "😀" * 100, "".join(map(chr, range(0x20, 0xd800, 97)))):
            assert text.encode(encoding).decode(encoding) == text, encoding
    every_byte = bytes(range(256))
    for encoding in ("latin-1", "latin1", "iso-8859-1", "ISO8859-1", "L1"):
        assert every_byte.decode(encoding).encode(encoding) == every_byte
    for encoding in ("ascii", "us-ascii", "ASCII"):
        assert every_byte[:128].decode(encoding).encode(encoding) == every_byte[:128]


def test_exact_bytes():
    assert TEXT.encode() == b"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x00z" and "é".encode("latin-1") == b"\xe9" and "a€".encode("utf-16-le") == b"a\x00\xac " and "a€".encode("utf-16-be") == b"\x00a \xac"
    assert "a".encode("utf-16") == b"\xff\xfea\x00" and "😀".encode("utf-16-le") == b"=\xd8\x00\xde" and "a".encode("utf-32") == b"\xff\xfe\x00\x00a\x00\x00\x00" and "😀".encode("utf-32-be") == b"\x00\x01\xf6\x00"


def test_byte_order_marks():
    assert b"\xff\xfea\x00".decode("utf-16") == "a" and b"\xfe\xff\x00a".decode("utf-16") == "a" and b"a\x00".decode("utf-16") == "a" and b"\xff\xfea\x00".decode("utf-16-le") == "\ufeffa"
    assert b"\x00\x00\xfe\xff\x00\x00\x00a".decode("utf-32") == "a" and b"\xff\xfe\x00\x00a\x00\x00\x00".decode("utf-32") == "a" and b"\xff\xfe".decode("utf-16") == "" and b"".decode("utf-32") == ""
    assert b"\xef\xbb\xbfa".decode("utf-8") == "\ufeffa" and b"\xef\xbb\xbfa".decode("utf-8-sig") == "a" and "a".encode("utf-8-sig") == b"\xef\xbb\xbfa"


def test_utf8_errors():
    start, cont, end = "invalid start byte", "invalid continuation byte", "unexpected end of data"
    for data, at, upto, reason in [(b"\x80", 0, 1, start), (b"a\xff", 1, 2, start), (b"\xc0\x80", 0, 1, start), (b"\xc1\xbf", 0, 1, start), (b"\xc3", 0, 1, end), (b"\xc3(", 0, 1, cont), (b"\xe2\x82", 0, 2, end), (b"\xe2\x82(", 0, 2, cont),
                                   (b"\xe0\x80\x80", 0, 1, cont), (b"\xed\xa0\x80", 0, 1, cont), (b"\xf0\x9f\x98", 0, 3, end), (b"\xf0\x9f\x98(", 0, 3, cont), (b"\xf0\x80\x80\x80", 0, 1, cont), (b"\xf4\x90\x80\x80", 0, 1, cont), (b"\xf5\x80", 0, 1, start), (b"abc\xe2", 3, 4, end)]:
        decode_error(data, "utf-8", at, upto, reason)
    assert str(decode_error(b"a\xff", "utf-8", 1, 2, start)) == "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"
    assert str(decode_error(b"\xe2\x82", "utf-8", 0, 2, end)) == "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data"


def test_utf8_replacement():
    for data, expected in [(b"a\xffb", "a\ufffdb"), (b"\xe2\x82(", "\ufffd("), (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"), (b"\xf0\x9f\x98", "\ufffd"), (b"\xc0\x80", "\ufffd\ufffd"), (b"\xf4\x90\x80\x80", "\ufffd" * 4), (b"\xe2\x82\xe2\x82\xac", "\ufffd€")]:
        assert data.decode("utf-8", "replace") == expected
        assert data.decode("utf-8", "ignore") == expected.replace("\ufffd", "")
    assert b"a\xff\xe2\x82".decode("utf-8", "backslashreplace") == "a\\xff\\xe2\\x82" and b"\xff\xe9".decode("utf-8", "surrogateescape") == "\udcff\udce9"
    assert b"\xed\xa0\x80\xed\xbf\xbf".decode("utf-8", "surrogatepass") == "\ud800\udfff" and b"a\xff".decode("utf-8", errors="ignore") == "a"


def test_utf8_surrogates():
    encode_error("a\ud800\udfffb", "utf-8", 1, 3, "surrogates not allowed")
    e = encode_error("\udc80", "utf-8", 0, 1, "surrogates not allowed")
    assert str(e) == "'utf-8' codec can't encode character '\\udc80' in position 0: surrogates not allowed"
    s = "a\udc80b"
    assert s.encode("utf-8", "surrogateescape") == b"a\x80b" and s.encode("utf-8", "surrogatepass") == b"a\xed\xb2\x80b" and s.encode("utf-8", "replace") == b"a?b" and s.encode("utf-8", "ignore") == b"ab"
    assert s.encode("utf-8", "backslashreplace") == b"a\\udc80b" and s.encode("utf-8", "xmlcharrefreplace") == b"a&#56448;b" and b"a\x80\xffb".decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape") == b"a\x80\xffb"
    raises(UnicodeEncodeError, "\ud800".encode, "utf-8", "surrogateescape")


def test_ascii_and_latin1_errors():
    e = encode_error("aé€b", "ascii", 1, 3, "ordinal not in range(128)")
    assert str(e) == "'ascii' codec can't encode characters in position 1-2: ordinal not in range(128)"
    e = encode_error("aé€b", "latin-1", 2, 3, "ordinal not in range(256)")
    assert str(e) == "'latin-1' codec can't encode character '\\u20ac' in position 2: ordinal not in range(256)"
    e = decode_error(b"ab\xe9", "ascii", 2, 3, "ordinal not in range(128)")
    assert str(e) == "'ascii' codec can't decode byte 0xe9 in position 2: ordinal not in range(128)"


def test_encode_handlers():
    s = "aé€😀"
    assert s.encode("ascii", "ignore") == b"a" and s.encode("ascii", "replace") == b"a???" and s.encode("latin-1", "replace") == b"a\xe9??"
    assert s.encode("ascii", "backslashreplace") == b"a\\xe9\\u20ac\\U0001f600" and s.encode("ascii", "xmlcharrefreplace") == b"a&#233;&#8364;&#128512;"
    assert s.encode("ascii", "namereplace") == b"a\\N{LATIN SMALL LETTER E WITH ACUTE}\\N{EURO SIGN}\\N{GRINNING FACE}" and "\udce9x".encode("ascii", "surrogateescape") == b"\xe9x"
    assert b"a\xe9".decode("ascii", "replace") == "a\ufffd" and b"a\xe9".decode("ascii", "surrogateescape") == "a\udce9" and b"a\xe9".decode("ascii", "backslashreplace") == "a\\xe9"


def test_utf16_errors():
    decode_error(b"a", "utf-16-le", 0, 1, "truncated data")
    decode_error(b"a\x00b", "utf-16-le", 2, 3, "truncated data")
    decode_error(b"\x00\xd8", "utf-16-le", 0, 2, "unexpected end of data")
    decode_error(b"\x00\xd8a\x00", "utf-16-le", 0, 2, "illegal UTF-16 surrogate")
    decode_error(b"\x00\xdca\x00", "utf-16-le", 0, 2, "illegal encoding")
    decode_error(b"\xdc\x00", "utf-16-be", 0, 2, "illegal encoding")
    decode_error(b"x", "utf-16", 0, 1, "truncated data", name="utf-16-le")
    encode_error("a\ud800", "utf-16-le", 1, 2, "surrogates not allowed")
    encode_error("a\ud800", "utf-16", 1, 2, "surrogates not allowed")
    assert "\ud800".encode("utf-16-le", "surrogatepass") == b"\x00\xd8" and b"\x00\xd8".decode("utf-16-le", "surrogatepass") == "\ud800" and b"\x00\xdca\x00".decode("utf-16-le", "replace") == "\ufffda"
    assert "a\ud800".encode("utf-16-be", "replace") == b"\x00a\x00?" and b"a\x00b".decode("utf-16-le", "ignore") == "a"


def test_utf32_errors():
    decode_error(b"a\x00\x00", "utf-32-le", 0, 3, "truncated data")
    decode_error(b"\x00\xd8\x00\x00", "utf-32-le", 0, 4, "code point in surrogate code point range(0xd800, 0xe000)")
    decode_error(b"\x00\x00\x11\x00", "utf-32-le", 0, 4, "code point not in range(0x110000)")
    decode_error(b"\x00\x11\x00\x00", "utf-32-be", 0, 4, "code point not in range(0x110000)")
    encode_error("a\udfff", "utf-32-be", 1, 2, "surrogates not allowed")
    assert "\ud800".encode("utf-32-le", "surrogatepass") == b"\x00\xd8\x00\x00" and b"\x00\xd8\x00\x00".decode("utf-32-le", "surrogatepass") == "\ud800" and b"\xff\xff\xff\xffa\x00\x00\x00".decode("utf-32-le", "replace") == "\ufffda"


def test_unknown_names():
    raises(LookupError, "a".encode, "no-such", message="unknown encoding: no-such")
    raises(LookupError, b"a".decode, "no-such", message="unknown encoding: no-such")
    raises(LookupError, b"\xff".decode, "ascii", "no-such", message="unknown error handler name 'no-such'")
    raises(LookupError, "é".encode, "ascii", "no-such", message="unknown error handler name 'no-such'")
    assert b"a".decode("ascii", "no-such") == "a"
    raises(TypeError, "a".encode, 5, message="encode() argument 'encoding' must be str, not int")
    raises(ValueError, "a".encode, "a\0b")


def test_registered_handler():
    import codecs

    def handler(error):
        if isinstance(error, UnicodeEncodeError):
            return "<%x>" % ord(error.object[error.start]), error.start + 1
        return "<%02x>" % error.object[error.start], error.start + 1

    codecs.register_error("test.angle", handler)
    assert "aé€b".encode("ascii", "test.angle") == b"a<e9><20ac>b" and b"a\xff\xfeb".decode("utf-8", "test.angle") == "a<ff><fe>b"
    codecs.register_error("test.bytes", lambda e: (b"\x80", e.end))
    assert "é€x".encode("ascii", "test.bytes") == b"\x80x"
    codecs.register_error("test.bad", lambda e: 5)
    raises(TypeError, "é".encode, "ascii", "test.bad", message="encoding error handler must return (str/bytes, int) tuple")
    raises(TypeError, b"\xff".decode, "ascii", "test.bad", message="decoding error handler must return (str, int) tuple")
    codecs.register_error("test.far", lambda e: ("", 100))
    raises(IndexError, "é".encode, "ascii", "test.far", message="position 100 from error handler out of bounds")
    codecs.register_error("test.back", lambda e: ("x", -1))
    assert b"\xffab".decode("ascii", "test.back") == "xb"


def test_unicode_escape():
    assert "aé€😀\n\\'".encode("unicode_escape") == b"a\\xe9\\u20ac\\U0001f600\\n\\\\'" and b"a\\xe9\\u20ac\\U0001f600\\n\\101\\0\\\nz\xe9".decode("unicode_escape") == "aé€😀\nA\0zé"
    assert b"\\N{EURO SIGN}".decode("unicode_escape") == "€" and "aé€".encode("raw_unicode_escape") == b"a\xe9\\u20ac" and b"a\\u20ac\\n".decode("raw_unicode_escape") == "a€\\n"
    decode_error(b"a\\x1", "unicode_escape", 1, 4, "truncated \\xXX escape", name="unicodeescape")
    decode_error(b"\\u12", "unicode_escape", 0, 4, "truncated \\uXXXX escape", name="unicodeescape")
    decode_error(b"\\U00110000", "unicode_escape", 0, 10, "illegal Unicode character", name="unicodeescape")
    decode_error(b"a\\", "unicode_escape", 1, 2, "\\ at end of string", name="unicodeescape")
    decode_error(b"\\N{nope}", "unicode_escape", 0, 8, "unknown Unicode character name", name="unicodeescape")


def test_utf7():
    assert "A€ +-é".encode("utf-7") == b"A+IKw +--+AOk-" and b"A+IKw +--+AOk-".decode("utf-7") == "A€ +-é" and "😀a".encode("utf-7") == b"+2D3eAA-a" and b"+2D3eAA-a".decode("utf-7") == "😀a"
    assert b"+IKw.".decode("utf-7") == "€." and b"a+-b".decode("utf-7") == "a+b" and "~\\".encode("utf-7").decode("utf-7") == "~\\"
    for text in ("", "abc", TEXT, "++--", "日本語", "a€-b", "€A", "😀😀"):
        assert text.encode("utf-7").decode("utf-7") == text
    raises(UnicodeDecodeError, b"+IK".decode, "utf-7")
    raises(UnicodeDecodeError, b"\xff".decode, "utf-7")


def test_charmap_codecs():
    assert "é€".encode("cp1252") == b"\xe9\x80" and b"\xe9\x80".decode("cp1252") == "é€" and "привет".encode("koi8-r").decode("koi8-r") == "привет" and "é".encode("cp437") == b"\x82"
    encode_error("a😀b", "cp1252", 1, 2, "character maps to <undefined>", name="charmap")
    decode_error(b"a\x81", "cp1252", 1, 2, "character maps to <undefined>", name="charmap")
    assert "a😀€".encode("cp1252", "replace") == b"a?\x80" and "😀".encode("cp1252", "xmlcharrefreplace") == b"&#128512;" and b"\x81".decode("cp1252", "replace") == "\ufffd"


def test_non_text_codecs():
    raises(LookupError, "a".encode, "hex", message="'hex' is not a text encoding; use codecs.encode() to handle arbitrary codecs")
    raises(LookupError, b"a".decode, "base64", message="'base64' is not a text encoding; use codecs.decode() to handle arbitrary codecs")


def test_names_that_are_not_needed():
    assert b"".decode("no such codec") == str(b"", "no such codec") == "" and b"".decode(errors="no such handler") == ""
    assert "text".encode("ascii", "no such handler") == b"text" and bytes("", "utf-8", "no such handler") == b""
    raises(LookupError, "".encode, "no such codec", message="unknown encoding: no such codec")


def test_development_mode_checks_names():
    program = """
import io
for use in (lambda: b"".decode("bogus"), lambda: "".encode("utf-8", "bogus"), lambda: b"x".decode("latin-1", "bogus"),
            lambda: bytes("a", "ascii", "bogus"), lambda: io.TextIOWrapper(io.BytesIO(), errors="bogus")):
    try:
        use()
    except LookupError as error:
        print(error)
assert b"x".decode("utf-8", "surrogateescape") + "y".encode("latin-1", "ignore").decode() == "xy"
"""
    run = subprocess.run([sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True)
    assert run.stdout.splitlines() == ["unknown encoding: bogus"] + ["unknown error handler name 'bogus'"] * 4, run


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
