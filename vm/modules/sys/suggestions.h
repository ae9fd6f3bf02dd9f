#pragma once
#include "gc/refcount/ref.h"

namespace pt {

// For an AttributeError or NameError: the name that was probably meant, or empty. Runs Python code (dir()); its errors
// are dropped.
Ref<> suggested_name(Value exception);

}  // namespace pt
