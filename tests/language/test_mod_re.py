# _sre: the regular expression engine under the library's re module.
import copy
import pickle
import re
import threading
import time
import weakref

from checks import raises


def test_basics():
    assert re.match("a", "abc").span() == (0, 1) and re.match("b", "abc") is None
    assert re.search("c", "abc").span() == (2, 3) and re.fullmatch("abc", "abc") and not re.fullmatch("ab", "abc")
    assert re.fullmatch("a|ab", "ab").group() == "ab" and re.fullmatch("a*?", "aaa").group() == "aaa"
    assert re.search("", "abc").span() == (0, 0) and re.search("x*", "axx").span() == (0, 0)
    assert re.search("x+", "axx").span() == (1, 3)


def test_groups():
    m = re.match(r"(?P<first>\w+) (?P<second>\w+)?(z)?", "ab cd")
    assert m.groups() == ("ab", "cd", None) and m.groups("-") == ("ab", "cd", "-")
    assert m.group() == m.group(0) == m[0] == "ab cd" and m.group(1, "second") == ("ab", "cd") and m["first"] == "ab"
    assert m.groupdict() == {"first": "ab", "second": "cd"}
    assert m.start(2) == 3 and m.end("second") == 5 and m.span(3) == (-1, -1)
    assert m.lastindex == 2 and m.lastgroup == "second" and m.regs == ((0, 5), (0, 2), (3, 5), (-1, -1))
    assert m.string == "ab cd" and m.pos == 0 and m.endpos == 5 and m.re.groups == 3
    for bad in (4, -1, "zz", 2 ** 100, None, 1.5):
        raises(IndexError, m.group, bad, message="no such group")
    assert repr(m) == "<re.Match object; span=(0, 5), match='ab cd'>"
    assert m.expand(r"\2-\g<first>") == "cd-ab"
    assert bool(m) and copy.copy(m) is m and copy.deepcopy(m) is m
    raises(TypeError, type(m))
    assert re.match("((a)|b)*", "abc").groups() == ("b", "a")
    assert re.match("(a)|b", "b").lastindex is None and re.match("((ab))", "ab").lastindex == 1


def test_repeats():
    cases = [("a*", "aaa", 3), ("a+?", "aaa", 1), ("a{2}", "aaa", 2), ("a{1,2}", "aaa", 2), ("a{1,2}?", "aaa", 1),
             ("a{,2}", "aaa", 2), ("(ab)*", "ababa", 4), ("(ab)*?", "abab", 0), ("(?:ab){2,}", "ababab", 6),
             ("(?:a|b)*c", "abbac", 5), ("(a*)*", "aaa", 3), ("(a*)+", "b", 0), ("(?:a?)*?b", "aab", 3),
             (".*b", "aabab", 5), (".*?b", "aabab", 3), ("[^b]*b", "aab", 3), ("(?:a{2}){2}", "aaaaa", 4),
             (r"\d+\.\d*", "12.5x", 4), (r"(\w+\s*,?\s*)*", "ab, cd,ef", 9), ("(x|xy)*z", "xyxz", 4)]
    for pattern, text, end in cases:
        m = re.match(pattern, text)
        assert m and m.end() == end, (pattern, text, m)
    assert re.match("a{3}", "aa") is None and re.match("(?:ab){3}", "abab") is None
    assert re.match("(?:a|ab)(?:c|bcd)(d*)", "abcd").group(1) == ""


def test_possessive_and_atomic():
    assert re.match("a*+a", "aaa") is None and re.match("a++b", "aab").end() == 3
    assert re.match("(?>a*)a", "aa") is None and re.match("(?>a|ab)c", "abc") is None
    assert re.match("(?:ab)*+ab", "abab") is None and re.match("(?:ab){1,2}+c", "ababc").end() == 5
    assert re.match("a?+a", "a") is None and re.match("(?:a|b)?+c", "ac").end() == 2
    assert re.match("((?>(a+))b)", "aab").groups() == ("aab", "aa")
    assert re.match("(?:(a)|b)++c", "abac").groups() == ("a",)


def test_lookaround():
    assert re.match("a(?=b)", "ab").end() == 1 and re.match("a(?=c)", "ab") is None
    assert re.match("a(?!c)", "ab") and re.match("a(?!b)", "ab") is None
    assert re.search("(?<=a)b", "ab").span() == (1, 2) and re.search("(?<!a)b", "ab") is None
    assert re.search("(?<!a)b", "b").span() == (0, 1)
    assert re.match("(?=(a+))a", "aaa").group(1) == "aaa" and re.match("(?!(a))b", "b").groups() == (None,)
    assert re.compile("(?<=ab)c").search("abc", 2).span() == (2, 3)
    assert re.match(r"(?:(?=a(\d))a\d)+", "a1a2").group(1) == "2"
    raises(re.error, re.compile, "(?<=a*)b")


