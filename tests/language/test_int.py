"""int and bool: arithmetic of all sizes, text, bytes, rounding, constructor, comparisons."""
import operator
import sys

from checks import raises

BIG = 1 << 200
SAMPLES = [0, 1, -1, 2, -2, 7, -7, 10, 255, -256, 2**31, -2**31, 2**61, 2**62 - 1, 2**62, -2**62, -2**62 - 1, 2**63 - 1,
           2**63, -2**63, 2**64, 2**64 + 1, -2**64, 3**50, -3**50, 10**40, -10**40 + 1, BIG, -BIG, BIG - 1, 2**61 - 1]


def test_division_identity():
    for a in SAMPLES:
        for b in SAMPLES:
            if b == 0:
                continue
            q, r = divmod(a, b)
            assert q == a // b and r == a % b
            assert q * b + r == a, (a, b)
            assert abs(r) < abs(b) and (r == 0 or (r > 0) == (b > 0)), (a, b)


def test_add_subtract_identity():
    for a in SAMPLES:
        for b in SAMPLES:
            assert (a + b) - b == a
            assert a - b == -(b - a)
            assert a + b == b + a
            assert (a < b) == (a - b < 0)
            assert (a == b) == (a - b == 0)


def test_multiply_identity():
    for a in SAMPLES:
        for b in SAMPLES:
            assert a * b == b * a
            assert (a + 1) * b == a * b + b
            if b:
                assert a * b // b == a and a * b % b == 0
        assert a * a == a ** 2


def test_bit_operations():
    for a in SAMPLES:
        assert ~a == -a - 1
        for b in SAMPLES:
            assert (a & b) + (a | b) == a + b
            assert (a ^ b) == (a | b) - (a & b)
            assert ~(a & b) == ~a | ~b
            assert a & ~b == a - (a & b)
    assert -1 & 0xff == 255 and -256 | 255 == -1 and (-5 ^ 3) == -8
    assert (-BIG) & 0xffff == 0 and (-BIG - 1) & 0xffff == 0xffff


def test_shifts():
    for a in SAMPLES:
        for n in (0, 1, 5, 31, 61, 62, 63, 64, 65, 127, 128, 200):
            assert a << n == a * 2**n
            assert a >> n == a // 2**n, (a, n)
    assert 1 >> 10**30 == 0 and -1 >> 10**30 == -1 and 0 << 10**30 == 0
    raises(ValueError, operator.lshift, 1, -1, message="negative shift count")
    raises(ValueError, operator.rshift, 1, -1, message="negative shift count")
    raises(MemoryError, operator.lshift, 1, 10**12)
    raises(OverflowError, operator.lshift, 1, 10**30, message="too many digits in integer")


