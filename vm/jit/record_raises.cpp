// Recording of builtin operations that are seen to fail: what they raise is a virtual object, like what `raise` raises.
#include <cstddef>
#include <cstring>

#include "vm/interp/attribute_cache.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/jit/recorder.h"
#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/types/dict_inl.h"
#include "vm/types/exception.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
// What `operation`, which runs no Python code, raises; empty: nothing.
template <class F>
Ref<> error_of(F operation) {
  if (operation()) return Ref<>();
  return take_error();
}
bool is_numeric(Value v) {
  return v.is_small_int() || v.is_immediate_float() || is_bool(v) || has_shape(v, kShape_int) || has_shape(v, kShape_float);
}
bool is_zero(Value v) { return v.is_small_int() ? v.as_small_int() == 0 : v.is_immediate_float() && v.as_immediate_float() == 0; }
bool is_text(Value v) { return has_shape(v, kShape_str) || has_shape(v, kShape_bytes); }
}  // namespace

// Whether an exception of this instruction would be caught in the trace.
bool Recorder::can_raise(Handler* out) {
  return !tracing(thread_) && can_unwind(&out->depth, &out->entry) && (handling() || nothing_handled());
}
// Raises an exception that nobody has seen: the one in the register `operand`, or (0) one that no register has. `held`: it can
// stay virtual, as registers keep alive what it refers to.
void Recorder::raise_fresh(Reference e, const Handler& to, int operand, bool held) {
  int32_t context = -1;
  fresh_ = e;
  if (handling()) {
    builder_.set_field(e, offsetof(BaseException, context), slot(handled_.back()));
    context = find_caught(slot(handled_.back()));
  }
  if (!held) make(e);
  leave_owners(to.depth, to.entry);
  e = builder_.resolve(e);
  Reference raw = builder_.is_virtual(e) || !operand ? loose_word(e) : take_word(e, operand);
  caught_.push_back({e, context, {{-1, window_, pc_}}});
  unwind(caught_.size() - 1, raw, pc_, to.depth, to.entry);
}
// Raises an exception of a builtin class with the arguments, which virtual objects can hold.
Reference Recorder::builtin_exception(const pt::Type* type, std::initializer_list<Reference> arguments) {
  Reference args = object_constant(Value::object(empty_tuple()));
  if (arguments.size()) {
    args = builder_.virtual_object(
        {.kind = Layout::Kind::kTuple, .shape = kShape_tuple, .length = static_cast<int64_t>(arguments.size())});
    auto offset = static_cast<int64_t>(offsetof(Tuple, items));
    for (Reference r : arguments) {
      builder_.set_field(args, offset, r);
      offset += static_cast<int64_t>(sizeof(Field));
    }
  }
  Reference e = virtual_instance(type);
  builder_.set_field(e, offsetof(BaseException, args), args);
  return e;
}
// Raises another one like `seen`, whose text is always the same.
bool Recorder::raise_like(const Ref<>& seen, const Handler& to) {
  Value args = as_exception(seen.value())->args.peek();
  if (!has_shape(args, kShape_tuple) || as_tuple(args)->length != 1 || !has_shape(as_tuple(args)->at(0), kShape_str))
    return fall_back();
  raise_fresh(builtin_exception(type_of(seen.value()), {object_constant(as_tuple(args)->at(0))}), to, 0);
  return true;
}

// d[key] of a dict that has no such key.
bool Recorder::raise_key_error(int container, int key) {
  Handler to;
  if (dict_contains_simple(as_dict(seen(container)), seen(key)) != 0 || !can_raise(&to)) return false;
  Reference dict = plain(container), k = plain(key);
  bool held = can_hold(k);
  emit(Op::kGuardIs, emit(Op::kContainsAny, dict, k), object_constant(boolean(false)));
  raise_fresh(builtin_exception(exc::KeyError, {k}), to, 0, held);
  return true;
}

// An index beyond the sequence's ends; `stores`: an item was to be stored there.
bool Recorder::raise_index_error(int sequence, int key, bool stores) {
  Value s = seen(sequence), k = seen(key);
  bool list = has_shape(s, kShape_list);
  if (!k.is_small_int() || !(list || has_shape(s, kShape_tuple) || has_shape(s, kShape_str))) return false;
  int64_t length = list ? list_size(as_list(s)) : has_shape(s, kShape_str) ? as_str(s)->length : as_tuple(s)->length;
  int64_t i = k.as_small_int();
  Handler to;
  if ((i < length && i >= -length) || (stores && !list) || !can_raise(&to)) return false;
  Ref<> error = error_of([&] { return stores ? set_item(s, k, none()) : static_cast<bool>(get_item(s, k)); });
  if (!error) return false;
  Reference count = length_of(read(sequence), s), index = as_int(read(key));
  if (i >= 0)
    emit(Op::kGuardGeInt, index, count);
  else
    emit(Op::kGuardLtInt, emit(Op::kAddInt, index, count), builder_.small_int(0));
  return raise_like(error, to);
}

