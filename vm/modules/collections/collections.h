#pragma once
// The types of _collections.
#include "vm/object/type.h"

namespace pt {

extern Type deque_type, deque_iterator_type, deque_reverse_iterator_type, default_dict_type, ordered_dict_type, tuple_getter_type;
extern const TypeSpec deque_spec, deque_iterator_spec, deque_reverse_iterator_spec, default_dict_spec, ordered_dict_spec,
    tuple_getter_spec;

}  // namespace pt
