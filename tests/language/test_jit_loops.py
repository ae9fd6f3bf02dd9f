# Loops that a tracing compiler takes apart: every result must be what plain interpretation gives.


def test_ints_and_overflow():
    def total(n, start):
        s = start
        for i in range(n):
            s += i * 3
        return s

    assert total(9000, 0) == 3 * 9000 * 8999 // 2
    assert total(9000, (1 << 62) - 1000) == (1 << 62) - 1000 + 3 * 9000 * 8999 // 2
    assert total(9000, 0.5) == 3 * 9000 * 8999 / 2 + 0.5


def test_type_changes_in_the_middle():
    def run(values):
        out = []
        i = 0
        acc = 0
        while i < len(values):
            acc = acc + values[i]
            i += 1
        return acc

    assert run([1] * 5000 + [0.5] * 10 + [1] * 10) == 5015.0
    assert run([1] * 5000 + [True] + [1 << 70]) == 5001 + (1 << 70)

    def while_loop(values, n):
        i = 0
        acc = 0
        while i < n:
            acc = acc + values[i]
            i = i + 1
        return acc

    assert while_loop([1] * 5000 + [0.25] * 100, 5100) == 5025.0
    try:
        while_loop([1] * 5000 + ["x"], 5001)
    except TypeError:
        pass
    else:
        raise AssertionError
    try:
        while_loop([1] * 5000, 5001)
    except IndexError:
        pass
    else:
        raise AssertionError


def test_effects_of_dead_expressions():
    log = []

    class Noisy:
        def __add__(self, other):
            log.append(other)
            return self

    def run(a, b, n):
        x = a
        for i in range(n):
            if i == 4000:
                x = b
            x + i
        return x

    run(1, Noisy(), 4003)
    assert log == [4000, 4001, 4002]


def test_division_by_zero_and_shifts():
    def run(n, d):
        t = 0
        for i in range(n):
            t += 100 // (d - i)
        return t

    try:
        run(5000, 4000)
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError

    def shifts(n):
        t = 0
        for i in range(n):
            t ^= (1 << (i % 80)) >> 3
        return t

    expected = 0
    for i in (range(4000)):
        expected ^= (1 << (i % 80)) >> 3
    assert shifts(4000) == expected

    def negative(n):
        t = 0
        for i in range(-n, n):
            t += i // 7 - i % 7 + (i & 12) - (i | 3) + (i ^ 5) + -i
        return t

    assert negative(4000) == sum(i // 7 - i % 7 + (i & 12) - (i | 3) + (i ^ 5) + -i for i in range(-4000, 4000))


def test_floats():
    def run(n):
        x = 0.0
        y = 1.0
        for i in range(n):
            x = x * 0.999 + y / 3.0 - i
            y = -y
            if x < -1000.5:
                x = x + 2000.25
            if x == y or not (x <= 1e9):
                x = 0.0
        return x, y

    def plain(n):
        state = [0.0, 1.0]
        for i in map(int, range(n)):
            state[0] = state[0] * 0.999 + state[1] / 3.0 - i
            state[1] = -state[1]
            if state[0] < -1000.5:
                state[0] = state[0] + 2000.25
            if state[0] == state[1] or not (state[0] <= 1e9):
                state[0] = 0.0
        return state[0], state[1]

    assert run(9000) == plain(9000)

    def extremes(n):
        x = 1.0
        for i in range(n):
            x = x * 1.5
        return x

    assert extremes(5000) == float("inf")

    def nan(n):
        x = float("nan")
        hits = 0
        for i in range(n):
            if x < 1.0:
                hits += 1
            if not x >= 1.0:
                hits += 2
        return hits

    assert nan(4000) == 8000


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def move(self, dx):
        self.x = self.x + dx
        return self.x


def test_attributes_and_methods():
    def run(p, n):
        t = 0.0
        for i in range(n):
            p.y += p.x
            t += p.move(0.5)
        return t, p.x, p.y

    a = run(Point(0.0, 1.0), 6000)
    assert a == (9001500.0, 3000.0, 8998501.0), a
    assert run(Point(0, 1), 6000)[0] == 9001500.0
    p = Point(1, 2)
    p.extra = 1
    assert run(p, 6000)[1] == 3001.0

    def changing(n):
        p = Point(0, 0)
        for i in range(n):
            p.move(1)
            if i == n // 2:
                Point.move = lambda self, dx: None
        return p.x

    saved = Point.move
    try:
        assert changing(6000) == 3001
    finally:
        Point.move = saved


def helper(x):
    return x + 1


scale = 2


def test_calls_and_globals():
    global helper, scale

    def run(n):
        t = 0
        for i in range(n):
            t += helper(i) * scale
        return t

    old = helper
    assert run(6000) == 36006000
    helper = lambda x: x
    scale = 3
    assert run(6000) == 53991000
    helper = old
    scale = 2
    assert run(6000) == 36006000

    def failing(n):
        def inner(i):
            return 10 // (5000 - i)

        t = 0
        for i in range(n):
            t += inner(i)
        return t

    try:
        failing(6000)
    except ZeroDivisionError as e:
        names = []
        tb = e.__traceback__
        while tb:
            names.append(tb.tb_frame.f_code.co_name)
            tb = tb.tb_next
        assert names[-2:] == ["failing", "inner"], names
    else:
        raise AssertionError


def test_lists():
    def sieve(n):
        flags = [1] * n
        count = 0
        for i in range(2, n):
            if flags[i]:
                count += 1
                for j in range(i * i, n, i):
                    flags[j] = 0
        return count

    assert sieve(20000) == 2262

    def rotate(n):
        a, b, c = 1, "x", 2.5
        for i in range(n):
            a, b, c = b, c, a
        return a, b, c

    assert rotate(5001) == (1, "x", 2.5)
    assert rotate(5002) == ("x", 2.5, 1)


def test_destructors_stay_prompt():
    gone = []

    class Dies:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            gone.append(self.n)

    def run(n):
        keep = Dies(0)
        x = 0
        for i in range(n):
            x = i
            if i % 1000 == 999:
                keep = Dies(i)
                assert len(gone) == i // 1000 + 1, gone
        return x

    run(8000)
    assert len(gone) == 9


def test_deleted_and_rebound_variables():
    def run(n):
        v = 1
        t = 0
        for i in range(n):
            t += v
            if i == n - 2:
                del v
        return t

    try:
        run(5000)
    except UnboundLocalError:
        pass
    else:
        raise AssertionError


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        print(name, "ok")
