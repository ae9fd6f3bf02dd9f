// complex numbers.
#include "vm/types/complex.h"

#include <cmath>

#include "gc/heap/heap_inl.h"
#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/format.h"
#include "vm/types/int.h"
#include "vm/types/int_type.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/unicode.h"

namespace pt {

namespace {

struct Number {
  double re, im;
};

Number multiply(Number a, Number b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

// Smith's method; false for a zero divisor.
bool divide(Number a, Number b, Number* out) {
  double x = std::fabs(b.re), y = std::fabs(b.im);
  if (x >= y) {
    if (x == 0) return false;
    double ratio = b.im / b.re, scale = b.re + b.im * ratio;
    *out = {(a.re + a.im * ratio) / scale, (a.im - a.re * ratio) / scale};
  } else if (y >= x) {
    double ratio = b.re / b.im, scale = b.re * ratio + b.im;
    *out = {(a.re * ratio + a.im) / scale, (a.im * ratio - a.re) / scale};
  } else {
    *out = {std::nan(""), std::nan("")};
  }
  return true;
}

// False: zero to a negative or complex power.
bool raise_to(Number a, Number b, Number* out) {
  if (b.im == 0 && b.re == std::floor(b.re) && std::fabs(b.re) <= 100) {
    // Small whole exponents by squaring: faster and more exact.
    Number result{1, 0}, square = a;
    for (unsigned n = static_cast<unsigned>(std::fabs(b.re)); n; n >>= 1) {
      if (n & 1) result = multiply(result, square);
      square = multiply(square, square);
    }
    if (b.re > 0) {
      *out = result;
      return true;
    }
    return divide({1, 0}, result, out);
  }
  if (a.re == 0 && a.im == 0) {
    *out = {0, 0};
    return b.im == 0 && b.re >= 0;
  }
  double size = std::hypot(a.re, a.im), length = std::pow(size, b.re), angle = std::atan2(a.im, a.re);
  double phase = angle * b.re;
  if (b.im != 0) {
    length /= std::exp(angle * b.im);
    phase += b.im * std::log(size);
  }
  *out = {length * std::cos(phase), length * std::sin(phase)};
  return true;
}

Ref<> power(Number a, Number b) {
  Number result;
  if (!raise_to(a, b, &result)) return raise(exc::ZeroDivisionError, "0.0 to a negative or complex power");
  if (std::isinf(result.re) || std::isinf(result.im)) return raise(exc::OverflowError, "complex exponentiation");
  return complex_from_doubles(result.re, result.im);
}

// 1 converted, 0 not a number that mixes with complex, -1 error.
int operand(Value v, Number* out) {
  if (is_float(v)) {
    *out = {as_double(v), 0};
    return 1;
  }
  if (is_int(v)) {
    *out = {int_to_double(v), 0};
    return out->re == -1.0 && error_pending() ? -1 : 1;
  }
  if (!is_complex(v)) return 0;
  *out = {as_complex(v)->real, as_complex(v)->imaginary};
  return 1;
}

template <BinaryOp op>
Ref<> binary_slot(Value a, Value b) {
  Number x, y;
  int known = operand(a, &x);
  if (known > 0) known = operand(b, &y);
  if (known <= 0) return known == 0 ? not_implemented_ref() : Ref<>();
  switch (op) {
    case BinaryOp::kAdd: return complex_from_doubles(x.re + y.re, x.im + y.im);
    case BinaryOp::kSub: return complex_from_doubles(x.re - y.re, x.im - y.im);
    case BinaryOp::kMul: {
      Number result = multiply(x, y);
      return complex_from_doubles(result.re, result.im);
    }
    case BinaryOp::kTrueDiv: {
      Number result;
      if (!divide(x, y, &result)) return raise(exc::ZeroDivisionError, "complex division by zero");
      return complex_from_doubles(result.re, result.im);
    }
    default: return power(x, y);
  }
}
// Of an exact complex, float or small int.
PT_INLINE bool plain_number(Value v, Number* out) {
  if (PT_LIKELY(has_shape(v, kShape_complex))) {
    *out = {as_complex(v)->real, as_complex(v)->imaginary};
  } else if (is_exact_float(v)) {
    *out = {as_double(v), 0};
  } else if (v.is_small_int()) {
    *out = {static_cast<double>(v.as_small_int()), 0};
  } else {
    return false;
  }
  return true;
}
Ref<> power_slot(Value base, Value exponent, Value modulus) {
  if (given(modulus)) return raise(exc::ValueError, "complex modulo");
  return binary_slot<BinaryOp::kPow>(base, exponent);
}
Ref<> negative_slot(Value v) { return complex_from_doubles(-as_complex(v)->real, -as_complex(v)->imaginary); }
Ref<> positive_slot(Value v) {
  if (has_shape(v, kShape_complex)) return Ref<>::retain(v);
  return complex_from_doubles(as_complex(v)->real, as_complex(v)->imaginary);
}
Ref<> absolute_slot(Value v) {
  double re = as_complex(v)->real, im = as_complex(v)->imaginary;
  double size = std::isinf(re) || std::isinf(im) ? HUGE_VAL : std::hypot(re, im);
  if (std::isinf(size) && std::isfinite(re) && std::isfinite(im)) return raise(exc::OverflowError, "absolute value too large");
  return float_from_double(size);
}
int truth_slot(Value v) { return as_complex(v)->real != 0 || as_complex(v)->imaginary != 0; }

int64_t part_hash(double d, Value holder) {
  if (!std::isnan(d)) return float_hash(d);
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(holder.as_object()) >> 4);
}
int64_t hash_slot(Value v) {
  uint64_t h = static_cast<uint64_t>(part_hash(as_complex(v)->real, v)) +
               1000003u * static_cast<uint64_t>(part_hash(as_complex(v)->imaginary, v));
  return static_cast<int64_t>(h) == -1 ? -2 : static_cast<int64_t>(h);
}

Ref<> compare_slot(Value a, Value b, CompareOp op) {
  if (op != CompareOp::kEq && op != CompareOp::kNe) return not_implemented_ref();
  if (!is_complex(a)) std::swap(a, b);
  if (!is_complex(a)) return not_implemented_ref();
  double re = as_complex(a)->real, im = as_complex(a)->imaginary;
  bool same;
  if (is_int(b)) {
    same = im == 0 && !std::isnan(re) && int_compare_double(b, re) == 0;
  } else if (is_float(b)) {
    same = im == 0 && re == as_double(b);
  } else if (is_complex(b)) {
    same = re == as_complex(b)->real && im == as_complex(b)->imaginary;
  } else {
    return not_implemented_ref();
  }
  return bool_ref(same == (op == CompareOp::kEq));
}

Ref<> repr_slot(Value v) {
  double re = as_complex(v)->real, im = as_complex(v)->imaginary;
  bool imaginary_only = re == 0 && !std::signbit(re);
  FloatText second(im, 'r', 0, !imaginary_only, false, false);
  StrBuilder out;
  if (!imaginary_only) {
    FloatText first(re, 'r', 0, false, false, false);
    (void)out.append_code_point('(');
    (void)out.append_ascii(first.view());
  }
  (void)out.append_ascii(second.view());
  (void)out.append_ascii(imaginary_only ? "j" : "j)");
  return out.finish();
}

// ---- Construction --------------------------------------------------------------------------------------------------

bool parse_ascii(std::string_view s, Number* out) {
  auto skip_space = [&] {
    while (!s.empty() && unicode::is_space(static_cast<uint8_t>(s.front()))) s.remove_prefix(1);
  };
  auto take_j = [&] {
    if (s.empty() || (s[0] | 32) != 'j') return false;
    s.remove_prefix(1);
    return true;
  };
  skip_space();
  bool bracket = !s.empty() && s[0] == '(';
  if (bracket) {
    s.remove_prefix(1);
    skip_space();
  }
  *out = {0, 0};
  double z;
  size_t used = parse_float(s, &z);
  s.remove_prefix(used);
  bool sign = !s.empty() && (s[0] == '+' || s[0] == '-');
  if (used && !sign) {
    if (take_j()) {
      out->im = z;
    } else {
      out->re = z;
    }
  } else {
    // An imaginary part that may lack its digits: "1+j", "-j".
    if (used) {
      out->re = z;
      used = parse_float(s, &z);
    }
    if (used) {
      out->im = z;
      s.remove_prefix(used);
    } else {
      out->im = sign && s[0] == '-' ? -1 : 1;
      if (sign) s.remove_prefix(1);
    }
    if (!take_j()) return false;
  }
  skip_space();
  if (bracket) {
    if (s.empty() || s[0] != ')') return false;
    s.remove_prefix(1);
    skip_space();
  }
  return s.empty();
}

bool parse_text(Str* text, Number* out) {
  Ref<Str> plain = text->ascii ? Ref<Str>::retain(text) : str_to_ascii_digits(text);
  if (!plain) return false;
  constexpr const char* kMalformed = "complex() arg is a malformed string";
  if (!plain->ascii) return raise(exc::ValueError, kMalformed);
  std::string_view s = plain->ascii_view();
  if (s.find('_') == std::string_view::npos) return parse_ascii(s, out) || raise(exc::ValueError, kMalformed);
  char* copy = static_cast<char*>(memory::allocate(s.size()));
  if (!copy) return raise_no_memory();
  size_t size;
  bool ok = strip_underscores(s, copy, &size);
  bool parsed = ok && parse_ascii({copy, size}, out);
  memory::release(copy);
  if (!ok) return raise(exc::ValueError, "could not convert string to complex: %R", Value::object(text));
  return parsed || raise(exc::ValueError, kMalformed);
}

// What __complex__ gives: 1, 0 when there is none, -1 error.
int special_complex(Value v, Ref<>* out) {
  static constinit Name kComplex("__complex__");
  if (has_shape(v, kShape_complex)) {
    *out = Ref<>::retain(v);
    return 1;
  }
  Ref<> method = lookup_special(v, kComplex.str());
  if (!method) return error_pending() ? -1 : 0;
  *out = call0(method.value());
  if (!*out) return -1;
  if (!is_complex(out->value())) {
    (void)raise(exc::TypeError, "__complex__ returned non-complex (type %T)", out->value());
    return -1;
  }
  if (!has_shape(out->value(), kShape_complex) &&
      !warn(exc::DeprecationWarning, 1,
            "__complex__ returned non-complex (type %T).  The ability to return an instance of a strict subclass of complex "
            "is deprecated, and may be removed in a future version of Python.",
            out->value())) {
    return -1;
  }
  return 1;
}

bool has_real_value(Value v) {
  const Slots& slots = type_of(v)->slots;
  return slots.unary[static_cast<int>(UnaryOp::kFloat)] || slots.unary[static_cast<int>(UnaryOp::kIndex)];
}

Ref<> make(Type* type, Number n) {
  if (type == &complex_type) return complex_from_doubles(n.re, n.im);
  Ref<Complex> c = allocate<Complex>(type);
  if (!c) return Ref<>();
  c->real = n.re;
  c->imaginary = n.im;
  return c;
}

Ref<> construct_slot(Type* type, const Args& args) {
  Value bound[2];
  if (!bind_arguments("complex", "(real=0, imag=0)", args, bound)) return Ref<>();
  Value r = bound[0], i = bound[1];
  if (!r.empty() && i.empty() && type == &complex_type && has_shape(r, kShape_complex)) return Ref<>::retain(r);
  if (!r.empty() && is_str(r)) {
    if (!i.empty()) return raise(exc::TypeError, "complex() can't take second arg if first is a string");
    Number n;
    return parse_text(as_str(r), &n) ? make(type, n) : Ref<>();
  }
  if (!i.empty() && is_str(i)) return raise(exc::TypeError, "complex() second arg can't be a string");
  Number x{0, 0}, y{0, 0};
  bool y_complex = false;
  if (!r.empty()) {
    Ref<> converted;
    int special = special_complex(r, &converted);
    if (special < 0) return Ref<>();
    if (special > 0) {
      x = {as_complex(converted.value())->real, as_complex(converted.value())->imaginary};
    } else if (is_complex(r)) {
      x = {as_complex(r)->real, as_complex(r)->imaginary};
    } else if (!has_real_value(r)) {
      return raise(exc::TypeError, "complex() first argument must be a string or a number, not '%T'", r);
    } else if (!to_double(r, &x.re)) {
      return Ref<>();
    }
  }
  if (!i.empty()) {
    if (is_complex(i)) {
      y = {as_complex(i)->real, as_complex(i)->imaginary};
      y_complex = true;
    } else if (!has_real_value(i)) {
      return raise(exc::TypeError, "complex() second argument must be a number, not '%T'", i);
    } else if (!to_double(i, &y.re)) {
      return Ref<>();
    }
  }
  // real + imag * 1j, where either may be complex.
  Number result{x.re, x.im + y.re};
  if (i.empty()) result.im = x.im;
  if (!i.empty() && x.im == 0) result.im = y.re;
  if (y_complex) result.re -= y.im;
  return make(type, result);
}

Ref<> conjugate(const Value* a) { return complex_from_doubles(as_complex(a[0])->real, -as_complex(a[0])->imaginary); }
Ref<> to_complex_method(const Value* a) { return positive_slot(a[0]); }
Ref<> getnewargs(const Value* a) {
  Ref<> re = float_from_double(as_complex(a[0])->real);
  if (!re) return Ref<>();
  Ref<> im = float_from_double(as_complex(a[0])->imaginary);
  if (!im) return Ref<>();
  return tuple_of({re.value(), im.value()});
}
Ref<> format_method(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "__format__() argument must be str, not %T", a[1]);
  return format_complex(a[0], as_str(a[1]));
}
constexpr NativeDef kMethods[] = {
    {"conjugate", "($self, /)", conjugate, "Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j."},
    {"__complex__", "($self, /)", to_complex_method, "Convert this value to exact type complex."},
    {"__getnewargs__", "($self, /)", getnewargs},
    {"__format__", "($self, format_spec, /)", format_method, "Convert to a string according to format_spec."},
    {},
};
Ref<> get_real(Value v) { return float_from_double(as_complex(v)->real); }
Ref<> get_imag(Value v) { return float_from_double(as_complex(v)->imaginary); }
constexpr GetSetDef kGetSets[] = {
    {"real", get_real, nullptr, "the real part of a complex number"},
    {"imag", get_imag, nullptr, "the imaginary part of a complex number"},
    {},
};

constexpr Slots complex_slots() {
  Slots s{};
  s.binary[static_cast<int>(BinaryOp::kAdd)] = binary_slot<BinaryOp::kAdd>;
  s.binary[static_cast<int>(BinaryOp::kSub)] = binary_slot<BinaryOp::kSub>;
  s.binary[static_cast<int>(BinaryOp::kMul)] = binary_slot<BinaryOp::kMul>;
  s.binary[static_cast<int>(BinaryOp::kTrueDiv)] = binary_slot<BinaryOp::kTrueDiv>;
  s.binary[static_cast<int>(BinaryOp::kPow)] = binary_slot<BinaryOp::kPow>;
  s.power = power_slot;
  s.unary[static_cast<int>(UnaryOp::kNeg)] = negative_slot;
  s.unary[static_cast<int>(UnaryOp::kPos)] = positive_slot;
  s.unary[static_cast<int>(UnaryOp::kAbs)] = absolute_slot;
  s.truth = truth_slot;
  s.hash = hash_slot;
  s.compare = compare_slot;
  s.repr = repr_slot;
  s.construct = construct_slot;
  return s;
}

}  // namespace

