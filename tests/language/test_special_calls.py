# round(), repr() and str() of objects whose methods are written in Python, and methodcallers: the method runs in the builtin's
# place, from code that is compiled and from code that is not.
import operator
import traceback

from checks import raises


class Amount:
    def __init__(self, n):
        self.n = n

    def __round__(self):
        return self.n

    def __repr__(self):
        return "<%d>" % self.n

    def doubled(self):
        return 2 * self.n


class Named(Amount):
    def __str__(self):
        return "n%d" % self.n


def test_results():
    things = [Amount(7), Named(9)]
    double = operator.methodcaller("doubled")
    total, texts = 0, []
    for i in range(4000):
        it = things[i % 2]
        total += round(it) + double(it)
        texts.append((repr(it), str(it)))
    assert total == 2000 * (7 + 14 + 9 + 18)
    assert texts == [("<7>", "<7>"), ("<9>", "n9")] * 2000


def test_one_kind_in_a_loop():
    it, n = Named(3), 0
    for i in range(4000):
        n += round(it) + len(repr(it)) + len(str(it)) + len(str(Amount(i % 10)))
    assert n == 4000 * (3 + 3 + 2 + 3)
    assert sum(round(it) for _ in range(3000)) == 9000
    assert max(str(Amount(i)) for i in range(3000)) == "<9>"


def test_methodcallers_come_and_go():
    it, n = Amount(5), 0
    for i in range(3000):
        n += operator.methodcaller("doubled")(it)
        n += operator.methodcaller("__round__")(it)
    assert n == 3000 * 15
    calls = [operator.methodcaller(name) for name in ("doubled", "__round__", "__repr__")]
    seen = [calls[i % 3](it) for i in range(3000)]
    assert seen == [10, 5, "<5>"] * 1000


class Shadowed:
    def value(self):
        return "class"


def test_own_attributes_come_first():
    call = operator.methodcaller("value")
    it, seen = Shadowed(), []
    for i in range(3000):
        if i == 2000:
            it.value = lambda: "own"
        if i == 2500:
            del it.value
        seen.append(call(it))
    assert seen == ["class"] * 2000 + ["own"] * 500 + ["class"] * 500
    seen = []
    for i in range(3000):
        if i == 2000:
            it.__dict__["value"] = lambda: "dict"
        seen.append(call(it))
    assert seen == ["class"] * 2000 + ["dict"] * 1000


def test_classes_change():
    class Thing:
        def __round__(self):
            return 1

        def __repr__(self):
            return "a"

        def ask(self):
            return 1

    it, seen, ask = Thing(), [], operator.methodcaller("ask")
    for i in range(3000):
        if i == 1000:
            Thing.__round__ = lambda self: 2
            Thing.ask = lambda self: 2
            Thing.__repr__ = lambda self: "b"
        if i == 2000:
            Thing.__str__ = lambda self: "c"
            Thing.__round__ = lambda self: None
        seen.append((round(it), repr(it), str(it), ask(it)))
    assert seen == [(1, "a", "a", 1)] * 1000 + [(2, "b", "b", 2)] * 1000 + [(None, "b", "c", 2)] * 1000


def test_methodcallers_with_arguments_or_hooks():
    class Thing:
        def add(self, a, b=1):
            return a + b

        def none(self, a=5):
            return a

    class Hooked:
        def __getattr__(self, name):
            return lambda: name

    class Everything(Thing):
        def __getattribute__(self, name):
            return lambda *a: name

    it, n = Thing(), 0
    for i in range(3000):
        n += operator.methodcaller("add", 1)(it) + operator.methodcaller("add", 1, b=2)(it) + operator.methodcaller("none")(it)
    assert n == 3000 * 10
    call = operator.methodcaller("none")
    assert {call(Hooked()) for _ in range(2000)} == {"none"}
    assert {call(Everything()) for _ in range(2000)} == {"none"}
    for _ in range(2000):
        raises(AttributeError, call, Amount(1), message="'Amount' object has no attribute 'none'")
        raises(TypeError, operator.methodcaller("add"), it,
               message="test_methodcallers_with_arguments_or_hooks.<locals>.Thing.add() missing 1 required positional argument: 'a'")


def test_results_that_are_no_text():
    class Wrong:
        kind = 0

        def __repr__(self):
            return "text" if self.kind < 1 else 3

        def __str__(self):
            return "text" if self.kind < 2 else None

    class OnlyRepr:
        def __repr__(self):
            return b""

    def loop(f, it):
        for i in range(3000):
            if i == 2500:
                it.kind = 2
            f(it)

    raises(TypeError, loop, repr, Wrong(), message="__repr__ returned non-string (type int)")
    raises(TypeError, loop, str, Wrong(), message="__str__ returned non-string (type NoneType)")
    raises(TypeError, loop, str, OnlyRepr(), message="__str__ returned non-string (type bytes)")

    def written_out(it):
        for i in range(3000):
            if i == 2500:
                it.kind = 2
            repr(it)
            str(it)

    raises(TypeError, written_out, Wrong(), message="__repr__ returned non-string (type int)")


def test_subclasses_of_str():
    class Text(str):
        pass

    class Thing:
        def __repr__(self):
            return Text("r")

        def __str__(self):
            return Text("s")

    it = Thing()
    for _ in range(3000):
        r, s = repr(it), str(it)
        assert type(r) is Text and type(s) is Text and r + s == "rs"


def test_default_parameters():
    class Thing:
        def __round__(self, digits=None):
            return digits

        def __repr__(self, more="x"):
            return more

    it = Thing()
    for i in range(3000):
        assert round(it) is None and round(it, i) == i and repr(it) == "x"


def test_exceptions_with_and_without_text():
    class Plain(Exception):
        pass

    class Told(Exception):
        def __str__(self):
            return "told"

    class Shown(Exception):
        def __repr__(self):
            return "shown"

    n = 0
    for i in range(3000):
        try:
            raise (Plain, Told, Shown)[i % 3](i % 3)
        except Exception as e:
            n += len(str(e)) + len(repr(e))
    assert n == 1000 * (1 + 8 + 4 + 7 + 1 + 5)


def test_tracebacks():
    class Failing:
        def __round__(self):
            return 1 // self.n

        def __repr__(self):
            return "%d" % (1 // self.n)

        def ask(self):
            return 1 // self.n

    def by_round(it):
        return round(it)

    def by_repr(it):
        return str(it)

    def by_call(it, ask=operator.methodcaller("ask")):
        return ask(it)

    it = Failing()
    for f, name in (by_round, "__round__"), (by_repr, "__repr__"), (by_call, "ask"):
        it.n = 1
        for _ in range(3000):
            f(it)
        it.n = 0
        e = raises(ZeroDivisionError, f, it, message="integer division or modulo by zero")
        assert [entry.name for entry in traceback.extract_tb(e.__traceback__)][1:] == [f.__name__, name]


def test_deep():
    class Chain:
        def __init__(self, below):
            self.below = below

        def __repr__(self):
            return "c" + (repr(self.below) if self.below else "")

        def ask(self, call=operator.methodcaller("ask")):
            return 1 + (call(self.below) if self.below else 0)

    chain = None
    for _ in range(100):
        chain = Chain(chain)
    for _ in range(50):
        assert repr(chain) == str(chain) == "c" * 100 and chain.ask() == 100
    chain.below = chain
    for f in repr, str, operator.methodcaller("ask"):
        try:
            f(chain)
        except RecursionError:
            pass
        else:
            raise AssertionError("no end")
