#pragma once
#include "gc/refcount/ref.h"

namespace pt {
struct Str;
struct Type;

// What super() returns, bound to an instance or a class. Immutable once initialised.
struct Super : Object {
  Field type, object, object_type;  // object and object_type empty: unbound
};
// What the MRO of `object_type` gives for the name behind `type`, no descriptor asked; empty: nothing, perhaps an exception.
Ref<> super_lookup(Value type, Type* object_type, Str* name);
// The __class__ cell and the first argument of the innermost Python frame, for super() without arguments. RuntimeError.
bool super_from_frame(Ref<>* type, Ref<>* object);
}  // namespace pt
