# Recursion in compiled code: calls and returns between traces, what sees the frames, what ends them.
import builtins
import gc
import sys
import threading
import weakref


class raises:
    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        return self

    def __exit__(self, kind, exception, tb):
        assert kind and issubclass(kind, self.kind), kind
        self.exception = exception
        return True


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def test_at_module_level():
    assert fib(22) == 17711


def test_in_a_cell():
    def make(base):
        def f(n):
            return n + base if n < 2 else f(n - 1) + f(n - 2)
        return f
    for base in (0, 1, 2.5, 10 ** 30):
        assert make(base)(16) == fib(16) + fib(17) * base


def test_the_cell_gets_another_function():
    def f(n):
        nonlocal g
        if n == 0:
            return 0
        if n == 700:
            g = other
        return 1 + g(n - 1)

    def other(n):
        return 1000

    g = f
    for _ in range(200):
        g = f
        assert f(400) == 400
    g = f
    assert f(800) == 101 + 1000


def test_as_a_method():
    class Numbers:
        def __init__(self):
            self.calls = 0

        def fib(self, n):
            self.calls += 1
            if n < 2:
                return n
            return self.fib(n - 1) + self.fib(n - 2)

        @staticmethod
        def sum(n):
            return 0 if n == 0 else n + Numbers.sum(n - 1)

        @classmethod
        def product(cls, n):
            return 1 if n == 0 else n * cls.product(n - 1)

    x = Numbers()
    assert x.fib(20) == 6765 and x.calls == 21891
    for _ in range(20):
        assert Numbers.sum(300) == 45150
        assert Numbers.product(20) == 2432902008176640000


def test_of_two_functions():
    def even(n):
        return True if n == 0 else odd(n - 1)

    def odd(n):
        return False if n == 0 else even(n - 1)

    for _ in range(40):
        assert even(300) is True and even(301) is False and odd(301) is True


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def tak(x, y, z):
    if y >= x:
        return z
    return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))


def test_with_calls_as_arguments():
    assert ackermann(2, 100) == 203 and ackermann(3, 4) == 125
    assert tak(12, 8, 4) == 5


class Node:
    def __init__(self, left, right, value=0):
        self.left = left
        self.right = right
        self.value = value


def build(depth):
    return Node(None, None, depth) if depth == 0 else Node(build(depth - 1), build(depth - 1), depth)


def check(node):
    return 1 if node.left is None else 1 + check(node.left) + check(node.right)


def test_trees():
    for _ in range(10):
        tree = build(9)
        assert check(tree) == 1023

    def mirror(t):
        return None if t is None else (mirror(t[1]), mirror(t[0]))

    def leaves(t):
        return 1 if t is None else leaves(t[0]) + leaves(t[1])

    t = None
    for _ in range(8):
        t = (t, (t, None))
    assert leaves(mirror(t)) == leaves(t) and mirror(mirror(t)) == t


def test_results_of_all_kinds():
    class Marker:
        pass

    def value(n, what):
        return what if n == 0 else value(n - 1, what)

    def chosen(n):
        if n % 7 == 0:
            return n * 0.5
        if n % 5 == 0:
            return None
        if n % 3 == 0:
            return [n]
        if n % 2 == 0:
            return n * 10 ** 20
        return chosen(n - 1)

    for _ in range(5):
        for what in (1, -1, 2 ** 62 - 1, -2 ** 62, 2 ** 64, 1.5, 1e300, 5e-324, float('inf'), None, True, 'text', (1, 2), Marker(), value):
            for _ in range(3):
                assert value(60, what) is what or value(60, what) == what
    for _ in range(3):
        for n in range(1, 400):
            got, expected = chosen(n), n
            while expected % 7 and expected % 5 and expected % 3 and expected % 2:
                expected -= 1
            if expected % 7 == 0:
                assert got == expected * 0.5 and type(got) is float
            elif expected % 5 == 0:
                assert got is None
            elif expected % 3 == 0:
                assert got == [expected]
            else:
                assert got == expected * 10 ** 20


def test_the_result_replaces_an_object():
    class Counted:
        alive = 0

        def __init__(self):
            Counted.alive += 1

        def __del__(self):
            Counted.alive -= 1

    def f(n):
        x = Counted()
        if n:
            x = f(n - 1)
        else:
            x = 7
        return x + 1

    def g(n):
        x = Counted()
        if n > 0:
            x = g(n - 1)
        return x

    for _ in range(60):
        assert f(100) == 108
        assert Counted.alive == 0
        assert type(g(100)) is Counted
        assert Counted.alive == 0


