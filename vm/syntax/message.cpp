#include "vm/syntax/message.h"

#include <charconv>

#include "vm/syntax/unicode.h"

namespace pt::syntax {

NumberText decimal(int64_t number) {
  NumberText text;
  text.length = static_cast<uint32_t>(std::to_chars(text.data, text.data + sizeof(text.data), number).ptr - text.data);
  return text;
}

NumberText hex(uint64_t number, int digits, bool upper) {
  NumberText text;
  char raw[20];
  auto length = static_cast<int>(std::to_chars(raw, raw + sizeof(raw), number, 16).ptr - raw);
  for (int i = length; i < digits; i++) text.data[text.length++] = '0';
  for (int i = 0; i < length; i++) {
    char c = raw[i];
    text.data[text.length++] = upper && c >= 'a' ? static_cast<char>(c - 32) : c;
  }
  return text;
}

String describe_invalid_utf8(Arena& arena, std::string_view text) {
  size_t at = find_invalid_utf8(text);
  if (at == std::string_view::npos) return {};
  auto byte = [&](size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  unsigned char lead = byte(at), second = byte(at + 1);
  const char* reason = "invalid start byte";
  size_t bad = 1;
  if (lead >= 0xC2 && lead < 0xF5) {
    size_t need = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    reason = "invalid continuation byte";
    bool second_fits = (second & 0xC0) == 0x80 && !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second >= 0xA0) &&
                       !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second >= 0x90);
    if (second_fits) {
      bad = 2;
      while (bad <= need && (byte(at + bad) & 0xC0) == 0x80) bad++;
    }
    if (at + bad >= text.size()) reason = "unexpected end of data";
  }
  Message message(arena);
  message << "(unicode error) 'utf-8' codec can't decode ";
  if (bad == 1)
    message << "byte 0x" << hex(lead, 2) << " in position " << decimal(static_cast<int64_t>(at));
  else
    message << "bytes in position " << decimal(static_cast<int64_t>(at)) << "-" << decimal(static_cast<int64_t>(at + bad - 1));
  message << ": " << reason;
  return message.finish();
}

String replace_invalid_utf8(Arena& arena, std::string_view text) {
  Message out(arena);
  for (;;) {
    size_t at = find_invalid_utf8(text);
    if (at == std::string_view::npos) break;
    out << text.substr(0, at) << "\xEF\xBF\xBD";
    text.remove_prefix(at + 1);
  }
  out << text;
  return out.finish();
}

}  // namespace pt::syntax
