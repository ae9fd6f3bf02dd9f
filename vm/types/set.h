#pragma once
// set and frozenset: open addressing. Writers hold the object lock; readers do not; replaced tables go through QSBR.
#include <atomic>
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct SetTable;
struct Set : Object {
  std::atomic<int64_t> used;
  std::atomic<SetTable*> table;
  std::atomic<int64_t> hash;  // frozenset: -1 until computed
};
inline bool is_any_set(Value v) { return v.is_object() && has_flag(type_of(v), kTypeSetSubclass); }
inline Set* as_set(Value v) { return reinterpret_cast<Set*>(v.as_object()); }
Ref<Set> set_new(Value iterable_or_empty = Value());
Ref<Set> frozenset_new(Value iterable_or_empty = Value());
bool set_add(Set* s, Value item);
int set_contains(Set* s, Value item);   // -1 error
int set_discard(Set* s, Value item);    // 1 removed, 0 absent, -1 error
bool set_update(Set* s, Value iterable);
inline int64_t set_size(const Set* s) { return s->used.load(std::memory_order_relaxed); }
bool set_next(Set* s, int64_t* position, Ref<>* item);

}  // namespace pt
