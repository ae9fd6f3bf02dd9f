// The format specification mini-language for int, float, complex and str.
#include <climits>
#include <clocale>
#include <cmath>
#include <cstring>

#include "vm/object/native.h"
#include "vm/types/complex.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/format.h"
#include "gc/platform/memory.h"
#include "vm/types/int_type.h"
#include "vm/types/str_data.h"
#include "vm/types/str_inl.h"
#include "vm/types/unicode.h"

namespace pt {

namespace {

struct Spec {
  uint32_t fill = ' ';
  char align;
  char sign = 0;
  bool no_negative_zero = false, alternate = false;
  int64_t width = -1, precision = -1;
  char grouping = 0;  // ',' or '_'
  uint32_t type;
};

bool is_align(uint32_t c) { return c == '<' || c == '>' || c == '=' || c == '^'; }

bool unknown_code(uint32_t code, Value v) {
  if (code > 32 && code < 128) {
    return raise(exc::ValueError, "Unknown format code '%c' for object of type '%T'", static_cast<int>(code), v);
  }
  return raise(exc::ValueError, "Unknown format code '\\x%x' for object of type '%T'", code, v);
}

// Digits at *i; false when the number is too large.
bool parse_number(const Str* s, int64_t* i, int64_t* out, bool* any) {
  *any = false;
  int64_t number = 0;
  for (; *i < s->length; ++*i) {
    uint32_t c = s->at(*i);
    int digit = c < 128 ? (c >= '0' && c <= '9' ? static_cast<int>(c - '0') : -1) : unicode::decimal_value(c);
    if (digit < 0) break;
    *any = true;
    if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number)) {
      return raise(exc::ValueError, "Too many decimal digits in format string");
    }
  }
  if (*any) *out = number;
  return true;
}

bool parse(Value v, const Str* s, char default_align, uint32_t default_type, Spec* out) {
  out->align = default_align;
  out->type = default_type;
  int64_t i = 0, n = s->length;
  if (PT_LIKELY(s->ascii)) {
    // The common forms: [0][width][.precision][type].
    const uint8_t* p = s->data1();
    const uint8_t* end = p + n;
    int64_t width = 0, precision = 0;
    bool zero = *p == '0', has_width = false, has_precision = false;
    p += zero;
    for (; *p >= '0' && *p <= '9' && width < 100000; ++p, has_width = true) width = width * 10 + (*p - '0');
    if (*p == '.' && p[1] >= '0' && p[1] <= '9') {
      has_precision = true;
      for (++p; *p >= '0' && *p <= '9' && precision < 100000; ++p) precision = precision * 10 + (*p - '0');
    }
    if (p == end || (p + 1 == end && ((*p >= 'a' && *p <= 'z' && *p != 'z') || (*p >= 'A' && *p <= 'Z') || *p == '%'))) {
      if (zero) {
        out->fill = '0';
        if (default_align == '>') out->align = '=';
      }
      if (has_width) out->width = width;
      if (has_precision) out->precision = precision;
      if (p != end) out->type = *p;
      return true;
    }
  }
  bool fill_given = false, align_given = false;
  if (n >= 2 && is_align(s->at(1))) {
    out->fill = s->at(0);
    out->align = static_cast<char>(s->at(1));
    fill_given = align_given = true;
    i = 2;
  } else if (n >= 1 && is_align(s->at(0))) {
    out->align = static_cast<char>(s->at(0));
    align_given = true;
    i = 1;
  }
  auto peek = [&] { return i < n ? s->at(i) : 0; };
  if (peek() == '+' || peek() == '-' || peek() == ' ') out->sign = static_cast<char>(s->at(i++));
  if (peek() == 'z') {
    out->no_negative_zero = true;
    i++;
  }
  if (peek() == '#') {
    out->alternate = true;
    i++;
  }
  if (!fill_given && peek() == '0') {
    out->fill = '0';
    if (!align_given && default_align == '>') out->align = '=';
    i++;
  }
  bool any;
  if (!parse_number(s, &i, &out->width, &any)) return false;
  if (peek() == ',') {
    out->grouping = ',';
    i++;
  }
  if (peek() == '_') {
    if (out->grouping) return raise(exc::ValueError, "Cannot specify both ',' and '_'.");
    out->grouping = '_';
    i++;
  }
  if (peek() == ',' && out->grouping == '_') return raise(exc::ValueError, "Cannot specify both ',' and '_'.");
  if (peek() == '.') {
    i++;
    if (!parse_number(s, &i, &out->precision, &any)) return false;
    if (!any) return raise(exc::ValueError, "Format specifier missing precision");
  }
  if (n - i > 1) {
    return raise(exc::ValueError, "Invalid format specifier '%U' for object of type '%T'", s, v);
  }
  if (n - i == 1) out->type = s->at(i);
  if (out->grouping) {
    switch (out->type) {
      case 'd':
      case 'e':
      case 'f':
      case 'g':
      case 'E':
      case 'G':
      case '%':
      case 'F':
      case 0: break;
      case 'b':
      case 'o':
      case 'x':
      case 'X':
        if (out->grouping == '_') break;
        [[fallthrough]];
      default:
        if (out->type > 32 && out->type < 128) {
          return raise(exc::ValueError, "Cannot specify '%c' with '%c'.", out->grouping, static_cast<int>(out->type));
        }
        return raise(exc::ValueError, "Cannot specify '%c' with '\\x%x'.", out->grouping, out->type);
    }
  }
  return true;
}

