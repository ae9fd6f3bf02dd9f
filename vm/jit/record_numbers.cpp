// Recording of numbers, comparisons and truth.
#include <cmath>
#include <utility>

#include "vm/interp/special_methods.h"
#include "vm/jit/recorder.h"
#include "vm/object/names.h"
#include "vm/ops/micro_ops.h"

namespace pt::jit {

namespace {
constexpr int64_t kExactDouble = int64_t{1} << 53;
bool is_number(Value v) { return v.is_small_int() || v.is_immediate_float(); }
double number(Value v) { return v.is_small_int() ? static_cast<double>(v.as_small_int()) : v.as_immediate_float(); }
}  // namespace

Reference Recorder::as_int(Reference r) {
  Reference i = emit(Op::kGuardInt, r);
  refine(r, i);
  return i;
}
Reference Recorder::as_float(Reference r, Value v) {
  if (v.is_small_int()) return emit(Op::kIntToFloat, as_int(r));
  Reference f = emit(Op::kGuardFloat, r);
  refine(r, f);
  return f;
}
// For comparisons and int / int: the conversion must not round.
Reference Recorder::exact_float(Reference r, Value v) {
  if (!v.is_small_int()) return as_float(r, v);
  Reference i = as_int(r);
  emit(Op::kGuardLeInt, i, builder_.small_int(kExactDouble));
  emit(Op::kGuardGeInt, i, builder_.small_int(-kExactDouble));
  return emit(Op::kIntToFloat, i);
}

bool Recorder::arithmetic(uint64_t word, Op int_op, Op float_op) {
  Value a = seen(PT_B), b = seen(PT_C);
  if (!is_number(a) || !is_number(b)) return binary_any(word);
  bool ints = a.is_small_int() && b.is_small_int();
  bool divide = float_op == Op::kDivFloat;
  if (number(b) == 0.0 && (raise_operator_error(word) || reason_ != Abort::kCount)) return reason_ == Abort::kCount;
  if (ints && !divide) {
    if (int_op == Op::kCount) return fall_back();
    if ((int_op == Op::kFloorDivInt || int_op == Op::kModInt) && (b.as_small_int() == 0 || b.as_small_int() == -1))
      return fall_back();
    // What does not fit a word is the interpreter's.
    Value out;
    using ops::Flow;
    bool fits = true;
    switch (int_op) {
      case Op::kAddInt: fits = ops::AddInt::run(a, b, out) == Flow::kNext; break;
      case Op::kSubInt: fits = ops::SubInt::run(a, b, out) == Flow::kNext; break;
      case Op::kMulInt: fits = ops::MulInt::run(a, b, out) == Flow::kNext; break;
      case Op::kLshiftInt: fits = ops::LshiftInt::run(a, b, out) == Flow::kNext; break;
      case Op::kRshiftInt: fits = ops::RshiftInt::run(a, b, out) == Flow::kNext; break;
      default: break;
    }
    if (!fits) return fall_back();
  } else {
    if (float_op == Op::kCount) return fall_back();
    if (divide && number(b) == 0.0) return fall_back();
  }
  Reference x = read(PT_B), y = read(PT_C);
  Reference result;
  if (ints && !divide) {
    x = as_int(x);
    y = as_int(PT_B >> 1 == PT_C >> 1 ? x : y);
    result = emit(int_op, x, y);
  } else {
    x = divide && ints ? exact_float(x, a) : as_float(x, a);
    if (PT_B >> 1 == PT_C >> 1)
      y = x;
    else
      y = divide && ints ? exact_float(y, b) : as_float(y, b);
    result = emit(float_op, x, y);
  }
  drop(PT_B);
  drop(PT_C);
  write(PT_A, result);
  go(1);
  return true;
}

bool Recorder::negate(uint64_t word) {
  Value v = seen(PT_B);
  if (is_class_instance(v)) return call_special(names::neg.str(), {PT_B});
  if (!is_number(v) || (v.is_small_int() && v.as_small_int() == Value::kMinSmallInt)) return fall_back();
  Reference r = v.is_small_int() ? emit(Op::kSubInt, builder_.small_int(0), as_int(read(PT_B)))
                                 : emit(Op::kNegFloat, as_float(read(PT_B), v));
  drop(PT_B);
  write(PT_A, r);
  go(1);
  return true;
}

// int ** int for a few exponents, and float ** float.
bool Recorder::power(uint64_t word) {
  Value a = seen(PT_B), b = seen(PT_C);
  if (!is_number(a) || !is_number(b)) return fall_back();
  bool ints = a.is_small_int() && b.is_small_int();
  double x = number(a), y = number(b);
  if (ints) {
    // The products must fit a word.
    if (y < 0 || y > 16 || std::abs(std::pow(x, y)) > kExactDouble) return fall_back();
  } else {
    if ((x <= 0.0 && y != std::floor(y)) || (x == 0.0 && y != 2.0)) return fall_back();
    double result = std::pow(x, y);
    if (!std::isfinite(result) || (result == 0.0 && x != 0.0)) return fall_back();
  }
  Reference left = ints ? as_int(read(PT_B)) : as_float(read(PT_B), a);
  Reference result;
  if (ints) {
    Reference exponent = as_int(PT_B >> 1 == PT_C >> 1 ? left : read(PT_C));
    emit(Op::kGuardEqInt, exponent, builder_.small_int(b.as_small_int()));
    result = int_power(left, b.as_small_int());
  } else if (PT_C < 0 && (y == 0.5 || y == 2.0)) {
    result = emit(y == 2.0 ? Op::kSquareFloat : Op::kRootFloat, left);
  } else {
    result = emit(Op::kPowFloat, left, PT_B >> 1 == PT_C >> 1 ? left : as_float(read(PT_C), b));
  }
  drop(PT_B);
  drop(PT_C);
  write(PT_A, result);
  go(1);
  return true;
}
Reference Recorder::int_power(Reference x, int64_t exponent) {
  if (exponent == 0) return builder_.small_int(1);
  Reference half = int_power(x, exponent / 2);
  Reference square = exponent < 2 ? half : emit(Op::kMulInt, half, half);
  return exponent % 2 ? emit(Op::kMulInt, square, x) : square;
}

bool Recorder::compare(CompareOp op, int a_operand, int b_operand, bool* outcome) {
  Value a = seen(a_operand), b = seen(b_operand);
  if (!is_number(a) || !is_number(b)) return compare_any(op, a_operand, b_operand, outcome);
  if (a.is_small_int() && b.is_small_int()) {
    static constexpr Op kHolds[] = {Op::kGuardLtInt, Op::kGuardLeInt, Op::kGuardEqInt,
                                    Op::kGuardNeInt, Op::kGuardGtInt, Op::kGuardGeInt};
    static constexpr Op kFails[] = {Op::kGuardGeInt, Op::kGuardGtInt, Op::kGuardNeInt,
                                    Op::kGuardEqInt, Op::kGuardLeInt, Op::kGuardLtInt};
    auto x = static_cast<int64_t>(a.bits()), y = static_cast<int64_t>(b.bits());
    bool results[] = {x < y, x <= y, x == y, x != y, x > y, x >= y};
    *outcome = results[static_cast<int>(op)];
    Reference left = as_int(read(a_operand)), right = as_int(read(b_operand));
    emit((*outcome ? kHolds : kFails)[static_cast<int>(op)], left, right);
    return true;
  }
  for (Value v : {a, b}) {
    if (v.is_small_int() && (v.as_small_int() > kExactDouble || v.as_small_int() < -kExactDouble)) return fall_back();
  }
  double x = number(a), y = number(b);
  bool results[] = {x < y, x <= y, x == y, x != y, x > y, x >= y};
  *outcome = results[static_cast<int>(op)];
  Reference left = exact_float(read(a_operand), a), right = exact_float(read(b_operand), b);
  switch (op) {
    case CompareOp::kGt: std::swap(left, right); [[fallthrough]];
    case CompareOp::kLt: emit(*outcome ? Op::kGuardLtFloat : Op::kGuardNotLtFloat, left, right); break;
    case CompareOp::kGe: std::swap(left, right); [[fallthrough]];
    case CompareOp::kLe: emit(*outcome ? Op::kGuardLeFloat : Op::kGuardNotLeFloat, left, right); break;
    case CompareOp::kEq: emit(*outcome ? Op::kGuardEqFloat : Op::kGuardNeFloat, left, right); break;
    case CompareOp::kNe: emit(*outcome ? Op::kGuardNeFloat : Op::kGuardEqFloat, left, right); break;
  }
  return true;
}
bool Recorder::compare_value(uint64_t word, CompareOp op) {
  bool outcome;
  if (seen(PT_B).is_object() && !seen(PT_B).empty() && !is_builtin(seen(PT_B))) return call_comparison(op, PT_B, PT_C, PT_A);
  if (!compare(op, PT_B, PT_C, &outcome)) return false;
  drop(PT_B);
  drop(PT_C);
  write(PT_A, object_constant(boolean(outcome)));
  go(1);
  return true;
}
bool Recorder::compare_jump(uint64_t word, CompareOp op) {
  bool outcome;
  if (seen(PT_A).is_object() && !seen(PT_A).empty() && !is_builtin(seen(PT_A))) return call_comparison(op, PT_A, PT_B, 0);
  if (!compare(op, PT_A, PT_B, &outcome)) return false;
  drop(PT_A);
  drop(PT_B);
  go(2 + (outcome == static_cast<bool>(PT_C) ? jump_extra(pc_) : 0));
  return true;
}

bool Recorder::truth(int operand, bool* outcome) {
  Value v = seen(operand);
  if (v.is_small_int()) {
    *outcome = v.as_small_int() != 0;
    emit(*outcome ? Op::kGuardNeInt : Op::kGuardEqInt, as_int(read(operand)), builder_.small_int(0));
    return true;
  }
  if (is_bool(v) || is_none(v)) {
    *outcome = is_true(v);
    emit(Op::kGuardIs, read(operand), object_constant(v));
    return true;
  }
  if (v.is_immediate_float()) {
    *outcome = v.as_immediate_float() != 0.0;
    emit(*outcome ? Op::kGuardNeFloat : Op::kGuardEqFloat, as_float(read(operand), v), builder_.float_constant(0.0));
    return true;
  }
  return truth_of_container(operand, outcome);
}

bool Recorder::identity(int a, int b, bool* outcome) {
  *outcome = seen(a).same(seen(b));
  Reference x = read(a), y = read(b);
  // Numbers in registers have no identity to compare but their value.
  if (ir_.at(x).type == Type::F) x = emit(Op::kBoxFloat, x);
  if (ir_.at(y).type == Type::F) y = emit(Op::kBoxFloat, y);
  emit(*outcome ? Op::kGuardIs : Op::kGuardIsNot, x, y);
  return true;
}

}  // namespace pt::jit
