"""What compiled code does while an exception is handled that nobody has seen, and frames that return after they have caught one."""
import sys
import traceback
import types

kept = []


def lookup(memo, x, keep):
    y = x * 2
    try:
        memo[id(memo)].append(x)
    except KeyError as e:
        memo[id(memo)] = [x]
        if keep:
            kept.append(e)
        z = len(memo)
    else:
        z = 0
    return y + z


def outer(i, keep):
    a = i + 1
    memo = {}
    b = lookup(memo, i, keep)
    c = lookup(memo, i, keep)
    return a + b + c + type(memo).__name__.count("d")


def test_frames_that_return_after_a_handler():
    total = 0
    for i in range(3000):
        total += outer(i, i % 500 == 499)
    assert total == sum(i + 1 + 2 * i + 1 + 2 * i + 1 for i in range(3000))
    assert len(kept) == 6
    for n, e in enumerate(kept):
        tb = e.__traceback__
        frame, i = tb.tb_frame, 500 * n + 499
        assert tb.tb_next is None and frame.f_code is lookup.__code__
        assert (tb.tb_lineno, frame.f_lineno) == (lookup.__code__.co_firstlineno + 3, lookup.__code__.co_firstlineno + 11)
        assert {k: frame.f_locals[k] for k in "xyz"} == {"x": i, "y": 2 * i, "z": 1} and "e" not in frame.f_locals


class Asks(dict):
    def __len__(self):
        return sys.exc_info()[1].args[0]


def test_builtins_called_by_handlers():
    total = 0
    asks = Asks()
    view = types.MappingProxyType(asks)
    for i in range(3000):
        try:
            {}[i]
        except KeyError:
            total += len([1, 2]) + (id(total) > 0) + (type(total) is int) + len(asks) - len(view)
            total += sys.exc_info()[1].args[0] == i
    assert total == 5 * 3000


def inner(i):
    d = {}
    try:
        d[i]
    except KeyError:
        d[i] = id(d)
        if i % 7 == 0:
            raise ValueError
        return 1
    return 2


def test_exceptions_raised_by_handlers():
    total = 0
    for i in range(3000):
        try:
            total += inner(i)
        except ValueError as e:
            assert isinstance(e.__context__, KeyError) and e.__context__.args == (i,)
            total += len(traceback.extract_tb(e.__traceback__))
    assert total == 3000 + len(range(0, 3000, 7))
