#pragma once
#include "gc/refcount/ref.h"

namespace pt {
// The __class__ cell and the first argument of the innermost Python frame, for super() without arguments. RuntimeError.
bool super_from_frame(Ref<>* type, Ref<>* object);
}  // namespace pt