def test_power():
    assert 2 ** 10 == 1024 and (-2) ** 63 == -2**63 and 0 ** 0 == 1 and (-1) ** (10**20) == 1
    assert 3 ** 100 == 515377520732011331036461129765621272702107522001
    assert 10 ** 30 == int("1" + "0" * 30)
    assert 2 ** -2 == 0.25 and (-2) ** -1 == -0.5
    assert pow(3, 200, 1000007) == 3**200 % 1000007
    assert pow(3, 200, -1000007) == 3**200 % -1000007
    assert pow(2, 10**20, 10**18 + 9) == pow(4, 10**20 // 2, 10**18 + 9)
    assert pow(BIG + 1, 5, BIG) == 1 and pow(5, 0, 1) == 0 and pow(-5, 3, 7) == -125 % 7
    assert pow(3, -1, 7) == 5 and pow(-3, -1, 7) == 2 and pow(3, -2, 7) == 4 and pow(3, -1, BIG + 1) * 3 % (BIG + 1) == 1
    assert pow(2, 5, None) == 32
    raises(ValueError, pow, 1, 1, 0, message="pow() 3rd argument cannot be 0")
    raises(ValueError, pow, 2, -1, 4, message="base is not invertible for the given modulus")
    raises(TypeError, pow, 2, 1, 4.0)
    raises(ZeroDivisionError, pow, 0, -1, message="0.0 cannot be raised to a negative power")


def test_true_division():
    assert 1 / 3 == 0.3333333333333333 and 10**400 / 10**399 == 10.0
    assert (2**53 + 1) / 1 == 2.0**53 and (2**54 + 3) / 2 == 2.0**53 + 2
    assert -7 / 2 == -3.5 and 0 / 5 == 0.0 and (10**30) / (10**60) == 1e-30
    assert 1 / 2**1074 == 5e-324 and 1 / 2**1075 == 0.0 and 3 / 2**1075 == 1e-323
    assert 123456789012345678901234567890 / 987654321 == 1.249999988734375e+20
    raises(ZeroDivisionError, operator.truediv, 1, 0, message="division by zero")
    raises(OverflowError, operator.truediv, 10**400, 3, message="integer division result too large for a float")


def test_zero_division_messages():
    raises(ZeroDivisionError, operator.floordiv, 1, 0, message="integer division or modulo by zero")
    raises(ZeroDivisionError, operator.mod, 1, 0, message="integer modulo by zero")
    raises(ZeroDivisionError, divmod, BIG, 0, message="integer division or modulo by zero")


def test_text():
    for a in SAMPLES:
        assert int(str(a)) == a and int(repr(a)) == a
        assert int(hex(a), 16) == a and int(oct(a), 8) == a and int(bin(a), 2) == a
        assert int(hex(a), 0) == a
        assert "%x" % a == format(a, "x")
    assert str(10**40) == "1" + "0" * 40 and hex(-BIG) == "-0x1" + "0" * 50
    assert bin(5) == "0b101" and oct(-8) == "-0o10" and hex(0) == "0x0"


def test_parsing():
    assert int("  -12_345\n") == -12345 and int("+7") == 7 and int("0x_ff", 16) == 255 and int("ff", 16) == 255
    assert int("0b101", 0) == 5 and int("0o17", 0) == 15 and int("0XFF", 0) == 255 and int("000", 0) == 0
    assert int("zz", 36) == 35 * 36 + 35 and int("١٢٣") == 123 and int(" ٤ ") == 4
    assert int(b"12") == 12 and int(bytearray(b" 13 ")) == 13 and int("1" * 30, 2) == 2**30 - 1
    for text in ("", " ", "1__0", "_1", "1_", "0x", "--1", "1 2", "+", "1.0", "０x1"):
        raises(ValueError, int, text, message="invalid literal for int() with base 10: %r" % text)
    raises(ValueError, int, "012", 0, message="invalid literal for int() with base 0: '012'")
    raises(ValueError, int, "9", 8, message="invalid literal for int() with base 8: '9'")
    raises(ValueError, int, b"1x", message="invalid literal for int() with base 10: b'1x'")
    raises(ValueError, int, "1", 1, message="int() base must be >= 2 and <= 36, or 0")
    raises(ValueError, int, "1", 37, message="int() base must be >= 2 and <= 36, or 0")


def test_digit_limit():
    limit = sys.get_int_max_str_digits()
    assert limit == 4300
    assert len(str(10**4299)) == 4300
    raises(ValueError, str, 10**4300, message="Exceeds the limit (4300 digits) for integer string conversion; "
           "use sys.set_int_max_str_digits() to increase the limit")
    raises(ValueError, int, "1" * 4301, message="Exceeds the limit (4300 digits) for integer string conversion: value has "
           "4301 digits; use sys.set_int_max_str_digits() to increase the limit")
    assert int("1" * 5000, 16) == int("0x" + "1" * 5000, 0)
    assert len(hex(1 << 40000)) == 10003
    sys.set_int_max_str_digits(0)
    try:
        assert len(str(10**5000)) == 5001 and int("9" * 5000) == 10**5000 - 1
    finally:
        sys.set_int_max_str_digits(limit)


def test_constructor():
    assert int() == 0 and int(3.99) == 3 and int(-3.99) == -3 and int(True) == 1 and int(1e30) == 10**30 + 19884624838656
    raises(TypeError, int, [], message="int() argument must be a string, a bytes-like object or a real number, not 'list'")
    raises(TypeError, int, 5, 5, message="int() can't convert non-string with explicit base")
    raises(TypeError, int, base=5, message="int() missing string argument")
    raises(TypeError, int, x=5, message="'x' is an invalid keyword argument for int()")
    raises(TypeError, int, 1, 2, 3, message="int() takes at most 2 arguments (3 given)")
    raises(TypeError, int, "5", 5.0, message="'float' object cannot be interpreted as an integer")
    raises(OverflowError, int, float("inf"), message="cannot convert float infinity to integer")
    raises(ValueError, int, float("nan"), message="cannot convert float NaN to integer")
    assert int("10", base=2) == 2


def test_conversion_protocol():
    class Whole:
        def __init__(self, value):
            self.value = value

        def __int__(self):
            return self.value

    class Index:
        def __index__(self):
            return 42

    class Sub(int):
        pass

    assert int(Whole(7)) == 7 and int(Index()) == 42
    e = raises(TypeError, int, Whole("x"))
    assert str(e) == "__int__ returned non-int (type str)"
    assert range(50)[Index()] == 42 and hex(Index()) == "0x2a"
    s = Sub(9)
    assert type(s) is Sub and type(int(s)) is int and int(s) == 9 and type(s + 1) is int and type(+s) is int
    assert Sub("12", 8) == 10 and isinstance(Sub(BIG), Sub) and Sub(BIG) == BIG


def test_bytes():
    assert (1024).to_bytes(2, "big") == b"\x04\x00" and (1024).to_bytes(4, "little") == b"\x00\x04\x00\x00"
    assert (-1).to_bytes(3, "big", signed=True) == b"\xff\xff\xff" and (255).to_bytes() == b"\xff"
    assert (-128).to_bytes(1, "big", signed=True) == b"\x80" and (0).to_bytes(0, "big") == b""
    assert int.from_bytes(b"\x00\x10", "big") == 16 and int.from_bytes(b"\xfc\x00", "big", signed=True) == -1024
    assert int.from_bytes([255, 0, 0], "big") == 16711680 and int.from_bytes(b"") == 0
    for a in SAMPLES:
        for order in ("big", "little"):
            assert int.from_bytes(a.to_bytes(30, order, signed=True), order, signed=True) == a
            n = (a.bit_length() + 8) // 8
            assert int.from_bytes(a.to_bytes(n, order, signed=True), order, signed=True) == a
    raises(OverflowError, (256).to_bytes, 1, "big", message="int too big to convert")
    raises(OverflowError, (128).to_bytes, 1, "big", signed=True, message="int too big to convert")
    raises(OverflowError, (-129).to_bytes, 1, "big", signed=True, message="int too big to convert")
    raises(OverflowError, (-1).to_bytes, 1, "big", message="can't convert negative int to unsigned")
    raises(ValueError, (1).to_bytes, -1, "big", message="length argument must be non-negative")
    raises(ValueError, (1).to_bytes, 1, "middle", message="byteorder must be either 'little' or 'big'")
    raises(TypeError, int.from_bytes, 5, message="cannot convert 'int' object to bytes")


def test_bits():
    assert [n.bit_length() for n in (0, 1, -1, 255, 256, -256, 2**63, BIG)] == [0, 1, 1, 8, 9, 9, 64, 201]
    assert [n.bit_count() for n in (0, 1, -1, 255, 2**63, BIG - 1, -BIG)] == [0, 1, 1, 8, 1, 200, 1]


def test_attributes():
    for a in (0, 5, -BIG, True):
        assert a.real == a and a.imag == 0 and a.numerator == a and a.denominator == 1
        assert a.conjugate() == a and a.as_integer_ratio() == (a, 1)
        assert type(a.real) is int and a.__trunc__() == a.__floor__() == a.__ceil__() == a
        assert a.__getnewargs__() == (int(a),)
    raises(AttributeError, setattr, 5, "real", 1)


def test_round():
    assert round(25, -1) == 20 and round(35, -1) == 40 and round(-25, -1) == -20 and round(-35, -1) == -40
    assert round(15, -2) == 0 and round(50, -2) == 0 and round(51, -2) == 100 and round(150, -2) == 200
    assert round(5, 3) == 5 and round(BIG, -50) == 16069380443 * 10**50
    assert round(12345678901234567890123, -10) == 12345678901230000000000
    assert round(5) == 5 and round(True) == 1 and type(round(True)) is int
    raises(TypeError, round, 5, 1.5)
    raises(TypeError, (5).__round__, None, message="'NoneType' object cannot be interpreted as an integer")


def test_hash():
    modulus = 2**61 - 1
    assert hash(modulus) == 0 and hash(-modulus) == 0 and hash(modulus + 1) == 1 and hash(-1) == -2 and hash(-2) == -2
    for a in SAMPLES:
        expected = abs(a) % modulus * (1 if a >= 0 else -1)
        assert hash(a) == (-2 if expected == -1 else expected)
    assert hash(2**70) == hash(2.0**70) and hash(True) == 1


def test_float_comparison():
    assert 2**53 + 1 != float(2**53) and 2**53 + 1 > float(2**53) and 2**53 < 2.0**53 + 2
    assert 10**400 > 1e308 and -10**400 < -1e308 and 10**400 < float("inf") and 10**400 != float("nan")
    assert BIG == float(BIG) and BIG + 1 > float(BIG) and BIG - 1 < float(BIG) and -BIG - 1 < -float(BIG)
    assert 3 < 3.5 < 4 and -3 > -3.5 and not 3 > 3.5 and 2**63 == 9223372036854775808.0 and 2**63 - 1 != 2.0**63
    assert not 5 < float("nan") and not 5 > float("nan") and 0 == -0.0
    raises(OverflowError, float, 10**400, message="int too large to convert to float")


def test_mixed_operand_types():
    assert (5).__add__(2.0) is NotImplemented and (5).__eq__("5") is NotImplemented
    assert (5).__radd__(3) == 8 and (5).__rpow__(2) == 32 and (5).__pow__(2, 3) == 1
    e = raises(TypeError, operator.add, 5, "x")
    assert str(e) == "unsupported operand type(s) for +: 'int' and 'str'"
    raises(TypeError, operator.lt, 5, "x", message="'<' not supported between instances of 'int' and 'str'")


def test_bool():
    assert (True & False) is False and (True | False) is True and (True ^ True) is False
    assert (True & 3) == 1 and type(True & 3) is int and (True ^ 3) == 2
    assert True + True == 2 and type(True + True) is int and repr(True) == "True" and str(False) == "False"
    assert ~True == -2 and -True == -1 and bool() is False and bool([0]) is True and bool("") is False
    assert [10, 20][True] == 20 and hash(True) == hash(1) and {1: "a"}[True] == "a" and int(True) == 1
    assert "%d %s %r" % (True, True, True) == "1 True True" and format(True, "d") == "1" and format(True) == "True"
    raises(TypeError, bool, 1, 2, message="bool expected at most 1 argument, got 2")
    raises(TypeError, bool, x=1, message="bool() takes no keyword arguments")
    try:
        class Sub(bool):
            pass
    except TypeError as e:
        assert str(e) == "type 'bool' is not an acceptable base type"
    else:
        raise AssertionError


def test_in_place():
    n = 2**62 - 1
    n += 1
    assert n == 2**62
    n -= 2**62 + 5
    assert n == -5
    n *= BIG
    n //= BIG
    assert n == -5
    n **= 3
    n %= 7
    assert n == -125 % 7
    n <<= 70
    n >>= 69
    n |= 1
    n &= 7
    n ^= 2
    assert n == ((((-125 % 7) * 2) | 1) & 7) ^ 2


def test_large_products():
    a, b = 3**2000, 7**1500
    assert a * b // a == b and a * b % b == 0 and (a * b + 12345) % a == 12345
    assert (a + b) ** 2 == a * a + 2 * a * b + b * b
    assert pow(a, b % 1000, 2**89 - 1) == pow(a % (2**89 - 1), b % 1000, 2**89 - 1)
    f = 1
    for i in range(1, 200):
        f *= i
    assert f % 199 == 0 and f // 199 % 199 != 0 and f % 211 != 0


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
