// Recording of builtin operations that are seen to fail: what they raise is a virtual object, like what `raise` raises.
#include <cstddef>

#include "vm/interp/attribute_cache.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/jit/recorder.h"
#include "vm/object/attributes.h"
#include "vm/object/protocol.h"
#include "vm/types/dict_inl.h"
#include "vm/types/exception.h"
#include "vm/types/list.h"
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

}  // namespace pt::jit
