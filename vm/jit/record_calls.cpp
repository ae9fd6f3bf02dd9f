// Recording of calls and returns.
#include <cstddef>
#include <cstring>

#include "vm/interp/special_methods.h"
#include "vm/jit/recorder.h"
#include "vm/object/descriptors.h"
#include "vm/object/names.h"
#include "vm/object/slot_table.h"
#include "vm/object/super.h"
#include "vm/types/dict.h"
#include "vm/types/drain.h"
#include "vm/types/exception.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
// What compiled code may rely on to stay as it is in a namespace that announces its changes.
bool is_shared_value(Value v) {
  return !v.empty() && (!v.is_object() || v.as_object()->has_gc_bit(kGcDeferred) || v.as_object()->is_immortal());
}

}  // namespace

// The value of a register as a word.
Reference Recorder::boxed(int32_t where) {
  Reference r = slot(where);
  return ir_.at(r).type == Type::F ? emit(Op::kBoxFloat, r) : r;
}
// The outgoing registers of a call that has run, but for the one with the result.
void Recorder::consume_window(int32_t from, uint32_t count, int32_t except) {
  for (int32_t i = from; i < from + static_cast<int32_t>(count); ++i) {
    if (i != except) clear(i);
  }
}

// Goes on in the function, whose arguments are in place and whose identity is guarded.
bool Recorder::enter(Function* function, int32_t window, uint32_t count, int result, uint32_t flags, const Code* code,
                     Dict* globals) {
  if (function) {
    code = function->code();
    globals = function->globals();
  }
  // What lies above the arguments is dead and holds no pointers.
  for (int32_t i = window + static_cast<int32_t>(count); i < window + static_cast<int32_t>(code->register_count); ++i) {
    Slot& s = state(i);
    if (!s.lazy) s = {kNoReference, kNoReference, false, false, false, s.filled};
  }
  for (uint32_t i = code->parameter_count; i < code->local_end; ++i) set_lazy(window + static_cast<int32_t>(i), empty_);
  if (function && code->free_count) {
    const Tuple* closure = as_tuple(function->closure.peek());
    for (uint32_t i = 0; i < code->free_count; ++i) {
      set_lazy(window + static_cast<int32_t>(code->free_register + i), object_constant(closure->at(i)));
    }
  }
  calls_.push_back({code, function, globals, window, result, pc_, flags, false});
  window_ = window;
  expected_ = code->words;
  return true;
}

// The function still has the code that was seen. `object`: the function as an operand; kNoReference: a constant.
void Recorder::guard_code(Reference object, Function* function) {
  Reference code = object_constant(Value::object(function->code()));
  if (object == kNoReference) object = builder_.constant(Value::object(function).bits(), Type::O);
  if (builder_.is_virtual(object))
    emit(Op::kGuardIs, emit(Op::kLoadFact, object, kNoReference, offsetof(Function, code_field)), code);
  else
    emit(Op::kGuardFact, object, code, offsetof(Function, code_field));
}

const Tuple* Recorder::keyword_names() const { return as_tuple(constants_[-1 - static_cast<int64_t>(load_word(pc_ + 1))]); }

