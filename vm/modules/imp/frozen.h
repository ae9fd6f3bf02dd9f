#pragma once
// The frozen modules that the language's own tests know (__hello__, __phello__ and their aliases): compiled from the library's
// sources when asked for. Nothing else is frozen.
#include "vm/object/type.h"

namespace pt {

extern const NativeDef kFrozenFunctions[];  // of _imp; ends with an entry without a name

}  // namespace pt
