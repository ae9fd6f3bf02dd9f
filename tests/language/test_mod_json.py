# _json: scanning, strings, encoding.
import collections
import json
import math
import threading
from json import decoder, encoder, scanner

from checks import raises


def test_accelerated():
    assert scanner.c_make_scanner is not None and encoder.c_make_encoder is not None
    assert decoder.scanstring is decoder.c_scanstring


def test_scalars():
    for text, value in [("null", None), ("true", True), ("false", False), ("0", 0), ("-0", 0), ("12", 12), ("-5", -5),
                        ("1.5", 1.5), ("1e3", 1000.0), ("1E-2", 0.01), ("-1.5e+2", -150.0), ("123456789012345678", 123456789012345678),
                        ("1234567890123456789012", 1234567890123456789012), ("Infinity", math.inf), ("-Infinity", -math.inf),
                        ('"a"', "a"), ("[]", []), ("{}", {}), (" \t\r\n1 ", 1)]:
        got = json.loads(text)
        assert got == value and type(got) is type(value), text
    assert math.isnan(json.loads("NaN"))
    assert type(json.loads("-0.0")) is float and math.copysign(1, json.loads("-0.0")) == -1
    assert json.loads("1" * 400) == int("1" * 400) and json.loads("0.1e-400") == 0.0 and json.loads("1e999") == math.inf


def test_containers():
    assert json.loads('{"a": [1, {"b": null}], "c": {}}') == {"a": [1, {"b": None}], "c": {}}
    assert json.loads("[[[[]]]]") == [[[[]]]] and json.loads('[1,2 , 3]') == [1, 2, 3]
    assert list(json.loads('{"z": 1, "a": 2, "z": 3}').items()) == [("z", 3), ("a", 2)]
    text = json.dumps([{"key": i, "other": str(i)} for i in range(500)])
    assert json.loads(text) == [{"key": i, "other": str(i)} for i in range(500)]
    keys = [next(iter(d)) for d in json.loads('[{"same": 1}, {"same": 2}]')]
    assert keys[0] is keys[1]
    assert json.loads('{"%s": 1}' % ("k" * 100)) == {"k" * 100: 1} and json.loads('{"é": "ü", "\\n": 1}') == {"é": "ü", "\n": 1}
    assert json.loads('{"": 0}') == {"": 0} and json.loads(b'[1]') == [1]


def test_scanstring():
    s = decoder.scanstring
    assert s('"z\U0001d120x"', 1, True) == ("z\U0001d120x", 5) and s('"\\u007b"', 1, True) == ("{", 8)
    assert s('"a\\"\\\\\\/\\b\\f\\n\\r\\t"', 1, True) == ('a"\\/\b\f\n\r\t', 19)
    assert s('"\\ud834\\udd20"', 1, True) == ("\U0001d120", 14) and s('"\\ud834x"', 1, True) == ("\ud834x", 9)
    assert s('"\\ud834\\u0061"', 1, True) == ("\ud834a", 14) and s('xx"abc" tail', 3, True) == ("abc", 7)
    assert s('"a\tb"', 1, False) == ("a\tb", 5)
    raises(ValueError, s, "xx", 5, message="end is out of bounds")
    raises(TypeError, s, b"x", 1, message="first argument must be a string, not bytes")
    raises(OverflowError, s, "xxx", 2 ** 70)


def position(error):
    return error.msg, error.pos, error.lineno, error.colno


