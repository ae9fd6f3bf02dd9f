#pragma once
// Context variables for native modules (PEP 567).
#include <atomic>

#include "vm/object/thread.h"

namespace pt {

struct RunningContext : Object {
  Field variables;  // ContextVar -> value, a persistent map; only the thread that runs the context stores another one
  std::atomic<bool> entered;  // by one thread at a time; taken with acquire, given back with release
  // What was looked up last; the map holds both. Only for the thread that runs the context.
  Value cached_variable, cached_value;
};

Value contextvar_borrow_slow(Value variable);
// The variable's value in the running thread's context; empty without an exception when it has none there. Borrowed: it may go
// as soon as Python code runs.
PT_INLINE Value contextvar_borrow(Value variable) {
  Value running = current_thread()->context;
  if (PT_LIKELY(!running.empty())) {
    auto* context = static_cast<RunningContext*>(running.as_object());
    if (PT_LIKELY(context->cached_variable.bits() == variable.bits())) return context->cached_value;
  }
  return contextvar_borrow_slow(variable);
}
bool contextvar_set(Value variable, Value value);

}  // namespace pt
