"""Loops that read a shared object over and over: whatever another thread does to it, in whatever way, they see."""
import copy
import threading
import time

PATIENCE = 30    # seconds


class Shared:
    kind = "shared"

    def __init__(self):
        self.flag = 0
        self.name = "first"
        self.items = [1, 2, 3]

    def is_set(self):
        return self.flag

    def __bool__(self):
        return bool(self.flag)


class Other(Shared):
    kind = "other"

    def is_set(self):
        return 1


class Slotted:
    __slots__ = ("flag",)

    def __init__(self):
        self.flag = 0

    def is_set(self):
        return self.flag


SHARED = Shared()
SLOTTED = Slotted()
LIST = []
STARTED = threading.Event()


def wait_for(ready):
    """Runs `ready`, a loop of a thousand rounds, until it gives something true."""
    end = time.monotonic() + PATIENCE
    STARTED.set()
    while time.monotonic() < end:
        if ready():
            return True
    return False


def seen_by_others(ready, write, reset):
    """Whether two threads that run `ready` see what `write` does; several times, as nobody counts on it for ever."""
    for _ in range(6):
        reset()
        STARTED.clear()
        results = []
        threads = [threading.Thread(target=lambda: results.append(wait_for(ready))) for _ in range(2)]
        for t in threads:
            t.start()
        STARTED.wait()
        time.sleep(0.01)
        write()
        for t in threads:
            t.join()
        assert results == [True, True]


def field_is_set():
    for _ in range(1000):
        if SHARED.flag:
            return True
    return False


def method_says_so():
    n = 0
    for _ in range(1000):
        n += SHARED.is_set()
    return n > 0


def fresh_shared():
    global SHARED
    SHARED = Shared()


def test_attribute():
    def write():
        SHARED.flag = 1
    seen_by_others(field_is_set, write, fresh_shared)
    seen_by_others(method_says_so, write, fresh_shared)


def test_same_object_again_and_again():
    fresh_shared()

    def write():
        SHARED.flag = 1

    def reset():
        SHARED.flag = 0
    seen_by_others(field_is_set, write, reset)


def test_setattr_and_object_setattr():
    seen_by_others(field_is_set, lambda: setattr(SHARED, "flag", 1), fresh_shared)
    seen_by_others(field_is_set, lambda: object.__setattr__(SHARED, "flag", 1), fresh_shared)
    seen_by_others(field_is_set, lambda: Shared.__setattr__(SHARED, "flag", 1), fresh_shared)


def test_namespace_of_the_object():
    seen_by_others(field_is_set, lambda: vars(SHARED).update(flag=1), fresh_shared)

    def write():
        SHARED.__dict__ = {"flag": 1, "items": [], "name": "third"}
    seen_by_others(field_is_set, write, fresh_shared)


def test_another_class():
    def write():
        SHARED.__class__ = Other
    seen_by_others(method_says_so, write, fresh_shared)

    def kind():
        for _ in range(1000):
            if SHARED.kind == "other":
                return True
        return False
    seen_by_others(kind, write, fresh_shared)


def test_attribute_of_the_object_hides_that_of_the_class():
    def write():
        SHARED.is_set = lambda: 1
    seen_by_others(method_says_so, write, fresh_shared)


def test_attribute_goes():
    def ready():
        try:
            for _ in range(1000):
                SHARED.flag
        except AttributeError:
            return True
        return False

    def write():
        del SHARED.flag
    seen_by_others(ready, write, fresh_shared)


def test_slots():
    def ready():
        for _ in range(1000):
            if SLOTTED.flag or SLOTTED.is_set():
                return True
        return False

    def fresh():
        global SLOTTED
        SLOTTED = Slotted()

    def write():
        SLOTTED.flag = 1
    seen_by_others(ready, write, fresh)
    seen_by_others(ready, lambda: Slotted.flag.__set__(SLOTTED, 1), fresh)


def test_truth():
    def ready():
        for _ in range(1000):
            if SHARED:
                return True
        return False

    def write():
        SHARED.flag = 1
    seen_by_others(ready, write, fresh_shared)


def lists(write, ready=None, start=(3, 1, 2)):
    def longer_or_shorter():
        size, first = len(start), start[0]
        try:
            for _ in range(1000):
                if len(LIST) != size or LIST[0] != first:
                    return True
        except IndexError:  # while it is sorted or filled again
            return True
        return False

    def fresh():
        global LIST
        LIST = list(start)
    seen_by_others(ready or longer_or_shorter, write, fresh)


def test_lists():
    def store():
        LIST[0] = 7

    def delete():
        del LIST[2]

    def slices():
        LIST[1:] = [5, 6, 7, 8]

    def clear_slice():
        del LIST[1:]

    def add():
        global LIST
        LIST += [4]

    def multiply():
        LIST.__imul__(2)
    for write in (store, delete, slices, clear_slice, add, multiply, lambda: LIST.append(1), lambda: LIST.extend((1, 2)),
                  lambda: LIST.extend([1]), lambda: LIST.insert(0, 9), lambda: LIST.pop(), lambda: LIST.remove(1),
                  lambda: LIST.sort(), lambda: LIST.sort(key=lambda i: i), lambda: LIST.reverse(), lambda: LIST.__init__([4, 5])):
        lists(write)


def test_looking_at_a_list_leaves_it_as_it_is():
    def looks():
        for _ in range(50):
            assert LIST[1:] == [1, 2] and LIST + LIST == [3, 1, 2] * 2 and copy.copy(LIST) == [3, 1, 2]
            assert tuple(LIST) == (3, 1, 2) and LIST * 2 == [3, 1, 2] * 2 and sorted(LIST) == [1, 2, 3] and LIST.index(2) == 2
        LIST.append(0)
    lists(looks)


def test_own_writes_in_the_loop():
    fresh_shared()
    LIST[:] = [0, 0]
    totals = []

    def run():
        total = 0
        for i in range(5000):
            if i % 50 == 49:
                SHARED.count = i
                SHARED.name = str(i)
                LIST[1] = i
            total += LIST[1] - SHARED.count if i > 49 else 0
            if i > 49:
                assert SHARED.name == str(LIST[1]), (SHARED.name, LIST)
        totals.append(total)
    for _ in range(3):
        t = threading.Thread(target=run)
        t.start()
        t.join()
    assert totals == [0, 0, 0]


def test_two_objects_in_order():
    """Whoever sees the second write sees the first one."""
    class Pair:
        def __init__(self):
            self.n = 0
    names = {}
    source = """
def run(done):
    bad = 0
    while not done:
        for _ in range(200):
            later = SECOND.n
            if FIRST.n < later:
                bad += 1
    return bad
"""
    for _ in range(15):
        first, second = Pair(), Pair()
        names = {"FIRST": first, "SECOND": second}
        exec(source, names)
        done, results = [], []
        threads = [threading.Thread(target=lambda: results.append(names["run"](done))) for _ in range(2)]
        for t in threads:
            t.start()
        time.sleep(0.004)
        for i in range(1, 50):
            first.n = i
            second.n = i
        done.append(1)
        for t in threads:
            t.join()
        assert results == [0, 0]
