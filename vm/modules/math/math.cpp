// math: functions of one or two real numbers, and the module's table.
#include "vm/modules/math/math.h"

#include <cerrno>
#include <cmath>
#include <limits>

#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt {
namespace {

using namespace math_module_parts;

constexpr double kPi = 3.141592653589793238462643383279502884197;
constexpr double kE = 2.718281828459045235360287471352662497757;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A NaN out of a number is a domain error; an infinity out of a finite number is a range or a domain error.
Ref<> checked(double x, double r, bool can_overflow) {
  if (PT_UNLIKELY(!std::isfinite(r))) {
    if (std::isnan(r) && !std::isnan(x)) return domain_error();
    if (std::isinf(r) && std::isfinite(x)) return can_overflow ? range_error() : domain_error();
  }
  return float_from_double(r);
}
template <double (*F)(double), bool CanOverflow>
Ref<> unary(const Value* a) {
  double x;
  if (!number(a[1], &x)) return Ref<>();
  return checked(x, F(x), CanOverflow);
}
double f_acos(double x) { return std::acos(x); }
double f_acosh(double x) { return std::acosh(x); }
double f_asin(double x) { return std::asin(x); }
double f_asinh(double x) { return std::asinh(x); }
double f_atan(double x) { return std::atan(x); }
double f_atanh(double x) { return std::atanh(x); }
double f_cbrt(double x) { return std::cbrt(x); }
double f_cos(double x) { return std::cos(x); }
double f_cosh(double x) { return std::cosh(x); }
double f_erf(double x) { return std::erf(x); }
double f_erfc(double x) { return std::erfc(x); }
double f_exp(double x) { return std::exp(x); }
double f_exp2(double x) { return std::exp2(x); }
double f_expm1(double x) { return std::expm1(x); }
double f_fabs(double x) { return std::fabs(x); }
double f_log1p(double x) { return x == 0.0 ? x : std::log1p(x); }
double f_sin(double x) { return std::sin(x); }
double f_sinh(double x) { return std::sinh(x); }
double f_sqrt(double x) { return std::sqrt(x); }
double f_tan(double x) { return std::tan(x); }
double f_tanh(double x) { return std::tanh(x); }

template <double (*F)(double, int*)>
Ref<> unary_with_error(const Value* a) {
  double x;
  if (!number(a[1], &x)) return Ref<>();
  int error;
  double r = F(x, &error);
  if (error == EDOM) return domain_error();
  if (error == ERANGE && std::fabs(r) >= 1.5) return range_error();
  return float_from_double(r);
}

// ---- logarithms --------------------------------------------------------------------------------------------------

double f_log(double x) { return std::log(x); }
double f_log2(double x) { return std::log2(x); }
double f_log10(double x) { return std::log10(x); }

// A positive int too large for a double as mantissa in [0.5, 1) and exponent.
double big_mantissa(Value v, int64_t* exponent) {
  IntView view(v);
  int64_t n = view.limb_count();
  const uint64_t* limbs = view.limbs();
  int shift = __builtin_clzll(limbs[n - 1]);
  uint64_t top = limbs[n - 1] << shift;
  if (shift) top |= limbs[n - 2] >> (64 - shift);
  bool sticky = shift && (limbs[n - 2] << shift) != 0;
  for (int64_t i = 0; !sticky && i < n - (shift ? 2 : 1); ++i) sticky = limbs[i] != 0;
  top |= sticky;  // far below the rounding position: only breaks ties
  *exponent = n * 64 - shift;
  return std::ldexp(static_cast<double>(top), -64);
}

template <double (*F)(double)>
bool logarithm(Value v, double* out) {
  if (is_int(v)) {
    if (int_sign(v) <= 0) return domain_error();
    if (v.is_small_int()) {
      *out = F(static_cast<double>(v.as_small_int()));
      return true;
    }
    double x = int_to_double(v);
    if (x != -1.0) {
      *out = F(x);
      return true;
    }
    if (!clear_if(exc::OverflowError)) return false;
    int64_t exponent;
    double mantissa = big_mantissa(v, &exponent);
    *out = F(mantissa) + F(2.0) * static_cast<double>(exponent);
    return true;
  }
  double x;
  if (!number(v, &x)) return false;
  if (x <= 0.0) return domain_error();
  *out = F(x);  // NaN and infinity give themselves
  return true;
}
Ref<> math_log(const Value* a) {
  double x;
  if (!logarithm<f_log>(a[1], &x)) return Ref<>();
  if (a[2].empty()) return float_from_double(x);
  double base;
  if (!logarithm<f_log>(a[2], &base)) return Ref<>();
  if (base == 0.0) return raise(exc::ZeroDivisionError, "float division by zero");
  return float_from_double(x / base);
}
template <double (*F)(double)>
Ref<> math_log_base(const Value* a) {
  double x;
  return logarithm<F>(a[1], &x) ? float_from_double(x) : Ref<>();
}

// ---- two numbers -------------------------------------------------------------------------------------------------

bool numbers(const Value* a, double* x, double* y) { return number(a[1], x) && number(a[2], y); }

Ref<> math_atan2(const Value* a) {
  double y, x;
  return numbers(a, &y, &x) ? float_from_double(std::atan2(y, x)) : Ref<>();
}
Ref<> math_copysign(const Value* a) {
  double x, y;
  return numbers(a, &x, &y) ? float_from_double(std::copysign(x, y)) : Ref<>();
}
Ref<> math_nextafter(const Value* a) {
  double x, y;
  return numbers(a, &x, &y) ? float_from_double(std::nextafter(x, y)) : Ref<>();
}
Ref<> math_remainder(const Value* a) {
  double x, y;
  if (!numbers(a, &x, &y)) return Ref<>();
  if (!std::isnan(x) && !std::isnan(y) && (std::isinf(x) || y == 0.0)) return domain_error();
  return float_from_double(std::remainder(x, y));
}
Ref<> math_fmod(const Value* a) {
  double x, y;
  if (!numbers(a, &x, &y)) return Ref<>();
  if (std::isinf(y) && std::isfinite(x)) return float_from_double(x);
  double r = std::fmod(x, y);
  if (std::isnan(r) && !std::isnan(x) && !std::isnan(y)) return domain_error();
  return float_from_double(r);
}
Ref<> math_pow(const Value* a) {
  double x, y;
  if (!numbers(a, &x, &y)) return Ref<>();
  double r = std::pow(x, y);
  if (std::isfinite(x) && std::isfinite(y) && !std::isfinite(r)) {
    if (std::isnan(r) || x == 0.0) return domain_error();
    return range_error();
  }
  return float_from_double(r);
}
Ref<> math_ldexp(const Value* a) {
  double x;
  if (!number(a[1], &x)) return Ref<>();
  if (!is_int(a[2])) return raise(exc::TypeError, "Expected an int as second argument to ldexp.");
  int64_t exponent;
  if (!int_to_int64(a[2], &exponent)) exponent = int_sign(a[2]) < 0 ? INT64_MIN : INT64_MAX;
  if (x == 0.0 || !std::isfinite(x)) return float_from_double(x);
  if (exponent > INT32_MAX) return range_error();
  if (exponent < INT32_MIN) return float_from_double(std::copysign(0.0, x));
  double r = std::ldexp(x, static_cast<int>(exponent));
  if (std::isinf(r)) return range_error();
  return float_from_double(r);
}
Ref<> math_isclose(const Value* a) {
  double x, y, relative = 1e-9, absolute = 0.0;
  if (!numbers(a, &x, &y) || (!a[3].empty() && !number(a[3], &relative)) || (!a[4].empty() && !number(a[4], &absolute))) {
    return Ref<>();
  }
  if (relative < 0.0 || absolute < 0.0) return raise(exc::ValueError, "tolerances must be non-negative");
  if (x == y) return bool_ref(true);
  if (std::isinf(x) || std::isinf(y)) return bool_ref(false);
  double difference = std::fabs(y - x);
  return bool_ref(difference <= std::fabs(relative * y) || difference <= std::fabs(relative * x) || difference <= absolute);
}

// ---- one number --------------------------------------------------------------------------------------------------

Ref<> math_frexp(const Value* a) {
  double x;
  if (!number(a[1], &x)) return Ref<>();
  int exponent = 0;
  double mantissa = std::isfinite(x) && x != 0.0 ? std::frexp(x, &exponent) : x;
  Ref<> m = float_from_double(mantissa);
  if (!m) return m;
  return tuple_of({m.value(), Value::small_int(exponent)});
}
Ref<> math_modf(const Value* a) {
  double x;
  if (!number(a[1], &x)) return Ref<>();
  double whole, fraction;
  if (std::isfinite(x)) {
    fraction = std::modf(x, &whole);
  } else {
    fraction = std::isinf(x) ? std::copysign(0.0, x) : x;
    whole = x;
  }
  Ref<> f = float_from_double(fraction);
  Ref<> w = float_from_double(whole);
  if (!f || !w) return Ref<>();
  return tuple_of({f.value(), w.value()});
}
Ref<> math_degrees(const Value* a) {
  double x;
  return number(a[1], &x) ? float_from_double(x * (180.0 / kPi)) : Ref<>();
}
Ref<> math_radians(const Value* a) {
  double x;
  return number(a[1], &x) ? float_from_double(x * (kPi / 180.0)) : Ref<>();
}
Ref<> math_isfinite(const Value* a) {
  double x;
  return number(a[1], &x) ? bool_ref(std::isfinite(x)) : Ref<>();
}
Ref<> math_isinf(const Value* a) {
  double x;
  return number(a[1], &x) ? bool_ref(std::isinf(x)) : Ref<>();
}
Ref<> math_isnan(const Value* a) {
  double x;
  return number(a[1], &x) ? bool_ref(std::isnan(x)) : Ref<>();
}
Ref<> math_ulp(const Value* a) {
  double x;
  if (!number(a[1], &x)) return Ref<>();
  if (std::isnan(x)) return float_from_double(x);
  x = std::fabs(x);
  if (std::isinf(x)) return float_from_double(x);
  double above = std::nextafter(x, kInfinity);
  if (std::isinf(above)) return float_from_double(x - std::nextafter(x, -kInfinity));
  return float_from_double(above - x);
}

constinit Name kCeil("__ceil__"), kFloor("__floor__"), kTrunc("__trunc__");

template <const Name& Special, double (*F)(double)>
Ref<> round_to_int(const Value* a) {
  if (!is_exact_float(a[1])) {
    if (is_exact_int(a[1])) return Ref<>::retain(a[1]);
    Ref<> method = lookup_special(a[1], Special.str());
    if (method) return call0(method.value());
    if (error_pending()) return Ref<>();
  }
  double x;
  if (!number(a[1], &x)) return Ref<>();
  return int_from_double(F(x));
}
double f_ceil(double x) { return std::ceil(x); }
double f_floor(double x) { return std::floor(x); }
Ref<> math_trunc(const Value* a) {
  if (is_exact_float(a[1])) return int_from_double(as_double(a[1]));
  Ref<> method = lookup_special(a[1], kTrunc.str());
  if (method) return call0(method.value());
  if (error_pending()) return Ref<>();
  return raise(exc::TypeError, "type %T doesn't define __trunc__ method", a[1]);
}

#define ONE "($module, x, /)"
const NativeDef kFunctions[] = {
    {"acos", ONE, unary<f_acos, false>, "Return the arc cosine (measured in radians) of x, between 0 and pi."},
    {"acosh", ONE, unary<f_acosh, false>, "Return the inverse hyperbolic cosine of x."},
    {"asin", ONE, unary<f_asin, false>, "Return the arc sine (measured in radians) of x, between -pi/2 and pi/2."},
    {"asinh", ONE, unary<f_asinh, false>, "Return the inverse hyperbolic sine of x."},
    {"atan", ONE, unary<f_atan, false>, "Return the arc tangent (measured in radians) of x, between -pi/2 and pi/2."},
    {"atan2", "($module, y, x, /)", math_atan2,
     "Return the arc tangent (measured in radians) of y/x, with the signs of both considered."},
    {"atanh", ONE, unary<f_atanh, false>, "Return the inverse hyperbolic tangent of x."},
    {"cbrt", ONE, unary<f_cbrt, false>, "Return the cube root of x."},
    {"ceil", ONE, round_to_int<kCeil, f_ceil>, "Return the ceiling of x as an Integral: the smallest integer >= x."},
    {"comb", "($module, n, k, /)", comb, "Number of ways to choose k items from n items without repetition and order."},
    {"copysign", "($module, x, y, /)", math_copysign, "Return a float with the magnitude of x and the sign of y."},
    {"cos", ONE, unary<f_cos, false>, "Return the cosine of x (measured in radians)."},
    {"cosh", ONE, unary<f_cosh, true>, "Return the hyperbolic cosine of x."},
    {"degrees", ONE, math_degrees, "Convert angle x from radians to degrees."},
    {"dist", "($module, p, q, /)", dist, "Return the Euclidean distance between two points p and q."},
    {"erf", ONE, unary<f_erf, true>, "Error function at x."},
    {"erfc", ONE, unary<f_erfc, true>, "Complementary error function at x."},
    {"exp", ONE, unary<f_exp, true>, "Return e raised to the power of x."},
    {"exp2", ONE, unary<f_exp2, true>, "Return 2 raised to the power of x."},
    {"expm1", ONE, unary<f_expm1, true>, "Return exp(x)-1, accurate for small x too."},
    {"fabs", ONE, unary<f_fabs, false>, "Return the absolute value of the float x."},
    {"factorial", ONE, factorial, "Find x!."},
    {"floor", ONE, round_to_int<kFloor, f_floor>, "Return the floor of x as an Integral: the largest integer <= x."},
    {"fmod", "($module, x, y, /)", math_fmod, "Return fmod(x, y), according to platform C."},
    {"frexp", ONE, math_frexp, "Return the mantissa and exponent of x, as pair (m, e)."},
    {"fsum", "($module, seq, /)", fsum, "Return an accurate floating point sum of values in the iterable seq."},
    {"gamma", ONE, unary_with_error<math_module_parts::gamma>, "Gamma function at x."},
    {"gcd", "($module, *integers)", gcd, "Greatest Common Divisor."},
    {"hypot", "($module, *coordinates)", math_module_parts::hypot,
     "Multidimensional Euclidean distance from the origin to a point."},
    {"isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", math_isclose,
     "Determine whether two floating point numbers are close in value."},
    {"isfinite", ONE, math_isfinite, "Return True if x is neither an infinity nor a NaN, and False otherwise."},
    {"isinf", ONE, math_isinf, "Return True if x is a positive or negative infinity, and False otherwise."},
    {"isnan", ONE, math_isnan, "Return True if x is a NaN (not a number), and False otherwise."},
    {"isqrt", "($module, n, /)", integer_sqrt, "Return the integer part of the square root of the input."},
    {"lcm", "($module, *integers)", lcm, "Least Common Multiple."},
    {"ldexp", "($module, x, i, /)", math_ldexp, "Return x * (2**i)."},
    {"lgamma", ONE, unary_with_error<log_gamma>, "Natural logarithm of absolute value of Gamma function at x."},
    {"log", "($module, x, base=math.e, /)", math_log, "Return the logarithm of x to the given base, e by default."},
    {"log10", ONE, math_log_base<f_log10>, "Return the base 10 logarithm of x."},
    {"log1p", ONE, unary<f_log1p, false>, "Return the natural logarithm of 1+x (base e), accurate for small x too."},
    {"log2", ONE, math_log_base<f_log2>, "Return the base 2 logarithm of x."},
    {"modf", ONE, math_modf, "Return the fractional and integer parts of x."},
    {"nextafter", "($module, x, y, /)", math_nextafter, "Return the next floating-point value after x towards y."},
    {"perm", "($module, n, k=None, /)", perm, "Number of ways to choose k items from n items, in order."},
    {"pow", "($module, x, y, /)", math_pow, "Return x**y (x to the power of y)."},
    {"prod", "($module, iterable, /, *, start=1)", prod, "Calculate the product of all the elements in the iterable."},
    {"radians", ONE, math_radians, "Convert angle x from degrees to radians."},
    {"remainder", "($module, x, y, /)", math_remainder, "Difference between x and the closest integer multiple of y."},
    {"sin", ONE, unary<f_sin, false>, "Return the sine of x (measured in radians)."},
    {"sinh", ONE, unary<f_sinh, true>, "Return the hyperbolic sine of x."},
    {"sqrt", ONE, unary<f_sqrt, false>, "Return the square root of x."},
    {"tan", ONE, unary<f_tan, false>, "Return the tangent of x (measured in radians)."},
    {"tanh", ONE, unary<f_tanh, false>, "Return the hyperbolic tangent of x."},
    {"trunc", ONE, math_trunc, "Truncates the Real x to the nearest Integral toward 0."},
    {"ulp", ONE, math_ulp, "Return the value of the least significant bit of the float x."},
    {}};

bool execute(Module* module) {
  return module_add(module, "pi", float_from_double(kPi)) && module_add(module, "e", float_from_double(kE)) &&
         module_add(module, "tau", float_from_double(2.0 * kPi)) && module_add(module, "inf", float_from_double(kInfinity)) &&
         module_add(module, "nan", float_from_double(kNaN));
}

}  // namespace

extern const NativeModule math_module;
const NativeModule math_module = {"math", "Mathematical functions defined by the C standard, and some more.", kFunctions,
                                  execute};

}  // namespace pt
