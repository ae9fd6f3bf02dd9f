// Recording of special methods written in Python: each runs as a call whose operands stay with the instruction until it returns
// (vm/interp/special_methods.h).
#include <cstddef>
#include <cstring>

#include "vm/interp/attribute_cache.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/jit/recorder.h"
#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/leaf_forms.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/slot_table.h"
#include "vm/types/method_caller.h"

namespace pt::jit {

// An object of a class: its shape is guarded, and that the class is as it was when it had the version.
void Recorder::guard_class(Reference r, Value v, uint32_t version) {
  as_object(r, v.as_object()->shape_id.load(std::memory_order_relaxed));
  guard_version(type_of(v), version);
}

// Whether a method can be entered with the arguments.
bool Recorder::can_enter(const Function* function, std::initializer_list<Argument> arguments) {
  if (!function) return fall_back();
  for (const Argument& a : arguments) {
    if (a.constant.empty() && seen(a.operand).empty()) return fall_back();
  }
  return calls_.size() < kMaxDepth || abort(Abort::kdepth);
}
// Enters it. That it is the one to be called has been guarded.
bool Recorder::enter_method(Function* function, std::initializer_list<Argument> arguments, int which) {
  keep(Value::object(function));
  guard_code(kNoReference, function);
  auto count = static_cast<int32_t>(arguments.size());
  Binding binding;
  if (!bind(function, static_cast<uint32_t>(count), nullptr, &binding)) return fall_back();
  if (!guard_defaults(binding, function)) return false;
  int32_t window = window_ + static_cast<int32_t>(here().code->register_count) + 1;
  for (int32_t i = window - 1; i < window + count; ++i)
    state(i) = {kNoReference, kNoReference, false, false, false, state(i).filled};
  int32_t next = window;
  for (const Argument& a : arguments) set_lazy(next++, a.constant.empty() ? read(a.operand) : constant_of(a.constant));
  set_lazy(window - 1, object_constant(Value::object(function)));
  apply(binding, function, window);
  return enter(function, window, static_cast<uint32_t>(binding.total()), which, kRecordOperator);
}
// A method of the first argument's class, which had the version before it was looked up.
bool Recorder::enter_own_method(Function* function, uint32_t version, std::initializer_list<Argument> arguments, int which) {
  if (!version || !can_enter(function, arguments)) return fall_back();
  int self = arguments.begin()->operand;
  guard_class(read(self), seen(self), version);
  return enter_method(function, arguments, which);
}
bool Recorder::call_special(Str* name, std::initializer_list<Argument> arguments) {
  pt::Type* type = type_of(seen(arguments.begin()->operand));
  uint32_t version = type->version.load(std::memory_order_acquire);
  return enter_own_method(special_method(type, name, static_cast<uint32_t>(arguments.size())), version, arguments, 0);
}
// The bound __exit__ stays virtual where it can.
// The manager is of a builtin type, whose methods nobody changes.
bool Recorder::before_native_with(uint64_t word) {
  Value manager = seen(PT_B);
  pt::Type* type = type_of(manager);
  auto method = [&](Str* name) -> const MethodDescriptor* {
    Value found = type_lookup_borrowed(type, name);
    return has_shape(found, kShape_method_descriptor) ? reinterpret_cast<MethodDescriptor*>(found.as_object()) : nullptr;
  };
  const MethodDescriptor *enter = method(names::enter.str()), *exit = method(names::exit.str());
  if (handling() || !enter || !exit || !can_hold(read(PT_B))) return fall_back();
  const NativeSignature* s = enter->signature();
  if (!s->simple || s->required > 1 || s->count > kMaxArguments) return fall_back();
  Reference self = as_object(read(PT_B), manager.as_object()->shape_id.load(std::memory_order_relaxed));
  Reference arguments[kMaxArguments] = {self};
  for (uint32_t i = 1; i < s->count; ++i) arguments[i] = empty_;
  // Before the call: nothing may fail behind it.
  Reference bound = virtual_native_method(exit, self);
  fresh_ = bound;
  drop(PT_B, PT_A);
  set_lazy(at(PT_A), bound);
  set_owned(at(PT_A) + 1, native_call(native_call_of(enter->def->function, s->count), arguments));
  go(1);
  return true;
}
bool Recorder::before_with(uint64_t word) {
  Value manager = seen(PT_B);
  if (is_builtin(manager)) return before_native_with(word);
  if (!is_class_instance(manager)) return fall_back();
  pt::Type* type = type_of(manager);
  uint32_t version = type->version.load(std::memory_order_acquire);
  Function *enter = special_method(type, names::enter.str(), 1), *exit = exit_method(type);
  if (!version || !exit || !can_enter(enter, {PT_B}) || !can_hold(read(PT_B))) return fall_back();
  guard_class(read(PT_B), manager, version);
  // As it is known since the guard: its register is to be found by it.
  Reference method = virtual_method(Value::object(exit), read(PT_B));
  fresh_ = method;
  set_lazy(at(PT_A), method);
  return enter_method(enter, {PT_B}, 0);
}
// A descriptor's __get__ or __set__. The node tells that the object's class has it.
bool Recorder::call_descriptor(const AttributeNode* node, uint32_t shape, int object, Str* name,
                               std::initializer_list<Argument> arguments) {
  pt::Type* type = type_of(node->value);
  uint32_t version = type->version.load(std::memory_order_acquire);
  Function* function = special_method(type, name, static_cast<uint32_t>(arguments.size()));
  if (!version || !can_enter(function, arguments)) return fall_back();
  as_object(read(object), shape);
  guard_node(node, shape);
  guard_version(type, version);
  return enter_method(function, arguments, 0);
}
bool Recorder::call_setter(const AttributeNode* node, uint32_t shape, uint64_t word) {
  if (!is_setter(node->value) || !can_enter(as_function(node->value), {PT_A, PT_B})) return fall_back();
  as_object(read(PT_A), shape);
  guard_node(node, shape);
  return enter_method(as_function(node->value), {PT_A, PT_B}, 0);
}
// An attribute that neither the object nor its class has.
bool Recorder::call_getattr(uint64_t word) {
  Value object = seen(PT_B);
  Str* name = here().code->names[static_cast<uint16_t>(PT_C)];
  if (!is_class_instance(object) || !has_only_getattr(type_of(object))) return fall_back();
  pt::Type* type = type_of(object);
  uint32_t version = type->version.load(std::memory_order_acquire);
  if (!lacks_attribute(object, name)) return fall_back();
  return enter_own_method(special_method(type, names::getattr.str(), 2), version, {PT_B, Value::object(name)}, 0);
}
bool Recorder::call_truth(int operand) {
  pt::Type* type = type_of(seen(operand));
  uint32_t version = type->version.load(std::memory_order_acquire);
  TruthMethod which = kByBool;
  Function* function = truth_method(type, &which);
  return enter_own_method(function, version, {operand}, which);
}
// An object of a class with neither __bool__ nor __len__ is true.
bool Recorder::is_always_true(int operand) {
  Value v = seen(operand);
  if (!v.is_object()) return false;
  pt::Type* type = type_of(v);
  uint32_t shape = v.as_object()->shape_id.load(std::memory_order_relaxed);
  if (is_builtin(v) && !type->slots.truth && !type->slots.length) {
    as_object(read(operand), shape);
    return true;
  }
  if (!is_class_instance(v)) return false;
  uint32_t version = type->version.load(std::memory_order_acquire);
  if (!version || type->slots.truth || type->slots.length) return false;
  guard_class(read(operand), v, version);
  return true;
}
// Whether the instruction asks the operand's class, in Python code, whether it is true.
bool Recorder::asks_for_truth(int operand) const {
  Value v = seen(operand);
  return is_class_instance(v) && (type_of(v)->slots.truth || type_of(v)->slots.length);
}

// iter() of an object whose __iter__ is a generator function: nothing of it runs yet.
bool Recorder::call_iter(uint64_t word) {
  Value v = seen(PT_B);
  pt::Type* type = type_of(v);
  uint32_t version = type->version.load(std::memory_order_acquire);
  Function* function = special_method(type, names::iter.str(), 1);
  if (!function || !version) return fall_back();
  const Code* code = function->code();
  if (!(code->flags & kCodeFlagGenerator)) return enter_own_method(function, version, {PT_B}, 0);
  if (opcode_of(load_word(code->words)) != Opcode::kRETURN_GENERATOR) return fall_back();
  guard_class(read(PT_B), v, version);
  keep(Value::object(function));
  guard_code(kNoReference, function);
  emit(Op::kStoreArgument, read(PT_B), kNoReference, 0);
  Reference generator = emit(Op::kNewGenerator, builder_.constant(Value::object(function).bits(), Type::O), kNoReference, 1);
  drop(PT_B, PT_A);
  set_owned(at(PT_A), generator);
  makes_generator_ = true;
  go(1);
  return true;
}

// One that asks for the same method, without arguments: they come and go.
void Recorder::guard_method_caller(int base) {
  auto* caller = reinterpret_cast<MethodCaller*>(seen(base).as_object());
  Reference o = as_object(read(base), caller->shape_id.load(std::memory_order_relaxed));
  emit(Op::kGuardIs, emit(Op::kLoadItem, o, kNoReference, offsetof(MethodCaller, name)), object_constant(caller->name.peek()));
  Reference args = as_object(emit(Op::kLoadItem, o, kNoReference, offsetof(MethodCaller, args)), kShape_tuple);
  Reference length = emit(Op::kLoadImmutable, args, kNoReference, offsetof(Tuple, length));
  Reference keywords = emit(Op::kLoadImmutable, o, kNoReference, offsetof(MethodCaller, keywords));
  for (Reference r : {length, keywords}) emit(Op::kGuardEqual, r, builder_.constant(0, Type::P));
}
// len() and the like of such an object: the method takes the builtin's place.
bool Recorder::call_special_builtin(int base, uint32_t count, bool shift, bool* handled) {
  SpecialCall what = special_call(seen(base));
  *handled = false;
  if (what == SpecialCall::kNone || count != 1 || shift || !is_class_instance(seen(base + 2))) return false;
  Value v = seen(base + 2);
  uint32_t version = type_of(v)->version.load(std::memory_order_acquire);
  int which;
  Function* function = special_call_method(what, seen(base), v, &which);
  if (!function) return false;
  *handled = true;
  if (!version || (function->code()->flags & kCodeFlagGenerator)) return fall_back();
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  if (what == SpecialCall::kMethod)
    guard_method_caller(base);
  else
    known(base);
  guard_class(slot(at(base) + 1), v, version);
  guard_code(kNoReference, function);
  clear(at(base));
  set_lazy(at(base), object_constant(Value::object(function)));
  return enter(function, at(base) + 1, 1, special_record(what, which), kRecordOperator);
}

// ---- calls of objects, and with unpacked arguments ---------------------------------------------------------------------

bool Recorder::find_target(Value callable, Target* out) const {
  if (!callable.is_object()) return false;
  pt::Type* type = type_of(callable);
  Value method = callable;
  out->bound = has_shape(callable, kShape_method);
  out->object = !out->bound && has_flag(type, kTypeHeap);
  out->version = type->version.load(std::memory_order_acquire);
  if (out->bound) method = reinterpret_cast<BoundMethod*>(callable.as_object())->function.peek();
  if (out->object) method = type_lookup_borrowed(type, names::call.str());
  if (!out->version || has_flag(type, kTypeTypeSubclass) || method.empty() || !is_function(method) ||
      ((out->bound || out->object) && !method.as_object()->has_gc_bit(kGcDeferred)) ||
      (as_function(method)->code()->flags & kCodeFlagGenerator)) {
    return false;
  }
  out->function = as_function(method);
  return true;
}
// The receiver, which is kept by what is called; kNoReference: there is none.
Reference Recorder::guard_target(const Target& target, int base) {
  Reference receiver = kNoReference;
  if (target.bound) {
    Reference o = as_object(read(base), kShape_method);
    emit(Op::kGuardIs, emit(Op::kLoadItem, o, kNoReference, offsetof(BoundMethod, function)),
         object_constant(Value::object(target.function)));
    receiver = emit(Op::kLoadItem, o, kNoReference, offsetof(BoundMethod, self));
  } else if (target.object) {
    guard_class(read(base), seen(base), target.version);
    receiver = read(base);
  } else {
    known(base);
  }
  keep(Value::object(target.function));
  guard_code(kNoReference, target.function);
  return receiver;
}

// The receiver becomes the first argument; what is called stays where it is.
bool Recorder::call_object(int base, uint32_t count, int result, bool shift, const Tuple* names) {
  Value callable = seen(base);
  if (has_flag(type_of(callable), kTypeTypeSubclass)) return instantiate(base, count, result, names, shift);
  if (bool handled; !names && is_method_caller(callable)) {
    if (bool entered = call_special_builtin(base, count, shift, &handled); handled) return entered;
  }
  // Decorated functions stay what they are.
  bool lasting = callable.as_object()->has_gc_bit(kGcDeferred) || !std::strcmp(type_name(callable), "_lru_cache_wrapper");
  if (!names && lasting && is_builtin(callable) && !has_shape(callable, kShape_method))
    return call_any(base, count, result, shift);
  Target target;
  Binding binding;
  if (!find_target(callable, &target) || !bind(target.function, count + 1, names, &binding) ||
      !can_collect(binding, at(base) + shift)) {
    return fall_back();
  }
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  Reference receiver = guard_target(target, base);
  if (!guard_defaults(binding, target.function)) return false;
  int32_t window = at(base) + 1;
  if (shift) {
    emit(Op::kGuardIs, slot(window), empty_);
  } else {
    for (auto i = static_cast<int32_t>(count); i > 0; --i) move(at(base) + i + 1, at(base) + i);
  }
  for (uint32_t i = 1; i <= count; ++i) slot(window + static_cast<int32_t>(i));
  set_lazy(window, receiver);
  apply(binding, target.function, window);
  return enter(target.function, window, binding.total(), result, 0);
}

// A call with unpacked arguments: they are spread over the registers, and then it is like any other.
bool Recorder::call_spread(uint64_t word) {
  int32_t base = at(PT_A);
  Value unpacked = base_frame_[base + 1], named = PT_B ? base_frame_[base + 2] : Value();
  if (!is_exact_tuple(unpacked) || (PT_B && !is_exact_dict(named))) return fall_back();
  // Names are known where the dict has collected them in the trace.
  const Tuple* names = PT_B ? virtual_keys(slot(base + 2)) : nullptr;
  auto named_count = names ? static_cast<uint32_t>(names->length) : 0u;
  if (PT_B && !names && dict_size(as_dict(named)) != 0) return fall_back();
  auto count = static_cast<uint32_t>(as_tuple(unpacked)->length);
  Target target;
  Binding binding;
  if (!PT_B && has_shape(seen(PT_A), kShape_native_function)) return spread_native(word);
  if (count + named_count > kMaxArguments || !find_target(seen(PT_A), &target)) return fall_back();
  bool receives = target.bound || target.object;
  if (!bind(target.function, count + named_count + receives, names, &binding)) return fall_back();
  for (uint32_t k = 0; k < binding.extra; ++k) {
    Reference v =
        emit(Op::kLoadField, slot(base + 2), kNoReference, (binding.extra_source[k] - static_cast<int>(count + receives)) * 8);
    if (builder_.is_virtual(v) || !is_kept_below(v, base)) return fall_back();
  }
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  Reference receiver = guard_target(target, PT_A);
  if (!guard_defaults(binding, target.function)) return false;
  if (PT_B && !builder_.is_virtual(slot(base + 2))) {
    Reference dict = as_object(slot(base + 2), kShape_dict);
    emit(Op::kGuardEqual, emit(Op::kLoadWord, dict, kNoReference, offsetof(Dict, used)), builder_.constant(0, Type::P));
  }
  Reference tuple = as_object(slot(base + 1), kShape_tuple);
  guard_length(tuple, count);
  Reference items[kMaxArguments];
  bool owned[kMaxArguments];
  for (uint32_t k = 0; k < named_count; ++k) {
    items[count + k] = emit(Op::kLoadField, slot(base + 2), kNoReference, k * 8);
    owned[count + k] = is_pointer(items[count + k]);
  }
  for (uint32_t i = 0; i < count; ++i) {
    items[i] = tuple_item(tuple, i);
    owned[i] = is_pointer(items[i]);
  }
  Reference words[kMaxArguments];
  for (uint32_t i = 0; i < count + named_count; ++i) words[i] = owned[i] ? emit(Op::kOwn, items[i]) : items[i];
  if (builder_.is_virtual(tuple)) fresh_ = tuple;
  consume_window(base + 1, PT_B ? 2 : 1, -kSlotBias);
  fresh_ = kNoReference;
  int32_t window = base + 1;
  for (uint32_t i = 0; i < count + named_count; ++i) {
    int32_t where = window + receives + static_cast<int32_t>(i);
    state(where) = {kNoReference, kNoReference, false, false, false, state(where).filled};
    if (owned[i])
      set_owned(where, words[i], items[i]);
    else
      set_lazy(where, items[i]);
  }
  if (receives) set_lazy(window, receiver);
  apply(binding, target.function, window);
  return enter(target.function, window, binding.total(), PT_C, 0);
}

// object.__setattr__(instance, "name", value) of an instance that is not made yet, as the __init__ of a frozen dataclass does.
bool Recorder::set_in_object(int base, uint32_t count, int result, bool shift) {
  int32_t first = at(base) + 1 + shift;
  if (count != 3 || !is_slot_wrapper_of(seen(base), reinterpret_cast<void*>(&generic_set_attribute))) return false;
  Value self = base_frame_[first], key = base_frame_[first + 1];
  Reference object = slot(first);
  if (!is_class_instance(self) || !builder_.is_virtual(object) || builder_.layout_of(object).kind != Layout::Kind::kInstance ||
      !is_exact_str(key) || !ir_.is_constant(slot(first + 1))) {
    return false;
  }
  pt::Type* type = type_of(self);
  uint32_t version = type->version.load(std::memory_order_acquire);
  Ref<Str> holder;
  Str* name = intern_name(as_str(key), &holder);
  Value found = name ? type_lookup_borrowed(type, name) : Value();
  if (!version || !name || holder || (!found.empty() && type_of(found)->slots.descriptor_set) || !type->attributes_offset ||
      type->attributes_offset == kAttributesAtEnd) {
    return false;
  }
  Shape* shape = self.as_object()->shape();
  if (shape->flags & kShapeDictMode) return false;
  int32_t index = shape_find(shape, name);
  Shape* after = index < 0 ? shape_with(shape, name) : shape;
  if (!after || after->flags & kShapeDictMode) return false;
  if (index < 0) index = static_cast<int32_t>(after->slot_count) - 1;
  if (index >= after->inline_capacity) return false;
  known(base);
  if (shift) emit(Op::kGuardIs, slot(first - 1), empty_);
  guard_class(object, self, version);
  auto offset =
      static_cast<int64_t>(type->attributes_offset + sizeof(AttributeStorage) + static_cast<size_t>(index) * sizeof(Field));
  int value = base + 2 * (3 + shift);
  if (!put(object, offset, value)) return false;
  if (after != shape) emit(Op::kSetShape, object, kNoReference, shape_id_of(after));
  consume_window(at(base), static_cast<uint32_t>(first - at(base)) + 3, at(result));
  set_lazy(at(result), object_constant(none()));
  go(2);
  return true;
}

// ---- constructors ------------------------------------------------------------------------------------------------------

// A class with a __new__ in Python, which is called with copies: the instruction keeps class and arguments for an __init__.
bool Recorder::construct(int base, uint32_t count, const Tuple* names, bool shift) {
  Value callable = seen(base);
  auto* type = static_cast<pt::Type*>(callable.as_object());
  uint32_t version = type->version.load(std::memory_order_acquire);
  Function* function = new_method(type);
  if (!version || !function || (function->code()->flags & kCodeFlagGenerator)) return fall_back();
  Binding binding;
  if (!bind(function, count + 1, names, &binding) || binding.extra) return fall_back();
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  known(base);
  guard_version(type, version);
  keep(Value::object(function));
  guard_code(kNoReference, function);
  if (!guard_defaults(binding, function)) return false;
  int32_t from = at(base);
  if (shift) {
    emit(Op::kGuardIs, slot(from + 1), empty_);
    move(from + 1, from);
    ++from;
  }
  int32_t window = window_ + static_cast<int32_t>(here().code->register_count) + 1;
  auto values = static_cast<int32_t>(count) + 1;
  for (int32_t i = window - 1; i < window + std::max(values, static_cast<int32_t>(binding.total())); ++i)
    state(i) = {kNoReference, kNoReference, false, false, false, state(i).filled};
  for (int32_t i = 0; i < values; ++i) set_lazy(window + i, slot(from + i));
  set_lazy(window - 1, object_constant(Value::object(function)));
  apply(binding, function, window);
  return enter(function, window, binding.total(), special_record(SpecialCall::kConstruct, 0), kRecordOperator);
}

// What has to be guarded of what a __new__ returned, before its frame goes. False: the interpreter is to go on.
bool Recorder::check_constructed(int operand, const Call& from, MethodResult* out) {
  Value v = seen(operand);
  uint64_t word = load_word(from.caller_pc);
  Opcode op = opcode_of(word);
  bool method = op == Opcode::kCALL_METHOD || op == Opcode::kCALL_METHOD_KW;
  const Call& caller = calls_.size() > 1 ? calls_[calls_.size() - 2] : base_;
  out->base = caller.window + (PT_A >> 1) + method;
  Value cls = base_frame_[out->base];
  if (!is_class_instance(v) || !cls.is_object()) return fall_back();
  pt::Type* made = type_of(v);
  uint32_t version = made->version.load(std::memory_order_acquire);
  if (!version) return fall_back();
  bool initialise =
      is_subtype(made, static_cast<pt::Type*>(cls.as_object())) && made->slots.init && made->slots.init != object_type.slots.init;
  if (initialise) {
    Value init = type_lookup_borrowed(made, names::init.str());
    if (init.empty() || !has_shape(init, kShape_function) || !init.as_object()->has_gc_bit(kGcDeferred)) return fall_back();
    const Tuple* names = nullptr;
    if (op == Opcode::kCALL_KW || op == Opcode::kCALL_METHOD_KW)
      names = as_tuple(caller.code->constant(static_cast<uint32_t>(load_word(from.caller_pc + 1))));
    out->init = as_function(init);
    // Guards would come too late for anything but arguments as they are.
    if ((out->init->code()->flags & kCodeFlagGenerator) ||
        !bind(out->init, static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + 1, names, &out->binding) || !out->binding.plain) {
      return fall_back();
    }
  }
  guard_class(read(operand), v, version);
  if (out->init) {
    keep(Value::object(out->init));
    guard_code(kNoReference, out->init);
  }
  return true;
}
// Goes on with __init__.
bool Recorder::initialise(MethodResult& m, Reference instance, bool owned, Reference raw, uint64_t word) {
  place_for_init(m.base, static_cast<uint16_t>(PT_B), Value::object(m.init), instance, owned ? raw : kNoReference);
  return enter(m.init, m.base + 2, m.binding.total(), PT_C, kRecordInit);
}

// ---- returns -----------------------------------------------------------------------------------------------------------

// What the instruction that called a special method makes of its result, operand `operand` of the RETURN. Guards come here.
bool Recorder::check_result(int operand, const Call& from, MethodResult* out) {
  using Kind = MethodResult::Kind;
  Value v = seen(operand);
  uint64_t word = load_word(from.caller_pc);
  Opcode op = opcode_of(word);
  auto by_length = [&] {
    if (!v.is_small_int() || v.as_small_int() < 0) return false;
    Reference n = as_int(read(operand));
    emit(Op::kGuardGeInt, n, builder_.small_int(0));
    return true;
  };
  auto truth_of = [&](int which) {
    out->kind = Kind::kOutcome;
    if (which == kByLength ? !by_length() : !is_bool(v)) return fall_back();
    return truth(operand, &out->outcome);
  };
  auto is_the_iterator = [&] {
    uint32_t version = type_of(v)->version.load(std::memory_order_acquire);
    if (!v.is_object() || !is_iterator(v) || (is_class_instance(v) && !version)) return fall_back();
    if (is_class_instance(v))
      guard_class(read(operand), v, version);
    else
      as_object(read(operand), v.as_object()->shape_id.load(std::memory_order_relaxed));
    return true;
  };
  switch (op) {
    case Opcode::kLOAD_ITEM:
    case Opcode::kLOAD_ATTR:
    case Opcode::kNEG:
    case Opcode::kPOS:
    case Opcode::kINVERT:
    case Opcode::kBEFORE_WITH:
    case Opcode::kFOR_ITER: return true;
    case Opcode::kGET_ITER: return is_the_iterator();
    case Opcode::kSTORE_ITEM:
    case Opcode::kDELETE_ITEM:
    case Opcode::kSTORE_ATTR: out->kind = Kind::kNothing; return true;
    case Opcode::kNOT:
    case Opcode::kJUMP_IF_TRUE:
    case Opcode::kJUMP_IF_FALSE:
    case Opcode::kJUMP_IF_TRUE_OR_CLEAR:
    case Opcode::kJUMP_IF_FALSE_OR_CLEAR: return truth_of(from.result);
    case Opcode::kIN:
    case Opcode::kNOT_IN:
    case Opcode::kJUMP_IF_IN: out->kind = Kind::kOutcome; return truth(operand, &out->outcome);
    case Opcode::kCALL:
    case Opcode::kCALL_KW:
    case Opcode::kCALL_METHOD:
    case Opcode::kCALL_METHOD_KW:
      switch (static_cast<SpecialCall>(from.result >> 1)) {
        case SpecialCall::kConstruct: return check_constructed(operand, from, out);
        case SpecialCall::kTruth: return truth_of(from.result & 1);
        case SpecialCall::kLength:
        case SpecialCall::kHash: return by_length() || fall_back();
        case SpecialCall::kIterator: return is_the_iterator();
        case SpecialCall::kRepr:
        case SpecialCall::kStr:
          if (!is_exact_str(v)) return fall_back();
          as_object(read(operand), kShape_str);
          return true;
        case SpecialCall::kAbsolute:
        case SpecialCall::kMethod:
        case SpecialCall::kRound:
        case SpecialCall::kNext: return true;
        default: return fall_back();
      }
    default: break;
  }
  ComparisonName comparison{};
  if (comparison_name(op, &comparison) && comparison.jumps) {
    out->kind = Kind::kOutcome;
    if (!is_bool(v)) return fall_back();
    out->outcome = is_true(v);
    known(operand);
    return true;
  }
  if (is_not_implemented(v)) return fall_back();
  Reference r = read(operand);
  if (is_pointer(r)) emit(Op::kGuardIsNot, r, object_constant(not_implemented()));
  return true;
}

// The method's frame is gone: the caller's instruction ends. The value has a count of its own in `raw` when `owned`.
bool Recorder::finish_method(MethodResult& m, const uint64_t* caller_pc, Reference value, bool owned, Reference raw) {
  using Kind = MethodResult::Kind;
  uint64_t word = load_word(caller_pc);
  Opcode op = opcode_of(word);
  expected_ = caller_pc + instruction_words(op);
  auto put = [&](int operand) {
    if (m.kind == Kind::kOutcome)
      set_lazy(at(operand), object_constant(boolean(m.outcome)));
    else if (owned)
      set_owned(at(operand), raw, value);
    else
      set_lazy(at(operand), value);
  };
  if (m.kind == Kind::kValue && builder_.is_virtual(value)) fresh_ = value;
  switch (op) {
    case Opcode::kSTORE_ITEM:
    case Opcode::kDELETE_ITEM:
    case Opcode::kSTORE_ATTR:
      drop(PT_A);
      drop(PT_B);
      if (op == Opcode::kSTORE_ITEM) drop(PT_C);
      return true;
    case Opcode::kJUMP_IF_TRUE:
    case Opcode::kJUMP_IF_FALSE:
      drop(PT_A);
      if (m.outcome == (op == Opcode::kJUMP_IF_TRUE)) expected_ += operand_wide(word);
      return true;
    case Opcode::kJUMP_IF_TRUE_OR_CLEAR:
    case Opcode::kJUMP_IF_FALSE_OR_CLEAR:
      if (m.outcome == (op == Opcode::kJUMP_IF_TRUE_OR_CLEAR)) {
        expected_ += operand_wide(word);
      } else {
        clear(at(PT_A));
        set_lazy(at(PT_A), empty_);
      }
      return true;
    case Opcode::kIN:
    case Opcode::kNOT_IN:
      drop(PT_B);
      drop(PT_C);
      m.outcome = m.outcome == (op == Opcode::kIN);
      put(PT_A);
      return true;
    case Opcode::kJUMP_IF_IN:
      drop(PT_A);
      drop(PT_B);
      if (m.outcome == static_cast<bool>(PT_C)) expected_ += jump_extra(caller_pc);
      return true;
    case Opcode::kBEFORE_WITH:
      drop(PT_B, PT_A + 2);
      put(PT_A + 2);
      return true;
    case Opcode::kNOT:
      drop(PT_B);
      m.outcome = !m.outcome;
      put(PT_A);
      return true;
    case Opcode::kFOR_ITER: put(PT_A); return true;
    case Opcode::kGET_ITER:
    case Opcode::kLOAD_ATTR:
    case Opcode::kNEG:
    case Opcode::kPOS:
    case Opcode::kINVERT:
      drop(PT_B, PT_A);
      put(PT_A);
      return true;
    case Opcode::kCALL:
    case Opcode::kCALL_KW:
    case Opcode::kCALL_METHOD:
    case Opcode::kCALL_METHOD_KW:
      if (m.init) {
        pc_ = caller_pc;
        return initialise(m, value, owned, raw, word);
      }
      if (m.base != kNoOwner) consume_window(m.base, static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + 1, at(PT_C));
      put(PT_C);
      return true;
    default: break;
  }
  ComparisonName comparison{};
  if (comparison_name(op, &comparison) && comparison.jumps) {
    drop(PT_A);
    drop(PT_B);
    if (m.outcome == static_cast<bool>(PT_C)) expected_ += jump_extra(caller_pc);
    return true;
  }
  drop(PT_B, PT_A);
  drop(PT_C, PT_A);
  put(PT_A);
  return true;
}

// `raise StopIteration` in a __next__ that the loop below has called: nobody sees the exception.
bool Recorder::stops_iteration(uint64_t word) {
  const Call from = here();
  CallRecord* record = thread_->record;
  Value v = seen(PT_A);
  bool is_class = v.is(exc::StopIteration);
  if (PT_C != 1 || v.empty() || calls_.empty() || from.flags != kRecordOperator || from.real || record->frame_object ||
      tracing(thread_) || (!is_class && type_of(v) != exc::StopIteration) || find_handler(from.code, pc_) ||
      opcode_of(load_word(from.caller_pc)) != Opcode::kFOR_ITER) {
    return false;
  }
  if (is_class)
    known(PT_A);
  else
    as_object(read(PT_A), v.as_object()->shape_id.load(std::memory_order_relaxed));
  leave_registers(from, PT_A, false);
  calls_.pop_back();
  window_ = here().window;
  clear(at(operand_b(load_word(from.caller_pc))));
  expected_ = from.caller_pc + instruction_words(Opcode::kFOR_ITER) + jump_extra(from.caller_pc);
  return true;
}

// The interpreter returns from a special method: what it changes in the caller, whose instruction this is.
void Recorder::note_method_operands(const CallRecord* caller, Interpreted* made) const {
  uint64_t word = load_word(caller->pc);
  const InstructionInfo& info = kInstructionInfo[static_cast<int>(opcode_of(word))];
  auto window = static_cast<int32_t>(caller->registers - base_frame_);
  const OperandKind kinds[] = {info.a, info.b, info.c};
  const int operands[] = {PT_A, PT_B, PT_C};
  for (int i = 0; i < 3; ++i) {
    int32_t where = window + (operands[i] >> 1);
    if (kinds[i] == OperandKind::B) {
      made->clobbered_from = std::min(made->clobbered_from, where);
    } else if (kinds[i] == OperandKind::W || (kinds[i] == OperandKind::R && operands[i] >= 0 && (operands[i] & 1))) {
      made->written.push_back(where);
    }
  }
}

}  // namespace pt::jit
