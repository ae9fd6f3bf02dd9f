#pragma once
// What unicode_gen and its reader agree on.
#include <cstddef>
#include <cstdint>

namespace pt::unicode {

enum Flag : uint16_t {
  kAlpha = 1,
  kDecimal = 2,
  kDigit = 4,
  kNumeric = 8,
  kLower = 16,
  kUpper = 32,
  kTitle = 64,
  kSpace = 128,
  kPrintable = 256,
  kXidStart = 512,
  kXidContinue = 1024,
  kCased = 2048,
  kCaseIgnorable = 4096
};
inline constexpr size_t kPageSize = 128;
// Case mappings are a delta to the code point; from here on they name an entry of the expansion table.
inline constexpr int32_t kExpansionBase = 0x1000000;

}  // namespace pt::unicode
