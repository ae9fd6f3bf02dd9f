"""Intersections, unions, differences and displays of sets, beside the same by hand."""

import random


class Odd:
    """Equal to the int, with its hash; what it runs may change sets."""

    def __init__(self, value, action=None):
        self.value = value
        self.action = action

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        if self.action:
            self.action()
        return self.value == (other.value if isinstance(other, Odd) else other)


def items(rng, kind, count):
    numbers = [rng.randrange(-20, 60) * rng.choice((1, 1, 8, 1 << 61)) for _ in range(count)]
    if kind == "ints":
        return numbers
    if kind == "strs":
        return ["s%d" % (n % 40) for n in numbers]
    return [rng.choice((n, "s%d" % (n % 40), float(n), (n,), n == 1, Odd(n % 40))) for n in numbers]


def check(a, b):
    def is_in(x, y):
        return any(x == each for each in y)

    for left, right in ((set(a), set(b)), (frozenset(a), set(b)), (set(a), frozenset(b))):
        both, either, rest = left & right, left | right, left - right
        only_one = left ^ right
        assert type(both) is type(either) is type(rest) is type(only_one) is type(left)
        assert len(both) + len(only_one) == len(either) and len(rest) + len(both) == len(left)
        assert all(is_in(x, left) and is_in(x, right) for x in both)
        assert all(is_in(x, left) or is_in(x, right) for x in either)
        assert all(is_in(x, left) and not is_in(x, right) for x in rest)
        assert all(is_in(x, left) != is_in(x, right) for x in only_one)
        assert left == set(a) and right == set(b)
        assert sorted(map(str, map(type, {*left, *right}))) == sorted(map(str, map(type, either)))
        changed = set(left)
        changed |= right
        assert changed == either
        changed -= right
        assert changed == rest
        changed.update(list(both))
        assert changed == left
        changed &= right
        assert changed == both


def test_random():
    rng = random.Random(5)
    for kind in ("ints", "strs", "mixed"):
        for _ in range(150):
            check(items(rng, kind, rng.randrange(9)), items(rng, kind, rng.randrange(9)))
        for _ in range(4):
            check(items(rng, kind, 60), items(rng, kind, rng.randrange(60)))


def test_removed_items():
    for n in (4, 8, 60):
        a = set(range(n))
        for i in range(0, n, 2):
            a.remove(i)
        a.add(0)
        assert a & set(range(n)) == {0, *range(1, n, 2)} == a | a == a - set()
        assert a | {2} == {0, 2, *range(1, n, 2)}
        b = {*a}
        b.update(range(n), [1, 1], (2, 2))
        assert b == set(range(n))
        while a:
            a.pop()
        assert not a & b and a | b == b


def test_order_of_small_ints():
    assert list({5, 13, 20, 33} & {33, 20, 5}) == [33, 20, 5]
    assert list({9, 1, 17}) == [9, 1, 17] and list(set([17, 9, 1])) == [17, 9, 1]
    assert list({1, 2} | {3, 4, 0}) == [0, 1, 2, 3, 4]


def test_bool_and_float_stand_for_ints():
    assert len({1, True, 1.0}) == 1 and {True} & {1} == {True} and {0} - {False} == set()
    assert len({2, 2.0} | {Odd(2)}) == 1


def test_changed_while_compared():
    for size in (3, 6, 40):
        a, b = set(range(size)), set()

        def change():
            a.add(1000 + len(a) % 50)
            b.discard(3)

        b |= {3, "x", *range(size, 2 * size)}
        b.add(Odd(2, change))
        for f in (lambda: a | b, lambda: b | a, lambda: set([*range(size), Odd(1, change), 1, 7]), lambda: {Odd(1, change), 1, 2}):
            assert 1 in f()
        items = [1, 2, 3]
        items.append(Odd(2, items.clear))
        assert set(items) == {1, 2, 3}


def test_unhashable():
    for make in (lambda: set([1, 2, []]), lambda: set((1, {}, 2)), lambda: {1, "a", []}, lambda: {1} | set([[]])):
        try:
            make()
        except TypeError as e:
            assert str(e).startswith("unhashable type: ")
        else:
            raise AssertionError


def test_lengths_and_truth():
    total = 0
    for i in range(3000):
        a = {i % 5, i % 3}
        total += len(a) + len(frozenset((i, i + 1)))
        if a & {4}:
            total += 1
        if not a - {0, 1, 2}:
            total += 1
    assert total == sum(len({i % 5, i % 3}) + 2 + (i % 5 == 4) + (i % 5 < 3) for i in range(3000))


def test_against_dicts():
    r = random.Random(7)
    for make in (lambda: r.randrange(40), lambda: r.choice((r.randrange(30), str(r.randrange(30)))),
                 lambda: r.choice((None, 1.5, (1, r.randrange(5)), r.randrange(10), "a", 2.5))):
        for _ in range(60):
            a, b = {make() for _ in range(r.randrange(40))}, {make() for _ in range(r.randrange(40))}
            for _ in range(15):
                x, y, k = dict.fromkeys(a), dict.fromkeys(b), r.randrange(8)
                if k == 0:
                    item = make()
                    a.add(item)
                    x.setdefault(item)
                elif k == 1:
                    item = make()
                    a.discard(item)
                    x.pop(item, None)
                elif k == 2:
                    a ^= b
                    x = {**{i: 0 for i in x if i not in y}, **{i: 0 for i in y if i not in x}}
                elif k == 3:
                    before, a = a, (a.copy() if r.random() < 0.5 else frozenset(a) if r.random() < 0.5 else set(a))
                    assert a == before
                    a = set(a ^ b)
                    assert before == set(x)
                    x = {**{i: 0 for i in x if i not in y}, **{i: 0 for i in y if i not in x}}
                elif k == 4:
                    a = a | b
                    x.update(y)
                elif k == 5:
                    a = a - b
                    x = {i: 0 for i in x if i not in y}
                elif k == 6:
                    a = a & b
                    x = {i: 0 for i in x if i in y}
                else:
                    a.clear()
                    a.update([make(), make()], b)
                    assert a >= b
                    x = dict.fromkeys(a)
                assert len(a) == len(x) and sorted(map(repr, a)) == sorted(map(repr, x)) and all(i in a for i in x), (a, x)
                assert b == set(y)
