# Slices (with steps, assigned, deleted), lists taken apart and sets in loops long enough to be compiled.
import traceback


def test_slices_with_steps():
    def reversals(n):
        p = list(range(8))
        for i in range(n):
            k = i % 7
            p[:k + 1] = p[k::-1]
        return p

    p = list(range(8))
    for i in range(3000):
        k = i % 7
        p[:k + 1] = reversed(p[:k + 1])
    assert reversals(3000) == p

    def read(object, n):
        out = []
        for i in range(n):
            step = (1, 2, -1, -3, 5)[i % 5]
            out = object[::step], object[i % 4::step], object[:-2:step], object[i % 9:i % 3:step]
        return out

    for object in ([0, "a", 2.5, None, (), True, 6, 7], tuple(range(9)), "characters\u20ac", b"bytes", bytearray(b"more")):
        i, step = 2999, 5
        assert read(object, 3000) == (object[::step], object[i % 4::step], object[:-2:step], object[i % 9:i % 3:step])


def test_slice_assignment():
    def assign(n):
        p = [object() for _ in range(10)]
        for i in range(n):
            p[2:4] = [i]
            p[i % 5:i % 5] = (None,)
            p[::3] = [i] * len(p[::3])
            p[-1::-4] = range(len(p[-1::-4]))
            p[1:3] = p
            p[4:] = (x for x in (1, 2, 3, 4, 5, 6))
        return p

    p, q = assign(2000), assign(2005)
    assert len(p) == len(q) == 10 and p[4:] == [1, 2, 3, 4, 5, 6], (p, q)
    assert assign(2000) == p


def test_deletion():
    def delete(n):
        p, b = list(range(20)), bytearray(range(20))
        d = {}
        for i in range(n):
            d[i], d["x"] = i, p
            del p[i % 20], p[:3], p[::4], p[-1::-5], d[i], d["x"], b[i % 20], b[::3]
            p += range(20 - len(p))
            b += bytes(20 - len(b))
        return p, b, d

    def plain(p, i):
        keep = [x for k, x in enumerate(p) if k != i % 20][3:]
        keep = [x for k, x in enumerate(keep) if k % 4]
        last = len(keep) - 1
        return [x for k, x in enumerate(keep) if (last - k) % 5]

    p = list(range(20))
    for i in range(2000):
        p = plain(p, i)
        p += range(20 - len(p))
    assert delete(2000)[0] == p
    assert len(delete(2000)[1]) == 20 and delete(2000)[2] == {}


