#pragma once
// tuple: immutable, items inline.
#include <cstdint>
#include <initializer_list>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Tuple : Object {
  int64_t length;
  Field items[];
  Value at(int64_t i) const { return items[i].peek(); }  // borrowed; tuples do not change
};
inline bool is_tuple(Value v) { return v.is_object() && has_flag(type_of(v), kTypeTupleSubclass); }
inline bool is_exact_tuple(Value v) { return has_shape(v, kShape_tuple); }
inline Tuple* as_tuple(Value v) { return reinterpret_cast<Tuple*>(v.as_object()); }

Tuple* empty_tuple();                                  // immortal
Ref<Tuple> tuple_allocate(int64_t length);             // items empty: fill all with items[i].init before publishing
Ref<Tuple> tuple_from(const Value* values, int64_t count);
inline Ref<Tuple> tuple_of(std::initializer_list<Value> values) {
  return tuple_from(values.begin(), static_cast<int64_t>(values.size()));
}
Ref<Tuple> tuple_from_iterable(Value iterable);        // an exact tuple is returned as it is
Ref<Tuple> tuple_slice(Tuple* t, int64_t start, int64_t end);
// `count` items, of positions as slice_adjust gives them.
Ref<Tuple> tuple_every(Tuple* t, int64_t start, int64_t step, int64_t count);

}  // namespace pt
