// printf-style formatting: str % arguments and bytes % arguments from one template.
#include <climits>
#include <cmath>

#include "vm/object/buffer.h"
#include "vm/object/native.h"
#include "vm/types/bytes_type.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/format.h"
#include "vm/types/int.h"
#include "vm/types/str_data.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

// How the two result types differ.
struct TextOutput {
  static constexpr bool kBytes = false;
  static constexpr const char* kName = "string";
  using Builder = StrBuilder;
};
struct ByteOutput {
  static constexpr bool kBytes = true;
  static constexpr const char* kName = "bytes";
  using Builder = BytesBuilder;
};

bool fill(StrBuilder& out, uint32_t c, int64_t n) { return out.append_repeated(c, n); }
bool fill(BytesBuilder& out, uint32_t c, int64_t n) { return out.append_repeated(static_cast<uint8_t>(c), n); }
bool ascii_text(StrBuilder& out, std::string_view text) { return out.append_ascii(text); }
bool ascii_text(BytesBuilder& out, std::string_view text) { return out.append(text); }

// The template's characters.
struct StrSource {
  const Str* s;
  int64_t size() const { return s->length; }
  uint32_t operator[](int64_t i) const { return s->at(i); }
  int64_t find_percent(int64_t i) const {
    return with_units(s, [&](auto* p) {
      while (i < s->length && p[i] != '%') i++;
      return i;
    });
  }
  bool copy(StrBuilder& out, int64_t start, int64_t end) const { return out.append(s, start, end); }
  Ref<> key(int64_t start, int64_t end) const { return str_substring(const_cast<Str*>(s), start, end); }
};
struct ByteSource {
  std::string_view s;
  int64_t size() const { return static_cast<int64_t>(s.size()); }
  uint32_t operator[](int64_t i) const { return static_cast<uint8_t>(s[static_cast<size_t>(i)]); }
  int64_t find_percent(int64_t i) const {
    size_t at = s.find('%', static_cast<size_t>(i));
    return at == std::string_view::npos ? size() : static_cast<int64_t>(at);
  }
  bool copy(BytesBuilder& out, int64_t start, int64_t end) const {
    return out.append(s.substr(static_cast<size_t>(start), static_cast<size_t>(end - start)));
  }
  Ref<> key(int64_t start, int64_t end) const {
    return bytes_from(s.substr(static_cast<size_t>(start), static_cast<size_t>(end - start)));
  }
};

template <class Output, class Source>
class Formatter {
 public:
  Formatter(Source source, Value arguments) : source_(source), arguments_(arguments) {
    if (is_tuple(arguments)) {
      count_ = as_tuple(arguments)->length;
    } else {
      single_ = true;
      bool text = is_str(arguments) || (Output::kBytes && (is_bytes(arguments) || is_bytearray(arguments)));
      mapping_ = !text && type_of(arguments)->slots.get_item;
    }
  }

  bool run(typename Output::Builder& out) {
    int64_t i = 0;
    while (i < source_.size()) {
      int64_t percent = source_.find_percent(i);
      if (!source_.copy(out, i, percent)) return raise_no_memory();
      i = percent + 1;
      if (percent < source_.size() && !directive(out, &i)) return false;
    }
    if (!mapping_ && (single_ ? next_ == 0 : next_ < count_)) {
      return raise(exc::TypeError, "not all arguments converted during %s formatting", Output::kName);
    }
    return true;
  }

 private:
  struct Directive {
    bool left = false, plus = false, blank = false, alternate = false, zero = false;
    int64_t width = 0, precision = -1;
    uint32_t code = 0;
    int64_t code_position = 0;
  };

  bool incomplete() { return raise(exc::ValueError, "incomplete format"); }

  // The next argument, borrowed; empty when there is none.
  Value next_argument() {
    if (single_ || keyed_) {
      if (next_ == 0) {
        next_ = 1;
        return keyed_ ? keyed_.value() : arguments_;
      }
    } else if (next_ < count_) {
      return as_tuple(arguments_)->at(next_++);
    }
    (void)raise(exc::TypeError, "not enough arguments for format string");
    return Value();
  }

