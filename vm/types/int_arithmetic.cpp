// Arithmetic, shifts and bit operations of int.
#include "vm/object/native.h"
#include "vm/types/float.h"
#include "vm/types/int_limbs.h"
#include "vm/types/int_type.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

using i128 = __int128;
using u128 = unsigned __int128;

Ref<> from_i128(i128 product) {
  bool negative = product < 0;
  u128 magnitude = negative ? 0 - static_cast<u128>(product) : static_cast<u128>(product);
  uint64_t limbs[2] = {static_cast<uint64_t>(magnitude), static_cast<uint64_t>(magnitude >> 64)};
  return int_from_limbs(negative, limbs, 2);
}

// |a| + |b| with the given sign.
Ref<> add_magnitudes(const IntView& a, const IntView& b, bool negative) {
  const IntView& x = a.limb_count() >= b.limb_count() ? a : b;
  const IntView& y = a.limb_count() >= b.limb_count() ? b : a;
  int64_t n = x.limb_count(), m = y.limb_count();
  IntResult out(n + 1);
  if (!out.ok()) return Ref<>();
  if (m == 0) {
    memcpy(out.data(), x.limbs(), static_cast<size_t>(n) * 8);
    return out.finish(negative, n);
  }
  out.data()[n] = mpn_add(out.limbs(), mp(x), n, mp(y), m);
  return out.finish(negative, n + 1);
}

// |a| - |b|, negated when `negative`.
Ref<> subtract_magnitudes(const IntView& a, const IntView& b, bool negative) {
  int64_t n = a.limb_count(), m = b.limb_count();
  bool swap = n < m || (n == m && n > 0 && mpn_cmp(mp(a), mp(b), n) < 0);
  const IntView& x = swap ? b : a;
  const IntView& y = swap ? a : b;
  n = x.limb_count();
  m = y.limb_count();
  if (n == 0) return Ref<>::steal(Value::small_int(0));
  IntResult out(n);
  if (!out.ok()) return Ref<>();
  if (m == 0) {
    memcpy(out.data(), x.limbs(), static_cast<size_t>(n) * 8);
  } else {
    mpn_sub(out.limbs(), mp(x), n, mp(y), m);
  }
  return out.finish(negative != swap, n);
}

Ref<> multiply(Value a, Value b) {
  IntView x(a), y(b);
  if (x.limb_count() < y.limb_count()) std::swap(x, y);
  int64_t n = x.limb_count(), m = y.limb_count();
  if (m == 0) return Ref<>::steal(Value::small_int(0));
  bool negative = x.negative() != y.negative();
  IntResult out(n + m);
  if (!out.ok()) return Ref<>();
  if (m == 1) {
    out.data()[n] = mpn_mul_1(out.limbs(), mp(x), n, y.limbs()[0]);
  } else {
    bool square = a.same(b);
    if (!with_gmp(n + m, [&] {
          if (square)
            mpn_sqr(out.limbs(), mp(x), n);
          else
            mpn_mul(out.limbs(), mp(x), n, mp(y), m);
        })) {
      return Ref<>();
    }
  }
  return out.finish(negative, n + m);
}

