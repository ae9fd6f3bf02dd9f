// format(): the mini-language for Decimal.
#include <climits>
#include <clocale>
#include <cstring>

#include "vm/modules/dynamic/decimal/decimal.h"
#include "vm/types/str_inl.h"

namespace pt::decimal {
namespace {

struct Spec {
  uint32_t fill = ' ';
  char align = '>';  // 'z': zeros between sign and digits
  char sign = '-';
  bool no_negative_zero = false;
  int64_t width = 0, precision = -1;
  char type = 'G';
  // What separates groups and fraction; the locale's or the caller's text lives in `held`.
  std::string_view point = ".", separator, grouping;
  Ref<> held[3];
};

bool is_align(uint32_t c) { return c == '<' || c == '>' || c == '=' || c == '^'; }
bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }

bool read_number(const Str* s, int64_t* i, int64_t* out) {
  int64_t value = 0;
  for (; *i < s->length && is_digit(s->at(*i)); ++*i) {
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, static_cast<int64_t>(s->at(*i) - '0'), &value)) {
      return false;
    }
  }
  *out = value;
  return true;
}

bool parse_spec(const Str* s, bool capitals, Spec* out) {
  int64_t i = 0, n = s->length;
  auto peek = [&](int64_t ahead = 0) { return i + ahead < n ? s->at(i + ahead) : 0; };
  bool aligned = false;
  out->type = capitals ? 'G' : 'g';
  if (n >= 2 && is_align(peek(1))) {
    out->fill = peek();
    out->align = static_cast<char>(peek(1));
    aligned = true;
    i = 2;
  } else if (is_align(peek())) {
    out->align = static_cast<char>(peek());
    aligned = true;
    i = 1;
  }
  if (peek() == '+' || peek() == '-' || peek() == ' ') out->sign = static_cast<char>(s->at(i++));
  if (peek() == 'z') {
    out->no_negative_zero = true;
    ++i;
  }
  if (peek() == '0') {
    if (aligned) return false;
    out->align = 'z';
    out->fill = '0';
    ++i;
  }
  if (is_digit(peek()) && (peek() == '0' || !read_number(s, &i, &out->width))) return false;
  if (peek() == ',') {
    out->separator = ",";
    out->grouping = "\3";
    ++i;
  }
  if (peek() == '.') {
    ++i;
    if (!is_digit(peek()) || !read_number(s, &i, &out->precision)) return false;
  }
  switch (peek()) {
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case '%': out->type = static_cast<char>(s->at(i++)); break;
    case 'n':
    case 'N': {
      if (!out->separator.empty()) return false;
      out->type = s->at(i++) == 'N' ? 'G' : 'g';
      const lconv* locale = localeconv();
      out->point = locale->decimal_point;
      out->separator = locale->thousands_sep;
      out->grouping = locale->grouping;
      break;
    }
    default: break;
  }
  return i == n;
}

// One entry of the dict that replaces the locale's conventions.
bool override_text(Value dict, const char* key, Ref<>* held, std::string_view* out) {
  Ref<> value = dict_get_text(as_dict(dict), key);
  if (!value) return !error_pending();
  if (!is_str(value.value())) return raise(exc::TypeError, "bad argument type for built-in operation");
  Utf8 utf8(as_str(value.value()));
  if (!utf8.ok()) return false;
  Ref<Bytes> bytes = bytes_from(utf8.view());
  if (!bytes) return false;
  *out = bytes->view();
  *held = std::move(bytes);
  return true;
}
bool apply_overrides(Value dict, Spec* spec, bool locale_form) {
  if (!is_dict(dict)) return raise(exc::TypeError, "optional argument must be a dict");
  if (!locale_form && spec->separator.empty()) spec->point = "";
  if (!override_text(dict, "decimal_point", &spec->held[0], &spec->point) ||
      !override_text(dict, "thousands_sep", &spec->held[1], &spec->separator) ||
      !override_text(dict, "grouping", &spec->held[2], &spec->grouping)) {
    return false;
  }
  // A NUL ends the grouping, as it does in struct lconv.
  spec->grouping = spec->grouping.substr(0, spec->grouping.find('\0'));
  for (char c : spec->grouping) {
    if (c < 0) return raise(exc::ValueError, "invalid override dict");
  }
  if (spec->point.empty() || spec->point.size() > 4 || spec->separator.size() > 4) {
    return raise(exc::ValueError, "invalid override dict");
  }
  return true;
}

// To `places` significant digits.
void round_to_places(Number& n, int64_t places, Rounding rounding, Status& status) {
  if (n.coefficient_zero()) return;
  int64_t drop = n.digits() - places;
  if (drop <= 0) {
    rescale(n, n.exponent + drop, rounding, status);
    return;
  }
  drop_digits(n, drop, rounding, status);
  if (n.digits() > places) drop_digits(n, 1, Rounding::kDown, status);
}

// The parts between sign and padding.
struct Body {
  std::string_view whole, fraction;
  int64_t whole_zeros = 0, fraction_zeros = 0;  // behind `whole`, in front of `fraction`
  int64_t exponent = 0;
  char exponent_letter = 0;
  bool percent = false;
};

