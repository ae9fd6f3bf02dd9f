"""Displays of sets and dicts, comprehensions, f-strings and loops over sets and deques in hot loops."""
from collections import Counter, deque


class Key:
    hashed = 0

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        Key.hashed += 1
        return hash(self.n)

    def __eq__(self, other):
        return isinstance(other, Key) and self.n == other.n


def test_set_displays():
    total, kept = 0, []
    for i in range(3000):
        s = {i, i % 7, "a", None, i * 0.5}
        total += len(s) + len({i % 3, i % 2}) + len({"x"}) + len({(i, 1), (i, 1)})
        s.add("more")
        if i % 1000 == 0:
            kept.append(s)
    assert total == sum(len({i, i % 7, i * 0.5}) + 2 + len({i % 3, i % 2}) + 2 for i in range(3000))
    assert kept[1] == {1000, 6, "a", None, 500.0, "more"}, kept
    Key.hashed = 0
    for i in range(2000):
        assert len({Key(i), Key(i), Key(i + 1)}) == 2
    assert Key.hashed == 6000
    failures = 0
    for i in range(2000):
        try:
            {i, [i] if i % 3 == 0 else i}
        except TypeError as e:
            assert str(e) == "unhashable type: 'list'", e
            failures += 1
    assert failures == 667


def test_dict_displays():
    kept = []
    for i in range(3000):
        d = {"a": i, "b": i + 1, "c": str(i)}
        e = {"a": 1, "b": 2, "a": i}
        f = {i: 1, i + 1: 2, "k": i}
        assert list(d) == ["a", "b", "c"] and list(e.items()) == [("a", i), ("b", 2)] and f == {"k": i, i + 1: 2, i: 1}
        d["d"] = 1
        d["a"] += 1
        del d["b"]
        g = {}
        g[i] = {}
        if i % 1000 == 0:
            kept.append((d, e, g))
    assert kept[2] == ({"a": 2001, "c": "2000", "d": 1}, {"a": 2000, "b": 2}, {2000: {}}), kept
    assert list(kept[1][0]) == ["a", "c", "d"]
    for i in range(2000):
        d = {Key(i): i, Key(i): "last", "k": None}
        assert len(d) == 2 and d[Key(i)] == "last"
    failures = 0
    for i in range(2000):
        try:
            {"a": 1, [i] if i % 3 == 0 else i: 2}
        except TypeError as e:
            failures += 1
    assert failures == 667


def test_dict_displays_that_nobody_else_sees():
    total = missing = 0
    last = {"a": 0, "b": 1}
    kept, orders = [], []
    for i in range(3000):
        d = {"a": i, "b": 2}
        total += len(d) + d["a"]
        e = {"x": {"y": i, "z": (i, i + 1)}, "w": None}
        total += e["x"]["y"] + e["x"]["z"][1] + (e["w"] is None) + ("x" in e) + ("q" in e)
        try:
            e["q"]
        except KeyError as error:
            missing += error.args == ("q",)
        last = {"a": last["a"] + 1, "b": last["b"] + i}
        f = {"a": i, "b": i * 0.5, "c": str(i)}
        if i % 3 == 0:
            kept.append(f)
        elif i % 3 == 1:
            f["a"] = 5
        else:
            f["z"] = i
            del f["a"]
        if i % 500 == 2:
            orders.append((list(f), f["b"]))
        for k, v in {"p": i, "q": i + 1}.items():
            total += v + len(k)
        g = {**d, "c": 3}
        assert len(g) == 3 and d == {"a": i, "b": 2} != {"a": i} and [*d.values()] == [i, 2]
        shared = str(i)
        h = {"one": shared, "two": shared}
        assert h["one"] is h["two"] and h.pop("one") == shared and list(h) == ["two"]
    assert total == sum(2 + i + 2 * i + 1 + 2 + 2 * i + 1 + 2 for i in range(3000)) and missing == 3000
    assert last == {"a": 3000, "b": 1 + sum(range(3000))}
    assert len(kept) == 1000 and kept[7] == {"a": 21, "b": 10.5, "c": "21"} and list(kept[7]) == ["a", "b", "c"]
    assert orders == [
        (["b", "c", "z"] if i % 3 == 2 else ["a", "b", "c"], i * 0.5) for i in range(2, 3000, 500)
    ], orders


