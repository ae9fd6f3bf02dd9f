"""str: searching, splitting, joining, case, character classes, slicing, comparison, hashing."""
import operator

from checks import raises

WIDE = "aé€😀"  # one character of each width


def test_literals_and_widths():
    assert [ord(c) for c in WIDE] == [97, 233, 8364, 128512] and len(WIDE) == 4
    assert WIDE[0] == "a" and WIDE[-1] == "😀" and WIDE[1:3] == "é€" and WIDE[::-1] == "😀€éa" and WIDE[::2] == "a€"
    for i in range(4):
        for j in range(5):
            assert WIDE[i:j] == "".join(WIDE[k] for k in range(i, j))
    assert chr(0x10ffff) == "\U0010ffff" and chr(233) is chr(233)
    raises(ValueError, chr, 0x110000, message="chr() arg not in range(0x110000)")
    raises(ValueError, chr, -1, message="chr() arg not in range(0x110000)")


def test_index_errors():
    raises(IndexError, operator.getitem, "abc", 3, message="string index out of range")
    raises(IndexError, operator.getitem, "abc", -4, message="string index out of range")
    raises(TypeError, operator.getitem, "abc", "x", message="string indices must be integers, not 'str'")
    raises(TypeError, operator.getitem, "abc", 1.0, message="string indices must be integers, not 'float'")
    raises(IndexError, operator.getitem, "abc", 10**30, message="cannot fit 'int' into an index-sized integer")
    raises(ValueError, operator.getitem, "abc", slice(None, None, 0), message="slice step cannot be zero")


def test_concat_and_repeat():
    for a in ("", "a", "é", "€", "😀", WIDE):
        for b in ("", "b", "é", "€", "😀", WIDE):
            c = a + b
            assert len(c) == len(a) + len(b) and c[:len(a)] == a and c[len(a):] == b
        assert a * 3 == a + a + a and 0 * a == "" and a * -1 == ""
    raises(TypeError, operator.add, "abc", 1, message='can only concatenate str (not "int") to str')
    raises(TypeError, operator.mul, "a", 1.5, message="can't multiply sequence by non-int of type 'float'")
    raises(OverflowError, operator.mul, "ab", 2**62 + 5, message="repeated string is too long")
    raises(MemoryError, operator.mul, "a", 10**18)


def test_compare():
    words = ["", "A", "a", "aa", "ab", "b", "é", "éa", "€", "😀", "\ud800", "\uffff"]
    ordered = sorted(words, key=lambda w: [ord(c) for c in w])
    for i, a in enumerate(ordered):
        for j, b in enumerate(ordered):
            assert (a < b) == (i < j) and (a <= b) == (i <= j) and (a == b) == (i == j) and (a > b) == (i > j)
    assert "a" != 1 and not "a" == b"a" and "abc".__eq__(1) is NotImplemented
    raises(TypeError, operator.lt, "a", 1, message="'<' not supported between instances of 'str' and 'int'")


def test_hash_and_identity():
    assert hash("") == 0 and hash("abc") == hash("".join(["a", "bc"])) and hash("é€😀") == hash("é" + "€" + "😀")
    assert hash("abc") == hash(b"abc") and {"ab" + "c": 1}["abc"] == 1
    s = "hello world"
    assert s[:] is s and str(s) is s and s * 1 is s and s + "" is s and s.strip() is s and s.replace("z", "y") is s
    assert "".join([s]) is s


