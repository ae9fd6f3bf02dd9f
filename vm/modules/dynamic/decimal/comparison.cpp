// Comparisons, maximum and minimum, classes of numbers.
#include "vm/modules/dynamic/decimal/arithmetic.h"

namespace pt::decimal {
namespace {

void set_order(Number& out, int order) { out = Number(order < 0, order != 0, 0); }

// -NaN < -sNaN < -Infinity < finite < Infinity < sNaN < NaN without the signs.
int rank_of(const Number& a) {
  switch (a.kind) {
    case Kind::kQuiet: return 2;
    case Kind::kSignaling: return 1;
    default: return 0;
  }
}

using Order = int (*)(const Number&, const Number&);

int magnitude_order(const Number& a, const Number& b) {
  if (a.infinite() || b.infinite()) return a.infinite() - b.infinite();
  return compare_magnitudes(a, b);
}
int total_magnitude_order(const Number& a, const Number& b) {
  if (a.nan() || b.nan()) {
    int order = rank_of(a) - rank_of(b);
    return order < 0 ? -1 : order > 0 ? 1 : compare_coefficients(a, b);
  }
  int order = magnitude_order(a, b);
  return order == 0 && a.finite() ? (a.exponent > b.exponent) - (a.exponent < b.exponent) : order;
}

void choose(Number& out, const Number& a, const Number& b, bool largest, Order order_of, const Rules& rules, Status& status) {
  const Number* chosen;
  if (a.nan() || b.nan()) {
    // A single quiet NaN loses against a number.
    if (a.nan() == b.nan() || a.signaling() || b.signaling()) {
      propagate_nan(out, a, b, rules, status);
      return;
    }
    chosen = a.nan() ? &b : &a;
  } else {
    int order = order_of(a, b);
    if (order == 0) order = total_order(a, b);
    chosen = (order < 0) == largest ? &b : &a;
  }
  out = chosen->copy();
  finalize(out, rules, status);
}

}  // namespace

int compare_numbers(const Number& a, const Number& b) {
  if (a.zero() && b.zero()) return 0;
  if (a.zero()) return b.negative ? 1 : -1;
  if (b.zero()) return a.negative ? -1 : 1;
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int order = magnitude_order(a, b);
  return a.negative ? -order : order;
}

void compare(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, b, rules, status)) return;
  set_order(out, compare_numbers(a, b));
}
void compare_signal(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, b, rules, status)) {
    status.flags |= kInvalidOperation;
    return;
  }
  set_order(out, compare_numbers(a, b));
}

int total_order(const Number& a, const Number& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int order = total_magnitude_order(a, b);
  return a.negative ? -order : order;
}
void compare_total(Number& out, const Number& a, const Number& b, const Rules&, Status&) { set_order(out, total_order(a, b)); }
void compare_total_mag(Number& out, const Number& a, const Number& b, const Rules&, Status&) {
  set_order(out, total_magnitude_order(a, b));
}

void maximum(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  choose(out, a, b, true, compare_numbers, rules, status);
}
void maximum_magnitude(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  choose(out, a, b, true, magnitude_order, rules, status);
}
void minimum(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  choose(out, a, b, false, compare_numbers, rules, status);
}
void minimum_magnitude(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  choose(out, a, b, false, magnitude_order, rules, status);
}

bool same_quantum(const Number& a, const Number& b) {
  if (!a.finite() || !b.finite()) return (a.nan() && b.nan()) || (a.infinite() && b.infinite());
  return a.exponent == b.exponent;
}
bool is_normal(const Number& a, const Rules& rules) { return a.finite() && !a.coefficient_zero() && a.adjusted() >= rules.emin; }
bool is_subnormal(const Number& a, const Rules& rules) {
  return a.finite() && !a.coefficient_zero() && a.adjusted() < rules.emin;
}

const char* number_class(const Number& a, const Rules& rules) {
  if (a.nan()) return a.signaling() ? "sNaN" : "NaN";
  if (a.infinite()) return a.negative ? "-Infinity" : "+Infinity";
  if (a.coefficient_zero()) return a.negative ? "-Zero" : "+Zero";
  if (is_subnormal(a, rules)) return a.negative ? "-Subnormal" : "+Subnormal";
  return a.negative ? "-Normal" : "+Normal";
}

}  // namespace pt::decimal
