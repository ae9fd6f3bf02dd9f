// int: construction, conversion, comparison, hashing, and the type.
#include "vm/types/int.h"

#include <atomic>

#include "vm/object/buffer.h"
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/int_limbs.h"
#include "vm/types/int_type.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

Ref<> int_box(int64_t i) {
  uint64_t magnitude = i < 0 ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i);
  return int_from_limbs(i < 0, &magnitude, 1);
}

Ref<> int_from_uint64(uint64_t i) {
  if (PT_LIKELY(i <= static_cast<uint64_t>(Value::kMaxSmallInt))) return Ref<>::steal(Value::small_int(static_cast<int64_t>(i)));
  return int_from_limbs(false, &i, 1);
}

Ref<> int_from_limbs(bool negative, const uint64_t* limbs, int64_t count) {
  while (count > 0 && limbs[count - 1] == 0) count--;
  if (count == 0) return Ref<>::steal(Value::small_int(0));
  if (count == 1 && limbs[0] <= static_cast<uint64_t>(Value::kMaxSmallInt) + negative) {
    int64_t i = static_cast<int64_t>(limbs[0]);
    return Ref<>::steal(Value::small_int(negative ? -i : i));
  }
  IntResult out(count);
  if (!out.ok()) return Ref<>();
  memcpy(out.data(), limbs, static_cast<size_t>(count) * 8);
  return out.finish(negative, count);
}

Ref<> int_from_double(double d) {
  if (PT_LIKELY(d > -0x1p62 && d < 0x1p62)) return Ref<>::steal(Value::small_int(static_cast<int64_t>(d)));
  if (std::isinf(d)) return raise(exc::OverflowError, "cannot convert float infinity to integer");
  if (std::isnan(d)) return raise(exc::ValueError, "cannot convert float NaN to integer");
  int exponent;
  double fraction = std::frexp(std::fabs(d), &exponent);  // |d| = fraction * 2^exponent, exponent > 62
  uint64_t mantissa = static_cast<uint64_t>(std::ldexp(fraction, 53));
  int shift = exponent - 53;
  uint64_t limbs[18] = {};
  limbs[shift / 64] = mantissa << (shift % 64);
  if (shift % 64) limbs[shift / 64 + 1] = mantissa >> (64 - shift % 64);
  return int_from_limbs(d < 0, limbs, 18);
}

bool int_to_int64(Value v, int64_t* out) {
  if (PT_LIKELY(v.is_small_int())) {
    *out = v.as_small_int();
    return true;
  }
  IntView view(v);
  if (view.limb_count() > 1) return false;
  uint64_t low = view.limb_count() ? view.limbs()[0] : 0;
  if (view.negative()) {
    if (low > uint64_t{1} << 63) return false;
    *out = static_cast<int64_t>(0 - low);
  } else {
    if (low > static_cast<uint64_t>(INT64_MAX)) return false;
    *out = static_cast<int64_t>(low);
  }
  return true;
}

bool int_to_uint64(Value v, uint64_t* out) {
  IntView view(v);
  if (view.limb_count() > 1 || (view.negative() && view.limb_count())) return false;
  *out = view.limb_count() ? view.limbs()[0] : 0;
  return true;
}

double int_to_double(Value v) {
  if (v.is_small_int()) return static_cast<double>(v.as_small_int());
  IntView view(v);
  int64_t n = view.limb_count();
  if (n == 0) return 0.0;
  const uint64_t* limbs = view.limbs();
  int shift = __builtin_clzll(limbs[n - 1]);
  uint64_t top = limbs[n - 1] << shift;
  bool sticky = false;
  if (n > 1) {
    if (shift) top |= limbs[n - 2] >> (64 - shift);
    sticky = (limbs[n - 2] << shift) != 0;
    for (int64_t i = 0; !sticky && i < n - 2; i++) sticky = limbs[i] != 0;
  }
  double d = n > 20 ? HUGE_VAL : round_to_double(top, (n - 1) * 64 - shift, sticky);
  if (std::isinf(d)) {
    (void)raise(exc::OverflowError, "int too large to convert to float");
    return -1.0;
  }
  return view.negative() ? -d : d;
}