// ---- Strings -------------------------------------------------------------------------------------------------------

bool pad_text(StrBuilder& out, const Str* text, int64_t length, const Spec& spec) {
  int64_t padding = spec.width > length ? spec.width - length : 0;
  int64_t left = spec.align == '>' ? padding : spec.align == '^' ? padding / 2 : 0;
  return out.append_repeated(spec.fill, left) && out.append(text, 0, length) && out.append_repeated(spec.fill, padding - left);
}

Ref<> finish(StrBuilder& out) { return out.finish(); }

// ---- Numbers -------------------------------------------------------------------------------------------------------

struct Locale {
  char separator[32] = {};      // UTF-8 or the locale's own bytes
  char point[32] = ".";
  char grouping[16] = {};       // as in struct lconv; empty: none
};

Locale number_locale(const Spec& spec) {
  Locale locale;
  if (spec.type == 'n') {
    const lconv* c = localeconv();
    strncpy(locale.separator, c->thousands_sep, sizeof locale.separator - 1);
    strncpy(locale.point, c->decimal_point, sizeof locale.point - 1);
    strncpy(locale.grouping, c->grouping, sizeof locale.grouping - 1);
  } else if (spec.grouping) {
    locale.separator[0] = spec.grouping;
    bool by_four = spec.type == 'b' || spec.type == 'o' || spec.type == 'x' || spec.type == 'X';
    locale.grouping[0] = by_four ? 4 : 3;
  }
  return locale;
}

// The digits with separators, widened with leading zeros to `width` characters; most significant group last.
bool append_grouped(StrBuilder& out, std::string_view digits, int64_t width, const Locale& locale, const Str* separator) {
  if (!locale.grouping[0] || !separator->length) {
    int64_t zeros = width - static_cast<int64_t>(digits.size());
    return out.append_repeated('0', zeros) && out.append_ascii(digits);
  }
  // Sizes of the groups from the right; the last entry repeats, CHAR_MAX ends the grouping.
  struct Group {
    int64_t zeros, digits;
  };
  int64_t remaining = static_cast<int64_t>(digits.size()), max_groups = (remaining > width ? remaining : width) + 2;
  Group local[64];
  Group* groups =
      max_groups <= 64 ? local : static_cast<Group*>(memory::allocate(static_cast<size_t>(max_groups) * sizeof(Group)));
  if (!groups) return false;
  int64_t count = 0;
  const char* size = locale.grouping;
  for (;;) {
    bool last = *size == CHAR_MAX || *size <= 0;
    int64_t want = remaining > width ? remaining : width;
    if (want < 1) want = 1;
    int64_t length = last ? want : *size < want ? *size : want;
    int64_t taken = remaining < length ? remaining : length;
    groups[count++] = {length - taken, taken};
    remaining -= taken;
    width -= length;
    if (last || (remaining <= 0 && width <= 0)) break;
    width -= separator->length;
    if (size[1]) size++;
  }
  bool ok = true;
  size_t at = 0;
  while (ok && count-- > 0) {
    ok = out.append_repeated('0', groups[count].zeros) &&
         out.append_ascii(digits.substr(at, static_cast<size_t>(groups[count].digits)));
    at += static_cast<size_t>(groups[count].digits);
    if (ok && count > 0) ok = out.append(separator);
  }
  if (groups != local) memory::release(groups);
  return ok;
}

