#include "vm/syntax/message.h"

#include <charconv>

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

}  // namespace pt::syntax
