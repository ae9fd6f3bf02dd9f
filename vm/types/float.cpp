// float: arithmetic, comparison, hashing and the type.
#include "vm/types/float.h"

#include <cerrno>
#include <cmath>

#include "gc/heap/heap.h"
#include "vm/object/buffer.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/container_inl.h"
#include "vm/types/float_text.h"
#include "vm/types/int_limbs.h"
#include "vm/types/int_type.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

Ref<> float_box(double d) {
  Object* o = allocate_object(kShape_float, sizeof(Float), false);
  if (!o) return raise_no_memory();
  static_cast<Float*>(o)->number = d;
  return Ref<>::steal(Value::object(o));
}

int64_t float_hash(double d) {
  constexpr int kBits = 61;
  constexpr uint64_t kModulus = (uint64_t{1} << kBits) - 1;
  if (!std::isfinite(d)) return std::isinf(d) ? (d > 0 ? 314159 : -314159) : 0;
  if (d == std::trunc(d) && std::fabs(d) < 0x1p61) {
    int64_t i = static_cast<int64_t>(d);
    return i == -1 ? -2 : static_cast<uint64_t>(std::llabs(i)) == kModulus ? 0 : i;
  }
  int exponent;
  double m = std::frexp(std::fabs(d), &exponent);
  // m * 2^53 is an integer; the value is that times 2^(exponent - 53), and 2^61 is 1 modulo 2^61 - 1.
  uint64_t h = static_cast<uint64_t>(std::ldexp(m, 53));
  int shift = (exponent - 53) % kBits;
  if (shift < 0) shift += kBits;
  if (shift) h = ((h << shift) & kModulus) | h >> (kBits - shift);
  if (h == kModulus) h = 0;
  int64_t result = static_cast<int64_t>(h);
  if (d < 0) result = -result;
  return result == -1 ? -2 : result;
}

double float_modulo(double x, double y) {
  double r = std::fmod(x, y);
  if (r != 0) {
    if ((y < 0) != (r < 0)) r += y;
  } else {
    r = std::copysign(0.0, y);
  }
  return r;
}

double float_floor_divide(double x, double y, double* remainder) {
  double r = std::fmod(x, y);
  double quotient = (x - r) / y;
  if (r != 0) {
    if ((y < 0) != (r < 0)) {
      r += y;
      quotient -= 1.0;
    }
  } else {
    r = std::copysign(0.0, y);
  }
  if (remainder) *remainder = r;
  if (quotient == 0) return std::copysign(0.0, x / y);
  double floored = std::floor(quotient);
  if (quotient - floored > 0.5) floored += 1.0;
  return floored;
}

Ref<> float_power(double base, double exponent) {
  if (base == 0 && exponent < 0 && std::isfinite(exponent)) {
    return raise(exc::ZeroDivisionError, "0.0 cannot be raised to a negative power");
  }
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) && exponent != std::floor(exponent)) {
    return complex_power_of_floats(base, exponent);
  }
  double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent)) {
    Ref<Str> text = str_from_ascii("Numerical result out of range");
    if (!text) return Ref<>();
    Ref<Tuple> arguments = tuple_of({Value::small_int(ERANGE), text.value()});
    if (!arguments) return Ref<>();
    Ref<> error = call_tuple_dict(Value::object(exc::OverflowError), arguments.value(), Value());
    return error ? Ref<>(raise_object(error.value())) : Ref<>();
  }
  return float_from_double(result);
}

Ref<> int_to_float_power(Value base, Value exponent) {
  double b = int_to_double(base);
  if (b == -1.0 && error_pending()) return Ref<>();
  double e = int_to_double(exponent);
  if (e == -1.0 && error_pending()) return Ref<>();
  return float_power(b, e);
}

