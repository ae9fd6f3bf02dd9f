// Calls, returns and function creation.
#include "gc/platform/memory.h"
#include "vm/interp/attribute_cache.h"
#include "vm/interp/call_support.h"
#include "vm/interp/frames.h"
#include "vm/interp/generator_frames.h"
#include "vm/interp/native_calls.h"
#include "vm/interp/safepoint.h"
#include "vm/interp/special_methods.h"
#include "vm/interp/trace.h"
#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/slot_table.h"
#include "vm/types/dict.h"
#include "vm/types/drain.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

namespace {

// What a call instruction found it has to do.
enum class CallOutcome { kDone, kEntered, kError };

// Pushes a Python function whose arguments lie at window[0..count); window[-1] keeps the function.
CallOutcome enter_function(Thread* thread, Function* function, Value* window, uint32_t count, Tuple* names, int result,
                           uint32_t flags) {
  const Code* code = function->code();
  if (PT_LIKELY(code->simple_call && !names && count == code->argument_count)) {
    // Arguments are in place.
  } else if (!bind_frame(thread, function, window, window, count, names)) {
    return CallOutcome::kError;
  }
  clear_locals(function, code, window);
  CallRecord* record = push_record(thread, function, window);
  if (PT_UNLIKELY(!record)) {
    clear_window(window, code->local_end);
    return CallOutcome::kError;
  }
  record->result_register = result;
  record->flags = flags;
  return CallOutcome::kEntered;
}

// The __init__ of a class, where it is a Python function.
Function* init_method(Type* type) {
  Value init = type_lookup_borrowed(type, names::init.str());
  return !init.empty() && is_function(init) && init.as_object()->has_gc_bit(kGcDeferred) ? as_function(init) : nullptr;
}
// __init__ of the instance, which is taken over, with the arguments behind the class at `base`.
CallOutcome enter_init(Thread* thread, Function* function, Value instance, Value* base, uint32_t count, Tuple* names,
                       int result) {
  // base: class, arguments  ->  base: instance, __init__, self, arguments
  for (uint32_t i = count; i > 0; --i) base[i + 2] = base[i];
  Value cls = base[0];
  base[0] = instance;
  base[1] = Value::borrowed_object(function);
  base[2] = instance.as_borrowed();
  release(cls);
  CallOutcome outcome = enter_function(thread, function, base + 2, count + 1, names, result, kRecordInit);
  if (outcome == CallOutcome::kError) {
    base[1] = Value();
    Value v = base[0];
    base[0] = Value();
    release(v);
  }
  return outcome;
}
// A class with a __new__ in Python. The class and its arguments stay where they are: they may be for an __init__, too.
CallOutcome construct(Thread* thread, Value* base, uint32_t count, Tuple* names, Type* type, bool* handled) {
  Function* function = new_method(type);
  constexpr uint32_t kMost = 15;
  CallRecord* caller = thread->record;
  Value* end = caller->registers + caller->code->register_count;
  Value* window = end + 1;
  const Code* code = function ? function->code() : nullptr;
  if (!function || count > kMost || base + count + 1 > end || window + code->register_count + count + 80 > thread->stack_limit) {
    return CallOutcome::kDone;
  }
  *handled = true;
  Value values[kMost + 1];
  for (uint32_t i = 0; i <= count; ++i) values[i] = base[i].as_borrowed();
  if (code->simple_call && !names && count + 1 == code->argument_count) {
    for (uint32_t i = 0; i <= count; ++i) window[i] = values[i];
  } else if (!bind_frame(thread, function, window, values, count + 1, names)) {
    return CallOutcome::kError;
  }
  window[-1] = Value::borrowed_object(function);
  clear_locals(function, code, window);
  CallRecord* record = push_record(thread, function, window);
  if (PT_UNLIKELY(!record)) {
    clear_window(window - 1, code->local_end + 1);
    return CallOutcome::kError;
  }
  record->result_register = special_record(SpecialCall::kConstruct, 0);
  record->flags = kRecordOperator;
  return CallOutcome::kEntered;
}

// object() or an exception with a Python __init__: the instance is made here and __init__ runs as a frame of its own.
// `in_place`: base is where the instruction has it.
CallOutcome instantiate(Thread* thread, Value* base, uint32_t count, Tuple* names, int result, Type* type, bool in_place,
                        bool* handled) {
  *handled = false;
  if (type_of(Value::object(type))->slots.call != type_type.slots.call) return CallOutcome::kDone;
  auto make = type->slots.construct;
  bool plain = make == object_type.slots.construct;
  if (!plain && make != exc::BaseException->slots.construct) {
    return in_place ? construct(thread, base, count, names, type, handled) : CallOutcome::kDone;
  }
  if (has_flag(type, kTypeAbstract)) return CallOutcome::kDone;
  Function* function = init_method(type);
  if (!function || base + count + 4 > thread->stack_limit) return CallOutcome::kDone;
  *handled = true;
  uint32_t positional = names ? count - static_cast<uint32_t>(names->length) : count;
  Ref<> instance = plain ? Ref<>(allocate<Object>(type)) : make(type, Args{base + 1, positional, names});
  if (PT_UNLIKELY(!instance)) return CallOutcome::kError;
  return enter_init(thread, function, instance.take(), base, count, names, result);
}

// The __call__ of an object's class, where it is a Python function; empty: none.
Value call_method_of(Value callable) {
  Type* type = type_of(callable);
  if (!has_flag(type, kTypeHeap)) return Value();
  Value method = type_lookup_borrowed(type, names::call.str());
  return !method.empty() && is_function(method) && lives_on(method.as_object()) ? method : Value();
}

// Calls base[0] with the `count` values after it (the last of them named). kDone: the result is in the destination. `in_place`:
// the instruction itself has them there.
CallOutcome call_base(Thread* thread, Value* frame, Value* base, uint32_t count, Tuple* names, int result, bool in_place = true) {
  for (;; in_place = false) {
    Value callable = base[0];
    if (PT_LIKELY(callable.is_object())) {
      Object* o = callable.as_object();
      uint32_t shape = o->shape_id.load(std::memory_order_relaxed);
      if (shape != kShape_function && is_function(callable)) shape = kShape_function;
      switch (shape) {
        case kShape_function: {
          CallOutcome outcome = enter_function(thread, static_cast<Function*>(o), base + 1, count, names, result, 0);
          if (outcome == CallOutcome::kError) clear_window(base, 1);
          return outcome;
        }
        case kShape_method: {
          // Make room for self: the window may grow by one.
          auto* m = static_cast<BoundMethod*>(o);
          if (PT_UNLIKELY(base + count + 2 > thread->stack_limit)) break;
          Value function = register_copy(m->function.peek());
          Value self = register_copy(m->self.peek());
          for (uint32_t i = count; i > 0; --i) base[i + 1] = base[i];
          base[1] = self;
          base[0] = function;
          release(callable);
          ++count;
          continue;
        }
        default: {
          Type* type = type_of(callable);
          Value method = call_method_of(callable);
          if (!method.empty() && base + count + 2 <= thread->stack_limit) {
            for (uint32_t i = count; i > 0; --i) base[i + 1] = base[i];
            base[1] = callable;
            base[0] = method.as_borrowed();
            ++count;
            continue;
          }
          if (!has_flag(type, kTypeTypeSubclass)) break;
          bool handled;
          CallOutcome outcome = instantiate(thread, base, count, names, result, static_cast<Type*>(o), in_place, &handled);
          if (handled) return outcome;
          break;
        }
      }
    }
    auto named = names ? static_cast<uint32_t>(names->length) : 0u;
    // Registers above the caller's own (after a shift) must not be overwritten by nested calls: those start at the top of
    // the record's registers, so a shifted window is copied.
    CallRecord* record = thread->record;
    Value* end = record->registers + record->code->register_count;
    Ref<> value;
    if (PT_UNLIKELY(base + count + 1 > end)) {
      Value copy_inline[12];
      Value* copy = copy_inline;
      if (count + 1 > 12) copy = static_cast<Value*>(memory::allocate((count + 1) * sizeof(Value)));
      for (uint32_t i = 0; i <= count; ++i) {
        copy[i] = base[i];
        base[i] = Value();
      }
      value = call(copy[0], Args{copy + 1, count - named, names});
      clear_window(copy, count + 1);
      if (copy != copy_inline) memory::release(copy);
    } else {
      value = call(callable, Args{base + 1, count - named, names});
      clear_window(base, count + 1);
    }
    if (PT_UNLIKELY(!value)) return CallOutcome::kError;
    Value old = frame[result >> 1];
    frame[result >> 1] = value.take();
    release(old);
    return CallOutcome::kDone;
  }
}

Tuple* keyword_names(Thread* thread, const uint64_t* pc) {
  auto k = static_cast<uint32_t>(load_word(pc + 1));
  return as_tuple(thread->record->code->constant(k));
}

// A bound method, or an object with a __call__ in Python, becomes the function and its receiver, in base[1]. False: it is
// neither.
bool has_receiver(Value* base) {
  Value callable = base[0];
  if (!callable.is_object()) return false;
  if (has_shape(callable, kShape_method)) {
    auto* m = reinterpret_cast<BoundMethod*>(callable.as_object());
    base[0] = register_copy(m->function.peek());
    base[1] = register_copy(m->self.peek());
    release(callable);
    return true;
  }
  Value method = call_method_of(callable);
  if (method.empty()) return false;
  base[1] = callable;
  base[0] = method.as_borrowed();
  return true;
}

// Normalises what LOAD_METHOD left: the callable's register and the number of values after it.
PT_INLINE Value* method_base(Value* base, uint32_t* count) {
  if (base[1].empty() && has_receiver(base)) {
    ++*count;
    return base;
  }
  if (base[1].empty()) {
    base[1] = base[0];
    base[0] = Value();
    return base + 1;
  }
  ++*count;
  return base;
}

}  // namespace

