// The abstract operations: operators, comparison, truth, items, iteration, conversion.
#include "vm/object/protocol.h"

#include <cmath>
#include <cstdlib>
#include <optional>

#include "gc/sync/object_lock.h"
#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/slot_table.h"
#include "vm/object/special_methods.h"
#include "vm/object/thread.h"
#include "vm/types/bytes_type.h"
#include "vm/types/complex.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/format.h"
#include "vm/types/generator.h"
#include "vm/types/generic_alias.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

const char* const kOperators[kBinaryOpCount] = {"+",           "-",  "*",  "@", "/", "//", "%",
                                                "** or pow()", "<<", ">>", "&", "|", "^",  "divmod()"};

// Left, right or reflected; NotImplemented when neither knows.
Ref<> binary_slots(int op, Value left, Value right) {
  Type* lt = type_of(left);
  Type* rt = type_of(right);
  auto left_slot = lt->slots.binary[op];
  auto right_slot = rt != lt ? rt->slots.binary[op] : nullptr;
  if (right_slot == left_slot) right_slot = nullptr;
  if (left_slot) {
    if (right_slot && is_subtype(rt, lt)) {
      Ref<> result = right_slot(left, right);
      if (!result || !is_not_implemented(result.value())) return result;
      right_slot = nullptr;
    }
    Ref<> result = left_slot(left, right);
    if (!result || !is_not_implemented(result.value())) return result;
  }
  if (right_slot) return right_slot(left, right);
  return not_implemented_ref();
}

Ref<> sequence_repeat(Ref<> (*repeat)(Value, int64_t), Value sequence, Value count) {
  if (!is_int(count) && !type_of(count)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    return raise(exc::TypeError, "can't multiply sequence by non-int of type '%T'", count);
  }
  int64_t n;
  if (!to_size(count, &n)) {
    if (clear_if(exc::IndexError)) return raise(exc::OverflowError, "cannot fit '%T' into an index-sized integer", count);
    return Ref<>();
  }
  return repeat(sequence, n);
}

Raised unsupported(int op, Value left, Value right, bool inplace) {
  if (inplace) {
    const char* symbol = op == static_cast<int>(BinaryOp::kPow) ? "**" : kOperators[op];
    return raise(exc::TypeError, "unsupported operand type(s) for %s=: '%T' and '%T'", symbol, left, right);
  }
  if (op == static_cast<int>(BinaryOp::kRshift) && has_shape(left, kShape_native_function)) {
    Ref<> name = find_attribute(left, names::name.str());
    if (name && is_str(name.value()) && as_str(name.value())->equals_ascii("print")) {
      return raise(exc::TypeError,
                   "unsupported operand type(s) for %s: '%T' and '%T'. Did you mean \"print(<message>, "
                   "file=<output_stream>)\"?",
                   kOperators[op], left, right);
    }
  }
  return raise(exc::TypeError, "unsupported operand type(s) for %s: '%T' and '%T'", kOperators[op], left, right);
}

Ref<> sequence_fallback(int op, Value left, Value right, bool inplace) {
  Slots& l = type_of(left)->slots;
  Slots& r = type_of(right)->slots;
  if (op == static_cast<int>(BinaryOp::kAdd)) {
    if (auto slot = l.inplace_concat; slot && inplace) return slot(left, right);
    if (auto slot = l.concat) return slot(left, right);
  } else if (op == static_cast<int>(BinaryOp::kMul)) {
    if (auto slot = l.inplace_repeat; slot && inplace) return sequence_repeat(slot, left, right);
    if (auto slot = l.repeat) return sequence_repeat(slot, left, right);
    if (auto slot = r.repeat) return sequence_repeat(slot, right, left);
  }
  return unsupported(op, left, right, inplace);
}

}  // namespace

