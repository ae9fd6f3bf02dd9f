#pragma once
// The method tables of deque.
#include "vm/object/type.h"

namespace pt {

extern const NativeDef kDequeMethods[];
extern const GetSetDef kDequeGetSets[];
void add_deque_leaf_forms();
Ref<> deque_copy(const Value* a);

}  // namespace pt
