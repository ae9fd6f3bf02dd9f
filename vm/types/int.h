#pragma once
// int: 63-bit small ints are immediate; larger ones, and all instances of subclasses (bool included), are Int objects.
#include <cstdint>
#include <string_view>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Str;

struct Int : Object {
  int64_t size;  // number of limbs; negative for negative numbers; 0 for zero
  uint64_t limbs[];
};

inline bool is_int(Value v) { return v.is_small_int() || (v.is_object() && has_flag(type_of(v), kTypeIntSubclass)); }
inline bool is_exact_int(Value v) { return v.is_small_int() || has_shape(v, kShape_int); }

// Any is_int() value as sign and magnitude, without allocation; valid while the value lives.
class IntView {
 public:
  explicit IntView(Value v) {
    if (v.is_small_int()) {
      int64_t i = v.as_small_int();
      negative_ = i < 0;
      small_ = negative_ ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i);
      limbs_ = nullptr;
      count_ = i != 0;
    } else {
      const Int* big = reinterpret_cast<const Int*>(v.as_object());
      limbs_ = big->limbs;
      negative_ = big->size < 0;
      count_ = negative_ ? -big->size : big->size;
    }
  }
  bool negative() const { return negative_; }
  int64_t limb_count() const { return count_; }
  const uint64_t* limbs() const { return limbs_ ? limbs_ : &small_; }

 private:
  const uint64_t* limbs_;
  uint64_t small_ = 0;
  int64_t count_;
  bool negative_;
};

Ref<> int_box(int64_t i);                    // the object for one that is not small
PT_INLINE Ref<> int_from_int64(int64_t i) {
  return PT_LIKELY(Value::fits_small_int(i)) ? Ref<>::steal(Value::small_int(i)) : int_box(i);
}
Ref<> int_from_uint64(uint64_t i);
Ref<> int_from_double(double d);             // truncates; OverflowError/ValueError for inf and nan
Ref<> int_from_limbs(bool negative, const uint64_t* limbs, int64_t count);  // canonical form
// int(text, base): underscores and white space as Python allows; ValueError with Python's message.
Ref<> int_from_text(Str* text, int base);
Ref<> int_from_digits(std::string_view digits, int base);  // source literals: digits only; empty on memory error
bool int_to_int64(Value v, int64_t* out);    // false, without exception, when it does not fit
bool int_to_uint64(Value v, uint64_t* out);
double int_to_double(Value v);               // correctly rounded; OverflowError pending and -1.0 when too large
int int_sign(Value v);
int64_t int_hash(Value v);
int64_t int_bit_length(Value v);
Ref<Str> int_to_str(Value v, int base = 10, bool prefix = false);
int int_compare(Value a, Value b);           // both is_int(); -1, 0, 1
Ref<> int_binary(BinaryOp op, Value a, Value b);  // both is_int(); includes kDivmod
Ref<> int_power(Value base, Value exponent, Value modulus_or_empty);
Ref<> int_from_bytes(const uint8_t* data, size_t size, bool little_endian, bool is_signed);
Ref<> int_exact(Value v);                    // the value as an exact int (instances of subclasses are converted)
Ref<> int_from_object(Value v);              // int(v): __int__, __index__, __trunc__, text and bytes
int int_compare_double(Value v, double d);   // exact; d is not NaN
Ref<> int_true_divide(Value a, Value b);     // correctly rounded
// The limit of digits in decimal conversions (sys.get_int_max_str_digits); 0: none.
int int_max_str_digits();
void set_int_max_str_digits(int digits);
bool int_to_bytes(Value v, uint8_t* out, size_t size, bool little_endian, bool is_signed);  // false: overflow, no error set

}  // namespace pt
