#pragma once
// Micro-ops: the semantics of the specialised parts of instructions, written once. A micro-op is a function from operand
// values (borrowed) to a result and a Flow; it does not know where operands live. The interpreter's handlers and the
// JIT's stencils wrap the same functions. Deopt means: this micro-op does not apply, nothing was changed.
#include <cmath>
#include <cstdint>

#include "vm/object/constants.h"
#include "vm/object/type.h"

namespace pt::ops {

enum class Flow : uint8_t { kNext, kJump, kDeopt, kRaise, kReturn };

enum class ValueKind : uint8_t { kAny, kInt, kFloat, kBool };

// What the optimiser may assume of a micro-op.
struct OpInfo {
  const char* name;
  ValueKind left, right, result;
  bool may_deopt;        // after its guards
  bool runs_python;
};

// ---- guards ------------------------------------------------------------------------------------------------------------
struct GuardBothInt {
  static constexpr OpInfo kInfo{"GuardBothInt", ValueKind::kAny, ValueKind::kAny, ValueKind::kAny, true, false};
  PT_INLINE static Flow run(Value a, Value b) { return (a.bits() & b.bits() & 1) ? Flow::kNext : Flow::kDeopt; }
};
struct GuardBothFloat {
  static constexpr OpInfo kInfo{"GuardBothFloat", ValueKind::kAny, ValueKind::kAny, ValueKind::kAny, true, false};
  PT_INLINE static Flow run(Value a, Value b) {
    return a.is_immediate_float() && b.is_immediate_float() ? Flow::kNext : Flow::kDeopt;
  }
};

// ---- int ---------------------------------------------------------------------------------------------------------------
// The tagged forms: an int i is the word 2i + 1.
struct AddInt {
  static constexpr OpInfo kInfo{"AddInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    int64_t r;
    if (__builtin_add_overflow(static_cast<int64_t>(a.bits()), static_cast<int64_t>(b.bits() - 1), &r)) return Flow::kDeopt;
    out = Value::from_bits(static_cast<uint64_t>(r));
    return Flow::kNext;
  }
};
struct SubInt {
  static constexpr OpInfo kInfo{"SubInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    int64_t r;
    if (__builtin_sub_overflow(static_cast<int64_t>(a.bits()), static_cast<int64_t>(b.bits() - 1), &r)) return Flow::kDeopt;
    out = Value::from_bits(static_cast<uint64_t>(r));
    return Flow::kNext;
  }
};
struct MulInt {
  static constexpr OpInfo kInfo{"MulInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    int64_t r;
    if (__builtin_mul_overflow(static_cast<int64_t>(a.bits() - 1), b.as_small_int(), &r)) return Flow::kDeopt;
    out = Value::from_bits(static_cast<uint64_t>(r) | 1);
    return Flow::kNext;
  }
};
struct FloorDivInt {
  static constexpr OpInfo kInfo{"FloorDivInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    int64_t x = a.as_small_int(), y = b.as_small_int();
    if (y == 0 || y == -1) return Flow::kDeopt;
    int64_t q = x / y;
    if ((x % y != 0) && ((x ^ y) < 0)) --q;
    out = Value::small_int(q);
    return Flow::kNext;
  }
};
struct ModInt {
  static constexpr OpInfo kInfo{"ModInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    int64_t x = a.as_small_int(), y = b.as_small_int();
    if (y == 0 || y == -1) return Flow::kDeopt;
    int64_t r = x % y;
    if (r != 0 && (r ^ y) < 0) r += y;
    out = Value::small_int(r);
    return Flow::kNext;
  }
};
struct AndInt {
  static constexpr OpInfo kInfo{"AndInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, false, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    out = Value::from_bits(a.bits() & b.bits());
    return Flow::kNext;
  }
};
struct OrInt {
  static constexpr OpInfo kInfo{"OrInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, false, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    out = Value::from_bits(a.bits() | b.bits());
    return Flow::kNext;
  }
};
struct XorInt {
  static constexpr OpInfo kInfo{"XorInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, false, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    out = Value::from_bits((a.bits() ^ b.bits()) | 1);
    return Flow::kNext;
  }
};
struct LshiftInt {
  static constexpr OpInfo kInfo{"LshiftInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    auto shift = static_cast<uint64_t>(b.as_small_int());
    if (shift > 61) return Flow::kDeopt;
    int64_t x = static_cast<int64_t>(a.bits() - 1);
    auto r = static_cast<int64_t>(static_cast<uint64_t>(x) << shift);
    if (r >> shift != x) return Flow::kDeopt;
    out = Value::from_bits(static_cast<uint64_t>(r) | 1);
    return Flow::kNext;
  }
};
struct RshiftInt {
  static constexpr OpInfo kInfo{"RshiftInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kInt, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    auto shift = static_cast<uint64_t>(b.as_small_int());
    if (static_cast<int64_t>(shift) < 0) return Flow::kDeopt;
    out = Value::small_int(a.as_small_int() >> (shift > 63 ? 63 : shift));
    return Flow::kNext;
  }
};

// ---- float ---------------------------------------------------------------------------------------------------------------
PT_INLINE Flow float_result(double d, Value& out) {
  out = Value::immediate_float(d);
  return PT_LIKELY(!out.empty()) ? Flow::kNext : Flow::kDeopt;
}
#define PT_FLOAT_OP(NAME, EXPRESSION)                                                                           \
  struct NAME {                                                                                                 \
    static constexpr OpInfo kInfo{#NAME, ValueKind::kFloat, ValueKind::kFloat, ValueKind::kFloat, true, false}; \
    PT_INLINE static double compute(double x, double y) { return EXPRESSION; }                                  \
    PT_INLINE static Flow run(Value a, Value b, Value& out) {                                                   \
      return float_result(compute(a.as_immediate_float(), b.as_immediate_float()), out);                        \
    }                                                                                                           \
  };
PT_FLOAT_OP(AddFloat, x + y)
PT_FLOAT_OP(SubFloat, x - y)
PT_FLOAT_OP(MulFloat, x* y)
#undef PT_FLOAT_OP
struct TrueDivFloat {
  static constexpr OpInfo kInfo{"TrueDivFloat", ValueKind::kFloat, ValueKind::kFloat, ValueKind::kFloat, true, false};
  PT_INLINE static Flow run(Value a, Value b, Value& out) {
    double y = b.as_immediate_float();
    if (y == 0.0) return Flow::kDeopt;
    return float_result(a.as_immediate_float() / y, out);
  }
};

// ---- comparison ------------------------------------------------------------------------------------------------------------
template <CompareOp Op, class T>
PT_INLINE bool compare_numbers(T x, T y) {
  if constexpr (Op == CompareOp::kLt) return x < y;
  if constexpr (Op == CompareOp::kLe) return x <= y;
  if constexpr (Op == CompareOp::kEq) return x == y;
  if constexpr (Op == CompareOp::kNe) return x != y;
  if constexpr (Op == CompareOp::kGt) return x > y;
  if constexpr (Op == CompareOp::kGe) return x >= y;
}
template <CompareOp Op>
struct CompareInt {
  static constexpr OpInfo kInfo{"CompareInt", ValueKind::kInt, ValueKind::kInt, ValueKind::kBool, false, false};
  PT_INLINE static bool run(Value a, Value b) {
    return compare_numbers<Op>(static_cast<int64_t>(a.bits()), static_cast<int64_t>(b.bits()));
  }
};
template <CompareOp Op>
struct CompareFloat {
  static constexpr OpInfo kInfo{"CompareFloat", ValueKind::kFloat, ValueKind::kFloat, ValueKind::kBool, false, false};
  PT_INLINE static bool run(Value a, Value b) { return compare_numbers<Op>(a.as_immediate_float(), b.as_immediate_float()); }
};

}  // namespace pt::ops
