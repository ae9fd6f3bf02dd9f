#pragma once
// Approximations with known error, from which exp, ln, log10 and power round correctly (Ziv's strategy: with more digits, until
// the error cannot matter).
#include "vm/modules/dynamic/decimal/arithmetic.h"

namespace pt::decimal {

// Results are wrong by less than this many units in their last place.
inline constexpr int64_t kApproximationError = 8;

// exp(x) of a finite x below 10^20 in size, to `digits` digits or more.
void approximate_exp(Number& out, const Number& x, int64_t digits, Status&);
// ln(x) of a finite positive x other than 1.
void approximate_ln(Number& out, const Number& x, int64_t digits, Status&);
// x / ln(10) of such an x.
void divide_by_ln10(Number& out, const Number& x, int64_t digits, Status&);
// All values the approximation may stand for are rounded alike, to `precision` digits or fewer.
bool is_decided(const Number& approximation, int64_t precision);

// Calls approximate(out, digits) with more and more digits until the rounding is decided.
template <class F>
void round_correctly(Number& out, int64_t precision, F&& approximate, Status& status) {
  for (int64_t guard = 6;; guard *= 2) {
    if (!room_for_digits(8 * (precision + guard), status)) return;
    approximate(out, precision + guard);
    if (status.no_memory || is_decided(out, precision)) return;
  }
}
// 1 and a little more, or less.
void near_one(Number& out, bool below, int64_t precision, Status&);

}  // namespace pt::decimal
