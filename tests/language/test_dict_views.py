"""Views of dict: live, with set operations; mappingproxy."""
import types

from checks import raises

D = {"a": 1, "b": 2, "c": 3}


def test_live():
    d = {1: 2}
    k, v, i = d.keys(), d.values(), d.items()
    d[3] = 4
    assert list(k) == [1, 3] and list(v) == [2, 4] and list(i) == [(1, 2), (3, 4)]
    assert len(k) == len(v) == len(i) == 2
    d.clear()
    assert not list(k) and len(i) == 0


def test_repr():
    assert repr(D.keys()) == "dict_keys(['a', 'b', 'c'])"
    assert repr(D.values()) == "dict_values([1, 2, 3])"
    assert repr({1: 2}.items()) == "dict_items([(1, 2)])"
    d = {}
    d[1] = d.values()
    assert repr(d) == "{1: dict_values([...])}"


def test_contains():
    assert "a" in D.keys() and "z" not in D.keys() and 1 in D.values() and 9 not in D.values()
    assert ("a", 1) in D.items() and ("a", 2) not in D.items() and ("z", 1) not in D.items()
    assert "a" not in D.items() and ("a", 1, 2) not in D.items()
    raises(TypeError, lambda: [] in D.keys(), message="unhashable type: 'list'")
    raises(TypeError, lambda: ([], 1) in D.items())


def test_and():
    assert D.keys() & {"a", "z"} == {"a"} and {"a", "z"} & D.keys() == {"a"}
    assert D.keys() & ["b", "b", "q"] == {"b"} and type(D.keys() & []) is set
    assert D.items() & {("a", 1), ("b", 9)} == {("a", 1)}
    assert D.keys() & {"c": 0}.keys() == {"c"}
    raises(TypeError, lambda: D.keys() & 5, message="'int' object is not iterable")


def test_or_xor_sub():
    assert D.keys() | {"z"} == {"a", "b", "c", "z"} and ["q"] | D.keys() == {"a", "b", "c", "q"}
    assert D.keys() - {"a"} == {"b", "c"} and {"a", "q"} - D.keys() == {"q"} and ["a", "q"] - D.keys() == {"q"}
    assert D.keys() ^ {"a", "q"} == {"b", "c", "q"} and D.items() ^ {("a", 1)} == {("b", 2), ("c", 3)}
    assert D.items() - D.items() == set() and D.items() | [] == set(D.items())
    raises(TypeError, lambda: D.values() - {1})
    raises(TypeError, lambda: {1: []}.items() | [], message="unhashable type: 'list'")


def test_compare():
    assert D.keys() == {"a", "b", "c"} and D.keys() != {"a"} and D.keys() == dict(c=0, b=0, a=0).keys()
    assert D.keys() > {"a"} and D.keys() >= {"a", "b", "c"} and {"a"} < D.keys() and D.keys() <= set("abcd")
    assert not D.keys() < {"a"} and D.items() == set(D.items()) and D.items() != {("a", 1)}
    assert D.values() != D.values() and D.keys() != ["a", "b", "c"]
    raises(TypeError, lambda: D.keys() < [1])


def test_isdisjoint():
    assert D.keys().isdisjoint({"x"}) and not D.keys().isdisjoint(["a"]) and D.keys().isdisjoint([])
    assert D.items().isdisjoint([("a", 2)]) and not D.items().isdisjoint([("a", 1)])
    assert not D.keys().isdisjoint(D.keys()) and {}.keys().isdisjoint({}.keys())
    raises(TypeError, D.keys().isdisjoint, 3, message="'int' object is not iterable")


def test_reversed():
    assert list(reversed(D.keys())) == ["c", "b", "a"] and list(reversed(D.values())) == [3, 2, 1]
    assert list(reversed(D.items())) == [("c", 3), ("b", 2), ("a", 1)]
    d = dict(D)
    it = reversed(d)
    d["x"] = 1
    raises(RuntimeError, next, it, message="dictionary changed size during iteration")


def test_mapping_attribute():
    m = D.keys().mapping
    assert type(m) is types.MappingProxyType and m["a"] == 1 and m == D
    raises(AttributeError, setattr, D.keys(), "mapping", 1)


def test_hash():
    raises(TypeError, hash, D.keys(), message="unhashable type: 'dict_keys'")
    raises(TypeError, hash, D.items(), message="unhashable type: 'dict_items'")
    assert isinstance(hash(D.values()), int)


def test_cannot_be_created():
    raises(TypeError, type(D.keys()), message="cannot create 'dict_keys' instances")
    raises(TypeError, type(iter(D)), message="cannot create 'dict_keyiterator' instances")


def test_iterators():
    it = iter(D.items())
    assert it.__length_hint__() == 3 and next(it) == ("a", 1) and it.__length_hint__() == 2
    assert list(it) == [("b", 2), ("c", 3)] and it.__length_hint__() == 0 and next(it, None) is None
    assert type(iter(D)).__name__ == "dict_keyiterator" and type(iter(D.values())).__name__ == "dict_valueiterator"
    assert type(reversed(D)).__name__ == "dict_reversekeyiterator"


def test_iterator_reduce():
    it = iter(D)
    next(it)
    f, args = it.__reduce__()
    assert f is iter and args == (["b", "c"],) and list(it) == ["b", "c"]
    f, args = iter(D.values()).__reduce__()
    assert args == ([1, 2, 3],)


def test_iterator_error_is_sticky():
    d = {1: 1}
    it = iter(d)
    d[2] = 2
    raises(RuntimeError, next, it)
    raises(RuntimeError, next, it)
    assert it.__length_hint__() == 0


def test_mappingproxy():
    p = types.MappingProxyType(D)
    assert p["a"] == 1 and len(p) == 3 and "b" in p and list(p) == ["a", "b", "c"] and p.get("z", 5) == 5
    assert p.get("z") is None and p.keys() == D.keys() and list(p.values()) == [1, 2, 3] and p == D
    assert list(p.items()) == list(D.items()) and p.copy() == D and type(p.copy()) is dict
    assert repr(types.MappingProxyType({1: 2})) == "mappingproxy({1: 2})" and str(types.MappingProxyType({1: 2})) == "{1: 2}"
    assert list(reversed(p)) == ["c", "b", "a"]
    assert p | {"z": 0} == {**D, "z": 0} and {"z": 0} | p == {"z": 0, **D}
    raises(KeyError, lambda: p["zz"])
    raises(TypeError, p.__class__, 5, message="mappingproxy() argument must be a mapping, not int")
    raises(TypeError, p.__class__, [1], message="mappingproxy() argument must be a mapping, not list")

    def assign():
        p["x"] = 1

    def update():
        q = p
        q |= {}
    raises(TypeError, assign, message="'mappingproxy' object does not support item assignment")
    raises(TypeError, update, message="'|=' is not supported by mappingproxy; use '|' instead")
    raises(TypeError, hash, p, message="unhashable type: 'mappingproxy'")


def test_class_namespace():
    class C:
        x = 1
    assert type(C.__dict__) is types.MappingProxyType and C.__dict__["x"] == 1
    C.y = 2
    assert C.__dict__["y"] == 2


def test_items_with_equal_but_not_identical_values():
    d = {"k": [1, 2]}
    assert ("k", [1, 2]) in d.items() and ("k", [1]) not in d.items()
    assert ("k", (1, 2)) not in d.items()


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
