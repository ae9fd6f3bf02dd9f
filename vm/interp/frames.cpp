#include "vm/interp/frames.h"

#include "gc/platform/memory.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/hot_loop.h"
#include "vm/interp/trace.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/frame.h"
#include "vm/types/generator.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

constinit void (*g_abandon_recording)() = nullptr;

CallRecord* push_code_record(Thread* thread, Code* code, Dict* globals, Value locals, Function* function, Value* window) {
  CallRecord* record = thread->record + 1;
  if (PT_UNLIKELY(record >= thread->record_limit)) {
    // Room for the handling itself.
    CallRecord* limit = thread->record_limit;
    if (record < limit + kRecordReserve) {
      thread->record_limit = limit + kRecordReserve;
      raise(exc::RecursionError, "maximum recursion depth exceeded");
      thread->record_limit = limit;
    }
    return nullptr;
  }
  if (PT_UNLIKELY(window + code->register_count + 8 > thread->stack_limit)) {
    raise(exc::RecursionError, "maximum recursion depth exceeded");
    return nullptr;
  }
  record->code = code;
  record->function = function;
  record->registers = window;
  record->pc = code->words;
  record->globals = globals;
  record->locals = locals;
  record->frame_object = nullptr;
  record->generator = nullptr;
  record->pushed = nullptr;
  record->flags = 0;
  record->result_register = 0;
  thread->record = record;
  return record;
}

CallRecord* push_record(Thread* thread, Function* function, Value* window) {
  return push_code_record(thread, function->code(), function->globals(), Value(), function, window);
}

void pop_record(Thread* thread) {
  CallRecord* record = thread->record;
  if (PT_UNLIKELY(record->frame_object != nullptr)) frame_detach(record);
  record->flags |= kRecordLeaving;
  Value* registers = record->registers;
  uint32_t count = record->code->register_count;
  // Destructors may run Python code above this frame's registers: the record goes last.
  for (uint32_t i = 0; i < count; ++i) {
    Value v = registers[i];
    registers[i] = Value();
    release(v);
  }
  thread->record = record - 1;
}

// ---- entering from native code ---------------------------------------------------------------------------------------------

Ref<> run_record(Thread* thread) {
  CallRecord* record = thread->record;
  InterpreterEntry entry;
  record->flags |= kRecordEntry;
  if (PT_UNLIKELY(!native_stack_ok())) {
    pop_record(thread);
    return Ref<>();
  }
  const uint64_t* pc = record->pc;
  uint64_t word = load_word(pc);
  const Dispatch* dispatch = active_dispatch(thread);
  uint64_t bits = dispatch->handlers[word & 0xFFFF](thread, record->registers, pc, record->code->constants_end, dispatch, word);
  if (PT_UNLIKELY(tracing(thread))) trace_remind(thread);
  return Ref<>::steal(promote(Value::from_bits(bits)));
}

Ref<> call_function(Value callable, const Args& args) {
  Thread* thread = current_thread();
  Function* function = as_function(callable);
  const Code* code = function->code();
  // [-1] of the window keeps the function, as for calls between Python functions.
  Value* base = stack_top(thread);
  Value* window = base + 1;
  uint32_t total = args.total();
  if (PT_LIKELY(code->simple_call && !args.names && total == code->argument_count)) {
    if (PT_UNLIKELY(window + code->register_count + 8 > thread->stack_limit)) {
      return raise(exc::RecursionError, "maximum recursion depth exceeded");
    }
    for (uint32_t i = 0; i < total; ++i) window[i] = args.values[i].as_borrowed();
  } else {
    Value inline_copy[16];
    Value* copy = inline_copy;
    if (total > 16 && !(copy = static_cast<Value*>(memory::allocate(total * sizeof(Value))))) return raise_no_memory();
    for (uint32_t i = 0; i < total; ++i) copy[i] = args.values[i].as_borrowed();
    bool ok = bind_frame(thread, function, window, copy, total, args.names);
    if (copy != inline_copy) memory::release(copy);
    if (!ok) return Ref<>();
  }
  clear_locals(function, code, window);
  base[0] = callable.as_borrowed();
  if (!push_record(thread, function, window)) {
    for (uint32_t i = 0; i < code->local_end; ++i) {
      Value v = window[i];
      window[i] = Value();
      release(v);
    }
    base[0] = Value();
    return Ref<>();
  }
  return run_record(thread);
}

Ref<> run_code(Code* code, Dict* globals, Value locals, Value closure) {
  Thread* thread = current_thread();
  Value* base = stack_top(thread);
  Value* window = base + 1;
  if (PT_UNLIKELY(window + code->register_count + 8 > thread->stack_limit)) {
    return raise(exc::RecursionError, "maximum recursion depth exceeded");
  }
  // A function gives the frame its builtins and keeps code and closure.
  Ref<> function = function_new(code, globals, nullptr);
  if (!function) return Ref<>();
  if (!closure.empty()) as_function(function.value())->closure.init(Ref<>::retain(closure));
  for (uint32_t i = 0; i < code->parameter_count; ++i) window[i] = Value();
  clear_locals(as_function(function.value()), code, window);
  base[0] = function.value().as_borrowed();
  Value mapping = locals.empty() && !(code->flags & kCodeFlagNewLocals) ? Value::object(globals) : locals;
  if (!push_code_record(thread, code, globals, mapping, as_function(function.value()), window)) {
    base[0] = Value();
    return Ref<>();
  }
  return run_record(thread);
}

}  // namespace pt
