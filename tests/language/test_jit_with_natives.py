"""with statements over objects of builtin types, calls of builtins with unpacked arguments, and the methods of locks, queues and
deques that compiled code calls without showing its frames."""
import io
import os
import queue
import sys
import tempfile
import threading
import traceback
from collections import deque

from checks import raises

LOCK = threading.Lock()
RECURSIVE = threading.RLock()
CONDITION = threading.Condition()


class Account:
    def __init__(self):
        self.lock = threading.Lock()
        self.balance = 0

    def add(self, n):
        with self.lock:
            self.balance += n
            return self.balance


def test_locks_of_all_places():
    own, account, total = threading.Lock(), Account(), 0
    locks = [threading.Lock() for _ in range(4)]
    for i in range(3000):
        with own:
            assert own.locked()
            total += 1
        with LOCK as taken:
            total += taken
        with RECURSIVE, RECURSIVE:
            total += 1
        with CONDITION:
            CONDITION.notify()
            total += 1
        with locks[i & 3] as a, locks[i + 1 & 3] as b:
            total += a + b
        account.add(i)
    assert total == 6 * 3000 and account.balance == sum(range(3000))
    assert not (own.locked() or LOCK.locked() or any(l.locked() for l in locks))
    assert RECURSIVE.acquire(False) and not RECURSIVE.release()


def leave(i):
    for k in range(3):
        with LOCK:
            assert LOCK.locked()
            if i % 3 == k:
                continue
            if i % 5 == 0:
                break
            if i % 7 == 0:
                return "returned"
            if i % 11 == 0:
                raise KeyError(i)
    return "done"


def test_ways_out():
    outcomes = {}
    for i in range(3000):
        try:
            outcome = leave(i)
        except KeyError as e:
            assert e.args == (i,)
            outcome = "raised"
        assert not LOCK.locked()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    expected = {}
    for i in range(3000):
        outcome = "done" if i % 5 == 0 else "returned" if i % 7 == 0 else "raised" if i % 11 == 0 else "done"
        expected[outcome] = expected.get(outcome, 0) + 1
    assert outcomes == expected, outcomes


def release_inside(n):
    lock, failures = threading.Lock(), 0
    for i in range(n):
        try:
            with lock:
                if i % 100 == 99:
                    lock.release()
        except RuntimeError as e:
            assert str(e) == "release unlocked lock"
            failures += 1
    return failures


def test_exits_that_raise():
    assert release_inside(3000) == 30
    for i in range(500):
        with RECURSIVE:
            error = None
            if i > 400:
                RECURSIVE.release()
                try:
                    with CONDITION:
                        raise ValueError(i)
                except ValueError as e:
                    error = e
                RECURSIVE.acquire()
        if error:
            assert [f.name for f in traceback.extract_tb(error.__traceback__)] == ["test_exits_that_raise"]


def names_of_frames():
    f, names = sys._getframe(1), []
    while f:
        names.append(f.f_code.co_name)
        f = f.f_back
    return names


def look():
    with LOCK:
        return names_of_frames()


def test_frames_seen_inside():
    for _ in range(2000):
        assert look()[:2] == ["look", "test_frames_seen_inside"]


def test_files_and_views():
    total = 0
    path = os.path.join(tempfile.mkdtemp(), "file")
    for i in range(400):
        with io.StringIO("ab\ncd\n") as text:
            total += len(text.readlines())
        assert text.closed
        with memoryview(b"abc") as view:
            total += view[0]
        raises(ValueError, lambda: view[0], message="operation forbidden on released memoryview object")
        if i % 50 == 0:
            with open(path, "w") as f:
                f.write("x" * i)
            with open(path, "rb") as f, open(path) as g:
                assert len(f.read()) == len(g.read()) == i
    os.unlink(path)
    os.rmdir(os.path.dirname(path))
    assert total == 400 * (2 + 97)


def closed_twice(n):
    for i in range(n):
        f = io.StringIO()
        if i == n - 1:
            f.close()
        with f:
            pass


def test_enters_that_raise():
    for _ in range(5):
        raises(ValueError, closed_twice, 600, message="I/O operation on closed file.")


def test_unpacked_arguments():
    items, found, seen = [], [], deque()
    add, push, lock = items.append, seen.append, threading.Lock()
    for i in range(3000):
        args = (i,)
        add(*args)
        push(*args)
        assert lock.acquire(*(False,)) is True
        lock.release(*())
        found.append(max(*(i, 5)) + divmod(*(i, 7))[1])
    assert items == list(range(3000)) == list(seen)
    assert found == [max(i, 5) + i % 7 for i in range(3000)]

    def many(n):
        for i in range(n):
            args = (1,) if i < n - 1 else (1, 2)
            add(*args)

    raises(TypeError, many, 3000, message="list.append() takes exactly one argument (2 given)")

    def floats(n):
        for i in range(n):
            args = (i * 0.5,)
            add(*args)

    floats(2000)
    assert items[-1] == 999.5


class Odd:
    def __bool__(self):
        raise ZeroDivisionError("asked")


def test_simple_queues():
    q, total, empty = queue.SimpleQueue(), 0, 0
    for i in range(3000):
        q.put(i)
        q.put(item=i, block=True)
        total += q.get() + q.get(False)
        try:
            q.get(False)
        except queue.Empty:
            empty += 1
        if i % 300 == 0:
            try:
                q.get(True, 0.0001)
            except queue.Empty:
                empty += 1
    assert total == 2 * sum(range(3000)) and empty == 3010

    def strange(n):
        for i in range(n):
            q.put(i)
            q.get(True if i < n - 1 else Odd())

    raises(ZeroDivisionError, strange, 3000, message="asked")
    assert q.qsize() == 1


class Dying:
    log = []

    def __init__(self, n):
        self.n = n

    def __del__(self):
        Dying.log.append((self.n, names_of_frames()[0]))


def fill(d, n):
    for i in range(n):
        d.append(Dying(i))


def test_deques():
    d, total, failures = deque(), 0, 0
    for i in range(3000):
        d.append(i)
        d.append(-i)
        total += d.popleft() + 2 * d.pop()
        try:
            d.pop() if i & 1 else d.popleft()
        except IndexError as e:
            assert str(e) == "pop from an empty deque"
            failures += 1
    assert total == -sum(range(3000)) and failures == 3000
    Dying.log.clear()
    fill(deque(maxlen=3), 1000)
    assert len(Dying.log) == 1000 and set(name for _, name in Dying.log[:990]) == {"__del__"}, Dying.log[:5]
    bounded = deque(maxlen=0)
    for i in range(2000):
        bounded.append(i)
    assert not bounded


def test_threads_take_turns():
    account, rounds = Account(), 20000
    shared, q = {"n": 0}, queue.SimpleQueue()

    def work():
        for i in range(rounds):
            account.add(1)
            with RECURSIVE:
                with LOCK:
                    shared["n"] += 1
            q.put(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    taken = 0
    for _ in range(4 * rounds):
        taken += q.get()
    for t in threads:
        t.join()
    assert account.balance == shared["n"] == taken == 4 * rounds


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
