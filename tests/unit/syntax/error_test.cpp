#include "tests/unit/syntax/syntax_testing.h"

namespace pt::syntax {
namespace {

TEST(Errors, InvalidSyntax) { EXPECT_EQ(error_of("a b"), "SyntaxError: invalid syntax (1, 3, 1, 4)"); }

TEST(Errors, ForgottenComma) {
  EXPECT_EQ(error_of("f(a b)"), "SyntaxError: invalid syntax. Perhaps you forgot a comma? (1, 3, 1, 6)");
}

TEST(Errors, ForgottenCommaInList) {
  EXPECT_EQ(error_of("[1, 2 3]"), "SyntaxError: invalid syntax. Perhaps you forgot a comma? (1, 5, 1, 8)");
}

TEST(Errors, EqualForComparison) {
  EXPECT_EQ(error_of("if a = 1: pass"), "SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='? (1, 4, 1, 9)");
}

TEST(Errors, AssignToCall) {
  EXPECT_EQ(error_of("f() = 1"),
            "SyntaxError: cannot assign to function call here. Maybe you meant '==' instead of '='? (1,"
            " 1, 1, 4)");
}

TEST(Errors, AssignToLiteral) {
  EXPECT_EQ(error_of("1 = x"),
            "SyntaxError: cannot assign to literal here. Maybe you meant '==' instead of '='? (1, 1, 1,"
            " 2)");
}

TEST(Errors, AssignToTrue) { EXPECT_EQ(error_of("True = 1"), "SyntaxError: cannot assign to True (1, 1, 1, 5)"); }

TEST(Errors, AssignInTuple) { EXPECT_EQ(error_of("(a, 1) = x"), "SyntaxError: cannot assign to literal (1, 5, 1, 6)"); }

TEST(Errors, AssignToComparison) { EXPECT_EQ(error_of("a < b = c"), "SyntaxError: cannot assign to comparison (1, 1, 1, 6)"); }

TEST(Errors, AssignToConditional) {
  EXPECT_EQ(error_of("a if b else c = 1"), "SyntaxError: cannot assign to conditional expression (1, 1, 1, 14)");
}

TEST(Errors, AugmentedAssignToCall) {
  EXPECT_EQ(error_of("f() += 1"),
            "SyntaxError: 'function call' is an illegal expression for augmented assignment (1, 1, 1, 4"
            ")");
}

TEST(Errors, AnnotateTuple) {
  EXPECT_EQ(error_of("a, b: int"), "SyntaxError: only single target (not tuple) can be annotated (1, 1, 1, 2)");
}

TEST(Errors, AnnotateCall) { EXPECT_EQ(error_of("f(): int"), "SyntaxError: illegal target for annotation (1, 1, 1, 4)"); }

TEST(Errors, DeleteCall) { EXPECT_EQ(error_of("del f()"), "SyntaxError: cannot delete function call (1, 5, 1, 8)"); }

TEST(Errors, DeleteLiteral) { EXPECT_EQ(error_of("del (a, 1)"), "SyntaxError: cannot delete literal (1, 9, 1, 10)"); }

TEST(Errors, ForTarget) { EXPECT_EQ(error_of("for f() in x: pass"), "SyntaxError: cannot assign to function call (1, 5, 1, 8)"); }

TEST(Errors, WithTarget) {
  EXPECT_EQ(error_of("with a as f(): pass"), "SyntaxError: cannot assign to function call (1, 11, 1, 14)");
}

TEST(Errors, ComprehensionTarget) { EXPECT_EQ(error_of("[x for 1 in y]"), "SyntaxError: cannot assign to literal (1, 8, 1, 9)"); }

TEST(Errors, WalrusTarget) {
  EXPECT_EQ(error_of("(a.b := 1)"), "SyntaxError: cannot use assignment expressions with attribute (1, 2, 1, 5)");
}

TEST(Errors, NeverClosed) { EXPECT_EQ(error_of("x = (1,\ny = 2"), "SyntaxError: '(' was never closed (1, 5, 1, 0)"); }

TEST(Errors, Unmatched) { EXPECT_EQ(error_of("a)"), "SyntaxError: unmatched ')' (1, 2, 1, 2)"); }

TEST(Errors, MismatchedBracket) {
  EXPECT_EQ(error_of("(a]"), "SyntaxError: closing parenthesis ']' does not match opening parenthesis '(' (1, 3, 1, 3)");
}

TEST(Errors, MismatchedBracketOnOtherLine) {
  EXPECT_EQ(error_of("(a\n]"),
            "SyntaxError: closing parenthesis ']' does not match opening parenthesis '(' on line 1 (2, "
            "1, 2, 1)");
}

TEST(Errors, ExpectedColonAfterIf) { EXPECT_EQ(error_of("if a\n  b"), "SyntaxError: expected ':' (1, 5, 1, 5)"); }

TEST(Errors, ExpectedColonAfterClass) { EXPECT_EQ(error_of("class A\n  b"), "SyntaxError: expected ':' (1, 8, 1, 8)"); }

TEST(Errors, ExpectedColonAfterDef) { EXPECT_EQ(error_of("def f()\n  b"), "SyntaxError: expected ':' (1, 8, 1, 8)"); }

TEST(Errors, ExpectedBlockAfterIf) {
  EXPECT_EQ(error_of("if a:\nb"), "IndentationError: expected an indented block after 'if' statement on line 1 (2, 1, 2, 2)");
}

TEST(Errors, ExpectedBlockAfterDef) {
  EXPECT_EQ(error_of("\ndef f():\nb"),
            "IndentationError: expected an indented block after function definition on line 2 (3, 1, 3,"
            " 2)");
}

TEST(Errors, ExpectedBlockAfterElse) {
  EXPECT_EQ(error_of("if a:\n  b\nelse:\nc"),
            "IndentationError: expected an indented block after 'else' statement on line 3 (4, 1, 4, 2)");
}

TEST(Errors, ExpectedBlockAfterExcept) {
  EXPECT_EQ(error_of("try: a\nexcept:\nb"),
            "IndentationError: expected an indented block after 'except' statement on line 2 (3, 1, 3, "
            "2)");
}

TEST(Errors, UnexpectedIndent) { EXPECT_EQ(error_of("a\n  b"), "IndentationError: unexpected indent (2, 2, 2, -1)"); }

TEST(Errors, UnindentMismatch) {
  EXPECT_EQ(error_of("if a:\n    b\n  c"), "IndentationError: unindent does not match any outer indentation level (3, 4, 3, -1)");
}

TEST(Errors, TabsAndSpaces) {
  EXPECT_EQ(error_of("if a:\n        b\n\tc"), "TabError: inconsistent use of tabs and spaces in indentation (3, 1, 3, 0)");
}

TEST(Errors, UnterminatedString) {
  EXPECT_EQ(error_of("x = 'abc"), "SyntaxError: unterminated string literal (detected at line 1) (1, 5, 1, 5)");
}

TEST(Errors, UnterminatedTriple) {
  EXPECT_EQ(error_of("x = '''a\nb"), "SyntaxError: unterminated triple-quoted string literal (detected at line 2) (1, 5, 1, 5)");
}

TEST(Errors, ContinuationCharacter) {
  EXPECT_EQ(error_of("a \\ b"), "SyntaxError: unexpected character after line continuation character (1, 4, 1, 0)");
}

TEST(Errors, EndAfterContinuation) { EXPECT_EQ(error_of("a \\"), "SyntaxError: unexpected EOF while parsing (1, 4, 1, -1)"); }

TEST(Errors, InvalidCharacter) { EXPECT_EQ(error_of("a = €"), "SyntaxError: invalid character '€' (U+20AC) (1, 5, 1, 5)"); }

TEST(Errors, NonPrintable) { EXPECT_EQ(error_of("a b"), "SyntaxError: invalid non-printable character U+00A0 (1, 2, 1, 2)"); }

TEST(Errors, InvalidDecimal) { EXPECT_EQ(error_of("1a"), "SyntaxError: invalid decimal literal (1, 1, 1, 1)"); }

TEST(Errors, LeadingZeros) {
  EXPECT_EQ(error_of("x = 012"),
            "SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix"
            " for octal integers (1, 5, 1, 6)");
}

TEST(Errors, BadOctalDigit) { EXPECT_EQ(error_of("0o8"), "SyntaxError: invalid digit '8' in octal literal (1, 3, 1, 3)"); }

TEST(Errors, BadBinaryDigit) { EXPECT_EQ(error_of("0b2"), "SyntaxError: invalid digit '2' in binary literal (1, 3, 1, 3)"); }

TEST(Errors, EmptyHex) { EXPECT_EQ(error_of("0x"), "SyntaxError: invalid hexadecimal literal (1, 2, 1, 2)"); }

TEST(Errors, Underscores) { EXPECT_EQ(error_of("1__0"), "SyntaxError: invalid decimal literal (1, 2, 1, 2)"); }

TEST(Errors, PrintStatement) {
  EXPECT_EQ(error_of("print a"), "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)? (1, 1, 1, 8)");
}

TEST(Errors, ExecStatement) {
  EXPECT_EQ(error_of("exec 'a'"), "SyntaxError: Missing parentheses in call to 'exec'. Did you mean exec(...)? (1, 1, 1, 9)");
}

TEST(Errors, PositionalAfterKeyword) {
  EXPECT_EQ(error_of("f(a=1, b)"), "SyntaxError: positional argument follows keyword argument (1, 9, 1, 10)");
}

TEST(Errors, PositionalAfterUnpacking) {
  EXPECT_EQ(error_of("f(**a, b)"), "SyntaxError: positional argument follows keyword argument unpacking (1, 9, 1, 10)");
}

TEST(Errors, IterableAfterUnpacking) {
  EXPECT_EQ(error_of("f(**a, *b)"), "SyntaxError: iterable argument unpacking follows keyword argument unpacking (1, 3, 1, 6)");
}

TEST(Errors, GeneratorInParentheses) {
  EXPECT_EQ(error_of("f(a for a in b, c)"), "SyntaxError: Generator expression must be parenthesized (1, 3, 1, 15)");
}

TEST(Errors, KeywordIsExpression) {
  EXPECT_EQ(error_of("f(a.b=1)"), "SyntaxError: expression cannot contain assignment, perhaps you meant \"==\"? (1, 3, 1, 7)");
}

TEST(Errors, KeywordIsTrue) { EXPECT_EQ(error_of("f(True=1)"), "SyntaxError: cannot assign to True (1, 3, 1, 8)"); }

TEST(Errors, ComprehensionTuple) {
  EXPECT_EQ(error_of("[a, b for a in c]"),
            "SyntaxError: did you forget parentheses around the comprehension target? (1, 2, 1, 6)");
}

TEST(Errors, ComprehensionUnpacking) {
  EXPECT_EQ(error_of("[*a for a in b]"), "SyntaxError: iterable unpacking cannot be used in comprehension (1, 2, 1, 4)");
}

TEST(Errors, DictUnpackingComprehension) {
  EXPECT_EQ(error_of("{**a for a in b}"), "SyntaxError: dict unpacking cannot be used in dict comprehension (1, 2, 1, 4)");
}

TEST(Errors, DictWithoutColon) {
  EXPECT_EQ(error_of("{1: 2, 3}"), "SyntaxError: ':' expected after dictionary key (1, 8, 1, 0)");
}

TEST(Errors, DictWithoutValue) {
  EXPECT_EQ(error_of("{1: }"), "SyntaxError: expression expected after dictionary key and ':' (1, 3, 1, 4)");
}

TEST(Errors, DictStarValue) {
  EXPECT_EQ(error_of("{1: *a}"), "SyntaxError: cannot use a starred expression in a dictionary value (1, 5, 1, 7)");
}

TEST(Errors, ConditionalWithoutElse) {
  EXPECT_EQ(error_of("(a if b)"), "SyntaxError: expected 'else' after 'if' expression (1, 2, 1, 8)");
}

TEST(Errors, StarredGroup) { EXPECT_EQ(error_of("(*a)"), "SyntaxError: cannot use starred expression here (1, 2, 1, 4)"); }

TEST(Errors, DefaultOrder) {
  EXPECT_EQ(error_of("def f(a=1, b): pass"), "SyntaxError: non-default argument follows default argument (1, 12, 1, 13)");
}

TEST(Errors, BareStar) { EXPECT_EQ(error_of("def f(*): pass"), "SyntaxError: named arguments must follow bare * (1, 7, 1, 8)"); }

TEST(Errors, TwoStars) {
  EXPECT_EQ(error_of("def f(*a, *b): pass"), "SyntaxError: * argument may appear only once (1, 11, 1, 12)");
}

TEST(Errors, AfterKeywords) {
  EXPECT_EQ(error_of("def f(**a, b): pass"), "SyntaxError: arguments cannot follow var-keyword argument (1, 12, 1, 13)");
}

TEST(Errors, SlashFirst) {
  EXPECT_EQ(error_of("def f(/, a): pass"), "SyntaxError: at least one argument must precede / (1, 7, 1, 8)");
}

TEST(Errors, SlashTwice) { EXPECT_EQ(error_of("def f(a, /, b, /): pass"), "SyntaxError: / may appear only once (1, 16, 1, 17)"); }

TEST(Errors, ParenthesizedParameters) {
  EXPECT_EQ(error_of("def f((a, b)): pass"), "SyntaxError: Function parameters cannot be parenthesized (1, 7, 1, 13)");
}

TEST(Errors, LambdaParenthesized) {
  EXPECT_EQ(error_of("lambda (a): b"), "SyntaxError: Lambda expression parameters cannot be parenthesized (1, 8, 1, 11)");
}

TEST(Errors, MissingDefault) {
  EXPECT_EQ(error_of("def f(a=): pass"), "SyntaxError: expected default value expression (1, 8, 1, 9)");
}

TEST(Errors, TryAlone) { EXPECT_EQ(error_of("try:\n  a\nb"), "SyntaxError: expected 'except' or 'finally' block (3, 1, 3, 2)"); }

TEST(Errors, MixedExcept) {
  EXPECT_EQ(error_of("try: a\nexcept B: c\nexcept* D: e"),
            "SyntaxError: cannot have both 'except' and 'except*' on the same 'try' (3, 1, 3, 8)");
}

TEST(Errors, ExceptTuple) {
  EXPECT_EQ(error_of("try: a\nexcept B, C: d"), "SyntaxError: multiple exception types must be parenthesized (2, 8, 2, 12)");
}

TEST(Errors, ExceptStarWithoutType) {
  EXPECT_EQ(error_of("try: a\nexcept*: b"), "SyntaxError: expected one or more exception types (2, 8, 2, 9)");
}

TEST(Errors, ImportTrailingComma) {
  EXPECT_EQ(error_of("from a import b,"),
            "SyntaxError: trailing comma not allowed without surrounding parentheses (1, 17, 1, 17)");
}

TEST(Errors, MatchWithoutColon) { EXPECT_EQ(error_of("match a\n case b: c"), "SyntaxError: expected ':' (1, 8, 1, 8)"); }

TEST(Errors, PatternTarget) {
  EXPECT_EQ(error_of("match a:\n case b as _: c"), "SyntaxError: cannot use '_' as a target (2, 12, 2, 13)");
}

TEST(Errors, PatternOrder) {
  EXPECT_EQ(error_of("match a:\n case A(b=1, c): d"), "SyntaxError: positional patterns follow keyword patterns (2, 14, 2, 15)");
}

TEST(Errors, ComplexPattern) {
  EXPECT_EQ(error_of("match a:\n case 1 + 2: b"), "SyntaxError: imaginary number required in complex literal (2, 11, 2, 12)");
}

TEST(Errors, BytesNotAscii) {
  EXPECT_EQ(error_of("b'é'"), "SyntaxError: bytes can only contain ASCII literal characters (1, 5, 1, 5)");
}

TEST(Errors, MixedLiterals) {
  EXPECT_EQ(error_of("'a' b'c'"), "SyntaxError: cannot mix bytes and nonbytes literals (1, 9, 1, 9)");
}

TEST(Errors, TruncatedEscape) {
  EXPECT_EQ(error_of("'\\x4'"),
            "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 0-2: tru"
            "ncated \\xXX escape (1, 6, 1, 6)");
}

TEST(Errors, UnknownName) {
  EXPECT_EQ(error_of("'\\N{no such}'"),
            "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 0-10: un"
            "known Unicode character name (1, 14, 1, 14)");
}

TEST(Errors, InvalidBytesEscape) {
  EXPECT_EQ(error_of("b'\\x4'"), "SyntaxError: (value error) invalid \\x escape at position 0 (1, 7, 1, 7)");
}

TEST(Errors, FStringEmpty) { EXPECT_EQ(error_of("f'{}'"), "SyntaxError: f-string: empty expression not allowed (1, 6, 1, 6)"); }

TEST(Errors, FStringUnclosed) { EXPECT_EQ(error_of("f'{a'"), "SyntaxError: f-string: expecting '}' (1, 6, 1, 6)"); }

TEST(Errors, FStringSingleBrace) { EXPECT_EQ(error_of("f'}'"), "SyntaxError: f-string: single '}' is not allowed (1, 5, 1, 5)"); }

TEST(Errors, FStringBackslash) {
  EXPECT_EQ(error_of("f'{\"\\n\"}'"), "SyntaxError: f-string expression part cannot include a backslash (1, 10, 1, 10)");
}

TEST(Errors, FStringComment) {
  EXPECT_EQ(error_of("f'{a#}'"), "SyntaxError: f-string expression part cannot include '#' (1, 8, 1, 8)");
}

TEST(Errors, FStringConversion) {
  EXPECT_EQ(error_of("f'{a!x}'"),
            "SyntaxError: f-string: invalid conversion character: expected 's', 'r', or 'a' (1, 9, 1, 9"
            ")");
}

TEST(Errors, FStringInner) {
  EXPECT_EQ(error_of("x = f'{a b}'"), "SyntaxError: f-string: invalid syntax. Perhaps you forgot a comma? (1, 2, 1, 5)");
}

TEST(Errors, FStringTooDeep) {
  EXPECT_EQ(error_of("f'{a:{b:{c}}}'"), "SyntaxError: f-string: expressions nested too deeply (1, 15, 1, 15)");
}

TEST(Errors, CharactersNotBytes) { EXPECT_EQ(error_of("'éé' a"), "SyntaxError: invalid syntax (1, 6, 1, 7)"); }

TEST(Errors, NulByte) {
  EXPECT_EQ(error_of(std::string_view("a\0b", 3)), "ValueError: source code string cannot contain null bytes (0, 0, 0, 0)");
}

}  // namespace
}  // namespace pt::syntax
