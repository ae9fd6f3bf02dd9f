// Recording of calls and returns, and the list of what is recorded instruction by instruction.
#include <cstddef>

#include "vm/jit/recorder.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
constexpr size_t kMaxDepth = 8;
}

bool Recorder::call(int base, uint32_t count, int result) {
  Value callable = seen(base);
  if (!has_shape(callable, kShape_function)) return fall_back();
  Function* function = as_function(callable);
  Code* code = function->code();
  if (!code->simple_call || code->argument_count != count) return fall_back();
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  Reference r = read(base);
  Reference constant = object_constant(callable);
  if (!ir_.is_constant(r)) emit(Op::kGuardIs, r, constant);
  Reference object = builder_.constant(callable.untagged().bits(), Type::O);
  Reference code_word = emit(Op::kLoadWord, object, kNoReference, offsetof(Function, code_field));
  keep(Value::object(code));
  emit(Op::kGuardEqual, code_word, builder_.constant(reinterpret_cast<uint64_t>(code), Type::P));
  int32_t window = at(base) + 1;
  // The arguments are in place. What the function's register holds stays there until the return.
  for (uint32_t i = 0; i < count; ++i) slot(window + static_cast<int32_t>(i));
  // What lies above them is dead and holds no pointers.
  for (int32_t i = window + static_cast<int32_t>(count); i < window + static_cast<int32_t>(code->register_count); ++i) {
    Slot& s = state(i);
    if (!s.lazy) s = {kNoReference, kNoReference, false, false, false, s.filled};
  }
  for (uint32_t i = code->parameter_count; i < code->local_end; ++i) set_lazy(window + static_cast<int32_t>(i), empty_);
  if (code->free_count) {
    const Tuple* closure = as_tuple(function->closure.peek());
    for (uint32_t i = 0; i < code->free_count; ++i) {
      set_lazy(window + static_cast<int32_t>(code->free_register + i), object_constant(closure->at(i)));
    }
  }
  calls_.push_back({code, function, function->globals(), window, result, pc_, false, true});
  window_ = window;
  expected_ = code->words;
  return true;
}

bool Recorder::call_method(uint64_t word) {
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  if (seen(PT_A + 2).empty()) return fall_back();
  Reference self = slot(at(PT_A) + 1);
  if (is_pointer(self) && ir_.at(self).type == Type::W) emit(Op::kGuardBound, self);
  return call(PT_A, count + 1, PT_C);
}

bool Recorder::return_value(uint64_t word) {
  CallRecord* record = thread_->record;
  Call from = here();
  if (!from.plain || record->flags || record->frame_object) return fall_back();
  bool lower = calls_.empty();
  if (lower && (record == thread_->record_base || (record - 1)->registers > record->registers)) return abort(Abort::kleft_loop);
  Value v = seen(PT_A);
  if (v.empty()) return fall_back();
  Reference r = read(PT_A);
  if (lower) {
    const CallRecord* below = record - 1;
    ir_.returns.push_back(std::make_unique<ReturnTarget>(ReturnTarget{below->pc, record->registers - below->registers}));
    emit(Op::kGuardReturn, kNoReference, kNoReference, static_cast<int64_t>(ir_.returns.size()) - 1);
  } else if (from.real) {
    emit(Op::kGuardFrame);
  }
  // The result, with a count of its own unless it can take its register's along.
  int32_t source = at(PT_A);
  bool pointer = is_pointer(r);
  bool moves = false;
  Reference raw = r;
  if (pointer) {
    if (PT_A >= 0) {
      Slot& s = state(source);
      moves = (PT_A & 1 || (PT_A >> 1) < static_cast<int>(from.code->local_end)) && !s.lazy && s.owned;
      if (moves) raw = s.raw;
    }
    if (!moves) raw = emit(Op::kOwn, r);
  }
  int32_t end = window_ + static_cast<int32_t>(from.code->register_count);
  for (int32_t i = window_ - 1; i < end; ++i) {
    bool local = i - window_ < static_cast<int32_t>(from.code->local_end);
    if (moves && i == source) {
      emit(Op::kStoreFrame, empty_, kNoReference, i);
      state(i) = {kNoReference, kNoReference, false, false, false, false};
    } else if (local || (i == source && (PT_A & 1))) {
      empty(i);
    } else {
      // Temporaries are dead.
      state(i) = {kNoReference, kNoReference, false, false, false, state(i).filled};
    }
  }
  const uint64_t* caller_pc;
  int32_t result = from.result;
  if (lower) {
    const CallRecord* below = record - 1;
    caller_pc = below->pc;
    base_record_ = const_cast<CallRecord*>(below);
    base_ = {below->code, below->function, below->globals, static_cast<int32_t>(below->registers - base_frame_),
             below->result_register, nullptr, true, below->flags == 0};
  } else {
    caller_pc = from.caller_pc;
    calls_.pop_back();
  }
  window_ = here().window;
  if (pointer) set_owned(at(result), raw, moves ? r : raw);
  else set_lazy(at(result), r);
  if (from.real) emit(Op::kPopFrame);
  expected_ = caller_pc + 2;
  return true;
}