Ref<> operator_fallback(BinaryOp op, Value left, Value right, bool inplace) {
  return sequence_fallback(static_cast<int>(op), left, right, inplace);
}
Ref<> binary_operation(BinaryOp op, Value left, Value right) {
  int i = static_cast<int>(op);
  if (has_shape(left, kShape_complex) && has_shape(right, kShape_complex)) {
    Ref<> result;
    if (complex_operation(op, left, right, &result)) return result;
  }
  if (op == BinaryOp::kPow) return power(left, right, Value());
  // Sequences without operators of their own: of one type, or times an int, which knows nothing of them.
  const Type* type = type_of(left);
  if (!type->slots.binary[i]) {
    if (op == BinaryOp::kAdd && type_of(right) == type) {
      if (auto slot = type->slots.concat) return slot(left, right);
    }
    if (op == BinaryOp::kMul && right.is_small_int()) {
      if (auto slot = type->slots.repeat) return slot(left, right.as_small_int());
    }
  }
  Ref<> result = binary_slots(i, left, right);
  if (result && is_not_implemented(result.value())) return sequence_fallback(i, left, right, false);
  return result;
}

Ref<> inplace_operation(BinaryOp op, Value left, Value right) {
  int i = static_cast<int>(op);
  if (auto slot = type_of(left)->slots.inplace[i]) {
    Ref<> result = slot(left, right);
    if (!result || !is_not_implemented(result.value())) return result;
  }
  if (op == BinaryOp::kPow) {
    Ref<> result = binary_slots(i, left, right);
    if (result && is_not_implemented(result.value())) return unsupported(i, left, right, true);
    return result;
  }
  Ref<> result = binary_slots(i, left, right);
  if (result && is_not_implemented(result.value())) return sequence_fallback(i, left, right, true);
  return result;
}

Ref<> power(Value base, Value exponent, Value modulus) {
  constexpr int kPow = static_cast<int>(BinaryOp::kPow);
  if (modulus.empty() || is_none(modulus)) {
    Ref<> result = binary_slots(kPow, base, exponent);
    if (result && is_not_implemented(result.value())) return unsupported(kPow, base, exponent, false);
    return result;
  }
  for (Value v : {base, exponent, modulus}) {
    if (auto slot = type_of(v)->slots.power) {
      Ref<> result = slot(base, exponent, modulus);
      if (!result || !is_not_implemented(result.value())) return result;
    }
  }
  return raise(exc::TypeError, "unsupported operand type(s) for ** or pow(): '%T', '%T', '%T'", base, exponent, modulus);
}

Ref<> unary_operation(UnaryOp op, Value operand) {
  auto slot = type_of(operand)->slots.unary[static_cast<int>(op)];
  if (slot) return slot(operand);
  switch (op) {
    case UnaryOp::kNeg: return raise(exc::TypeError, "bad operand type for unary -: '%T'", operand);
    case UnaryOp::kPos: return raise(exc::TypeError, "bad operand type for unary +: '%T'", operand);
    case UnaryOp::kInvert: return raise(exc::TypeError, "bad operand type for unary ~: '%T'", operand);
    case UnaryOp::kAbs: return raise(exc::TypeError, "bad operand type for abs(): '%T'", operand);
    default: return raise(exc::TypeError, "'%T' object cannot be interpreted as an integer", operand);
  }
}

// ---- comparison ------------------------------------------------------------------------------------------------------

namespace {
constexpr int kUnordered = 2;
constexpr int kMaxTupleDepth = 8;
template <class T>
int sign_of(T x, T y) {
  return x < y ? -1 : x > y;
}
// -1, 0, 1, or kUnordered: it takes more to tell.
int order_simple(Value a, Value b, int depth) {
  if (a.is_small_int() && b.is_small_int()) return sign_of(a.as_small_int(), b.as_small_int());
  if (a.is_immediate_float() && b.is_immediate_float()) return sign_of(a.as_immediate_float(), b.as_immediate_float());
  if (is_exact_str(a) && is_exact_str(b)) return str_compare(as_str(a), as_str(b));
  if (!is_exact_tuple(a) || !is_exact_tuple(b) || depth == kMaxTupleDepth) return kUnordered;
  const Tuple *x = as_tuple(a), *y = as_tuple(b);
  int64_t n = x->length < y->length ? x->length : y->length;
  for (int64_t i = 0; i < n; ++i) {
    Value p = x->at(i), q = y->at(i);
    if (p.same(q)) continue;
    if (p.is_small_int() && q.is_small_int()) return sign_of(p.as_small_int(), q.as_small_int());
    if (int order = order_simple(p, q, depth + 1)) return order;
  }
  return sign_of(x->length, y->length);
}
}  // namespace
int compare_simple(Value left, Value right, CompareOp op) {
  int order = order_simple(left, right, 0);
  return order == kUnordered ? -1 : ordered(op, order, 0);
}

