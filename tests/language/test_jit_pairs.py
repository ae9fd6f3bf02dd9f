"""Hot loops over enumerate() and zip() that take pairs apart."""

N = 4000


def test_numbers():
    xs, ys, fs = list(range(N)), tuple(range(0, 2 * N, 2)), [i * 0.5 for i in range(N)]
    for _ in range(3):
        s = 0
        for i, x in enumerate(xs):
            s += i * x
        assert s == sum(i * i for i in range(N))
        s = 0
        for i, x in enumerate(range(5, N), 7):
            s += i - x
        assert s == 2 * (N - 5)
        s = 0.0
        for x, f in zip(xs, fs):
            s += x + f
        assert s == sum(xs) * 1.5
        s = 0
        for a, b, c in zip(xs, ys, range(N)):
            s += a + b - 3 * c
        assert s == 0


def test_objects():
    words = ["w%d" % (i % 10) for i in range(N)]
    longest, where = "", []
    for i, w in enumerate(words):
        if w > longest:
            longest = w
            where.append(i)
    assert (longest, where) == ("w9", list(range(10)))
    seen = {}
    for w, x in zip(words, words[::-1]):
        seen[w, x] = seen.get((w, x), 0) + 1
    assert seen == {("w%d" % i, "w%d" % (9 - i)): N // 10 for i in range(10)}
    for i, w in enumerate(words):
        words[i] = [w]
    assert words[-1] == ["w9"]


def test_kinds_change():
    mixed = [i if i % 3 else i * 0.5 if i % 2 else str(i) if i % 5 else None for i in range(N)]
    out = []
    for i, v in enumerate(mixed):
        out.append((i, v))
    assert out == list(enumerate(mixed))
    out = []
    for a, b in zip(mixed, reversed(mixed)):
        out.append((a, b))
    assert out == list(zip(mixed, mixed[::-1]))


def test_ends():
    for short in (0, 1, 17, N - 1):
        for xs, ys in ((list(range(short)), list(range(N))), (list(range(N)), list(range(short)))):
            it, other = iter(xs), iter(ys)
            n = 0
            for a, b in zip(it, other):
                assert a == b
                n += 1
            assert n == short
            # The first iterator gives an item that zip() throws away.
            assert next(it, None) == (short + 1 if len(xs) > short + 1 else None)
    for k in range(3):
        try:
            for a, b in zip(range(N), range(N + k), strict=True):
                pass
        except ValueError as e:
            assert k and str(e) == "zip() argument 2 is longer than argument 1"
        else:
            assert not k


def test_short_loops_end():
    total = errors = 0
    for k in range(N):
        for i, x in enumerate([k, 1][:k % 3]):
            total += x - i
        for a, b in zip((1, 2), [k, k][k % 2:]):
            total += a
        try:
            for a, b in zip((1, 2), (3, 4, 5), strict=k > N - 10):
                total += b
        except ValueError as e:
            errors += 1
            assert str(e) == "zip() argument 2 is longer than argument 1"
    expected = sum((k if k % 3 else 0) + (1 if k % 2 else 3) + 7 for k in range(N))
    assert (total, errors) == (expected, 9)


class Dies:
    dead = 0

    def __del__(self):
        Dies.dead += 1


def test_items_die_with_the_loop():
    for k in range(N):
        for i, x in enumerate([Dies(), Dies()]):
            assert Dies.dead == 2 * k
        del x
        assert Dies.dead == 2 * k + 2


def test_break_and_go_on():
    e = enumerate(list(range(N)))
    for i, x in e:
        if i == N // 2:
            break
    assert next(e) == (N // 2 + 1, N // 2 + 1)
    for i, x in e:
        pass
    assert (i, x) == (N - 1, N - 1) and next(e, None) is None
    z = zip(iter(range(N)), [0] * N)
    for a, b in z:
        if a == 3000:
            break
    assert next(z) == (3001, 0)


def test_one_iterator_twice():
    it = iter(range(N))
    s = 0
    for a, b in zip(it, it):
        s += b - a
    assert s == N // 2
    it = iter(list(range(N)))
    pairs = []
    for a, b in zip(it, it):
        pairs.append((a, b))
    assert pairs == [(i, i + 1) for i in range(0, N, 2)]


def test_list_changes():
    xs = list(range(N))
    seen = 0
    for i, x in enumerate(xs):
        seen += 1
        if i == 2500:
            del xs[2600:]
    assert seen == 2600
    xs = [0]
    for i, x in enumerate(xs):
        if i < 3000:
            xs.append(i)
    assert len(xs) == 3001
    e = enumerate(xs)
    for i, x in e:
        if i % 1000 == 10:
            next(e)
    assert i == 3000


def test_starts():
    class Index:
        def __index__(self):
            return 5

    for start, first in ((1 << 62, 1 << 62), (-3, -3), (Index(), 5), (True, 1), ((1 << 62) - 1000, (1 << 62) - 1000)):
        n = first
        for i, x in enumerate(range(N), start):
            assert i == n, (i, n)
            n += 1


def test_nested_and_generators():
    m = [[i * j for j in range(30)] for i in range(30)]
    s = 0
    for i, row in enumerate(m):
        for j, v in enumerate(row):
            s += v - i * j
    for i, (a, b) in enumerate(zip(range(N), range(N))):
        s += i * 2 - a - b

    def gen(n):
        for i in range(n):
            yield i

    for i, x in enumerate(gen(N)):
        s += i - x
    for a, b in zip(gen(N), gen(N)):
        s += a - b

    def inner(xs):
        for i, x in enumerate(xs):
            yield i, x

    for a, b in inner(list(range(N))):
        s += a - b
    assert s == 0


def test_dicts():
    d = {i: i * 2 for i in range(N)}
    names = {"k%d" % i: [i] for i in range(N)}
    for _ in range(3):
        s = 0
        for k in d:
            s += k
        for v in d.values():
            s -= v
        for k, v in d.items():
            s += v - k
        assert s == 0
        n = 0
        for k, v in names.items():
            n += len(k) + v[0]
        for k in names:
            n -= len(k)
        for v in names.values():
            n -= v[0]
        assert n == 0
    for pair in d.items():
        s += pair[0]
    assert s == N * (N - 1) // 2


def test_dicts_change():
    d = {i: i for i in range(N)}
    for i in range(0, N, 3):
        del d[i]
    seen = []
    for k, v in d.items():
        seen.append(k)
        d[k] = "v%d" % v if k % 2 else v * 0.5
    assert seen == [i for i in range(N) if i % 3]
    assert [v for v in d.values()] == ["v%d" % k if k % 2 else k * 0.5 for k in seen]
    for change in (lambda: d.update({-1: 1}), lambda: d.pop(1), lambda: d.clear()):
        n = 0
        try:
            for k in d:
                n += 1
                if n == 2000:
                    change()
        except RuntimeError as e:
            assert str(e) == "dictionary changed size during iteration" and n == 2000
        else:
            raise AssertionError("no error")
    d = dict.fromkeys(range(N))
    n = 0
    try:
        for k, v in d.items():
            assert v is None
            n += 1
            if n > 1000:
                del d[k]
                d[-k] = None
    except RuntimeError as e:
        assert str(e) in ("dictionary keys changed during iteration", "dictionary changed size during iteration")


def test_dict_iterators():
    d = {i: str(i) for i in range(N)}
    it = iter(d.items())
    for k, v in it:
        if k == 2500:
            break
    assert next(it) == (2501, "2501") and it.__length_hint__() == N - 2502
    for k, v in it:
        pass
    assert (k, v) == (N - 1, str(N - 1)) and list(it) == []
    mixed = {i if i % 5 else str(i): i if i % 3 else (i,) for i in range(N)}
    out = []
    for k, v in mixed.items():
        out.append((k, v))
    assert out == list(mixed.items())
    out = []
    for k in mixed:
        out.append(k)
    assert out == list(mixed)


def test_counting():
    class Key:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            return hash(self.n)

        def __eq__(self, other):
            return self.n == getattr(other, "n", other)

    counts = {}
    for i in range(N):
        k = i % 10 if i % 3 else str(i % 7)
        counts[k] = counts.get(k, 0) + 1
    assert sum(counts.values()) == N and counts["0"] == len(range(0, N, 21))
    mixed = {Key(3): "key", 4: 4, "a": None}
    got = []
    for i in range(N):
        got.append((mixed.get(3), mixed.get(4, "no"), mixed.get("a", 5), mixed.get(i + 100), mixed.get("b", i)))
        mixed[4] = 4
        mixed[3] = "key"
    assert got == [("key", 4, None, None, i) for i in range(N)] and len(mixed) == 3
    d = {k: k for k in range(100)}
    for i in range(N):
        d[i % 100] = [i] if i % 2 else i * 0.25 if i % 3 else d.get(i % 50, None)
    e = {k: k for k in range(100)}
    for i in range(N):
        e.update({i % 100: [i] if i % 2 else i * 0.25 if i % 3 else e.setdefault(i % 50, None)})
    assert d == e

    class Loud(dict):
        def get(self, key, default=None):
            return "loud"

        def __setitem__(self, key, value):
            super().__setitem__(key, -value)

    for kind in (dict, Loud):
        c = kind({1: 1})
        for i in range(N):
            c[1] = i
            r = c.get(1)
        assert (c[1], r) == ((N - 1, N - 1) if kind is dict else (1 - N, "loud"))
