# array.array: all type codes, slices, buffers, files, pickling.
import array as module
import copy
import io
import pickle
import struct
import threading
import weakref
from array import array

from checks import raises

CODES = "bBhHiIlLqQfd"
INTEGERS = "bBhHiIlLqQ"


def test_construction():
    for code in CODES:
        a = array(code, [1, 2, 3])
        assert a.typecode == code and a.itemsize == struct.calcsize(code) and list(a) == [1, 2, 3] and len(a) == 3
        assert array(code) == array(code, ()) == array(code, b"") and array(code, range(3)).tolist() == [0, 1, 2]
        assert array(code, a) == a and array(code, a.tobytes()) == a and array(code, bytearray(a.tobytes())) == a
    assert module.typecodes == "bBuhHiIlLqQfd" and module.ArrayType is array
    assert array("u", "aé\U0001f600").tounicode() == "aé\U0001f600" and array("d", array("i", [1])) == array("d", [1.0])
    raises(TypeError, array, message="array() takes at least 1 argument (0 given)")
    raises(TypeError, array, "i", 3, 4, message="array() takes at most 2 arguments (3 given)")
    raises(TypeError, array, 1, message="array() argument 1 must be a unicode character, not int")
    raises(TypeError, array, "ii")
    raises(ValueError, array, "x", message="bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)")
    raises(TypeError, array, "i", "abc", message="cannot use a str to initialize an array with typecode 'i'")
    raises(TypeError, array, "i", array("u", "a"),
           message="cannot use a unicode array to initialize an array with typecode 'i'")
    raises(ValueError, array, "i", b"abc", message="bytes length not a multiple of item size")
    raises(TypeError, array, "i", 5)
    raises(TypeError, array, "i", x=3)


def test_ranges():
    for code in INTEGERS:
        bits = 8 * array(code).itemsize
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if code.islower() else (0, (1 << bits) - 1)
        a = array(code, [low, high])
        assert a.tolist() == [low, high]
        for bad in (low - 1, high + 1, 2 ** 100):
            raises(OverflowError, a.append, bad)
            raises(OverflowError, a.__setitem__, 0, bad)
        for bad in ("a", 1.5, None):
            raises(TypeError, a.append, bad)
        assert a.tolist() == [low, high]
    raises(OverflowError, array("b").append, 128, message="signed char is greater than maximum")
    raises(OverflowError, array("B").append, -1, message="unsigned byte integer is less than minimum")
    raises(OverflowError, array("H").append, 65536, message="unsigned short is greater than maximum")
    raises(OverflowError, array("I").append, -1, message="can't convert negative value to unsigned int")
    raises(OverflowError, array("q").append, 2 ** 63, message="int too big to convert")
    raises(TypeError, array("d").append, "x", message="must be real number, not str")
    raises(TypeError, array("u").append, "ab", message="array item must be unicode character")


def test_items_and_slices():
    base = list(range(10))
    bounds = [None, 0, 1, 3, 9, 10, 20, -1, -3, -20]
    for start in bounds:
        for stop in bounds:
            for step in (None, 1, 2, 3, -1, -2):
                s = slice(start, stop, step)
                assert array("h", base)[s].tolist() == base[s]
                a, l = array("h", base), base[:]
                del a[s], l[s]
                assert a.tolist() == l
                a, l = array("h", base), base[:]
                if step in (None, 1):
                    a[s] = array("h", [70, 71, 72])
                    l[s] = [70, 71, 72]
                else:
                    n = len(l[s])
                    a[s] = array("h", range(n))
                    l[s] = range(n)
                assert a.tolist() == l
    a = array("i", [1, 2, 3])
    assert a[-1] == 3 and a[True] == 2
    raises(IndexError, lambda: a[3], message="array index out of range")
    raises(TypeError, lambda: a["a"], message="array indices must be integers")
    raises(IndexError, a.__setitem__, 3, 1, message="array assignment index out of range")
    raises(IndexError, a.__delitem__, -4)
    raises(TypeError, a.__setitem__, slice(0, 1), [1], message='can only assign array (not "list") to array slice')
    raises(TypeError, a.__setitem__, slice(0, 1), array("b", [1]))
    raises(ValueError, a.__setitem__, slice(0, 3, 2), array("i", [1]),
           message="attempt to assign array of size 1 to extended slice of size 2")
    a[:] = a
    assert a.tolist() == [1, 2, 3]


