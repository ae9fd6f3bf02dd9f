"""_decimal: numbers of all sizes, rounding, signals, contexts of tasks and threads, conversions, formatting, pickling."""
import _decimal
import asyncio
import contextvars
import copy
import decimal
import inspect
import math
import numbers
import operator
import pickle
import sys
import threading
from decimal import *
from fractions import Fraction

from checks import raises


def fresh(**settings):
    return localcontext(Context(prec=28, traps=[InvalidOperation, DivisionByZero, Overflow]), **settings)


def test_module_is_native():
    assert decimal.Decimal is _decimal.Decimal and _decimal.__version__ == "1.70"
    assert HAVE_THREADS is True and decimal.HAVE_CONTEXTVAR is True
    assert (MAX_PREC, MAX_EMAX, MIN_EMIN, MIN_ETINY) == (10**18 - 1, 10**18 - 1, 1 - 10**18, 3 - 2 * 10**18)
    assert isinstance(Decimal(1), numbers.Number) and not isinstance(Decimal(1), numbers.Real)
    assert str(inspect.signature(Decimal.quantize)) == "(self, /, exp, rounding=None, context=None)"
    assert str(inspect.signature(Context.power)) == "(self, /, a, b, modulo=None)"


def test_sizes_of_coefficients():
    # Around one word, two words and more, every operation against int arithmetic.
    sizes = [1, 9, 18, 19, 20, 37, 38, 39, 40, 57, 76, 77, 100, 1000]
    values = [f(10**n) for n in sizes for f in (lambda x: x - 1, lambda x: x, lambda x: x + 1)]
    with localcontext(Context(prec=3000, traps=[Inexact])):
        for x in values:
            for y in values[::4]:
                a, b = Decimal(x), Decimal(-y)
                assert int(a + b) == x - y and int(a - b) == x + y and int(a * b) == -x * y
                assert a // b == -(x // y) and a % b == x % y and (a < b) == (x < -y) and (a == b) == (x == -y)
                assert str(a) == str(x) and Decimal(str(b)) == b and hash(a) == hash(x) and hash(b) == hash(-y)
                assert (a * b).as_tuple().digits == tuple(map(int, str(x * y)))


def test_exponents_far_apart():
    with fresh() as c:
        assert str(Decimal("1e999999") + Decimal("1e-999999")) == "1.000000000000000000000000000E+999999"
        assert c.flags[Inexact] and c.flags[Rounded]
    with localcontext(Context(prec=5, Emin=MIN_EMIN, Emax=MAX_EMAX)):
        tiny, huge = Decimal(f"1e{MIN_EMIN}"), Decimal(f"1e{MAX_EMAX}")
        assert huge - tiny == Decimal(f"1.0000e{MAX_EMAX}") and tiny < huge and huge > 1 > tiny
        assert str(huge.next_minus()) == f"9.9999E+{MAX_EMAX - 1}"
        raises(Overflow, operator.mul, huge, huge)
        assert (tiny * tiny).is_zero() and hash(huge) == hash(pow(10, MAX_EMAX, sys.hash_info.modulus))
    with localcontext(Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)):
        assert Decimal(4) / 2 == 2 and Decimal(9).sqrt() == 3 and Decimal(7) // 2 == 3 and Decimal(10)**3 == 1000
        raises(MemoryError, operator.truediv, Decimal(1), Decimal(3))
        raises(MemoryError, Decimal(2).sqrt)
    raises(MemoryError, int, Decimal("1e1000000000000"))


def test_rounding_modes():
    expected = {"ROUND_UP": "3 3 3 2 -3 -3", "ROUND_DOWN": "2 2 2 1 -2 -2", "ROUND_CEILING": "3 3 3 2 -2 -2",
                "ROUND_FLOOR": "2 2 2 1 -3 -3", "ROUND_HALF_UP": "3 2 3 2 -3 -2", "ROUND_HALF_DOWN": "2 2 3 1 -2 -2",
                "ROUND_HALF_EVEN": "2 2 3 2 -2 -2", "ROUND_05UP": "2 2 2 1 -2 -2"}
    for rounding, row in expected.items():
        with fresh(rounding=rounding):
            got = [Decimal(x).quantize(1) for x in ("2.5", "2.1", "2.9", "1.5", "-2.5", "-2.1")]
            assert " ".join(map(str, got)) == row, rounding
            # The same of a product that has to be rounded.
            x = Decimal("1.0000000000000000000000000005")
            assert (x * 5).as_tuple().exponent == -27
    with fresh(prec=1, rounding=ROUND_05UP):
        assert [str(+Decimal(x)) for x in ("10.1", "51", "62", "1.9")] == ["1E+1", "6E+1", "6E+1", "1"]


