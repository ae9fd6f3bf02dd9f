"""Format specifications, str.format, f-strings' formatting, and the % operator of str."""
from checks import raises

INF = float("inf")
NAN = float("nan")


def check(table):
    for value, spec, expected in table:
        assert format(value, spec) == expected, (value, spec, format(value, spec), expected)


def test_int_types():
    check([(255, "d", "255"), (255, "b", "11111111"), (255, "o", "377"), (255, "x", "ff"), (255, "X", "FF"), (65, "c", "A"),
           (255, "#b", "0b11111111"), (255, "#o", "0o377"), (255, "#x", "0xff"), (255, "#X", "0XFF"), (-255, "x", "-ff"), (0, "", "0"),
           (128512, "c", "😀"), (5, "n", "5"), (True, "d", "1"), (True, "", "True"), (False, "5", "    0"), (10**30, "x", "c9f2c9cd04674edea40000000")])


def test_int_alignment():
    check([(42, "5", "   42"), (42, "<5", "42   "), (42, "^5", " 42  "), (42, ">5", "   42"), (-42, "=6", "-   42"), (42, "*^7", "**42***"),
           (42, "05", "00042"), (-42, "05", "-0042"), (42, "+d", "+42"), (42, " d", " 42"), (-42, " d", "-42"), (255, "#06x", "0x00ff"),
           (255, "#010b", "0b11111111"), (42, "€<4", "42€€"), (65, "<3c", "A  "), (65, "03c", "00A"), (42, "<05", "42000"), (42, "x=5d", "xxx42")])


def test_int_grouping():
    check([(1234567, ",", "1,234,567"), (1234567, "_", "1_234_567"), (0xabcdef12, "_x", "abcd_ef12"), (-1234, ",", "-1,234"), (123, ",", "123"),
           (1234, "012,", "0,000,001,234"), (1234, "011,", "000,001,234"), (1234, "010,", "00,001,234"), (12345678, "_b", "1011_1100_0110_0001_0100_1110"),
           (1234, "*>10,", "*****1,234"), (10**12, ",d", "1,000,000,000,000"), (1234, "#_x", "0x4d2"), (12, "06_", "00_012")])


def test_float_types():
    x = 1234.56789
    check([(x, "f", "1234.567890"), (x, ".2f", "1234.57"), (x, "e", "1.234568e+03"), (x, "E", "1.234568E+03"), (x, "g", "1234.57"), (x, ".3g", "1.23e+03"),
           (x, "%", "123456.789000%"), (0.256, ".1%", "25.6%"), (x, "n", "1234.57"), (x, ".0f", "1235"), (x, "#.0f", "1235."), (1.0, "", "1.0"), (1e20, "f", "100000000000000000000.000000"),
           (0.00001, "g", "1e-05"), (100000.0, "g", "100000"), (1000000.0, "g", "1e+06"), (1.5, "#g", "1.50000"), (123.0, ".3", "1.23e+02"), (123.0, ".4", "123.0"), (12.0, ".3", "12.0"),
           (1e-7, ".3", "1e-07"), (0.0, ".3", "0.0"), (1.0, ".1", "1e+00"), (5, ".2f", "5.00"), (10**25, "e", "1.000000e+25"), (True, ".1f", "1.0"), (3.7, ".0e", "4e+00"), (3.7, "#.0e", "4.e+00")])


def test_float_alignment():
    check([(3.14159, "10.2f", "      3.14"), (3.14159, "<10.2f", "3.14      "), (-3.14159, "=10.2f", "-     3.14"), (3.14159, "+.2f", "+3.14"), (3.14159, "010.2f", "0000003.14"),
           (-3.14159, "010.2f", "-000003.14"), (1234567.891, ",.2f", "1,234,567.89"), (1234567.891, "_.1f", "1_234_567.9"), (1234.5, "012,.1f", "00,001,234.5"), (1e10, ",g", "1e+10"),
           (2.5, "*^9.2f", "**2.50***"), (2.0, "€>6", "€€€2.0")])