namespace {
constexpr CompareOp kReflected[] = {CompareOp::kGt, CompareOp::kGe, CompareOp::kEq,
                                    CompareOp::kNe, CompareOp::kLt, CompareOp::kLe};
}
Ref<> compare_declined(Value left, Value right, CompareOp op, bool tried_right) {
  if (auto slot = type_of(right)->slots.compare; slot && !tried_right) {
    Ref<> result = slot(right, left, kReflected[static_cast<int>(op)]);
    if (!result || !is_not_implemented(result.value())) return result;
  }
  if (op == CompareOp::kEq) return bool_ref(left.same(right));
  if (op == CompareOp::kNe) return bool_ref(!left.same(right));
  static const char* const kSymbols[] = {"<", "<=", "==", "!=", ">", ">="};
  return raise(exc::TypeError, "'%s' not supported between instances of '%T' and '%T'", kSymbols[static_cast<int>(op)], left,
               right);
}
Ref<> compare(Value left, Value right, CompareOp op) {
  Type* lt = type_of(left);
  Type* rt = type_of(right);
  CompareOp reflected = kReflected[static_cast<int>(op)];
  bool tried_right = false;
  if (lt == rt && !lt->layout.tracked && !has_flag(lt, kTypeHeap)) {
    // Numbers, text, dates: nothing of these contains itself.
    if (auto slot = lt->slots.compare) {
      Ref<> result = slot(left, right, op);
      if (!result || !is_not_implemented(result.value())) return result;
    }
    return compare_declined(left, right, op);
  }
  RecursionGuard guard(" in comparison");
  if (!guard) return Ref<>();
  if (auto slot = rt->slots.compare; slot && lt != rt && is_subtype(rt, lt)) {
    tried_right = true;
    Ref<> result = slot(right, left, reflected);
    if (!result || !is_not_implemented(result.value())) return result;
  }
  if (auto slot = lt->slots.compare) {
    Ref<> result = slot(left, right, op);
    if (!result || !is_not_implemented(result.value())) return result;
  }
  return compare_declined(left, right, op, tried_right);
}
int compare_truth(Value left, Value right, CompareOp op) {
  if (is_exact_tuple(left)) {
    if (int known = compare_simple(left, right, op); known >= 0) return known;
  }
  Ref<> result = compare(left, right, op);
  if (!result) return -1;
  if (is_bool(result.value())) return is_true(result.value());
  return truth(result.value());
}
int equal(Value left, Value right) {
  if (left.same(right)) return 1;
  if (is_exact_str(left) && is_exact_str(right)) return str_equal(as_str(left), as_str(right));
  if (left.is_small_int() && right.is_small_int()) return 0;
  return compare_truth(left, right, CompareOp::kEq);
}

int truth(Value v) {
  if (is_bool(v)) return is_true(v);
  if (is_none(v)) return 0;
  if (v.is_small_int()) return v.as_small_int() != 0;
  if (v.is_immediate_float()) return v.as_immediate_float() != 0.0;
  Slots& slots = type_of(v)->slots;
  if (auto slot = slots.truth) return slot(v);
  if (auto slot = slots.length) {
    int64_t n = slot(v);
    return n < 0 ? -1 : n > 0;
  }
  return 1;
}

int64_t hash(Value v) {
  if (is_exact_str(v)) return str_hash(as_str(v));
  auto slot = type_of(v)->slots.hash;
  if (slot) return slot(v);
  raise(exc::TypeError, "unhashable type: '%T'", v);
  return -1;
}

// ---- text --------------------------------------------------------------------------------------------------------------