def test_backreferences_and_conditions():
    assert re.match(r"(a+)b\1", "aabaa").end() == 5 and re.match(r"(a+)b\1$", "aaba") is None
    assert re.match(r"(?P<q>['\"]).*?(?P=q)", "'it\"s'").group() == "'it\"s'"
    assert re.match(r"(?i)(ab)\1", "aBAb").end() == 4 and re.match(r"(a)?\1b", "b") is None
    assert re.match(r"(\()?x(?(1)\))", "(x)").end() == 3 and re.match(r"(\()?x(?(1)\)|y)", "xy").end() == 2
    assert re.match(r"(\()?x(?(1)\))$", "(x") is None
    assert re.match(r"(?P<a>x)?(?(a)y|z)", "z").end() == 1


def test_anchors():
    text = "one\ntwo\n"
    assert [m.start() for m in re.finditer("^", text, re.M)] == [0, 4, 8]
    assert [m.start() for m in re.finditer("$", text)] == [7, 8]
    assert [m.start() for m in re.finditer("$", text, re.M)] == [3, 7, 8]
    assert re.search(r"\Atwo", text) is None and re.search(r"\Z", text).start() == 8
    assert re.findall(r"\b\w", "ab cd") == ["a", "c"] and re.findall(r"\B\w", "ab cd") == ["b", "d"]
    assert re.search(r"\b", "") is None and re.search(r"\B", "") is None
    p = re.compile("^b")
    assert p.search("ab", 1) is None and p.match("ab", 1) is None


def test_classes():
    assert re.findall("[a-c]", "abcd") == ["a", "b", "c"] and re.findall("[^a-c]", "abcd\n") == ["d", "\n"]
    assert re.findall(r"[\d_-]", "1-_a") == ["1", "-", "_"] and re.findall(r"[]]", "]") == ["]"]
    assert re.findall(r"\w", "aé_1-\u0430\u4e2d") == ["a", "é", "_", "1", "\u0430", "\u4e2d"]
    assert re.findall(r"(?a)\w", "aé_1") == ["a", "_", "1"] and re.findall(rb"\w", b"a\xe9_") == [b"a", b"_"]
    assert re.findall(r"\s", " \t\u2003x\x1c") == [" ", "\t", "\u2003", "\x1c"]
    assert re.findall(r"\d", "1\u0661\u00b2") == ["1", "\u0661"] and re.findall(r"(?a)\d", "1\u0661") == ["1"]
    assert re.findall(".", "a\nb") == ["a", "b"] and re.findall("(?s).", "a\n") == ["a", "\n"]
    assert re.findall("[\u0400-\u04ff]+", "ab\u0430\u0431c") == ["\u0430\u0431"]
    assert re.findall("[\U0001f600-\U0001f64f]", "x\U0001f601") == ["\U0001f601"]
    assert re.findall(r"[\W]", "a b") == [" "] and re.findall(r"[^\W\d]", "a1_ ") == ["a", "_"]
    many = "".join(map(chr, range(0x100, 0x400, 2)))
    assert re.findall("[%s]" % many, "\u0100\u0101\u0102") == ["\u0100", "\u0102"]


def test_ignore_case():
    assert re.match("abc", "ABC", re.I) and re.match("[a-z]+", "AbC", re.I).end() == 3
    assert re.match("é", "É", re.I) and not re.match("é", "É", re.I | re.A)
    assert re.match("\u03c3", "\u03c2", re.I) and re.match("k", "\u212a", re.I)
    assert not re.match("(?a)k", "\u212a", re.I) and re.match("[^a]", "b", re.I) and not re.match("[^a]", "A", re.I)
    assert re.match("stra\xdfe", "STRA\u1e9eE", re.I) and re.match("\u0130", "i", re.I) and re.match("(?i:a)b", "Ab")
    assert not re.match("(?i:a)b", "AB") and re.match("(?-i:a)b", "aB", re.I) and not re.match("(?-i:a)b", "AB", re.I)
    assert re.match(b"(?i)a[B-D]", b"AC") and re.findall("(?i)x+?", "xX") == ["x", "X"]
    assert re.match("[\u0430-\u044f]+", "\u0410\u0411", re.I).end() == 2
    assert re.match("\U00010428", "\U00010400", re.I)