Ref<Str> locale_text(const char* bytes) {
  std::string_view view(bytes);
  if (all_ascii(reinterpret_cast<const uint8_t*>(bytes), view.size())) return str_from_ascii(view);
  return str_from_filesystem(view);
}

// sign, prefix, digits, point and what follows it, padded as the spec says. `number`: ASCII digits, perhaps with '.' or an
// exponent; inf and nan have no digits.
bool append_number(StrBuilder& out, bool negative, std::string_view prefix, std::string_view number, std::string_view suffix,
                   const Spec& spec) {
  if (PT_LIKELY(!spec.grouping && spec.type != 'n' && spec.fill < 128)) {
    char sign = negative ? '-' : spec.sign == '+' || spec.sign == ' ' ? spec.sign : 0;
    int64_t total = (sign != 0) + static_cast<int64_t>(prefix.size() + number.size() + suffix.size());
    int64_t padding = spec.width > total ? spec.width - total : 0;
    if (uint8_t* p = out.append_room(total + padding)) {
      int64_t left = spec.align == '>' ? padding : spec.align == '^' ? padding / 2 : 0;
      int64_t middle = spec.align == '=' ? padding : 0;
      auto fill = [&](int64_t count) {
        for (; count > 0; --count) *p++ = static_cast<uint8_t>(spec.fill);
      };
      auto put = [&](std::string_view text) {
        copy_short(p, reinterpret_cast<const uint8_t*>(text.data()), text.size());
        p += text.size();
      };
      fill(left);
      if (sign) *p++ = static_cast<uint8_t>(sign);
      put(prefix);
      fill(middle);
      put(number);
      put(suffix);
      fill(padding - left - middle);
      return true;
    }
  }
  Locale locale = number_locale(spec);
  Ref<Str> separator = locale_text(locale.separator);
  if (!separator) return false;
  Ref<Str> point = locale_text(locale.point);
  if (!point) return false;
  size_t whole = 0;
  if (spec.type == 'x' || spec.type == 'X') {
    whole = number.size();
  } else {
    while (whole < number.size() && number[whole] >= '0' && number[whole] <= '9') whole++;
  }
  std::string_view digits = number.substr(0, whole), rest = number.substr(whole);
  bool has_point = !rest.empty() && rest[0] == '.';
  if (has_point) rest.remove_prefix(1);
  char sign = negative ? '-' : spec.sign == '+' || spec.sign == ' ' ? spec.sign : 0;
  int64_t others =
      (sign != 0) + static_cast<int64_t>(prefix.size() + rest.size() + suffix.size()) + (has_point ? point->length : 0);
  StrBuilder grouped;
  if (!digits.empty()) {
    int64_t width = spec.fill == '0' && spec.align == '=' ? spec.width - others : 0;
    if (!append_grouped(grouped, digits, width, locale, separator.get())) return raise_no_memory();
  }
  int64_t total = others + grouped.length();
  int64_t padding = spec.width > total ? spec.width - total : 0, left = 0, middle = 0, right = 0;
  switch (spec.align) {
    case '<': right = padding; break;
    case '^':
      left = padding / 2;
      right = padding - left;
      break;
    case '=': middle = padding; break;
    default: left = padding;
  }
  Ref<Str> body = grouped.finish();
  if (!body) return false;
  bool ok = out.append_repeated(spec.fill, left) && (!sign || out.append_code_point(static_cast<uint8_t>(sign))) &&
            out.append_ascii(prefix) && out.append_repeated(spec.fill, middle) && out.append(body.get()) &&
            (!has_point || out.append(point.get())) && out.append_ascii(rest) && out.append_ascii(suffix) &&
            out.append_repeated(spec.fill, right);
  return ok || raise_no_memory();
}

