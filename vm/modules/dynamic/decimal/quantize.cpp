// Operations that choose the exponent, and neighbours.
#include "vm/modules/dynamic/decimal/arithmetic.h"

namespace pt::decimal {

void rescale(Number& n, int64_t exponent, Rounding rounding, Status& status) {
  if (exponent > n.exponent) {
    drop_digits(n, exponent - n.exponent, rounding, status);
  } else if (scale_up(n, n.exponent - exponent, status)) {
    n.exponent = exponent;
  }
}

void quantize(Number& out, const Number& a, const Number& pattern, const Rules& rules, Status& status) {
  if (PT_UNLIKELY(!a.finite() || !pattern.finite())) {
    if (propagate_nan(out, a, pattern, rules, status)) return;
    if (a.infinite() != pattern.infinite()) return invalid(out, kInvalidOperation, status);
    out.set_special(Kind::kInfinite, a.negative);
    return;
  }
  int64_t e = pattern.exponent;
  if (e < rules.etiny() || e > rules.emax) return invalid(out, kInvalidOperation, status);
  out.negative = a.negative;
  if (a.coefficient_zero()) {
    out.set(0);
    out.exponent = e;
    return finalize(out, rules, status);
  }
  int64_t adjusted = a.adjusted();
  if (adjusted > rules.emax || adjusted - e + 1 > rules.precision) return invalid(out, kInvalidOperation, status);
  out.copy_coefficient(a);
  out.exponent = a.exponent;
  bool inexact = false;
  if (e > a.exponent) {
    inexact = drop_digits(out, e - a.exponent, rules.rounding, status);
  } else {
    rescale(out, e, rules.rounding, status);
  }
  if (status.no_memory) return;
  adjusted = out.adjusted();
  if (!out.coefficient_zero() && (adjusted > rules.emax || adjusted - e + 1 > rules.precision)) {
    return invalid(out, kInvalidOperation, status);
  }
  if (!out.coefficient_zero() && adjusted < rules.emin) status.flags |= kSubnormal;
  if (e > a.exponent) status.flags |= inexact ? kInexact | kRounded : kRounded;
  finalize(out, rules, status);
}

namespace {

void to_integral(Number& out, const Number& a, bool flags, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  out = a.copy();
  if (a.infinite() || a.exponent >= 0) return;
  if (a.coefficient_zero()) {
    out.exponent = 0;
    return;
  }
  bool inexact = drop_digits(out, -a.exponent, rules.rounding, status);
  if (flags) status.flags |= inexact ? kInexact | kRounded : kRounded;
}

}  // namespace

void to_integral_exact(Number& out, const Number& a, const Rules& rules, Status& status) {
  to_integral(out, a, true, rules, status);
}
void to_integral_value(Number& out, const Number& a, const Rules& rules, Status& status) {
  to_integral(out, a, false, rules, status);
}

void normalize(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  out = a.copy();
  finalize(out, rules, status);
  if (out.infinite() || status.no_memory) return;
  if (out.coefficient_zero()) {
    out.exponent = 0;
    return;
  }
  strip_zeros(out, rules.clamp ? rules.etop() : rules.emax, status);
}

void logb(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  if (a.infinite()) {
    out.set_special(Kind::kInfinite, false);
    return;
  }
  if (a.coefficient_zero()) {
    status.flags |= kDivisionByZero;
    out.set_special(Kind::kInfinite, true);
    return;
  }
  int64_t e = a.adjusted();
  out = Number(e < 0, static_cast<u128>(e < 0 ? -e : e), 0);
  finalize(out, rules, status);
}

void scaleb(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, b, rules, status)) return;
  if (!b.finite() || b.exponent != 0) return invalid(out, kInvalidOperation, status);
  int64_t limit = 2 * (rules.emax + rules.precision);
  if (b.big() || b.small() > static_cast<u128>(limit)) return invalid(out, kInvalidOperation, status);
  out = a.copy();
  if (a.infinite()) return;
  auto by = static_cast<int64_t>(b.small());
  out.exponent = a.exponent + (b.negative ? -by : by);
  finalize(out, rules, status);
}

namespace {

// The neighbour of a finite number, above it or below it.
void neighbour(Number& out, const Number& a, bool up, const Rules& rules, Status& status) {
  Rules directed = rules.with(up ? Rounding::kCeiling : Rounding::kFloor);
  Status ignored;
  out = a.copy();
  finalize(out, directed, ignored);
  if (!ignored.no_memory && (out.infinite() || compare_numbers(out, a) != 0)) return;
  Number step(!up, 1, rules.etiny() - 1);
  Number sum;
  add(sum, a, step, directed, ignored);
  if (ignored.no_memory) status.no_memory = true;
  out = std::move(sum);
}

void next_in_direction(Number& out, const Number& a, bool up, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  if (a.infinite()) {
    if (a.negative != up) {
      out.set_special(Kind::kInfinite, a.negative);
      return;
    }
    out.negative = a.negative;
    return set_largest(out, rules, status);
  }
  neighbour(out, a, up, rules, status);
}

}  // namespace

void next_minus(Number& out, const Number& a, const Rules& rules, Status& status) {
  next_in_direction(out, a, false, rules, status);
}
void next_plus(Number& out, const Number& a, const Rules& rules, Status& status) {
  next_in_direction(out, a, true, rules, status);
}

void next_toward(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, b, rules, status)) return;
  int order = compare_numbers(a, b);
  if (order == 0) {
    out = a.copy();
    out.negative = b.negative;
    return;
  }
  next_in_direction(out, a, order < 0, rules, status);
  if (status.no_memory) return;
  if (out.infinite()) {
    status.flags |= kOverflow | kInexact | kRounded;
  } else if (out.adjusted() < rules.emin) {
    status.flags |= kUnderflow | kSubnormal | kInexact | kRounded;
    if (out.coefficient_zero()) status.flags |= kClamped;
  }
}

}  // namespace pt::decimal
