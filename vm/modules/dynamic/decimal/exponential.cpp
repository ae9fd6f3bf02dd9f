// exp, ln and log10.
#include "vm/modules/dynamic/decimal/transcendental.h"

namespace pt::decimal {
namespace {

// Specials, zeros and negative numbers of logarithms.
bool logarithm_special(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return true;
  if (a.zero()) {
    out.set_special(Kind::kInfinite, true);
    return true;
  }
  if (a.negative) {
    invalid(out, kInvalidOperation, status);
    return true;
  }
  if (a.infinite()) {
    out.set_special(Kind::kInfinite, false);
    return true;
  }
  return false;
}

bool is_power_of_ten(const Number& a) { return compare_magnitudes(a, Number(false, 1, a.adjusted())) == 0; }

}  // namespace

void exponential(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, rules, status)) return;
  if (a.infinite()) {
    if (a.negative) {
      out = Number(false, 0, 0);
    } else {
      out.set_special(Kind::kInfinite, false);
    }
    return;
  }
  if (a.coefficient_zero()) {
    out = Number(false, 1, 0);
    return;
  }
  int64_t adjusted = a.adjusted();
  if (adjusted >= 20) {
    out = Number(false, 1, a.negative ? rules.etiny() - 1 : rules.emax + 1);
  } else if (compare_magnitudes(a, Number(false, 9, -rules.precision - 4)) <= 0) {
    // Too close to 1 to be told from it.
    out = Number(false, 1, 0);
    if (!scale_up(out, rules.precision - 1, status)) return;
    out.exponent = 1 - rules.precision;
    status.flags |= kInexact | kRounded;
    return;
  } else {
    round_correctly(out, rules.precision, [&](Number& o, int64_t digits) { approximate_exp(o, a, digits, status); }, status);
  }
  if (!status.no_memory) finalize(out, rules.with(Rounding::kHalfEven), status);
}

void natural_logarithm(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (logarithm_special(out, a, rules, status)) return;
  if (a.adjusted() == 0 && is_power_of_ten(a)) {
    out = Number(false, 0, 0);
    return;
  }
  round_correctly(out, rules.precision, [&](Number& o, int64_t digits) { approximate_ln(o, a, digits, status); }, status);
  if (!status.no_memory) finalize(out, rules.with(Rounding::kHalfEven), status);
}

void common_logarithm(Number& out, const Number& a, const Rules& rules, Status& status) {
  if (logarithm_special(out, a, rules, status)) return;
  if (is_power_of_ten(a)) {
    int64_t e = a.adjusted();
    out = Number(e < 0, static_cast<u128>(e < 0 ? -e : e), 0);
  } else {
    auto approximate = [&](Number& o, int64_t digits) {
      Number ln;
      approximate_ln(ln, a, digits + 2, status);
      if (!status.no_memory) divide_by_ln10(o, ln, digits + 2, status);
    };
    round_correctly(out, rules.precision, approximate, status);
  }
  if (!status.no_memory) finalize(out, rules.with(Rounding::kHalfEven), status);
}

}  // namespace pt::decimal
