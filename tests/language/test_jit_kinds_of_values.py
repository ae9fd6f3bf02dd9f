"""Loops in compiled code that meet other types of values from call to call, or from round to round."""
import random


class One:
    def __init__(self, n):
        self.n = n

    def value(self):
        return self.n


class Two:
    def __init__(self, n):
        self.other = 1
        self.n = n

    def value(self):
        return self.n * 2


class Three(One):
    @property
    def twice(self):
        return self.n * 2

    def value(self):
        return self.twice + 1


class Four(Two):
    def value(self):
        return -self.n


def total(items, start):
    for x in items:
        start = start + x * 2
    return start


def test_kinds_of_sequences_and_items():
    n = 3000
    ints, floats = list(range(n)), [i + 0.5 for i in range(n)]
    kinds = [(ints, 0), (floats, 0.0), (tuple(ints), 0), (tuple(floats), 0), (set(ints), 0), (range(n), 0), (ints, 0.0), (floats, 1),
             (dict.fromkeys(ints), 0), (iter(ints), 0), (ints[:2], 10 ** 30), ([True, False] * 50, 1), (bytes(200), 1),
             ([10 ** 20, 1.5, 2] * 20, 0)]
    for _ in range(3):
        for items, start in kinds:
            if not isinstance(items, (list, tuple, set, range, dict, bytes)):
                items = iter(ints)
            expected = sum([x * 2 for x in items], start) if not isinstance(items, type(iter(ints))) else sum(ints) * 2
            found = total(iter(ints) if isinstance(items, type(iter(ints))) else items, start)
            assert type(found) is type(expected)
            assert abs(found - expected) <= 1e-6 * abs(expected)


def test_words_that_cannot_be_added():
    assert total([1] * 3000, 0) == 6000
    for _ in range(100):
        try:
            total([1, 2, "3"], 0)
        except TypeError as e:
            assert "unsupported operand type(s) for +: 'int' and 'str'" in str(e)
        else:
            assert False
        assert total(["a", "b"], "") == "aabb"
        assert total([(1,), (2,)], ()) == (1, 1, 2, 2)


def count(n, step):
    i = step
    rounds = 0
    while i < n:
        i = i + step
        rounds += 1
    return rounds, i


def test_counting_in_ints_floats_and_both():
    for _ in range(4):
        assert count(3000, 1) == (2999, 3000)
        assert count(3000.0, 1.0) == (2999, 3000.0)
        assert count(3000.5, 1) == (3000, 3001)
        assert count(30 * 10 ** 20, 10 ** 18) == (2999, 3000 * 10 ** 18)


def bump(o, n):
    for _ in range(n):
        o.n = o.n + 1
        o.last = _
    return o.n


def test_instances_of_several_classes():
    for _ in range(20):
        for kind in One, Two, Three, Four:
            o = kind(5)
            assert bump(o, 300) == 305
            assert o.last == 299
            assert bump(kind(0.5), 300) == 300.5


def item(sequence, n):
    t = 0
    for i in range(n):
        t += sequence[i % 4]
    return t


def test_items_of_several_containers():
    for _ in range(3):
        assert item([1, 2, 3, 4], 2000) == 5000
        assert item((1, 2, 3, 4), 2000) == 5000
        assert item([1.5, 2, 3, 4], 2000) == 5250
        assert item({0: 1, 1: 2, 2: 3, 3: 4}, 2000) == 5000
        assert item(b"\1\2\3\4", 2000) == 5000
        assert item(bytearray(b"\1\2\3\4"), 2000) == 5000
        assert item(range(1, 5), 2000) == 5000


def areas(items):
    t = 0
    for o in items:
        t += o.value()
    return t


def test_random_classes_from_round_to_round():
    r = random.Random(3)
    kinds = [One, Two, Three, Four]
    for k in range(1, 5):
        items = [r.choice(kinds[:k])(i % 7) for i in range(6000)]
        expected = sum([o.n if type(o) is One else o.n * 2 if type(o) is Two else o.n * 2 + 1 if type(o) is Three else -o.n for o in items])
        for _ in range(3):
            assert areas(items) == expected


def classify(items):
    ints = 0
    floats = 0.0
    letters = others = 0
    for x in items:
        if isinstance(x, int):
            ints += x
        elif isinstance(x, float):
            floats += x
        elif isinstance(x, str):
            letters += len(x)
        elif x is None:
            others += 1
        else:
            others += len(x)
    return ints, floats, letters, others


def test_random_types_from_round_to_round():
    r = random.Random(4)
    choices = [1, 2.5, "ab", (1, 2), None, [3], {1: 2}, 10 ** 25]
    items = [r.choice(choices) for _ in range(8000)]
    n = [items.count(c) for c in choices]
    for _ in range(3):
        assert classify(items) == (n[0] + n[7] * 10 ** 25, n[1] * 2.5, n[2] * 2, n[3] * 2 + n[4] + n[5] + n[6])


def test_a_state_that_is_one_of_several_constants():
    def machine(text):
        state = "start"
        words = numbers = 0
        for c in text:
            if state == "start":
                if c.isalpha():
                    state = "word"
                    words += 1
                elif c.isdigit():
                    state = "number"
                    numbers += 1
            elif state == "word":
                if not c.isalpha():
                    state = "start"
            elif not c.isdigit():
                state = "start"
        return words, numbers
    r = random.Random(5)
    parts = [r.choice(["abc", "123", "x", "9", "hello"]) for _ in range(3000)]
    expected = sum(p.isalpha() for p in parts), sum(p.isdigit() for p in parts)
    for _ in range(4):
        assert machine(" ".join(parts)) == expected


def test_inner_loops_of_several_kinds():
    def sums(n):
        out = []
        for i in range(n):
            t = 0
            for x in (1, 2, 3) if i & 1 else [1.5, 2.5]:
                t += x
            for x in [i] if i % 3 else (i, i):
                t += x
            out.append(t)
        return out
    expected = [(6 if i & 1 else 4.0) + (i if i % 3 else 2 * i) for i in range(2000)]
    for _ in range(3):
        assert sums(2000) == expected


def test_what_the_loop_leaves_behind():
    def last(items):
        seen = x = None
        for i, x in enumerate(items):
            if x == 77:
                seen = dict(locals())
        return x, i, seen and (seen["x"], seen["i"])
    for _ in range(4):
        for kind in (list, tuple, lambda v: [float(k) for k in v], lambda v: tuple(map(str, v))):
            items = kind(range(3000))
            assert last(items) == (items[-1], 2999, None if isinstance(items[77], str) else (items[77], 77))


def test_objects_live_as_long_as_they_should():
    died = []

    class Noted:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            died.append(self.n)

    def keep(items):
        for x in items:
            o = Noted(x)
        return len(died)
    for k in range(30):
        for items in ([1, 2, 3] * 30, (1.5, 2.5) * 30, range(50), ["a"] * 40):
            died.clear()
            assert keep(items) == len(items) - 1
            assert len(died) == len(items)