// False: the interpreter is to do it, perhaps to find that it cannot be done. `count` arguments, the last ones named.
bool Recorder::bind(Function* function, uint32_t count, const Tuple* names, Binding* out) {
  const Code* code = function->code();
  out->count = code->argument_count + code->keyword_only_count;
  if (!names && code->simple_call && count == code->argument_count) return true;
  out->plain = false;
  constexpr uint32_t kOther = kCodeFlagGenerator | kCodeFlagCoroutine | kCodeFlagAsyncGenerator;
  auto named = names ? static_cast<uint32_t>(names->length) : 0u;
  uint32_t positional = count - named;
  if (code->image && !code_has_body(code)) return false;   // it has not run yet
  if ((code->flags & kOther) || out->count > 16) return false;
  const uint32_t first_named = positional;
  if (code->flags & kCodeFlagVarArgs) {
    // *args: what no parameter takes.
    out->rest = static_cast<int32_t>(positional > code->argument_count ? positional - code->argument_count : 0);
    if (out->rest > kMaxArguments) return false;
    if (positional > code->argument_count) positional = code->argument_count;
  }
  if (positional > code->argument_count) return false;
  out->keywords = code->flags & kCodeFlagVarKeywords;   // **kw: names that are no parameters
  Value extra_names[16];
  for (uint32_t i = 0; i < out->count; ++i) out->source[i] = i < positional ? static_cast<int>(i) : -1;
  for (uint32_t k = 0; k < named; ++k) {
    uint32_t i = code->positional_only_count;
    while (i < out->count && !names->at(k).is(code->local_names[i])) ++i;
    if (i == out->count && out->keywords && out->extra < 16) {
      extra_names[out->extra] = names->at(k);
      out->extra_source[out->extra++] = static_cast<int>(first_named + k);
      continue;
    }
    // Arguments of *args would have to be passed.
    if (i == out->count || out->source[i] >= 0 || out->rest >= 0) return false;
    out->source[i] = static_cast<int>(first_named + k);
  }
  if (out->extra && out->extra == named) out->extra_names = Ref<>::retain(Value::object(names));
  if (out->extra && !out->extra_names) {
    out->extra_names = tuple_from(extra_names, out->extra);
    if (!out->extra_names) {
      clear_error();
      return false;
    }
  }
  // Before the defaults: whoever changes them makes a new version afterwards.
  out->version = function->version.load(std::memory_order_acquire);
  out->defaults = function->defaults.load(function);
  out->keyword_defaults = function->keyword_defaults.load(function);
  const Tuple* defaults = out->defaults ? as_tuple(out->defaults.value()) : nullptr;
  int last = -1;
  for (uint32_t i = 0; i < out->count; ++i) {
    if (out->source[i] >= 0) {
      // Arguments only ever move up, past each other's old places.
      if (out->source[i] < last) return false;
      last = out->source[i];
    } else if (i < code->argument_count) {
      int64_t at = defaults ? defaults->length - static_cast<int64_t>(code->argument_count - i) : -1;
      if (at < 0) return false;
      out->value[i] = Ref<>::retain(defaults->at(at));
      out->readable = out->readable && is_shared_value(defaults->at(at));
    } else if (!out->keyword_defaults) {
      return false;
    } else if (has_shape(out->keyword_defaults.value(), kShape_tuple)) {
      const Tuple* pairs = as_tuple(out->keyword_defaults.value());
      int64_t at = find_keyword_default(pairs, code->local_names[i]);
      if (at < 0) return false;
      out->value[i] = Ref<>::retain(pairs->at(at));
      out->readable = out->readable && is_shared_value(pairs->at(at));
    } else {
      Value dict = out->keyword_defaults.value();
      DictPlace place;
      if (!is_exact_dict(dict) || !dict_place(as_dict(dict), code->local_names[i], &place) || place.position < 0) return false;
      Value v = place.field().peek_acquire();
      if (!is_shared_value(v)) return false;
      out->value[i] = Ref<>::retain(v);
      out->readable = false;
    }
  }
  return true;
}
// The arguments from register `first` on become the tuple of a parameter *args, in register `to`.
void Recorder::rest_arguments(int32_t first, int32_t count, int32_t to) {
  if (count == 0) {
    state(to) = {kNoReference, kNoReference, false, false, false, state(to).filled};
    return set_lazy(to, object_constant(Value::object(empty_tuple())));
  }
  Reference tuple = virtual_tuple(first, static_cast<uint32_t>(count));
  bool fits = tuple != kNoReference;
  if (fits) {
    fresh_ = tuple;
  } else {
    Reference items[kMaxArguments];
    for (int32_t i = 0; i < count; ++i) items[i] = boxed(first + i);
    store_arguments({items, static_cast<size_t>(count)});
    tuple = emit(Op::kBuildTuple, kNoReference, kNoReference, count);
  }
  consume_window(first, static_cast<uint32_t>(count), -kSlotBias);
  if (to >= first + count) state(to) = {kNoReference, kNoReference, false, false, false, state(to).filled};
  if (fits)
    set_lazy(to, tuple);
  else
    set_owned(to, tuple);
}
// That the defaults are those that were seen. Before anything is moved.
bool Recorder::guard_defaults(const Binding& binding, Function* function) {
  if (binding.plain) return true;
  keep(Value::object(function));
  emit(Op::kGuardCell, builder_.constant(reinterpret_cast<uint64_t>(&function->version), Type::P), kNoReference, binding.version);
  const Code* code = function->code();
  for (uint32_t i = code->argument_count; i < binding.count; ++i) {
    if (binding.source[i] >= 0 || has_shape(binding.keyword_defaults.value(), kShape_tuple)) continue;
    Str* name = code->local_names[i];
    Dict* dict = as_dict(binding.keyword_defaults.value());
    DictPlace place;
    if (!dict_place(dict, name, &place) || place.position < 0) return abort(Abort::kconflict);
    fact(dict, name, table_entry(dict, name, place), binding.value[i].value());
  }
  return true;
}
// The defaults that the function has, whichever it is of those with its code.
void Recorder::load_defaults(Binding* binding, const Function* function, Reference object) {
  const Code* code = function->code();
  auto load = [&](size_t field, const Tuple* seen_tuple, int64_t i) {
    Reference tuple = as_object(emit(Op::kLoadField, object, kNoReference, static_cast<int64_t>(field)), kShape_tuple);
    guard_length(tuple, seen_tuple->length);
    Reference r = tuple_item(tuple, i);
    Value v = seen_tuple->at(i);
    if (v.is_small_int()) return as_int(r);
    if (v.is_immediate_float()) return as_float(r, v);
    Reference constant = object_constant(v);
    if (r != constant) emit(Op::kGuardIs, r, constant);
    return constant;
  };
  for (uint32_t i = 0; i < binding->count; ++i) {
    if (binding->source[i] >= 0) continue;
    if (i < code->argument_count) {
      const Tuple* t = as_tuple(binding->defaults.value());
      binding->loaded[i] = load(offsetof(Function, defaults), t, t->length - static_cast<int64_t>(code->argument_count - i));
    } else {
      const Tuple* t = as_tuple(binding->keyword_defaults.value());
      int64_t at = find_keyword_default(t, code->local_names[i]);
      load(offsetof(Function, keyword_defaults), t, at - 1);
      binding->loaded[i] = load(offsetof(Function, keyword_defaults), t, at);
    }
  }
}
bool Recorder::is_kept_below(Reference v, int32_t window) const {
  int32_t owner = is_pointer(v) ? owner_of(v, kNoOwner) : kNoOwner;
  return !is_pointer(v) || (owner != kNoOwner && owner < window);
}
// Whether a virtual dict can hold what **kw collects: registers below those of the call keep it alive.
bool Recorder::can_collect(const Binding& binding, int32_t window) {
  for (uint32_t k = 0; k < binding.extra; ++k) {
    int32_t where = window + binding.extra_source[k];
    Reference v = slot(where);
    if (builder_.is_virtual(v) ? !can_hold(v) || relies_on(v, window) : !is_kept_below(v, window)) return false;
    for (uint32_t j = 0; j < k; ++j) {
      if (builder_.is_virtual(v) && slot(window + binding.extra_source[j]) == v) return false;
    }
  }
  return true;
}
void Recorder::apply(const Binding& binding, Function* function, int32_t window, bool known_by_code) {
  if (binding.plain) return;
  const Code* code = function->code();
  Reference collected = kNoReference;
  if (binding.keywords) {
    if (binding.extra) keep(binding.extra_names.value());
    const Object* keys = binding.extra ? binding.extra_names.value().as_object() : nullptr;
    collected = builder_.virtual_object({.kind = Layout::Kind::kDict, .shape = kShape_dict, .keys = keys});
    for (uint32_t k = 0; k < binding.extra; ++k) builder_.set_field(collected, k * 8, slot(window + binding.extra_source[k]));
    for (uint32_t k = 0; k < binding.extra; ++k) clear(window + binding.extra_source[k]);
  }
  auto next = window + static_cast<int32_t>(binding.count);
  if (binding.rest >= 0) rest_arguments(window + static_cast<int32_t>(code->argument_count), binding.rest, next++);
  if (binding.keywords) {
    state(next) = {kNoReference, kNoReference, false, false, false, state(next).filled};
    set_lazy(next, collected);
  }
  for (uint32_t i = binding.count; i-- > 0;) {
    int from = binding.source[i];
    auto to = window + static_cast<int32_t>(i);
    if (from >= 0)
      move(to, window + from);
    else
      set_lazy(to, known_by_code ? binding.loaded[i] : constant_of(binding.value[i].value()));
  }
}