bool check_text(Value v, const char* method) {
  return PT_LIKELY(is_str(v)) || raise(exc::TypeError, "%s returned non-string (type %T)", method, v);
}
Ref<> repr(Value v) {
  auto slot = type_of(v)->slots.repr;
  RecursionGuard guard(" while getting the repr of an object");
  if (!guard) return Ref<>();
  Ref<> result = slot(v);
  if (result && !check_text(result.value(), "__repr__")) return Ref<>();
  return result;
}
Ref<> str(Value v) {
  if (is_exact_str(v)) return Ref<>::retain(v);
  if (v.is_small_int()) return int_type.slots.repr(v);
  auto slot = type_of(v)->slots.str;
  if (!slot) return repr(v);
  RecursionGuard guard(" while getting the str of an object");
  if (!guard) return Ref<>();
  Ref<> result = slot(v);
  if (result && !check_text(result.value(), "__str__")) return Ref<>();
  return result;
}
Ref<> ascii(Value v) {
  Ref<> text = repr(v);
  if (!text || as_str(text.value())->ascii) return text;
  Ref<> encoded =
      call_method(text.value(), "encode", {Value::object(intern("ascii")), Value::object(intern("backslashreplace"))});
  if (!encoded) return encoded;
  return call_method(encoded.value(), "decode", {Value::object(intern("ascii"))});
}
Ref<> format(Value v, Value spec) {
  bool empty = spec.empty() || as_str(spec)->length == 0;
  if (empty) {
    if (is_exact_str(v)) return Ref<>::retain(v);
    if (is_exact_int(v)) return int_to_str(v);
    if (is_exact_float(v)) return repr(v);
  } else {
    if (is_exact_int(v)) return format_int(v, as_str(spec));
    if (is_exact_float(v)) return format_float(v, as_str(spec));
    if (is_exact_str(v)) return format_text(v, as_str(spec));
  }
  bool found;
  Ref<Str> no_spec;
  if (spec.empty()) {
    no_spec = str_from_ascii("");
    spec = no_spec.value();
  }
  Ref<> result = call_special(v, names::format.str(), {spec}, &found);
  if (!found) return raise(exc::TypeError, "Type %T doesn't define __format__", v);
  if (result && !is_str(result.value())) {
    return raise(exc::TypeError, "__format__ must return a str, not %T", result.value());
  }
  return result;
}

// ---- containers ----------------------------------------------------------------------------------------------------------

int64_t length(Value v) {
  auto slot = type_of(v)->slots.length;
  if (slot) return slot(v);
  raise(exc::TypeError, "object of type '%T' has no len()", v);
  return -1;
}
int64_t length_hint(Value v, int64_t fallback) {
  auto slot = type_of(v)->slots.length;
  if (slot) {
    int64_t n = slot(v);
    if (n >= 0) return n;
    if (!clear_if(exc::TypeError)) return -1;
  }
  bool found;
  Ref<> hint = call_special(v, names::length_hint.str(), {}, &found);
  if (!found) return fallback;
  if (!hint) return clear_if(exc::TypeError) ? fallback : -1;
  if (is_not_implemented(hint.value())) return fallback;
  if (!is_int(hint.value())) {
    raise(exc::TypeError, "__length_hint__ must be an integer, not %T", hint.value());
    return -1;
  }
  int64_t n;
  if (!to_size(hint.value(), &n)) return -1;
  if (n < 0) raise(exc::ValueError, "__length_hint__() should return >= 0");
  return n < 0 ? -1 : n;
}

Ref<> get_item(Value container, Value key) {
  if (auto slot = type_of(container)->slots.get_item) return slot(container, key);
  if (is_instance_of(container, &type_type)) {
    if (container.is(&type_type)) return generic_alias_new(container, key);
    Ref<> method = find_attribute(container, names::class_getitem.str());
    if (method && !is_none(method.value())) return call1(method.value(), key);
    if (error_pending()) return Ref<>();
    return raise(exc::TypeError, "type '%F' is not subscriptable", reinterpret_cast<Type*>(container.as_object()));
  }
  return raise(exc::TypeError, "'%T' object is not subscriptable", container);
}
bool set_item(Value container, Value key, Value value) {
  if (auto slot = type_of(container)->slots.set_item) return slot(container, key, value);
  return raise(exc::TypeError, "'%T' object does not support item assignment", container);
}
bool delete_item(Value container, Value key) {
  Type* type = type_of(container);
  if (auto slot = type->slots.set_item) return slot(container, key, Value());
  // CPython words it differently where the sequence protocol is asked.
  const Slots& s = type->slots;
  bool sequence = (type->flags.load(std::memory_order_relaxed) & kTypeHeap) || s.length || s.contains || s.concat || s.get_item;
  bool index = type_of(key)->slots.unary[static_cast<int>(UnaryOp::kIndex)];
  return raise(exc::TypeError,
               sequence && index ? "'%T' object doesn't support item deletion" : "'%T' object does not support item deletion",
               container);
}
int contains(Value container, Value item) {
  Type* type = type_of(container);
  if (auto slot = type->slots.contains) return slot(container, item);
  if (!type->slots.iter && !type->slots.get_item) {
    raise(exc::TypeError, "argument of type '%T' is not iterable", container);
    return -1;
  }
  int answer = 0;
  bool ok = for_each(container, [&](Value each) {
    answer = equal(each, item);
    return answer == 0;
  });
  if (answer) return answer;
  if (!ok && pending_matches(exc::TypeError) && !type->slots.iter) {
    clear_error();
    raise(exc::TypeError, "argument of type '%T' is not iterable", container);
  }
  return ok ? 0 : -1;
}