def test_the_recursion_limit():
    def down(n):
        return 1 + down(n + 1)

    def depth(n):
        try:
            return depth(n + 1)
        except RecursionError:
            return n

    def count():
        try:
            return 1 + count()
        except RecursionError:
            return 1

    old = sys.getrecursionlimit()
    try:
        seen = set()
        for _ in range(60):
            with raises(RecursionError) as caught:
                down(0)
            seen.add(str(caught.exception))
        assert all(text.startswith('maximum recursion depth exceeded') for text in seen), seen
        assert len({depth(0) for _ in range(60)}) == 1
        assert len({count() for _ in range(60)}) == 1
        first = depth(0)
        sys.setrecursionlimit(old - 300)
        assert first - depth(0) == 300
        sys.setrecursionlimit(old + 5000)
        assert depth(0) - first == 5000
    finally:
        sys.setrecursionlimit(old)


def test_tracebacks_tell_all_frames():
    def f(n, bad):
        if n == bad:
            return n / 0
        return 1 + f(n - 1, bad)

    for _ in range(80):
        with raises(ZeroDivisionError) as caught:
            f(60, 3)
        lines, tb = [], caught.exception.__traceback__
        while tb:
            if tb.tb_frame.f_code is f.__code__:
                lines.append((tb.tb_lineno - f.__code__.co_firstlineno, tb.tb_frame.f_locals['n']))
            tb = tb.tb_next
        assert lines == [(3, n) for n in range(60, 3, -1)] + [(2, 3)], lines


def test_exceptions_pass_through_it():
    class Found(Exception):
        pass

    def search(n, target):
        if n == target:
            raise Found(n)
        if n == 0:
            return 0
        try:
            return search(n - 1, target) + 1
        except KeyError:
            return -1

    def inner(n):
        if n == 0:
            raise KeyError(n)
        if n % 10 == 0:
            try:
                return inner(n - 1)
            except KeyError:
                return n
        return inner(n - 1) + 1

    for _ in range(100):
        assert search(50, -1) == 50
        with raises(Found):
            search(50, 7)
        assert inner(57) == 53


def test_frames_are_seen():
    def f(n):
        if n == 0:
            names, frame = [], sys._getframe()
            while frame:
                if frame.f_code is f.__code__:
                    names.append(frame.f_locals['n'])
                frame = frame.f_back
            return names
        got = f(n - 1)
        return got

    for _ in range(200):
        assert f(20) == list(range(21))

    kept = []

    def g(n):
        if n == 30:
            kept.append(sys._getframe(1))
        return 0 if n == 0 else 1 + g(n - 1)

    for _ in range(100):
        assert g(60) == 60
    assert len(kept) == 100 and {frame.f_locals['n'] for frame in kept} == {31}
    assert all(frame.f_back for frame in kept)


def between(n, a, b):
    return (alternate(n, a, b) + added) % 1000003


def alternate(n, a, b):
    return n if n < 2 else a(n - 1, b, a) + b(n - 2, a, b)


def test_callers_of_one_code_with_several_namespaces():
    def expected(n, x, y):
        return n if n < 2 else (expected(n - 1, y, x) + x) % 1000003 + (expected(n - 2, x, y) + y) % 1000003

    a, b = (type(between)(between.__code__, {'alternate': alternate, 'added': k}) for k in (1, 100))
    for n in list(range(14)) * 6:
        assert alternate(n, a, b) == expected(n, 1, 100)


def test_frames_of_calls_that_have_returned():
    kept = []

    def f(n, at):
        if n == at:
            kept.append(sys._getframe(n % 3))
        return n if n < 2 else f(n - 1, at) + f(n - 2, at)

    for at in list(range(8)) * 30:
        del kept[:-20]
        assert f(7, at) == 13
        for frame in kept:
            depth = 0
            while frame.f_code is f.__code__:
                assert frame.f_locals['f'] is f
                depth, frame = depth + 1, frame.f_back
            assert depth <= 8 and frame.f_code.co_name == 'test_frames_of_calls_that_have_returned'


def test_tracing_starts_in_the_middle():
    events = []

    def profile(frame, event, arg):
        if frame.f_code is f.__code__:
            events.append((event, frame.f_locals['n'], arg if event == 'return' else None))

    def f(n, at):
        if n == at:
            sys.setprofile(profile)
        return 0 if n == 0 else 1 + f(n - 1, at)

    for _ in range(100):
        assert f(60, -1) == 60
    try:
        f(60, 3)
    finally:
        sys.setprofile(None)
    assert events[:3] == [('call', 2, None), ('call', 1, None), ('call', 0, None)], events[:3]
    assert events[3:] == [('return', n, n) for n in range(61)], events[3:]


