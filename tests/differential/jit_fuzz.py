#!/usr/bin/env python3
"""Random programs of nested loops, branches, calls and containers: the output under each JIT mode must be CPython's.

  jit_fuzz.py --python BIN [--count N] [--seed S] [--keep FOLDER]
A program that differs is kept, with its seed in its name."""
import argparse
import os
import random
import subprocess
import sys
import tempfile

REFERENCE = "/usr/bin/python3.11"
HEADER = """import functools, sys
class Box:
    shared = 3
    def __init__(self, x, y=0):
        self.x = x
        self.y = y
    def __repr__(self):
        return "Box"
    def total(self):
        return self.x + self.y
    def __lt__(self, other):
        return self.x < other.x if type(other) is Box else NotImplemented
    def __gt__(self, other):
        return self.x > other.x
    def bump(self, by):
        self.x = (self.x + by) % 1009
        return self.x
    @property
    def double(self):
        return self.x * 2
class Pair(Box):
    def total(self):
        return self.x - self.y
class Rich(Box):
    def __init__(self, x, y=0):
        super().__init__(x, y)
        self.tags = {k: k for k in range(3)}
        self.name = f"rich{int(x) % 10}"
    def total(self):
        return len(self.tags) + super().total()
def numbers(a, n=3):
    for k in range(n):
        if k == 2:
            return
        yield a + k
def echo(a):
    while True:
        b = yield a
        if b is None:
            b = 1
        a = clip(a + b)
        if int(a) % 11 == 3:
            return a if int(a) % 2 else None
def wrapped(f):
    @functools.wraps(f)
    def inner(*args, **kw):
        return f(*args, **kw)
    return inner
@wrapped
def named_sum(a, b=2, *, c=3):
    return clip(a + b * 2 - c)
@wrapped
def named_count(*args, **kw):
    return len(args) + len(kw) + sum(v for v in kw.values() if type(v) is int)
def collect(**kw):
    return kw
def through(f, *args, **kw):
    return f(*args, **kw)
def picks(**kw):
    return kw["p"], kw["q"] if len(kw) > 2 else len(kw)
def keyword(a, *, k=1, **rest):
    return a + k + len(rest)
def clip(v):
    if isinstance(v, float):
        return round(v % 1000.0, 6)
    return v % 100003
def helper(a):
    return clip(a + 1)
def spare(a):
    return clip(a * 2)
helpers = [helper, spare]
class Tracked:
    live = 0
    def __init__(self, n):
        self.n = n
        Tracked.live += 1
    def __del__(self):
        Tracked.live -= 1
    def __repr__(self):
        return "Tracked"
def adder(k):
    return lambda z: z + k
def counter(k):
    def count():
        nonlocal k
        k = clip(k + 1)
        return k
    return count
def holder(box):
    return lambda: box.x
def both(a, b):
    return a, b
def nested(a, b):
    return (a, (b, a)), b
def make(a, b):
    box = Box(a, b)
    box.x = clip(box.x + 1)
    return box
class Oops(Exception):
    pass
class Other(Oops):
    def __init__(self, code, *rest):
        super().__init__(*rest)
        self.code = code
class Bare(LookupError):
    def __init__(self, code):
        self.code = code
class Guard:
    depth = 0
    def __init__(self, kind=None):
        self.kind = kind
    def __enter__(self):
        Guard.depth += 1
        return self
    def __exit__(self, kind, value, tb):
        Guard.depth -= 1
        return self.kind is not None and kind is not None and issubclass(kind, self.kind)
guard = Guard()
def passed(f, a, b):
    box = Box(a, b)
    other = [a, b]
    result = f(a, box)
    return clip(result + box.x) + len(other)
def shown(e):
    out, tb = [], e.__traceback__
    while tb:
        f = tb.tb_frame
        out.append((f.f_code.co_name, tb.tb_lineno, sorted((k, repr(v)) for k, v in f.f_locals.items() if isinstance(v, (int, float, str)))))
        tb = tb.tb_next
    return type(e).__name__, e.args, out, type(e.__context__).__name__, e.__suppress_context__
def measure(v):
    if isinstance(v, (int, float)):
        return clip(v)
    if isinstance(v, (str, tuple, list)):
        return len(v) + (measure(v[0]) if v and not isinstance(v, str) else 0)
    return 1 if v is None else clip(v.x)
def caller(n):
    f = sys._getframe(n)
    return f.f_code.co_name, f.f_lineno, f.f_locals.get("n"), f.f_locals.get("a") if f.f_locals.get("n") else 0
G = 7
space = globals()
"""
# Classes whose special methods programs use.
SPECIAL = """
class Limit:
    def __get__(self, box, cls): return box.x % 50
    def __set__(self, box, v): box.x = clip(v)
class Shelf(Box):
    limit = Limit()
    def __new__(cls, x, y=0):
        self = super().__new__(cls)
        self.marks = [x, y, 3, 4]
        return self
    def __getitem__(self, k): return self.marks[int(k) % 4]
    def __setitem__(self, k, v): self.marks[int(k) % 4] = v
    def __delitem__(self, k): self.marks[int(k) % 4] = 0
    def __contains__(self, k): return int(k) % 3 < 2
    def __len__(self): return int(self.x) % 3 + len(self.marks)
    def __bool__(self): return int(self.x) % 4 > 0
    def __call__(self, a, b=1, *, c=2): return self.x + a * b - c
    def __neg__(self): return Shelf(clip(-self.x), self.y)
    def __invert__(self): return self.x + 100
    def __abs__(self): return abs(self.x)
    def __hash__(self): return int(self.x)
    def __eq__(self, other): return self.x == getattr(other, 'x', None)
    def __iter__(self):
        for m in self.marks: yield m
    def __getattr__(self, name): return len(name)
    @property
    def half(self): return self.x / 2
    @half.setter
    def half(self, v): self.x = clip(v * 2)
class Steps:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n <= 0: raise StopIteration
        self.n -= 1
        return self.n
class Sized:
    def __init__(self, n): self.n = n
    def __len__(self): return self.n
import collections
Point = collections.namedtuple('Point', 'px py')
class Spot(tuple):
    def __new__(cls, a, b=5): return tuple.__new__(cls, (a, b))
    def __init__(self, a, b=5): self.seen = a
def every(*args): return args[-1] + len(args)
def named(a, **kw): return a + sum(kw.values())
def pass_on(*args, **kw): return named(*args, **kw)
"""


