// JSON strings: scanning and quoting (RFC 8259, section 7).
#include <array>

#include "vm/modules/json/json.h"
#include "vm/modules/support.h"
#include "vm/types/str.h"

namespace pt::json {

void raise_decode_error(const char* message, Str* document, int64_t position) {
  Ref<> type = import_attribute("json.decoder", "JSONDecodeError");
  Ref<Str> text = type ? str_from_ascii(message) : Ref<Str>();
  if (!text) return;
  Ref<> at = int_from_int64(position);
  Ref<> error = call_values(type.value(), {text.value(), Value::object(document), at.value()});
  if (error) raise_object(error.value());
}

namespace {

int hex_digit(uint32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A' + 10);
  return -1;
}
// Four hexadecimal digits at `at`; -1 when they are not.
template <class Char>
int32_t hex_word(const Char* at) {
  int32_t word = 0;
  for (int i = 0; i < 4; ++i) {
    int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    word = word << 4 | digit;
  }
  return word;
}

template <class Char>
Ref<Str> scan(Str* document, const Char* text, int64_t start, bool strict, int64_t* end_out) {
  int64_t length = document->length, at = start;
  StrBuilder out;
  bool plain = true;
  for (;;) {
    int64_t from = at;
    uint32_t c = 0;
    for (; at < length; ++at) {
      c = text[at];
      if (c == '"' || c == '\\') break;
      if (c <= 0x1f && strict) {
        raise_decode_error("Invalid control character at", document, at);
        return nullptr;
      }
    }
    if (at >= length) {
      raise_decode_error("Unterminated string starting at", document, start - 1);
      return nullptr;
    }
    if (c == '"') {
      *end_out = at + 1;
      if (plain) return str_substring(document, from, at);
      out.append(document, from, at);
      return out.finish();
    }
    plain = false;
    if (at > from) out.append(document, from, at);
    if (++at == length) {
      raise_decode_error("Unterminated string starting at", document, start - 1);
      return nullptr;
    }
    c = text[at++];
    switch (c) {
      case '"':
      case '\\':
      case '/': break;
      case 'b': c = '\b'; break;
      case 'f': c = '\f'; break;
      case 'n': c = '\n'; break;
      case 'r': c = '\r'; break;
      case 't': c = '\t'; break;
      case 'u': {
        int32_t word = at + 4 < length ? hex_word(text + at) : -1;
        if (word < 0) {
          raise_decode_error("Invalid \\uXXXX escape", document, at - 1);
          return nullptr;
        }
        at += 4;
        c = static_cast<uint32_t>(word);
        if ((c & 0xfc00) == 0xd800 && at + 6 < length && text[at] == '\\' && text[at + 1] == 'u') {
          int32_t low = hex_word(text + at + 2);
          if (low < 0) {
            raise_decode_error("Invalid \\uXXXX escape", document, at + 1);
            return nullptr;
          }
          if ((low & 0xfc00) == 0xdc00) {
            c = 0x10000 + ((c - 0xd800) << 10 | (static_cast<uint32_t>(low) - 0xdc00));
            at += 6;
          }
        }
        break;
      }
      default: raise_decode_error("Invalid \\escape", document, at - 2); return nullptr;
    }
    out.append_code_point(c);
  }
}

// What a character below 128 needs: 0 nothing, else the letter after the backslash, 'u' for \u00XX.
constexpr auto kEscapes = [] {
  std::array<char, 128> t{};
  for (size_t c = 0; c < 32; ++c) t[c] = 'u';
  t['"'] = '"';
  t['\\'] = '\\';
  t['\n'] = 'n';
  t['\r'] = 'r';
  t['\t'] = 't';
  t['\f'] = 'f';
  t['\b'] = 'b';
  return t;
}();

void append_u_escape(StrBuilder& out, uint32_t word) {
  const char* digits = "0123456789abcdef";
  const char piece[6] = {'\\', 'u', digits[word >> 12 & 15], digits[word >> 8 & 15], digits[word >> 4 & 15], digits[word & 15]};
  out.append_ascii({piece, 6});
}

template <class Char>
void append_escaped(StrBuilder& out, Str* s, const Char* text, bool ascii_only) {
  int64_t run = 0, n = s->length;
  for (int64_t i = 0; i < n; ++i) {
    uint32_t c = text[i];
    char escape = c < 127 ? kEscapes[c] : ascii_only ? 'u' : 0;
    if (PT_LIKELY(!escape)) continue;
    if (i > run) out.append(s, run, i);
    run = i + 1;
    if (escape != 'u') {
      const char piece[2] = {'\\', escape};
      out.append_ascii({piece, 2});
    } else if (c < 0x10000) {
      append_u_escape(out, c);
    } else {
      append_u_escape(out, 0xd800 + ((c - 0x10000) >> 10));
      append_u_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
  }
  if (n > run) out.append(s, run, n);
}

}  // namespace

Ref<Str> scan_string(Str* document, int64_t start, bool strict, int64_t* end) {
  if (start < 0 || start > document->length) return raise(exc::ValueError, "end is out of bounds");
  switch (document->kind) {
    case 1: return scan(document, document->data1(), start, strict, end);
    case 2: return scan(document, document->data2(), start, strict, end);
    default: return scan(document, document->data4(), start, strict, end);
  }
}

bool append_quoted(StrBuilder& out, Str* s, bool ascii_only) {
  out.append_ascii("\"");
  switch (s->kind) {
    case 1: append_escaped(out, s, s->data1(), ascii_only); break;
    case 2: append_escaped(out, s, s->data2(), ascii_only); break;
    default: append_escaped(out, s, s->data4(), ascii_only); break;
  }
  return out.append_ascii("\"");
}

Ref<> py_scanstring(const Value* a) {
  int64_t end;
  if (!to_ssize(a[2], &end)) return Ref<>();
  bool strict = true;
  if (!to_flag(a[3], &strict)) return Ref<>();
  if (!is_str(a[1])) return raise(exc::TypeError, "first argument must be a string, not %T", a[1]);
  int64_t next;
  Ref<Str> text = scan_string(as_str(a[1]), end, strict, &next);
  if (!text) return Ref<>();
  Ref<> position = int_from_int64(next);
  return tuple_of({text.value(), position.value()});
}

namespace {
Ref<> encode(Value v, bool ascii_only) {
  if (!is_str(v)) return raise(exc::TypeError, "first argument must be a string, not %T", v);
  StrBuilder out;
  append_quoted(out, as_str(v), ascii_only);
  return out.finish();
}
}  // namespace
Ref<> py_encode_ascii(const Value* a) { return encode(a[1], true); }
Ref<> py_encode(const Value* a) { return encode(a[1], false); }

}  // namespace pt::json