def test_special_floats():
    check([(INF, "", "inf"), (-INF, "f", "-inf"), (NAN, "f", "nan"), (INF, "F", "INF"), (NAN, "E", "NAN"), (INF, "010", "0000000inf"), (-INF, "08.2f", "-0000inf"), (INF, "+", "+inf"),
           (NAN, "%", "nan%"), (INF, "6", "   inf"), (-0.0, "", "-0.0"), (-0.0, "f", "-0.000000"), (-0.0, "z.1f", "0.0"), (-0.01, "z.1f", "0.0"), (-0.06, "z.1f", "-0.1"), (-0.0, "+z.1f", "+0.0"), (-1e-9, "z.2e", "-1.00e-09")])


def test_precision_is_exact():
    check([(0.1, ".20f", "0.10000000000000000555"), (2.5, ".0f", "2"), (3.5, ".0f", "4"), (0.5, ".0f", "0"), (1e23, ".0f", "99999999999999991611392"), (2.0**-1074, ".5e", "4.94066e-324"),
           (1 / 3, ".30g", "0.333333333333333314829616256247"), (123456789.0, ".100f", "123456789." + "0" * 100)])


def test_str_specs():
    check([("abc", "", "abc"), ("abc", "5", "abc  "), ("abc", ">5", "  abc"), ("abc", "^6", " abc  "), ("abc", ".2", "ab"), ("abc", "5.2", "ab   "), ("abc", "*<5s", "abc**"), ("abc", "05", "abc00"),
           ("é€", ">4", "  é€"), ("abc", "😀^5", "😀abc😀"), ("abc", ".0", ""), ("abc", "s", "abc"), ("", "3", "   ")])


def test_spec_errors():
    table = [(5, "x5", "Invalid format specifier 'x5' for object of type 'int'"), (5, "y", "Unknown format code 'y' for object of type 'int'"),
             ("a", "d", "Unknown format code 'd' for object of type 'str'"), (5, ".3d", "Precision not allowed in integer format specifier"), (5, ",n", "Cannot specify ',' with 'n'."),
             (5, "+c", "Sign not allowed with integer format specifier 'c'"), (5, "#c", "Alternate form (#) not allowed with integer format specifier 'c'"),
             (5, ",,d", "Invalid format specifier ',,d' for object of type 'int'"), (5, "_,d", "Cannot specify both ',' and '_'."), (5, ",_d", "Cannot specify both ',' and '_'."), (5, ",x", "Cannot specify ',' with 'x'."),
             (5.0, "x", "Unknown format code 'x' for object of type 'float'"), ("s", "=5", "'=' alignment not allowed in string format specifier"), ("s", "+", "Sign not allowed in string format specifier"),
             ("s", " ", "Space not allowed in string format specifier"), ("s", "#", "Alternate form (#) not allowed in string format specifier"), ("s", ",", "Cannot specify ',' with 's'."),
             ("s", "z", "Negative zero coercion (z) not allowed in string format specifier"), (5, "zd", "Negative zero coercion (z) not allowed in integer format specifier"),
             (5, ".d", "Format specifier missing precision"), (5, "9" * 20, "Too many decimal digits in format string"), (5.0, "." + "9" * 20, "Too many decimal digits in format string"),
             (5, "\x01", "Unknown format code '\\x1' for object of type 'int'"), ("s", "é", "Unknown format code '\\xe9' for object of type 'str'"), (1.5, ".2147483648f", "precision too big")]
    for value, spec, message in table:
        raises(ValueError, format, value, spec, message=message)
    raises(OverflowError, format, -1, "c", message="%c arg not in range(0x110000)")
    raises(TypeError, format, 5, 5)
    raises(TypeError, (5).__format__, 5, message="__format__() argument must be str, not int")
    raises(TypeError, format, object(), "x", message="unsupported format string passed to object.__format__")


