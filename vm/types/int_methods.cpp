// Methods and attributes of int; bool.
#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/format.h"
#include "vm/types/int_limbs.h"
#include "vm/types/int_type.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

Ref<> int_from_bytes(const uint8_t* data, size_t size, bool little_endian, bool is_signed) {
  int64_t n = static_cast<int64_t>((size + 7) / 8);
  if (n == 0) return Ref<>::steal(Value::small_int(0));
  IntResult out(n);
  if (!out.ok()) return Ref<>();
  uint64_t* limbs = out.data();
  limbs[n - 1] = 0;
  uint8_t* raw = reinterpret_cast<uint8_t*>(limbs);
  if (little_endian) {
    memcpy(raw, data, size);
  } else {
    for (size_t i = 0; i < size; i++) raw[i] = data[size - 1 - i];
  }
  bool negative = is_signed && (raw[size - 1] & 0x80);
  if (negative) {
    for (size_t i = size; i < static_cast<size_t>(n) * 8; i++) raw[i] = 0xFF;
    mpn_neg(out.limbs(), out.limbs(), n);
  }
  return out.finish(negative, n);
}

bool int_to_bytes(Value v, uint8_t* out, size_t size, bool little_endian, bool is_signed) {
  IntView view(v);
  int64_t bits = bit_length(view);
  bool negative = view.negative() && view.limb_count();
  if (negative && !is_signed) return false;
  if (is_signed && bits) {
    // -2^(8n-1) fits in n bytes, 2^(8n-1) does not.
    bool power = negative && (view.limbs()[view.limb_count() - 1] & (view.limbs()[view.limb_count() - 1] - 1)) == 0;
    for (int64_t i = 0; power && i < view.limb_count() - 1; i++) power = view.limbs()[i] == 0;
    if (!power) bits++;
  }
  if (bits > static_cast<int64_t>(size) * 8) return false;
  const uint8_t* raw = reinterpret_cast<const uint8_t*>(view.limbs());
  size_t have = static_cast<size_t>(view.limb_count()) * 8;
  unsigned carry = 1;
  for (size_t i = 0; i < size; i++) {
    unsigned byte = i < have ? raw[i] : 0;
    if (negative) {
      byte = (~byte & 0xFF) + carry;
      carry = byte >> 8;
    }
    out[little_endian ? i : size - 1 - i] = static_cast<uint8_t>(byte);
  }
  return true;
}

