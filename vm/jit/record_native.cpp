// Recording of calls of native code and of what iterators of builtin types do.
#include <cstddef>
#include <cstring>

#include "vm/interp/special_methods.h"
#include "vm/jit/recorder.h"
#include "vm/object/descriptors.h"
#include "vm/object/leaf_forms.h"
#include "vm/object/type_build.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/range.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::jit {

namespace {
// Native code that looks at no frame. What Python code it runs ends the trace behind the call.
bool is_plain_method(const MethodDescriptor* d) {
  static const pt::Type* const kFrames[] = {&generator_type, &coroutine_type, &async_generator_type,
                                            &frame_type,     &function_type,  &type_type};
  for (const pt::Type* t : kFrames) {
    if (d->owner == t) return false;
  }
  return !has_flag(d->owner, kTypeHeap);
}
// A method of a builtin object, bound to it.
bool is_plain_bound(const NativeFunctionObject* f) {
  Value self = f->self.peek();
  if (!f->signature()->has_self || !self.is_object() || self.empty() || !f->module.peek().empty()) return false;
  const pt::Type* type = type_of(self);
  static const pt::Type* const kFrames[] = {&generator_type, &coroutine_type, &async_generator_type, &frame_type,
                                            &function_type,  &type_type,      &module_type};
  for (const pt::Type* t : kFrames) {
    if (type == t) return false;
  }
  return !has_flag(type, kTypeHeap);
}
bool is_send(Value v) {
  auto* d = reinterpret_cast<const MethodDescriptor*>(v.as_object());
  return has_shape(v, kShape_method_descriptor) && d->owner == &generator_type && !std::strcmp(d->def->name, "send");
}
bool is_plain_function(const NativeFunctionObject* f) {
  Value module = f->module.peek();
  if (!is_str(module)) return false;
  static const char* const kModules[] = {"math",   "cmath",   "_operator", "itertools",    "_random",    "_bisect",
                                         "_heapq", "_struct", "time",      "_collections", "_functools", "binascii",
                                         "zlib",   "_sre",    "_json",     "unicodedata",  "_codecs",    "_string"};
  for (const char* name : kModules) {
    if (as_str(module)->equals_ascii(name)) return true;
  }
  // Of modules whose functions do all sorts of things.
  static const char* const kSingle[] = {"get_ident", "getpid", "fspath", "intern", "allocate_lock"};
  for (const char* name : kSingle) {
    if (!std::strcmp(f->def->name, name)) return true;
  }
  if (!as_str(module)->equals_ascii("builtins")) return false;
  static const char* const kFrames[] = {
      "locals",     "globals",         "vars", "dir", "eval", "exec", "compile", "input", "breakpoint",
      "__import__", "__build_class__", "open"};
  for (const char* name : kFrames) {
    if (!std::strcmp(f->def->name, name)) return false;
  }
  return true;
}
// NativeCall::quiet.
bool is_quiet_method(const MethodDescriptor* d) {
  // Codecs may be written in Python.
  static const char* const kOthers[] = {"encode", "format", "format_map"};
  if (d->owner != &str_type && d->owner != &int_type && d->owner != &float_type) return false;
  for (const char* name : kOthers) {
    if (!std::strcmp(d->def->name, name)) return false;
  }
  return d->def->name[0] != '_';
}
bool is_of_module(Value native, const char* name) {
  Value module = reinterpret_cast<NativeFunctionObject*>(native.as_object())->module.peek();
  return is_str(module) && as_str(module)->equals_ascii(name);
}
bool is_quiet_function(const NativeFunctionObject* f) {
  static const char* const kNames[] = {"ord", "chr", "abs", "hex", "bin", "oct", "round", "divmod", "len", "repr", "hash"};
  if (is_of_module(Value::object(f), "math")) return true;
  if (!is_of_module(Value::object(f), "builtins")) return false;
  for (const char* name : kNames) {
    if (!std::strcmp(f->def->name, name)) return true;
  }
  return false;
}
}  // namespace