// The cells of its closure.
void Recorder::cells_of(Reference object, Function* function, Reference* cells) {
  const Code* code = function->code();
  if (!code->free_count) return;
  const Tuple* closure = as_tuple(function->closure.peek());
  Reference tuple =
      emit(Op::kGuardShape, emit(Op::kLoadField, object, kNoReference, offsetof(Function, closure)), kNoReference, kShape_tuple);
  guard_length(tuple, closure->length);
  for (uint32_t i = 0; i < code->free_count; ++i)
    cells[i] = emit(Op::kLoadField, tuple, kNoReference, static_cast<int64_t>(offsetof(Tuple, items) + i * sizeof(Field)));
}
// What a frame has instead of a comprehension's function that is virtual, so that it need not be made; nullptr: nothing.
Function* Recorder::stand_in(Reference object, Function* function) {
  Function* shared = builder_.is_virtual(object) ? comprehension_function(function->code(), function->globals()) : nullptr;
  if (shared) keep(Value::object(shared));
  return shared;
}

// base(base+1 ... base+count); with `shift` register base+1 is empty and the arguments follow it.
bool Recorder::call(int base, uint32_t count, int result, bool shift, const Tuple* names) {
  Value callable = seen(base);
  if (!callable.is_object()) return fall_back();
  if (!names && !shift) {
    if (Function* loop = drain_of_call(callable, base_frame_ + at(base) + 1, count)) return call_drain(base, count, result, loop);
  }
  // Functions with attributes, as decorators leave them, have other shapes.
  uint32_t shape = callable.as_object()->shape_id.load(std::memory_order_relaxed);
  switch (is_function(callable) ? uint32_t{kShape_function} : shape) {
    case kShape_function: break;
    case kShape_type:
      if (!shift && is_exception_type(callable) && new_exception(base, count, result, names)) return true;
      if (reason_ != Abort::kCount) return false;
      if (!has_flag(static_cast<pt::Type*>(callable.as_object()), kTypeHeap))
        return names ? fall_back() : call_any(base, count, result, shift);
      return instantiate(base, count, result, names, shift);
    case kShape_wrapper_descriptor:
      if (!names && !shift && init_exception(base, count, result)) return true;
      if (!names && set_in_object(base, count, result, shift)) return true;
      return names ? fall_back() : call_any(base, count, result, shift);
    case kShape_native_function:
    case kShape_method_descriptor: return names ? fall_back() : call_native(base, callable, count, result, shift);
    default: return call_object(base, count, result, shift, names);
  }
  Function* function = as_function(callable);
  const Code* code = function->code();
  if (code->flags & kCodeFlagGenerator) return names ? fall_back() : make_generator(base, count, result, shift);
  Binding binding;
  if (!bind(function, count, names, &binding) || !can_collect(binding, at(base) + 1 + shift)) return fall_back();
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  Reference r = read(base);
  Reference object = kNoReference;   // a function that comes and goes: only its code is known
  bool readable = binding.plain || binding.readable;
  bool own =
      readable && function == thread_->record->function && !ir_.is_constant(r) && !builder_.is_virtual(r) && own_function() == r;
  if (own) {
    object = r;
    keep(Value::object(function->code()));
    keep(Value::object(function->globals()));
    guard_code(object, function);
  } else if (builder_.is_virtual(r) && !readable) {
    return fall_back();
  } else if (builder_.is_virtual(r) || (!function->has_gc_bit(kGcDeferred) && !ir_.is_constant(r) && readable)) {
    object = as_object(r, shape);
    keep(Value::object(function->code()));
    keep(Value::object(function->globals()));
    guard_code(object, function);
    emit(Op::kGuardEqual, emit(Op::kLoadImmutable, object, kNoReference, offsetof(Function, globals_field)),
         builder_.constant(reinterpret_cast<uint64_t>(function->globals()), Type::P));
  } else {
    known(base);
    guard_code(kNoReference, function);
  }
  if (object != kNoReference) {
    if (!binding.plain) load_defaults(&binding, function, object);
  } else if (!guard_defaults(binding, function)) {
    return false;
  }
  int32_t window = at(base) + 1;
  if (shift) {
    emit(Op::kGuardIs, slot(window), empty_);
    move(window, window - 1);
    ++window;
  }
  // What the function's register holds stays there until the return.
  for (uint32_t i = 0; i < count; ++i) slot(window + static_cast<int32_t>(i));
  if (object == kNoReference) {
    apply(binding, function, window);
    return enter(function, window, binding.total(), result, 0);
  }
  Reference cells[kMaxArguments];
  if (code->free_count > kMaxArguments) return fall_back();
  if (own) {
    for (uint32_t i = 0; i < code->free_count; ++i) cells[i] = slot(window_ + static_cast<int32_t>(code->free_register + i));
  } else {
    cells_of(object, function, cells);
  }
  Function* shared = stand_in(object, function);
  if (shared) set_lazy(window - 1, object_constant(Value::object(shared)));
  // Whoever rebuilds the frame finds the function in its register, or nothing while it is virtual.
  if (!shared && builder_.is_virtual(object) && state(window - 1).filled) {
    emit(Op::kStoreFrame, empty_, kNoReference, window - 1);
    state(window - 1).filled = false;
  }
  if (!shared && state(window - 1).lazy && !builder_.is_virtual(object)) {
    // The register of this call keeps it, or the one it was borrowed from: that is not written before the return.
    Reference word = emit(Op::kBorrow, object);
    emit(Op::kStoreFrame, word, kNoReference, window - 1);
    state(window - 1) = {object, word, false, true, false, true, true};
  }
  apply(binding, function, window, true);
  if (!enter(nullptr, window, binding.plain ? count : binding.total(), result, 0, code, function->globals())) return false;
  calls_.back().function = shared;
  for (uint32_t i = 0; i < code->free_count; ++i) set_lazy(window + static_cast<int32_t>(code->free_register + i), cells[i]);
  return true;
}

