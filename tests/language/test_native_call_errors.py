"""Messages of wrong calls of native functions."""
import collections
import itertools
import math
import sys
import time


def message(function, *args, **keywords):
    try:
        function(*args, **keywords)
    except TypeError as error:
        return str(error)


def test_functions_of_modules_are_qualified():
    assert message(math.sin) == "math.sin() takes exactly one argument (0 given)"
    assert message(math.sin, x=1) == "math.sin() takes no keyword arguments"
    assert message(time.time, 1) == "time.time() takes no arguments (1 given)"
    assert message(len) == "len() takes exactly one argument (0 given)"
    assert message([].append) == "list.append() takes exactly one argument (0 given)"
    assert message(collections.deque().append) == "deque.append() takes exactly one argument (0 given)"


def test_more_keywords_than_parameters():
    assert message("a".split, sep=1, maxsplit=2, foo=3) == "split() takes at most 2 keyword arguments (3 given)"
    assert message("a".encode, "utf-8", errors=1, foo=2) == "encode() takes at most 2 arguments (3 given)"
    assert message(sum, [1], start=1, foo=2) == "sum() takes at most 2 arguments (3 given)"
    assert message(round, number=1, ndigits=2, foo=1) == "round() takes at most 2 keyword arguments (3 given)"
    assert message(itertools.product, 0, repeat=1, foo=2) == "product() takes at most 1 keyword argument (2 given)"
    assert message(ImportError, name=1, path=2, foo=3) == "ImportError() takes at most 2 keyword arguments (3 given)"
    assert message("a".split, foo=3) == "'foo' is an invalid keyword argument for split()"


def test_size_that_is_too_large():
    class A:
        def __sizeof__(self):
            return sys.maxsize + 1

    try:
        sys.getsizeof(A())
        assert False
    except OverflowError:
        pass


def test_counts_told_plainly():
    for value in ("a", b"a", bytearray(b"a")):
        for name in ("find", "rfind", "index", "rindex", "count", "startswith", "endswith"):
            method = getattr(value, name)
            assert message(method) == f"{name}() takes at least 1 argument (0 given)"
            assert message(method, value, 1, 2, 3) == f"{name}() takes at most 3 arguments (4 given)"
    assert message(time.clock_gettime) == "clock_gettime() takes exactly 1 argument (0 given)"
    assert message([].index) == "index expected at least 1 argument, got 0"


def test_types_of_modules_are_named_with_their_module():
    queue = collections.deque()
    assert message(len, itertools.count()) == "object of type 'itertools.count' has no len()"
    assert message(lambda: queue < 1) == "'<' not supported between instances of 'collections.deque' and 'int'"
    assert message(hash, queue) == "unhashable type: 'collections.deque'"
    assert message(collections.deque.append, [], 1) == (
        "descriptor 'append' for 'collections.deque' objects doesn't apply to a 'list' object")
    assert repr(collections.deque.append) == "<method 'append' of 'collections.deque' objects>"

    class Derived(collections.deque):
        pass
    assert message(abs, Derived()) == "bad operand type for abs(): 'Derived'"
    # Names that stand for themselves are short.
    assert repr(queue) == "deque([])" and message(open, queue) == "expected str, bytes or os.PathLike object, not deque"


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