// A signal that came during a native call is handled before its caller goes on: what follows may ask what the
// handler did, or leave a block that expects its exception.
PT_SLOW(signal_after_call) {
  PT_SAVE_PC();
  if (!run_pending_signals(thread)) PT_RAISE();
  PT_NEXT(2);
}
#define PT_AFTER_NATIVE_CALL()                                                                                   \
  do {                                                                                                           \
    if (PT_UNLIKELY(thread->breaker.load(std::memory_order_relaxed) & kBreakSignal)) PT_TAIL(signal_after_call); \
    PT_NEXT(2);                                                                                                  \
  } while (0)

#define PT_FINISH_CALL(outcome)                                                 \
  do {                                                                          \
    CallOutcome outcome_ = (outcome);                                           \
    if (PT_LIKELY(outcome_ == CallOutcome::kEntered)) PT_ENTER(thread->record); \
    if (PT_UNLIKELY(outcome_ == CallOutcome::kError)) PT_RAISE();               \
    PT_AFTER_NATIVE_CALL();                                                     \
  } while (0)

namespace {
// super().name in a __new__ or a class method, `self` being the class. As super_method_of_frame.
bool super_method_of_class(Value* frame, uint64_t word, Value cls, Value self, Str* name) {
  auto* type = reinterpret_cast<Type*>(self.as_object());
  if (!is_subtype(type, reinterpret_cast<Type*>(cls.as_object())) || !lives_on(self.as_object())) return false;
  Ref<> receiver;
  Ref<> method = super_class_method(cls, type, name, &receiver);
  if (!method) {
    clear_error();
    return false;
  }
  register_at(frame, PT_A) = method.take();
  register_at(frame, PT_A + 2) = receiver.take();
  return true;
}
// super() whose result LOAD_METHOD takes at once, without the object: fills that instruction's registers. False: not so
// simple, nothing has been done. `after`: the address of the second instruction.
bool super_method_of_frame(Thread* thread, Value* frame, int result, const uint64_t* after) {
  uint64_t word = load_word(after);
  if (opcode_of(word) != Opcode::kLOAD_METHOD || PT_B != (result | 1)) return false;
  const Code* code = thread->record->code;
  Str* name = name_at(thread, PT_C);
  if (code->argument_count == 0 || (code->local_kinds[0] & 2) || name == names::class_dunder.str()) return false;
  Value self = frame[0], cls;
  for (uint32_t i = 0; i < code->free_count; ++i) {
    uint32_t at = code->free_register + i;
    if (code->local_names[at] == names::class_dunder.str()) cls = as_cell(frame[at])->content.peek_acquire();
  }
  // Like every class it is deferred: it lives on whoever rebinds the cell.
  if (!self.is_object() || !cls.is_object() || !lives_on(cls.as_object()) || !has_flag(type_of(cls), kTypeTypeSubclass)) {
    return false;
  }
  auto* type = reinterpret_cast<Type*>(cls.as_object());
  if (has_flag(type_of(self), kTypeTypeSubclass)) return super_method_of_class(frame, word, cls, self, name);
  if (!is_subtype(type_of(self), type)) return false;
  Value method = super_method_cached(after, type, self.as_object(), name);
  if (method.empty()) {
    clear_error();
    return false;
  }
  register_at(frame, PT_A) = method;
  register_at(frame, PT_A + 2) = register_copy(self);
  return true;
}
}  // namespace
PT_SLOW(slow_CALL) {
  PT_SAVE_PC();
  if (PT_B == 0 && register_at(frame, PT_A).is(&super_type) && dispatch == &g_dispatch &&
      super_method_of_frame(thread, frame, PT_C, pc + 2)) {
    PT_NEXT(4);
  }
  PT_FINISH_CALL(call_base(thread, frame, &register_at(frame, PT_A), static_cast<uint16_t>(PT_B), nullptr, PT_C));
}
// The common case in line: a Python function with the right number of positional arguments; `otherwise_` takes other functions.
#define PT_DIRECT_CALL(base_, count_, otherwise_)                                                                \
  do {                                                                                                           \
    Value callable_ = *(base_);                                                                                  \
    if (PT_LIKELY(has_shape(callable_, kShape_function))) {                                                      \
      Function* function_ = as_function(callable_);                                                              \
      Code* code_ = function_->code();                                                                           \
      CallRecord* record_ = thread->record + 1;                                                                  \
      Value* window_ = (base_) + 1;                                                                              \
      if (PT_LIKELY(code_->simple_call && code_->argument_count == (count_) && record_ < thread->record_limit && \
                    window_ + code_->register_count + 8 <= thread->stack_limit)) {                               \
        for (uint32_t i_ = code_->parameter_count; i_ < code_->local_end; ++i_) window_[i_] = Value();           \
        record_->code = code_;                                                                                   \
        record_->function = function_;                                                                           \
        record_->registers = window_;                                                                            \
        record_->globals = function_->globals();                                                                 \
        record_->locals = Value();                                                                               \
        record_->frame_object = nullptr;                                                                         \
        record_->generator = nullptr;                                                                            \
        record_->pushed = nullptr;                                                                               \
        record_->flags = 0;                                                                                      \
        record_->result_register = PT_C;                                                                         \
        if (PT_UNLIKELY(code_->free_count)) clear_locals(function_, code_, window_);                             \
        thread->record->pc = pc;                                                                                 \
        thread->record = record_;                                                                                \
        frame = window_;                                                                                         \
        pc = code_->words;                                                                                       \
        record_->pc = pc;                                                                                        \
        constants = code_->constants_end;                                                                        \
        word = load_word(pc);                                                                                    \
        PT_TAIL(dispatch->handlers[word & 0xFFFF]);                                                              \
      }                                                                                                          \
      PT_TAIL(otherwise_);                                                                                       \
    }                                                                                                            \
  } while (0)
