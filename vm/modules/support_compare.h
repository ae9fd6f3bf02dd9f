#pragma once
// a < b for the loops of heapq and bisect: 1, 0, -1 error.
#include "vm/object/protocol.h"

namespace pt {

PT_INLINE int less_than(Value a, Value b) {
  if (a.is_small_int() && b.is_small_int()) return a.as_small_int() < b.as_small_int();
  if (a.is_immediate_float() && b.is_immediate_float()) return a.as_immediate_float() < b.as_immediate_float();
  return compare_truth(a, b, CompareOp::kLt);
}

}  // namespace pt