NativeCall native_call_of(NativeFunction function, uint32_t count, bool quiet) {
  return {.callee = reinterpret_cast<const void*>(function),
          .count = static_cast<int>(count),
          .quiet = quiet,
          .leaf = reinterpret_cast<const void*>(leaf_form_of(function))};
}
void Recorder::guard_length(Reference tuple, int64_t length) {
  emit(Op::kGuardEqual, emit(Op::kLoadImmutable, tuple, kNoReference, offsetof(Tuple, length)),
       builder_.constant(static_cast<uint64_t>(length), Type::P));
}
Reference Recorder::tuple_item(Reference tuple, int64_t i) {
  return emit(Op::kLoadItem, tuple, kNoReference, static_cast<int64_t>(offsetof(Tuple, items)) + i * 8);
}

bool Recorder::length(int base, int result, int32_t argument) {
  Reference count = length_of(slot(argument), base_frame_[argument]);
  if (count == kNoReference) return false;
  consume_window(at(base), static_cast<uint32_t>(argument - at(base)) + 1, at(result));
  set_lazy(at(result), count);
  go(2);
  return true;
}

// id().
bool Recorder::identity(int base, int result, int32_t argument) {
  if (base_frame_[argument].identity() > static_cast<uint64_t>(Value::kMaxSmallInt)) return false;
  Reference r = builder_.resolve(boxed(argument));
  if (builder_.is_virtual(r)) r = make(r);
  Reference id = emit(Op::kIdentity, r);
  consume_window(at(base), static_cast<uint32_t>(argument - at(base)) + 1, at(result));
  set_lazy(at(result), id);
  go(2);
  return true;
}

// type(x).
bool Recorder::class_of(int base, int result) {
  int32_t argument = at(base) + 1;
  Value v = base_frame_[argument];
  known(base);
  if (v.is_object()) {
    Reference r = builder_.resolve(slot(argument));
    if (builder_.is_virtual(r)) r = make(r);
    finish_window(emit(Op::kTypeOf, r), base, argument + 1, result);
    return true;
  }
  if (v.is_small_int())
    as_int(slot(argument));
  else
    as_float(slot(argument), v);
  consume_window(at(base), static_cast<uint32_t>(argument - at(base)) + 1, at(result));
  set_lazy(at(result), object_constant(Value::object(type_of(v))));
  go(2);
  return true;
}

// min() and max() of numbers of one kind.
bool Recorder::extreme(int base, const char* name, uint32_t count, int result, bool shift) {
  int32_t first = at(base) + 1 + shift;
  bool greatest = !std::strcmp(name, "max");
  if ((!greatest && std::strcmp(name, "min")) || count < 2 || count > 4) return false;
  bool ints = base_frame_[first].is_small_int();
  for (uint32_t i = 0; i < count; ++i) {
    Value v = base_frame_[first + static_cast<int32_t>(i)];
    if (ints ? !v.is_small_int() : !v.is_immediate_float()) return false;
  }
  known(base);
  if (shift) emit(Op::kGuardIs, slot(first - 1), empty_);
  Reference best = kNoReference;
  for (uint32_t i = 0; i < count; ++i) {
    int32_t where = first + static_cast<int32_t>(i);
    Reference r = ints ? as_int(slot(where)) : as_float(slot(where), base_frame_[where]);
    if (i == 0)
      best = r;
    else
      best = emit(ints ? (greatest ? Op::kMaxInt : Op::kMinInt) : greatest ? Op::kMaxFloat : Op::kMinFloat, best, r);
  }
  consume_window(at(base), static_cast<uint32_t>(first - at(base)) + count, at(result));
  set_lazy(at(result), best);
  go(2);
  return true;
}

// list.pop() where the trace may change the list: the last item moves.
bool Recorder::list_pop(int base, int32_t argument, int result) {
  const List* seen_list = as_list(base_frame_[argument]);
  int64_t size = list_size(seen_list);
  if (size == 0) return false;
  Reference list = as_object(slot(argument), kShape_list, Access::kWrites);
  if (!hold(list, seen_list, kShape_list)) return false;
  Value item = seen_list->buffer.load(std::memory_order_acquire)->items[size - 1].peek_acquire();
  Reference one = builder_.small_int(1);
  Reference last = emit(Op::kSubInt, emit(Op::kTagWord, emit(Op::kLoadWord, list, kNoReference, offsetof(List, size))), one);
  emit(Op::kGuardGeInt, last, builder_.small_int(0));
  Reference data = emit(Op::kLoadWord, list, kNoReference, offsetof(List, buffer));
  Reference address = emit(Op::kItemAddress, data, last), value;
  int64_t offset = offsetof(ListBuffer, items);
  bool counted = !load_uncounted(address, offset, item, &value);
  if (counted) value = emit(Op::kLoadField, address, kNoReference, offset);
  emit(Op::kListDrop, list);
  if (counted) {
    finish_window(value, base, argument + 1, result);
  } else {
    consume_window(at(base), static_cast<uint32_t>(argument - at(base)) + 1, at(result));
    set_lazy(at(result), value);
    go(2);
  }
  return true;
}