def test_errors():
    cases = [("", "Expecting value", 0), ("[", "Expecting value", 1), ("[1", "Expecting ',' delimiter", 2),
             ("[1,", "Expecting value", 3), ("[1,]", "Expecting value", 3), ("[1 2]", "Expecting ',' delimiter", 3),
             ("{", "Expecting property name enclosed in double quotes", 1),
             ("{1", "Expecting property name enclosed in double quotes", 1), ('{"a"', "Expecting ':' delimiter", 4),
             ('{"a":', "Expecting value", 5), ('{"a":1', "Expecting ',' delimiter", 6),
             ('{"a":1,', "Expecting property name enclosed in double quotes", 7), ("nul", "Expecting value", 0),
             ("-", "Expecting value", 0), ("-x", "Expecting value", 0), ("1 2", "Extra data", 2), ("01", "Extra data", 1),
             ('"abc', "Unterminated string starting at", 0), ('"\\', "Unterminated string starting at", 0),
             ('"\\q"', "Invalid \\escape", 1), ('"\\u12"', "Invalid \\uXXXX escape", 2), ('"\\u12g4"', "Invalid \\uXXXX escape", 2),
             ('"a\nb"', "Invalid control character at", 2), ('["\\x"]', "Invalid \\escape", 2), ("tru", "Expecting value", 0),
             ("[1.5.2]", "Expecting ',' delimiter", 4), ("[1e]", "Expecting ',' delimiter", 2)]
    for text, message, at in cases:
        error = raises(json.JSONDecodeError, json.loads, text)
        assert error.msg.startswith(message) and error.pos == at, (text, error.msg, error.pos)
        assert error.doc == text
    error = raises(json.JSONDecodeError, json.loads, "[1,\n x]")
    assert position(error) == ("Expecting value", 5, 2, 2)


def test_hooks():
    assert json.loads('{"a": 1}', object_hook=lambda d: ("hook", d)) == ("hook", {"a": 1})
    assert json.loads('{"a": {"b": 2}}', object_pairs_hook=lambda p: p) == [("a", [("b", 2)])]
    assert json.loads("[1.5, 2]", parse_float=str, parse_int=float) == ["1.5", 2.0]
    assert json.loads("[NaN, Infinity]", parse_constant=lambda s: s.lower()) == ["nan", "infinity"]
    raises(ZeroDivisionError, json.loads, "{}", object_hook=lambda d: 1 / 0)
    assert json.loads('{"b": 1, "a": 2}', object_pairs_hook=collections.OrderedDict) == collections.OrderedDict(b=1, a=2)


def test_scanner_object():
    d = json.JSONDecoder()
    s = scanner.c_make_scanner(d)
    assert s("[1, 2] x", 0) == ([1, 2], 6) and s(string="x true", idx=2) == (True, 6)
    assert s.strict is True and s.object_hook is None
    assert raises(StopIteration, s, "abc", 3).value == 3
    raises(ValueError, s, "abc", -1, message="idx cannot be negative")
    raises(TypeError, s, b"abc", 0)
    raises(TypeError, s)
    raises(AttributeError, scanner.c_make_scanner, 5)
    assert d.raw_decode('{"a": 1} tail') == ({"a": 1}, 8)


def test_deep_nesting():
    raises(RecursionError, json.loads, "[" * 100000 + "]" * 100000)
    raises(RecursionError, json.loads, '{"a":' * 100000 + "1" + "}" * 100000)
    deep = []
    for _ in range(100000):
        deep = [deep]
    raises(RecursionError, json.dumps, deep)
    while deep:
        deep = deep[0]
    assert json.loads("[" * 300 + "]" * 300)


