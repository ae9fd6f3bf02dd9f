#pragma once
// Numbers from and to text.
#include <string_view>

#include "vm/modules/dynamic/decimal/number.h"

namespace pt::decimal {

// The decimal digits of a coefficient, without leading zeros ("0" for zero).
class DigitText {
 public:
  DigitText() = default;
  ~DigitText();
  DigitText(const DigitText&) = delete;
  DigitText& operator=(const DigitText&) = delete;
  void abandon() { data_ = nullptr; }  // its memory is gone
  void assign(const Number& n);
  std::string_view view() const { return view_; }

 private:
  std::string_view view_;
  char* data_ = nullptr;  // GMP's memory
  char local_[40];
};

// The coefficient from `count` digit values (not characters), most significant first.
void set_digits(Number& n, const uint8_t* digits, int64_t count);

// Reads a numeric string of the specification (and the case variants Python allows): no white space, no underscores. False: it
// is none. The number is not rounded; exponents far out of range are kept there.
bool parse(Number& out, std::string_view text, Status& status);
// parse() within the rules; a text that is none is ConversionSyntax.
void from_text(Number& out, std::string_view text, const Rules& rules, Status& status);
// Without rounding: InvalidOperation when the number is beyond what any context can hold.
void from_text_exactly(Number& out, std::string_view text, Status& status);
// What does not fit without rounding is InvalidOperation.
void finalize_exactly(Number& n, Status& status);

// An upper limit of what write_number writes.
size_t text_room(const DigitText& digits);
// Scientific or engineering notation; returns the characters written at `out`.
size_t write_number(char* out, const Number& n, const DigitText& digits, bool engineering, bool capitals);

}  // namespace pt::decimal
