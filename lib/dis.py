"""Disassembler of this interpreter's code: the interface of CPython's `dis`, on a register machine.

Where an instruction means what one of CPython's does, it has that name (`BINARY_OP`, `COMPARE_OP`, `RETURN_VALUE` ...).
Operands are shown as they are: locals by name, temporaries as t0, t1 ..., constants as literals; the first is mostly the
destination. Offsets count bytes of `co_code`.
"""
import collections
import io
import sys
import types

import _opcode
from _opcode import stack_effect

__all__ = ["code_info", "dis", "disassemble", "distb", "disco", "findlinestarts", "findlabels", "show_code",
           "get_instructions", "Instruction", "Bytecode", "cmp_op", "hasconst", "hasname", "hasjrel", "hasjabs", "haslocal",
           "hascompare", "hasfree", "hasnargs", "opname", "opmap", "HAVE_ARGUMENT", "EXTENDED_ARG", "stack_effect"]

_BINARY = {"ADD": "+", "SUB": "-", "MUL": "*", "MATMUL": "@", "TRUEDIV": "/", "FLOORDIV": "//", "MOD": "%", "POW": "**",
           "LSHIFT": "<<", "RSHIFT": ">>", "AND": "&", "OR": "|", "XOR": "^"}
_COMPARE = {"LT": "<", "LE": "<=", "EQ": "==", "NE": "!=", "GT": ">", "GE": ">="}
_MEANING = {name: ("BINARY_OP", sign) for name, sign in _BINARY.items()}
_MEANING.update(("INPLACE_" + name, ("BINARY_OP", sign + "=")) for name, sign in _BINARY.items())
_MEANING.update((name, ("COMPARE_OP", sign)) for name, sign in _COMPARE.items())
_MEANING.update(IS=("IS_OP", "is"), IS_NOT=("IS_OP", "is not"), IN=("CONTAINS_OP", "in"), NOT_IN=("CONTAINS_OP", "not in"),
                NEG=("UNARY_NEGATIVE", ""), POS=("UNARY_POSITIVE", ""), INVERT=("UNARY_INVERT", ""), NOT=("UNARY_NOT", ""),
                LOAD_ITEM=("BINARY_SUBSCR", ""), STORE_ITEM=("STORE_SUBSCR", ""), DELETE_ITEM=("DELETE_SUBSCR", ""),
                RETURN=("RETURN_VALUE", ""), CALL_METHOD=("CALL", ""))

_WORD = 8  # bytes
_names = _opcode.names()
opname = [_MEANING.get(name, (name,))[0] for name in _names]
opmap = {}
for _number, _name in enumerate(opname):
    opmap.setdefault(_name, _number)
cmp_op = tuple(_COMPARE.values())
HAVE_ARGUMENT = 0
EXTENDED_ARG = -1  # instructions have room for their operands


def _numbers(*beginnings):
    return [number for number, name in enumerate(_names) if name.startswith(beginnings)]


hasconst = _numbers("LOAD_CONST")
hasname = _numbers("LOAD_NAME", "STORE_NAME", "DELETE_NAME", "LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_ATTR",
                   "STORE_ATTR", "DELETE_ATTR", "LOAD_METHOD", "IMPORT_")
hasjrel = _numbers("JUMP", "FOR_ITER", "SEND")
hasjabs = []
haslocal = _numbers("MOVE", "CHECK_BOUND", "DELETE_LOCAL")
hascompare = [number for number, name in enumerate(_names) if name in _COMPARE]
hasfree = _numbers("LOAD_CELL", "STORE_CELL", "DELETE_CELL")
hasnargs = []

COMPILER_FLAG_NAMES = {1: "OPTIMIZED", 2: "NEWLOCALS", 4: "VARARGS", 8: "VARKEYWORDS", 16: "NESTED", 32: "GENERATOR",
                       64: "NOFREE", 128: "COROUTINE", 256: "ITERABLE_COROUTINE", 512: "ASYNC_GENERATOR"}


def pretty_flags(flags):
    """Names of the bits of co_flags."""
    names = [COMPILER_FLAG_NAMES[1 << bit] if 1 << bit in COMPILER_FLAG_NAMES else hex(1 << bit)
             for bit in range(32) if flags & 1 << bit]
    return ", ".join(names) or hex(flags)


Positions = collections.namedtuple("Positions", "lineno end_lineno col_offset end_col_offset", defaults=[None] * 4)
_Instruction = collections.namedtuple(
    "_Instruction", "opname opcode arg argval argrepr offset starts_line is_jump_target positions", defaults=[None])


