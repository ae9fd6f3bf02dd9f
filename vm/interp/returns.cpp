// RETURN: the ways out of a frame.
#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/types/frame.h"
#include "vm/types/generator.h"

namespace pt {

// All ways out of a frame but the plainest.
PT_SLOW(slow_RETURN) {
  PT_SAVE_PC();
  Value v = PT_READ(PT_A);
  if (PT_A & 1) {
    register_at(frame, PT_A) = Value();
    v = promote(v);
  } else {
    v = promote(v);
    if (v.is_counted() && v.bits() == PT_READ(PT_A).bits()) incref(v.as_object());
  }
  CallRecord* record = thread->record;
  uint32_t flags = record->flags;
  Generator* generator = record->generator;
  if (flags & kRecordGenerator) generator_end(generator);
  if (PT_UNLIKELY(flags & kRecordTraceCheck)) dispatch = update_dispatch(thread, dispatch);
  int result = record->result_register;
  pop_record(thread);
  Value function = frame[-1];
  frame[-1] = Value();
  release(function);
  if (flags & kRecordGenerator) {
    thread->returning_generator = generator;
    [[clang::musttail]] return generator_returned(thread, frame, pc, constants, dispatch, v.bits());
  }
  if (flags & kRecordEntry) return v.bits();
  if (flags & kRecordInit) {
    Value instance = frame[-2];
    frame[-2] = Value();
    if (PT_UNLIKELY(!is_none(v))) {
      bool counted = v.is_counted();
      raise(exc::TypeError, "__init__() should return None, not '%T'", v);
      if (counted) release(v);
      release(instance);
      record = thread->record;
      frame = record->registers;
      pc = record->pc;
      constants = record->code->constants_end;
      word = load_word(pc);
      PT_RAISE();
    }
    v = instance;
  }
  record = thread->record;
  frame = record->registers;
  pc = record->pc;
  constants = record->code->constants_end;
  word = load_word(pc);
  if (flags & kRecordOperator) {
    [[clang::musttail]] return method_returned(thread, frame, pc, constants, dispatch, v.bits());
  }
  write(frame, result, v);
  PT_NEXT(instruction_words(opcode_of(word)));
}
// Goes on after the call of the frame that `record` has been, whose locals are gone. All instructions that enter frames
// without flags are calls of two words.
#define PT_LEAVE(record_, value_)                                \
  do {                                                           \
    int result_ = (record_)->result_register;                    \
    frame[-1] = Value();                                         \
    CallRecord* caller_ = (record_) - 1;                         \
    thread->record = caller_;                                    \
    frame = caller_->registers;                                  \
    pc = caller_->pc;                                            \
    constants = caller_->code->constants_end;                    \
    if (PT_UNLIKELY(register_at(frame, result_).is_counted())) { \
      word = (value_).bits();                                    \
      PT_TAIL(write_returned);                                   \
    }                                                            \
    register_at(frame, result_) = (value_);                      \
    PT_NEXT(2);                                                  \
  } while (0)
PT_SLOW(write_returned) {
  Value v = Value::from_bits(word);
  write(frame, (thread->record + 1)->result_register, v);
  PT_NEXT(2);
}
// Locals die with the frame; the value travels in place of the word. Destructors may run: the record stays until they are
// done.
PT_SLOW(destroying_RETURN) {
  Value v = promote(Value::from_bits(word));
  CallRecord* record = thread->record;
  PT_SAVE_PC();
  record->flags |= kRecordLeaving;
  for (uint32_t i = 0, n = record->code->local_end; i < n; ++i) {
    Value old = frame[i];
    frame[i] = Value();
    release(old);
  }
  Value function = frame[-1];
  frame[-1] = Value();
  int result = record->result_register;
  bool init = record->flags & kRecordInit, method = record->flags & kRecordOperator;
  thread->record = record - 1;
  --record;
  frame = record->registers;
  pc = record->pc;
  constants = record->code->constants_end;
  release(function);
  PT_SAVE_PC();
  if (init) {
    Value* instance = (record + 1)->registers - 2;
    v = *instance;
    *instance = Value();
  }
  if (method) [[clang::musttail]]
    return method_returned(thread, frame, pc, constants, dispatch, v.bits());
  write(frame, result, v);
  PT_NEXT(2);
}
// An __init__ that returned None: its instance is the result.
PT_SLOW(init_RETURN) {
  CallRecord* record = thread->record;
  if (PT_A & 1) register_at(frame, PT_A) = Value();
  for (uint32_t i = 0, n = record->code->local_end; i < n; ++i) {
    if (PT_UNLIKELY(!drop_count(frame[i]))) {
      word = none().bits();
      PT_TAIL(destroying_RETURN);
    }
    frame[i] = Value();
  }
  Value instance = frame[-2];
  frame[-2] = Value();
  PT_LEAVE(record, instance);
}
// A special method's result goes to the instruction that asked for it.
PT_SLOW(method_RETURN) {
  Value v = PT_READ(PT_A);
  if (PT_A & 1) {
    register_at(frame, PT_A) = Value();
    if (v.is_borrowed()) v = register_copy(v);
  } else {
    v = register_copy(v);
  }
  CallRecord* record = thread->record;
  for (uint32_t i = 0, n = record->code->local_end; i < n; ++i) {
    if (PT_UNLIKELY(!drop_count(frame[i]))) {
      word = v.bits();
      PT_TAIL(destroying_RETURN);
    }
    frame[i] = Value();
  }
  frame[-1] = Value();
  thread->record = --record;
  frame = record->registers;
  pc = record->pc;
  constants = record->code->constants_end;
  [[clang::musttail]] return method_returned(thread, frame, pc, constants, dispatch, v.bits());
}
PT_HANDLER(RETURN) {
  CallRecord* record = thread->record;
  Value v = PT_READ(PT_A);
  if (PT_UNLIKELY(record->flags != 0 || record->frame_object != nullptr)) {
    bool plain = !record->frame_object && !frame[-1].is_counted();
    if (plain && record->flags == kRecordInit && is_none(v)) PT_TAIL(init_RETURN);
    if (plain && record->flags == kRecordOperator) PT_TAIL(method_RETURN);
    PT_TAIL(slow_RETURN);
  }
  if (PT_A & 1) {
    register_at(frame, PT_A) = Value();
    if (v.is_borrowed()) v = register_copy(v);
  } else {
    v = register_copy(v);
  }
  for (uint32_t i = 0, n = record->code->local_end; i < n; ++i) {
    if (PT_UNLIKELY(!drop_count(frame[i]))) {
      word = v.bits();
      PT_TAIL(destroying_RETURN);
    }
    frame[i] = Value();
  }
  if (PT_UNLIKELY(!drop_count(frame[-1]))) {
    word = v.bits();
    PT_TAIL(destroying_RETURN);
  }
  PT_LEAVE(record, v);
}

}  // namespace pt
