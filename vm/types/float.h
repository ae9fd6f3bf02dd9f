#pragma once
// float: an immediate word for common exponents, else a Float object.
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Str;

struct Float : Object {
  double number;
};

inline bool is_float(Value v) { return v.is_immediate_float() || (v.is_object() && has_flag(type_of(v), kTypeFloatSubclass)); }
inline bool is_exact_float(Value v) { return v.is_immediate_float() || has_shape(v, kShape_float); }
// v is_float().
PT_INLINE double as_double(Value v) {
  return v.is_immediate_float() ? v.as_immediate_float() : reinterpret_cast<Float*>(v.as_object())->number;
}
Ref<> float_box(double d);  // the object for an exponent that does not fit; MemoryError
PT_INLINE Ref<> float_from_double(double d) {
  Value v = Value::immediate_float(d);
  return PT_LIKELY(!v.empty()) ? Ref<>::steal(v) : float_box(d);
}
Ref<> float_from_text(Str* text);            // float("..."): ValueError with Python's message
// What v.__float__() gave: TypeError unless a float, DeprecationWarning for a subclass. May run Python code.
bool checked_float(Value v, Value result);
Ref<Str> float_repr(double d);
int64_t float_hash(double d);                // NaN: see hash()
// format(d, code, precision): 'e','f','g','r' with flags as in PyOS_double_to_string.
Ref<Str> float_format(double d, char code, int precision, bool always_sign, bool alternate, bool add_dot_zero);

}  // namespace pt
