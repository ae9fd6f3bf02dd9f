#pragma once
// The callable types of the operator module: itemgetter, attrgetter, methodcaller.
#include "vm/object/type.h"
#include "vm/types/method_caller.h"

namespace pt {

extern Type item_getter_type, attribute_getter_type;
extern const TypeSpec item_getter_spec, attribute_getter_spec, method_caller_spec;

}  // namespace pt