// The loop does for any generator what the builtin does.
bool Recorder::call_drain(int base, uint32_t count, int result, Function* loop) {
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  known(base);
  as_object(slot(at(base) + static_cast<int32_t>(count)), kShape_generator);
  keep(Value::object(loop));
  guard_code(kNoReference, loop);
  for (uint32_t i = 0; i < count; ++i) slot(at(base) + 1 + static_cast<int32_t>(i));
  set_lazy(at(base), object_constant(Value::object(loop)));
  return enter(loop, at(base) + 1, count, result, 0);
}

bool Recorder::call_method(uint64_t word, const Tuple* names) {
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  if (seen(PT_A + 2).empty()) return call(PT_A, count, PT_C, true, names);
  Reference self = slot(at(PT_A) + 1);
  if (is_pointer(self) && ir_.at(self).type == Type::W) emit(Op::kGuardBound, self);
  return call(PT_A, count + 1, PT_C, false, names);
}

void Recorder::guard_version(const pt::Type* type, uint32_t version) {
  keep(Value::object(type));
  emit(Op::kGuardCell, builder_.constant(reinterpret_cast<uint64_t>(&type->version), Type::P), kNoReference, version);
}

// class, arguments -> instance, __init__, self, arguments. `raw`: the instance's word with a count; kNoReference: it is lazy.
void Recorder::place_for_init(int32_t where, uint32_t count, Value init, Reference instance, Reference raw) {
  for (auto i = static_cast<int32_t>(count); i > 0; --i) move(where + i + 2, where + i);
  if (raw != kNoReference)
    set_owned(where, raw, instance);
  else
    set_lazy(where, instance);
  set_lazy(where + 1, object_constant(init));
  set_lazy(where + 2, state(where).value);
}

