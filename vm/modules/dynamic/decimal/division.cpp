// Division, remainders, square root.
#include "vm/modules/dynamic/decimal/arithmetic.h"
#include "vm/modules/dynamic/decimal/wide.h"

namespace pt::decimal {
namespace {

// Quotients with NaNs, of infinities and by zero; true when the result is there.
bool quotient_special(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, b, rules, status)) return true;
  bool negative = a.negative != b.negative;
  if (a.infinite()) {
    if (b.infinite()) {
      invalid(out, kInvalidOperation, status);
    } else {
      out.set_special(Kind::kInfinite, negative);
    }
    return true;
  }
  if (b.zero()) {
    if (a.coefficient_zero()) {
      invalid(out, kDivisionUndefined, status);
    } else {
      status.flags |= kDivisionByZero;
      out.set_special(Kind::kInfinite, negative);
    }
    return true;
  }
  return false;
}
// Remainders with NaNs, of infinities, by infinities and zero; true when the result is there.
bool remainder_special(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, b, rules, status)) return true;
  if (a.infinite()) {
    invalid(out, kInvalidOperation, status);
  } else if (b.infinite()) {
    out = a.copy();
    finalize(out, rules, status);
  } else if (b.coefficient_zero()) {
    invalid(out, a.coefficient_zero() ? kDivisionUndefined : kInvalidOperation, status);
  } else {
    return false;
  }
  return true;
}

// The quotient to one digit more than `precision`, the last one sticky; exact ones near the ideal exponent.
void divide_finite(Number& out, const Number& a, const Number& b, int64_t precision, Status& status) {
  int64_t shift = b.digits() - a.digits() + precision + 1;
  int64_t ideal = a.exponent - b.exponent;
  bool exact;
  // Then the quotient has 38 digits at most.
  constexpr int64_t kMostPrecision = kSmallDigits - 2;
  if (PT_LIKELY(!a.big() && !b.big() && shift >= 0 && shift <= kSmallDigits && precision <= kMostPrecision)) {
    u128 rest, quotient;
    // Whole quotients first: they need no zeros to be appended and taken off again.
    if (!((a.small() | b.small()) >> 64)) {
      quotient = divide_small(a.small(), b.small(), &rest);
      if (rest == 0) {
        out.set(quotient);
        out.exponent = ideal;
        return;
      }
    }
    if (count_digits(a.small()) + shift <= kSmallDigits) {
      quotient = divide_small(a.small() * kPowers.of[shift], b.small(), &rest);
    } else {
      quotient = divide_wide(multiply_wide(a.small(), kPowers.of[shift]), b.small(), &rest);
    }
    exact = rest == 0;
    if (!exact && divisible_by_five(quotient)) quotient++;
    out.set(quotient);
  } else {
    Number scaled = shift >= 0 ? a.copy() : b.copy();
    if (!scale_up(scaled, shift >= 0 ? shift : -shift, status)) return;
    if (!room_for_digits(2 * scaled.digits(), status)) return;
    Mpz quotient, rest;
    Reading other(shift >= 0 ? b : a), own(scaled);
    mpz_tdiv_qr(quotient.get(), rest.get(), shift >= 0 ? own.get() : other.get(), shift >= 0 ? other.get() : own.get());
    exact = mpz_sgn(rest.get()) == 0;
    if (!exact && mpz_divisible_ui_p(quotient.get(), 5)) mpz_add_ui(quotient.get(), quotient.get(), 1);
    out.adopt(quotient.get());
  }
  out.exponent = ideal - shift;
  if (exact) strip_zeros(out, ideal, status);
}

// An exact quotient has no more digits than this.
int64_t exact_quotient_digits(const Number& a, const Number& b) { return a.digits() + 4 * b.digits(); }