def test_large_displays():
    for i in range(1000):
        d = {"a": i, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "g": 6, "h": i}
        e = {"a": i, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "g": 6, "h": 7, "i": i}
        f = {i, 1, 2, 3, 4, 5, 6, 7, 8, 9}
        assert len(d) == 8 and d["h"] == i and len(e) == 9 and e["i"] == i and len(f) == 9 + (i == 0 or i > 9)
        d["new"] = 1
        assert list(d)[-1] == "new" and len(d) == 9


def test_comprehensions_of_sets_and_dicts():
    for i in range(300):
        s = {x % 5 for x in range(i % 20)}
        assert s == set(range(min(i % 20, 5)))
        d = {x: y for x, y in zip("abcdef", range(i % 9))}
        assert d == dict(zip("abcdef", range(i % 9)))
        e = {k.upper(): {v: [k]} for k, v in d.items() if v & 1}
        assert e == dict((k.upper(), {v: [k]}) for k, v in d.items() if v % 2)
        assert len({Key(x % 3) for x in range(10)}) == 3
        assert {x * 0.5 for x in range(4)} == {0, 0.5, 1, 1.5}
        assert {(x, y) for x in range(3) for y in range(2)} == {(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)}
    failures = 0
    for i in range(300):
        try:
            {[x] if x > i % 40 else x for x in range(30)}
        except TypeError:
            failures += 1
    assert failures == sum(i % 40 < 29 for i in range(300))


def test_formatted_strings():
    class Odd:
        def __format__(self, spec):
            return "odd" + spec

        def __repr__(self):
            return "Odd()"
    values = [1, -5, 2.5, "text", None, True, 10**20, 1e300, "\xe9", "\u20ac", Odd(), (1, 2), b"b", float("inf")]
    for turn in range(40):
        for i, v in enumerate(values):
            got = f"{v} {v!r} {v!s:>8} {v!a} {i:03d} {i}:{turn}"
            want = "{} {} {} {} {:03d} {}:{}".format(v, repr(v), format(str(v), ">8"), ascii(v), i, i, turn)
            assert got == want, (got, want)
            assert f"{v}" == format(v) and f"{v!s}" == str(v) and f"{turn}" == str(turn)
    for i in range(2000):
        x = i / 4
        assert f"{i:05d}-{x:.2f}-{i!r}-{x}" == "%05d-%.2f-%d-%r" % (i, x, i, x)
        assert f"{'ab'[i & 1]}{'':>{i % 5}}|" == "ab"[i & 1] + " " * (i % 5) + "|"
        s = f"{i}"
        t = f"{s}"
        assert s == t == str(i)
    wrong = 0
    for i in range(1000):
        try:
            f"{i:{'d' if i % 5 else 'q'}}"
        except ValueError as e:
            assert str(e) == "Unknown format code 'q' for object of type 'int'", e
            wrong += 1
    assert wrong == 200
    for i in range(300):
        a = i
        assert f"{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}" == str(i) * 19


def test_loops_over_sets():
    numbers, words = set(range(0, 90, 3)), {"w%d" % i for i in range(20)}
    mixed = {1, "a", None, 2.5, (1, 2)}
    total = 0
    for turn in range(200):
        for x in numbers:
            total += x
        assert sorted(w for w in words) == sorted(words)
        assert {type(x) for x in mixed} == {int, str, type(None), float, tuple}
        total += sum(1 for x in numbers if x in words) + any(x > 80 for x in numbers) + all(x for x in frozenset((1, 2)))
        numbers.discard(turn)
        numbers.add(1000 + turn)
    assert total == 21292100, total
    raised = 0
    for turn in range(200):
        s = {turn, turn + 1, turn + 2}
        try:
            for x in s:
                if turn % 3 == 0:
                    s.add("more")
        except RuntimeError as e:
            assert str(e) == "Set changed size during iteration"
            raised += 1
    assert raised == 67
    for turn in range(200):
        for x in set():
            assert False
        it = iter({turn})
        assert [x for x in it] == [turn] and list(it) == []


def test_last_item_of_a_set_that_dies():
    gone = []

    class Loud:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            gone.append(self.n)

    def items(n):
        for x in {Loud(n), Loud(n + 1)}:
            yield x.n

    for i in range(0, 1000, 2):
        assert sorted(x for x in items(i)) == [i, i + 1]
        assert sum(1 for x in {Loud(i): 1}) == 1
        assert len([x for x in deque([Loud(i)])]) == 1
    assert len(gone) == 2000 and sum(gone) == sum(range(1000)) + 2 * sum(range(0, 1000, 2))


