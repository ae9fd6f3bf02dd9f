// math: sums, products and norms of many numbers.
#include <cfloat>
#include <cmath>

#include "gc/platform/memory.h"
#include "vm/modules/math/math.h"
#include "vm/types/int.h"

namespace pt::math_module_parts {
namespace {

// Doubles in a growing array; a few need no memory of their own.
class DoubleBuffer {
 public:
  ~DoubleBuffer() {
    if (data_ != inline_) memory::release(data_);
  }
  bool push(double d) {
    if (size_ == capacity_) {
      auto* grown = static_cast<double*>(memory::allocate(static_cast<size_t>(capacity_) * 2 * sizeof(double)));
      if (!grown) return raise_no_memory();
      for (int64_t i = 0; i < size_; ++i) grown[i] = data_[i];
      if (data_ != inline_) memory::release(data_);
      data_ = grown;
      capacity_ *= 2;
    }
    data_[size_++] = d;
    return true;
  }
  double& operator[](int64_t i) { return data_[i]; }
  double* data() { return data_; }
  int64_t size() const { return size_; }
  void truncate(int64_t n) { size_ = n; }

 private:
  double inline_[32];
  double* data_ = inline_;
  int64_t size_ = 0, capacity_ = 32;
};

// A sum with the rounding errors kept beside it (Neumaier's variant for terms not larger than the sum).
struct CompensatedSum {
  double sum = 1.0;
  PT_INLINE void add(double x, double& errors) {
    double old = sum;
    sum += x;
    errors += (old - sum) + x;
  }
};
struct Split {
  double high, low;
};
// Veltkamp's splitting into two halves of the significand.
PT_INLINE Split split(double x) {
  double t = x * 134217729.0;
  double high = t - (t - x);
  return {high, x - high};
}

// The Euclidean norm of non-negative numbers with a maximum of `largest`, correct to within one unit in the last place:
// squares are scaled by a power of two and split exactly, and the root is corrected once.
double euclidean_norm(double* v, int64_t n, double largest, bool found_nan) {
  if (std::isinf(largest)) return largest;
  if (found_nan) return std::nan("");
  if (largest == 0.0 || n <= 1) return largest;
  int exponent;
  std::frexp(largest, &exponent);
  CompensatedSum sum;
  double errors1 = 0.0, errors2 = 0.0, errors3 = 0.0;
  if (exponent < -1023) {  // the scale would overflow
    for (int64_t i = 0; i < n; ++i) {
      double x = v[i] / largest;
      sum.add(x * x, errors1);
    }
    return largest * std::sqrt(sum.sum - 1.0 + errors1);
  }
  double scale = std::ldexp(1.0, -exponent);
  for (int64_t i = 0; i < n; ++i) {
    Split x = split(v[i] * scale);
    sum.add(x.high * x.high, errors1);
    sum.add(2.0 * x.high * x.low, errors2);
    errors3 += x.low * x.low;
  }
  double root = std::sqrt(sum.sum - 1.0 + (errors1 + errors2 + errors3));
  Split r = split(root);
  sum.add(-r.high * r.high, errors1);
  sum.add(-2.0 * r.high * r.low, errors2);
  sum.add(-r.low * r.low, errors3);
  double rest = sum.sum - 1.0 + (errors1 + errors2 + errors3);
  return (root + rest / (2.0 * root)) / scale;
}

}  // namespace

// Shewchuk's algorithm (Discrete & Computational Geometry 18, 1997): partial sums that do not overlap, rounded once.
Ref<> fsum(const Value* a) {
  Ref<> iterator = get_iter(a[1]);
  if (!iterator) return iterator;
  DoubleBuffer partials;
  double special_sum = 0.0, infinite_sum = 0.0;
  for (;;) {
    Ref<> item = advance(iterator.value());
    if (!item) break;
    double x;
    if (!number(item.value(), &x)) return Ref<>();
    double original = x;
    int64_t kept = 0;
    for (int64_t i = 0; i < partials.size(); ++i) {
      double y = partials[i];
      if (std::fabs(x) < std::fabs(y)) {
        double t = x;
        x = y;
        y = t;
      }
      double high = x + y;
      double low = y - (high - x);
      if (low != 0.0) partials[kept++] = low;
      x = high;
    }
    partials.truncate(kept);
    if (x == 0.0) continue;
    if (!std::isfinite(x)) {
      if (std::isfinite(original)) return raise(exc::OverflowError, "intermediate overflow in fsum");
      if (std::isinf(original)) infinite_sum += original;
      special_sum += original;
      partials.truncate(0);
    } else if (!partials.push(x)) {
      return Ref<>();
    }
  }
  if (error_pending()) return Ref<>();
  if (special_sum != 0.0) {
    if (std::isnan(infinite_sum)) return raise(exc::ValueError, "-inf + inf in fsum");
    return float_from_double(special_sum);
  }
  int64_t n = partials.size();
  double high = 0.0, low = 0.0;
  if (n > 0) {
    high = partials[--n];
    while (n > 0) {
      double x = high;
      double y = partials[--n];
      high = x + y;
      low = y - (high - x);
      if (low != 0.0) break;
    }
    // Half-way cases: the partial below decides the rounding.
    if (n > 0 && ((low < 0.0 && partials[n - 1] < 0.0) || (low > 0.0 && partials[n - 1] > 0.0))) {
      double y = low * 2.0;
      double x = high + y;
      if (y == x - high) high = x;
    }
  }
  return float_from_double(high);
}

Ref<> prod(const Value* a) {
  Ref<> iterator = get_iter(a[1]);
  if (!iterator) return iterator;
  Ref<> result = a[2].empty() ? int_from_int64(1) : Ref<>::retain(a[2]);
  // Machine words while ints and floats allow it.
  if (result.value().is_small_int()) {
    int64_t product = result.value().as_small_int();
    Ref<> item;
    while ((item = advance(iterator.value()))) {
      int64_t next_product;
      if (item.value().is_small_int() && !__builtin_mul_overflow(product, item.value().as_small_int(), &next_product)) {
        product = next_product;
        continue;
      }
      result = int_from_int64(product);
      result = binary_operation(BinaryOp::kMul, result.value(), item.value());
      break;
    }
    if (!item) return error_pending() ? Ref<>() : int_from_int64(product);
    if (!result) return result;
  }
  if (is_exact_float(result.value())) {
    double product = as_double(result.value());
    Ref<> item;
    while ((item = advance(iterator.value()))) {
      if (is_exact_float(item.value())) {
        product *= as_double(item.value());
      } else if (item.value().is_small_int()) {
        product *= static_cast<double>(item.value().as_small_int());
      } else {
        result = float_from_double(product);
        result = binary_operation(BinaryOp::kMul, result.value(), item.value());
        break;
      }
    }
    if (!item) return error_pending() ? Ref<>() : float_from_double(product);
    if (!result) return result;
  }
  for (;;) {
    Ref<> item = advance(iterator.value());
    if (!item) return error_pending() ? Ref<>() : std::move(result);
    result = binary_operation(BinaryOp::kMul, result.value(), item.value());
    if (!result) return result;
  }
}

Ref<> hypot(const Value* a) {
  Tuple* args = as_tuple(a[1]);
  DoubleBuffer v;
  double largest = 0.0;
  bool found_nan = false;
  for (int64_t i = 0; i < args->length; ++i) {
    double x;
    if (!number(args->at(i), &x)) return Ref<>();
    x = std::fabs(x);
    found_nan |= std::isnan(x);
    if (x > largest) largest = x;
    if (!v.push(x)) return Ref<>();
  }
  return float_from_double(euclidean_norm(v.data(), v.size(), largest, found_nan));
}

Ref<> dist(const Value* a) {
  Ref<Tuple> p = tuple_from_iterable(a[1]);
  Ref<Tuple> q = p ? tuple_from_iterable(a[2]) : Ref<Tuple>();
  if (!q) return Ref<>();
  if (p->length != q->length) return raise(exc::ValueError, "both points must have the same number of dimensions");
  DoubleBuffer v;
  double largest = 0.0;
  bool found_nan = false;
  for (int64_t i = 0; i < p->length; ++i) {
    double x, y;
    if (!number(p->at(i), &x) || !number(q->at(i), &y)) return Ref<>();
    x = std::fabs(x - y);
    found_nan |= std::isnan(x);
    if (x > largest) largest = x;
    if (!v.push(x)) return Ref<>();
  }
  return float_from_double(euclidean_norm(v.data(), v.size(), largest, found_nan));
}

}  // namespace pt::math_module_parts