// |a| = q |b| + r of finite numbers, b not zero; both signs are set, r is not rounded. False: the quotient is too long.
bool divide_with_rest(Number& quotient, Number& rest, const Number& a, const Number& b, const Rules& rules, Status& status) {
  quotient.negative = a.negative != b.negative;
  quotient.exponent = 0;
  rest.negative = a.negative;
  int64_t e = a.exponent < b.exponent ? a.exponent : b.exponent;
  int64_t distance = a.adjusted() - b.adjusted();
  if (a.coefficient_zero() || distance <= -2) {
    quotient.set(0);
    rest.copy_coefficient(a);
    // a is far below b: this takes no more zeros than b has digits.
    scale_up(rest, a.exponent - e, status);
    rest.exponent = e;
    return true;
  }
  if (distance > rules.precision) return false;
  rest.exponent = e;
  if (!a.big() && !b.big()) {
    int64_t left = a.exponent - e, right = b.exponent - e;
    if (left <= kSmallDigits && right <= kSmallDigits && count_digits(a.small()) + left <= kSmallDigits &&
        count_digits(b.small()) + right <= kSmallDigits) {
      u128 remainder;
      quotient.set(divide_small(a.small() * kPowers.of[left], b.small() * kPowers.of[right], &remainder));
      rest.set(remainder);
      return quotient.digits() <= rules.precision;
    }
  }
  Number x = a.copy(), y = b.copy();
  if (!scale_up(x, a.exponent - e, status) || !scale_up(y, b.exponent - e, status)) return true;
  Mpz q, r;
  mpz_tdiv_qr(q.get(), r.get(), Reading(x).get(), Reading(y).get());
  quotient.adopt(q.get());
  rest.adopt(r.get());
  return quotient.digits() <= rules.precision;
}

}  // namespace

void divide(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (PT_UNLIKELY(!a.finite() || !b.finite() || a.coefficient_zero() || b.coefficient_zero())) {
    if (quotient_special(out, a, b, rules, status)) return;
    bool negative = a.negative != b.negative;
    if (b.infinite()) {
      out = Number(negative, 0, rules.etiny());
      status.flags |= kClamped;
      return;
    }
    out = Number(negative, 0, a.exponent - b.exponent);
    return finalize(out, rules, status);
  }
  out.negative = a.negative != b.negative;
  divide_finite(out, a, b, rules.precision, status);
  if (PT_UNLIKELY(status.no_memory)) {
    // Quotients with as many digits as the precision allows cannot be had. Exact ones are short.
    int64_t digits = exact_quotient_digits(a, b);
    if (digits >= rules.precision) return;
    status.no_memory = false;
    divide_finite(out, a, b, digits, status);
    if (out.digits() > digits) status.no_memory = true;
    if (status.no_memory) return;
  }
  finalize(out, rules, status);
}

void divide_integer(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (quotient_special(out, a, b, rules, status)) return;
  if (b.infinite()) {
    out = Number(a.negative != b.negative, 0, 0);
    return;
  }
  Number rest;
  if (!divide_with_rest(out, rest, a, b, rules, status)) return invalid(out, kDivisionImpossible, status);
  if (!status.no_memory) finalize(out, rules, status);
}

void remainder(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (remainder_special(out, a, b, rules, status)) return;
  Number quotient;
  if (!divide_with_rest(quotient, out, a, b, rules, status)) return invalid(out, kDivisionImpossible, status);
  if (!status.no_memory) finalize(out, rules, status);
}

void divide_modulo(Number& quotient, Number& rest, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (remainder_special(rest, a, b, rules, status)) {
    if (!quotient_special(quotient, a, b, rules, status)) quotient = Number(a.negative != b.negative, 0, 0);  // by infinity
    return;
  }
  if (!divide_with_rest(quotient, rest, a, b, rules, status)) {
    invalid(quotient, kDivisionImpossible, status);
    return invalid(rest, kDivisionImpossible, status);
  }
  if (status.no_memory) return;
  finalize(quotient, rules, status);
  finalize(rest, rules, status);
}

