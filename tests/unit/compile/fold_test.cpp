// Constant folding: `x = EXPRESSION` stores the constant that is expected.
#include "tests/unit/compile/compile_helper.h"

namespace pt {
namespace {

struct FoldCase {
  const char* source;
  const char* expected;  // null: not folded
};

class Fold : public testing::TestWithParam<FoldCase> {};

TEST_P(Fold, Expression) {
  Compiled compiled(std::string("x = ") + GetParam().source + "\n");
  ASSERT_TRUE(compiled.result) << compiled.message();
  std::string code = compiled.code();
  if (GetParam().expected) {
    EXPECT_EQ(code, std::string("RESUME\nSTORE_NAME x, ") + GetParam().expected + "\nRETURN None\n");
  } else {
    EXPECT_NE(code.substr(0, 18), "RESUME\nSTORE_NAME ") << code;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Fold,
                         testing::Values(FoldCase{"1 + 2 * 3", "7"}, FoldCase{"2 ** 10 - 1", "1023"}, FoldCase{"-7 // 2", "-4"},
                                         FoldCase{"-7 % 3", "2"}, FoldCase{"7 % -3", "-2"}, FoldCase{"1 / 4", "0.25"},
                                         FoldCase{"1 / 0", nullptr}, FoldCase{"1 << 70", "0x400000000000000000"},
                                         FoldCase{"1 << 1000", nullptr}, FoldCase{"-1 << 64", "0x-10000000000000000"},
                                         FoldCase{"~5", "-6"}, FoldCase{"-0.0", "-0.0"}, FoldCase{"not 0", "True"},
                                         FoldCase{"not 'a'", "False"}, FoldCase{"1.5 + 2", "3.5"}, FoldCase{"1.0 / 0.0", nullptr},
                                         FoldCase{"1 + 2j", "(1.0+2.0j)"}, FoldCase{"-2j", "(-0.0+-2.0j)"},
                                         FoldCase{"2j", "2.0j"}, FoldCase{"'a' + 'b'", "'ab'"}, FoldCase{"b'a' + b'b'", "b'ab'"},
                                         FoldCase{"'ab' * 3", "'ababab'"}, FoldCase{"'ab' * 5000", nullptr},
                                         FoldCase{"3 * b'a'", "b'aaa'"}, FoldCase{"'abc'[1]", "'b'"},
                                         FoldCase{"'abc'[-1]", "'c'"}, FoldCase{"'abc'[3]", nullptr}, FoldCase{"b'abc'[0]", "97"},
                                         FoldCase{"(1, 2, 3)[1]", "2"}, FoldCase{"(1, (2, 'x'))", "(1, (2, 'x'))"},
                                         FoldCase{"()", "()"}, FoldCase{"__debug__", "True"}, FoldCase{"6 & 3 | 8 ^ 1", "11"},
                                         FoldCase{"-1 >> 200", "-1"}, FoldCase{"2 ** -1", nullptr}, FoldCase{"'a' % ()", "'a'"},
                                         FoldCase{"True + 1", "2"}, FoldCase{"9223372036854775807 + 1", "0x8000000000000000"},
                                         FoldCase{"-9223372036854775808", "-9223372036854775808"}));

TEST(FoldStatements, NothingBecomesADocstring) {
  Compiled compiled("def f():\n 'a' + 'b'\n");
  EXPECT_EQ(compiled.unit("f")->docstring, nullptr);
}

TEST(FoldStatements, MembershipInDisplays) {
  EXPECT_EQ(function_code("return a in {1, 2}"), "RESUME\nIN t0, a, frozenset({1, 2})\nRETURN t0!\n");
  EXPECT_EQ(function_code("return a in [1, 2]"), "RESUME\nIN t0, a, (1, 2)\nRETURN t0!\n");
}

TEST(FoldStatements, NegatedComparisons) {
  EXPECT_EQ(function_code("return not a in b"), "RESUME\nNOT_IN t0, a, b\nRETURN t0!\n");
  EXPECT_EQ(function_code("return not a is b"), "RESUME\nIS_NOT t0, a, b\nRETURN t0!\n");
  EXPECT_EQ(function_code("return not a == b"), "RESUME\nEQ t0, a, b\nNOT t0, t0!\nRETURN t0!\n");
}

TEST(FoldStatements, FormatsBecomeStrings) {
  EXPECT_EQ(function_code("return '<%s %r>' % (a, b)"),
            "RESUME\nCONVERT_VALUE t1, a, 's'\nFORMAT_SIMPLE t1, t1!\nCONVERT_VALUE t3, b, 'r'\n"
            "FORMAT_SIMPLE t3, t3!\nLOAD_CONST t0, '<'\nLOAD_CONST t2, ' '\nLOAD_CONST t4, '>'\n"
            "BUILD_STRING t0, t0, 5\nRETURN t0!\n");
  EXPECT_NE(function_code("return '%d' % (a,)").find("MOD"), std::string::npos);
  EXPECT_NE(function_code("return '%s' % (a, b)").find("MOD"), std::string::npos);
}

TEST(FoldStatements, DeadBranches) {
  EXPECT_EQ(function_code("if 0: return a\nreturn b"), "RESUME\nNOP\nRETURN b!\n");
  EXPECT_EQ(function_code("while False: a()\nreturn b"), "RESUME\nNOP\nRETURN b!\n");
  EXPECT_EQ(function_code("if True: return a\nreturn b"), "RESUME\nNOP\nRETURN a!\n");
}

TEST(FoldStatements, DebugIsFalseWhenOptimised) {
  CompileOptions options;
  options.optimize = 1;
  EXPECT_EQ(Compiled("x = __debug__\nassert y\n", options).code(), "RESUME\nSTORE_NAME x, False\nRETURN None\n");
}

}  // namespace
}  // namespace pt
