#pragma once
// dict.keys(), dict.values() and dict.items().
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct DictView : Object {
  Field dict;  // immutable
};
inline bool is_dict_keys(Value v) { return v.is_object() && is_instance_of(v, &dict_keys_type); }
inline bool is_dict_items(Value v) { return v.is_object() && is_instance_of(v, &dict_items_type); }
inline bool is_dict_values(Value v) { return v.is_object() && is_instance_of(v, &dict_values_type); }

// kShape_dict_keys, kShape_dict_values or kShape_dict_items.
Ref<> dict_view_new(ShapeId shape, Value dict);

}  // namespace pt