def test_methods():
    a = array("i", [3, 1, 2, 1])
    assert a.count(1) == 2 and a.index(1) == 1 and a.index(1, 2) == 3 and 2 in a and 9 not in a and "a" not in a
    raises(ValueError, a.index, 9, message="array.index(x): x not in array")
    raises(ValueError, a.index, 3, 1, 2)
    a.remove(1)
    assert a.tolist() == [3, 2, 1]
    raises(ValueError, a.remove, 9, message="array.remove(x): x not in array")
    a.insert(1, 7), a.insert(-1, 8), a.insert(100, 9), a.insert(-100, 6)
    assert a.tolist() == [6, 3, 7, 2, 8, 1, 9]
    assert a.pop() == 9 and a.pop(0) == 6 and a.pop(-2) == 8
    raises(IndexError, a.pop, 99, message="pop index out of range")
    raises(IndexError, array("i").pop, message="pop from empty array")
    a.reverse()
    assert a.tolist() == [1, 2, 7, 3]
    a.extend([5]), a.extend(a), a.fromlist([0])
    assert a.tolist() == [1, 2, 7, 3, 5] * 2 + [0]
    raises(TypeError, a.extend, array("b"), message="can only extend with array of same kind")
    raises(TypeError, a.extend, 5)
    raises(TypeError, a.fromlist, (1,), message="arg must be list")
    before = a.tolist()
    raises(TypeError, a.fromlist, [1, "a"])
    assert a.tolist() == before
    assert a.buffer_info()[1] == len(a) and a.__sizeof__() >= len(a) * 4


def test_operators():
    a = array("h", [1, 2])
    assert a + a == array("h", [1, 2, 1, 2]) and a * 2 == 2 * a == a + a and a * -1 == array("h")
    b = a
    b += array("h", [3])
    b *= 2
    assert a is b and a.tolist() == [1, 2, 3, 1, 2, 3]
    raises(TypeError, lambda: a + [1], message='can only append array (not "list") to array')
    raises(TypeError, lambda: a + array("i"))
    raises(TypeError, a.__iadd__, [1], message='can only extend array with array (not "list")')
    raises(TypeError, lambda: a * "a")
    assert array("i", [1, 2]) < array("i", [1, 3]) and array("i", [1]) == array("d", [1.0]) and array("i") != []
    assert array("i", [1, 2]) > array("i", [1]) and array("i", [2]) >= array("i", [1, 5])
    raises(TypeError, lambda: array("i") < 5)
    raises(TypeError, hash, a)
    assert repr(array("i")) == "array('i')" and repr(array("d", [1.5])) == "array('d', [1.5])"
    assert repr(array("u", "ab")) == "array('u', 'ab')"


def test_bytes_and_swap():
    a = array("H", [1, 256])
    assert a.tobytes() == b"\1\0\0\1"
    a.byteswap()
    assert a.tolist() == [256, 1]
    a.frombytes(b"\2\0")
    assert a.tolist() == [256, 1, 2]
    raises(ValueError, a.frombytes, b"x", message="bytes length not a multiple of item size")
    raises(TypeError, a.frombytes, "x", message="a bytes-like object is required, not 'str'")
    d = array("d", [1.5])
    d.byteswap(), d.byteswap()
    assert d[0] == 1.5


