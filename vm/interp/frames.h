#pragma once
// Call records and register windows: pushing, binding arguments, popping, and entering the interpreter from native code.
#include "vm/interp/dispatch.h"
#include "vm/types/tuple.h"

namespace pt {

struct Generator;

// Where an exception raised at `pc` goes on in this code; nullptr: it leaves the frame.
const CodeException* find_handler(const Code* code, const uint64_t* pc);

// First register above everything the innermost call uses.
PT_INLINE Value* stack_top(Thread* thread) {
  CallRecord* record = thread->record;
  return record < thread->record_memory ? thread->stack_base : record->registers + record->code->register_count;
}

// A record for `function`, whose window (parameters bound, other locals empty) starts at `window`. nullptr with
// RecursionError or MemoryError pending.
CallRecord* push_record(Thread* thread, Function* function, Value* window);
// The same without binding checks for code that is no function (modules, classes' bodies run by exec).
CallRecord* push_code_record(Thread* thread, Code* code, Dict* globals, Value locals, Function* function, Value* window);

// Moves arguments into the window of `function`: `values` are owned words (borrowed-tagged ones carry no count), consumed
// in any case. `names`: keywords for the last ones. `values` may overlap the window. TypeError as CPython words it.
bool bind_frame(Thread* thread, Function* function, Value* window, Value* values, uint32_t count, Tuple* names);
// The parameters behind the `count` first ones get their defaults. False, and nothing has happened: not all have one, or there
// are too many arguments. For simple calls.
bool bind_positional_defaults(Function* function, const Code* code, Value* window, uint32_t count);
// Locals that are not parameters start empty; free variables come from the closure.
PT_INLINE void clear_locals(Function* function, const Code* code, Value* window) {
  for (uint32_t i = code->parameter_count; i < code->local_end; ++i) window[i] = Value();
  if (PT_UNLIKELY(code->free_count)) {
    const Tuple* closure = reinterpret_cast<const Tuple*>(function->closure.peek().as_object());
    for (uint32_t i = 0; i < code->free_count; ++i)
      window[code->free_register + i] = Value::borrowed_object(closure->at(i).as_object());
  }
}

// Releases the registers of a call that ends and drops its record. Its result or exception is safe elsewhere.
void pop_record(Thread* thread);

// Runs from the record on top until it returns; the owned result, empty with an exception pending.
Ref<> run_record(Thread* thread);
// Calls a Python function from native code.
Ref<> call_function(Value function, const Args& args);
// Runs code with the given namespaces (exec, modules, class bodies). `locals` empty: the globals.
Ref<> run_code(Code* code, Dict* globals, Value locals, Value closure_or_empty);

}  // namespace pt
