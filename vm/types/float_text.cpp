// float to and from text.
#include "vm/types/float_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/object/error.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int_type.h"
#include "vm/types/str_data.h"
#include "vm/types/unicode.h"

namespace pt {

FloatText::FloatText(double d, char code, int precision, bool always_sign, bool alternate, bool add_dot_zero) : data_(local_) {
  char* p = data_;
  bool negative = std::signbit(d) && !std::isnan(d);
  if (!std::isfinite(d)) {
    if (negative) {
      *p++ = '-';
    } else if (always_sign) {
      *p++ = '+';
    }
    memcpy(p, std::isnan(d) ? "nan" : "inf", 3);
    size_ = static_cast<size_t>(p + 3 - data_);
    return;
  }
  size_t room = sizeof local_;
  if (precision > 60) {
    room = static_cast<size_t>(precision) + 330;
    data_ = static_cast<char*>(memory::allocate(room));
    if (!data_) {
      (void)raise_no_memory();
      return;
    }
    p = data_;
  }
  if (negative) {
    *p++ = '-';
    d = -d;
  } else if (always_sign) {
    *p++ = '+';
  }
  char* start = p;
  char* limit = data_ + room;
  if (code == 'r') {
    // Shortest digits; the exponent form outside 1e-4 <= d < 1e16.
    bool scientific = d != 0 && (d < 1e-4 || d >= 1e16);
    p = std::to_chars(p, limit, d, scientific ? std::chars_format::scientific : std::chars_format::fixed).ptr;
    add_dot_zero = add_dot_zero && !scientific;
  } else if (code == 'e') {
    p = std::to_chars(p, limit, d, std::chars_format::scientific, precision).ptr;
    if (alternate && precision == 0) {
      memmove(start + 2, start + 1, static_cast<size_t>(p - start - 1));
      start[1] = '.';
      p++;
    }
    add_dot_zero = false;
  } else if (code == 'f') {
    p = std::to_chars(p, limit, d, std::chars_format::fixed, precision).ptr;
    if (alternate && precision == 0) *p++ = '.';
  } else if (!alternate && !add_dot_zero) {
    p = std::to_chars(p, limit, d, std::chars_format::general, precision == 0 ? 1 : precision).ptr;
  } else {
    // 'g' that keeps trailing zeros or that is to look like a float: the exponent decides between the two forms.
    if (precision == 0) precision = 1;
    p = std::to_chars(p, limit, d, std::chars_format::scientific, precision - 1).ptr;
    *p = 0;  // to_chars does not terminate; the buffer has room
    char* e = strchr(start, 'e');
    int exponent = atoi(e + 1);
    bool fixed = exponent >= -4 && exponent < precision - (add_dot_zero ? 1 : 0);
    if (fixed) {
      int digits = precision - 1 - exponent;
      p = std::to_chars(start, limit, d, std::chars_format::fixed, digits).ptr;
      if (digits == 0 && alternate) *p++ = '.';
      if (digits > 0 && !alternate) {
        while (p[-1] == '0') p--;
        if (p[-1] == '.') p--;
      }
    } else if (alternate) {
      if (precision == 1) {
        memmove(start + 2, start + 1, static_cast<size_t>(p - start - 1));
        start[1] = '.';
        p++;
      }
    } else if (precision > 1) {
      char* last = e;
      while (last[-1] == '0') last--;
      if (last[-1] == '.') last--;
      memmove(last, e, static_cast<size_t>(p - e));
      p -= e - last;
    }
  }
  if (add_dot_zero && !memchr(start, '.', static_cast<size_t>(p - start)) &&
      !memchr(start, 'e', static_cast<size_t>(p - start))) {
    *p++ = '.';
    *p++ = '0';
  }
  size_ = static_cast<size_t>(p - data_);
}
FloatText::~FloatText() {
  if (data_ && data_ != local_) memory::release(data_);
}

Ref<Str> float_repr(double d) {
  FloatText text(d, 'r', 0, false, false, true);
  return str_from_ascii(text.view());
}

Ref<Str> float_format(double d, char code, int precision, bool always_sign, bool alternate, bool add_dot_zero) {
  FloatText text(d, code, precision, always_sign, alternate, add_dot_zero);
  return text.ok() ? str_from_ascii(text.view()) : nullptr;
}

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The length of "name" at the start of text, in any case of letters; 0 when it is not there.
size_t match_word(std::string_view text, std::string_view name) {
  if (text.size() < name.size()) return 0;
  for (size_t i = 0; i < name.size(); i++) {
    if ((text[i] | 0x20) != name[i]) return 0;
  }
  return name.size();
}

}  // namespace