def test_loops_over_deques():
    d = deque(maxlen=10)
    total = 0
    for i in range(2000):
        d.append((i, i % 3))
        total += sum(1 for t, w in d if w == 1) + sum(t for t, w in reversed(d) if t == i)
    assert total == sum(range(2000)) + sum(sum(k % 3 == 1 for k in range(max(0, i - 9), i + 1)) for i in range(2000)), total
    raised = 0
    for i in range(300):
        try:
            sum(d.append((1, 2)) or 1 for x in d)
        except RuntimeError as e:
            assert str(e) == "deque mutated during iteration"
            raised += 1
    assert raised == 300


def test_counters():
    c = Counter()
    for i in range(3000):
        c["abc"[i % 3]] += 1
        c[i % 50] += 2
    assert c["a"] == c["b"] == c["c"] == 1000 and c[7] == 120 and len(c) == 53

    class Default(dict):
        def __missing__(self, key):
            return key * 2
    d, total = Default(), 0
    for i in range(3000):
        if i % 2:
            d[i % 20] = i
        total += d[i % 20] + d[1000]
    want, total2 = {}, 0
    for i in range(3000):
        if i % 2:
            want[i % 20] = i
        total2 += want.get(i % 20, i % 20 * 2) + 2000
    assert total == total2 and d == want


def test_cells_of_all_kinds():
    def run(n):
        last, text, items = None, "", []

        def look():
            return last, text, items
        for i in range(n):
            last = (i, "x") if i % 3 else None
            text = text + "a" if i % 10 else ""
            items = [i]
            a, b, c = look()
            assert a == last and b == text and c is items
            if i == n - 1:
                last = 2.5 if n % 2 else n
        return look()
    for n in (500, 501, 502):
        assert run(n) == (n if n % 2 == 0 else 2.5, "a" * ((n - 1) % 10), [n - 1]), run(n)


def test_what_natives_raise_in_comprehensions():
    wrong = 0
    for i in range(600):
        try:
            total = sum(ord(c) for c in ("abcdefgh" if i % 4 else "abcd", "e"[: i % 2] or "xy"))
            assert False
        except TypeError as e:
            assert "ord() expected a character" in str(e)
            wrong += 1
    assert wrong == 600
    for i in range(600):
        try:
            got = [int(x) for x in ("1", "2", "x" if i % 5 == 0 else "3")]
            assert got == [1, 2, 3]
        except ValueError as e:
            tb = e.__traceback__
            assert i % 5 == 0 and tb.tb_next.tb_frame.f_code.co_name == "<listcomp>", tb
            assert tb.tb_frame.f_locals["i"] == i
        else:
            assert i % 5


def test_containers_that_die_in_generators():
    import sys
    import weakref
    seen = []

    class Loud:
        def __del__(self):
            f = sys._getframe(1)
            seen.append((f.f_code.co_name, f.f_back.f_code.co_name))

    def items(n):
        for i in range(n):
            x = [i, "a", None]
            x = (i, str(i))
            x = {i, "b"}
            if i % 50 == 9:
                x = [Loud()]
                x = (1, Loud())
                x = {Loud(), 2}
                x = {"k": Loud()}
            x = frozenset("xyz")
            if i % 50 == 19:
                x = {1, 2}
                keep = weakref.ref(x, lambda r: seen.append("weak"))
            x = None
            yield i

    def draw(n):
        return sum(i for i in items(n))

    for turn in range(3):
        seen.clear()
        assert draw(400) == sum(range(400))
        assert seen.count("weak") == 8, seen
        rest = [s for s in seen if s != "weak"]
        assert rest == [("items", "<genexpr>")] * 32, rest


def test_sets_of_characters():
    for i in range(500):
        text = "hello w\xf6rld \u20ac\U0001f600"[i % 5: i % 14]
        s = set(text)
        assert s == {c for c in text} == frozenset(text) and sorted(s) == sorted(dict.fromkeys(text))
        s.update("xyz")
        assert len(s) == len(dict.fromkeys(text + "xyz"))
    s = {1, None, (2,)}
    s.update("ab", "")
    assert s == {1, None, (2,), "a", "b"}


def test_joins_of_all_lengths():
    parts = ["", "a", "bc", "def", "ghij" * 3, "k" * 40, "\xe9", "\u20ac"]
    for i in range(400):
        some = [parts[(i * k + k) % (6 if i % 3 else 8)] for k in range(i % 6)]
        for gap in ("", ",", ", ", "\xdf"):
            want = ""
            for n, part in enumerate(some):
                want += (gap if n else "") + part
            assert gap.join(some) == gap.join(tuple(some)) == gap.join(p for p in some) == want


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