bool Recorder::record(uint64_t word) {
  bool outcome = false;
  switch (opcode_) {
    case Opcode::kNOP:
    case Opcode::kRESUME: go(1); return true;
    case Opcode::kLOAD_CONST:
      write(PT_A, constant_of(constants_[-1 - static_cast<int64_t>(operand_wide(word))]));
      go(1);
      return true;
    case Opcode::kMOVE:
      if (PT_B >= 0 && (PT_B & 1)) {
        move(at(PT_A), at(PT_B));
        if ((PT_B >> 1) < static_cast<int>(here().code->local_end)) set_lazy(at(PT_B), empty_);
      } else {
        set_copy(at(PT_A), read(PT_B));
      }
      go(1);
      return true;
    case Opcode::kMOVE_BORROW:
      write(PT_A, read(PT_B));
      go(1);
      return true;
    case Opcode::kCHECK_BOUND: {
      if (seen(PT_A).empty()) return fall_back();
      Reference r = read(PT_A);
      if (is_pointer(r)) emit(Op::kGuardBound, r);
      go(1);
      return true;
    }
    case Opcode::kCLEAR:
      clear(at(PT_A));
      write(PT_A, empty_);
      go(1);
      return true;
    case Opcode::kADD: case Opcode::kINPLACE_ADD: return arithmetic(word, Op::kAddInt, Op::kAddFloat);
    case Opcode::kSUB: case Opcode::kINPLACE_SUB: return arithmetic(word, Op::kSubInt, Op::kSubFloat);
    case Opcode::kMUL: case Opcode::kINPLACE_MUL: return arithmetic(word, Op::kMulInt, Op::kMulFloat);
    case Opcode::kTRUEDIV: case Opcode::kINPLACE_TRUEDIV: return arithmetic(word, Op::kCount, Op::kDivFloat);
    case Opcode::kFLOORDIV: case Opcode::kINPLACE_FLOORDIV: return arithmetic(word, Op::kFloorDivInt, Op::kCount);
    case Opcode::kMOD: case Opcode::kINPLACE_MOD: return arithmetic(word, Op::kModInt, Op::kCount);
    case Opcode::kAND: case Opcode::kINPLACE_AND: return arithmetic(word, Op::kAndInt, Op::kCount);
    case Opcode::kOR: case Opcode::kINPLACE_OR: return arithmetic(word, Op::kOrInt, Op::kCount);
    case Opcode::kXOR: case Opcode::kINPLACE_XOR: return arithmetic(word, Op::kXorInt, Op::kCount);
    case Opcode::kLSHIFT: case Opcode::kINPLACE_LSHIFT: return arithmetic(word, Op::kLshiftInt, Op::kCount);
    case Opcode::kRSHIFT: case Opcode::kINPLACE_RSHIFT: return arithmetic(word, Op::kRshiftInt, Op::kCount);
    case Opcode::kNEG: return negate(word);
#define PT_RECORD_COMPARE(name, op)                                            \
    case Opcode::k##name: return compare_value(word, CompareOp::op);           \
    case Opcode::kJUMP_IF_##name: return compare_jump(word, CompareOp::op);
    PT_RECORD_COMPARE(LT, kLt)
    PT_RECORD_COMPARE(LE, kLe)
    PT_RECORD_COMPARE(EQ, kEq)
    PT_RECORD_COMPARE(NE, kNe)
    PT_RECORD_COMPARE(GT, kGt)
    PT_RECORD_COMPARE(GE, kGe)
#undef PT_RECORD_COMPARE
    case Opcode::kNOT:
      if (!truth(PT_B, &outcome)) return false;
      drop(PT_B);
      write(PT_A, object_constant(boolean(!outcome)));
      go(1);
      return true;
    case Opcode::kIS:
    case Opcode::kIS_NOT:
      if (!identity(PT_B, PT_C, &outcome)) return false;
      drop(PT_B);
      drop(PT_C);
      write(PT_A, object_constant(boolean(outcome == (opcode_ == Opcode::kIS))));
      go(1);
      return true;
    case Opcode::kJUMP_IF_IS:
      if (!identity(PT_A, PT_B, &outcome)) return false;
      drop(PT_A);
      drop(PT_B);
      go(2 + (outcome == static_cast<bool>(PT_C) ? jump_extra(pc_) : 0));
      return true;
    case Opcode::kJUMP_IF_TRUE:
    case Opcode::kJUMP_IF_FALSE:
      if (!truth(PT_A, &outcome)) return false;
      drop(PT_A);
      go(1 + (outcome == (opcode_ == Opcode::kJUMP_IF_TRUE) ? operand_wide(word) : 0));
      return true;
    case Opcode::kJUMP_IF_TRUE_OR_CLEAR:
    case Opcode::kJUMP_IF_FALSE_OR_CLEAR:
      if (!truth(PT_A, &outcome)) return false;
      if (outcome == (opcode_ == Opcode::kJUMP_IF_TRUE_OR_CLEAR)) {
        go(1 + operand_wide(word));
      } else {
        write(PT_A, empty_);
        go(1);
      }
      return true;
    case Opcode::kJUMP_IF_NONE:
    case Opcode::kJUMP_IF_NOT_NONE: {
      bool none_seen = is_none(seen(PT_A));
      Reference r = read(PT_A);
      if (ir_.at(r).type != Type::F) emit(none_seen ? Op::kGuardIs : Op::kGuardIsNot, r, object_constant(none()));
      drop(PT_A);
      go(1 + (none_seen == (opcode_ == Opcode::kJUMP_IF_NONE) ? operand_wide(word) : 0));
      return true;
    }
    case Opcode::kJUMP: go(1 + operand_wide(word)); return true;
    case Opcode::kFOR_ITER: return for_iter(word);
    case Opcode::kLOAD_GLOBAL:
    case Opcode::kLOAD_NAME: return load_global(word, 2);
    case Opcode::kSTORE_GLOBAL:
    case Opcode::kSTORE_NAME: return store_global(word);
    case Opcode::kLOAD_ATTR: return load_attribute(word);
    case Opcode::kSTORE_ATTR: return store_attribute(word);
    case Opcode::kLOAD_METHOD: return load_method(word);
    case Opcode::kLOAD_CELL: return load_cell(word);
    case Opcode::kSTORE_CELL: return store_cell(word);
    case Opcode::kLOAD_ITEM: return load_item(word);
    case Opcode::kSTORE_ITEM: return store_item(word);
    case Opcode::kUNPACK_SEQUENCE: return unpack(word);
    case Opcode::kCALL: return call(PT_A, static_cast<uint16_t>(PT_B), PT_C);
    case Opcode::kCALL_METHOD: return call_method(word);
    case Opcode::kRETURN: return return_value(word);
    default: return fall_back();
  }
}

}  // namespace pt::jit
