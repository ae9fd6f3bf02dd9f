"""dis: what programs ask of it, whatever the instructions are; modulefinder, which reads imports with it."""
import contextlib
import dis
import io
import modulefinder
import os
import tempfile


def f(a, b):
    for i in a:
        if a < i:
            print(i + b, a.x)
    return lambda: b


def listing(*arguments, **keywords):
    out = io.StringIO()
    dis.dis(*arguments, file=out, **keywords)
    return out.getvalue()


def test_instructions():
    instructions = list(dis.get_instructions(f))
    names = [i.opname for i in instructions]
    assert "FOR_ITER" in names and "LOAD_GLOBAL" in names and "BINARY_OP" in names and names.count("RETURN_VALUE") >= 1
    offsets = [i.offset for i in instructions]
    assert offsets == sorted(set(offsets)) and offsets[0] == 0 and offsets[-1] < len(f.__code__.co_code)
    first = f.__code__.co_firstlineno
    assert {i.starts_line for i in instructions if i.starts_line} == {first, first + 1, first + 2, first + 3, first + 4}
    assert "print" in [i.argval if isinstance(i.argval, str) else None for i in instructions if i.opname == "LOAD_GLOBAL"]
    assert any("+" in i.argrepr for i in instructions if i.opname == "BINARY_OP")
    targets = {i.offset for i in instructions if i.is_jump_target}
    assert targets == set(dis.findlabels(f.__code__.co_code if hasattr(dis, "_unpack_opargs") else f.__code__))
    assert all(isinstance(i.opcode, int) and dis.opname[i.opcode] == i.opname for i in instructions)
    assert all(i.positions.lineno for i in instructions if i.opname == "LOAD_GLOBAL")
    shifted = list(dis.get_instructions(f, first_line=1000))
    assert min(i.starts_line for i in shifted if i.starts_line) == 1000


def test_caches_make_offsets_complete():
    complete = list(dis.Bytecode(f, show_caches=True))
    assert len(complete) == len(list(f.__code__.co_positions()))
    assert [i.positions for i in complete] == [tuple(p) for p in f.__code__.co_positions()]


def test_what_can_be_disassembled():
    class C:
        def method(self):
            return self.name

    def generator():
        yield 1
    for thing in (f, f.__code__, C.method, C().method, generator(), "x = 1", "x + 1"):
        assert "RETURN_VALUE" in listing(thing)
    assert "method" in listing(C) and "name" in listing(C)
    assert "<lambda>" in listing(f) and listing(f, depth=0).count("RETURN_VALUE") < listing(f).count("RETURN_VALUE")
    for thing in 1, None.__class__, object():
        try:
            listing(thing)
        except TypeError as e:
            assert "don't know how to disassemble" in str(e)
    assert repr(dis.Bytecode(f)) == f"Bytecode({f!r})" and "FOR_ITER" in dis.Bytecode(f).dis()


def test_tracebacks():
    try:
        f([1], 2)
    except TypeError as e:
        trace = e.__traceback__
    out = io.StringIO()
    dis.distb(trace, file=out)
    assert "-->" in out.getvalue()
    assert "-->" in dis.Bytecode.from_traceback(trace).dis()


def test_code_info():
    info = dis.code_info(f)
    assert "Name:              f" in info and "OPTIMIZED, NEWLOCALS" in info and "Cell variables:\n   0: b" in info
    with contextlib.redirect_stdout(io.StringIO()) as out:
        dis.show_code(f)
    assert out.getvalue() == info + "\n"
    assert dis.COMPILER_FLAG_NAMES[32] == "GENERATOR"


def test_modulefinder():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"main.py": "import a\nfrom p import b as c, missing\nx = 1\ndef f():\n    import lazy\n",
                           "a.py": "", "p/__init__.py": "", "p/b.py": "from . import d\n", "p/d.py": "", "lazy.py": ""}.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        finder = modulefinder.ModuleFinder([folder])
        finder.run_script(os.path.join(folder, "main.py"))
        assert set(finder.modules) == {"__main__", "a", "p", "p.b", "p.d", "lazy"}
        assert finder.any_missing() == ["p.missing"]
        assert "x" in finder.modules["__main__"].globalnames
