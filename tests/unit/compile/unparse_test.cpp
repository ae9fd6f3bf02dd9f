// Annotations as `from __future__ import annotations` stores them.
#include "vm/compile/unparse.h"

#include "tests/unit/compile/compile_helper.h"

namespace pt {
namespace {

struct UnparseCase {
  const char* source;
  const char* expected;  // null: the source
};

class Unparse : public testing::TestWithParam<UnparseCase> {};

TEST_P(Unparse, Expression) {
  syntax::Arena arena;
  syntax::ParseOptions options;
  options.mode = syntax::ParseMode::Eval;
  syntax::ParseResult parsed = syntax::parse(arena, GetParam().source, options);
  ASSERT_TRUE(parsed) << GetParam().source;
  EXPECT_EQ(compiler::unparse(arena, static_cast<syntax::Expression*>(parsed.mod)->body),
            GetParam().expected ? GetParam().expected : GetParam().source);
}

INSTANTIATE_TEST_SUITE_P(
    All, Unparse,
    testing::Values(UnparseCase{"a + b * c", nullptr}, UnparseCase{"(a + b) * c", nullptr}, UnparseCase{"a ** b ** c", nullptr},
                    UnparseCase{"(a ** b) ** c", nullptr}, UnparseCase{"-a ** -b", "-a ** (-b)"},
                    UnparseCase{"not a == b", nullptr}, UnparseCase{"(a or b) and c", nullptr},
                    UnparseCase{"a if b else c", nullptr}, UnparseCase{"lambda: x", nullptr},
                    UnparseCase{"lambda a, /, b=1, *c, d, e=2, **f: x", nullptr}, UnparseCase{"lambda *, a: a", "lambda*, a: a"},
                    UnparseCase{"{1: 2, **x}", nullptr}, UnparseCase{"{1, 2}", nullptr},
                    UnparseCase{"[x for x in y if z if w]", nullptr}, UnparseCase{"{k: v async for k in y}", nullptr},
                    UnparseCase{"f(x for x in y)", nullptr}, UnparseCase{"f(a, *b, c=1, **d)", nullptr},
                    UnparseCase{"a < b <= c is not d not in e", nullptr}, UnparseCase{"x[1:2, ::3]", "x[1:2, ::3]"},
                    UnparseCase{"x[a, b]", "x[a, b]"}, UnparseCase{"x[(a, b)]", "x[a, b]"}, UnparseCase{"(a,)", nullptr},
                    UnparseCase{"1 .real", nullptr}, UnparseCase{"1.5.real", nullptr}, UnparseCase{"'it''s'", "'its'"},
                    UnparseCase{"\"it's\"", nullptr}, UnparseCase{"u'x'", nullptr}, UnparseCase{"b'\\x00a'", nullptr},
                    UnparseCase{"'\\n\\t\\x7f'", nullptr}, UnparseCase{"f'a{b!r:>{c}}{{'", nullptr}, UnparseCase{"1e16", "1e+16"},
                    UnparseCase{"1e15", "1000000000000000.0"}, UnparseCase{"0.0001", nullptr}, UnparseCase{"0.00001", "1e-05"},
                    UnparseCase{"1e999", "1e309"}, UnparseCase{"2j", nullptr},
                    UnparseCase{"0xffffffffffffffffffff", "1208925819614629174706175"}, UnparseCase{"...", nullptr},
                    UnparseCase{"(x := 1)", nullptr}, UnparseCase{"~(a | b)", nullptr}, UnparseCase{"a @ b // c", nullptr},
                    UnparseCase{"(yield)", nullptr}, UnparseCase{"await_ + 1", nullptr}, UnparseCase{"Tuple[int, ...]", nullptr},
                    UnparseCase{"[*a, b]", nullptr}));

}  // namespace
}  // namespace pt
