"""bytearray: construction, mutation, buffer exports, shared methods."""
import operator

from checks import raises


def test_constructor():
    assert bytearray() == b"" and bytearray(3) == b"\0\0\0" and bytearray([1, 2]) == b"\1\2" and bytearray(b"abc") == b"abc" and bytearray("é", "utf-8") == b"\xc3\xa9" and bytearray(range(3)) == b"\0\1\2"
    raises(TypeError, bytearray, 5.0, message="cannot convert 'float' object to bytearray")
    raises(ValueError, bytearray, [300], message="byte must be in range(0, 256)")
    raises(TypeError, bytearray, ["a"], message="'str' object cannot be interpreted as an integer")
    raises(TypeError, bytearray, "a", message="string argument without an encoding")
    raises(ValueError, bytearray, -1, message="negative count")
    b = bytearray(b"old")
    b.__init__(b"new value")
    assert b == b"new value"


def test_get_item():
    b = bytearray(b"abcdef")
    assert b[0] == 97 and b[-1] == 102 and b[1:3] == b"bc" and type(b[1:3]) is bytearray and b[::-2] == b"fdb" and b[:] == b and b[:] is not b
    raises(IndexError, operator.getitem, b, 6, message="bytearray index out of range")
    raises(TypeError, operator.getitem, b, "s", message="bytearray indices must be integers or slices, not str")


def test_set_item():
    b = bytearray(b"abc")
    b[0] = 120
    b[-1] = 255
    assert b == b"xb\xff"
    raises(IndexError, operator.setitem, b, 5, 1, message="bytearray index out of range")
    raises(ValueError, operator.setitem, b, 0, 256, message="byte must be in range(0, 256)")
    raises(TypeError, operator.setitem, b, 0, "a", message="'str' object cannot be interpreted as an integer")
    raises(TypeError, operator.setitem, b, "s", 1, message="bytearray indices must be integers or slices, not str")


def test_set_slice():
    b = bytearray(b"abcdef")
    b[1:3] = b"XYZ"
    assert b == b"aXYZdef"
    b[1:4] = b""
    assert b == b"adef"
    b[2:2] = [1, 2]
    assert b == b"ad\1\2ef"
    b[:0] = bytearray(b"<<")
    b[len(b):] = memoryview(b">>")
    assert b == b"<<ad\1\2ef>>"
    b[::2] = b"01234"
    assert b == b"0<1d2\x023f4>"
    b[3:1] = b"!"
    assert b == b"0<1!d2\x023f4>"
    b[1:3] = b
    assert b == b"0" + b"0<1!d2\x023f4>" + b"!d2\x023f4>"
    b[:] = iter([1, 2, 3])
    assert b == b"\1\2\3"
    raises(ValueError, operator.setitem, b, slice(0, 3, 2), b"abc", message="attempt to assign bytes of size 3 to extended slice of size 2")
    for bad in (300, "abc", 5.0):
        raises(TypeError, operator.setitem, b, slice(0, 1), bad, message="can assign only bytes, buffers, or iterables of ints in range(0, 256)")


def test_delete():
    b = bytearray(range(10))
    del b[0]
    del b[-1]
    assert b == bytes(range(1, 9))
    del b[1:3]
    assert b == b"\1\4\5\6\7\x08"
    del b[::2]
    assert b == b"\4\6\x08"
    del b[::-1]
    assert b == b""
    b = bytearray(range(10))
    del b[8:1:-3]
    assert b == bytes([0, 1, 3, 4, 6, 7, 9])
    raises(IndexError, operator.delitem, b, 20, message="bytearray index out of range")


