# Dicts, deques and queues that a thread has for itself, and what becomes of them when another one comes.
import collections
import queue
import threading

from checks import in_thread, raises


def walk():
    d = {}
    for i in range(300):
        d[i % 50] = i
        d["k%d" % (i % 7)] = i
        d[i % 5, i] = i
    items = [(k, v) for k, v in d.items()]
    assert items == list(d.items()) == list(zip(d, d.values())) and len(items) == 50 + 7 + 300
    for k, v in items:
        assert d[k] == v
    it = iter(d.items())
    assert sum(1 for _ in it) == len(d) and next(it, None) is None
    d["later"] = 1
    assert next(it, None) is None
    assert [k for k in reversed(d)] == [k for k, _ in items][::-1] or next(reversed(d)) == "later"
    return d


def test_walk_in_threads():
    d = walk()
    assert in_thread(walk) == d
    assert in_thread(lambda: list(d.items())) == list(d.items())


def grows():
    d = {i: i for i in range(10)}
    for k in d:
        d[k + 100] = 1


def shrinks():
    d = {i: i for i in range(10)}
    for k, v in d.items():
        del d[k]


def changes_keys():
    d = {i: i for i in range(5)}
    for i, v in enumerate(d.values()):
        del d[next(iter(d))]
        d[i + 100] = v


def emptied():
    d = {i: i for i in range(10)}
    seen = []
    for k in d:
        seen.append(k)
        d.clear()
    return seen


def test_changes_while_walking():
    for where in (lambda f: f()), in_thread:
        raises(RuntimeError, lambda: where(grows), message="dictionary changed size during iteration")
        raises(RuntimeError, lambda: where(shrinks), message="dictionary changed size during iteration")
        raises(RuntimeError, lambda: where(changes_keys), message="dictionary keys changed during iteration")
        raises(RuntimeError, lambda: where(emptied), message="dictionary changed size during iteration")


def test_values_die_while_walking():
    died = []

    class Loud:
        def __init__(self, name):
            self.name = name

        def __del__(self):
            died.append(self.name)

    def run():
        d = {}
        for i in range(20):
            d[i] = Loud(i)
        for k, v in d.items():
            d[k] = None
            del v
        return len(died)

    assert in_thread(run) == 20 and died == list(range(20))


def test_made_here_used_there():
    d, row, line = in_thread(lambda: ({i: i for i in range(100)}, collections.deque(range(100)), queue.SimpleQueue()))
    for i in range(100):
        d[i] = -i
        d[i, "x"] = i
        row.append(row.popleft() + 1)
        line.put(i)
    assert d[99] == -99 and len(d) == 200 and list(row) == list(range(1, 101))
    assert in_thread(lambda: [line.get() for _ in range(100)]) == list(range(100))
    assert line.empty()

    def rest():
        d.clear()
        d["a"] = 1
        row.rotate(1)
        return row.popleft()

    assert in_thread(rest) == 100 and d == {"a": 1}


def test_many_hand_over():
    def make():
        made = []
        for i in range(200):
            d = {}
            d["n"] = i
            d[i] = d
            made.append((d, collections.deque([i])))
            made[-1][1].append(i)
        return made

    total = 0
    for d, row in in_thread(make):
        d["n"] += 1
        row.append(d["n"])
        total += row.pop() + row.pop() + len(d)
    assert total == 2 * sum(range(200)) + 200 + 400


def sums(n):
    total = 0
    d = {i: [i] for i in range(n)}
    for _ in range(40):
        for k, v in d.items():
            total += k + v[0]
        for k in d:
            total += k
        for v in d.values():
            total += len(v)
        for k, v in d.items():
            d[k] = [k]
        for k, v in {"a": n, "b": 1}.items():
            total += v
    return total


def test_hot_loops():
    n = 500
    expected = 40 * (3 * sum(range(n)) + n + n + 1)
    assert sums(n) == expected
    for _ in range(3):
        assert in_thread(lambda: sums(n)) == expected


def broken_off(n):
    found, d = [], {i: str(i) for i in range(n)}
    for i in range(n):
        for k, v in d.items():
            if k >= i % 40:
                found.append(v)
                break
    for i in range(n):
        inner = 0
        for k in d:
            for _ in d:
                inner += 1
                if inner % 3 == 0:
                    break
            if inner > 20:
                break
    return found


def grown(n):
    d = {i: i for i in range(n)}
    for k in d:
        if k == n - 2:
            d["more"] = 1


def shrunk(n):
    d, seen = {i: i for i in range(n)}, 0
    for k, v in d.items():
        seen += v
        if k == n - 3:
            del d[0]


def refilled(n):
    d = {i: i for i in range(n)}
    for k in d.keys():
        if k == n // 2:
            d.clear()
            d.update((str(i), i) for i in range(n))


class Counted:
    alive = 0

    def __init__(self):
        Counted.alive += 1

    def __del__(self):
        Counted.alive -= 1


def replaced(n):
    d = {i: Counted() for i in range(n)}
    for k, v in d.items():
        d[k] = Counted()
        v = None
        assert n <= Counted.alive <= n + 1, (Counted.alive, k)
    for k, v in d.items():
        pass
    return k


def test_loops_broken_off_and_changed():
    for run in (lambda f: f(), in_thread):
        assert run(lambda: broken_off(2000)) == [str(i % 40) for i in range(2000)]
        raises(RuntimeError, lambda: run(lambda: grown(3000)), message="dictionary changed size during iteration")
        raises(RuntimeError, lambda: run(lambda: shrunk(3000)), message="dictionary changed size during iteration")
        try:
            run(lambda: refilled(3000))
        except RuntimeError as e:
            assert "during iteration" in str(e)
        assert run(lambda: replaced(3000)) == 2999 and Counted.alive == 0


def test_given_away_in_the_loop():
    given, back = queue.SimpleQueue(), queue.SimpleQueue()

    def other():
        while (work := given.get()) is not None:
            kind, what = work
            back.put(sum(what) if kind == "rest" else what.setdefault("new", 1))

    def walk_and_give(n):
        total = 0
        for i in range(n):
            d = {k: k for k in range(20)}
            items = iter(d)
            for k in items:
                total += k
                if i > n - 5 and k == 9:
                    given.put(("rest", items))
                    total += back.get()
            if i > n - 5:
                given.put(("dict", d))
                total += back.get()
        return total

    t = threading.Thread(target=other)
    t.start()
    assert in_thread(lambda: walk_and_give(500)) == 500 * 190 + 4
    given.put(None)
    t.join()
