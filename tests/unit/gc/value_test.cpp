#include "gc/object/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "gc/object/object.h"

namespace pt::test {
namespace {

TEST(Value, EmptyIsNothing) {
  Value v;
  EXPECT_TRUE(v.empty());
  EXPECT_FALSE(v);
  EXPECT_FALSE(v.is_object());
  EXPECT_FALSE(v.is_small_int());
  EXPECT_FALSE(v.is_immediate_float());
  EXPECT_FALSE(v.is_counted());
  EXPECT_FALSE(v.is_borrowed());
}

TEST(Value, SmallIntLimits) {
  const int64_t cases[] = {0, 1, -1, 42, Value::kMaxSmallInt, Value::kMinSmallInt, Value::kMaxSmallInt - 1};
  for (int64_t i : cases) {
    ASSERT_TRUE(Value::fits_small_int(i));
    Value v = Value::small_int(i);
    EXPECT_TRUE(v.is_small_int());
    EXPECT_FALSE(v.is_object());
    EXPECT_FALSE(v.is_immediate_float());
    EXPECT_EQ(v.as_small_int(), i);
  }
  EXPECT_FALSE(Value::fits_small_int(Value::kMaxSmallInt + 1));
  EXPECT_FALSE(Value::fits_small_int(Value::kMinSmallInt - 1));
  EXPECT_FALSE(Value::fits_small_int(INT64_MAX));
  EXPECT_FALSE(Value::fits_small_int(INT64_MIN));
}

bool round_trips(double d) {
  Value v = Value::immediate_float(d);
  if (v.empty()) return false;
  EXPECT_TRUE(v.is_immediate_float());
  EXPECT_FALSE(v.is_small_int());
  EXPECT_FALSE(v.is_object());
  EXPECT_EQ(std::bit_cast<uint64_t>(v.as_immediate_float()), std::bit_cast<uint64_t>(d)) << d;
  return true;
}

TEST(Value, EveryExponentRoundTripsOrIsRefused) {
  for (uint64_t sign : {uint64_t{0}, uint64_t{1}}) {
    for (uint64_t exponent = 0; exponent < 2048; ++exponent) {
      for (uint64_t mantissa : {uint64_t{0}, uint64_t{1}, uint64_t{0x8000000000000}, uint64_t{0xFFFFFFFFFFFFF}}) {
        uint64_t raw = sign << 63 | exponent << 52 | mantissa;
        bool fits = round_trips(std::bit_cast<double>(raw));
        uint64_t top = exponent >> 8;
        bool expected = ((top == 3 || top == 4) && raw != 0x3000000000000000u) || raw == 0;
        EXPECT_EQ(fits, expected) << std::hex << raw;
      }
    }
  }
}

TEST(Value, CommonFloatsAreImmediate) {
  for (double d : {0.0, 1.0, -1.0, 0.5, 3.14159, 1e10, -1e-10, 1e70, 1e-70, 123456789.125}) EXPECT_TRUE(round_trips(d));
}

TEST(Value, SpecialFloatsAreNot) {
  EXPECT_TRUE(Value::immediate_float(-0.0).empty());
  EXPECT_TRUE(Value::immediate_float(std::numeric_limits<double>::infinity()).empty());
  EXPECT_TRUE(Value::immediate_float(-std::numeric_limits<double>::infinity()).empty());
  EXPECT_TRUE(Value::immediate_float(std::nan("")).empty());
  EXPECT_TRUE(Value::immediate_float(std::numeric_limits<double>::denorm_min()).empty());
  EXPECT_TRUE(Value::immediate_float(std::numeric_limits<double>::max()).empty());
}

TEST(Value, ZeroHasAWordOfItsOwn) {
  EXPECT_EQ(Value::immediate_float(0.0).bits(), Value::kZeroFloatBits);
  // The double whose rotated form would be that word is refused.
  EXPECT_TRUE(Value::immediate_float(std::bit_cast<double>(uint64_t{0x3000000000000000})).empty());
  EXPECT_FALSE(Value::immediate_float(std::bit_cast<double>(uint64_t{0xB000000000000000})).empty());
}

TEST(Value, RandomFloatsKeepEveryBit) {
  std::mt19937_64 random(20240607);
  for (int i = 0; i < 200000; ++i) round_trips(std::bit_cast<double>(random()));
}

TEST(Value, DifferentFloatsHaveDifferentWords) {
  EXPECT_NE(Value::immediate_float(1.0).bits(), Value::immediate_float(std::nextafter(1.0, 2.0)).bits());
  EXPECT_NE(Value::immediate_float(1.0).bits(), Value::immediate_float(-1.0).bits());
}

TEST(Value, PointersAndBorrowedPointers) {
  alignas(16) Object o{};
  Value counted = Value::object(&o);
  Value borrowed = Value::borrowed_object(&o);
  EXPECT_TRUE(counted.is_object());
  EXPECT_TRUE(borrowed.is_object());
  EXPECT_TRUE(counted.is_counted());
  EXPECT_FALSE(counted.is_borrowed());
  EXPECT_TRUE(borrowed.is_borrowed());
  EXPECT_FALSE(borrowed.is_counted());
  EXPECT_EQ(counted.as_object(), &o);
  EXPECT_EQ(borrowed.as_object(), &o);
  EXPECT_TRUE(counted.same(borrowed));
  EXPECT_TRUE(borrowed.is(&o));
  EXPECT_EQ(borrowed.untagged().bits(), counted.bits());
  EXPECT_EQ(counted.as_borrowed().bits(), borrowed.bits());
}

TEST(Value, TagsLeaveImmediatesAlone) {
  Value i = Value::small_int(5), f = Value::immediate_float(2.5), e;
  EXPECT_EQ(i.as_borrowed().bits(), i.bits());
  EXPECT_EQ(f.as_borrowed().bits(), f.bits());
  EXPECT_EQ(e.as_borrowed().bits(), e.bits());
  EXPECT_EQ(i.untagged().bits(), i.bits());
  EXPECT_EQ(f.untagged().bits(), f.bits());
  EXPECT_FALSE(i.is_counted());
  EXPECT_FALSE(f.is_counted());
}

TEST(Value, IdentitiesDifferAndLeadBack) {
  // Addresses of objects side by side, and all kinds of words that could be taken for one.
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < 4096; ++i) {
    Value o = Value::from_bits((uint64_t{1} << 40) + i * 16);
    EXPECT_TRUE(seen.insert(o.identity()).second);
    EXPECT_EQ(o.as_borrowed().identity(), o.identity());
    EXPECT_EQ(Value::from_identity(o.identity()).bits(), o.bits());
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 4096; ++i) {
    for (Value v : {Value::small_int(i), Value::small_int(-i - 1),
                    Value::small_int(static_cast<int64_t>(random() >> (i & 63)) >> 2), Value::immediate_float(1.0 + i)}) {
      EXPECT_EQ(Value::from_identity(v.identity()).bits(), v.bits());
      EXPECT_GE(v.identity(), uint64_t{1} << 44);  // no object's
    }
  }
  EXPECT_EQ(Value().identity(), 0u);
  EXPECT_TRUE(Value::from_identity(0).empty());
}

// A table of 8 slots takes the low bits.
TEST(Value, IdentitiesOfNeighboursFillATable) {
  for (uint64_t size : {32, 48, 64, 128, 1024}) {
    std::set<uint64_t> slots;
    for (uint64_t i = 0; i < 32; ++i) slots.insert(Value::from_bits((uint64_t{1} << 40) + i * size).identity() & 7);
    EXPECT_GE(slots.size(), 4u) << size;
  }
}

}  // namespace
}  // namespace pt::test
