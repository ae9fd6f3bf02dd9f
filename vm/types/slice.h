#pragma once
// slice: three values, immutable.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Slice : Object {
  Field start, stop, step;
};
inline bool is_slice(Value v) { return has_shape(v, kShape_slice); }  // slice cannot be subclassed
inline Slice* as_slice(Value v) { return reinterpret_cast<Slice*>(v.as_object()); }
// An empty argument stands for None.
Ref<> slice_new(Value start, Value stop, Value step = Value());
// Start, stop, step of the slice as machine words, not yet adjusted to a length (out of range ones clamp). May run
// __index__; ValueError for step 0.
bool slice_unpack(Value slice, int64_t* start, int64_t* stop, int64_t* step);
// The same for a slice that nobody has made; an empty step stands for None.
bool slice_unpack(Value from, Value to, Value by, int64_t* start, int64_t* stop, int64_t* step);
// Adjusts unpacked bounds to `length` and returns the number of items.
int64_t slice_adjust(int64_t length, int64_t* start, int64_t* stop, int64_t step);
// The same for a length of any size (an int, not negative): what slice.indices gives, as ints.
bool slice_indices_any(Slice* slice, Value length, Ref<>* start, Ref<>* stop, Ref<>* step);

}  // namespace pt