def test_destructors_run_when_a_frame_ends():
    log = []

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            log.append((self.n, fib(3), sys._getframe(1).f_code.co_name))

    def f(n):
        x = Noisy(n)
        return 0 if n == 0 else 1 + f(n - 1)

    def g(n):
        x = Noisy(n)
        return 0.5 if n == 0 else g(n - 1) * 2.0

    for _ in range(60):
        log.clear()
        assert f(40) == 40
        assert [n for n, _, _ in log] == list(range(41)), log
        assert {k for _, k, _ in log} == {2}
        assert g(8) == 128.0


def test_a_destructor_looks_at_frames():
    frames = []

    class Looks:
        def __del__(self):
            frames.append(sys._getframe(1).f_back is not None)

    def f(n):
        x = Looks()
        return 0 if n == 0 else 1 + f(n - 1)

    for _ in range(40):
        frames.clear()
        assert f(30) == 30
        assert frames == [True] * 31


def test_collections_in_the_middle():
    class Cycle:
        def __init__(self):
            self.me = self

    alive = []

    def f(n, keep):
        c = Cycle()
        if n % 16 == 0:
            alive.append(weakref.ref(c))
            gc.collect()
        return c if n == 0 else f(n - 1, c)

    for _ in range(6):
        assert type(f(64, None)) is Cycle
    gc.collect()
    assert not any(r() for r in alive)


def test_a_global_changes_meanwhile():
    global step
    step = 1

    def f(n):
        global step
        if n == 0:
            return 0
        if n == 20:
            step = 100
        got = f(n - 1)
        return got + step

    def plain(n):
        return 0 if n == 0 else plain(n - 1) + step

    for _ in range(200):
        step = 1
        assert plain(50) == 50
        assert f(30) == 3000


def test_the_function_changes_meanwhile():
    global victim

    def victim(n):
        global victim
        if n == 0:
            return 0
        if n == 500:
            victim = lambda k: 10 ** 6
        return 1 + victim(n - 1)

    first = victim
    for _ in range(30):
        victim = first
        assert victim(400) == 400
    assert victim(600) == 101 + 10 ** 6

    def coded(n):
        if n == 0:
            return 0
        if n == 500:
            coded.__code__ = other.__code__
        return 1 + coded(n - 1)

    def other(n):
        return 5000 if (coded, other) else 0

    for _ in range(30):
        assert coded(400) == 400
    assert coded(600) == 101 + 5000


def test_loops_within_it():
    def permutations(items):
        if not items:
            return [[]]
        out = []
        for i in range(len(items)):
            for rest in permutations(items[:i] + items[i + 1:]):
                out.append([items[i]] + rest)
        return out

    def queens(n, row, columns, up, down):
        if row == n:
            return 1
        count = 0
        for c in range(n):
            if c not in columns and row + c not in up and row - c not in down:
                count += queens(n, row + 1, columns | {c}, up | {row + c}, down | {row - c})
        return count

    def visit(tree):
        total = 1
        for child in tree:
            total += visit(child)
        return total

    tree = []
    for _ in range(5):
        tree = [tree, [], tree, [tree]]
    assert len(permutations(list(range(6)))) == 720 and permutations([1, 2, 3])[3] == [2, 3, 1]
    assert queens(6, 0, frozenset(), frozenset(), frozenset()) == 4
    nodes, stack = 0, [tree]
    while stack:
        nodes += 1
        stack += stack.pop()
    for _ in range(3):
        assert visit(tree) == nodes

    def quick(a):
        if len(a) < 2:
            return a
        pivot = a[0]
        return quick([x for x in a[1:] if x < pivot]) + [pivot] + quick([x for x in a[1:] if x >= pivot])

    numbers = [(i * 7919) % 1009 for i in range(600)]
    for _ in range(5):
        assert quick(numbers) == sorted(numbers)


def test_callers_of_other_namespaces():
    namespace = {}
    exec('def apply(f, n):\n    return 0 if n == 0 else 1 + f(apply, n - 1)\n', namespace)
    apply = namespace['apply']

    def back(f, n):
        return 0 if n == 0 else 1 + f(back, n - 1)

    for _ in range(60):
        assert apply(back, 101) == 101 and back(apply, 100) == 100


def test_calls_with_defaults_and_keywords():
    def f(n, step=1, *, deep=0):
        if n <= 0:
            return deep
        return f(n - step, step=step, deep=deep + 1) if n % 2 else f(n - step, step, deep=deep + 1)

    def rest(n, *args, **names):
        return len(args) + len(names) if n == 0 else rest(n - 1, *args, **names)

    for _ in range(60):
        assert f(100) == 100 and f(100, 2) == 50
        assert rest(40, 1, 2, x=3) == 3


