#include "tests/unit/syntax/syntax_testing.h"

namespace pt::syntax {
namespace {

TEST(FString, Plain) {
  EXPECT_EQ(tree("f'a'"), "Module(body=[Expr(value=JoinedStr(values=[Constant(value='a')]))], type_ignores=[])");
}

TEST(FString, Empty) { EXPECT_EQ(tree("f''"), "Module(body=[Expr(value=JoinedStr(values=[]))], type_ignores=[])"); }

TEST(FString, Field) {
  EXPECT_EQ(tree("f'{a}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Name(id='a', ctx=Load()), c"
            "onversion=-1)]))], type_ignores=[])");
}

TEST(FString, LiteralAround) {
  EXPECT_EQ(tree("f'x{a}y'"),
            "Module(body=[Expr(value=JoinedStr(values=[Constant(value='x'), FormattedValue(value=Name(i"
            "d='a', ctx=Load()), conversion=-1), Constant(value='y')]))], type_ignores=[])");
}

TEST(FString, DoubledBraces) {
  EXPECT_EQ(tree("f'{{a}}'"), "Module(body=[Expr(value=JoinedStr(values=[Constant(value='{a}')]))], type_ignores=[])");
}

TEST(FString, Conversion) {
  EXPECT_EQ(tree("f'{a!r}{b!s}{c!a}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Name(id='a', ctx=Load()), c"
            "onversion=114), FormattedValue(value=Name(id='b', ctx=Load()), conversion=115), FormattedV"
            "alue(value=Name(id='c', ctx=Load()), conversion=97)]))], type_ignores=[])");
}

TEST(FString, FormatSpec) {
  EXPECT_EQ(tree("f'{a:>10}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Name(id='a', ctx=Load()), c"
            "onversion=-1, format_spec=JoinedStr(values=[Constant(value='>10')]))]))], type_ignores=[])");
}

TEST(FString, NestedSpec) {
  EXPECT_EQ(tree("f'{a:{b}.{c}}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Name(id='a', ctx=Load()), c"
            "onversion=-1, format_spec=JoinedStr(values=[FormattedValue(value=Name(id='b', ctx=Load()),"
            " conversion=-1), Constant(value='.'), FormattedValue(value=Name(id='c', ctx=Load()), conve"
            "rsion=-1)]))]))], type_ignores=[])");
}

TEST(FString, Debug) {
  EXPECT_EQ(tree("f'{a = }'"),
            "Module(body=[Expr(value=JoinedStr(values=[Constant(value='a = '), FormattedValue(value=Nam"
            "e(id='a', ctx=Load()), conversion=114)]))], type_ignores=[])");
}

TEST(FString, DebugWithSpec) {
  EXPECT_EQ(tree("f'{a=:x}{b=!s}'"),
            "Module(body=[Expr(value=JoinedStr(values=[Constant(value='a='), FormattedValue(value=Name("
            "id='a', ctx=Load()), conversion=-1, format_spec=JoinedStr(values=[Constant(value='x')])), "
            "Constant(value='b='), FormattedValue(value=Name(id='b', ctx=Load()), conversion=115)]))], "
            "type_ignores=[])");
}

TEST(FString, Comparison) {
  EXPECT_EQ(tree("f'{a!=b}{a==b}{a<=b}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Compare(left=Name(id='a', c"
            "tx=Load()), ops=[NotEq()], comparators=[Name(id='b', ctx=Load())]), conversion=-1), Format"
            "tedValue(value=Compare(left=Name(id='a', ctx=Load()), ops=[Eq()], comparators=[Name(id='b'"
            ", ctx=Load())]), conversion=-1), FormattedValue(value=Compare(left=Name(id='a', ctx=Load()"
            "), ops=[LtE()], comparators=[Name(id='b', ctx=Load())]), conversion=-1)]))], type_ignores="
            "[])");
}

TEST(FString, NestedQuotes) {
  EXPECT_EQ(tree("f'{a[\"b\"]}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Subscript(value=Name(id='a'"
            ", ctx=Load()), slice=Constant(value='b'), ctx=Load()), conversion=-1)]))], type_ignores=[]"
            ")");
}

TEST(FString, Concatenated) {
  EXPECT_EQ(tree("'a' f'{b}' 'c'"),
            "Module(body=[Expr(value=JoinedStr(values=[Constant(value='a'), FormattedValue(value=Name(i"
            "d='b', ctx=Load()), conversion=-1), Constant(value='c')]))], type_ignores=[])");
}

TEST(FString, LambdaInParentheses) {
  EXPECT_EQ(tree("f'{(lambda x: 1)}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Lambda(args=arguments(poson"
            "lyargs=[], args=[arg(arg='x')], kwonlyargs=[], kw_defaults=[], defaults=[]), body=Constant"
            "(value=1)), conversion=-1)]))], type_ignores=[])");
}

TEST(FString, DictInField) {
  EXPECT_EQ(tree("f'{ {1: 2}[1] }'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Subscript(value=Dict(keys=["
            "Constant(value=1)], values=[Constant(value=2)]), slice=Constant(value=1), ctx=Load()), con"
            "version=-1)]))], type_ignores=[])");
}

TEST(FString, Raw) {
  EXPECT_EQ(tree("rf'\\d{a}'"),
            "Module(body=[Expr(value=JoinedStr(values=[Constant(value='\\\\d'), FormattedValue(value=Name"
            "(id='a', ctx=Load()), conversion=-1)]))], type_ignores=[])");
}

TEST(FString, NamedEscapeIsNoField) {
  EXPECT_EQ(tree("f'\\N{DIGIT ONE}{a}'"),
            "Module(body=[Expr(value=JoinedStr(values=[Constant(value='1'), FormattedValue(value=Name(i"
            "d='a', ctx=Load()), conversion=-1)]))], type_ignores=[])");
}

TEST(FString, Yield) {
  EXPECT_EQ(tree("def f(): f'{yield}'"),
            "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[], kwonlyargs=[], "
            "kw_defaults=[], defaults=[]), body=[Expr(value=JoinedStr(values=[FormattedValue(value=Yiel"
            "d(), conversion=-1)]))], decorator_list=[])], type_ignores=[])");
}

TEST(FString, TupleField) {
  EXPECT_EQ(tree("f'{a, b}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Tuple(elts=[Name(id='a', ct"
            "x=Load()), Name(id='b', ctx=Load())], ctx=Load()), conversion=-1)]))], type_ignores=[])");
}

TEST(FString, Nested) {
  EXPECT_EQ(tree("f'{f\"{a}\"}'"),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=JoinedStr(values=[Formatted"
            "Value(value=Name(id='a', ctx=Load()), conversion=-1)]), conversion=-1)]))], type_ignores=["
            "])");
}

TEST(FString, Positions) {
  EXPECT_EQ(tree("x = f'a{b}'", true),
            "Module(body=[Assign(targets=[Name(id='x', ctx=Store(), lineno=1, col_offset=0, end_lineno="
            "1, end_col_offset=1)], value=JoinedStr(values=[Constant(value='a', lineno=1, col_offset=4,"
            " end_lineno=1, end_col_offset=11), FormattedValue(value=Name(id='b', ctx=Load(), lineno=1,"
            " col_offset=8, end_lineno=1, end_col_offset=9), conversion=-1, lineno=1, col_offset=4, end"
            "_lineno=1, end_col_offset=11)], lineno=1, col_offset=4, end_lineno=1, end_col_offset=11), "
            "lineno=1, col_offset=0, end_lineno=1, end_col_offset=11)], type_ignores=[])");
}

TEST(FString, MultiLinePositions) {
  EXPECT_EQ(tree("f'''{a}\n{b:{c}}\n{\nd}'''", true),
            "Module(body=[Expr(value=JoinedStr(values=[FormattedValue(value=Name(id='a', ctx=Load(), li"
            "neno=1, col_offset=5, end_lineno=1, end_col_offset=6), conversion=-1, lineno=1, col_offset"
            "=0, end_lineno=4, end_col_offset=5), Constant(value='\\n', lineno=1, col_offset=0, end_line"
            "no=4, end_col_offset=5), FormattedValue(value=Name(id='b', ctx=Load(), lineno=2, col_offse"
            "t=1, end_lineno=2, end_col_offset=2), conversion=-1, format_spec=JoinedStr(values=[Formatt"
            "edValue(value=Name(id='c', ctx=Load(), lineno=2, col_offset=4, end_lineno=2, end_col_offse"
            "t=5), conversion=-1, lineno=1, col_offset=0, end_lineno=4, end_col_offset=5)], lineno=1, c"
            "ol_offset=0, end_lineno=4, end_col_offset=5), lineno=1, col_offset=0, end_lineno=4, end_co"
            "l_offset=5), Constant(value='\\n', lineno=1, col_offset=0, end_lineno=4, end_col_offset=5),"
            " FormattedValue(value=Name(id='d', ctx=Load(), lineno=4, col_offset=0, end_lineno=4, end_c"
            "ol_offset=1), conversion=-1, lineno=1, col_offset=0, end_lineno=4, end_col_offset=5)], lin"
            "eno=1, col_offset=0, end_lineno=4, end_col_offset=5), lineno=1, col_offset=0, end_lineno=4"
            ", end_col_offset=5)], type_ignores=[])");
}

}  // namespace
}  // namespace pt::syntax