Ref<> get_iter(Value v) {
  Type* type = type_of(v);
  if (auto slot = type->slots.iter) {
    Ref<> result = slot(v);
    return result && check_iterator(result.value()) ? std::move(result) : Ref<>();
  }
  if (type->slots.get_item && !has_flag(type, kTypeDictSubclass)) {
    return sequence_iterator_new(v);
  }
  return raise(exc::TypeError, "'%T' object is not iterable", v);
}
bool check_iterator(Value v) {
  if (is_iterator(v)) return true;
  return raise(exc::TypeError, "iter() returned non-iterator of type '%T'", v);
}
bool is_iterator(Value v) {
  auto slot = type_of(v)->slots.next;
  return slot != nullptr && slot != next_not_implemented;
}
Ref<> next_not_implemented(Value self) { return raise(exc::TypeError, "'%T' object is not iterable", self); }
Ref<> next(Value iterator) {
  auto slot = type_of(iterator)->slots.next;
  if (!slot || slot == next_not_implemented) return raise(exc::TypeError, "'%T' object is not an iterator", iterator);
  Ref<> result = slot(iterator);
  if (!result) clear_if(exc::StopIteration);
  return result;
}

namespace {
// As their iterators do: what a bytearray holds, and how much, may change from byte to byte.
bool iterate_bytes(Value iterable, bool (*each)(Value, void*), void* context) {
  if (has_shape(iterable, kShape_bytes)) {
    for (char c : as_bytes(iterable)->view()) {
      if (!each(Value::small_int(static_cast<uint8_t>(c)), context)) return false;
    }
    return true;
  }
  for (size_t i = 0;; ++i) {
    uint8_t byte;
    {
      std::optional<LockGuard> guard;
      if (PT_UNLIKELY(multithreaded())) guard.emplace(iterable.as_object());
      std::string_view content = byte_view(iterable);
      if (i >= content.size()) return true;
      byte = static_cast<uint8_t>(content[i]);
    }
    if (!each(Value::small_int(byte), context)) return false;
  }
}
}  // namespace

bool iterate(Value iterable, bool (*each)(Value, void*), void* context) {
  if (is_exact_tuple(iterable)) {
    Tuple* t = as_tuple(iterable);
    for (int64_t i = 0; i < t->length; ++i) {
      if (!each(t->at(i), context)) return false;
    }
    return true;
  }
  if (is_exact_list(iterable)) {
    List* list = as_list(iterable);
    for (int64_t i = 0; i < list_size(list); ++i) {
      Ref<> item = list_get(list, i);
      if (!item) break;
      if (!each(item.value(), context)) return false;
    }
    return true;
  }
  if (has_shape(iterable, kShape_bytes) || has_shape(iterable, kShape_bytearray)) return iterate_bytes(iterable, each, context);
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return false;
  if (has_shape(iterator.value(), kShape_generator)) {
    for (;;) {
      Ref<> item = generator_advance(as_generator(iterator.value()));
      if (!item) return !error_pending() || clear_if(exc::StopIteration);
      if (!each(item.value(), context)) return false;
    }
  }
  for (;;) {
    Ref<> item = next(iterator.value());
    if (!item) return !error_pending();
    if (!each(item.value(), context)) return false;
  }
}

// ---- attributes ------------------------------------------------------------------------------------------------------------

