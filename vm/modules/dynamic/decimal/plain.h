#pragma once
// The short way of everyday operations: operands and result have a coefficient of a word or two, nothing is rounded and
// nothing happens that a context takes note of.
#include "gc/heap/heap_inl.h"
#include "vm/modules/dynamic/decimal/decimal.h"

namespace pt::decimal {

struct Plain {
  uint64_t coefficient;
  int64_t exponent;
  bool negative;
};
PT_INLINE bool plain_operand(Value v, Plain* out) {
  if (PT_LIKELY(v.is_object() && type_of(v) == &decimal_type)) {
    const Decimal* d = as_decimal(v);
    *out = {d->low, d->exponent, d->negative};
    return d->plain;
  }
  if (!v.is_small_int()) return false;
  int64_t i = v.as_small_int();
  *out = {i < 0 ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i), 0, i < 0};
  return true;
}

// The coefficients at the smaller exponent, as long as they have 37 digits at most.
PT_INLINE bool align(const Plain& a, const Plain& b, u128* x, u128* y, int64_t* exponent) {
  constexpr int64_t kMostShift = 18;  // 10^18 * 2^64 < 10^38
  *x = a.coefficient;
  *y = b.coefficient;
  int64_t distance = a.exponent - b.exponent;
  *exponent = a.exponent;
  if (PT_LIKELY(distance == 0)) return true;
  if (distance > 0) {
    if (PT_UNLIKELY(distance > kMostShift)) return false;
    *x *= static_cast<uint64_t>(kPowers.of[distance]);
    *exponent = b.exponent;
  } else {
    if (PT_UNLIKELY(distance < -kMostShift)) return false;
    *y *= static_cast<uint64_t>(kPowers.of[-distance]);
  }
  return true;
}

// What is not zero and needs no rounding under the context's rules.
PT_INLINE bool fits(u128 coefficient, int64_t exponent, const Context* context) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  int64_t precision = context->precision.load(kRelaxed);
  return coefficient != 0 && (precision >= kSmallDigits ? coefficient < kSmallLimit : coefficient < kPowers.of[precision]) &&
         exponent >= context->emin.load(kRelaxed) && exponent <= context->emax.load(kRelaxed) - (precision - 1);
}

PT_INLINE bool plain_add(const Plain& a, const Plain& b, bool flip, u128* coefficient, int64_t* exponent, bool* negative) {
  u128 x, y;
  if (!align(a, b, &x, &y, exponent)) return false;
  bool b_negative = b.negative != flip;
  if (a.negative == b_negative) {
    *coefficient = x + y;
    *negative = a.negative;
  } else {
    *coefficient = x > y ? x - y : y - x;
    *negative = x > y ? a.negative : b_negative;
  }
  return true;
}
PT_INLINE bool plain_multiply(const Plain& a, const Plain& b, u128* coefficient, int64_t* exponent, bool* negative) {
  *coefficient = static_cast<u128>(a.coefficient) * b.coefficient;
  *exponent = a.exponent + b.exponent;
  *negative = a.negative != b.negative;
  return true;
}

// a with the exponent of another number. False: not in the short way.
PT_INLINE bool plain_quantize(const Plain& a, int64_t exponent, Rounding rounding, u128* coefficient, uint32_t* flags) {
  constexpr int64_t kMostShift = 18;
  int64_t drop = exponent - a.exponent;
  *coefficient = a.coefficient;
  *flags = 0;
  if (drop < 0) {
    if (drop < -kMostShift) return false;
    *coefficient *= static_cast<uint64_t>(kPowers.of[-drop]);
  } else if (drop > 0) {
    if (drop > kMostShift) return false;
    auto unit = static_cast<uint64_t>(kPowers.of[drop]);
    uint64_t kept = a.coefficient / unit, rest = a.coefficient % unit;
    *flags = rest ? kInexact | kRounded : kRounded;
    *coefficient = kept + (rest && rounds_up(rounding, a.negative, rest_of(rest, unit), kept));
  }
  return true;
}

// A Decimal of exactly that.
PT_INLINE Ref<> plain_new(u128 coefficient, int64_t exponent, bool negative) {
  Object* o = allocate_object_inline(shape_id_of(decimal_type.instance_shape.load(std::memory_order_relaxed)), sizeof(Decimal),
                                     false, false);
  if (PT_UNLIKELY(!o)) return raise_no_memory();
  auto* d = static_cast<Decimal*>(o);
  d->exponent = exponent;
  d->hash.store(-1, std::memory_order_relaxed);
  d->low = static_cast<uint64_t>(coefficient);
  d->high = static_cast<uint64_t>(coefficient >> 64);
  d->negative = negative;
  d->big = false;
  d->plain = d->high == 0;
  d->kind = Kind::kFinite;
  return Ref<>::steal(Value::object(o));
}

}  // namespace pt::decimal
