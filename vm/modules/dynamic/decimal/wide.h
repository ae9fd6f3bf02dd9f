#pragma once
// Products and dividends of up to 256 bits, on the stack: what two coefficients below 10^38 make, before it is rounded.
#include "vm/modules/dynamic/decimal/number.h"

namespace pt::decimal {

struct Wide {
  uint64_t limbs[4];
};
inline constexpr int kWideDigits = 77;
struct WidePowers {
  Wide of[kWideDigits + 1];
  constexpr WidePowers() : of() {
    of[0].limbs[0] = 1;
    for (int i = 1; i <= kWideDigits; ++i) {
      uint64_t carry = 0;
      for (int k = 0; k < 4; ++k) {
        u128 product = static_cast<u128>(of[i - 1].limbs[k]) * 10 + carry;
        of[i].limbs[k] = static_cast<uint64_t>(product);
        carry = static_cast<uint64_t>(product >> 64);
      }
    }
  }
};
inline constexpr WidePowers kWidePowers;

PT_INLINE Wide multiply_wide(u128 a, u128 b) {
  auto a0 = static_cast<uint64_t>(a), a1 = static_cast<uint64_t>(a >> 64);
  auto b0 = static_cast<uint64_t>(b), b1 = static_cast<uint64_t>(b >> 64);
  u128 low = static_cast<u128>(a0) * b0, middle = static_cast<u128>(a0) * b1, other = static_cast<u128>(a1) * b0;
  u128 high = static_cast<u128>(a1) * b1;
  u128 carry = (low >> 64) + static_cast<uint64_t>(middle) + static_cast<uint64_t>(other);
  high += (middle >> 64) + (other >> 64) + (carry >> 64);
  return {
      {static_cast<uint64_t>(low), static_cast<uint64_t>(carry), static_cast<uint64_t>(high), static_cast<uint64_t>(high >> 64)}};
}
inline int limb_count(const Wide& v) {
  int n = 4;
  while (n > 0 && v.limbs[n - 1] == 0) --n;
  return n;
}
inline int count_digits(const Wide& v) {
  int n = limb_count(v);
  if (n == 0) return 1;
  int bits = n * 64 - __builtin_clzll(v.limbs[n - 1]);
  int guess = bits * 1233 >> 12;
  const Wide& power = kWidePowers.of[guess];
  for (int k = 3; k >= 0; --k) {
    if (v.limbs[k] != power.limbs[k]) return guess + (v.limbs[k] > power.limbs[k]);
  }
  return guess + 1;
}
// v / d, whose quotient is below 2^128, and the remainder.
inline u128 divide_wide(const Wide& v, u128 d, u128* remainder) {
  int n = limb_count(v), size = (d >> 64) ? 2 : 1;
  if (n < size) {
    *remainder = v.limbs[0];
    return 0;
  }
  mp_limb_t divisor[2] = {static_cast<uint64_t>(d), static_cast<uint64_t>(d >> 64)}, quotient[4] = {}, rest[2] = {};
  mpn_tdiv_qr(quotient, rest, 0, mp(v.limbs), n, divisor, size);
  *remainder = static_cast<u128>(rest[1]) << 64 | rest[0];
  return static_cast<u128>(quotient[1]) << 64 | quotient[0];
}

// v / 10^k, whose quotient is below 2^128, and the remainder; k <= 38. In steps of one word.
inline u128 divide_wide_by_power(Wide v, int64_t k, u128* remainder) {
  constexpr int64_t kStep = 19;
  auto step = [](Wide& value, uint64_t divisor) {
    uint64_t rest = 0;
    for (int i = limb_count(value) - 1; i >= 0; --i) {
      u128 part;
      value.limbs[i] = static_cast<uint64_t>(divide_small(static_cast<u128>(rest) << 64 | value.limbs[i], divisor, &part));
      rest = static_cast<uint64_t>(part);
    }
    return rest;
  };
  u128 rest = 0;
  if (k > kStep) {
    rest = step(v, static_cast<uint64_t>(kPowers.of[kStep]));
    rest += static_cast<u128>(step(v, static_cast<uint64_t>(kPowers.of[k - kStep]))) * kPowers.of[kStep];
  } else {
    rest = step(v, static_cast<uint64_t>(kPowers.of[k]));
  }
  *remainder = rest;
  return static_cast<u128>(v.limbs[1]) << 64 | v.limbs[0];
}

// Sets `out`, which has its sign and exponent, to the rounded value. False, and nothing has been done: out of the ordinary range.
bool set_rounded(Number& out, const Wide& v, const Rules& rules, Status& status);

}  // namespace pt::decimal
