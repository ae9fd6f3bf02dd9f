"""PickleBuffer and out-of-band data; what objects say when they are pickled; symbol tables."""
import io
import pickle
import symtable


def test_pickle_buffer():
    data = bytearray(b"abc")
    b = pickle.PickleBuffer(data)
    assert memoryview(b).obj is data and bytes(b) == b"abc"
    raw = b.raw()
    raw[0] = 120
    assert data == b"xbc"
    raw.release()
    b.release()
    for f in (b.raw, lambda: memoryview(b)):
        try:
            f()
        except ValueError as e:
            assert str(e) == "operation forbidden on released PickleBuffer object"
        else:
            raise AssertionError


def test_out_of_band():
    buffers = []
    data = pickle.dumps(pickle.PickleBuffer(b"payload"), protocol=5, buffer_callback=buffers.append)
    assert b"payload" not in data and len(buffers) == 1
    assert pickle.loads(data, buffers=buffers) is buffers[0]


def test_methods():
    class C:
        pass

    for f in (str.maketrans, dict.fromkeys, [].append):
        copy = pickle.loads(pickle.dumps(f))
        assert copy.__name__ == f.__name__
    assert str.maketrans.__qualname__ == "str.maketrans"
    for bad in (staticmethod(len), property(), iter(()) and (i for i in ())):
        try:
            pickle.dumps(bad)
        except TypeError as e:
            assert str(e) == f"cannot pickle '{type(bad).__name__}' object", e
        else:
            raise AssertionError(bad)


def test_special_methods_are_looked_up_on_the_type():
    class G:
        def __getattr__(self, name):
            raise RuntimeError(name)

    G().__reduce_ex__(2)


def test_symtable():
    top = symtable.symtable("def f(a, *b):\n global c\n x = [i for i in a]\n return lambda: x", "f", "exec")
    f = top.lookup("f").get_namespace()
    assert f.get_parameters() == ("a", "b") and f.get_locals() == ("a", "b", "x") and f.get_globals() == ("c",)
    assert [child.get_name() for child in f.get_children()] == ["listcomp", "lambda"]
    assert f.lookup("x").is_local() and f.get_children()[1].lookup("x").is_free()


def test_damaged_data():
    def error(data):
        try:
            pickle.loads(data)
        except Exception as raised:
            return type(raised), str(raised)

    for data, message in ((b".", "unpickling stack underflow"), (b"0", "unpickling stack underflow"), (b"1", "could not find MARK"),
                          (b"(2", "unexpected MARK found"), (b")R", "unpickling stack underflow"),
                          (b"B\x03", "pickle data was truncated"), (b"X\x03\0\0\0a", "pickle data was truncated"),
                          (b"I1", "pickle data was truncated"), (b"\x8c", "pickle data was truncated"),
                          (b"}(K\x01u.", "odd number of items for SETITEMS"), (b"\xff.", "invalid load key, '\\xff'."),
                          (b"?", "invalid load key, '?'.")):
        assert error(data) == (pickle.UnpicklingError, message), (data, error(data))
    for data in (b"", b"N", b"]"):
        assert error(data) == (EOFError, "Ran out of input")
    whole = pickle.dumps({"key": [1.5, "text", b"bytes", (1, 2)]}, 2)
    for cut in range(len(whole)):
        assert error(whole[:cut])[0] in (EOFError, pickle.UnpicklingError), cut


class Unpicklable:
    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        return raise_it, (self.error,)


def raise_it(error):
    raise error


def test_errors_of_the_objects_pass():
    for error in (IndexError("list index out of range"), KeyError(1), EOFError("mine")):
        try:
            pickle.loads(pickle.dumps(Unpicklable(error)))
        except type(error) as raised:
            assert raised.args == error.args
        else:
            raise AssertionError(error)


def test_streams_in_memory():
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        text, data = io.StringIO("line\n\u20ac", newline=""), io.BytesIO(b"data")
        text.seek(3)
        data.read(2)
        text, data = pickle.loads(pickle.dumps((text, data), protocol))
        assert (text.tell(), text.getvalue(), data.tell(), data.read()) == (3, "line\n\u20ac", 2, b"ta")
