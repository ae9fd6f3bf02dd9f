"""f(*args) without keywords: what an earlier expression left in the register beside the arguments is no mapping."""


class Flags:
    verbose = 1


def message(text, *args, verbosity=1):
    if Flags.verbose >= verbosity:
        if not text.startswith(("#", "import ")):
            text = "# " + text
        return text.format(*args)


def test_after_a_comparison():
    assert message("import {!r} # {!r}", "a", 2) == "import 'a' # 2"
    assert message("x {}", 1) == "# x 1"


def test_after_arithmetic():
    def f(a, b, *rest):
        c = a + (b * (a + b))
        return (c, max(*rest), len([*rest, a + b]), max(*rest, key=lambda v: -v))

    assert f(1, 2, 5, 6) == (7, 6, 3, 5)


def test_wrong_mapping():
    try:
        max(*[1, 2], **5)
    except TypeError as e:
        assert str(e) == "max() argument after ** must be a mapping, not int" or "argument after ** must be a mapping" in str(e)
    else:
        raise AssertionError
