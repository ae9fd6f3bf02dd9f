// The shape of generated code, construct by construct. Golden files (tests/golden/bytecode) show whole
// functions.
#include "tests/unit/compile/compile_helper.h"

namespace pt {
namespace {

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) found++;
  return found;
}

TEST(Codegen, ArithmeticOnLocalsIsOneInstruction) {
  EXPECT_EQ(function_code("a = b + c"), "RESUME\nADD a, b, c\nRETURN None\n");
  EXPECT_EQ(function_code("a = b + 1"), "RESUME\nADD a, b, 1\nRETURN None\n");
  EXPECT_EQ(function_code("a += b"), "RESUME\nINPLACE_ADD a, a, b\nRETURN None\n");
  EXPECT_EQ(function_code("a = b[c]"), "RESUME\nLOAD_ITEM a, b, c\nRETURN None\n");
  EXPECT_EQ(function_code("a = b.x"), "RESUME\nLOAD_ATTR a, b, x\nRETURN None\n");
}

TEST(Codegen, NestedArithmeticUsesOneTemporaryPerLevel) {
  EXPECT_EQ(function_code("return a * b + c * 2"), "RESUME\nMUL t0, a, b\nMUL t1, c, 2\nADD t0, t0!, t1!\nRETURN t0!\n");
}

TEST(Codegen, ReturnOfALocalMovesIt) { EXPECT_EQ(function_code("return a"), "RESUME\nRETURN a!\n"); }

TEST(Codegen, CallsTakeArgumentsBorrowed) {
  EXPECT_EQ(function_code("return a(b, 1, c)"),
            "RESUME\nMOVE_BORROW t1, b\nLOAD_CONST t2, 1\nMOVE_BORROW t3, c\nMOVE_BORROW t0, a\nCALL t0, 3, t0\n"
            "RETURN t0!\n");
}

TEST(Codegen, LocalsComeAfterComplexArguments) {
  EXPECT_EQ(function_code("return g(a, h(), b)"),
            "RESUME\nLOAD_GLOBAL t0, g\nLOAD_GLOBAL t2, h\nCALL t2, 0, t2\nMOVE_BORROW t1, a\nMOVE_BORROW t3, b\n"
            "CALL t0, 3, t0\nRETURN t0!\n");
}

TEST(Codegen, WalrusedArgumentsAreCopied) {
  EXPECT_EQ(function_code("return g(a, (a := b))"),
            "RESUME\nLOAD_GLOBAL t0, g\nMOVE t1, a\nMOVE a, b\nMOVE t2, a\nCALL t0, 2, t0\nRETURN t0!\n");
}

TEST(Codegen, WalrusedOperandIsCopied) {
  EXPECT_EQ(function_code("return a + (a := b)"), "RESUME\nMOVE t0, a\nMOVE a, b\nADD t0, t0!, a\nRETURN t0!\n");
}

TEST(Codegen, ResultOfACallGoesToTheLocal) {
  EXPECT_EQ(function_code("a = g(b)"), "RESUME\nLOAD_GLOBAL t0, g\nMOVE_BORROW t1, b\nCALL t0, 1, a\nRETURN None\n");
}

TEST(Codegen, MethodCalls) {
  EXPECT_EQ(function_code("return a.m(b, k=c)"),
            "RESUME\nLOAD_METHOD t0, a, m\nMOVE_BORROW t2, b\nMOVE_BORROW t3, c\n"
            "CALL_METHOD_KW t0, 2, t0, ('k',)\nRETURN t0!\n");
}

TEST(Codegen, UnpackingCalls) {
  EXPECT_EQ(function_code("return a(*b, **c)"), "RESUME\nMOVE t0, a\nMOVE t1, b\nMOVE t2, c\nCALL_EX t0, 1, t0\nRETURN t0!\n");
  std::string code = function_code("return a(*b, 1, x=2, **c, y=3)");
  EXPECT_EQ(count(code, "LIST_EXTEND"), 1);
  EXPECT_EQ(count(code, "LIST_TO_TUPLE t1, t1!"), 1);
  EXPECT_EQ(count(code, "DICT_MERGE t2, c, t0"), 1);
  EXPECT_EQ(count(code, "DICT_MERGE t2, t3!, t0"), 1);
}

