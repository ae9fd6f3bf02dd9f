// str.format and str.format_map: replacement fields with attribute and index lookups, conversions and nested specs. The
// pieces (field names, their parts) are also what the _string module hands out.
#include "vm/object/native.h"
#include "vm/types/format.h"
#include "vm/types/int.h"
#include "vm/types/str_data.h"
#include "vm/types/template_parse.h"
#include "vm/types/tuple.h"
#include "vm/types/unicode.h"

namespace pt {

// The next literal and field of the template at *position. False: malformed, ValueError pending.
bool next_template_part(const Str* s, int64_t end, int64_t* position, TemplatePart* out) {
  int64_t i = *position;
  *out = {};
  out->literal_start = i;
  while (i < end) {
    uint32_t c = s->at(i);
    if (c != '{' && c != '}') {
      i++;
      continue;
    }
    if (i + 1 < end && s->at(i + 1) == c) {
      // A doubled brace: the literal ends with one of them.
      out->literal_end = i + 1;
      *position = i + 2;
      return true;
    }
    if (c == '}') return raise(exc::ValueError, "Single '}' encountered in format string");
    if (i + 1 == end) return raise(exc::ValueError, "Single '{' encountered in format string");
    break;
  }
  out->literal_end = i;
  *position = i;
  if (i == end) return true;
  i++;
  out->has_field = true;
  out->name_start = i;
  // The field name runs to ':' or '!' outside brackets.
  uint32_t c = 0;
  while (i < end) {
    c = s->at(i);
    if (c == '{') return raise(exc::ValueError, "unexpected '{' in field name");
    if (c == '[') {
      i++;
      while (i < end && s->at(i) != ']') i++;
      if (i < end) i++;
      continue;
    }
    if (c == '}' || c == ':' || c == '!') break;
    i++;
  }
  out->name_end = i;
  if (i == end) return raise(exc::ValueError, "expected '}' before end of string");
  if (c == '!') {
    i++;
    if (i == end) {
      return raise(exc::ValueError, "end of string while looking for conversion specifier");
    }
    out->conversion = s->at(i++);
    if (i == end) return raise(exc::ValueError, "unmatched '{' in format spec");
    c = s->at(i);
    if (c != ':' && c != '}') return raise(exc::ValueError, "expected ':' after conversion specifier");
  }
  if (c == ':') {
    i++;
    out->spec_start = i;
    int depth = 1;
    for (; i < end; i++) {
      c = s->at(i);
      if (c == '{') {
        depth++;
        out->spec_nested = true;
      } else if (c == '}' && --depth == 0) {
        break;
      }
    }
    if (i == end) return raise(exc::ValueError, "unmatched '{' in format spec");
    out->spec_end = i;
  } else {
    out->spec_start = out->spec_end = i;
  }
  *position = i + 1;
  return true;
}

// The number that [start, end) spells, -1 when it is none, -2 when it is too large (ValueError pending).
int64_t template_index(const Str* s, int64_t start, int64_t end) {
  if (start == end) return -1;
  int64_t number = 0;
  for (int64_t i = start; i < end; i++) {
    int digit = unicode::decimal_value(s->at(i));
    if (digit < 0) return -1;
    if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number)) {
      (void)raise(exc::ValueError, "Too many decimal digits in format string");
      return -2;
    }
  }
  return number;
}

// The first part of a field name: up to '.' or '['.
int64_t field_head_end(const Str* s, int64_t start, int64_t end) {
  while (start < end && s->at(start) != '.' && s->at(start) != '[') start++;
  return start;
}

// The next ".name" or "[key]" at *position; false at an error.
bool next_field_lookup(const Str* s, int64_t end, int64_t* position, FieldLookup* out) {
  int64_t i = *position;
  uint32_t c = s->at(i++);
  if (c == '.') {
    out->is_attribute = true;
    out->start = i;
    while (i < end && s->at(i) != '.' && s->at(i) != '[') i++;
    out->end = i;
  } else if (c == '[') {
    out->is_attribute = false;
    out->start = i;
    while (i < end && s->at(i) != ']') i++;
    if (i == end) return raise(exc::ValueError, "Missing ']' in format string");
    out->end = i++;
  } else {
    return raise(exc::ValueError, "Only '.' or '[' may follow ']' in format field specifier");
  }
  if (out->start == out->end) return raise(exc::ValueError, "Empty attribute in format string");
  *position = i;
  return true;
}

