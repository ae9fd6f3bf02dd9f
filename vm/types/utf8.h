#pragma once
// UTF-8 at the level of single sequences.
#include <cstddef>
#include <cstdint>

#include "gc/platform/check.h"

namespace pt {

enum class Utf8Status : uint8_t { kOk, kInvalidStart, kInvalidContinuation, kTruncated };
struct Utf8Step {
  uint32_t code_point;
  uint8_t size;  // bytes of the sequence; on error those of the ill-formed part (Unicode's "maximal subpart")
  Utf8Status status;
};

// Decodes the sequence at p < end. `allow_surrogates` accepts U+D800..DFFF (WTF-8).
inline Utf8Step utf8_next(const uint8_t* p, const uint8_t* end, bool allow_surrogates = false) {
  uint32_t lead = p[0];
  if (PT_LIKELY(lead < 0x80)) return {lead, 1, Utf8Status::kOk};
  if (lead < 0xC2 || lead > 0xF4) return {0, 1, Utf8Status::kInvalidStart};
  int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  uint32_t c = lead & (0x3Fu >> more);
  uint32_t low = 0x80, high = 0xBF;  // bounds of the second byte
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED && !allow_surrogates) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (int i = 1; i <= more; i++) {
    if (p + i == end) return {0, static_cast<uint8_t>(i), Utf8Status::kTruncated};
    if (p[i] < low || p[i] > high) return {0, static_cast<uint8_t>(i), Utf8Status::kInvalidContinuation};
    c = (c << 6) | (p[i] & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {c, static_cast<uint8_t>(more + 1), Utf8Status::kOk};
}

// Writes a code point (surrogates included) and returns the bytes written.
inline int utf8_put(uint8_t* p, uint32_t c) {
  if (c < 0x80) {
    p[0] = static_cast<uint8_t>(c);
    return 1;
  }
  if (c < 0x800) {
    p[0] = static_cast<uint8_t>(0xC0 | (c >> 6));
    p[1] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    p[0] = static_cast<uint8_t>(0xE0 | (c >> 12));
    p[1] = static_cast<uint8_t>(0x80 | ((c >> 6) & 0x3F));
    p[2] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    return 3;
  }
  p[0] = static_cast<uint8_t>(0xF0 | (c >> 18));
  p[1] = static_cast<uint8_t>(0x80 | ((c >> 12) & 0x3F));
  p[2] = static_cast<uint8_t>(0x80 | ((c >> 6) & 0x3F));
  p[3] = static_cast<uint8_t>(0x80 | (c & 0x3F));
  return 4;
}
inline int utf8_size(uint32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

}  // namespace pt
