"""_tokenize: the tokens that the parser sees, their numbers, positions and lines."""
import _tokenize

from checks import raises


def tokens(source):
    return list(_tokenize.TokenizerIter(source))


def test_numbers_positions_and_lines():
    assert tokens("a = 'é' + b # c\nx") == [
        ("a", 1, 1, 1, 0, 1, "a = 'é' + b # c\n"), ("=", 22, 1, 1, 2, 3, "a = 'é' + b # c\n"),
        ("'é'", 3, 1, 1, 4, 8, "a = 'é' + b # c\n"), ("+", 14, 1, 1, 9, 10, "a = 'é' + b # c\n"),
        ("b", 1, 1, 1, 11, 12, "a = 'é' + b # c\n"), ("# c", 4, 1, 1, 13, 16, "a = 'é' + b # c\n"),
        ("x", 1, 2, 2, 0, 1, "x\n"), ("", 4, 2, 2, 1, 1, "x\n")]
    assert [t[:2] for t in tokens("async def f(): await x")][:2] == [("async", 56), ("def", 1)]
    assert [t[1] for t in tokens("a @= b // c -> ... := != $")] == [1, 50, 1, 47, 1, 51, 52, 53, 28, 54, 4]
    assert tokens("") == tokens("# c\n") == []


def test_lines_that_belong_together():
    assert [t[6] for t in tokens("a\\\nb\nc")] == ["a\\\n", "a\\\nb\n", "a\\\nb\n", "c\n", "c\n"]
    assert [t[6] for t in tokens("(\n1)")] == ["(\n", "1)\n", "1)\n", "1)\n"]
    assert [t[6] for t in tokens("'''a\nb''' x")] == ["'''a\nb''' x\n"] * 3
    assert [t[1:] for t in tokens("if x:\n  y\n")[4:]] == [
        (5, 2, 2, -1, -1, "  y\n"), (1, 2, 2, 2, 3, "  y\n"), (4, 2, 2, 3, 3, "  y\n"), (6, 2, 2, -1, -1, "  y\n")]


def test_errors():
    it = _tokenize.TokenizerIter("(1]")
    assert next(it)[0] == "(" and next(it)[0] == "1"
    try:
        next(it)
    except SyntaxError as e:
        assert e.args == ("closing parenthesis ']' does not match opening parenthesis '('", ("<string>", 1, 3, "(1]", 1, 3))
    else:
        assert False
    # What the parser finds wrong with indentation or the end just ends the tokens.
    assert [t[0] for t in tokens("if x:\n  a\n b\n")][-2:] == ["a", ""]
    assert [t[0] for t in tokens("(a")] == ["(", "a"]
    try:
        next(_tokenize.TokenizerIter(""))
    except StopIteration as e:
        assert e.value == "EOF"
    raises(TypeError, _tokenize.TokenizerIter, b"x")
    raises(TypeError, _tokenize.TokenizerIter)
    raises(ValueError, _tokenize.TokenizerIter, "a\0")
