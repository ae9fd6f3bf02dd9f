"""float: repr, parsing, arithmetic semantics, hexadecimal text, rounding, comparisons."""
import math
import operator

from checks import raises

INF = float("inf")
NAN = float("nan")


def same(a, b):
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


def test_repr():
    table = {0.0: "0.0", 1.0: "1.0", 0.1: "0.1", 1e16: "1e+16", 1e15: "1000000000000000.0", 123456789.125: "123456789.125",
             1e-4: "0.0001", 1e-5: "1e-05", 1.5e300: "1.5e+300", 5e-324: "5e-324", 2.0**53: "9007199254740992.0",
             1.7976931348623157e308: "1.7976931348623157e+308", 0.1 + 0.2: "0.30000000000000004", 1/3: "0.3333333333333333",
             9999999999999998.0: "9999999999999998.0", 1e22: "1e+22", 1e23: "1e+23", 100.0: "100.0", 1e100: "1e+100"}
    for number, text in table.items():
        assert repr(number) == text and str(number) == text and repr(-number) == "-" + text
        assert float(text) == number
    assert repr(INF) == "inf" and repr(-INF) == "-inf" and repr(NAN) == "nan" and repr(-NAN) == "nan"


def test_parsing():
    assert float("  1.5\n") == 1.5 and float("1_000.5_0") == 1000.5 and float("+.5") == 0.5 and float("5.") == 5.0
    assert float("1e5") == 1e5 and float("1E-5") == 1e-5 and float("-0") == 0 and same(float("-0"), -0.0)
    assert float("infinity") == INF and float("-INF") == -INF and math.isnan(float("NaN")) and math.isnan(float("-nan"))
    assert float(b"1.25") == 1.25 and float(bytearray(b" 2 ")) == 2.0 and float("٣.٥") == 3.5
    assert float("1e400") == INF and float("-1e400") == -INF and float("1e-400") == 0.0 and float("0e99999") == 0.0
    assert float("1" + "0" * 400) == INF and float("0." + "0" * 400 + "1") == 0.0 and float("1" * 400 + "e-399") > 0
    assert float("2.2250738585072011e-308") == 2.225073858507201e-308
    assert float("179769313486231580793728971405301e276") == 1.797693134862315807e308
    for text in ("", " ", "1__0", "_1", "1_", "1e", "e5", ".", "1.5.2", "0x10", "infi", "1 2", "1e5.5", "1_e5", "+-1", "nan1"):
        raises(ValueError, float, text, message="could not convert string to float: %r" % text)
    raises(ValueError, float, b"x", message="could not convert string to float: b'x'")


def test_constructor():
    assert float() == 0.0 and float(5) == 5.0 and float(True) == 1.0
    raises(TypeError, float, [], message="float() argument must be a string or a real number, not 'list'")
    raises(TypeError, float, 1, 2, message="float expected at most 1 argument, got 2")
    raises(TypeError, float, x=1, message="float() takes no keyword arguments")

    class Real:
        def __float__(self):
            return 2.5

    class Bad:
        def __float__(self):
            return "x"

    class Index:
        def __index__(self):
            return 7

    class Sub(float):
        pass

    assert float(Real()) == 2.5 and float(Index()) == 7.0
    raises(TypeError, float, Bad(), message="Bad.__float__ returned non-float (type str)")
    s = Sub(1.5)
    assert type(s) is Sub and s == 1.5 and type(s + 1) is float and type(float(s)) is float and type(-s) is float


def test_division_by_zero():
    raises(ZeroDivisionError, operator.truediv, 5.0, 0.0, message="float division by zero")
    raises(ZeroDivisionError, operator.floordiv, 5.0, 0, message="float floor division by zero")
    raises(ZeroDivisionError, operator.mod, 5, 0.0, message="float modulo")
    raises(ZeroDivisionError, divmod, 5.0, 0.0, message="float divmod()")
    raises(ZeroDivisionError, pow, 0.0, -1, message="0.0 cannot be raised to a negative power")


