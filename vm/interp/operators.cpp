// Operators whose method is a Python function: it runs in a frame like any call, its operands stay in the caller's registers.
#include "vm/interp/call_support.h"
#include "vm/interp/special_methods.h"
#include "vm/object/protocol.h"
#include "vm/object/slot_table.h"
#include "vm/types/function.h"

namespace pt {

OperatorName operator_name(Opcode opcode) {
  switch (opcode) {
    case Opcode::kADD: return {BinaryOp::kAdd, false};
    case Opcode::kINPLACE_ADD: return {BinaryOp::kAdd, true};
    case Opcode::kSUB: return {BinaryOp::kSub, false};
    case Opcode::kINPLACE_SUB: return {BinaryOp::kSub, true};
    case Opcode::kMUL: return {BinaryOp::kMul, false};
    case Opcode::kINPLACE_MUL: return {BinaryOp::kMul, true};
    case Opcode::kTRUEDIV: return {BinaryOp::kTrueDiv, false};
    case Opcode::kINPLACE_TRUEDIV: return {BinaryOp::kTrueDiv, true};
    case Opcode::kFLOORDIV: return {BinaryOp::kFloorDiv, false};
    case Opcode::kINPLACE_FLOORDIV: return {BinaryOp::kFloorDiv, true};
    case Opcode::kMOD: return {BinaryOp::kMod, false};
    case Opcode::kINPLACE_MOD: return {BinaryOp::kMod, true};
    case Opcode::kLSHIFT: return {BinaryOp::kLshift, false};
    case Opcode::kINPLACE_LSHIFT: return {BinaryOp::kLshift, true};
    case Opcode::kRSHIFT: return {BinaryOp::kRshift, false};
    case Opcode::kINPLACE_RSHIFT: return {BinaryOp::kRshift, true};
    case Opcode::kAND: return {BinaryOp::kAnd, false};
    case Opcode::kINPLACE_AND: return {BinaryOp::kAnd, true};
    case Opcode::kOR: return {BinaryOp::kOr, false};
    case Opcode::kINPLACE_OR: return {BinaryOp::kOr, true};
    case Opcode::kXOR: return {BinaryOp::kXor, false};
    case Opcode::kINPLACE_XOR: return {BinaryOp::kXor, true};
    case Opcode::kMATMUL: return {BinaryOp::kMatMul, false};
    case Opcode::kINPLACE_MATMUL: return {BinaryOp::kMatMul, true};
    case Opcode::kPOW: return {BinaryOp::kPow, false};
    default: return {BinaryOp::kPow, true};
  }
}

bool comparison_name(Opcode opcode, ComparisonName* out) {
  switch (opcode) {
#define PT_NAME(name, op)                                           \
  case Opcode::k##name: *out = {CompareOp::op, false}; return true; \
  case Opcode::kJUMP_IF_##name: *out = {CompareOp::op, true}; return true;
    PT_NAME(LT, kLt)
    PT_NAME(LE, kLe)
    PT_NAME(EQ, kEq)
    PT_NAME(NE, kNe)
    PT_NAME(GT, kGt)
    PT_NAME(GE, kGe)
#undef PT_NAME
    default: return false;
  }
}

namespace {
// Only those of classes can have operators in Python.
bool all_builtin(Value left, Value right) { return !has_flag(type_of(left), kTypeHeap) && !has_flag(type_of(right), kTypeHeap); }
}  // namespace

CallRecord* enter_operator(Thread* thread, Value* frame, const uint64_t* pc, Value left, Value right, BinaryOp op, bool inplace) {
  if (!left.is_object() || right.empty() || all_builtin(left, right)) return nullptr;
  return enter_method(thread, frame, pc, operator_method(op, left, right, inplace), {left, right});
}
CallRecord* enter_comparison(Thread* thread, Value* frame, const uint64_t* pc, Value left, Value right, CompareOp op) {
  if (!left.is_object() || right.empty() || all_builtin(left, right)) return nullptr;
  return enter_method(thread, frame, pc, comparison_method(op, left, right), {left, right});
}

uint64_t operator_returned(PT_HANDLER_PARAMETERS) {
  Value v = Value::from_bits(word);
  word = load_word(pc);
  if (PT_UNLIKELY(is_not_implemented(v))) {
    OperatorName name = operator_name(opcode_of(word));
    v = operator_declined(name.op, PT_READ(PT_B), PT_READ(PT_C), name.inplace).take();
    if (PT_UNLIKELY(v.empty())) PT_RAISE();
  }
  if (PT_B & 1) consume(frame, PT_B);
  if (PT_C & 1) consume(frame, PT_C);
  write(frame, PT_A, v);
  PT_NEXT(1);
}

uint64_t comparison_returned(PT_HANDLER_PARAMETERS) {
  Value v = Value::from_bits(word);
  word = load_word(pc);
  ComparisonName name{};
  comparison_name(opcode_of(word), &name);
  int left = name.jumps ? PT_A : PT_B, right = name.jumps ? PT_B : PT_C;
  if (PT_UNLIKELY(is_not_implemented(v))) {
    v = compare_declined(read(frame, constants, left), read(frame, constants, right), name.op).take();
    if (PT_UNLIKELY(v.empty())) PT_RAISE();
  }
  if (!name.jumps) {
    consume(frame, left);
    consume(frame, right);
    write(frame, PT_A, v);
    PT_NEXT(1);
  }
  int outcome = is_bool(v) ? is_true(v) : truth(v);
  release(v);
  if (PT_UNLIKELY(outcome < 0)) PT_RAISE();
  consume(frame, left);
  consume(frame, right);
  PT_NEXT(2 + (static_cast<bool>(outcome) == static_cast<bool>(PT_C) ? jump_extra(pc) : 0));
}

}  // namespace pt
