"""complex: construction, text, arithmetic, comparison, formatting."""
import math
import operator

from checks import raises

INF = float("inf")
NAN = float("nan")


def test_repr():
    table = [(0j, "0j"), (1j, "1j"), (-1j, "(-0-1j)"), (1 + 0j, "(1+0j)"), (complex(-0.0, 1), "(-0+1j)"),
             (complex(0.0, -1), "-1j"), (complex(NAN, INF), "(nan+infj)"), (complex(1, NAN), "(1+nanj)"),
             (complex(0, -INF), "-infj"), (1e16 + 1e-5j, "(1e+16+1e-05j)"), (1.5 - 2.5j, "(1.5-2.5j)")]
    for number, text in table:
        assert repr(number) == text == str(number), (repr(number), text)


def test_from_text():
    table = {"1": 1 + 0j, "1+2j": 1 + 2j, "j": 1j, "+j": 1j, "1-j": 1 - 1j, "1+j": 1 + 1j, " ( 1+2j ) ": 1 + 2j,
             "1e5j": 1e5j, "1_0+2_0j": 10 + 20j, "1+2J": 1 + 2j, "-infinity": complex(-INF, 0), "1.5e-3-2.5E2j": 0.0015 - 250j,
             "١j": 1j}
    for text, number in table.items():
        assert complex(text) == number, text
    assert repr(complex("nan+infj")) == "(nan+infj)" and repr(complex("-0j")) == "-0j" and repr(complex("-j")) == "-1j"


def test_malformed_text():
    for text in ("(1+2j", "1 + 2j", "1+2", "1j+2", "", "()", "1+2jx", "++1j", "inf+nan", "1j1", "j1", "é"):
        raises(ValueError, complex, text, message="complex() arg is a malformed string")
    raises(ValueError, complex, "1__0", message="could not convert string to complex: '1__0'")


def test_constructor():
    assert complex() == 0 and complex(1) == 1 and complex(1, 2) == 1 + 2j and complex(real=1, imag=2) == 1 + 2j
    assert complex(1j, 2j) == -2 + 1j and complex(1, 1j) == 0 and complex(1.5) == 1.5 and complex(imag=3) == 3j
    raises(TypeError, complex, "1", 2, message="complex() can't take second arg if first is a string")
    raises(TypeError, complex, 1, "2", message="complex() second arg can't be a string")
    raises(TypeError, complex, [], message="complex() first argument must be a string or a number, not 'list'")
    raises(TypeError, complex, 1, [], message="complex() second argument must be a number, not 'list'")
    raises(TypeError, complex, 1, 2, 3, message="complex() takes at most 2 arguments (3 given)")
    raises(TypeError, complex, x=1, message="'x' is an invalid keyword argument for complex()")


def test_conversion_protocol():
    class C:
        def __complex__(self):
            return 3 + 4j

    class Bad:
        def __complex__(self):
            return 5

    class F:
        def __float__(self):
            return 2.5

    class I:
        def __index__(self):
            return 7

    assert complex(C()) == 3 + 4j and complex(F()) == 2.5 and complex(I()) == 7 and complex(I(), 1j) == 6
    raises(TypeError, complex, Bad(), message="__complex__ returned non-complex (type int)")


def test_subclass():
    class Sub(complex):
        pass

    s = Sub(1, 2)
    assert type(s) is Sub and s == 1 + 2j and type(s + 1) is complex and type(+s) is complex and type(complex(s)) is complex
    assert type(s.__complex__()) is complex and s.__complex__() == s


def test_arithmetic():
    a, b = 3 + 4j, 1 - 2j
    assert a + b == 4 + 2j and a - b == 2 + 6j and a * b == 11 - 2j and a / b == -1 + 2j
    assert a + 1 == 4 + 4j and 1.5 - a == -1.5 - 4j and 2 * a == 6 + 8j and -a == -3 - 4j and +a == a
    assert abs(a) == 5.0 and a.conjugate() == 3 - 4j and a.real == 3.0 and a.imag == 4.0
    assert type(a.real) is float and bool(a) and not bool(0j)


def test_division():
    assert (1 + 2j) / 2 == 0.5 + 1j and 5 / (1 + 2j) == 1 - 2j and (1 + 2j) / 2j == 1 - 0.5j
    raises(ZeroDivisionError, operator.truediv, 1j, 0, message="complex division by zero")
    z = (1 + 1j) / complex(NAN, NAN)
    assert math.isnan(z.real) and math.isnan(z.imag)
    assert (1e300 + 1e300j) / (1e300 + 1e300j) == 1 + 0j