// Calls of functions with defaults, *args and so on.
PT_SLOW(binding_any_CALL) {
  PT_SAVE_PC();
  Value* base = &register_at(frame, PT_A);
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + (opcode_of(word) == Opcode::kCALL_METHOD);
  CallOutcome outcome = enter_function(thread, as_function(base[0]), base + 1, count, nullptr, PT_C, 0);
  if (PT_LIKELY(outcome == CallOutcome::kEntered)) PT_ENTER(thread->record);
  clear_window(base, 1);
  PT_RAISE();
}
#define PT_CALL_WITH_DEFAULTS(base_, count_)                                                                                     \
  do {                                                                                                                           \
    Function* f_ = as_function(*(base_));                                                                                        \
    Code* defined_ = f_->code();                                                                                                 \
    bool room_ = thread->record + 1 < thread->record_limit && (base_) + 1 + defined_->register_count + 8 <= thread->stack_limit; \
    if (PT_LIKELY(room_ && defined_->simple_call && bind_positional_defaults(f_, defined_, (base_) + 1, (count_)))) {            \
      PT_DIRECT_CALL((base_), defined_->argument_count, binding_any_CALL);                                                       \
    }                                                                                                                            \
    PT_TAIL(binding_any_CALL);                                                                                                   \
  } while (0)
