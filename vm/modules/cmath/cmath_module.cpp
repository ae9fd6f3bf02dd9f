// The cmath module: the C library's complex functions (special values as in annex G of the C standard) with Python's errors.
#include <cmath>
#include <initializer_list>

#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/types/complex.h"
#include "vm/types/float.h"
#include "vm/types/tuple.h"

extern "C" {
double _Complex cacos(double _Complex);
double _Complex cacosh(double _Complex);
double _Complex casin(double _Complex);
double _Complex casinh(double _Complex);
double _Complex catan(double _Complex);
double _Complex catanh(double _Complex);
double _Complex ccos(double _Complex);
double _Complex ccosh(double _Complex);
double _Complex cexp(double _Complex);
double _Complex csin(double _Complex);
double _Complex csinh(double _Complex);
double _Complex csqrt(double _Complex);
double _Complex ctan(double _Complex);
double _Complex ctanh(double _Complex);
}

namespace pt {
namespace {

struct Number {
  double real, imag;
};
enum class Problem { kNone, kDomain, kRange };

double _Complex pack(Number z) {
  double _Complex c;
  __real__ c = z.real;
  __imag__ c = z.imag;
  return c;
}
Number unpack(double _Complex c) { return {__real__ c, __imag__ c}; }
bool finite(Number z) { return std::isfinite(z.real) && std::isfinite(z.imag); }
bool infinite(Number z) { return std::isinf(z.real) || std::isinf(z.imag); }

Ref<> result(Number z, Problem problem) {
  if (problem == Problem::kDomain) return raise(exc::ValueError, "math domain error");
  if (problem == Problem::kRange) return raise(exc::OverflowError, "math range error");
  return complex_from_doubles(z.real, z.imag);
}
// Overflow of a finite argument.
Problem overflow(Number z, Number r) { return finite(z) && infinite(r) ? Problem::kRange : Problem::kNone; }

template <double _Complex (*Function)(double _Complex), Problem (*Check)(Number z, Number r)>
Ref<> apply(const Value* a) {
  Number z;
  if (!to_complex(a[0], &z.real, &z.imag)) return Ref<>();
  Number r = unpack(Function(pack(z)));
  return result(r, Check(z, r));
}
Problem no_check(Number, Number) { return Problem::kNone; }
Problem check_atanh(Number z, Number) { return std::fabs(z.real) == 1 && z.imag == 0 ? Problem::kDomain : Problem::kNone; }
Problem check_atan(Number z, Number) { return std::fabs(z.imag) == 1 && z.real == 0 ? Problem::kDomain : Problem::kNone; }
// cosh and sinh of x + infinity i have no value unless x is NaN; cos and sin are theirs turned by a right angle.
Problem check_cosh(Number z, Number r) { return std::isinf(z.imag) && !std::isnan(z.real) ? Problem::kDomain : overflow(z, r); }
Problem check_cos(Number z, Number r) { return check_cosh({z.imag, z.real}, r); }
Problem check_tanh(Number z, Number) { return std::isinf(z.imag) && std::isfinite(z.real) ? Problem::kDomain : Problem::kNone; }
Problem check_tan(Number z, Number r) { return check_tanh({z.imag, z.real}, r); }
Problem check_exp(Number z, Number r) {
  if (std::isinf(z.imag) && (std::isfinite(z.real) || (std::isinf(z.real) && z.real > 0))) return Problem::kDomain;
  return overflow(z, r);
}

// With 0 + NaN i even the angle is unknown.
double _Complex acosh_of(double _Complex c) {
  Number z = unpack(c);
  return z.real == 0 && std::isnan(z.imag) ? pack({NAN, NAN}) : cacosh(c);
}

double _Complex tanh_of(double _Complex c) {
  Number z = unpack(c);
  return z.real == 0 && std::isnan(z.imag) ? pack({NAN, NAN}) : ctanh(c);
}
double _Complex tan_of(double _Complex c) {
  Number z = unpack(c);
  return z.imag == 0 && std::isnan(z.real) ? pack({NAN, NAN}) : ctan(c);
}

// The logarithm; accurate near the unit circle and without overflow of the modulus.
Number log_of(Number z, Problem* problem) {
  double x = std::fabs(z.real), y = std::fabs(z.imag);
  Number r = {0, std::atan2(z.imag, z.real)};
  if (!finite(z)) {
    r.real = infinite(z) ? HUGE_VAL : NAN;
  } else if (x == 0 && y == 0) {
    r.real = -HUGE_VAL;
    *problem = Problem::kDomain;
  } else if (x > 8e307 || y > 8e307) {
    r.real = std::log(std::hypot(x / 2, y / 2)) + M_LN2;
  } else if (x < 2.3e-308 && y < 2.3e-308) {
    r.real = std::log(std::hypot(std::ldexp(x, 53), std::ldexp(y, 53))) - 53 * M_LN2;
  } else {
    double h = std::hypot(x, y);
    if (h >= 0.71 && h <= 1.73) {
      double larger = x > y ? x : y, smaller = x > y ? y : x;
      r.real = std::log1p((larger - 1) * (larger + 1) + smaller * smaller) / 2;
    } else {
      r.real = std::log(h);
    }
  }
  return r;
}
Number quotient(Number a, Number b, Problem* problem) {
  double x = std::fabs(b.real), y = std::fabs(b.imag);
  if (x >= y) {
    if (x == 0) {
      *problem = Problem::kDomain;
      return {0, 0};
    }
    double ratio = b.imag / b.real, denominator = b.real + b.imag * ratio;
    return {(a.real + a.imag * ratio) / denominator, (a.imag - a.real * ratio) / denominator};
  }
  if (y >= x) {
    double ratio = b.real / b.imag, denominator = b.real * ratio + b.imag;
    return {(a.real * ratio + a.imag) / denominator, (a.imag * ratio - a.real) / denominator};
  }
  return {NAN, NAN};
}
Ref<> cmath_log(const Value* a) {
  Number z, base;
  Problem problem = Problem::kNone;
  if (!to_complex(a[0], &z.real, &z.imag)) return Ref<>();
  if (!a[1].empty() && !to_complex(a[1], &base.real, &base.imag)) return Ref<>();
  Number r = log_of(z, &problem);
  if (!a[1].empty()) r = quotient(r, log_of(base, &problem), &problem);
  return result(r, problem);
}
Ref<> cmath_log10(const Value* a) {
  Number z;
  Problem problem = Problem::kNone;
  if (!to_complex(a[0], &z.real, &z.imag)) return Ref<>();
  Number r = log_of(z, &problem);
  return result({r.real / M_LN10, r.imag / M_LN10}, problem);
}

Ref<> cmath_phase(const Value* a) {
  Number z;
  if (!to_complex(a[0], &z.real, &z.imag)) return Ref<>();
  return float_from_double(std::atan2(z.imag, z.real));
}
Ref<> cmath_polar(const Value* a) {
  Number z;
  if (!to_complex(a[0], &z.real, &z.imag)) return Ref<>();
  double r = std::hypot(z.real, z.imag);
  if (finite(z) && std::isinf(r)) return raise(exc::OverflowError, "math range error");
  Ref<> modulus = float_from_double(r), angle = float_from_double(std::atan2(z.imag, z.real));
  return modulus && angle ? Ref<>(tuple_of({modulus.value(), angle.value()})) : Ref<>();
}
Ref<> cmath_rect(const Value* a) {
  double r, phi;
  if (!to_double(a[0], &r) || !to_double(a[1], &phi)) return Ref<>();
  Problem problem = Problem::kNone;
  Number z;
  if (!std::isfinite(r) || !std::isfinite(phi)) {
    if (std::isinf(r) && std::isfinite(phi) && phi != 0) {
      z = {std::copysign(HUGE_VAL, std::cos(phi)), std::copysign(HUGE_VAL, std::sin(phi))};
      if (r < 0) z = {-z.real, -z.imag};
    } else if (std::isinf(r) && phi == 0) {
      z = {r, r > 0 ? phi : -phi};
    } else if (std::isnan(r) && phi == 0) {
      z = {r, 0};
    } else if (r == 0) {
      z = {0, 0};
    } else if (std::isinf(r)) {
      z = {HUGE_VAL, NAN};
    } else {
      z = {NAN, NAN};
    }
    if (r != 0 && !std::isnan(r) && std::isinf(phi)) problem = Problem::kDomain;
  } else if (phi == 0) {
    // sin(-0.0) keeps its sign, r * 0 does not lose it.
    z = {r, r * phi};
  } else {
    z = {r * std::cos(phi), r * std::sin(phi)};
  }
  return result(z, problem);
}

template <bool (*Test)(Number)>
Ref<> test(const Value* a) {
  Number z;
  return to_complex(a[0], &z.real, &z.imag) ? bool_ref(Test(z)) : Ref<>();
}
bool is_nan(Number z) { return std::isnan(z.real) || std::isnan(z.imag); }

Ref<> cmath_isclose(const Value* a) {
  Number x, y;
  double relative = 1e-9, absolute = 0;
  if (!to_complex(a[0], &x.real, &x.imag) || !to_complex(a[1], &y.real, &y.imag) ||
      (!a[2].empty() && !to_double(a[2], &relative)) || (!a[3].empty() && !to_double(a[3], &absolute))) {
    return Ref<>();
  }
  if (relative < 0 || absolute < 0) return raise(exc::ValueError, "tolerances must be non-negative");
  if (x.real == y.real && x.imag == y.imag) return bool_ref(true);
  if (infinite(x) || infinite(y)) return bool_ref(false);
  double distance = std::hypot(x.real - y.real, x.imag - y.imag);
  return bool_ref(distance <= relative * std::hypot(y.real, y.imag) || distance <= relative * std::hypot(x.real, x.imag) ||
                  distance <= absolute);
}

const NativeDef kFunctions[] = {
    {"acos", "(z, /)", apply<cacos, no_check>, "Return the arc cosine of z."},
    {"acosh", "(z, /)", apply<acosh_of, no_check>, "Return the inverse hyperbolic cosine of z."},
    {"asin", "(z, /)", apply<casin, no_check>, "Return the arc sine of z."},
    {"asinh", "(z, /)", apply<casinh, no_check>, "Return the inverse hyperbolic sine of z."},
    {"atan", "(z, /)", apply<catan, check_atan>, "Return the arc tangent of z."},
    {"atanh", "(z, /)", apply<catanh, check_atanh>, "Return the inverse hyperbolic tangent of z."},
    {"cos", "(z, /)", apply<ccos, check_cos>, "Return the cosine of z."},
    {"cosh", "(z, /)", apply<ccosh, check_cosh>, "Return the hyperbolic cosine of z."},
    {"exp", "(z, /)", apply<cexp, check_exp>, "Return the exponential value e**z."},
    {"isclose", "(a, b, *, rel_tol=1e-09, abs_tol=0.0)", cmath_isclose,
     "Determine whether two complex numbers are close in value."},
    {"isfinite", "(z, /)", test<finite>, "Return True if both the real and imaginary parts of z are finite, else False."},
    {"isinf", "(z, /)", test<infinite>, "Checks if the real or imaginary part of z is infinite."},
    {"isnan", "(z, /)", test<is_nan>, "Checks if the real or imaginary part of z not a number (NaN)."},
    {"log", "(z, base=None, /)", cmath_log, "log(z[, base]) -> the logarithm of z to the given base."},
    {"log10", "(z, /)", cmath_log10, "Return the base-10 logarithm of z."},
    {"phase", "(z, /)", cmath_phase, "Return argument, also known as the phase angle, of a complex."},
    {"polar", "(z, /)", cmath_polar, "Convert a complex from rectangular coordinates to polar coordinates."},
    {"rect", "(r, phi, /)", cmath_rect, "Convert from polar coordinates to rectangular coordinates."},
    {"sin", "(z, /)", apply<csin, check_cos>, "Return the sine of z."},
    {"sinh", "(z, /)", apply<csinh, check_cosh>, "Return the hyperbolic sine of z."},
    {"sqrt", "(z, /)", apply<csqrt, no_check>, "Return the square root of z."},
    {"tan", "(z, /)", apply<tan_of, check_tan>, "Return the tangent of z."},
    {"tanh", "(z, /)", apply<tanh_of, check_tanh>, "Return the hyperbolic tangent of z."},
    {}};

}  // namespace
extern const NativeModule cmath_module;
const NativeModule cmath_module = {
    "cmath", "This module provides access to mathematical functions for complex\nnumbers.", kFunctions, [](Module* module) {
      return module_add(module, "pi", float_from_double(M_PI)) && module_add(module, "e", float_from_double(M_E)) &&
             module_add(module, "tau", float_from_double(2 * M_PI)) && module_add(module, "inf", float_from_double(HUGE_VAL)) &&
             module_add(module, "infj", complex_from_doubles(0, HUGE_VAL)) &&
             module_add(module, "nan", float_from_double(std::fabs(NAN))) &&
             module_add(module, "nanj", complex_from_doubles(0, std::fabs(NAN)));
    }};
}  // namespace pt