// object.__new__(cls), also as cls.__new__(cls), for a Python class.
bool Recorder::bare_instance(int base, int result, int32_t first) {
  Value callable = seen(base), cls = base_frame_[first];
  if (!cls.is_object() || !has_shape(cls, kShape_type) || !native_constructor_of(callable, nullptr) ||
      !reinterpret_cast<NativeFunctionObject*>(callable.as_object())->self.peek().is(&object_type)) {
    return false;
  }
  auto* type = static_cast<pt::Type*>(cls.as_object());
  uint32_t version = type->version.load(std::memory_order_acquire);
  const pt::Type* builtin = type;
  while (builtin && has_flag(builtin, kTypeHeap)) builtin = builtin->base;
  if (!version || builtin != &object_type || has_flag(type, kTypeAbstract) || has_flag(type, kTypeNoInstantiate)) return false;
  if (Reference r = slot(first); !ir_.is_constant(r)) emit(Op::kGuardIs, r, object_constant(cls));
  guard_version(type, version);
  Reference instance = virtual_instance(type);
  consume_window(at(base), static_cast<uint32_t>(first - at(base)) + 1, at(result));
  if (type->layout.finalizer()) instance = make(instance);
  set_lazy(at(result), instance);
  go(2);
  return true;
}

// tuple.__new__(cls, (a, b)) for a subclass without attributes, as named tuples are made.
bool Recorder::tuple_instance(int base, int result, bool shift) {
  int32_t first = at(base) + 1 + shift;
  Value callable = seen(base), cls = base_frame_[first];
  Reference items = slot(first + 1);
  if (!cls.is_object() || type_of(cls) != &type_type || !builder_.is_virtual(items) ||
      builder_.layout_of(items).kind != Layout::Kind::kTuple || builder_.layout_of(items).instance ||
      !reinterpret_cast<NativeFunctionObject*>(callable.as_object())->self.peek().is(&tuple_type)) {
    return false;
  }
  // Nothing else may have the tuple: its items move.
  if (builder_.holder_of(items) != kNoReference) return false;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].lazy && slots_[i].value == items && static_cast<int32_t>(i) - kSlotBias != first + 1) return false;
  }
  auto* type = static_cast<pt::Type*>(cls.as_object());
  uint32_t version = type->version.load(std::memory_order_acquire);
  const pt::Type* builtin = type;
  while (builtin && has_flag(builtin, kTypeHeap)) builtin = builtin->base;
  if (!version || type == builtin || builtin != &tuple_type || has_flag(type, kTypeAbstract) ||
      (type->attributes_offset && type->attributes_offset != kAttributesAtEnd) || type->layout.finalizer()) {
    return false;
  }
  known(base);
  if (shift) emit(Op::kGuardIs, slot(first - 1), empty_);
  if (Reference r = slot(first); !ir_.is_constant(r)) emit(Op::kGuardIs, r, object_constant(cls));
  guard_version(type, version);
  int64_t length = builder_.layout_of(items).length;
  std::vector<FieldValue> fields = builder_.state_of(items).fields;
  Shape* shape = type->instance_shape.load(std::memory_order_acquire);
  builder_.forget(items);
  Reference made =
      builder_.virtual_object({.kind = Layout::Kind::kTuple, .shape = shape_id_of(shape), .instance = shape, .length = length});
  for (const FieldValue& f : fields) builder_.set_field(made, f.offset, f.value);
  fresh_ = made;
  consume_window(at(base), static_cast<uint32_t>(first - at(base)) + 2, at(result));
  set_lazy(at(result), made);
  go(2);
  return true;
}