PT_SLOW(binding_CALL) { PT_CALL_WITH_DEFAULTS(&register_at(frame, PT_A), static_cast<uint16_t>(PT_B)); }
PT_SLOW(binding_CALL_METHOD) {
  PT_CALL_WITH_DEFAULTS(&register_at(frame, PT_A), static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + 1);
}
namespace {
// A builtin function, or a type that converts one value, with plain arguments. False: not applicable. Otherwise *result (empty:
// error).
PT_INLINE bool direct_native(Value callable, Value* values, uint32_t count, Value* result) {
  if (!has_shape(callable, kShape_native_function)) {
    NativeFunction convert = count == 1 && has_shape(callable, kShape_type) ? conversion_of(callable) : nullptr;
    if (!convert) return false;
    *result = convert(values).take();
    return true;
  }
  auto* f = reinterpret_cast<NativeFunctionObject*>(callable.as_object());
  uint32_t quick = quick_of(f);
  return call_copied(f->def, quick, quick & kQuickSelf ? f->self.peek() : Value(), values, count, result);
}
}  // namespace
namespace {
// len() and the like of an object whose method is written in Python: that runs in the place of the builtin.
CallOutcome enter_special_call(Thread* thread, Value* base) {
  SpecialCall what = special_call(base[0]);
  if (what == SpecialCall::kNone) return CallOutcome::kDone;
  int which;
  Function* function = special_call_method(what, base[0], base[1], &which);
  if (!function) return CallOutcome::kDone;
  CallOutcome outcome = enter_function(thread, function, base + 1, 1, nullptr, special_record(what, which), kRecordOperator);
  Value callable = base[0];
  base[0] = outcome == CallOutcome::kEntered ? Value::borrowed_object(function) : Value();
  release(callable);
  return outcome;
}
// Builtin code that would draw all of a hot generator: a loop in Python is called in its place (vm/types/drain.h).
CallOutcome enter_drain(Thread* thread, Value* base, uint32_t count, int result) {
  Function* function = drain_of_call(base[0], base + 1, count);
  if (!function) return CallOutcome::kDone;
  Value callable = base[0];
  base[0] = Value::borrowed_object(function);
  release(callable);
  CallOutcome outcome = enter_function(thread, function, base + 1, count, nullptr, result, 0);
  if (outcome == CallOutcome::kError) base[0] = Value();
  return outcome;
}
#define PT_ENTER_DRAIN()                                                              \
  do {                                                                                \
    if (PT_LIKELY(count - 1 > 1 || !has_shape(base[count], kShape_generator))) break; \
    CallOutcome drained_ = enter_drain(thread, base, count, PT_C);                    \
    if (drained_ == CallOutcome::kEntered) PT_ENTER(thread->record);                  \
    if (PT_UNLIKELY(drained_ == CallOutcome::kError)) PT_RAISE();                     \
  } while (0)
// A class whose __new__ has returned `v`, which is taken over: its __init__ is next, if it has one. As call_base.
CallOutcome initialise(Thread* thread, Value* frame, Value* base, uint32_t count, Tuple* names, int result, Value v) {
  auto* type = reinterpret_cast<Type*>(base[0].as_object());
  Type* made = type_of(v);
  auto init = made->slots.init;
  if ((made == type || is_subtype(made, type)) && init && init != object_type.slots.init) {
    v = promote(v);
    Function* function = v.is_object() ? init_method(made) : nullptr;
    if (function && base + count + 4 <= thread->stack_limit) return enter_init(thread, function, v, base, count, names, result);
    auto named = names ? static_cast<uint32_t>(names->length) : 0u;
    if (!init(v, Args{base + 1, count - named, names})) {
      release(v);
      return CallOutcome::kError;
    }
  }
  clear_window(base, count + 1);
  write(frame, result, v);
  return CallOutcome::kDone;
}
}  // namespace
uint64_t construct_returned(PT_HANDLER_PARAMETERS) {
  Value v = Value::from_bits(word);
  word = load_word(pc);
  Opcode op = opcode_of(word);
  Value* base = &register_at(frame, PT_A);
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  // A CALL_METHOD without a receiver: it was moved.
  if (op == Opcode::kCALL_METHOD || op == Opcode::kCALL_METHOD_KW) ++base;
  Tuple* names = op == Opcode::kCALL_KW || op == Opcode::kCALL_METHOD_KW ? keyword_names(thread, pc) : nullptr;
  PT_FINISH_CALL(initialise(thread, frame, base, count, names, PT_C, v));
}
// The end of a native call: callable and arguments go, and the result comes. Empty: an exception.
#define PT_END_NATIVE_CALL(base_, count_, result_)                     \
  do {                                                                 \
    clear_window((base_), (count_) + 1);                               \
    if (PT_UNLIKELY((result_).empty())) PT_RAISE();                    \
    Value& target_ = register_at(frame, PT_C);                         \
    Value old_ = target_;                                              \
    target_ = (result_);                                               \
    if (PT_UNLIKELY(!drop_count(old_))) decref_call(old_.as_object()); \
    PT_AFTER_NATIVE_CALL();                                            \
  } while (0)