bool append_float(StrBuilder& out, double d, Spec spec, Value v, bool add_dot_zero) {
  uint32_t type = spec.type;
  double shown = d;
  int64_t precision = spec.precision;
  if (precision > INT_MAX) return raise(exc::ValueError, "precision too big");
  char code;
  bool upper = false, percent = false, dot_zero = false;
  switch (type) {
    case 0:
      code = precision < 0 ? 'r' : 'g';
      dot_zero = add_dot_zero;
      break;
    case 'n': code = 'g'; break;
    case 'e':
    case 'f':
    case 'g': code = static_cast<char>(type); break;
    case 'E':
    case 'F':
    case 'G':
      code = static_cast<char>(type | 32);
      upper = true;
      break;
    case '%':
      code = 'f';
      percent = true;
      shown = d * 100;
      break;
    default: return unknown_code(type, v);
  }
  if (precision < 0) precision = 6;
  FloatText text(shown, code, static_cast<int>(precision), false, spec.alternate, dot_zero);
  if (!text.ok()) return false;
  std::string_view number = text.view();
  bool negative = number[0] == '-';
  if (negative) number.remove_prefix(1);
  if (negative && spec.no_negative_zero) {
    // All digits of the mantissa are zero.
    size_t i = 0;
    while (i < number.size() && (number[i] == '0' || number[i] == '.')) i++;
    if (i == number.size() || number[i] == 'e') negative = false;
  }
  if (!upper) return append_number(out, negative, {}, number, percent ? "%" : "", spec);
  char local[512];
  char* copy = number.size() <= sizeof local ? local : static_cast<char*>(memory::allocate(number.size()));
  if (!copy) return raise_no_memory();
  for (size_t i = 0; i < number.size(); i++) copy[i] = number[i] >= 'a' ? static_cast<char>(number[i] - 32) : number[i];
  bool ok = append_number(out, negative, {}, {copy, number.size()}, percent ? "%" : "", spec);
  if (copy != local) memory::release(copy);
  return ok;
}

bool append_int(StrBuilder& out, Value v, const Spec& spec) {
  if (spec.precision >= 0) return raise(exc::ValueError, "Precision not allowed in integer format specifier");
  if (spec.no_negative_zero) {
    return raise(exc::ValueError, "Negative zero coercion (z) not allowed in integer format specifier");
  }
  if (spec.type == 'c') {
    if (spec.sign) return raise(exc::ValueError, "Sign not allowed with integer format specifier 'c'");
    if (spec.alternate) return raise(exc::ValueError, "Alternate form (#) not allowed with integer format specifier 'c'");
    int64_t c;
    if (!int_to_int64(v, &c)) return raise(exc::OverflowError, "Python int too large to convert to C long");
    if (c < 0 || c > 0x10ffff) return raise(exc::OverflowError, "%%c arg not in range(0x110000)");
    Ref<Str> text = str_from_code_point(static_cast<uint32_t>(c));
    if (!text) return false;
    Spec as_number = spec;
    if (as_number.align == '=') as_number.align = '>';
    return pad_text(out, text.get(), 1, as_number) || raise_no_memory();
  }
  if (PT_LIKELY(v.is_small_int() && spec.type == 'd')) {
    char digits[24];
    int64_t i = v.as_small_int();
    char* end = digits + sizeof digits;
    char* start = write_decimal(end, i < 0 ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i));
    return append_number(out, i < 0, {}, {start, static_cast<size_t>(end - start)}, {}, spec);
  }
  int base = spec.type == 'b' ? 2 : spec.type == 'o' ? 8 : spec.type == 'x' || spec.type == 'X' ? 16 : 10;
  Ref<Str> text = int_to_str(v, base);
  if (!text) return false;
  std::string_view number = text->ascii_view();
  bool negative = number[0] == '-';
  if (negative) number.remove_prefix(1);
  const char* prefix = !spec.alternate    ? ""
                       : base == 2        ? "0b"
                       : base == 8        ? "0o"
                       : spec.type == 'x' ? "0x"
                       : base == 16       ? "0X"
                                          : "";
  if (spec.type == 'X') {
    // The text is fresh (single characters aside), but strings are not written to: a copy in upper case.
    Ref<Str> upper = str_allocate(static_cast<int64_t>(number.size()), kMaxAscii);
    if (!upper) return false;
    for (size_t i = 0; i < number.size(); i++) {
      upper->data1()[i] = static_cast<uint8_t>(number[i] >= 'a' ? number[i] - 32 : number[i]);
    }
    return append_number(out, negative, prefix, upper->ascii_view(), {}, spec);
  }
  return append_number(out, negative, prefix, number, {}, spec);
}

bool append_number_value(StrBuilder& out, Value v, const Spec& spec) {
  switch (spec.type) {
    case 'b':
    case 'c':
    case 'd':
    case 'o':
    case 'x':
    case 'X':
    case 'n': return append_int(out, v, spec);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case '%': {
      double d = int_to_double(v);
      if (d == -1.0 && error_pending()) return false;
      return append_float(out, d, spec, v, false);
    }
    default: return unknown_code(spec.type, v);
  }
}

}  // namespace

