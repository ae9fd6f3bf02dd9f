#include "tests/unit/core/text_helpers.h"

namespace pt::testing {
namespace {

class IntTest : public CoreFixture {};
using Op = BinaryOp;

std::string calculate(Op op, std::string_view a, std::string_view b) {
  Ref<> x = number(a), y = number(b);
  return shown(int_binary(op, x.value(), y.value()));
}

TEST_F(IntTest, SmallResultsAreImmediate) { EXPECT_TRUE(int_from_int64(Value::kMaxSmallInt).value().is_small_int()); }
TEST_F(IntTest, PastSmallIsAnObject) {
  Ref<> v = int_from_int64(Value::kMaxSmallInt + 1);
  EXPECT_TRUE(v.value().is_object());
  EXPECT_EQ(shown(v), "4611686018427387904");
}
TEST_F(IntTest, ObjectsShrinkBackToSmall) {
  Ref<> v = int_from_int64(Value::kMaxSmallInt + 1);
  EXPECT_TRUE(int_binary(Op::kSub, v.value(), small(1)).value().is_small_int());
}
TEST_F(IntTest, AddCarries) { EXPECT_EQ(calculate(Op::kAdd, "18446744073709551615", "1"), "18446744073709551616"); }
TEST_F(IntTest, AddOfOppositeSigns) { EXPECT_EQ(calculate(Op::kAdd, "-18446744073709551617", "18446744073709551616"), "-1"); }
TEST_F(IntTest, SubtractToZero) {
  EXPECT_EQ(calculate(Op::kSub, "340282366920938463463374607431768211456", "340282366920938463463374607431768211456"), "0");
}
TEST_F(IntTest, MultiplySmallOverflow) {
  EXPECT_EQ(calculate(Op::kMul, "4611686018427387903", "-4611686018427387904"), "-21267647932558653961849226946058125312");
}
TEST_F(IntTest, MultiplyByZero) { EXPECT_EQ(calculate(Op::kMul, "340282366920938463463374607431768211456", "0"), "0"); }
TEST_F(IntTest, FloorDivisionRoundsDown) {
  EXPECT_EQ(calculate(Op::kFloorDiv, "-7", "2"), "-4");
  EXPECT_EQ(calculate(Op::kFloorDiv, "-340282366920938463463374607431768211457", "2"),
            "-170141183460469231731687303715884105729");
}
TEST_F(IntTest, ModuloTakesTheDivisorsSign) {
  EXPECT_EQ(calculate(Op::kMod, "-7", "3"), "2");
  EXPECT_EQ(calculate(Op::kMod, "7", "-340282366920938463463374607431768211456"), "-340282366920938463463374607431768211449");
}
TEST_F(IntTest, DivmodIsATuple) { EXPECT_EQ(calculate(Op::kDivmod, "-7", "2"), "(-4, 1)"); }
TEST_F(IntTest, SmallestByMinusOne) { EXPECT_EQ(calculate(Op::kFloorDiv, "-4611686018427387904", "-1"), "4611686018427387904"); }
TEST_F(IntTest, DivisionByZero) {
  EXPECT_EQ(calculate(Op::kFloorDiv, "1", "0"), "ZeroDivisionError: integer division or modulo by zero");
}
TEST_F(IntTest, TrueDivisionRoundsOnce) { EXPECT_EQ(calculate(Op::kTrueDiv, "18014398509481987", "2"), "9007199254740994.0"); }
TEST_F(IntTest, TrueDivisionIntoSubnormals) {
  Ref<> big = int_binary(Op::kLshift, small(1), small(1075));
  EXPECT_EQ(shown(int_true_divide(small(3), big.value())), "1e-323");
  EXPECT_EQ(shown(int_true_divide(small(1), big.value())), "0.0");
}
TEST_F(IntTest, TrueDivisionOverflow) {
  Ref<> big = int_binary(Op::kLshift, small(1), small(1025));
  EXPECT_EQ(shown(int_true_divide(big.value(), small(1))), "OverflowError: integer division result too large for a float");
}
TEST_F(IntTest, ShiftLeftKeepsTheSign) { EXPECT_EQ(calculate(Op::kLshift, "-3", "100"), "-3802951800684688204490109616128"); }
TEST_F(IntTest, ShiftRightRoundsDown) {
  EXPECT_EQ(calculate(Op::kRshift, "-5", "1"), "-3");
  EXPECT_EQ(calculate(Op::kRshift, "-340282366920938463463374607431768211457", "128"), "-2");
  EXPECT_EQ(calculate(Op::kRshift, "-340282366920938463463374607431768211456", "128"), "-1");
}
TEST_F(IntTest, ShiftTooFar) {
  Ref<> r = int_binary(Op::kLshift, small(1), small(int64_t{1} << 50));
  EXPECT_FALSE(r);
  EXPECT_TRUE(clear_if(exc::MemoryError));
}
TEST_F(IntTest, NegativeShift) { EXPECT_EQ(calculate(Op::kRshift, "1", "-1"), "ValueError: negative shift count"); }
TEST_F(IntTest, BitwiseOfNegatives) {
  EXPECT_EQ(calculate(Op::kAnd, "-340282366920938463463374607431768211456", "340282366920938463463374607431768211455"), "0");
  EXPECT_EQ(calculate(Op::kOr, "-340282366920938463463374607431768211456", "1"), "-340282366920938463463374607431768211455");
  EXPECT_EQ(calculate(Op::kXor, "-1", "340282366920938463463374607431768211455"), "-340282366920938463463374607431768211456");
}
TEST_F(IntTest, PowerOfTwoIsAShift) { EXPECT_EQ(calculate(Op::kPow, "-4", "33"), "-73786976294838206464"); }
TEST_F(IntTest, PowerGeneral) { EXPECT_EQ(calculate(Op::kPow, "3", "50"), "717897987691852588770249"); }
TEST_F(IntTest, PowerModulo) {
  Ref<> m = number("1000000000000000000000007");
  EXPECT_EQ(shown(int_power(small(3), small(1000), m.value())), "680000825907582488250341");
  EXPECT_EQ(shown(int_power(small(3), small(200), small(-7))), "-5");
}
TEST_F(IntTest, PowerModularInverse) {
  EXPECT_EQ(shown(int_power(small(3), small(-1), small(7))), "5");
  EXPECT_EQ(shown(int_power(small(2), small(-1), small(4))), "ValueError: base is not invertible for the given modulus");
}
TEST_F(IntTest, CompareAcrossSizes) {
  Ref<> big = number("340282366920938463463374607431768211456"), low = number("-340282366920938463463374607431768211456");
  EXPECT_EQ(int_compare(big.value(), small(5)), 1);
  EXPECT_EQ(int_compare(low.value(), small(-5)), -1);
  EXPECT_EQ(int_compare(big.value(), big.value()), 0);
}
TEST_F(IntTest, CompareWithDoubleIsExact) {
  Ref<> v = number("9007199254740993");
  EXPECT_EQ(int_compare_double(v.value(), 9007199254740992.0), 1);
  Ref<> big = int_binary(Op::kLshift, small(1), small(200));
  EXPECT_EQ(int_compare_double(big.value(), 0x1p200), 0);
  Ref<> above = int_binary(Op::kAdd, big.value(), small(1));
  EXPECT_EQ(int_compare_double(above.value(), 0x1p200), 1);
}
TEST_F(IntTest, HashModulus) {
  EXPECT_EQ(int_hash(number("2305843009213693951").value()), 0);
  EXPECT_EQ(int_hash(small(-1)), -2);
  EXPECT_EQ(int_hash(number("-2305843009213693952").value()), -2);
}
TEST_F(IntTest, ToDoubleTiesToEven) {
  EXPECT_EQ(int_to_double(number("9007199254740993").value()), 9007199254740992.0);
  EXPECT_EQ(int_to_double(number("36893488147419107329").value()), 36893488147419111424.0);
}
TEST_F(IntTest, FromDoubleTruncates) {
  EXPECT_EQ(shown(int_from_double(-2.9)), "-2");
  EXPECT_EQ(shown(int_from_double(1e30)), "1000000000000000019884624838656");
}
TEST_F(IntTest, TextRoundTrip) {
  std::string digits(500, '7');
  EXPECT_EQ(shown(number(digits)), digits);
}
TEST_F(IntTest, Bases) {
  Ref<> v = number("340282366920938463463374607431768211455");
  EXPECT_EQ(text(int_to_str(v.value(), 16, true)), "0x" + std::string(32, 'f'));
  EXPECT_EQ(text(int_to_str(small(-8), 8, true)), "-0o10");
  EXPECT_EQ(text(int_to_str(small(0), 2, true)), "0b0");
}
TEST_F(IntTest, ParsesUnderscoresAndSpace) { EXPECT_EQ(shown(int_from_text(make(" -1_000 ").get(), 10)), "-1000"); }
TEST_F(IntTest, ParsesOtherDigits) { EXPECT_EQ(shown(int_from_text(make("٤٢").get(), 10)), "42"); }
TEST_F(IntTest, RefusesDoubleUnderscore) {
  EXPECT_EQ(shown(int_from_text(make("1__0").get(), 10)), "ValueError: invalid literal for int() with base 10: '1__0'");
}
TEST_F(IntTest, DigitLimit) {
  Ref<> big = int_power(small(10), small(4300), Value());
  EXPECT_FALSE(int_to_str(big.value()));
  EXPECT_TRUE(clear_if(exc::ValueError));
}
TEST_F(IntTest, BytesBothOrders) {
  uint8_t out[3];
  EXPECT_TRUE(int_to_bytes(small(-2), out, 3, false, true));
  EXPECT_EQ(out[0], 0xff);
  EXPECT_EQ(out[2], 0xfe);
  EXPECT_EQ(shown(int_from_bytes(out, 3, false, true)), "-2");
  EXPECT_EQ(shown(int_from_bytes(out, 3, true, false)), "16711679");
  EXPECT_FALSE(int_to_bytes(small(128), out, 1, true, true));
  EXPECT_TRUE(int_to_bytes(small(-128), out, 1, true, true));
}

}  // namespace
}  // namespace pt::testing