PT_SLOW(general_native_CALL) {
  PT_SAVE_PC();
  Value* base = &register_at(frame, PT_A);
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  if (count == 1 && is_class_instance(base[1])) {
    CallOutcome outcome = enter_special_call(thread, base);
    if (outcome == CallOutcome::kEntered) PT_ENTER(thread->record);
    if (PT_UNLIKELY(outcome == CallOutcome::kError)) PT_RAISE();
  }
  PT_ENTER_DRAIN();
  Value result;
  if (!direct_native(base[0], base + 1, count, &result)) PT_TAIL(slow_CALL);
  PT_END_NATIVE_CALL(base, count, result);
}
// A generator, or an instance of a class with perhaps a special method of its own.
PT_INLINE bool asks_python(Value v) {
  return v.is_object() && (has_shape(v, kShape_generator) || has_flag(type_of(v), kTypeHeap));
}
// Classes: one argument converted, and instances of plain classes, whose __init__ is entered.
PT_SLOW(class_CALL) {
  Value* base = &register_at(frame, PT_A);
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  auto* type = reinterpret_cast<Type*>(base[0].as_object());
  if (type->spec) {
    if (type == &super_type) PT_TAIL(slow_CALL);
    NativeFunction convert = count == 1 ? type->spec->convert : nullptr;
    if (count == 1 && asks_python(base[1])) PT_TAIL(general_native_CALL);
    PT_SAVE_PC();
    Value result = (convert ? convert(base + 1) : call(base[0], Args{base + 1, count})).take();
    PT_END_NATIVE_CALL(base, count, result);
  }
  if (type->slots.construct != object_type.slots.construct || has_flag(type, kTypeAbstract)) PT_TAIL(general_native_CALL);
  Function* init = init_method(type);
  if (!init || base + count + 4 > thread->stack_limit) PT_TAIL(general_native_CALL);
  PT_SAVE_PC();
  auto* instance = allocate_instance(type);
  if (PT_UNLIKELY(!instance)) PT_RAISE();
  if (PT_LIKELY(enter_init(thread, init, Value::object(instance), base, count, nullptr, PT_C) == CallOutcome::kEntered)) {
    PT_ENTER(thread->record);
  }
  PT_RAISE();
}
PT_SLOW(native_CALL) {
  if (PT_UNLIKELY(dispatch != &g_dispatch) && tls_enter_generator) PT_TAIL(call_generator);
  Value* base = &register_at(frame, PT_A);
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  Value callable = base[0];
  if (PT_UNLIKELY(!has_shape(callable, kShape_native_function))) {
    if (PT_LIKELY(has_shape(callable, kShape_type))) PT_TAIL(class_CALL);
    PT_TAIL(general_native_CALL);
  }
  auto* f = reinterpret_cast<NativeFunctionObject*>(callable.as_object());
  uint32_t quick = quick_of(f);
  if (PT_UNLIKELY(quick & kQuickLooks) && count == 1 && asks_python(base[1])) PT_TAIL(general_native_CALL);
  PT_SAVE_PC();
  Value result;
  if (PT_UNLIKELY(quick & kQuickSelf)) {
    if (!callable.is_counted() || !quick_fits(quick, count + 1)) PT_TAIL(general_native_CALL);
    base[0] = f->self.peek().as_borrowed();
    bool called = call_quickly(thread, f->def, quick, base, count + 1, &result);
    base[0] = callable;
    if (PT_UNLIKELY(!called)) PT_TAIL(general_native_CALL);
    PT_END_NATIVE_CALL(base, count, result);
  }
  if (PT_UNLIKELY(!quick_fits(quick, count) || !call_quickly(thread, f->def, quick, base + 1, count, &result))) {
    PT_TAIL(general_native_CALL);
  }
  PT_END_NATIVE_CALL(base, count, result);
}
PT_HANDLER(CALL) {
  PT_DIRECT_CALL(&register_at(frame, PT_A), static_cast<uint16_t>(PT_B), binding_CALL);
  PT_TAIL(native_CALL);
}
PT_SLOW(slow_CALL_METHOD) {
  PT_SAVE_PC();
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  Value* base = method_base(&register_at(frame, PT_A), &count);
  PT_FINISH_CALL(call_base(thread, frame, base, count, nullptr, PT_C));
}
namespace {
// A method descriptor called with its receiver in the window. False: not applicable. Otherwise *result (empty: error).
PT_INLINE bool direct_method(Value callable, Value* values, uint32_t count, Value* result) {
  if (!has_shape(callable, kShape_method_descriptor)) return false;
  auto* d = reinterpret_cast<MethodDescriptor*>(callable.as_object());
  return is_instance_of(values[0], d->owner) && call_copied(d->def, quick_of(d), Value(), values, count, result);
}
}  // namespace
uint64_t yielded_to_call(PT_HANDLER_PARAMETERS) {
  Value v = Value::from_bits(word);
  word = load_word(pc);
  uint32_t count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + (opcode_of(word) == Opcode::kCALL_METHOD);
  clear_window(&register_at(frame, PT_A), count + 1);
  write(frame, PT_C, v);
  PT_AFTER_NATIVE_CALL();
}
PT_SLOW(general_native_CALL_METHOD) {
  PT_SAVE_PC();
  Value* base = &register_at(frame, PT_A);
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + 1;
  PT_ENTER_DRAIN();
  Value result;
  if (!direct_method(base[0], base + 1, count, &result)) PT_TAIL(slow_CALL_METHOD);
  PT_END_NATIVE_CALL(base, count, result);
}
PT_SLOW(native_CALL_METHOD) {
  if (PT_UNLIKELY(dispatch != &g_dispatch) && tls_enter_generator) PT_TAIL(call_generator);
  Value* base = &register_at(frame, PT_A);
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + 1;
  if (PT_UNLIKELY(!has_shape(base[0], kShape_method_descriptor))) PT_TAIL(general_native_CALL_METHOD);
  auto* d = reinterpret_cast<MethodDescriptor*>(base[0].as_object());
  uint32_t quick = quick_of(d);
  if (PT_UNLIKELY((quick & kQuickLooks) || !quick_fits(quick, count) || type_of(base[1]) != d->owner)) {
    PT_TAIL(general_native_CALL_METHOD);
  }
  PT_SAVE_PC();
  Value result;
  if (PT_UNLIKELY(!call_quickly(thread, d->def, quick, base + 1, count, &result))) PT_TAIL(general_native_CALL_METHOD);
  PT_END_NATIVE_CALL(base, count, result);
}
// What LOAD_METHOD found is called as it is, as by a CALL one register further: functions and classes of modules.
PT_SLOW(unbound_CALL_METHOD) {
  Value* base = &register_at(frame, PT_A);
  Value callable = base[0];
  if (PT_UNLIKELY(dispatch != &g_dispatch || !callable.is_object())) PT_TAIL(slow_CALL_METHOD);
  // Not where a special method may be entered first: its end would look for the CALL.
  if (has_shape(callable, kShape_native_function)) {
    if (quick_of(reinterpret_cast<NativeFunctionObject*>(callable.as_object())) & kQuickLooks) PT_TAIL(slow_CALL_METHOD);
  } else if (has_shape(callable, kShape_type)) {
    if (reinterpret_cast<Type*>(callable.as_object())->spec && PT_B == 1 && asks_python(base[2])) PT_TAIL(slow_CALL_METHOD);
  } else if (!has_shape(callable, kShape_function)) {
    PT_TAIL(slow_CALL_METHOD);
  }
  base[1] = callable;
  base[0] = Value();
  word = (word & ~uint64_t{0xFFFF}) | static_cast<uint64_t>(Opcode::kCALL);
  word += uint64_t{2} << 16;
  PT_TAIL(op_CALL);
}
PT_HANDLER(CALL_METHOD) {
  Value* base = &register_at(frame, PT_A);
  if (PT_LIKELY(!base[1].empty())) {
    PT_DIRECT_CALL(base, static_cast<uint32_t>(static_cast<uint16_t>(PT_B)) + 1, binding_CALL_METHOD);
    PT_TAIL(native_CALL_METHOD);
  }
  PT_TAIL(unbound_CALL_METHOD);
}
PT_HANDLER(CALL_KW) {
  PT_SAVE_PC();
  PT_FINISH_CALL(
      call_base(thread, frame, &register_at(frame, PT_A), static_cast<uint16_t>(PT_B), keyword_names(thread, pc), PT_C));
}
PT_HANDLER(CALL_METHOD_KW) {
  PT_SAVE_PC();
  auto count = static_cast<uint32_t>(static_cast<uint16_t>(PT_B));
  Value* base = method_base(&register_at(frame, PT_A), &count);
  PT_FINISH_CALL(call_base(thread, frame, base, count, keyword_names(thread, pc), PT_C));
}