Ref<> format_text(Value v, Str* text) {
  if (text->length == 0) return is_exact_str(v) ? Ref<>::retain(v) : str(v);
  Spec spec;
  if (!parse(v, text, '<', 's', &spec)) return Ref<>();
  if (spec.type != 's') return unknown_code(spec.type, v) ? Ref<>() : Ref<>();
  const char* refused = spec.sign == ' '        ? "Space not allowed in string format specifier"
                        : spec.sign             ? "Sign not allowed in string format specifier"
                        : spec.no_negative_zero ? "Negative zero coercion (z) not allowed in string format specifier"
                        : spec.alternate        ? "Alternate form (#) not allowed in string format specifier"
                        : spec.align == '='     ? "'=' alignment not allowed in string format specifier"
                                                : nullptr;
  if (refused) return raise(exc::ValueError, refused);
  Str* s = as_str(v);
  int64_t length = spec.precision >= 0 && spec.precision < s->length ? spec.precision : s->length;
  if (spec.width <= length && length == s->length) return str_substring(s, 0, length);
  StrBuilder out;
  if (!pad_text(out, s, length, spec)) return raise_no_memory();
  return finish(out);
}

Ref<> format_int(Value v, Str* text) {
  if (text->length == 0) return is_exact_int(v) ? Ref<>(int_to_str(v)) : str(v);
  Spec spec;
  if (!parse(v, text, '>', 'd', &spec)) return Ref<>();
  StrBuilder out;
  if (!append_number_value(out, v, spec)) return Ref<>();
  return finish(out);
}

Ref<> format_float(Value v, Str* text) {
  if (text->length == 0) return is_exact_float(v) ? Ref<>(float_repr(as_double(v))) : str(v);
  Spec spec;
  if (!parse(v, text, '>', 0, &spec)) return Ref<>();
  StrBuilder out;
  if (!append_float(out, as_double(v), spec, v, true)) return Ref<>();
  return finish(out);
}

Ref<> format_complex(Value v, Str* text) {
  if (text->length == 0) return str(v);
  Spec spec;
  if (!parse(v, text, '>', 0, &spec)) return Ref<>();
  switch (spec.type) {
    case 0:
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'n': break;
    default: return unknown_code(spec.type, v) ? Ref<>() : Ref<>();
  }
  if (spec.fill == '0') return raise(exc::ValueError, "Zero padding is not allowed in complex format specifier");
  if (spec.align == '=') return raise(exc::ValueError, "'=' alignment flag is not allowed in complex format specifier");
  double re = as_complex(v)->real, im = as_complex(v)->imaginary;
  bool plain = spec.type == 0, imaginary_only = plain && re == 0 && !std::signbit(re);
  Spec part = spec;
  part.width = -1;
  part.fill = ' ';
  part.align = '<';
  StrBuilder body;
  if (plain && !imaginary_only) (void)body.append_code_point('(');
  if (!imaginary_only) {
    if (!append_float(body, re, part, v, false)) return Ref<>();
    part.sign = '+';
  }
  if (!append_float(body, im, part, v, false)) return Ref<>();
  (void)body.append_code_point('j');
  if (plain && !imaginary_only) (void)body.append_code_point(')');
  Ref<Str> text_body = body.finish();
  if (!text_body) return Ref<>();
  StrBuilder out;
  if (!pad_text(out, text_body.get(), text_body->length, spec)) return raise_no_memory();
  return finish(out);
}

bool append_formatted(StrBuilder& out, Value v, Str* spec) {
  if (!spec || spec->length == 0) {
    if (is_exact_str(v)) return out.append(as_str(v)) || raise_no_memory();
    if (v.is_small_int()) {
      char text[24];
      int64_t i = v.as_small_int();
      char* end = text + sizeof text;
      char* p = write_decimal(end, i < 0 ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i));
      if (i < 0) *--p = '-';
      return out.append_ascii({p, static_cast<size_t>(end - p)}) || raise_no_memory();
    }
    if (is_exact_float(v)) {
      FloatText text(as_double(v), 'r', 0, false, false, true);
      return out.append_ascii(text.view()) || raise_no_memory();
    }
  }
  Ref<> text = format(v, spec ? Value::object(spec) : Value());
  return text && (out.append(as_str(text.value())) || raise_no_memory());
}

}  // namespace pt
