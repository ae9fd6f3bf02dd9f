"""What a generator handles, what it sees of its resumer's handled exception, and throw() through delegation."""
import contextlib
import sys
import traceback
import types
import warnings


def names(error):
    found = []
    while error is not None:
        found.append(str(error))
        error = error.__context__
    return found


def test_raise_after_a_yield_when_the_thrower_handled_the_same():
    def reraises():
        try:
            yield 1
        except ValueError:
            yield 2
            raise
    g = reraises()
    next(g)
    try:
        raise ValueError("v")
    except ValueError as e:
        assert g.throw(e) == 2
    try:
        next(g)
    except ValueError as e:
        assert str(e) == "v" and e.__context__ is None
    else:
        assert False


def test_handlers_left_under_another_resumer():
    def g():
        try:
            raise ValueError
        except ValueError:
            yield 1
        yield sys.exc_info()
        yield sys.exc_info()[0]
        yield sys.exc_info()
    it = g()
    try:
        raise IndexError
    except IndexError:
        assert next(it) == 1
    assert next(it) == (None, None, None)
    try:
        raise KeyError
    except KeyError:
        assert next(it) is KeyError
    assert next(it) == (None, None, None) and sys.exc_info() == (None, None, None)


def test_resumers_exception_shows_through():
    def inner():
        while True:
            try:
                raise
            except (RuntimeError, ValueError) as e:
                yield repr(e), sys.exc_info()[0]

    def outer():
        yield from inner()
    for make in inner, outer:
        it = make()
        assert next(it) == ("RuntimeError('No active exception to reraise')", RuntimeError)
        try:
            raise ValueError(1)
        except ValueError:
            assert next(it) == ("ValueError(1)", ValueError)

    def fails():
        yield
        raise TypeError("t")
    it = fails()
    next(it)
    try:
        try:
            raise KeyError("k")
        except KeyError:
            next(it)
    except TypeError as e:
        assert names(e) == ["t", "'k'"]


def test_throw_keeps_the_context():
    def replaces(error):
        try:
            yield
        finally:
            raise error
    e1, e2, e3 = (Exception(str(n)) for n in (1, 2, 3))
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.contextmanager(replaces)(e3))
            stack.enter_context(contextlib.contextmanager(replaces)(e2))
            raise e1
    except Exception as e:
        assert names(e) == ["3", "2", "1"]


def test_throw_leaves_the_delegating_frames_on_the_stack():
    @types.coroutine
    def innermost():
        try:
            yield [frame.name for frame in traceback.extract_stack()][-3:]
        except ZeroDivisionError:
            yield [frame.name for frame in traceback.extract_stack()][-3:]

    async def middle():
        return await innermost()

    async def outer():
        return await middle()
    coroutine = outer()
    assert coroutine.send(None) == coroutine.throw(ZeroDivisionError) == ["outer", "middle", "innermost"]
    coroutine.close()


def test_finished_and_unstarted_coroutines():
    async def f():
        pass
    coroutine = f()
    try:
        coroutine.send(None)
    except StopIteration:
        pass
    for call in (lambda: coroutine.send(None), lambda: coroutine.throw(ValueError)):
        try:
            call()
        except RuntimeError as e:
            assert str(e) == "cannot reuse already awaited coroutine"
        else:
            assert False
    coroutine.close()
    coroutine = f()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        coroutine.cr_frame.clear()
    assert "was never awaited" in str(seen[0].message)
    coroutine.close()


def test_unraisable_of_a_finalizer_has_a_traceback():
    def stubborn():
        while True:
            try:
                yield
            except GeneratorExit:
                pass
    seen = []
    old, sys.unraisablehook = sys.unraisablehook, lambda args: seen.append((args.exc_type, args.exc_traceback is not None))
    try:
        g = stubborn()
        next(g)
        del g
    finally:
        sys.unraisablehook = old
    assert seen == [(RuntimeError, True)]