namespace {
// What a call with unpacked arguments enters a frame for: functions, and what leads to one.
bool calls_python(Value callable) {
  if (!callable.is_object()) return false;
  Type* type = type_of(callable);
  return type == &function_type || type == &method_type || has_flag(type, kTypeHeap) ||
         (type == &type_type && has_flag(reinterpret_cast<Type*>(callable.as_object()), kTypeHeap));
}
// base[0](*base[1]) or base[0](*base[1], **base[2]): the arguments are spread over the registers from base[1] on.
CallOutcome call_spread(Thread* thread, Value* frame, Value* base, bool keywords, int result, bool* handled) {
  constexpr uint32_t kMost = 60;
  *handled = false;
  if (!calls_python(base[0]) || !is_exact_tuple(base[1]) || (keywords && !is_exact_dict(base[2]))) return CallOutcome::kDone;
  FlatArgs flat;
  if (as_tuple(base[1])->length > kMost || (keywords && dict_size(as_dict(base[2])) > kMost)) return CallOutcome::kDone;
  *handled = true;
  if (!flat.assign(base[1], keywords ? base[2] : Value())) return CallOutcome::kError;
  const Args& args = flat.args();
  uint32_t count = args.total();
  if (base + count + kMost + 8 > thread->stack_limit) {
    *handled = false;
    return CallOutcome::kDone;
  }
  clear_window(base + 1, keywords ? 2 : 1);
  for (uint32_t i = 0; i < count; ++i) base[i + 1] = register_copy(args.values[i]);
  return call_base(thread, frame, base, count, args.names, result, false);
}
}  // namespace
PT_SLOW_OPERATION(native_CALL_EX, 2) {
  Value* base = &register_at(frame, PT_A);
  Value callable = base[0];
  Ref<Tuple> args;
  if (is_exact_tuple(base[1])) {
    args = Ref<Tuple>::retain(as_tuple(base[1]));
  } else {
    Type* t = type_of(base[1]);
    if (!t->slots.iter && !t->slots.get_item) {
      Ref<> shown = callable_description(callable);
      if (!shown) return false;
      return raise(exc::TypeError, "%U argument after * must be an iterable, not %T", as_str(shown.value()), base[1]);
    }
    args = tuple_from_iterable(base[1]);
    if (!args) return false;
  }
  Ref<> keywords;
  if (PT_B) {  // otherwise the register is no part of the call and may hold anything
    if (is_exact_dict(base[2])) {
      keywords = Ref<>::retain(base[2]);
    } else {
      Ref<Dict> dict = dict_new();
      if (!dict || !merge_keywords(dict.get(), base[2], callable)) return false;
      keywords = std::move(dict);
    }
  }
  Ref<> result = call_tuple_dict(callable, args.value(), keywords.value());
  clear_window(base, PT_B ? 3 : 2);
  if (!result) return false;
  write(frame, PT_C, result.take());
  return true;
}

