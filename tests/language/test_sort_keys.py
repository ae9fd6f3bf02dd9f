"""Keys that functions in Python compute, and calls with the arguments in a row."""

import gc
import traceback


def test_orders():
    items = [(i * 37 % 101, str(i)) for i in range(200)]
    for k in range(30):
        assert [p[0] for p in sorted(items, key=lambda p: p[0])] == sorted(p[0] for p in items)
        assert sorted(items, key=lambda p: (-p[0], p[1]), reverse=True) == sorted(items, key=lambda p: (-p[0], p[1]))[::-1]
        few = sorted(items[:8], key=lambda p: p[0] * k)
        assert few == (items[:8] if k == 0 else sorted(items[:8]))
        kept = items[:]
        kept.sort(key=lambda p: p[1])
        assert [p[1] for p in kept] == sorted(p[1] for p in items)
    assert sorted([3, 1, 2], key=lambda x: x) == [1, 2, 3] and sorted([], key=lambda x: x) == []


def test_exceptions():
    def key(x):
        return 100 // x

    for bad in (0, 5, 19):
        items = [i + 1 for i in range(20)]
        items[bad] = 0
        before = items[:]
        for _ in range(3):
            try:
                items.sort(key=key)
            except ZeroDivisionError as e:
                assert [f.name for f in traceback.extract_tb(e.__traceback__)] == ["test_exceptions", "key"]
            else:
                raise AssertionError
            assert items == before


def test_list_seems_empty_meanwhile():
    items, sizes = list(range(20, 0, -1)), set()

    def key(x):
        sizes.add(len(items))
        return x

    items.sort(key=key)
    assert items == list(range(1, 21)) and sizes == {0}

    def grows(x):
        items.append(x)
        return x

    try:
        items.sort(key=grows)
    except ValueError as e:
        assert str(e) == "list modified during sort"
    else:
        raise AssertionError
    assert items == list(range(1, 21))


def test_whoever_finds_the_items():
    marker = object()

    def key(x):
        for found in gc.get_referrers(marker):
            if type(found) is list and found is not items and found is not kept:
                found.clear()
        return 1

    items = [marker] * 10
    kept = items[:]
    try:
        items.sort(key=key)
    except (ValueError, IndexError):
        pass
    assert items == kept


def test_keys_of_other_kinds():
    class Key:
        def __call__(self, x):
            return -x

        def method(self, x, y=0):
            return -x

    def plus(x, *, y=1):
        return -x * y

    def generates(x):
        yield x

    numbers = list(range(50))
    for key in (Key(), Key().method, plus, lambda *x: -x[0], lambda x, y=2: -x * y):
        assert sorted(numbers, key=key) == numbers[::-1]
    try:
        sorted(numbers, key=generates)
    except TypeError as e:
        assert "not supported between instances of 'generator' and 'generator'" in str(e)
    else:
        raise AssertionError
    try:
        sorted(numbers, key=lambda: 1)
    except TypeError as e:
        assert "takes 0 positional arguments but 1 was given" in str(e)
    else:
        raise AssertionError


def test_others_in_a_row():
    def message(f):
        try:
            f()
        except TypeError as e:
            return str(e)
        return None

    d, s = {}, {1, 2}
    bound, bound_union = d.update, s.union
    for i in range(300):
        d.update({"a": i}), d.update([("b", i)]), d.update(), d.update(c=i), d.update({"d": i}, e=i)
        bound({"f": i}), dict.update(d, {"g": i})
        assert set(d.values()) == {i} and sorted(d) == list("abcdefg")
        assert s.union() == s.union(s) == {1, 2} and s.union([i], (i,), {i}) == {1, 2, i} == bound_union([i])
        assert s.intersection() == {1, 2} and s.intersection([1, i + 3], {1}) == {1} and s.difference([1]) == {2}
        assert s.difference() == s and frozenset(s).union([3]) == frozenset({1, 2, 3}) and set.union({1}, [2], [3]) == {1, 2, 3}
        t = set()
        t.update([i], (1,), {2: 3}), t.update()
        assert t == {i, 1, 2}
        assert max(1, i, 2) == max(i, 2) and min(i, 0, 1) == 0 and max([i]) == i
        assert message(lambda: d.update(1, 2)) == "update expected at most 1 argument, got 2"
        assert message(lambda: bound(1, 2, 3)) == "update expected at most 1 argument, got 3"
        assert message(lambda: s.union(1)) == "'int' object is not iterable"
        assert "'list'" in message(lambda: set.union([], []))


def test_numbers_methods_and_conversions():
    total = 0
    for i in range(2000):
        x = i * 0.5
        total += i.bit_length() + x.is_integer() + (i + 1).to_bytes(4, "big")[3] + len(str(i)) + int("12") + int(x) + len(list("ab"))
        total += len(dict([("a", 1)])) + len(tuple("abc")) + bool(i) + (i if i % 3 else x).__float__().is_integer()
    assert total == sum(i.bit_length() + (i % 2 == 0) + (i + 1) % 256 + len(f"{i}") + 12 + i // 2 + 2 + 1 + 3 + (i > 0) +
                        (1 if i % 3 else i % 2 == 0) for i in range(2000))


def test_lists_compared():
    class Odd:
        def __init__(self, found):
            self.found = found

        def __eq__(self, other):
            self.found.clear()
            return True

    nan = float("nan")
    for i in range(300):
        a, b = [1, "x" * 3, nan, i], [1, "xxx", nan, i]
        assert a == b and not a != b and a <= b and not a < b and a + [1] > b and [1, "xxy"] > a and [1, 2] != a
        assert [1.0, True, i] == [1, 1, i] and [i] * 5 < [i] * 4 + [i + 1]
        found = [1, 2, 3]
        found[1] = Odd(found)
        found == [1, 5, 3]
