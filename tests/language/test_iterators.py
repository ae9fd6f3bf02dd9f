"""Iterators of the builtin sequences, the old sequence protocol, iter with a sentinel, reversed."""
from checks import raises


class Old:
    def __init__(self, n):
        self.n = n

    def __getitem__(self, i):
        if i >= self.n:
            raise IndexError
        return i * 10


class Sized(Old):
    def __len__(self):
        return self.n


def test_list_iterator():
    it = iter([1, 2, 3])
    assert iter(it) is it and it.__length_hint__() == 3 and next(it) == 1 and it.__length_hint__() == 2
    f, args, index = it.__reduce__()
    assert f is iter and args == ([1, 2, 3],) and index == 1
    it.__setstate__(2)
    assert list(it) == [3] and it.__reduce__() == (iter, ([],)) and it.__length_hint__() == 0
    it.__setstate__(0)
    assert list(it) == []


def test_list_iterator_follows_the_list():
    a = [1, 2]
    it = iter(a)
    next(it)
    a.append(3)
    assert list(it) == [2, 3]
    a.append(4)
    assert list(it) == []
    it = iter(a)
    next(it)
    a.clear()
    assert it.__length_hint__() == 0 and next(it, "end") == "end"


def test_setstate_clamps():
    it = iter([1, 2, 3])
    it.__setstate__(100)
    assert list(it) == []
    it = iter([1, 2, 3])
    it.__setstate__(-5)
    assert list(it) == [1, 2, 3]
    it = iter((1, 2, 3))
    it.__setstate__(1)
    assert list(it) == [2, 3]
    raises(TypeError, iter([1]).__setstate__, "a", message="an integer is required")


def test_list_reverse_iterator():
    it = reversed([1, 2, 3])
    assert type(it).__name__ == "list_reverseiterator" and it.__length_hint__() == 3 and next(it) == 3
    f, args, index = it.__reduce__()
    assert f is reversed and args == ([1, 2, 3],) and index == 1
    assert list(it) == [2, 1] and it.__reduce__() == (iter, ([],)) and next(it, 0) == 0 and it.__length_hint__() == 0
    it = reversed([1, 2, 3])
    it.__setstate__(0)
    assert list(it) == [1]
    a = [1, 2, 3]
    it = reversed(a)
    a.clear()
    assert it.__length_hint__() == 0 and list(it) == []
    a.extend([7, 8, 9])
    assert list(it) == []


def test_tuple_iterator():
    it = iter((1, 2))
    assert type(it).__name__ == "tuple_iterator" and it.__reduce__() == (iter, ((1, 2),), 0)
    assert list(it) == [1, 2] and it.__reduce__() == (iter, ((),))


def test_iterators_cannot_be_created():
    for value in ([], (), {}, set(), range(0), range(10 ** 30)):
        raises(TypeError, type(iter(value)))
    raises(TypeError, type(iter([])), message="cannot create 'list_iterator' instances")


def test_old_protocol():
    it = iter(Old(3))
    assert type(it).__name__ == "iterator" and iter(it) is it and list(it) == [0, 10, 20] and list(it) == []
    assert list(Old(4)) == [0, 10, 20, 30] and tuple(Old(2)) == (0, 10) and 20 in Old(3) and 25 not in Old(3)
    a, b = Old(2)
    assert (a, b) == (0, 10)


def test_old_protocol_state():
    s = Sized(5)
    it = iter(s)
    assert it.__length_hint__() == 5 and next(it) == 0 and it.__length_hint__() == 4
    f, args, index = it.__reduce__()
    assert f is iter and args == (s,) and index == 1
    it.__setstate__(3)
    assert list(it) == [30, 40] and it.__reduce__() == (iter, ((),)) and it.__length_hint__() == 0
    assert iter(Old(2)).__length_hint__() is NotImplemented


def test_old_protocol_errors():
    class Failing:
        def __getitem__(self, i):
            if i == 1:
                raise ZeroDivisionError("at 1")
            if i == 2:
                raise StopIteration
            return i
    it = iter(Failing())
    assert next(it) == 0
    raises(ZeroDivisionError, next, it, message="at 1")
    raises(ZeroDivisionError, next, it)
    it.__setstate__(2)
    assert list(it) == []


