#pragma once
// Weak references. The references to an object hang in a side table keyed by its address; the object carries one bit.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct WeakRef : Object {
  std::atomic<Object*> target;  // nullptr: dead. Cleared under the table's lock.
  Field callback;               // or empty
  std::atomic<int64_t> hash;    // -1: not computed
  WeakRef* next;                // list of the target, guarded by the table's lock
  WeakRef* previous;
};
Ref<> weakref_new(Type* type, Value target, Value callback_or_empty);
// The target, or empty when it is dead.
Ref<> weakref_get(WeakRef* ref);
// Heap hooks.
void clear_weakrefs(Object* target);
void run_weakref_callbacks();

}  // namespace pt
