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


def test_calls_of_short_ones():
    words = ["b", "a", "c"]
    for k in range(600):
        assert sum(x * k for x in (1, 2, 3)) == 6 * k
        assert sum(x > 1 for x in (1, 2, 3)) == 2
        assert any(x == 2 for x in (1, 2, 3)) is True and any(x for x in ()) is False
        assert all(x for x in (1, 2, 3)) is True and all(x != 2 for x in (1, 2, 3)) is False
        assert min(x - k for x in (3, 1, 2)) == 1 - k and max((x, k) for x in (3, 1)) == (3, k)
        assert list(x + k for x in (1, 2)) == [1 + k, 2 + k] and tuple(x for x in (k, k)) == (k, k)
        assert set(x % 2 for x in (1, 2, 3)) == {0, 1} and type(set(x for x in ())) is set
        assert frozenset(x for x in (k, k + 1)) == {k, k + 1} and type(frozenset(x for x in ())) is frozenset
        assert sorted(w + w for w in words) == ["aa", "bb", "cc"]
        assert ",".join(w.upper() for w in words) == "B,A,C" and str.join("-", (w for w in words)) == "b-a-c"


def test_calls_of_short_ones_that_fail():
    def message(f, *args):
        try:
            f(*args)
        except (ValueError, TypeError) as e:
            assert [f.name for f in traceback.extract_tb(e.__traceback__)][-2:] in (["message", "call"], ["call", "<genexpr>"])
            return f"{type(e).__name__}: {e}"
        return None

    for k in range(600):
        bad = k > 500
        items = (1, 2) if not bad else ()

        def call():
            return min(x for x in items) + max(x for x in items)

        assert message(call) == ("ValueError: min() arg is an empty sequence" if bad else None)

        def call():
            return max(x for x in items)

        assert message(call) == ("ValueError: max() arg is an empty sequence" if bad else None)
        mixed = (1, "a") if bad else (1, 2)

        def call():
            return sum(x for x in mixed)

        assert message(call) == ("TypeError: unsupported operand type(s) for +: 'int' and 'str'" if bad else None)

        def call():
            return sorted(x for x in mixed)

        assert message(call) == ("TypeError: '<' not supported between instances of 'str' and 'int'" if bad else None)

        def call():
            return "".join(x for x in (("a", 1) if bad else ("a", "b")))

        assert message(call) == ("TypeError: sequence item 1: expected str instance, int found" if bad else None)

        def call():
            return set(x for x in ((1, []) if bad else (1, 2)))

        assert message(call) == ("TypeError: unhashable type: 'list'" if bad else None)


def test_who_calls_a_short_one():
    def caller():
        return sys._getframe(2).f_code.co_name

    for _ in range(600):
        assert list(caller() for _ in (1, 2)) == ["test_who_calls_a_short_one"] * 2


def test_short_ones_in_threads():
    import threading

    results = [[] for _ in range(3)]

    def work(out):
        for k in range(2000):
            out.append(sum(x + k for x in (1, 2, 3)) + max(x * k for x in (1, 2)) + len(",".join(str(x) for x in (k, 1))))
        kept = [(x for x in (1, 2, 3)) for _ in range(500)]
        out.append(sum(sum(g) for g in kept))

    threads = [threading.Thread(target=work, args=(out,)) for out in results]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    expected = [6 + 3 * k + 2 * k + len(f"{k},1") for k in range(2000)] + [3000]
    assert results == [expected] * 3


def test_functions_nobody_sees():
    import gc
    import types

    class Thing:
        pass

    def make(k, thing):
        inner = [(x, k, thing) for x in range(2)]
        lazily = ((x, k, thing) for x in range(2))
        nested = [[(k, x, y) for y in range(2)] for x in range(2)]
        either = {x: {y for y in range(k % 3)} for x in range(2)}
        return inner, list(lazily), nested, either, sum(k for _ in inner), [c() for c in [lambda: k + x for x in range(2)]]

    for k in range(600):
        thing = Thing()
        assert make(k, thing) == ([(0, k, thing), (1, k, thing)], [(0, k, thing), (1, k, thing)],
                                  [[(k, 0, 0), (k, 0, 1)], [(k, 1, 0), (k, 1, 1)]],
                                  {0: set(range(k % 3)), 1: set(range(k % 3))}, 2 * k, [k + 1, k + 1])
    # Whoever finds one can call it.
    for f in gc.get_objects():
        if isinstance(f, types.FunctionType) and f.__code__.co_name in ("<listcomp>", "<genexpr>", "<setcomp>"):
            try:
                list(f(iter((1, 2))))
            except Exception:
                pass


def test_other_globals():
    code = compile("def f(): return [x + k for x in (1, 2)], sum(k for x in (1, 2)), list(k for _ in (1,))", "<test>", "exec")
    spaces = [{"k": k} for k in range(5)]
    for space in spaces:
        exec(code, space)
    for _ in range(300):
        for k, space in enumerate(spaces):
            assert space["f"]() == ([1 + k, 2 + k], 2 * k, [k])


def test_generators_outlive_what_made_them():
    def make(k):
        a, b = [k], k + 1

        def later():
            nonlocal b
            b += 1
        g = (x + a[0] + b for x in range(2))
        later()
        return g

    kept = [make(k) for k in range(600)]
    assert [list(g) for g in kept] == [[2 * k + 2, 2 * k + 3] for k in range(600)]
