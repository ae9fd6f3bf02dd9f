#pragma once
// set and frozenset: open addressing. Writers hold the object lock; readers do not; replaced tables go through QSBR.
#include <atomic>
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct List;
struct SetEntry {
  // kRemovedHash: removed. A fresh slot gets its hash before its key; one that is used again, after its key.
  std::atomic<int64_t> hash;
  Field key;  // empty: free, the chain ends there; kRemovedKey: removed
};
struct SetTable {
  uint64_t mask;
  int64_t fill;  // lock: used and removed slots
  bool has_objects;  // lock: it has had keys that are objects
  SetEntry entries[];
};
inline constexpr int64_t kRemovedHash = -1;

struct Set : Object {
  std::atomic<int64_t> used;
  std::atomic<SetTable*> table;   // never nullptr once constructed: empty sets share one immortal empty table
  std::atomic<int64_t> hash;      // frozenset: -1 until computed
  int64_t finger;                 // lock: where pop() looks next
};
inline bool is_any_set(Value v) { return v.is_object() && has_flag(type_of(v), kTypeSetSubclass); }
inline bool is_exact_any_set(Value v) { return has_shape(v, kShape_set) || has_shape(v, kShape_frozenset); }
inline Set* as_set(Value v) { return reinterpret_cast<Set*>(v.as_object()); }
Ref<Set> set_new(Value iterable_or_empty = Value());
Ref<Set> frozenset_new(Value iterable_or_empty = Value());  // an exact frozenset is returned as it is
Ref<Set> set_of(const Value* items, int64_t count);
bool set_add(Set* s, Value item);
int set_add_simple(Set* s, Value item);  // a small int or exact str; -1: an exception, or it cannot be told without Python code
int set_contains(Set* s, Value item);  // -1 error
int set_contains_simple(Set* s, Value item);  // without Python code; -1: it cannot be told that way
int set_discard(Set* s, Value item);  // 1 removed, 0 absent, -1 error
Ref<> set_pop(Set* s);  // empty without an exception: the set is empty
bool set_update(Set* s, Value iterable);
void set_clear(Set* s);
Ref<List> set_items_list(Set* s);  // the items at one moment
inline int64_t set_size(const Set* s) { return s->used.load(std::memory_order_relaxed); }
// Iteration by position, from 0; tolerant of concurrent change. False at the end.
bool set_next(Set* s, int64_t* position, Ref<>* item, int64_t* hash = nullptr);

}  // namespace pt
