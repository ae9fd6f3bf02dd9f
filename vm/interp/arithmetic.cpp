// Arithmetic, comparison and conditional jumps.
#include "vm/interp/special_methods.h"
#include "vm/object/protocol.h"
#include "vm/ops/micro_ops.h"
#include "vm/types/complex.h"
#include "vm/types/dict_inl.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt {

using ops::Flow;

namespace {
// A look at one word for what is mostly asked.
bool may_be_number(Value v) {
  if (!v.is_object()) return true;
  switch (v.as_object()->shape_id.load(std::memory_order_relaxed)) {
    case kShape_int:
    case kShape_bool:
    case kShape_float:
    case kShape_complex: return true;
    default: return false;
  }
}
}  // namespace

bool number_operation(BinaryOp op, Value a, Value b, Ref<>* result) {
  if (!may_be_number(a) || !may_be_number(b)) return false;
  if (has_shape(a, kShape_complex) || has_shape(b, kShape_complex)) return complex_operation(op, a, b, result);
  if (PT_UNLIKELY(is_bool(a) && is_bool(b))) return false;
  if (is_bool(a)) a = Value::small_int(is_true(a));
  if (is_bool(b)) b = Value::small_int(is_true(b));
  bool a_float = is_exact_float(a), b_float = is_exact_float(b);
  if (a_float || b_float) {
    if (!(a_float || a.is_small_int()) || !(b_float || b.is_small_int())) return false;
    double x = a_float ? as_double(a) : static_cast<double>(a.as_small_int());
    double y = b_float ? as_double(b) : static_cast<double>(b.as_small_int());
    switch (op) {
      case BinaryOp::kAdd: x += y; break;
      case BinaryOp::kSub: x -= y; break;
      case BinaryOp::kMul: x *= y; break;
      case BinaryOp::kTrueDiv:
        if (y == 0.0) return false;
        x /= y;
        break;
      default: return false;
    }
    *result = float_from_double(x);
    return true;
  }
  if (op == BinaryOp::kPow || op == BinaryOp::kMatMul || !is_exact_int(a) || !is_exact_int(b)) return false;
  *result = int_binary(op, a, b);
  return true;
}