// isinstance() with a plain class or several: what an object's type says for good.
bool Recorder::instance_check(int base, int result, int32_t first) {
  Value v = base_frame_[first], cls = base_frame_[first + 1];
  if (v.empty() || !cls.is_object()) return false;
  pt::Type* type = type_of(v);
  uint32_t version = type->version.load(std::memory_order_acquire);
  bool several = has_shape(cls, kShape_tuple), outcome = false;
  int64_t count = several ? as_tuple(cls)->length : 1;
  if (several && count > 8) return false;
  for (int64_t i = 0; i < count; ++i) {
    Value each = several ? as_tuple(cls)->at(i) : cls;
    if (!each.is_object() || type_of(each) != &type_type) return false;
    outcome |= is_subtype(type, static_cast<pt::Type*>(each.as_object()));
  }
  if (!outcome && !has_plain_class(type)) return false;
  if (v.is_small_int())
    as_int(slot(first));
  else if (v.is_immediate_float())
    as_float(slot(first), v);
  else
    as_object(slot(first), v.as_object()->shape_id.load(std::memory_order_relaxed));
  Reference r = slot(first + 1);
  if (builder_.is_virtual(r)) {
    for (int64_t i = 0; i < count; ++i) {
      Reference each = emit(Op::kLoadField, r, kNoReference, static_cast<int64_t>(offsetof(Tuple, items)) + i * 8);
      if (!ir_.is_constant(each)) emit(Op::kGuardIs, each, object_constant(as_tuple(cls)->at(i)));
    }
  } else if (!ir_.is_constant(r)) {
    emit(Op::kGuardIs, r, object_constant(cls));
  }
  if (has_flag(type, kTypeHeap)) guard_version(type, version);
  Reference constant = object_constant(boolean(outcome));
  consume_window(at(base), static_cast<uint32_t>(first - at(base)) + 2, at(result));
  set_lazy(at(result), constant);
  go(2);
  return true;
}