PT_HANDLER(CALL_EX) {
  PT_SAVE_PC();
  bool handled;
  CallOutcome outcome = call_spread(thread, frame, &register_at(frame, PT_A), PT_B, PT_C, &handled);
  if (PT_LIKELY(handled)) PT_FINISH_CALL(outcome);
  PT_TAIL(native_CALL_EX);
}

Ref<> callable_description(Value callable) {
  Ref<> qualname = find_attribute(callable, names::qualname.str());
  if (!qualname) {
    clear_error();
    return str(callable);
  }
  Ref<> module_name = find_attribute(callable, names::module.str());
  clear_error();
  if (module_name && is_str(module_name.value()) && !as_str(module_name.value())->equals_ascii("builtins")) {
    return str_format("%V.%V()", module_name.value(), qualname.value());
  }
  return str_format("%V()", qualname.value());
}

bool merge_keywords(Dict* into, Value mapping, Value callable) {
  Ref<> keys;
  if (!is_exact_dict(mapping)) {
    Ref<> method = find_attribute(mapping, names::keys_.str());
    if (!method) {
      if (error_pending()) return false;
      Ref<> shown = callable_description(callable);
      if (!shown) return false;
      return raise(exc::TypeError, "%U argument after ** must be a mapping, not %T", as_str(shown.value()), mapping);
    }
    keys = call0(method.value());
    if (!keys) return false;
  } else {
    keys = dict_keys_list(as_dict(mapping));
    if (!keys) return false;
  }
  return for_each(keys.value(), [&](Value key) {
    int present = dict_contains(into, key);
    if (present < 0) return false;
    if (present) {
      Ref<> shown = callable_description(callable);
      if (!shown) return false;
      return static_cast<bool>(
          raise(exc::TypeError, "%U got multiple values for keyword argument '%V'", as_str(shown.value()), key));
    }
    Ref<> value = get_item(mapping, key);
    return value && dict_set(into, key, value.value());
  });
}