namespace {

class Formatter {
 public:
  Formatter(Value args, Value kwargs) : args_(args), kwargs_(kwargs) {}

  bool run(StrBuilder& out, Str* s, int64_t start, int64_t end, int depth) {
    if (depth < 0) return raise(exc::ValueError, "Max string recursion exceeded");
    int64_t position = start;
    while (position < end) {
      TemplatePart part;
      if (!next_template_part(s, end, &position, &part)) return false;
      if (!out.append(s, part.literal_start, part.literal_end)) return raise_no_memory();
      if (part.has_field && !field(out, s, part, depth)) return false;
    }
    return true;
  }

 private:
  enum class Numbering : uint8_t { kUnknown, kAutomatic, kManual };

  bool field(StrBuilder& out, Str* s, const TemplatePart& part, int depth) {
    Ref<> v = lookup(s, part.name_start, part.name_end);
    if (!v) return false;
    switch (part.conversion) {
      case 0: break;
      case 'r': v = repr(v.value()); break;
      case 's': v = str(v.value()); break;
      case 'a': v = ascii(v.value()); break;
      default:
        if (part.conversion > 32 && part.conversion < 127) {
          return raise(exc::ValueError, "Unknown conversion specifier %c", static_cast<int>(part.conversion));
        }
        return raise(exc::ValueError, "Unknown conversion specifier \\x%x", part.conversion);
    }
    if (!v) return false;
    if (part.spec_start == part.spec_end) return append_formatted(out, v.value(), nullptr);
    Ref<Str> spec;
    if (part.spec_nested) {
      StrBuilder nested;
      if (!run(nested, s, part.spec_start, part.spec_end, depth - 1)) return false;
      spec = nested.finish();
    } else {
      spec = str_substring(s, part.spec_start, part.spec_end);
    }
    return spec && append_formatted(out, v.value(), spec.get());
  }

  Ref<> lookup(Str* s, int64_t start, int64_t end) {
    int64_t position = field_head_end(s, start, end);
    int64_t index = template_index(s, start, position);
    if (index == -2) return Ref<>();
    Ref<> v;
    bool automatic = start == position;
    if (automatic || index >= 0) {
      Numbering wanted = automatic ? Numbering::kAutomatic : Numbering::kManual;
      if (numbering_ == Numbering::kUnknown) numbering_ = wanted;
      if (numbering_ != wanted) {
        return raise(exc::ValueError, automatic ? "cannot switch from manual field specification to automatic field numbering"
                                                : "cannot switch from automatic field numbering to manual field specification");
      }
      if (automatic) index = next_++;
      if (args_.empty()) return raise(exc::ValueError, "Format string contains positional fields");
      if (index >= as_tuple(args_)->length) {
        return raise(exc::IndexError, "Replacement index %ld out of range for positional args tuple", index);
      }
      v = Ref<>::retain(as_tuple(args_)->at(index));
    } else {
      Ref<Str> name = str_substring(s, start, position);
      if (!name) return Ref<>();
      if (kwargs_.empty()) return raise_key_error(name.value());
      v = get_item(kwargs_, name.value());
      if (!v) return Ref<>();
    }
    while (position < end) {
      FieldLookup step;
      if (!next_field_lookup(s, end, &position, &step)) return Ref<>();
      int64_t number = step.is_attribute ? -1 : template_index(s, step.start, step.end);
      if (number == -2) return Ref<>();
      Ref<Str> name = str_substring(s, step.start, step.end);
      if (!name) return Ref<>();
      if (step.is_attribute) {
        v = get_attribute(v.value(), intern(std::move(name)));
      } else if (number >= 0) {
        Ref<> key = int_from_int64(number);
        v = get_item(v.value(), key.value());
      } else {
        v = get_item(v.value(), name.value());
      }
      if (!v) return Ref<>();
    }
    return v;
  }

  Value args_, kwargs_;
  Numbering numbering_ = Numbering::kUnknown;
  int64_t next_ = 0;
};

}  // namespace

Ref<> template_format(Str* format, Value args, Value kwargs) {
  StrBuilder out;
  Formatter formatter(args, kwargs);
  if (!formatter.run(out, format, 0, format->length, 1)) return Ref<>();
  return out.finish();
}

}  // namespace pt
