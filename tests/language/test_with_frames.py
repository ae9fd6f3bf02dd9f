"""with: __enter__ runs in a frame of its own; hot loops."""
import contextlib
import sys
import threading

from checks import assert_equal

ROUNDS = 4000


class Manager:
    def __init__(self, log=None, swallow=False):
        self.log = log
        self.swallow = swallow
        self.depth = self.entered = 0

    def __enter__(self):
        self.depth += 1
        self.entered += 1
        return self

    def __exit__(self, kind, value, tb):
        self.depth -= 1
        if self.log is not None and kind:
            self.log.append((kind.__name__, value.args, tb.tb_frame.f_code.co_name))
        return self.swallow


class Loose:
    def __enter__(self, *, extra=7):
        return extra

    def __exit__(self, *args):
        self.last = args


def test_plain():
    m, total = Manager(), 0
    for i in range(ROUNDS):
        with m as got:
            assert got is m and m.depth == 1
            total += i
    assert_equal((m.depth, m.entered, total), (0, ROUNDS, sum(range(ROUNDS))))
    for i in range(ROUNDS):
        with Manager() as fresh:
            total += fresh.depth
        total -= fresh.depth
    assert_equal(total, sum(range(ROUNDS)) + ROUNDS)


def test_other_forms():
    loose, m, total = Loose(), Manager(), 0
    for i in range(ROUNDS):
        with loose as n, m, Manager() as inner:
            total += n + inner.depth
        assert loose.last == (None, None, None)
    assert_equal((total, m.depth, m.entered), (8 * ROUNDS, 0, ROUNDS))


def test_left_in_other_ways():
    m = Manager()

    def first(items):
        for x in items:
            with m:
                if x > 3:
                    return x
        return None

    total = 0
    for i in range(ROUNDS):
        for k in range(5):
            with m:
                if k == 1:
                    continue
                if k == i % 5:
                    break
                total += 1
    assert_equal(m.depth, 0)
    assert_equal([first(range(i % 8)) for i in range(ROUNDS)], [4 if i % 8 > 4 else None for i in range(ROUNDS)])
    assert_equal(m.depth, 0)


