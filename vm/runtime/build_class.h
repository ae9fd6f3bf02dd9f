#pragma once
#include "vm/object/type.h"

namespace pt {
// builtins.__build_class__: what a class statement calls.
extern const NativeDef kBuildClassDef;
}  // namespace pt
