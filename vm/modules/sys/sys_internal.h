#pragma once
// Shared by the files of this folder.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {
struct Dict;
struct Module;
bool sys_add_values(Dict* d);
bool sys_add_builtin_names(Dict* d);
extern const NativeDef kSysFunctions[];
bool sys_add_hooks(Dict* d);
}  // namespace pt
