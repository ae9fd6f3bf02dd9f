// Build-time tool: writes the Unicode property tables of str as C++ source, from ICU's data, so that the runtime does not
// link ICU. Code points newer than Unicode 14.0 (Python 3.11's version) count as unassigned.
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <tuple>
#include <vector>

#include "vm/types/unicode_flags.h"

using namespace pt::unicode;

namespace {

std::vector<uint32_t> g_expansions;  // count, code points...

using Mapping = int32_t (*)(UChar*, int32_t, const UChar*, int32_t, UErrorCode*);

std::vector<uint32_t> full_mapping(uint32_t c, Mapping mapping) {
  UChar in[2], out[16];
  int32_t n = 0, i = 0;
  U16_APPEND_UNSAFE(in, n, c);
  UErrorCode error = U_ZERO_ERROR;
  int32_t size = mapping(out, 16, in, n, &error);
  std::vector<uint32_t> result;
  while (i < size) {
    UChar32 mapped;
    U16_NEXT(out, i, size, mapped);
    result.push_back(static_cast<uint32_t>(mapped));
  }
  return result;
}
int32_t upper(UChar* out, int32_t cap, const UChar* in, int32_t n, UErrorCode* e) { return u_strToUpper(out, cap, in, n, "", e); }
int32_t lower(UChar* out, int32_t cap, const UChar* in, int32_t n, UErrorCode* e) { return u_strToLower(out, cap, in, n, "", e); }
int32_t title(UChar* out, int32_t cap, const UChar* in, int32_t n, UErrorCode* e) {
  return u_strToTitle(out, cap, in, n, nullptr, "", e);
}
int32_t fold(UChar* out, int32_t cap, const UChar* in, int32_t n, UErrorCode* e) {
  return u_strFoldCase(out, cap, in, n, U_FOLD_CASE_DEFAULT, e);
}

// A delta, or an index into the expansions past kExpansionBase.
int32_t encode_mapping(uint32_t c, Mapping mapping) {
  std::vector<uint32_t> mapped = full_mapping(c, mapping);
  if (mapped.size() == 1) return static_cast<int32_t>(mapped[0]) - static_cast<int32_t>(c);
  int32_t index = static_cast<int32_t>(g_expansions.size());
  g_expansions.push_back(static_cast<uint32_t>(mapped.size()));
  for (uint32_t m : mapped) g_expansions.push_back(m);
  return kExpansionBase + index;
}

bool assigned(UChar32 c) {
  UVersionInfo age;
  u_charAge(c, age);
  return age[0] != 0 && age[0] <= 14;
}

bool became_lower_in_15(UChar32 c) { return c == 0x10fc || (c >= 0xa7f2 && c <= 0xa7f4) || c == 0xab69; }

struct Record {
  uint32_t flags = 0;
  int decimal = -1, digit = -1;
  int32_t upper = 0, lower = 0, title = 0, fold = 0;
  auto key() const { return std::tie(flags, decimal, digit, upper, lower, title, fold); }
  bool operator<(const Record& other) const { return key() < other.key(); }
};

Record describe(UChar32 c) {
  Record r;
  if (!assigned(c)) return r;
  int category = u_charType(c);
  switch (category) {
    case U_UPPERCASE_LETTER:
    case U_LOWERCASE_LETTER:
    case U_TITLECASE_LETTER:
    case U_MODIFIER_LETTER:
    case U_OTHER_LETTER: r.flags |= kAlpha; break;
    default: break;
  }
  if (category == U_TITLECASE_LETTER) r.flags |= kTitle;
  switch (u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE)) {
    case U_NT_DECIMAL: r.flags |= kDecimal | kDigit | kNumeric; break;
    case U_NT_DIGIT: r.flags |= kDigit | kNumeric; break;
    case U_NT_NUMERIC: r.flags |= kNumeric; break;
    default: break;
  }
  if (r.flags & kDigit) r.digit = static_cast<int>(u_getNumericValue(c));
  if (r.flags & kDecimal) r.decimal = r.digit;
  if (u_hasBinaryProperty(c, UCHAR_LOWERCASE) && !became_lower_in_15(c)) r.flags |= kLower;
  if (u_hasBinaryProperty(c, UCHAR_UPPERCASE)) r.flags |= kUpper;
  UCharDirection direction = u_charDirection(c);
  if (category == U_SPACE_SEPARATOR || direction == U_WHITE_SPACE_NEUTRAL || direction == U_BLOCK_SEPARATOR ||
      direction == U_SEGMENT_SEPARATOR) {
    r.flags |= kSpace;
  }
  switch (category) {
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_SURROGATE:
    case U_PRIVATE_USE_CHAR:
    case U_UNASSIGNED:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR: break;
    case U_SPACE_SEPARATOR:
      if (c == ' ') r.flags |= kPrintable;
      break;
    default: r.flags |= kPrintable;
  }
  if (u_hasBinaryProperty(c, UCHAR_XID_START)) r.flags |= kXidStart;
  if (u_hasBinaryProperty(c, UCHAR_XID_CONTINUE)) r.flags |= kXidContinue;
  if (u_hasBinaryProperty(c, UCHAR_CASED)) r.flags |= kCased;
  if (u_hasBinaryProperty(c, UCHAR_CASE_IGNORABLE)) r.flags |= kCaseIgnorable;
  if (category != U_SURROGATE) {
    uint32_t u = static_cast<uint32_t>(c);
    r.upper = encode_mapping(u, upper);
    r.lower = encode_mapping(u, lower);
    r.title = encode_mapping(u, title);
    if (c == 0x345) r.title = r.upper;  // ICU's titlecasing starts at the next cased letter
    r.fold = encode_mapping(u, fold);
  }
  return r;
}

}  // namespace

