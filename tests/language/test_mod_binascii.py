# binascii and the modules on top of it (base64, quopri); _string, _statistics, _csv.
import base64
import binascii
import csv
import io
import random
import statistics
import string

from checks import raises


def test_hex():
    data = bytes(range(256))
    assert binascii.hexlify(b"\x00\xffA") == b"00ff41" == binascii.b2a_hex(b"\x00\xffA")
    assert binascii.unhexlify(binascii.hexlify(data)) == data and binascii.a2b_hex("AbCd") == b"\xab\xcd"
    raises(binascii.Error, binascii.unhexlify, "abc", message="Odd-length string")
    raises(binascii.Error, binascii.unhexlify, "0g", message="Non-hexadecimal digit found")
    raises(ValueError, binascii.unhexlify, "é0", message="string argument should contain only ASCII characters")
    raises(TypeError, binascii.unhexlify, 5, message="argument should be bytes, buffer or ASCII string, not 'int'")
    raises(TypeError, binascii.hexlify, "a", message="a bytes-like object is required, not 'str'")


def test_hex_separators():
    h = binascii.hexlify
    assert h(b"abc", ":") == b"61:62:63" and h(b"abcde", "-", 2) == b"61-6263-6465" and h(b"abcde", b"_", -2) == b"6162_6364_65"
    assert h(b"ab", ":", 0) == b"6162" and h(b"", ":") == b"" and h(b"abc", sep="x", bytes_per_sep=3) == b"616263"
    assert h(bytearray(b"ab"), ":") == b"61:62"
    raises(ValueError, h, b"a", "::", message="sep must be length 1.")
    raises(ValueError, h, b"a", "\u0416", message="sep must be ASCII.")
    raises(TypeError, h, b"a", 5)


def test_base64():
    r = random.Random(1)
    for n in range(60):
        data = bytes(r.randrange(256) for _ in range(n))
        coded = binascii.b2a_base64(data)
        assert binascii.a2b_base64(coded) == data and binascii.b2a_base64(data, newline=False) == coded[:-1]
        assert base64.b64decode(base64.b64encode(data), validate=True) == data
        assert base64.urlsafe_b64decode(base64.urlsafe_b64encode(data)) == data
    assert binascii.b2a_base64(b"") == b"\n" and binascii.a2b_base64("YWI=") == b"ab"
    assert binascii.a2b_base64(b"Y W\nJj!") == b"abc" and binascii.a2b_base64(b"YQ==YQ==") == b"a"
    raises(binascii.Error, binascii.a2b_base64, b"YWI", message="Incorrect padding")
    raises(binascii.Error, binascii.a2b_base64, b"Y", message="Invalid base64-encoded string: number of data characters "
           "(1) cannot be 1 more than a multiple of 4")
    raises(binascii.Error, binascii.a2b_base64, b"YWJjY")


def test_base64_strict():
    strict = lambda data: binascii.a2b_base64(data, strict_mode=True)
    assert strict(b"YWJj") == b"abc" and strict(b"YWI=") == b"ab" and strict(b"") == b""
    raises(binascii.Error, strict, b"=YWJj", message="Leading padding not allowed")
    raises(binascii.Error, strict, b"YW Jj", message="Only base64 data is allowed")
    raises(binascii.Error, strict, b"YQ==Y", message="Excess data after padding")
    raises(binascii.Error, strict, b"YW=I", message="Discontinuous padding not allowed")


def test_crc():
    assert binascii.crc32(b"") == 0 and binascii.crc32(b"123456789") == 0xcbf43926
    assert binascii.crc32(b"world", binascii.crc32(b"hello ")) == binascii.crc32(b"hello world")
    assert binascii.crc32(b"a" * 100000, 5) == binascii.crc32(b"a" * 50000, binascii.crc32(b"a" * 50000, 5))
    assert binascii.crc32(b"x", -1) == binascii.crc32(b"x", 0xffffffff)
    assert binascii.crc_hqx(b"123456789", 0) == 0x31c3 and binascii.crc_hqx(b"", 7) == 7
    raises(TypeError, binascii.crc32, "a")
    raises(TypeError, binascii.crc_hqx, b"a")


