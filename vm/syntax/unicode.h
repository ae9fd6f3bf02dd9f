// What the front end asks of Unicode and of character sets. The library behind it is loaded when first
// needed: source text in ASCII never does.
#pragma once

#include "vm/syntax/arena.h"

namespace pt::syntax {

// One scalar value or (encoded alike) surrogate; moves `at` past it. The text must be well formed.
char32_t decode_utf8(const char*& at);
// Writes at most 4 bytes, returns how many. Surrogates come out as three bytes.
size_t encode_utf8(char32_t c, char* out);
// Characters in these bytes; ill-formed text counts each byte that starts nothing.
size_t count_characters(std::string_view utf8);
// Offset of the first byte that is not well-formed UTF-8, or npos.
size_t find_invalid_utf8(std::string_view text);

bool is_identifier_start(char32_t c);
bool is_identifier_part(char32_t c);
bool is_printable(char32_t c);
// The character of this name or alias; -1 if there is none.
int32_t character_by_name(std::string_view name);
// The same for aliases only, in capitals.
int32_t character_by_alias(std::string_view name);
// NFKC form, in the arena.
std::string_view normalize_nfkc(Arena& arena, std::string_view utf8);

// Decodes `bytes` from a named character set to UTF-8 in the arena. False where the name is unknown (*known
// false) or at the first byte that cannot be decoded (*error_at).
bool decode_charset(Arena& arena, std::string_view charset, std::string_view bytes, std::string_view* text, bool* known,
                    size_t* error_at);

}  // namespace pt::syntax