// Division by zero, and operands whose types alone say that it cannot be done.
bool Recorder::raise_operator_error(uint64_t word) {
  Value a = seen(PT_B), b = seen(PT_C);
  OperatorName name = operator_name(opcode_);
  if (a.empty() || b.empty() || !is_scalar(a) || !is_scalar(b)) return false;
  bool divides = name.op == BinaryOp::kTrueDiv || name.op == BinaryOp::kFloorDiv || name.op == BinaryOp::kMod;
  bool by_zero = divides && (a.is_small_int() || a.is_immediate_float()) && is_zero(b);
  bool wrong = !(is_numeric(a) && is_numeric(b)) && !(is_text(a) && is_text(b)) && name.op != BinaryOp::kPow &&
               !(name.op == BinaryOp::kMul && (is_text(a) || is_text(b))) && !(name.op == BinaryOp::kMod && is_text(a));
  Handler to;
  if (!(by_zero || wrong) || !can_raise(&to)) return false;
  Ref<> error = error_of([&] { return name.inplace ? inplace_operation(name.op, a, b) : binary_operation(name.op, a, b); });
  if (!error || type_of(error.value()) != (by_zero ? exc::ZeroDivisionError : exc::TypeError)) return false;
  plain(PT_B);
  plain(PT_C);
  if (by_zero) {
    if (b.is_small_int())
      emit(Op::kGuardEqInt, as_int(read(PT_C)), builder_.small_int(0));
    else
      emit(Op::kGuardEqFloat, as_float(read(PT_C), b), builder_.float_constant(0.0));
  }
  return raise_like(error, to);
}

// An attribute that neither the object nor its class has. `name` is interned.
bool Recorder::lacks(Reference object, Value v, Str* name) {
  if (!is_class_instance(v)) return false;
  pt::Type* type = type_of(v);
  uint32_t version = type->version.load(std::memory_order_acquire);
  if (!version || type->slots.get_attribute != object_type.slots.get_attribute || !lacks_attribute(v, name)) return false;
  guard_class(object, v, version);
  return true;
}
bool Recorder::raise_attribute_error(Reference object, Value v, Str* name) {
  Handler to;
  if (!is_class_instance(v) || !can_hold(object) || !can_raise(&to) || !lacks(object, v, name)) return false;
  Ref<> error = error_of([&] { return static_cast<bool>(get_attribute(v, name)); });
  if (!error || type_of(error.value()) != exc::AttributeError) return false;
  Value args = as_exception(error.value())->args.peek();
  if (!has_shape(args, kShape_tuple) || as_tuple(args)->length != 1) return false;
  Reference e = builtin_exception(exc::AttributeError, {object_constant(as_tuple(args)->at(0))});
  builder_.set_field(e, offsetof(AttributeErrorObject, object), object);
  builder_.set_field(e, offsetof(AttributeErrorObject, name), object_constant(Value::object(name)));
  raise_fresh(e, to, 0);
  return true;
}

// ---- attributes by name, texts of exceptions ------------------------------------------------------------------------------

// The registers of a call, from `base` to the last argument, are consumed; the result is there.
void Recorder::finish_builtin(int base, int32_t end, int result) {
  consume_window(at(base), static_cast<uint32_t>(end - at(base)), at(result));
  go(instruction_words(opcode_));
}
void Recorder::finish_builtin(int base, int32_t end, int result, Reference value) {
  // It may be one of the arguments.
  bool counted = is_pointer(value);
  Reference word = counted ? emit(Op::kOwn, value) : value;
  if (builder_.is_virtual(value)) fresh_ = value;
  consume_window(at(base), static_cast<uint32_t>(end - at(base)), at(result));
  if (counted)
    set_owned(at(result), word, builder_.resolve(value));
  else
    set_lazy(at(result), value);
  go(instruction_words(opcode_));
}

