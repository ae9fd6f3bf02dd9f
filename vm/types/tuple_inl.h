#pragma once
// Building exact tuples of a few items without a loop through memory.
#include "gc/heap/heap_inl.h"
#include "vm/object/error.h"
#include "vm/types/tuple.h"

namespace pt {

// A pair that takes over both references; nullptr with MemoryError pending.
PT_INLINE Ref<Tuple> tuple_pair(Ref<> a, Ref<> b) {
  auto* t = static_cast<Tuple*>(allocate_object_inline(kShape_tuple, sizeof(Tuple) + 2 * sizeof(Field), true));
  if (PT_UNLIKELY(!t)) return raise_no_memory();
  t->length = 2;
  t->items[0].init(std::move(a));
  t->items[1].init(std::move(b));
  return Ref<Tuple>::steal(t);
}

}  // namespace pt
