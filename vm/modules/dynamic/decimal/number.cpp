// Coefficients: their size, powers of ten, scaling.
#include "vm/modules/dynamic/decimal/number.h"

#include <atomic>
#include <cmath>
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/dynamic/decimal/wide.h"

namespace pt::decimal {
namespace {

constexpr double kLog10Of2 = 0.30102999566398119521;

u128 to_u128(mpz_srcptr z) {
  size_t n = mpz_size(z);
  const mp_limb_t* limbs = mpz_limbs_read(z);
  return n == 0 ? 0 : n == 1 ? limbs[0] : static_cast<u128>(limbs[1]) << 64 | limbs[0];
}
void from_u128(mpz_ptr z, u128 v) {
  mp_limb_t* limbs = mpz_limbs_write(z, 2);
  limbs[0] = static_cast<mp_limb_t>(v);
  limbs[1] = static_cast<mp_limb_t>(v >> 64);
  mpz_limbs_finish(z, limbs[1] ? 2 : limbs[0] ? 1 : 0);
}

// Powers of ten that were asked for, by their exponents, each made once and then immutable; who comes first has the place
// for good.
constexpr int64_t kCachedPowers = 256, kCachedDigits = 8192;
constinit std::atomic<const Constant*> g_powers[kCachedPowers] = {};

void make_power(mpz_ptr out, int64_t k) {
  mpz_ui_pow_ui(out, 5, static_cast<unsigned long>(k));
  mpz_mul_2exp(out, out, static_cast<mp_bitcnt_t>(k));
}

// 10^k, wherever it is: cached, or in `own`.
mpz_srcptr shared_power(int64_t k, Mpz& own) {
  if (k < kCachedDigits) {
    std::atomic<const Constant*>& place = g_powers[k % kCachedPowers];
    const Constant* found = place.load(std::memory_order_acquire);  // pairs with the release below
    if (!found) {
      make_power(own.get(), k);
      Constant* made = constant_new(k, own.get());
      if (!made) return own.get();
      if (place.compare_exchange_strong(found, made, std::memory_order_acq_rel)) return made->value;
      constant_free(made);
    }
    if (found->key == k) return found->value;
  }
  make_power(own.get(), k);
  return own.get();
}

}  // namespace

Constant* constant_new(int64_t key, mpz_srcptr value) {
  size_t count = mpz_size(value);
  auto* c = static_cast<Constant*>(memory::allocate(sizeof(Constant) + count * sizeof(mp_limb_t)));
  if (!c) return nullptr;
  c->key = key;
  auto* limbs = reinterpret_cast<mp_limb_t*>(c + 1);
  std::memcpy(limbs, mpz_limbs_read(value), count * sizeof(mp_limb_t));
  mpz_roinit_n(c->value, limbs, static_cast<mp_size_t>(count));
  return c;
}
void constant_free(Constant* c) { memory::release(c); }

bool room_for_digits(int64_t digits, Status& status) {
  constexpr int64_t kMost = 30'000'000'000;
  if (PT_LIKELY(digits <= kMost)) return true;
  status.no_memory = true;
  return false;
}

bool power_of_ten(Mpz& out, int64_t k, Status& status) {
  if (!room_for_digits(k, status)) return false;
  mpz_srcptr power = shared_power(k, out);
  if (power != out.get()) mpz_set(out.get(), power);
  return true;
}

void Number::set_wide(u128 v) {
  drop();
  mpz_init(z_);
  from_u128(z_, v);
  big_ = owned_ = true;
  digits_ = count_digits(v);
}
void Number::adopt(mpz_ptr z) {
  if (mpz_size(z) <= 2) {
    u128 v = to_u128(z);
    if (v < kSmallLimit) {
      set(v);
      return;
    }
  }
  drop();
  mpz_init(z_);
  mpz_swap(z_, z);
  big_ = owned_ = true;
  digits_ = 0;
}
void Number::view(const uint64_t* limbs, int64_t count, int64_t known) {
  drop();
  mpz_roinit_n(z_, reinterpret_cast<const mp_limb_t*>(limbs), static_cast<mp_size_t>(count));
  big_ = true;
  digits_ = known;
}
uint64_t* Number::take_limbs(int64_t* count, int64_t* digits) {
  Number own;
  bool ok = gmp::attempt(
      [&] {
        *digits = big_digits();
        if (!owned_) own.copy_coefficient(*this);
      },
      own);
  if (!ok) return nullptr;
  if (!owned_) return own.take_limbs(count, digits);
  *count = static_cast<int64_t>(mpz_size(z_));
  if (z_[0]._mp_alloc > *count + *count / 4 + 1) {
    bool shorter = gmp::attempt([&] { mpz_realloc2(z_, static_cast<mp_bitcnt_t>(*count) * 64); });
    (void)shorter;  // or not
  }
  auto* limbs = reinterpret_cast<uint64_t*>(z_[0]._mp_d);
  abandon();
  return limbs;
}
void Number::copy_coefficient(const Number& other) {
  if (!other.big_) {
    set(other.small_);
    return;
  }
  mpz_t copy;
  mpz_init(copy);
  mpz_set(copy, other.z_);
  drop();
  z_[0] = copy[0];
  big_ = owned_ = true;
  digits_ = other.digits_;
}
Number Number::copy() const {
  Number n;
  n.negative = negative;
  n.kind = kind;
  n.exponent = exponent;
  n.copy_coefficient(*this);
  return n;
}

int64_t Number::big_digits() const {
  if (digits_) return digits_;
  long bits;
  double mantissa = mpz_get_d_2exp(&bits, z_);
  double size = static_cast<double>(bits) * kLog10Of2 + std::log10(mantissa);
  double slack = static_cast<double>(bits) * 1e-15 + 1e-12;
  double low = std::floor(size - slack), high = std::floor(size + slack);
  auto digits = static_cast<int64_t>(low) + 1;
  if (low != high) {
    Mpz own;
    if (mpz_cmp(z_, shared_power(digits, own)) >= 0) digits++;
  }
  return digits_ = digits;
}

bool scale_up(Number& n, int64_t k, Status& status) {
  if (k <= 0 || n.coefficient_zero()) return true;
  if (!n.big() && k <= kSmallDigits && count_digits(n.small()) + k <= kSmallDigits) {
    n.set(n.small() * kPowers.of[k]);
    return true;
  }
  int64_t digits = n.digits();
  if (!room_for_digits(digits + k, status)) return false;
  Mpz own, product;
  mpz_mul(product.get(), Reading(n).get(), shared_power(k, own));
  n.adopt(product.get());
  return true;
}

bool rounds_up(Rounding rounding, bool negative, Rest rest, bool odd, unsigned last_digit) {
  switch (rounding) {
    case Rounding::kUp: return true;
    case Rounding::kDown: return false;
    case Rounding::kCeiling: return !negative;
    case Rounding::kFloor: return negative;
    case Rounding::kHalfUp: return rest >= Rest::kHalf;
    case Rounding::kHalfDown: return rest > Rest::kHalf;
    case Rounding::kHalfEven: return rest > Rest::kHalf || (rest == Rest::kHalf && odd);
    default: return last_digit == 0 || last_digit == 5;
  }
}

bool drop_digits(Number& n, int64_t k, Rounding rounding, Status& status) {
  n.exponent += k;
  if (n.coefficient_zero()) return false;
  int64_t digits = n.digits();
  if (k > digits) {
    n.set(rounds_up(rounding, n.negative, Rest::kBelowHalf, false, 0));
    return true;
  }
  if (!n.big()) {
    u128 power = kPowers.of[k], rest;
    u128 kept = divide_small(n.small(), power, &rest);
    if (rest == 0) {
      n.set(kept);
      return false;
    }
    n.set(kept + rounds_up(rounding, n.negative, rest_of(rest, power), kept));
    return true;
  }
  if (!room_for_digits(digits, status)) return true;
  Mpz own, kept, rest;
  mpz_srcptr power = shared_power(k, own);
  mpz_tdiv_qr(kept.get(), rest.get(), n.z(), power);
  bool lost = mpz_sgn(rest.get()) != 0;
  if (lost) {
    mpz_mul_2exp(rest.get(), rest.get(), 1);
    int order = mpz_cmp(rest.get(), power);
    Rest where = order < 0 ? Rest::kBelowHalf : order == 0 ? Rest::kHalf : Rest::kAboveHalf;
    auto last = static_cast<unsigned>(rounding == Rounding::k05Up ? mpz_fdiv_ui(kept.get(), 10) : 0);
    if (rounds_up(rounding, n.negative, where, mpz_odd_p(kept.get()), last)) mpz_add_ui(kept.get(), kept.get(), 1);
  }
  n.adopt(kept.get());
  return lost;
}

bool keep_low_digits(Number& n, int64_t count, Status& status) {
  if (n.digits() <= count) return true;
  Mpz power, rest;
  if (!power_of_ten(power, count, status)) return false;
  mpz_tdiv_r(rest.get(), Reading(n).get(), power.get());
  n.adopt(rest.get());
  return true;
}

int64_t trailing_zeros(const Number& n, int64_t limit) {
  if (n.coefficient_zero() || limit <= 0 || n.odd()) return 0;
  int64_t count = 0;
  if (!n.big()) {
    u128 v = n.small(), rest;
    for (int64_t step = 32; step; step /= 2) {
      if (count + step > limit) continue;
      u128 q = divide_small(v, kPowers.of[step], &rest);
      if (rest) continue;
      v = q;
      count += step;
    }
    // The steps reach 63 digits at most, more than there are.
    return count;
  }
  // As many as there are factors of two, at most.
  auto most = static_cast<int64_t>(mpz_scan1(n.z(), 0));
  if (most > limit) most = limit;
  Mpz own, value, quotient, rest;
  mpz_set(value.get(), n.z());
  int64_t step = 1;
  while (step * 2 <= most) step *= 2;
  for (; step; step /= 2) {
    if (count + step > most) continue;
    mpz_tdiv_qr(quotient.get(), rest.get(), value.get(), shared_power(step, own));
    if (mpz_sgn(rest.get())) continue;
    mpz_swap(value.get(), quotient.get());
    count += step;
  }
  return count;
}

void strip_zeros(Number& n, int64_t limit, Status& status) {
  int64_t room = limit - n.exponent;
  if (room <= 0 || n.coefficient_zero() || (n.big() && !room_for_digits(n.digits(), status))) return;
  if (int64_t k = trailing_zeros(n, room)) drop_digits(n, k, Rounding::kDown, status);
}

bool set_rounded(Number& out, const Wide& v, const Rules& rules, Status& status) {
  int64_t digits = count_digits(v), drop = digits - rules.precision;
  if (rules.precision >= kSmallDigits || drop > kSmallDigits) return false;
  if (drop <= 0) {
    out.set(static_cast<u128>(v.limbs[1]) << 64 | v.limbs[0]);
    finalize(out, rules, status);
    return true;
  }
  if (!is_ordinary(out.exponent + drop, rules)) return false;
  u128 rest, kept = divide_wide_by_power(v, drop, &rest);
  set_kept(out, kept, rest, drop, rules, status);
  return true;
}

int compare_coefficients(const Number& a, const Number& b) {
  if (!a.big() && !b.big()) return (a.small() > b.small()) - (a.small() < b.small());
  if (a.big() != b.big()) return a.big() ? 1 : -1;
  int order = mpz_cmp(a.z(), b.z());
  return (order > 0) - (order < 0);
}

int compare_magnitudes(const Number& a, const Number& b) {
  if (a.coefficient_zero() || b.coefficient_zero()) return b.coefficient_zero() - a.coefficient_zero();
  if (a.exponent == b.exponent) return compare_coefficients(a, b);
  int64_t left = a.adjusted(), right = b.adjusted();
  if (left != right) return left < right ? -1 : 1;
  // Equal adjusted exponents: the difference of the exponents is that of the lengths.
  Status status;
  if (a.exponent > b.exponent) {
    Number scaled = a.copy();
    scale_up(scaled, a.exponent - b.exponent, status);
    return compare_coefficients(scaled, b);
  }
  Number scaled = b.copy();
  scale_up(scaled, b.exponent - a.exponent, status);
  return compare_coefficients(a, scaled);
}

}  // namespace pt::decimal
