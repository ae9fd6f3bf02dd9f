#pragma once
// Helpers for writing native functions: conversions from bound arguments. The binding itself (parsing by the signature
// string, error messages) is done before the function is entered; see NativeDef in type.h.
#include <cstdint>

#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/protocol.h"

namespace pt {

// An optional argument that may be None: true when it was given and is not None.
inline bool given(Value v) { return !v.empty() && !is_none(v); }

// Slice arithmetic. Unpacks start/stop/step of a slice object and adjusts to `length`; false on error.
bool slice_indices(Value slice, int64_t length, int64_t* start, int64_t* stop, int64_t* step, int64_t* count);
// Clamps start and end as str.find and list.index do.
inline void clamp_range(int64_t length, int64_t* start, int64_t* end) {
  if (*end > length) *end = length;
  if (*end < 0 && (*end += length) < 0) *end = 0;
  if (*start < 0 && (*start += length) < 0) *start = 0;
}

// A native function object of a module, from its definition (module may be empty).
Ref<> native_function_new(const NativeDef* def, Value self_or_module, Value module_name);

// For `construct` and `init` slots: binds by a signature without self, e.g. "(iterable=(), /)"; `out` has one Value a
// parameter, empty when missing. No *args or **kwargs. TypeError with CPython's message, which speaks of "function" where the
// name is nullptr.
bool bind_arguments(const char* name, const char* signature, const Args& args, Value* out);
// An attribute of the builtins module.
Ref<> import_builtin(const char* name);
// Refuses arguments: "X() takes no arguments".
bool no_arguments(const char* name, const Args& args);
// The interned form of an attribute name; `holder` keeps it.
Str* intern_name(Str* name, Ref<Str>* holder);

}  // namespace pt