// A Python class. Without a __new__ of its own the instance is made, and __init__ goes on as a call.
bool Recorder::instantiate(int base, uint32_t count, int result, const Tuple* names, bool shift) {
  Value callable = seen(base);
  auto* type = static_cast<pt::Type*>(callable.as_object());
  if (type_of(callable)->slots.call != type_type.slots.call) return fall_back();
  if (type->slots.construct != object_type.slots.construct) return construct(base, count, names, shift);
  if (has_flag(type, kTypeAbstract) || calls_.size() >= kMaxDepth) return fall_back();
  uint32_t version = type->version.load(std::memory_order_acquire);
  Value init = type_lookup_borrowed(type, names::init.str());
  if (!version || init.empty() || !has_shape(init, kShape_function) || !init.as_object()->has_gc_bit(kGcDeferred))
    return fall_back();
  Function* function = as_function(init);
  Binding binding;
  if (!bind(function, count + 1, names, &binding) || !can_collect(binding, at(base) + shift)) return fall_back();
  known(base);
  guard_version(type, version);
  keep(init);
  guard_code(kNoReference, function);
  if (!guard_defaults(binding, function)) return false;
  int32_t where = at(base);
  if (shift) {
    emit(Op::kGuardIs, slot(where + 1), empty_);
    move(where + 1, where);
    ++where;
  }
  for (uint32_t i = 1; i <= count; ++i) slot(where + static_cast<int32_t>(i));
  Reference instance = virtual_instance(type);
  if (type->layout.finalizer()) instance = make(instance);
  place_for_init(where, count, init, instance);
  apply(binding, function, where + 2);
  return enter(function, where + 2, binding.total(), result, kRecordInit);
}

