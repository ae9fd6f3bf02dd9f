#pragma once
// The builtins module.
#include "gc/refcount/ref.h"
#include "vm/object/module.h"

namespace pt {
Ref<Module> make_builtins_module();
// Installed by the import system: builtins.__import__.
extern Ref<> (*g_import)(Value name, Value globals, Value locals, Value from_list, Value level);
}  // namespace pt