def test_numbers_that_grow():
    def power(n):
        return 1 if n == 0 else 3 * power(n - 1)

    def halves(n):
        return 1.0 if n == 0 else halves(n - 1) / 2

    def mixed(n):
        return 0 if n == 0 else mixed(n - 1) + (1 if n % 3 else 0.5)

    for _ in range(60):
        assert power(100) == 3 ** 100
        assert halves(300) == 2.0 ** -300
        assert mixed(90) == 75.0


def test_generators_call_it():
    def gen(n):
        for i in range(n):
            yield fib(i % 8)

    def walk(t):
        if t is not None:
            yield from walk(t[0])
            yield 1
            yield from walk(t[1])

    t = None
    for _ in range(7):
        t = (t, t)
    for _ in range(10):
        assert sum(gen(300)) == sum(fib(i % 8) for i in range(300))
        assert sum(walk(t)) == 127


def test_in_threads():
    errors = []

    def work(k):
        try:
            def f(n):
                return n + k if n < 2 else f(n - 1) + f(n - 2)
            for _ in range(3):
                assert f(16) == fib(16) + fib(17) * k
                assert fib(17) == 1597
                assert check(build(6)) == 127
        except BaseException as e:
            errors.append(e)

    fib(20)
    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors


def test_threads_start_in_the_middle():
    started = []

    def f(n, at):
        if n == at:
            t = threading.Thread(target=lambda: started.append(fib(10)))
            t.start()
            t.join()
        return 0 if n == 0 else 1 + f(n - 1, at)

    for _ in range(100):
        assert f(60, -1) == 60
    for at in range(0, 60, 7):
        assert f(60, at) == 60
    assert started == [55] * len(started) and started


def test_attributes_only_looked_at():
    class Link:
        def __init__(self, value, next):
            self.value = value
            self.next = next

    def last(link):
        return link.value if link.next is None else last(link.next)

    def count(link):
        n = 0
        while link.next is not None:
            n += 1
            link = link.next
        return n

    chain = None
    for i in range(200):
        chain = Link(i, chain)
    for _ in range(60):
        assert last(chain) == 0 and count(chain) == 199
    assert chain.__dict__ == {'value': 199, 'next': chain.next}
    for other in (0, 1.5, 'text', (), False):
        odd = Link(1, Link(2, other))
        for f in (last, count):
            try:
                f(odd)
            except AttributeError as e:
                assert "object has no attribute 'next'" in str(e)
            else:
                assert False
    del odd.next
    try:
        last(odd)
    except AttributeError as e:
        assert "'Link' object has no attribute 'next'" in str(e)


def test_three_functions():
    def a(n):
        return 0 if n <= 0 else b(n - 1) + 1

    def b(n):
        return 0 if n <= 0 else c(n - 1) + 2

    def c(n):
        return 0 if n <= 0 else (a if n % 2 else b)(n - 1) + 3

    def expected(f, n):
        total = 0
        while n > 0:
            total += {'a': 1, 'b': 2, 'c': 3}[f]
            f = {'a': 'b', 'b': 'c', 'c': 'a' if n % 2 else 'b'}[f]
            n -= 1
        return total

    for _ in range(40):
        for n in (100, 101, 102):
            assert a(n) == expected('a', n) and b(n) == expected('b', n) and c(n) == expected('c', n)


def test_trees_of_all_kinds_of_leaves():
    def total(x):
        if isinstance(x, tuple):
            return total(x[0]) + total(x[1])
        if x is None:
            return 0
        if isinstance(x, float):
            return x
        return x + isinstance(x, int)

    def make(depth, i=0):
        leaves = (None, 1, 2.5, 7, True, 2 ** 70, 5e-324)
        return leaves[i % 7] if depth == 0 else (make(depth - 1, i * 3 + 1), make(depth - 1, i + 1))

    def flat(x):
        out, stack = 0, [x]
        while stack:
            x = stack.pop()
            if type(x) is tuple:
                stack += x
            elif x is not None:
                out += x if type(x) is float else x + 1
        return out

    for depth in (6, 7, 8):
        tree = make(depth)
        for _ in range(25):
            assert abs(total(tree) - flat(tree)) <= 1e-9 * abs(flat(tree))


def test_callers_are_seen_by_what_is_called():
    def look(v):
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_name == "walk":
            assert frame.f_builtins is builtins.__dict__
            frame = frame.f_back
        return v

    def make(look, once):
        # A function that comes and goes: traces know its code only, and find it in its own register.
        def walk(n):
            total = 1
            list(map(look, once))
            for i in range(3):
                if n:
                    total += walk(n - 1)
            return total
        return walk

    for i in range(20):
        assert make(look, (1,))(5) == 364