def test_failing_slices():
    def fail(values, n):
        seen, p = [], [1, 2, 3, 4]
        for i in range(n):
            value = values[i % len(values)]
            try:
                p[::2] = value
            except (TypeError, ValueError) as e:
                seen.append(str(e))
            else:
                seen.append(p[::2])
            try:
                p[1:2] = value
            except TypeError as e:
                seen.append(str(e))
            p[1:] = [2, 3, 4]
        return seen

    values = [[5, 6], (7,), 8, "ab", {}, [None, 2.5]]
    once = ["attempt to assign sequence of size 1 to extended slice of size 2", "must assign iterable to extended slice",
            "can only assign an iterable", "attempt to assign sequence of size 0 to extended slice of size 2"]
    seen = fail(values, 3000)
    assert [s for s in seen[:7] if isinstance(s, str)] == once, seen[:7]
    assert seen == seen[:len(seen) // 500] * 500

    def step(n, by):
        p, caught = [1, 2, 3], 0
        for i in range(n):
            try:
                p[::by if i == n - 1 else 1]
            except ValueError as e:
                assert str(e) == "slice step cannot be zero"
                caught += 1
        return caught

    assert step(3000, 0) == 1 and step(3000, 1) == 0


def test_position_of_an_exception():
    def assign(n, last):
        p = [1, 2, 3]
        for i in range(n):
            p[
                0:
                1
            ] = last if i == n - 1 else (i,)

    lines = []
    for n in 1, 3000:
        try:
            assign(n, 5)
        except TypeError as e:
            lines.append([(f.lineno, f.end_lineno, f.colno, f.end_colno) for f in traceback.extract_tb(e.__traceback__)])
    assert lines[0] == lines[1], lines


def test_what_a_slice_drops():
    log = []

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            log.append((self.n, len(items)))

    items = []

    def churn(n):
        for i in range(n):
            items[:] = [Noisy(0), Noisy(1), Noisy(2), Noisy(3)]
            items[::2] = [None, None]
            items[1:] = ()
            del items[:]
            assert log == [(0, 4), (2, 4), (3, 1), (1, 0)] or log == [(0, 4), (2, 4), (1, 0), (3, 1)] or len(log) == 4, log
            assert sorted(n for n, _ in log) == [0, 1, 2, 3]
            log.clear()

    churn(2000)


def test_lists_taken_apart():
    def take(n):
        total, text = 0, ""
        for i in range(n):
            a, b, c = [i, str(i), 2.5]
            x, y = "left,right".split(",")
            (d, e), f = [[i, None], a]
            total += a + d + f
            text = b + x + y
        return total, text

    assert take(3000) == (3 * sum(range(3000)), "2999leftright")

    def differing(n):
        lists, caught = [[1, 2], [1.5, "x"], [None, ()], [1, 2, 3], [4]], 0
        for i in range(n):
            try:
                a, b = lists[i % 5]
            except ValueError:
                caught += 1
        return caught

    assert differing(3000) == 1200

    class Tracked:
        alive = 0

        def __init__(self):
            Tracked.alive += 1

        def __del__(self):
            Tracked.alive -= 1

    def counted(n):
        for i in range(n):
            a, b = [Tracked(), Tracked()]
            assert Tracked.alive == 2, Tracked.alive
            b = a = None
            assert Tracked.alive == 0

    counted(2000)


def test_sets():
    class Odd:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            return hash(self.n)

        def __eq__(self, other):
            return self.n == other

    def plain(a, b):
        both = [x for x in a if x in b]
        return both, [x for x in a if x not in b], [x for x in b if x not in a]

    def algebra(a, b, n):
        for _ in range(n):
            out = a & b, a - b, a ^ b, a | b, a <= b, a.isdisjoint(b), a == b
        return out

    groups = [{1, 2, 3, 4, 5}, {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, set(), {"a", "b", 3, 2.0}, {(1, 2), (1, 3), "b"},
              frozenset({1, 2.0, "a"}), {Odd(1), Odd(2), 7}, {True, 0, None}, set(range(100, 3000, 7))]
    for a in groups:
        for b in groups:
            both, left, right = plain(list(a), list(b))
            got = algebra(a, b, 60)
            assert got[0] == set(both) and len(got[0]) == len(both)
            assert got[1] == set(left) and got[2] == set(left + right) and got[3] == set(both + left + right)
            assert got[4] == (not left) and got[5] == (not both) and got[6] == (not left and not right)
            assert type(got[0]) is type(a)

    def iterate(s, n):
        total = 0
        for i in range(n):
            for x in s:
                total += x
            if i % 50 == 0:
                s.discard(i % 9)
                s.add(i % 9 + 100)
        return total

    s = set(range(10))
    total = 0
    for i in range(2000):
        total += sum(list(s))
        if i % 50 == 0:
            s.discard(i % 9)
            s.add(i % 9 + 100)
    assert iterate(set(range(10)), 2000) == total

    def changed(n):
        s = set(range(20))
        try:
            for i in range(n):
                for x in s:
                    if i == n - 1:
                        s.add(-1)
        except RuntimeError as e:
            return str(e)

    assert changed(500) == "Set changed size during iteration"


def test_keys_that_come_and_go():
    class Slow:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            return self.n & 3

        def __eq__(self, other):
            return isinstance(other, Slow) and self.n == other.n

    for make, n in (int, 4000), (str, 4000), (lambda i: i * 64, 4000), (lambda i: (i, "x"), 4000), (Slow, 300):
        keys = [make(i) for i in range(40)]
        d, order = {}, []
        for i in range(n):
            k = i * i * 7 % 40
            if keys[k] in d:
                assert d.pop(keys[k]) <= i
                order.remove(k)
                if i % 3:
                    d[keys[k]] = i
                    order.append(k)
            else:
                d[keys[k]] = i
                order.append(k)
            if i % 50 == 0:
                assert list(d) == [keys[j] for j in order]
                assert [make(j) in d for j in range(42)] == [j in order for j in range(42)]
                assert len(d) == len(order)


def test_pop_in_loops():
    def drain(stack):
        seen = []
        while stack:
            seen.append(stack.pop())
        return seen
    for make in (lambda n: list(range(n)), lambda n: [i * 0.5 for i in range(n)], lambda n: [str(i) for i in range(n)],
                 lambda n: [None, True, 10 ** 20, (1,)] * n, lambda n: [[i] for i in range(n)]):
        for n in (3000, 5, 1, 0):
            items = make(n)
            assert drain(list(items)) == items[::-1]


def test_push_and_pop_by_turns():
    stack, total = [1], 0
    for i in range(5000):
        stack.append(i)
        if i % 3:
            total += stack.pop()
        if i % 1000 == 999:
            while len(stack) > 3:
                total -= stack.pop() + stack.pop()
            stack.append(0.5)
    reference, t = [1], 0
    for i in range(5000):
        reference += [i]
        if i % 3:
            t += reference[-1]
            del reference[-1]
        if i % 1000 == 999:
            while len(reference) > 3:
                t -= reference[-1] + reference[-2]
                del reference[-2:]
            reference += [0.5]
    assert (total, stack) == (t, reference)


def test_pop_from_an_empty_list():
    for i in range(600):
        stack = [1, 2, 3]
        try:
            while True:
                stack.pop()
        except IndexError as e:
            assert str(e) == "pop from empty list"
        else:
            assert False
        assert stack == []


def test_popped_objects_die_where_they_should():
    died = []

    class Noted:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            died.append(self.n)
    for turn in range(20):
        stack = [Noted(i) for i in range(100)]
        died.clear()
        for i in range(99, -1, -1):
            last = stack.pop()
            assert last.n == i and len(died) == 99 - i
            last = None
            assert died[-1] == i
        for i in range(100):
            stack.append(Noted(i))
            stack.append([Noted(-i)])
            stack.pop()
            assert died[-1] == -i
        del stack


def test_pop_of_a_temporary_list_and_of_a_subclass():
    class Stack(list):
        def pop(self):
            return super().pop() + 1

    class Plain(list):
        pass
    own, plain = Stack(range(2000)), Plain(range(2000))
    for i in range(2000):
        assert [i, [i + 1]].pop() == [i + 1]
        assert own.pop() == 2000 - i
        assert plain.pop() == 1999 - i


def test_pop_while_the_list_is_iterated_and_indexed():
    for turn in range(50):
        items, seen = list(range(100)), []
        for x in items:
            seen.append((x, items[-1], items.pop(), len(items)))
        assert seen == [(i, 99 - i, 99 - i, 99 - i) for i in range(50)]
        pair = items, items
        while pair[0]:
            n = len(pair[1])
            assert pair[0].pop() == n - 1 and len(pair[1]) == n - 1


def test_pop_in_threads():
    import threading
    shared = list(range(20000))
    taken = [[], [], []]

    def work(mine):
        own = []
        for i in range(4000):
            own.append(i)
            own.append(str(i))
            assert own.pop() == str(i)
            if i % 2:
                assert own.pop() == i
        assert len(own) == 2000
        while True:
            try:
                mine.append(shared.pop())
            except IndexError:
                break
    threads = [threading.Thread(target=work, args=(t,)) for t in taken]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(taken[0] + taken[1] + taken[2]) == list(range(20000))


def test_classes_of_dicts():
    from collections import Counter, OrderedDict, defaultdict

    class Plain(dict):
        def __delitem__(self, key):
            dict.__delitem__(self, key)
            self.deleted = key

    class Reads(dict):
        def __getitem__(self, key):
            return dict.__getitem__(self, key) + 100

    class Writes(dict):
        def __setitem__(self, key, value):
            dict.__setitem__(self, key, value * 2)

    class Missing(dict):
        def __missing__(self, key):
            if key == "raise":
                raise KeyError(key)
            return len(self)

    class More(defaultdict):
        pass
    for make in (Counter, Plain, Reads, Writes, Missing, OrderedDict, lambda: More(int), lambda: defaultdict(list)):
        d, model, total, failures = make(), {}, 0, 0
        for i in range(1500):
            key = ("a", "b", i % 40, (i % 3, 1), 2.5, "raise")[i % 6]
            if i % 4 == 1:
                d[key] = i
                model[key] = i * 2 if type(d) is Writes else i
            try:
                got = d[key]
                got = 0 if got == [] else got
            except KeyError:
                got = -1
                failures += 1
            if key in model:
                assert got == model[key] + (100 if type(d) is Reads else 0), (type(d), key, got)
            elif type(d) in (More, defaultdict):
                assert got == 0
                model[key] = [] if type(d) is defaultdict else 0
                del d[key], model[key]
            elif type(d) is Counter:
                assert got == 0
            elif type(d) is Missing and key != "raise":
                assert got == len(model)
            else:
                assert got == -1
            if i % 50 == 49:
                for k in list(d)[: i % 3]:
                    del d[k]
                    del model[k]
        assert {k: dict.__getitem__(d, k) for k in d} == model, type(d)
        if type(d) is Plain:
            assert d.deleted is not None
    c = Counter()
    for i in range(2000):
        if i == 1500:
            Counter.__getitem__ = lambda self, key: 7
        c[i % 10] += 1
    del Counter.__getitem__
    assert dict(c) == {i: 8 for i in range(10)}, c
    for i in range(2000):
        if i == 1500:
            Counter.__setitem__ = lambda self, key, value: dict.__setitem__(self, key, -value)
        c[i % 10] += 1
    del Counter.__setitem__
    assert c == {i: 158 for i in range(10)}, c


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