TEST(Codegen, ConditionsFuseComparisons) {
  EXPECT_EQ(function_code("while a < b: a += 1"),
            "RESUME\nJUMP_IF_LT a, b, 0, -> 5\nINPLACE_ADD a, a, 1\nJUMP_BACK 0, -> 1\nRETURN None\n");
  EXPECT_EQ(function_code("if a is None: b = 1"), "RESUME\nJUMP_IF_NOT_NONE a, -> 3\nLOAD_CONST b, 1\nRETURN None\n");
  EXPECT_EQ(function_code("if a not in b: c = 1"), "RESUME\nJUMP_IF_IN a, b, 1, -> 4\nLOAD_CONST c, 1\nRETURN None\n");
}

TEST(Codegen, ShortCircuitsThreadJumps) {
  EXPECT_EQ(function_code("if not (a and b) or c: a = 1"),
            "RESUME\nJUMP_IF_FALSE a, -> 4\nJUMP_IF_FALSE b, -> 4\nJUMP_IF_FALSE c, -> 5\nLOAD_CONST a, "
            "1\nRETURN None\n");
}

TEST(Codegen, ShortCircuitValues) {
  EXPECT_EQ(function_code("return a or b"), "RESUME\nMOVE t0, a\nJUMP_IF_TRUE_OR_CLEAR t0, -> 4\nMOVE t0, b\nRETURN t0!\n");
  EXPECT_EQ(function_code("a = a or b"), "RESUME\nJUMP_IF_TRUE a, -> 3\nMOVE a, b\nRETURN None\n");
}

TEST(Codegen, ChainsKeepTheMiddle) {
  std::string code = function_code("return a < g() < b");
  EXPECT_EQ(count(code, "LT t0, a, t1\n"), 1) << code;
  EXPECT_EQ(count(code, "LT t0, t1!, b\n"), 1) << code;
  EXPECT_EQ(count(code, "CLEAR t1\n"), 1) << code;
}

TEST(Codegen, SwapNeedsOneTemporary) {
  EXPECT_EQ(function_code("a, b = b, a"), "RESUME\nMOVE t0, a\nMOVE a, b\nMOVE b, t0!\nRETURN None\n");
}

TEST(Codegen, PairwiseAssignmentComputesFirst) {
  EXPECT_EQ(function_code("a, b = b, a + b"), "RESUME\nADD t0, a, b\nMOVE a, b\nMOVE b, t0!\nRETURN None\n");
}

TEST(Codegen, ForLoopWritesThePlainTarget) {
  EXPECT_EQ(function_code("for x in a: b = x"),
            "RESUME\nGET_ITER t0, a\nFOR_ITER x, t0, -> 6\nMOVE b, x\nJUMP_BACK 0, -> 2\nRETURN None\n");
}

TEST(Codegen, BreakEmptiesTheIterator) {
  EXPECT_EQ(function_code("for x in a:\n if x: break"),
            "RESUME\nGET_ITER t0, a\nFOR_ITER x, t0, -> 8\nJUMP_IF_FALSE x, -> 7\nCLEAR t0\nRETURN None\n"
            "JUMP_BACK 0, -> 2\nRETURN None\n");
}

TEST(Codegen, ReturnInALoopEmptiesTheIterator) {
  EXPECT_EQ(count(function_code("for x in a:\n for y in x: return y"), "CLEAR"), 2);
}

TEST(Codegen, ReturnRunsFinallyBodies) {
  std::string code = function_code("try:\n return a\nfinally:\n g()");
  EXPECT_EQ(code.substr(0, code.find("RETURN")), "RESUME\nNOP\nMOVE t0, a\nNOP\nLOAD_GLOBAL t1, g\nCALL t1, 0, t1\nCLEAR t1\n");
}

TEST(Codegen, FinallyIsNotCoveredByItself) {
  Compiled compiled("def f():\n try:\n  return g()\n finally:\n  h()\n");
  const CodeUnit* unit = compiled.unit("f");
  ASSERT_EQ(unit->exceptions.size, 2u);
  // The copy before the return raises straight out of the function.
  EXPECT_EQ(unit->exceptions[0].end, 7u);
}