  bool directive(typename Output::Builder& out, int64_t* position) {
    int64_t i = *position, n = source_.size();
    Directive d;
    if (i == n) return incomplete();
    if (source_[i] == '%') {
      *position = i + 1;
      return fill(out, '%', 1) || raise_no_memory();
    }
    if (source_[i] == '(') {
      if (!mapping_) return raise(exc::TypeError, "format requires a mapping");
      int depth = 1;
      int64_t start = ++i;
      for (; i < n; i++) {
        if (source_[i] == '(') depth++;
        if (source_[i] == ')' && --depth == 0) break;
      }
      if (i == n) return raise(exc::ValueError, "incomplete format key");
      Ref<> key = source_.key(start, i++);
      if (!key) return false;
      keyed_ = get_item(arguments_, key.value());
      if (!keyed_) return false;
      next_ = 0;
    }
    for (; i < n; i++) {
      uint32_t c = source_[i];
      if (c == '-') {
        d.left = true;
      } else if (c == '+') {
        d.plus = true;
      } else if (c == ' ') {
        d.blank = true;
      } else if (c == '#') {
        d.alternate = true;
      } else if (c == '0') {
        d.zero = true;
      } else {
        break;
      }
    }
    if (!number(&i, &d.width, INT64_MAX, "width too big")) return false;
    if (d.width < 0) {
      d.left = true;
      d.width = -d.width;
    }
    if (i < n && source_[i] == '.') {
      i++;
      d.precision = 0;
      if (!number(&i, &d.precision, INT_MAX, "precision too big")) return false;
      if (d.precision < 0) d.precision = 0;
    }
    if (i < n && (source_[i] == 'h' || source_[i] == 'l' || source_[i] == 'L')) i++;
    if (i == n) return incomplete();
    d.code = source_[i];
    d.code_position = i;
    *position = i + 1;
    Value v = next_argument();
    if (v.empty()) return false;
    return convert(out, d, v);
  }

  // A width or precision: digits or '*'.
  bool number(int64_t* i, int64_t* out, int64_t limit, const char* too_big) {
    if (*i < source_.size() && source_[*i] == '*') {
      ++*i;
      Value v = next_argument();
      if (v.empty()) return false;
      if (!is_int(v)) return raise(exc::TypeError, "* wants int");
      if (!int_to_int64(v, out) || *out > limit || *out < -limit) {
        return raise(exc::OverflowError, "Python int too large to convert to C %s", limit == INT_MAX ? "int" : "ssize_t");
      }
      return true;
    }
    for (; *i < source_.size() && source_[*i] - '0' < 10; ++*i) {
      int64_t digit = source_[*i] - '0';
      if (*out > (limit - digit) / 10) return raise(exc::ValueError, "%s", too_big);
      *out = *out * 10 + digit;
    }
    return true;
  }

  bool convert(StrBuilder& out, const Directive& d, Value v) {
    switch (d.code) {
      case 's':
        if (d.width == 0 && d.precision < 0) return append_plain(out, v);
        return text(out, d, str(v));
      case 'r': return text(out, d, repr(v));
      case 'a': return text(out, d, ascii(v));
      case 'c': {
        uint32_t c;
        if (is_str(v)) {
          if (as_str(v)->length != 1) return raise(exc::TypeError, "%%c requires int or char");
          c = as_str(v)->at(0);
        } else {
          if (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
            return raise(exc::TypeError, "%%c requires int or char");
          }
          Ref<> code = index(v);
          int64_t point;
          if (!code) return false;
          if (!int_to_int64(code.value(), &point) || point < 0 || point > 0x10ffff) {
            return raise(exc::OverflowError, "%%c arg not in range(0x110000)");
          }
          c = static_cast<uint32_t>(point);
        }
        int64_t pad = d.width - 1;
        return ((d.left || fill(out, ' ', pad)) && out.append_code_point(c) && (!d.left || fill(out, ' ', pad))) ||
               raise_no_memory();
      }
      default: return convert_number(out, d, v);
    }
  }
  bool append_plain(StrBuilder& out, Value v) {
    if (is_exact_str(v)) return out.append(as_str(v)) || raise_no_memory();
    if (v.is_small_int() || is_exact_float(v)) return append_formatted(out, v, nullptr);
    Ref<> s = str(v);
    return s && (out.append(as_str(s.value())) || raise_no_memory());
  }
  bool text(StrBuilder& out, const Directive& d, Ref<> s) {
    if (!s) return false;
    Str* string = as_str(s.value());
    int64_t length = d.precision >= 0 && d.precision < string->length ? d.precision : string->length;
    int64_t pad = d.width - length;
    return ((d.left || fill(out, ' ', pad)) && out.append(string, 0, length) && (!d.left || fill(out, ' ', pad))) ||
           raise_no_memory();
  }

