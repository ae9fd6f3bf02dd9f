#include "tests/unit/syntax/syntax_testing.h"

namespace pt::syntax {
namespace {

TEST(Expressions, Precedence) {
  EXPECT_EQ(tree("a or b and not c < d | e ^ f & g << h + i * -j ** k"),
            "Module(body=[Expr(value=BoolOp(op=Or(), values=[Name(id='a', ctx=Load()), BoolOp(op=And(),"
            " values=[Name(id='b', ctx=Load()), UnaryOp(op=Not(), operand=Compare(left=Name(id='c', ctx"
            "=Load()), ops=[Lt()], comparators=[BinOp(left=Name(id='d', ctx=Load()), op=BitOr(), right="
            "BinOp(left=Name(id='e', ctx=Load()), op=BitXor(), right=BinOp(left=Name(id='f', ctx=Load()"
            "), op=BitAnd(), right=BinOp(left=Name(id='g', ctx=Load()), op=LShift(), right=BinOp(left=N"
            "ame(id='h', ctx=Load()), op=Add(), right=BinOp(left=Name(id='i', ctx=Load()), op=Mult(), r"
            "ight=UnaryOp(op=USub(), operand=BinOp(left=Name(id='j', ctx=Load()), op=Pow(), right=Name("
            "id='k', ctx=Load())))))))))]))])]))], type_ignores=[])");
}

TEST(Expressions, LeftAssociative) {
  EXPECT_EQ(tree("a - b - c"),
            "Module(body=[Expr(value=BinOp(left=BinOp(left=Name(id='a', ctx=Load()), op=Sub(), right=Na"
            "me(id='b', ctx=Load())), op=Sub(), right=Name(id='c', ctx=Load())))], type_ignores=[])");
}

TEST(Expressions, PowerIsRightAssociative) {
  EXPECT_EQ(tree("a ** b ** -c"),
            "Module(body=[Expr(value=BinOp(left=Name(id='a', ctx=Load()), op=Pow(), right=BinOp(left=Na"
            "me(id='b', ctx=Load()), op=Pow(), right=UnaryOp(op=USub(), operand=Name(id='c', ctx=Load()"
            ")))))], type_ignores=[])");
}

TEST(Expressions, ComparisonChain) {
  EXPECT_EQ(tree("a < b != c is not d not in e"),
            "Module(body=[Expr(value=Compare(left=Name(id='a', ctx=Load()), ops=[Lt(), NotEq(), IsNot()"
            ", NotIn()], comparators=[Name(id='b', ctx=Load()), Name(id='c', ctx=Load()), Name(id='d', "
            "ctx=Load()), Name(id='e', ctx=Load())]))], type_ignores=[])");
}

TEST(Expressions, Ternary) {
  EXPECT_EQ(tree("a if b else c if d else e"),
            "Module(body=[Expr(value=IfExp(test=Name(id='b', ctx=Load()), body=Name(id='a', ctx=Load())"
            ", orelse=IfExp(test=Name(id='d', ctx=Load()), body=Name(id='c', ctx=Load()), orelse=Name(i"
            "d='e', ctx=Load()))))], type_ignores=[])");
}

TEST(Expressions, LambdaParameters) {
  EXPECT_EQ(tree("lambda a, *b, c=1, **d: (a, b)"),
            "Module(body=[Expr(value=Lambda(args=arguments(posonlyargs=[], args=[arg(arg='a')], vararg="
            "arg(arg='b'), kwonlyargs=[arg(arg='c')], kw_defaults=[Constant(value=1)], kwarg=arg(arg='d"
            "'), defaults=[]), body=Tuple(elts=[Name(id='a', ctx=Load()), Name(id='b', ctx=Load())], ct"
            "x=Load())))], type_ignores=[])");
}

TEST(Expressions, Walrus) {
  EXPECT_EQ(tree("(a := b)"),
            "Module(body=[Expr(value=NamedExpr(target=Name(id='a', ctx=Store()), value=Name(id='b', ctx"
            "=Load())))], type_ignores=[])");
}

TEST(Expressions, WalrusInCallAndSubscript) {
  EXPECT_EQ(tree("f(a := 1); b[c := 2]"),
            "Module(body=[Expr(value=Call(func=Name(id='f', ctx=Load()), args=[NamedExpr(target=Name(id"
            "='a', ctx=Store()), value=Constant(value=1))], keywords=[])), Expr(value=Subscript(value=N"
            "ame(id='b', ctx=Load()), slice=NamedExpr(target=Name(id='c', ctx=Store()), value=Constant("
            "value=2)), ctx=Load()))], type_ignores=[])");
}

TEST(Expressions, CallArguments) {
  EXPECT_EQ(tree("f(a, *b, c=1, **d)"),
            "Module(body=[Expr(value=Call(func=Name(id='f', ctx=Load()), args=[Name(id='a', ctx=Load())"
            ", Starred(value=Name(id='b', ctx=Load()), ctx=Load())], keywords=[keyword(arg='c', value=C"
            "onstant(value=1)), keyword(value=Name(id='d', ctx=Load()))]))], type_ignores=[])");
}

TEST(Expressions, GeneratorArgument) {
  EXPECT_EQ(tree("f(a for b in c)"),
            "Module(body=[Expr(value=Call(func=Name(id='f', ctx=Load()), args=[GeneratorExp(elt=Name(id"
            "='a', ctx=Load()), generators=[comprehension(target=Name(id='b', ctx=Store()), iter=Name(i"
            "d='c', ctx=Load()), ifs=[], is_async=0)])], keywords=[]))], type_ignores=[])");
}

TEST(Expressions, Slices) {
  EXPECT_EQ(tree("a[b:c, ::d, *e, f]"),
            "Module(body=[Expr(value=Subscript(value=Name(id='a', ctx=Load()), slice=Tuple(elts=[Slice("
            "lower=Name(id='b', ctx=Load()), upper=Name(id='c', ctx=Load())), Slice(step=Name(id='d', c"
            "tx=Load())), Starred(value=Name(id='e', ctx=Load()), ctx=Load()), Name(id='f', ctx=Load())"
            "], ctx=Load()), ctx=Load()))], type_ignores=[])");
}

TEST(Expressions, StarSubscript) {
  EXPECT_EQ(tree("a[*b]"),
            "Module(body=[Expr(value=Subscript(value=Name(id='a', ctx=Load()), slice=Tuple(elts=[Starre"
            "d(value=Name(id='b', ctx=Load()), ctx=Load())], ctx=Load()), ctx=Load()))], type_ignores=["
            "])");
}

TEST(Expressions, AttributeChain) {
  EXPECT_EQ(tree("a.b.c().d"),
            "Module(body=[Expr(value=Attribute(value=Call(func=Attribute(value=Attribute(value=Name(id="
            "'a', ctx=Load()), attr='b', ctx=Load()), attr='c', ctx=Load()), args=[], keywords=[]), att"
            "r='d', ctx=Load()))], type_ignores=[])");
}

TEST(Expressions, ListDisplay) {
  EXPECT_EQ(tree("[a, *b]"),
            "Module(body=[Expr(value=List(elts=[Name(id='a', ctx=Load()), Starred(value=Name(id='b', ct"
            "x=Load()), ctx=Load())], ctx=Load()))], type_ignores=[])");
}

TEST(Expressions, SetAndDict) {
  EXPECT_EQ(tree("{a, *b}; {}; {a: b, **c}"),
            "Module(body=[Expr(value=Set(elts=[Name(id='a', ctx=Load()), Starred(value=Name(id='b', ctx"
            "=Load()), ctx=Load())])), Expr(value=Dict(keys=[], values=[])), Expr(value=Dict(keys=[Name"
            "(id='a', ctx=Load()), None], values=[Name(id='b', ctx=Load()), Name(id='c', ctx=Load())]))"
            "], type_ignores=[])");
}

TEST(Expressions, Comprehensions) {
  EXPECT_EQ(tree("[a for b in c if d if e for f in g]; {a for b in c}; {a: b for c in d}"),
            "Module(body=[Expr(value=ListComp(elt=Name(id='a', ctx=Load()), generators=[comprehension(t"
            "arget=Name(id='b', ctx=Store()), iter=Name(id='c', ctx=Load()), ifs=[Name(id='d', ctx=Load"
            "()), Name(id='e', ctx=Load())], is_async=0), comprehension(target=Name(id='f', ctx=Store()"
            "), iter=Name(id='g', ctx=Load()), ifs=[], is_async=0)])), Expr(value=SetComp(elt=Name(id='"
            "a', ctx=Load()), generators=[comprehension(target=Name(id='b', ctx=Store()), iter=Name(id="
            "'c', ctx=Load()), ifs=[], is_async=0)])), Expr(value=DictComp(key=Name(id='a', ctx=Load())"
            ", value=Name(id='b', ctx=Load()), generators=[comprehension(target=Name(id='c', ctx=Store("
            ")), iter=Name(id='d', ctx=Load()), ifs=[], is_async=0)]))], type_ignores=[])");
}

TEST(Expressions, GeneratorExpression) {
  EXPECT_EQ(tree("(a for b, in c)"),
            "Module(body=[Expr(value=GeneratorExp(elt=Name(id='a', ctx=Load()), generators=[comprehensi"
            "on(target=Tuple(elts=[Name(id='b', ctx=Store())], ctx=Store()), iter=Name(id='c', ctx=Load"
            "()), ifs=[], is_async=0)]))], type_ignores=[])");
}

TEST(Expressions, TupleForms) {
  EXPECT_EQ(tree("(); a,; (b, c)"),
            "Module(body=[Expr(value=Tuple(elts=[], ctx=Load())), Expr(value=Tuple(elts=[Name(id='a', c"
            "tx=Load())], ctx=Load())), Expr(value=Tuple(elts=[Name(id='b', ctx=Load()), Name(id='c', c"
            "tx=Load())], ctx=Load()))], type_ignores=[])");
}

TEST(Expressions, YieldForms) {
  EXPECT_EQ(tree("def f():\n a = yield\n b = yield from c\n yield d, *e"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs=[], "
            "kw_defaults=[], defaults=[]), body=[Assign(targets=[Name(id='a', ctx=Store())], value=Yiel"
            "d()), Assign(targets=[Name(id='b', ctx=Store())], value=YieldFrom(value=Name(id='c', ctx=L"
            "oad()))), Expr(value=Yield(value=Tuple(elts=[Name(id='d', ctx=Load()), Starred(value=Name("
            "id='e', ctx=Load()), ctx=Load())], ctx=Load())))], decorator_list=[])], type_ignores=[])");
}

TEST(Expressions, AwaitPower) {
  EXPECT_EQ(tree("async def f(): await a ** b"),
            "Module(body=[AsyncFunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs"
            "=[], kw_defaults=[], defaults=[]), body=[Expr(value=BinOp(left=Await(value=Name(id='a', ct"
            "x=Load())), op=Pow(), right=Name(id='b', ctx=Load())))], decorator_list=[])], type_ignores"
            "=[])");
}

TEST(Expressions, Ellipsis) { EXPECT_EQ(tree("..."), "Module(body=[Expr(value=Constant(value=Ellipsis))], type_ignores=[])"); }

TEST(Expressions, IntegerBases) {
  EXPECT_EQ(tree("0xfF; 0o17; 0b11; 1_000; 00"),
            "Module(body=[Expr(value=Constant(value=255)), Expr(value=Constant(value=15)), Expr(value=C"
            "onstant(value=3)), Expr(value=Constant(value=1000)), Expr(value=Constant(value=0))], type_"
            "ignores=[])");
}

TEST(Expressions, BigInteger) {
  EXPECT_EQ(tree("123456789012345678901234567890; 0x123456789abcdef0123"),
            "Module(body=[Expr(value=Constant(value=123456789012345678901234567890)), Expr(value=Consta"
            "nt(value=5373003642731685151011))], type_ignores=[])");
}

TEST(Expressions, Floats) {
  EXPECT_EQ(tree("1.5; .5; 5.; 1e10; 1_0.0_1e-1_0; 1e400; 1e-400"),
            "Module(body=[Expr(value=Constant(value=1.5)), Expr(value=Constant(value=0.5)), Expr(value="
            "Constant(value=5.0)), Expr(value=Constant(value=10000000000.0)), Expr(value=Constant(value"
            "=1.001e-09)), Expr(value=Constant(value=inf)), Expr(value=Constant(value=0.0))], type_igno"
            "res=[])");
}

TEST(Expressions, Imaginary) {
  EXPECT_EQ(tree("1j; 2.5J; 0j"),
            "Module(body=[Expr(value=Constant(value=1j)), Expr(value=Constant(value=2.5j)), Expr(value="
            "Constant(value=0j))], type_ignores=[])");
}

TEST(Expressions, StringPrefixes) {
  EXPECT_EQ(tree("u'a'; r'\\n'; b'\\x41\\n'; Rb'\\d'"),
            "Module(body=[Expr(value=Constant(value='a', kind='u')), Expr(value=Constant(value='\\\\n')),"
            " Expr(value=Constant(value=b'A\\n')), Expr(value=Constant(value=b'\\\\d'))], type_ignores=[])");
}

TEST(Expressions, StringConcatenation) {
  EXPECT_EQ(tree("'a' \"b\" '''c'''"), "Module(body=[Expr(value=Constant(value='abc'))], type_ignores=[])");
}

TEST(Expressions, StringEscapes) {
  EXPECT_EQ(tree("'\\x41\\u00e9\\U0001F600\\101\\0\\a\\\\\\''"),
            "Module(body=[Expr(value=Constant(value=\"Aé😀A\\x00\\x07\\\\'\"))], type_ignores=[])");
}

TEST(Expressions, NamedEscape) {
  EXPECT_EQ(tree("'\\N{GREEK SMALL LETTER ALPHA}\\N{LATIN SMALL LETTER A}'"),
            "Module(body=[Expr(value=Constant(value='αa'))], type_ignores=[])");
}

TEST(Expressions, SurrogateEscape) {
  EXPECT_EQ(tree("'\\ud800'"), "Module(body=[Expr(value=Constant(value='\\ud800'))], type_ignores=[])");
}

TEST(Expressions, LineContinuationInString) {
  EXPECT_EQ(tree("'a\\\nb'"), "Module(body=[Expr(value=Constant(value='ab'))], type_ignores=[])");
}

TEST(Expressions, NotAndUnary) {
  EXPECT_EQ(tree("not not a; - + ~ b"),
            "Module(body=[Expr(value=UnaryOp(op=Not(), operand=UnaryOp(op=Not(), operand=Name(id='a', c"
            "tx=Load())))), Expr(value=UnaryOp(op=USub(), operand=UnaryOp(op=UAdd(), operand=UnaryOp(op"
            "=Invert(), operand=Name(id='b', ctx=Load())))))], type_ignores=[])");
}

TEST(Expressions, NfkcIdentifier) {
  EXPECT_EQ(tree("ﬁ = Å"),
            "Module(body=[Assign(targets=[Name(id='fi', ctx=Store())], value=Name(id='Å', ctx=Load()))]"
            ", type_ignores=[])");
}

}  // namespace
}  // namespace pt::syntax
