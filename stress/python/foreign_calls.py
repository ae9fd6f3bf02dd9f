"""ctypes from many threads: calls and callbacks at once, also in threads that C makes; one structure, array and pointer read and
written by all; types made at the same time; instances resized while others read them. Values are never torn, what memory names
is alive, and each callback counts once."""

import ctypes
import gc
from ctypes import *

import common

libc = CDLL(None, use_errno=True)
COMPARE = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
START = CFUNCTYPE(c_void_p, c_void_p)


class Point(Structure):
    _fields_ = [("x", c_long), ("y", c_double), ("low", c_uint, 12), ("high", c_uint, 20), ("text", c_char_p), ("next", POINTER(c_long)),
                ("thing", py_object), ("items", c_char_p * 4)]


WHOLE = [n * 0x0101010101010101 for n in range(1, 100)]


def one_structure(n):
    """All threads write one structure's fields and read them."""
    shared = Point(WHOLE[0], 1.0, 0, 0, b"%d" % 1 * 20, pointer(c_long(WHOLE[0])), ("thing", 0))
    number = c_long(WHOLE[0])
    text = c_char_p(b"text-%d" % 0)
    wide = c_wchar_p("wide-0")

    def work(index):
        random = common.rng(index + n)
        for i in range(60):
            k = random.below(90)
            shared.x = WHOLE[k]
            common.check(shared.x in WHOLE, "torn")
            number.value = WHOLE[k]
            common.check(number.value in WHOLE, "torn")
            shared.y = float(k)
            common.check(shared.y in range(90) or shared.y == 1.0, shared.y)
            shared.text = b"%d" % k * 20
            common.check(len(set(shared.text.split(b"-"))) == 1 and shared.text[:20].isdigit(), shared.text)
            text.value = b"text-%d" % k
            common.check(text.value.startswith(b"text-") and libc.strlen(text) in (6, 7), text.value)
            wide.value = "wide-%d" % k
            common.check(wide.value.startswith("wide-"), wide.value)
            shared.thing = ("thing", k)
            common.check(shared.thing[0] == "thing", shared.thing)
            shared.items[k % 4] = b"item-%d" % k
            common.check((shared.items[random.below(4)] or b"item-").startswith(b"item-"), "items")
            shared.next = pointer(c_long(WHOLE[k]))
            dict(shared._objects)
            memoryview(shared).nbytes

    def bits(index):
        # Neighbours in one word lose nothing to each other.
        for i in range(200):
            if index % 2:
                shared.low = i
                common.check(shared.low == i, ("low", shared.low, i))
            else:
                shared.high = i
                common.check(shared.high == i, ("high", shared.high, i))

    common.run_threads(work, extra=[lambda index: bits(0), lambda index: bits(1)])
    common.check(shared.low == 199 == shared.high, (shared.low, shared.high))


def one_pointer(n):
    """A pointer that is made to point elsewhere while others read through it."""
    shared = POINTER(c_long)(c_long(WHOLE[0]))
    texts = (c_char_p * 3)(b"a" * 50, b"a" * 50, b"a" * 50)

    def work(index):
        random = common.rng(index + n)
        for i in range(100):
            k = random.below(90)
            if index % 2:
                shared.contents = c_long(WHOLE[k])
                texts[k % 3] = b"a" * (50 + k)
            else:
                common.check(shared[0] in WHOLE, "what is pointed to")
                common.check(set(texts[k % 3]) == {97}, "text")
            if k % 10 == 0:
                [bytes(100) for _ in range(20)]

    common.run_threads(work)


def types(n):
    """Each pointer and array type is made once."""
    class Fresh(Structure):
        _fields_ = [("n", c_int)]

    seen = []

    def work(index):
        pointers = [POINTER(Fresh) for _ in range(5)]
        arrays = [Fresh * 3, Fresh * 4, Fresh * 3]
        nested = POINTER(POINTER(Fresh))
        seen.append((pointers[0], arrays[0], arrays[1], nested))
        common.check(len(set(pointers)) == 1 and arrays[0] is arrays[2], "one type")
        value = arrays[0](Fresh(1), Fresh(2))
        common.check(pointer(value[1]).contents.n == 2, "value")
        common.check(cast(value, pointers[0])[1].n == 2, "cast")

    common.run_threads(work)
    common.check(len(set(seen)) == 1, "types differ between threads")


def late_fields(n):
    """A structure gets its fields while other threads make instances of it: those have all fields, or none."""
    class Late(Structure):
        pass

    outcomes = []

    def work(index):
        if index == 0:
            try:
                Late._fields_ = [("a", c_long * 20), ("b", c_long)]
                outcomes.append("set")
            except AttributeError:
                outcomes.append("final")
            return
        for i in range(20):
            late = Late()
            size = sizeof(late)
            common.check(size in (0, 168), size)
            try:
                late.b = WHOLE[i]
            except TypeError:
                common.check(size == 0, "too small")
            if size:
                common.check(late.b == WHOLE[i], "b")

    common.run_threads(work)
    common.check(len(outcomes) == 1, outcomes)


def callbacks(n):
    """qsort with a Python function in all threads, errno of its own in each."""
    def compare(a, b):
        return a[0] - b[0]

    shared = COMPARE(compare)

    def work(index):
        random = common.rng(index + n)
        own = COMPARE(lambda a, b: b[0] - a[0])
        for i in range(5):
            numbers = (c_int * 12)(*[random.below(100) for _ in range(12)])
            expected = sorted(numbers)
            libc.qsort(numbers, 12, sizeof(c_int), shared)
            common.check(list(numbers) == expected, "sorted")
            libc.qsort(numbers, 12, sizeof(c_int), own)
            common.check(list(numbers) == expected[::-1], "sorted backwards")
            set_errno(index + 1)
            common.check(get_errno() == index + 1, "errno")
            libc.close(-1)
            common.check(get_errno() == 9, "errno after a call")

    common.run_threads(work)


def foreign_threads(n):
    """Threads that C makes run Python code while ours do."""
    counts = [0] * 8
    kept = []

    def body(argument):
        counts[argument - 1] += 1
        kept.append([argument] * 10)
        if argument % 3 == 0:
            gc.collect()
        return argument * 3

    start = START(body)

    def work(index):
        for i in range(2):
            handle, result = c_ulong(), c_void_p()
            common.check(libc.pthread_create(byref(handle), None, start, c_void_p(index % 8 + 1)) == 0, "thread")
            common.check(libc.pthread_join(handle, byref(result)) == 0, "join")
            common.check(result.value == (index % 8 + 1) * 3, ("result", result.value))

    threads = common.run_threads(work)
    common.equal(len(kept), 2 * len(threads), "callbacks")


def resizing(n):
    """What others read of an instance stays there while it grows."""
    shared = (c_ubyte * 64)(*[7] * 64)
    view = memoryview(shared)
    inner = cast(shared, POINTER(c_ubyte))

    def work(index):
        random = common.rng(index + n)
        for i in range(40):
            if index == 0:
                resize(shared, 64 + random.below(3000))
            common.check(shared[random.below(64)] == 7 and inner[random.below(64)] == 7, "moved")
            common.check(view.nbytes == 64 and sizeof(shared) >= 64, "size")
            common.check(bytes(shared)[:64] == b"\7" * 64, "bytes")
            common.check(libc.memchr(shared, 8, 64) == 0, "memory")

    common.run_threads(work)


def body(n):
    one_structure(n)
    one_pointer(n)
    types(n)
    late_fields(n)
    callbacks(n)
    foreign_threads(n)
    resizing(n)


common.main(lambda: common.phases(body))
