"""Generators that hot loops draw from."""
import gc
import sys
import threading
import weakref

from checks import assert_equal, raises

ROUNDS = 4000


def count(n, step=1):
    i = 0
    while i < n:
        yield i
        i += step


def pairs(n):
    for i in range(n):
        yield i, i + 0.5


class Box:
    def __init__(self, value):
        self.value = value


def test_numbers():
    def total(n):
        s = 0
        for x in count(n):
            s += x
        return s

    for n in (0, 1, 10, ROUNDS, ROUNDS, 3 * ROUNDS):
        assert_equal(total(n), n * (n - 1) // 2)


def test_kinds_change():
    def values(n):
        for i in range(n):
            x = i if i % 7 else i * 0.5
            yield x if i % 11 else str(i)

    def collect(n):
        out = []
        for v in values(n):
            out.append(v)
        return out

    def expected(n):
        return [str(i) if i % 11 == 0 else i if i % 7 else i * 0.5 for i in range(n)]

    assert_equal(collect(ROUNDS), expected(ROUNDS))


def test_big_and_floats():
    def powers(n):
        x, y = 1, 1.0
        for i in range(n):
            yield x, y
            x = x * 3 % (1 << 90)
            y = y * 1.5 if y < 1e300 else 1e-300

    s, t = 0, 0.0
    for x, y in powers(ROUNDS):
        s ^= x
        t = t * 0.5 + (y > 2.0)
    a, b, s2, t2 = 1, 1.0, 0, 0.0
    for i in range(ROUNDS):
        s2 ^= a
        t2 = t2 * 0.5 + (b > 2.0)
        a = a * 3 % (1 << 90)
        b = b * 1.5 if b < 1e300 else 1e-300
    assert_equal((s, t), (s2, t2))


def test_tuples_and_objects():
    def boxes(n):
        last = None
        for i, x in pairs(n):
            box = Box(i)
            yield box, last
            last = box

    s = 0
    kept = []
    for box, last in boxes(ROUNDS):
        s += box.value
        if last is not None:
            s -= last.value
        if box.value % 500 == 0:
            kept.append((box, last))
    assert_equal(s, ROUNDS - 1)
    assert_equal([(b.value, l and l.value) for b, l in kept[1:]], [(i, i - 1) for i in range(500, ROUNDS, 500)])


def test_pipeline():
    s = []
    for x in (a + 1 for a in (b * 2 for b in count(ROUNDS)) if a % 3):
        if x > 2 * ROUNDS - 50:
            s.append(x)
    assert_equal(s, [b * 2 + 1 for b in range(ROUNDS) if b * 2 % 3 and b * 2 + 1 > 2 * ROUNDS - 50])


def test_several_yields():
    def walk(n):
        for i in range(n):
            yield i
            if i % 3 == 0:
                yield -i
                continue
            yield i * i

    def plain(n):
        out = []
        for i in range(n):
            out.append(i)
            out.append(-i if i % 3 == 0 else i * i)
        return out

    got = []
    for x in walk(ROUNDS):
        got.append(x)
    assert_equal(got, plain(ROUNDS))


def test_short_ones():
    s = 0
    for i in range(ROUNDS):
        for x in count(i % 5):
            s += x
    assert_equal(s, sum(k * (k - 1) // 2 for k in (i % 5 for i in range(ROUNDS))))


def test_break_and_go_on():
    g = count(ROUNDS * 2)
    seen = []
    for x in g:
        if x == ROUNDS:
            seen.append((g.gi_frame.f_locals["i"], g.gi_running))
            break
    seen.append(next(g))
    for x in g:
        if x == ROUNDS + 500:
            break
    seen.append(next(g))
    g.close()
    seen.append(list(g))
    assert_equal(seen, [(ROUNDS, False), ROUNDS + 1, ROUNDS + 501, []])


def test_closed_by_the_end_of_the_loop():
    log = []

    def guarded(n):
        i = 0
        try:
            while i < n:
                yield i
                i += 1
        finally:
            log.append(i)

    for k in range(4):
        for x in guarded(ROUNDS * 2):
            if x == ROUNDS + k:
                break
        del x
    gc.collect()
    for x in guarded(ROUNDS):
        pass
    assert_equal(log, [ROUNDS, ROUNDS + 1, ROUNDS + 2, ROUNDS + 3, ROUNDS])


def test_drawn_from_twice():
    g = count(ROUNDS * 4)
    out = []
    for x in g:
        if x % 1000 == 0:
            out.append((x, next(g), next(g)))
        for y in g:
            if y % 7 == 0:
                break
    inner = count(ROUNDS * 4)
    expected = []
    it = iter(inner)
    while True:
        x = next(it, None)
        if x is None:
            break
        if x % 1000 == 0:
            expected.append((x, next(it), next(it)))
        while True:
            y = next(it, None)
            if y is None or y % 7 == 0:
                break
    assert_equal(out, expected)


def test_drawn_from_by_a_callback():
    g = count(ROUNDS * 3)
    lost = []

    class Draws:
        def __del__(self):
            lost.append(next(g, None))

    got = []
    for x in g:
        if x % 997 == 0:
            d = Draws()
            del d
            sorted([3, 1, 2], key=lambda k: lost.append(next(g, None)) or k)
        got.append(x)
    assert_equal(got, [x for x in range(ROUNDS * 3) if x not in lost])


def test_resumes_itself():
    def selfish(n):
        for i in range(n):
            if i == n - 10:
                try:
                    next(box[0])
                except ValueError as e:
                    yield str(e)
            yield i

    box = [selfish(ROUNDS)]
    last = None
    texts = []
    for x in box[0]:
        if isinstance(x, str):
            texts.append(x)
        last = x
    assert_equal((texts, last), (["generator already executing"], ROUNDS - 1))


def test_exceptions():
    def fails(n, at):
        for i in range(n):
            yield 100 // (at - i)

    def draw(n, at):
        s = 0
        for x in fails(n, at):
            s += x
        return s

    for k in range(3):
        try:
            draw(ROUNDS * 2, ROUNDS + k)
        except ZeroDivisionError as e:
            tb, context = e.__traceback__, e.__context__
        else:
            raise AssertionError("no exception")
        names = []
        while tb:
            names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno - tb.tb_frame.f_code.co_firstlineno))
            tb = tb.tb_next
        assert_equal(names[1:], [("draw", 2), ("fails", 2)])
        assert_equal(context, None)


def test_handled_inside():
    def handles(n):
        for i in range(n):
            try:
                if i % 500 == 499:
                    raise KeyError(i)
                yield i
            except KeyError as e:
                yield (sys.exc_info()[1] is e, e.args)

    got = []
    for x in handles(ROUNDS):
        if isinstance(x, tuple):
            got.append(x + (sys.exc_info()[1],))
    assert_equal(got, [(True, (i,), None) for i in range(499, ROUNDS, 500)])


def test_outside_handles():
    def shows(n):
        for i in range(n):
            yield i if i % 1000 else sys.exc_info()[0]

    try:
        raise LookupError
    except LookupError:
        got = []
        for x in shows(ROUNDS):
            if not isinstance(x, int):
                got.append(x)
    assert_equal(got, [LookupError] * (ROUNDS // 1000))


def test_throws_and_sends():
    def echo(n):
        got = []
        for i in range(n):
            v = yield i
            if v is not None:
                got.append(v)
        yield got

    g = echo(ROUNDS)
    next(g)
    for x in g:
        if x == ROUNDS // 2:
            assert_equal(g.send("a"), x + 1)
        elif x == ROUNDS - 100:
            assert_equal(g.send("b"), x + 1)
    assert_equal(x, ["a", "b"])
    g = count(ROUNDS * 2)
    for x in g:
        if x == ROUNDS:
            raises(OSError, g.throw, OSError)
    assert_equal(x, ROUNDS)


def test_frames():
    def looks(n):
        local = "here"
        for i in range(n):
            if i % 1500 == 1499:
                frame = sys._getframe()
                yield frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_locals["i"], frame.f_locals["local"]
            yield i

    got = []
    for x in looks(ROUNDS):
        if type(x) is tuple:
            got.append(x)
    assert_equal(got, [("looks", "test_frames", i, "here") for i in range(1499, ROUNDS, 1500)])


def test_locals_die():
    dead = []

    class Noted:
        def __init__(self, n):
            weakref.finalize(self, dead.append, n)

    def holds(n):
        for i in range(n):
            held = Noted(i) if i % 100 == 0 else None
            yield i
            held = None

    for x in holds(1000):
        if x == 350:
            break
    del x
    gc.collect()
    assert_equal(dead, [0, 100, 200, 300])


def test_functions_and_cells():
    def outer(k):
        def gen(n):
            total = k
            for i in range(n):
                total += i
                yield total, (lambda: total)

        return gen

    for k in (1, 2):
        last = None
        for t, f in outer(k)(ROUNDS):
            last = t
        assert_equal((last, f()), (k + ROUNDS * (ROUNDS - 1) // 2,) * 2)


def test_deleted_local():
    def drops(n):
        for i in range(n):
            x = i
            yield x
            del x
            if i == n - 5:
                yield x

    last = []

    def draw():
        for v in drops(ROUNDS):
            last[:] = [v]

    raises(UnboundLocalError, draw)
    assert_equal(last, [ROUNDS - 5])


def test_other_globals():
    code = "def g(n):\n  for i in range(n):\n    yield K + i\n"
    spaces = [{"K": 1}, {"K": 1000}]
    for s in spaces:
        exec(compile(code, "g", "exec"), s)
    made = type(count)(spaces[0]["g"].__code__, spaces[1])
    sums = []
    for f in (spaces[0]["g"], spaces[1]["g"], made):
        s = 0
        for x in f(ROUNDS):
            s += x
        sums.append(s)
    base = ROUNDS * (ROUNDS - 1) // 2
    assert_equal(sums, [base + ROUNDS, base + 1000 * ROUNDS, base + 1000 * ROUNDS])


def test_comes_back_after_its_end():
    g = count(ROUNDS)
    s = 0
    for k in range(3):
        for x in g:
            s += x
    assert_equal(s, ROUNDS * (ROUNDS - 1) // 2)


def test_returns_a_value():
    def returns(n):
        for i in range(n):
            yield i
        return "value"

    def outer(n):
        got = yield from returns(n)
        yield got

    last = None
    for x in outer(ROUNDS):
        last = x
    assert_equal(last, "value")
    for x in returns(ROUNDS):
        pass
    assert_equal(x, ROUNDS - 1)


def test_threads():
    results = []

    def work(k):
        s = 0
        for x in (a + k for a in count(ROUNDS)):
            s += x
        for a, b in pairs(ROUNDS):
            s += a + int(b)
        results.append(s - k * ROUNDS)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert_equal(results, [3 * (ROUNDS * (ROUNDS - 1) // 2)] * 4)


def test_shared_by_threads():
    def numbers(n):
        for i in range(n):
            yield i

    for k in range(3):
        g = numbers(3000)
        taken = []

        def draw():
            out = []
            while True:
                try:
                    for x in g:
                        out.append(x)
                    break
                except ValueError as e:
                    assert str(e) == "generator already executing"
            taken.extend(out)

        threads = [threading.Thread(target=draw) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert_equal(sorted(taken), list(range(3000)))


def counting(start):
    while True:
        yield start
        start += 1


def echo(total):
    while True:
        got = yield total
        if got is None:
            return
        total += got


def test_resumed_by_calls():
    a, b, total = counting(0), counting(5), 0
    for i in range(ROUNDS):
        total += next(b) - next(a)
        if i % 7 == 0:
            total += next(a) - next(a)
    assert_equal(next(a), ROUNDS + 2 * ((ROUNDS + 6) // 7))
    g, total = echo(1), 0
    assert_equal(next(g), 1)
    for i in range(ROUNDS):
        total = g.send(i)
    assert_equal(total, 1 + ROUNDS * (ROUNDS - 1) // 2)
    stops, texts = 0, []
    g = echo("")
    next(g)
    for i in range(ROUNDS):
        try:
            texts.append(g.send("x" if i % 5 else None))
        except StopIteration as e:
            assert (e.value, e.args, e.__context__) == (None, (), None)
            assert e.__traceback__.tb_next is None
            stops += 1
            g = echo("")
            g.send(None)
    assert_equal((stops, texts[-1], len(texts)), (ROUNDS // 5, "xxxx", ROUNDS - ROUNDS // 5))


def test_finished_within_a_call():
    def pair():
        yield 1
        yield 2

    def valued():
        yield 1
        return 7

    total = 0
    for i in range(ROUNDS):
        g = pair()
        total += next(g) + next(g)
        try:
            next(g)
        except StopIteration:
            total += 1
        try:
            next(g)
        except StopIteration:
            total += 1
        g = valued()
        next(g)
        try:
            g.send(3)
        except StopIteration as e:
            total += e.value
    assert_equal(total, 12 * ROUNDS)


def test_a_call_resumes_the_one_that_runs():
    def selfish(box):
        n = 0
        while True:
            try:
                n += next(box[0])
            except ValueError as e:
                n += len(str(e)) == len("generator already executing")
            yield n

    box = [counting(0)]
    g, other = selfish(box), counting(0)
    total = 0
    for i in range(ROUNDS):
        box[0] = g if i % 100 == 99 else other
        total = next(g)
    others = ROUNDS - ROUNDS // 100
    assert_equal(total, others * (others - 1) // 2 + ROUNDS // 100)


def test_an_error_in_one_that_a_call_resumed():
    def fails(n):
        for i in range(n):
            yield i
        raise KeyError(n)

    caught, names = 0, set()
    for i in range(ROUNDS):
        g = fails(i % 3)
        try:
            while True:
                next(g)
        except KeyError as e:
            caught += e.args[0]
            tb = e.__traceback__
            names.add((tb.tb_frame.f_code.co_name, tb.tb_next.tb_frame.f_code.co_name))
    assert_equal(caught, sum(i % 3 for i in range(ROUNDS)))
    assert_equal(names, {("test_an_error_in_one_that_a_call_resumed", "fails")})


def test_left_in_the_middle():
    def looks(n):
        while True:
            n += 1
            if n % 400 == 0:
                frame = sys._getframe()
                assert frame.f_back.f_code.co_name == "test_left_in_the_middle"
                yield frame.f_lineno > 0
            yield n + (n if n % 3 else 0.5)

    g, total = looks(0), 0
    for i in range(ROUNDS):
        total += next(g)
    plain = looks(0)
    want = 0
    for i, x in enumerate(plain):
        if i == ROUNDS:
            break
        want += x
    assert_equal(total, want)