def test_power():
    assert (1 + 2j) ** 3 == -11 - 2j and (1 + 2j) ** 0 == 1 and (1 + 2j) ** 2 == -3 + 4j and 0j ** 0 == 1
    assert (1 + 2j) ** -3 == -0.08800000000000001 + 0.016j
    assert abs((1 + 2j) ** 0.5 - (1.272019649514069 + 0.7861513777574233j)) < 1e-15
    assert abs((1 + 2j) ** (1 + 2j) - (-0.22251715680177267 + 0.10070913113607541j)) < 1e-15
    assert abs((-8) ** (1 / 3) - (1.0000000000000002 + 1.7320508075688772j)) < 1e-15
    raises(ZeroDivisionError, pow, 0j, -1, message="0.0 to a negative or complex power")
    raises(ZeroDivisionError, pow, 0j, 1j, message="0.0 to a negative or complex power")
    raises(OverflowError, pow, 1e200 + 1j, 2, message="complex exponentiation")
    raises(ValueError, pow, 1j, 2, 3, message="complex modulo")


def test_unsupported_operations():
    raises(TypeError, operator.floordiv, 1j, 1, message="unsupported operand type(s) for //: 'complex' and 'int'")
    raises(TypeError, operator.mod, 1j, 1, message="unsupported operand type(s) for %: 'complex' and 'int'")
    raises(TypeError, divmod, 1j, 1, message="unsupported operand type(s) for divmod(): 'complex' and 'int'")
    raises(TypeError, operator.lt, 1j, 1, message="'<' not supported between instances of 'complex' and 'int'")
    raises(TypeError, int, 1j)
    raises(TypeError, float, 1j)


def test_absolute():
    assert abs(complex(INF, NAN)) == INF and abs(complex(NAN, INF)) == INF and math.isnan(abs(complex(NAN, 1)))
    assert abs(3 * 2.0**600 + 4j * 2.0**600) == 5 * 2.0**600
    raises(OverflowError, abs, 1.7e308 + 1.7e308j, message="absolute value too large")


def test_equality():
    assert 1 + 0j == 1 and 1 + 0j == 1.0 and 1 + 1j != 1 and 2**53 + 1 != complex(2**53) and 1j == 1j and not 1j == "x"
    assert complex(NAN, 0) != complex(NAN, 0) and 1 == 1 + 0j and True == 1 + 0j
    assert (1j).__eq__("x") is NotImplemented and (1j).__lt__(1j) is NotImplemented


def test_hash():
    assert hash(1 + 0j) == hash(1) and hash(1j) == 1000003 and hash(1 + 2j) == 2000007 and hash(0.5 + 0j) == hash(0.5)
    assert hash(complex(0, INF)) == 314159942477 and {1 + 0j: "a"}[1] == "a"


def test_format():
    z = 1 + 2j
    assert format(z) == "(1+2j)" and format(z, ".2f") == "1.00+2.00j" and format(z, "+.3e") == "+1.000e+00+2.000e+00j"
    assert format(z, ">20") == "              (1+2j)" and format(z, "^10") == "  (1+2j)  " and format(z, ".3") == "(1+2j)"
    assert format(complex(1e6, 2), ",.2f") == "1,000,000.00+2.00j" and format(z, "#g") == "1.00000+2.00000j"
    assert format(3j, "g") == "0+3j" and format(3j, "") == "3j" and format(complex(-0.01, -0.01), "z.1f") == "0.0+0.0j"
    assert format(1.5 + 2j, "<") == "(1.5+2j)" and format(z, "*<12.1f") == "1.0+2.0j****" and format(z, "E") == "1.000000E+00+2.000000E+00j"
    raises(ValueError, format, z, "05", message="Zero padding is not allowed in complex format specifier")
    raises(ValueError, format, z, "=5", message="'=' alignment flag is not allowed in complex format specifier")
    raises(ValueError, format, z, "d", message="Unknown format code 'd' for object of type 'complex'")
    raises(ValueError, format, z, "%", message="Unknown format code '%' for object of type 'complex'")


def test_pickle_support():
    assert (1 + 2j).__getnewargs__() == (1.0, 2.0)
    raises(AttributeError, setattr, 1j, "real", 1)


def test_infinite_products():
    z = complex(INF, 0) * complex(1, 1)
    assert z.real == INF and z.imag == INF
    assert 1e308 * 10 + 1j == complex(INF, 1)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
