"""Dicts in hot loops: what is there and what is not, keys of all kinds, tables that fill, with and without other threads."""
import copy
import threading

ROUNDS = 4000


class Key:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n

    def __eq__(self, other):
        return isinstance(other, Key) and other.n == self.n


class Like(type):
    """A metaclass whose classes equal each other."""
    def __hash__(cls):
        return 7

    def __eq__(cls, other):
        return type(other) is Like


class A:
    pass


class B:
    pass


class C(metaclass=Like):
    pass


class D(metaclass=Like):
    pass


def gets():
    table = {int: "int", str: "str", A: "A", 1: "one", "x": "letter", C: "like", (1, 2): "pair"}
    keys = [int, str, A, B, 1, 2, "x", "y", C, D, (1, 2), 1.0, True, float]
    found = []
    for i in range(ROUNDS):
        key = keys[i % len(keys)]
        found.append(table.get(key))
        found.append(table.get(key, keys))
    expected = []
    for key in keys:
        got = [v for k, v in table.items() if k == key and hash(k) == hash(key)]
        expected += [got[0], got[0]] if got else [None, keys]
    assert found == [expected[i % len(expected)] for i in range(2 * ROUNDS)]


def memo_of_ids():
    for _ in range(ROUNDS // 40):
        memo, things = {}, [[i] for i in range(20)]
        for thing in things:
            n = id(thing)
            assert memo.get(n, None) is None
            memo[n] = thing
            memo[n] = thing
            assert memo.get(n) is thing
        assert list(memo.values()) == things
        assert len(memo) == 20


def sets_of_all_kinds():
    for keys in ([1, 2, 3, 4, 5, 6, 7, 8, 9, 1], ["a", "b", "c", "a"], ["a", 1, "b", 2.0, int, "a"], [int, str, A, int],
                 [Key(1), Key(1), Key(2), 1]):
        for _ in range(ROUNDS // 40):
            table = {}
            for place, key in enumerate(keys):
                table[key] = place
            expected = {}
            for place, key in reversed(list(enumerate(keys))):
                expected.setdefault(key, place)
            assert table == expected
            assert len(table) == len(set(keys))


def replaced_values_die():
    dead = []

    class Noisy:
        def __del__(self):
            dead.append(1)

    table = {}
    for i in range(ROUNDS):
        table[i & 1] = Noisy()
        table["n"] = i
    assert len(dead) == ROUNDS - 2
    assert table["n"] == ROUNDS - 1


def types_of_all_kinds():
    things = [1, 1.5, "x", [], A(), B(), C, A, None, len, -1, 1e300, 2 ** 70, True]
    expected = [int, float, str, list, A, B, Like, type, type(None), type(len), int, float, int, bool]
    seen, ids = [], set()
    for i in range(ROUNDS):
        thing = things[i % len(things)]
        seen.append(type(thing))
        ids.add(id(thing))
    assert seen == [expected[i % len(things)] for i in range(ROUNDS)]
    assert len(ids) == len(things)


def class_of_an_object_changes():
    class One:
        pass

    class Two:
        pass

    thing, seen = One(), []
    for i in range(ROUNDS):
        if i == ROUNDS // 2:
            thing.__class__ = Two
        seen.append(type(thing))
    assert seen == [One] * (ROUNDS // 2) + [Two] * (ROUNDS - ROUNDS // 2)


def raising_keys():
    table, failures = {}, 0
    for i in range(ROUNDS):
        try:
            table.get([])
        except TypeError as e:
            assert str(e) == "unhashable type: 'list'"
            failures += 1
        try:
            table[{}] = i
        except TypeError as e:
            assert str(e) == "unhashable type: 'dict'"
            failures += 1
    assert failures == 2 * ROUNDS


def missing_classes():
    table, missing = {A: 1, "a": 2}, 0
    for i in range(ROUNDS):
        try:
            table[B if i & 1 else A]
        except KeyError as e:
            assert e.args == (B,)
            missing += 1
        assert (A in table, B in table) == (True, False)
    assert missing == ROUNDS // 2


def ids_stay():
    thing, other = object(), object()
    n = id(thing)
    for _ in range(ROUNDS):
        assert id(thing) == n and id(other) != n
    assert f"{n:x}" in repr(thing)


def deep_copies():
    thing = [1, [2, 3], {"k": 4, "l": (5, [6])}, A()]
    thing[3].back = thing
    for _ in range(ROUNDS // 8):
        made = copy.deepcopy(thing)
        assert made[:3] == thing[:3] and made[1] is not thing[1] and made[3].back is made


CASES = [gets, memo_of_ids, sets_of_all_kinds, replaced_values_die, types_of_all_kinds, class_of_an_object_changes,
         raising_keys, missing_classes, ids_stay, deep_copies]


def test_with_one_thread():
    for case in CASES:
        case()


def test_with_two_threads():
    failed = []

    def work():
        try:
            for case in CASES:
                case()
        except BaseException as e:
            failed.append(e)
            raise

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_readers_beside_a_writer():
    table, stop, wrong = {}, threading.Event(), []

    def read():
        while not stop.is_set():
            for i in range(64):
                v = table.get(i, "none")
                if v != "none" and v != i and v != -i:
                    wrong.append(v)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(ROUNDS):
        table[i & 63] = i & 63
        table[i & 31] = -(i & 31)
        if i % 1000 == 999:
            table.clear()
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong
