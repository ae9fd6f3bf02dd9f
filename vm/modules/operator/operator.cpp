// _operator: the operators of the language as functions.
#include "vm/modules/operator/operator.h"

#include <cstring>

#include "vm/modules/support.h"
#include "vm/object/buffer.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

namespace pt {
namespace {

template <BinaryOp Op>
Ref<> binary(const Value* a) {
  return binary_operation(Op, a[1], a[2]);
}
template <BinaryOp Op>
Ref<> inplace(const Value* a) {
  return inplace_operation(Op, a[1], a[2]);
}
template <UnaryOp Op>
Ref<> unary(const Value* a) {
  return unary_operation(Op, a[1]);
}
template <CompareOp Op>
Ref<> comparison(const Value* a) {
  return compare(a[1], a[2], Op);
}

Ref<> truth_result(int t) { return t < 0 ? Ref<>() : bool_ref(t); }
Ref<> operator_truth(const Value* a) { return truth_result(truth(a[1])); }
Ref<> operator_not(const Value* a) {
  int t = truth(a[1]);
  return t < 0 ? Ref<>() : bool_ref(!t);
}
Ref<> operator_is(const Value* a) { return bool_ref(a[1].same(a[2])); }
Ref<> operator_is_not(const Value* a) { return bool_ref(!a[1].same(a[2])); }
Ref<> operator_contains(const Value* a) { return truth_result(contains(a[1], a[2])); }
Ref<> operator_index(const Value* a) { return index(a[1]); }
Ref<> operator_pow(const Value* a) { return power(a[1], a[2], none()); }

bool is_sequence(Value v) { return type_of(v)->slots.get_item && !is_dict(v); }
Ref<> operator_concat(const Value* a) {
  auto slot = type_of(a[1])->slots.concat;
  if (slot) return slot(a[1], a[2]);
  if (is_sequence(a[1]) && is_sequence(a[2])) return binary_operation(BinaryOp::kAdd, a[1], a[2]);
  return raise(exc::TypeError, "'%T' object can't be concatenated", a[1]);
}
Ref<> operator_iconcat(const Value* a) {
  const Slots& slots = type_of(a[1])->slots;
  if (auto slot = slots.inplace_concat) return slot(a[1], a[2]);
  if (auto slot = slots.concat) return slot(a[1], a[2]);
  if (is_sequence(a[1]) && is_sequence(a[2])) return inplace_operation(BinaryOp::kAdd, a[1], a[2]);
  return raise(exc::TypeError, "'%T' object can't be concatenated", a[1]);
}

Ref<> operator_get_item(const Value* a) { return get_item(a[1], a[2]); }
Ref<> operator_set_item(const Value* a) { return set_item(a[1], a[2], a[3]) ? none_ref() : Ref<>(); }
Ref<> operator_del_item(const Value* a) { return delete_item(a[1], a[2]) ? none_ref() : Ref<>(); }

Ref<> operator_count_of(const Value* a) {
  int64_t count = 0;
  Value wanted = a[2];
  bool ok = for_each(a[1], [&](Value v) {
    int same = equal(v, wanted);
    count += same > 0;
    return same >= 0;
  });
  return ok ? int_from_int64(count) : Ref<>();
}
Ref<> operator_index_of(const Value* a) {
  Ref<> iterator = get_iter(a[1]);
  if (!iterator) return iterator;
  for (int64_t i = 0;; ++i) {
    Ref<> item = advance(iterator.value());
    if (!item) break;
    int same = equal(item.value(), a[2]);
    if (same < 0) return Ref<>();
    if (same) return int_from_int64(i);
  }
  if (error_pending()) return Ref<>();
  return raise(exc::ValueError, "sequence.index(x): x not in sequence");
}

Ref<> operator_length_hint(const Value* a) {
  int64_t fallback = 0;
  if (!a[2].empty()) {
    if (!is_int(a[2]) && !type_of(a[2])->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
      return raise(exc::TypeError, "'%T' object cannot be interpreted as an integer", a[2]);
    }
    if (!to_ssize(a[2], &fallback)) return Ref<>();
  }
  int64_t hint = length_hint(a[1], fallback);
  if (hint == -1 && error_pending()) return Ref<>();
  return int_from_int64(hint);
}

Ref<> operator_call_native(const Value* a) { return call_tuple_dict(a[1], a[2], a[3]); }

// Time depends on the length of `b` only.
bool equal_in_constant_time(const uint8_t* a, int64_t a_size, const uint8_t* b, int64_t b_size) {
  volatile const uint8_t* left = a_size == b_size ? a : b;
  volatile const uint8_t* right = b;
  volatile uint8_t difference = a_size == b_size ? 0 : 1;
  for (int64_t i = 0; i < b_size; ++i) difference = difference | static_cast<uint8_t>(left[i] ^ right[i]);
  return difference == 0;
}
Ref<> operator_compare_digest(const Value* a) {
  if (is_str(a[1]) && is_str(a[2])) {
    Str* left = as_str(a[1]);
    Str* right = as_str(a[2]);
    if (!left->ascii || !right->ascii) {
      return raise(exc::TypeError, "comparing strings with non-ASCII characters is not supported");
    }
    return bool_ref(equal_in_constant_time(left->data1(), left->length, right->data1(), right->length));
  }
  if (!has_buffer(a[1]) && !has_buffer(a[2])) {
    return raise(exc::TypeError, "unsupported operand types(s) or combination of types: '%T' and '%T'", a[1], a[2]);
  }
  BufferView left(a[1]);
  if (!left.ok()) return Ref<>();
  BufferView right(a[2]);
  if (!right.ok()) return Ref<>();
  return bool_ref(equal_in_constant_time(left.data(), left.size(), right.data(), right.size()));
}

#define BINARY(name, op, doc) {name, "($module, a, b, /)", binary<BinaryOp::op>, doc}
#define INPLACE(name, op, doc) {name, "($module, a, b, /)", inplace<BinaryOp::op>, doc}
#define COMPARE(name, op, doc) {name, "($module, a, b, /)", comparison<CompareOp::op>, doc}
const NativeDef kFunctions[] = {
    {"truth", "($module, a, /)", operator_truth, "Return True if a is true, False otherwise."},
    {"contains", "($module, a, b, /)", operator_contains, "Same as b in a (note reversed operands)."},
    {"indexOf", "($module, a, b, /)", operator_index_of, "Return the first index of b in a."},
    {"countOf", "($module, a, b, /)", operator_count_of, "Return the number of items in a which are, or which equal, b."},
    {"is_", "($module, a, b, /)", operator_is, "Same as a is b."},
    {"is_not", "($module, a, b, /)", operator_is_not, "Same as a is not b."},
    BINARY("add", kAdd, "Same as a + b."),
    BINARY("sub", kSub, "Same as a - b."),
    BINARY("mul", kMul, "Same as a * b."),
    BINARY("matmul", kMatMul, "Same as a @ b."),
    BINARY("floordiv", kFloorDiv, "Same as a // b."),
    BINARY("truediv", kTrueDiv, "Same as a / b."),
    BINARY("mod", kMod, "Same as a % b."),
    BINARY("lshift", kLshift, "Same as a << b."),
    BINARY("rshift", kRshift, "Same as a >> b."),
    BINARY("and_", kAnd, "Same as a & b."),
    BINARY("xor", kXor, "Same as a ^ b."),
    BINARY("or_", kOr, "Same as a | b."),
    {"pow", "($module, a, b, /)", operator_pow, "Same as a ** b."},
    INPLACE("iadd", kAdd, "Same as a += b."),
    INPLACE("isub", kSub, "Same as a -= b."),
    INPLACE("imul", kMul, "Same as a *= b."),
    INPLACE("imatmul", kMatMul, "Same as a @= b."),
    INPLACE("ifloordiv", kFloorDiv, "Same as a //= b."),
    INPLACE("itruediv", kTrueDiv, "Same as a /= b."),
    INPLACE("imod", kMod, "Same as a %= b."),
    INPLACE("ilshift", kLshift, "Same as a <<= b."),
    INPLACE("irshift", kRshift, "Same as a >>= b."),
    INPLACE("iand", kAnd, "Same as a &= b."),
    INPLACE("ixor", kXor, "Same as a ^= b."),
    INPLACE("ior", kOr, "Same as a |= b."),
    INPLACE("ipow", kPow, "Same as a **= b."),
    {"neg", "($module, a, /)", unary<UnaryOp::kNeg>, "Same as -a."},
    {"pos", "($module, a, /)", unary<UnaryOp::kPos>, "Same as +a."},
    {"abs", "($module, a, /)", unary<UnaryOp::kAbs>, "Same as abs(a)."},
    {"inv", "($module, a, /)", unary<UnaryOp::kInvert>, "Same as ~a."},
    {"invert", "($module, a, /)", unary<UnaryOp::kInvert>, "Same as ~a."},
    {"index", "($module, a, /)", operator_index, "Same as a.__index__()."},
    {"not_", "($module, a, /)", operator_not, "Same as not a."},
    {"concat", "($module, a, b, /)", operator_concat, "Same as a + b, for a and b sequences."},
    {"iconcat", "($module, a, b, /)", operator_iconcat, "Same as a += b, for a and b sequences."},
    {"getitem", "($module, a, b, /)", operator_get_item, "Same as a[b]."},
    {"setitem", "($module, a, b, c, /)", operator_set_item, "Same as a[b] = c."},
    {"delitem", "($module, a, b, /)", operator_del_item, "Same as del a[b]."},
    COMPARE("eq", kEq, "Same as a == b."),
    COMPARE("ne", kNe, "Same as a != b."),
    COMPARE("lt", kLt, "Same as a < b."),
    COMPARE("le", kLe, "Same as a <= b."),
    COMPARE("gt", kGt, "Same as a > b."),
    COMPARE("ge", kGe, "Same as a >= b."),
    {"length_hint", "($module, obj, default=0, /)", operator_length_hint,
     "Return an estimate of the number of items in obj: its length, its __length_hint__, or the default."},
    {"call", "($module, obj, /, *args, **kwargs)", operator_call_native, "Same as obj(*args, **kwargs)."},
    {"_compare_digest", "($module, a, b, /)", operator_compare_digest,
     "Return 'a == b' in a time that does not depend on the contents."},
    {}};

bool execute(Module* module) {
  return module_add_type(module, &item_getter_type, &item_getter_spec) &&
         module_add_type(module, &attribute_getter_type, &attribute_getter_spec) &&
         module_add_type(module, &method_caller_type, &method_caller_spec);
}

}  // namespace

extern const NativeModule operator_module;
const NativeModule operator_module = {
    "_operator", "The operators of the language as functions, and callables that fetch items and attributes.", kFunctions,
    execute};

}  // namespace pt
