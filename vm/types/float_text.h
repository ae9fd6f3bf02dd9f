#pragma once
// Between the files of float and complex.
#include <string_view>

#include "gc/refcount/ref.h"

namespace pt {

struct Str;
class StrBuilder;

Ref<> float_from_object(Value v);
Ref<> float_from_bytes_text(Value original, std::string_view text);
Ref<> float_power(double base, double exponent);
double float_floor_divide(double x, double y, double* remainder_or_null);
double float_modulo(double x, double y);
Ref<> complex_power_of_floats(double base, double exponent);

// Reads a decimal float, "inf", "infinity" or "nan" with an optional sign at `text`; returns the characters used, 0 when
// there is none. No underscores, no white space. Huge values give infinity, tiny ones zero.
size_t parse_float(std::string_view text, double* out);
// Copies text without the underscores that Python allows between digits; false when one is misplaced.
bool strip_underscores(std::string_view text, char* out, size_t* size);

// The text of a double in a buffer that grows when a precision asks for it.
class FloatText {
 public:
  // code: 'e', 'f', 'g' with the precision, or 'r' for the shortest text that reads back the same.
  FloatText(double d, char code, int precision, bool always_sign, bool alternate, bool add_dot_zero);
  ~FloatText();
  FloatText(const FloatText&) = delete;
  FloatText& operator=(const FloatText&) = delete;
  bool ok() const { return data_ != nullptr; }
  std::string_view view() const { return {data_, size_}; }

 private:
  char* data_;
  size_t size_ = 0;
  char local_[400];
};

}  // namespace pt
