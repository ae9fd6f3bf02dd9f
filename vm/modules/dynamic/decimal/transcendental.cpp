// exp and ln in binary fixed point: x is held as x * 2^bits.
#include "vm/modules/dynamic/decimal/transcendental.h"

#include <atomic>
#include <cmath>

namespace pt::decimal {
namespace {

int64_t bits_of_digits(int64_t digits) { return digits * 3322 / 1000 + 2; }
int64_t square_root_of(int64_t n) { return static_cast<int64_t>(std::sqrt(static_cast<double>(n))); }
mp_bitcnt_t count(int64_t bits) { return static_cast<mp_bitcnt_t>(bits); }

// sum += factor * atanh(1/n)
void add_atanh(mpz_ptr sum, unsigned long factor, unsigned long n, int64_t bits) {
  Mpz power, term;
  mpz_set_ui(power.get(), factor);
  mpz_mul_2exp(power.get(), power.get(), count(bits));
  mpz_tdiv_q_ui(power.get(), power.get(), n);
  for (unsigned long k = 1; mpz_sgn(power.get()); k += 2) {
    mpz_tdiv_q_ui(term.get(), power.get(), k);
    mpz_add(sum, sum, term.get());
    mpz_tdiv_q_ui(power.get(), power.get(), n * n);
  }
}

// ln(10) by its bits, immutable once published. A longer one takes its place; the others stay, their sizes double.
constinit std::atomic<const Constant*> g_ln10{nullptr};

void compute_ln10(mpz_ptr out, int64_t bits) {
  constexpr int64_t kGuard = 40;
  mpz_set_ui(out, 0);
  add_atanh(out, 46, 31, bits + kGuard);
  add_atanh(out, 34, 49, bits + kGuard);
  add_atanh(out, 20, 161, bits + kGuard);
  mpz_tdiv_q_2exp(out, out, kGuard);
}

// Wrong by less than 2 units.
void get_ln10(mpz_ptr out, int64_t bits) {
  const Constant* known = g_ln10.load(std::memory_order_acquire);  // pairs with the release below
  if (!known || known->key < bits) {
    int64_t wanted = !known ? (bits < 256 ? 256 : bits) : bits < 2 * known->key ? 2 * known->key : bits;
    compute_ln10(out, wanted);
    Constant* made = constant_new(wanted, out);
    if (made && !g_ln10.compare_exchange_strong(known, made, std::memory_order_acq_rel)) constant_free(made);
    mpz_tdiv_q_2exp(out, out, count(wanted - bits));
    return;
  }
  mpz_tdiv_q_2exp(out, known->value, count(known->key - bits));
}

// exp(x) of |x| < 2.5; wrong by less than 2 units. Halving x often enough makes the series short; squaring undoes it.
void fixed_exp(mpz_ptr out, mpz_srcptr x, int64_t bits) {
  int64_t halvings = square_root_of(bits) * 3 / 4 + 2, work = bits + 2 * halvings + 16;
  Mpz r, term;
  mpz_mul_2exp(r.get(), x, count(work - bits));
  mpz_tdiv_q_2exp(r.get(), r.get(), count(halvings));
  mpz_set_ui(term.get(), 1);
  mpz_mul_2exp(term.get(), term.get(), count(work));
  mpz_set(out, term.get());
  for (unsigned long k = 1;; ++k) {
    mpz_mul(term.get(), term.get(), r.get());
    mpz_tdiv_q_2exp(term.get(), term.get(), count(work));
    mpz_tdiv_q_ui(term.get(), term.get(), k);
    if (!mpz_sgn(term.get())) break;
    mpz_add(out, out, term.get());
  }
  for (int64_t i = 0; i < halvings; ++i) {
    mpz_mul(out, out, out);
    mpz_tdiv_q_2exp(out, out, count(work));
  }
  mpz_tdiv_q_2exp(out, out, count(work - bits));
}

// ln(m) of 0.3 < m < 3.3; wrong by less than 4 units. Halley's iteration on exp: each step triples the correct bits.
void fixed_ln(mpz_ptr out, mpz_srcptr m, int64_t bits) {
  constexpr int64_t kStart = 50, kGuard = 8;
  int64_t steps[64];
  int depth = 0;
  for (int64_t b = bits + kGuard; b > kStart; b = b / 3 + 3) steps[depth++] = b;
  long exponent;
  double mantissa = mpz_get_d_2exp(&exponent, m);
  double start = std::log(std::ldexp(mantissa, static_cast<int>(exponent - bits)));
  int64_t have = kStart + 2;
  mpz_set_d(out, std::ldexp(start, static_cast<int>(have)));
  Mpz e, sum, argument;
  while (depth-- > 0) {
    int64_t b = steps[depth];
    if (b >= have) {
      mpz_mul_2exp(out, out, count(b - have));
    } else {
      mpz_tdiv_q_2exp(out, out, count(have - b));
    }
    have = b;
    if (b >= bits) {
      mpz_mul_2exp(argument.get(), m, count(b - bits));
    } else {
      mpz_tdiv_q_2exp(argument.get(), m, count(bits - b));
    }
    // y + 2 (m - e^y) / (m + e^y)
    fixed_exp(e.get(), out, b);
    mpz_add(sum.get(), argument.get(), e.get());
    mpz_sub(e.get(), argument.get(), e.get());
    mpz_mul_2exp(e.get(), e.get(), count(b + 1));
    mpz_tdiv_q(e.get(), e.get(), sum.get());
    mpz_add(out, out, e.get());
  }
  if (have >= bits) {
    mpz_tdiv_q_2exp(out, out, count(have - bits));
  } else {
    mpz_mul_2exp(out, out, count(bits - have));
  }
}

// coefficient * 10^exponent * 2^bits, truncated.
bool to_fixed(Mpz& out, const Number& x, int64_t exponent, int64_t bits, Status& status) {
  Mpz power;
  if (!room_for_digits(x.digits() + bits / 3, status)) return false;
  mpz_mul_2exp(out.get(), Reading(x).get(), count(bits));
  if (exponent == 0) return true;
  if (!power_of_ten(power, exponent < 0 ? -exponent : exponent, status)) return false;
  if (exponent > 0) {
    mpz_mul(out.get(), out.get(), power.get());
  } else {
    mpz_tdiv_q(out.get(), out.get(), power.get());
  }
  return true;
}

// value * 10^scale / 2^bits as a number with exponent -scale.
bool from_fixed(Number& out, Mpz& value, int64_t bits, int64_t scale, Status& status) {
  Mpz power;
  if (!power_of_ten(power, scale < 0 ? -scale : scale, status)) return false;
  out.kind = Kind::kFinite;
  out.negative = mpz_sgn(value.get()) < 0;
  mpz_abs(value.get(), value.get());
  if (scale >= 0) {
    mpz_mul(value.get(), value.get(), power.get());
    mpz_tdiv_q_2exp(value.get(), value.get(), count(bits));
  } else {
    mpz_tdiv_q_2exp(value.get(), value.get(), count(bits));
    mpz_tdiv_q(value.get(), value.get(), power.get());
  }
  out.adopt(value.get());
  out.exponent = -scale;
  return true;
}

// ln(1 + d) of a small d: d * (1 - d/2 + d^2/3 - ...), where only the sum needs fixed point.
void ln_near_one(Number& out, const Number& d, int64_t digits, Status& status) {
  int64_t bits = bits_of_digits(digits) + 24;
  int64_t size = d.digits(), room = digits + 1 > size ? digits + 1 : size;
  if (d.adjusted() < -room - 2) {
    // d, and less than a unit below the last of these digits: whatever is between stands for it.
    Mpz scaled;
    if (!to_fixed(scaled, d, room - size + 2, 0, status)) return;
    if (d.negative) {
      mpz_add_ui(scaled.get(), scaled.get(), 50);
    } else {
      mpz_sub_ui(scaled.get(), scaled.get(), 50);
    }
    out.kind = Kind::kFinite;
    out.negative = d.negative;
    out.exponent = d.exponent - (room - size + 2);
    out.adopt(scaled.get());
    return;
  }
  Mpz x, sum, power, term;
  if (!to_fixed(x, d, d.exponent, bits, status)) return;
  if (d.negative) mpz_neg(x.get(), x.get());
  mpz_set_ui(power.get(), 1);
  mpz_mul_2exp(power.get(), power.get(), count(bits));
  mpz_set(sum.get(), power.get());
  for (unsigned long k = 2;; ++k) {
    mpz_mul(power.get(), power.get(), x.get());
    mpz_tdiv_q_2exp(power.get(), power.get(), count(bits));
    mpz_neg(power.get(), power.get());
    mpz_tdiv_q_ui(term.get(), power.get(), k);
    if (!mpz_sgn(term.get())) break;
    mpz_add(sum.get(), sum.get(), term.get());
  }
  mpz_mul(sum.get(), sum.get(), Reading(d).get());
  if (!from_fixed(out, sum, bits, room - size, status)) return;
  out.exponent += d.exponent;
  out.negative = d.negative;
}

}  // namespace

void approximate_exp(Number& out, const Number& x, int64_t digits, Status& status) {
  int64_t adjusted = x.adjusted();
  // Whole powers of ten are split off: exp(x) = 10^k exp(r) with 0 <= r < ln(10).
  int64_t bits = bits_of_digits(digits) + 16 + (adjusted >= 0 ? 4 * (adjusted + 1) : 0);
  Mpz value, ln10, k, r;
  if (!to_fixed(value, x, x.exponent, bits, status)) return;
  if (x.negative) mpz_neg(value.get(), value.get());
  get_ln10(ln10.get(), bits);
  mpz_fdiv_qr(k.get(), r.get(), value.get(), ln10.get());
  fixed_exp(value.get(), r.get(), bits);
  if (!from_fixed(out, value, bits, digits, status)) return;
  // Beyond the reach of any exponent the context's limits do the rest.
  out.exponent += mpz_cmp_si(k.get(), kFarExponent) > 0    ? kFarExponent
                  : mpz_cmp_si(k.get(), -kFarExponent) < 0 ? -kFarExponent
                                                           : mpz_get_si(k.get());
}

void approximate_ln(Number& out, const Number& x, int64_t digits, Status& status) {
  // x = m * 10^k with 0.316 < m < 3.17.
  int64_t size = x.digits(), k = x.exponent + size - 1;
  Number leading = x.copy();
  if (size > 3) {
    drop_digits(leading, size - 3, Rounding::kDown, status);
  } else {
    scale_up(leading, 3 - size, status);
  }
  if (leading.small() >= 316) k++;
  int64_t bits = bits_of_digits(digits) + 32, extra = 0;
  if (k == 0) {
    Number one(false, 1, 0), distance;
    subtract(distance, x, one, Rules(), status);
    if (status.no_memory) return;
    int64_t near = -distance.adjusted();
    if (near * 3 > square_root_of(bits)) return ln_near_one(out, distance, digits, status);
    // Leading zeros of the logarithm.
    extra = near > 0 ? near * 4 + 4 : 4;
  }
  bits += extra + bit_width(static_cast<u128>(k < 0 ? -k : k));
  Mpz m, ln, ln10;
  if (!to_fixed(m, x, x.exponent - k, bits, status)) return;
  fixed_ln(ln.get(), m.get(), bits);
  if (k) {
    get_ln10(ln10.get(), bits);
    mpz_set_si(m.get(), k);
    mpz_addmul(ln.get(), ln10.get(), m.get());
  }
  long exponent;
  double mantissa = std::fabs(mpz_get_d_2exp(&exponent, ln.get()));
  double size10 = std::log10(mantissa) + static_cast<double>(exponent - bits) * 0.30102999566398119521;
  from_fixed(out, ln, bits, digits - static_cast<int64_t>(std::floor(size10)), status);
}

void divide_by_ln10(Number& out, const Number& x, int64_t digits, Status& status) {
  int64_t bits = bits_of_digits(digits) + 16;
  Mpz ln10, value;
  get_ln10(ln10.get(), bits);
  mpz_mul_2exp(value.get(), Reading(x).get(), count(bits));
  mpz_tdiv_q(value.get(), value.get(), ln10.get());
  if (!room_for_digits(digits, status)) return;
  out.negative = x.negative;
  out.exponent = x.exponent;
  out.adopt(value.get());
}

bool is_decided(const Number& approximation, int64_t precision) {
  int64_t extra = approximation.digits() - precision;
  if (extra < 2) return false;
  Status unused;
  Mpz half, rest;
  if (!power_of_ten(half, extra - 1, unused)) return false;
  mpz_mul_ui(half.get(), half.get(), 5);
  mpz_tdiv_r(rest.get(), Reading(approximation).get(), half.get());
  if (mpz_cmp_ui(rest.get(), kApproximationError) <= 0) return false;
  mpz_add_ui(rest.get(), rest.get(), kApproximationError);
  return mpz_cmp(rest.get(), half.get()) < 0;
}

void near_one(Number& out, bool below, int64_t precision, Status& status) {
  Mpz power;
  if (!power_of_ten(power, precision + 1, status)) return;
  if (below) {
    mpz_sub_ui(power.get(), power.get(), 1);
  } else {
    mpz_add_ui(power.get(), power.get(), 1);
  }
  out.negative = false;
  out.exponent = -precision - 1;
  out.adopt(power.get());
}

}  // namespace pt::decimal
