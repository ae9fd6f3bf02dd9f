// Addition, multiplication and what is made of them.
#include "vm/modules/dynamic/decimal/arithmetic.h"
#include "vm/modules/dynamic/decimal/wide.h"

namespace pt::decimal {
namespace {

void quieten(Number& out, const Number& nan, const Rules& rules, Status& status) {
  if (nan.signaling()) status.flags |= kInvalidOperation;
  out = nan.copy();
  out.kind = Kind::kQuiet;
  finalize(out, rules, status);
}

// out = +-a where a is finite or infinite.
void copy_signed(Number& out, const Number& a, bool negative, const Rules& rules, Status& status) {
  out = a.copy();
  out.negative = negative;
  finalize(out, rules, status);
}

// One of the operands is zero; b counts as negative when `b_negative`.
void add_zeros(Number& out, const Number& a, const Number& b, bool b_negative, const Rules& rules, Status& status) {
  int64_t e = a.exponent < b.exponent ? a.exponent : b.exponent;
  bool a_zero = a.coefficient_zero(), b_zero = b.coefficient_zero();
  if (a_zero && b_zero) {
    bool differ = a.negative != b_negative;
    bool negative = differ ? rules.rounding == Rounding::kFloor : a.negative;
    out = Number(negative, 0, e);
    return finalize(out, rules, status);
  }
  const Number& other = a_zero ? b : a;
  out = other.copy();
  out.negative = a_zero ? b_negative : a.negative;
  int64_t padded = other.exponent - rules.precision - 1;
  if (e < padded) e = padded;
  // Zeros beyond the precision would be rounded away again; whether they were there shows in Rounded.
  if (e < other.exponent) {
    int64_t room = rules.precision + 1 - other.digits();
    int64_t wanted = other.exponent - e;
    if (room < 0) room = 0;
    if (wanted > room) wanted = room;
    if (!scale_up(out, wanted, status)) return;
    out.exponent -= wanted;
  }
  finalize(out, rules, status);
}

// The sum of small coefficients that need more than two words side by side: 37 digits of it, the last one sticky, when those
// are enough. False: they are not.
bool add_apart(Number& out, const Number& high, const Number& low, bool high_negative, bool low_negative, int64_t precision) {
  constexpr int64_t kDigits = kSmallDigits - 1, kGuard = 3;
  if (high.big() || low.big() || precision > kDigits - kGuard) return false;
  int64_t digits = count_digits(high.small()), up = kDigits - digits, down = high.exponent - low.exponent - up;
  // One digit may go when they are subtracted; the sticky one stands behind the others.
  if (up < 1 || down <= 0 || high.exponent + digits - 2 < low.exponent + count_digits(low.small())) return false;
  u128 x = high.small() * kPowers.of[up], y = 1;
  if (down < kSmallDigits) {
    u128 rest;
    y = divide_small(low.small(), kPowers.of[down], &rest);
    if (rest && divisible_by_five(y)) ++y;
  }
  out.set(high_negative == low_negative ? x + y : x - y);
  out.negative = high_negative;
  out.exponent = high.exponent - up;
  return true;
}

void add_signed(Number& out, const Number& a, const Number& b, bool b_negative, const Rules& rules, Status& status) {
  const Number* high = &a;
  const Number* low = &b;
  bool high_negative = a.negative, low_negative = b_negative;
  if (a.exponent < b.exponent) {
    std::swap(high, low);
    std::swap(high_negative, low_negative);
  }
  int64_t distance = high->exponent - low->exponent;
  // Both fit into two words: no GMP.
  if (PT_LIKELY(!high->big() && !low->big() && distance <= kSmallDigits &&
                (distance == 0 || count_digits(high->small()) + distance <= kSmallDigits))) {
    u128 x = high->small() * kPowers.of[distance], y = low->small();
    out.exponent = low->exponent;
    if (high_negative == low_negative) {
      out.set(x + y);
      out.negative = high_negative;
    } else if (x != y) {
      out.set(x > y ? x - y : y - x);
      out.negative = x > y ? high_negative : low_negative;
    } else {
      out.set(0);
      out.negative = rules.rounding == Rounding::kFloor;
    }
    return finalize(out, rules, status);
  }
  if (add_apart(out, *high, *low, high_negative, low_negative, rules.precision)) return finalize(out, rules, status);
  // What lies far below the last digit that matters counts as one unit there.
  int64_t below = high->digits() - rules.precision - 2;
  int64_t floor = high->exponent + (below < -1 ? below : -1);
  Number unit;
  if (low->adjusted() < floor) {
    unit = Number(low_negative, 1, floor);
    low = &unit;
    distance = high->exponent - floor;
  }
  Number scaled;
  if (distance) {
    scaled = high->copy();
    if (!scale_up(scaled, distance, status)) return;
    high = &scaled;
  }
  Mpz sum;
  Reading x(*high), y(*low);
  out.exponent = low->exponent;
  if (high_negative == low_negative) {
    mpz_add(sum.get(), x.get(), y.get());
    out.negative = high_negative;
  } else {
    mpz_sub(sum.get(), x.get(), y.get());
    int sign = mpz_sgn(sum.get());
    mpz_abs(sum.get(), sum.get());
    out.negative = sign > 0 ? high_negative : sign < 0 ? low_negative : rules.rounding == Rounding::kFloor;
  }
  out.adopt(sum.get());
  finalize(out, rules, status);
}

PT_INLINE void add_or_subtract(Number& out, const Number& a, const Number& b, bool flip, const Rules& rules, Status& status) {
  bool b_negative = b.negative != flip;
  if (PT_UNLIKELY(!a.finite() || !b.finite())) {
    if (propagate_nan(out, a, b, rules, status)) return;
    if (a.infinite() && b.infinite() && a.negative != b_negative) return invalid(out, kInvalidOperation, status);
    out.set_special(Kind::kInfinite, a.infinite() ? a.negative : b_negative);
    return;
  }
  if (PT_UNLIKELY(a.coefficient_zero() || b.coefficient_zero())) return add_zeros(out, a, b, b_negative, rules, status);
  add_signed(out, a, b, b_negative, rules, status);
}

// a * b of finite numbers, not rounded.
PT_INLINE void multiply_exactly(Number& out, const Number& a, const Number& b, Status& status) {
  out.negative = a.negative != b.negative;
  out.exponent = a.exponent + b.exponent;
  if (PT_LIKELY(!a.big() && !b.big())) {
    u128 x = a.small(), y = b.small();
    if (PT_LIKELY(!((x | y) >> 64))) {
      out.set(x * y);
      return;
    }
    if (bit_width(x) + bit_width(y) <= 126) {
      out.set(x * y);
      return;
    }
  }
  if (!room_for_digits(a.digits() + b.digits(), status)) return;
  Mpz product;
  mpz_mul(product.get(), Reading(a).get(), Reading(b).get());
  out.adopt(product.get());
}

}  // namespace

bool propagate_nan(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (!a.nan()) return false;
  quieten(out, a, rules, status);
  return true;
}
bool propagate_nan(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (!a.nan() && !b.nan()) return false;
  quieten(out, a.signaling() || (a.nan() && !b.signaling()) ? a : b, rules, status);
  return true;
}

void add(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  add_or_subtract(out, a, b, false, rules, status);
}
void subtract(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  add_or_subtract(out, a, b, true, rules, status);
}

void multiply(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (PT_UNLIKELY(!a.finite() || !b.finite())) {
    if (propagate_nan(out, a, b, rules, status)) return;
    if (a.zero() || b.zero()) return invalid(out, kInvalidOperation, status);
    out.set_special(Kind::kInfinite, a.negative != b.negative);
    return;
  }
  if (PT_LIKELY(!a.big() && !b.big()) && ((a.small() | b.small()) >> 64)) {
    out.negative = a.negative != b.negative;
    out.exponent = a.exponent + b.exponent;
    if (set_rounded(out, multiply_wide(a.small(), b.small()), rules, status)) return;
  }
  multiply_exactly(out, a, b, status);
  finalize(out, rules, status);
}

void fma(Number& out, const Number& a, const Number& b, const Number& c, const Rules& rules, Status& status) {
  Number product;
  if (a.nan() || b.nan()) {
    // A signaling operand comes before a quiet one, the first before the last.
    if (!a.signaling() && !b.signaling() && c.signaling()) {
      propagate_nan(out, c, rules, status);
    } else {
      propagate_nan(out, a, b, rules, status);
    }
    return;
  }
  if (a.infinite() || b.infinite()) {
    if (a.zero() || b.zero()) return invalid(out, kInvalidOperation, status);
    product.set_special(Kind::kInfinite, a.negative != b.negative);
  } else {
    multiply_exactly(product, a, b, status);
    if (status.no_memory) return;
  }
  add(out, product, c, rules, status);
}

void plus(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  copy_signed(out, a, a.negative && !(a.zero() && rules.rounding != Rounding::kFloor), rules, status);
}
void minus(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  bool negative = a.zero() && rules.rounding != Rounding::kFloor ? false : !a.negative;
  copy_signed(out, a, negative, rules, status);
}
void absolute(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  copy_signed(out, a, false, rules, status);
}
void apply(Number& out, const Number& a, const Rules& rules, Status& status) {
  out = a.copy();
  finalize(out, rules, status);
}

bool is_integral(const Number& a) {
  if (!a.finite()) return false;
  if (a.exponent >= 0 || a.coefficient_zero()) return true;
  return trailing_zeros(a, -a.exponent) == -a.exponent;
}

}  // namespace pt::decimal