Ref<> get_attribute(Value object, Str* name) {
  Ref<Str> holder;
  Str* interned = intern_name(name, &holder);
  if (!interned) return Ref<>();
  Ref<> found = type_of(object)->slots.get_attribute(object, interned);
  if (PT_UNLIKELY(!found)) complete_attribute_error(object, interned);
  return found;
}
Ref<> get_attribute(Value object, const char* name) { return get_attribute(object, intern(name)); }
Ref<> find_attribute(Value object, Str* name) {
  Ref<Str> holder;
  Str* interned = intern_name(name, &holder);
  if (!interned) return Ref<>();
  auto slot = type_of(object)->slots.get_attribute;
  if (slot == generic_get_attribute) {
    Ref<> result = generic_find_attribute(object, interned);
    if (!result) clear_if(exc::AttributeError);
    return result;
  }
  Ref<> result = slot(object, interned);
  if (!result) clear_if(exc::AttributeError);
  return result;
}
bool set_attribute(Value object, Str* name, Value value) {
  Ref<Str> holder;
  Str* interned = intern_name(name, &holder);
  if (!interned) return false;
  Type* type = type_of(object);
  auto slot = type->slots.set_attribute;
  if (!slot) {
    return raise(exc::TypeError, "'%T' object has no attributes (%s .%U)", object, value.empty() ? "del" : "assign to", name);
  }
  return slot(object, interned, value);
}
Ref<> lookup_special(Value object, Str* name) {
  Type* type = type_of(object);
  Value found = type_lookup_borrowed(type, name);
  if (found.empty()) return Ref<>();
  if (!found.is_object() || lives_on(found.as_object())) {
    auto get = type_of(found)->slots.descriptor_get;
    return get ? get(found, object, Value::object(type)) : Ref<>::retain(found);
  }
  Ref<> method = type_lookup(type, name);
  if (!method) return method;
  auto get = type_of(method.value())->slots.descriptor_get;
  return get ? get(method.value(), object, Value::object(type)) : std::move(method);
}

// ---- calls -----------------------------------------------------------------------------------------------------------------

Ref<> call(Value callable, const Args& args) {
  Type* type = type_of(callable);
  if (type == &type_type && args.count == 1 && !args.names) {
    if (NativeFunction convert = conversion_of(callable)) return convert(args.values);
  }
  auto slot = type->slots.call;
  if (PT_UNLIKELY(!slot)) return raise(exc::TypeError, "'%T' object is not callable", callable);
  if (PT_UNLIKELY(!native_stack_ok(" while calling a Python object"))) return Ref<>();
  Ref<> result = slot(callable, args);
  PT_ASSERT(static_cast<bool>(result) != error_pending());
  return result;
}
Ref<> call_values(Value callable, std::initializer_list<Value> arguments) {
  return call(callable, Args{arguments.begin(), static_cast<uint32_t>(arguments.size())});
}
Ref<> call_method(Value object, Str* name, const Args& args) {
  Type* type = type_of(object);
  Ref<> method;
  if (type->slots.get_attribute == generic_get_attribute && (method = type_lookup(type, name)) &&
      has_flag(type_of(method.value()), kTypeMethodDescriptor)) {
    Ref<> own = object.is_object() && type->attributes_offset ? instance_get(object.as_object(), name) : Ref<>();
    if (own) return call(own.value(), args);
    return error_pending() ? Ref<>() : call_prepended(method.value(), object, args);
  }
  method = get_attribute(object, name);
  return method ? call(method.value(), args) : std::move(method);
}
Ref<> call_method(Value object, Str* name, std::initializer_list<Value> arguments) {
  return call_method(object, name, Args{arguments.begin(), static_cast<uint32_t>(arguments.size())});
}
Ref<> call_method(Value object, const char* name, std::initializer_list<Value> arguments) {
  return call_method(object, intern(name), arguments);
}
Ref<> call_tuple_dict(Value callable, Value tuple, Value dict) {
  FlatArgs flat;
  if (!flat.assign(tuple, dict)) return Ref<>();
  return call(callable, flat.args());
}
bool is_callable(Value v) { return type_of(v)->slots.call != nullptr; }

// ---- numbers ---------------------------------------------------------------------------------------------------------------

