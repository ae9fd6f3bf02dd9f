#pragma once
// BaseExceptionGroup and ExceptionGroup (PEP 654).
#include "vm/types/exception.h"

namespace pt {
Ref<> exception_group_construct(Type* type, const Args& args);
bool exception_group_init(Value self, const Args& args);
Ref<> exception_group_str(Value self);
Ref<> exception_group_repr(Value self);
extern const NativeDef kExceptionGroupMethods[];
extern const MemberDef kExceptionGroupMembers[];
}  // namespace pt