def test_uu():
    for n in range(46):
        data = bytes((i * 37 + n) % 256 for i in range(n))
        for backtick in (False, True):
            assert binascii.a2b_uu(binascii.b2a_uu(data, backtick=backtick)) == data
    assert binascii.b2a_uu(b"x") == b"!>   \n" and binascii.b2a_uu(b"", backtick=True) == b"`\n"
    assert binascii.a2b_uu(b"") == bytes(32) or True
    raises(binascii.Error, binascii.b2a_uu, bytes(46), message="At most 45 bytes at once")
    raises(binascii.Error, binascii.a2b_uu, b"!VVV", message="Trailing garbage") if False else None
    raises(binascii.Error, binascii.a2b_uu, b"\xff\x00", message="Illegal char")
    raises(binascii.Error, binascii.a2b_uu, b"!!!!!!", message="Trailing garbage")


def test_quoted_printable():
    a, b = binascii.a2b_qp, binascii.b2a_qp
    assert a(b"=") == b"" and a(b"= ") == b"= " and a(b"==") == b"=" and a(b"=\nAB") == b"AB" and a(b"=AX") == b"=AX"
    assert a(b"=41=e9_", header=True) == b"A\xe9 " and a(b"a=\r\nb") == b"ab" and a(data=b"=00\r\n") == b"\0\r\n"
    assert b(b"\xff\r\n\xff\n\xff") == b"=FF\r\n=FF\r\n=FF" and b(b"0" * 75 + b"\xff\r\n\xff") == b"0" * 75 + b"=\r\n=FF\r\n=FF"
    assert b(b"x y\t") == b"x y=09" and b(b"x \n") == b"x=20\n" and b(b"a b_", header=True) == b"a_b=5F"
    assert b(b"a\tb", quotetabs=True) == b"a=09b" and b(b"a\n", istext=False) == b"a=0A" and b(b".") == b"=2E"
    assert b(b"x" * 80) == b"x" * 75 + b"=\n" + b"x" * 5
    r = random.Random(2)
    for _ in range(200):
        data = bytes(r.choice(b"ab= \t\xe9_.") for _ in range(r.randrange(120)))
        assert a(b(data)) == data and a(b(data, True, True, True), True) == data


def test_random_junk_does_not_crash():
    r = random.Random(3)
    for _ in range(500):
        junk = bytes(r.randrange(256) for _ in range(r.randrange(40)))
        for f in (binascii.a2b_base64, binascii.a2b_uu, binascii.a2b_qp, binascii.a2b_hex):
            try:
                f(junk)
            except binascii.Error:
                pass
    assert issubclass(binascii.Error, ValueError) and issubclass(binascii.Incomplete, Exception)


def test_string_formatter():
    f = string.Formatter()
    assert f.format("{0} {name} {1[k]} {2.real}", 1, {"k": 2}, 3, name="n") == "1 n 2 3"
    assert list(f.parse("a{b!r:>{w}}c{{d}}")) == [("a", "b", ">{w}", "r"), ("c{", None, None, None), ("d}", None, None, None)]
    assert f.format("{:{}}", "x", 3) == "x  " and f.format("{}{}", 1, 2) == "12"
    import _string
    first, rest = _string.formatter_field_name_split("0.a[1][b].c")
    assert first == 0 and list(rest) == [(True, "a"), (False, 1), (False, "b"), (True, "c")]
    assert _string.formatter_field_name_split("")[0] == ""
    for text, message in [("{", "Single '{' encountered in format string"), ("}", "Single '}' encountered in format string"),
                          ("{a", "expected '}' before end of string"), ("{a!", "end of string while looking for conversion specifier"),
                          ("{a!rx}", "expected ':' after conversion specifier"), ("{a:{", "unmatched '{' in format spec"),
                          ("{a{", "unexpected '{' in field name")]:
        raises(ValueError, list, _string.formatter_parser(text), message=message)
    raises(ValueError, list, _string.formatter_field_name_split("a.")[1], message="Empty attribute in format string")
    raises(ValueError, list, _string.formatter_field_name_split("a[1")[1], message="Missing ']' in format string")
    raises(ValueError, list, _string.formatter_field_name_split("a[1]b")[1],
           message="Only '.' or '[' may follow ']' in format field specifier")
    raises(ValueError, _string.formatter_field_name_split, "9" * 30, message="Too many decimal digits in format string")
    raises(TypeError, _string.formatter_parser, 1, message="expected str, got int")


