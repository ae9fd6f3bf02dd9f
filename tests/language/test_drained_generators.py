"""Builtin functions that draw all of a generator: for the hot ones a loop in Python does it, which nobody sees."""

import inspect
import sys
import traceback
import warnings

N = 3000


def numbers(n, bad=None, error=ValueError):
    for i in range(n):
        if i == bad:
            raise error(i)
        yield i


def repeat(f, times=12):
    results = [f() for _ in range(times)]
    assert all(r == results[0] for r in results), results
    return results[0]


def test_results():
    assert repeat(lambda: sum(numbers(N))) == N * (N - 1) // 2
    assert repeat(lambda: sum((x * 0.5 for x in numbers(N)), 1.5)) == 1.5 + N * (N - 1) / 4
    assert repeat(lambda: sum((x % 2 == 0 for x in numbers(N)))) == N // 2
    assert repeat(lambda: sum(([x] for x in numbers(100)), [])) == list(range(100))
    assert repeat(lambda: any(x == N - 1 for x in numbers(N))) is True
    assert repeat(lambda: any(x < 0 for x in numbers(N))) is False
    assert repeat(lambda: all(x >= 0 for x in numbers(N))) is True
    assert repeat(lambda: all(x != 200 for x in numbers(N))) is False
    assert repeat(lambda: list(numbers(N))) == list(range(N))
    assert repeat(lambda: tuple(numbers(N))) == tuple(range(N))
    assert repeat(lambda: sorted(-x for x in numbers(N))) == list(range(-N + 1, 1))
    assert repeat(lambda: ",".join(str(x) for x in numbers(200))) == ",".join(map(str, range(200)))
    assert repeat(lambda: max(x * 7 % 101 for x in numbers(N))) == 100
    assert repeat(lambda: min((x * 7 % 101 - 50.5 for x in numbers(N)))) == -50.5
    assert repeat(lambda: max((x for x in numbers(0)), default="none")) == "none"
    assert repeat(lambda: min((str(x) for x in numbers(N)), key=len)) == "0"


def test_stops_where_it_is_decided():
    for _ in range(12):
        g = numbers(N)
        assert any(x == 150 for x in g)
        assert next(g) == 151
        assert not all(x < 300 for x in g)
        assert next(g) == 301
        out = [-1]
        out.extend(g)
        assert out == [-1, *range(302, N)]


def test_small_and_often():
    total = 0
    for k in range(400):
        total += sum(x * k for x in numbers(5))
        total += max(x + k for x in numbers(3)) + min(x - k for x in numbers(2))
        assert list(x for x in numbers(k % 7)) == list(range(k % 7))
    assert total == sum(10 * k + k + 2 - k for k in range(400))


def test_exceptions():
    def names(e):
        return [f.name for f in traceback.extract_tb(e.__traceback__)]

    for _ in range(12):
        for f in (sum, list, any, all, min, max, tuple, sorted):
            try:
                f(numbers(N, bad=0 if f is any else 1000) if f is not any else numbers(1, bad=0))
            except ValueError as e:
                assert names(e) == ["test_exceptions", "numbers"], names(e)
                assert e.__context__ is None
            else:
                # all() stops at the first number, which is 0.
                assert f is all
    out = []
    for _ in range(12):
        out.clear()
        try:
            out.extend(numbers(N, bad=700))
        except ValueError:
            pass
        assert out == list(range(700))


def test_type_errors():
    def text(f):
        try:
            f()
        except TypeError as e:
            return str(e)

    for _ in range(12):
        assert text(lambda: sum(str(x) for x in numbers(200))) == "unsupported operand type(s) for +: 'int' and 'str'"
        assert text(lambda: max(x if x < 150 else str(x) for x in numbers(200))) == (
            "'>' not supported between instances of 'str' and 'int'")
        assert text(lambda: min(x if x < 150 else None for x in numbers(200))) == (
            "'<' not supported between instances of 'NoneType' and 'int'")
        assert text(lambda: sum((x for x in numbers(200)), "")) == "sum() can't sum strings [use ''.join(seq) instead]"


def test_frames():
    def shows(n):
        for i in range(n):
            if i == n - 1:
                frame = sys._getframe()
                yield frame.f_back.f_code.co_name
                yield [f.function for f in inspect.stack(0)][:2]
                yield sys._getframe(1).f_code.co_name

    for _ in range(12):
        assert list(shows(800)) == ["test_frames", ["shows", "test_frames"], "test_frames"]


def test_warnings():
    def warns(n):
        for i in range(n):
            if i == n - 1:
                warnings.warn("here", stacklevel=2)
            yield i

    for _ in range(12):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            line = sys._getframe().f_lineno + 1
            sum(warns(800))
        assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]


def test_tracing():
    def generator(n):
        for i in range(n):
            yield i

    for _ in range(12):
        sum(generator(500))
    seen = set()

    def tracer(frame, event, arg):
        seen.add(frame.f_code.co_name)
        return tracer

    sys.settrace(tracer)
    try:
        sum(generator(500))
    finally:
        sys.settrace(None)
    assert seen <= {"generator", "test_tracing"}, seen


def test_lists_of_other_types():
    class Odd(list):
        def append(self, item):
            raise AssertionError("append is not asked")

    for _ in range(12):
        odd = Odd()
        odd.extend(numbers(N))
        assert len(odd) == N
        assert len(Odd(numbers(N))) == N


def test_recursive():
    def walk(depth):
        yield depth
        if depth:
            yield sum(walk(depth - 1))

    for _ in range(30):
        assert sum(walk(60)) == 60 * 61 // 2


def test_already_executing():
    def selfish():
        for i in range(500):
            yield i
            if i == 300:
                try:
                    sum(box[0])
                except ValueError as e:
                    yield len(str(e))

    for _ in range(12):
        box = [selfish()]
        assert sum(box[0]) == 500 * 499 // 2 + len("generator already executing")


def test_in_threads():
    import threading

    def own(out):
        for _ in range(10):
            out.append((sum(i for i in range(3000)), len(list(i for i in range(3000))), max(i for i in range(3000)),
                        all(i < 3000 for i in range(3000)), len("".join(str(i) for i in range(3000))),
                        sorted(-i for i in range(3000))[0]))

    def shared(generators, out):
        # What is drawn is kept, whoever is refused meanwhile.
        for g in generators:
            done = False
            while not done:
                try:
                    out.extend(g)
                    done = True
                except ValueError as error:
                    assert "already executing" in str(error)

    def kept(out):
        g = (i for i in range(3000))
        holder = [g]
        out.append(sum(g) + sum(holder[0]))

    outs, drawn, sums = [[] for _ in range(3)], [[] for _ in range(3)], []
    generators = [(i for i in range(20000)) for _ in range(4)]
    threads = [threading.Thread(target=own, args=(out,)) for out in outs]
    threads += [threading.Thread(target=shared, args=(generators, out)) for out in drawn]
    threads += [threading.Thread(target=kept, args=(sums,)) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(out == [(4498500, 3000, 2999, True, 10890, -2999)] * 10 for out in outs)
    assert sorted(i for out in drawn for i in out) == sorted(list(range(20000)) * 4)
    assert sums == [4498500] * 3
