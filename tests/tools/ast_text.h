// Trees as text, the way ast.dump() shows them; for tests and tools.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>

#include "vm/syntax/ast_info.h"
#include "vm/syntax/unicode.h"

namespace pt::syntax {

inline std::string number_text(long long number) { return std::to_string(number); }

// repr() of a float.
inline std::string float_repr(double number) {
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[64];
  auto scientific = std::to_chars(buffer, buffer + sizeof(buffer), number, std::chars_format::scientific);
  std::string text(buffer, scientific.ptr);
  size_t e = text.find('e');
  int exponent = std::stoi(text.substr(e + 1));
  if (exponent < -4 || exponent >= 16) return text;
  auto fixed = std::to_chars(buffer, buffer + sizeof(buffer), number, std::chars_format::fixed);
  text.assign(buffer, fixed.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

inline std::string imaginary_repr(double number) {
  std::string text = float_repr(number);
  if (text.size() > 2 && text.ends_with(".0")) text.resize(text.size() - 2);
  return text + "j";
}

// Digits of any base as decimal text.
inline std::string decimal_digits(std::string_view digits, int base) {
  if (base == 10) return std::string(digits);
  std::string result(1, 0);  // least significant first
  for (char c : digits) {
    int carry = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    for (char& d : result) {
      carry += d * base;
      d = static_cast<char>(carry % 10);
      carry /= 10;
    }
    for (; carry; carry /= 10) result += static_cast<char>(carry % 10);
  }
  for (char& d : result) d = static_cast<char>(d + '0');
  return {result.rbegin(), result.rend()};
}

inline void append_hex(std::string* out, const char* prefix, unsigned value, int digits) {
  char buffer[16];
  std::snprintf(buffer, sizeof(buffer), "%s%0*x", prefix, digits, value);
  *out += buffer;
}

inline std::string string_repr(std::string_view text, bool is_bytes) {
  bool single = text.find('\'') != std::string_view::npos, twice = text.find('"') != std::string_view::npos;
  char quote = single && !twice ? '"' : '\'';
  std::string out = is_bytes ? "b" : "";
  out += quote;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const char* start = at;
    char32_t c = is_bytes ? static_cast<unsigned char>(*at++) : decode_utf8(at);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F || (is_bytes && c >= 0x80)) {
      append_hex(&out, "\\x", c, 2);
    } else if (c < 0x7F || is_printable(c)) {
      out.append(start, at);
    } else if (c < 0x100) {
      append_hex(&out, "\\x", c, 2);
    } else if (c < 0x10000) {
      append_hex(&out, "\\u", c, 4);
    } else {
      append_hex(&out, "\\U", c, 8);
    }
  }
  return out + quote;
}

inline std::string constant_repr(const ConstantValue& value) {
  switch (value.kind) {
    case ConstantKind::None: return "None";
    case ConstantKind::True: return "True";
    case ConstantKind::False: return "False";
    case ConstantKind::Ellipsis: return "Ellipsis";
    case ConstantKind::Int: return value.is_small ? number_text(value.integer) : decimal_digits(value.text.view(), value.base);
    case ConstantKind::Float: return float_repr(value.number);
    case ConstantKind::Imaginary: return imaginary_repr(value.number);
    case ConstantKind::Str: return string_repr(value.text.view(), false);
    case ConstantKind::Bytes: return string_repr(value.text.view(), true);
    case ConstantKind::FrozenSet: return "frozenset";
  }
  return "";
}

class AstDumper {
 public:
  explicit AstDumper(bool positions) : positions_(positions) {}
  std::string out;

  void node(TypeId type, const void* node) {
    const NodeInfo& info = node_info(type, node);
    out += info.name;
    out += '(';
    bool first = true;
    for (int i = 0; i < info.field_count; i++) field(info.fields[i], node, &first);
    if (positions_ && info.span >= 0) {
      auto& span = *reinterpret_cast<const Span*>(static_cast<const char*>(node) + info.span);
      out += first ? "lineno=" : ", lineno=";
      out += number_text(span.line) + ", col_offset=" + number_text(span.col);
      out += ", end_lineno=" + number_text(span.end_line) + ", end_col_offset=" + number_text(span.end_col);
    }
    out += ')';
  }

 private:
  void field(const FieldInfo& info, const void* node, bool* first) {
    const char* place = static_cast<const char*>(node) + info.offset;
    if (info.quantity == Quantity::Optional && info.type != TypeId::Int && !*reinterpret_cast<const void* const*>(place)) return;
    if (!*first) out += ", ";
    *first = false;
    out += info.name;
    out += '=';
    if (info.quantity != Quantity::Sequence) return value(info.type, place);
    out += '[';
    auto& items = *reinterpret_cast<const Seq<char>*>(place);
    size_t size = is_enum(info.type) ? 1 : sizeof(void*);
    for (uint32_t i = 0; i < items.size; i++) {
      if (i) out += ", ";
      value(info.type, items.data + i * size);
    }
    out += ']';
  }

  void value(TypeId type, const char* place) {
    if (is_enum(type)) {
      out += enum_info(type).values[static_cast<unsigned char>(*place)];
      out += "()";
      return;
    }
    if (type == TypeId::Int) {
      out += number_text(*reinterpret_cast<const Int*>(place));
      return;
    }
    if (type == TypeId::ConstantValue) {
      out += constant_repr(*reinterpret_cast<const ConstantValue*>(place));
      return;
    }
    const void* pointer = *reinterpret_cast<const void* const*>(place);
    if (!pointer)
      out += "None";
    else if (type == TypeId::Identifier)
      out += string_repr(static_cast<const Identifier*>(pointer)->view(), false);
    else if (type == TypeId::String)
      out += string_repr(static_cast<const String*>(pointer)->view(), false);
    else
      node(type, pointer);
  }

  bool positions_;
};

// ast.dump(mod), with or without include_attributes.
inline std::string ast_text(const Mod* mod, bool positions) {
  AstDumper dumper(positions);
  dumper.node(TypeId::Mod, mod);
  return std::move(dumper.out);
}

}  // namespace pt::syntax