def test_format_method():
    assert "{} {}".format(1, 2) == "1 2" and "{1} {0}".format(1, 2) == "2 1" and "{a} {b}".format(a=1, b=2) == "1 2" and "{{}}".format() == "{}"
    assert "{0!r} {0!s} {0!a}".format("é") == "'é' é '\\xe9'" and "{:>5}|{:<5}|{:^5}".format(1, 2, 3) == "    1|2    |  3  "
    assert "{0[0]} {0[1]}".format([1, 2]) == "1 2" and "{0[key]}".format({"key": "v"}) == "v" and "{0.real} {0.imag}".format(1 + 2j) == "1.0 2.0"
    assert "{a[b][0].real}".format(a={"b": [5]}) == "5" and "{:{}{}}".format(1, ">", 5) == "    1" and "{0:{width}}".format("x", width=3) == "x  "
    assert "{:,}".format(1234567) == "1,234,567" and "{!r:>6}".format("a") == "   'a'" and "{0[-1]}".format({"-1": "neg"}) == "neg"
    assert "€{}😀".format("é") == "€é😀" and "{0[{]}".format({"{": 1}) == "1" and "{}".format("") == "" and "a{{b}}c{}".format(1) == "a{b}c1"


def test_format_method_errors():
    table = [("{", (), "Single '{' encountered in format string"), ("}", (), "Single '}' encountered in format string"), ("{0", (1,), "expected '}' before end of string"),
             ("{0}{}", (1, 2), "cannot switch from manual field specification to automatic field numbering"), ("{}{0}", (1, 2), "cannot switch from automatic field numbering to manual field specification"),
             ("{0!}", (1,), "unmatched '{' in format spec"), ("{0!z}", (1,), "Unknown conversion specifier z"), ("{0!ss}", (1,), "expected ':' after conversion specifier"), ("{0!", (1,), "end of string while looking for conversion specifier"),
             ("{0[]}", ([1],), "Empty attribute in format string"), ("{0.}", (1,), "Empty attribute in format string"), ("{0[a}", (1,), "expected '}' before end of string"), ("{:{:{}}}", (1, 2, 3), "Max string recursion exceeded"),
             ("{0[0]x}", ([1],), "Only '.' or '[' may follow ']' in format field specifier"), ("{" + "9" * 20 + "}", (1,), "Too many decimal digits in format string"), ("{a{b}}", (1,), "unexpected '{' in field name"), ("{0:{", (1,), "unmatched '{' in format spec")]
    for template, args, message in table:
        raises(ValueError, template.format, *args, message=message)
    raises(IndexError, "{2}".format, 1, message="Replacement index 2 out of range for positional args tuple")
    e = raises(KeyError, "{a}".format)
    assert e.args == ("a",)
    raises(AttributeError, "{0.nope}".format, 1, message="'int' object has no attribute 'nope'")


def test_format_map():
    class Default(dict):
        def __missing__(self, key):
            return "<" + key + ">"

    assert "{a} {b}".format_map({"a": 1, "b": 2}) == "1 2" and "{x}{y}".format_map(Default()) == "<x><y>"
    raises(ValueError, "{}".format_map, [1], message="Format string contains positional fields")


def test_custom_format():
    class Custom:
        def __format__(self, spec):
            return "[" + spec + "]"

    class Bad:
        def __format__(self, spec):
            return 5

    assert format(Custom(), "abc") == "[abc]" and "{:x{}y}".format(Custom(), 5) == "[x5y]" and f"{Custom():{'q'}z}" == "[qz]" and format(Custom()) == "[]"
    raises(TypeError, format, Bad(), message="__format__ must return a str, not int")


def test_f_strings():
    x, name = 3.14159, "é"
    assert f"{x:.2f} {name!r:>5} {x=}" == "3.14   'é' x=3.14159" and f"{{{x:>8.3f}}}" == "{   3.142}" and f"{1}{2}" "{3}" == "12{3}"
    assert f"{x:{'>'}{10}.{2}f}" == "      3.14" and f"{10**20:,}" == "100,000,000,000,000,000,000" and f"{None}" == "None"