def test_append_extend_insert():
    b = bytearray()
    for i in range(1000):
        b.append(i % 256)
    assert len(b) == 1000 and b[999] == 999 % 256
    b = bytearray(b"ab")
    b.extend(b"cd")
    b.extend([101, 102])
    b.extend(x for x in (103,))
    b.extend(b)
    assert b == b"abcdefgabcdefg"
    b = bytearray(b"ac")
    b.insert(1, 98)
    b.insert(100, 100)
    b.insert(-100, 64)
    assert b == b"@abcd"
    raises(ValueError, b.append, 300, message="byte must be in range(0, 256)")
    raises(TypeError, b.append, "a", message="'str' object cannot be interpreted as an integer")
    raises(TypeError, b.extend, 5, message="can't extend bytearray with int")
    raises(TypeError, b.extend, "a")
    raises(ValueError, b.extend, [300], message="byte must be in range(0, 256)")
    assert b == b"@abcd"


def test_pop_remove_clear():
    b = bytearray(b"abcabc")
    assert b.pop() == 99 and b.pop(0) == 97 and b.pop(-2) == 97 and b == b"bcb"
    b.remove(98)
    assert b == b"cb"
    b.reverse()
    assert b == b"bc" and b.copy() == b and b.copy() is not b
    b.clear()
    assert b == b"" and len(b) == 0
    raises(IndexError, b.pop, message="pop from empty bytearray")
    raises(IndexError, bytearray(b"a").pop, 5, message="pop index out of range")
    raises(ValueError, b.remove, 5, message="value not found in bytearray")


def test_queue_use():
    b = bytearray()
    expected = b""
    for i in range(300):
        b += bytes([i % 256]) * 7
        expected += bytes([i % 256]) * 7
        del b[:5]
        expected = expected[5:]
        assert b == expected
    assert b.find(bytes([299 - 256])) == expected.find(bytes([299 - 256]))


def test_in_place_operators():
    b = same = bytearray(b"ab")
    b += b"c"
    b += bytearray(b"d")
    b += memoryview(b"e")
    assert b == b"abcde" and b is same
    b += bytes(b)
    assert b == b"abcdeabcde"
    b *= 2
    assert b == b"abcde" * 4 and b is same
    b *= 0
    assert b == b"" and b is same
    raises(TypeError, operator.iadd, b, "a", message="can't concat str to bytearray")
    raises(TypeError, operator.iadd, b, 5, message="can't concat int to bytearray")


def test_operators():
    assert bytearray(b"a") + b"b" == b"ab" and type(bytearray(b"a") + b"b") is bytearray and bytearray(b"ab") * 2 == b"abab" and 97 in bytearray(b"abc") and b"bc" in bytearray(b"abc")
    assert bytearray(b"a") == b"a" and b"a" == bytearray(b"a") and bytearray(b"a") < b"b" and bytearray(b"a") != "a" and bytearray(b"a") == memoryview(b"a")
    raises(TypeError, hash, bytearray(), message="unhashable type: 'bytearray'")
    raises(TypeError, operator.lt, bytearray(b"a"), "b", message="'<' not supported between instances of 'bytearray' and 'str'")


def test_exports_block_resizing():
    b = bytearray(b"abc")
    m = memoryview(b)
    message = "Existing exports of data: object cannot be re-sized"
    raises(BufferError, b.append, 1, message=message)
    raises(BufferError, b.extend, b"x", message=message)
    raises(BufferError, b.clear, message=message)
    raises(BufferError, b.pop, message=message)
    raises(BufferError, operator.delitem, b, 0, message=message)
    raises(BufferError, operator.setitem, b, slice(0, 1), b"", message=message)
    b[0] = 120
    b[1:3] = b"yz"
    assert m.tobytes() == b"xyz"
    m.release()
    b.append(33)
    assert b == b"xyz!"


