#pragma once
// The format specification mini-language (format(), str.format, f-strings) and printf-style formatting.
#include <string_view>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Str;
class StrBuilder;

// object.__format__ of the core types.
Ref<> format_int(Value v, Str* spec);       // bool included
Ref<> format_float(Value v, Str* spec);
Ref<> format_complex(Value v, Str* spec);
Ref<> format_text(Value v, Str* spec);      // str

// str % args and bytes % args (bytearray: the result type follows `self`).
Ref<> percent_format_str(Str* format, Value arguments);
Ref<> percent_format_bytes(Value self, std::string_view format, Value arguments);

// str.format and str.format_map. kwargs: a mapping or empty.
Ref<> template_format(Str* format, Value args_tuple, Value kwargs);

// Appends format(v, spec); the common types take no detour over objects.
bool append_formatted(StrBuilder& out, Value v, Str* spec_or_null);

}  // namespace pt