STATE = "a b c e o p last text items d u v w t tr kept fn cn".split()
SPECIAL_STATE = "s q sz pt".split()
CONTAINER_STATE = "ls st td by".split()


class Program:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.lines = []
        self.functions = []
        self.loops = 0
        # Half of the programs are about objects that come and go.
        self.objects = self.pick(0.0, 0.6)
        # A third of them draws from generators.
        self.generators = []
        self.draws = self.pick(0.0, 0.0, 0.5)
        # Another third raises exceptions all the time.
        self.raisers = []
        self.raising = self.pick(0.0, 0.0, 0.35)
        # And a third calls special methods.
        self.special = self.pick(0.0, 0.0, 0.5)
        # Another third works on slices, sets and tuple keys.
        self.containers = self.pick(0.0, 0.0, 0.5)
        # Half of them call functions that call themselves and each other.
        self.recursive = []
        self.recurs = self.pick(False, True)
        # A third have loops that meet other types from call to call.
        self.many_kinds = []
        self.kinds = self.pick(False, False, True)
        self.state = STATE + (SPECIAL_STATE if self.special else []) + (CONTAINER_STATE if self.containers else [])

    def pick(self, *options):
        return self.r.choice(options)

    def atom(self, names):
        r = self.r.random()
        if r < 0.55:
            return self.r.choice(names)
        if r < 0.7:
            return str(self.r.randrange(-5, 20))
        if r < 0.76:
            return self.pick("0.5", "2.25", "-1.5", "1e3")
        if r < 0.82:
            return "o." + self.pick("x", "y", "shared", "double")
        if r < 0.88:
            return f"items[{self.index(names)}]"
        if r < 0.92:
            return "G"
        if r < 0.96:
            return f"d.get({self.index(names)}, 1)"
        return f"len({self.pick('items', 'd', 'text')})"

    def index(self, names):
        return f"int({self.r.choice(names)}) % {self.pick(5, 8, 12)}"

    def expression(self, names, depth=0):
        r = self.r.random()
        if depth > 2 or r < 0.25:
            return self.atom(names)
        a, b = self.expression(names, depth + 1), self.expression(names, depth + 1)
        if r < 0.7:
            return f"({a} {self.pick('+', '-', '*', '+', '-')} {b})"
        if r < 0.78:
            return f"(int({a}) {self.pick('&', '|', '^')} int({b}))"
        if r < 0.82:
            return f"({a} {self.pick('//', '%')} ({self.pick('3', '7', '1.5', '-4', '8', '2')}))"
        if r < 0.84:
            power = f"(clip({a}) ** {self.pick('2', '2', '3', '2.0')})"
            return self.pick(power, f"((abs({b}) + 1) ** {self.pick('0.5', '1.5', '-0.5')})", f"(int({a}) % 9 ** {self.pick(2, 5)})")
        if r < 0.88:
            return f"({a} if {self.condition(names, depth + 1)} else {b})"
        if r < 0.93 and self.functions:
            return f"{self.r.choice(self.functions)}({a}, {b})"
        if r < 0.97:
            return f"{self.pick('o', 'p')}.{self.pick('total()', 'bump(1)')}"
        return f"abs({a})"

    def condition(self, names, depth=0):
        r = self.r.random()
        a, b = self.expression(names, depth + 2), self.expression(names, depth + 2)
        if r < 0.7:
            return f"{a} {self.pick('<', '<=', '==', '!=', '>', '>=')} {b}"
        if r < 0.8:
            return f"{self.condition(names, depth + 1)} {self.pick('and', 'or')} {self.condition(names, depth + 1)}"
        if r < 0.86:
            return f"not {a}"
        if r < 0.92:
            return f"{self.index(names)} in d"
        return f"last is {self.pick('None', 'o', 'p')}"

    def emit(self, indent, text):
        self.lines.append("    " * indent + text)

    def block(self, indent, names, depth, in_loop):
        for _ in range(self.r.randrange(1, 4) if not self.objects or depth > 1 else self.r.randrange(3, 9)):
            self.statement(indent, names, depth, in_loop)

    # u and v are boxes with a number in x, w one of boxes, t a tuple with a number behind, all of them carried by loops.
    def object_statement(self, indent, names):
        number = lambda: f"clip({self.expression(names, 1)})"
        box, target = self.pick("u", "v"), self.r.choice("abce")
        text = self.pick(
            f"{box} = Box({number()}, {number()})",
            f"{box} = Box({number()}, tr)",
            f"{box} = make({number()}, {self.pick('tr', number())})",
            f"{box} = Box({box}.x, {box}.y)",
            f"{box} = Pair(u.x, v.x)",
            f"{box}.x = {number()}",
            f"{box}.y = {self.pick('tr', number())}",
            f"w = Box({self.pick('u, v', 'v, u', 'u, u', f'Box({number()}, tr), v')})",
            f"w.x = {box}",
            f"u, v = v, u",
            f"{box} = {self.pick('u', 'v', 'w.x', 'w.y')}",
            f"{target} = clip({self.pick('u.x', 'v.x', 'w.x.x', 'w.y.x', 'u.x + v.x', 'w.x.x * 2')})",
            f"{target} = u.total() if isinstance(u.y, (int, float)) else u.bump(2)",
            f"t = ({self.pick('u', 'w', 'tr', number())}, {number()})",
            f"t = both({self.pick('u', 't[0]', number())}, {number()})",
            f"(x, (z, y)), {target} = nested({number()}, {number()})",
            f"{target} = clip(t[1] if t[0] is not u else u.x)",
            f"x, {target} = t",
            f"fn = adder({number()})",
            f"{target} = clip(fn({number()}))",
            f"{target} = clip(adder({number()})({number()}) + holder({box})())",
            f"cn = counter({number()})",
            f"{target} = clip(cn() + cn())",
            f"tr = Tracked({number()})",
            f"tr = {self.pick('None', 'u.y', 'v.y')}",
            f"{target} = clip({target} + Tracked.live)",
            f"kept.append({self.pick('u', 'v', 't', 'tr', 'w')})",
            f"del kept[:-3]",
            f"if u is v: {target} = 3",
            f"if {self.pick('u < v', 'v < u', 'not u < v', 'u > v')}: {target} = {number()}",
            f"{target} = 1 + (u < v)",
            f"x = collect({self.pick('p=u', 'p=tr, q=v', f'p={number()}', 'p=(u, tr)')}, n={number()})",
            f"x = through({self.pick('collect, p=u', 'collect, p=Box(1, tr), q=tr', f'through, collect, p={number()}', 'through, both, b=tr, a=u')})",
            f"t = through(picks, p={self.pick('u', 'tr', number())}, q={number()}{self.pick('', ', r=u')})",
            f"{box} = through({self.pick('Box, u.x, y=tr', 'through, Pair, y=1, x=2', 'make, b=tr, a=' + number())})",
            f"{target} = clip(getattr({self.pick('u', 'v', 'w', 'o')}, '{self.pick('x', 'absent', 'shared')}', {self.pick('3', 'tr', number())}) and 4)",
            f"{target} = hasattr({self.pick('u', 'w', 'tr')}, '{self.pick('x', 'absent', 'n', 'total')}') + 1",
            f"x = getattr({self.pick('u', 'v', 'w')}, '{self.pick('y', 'gone')}', {self.pick('tr', 'u', 't')})",
            f"if {self.condition(names)}: kept.append({box})",
            f"if {self.condition(names)}: {box} = Box({number()}, {box}.x)")
        self.emit(indent, text)

    def raised(self, names):
        number = lambda: f"clip({self.expression(names, 1)})"
        return self.pick(f"Oops({number()})", "Oops", "ValueError", f"Other({number()}, {number()}, text)", f"Bare({number()})",
                         f"KeyError({number()}, u)", f"Oops('n%d' % {self.index(names)})", "Other(1)", f"Oops(({number()}, text))")

    def raiser(self, name):
        names = ["a", "b", "z"]
        self.emit(0, f"def {name}(a, box):")
        self.emit(1, "b, u, text = box.x, box, 't%d' % (int(a) % 7)")
        self.emit(1, f"z = {self.pick('[a, box]', 'a + b', 'text * 2', '(a, (b, a))')}")
        self.emit(1, f"if isinstance(z, (str, tuple, list)): z = {self.pick('len(z)', 'a')}")
        for _ in range(self.r.randrange(1, 3)):
            call = self.pick(*[f"{f}(z, box)" for f in self.raisers] or ["a"])
            what = self.pick(f"raise {self.raised(names)}", f"z = clip({call})", f"z = clip({call} + box.total())",
                             "return clip([a, b][int(z) % 3])", "z = int(text)", f"raise {self.raised(names)} from None")
            self.emit(1, f"if int(a{self.pick('', ' + b', ' * 3', ' + z')}) % {self.pick(2, 3, 5)} == 1: {what}")
        if self.r.random() < 0.3:
            self.emit(1, "try:")
            self.emit(2, f"if int(b) % 2: raise {self.raised(names)}")
            self.emit(1, f"except {self.pick('Other', 'Bare', 'ValueError')}:")
            self.emit(2, self.pick("z = clip(z + 1)", "raise", "raise Oops(z)", "return 3"))
        self.emit(1, f"return clip({self.pick('a', 'z', 'b')} + {self.pick('1', 'box.x')})")
        self.raisers.append(name)

    def try_statement(self, indent, names, depth, in_loop):
        target = self.r.choice("abce")
        self.emit(indent, "try:")
        for _ in range(self.r.randrange(1, 3)):
            call = self.pick(*[f"{f}({self.atom(names)}, u)" for f in self.raisers],
                             f"passed({self.r.choice(self.raisers)}, {self.atom(names)}, {self.atom(names)})")
            self.emit(indent + 1, self.pick(
                f"{target} = clip({call})", f"{target} = clip({self.atom(names)} + {call})",
                f"if {self.condition(names)}: raise {self.raised(names)}", f"{target} = d[{self.index(names)}]",
                f"{target} = clip(items[{self.index(names)} + 10])", f"{target} = clip(next(iter(items[{self.index(names)} + 8:])))",
                f"{target} = clip(int(text[:1]))", f"{target} = last.x",
                f"{target} = clip({self.pick('u', 'o', 'w')}.{self.pick('absent', 'x', 'gone')})", f"{target} = d[text[:{self.index(names)}]]",
                f"items[{self.index(names)} - 15] = {self.atom(names)}", f"{target} = clip([text, None, 1, 2.5][{self.index(names)} & 3] + {self.atom(names)})",
                f"{target} = clip({self.pick('7', '2.5', self.atom(names))} {self.pick('/', '//', '%')} ({self.index(names)} % 3))",
                f"{target} = (1, 2)[{self.index(names)} - 3]", f"{target} = len(text[{self.index(names)}])", f"for q in (1, {self.atom(names)}): {target} = clip({call} + q)"))
        if self.r.random() < 0.15:
            self.emit(indent + 1, f"u = Box({self.atom(names)}, tr)")
        kinds = self.r.sample(["Oops", "Other", "(KeyError, IndexError)", "LookupError", "(ValueError, Oops)", "Bare"], self.r.randrange(1, 3))
        for kind in [*kinds, "Exception"]:
            name = self.pick("", " as x", " as err")
            self.emit(indent, f"except {kind}{name}:")
            variable = name[4:]
            options = [f"{target} = clip({target} + 1)", f"{target} = {self.atom(names)}", "pass", f"d[{self.index(names)}] = {target}",
                       f"items.append({target}); del items[12:]"]
            if variable:
                options += [f"{target} = len({variable}.args)", f"kept.append({variable}); del kept[:-2]", f"last_error = {variable}",
                            f"if {self.index(names)} == 3 and G: space['log'] = shown({variable})",
                            f"{target} = clip(getattr({variable}, 'code', 3))",
                            f"if isinstance({variable}, Other): {target} = clip({variable}.code)",
                            f"space['log'] = repr({variable})", f"space['log'] = str({variable})",
                            f"{target} = len(str({variable})) + len(repr({variable}.args[:1]))",
                            f"if {variable}.args: {target} = {variable}.args[0] if type({variable}.args[0]) is int else 2",
                            f"space['log'] = getattr({variable}, 'name', 3), type(getattr({variable}, 'obj', 3)).__name__"]
                options += [f"if {self.index(names)} == 3: raise {self.raised(names)} from {variable}"] if depth > 1 else []
            if in_loop:
                options += ["continue"]
            for _ in range(self.r.randrange(1, 3)):
                self.emit(indent + 1, self.r.choice(options))
        if self.r.random() < 0.2:
            self.emit(indent, self.pick("else:", "finally:"))
            self.emit(indent + 1, f"{target} = clip({target} - 1)")

    # s and q are shelves, sz has a size, pt is a named tuple.
    def special_statement(self, indent, names):
        number = lambda: f"clip({self.expression(names, 1)})"
        shelf, target = self.pick("s", "q"), self.r.choice("abce")
        text = self.pick(
            f"{shelf} = Shelf({number()}, {self.pick('tr', '2', number())})",
            f"{shelf} = Shelf({number()})",
            f"s, q = q, s",
            f"{shelf} = -{shelf}",
            f"{target} = clip({shelf}[{number()}])",
            f"{shelf}[{number()}] = {number()}",
            f"{shelf}[{self.index(names)}] += 1",
            f"del {shelf}[{self.index(names)}]",
            f"{target} = len({shelf}) + len(sz)",
            f"{target} = clip({shelf}({number()}) + {shelf}({number()}, 2) + {shelf}({number()}, c=3))",
            f"fn = {self.pick(shelf, f'{shelf}.bump', f'{shelf}.__call__')}",
            f"{target} = clip(fn(int({self.r.choice(names)})))",
            f"{target} = clip(~{shelf} + abs({shelf}) + hash({shelf}))",
            f"if {self.pick(shelf, f'not {shelf}', 'sz', 'not sz', f'{shelf} and sz', f'{shelf} or w')}: {target} = {number()}",
            f"{target} = 1 if {shelf} and {self.condition(names)} else 2",
            f"{target} = {self.index(names)} {self.pick('in', 'not in')} {shelf}",
            f"if {number()} in {shelf}: {target} = {number()}",
            f"sz = Sized({self.index(names)})",
            f"sz.n = {self.index(names)}",
            f"{target} = bool({shelf}) + bool(sz)",
            f"for x in {shelf}: {target} = clip({target} + x if isinstance(x, (int, float)) else 1)",
            f"for x in Steps({self.index(names)}): {target} = clip({target} + x)",
            f"{target} = next(iter(Steps(3))) + next(iter({shelf}), 1)" if self.r.random() < 0.2 else f"{shelf}.x = {number()}",
            f"{shelf}.half = {number()}",
            f"{target} = clip({shelf}.half + {shelf}.limit + {shelf}.missing)",
            f"{shelf}.limit = {number()}",
            f"pt = Point({number()}, {self.pick('tr', number())})",
            f"{target} = clip(pt.px + pt[0] + len(pt))",
            f"{target}, x = pt",
            f"pt = pt._replace(px={number()})",
            f"pt = Spot({number()}, pt[1])" if self.r.random() < 0.3 else f"pt = Point(*pt)",
            f"{target} = clip(every({number()}, {number()}) + every(*t[1:], {number()}))",
            f"{target} = clip(named({number()}, k={number()}) + pass_on({number()}, z={number()}))",
            f"kept.append({self.pick(shelf, 'pt', 'sz', 'fn')})",
            f"if {self.pick('s == q', 's != q', 's is q')}: {target} = 3")
        self.emit(indent, text)

    # ls is a list of at least ten numbers and objects, st a set, td a dict with tuple keys, by a bytearray.
    def container_statement(self, indent, names):
        number = lambda: f"clip({self.expression(names, 1)})"
        target = self.r.choice("abce")
        bound = lambda: self.pick("", "", str(self.r.randrange(-6, 7)), self.index(names), f"-({self.index(names)})")
        step = lambda: self.pick("", "", ":-1", ":2", ":-2", f":1 + {self.index(names)}", ":3")
        part = lambda: f"{bound()}:{bound()}{step()}"
        key = lambda: self.pick(f"({self.index(names)}, {self.index(names)})", f"({self.index(names)}, text[:1])",
                                f"({number()}, ({self.index(names)}, None))", f"(str({self.index(names)}), 'x')")
        item = lambda: self.pick(self.index(names), key(), "text[:2]", number(), f"frozenset(({self.index(names)}, 2))")
        taken = part()
        text = self.pick(
            f"{target} = len({self.pick('ls', 'text', 'by', 'tuple(ls)')}[{part()}])",
            f"{target} = clip(sum(v for v in ls[{part()}] if isinstance(v, int)))",
            f"ls[{bound()}:{bound()}] = {self.pick('ls', 'ls[::-1]', '(1, text)', 'range(3)', 'items[:4]', '[]', '[u, v]')}",
            f"ls[{taken}] = {self.pick(f'ls[{taken}][::-1]', f'[{number()}] * len(ls[{taken}])', f'range(len(ls[{taken}]))')}",
            f"by[{taken}] = bytes(len(by[{taken}]))",
            f"by[{self.index(names)} % 6] = {self.index(names)}; {target} = by[-1 - {self.index(names)} % 6]",
            f"del ls[{part()}]",
            f"del ls[{self.index(names)} % 5]",
            f"ls[:{self.index(names)}] = ls[{self.index(names)}::-1]",
            f"{target}, x, y = ls[:3]; ls[1] = x; {target} = clip({target}) if isinstance({target}, (int, float)) else 1",
            f"x, {target} = [ls[0], {number()}]",
            f"x, y = 'p,q'.split(','); {target} = len(x + y)",
            f"td[{key()}] = {number()}",
            f"{target} = td.get({key()}, {self.index(names)})",
            f"if {key()} in td: {target} = clip({target} + 1)",
            f"td.pop({key()}, None)",
            f"st.add({item()})",
            f"st.discard({item()})",
            f"if {item()} {self.pick('in', 'not in')} st: {target} = {number()}",
            f"{target} = len(st {self.pick('&', '|', '-', '^')} {{{item()}, {item()}, 1, 2}})",
            f"st {self.pick('&', '|', '-', '^')}= {{{item()}, {item()}, 'k', 3, 4}}",
            f"{target} = clip(sum(v for v in st if isinstance(v, int)))",
            f"for z in {self.pick('st', 'tuple(ls)', 'td', 'by')}: {target} = max({target}, z if isinstance(z, int) else 1)",
            f"{target} = len({{{self.pick('v', '(v, 1)', 'str(v)')} for v in ls[:5] if isinstance(v, int)}})")
        self.emit(indent, text)
        self.emit(indent, "if len(ls) < 10 or len(ls) > 40: ls[:] = ls[:5] + list(range(10))")
        self.emit(indent, "if len(st) > 40 or len(td) > 40: st.clear(); td.clear()")

    def statement(self, indent, names, depth, in_loop):
        if self.containers and self.r.random() < self.containers:
            return self.container_statement(indent, names)
        if self.raisers and self.r.random() < self.raising:
            if self.r.random() < 0.25 and depth < 3:
                self.emit(indent, f"with {self.pick('guard', 'Guard()', 'Guard(Exception)', 'Guard(Oops) as g', 'guard as g, Guard(Exception)')}:")
                return self.block(indent + 1, names, depth + 1, in_loop)
            return self.try_statement(indent, names, depth, in_loop)
        if self.r.random() < self.special:
            return self.special_statement(indent, names)
        if self.r.random() < self.objects:
            return self.object_statement(indent, names)
        r = self.r.random()
        target = self.r.choice("abce")
        if r < 0.3:
            self.emit(indent, f"{target} = clip({self.expression(names)})")
        elif r < 0.42:
            self.emit(indent, f"{target} {self.pick('+=', '-=', '*=')} {self.atom(names)}")
            self.emit(indent, f"{target} = clip({target})")
        elif r < 0.48:
            self.emit(indent, f"items[{self.index(names)}] = clip({self.expression(names)})")
        elif r < 0.54:
            self.emit(indent, f"{self.pick('o', 'p')}.{self.pick('x', 'y')} = clip({self.expression(names)})")
        elif r < 0.58:
            self.emit(indent, f"d[{self.index(names)}] = clip({self.expression(names)})")
        elif r < 0.62:
            other = self.r.choice("abce")
            self.emit(indent, f"{target}, {other} = {other}, {target}")
        elif r < 0.66:
            self.emit(indent, f"o = {self.pick('Box', 'Pair')}(clip({self.expression(names)}), {self.atom(names)})")
        elif r < 0.7:
            self.emit(indent, self.pick(
                f"{target} = clip(sum(numbers({self.atom(names)})))",
                f"{target} = clip(sum([v + {target} for v in (1, 2, 3) if v != {self.index(names)}]))",
                f"{target} = clip(keyword({self.atom(names)}, k={self.atom(names)}, z=1))",
                f"{target} = clip(named_sum({self.atom(names)}{self.pick('', ', 3', ', b=' + self.atom(names), ', c=1', ', c=2, b=' + self.atom(names))}))",
                f"{target} = clip(named_count({self.pick('', '1, ')}{self.pick('x=1', 'y=text, z=2', '')}))",
                f"{target} = len(f'{{{target}}}-{{text!r}}')",
                f"last = None\n{'    ' * indent}if last is None: last = Rich({self.atom(names)}, 2)",
                f"{target} = clip((lambda v, w={target}: v + w)({self.atom(names)}))",
                f"{target} = clip(sum(v for v in d.values() if v == v))",
                f"for key in d: {target} = clip({target} + key)",
                f"space['G'] = {self.index(names)}\n{'    ' * indent}{target} = G",
                f"space.update(G={self.index(names)})\n{'    ' * indent}{target} = clip({target} + G)",
                f"space['helper'] = helpers[{self.index(names)} & 1]\n{'    ' * indent}{target} = helper({target})",
                f"space['made%d' % ({self.index(names)})] = {target}",
                f"p.__dict__[{self.pick(repr('x'), repr('z'))}] = {self.index(names)}",
                f"text = text.replace('a', 'b').upper().lower() if text.startswith({self.pick(repr('a'), repr('1'))}) else 'a' + text[1:]",
                f"{target} = clip(max({self.atom(names)}, {self.atom(names)}, 1) - min(2, {target}))"))
        elif r < 0.715:
            self.emit(indent, self.pick("last = o", "last = None", "last = p", "o, p = p, o"))
        elif r < 0.73:
            self.emit(indent, f"text = (text + str(int({target}) % 10))[-20:]")
        elif r < 0.75:
            self.emit(indent, f"items.append(clip({self.expression(names)}))")
            self.emit(indent, "if len(items) > 40: del items[12:]")
        elif r < 0.77:
            self.emit(indent, self.pick(f"{target} = clip(items.pop())", f"items.append({target}); {target} = items.pop()",
                                        f"kept.append({self.pick('o', 'u', 'text', target)}); v = kept.pop(); v = u",
                                        "if kept: kept.pop()", f"kept.append({self.atom(names)}); {target} = clip(measure(kept.pop()))"))
            self.emit(indent, "if len(items) < 12: items.extend(range(12))")
        elif r < 0.79:
            self.emit(indent, "try:")
            self.emit(indent + 1, f"{target} = clip({self.atom(names)} // (int({self.r.choice(names)}) % 4))")
            self.emit(indent, "except ZeroDivisionError:")
            self.emit(indent + 1, f"{target} = {self.atom(names)}")
        elif r < 0.9:
            self.emit(indent, f"if {self.condition(names)}:")
            self.block(indent + 1, names, depth, in_loop)
            if self.r.random() < 0.6:
                self.emit(indent, "else:")
                self.block(indent + 1, names, depth, in_loop)
        elif r < 0.93 and in_loop:
            self.emit(indent, f"if {self.condition(names)}: {self.pick('break', 'continue')}")
        elif depth < 3:
            self.loop(indent, names, depth + 1)
        else:
            self.emit(indent, f"{target} = clip({self.expression(names)})")

    def loop(self, indent, names, depth):
        self.loops += 1
        n = {1: 2400, 2: 14, 3: 5}[depth]
        kind = self.r.random()
        variable = f"i{self.loops}"
        if self.generators and self.r.random() < self.draws:
            made = f"{self.r.choice(self.generators)}({n}, {', '.join(self.state)})"
            shape = self.r.random()
            if shape < 0.4:
                self.emit(indent, f"for {variable} in {made}:")
            elif shape < 0.6:
                self.emit(indent, f"for {variable} in (clip(q + a) for q in {made} if q != 3):")
            elif shape < 0.8:
                self.emit(indent, f"for {variable}, {self.r.choice('ace')} in ((q, q * 2) for q in {made}):")
            else:
                self.emit(indent, f"held{self.loops} = {made}")
                self.emit(indent, f"for {variable} in held{self.loops}:")
            head = len(self.lines) - 1
            if shape >= 0.8:
                self.emit(indent + 1, f"if {self.condition(names)}: b = next(held{self.loops}, 5)")
            if self.r.random() < 0.5:
                # Generators that calls resume.
                g = f"g{self.loops}"
                self.lines.insert(head, "    " * indent + f"{g} = {self.pick(made, 'echo(a)', 'echo(b)')}")
                self.emit(indent + 1, "try:")
                self.emit(indent + 2, f"c = clip({self.pick(f'next({g})', f'{g}.send(None)', f'{g}.send({variable})', f'next({g}) + next({g})')} or 1)")
                self.emit(indent + 1, f"except {self.pick('StopIteration', '(StopIteration, TypeError)')} as err:")
                self.emit(indent + 2, self.pick(f"{g} = echo(c)", f"e = clip(e + len(err.args)); {g} = {self.pick('echo(e)', made)}"))
        elif kind < 0.45:
            bounds = (n, n - 3, f"{self.index(names)}, {n}", f"{self.index(names)}, 5", f"{self.index(names)}, 14, 3", "len(items)")
            self.emit(indent, f"for {variable} in range({self.pick(*bounds)}):")
        elif kind < 0.6:
            self.emit(indent, f"for {variable} in range({self.pick('0, %d, 2' % n, '%d, 0, -1' % n, '3, %d, 3' % n)}):")
        elif kind < 0.75:
            self.emit(indent, f"for {variable} in list(items)[:{n}]:")
        elif kind < 0.8:
            self.emit(indent, f"for key{self.loops}, {variable} in (list(d.items()) * {n})[:{n}] + [(1, 2.5), (3, 4)]:")
        elif kind < 0.85:
            self.emit(indent, f"for {variable} in (1, 2.5, 3, 4):")
        elif kind < 0.9:
            listed = self.pick(f"range({n})", f"(items * {n})[:{n}]", f"tuple(items)[:{n}]")
            pair = self.pick(f"{variable}, {self.r.choice('abce')}", f"{self.r.choice('abce')}, {variable}")
            self.emit(indent, f"for {pair} in {self.pick('enumerate(%s)', 'zip(%s, range(3000))', 'zip(range(3000), %s)') % listed}:")
        else:
            self.emit(indent, f"{variable} = 0")
            self.emit(indent, f"while {variable} < {n}:")
            self.emit(indent + 1, f"{variable} += 1")
        self.block(indent + 1, [*names, variable], depth, True)
        # Seen after the loop, whatever it was.
        self.emit(indent + 1, f"last_{variable} = {variable}")

    def generator(self, name):
        self.emit(0, f"def {name}(n, {', '.join(self.state)}):")
        if self.r.random() < 0.6:
            self.emit(1, f"for k in range(n {self.pick('', '- 1', '// 2')}):")
        else:
            self.emit(1, "k = 0")
            self.emit(1, "while k < n:")
            self.emit(2, "k += 1")
        names = ["a", "b", "c", "e", "k"]
        for _ in range(self.r.randrange(1, 3)):
            self.statement(2, names, 2, True)
            if self.r.random() < 0.3:
                self.emit(2, f"if {self.condition(names)}: yield clip({self.expression(names)})")
        self.emit(2, f"yield {self.pick('a', 'k', 'b', f'clip({self.expression(names)})')}")
        if self.r.random() < 0.3:
            self.emit(1, "yield a")
        self.generators.append(name)

    # A function that calls itself, and those made before, with n less than its own: of a module, in a cell or a method.
    def loop_of_many_kinds(self, name):
        self.emit(0, f"def {name}(seq, n, a, b, c, o, p):")
        for line in ("e, last, text = -4, None, 'ab'", *self.initial_state()):
            self.emit(1, line)
        head, variables = self.pick(("for k in seq:", "k"), ("for k in range(n):", "k"), ("for k, n in enumerate(seq):", "kn"),
                                    ("for k in (q for q in seq):", "k"), ("while n > 0:", "n"), ("for k, n in zip(seq, range(n)):", "kn"))
        self.emit(1, head)
        names = ["a", "b", "c", "e", *variables]
        if head.startswith("while"):
            self.emit(2, "n -= 1")
        self.emit(2, f"c = clip(c + {variables[-1]})")
        self.loops += 1
        self.block(2, names, 2, True)
        self.emit(1, "return a, b, c, e, o.x, text, len(items)")
        self.many_kinds.append(name)

    def call_many_kinds(self):
        for name in self.many_kinds:
            self.emit(1, f"for turn in range({self.pick(12, 60)}):")
            for _ in range(self.r.randrange(2, 9)):
                sequence = self.pick("[1, 2, 3, 4, 5]", "(1, 2, 3, 4)", "[1.5, 2.5, 3.5]", "(0.5, 2)", "range(9)", "{1: 2, 3.5: 4}",
                                     "{5, 6}", "b'ab'", "[True, 2]", "[10 ** 20, 1, 2.5]", "[]", "numbers(2)", "items")
                number = lambda: self.pick("1", "2.5", "turn", "10 ** 19", "a", "True", "-0.0")
                made = lambda: f"{self.pick('Box', 'Pair', 'Rich')}({number()}, {number()})"
                kind = f"{name}({sequence}, {self.pick(2, 9, 30)}, {number()}, {number()}, {number()}, {made()}, {made()})"
                self.emit(2, f"result = {kind}")
                if self.r.random() < 0.5:
                    self.emit(2, f"if turn % 3 == 0: result = {name}({sequence}, 20, *result[:3], p, o)")
            self.emit(1, "print(result)")

    def initial_state(self):
        lines = ["items = [k * 3 % 17 for k in range(12)]", "d = {1: 2, 3: 4}",
                 "u, v, t, tr, kept, fn, cn = Box(1, 2), Box(3, 4), (1, 2), None, [], adder(1), counter(2)", "w = Box(u, v)"]
        if self.special:
            lines.append("s, q, sz, pt = Shelf(5, 6), Shelf(7), Sized(3), Point(1, 2)")
        if self.containers:
            lines.append("ls, st, td, by = list(range(12)), {1, 'a', (2, 3)}, {(1, 2): 3}, bytearray(b'bytes and more')")
        return lines

    def recursion(self, k):
        name, kind = f"rec{k}", self.pick("module", "module", "cell", "method")
        own = {"module": name, "cell": "f", "method": f"self.{name}"}[kind]
        numbers = self.r.random() < 0.5
        indent = {"module": 0, "cell": 1, "method": 1}[kind]
        if kind == "cell":
            self.emit(0, f"def make{k}(base):")
        if kind == "method":
            self.emit(0, f"class Rec{k}(Box):")
        default = self.pick("", "", f", c={self.pick('3', '2.5', repr('x'), '(1, 2)', 'None')}")
        self.emit(indent, f"def {own.split('.')[-1]}({'self, ' if kind == 'method' else ''}n, a, b{default}):")
        indent += 1
        atom = lambda: self.pick("a", "b", "n", "a", "x", "1", "0.5", *["base"] * (kind == "cell"), *["self.x"] * (kind == "method"),
                                 *["c"] * bool(default))
        value = lambda: self.pick(f"clip({atom()} {self.pick('+', '-')} {atom()})" if numbers and not default else f"combine({atom()}, {atom()})",
                                  *[atom()] * 2, *["n - 1"] * 2,
                                  *([] if numbers else [f"({atom()}, {atom()})", "'%d' % n", "None", f"Box(measure({atom()}), n)", f"[{atom()}]"]))
        self.emit(indent, "x = y = n")
        self.emit(indent, f"if n < {self.pick(1, 2)}: return {value()}")
        own_call = lambda less: f"{own}(n - {less}, {value()}, {value()}{self.pick('', '', f', {atom()}') if default else ''})"
        call = lambda less: self.pick(*[own_call(less)] * 3, *[f"{f}(n - {less}, {value()}, {value()})" for f in self.recursive])
        for less in (1, self.pick(1, 2), 3)[:self.r.randrange(1, 4)]:
            r = self.r.random()
            if r < 0.15:
                self.emit(indent, f"if measure({atom()}) % {self.pick(5, 7)} == 3: raise {self.pick('Oops(n)', 'Other(n, a)', 'ValueError(n)')}")
            elif r < 0.22:
                self.emit(indent, f"if n == {self.pick(2, 4)} and measure({atom()}) % 5 == 2: space['log'] = caller({self.pick(1, 2, 3)})")
            elif r < 0.3:
                self.emit(indent, f"if measure({atom()}) % 11 == 5: a = {value()}")
            elif r < 0.36 and kind == "method":
                self.emit(indent, f"self.x = clip(self.x + n)")
            guarded = self.r.random() < 0.3
            if guarded:
                self.emit(indent, "try:")
            shape, at = self.r.random(), indent + guarded
            target = self.pick("x", "y")
            if shape < 0.2:
                self.emit(at, f"for k in range({self.pick('2', 'n % 3')}): {target} = {call(less + 1)}")
            elif shape < 0.4:
                self.emit(at, f"if measure({atom()}) % 3: {target} = {call(less)}")
            elif shape < 0.6:
                self.emit(at, f"{target} = {call(less)}; {self.pick('x', 'y')} = {call(less + 1)}")
            else:
                self.emit(at, f"{target} = {call(less)}")
            if guarded:
                self.emit(indent, f"except {self.pick('Oops', 'Other', 'ValueError', 'Exception')}{self.pick('', ' as err')}:")
                self.emit(indent + 1, self.pick("x = n", "raise", "y = 'caught'", "pass", "raise Oops(n)"))
        self.emit(indent, f"return {self.pick('combine(x, y)', 'x', value(), value(), '(x, y)' if not numbers else 'clip(n + measure(y))')}")
        self.emit(0, {"module": "", "cell": f"    return f\n{name} = make{k}({self.pick('1', '2.5')})", "method": f"{name} = Rec{k}(1, 2).{name}"}[kind])
        self.recursive.append(name)

    def call_recursive(self):
        for name in self.recursive:
            self.emit(1, f"for r in range({self.pick(30, 70)}):")
            self.emit(2, f"try: {self.pick('c', 'e')} = clip(c + measure({name}(r % {self.pick(6, 8)}, {self.pick('a', 'r', 'r / 2', 'text')}, {self.pick('b', 'o', 'r')})))")
            self.emit(2, "except Exception as err: e = clip(e + len(shown(err)[2]))")
        self.emit(1, "print(a, b, c, e, log)")

    def text(self):
        if self.draws:
            for k in range(self.r.randrange(1, 4)):
                self.generator(f"gen{k}")
        for k in range(self.r.randrange(1, 4)):
            name = f"f{k}"
            self.emit(0, f"def {name}(a, b):")
            if self.r.random() < 0.3:
                self.emit(1, f"for k in range({self.pick(2, 5)}): a = clip(a + k)")
            if self.r.random() < 0.5:
                self.emit(1, f"if a {self.pick('<', '>')} b: return clip(a {self.pick('+', '-')} 1)")
            self.emit(1, f"return clip(a {self.pick('+', '-', '*')} b)")
            self.functions.append(name)
        self.emit(0, "log = last_error = None")
        if self.recurs:
            self.emit(0, "def combine(p, q): return clip(measure(p) + measure(q))")
            for k in range(self.r.randrange(1, 4)):
                self.recursion(k)
        if self.raising:
            for k in range(self.r.randrange(1, 4)):
                self.raiser(f"raise{k}")
        if self.kinds:
            for k in range(self.r.randrange(1, 3)):
                self.loop_of_many_kinds(f"kinds{k}")
        self.emit(0, "def main():")
        if self.raising:
            self.emit(1, "last_error = None")
        for line in ("a, b, c, e = 1, 2, 3.5, -4", "o, p, last, text = Box(1), Pair(2, 3), None, 'ab'", *self.initial_state()):
            self.emit(1, line)
        for _ in range(self.r.randrange(2, 4)):
            self.loop(1, ["a", "b", "c", "e"], 1)
            if self.recurs:
                self.call_recursive()
            self.call_many_kinds()
            self.emit(1, "print(a, b, c, e, o.x, o.y, p.x, p.y, text, items[:12], sorted(d.items())[:6], last is None)")
            self.emit(1, "print(u.x, v.x, w.x.x, w.y.x, u is w.x, t[1], len(kept), Tracked.live, fn(1), cn())")
            if self.raising:
                self.emit(1, "print(log, last_error and shown(last_error), sys.exc_info(), Guard.depth)")
            if self.special:
                self.emit(1, "print(s.x, q.x, s.marks[1:], q.marks[1:], s is q, len(sz), pt[0], type(pt).__name__)")
            if self.containers:
                self.emit(1, "print(by, len(td), len(st), [v if isinstance(v, (int, float, str)) else type(v).__name__ for v in ls])")
                self.emit(1, "print(sorted(repr(k) for k in td), sorted(repr(k) for k in st if not isinstance(k, frozenset)))")
            self.emit(1, "seen = dict(locals())")
            self.emit(1, "print(sorted((k, v) for k, v in seen.items() if k.startswith(('i', 'last_i')) and k != 'items'))")
        self.emit(0, "main()")
        self.emit(0, "print(Tracked.live)")
        return HEADER + (SPECIAL if self.special else "") + "\n".join(self.lines) + "\n"


def run(command, path, mode=None):
    environment = dict(os.environ)
    if mode:
        environment["PTPYTHON_JIT"] = mode
    try:
        process = subprocess.run([*command, path], capture_output=True, text=True, timeout=10, env=environment)
    except subprocess.TimeoutExpired:
        return "timed out"
    error = process.stderr.strip().splitlines()[-1:]
    return f"{process.stdout}{error}{process.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default=tempfile.gettempdir())
    args = parser.parse_args()
    failures = 0
    for seed in range(args.seed, args.seed + args.count):
        path = os.path.join(args.keep, f"jit_fuzz_{seed}.py")
        with open(path, "w", encoding="utf-8") as out:
            out.write(Program(seed).text())
        expected = run([REFERENCE], path)
        bad = [mode for mode in ("off", "on", "force") if run([args.python], path, mode) != expected]
        if bad:
            failures += 1
            print(f"seed {seed}: differs with the JIT {', '.join(bad)}: {path}", flush=True)
        else:
            os.unlink(path)
    print(f"{args.count - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