namespace {
// Everything that has no short way. Consumes the operands and writes the result.
bool binary_general(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word, BinaryOp op,
                    bool inplace) {
  PT_SAVE_PC();
  Value a = PT_READ(PT_B), b = PT_READ(PT_C);
  Ref<> result;
  if (op == BinaryOp::kAdd && is_exact_str(a) && is_exact_str(b)) {
    if (PT_B >= 0 && (PT_A >> 1) == (PT_B >> 1) && a.is_counted()) {
      // s += t
      Str* sum = str_append(as_str(a), as_str(b));
      if (!sum) return false;
      if (PT_C & 1 && (PT_C >> 1) != (PT_A >> 1)) consume(frame, PT_C);
      if (sum != as_str(a)) write(frame, PT_A, Value::object(sum));
      return true;
    }
    result = str_concat(as_str(a), as_str(b));
  } else {
    result = inplace ? inplace_operation(op, a, b) : binary_operation(op, a, b);
  }
  if (!result) return false;
  Value owned = result.take();
  // The destination may be a killed operand: those go first.
  if (PT_B & 1) consume(frame, PT_B);
  if (PT_C & 1) consume(frame, PT_C);
  write(frame, PT_A, owned);
  return true;
}
// Two exact complex numbers. A temporary that nobody else has becomes the result. As binary_numbers.
int binary_complex(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word, BinaryOp op) {
  Value a = PT_READ(PT_B), b = PT_READ(PT_C);
  const Complex *x = as_complex(a), *y = as_complex(b);
  double real, imaginary;
  switch (op) {
    case BinaryOp::kAdd:
      real = x->real + y->real;
      imaginary = x->imaginary + y->imaginary;
      break;
    case BinaryOp::kSub:
      real = x->real - y->real;
      imaginary = x->imaginary - y->imaginary;
      break;
    case BinaryOp::kMul:
      real = x->real * y->real - x->imaginary * y->imaginary;
      imaginary = x->real * y->imaginary + x->imaginary * y->real;
      break;
    default: return 0;
  }
  PT_SAVE_PC();
  Value result;
  if ((PT_B & 1) && a.is_counted() && owned_by_this_thread(x) && only_reference(x)) {
    register_at(frame, PT_B) = Value();
    as_complex(a)->real = real;
    as_complex(a)->imaginary = imaginary;
    result = a;
  } else {
    result = complex_from_doubles(real, imaginary).take();
    if (PT_UNLIKELY(result.empty())) return -1;
    consume(frame, PT_B);
  }
  consume(frame, PT_C);
  write(frame, PT_A, result);
  return 1;
}
// The same for numbers. 1 done, 0 other operands, -1 an exception.
int binary_numbers(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word, BinaryOp op) {
  if (has_shape(PT_READ(PT_B), kShape_complex) && has_shape(PT_READ(PT_C), kShape_complex)) {
    if (int done = binary_complex(thread, frame, pc, constants, word, op)) return done;
  }
  Ref<> result;
  if (!number_operation(op, PT_READ(PT_B), PT_READ(PT_C), &result)) return 0;
  PT_SAVE_PC();
  if (!result) return -1;
  Value owned = result.take();
  if (PT_B & 1) consume(frame, PT_B);
  if (PT_C & 1) consume(frame, PT_C);
  write(frame, PT_A, owned);
  return 1;
}
// Two objects of builtin types other than numbers, where the left one has the operator and comes first: dates, sets. As
// binary_numbers; 0 also when it declines, which has no effect.
int binary_builtin(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word, BinaryOp op, bool inplace) {
  Value a = PT_READ(PT_B), b = PT_READ(PT_C);
  if (!a.is_object() || !b.is_object()) return 0;
  const Type *left = type_of(a), *right = type_of(b);
  uint32_t flags = left->flags.load(std::memory_order_relaxed) | right->flags.load(std::memory_order_relaxed);
  auto slot = left->slots.binary[static_cast<int>(op)].load();
  if (flags & (kTypeHeap | kTypeIntSubclass | kTypeFloatSubclass) || !slot || left == &complex_type) return 0;
  if (inplace && left->slots.inplace[static_cast<int>(op)]) return 0;
  if (left != right && right->base != &object_type && is_subtype(right, left)) return 0;
  PT_SAVE_PC();
  Ref<> result = slot(a, b);
  if (PT_UNLIKELY(!result)) return -1;
  if (PT_UNLIKELY(is_not_implemented(result.value()))) return 0;
  Value owned = result.take();
  if (PT_B & 1) consume(frame, PT_B);
  if (PT_C & 1) consume(frame, PT_C);
  write(frame, PT_A, owned);
  return 1;
}

}  // namespace

#define PT_BINARY_SLOW(name, op, inplace)                                                                             \
  PT_SLOW(slow_##name) {                                                                                              \
    if (int done = binary_builtin(thread, frame, pc, constants, word, BinaryOp::op, inplace)) {                       \
      if (done < 0) PT_RAISE();                                                                                       \
      PT_NEXT(1);                                                                                                     \
    }                                                                                                                 \
    if (int done = binary_numbers(thread, frame, pc, constants, word, BinaryOp::op)) {                                \
      if (done < 0) PT_RAISE();                                                                                       \
      PT_NEXT(1);                                                                                                     \
    }                                                                                                                 \
    if (CallRecord* entered = enter_operator(thread, frame, pc, PT_READ(PT_B), PT_READ(PT_C), BinaryOp::op, inplace)) \
      PT_ENTER(entered);                                                                                              \
    if (!binary_general(thread, frame, pc, constants, word, BinaryOp::op, inplace)) PT_RAISE();                       \
    PT_NEXT(1);                                                                                                       \
  }