int main(int argc, char** argv) {
  FILE* out = argc > 1 ? fopen(argv[1], "w") : stdout;
  if (!out) return 1;
  std::map<Record, int> index;
  std::vector<Record> records;
  std::vector<uint16_t> of_code_point(0x110000);
  for (UChar32 c = 0; c < 0x110000; c++) {
    Record r = describe(c);
    auto [at, added] = index.try_emplace(r, static_cast<int>(records.size()));
    if (added) records.push_back(r);
    of_code_point[static_cast<size_t>(c)] = static_cast<uint16_t>(at->second);
  }
  std::map<std::vector<uint16_t>, int> page_index;
  std::vector<std::vector<uint16_t>> pages;
  std::vector<int> page_of;
  for (size_t start = 0; start < of_code_point.size(); start += kPageSize) {
    std::vector<uint16_t> page(of_code_point.begin() + static_cast<long>(start),
                               of_code_point.begin() + static_cast<long>(start + kPageSize));
    auto [at, added] = page_index.try_emplace(page, static_cast<int>(pages.size()));
    if (added) pages.push_back(page);
    page_of.push_back(at->second);
  }
  fprintf(out, "// Generated by unicode_gen from ICU %s.\n#include \"vm/types/unicode.h\"\n\nnamespace pt::unicode {\n\n",
          U_ICU_VERSION);
  fprintf(out, "const Record kRecords[] = {\n");
  for (const Record& r : records) {
    fprintf(out, "  {0x%x, %d, %d, %d, %d, %d, %d},\n", r.flags, r.decimal, r.digit, r.upper, r.lower, r.title, r.fold);
  }
  auto numbers = [&](const char* type, const char* name, const auto& list) {
    fprintf(out, "};\nconst %s %s[] = {", type, name);
    size_t n = 0;
    for (auto number : list) fprintf(out, "%s%u,", n++ % 24 ? "" : "\n  ", static_cast<unsigned>(number));
    fprintf(out, "\n");
  };
  numbers("uint16_t", "kPages", page_of);
  std::vector<uint16_t> flat;
  for (const auto& page : pages) flat.insert(flat.end(), page.begin(), page.end());
  numbers("uint16_t", "kRecordIndex", flat);
  g_expansions.push_back(0);
  numbers("uint32_t", "kExpansions", g_expansions);
  fprintf(out, "};\n\n}  // namespace pt::unicode\n");
  return fclose(out) == 0 ? 0 : 1;
}
