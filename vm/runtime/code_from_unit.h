#pragma once
// From a CodeUnit (arena data) to a code object.
#include "gc/refcount/ref.h"

namespace pt {
struct CodeUnit;
struct Code;
struct Str;
Ref<Code> code_from_unit(const CodeUnit* unit, Str* filename);
}  // namespace pt