// Floor division; either output may be nullptr. b is not zero.
bool divide(Value a, Value b, Ref<>* quotient, Ref<>* remainder) {
  if (a.is_small_int() && b.is_small_int()) {
    int64_t x = a.as_small_int(), y = b.as_small_int(), q = x / y, r = x % y;
    if (r != 0 && ((r ^ y) < 0)) {
      q--;
      r += y;
    }
    if (quotient) *quotient = int_from_int64(q);
    if (remainder) *remainder = Ref<>::steal(Value::small_int(r));
    return true;
  }
  IntView x(a), y(b);
  int64_t n = x.limb_count(), m = y.limb_count();
  bool differ = x.negative() != y.negative();
  if (n < m || (n == m && mpn_cmp(mp(x), mp(y), n) < 0)) {
    // |a| < |b|
    bool adjust = differ && n > 0;
    if (quotient) *quotient = Ref<>::steal(Value::small_int(adjust ? -1 : 0));
    if (remainder) {
      *remainder = adjust ? int_binary(BinaryOp::kAdd, a, b) : int_exact(a);
      if (!*remainder) return false;
    }
    return true;
  }
  IntResult q(n - m + 2);
  if (!q.ok()) return false;
  IntResult r(m);
  if (!r.ok()) return false;
  if (m == 1) {
    r.data()[0] = mpn_divrem_1(q.limbs(), 0, mp(x), n, y.limbs()[0]);
  } else if (!with_gmp(2 * n, [&] { mpn_tdiv_qr(q.limbs(), r.limbs(), 0, mp(x), n, mp(y), m); })) {
    return false;
  }
  int64_t q_size = n - m + 1;
  q.data()[q_size] = 0;
  bool exact = true;
  for (int64_t i = 0; exact && i < m; i++) exact = r.data()[i] == 0;
  if (differ && !exact) {
    mpn_add_1(q.limbs(), q.limbs(), q_size + 1, 1);
    mpn_sub_n(r.limbs(), mp(y), r.limbs(), m);
  }
  if (quotient) *quotient = q.finish(differ, q_size + 1);
  if (remainder) *remainder = r.finish(y.negative(), m);
  return true;
}

// Two's complement limbs of v, sign-extended to n limbs.
void to_twos_complement(const IntView& v, uint64_t* out, int64_t n) {
  memcpy(out, v.limbs(), static_cast<size_t>(v.limb_count()) * 8);
  memset(out + v.limb_count(), 0, static_cast<size_t>(n - v.limb_count()) * 8);
  if (v.negative()) mpn_neg(mp(out), mp(out), n);
}

Ref<> bitwise(BinaryOp op, Value a, Value b) {
  IntView x(a), y(b);
  if (x.limb_count() < y.limb_count()) std::swap(x, y);
  auto combine = [op](uint64_t p, uint64_t q) { return op == BinaryOp::kAnd ? p & q : op == BinaryOp::kOr ? p | q : p ^ q; };
  if (!x.negative() && !y.negative()) {
    int64_t n = op == BinaryOp::kAnd ? y.limb_count() : x.limb_count();
    IntResult out(n);
    if (!out.ok()) return Ref<>();
    for (int64_t i = 0; i < n; i++) out.data()[i] = combine(x.limbs()[i], i < y.limb_count() ? y.limbs()[i] : 0);
    return out.finish(false, n);
  }
  int64_t n = x.limb_count() + 1;
  LimbBuffer p(n), q(n);
  IntResult out(n);
  if (!p.ok() || !q.ok() || !out.ok()) return Ref<>();
  to_twos_complement(x, p.data(), n);
  to_twos_complement(y, q.data(), n);
  for (int64_t i = 0; i < n; i++) out.data()[i] = combine(p[i], q[i]);
  bool negative = out.data()[n - 1] >> 63;
  if (negative) mpn_neg(out.limbs(), out.limbs(), n);
  return out.finish(negative, n);
}

Ref<> shift_left(Value a, Value b) {
  if (int_sign(b) < 0) return raise(exc::ValueError, "negative shift count");
  if (int_sign(a) == 0) return Ref<>::steal(Value::small_int(0));
  int64_t count;
  if (!int_to_int64(b, &count)) return raise(exc::OverflowError, "too many digits in integer");
  if (count < 62 && a.is_small_int()) {
    int64_t x = a.as_small_int();
    int64_t shifted = static_cast<int64_t>(static_cast<uint64_t>(x) << count);
    if (shifted >> count == x) return int_from_int64(shifted);
  }
  IntView x(a);
  int64_t whole = count / 64, n = x.limb_count();
  int bits = static_cast<int>(count % 64);
  if (whole > kMaxLimbs) return raise_no_memory();
  IntResult out(n + whole + 1);
  if (!out.ok()) return Ref<>();
  memset(out.data(), 0, static_cast<size_t>(whole) * 8);
  if (bits) {
    out.data()[whole + n] = mpn_lshift(out.limbs() + whole, mp(x), n, static_cast<unsigned>(bits));
  } else {
    memcpy(out.data() + whole, x.limbs(), static_cast<size_t>(n) * 8);
    out.data()[whole + n] = 0;
  }
  return out.finish(x.negative(), n + whole + 1);
}

