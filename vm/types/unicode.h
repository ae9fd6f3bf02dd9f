#pragma once
// Properties and case mappings of code points (Unicode 14.0), from tables made at build time.
#include "vm/types/unicode_flags.h"

namespace pt::unicode {

struct Record {
  uint16_t flags;
  int8_t decimal, digit;  // -1: none
  int32_t upper, lower, title, fold;
};
extern const Record kRecords[];
extern const uint16_t kPages[], kRecordIndex[];
extern const uint32_t kExpansions[];

inline const Record& record(uint32_t c) {
  if (c > 0x10ffff) return kRecords[kRecordIndex[kPages[0x10ffff / kPageSize] * kPageSize + kPageSize - 1]];
  return kRecords[kRecordIndex[kPages[c / kPageSize] * kPageSize + c % kPageSize]];
}
inline bool has(uint32_t c, uint32_t flags) { return record(c).flags & flags; }

inline bool is_alpha(uint32_t c) { return has(c, kAlpha); }
inline bool is_decimal(uint32_t c) { return has(c, kDecimal); }
inline bool is_digit(uint32_t c) { return has(c, kDigit); }
inline bool is_numeric(uint32_t c) { return has(c, kNumeric); }
inline bool is_alnum(uint32_t c) { return has(c, kAlpha | kDecimal | kDigit | kNumeric); }
inline bool is_lower(uint32_t c) { return has(c, kLower); }
inline bool is_upper(uint32_t c) { return has(c, kUpper); }
inline bool is_title(uint32_t c) { return has(c, kTitle); }
inline bool is_printable(uint32_t c) { return has(c, kPrintable); }
inline bool is_space(uint32_t c) {
  constexpr uint64_t kAscii = uint64_t{1} << ' ' | uint64_t{0x1F} << 9 | uint64_t{0xF} << 0x1c;
  if (c < 128) return c <= ' ' && (kAscii >> c & 1);
  return has(c, kSpace);
}
inline bool is_line_break(uint32_t c) {
  return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}
inline int decimal_value(uint32_t c) {
  if (c < 128) return c >= '0' && c <= '9' ? static_cast<int>(c - '0') : -1;
  return record(c).decimal;
}
inline int digit_value(uint32_t c) { return record(c).digit; }

// Full mappings: up to three code points; returns how many.
int apply_mapping(uint32_t c, int32_t mapping, uint32_t out[3]);
inline int to_upper(uint32_t c, uint32_t out[3]) { return apply_mapping(c, record(c).upper, out); }
inline int to_lower(uint32_t c, uint32_t out[3]) { return apply_mapping(c, record(c).lower, out); }
inline int to_title(uint32_t c, uint32_t out[3]) { return apply_mapping(c, record(c).title, out); }
inline int to_fold(uint32_t c, uint32_t out[3]) { return apply_mapping(c, record(c).fold, out); }
// For single characters (regular expressions): the mapping when it is one code point, else the character itself.
inline uint32_t simple_lower(uint32_t c) {
  int32_t mapping = record(c).lower;
  // U+0130 is the one character whose full lower case is longer than its simple one, 'i'.
  return mapping >= kExpansionBase ? (c == 0x130 ? 'i' : c) : static_cast<uint32_t>(static_cast<int32_t>(c) + mapping);
}
inline uint32_t simple_upper(uint32_t c) {
  int32_t mapping = record(c).upper;
  return mapping >= kExpansionBase ? c : static_cast<uint32_t>(static_cast<int32_t>(c) + mapping);
}

inline int apply_mapping(uint32_t c, int32_t mapping, uint32_t out[3]) {
  if (mapping < kExpansionBase) {
    out[0] = static_cast<uint32_t>(static_cast<int32_t>(c) + mapping);
    return 1;
  }
  const uint32_t* entry = &kExpansions[mapping - kExpansionBase];
  for (uint32_t i = 0; i < entry[0]; i++) out[i] = entry[1 + i];
  return static_cast<int>(entry[0]);
}

}  // namespace pt::unicode