class Instruction(_Instruction):
    """One instruction. argval: the constant, the name, the offset jumped to, else argrepr, which shows all operands."""

    def _disassemble(self, lineno_width=3, mark_as_current=False, offset_width=4):
        line = ""
        if lineno_width:
            line = str(self.starts_line).rjust(lineno_width) if self.starts_line is not None else " " * lineno_width
            line += " "
        line += "-->" if mark_as_current else "   "
        line += " >> " if self.is_jump_target else "    "
        line += str(self.offset).rjust(offset_width) + " "
        return (line + self.opname.ljust(22) + " " + self.argrepr).rstrip()


def _code_of(thing):
    """The code object in whatever dis() takes, or the thing itself."""
    thing = getattr(thing, "__func__", thing)
    for attribute in "__code__", "gi_code", "ag_code", "cr_code":
        code = getattr(thing, attribute, None)
        if code is not None:
            return code
    return thing


def _code_object(thing):
    code = _code_of(thing)
    if isinstance(code, str):
        try:
            code = compile(code, "<disassembly>", "eval")
        except SyntaxError:
            code = compile(code, "<disassembly>", "exec")
    if hasattr(code, "co_code"):
        return code
    raise TypeError(f"don't know how to disassemble {type(thing).__name__} objects")


def _shown(kind, value):
    if kind == "temporary":
        return f"t{value}"
    if kind == "constant":
        return repr(value)
    return str(value)


def get_instructions(x, *, first_line=None, show_caches=False, adaptive=False):
    """The instructions of a function, method, source text or code object, one after the other."""
    code = _code_object(x)
    shift = first_line - code.co_firstlineno if first_line is not None else 0
    return _instructions(code, shift, show_caches)