TEST(Codegen, NamedHandlerUnbindsItsName) {
  std::string code = function_code("try: a()\nexcept E as e: pass\nreturn e");
  EXPECT_EQ(count(code, "CLEAR e"), 1) << code;
  EXPECT_EQ(count(code, "CHECK_BOUND e"), 1) << code;
}

TEST(Codegen, ChecksOnlyWhatMayBeUnbound) {
  EXPECT_EQ(count(function_code("return a + b"), "CHECK_BOUND"), 0);
  EXPECT_EQ(count(function_code("x = 1\nreturn x + x"), "CHECK_BOUND"), 0);
  EXPECT_EQ(count(function_code("if a: x = 1\nreturn x + x"), "CHECK_BOUND"), 1);
  EXPECT_EQ(count(function_code("if a: x = 1\nelse: x = 2\nreturn x"), "CHECK_BOUND"), 0);
  EXPECT_EQ(count(function_code("for x in a: pass\nreturn x"), "CHECK_BOUND"), 1);
  EXPECT_EQ(count(function_code("while 1:\n x = 1\n if x: break\nreturn x"), "CHECK_BOUND"), 0);
  EXPECT_EQ(count(function_code("del a\nreturn a"), "CHECK_BOUND"), 1);
  EXPECT_EQ(count(function_code("while b:\n b(a)\n if c: del a"), "CHECK_BOUND a"), 1);
  EXPECT_EQ(count(function_code("try: x = 1\nexcept: pass\nreturn x"), "CHECK_BOUND"), 1);
  EXPECT_EQ(count(function_code("try: x = 1\nexcept: raise\nreturn x"), "CHECK_BOUND"), 0);
}

TEST(Codegen, CellsAndFreeVariables) {
  Compiled compiled("def f(a):\n b = 1\n def g():\n  nonlocal b\n  b = a\n return g\n");
  const CodeUnit* f = compiled.unit("f");
  ASSERT_EQ(f->local_kinds.size, 3u);
  EXPECT_EQ(f->local_kinds[0], 3);  // the captured parameter keeps its register
  EXPECT_EQ(f->local_kinds[1], 1);
  EXPECT_EQ(f->local_kinds[2], 2);
  EXPECT_EQ(compiled.code("f.<locals>.g"), "RESUME\nLOAD_CELL t0, a\nSTORE_CELL b, t0!\nRETURN None\n");
  EXPECT_EQ(compiled.unit("f.<locals>.g")->free_count, 2u);
}

TEST(Codegen, ClassBodies) {
  Compiled compiled("class A(B, metaclass=M):\n x = 1\n def m(self): return super().m()\n");
  EXPECT_EQ(count(compiled.code(), "CALL_KW t0, 4, t0, ('metaclass',)"), 1);
  std::string body = compiled.code("A");
  EXPECT_EQ(count(body, "STORE_NAME __qualname__, 'A'"), 1);
  EXPECT_EQ(count(body, "STORE_NAME __classcell__, __class__\nRETURN __class__\n"), 1);
}

TEST(Codegen, ClassNamesPreferTheNamespace) {
  Compiled compiled("def f(x):\n class A:\n  y = x\n");
  EXPECT_EQ(count(compiled.code("f.<locals>.A"), "LOAD_CLASS_CELL t0, x, x"), 1);
}

TEST(Codegen, PrivateNamesAreMangled) {
  Compiled compiled("class A:\n def m(self): return self.__x + __y\n");
  EXPECT_EQ(count(compiled.code("A.m"), "LOAD_ATTR t0, self, _A__x"), 1);
  EXPECT_EQ(count(compiled.code("A.m"), "LOAD_GLOBAL t1, _A__y"), 1);
}

