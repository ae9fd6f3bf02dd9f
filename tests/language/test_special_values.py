"""What is found where a special method is looked for: numbers, patterns of several bases, constructors that refuse."""
import collections
import collections.abc
import os
import sys


def message(function, *args):
    try:
        function(*args)
    except Exception as e:
        return "%s: %s" % (type(e).__name__, e)
    return None


def test_numbers_as_special_methods():
    for name, use in (("__fspath__", os.fspath), ("__reversed__", reversed), ("__round__", round)):
        kind = type("Kind", (), {name: 1, "__iter__": lambda self: iter(())})
        assert "not callable" in message(use, kind()), name


def test_patterns_of_several_bases():
    class Both(collections.UserDict, collections.abc.Sequence):
        pass

    class Plain:
        pass

    class Last(Plain, collections.UserDict, collections.abc.Sequence):
        pass

    for kind in (Both, Last):
        match kind():
            case [*_]:
                assert False
            case {}:
                pass
            case _:
                assert False


def test_no_instances():
    for value in (sys.flags, sys.version_info):
        assert message(type(value).__new__, type(value), value).startswith("TypeError")


def test_duplicate_keyword_that_is_no_string():
    def f(**k):
        pass

    assert message(lambda: f(**{1: 3}, **{1: 5})).endswith("got multiple values for keyword argument '1'")


def test_set_name_context():
    class Bad:
        def __set_name__(self, owner, name):
            raise ValueError("no")

    try:
        type("Owner", (), {"x": Bad()})
    except RuntimeError as e:
        assert str(e.__cause__) == "no" and e.__context__ is e.__cause__
    else:
        assert False


def test_incomplete_input_ends_in_indentation():
    for source in ("if 1:\n def f():\n", "if 1:\n pass\n if 1:\n  pass\n else:\n"):
        try:
            compile(source, "f", "single", 0x200 | 0x4000)
        except SyntaxError as e:
            assert e.msg == "incomplete input", e
        else:
            assert False


def test_hashes_of_nans_are_those_of_objects():
    import decimal
    for kind in float, decimal.Decimal:
        values = [kind("nan") for _ in range(8)]
        assert [hash(v) for v in values] == [object.__hash__(v) for v in values]
        assert len(set(values)) == 8
    assert hash(Exception) == object.__hash__(Exception)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
        print(name, "ok")