bool Recorder::call_native(int base, Value callable, uint32_t count, int result, bool shift) {
  bool handled;
  if (bool entered = call_special_builtin(base, count, shift, &handled); handled) return entered;
  int32_t argument = at(base) + 1 + shift;
  if (!shift && count && has_shape(base_frame_[argument], kShape_generator)) {
    bool resumes = has_shape(callable, kShape_native_function) ? count == 1 && special_call(callable) == SpecialCall::kNext
                                                               : count == 2 && is_send(callable);
    if (resumes && call_generator(base, count, result)) return true;
    if (reason_ != Abort::kCount) return false;
  }
  if (has_shape(callable, kShape_native_function) &&
      attribute_by_name(base, reinterpret_cast<NativeFunctionObject*>(callable.as_object())->def->name, count, result, shift)) {
    return true;
  }
  if (reason_ != Abort::kCount) return false;
  // It may look at what is handled.
  if (handling() && !is_quiet_call(callable, argument, count)) return fall_back();
  const NativeSignature* s;
  const NativeDef* def;
  Value self;
  bool bound = false;   // a method with its object: known by what it does, as they come and go
  if (has_shape(callable, kShape_native_function)) {
    auto* f = reinterpret_cast<NativeFunctionObject*>(callable.as_object());
    bool constructor = native_constructor_of(callable, nullptr);
    bound = !constructor && is_plain_bound(f);
    if (!constructor && !bound && (!is_plain_function(f) || !(f->has_gc_bit(kGcDeferred) || f->is_immortal())))
      return fall_back();
    s = f->signature();
    def = f->def;
    if (s->has_self) self = f->self.peek();
  } else {
    auto* d = reinterpret_cast<MethodDescriptor*>(callable.as_object());
    uint32_t shape = shape_id_of(d->owner->instance_shape.load(std::memory_order_acquire));
    Value receiver = count ? seen(base + 2) : Value();
    bool fits = receiver.is_object() ? has_shape(receiver, shape) : type_of(receiver) == d->owner;
    if (shift || receiver.empty() || !is_plain_method(d) || !fits) return fall_back();
    // LOAD_METHOD has seen it to be of the right type, unless that was before the trace.
    if (!ir_.is_constant(read(base))) {
      known(base);
      Reference r = slot(at(base) + 1);
      if (receiver.is_object())
        as_object(r, shape);
      else if (receiver.is_small_int())
        as_int(r);
      else
        as_float(r, receiver);
    }
    s = d->signature();
    def = d->def;
  }
  bool is_function = has_shape(callable, kShape_native_function);
  if (is_function && extreme(base, def->name, count, result, shift)) return true;
  if (is_function && count == 1 && !std::strcmp(def->name, "__new__")) {
    known(base);
    int32_t first = at(base) + 1 + shift;
    if (shift) emit(Op::kGuardIs, slot(first - 1), empty_);
    return bare_instance(base, result, first) || fall_back();
  }
  if (is_function && count == 2 && !std::strcmp(def->name, "__new__") && tuple_instance(base, result, shift)) return true;
  uint32_t given = count + !self.empty();
  bool positional = def->positional && (is_function ? self.empty() : true) && count <= kMaxArguments;
  if (!positional && (!s->simple || given < s->required || given > s->positional || s->count > kMaxArguments))
    return bound ? fall_back() : call_any(base, count, result, shift);
  Reference receiver = kNoReference;
  if (bound) {
    receiver = receiver_of(base, def);
  } else {
    known(base);
  }
  int32_t first = at(base) + 1;
  if (shift) emit(Op::kGuardIs, slot(first++), empty_);
  if (positional) {
    Reference values[kMaxArguments];
    for (uint32_t i = 0; i < count; ++i) values[i] = boxed(first + static_cast<int32_t>(i));
    finish_call(Op::kCallNative, {reinterpret_cast<const void*>(def->positional), static_cast<int>(count), true}, values, base,
                first + static_cast<int32_t>(count), result);
    return true;
  }
  if (def->name[0] == 'l' && count == 1 && !std::strcmp(def->name, "len") && length(base, result, first)) return true;
  if (is_function && count == 1 && !std::strcmp(def->name, "id") && is_of_module(callable, "builtins") &&
      identity(base, result, first))
    return true;
  if (is_function && count == 2 && !std::strcmp(def->name, "isinstance") && instance_check(base, result, first)) return true;
  if (has_shape(callable, kShape_method_descriptor) && count == 2 && has_shape(seen(base + 2), kShape_list) &&
      !std::strcmp(def->name, "append")) {
    Reference list = as_object(slot(first), kShape_list, Access::kWrites);
    Reference item = boxed(first + 1);
    append(list, seen(base + 2).as_object(), item);
    consume_window(at(base), count + 1, at(result));
    set_lazy(at(result), object_constant(none()));
    go(2);
    return true;
  }
  if (bound && count == 1 && has_shape(self, kShape_list) && !std::strcmp(def->name, "append")) {
    Reference item = boxed(first);
    append(as_object(receiver, kShape_list, Access::kWrites), self.as_object(), item);
    consume_window(at(base), static_cast<uint32_t>(first - at(base)) + 1, at(result));
    set_lazy(at(result), object_constant(none()));
    go(2);
    return true;
  }
  if (has_shape(callable, kShape_method_descriptor) && count == 1 && has_shape(seen(base + 2), kShape_list) &&
      !std::strcmp(def->name, "pop") && list_pop(base, first, result)) {
    return true;
  }
  if (reason_ != Abort::kCount) return false;
  Reference arguments[kMaxArguments];
  uint32_t n = 0;
  if (!self.empty()) arguments[n++] = bound ? receiver : constant_of(self);
  for (uint32_t i = 0; i < count; ++i) arguments[n++] = boxed(first + static_cast<int32_t>(i));
  while (n < s->count) arguments[n++] = empty_;
  bool gets = n == 3 && has_shape(callable, kShape_method_descriptor) && has_shape(base_frame_[first], kShape_dict) &&
              !std::strcmp(def->name, "get");
  bool quiet = is_function ? is_quiet_function(reinterpret_cast<NativeFunctionObject*>(callable.as_object()))
                           : is_quiet_method(reinterpret_cast<MethodDescriptor*>(callable.as_object()));
  finish_call(gets ? Op::kDictGet : Op::kCallNative, native_call_of(def->function, n, quiet), arguments, base,
              first + static_cast<int32_t>(count), result);
  return true;
}

// The object of a bound method, which does what `def` says.
Reference Recorder::receiver_of(int base, const NativeDef* def) {
  Reference method = as_object(read(base), kShape_native_function);
  emit(Op::kGuardEqual, emit(Op::kLoadImmutable, method, kNoReference, offsetof(NativeFunctionObject, def)),
       builder_.constant(reinterpret_cast<uint64_t>(def), Type::P));
  return emit(Op::kLoadItem, method, kNoReference, offsetof(NativeFunctionObject, self));
}

