# What traces are made of beyond plain loops: objects that are made and die, side exits, calls of all kinds, iterators,
# exceptions in the middle. Every loop runs long enough to be compiled, with branches that leave it.
import sys


def test_prompt_destruction():
    log = []

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            log.append(self.n)

    def churn(n):
        keep = None
        for i in range(n):
            keep = Noisy(i)
            assert len(log) == i, (i, len(log))
        return keep

    last = churn(6000)
    assert log == list(range(5999))
    del last
    assert log == list(range(6000))


def test_destructor_changes_what_the_loop_relies_on():
    class Switch:
        factor = 1

    class Bomb:
        def __init__(self, at):
            self.at = at

        def __del__(self):
            if self.at == 5000:
                Switch.factor = 100

    def run(n):
        s = Switch()
        total = 0
        for i in range(n):
            b = Bomb(i)
            total += s.factor
        return total

    # The bomb of round 5000 dies in round 5001, before that round reads the factor.
    assert run(8000) == 5001 + 2999 * 100


def test_object_attributes():
    class Node:
        def __init__(self, value, next):
            self.value = value
            self.next = next

    def build(n):
        head = None
        for i in range(n):
            head = Node(i, head)
        return head

    def total(node):
        s = 0
        while node is not None:
            s += node.value
            node = node.next
        return s

    def reverse(node):
        back = None
        while node is not None:
            node.next, back, node = back, node, node.next
        return back

    head = build(6000)
    assert total(head) == 6000 * 5999 // 2
    head = reverse(head)
    assert head.value == 0 and total(head) == 6000 * 5999 // 2
    base = sys.getrefcount(head.next)
    for _ in range(3):
        total(head)
    assert sys.getrefcount(head.next) == base
    while head is not None:
        head = head.next


def test_attributes_change_their_types():
    class Box:
        pass

    def run(values):
        b = Box()
        b.v = 0
        out = []
        for x in values:
            b.v = x
            out.append(b.v)
        return out

    values = list(range(4000)) + ["a", None, 1.5, [1], (2, 3)] * 20 + list(range(100))
    assert run(values) == values


def test_side_exits_and_nested_loops():
    def collatz(limit):
        best = 0
        for start in range(1, limit):
            n = start
            steps = 0
            while n != 1:
                if n & 1:
                    n = 3 * n + 1
                else:
                    n >>= 1
                steps += 1
            if steps > best:
                best = steps
        return best

    assert collatz(3000) == 216

    def triangle(n):
        out = []
        for i in range(n):
            row = 0
            for j in range(i):
                for k in (1, 2, 3):
                    if (i + j + k) % 3 == 0:
                        row += k
                    elif k == 2:
                        continue
                    else:
                        row -= 1
            out.append(row)
        return out

    expected = [sum(k if (i + j + k) % 3 == 0 else (0 if k == 2 else -1) for j in range(i) for k in (1, 2, 3)) for i in range(90)]
    assert triangle(90) == expected


def test_calls():
    def default(a, b=2, *rest, c=3, **more):
        return a + b + c + len(rest) + len(more)

    class Base:
        scale = 3

        def __init__(self, x, y=1):
            self.x = x
            self.y = y

        @property
        def size(self):
            return self.x * self.scale + self.y

        @staticmethod
        def twice(v):
            return v + v

        @classmethod
        def make(cls, v):
            return cls(v)

        def method(self, v):
            return self.x + v

    class Derived(Base):
        def method(self, v):
            return super().method(v) + 1

    def run(n):
        total = 0
        for i in range(n):
            o = Base(i) if i % 3 else Derived(i, 2)
            total += o.size + o.method(1) + Base.twice(i) + Derived.make(i).x
            total += default(i) + default(i, 1, 5, 6) + default(i, c=i, d=1)
            adder = lambda v: v + i
            total += adder(1)
        return total

    def plain(n):
        total = 0
        for i in range(n):
            x, y, extra = (i, 1, 0) if i % 3 else (i, 2, 1)
            total += x * 3 + y + x + 1 + extra + 2 * i + i
            total += i + 5 + i + 1 + 3 + 2 + i + 2 + i + 1
            total += 1 + i
        return total

    assert run(5000) == plain(5000)


