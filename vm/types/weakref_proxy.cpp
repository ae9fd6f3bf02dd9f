// weakref.ProxyType and weakref.CallableProxyType: every operation goes to the referent.
#include <cstdio>

#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/str.h"
#include "vm/types/weakref.h"

namespace pt {
namespace {

// The referent behind a proxy; anything else is itself. ReferenceError when it is dead.
Ref<> referent(Value v) {
  if (!is_weak_proxy(v)) return Ref<>::retain(v);
  Ref<> target = weakref_get(as_weakref(v));
  if (!target) return raise(exc::ReferenceError, "weakly-referenced object no longer exists");
  return target;
}

template <BinaryOp op>
Ref<> proxy_binary(Value left, Value right) {
  Ref<> a = referent(left);
  if (!a) return a;
  Ref<> b = referent(right);
  if (!b) return b;
  return binary_operation(op, a.value(), b.value());
}
template <BinaryOp op>
Ref<> proxy_inplace(Value left, Value right) {
  Ref<> a = referent(left);
  if (!a) return a;
  Ref<> b = referent(right);
  if (!b) return b;
  return inplace_operation(op, a.value(), b.value());
}
Ref<> proxy_power(Value base, Value exponent, Value modulus) {
  Ref<> a = referent(base), b;
  if (!a) return a;
  b = referent(exponent);
  if (!b) return b;
  if (modulus.empty()) return power(a.value(), b.value(), none());
  Ref<> c = referent(modulus);
  if (!c) return c;
  return power(a.value(), b.value(), c.value());
}
template <UnaryOp op>
Ref<> proxy_unary(Value v) {
  Ref<> a = referent(v);
  return a ? unary_operation(op, a.value()) : Ref<>();
}
int proxy_truth(Value v) {
  Ref<> a = referent(v);
  return a ? truth(a.value()) : -1;
}
int64_t proxy_length(Value v) {
  Ref<> a = referent(v);
  return a ? length(a.value()) : -1;
}
Ref<> proxy_get_item(Value v, Value key) {
  Ref<> a = referent(v);
  return a ? get_item(a.value(), key) : Ref<>();
}
bool proxy_set_item(Value v, Value key, Value value) {
  Ref<> a = referent(v);
  if (!a) return false;
  return value.empty() ? delete_item(a.value(), key) : set_item(a.value(), key, value);
}
int proxy_contains(Value v, Value item) {
  Ref<> a = referent(v);
  return a ? contains(a.value(), item) : -1;
}
Ref<> proxy_compare(Value left, Value right, CompareOp op) {
  Ref<> a = referent(left);
  if (!a) return a;
  Ref<> b = referent(right);
  if (!b) return b;
  return compare(a.value(), b.value(), op);
}
Ref<> proxy_repr(Value v) {
  Ref<> target = weakref_get(as_weakref(v));
  char addresses[2][32];
  std::snprintf(addresses[0], sizeof addresses[0], "%p", static_cast<void*>(v.as_object()));
  std::snprintf(addresses[1], sizeof addresses[1], "%p", target ? static_cast<void*>(target.value().as_object()) : nullptr);
  if (!target) return str_format("<weakproxy at %s to NoneType at %s>", addresses[0], addresses[1]);
  return str_format("<weakproxy at %s to %T at %s>", addresses[0], target.value(), addresses[1]);
}
Ref<> proxy_str(Value v) {
  Ref<> a = referent(v);
  return a ? str(a.value()) : Ref<>();
}
Ref<> proxy_iter(Value v) {
  Ref<> a = referent(v);
  return a ? get_iter(a.value()) : Ref<>();
}
Ref<> proxy_next(Value v) {
  Ref<> a = referent(v);
  if (!a) return a;
  if (!is_iterator(a.value())) return raise(exc::TypeError, "Weakref proxy referenced a non-iterator '%T' object", a.value());
  return next(a.value());
}
Ref<> proxy_call(Value v, const Args& args) {
  Ref<> a = referent(v);
  return a ? call(a.value(), args) : Ref<>();
}
Ref<> proxy_get_attribute(Value v, Str* name) {
  Ref<> a = referent(v);
  return a ? get_attribute(a.value(), name) : Ref<>();
}
bool proxy_set_attribute(Value v, Str* name, Value value) {
  Ref<> a = referent(v);
  return a && set_attribute(a.value(), name, value);
}

Ref<> proxy_bytes(const Value* a) {
  Ref<> target = referent(a[0]);
  return target ? call_method(target.value(), names::bytes.str()) : Ref<>();
}
Ref<> proxy_reversed(const Value* a) {
  Ref<> target = referent(a[0]);
  return target ? call_method(target.value(), names::reversed.str()) : Ref<>();
}
const NativeDef proxy_methods[] = {
    {"__bytes__", "($self, /)", proxy_bytes},
    {"__reversed__", "($self, /)", proxy_reversed},
    {},
};

constexpr Slots make_slots(bool callable) {
  Slots s = {};
// clang-format off
#define PT_BOTH(op)                                              \
  s.binary[static_cast<int>(BinaryOp::op)] = proxy_binary<BinaryOp::op>; \
  s.inplace[static_cast<int>(BinaryOp::op)] = proxy_inplace<BinaryOp::op>;
  PT_BOTH(kAdd) PT_BOTH(kSub) PT_BOTH(kMul) PT_BOTH(kMatMul) PT_BOTH(kTrueDiv) PT_BOTH(kFloorDiv) PT_BOTH(kMod)
  PT_BOTH(kPow) PT_BOTH(kLshift) PT_BOTH(kRshift) PT_BOTH(kAnd) PT_BOTH(kOr) PT_BOTH(kXor)
// clang-format on
#undef PT_BOTH
          s.binary[static_cast<int>(BinaryOp::kDivmod)] = proxy_binary<BinaryOp::kDivmod>;
  s.power = proxy_power;
  s.unary[static_cast<int>(UnaryOp::kNeg)] = proxy_unary<UnaryOp::kNeg>;
  s.unary[static_cast<int>(UnaryOp::kPos)] = proxy_unary<UnaryOp::kPos>;
  s.unary[static_cast<int>(UnaryOp::kInvert)] = proxy_unary<UnaryOp::kInvert>;
  s.unary[static_cast<int>(UnaryOp::kAbs)] = proxy_unary<UnaryOp::kAbs>;
  s.unary[static_cast<int>(UnaryOp::kInt)] = proxy_unary<UnaryOp::kInt>;
  s.unary[static_cast<int>(UnaryOp::kFloat)] = proxy_unary<UnaryOp::kFloat>;
  s.unary[static_cast<int>(UnaryOp::kIndex)] = proxy_unary<UnaryOp::kIndex>;
  s.truth = proxy_truth;
  s.length = proxy_length;
  s.get_item = proxy_get_item;
  s.set_item = proxy_set_item;
  s.contains = proxy_contains;
  s.compare = proxy_compare;
  s.repr = proxy_repr;
  s.str = proxy_str;
  s.iter = proxy_iter;
  s.next = proxy_next;
  if (callable) s.call = proxy_call;
  s.get_attribute = proxy_get_attribute;
  s.set_attribute = proxy_set_attribute;
  return s;
}

}  // namespace

constinit Type weak_proxy_type, weak_callable_proxy_type;
const TypeSpec weak_proxy_spec = {
    .name = "weakref.ProxyType",
    .size = sizeof(WeakRef),
    .flags = kTypeNoInstantiate,
    .slots = make_slots(false),
    .traverse = weakref_traverse,
    .destroy = weakref_destroy,
    .methods = proxy_methods,
    .unhashable = true,
};
const TypeSpec weak_callable_proxy_spec = {
    .name = "weakref.CallableProxyType",
    .size = sizeof(WeakRef),
    .flags = kTypeNoInstantiate,
    .slots = make_slots(true),
    .traverse = weakref_traverse,
    .destroy = weakref_destroy,
    .methods = proxy_methods,
    .unhashable = true,
};

}  // namespace pt
