#pragma once
// The types of _functools.
#include "vm/object/type.h"

namespace pt {

extern Type partial_type, key_wrapper_type, lru_cache_type, lru_key_type, lru_link_type;
extern const TypeSpec partial_spec, key_wrapper_spec, lru_cache_spec, lru_key_spec, lru_link_spec;

}  // namespace pt