void round_for(Number& n, const Spec& spec, char type, Rounding rounding, Status& status) {
  if (spec.precision < 0) return;
  if (type == 'e') {
    round_to_places(n, spec.precision + 1, rounding, status);
  } else if (type == 'f') {
    rescale(n, -spec.precision, rounding, status);
  } else {
    int64_t places = spec.precision ? spec.precision : 1;
    if (n.digits() > places) round_to_places(n, places, rounding, status);
  }
}

Body body_of(const Number& n, std::string_view digits, const Spec& spec, char type) {
  Body body;
  auto size = static_cast<int64_t>(digits.size());
  int64_t left = n.exponent + size, place = 1;
  if (type == 'e') {
    if (n.coefficient_zero() && spec.precision >= 0) place = 1 - spec.precision;
  } else if (type == 'f' || (n.exponent <= 0 && left > -6)) {
    place = left;
  }
  if (place <= 0) {
    body.whole = "0";
    body.fraction = digits;
    body.fraction_zeros = -place;
  } else if (place >= size) {
    body.whole = digits;
    body.whole_zeros = place - size;
  } else {
    body.whole = digits.substr(0, static_cast<size_t>(place));
    body.fraction = digits.substr(static_cast<size_t>(place));
  }
  body.exponent = left - place;
  bool capital = spec.type == 'E' || spec.type == 'G';
  if (body.exponent != 0 || type == 'e') body.exponent_letter = capital ? 'E' : 'e';
  body.percent = spec.type == '%';
  return body;
}

bool append_utf8(StrBuilder& out, std::string_view text) {
  if (text.size() == 1 && static_cast<unsigned char>(text[0]) < 128) return out.append_ascii(text);
  Ref<Str> decoded = str_from_utf8(text);
  return decoded && out.append(decoded.get());
}
int64_t code_points(std::string_view utf8) {
  int64_t count = 0;
  for (char c : utf8) count += (c & 0xC0) != 0x80;
  return count;
}

// How the whole part is divided: sizes of the groups count from the right.
struct Groups {
  int64_t digits;          // leading zeros included
  int64_t separators = 0;
  int64_t behind = 0;      // digits behind the first separator
};
int64_t group_size(const Spec& spec, int64_t i) {
  // The last size repeats; CHAR_MAX ends the grouping.
  auto n = static_cast<int64_t>(spec.grouping.size());
  char c = spec.grouping[static_cast<size_t>(i < n ? i : n - 1)];
  return c == CHAR_MAX || c <= 0 ? INT64_MAX : c;
}
// Digits in the first `count` groups, which are not the last one.
int64_t digits_behind(const Spec& spec, int64_t count) {
  auto n = static_cast<int64_t>(spec.grouping.size());
  int64_t sum = 0;
  for (int64_t k = 0; k < count && k < n; ++k) sum += group_size(spec, k);
  return count > n ? sum + (count - n) * group_size(spec, n) : sum;
}
int64_t separators_of(const Spec& spec, int64_t digits) {
  auto n = static_cast<int64_t>(spec.grouping.size());
  int64_t count = 0;
  for (; count < n && digits > group_size(spec, count); ++count) digits -= group_size(spec, count);
  return count < n ? count : count + (digits - 1) / group_size(spec, n);
}
// `count` digits, widened with zeros to `width` characters.
Groups divide_in_groups(const Spec& spec, int64_t count, int64_t width) {
  Groups groups{count};
  if (spec.separator.empty() || spec.grouping.empty()) {
    if (width > count) groups.digits = width;
    return groups;
  }
  int64_t separator = code_points(spec.separator);
  auto size_of = [&](int64_t digits) { return digits + separators_of(spec, digits) * separator; };
  if (width > size_of(count)) {
    // The fewest digits that fill the width: a digit brings a separator at most.
    int64_t least = width - separators_of(spec, width) * separator;
    if (groups.digits < least) groups.digits = least;
    for (int64_t missing; (missing = width - size_of(groups.digits)) > 0;) {
      groups.digits += missing > separator ? missing / (1 + separator) : 1;
    }
  }
  groups.separators = separators_of(spec, groups.digits);
  groups.behind = digits_behind(spec, groups.separators);
  return groups;
}

bool append_whole(StrBuilder& out, const Body& body, const Groups& groups, const Spec& spec) {
  int64_t zeros = groups.digits - static_cast<int64_t>(body.whole.size()) - body.whole_zeros;
  if (!groups.separators) {
    return out.append_repeated('0', zeros) && out.append_ascii(body.whole) && out.append_repeated('0', body.whole_zeros);
  }
  int64_t position = 0, behind = groups.behind;
  for (int64_t g = groups.separators; g >= 0; --g) {
    for (int64_t end = groups.digits - behind; position < end; ++position) {
      int64_t index = position - zeros;
      char c = index < 0 || index >= static_cast<int64_t>(body.whole.size()) ? '0' : body.whole[static_cast<size_t>(index)];
      if (!out.append_code_point(static_cast<uint8_t>(c))) return false;
    }
    if (!g) break;
    if (!append_utf8(out, spec.separator)) return false;
    behind -= group_size(spec, g - 1);
  }
  return true;
}