def test_signals():
    with fresh() as c:
        raises(DivisionByZero, operator.truediv, Decimal(1), 0, message="[<class 'decimal.DivisionByZero'>]")
        e = raises(InvalidOperation, operator.truediv, Decimal(0), 0)
        assert e.args == ([decimal.DivisionUndefined],) if hasattr(decimal, "DivisionUndefined") else e.args
        raises(InvalidOperation, Decimal, "x", message="[<class 'decimal.ConversionSyntax'>]")
        c.clear_flags()
        assert Decimal(1) / 3 and [s.__name__ for s, on in c.flags.items() if on] == ["Inexact", "Rounded"]
        c.traps[Inexact] = True
        raises(Inexact, operator.truediv, Decimal(2), 3)
        c.flags[Inexact] = False
        assert not c.flags[Inexact] and len(c.flags) == 9 and c.flags != c.traps
        raises(KeyError, operator.getitem, c.flags, 1)
        raises(ValueError, operator.delitem, c.flags, Inexact, message="signal keys cannot be deleted")
        assert c.flags.copy() == c.flags and type(c.flags.copy()) is dict
        c.clear_traps()
        assert (Decimal(1) / 0).is_infinite() and (Decimal(0) / 0).is_nan()
    assert issubclass(Underflow, (Inexact, Rounded, Subnormal)) and issubclass(DivisionByZero, ZeroDivisionError)
    assert issubclass(FloatOperation, TypeError) and DecimalException.__mro__[1] is ArithmeticError


def test_float_operation():
    with fresh() as c:
        assert Decimal(0.5) == Decimal("0.5") == 0.5 and c.flags[FloatOperation]
        assert Decimal(1) < 1.5 and Decimal("0.1") != 0.1
        c.traps[FloatOperation] = True
        raises(FloatOperation, Decimal, 0.5)
        raises(FloatOperation, operator.lt, Decimal(1), 1.5)
        assert Decimal(1) == 1.0 and Decimal.from_float(0.5) == Decimal("0.5")
        raises(TypeError, operator.add, Decimal(1), 1.0)


