#include "tests/unit/syntax/syntax_testing.h"

namespace pt::syntax {
namespace {

TEST(SymbolErrors, GlobalAfterUse) {
  EXPECT_EQ(error_of("def f():\n  x\n  global x"), "SyntaxError: name 'x' is used prior to global declaration (3, 3, 3, 11)");
}

TEST(SymbolErrors, GlobalAfterAssignment) {
  EXPECT_EQ(error_of("def f():\n  x = 1\n  global x"),
            "SyntaxError: name 'x' is assigned to before global declaration (3, 3, 3, 11)");
}

TEST(SymbolErrors, GlobalParameter) {
  EXPECT_EQ(error_of("def f(x): global x"), "SyntaxError: name 'x' is parameter and global (1, 11, 1, 19)");
}

TEST(SymbolErrors, NonlocalParameter) {
  EXPECT_EQ(error_of("def f(x):\n  nonlocal x"), "SyntaxError: name 'x' is parameter and nonlocal (2, 3, 2, 13)");
}

TEST(SymbolErrors, NonlocalUnbound) {
  EXPECT_EQ(error_of("def f():\n  nonlocal x"), "SyntaxError: no binding for nonlocal 'x' found (2, 3, 2, 13)");
}

TEST(SymbolErrors, NonlocalAtModule) {
  EXPECT_EQ(error_of("nonlocal x"), "SyntaxError: nonlocal declaration not allowed at module level (1, 1, 1, 11)");
}

TEST(SymbolErrors, GlobalAndNonlocal) {
  EXPECT_EQ(error_of("def f():\n  x = 1\n  def g():\n    global x\n    nonlocal x"),
            "SyntaxError: name 'x' is nonlocal and global (4, 5, 4, 13)");
}

TEST(SymbolErrors, DuplicateArgument) {
  EXPECT_EQ(error_of("def f(a, a): pass"), "SyntaxError: duplicate argument 'a' in function definition (1, 10, 1, 11)");
}

TEST(SymbolErrors, ImportStarInFunction) {
  EXPECT_EQ(error_of("def f():\n  from a import *"), "SyntaxError: import * only allowed at module level (2, 17, 2, 18)");
}

TEST(SymbolErrors, AnnotatedGlobal) {
  EXPECT_EQ(error_of("def f():\n  global x\n  x: int"), "SyntaxError: annotated name 'x' can't be global (3, 3, 3, 9)");
}

TEST(SymbolErrors, WalrusInIterable) {
  EXPECT_EQ(error_of("[a for b in (c := d)]"),
            "SyntaxError: assignment expression cannot be used in a comprehension iterable expression ("
            "1, 14, 1, 20)");
}

TEST(SymbolErrors, WalrusRebindsIteration) {
  EXPECT_EQ(error_of("[a := 1 for a in b]"),
            "SyntaxError: assignment expression cannot rebind comprehension iteration variable 'a' (1, "
            "2, 1, 3)");
}

TEST(SymbolErrors, WalrusInClassBody) {
  EXPECT_EQ(error_of("class A:\n  [b := c for c in d]"),
            "SyntaxError: assignment expression within a comprehension cannot be used in a class body ("
            "2, 4, 2, 5)");
}

TEST(SymbolErrors, IterationRebindsWalrus) {
  EXPECT_EQ(error_of("[[a := 0 for c in d] for a in b]"),
            "SyntaxError: assignment expression cannot rebind comprehension iteration variable 'a' (1, "
            "3, 1, 4)");
}

TEST(SymbolErrors, YieldInComprehension) {
  EXPECT_EQ(error_of("def f(): [(yield) for a in b]"), "SyntaxError: 'yield' inside list comprehension (1, 12, 1, 17)");
}

TEST(SymbolErrors, UnknownFuture) {
  EXPECT_EQ(error_of("from __future__ import nothing"), "SyntaxError: future feature nothing is not defined (1, 1, 1, 0)");
}

TEST(SymbolErrors, Braces) { EXPECT_EQ(error_of("from __future__ import braces"), "SyntaxError: not a chance (1, 1, 1, 0)"); }

}  // namespace
}  // namespace pt::syntax
