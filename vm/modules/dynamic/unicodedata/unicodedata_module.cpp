// The unicodedata module over ICU. ICU knows a later Unicode than 14.0: characters that are newer count as unassigned. The
// 3.2 database of IDNA is today's restricted to the characters of 3.2.
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>

#include <cstdio>
#include <memory>

#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/syntax/unicode.h"
#include "vm/types/float.h"
#include "vm/types/str.h"

namespace pt {
namespace {

enum Version { kCurrent, kOld };  // 14.0 and 3.2

bool assigned(UChar32 c, Version version) {
  UVersionInfo age;
  u_charAge(c, age);
  if (age[0] == 0 || u_charType(c) == U_UNASSIGNED) return false;
  return version == kCurrent ? age[0] <= 14 : age[0] < 3 || (age[0] == 3 && age[1] <= 2);
}

bool to_character(Value v, const char* function, UChar32* out, const char* argument = "argument") {
  if (!is_str(v) || as_str(v)->length != 1)
    return raise(exc::TypeError, "%s() %s must be a unicode character, not %T", function, argument, v);
  *out = static_cast<UChar32>(as_str(v)->at(0));
  return true;
}
Ref<> text(const char* ascii) { return str_from_ascii(ascii); }
Ref<> fallback(Value given_default, const char* message) {
  return given_default.empty() ? Ref<>(raise(exc::ValueError, "%s", message)) : Ref<>::retain(given_default);
}

// ---- properties -------------------------------------------------------------------------------------------------------------

constexpr const char* kCategories[] = {"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp",
                                       "Cc", "Cf", "Co", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf"};
constexpr const char* kDirections[] = {"L",   "R",  "EN",  "ES",  "ET",  "AN",  "CS", "B",   "S",   "WS",  "ON", "LRE",
                                       "LRO", "AL", "RLE", "RLO", "PDF", "NSM", "BN", "FSI", "LRI", "RLI", "PDI"};
constexpr const char* kWidths[] = {"N", "A", "H", "F", "Na", "W"};
constexpr const char* kTags[] = {"",       "",       "compat",  "circle", "final",  "font", "fraction", "initial",  "isolated",
                                 "medial", "narrow", "noBreak", "small",  "square", "sub",  "super",    "vertical", "wide"};
// In the order of UDecompositionType: none, canonical, compat, circle, final, font, fraction, initial, isolated, medial,
// narrow, nobreak, small, square, sub, super, vertical, wide.

Ref<> category(Value chr, Version version) {
  UChar32 c;
  if (!to_character(chr, "category", &c)) return Ref<>();
  return text(assigned(c, version) ? kCategories[u_charType(c)] : "Cn");
}
Ref<> bidirectional(Value chr, Version version) {
  UChar32 c;
  if (!to_character(chr, "bidirectional", &c)) return Ref<>();
  return text(assigned(c, version) ? kDirections[u_charDirection(c)] : "");
}
Ref<> combining(Value chr, Version version) {
  UChar32 c;
  if (!to_character(chr, "combining", &c)) return Ref<>();
  return int_from_int64(assigned(c, version) ? u_getCombiningClass(c) : 0);
}
Ref<> mirrored(Value chr, Version version) {
  UChar32 c;
  if (!to_character(chr, "mirrored", &c)) return Ref<>();
  return int_from_int64(assigned(c, version) && u_isMirrored(c));
}
Ref<> east_asian_width(Value chr, Version version) {
  UChar32 c;
  if (!to_character(chr, "east_asian_width", &c)) return Ref<>();
  // What is unassigned has the first entry of the reference implementation's table.
  return text(assigned(c, version) ? kWidths[u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH)] : "F");
}
Ref<> decimal(Value chr, Value other, Version version) {
  UChar32 c;
  if (!to_character(chr, "decimal", &c, "argument 1")) return Ref<>();
  if (!assigned(c, version) || u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) != U_NT_DECIMAL)
    return fallback(other, "not a decimal");
  return int_from_int64(static_cast<int64_t>(u_getNumericValue(c)));
}
Ref<> digit(Value chr, Value other, Version version) {
  UChar32 c;
  if (!to_character(chr, "digit", &c, "argument 1")) return Ref<>();
  int kind = assigned(c, version) ? u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) : U_NT_NONE;
  if (kind != U_NT_DECIMAL && kind != U_NT_DIGIT) return fallback(other, "not a digit");
  return int_from_int64(static_cast<int64_t>(u_getNumericValue(c)));
}
Ref<> numeric(Value chr, Value other, Version version) {
  UChar32 c;
  if (!to_character(chr, "numeric", &c, "argument 1")) return Ref<>();
  double number = assigned(c, version) ? u_getNumericValue(c) : U_NO_NUMERIC_VALUE;
  if (number == U_NO_NUMERIC_VALUE) return fallback(other, "not a numeric character");
  return float_from_double(number);
}
Ref<> decomposition(Value chr, Version version) {
  UChar32 c;
  if (!to_character(chr, "decomposition", &c)) return Ref<>();
  // Hangul syllables are decomposed by rule, and have no entry.
  if (!assigned(c, version) || (c >= 0xAC00 && c <= 0xD7A3)) return text("");
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* all = unorm2_getNFKCInstance(&status);
  UChar units[64];
  int32_t count = unorm2_getRawDecomposition(all, c, units, 64, &status);
  if (U_FAILURE(status) || count < 0) return text("");
  char out[600];
  size_t at = 0;
  int tag = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE);
  if (tag > 1) at += static_cast<size_t>(std::snprintf(out, sizeof out, "<%s>", kTags[tag]));
  for (int32_t i = 0; i < count;) {
    UChar32 part;
    U16_NEXT(units, i, count, part);
    at += static_cast<size_t>(std::snprintf(out + at, sizeof out - at, "%s%04X", at ? " " : "", static_cast<unsigned>(part)));
  }
  return str_from_ascii({out, at});
}

