#pragma once
// The numbers of the General Decimal Arithmetic Specification 1.70, without any Python: a sign, an exponent and a coefficient,
// which is a machine word pair below 10^38 and a GMP integer otherwise. What is declared here, in arithmetic.h and in text.h may
// need GMP's memory, so it is called in a gmp::attempt(), if nothing else is said.
#include <gmp.h>

#include <cstdint>
#include <utility>

#include "gc/platform/check.h"
#include "vm/types/int_limbs.h"

namespace pt::decimal {

using u128 = unsigned __int128;

inline constexpr int64_t kMaxPrecision = 999999999999999999;
inline constexpr int64_t kMaxEmax = 999999999999999999;
inline constexpr int64_t kMinEmin = -999999999999999999;
inline constexpr int64_t kMinEtiny = kMinEmin - (kMaxPrecision - 1);
// Exponents beyond this, or below its negative, are all the same: no digits bring them back.
inline constexpr int64_t kFarExponent = 3'500'000'000'000'000'000;

enum class Rounding : uint8_t { kUp, kDown, kCeiling, kFloor, kHalfUp, kHalfDown, kHalfEven, k05Up };
inline constexpr int kRoundingCount = 8;

// Conditions; the signals are groups of them.
enum Flag : uint32_t {
  kClamped = 1u << 0,
  kConversionSyntax = 1u << 1,
  kDivisionByZero = 1u << 2,
  kDivisionImpossible = 1u << 3,
  kDivisionUndefined = 1u << 4,
  kInexact = 1u << 5,
  kInvalidContext = 1u << 6,
  kInvalidOperation = 1u << 7,
  kFloatOperation = 1u << 8,
  kOverflow = 1u << 9,
  kRounded = 1u << 10,
  kSubnormal = 1u << 11,
  kUnderflow = 1u << 12,
};
inline constexpr uint32_t kInvalidMask =
    kConversionSyntax | kDivisionImpossible | kDivisionUndefined | kInvalidContext | kInvalidOperation;
inline constexpr uint32_t kErrorMask = kInvalidMask | kDivisionByZero;

// The settings an operation rounds by.
struct Rules {
  int64_t precision = kMaxPrecision, emax = kMaxEmax, emin = kMinEmin;
  Rounding rounding = Rounding::kHalfEven;
  bool clamp = false;
  int64_t etiny() const { return emin - (precision - 1); }
  int64_t etop() const { return emax - (precision - 1); }
  Rules with(Rounding other) const { return {precision, emax, emin, other, clamp}; }
};
// What happened. With no_memory, because a number would be too long, the result has no meaning.
struct Status {
  uint32_t flags = 0;
  bool no_memory = false;
};

enum class Kind : uint8_t { kFinite, kInfinite, kQuiet, kSignaling };

inline constexpr int kSmallDigits = 38;
struct SmallPowers {
  u128 of[kSmallDigits + 1];
  constexpr SmallPowers() : of() {
    of[0] = 1;
    for (int i = 1; i <= kSmallDigits; ++i) of[i] = of[i - 1] * 10;
  }
};
inline constexpr SmallPowers kPowers;
inline constexpr u128 kSmallLimit = kPowers.of[kSmallDigits];

PT_INLINE int bit_width(u128 v) {
  auto high = static_cast<uint64_t>(v >> 64), low = static_cast<uint64_t>(v);
  return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}
// Decimal digits of v; 1 for 0.
PT_INLINE int count_digits(u128 v) {
  int guess = bit_width(v) * 1233 >> 12;  // log10(2) is a little below 1233/4096
  return guess + (v >= kPowers.of[guess] || v == 0);
}
// v / d and the remainder; two machine divisions instead of a library call when d is one word.
PT_INLINE u128 divide_small(u128 v, u128 d, u128* remainder) {
  auto high = static_cast<uint64_t>(v >> 64), low = static_cast<uint64_t>(v);
  if (PT_LIKELY(!(d >> 64))) {
    auto divisor = static_cast<uint64_t>(d);
    if (!high) {
      *remainder = low % divisor;
      return low / divisor;
    }
    uint64_t upper = 0, rest = high, lower;
    if (high >= divisor) {
      upper = high / divisor;
      rest = high % divisor;
    }
#if defined(__x86_64__)
    __asm__("divq %4" : "=a"(lower), "=d"(rest) : "a"(low), "d"(rest), "r"(divisor) : "cc");
#else
    u128 joined = static_cast<u128>(rest) << 64 | low;
    lower = static_cast<uint64_t>(joined / divisor);
    rest = static_cast<uint64_t>(joined % divisor);
#endif
    *remainder = rest;
    return static_cast<u128>(upper) << 64 | lower;
  }
  u128 quotient = v / d;
  *remainder = v - quotient * d;
  return quotient;
}

// Whether the last digit is 0 or 5.
PT_INLINE bool divisible_by_five(u128 v) {
  return (static_cast<uint64_t>(v) % 5 + static_cast<uint64_t>(v >> 64) % 5) % 5 == 0;  // 2^64 is 1 modulo 5
}

// A number in the making, or a view of one. Moved, not copied; copy() copies.
class Number {
 public:
  bool negative = false;
  Kind kind = Kind::kFinite;
  int64_t exponent = 0;  // finite numbers only