namespace {

Ref<> int_bit_length_method(const Value* a) { return int_from_int64(int_bit_length(a[0])); }
Ref<> int_bit_count(const Value* a) {
  IntView view(a[0]);
  int64_t count = 0;
  for (int64_t i = 0; i < view.limb_count(); i++) count += __builtin_popcountll(view.limbs()[i]);
  return int_from_int64(count);
}
Ref<> int_conjugate(const Value* a) { return int_exact(a[0]); }
Ref<> int_to_integral(const Value* a) { return int_exact(a[0]); }
Ref<> int_as_integer_ratio(const Value* a) {
  Ref<> numerator = int_exact(a[0]);
  if (!numerator) return Ref<>();
  return tuple_of({numerator.value(), Value::small_int(1)});
}

// 1 for "little", 0 for "big", -1 error.
int byte_order(const char* method, Value order) {
  if (order.empty()) return 0;
  if (!is_str(order)) {
    (void)raise(exc::TypeError, "%s() argument 'byteorder' must be str, not %T", method, order);
    return -1;
  }
  if (as_str(order)->equals_ascii("little")) return 1;
  if (as_str(order)->equals_ascii("big")) return 0;
  (void)raise(exc::ValueError, "byteorder must be either 'little' or 'big'");
  return -1;
}

Ref<> int_to_bytes_method(const Value* a) {
  int64_t size = 1;
  if (!a[1].empty() && !to_size(a[1], &size)) return Ref<>();
  int little = byte_order("to_bytes", a[2]);
  if (little < 0) return Ref<>();
  bool is_signed = false;
  if (!a[3].empty() && !to_bool(a[3], &is_signed)) return Ref<>();
  if (size < 0) return raise(exc::ValueError, "length argument must be non-negative");
  if (int_sign(a[0]) < 0 && !is_signed) return raise(exc::OverflowError, "can't convert negative int to unsigned");
  Ref<Bytes> out = bytes_allocate(size);
  if (!out) return Ref<>();
  if (size == 0 && int_sign(a[0]) == 0) return out;
  if (!int_to_bytes(a[0], out->data, static_cast<size_t>(size), little == 1, is_signed)) {
    return raise(exc::OverflowError, "int too big to convert");
  }
  return out;
}

Ref<> int_from_bytes_method(const Value* a) {
  int little = byte_order("from_bytes", a[2]);
  if (little < 0) return Ref<>();
  bool is_signed = false;
  if (!a[3].empty() && !to_bool(a[3], &is_signed)) return Ref<>();
  Ref<> bytes = bytes_from_object(a[1]);
  if (!bytes) return Ref<>();
  Bytes* data = as_bytes(bytes.value());
  Ref<> result = int_from_bytes(data->data, static_cast<size_t>(data->length), little == 1, is_signed);
  if (!result || a[0].is(&int_type)) return result;
  return call1(a[0], result.value());
}

// Half-even rounding to a multiple of a power of ten.
Ref<> int_round(const Value* a) {
  if (a[1].empty()) return int_exact(a[0]);
  Ref<> digits = index(a[1]);
  if (!digits) return Ref<>();
  if (int_sign(digits.value()) >= 0) return int_exact(a[0]);
  Ref<> places = int_binary(BinaryOp::kSub, Value::small_int(0), digits.value());
  if (!places) return Ref<>();
  int64_t n;
  // Rounding to a unit beyond ten times the number gives 0 without computing the power.
  if (!int_to_int64(places.value(), &n) || n > int_bit_length(a[0]) / 3 + 2) return Ref<>::steal(Value::small_int(0));
  Ref<> unit = int_power(Value::small_int(10), places.value(), Value());
  if (!unit) return Ref<>();
  Ref<> quotient = int_binary(BinaryOp::kFloorDiv, a[0], unit.value());
  if (!quotient) return Ref<>();
  Ref<> remainder = int_binary(BinaryOp::kMod, a[0], unit.value());
  if (!remainder) return Ref<>();
  Ref<> twice = int_binary(BinaryOp::kAdd, remainder.value(), remainder.value());
  if (!twice) return Ref<>();
  int order = int_compare(twice.value(), unit.value());
  IntView q(quotient.value());
  bool odd = q.limb_count() && (q.limbs()[0] & 1);
  if (order > 0 || (order == 0 && odd)) {
    quotient = int_binary(BinaryOp::kAdd, quotient.value(), Value::small_int(1));
    if (!quotient) return Ref<>();
  }
  return int_binary(BinaryOp::kMul, quotient.value(), unit.value());
}

Ref<> int_getnewargs(const Value* a) {
  Ref<> value = int_exact(a[0]);
  return value ? Ref<>(tuple_of({value.value()})) : Ref<>();
}
Ref<> int_sizeof(const Value* a) {
  return int_from_int64(a[0].is_small_int() ? 24 : static_cast<int64_t>(sizeof(Int)) + 8 * IntView(a[0]).limb_count());
}
Ref<> int_format_method(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "__format__() argument must be str, not %T", a[1]);
  return format_int(a[0], as_str(a[1]));
}

Ref<> get_real(Value v) { return int_exact(v); }
Ref<> get_imag(Value) { return Ref<>::steal(Value::small_int(0)); }
Ref<> get_denominator(Value) { return Ref<>::steal(Value::small_int(1)); }

}  // namespace

