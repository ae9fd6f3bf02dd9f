// The methods of Context.
#include <functional>

#include "vm/modules/dynamic/decimal/decimal.h"

namespace pt::decimal {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

template <Unary operation>
Ref<> unary(const Value* a) {
  Number x;
  return required_operand(x, a[1]) ? computed<operation>(as_context(a[0]), x) : Ref<>();
}
template <Binary operation>
Ref<> binary(const Value* a) {
  Number x, y;
  return required_operand(x, a[1]) && required_operand(y, a[2]) ? computed<operation>(as_context(a[0]), x, y) : Ref<>();
}
Ref<> fma_method(const Value* a) {
  Number x, y, z;
  if (!required_operand(x, a[1]) || !required_operand(y, a[2]) || !required_operand(z, a[3])) return Ref<>();
  return computed<fma>(as_context(a[0]), x, y, z);
}
Ref<> power_method(const Value* a) {
  Number x, y, m;
  if (!required_operand(x, a[1]) || !required_operand(y, a[2])) return Ref<>();
  if (!given(a[3])) return computed<power>(as_context(a[0]), x, y);
  return required_operand(m, a[3]) ? computed<power_modulo>(as_context(a[0]), x, y, m) : Ref<>();
}
Ref<> divmod_method(const Value* a) {
  Number x, y;
  return required_operand(x, a[1]) && required_operand(y, a[2]) ? quotient_and_rest(as_context(a[0]), x, y) : Ref<>();
}

template <auto predicate>
Ref<> is_method(const Value* a) {
  Number x;
  return required_operand(x, a[1]) ? bool_ref(std::invoke(predicate, x)) : Ref<>();
}
template <bool (*predicate)(const Number&, const Rules&)>
Ref<> is_in_context(const Value* a) {
  Number x;
  bool yes;
  if (!required_operand(x, a[1]) || !computing([&] { yes = predicate(x, as_context(a[0])->rules()); })) return Ref<>();
  return bool_ref(yes);
}

bool require_decimal(Value v) {
  return is_decimal(v) ? true : static_cast<bool>(raise(exc::TypeError, "argument must be a Decimal"));
}
Ref<> is_canonical(const Value* a) { return require_decimal(a[1]) ? bool_ref(true) : Ref<>(); }
Ref<> canonical(const Value* a) { return require_decimal(a[1]) ? Ref<>::retain(a[1]) : Ref<>(); }

Ref<> copied(Number& x, bool negative) {
  x.negative = negative;
  return decimal_new(x);
}
Ref<> copy_abs(const Value* a) {
  Number x;
  return required_operand(x, a[1]) ? copied(x, false) : Ref<>();
}
Ref<> copy_negate(const Value* a) {
  Number x;
  return required_operand(x, a[1]) ? copied(x, !x.negative) : Ref<>();
}
Ref<> copy_sign(const Value* a) {
  Number x, y;
  return required_operand(x, a[1]) && required_operand(y, a[2]) ? copied(x, y.negative) : Ref<>();
}
Ref<> copy_decimal(const Value* a) {
  if (is_decimal(a[1])) return Ref<>::retain(a[1]);
  Number x;
  return required_operand(x, a[1]) ? copied(x, x.negative) : Ref<>();
}
Ref<> same_quantum_method(const Value* a) {
  Number x, y;
  return required_operand(x, a[1]) && required_operand(y, a[2]) ? bool_ref(same_quantum(x, y)) : Ref<>();
}
Ref<> number_class_method(const Value* a) {
  Number x;
  const char* name;
  if (!required_operand(x, a[1]) || !computing([&] { name = number_class(x, as_context(a[0])->rules()); })) return Ref<>();
  return str_from_ascii(name);
}
template <bool engineering>
Ref<> to_string(const Value* a) {
  Number x;
  return required_operand(x, a[1]) ? Ref<>(decimal_text(x, engineering, as_context(a[0])->capitals.load(kRelaxed))) : Ref<>();
}
Ref<> radix(const Value*) {
  Number ten(false, 10, 0);
  return decimal_new(ten);
}

Ref<> create_decimal(const Value* a) { return decimal_rounded_from_object(a[1], as_context(a[0])); }
Ref<> create_decimal_from_float(const Value* a) {
  Ref<> exact = decimal_from_float_exactly(&decimal_type, a[1]);
  if (!exact) return exact;
  Number x;
  view_of(x, as_decimal(exact.value()));
  return computed<apply>(as_context(a[0]), x);
}

Ref<> clear_flags(const Value* a) {
  as_context(a[0])->flag_bits().store(0, kRelaxed);
  return none_ref();
}
Ref<> clear_traps(const Value* a) {
  as_context(a[0])->trap_bits().store(0, kRelaxed);
  return none_ref();
}
Ref<> etiny(const Value* a) { return int_from_int64(as_context(a[0])->rules().etiny()); }
Ref<> etop(const Value* a) { return int_from_int64(as_context(a[0])->rules().etop()); }
Ref<> copy(const Value* a) { return context_copy(as_context(a[0])); }
Ref<> reduce(const Value* a) {
  const Context* c = as_context(a[0]);
  Rules rules = c->rules();
  Ref<> flags = signal_list(c->flag_bits().load(kRelaxed)), traps = signal_list(c->trap_bits().load(kRelaxed));
  Ref<> precision = int_from_int64(rules.precision), emin = int_from_int64(rules.emin), emax = int_from_int64(rules.emax);
  if (!flags || !traps || !precision || !emin || !emax) return Ref<>();
  Ref<Tuple> arguments = tuple_of({precision.value(), Value::object(intern(kRoundingNames[static_cast<int>(rules.rounding)])),
                                   emin.value(), emax.value(), Value::small_int(c->capitals.load(kRelaxed)),
                                   Value::small_int(rules.clamp), flags.value(), traps.value()});
  return arguments ? Ref<>(tuple_of({Value::object(type_of(a[0])), arguments.value()})) : Ref<>();
}

#define PT_ONE "($self, x, /)"
#define PT_TWO "($self, x, y, /)"

}  // namespace