def test_deep_returns():
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    def depth(n):
        total = 0
        for i in range(3):
            if n:
                total += depth(n - 1)
            total += i
        return total

    assert [fib(i) for i in range(20)][-1] == 4181
    assert depth(7) == 3 * (3 ** 8 - 1) // 2


def test_exceptions_in_traces():
    def run(n):
        caught = 0
        items = list(range(100))
        d = {i: i for i in range(0, 1000, 2)}
        for i in range(n):
            try:
                caught += items[i % 120]
            except IndexError:
                caught += 1000
            try:
                caught += d[i % 1000]
            except KeyError as e:
                caught += e.args[0]
            try:
                caught += len(i) if i % 7 == 0 else 1
            except TypeError:
                caught -= 1
            try:
                caught += ord("ab" if i % 11 == 0 else "a")
            except TypeError:
                caught += 5
        return caught

    expected = 0
    for i in range(5000):
        expected += i % 120 if i % 120 < 100 else 1000
        expected += i % 1000
        expected += -1 if i % 7 == 0 else 1
        expected += 5 if i % 11 == 0 else 97
    assert run(5000) == expected

    def where(n):
        for i in range(n):
            x = 1 // (n - 1 - i)
        return x

    try:
        where(5000)
    except ZeroDivisionError as e:
        assert e.__traceback__.tb_next.tb_lineno == where.__code__.co_firstlineno + 2
    else:
        raise AssertionError("no exception")


def test_iterators_left_early():
    def first_above(rows, limit):
        out = []
        for row in rows:
            for v in row:
                if v > limit:
                    break
            else:
                v = -1
            out.append(v)
        return out

    rows = [list(range(i % 13)) for i in range(3000)]
    assert first_above(rows, 5) == [6 if i % 13 > 6 else -1 for i in range(3000)]

    def shared(n):
        it = iter(range(n))
        total = 0
        for v in it:
            total += v
            if v % 10 == 0:
                total += next(it, 0) * 2
        return total, list(it)

    total = 0
    numbers = iter(range(8000))
    taken = list(range(8000))
    i = 0
    while i < len(taken):
        total += taken[i]
        if taken[i] % 10 == 0 and i + 1 < len(taken):
            total += taken[i + 1] * 2
            i += 1
        i += 1
    assert shared(8000) == (total, [])

    def grow():
        items = [0]
        for v in items:
            if v < 4000:
                items.append(v + 1)
        return len(items)

    assert grow() == 4001


def test_results_of_calls_with_heavy_bodies():
    import weakref

    class Lock:
        def __init__(self, name):
            self.name = name
            self.items = {}
            self.parts = [p for p in name.split(".")]

    def make(n):
        total = 0
        for i in range(n):
            lock = None
            if lock is None:
                lock = Lock("a.b%d" % i)
            r = weakref.ref(lock)
            total += len(r().parts)

            def names():
                yield lock.name

            g = None
            g = names()
            total += len(next(g))
        return total

    assert make(4000) == sum(2 + 3 + len(str(i)) for i in range(4000))


def test_unpacking_in_the_loop_header():
    def run(items):
        total = 0
        for key, value in items:
            total += len(key)
            if value is None:
                total += 1
            else:
                total += value
        return total

    def pairs(n, odd):
        return [("k%d" % i, i) for i in range(n)] + odd

    assert run(pairs(5000, [("a", None), ("b", 1.5), ("c", True)] * 3)) == 12521409.5
    for _ in range(3):
        try:
            run(pairs(5000, [("a", 1), 5]))
        except TypeError as e:
            assert str(e) == "cannot unpack non-iterable int object"
        else:
            raise AssertionError


