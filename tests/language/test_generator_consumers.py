"""Builtin functions that run generators to their end: values, errors in the middle, re-entrance, returns."""
import sys


def numbers(n, end=None):
    for i in range(n):
        yield i
    return end


def raising(n, error):
    for i in range(n):
        yield i
    raise error


CONSUMERS = [sum, list, tuple, set, sorted, max, min, any, all, frozenset, dict.fromkeys, "".join]


def test_results():
    assert sum(numbers(10)) == 45
    assert list(numbers(4)) == [0, 1, 2, 3]
    assert tuple(numbers(3)) == (0, 1, 2)
    assert set(numbers(3)) == {0, 1, 2}
    assert sorted(-i for i in numbers(3)) == [-2, -1, 0]
    assert max(numbers(5)) == 4 and min(numbers(5)) == 0
    assert any(i == 3 for i in numbers(5)) and not all(i < 3 for i in numbers(5))
    assert dict((i, i) for i in numbers(3)) == {0: 0, 1: 1, 2: 2}
    assert "-".join(str(i) for i in numbers(3)) == "0-1-2"
    assert bytes(numbers(3)) == b"\0\1\2"
    assert [*numbers(2), *numbers(1)] == [0, 1, 0]


def test_sum_of_mixed_kinds():
    assert sum([1, 2.5, True, 2]) == 6.5
    assert repr(sum([True, True])) == "2"
    assert repr(sum([0.0, -0.0])) == "0.0"
    assert repr(sum([-0.0], -0.0)) == "-0.0"
    big = 1 << 61
    assert sum([big, big, big, -1]) == 3 * (1 << 61) - 1
    assert sum((big for _ in range(9)), 1) == 9 * big + 1
    assert sum([1e308, 1e308, -1e308]) == float("inf")
    assert sum([1 << 70, 1.5]) == float(1 << 70) + 1.5
    assert sum([[1], [2]], []) == [1, 2]
    assert sum([1j, 2, 3.5]) == 5.5 + 1j

    class N(int):
        def __add__(self, other):
            return "N"

        def __radd__(self, other):
            return ("R", int(self), other)
    assert sum([1, N(2)]) == ("R", 2, 1)
    assert sum([N(2)]) == ("R", 2, 0)
    try:
        sum([1, "a"])
    except TypeError as e:
        assert str(e) == "unsupported operand type(s) for +: 'int' and 'str'"
    else:
        assert False


def test_value_of_return_ends_the_loop():
    for consumer in CONSUMERS:
        for end in (None, 5, [1]):
            try:
                consumer(iter(str(i) for i in numbers(2, end)) if consumer == "".join else numbers(2, end))
            except StopIteration:
                assert False, consumer


def test_error_in_the_middle():
    for consumer in CONSUMERS:
        g = raising(0, KeyError("k"))
        try:
            consumer(g)
        except KeyError as e:
            assert e.args == ("k",)
            names = []
            tb = e.__traceback__
            while tb:
                names.append(tb.tb_frame.f_code.co_name)
                tb = tb.tb_next
            assert names == ["test_error_in_the_middle", "raising"]
            assert e.__traceback__.tb_next.tb_lineno == raising.__code__.co_firstlineno + 3
        else:
            assert False
        assert g.gi_frame is None and list(g) == []


def test_stop_iteration_inside_is_an_error():
    for consumer in CONSUMERS:
        try:
            consumer(raising(0, StopIteration(3)))
        except RuntimeError as e:
            assert str(e) == "generator raised StopIteration"
            assert isinstance(e.__cause__, StopIteration)
        else:
            assert False


def test_reentrance():
    def gen():
        try:
            yield sum(g)
        except ValueError as e:
            yield str(e)

    g = gen()
    assert next(g) == "generator already executing"
    assert sum(g) == 0

    def itself():
        yield 1
        try:
            next(h)
        except ValueError:
            yield 2
        yield 3
    h = itself()
    assert list(h) == [1, 2, 3]


def test_closed_and_exhausted():
    g = numbers(3)
    g.close()
    assert sum(g) == 0 and list(g) == []
    g = numbers(3)
    assert next(g) == 0
    assert sum(g) == 3 and sum(g) == 0
    g = numbers(3)
    next(g)
    try:
        g.throw(KeyError)
    except KeyError:
        pass
    assert list(g) == []


def test_consumer_that_stops_leaves_the_generator():
    g = numbers(10)
    assert any(i == 2 for i in g)
    assert next(g) == 3
    assert 5 in g
    assert next(g) == 6


def test_consumer_that_fails_leaves_the_generator():
    def gen():
        yield 1
        yield "a"
        yield 2
    g = gen()
    try:
        sum(g)
    except TypeError:
        pass
    else:
        assert False
    assert next(g) == 2


def test_handled_exception_is_the_generators_own():
    def gen():
        try:
            raise KeyError
        except KeyError:
            yield sys.exc_info()[0]
            yield sys.exc_info()[0]
        yield sys.exc_info()[0]
    try:
        raise ValueError
    except ValueError:
        assert list(gen()) == [KeyError, KeyError, ValueError]
        assert sys.exc_info()[0] is ValueError
    assert list(gen()) == [KeyError, KeyError, None]


def test_destructor_at_the_end():
    class A:
        def __del__(self):
            log.append("gone")

    def gen():
        a = A()
        yield 1
        del a
        yield 2
        b = A()
        yield 3

    log = []
    seen = []
    for v in gen():
        seen.append((v, len(log)))
    assert seen == [(1, 0), (2, 1), (3, 1)] and len(log) == 2
    log.clear()
    assert sum(gen()) == 6 and len(log) == 2


def test_yield_as_expression_keeps_the_old_value():
    def gen():
        x = 1
        while True:
            try:
                x = yield x
            except KeyError:
                yield ("kept", x)

    g = gen()
    assert next(g) == 1
    assert g.send(5) == 5
    assert g.throw(KeyError) == ("kept", 5)

    def temporaries():
        return [(yield 1), (yield 2), ((yield 3), (yield 4))]
    g = temporaries()
    assert [next(g), g.send("a"), g.send("b"), g.send("c")] == [1, 2, 3, 4]
    try:
        g.send("d")
    except StopIteration as e:
        assert e.value == ["a", "b", ("c", "d")]
    g = temporaries()
    next(g)
    g.send("a")
    try:
        g.throw(OSError)
    except OSError:
        pass
    else:
        assert False


def test_tracing_starts_and_ends_inside():
    events = []

    def trace(frame, event, arg):
        if frame.f_code.co_name == "gen":
            events.append((event, frame.f_lineno - gen.__code__.co_firstlineno))
        return trace

    def gen():
        yield 1
        sys.settrace(trace)
        sys._getframe().f_trace = trace
        yield 2
        yield 3
        sys.settrace(None)

    assert sum(gen()) == 6
    assert ("call", 4) in events and ("line", 5) in events


def test_sum_gives_operands_as_they_are():
    seen = []

    class Adds:
        def __add__(self, other):
            seen.append(repr(other))
            return self
    sum([True, 2.5, 1 << 70, 3], Adds())
    assert seen == ["True", "2.5", str(1 << 70), "3"]
    results = [sum([1 << 70, True, False]), sum([1.5, True, 2]), sum([True] * 3), sum([1.0, 1 << 60, 1]), sum([], False), sum([True], 0.5)]
    assert list(map(repr, results)) == [str((1 << 70) + 1), "4.5", "3", repr(2.0 ** 60 + 1), "False", "1.5"]