// ---- names
// ----------------------------------------------------------------------------------------------------------------------

// Ideographs of Tangut have names in the standard but not here.
bool is_tangut(UChar32 c) { return (c >= 0x17000 && c <= 0x187F7) || (c >= 0x18D00 && c <= 0x18D08); }

Ref<> name(Value chr, Value other, Version version) {
  UChar32 c;
  if (!to_character(chr, "name", &c, "argument 1")) return Ref<>();
  char out[200];
  UErrorCode status = U_ZERO_ERROR;
  int32_t size = assigned(c, version) && !is_tangut(c) ? u_charName(c, U_UNICODE_CHAR_NAME, out, sizeof out, &status) : 0;
  if (size <= 0 || U_FAILURE(status)) return fallback(other, "no such name");
  return str_from_ascii({out, static_cast<size_t>(size)});
}
Ref<> lookup(Value v, Version version) {
  if (!to_str_argument(v, "lookup", "argument")) return Ref<>();
  Utf8 utf8(as_str(v));
  if (!utf8.ok()) return Ref<>();
  char upper[200];
  UChar32 found = -1;
  if (utf8.view().size() > 256) return raise(exc::KeyError, "name too long");
  if (utf8.view().size() < sizeof upper) {
    size_t size = 0;
    for (char c : utf8.view()) upper[size++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    upper[size] = 0;
    UErrorCode status = U_ZERO_ERROR;
    found = u_charFromName(U_UNICODE_CHAR_NAME, upper, &status);
    if (U_FAILURE(status)) found = version == kCurrent ? syntax::character_by_alias({upper, size}) : -1;
    if (found >= 0 && (!assigned(found, version) || is_tangut(found))) found = -1;
  }
  if (found < 0) {
    Ref<Str> message = str_format("undefined character name '%U'", as_str(v));
    return message ? Ref<>(raise_value(exc::KeyError, message.value())) : Ref<>();
  }
  return str_from_code_point(static_cast<uint32_t>(found));
}

// ---- normal forms
// ---------------------------------------------------------------------------------------------------------------

const UNormalizer2* normalizer(Value form) {
  UErrorCode status = U_ZERO_ERROR;
  if (is_str(form)) {
    Str* s = as_str(form);
    if (s->equals_ascii("NFC")) return unorm2_getNFCInstance(&status);
    if (s->equals_ascii("NFD")) return unorm2_getNFDInstance(&status);
    if (s->equals_ascii("NFKC")) return unorm2_getNFKCInstance(&status);
    if (s->equals_ascii("NFKD")) return unorm2_getNFKDInstance(&status);
  }
  raise(exc::ValueError, "invalid normalization form");
  return nullptr;
}

// Characters of the version, for texts that hold later ones.
const USet* known_characters(Version version) {
  static const USet* const sets[] = {[] {
                                       UErrorCode status = U_ZERO_ERROR;
                                       static const UChar pattern[] = u"[:age=14.0:]";
                                       return uset_openPattern(pattern, 12, &status);
                                     }(),
                                     [] {
                                       UErrorCode status = U_ZERO_ERROR;
                                       static const UChar pattern[] = u"[:age=3.2:]";
                                       return uset_openPattern(pattern, 11, &status);
                                     }()};
  return sets[version];
}

struct Utf16 {
  std::unique_ptr<UChar[]> units;
  int32_t size = 0;
  bool all_known = true;
};
bool to_utf16(const Str* s, Version version, Utf16* out) {
  if (s->length > (int64_t{1} << 28)) return raise_no_memory();
  out->units.reset(new (std::nothrow) UChar[static_cast<size_t>(s->length) * (s->kind == 4 ? 2 : 1) + 1]);
  if (!out->units) return raise_no_memory();
  for (int64_t i = 0; i < s->length; ++i) {
    uint32_t c = s->at(i);
    if ((version == kOld || c >= 0x10000) && !assigned(static_cast<UChar32>(c), version)) out->all_known = false;
    if (c >= 0x10000) {
      out->units[out->size++] = U16_LEAD(c);
      out->units[out->size++] = U16_TRAIL(c);
    } else {
      out->units[out->size++] = static_cast<UChar>(c);
    }
  }
  return true;
}
// Lone surrogates are no pair even when they stand side by side: they have to be normalised apart.
bool has_surrogates(const Str* s) {
  if (s->kind == 1) return false;
  for (int64_t i = 0; i < s->length; ++i) {
    if (s->at(i) >= 0xD800 && s->at(i) <= 0xDFFF) return true;
  }
  return false;
}

bool normalize_part(const UNormalizer2* form, Str* s, Version version, StrBuilder* out) {
  Utf16 source;
  if (!to_utf16(s, version, &source)) return false;
  UErrorCode status = U_ZERO_ERROR;
  UNormalizer2* filtered = source.all_known ? nullptr : unorm2_openFiltered(form, known_characters(version), &status);
  const UNormalizer2* used = filtered ? filtered : form;
  int64_t capacity = int64_t{source.size} * 3 + 32;
  std::unique_ptr<UChar[]> result;
  int32_t size = 0;
  for (;;) {
    result.reset(new (std::nothrow) UChar[static_cast<size_t>(capacity)]);
    if (!result) break;
    status = U_ZERO_ERROR;
    size = unorm2_normalize(used, source.units.get(), source.size, result.get(), static_cast<int32_t>(capacity), &status);
    if (status != U_BUFFER_OVERFLOW_ERROR) break;
    capacity = size + 1;
  }
  if (filtered) unorm2_close(filtered);
  if (!result || U_FAILURE(status)) return raise_no_memory();
  for (int32_t i = 0; i < size;) {
    UChar32 c;
    U16_NEXT(result.get(), i, size, c);
    if (!out->append_code_point(static_cast<uint32_t>(c))) return false;
  }
  return true;
}

Ref<> normalize(Value form_value, Value v, Version version) {
  if (!is_str(form_value)) return raise(exc::TypeError, "normalize() argument 1 must be str, not %T", form_value);
  if (!is_str(v)) return raise(exc::TypeError, "normalize() argument 2 must be str, not %T", v);
  Str* s = as_str(v);
  const UNormalizer2* form = normalizer(form_value);
  if (!form) return Ref<>();
  if (s->ascii) return Ref<>::retain(v);
  StrBuilder out;
  if (!has_surrogates(s)) {
    if (!normalize_part(form, s, version, &out)) return Ref<>();
    return out.finish();
  }
  for (int64_t start = 0; start < s->length;) {
    int64_t end = start;
    while (end < s->length && !(s->at(end) >= 0xD800 && s->at(end) <= 0xDFFF)) ++end;
    Ref<Str> part = str_substring(s, start, end);
    if (!part || !normalize_part(form, part.get(), version, &out)) return Ref<>();
    if (end < s->length && !out.append_code_point(s->at(end++))) return Ref<>();
    start = end;
  }
  return out.finish();
}
Ref<> is_normalized(Value form_value, Value v, Version version) {
  if (!is_str(form_value)) return raise(exc::TypeError, "is_normalized() argument 1 must be str, not %T", form_value);
  if (!is_str(v)) return raise(exc::TypeError, "is_normalized() argument 2 must be str, not %T", v);
  if (!normalizer(form_value)) return Ref<>();
  if (as_str(v)->ascii) return bool_ref(true);
  Ref<> result = normalize(form_value, v, version);
  return result ? bool_ref(str_equal(as_str(result.value()), as_str(v))) : Ref<>();
}

// ---- the two databases: functions of the module, methods of ucd_3_2_0
// ---------------------------------------------------------------

template <Ref<> (*Function)(Value, Version)>
Ref<> current1(const Value* a) {
  return Function(a[0], kCurrent);
}
template <Ref<> (*Function)(Value, Value, Version)>
Ref<> current2(const Value* a) {
  return Function(a[0], a[1], kCurrent);
}
template <Ref<> (*Function)(Value, Version)>
Ref<> old1(const Value* a) {
  return Function(a[1], kOld);
}
template <Ref<> (*Function)(Value, Value, Version)>
Ref<> old2(const Value* a) {
  return Function(a[1], a[2], kOld);
}

const NativeDef kFunctions[] = {
    {"decimal", "(chr, default=None, /)", current2<decimal>, "Converts a Unicode character into its equivalent decimal value."},
    {"digit", "(chr, default=None, /)", current2<digit>, "Converts a Unicode character into its equivalent digit value."},
    {"numeric", "(chr, default=None, /)", current2<numeric>, "Converts a Unicode character into its equivalent numeric value."},
    {"category", "(chr, /)", current1<category>, "Returns the general category assigned to the character chr as string."},
    {"bidirectional", "(chr, /)", current1<bidirectional>,
     "Returns the bidirectional class assigned to the character chr as string."},
    {"combining", "(chr, /)", current1<combining>,
     "Returns the canonical combining class assigned to the character chr as integer."},
    {"mirrored", "(chr, /)", current1<mirrored>, "Returns the mirrored property assigned to the character chr as integer."},
    {"east_asian_width", "(chr, /)", current1<east_asian_width>,
     "Returns the east asian width assigned to the character chr as string."},
    {"decomposition", "(chr, /)", current1<decomposition>,
     "Returns the character decomposition mapping assigned to the character chr as string."},
    {"name", "(chr, default=None, /)", current2<name>, "Returns the name assigned to the character chr as a string."},
    {"lookup", "(name, /)", current1<lookup>, "Look up character by name."},
    {"is_normalized", "(form, unistr, /)", current2<is_normalized>,
     "Return whether the Unicode string unistr is in the normal form 'form'."},
    {"normalize", "(form, unistr, /)", current2<normalize>, "Return the normal form 'form' for the Unicode string unistr."},
    {}};
const NativeDef kMethods[] = {{"decimal", "($self, chr, default=None, /)", old2<decimal>},
                              {"digit", "($self, chr, default=None, /)", old2<digit>},
                              {"numeric", "($self, chr, default=None, /)", old2<numeric>},
                              {"category", "($self, chr, /)", old1<category>},
                              {"bidirectional", "($self, chr, /)", old1<bidirectional>},
                              {"combining", "($self, chr, /)", old1<combining>},
                              {"mirrored", "($self, chr, /)", old1<mirrored>},
                              {"east_asian_width", "($self, chr, /)", old1<east_asian_width>},
                              {"decomposition", "($self, chr, /)", old1<decomposition>},
                              {"name", "($self, chr, default=None, /)", old2<name>},
                              {"lookup", "($self, name, /)", old1<lookup>},
                              {"is_normalized", "($self, form, unistr, /)", old2<is_normalized>},
                              {"normalize", "($self, form, unistr, /)", old2<normalize>},
                              {}};
Ref<> get_version(Value) { return text("3.2.0"); }
const GetSetDef kGetSets[] = {{"unidata_version", get_version}, {}};
constinit Type ucd_type;
const TypeSpec kUcdSpec = {
    .name = "unicodedata.UCD", .size = sizeof(Object), .flags = kTypeNoInstantiate, .methods = kMethods, .getsets = kGetSets};

}  // namespace

extern "C" {
extern const NativeModule ptpython_module_unicodedata;
const NativeModule ptpython_module_unicodedata = {"unicodedata",
                                                  "This module provides access to the Unicode Character Database which\ndefines "
                                                  "character properties for all Unicode characters.",
                                                  kFunctions, [](Module* module) {
                                                    return module_add_type(module, &ucd_type, &kUcdSpec) &&
                                                           module_add_text(module, "unidata_version", "14.0.0") &&
                                                           module_add(module, "ucd_3_2_0", Ref<>(allocate<Object>(&ucd_type)));
                                                  }};
}

}  // namespace pt
