"""The moments when a generator ends: destructors of its locals, exceptions that cannot be made."""


def test_destructor_resumes_the_generator():
    class A:
        def __del__(self):
            try:
                next(it)
            except StopIteration:
                log.append("stop")

    def gen(a):
        yield 1

    log = []
    it = gen(A())
    assert list(it) == [1]
    assert log == ["stop"]


def test_destructor_resumes_a_failing_generator():
    class A:
        def __del__(self):
            log.append(list(it))

    def gen(a):
        yield 1
        raise KeyError(2)

    log = []
    it = gen(A())
    next(it)
    try:
        next(it)
    except KeyError:
        pass
    assert log == [[]]


def test_other_generator_returns_in_destructor():
    def inner():
        yield 5
        return 6

    class A:
        def __del__(self):
            log.append(list(inner()))

    def gen(a):
        yield 1
        return 7

    log = []
    it = gen(A())
    next(it)
    try:
        next(it)
    except StopIteration as stop:
        assert stop.value == 7
    assert log == [[5]]


def test_throw_of_what_is_no_exception():
    class E(Exception):
        def __new__(cls, *args):
            return cls

    def gen():
        try:
            yield
        except TypeError as e:
            log.append("should have returned an instance of BaseException" in str(e))

    log = []
    g = gen()
    next(g)
    try:
        g.throw(E)
    except StopIteration:
        pass
    assert log == [True]


def test_throw_has_the_handled_exception_as_context():
    def gen():
        try:
            raise KeyError("a")
        except KeyError:
            yield

    g = gen()
    next(g)
    try:
        g.throw(ValueError)
    except ValueError as e:
        assert isinstance(e.__context__, KeyError) and e.__context__.args == ("a",)


def test_yield_from_takes_the_value_of_stop_iteration():
    class Iterator:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration(42)

    def gen():
        result.append((yield from Iterator()))

    result = []
    assert list(gen()) == [] and result == [42]


def test_origin_of_coroutines():
    import sys
    import warnings

    async def a():
        pass

    sys.set_coroutine_origin_tracking_depth(2)
    try:
        c = a()
        assert len(c.cr_origin) == 2 and c.cr_origin[0][2] == "test_origin_of_coroutines"
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            del c
        assert "was never awaited\nCoroutine created at" in str(seen[0].message)
    finally:
        sys.set_coroutine_origin_tracking_depth(0)
    c = a()
    assert c.cr_origin is None
    c.close()


def test_one_exception_in_except_star_is_a_group():
    try:
        try:
            raise ExceptionGroup("eg", [TypeError(1), ValueError(2)])
        except* (TypeError, ValueError):
            raise SyntaxError("3")
    except ExceptionGroup as e:
        assert e.message == "" and [type(x) for x in e.exceptions] == [SyntaxError]
    else:
        raise AssertionError


def test_class_body_locals():
    def f(x):
        class C:
            y = x
            names = sorted(locals())

        return C.names

    assert f(1) == ["__module__", "__qualname__", "y"]


def test_classmethod_of_a_bound_method():
    class A:
        def foo(self, cls):
            return cls

    class B:
        bar = classmethod(A().foo)

    assert B.bar() is B


def test_function_members():
    import types

    assert type(types.FunctionType.__globals__) is types.MemberDescriptorType
    tb = types.TracebackType(None, __import__("sys")._getframe(), 1, 2)
    assert (tb.tb_lasti, tb.tb_lineno) == (1, 2)


def test_generators_left_suspended():
    log = []

    class Noisy:
        def __init__(self, name):
            self.name = name

        def __del__(self):
            log.append(self.name)

    def plain(n):
        a, b = Noisy("a"), Noisy("b")
        for i in range(n):
            yield i

    def guarded(n):
        kept = Noisy("kept")
        try:
            for i in range(n):
                yield i
        finally:
            log.append("finally")

    def outside(n):
        try:
            log.append("begun")
        finally:
            log.append("passed")
        yield from plain(n)

    def delegating(n):
        yield from guarded(n)

    def handling(n):
        try:
            raise ValueError(n)
        except ValueError as e:
            kept = Noisy("handling")
            yield e

    def look(make):
        del log[:]
        for _ in range(300):
            assert any(x is not None for x in make(3))
            g = make(3)
            next(g)
            g.close()
            assert g.gi_frame is None and list(g) == []
            g.close()
        return log[:len(log) // 600], len(log)

    assert look(plain) == (["a", "b"], 1200)
    assert look(guarded) == (["finally", "kept"], 1200)
    assert look(outside) == (["begun", "passed", "a", "b"], 2400)
    assert look(delegating) == (["finally", "kept"], 1200)
    assert look(handling) == (["handling"], 600)

    g = plain(3)
    next(g)
    frame = g.gi_frame
    assert frame.f_locals["i"] == 0
    g.close()
    assert g.gi_frame is None and "i" not in frame.f_locals or frame.f_locals["i"] == 0

    class Closer:
        def __del__(self):
            log.append((g.gi_running, g.gi_frame is None))
            try:
                next(g)
            except (StopIteration, ValueError) as e:
                log.append(type(e).__name__)

    def closing():
        closer = Closer()
        yield 1

    g = closing()
    next(g)
    del log[:]
    g.close()
    assert log[-1] in ("StopIteration", "ValueError"), log