// An operator's method is called like a property's getter; the operands stay where they are until it returns.
bool Recorder::call_operator(uint64_t word) {
  OperatorName name = operator_name(opcode_);
  Value left = seen(PT_B), right = seen(PT_C);
  if (!left.is_object() || right.empty() || name.op == BinaryOp::kPow || name.op == BinaryOp::kMatMul) return fall_back();
  TypeVersions versions = versions_of(left, right);
  Function* function = operator_method(name.op, left, right, name.inplace);
  return function ? call_binary(function, versions, PT_B, PT_C, PT_A) : fall_back();
}
// The same for a comparison.
bool Recorder::call_comparison(CompareOp op, int left, int right, int result) {
  if (!seen(left).is_object() || seen(right).empty()) return fall_back();
  TypeVersions versions = versions_of(seen(left), seen(right));
  Function* function = comparison_method(op, seen(left), seen(right));
  return function ? call_binary(function, versions, left, right, result) : fall_back();
}
Recorder::TypeVersions Recorder::versions_of(Value left, Value right) {
  return {type_of(left)->version.load(std::memory_order_acquire), type_of(right)->version.load(std::memory_order_acquire)};
}
bool Recorder::call_binary(Function* function, const TypeVersions& versions, int left, int right, int result) {
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  for (int operand : {left, right}) {
    Value v = seen(operand);
    plain(operand);
    if (!v.is_object() || is_builtin(v)) continue;
    uint32_t version = operand == right ? versions.right : versions.left;
    if (!version) return fall_back();
    guard_version(type_of(v), version);
  }
  return enter_method(function, {left, right}, result);
}

// super() in a method: the object is virtual, and LOAD_METHOD hardly ever makes it.
bool Recorder::call_super(int base, int result) {
  const Code* code = here().code;
  if (code->argument_count == 0 || (code->local_kinds[0] & 2)) return fall_back();
  Value self = frame_[0];
  if (!self.is_object() || self.empty()) return fall_back();
  bool of_class = has_flag(type_of(self), kTypeTypeSubclass);   // in a __new__ or a class method
  for (uint32_t i = 0; i < code->free_count; ++i) {
    uint32_t reg = code->free_register + i;
    if (!code->local_names[reg]->equals_ascii("__class__")) continue;
    Value cls = has_shape(frame_[reg], kShape_cell) ? as_cell(frame_[reg])->content.peek_acquire() : Value();
    if (cls.empty() || !is_instance_of(cls, &type_type)) return fall_back();
    auto* type = static_cast<pt::Type*>(cls.as_object());
    if (!is_subtype(of_class ? static_cast<pt::Type*>(self.as_object()) : type_of(self), type)) return fall_back();
    Reference object = slot(window_);
    if (!can_hold(object)) return fall_back();
    known(base);
    Reference cell = as_object(slot(window_ + static_cast<int32_t>(reg)), kShape_cell);
    Reference constant = object_constant(cls);
    emit(Op::kGuardIs, emit(Op::kLoadField, cell, kNoReference, offsetof(Cell, content)), constant);
    if (!of_class)
      as_object(object, self.as_object()->shape_id.load(std::memory_order_relaxed));
    else if (!ir_.is_constant(object))
      emit(Op::kGuardIs, object, object_constant(self));
    Reference made = builder_.virtual_object({.kind = Layout::Kind::kSuper, .shape = kShape_super});
    builder_.set_field(made, offsetof(Super, type), constant);
    builder_.set_field(made, offsetof(Super, object), slot(window_));
    builder_.set_field(made, offsetof(Super, object_type), object_constant(of_class ? self : Value::object(type_of(self))));
    fresh_ = made;
    consume_window(at(base), 1, at(result));
    set_lazy(at(result), made);
    go(2);
    return true;
  }
  return fall_back();
}
bool Recorder::load_super_method(uint64_t word) {
  auto* object = static_cast<Super*>(seen(PT_B).as_object());
  Value self = object->object.peek();
  auto* type = static_cast<pt::Type*>(object->object_type.peek().as_object());
  if (self.is(type)) return load_super_class_method(word);
  if (type != type_of(self)) return fall_back();
  uint32_t version = type->version.load(std::memory_order_acquire);
  Ref<> method = super_lookup(object->type.peek(), type, here().code->names[static_cast<uint16_t>(PT_C)]);
  clear_error();
  bool plain =
      method && (has_shape(method.value(), kShape_method_descriptor) || has_shape(method.value(), kShape_wrapper_descriptor) ||
                 (has_shape(method.value(), kShape_function) && method.value().as_object()->has_gc_bit(kGcDeferred)));
  if (!plain || !version) return fall_back();
  // Any change of the classes it is searched in gives the type a new version.
  guard_version(type, version);
  Reference receiver = emit(Op::kLoadField, read(PT_B), kNoReference, offsetof(Super, object));
  drop(PT_B, PT_A);
  set_copy(at(PT_A) + 1, receiver);
  set_lazy(at(PT_A), object_constant(method.value()));
  go(2);
  return true;
}

