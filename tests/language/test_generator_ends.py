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
