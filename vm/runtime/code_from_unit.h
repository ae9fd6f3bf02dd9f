#pragma once
// From a CodeUnit (arena data) to a code object.
#include "gc/refcount/ref.h"

namespace pt {
struct CodeUnit;
struct Code;
struct Str;
namespace syntax {
struct ConstantValue;
}
// The object a literal of the source stands for.
Ref<> literal_value(const syntax::ConstantValue& literal);
Ref<Code> code_from_unit(const CodeUnit* unit, Str* filename);
}  // namespace pt