Ref<> shift_right(Value a, Value b) {
  if (int_sign(b) < 0) return raise(exc::ValueError, "negative shift count");
  int64_t count;
  if (!int_to_int64(b, &count)) return Ref<>::steal(Value::small_int(int_sign(a) < 0 ? -1 : 0));
  if (a.is_small_int()) return Ref<>::steal(Value::small_int(a.as_small_int() >> (count > 63 ? 63 : count)));
  IntView x(a);
  int64_t whole = count / 64, n = x.limb_count() - whole;
  if (n <= 0) return Ref<>::steal(Value::small_int(x.negative() && x.limb_count() ? -1 : 0));
  IntResult out(n + 1);
  if (!out.ok()) return Ref<>();
  unsigned bits = static_cast<unsigned>(count % 64);
  bool lost = false;
  if (x.negative()) {
    for (int64_t i = 0; !lost && i < whole; i++) lost = x.limbs()[i] != 0;
  }
  if (bits) {
    lost |= mpn_rshift(out.limbs(), mp(x) + whole, n, bits) != 0;
  } else {
    memcpy(out.data(), x.limbs() + whole, static_cast<size_t>(n) * 8);
  }
  out.data()[n] = 0;
  if (x.negative() && lost) mpn_add_1(out.limbs(), out.limbs(), n + 1, 1);
  return out.finish(x.negative(), n + 1);
}

constexpr int64_t kMaxPowerBits = kMaxLimbs * 64;

Ref<> power_no_modulus(Value base, Value exponent) {
  int sign = int_sign(exponent);
  if (sign < 0) return int_to_float_power(base, exponent);
  if (sign == 0) return Ref<>::steal(Value::small_int(1));
  int64_t e;
  bool fits = int_to_int64(exponent, &e);
  IntView b(base);
  if (b.limb_count() == 0) return Ref<>::steal(Value::small_int(0));
  if (b.limb_count() == 1 && b.limbs()[0] == 1) {
    bool odd = IntView(exponent).limbs()[0] & 1;
    return Ref<>::steal(Value::small_int(b.negative() && odd ? -1 : 1));
  }
  if (!fits) return raise_no_memory();
  int64_t bits = bit_length(b);
  if (e > kMaxPowerBits / bits) return raise_no_memory();
  if (b.limb_count() == 1 && bits * e <= 62) {
    uint64_t result = 1, square = b.limbs()[0];
    for (int64_t i = e; i; i >>= 1) {
      if (i & 1) result *= square;
      square *= square;
    }
    int64_t signed_result = static_cast<int64_t>(result);
    return int_from_int64(b.negative() && (e & 1) ? -signed_result : signed_result);
  }
  if (b.limb_count() == 1 && (b.limbs()[0] & (b.limbs()[0] - 1)) == 0) {
    Value one = Value::small_int(b.negative() && (e & 1) ? -1 : 1);
    return shift_left(one, Value::small_int(__builtin_ctzll(b.limbs()[0]) * e));
  }
  if (e == 2) return multiply(base, base);
  Mpz result;
  bool ok = computing([&] { mpz_pow_ui(result.get(), MpzView(b).get(), static_cast<unsigned long>(e)); }, result);
  return ok ? int_from_mpz(result.get()) : Ref<>();
}

uint64_t multiply_modulo(uint64_t a, uint64_t b, uint64_t m) { return static_cast<uint64_t>(static_cast<u128>(a) * b % m); }

}  // namespace