// f(*args) of a builtin function or a method with its object.
bool Recorder::spread_native(uint64_t word) {
  int32_t first = at(PT_A) + 1;
  auto* f = reinterpret_cast<NativeFunctionObject*>(seen(PT_A).as_object());
  const bool bound = is_plain_bound(f);
  const NativeSignature* s = f->signature();
  auto count = static_cast<uint32_t>(as_tuple(base_frame_[first])->length);
  const uint32_t given = count + s->has_self;
  if (!bound && (!is_plain_function(f) || !(f->has_gc_bit(kGcDeferred) || f->is_immortal()))) return fall_back();
  if (!s->simple || given < s->required || given > s->positional || s->count > kMaxArguments || handling() ||
      special_call(seen(PT_A)) != SpecialCall::kNone)
    return fall_back();
  Reference arguments[kMaxArguments];
  uint32_t n = 0;
  if (bound) {
    arguments[n++] = receiver_of(PT_A, f->def);
  } else {
    known(PT_A);
    if (s->has_self) arguments[n++] = constant_of(f->self.peek());
  }
  Reference tuple = as_object(slot(first), kShape_tuple);
  guard_length(tuple, count);
  for (uint32_t i = 0; i < count; ++i) {
    Reference item = tuple_item(tuple, i);
    if (builder_.is_virtual(item) || ir_.at(item).type == Type::F) return fall_back();
    arguments[n++] = item;
  }
  while (n < s->count) arguments[n++] = empty_;
  finish_call(Op::kCallNative, native_call_of(f->def->function, n, is_quiet_function(f)), arguments, PT_A, first + 1, PT_C);
  return true;
}

// For the operation that comes next. Making an object may take the State's arguments itself: that comes first.
void Recorder::store_arguments(std::span<const Reference> values) {
  for (Reference r : values) {
    r = builder_.resolve(r);
    if (builder_.is_virtual(r)) make(r);
  }
  for (size_t i = 0; i < values.size(); ++i) emit(Op::kStoreArgument, values[i], kNoReference, static_cast<int64_t>(i));
}

// The registers from `base` to `end` are consumed.
void Recorder::finish_call(Op op, const NativeCall& call, const Reference* arguments, int base, int32_t end, int result) {
  finish_window(native_call(call, arguments, op), base, end, result);
}
Reference Recorder::native_call(const NativeCall& call, const Reference* arguments, Op op) {
  store_arguments({arguments, static_cast<size_t>(call.count)});
  ir_.native_calls.push_back(std::make_unique<NativeCall>(call));
  return emit(op, kNoReference, kNoReference, static_cast<int64_t>(ir_.native_calls.size()) - 1);
}
// A call that has run gave `value`, with a count.
void Recorder::finish_window(Reference value, int base, int32_t end, int result) {
  int32_t to = at(result);
  bool inside = to >= at(base) && to < end;
  consume_window(at(base), static_cast<uint32_t>(end - at(base)), inside ? -kSlotBias : to);
  set_owned(to, value);
  go(2);
}

// Any callable of builtin type: the runtime's own call.
bool Recorder::call_any(int base, uint32_t count, int result, bool shift) {
  Value callable = seen(base);
  bool handled;
  if (bool entered = call_special_builtin(base, count, shift, &handled); handled) return entered;
  if (callable.is(&range_type) && new_range(base, count, result, shift)) return true;
  if (reason_ != Abort::kCount) return false;
  if (callable.is(&str_type) && count == 1 && !shift && has_plain_text(at(base) + 1)) return text_of_exception(base, result);
  if (handling() && !is_quiet_call(callable, at(base) + 1 + shift, count)) return fall_back();
  if (callable.is(&super_type) && count == 0 && !shift) return call_super(base, result);
  if (callable.is(&type_type) && count == 1 && !shift && !base_frame_[at(base) + 1].empty()) return class_of(base, result);
  if (count > kMaxArguments || callable.is(&super_type) || (callable.is(&type_type) && count != 1)) return fall_back();
  known(base);
  int32_t first = at(base) + 1;
  if (shift) emit(Op::kGuardIs, slot(first++), empty_);
  Reference arguments[kMaxArguments];
  for (uint32_t i = 0; i < count; ++i) arguments[i] = boxed(first + static_cast<int32_t>(i));
  NativeFunction convert = count == 1 && has_shape(callable, kShape_type) ? conversion_of(callable) : nullptr;
  if (convert) {
    bool quiet = callable.is(&str_type) || callable.is(&int_type) || callable.is(&float_type) || callable.is(&bool_type);
    finish_call(Op::kCallNative, {reinterpret_cast<const void*>(convert), 1, false, quiet}, arguments, base, first + 1, result);
    return true;
  }
  finish_call(Op::kCallAny, {callable.as_object(), static_cast<int>(count)}, arguments, base, first + static_cast<int32_t>(count),
              result);
  return true;
}