def test_find():
    s = "the cat sat on the mat"
    assert s.find("the") == 0 and s.rfind("the") == 15 and s.find("at", 6) == 9 and s.find("dog") == -1
    assert s.find("") == 0 and s.find("", 5) == 5 and s.find("", 50) == -1 and s.rfind("") == len(s) and s.find("", len(s)) == len(s)
    assert s.find("the", 1, 17) == -1 and s.find("the", -7) == 15 and s.find("t", None, None) == 0 and s.index("sat") == 8
    assert s.find("the", 1, 18) == 15 and s.rfind("t", 0, -1) == 15 and s.rindex("a") == 20
    assert "xé€😀é€".find("€") == 2 and "xé€😀é€".rfind("é€") == 4 and "abc".find("€") == -1 and "a€".find("😀") == -1
    raises(ValueError, s.index, "dog", message="substring not found")
    raises(ValueError, s.rindex, "dog", message="substring not found")
    raises(TypeError, s.find, 1, message="must be str, not int")
    raises(TypeError, s.find, "a", "b", message="slice indices must be integers or None or have an __index__ method")


def test_find_long_needles():
    for unit in ("ab", "aé", "a€", "a😀"):
        hay = unit * 500 + "c" + unit * 500
        for n in (1, 5, 20, 200, 499):
            needle = unit * n + "c"
            assert hay.find(needle) == 2 * (500 - n), (unit, n)
            assert hay.rfind("c" + unit * n) == 1000
            assert (unit * n) in hay and hay.count(unit * n) == (500 // n) * 2
    assert ("a" * 5000).find("b" + "a" * 100) == -1 and ("é" * 5000 + "€").rfind("€" + "é" * 100) == -1
    periodic = "€" * 3000
    assert periodic.find("€" * 1000 + "x" + "€" * 1000) == -1 and periodic.find("€" * 2999) == 0


def test_count():
    assert "banana".count("an") == 2 and "aaaa".count("aa") == 2 and "abc".count("") == 4 and "".count("") == 1
    assert "banana".count("a", 2) == 2 and "banana".count("a", 2, 4) == 1 and "abc".count("", 5) == 0 and "é€é".count("é") == 2
    assert "".count("a") == 0 and "abc".count("abcd") == 0 and "abc".count("", 3) == 1
    raises(TypeError, "a".count, 1, message="must be str, not int")


def test_contains():
    assert "a" in "cat" and "" in "" and "at" in "cat" and "x" not in "cat" and "€" in WIDE and "€😀" in WIDE
    raises(TypeError, operator.contains, "abc", 1, message="'in <string>' requires string as left operand, not int")


def test_replace():
    assert "aaa".replace("a", "b") == "bbb" and "aaa".replace("a", "b", 2) == "bba" and "abc".replace("", "-") == "-a-b-c-"
    assert "abc".replace("", "-", 2) == "-a-bc" and "".replace("", "x") == "x" and "".replace("a", "x") == ""
    assert "aXbXc".replace("X", "") == "abc" and "aXbXc".replace("X", "long") == "alongblongc" and "abc".replace("abc", "") == ""
    assert "a€b€".replace("€", "e") == "aebe" and "aebe".replace("e", "€") == "a€b€" and "é".replace("é", "e").isascii()
    assert "😀a".replace("😀", "é") == "éa" and "a.b.c".replace(".", "😀", 1) == "a😀b.c" and "aa".replace("a", "a") == "aa"
    assert "abc".replace("b", "x", 0) == "abc" and "abc".replace("b", "x", -1) == "axc"
    raises(TypeError, "a".replace, 1, "b", message="replace() argument 1 must be str, not int")
    raises(TypeError, "a".replace, "b", 1, message="replace() argument 2 must be str, not int")


def test_split():
    assert " a b  c ".split() == ["a", "b", "c"] and "".split() == [] and "   ".split() == [] and "a b c".split(None, 1) == ["a", "b c"]
    assert "a,b,,c,".split(",") == ["a", "b", "", "c", ""] and "".split(",") == [""] and "a,b,c".split(",", 1) == ["a", "b,c"]
    assert " a b  c ".rsplit(None, 1) == [" a b", "c"] and "a,b,c".rsplit(",", 1) == ["a,b", "c"] and "a,b,c".rsplit(",") == ["a", "b", "c"]
    assert "a--b--c".split("--") == ["a", "b", "c"] and "a€b€".split("€") == ["a", "b", ""] and "a b\x1fc\u3000d".split() == ["a", "b", "c", "d"]
    assert "a b c".split(maxsplit=1) == ["a", "b c"] and "a b".split(sep="x") == ["a b"] and " a ".split(" ") == ["", "a", ""]
    assert " a  b ".split(None, 0) == ["a  b "] and " a  b ".rsplit(None, 0) == [" a  b"] and "aaa".rsplit("aa") == ["a", ""]
    raises(ValueError, "a".split, "", message="empty separator")
    raises(TypeError, "a".split, 1, message="must be str or None, not int")


def test_splitlines():
    assert "a\nb\r\nc\rd".splitlines() == ["a", "b", "c", "d"] and "a\nb\r\n".splitlines(True) == ["a\n", "b\r\n"]
    assert "".splitlines() == [] and "\n".splitlines() == [""] and "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i".splitlines() == list("abcdefghi")
    assert "a\x1fb".splitlines() == ["a\x1fb"] and "a\n\nb".splitlines(keepends=True) == ["a\n", "\n", "b"]


def test_partition():
    assert "a=b=c".partition("=") == ("a", "=", "b=c") and "a=b=c".rpartition("=") == ("a=b", "=", "c")
    assert "abc".partition("=") == ("abc", "", "") and "abc".rpartition("=") == ("", "", "abc") and "a€b".partition("€") == ("a", "€", "b")
    raises(ValueError, "a".partition, "", message="empty separator")
    raises(TypeError, "a".partition, 1, message="must be str, not int")


def test_join():
    assert ",".join(["a", "b", "c"]) == "a,b,c" and "".join([]) == "" and "-".join("abc") == "a-b-c" and ",".join(("a",)) == "a"
    assert "€".join(["a", "b"]) == "a€b" and ",".join(["é", "😀"]) == "é,😀" and ", ".join(str(i) for i in range(5)) == "0, 1, 2, 3, 4"
    assert "".join({"k": 1}) == "k" and "ab".join(iter(["x", "y"])) == "xaby" and "€".join(["x"]) == "x"
    raises(TypeError, ",".join, [1], message="sequence item 0: expected str instance, int found")
    raises(TypeError, ",".join, ["a", None], message="sequence item 1: expected str instance, NoneType found")
    raises(TypeError, ",".join, 1, message="can only join an iterable")
    assert len("ab".join(["x" * 1000] * 1000)) == 1000 * 1000 + 999 * 2


def test_strip():
    assert "  a b  ".strip() == "a b" and "  a ".lstrip() == "a " and " a  ".rstrip() == " a" and "\u3000a\x85".strip() == "a"
    assert "xyaxy".strip("xy") == "a" and "xyaxy".lstrip("yx") == "axy" and "xyaxy".rstrip("y") == "xyax" and "€a€".strip("€") == "a"
    assert "".strip() == "" and "   ".strip() == "" and "abc".strip("") == "abc" and "aaa".strip("a") == "" and "abc".strip(None) == "abc"
    raises(TypeError, "a".strip, 1, message="strip arg must be None or str")
    raises(TypeError, "a".lstrip, 1, message="lstrip arg must be None or str")


def test_prefix_and_suffix():
    s = "prefix-body-suffix"
    assert s.startswith("prefix") and not s.startswith("body") and s.startswith("body", 7) and s.startswith(("x", "pre"))
    assert s.endswith("suffix") and s.endswith(("a", "fix")) and s.endswith("body", 0, 11) and not s.endswith(())
    assert s.startswith("") and s.startswith("", 18) and not s.startswith("", 19) and "€a".startswith("€") and not "a".startswith("€")
    assert s.removeprefix("prefix-") == "body-suffix" and s.removesuffix("-suffix") == "prefix-body" and s.removeprefix("x") is s
    raises(TypeError, s.startswith, 1, message="startswith first arg must be str or a tuple of str, not int")
    raises(TypeError, s.endswith, (1,), message="tuple for endswith must only contain str, not int")
    raises(TypeError, s.removeprefix, 1, message="removeprefix() argument must be str, not int")


def test_padding():
    assert "ab".center(5) == "  ab " and "abc".center(6) == " abc  " and "a".center(4, "*") == "*a**" and "ab".center(7, "-") == "---ab--"
    assert "ab".ljust(5, ".") == "ab..." and "ab".rjust(5) == "   ab" and "abc".ljust(2) == "abc" and "a".ljust(3, "€") == "a€€"
    assert "42".zfill(5) == "00042" and "-42".zfill(5) == "-0042" and "+42".zfill(2) == "+42" and "".zfill(3) == "000" and "--1".zfill(5) == "-00-1"
    raises(TypeError, "a".center, 5, "xx", message="The fill character must be exactly one character long")
    raises(TypeError, "a".center, 5, 1, message="The fill character must be a unicode character, not int")
    raises(TypeError, "a".center, "x", message="'str' object cannot be interpreted as an integer")


def test_case():
    assert "Hello World".upper() == "HELLO WORLD" and "Hello World".lower() == "hello world" and "Hello".swapcase() == "hELLO"
    assert "hello world it's".title() == "Hello World It'S" and "hELLO".capitalize() == "Hello" and "".title() == ""
    assert "straße".upper() == "STRASSE" and "straße".casefold() == "strasse" and "ŉ".upper() == "ʼN" and "ﬃ".title() == "Ffi"
    assert "İ".lower() == "i̇" and "ΑΣ ΣΑ Σ".lower() == "ας σα σ" and "ΑΣ.".lower() == "ας." and "ΑΣΑ".lower() == "ασα"
    assert "ǆ".title() == "ǅ" and "ǆ".upper() == "Ǆ" and "ǅ".lower() == "ǆ" and "ÿ".upper() == "Ÿ" and "µ".upper() == "Μ"
    assert "éCOLE".capitalize() == "École" and "ß".capitalize() == "Ss" and "😀a".upper() == "😀A" and "Ⓐ".lower() == "ⓐ"


def test_character_classes():
    assert "abcé".isalpha() and not "ab1".isalpha() and not "".isalpha() and "中文".isalpha() and "ab1".isalnum() and not "a b".isalnum()
    assert "123".isdigit() and "²".isdigit() and not "½".isdigit() and "½".isnumeric() and "一".isnumeric() and "٣".isdecimal() and not "²".isdecimal()
    assert " \t\n\x1c\u3000".isspace() and not "".isspace() and "abc1".islower() and not "aBc".islower() and "AB1".isupper() and not "".isupper()
    assert "Hello World".istitle() and not "hello".istitle() and not "HEllo".istitle() and "A1 B".istitle() and "ǅ".istitle() and not "ǅ".isupper()
    assert "abc".isascii() and "".isascii() and not "é".isascii() and "abc é".isprintable() and not "a\n".isprintable() and "".isprintable()
    assert not "\u200b".isprintable() and not "\ud800".isprintable() and not "\xa0".isprintable() and "ª".islower() and "Ⅷ".isupper()
    assert "abc_1".isidentifier() and not "1a".isidentifier() and "été".isidentifier() and not "".isidentifier() and "_".isidentifier() and not "a-b".isidentifier()


def test_translate():
    table = str.maketrans("abc", "xyz", "d")
    assert table == {97: 120, 98: 121, 99: 122, 100: None} and "aabbccdde".translate(table) == "xxyyzze"
    assert "abc".translate({97: "long", 98: None, 99: 0x1f600}) == "long😀" and "é€".translate({233: "e"}) == "e€"
    assert str.maketrans({"a": "b", 99: "d"}) == {97: "b", 99: "d"} and "abc".translate(list("x" * 128)) == "xxx"
    raises(ValueError, str.maketrans, "a", "bc", message="the first two maketrans arguments must have equal length")
    raises(ValueError, str.maketrans, {"ab": 1}, message="string keys in translate table must be of length 1")
    raises(TypeError, str.maketrans, 5, message="if you give only one argument to maketrans it must be a dict")
    raises(TypeError, str.maketrans, {1.5: 1}, message="keys in translate table must be strings or integers")
    raises(TypeError, "a".translate, {97: 1.5}, message="character mapping must return integer, None or str")
    raises(ValueError, "a".translate, {97: 0x110000}, message="character mapping must be in range(0x110000)")


def test_expandtabs():
    assert "a\tb".expandtabs() == "a       b" and "a\tb\n\tc".expandtabs(4) == "a   b\n    c" and "\t".expandtabs(0) == ""
    assert "ab\tc".expandtabs(2) == "ab  c" and "é\t€".expandtabs(tabsize=3) == "é  €" and "abc".expandtabs() == "abc"


def test_repr_and_ascii():
    table = {"abc": "'abc'", "a'b": '"a\'b"', "a\"b": "'a\"b'", "a'\"b": "'a\\'\"b'", "\n\t\r\\": "'\\n\\t\\r\\\\'", "\x00\x1f\x7f": "'\\x00\\x1f\\x7f'",
             "é€😀": "'é€😀'", "\xa0\xad\u200b\u2028": "'\\xa0\\xad\\u200b\\u2028'", "\ud800": "'\\ud800'", "\U000e0001": "'\\U000e0001'"}
    for text, expected in table.items():
        assert repr(text) == expected, text
        assert eval(repr(text)) == text and eval(ascii(text)) == text
    assert ascii("é€😀") == "'\\xe9\\u20ac\\U0001f600'" and ascii("abc") == "'abc'"


def test_constructor():
    assert str() == "" and str(5) == "5" and str(None) == "None" and str(b"ab", "ascii") == "ab" and str(b"\xc3\xa9", encoding="utf-8") == "é"
    assert str(b"a\xff", "ascii", "replace") == "a\ufffd" and str(object=5) == "5" and str(b"ab") == "b'ab'" and str(bytearray(b"x"), "latin-1") == "x"
    raises(TypeError, str, b"a", 5, message="str() argument 'encoding' must be str, not int")
    raises(TypeError, str, 5, "ascii", message="decoding to str: need a bytes-like object, int found")
    raises(TypeError, str, "a", "ascii", message="decoding str is not supported")

    class Bad:
        def __str__(self):
            return 5

    raises(TypeError, str, Bad(), message="__str__ returned non-string (type int)")


def test_subclass():
    class Sub(str):
        pass

    s = Sub("abc€")
    assert type(s) is Sub and s == "abc€" and hash(s) == hash("abc€") and {"abc€": 1}[s] == 1 and s.upper() == "ABC€"
    assert type(s + "") is str and type(s[:]) is str and type(str(s)) is str and type(s.strip()) is str and type(s * 1) is str
    assert type("".join([s])) is str and isinstance(s, str) and s.__getnewargs__() == ("abc€",) and Sub(5) == "5"
    s.attribute = 1
    assert s.attribute == 1 and type(s.replace("z", "y")) is str and "abc€" in {s}


def test_iteration():
    assert list(WIDE) == ["a", "é", "€", "😀"] and "".join(reversed(WIDE)) == "😀€éa" and [c for c in ""] == []
    it = iter("abc")
    assert next(it) == "a" and it.__length_hint__() == 2 and list(it) == ["b", "c"] and list(it) == []
    it = iter("abc")
    it.__setstate__(2)
    assert next(it) == "c" and type(it).__name__ in ("str_iterator", "str_ascii_iterator")
    make, arguments, position = iter("xyz").__reduce__()
    assert make is iter and arguments == ("xyz",) and position == 0


def test_lone_surrogates():
    s = "a\ud800b\udfff"
    assert len(s) == 4 and s[1] == "\ud800" and s.find("\udfff") == 3 and s.replace("\ud800", "x") == "axb\udfff"
    assert "\ud83d" + "\ude00" != "😀" and len("\ud83d" + "\ude00") == 2


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