Ref<> complex_from_doubles(double real, double imaginary) {
  Object* o = allocate_object_inline(kShape_complex, sizeof(Complex), false, false);
  if (PT_UNLIKELY(!o)) return raise_no_memory();
  static_cast<Complex*>(o)->real = real;
  static_cast<Complex*>(o)->imaginary = imaginary;
  return Ref<>::steal(Value::object(o));
}

bool complex_operation(BinaryOp op, Value a, Value b, Ref<>* result) {
  Number x, y;
  if (!plain_number(a, &x) || !plain_number(b, &y)) return false;
  switch (op) {
    case BinaryOp::kAdd: *result = complex_from_doubles(x.re + y.re, x.im + y.im); return true;
    case BinaryOp::kSub: *result = complex_from_doubles(x.re - y.re, x.im - y.im); return true;
    case BinaryOp::kMul: {
      Number product = multiply(x, y);
      *result = complex_from_doubles(product.re, product.im);
      return true;
    }
    default: return false;
  }
}

Ref<> complex_power_of_floats(double base, double exponent) { return power({base, 0}, {exponent, 0}); }

bool to_complex(Value v, double* real, double* imaginary) {
  Ref<> converted;
  int special = is_complex(v) ? 0 : special_complex(v, &converted);
  if (special < 0) return false;
  if (special > 0 || is_complex(v)) {
    Complex* c = as_complex(special > 0 ? converted.value() : v);
    *real = c->real;
    *imaginary = c->imaginary;
    return true;
  }
  *imaginary = 0;
  return to_double(v, real);
}

constinit Type complex_type{};
const TypeSpec complex_spec = {
    .name = "complex",
    .size = sizeof(Complex),
    .flags = kTypeBase | kTypeImmutable,
    .slots = complex_slots(),
    .methods = kMethods,
    .getsets = kGetSets,
    .doc =
        "complex(real=0, imag=0)\n\nA complex number from a real part and an imaginary one; either may itself be complex, "
        "and text may stand for both.",
    .signature = "(real=0, imag=0)",
};

}  // namespace pt
