// Generator and coroutine objects.
#include "vm/types/generator.h"

#include <optional>

#include "gc/platform/memory.h"
#include "gc/sync/mutator.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/ops/instruction.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/generic_alias.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type generator_type, coroutine_type, coroutine_wrapper_type;

namespace {
// Of a suspended generator that nobody resumes meanwhile.
Ref<> suspended_delegate(const Generator* g) {
  uint64_t word = __atomic_load_n(g->resume_pc, __ATOMIC_RELAXED);
  if (opcode_of(word) != Opcode::kYIELD || !(operand_c(word) & 1)) return Ref<>();
  return Ref<>::retain(g->registers[operand_c(word) >> 1]);
}
}  // namespace

Ref<> generator_delegate(Generator* g) {
  if (g->state.load(std::memory_order_acquire) != GeneratorState::kSuspended) return Ref<>();
  if (!multithreaded()) return suspended_delegate(g);
  StopTheWorld stopped;
  if (g->state.load(std::memory_order_relaxed) != GeneratorState::kSuspended) return Ref<>();
  return suspended_delegate(g);
}

Ref<> get_awaitable(Value v) {
  if (has_shape(v, kShape_coroutine)) return Ref<>::retain(v);
  if (has_shape(v, kShape_generator) && (as_generator(v)->code->flags & kCodeFlagIterableCoroutine)) return Ref<>::retain(v);
  auto slot = type_of(v)->slots.await;
  if (!slot) return raise(exc::TypeError, "object %T can't be used in 'await' expression", v);
  Ref<> iterator = slot(v);
  if (!iterator) return iterator;
  if (has_shape(iterator.value(), kShape_coroutine) ||
      (has_shape(iterator.value(), kShape_generator) &&
       (as_generator(iterator.value())->code->flags & kCodeFlagIterableCoroutine))) {
    return raise(exc::TypeError, "__await__() returned a coroutine");
  }
  if (!is_iterator(iterator.value())) {
    return raise(exc::TypeError, "__await__() returned non-iterator of type '%T'", iterator.value());
  }
  return iterator;
}

namespace {
Generator* as(Value v) { return as_generator(v); }

// What send() gives to its caller.
Ref<> finish_send(SendResult result, Ref<> out) {
  if (result == SendResult::kYield) return out;
  if (result == SendResult::kReturn) return raise_stop_iteration(out.value());
  return Ref<>();
}
Ref<> generator_next(Value self) { return generator_advance(as(self)); }
Ref<> generator_send(const Value* a) {
  Ref<> out;
  SendResult result = generator_resume(as(a[0]), a[1], Ref<>(), &out);
  return finish_send(result, std::move(out));
}

// throw(type, value, traceback) to an exception instance.
Ref<> make_exception(Value type, Value value, Value traceback) {
  if (given(traceback) && !has_shape(traceback, kShape_traceback)) {
    return raise(exc::TypeError, "throw() third argument must be a traceback object");
  }
  Ref<> exception;
  if (is_exception_type(type)) {
    if (given(value) && is_instance_of(value, reinterpret_cast<Type*>(type.as_object()))) {
      exception = Ref<>::retain(value);
    } else if (!given(value)) {
      exception = call0(type);
    } else if (is_tuple(value)) {
      exception = call_tuple_dict(type, value, Value());
    } else {
      exception = call1(type, value);
    }
  } else if (is_exception(type)) {
    if (given(value)) return raise(exc::TypeError, "instance exception may not have a separate value");
    exception = Ref<>::retain(type);
  } else {
    return raise(exc::TypeError, "exceptions must be classes or instances deriving from BaseException, not %T", type);
  }
  // What goes wrong with making the exception is thrown in its place.
  if (!exception) exception = take_error();
  if (!is_exception(exception.value())) {
    raise(exc::TypeError, "calling %R should have returned an instance of BaseException, not %T", type, exception.value());
    exception = take_error();
  }
  if (exception && given(traceback)) set_exception_traceback(exception.value(), traceback);
  return exception;
}

// After the delegate ended while being thrown into: the generator goes on behind the SEND.
void skip_delegation(Generator* g, Ref<> value) {
  // resume_pc is the YIELD; the SEND (two words) stands right before it. Its jump leads behind the loop, where the
  // SEND's destination holds the value. The instruction before the target is resumed "after", hence minus one.
  const uint64_t* send = g->resume_pc - 2;
  uint64_t word = __atomic_load_n(send, __ATOMIC_RELAXED);
  uint64_t yield = __atomic_load_n(g->resume_pc, __ATOMIC_RELAXED);
  int delegate = operand_c(yield) >> 1;
  Value old_iterator = g->registers[delegate];
  g->registers[delegate] = Value();
  g->live = g->code->register_count;
  Value old = g->registers[operand_a(word) >> 1];
  g->registers[operand_a(word) >> 1] = value.take();
  release(old_iterator);
  release(old);
  g->resume_pc = send + 2 + static_cast<int32_t>(static_cast<uint32_t>(__atomic_load_n(send + 1, __ATOMIC_RELAXED)));
  g->skip_value = true;
}

Ref<> generator_throw_exception(Value self, Ref<> exception, bool close_delegate);

// Closes any iterator that is delegated to. False on error.
bool close_iterator(Value iterator) {
  if (has_shape(iterator, kShape_generator) || has_shape(iterator, kShape_coroutine)) {
    Ref<> result = generator_close(iterator);
    return static_cast<bool>(result);
  }
  Ref<> method = find_attribute(iterator, names::close_.str());
  if (!method) {
    if (error_pending()) write_unraisable("ignored in", iterator);
    return true;
  }
  return static_cast<bool>(call0(method.value()));
}

Ref<> throw_into(Value self, Ref<> exception) {
  Ref<> out;
  SendResult result = generator_resume(as(self), Value(), std::move(exception), &out);
  return finish_send(result, std::move(out));
}

Ref<> generator_throw_exception(Value self, Ref<> exception, bool close_delegate) {
  Generator* g = as(self);
  GeneratorState seen = GeneratorState::kSuspended;
  // Claimed first: what it delegates to is then its own.
  if (!g->state.compare_exchange_strong(seen, GeneratorState::kRunning, std::memory_order_acq_rel)) {
    return throw_into(self, std::move(exception));
  }
  Ref<> delegate = suspended_delegate(g);
  if (!delegate) {
    g->state.store(GeneratorState::kSuspended, std::memory_order_release);
    return throw_into(self, std::move(exception));
  }
  if (is_subtype(type_of(exception.value()), exc::GeneratorExit) && close_delegate) {
    bool ok = close_iterator(delegate.value());
    g->state.store(GeneratorState::kSuspended, std::memory_order_release);
    if (!ok) exception = take_error();
    return throw_into(self, std::move(exception));
  }
  Ref<> result;
  bool has_throw = true;
  {
    DelegatingFrame frame(g);
    if (!frame) return Ref<>();
    if (has_shape(delegate.value(), kShape_generator) || has_shape(delegate.value(), kShape_coroutine)) {
      result = generator_throw_exception(delegate.value(), exception.copy(), close_delegate);
    } else {
      Ref<> method = find_attribute(delegate.value(), names::throw_.str());
      if (!method && !error_pending()) {
        has_throw = false;
      } else if (method) {
        result = call1(method.value(), exception.value());
      }
    }
  }
  if (!has_throw) return throw_into(self, std::move(exception));
  if (result) return result;  // the delegate yielded
  if (pending_matches(exc::StopIteration)) {
    Ref<> stop = take_error();
    Ref<> value = reinterpret_cast<StopIterationObject*>(stop.value().as_object())->value.load(stop.value().as_object());
    skip_delegation(g, value ? std::move(value) : none_ref());
    Ref<> out;
    SendResult sent = generator_resume(g, none(), Ref<>(), &out);
    return finish_send(sent, std::move(out));
  }
  return throw_into(self, take_error());
}

Ref<> generator_throw(const Value* a) {
  Ref<> exception = make_exception(a[1], a[2], a[3]);
  if (!exception) return Ref<>();
  return generator_throw_exception(a[0], std::move(exception), true);
}
}  // namespace

