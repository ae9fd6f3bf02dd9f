"""Programs whose n-th allocation fails, for every n: MemoryError, and all works afterwards. Only ptpython can be asked to let
allocations of one thread fail; elsewhere the programs just run."""
import datetime
import decimal
import math
import re
import subprocess
import symtable
import sys
import threading
import weakref

try:
    from _ptpython import end_allocation_failures, fail_allocations
except ImportError:
    def fail_allocations(start, stop=0):
        pass

    def end_allocation_failures():
        return 0


def fail_each(program):
    """Runs the program with each of its allocations failing in turn, alone and with ten more."""
    expected = program()
    program()
    fail_allocations(1 << 60)
    program()
    count = end_allocation_failures()
    failed = 0
    for n in range(count):
        for stop in (n + 1, n + 10):
            fail_allocations(n, stop)
            try:
                program()
            except MemoryError:
                failed += 1
            except RuntimeError as error:  # __set_name__ fails with one, and says why
                assert isinstance(error.__cause__, MemoryError), repr(error)
                failed += 1
            finally:
                end_allocation_failures()
        assert program() == expected, n
    # What a trace is recorded with is not missed when it fails.
    assert not count or failed > min(count // 4, 50), (failed, count)


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"Point({self.x!r}, {self.y:>4})"

    def moved(self, *steps, scale=1, **more):
        return Point(self.x + sum(steps) * scale, self.y + len(more))


def numbered(n):
    for i in range(n):
        yield i, str(i)


def test_objects_and_calls():
    def program():
        point = Point(1, 2).moved(3, 4, scale=2, up=1)
        point.colour = "red"
        point.shape = ["round"]

        class Local(Point):
            __slots__ = ("extra",)

            @property
            def doubled(self):
                return self.x * 2

        local = Local(5, 6)
        local.extra = [point]

        def outer():
            count = 0

            def inner():
                nonlocal count
                count += 1
                return count
            return inner
        step = outer()
        step()
        return repr(point), local.doubled, step(), [*map(str, range(5)), *zip("ab", "cd")]

    fail_each(program)


def test_containers_and_numbers():
    def program():
        table = {i: str(i) * 3 for i in range(40)}
        names = sorted(table.values(), key=lambda s: s[::-1])
        both = {x for x in numbered(10)} | {1, 2}
        data = bytearray(b"abc")
        data += b"x" * 200
        first, *rest = range(10)
        text = "ünïcode %s %5.2f {}".format(rest) % ("a", 2.5)
        with memoryview(bytes(data)) as view:
            part = view[1:3].tolist()
        return names, len(both), data.hex(), 3 ** 100 % 10 ** 30, str(2 ** 300), int("7" * 60), text.upper().split("C"), part

    fail_each(program)


def test_large_integers():
    def program():
        x, y = 7 ** 5000, 3 ** 8000 + 1
        product = x * y
        quotient, rest = divmod(product + 5, y)
        powers = pow(3, 10 ** 40, y), pow(5, -1, y), pow(7, 10 ** 20, -y)
        text = str(x)[:20], int("123456789" * 400) % 97, hex(y)[-8:]
        return quotient == x, rest, [p % 1009 for p in powers], text, math.gcd(product, x * 2) == x, \
            math.isqrt(product) % 1009, math.lcm(x, y) == product, math.factorial(900) % (2 ** 89 - 1), (x * x) % 1009, product / (x * y + 1)

    fail_each(program)


def test_decimals():
    def program():
        with decimal.localcontext() as context:
            context.prec = 400
            x = decimal.Decimal(2).sqrt()
            y = decimal.Decimal("1." + "37" * 300 + "e-40")
            made = x * y, x / y, x + y, x - y, x % 1, y.exp(), x.ln(), x.log10(), y ** 5, x.fma(y, 3), -x, abs(y)
            digits = [str(m)[:12] for m in made]
            whole = int(x * decimal.Decimal("1e300"))
            other = x.quantize(decimal.Decimal("1e-250")), x.normalize(), x.next_plus(), divmod(x, y)[0], x.to_integral_value()
            bits = decimal.Decimal("101" * 60).logical_xor(decimal.Decimal("11" * 70)), decimal.Decimal("12" * 50).rotate(7)
            ratio = (x + 1).as_integer_ratio()[0] % 1009
            return digits, whole % 1009, [str(o)[-6:] for o in other + bits], ratio, f"{x:.50f}"[-9:], f"{y:.300e}"[-9:], x > y, \
                x.as_tuple().digits[:9], decimal.Decimal((0, (1, 2) * 60, 3)) == y, decimal.Decimal(0.1) > y, x == x.copy_abs(), \
                context.create_decimal("9" * 2000) == y, x.adjusted(), x.is_normal(), pow(decimal.Decimal(7), 300, 10 ** 50)

    fail_each(program)


SOURCE = '''
import os
def f(a, *b, c=1, **d):
    """doc"""
    global g
    def inner(): return [x+y for x in b if x for y in d], a, c
    class K(list, metaclass=type):
        x: int = 1
        async def m(self):
            async with a as b: await c
    try:
        match a:
            case [1, *rest] | {"k": rest}: pass
            case K(x=1) if rest: return f"{a!r:>{c}} {b}"
    except* (ValueError, TypeError) as e: raise e from None
    finally: del a
    with open(a) as q, open(b): yield (w := q)
    while a < b < c: a += 1; continue
    else: assert a, "x"
    return lambda z=1: (yield z)
g = {**{}, "a": [*()], "b": {1,2}, "c": a[1:2, ...] if b else -c ** 2 @ d}
'''


def test_compilation():
    def program():
        code = compile(SOURCE, "x", "exec")
        try:
            compile(SOURCE + "\nx = = 3", "x", "exec")
        except SyntaxError as error:
            message = str(error)
        annotated = compile("from __future__ import annotations\ndef f(x: (a, b) | c[1:2]) -> 'd': pass", "x", "exec")
        table = symtable.symtable(SOURCE, "x", "exec").get_children()[0].get_name()
        return code.co_names, len(code.co_consts), message, len(annotated.co_consts), table

    fail_each(program)


def test_regular_expressions():
    def program():
        pattern = re._compiler.compile(r"(?P<a>ab|a[^c-x]+|\d*?)(?i:ß|[é-ü])(?=x)(?(1)z|y){2,3}", 0)
        return pattern.groups, pattern.groupindex["a"]

    fail_each(program)


def test_traces():
    source = """
class P:
    def __init__(self, x):
        self.x = x
def f(n):
    total = 0
    made = []
    for i in range(n):
        total += i * 2
        made.append(P(i).x)
        if i % 3:
            total -= 1.5
    return total, len(made)
"""

    def program():
        namespace = {}
        exec(source, namespace)
        return namespace["f"](300)

    fail_each(program)


def test_exceptions_generators_and_coroutines():
    def program():
        seen = []
        try:
            {}["missing"]
        except KeyError as error:
            seen.append(str(error))
        try:
            raise ValueError("x") from TypeError("y")
        except ValueError as error:
            seen.append(repr(error.__cause__))
        generator = numbered(3)
        next(generator)
        generator.close()

        async def answer():
            return 42
        try:
            answer().send(None)
        except StopIteration as stop:
            seen.append(stop.value)
        namespace = {}
        exec("def f(x, *y, z=[]): return [x, y, z]\nresult = f(1, 2)", namespace)
        match {"a": [1, 2], "b": 3}:
            case {"a": [x, y], **others}:
                seen.append((x, y, others))
        return seen, namespace["result"], eval("1 + 2 * 3")

    fail_each(program)


def test_foreign_data_and_functions():
    import ctypes
    from ctypes import CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_int, pointer
    library = ctypes.CDLL(None)

    def values():
        class Mixed(Structure):
            _fields_ = [("a", c_int), ("text", c_char_p), ("bits", c_int, 3), ("items", c_int * 3), ("to", POINTER(c_int)),
                        ("thing", ctypes.py_object), ("name", c_char * 4)]

        mixed = Mixed(1, b"x", 3, (1, 2, 3), pointer(c_int(5)), [1], b"ab")
        mixed.text = b"abc"
        mixed.to = pointer(c_int(3))
        buffer = ctypes.create_string_buffer(b"q" * 40)
        ctypes.resize(buffer, 500)
        return (mixed.text, mixed.items[:], mixed.to[0], mixed.to.contents.value, mixed.thing, mixed.name, buffer.value,
                ctypes.c_wchar_p("hi").value, memoryview(mixed).format, repr(c_int(3)), sorted(mixed._objects))

    def calls():
        function = CFUNCTYPE(c_int, c_int, c_char_p)(lambda n, text: n)
        library.strlen.argtypes = [c_char_p]
        return (library.strlen(b"abc"), library.wcslen("abcd"), ctypes.cast(b"abc", c_char_p).value, ctypes.string_at(b"xyz"),
                bool(function))

    fail_each(values)
    fail_each(calls)


def test_dates():
    zone = datetime.timezone(datetime.timedelta(hours=1))
    moment, step = datetime.datetime(2020, 1, 2, 3, 4, 5, 6, zone), datetime.timedelta(1, 2, 3)

    def program():
        return (moment + step - moment, divmod(step * 2.5, step), repr(moment), f"{moment:%z %Z %f}", moment.astimezone(zone),
                datetime.datetime.fromisoformat("2020-01-01T12:00+02:00"), datetime.timedelta(days=10**30, hours=-24 * 10**30),
                hash(moment.replace(hour=5)), moment.isocalendar(), moment.__reduce__(), moment.utctimetuple())

    fail_each(program)


def test_locks_are_released():
    lock, again = threading.Lock(), threading.RLock()

    def program():
        with lock, again:
            [0] * 100
        return lock.locked()

    fail_each(program)
    assert not lock.locked() and again.acquire(blocking=False)


def test_weak_references_die():
    class Target:
        pass

    def program():
        dead = []
        target = Target()
        kept = weakref.ref(target, dead.append)
        del target
        return len(dead), kept() is None

    fail_each(program)


def test_report_without_memory():
    if sys.implementation.name != "ptpython":
        return
    run = subprocess.run([sys.executable, "-c", "import _ptpython\n_ptpython.fail_allocations(0)\nobject().x"],
                         capture_output=True)
    assert run.returncode == 1 and b"MemoryError" in run.stderr, run
