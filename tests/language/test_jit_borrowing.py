"""Values that hot loops load, look at and let go again: lifetimes and counts are as if they had been kept in their variables."""
import gc
import sys
import threading
import weakref

N = 4000


class Thing:
    alive = 0

    def __init__(self, value):
        self.value = value
        Thing.alive += 1

    def __del__(self):
        Thing.alive -= 1

    def double(self):
        return self.value + self.value


class Holder:
    def __init__(self, value):
        self.inner = Thing(value)


def test_loop_variable_is_counted_behind_the_loop():
    things = [Thing(i) for i in range(N)]
    for _ in range(3):
        total = 0
        for t in things:
            total += t.value
        assert total == N * (N - 1) // 2 and t is things[-1]
        assert sys.getrefcount(t) == 3
        for t in things:
            if t.value == N - 2:
                break
        last = things[-1]
        assert sys.getrefcount(t) == 3 and sys.getrefcount(last) == 3
        del last
    before = Thing.alive
    del things
    assert t.value == N - 2 and Thing.alive == before - N + 1
    del t
    assert Thing.alive == before - N


def test_exceptions_leave_it_bound():
    things = [Thing(i) for i in range(N)]
    things.append(None)
    for _ in range(3):
        try:
            for t in things:
                t.value
        except AttributeError as e:
            assert e.__traceback__.tb_frame.f_locals["t"] is None
        things[-1] = Thing("x")
        total = 0
        try:
            for t in things:
                total += t.value
        except TypeError:
            assert t is things[-1] and sys.getrefcount(t) == 3
        things[-1] = None
        assert t.value == "x" and sys.getrefcount(t) == 2


def test_items_replaced_in_the_loop():
    gc.collect()   # the locals of the last test have an exception, which has them
    things = [Thing(i) for i in range(N)]
    total = 0
    for i in range(N):
        t = things[i]
        total += t.value
        things[i] = None
        total += t.value - t.double() // 2
        assert Thing.alive >= N - i
    assert total == N * (N - 1) // 2
    before = Thing.alive
    del t
    assert Thing.alive == before - 1


def test_destructors_change_the_list():
    class Bomb:
        def __init__(self, value, victims):
            self.value, self.victims = value, victims

        def __del__(self):
            if self.victims:
                self.victims[:] = [Thing(-1)]

    for k in range(60):
        things = [Thing(i) for i in range(N // 20)]
        t = Bomb(0, things)
        total = count = 0
        for t in things:
            total += t.value
            count += 1
        assert (total, count) == (0, 1) or (k == 0 and count == 1), (total, count)
        assert things[0].value == -1 and t.value == 0 and Thing.alive == 2
        del things, t


def test_last_reference_in_the_variable():
    total = 0
    x = None
    for k in range(N):
        for x in [Thing(k), Thing(1), Thing(2)]:
            total += x.value
        for i, x in enumerate([Thing(k), Thing(3)]):
            total += x.value + i
    assert total == sum(2 * k + 7 for k in range(N))
    assert Thing.alive == 1
    total = 0
    i = None
    for k in range(N):
        for i, x in enumerate([Thing(k), Thing(1), Thing(2)]):
            total += x.value * i
        assert Thing.alive == 1
        i = Thing(k)
        for x, y in zip([i, Thing(5)], [Thing(1), Thing(2)]):
            total += x.value - y.value
        assert x.value == 5 and Thing.alive == 3
        y = None
    assert total == sum(5 + k + 5 - 3 for k in range(N))


def test_chains_of_attributes():
    h = Holder(1)
    total = 0
    for i in range(N):
        total += h.inner.value + h.inner.value
        if i % 1000 == 500:
            h.inner = Thing(i)
    assert total == 2 * (501 + 500 * 1000 + 1500 * 1000 + 2500 * 1000 + 3500 * 499)
    inner = h.inner
    assert sys.getrefcount(inner) == 3 and Thing.alive == 1


def test_cells():
    def make():
        scale, shift = Thing(2), [1.5] * 20
        def get(i):
            return scale.value * i
        def change():
            nonlocal scale
            scale = Thing(scale.value + 1)
        return (lambda n: sum(get(i) + scale.value + shift[i % 20] for i in range(n))), change

    total, change = make()
    for k in range(2, 6):
        for _ in range(20):
            assert total(300) == sum(k * i + k + 1.5 for i in range(300))
        change()
    del total, change
    gc.collect()
    assert Thing.alive == 0


def test_weak_references_see_the_end():
    things = [Thing(i) for i in range(N)]
    refs = [weakref.ref(t) for t in things]
    gone = 0
    while things:
        for t in things:
            if t.value % 7 == 3:
                break
        else:
            t = things[0]
        at = t.value
        things = [x for x in things if x is not t][:max(len(things) - 200, 0)]
        t = x = None
        gone += refs[at]() is None
    assert gone > 15 and all(r() is None for r in refs)


def test_inlined_calls_let_go():
    class Node:
        def __init__(self, value, owner):
            self.value, self.owner = value, owner

        def leave(self):
            self.owner[self.value] = None
            return self.value

    nodes = []
    nodes.extend(Node(i, nodes) for i in range(N))
    total = 0
    for n in nodes:
        total += n.value
        total += n.leave() - n.value
    assert total == N * (N - 1) // 2 and nodes == [None] * N


def test_two_variables_of_one_list():
    things = [Thing(i) for i in range(N)]
    total = 0
    for a in things:
        b = things[a.value - 1]
        total += a.value - b.value
        a, b = b, a
    assert total == 0
    assert a.value == N - 2 and b.value == N - 1 and sys.getrefcount(a) == 3


def test_of_other_threads():
    things = [Thing(i) for i in range(200)]
    stop, bad = threading.Event(), []

    def change():
        i = 0
        while not stop.is_set():
            i += 1
            things[i % 200] = Thing(i % 200)

    def read():
        for _ in range(40):
            total = 0
            for t in things:
                total += t.value
            if total != 19900 or t.value != 199:
                bad.append(total)

    changer = threading.Thread(target=change)
    readers = [threading.Thread(target=read) for _ in range(2)]
    for t in [changer] + readers:
        t.start()
    read()
    for t in readers:
        t.join()
    stop.set()
    changer.join()
    assert not bad
    for i in range(200):
        t = things[i]
        assert sys.getrefcount(t) == 3


def test_globals_that_grow():
    """With threads, in the thread that made them, and in another: names are found in the new table, too."""
    names = {"N": N, "Thing": Thing}
    exec("""
def total(n):
    t = 0
    for i in range(n):
        t += SHARED.value + EXTRA
    return t
SHARED, EXTRA = Thing(3), 4
""", names)
    total, wait = names["total"], threading.Event()
    waiting = threading.Thread(target=wait.wait)
    waiting.start()

    def grow(prefix):
        for k in range(30):
            assert total(300) == 2100 + 300 * (names["EXTRA"] - 4)
            names["%s%d" % (prefix, k)] = k
        names["EXTRA"] = 5
        assert total(300) == 2400

    grow("a")
    names["EXTRA"] = 4
    other = threading.Thread(target=grow, args=("b",))
    other.start()
    other.join()
    wait.set()
    waiting.join()
    assert names["EXTRA"] == 5
