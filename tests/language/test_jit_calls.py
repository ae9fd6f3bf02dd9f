# Calls that compiled loops make: keywords and defaults, builtin functions and types, iterators, with what they rely on
# changed in the middle.
import math
from collections import OrderedDict, defaultdict, deque, namedtuple


def positional(a, b=2, c=3):
    return a * 100 + b * 10 + c


def mixed(a, /, b, *, c=5, d=6):
    return a + 10 * b + 100 * c + 1000 * d


class Shape:
    def __init__(self, w=1, h=2, *, name="s"):
        self.w = w
        self.h = h
        self.name = name

    def area(self, scale=1, *, plus=0):
        return self.w * self.h * scale + plus


def test_defaults_and_keywords():
    def local(v, k=3, *, m=4):
        return v * k + m

    total = 0
    for i in range(4000):
        total += positional(i) + positional(i, 5) + positional(i, c=7) + positional(b=1, a=i)
        total += mixed(i, 2) + mixed(i, b=3, d=1) + mixed(i, 4, c=2, d=3)
        total += local(i) + local(i, m=1) + local(i, 2)
        total += Shape(i).area() + Shape(w=i, h=3).area(2, plus=1) + Shape(h=i, name="t").area(plus=i)
    want = 0
    for i in range(4000):
        want += (100 * i + 23) + (100 * i + 53) + (100 * i + 27) + (100 * i + 13)
        want += (i + 20 + 500 + 6000) + (i + 30 + 500 + 1000) + (i + 40 + 200 + 3000)
        want += (3 * i + 4) + (3 * i + 1) + (2 * i + 4)
        want += 2 * i + (6 * i + 1) + (i + i)
    assert total == want


def test_defaults_change():
    def f(a, b=1, *, c=2):
        return a + b + c

    total = 0
    for i in range(6000):
        total += f(0)
        if i == 3000:
            f.__defaults__ = (10,)
        if i == 4000:
            f.__kwdefaults__["c"] = 100
        if i == 5000:
            f.__kwdefaults__ = {"c": 1000}
    assert total == 3001 * 3 + 1000 * 12 + 1000 * 110 + 999 * 1010
    positional.__defaults__, kept = (8, 9), positional.__defaults__
    try:
        assert [positional(1) for _ in range(3000)] == [189] * 3000
    finally:
        positional.__defaults__ = kept


def test_wrong_calls_are_told():
    caught = []
    for i in range(3000):
        try:
            if i % 3 == 0:
                positional()
            elif i % 3 == 1:
                positional(1, a=2)
            else:
                mixed(1, 2, e=3)
        except TypeError as e:
            caught.append(str(e))
    assert caught[-3:] == ["positional() missing 1 required positional argument: 'a'",
                           "positional() got multiple values for argument 'a'",
                           "mixed() got an unexpected keyword argument 'e'"]
    assert len(caught) == 3000


def test_least_and_greatest():
    s = t = 0.0
    for i in range(4000):
        s += min(i, 2000) + max(i, 1000, -5) + min(i, 7, 9, 3)
        t += min(i * 0.5, 100.0) + max(2.5, i * 0.25) + min(1, 2.5) + max(True, 0)
    assert s == sum(min(i, 2000) + max(i, 1000) + min(i, 3) for i in range(4000))
    assert t == sum(min(i * 0.5, 100.0) + max(2.5, i * 0.25) + 2 for i in range(4000))
    nan, out = float("nan"), []
    for i in range(3000):
        out = [min(nan, 1.0), min(1.0, nan), max(nan, 1.0), max(1.0, nan), min(0.0, -0.0), max(-0.0, 0.0)]
    assert math.isnan(out[0]) and out[1] == 1.0 and math.isnan(out[2]) and out[3] == 1.0
    assert math.copysign(1, out[4]) == 1 and math.copysign(1, out[5]) == -1


