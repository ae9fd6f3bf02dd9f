"""dict: lookup, order, methods, operators, subclasses, mutation while in use."""
from checks import raises


def test_construction():
    assert dict() == {} and dict(a=1, b=2) == {"a": 1, "b": 2}
    assert dict({1: 2}) == {1: 2} and dict([(1, 2), (3, 4)]) == {1: 2, 3: 4}
    assert dict({1: 2}, a=3) == {1: 2, "a": 3} and dict(["ab", "cd"]) == {"a": "b", "c": "d"}
    assert dict(zip("abc", range(3))) == {"a": 0, "b": 1, "c": 2}
    raises(TypeError, dict, 1, 2, message="dict expected at most 1 argument, got 2")
    raises(TypeError, dict, 5, message="'int' object is not iterable")
    raises(TypeError, dict, [1], message="cannot convert dictionary update sequence element #0 to a sequence")
    raises(ValueError, dict, [(1, 2), (1, 2, 3)],
           message="dictionary update sequence element #1 has length 3; 2 is required")


def test_get_set_delete():
    d = {}
    d["a"] = 1
    d[1] = "one"
    d[(1, 2)] = None
    assert d["a"] == 1 and d[1.0] == "one" and d[True] == "one" and d[(1, 2)] is None and len(d) == 3
    d[True] = "uno"
    assert d[1] == "uno" and list(d) == ["a", 1, (1, 2)]
    del d["a"]
    assert "a" not in d
    e = raises(KeyError, lambda: d["a"])
    assert e.args == ("a",)

    def delete():
        del d["zz"]
    assert raises(KeyError, delete).args == ("zz",)
    raises(TypeError, lambda: d[[]], message="unhashable type: 'list'")
    assert raises(KeyError, lambda: {}[(1, 2)]).args == ((1, 2),)


def test_order():
    d = {}
    for i in range(100):
        d[str(i)] = i
    for i in range(0, 100, 2):
        del d[str(i)]
    for i in range(0, 100, 2):
        d[str(i)] = -i
    assert list(d) == [str(i) for i in range(1, 100, 2)] + [str(i) for i in range(0, 100, 2)]
    assert list(d.values())[:2] == [1, 3]
    d["1"] = "changed"
    assert next(iter(d.items())) == ("1", "changed")


def test_growth_and_int_keys():
    d = {}
    for i in range(50000):
        d[i * 7] = i
    assert len(d) == 50000 and all(d[i * 7] == i for i in range(50000)) and 3 not in d
    for i in range(0, 50000, 3):
        del d[i * 7]
    assert all((i * 7 in d) == (i % 3 != 0) for i in range(50000))
    big = {2 ** 70: 1, -2 ** 70: 2, 2 ** 61 - 1: 3, 0: 4, -1: 5, -2: 6}
    assert big[2 ** 70] == 1 and big[-2 ** 70] == 2 and big[2 ** 61 - 1] == 3 and big[0] == 4
    assert big[-1] == 5 and big[-2] == 6 and len(big) == 6


def test_get_setdefault():
    d = {"a": None}
    assert d.get("a", 1) is None and d.get("b") is None and d.get("b", 2) == 2
    assert d.setdefault("a", 5) is None and d.setdefault("b", 5) == 5 and d["b"] == 5
    assert d.setdefault("c") is None and "c" in d
    raises(TypeError, d.get, [], message="unhashable type: 'list'")
    raises(TypeError, d.get, message="get expected at least 1 argument, got 0")


def test_pop_popitem():
    d = {"a": 1, "b": 2, "c": 3}
    assert d.pop("b") == 2 and d.pop("b", "x") == "x" and d.pop("b", None) is None
    assert raises(KeyError, d.pop, "b").args == ("b",)
    assert d.popitem() == ("c", 3) and d.popitem() == ("a", 1)
    raises(KeyError, d.popitem, message="'popitem(): dictionary is empty'")
    raises(TypeError, {1: 1}.pop, [], message="unhashable type: 'list'")
    d = {i: i for i in range(1000)}
    for i in reversed(range(1000)):
        assert d.popitem() == (i, i)
    assert d == {}
    d["x"] = 1
    assert d.popitem() == ("x", 1)


def test_queue_use():
    d = {}
    for i in range(5000):
        d[i] = i
        if i >= 10:
            first = next(iter(d))
            assert first == i - 10
            del d[first]
    assert list(d) == list(range(4990, 5000))


def test_update():
    d = {"a": 1}
    d.update({"b": 2})
    d.update([("c", 3)], d=4)
    d.update(a=9)
    assert d == {"a": 9, "b": 2, "c": 3, "d": 4} and d.update() is None

    class Mapping:
        def keys(self):
            return ["x", "y"]

        def __getitem__(self, key):
            return key * 2
    d = {}
    d.update(Mapping())
    assert d == {"x": "xx", "y": "yy"}
    raises(TypeError, d.update, 1, 2, message="update expected at most 1 argument, got 2")
    raises(TypeError, d.update, 1, message="'int' object is not iterable")
    d.update(d)
    assert d == {"x": "xx", "y": "yy"}