Ref<> generator_throw_value(Value self, Value type, Value value, Value traceback) {
  Ref<> exception = make_exception(type, value, traceback);
  if (!exception) return Ref<>();
  return generator_throw_exception(self, std::move(exception), true);
}

Ref<> generator_close(Value self) {
  Generator* g = as(self);
  GeneratorState state = g->state.load(std::memory_order_acquire);
  if (state == GeneratorState::kFinished) return none_ref();
  if (state == GeneratorState::kCreated) {
    // Never started: nothing in it can catch anything.
    if (g->state.compare_exchange_strong(state, GeneratorState::kFinished, std::memory_order_acq_rel)) {
      generator_drop_registers(g);
      return none_ref();
    }
  }
  if (generator_end_unseen(g)) return none_ref();
  Ref<> exception = call0(Value::object(exc::GeneratorExit));
  if (!exception) return exception;
  Ref<> result = generator_throw_exception(self, std::move(exception), true);
  if (result) {
    const char* what = has_shape(self, kShape_coroutine)         ? "coroutine"
                       : has_shape(self, kShape_async_generator) ? "async generator"
                                                                 : "generator";
    return raise(exc::RuntimeError, "%s ignored GeneratorExit", what);
  }
  if (clear_if(exc::StopIteration) || clear_if(exc::GeneratorExit)) return none_ref();
  return Ref<>();
}

Ref<> generator_frame_attribute(Value self) {
  Generator* g = as_generator(self);
  GeneratorState state = g->state.load(std::memory_order_acquire);
  if (state == GeneratorState::kFinished) return none_ref();
  if (state == GeneratorState::kRunning) {
    Ref<> running = running_generator_frame(g);
    return running ? std::move(running) : none_ref();
  }
  Ref<FrameObject> f = allocate<FrameObject>(&frame_type);
  if (!f) return f;
  Function* function = as_function(g->function.peek());
  f->code.init(Ref<>::retain(Value::object(g->code)));
  f->globals.init(Ref<>::retain(Value::object(function->globals())));
  f->builtins.init(Ref<>::retain(Value::object(function->builtins())));
  f->function.init(Ref<>::retain(Value::object(function)));
  f->trace_lines = true;
  // Others may ask too, or resume it.
  std::optional<StopTheWorld> stopped;
  if (multithreaded()) stopped.emplace();
  if (g->frame_object) return Ref<>::retain(Value::object(g->frame_object));
  state = g->state.load(std::memory_order_relaxed);
  if (state != GeneratorState::kCreated && state != GeneratorState::kSuspended) return none_ref();
  f->generator = g;
  f->pc = static_cast<uint32_t>(g->resume_pc - g->code->words);
  g->frame_object = f.copy().take();
  return f;
}

void generator_drop_registers(Generator* g) {
  Value* registers = g->registers;
  g->registers = nullptr;
  // What is dropped may run code that looks at the frame.
  FrameObject* f = g->frame_object;
  g->frame_object = nullptr;
  if (f) f->generator = nullptr;
  if (registers) {
    for (uint32_t i = 0; i < g->code->register_count; ++i) release(registers[i]);
  }
  Value handled = g->handled;
  g->handled = Value();
  release(handled);
  if (f) decref(f);
}