def test_buffers():
    a = array("i", [1, 2, 3])
    m = memoryview(a)
    assert m.format == "i" and m.itemsize == 4 and m.shape == (3,) and m.tolist() == [1, 2, 3] and not m.readonly
    m[0] = 9
    assert a[0] == 9
    raises(BufferError, a.append, 1, message="cannot resize an array that is exporting buffers")
    raises(BufferError, a.pop)
    raises(BufferError, a.__delitem__, slice(None))
    a[1] = 5
    a[:] = array("i", [7, 8, 9])
    m.release()
    a.append(1)
    assert a.tolist() == [7, 8, 9, 1] and bytes(a) == a.tobytes() and b"".join([array("b", [65])]) == b"A"


def test_files():
    a = array("i", range(1000))
    f = io.BytesIO()
    a.tofile(f)
    f.seek(0)
    b = array("i")
    b.fromfile(f, 600)
    b.fromfile(f, 400)
    assert a == b
    f.seek(len(f.getvalue()) - 8)
    raises(EOFError, b.fromfile, f, 5, message="read() didn't return enough bytes")
    assert b.tolist()[-2:] == [998, 999] and len(b) == 1002
    raises(ValueError, b.fromfile, f, -1, message="negative count")
    raises(AttributeError, b.fromfile, 5, 1)


def test_unicode():
    a = array("u", "abc")
    a.fromunicode("dé")
    assert a.tounicode() == "abcdé" and a[4] == "é" and a.itemsize == 4
    a[0] = "\U0001f600"
    assert a.tounicode()[0] == "\U0001f600"
    raises(ValueError, array("i").fromunicode, "a", message="fromunicode() may only be called on unicode type arrays")
    raises(ValueError, array("i").tounicode, message="tounicode() may only be called on unicode type arrays")


def test_copy_and_pickle():
    class A(array):
        pass
    for a in [array(c, [1, 2, 3]) for c in CODES] + [array("u", "aé"), array("b")]:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            b = pickle.loads(pickle.dumps(a, protocol))
            assert b == a and b.typecode == a.typecode and type(b) is array
        assert copy.copy(a) == a and copy.deepcopy(a) == a and copy.copy(a) is not a
    r = module._array_reconstructor
    assert r(array, "i", 8, b"\1\0\0\0") == array("i", [1]) and r(array, "i", 9, b"\0\0\0\1") == array("i", [1])
    assert r(array, "d", 17, struct.pack(">d", 2.5)) == array("d", [2.5]) and r(array, "u", 19, b"\0a\0b") == array("u", "ab")
    assert r(array, "h", 12, b"\1" + bytes(7)).tolist() == [1]
    raises(ValueError, r, array, "i", 99, b"", message="third argument must be a valid machine format code.")
    raises(TypeError, r, int, "i", 8, b"", message="int is not a subtype of array.array")
    raises(ValueError, r, array, "y", 8, b"", message="second argument must be a valid type code")
    raises(TypeError, r, array, "i", 8, "", message="fourth argument should be bytes, not str")


def test_iteration():
    a = array("b", [1, 2, 3])
    it = iter(a)
    assert next(it) == 1
    a.append(4)
    assert list(it) == [2, 3, 4] and list(it) == []
    it = iter(a)
    next(it)
    assert list(pickle.loads(pickle.dumps(it))) == [2, 3, 4] and list(reversed(a)) == [4, 3, 2, 1]
    assert weakref.ref(a)() is a and isinstance(a, __import__("collections.abc").abc.MutableSequence)
    match a:
        case [1, *rest]:
            assert rest == [2, 3, 4]
        case _:
            raise AssertionError


def test_subclass_and_threads():
    class A(array):
        def __init__(self, code, values=(), extra=None):
            self.extra = extra
    a = A("i", [1, 2], extra="x")
    assert a.extra == "x" and a.tolist() == [1, 2]
    shared = array("q")

    def work(k):
        for i in range(3000):
            shared.append(k * 10000 + i)
            if i % 7 == 0:
                shared.pop(0)
            sum(shared[-5:])
    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(shared) == 4 * (3000 - 429)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