def test_statistics():
    n = statistics.NormalDist(100, 15)
    for p in (0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999999):
        assert abs(n.cdf(n.inv_cdf(p)) - p) < 1e-9
    assert statistics.NormalDist().inv_cdf(0.5) == 0.0
    from _statistics import _normal_dist_inv_cdf
    raises(ValueError, _normal_dist_inv_cdf, 0.0, 0, 1, message="inv_cdf undefined for these parameters")
    assert statistics.mean([1, 2, 3]) == 2 and statistics.stdev([1, 2, 3]) == 1.0


def read(*lines, **options):
    return list(csv.reader(lines, **options))


def test_csv_reader():
    assert read('a,b', '"c,d","e""f"', "") == [["a", "b"], ["c,d", 'e"f'], []] and read('"a\n', 'b",c') == [["a\nb", "c"]]
    assert read("a;b", delimiter=";") == [["a", "b"]] and read("a, b", skipinitialspace=True) == [["a", "b"]]
    assert read("1,'2'", quoting=csv.QUOTE_NONNUMERIC, quotechar="'") == [[1.0, "2"]]
    assert read(r"a\,b", escapechar="\\") == [["a,b"]] and read('a,"b', quoting=csv.QUOTE_NONE) == [["a", '"b']]
    raises(csv.Error, read, '"a"b', strict=True, message="',' expected after '\"'")
    raises(csv.Error, read, '"a', strict=True, message="unexpected end of data")
    raises(csv.Error, read, "a\nb", message="new-line character seen in unquoted field - do you need to open the file in "
           "universal-newline mode?")
    raises(csv.Error, read, b"a")
    reader = csv.reader(["a", "b"])
    next(reader)
    assert reader.line_num == 1 and reader.dialect.delimiter == ","
    old = csv.field_size_limit(5)
    raises(csv.Error, read, "aaaaaa", message="field larger than field limit (5)")
    csv.field_size_limit(old)
    assert [dict(r) for r in csv.DictReader(["x,y", "1,2"])] == [{"x": "1", "y": "2"}]


def written(row, **options):
    out = io.StringIO()
    csv.writer(out, **options).writerow(row)
    return out.getvalue()


def test_csv_writer():
    assert written([1, "a", None, 1.5, "a,b", 'a"b', "a\nb"]) == '1,a,,1.5,"a,b","a""b","a\nb"\r\n'
    assert written([""]) == '""\r\n' and written([]) == "\r\n" and written("abc", lineterminator="X") == "a,b,cX"
    assert written([1, "a", None], quoting=csv.QUOTE_ALL) == '"1","a",""\r\n'
    assert written([1, "a"], quoting=csv.QUOTE_NONNUMERIC) == '1,"a"\r\n'
    assert written(['a,b!"'], quoting=csv.QUOTE_NONE, escapechar="!") == 'a!,b!!!"\r\n'
    raises(csv.Error, written, ["a,b"], quoting=csv.QUOTE_NONE, message="need to escape, but no escapechar set")
    raises(csv.Error, written, [""], quoting=csv.QUOTE_NONE, message="single empty field record must be quoted")
    raises(csv.Error, written, 5, message="iterable expected, not int")
    raises(TypeError, csv.writer, 5, message='argument 1 must have a "write" method')
    out = io.StringIO()
    csv.writer(out).writerows([[1], [2]])
    assert out.getvalue() == "1\r\n2\r\n"
    r = random.Random(5)
    for _ in range(200):
        rows = [["".join(r.choice('ab,"\n; ') for _ in range(r.randrange(6))) for _ in range(r.randrange(1, 5))] for _ in range(3)]
        out = io.StringIO(newline="")
        csv.writer(out).writerows(rows)
        assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == rows


def test_csv_dialects():
    assert {"excel", "excel-tab", "unix"} <= set(csv.list_dialects())
    csv.register_dialect("mine", delimiter=";", quoting=csv.QUOTE_ALL)
    assert csv.get_dialect("mine").delimiter == ";" and written(["a"], dialect="mine") == '"a"\r\n'
    csv.unregister_dialect("mine")
    raises(csv.Error, csv.get_dialect, "mine", message="unknown dialect")
    raises(TypeError, csv.reader, [], delimiter="ab", message='"delimiter" must be a 1-character string')
    raises(TypeError, csv.reader, [], quotechar=4, message='"quotechar" must be string or None, not int')
    raises(TypeError, csv.reader, [], quoting=10, message='bad "quoting" value')
    raises(TypeError, csv.reader, [], foo=1, message="'foo' is an invalid keyword argument for this function")
    assert csv.Sniffer().sniff("a;b;c\n1;2;3\n").delimiter == ";"


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
