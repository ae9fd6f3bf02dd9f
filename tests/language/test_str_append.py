"""s += t, which changes the string in place when nobody else can see it."""


def appended(s):
    s += "1"
    s += "2"
    return s


def test_others_keep_theirs():
    base = "base" * 3 + "q" * len("x")
    for i in range(5000):
        assert appended(base) == base + "12"
        x = base
        x += "tail"
        assert base == "basebasebaseq"
        kept = [base]
        base += "w"
        assert kept == ["basebasebaseq"]
        base = kept.pop()
        pair = (base, i)
        base += "v"
        assert pair[0] == "basebasebaseq" and base == "basebasebaseqv"
        base = pair[0]
        f = lambda: base
        base += "!"
        assert f() == "basebasebaseq!"
        base = base[:-1]


def test_grows():
    s, parts, kept = "", [], []
    for i in range(20000):
        t = "ab" if i % 7 else "é" if i % 5000 else "\u20ac"
        s += t
        parts.append(t)
        if i % 1000 == 0:
            kept.append((s, len(s)))
            hash(s)
            assert {s: 1}["".join(parts)] == 1
    assert s == "".join(parts)
    assert all(len(k) == n and s.startswith(k) for k, n in kept)
    assert hash(s) == hash("".join(parts)) and s.encode().decode() == s


def test_itself():
    s = "a"
    s += "b"
    for _ in range(6):
        s += s
    assert s == "ab" * 64
    s += ""
    s = s + "c"
    assert s == "ab" * 64 + "c"


def test_kinds():
    for wide in ("\xff", "\u1234", "\U00012345"):
        s = "x" * 10
        s += "y"
        assert s.isascii()
        s += wide
        assert not s.isascii() and len(s) == 12 and s[-1] == wide and ascii(s).startswith("'xxxxxxxxxxy\\")
        s += "z" * 100
        assert s[11] == wide and s[12:] == "z" * 100


def test_iterated_meanwhile():
    s = "abc" + str(len("abcd"))
    seen = ""
    for c in s:
        s += c
        seen += c
    assert seen == "abc4" and s == "abc4abc4"


def test_in_generators():
    def gen(n):
        s = ""
        for i in range(n):
            s += str(i % 10)
            yield s

    out = [t for t in gen(3000)]
    assert [len(t) for t in out] == list(range(1, 3001)) and out[10] == "01234567890"


def test_walrus():
    def two(a, b):
        return a, b

    for _ in range(3000):
        s = "x" + str(1)
        assert two(s, (s := s + "y")) == ("x1", "x1y")
        assert [s, s := s + "z", s] == ["x1y", "x1yz", "x1yz"]