const NativeDef kIntMethods[] = {
    {"conjugate", "($self, /)", int_conjugate, "Returns self, the complex conjugate of any int."},
    {"bit_length", "($self, /)", int_bit_length_method,
     "Number of bits necessary to represent self in binary.\n\n>>> (1023).bit_length(), (1024).bit_length()\n(10, 11)"},
    {"bit_count", "($self, /)", int_bit_count,
     "Number of ones in the binary representation of the absolute value of self.\n\n>>> (0b10110).bit_count()\n3"},
    {"to_bytes", "($self, /, length=1, byteorder='big', *, signed=False)", int_to_bytes_method,
     "Return an array of bytes representing an integer."},
    {"from_bytes", "($type, /, bytes, byteorder='big', *, signed=False)", int_from_bytes_method,
     "Return the integer represented by the given array of bytes.", kClassMethod},
    {"as_integer_ratio", "($self, /)", int_as_integer_ratio,
     "Return a pair of integers whose ratio is equal to the int.\n\n>>> (-7).as_integer_ratio()\n(-7, 1)"},
    {"__trunc__", "($self, /)", int_to_integral, "Truncating an Integral returns itself."},
    {"__floor__", "($self, /)", int_to_integral, "Flooring an Integral returns itself."},
    {"__ceil__", "($self, /)", int_to_integral, "Ceiling of an Integral returns itself."},
    {"__round__", "($self, ndigits=<unrepresentable>, /)", int_round,
     "Rounding an Integral returns itself. Rounding with an ndigits argument also returns an integer."},
    {"__getnewargs__", "($self, /)", int_getnewargs},
    {"__format__", "($self, format_spec, /)", int_format_method, "Convert to a string according to format_spec."},
    {"__sizeof__", "($self, /)", int_sizeof, "Returns size in memory, in bytes."},
    {},
};
const GetSetDef kIntGetSets[] = {
    {"real", get_real, nullptr, "the real part of a complex number"},
    {"imag", get_imag, nullptr, "the imaginary part of a complex number"},
    {"numerator", get_real, nullptr, "the numerator of a rational number in lowest terms"},
    {"denominator", get_denominator, nullptr, "the denominator of a rational number in lowest terms"},
    {},
};

// ---- bool ----------------------------------------------------------------------------------------------------------
namespace {

Ref<> bool_repr(Value v) { return Ref<Str>::steal(intern(is_true(v) ? "True" : "False")); }

template <BinaryOp op>
Ref<> bool_logic(Value a, Value b) {
  if (!is_int(a) || !is_int(b)) return not_implemented_ref();
  if (!is_bool(a) || !is_bool(b)) return int_binary(op, a, b);
  bool x = is_true(a), y = is_true(b);
  return bool_ref(op == BinaryOp::kAnd ? x && y : op == BinaryOp::kOr ? x || y : x != y);
}

Ref<> to_bool_value(const Value* a) {
  int result = truth(a[0]);
  return result < 0 ? Ref<>() : bool_ref(result);
}
Ref<> bool_construct(Type*, const Args& args) {
  if (args.keyword_count()) return raise(exc::TypeError, "bool() takes no keyword arguments");
  if (args.count > 1) return raise(exc::TypeError, "bool expected at most 1 argument, got %d", static_cast<int>(args.count));
  if (args.count == 0) return bool_ref(false);
  return to_bool_value(args.values);
}

constexpr Slots bool_slots() {
  Slots s{};
  s.binary[static_cast<int>(BinaryOp::kAnd)] = bool_logic<BinaryOp::kAnd>;
  s.binary[static_cast<int>(BinaryOp::kOr)] = bool_logic<BinaryOp::kOr>;
  s.binary[static_cast<int>(BinaryOp::kXor)] = bool_logic<BinaryOp::kXor>;
  s.repr = bool_repr;
  s.construct = bool_construct;
  return s;
}

}  // namespace

constinit Type bool_type{};
const TypeSpec bool_spec = {
    .name = "bool",
    .size = sizeof(Int),
    .item_size = 8,
    .flags = kTypeVarSize | kTypeImmutable | kTypeIntSubclass | kTypeMatchSelf,
    .base = &int_type,
    .slots = bool_slots(),
    .doc = "bool(x) -> bool\n\nTrue when x is true, False otherwise. True and False are the only two instances.",
    .convert = to_bool_value,
};

}  // namespace pt