// getattr(object, "name"), perhaps with a default, and hasattr(object, "name"). False, and nothing has happened: something else.
bool Recorder::attribute_by_name(int base, const char* function, uint32_t count, int result, bool shift) {
  bool has = !std::strcmp(function, "hasattr");
  int32_t first = at(base) + 1 + shift, end = first + static_cast<int32_t>(count);
  if ((!has && std::strcmp(function, "getattr")) || count < 2 || count > (has ? 2u : 3u)) return false;
  Value v = base_frame_[first], key = base_frame_[first + 1];
  if (!v.is_object() || v.empty() || !is_exact_str(key) || !ir_.is_constant(slot(first + 1))) return false;
  Ref<Str> holder;
  Str* name = intern_name(as_str(key), &holder);
  if (!name || holder || !is_class_instance(v)) return false;
  uint32_t shape = v.as_object()->shape_id.load(std::memory_order_relaxed);
  const AttributeNode* node = find_attribute_node(shape, name, false);
  if (!node) node = slot_node(v.as_object(), name, false);
  bool slot_found = node && node->kind == AttributeKind::kSlot;
  Value item = slot_found ? reinterpret_cast<Field*>(reinterpret_cast<char*>(v.as_object()) + node->offset)->peek() : Value();
  bool is_method = node && (node->kind == AttributeKind::kMethod || node->kind == AttributeKind::kClassValue);
  auto guard_call = [&] {
    known(base);
    if (shift) emit(Op::kGuardIs, slot(first - 1), empty_);
  };
  if (slot_found ? !item.empty() : has && is_method) {
    guard_call();
    Reference r = as_object(slot(first), shape);
    guard_node(node, shape);
    if (has) {
      if (slot_found) exclusive(r, v.as_object());
      if (slot_found && !builder_.is_virtual(r)) emit(Op::kGuardBound, emit(Op::kLoadField, r, kNoReference, node->offset));
      finish_builtin(base, end, result, object_constant(boolean(true)));
      return true;
    }
    exclusive(r, v.as_object());
    if (!load_into(r, node->offset, item, result, 0)) return false;
    finish_builtin(base, end, result);
    return true;
  }
  if (node) return false;
  if (!has && count == 2) {
    Handler to;
    if (!can_raise(&to)) return false;
    guard_call();
    return raise_attribute_error(slot(first), v, name);
  }
  guard_call();
  if (!lacks(slot(first), v, name)) return false;
  finish_builtin(base, end, result, has ? object_constant(boolean(false)) : slot(first + 2));
  return true;
}

bool is_arguments_of_exception(Value descriptor) {
  return descriptor.same(type_lookup_borrowed(exc::BaseException, names::args_.str()));
}
// Whether str() of the exception in the register gives its only argument, or nothing.
bool Recorder::has_plain_text(int32_t where) {
  Value e = base_frame_[where];
  if (!is_exception(e) || type_of(e)->slots.str != exc::BaseException->slots.str) return false;
  if (ir_.multithreaded && !builder_.is_virtual(slot(where))) return false;   // others may give it other arguments
  Value args = as_exception(e)->args.peek();
  if (!has_shape(args, kShape_tuple) || as_tuple(args)->length > 1) return false;
  Value item = as_tuple(args)->length ? as_tuple(args)->at(0) : none();
  return as_tuple(args)->length == 0 || is_exact_str(item) || item.is_small_int();
}
bool Recorder::text_of_exception(int base, int result) {
  int32_t where = at(base) + 1;
  Value e = base_frame_[where];
  const Tuple* args = as_tuple(as_exception(e)->args.peek());
  if (!guard_exception_type(slot(where), e)) return fall_back();
  known(base);
  Reference tuple = emit(Op::kLoadField, slot(where), kNoReference, offsetof(BaseException, args));
  tuple = as_object(tuple, kShape_tuple);
  guard_length(tuple, args->length);
  if (args->length == 0) {
    finish_builtin(base, where + 1, result, object_constant(Value::object(intern(""))));
    return true;
  }
  Reference item = tuple_item(tuple, 0);
  if (is_exact_str(args->at(0))) {
    finish_builtin(base, where + 1, result, as_object(item, kShape_str));
    return true;
  }
  Reference number = as_int(item);
  finish_call(Op::kCallAny, {&str_type, 1}, &number, base, where + 1, result);
  return true;
}

// ---- native code that looks at nothing --------------------------------------------------------------------------------------

// Whether a call of native code runs no Python code, which could ask what exception is handled.
bool Recorder::is_quiet_call(Value callable, int32_t first, uint32_t count) const {
  auto scalars = [&](uint32_t from) {
    for (uint32_t i = from; i < count; ++i) {
      if (!is_scalar(base_frame_[first + static_cast<int32_t>(i)])) return false;
    }
    return true;
  };
  if (has_shape(callable, kShape_method_descriptor)) {
    auto* d = reinterpret_cast<MethodDescriptor*>(callable.as_object());
    if (count == 0) return false;
    Value self = base_frame_[first];
    if (has_shape(self, kShape_list)) return !std::strcmp(d->def->name, "append") || !std::strcmp(d->def->name, "pop");
    if (has_shape(self, kShape_dict)) return count > 1 && !std::strcmp(d->def->name, "get") && is_scalar(base_frame_[first + 1]);
    return is_scalar(self) && scalars(1);
  }
  static const char* const kQuiet[] = {"len", "ord",   "chr",    "abs", "repr", "hash",       "hex",     "bin",
                                       "oct", "round", "divmod", "min", "max",  "isinstance", "hasattr", "getattr"};
  if (has_shape(callable, kShape_native_function)) {
    const char* called = reinterpret_cast<NativeFunctionObject*>(callable.as_object())->def->name;
    // These only look at the object itself.
    if (count == 1 && (!std::strcmp(called, "id") || (!std::strcmp(called, "len") && is_container(base_frame_[first]))))
      return true;
    for (const char* name : kQuiet) {
      if (!std::strcmp(called, name)) return scalars(0);
    }
    return false;
  }
  if (callable.is(&type_type)) return count == 1;
  return (callable.is(&str_type) || callable.is(&int_type) || callable.is(&float_type) || callable.is(&bool_type)) && scalars(0);
}

}  // namespace pt::jit
