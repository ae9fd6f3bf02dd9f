#include <cmath>

#include "tests/unit/core/text_helpers.h"

namespace pt::testing {
namespace {

class FloatTest : public CoreFixture {};

std::string parse(std::string_view s) { return shown(float_from_text(make(s).get())); }
std::string as(double d, char code, int precision, bool alternate = false) {
  return text(float_format(d, code, precision, false, alternate, false));
}

TEST_F(FloatTest, ImmediateForCommonExponents) { EXPECT_TRUE(float_from_double(1.5).value().is_immediate_float()); }
TEST_F(FloatTest, RareExponentsAreObjects) {
  Ref<> v = float_from_double(1e300);
  EXPECT_TRUE(v.value().is_object());
  EXPECT_EQ(as_double(v.value()), 1e300);
}
TEST_F(FloatTest, NegativeZeroKeepsItsSign) { EXPECT_TRUE(std::signbit(as_double(float_from_double(-0.0).value()))); }
TEST_F(FloatTest, ReprShortest) {
  EXPECT_EQ(text(float_repr(0.1)), "0.1");
  EXPECT_EQ(text(float_repr(0.1 + 0.2)), "0.30000000000000004");
  EXPECT_EQ(text(float_repr(5e-324)), "5e-324");
}
TEST_F(FloatTest, ReprExponentLimits) {
  EXPECT_EQ(text(float_repr(1e16)), "1e+16");
  EXPECT_EQ(text(float_repr(9999999999999998.0)), "9999999999999998.0");
  EXPECT_EQ(text(float_repr(0.0001)), "0.0001");
  EXPECT_EQ(text(float_repr(0.00001)), "1e-05");
}
TEST_F(FloatTest, ReprSpecials) {
  EXPECT_EQ(text(float_repr(-HUGE_VAL)), "-inf");
  EXPECT_EQ(text(float_repr(std::nan(""))), "nan");
  EXPECT_EQ(text(float_repr(-0.0)), "-0.0");
}
TEST_F(FloatTest, ParsePlain) { EXPECT_EQ(parse(" +1_0.5e1\n"), "105.0"); }
TEST_F(FloatTest, ParseSpecials) {
  EXPECT_EQ(parse("-Infinity"), "-inf");
  EXPECT_EQ(parse("nan"), "nan");
}
TEST_F(FloatTest, ParseOutOfRange) {
  EXPECT_EQ(parse("1e400"), "inf");
  EXPECT_EQ(parse("-1e-400"), "-0.0");
  EXPECT_EQ(parse("0." + std::string(400, '0') + "1e395"), "1e-06");
}
TEST_F(FloatTest, ParseErrors) {
  EXPECT_EQ(parse("1e"), "ValueError: could not convert string to float: '1e'");
  EXPECT_EQ(parse("1__0"), "ValueError: could not convert string to float: '1__0'");
}
TEST_F(FloatTest, FormatFixed) { EXPECT_EQ(as(2.675, 'f', 2), "2.67"); }
TEST_F(FloatTest, FormatScientific) {
  EXPECT_EQ(as(12345.678, 'e', 3), "1.235e+04");
  EXPECT_EQ(as(4.0, 'e', 0, true), "4.e+00");
}
TEST_F(FloatTest, FormatGeneral) {
  EXPECT_EQ(as(100000.0, 'g', 6), "100000");
  EXPECT_EQ(as(1000000.0, 'g', 6), "1e+06");
  EXPECT_EQ(as(1.0, 'g', 3, true), "1.00");
}
TEST_F(FloatTest, FormatManyDigits) { EXPECT_EQ(as(0.1, 'f', 30), "0.100000000000000005551115123126"); }
TEST_F(FloatTest, HashOfWholeNumbers) {
  EXPECT_EQ(float_hash(1.0), 1);
  EXPECT_EQ(float_hash(-1.0), -2);
  EXPECT_EQ(float_hash(0x1p61), 1);
  EXPECT_EQ(float_hash(0x1p200), int_hash(int_binary(BinaryOp::kLshift, small(1), small(200)).value()));
}
TEST_F(FloatTest, HashOfFractions) {
  EXPECT_EQ(float_hash(0.5), int64_t{1} << 60);
  EXPECT_EQ(float_hash(HUGE_VAL), 314159);
}
TEST_F(FloatTest, ModuloSigns) {
  EXPECT_EQ(shown(binary_operation(BinaryOp::kMod, float_from_double(-1e-20).value(), small(3))), "3.0");
  EXPECT_EQ(shown(binary_operation(BinaryOp::kMod, float_from_double(5.5).value(), small(-2))), "-0.5");
}
TEST_F(FloatTest, DivisionByZero) {
  EXPECT_EQ(shown(binary_operation(BinaryOp::kTrueDiv, float_from_double(1).value(), small(0))),
            "ZeroDivisionError: float division by zero");
}
TEST_F(FloatTest, PowerGivesComplex) {
  Ref<> v = binary_operation(BinaryOp::kPow, float_from_double(-1).value(), float_from_double(0.5).value());
  EXPECT_STREQ(type_name(v.value()), "complex");
}
TEST_F(FloatTest, ComparesWithBigInts) {
  Ref<> big = number("9007199254740993");
  EXPECT_EQ(compare_truth(big.value(), float_from_double(9007199254740992.0).value(), CompareOp::kGt), 1);
  EXPECT_EQ(compare_truth(float_from_double(HUGE_VAL).value(), big.value(), CompareOp::kGt), 1);
}
TEST_F(FloatTest, RoundHalfEven) {
  EXPECT_EQ(shown(call_method(float_from_double(25.0).value(), "__round__", {small(-1)})), "20.0");
  EXPECT_EQ(shown(call_method(float_from_double(2.5).value(), "__round__")), "2");
}

}  // namespace
}  // namespace pt::testing
