# OrderedDict: order, changes of order, subclasses, copies, equality.
import collections
import copy
import pickle
from collections import OrderedDict


def test_order():
    d = OrderedDict(a=1, b=2)
    d["c"] = 3
    assert repr(d) in ("OrderedDict([('a', 1), ('b', 2), ('c', 3)])", "OrderedDict({'a': 1, 'b': 2, 'c': 3})")
    assert list(reversed(d)) == ["c", "b", "a"]
    d.move_to_end("a")
    assert list(d) == ["b", "c", "a"]
    d.move_to_end("c", last=False)
    assert list(d) == ["c", "b", "a"]
    for _ in range(100):
        d.move_to_end("b")
        d.move_to_end("c")
    assert list(d.items()) == [("a", 1), ("b", 2), ("c", 3)]
    assert d.popitem(last=False) == ("a", 1)
    assert d.popitem() == ("c", 3)
    assert list(d) == ["b"]


def test_many_moves():
    d = OrderedDict.fromkeys(range(500))
    for i in range(500):
        d.move_to_end(i, last=False)
    assert list(d) == list(range(499, -1, -1))
    for i in range(0, 500, 2):
        del d[i]
        d[i] = i
    assert list(d)[250:] == list(range(0, 500, 2))
    for i in range(490):
        d.popitem(last=bool(i % 2))
    assert len(d) == len(list(d)) == 10


def test_errors():
    for call, message in ((lambda: OrderedDict().popitem(), "dictionary is empty"),
                          (lambda: OrderedDict().move_to_end("x"), "x"), (lambda: OrderedDict().pop("y"), "y")):
        try:
            call()
            assert False
        except KeyError as error:
            assert error.args == (message,)
    try:
        OrderedDict(1, 2)
        assert False
    except TypeError:
        pass


def test_equality():
    a, b = OrderedDict([(1, 1), (2, 2)]), OrderedDict([(2, 2), (1, 1)])
    assert a != b and a == dict(b) and dict(a) == b and a == OrderedDict(a)


def test_operators_and_copies():
    d = OrderedDict(b=2)
    assert type(d | {"z": 1}) is OrderedDict and list(d | {"z": 1}) == ["b", "z"]
    assert type({"q": 1} | d) is OrderedDict and list({"q": 1} | d) == ["q", "b"]
    d |= {"k": 5}
    d.x = [1]
    assert d.__dict__ == {"x": [1]}
    assert pickle.loads(pickle.dumps(d)).x == [1]
    assert copy.copy(d) == d == d.copy() == copy.deepcopy(d)
    d["me"] = d
    assert "..." in repr(d)


def test_subclass():
    class Doubling(OrderedDict):
        def __setitem__(self, key, value):
            super().__setitem__(key, value * 2)

    d = Doubling(a=1)
    d.update(b=2)
    assert dict(d) == {"a": 2, "b": 4}
    assert d.pop("a") == 2 and d.pop("a", 7) == 7
    assert d.setdefault("n", 4) in (4, 8) and d["n"] == 8
    assert type(d.copy()) is Doubling
    assert dict(Doubling.fromkeys("xy", 1)) == {"x": 2, "y": 2}


def test_changed_while_iterated():
    def error(iterable, change):
        count = 0
        try:
            for key in iterable:
                change(key)
                count += 1
                assert count < 100
        except RuntimeError as raised:
            return str(raised)

    message = "OrderedDict mutated during iteration"
    for view in (lambda d: d, lambda d: d.keys(), lambda d: d.values(), lambda d: d.items(), reversed):
        d = collections.OrderedDict(zip("abcde", "abcde"))
        assert error(view(d), lambda key: d.__setitem__("f" + str(len(d)), 1)) == message
        d = collections.OrderedDict(zip("abcde", "abcde"))
        assert error(view(d), lambda key: d.pop("c")) == message
    d = collections.OrderedDict(zip("abcde", "abcde"))
    assert error(d.items(), lambda item: d.move_to_end(item[0])) == message
    d = collections.OrderedDict(zip("abcde", "abcde"))
    assert error(d, d.move_to_end) == message


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
