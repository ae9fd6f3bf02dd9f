"""object[start:stop] read at once, slices assigned from lists, constructors called as functions, short strings as keys."""
import operator


class Index:
    def __init__(self, i):
        self.i = i

    def __index__(self):
        return self.i


def slow(sequence, start, stop):
    return sequence[slice(start, stop)]


def test_all_bounds():
    bounds = [None, 0, 1, 2, 3, 4, -1, -2, -3, -4, 1 << 61, -(1 << 61), 1 << 80, -(1 << 80), True, False, Index(1), Index(-1)]
    for sequence in ([10, 20, 30], (10, 20, 30), "abc", "a\u20acc", [], (), "", b"abc", range(3)):
        for start in bounds:
            for stop in bounds:
                assert sequence[start:stop] == slow(sequence, start, stop), (sequence, start, stop)
            assert sequence[start:] == slow(sequence, start, None)
            assert sequence[:start] == slow(sequence, None, start)
        assert sequence[:] == sequence


def test_results():
    items = [1, 2]
    assert items[:] is not items
    t, s = (1, 2), "ab"
    assert t[:] is t and s[:] is s and s[0:1] == "a" and t[5:2] == () and s[2:0] == ""
    big = list(range(1000))
    assert big[10:990] == list(range(10, 990)) and big[1:][0] == 1 and big[:-1][-1] == 998
    assert [1, 2, 3][1:][0] == 2 and "abc"[1:][:1] == "b" and (1, 2, 3)[:2][1] == 2


def test_errors():
    for sequence in ([1, 2], (1, 2), "ab"):
        for bad in (1.5, "a", []):
            for f in (lambda: sequence[bad:], lambda: sequence[:bad], lambda: sequence[bad:bad]):
                try:
                    f()
                except TypeError as e:
                    assert str(e) == "slice indices must be integers or None or have an __index__ method"
                else:
                    assert False
    for f in (lambda: 5[1:2], lambda: None[:], lambda: {}[1:2], lambda: set()[0:]):
        try:
            f()
        except TypeError:
            pass
        else:
            assert False


def test_own_getitem():
    class L(list):
        def __getitem__(self, key):
            return key

    class Any:
        def __getitem__(self, key):
            return (key.start, key.stop, key.step)
    assert L([1])[1:2] == slice(1, 2) and Any()[:5] == (None, 5, None) and Any()[1:2:3] == (1, 2, 3)
    assert Any()["a":] == ("a", None, None)


def test_dying_operands():
    class D:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            log.append(self.n)
    log = []
    for _ in range(3):
        log.clear()
        kept = [D(1), D(2), D(3)][1:2]
        assert sorted(log) == [1, 3] and kept[0].n == 2
        del kept
        assert log[-1] == 2
        log.clear()
        kept = (D(1), D(2))[:1]
        assert log == [2] and kept[0].n == 1
        del kept


def test_assignment():
    class D:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            log.append(self.n)
            a.append("late")
    log = []
    for source in ([], [7], [7, 8], [7, 8, 9, 10], (7, 8), "xy", range(2), iter([7])):
        for start, stop in ((0, 0), (0, 2), (1, 3), (4, 9), (-1, None), (None, None), (3, 1)):
            a = [1, 2.5, "three", None]
            items = list(source) if not hasattr(source, "__next__") else [7]
            expected = a[:start if start is not None else 0]
            b = list(a)
            cut = slice(start, stop).indices(4)
            low, high = cut[0], max(cut[0], cut[1])
            expected = b[:low] + items + b[high:]
            a[start:stop] = items
            assert a == expected
            a = list(b)
            a[start:stop] = tuple(items)
            assert a == expected
    a = [1, 2, 3]
    a[1:2] = a
    assert a == [1, 1, 2, 3, 3]
    a[:] = a[::-1]
    assert a == [3, 3, 2, 1, 1]
    a[:2] = []
    assert a == [2, 1, 1]
    a = [D(1), D(2), 3]
    a[:2] = [0]
    assert sorted(log) == [1, 2] and a == [0, 3, "late", "late"]
    a = [[1], [2]]
    b = [[3]]
    a[0:1] = b
    a[0].append(4)
    assert b == [[3, 4]] and a == [[3, 4], [2]]
    try:
        a[0:1] = 5
    except TypeError as e:
        assert str(e) == "can only assign an iterable"
    else:
        assert False


