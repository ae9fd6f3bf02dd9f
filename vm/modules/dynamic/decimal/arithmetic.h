#pragma once
// The operations of the specification. Each takes finished operands (views, too) and gives a result within the rules; `out` is
// no operand.
#include "vm/modules/dynamic/decimal/number.h"

namespace pt::decimal {

using Unary = void (*)(Number& out, const Number& a, const Rules&, Status&);
using Binary = void (*)(Number& out, const Number& a, const Number& b, const Rules&, Status&);

// The quiet NaN an operation with a NaN gives; false when there is none among the operands.
bool propagate_nan(Number& out, const Number& a, const Rules&, Status&);
bool propagate_nan(Number& out, const Number& a, const Number& b, const Rules&, Status&);

// arithmetic.cpp
void add(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void subtract(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void multiply(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void fma(Number& out, const Number& a, const Number& b, const Number& c, const Rules&, Status&);
void plus(Number& out, const Number& a, const Rules&, Status&);
void minus(Number& out, const Number& a, const Rules&, Status&);
void absolute(Number& out, const Number& a, const Rules&, Status&);
// Within the rules, as Context.create_decimal.
void apply(Number& out, const Number& a, const Rules&, Status&);
bool is_integral(const Number& a);  // finite and without a fraction

// division.cpp
void divide(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void divide_integer(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void remainder(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void divide_modulo(Number& quotient, Number& rest, const Number& a, const Number& b, const Rules&, Status&);
void remainder_near(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void square_root(Number& out, const Number& a, const Rules&, Status&);

// quantize.cpp
void quantize(Number& out, const Number& a, const Number& pattern, const Rules&, Status&);
void to_integral_exact(Number& out, const Number& a, const Rules&, Status&);
void to_integral_value(Number& out, const Number& a, const Rules&, Status&);
void normalize(Number& out, const Number& a, const Rules&, Status&);
void logb(Number& out, const Number& a, const Rules&, Status&);
void scaleb(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void next_minus(Number& out, const Number& a, const Rules&, Status&);
void next_plus(Number& out, const Number& a, const Rules&, Status&);
void next_toward(Number& out, const Number& a, const Number& b, const Rules&, Status&);
// The coefficient for another exponent, rounded; no limits but memory's.
void rescale(Number& n, int64_t exponent, Rounding rounding, Status&);

// comparison.cpp
int compare_numbers(const Number& a, const Number& b);  // -1, 0, 1; no NaNs
void compare(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void compare_signal(Number& out, const Number& a, const Number& b, const Rules&, Status&);
int total_order(const Number& a, const Number& b);
void compare_total(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void compare_total_mag(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void maximum(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void maximum_magnitude(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void minimum(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void minimum_magnitude(Number& out, const Number& a, const Number& b, const Rules&, Status&);
bool same_quantum(const Number& a, const Number& b);
bool is_normal(const Number& a, const Rules&);
bool is_subnormal(const Number& a, const Rules&);
const char* number_class(const Number& a, const Rules&);

// digits.cpp: operations on the row of digits
void logical_and(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void logical_or(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void logical_xor(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void logical_invert(Number& out, const Number& a, const Rules&, Status&);
void shift(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void rotate(Number& out, const Number& a, const Number& b, const Rules&, Status&);

// exponential.cpp, power.cpp
void exponential(Number& out, const Number& a, const Rules&, Status&);
void natural_logarithm(Number& out, const Number& a, const Rules&, Status&);
void common_logarithm(Number& out, const Number& a, const Rules&, Status&);
void power(Number& out, const Number& a, const Number& b, const Rules&, Status&);
void power_modulo(Number& out, const Number& a, const Number& b, const Number& modulus, const Rules&, Status&);

}  // namespace pt::decimal