def test_modulo():
    for a in (5.5, -5.5, 3.0, -3.0, 0.1, 1e20):
        for b in (2.0, -2.0, 0.3, -0.3, 7):
            q, r = divmod(a, b)
            assert r == a % b and q == a // b
            assert r == 0 or (r > 0) == (b > 0)
            assert abs(r) < abs(b)
    assert same(-1e-20 % 3, 3.0) and same(0.0 % -1.0, -0.0) and same(-0.0 % 1.0, 0.0) and same(4.0 % -2.0, -0.0)
    assert 5.0 % INF == 5.0 and -5.0 % INF == INF and math.isnan(INF % 5.0) and 7 // 2.0 == 3.0 and -7 // 2.0 == -4.0
    assert same(-0.0 // 1.0, -0.0) and same(0.0 // -5.0, -0.0) and 1e300 // 7.0 > 1e299


def test_power():
    assert 2.0 ** 0.5 == 1.4142135623730951 and 2 ** -1.0 == 0.5 and NAN ** 0 == 1.0 and 1.0 ** NAN == 1.0
    assert (-2.0) ** 3 == -8.0 and (-INF) ** 3 == -INF and INF ** -1 == 0.0 and (-1.0) ** INF == 1.0
    z = (-8.0) ** 0.5
    assert isinstance(z, complex) and abs(z - 2.8284271247461903j) < 1e-15
    e = raises(OverflowError, pow, 1e300, 1e300)
    assert e.args == (34, "Numerical result out of range")
    raises(TypeError, pow, 2.0, 1, 4, message="pow() 3rd argument not allowed unless all arguments are integers")


def test_hash():
    assert hash(1.0) == 1 and hash(-1.0) == -2 and hash(0.5) == 2**60 and hash(2.0**61) == 1 and hash(-0.0) == 0
    assert hash(INF) == 314159 and hash(-INF) == -314159 and hash(2.0**200) == hash(2**200) and hash(1e300) == hash(int(1e300))
    assert hash(0.1) == 230584300921369408 and hash(-0.1) == -230584300921369408 and hash(1.5) == 1152921504606846977
    assert hash(float(2**61 - 1)) == hash(2**61) and hash(5e-324) == 16777216


def test_comparison():
    assert 1.5 < 2 and 1.5 > 1 and 2.0 == 2 and not 2.0 != 2 and 1e308 < 10**400 and INF > 10**400 and -INF < -10**400
    assert NAN != NAN and not NAN == NAN and not NAN < 1 and not NAN > 1 and 0.0 == -0.0
    assert 9007199254740993 != 9007199254740992.0 and 9007199254740993 > 9007199254740992.0
    assert (1.5).__eq__("x") is NotImplemented and (1.5).__lt__(2j) is NotImplemented
    raises(TypeError, operator.lt, 1.5, "x", message="'<' not supported between instances of 'float' and 'str'")
    x = NAN
    assert x in [x] and [x] == [x] and x is x


def test_ratio_and_integer():
    assert (0.1).as_integer_ratio() == (3602879701896397, 36028797018963968)
    assert (-2.5).as_integer_ratio() == (-5, 2) and (1e300).as_integer_ratio() == (int(1e300), 1)
    assert (5e-324).as_integer_ratio() == (1, 2**1074) and (0.0).as_integer_ratio() == (0, 1)
    raises(OverflowError, INF.as_integer_ratio, message="cannot convert Infinity to integer ratio")
    raises(ValueError, NAN.as_integer_ratio, message="cannot convert NaN to integer ratio")
    assert (2.0).is_integer() and not (2.5).is_integer() and not INF.is_integer() and (1e300).is_integer()


def test_hex():
    table = {0.0: "0x0.0p+0", 1.0: "0x1.0000000000000p+0", -1.5: "-0x1.8000000000000p+0", 0.1: "0x1.999999999999ap-4",
             5e-324: "0x0.0000000000001p-1022", 1e308: "0x1.1ccf385ebc8a0p+1023"}
    for number, text in table.items():
        assert number.hex() == text and float.fromhex(text) == number
    assert INF.hex() == "inf" and NAN.hex() == "nan" and (-0.0).hex() == "-0x0.0p+0"


def test_fromhex():
    f = float.fromhex
    assert f("0x1p-1074") == 5e-324 and f("0x1p-1075") == 0.0 and f("0x1.8p-1075") == 5e-324 and f("0x.8") == 0.5
    assert f("0x1.fffffffffffff7p1023") == 1.7976931348623157e308 and f(" 0x1P+5 ") == 32.0 and f("inf") == INF
    assert f("0x1.00000000000008p0") == 1.0 and f("0x1.000000000000080000001p0") == 1.0000000000000002
    assert f("123456789abcdef1234") == 5.373003642731685e+21 and f("-0x0p99999999999999999999") == 0.0
    assert math.isnan(f("-nan")) and f("+Infinity") == INF and f("1.") == 1.0
    for text in ("0x", "x", "0x1.p", "0x1p", "1_0", "nanx", "", "0x1.2.3", "0x1pz"):
        raises(ValueError, f, text, message="invalid hexadecimal floating-point string")
    for text in ("1p1024", "0x1.fffffffffffff8p1023", "0x1p99999999999999999999"):
        raises(OverflowError, f, text, message="hexadecimal value too large to represent as a float")

    class Sub(float):
        pass

    assert type(Sub.fromhex("0x1p0")) is Sub


def test_round_to_int():
    assert [round(x) for x in (0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6)] == [0, 2, 2, 0, -2, 2, 3]
    assert round(1e20) == 10**20 and type(round(2.5)) is int and round(2.5, None) == 2
    raises(ValueError, round, NAN, message="cannot convert float NaN to integer")
    raises(OverflowError, round, INF, message="cannot convert float infinity to integer")
    assert math.floor(-1.5) == -2 and math.ceil(-1.5) == -1 and math.trunc(-1.5) == -1 and math.floor(1e300) == int(1e300)


def test_round_digits():
    assert round(2.675, 2) == 2.67 and round(5.015, 2) == 5.01 and round(1.5, 0) == 2.0 and round(0.125, 2) == 0.12
    assert round(25.0, -1) == 20.0 and round(5.0, -1) == 0.0 and round(15.0, -1) == 20.0 and round(5.000001, -1) == 10.0
    assert round(1e22, -22) == 1e22 and round(5e22, -23) == 0.0 and round(0.5, 400) == 0.5 and round(0.5, -400) == 0.0
    assert round(1234.5678, -2) == 1200.0 and round(1.5, 10**30) == 1.5 and same(round(-0.4, 0), -0.0)
    assert math.isnan(round(NAN, 2)) and round(INF, 1) == INF and round(-1.55, 1) == -1.6 and round(99.5, -2) == 100.0
    assert round(1.2345678901234567e-10, 15) == 1.23457e-10
    raises(OverflowError, round, 1.7e308, -308, message="rounded value too large to represent")


def test_immutable_attributes():
    assert (1.5).real == 1.5 and (1.5).imag == 0.0 and (1.5).conjugate() == 1.5
    assert (1.5).__getnewargs__() == (1.5,) and float.__getformat__("double") == "IEEE, little-endian"
    raises(ValueError, float.__getformat__, "x", message="__getformat__() argument 1 must be 'double' or 'float'")
    raises(AttributeError, setattr, 1.5, "real", 2)


def test_arithmetic():
    assert 0.1 + 0.2 == 0.30000000000000004 and 1.0 - 0.9 == 0.09999999999999998 and 3 * 0.1 == 0.30000000000000004
    assert 1e308 * 10 == INF and math.isnan(INF - INF) and -INF + 5 == -INF and abs(-2.5) == 2.5 and +2.5 == 2.5
    assert same(-(0.0), -0.0) and same(0.0 * -1, -0.0) and 7 / 2.0 == 3.5 and 2**70 + 0.5 == 2.0**70
    raises(OverflowError, operator.add, 1.0, 10**400, message="int too large to convert to float")
    assert (1.0).__add__("x") is NotImplemented and 2.5.__radd__(1) == 3.5 and 2.0.__rpow__(3) == 9.0
    assert 2.0.__rtruediv__(1) == 0.5 and 3.0.__rfloordiv__(10) == 3.0 and 3.0.__rmod__(10) == 1.0


def test_extreme_values_round_trip():
    import struct
    state = 12345
    for _ in range(2000):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        x = struct.unpack("<d", struct.pack("<Q", state))[0]
        if not math.isnan(x):
            assert float(repr(x)) == x and float.fromhex(x.hex()) == x
            assert float("%.17g" % x) == x


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
