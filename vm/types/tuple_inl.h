#pragma once
// Building exact tuples of a few items without a loop through memory.
#include "vm/types/tuple.h"

namespace pt {

// A pair that takes over both references; nullptr with MemoryError pending.
PT_INLINE Ref<Tuple> tuple_pair(Ref<> a, Ref<> b) {
  Ref<Tuple> t = tuple_allocate(2);
  if (PT_LIKELY(static_cast<bool>(t))) {
    t->items[0].init(std::move(a));
    t->items[1].init(std::move(b));
  }
  return t;
}

}  // namespace pt