def test_variables_after_their_loop():
    def counted(n):
        s = 0
        for i in range(n):
            s += i
        return i

    def doubled(n):
        k = 0
        last = -1
        mixed = None
        while k < n:
            last = k * 2
            mixed = k + 0.5
            k += 1
        return last, mixed

    def broken(n):
        for i in range(n):
            square = i * i
            if square > n:
                break
        return i, square

    assert [counted(n) for n in (10, 9000, 7000, 1)] == [9, 8999, 6999, 0]
    assert [doubled(n) for n in (9000, 7000, 3)] == [(17998, 8999.5), (13998, 6999.5), (4, 2.5)]
    assert [broken(n) for n in (10, 30000000, 4000000)] == [(4, 16), (5478, 30008484), (2001, 4004001)]


def test_locals_are_seen_from_outside():
    seen = []

    def peek():
        seen.append(dict(sys._getframe(1).f_locals))

    def run(n):
        total = 0
        for i in range(n):
            total += i
            if i % 1000 == 999:
                peek()
        return total

    run(6000)
    assert [s["i"] for s in seen] == [999, 1999, 2999, 3999, 4999, 5999]
    assert [s["total"] for s in seen] == [sum(range(k)) for k in (1000, 2000, 3000, 4000, 5000, 6000)]


def test_tuples_lists_and_powers():
    def run(n):
        a, b, c = 1, 2.0, "x"
        out = []
        for i in range(n):
            a, b, c = (a + 1, b ** 0.5 + 1, c)
            pair = [a, b]
            out.append(pair[0] + (1, 2, 3)[i % 3] - len(pair))
        return a, round(b, 6), c, sum(out)

    assert run(5000) == (5001, 2.618034, "x", sum(range(2, 5002)) + sum((1, 2, 3)[i % 3] for i in range(5000)) - 10000)


NUMBER = 0


def one():
    return 1


def two():
    return 2


def test_namespaces_written_as_dicts():
    space = globals()
    functions = [one, two]

    def values(n):
        out = 0
        for i in range(n):
            space["NUMBER"] = i
            out += NUMBER
            space["made%d" % i] = i   # the table grows
        return out

    def replaced(n):
        out = 0
        for i in range(n):
            space["one"] = functions[i >> 10 & 1]
            out += one()
        return out

    def updated(n):
        out = 0
        for i in range(n):
            space.update(one=functions[i >> 10 & 1])
            out += one()
        return out

    def hidden(n):
        out = 0
        for i in range(n):
            out += abs(-1)
            space.setdefault("abs" if i > 5000 else "other", len)
        return out

    def mapped(n):
        out = 0
        for i in range(n):
            len(list(map(space.__setitem__, ["one"], [functions[i >> 10 & 1]])))
            out += one()
        return out

    expected = sum(1 + (i >> 10 & 1) for i in range(6000))
    assert values(4000) == sum(range(4000))
    assert replaced(6000) == expected
    assert updated(6000) == expected
    assert mapped(6000) == expected
    try:
        hidden(6000)
        assert False, "abs is len"
    except TypeError as e:
        assert str(e) == "object of type 'int' has no len()"
    for name in [name for name in space if name.startswith("made")] + ["abs", "other"]:
        del space[name]
    space["one"] = functions[0]


def test_a_module_that_grows_under_a_spinning_thread():
    import threading
    import types
    space = {"module": types.ModuleType("holder"), "FLAG": False}
    space["module"].FLAG = False
    exec("def of_global():\n    while not FLAG: pass\n"
         "def of_module():\n    while not module.FLAG: pass\n", space)
    threads = [threading.Thread(target=space[name], daemon=True) for name in ("of_global", "of_module")]
    for t in threads:
        t.start()
    threads[0].join(0.1)   # both are compiled by then
    for i in range(1000):
        space["made%d" % i] = i
        setattr(space["module"], "made%d" % i, i)
    space["FLAG"] = True
    space["module"].FLAG = True
    for t in threads:
        t.join(20)
        assert not t.is_alive()


def test_iterator_at_its_end_is_let_go():
    import itertools
    import weakref

    class Token:
        pass

    def look(n, mask):
        for i in range(n):
            token = Token()
            dead = weakref.ref(token)
            for same in itertools.repeat(token, 5 + (i & mask)):
                assert same is token
            del same, token
            assert dead() is None, i

    look(4000, 0)
    look(4000, 3)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
