#pragma once
// The warnings machinery for the rest of the runtime (bool warn() is declared in vm/object/error.h).
#include "gc/refcount/ref.h"

namespace pt {

struct Str;
struct Type;

// warnings.warn_explicit with the given place; module and registry may be empty. False when it became an exception.
bool warn_explicit(Value category, Value message, Str* filename, int64_t line, Value module, Value registry,
                   Value source = Value());
// warnings.warn(message, category, stack_level, source).
bool warn_message(Value message, Value category, int64_t stack_level, Value source = Value());

}  // namespace pt