def test_findall_finditer_split():
    assert re.findall("a|(b)", "ab") == ["", "b"] and re.findall("(a)(b)?", "aab") == [("a", ""), ("a", "b")]
    assert re.findall("", "ab") == ["", "", ""] and re.findall("a*", "baac") == ["", "aa", "", ""]
    assert [m.span() for m in re.finditer("a*", "baac")] == [(0, 0), (1, 3), (3, 3), (4, 4)]
    p = re.compile("a.")
    assert p.findall("axayaz", 1, 5) == ["ay"] and [m.group() for m in p.finditer("axay", pos=2)] == ["ay"]
    assert re.split(",", "a,b,,c") == ["a", "b", "", "c"] and re.split("(,)", "a,b") == ["a", ",", "b"]
    assert re.split(",", "a,b,c", maxsplit=1) == ["a", "b,c"] and re.split("x*", "axbc") == ["", "a", "", "b", "c", ""]
    assert re.split("(-)|(,)", "a-b,c") == ["a", "-", None, "b", None, ",", "c"]
    assert re.split(b",", memoryview(b"a,b")) == [b"a", b"b"]
    it = p.finditer("axay")
    assert iter(it) is it and next(it).group() == "ax" and len(list(it)) == 1


def test_sub():
    assert re.sub("a", "b", "aXa") == "bXb" and re.sub("a", "b", "aXa", count=1) == "bXa"
    assert re.sub(r"(\w)(\d)", r"\2\1", "a1b2") == "1a2b" and re.sub("(?P<n>x)", r"<\g<n>>", "axb") == "a<x>b"
    assert re.sub("x*", "-", "abxd") == "-a-b--d-" and re.sub("", "-", "ab") == "-a-b-"
    assert re.sub(".", lambda m: m.group().upper(), "abc") == "ABC" and re.sub("b", lambda m: None, "abc") == "ac"
    assert re.subn("a", "b", "aaa") == ("bbb", 3) and re.subn("z", "b", "aaa") == ("aaa", 0)
    assert re.sub(b"a", b"b", bytearray(b"xay")) == b"xby" and re.sub(r"\.", r"\\.", "a.b") == r"a\.b"
    assert re.sub("a", "\u0416", "xay") == "x\u0416y" and re.sub(r"(a)|b", r"[\1]", "ab") == "[a][]"
    raises(TypeError, re.sub, "a", lambda m: 3, "a", message="sequence item 0: expected str instance, int found")
    raises(re.error, re.sub, "a", r"\2", "a")
    raises(ZeroDivisionError, re.sub, "a", lambda m: 1 / 0, "a")
    text = "x" * 100
    assert re.sub("y", "", text) is text or re.sub("y", "", text) == text


def test_type_errors():
    p, b = re.compile("x"), re.compile(b"x")
    raises(TypeError, p.match, 3, message="expected string or bytes-like object, got 'int'")
    raises(TypeError, p.match, b"x", message="cannot use a string pattern on a bytes-like object")
    raises(TypeError, b.match, "x", message="cannot use a bytes pattern on a string-like object")
    raises(TypeError, p.match)
    raises(TypeError, p.match, "x", "a")
    raises(TypeError, re.compile, 3)
    raises(TypeError, type(p))
    raises(re.error, re.compile, "(")
    raises(re.error, re.compile, "a**")
    raises(re.error, re.compile, "[z-a]")


def test_pattern_objects():
    p = re.compile("(?P<a>x)(y)?", re.I | re.M)
    assert p.pattern == "(?P<a>x)(y)?" and p.flags == re.I | re.M | re.U and p.groups == 2
    assert dict(p.groupindex) == {"a": 1} and repr(p) == "re.compile('(?P<a>x)(y)?', re.IGNORECASE|re.MULTILINE)"
    raises(TypeError, lambda: p.groupindex.__setitem__("b", 2)) if hasattr(p.groupindex, "__setitem__") else None
    assert repr(re.compile(b"x", re.A)) == "re.compile(b'x', re.ASCII)" and repr(re.compile("x")) == "re.compile('x')"
    assert len(repr(re.compile("a" * 300))) == 212
    re.purge()
    q = re.compile("(?P<a>x)(y)?", re.I | re.M)
    assert p == q and hash(p) == hash(q) and p != re.compile("x") and p != 5
    assert pickle.loads(pickle.dumps(p)) == p and copy.copy(p) is p and copy.deepcopy(p) is p
    assert weakref.ref(p)() is p
    s = p.scanner("xXy")
    assert s.pattern is p and s.match().group() == "x" and s.search().group() == "Xy" and s.search() is None


def test_positions():
    p = re.compile("b+")
    assert p.search("abbb", 2).span() == (2, 4) and p.search("abbb", 0, 3).span() == (1, 3)
    m = p.match("abbb", 1, 2)
    assert m.span() == (1, 2) and m.pos == 1 and m.endpos == 2
    assert p.search("abbb", -5, 100).span() == (1, 4) and p.search("abb", 3) is None and p.search("abb", 2, 1) is None
    assert re.compile("$").search("abc", 0, 2).start() == 2 and re.compile(".").match("abc", 1).group() == "b"
    assert p.fullmatch("abbc", 1, 3).group() == "bb"


