// Unwinding: from a pending exception to its handler, through frames.
#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/object/handled.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/slot_table.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

const CodeException* find_handler(const Code* code, const uint64_t* pc) {
  auto at = static_cast<uint32_t>(pc - code->words);
  for (uint32_t i = 0; i < code->exception_count; ++i) {
    const CodeException& e = code->exceptions[i];
    if (at >= e.start && at < e.end) return &e;
  }
  return nullptr;
}

namespace {

void clear_registers(Value* registers, uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; ++i) {
    Value v = registers[i];
    registers[i] = Value();
    release(v);
  }
}

// After clean-up code: the frame shows the line of the raise, not the last line that ran.
bool leaves_at_raise(uint64_t word) { return opcode_of(word) == Opcode::kRERAISE && operand_b(word); }
void move_to_raise(Thread* thread, CallRecord* record) {
  Ref<> traceback = exception_traceback(thread->pending);
  if (!traceback) return;
  auto* entry = reinterpret_cast<Traceback*>(traceback.value().as_object());
  if (entry->frame.peek().is(record->frame_object)) record->pc = record->code->words + entry->pc;
}

// Finds the handler and prepares the frame that has it. Returns the record to go on in, or nullptr when the entry frame was
// left. While destructors run, the exception is out of sight.
CallRecord* unwind_frames(Thread* thread, const uint64_t** target) {
  bool add_entry = !thread->suppress_traceback;
  thread->suppress_traceback = false;
  for (;;) {
    CallRecord* record = thread->record;
    const Code* code = record->code;
    if (add_entry && !(code->flags & kCodeFlagHidden) && !add_traceback(record)) {
      // Out of memory: the new exception replaces the old one.
    }
    bool traced = PT_UNLIKELY(tracing(thread));
    bool raised = add_entry;
    if (traced) trace_exception(thread, raised);
    add_entry = true;
    const CodeException* handler = PT_LIKELY(!(record->flags & kRecordTraceLeaves)) ? find_handler(code, record->pc) : nullptr;
    if (handler) {
      Ref<> exception = take_error();
      clear_registers(record->registers, handler->depth, code->register_count);
      record->registers[handler->depth] = exception.take();
      *target = code->words + handler->target;
      return record;
    }
    if (!raised && record->frame_object && leaves_at_raise(load_word(record->pc))) move_to_raise(thread, record);
    if (traced && tracing(thread) && !(record->flags & kRecordTraceLeaves)) trace_unwound(thread);
    uint32_t flags = record->flags;
    Generator* generator = record->generator;
    Value* registers = record->registers;
    Ref<> exception = take_error();
    if (flags & kRecordGenerator) generator_end(generator);
    pop_record(thread);
    Value function = registers[-1];
    registers[-1] = Value();
    release(function);
    if (flags & kRecordInit) {
      Value instance = registers[-2];
      registers[-2] = Value();
      release(instance);
    }
    if (flags & kRecordGenerator) {
      generator_finish(thread, generator);
      // PEP 479: StopIteration must not leak out of a generator.
      exception = generator_error(code, std::move(exception));
    }
    restore_error(std::move(exception));
    if (flags & kRecordEntry) return nullptr;
    if ((flags & kRecordOperator) && method_raised(thread, target)) return thread->record;
  }
}

}  // namespace

uint64_t unwind(PT_HANDLER_PARAMETERS) {
  thread->record->pc = pc;
  CallRecord* record = unwind_frames(thread, &pc);
  if (!record) return 0;
  frame = record->registers;
  if (PT_UNLIKELY(record->flags & kRecordTraceCheck)) dispatch = update_dispatch(thread, dispatch);
  constants = record->code->constants_end;
  word = load_word(pc);
  PT_TAIL(dispatch->handlers[word & 0xFFFF]);
}

// ---- handlers ----------------------------------------------------------------------------------------------------------------

PT_HANDLER(ENTER_HANDLER) {
  PT_SAVE_PC();
  Value& previous = register_at(frame, PT_A + 2);
  Value old = previous;
  previous = thread->handled;
  // A generator may leave the handler with something else handled outside.
  if (previous.empty() && (thread->record->flags & kRecordGenerator)) previous = none();
  thread->handled = Value::from_bits(register_at(frame, PT_A).bits());
  if (thread->handled.is_object()) incref(thread->handled.as_object());
  release(old);
  PT_NEXT(1);
}
PT_HANDLER(LEAVE_HANDLER) {
  PT_SAVE_PC();
  Value current = thread->handled;
  Value exception = register_at(frame, PT_A);
  thread->handled = register_at(frame, PT_A + 2);
  register_at(frame, PT_A) = Value();
  register_at(frame, PT_A + 2) = Value();
  release(current);
  release(exception);
  PT_NEXT(1);
}
PT_HANDLER(JUMP_IF_NO_MATCH) {
  PT_SAVE_PC();
  int match = exception_matches(PT_READ(PT_A), PT_READ(PT_B));
  if (match < 0) PT_RAISE();
  consume(frame, PT_B);
  PT_NEXT(2 + (match ? 0 : jump_extra(pc)));
}
PT_OPERATION(MATCH_GROUP, 1) {
  Ref<> match, rest;
  if (!exception_group_match(PT_READ(PT_B), PT_READ(PT_C), &match, &rest)) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  if (match) {
    Value old = thread->handled;
    thread->handled = Ref<>::retain(match.value()).take();
    release(old);
  }
  write(frame, PT_A, match ? match.take() : none());
  write(frame, PT_A + 2, rest ? rest.take() : none());
  return true;
}
PT_OPERATION(PREPARE_RERAISE_STAR, 1) {
  Ref<> result = prepare_reraise_star(PT_READ(PT_B), PT_READ(PT_C));
  if (!result) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, result.take());
  return true;
}