def _instructions(code, shift=0, show_caches=False):
    starts = dict(findlinestarts(code))
    raw = _opcode.instructions(code)
    targets = {target for *_, target in raw if target is not None}
    places = [Positions(*place) for place in code.co_positions()]  # one for each word
    ends = [offset for offset, *_ in raw[1:]] + [len(code.co_code)]
    for (offset, number, operands, target), end in zip(raw, ends):
        name, sign = _MEANING.get(_names[number], (_names[number], ""))
        texts = [_shown(kind, value) for kind, value in operands]
        if sign and len(texts) == 3:
            text = f"{texts[0]} = {texts[1]} {sign.removesuffix('=') if name == 'BINARY_OP' else sign} {texts[2]}"
        else:
            text = ", ".join(texts)
        value = text
        for kind, operand in operands:
            if kind == "name" or kind == "constant" and number in hasconst:
                value = operand
        if target is not None:
            text = f"{text}{' ' if text else ''}to {target}"
            value = target
        elif not operands:
            value = None
        line = starts.get(offset)
        yield Instruction(name, number, len(operands) or None, value, text, offset,
                          line + shift if line is not None else None, offset in targets, places[offset // _WORD])
        if show_caches:
            for extra in range(offset + _WORD, end, _WORD):
                yield Instruction("CACHE", 0, None, None, "", extra, None, False, places[extra // _WORD])


def findlabels(code):
    """Offsets that are jumped to."""
    return sorted({target for *_, target in _opcode.instructions(code) if target is not None})


def findlinestarts(code):
    """(offset, line) of each place where the line changes."""
    last = None
    for start, _, line in code.co_lines():
        if line is not None and line != last:
            last = line
            yield start, line


def _find_imports(code):
    """(name, level, names) of the import statements; modulefinder asks for it."""
    number = opmap["IMPORT_NAME"]
    for _, opcode, operands, _ in _opcode.instructions(code):
        if opcode == number and [kind for kind, _ in operands[1:]] == ["constant", "constant", "name"]:
            yield operands[3][1], operands[1][1], operands[2][1]


def _find_store_names(code):
    """The global names that the code binds."""
    for _, opcode, operands, _ in _opcode.instructions(code):
        if opname[opcode] in ("STORE_NAME", "STORE_GLOBAL"):
            yield operands[0][1]


def disassemble(co, lasti=-1, *, file=None, show_caches=False, adaptive=False):
    """Prints the instructions of a code object; the one at lasti is marked."""
    _print(co, list(_instructions(co, 0, show_caches)), lasti, file)


disco = disassemble


def _print(code, instructions, lasti=-1, file=None, shift=0):
    lines = [line + shift for _, line in findlinestarts(code)]
    lineno_width = max(3, len(str(max(lines)))) if lines else 0
    offset_width = max(4, len(str(len(code.co_code))))
    for instruction in instructions:
        if lineno_width and instruction.starts_line is not None and instruction.offset > 0:
            print(file=file)
        current = instruction.offset == lasti * _WORD // 2  # which counts two for a word
        print(instruction._disassemble(lineno_width, current, offset_width), file=file)


def _print_nested(code, file, depth):
    disassemble(code, file=file)
    if depth is None or depth > 0:
        for constant in code.co_consts:
            if hasattr(constant, "co_code"):
                print(file=file)
                print(f"Disassembly of {constant!r}:", file=file)
                _print_nested(constant, file, None if depth is None else depth - 1)


def dis(x=None, *, file=None, depth=None, show_caches=False, adaptive=False):
    """Disassembles a function, class, module, source text or code object; without one, the last traceback."""
    if x is None:
        return distb(file=file)
    x = _code_of(x)
    if isinstance(x, str):
        _print_nested(_code_object(x), file, depth)
    elif hasattr(x, "co_code"):
        _print_nested(x, file, depth)
    elif hasattr(x, "__dict__"):
        for name, member in sorted(x.__dict__.items()):
            if isinstance(_code_of(member), types.CodeType) or isinstance(member, type):
                print(f"Disassembly of {name}:", file=file)
                try:
                    dis(member, file=file, depth=depth)
                except TypeError as error:
                    print("Sorry:", error, file=file)
                print(file=file)
    else:
        raise TypeError(f"don't know how to disassemble {type(x).__name__} objects")


def distb(tb=None, *, file=None, show_caches=False, adaptive=False):
    """Disassembles what raised the last exception, or where the traceback ends."""
    if tb is None:
        try:
            tb = sys.last_traceback
        except AttributeError:
            raise RuntimeError("no last traceback to disassemble") from None
        while tb.tb_next:
            tb = tb.tb_next
    disassemble(tb.tb_frame.f_code, tb.tb_lasti, file=file)


def code_info(x):
    """What is known of the code, as text."""
    code = _code_object(x)
    lines = [("Name", code.co_name), ("Filename", code.co_filename), ("Argument count", code.co_argcount),
             ("Positional-only arguments", code.co_posonlyargcount), ("Kw-only arguments", code.co_kwonlyargcount),
             ("Number of locals", code.co_nlocals), ("Stack size", code.co_stacksize), ("Flags", pretty_flags(code.co_flags))]
    text = [f"{title + ':':<19}{value}" if len(title) < 18 else f"{title}: {value}" for title, value in lines]
    for title, items, show in (("Constants", code.co_consts, repr), ("Names", code.co_names, str),
                               ("Variable names", code.co_varnames, str), ("Free variables", code.co_freevars, str),
                               ("Cell variables", code.co_cellvars, str)):
        if items:
            text.append(title + ":")
            text += [f"{number:4d}: {show(item)}" for number, item in enumerate(items)]
    return "\n".join(text)


def show_code(co, *, file=None):
    """Prints code_info()."""
    print(code_info(co), file=file)


class Bytecode:
    """The instructions of a function, method, source text or code object, to iterate over and to show."""

    def __init__(self, x, *, first_line=None, current_offset=None, show_caches=False, adaptive=False):
        self.codeobj = _code_object(x)
        self.first_line = self.codeobj.co_firstlineno if first_line is None else first_line
        self._shift = self.first_line - self.codeobj.co_firstlineno
        self._original_object = x
        self.current_offset = current_offset
        self.show_caches = show_caches

    def __iter__(self):
        return _instructions(self.codeobj, self._shift, self.show_caches)

    def __repr__(self):
        return f"{type(self).__name__}({self._original_object!r})"

    @classmethod
    def from_traceback(cls, tb, *, show_caches=False, adaptive=False):
        """Of where the traceback ends."""
        while tb.tb_next:
            tb = tb.tb_next
        return cls(tb.tb_frame.f_code, current_offset=tb.tb_lasti)

    def info(self):
        """What code_info() says."""
        return code_info(self.codeobj)

    def dis(self):
        """The listing as text."""
        out = io.StringIO()
        _print(self.codeobj, list(self), -1 if self.current_offset is None else self.current_offset, out, self._shift)
        return out.getvalue()


def _main():
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("infile", type=argparse.FileType("rb"), nargs="?", default="-")
    arguments = parser.parse_args()
    with arguments.infile as file:
        source = file.read()
    dis(compile(source, arguments.infile.name, "exec"))


if __name__ == "__main__":
    _main()
