// Operators whose method is a Python function: it runs in a frame like any call, its operands stay in the caller's registers.
#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
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

CallRecord* enter_operator(Thread* thread, Value* frame, const uint64_t* pc, Value left, Value right, BinaryOp op, bool inplace,
                           int result) {
  if (!left.is_object() || right.empty()) return nullptr;
  Function* function = operator_method(op, left, right, inplace);
  if (!function) return nullptr;
  const Code* code = function->code();
  Value* window = frame + thread->record->code->register_count + 1;
  if (thread->record + 1 >= thread->record_limit || window + code->register_count + 8 > thread->stack_limit) return nullptr;
  thread->record->pc = pc;
  window[-1] = Value::borrowed_object(function);
  window[0] = left.as_borrowed();
  window[1] = right.as_borrowed();
  clear_locals(function, code, window);
  CallRecord* record = push_record(thread, function, window);
  if (!record) {
    clear_error();
    return nullptr;
  }
  record->result_register = result;
  record->flags = kRecordOperator;
  return record;
}

}  // namespace pt
