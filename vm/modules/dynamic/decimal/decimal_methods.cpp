// The methods of Decimal.
#include <functional>

#include "vm/modules/dynamic/decimal/plain.h"

namespace pt::decimal {
namespace {

void self_number(Number& n, const Value* a) { view_of(n, as_decimal(a[0])); }

// operation(self, context)
template <Unary operation>
Ref<> unary(const Value* a) {
  Number x;
  Context* context = context_argument(a[1]);
  if (!context) return Ref<>();
  self_number(x, a);
  return computed<operation>(context, x);
}
// operation(self, other, context)
template <Binary operation>
Ref<> binary(const Value* a) {
  Number x, y;
  Context* context = context_argument(a[2]);
  if (!context) return Ref<>();
  self_number(x, a);
  return required_operand(y, a[1]) ? computed<operation>(context, x, y) : Ref<>();
}
Ref<> fma_method(const Value* a) {
  Number x, y, z;
  Context* context = context_argument(a[3]);
  if (!context) return Ref<>();
  self_number(x, a);
  return required_operand(y, a[1]) && required_operand(z, a[2]) ? computed<fma>(context, x, y, z) : Ref<>();
}
bool rounding_argument(Value v, Rules* rules) { return !given(v) || to_rounding(v, &rules->rounding); }

Ref<> quantize_method(const Value* a) {
  Number x, y;
  Context* context = context_argument(a[3]);
  if (!context) return Ref<>();
  Rules rules = context->rules();
  if (!rounding_argument(a[2], &rules)) return Ref<>();
  Status status;
  Plain self, pattern;
  u128 coefficient;
  if (PT_LIKELY(plain_operand(a[0], &self) && plain_operand(a[1], &pattern)) &&
      plain_quantize(self, pattern.exponent, rules.rounding, &coefficient, &status.flags) &&
      fits(coefficient, pattern.exponent, context)) {
    return PT_LIKELY(record(context, status)) ? plain_new(coefficient, pattern.exponent, self.negative) : Ref<>();
  }
  self_number(x, a);
  return required_operand(y, a[1]) ? computed_by<quantize>(rules, context, x, y) : Ref<>();
}
template <Unary operation>
Ref<> integral(const Value* a) {
  Number x;
  Context* context = context_argument(a[2]);
  if (!context) return Ref<>();
  Rules rules = context->rules();
  if (!rounding_argument(a[1], &rules)) return Ref<>();
  self_number(x, a);
  return computed_by<operation>(rules, context, x);
}

template <auto predicate>
Ref<> is_method(const Value* a) {
  Number x;
  self_number(x, a);
  return bool_ref(std::invoke(predicate, x));
}
template <bool (*predicate)(const Number&, const Rules&)>
Ref<> is_in_context(const Value* a) {
  Number x;
  Context* context = context_argument(a[1]);
  if (!context) return Ref<>();
  self_number(x, a);
  bool yes;
  if (!computing([&] { yes = predicate(x, context->rules()); })) return Ref<>();
  return bool_ref(yes);
}
bool yes(const Number&) { return true; }

Ref<> number_class_method(const Value* a) {
  Number x;
  Context* context = context_argument(a[1]);
  if (!context) return Ref<>();
  self_number(x, a);
  const char* name;
  if (!computing([&] { name = number_class(x, context->rules()); })) return Ref<>();
  return str_from_ascii(name);
}
Ref<> to_eng_string(const Value* a) {
  Number x;
  Context* context = context_argument(a[1]);
  if (!context) return Ref<>();
  self_number(x, a);
  return decimal_text(x, true, context->capitals.load(std::memory_order_relaxed));
}
Ref<> same_quantum_method(const Value* a) {
  Number x, y;
  Context* context = context_argument(a[2]);
  if (!context) return Ref<>();
  self_number(x, a);
  return required_operand(y, a[1]) ? bool_ref(same_quantum(x, y)) : Ref<>();
}

Ref<> copied(const Value* a, bool negative) {
  Number x;
  self_number(x, a);
  x.negative = negative;
  return decimal_new(x);
}
Ref<> copy_abs(const Value* a) { return copied(a, false); }
Ref<> copy_negate(const Value* a) { return copied(a, !as_decimal(a[0])->negative); }
Ref<> copy_sign(const Value* a) {
  Number y;
  Context* context = context_argument(a[2]);
  if (!context || !required_operand(y, a[1])) return Ref<>();
  return copied(a, y.negative);
}

Ref<> identity(const Value* a) { return Ref<>::retain(a[0]); }
Ref<> radix(const Value*) {
  Number ten(false, 10, 0);
  return decimal_new(ten);
}
Ref<> adjusted(const Value* a) {
  Number x;
  self_number(x, a);
  int64_t exponent = 0;
  if (x.finite() && !computing([&] { exponent = x.adjusted(); })) return Ref<>();
  return int_from_int64(exponent);
}
Ref<> as_tuple_method(const Value* a) {
  Number x;
  self_number(x, a);
  return decimal_tuple(x);
}
Ref<> as_integer_ratio(const Value* a) {
  Number x;
  self_number(x, a);
  return decimal_integer_ratio(x);
}
Ref<> from_float(const Value* a) { return decimal_from_float_exactly(as_type(a[0]), a[1]); }
Ref<> reduce(const Value* a) {
  Ref<> text = str(a[0]);
  Ref<Tuple> arguments = text ? tuple_of({text.value()}) : Ref<Tuple>();
  return arguments ? Ref<>(tuple_of({Value::object(type_of(a[0])), arguments.value()})) : Ref<>();
}
template <Rounding rounding>
Ref<> to_int(const Value* a) {
  Number x;
  self_number(x, a);
  return decimal_to_int(x, rounding);
}
Ref<> round_method(const Value* a) {
  Number x;
  self_number(x, a);
  if (a[1].empty()) return decimal_to_int(x, Rounding::kHalfEven);
  if (!is_int(a[1])) return raise(exc::TypeError, "optional arg must be an integer");
  int64_t places;
  if (!int_to_int64(a[1], &places)) return raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
  Context* context = running_context();
  if (!context) return Ref<>();
  Number pattern(false, 1, places == INT64_MIN ? INT64_MAX : -places);
  return computed<quantize>(context, x, pattern);
}
Ref<> to_complex_method(const Value* a) {
  Ref<> real = unary_operation(UnaryOp::kFloat, a[0]);
  return real ? call1(Value::object(&complex_type), real.value()) : Ref<>();
}
Ref<> size_of(const Value* a) {
  const Decimal* d = as_decimal(a[0]);
  return int_from_int64(static_cast<int64_t>(sizeof(Decimal)) + (d->big ? static_cast<int64_t>(d->high) * 8 : 0));
}

#define PT_CONTEXT "($self, /, context=None)"
#define PT_OTHER "($self, /, other, context=None)"

}  // namespace

const NativeDef kDecimalMethods[] = {
    {"exp", PT_CONTEXT, unary<exponential>, "e to the power of the number, correctly rounded."},
    {"ln", PT_CONTEXT, unary<natural_logarithm>, "The natural logarithm, correctly rounded."},
    {"log10", PT_CONTEXT, unary<common_logarithm>, "The logarithm to base ten, correctly rounded."},
    {"next_minus", PT_CONTEXT, unary<next_minus>, "The largest number of the context below this one."},
    {"next_plus", PT_CONTEXT, unary<next_plus>, "The smallest number of the context above this one."},
    {"normalize", PT_CONTEXT, unary<normalize>, "The same value without trailing zeros, as 0 for every zero."},
    {"to_integral", "($self, /, rounding=None, context=None)", integral<to_integral_value>, "Same as to_integral_value()."},
    {"to_integral_exact", "($self, /, rounding=None, context=None)", integral<to_integral_exact>,
     "The nearest integer; signals Inexact and Rounded where they apply."},
    {"to_integral_value", "($self, /, rounding=None, context=None)", integral<to_integral_value>,
     "The nearest integer, without signals of rounding."},
    {"sqrt", PT_CONTEXT, unary<square_root>, "The square root, correctly rounded."},
    {"compare", PT_OTHER, binary<compare>, "-1, 0 or 1 as the order of the values is, or NaN."},
    {"compare_signal", PT_OTHER, binary<compare_signal>, "As compare(), but every NaN is signaled."},
    {"max", PT_OTHER, binary<maximum>, "The larger one; a number wins against a quiet NaN."},
    {"max_mag", PT_OTHER, binary<maximum_magnitude>, "As max(), by absolute values."},
    {"min", PT_OTHER, binary<minimum>, "The smaller one; a number wins against a quiet NaN."},
    {"min_mag", PT_OTHER, binary<minimum_magnitude>, "As min(), by absolute values."},
    {"next_toward", PT_OTHER, binary<next_toward>, "The neighbour in the direction of the other number."},
    {"quantize", "($self, /, exp, rounding=None, context=None)", quantize_method,
     "The value with the exponent of the argument, rounded to it.\n\n    >>> Decimal('2.675').quantize(Decimal('0.01'), "
     "rounding='ROUND_UP')\n    Decimal('2.68')\n"},
    {"remainder_near", PT_OTHER, binary<remainder_near>, "What is left after taking the nearest multiple of the other away."},
    {"fma", "($self, /, other, third, context=None)", fma_method,
     "self * other + third with one rounding.\n\n    >>> "
     "Decimal(2).fma(7, 9)\n    Decimal('23')\n"},
    {"is_canonical", "($self, /)", is_method<yes>, "Always true."},
    {"is_finite", "($self, /)", is_method<&Number::finite>, "Neither infinite nor NaN."},
    {"is_infinite", "($self, /)", is_method<&Number::infinite>, "Whether the number is an infinity."},
    {"is_nan", "($self, /)", is_method<&Number::nan>, "Whether it is a NaN of either kind."},
    {"is_qnan", "($self, /)", is_method<&Number::quiet>, "Whether it is a quiet NaN."},
    {"is_snan", "($self, /)", is_method<&Number::signaling>, "Whether it is a signaling NaN."},
    {"is_signed", "($self, /)", is_method<&Number::negative>, "Whether the sign is negative, zeros and NaNs included."},
    {"is_zero", "($self, /)", is_method<&Number::zero>, "Whether it is a zero of either sign."},
    {"is_normal", PT_CONTEXT, is_in_context<is_normal>, "Finite, not zero and not subnormal."},
    {"is_subnormal", PT_CONTEXT, is_in_context<is_subnormal>, "Not zero, and closer to it than any normal number."},
    {"adjusted", "($self, /)", adjusted, "The exponent of the most significant digit."},
    {"canonical", "($self, /)", identity, "The number itself."},
    {"conjugate", "($self, /)", identity, "The number itself."},
    {"radix", "($self, /)", radix, "Decimal(10)."},
    {"copy_abs", "($self, /)", copy_abs, "The absolute value, without rounding or signals."},
    {"copy_negate", "($self, /)", copy_negate, "The other sign, without rounding or signals."},
    {"logb", PT_CONTEXT, unary<logb>, "The exponent of the most significant digit as a Decimal."},
    {"logical_invert", PT_CONTEXT, unary<logical_invert>, "Ones become zeros, and zeros ones."},
    {"number_class", PT_CONTEXT, number_class_method, "The class of the number by name."},
    {"to_eng_string", PT_CONTEXT, to_eng_string, "Text in engineering notation."},
    {"compare_total", PT_OTHER, binary<compare_total>,
     "-1, 0 or 1 in an order of all representations.\n\n    >>> "
     "Decimal('7.0').compare_total(Decimal('7'))\n    Decimal('-1')\n"},
    {"compare_total_mag", PT_OTHER, binary<compare_total_mag>, "As compare_total(), without signs."},
    {"copy_sign", PT_OTHER, copy_sign,
     "The value with the sign of the other number.\n\n    >>> Decimal('4.2').copy_sign(Decimal('-0'))\n    Decimal('-4.2')\n"},
    {"logical_and", PT_OTHER, binary<logical_and>, "Digitwise and."},
    {"logical_or", PT_OTHER, binary<logical_or>, "Digitwise or."},
    {"logical_xor", PT_OTHER, binary<logical_xor>, "Digitwise exclusive or."},
    {"rotate", PT_OTHER, binary<rotate>, "The digits rotated by so many places."},
    {"same_quantum", PT_OTHER, same_quantum_method, "Whether both have the same exponent, or are both infinite or both NaN."},
    {"scaleb", PT_OTHER, binary<scaleb>, "The value times ten to the power of the other number."},
    {"shift", PT_OTHER, binary<shift>, "The digits shifted by so many places."},
    {"from_float", "($type, f, /)", from_float, "The exact value of a float or int.", kClassMethod},
    {"as_tuple", "($self, /)", as_tuple_method, "Sign, digits and exponent as a DecimalTuple."},
    {"as_integer_ratio", "($self, /)", as_integer_ratio, "The value as a fraction in lowest terms."},
    {"__copy__", "($self, /)", identity},
    {"__deepcopy__", "($self, memo, /)", identity},
    {"__format__", "($self, format_spec, override=None, /)", decimal_format},
    {"__reduce__", "($self, /)", reduce},
    {"__round__", "($self, ndigits=None, /)", round_method},
    {"__ceil__", "($self, /)", to_int<Rounding::kCeiling>},
    {"__floor__", "($self, /)", to_int<Rounding::kFloor>},
    {"__trunc__", "($self, /)", to_int<Rounding::kDown>},
    {"__complex__", "($self, /)", to_complex_method},
    {"__sizeof__", "($self, /)", size_of},
    {},
};
#undef PT_CONTEXT
#undef PT_OTHER

}  // namespace pt::decimal