#define PT_BINARY_FAST(name, int_op, float_op)                                            \
  PT_HANDLER(name) {                                                                      \
    Value a = PT_READ(PT_B), b = PT_READ(PT_C);                                           \
    Value out;                                                                            \
    if (PT_LIKELY(ops::GuardBothInt::run(a, b) == Flow::kNext)) {                         \
      if (PT_LIKELY(ops::int_op::run(a, b, out) == Flow::kNext)) PT_WRITE_NEXT(out, 1);   \
    } else if (ops::GuardBothFloat::run(a, b) == Flow::kNext) {                           \
      if (PT_LIKELY(ops::float_op::run(a, b, out) == Flow::kNext)) PT_WRITE_NEXT(out, 1); \
    }                                                                                     \
    PT_TAIL(slow_##name);                                                                 \
  }
#define PT_BINARY_INT(name, int_op)                                                                             \
  PT_HANDLER(name) {                                                                                            \
    Value a = PT_READ(PT_B), b = PT_READ(PT_C);                                                                 \
    Value out;                                                                                                  \
    if (PT_LIKELY(ops::GuardBothInt::run(a, b) == Flow::kNext && ops::int_op::run(a, b, out) == Flow::kNext)) { \
      PT_WRITE_NEXT(out, 1);                                                                                    \
    }                                                                                                           \
    PT_TAIL(slow_##name);                                                                                       \
  }
#define PT_BINARY_GENERAL(name, op, inplace)                                                    \
  PT_HANDLER(name) {                                                                            \
    if (int done = binary_numbers(thread, frame, pc, constants, word, BinaryOp::op)) {          \
      if (done < 0) PT_RAISE();                                                                 \
      PT_NEXT(1);                                                                               \
    }                                                                                           \
    if (!binary_general(thread, frame, pc, constants, word, BinaryOp::op, inplace)) PT_RAISE(); \
    PT_NEXT(1);                                                                                 \
  }
#define PT_BINARY_BOTH(name, op, DEFINE, ...) \
  PT_BINARY_SLOW(name, op, false)             \
  DEFINE(name, __VA_ARGS__)                   \
  PT_BINARY_SLOW(INPLACE_##name, op, true)    \
  DEFINE(INPLACE_##name, __VA_ARGS__)

PT_BINARY_BOTH(ADD, kAdd, PT_BINARY_FAST, AddInt, AddFloat)
PT_BINARY_BOTH(SUB, kSub, PT_BINARY_FAST, SubInt, SubFloat)
PT_BINARY_BOTH(MUL, kMul, PT_BINARY_FAST, MulInt, MulFloat)
PT_BINARY_BOTH(FLOORDIV, kFloorDiv, PT_BINARY_INT, FloorDivInt)
PT_BINARY_BOTH(MOD, kMod, PT_BINARY_INT, ModInt)
PT_BINARY_BOTH(AND, kAnd, PT_BINARY_INT, AndInt)
PT_BINARY_BOTH(OR, kOr, PT_BINARY_INT, OrInt)
PT_BINARY_BOTH(XOR, kXor, PT_BINARY_INT, XorInt)
PT_BINARY_BOTH(LSHIFT, kLshift, PT_BINARY_INT, LshiftInt)
PT_BINARY_BOTH(RSHIFT, kRshift, PT_BINARY_INT, RshiftInt)
PT_BINARY_GENERAL(MATMUL, kMatMul, false)
PT_BINARY_GENERAL(POW, kPow, false)
PT_BINARY_GENERAL(INPLACE_MATMUL, kMatMul, true)
PT_BINARY_GENERAL(INPLACE_POW, kPow, true)

#define PT_TRUEDIV(name, inplace)                                                                                       \
  PT_BINARY_SLOW(name, kTrueDiv, inplace)                                                                               \
  PT_HANDLER(name) {                                                                                                    \
    Value a = PT_READ(PT_B), b = PT_READ(PT_C);                                                                         \
    Value out;                                                                                                          \
    if (PT_LIKELY(ops::GuardBothFloat::run(a, b) == Flow::kNext && ops::TrueDivFloat::run(a, b, out) == Flow::kNext)) { \
      PT_WRITE_NEXT(out, 1);                                                                                            \
    }                                                                                                                   \
    PT_TAIL(slow_##name);                                                                                               \
  }
PT_TRUEDIV(TRUEDIV, false)
PT_TRUEDIV(INPLACE_TRUEDIV, true)

// ---- unary -----------------------------------------------------------------------------------------------------------------

namespace {
bool unary_general(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word, UnaryOp op) {
  PT_SAVE_PC();
  Ref<> result = unary_operation(op, PT_READ(PT_B));
  if (!result) return false;
  consume(frame, PT_B);
  write(frame, PT_A, result.take());
  return true;
}
}  // namespace

#define PT_UNARY_SLOW(name, op)                                                      \
  PT_SLOW(slow_##name) {                                                             \
    PT_ENTER_IF(enter_unary(thread, frame, pc, PT_READ(PT_B), UnaryOp::op));         \
    if (!unary_general(thread, frame, pc, constants, word, UnaryOp::op)) PT_RAISE(); \
    PT_NEXT(1);                                                                      \
  }
PT_UNARY_SLOW(NEG, kNeg)
PT_UNARY_SLOW(POS, kPos)
PT_UNARY_SLOW(INVERT, kInvert)

PT_HANDLER(NEG) {
  Value v = PT_READ(PT_B);
  Value out;
  if (v.is_small_int() && ops::SubInt::run(Value::small_int(0), v, out) == Flow::kNext) PT_WRITE_NEXT(out, 1);
  if (v.is_immediate_float()) {
    out = Value::immediate_float(-v.as_immediate_float());
    if (!out.empty()) PT_WRITE_NEXT(out, 1);
  }
  PT_TAIL(slow_NEG);
}
PT_HANDLER(POS) { PT_TAIL(slow_POS); }
PT_HANDLER(INVERT) {
  Value v = PT_READ(PT_B);
  if (v.is_small_int()) PT_WRITE_NEXT(Value::small_int(~v.as_small_int()), 1);
  PT_TAIL(slow_INVERT);
}
PT_SLOW(slow_NOT) {
  PT_ENTER_IF(enter_truth(thread, frame, pc, PT_READ(PT_B)));
  PT_SAVE_PC();
  int t = truth(PT_READ(PT_B));
  if (t < 0) PT_RAISE();
  consume(frame, PT_B);
  write(frame, PT_A, boolean(!t));
  PT_NEXT(1);
}
PT_HANDLER(NOT) {
  Value v = PT_READ(PT_B);
  if (is_bool(v)) PT_WRITE_NEXT(boolean(is_false(v)), 1);
  PT_TAIL(slow_NOT);
}

// ---- comparison --------------------------------------------------------------------------------------------------------------

namespace {
// Ints and floats, mixed or on the heap. False: other operands.
bool number_comparison(CompareOp op, Value a, Value b, bool* result) {
  if (is_exact_int(a) && is_exact_int(b)) {
    *result = ordered(op, int_compare(a, b), 0);
    return true;
  }
  // Doubles stand for small enough ints without loss.
  constexpr int64_t kExact = int64_t{1} << 53;
  auto number = [](Value v, double* d) {
    if (is_exact_float(v)) {
      *d = as_double(v);
      return true;
    }
    if (!v.is_small_int() || v.as_small_int() > kExact || v.as_small_int() < -kExact) return false;
    *d = static_cast<double>(v.as_small_int());
    return true;
  };
  double x, y;
  if (!number(a, &x) || !number(b, &y)) return false;
  *result = ordered(op, x, y);
  return true;
}
bool compare_general(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word, CompareOp op) {
  PT_SAVE_PC();
  Ref<> result = compare(PT_READ(PT_B), PT_READ(PT_C), op);
  if (!result) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, result.take());
  return true;
}
// -1 error
int compare_jump_general(Thread* thread, Value* frame, const uint64_t* pc, Value* constants, uint64_t word, CompareOp op) {
  PT_SAVE_PC();
  Value a = PT_READ(PT_A), b = PT_READ(PT_B);
  bool result;
  int t = number_comparison(op, a, b, &result) ? result : compare_truth(a, b, op);
  if (t < 0) return t;
  consume(frame, PT_A);
  consume(frame, PT_B);
  return t;
}
}  // namespace

namespace {
// For exact strs.
template <CompareOp op>
PT_INLINE bool compare_text(Value a, Value b) {
  const Str *x = as_str(a), *y = as_str(b);
  if constexpr (op == CompareOp::kEq || op == CompareOp::kNe) {
    // The first unit tells most apart; an empty one has a zero there.
    bool same = x == y || (x->length == y->length && x->data1()[0] == y->data1()[0] && str_equal(x, y));
    return same == (op == CompareOp::kEq);
  }
  int order = str_compare(x, y);
  return op == CompareOp::kLt ? order < 0 : op == CompareOp::kLe ? order <= 0 : op == CompareOp::kGt ? order > 0 : order >= 0;
}
}  // namespace

// Jumps when `condition` equals operand c.
#define PT_CONDITIONAL(condition, words)                                         \
  do {                                                                           \
    int32_t jump_ = (condition) == static_cast<bool>(PT_C) ? jump_extra(pc) : 0; \
    PT_NEXT((words) + jump_);                                                    \
  } while (0)

#define PT_COMPARE(name, op)                                                                                    \
  PT_SLOW(slow_##name) {                                                                                        \
    if (CallRecord* entered = enter_comparison(thread, frame, pc, PT_READ(PT_B), PT_READ(PT_C), CompareOp::op)) \
      PT_ENTER(entered);                                                                                        \
    if (!compare_general(thread, frame, pc, constants, word, CompareOp::op)) PT_RAISE();                        \
    PT_NEXT(1);                                                                                                 \
  }                                                                                                             \
  PT_SLOW(text_##name) {                                                                                        \
    bool result = compare_text<CompareOp::op>(PT_READ(PT_B), PT_READ(PT_C));                                    \
    PT_SAVE_PC();                                                                                               \
    consume(frame, PT_B);                                                                                       \
    consume(frame, PT_C);                                                                                       \
    write(frame, PT_A, boolean(result));                                                                        \
    PT_NEXT(1);                                                                                                 \
  }                                                                                                             \
  PT_HANDLER(name) {                                                                                            \
    Value a = PT_READ(PT_B), b = PT_READ(PT_C);                                                                 \
    if (PT_LIKELY(ops::GuardBothInt::run(a, b) == Flow::kNext)) {                                               \
      PT_WRITE_NEXT(boolean(ops::CompareInt<CompareOp::op>::run(a, b)), 1);                                     \
    }                                                                                                           \
    if (ops::GuardBothFloat::run(a, b) == Flow::kNext) {                                                        \
      PT_WRITE_NEXT(boolean(ops::CompareFloat<CompareOp::op>::run(a, b)), 1);                                   \
    }                                                                                                           \
    if (is_exact_str(a) && is_exact_str(b)) PT_TAIL(text_##name);                                               \
    PT_TAIL(slow_##name);                                                                                       \
  }                                                                                                             \
  PT_SLOW(text_JUMP_IF_##name) {                                                                                \
    bool result = compare_text<CompareOp::op>(PT_READ(PT_A), PT_READ(PT_B));                                    \
    if ((PT_A | PT_B) & 1) {                                                                                    \
      PT_SAVE_PC();                                                                                             \
      consume(frame, PT_A);                                                                                     \
      consume(frame, PT_B);                                                                                     \
    }                                                                                                           \
    PT_CONDITIONAL(result, 2);                                                                                  \
  }                                                                                                             \
  PT_SLOW(slow_JUMP_IF_##name) {                                                                                \
    if (CallRecord* entered = enter_comparison(thread, frame, pc, PT_READ(PT_A), PT_READ(PT_B), CompareOp::op)) \
      PT_ENTER(entered);                                                                                        \
    int t = compare_jump_general(thread, frame, pc, constants, word, CompareOp::op);                            \
    if (t < 0) PT_RAISE();                                                                                      \
    PT_CONDITIONAL(t != 0, 2);                                                                                  \
  }                                                                                                             \
  PT_HANDLER(JUMP_IF_##name) {                                                                                  \
    Value a = PT_READ(PT_A), b = PT_READ(PT_B);                                                                 \
    if (PT_LIKELY(ops::GuardBothInt::run(a, b) == Flow::kNext)) {                                               \
      PT_CONDITIONAL((ops::CompareInt<CompareOp::op>::run(a, b)), 2);                                           \
    }                                                                                                           \
    if (ops::GuardBothFloat::run(a, b) == Flow::kNext) {                                                        \
      PT_CONDITIONAL((ops::CompareFloat<CompareOp::op>::run(a, b)), 2);                                         \
    }                                                                                                           \
    if (is_exact_str(a) && is_exact_str(b)) PT_TAIL(text_JUMP_IF_##name);                                       \
    PT_TAIL(slow_JUMP_IF_##name);                                                                               \
  }
PT_COMPARE(LT, kLt)
PT_COMPARE(LE, kLe)
PT_COMPARE(EQ, kEq)
PT_COMPARE(NE, kNe)
PT_COMPARE(GT, kGt)
PT_COMPARE(GE, kGe)

#define PT_IDENTITY(name, expected)                  \
  PT_HANDLER(name) {                                 \
    bool same = PT_READ(PT_B).same(PT_READ(PT_C));   \
    PT_SAVE_PC();                                    \
    consume(frame, PT_B);                            \
    consume(frame, PT_C);                            \
    write(frame, PT_A, boolean(same == (expected))); \
    PT_NEXT(1);                                      \
  }
PT_IDENTITY(IS, true)
PT_IDENTITY(IS_NOT, false)
PT_HANDLER(JUMP_IF_IS) {
  bool same = PT_READ(PT_A).same(PT_READ(PT_B));
  if ((PT_A | PT_B) & 1) {
    PT_SAVE_PC();
    consume(frame, PT_A);
    consume(frame, PT_B);
  }
  PT_CONDITIONAL(same, 2);
}

namespace {
// `item` in an exact dict, where no Python code decides; else as contains().
PT_INLINE int contained(Value container, Value item) {
  if (is_exact_dict(container) && (item.is_small_int() || is_exact_str(item))) {
    DictTable* t = as_dict(container)->table.load(std::memory_order_acquire);
    int64_t hash = item.is_small_int() ? word_hash(item.as_small_int()) : exact_str_hash(as_str(item));
    int64_t at = table_find_plain(t, item, hash);
    if (at >= 0) return !t->entries()[at].value.peek_acquire().empty();
    if (at == kEntryAbsent) return 0;
  }
  return contains(container, item);
}
}  // namespace
#define PT_CONTAINS(name, expected)                                               \
  PT_HANDLER(name) {                                                              \
    PT_ENTER_IF(enter_contains(thread, frame, pc, PT_READ(PT_C), PT_READ(PT_B))); \
    PT_SAVE_PC();                                                                 \
    int t = contained(PT_READ(PT_C), PT_READ(PT_B));                              \
    if (t < 0) PT_RAISE();                                                        \
    consume(frame, PT_B);                                                         \
    consume(frame, PT_C);                                                         \
    write(frame, PT_A, boolean((t != 0) == (expected)));                          \
    PT_NEXT(1);                                                                   \
  }
PT_CONTAINS(IN, true)
PT_CONTAINS(NOT_IN, false)
PT_HANDLER(JUMP_IF_IN) {
  PT_ENTER_IF(enter_contains(thread, frame, pc, PT_READ(PT_B), PT_READ(PT_A)));
  PT_SAVE_PC();
  int t = contained(PT_READ(PT_B), PT_READ(PT_A));
  if (t < 0) PT_RAISE();
  consume(frame, PT_A);
  consume(frame, PT_B);
  PT_CONDITIONAL(t != 0, 2);
}

// ---- truth -----------------------------------------------------------------------------------------------------------------

#define PT_TRUTH_JUMP(name, expected)                                                \
  PT_SLOW(slow_##name) {                                                             \
    PT_ENTER_IF(enter_truth(thread, frame, pc, PT_READ(PT_A)));                      \
    PT_SAVE_PC();                                                                    \
    int t = truth(PT_READ(PT_A));                                                    \
    if (t < 0) PT_RAISE();                                                           \
    consume(frame, PT_A);                                                            \
    PT_NEXT(1 + ((t != 0) == (expected) ? operand_wide(word) : 0));                  \
  }                                                                                  \
  PT_HANDLER(name) {                                                                 \
    Value v = PT_READ(PT_A);                                                         \
    if (PT_LIKELY(is_bool(v))) {                                                     \
      if (PT_A & 1) register_at(frame, PT_A) = Value();                              \
      PT_NEXT(1 + (is_true(v) == (expected) ? operand_wide(word) : 0));              \
    }                                                                                \
    if (v.is_small_int()) {                                                          \
      PT_NEXT(1 + ((v.as_small_int() != 0) == (expected) ? operand_wide(word) : 0)); \
    }                                                                                \
    PT_TAIL(slow_##name);                                                            \
  }
PT_TRUTH_JUMP(JUMP_IF_TRUE, true)
PT_TRUTH_JUMP(JUMP_IF_FALSE, false)

// Boolean operators as values: the register keeps its content on the jump and is emptied otherwise.
#define PT_TRUTH_JUMP_OR_CLEAR(name, expected)                   \
  PT_HANDLER(name) {                                             \
    PT_ENTER_IF(enter_truth(thread, frame, pc, PT_READ(PT_A)));  \
    PT_SAVE_PC();                                                \
    int t = truth(PT_READ(PT_A));                                \
    if (t < 0) PT_RAISE();                                       \
    if ((t != 0) == (expected)) PT_NEXT(1 + operand_wide(word)); \
    write(frame, PT_A, Value());                                 \
    PT_NEXT(1);                                                  \
  }
PT_TRUTH_JUMP_OR_CLEAR(JUMP_IF_TRUE_OR_CLEAR, true)
PT_TRUTH_JUMP_OR_CLEAR(JUMP_IF_FALSE_OR_CLEAR, false)

#define PT_NONE_JUMP(name, expected)                          \
  PT_HANDLER(name) {                                          \
    bool is = is_none(PT_READ(PT_A));                         \
    if (PT_A & 1) {                                           \
      PT_SAVE_PC();                                           \
      consume(frame, PT_A);                                   \
    }                                                         \
    PT_NEXT(1 + (is == (expected) ? operand_wide(word) : 0)); \
  }
PT_NONE_JUMP(JUMP_IF_NONE, true)
PT_NONE_JUMP(JUMP_IF_NOT_NONE, false)

}  // namespace pt