int int_sign(Value v) {
  if (v.is_small_int()) return v.as_small_int() < 0 ? -1 : v.as_small_int() > 0;
  int64_t size = reinterpret_cast<const Int*>(v.as_object())->size;
  return size < 0 ? -1 : size > 0;
}

int64_t int_hash(Value v) {
  constexpr uint64_t kModulus = (uint64_t{1} << 61) - 1;
  IntView view(v);
  uint64_t h = view.limb_count() == 0   ? 0
               : view.limb_count() == 1 ? view.limbs()[0] % kModulus
                                        : mpn_mod_1(mp(view), view.limb_count(), kModulus);
  int64_t result = static_cast<int64_t>(h);
  if (view.negative()) result = -result;
  return result == -1 ? -2 : result;
}

int64_t int_bit_length(Value v) { return bit_length(IntView(v)); }

int int_compare(Value a, Value b) {
  if (a.is_small_int() && b.is_small_int()) {
    int64_t x = a.as_small_int(), y = b.as_small_int();
    return x < y ? -1 : x > y;
  }
  IntView x(a), y(b);
  int sign_x = int_sign(a), sign_y = int_sign(b);
  if (sign_x != sign_y) return sign_x < sign_y ? -1 : 1;
  int order;
  if (x.limb_count() != y.limb_count()) {
    order = x.limb_count() < y.limb_count() ? -1 : 1;
  } else {
    order = x.limb_count() ? mpn_cmp(mp(x), mp(y), x.limb_count()) : 0;
    order = order < 0 ? -1 : order > 0;
  }
  return sign_x < 0 ? -order : order;
}

int int_compare_double(Value v, double d) {
  if (std::isinf(d)) return d > 0 ? -1 : 1;
  if (v.is_small_int() && std::llabs(v.as_small_int()) <= int64_t{1} << 53) {
    double i = static_cast<double>(v.as_small_int());
    return i < d ? -1 : i > d;
  }
  int sign = int_sign(v), sign_d = d < 0 ? -1 : d > 0;
  if (sign != sign_d) return sign < sign_d ? -1 : 1;
  if (sign == 0) return 0;
  int exponent;
  (void)std::frexp(d, &exponent);  // 2^(exponent-1) <= |d| < 2^exponent
  int64_t bits = int_bit_length(v);
  if (bits != exponent) return (bits < exponent ? -1 : 1) * sign;
  // Same magnitude: at most 1024 bits. Compares |v| with the integer part of |d|, then the fraction decides.
  double whole = std::trunc(std::fabs(d));
  int e;
  uint64_t mantissa = static_cast<uint64_t>(std::ldexp(std::frexp(whole, &e), 53));
  uint64_t limbs[18] = {};
  int shift = e - 53;
  if (shift < 0) {
    limbs[0] = mantissa >> -shift;
  } else {
    limbs[shift / 64] = mantissa << (shift % 64);
    if (shift % 64) limbs[shift / 64 + 1] = mantissa >> (64 - shift % 64);
  }
  IntView view(v);
  int64_t n = view.limb_count();
  int order = mpn_cmp(mp(view), mp(limbs), n);
  if (order == 0 && whole != std::fabs(d)) order = -1;
  return order < 0 ? -sign : order > 0 ? sign : 0;
}

Ref<> int_exact(Value v) {
  if (is_exact_int(v)) return Ref<>::retain(v);
  IntView view(v);
  return int_from_limbs(view.negative(), view.limbs(), view.limb_count());
}

namespace {

// What __int__, __index__ and __trunc__ gave must be an int; one of a subclass is tolerated with a warning.
Ref<> checked_int(Ref<> result, const char* method) {
  if (!result) return result;
  if (is_exact_int(result.value())) return result;
  if (!is_int(result.value())) return raise(exc::TypeError, "%s returned non-int (type %T)", method, result.value());
  if (!warn(exc::DeprecationWarning, 1,
            "%s returned non-int (type %T).  The ability to return an instance of a strict subclass of int is deprecated, "
            "and may not be supported in a future version of Python.",
            method, result.value())) {
    return Ref<>();
  }
  return int_exact(result.value());
}

}  // namespace