namespace {

// A float or int operand as a double: 1 converted, 0 another type, -1 error.
PT_INLINE int operand(Value v, double* out) {
  if (PT_LIKELY(v.is_immediate_float())) {
    *out = v.as_immediate_float();
    return 1;
  }
  if (v.is_small_int()) {
    *out = static_cast<double>(v.as_small_int());
    return 1;
  }
  if (is_float(v)) {
    *out = as_double(v);
    return 1;
  }
  if (!is_int(v)) return 0;
  *out = int_to_double(v);
  return *out == -1.0 && error_pending() ? -1 : 1;
}

template <BinaryOp op>
Ref<> binary_slot(Value a, Value b) {
  double x, y;
  int known = operand(a, &x);
  if (PT_LIKELY(known > 0)) known = operand(b, &y);
  if (PT_UNLIKELY(known <= 0)) return known == 0 ? not_implemented_ref() : Ref<>();
  switch (op) {
    case BinaryOp::kAdd: return float_from_double(x + y);
    case BinaryOp::kSub: return float_from_double(x - y);
    case BinaryOp::kMul: return float_from_double(x * y);
    case BinaryOp::kTrueDiv:
      if (y == 0) return raise(exc::ZeroDivisionError, "float division by zero");
      return float_from_double(x / y);
    case BinaryOp::kFloorDiv:
      if (y == 0) return raise(exc::ZeroDivisionError, "float floor division by zero");
      return float_from_double(float_floor_divide(x, y, nullptr));
    case BinaryOp::kMod:
      if (y == 0) return raise(exc::ZeroDivisionError, "float modulo");
      return float_from_double(float_modulo(x, y));
    case BinaryOp::kDivmod: {
      if (y == 0) return raise(exc::ZeroDivisionError, "float divmod()");
      double r;
      Ref<> quotient = float_from_double(float_floor_divide(x, y, &r));
      if (!quotient) return Ref<>();
      Ref<> remainder = float_from_double(r);
      if (!remainder) return Ref<>();
      return tuple_of({quotient.value(), remainder.value()});
    }
    default: return float_power(x, y);
  }
}

Ref<> power_slot(Value base, Value exponent, Value modulus) {
  if (given(modulus)) {
    return raise(exc::TypeError, "pow() 3rd argument not allowed unless all arguments are integers");
  }
  return binary_slot<BinaryOp::kPow>(base, exponent);
}

Ref<> negative_slot(Value v) { return float_from_double(-as_double(v)); }
Ref<> absolute_slot(Value v) { return float_from_double(std::fabs(as_double(v))); }
Ref<> exact_slot(Value v) {
  if (is_exact_float(v)) return Ref<>::retain(v);
  return float_from_double(as_double(v));
}
Ref<> int_slot(Value v) { return int_from_double(as_double(v)); }
int truth_slot(Value v) { return as_double(v) != 0; }

int64_t hash_slot(Value v) {
  double d = as_double(v);
  // Every NaN object hashes by identity.
  return PT_UNLIKELY(std::isnan(d)) ? identity_hash(v) : float_hash(d);
}

Ref<> compare_slot(Value a, Value b, CompareOp op) {
  bool a_float = is_float(a), b_float = is_float(b);
  if (a_float && b_float) {
    double x = as_double(a), y = as_double(b);
    switch (op) {
      case CompareOp::kLt: return bool_ref(x < y);
      case CompareOp::kLe: return bool_ref(x <= y);
      case CompareOp::kEq: return bool_ref(x == y);
      case CompareOp::kNe: return bool_ref(x != y);
      case CompareOp::kGt: return bool_ref(x > y);
      default: return bool_ref(x >= y);
    }
  }
  if ((!a_float && !is_int(a)) || (!b_float && !is_int(b))) return not_implemented_ref();
  double d = as_double(a_float ? a : b);
  if (std::isnan(d)) return bool_ref(op == CompareOp::kNe);
  int order = a_float ? -int_compare_double(b, d) : int_compare_double(a, d);
  return bool_ref(compare_result(order, op));
}

Ref<> repr_slot(Value v) { return float_repr(as_double(v)); }

Ref<> to_float(const Value* a) { return is_exact_float(a[0]) ? Ref<>::retain(a[0]) : Ref<>(float_from_object(a[0])); }
Ref<> construct_slot(Type* type, const Args& args) {
  // Subclasses may have an __init__ with keywords of its own.
  if (args.keyword_count() && (type == &float_type || type->slots.init == float_type.slots.init)) {
    return raise(exc::TypeError, "float() takes no keyword arguments");
  }
  if (args.count > 1) return raise(exc::TypeError, "float expected at most 1 argument, got %d", static_cast<int>(args.count));
  Ref<> result;
  if (args.count == 0) {
    result = float_from_double(0.0);
  } else {
    result = to_float(args.values);
  }
  if (!result || type == &float_type) return result;
  Ref<Float> out = allocate<Float>(type);
  if (!out) return Ref<>();
  out->number = as_double(result.value());
  return out;
}

template <BinaryOp... ops>
constexpr void set_binary(Slots& s) {
  ((s.binary[static_cast<int>(ops)] = binary_slot<ops>), ...);
}
constexpr Slots float_slots() {
  Slots s{};
  set_binary<BinaryOp::kAdd, BinaryOp::kSub, BinaryOp::kMul, BinaryOp::kTrueDiv, BinaryOp::kFloorDiv, BinaryOp::kMod,
             BinaryOp::kPow, BinaryOp::kDivmod>(s);
  s.power = power_slot;
  s.unary[static_cast<int>(UnaryOp::kNeg)] = negative_slot;
  s.unary[static_cast<int>(UnaryOp::kPos)] = exact_slot;
  s.unary[static_cast<int>(UnaryOp::kAbs)] = absolute_slot;
  s.unary[static_cast<int>(UnaryOp::kInt)] = int_slot;
  s.unary[static_cast<int>(UnaryOp::kFloat)] = exact_slot;
  s.truth = truth_slot;
  s.hash = hash_slot;
  s.compare = compare_slot;
  s.repr = repr_slot;
  s.construct = construct_slot;
  return s;
}

Ref<> get_real(Value v) { return exact_slot(v); }
Ref<> get_imag(Value) { return float_from_double(0.0); }
constexpr GetSetDef kGetSets[] = {
    {"real", get_real, nullptr, "the real part of a complex number"},
    {"imag", get_imag, nullptr, "the imaginary part of a complex number"},
    {},
};

}  // namespace