const NativeDef kContextMethods[] = {
    {"abs", PT_ONE, unary<absolute>, "The absolute value of x."},
    {"exp", PT_ONE, unary<exponential>, "e to the power of x."},
    {"ln", PT_ONE, unary<natural_logarithm>, "The natural logarithm of x."},
    {"log10", PT_ONE, unary<common_logarithm>, "The logarithm of x to base ten."},
    {"minus", PT_ONE, unary<minus>, "-x, rounded."},
    {"next_minus", PT_ONE, unary<next_minus>, "The largest number below x."},
    {"next_plus", PT_ONE, unary<next_plus>, "The smallest number above x."},
    {"normalize", PT_ONE, unary<normalize>, "x without trailing zeros."},
    {"plus", PT_ONE, unary<plus>, "+x, rounded."},
    {"to_integral", PT_ONE, unary<to_integral_value>, "Same as to_integral_value(x)."},
    {"to_integral_exact", PT_ONE, unary<to_integral_exact>, "The nearest integer; signals Inexact and Rounded."},
    {"to_integral_value", PT_ONE, unary<to_integral_value>, "The nearest integer, without signals of rounding."},
    {"sqrt", PT_ONE, unary<square_root>, "The square root of x."},
    {"add", PT_TWO, binary<add>, "x + y"},
    {"compare", PT_TWO, binary<compare>, "-1, 0 or 1 as the order of the values is, or NaN."},
    {"compare_signal", PT_TWO, binary<compare_signal>, "As compare(), but every NaN is signaled."},
    {"divide", PT_TWO, binary<divide>, "x / y"},
    {"divide_int", PT_TWO, binary<divide_integer>, "x / y, truncated to an integer."},
    {"divmod", PT_TWO, divmod_method, "Quotient and remainder of x / y."},
    {"max", PT_TWO, binary<maximum>, "The larger one of x and y."},
    {"max_mag", PT_TWO, binary<maximum_magnitude>, "The larger one of x and y by absolute value."},
    {"min", PT_TWO, binary<minimum>, "The smaller one of x and y."},
    {"min_mag", PT_TWO, binary<minimum_magnitude>, "The smaller one of x and y by absolute value."},
    {"multiply", PT_TWO, binary<multiply>, "x * y"},
    {"next_toward", PT_TWO, binary<next_toward>, "The neighbour of x in the direction of y."},
    {"quantize", PT_TWO, binary<quantize>, "x with the exponent of y."},
    {"remainder", PT_TWO, binary<remainder>, "What is left of x after dividing by y."},
    {"remainder_near", PT_TWO, binary<remainder_near>, "What is left of x after taking the nearest multiple of y away."},
    {"subtract", PT_TWO, binary<subtract>, "x - y"},
    {"power", "($self, /, a, b, modulo=None)", power_method, "a to the power of b, or the remainder of that by modulo."},
    {"fma", "($self, x, y, z, /)", fma_method, "x * y + z with one rounding."},
    {"Etiny", "($self, /)", etiny, "The least exponent: Emin - prec + 1."},
    {"Etop", "($self, /)", etop, "The largest exponent of a number with full precision: Emax - prec + 1."},
    {"radix", "($self, /)", radix, "Decimal(10)."},
    {"is_canonical", PT_ONE, is_canonical, "Always true."},
    {"is_finite", PT_ONE, is_method<&Number::finite>, "Whether x is neither infinite nor NaN."},
    {"is_infinite", PT_ONE, is_method<&Number::infinite>, "Whether x is an infinity."},
    {"is_nan", PT_ONE, is_method<&Number::nan>, "Whether x is a NaN of either kind."},
    {"is_normal", PT_ONE, is_in_context<is_normal>, "Whether x is finite, not zero and not subnormal."},
    {"is_qnan", PT_ONE, is_method<&Number::quiet>, "Whether x is a quiet NaN."},
    {"is_signed", PT_ONE, is_method<&Number::negative>, "Whether the sign of x is negative."},
    {"is_snan", PT_ONE, is_method<&Number::signaling>, "Whether x is a signaling NaN."},
    {"is_subnormal", PT_ONE, is_in_context<is_subnormal>, "Whether x is closer to zero than any normal number."},
    {"is_zero", PT_ONE, is_method<&Number::zero>, "Whether x is a zero of either sign."},
    {"_apply", PT_ONE, unary<apply>},
    {"copy_abs", PT_ONE, copy_abs, "x without its sign."},
    {"copy_decimal", PT_ONE, copy_decimal, "x as a Decimal."},
    {"copy_negate", PT_ONE, copy_negate, "x with the other sign."},
    {"logb", PT_ONE, unary<logb>, "The exponent of the most significant digit of x."},
    {"logical_invert", PT_ONE, unary<logical_invert>, "Ones of x become zeros, and zeros ones."},
    {"number_class", PT_ONE, number_class_method, "The class of x by name."},
    {"to_sci_string", PT_ONE, to_string<false>, "Text in scientific notation."},
    {"to_eng_string", PT_ONE, to_string<true>, "Text in engineering notation."},
    {"compare_total", PT_TWO, binary<compare_total>, "-1, 0 or 1 in an order of all representations."},
    {"compare_total_mag", PT_TWO, binary<compare_total_mag>, "As compare_total(), without signs."},
    {"copy_sign", PT_TWO, copy_sign, "x with the sign of y."},
    {"logical_and", PT_TWO, binary<logical_and>, "Digitwise and."},
    {"logical_or", PT_TWO, binary<logical_or>, "Digitwise or."},
    {"logical_xor", PT_TWO, binary<logical_xor>, "Digitwise exclusive or."},
    {"rotate", PT_TWO, binary<rotate>, "The digits of x rotated by y places."},
    {"same_quantum", PT_TWO, same_quantum_method, "Whether x and y have the same exponent."},
    {"scaleb", PT_TWO, binary<scaleb>, "x times ten to the power of y."},
    {"shift", PT_TWO, binary<shift>, "The digits of x shifted by y places."},
    {"clear_flags", "($self, /)", clear_flags, "Sets all flags to False."},
    {"clear_traps", "($self, /)", clear_traps, "Sets all traps to False."},
    {"__copy__", "($self, /)", copy},
    {"__reduce__", "($self, /)", reduce},
    {"copy", "($self, /)", copy, "A context with the same settings, flags and traps."},
    {"canonical", PT_ONE, canonical, "x itself."},
    {"create_decimal", "($self, num=\"0\", /)", create_decimal, "A Decimal of the argument, rounded by this context."},
    {"create_decimal_from_float", "($self, f, /)", create_decimal_from_float, "A Decimal of a float or int, rounded."},
    {},
};
#undef PT_ONE
#undef PT_TWO

}  // namespace pt::decimal