  bool convert(BytesBuilder& out, const Directive& d, Value v) {
    switch (d.code) {
      case 's':
      case 'b': {
        if (!is_bytes(v) && !is_bytearray(v)) {
          static constinit Name kBytes("__bytes__");
          Ref<> method = lookup_special(v, kBytes.str());
          if (method) {
            Ref<> made = call0(method.value());
            if (!made) return false;
            if (!is_bytes(made.value())) return raise(exc::TypeError, "__bytes__ returned non-bytes (type %T)", made.value());
            return bytes(out, d, as_bytes(made.value())->view());
          }
          if (error_pending()) return false;
          if (!has_buffer(v)) {
            return raise(exc::TypeError, "%%b requires a bytes-like object, or an object that implements __bytes__, not '%T'", v);
          }
        }
        BytesArgument piece(v);
        return piece.ok() && bytes(out, d, piece.view());
      }
      case 'r':
      case 'a': {
        Ref<> s = ascii(v);
        return s && bytes(out, d, as_str(s.value())->ascii_view());
      }
      case 'c': {
        std::string_view single = is_bytes(v) || is_bytearray(v) ? byte_view(v) : std::string_view();
        char c;
        if (single.size() == 1) {
          c = single[0];
        } else {
          if (!single.empty() || is_bytes(v) || is_bytearray(v) ||
              (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)])) {
            return raise(exc::TypeError, "%%c requires an integer in range(256) or a single byte");
          }
          Ref<> code = index(v);
          int64_t byte;
          if (!code) return false;
          if (!int_to_int64(code.value(), &byte) || byte < 0 || byte > 255) {
            return raise(exc::OverflowError, "%%c arg not in range(256)");
          }
          c = static_cast<char>(byte);
        }
        Directive whole = d;
        whole.precision = -1;
        return bytes(out, whole, {&c, 1});
      }
      default: return convert_number(out, d, v);
    }
  }
  bool bytes(BytesBuilder& out, const Directive& d, std::string_view piece) {
    if (d.precision >= 0) piece = piece.substr(0, static_cast<size_t>(d.precision));
    int64_t pad = d.width - static_cast<int64_t>(piece.size());
    return ((d.left || fill(out, ' ', pad)) && out.append(piece) && (!d.left || fill(out, ' ', pad))) || raise_no_memory();
  }

  bool convert_number(typename Output::Builder& out, const Directive& d, Value v) {
    switch (d.code) {
      case 'd':
      case 'i':
      case 'u':
      case 'o':
      case 'x':
      case 'X': return integer(out, d, v);
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G': return real(out, d, v);
      default: {
        int shown = d.code > 31 && d.code < 127 ? static_cast<int>(d.code) : '?';
        return raise(exc::ValueError, "unsupported format character '%c' (0x%x) at index %ld", shown, d.code, d.code_position);
      }
    }
  }

  bool wrong_type(const Directive& d, Value v) {
    bool whole = d.code == 'o' || d.code == 'x' || d.code == 'X';
    return raise(exc::TypeError, "%%%c format: %s is required, not %T", static_cast<int>(d.code),
                 whole ? "an integer" : "a real number", v);
  }

  bool integer(typename Output::Builder& out, const Directive& d, Value v) {
    int base = d.code == 'o' ? 8 : d.code == 'x' || d.code == 'X' ? 16 : 10;
    Ref<> converted;
    if (!is_int(v)) {
      const Slots& slots = type_of(v)->slots;
      auto has = [&](UnaryOp op) { return slots.unary[static_cast<int>(op)] != nullptr; };
      if (base != 10) {
        if (!has(UnaryOp::kIndex)) return wrong_type(d, v);
        converted = index(v);
      } else {
        if (!has(UnaryOp::kIndex) && !has(UnaryOp::kInt)) {
          return wrong_type(d, v);
        }
        converted = int_from_object(v);
      }
      if (!converted) {
        if (clear_if(exc::TypeError)) return wrong_type(d, v);
        return false;
      }
      v = converted.value();
    }
    Ref<Str> digits = int_to_str(v, base);
    if (!digits) return false;
    std::string_view number = digits->ascii_view();
    bool negative = number[0] == '-';
    if (negative) number.remove_prefix(1);
    char local[128];
    BytesBuilder padded;
    if (d.precision > static_cast<int64_t>(number.size())) {
      if (!padded.append_repeated('0', d.precision - static_cast<int64_t>(number.size())) || !padded.append(number)) {
        return raise_no_memory();
      }
      number = padded.view();
    }
    BytesBuilder upper;
    if (d.code == 'X') {
      char* p =
          number.size() <= sizeof local ? local : reinterpret_cast<char*>(upper.reserve(static_cast<int64_t>(number.size())));
      if (!p) return raise_no_memory();
      for (size_t i = 0; i < number.size(); i++) p[i] = number[i] >= 'a' ? static_cast<char>(number[i] - 32) : number[i];
      number = {p, number.size()};
    }
    std::string_view prefix;
    if (d.alternate) prefix = d.code == 'o' ? "0o" : d.code == 'x' ? "0x" : d.code == 'X' ? "0X" : "";
    return signed_number(out, d, negative, prefix, number);
  }

  bool real(typename Output::Builder& out, const Directive& d, Value v) {
    double x;
    if (Output::kBytes && !is_float(v) && !is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kFloat)] &&
        !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
      return raise(exc::TypeError, "float argument required, not %T", v);
    }
    if (!to_double(v, &x)) return false;
    FloatText text(x, static_cast<char>(d.code | 32), d.precision < 0 ? 6 : static_cast<int>(d.precision), false, d.alternate,
                   false);
    if (!text.ok()) return false;
    std::string_view number = text.view();
    bool negative = number[0] == '-';
    if (negative) number.remove_prefix(1);
    BytesBuilder upper;
    if (!(d.code & 32)) {
      for (char c : number) {
        if (!upper.append_byte(static_cast<uint8_t>(c >= 'a' ? c - 32 : c))) return raise_no_memory();
      }
      number = upper.view();
    }
    return signed_number(out, d, negative, {}, number);
  }

  bool signed_number(typename Output::Builder& out, const Directive& d, bool negative, std::string_view prefix,
                     std::string_view number) {
    char sign = negative ? '-' : d.plus ? '+' : d.blank ? ' ' : 0;
    int64_t pad = d.width - (sign != 0) - static_cast<int64_t>(prefix.size() + number.size());
    bool zeros = d.zero && !d.left;
    bool ok = (zeros || d.left || fill(out, ' ', pad)) && (!sign || ascii_text(out, {&sign, 1})) && ascii_text(out, prefix) &&
              (!zeros || fill(out, '0', pad)) && ascii_text(out, number) && (!d.left || fill(out, ' ', pad));
    return ok || raise_no_memory();
  }

  Source source_;
  Value arguments_;
  Ref<> keyed_;          // the value a mapping key gave, in place of the arguments
  int64_t count_ = 0, next_ = 0;
  bool single_ = false, mapping_ = false;
};

}  // namespace

Ref<> percent_format_str(Str* format, Value arguments) {
  StrBuilder out;
  Formatter<TextOutput, StrSource> formatter(StrSource{format}, arguments);
  if (!formatter.run(out)) return Ref<>();
  return out.finish();
}

Ref<> percent_format_bytes(Value self, std::string_view format, Value arguments) {
  BytesBuilder out;
  Formatter<ByteOutput, ByteSource> formatter(ByteSource{format}, arguments);
  if (!formatter.run(out)) return Ref<>();
  return bytes_like(self, out.view());
}

}  // namespace pt
