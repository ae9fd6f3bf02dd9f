#pragma once
// operator.methodcaller's objects. vm/modules/operator has the rest of the type.
#include "vm/object/type.h"

namespace pt {

// Immutable once made.
struct MethodCaller : Object {
  Field name;      // interned str
  Field args;      // tuple
  Field keywords;  // dict or empty
};
inline constinit Type method_caller_type = {};
inline bool is_method_caller(Value v) { return type_of(v) == &method_caller_type; }

}  // namespace pt