Ref<> int_from_object(Value v) {
  if (is_exact_int(v)) return Ref<>::retain(v);
  const Slots& slots = type_of(v)->slots;
  if (auto to_int = slots.unary[static_cast<int>(UnaryOp::kInt)]) return checked_int(to_int(v), "__int__");
  if (slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    Ref<> result = index(v);
    return result ? int_exact(result.value()) : std::move(result);
  }
  static constinit Name kTrunc("__trunc__");
  Ref<> trunc = lookup_special(v, kTrunc.str());
  if (trunc) {
    if (!warn(exc::DeprecationWarning, 1, "The delegation of int() to __trunc__ is deprecated.")) return Ref<>();
    Ref<> result = call0(trunc.value());
    if (!result || is_exact_int(result.value())) return result;
    if (is_int(result.value())) return int_exact(result.value());
    if (!type_of(result.value())->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
      return raise(exc::TypeError, "__trunc__ returned non-Integral (type %T)", result.value());
    }
    Ref<> integral = index(result.value());
    return integral ? int_exact(integral.value()) : std::move(integral);
  }
  if (error_pending()) return Ref<>();
  if (is_str(v)) return int_from_text(as_str(v), 10);
  if (has_buffer(v)) {
    BufferView view(v);
    return view.ok() ? int_from_byte_text(v, view.view(), 10) : Ref<>();
  }
  return raise(exc::TypeError, "int() argument must be a string, a bytes-like object or a real number, not '%T'", v);
}