namespace {
Ref<> close_method(const Value* a) { return generator_close(a[0]); }
Ref<> get_name(Value self) { return as(self)->name.load(self.as_object()); }
bool put_name(Value self, Value v) {
  if (v.empty() || !is_str(v)) return raise(exc::TypeError, "__name__ must be set to a string object");
  as(self)->name.store(self.as_object(), Ref<>::retain(v));
  return true;
}
Ref<> get_qualname(Value self) { return as(self)->qualname.load(self.as_object()); }
bool put_qualname(Value self, Value v) {
  if (v.empty() || !is_str(v)) return raise(exc::TypeError, "__qualname__ must be set to a string object");
  as(self)->qualname.store(self.as_object(), Ref<>::retain(v));
  return true;
}
Ref<> get_running(Value self) { return bool_ref(as(self)->state.load(std::memory_order_acquire) == GeneratorState::kRunning); }
Ref<> get_suspended(Value self) {
  return bool_ref(as(self)->state.load(std::memory_order_acquire) == GeneratorState::kSuspended);
}
Ref<> get_code(Value self) { return as(self)->code_field.load(self.as_object()); }
Ref<> get_delegate(Value self) {
  Ref<> d = generator_delegate(as(self));
  return d ? std::move(d) : none_ref();
}
Ref<> get_origin(Value self) {
  Ref<> o = as(self)->origin.load(self.as_object());
  return o ? std::move(o) : none_ref();
}
Ref<> self_iter(Value self) { return Ref<>::retain(self); }
Ref<> generator_repr(Value self) {
  char address[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", self.identity());
  const char* kind = has_shape(self, kShape_coroutine)         ? "coroutine"
                     : has_shape(self, kShape_async_generator) ? "async_generator"
                                                               : "generator";
  return str_format("<%s object %V at %s>", kind, as(self)->qualname.peek(), address);
}
Ref<> class_getitem(const Value* a) { return generic_alias_new(a[0], a[1]); }

const NativeDef kGeneratorMethods[] = {
    {"send", "($self, arg, /)", generator_send,
     "send(arg) -> send 'arg' into generator,\nreturn next yielded value or raise StopIteration."},
    {"throw", "($self, type, value=None, traceback=None, /)", generator_throw, "Raise exception in generator."},
    {"close", "($self, /)", close_method, "close() -> raise GeneratorExit inside generator."},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", kClassMethod},
    {}};
const GetSetDef kGeneratorGetSets[] = {{"__name__", get_name, put_name, "name of the generator"},
                                       {"__qualname__", get_qualname, put_qualname, "qualified name of the generator"},
                                       {"gi_frame", generator_frame_attribute},
                                       {"gi_running", get_running},
                                       {"gi_suspended", get_suspended},
                                       {"gi_code", get_code},
                                       {"gi_yieldfrom", get_delegate, nullptr, "object being iterated by yield from, or None"},
                                       {}};
const NativeDef kCoroutineMethods[] = {
    {"send", "($self, arg, /)", generator_send,
     "send(arg) -> send 'arg' into coroutine,\nreturn next iterated value or raise StopIteration."},
    {"throw", "($self, type, value=None, traceback=None, /)", generator_throw, "Raise exception in coroutine."},
    {"close", "($self, /)", close_method, "close() -> raise GeneratorExit inside coroutine."},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", kClassMethod},
    {}};
const GetSetDef kCoroutineGetSets[] = {{"__name__", get_name, put_name, "name of the coroutine"},
                                       {"__qualname__", get_qualname, put_qualname, "qualified name of the coroutine"},
                                       {"cr_frame", generator_frame_attribute},
                                       {"cr_running", get_running},
                                       {"cr_suspended", get_suspended},
                                       {"cr_code", get_code},
                                       {"cr_await", get_delegate, nullptr, "object being awaited on, or None"},
                                       {"cr_origin", get_origin},
                                       {}};

struct CoroutineWrapper : Object {
  Field coroutine;
};
Ref<> coroutine_await(Value self) {
  Ref<CoroutineWrapper> w = allocate<CoroutineWrapper>(&coroutine_wrapper_type);
  if (w) w->coroutine.init(Ref<>::retain(self));
  return w;
}
Value wrapped(Value self) { return reinterpret_cast<CoroutineWrapper*>(self.as_object())->coroutine.peek(); }
Ref<> wrapper_next(Value self) { return generator_next(wrapped(self)); }
Ref<> wrapper_send(const Value* a) {
  Value forwarded[2] = {wrapped(a[0]), a[1]};
  return generator_send(forwarded);
}
Ref<> wrapper_throw(const Value* a) {
  Value forwarded[4] = {wrapped(a[0]), a[1], a[2], a[3]};
  return generator_throw(forwarded);
}
Ref<> wrapper_close(const Value* a) { return generator_close(wrapped(a[0])); }
void wrapper_traverse(Object* o, FieldVisitor& v) { v(static_cast<CoroutineWrapper*>(o)->coroutine); }
const NativeDef kWrapperMethods[] = {{"send", "($self, arg, /)", wrapper_send},
                                     {"throw", "($self, type, value=None, traceback=None, /)", wrapper_throw},
                                     {"close", "($self, /)", wrapper_close},
                                     {}};
}  // namespace

void generator_traverse(Object* o, FieldVisitor& v) {
  auto* g = static_cast<Generator*>(o);
  v(g->function);
  v(g->name);
  v(g->qualname);
  v(g->origin);
  v(g->finalizer);
  v(g->code_field);
  // Owned words have the form of Fields.
  v(*reinterpret_cast<Field*>(&g->handled));
  if (g->frame_object) v(*reinterpret_cast<Field*>(&g->frame_object));
  GeneratorState state = g->state.load(std::memory_order_relaxed);
  if (g->registers && (state == GeneratorState::kCreated || state == GeneratorState::kSuspended)) {
    for (uint32_t i = 0; i < g->code->register_count; ++i) {
      if (!g->registers[i].is_borrowed()) v(*reinterpret_cast<Field*>(&g->registers[i]));
    }
  }
}
void generator_clear(Object* o) {
  auto* g = static_cast<Generator*>(o);
  g->state.store(GeneratorState::kFinished, std::memory_order_relaxed);
  generator_drop_registers(g);
  g->origin.clear();
  g->finalizer.clear();
}
void generator_destroy(Object* o) {
  auto* g = static_cast<Generator*>(o);
  generator_clear(o);
  for (Field* f : {&g->function, &g->name, &g->qualname, &g->code_field}) f->clear();
}
namespace {
// The library tells where the coroutine was made; without it the plain warning has to do.
void warn_unawaited(Generator* g, Value self) {
  Ref<> modules = sys_get("modules");
  Ref<> warnings = modules ? dict_get_text(as_dict(modules.value()), "warnings") : Ref<>();
  Ref<> function = warnings ? find_attribute(warnings.value(), intern("_warn_unawaited_coroutine")) : Ref<>();
  if (function) {
    if (call1(function.value(), self)) return;
    write_unraisable("ignored in", self);
  }
  clear_error();
  if (!warn(exc::RuntimeWarning, 1, "coroutine '%V' was never awaited", g->qualname.peek())) {
    write_unraisable("ignored in", self);
  }
}
}  // namespace

void generator_finalize(Object* o) {
  auto* g = static_cast<Generator*>(o);
  if (!g->code || g->state.load(std::memory_order_acquire) == GeneratorState::kFinished) return;  // no code: half made
  Ref<> pending = take_error();
  Value self = Value::object(o);
  if (has_shape(self, kShape_coroutine) && g->state.load(std::memory_order_acquire) == GeneratorState::kCreated) {
    warn_unawaited(g, self);
  }
  Ref<> result = generator_close(self);
  if (!result) write_unraisable("ignored in", self);
  if (pending) restore_error(std::move(pending));
}

const TypeSpec generator_spec = {
    .name = "generator",
    .size = sizeof(Generator),
    .item_size = sizeof(Value),
    .flags = kTypeNoInstantiate | kTypeWeakrefs,
    .slots = {.repr = generator_repr, .iter = self_iter, .next = generator_next},
    .traverse = generator_traverse,
    .clear = generator_clear,
    .destroy = generator_destroy,
    .finalize = generator_finalize,
    .methods = kGeneratorMethods,
    .getsets = kGeneratorGetSets,
};
const TypeSpec coroutine_spec = {
    .name = "coroutine",
    .size = sizeof(Generator),
    .item_size = sizeof(Value),
    .flags = kTypeNoInstantiate | kTypeWeakrefs,
    .slots = {.repr = generator_repr, .await = coroutine_await},
    .traverse = generator_traverse,
    .clear = generator_clear,
    .destroy = generator_destroy,
    .finalize = generator_finalize,
    .methods = kCoroutineMethods,
    .getsets = kCoroutineGetSets,
};
const TypeSpec coroutine_wrapper_spec = {
    .name = "coroutine_wrapper",
    .size = sizeof(CoroutineWrapper),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = wrapper_next},
    .traverse = wrapper_traverse,
    .methods = kWrapperMethods,
};

}  // namespace pt
