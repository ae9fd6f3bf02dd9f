// Operations on the row of digits: logical ones, shift, rotate.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/dynamic/decimal/arithmetic.h"
#include "vm/modules/dynamic/decimal/text.h"

namespace pt::decimal {
namespace {

// The digits of a logical operand, least significant first, up to `limit`. False: it is none.
class LogicalDigits {
 public:
  bool read(const Number& n, int64_t limit) {
    if (!n.finite() || n.negative || n.exponent != 0) return false;
    text_.assign(n);
    for (char c : text_.view()) {
      if (c > '1') return false;
    }
    auto size = static_cast<int64_t>(text_.view().size());
    used_ = size < limit ? size : limit;
    return true;
  }
  int64_t size() const { return used_; }
  bool at(int64_t i) const { return i < used_ && text_.view()[text_.view().size() - 1 - static_cast<size_t>(i)] == '1'; }

 private:
  DigitText text_;
  int64_t used_ = 0;
};

template <class F>
void from_bits(Number& out, int64_t count, F&& bit, Status& status) {
  if (!room_for_digits(count, status)) return;
  auto* digits = static_cast<uint8_t*>(gmp::allocate(static_cast<size_t>(count ? count : 1)));
  for (int64_t i = 0; i < count; ++i) digits[count - 1 - i] = bit(i);
  out.negative = false;
  out.exponent = 0;
  set_digits(out, digits, count);
  gmp::release(digits);
}

template <class F>
void logical(Number& out, const Number& a, const Number& b, F&& f, const Rules& rules, Status& status) {
  LogicalDigits x, y;
  if (!x.read(a, rules.precision) || !y.read(b, rules.precision)) {
    invalid(out, kInvalidOperation, status);
    return;
  }
  int64_t count = x.size() > y.size() ? x.size() : y.size();
  from_bits(out, count, [&](int64_t i) { return f(x.at(i), y.at(i)); }, status);
}

// The number of places in *by, and whether `a` is to be moved at all; what else there is to say is in `out`.
bool places(Number& out, const Number& a, const Number& b, int64_t* by, const Rules& rules, Status& status) {
  if (propagate_nan(out, a, b, rules, status)) return false;
  if (!b.finite() || b.exponent != 0 || b.big() || b.small() > static_cast<u128>(rules.precision)) {
    invalid(out, kInvalidOperation, status);
    return false;
  }
  *by = b.negative ? -static_cast<int64_t>(b.small()) : static_cast<int64_t>(b.small());
  out = a.copy();
  return !a.infinite();
}

void cut_low(Number& n, int64_t k, Status& status) {
  int64_t e = n.exponent;
  if (k) drop_digits(n, k, Rounding::kDown, status);
  n.exponent = e;
}

}  // namespace

void logical_and(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  logical(out, a, b, [](bool x, bool y) { return x && y; }, rules, status);
}
void logical_or(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  logical(out, a, b, [](bool x, bool y) { return x || y; }, rules, status);
}
void logical_xor(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  logical(out, a, b, [](bool x, bool y) { return x != y; }, rules, status);
}
void logical_invert(Number& out, const Number& a, const Rules& rules, Status& status) {
  LogicalDigits x;
  if (!x.read(a, rules.precision)) {
    invalid(out, kInvalidOperation, status);
    return;
  }
  from_bits(out, rules.precision, [&](int64_t i) { return !x.at(i); }, status);
}

void shift(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  int64_t by;
  if (!places(out, a, b, &by, rules, status) || !keep_low_digits(out, rules.precision, status)) return;
  if (by < 0) return cut_low(out, -by, status);
  // What leaves at the top is cut first.
  int64_t kept = rules.precision - by;
  if (out.digits() > kept) {
    if (kept == 0) {
      out.set(0);
    } else if (!keep_low_digits(out, kept, status)) {
      return;
    }
  }
  scale_up(out, by, status);
}

void rotate(Number& out, const Number& a, const Number& b, const Rules& rules, Status& status) {
  int64_t by;
  if (!places(out, a, b, &by, rules, status) || !keep_low_digits(out, rules.precision, status)) return;
  if (by < 0) by += rules.precision;
  int64_t low = rules.precision - by;  // so many digits go to the top, the others to the bottom
  if (by == 0 || low == 0) return;
  Number bottom = out.copy();
  if (out.digits() > low) {
    cut_low(bottom, low, status);
    if (!keep_low_digits(out, low, status)) return;
  } else {
    bottom.set(0);
  }
  if (!scale_up(out, by, status)) return;
  Mpz sum;
  mpz_add(sum.get(), Reading(out).get(), Reading(bottom).get());
  out.adopt(sum.get());
}

}  // namespace pt::decimal