def test_or():
    a, b = {"x": 1, "y": 2}, {"y": 3, "z": 4}
    assert a | b == {"x": 1, "y": 3, "z": 4} and list(a | b) == ["x", "y", "z"] and a == {"x": 1, "y": 2}
    a |= b
    assert a == {"x": 1, "y": 3, "z": 4}
    a |= [("k", "v")]
    assert a["k"] == "v"
    raises(TypeError, lambda: a | [], message="unsupported operand type(s) for |: 'dict' and 'list'")
    raises(TypeError, lambda: [] | a, message="unsupported operand type(s) for |: 'list' and 'dict'")


def test_fromkeys_copy_clear():
    assert dict.fromkeys("ab") == {"a": None, "b": None} and dict.fromkeys([1, 2], 0) == {1: 0, 2: 0}
    d = {1: [2]}
    c = d.copy()
    assert c == d and c is not d and c[1] is d[1]
    d.clear()
    assert d == {} and c == {1: [2]}

    class Sub(dict):
        pass
    assert type(Sub.fromkeys("a")) is Sub and type(Sub(a=1).copy()) is dict and type(Sub(a=1) | {}) is dict
    d = dict.fromkeys({1, 2, 3}, "v")
    assert d == {1: "v", 2: "v", 3: "v"}


def test_equality():
    assert {1: 2, 3: 4} == {3: 4, 1: 2} and {1: 2} != {1: 3} and {1: 2} != {2: 2} and {} == {}
    assert {1: 2} == {1.0: 2.0} and not {1: 2} == [1]
    raises(TypeError, lambda: {} < {}, message="'<' not supported between instances of 'dict' and 'dict'")


def test_repr():
    assert repr({}) == "{}" and repr({1: "a", "b": None}) == "{1: 'a', 'b': None}"
    d = {}
    d[1] = d
    assert repr(d) == "{1: {...}}"


def test_missing():
    class Default(dict):
        def __missing__(self, key):
            return "no " + key
    d = Default(a=1)
    assert d["a"] == 1 and d["b"] == "no b" and d.get("b") is None and "b" not in d
    raises(TypeError, hash, d, message="unhashable type: 'Default'")


def test_changed_during_iteration():
    d = {i: i for i in range(5)}

    def grow():
        for k in d:
            d[k + 100] = 1
    raises(RuntimeError, grow, message="dictionary changed size during iteration")

    def shrink():
        for k, v in d.items():
            del d[k]
    raises(RuntimeError, shrink, message="dictionary changed size during iteration")
    d = {0: 0}

    def replace():
        for i in d:
            del d[0]
            d[0] = 1
    raises(RuntimeError, replace, message="dictionary keys changed during iteration")
    d = {1: 1, 2: 2}
    for k in d:
        d[k] = k * 10
    assert d == {1: 10, 2: 20}


def test_comparison_that_changes_the_dict():
    class Key:
        def __init__(self, n, d=None):
            self.n, self.d = n, d

        def __hash__(self):
            return 7

        def __eq__(self, other):
            if self.d is not None:
                target, self.d = self.d, None
                target.clear()
                target[Key(99)] = "new"
            return self.n == other.n
    d = {}
    a = Key(1)
    d[a] = 1
    d[Key(2)] = 2
    a.d = d
    assert d.get(Key(2)) is None
    assert len(d) == 1
    b = Key(5, d)
    d[b] = 5
    d[Key(6)] = 6
    assert 6 in [k.n for k in d]


def test_hash_collisions():
    class Same:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            return 42

        def __eq__(self, other):
            return isinstance(other, Same) and self.n == other.n
    keys = [Same(i) for i in range(50)]
    d = {k: k.n for k in keys}
    assert len(d) == 50 and all(d[Same(i)] == i for i in range(50))
    for i in range(0, 50, 2):
        del d[Same(i)]
    assert sorted(d.values()) == list(range(1, 50, 2)) and Same(2) not in d


def test_error_in_eq_and_hash():
    class BadEq:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            raise ZeroDivisionError("eq")

    class BadHash:
        def __hash__(self):
            raise OSError("hash")
    d = {BadEq(): 1}
    raises(ZeroDivisionError, lambda: BadEq() in d, message="eq")
    raises(ZeroDivisionError, d.get, BadEq())
    raises(ZeroDivisionError, d.setdefault, BadEq(), 1)
    raises(OSError, d.get, BadHash(), message="hash")
    raises(OSError, lambda: {BadHash(): 1})


