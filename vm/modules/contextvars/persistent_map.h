#pragma once
// An immutable mapping that makes a changed copy of itself in logarithmic time: a hash array mapped trie (Bagwell, "Ideal
// Hash Trees"). Every function may run __hash__ and __eq__ of keys; maps are borrowed, results owned. No locks: nothing of
// a map changes once it is made.
#include "vm/object/type.h"

namespace pt {

bool init_persistent_map_types();  // once, when the module is first imported
Ref<> persistent_map_new();
int64_t persistent_map_size(Value map);
Ref<> persistent_map_get(Value map, Value key);  // empty without an exception: no such key
Ref<> persistent_map_set(Value map, Value key, Value value);
Ref<> persistent_map_delete(Value map, Value key);  // the map itself where there is no such key
int persistent_map_equal(Value left, Value right);  // -1: error

enum class MapPart : uint8_t { kKeys, kValues, kItems };
Ref<> persistent_map_iterator(Value map, MapPart part);

}  // namespace pt