// ---- functions
// -----------------------------------------------------------------------------------------------------------------

// Code from an image that runs for the first time.
PT_HANDLER(LOAD_BODY) {
  PT_SAVE_PC();
  Code* code = const_cast<Code*>(thread->record->code);
  bool ok = code_load_body(code);
  pc = code->words;
  constants = code->constants_end;
  PT_SAVE_PC();
  if (PT_UNLIKELY(!ok)) PT_RAISE();
  word = load_word(pc);
  PT_TAIL(dispatch->handlers[word & 0xFFFF]);
}

PT_OPERATION(LOAD_BUILD_CLASS, 1) {
  Ref<> v;
  if (thread->record->function) {
    v = builtins_lookup(thread, names::build_class.str());
  } else {
    v = import_builtin("__build_class__");
  }
  if (!v) {
    if (!error_pending()) raise(exc::NameError, "__build_class__ not found");
    return false;
  }
  write(frame, PT_A, v.take());
  return true;
}

PT_OPERATION(MAKE_FUNCTION, 2) {
  Value code = thread->record->code->constant(static_cast<uint32_t>(load_word(pc + 1)));
  if (PT_C == 0) {
    if (Function* shared = comprehension_function(as_code(code), thread->record->globals)) {
      write(frame, PT_A, Value::borrowed_object(shared));
      return true;
    }
  }
  Ref<> f = function_new(as_code(code), thread->record->globals, nullptr);
  if (!f) return false;
  Function* function = as_function(f.value());
  int at = PT_B;
  int flags = PT_C;
  Field* fields[] = {&function->defaults, &function->keyword_defaults, &function->annotations, &function->closure};
  for (int i = 0; i < 4; ++i) {
    if (!(flags & (1 << i))) continue;
    fields[i]->init(Ref<>::steal(promote(register_at(frame, at))));
    register_at(frame, at) = Value();
    at += 2;
  }
  // Functions of modules and classes are shared by threads and live long: deferred counting. Nested ones come and go.
  if (!(as_code(code)->flags & kCodeFlagNested)) make_deferred(function);
  write(frame, PT_A, f.take());
  return true;
}

}  // namespace pt