def test_constructors_as_functions():
    class T(tuple):
        pass

    class S(str):
        pass
    assert tuple.__new__(T, [1, 2]) == (1, 2) and type(tuple.__new__(T, (1,))) is T
    assert str.__new__(S, b"ab", "ascii") == "ab" and str.__new__(S, object="x") == "x"
    assert type(object.__new__(type("O", (), {}))).__name__ == "O"
    assert int.__new__(bool and int, "12", base=16) == 18
    new = tuple.__new__
    assert [new(T, (i, i)) for i in range(3)] == [(0, 0), (1, 1), (2, 2)]
    for f, message in (
        (lambda: tuple.__new__(), "tuple.__new__(): not enough arguments"),
        (lambda: tuple.__new__(5), "tuple.__new__(X): X is not a type object (int)"),
        (lambda: tuple.__new__(list), "tuple.__new__(list): list is not a subtype of tuple"),
        (lambda: object.__new__(int), "object.__new__(int) is not safe, use int.__new__()"),
        (lambda: tuple.__new__(T, 1, 2), "tuple expected at most 1 argument, got 2"),
    ):
        try:
            f()
        except TypeError as e:
            assert str(e) == message, str(e)
        else:
            assert False


def test_short_strings_as_keys():
    d = {}
    texts = ["".join(chr(97 + (i * k) % 26) for k in range(n)) for n in range(0, 20) for i in range(1, 5)]
    for text in texts:
        d[text] = d.get("".join(list(text)), 0) + 1
    for text in set(texts):
        assert d[" ".join([text])] == texts.count(text)
        assert text + "x" in d or (text + "x") not in texts
    assert "abcdefgh" != "abcdefgi" and "abcdefghijklmnop" != "abcdefghXjklmnop" and "abcd" != "abXd" and "ab" != "aX"
    wide = ["\u20ac" * n for n in range(12)] + ["\U0001f600" * n for n in range(1, 9)] + ["\xe9" * n for n in range(1, 20)]
    assert len({w: 1 for w in wide}) == len(wide)
    assert all(operator.eq("".join(list(w)), w) for w in wide)


def test_tuples_of_numbers_in_order():
    tuples = [(), (1,), (1, 2), (1, 3), (2,), (2, 0.5), (2, "a"), (1 << 70,), (True,), (1, 2, 3), (-1, 5)]
    ops = (operator.lt, operator.le, operator.gt, operator.ge)
    for a in tuples:
        for b in tuples:
            for op in ops:
                key = next((i for i in range(min(len(a), len(b))) if a[i] != b[i]), None)
                try:
                    expected = op(len(a), len(b)) if key is None else op(a[key], b[key])
                except TypeError:
                    continue
                assert op(a, b) is expected, (a, b, op)
            assert (a == b) is (list(a) == list(b))

    class T(tuple):
        def __lt__(self, other):
            return "T"
    assert (T((1,)) < (0,)) == "T"
    assert sorted([(3, 1), (1, 5), (1, 2), (3, 0)]) == [(1, 2), (1, 5), (3, 0), (3, 1)]
    assert max((1, 2), (1, 3)) == (1, 3) and min([(2, 1), (1, 9)]) == (1, 9)


def test_split_lists_grow():
    for n in (0, 1, 11, 12, 13, 40):
        text = " ".join(str(i) for i in range(n))
        words = text.split()
        assert len(words) == n
        words.append("x")
        assert words[-1] == "x" and text.split(None, 3) == text.split(maxsplit=3)
        assert len(text.split(" ", 2)) == min(max(n, 1), 3)