size_t parse_float(std::string_view text, double* out) {
  size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  std::string_view rest = text.substr(i);
  size_t word = match_word(rest, "infinity");
  if (!word) word = match_word(rest, "inf");
  if (word) {
    *out = negative ? -HUGE_VAL : HUGE_VAL;
    return i + word;
  }
  if ((word = match_word(rest, "nan"))) {
    *out = std::copysign(std::nan(""), negative ? -1.0 : 1.0);
    return i + word;
  }
  // from_chars takes neither a sign '+' nor ".", so the extent is found here.
  size_t digits = 0, at = i;
  while (at < text.size() && is_digit(text[at])) at++, digits++;
  if (at < text.size() && text[at] == '.') {
    at++;
    while (at < text.size() && is_digit(text[at])) at++, digits++;
  }
  if (digits == 0) return 0;
  size_t end = at;
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    at++;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) at++;
    size_t first = at;
    while (at < text.size() && is_digit(text[at])) at++;
    if (at > first) end = at;
  }
  double value = 0;
  auto [stop, error] = std::from_chars(text.data() + i, text.data() + end, value, std::chars_format::general);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small: where the first nonzero digit stands tells which.
    int64_t magnitude = 0, exponent = 0;
    bool point = false, nonzero = false;
    size_t k = i;
    for (; k < end && (is_digit(text[k]) || text[k] == '.'); k++) {
      if (text[k] == '.') {
        point = true;
      } else if (nonzero || text[k] != '0') {
        nonzero = true;
        if (!point) magnitude++;
      } else if (point) {
        magnitude--;
      }
    }
    if (k < end) {
      bool minus = text[++k] == '-';
      if (text[k] == '+' || text[k] == '-') k++;
      for (; k < end; k++) {
        if (exponent < 1000000000000) exponent = exponent * 10 + (text[k] - '0');
      }
      if (minus) exponent = -exponent;
    }
    value = magnitude + exponent > 0 ? HUGE_VAL : 0.0;
  }
  *out = negative ? -value : value;
  return end;
}

bool strip_underscores(std::string_view text, char* out, size_t* size) {
  size_t n = 0;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '_') {
      out[n++] = text[i];
      continue;
    }
    if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) return false;
  }
  *size = n;
  return true;
}

namespace {

bool parse_whole(std::string_view text, double* out) {
  size_t used = 0;
  if (text.find('_') == std::string_view::npos) {
    used = parse_float(text, out);
    return used != 0 && used == text.size();
  }
  char local[256];
  char* copy = text.size() <= sizeof local ? local : static_cast<char*>(memory::allocate(text.size()));
  if (!copy) return raise_no_memory();
  size_t size;
  bool ok = strip_underscores(text, copy, &size);
  if (ok) {
    used = parse_float({copy, size}, out);
    ok = used != 0 && used == size;
  }
  if (copy != local) memory::release(copy);
  return ok;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && unicode::is_space(static_cast<uint8_t>(text.front()) & 0x7f) && !(text.front() & 0x80))
    text.remove_prefix(1);
  while (!text.empty() && unicode::is_space(static_cast<uint8_t>(text.back()) & 0x7f) && !(text.back() & 0x80))
    text.remove_suffix(1);
  return text;
}

}  // namespace

Ref<> float_from_text(Str* text) {
  double d;
  if (text->ascii) {
    if (parse_whole(trim(text->ascii_view()), &d)) return float_from_double(d);
  } else {
    Ref<Str> plain = str_to_ascii_digits(text);
    if (!plain) return Ref<>();
    if (plain->ascii && parse_whole(plain->ascii_view(), &d)) return float_from_double(d);
  }
  if (error_pending()) return Ref<>();
  return raise(exc::ValueError, "could not convert string to float: %R", Value::object(text));
}

Ref<> float_from_bytes_text(Value original, std::string_view text) {
  double d;
  if (parse_whole(trim(text), &d)) return float_from_double(d);
  if (error_pending()) return Ref<>();
  Ref<Bytes> shown = is_bytes(original) ? Ref<Bytes>::retain(as_bytes(original)) : bytes_from(text);
  if (!shown) return Ref<>();
  return raise(exc::ValueError, "could not convert string to float: %R", shown.value());
}

}  // namespace pt