def test_dumps_scalars():
    for value, text in [(None, "null"), (True, "true"), (False, "false"), (0, "0"), (-5, "-5"), (2 ** 70, str(2 ** 70)),
                        (1.5, "1.5"), (1e100, "1e+100"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (math.nan, "NaN"),
                        ("a", '"a"'), ([], "[]"), ((), "[]"), ({}, "{}"), ((1, 2), "[1, 2]"), (-2 ** 62, str(-2 ** 62))]:
        assert json.dumps(value) == text
    raises(ValueError, json.dumps, math.nan, allow_nan=False)
    raises(TypeError, json.dumps, object())

    class I(int):
        def __repr__(self):
            return "wrong"

    class F(float):
        def __repr__(self):
            return "wrong"
    assert json.dumps([I(3), F(1.5)]) == "[3, 1.5]"


def test_dumps_strings():
    assert json.dumps('a"\\/\b\f\n\r\t\x01\x7f') == '"a\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f"'
    assert json.dumps("é\u0416\U0001f600\ud800") == '"\\u00e9\\u0416\\ud83d\\ude00\\ud800"'
    assert json.dumps("é\u0416\U0001f600\n", ensure_ascii=False) == '"é\u0416\U0001f600\\n"'
    assert encoder.encode_basestring_ascii("ab") == '"ab"' and encoder.encode_basestring("\u2028") == '"\u2028"'
    raises(TypeError, encoder.encode_basestring_ascii, b"x", message="first argument must be a string, not bytes")

    class S(str):
        pass
    assert json.dumps(S("x")) == '"x"'


def test_dumps_containers():
    assert json.dumps({"a": [1, {"b": 2}], "c": ()}) == '{"a": [1, {"b": 2}], "c": []}'
    assert json.dumps([1, 2], separators=(",", ":")) == "[1,2]" and json.dumps({"a": 1}, separators=(",", ":")) == '{"a":1}'
    assert json.dumps({"b": 1, "a": 2}, sort_keys=True) == '{"a": 2, "b": 1}'
    assert json.dumps({1: 1, 1.5: 2, None: 3, True: 4, "x": 5}) == '{"1": 4, "1.5": 2, "null": 3, "x": 5}'
    raises(TypeError, json.dumps, {(1,): 2}, message="keys must be str, int, float, bool or None, not tuple")
    assert json.dumps({(1,): 2, "a": 1}, skipkeys=True) == '{"a": 1}' and json.dumps({(): 1}, skipkeys=True) == "{}"
    raises(TypeError, json.dumps, {1: 1, "a": 2}, sort_keys=True)
    assert json.dumps(collections.OrderedDict(b=1)) == '{"b": 1}' and json.dumps([1], indent=2) == "[\n  1\n]"
    assert json.dumps(collections.namedtuple("P", "x y")(1, 2)) == "[1, 2]"


def test_circular_and_default():
    a = []
    a.append(a)
    raises(ValueError, json.dumps, a, message="Circular reference detected")
    d = {}
    d["d"] = [d]
    raises(ValueError, json.dumps, d, message="Circular reference detected")
    raises(RecursionError, json.dumps, a, check_circular=False)
    shared = [1]
    assert json.dumps([shared, shared]) == "[[1], [1]]"
    assert json.dumps({1j: 1} if False else [1j, {2j}], default=str) == '["1j", "{2j}"]'
    raises(ValueError, json.dumps, object(), default=lambda o: o)
    raises(ZeroDivisionError, json.dumps, object(), default=lambda o: 1 / 0)

    class Special(json.JSONEncoder):
        def default(self, o):
            return {"set": sorted(o)} if isinstance(o, set) else super().default(o)
    assert json.dumps([{3, 1}], cls=Special) == '[{"set": [1, 3]}]'
    assert "".join(json.JSONEncoder().iterencode({"a": [1]})) == '{"a": [1]}'


def test_round_trips():
    import random
    r = random.Random(4)

    def make(depth):
        k = r.randrange(7 if depth else 5)
        if k == 0:
            return r.choice([None, True, False])
        if k == 1:
            return r.randrange(-10 ** 20, 10 ** 20)
        if k == 2:
            return r.uniform(-1e10, 1e10)
        if k in (3, 4):
            return "".join(r.choice('ab"\\\n\u00e9\u0416\U0001f600\x00 ') for _ in range(r.randrange(12)))
        if k == 5:
            return [make(depth - 1) for _ in range(r.randrange(5))]
        return {str(make(0)): make(depth - 1) for _ in range(r.randrange(5))}
    for _ in range(300):
        value = make(4)
        assert json.loads(json.dumps(value)) == value
        assert json.loads(json.dumps(value, ensure_ascii=False, indent=1)) == value


def test_threads():
    data = {"key%d" % i: [i, str(i), {"n": None}] for i in range(100)}
    text = json.dumps(data)
    wrong = []

    def work():
        for _ in range(30):
            if json.loads(text) != data or json.dumps(data) != text:
                wrong.append(1)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_equal_keys_are_one_string():
    first, second = json.loads('[{"a_key": 1, "b_\xe9": 2, "c\\u20ac": 3}, {"a_key": 3, "b_\xe9": 4, "c\\u20ac": 5}]')
    assert list(first) == list(second) and all(x is y for x, y in zip(first, second))


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