// ---- iterators of builtin types ----------------------------------------------------------------------------------------

bool Recorder::get_iterator(uint64_t word) {
  Value v = seen(PT_B);
  if (has_shape(v, kShape_generator)) {
    // It is its own iterator.
    Reference r = as_object(read(PT_B), kShape_generator);
    if (PT_B & 1) {
      move(at(PT_A), at(PT_B));
      if ((PT_B >> 1) < static_cast<int>(here().code->local_end)) set_lazy(at(PT_B), empty_);
    } else {
      set_copy(at(PT_A), r);
    }
    go(1);
    return true;
  }
  if (is_class_instance(v)) return call_iter(word);
  if (!is_builtin(v) || !type_of(v)->slots.iter) return fall_back();
  uint32_t shape = v.as_object()->shape_id.load(std::memory_order_relaxed);
  Reference o = as_object(read(PT_B), shape);
  uint32_t made = shape == kShape_list    ? kShape_list_iterator
                  : shape == kShape_tuple ? kShape_tuple_iterator
                  : shape == kShape_str   ? kShape_str_iterator
                  : shape == kShape_bytes ? kShape_bytes_iterator
                                          : 0;
  if (made && can_hold(o)) {
    Reference iterator = builder_.virtual_object({.kind = Layout::Kind::kSequence, .shape = made});
    builder_.set_field(iterator, offsetof(ListIterator, list), o);
    builder_.set_field(iterator, offsetof(ListIterator, index), builder_.small_int(0));
    fresh_ = iterator;
    drop(PT_B, PT_A);
    set_lazy(at(PT_A), iterator);
    go(1);
    return true;
  }
  Reference r = emit(Op::kGetIterator, o);
  drop(PT_B, PT_A);
  set_owned(at(PT_A), r);
  go(1);
  return true;
}

// Whether there is a next item is seen when the interpreter has fetched it.
bool Recorder::for_next(uint64_t word) {
  Value iterator = seen(PT_B);
  if (!is_builtin(iterator)) return fall_back();
  Reference o = as_object(read(PT_B), iterator.as_object()->shape_id.load(std::memory_order_relaxed));
  next_ = {emit(Op::kNextItem, o), snapshot(), PT_A, PT_B, pc_};
  expected_ = nullptr;
  return true;
}
void Recorder::finish_next() {
  const Next next = next_;
  next_ = {};
  const uint64_t* ahead = next.pc + 2;
  if (pc_ == ahead) {
    // An iterator at its end is not asked again.
    Snapshot ended = ir_.snapshots[static_cast<size_t>(next.snapshot)];
    ended.pc = ahead + jump_extra(next.pc);
    std::erase_if(ended.slots, [&](const SlotValue& v) { return v.slot == at(next.iterator); });
    ended.slots.push_back({at(next.iterator), empty_, true});
    ir_.snapshots.push_back(std::move(ended));
    builder_.emit(Op::kGuardBound, next.item, kNoReference, 0, static_cast<int32_t>(ir_.snapshots.size()) - 1);
    set_owned(at(next.target), next.item);
  } else if (pc_ != ahead + jump_extra(next.pc)) {
    abort(Abort::kexception);
  } else {
    Snapshot got = ir_.snapshots[static_cast<size_t>(next.snapshot)];
    got.pc = ahead;
    std::erase_if(got.slots, [&](const SlotValue& v) { return v.slot == at(next.target); });
    got.slots.push_back({at(next.target), next.item, true});
    ir_.snapshots.push_back(std::move(got));
    builder_.emit(Op::kGuardIs, next.item, empty_, 0, static_cast<int32_t>(ir_.snapshots.size()) - 1);
    clear(at(next.iterator));
  }
  snapshot_ = -1;
}

}  // namespace pt::jit