// "E+12" and "%" behind the digits.
std::string_view suffix_of(const Body& body, char (&local)[32]) {
  char* end = local + sizeof local;
  char* start = end;
  if (body.percent) *--start = '%';
  if (body.exponent_letter) {
    start = write_decimal(start, static_cast<uint64_t>(body.exponent < 0 ? -body.exponent : body.exponent));
    *--start = body.exponent < 0 ? '-' : '+';
    *--start = body.exponent_letter;
  }
  return {start, static_cast<size_t>(end - start)};
}

// Padding around what `append` writes, which has `length` characters.
template <class F>
Ref<> padded(const Spec& spec, char sign, int64_t length, F&& append) {
  StrBuilder out;
  length += sign != 0;
  int64_t padding = spec.width > length ? spec.width - length : 0, before = 0, between = 0;
  switch (spec.align) {
    case '>': before = padding; break;
    case '^': before = padding / 2; break;
    case '=':
    case 'z': between = padding; break;
    default: break;
  }
  // All of it at once: there may be too much.
  bool ok = out.reserve(length + padding) && out.append_repeated(spec.fill, before) &&
            (!sign || out.append_code_point(static_cast<uint8_t>(sign))) && out.append_repeated(spec.fill, between) &&
            append(out) && out.append_repeated(spec.fill, padding - before - between);
  if (!ok && error_pending()) return Ref<>();
  return out.finish();
}

Ref<> format_special(Number& n, Spec& spec) {
  // Zeros would make no sense in front of letters.
  if (spec.align == 'z') {
    spec.align = '>';
    spec.fill = ' ';
  }
  char sign = n.negative ? '-' : spec.sign == '-' ? 0 : spec.sign;
  n.negative = false;
  Ref<Str> text = decimal_text(n, false, true);
  if (!text) return Ref<>();
  bool percent = spec.type == '%';
  return padded(spec, sign, text->length + percent,
                [&](StrBuilder& out) { return out.append(text.get()) && (!percent || out.append_code_point('%')); });
}

Ref<> format_number(Number& n, Spec& spec, Rounding rounding) {
  if (!n.finite()) return format_special(n, spec);
  char type = static_cast<char>(spec.type | 0x20);
  if (spec.type == '%') {
    type = 'f';
    n.exponent += 2;
  }
  Status status;
  if (!computing([&] { round_for(n, spec, type, rounding, status); }, n)) return Ref<>();
  if (type == 'f' && n.coefficient_zero() && n.exponent > 0) n.exponent = 0;
  if (status.no_memory || (type == 'f' && !room_for_digits(n.exponent, status))) return raise_no_memory();
  if (spec.no_negative_zero && n.coefficient_zero()) n.negative = false;
  DigitText digits;
  if (!computing([&] { digits.assign(n); }, digits)) return Ref<>();
  Body body = body_of(n, digits.view(), spec, type);
  char sign = n.negative ? '-' : spec.sign == '-' ? 0 : spec.sign;
  char local[32];
  std::string_view suffix = suffix_of(body, local);
  bool has_fraction = !body.fraction.empty();
  auto tail = static_cast<int64_t>(suffix.size());
  if (has_fraction) tail += code_points(spec.point) + body.fraction_zeros + static_cast<int64_t>(body.fraction.size());
  int64_t whole = static_cast<int64_t>(body.whole.size()) + body.whole_zeros;
  Groups groups = divide_in_groups(spec, whole, spec.align == 'z' ? spec.width - (sign != 0) - tail : 0);
  int64_t length = groups.digits + groups.separators * code_points(spec.separator) + tail;
  return padded(spec, sign, length, [&](StrBuilder& out) {
    return append_whole(out, body, groups, spec) &&
           (!has_fraction ||
            (append_utf8(out, spec.point) && out.append_repeated('0', body.fraction_zeros) && out.append_ascii(body.fraction))) &&
           out.append_ascii(suffix);
  });
}

}  // namespace

Ref<> decimal_format(const Value* a) {
  Context* context = running_context();
  if (!context) return Ref<>();
  bool capitals = context->capitals.load(std::memory_order_relaxed);
  Rounding rounding = context->rules().rounding;
  if (!is_str(a[1])) return raise(exc::TypeError, "format arg must be str");
  Str* text = as_str(a[1]);
  Spec spec;
  if (!text->ascii && !Utf8(text).ok()) return Ref<>();  // surrogates
  if (!parse_spec(text, capitals, &spec)) return raise(exc::ValueError, "invalid format string");
  bool locale_form = text->length && (text->at(text->length - 1) | 0x20) == 'n';
  if (!a[2].empty() && !apply_overrides(a[2], &spec, locale_form)) return Ref<>();
  if (spec.width > kMaxPrecision || spec.precision > kMaxPrecision) {
    return raise(exc::ValueError, "format specification exceeds internal limits of _decimal");
  }
  Number n;
  view_of(n, as_decimal(a[0]));
  return format_number(n, spec, rounding);
}

}  // namespace pt::decimal