TEST(Codegen, Defaults) {
  EXPECT_EQ(Compiled("def f(a, b=1, *, c=2, d): pass\n").code(),
            "RESUME\nLOAD_CONST t0, (1,)\nLOAD_CONST t1, ('c', 2)\n"
            "MAKE_FUNCTION t0, t0, 3, <code f>\nSTORE_NAME f, t0!\nRETURN None\n");
  EXPECT_EQ(Compiled("def f(*, a=1, b, c=[]): pass\n").code(),
            "RESUME\nLOAD_CONST t0, 'a'\nLOAD_CONST t1, 1\nLOAD_CONST t2, 'c'\nBUILD_LIST t3, t3, 0\nBUILD_TUPLE t0, t0, 4\n"
            "MAKE_FUNCTION t0, t0, 2, <code f>\nSTORE_NAME f, t0!\nRETURN None\n");
}

TEST(Codegen, ParameterCounts) {
  Compiled compiled("def f(a, /, b, *c, d, **e): pass\n");
  const CodeUnit* unit = compiled.unit("f");
  EXPECT_EQ(unit->argument_count, 2u);
  EXPECT_EQ(unit->positional_only_count, 1u);
  EXPECT_EQ(unit->keyword_only_count, 1u);
  EXPECT_EQ(unit->parameter_count, 5u);
  EXPECT_EQ(unit->flags, kCodeOptimized | kCodeNewLocals | kCodeVarArgs | kCodeVarKeywords);
  EXPECT_STREQ(unit->local_names[3]->utf8, "c");
}

TEST(Codegen, Annotations) {
  std::string code = Compiled("def f(a: int) -> str: pass\nx: int = 1\n").code();
  EXPECT_EQ(count(code, "SETUP_ANNOTATIONS"), 1);
  EXPECT_EQ(count(code, "MAKE_FUNCTION t0, t0, 4, <code f>"), 1);
  EXPECT_EQ(count(code, "STORE_ITEM t1!, 'x', t0!"), 1);
  code = Compiled("from __future__ import annotations\ndef f(a: x + 1): pass\n").code();
  EXPECT_EQ(count(code, "LOAD_CONST t1, 'x + 1'"), 1);
}

TEST(Codegen, DecoratorsApplyFromTheInside) {
  EXPECT_EQ(Compiled("@a\n@b\ndef f(): pass\n").code(),
            "RESUME\nLOAD_NAME t0, a\nLOAD_NAME t1, b\nMAKE_FUNCTION t2, t2, 0, <code f>\nCALL t1, 1, t1\n"
            "CALL t0, 1, t0\nSTORE_NAME f, t0!\nRETURN None\n");
}

TEST(Codegen, Comprehensions) {
  Compiled compiled("def f(a): return [x for x in a if x]\n");
  EXPECT_EQ(compiled.code("f"),
            "RESUME\nMAKE_FUNCTION t0, t0, 0, <code f.<locals>.<listcomp>>\nGET_ITER t1, a\nCALL t0, 1, t0\n"
            "RETURN t0!\n");
  EXPECT_EQ(compiled.code("f.<locals>.<listcomp>"),
            "RESUME\nBUILD_LIST t0, t0, 0\nFOR_ITER x, .0, -> 7\nJUMP_IF_FALSE x, -> 6\nLIST_APPEND t0, x\n"
            "JUMP_BACK 0, -> 2\nRETURN t0!\n");
}

TEST(Codegen, Generators) {
  Compiled compiled("def f(a):\n x = yield a\n yield from x\n");
  EXPECT_EQ(compiled.unit("f")->flags & kCodeGenerator, uint32_t{kCodeGenerator});
  EXPECT_EQ(compiled.code("f"),
            "RETURN_GENERATOR\nRESUME\nYIELD x, a\nGET_YIELD_FROM_ITER t0, x\nLOAD_CONST t1, None\n"
            "SEND t1, t0, t1!, -> 9\nYIELD t1, t1!, for t0\nJUMP -> 5\nMOVE t0, t1!\nCLEAR t0\nRETURN None\n");
}

TEST(Codegen, CoroutinesAndAsyncGenerators) {
  Compiled compiled("async def f():\n await g()\nasync def h():\n yield 1\n");
  EXPECT_EQ(compiled.unit("f")->flags & (kCodeCoroutine | kCodeAsyncGenerator), uint32_t{kCodeCoroutine});
  EXPECT_EQ(compiled.unit("h")->flags & (kCodeCoroutine | kCodeAsyncGenerator), uint32_t{kCodeAsyncGenerator});
  EXPECT_EQ(count(compiled.code("h"), "ASYNC_GEN_WRAP t0, 1\nYIELD t0, t0!"), 1);
}

