// power: exact where the result is, otherwise exp(y ln x), correctly rounded.
#include <algorithm>

#include "vm/modules/dynamic/decimal/transcendental.h"

namespace pt::decimal {
namespace {

constexpr int64_t kNoLimit = INT64_MAX / 4;  // for strip_zeros

// An integral number as a GMP integer. Its size was checked.
bool to_integer(Mpz& out, const Number& a, Status& status) {
  Number n = a.copy();
  rescale(n, 0, Rounding::kDown, status);
  if (status.no_memory) return false;
  mpz_set(out.get(), Reading(n).get());
  if (a.negative) mpz_neg(out.get(), out.get());
  return true;
}
bool is_odd_integer(const Number& a, Status& status) {
  if (a.exponent > 0) return false;
  int64_t places = -a.exponent;
  if (places == 0) return a.odd();
  if (places >= a.digits()) return false;
  Number n = a.copy();
  drop_digits(n, places, Rounding::kDown, status);
  return n.odd();
}

// x is 1, whatever the exponent.
bool is_one(const Number& x) {
  Number one(false, 1, 0);
  return x.finite() && !x.coefficient_zero() && compare_magnitudes(x, one) == 0;
}

void power_of_one(Number& out, const Number& x, const Number& y, bool y_integral, const Rules& rules, Status& status) {
  int64_t e = 1 - rules.precision;
  if (y_integral) {
    int64_t factor = 0;
    Number limit(false, static_cast<u128>(rules.precision), 0);
    if (!y.negative) {
      Mpz n;
      if (compare_magnitudes(y, limit) > 0) {
        factor = rules.precision;
      } else {
        if (!to_integer(n, y, status)) return;
        factor = mpz_get_si(n.get());
      }
    }
    __int128 wanted = static_cast<__int128>(x.exponent) * factor;
    if (wanted < e) {
      status.flags |= kRounded;
    } else {
      e = static_cast<int64_t>(wanted);
    }
  } else {
    status.flags |= kInexact | kRounded;
  }
  bool negative = out.negative;
  out = Number(negative, 1, e);
  scale_up(out, -e, status);
}

// A lower bound of the exponent of log10(x).
int64_t log10_exponent_bound(const Number& x, Status& status) {
  int64_t adjusted = x.adjusted();
  auto length = [](int64_t v) { return static_cast<int64_t>(count_digits(static_cast<u128>(v < 0 ? -v : v))); };
  if (adjusted >= 1) return length(adjusted) - 1;
  if (adjusted <= -2) return length(adjusted + 1) - 1;
  // 0.1 <= x < 10: |log10(x)| is about |x - 1| / 2.31, |1 - 1/x| / 2.31 at least.
  Number one(false, 1, 0), distance;
  subtract(distance, x, one, Rules(), status);
  return distance.adjusted() - 2;
}

// x^n of an integer that fits, as long as all digits can be had. x has no trailing zeros. n < 0: 1 / x^-n, rounded.
void integer_power(Number& out, const Number& x, int64_t ideal_exponent, int64_t n, const Rules& rules, Status& status) {
  int64_t size = n < 0 ? -n : n;
  Mpz z;
  mpz_pow_ui(z.get(), Reading(x).get(), static_cast<unsigned long>(size));
  Number raised;
  raised.adopt(z.get());
  raised.exponent = x.exponent * size;
  if (n < 0) {
    Number one(false, 1, 0), quotient;
    // The digits beyond the precision decide the rounding, which is the caller's.
    Rules wide = rules;
    wide.precision += 2;
    wide.emax = kMaxEmax;
    wide.emin = kMinEmin;
    wide.rounding = Rounding::kDown;
    wide.clamp = false;
    Status seen;
    divide(quotient, one, raised, wide, seen);
    status.no_memory |= seen.no_memory;
    if ((seen.flags & kInexact) && !status.no_memory) {
      Mpz sticky;
      mpz_mul_ui(sticky.get(), Reading(quotient).get(), 10);
      mpz_add_ui(sticky.get(), sticky.get(), 1);
      quotient.adopt(sticky.get());
      quotient.exponent--;
    }
    quotient.negative = out.negative;
    out = std::move(quotient);
    return;
  }
  // Zeros towards the exponent that multiplication gives.
  int64_t zeros = raised.exponent - ideal_exponent, room = rules.precision + 1 - raised.digits();
  if (zeros > room) zeros = room;
  if (zeros > 0 && scale_up(raised, zeros, status)) raised.exponent -= zeros;
  raised.negative = out.negative;
  out = std::move(raised);
}

// Whether x^y, which rounds to `candidate`, is that number exactly; none of the numbers has trailing zeros, y is no integer.
// With y = +-p/q: candidate^q = x^+-p, so that x is the q-th power and candidate the p-th power of a rational number.
bool is_exact_power(const Number& x, const Number& y, const Number& candidate, Status& status) {
  Mpz p, q, common;
  if (!power_of_ten(q, -y.exponent, status)) return false;
  mpz_set(p.get(), Reading(y).get());
  mpz_gcd(common.get(), p.get(), q.get());
  mpz_divexact(p.get(), p.get(), common.get());
  mpz_divexact(q.get(), q.get(), common.get());
  // The tens: q * candidate's exponent -+ p * x's exponent.
  Mpz tens, of_x;
  mpz_mul_si(tens.get(), q.get(), candidate.exponent);
  mpz_mul_si(of_x.get(), p.get(), y.negative ? -x.exponent : x.exponent);
  mpz_sub(tens.get(), tens.get(), of_x.get());
  bool x_one = !x.big() && x.small() == 1, candidate_one = !candidate.big() && candidate.small() == 1;
  if (x_one || candidate_one) return x_one && candidate_one && mpz_sgn(tens.get()) == 0;
  Reading x_z(x), candidate_z(candidate);
  if (mpz_cmp_ui(q.get(), mpz_sizeinbase(x_z.get(), 2)) > 0) return false;
  if (mpz_cmp_ui(p.get(), mpz_sizeinbase(candidate_z.get(), 2) + 1) > 0) return false;
  auto bits = static_cast<int64_t>(mpz_sizeinbase(x_z.get(), 2) + mpz_sizeinbase(candidate_z.get(), 2));
  if (!room_for_digits(bits * static_cast<int64_t>(mpz_get_ui(q.get()) + mpz_get_ui(p.get())) / 3, status)) return false;
  Mpz left, right;
  mpz_pow_ui(left.get(), candidate_z.get(), mpz_get_ui(q.get()));
  mpz_pow_ui(right.get(), x_z.get(), mpz_get_ui(p.get()));
  if (!y.negative) return mpz_sgn(tens.get()) == 0 && mpz_cmp(left.get(), right.get()) == 0;
  // candidate^q * x^p = 1: the coefficients give a power of ten that the exponents cancel.
  mpz_mul(left.get(), left.get(), right.get());
  Number product;
  product.adopt(left.get());
  strip_zeros(product, kNoLimit, status);
  return !product.big() && product.small() == 1 && mpz_cmp_si(tens.get(), -product.exponent) == 0;
}

void real_power(Number& out, const Number& x, const Number& y, bool y_integral, const Rules& rules, Status& status) {
  int64_t precision = rules.precision;
  bool negative = out.negative;
  Number x_stripped = x.copy(), y_stripped = y.copy();
  strip_zeros(x_stripped, kNoLimit, status);
  strip_zeros(y_stripped, kNoLimit, status);
  for (int64_t guard = 8;; guard *= 2) {
    int64_t digits = precision + guard;
    if (!room_for_digits(8 * digits, status)) return;
    // exp multiplies the error of its argument with its size, which is below 10^20.
    Number ln, product;
    approximate_ln(ln, x, digits + 24, status);
    if (status.no_memory) return;
    multiply(product, ln, y, Rules(), status);
    if (status.no_memory) return;
    if (product.adjusted() >= 20) {
      out = Number(negative, 1, product.negative ? rules.etiny() - 1 : rules.emax + 1);
      return;
    }
    if (product.adjusted() < -precision - 2) {
      near_one(out, product.negative, precision, status);
      out.negative = negative;
      return;
    }
    approximate_exp(out, product, digits, status);
    out.negative = negative;
    if (status.no_memory || is_decided(out, precision)) return;
    if (y_integral) continue;
    Number candidate = out.copy();
    int64_t drop = candidate.digits() - precision - 1;
    if (drop > 0) drop_digits(candidate, drop, Rounding::kHalfEven, status);
    candidate.negative = false;
    strip_zeros(candidate, kNoLimit, status);
    bool exact = is_exact_power(x_stripped, y_stripped, candidate, status);
    if (status.no_memory) return;
    if (!exact) continue;
    out = std::move(candidate);
    out.negative = negative;
    int64_t zeros = precision + 1 - out.digits();
    if (zeros > 0 && scale_up(out, zeros, status)) out.exponent -= zeros;
    return;
  }
}

}  // namespace

void power(Number& out, const Number& x_in, const Number& y, const Rules& rules, Status& status) {
  if (propagate_nan(out, x_in, y, rules, status)) return;
  if (y.zero()) {
    if (x_in.zero()) return invalid(out, kInvalidOperation, status);
    out = Number(false, 1, 0);
    return;
  }
  bool y_integral = is_integral(y), negative = false;
  if (x_in.negative) {
    if (y_integral) {
      negative = is_odd_integer(y, status);
    } else if (!x_in.zero()) {
      return invalid(out, kInvalidOperation, status);
    }
  }
  Number x = x_in.copy();
  x.negative = false;
  if (x.zero() || x.infinite()) {
    if (x.zero() == y.negative) {
      out.set_special(Kind::kInfinite, negative);
    } else {
      out = Number(negative, 0, 0);
    }
    return;
  }
  out.negative = negative;
  if (is_one(x)) return power_of_one(out, x, y, y_integral, rules, status);
  bool above_one = x.adjusted() >= 0;
  if (y.infinite()) {
    if (above_one == y.negative) {
      out = Number(negative, 0, 0);
    } else {
      out.set_special(Kind::kInfinite, negative);
    }
    return;
  }
  // Extreme overflow and underflow.
  int64_t bound = log10_exponent_bound(x, status) + y.adjusted();
  bool grows = above_one != y.negative;
  int64_t limit = count_digits(static_cast<u128>(grows ? rules.emax : -rules.etiny()));
  if (bound >= limit) {
    out = Number(negative, 1, grows ? rules.emax + 1 : rules.etiny() - 1);
    return finalize(out, rules, status);
  }
  if (y_integral) {
    Number stripped = x.copy();
    strip_zeros(stripped, kNoLimit, status);
    Mpz n;
    // A large exponent belongs to a number close to 1, which has a long coefficient, or overflows.
    if (y.adjusted() < 19 && to_integer(n, y, status) && mpz_fits_slong_p(n.get())) {
      int64_t exponent = mpz_get_si(n.get()), size = exponent < 0 ? -exponent : exponent;
      if (!stripped.big() && stripped.small() == 1) {
        __int128 e = static_cast<__int128>(stripped.exponent) * exponent;
        constexpr __int128 kFar = kFarExponent;
        out = Number(negative, 1, static_cast<int64_t>(std::clamp(e, -kFar, kFar)));
        __int128 zeros = e - static_cast<__int128>(x.exponent) * exponent;
        if (exponent > 0 && zeros > 0 && out.exponent == e) {
          int64_t pad = zeros > rules.precision ? rules.precision : static_cast<int64_t>(zeros);
          if (!scale_up(out, pad, status)) return;
          out.exponent -= pad;
        }
        return finalize(out, rules, status);
      }
      auto bits = static_cast<int64_t>(mpz_sizeinbase(Reading(stripped).get(), 2));
      __int128 all = static_cast<__int128>(bits) * size;
      __int128 most = static_cast<__int128>(rules.precision) * 14 + 4000;
      if (all <= most) {
        if (!room_for_digits(static_cast<int64_t>(all / 3), status)) return;
        integer_power(out, stripped, x.exponent * (exponent < 0 ? 0 : exponent), exponent, rules, status);
        if (!status.no_memory) finalize(out, rules, status);
        return;
      }
    }
    if (status.no_memory) return;
  }
  real_power(out, x, y, y_integral, rules, status);
  if (status.no_memory) return;
  finalize(out, rules, status);
  if (!y_integral) {
    // Such results count as inexact even where they are not.
    status.flags |= kInexact | kRounded;
    if (status.flags & kSubnormal) status.flags |= kUnderflow;
  }
}

void power_modulo(Number& out, const Number& a, const Number& b, const Number& modulus, const Rules& rules, Status& status) {
  if (a.nan() || b.nan() || modulus.nan()) {
    const Number* order[] = {&a, &b, &modulus};
    const Number* chosen = nullptr;
    for (const Number* n : order) {
      if (n->signaling() && (!chosen || !chosen->signaling())) chosen = n;
      if (n->nan() && !chosen) chosen = n;
    }
    propagate_nan(out, *chosen, rules, status);
    return;
  }
  if (!is_integral(a) || !is_integral(b) || !is_integral(modulus) || (b.negative && !b.zero()) || modulus.zero() ||
      modulus.adjusted() >= rules.precision || (a.zero() && b.zero())) {
    return invalid(out, kInvalidOperation, status);
  }
  Mpz m, base, exponent, ten;
  if (!to_integer(m, modulus, status)) return;
  mpz_abs(m.get(), m.get());
  // Zeros at the end of the base and the exponent are not written out.
  Number c = a.copy();
  if (c.exponent < 0) rescale(c, 0, Rounding::kDown, status);
  mpz_set_si(exponent.get(), c.exponent);
  mpz_set_ui(ten.get(), 10);
  mpz_powm(base.get(), ten.get(), exponent.get(), m.get());
  mpz_mul(base.get(), base.get(), Reading(c).get());
  mpz_mod(base.get(), base.get(), m.get());
  Number e = b.copy();
  if (e.exponent < 0) rescale(e, 0, Rounding::kDown, status);
  if (status.no_memory) return;
  for (int64_t i = 0; i < e.exponent && mpz_cmp_ui(base.get(), 1) > 0; ++i) {
    mpz_powm(base.get(), base.get(), ten.get(), m.get());
  }
  mpz_powm(base.get(), base.get(), Reading(e).get(), m.get());
  bool negative = a.negative && is_odd_integer(b, status);
  out.adopt(base.get());
  out.negative = negative;
  out.exponent = 0;
}

}  // namespace pt::decimal
