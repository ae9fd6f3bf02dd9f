"""Loops that take the pairs of enumerate, zip and items() apart, and unpacking of tuples that die with it."""
import sys


class Dies:
    log = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Dies.log.append(self.name)


def test_values():
    for _ in range(3):
        assert [(i, x) for i, x in enumerate("abc")] == [(0, "a"), (1, "b"), (2, "c")]
        assert [(i, x) for i, x in enumerate([None, 1.5], 7)] == [(7, None), (8, 1.5)]
        assert [(a, b) for a, b in zip([1, 2, 3], "xy")] == [(1, "x"), (2, "y")]
        assert [(a, b) for a, b in zip(range(2), (x for x in "pq"))] == [(0, "p"), (1, "q")]
        assert [(k, v) for k, v in {1: "a", "b": 2}.items()] == [(1, "a"), ("b", 2)]
        assert [a + b + c for (a, b), c in zip([(1, 2), (3, 4)], [5, 6])] == [8, 13]
        assert [i + a + b for i, (a, b) in enumerate(zip([1, 2], [3, 4]))] == [4, 7]


def test_start_past_a_word():
    big = (1 << 62) - 2
    seen = []
    for i, x in enumerate("abcd", big):
        seen.append(i - big)
    assert seen == [0, 1, 2, 3]
    assert [i for i, x in enumerate("ab", 1 << 70)] == [1 << 70, (1 << 70) + 1]


def test_targets_other_than_locals():
    class C:
        pass
    c = C()
    items = [0, 0]
    for c.i, items[1] in enumerate([5, 6]):
        assert items[1] == 5 + c.i
    for c.k, c.v in {"a": 1}.items():
        assert (c.k, c.v) == ("a", 1)


def test_exceptions():
    def failing():
        yield 1
        raise KeyError("x")
    for iterator in (enumerate(failing()), zip(failing(), [1, 2]), zip([1, 2], failing())):
        seen = []
        try:
            for a, b in iterator:
                seen.append((a, b))
        except KeyError as e:
            assert e.__traceback__.tb_lineno == test_exceptions.__code__.co_firstlineno + 7
        else:
            assert False
        assert len(seen) == 1

    try:
        for a, b in zip([1, 2], [1], strict=True):
            pass
    except ValueError as e:
        assert str(e) == "zip() argument 2 is shorter than argument 1"
    else:
        assert False
    try:
        for a, b in zip([1], [1, 2], strict=True):
            pass
    except ValueError as e:
        assert str(e) == "zip() argument 2 is longer than argument 1"
    else:
        assert False
    for wrong, message in (
        (zip([1], [2], [3]), "too many values to unpack (expected 2)"),
        (zip([1]), "not enough values to unpack (expected 2, got 1)"),
    ):
        try:
            for a, b in wrong:
                pass
        except ValueError as e:
            assert str(e) == message
        else:
            assert False


def test_dict_changed_during_iteration():
    d = {i: i for i in range(10)}
    try:
        for k, v in d.items():
            d[k + 100] = v
    except RuntimeError as e:
        assert str(e) == "dictionary changed size during iteration"
    else:
        assert False
    d = {i: i for i in range(4)}
    for k, v in d.items():
        d[k] = v + 1
    assert d == {0: 1, 1: 2, 2: 3, 3: 4}
    del d[1]
    d["x"] = 0
    assert [(k, v) for k, v in d.items()] == [(0, 1), (2, 3), (3, 4), ("x", 0)]
    assert [(k, v) for k, v in reversed(d.items())] == [("x", 0), (3, 4), (2, 3), (0, 1)]


def test_subclasses():
    class E(enumerate):
        def __next__(self):
            a, b = super().__next__()
            return b, a

    class Z(zip):
        def __next__(self):
            return "p", "q"
    assert [(a, b) for a, b in E("xy")] == [("x", 0), ("y", 1)]
    for a, b in Z([1], [2]):
        assert (a, b) == ("p", "q")
        break


def test_loop_that_shares_its_iterator():
    e = enumerate("abcdef")
    seen = []
    for i, x in e:
        seen.append((i, x))
        seen.append(next(e))
    assert seen == [(0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e"), (5, "f")]
    z = zip([1, 2, 3, 4], "abcd")
    for a, b in z:
        assert next(z) == (a + 1, "bd"[a // 2])


def test_tracing_sees_every_line():
    lines = []

    def trace(frame, event, arg):
        if frame.f_code.co_name == "run" and event == "line":
            lines.append(frame.f_lineno - run.__code__.co_firstlineno)
        return trace

    def run():
        s = 0
        for i, x in enumerate([1, 2]):
            s += i + x
        return s
    sys.settrace(trace)
    try:
        assert run() == 4
    finally:
        sys.settrace(None)
    assert lines == [1, 2, 3, 2, 3, 2, 4]


def test_unpacking_gives_away_what_a_dying_tuple_holds():
    def pair(a, b):
        return Dies(a), Dies(b)

    for _ in range(3):
        Dies.log.clear()
        x, y = pair("x", "y")
        assert Dies.log == [] and (x.name, y.name) == ("x", "y")
        del x
        assert Dies.log == ["x"]
        x, y = pair("1", "2")
        assert Dies.log == ["x", "y"]
        kept = t = pair("a", "b")
        x, y = t
        assert (kept[0] is x, kept[1] is y) == (True, True)
        del x, y
        assert kept[0].name + kept[1].name == "ab"
        del kept, t
    for n in (1, 2, 3, 5):
        for _ in range(3):
            Dies.log.clear()
            t = tuple(Dies(i) for i in range(n))
            if n == 1:
                a, = t
            elif n == 2:
                a, b = t
            elif n == 3:
                a, b, c = t
            else:
                a, b, c, d, e = t
            del t
            assert a.name == 0
            del a
            assert Dies.log[-1] == 0
            b = c = d = e = None
            assert sorted(Dies.log) == list(range(n))


def test_unpacking_into_itself():
    t = (1, 2)
    t, u = t
    assert (t, u) == (1, 2)
    t = ([3], [4])
    u, t = t
    assert (u, t) == ([3], [4])


def test_unpacking_of_the_wrong_length():
    for value, message in (
        ((1,), "not enough values to unpack (expected 2, got 1)"),
        ((1, 2, 3), "too many values to unpack (expected 2)"),
        ([1], "not enough values to unpack (expected 2, got 1)"),
    ):
        try:
            a, b = value
        except ValueError as e:
            assert str(e) == message
        else:
            assert False