def test_shared_methods():
    b = bytearray(b"Hello World")
    for name, args, expected in [("upper", (), b"HELLO WORLD"), ("lower", (), b"hello world"), ("replace", (b"l", b"L"), b"HeLLo WorLd"), ("center", (13,), b" Hello World "), ("strip", (b"Hd",), b"ello Worl"),
                                 ("swapcase", (), b"hELLO wORLD"), ("title", (), b"Hello World"), ("zfill", (12,), b"0Hello World"), ("removeprefix", (b"Hello ",), b"World"), ("translate", (None, b"l"), b"Heo Word")]:
        result = getattr(b, name)(*args)
        assert result == expected and type(result) is bytearray and result is not b, name
    assert b.split() == [b"Hello", b"World"] and type(b.split()[0]) is bytearray and b.find(b"World") == 6 and b.count(b"o") == 2 and b.startswith(b"Hell") and b.index(87) == 6
    assert b.partition(b" ") == (b"Hello", b" ", b"World") and all(type(x) is bytearray for x in b.partition(b" ")) and bytearray(b",").join([b"a", b"b"]) == b"a,b" and b.hex() == b"Hello World".hex()
    assert b.decode() == "Hello World" and type(bytearray.fromhex("61 62")) is bytearray and b.isascii() and not b.isalpha() and bytearray(b"a\nb").splitlines() == [b"a", b"b"]


def test_repr():
    assert repr(bytearray(b"abc")) == "bytearray(b'abc')" == str(bytearray(b"abc")) and repr(bytearray(b"a'b")) == "bytearray(b\"a\\'b\")" and repr(bytearray(b"\0\n")) == "bytearray(b'\\x00\\n')"

    class Sub(bytearray):
        pass

    assert repr(Sub(b"x")) == "Sub(b'x')"


def test_percent():
    assert bytearray(b"%s %d") % (b"a", 5) == b"a 5" and type(bytearray(b"%s") % b"a") is bytearray


def test_subclass():
    class Sub(bytearray):
        pass

    s = Sub(b"abc")
    s.attribute = 1
    assert type(s) is Sub and s == b"abc" and type(s[:]) is bytearray and type(s + b"") is bytearray and s.attribute == 1 and type(s.copy()) is bytearray
    s += b"d"
    assert type(s) is Sub and s == b"abcd" and type(Sub.fromhex("61")) is Sub


def test_pickle_support():
    assert bytearray(b"aa").__reduce__() == (bytearray, ("aa", "latin-1"), None) and bytearray(b"a\xff").__reduce_ex__(2) == (bytearray, ("a\xff", "latin-1"), None)
    assert bytearray(b"aa").__reduce_ex__(3) == (bytearray, (b"aa",), None)


def test_iteration():
    b = bytearray(b"abc")
    it = iter(b)
    assert next(it) == 97
    b.append(100)
    assert list(it) == [98, 99, 100] and type(it).__name__ == "bytearray_iterator"
    b.append(1)
    assert list(it) == [] and list(reversed(bytearray(b"ab"))) == [98, 97] and iter(bytearray(b"ab")).__reduce__()[1:] == ((b"ab",), 0)


def test_mutation_during_index():
    b = bytearray(b"abc" * 100)

    class Clear:
        def __index__(self):
            b.clear()
            return 0

    raises(IndexError, lambda: b[Clear()])
    b.extend(b"abc")
    raises(IndexError, operator.setitem, b, 0 if not b else 5, 1)


def test_sums_and_steps():
    for n in (0, 1, 7, 1000):
        b = bytearray(i * 7 % 256 for i in range(n))
        assert sum(b) == sum(list(b)) == sum(bytes(b)) and sum(b, 5) == sum(list(b)) + 5 and sum(b, 0.5) == sum(list(b)) + 0.5
        assert sum(b, 2**62) == 2**62 + sum(list(b))
        for step in (2, 3, -1, -2, 7, 1000, -1000):
            for start in (None, 0, 1, -1, n // 2):
                c, model = bytearray(b), list(b)
                count = len(range(*slice(start, None, step).indices(n)))
                c[start::step] = bytes(range(200, 201 + count))[:count] if count < 50 else bytes(count)
                model[start::step] = (list(range(200, 201 + count))[:count] if count < 50 else [0] * count)
                assert list(c) == model, (n, step, start)
    raises(ValueError, operator.setitem, bytearray(10), slice(None, None, 2), b"abc")


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
