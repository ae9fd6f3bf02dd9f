#pragma once
// The bodies of int and float arithmetic. For stencils.cpp alone.
#include "jit_stencils/body.h"

namespace pt::jit {
namespace {

#define PT_INT_BINARY(NAME)                                                                        \
  template <> struct Body<StencilOp::k##NAME> {                                                    \
    template <int A, int B>                                                                        \
    PT_INLINE static bool run(State* s, char*, Registers& x) {                                     \
      Value out;                                                                                   \
      if (ops::NAME::run(value(x.r[A]), value(word_b<B>(s, x)), out) != Flow::kNext) return false; \
      x.r[A] = out.bits();                                                                         \
      return true;                                                                                 \
    }                                                                                              \
  };
PT_INT_BINARY(AddInt)
PT_INT_BINARY(SubInt)
PT_INT_BINARY(MulInt)
PT_INT_BINARY(FloorDivInt)
PT_INT_BINARY(ModInt)
PT_INT_BINARY(AndInt)
PT_INT_BINARY(OrInt)
PT_INT_BINARY(XorInt)
PT_INT_BINARY(LshiftInt)
PT_INT_BINARY(RshiftInt)
// x / hole 0 without a division, by its reciprocal (jit_stencils/abi.h). For a negative x it is that of ~x that is divided:
// floor(x / d) = ~floor(~x / d).
struct ByConstant {
  uint64_t sign, dividend, divisor, quotient;
  PT_INLINE ByConstant(int64_t x, uint64_t reciprocal)
      : sign(static_cast<uint64_t>(x >> 63)), dividend(static_cast<uint64_t>(x) ^ sign), divisor(hole0()) {
    auto product = static_cast<unsigned __int128>(dividend) * reciprocal;
    quotient = static_cast<uint64_t>(product >> 64) >> (63 - __builtin_clzll(divisor - 1));
  }
};
PT_BODY(FloorDivConstant) {
  ByConstant by(value(x.r[A]).as_small_int(), word_b<B>(s, x));
  x.r[A] = Value::small_int(static_cast<int64_t>(by.quotient ^ by.sign)).bits();
  return true;
}
PT_BODY(ModConstant) {
  ByConstant by(value(x.r[A]).as_small_int(), word_b<B>(s, x));
  uint64_t rest = by.dividend - by.quotient * by.divisor;
  x.r[A] = Value::small_int(static_cast<int64_t>((rest ^ by.sign) + (by.divisor & by.sign))).bits();
  return true;
}
#define PT_INT_GUARD(NAME)                                                                    \
  template <> struct Body<StencilOp::kGuard##NAME##Int> {                                     \
    template <int A, int B>                                                                   \
    PT_INLINE static bool run(State* s, char*, Registers& x) {                                \
      return ops::CompareInt<CompareOp::k##NAME>::run(value(x.r[A]), value(word_b<B>(s, x))); \
    }                                                                                         \
  };
PT_INT_GUARD(Lt)
PT_INT_GUARD(Le)
PT_INT_GUARD(Eq)
PT_INT_GUARD(Ne)
PT_INT_GUARD(Gt)
PT_INT_GUARD(Ge)
#define PT_FLOAT_BINARY(NAME)                                  \
  template <> struct Body<StencilOp::k##NAME> {                \
    template <int A, int B>                                    \
    PT_INLINE static bool run(State* s, char*, Registers& x) { \
      x.f[A] = ops::NAME::compute(x.f[A], float_b<B>(s, x));   \
      return true;                                             \
    }                                                          \
  };
PT_FLOAT_BINARY(AddFloat)
PT_FLOAT_BINARY(SubFloat)
PT_FLOAT_BINARY(MulFloat)
#define PT_FLOAT_GUARD(NAME, OP, EXPECTED)                                              \
  template <> struct Body<StencilOp::kGuard##NAME##Float> {                             \
    template <int A, int B>                                                             \
    PT_INLINE static bool run(State* s, char*, Registers& x) {                          \
      return ops::compare_numbers<CompareOp::OP>(x.f[A], float_b<B>(s, x)) == EXPECTED; \
    }                                                                                   \
  };
PT_FLOAT_GUARD(Lt, kLt, true)
PT_FLOAT_GUARD(Le, kLe, true)
PT_FLOAT_GUARD(NotLt, kLt, false)
PT_FLOAT_GUARD(NotLe, kLe, false)
PT_FLOAT_GUARD(Eq, kEq, true)
PT_FLOAT_GUARD(Ne, kNe, true)

PT_BODY(AddIntConstant) {
  uint64_t sum = word_b<B>(s, x);
  bool overflow;
  asm("addq %2, %0" : "+r"(sum), "=@cco"(overflow) : "i"(pt_hole_0));
  if (A == B && overflow) return false;
  x.r[A] = sum;
  return !overflow;
}
PT_BODY(SqrtFloat) {
  if (!(x.f[A] >= 0.0)) return false;
  x.f[A] = __builtin_sqrt(x.f[A]);
  return true;
}
PT_BODY(DivFloat) {
  double y = float_b<B>(s, x);
  if (y == 0.0) return false;
  x.f[A] = x.f[A] / y;
  return true;
}
template <int A, int B>
PT_INLINE void choose(State* s, Registers& x, bool greater) {
  uint64_t b = word_b<B>(s, x);
  if (greater ? static_cast<int64_t>(b) > static_cast<int64_t>(x.r[A]) : static_cast<int64_t>(b) < static_cast<int64_t>(x.r[A]))
    x.r[A] = b;
}
PT_BODY(MinInt) {
  choose<A, B>(s, x, false);
  return true;
}
PT_BODY(MaxInt) {
  choose<A, B>(s, x, true);
  return true;
}
// As min() and max(): the first stays unless the second is less (greater).
PT_BODY(MinFloat) {
  double y = float_b<B>(s, x);
  x.f[A] = y < x.f[A] ? y : x.f[A];
  return true;
}
PT_BODY(MaxFloat) {
  double y = float_b<B>(s, x);
  x.f[A] = y > x.f[A] ? y : x.f[A];
  return true;
}
PT_BODY(NegFloat) {
  uint64_t sign = uint64_t{1} << 63;
  asm("" : "+r"(sign));  // keeps the constant out of memory, which a stencil cannot have
  x.f[A] = std::bit_cast<double>(std::bit_cast<uint64_t>(x.f[A]) ^ sign);
  return true;
}

}  // namespace
}  // namespace pt::jit