// super().name as a value: a bound method that is not made yet.
bool Recorder::load_super_attribute(uint64_t word) {
  auto* object = static_cast<Super*>(seen(PT_B).as_object());
  Value self = object->object.peek();
  auto* type = static_cast<pt::Type*>(object->object_type.peek().as_object());
  uint32_t version = type->version.load(std::memory_order_acquire);
  if (!version || type != type_of(self)) return fall_back();
  Ref<> found = super_lookup(object->type.peek(), type, here().code->names[static_cast<uint16_t>(PT_C)]);
  clear_error();
  if (!found || !has_shape(found.value(), kShape_function)) return fall_back();
  Reference super = read(PT_B);
  Reference receiver = emit(Op::kLoadField, super, kNoReference, offsetof(Super, object));
  bool is_temporary = PT_B & 1;
  for (size_t i = 0; i < slots_.size(); ++i)
    is_temporary &= !slots_[i].lazy || slots_[i].value != super || static_cast<int32_t>(i) - kSlotBias == at(PT_B);
  if (builder_.is_virtual(receiver) ? !is_temporary : !can_hold(receiver)) return fall_back();
  guard_version(type, version);
  if (is_temporary) builder_.forget(super);   // the receiver is the method's now
  Reference method = virtual_method(found.value(), receiver);
  fresh_ = method;
  drop(PT_B, PT_A);
  set_lazy(at(PT_A), method);
  go(2);
  return true;
}
// The same in a method that gets a class.
bool Recorder::load_super_class_method(uint64_t word) {
  auto* object = static_cast<Super*>(seen(PT_B).as_object());
  auto* type = static_cast<pt::Type*>(object->object_type.peek().as_object());
  uint32_t version = type->version.load(std::memory_order_acquire);
  Ref<> receiver;
  Ref<> method = super_class_method(object->type.peek(), type, here().code->names[static_cast<uint16_t>(PT_C)], &receiver);
  clear_error();
  if (!method || !version) return fall_back();
  guard_version(type, version);
  Reference self = receiver ? object_constant(receiver.value()) : empty_;
  drop(PT_B, PT_A);
  set_lazy(at(PT_A) + 1, self);
  set_lazy(at(PT_A), object_constant(method.value()));
  go(2);
  return true;
}

// A property's getter is called in registers above the caller's.
bool Recorder::call_property(uint64_t word, Value getter) {
  if (!has_shape(getter, kShape_function)) return fall_back();
  Function* function = as_function(getter);
  const Code* code = function->code();
  if (!code->simple_call || code->argument_count != 1 || code->free_count) return fall_back();
  if (calls_.size() >= kMaxDepth) return abort(Abort::kdepth);
  keep(getter);
  guard_code(kNoReference, function);
  int32_t window = window_ + static_cast<int32_t>(here().code->register_count) + 1;
  for (int32_t i = window - 1; i < window + 1; ++i) state(i) = {kNoReference, kNoReference, false, false, false, state(i).filled};
  if (PT_B >= 0 && (PT_B & 1))
    move(window, at(PT_B));
  else
    set_lazy(window, read(PT_B));
  set_lazy(window - 1, object_constant(getter));
  return enter(function, window, 1, PT_A, 0);
}