bool checked_float(Value v, Value result) {
  if (is_exact_float(result)) return true;
  if (!is_float(result)) return raise(exc::TypeError, "%T.__float__ returned non-float (type %T)", v, result);
  return warn(exc::DeprecationWarning, 1,
              "%T.__float__ returned non-float (type %T).  The ability to return an instance of a strict subclass of float is "
              "deprecated, and may not be supported in a future version of Python.",
              v, result);
}
Ref<> float_from_object(Value v) {
  if (is_exact_str(v)) return float_from_text(as_str(v));
  const Slots& slots = type_of(v)->slots;
  auto to_float = slots.unary[static_cast<int>(UnaryOp::kFloat)];
  if (is_float(v) && !is_exact_float(v) && to_float != float_type.slots.unary[static_cast<int>(UnaryOp::kFloat)]) {
    // A subclass may have a __float__ of its own.
    Ref<> result = to_float(v);
    if (!result || is_exact_float(result.value())) return result;
    if (!checked_float(v, result.value())) return Ref<>();
    return float_from_double(as_double(result.value()));
  }
  if (slots.unary[static_cast<int>(UnaryOp::kFloat)] || slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    double d;
    return to_double(v, &d) ? float_from_double(d) : Ref<>();
  }
  if (is_str(v)) return float_from_text(as_str(v));
  if (has_buffer(v)) {
    BufferView view(v);
    return view.ok() ? float_from_bytes_text(v, view.view()) : Ref<>();
  }
  return raise(exc::TypeError, "float() argument must be a string or a real number, not '%T'", v);
}

constinit Type float_type{};
const TypeSpec float_spec = {
    .name = "float",
    .size = sizeof(Float),
    .flags = kTypeBase | kTypeImmutable | kTypeFloatSubclass | kTypeMatchSelf,
    .slots = float_slots(),
    .methods = kFloatMethods,
    .getsets = kGetSets,
    .doc = "float(x=0, /)\n\nConvert a string or number to a floating point number, if possible.",
    .signature = "(x=0, /)",
    .convert = to_float,
};

}  // namespace pt
