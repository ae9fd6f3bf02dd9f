# Generators resumed by loops, by send and by native code; number formatting.
import sys


def test_recursive_generators_in_for_loops():
    def walk(depth):
        if depth:
            for x in walk(depth - 1):
                yield x + 1
        else:
            yield 0
    assert list(walk(200)) == [200]


def test_exception_passes_through_a_loop():
    def g():
        yield 1
        raise KeyError("k")
    seen = []
    try:
        for x in g():
            seen.append(x)
    except KeyError as e:
        assert e.args == ("k",) and e.__traceback__.tb_next.tb_frame.f_code.co_name == "g"
    assert seen == [1]


def test_stop_iteration_inside_becomes_runtime_error():
    def g():
        yield 1
        raise StopIteration(2)
    try:
        for _ in g():
            pass
    except RuntimeError as e:
        assert isinstance(e.__cause__, StopIteration)
    else:
        raise AssertionError


def test_generator_that_iterates_itself():
    def g():
        for x in it:
            yield x
    it = g()
    try:
        next(it)
    except ValueError as e:
        assert str(e) == "generator already executing"
    else:
        raise AssertionError


def test_handled_exception_of_generator_and_loop():
    def g():
        try:
            raise KeyError
        except KeyError:
            yield sys.exc_info()[0]
        yield sys.exc_info()[0]
    try:
        raise ValueError
    except ValueError:
        assert [x for x in g()] == [KeyError, ValueError]
        assert sys.exc_info()[0] is ValueError
    assert sys.exc_info()[0] is None


def test_live_values_at_a_yield():
    def g():
        total = [1, 2] + [(yield "a"), (yield "b")] + [(yield "c")]
        yield total
    it = g()
    assert next(it) == "a" and it.send(3) == "b" and it.send([4]) == "c" and it.send("x") == [1, 2, 3, [4], "x"]


def test_yield_from_and_send():
    def inner():
        got = yield 1
        while got:
            got = yield got * 2
        return "done"

    def outer():
        result = yield from inner()
        yield result
    it = outer()
    assert [next(it), it.send(5), it.send(7), it.send(0)] == [1, 10, 14, "done"]


def test_return_value_of_a_loop_is_dropped():
    def g():
        yield 1
        return 5
    for x in g():
        pass
    assert x == 1


def test_number_formats():
    assert f"{42:05d}|{-42:05d}|{42:>6d}|{42:<6d}|{42:^7d}|{42:+d}|{42:x}|{42:#X}|{42:_}|{-5:=6d}" == \
        "00042|-0042|    42|42    |  42   |+42|2a|0X2A|42|-    5"
    assert f"{1.5:.2f}|{-1.5:08.2f}|{1e10:,.1f}|{0.5:%}|{1234.5:g}|{2.5:+.0f}|{1.0}|{float('nan'):06}" == \
        "1.50|-0001.50|10,000,000,000.0|50.000000%|1234.5|+2|1.0|000nan"
    assert f"{'ab':5s}|{'abc':.2}|{'a':*^5}|{'é':>3}" == "ab   |ab|**a**|  é"
    assert f"{True:d}|{10**20:030d}|{7:3}|{7:03}" == "1|000000000100000000000000000000|  7|007"


def test_number_format_errors():
    for value, spec, text in [(1, "q", "Unknown format code 'q' for object of type 'int'"),
                              (1, ".2d", "Precision not allowed in integer format specifier"),
                              (1.5, "d", "Unknown format code 'd' for object of type 'float'"),
                              ("a", "d", "Unknown format code 'd' for object of type 'str'")]:
        try:
            format(value, spec)
        except ValueError as e:
            assert str(e) == text, e
        else:
            raise AssertionError(spec)


def test_int_digits():
    for i in [0, 7, 10, 99, 100, 101, 999, 1000, 123456789, 2**61 - 1, -1, -99, -100, -(2**61)]:
        assert int(str(i)) == i and repr(i) == f"{i}" == "%d" % i


def test_throwing_keeps_the_context():
    def g():
        try:
            yield
        finally:
            raise third

    first, second, third = Exception(1), Exception(2), Exception(3)
    second.__context__ = context = Exception("context")
    generator = g()
    next(generator)
    try:
        try:
            raise first
        except Exception:
            generator.throw(second)
    except Exception as error:
        assert error is third
    assert third.__context__ is second and second.__context__ is context


def test_throwing_into_a_handler():
    def g():
        try:
            raise inner
        except Exception:
            yield

    inner, thrown = Exception(1), Exception(2)
    generator = g()
    next(generator)
    try:
        generator.throw(thrown)
    except Exception as error:
        assert error is thrown and error.__context__ is inner