PT_OPERATION(RAISE, 1) {
  int count = PT_C;
  if (count == 0) {
    Value handled = handled_exception(thread);
    if (handled.empty()) {
      return raise(exc::RuntimeError, "No active exception to reraise");
    }
    // Like a re-raise by the interpreter: this frame adds no entry to the traceback.
    thread->suppress_traceback = true;
    restore_error(Ref<>::retain(handled));
    return false;
  }
  Ref<> exception = take_operand(frame, constants, PT_A);
  Ref<> cause = count == 2 ? take_operand(frame, constants, PT_B) : Ref<>();
  if (is_exception_type(exception.value())) {
    Ref<> made = call0(exception.value());
    if (!made) return false;
    if (!is_exception(made.value())) {
      return raise(exc::TypeError, "calling %R should have returned an instance of BaseException, not %T", exception.value(),
                   made.value());
    }
    exception = std::move(made);
  } else if (!is_exception(exception.value())) {
    return raise(exc::TypeError, "exceptions must derive from BaseException");
  }
  if (cause) {
    if (is_exception_type(cause.value())) {
      cause = call0(cause.value());
      if (!cause) return false;
      if (!is_exception(cause.value())) {
        return raise(exc::TypeError, "calling %R should have returned an instance of BaseException, not %T", cause.value(),
                     cause.value());
      }
    } else if (!is_none(cause.value()) && !is_exception(cause.value())) {
      return raise(exc::TypeError, "exception causes must derive from BaseException");
    }
    set_exception_cause(exception.value(), is_none(cause.value()) ? Value() : cause.value());
  }
  raise_object(exception.value());
  return false;
}
PT_HANDLER(RERAISE) {
  PT_SAVE_PC();
  restore_error(Ref<>::steal(take_value(frame, constants, PT_A)));
  // The frame has its entry in the traceback already.
  thread->suppress_traceback = true;
  PT_RAISE();
}
PT_HANDLER(LOAD_ASSERTION_ERROR) {
  PT_SAVE_PC();
  write(frame, PT_A, Value::borrowed_object(exc::AssertionError));
  PT_NEXT(1);
}

// ---- with --------------------------------------------------------------------------------------------------------------------

namespace {
bool before_with(Value* frame, Value* constants, uint64_t word, Str* enter_name, Str* exit_name, const char* protocol) {
  Value manager = PT_READ(PT_B);
  if (type_lookup_borrowed(type_of(manager), enter_name).empty()) {
    return raise(exc::TypeError, "'%T' object does not support the %s protocol", manager, protocol);
  }
  Ref<> exit = lookup_special(manager, exit_name);
  if (!exit) {
    if (error_pending()) return false;
    return raise(exc::TypeError, "'%T' object does not support the %s protocol (missed %U method)", manager, protocol, exit_name);
  }
  bool found;
  Ref<> entered = call_special(manager, enter_name, {}, &found);
  if (!entered) {
    if (found) return false;
    return raise(exc::TypeError, "'%T' object does not support the %s protocol", manager, protocol);
  }
  consume(frame, PT_B);
  write(frame, PT_A, exit.take());
  write(frame, PT_A + 2, entered.take());
  return true;
}
}  // namespace
PT_HANDLER(BEFORE_WITH) {
  PT_SAVE_PC();
  PT_ENTER_IF(enter_with(thread, frame, pc, PT_READ(PT_B), register_at(frame, PT_A)));
  if (!before_with(frame, constants, word, names::enter.str(), names::exit.str(), "context manager")) PT_RAISE();
  PT_NEXT(1);
}
PT_OPERATION(BEFORE_ASYNC_WITH, 1) {
  return before_with(frame, constants, word, names::aenter.str(), names::aexit.str(), "asynchronous context manager");
}
PT_OPERATION(WITH_EXCEPT, 1) {
  Value exception = PT_READ(PT_C);
  Ref<> traceback = exception_traceback(exception);
  Ref<> result =
      call_values(PT_READ(PT_B), {Value::object(type_of(exception)), exception, traceback ? traceback.value() : none()});
  if (!result) return false;
  consume(frame, PT_B);
  consume(frame, PT_C);
  write(frame, PT_A, result.take());
  return true;
}

}  // namespace pt