void remainder_near(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (remainder_special(out, a, b, rules, status)) return;
  int64_t e = a.exponent < b.exponent ? a.exponent : b.exponent;
  if (a.coefficient_zero()) {
    out = Number(a.negative, 0, e);
    return finalize(out, rules, status);
  }
  int64_t distance = a.adjusted() - b.adjusted();
  if (distance >= rules.precision + 1) return invalid(out, kDivisionImpossible, status);
  if (distance <= -2) {
    out = a.copy();
    rescale(out, e, rules.rounding, status);
    return finalize(out, rules, status);
  }
  Number x = a.copy(), y = b.copy();
  if (!scale_up(x, a.exponent - e, status) || !scale_up(y, b.exponent - e, status)) return;
  Mpz q, r, twice;
  Reading divisor(y);
  mpz_tdiv_qr(q.get(), r.get(), Reading(x).get(), divisor.get());
  mpz_mul_2exp(twice.get(), r.get(), 1);
  int order = mpz_cmp(twice.get(), divisor.get());
  bool negative = a.negative;
  if (order > 0 || (order == 0 && mpz_odd_p(q.get()))) {
    mpz_sub(r.get(), divisor.get(), r.get());
    mpz_add_ui(q.get(), q.get(), 1);
    negative = !negative;
  }
  Number quotient;
  quotient.adopt(q.get());
  if (quotient.digits() > rules.precision) return invalid(out, kDivisionImpossible, status);
  if (mpz_sgn(r.get()) == 0) negative = a.negative;
  out.adopt(r.get());
  out.negative = negative;
  out.exponent = e;
  finalize(out, rules, status);
}

namespace {

// The root to one digit more than `precision`, the last one sticky.
void root_of_positive(Number& out, const Number& a, int64_t precision, Status& status) {
  int64_t e = a.exponent >> 1, digits = a.digits();
  bool odd = a.exponent & 1;
  int64_t shift = precision + 1 - (odd ? (digits >> 1) + 1 : (digits + 1) >> 1);
  Number radicand = a.copy();
  bool exact = true;
  if (odd && !scale_up(radicand, 1, status)) return;
  if (shift >= 0) {
    if (!scale_up(radicand, 2 * shift, status)) return;
  } else {
    exact = !drop_digits(radicand, -2 * shift, Rounding::kDown, status);
    if (status.no_memory) return;
  }
  Mpz root, rest;
  mpz_sqrtrem(root.get(), rest.get(), Reading(radicand).get());
  exact = exact && mpz_sgn(rest.get()) == 0;
  if (!exact && mpz_divisible_ui_p(root.get(), 5)) mpz_add_ui(root.get(), root.get(), 1);
  out.adopt(root.get());
  out.negative = false;
  out.exponent = e - shift;
  if (!exact) return;
  // The exponent of an exact root is half of the operand's.
  if (out.exponent < e) {
    drop_digits(out, e - out.exponent, Rounding::kDown, status);
  } else if (out.exponent > e && scale_up(out, out.exponent - e, status)) {
    out.exponent = e;
  }
}

}  // namespace

void square_root(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  if (a.zero()) {
    out = Number(a.negative, 0, a.exponent >> 1);
    return finalize(out, rules, status);
  }
  if (a.negative) return invalid(out, kInvalidOperation, status);
  if (a.infinite()) {
    out.set_special(Kind::kInfinite, false);
    return;
  }
  root_of_positive(out, a, rules.precision, status);
  if (PT_UNLIKELY(status.no_memory)) {
    int64_t digits = a.digits() + 1;  // an exact root has about half as many
    if (digits >= rules.precision) return;
    status.no_memory = false;
    root_of_positive(out, a, digits, status);
    if (out.digits() > digits) status.no_memory = true;
    if (status.no_memory) return;
  }
  finalize(out, rules.with(Rounding::kHalfEven), status);
}

}  // namespace pt::decimal