// The result, with a count of its own unless it can take its register's along.
Reference Recorder::result_word(int operand, Reference r, bool* moves) {
  if (operand >= 0) {
    Slot& s = state(at(operand));
    *moves = (operand & 1 || (operand >> 1) < static_cast<int>(here().code->local_end)) && !s.lazy && s.owned;
    if (*moves) return s.raw;
  }
  return emit(Op::kOwn, r);
}
// The registers of a frame that returns; `operand`: the result, which has moved away if `moves`.
void Recorder::leave_registers(const Call& from, int operand, bool moves) {
  int32_t source = at(operand);
  int32_t end = window_ + static_cast<int32_t>(from.code->register_count);
  // The function's register goes last: until then the frame may have to be rebuilt from it.
  for (int32_t k = window_; k <= end; ++k) {
    int32_t i = k == end ? window_ - 1 : k;
    bool local = i - window_ < static_cast<int32_t>(from.code->local_end);
    if (moves && i == source) {
      emit(Op::kStoreFrame, empty_, kNoReference, i);
      state(i) = {kNoReference, kNoReference, false, false, false, false};
    } else if (local || (operand >= 0 && i == source && (operand & 1))) {
      clear(i);
    } else {
      // Temporaries are dead.
      state(i) = {kNoReference, kNoReference, false, false, false, state(i).filled};
    }
  }
}

bool Recorder::return_value(uint64_t word) {
  CallRecord* record = thread_->record;
  Call from = here();
  if (from.generator >= 0) return finish_generator(word);
  if (returns_to_trace(PT_A)) return return_to_trace(PT_A);
  bool init = from.flags & kRecordInit, is_operator = from.flags & kRecordOperator;
  bool lower = calls_.empty();
  // A frame that is in the trace only has no frame object, though it may have one now: of an exception that it has handled.
  if (!from.plain() || (record->flags & ~uint32_t{kRecordInit | kRecordOperator}) ||
      ((lower || from.real) && record->frame_object))
    return fall_back();
  if (is_operator ? lower || from.real : init && from.real && !lower) return fall_back();
  if (lower && (record == thread_->record_base || (record - 1)->registers > record->registers)) return abort(Abort::kleft_loop);
  Value v = seen(PT_A);
  if (v.empty() || (init && !is_none(v))) return fall_back();
  MethodResult method;
  if (is_operator && !check_result(PT_A, from, &method)) return false;
  Reference r = read(PT_A);
  if (init) known(PT_A);
  if (lower) {
    const CallRecord* below = record - 1;
    ir_.returns.push_back(std::make_unique<ReturnTarget>(
        ReturnTarget{below->pc, below->globals, record->registers - below->registers, record->flags}));
    emit(Op::kGuardReturn, kNoReference, kNoReference, static_cast<int64_t>(ir_.returns.size()) - 1);
  } else if (from.real) {
    emit(Op::kGuardFrame);
  }
  // A result that relies on registers of this frame.
  if (builder_.is_virtual(r) && relies_on(r, window_ - 1)) r = make(r);
  bool pointer = !init && method.kind == MethodResult::Kind::kValue && is_pointer(r), moves = false;
  Reference raw = pointer ? result_word(PT_A, r, &moves) : r;
  leave_registers(from, PT_A, moves);
  const uint64_t* caller_pc;
  int32_t result = from.result;
  int32_t instance = window_ - 2;
  if (lower) {
    base_record_ = record - 1;
    base_ = call_of(base_record_);
    caller_pc = base_record_->pc;
  } else {
    caller_pc = from.caller_pc;
    calls_.pop_back();
  }
  window_ = here().window;
  if (is_operator) return finish_method(method, caller_pc, pointer && !moves ? raw : r, pointer, raw);
  if (init)
    move(at(result), instance);
  else if (pointer)
    set_owned(at(result), raw, moves ? r : raw);
  else
    set_lazy(at(result), r);
  if (from.real) emit(Op::kPopFrame);
  expected_ = caller_pc + instruction_words(opcode_of(load_word(caller_pc)));
  return true;
}

}  // namespace pt::jit