  Number() = default;
  Number(bool is_negative, u128 coefficient, int64_t e) : negative(is_negative), exponent(e) { set(coefficient); }
  Number(Number&& other) noexcept { take(other); }
  Number& operator=(Number&& other) noexcept {
    if (this != &other) {
      drop();
      take(other);
    }
    return *this;
  }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  PT_INLINE ~Number() { drop(); }

  bool finite() const { return kind == Kind::kFinite; }
  bool infinite() const { return kind == Kind::kInfinite; }
  bool nan() const { return kind >= Kind::kQuiet; }
  bool quiet() const { return kind == Kind::kQuiet; }
  bool signaling() const { return kind == Kind::kSignaling; }
  // The coefficient of a finite number, the payload of a NaN.
  bool big() const { return big_; }
  u128 small() const { return small_; }  // when not big()
  mpz_srcptr z() const { return z_; }    // when big()
  bool coefficient_zero() const { return !big_ && small_ == 0; }
  bool zero() const { return finite() && coefficient_zero(); }
  PT_INLINE int64_t digits() const { return PT_LIKELY(!big_) ? count_digits(small_) : big_digits(); }
  int64_t adjusted() const { return exponent + digits() - 1; }
  bool odd() const { return big_ ? mpz_odd_p(z_) : small_ & 1; }

  PT_INLINE void set(u128 v) {
    if (PT_UNLIKELY(v >= kSmallLimit)) return set_wide(v);
    drop();
    big_ = false;
    small_ = v;
  }
  void view_small(u128 v) { small_ = v; }  // of a new number; v < 10^38
  void adopt(mpz_ptr z);  // takes the value of z, which keeps some other one
  // Shows limbs that outlive the number and say 10^38 or more.
  void view(const uint64_t* limbs, int64_t count, int64_t digits);
  void set_special(Kind k, bool is_negative) {
    set(0);
    kind = k;
    negative = is_negative;
    exponent = 0;
  }
  void abandon() {  // its memory is gone
    big_ = owned_ = false;
    small_ = 0;
  }
  Number copy() const;
  void copy_coefficient(const Number& other);
  // The limbs of a big coefficient, for whoever frees them with release_limbs(). nullptr: no memory. Needs no attempt.
  uint64_t* take_limbs(int64_t* count, int64_t* digits);

 private:
  PT_INLINE void drop() {
    if (PT_UNLIKELY(owned_)) {
      mpz_clear(z_);
      owned_ = false;
    }
  }
  void take(Number& other) {
    negative = other.negative;
    kind = other.kind;
    exponent = other.exponent;
    big_ = other.big_;
    small_ = other.small_;
    if (PT_UNLIKELY(big_)) {
      owned_ = other.owned_;
      digits_ = other.digits_;
      z_[0] = other.z_[0];
      other.owned_ = other.big_ = false;
      other.small_ = 0;
    }
  }
  PT_COLD void set_wide(u128 v);
  int64_t big_digits() const;

