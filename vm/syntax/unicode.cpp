#include "vm/syntax/unicode.h"

#include <dlfcn.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unorm2.h>

#include <cstdlib>

namespace pt::syntax {
namespace {

// ICU's symbols carry its version; the headers rename the functions accordingly.
#define PT_QUOTE(name) PT_QUOTE_TEXT(name)
#define PT_QUOTE_TEXT(name) #name
#define PT_ICU_FUNCTIONS(X) \
  X(u_hasBinaryProperty)    \
  X(u_charType)             \
  X(u_charFromName)         \
  X(unorm2_getNFKCInstance) \
  X(unorm2_normalize) X(ucnv_open) X(ucnv_close) X(ucnv_setToUCallBack) X(ucnv_toUnicode) X(UCNV_TO_U_CALLBACK_STOP)

struct Icu {
#define X(name) decltype(&::name) name##_ = nullptr;
  PT_ICU_FUNCTIONS(X)
#undef X
  bool loaded = false;

  Icu() {
    void* library = dlopen("libicuuc.so." PT_QUOTE(U_ICU_VERSION_MAJOR_NUM), RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    loaded = true;
#define X(name)                                                                  \
  name##_ = reinterpret_cast<decltype(&::name)>(dlsym(library, PT_QUOTE(name))); \
  loaded = loaded && name##_;
    PT_ICU_FUNCTIONS(X)
#undef X
  }
};

const Icu& icu() {
  static const Icu instance;
  return instance;
}

// UTF-16 to UTF-8 in the arena.
std::string_view from_utf16(Arena& arena, const UChar* text, size_t length) {
  char* out = static_cast<char*>(arena.allocate(length * 3 + 1));
  size_t size = 0;
  for (size_t i = 0; i < length; i++) {
    char32_t c = text[i];
    if (U16_IS_LEAD(c) && i + 1 < length && U16_IS_TRAIL(text[i + 1])) c = U16_GET_SUPPLEMENTARY(c, text[++i]);
    size += encode_utf8(c, out + size);
  }
  out[size] = 0;
  return {out, size};
}

}  // namespace

char32_t decode_utf8(const char*& at) {
  auto byte = [&](int i) { return static_cast<unsigned char>(at[i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return at += 1, first;
  if (first < 0xE0) return at += 2, ((first & 0x1Fu) << 6) | (byte(-1) & 0x3Fu);
  if (first < 0xF0) return at += 3, ((first & 0xFu) << 12) | ((byte(-2) & 0x3Fu) << 6) | (byte(-1) & 0x3Fu);
  at += 4;
  return ((first & 0x7u) << 18) | ((byte(-3) & 0x3Fu) << 12) | ((byte(-2) & 0x3Fu) << 6) | (byte(-1) & 0x3Fu);
}

size_t encode_utf8(char32_t c, char* out) {
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xC0 | (c >> 6));
    out[1] = static_cast<char>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xE0 | (c >> 12));
    out[1] = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out[2] = static_cast<char>(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | (c >> 18));
  out[1] = static_cast<char>(0x80 | ((c >> 12) & 0x3F));
  out[2] = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
  out[3] = static_cast<char>(0x80 | (c & 0x3F));
  return 4;
}

size_t count_characters(std::string_view utf8) {
  size_t count = 0;
  for (char c : utf8) count += (c & 0xC0) != 0x80;
  return count;
}

size_t find_invalid_utf8(std::string_view text) {
  size_t i = 0;
  auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0; };
  auto trail = [&](size_t at) { return (byte(at) & 0xC0) == 0x80; };
  while (i < text.size()) {
    uint64_t word;
    while (i + 8 <= text.size()) {
      std::memcpy(&word, text.data() + i, 8);
      if (word & 0x8080808080808080ull) break;
      i += 8;
    }
    if (i >= text.size()) break;
    unsigned first = byte(i);
    if (first < 0x80) {
      i++;
    } else if (first >= 0xC2 && first < 0xE0 && trail(i + 1)) {
      i += 2;
    } else if (first >= 0xE0 && first < 0xF0 && trail(i + 1) && trail(i + 2) && (first != 0xE0 || byte(i + 1) >= 0xA0) &&
               (first != 0xED || byte(i + 1) < 0xA0)) {
      i += 3;
    } else if (first >= 0xF0 && first < 0xF5 && trail(i + 1) && trail(i + 2) && trail(i + 3) &&
               (first != 0xF0 || byte(i + 1) >= 0x90) && (first != 0xF4 || byte(i + 1) < 0x90)) {
      i += 4;
    } else {
      return i;
    }
  }
  return std::string_view::npos;
}

bool is_identifier_start(char32_t c) {
  if (c < 0x80) return (c | 0x20) - 'a' < 26u || c == '_';
  return icu().loaded && icu().u_hasBinaryProperty_(static_cast<UChar32>(c), UCHAR_XID_START);
}

bool is_identifier_part(char32_t c) {
  if (c < 0x80) return (c | 0x20) - 'a' < 26u || c == '_' || c - '0' < 10u;
  return icu().loaded && icu().u_hasBinaryProperty_(static_cast<UChar32>(c), UCHAR_XID_CONTINUE);
}

bool is_printable(char32_t c) {
  if (c < 0x7F) return c >= 0x20;
  if (!icu().loaded) return c >= 0xA1;
  switch (icu().u_charType_(static_cast<UChar32>(c))) {
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_SURROGATE:
    case U_PRIVATE_USE_CHAR:
    case U_UNASSIGNED:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
    case U_SPACE_SEPARATOR: return false;
    default: return true;
  }
}

int32_t character_by_name(std::string_view name) {
  char buffer[128];
  if (name.empty() || name.size() >= sizeof(buffer)) return -1;
  for (size_t i = 0; i < name.size(); i++) {
    char c = name[i];
    if (c & 0x80 || c == '<' || c == '_') return -1;
    buffer[i] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  buffer[name.size()] = 0;
  std::string_view upper(buffer, name.size());
  if (int32_t alias = character_by_alias(upper); alias >= 0) return alias;
  // The names made by rule are the only ones whose case matters.
  for (std::string_view rule : {"CJK UNIFIED IDEOGRAPH-", "HANGUL SYLLABLE "})
    if (upper.starts_with(rule) && upper != name) return -1;
  if (!icu().loaded) return -1;
  UErrorCode error = U_ZERO_ERROR;
  UChar32 c = icu().u_charFromName_(U_UNICODE_CHAR_NAME, buffer, &error);
  return U_SUCCESS(error) ? c : -1;
}

std::string_view normalize_nfkc(Arena& arena, std::string_view utf8) {
  if (!icu().loaded) return utf8;
  auto* wide = static_cast<UChar*>(arena.allocate(utf8.size() * sizeof(UChar)));
  int32_t length = 0;
  for (const char* at = utf8.data(); at < utf8.data() + utf8.size();) {
    char32_t c = decode_utf8(at);
    if (c >= 0x10000) {
      wide[length++] = static_cast<UChar>(U16_LEAD(c));
      wide[length++] = static_cast<UChar>(U16_TRAIL(c));
    } else {
      wide[length++] = static_cast<UChar>(c);
    }
  }
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2* normalizer = icu().unorm2_getNFKCInstance_(&error);
  if (U_FAILURE(error)) return utf8;
  int32_t capacity = length * 18 + 1;  // the longest compatibility decomposition
  auto* result = static_cast<UChar*>(arena.allocate(static_cast<size_t>(capacity) * sizeof(UChar)));
  int32_t size = icu().unorm2_normalize_(normalizer, wide, length, result, capacity, &error);
  if (U_FAILURE(error)) return utf8;
  return from_utf16(arena, result, static_cast<size_t>(size));
}

bool decode_charset(Arena& arena, std::string_view charset, std::string_view bytes, std::string_view* text, bool* known,
                    size_t* error_at) {
  *known = false;
  *error_at = 0;
  char name[64];
  if (!icu().loaded || charset.empty() || charset.size() >= sizeof(name)) return false;
  std::memcpy(name, charset.data(), charset.size());
  name[charset.size()] = 0;
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = icu().ucnv_open_(name, &error);
  if (U_FAILURE(error) || !converter) return false;
  *known = true;
  icu().ucnv_setToUCallBack_(converter, icu().UCNV_TO_U_CALLBACK_STOP_, nullptr, nullptr, nullptr, &error);
  size_t capacity = bytes.size() * 2 + 16;
  auto* wide = static_cast<UChar*>(std::malloc(capacity * sizeof(UChar)));
  if (!wide) out_of_memory();
  UChar* out = wide;
  const char* in = bytes.data();
  icu().ucnv_toUnicode_(converter, &out, wide + capacity, &in, bytes.data() + bytes.size(), nullptr, true, &error);
  icu().ucnv_close_(converter);
  bool good = U_SUCCESS(error);
  if (good)
    *text = from_utf16(arena, wide, static_cast<size_t>(out - wide));
  else
    *error_at = in > bytes.data() ? static_cast<size_t>(in - bytes.data()) - 1 : 0;
  std::free(wide);
  return good;
}

}  // namespace pt::syntax