TEST(Codegen, Imports) {
  EXPECT_EQ(Compiled("import a.b, a.b as c\n").code(),
            "RESUME\nIMPORT_NAME t0, 0, None, a.b\nSTORE_NAME a, t0!\nIMPORT_NAME t0, 0, None, a.b\n"
            "IMPORT_FROM t1, t0, b\nMOVE t0, t1!\nSTORE_NAME c, t0!\nRETURN None\n");
  EXPECT_EQ(Compiled("from ..a import b as c\n").code(),
            "RESUME\nIMPORT_NAME t0, 2, ('b',), a\nIMPORT_FROM t1, t0, b\nSTORE_NAME c, t1!\nCLEAR "
            "t0\nRETURN None\n");
  EXPECT_EQ(Compiled("from a import *\n").code(), "RESUME\nIMPORT_NAME t0, 0, ('*',), a\nIMPORT_STAR t0!\nRETURN None\n");
}

TEST(Codegen, InteractiveModePrints) {
  Compiled compiled("x\n", {}, syntax::ParseMode::Single);
  EXPECT_EQ(compiled.code(), "RESUME\nLOAD_NAME t0, x\nPRINT_EXPRESSION t0!\nRETURN None\n");
}

TEST(Codegen, EvalModeReturns) {
  Compiled compiled("x + 1", {}, syntax::ParseMode::Eval);
  EXPECT_EQ(compiled.code(), "RESUME\nLOAD_NAME t0, x\nADD t0, t0!, 1\nRETURN t0!\n");
}

TEST(Codegen, SelfAttributesAreCounted) {
  Compiled compiled("class A:\n def __init__(self, x):\n  self.a = self.b = x\n  self.a = 1\n  x.c = 2\n");
  EXPECT_EQ(compiled.unit("A.__init__")->self_attribute_count, 2u);
}

TEST(Codegen, LongDisplaysAreBuiltPiecemeal) {
  std::string source = "def f(a):\n return [";
  for (int i = 0; i < 200; i++) source += "a,";
  Compiled compiled(source + "]\n");
  EXPECT_EQ(count(compiled.code("f"), "LIST_APPEND"), 196);
  EXPECT_LT(compiled.unit("f")->register_count, 80u);
}

TEST(Codegen, ManyArgumentsArePassedAsATuple) {
  std::string source = "def f(a):\n return a(";
  for (int i = 0; i < 3000; i++) source += "a,";
  Compiled compiled(source + ")\n");
  EXPECT_EQ(count(compiled.code("f"), "CALL_EX"), 1);
}

TEST(Codegen, LongChainsOfOperators) {
  std::string source = "x = a";
  for (int i = 0; i < 2000; i++) source += " + a";
  Compiled compiled(source + "\n");
  EXPECT_TRUE(compiled.result) << compiled.message();
}

TEST(Codegen, TooDeepIsARecursionError) {
  std::string source = "x = a";
  for (int i = 0; i < 200000; i++) source += " + a";
  Compiled compiled(source + "\n");
  EXPECT_FALSE(compiled.result);
  EXPECT_EQ(compiled.error.kind, syntax::ErrorKind::RecursionError);
  EXPECT_EQ(compiled.message(), "maximum recursion depth exceeded during compilation");
}

TEST(Codegen, StackLimitIsKept) {
  CompileOptions options;
  options.stack_limit = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - 20000;
  std::string source = "x = a";
  for (int i = 0; i < 1000; i++) source += " + a";
  Compiled compiled(source + "\n", options);
  EXPECT_EQ(compiled.error.kind, syntax::ErrorKind::RecursionError);
}

TEST(Codegen, MatchFailuresEmptyWhatIsLive) {
  std::string code = function_code("match a:\n case [1, x, {'k': y}]: return x\n case _: return y");
  EXPECT_EQ(count(code, "UNPACK_SEQUENCE"), 2);
  EXPECT_EQ(count(code, "MATCH_KEYS"), 1);
}

}  // namespace
}  // namespace pt