  bool big_ = false, owned_ = false;
  mutable int64_t digits_ = 0;  // of a big coefficient; 0: not counted yet
  u128 small_ = 0;
  mpz_t z_;  // exists while big_
};

inline void release_limbs(uint64_t* limbs) { gmp::release(limbs); }

// A number that stays for good, with what it is known by.
struct Constant {
  int64_t key;
  mpz_t value;
};
Constant* constant_new(int64_t key, mpz_srcptr value);  // nullptr: no memory
void constant_free(Constant* c);

// Any coefficient as a GMP integer for reading, while the number lives.
class Reading {
 public:
  explicit Reading(const Number& n) {
    if (n.big()) {
      z_[0] = *n.z();
    } else {
      limbs_[0] = static_cast<mp_limb_t>(n.small());
      limbs_[1] = static_cast<mp_limb_t>(n.small() >> 64);
      mpz_roinit_n(z_, limbs_, 2);
    }
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  mpz_srcptr get() const { return z_; }

 private:
  mp_limb_t limbs_[2];
  mpz_t z_;
};

// Where what is cut off lies, and whether the kept part gets one more.
enum class Rest : uint8_t { kNone, kBelowHalf, kHalf, kAboveHalf };
bool rounds_up(Rounding rounding, bool negative, Rest rest, bool odd, unsigned last_digit);
PT_INLINE Rest rest_of(u128 rest, u128 unit) {
  u128 half = unit >> 1;
  return rest == 0 ? Rest::kNone : rest < half ? Rest::kBelowHalf : rest == half ? Rest::kHalf : Rest::kAboveHalf;
}
PT_INLINE bool rounds_up(Rounding rounding, bool negative, Rest rest, u128 kept) {
  if (PT_LIKELY(rounding == Rounding::kHalfEven)) return rest > Rest::kHalf || (rest == Rest::kHalf && (kept & 1));
  return rounds_up(rounding, negative, rest, kept & 1, rounding == Rounding::k05Up ? static_cast<unsigned>(kept % 10) : 0);
}

// 10^k. False, and no_memory: it is too large to be had.
bool power_of_ten(Mpz& out, int64_t k, Status& status);
// Whether numbers of so many digits can be had at all.
bool room_for_digits(int64_t digits, Status& status);
// The coefficient times 10^k; the exponent stays.
bool scale_up(Number& n, int64_t k, Status& status);
// The coefficient without its last k > 0 digits, rounded; the exponent is raised by k. Whether something was lost.
bool drop_digits(Number& n, int64_t k, Rounding rounding, Status& status);
// Without trailing zeros, as long as the exponent stays within `limit`. A zero becomes 0 with its exponent.
void strip_zeros(Number& n, int64_t limit, Status& status);
// The last `count` > 0 digits of the coefficient. False: no_memory.
bool keep_low_digits(Number& n, int64_t count, Status& status);
// The largest k up to `limit` for which 10^k divides the coefficient.
int64_t trailing_zeros(const Number& n, int64_t limit);
// Sign of |a| - |b| of finite numbers; of their coefficients alone.
int compare_magnitudes(const Number& a, const Number& b);
int compare_coefficients(const Number& a, const Number& b);

// Whether full precision at this exponent is neither subnormal nor close to overflow.
PT_INLINE bool is_ordinary(int64_t exponent, const Rules& rules) { return exponent >= rules.emin && exponent < rules.etop(); }
// What is left of a coefficient of `drop` digits more than the precision, rounded; the exponent is an ordinary one.
void set_kept(Number& out, u128 kept, u128 rest, int64_t drop, const Rules& rules, Status& status);

// Brings the exact result `n`, or one whose last digit is sticky, within the rules: rounding, overflow, underflow, clamping
// and the flags for it. NaN payloads are cut.
void finalize_slow(Number& n, const Rules& rules, Status& status);
PT_INLINE void finalize(Number& n, const Rules& rules, Status& status) {
  if (PT_LIKELY(n.finite() && !n.big() && n.small() != 0)) {
    int64_t digits = count_digits(n.small());
    if (PT_LIKELY(digits <= rules.precision && n.exponent <= rules.etop() && n.exponent + digits - 1 >= rules.emin)) return;
  }
  finalize_slow(n, rules, status);
}
void invalid(Number& n, uint32_t condition, Status& status);  // the NaN of an invalid operation
void set_largest(Number& n, const Rules& rules, Status& status);  // the largest finite number, 99...9, with n's sign

}  // namespace pt::decimal