namespace {

template <BinaryOp op>
Ref<> binary_slot(Value a, Value b) {
  if (PT_UNLIKELY(!is_int(a) || !is_int(b))) return not_implemented_ref();
  return int_binary(op, a, b);
}
Ref<> power_slot(Value base, Value exponent, Value modulus) {
  if (!is_int(base) || !is_int(exponent)) return not_implemented_ref();
  if (!modulus.empty() && !is_none(modulus) && !is_int(modulus)) return not_implemented_ref();
  return int_power(base, exponent, given(modulus) ? modulus : Value());
}
Ref<> negative_slot(Value v) {
  if (v.is_small_int()) return int_from_int64(-v.as_small_int());
  IntView view(v);
  return int_from_limbs(!view.negative(), view.limbs(), view.limb_count());
}
Ref<> absolute_slot(Value v) { return int_sign(v) < 0 ? negative_slot(v) : int_exact(v); }
Ref<> invert_slot(Value v) {
  if (v.is_small_int()) return Ref<>::steal(Value::small_int(~v.as_small_int()));
  Ref<> negated = negative_slot(v);
  return negated ? int_binary(BinaryOp::kSub, negated.value(), Value::small_int(1)) : Ref<>();
}
Ref<> float_slot(Value v) {
  double d = int_to_double(v);
  if (d == -1.0 && error_pending()) return Ref<>();
  return float_from_double(d);
}
Ref<> compare_slot(Value a, Value b, CompareOp op) {
  if (!is_int(a) || !is_int(b)) return not_implemented_ref();
  return bool_ref(compare_result(int_compare(a, b), op));
}
Ref<> repr_slot(Value v) { return int_to_str(v); }
int truth_slot(Value v) { return int_sign(v) != 0; }

// An instance of a subclass of int.
Ref<> subclass_instance(Type* type, Value exact) {
  IntView view(exact);
  Ref<Int> out = allocate<Int>(type, static_cast<size_t>(view.limb_count()));
  if (!out) return Ref<>();
  out->size = view.negative() ? -view.limb_count() : view.limb_count();
  memcpy(out->limbs, view.limbs(), static_cast<size_t>(view.limb_count()) * 8);
  return out;
}

Ref<> to_int(const Value* a) { return int_from_object(a[0]); }
// int(x=0, /, base=10)
Ref<> construct_slot(Type* type, const Args& args) {
  Value x, base;
  if (args.total() > 2)
    return raise(exc::TypeError, "int() takes at most 2 arguments (%d given)", static_cast<int>(args.total()));
  if (args.count > 0) x = args.values[0];
  if (args.count > 1) base = args.values[1];
  for (uint32_t i = 0; i < args.keyword_count(); i++) {
    Str* name = as_str(args.names->at(i));
    if (!name->equals_ascii("base")) return raise(exc::TypeError, "'%U' is an invalid keyword argument for int()", name);
    if (!base.empty()) return raise(exc::TypeError, "argument for int() given by name ('base') and position (2)");
    base = args.values[args.count + i];
  }
  Ref<> result;
  if (base.empty()) {
    result = x.empty() ? Ref<>::steal(Value::small_int(0)) : int_from_object(x);
  } else {
    if (x.empty()) return raise(exc::TypeError, "int() missing string argument");
    int64_t radix;
    Ref<> number = index(base);
    if (!number) return Ref<>();
    if (!int_to_int64(number.value(), &radix) || (radix != 0 && (radix < 2 || radix > 36)))
      return raise(exc::ValueError, "int() base must be >= 2 and <= 36, or 0");
    if (is_str(x)) {
      result = int_from_text(as_str(x), static_cast<int>(radix));
    } else if (is_bytes(x) || is_bytearray(x)) {
      BufferView view(x);
      if (!view.ok()) return Ref<>();
      result = int_from_byte_text(x, view.view(), static_cast<int>(radix));
    } else {
      return raise(exc::TypeError, "int() can't convert non-string with explicit base");
    }
  }
  if (!result || type == &int_type) return result;
  return subclass_instance(type, result.value());
}

template <BinaryOp... ops>
constexpr void set_binary(Slots& s) {
  ((s.binary[static_cast<int>(ops)] = binary_slot<ops>), ...);
}

constexpr Slots int_slots() {
  Slots s{};
  set_binary<BinaryOp::kAdd, BinaryOp::kSub, BinaryOp::kMul, BinaryOp::kTrueDiv, BinaryOp::kFloorDiv, BinaryOp::kMod,
             BinaryOp::kPow, BinaryOp::kLshift, BinaryOp::kRshift, BinaryOp::kAnd, BinaryOp::kOr, BinaryOp::kXor,
             BinaryOp::kDivmod>(s);
  s.power = power_slot;
  s.unary[static_cast<int>(UnaryOp::kNeg)] = negative_slot;
  s.unary[static_cast<int>(UnaryOp::kPos)] = int_exact;
  s.unary[static_cast<int>(UnaryOp::kInvert)] = invert_slot;
  s.unary[static_cast<int>(UnaryOp::kAbs)] = absolute_slot;
  s.unary[static_cast<int>(UnaryOp::kInt)] = int_exact;
  s.unary[static_cast<int>(UnaryOp::kFloat)] = float_slot;
  s.unary[static_cast<int>(UnaryOp::kIndex)] = int_exact;
  s.truth = truth_slot;
  s.hash = int_hash;
  s.compare = compare_slot;
  s.repr = repr_slot;
  s.construct = construct_slot;
  return s;
}

}  // namespace

constinit Type int_type{};
const TypeSpec int_spec = {
    .name = "int",
    .size = sizeof(Int),
    .item_size = 8,
    .flags = kTypeBase | kTypeVarSize | kTypeImmutable | kTypeIntSubclass | kTypeMatchSelf,
    .slots = int_slots(),
    .methods = kIntMethods,
    .getsets = kIntGetSets,
    .doc =
        "int([x]) -> integer\nint(x, base=10) -> integer\n\n"
        "A whole number of any size, from a number (truncated towards zero) or from text in the given base.\n"
        "Base 0 means to go by the prefix, as in source code.\n\n>>> int('0o17', base=0)\n15",
    .convert = to_int,
};

}  // namespace pt
