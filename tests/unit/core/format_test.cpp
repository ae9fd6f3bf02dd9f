#include <cmath>

#include "tests/unit/core/text_helpers.h"
#include "vm/types/dict.h"
#include "vm/types/format.h"
#include "vm/types/tuple.h"

namespace pt::testing {
namespace {

class FormatTest : public CoreFixture {};

std::string spec(const Ref<>& v, std::string_view s) {
  Ref<Str> text_spec = make(s);
  Ref<> r = format(v.value(), text_spec.value());
  return r ? text(r) : error_text();
}
Ref<> integer(int64_t i) { return int_from_int64(i); }
Ref<> real(double d) { return float_from_double(d); }
std::string percent(std::string_view f, const Ref<>& args) {
  Ref<> r = percent_format_str(make(f).get(), args.value());
  return r ? text(r) : error_text();
}
std::string fill(std::string_view f, std::initializer_list<Value> args) {
  Ref<Tuple> tuple = tuple_of(args);
  Ref<> r = template_format(make(f).get(), tuple.value(), Value());
  return r ? text(r) : error_text();
}

TEST_F(FormatTest, IntTypes) {
  EXPECT_EQ(spec(integer(255), "#x"), "0xff");
  EXPECT_EQ(spec(integer(255), "b"), "11111111");
  EXPECT_EQ(spec(integer(65), "c"), "A");
}
TEST_F(FormatTest, IntPadding) {
  EXPECT_EQ(spec(integer(-42), "06"), "-00042");
  EXPECT_EQ(spec(integer(42), "*^7"), "**42***");
  EXPECT_EQ(spec(integer(42), "+"), "+42");
}
TEST_F(FormatTest, Grouping) {
  EXPECT_EQ(spec(integer(1234567), ","), "1,234,567");
  EXPECT_EQ(spec(integer(1234), "010,"), "00,001,234");
  EXPECT_EQ(spec(integer(0xabcdef), "_x"), "ab_cdef");
}
TEST_F(FormatTest, FloatTypes) {
  EXPECT_EQ(spec(real(1234.5678), ".2f"), "1234.57");
  EXPECT_EQ(spec(real(0.25), ".0%"), "25%");
  EXPECT_EQ(spec(real(1e10), "G"), "1E+10");
  EXPECT_EQ(spec(real(123.0), ".3"), "1.23e+02");
}
TEST_F(FormatTest, FloatNegativeZero) { EXPECT_EQ(spec(real(-0.01), "z.1f"), "0.0"); }
TEST_F(FormatTest, FloatSpecialsWithZeroPadding) { EXPECT_EQ(spec(real(-HUGE_VAL), "08"), "-0000inf"); }
TEST_F(FormatTest, BigIntAsFloat) { EXPECT_EQ(spec(number("10000000000000000000000000"), "e"), "1.000000e+25"); }
TEST_F(FormatTest, TextPrecision) { EXPECT_EQ(spec(make("héllo"), "€>5.3"), "€€hél"); }
TEST_F(FormatTest, Errors) {
  EXPECT_EQ(spec(integer(5), ".2d"), "ValueError: Precision not allowed in integer format specifier");
  EXPECT_EQ(spec(make("a"), "d"), "ValueError: Unknown format code 'd' for object of type 'str'");
  EXPECT_EQ(spec(integer(5), ",n"), "ValueError: Cannot specify ',' with 'n'.");
}
TEST_F(FormatTest, PercentIntegers) {
  Ref<Tuple> args = tuple_of({small(5), small(-2), small(255)});
  EXPECT_EQ(percent("%-4d|%05d|%#x", Ref<Tuple>::retain(args.get())), "5   |-0002|0xff");
}
TEST_F(FormatTest, PercentPrecision) { EXPECT_EQ(percent("%8.3d", integer(7)), "     007"); }
TEST_F(FormatTest, PercentFloat) { EXPECT_EQ(percent("%+.2f", real(3.14159)), "+3.14"); }
TEST_F(FormatTest, PercentMapping) {
  Ref<Dict> d = dict_new();
  ASSERT_TRUE(dict_set_text(d.get(), "k", small(7)));
  EXPECT_EQ(percent("%(k)s-%(k)03d", Ref<Dict>::retain(d.get())), "7-007");
}
TEST_F(FormatTest, PercentErrors) {
  EXPECT_EQ(percent("%d", make("a")), "TypeError: %d format: a real number is required, not str");
  EXPECT_EQ(percent("%s %s", integer(1)), "TypeError: not enough arguments for format string");
  EXPECT_EQ(percent("", integer(1)), "TypeError: not all arguments converted during string formatting");
  EXPECT_EQ(percent("%", integer(1)), "ValueError: incomplete format");
}
TEST_F(FormatTest, TemplateNumbering) {
  EXPECT_EQ(fill("{}{}", {small(1), small(2)}), "12");
  EXPECT_EQ(fill("{1}{0}", {small(1), small(2)}), "21");
  EXPECT_EQ(fill("{0}{}", {small(1), small(2)}),
            "ValueError: cannot switch from manual field specification to automatic field numbering");
}
TEST_F(FormatTest, TemplateBraces) {
  EXPECT_EQ(fill("{{{}}}", {small(1)}), "{1}");
  EXPECT_EQ(fill("{", {}), "ValueError: Single '{' encountered in format string");
}
TEST_F(FormatTest, TemplateNestedSpec) { EXPECT_EQ(fill("{:{}{}}", {small(1), make(">").value(), small(4)}), "   1"); }
TEST_F(FormatTest, TemplateLookups) {
  Ref<Tuple> inner = tuple_of({small(10), small(20)});
  EXPECT_EQ(fill("{0[1]} {0[0].real}", {inner.value()}), "20 10");
}
TEST_F(FormatTest, TemplateConversion) { EXPECT_EQ(fill("{!r} {!a}", {make("é").value(), make("é").value()}), "'é' '\\xe9'"); }
TEST_F(FormatTest, AppendFormatted) {
  StrBuilder out;
  ASSERT_TRUE(append_formatted(out, small(-5), nullptr));
  ASSERT_TRUE(append_formatted(out, real(0.5).value(), nullptr));
  ASSERT_TRUE(append_formatted(out, make("€").value(), nullptr));
  EXPECT_EQ(text(out.finish()), "-50.5€");
}

}  // namespace
}  // namespace pt::testing
