#pragma once
// The syntax of str.format templates, for the formatter and the _string module.
#include <cstdint>

namespace pt {

struct Str;

// Positions in the template. A part is a literal and, perhaps, the field after it.
struct TemplatePart {
  int64_t literal_start, literal_end;
  int64_t name_start, name_end;
  int64_t spec_start, spec_end;
  uint32_t conversion;  // 0: none
  bool has_field, spec_nested;
};
bool next_template_part(const Str* s, int64_t end, int64_t* position, TemplatePart* out);

struct FieldLookup {
  bool is_attribute;
  int64_t start, end;
};
int64_t field_head_end(const Str* s, int64_t start, int64_t end);
bool next_field_lookup(const Str* s, int64_t end, int64_t* position, FieldLookup* out);
int64_t template_index(const Str* s, int64_t start, int64_t end);

}  // namespace pt
