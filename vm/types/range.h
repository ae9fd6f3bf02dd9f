#pragma once
// range: ints of any size, immutable. Ranges whose numbers fit a word keep them unboxed as well.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Range : Object {
  Field start, stop, step, length;  // ints
  bool small;                       // the words below are valid
  int64_t first, stride, count;
};
inline bool is_range(Value v) { return has_shape(v, kShape_range); }  // range cannot be subclassed
inline Range* as_range(Value v) { return reinterpret_cast<Range*>(v.as_object()); }
// Exact ints; ValueError when step is zero.
Ref<> range_new(Value start, Value stop, Value step);
// For loops over machine words: range(start, stop, step).
Ref<> range_from_words(int64_t start, int64_t stop, int64_t step);

// index * stride + first for ints of any size.
Ref<> range_number(Value first, Value index, Value stride);
Ref<> long_range_iterator_new(Value start, Value step, Value length);
Ref<> range_iterator_for(Range* r, bool reversed);

}  // namespace pt
