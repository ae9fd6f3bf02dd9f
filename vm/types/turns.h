#pragma once
// Iterators whose step is several operations, shared by threads: each step is one thread's turn.
#include "gc/refcount/ref.h"
#include "gc/sync/critical_section.h"

namespace pt {

// A `next` slot. The step may run Python code, which gives the turn up only when it blocks. It holds the iterator's lock:
// its own fields it reads with load_locked() and writes with exchange_locked().
template <Ref<> (*kStep)(Value)>
Ref<> in_turn(Value self) {
  CriticalSection turn(self.as_object());
  return kStep(self);
}
// The same for steps that never write fields of the iterator: free while there is one thread.
template <Ref<> (*kStep)(Value)>
Ref<> in_turn_with_threads(Value self) {
  if (PT_LIKELY(!multithreaded())) return kStep(self);
  CriticalSection turn(self.as_object());
  return kStep(self);
}

}  // namespace pt
