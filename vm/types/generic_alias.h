#pragma once
// types.GenericAlias (PEP 585) and types.UnionType (PEP 604).
#include "vm/object/type.h"

namespace pt {

struct GenericAlias : Object {
  Field origin, args, parameters;
  bool starred;
};
Ref<> generic_alias_new(Value origin, Value args);
// X | Y for types; NotImplemented when an operand is none.
Ref<> union_of_types(Value left, Value right);

}  // namespace pt
