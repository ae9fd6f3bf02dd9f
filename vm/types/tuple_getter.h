#pragma once
#include <atomic>

#include "vm/types/tuple.h"

namespace pt {

// The descriptor of a named tuple's field. vm/modules/collections defines its type.
struct TupleGetter : Object {
  int64_t index;
  Field doc;
};
extern std::atomic<Type*> g_tuple_getter_type;  // set when the module is made; nullptr before
inline bool is_tuple_getter(Value v) { return type_of(v) == g_tuple_getter_type.load(std::memory_order_relaxed); }

}  // namespace pt
