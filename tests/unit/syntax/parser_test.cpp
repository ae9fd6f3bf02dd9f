#include "tests/unit/syntax/syntax_testing.h"

namespace pt::syntax {
namespace {

TEST(Parser, EmptyModule) { EXPECT_EQ(tree(""), "Module(body=[], type_ignores=[])"); }

TEST(Parser, PassStatement) { EXPECT_EQ(tree("pass"), "Module(body=[Pass()], type_ignores=[])"); }

TEST(Parser, SemicolonsSeparateStatements) {
  EXPECT_EQ(tree("a; b;"),
            "Module(body=[Expr(value=Name(id='a', ctx=Load())), Expr(value=Name(id='b', ctx=Load()))], "
            "type_ignores=[])");
}

TEST(Parser, Assignment) {
  EXPECT_EQ(tree("a = b = 1"),
            "Module(body=[Assign(targets=[Name(id='a', ctx=Store()), Name(id='b', ctx=Store())], value="
            "Constant(value=1))], type_ignores=[])");
}

TEST(Parser, StarredAssignment) {
  EXPECT_EQ(tree("a, *b = c"),
            "Module(body=[Assign(targets=[Tuple(elts=[Name(id='a', ctx=Store()), Starred(value=Name(id="
            "'b', ctx=Store()), ctx=Store())], ctx=Store())], value=Name(id='c', ctx=Load()))], type_ig"
            "nores=[])");
}

TEST(Parser, AugmentedAssignment) {
  EXPECT_EQ(tree("a.b **= 2"),
            "Module(body=[AugAssign(target=Attribute(value=Name(id='a', ctx=Load()), attr='b', ctx=Stor"
            "e()), op=Pow(), value=Constant(value=2))], type_ignores=[])");
}

TEST(Parser, Annotation) {
  EXPECT_EQ(tree("x: int = 3"),
            "Module(body=[AnnAssign(target=Name(id='x', ctx=Store()), annotation=Name(id='int', ctx=Loa"
            "d()), value=Constant(value=3), simple=1)], type_ignores=[])");
}

TEST(Parser, ParenthesizedAnnotationIsNotSimple) {
  EXPECT_EQ(tree("(x): int"),
            "Module(body=[AnnAssign(target=Name(id='x', ctx=Store()), annotation=Name(id='int', ctx=Loa"
            "d()), simple=0)], type_ignores=[])");
}

TEST(Parser, DeleteTargets) {
  EXPECT_EQ(tree("del a, (b, c), d[0]"),
            "Module(body=[Delete(targets=[Name(id='a', ctx=Del()), Tuple(elts=[Name(id='b', ctx=Del()),"
            " Name(id='c', ctx=Del())], ctx=Del()), Subscript(value=Name(id='d', ctx=Load()), slice=Con"
            "stant(value=0), ctx=Del())])], type_ignores=[])");
}

TEST(Parser, ReturnTuple) {
  EXPECT_EQ(tree("def f(): return 1, *a"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs=[], "
            "kw_defaults=[], defaults=[]), body=[Return(value=Tuple(elts=[Constant(value=1), Starred(va"
            "lue=Name(id='a', ctx=Load()), ctx=Load())], ctx=Load()))], decorator_list=[])], type_ignor"
            "es=[])");
}

TEST(Parser, RaiseFrom) {
  EXPECT_EQ(tree("raise a from b"),
            "Module(body=[Raise(exc=Name(id='a', ctx=Load()), cause=Name(id='b', ctx=Load()))], type_ig"
            "nores=[])");
}

TEST(Parser, AssertMessage) {
  EXPECT_EQ(tree("assert a, b"),
            "Module(body=[Assert(test=Name(id='a', ctx=Load()), msg=Name(id='b', ctx=Load()))], type_ig"
            "nores=[])");
}

TEST(Parser, GlobalNames) { EXPECT_EQ(tree("global a, b"), "Module(body=[Global(names=['a', 'b'])], type_ignores=[])"); }

TEST(Parser, ImportDotted) {
  EXPECT_EQ(tree("import a.b.c as d, e"),
            "Module(body=[Import(names=[alias(name='a.b.c', asname='d'), alias(name='e')])], type_ignor"
            "es=[])");
}

TEST(Parser, RelativeImport) {
  EXPECT_EQ(tree("from ...a.b import (c as d, e,)"),
            "Module(body=[ImportFrom(module='a.b', names=[alias(name='c', asname='d'), alias(name='e')]"
            ", level=3)], type_ignores=[])");
}

TEST(Parser, ImportStar) {
  EXPECT_EQ(tree("from . import *"), "Module(body=[ImportFrom(names=[alias(name='*')], level=1)], type_ignores=[])");
}

TEST(Parser, IfElifElse) {
  EXPECT_EQ(tree("if a: b\nelif c: d\nelse: e"),
            "Module(body=[If(test=Name(id='a', ctx=Load()), body=[Expr(value=Name(id='b', ctx=Load()))]"
            ", orelse=[If(test=Name(id='c', ctx=Load()), body=[Expr(value=Name(id='d', ctx=Load()))], o"
            "relse=[Expr(value=Name(id='e', ctx=Load()))])])], type_ignores=[])");
}

TEST(Parser, WhileElse) {
  EXPECT_EQ(tree("while a: b\nelse: c"),
            "Module(body=[While(test=Name(id='a', ctx=Load()), body=[Expr(value=Name(id='b', ctx=Load()"
            "))], orelse=[Expr(value=Name(id='c', ctx=Load()))])], type_ignores=[])");
}

TEST(Parser, ForTupleTarget) {
  EXPECT_EQ(tree("for a, (b, *c) in d, e: pass"),
            "Module(body=[For(target=Tuple(elts=[Name(id='a', ctx=Store()), Tuple(elts=[Name(id='b', ct"
            "x=Store()), Starred(value=Name(id='c', ctx=Store()), ctx=Store())], ctx=Store())], ctx=Sto"
            "re()), iter=Tuple(elts=[Name(id='d', ctx=Load()), Name(id='e', ctx=Load())], ctx=Load()), "
            "body=[Pass()], orelse=[])], type_ignores=[])");
}

TEST(Parser, TryExceptElseFinally) {
  EXPECT_EQ(tree("try: a\nexcept B as c: d\nexcept: e\nelse: f\nfinally: g"),
            "Module(body=[Try(body=[Expr(value=Name(id='a', ctx=Load()))], handlers=[ExceptHandler(type"
            "=Name(id='B', ctx=Load()), name='c', body=[Expr(value=Name(id='d', ctx=Load()))]), ExceptH"
            "andler(body=[Expr(value=Name(id='e', ctx=Load()))])], orelse=[Expr(value=Name(id='f', ctx="
            "Load()))], finalbody=[Expr(value=Name(id='g', ctx=Load()))])], type_ignores=[])");
}

TEST(Parser, TryStar) {
  EXPECT_EQ(tree("try: a\nexcept* B: c"),
            "Module(body=[TryStar(body=[Expr(value=Name(id='a', ctx=Load()))], handlers=[ExceptHandler("
            "type=Name(id='B', ctx=Load()), body=[Expr(value=Name(id='c', ctx=Load()))])], orelse=[], f"
            "inalbody=[])], type_ignores=[])");
}

TEST(Parser, WithItems) {
  EXPECT_EQ(tree("with a as b, c as (d, e): pass"),
            "Module(body=[With(items=[withitem(context_expr=Name(id='a', ctx=Load()), optional_vars=Nam"
            "e(id='b', ctx=Store())), withitem(context_expr=Name(id='c', ctx=Load()), optional_vars=Tup"
            "le(elts=[Name(id='d', ctx=Store()), Name(id='e', ctx=Store())], ctx=Store()))], body=[Pass"
            "()])], type_ignores=[])");
}

TEST(Parser, ParenthesizedWithItems) {
  EXPECT_EQ(tree("with (a as b, c,): pass"),
            "Module(body=[With(items=[withitem(context_expr=Name(id='a', ctx=Load()), optional_vars=Nam"
            "e(id='b', ctx=Store())), withitem(context_expr=Name(id='c', ctx=Load()))], body=[Pass()])]"
            ", type_ignores=[])");
}

TEST(Parser, WithParenthesizedExpression) {
  EXPECT_EQ(tree("with (a, b) as c: pass"),
            "Module(body=[With(items=[withitem(context_expr=Tuple(elts=[Name(id='a', ctx=Load()), Name("
            "id='b', ctx=Load())], ctx=Load()), optional_vars=Name(id='c', ctx=Store()))], body=[Pass()"
            "])], type_ignores=[])");
}

TEST(Parser, WithYield) {
  EXPECT_EQ(tree("def f():\n  with (yield): pass"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs=[], "
            "kw_defaults=[], defaults=[]), body=[With(items=[withitem(context_expr=Yield())], body=[Pas"
            "s()])], decorator_list=[])], type_ignores=[])");
}

TEST(Parser, FunctionParameters) {
  EXPECT_EQ(tree("def f(a, b=1, /, c=2, *d, e, f=3, **g) -> h: pass"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[arg(arg='a'), arg(arg='b')]"
            ", args=[arg(arg='c')], vararg=arg(arg='d'), kwonlyargs=[arg(arg='e'), arg(arg='f')], kw_de"
            "faults=[None, Constant(value=3)], kwarg=arg(arg='g'), defaults=[Constant(value=1), Constan"
            "t(value=2)]), body=[Pass()], decorator_list=[], returns=Name(id='h', ctx=Load()))], type_i"
            "gnores=[])");
}

TEST(Parser, BareStarParameter) {
  EXPECT_EQ(tree("def f(*, a=1, b): pass"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs=[arg"
            "(arg='a'), arg(arg='b')], kw_defaults=[Constant(value=1), None], defaults=[]), body=[Pass("
            ")], decorator_list=[])], type_ignores=[])");
}

TEST(Parser, VariadicAnnotation) {
  EXPECT_EQ(tree("def f(*args: *Ts): pass"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[], vararg=arg(arg="
            "'args', annotation=Starred(value=Name(id='Ts', ctx=Load()), ctx=Load())), kwonlyargs=[], k"
            "w_defaults=[], defaults=[]), body=[Pass()], decorator_list=[])], type_ignores=[])");
}

TEST(Parser, DecoratorIsAnyExpression) {
  EXPECT_EQ(tree("@a[0].b(c) if d else e\ndef f(): pass"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs=[], "
            "kw_defaults=[], defaults=[]), body=[Pass()], decorator_list=[IfExp(test=Name(id='d', ctx=L"
            "oad()), body=Call(func=Attribute(value=Subscript(value=Name(id='a', ctx=Load()), slice=Con"
            "stant(value=0), ctx=Load()), attr='b', ctx=Load()), args=[Name(id='c', ctx=Load())], keywo"
            "rds=[]), orelse=Name(id='e', ctx=Load()))])], type_ignores=[])");
}

TEST(Parser, ClassWithKeywords) {
  EXPECT_EQ(tree("class A(B, *c, metaclass=D, **e): pass"),
            "Module(body=[ClassDef(name='A', bases=[Name(id='B', ctx=Load()), Starred(value=Name(id='c'"
            ", ctx=Load()), ctx=Load())], keywords=[keyword(arg='metaclass', value=Name(id='D', ctx=Loa"
            "d())), keyword(value=Name(id='e', ctx=Load()))], body=[Pass()], decorator_list=[])], type_"
            "ignores=[])");
}

TEST(Parser, AsyncFunction) {
  EXPECT_EQ(tree("async def f():\n async for a in b: await c\n async with d as e: pass"),
            "Module(body=[AsyncFunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs"
            "=[], kw_defaults=[], defaults=[]), body=[AsyncFor(target=Name(id='a', ctx=Store()), iter=N"
            "ame(id='b', ctx=Load()), body=[Expr(value=Await(value=Name(id='c', ctx=Load())))], orelse="
            "[]), AsyncWith(items=[withitem(context_expr=Name(id='d', ctx=Load()), optional_vars=Name(i"
            "d='e', ctx=Store()))], body=[Pass()])], decorator_list=[])], type_ignores=[])");
}

TEST(Parser, AsyncComprehension) {
  EXPECT_EQ(tree("async def f(): return [a async for b in c if d]"),
            "Module(body=[AsyncFunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs"
            "=[], kw_defaults=[], defaults=[]), body=[Return(value=ListComp(elt=Name(id='a', ctx=Load()"
            "), generators=[comprehension(target=Name(id='b', ctx=Store()), iter=Name(id='c', ctx=Load("
            ")), ifs=[Name(id='d', ctx=Load())], is_async=1)]))], decorator_list=[])], type_ignores=[])");
}

TEST(Parser, MatchLiterals) {
  EXPECT_EQ(tree("match a:\n case 1 | -2.5 | 'x' 'y' | None: pass\n case 1+2j: pass"),
            "Module(body=[Match(subject=Name(id='a', ctx=Load()), cases=[match_case(pattern=MatchOr(pat"
            "terns=[MatchValue(value=Constant(value=1)), MatchValue(value=UnaryOp(op=USub(), operand=Co"
            "nstant(value=2.5))), MatchValue(value=Constant(value='xy')), MatchSingleton(value=None)]),"
            " body=[Pass()]), match_case(pattern=MatchValue(value=BinOp(left=Constant(value=1), op=Add("
            "), right=Constant(value=2j))), body=[Pass()])])], type_ignores=[])");
}

TEST(Parser, MatchCaptureAndWildcard) {
  EXPECT_EQ(tree("match a:\n case b: pass\n case _: pass"),
            "Module(body=[Match(subject=Name(id='a', ctx=Load()), cases=[match_case(pattern=MatchAs(nam"
            "e='b'), body=[Pass()]), match_case(pattern=MatchAs(), body=[Pass()])])], type_ignores=[])");
}

TEST(Parser, MatchSequences) {
  EXPECT_EQ(tree("match a:\n case [b, *_]: pass\n case (c, d): pass\n case e, *f: pass\n case (): pass"),
            "Module(body=[Match(subject=Name(id='a', ctx=Load()), cases=[match_case(pattern=MatchSequen"
            "ce(patterns=[MatchAs(name='b'), MatchStar()]), body=[Pass()]), match_case(pattern=MatchSeq"
            "uence(patterns=[MatchAs(name='c'), MatchAs(name='d')]), body=[Pass()]), match_case(pattern"
            "=MatchSequence(patterns=[MatchAs(name='e'), MatchStar(name='f')]), body=[Pass()]), match_c"
            "ase(pattern=MatchSequence(patterns=[]), body=[Pass()])])], type_ignores=[])");
}

TEST(Parser, MatchMapping) {
  EXPECT_EQ(tree("match a:\n case {'k': b, c.d: e, **f}: pass"),
            "Module(body=[Match(subject=Name(id='a', ctx=Load()), cases=[match_case(pattern=MatchMappin"
            "g(keys=[Constant(value='k'), Attribute(value=Name(id='c', ctx=Load()), attr='d', ctx=Load("
            "))], patterns=[MatchAs(name='b'), MatchAs(name='e')], rest='f'), body=[Pass()])])], type_i"
            "gnores=[])");
}

TEST(Parser, MatchClassPattern) {
  EXPECT_EQ(tree("match a:\n case B.C(d, e=f): pass"),
            "Module(body=[Match(subject=Name(id='a', ctx=Load()), cases=[match_case(pattern=MatchClass("
            "cls=Attribute(value=Name(id='B', ctx=Load()), attr='C', ctx=Load()), patterns=[MatchAs(nam"
            "e='d')], kwd_attrs=['e'], kwd_patterns=[MatchAs(name='f')]), body=[Pass()])])], type_ignor"
            "es=[])");
}

TEST(Parser, MatchAsAndGuard) {
  EXPECT_EQ(tree("match a, b:\n case (c | d) as e if f: pass"),
            "Module(body=[Match(subject=Tuple(elts=[Name(id='a', ctx=Load()), Name(id='b', ctx=Load())]"
            ", ctx=Load()), cases=[match_case(pattern=MatchAs(pattern=MatchOr(patterns=[MatchAs(name='c"
            "'), MatchAs(name='d')]), name='e'), guard=Name(id='f', ctx=Load()), body=[Pass()])])], typ"
            "e_ignores=[])");
}

TEST(Parser, MatchIsAName) {
  EXPECT_EQ(tree("match = 1; match(a); match[b]; case = match.c"),
            "Module(body=[Assign(targets=[Name(id='match', ctx=Store())], value=Constant(value=1)), Exp"
            "r(value=Call(func=Name(id='match', ctx=Load()), args=[Name(id='a', ctx=Load())], keywords="
            "[])), Expr(value=Subscript(value=Name(id='match', ctx=Load()), slice=Name(id='b', ctx=Load"
            "()), ctx=Load())), Assign(targets=[Name(id='case', ctx=Store())], value=Attribute(value=Na"
            "me(id='match', ctx=Load()), attr='c', ctx=Load()))], type_ignores=[])");
}

TEST(Parser, PositionsOfStatements) {
  EXPECT_EQ(tree("@a\ndef f(b: c = d, /): pass\nx: int = 5", true),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[arg(arg='b', annotation=Nam"
            "e(id='c', ctx=Load(), lineno=2, col_offset=9, end_lineno=2, end_col_offset=10), lineno=2, "
            "col_offset=6, end_lineno=2, end_col_offset=10)], args=[], kwonlyargs=[], kw_defaults=[], d"
            "efaults=[Name(id='d', ctx=Load(), lineno=2, col_offset=13, end_lineno=2, end_col_offset=14"
            ")]), body=[Pass(lineno=2, col_offset=20, end_lineno=2, end_col_offset=24)], decorator_list"
            "=[Name(id='a', ctx=Load(), lineno=1, col_offset=1, end_lineno=1, end_col_offset=2)], linen"
            "o=2, col_offset=0, end_lineno=2, end_col_offset=24), AnnAssign(target=Name(id='x', ctx=Sto"
            "re(), lineno=3, col_offset=0, end_lineno=3, end_col_offset=1), annotation=Name(id='int', c"
            "tx=Load(), lineno=3, col_offset=3, end_lineno=3, end_col_offset=6), value=Constant(value=5"
            ", lineno=3, col_offset=9, end_lineno=3, end_col_offset=10), simple=1, lineno=3, col_offset"
            "=0, end_lineno=3, end_col_offset=10)], type_ignores=[])");
}

TEST(Parser, PositionsInBytes) {
  EXPECT_EQ(tree("'é' + (a)", true),
            "Module(body=[Expr(value=BinOp(left=Constant(value='é', lineno=1, col_offset=0, end_lineno="
            "1, end_col_offset=4), op=Add(), right=Name(id='a', ctx=Load(), lineno=1, col_offset=8, end"
            "_lineno=1, end_col_offset=9), lineno=1, col_offset=0, end_lineno=1, end_col_offset=10), li"
            "neno=1, col_offset=0, end_lineno=1, end_col_offset=10)], type_ignores=[])");
}

TEST(Parser, PositionsOfBlocks) {
  EXPECT_EQ(tree("if a:\n  b\nelif c:\n  d\n\n", true),
            "Module(body=[If(test=Name(id='a', ctx=Load(), lineno=1, col_offset=3, end_lineno=1, end_co"
            "l_offset=4), body=[Expr(value=Name(id='b', ctx=Load(), lineno=2, col_offset=2, end_lineno="
            "2, end_col_offset=3), lineno=2, col_offset=2, end_lineno=2, end_col_offset=3)], orelse=[If"
            "(test=Name(id='c', ctx=Load(), lineno=3, col_offset=5, end_lineno=3, end_col_offset=6), bo"
            "dy=[Expr(value=Name(id='d', ctx=Load(), lineno=4, col_offset=2, end_lineno=4, end_col_offs"
            "et=3), lineno=4, col_offset=2, end_lineno=4, end_col_offset=3)], orelse=[], lineno=3, col_"
            "offset=0, end_lineno=4, end_col_offset=3)], lineno=1, col_offset=0, end_lineno=4, end_col_"
            "offset=3)], type_ignores=[])");
}

TEST(Parser, PositionsOfContinuedLines) {
  EXPECT_EQ(tree("a + \\\n  b(c,\n d)", true),
            "Module(body=[Expr(value=BinOp(left=Name(id='a', ctx=Load(), lineno=1, col_offset=0, end_li"
            "neno=1, end_col_offset=1), op=Add(), right=Call(func=Name(id='b', ctx=Load(), lineno=2, co"
            "l_offset=2, end_lineno=2, end_col_offset=3), args=[Name(id='c', ctx=Load(), lineno=2, col_"
            "offset=4, end_lineno=2, end_col_offset=5), Name(id='d', ctx=Load(), lineno=3, col_offset=1"
            ", end_lineno=3, end_col_offset=2)], keywords=[], lineno=2, col_offset=2, end_lineno=3, end"
            "_col_offset=3), lineno=1, col_offset=0, end_lineno=3, end_col_offset=3), lineno=1, col_off"
            "set=0, end_lineno=3, end_col_offset=3)], type_ignores=[])");
}

TEST(Parser, EvalMode) {
  EXPECT_EQ(tree("a, b\n", false, ParseMode::Eval),
            "Expression(body=Tuple(elts=[Name(id='a', ctx=Load()), Name(id='b', ctx=Load())], ctx=Load("
            ")))");
}

TEST(Parser, SingleMode) {
  EXPECT_EQ(tree("a = 1\n", false, ParseMode::Single),
            "Interactive(body=[Assign(targets=[Name(id='a', ctx=Store())], value=Constant(value=1))])");
}

TEST(Parser, FunctionTypeMode) {
  EXPECT_EQ(tree("(int, *str, **list) -> dict", false, ParseMode::FunctionType),
            "FunctionType(argtypes=[Name(id='int', ctx=Load()), Name(id='str', ctx=Load()), Name(id='li"
            "st', ctx=Load())], returns=Name(id='dict', ctx=Load()))");
}

}  // namespace
}  // namespace pt::syntax