def test_instance_checks():
    class Pretender:
        @property
        def __class__(self):
            return int

    class Sub(Shape):
        pass

    values = [1, 2.5, "x", Shape(), Sub(), Pretender(), True, None]
    counts = [0] * 5
    for i in range(8000):
        v = values[i % 8] if i % 100 else values[i // 100 % 8]
        counts[0] += isinstance(v, int)
        counts[1] += isinstance(v, Shape)
        counts[2] += isinstance(v, (str, float))
        counts[3] += isinstance(v, Sub)
        counts[4] += not isinstance(v, object)
    want = [0] * 5
    for i in range(8000):
        k = i % 8 if i % 100 else i // 100 % 8
        want[0] += k in (0, 5, 6)
        want[1] += k in (3, 4)
        want[2] += k in (1, 2)
        want[3] += k == 4
    assert counts == want, (counts, want)


def test_iterators_of_all_kinds():
    d, s = {i: i * i for i in range(5)}, {1, 2, 3}
    total = 0
    for i in range(1500):
        for k, v in d.items():
            total += k * v
        for k in d:
            total += k
        for v in s:
            total += v
        for n, c in enumerate("abc", 1):
            total += n * (c != "b")
        for a, b in zip([1, 2], (3, 4)):
            total += a * b
        for c in "xy":
            total += ord(c)
        for b in b"ab":
            total += b
        for x in reversed([1, 2, 3]):
            total = total * 3 % 1000003 + x
        for x in map(abs, (-1, -2)):
            total += x
    want = 0
    for i in range(1500):
        want += 100 + 10 + 6 + 4 + 11 + ord("x") + ord("y") + 97 + 98
        for x in 3, 2, 1:
            want = want * 3 % 1000003 + x
        want += 3
    assert total == want
    try:
        for i in range(3000):
            for k in d:
                if i == 2500:
                    d[99] = 1
        assert False
    except RuntimeError as e:
        assert str(e) == "dictionary changed size during iteration"


def test_iterators_that_fail():
    class Failing:
        def __init__(self, at):
            self.at = at

        def __eq__(self, other):
            return True

        def __hash__(self):
            if self.at % 7 == 0:
                raise KeyError(self.at)
            return 1

    d, caught, rounds = {1: 2, 3: 4}, 0, 0
    for i in range(4000):
        try:
            for k in d:
                rounds += 1
                if i % 3 == 0:
                    d[i + 10] = 1
        except RuntimeError as e:
            caught += 1
            del d[i + 10]
            assert str(e) == "dictionary changed size during iteration"
        try:
            for t in zip(map(hash, [Failing(i), Failing(i + 1)]), "ab"):
                rounds += 1
        except KeyError as e:
            assert e.args[0] % 7 == 0
            caught += 10
    assert caught == 1334 + 10 * sum(i % 7 == 0 or (i + 1) % 7 == 0 for i in range(4000)), caught
    assert rounds == 1334 + 2 * 2666 + sum(0 if i % 7 == 0 else 1 if (i + 1) % 7 == 0 else 2 for i in range(4000))


def test_other_containers():
    counts, ordered, queue, data = defaultdict(int), OrderedDict(), deque(range(5)), bytearray(10)
    for i in range(4000):
        counts[i % 7, i % 3] += 1
        ordered[i % 5] = i
        queue.append(queue.popleft() + 1)
        data[i % 10] = (data[i % 10] + 1) % 256
        part = list(range(6))
        part[1:3] = part[::-2]
        part[-1] = slice(i, None).start
        assert part[0:2] == [0, 5] and part[-1] == i
    assert sum(counts.values()) == 4000 and len(counts) == 21
    assert dict(ordered) == {k: 3995 + k for k in range(5)}
    assert list(queue) == [800, 801, 802, 803, 804]
    assert data == bytes([400 % 256] * 10)
    try:
        for i in range(3000):
            data[i % 10] = 300 if i == 2900 else 1
        assert False
    except ValueError:
        pass


def test_numbers_of_other_types():
    z = 0j
    for i in range(4000):
        z = z * (0.5 + 0.5j) + complex(i % 3, 1)
        text = "%d-%s" % (i, str(i)) + chr(65 + i % 26) * 2
    want = 0j
    for i in range(4000):
        want = want * (0.5 + 0.5j) + complex(i % 3, 1)
    assert z == want and text == "3999-3999VV"
    big = 1
    for i in range(3000):
        big = (big << 3) % (10 ** 40 + 7) + int("12") + round(2.5) + divmod(i, 7)[1]
    assert big > 0


def test_text_one_character_at_a_time():
    def run(text, n):
        counts, i, out = [0] * 4, 0, []
        while len(out) < n:
            c = text[i]
            if c == "a":
                counts[0] += 1
            elif c == "\xe9" or c == "":
                counts[1] += 1
            elif c != "b":
                counts[2] += 1
            else:
                counts[3] += 1
            i += 1
            if i == len(text):
                i = -len(text)
            elif i == 0:
                i = len(text) - 2
            out.append(c)
        return counts, "".join(out)

    for text in "abc\xe9", "b\u0100a\xe9", "a\U0001f600cb", "abab":
        counts, joined = run(text, 5000)
        assert counts == [joined.count("a"), joined.count("\xe9"), sum(c not in "ab\xe9" for c in joined), joined.count("b")]
        assert set(joined) == set(text)
    words = ["alpha", "alphb", "alpha" + "", "al" * 300, "al" * 299 + "ax", "\u0100lpha", ""]
    same = 0
    for i in range(7000):
        a, b = words[i % 7], words[i // 7 % 7]
        same += a == b
        same += 10 * (a != b)
    assert same == sum((a == b) + 10 * (a != b) for i in range(7000) for a, b in [(words[i % 7], words[i // 7 % 7])])
    try:
        for i in range(3000):
            "abc"[i if i > 2990 else i % 3]
        assert False
    except IndexError as e:
        assert str(e) == "string index out of range" and i == 2991


def test_namespaces_that_answer_themselves():
    class Space(dict):
        def __getitem__(self, key):
            return 7 if key == "x" else dict.__getitem__(self, key)

    space = Space(x=1)
    exec("def f(n):\n    s = 0\n    for i in range(n): s += x\n    return s", space)
    assert space["f"](20000) == 140000


def test_names_that_come_later():
    space = {}
    exec("def f(n):\n    s = 0\n    for i in range(n): s += abs(-i) + len(word)\n    return s\nword = 'abc'", space)
    assert space["f"](4000) == sum(range(4000)) + 12000
    for k in range(300):
        space["later%d" % k] = k
    assert space["f"](4000) == sum(range(4000)) + 12000
    space["word"] = "abcd"
    space["len"] = lambda s: 100
    assert space["f"](4000) == sum(range(4000)) + 400000


def test_namespaces_with_keys_that_are_no_strings():
    space = {}
    exec("""
def abs(x): return 100
def own(n):
    s = 0
    for i in range(n): s += abs(-1)
    return s
def builtin(n):
    s = 0
    for i in range(n): s += len("ab")
    return s
""", space)
    assert space["own"](100) == 10000 and space["builtin"](100) == 200
    space[5] = 1
    assert space["own"](6000) == 600000 and space["builtin"](6000) == 12000
    del space["abs"]
    assert space["own"](6000) == 6000
    space["len"] = lambda s: 7
    assert space["builtin"](6000) == 42000


def test_factories_that_change_lists():
    n = 20000
    items = list(range(n + 5))
    popping = defaultdict(items.pop)
    difference = 0
    for i in range(n):
        before = len(items)
        popping[i]
        difference += before - len(items)
    assert difference == n and items == list(range(5))


def test_defaults_replaced():
    def f(a, b=1, *, c=2):
        return a + b + c

    total = 0
    for i in range(6000):
        total += f(i)
        if i == 2000:
            f.__defaults__ = (10,)
        if i == 4000:
            f.__kwdefaults__ = {"c": 20}
        if i == 5000:
            f.__kwdefaults__["c"] = 200
    assert total == sum(range(6000)) + 3 * 2001 + 12 * 2000 + 30 * 1000 + 210 * 999


def test_functions_with_attributes():
    import functools

    def wrapped(f):
        @functools.wraps(f)
        def inner(*args, **kw):
            return f(*args, **kw)
        return inner

    @wrapped
    def add(a, b=2, *, c=3):
        return a + b * c

    def plain(x):
        return x + plain.step

    plain.step = 2

    class Holder:
        @wrapped
        def method(self, a):
            return a + 1

        @wrapped
        def numbers(self, n):
            for i in range(n):
                yield i

    total, holder = 0, Holder()
    for i in range(5000):
        total += add(i, 1) + plain(i) + holder.method(i)
        for x in holder.numbers(2):
            total += x
        if i == 2500:
            plain.step = 3
            plain.more = 1
    assert total == sum(i + 3 + i + (2 if i <= 2500 else 3) + i + 1 + 1 for i in range(5000)), total


def test_collected_names():
    def passes(*args, **kw):
        return takes(*args, **kw)

    def takes(a, b=2, *, c=3, **rest):
        return a + b + c + len(rest)

    def reads(**kw):
        return kw["a"] + kw["b"] + len(kw) + ("c" in kw)

    def changes(**kw):
        kw["more"] = kw.pop("a")
        return sorted(kw.items())

    def keeps(x, /, **kw):
        return kw

    class Point:
        def __init__(self, x, **more):
            self.x = x
            self.more = more

    total, kept, text = 0, [], "t"
    for i in range(5000):
        total += passes(i, c=i) + passes(i, 1, b2=text) + passes(a=i) + passes(i, b=i, c=1, d=[i]) + reads(a=i, b=2)
        if i % 1000 == 0:
            kept.append(keeps(i, x=i, y=text, z=[i], w=i + 0.5))
        kept.append(keeps(i, a=(i, text)))
        kept.append(Point(i, y=[i], z=i).more)
        kept.append(changes(a=i, b=text * (i % 3)))
        if i % 1000:
            del kept[-3:]
    want = sum(i + 2 + i + i + 1 + 3 + 1 + i + 2 + 3 + 2 * i + 1 + 1 + i + 2 + 2 for i in range(5000))
    assert total == want, (total, want)
    assert kept[:4] == [{"x": 0, "y": "t", "z": [0], "w": 0.5}, {"a": (0, "t")}, {"y": [0], "z": 0}, [("b", ""), ("more", 0)]], kept[:4]
    assert kept[-2:] == [{"y": [4000], "z": 4000}, [("b", "t"), ("more", 4000)]], kept[-2:]
    for i in range(5000):
        try:
            passes(i, a=1) if i % 500 == 499 else passes(i, b=1)
        except TypeError as e:
            assert "multiple values" in str(e), e


def test_collected_names_in_tracebacks():
    def fails(**kw):
        if kw["n"] % 700 == 3:
            raise KeyError(kw["n"])
        return kw["n"]

    def outer(*args, **kw):
        return fails(*args, **kw)

    seen = []
    for i in range(5000):
        try:
            outer(n=i, text="x%d" % i)
        except KeyError as e:
            f = e.__traceback__.tb_next.tb_next.tb_frame
            seen.append((e.args[0], f.f_locals["kw"], f.f_back.f_locals["kw"] is f.f_locals["kw"]))
    assert seen == [(i, {"n": i, "text": "x%d" % i}, False) for i in range(3, 5000, 700)], seen


def test_defaults_of_functions_that_come_and_go():
    def run(n, scale, shift, tag):
        def f(a, b=scale, *, c=shift, d=tag):
            return (a * b + c, d)

        def g(a, b=2, *, c=3):
            return a + b * c
        total, tags = 0, set()
        for i in range(n):
            x, t = f(i, c=4) if i % 3 else f(i)
            y, u = f(i, b=1, d=None) if i % 5 == 0 else f(i, 7)
            total += x + y + g(i) + g(i, c=1) + g(b=1, a=i)
            tags.add(t)
            tags.add(u)
            if i == n - 40:
                g.__defaults__ = (10,)
            elif i == n - 30:
                g.__kwdefaults__["c"] = 100
            elif i == n - 20:
                f.__kwdefaults__ = {"c": 1000, "d": "late"}
            elif i == n - 10:
                g.__kwdefaults__ = None
                try:
                    g(1)
                    assert False
                except TypeError as e:
                    assert "missing 1 required keyword-only argument: 'c'" in str(e), e
                g.__kwdefaults__ = {"c": -1}
        return total, sorted(map(str, tags)), f.__kwdefaults__, g.__defaults__, g.__kwdefaults__

    def wanted(n, scale, shift, tag):
        total = 0
        for i in range(n):
            late = i > n - 20
            b, c = (10 if i > n - 40 else 2), (-1 if i > n - 10 else 100 if i > n - 30 else 3)
            own = 1000 if late else shift
            total += i * scale + (4 if i % 3 else own) + (i if i % 5 == 0 else i * 7) + own
            total += i + b * c + i + b + i + c
        return total
    for scale, shift, tag in ((2, 3, "x"), (2.5, 3, "y"), (4, 0.5, "z"), (10**30, 1, "w"), (3, 1, ("t",))) * 3:
        got = run(700, scale, shift, tag)
        want = sorted(map(str, {tag, None, "late"}))
        assert got == (wanted(700, scale, shift, tag), want, {"c": 1000, "d": "late"}, (10,), {"c": -1}), got


def test_functions_made_with_defaults():
    kept, total = [], 0
    for i in range(3000):
        f = lambda a, i=i, *, k=(i, "k"), z=1: a + i + k[0] + z

        def g(a: int, b: str = "b", *, c: float = i) -> int:
            return a + len(b) + c
        total += f(1) + f(2, 3) + f(0, k=(5,)) + g(1) + g(2, c=0)
        if i % 1000 == 7:
            kept.append((f, g))
    assert total == sum(1 + i + i + 1 + 2 + 3 + i + 1 + i + 5 + 1 + 1 + 1 + i + 3 for i in range(3000)), total
    for n, (f, g) in enumerate(kept):
        i = 1000 * n + 7
        assert f.__defaults__ == (i,) and f.__kwdefaults__ == {"k": (i, "k"), "z": 1}, f.__kwdefaults__
        assert f.__kwdefaults__ is f.__kwdefaults__ and g.__annotations__ is g.__annotations__
        assert g.__defaults__ == ("b",) and g.__kwdefaults__ == {"c": i}
        assert g.__annotations__ == {"a": int, "b": str, "c": float, "return": int}, g.__annotations__
        assert f(1) == 1 + i + i + 1 and g(1) == 2 + i


def test_keyword_defaults_of_mangled_names():
    class C:
        def m(self, *, __x=1, y=[2]):
            return __x, y
    assert C().m() == (1, [2]) and C.m.__kwdefaults__ == {"_C__x": 1, "y": [2]}, C.m.__kwdefaults__
    C.m.__kwdefaults__["y"] = 3
    assert C().m(_C__x=5) == (5, 3)
    del C.m.__kwdefaults__
    try:
        C().m()
        assert False
    except TypeError as e:
        assert "missing 2 required keyword-only arguments: '_C__x' and 'y'" in str(e), e


def test_arguments_of_native_code_that_are_made_for_it():
    import re
    pattern = re.compile(r"\$(?:(?P<named>[a-z])|(?P<escaped>\$))")
    kept = {}

    def substitute(template, mapping=None, /, **kws):
        mapping = kws if mapping is None else mapping

        def convert(match):
            named = match.group("named")
            return str(mapping[named]) if named else "$"
        kept[len(template)] = kws
        pair = [mapping, convert, kws]
        return pattern.sub(convert, template) + str(pair[0]["c"]) + str(max(kws.items(), (template, 0), key=len))[:1]

    for i in range(3000):
        assert substitute("$a and $b cost $$5 $c", a=i, b="x", c=i * 2) == f"{i} and x cost $5 {i * 2}{i * 2}d"
        assert kept[21] == {"a": i, "b": "x", "c": i * 2}


def test_init_behind_a_new_that_the_interpreter_leaves():
    class Base:
        def __new__(cls, *args, **kwds):
            assert cls is not Base, "cannot make a Base"
            return object.__new__(cls)

    class Node(Base):
        def __init__(self, kind, children, context=None, prefix=None, fixed=None):
            self.kind = kind
            self.children = list(children)
            for child in self.children:
                assert child.parent is None, repr(child)
                child.parent = self
            if prefix is not None:
                self.prefix = prefix
            if fixed:
                self.fixed = fixed[:]
            else:
                self.fixed = None

    class Leaf(Base):
        parent = None

        def __init__(self, value, **rest):
            self.value, self.rest = value, rest

    def build(depth, n):
        if not depth:
            return Leaf(n, depth=depth)
        node = Node(depth, [build(depth - 1, n * 2 + k) for k in range(depth % 3 + 1)], prefix=n if n % 3 else None,
                    fixed=[n] if n % 2 else None)
        node.parent = None
        return node
    for _ in range(60):
        tree, leaves = [build(5, 1)], []
        while tree:
            node = tree.pop()
            if isinstance(node, Leaf):
                leaves.append((node.value, node.rest))
                continue
            assert all(child.parent is node for child in node.children)
            assert getattr(node, "prefix", 3) % 3 == (node.prefix % 3 if hasattr(node, "prefix") else 0)
            assert node.fixed is None or node.fixed[0] % 2 == 1
            tree.extend(node.children)
        assert sorted(leaves, key=repr)[0] == (32, {"depth": 0}) and len(leaves) == 36, (leaves[0], len(leaves))


def test_init_with_a_loop():
    class Summed:
        def __init__(self, n, kind=None):
            t = 0
            for i in range(n):
                t += i
            self.t = t
            if kind is not None:
                while kind > 0:
                    kind -= 1
                    self.t += 1

    class Sub(Summed):
        def __init__(self, n):
            super().__init__(n, 2)
            for k in (1, 2, 3):
                self.t += k

    class Odd:
        def __init__(self, n):
            while n > 10:
                n -= 1
            if n == 7:
                return n
    total = 0
    for i in range(3000):
        total += Summed(i % 30).t
        total += Sub(i % 7).t - Summed(i % 7, 3).t
        s = Summed.__new__(Summed)
        assert s.__init__(i % 40) is None and s.t == sum(range(i % 40))
        if i % 100 == 17:
            try:
                Odd(7)
            except TypeError as e:
                assert str(e) == "__init__() should return None, not 'int'"
            else:
                assert False
        Odd(i % 30 + 8)
    assert total == sum(sum(range(i % 30)) + 5 for i in range(3000)), total


def test_init_with_a_loop_called_natively():
    class Item:
        live = 0

        def __init__(self, n):
            Item.live += 1
            self.n = 0
            for i in range(n):
                self.n += i

        def __del__(self):
            Item.live -= 1
    for turn in range(30):
        items = list(map(Item, [turn % 50] * 60)) + [Item(k) for k in range(60)]
        assert sum(item.n for item in items) == 60 * sum(range(turn)) + sum(sum(range(k)) for k in range(60))
        assert Item.live == 120
        del items
        assert Item.live == 0


def test_cached_functions_in_loops():
    import functools
    calls = []

    @functools.lru_cache(maxsize=50)
    def cached(x, y=2):
        calls.append(x)
        if x == 60:
            raise ValueError(x)
        return [x, y]
    kept = cached(1)
    for i in range(3000):
        assert cached(i & 31)[0] == i & 31
        assert cached(1) is kept
        if i % 500 == 400:
            try:
                cached(60)
            except ValueError as e:
                assert e.args == (60,)
            else:
                assert False
        if i == 2500:
            cached.cache_clear()
            kept = cached(1)
    assert len(calls) == 32 + 6 + 1 + 31 + 0, len(calls)


def test_builtin_objects_in_loops():
    import re
    pattern, found, letters = re.compile("a(b*)"), 0, []
    push = letters.append
    for i in range(3000):
        match = pattern.match("abbb"[: i % 5])
        if match:
            found += len(match.group(1)) + bool(match)
        while not match:
            match = pattern.match("a")
        upper = "abc".upper
        push(upper()[i % 3])
        push((upper, i))
        push = letters.append if i % 2 else push
        if 0.0 if i % 2 else 0.5:
            found += 1
        if b"" if i % 3 else b"x":
            found += 1
        assert (lambda *a: a)(*[i], *(i, i), *letters[:1]) == (i, i, i, "A")
    assert found == 1500 + 1000 + sum(max(i % 5 - 1, 0) + (i % 5 > 0) for i in range(3000)), found
    assert letters[::2][:4] == ["A", "B", "C", "A"] and letters[-1][1] == 2999 and len(letters) == 6000
    other = [].append
    for i in range(200):
        put = push if i % 2 else other
        put(i)
    assert len(letters) == 6100 and len(other.__self__) == 100


def test_truth_that_runs_python_code_is_asked_once():
    import types
    import weakref
    asked = []

    class Counted(dict):
        def __len__(self):
            asked.append(1)
            return 2

        def __bool__(self):
            asked.append(2)
            return True
    held = Counted()
    view, proxy, found = types.MappingProxyType(held), weakref.proxy(held), 0
    for i in range(3000):
        if view:
            found += 1
        if not proxy:
            found -= 1
        assert len(asked) == 2 * i + 2, (i, len(asked))
    assert found == 3000


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