Ref<> int_power(Value base, Value exponent, Value modulus) {
  if (modulus.empty()) return power_no_modulus(base, exponent);
  if (int_sign(modulus) == 0) return raise(exc::ValueError, "pow() 3rd argument cannot be 0");
  IntView m(modulus);
  bool negative = m.negative();
  if (m.limb_count() == 1 && m.limbs()[0] == 1) return Ref<>::steal(Value::small_int(0));
  Ref<> residue;
  if (m.limb_count() == 1 && int_sign(exponent) >= 0 && IntView(exponent).limb_count() <= 1) {
    if (!divide(base, modulus, nullptr, &residue)) return Ref<>();
    IntView r(residue.value());
    uint64_t modulus_word = m.limbs()[0];
    uint64_t square = r.limb_count() ? r.limbs()[0] : 0, result = 1;
    if (r.negative()) square = modulus_word - square;
    for (uint64_t e = IntView(exponent).limb_count() ? IntView(exponent).limbs()[0] : 0; e; e >>= 1) {
      if (e & 1) result = multiply_modulo(result, square, modulus_word);
      square = multiply_modulo(square, square, modulus_word);
    }
    if (negative && result) return int_from_limbs(true, &(result = modulus_word - result), 1);
    return int_from_uint64(result);
  }
  MpzView b{IntView(base)}, e{IntView(exponent)}, n(m);
  bool invertible = true;
  Mpz result;
  bool ok = computing(
      [&] {
        // The signs of exponent and modulus do not count here: they are dealt with before and after.
        Mpz inverse, power;
        mpz_abs(power.get(), e.get());
        if (mpz_sgn(e.get()) < 0) {
          invertible = mpz_invert(inverse.get(), b.get(), n.get());
          if (!invertible) return;
        }
        mpz_powm(result.get(), mpz_sgn(e.get()) < 0 ? inverse.get() : b.get(), power.get(), n.get());
        if (negative && mpz_sgn(result.get()) != 0) mpz_add(result.get(), result.get(), n.get());
      },
      result);
  if (!ok) return Ref<>();
  if (!invertible) return raise(exc::ValueError, "base is not invertible for the given modulus");
  return int_from_mpz(result.get());
}

Ref<> int_true_divide(Value a, Value b) {
  if (int_sign(b) == 0) return raise(exc::ZeroDivisionError, "division by zero");
  IntView x(a), y(b);
  if (x.limb_count() == 0) return float_from_double(y.negative() ? -0.0 : 0.0);
  int64_t x_bits = bit_length(x), y_bits = bit_length(y);
  bool negative = x.negative() != y.negative();
  if (x_bits <= 53 && y_bits <= 53) {
    double d = static_cast<double>(x.limbs()[0]) / static_cast<double>(y.limbs()[0]);
    return float_from_double(negative ? -d : d);
  }
  if (x_bits - y_bits > 1025) return raise(exc::OverflowError, "integer division result too large for a float");
  if (x_bits - y_bits < -1080) return float_from_double(negative ? -0.0 : 0.0);
  // A quotient of 65 or 66 bits decides the rounding together with "was there a remainder".
  int64_t shift = 65 - (x_bits - y_bits);
  int64_t up = shift > 0 ? shift : 0, down = shift < 0 ? -shift : 0;
  LimbBuffer numerator(x.limb_count() + up / 64 + 2), divisor(y.limb_count() + down / 64 + 2);
  if (!numerator.ok() || !divisor.ok()) return Ref<>();
  auto shifted = [](LimbBuffer& to, const IntView& from, int64_t by) {
    int64_t n = from.limb_count(), whole = by / 64;
    memset(to.data(), 0, static_cast<size_t>(whole) * 8);
    to[whole + n] = 0;
    if (by % 64) {
      to[whole + n] = mpn_lshift(to.limbs() + whole, mp(from), n, static_cast<unsigned>(by % 64));
    } else {
      memcpy(to.data() + whole, from.limbs(), static_cast<size_t>(n) * 8);
    }
    n += whole + 1;
    while (n > 0 && to[n - 1] == 0) n--;
    return n;
  };
  int64_t n = shifted(numerator, x, up), m = shifted(divisor, y, down);
  LimbBuffer quotient(n - m + 2), remainder(m + 1);
  if (!quotient.ok() || !remainder.ok()) return Ref<>();
  if (!with_gmp(2 * n, [&] { mpn_tdiv_qr(quotient.limbs(), remainder.limbs(), 0, numerator.limbs(), n, divisor.limbs(), m); })) {
    return Ref<>();
  }
  int64_t size = n - m + 1;
  while (size > 0 && quotient[size - 1] == 0) size--;
  bool sticky = false;
  for (int64_t i = 0; !sticky && i < m; i++) sticky = remainder[i] != 0;
  int lead = __builtin_clzll(quotient[size - 1]);
  uint64_t top = quotient[size - 1] << lead;
  int64_t exponent = (size - 1) * 64 - lead;
  if (size > 1) {
    if (lead) top |= quotient[size - 2] >> (64 - lead);
    sticky |= (quotient[size - 2] << lead) != 0;
  }
  double d = round_to_double(top, exponent - shift, sticky);
  if (std::isinf(d)) return raise(exc::OverflowError, "integer division result too large for a float");
  return float_from_double(negative ? -d : d);
}

