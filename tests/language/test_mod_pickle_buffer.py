"""PickleBuffer and out-of-band data; what objects say when they are pickled; symbol tables."""
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
