#pragma once
// Between the files of the math module.
#include "vm/object/type.h"
#include "vm/modules/support.h"
#include "vm/types/float.h"

namespace pt::math_module_parts {

// The number behind an argument: __float__, then __index__. "must be real number, not X".
PT_INLINE bool number(Value v, double* out) {
  if (v.is_immediate_float()) {
    *out = v.as_immediate_float();
    return true;
  }
  if (v.is_small_int()) {
    *out = static_cast<double>(v.as_small_int());
    return true;
  }
  return to_double(v, out);
}
inline Raised domain_error() { return raise(exc::ValueError, "math domain error"); }
inline Raised range_error() { return raise(exc::OverflowError, "math range error"); }

double gamma(double x, int* error);      // *error: 0, EDOM or ERANGE
double log_gamma(double x, int* error);

// integer.cpp
Ref<> gcd(const Value* a);
Ref<> lcm(const Value* a);
Ref<> integer_sqrt(const Value* a);
Ref<> factorial(const Value* a);
Ref<> comb(const Value* a);
Ref<> perm(const Value* a);
// sums.cpp
Ref<> fsum(const Value* a);
Ref<> prod(const Value* a);
Ref<> hypot(const Value* a);
Ref<> dist(const Value* a);

}  // namespace pt::math_module_parts
