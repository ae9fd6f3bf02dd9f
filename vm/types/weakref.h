#pragma once
// Weak references. The references to an object hang in a side table keyed by its address; the object carries one bit.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct List;

struct WeakRef : Object {
  std::atomic<Object*> target;  // nullptr: dead. Cleared under the table's lock.
  Field callback;               // or empty
  std::atomic<int64_t> hash;    // -1: not computed
  WeakRef* next;                // list of the target, guarded by the table's lock
  WeakRef* previous;
};
inline WeakRef* as_weakref(Value v) { return reinterpret_cast<WeakRef*>(v.as_object()); }
inline bool is_weakref(Value v) { return v.is_object() && is_subtype(type_of(v), &weakref_type); }
inline bool is_weak_proxy(Value v) { return has_shape(v, kShape_weak_proxy) || has_shape(v, kShape_weak_callable_proxy); }

// A reference (or proxy) of the given type; one without a callback is shared. TypeError.
Ref<> weakref_new(Type* type, Value target, Value callback_or_empty);
// The target, or empty when it is dead. Any thread.
Ref<> weakref_get(WeakRef* ref);
// weakref.getweakrefcount, weakref.getweakrefs.
int64_t weakref_count(Value object);
Ref<List> weakref_list(Value object);
// Heap hooks: the target dies; run what this queued for the calling thread (Python code).
void clear_weakrefs(Object* target);
void run_weakref_callbacks();
bool has_weakref_callback(const Object* target);
// Layout functions shared with the proxies.
void weakref_traverse(Object*, FieldVisitor&);
void weakref_destroy(Object*);

}  // namespace pt