def test_not_iterable():
    raises(TypeError, iter, 5, message="'int' object is not iterable")
    raises(TypeError, iter, None, message="'NoneType' object is not iterable")

    class NoIter:
        __iter__ = None

        def __getitem__(self, i):
            return i
    raises(TypeError, iter, NoIter(), message="'NoIter' object is not iterable")

    class BadIter:
        def __iter__(self):
            return 5
    raises(TypeError, iter, BadIter(), message="iter() returned non-iterator of type 'int'")


def test_callable_iterator():
    values = [1, 2, 3, 0, 5]
    it = iter(lambda: values.pop(0), 0)
    assert type(it).__name__ == "callable_iterator" and list(it) == [1, 2, 3] and next(it, "x") == "x" and values == [5]
    raises(TypeError, iter, 5, 1, message="iter(v, w): v must be callable")
    assert iter(int, 1).__reduce__() == (iter, (int, 1))


def test_callable_iterator_errors():
    calls = []

    def f():
        calls.append(1)
        if len(calls) == 3:
            raise StopIteration
        if len(calls) == 2:
            raise KeyError("two")
        return len(calls)
    it = iter(f, 100)
    assert next(it) == 1
    raises(KeyError, next, it)
    assert next(it, None) is None and next(it, None) is None and len(calls) == 3

    class Bad:
        def __eq__(self, other):
            raise OSError("eq")
    raises(OSError, next, iter(int, Bad()))


def test_reversed_of_sequences():
    assert list(reversed("abc")) == ["c", "b", "a"] and list(reversed((1, 2))) == [2, 1] and list(reversed(Sized(3))) == [20, 10, 0]
    it = reversed("abc")
    assert type(it) is reversed and it.__length_hint__() == 3 and next(it) == "c" and it.__reduce__() == (reversed, ("abc",), 1)
    it.__setstate__(0)
    assert list(it) == ["a"] and it.__length_hint__() == 0 and it.__reduce__() == (reversed, ((),))
    it.__setstate__(1)
    assert list(it) == []


def test_reversed_errors():
    raises(TypeError, reversed, 5, message="'int' object is not reversible")
    raises(TypeError, reversed, {1}, message="'set' object is not reversible")
    raises(TypeError, reversed, message="reversed expected 1 argument, got 0")
    raises(TypeError, reversed, Old(3), message="object of type 'Old' has no len()")

    class No:
        __reversed__ = None

        def __len__(self):
            return 1

        def __getitem__(self, i):
            return i
    raises(TypeError, reversed, No(), message="'No' object is not reversible")

    class Own:
        def __reversed__(self):
            return "anything"
    assert reversed(Own()) == "anything"


def test_reversed_subclass():
    class R(reversed):
        pass
    r = R("ab")
    assert type(r) is R and list(r) == ["b", "a"]


def test_next_default():
    it = iter([])
    assert next(it, 5) == 5
    raises(StopIteration, next, it)
    raises(TypeError, next, [], message="'list' object is not an iterator")


def test_length_hint_is_used_with_care():
    class Hint:
        def __init__(self, hint):
            self.hint = hint

        def __iter__(self):
            return iter([1, 2])

        def __length_hint__(self):
            if isinstance(self.hint, Exception):
                raise self.hint
            return self.hint
    for hint in (0, 2, 1000, NotImplemented):
        assert list(Hint(hint)) == [1, 2]
    raises(ValueError, list, Hint(-1), message="__length_hint__() should return >= 0")
    raises(TypeError, list, Hint("a"), message="__length_hint__ must be an integer, not str")
    raises(OSError, list, Hint(OSError("x")))
    assert list(Hint(TypeError())) == [1, 2]


def test_iterators_keep_their_container_alive():
    it = iter([object() for _ in range(3)])
    assert len(list(it)) == 3
    it = iter({"a": 1}.items())
    assert list(it) == [("a", 1)]


def test_nested_iteration():
    a = [1, 2, 3]
    assert [(x, y) for x in a for y in a] == [(x, y) for x in (1, 2, 3) for y in (1, 2, 3)]
    it = iter(a)
    assert list(zip(it, it)) == [(1, 2)]


def test_index_at_its_end():
    class Endless:
        def __getitem__(self, index):
            return index

    iterator = iter(Endless())
    iterator.__setstate__(2 ** 63 - 3)
    assert [next(iterator), next(iterator)] == [2 ** 63 - 3, 2 ** 63 - 2]
    for _ in range(2):
        try:
            next(iterator)
        except OverflowError as error:
            assert str(error) == "iter index too large"
        else:
            raise AssertionError


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
