#pragma once
// types.SimpleNamespace.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {
struct Dict;
extern Type simple_namespace_type;
bool init_simple_namespace();                // start-up, once
Ref<> simple_namespace_new(Dict* attributes);  // copies
}  // namespace pt