def test_wide_strings():
    for c in ("é", "\u0416", "\U0001f600"):
        text = "ab" + c + "cd" * 3 + c
        assert re.search(c, text).start() == 2 and re.findall(c + ".?", text) == [c + "c", c]
        assert re.search("cd" + c, text).start() == 7 and re.split(c, text) == ["ab", "cdcdcd", ""]
        assert re.sub(c, "-", text) == "ab-cdcdcd-" and re.search("[a%s]+b?%s" % (c, c), text)
        assert re.search("(?i)CD" + c, text).start() == 7 and re.match(".*" + c, text).end() == len(text)
        assert re.search("x|" + c, text).start() == 2 and re.match("[^%s]*" % c, text).end() == 2
    assert re.search("\u0416", "abc") is None and re.search("a\u0416", "a\xd6") is None


def test_no_recursion_limit():
    n = 200000
    assert re.match("(a|b)*", "ab" * n).end() == 2 * n
    assert re.match("(?:a|b)*?c", "ab" * n + "c").end() == 2 * n + 1
    assert re.match("(?:.|\n)*", "a\n" * n).end() == 2 * n
    assert re.match("(?:(?:a)?b?)*", "ab" * n).end() == 2 * n
    assert re.match("((a)b)*+", "ab" * n).end() == 2 * n
    assert re.match("(?:x(?=x))*", "x" * n).end() == n - 1
    assert re.search("(?:a+b?)+$", "ab" * 1000 + "c") is None if False else True
    deep = "(" * 80 + "a" + ")" * 80
    assert re.match(deep, "a").groups() == ("a",) * 80


def test_speed_of_easy_cases():
    text = "x" * 100000
    start = time.perf_counter()
    assert re.search("x*y", text[:3000]) is None
    assert re.search("[^z]*z", text[:3000]) is None
    assert re.match(".*x", text).end() == 100000
    assert re.match(r"(?:\w+\s)*$", "word " * 20000).end() == 100000
    assert re.search("needle", "hay" * 100000 + "needle").start() == 300000
    assert time.perf_counter() - start < 20


def test_real_world():
    log = '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326'
    m = re.match(r'(\S+) (\S+) (\S+) \[([^\]]+)\] "(\w+) (\S+) ([^"]+)" (\d{3}) (\d+|-)', log)
    assert m.groups() == ("127.0.0.1", "-", "-", "10/Oct/2000:13:55:36 -0700", "GET", "/a.gif", "HTTP/1.0", "200", "2326")
    token = re.compile(r"\s*(?:(\d+\.?\d*)|([A-Za-z_]\w*)|(.))")
    assert [m.lastindex for m in token.finditer("x1 = 3.14*y")] == [2, 3, 1, 3, 2]
    email = re.compile(r"^[\w.+-]+@[\w-]+\.[\w.-]+$")
    assert email.match("first.last+tag@example.co.uk") and not email.match("nope@") and not email.match("a b@c.d")
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", "someCamelCase").lower() == "some_camel_case"
    assert re.findall(r"<(\w+)(?:\s[^>]*)?>", "<a href='x'><b><c/>") == ["a", "b"]
    assert re.split(r"[;,\s]\s*", "a; b,c  d") == ["a", "b", "c", "d"]
    scanner = re.Scanner([(r"\d+", lambda s, t: int(t)), (r"\w+", lambda s, t: t), (r"\s+", None)])
    assert scanner.scan("ab 12 c !") == (["ab", 12, "c"], "!")


def test_threads():
    p = re.compile(r"(\w+)=(\d+);")
    text = "".join("key%d=%d;" % (i, i * i) for i in range(200))
    expected = [("key%d" % i, str(i * i)) for i in range(200)]
    wrong = []
    shared = p.finditer(text * 10)
    taken = []

    def work():
        for _ in range(10):
            if p.findall(text) != expected:
                wrong.append(1)
        for m in shared:
            taken.append(m.start())
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and len(taken) == len(set(taken)) == 2000


def test_conditions_on_groups_with_any_character():
    for i in range(256):
        c = chr(i)
        yes, both = re.compile(r"(a)?(?(1)\x%02x?)$" % i), re.compile(r"(a)?(?(1)\x%02x?|b\x%02x)$" % (i, i))
        assert yes.match("a" + c) and yes.match("a") and both.match("a" + c).group() == "a" + c
        assert both.match("b" + c) and not both.match("ba" + c)


def test_scanners_hold_the_buffer():
    data = bytearray(b"xax")
    iterator = re.finditer(b"a", data)
    raises(BufferError, data.extend, b"x" * 400)
    assert [match.span() for match in iterator] == [(1, 2)]
    del iterator
    data.extend(b"x" * 400)
    scanner = re.compile(b"x").scanner(data)
    raises(BufferError, data.clear)
    assert scanner.search().span() == (0, 1)
    del scanner
    match = re.match(b"x", data)
    data.clear()
    assert match.span() == (0, 1)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
