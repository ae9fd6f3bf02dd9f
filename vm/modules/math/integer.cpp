// math: functions of integers.
#include <bit>
#include <cmath>

#include "vm/modules/math/math.h"
#include "vm/types/int_limbs.h"

namespace pt::math_module_parts {
namespace {

bool negative(Value v) { return int_sign(v) < 0; }
bool is_zero(Value v) { return int_sign(v) == 0; }

uint64_t gcd_words(uint64_t a, uint64_t b) {
  if (!a) return b;
  if (!b) return a;
  int shift = std::countr_zero(a | b);
  a >>= std::countr_zero(a);
  while (b) {
    b >>= std::countr_zero(b);
    if (a > b) {
      uint64_t t = a;
      a = b;
      b = t;
    }
    b -= a;
  }
  return a << shift;
}
uint64_t magnitude(Value small) {
  int64_t i = small.as_small_int();
  return i < 0 ? uint64_t{0} - static_cast<uint64_t>(i) : static_cast<uint64_t>(i);
}
// Of two ints; never negative.
Ref<> gcd_pair(Value x, Value y) {
  if (x.is_small_int() && y.is_small_int()) return int_from_uint64(gcd_words(magnitude(x), magnitude(y)));
  MpzView a{IntView(x)}, b{IntView(y)};
  Mpz r;
  return computing([&] { mpz_gcd(r.get(), a.get(), b.get()); }, r) ? int_from_mpz(r.get()) : Ref<>();
}
Ref<> absolute(Value v) {
  return negative(v) ? int_binary(BinaryOp::kSub, Value::small_int(0), v) : int_binary(BinaryOp::kAdd, v, Value::small_int(0));
}

}  // namespace

Ref<> gcd(const Value* a) {
  Tuple* args = as_tuple(a[1]);
  Ref<> result = int_from_int64(0);
  for (int64_t i = 0; i < args->length; ++i) {
    Ref<> x = index(args->at(i));
    if (!x) return x;
    result = gcd_pair(result.value(), x.value());
    if (!result) return result;
  }
  return result;
}

Ref<> lcm(const Value* a) {
  Tuple* args = as_tuple(a[1]);
  Ref<> result = int_from_int64(1);
  for (int64_t i = 0; i < args->length; ++i) {
    Ref<> x = index(args->at(i));
    if (!x) return x;
    if (is_zero(result.value())) continue;  // the rest is only checked
    if (is_zero(x.value())) {
      result = int_from_int64(0);
      continue;
    }
    Ref<> common = gcd_pair(result.value(), x.value());
    Ref<> factor = common ? int_binary(BinaryOp::kFloorDiv, result.value(), common.value()) : Ref<>();
    Ref<> product = factor ? int_binary(BinaryOp::kMul, factor.value(), x.value()) : Ref<>();
    if (!product) return product;
    result = absolute(product.value());
    if (!result) return result;
  }
  return result;
}

Ref<> integer_sqrt(const Value* a) {
  Ref<> n = index(a[1]);
  if (!n) return n;
  if (negative(n.value())) return raise(exc::ValueError, "isqrt() argument must be nonnegative");
  if (n.value().is_small_int()) {
    auto wanted = static_cast<uint64_t>(n.value().as_small_int());
    auto root = static_cast<uint64_t>(std::sqrt(static_cast<double>(wanted)));
    while (root * root > wanted) --root;
    while ((root + 1) * (root + 1) <= wanted) ++root;
    return int_from_uint64(root);
  }
  MpzView view{IntView(n.value())};
  Mpz r;
  return computing([&] { mpz_sqrt(r.get(), view.get()); }, r) ? int_from_mpz(r.get()) : Ref<>();
}

namespace {
// start * (start + 1) * ... * (stop - 1), by halves so that the factors stay of like size.
Ref<> range_product(int64_t start, int64_t stop) {
  if (stop - start <= 8) {
    Ref<> result = int_from_int64(start < stop ? start : 1);
    for (int64_t i = start + 1; i < stop && result; ++i) {
      Ref<> factor = int_from_int64(i);
      result = int_binary(BinaryOp::kMul, result.value(), factor.value());
    }
    return result;
  }
  int64_t middle = start + (stop - start) / 2;
  Ref<> low = range_product(start, middle);
  Ref<> high = low ? range_product(middle, stop) : Ref<>();
  if (!high) return high;
  return int_binary(BinaryOp::kMul, low.value(), high.value());
}
// The product of the odd numbers in [low, high).
Ref<> odd_product(uint64_t low, uint64_t high) {
  low |= 1;
  if (low >= high) return int_from_int64(1);
  if (high - low <= 16) {
    Ref<> result = int_from_uint64(low);
    for (uint64_t i = low + 2; i < high && result; i += 2) {
      Ref<> factor = int_from_uint64(i);
      result = int_binary(BinaryOp::kMul, result.value(), factor.value());
    }
    return result;
  }
  uint64_t middle = low + (high - low) / 2;
  Ref<> first = odd_product(low, middle);
  Ref<> second = first ? odd_product(middle, high) : Ref<>();
  if (!second) return second;
  return int_binary(BinaryOp::kMul, first.value(), second.value());
}
}  // namespace

Ref<> factorial(const Value* a) {
  Ref<> i = index(a[1]);
  if (!i) return i;
  int64_t n;
  if (negative(i.value())) return raise(exc::ValueError, "factorial() not defined for negative values");
  if (!int_to_int64(i.value(), &n)) {
    return raise(exc::OverflowError, "factorial() argument should not exceed %ld", int64_t{INT64_MAX});
  }
  if (n < 2) return int_from_int64(1);
  if (n <= 20) return range_product(1, n + 1);
  // n! = 2**k times, for each i, the odd numbers up to n / 2**i.
  Ref<> odd_part = int_from_int64(1);
  Ref<> inner = int_from_int64(1);
  for (int shift = 63 - std::countl_zero(static_cast<uint64_t>(n)); shift >= 0; --shift) {
    uint64_t limit = static_cast<uint64_t>(n) >> shift;
    Ref<> more = odd_product((limit >> 1) + 1, limit + 1);
    if (!more) return more;
    inner = int_binary(BinaryOp::kMul, inner.value(), more.value());
    if (!inner) return inner;
    odd_part = int_binary(BinaryOp::kMul, odd_part.value(), inner.value());
    if (!odd_part) return odd_part;
  }
  Ref<> twos = int_from_int64(n - std::popcount(static_cast<uint64_t>(n)));
  return int_binary(BinaryOp::kLshift, odd_part.value(), twos.value());
}

namespace {

// n * (n-1) * ... * (n-k+1) for k >= 1.
Ref<> falling(Value n, int64_t k) {
  int64_t small;
  if (int_to_int64(n, &small) && small < INT64_MAX) return range_product(small - k + 1, small + 1);
  if (k == 1) return Ref<>::retain(n);
  int64_t half = k / 2;
  Ref<> first = falling(n, half);
  Ref<> offset = int_from_int64(half);
  Ref<> rest = first ? int_binary(BinaryOp::kSub, n, offset.value()) : Ref<>();
  if (!rest) return rest;
  Ref<> second = falling(rest.value(), k - half);
  if (!second) return second;
  return int_binary(BinaryOp::kMul, first.value(), second.value());
}
// n choose k for 1 <= k <= n: C(n, k) = C(n, j) * C(n-j, k-j) / C(k, j).
Ref<> choose(Value n, int64_t k) {
  int64_t small;
  if (int_to_int64(n, &small)) {
    // While the products fit a word, division stays exact step by step.
    uint64_t result = 1;
    bool fits = true;
    for (int64_t i = 0; fits && i < k; ++i) {
      uint64_t factor = static_cast<uint64_t>(small - i);
      fits = !__builtin_mul_overflow(result, factor, &result);
      if (fits) result /= static_cast<uint64_t>(i + 1);
    }
    if (fits) return int_from_uint64(result);
  }
  if (k == 1) return Ref<>::retain(n);
  int64_t j = k / 2;
  Ref<> first = choose(n, j);
  Ref<> j_object = int_from_int64(j);
  Ref<> rest = first ? int_binary(BinaryOp::kSub, n, j_object.value()) : Ref<>();
  Ref<> second = rest ? choose(rest.value(), k - j) : Ref<>();
  Ref<> product = second ? int_binary(BinaryOp::kMul, first.value(), second.value()) : Ref<>();
  if (!product) return product;
  Ref<> k_object = int_from_int64(k);
  Ref<> divisor = choose(k_object.value(), j);
  if (!divisor) return divisor;
  return int_binary(BinaryOp::kFloorDiv, product.value(), divisor.value());
}

}  // namespace

Ref<> perm(const Value* a) {
  if (!given(a[2])) return factorial(a);
  Ref<> n = index(a[1]);
  Ref<> k = n ? index(a[2]) : Ref<>();
  if (!k) return k;
  if (negative(n.value())) return raise(exc::ValueError, "n must be a non-negative integer");
  if (negative(k.value())) return raise(exc::ValueError, "k must be a non-negative integer");
  if (int_compare(n.value(), k.value()) < 0) return int_from_int64(0);
  int64_t count;
  if (!int_to_int64(k.value(), &count)) {
    return raise(exc::OverflowError, "k must not exceed %ld", int64_t{INT64_MAX});
  }
  return count == 0 ? int_from_int64(1) : falling(n.value(), count);
}

Ref<> comb(const Value* a) {
  Ref<> n = index(a[1]);
  Ref<> k = n ? index(a[2]) : Ref<>();
  if (!k) return k;
  if (negative(n.value())) return raise(exc::ValueError, "n must be a non-negative integer");
  if (negative(k.value())) return raise(exc::ValueError, "k must be a non-negative integer");
  Ref<> other = int_binary(BinaryOp::kSub, n.value(), k.value());
  if (!other) return other;
  if (negative(other.value())) return int_from_int64(0);
  if (int_compare(other.value(), k.value()) < 0) k = std::move(other);
  int64_t count;
  if (!int_to_int64(k.value(), &count)) {
    return raise(exc::OverflowError, "min(n - k, k) must not exceed %ld", int64_t{INT64_MAX});
  }
  return count == 0 ? int_from_int64(1) : choose(n.value(), count);
}

}  // namespace pt::math_module_parts
