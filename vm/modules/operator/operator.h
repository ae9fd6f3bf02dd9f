#pragma once
// The callable types of the operator module: itemgetter, attrgetter, methodcaller.
#include "vm/object/type.h"

namespace pt {

extern Type item_getter_type, attribute_getter_type, method_caller_type;
extern const TypeSpec item_getter_spec, attribute_getter_spec, method_caller_spec;

}  // namespace pt