def test_percent_integers():
    assert "%-5d|%05d|%+d|% d|%#x|%#o|%x|%X|%#X|%i|%u" % (1, -2, 3, 4, 255, 8, -255, 255, 255, 5, 6) == "1    |-0002|+3| 4|0xff|0o10|-ff|FF|0XFF|5|6"
    assert "%.3d|%8.3d|%-8.3d|%08.3d|%+.3d|%.0d" % (1, 2, 3, 4, 5, 0) == "001|     002|003     |00000004|+005|0"
    assert "%#.5x|%#10x|%#010x|%-#10x|" % (255, 255, 255, 255) == "0x000ff|      0xff|0x000000ff|0xff      |"
    assert "%d %d" % (3.99, -3.99) == "3 -3" and "%x" % 10**20 == "56bc75e2d63100000" and "%5.3x|%#5.3X" % (10, 10) == "  00a|0X00A" and "%d" % True == "1"
    assert "%ld %hd %Ld" % (1, 2, 3) == "1 2 3" and "%d" % 10**30 == "1" + "0" * 30


def test_percent_floats():
    assert "%f %e %g %F %E %G" % ((1.5,) * 6) == "1.500000 1.500000e+00 1.5 1.500000 1.500000E+00 1.5"
    assert "%.2f|%10.3f|%-10.3f|%+f|% f|%010.2f|%#.0f|%.0f" % ((3.14159,) * 8) == "3.14|     3.142|3.142     |+3.141590| 3.141590|0000003.14|3.|3"
    assert "%010f|%+010f" % (INF, NAN) == "0000000inf|+000000nan" and "%#g|%#.3g|%#e" % ((1.0,) * 3) == "1.00000|1.00|1.000000e+00" and "%.f" % 1.5 == "2"


def test_percent_text():
    assert "%r %a %s" % ("é", "é", "é") == "'é' '\\xe9' é" and "%.2s|%5s|%-5s|%5.1s" % (("abc",) * 4) == "ab|  abc|abc  |    a" and "%c%c" % ("a", 98) == "ab"
    assert "%5c|%-5c|" % ("a", 98) == "    a|b    |" and "%*d|%-*d|%.*f" % (5, 1, 5, 2, 2, 3.14159) == "    1|2    |3.14" and "%*d" % (-5, 1) == "1    " and "%%" % () == "%"
    assert "%(a)s %(b)d" % {"a": "x", "b": 2} == "x 2" and "%(a(b))s" % {"a(b)": 1} == "1" and "%s" % {"a": 1} == "{'a': 1}" and "x" % {"a": 1} == "x" and "x" % [1] == "x"
    assert "%s %s" % ("€", 5) == "€ 5" and "%05s" % "a" == "    a" and "%s" % (None,) == "None" and "%s" % ((1, 2),) == "(1, 2)"


def test_percent_errors():
    table = [(TypeError, "%s", (1, 2), "not all arguments converted during string formatting"), (TypeError, "%s %s", (1,), "not enough arguments for format string"),
             (TypeError, "x", 1, "not all arguments converted during string formatting"), (TypeError, "%(a)d", 1, "format requires a mapping"), (TypeError, "%c", "ab", "%c requires int or char"), (TypeError, "%c", 3.5, "%c requires int or char"),
             (OverflowError, "%c", 0x110000, "%c arg not in range(0x110000)"), (TypeError, "%*d", ("a", 1), "* wants int"), (TypeError, "%x", 1.0, "%x format: an integer is required, not float"),
             (TypeError, "%d", "3", "%d format: a real number is required, not str"), (TypeError, "%i", 1j, "%i format: a real number is required, not complex"), (TypeError, "%f", "a", "must be real number, not str"), (ValueError, "%y", 1, "unsupported format character 'y' (0x79) at index 1"),
             (ValueError, "%", 1, "incomplete format"), (ValueError, "%(a", {}, "incomplete format key"), (ValueError, "abc %\u0161", 1, "unsupported format character '?' (0x161) at index 5"), (ValueError, "%" + "9" * 20 + "d", 1, "width too big"),
             (ValueError, "%.2147483648d", 1, "precision too big"), (ValueError, "%d", NAN, "cannot convert float NaN to integer"), (OverflowError, "%e", 10**400, "int too large to convert to float"), (ValueError, "%lld", 1, "unsupported format character 'l' (0x6c) at index 2")]
    for exception, template, args, message in table:
        raises(exception, template.__mod__, args, message=message)
    e = raises(KeyError, "%(a)s %(b)s".__mod__, {"a": 1})
    assert e.args == ("b",)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
