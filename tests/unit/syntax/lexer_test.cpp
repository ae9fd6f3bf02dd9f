#include "vm/syntax/lexer.h"
#include "tests/unit/syntax/syntax_testing.h"

namespace pt::syntax {
namespace {

// The types of all tokens of a text.
std::vector<Tok> types(std::string_view text) {
  Arena arena;
  std::string copy(text);
  Lexer lexer(arena, copy.data(), copy.size(), 1);
  std::vector<Tok> result;
  Token token;
  do {
    lexer.next(&token);
    result.push_back(token.type);
  } while (token.type != Tok::EndMarker && token.type != Tok::Error);
  return result;
}

using Types = std::vector<Tok>;

TEST(Lexer, EmptyText) { EXPECT_EQ(types(""), Types{Tok::EndMarker}); }

TEST(Lexer, BlankLinesAndCommentsGiveNothing) { EXPECT_EQ(types("\n  \n# a\n\f\n"), Types{Tok::EndMarker}); }

TEST(Lexer, IndentsAndDedents) {
  EXPECT_EQ(types("a\n b\n  c\nd\n"),
            (Types{Tok::Name, Tok::Newline, Tok::Indent, Tok::Name, Tok::Newline, Tok::Indent, Tok::Name, Tok::Newline,
                   Tok::Dedent, Tok::Dedent, Tok::Name, Tok::Newline, Tok::EndMarker}));
}

TEST(Lexer, BracketsJoinLines) {
  EXPECT_EQ(types("(a\n  b)\n"), (Types{Tok::LeftParen, Tok::Name, Tok::Name, Tok::RightParen, Tok::Newline, Tok::EndMarker}));
}

TEST(Lexer, BackslashJoinsLines) { EXPECT_EQ(types("a \\\n b\n"), (Types{Tok::Name, Tok::Name, Tok::Newline, Tok::EndMarker})); }

TEST(Lexer, LongestOperator) {
  EXPECT_EQ(types("**=//=>>=->:=...!=<>"), (Types{Tok::DoubleStarEqual, Tok::DoubleSlashEqual, Tok::RightShiftEqual, Tok::Arrow,
                                                  Tok::ColonEqual, Tok::Ellipsis, Tok::NotEqual, Tok::NotEqual, Tok::EndMarker}));
}

TEST(Lexer, KeywordsAndSoftKeywords) {
  EXPECT_EQ(types("None match iff yield_"), (Types{Tok::KwNone, Tok::Name, Tok::Name, Tok::Name, Tok::EndMarker}));
}

TEST(Lexer, EveryKeywordIsFound) {
  for (const char* name :
       {"False",  "None",     "True", "and",    "as",      "assert", "async",  "await",  "break", "class",  "continue", "def",
        "del",    "elif",     "else", "except", "finally", "for",    "from",   "global", "if",    "import", "in",       "is",
        "lambda", "nonlocal", "not",  "or",     "pass",    "raise",  "return", "try",    "while", "with",   "yield"})
    EXPECT_TRUE(is_keyword(name)) << name;
  EXPECT_FALSE(is_keyword("print"));
  EXPECT_FALSE(is_keyword(""));
}

TEST(Lexer, StringPrefixes) {
  EXPECT_EQ(types("b'' Rb'' bR'' u'' f'' rF'' r''"),
            (Types{Tok::String, Tok::String, Tok::String, Tok::String, Tok::String, Tok::String, Tok::String, Tok::EndMarker}));
  EXPECT_EQ(types("ub''"), (Types{Tok::Name, Tok::String, Tok::EndMarker}));
}

TEST(Lexer, QuotesInTripleQuotes) { EXPECT_EQ(types("'''a''b\n'c'''"), (Types{Tok::String, Tok::EndMarker})); }

TEST(Lexer, PositionOfStringOverLines) {
  Arena arena;
  std::string_view text = "  \n'''a\nbc''' x";
  Lexer lexer(arena, text.data(), text.size(), 1);
  Token token;
  lexer.next(&token);
  EXPECT_EQ(token.line, 2);
  EXPECT_EQ(token.col, 0);
  EXPECT_EQ(token.end_line, 3);
  EXPECT_EQ(token.end_col, 5);
  lexer.next(&token);
  EXPECT_EQ(token.line, 3);
  EXPECT_EQ(token.col, 6);
}

TEST(Lexer, TabsGoToMultiplesOfEight) {
  EXPECT_EQ(tree("if a:\n\tb\n\tc\n"), tree("if a:\n b\n c\n"));
  EXPECT_EQ(types("a\n \tb\n\t c\n").back(), Tok::Error);
}

TEST(Lexer, LineEndsAreUnified) {
  EXPECT_EQ(tree("a\r\nb\rc"), tree("a\nb\nc\n"));
  EXPECT_EQ(tree("'''a\r\nb'''"), tree("'''a\nb'''"));
}

TEST(Lexer, WarnsOfNumberBeforeKeyword) {
  Arena arena;
  ParseResult result = parse(arena, "x = 1if 2else 3\n");
  ASSERT_TRUE(result);
  ASSERT_EQ(result.warnings.size, 2u);
  EXPECT_EQ(result.warnings[0].message.view(), "invalid decimal literal");
}

TEST(Lexer, WarnsOfInvalidEscapeOncePerLiteral) {
  Arena arena;
  ParseResult result = parse(arena, "\nx = '\\d\\e'\n");
  ASSERT_TRUE(result);
  ASSERT_EQ(result.warnings.size, 1u);
  EXPECT_EQ(result.warnings[0].category, WarningCategory::DeprecationWarning);
  EXPECT_EQ(result.warnings[0].message.view(), "invalid escape sequence '\\d'");
  EXPECT_EQ(result.warnings[0].span.line, 2);
}

TEST(Source, ByteOrderMark) {
  EXPECT_EQ(tree("\xEF\xBB\xBF"
                 "a"),
            tree("a"));
}

TEST(Source, Latin1) { EXPECT_EQ(tree("# -*- coding: latin-1 -*-\n'\xE9'"), tree("'\xC3\xA9'")); }

TEST(Source, DeclarationInSecondLine) {
  EXPECT_EQ(tree("#!/x\n# vim: set fileencoding=cp1252 :\n'\x80'"), tree("'\xE2\x82\xAC'"));
}

TEST(Source, DeclarationAfterCodeCountsForNothing) {
  EXPECT_EQ(error_of("a = 1\n# coding: latin-1\n'\xE9'"),
            "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xe9 in position 0: unexpected end "
            "of data "
            "(3, 4, 3, 4)");
}

TEST(Source, UnknownEncoding) {
  EXPECT_EQ(error_of("# coding: nonsense\n"), "SyntaxError: unknown encoding: nonsense (0, -1, 0, 0)");
}

TEST(Source, StrIgnoresDeclarations) {
  Arena arena;
  ParseOptions options;
  options.is_str = true;
  EXPECT_TRUE(parse(arena, "# coding: nonsense\nx", options));
}

TEST(Source, ErrorHasItsLine) {
  Arena arena;
  EXPECT_EQ(parse(arena, "x\na b\n").error.text.view(), "a b\n");
}

TEST(Names, IdentifiersAreUniqueAndNormalized) {
  Arena arena;
  EXPECT_EQ(intern_normalized(arena, "abc"), arena.intern("abc"));
  EXPECT_EQ(intern_normalized(arena, "\xEF\xAC\x81")->view(), "fi");
  EXPECT_TRUE(is_identifier("\xC3\xA9t\xC3\xA9_1"));
  EXPECT_FALSE(is_identifier("1a"));
  EXPECT_FALSE(is_identifier(""));
  EXPECT_FALSE(is_identifier("a b"));
}

TEST(Names, CharactersByNameAndAlias) {
  EXPECT_EQ(tree("'\\N{LINE FEED}\\N{nul}\\N{VS17}\\N{greek small letter alpha}'"), tree("'\\n\\0\\U000e0100\\u03b1'"));
  EXPECT_EQ(tree("'\\N{VS257}'").substr(0, 17), "!(unicode error) ");
}

TEST(Limits, DeepNestingGivesErrors) {
  auto repeat = [](std::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; i++) result += text;
    return result;
  };
  EXPECT_EQ(error_of(repeat("(", 100000)), "SyntaxError: too many nested parentheses (1, 201, 1, 201)");
  EXPECT_EQ(error_of(repeat("-", 100000) + "1"), "MemoryError:  (0, 0, 0, 0)");
  EXPECT_EQ(error_of(repeat("lambda:", 100000) + "1"), "MemoryError:  (0, 0, 0, 0)");
  EXPECT_EQ(error_of("a" + repeat(".b", 100000)),
            "RecursionError: maximum recursion depth exceeded during compilation (0, 0, 0, 0)");
  EXPECT_EQ(error_of(repeat("x=", 100000) + "1"), "");
  EXPECT_EQ(error_of("if 1: pass\n" + repeat("elif 1: pass\n", 20000)), "");
  EXPECT_EQ(error_of(repeat("f(", 150) + "a b" + repeat(")", 150)).substr(0, 46),
            "SyntaxError: invalid syntax. Perhaps you forgo");
  EXPECT_EQ(error_of(repeat("{1: ", 150) + "a b" + repeat("}", 150)).substr(0, 46),
            "SyntaxError: invalid syntax. Perhaps you forgo");
}

TEST(Limits, IncompleteInput) {
  Arena arena;
  ParseOptions options;
  options.mode = ParseMode::Single;
  options.allow_incomplete = true;
  options.dont_imply_dedent = true;
  EXPECT_EQ(parse(arena, "if a:\n", options).error.kind, ErrorKind::IncompleteInput);
  EXPECT_EQ(parse(arena, "f(a,\n", options).error.kind, ErrorKind::IncompleteInput);
  EXPECT_EQ(parse(arena, "'''a\n", options).error.kind, ErrorKind::IncompleteInput);
  EXPECT_EQ(parse(arena, "a b\n", options).error.kind, ErrorKind::SyntaxError);
  EXPECT_TRUE(parse(arena, "if a:\n  b\n\n", ParseOptions{.mode = ParseMode::Single}));
}

TEST(Limits, OneStatementInSingleMode) {
  EXPECT_EQ(error_of("a\nb\n", ParseMode::Single),
            "SyntaxError: multiple statements found while compiling a single statement (1, 2, 1, 2)");
  EXPECT_EQ(error_of("a\n# b\n", ParseMode::Single), "");
}

}  // namespace
}  // namespace pt::syntax
