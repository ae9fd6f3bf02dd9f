// What the compiler rejects and what it warns of: CPython 3.11's messages and positions.
#include "tests/unit/compile/compile_helper.h"

namespace pt {
namespace {

struct ErrorCase {
  const char* source;
  const char* message;
  int line, offset;
};

class CompileError : public testing::TestWithParam<ErrorCase> {};

TEST_P(CompileError, Is) {
  Compiled compiled(GetParam().source);
  EXPECT_FALSE(compiled.result);
  EXPECT_EQ(compiled.message(), GetParam().message) << GetParam().source;
  EXPECT_EQ(compiled.error.line, GetParam().line) << GetParam().source;
  EXPECT_EQ(compiled.error.offset, GetParam().offset) << GetParam().source;
}

INSTANTIATE_TEST_SUITE_P(
    All, CompileError,
    testing::Values(ErrorCase{"return 1\n", "'return' outside function", 1, 1},
                    ErrorCase{"class A:\n return\n", "'return' outside function", 2, 2},
                    ErrorCase{"if x:\n  break\n", "'break' outside loop", 2, 3},
                    ErrorCase{"continue\n", "'continue' not properly in loop", 1, 1},
                    ErrorCase{"while 1:\n def f():\n  break\n", "'break' outside loop", 3, 3},
                    ErrorCase{"while 1:\n pass\nelse:\n break\n", "'break' outside loop", 4, 2},
                    ErrorCase{"await x\n", "'await' outside function", 1, 1},
                    ErrorCase{"def f():\n await x\n", "'await' outside async function", 2, 2},
                    ErrorCase{"yield 1\n", "'yield' outside function", 1, 1},
                    ErrorCase{"class A:\n yield 1\n", "'yield' outside function", 2, 2},
                    ErrorCase{"async def f():\n yield from x\n", "'yield from' inside async function", 2, 2},
                    ErrorCase{"async def f():\n yield 1\n return 1\n", "'return' with value in async generator", 3, 2},
                    ErrorCase{"def f():\n async with x: pass\n", "'async with' outside async function", 2, 2},
                    ErrorCase{"def f():\n async for x in y: pass\n", "'async for' outside async function", 2, 2},
                    ErrorCase{"def f():\n return [x async for x in y]\n",
                              "asynchronous comprehension outside of an asynchronous function", 2, 9},
                    ErrorCase{"try: pass\nexcept: pass\nexcept E: pass\n", "default 'except:' must be last", 2, 1},
                    ErrorCase{"*a, *b = c\n", "multiple starred expressions in assignment", 1, 1},
                    ErrorCase{"*a = b\n", "starred assignment target must be in a list or tuple", 1, 1},
                    ErrorCase{"*a\n", "can't use starred expression here", 1, 1},
                    ErrorCase{"f(a=1, a=2)\n", "keyword argument repeated: a", 1, 8},
                    ErrorCase{"__debug__ = 1\n", "cannot assign to __debug__", 1, 1},
                    ErrorCase{"del __debug__\n", "cannot delete __debug__", 1, 5},
                    ErrorCase{"def f(__debug__): pass\n", "cannot assign to __debug__", 1, 1},
                    ErrorCase{"x = 1\nfrom __future__ import annotations\n",
                              "from __future__ imports must occur at the beginning of the file", 2, 1},
                    ErrorCase{"from __future__ import braces\n", "not a chance", 1, 1},
                    ErrorCase{"from __future__ import nonsense\n", "future feature nonsense is not defined", 1, 1},
                    ErrorCase{"match x:\n case y: pass\n case z: pass\n", "name capture 'y' makes remaining patterns unreachable",
                              2, 7},
                    ErrorCase{"match x:\n case _: pass\n case z: pass\n", "wildcard makes remaining patterns unreachable", 2, 7},
                    ErrorCase{"match x:\n case (_ as y) | [z]: pass\n", "wildcard makes remaining patterns unreachable", 2, 8},
                    ErrorCase{"match x:\n case [a] | [b]: pass\n", "alternative patterns bind different names", 2, 14},
                    ErrorCase{"match x:\n case [a, a]: pass\n", "multiple assignments to name 'a' in pattern", 2, 11},
                    ErrorCase{"match x:\n case [*a, *b]: pass\n", "multiple starred names in sequence pattern", 2, 7},
                    ErrorCase{"match x:\n case {'k': a, 'k': b}: pass\n", "mapping pattern checks duplicate key ('k')", 2, 7},
                    ErrorCase{"match x:\n case {1: a, True: b}: pass\n", "mapping pattern checks duplicate key (True)", 2, 7},
                    ErrorCase{"match x:\n case A(k=1, k=2): pass\n", "attribute name repeated in class pattern: k", 2, 16},
                    ErrorCase{"for x in y:\n try: pass\n except* E: break\n",
                              "'break', 'continue' and 'return' cannot appear in an except* block", 3, 13}));

TEST(CompileErrors, TooManyBlocks) {
  std::string source;
  for (int i = 0; i < 21; i++) source += std::string(static_cast<size_t>(i), ' ') + "while x:\n";
  source += std::string(21, ' ') + "pass\n";
  Compiled compiled(source);
  EXPECT_EQ(compiled.message(), "too many statically nested blocks");
  EXPECT_EQ(compiled.error.line, 21);
}

TEST(CompileErrors, TopLevelAwaitWithItsFlag) {
  CompileOptions options;
  options.top_level_await = true;
  Compiled compiled("await x\nasync with y: pass\n[z async for z in w]\n", options);
  ASSERT_TRUE(compiled.result) << compiled.message();
  EXPECT_EQ(compiled.unit()->flags & kCodeCoroutine, uint32_t{kCodeCoroutine});
}

struct WarningCase {
  const char* source;
  const char* message;  // null: none
};

class CompileWarning : public testing::TestWithParam<WarningCase> {};

TEST_P(CompileWarning, Is) {
  Compiled compiled(GetParam().source);
  ASSERT_TRUE(compiled.result) << compiled.message();
  if (!GetParam().message) {
    EXPECT_EQ(compiled.result.warnings.size, 0u);
    return;
  }
  ASSERT_EQ(compiled.result.warnings.size, 1u);
  EXPECT_EQ(compiled.result.warnings[0].message.view(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, CompileWarning,
    testing::Values(WarningCase{"x is 1\n", "\"is\" with a literal. Did you mean \"==\"?"},
                    WarningCase{"x is not 'a'\n", "\"is not\" with a literal. Did you mean \"!=\"?"},
                    WarningCase{"x is -1\n", "\"is\" with a literal. Did you mean \"==\"?"},
                    WarningCase{"x is ()\n", "\"is\" with a literal. Did you mean \"==\"?"},
                    WarningCase{"x is None\nx is ...\nx is True\n", nullptr},
                    WarningCase{"assert (x, 'm')\n", "assertion is always true, perhaps remove parentheses?"},
                    WarningCase{"assert ()\n", nullptr},
                    WarningCase{"'a' (x)\n", "'str' object is not callable; perhaps you missed a comma?"},
                    WarningCase{"[1] (x)\n", "'list' object is not callable; perhaps you missed a comma?"},
                    WarningCase{"1[x]\n", "'int' object is not subscriptable; perhaps you missed a comma?"},
                    WarningCase{"[1]['a']\n", "list indices must be integers or slices, not str; perhaps you missed a comma?"},
                    WarningCase{"(1, 2)[x, y]\n",
                                "tuple indices must be integers or slices, not tuple; perhaps you missed a comma?"},
                    WarningCase{"[1][x]\n'abc'[1:2]\n{}['a']\n", nullptr},
                    WarningCase{"try: pass\nfinally:\n x is 1\n", "\"is\" with a literal. Did you mean \"==\"?"}));

}  // namespace
}  // namespace pt
