#pragma once
// Calls of builtin functions and methods with positional arguments, which lie in the caller's registers as the native function
// takes them.
#include "vm/interp/dispatch.h"
#include "vm/object/descriptors.h"

namespace pt {

// The word of a QuickCall: the fewest values (self included), how many more may come plus one (0: no such call), how many the
// function gets, and:
inline constexpr uint32_t kQuickPositional = 1u << 24;   // through NativeDef::positional, as many as there are
inline constexpr uint32_t kQuickLooks = 1u << 25;        // drains and special methods come first
inline constexpr uint32_t kQuickSelf = 1u << 26;         // the object's own self goes in front
inline constexpr uint32_t kQuickKnown = 1u << 27;
PT_COLD uint32_t learn_quick_call(NativeFunctionObject* f);
PT_COLD uint32_t learn_quick_call(MethodDescriptor* d);
template <class Callable>
PT_INLINE uint32_t quick_of(Callable* callable) {
  uint32_t word = callable->quick.load();
  return PT_LIKELY(word != 0) ? word : learn_quick_call(callable);
}

PT_INLINE bool quick_fits(uint32_t word, uint32_t count) { return count - (word & 0xFF) < ((word >> 8) & 0xFF); }
// Releases the consumed window [first, first + count) of a call that ran natively.
PT_INLINE void clear_window(Value* first, uint32_t count) {
  for (Value* end = first + count; first != end; ++first) {
    Value v = *first;
    *first = Value();
    if (PT_UNLIKELY(!drop_count(v))) decref_call(v.as_object());
  }
}
// Calls the native function with values[0..count), which quick_fits; the parameters beyond get empty values in the registers
// behind. False: those are not the caller's, nothing has happened. Otherwise *result (empty: error).
PT_INLINE bool call_quickly(Thread* thread, const NativeDef* def, uint32_t word, Value* values, uint32_t count, Value* result) {
  if (PT_UNLIKELY(word & kQuickPositional)) {
    *result = def->positional(values, count).take();
    return true;
  }
  uint32_t total = (word >> 16) & 0xFF;
  if (count != total) {
    CallRecord* record = thread->record;
    if (PT_UNLIKELY(values + total > record->registers + record->code->register_count)) return false;
    do {
      values[count] = Value();
    } while (++count != total);
  }
  *result = def->function(values).take();
  return true;
}

// The same, with a copy of the arguments, behind `self` unless that is empty. False: the call does not fit.
bool call_copied(const NativeDef* def, uint32_t word, Value self, const Value* values, uint32_t count, Value* result);

}  // namespace pt
