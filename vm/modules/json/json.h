#pragma once
// Between the files of _json.
#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {
struct Str;
class StrBuilder;
}  // namespace pt
namespace pt::json {

extern Type scanner_type, encoder_type;
extern const TypeSpec scanner_spec, encoder_spec;

// Raises json.decoder.JSONDecodeError(message, document, position).
[[gnu::cold]] void raise_decode_error(const char* message, Str* document, int64_t position);
// The string whose opening quote lies before `start`; *end gets the position behind the closing quote.
Ref<Str> scan_string(Str* document, int64_t start, bool strict, int64_t* end);
// Appends the quoted form of `s`.
bool append_quoted(StrBuilder& out, Str* s, bool ascii_only);

Ref<> py_scanstring(const Value* a);
Ref<> py_encode_ascii(const Value* a);
Ref<> py_encode(const Value* a);

}  // namespace pt::json
