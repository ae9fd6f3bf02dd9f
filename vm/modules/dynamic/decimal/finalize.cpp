// The one place where results are brought within a context's rules.
#include "vm/modules/dynamic/decimal/number.h"

namespace pt::decimal {
namespace {

void cut_payload(Number& n, const Rules& rules, Status& status) {
  int64_t room = rules.precision - rules.clamp;
  if (room == 0) {
    n.set(0);
  } else {
    keep_low_digits(n, room, status);
  }
}

void finalize_zero(Number& n, const Rules& rules, Status& status) {
  int64_t low = rules.etiny(), high = rules.clamp ? rules.etop() : rules.emax;
  int64_t e = n.exponent < low ? low : n.exponent > high ? high : n.exponent;
  if (e == n.exponent) return;
  n.exponent = e;
  status.flags |= kClamped;
}

void overflow(Number& n, const Rules& rules, Status& status) {
  status.flags |= kOverflow | kInexact | kRounded;
  switch (rules.rounding) {
    case Rounding::kDown:
    case Rounding::k05Up: return set_largest(n, rules, status);
    case Rounding::kCeiling:
      if (n.negative) return set_largest(n, rules, status);
      break;
    case Rounding::kFloor:
      if (!n.negative) return set_largest(n, rules, status);
      break;
    default: break;
  }
  n.set_special(Kind::kInfinite, n.negative);
}

}  // namespace

void set_largest(Number& n, const Rules& rules, Status& status) {
  Mpz power;
  if (!power_of_ten(power, rules.precision, status)) return;
  mpz_sub_ui(power.get(), power.get(), 1);
  n.adopt(power.get());
  n.kind = Kind::kFinite;
  n.exponent = rules.etop();
}

void invalid(Number& n, uint32_t condition, Status& status) {
  status.flags |= condition;
  n.set_special(Kind::kQuiet, false);
}

void set_kept(Number& out, u128 kept, u128 rest, int64_t drop, const Rules& rules, Status& status) {
  int64_t exponent = out.exponent + drop;
  status.flags |= rest ? kRounded | kInexact : kRounded;
  if (rest && rounds_up(rules.rounding, out.negative, rest_of(rest, kPowers.of[drop]), kept) &&
      ++kept == kPowers.of[rules.precision]) {
    kept /= 10;
    ++exponent;
  }
  out.set(kept);
  out.exponent = exponent;
}

namespace {

// Most of what is rounded: a small coefficient that becomes a normal number.
bool round_small(Number& n, const Rules& rules, Status& status) {
  if (n.big() || rules.precision >= kSmallDigits) return false;
  int64_t drop = count_digits(n.small()) - rules.precision;
  if (drop <= 0 || !is_ordinary(n.exponent + drop, rules)) return false;
  u128 rest, kept = divide_small(n.small(), kPowers.of[drop], &rest);
  set_kept(n, kept, rest, drop, rules, status);
  return true;
}

}  // namespace

void finalize_slow(Number& n, const Rules& rules, Status& status) {
  if (!n.finite()) {
    if (n.nan()) cut_payload(n, rules, status);
    return;
  }
  if (n.coefficient_zero()) return finalize_zero(n, rules, status);
  if (PT_LIKELY(round_small(n, rules, status))) return;
  int64_t etiny = rules.etiny(), etop = rules.etop();
  // The exponent that gives the coefficient the full precision.
  int64_t least = n.digits() + n.exponent - rules.precision;
  if (least > etop) return overflow(n, rules, status);
  bool subnormal = least < etiny;
  if (subnormal) least = etiny;
  if (n.exponent < least) {
    bool inexact = drop_digits(n, least - n.exponent, rules.rounding, status);
    if (status.no_memory) return;
    if (n.digits() > rules.precision) {  // 99...9 became 100...0
      drop_digits(n, 1, Rounding::kDown, status);
      if (n.exponent > etop) return overflow(n, rules, status);
    }
    if (inexact) status.flags |= subnormal ? kUnderflow | kInexact : kInexact;
    if (subnormal) status.flags |= kSubnormal;
    status.flags |= kRounded;
    if (n.coefficient_zero()) status.flags |= kClamped;
    return;
  }
  if (subnormal) status.flags |= kSubnormal;
  if (rules.clamp && n.exponent > etop) {
    status.flags |= kClamped;
    if (scale_up(n, n.exponent - etop, status)) n.exponent = etop;
  }
}

}  // namespace pt::decimal