def test_contexts_of_tasks_and_threads():
    seen = {}

    def worker(precision):
        getcontext().prec = precision
        seen[precision] = str(Decimal(1) / 3)

    async def task(precision):
        with localcontext(prec=precision):
            await asyncio.sleep(0)
            return len(str(Decimal(1) / 3))

    async def tasks():
        return await asyncio.gather(*[task(p) for p in range(5, 15)])
    with fresh():
        threads = [threading.Thread(target=worker, args=(p,)) for p in (3, 40)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert {k: len(v) for k, v in seen.items()} == {3: 5, 40: 42} and getcontext().prec == 28
        assert asyncio.run(tasks()) == [p + 2 for p in range(5, 15)]
        inner = contextvars.copy_context()
        inner.run(lambda: setcontext(Context(prec=7)))
        assert getcontext().prec == 28 and inner.run(lambda: getcontext().prec) == 7


def test_context_object():
    c = Context(prec=5, rounding=ROUND_DOWN, Emin=-10, Emax=10, capitals=0, clamp=1, flags=[Rounded], traps=[Overflow])
    assert repr(c) == ("Context(prec=5, rounding=ROUND_DOWN, Emin=-10, Emax=10, capitals=0, clamp=1, flags=[Rounded], "
                       "traps=[Overflow])")
    for other in (c.copy(), copy.copy(c), pickle.loads(pickle.dumps(c))):
        assert repr(other) == repr(c) and other.flags is not c.flags
    assert c.Etiny() == -14 and c.Etop() == 6 and c.create_decimal("1e9") == Decimal("1.0000e9") and str(c.divide(1, 3)) != ""
    raises(ValueError, setattr, c, "prec", 0, message="valid range for prec is [1, MAX_PREC]")
    raises(ValueError, setattr, c, "Emin", 1, message="valid range for Emin is [MIN_EMIN, 0]")
    raises(TypeError, setattr, c, "rounding", "up")
    raises(AttributeError, delattr, c, "prec", message="context attributes cannot be deleted")
    raises(TypeError, localcontext, foo=1, message="'foo' is an invalid keyword argument for this function")
    raises(TypeError, setcontext, 5, message="argument must be a context")
    with localcontext(ExtendedContext) as inner:
        inner.prec = 3
        assert inner is getcontext() is not ExtendedContext and ExtendedContext.prec == 9


def test_subclasses():
    class Money(Decimal):
        def __new__(cls, value, currency="EUR"):
            self = super().__new__(cls, value)
            self.currency = currency
            return self

        def __add__(self, other):
            return Money(super().__add__(other), self.currency)
    m = Money("1.50", "CHF")
    assert m + 1 == Decimal("2.50") and (m + 1).currency == "CHF" and type(m * 2) is Decimal and type(-m) is Decimal
    assert type(Money.from_float(1.5)) is Money and {m: 1}[Decimal("1.5")] == 1 and type(Decimal(m)) is Decimal
    assert pickle.loads(pickle.dumps(Decimal("1.50"))).as_tuple() == (0, (1, 5, 0), -2)
    assert copy.deepcopy(m) is m
    big = Money("9" * 200)
    assert str(big) == "9" * 200 and big == 10**200 - 1 and type(big + 1) is Money

    class Settings(Context):
        pass
    with localcontext(Settings(prec=4)):
        assert str(Decimal(1) / 3) == "0.3333"
    setcontext(Settings(prec=4))
    assert str(Decimal(1) / 3) == "0.3333" and type(getcontext()) is Settings
    setcontext(DefaultContext)


def test_other_numbers():
    assert Decimal("0.5") == Fraction(1, 2) and Decimal("0.3") < Fraction(1, 3) < Decimal("0.34")
    assert Decimal(2) == 2 + 0j and Decimal(2) != 2 + 1j and not Decimal(2) == "2"
    raises(TypeError, operator.lt, Decimal(1), 1j)
    assert hash(Decimal("0.5")) == hash(0.5) == hash(Fraction(1, 2)) and hash(Decimal("-1e50")) == hash(-10**50)
    assert Decimal("0.75").as_integer_ratio() == (3, 4) and Decimal("1e3").as_integer_ratio() == (1000, 1)
    assert float(Decimal("0.1")) == 0.1 and float(Decimal("1e400")) == math.inf and float(Decimal("-0")) == 0
    assert [float(Decimal(repr(x))) for x in (5e-324, 1.7976931348623157e308, 2**0.5)] == [5e-324, 1.7976931348623157e308, 2**0.5]
    assert round(Decimal("2.5")) == 2 and round(Decimal("2.675"), 2) == Decimal("2.68") and math.floor(Decimal("-1.5")) == -2
    assert math.ceil(Decimal("1.1")) == 2 and math.trunc(Decimal("-1.9")) == -1 and complex(Decimal(2)) == 2
    assert sum([Decimal("0.1")] * 10) == 1 and sorted([Decimal(3), 1, Decimal("2.5"), 2]) == [1, 2, Decimal("2.5"), 3]
    nan = Decimal("nan")
    assert nan != nan and not nan == 1 and nan in [nan] and hash(nan) == hash(nan)
    raises(InvalidOperation, operator.lt, nan, 1)
    raises(TypeError, hash, Decimal("snan"), message="Cannot hash a signaling NaN value")
    assert [Decimal(x).compare_total(Decimal("1.0")) for x in ("-nan", "-inf", "1.00", "1", "inf", "snan", "nan")] \
        == [-1, -1, -1, 1, 1, 1, 1]


def test_texts():
    for text in ("0", "-0", "0E+3", "1.50", "1E+5", "1E-7", "0.000001", "123456789012345678901234567890.5", "Infinity", "-NaN12",
                 "sNaN", "9." + "1" * 500 + "E-100", "0E-10"):
        assert str(Decimal(text)) == text and repr(Decimal(text)) == f"Decimal('{text}')"
    assert str(Decimal("12E+7").to_eng_string()) == "120E+6" and Decimal("١٢.٥") == Decimal("12.5")
    assert Decimal(" 1_000.5\n") == Decimal("1000.5") and Decimal((1, (1, 2, 3), -1)) == Decimal("-12.3")
    assert Decimal("1.20").as_tuple() == decimal.DecimalTuple(0, (1, 2, 0), -2)
    for text in ("", "1e", ".", "1.2.3", "+-1", "1 2", "0x1", "nan1.5", "1\0", "\ud800", "∞"):
        raises(InvalidOperation, Decimal, text)
    raises(ValueError, Decimal, (0, (10,), 0), message="coefficient must be a tuple of digits")
    raises(ValueError, Decimal, (2, (), 0))


def test_formats():
    x = Decimal("-1234567.891")
    assert format(x, ",.2f") == "-1,234,567.89" and format(x, "=+20,.1f") == "-        1,234,567.9"
    assert format(x, "020,.1f") == "-000,001,234,567.9" or len(format(x, "020,.1f")) == 20
    assert f"{x:.3e}" == "-1.235e+6" and f"{Decimal('0.125'):.1%}" == "12.5%" and f"{x:*^20.0f}" == "******-1234568******"
    assert f"{Decimal('1E+3'):f}" == "1000" and f"{Decimal('nan'):010}" == "       NaN" and f"{Decimal('-0.001'):z.1f}" == "0.0"
    assert f"{Decimal(12):é<6}" == "12éééé" and "%.2f" % Decimal("2.675") == "%.2f" % 2.675
    assert format(Decimal(5), "1000")[-1] == "5" and len(format(Decimal("1e50"), ",f")) == 51 + 16
    raises(ValueError, format, x, "x", message="invalid format string")
    override = {"decimal_point": ",", "grouping": "\3", "thousands_sep": "."}
    assert x.__format__("n", override) == "-1.234.567,891"


def test_formats_beyond_memory():
    for spec in ("999999999999999999", "0999999999999999999", ".999999999999999999f", "é>999999999999999999,"):
        raises(MemoryError, format, Decimal(1), spec)
    assert len(format(Decimal(1), "0100000,")) == 100001 and len(format(Decimal("-0.5"), "é^100000,")) == 100000


def test_functions():
    with fresh(prec=50):
        root = Decimal(2).sqrt()
        assert abs(root * root - 2) < Decimal("1e-48") and Decimal(10).ln().exp().quantize(Decimal("1e-40")) == 10
        assert Decimal(1000).log10() == 3 and Decimal("0.001").log10() == -3 and str(Decimal(0).exp()) == "1"
        assert str(Decimal(1).exp()) == "2.7182818284590452353602874713526624977572470937000"
        assert str(Decimal(2).ln()) == "0.69314718055994530941723212145817656807550013436026"
        assert str(Decimal(2).log10()) == "0.30102999566398119521373889472449302676818988146211"
        assert Decimal("1e-60").exp() == Decimal(1) and str(Decimal("1." + "0" * 60 + "1").ln())[:5] == "1.000"
    with fresh():
        assert Decimal(2)**90 == 2**90 and Decimal(2)**-2 == Decimal("0.25") and str(Decimal(9)**Decimal("0.5"))[:4] == "3.00"
        assert Decimal("1.5")**3 == Decimal("3.375") and Decimal(-2)**3 == -8 and pow(Decimal(7), 100, 13) == 7**100 % 13
        raises(InvalidOperation, operator.pow, Decimal(-2), Decimal("0.5"))
        raises(InvalidOperation, operator.pow, Decimal(0), 0)
        assert Decimal(3).fma(4, 5) == 17 and Decimal(17).remainder_near(10) == -3 and divmod(Decimal(-7), 2) == (-3, -1)
        assert Decimal("110").logical_xor(Decimal("011")) == 101 and Decimal(123).rotate(-1).adjusted() == 27
        assert Decimal(1).next_plus() == Decimal("1.000000000000000000000000001") and Decimal("1.200").normalize() == Decimal("1.2")
        assert Decimal("123.45").scaleb(2) == 12345 and Decimal("0.001").logb() == -3 and Decimal(12).shift(3) == 12000


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