Ref<> int_binary(BinaryOp op, Value a, Value b) {
  bool small = a.is_small_int() && b.is_small_int();
  switch (op) {
    case BinaryOp::kAdd: {
      if (PT_LIKELY(small)) return int_from_int64(a.as_small_int() + b.as_small_int());
      IntView x(a), y(b);
      return x.negative() == y.negative() ? add_magnitudes(x, y, x.negative()) : subtract_magnitudes(x, y, x.negative());
    }
    case BinaryOp::kSub: {
      if (PT_LIKELY(small)) return int_from_int64(a.as_small_int() - b.as_small_int());
      IntView x(a), y(b);
      return x.negative() != y.negative() ? add_magnitudes(x, y, x.negative()) : subtract_magnitudes(x, y, x.negative());
    }
    case BinaryOp::kMul:
      if (PT_LIKELY(small)) {
        int64_t product;
        if (PT_LIKELY(!__builtin_mul_overflow(a.as_small_int(), b.as_small_int(), &product))) return int_from_int64(product);
        return from_i128(static_cast<i128>(a.as_small_int()) * b.as_small_int());
      }
      return multiply(a, b);
    case BinaryOp::kTrueDiv: return int_true_divide(a, b);
    case BinaryOp::kFloorDiv:
    case BinaryOp::kMod: {
      if (PT_UNLIKELY(int_sign(b) == 0)) {
        return raise(exc::ZeroDivisionError,
                     op == BinaryOp::kMod ? "integer modulo by zero" : "integer division or modulo by zero");
      }
      Ref<> result;
      bool ok = op == BinaryOp::kMod ? divide(a, b, nullptr, &result) : divide(a, b, &result, nullptr);
      return ok ? std::move(result) : Ref<>();
    }
    case BinaryOp::kDivmod: {
      if (int_sign(b) == 0) return raise(exc::ZeroDivisionError, "integer division or modulo by zero");
      Ref<> quotient, remainder;
      if (!divide(a, b, &quotient, &remainder)) return Ref<>();
      return tuple_of({quotient.value(), remainder.value()});
    }
    case BinaryOp::kPow: return int_power(a, b, Value());
    case BinaryOp::kLshift: return shift_left(a, b);
    case BinaryOp::kRshift: return shift_right(a, b);
    case BinaryOp::kAnd:
      if (small) return Ref<>::steal(Value::small_int(a.as_small_int() & b.as_small_int()));
      return bitwise(op, a, b);
    case BinaryOp::kOr:
      if (small) return Ref<>::steal(Value::small_int(a.as_small_int() | b.as_small_int()));
      return bitwise(op, a, b);
    case BinaryOp::kXor:
      if (small) return Ref<>::steal(Value::small_int(a.as_small_int() ^ b.as_small_int()));
      return bitwise(op, a, b);
    default: return not_implemented_ref();
  }
}

}  // namespace pt