def test_str_subclass_keys():
    class S(str):
        pass
    d = {"a": 1}
    assert d[S("a")] == 1
    d[S("b")] = 2
    assert d["b"] == 2 and type(list(d)[1]) is S
    d["c"] = 3
    assert d == {"a": 1, "b": 2, "c": 3}


def test_keys_built_at_run_time():
    d = {"name%d" % i: i for i in range(100)}
    for i in range(100):
        key = "na" + "me" + str(i)
        assert d[key] == i and d.get(key) == i and key in d
    assert "name100" not in d


def test_values_die_promptly():
    log = []

    class Noisy:
        def __init__(self, n):
            self.n = n

        def __del__(self):
            log.append(self.n)
    d = {1: Noisy(1), 2: Noisy(2), 3: Noisy(3)}
    d[1] = None
    assert log == [1]
    del d[2]
    assert log == [1, 2]
    d.clear()
    assert log == [1, 2, 3]


def test_destructor_touches_the_dict():
    class Toucher:
        def __init__(self, d):
            self.d = d

        def __del__(self):
            self.d["late"] = 1
    d = {}
    d["x"] = Toucher(d)
    d["x"] = 0
    assert d == {"x": 0, "late": 1}
    d["y"] = Toucher(d)
    d.clear()
    assert d == {"late": 1}


def test_comprehension_and_unpacking():
    assert {k: v for k, v in zip("ab", range(2))} == {"a": 0, "b": 1}
    assert {**{"a": 1}, "b": 2, **{"a": 3}} == {"a": 3, "b": 2}

    def f(**kw):
        return kw
    assert f(**{"x": 1}, y=2) == {"x": 1, "y": 2}


def test_reversed():
    d = dict.fromkeys("abc")
    assert list(reversed(d)) == ["c", "b", "a"] and list(reversed(d.items()))[0] == ("c", None)
    del d["b"]
    assert list(reversed(d)) == ["c", "a"] and list(reversed({})) == []


def test_class_getitem_and_sizeof():
    assert dict[str, int].__args__ == (str, int)
    assert {}.__sizeof__() <= {i: i for i in range(100)}.__sizeof__()


def test_nan_and_none_keys():
    nan = float("nan")
    d = {nan: 1, None: 2, Ellipsis: 3, (): 4, b"x": 5, 1.5: 6}
    assert d[nan] == 1 and d[None] == 2 and d[...] == 3 and d[()] == 4 and d[b"x"] == 5 and d[1.5] == 6
    assert "x" not in d


def test_keys_are_not_hashed_again():
    class Counted(int):
        hashed = 0

        def __hash__(self):
            Counted.hashed += 1
            return int.__hash__(self)

    keys = dict.fromkeys(map(Counted, range(10)))
    assert Counted.hashed == 10
    for collection in (set(keys), frozenset(keys), keys):
        assert dict.fromkeys(collection, 1) == dict.fromkeys(range(10), 1)
    set(keys).symmetric_difference_update(keys)
    assert Counted.hashed == 10


def test_tuple_keys():
    import random
    r = random.Random(3)
    makers = [lambda: (r.randrange(9), r.randrange(9)), lambda: (r.randrange(5), r.choice("abc")), lambda: (r.randrange(3),) * r.randrange(4),
              lambda: r.choice(((1, (2, r.randrange(4))), r.randrange(20), "k%d" % r.randrange(9), (1.0, r.randrange(3)), (1, r.randrange(3))))]
    for make in makers * 2:
        d, model = {}, []
        for _ in range(600):
            k, v = make(), r.randrange(100)
            at = next((i for i, (x, y) in enumerate(model) if x == k), None)
            action = r.randrange(4)
            if action < 2:
                d[k] = v
                if at is None:
                    model.append((k, v))
                else:
                    model[at] = (model[at][0], v)
            elif action == 2:
                assert d.pop(k, None) == (None if at is None else model.pop(at)[1])
            else:
                assert (k in d) == (at is not None) and d.get(k) == (None if at is None else model[at][1])
        assert list(d.items()) == model and [type(k) for k in d] == [type(k) for k, _ in model]

    class Odd:
        def __init__(self, n, change=None):
            self.n, self.change = n, change

        def __hash__(self):
            return hash(self.n)

        def __eq__(self, other):
            if self.change is not None:
                self.change()
            return self.n == (other.n if isinstance(other, Odd) else other)
    d = {(1, 2): "a", "s": "b"}
    assert d[Odd(1), 2] == "a" and (Odd(1), 3) not in d and d[True, 2.0] == "a"
    d[(Odd(5, lambda: d.clear()), 0)] = 1
    assert d.get((5, 0)) is None or d
    try:
        d[1, []]
    except TypeError as e:
        assert str(e) == "unhashable type: 'list'"
    else:
        assert False


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
