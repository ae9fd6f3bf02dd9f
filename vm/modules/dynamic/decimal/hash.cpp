// Hashes: equal numbers of all types have equal ones, the value modulo 2^61 - 1.
#include "vm/modules/dynamic/decimal/decimal.h"
#include "vm/types/container_inl.h"

namespace pt::decimal {
namespace {

constexpr uint64_t kModulus = (uint64_t{1} << 61) - 1;

uint64_t multiply_modulo(uint64_t a, uint64_t b) { return static_cast<uint64_t>(static_cast<u128>(a) * b % kModulus); }

uint64_t power_modulo_prime(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result = multiply_modulo(result, base);
    base = multiply_modulo(base, base);
  }
  return result;
}

int64_t hash_of(const Number& n) {
  constexpr uint64_t kInverseOfTen = 2075258708292324556;
  static_assert(static_cast<u128>(kInverseOfTen) * 10 % kModulus == 1);
  uint64_t power = n.exponent >= 0 ? power_modulo_prime(10, static_cast<uint64_t>(n.exponent) % (kModulus - 1))
                                   : power_modulo_prime(kInverseOfTen, static_cast<uint64_t>(-n.exponent) % (kModulus - 1));
  uint64_t coefficient = n.big() ? mpn_mod_1(mpz_limbs_read(n.z()), static_cast<mp_size_t>(mpz_size(n.z())), kModulus)
                                 : static_cast<uint64_t>(n.small() % kModulus);
  auto h = static_cast<int64_t>(multiply_modulo(coefficient, power));
  if (n.negative) h = -h;
  return h == -1 ? -2 : h;
}

}  // namespace

int64_t decimal_hash(Value self) {
  Decimal* d = as_decimal(self);
  int64_t known = d->hash.load(std::memory_order_relaxed);
  if (known != -1) return known;
  Number n;
  view_of(n, d);
  if (n.signaling()) {
    raise(exc::TypeError, "Cannot hash a signaling NaN value");
    return -1;
  }
  // Every NaN hashes by identity.
  int64_t h = n.nan() ? identity_hash(Value::object(d)) : n.infinite() ? (n.negative ? -314159 : 314159) : hash_of(n);
  d->hash.store(h, std::memory_order_relaxed);
  return h;
}

}  // namespace pt::decimal