def test_exceptions():
    log = []
    quiet, loud = Manager(log, True), Manager(log)
    caught = 0
    for i in range(ROUNDS):
        with quiet:
            if i % 3 == 0:
                raise ValueError(i)
        try:
            with loud:
                if i % 3 == 1:
                    {}[i]
        except KeyError as e:
            caught += e.args == (i,)
    assert_equal((quiet.depth, loud.depth, caught), (0, 0, (ROUNDS + 1) // 3))
    assert_equal(log[:3], [("ValueError", (0,), "test_exceptions"), ("KeyError", (1,), "test_exceptions"),
                           ("ValueError", (3,), "test_exceptions")])
    assert_equal(len(log), (ROUNDS + 2) // 3 + (ROUNDS + 1) // 3)
    assert_equal(sys.exc_info(), (None, None, None))


def test_enter_and_exit_that_raise():
    class Bad:
        def __init__(self, where):
            self.where = where

        def __enter__(self):
            if self.where == 0:
                raise LookupError("enter")

        def __exit__(self, *exception):
            if self.where == 1:
                raise ArithmeticError("exit")

    names = [0, 0, 0]
    for i in range(ROUNDS):
        try:
            with Bad(i % 3):
                names[2] += 1
        except LookupError as e:
            names[0] += e.args == ("enter",)
        except ArithmeticError as e:
            names[1] += e.args == ("exit",)
    assert_equal(names, [(ROUNDS + 2) // 3, (ROUNDS + 1) // 3, (ROUNDS + 1) // 3 + ROUNDS // 3])


def test_classes_change():
    class Changing:
        def __enter__(self):
            return 1

        def __exit__(self, *exception):
            seen.append(1)

    def other(self, *exception):
        seen.append(2)

    seen, c, total = [], Changing(), 0
    for i in range(ROUNDS):
        if i == ROUNDS - 2:
            Changing.__exit__ = other
            Changing.__enter__ = lambda self: 10
        with c as n:
            total += n
    assert_equal((total, seen[-3:]), (ROUNDS - 2 + 20, [1, 2, 2]))
    del Changing.__exit__
    try:
        with c:
            pass
    except TypeError as e:
        assert "context manager protocol" in str(e) and "__exit__" in str(e)
    else:
        raise AssertionError
    del Changing.__enter__
    try:
        with c:
            pass
    except TypeError as e:
        assert "context manager protocol" in str(e)


def test_own_attributes_do_not_count():
    m = Manager()
    m.__enter__ = m.__exit__ = None
    for i in range(ROUNDS):
        with m:
            pass
    assert_equal(m.entered, ROUNDS)


def test_library():
    @contextlib.contextmanager
    def around(n):
        opened.append(n)
        try:
            yield n * 2
        finally:
            opened.pop()

    opened, total = [], 0
    for i in range(ROUNDS // 4):
        with around(i) as twice:
            total += twice
        with contextlib.suppress(ValueError):
            raise ValueError(i)
        with contextlib.nullcontext(3) as three:
            total += three
    assert_equal((opened, total), ([], sum(2 * i + 3 for i in range(ROUNDS // 4))))


def test_threads():
    lock, shared = threading.Lock(), [0]
    managers = [Manager() for _ in range(3)]

    def work(m):
        for i in range(ROUNDS):
            with lock:
                shared[0] += 1
            with m as mine:
                assert mine.depth == 1

    threads = [threading.Thread(target=work, args=(m,)) for m in managers]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert_equal(shared, [ROUNDS * 3])
    assert_equal([m.depth for m in managers], [0, 0, 0])


def test_deep():
    class Deep:
        def __enter__(self):
            return reach(self.left - 1)

        def __exit__(self, *exception):
            pass

    def reach(n):
        if n == 0:
            return 0
        d = Deep()
        d.left = n
        with d as below:
            return below + 1

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        assert_equal(reach(3000), 3000)
    finally:
        sys.setrecursionlimit(limit)


class Noted:
    """Notes when it is entered, left and gone."""
    notes = []

    def __init__(self, name="it", suppress=None):
        self.name, self.suppress = name, suppress

    def __enter__(self):
        self.notes.append("enter " + self.name)
        return len(self.notes)

    def __exit__(self, kind, *rest):
        self.notes.append("exit " + self.name)
        return kind is not None and kind is self.suppress

    def __del__(self):
        self.notes.append("end " + self.name)


def noted(f):
    del Noted.notes[:]
    f()
    Noted.notes.append("behind")
    return Noted.notes


def test_manager_goes_with_its_statement():
    def plain():
        with Noted():
            Noted.notes.append("body")
        Noted.notes.append("next")
    for _ in range(300):
        assert noted(plain) == ["enter it", "body", "exit it", "end it", "next", "behind"]

    def suppressed():
        with Noted(suppress=KeyError):
            raise KeyError
        Noted.notes.append("next")
    for _ in range(300):
        assert noted(suppressed) == ["enter it", "exit it", "end it", "next", "behind"]


def test_manager_goes_however_the_statement_is_left():
    def rounds():
        for i in range(2):
            with Noted(str(i)):
                if i:
                    break
                continue
        Noted.notes.append("next")
    for _ in range(300):
        assert noted(rounds) == ["enter 0", "exit 0", "end 0", "enter 1", "exit 1", "end 1", "next", "behind"]

    def returns():
        with Noted("a") as a, Noted("b"):
            return a
    for _ in range(300):
        assert noted(returns) == ["enter a", "enter b", "exit b", "end b", "exit a", "end a", "behind"]

    def raises():
        try:
            with Noted("a"), Noted("b"):
                raise ValueError
        except ValueError:
            Noted.notes.append("handler")
    for _ in range(300):
        assert noted(raises) == ["enter a", "enter b", "exit b", "end b", "exit a", "end a", "handler", "behind"]

    def draws():
        for i in numbers():
            break
        Noted.notes.append("next")

    def numbers():
        with Noted():
            yield 1
    assert noted(draws) == ["enter it", "exit it", "end it", "next", "behind"]


def test_manager_in_a_variable_may_go_meanwhile():
    def f():
        m = Noted()
        with m:
            m = None
            Noted.notes.append("body")
        Noted.notes.append("next")
    for _ in range(300):
        assert noted(f) == ["enter it", "body", "exit it", "end it", "next", "behind"]
