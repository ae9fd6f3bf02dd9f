#pragma once
// types.MappingProxyType: a read-only view of any mapping.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct MappingProxy : Object {
  Field mapping;  // immutable
};
Ref<> mapping_proxy_new(Value mapping);

}  // namespace pt
