// Async generators (PEP 525): the generator object and its asend, athrow and aclose awaitables.
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/generic_alias.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type async_generator_type, async_generator_asend_type, async_generator_athrow_type, async_generator_wrapped_value_type,
    anext_awaitable_type;

namespace {

struct WrappedValue : Object {
  Field value;
};
enum class AwaitState : uint8_t { kInit, kIterating, kClosed };
// asend(value) and athrow(...)/aclose() (value empty and exception, when given, in `exception`).
struct AsyncStep : Object {
  Field generator;
  Field value;       // asend: the value sent; athrow: tuple (type, value, traceback); aclose: empty
  std::atomic<AwaitState> state;
  bool close;        // aclose()
};
AsyncStep* step(Value v) { return reinterpret_cast<AsyncStep*>(v.as_object()); }

// The event loop learns of a generator when it is first iterated (sys.set_asyncgen_hooks).
bool run_first_iteration_hook(Generator* g) {
  if (g->hooks_initialised) return true;
  g->hooks_initialised = true;
  Ref<> hooks_function = sys_get("get_asyncgen_hooks");
  if (!hooks_function) {
    clear_error();
    return true;
  }
  Ref<> hooks = call0(hooks_function.value());
  if (!hooks || !is_tuple(hooks.value()) || as_tuple(hooks.value())->length != 2) return !error_pending();
  Value first = as_tuple(hooks.value())->at(0), finalizer = as_tuple(hooks.value())->at(1);
  if (!is_none(finalizer)) g->finalizer.store(g, Ref<>::retain(finalizer));
  if (is_none(first)) return true;
  return static_cast<bool>(call1(first, Value::object(g)));
}

Ref<> make_step(Value generator, Value value, bool is_throw, bool close) {
  if (!run_first_iteration_hook(as_generator(generator))) return Ref<>();
  Ref<AsyncStep> s = allocate<AsyncStep>(is_throw ? &async_generator_athrow_type : &async_generator_asend_type);
  if (!s) return s;
  s->generator.init(Ref<>::retain(generator));
  if (!value.empty()) s->value.init(Ref<>::retain(value));
  s->state.store(AwaitState::kInit, std::memory_order_relaxed);
  s->close = close;
  return s;
}
Ref<> self_iter(Value self) { return Ref<>::retain(self); }
Ref<> generator_anext(Value self) { return make_step(self, none(), false, false); }
Ref<> generator_asend(const Value* a) { return make_step(a[0], a[1], false, false); }
Ref<> generator_athrow(const Value* a) {
  Ref<Tuple> args = tuple_of({a[1], a[2].empty() ? none() : a[2], a[3].empty() ? none() : a[3]});
  if (!args) return args;
  return make_step(a[0], args.value(), true, false);
}
Ref<> generator_aclose(const Value* a) { return make_step(a[0], Value(), true, true); }

// What came out of the generator's code: a wrapped value is the yield of the async generator and ends the step.
Ref<> finish(Generator* g, SendResult result, Ref<> out) {
  if (result == SendResult::kReturn) {
    g->closed = true;
    g->running_async = false;
    return raise_none(exc::StopAsyncIteration);
  }
  if (result == SendResult::kError) {
    if (pending_matches(exc::StopAsyncIteration) || pending_matches(exc::GeneratorExit)) g->closed = true;
    g->running_async = false;
    return Ref<>();
  }
  Ref<> value;
  if (async_generator_unwrap(out.value(), &value)) {
    g->running_async = false;
    return raise_stop_iteration(value.value());
  }
  return out;
}

Ref<> asend_send_value(Value self, Value v) {
  AsyncStep* s = step(self);
  Generator* g = as_generator(s->generator.peek());
  AwaitState state = s->state.load(std::memory_order_acquire);
  if (state == AwaitState::kClosed) return raise(exc::RuntimeError, "cannot reuse already awaited __anext__()/asend()");
  Value sent = v;
  if (state == AwaitState::kInit) {
    if (g->running_async) {
      return raise(exc::RuntimeError, "anext(): asynchronous generator is already running");
    }
    if (is_none(v)) sent = s->value.peek();
    s->state.store(AwaitState::kIterating, std::memory_order_release);
  }
  g->running_async = true;
  Ref<> out;
  SendResult r;
  if (g->closed && state == AwaitState::kInit) {
    g->running_async = false;
    s->state.store(AwaitState::kClosed, std::memory_order_release);
    return raise_none(exc::StopAsyncIteration);
  }
  r = generator_resume(g, sent, Ref<>(), &out);
  Ref<> result = finish(g, r, std::move(out));
  if (!result) s->state.store(AwaitState::kClosed, std::memory_order_release);
  return result;
}
Ref<> asend_next(Value self) { return asend_send_value(self, none()); }
Ref<> asend_send(const Value* a) { return asend_send_value(a[0], a[1]); }

Ref<> throw_into_generator(Generator* g, Value type, Value value, Value traceback) {
  Ref<> out = generator_throw_value(Value::object(g), type, value, traceback);
  if (out) return finish(g, SendResult::kYield, std::move(out));
  if (pending_matches(exc::StopIteration)) {
    // The generator's code returned.
    clear_error();
    return finish(g, SendResult::kReturn, Ref<>());
  }
  return finish(g, SendResult::kError, Ref<>());
}
Ref<> asend_throw(const Value* a) {
  AsyncStep* s = step(a[0]);
  if (s->state.load(std::memory_order_acquire) == AwaitState::kClosed) {
    return raise(exc::RuntimeError, "cannot reuse already awaited __anext__()/asend()");
  }
  Ref<> result = throw_into_generator(as_generator(s->generator.peek()), a[1], a[2], a[3]);
  if (!result) s->state.store(AwaitState::kClosed, std::memory_order_release);
  return result;
}
Ref<> step_close(const Value* a) {
  step(a[0])->state.store(AwaitState::kClosed, std::memory_order_release);
  return none_ref();
}

// Ends of an athrow/aclose step.
Ref<> athrow_result(AsyncStep* s, Ref<> result) {
  if (result && s->close) {
    // aclose(): an await inside is passed on; see the caller for yields.
    return result;
  }
  if (!result) {
    s->state.store(AwaitState::kClosed, std::memory_order_release);
    if (s->close && (pending_matches(exc::StopAsyncIteration) || pending_matches(exc::GeneratorExit))) {
      clear_error();
      return raise_none(exc::StopIteration);
    }
  }
  return result;
}
Raised ignored_exit() { return raise(exc::RuntimeError, "async generator ignored GeneratorExit"); }

Ref<> athrow_send_value(Value self, Value v) {
  AsyncStep* s = step(self);
  Generator* g = as_generator(s->generator.peek());
  AwaitState state = s->state.load(std::memory_order_acquire);
  if (state == AwaitState::kClosed ||
      (state == AwaitState::kInit && g->state.load(std::memory_order_acquire) == GeneratorState::kFinished)) {
    bool reuse = state == AwaitState::kClosed;
    s->state.store(AwaitState::kClosed, std::memory_order_release);
    if (reuse) return raise(exc::RuntimeError, "cannot reuse already awaited aclose()/athrow()");
    return raise_none(s->close ? exc::StopIteration : exc::StopAsyncIteration);
  }
  if (state == AwaitState::kInit) {
    if (g->running_async) {
      s->state.store(AwaitState::kClosed, std::memory_order_release);
      return raise(exc::RuntimeError, s->close ? "aclose(): asynchronous generator is already running"
                                               : "athrow(): asynchronous generator is already running");
    }
    if (g->closed) {
      s->state.store(AwaitState::kClosed, std::memory_order_release);
      return raise_none(s->close ? exc::StopIteration : exc::StopAsyncIteration);
    }
    if (!is_none(v)) return raise(exc::RuntimeError, "can't send non-None value to a just-started coroutine");
    s->state.store(AwaitState::kIterating, std::memory_order_release);
    g->running_async = true;
    Ref<> out;
    if (s->close) {
      g->closed = true;
      out = generator_throw_value(Value::object(g), Value::object(exc::GeneratorExit), Value(), Value());
    } else {
      Tuple* t = as_tuple(s->value.peek());
      out = generator_throw_value(Value::object(g), t->at(0), t->at(1), t->at(2));
    }
    if (!out) {
      bool returned = pending_matches(exc::StopIteration);
      if (returned) clear_error();
      return athrow_result(s, finish(g, returned ? SendResult::kReturn : SendResult::kError, Ref<>()));
    }
    Ref<> unwrapped;
    if (s->close && async_generator_unwrap(out.value(), &unwrapped)) {
      g->running_async = false;
      s->state.store(AwaitState::kClosed, std::memory_order_release);
      return ignored_exit();
    }
    return athrow_result(s, finish(g, SendResult::kYield, std::move(out)));
  }
  Ref<> out;
  SendResult r = generator_resume(g, v, Ref<>(), &out);
  Ref<> unwrapped;
  if (s->close && r == SendResult::kYield && async_generator_unwrap(out.value(), &unwrapped)) {
    g->running_async = false;
    s->state.store(AwaitState::kClosed, std::memory_order_release);
    return ignored_exit();
  }
  return athrow_result(s, finish(g, r, std::move(out)));
}
Ref<> athrow_next(Value self) { return athrow_send_value(self, none()); }
Ref<> athrow_send(const Value* a) { return athrow_send_value(a[0], a[1]); }
Ref<> athrow_throw(const Value* a) {
  AsyncStep* s = step(a[0]);
  if (s->state.load(std::memory_order_acquire) == AwaitState::kClosed) {
    return raise(exc::RuntimeError, "cannot reuse already awaited aclose()/athrow()");
  }
  Generator* g = as_generator(s->generator.peek());
  Ref<> out = generator_throw_value(Value::object(g), a[1], a[2], a[3]);
  if (!out) {
    bool returned = pending_matches(exc::StopIteration);
    if (returned) clear_error();
    return athrow_result(s, finish(g, returned ? SendResult::kReturn : SendResult::kError, Ref<>()));
  }
  Ref<> unwrapped;
  if (s->close && async_generator_unwrap(out.value(), &unwrapped)) {
    g->running_async = false;
    return ignored_exit();
  }
  return athrow_result(s, finish(g, SendResult::kYield, std::move(out)));
}

void step_traverse(Object* o, FieldVisitor& v) {
  v(static_cast<AsyncStep*>(o)->generator);
  v(static_cast<AsyncStep*>(o)->value);
}
const NativeDef kAsendMethods[] = {{"send", "($self, object, /)", asend_send},
                                   {"throw", "($self, type, value=None, traceback=None, /)", asend_throw},
                                   {"close", "($self, /)", step_close},
                                   {}};
const NativeDef kAthrowMethods[] = {{"send", "($self, object, /)", athrow_send},
                                    {"throw", "($self, type, value=None, traceback=None, /)", athrow_throw},
                                    {"close", "($self, /)", step_close},
                                    {}};

Ref<> generator_repr(Value self) {
  char address[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", self.identity());
  return str_format("<async_generator object %V at %s>", as_generator(self)->qualname.peek(), address);
}
Ref<> class_getitem(const Value* a) { return generic_alias_new(a[0], a[1]); }
Ref<> get_name(Value self) { return as_generator(self)->name.load(self.as_object()); }
bool put_name(Value self, Value v) {
  if (v.empty() || !is_str(v)) return raise(exc::TypeError, "__name__ must be set to a string object");
  as_generator(self)->name.store(self.as_object(), Ref<>::retain(v));
  return true;
}
Ref<> get_qualname(Value self) { return as_generator(self)->qualname.load(self.as_object()); }
bool put_qualname(Value self, Value v) {
  if (v.empty() || !is_str(v)) return raise(exc::TypeError, "__qualname__ must be set to a string object");
  as_generator(self)->qualname.store(self.as_object(), Ref<>::retain(v));
  return true;
}
Ref<> get_code(Value self) { return as_generator(self)->code_field.load(self.as_object()); }
Ref<> get_running(Value self) { return bool_ref(as_generator(self)->running_async); }
Ref<> get_suspended(Value self) {
  return bool_ref(as_generator(self)->state.load(std::memory_order_acquire) == GeneratorState::kSuspended);
}
Ref<> get_await(Value self) {
  Ref<> d = generator_delegate(as_generator(self));
  return d ? std::move(d) : none_ref();
}
const NativeDef kGeneratorMethods[] = {
    {"asend", "($self, value, /)", generator_asend, "asend(v) -> send 'v' in generator."},
    {"athrow", "($self, type, value=None, traceback=None, /)", generator_athrow, "Raise exception in generator."},
    {"aclose", "($self, /)", generator_aclose, "aclose() -> raise GeneratorExit inside generator."},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", kClassMethod},
    {}};
const GetSetDef kGeneratorGetSets[] = {{"__name__", get_name, put_name},
                                       {"__qualname__", get_qualname, put_qualname},
                                       {"ag_code", get_code},
                                       {"ag_running", get_running},
                                       {"ag_suspended", get_suspended},
                                       {"ag_await", get_await},
                                       {"ag_frame", generator_frame_attribute},
                                       {}};

void async_finalize(Object* o) {
  auto* g = static_cast<Generator*>(o);
  if (g->state.load(std::memory_order_acquire) == GeneratorState::kFinished) return;
  Ref<> finalizer = g->finalizer.load(g);
  if (finalizer && !g->closed) {
    Ref<> pending = take_error();
    Ref<> result = call1(finalizer.value(), Value::object(o));
    if (!result) write_unraisable("ignored in", Value::object(o));
    if (pending) restore_error(std::move(pending));
    return;
  }
  generator_finalize(o);
}
void wrapped_traverse(Object* o, FieldVisitor& v) { v(static_cast<WrappedValue*>(o)->value); }

// ---- anext(iterator, default)
// ----------------------------------------------------------------------------------------------------
struct AnextAwaitable : Object {
  Field awaitable, fallback;
};
AnextAwaitable* anext_of(Value v) { return reinterpret_cast<AnextAwaitable*>(v.as_object()); }
Ref<> anext_iterator(Value self) {
  Ref<> it = get_awaitable(anext_of(self)->awaitable.peek());
  if (!it || !has_shape(it.value(), kShape_coroutine)) return it;
  auto slot = type_of(it.value())->slots.await;
  return slot(it.value());
}
Ref<> anext_fall_back(Value self, Ref<> result) {
  if (result || !clear_if(exc::StopAsyncIteration)) return result;
  return raise_stop_iteration(anext_of(self)->fallback.peek());
}
Ref<> anext_next(Value self) {
  Ref<> it = anext_iterator(self);
  if (!it) return it;
  return anext_fall_back(self, type_of(it.value())->slots.next(it.value()));
}
Ref<> anext_forward(Value self, const char* method, std::initializer_list<Value> args) {
  Ref<> it = anext_iterator(self);
  if (!it) return it;
  return anext_fall_back(self, call_method(it.value(), method, args));
}
Ref<> anext_send(const Value* a) { return anext_forward(a[0], "send", {a[1]}); }
Ref<> anext_throw(const Value* a) {
  return anext_forward(a[0], "throw", {a[1], a[2].empty() ? none() : a[2], a[3].empty() ? none() : a[3]});
}
Ref<> anext_close(const Value* a) { return anext_forward(a[0], "close", {}); }
void anext_traverse(Object* o, FieldVisitor& v) {
  v(static_cast<AnextAwaitable*>(o)->awaitable);
  v(static_cast<AnextAwaitable*>(o)->fallback);
}
const NativeDef kAnextMethods[] = {{"send", "($self, object, /)", anext_send},
                                   {"throw", "($self, type, value=None, traceback=None, /)", anext_throw},
                                   {"close", "($self, /)", anext_close},
                                   {}};

}  // namespace

Ref<> anext_awaitable_new(Value awaitable, Value fallback) {
  Ref<AnextAwaitable> a = allocate<AnextAwaitable>(&anext_awaitable_type);
  if (!a) return a;
  a->awaitable.init(Ref<>::retain(awaitable));
  a->fallback.init(Ref<>::retain(fallback));
  return a;
}
Ref<> async_generator_wrap(Value v) {
  Ref<WrappedValue> w = allocate<WrappedValue>(&async_generator_wrapped_value_type);
  if (w) w->value.init(Ref<>::retain(v));
  return w;
}
bool async_generator_unwrap(Value v, Ref<>* out) {
  if (!has_shape(v, kShape_async_generator_wrapped_value)) return false;
  *out = Ref<>::retain(reinterpret_cast<WrappedValue*>(v.as_object())->value.peek());
  return true;
}

const TypeSpec async_generator_spec = {
    .name = "async_generator",
    .size = sizeof(Generator),
    .item_size = sizeof(Value),
    .flags = kTypeNoInstantiate | kTypeWeakrefs,
    .slots = {.repr = generator_repr, .async_iter = self_iter, .async_next = generator_anext},
    .traverse = generator_traverse,
    .clear = generator_clear,
    .destroy = generator_destroy,
    .finalize = async_finalize,
    .methods = kGeneratorMethods,
    .getsets = kGeneratorGetSets,
};
const TypeSpec async_generator_asend_spec = {
    .name = "async_generator_asend",
    .size = sizeof(AsyncStep),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = asend_next, .await = self_iter},
    .traverse = step_traverse,
    .methods = kAsendMethods,
};
const TypeSpec async_generator_athrow_spec = {
    .name = "async_generator_athrow",
    .size = sizeof(AsyncStep),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = athrow_next, .await = self_iter},
    .traverse = step_traverse,
    .methods = kAthrowMethods,
};
const TypeSpec async_generator_wrapped_value_spec = {.name = "async_generator_wrapped_value",
                                                     .size = sizeof(WrappedValue),
                                                     .flags = kTypeNoInstantiate,
                                                     .traverse = wrapped_traverse};
const TypeSpec anext_awaitable_spec = {
    .name = "anext_awaitable",
    .size = sizeof(AnextAwaitable),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = anext_next, .await = self_iter},
    .traverse = anext_traverse,
    .methods = kAnextMethods,
};

}  // namespace pt
