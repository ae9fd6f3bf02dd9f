#include "vm/object/slot_table.h"

#include <cstddef>

#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/names.h"
#include "vm/object/thread.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/special_methods.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/tuple.h"

namespace pt {

Ref<> call_special(Value self, Str* name, std::initializer_list<Value> arguments, bool* found) {
  Type* type = type_of(self);
  PT_ASSERT(arguments.size() < 7);
  Value values[8];
  uint32_t count = 0;
  values[count++] = self;
  for (Value v : arguments) values[count++] = v;
  // The usual method of a class: its frame keeps it, no count is needed.
  Value borrowed = type_lookup_borrowed(type, name);
  if (PT_LIKELY(has_shape(borrowed, kShape_function) && lives_on(borrowed.as_object()))) {
    *found = true;
    return call(borrowed, Args{values, count});
  }
  Ref<> method = type_lookup(type, name);
  *found = static_cast<bool>(method);
  if (!method) return Ref<>();
  Type* found_type = type_of(method.value());
  if (has_flag(found_type, kTypeMethodDescriptor)) return call(method.value(), Args{values, count});
  if (auto get = found_type->slots.descriptor_get) {
    method = get(method.value(), self, Value::object(type));
    if (!method) return Ref<>();
  }
  return call(method.value(), Args{values + 1, count - 1});
}

namespace {

Ref<> require_special(Value self, Str* name, std::initializer_list<Value> arguments) {
  bool found;
  Ref<> result = call_special(self, name, arguments, &found);
  if (!found) return raise_attribute_error(self, name);
  return result;
}

// ---- dispatchers: slot functions of classes written in Python ------------------------------------------------------

struct BinaryNames {
  Name* forward;
  Name* reflected;
  Name* inplace;
};
constinit BinaryNames kBinaryNames[kBinaryOpCount] = {
    {&names::add, &names::radd, &names::iadd},
    {&names::sub, &names::rsub, &names::isub},
    {&names::mul, &names::rmul, &names::imul},
    {&names::matmul, &names::rmatmul, &names::imatmul},
    {&names::truediv, &names::rtruediv, &names::itruediv},
    {&names::floordiv, &names::rfloordiv, &names::ifloordiv},
    {&names::mod, &names::rmod, &names::imod},
    {&names::pow, &names::rpow, &names::ipow},
    {&names::lshift, &names::rlshift, &names::ilshift},
    {&names::rshift, &names::rrshift, &names::irshift},
    {&names::and_dunder, &names::rand_dunder, &names::iand_dunder},
    {&names::or_dunder, &names::ror_dunder, &names::ior_dunder},
    {&names::xor_dunder, &names::rxor_dunder, &names::ixor_dunder},
    {&names::divmod, &names::rdivmod},
};

// True when `other`'s type has its own version of the reflected method, so that a subclass goes first.
bool overrides(Value self, Value other, Str* name) {
  Ref<> theirs = type_lookup(type_of(other), name);
  if (!theirs) return false;
  Ref<> ours = type_lookup(type_of(self), name);
  return !ours || !ours.value().same(theirs.value());
}

template <int Op>
Ref<> dispatch_binary(Value left, Value right) {
  Str* forward = kBinaryNames[Op].forward->str();
  Str* reflected = kBinaryNames[Op].reflected->str();
  Type* left_type = type_of(left);
  Type* right_type = type_of(right);
  bool do_right = left_type != right_type && right_type->slots.binary[Op] == &dispatch_binary<Op>;
  bool found;
  if (left_type->slots.binary[Op] == &dispatch_binary<Op>) {
    if (do_right && is_subtype(right_type, left_type) && overrides(left, right, reflected)) {
      Ref<> result = call_special(right, reflected, {left}, &found);
      if (found && (!result || !is_not_implemented(result.value()))) return result;
      do_right = false;
    }
    Ref<> result = call_special(left, forward, {right}, &found);
    if (found && (!result || !is_not_implemented(result.value()))) return result;
    if (left_type == right_type) return not_implemented_ref();
  }
  if (do_right) {
    Ref<> result = call_special(right, reflected, {left}, &found);
    if (found) return result;
  }
  return not_implemented_ref();
}

constexpr Ref<> (*kBinaryDispatchers[])(Value, Value) = {
    dispatch_binary<0>,  dispatch_binary<1>,  dispatch_binary<2>,  dispatch_binary<3>, dispatch_binary<4>,
    dispatch_binary<5>,  dispatch_binary<6>,  dispatch_binary<7>,  dispatch_binary<8>, dispatch_binary<9>,
    dispatch_binary<10>, dispatch_binary<11>, dispatch_binary<12>, dispatch_binary<13>};

template <int Op>
Ref<> dispatch_inplace(Value self, Value right) {
  return require_special(self, kBinaryNames[Op].inplace->str(), {right});
}

Ref<> dispatch_power(Value base, Value exponent, Value modulus) {
  if (modulus.empty() || is_none(modulus)) {
    return dispatch_binary<static_cast<int>(BinaryOp::kPow)>(base, exponent);
  }
  if (type_of(base)->slots.power == &dispatch_power) {
    return require_special(base, names::pow.str(), {exponent, modulus});
  }
  return not_implemented_ref();
}

constinit Name* kUnaryNames[kUnaryOpCount] = {&names::neg,        &names::pos,          &names::invert, &names::abs,
                                              &names::int_dunder, &names::float_dunder, &names::index};
template <int Op>
Ref<> dispatch_unary(Value self) {
  return require_special(self, kUnaryNames[Op]->str(), {});
}

int64_t dispatch_length(Value self) {
  Ref<> result = require_special(self, names::len.str(), {});
  return result ? length_of_result(result.value()) : -1;
}

int dispatch_truth(Value self) {
  bool found;
  Ref<> result = call_special(self, names::bool_dunder.str(), {}, &found);
  if (found) return result ? truth_of_result(result.value()) : -1;
  auto length = type_of(self)->slots.length;
  int64_t n = length ? length(self) : 1;
  return n < 0 ? -1 : n > 0;
}

Ref<> dispatch_get_item(Value self, Value key) { return require_special(self, names::getitem.str(), {key}); }
// A class that has one of __setitem__ and __delitem__ itself gets the other from a builtin type.
bool dispatch_set_item(Value self, Value key, Value value) {
  Value method = type_lookup_borrowed(type_of(self), value.empty() ? names::delitem.str() : names::setitem.str());
  if (has_shape(method, kShape_wrapper_descriptor)) {
    auto* inherited = reinterpret_cast<WrapperDescriptor*>(method.as_object());
    if (inherited->def->dispatcher == reinterpret_cast<void*>(dispatch_set_item) && is_subtype(type_of(self), inherited->owner))
      return reinterpret_cast<bool (*)(Value, Value, Value)>(inherited->function)(self, key, value);
  }
  Ref<> result = value.empty() ? require_special(self, names::delitem.str(), {key})
                               : require_special(self, names::setitem.str(), {key, value});
  return static_cast<bool>(result);
}
int dispatch_contains(Value self, Value item) {
  bool found;
  Ref<> method = type_lookup(type_of(self), names::contains.str());
  if (method && is_none(method.value())) {
    raise(exc::TypeError, "'%T' object is not a container", self);
    return -1;
  }
  Ref<> result = call_special(self, names::contains.str(), {item}, &found);
  if (found) return result ? truth(result.value()) : -1;
  int answer = 0;
  bool ok = for_each(self, [&](Value each) {
    int same = equal(each, item);
    if (same < 0) return false;
    answer = same;
    return same == 0;
  });
  return answer ? 1 : ok ? 0 : -1;
}

int64_t dispatch_hash(Value self) {
  // The usual method needs no count.
  if (Value plain = type_lookup_borrowed(type_of(self), names::hash.str());
      has_shape(plain, kShape_function) && lives_on(plain.as_object())) {
    Ref<> result = call1(plain, self);
    return result ? hash_of_result(result.value()) : -1;
  }
  Ref<> method = type_lookup(type_of(self), names::hash.str());
  if (!method || is_none(method.value())) {
    raise(exc::TypeError, "unhashable type: '%T'", self);
    return -1;
  }
  Ref<> result = require_special(self, names::hash.str(), {});
  return result ? hash_of_result(result.value()) : -1;
}
int64_t hash_not_implemented(Value self) {
  raise(exc::TypeError, "unhashable type: '%T'", self);
  return -1;
}

constinit Name* kCompareNames[6] = {&names::lt, &names::le, &names::eq, &names::ne, &names::gt, &names::ge};
Ref<> dispatch_compare(Value self, Value other, CompareOp op) {
  bool found;
  Str* name = kCompareNames[static_cast<int>(op)]->str();
  if (PT_UNLIKELY(!has_shape(type_lookup_borrowed(type_of(self), name), kShape_function))) {
    Ref<> method = type_lookup(type_of(self), name);
    if (method && !has_flag(type_of(method.value()), kTypeMethodDescriptor)) {
      // A descriptor that fails to give the method is as no method at all.
      method = lookup_special(self, name);
      if (method) return call1(method.value(), other);
      clear_error();
      return not_implemented_ref();
    }
  }
  Ref<> result = call_special(self, name, {other}, &found);
  if (!found) return not_implemented_ref();
  return result;
}

Ref<> dispatch_repr(Value self) { return require_special(self, names::repr.str(), {}); }
Ref<> dispatch_str(Value self) { return require_special(self, names::str.str(), {}); }
Ref<> dispatch_iter(Value self) {
  Ref<> method = type_lookup(type_of(self), names::iter.str());
  if (method && is_none(method.value())) return raise(exc::TypeError, "'%T' object is not iterable", self);
  return require_special(self, names::iter.str(), {});
}
Ref<> dispatch_next(Value self) {
  Ref<> result = require_special(self, names::next.str(), {});
  // A tracing loop tells of the exception; all users of the slot take either form of the end.
  if (!result && current_thread()->trace_function.empty() && pending_matches(exc::StopIteration)) {
    // A value is for `yield from`.
    Ref<> stop = take_error();
    auto* e = reinterpret_cast<StopIterationObject*>(stop.value().as_object());
    Value value = e->value.peek();
    if (!value.empty() && !is_none(value)) restore_error(std::move(stop));
  }
  return result;
}

Ref<> dispatch_call(Value self, const Args& args) {
  Type* type = type_of(self);
  Ref<> method = type_lookup(type, names::call.str());
  if (!method) return raise(exc::TypeError, "'%T' object is not callable", self);
  return call_with_self(method.value(), self, args);
}

Ref<> dispatch_get_attribute(Value self, Str* name) {
  Type* type = type_of(self);
  Ref<> hook = type_lookup(type, names::getattr.str());
  Ref<> getter = type_lookup(type, names::getattribute.str());
  Ref<> result;
  if (getter && is_slot_wrapper_of(getter.value(), reinterpret_cast<void*>(&generic_get_attribute))) {
    if (!hook) return generic_get_attribute(self, name);
    result = generic_find_attribute(self, name);
    if (result) return result;
    if (error_pending() && !clear_if(exc::AttributeError)) return result;
  } else {
    result = require_special(self, names::getattribute.str(), {Value::object(name)});
    if (result || !hook || !pending_matches(exc::AttributeError)) return result;
    clear_error();
  }
  return require_special(self, names::getattr.str(), {Value::object(name)});
}
bool dispatch_set_attribute(Value self, Str* name, Value value) {
  Ref<> result = value.empty() ? require_special(self, names::delattr.str(), {Value::object(name)})
                               : require_special(self, names::setattr.str(), {Value::object(name), value});
  return static_cast<bool>(result);
}

Ref<> dispatch_descriptor_get(Value self, Value instance, Value type) {
  bool found;
  Ref<> result =
      call_special(self, names::get.str(), {instance.empty() ? none() : instance, type.empty() ? none() : type}, &found);
  if (!found) return Ref<>::retain(self);
  return result;
}
bool dispatch_descriptor_set(Value self, Value instance, Value value) {
  bool found;
  Ref<> result = value.empty() ? call_special(self, names::delete_dunder.str(), {instance}, &found)
                               : call_special(self, names::set.str(), {instance, value}, &found);
  if (!found) {
    Str* missing = value.empty() ? names::delete_dunder.str() : names::set.str();
    return raise(exc::AttributeError, "%U", missing);
  }
  return static_cast<bool>(result);
}

Ref<> dispatch_construct(Type* type, const Args& args) {
  Ref<> method = type_lookup(type, names::new_dunder.str());
  if (!method) return raise(exc::AttributeError, "__new__");
  Type* found_type = type_of(method.value());
  if (auto get = found_type->slots.descriptor_get) {
    method = get(method.value(), Value(), Value::object(type));
    if (!method) return Ref<>();
  }
  return call_prepended(method.value(), Value::object(type), args);
}
bool dispatch_init(Value self, const Args& args) {
  Ref<> method = type_lookup(type_of(self), names::init.str());
  if (!method) return raise(exc::AttributeError, "__init__");
  Ref<> result = call_with_self(method.value(), self, args);
  if (!result) return false;
  if (!is_none(result.value())) {
    return raise(exc::TypeError, "__init__() should return None, not '%T'", result.value());
  }
  return true;
}
template <auto NameMember>
Ref<> dispatch_simple(Value self) {
  return require_special(self, NameMember->str(), {});
}

// ---- wrappers: `int.__add__` as a callable around a slot function ----------------------------------------------------

template <class F>
F as(void* function) {
  return reinterpret_cast<F>(function);
}

Ref<> wrap_binary(void* f, const Value* a) { return as<Ref<> (*)(Value, Value)>(f)(a[0], a[1]); }
Ref<> wrap_reflected(void* f, const Value* a) { return as<Ref<> (*)(Value, Value)>(f)(a[1], a[0]); }
Ref<> wrap_power(void* f, const Value* a) {
  return as<Ref<> (*)(Value, Value, Value)>(f)(a[0], a[1], a[2].empty() ? none() : a[2]);
}
Ref<> wrap_unary(void* f, const Value* a) { return as<Ref<> (*)(Value)>(f)(a[0]); }
Ref<> wrap_truth(void* f, const Value* a) {
  int t = as<int (*)(Value)>(f)(a[0]);
  return t < 0 ? Ref<>() : bool_ref(t);
}
Ref<> wrap_length(void* f, const Value* a) {
  int64_t n = as<int64_t (*)(Value)>(f)(a[0]);
  return n < 0 ? Ref<>() : int_from_int64(n);
}
Ref<> wrap_hash(void* f, const Value* a) {
  int64_t h = as<int64_t (*)(Value)>(f)(a[0]);
  return h == -1 && error_pending() ? Ref<>() : int_from_int64(h);
}
Ref<> wrap_set_item(void* f, const Value* a) {
  return as<bool (*)(Value, Value, Value)>(f)(a[0], a[1], a[2]) ? none_ref() : Ref<>();
}
Ref<> wrap_delete_item(void* f, const Value* a) {
  return as<bool (*)(Value, Value, Value)>(f)(a[0], a[1], Value()) ? none_ref() : Ref<>();
}
Ref<> wrap_contains(void* f, const Value* a) {
  int t = as<int (*)(Value, Value)>(f)(a[0], a[1]);
  return t < 0 ? Ref<>() : bool_ref(t);
}
template <CompareOp Op>
Ref<> wrap_compare(void* f, const Value* a) {
  return as<Ref<> (*)(Value, Value, CompareOp)>(f)(a[0], a[1], Op);
}
Ref<> wrap_next(void* f, const Value* a) {
  Ref<> result = as<Ref<> (*)(Value)>(f)(a[0]);
  if (!result && !error_pending()) return raise_none(exc::StopIteration);
  return result;
}
bool attribute_name(Value v, Str** name, Ref<Str>* holder) {
  if (!is_str(v)) return raise(exc::TypeError, "attribute name must be string, not '%T'", v);
  *name = intern_name(as_str(v), holder);
  return *name != nullptr;
}
Ref<> wrap_get_attribute(void* f, const Value* a) {
  Str* name;
  Ref<Str> holder;
  if (!attribute_name(a[1], &name, &holder)) return Ref<>();
  return as<Ref<> (*)(Value, Str*)>(f)(a[0], name);
}
// object.__setattr__ must not be used to get round the immutability of builtin types.
bool check_hackcheck(Value self, void* f, const char* what) {
  if (!is_instance_of(self, &type_type) || f != reinterpret_cast<void*>(&generic_set_attribute)) return true;
  return raise(exc::TypeError, "can't apply this %s to %T object", what, self);
}
Ref<> wrap_set_attribute(void* f, const Value* a) {
  Str* name;
  Ref<Str> holder;
  if (!attribute_name(a[1], &name, &holder) || !check_hackcheck(a[0], f, "__setattr__")) return Ref<>();
  return as<bool (*)(Value, Str*, Value)>(f)(a[0], name, a[2]) ? none_ref() : Ref<>();
}
Ref<> wrap_delete_attribute(void* f, const Value* a) {
  Str* name;
  Ref<Str> holder;
  if (!attribute_name(a[1], &name, &holder) || !check_hackcheck(a[0], f, "__delattr__")) return Ref<>();
  return as<bool (*)(Value, Str*, Value)>(f)(a[0], name, Value()) ? none_ref() : Ref<>();
}
Ref<> wrap_descriptor_get(void* f, const Value* a) {
  Value instance = given(a[1]) ? a[1] : Value();
  Value type = given(a[2]) ? a[2] : Value();
  if (instance.empty() && type.empty()) return raise(exc::TypeError, "__get__(None, None) is invalid");
  return as<Ref<> (*)(Value, Value, Value)>(f)(a[0], instance, type);
}
Ref<> wrap_descriptor_set(void* f, const Value* a) {
  return as<bool (*)(Value, Value, Value)>(f)(a[0], a[1], a[2]) ? none_ref() : Ref<>();
}
Ref<> wrap_descriptor_delete(void* f, const Value* a) {
  return as<bool (*)(Value, Value, Value)>(f)(a[0], a[1], Value()) ? none_ref() : Ref<>();
}
// *args and **kwargs arrive as tuple and dict.
Ref<> wrap_call(void* f, const Value* a) {
  FlatArgs flat;
  if (!flat.assign(a[1], a[2])) return Ref<>();
  return as<Ref<> (*)(Value, const Args&)>(f)(a[0], flat.args());
}
Ref<> wrap_init(void* f, const Value* a) {
  FlatArgs flat;
  if (!flat.assign(a[1], a[2])) return Ref<>();
  return as<bool (*)(Value, const Args&)>(f)(a[0], flat.args()) ? none_ref() : Ref<>();
}
Ref<> wrap_repeat(void* f, const Value* a) {
  int64_t count;
  if (!to_size(a[1], &count)) return Ref<>();
  return as<Ref<> (*)(Value, int64_t)>(f)(a[0], count);
}
Ref<> wrap_concat(void* f, const Value* a) { return as<Ref<> (*)(Value, Value)>(f)(a[0], a[1]); }

#define SLOT(member) static_cast<uint16_t>(offsetof(Slots, member))
#define BINARY_SLOT(i) static_cast<uint16_t>(offsetof(Slots, binary) + (i) * sizeof(void*))
#define INPLACE_SLOT(i) static_cast<uint16_t>(offsetof(Slots, inplace) + (i) * sizeof(void*))
#define UNARY_SLOT(i) static_cast<uint16_t>(offsetof(Slots, unary) + (i) * sizeof(void*))
#define FN(f) reinterpret_cast<void*>(&f)
#define BINARY_DEF(i, forward, reflected, op)                                                                                   \
  {"__" forward "__", "($self, value, /)", "Return self" op "value.", BINARY_SLOT(i), FN(dispatch_binary<i>), wrap_binary}, {   \
    "__" reflected "__", "($self, value, /)", "Return value" op "self.", BINARY_SLOT(i), FN(dispatch_binary<i>), wrap_reflected \
  }
#define INPLACE_DEF(i, name, op) \
  {"__" name "__", "($self, value, /)", "Return self" op "value.", INPLACE_SLOT(i), FN(dispatch_inplace<i>), wrap_binary}
#define UNARY_DEF(i, name, doc) {"__" name "__", "($self, /)", doc, UNARY_SLOT(i), FN(dispatch_unary<i>), wrap_unary}
}  // namespace

namespace {
constexpr int kMaxSlotDefs = 128;
const SlotDef kSlotTable[] = {
    {"__getattribute__", "($self, name, /)", "Return getattr(self, name).", SLOT(get_attribute), FN(dispatch_get_attribute),
     wrap_get_attribute},
    {"__getattr__", "($self, name, /)", "", SLOT(get_attribute), FN(dispatch_get_attribute), nullptr},
    {"__setattr__", "($self, name, value, /)", "Implement setattr(self, name, value).", SLOT(set_attribute),
     FN(dispatch_set_attribute), wrap_set_attribute},
    {"__delattr__", "($self, name, /)", "Implement delattr(self, name).", SLOT(set_attribute), FN(dispatch_set_attribute),
     wrap_delete_attribute},
    {"__repr__", "($self, /)", "Return repr(self).", SLOT(repr), FN(dispatch_repr), wrap_unary},
    {"__str__", "($self, /)", "Return str(self).", SLOT(str), FN(dispatch_str), wrap_unary},
    {"__hash__", "($self, /)", "Return hash(self).", SLOT(hash), FN(dispatch_hash), wrap_hash},
    {"__call__", "($self, /, *args, **kwargs)", "Call self as a function.", SLOT(call), FN(dispatch_call), wrap_call},
    {"__lt__", "($self, value, /)", "Return self<value.", SLOT(compare), FN(dispatch_compare), wrap_compare<CompareOp::kLt>},
    {"__le__", "($self, value, /)", "Return self<=value.", SLOT(compare), FN(dispatch_compare), wrap_compare<CompareOp::kLe>},
    {"__eq__", "($self, value, /)", "Return self==value.", SLOT(compare), FN(dispatch_compare), wrap_compare<CompareOp::kEq>},
    {"__ne__", "($self, value, /)", "Return self!=value.", SLOT(compare), FN(dispatch_compare), wrap_compare<CompareOp::kNe>},
    {"__gt__", "($self, value, /)", "Return self>value.", SLOT(compare), FN(dispatch_compare), wrap_compare<CompareOp::kGt>},
    {"__ge__", "($self, value, /)", "Return self>=value.", SLOT(compare), FN(dispatch_compare), wrap_compare<CompareOp::kGe>},
    {"__iter__", "($self, /)", "Implement iter(self).", SLOT(iter), FN(dispatch_iter), wrap_unary},
    {"__next__", "($self, /)", "Implement next(self).", SLOT(next), FN(dispatch_next), wrap_next},
    {"__get__", "($self, instance, owner=None, /)", "Return an attribute of instance, which is of type owner.",
     SLOT(descriptor_get), FN(dispatch_descriptor_get), wrap_descriptor_get},
    {"__set__", "($self, instance, value, /)", "Set an attribute of instance to value.", SLOT(descriptor_set),
     FN(dispatch_descriptor_set), wrap_descriptor_set},
    {"__delete__", "($self, instance, /)", "Delete an attribute of instance.", SLOT(descriptor_set), FN(dispatch_descriptor_set),
     wrap_descriptor_delete},
    {"__init__", "($self, /, *args, **kwargs)", "Initialize self.  See help(type(self)) for accurate signature.", SLOT(init),
     FN(dispatch_init), wrap_init},
    {"__new__", "(type, /, *args, **kwargs)", "Create and return new object.", SLOT(construct), FN(dispatch_construct)},
    {"__await__", "($self, /)", "Return an iterator to be used in await expression.", SLOT(await),
     FN(dispatch_simple<&names::await>), wrap_unary},
    {"__aiter__", "($self, /)", "Return an awaitable, that resolves in asynchronous iterator.", SLOT(async_iter),
     FN(dispatch_simple<&names::aiter>), wrap_unary},
    {"__anext__", "($self, /)", "Return a value or raise StopAsyncIteration.", SLOT(async_next),
     FN(dispatch_simple<&names::anext>), wrap_unary},
    BINARY_DEF(0, "add", "radd", "+"),
    BINARY_DEF(1, "sub", "rsub", "-"),
    BINARY_DEF(2, "mul", "rmul", "*"),
    BINARY_DEF(3, "matmul", "rmatmul", "@"),
    BINARY_DEF(4, "truediv", "rtruediv", "/"),
    BINARY_DEF(5, "floordiv", "rfloordiv", "//"),
    BINARY_DEF(6, "mod", "rmod", "%"),
    BINARY_DEF(8, "lshift", "rlshift", "<<"),
    BINARY_DEF(9, "rshift", "rrshift", ">>"),
    BINARY_DEF(10, "and", "rand", "&"),
    BINARY_DEF(11, "or", "ror", "|"),
    BINARY_DEF(12, "xor", "rxor", "^"),
    {"__divmod__", "($self, value, /)", "Return divmod(self, value).", BINARY_SLOT(13), FN(dispatch_binary<13>), wrap_binary},
    {"__rdivmod__", "($self, value, /)", "Return divmod(value, self).", BINARY_SLOT(13), FN(dispatch_binary<13>), wrap_reflected},
    {"__pow__", "($self, value, mod=None, /)", "Return pow(self, value, mod).", SLOT(power), FN(dispatch_power), wrap_power},
    {"__rpow__", "($self, value, mod=None, /)", "Return pow(value, self, mod).", BINARY_SLOT(7), FN(dispatch_binary<7>),
     wrap_reflected},
    {"__pow__", "($self, value, mod=None, /)", "Return pow(self, value, mod).", BINARY_SLOT(7), FN(dispatch_binary<7>),
     wrap_binary},
    INPLACE_DEF(0, "iadd", "+="),
    INPLACE_DEF(1, "isub", "-="),
    INPLACE_DEF(2, "imul", "*="),
    INPLACE_DEF(3, "imatmul", "@="),
    INPLACE_DEF(4, "itruediv", "/="),
    INPLACE_DEF(5, "ifloordiv", "//="),
    INPLACE_DEF(6, "imod", "%="),
    INPLACE_DEF(7, "ipow", "**="),
    INPLACE_DEF(8, "ilshift", "<<="),
    INPLACE_DEF(9, "irshift", ">>="),
    INPLACE_DEF(10, "iand", "&="),
    INPLACE_DEF(11, "ior", "|="),
    INPLACE_DEF(12, "ixor", "^="),
    UNARY_DEF(0, "neg", "-self"),
    UNARY_DEF(1, "pos", "+self"),
    UNARY_DEF(2, "invert", "~self"),
    UNARY_DEF(3, "abs", "abs(self)"),
    UNARY_DEF(4, "int", "int(self)"),
    UNARY_DEF(5, "float", "float(self)"),
    UNARY_DEF(6, "index", "Return self converted to an integer, if self is suitable for use as an index into a list."),
    {"__bool__", "($self, /)", "True if self else False", SLOT(truth), FN(dispatch_truth), wrap_truth},
    {"__len__", "($self, /)", "Return len(self).", SLOT(length), FN(dispatch_length), wrap_length},
    {"__getitem__", "($self, key, /)", "Return self[key].", SLOT(get_item), FN(dispatch_get_item), wrap_binary},
    {"__setitem__", "($self, key, value, /)", "Set self[key] to value.", SLOT(set_item), FN(dispatch_set_item), wrap_set_item},
    {"__delitem__", "($self, key, /)", "Delete self[key].", SLOT(set_item), FN(dispatch_set_item), wrap_delete_item},
    {"__contains__", "($self, key, /)", "Return key in self.", SLOT(contains), FN(dispatch_contains), wrap_contains},
    // Sequences: these names come last, so that a numeric slot of the same name wins.
    {"__add__", "($self, value, /)", "Return self+value.", SLOT(concat), nullptr, wrap_concat},
    {"__mul__", "($self, value, /)", "Return self*value.", SLOT(repeat), nullptr, wrap_repeat},
    {"__rmul__", "($self, value, /)", "Return value*self.", SLOT(repeat), nullptr, wrap_repeat},
    {"__iadd__", "($self, value, /)", "Implement self+=value.", SLOT(inplace_concat), nullptr, wrap_concat},
    {"__imul__", "($self, value, /)", "Implement self*=value.", SLOT(inplace_repeat), nullptr, wrap_repeat},
};
}  // namespace
const int kSlotDefCount = static_cast<int>(sizeof(kSlotTable) / sizeof(kSlotTable[0]));
const SlotDef* const kSlotDefs = kSlotTable;

namespace {
Str* slot_name(int i) {
  static constinit Str* interned[kMaxSlotDefs] = {};
  if (!interned[i]) interned[i] = intern(kSlotDefs[i].name);  // filled by the first thread at start-up
  return interned[i];
}
}  // namespace

bool add_slot_wrappers(Type* type) {
  auto* dict = as_dict(type->dict.peek());
  for (int i = 0; i < kSlotDefCount; ++i) {
    const SlotDef& def = kSlotDefs[i];
    void* function = get_slot(type->slots, def.offset);
    if (!function || !def.wrapper || function == def.dispatcher) continue;
    // Only what the type defines itself; the rest is inherited through the MRO.
    if (type->base && get_slot(type->base->slots, def.offset) == function) continue;
    if (dict_get_str(dict, slot_name(i))) continue;
    if (function == reinterpret_cast<void*>(&hash_not_implemented)) continue;
    Ref<> wrapper = slot_wrapper_new(type, &def, function);
    if (!wrapper || !dict_set_str(dict, slot_name(i), wrapper.value())) return false;
  }
  return true;
}

Function* special_method(Type* type, Str* name, uint32_t count, bool defaults) {
  Value method = type_lookup_borrowed(type, name);
  if (method.empty() || !has_shape(method, kShape_function) || !method.as_object()->has_gc_bit(kGcDeferred)) return nullptr;
  Function* function = as_function(method);
  const Code* code = function->code();
  if (!code->simple_call) return nullptr;
  if (code->argument_count == count) return function;
  if (!defaults || code->argument_count < count) return nullptr;
  Ref<> given = function->defaults.load(function);
  return given && as_tuple(given.value())->length >= static_cast<int64_t>(code->argument_count - count) ? function : nullptr;
}
int64_t length_of_result(Value result) {
  Ref<> number = index(result);
  if (!number) return -1;
  if (int_sign(number.value()) < 0) {
    raise(exc::ValueError, "__len__() should return >= 0");
    return -1;
  }
  int64_t length;
  if (to_size(number.value(), &length)) return length;
  if (clear_if(exc::IndexError)) raise(exc::OverflowError, "cannot fit 'int' into an index-sized integer");
  return -1;
}
int truth_of_result(Value result) {
  if (is_bool(result)) return is_true(result);
  raise(exc::TypeError, "__bool__ should return bool, returned %T", result);
  return -1;
}
int64_t hash_of_result(Value result) {
  if (!is_int(result)) {
    raise(exc::TypeError, "__hash__ method should return an integer");
    return -1;
  }
  int64_t h;
  if (!int_to_int64(result, &h)) h = int_hash(result);
  return h == -1 ? -2 : h;
}

namespace {
bool has_getter(const Type* type, void* function) {
  Value getter = type_lookup_borrowed(const_cast<Type*>(type), names::getattribute.str());
  return !getter.empty() && is_slot_wrapper_of(getter, function);
}
}  // namespace
bool has_only_getattr(const Type* type) {
  return type->slots.get_attribute == dispatch_get_attribute && has_getter(type, FN(generic_get_attribute));
}
bool reads_as_class(const Type* metatype) {
  auto plain = type_type.slots.get_attribute;
  auto getter = metatype->slots.get_attribute;
  return getter == plain || (getter == dispatch_get_attribute && has_getter(metatype, reinterpret_cast<void*>(plain.load())));
}

namespace {
// The type's method for an operator, if it is asked before right's.
Function* binary_method(Type* type, Str* name, Value right) {
  if (type_of(right) != type && is_subtype(type_of(right), type)) return nullptr;
  return special_method(type, name, 2, true);
}
}  // namespace
Function* operator_method(BinaryOp op, Value left, Value right, bool inplace) {
  int i = static_cast<int>(op);
  Type* type = type_of(left);
  if (!has_flag(type, kTypeHeap) || type->slots.binary[i] != kBinaryDispatchers[i] || (inplace && type->slots.inplace[i]))
    return nullptr;
  return binary_method(type, kBinaryNames[i].forward->str(), right);
}
Function* comparison_method(CompareOp op, Value left, Value right) {
  Type* type = type_of(left);
  if (!has_flag(type, kTypeHeap) || type->slots.compare != dispatch_compare) return nullptr;
  return binary_method(type, kCompareNames[static_cast<int>(op)]->str(), right);
}
Ref<> operator_declined(BinaryOp op, Value left, Value right, bool inplace) {
  int i = static_cast<int>(op);
  if (type_of(left) != type_of(right)) {
    auto slot = type_of(right)->slots.binary[i];
    Ref<> result;
    if (slot == kBinaryDispatchers[i]) {
      bool found;
      result = call_special(right, kBinaryNames[i].reflected->str(), {left}, &found);
      if (!found) result = not_implemented_ref();
    } else {
      result = slot ? slot(left, right) : not_implemented_ref();
    }
    if (!result || !is_not_implemented(result.value())) return result;
  }
  return operator_fallback(op, left, right, inplace);
}

void update_slots(Type* type, Str* only) {
  for (int i = 0; i < kSlotDefCount;) {
    // All table entries of one slot decide together; entries of one slot may be apart only for kPow.
    uint16_t offset = kSlotDefs[i].offset;
    int first = i;
    bool relevant = !only;
    while (i < kSlotDefCount && kSlotDefs[i].offset == offset) {
      if (only == slot_name(i)) relevant = true;
      ++i;
    }
    if (!relevant) continue;
    void* chosen = nullptr;
    bool use_dispatcher = false;
    void* dispatcher = nullptr;
    for (int k = first; k < i; ++k) {
      const SlotDef& def = kSlotDefs[k];
      if (def.dispatcher) dispatcher = def.dispatcher;
      Ref<> keep = type_lookup(type, slot_name(k));
      if (!keep) continue;
      Value found = keep.value();
      if (offset == SLOT(hash) && is_none(found)) {
        chosen = FN(hash_not_implemented);
        continue;
      }
      void* native = nullptr;
      if (offset == SLOT(construct)) {
        native = native_constructor_of(found, type);
      } else {
        bool other_slot = false;
        native = slot_wrapper_function(found, &def, type, &other_slot);
        if (other_slot) continue;
      }
      if (!native) {
        use_dispatcher = true;
      } else if (chosen && chosen != native) {
        use_dispatcher = true;
      } else {
        chosen = native;
      }
    }
    // __getattr__ beside the generic getter needs the dispatcher.
    void* function = use_dispatcher ? dispatcher : chosen;
    if (!dispatcher) {
      // Sequence slots have no dispatcher of their own: a Python-level override goes through `binary`.
      function = use_dispatcher ? nullptr : chosen;
    }
    // Loops over an iterator looked at the slot when they began.
    if (!function && offset == SLOT(next) && type->slots.next) function = FN(next_not_implemented);
    set_slot(type->slots, offset, function);
  }
}

}  // namespace pt
