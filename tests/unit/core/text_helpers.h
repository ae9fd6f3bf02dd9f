#pragma once
// Short forms for the tests of the core types.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/core_fixture.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt::testing {

inline std::string text(const Str* s) {
  Utf8 utf8(s);
  return std::string(utf8.view());
}
template <class T>
std::string text(const Ref<T>& s) {
  if (!s) return "<error>";
  return text(as_str(Value(s.value())));
}
inline Ref<Str> make(std::string_view utf8) { return str_from_utf8(utf8); }
// repr() as UTF-8; "<error: Type: message>" when the value is missing.
inline std::string error_text() {
  Ref<> error = take_error();
  if (!error) return "<no error>";
  Ref<> message = pt::str(error.value());
  return std::string(type_name(error.value())) + ": " + text(message);
}
inline std::string shown(const Ref<>& v) {
  if (!v) return error_text();
  Ref<> r = repr(v.value());
  return r ? text(r) : error_text();
}
inline Ref<> number(std::string_view digits, int base = 10) {
  bool negative = !digits.empty() && digits[0] == '-';
  Ref<> v = int_from_digits(digits.substr(negative), base);
  return negative ? int_binary(BinaryOp::kSub, Value::small_int(0), v.value()) : std::move(v);
}
inline Value small(int64_t i) { return Value::small_int(i); }

}  // namespace pt::testing
