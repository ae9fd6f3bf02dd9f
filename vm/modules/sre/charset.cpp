// Characters: folding, categories, and membership in sets by their codes.
#include <cctype>
#include <cstring>

#include "vm/modules/sre/program.h"
#include "vm/types/unicode.h"

namespace pt::sre {

uint32_t lower_ascii(uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
// The first code point of the full mapping.
uint32_t lower_unicode(uint32_t c) {
  if (c < 128) return lower_ascii(c);
  if (c > 0x10ffff) return c;
  uint32_t mapped[3];
  unicode::to_lower(c, mapped);
  return mapped[0];
}
uint32_t upper_unicode(uint32_t c) {
  if (c < 128) return c >= 'a' && c <= 'z' ? c - 32 : c;
  if (c > 0x10ffff) return c;
  uint32_t mapped[3];
  unicode::to_upper(c, mapped);
  return mapped[0];
}
uint32_t lower_locale(uint32_t c) { return c < 256 ? static_cast<uint32_t>(std::tolower(static_cast<int>(c))) : c; }
uint32_t upper_locale(uint32_t c) { return c < 256 ? static_cast<uint32_t>(std::toupper(static_cast<int>(c))) : c; }

namespace {
bool ascii_digit(uint32_t c) { return c >= '0' && c <= '9'; }
bool ascii_space(uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool ascii_word(uint32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_digit(c) || c == '_'; }
bool unicode_word(uint32_t c) {
  if (c < 128) return ascii_word(c);
  return c <= 0x10ffff && unicode::is_alnum(c);
}
}  // namespace

bool is_word(uint32_t c, Fold kind) {
  switch (kind) {
    case Fold::kUnicode: return unicode_word(c);
    case Fold::kLocale: return c < 256 && (std::isalnum(static_cast<int>(c)) || c == '_');
    default: return ascii_word(c);
  }
}

bool in_category(uint32_t category, uint32_t c) {
  switch (category) {
    case kCategoryDigit: return ascii_digit(c);
    case kCategoryNotDigit: return !ascii_digit(c);
    case kCategorySpace: return ascii_space(c);
    case kCategoryNotSpace: return !ascii_space(c);
    case kCategoryWord: return ascii_word(c);
    case kCategoryNotWord: return !ascii_word(c);
    case kCategoryLineBreak: return c == '\n';
    case kCategoryNotLineBreak: return c != '\n';
    case kCategoryLocWord: return is_word(c, Fold::kLocale);
    case kCategoryLocNotWord: return !is_word(c, Fold::kLocale);
    case kCategoryUniDigit: return unicode::is_decimal(c);
    case kCategoryUniNotDigit: return !unicode::is_decimal(c);
    case kCategoryUniSpace: return unicode::is_space(c);
    case kCategoryUniNotSpace: return !unicode::is_space(c);
    case kCategoryUniWord: return unicode_word(c);
    case kCategoryUniNotWord: return !unicode_word(c);
    case kCategoryUniLineBreak: return unicode::is_line_break(c);
    case kCategoryUniNotLineBreak: return !unicode::is_line_break(c);
    default: return false;
  }
}

uint8_t wide_class(uint32_t c) {
  if (unicode::is_decimal(c)) return kWideDigit;
  if (unicode_word(c)) return kWideWord;
  if (unicode::is_space(c)) return kWideSpace;
  return kWideOther;
}

bool charset_contains(const uint32_t* set, uint32_t c) {
  bool found = true;
  for (;;) {
    switch (*set++) {
      case kCodeFailure: return !found;
      case kCodeLiteral:
        if (c == set[0]) return found;
        ++set;
        break;
      case kCodeCategory:
        if (in_category(set[0], c)) return found;
        ++set;
        break;
      case kCodeCharset:
        if (c < 256 && (set[c / 32] & (1u << (c & 31)))) return found;
        set += 8;
        break;
      case kCodeRange:
        if (set[0] <= c && c <= set[1]) return found;
        set += 2;
        break;
      case kCodeRangeUniIgnore: {
        if (set[0] <= c && c <= set[1]) return found;
        uint32_t upper = upper_unicode(c);
        if (set[0] <= upper && upper <= set[1]) return found;
        set += 2;
        break;
      }
      case kCodeNegate: found = !found; break;
      case kCodeBigCharset: {
        uint32_t blocks = *set++;
        if (c < 0x10000) {
          uint8_t block;
          std::memcpy(&block, reinterpret_cast<const uint8_t*>(set) + (c >> 8), 1);
          uint32_t bit = block * 256u + (c & 255);
          if (set[64 + bit / 32] & (1u << (c & 31))) return found;
        }
        set += 64 + blocks * 8;
        break;
      }
      default: return false;  // not reached: sets are checked at translation
    }
  }
}

bool set_contains(const Set& set, uint32_t c) {
  if (set.fold == Fold::kLocale) {
    uint32_t lower = lower_locale(c);
    if (charset_contains(set.codes.data(), lower)) return true;
    uint32_t upper = upper_locale(c);
    return upper != lower && charset_contains(set.codes.data(), upper);
  }
  return charset_contains(set.codes.data(), fold_char(set.fold, c));
}

}  // namespace pt::sre