Ref<> index(Value v) {
  if (is_int(v)) return Ref<>::retain(v);
  auto slot = type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)];
  if (!slot) return raise(exc::TypeError, "'%T' object cannot be interpreted as an integer", v);
  Ref<> result = slot(v);
  if (!result || is_exact_int(result.value())) return result;
  if (!is_int(result.value())) return raise(exc::TypeError, "__index__ returned non-int (type %T)", result.value());
  if (!warn(exc::DeprecationWarning, 1,
            "__index__ returned non-int (type %T).  The ability to return an instance of a strict subclass of int is "
            "deprecated, and may not be supported in a future version of Python.",
            result.value())) {
    return Ref<>();
  }
  return result;
}
bool to_int64(Value v, int64_t* out) {
  if (v.is_small_int()) {
    *out = v.as_small_int();
    return true;
  }
  Ref<> i = index(v);
  if (!i) return false;
  if (int_to_int64(i.value(), out)) return true;
  return raise(exc::OverflowError, "Python int too large to convert to C long");
}
bool to_size(Value v, int64_t* out) {
  if (v.is_small_int()) {
    *out = v.as_small_int();
    return true;
  }
  Ref<> i = index(v);
  if (!i) return false;
  if (int_to_int64(i.value(), out)) return true;
  return raise(exc::IndexError, "cannot fit '%T' into an index-sized integer", v);
}
bool to_index_clamped(Value v, int64_t* out) {
  if (v.is_small_int()) {
    *out = v.as_small_int();
    return true;
  }
  if (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    return raise(exc::TypeError, "slice indices must be integers or None or have an __index__ method");
  }
  Ref<> i = index(v);
  if (!i) return false;
  if (!int_to_int64(i.value(), out)) *out = int_sign(i.value()) < 0 ? INT64_MIN : INT64_MAX;
  return true;
}
bool to_double(Value v, double* out) {
  if (is_float(v)) {
    *out = as_double(v);
    return true;
  }
  if (auto slot = type_of(v)->slots.unary[static_cast<int>(UnaryOp::kFloat)]) {
    Ref<> f = slot(v);
    if (!f) return false;
    if (!checked_float(v, f.value())) return false;
    *out = as_double(f.value());
    return true;
  }
  if (type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    Ref<> i = index(v);
    if (!i) return false;
    *out = int_to_double(i.value());
    return !(*out == -1.0 && error_pending());
  }
  return raise(exc::TypeError, "must be real number, not %T", v);
}
bool to_bool(Value v, bool* out) {
  int t = truth(v);
  *out = t > 0;
  return t >= 0;
}

// ---- recursion ---------------------------------------------------------------------------------------------------------------

bool native_stack_ok(const char* where) {
  Thread* thread = current_thread();
  if (PT_LIKELY(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) > thread->native_limit)) return true;
  // Room for the handling itself.
  uintptr_t limit = thread->native_limit;
  thread->native_limit = limit - 48 * 1024;
  raise(exc::RecursionError, "maximum recursion depth exceeded%s", where);
  thread->native_limit = limit;
  return false;
}
RecursionGuard::RecursionGuard(const char* where, int scale) : ok_(native_stack_ok(where)) {
  Thread* thread = current_thread();
  ++thread->native_depth;
  int64_t limit = thread->record_limit - thread->record_base;
  int64_t depth = thread->record - thread->record_base + 1 + thread->native_depth;
  if (PT_LIKELY(!ok_ || depth <= limit * scale)) return;
  ok_ = false;
  // Room for the handling itself.
  int32_t counted = thread->native_depth;
  thread->native_depth = counted - kRecordReserve;
  raise(exc::RecursionError, "maximum recursion depth exceeded%s", where);
  thread->native_depth = counted;
}
RecursionGuard::~RecursionGuard() { --current_thread()->native_depth; }

ReprGuard::ReprGuard(Value v) : value_(v), entered_(false) {
  Thread* thread = current_thread();
  if (thread->repr_stack.empty()) {
    Ref<List> list = list_new();
    if (!list) return;
    thread->repr_stack = Value::object(list.take());
  }
  List* stack = as_list(thread->repr_stack);
  for (int64_t i = list_size(stack) - 1; i >= 0; --i) {
    Ref<> item = list_get(stack, i);
    if (item && item.value().same(v)) return;
  }
  entered_ = list_append(stack, Ref<>::retain(v));
}
ReprGuard::~ReprGuard() {
  if (!entered_) return;
  List* stack = as_list(current_thread()->repr_stack);
  // Usually the last one.
  for (int64_t i = list_size(stack) - 1; i >= 0; --i) {
    Ref<> item = list_get(stack, i);
    if (item && item.value().same(value_)) {
      list_pop(stack, i).reset();
      return;
    }
  }
}

}  // namespace pt
