// _testcapi for CPython's own suite: what it has that asks about the runtime and not about CPython's C interface. Native
// functions of every kind, calls from native code, errors that are raised or reported there. Built, never installed.
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cfloat>
#include <climits>
#include <ctime>
#include <string_view>

#include "vm/modules/contextvars/persistent_map.h"
#include "gc/collector/collector.h"
#include "gc/heap/faults.h"
#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/thread.h"
#include "vm/runtime/interpreters.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// ---- kinds of functions: each gives back what it was called with -------------------------------------------------------

Ref<> positional(const Value* a) { return tuple_of({a[0], a[1]}); }
Ref<> keywords(const Value* a) { return tuple_of({a[0], a[1], a[2]}); }
Ref<> one(const Value* a) { return tuple_of({a[0], a[1]}); }
Ref<> nothing(const Value* a) { return Ref<>::retain(a[0]); }

Ref<> static_positional(const Value* a) { return tuple_of({none(), a[0]}); }
Ref<> static_keywords(const Value* a) { return tuple_of({none(), a[0], a[1]}); }
Ref<> static_one(const Value* a) { return tuple_of({none(), a[0]}); }
Ref<> static_nothing(const Value*) { return none_ref(); }

#define PT_TEST_METHODS(self, kind)                                                          \
  {"meth_varargs", "(" self ", /, *args)", positional, nullptr, kind},                       \
      {"meth_varargs_keywords", "(" self ", /, *args, **kwargs)", keywords, nullptr, kind},  \
      {"meth_fastcall", "(" self ", /, *args)", positional, nullptr, kind},                  \
      {"meth_fastcall_keywords", "(" self ", /, *args, **kwargs)", keywords, nullptr, kind}, \
      {"meth_o", "(" self ", x, /)", one, nullptr, kind}, {                                  \
    "meth_noargs", "(" self ", /)", nothing, nullptr, kind                                   \
  }

const NativeDef kInstanceMethods[] = {PT_TEST_METHODS("$self", kInstanceMethod), {}};
const NativeDef kClassMethods[] = {PT_TEST_METHODS("$type", kClassMethod), {}};
const NativeDef kStaticMethods[] = {{"meth_varargs", "(*args)", static_positional, nullptr, kStaticMethod},
                                    {"meth_varargs_keywords", "(*args, **kwargs)", static_keywords, nullptr, kStaticMethod},
                                    {"meth_fastcall", "(*args)", static_positional, nullptr, kStaticMethod},
                                    {"meth_fastcall_keywords", "(*args, **kwargs)", static_keywords, nullptr, kStaticMethod},
                                    {"meth_o", "(x, /)", static_one, nullptr, kStaticMethod},
                                    {"meth_noargs", "()", static_nothing, nullptr, kStaticMethod},
                                    {}};

constinit Type instance_type = {}, class_type = {}, static_type = {};
const TypeSpec kInstanceSpec = {.name = "_testcapi.MethInstance", .size = sizeof(Object), .methods = kInstanceMethods};
const TypeSpec kClassSpec = {.name = "_testcapi.MethClass", .size = sizeof(Object), .methods = kClassMethods};
const TypeSpec kStaticSpec = {.name = "_testcapi.MethStatic", .size = sizeof(Object), .methods = kStaticMethods};

Ref<> create_cfunction(const Value*) {
  static const NativeDef kDefinition = {"cfunction", "()", static_nothing};
  return native_function_new(&kDefinition, Value(), Value());
}

// ---- calls from native code ---------------------------------------------------------------------------------------------

// The arguments as an array: those of a tuple (or None), and a tuple of names for the last of them (or None).
Ref<> call_array(Value callable, Value arguments, Value names) {
  if (given(arguments) && !is_tuple(arguments)) return raise(exc::TypeError, "args must be None or a tuple");
  if (given(names) && !is_tuple(names)) return raise(exc::TypeError, "kwnames must be None or a tuple");
  Tuple* tuple = given(arguments) ? as_tuple(arguments) : nullptr;
  auto total = static_cast<uint32_t>(tuple ? tuple->length : 0);
  auto named = static_cast<uint32_t>(given(names) ? as_tuple(names)->length : 0);
  if (named > total) return raise(exc::ValueError, "kwnames longer than args");
  Value values[16];
  if (total > 16) return raise(exc::ValueError, "too many arguments");
  for (uint32_t i = 0; i < total; ++i) values[i] = tuple->at(i);
  return call(callable, Args{values, total - named, named ? as_tuple(names) : nullptr});
}
Ref<> pyobject_fastcall(const Value* a) { return call_array(a[0], a[1], Value()); }
Ref<> pyobject_vectorcall(const Value* a) { return call_array(a[0], a[1], a[2]); }
Ref<> pyobject_fastcalldict(const Value* a) {
  return call_tuple_dict(a[0], given(a[1]) ? a[1] : Value::object(empty_tuple()), given(a[2]) ? a[2] : Value());
}

Ref<> pyvectorcall_call(const Value* a) {
  if (!is_tuple(a[1])) return raise(exc::TypeError, "args must be a tuple");
  if (given(a[2]) && !is_dict(a[2])) return raise(exc::TypeError, "kwargs must be None or a dict");
  return call_tuple_dict(a[0], a[1], given(a[2]) ? a[2] : Value());
}

// ---- threads that native code makes ---------------------------------------------------------------------------------------

struct NativeThread {
  pthread_t handle;
  Thread* thread;
  Value callback;  // owned
};
// Set by one call, taken by the next join: the suite has one such thread at a time.
constinit std::atomic<NativeThread*> g_native_thread{nullptr};

void* native_thread_main(void* argument) {
  auto* native = static_cast<NativeThread*>(argument);
  if (!thread_enter(native->thread)) return nullptr;
  native->thread->ident = static_cast<uint64_t>(pthread_self());
  {
    Ref<> callback = Ref<>::steal(native->callback);
    Ref<> result = call0(callback.value());
    if (!result) write_unraisable("ignored in", callback.value());
  }
  thread_leave(native->thread, nullptr);
  return nullptr;
}

Ref<> join_temporary_c_thread(const Value*) {
  NativeThread* native = g_native_thread.exchange(nullptr, std::memory_order_acq_rel);
  if (!native) return raise(exc::RuntimeError, "no temporary thread");
  {
    Detached detached;
    pthread_join(native->handle, nullptr);
  }
  memory::release(native);
  return none_ref();
}

Ref<> call_in_temporary_c_thread(const Value* a) {
  bool wait = true;
  if (!to_flag(a[1], &wait)) return Ref<>();
  if (g_native_thread.load(std::memory_order_acquire))
    return raise(exc::RuntimeError, "the temporary thread has not been joined");
  Thread* thread = thread_create();
  if (!thread) return Ref<>();
  auto* native = static_cast<NativeThread*>(memory::allocate(sizeof(NativeThread)));
  if (!native) {
    thread_free(thread);
    return raise_no_memory();
  }
  native->thread = thread;
  native->callback = Ref<>::retain(a[0]).take();
  if (pthread_create(&native->handle, nullptr, native_thread_main, native) != 0) {
    release(native->callback);
    memory::release(native);
    thread_free(thread);
    return raise(exc::RuntimeError, "unable to start the thread");
  }
  g_native_thread.store(native, std::memory_order_release);
  return wait ? join_temporary_c_thread(nullptr) : none_ref();
}

// ---- interpreters -------------------------------------------------------------------------------------------------------

Ref<> run_in_subinterp(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "run_in_subinterp() argument 1 must be str, not %T", a[0]);
  Utf8 source(as_str(a[0]));
  InterpreterRef interpreter = source.ok() ? create_interpreter(false) : InterpreterRef();
  if (!interpreter) return Ref<>();
  claim_interpreter(interpreter.get(), InterpreterState::kEnding);
  bool ok;
  {
    InterpreterScope scope(interpreter.get());
    Ref<Str> name = str_from_ascii("<string>");
    Ref<> code = name ? compile_source(source.view(), name.get()) : Ref<>();
    Ref<> result = code ? exec_code(code.value(), main_globals()) : Ref<>();
    ok = static_cast<bool>(result);
    if (!ok) report_exception(take_error().value());
    clear_error();
  }
  end_interpreter(interpreter.get());
  return Ref<>::steal(Value::small_int(ok ? 0 : -1));
}

// ---- errors ---------------------------------------------------------------------------------------------------------------

Ref<> raise_memoryerror(const Value*) { return raise_no_memory(); }

Ref<> raise_exception(const Value* a) {
  int count;
  if (!to_cint(a[1], &count)) return Ref<>();
  if (!is_exception_type(a[0])) {
    return raise(exc::SystemError, "_PyErr_SetObject: exception %R is not a BaseException subclass", a[0]);
  }
  Ref<Tuple> arguments = tuple_allocate(count);
  for (int i = 0; arguments && i < count; ++i) arguments->items[i].init(Ref<>::retain(Value::small_int(i)));
  Ref<> exception = arguments ? call_tuple_dict(a[0], arguments.value(), Value()) : Ref<>();
  return exception ? raise_object(exception.value()) : Raised{};
}

Ref<> make_exception_with_doc(const Value* a) {
  if (!is_str(a[0])) return raise_bad_argument("make_exception_with_doc", 1, "str", a[0]);
  Utf8 name(as_str(a[0]));
  if (!name.ok()) return Ref<>();
  size_t dot = name.view().rfind('.');
  if (dot == std::string_view::npos) return raise(exc::SystemError, "PyErr_NewException: name must be module.class");
  Ref<Dict> names = dict_new();
  Ref<Str> module = str_from_utf8(name.view().substr(0, dot)), leaf = str_from_utf8(name.view().substr(dot + 1));
  if (!names || !module || !leaf) return Ref<>();
  if (given(a[3])) {
    Ref<> updated = call_method(names.value(), "update", {a[3]});
    if (!updated) return Ref<>();
  }
  if (!dict_set_text(names.get(), "__module__", module.value())) return Ref<>();
  if (given(a[1]) && !dict_set_text(names.get(), "__doc__", a[1])) return Ref<>();
  Ref<> bases = !given(a[2])     ? Ref<>(tuple_of({Value::object(exc::Exception)}))
                : is_tuple(a[2]) ? Ref<>::retain(a[2])
                                 : Ref<>(tuple_of({a[2]}));
  return bases ? call_values(Value::object(&type_type), {leaf.value(), bases.value(), names.value()}) : Ref<>();
}

Ref<> exception_print(const Value* a) {
  Ref<> hook = import_attribute("sys", "__excepthook__");
  return hook ? call_values(hook.value(), {Value::object(type_of(a[0])), a[0], none()}) : Ref<>();
}

Ref<> traceback_print(const Value* a) {
  Ref<Str> header = str_from_ascii("Traceback (most recent call last):\n");
  Ref<> written = header ? call_method(a[1], names::write_.str(), {header.value()}) : Ref<>();
  Ref<> print = written ? import_attribute("traceback", "print_tb") : Ref<>();
  return print ? call_values(print.value(), {a[0], none(), a[1]}) : Ref<>();
}

Ref<> write_unraisable_exc(const Value* a) {
  if (given(a[1]) && !is_str(a[1])) return raise_bad_argument("write_unraisable_exc", 2, "str", a[1]);
  Ref<Str> empty = str_from_ascii("");
  if (!empty) return Ref<>();
  Utf8 text(given(a[1]) ? as_str(a[1]) : empty.get());
  if (!text.ok()) return Ref<>();
  restore_error(Ref<>::retain(a[0]));
  write_unraisable(text.c_str(), a[2]);
  return none_ref();
}

// ---- objects -----------------------------------------------------------------------------------------------------------

struct Holder : Object {
  Field held;  // immutable after construction
};
constinit Type untraversed_type = {}, await_type = {}, generic_type = {}, generic_alias_type = {};
Value held_by(Value self) { return reinterpret_cast<Holder*>(self.as_object())->held.peek(); }
Ref<> holder_new(Type* type, Value held) {
  Ref<Holder> made = allocate<Holder>(type);
  if (made) made->held.init(Ref<>::retain(held));
  return made;
}
void holder_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Holder*>(o)->held); }

Ref<> await_construct(Type* type, const Args& args) {
  Value held;
  return bind_arguments("awaitType", "(v, /)", args, &held) ? holder_new(type, held) : Ref<>();
}
const TypeSpec kAwaitSpec = {
    .name = "_testcapi.awaitType",
    .size = sizeof(Holder),
    .slots = {.construct = await_construct, .await = [](Value self) { return Ref<>::retain(held_by(self)); }},
    .traverse = holder_traverse};

// ---- finalisers of native code before PEP 442 --------------------------------------------------------------------------------

// A class whose instances the collector takes apart in no cycle. __tp_del__ runs at each of their deaths, after __del__, which
// runs once, and after their weak references were cleared.
struct LegacyClass {
  std::atomic<Type*> type;
  std::atomic<void (*)(Object*)> finalize;  // what the class had
};
constinit LegacyClass g_legacy[32] = {};
constinit std::atomic<Object*> g_deleted[64] = {};  // whose __del__ has run and which live on

const LegacyClass* legacy_of(const Type* type) {
  for (const LegacyClass& entry : g_legacy) {
    if (entry.type.load(std::memory_order_acquire) == type) return &entry;
  }
  return nullptr;
}
bool is_legacy(const Object* o) { return legacy_of(o->shape()->type) != nullptr; }

std::atomic<Object*>* deleted_place(Object* o) {
  for (auto& place : g_deleted) {
    if (place.load(std::memory_order_relaxed) == o) return &place;
  }
  return nullptr;
}
void legacy_finalize(Object* o) {
  Value self = Value::object(o);
  const LegacyClass* entry = legacy_of(type_of(self));
  std::atomic<Object*>* place = deleted_place(o);
  if (void (*finalize)(Object*) = entry ? entry->finalize.load(std::memory_order_relaxed) : nullptr; finalize && !place) {
    finalize(o);
  }
  if (reference_count(o) == 1) {
    if (o->has_gc_bit(kGcHasWeakrefs)) {
      g_heap_hooks.clear_weakrefs(o);
      g_heap_hooks.run_callbacks();
    }
    Ref<> pending = error_pending() ? take_error() : Ref<>();
    Ref<> done = call_method(self, "__tp_del__");
    if (!done) write_unraisable("ignored in", self);
    if (pending) restore_error(std::move(pending));
  }
  if (reference_count(o) == 1) {
    if (place) place->store(nullptr, std::memory_order_relaxed);
    return;
  }
  // It lives on: the next death comes here again.
  if (!place && (place = deleted_place(nullptr))) place->store(o, std::memory_order_relaxed);
  o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcFinalised), std::memory_order_relaxed);
}

Ref<> with_tp_del(const Value* a) {
  if (!is_instance_of(a[0], &type_type)) return raise(exc::TypeError, "with_tp_del expects a class");
  auto* type = reinterpret_cast<Type*>(a[0].as_object());
  for (LegacyClass& entry : g_legacy) {
    Type* none_yet = nullptr;
    if (!entry.type.compare_exchange_strong(none_yet, type, std::memory_order_acq_rel)) continue;
    (void)Ref<>::retain(a[0]).take();  // the entry stays
    entry.finalize.store(type->layout.finalizer(), std::memory_order_relaxed);
    type->layout.finalize.store(legacy_finalize, std::memory_order_relaxed);
    g_collector_hooks.uncollectable = is_legacy;
    return Ref<>::retain(a[0]);
  }
  return raise(exc::RuntimeError, "too many classes with a __tp_del__");
}

// Instances made from now on are unknown to the collector.
Ref<> without_gc(const Value* a) {
  if (!is_instance_of(a[0], &type_type)) return raise(exc::TypeError, "without_gc expects a class");
  reinterpret_cast<Type*>(a[0].as_object())->layout.tracked = false;
  return Ref<>::retain(a[0]);
}

// A container the collector does not see into.
Ref<> untraversed_construct(Type* type, const Args& args) {
  Value held;
  return bind_arguments("ContainerNoGC", "(value)", args, &held) ? holder_new(type, held) : Ref<>();
}
Ref<> untraversed_value(Value self) { return Ref<>::retain(held_by(self)); }
void untraversed_destroy(Object* o) { static_cast<Holder*>(o)->held.clear(); }
const GetSetDef kUntraversedGetSets[] = {{"value", untraversed_value}, {}};
const TypeSpec kUntraversedSpec = {.name = "_testcapi.ContainerNoGC",
                                   .size = sizeof(Holder),
                                   .flags = kTypeBase,
                                   .slots = {.construct = untraversed_construct},
                                   .destroy = untraversed_destroy,
                                   .getsets = kUntraversedGetSets};

Ref<> alias_bases(const Value* a) { return tuple_of({held_by(a[0])}); }
Ref<> alias_new(const Value* a) { return holder_new(&generic_alias_type, a[1]); }
const NativeDef kAliasMethods[] = {{"__mro_entries__", "($self, bases, /)", alias_bases}, {}};
const NativeDef kGenericMethods[] = {{"__class_getitem__", "($type, item, /)", alias_new, nullptr, kClassMethod}, {}};
const TypeSpec kAliasSpec = {.name = "_testcapi.GenericAlias",
                             .size = sizeof(Holder),
                             .flags = kTypeBase | kTypeNoInstantiate,
                             .traverse = holder_traverse,
                             .methods = kAliasMethods};
const TypeSpec kGenericSpec = {
    .name = "_testcapi.Generic", .size = sizeof(Object), .flags = kTypeBase, .methods = kGenericMethods};

// A trace function that notes (number of the event, line, argument) in a list.
constinit Type recorder_type = {};
Ref<> recorder_call(Value self, const Args& args) {
  static constexpr std::string_view kEvents[] = {"call",   "exception",   "line",     "return",
                                                 "c_call", "c_exception", "c_return", "opcode"};
  if (args.total() != 3) return raise(exc::TypeError, "a trace function takes three arguments");
  Ref<> line = get_attribute(args.values[0], "f_lineno");
  if (!line || !is_str(args.values[1])) return Ref<>();
  int64_t number = 0;
  while (number < 7 && !as_str(args.values[1])->equals_ascii(kEvents[number].data())) ++number;
  Ref<> noted = tuple_of({Value::small_int(number), line.value(), args.values[2]});
  Ref<> done = noted ? call_method(held_by(self), "append", {noted.value()}) : Ref<>();
  return done ? Ref<>::retain(self) : Ref<>();
}
const TypeSpec kRecorderSpec = {.name = "_testcapi.trace_recorder",
                                .size = sizeof(Holder),
                                .flags = kTypeNoInstantiate,
                                .slots = {.call = recorder_call},
                                .traverse = holder_traverse};
Ref<> settrace_to_record(const Value* a) {
  Ref<> recorder = holder_new(&recorder_type, a[0]);
  Ref<> set = recorder ? import_attribute("sys", "settrace") : Ref<>();
  return set ? call1(set.value(), recorder.value()) : Ref<>();
}

// The map of contextvars.
Ref<> hamt(const Value*) {
  Ref<> module = import_module("_contextvars");  // which makes the type
  return module ? persistent_map_new() : Ref<>();
}

Ref<> sequence_getitem(const Value* a) { return get_item(a[0], a[1]); }
Ref<> sequence_setitem(const Value* a) { return set_item(a[0], a[1], a[2]) ? none_ref() : Ref<>(); }

Ref<> set_errno(const Value* a) {
  int number;
  if (!to_cint(a[0], &number)) return Ref<>();
  errno = number;
  return none_ref();
}

// ---- conversions of times ---------------------------------------------------------------------------------------------------

// The suite's numbers of the directions are those of Rounding.
bool to_rounding(Value v, Rounding* out) {
  int number;
  if (!to_cint(v, &number)) return false;
  if (number < 0 || number > 3) return raise(exc::ValueError, "invalid rounding");
  *out = static_cast<Rounding>(number);
  return true;
}
// A method of an int and one direction.
template <class F>
Ref<> rounded(const Value* a, F&& convert) {
  int64_t ns;
  Rounding rounding;
  return to_int64(a[0], &ns) && to_rounding(a[1], &rounding) ? convert(ns, rounding) : Ref<>();
}
Ref<> pair(int64_t whole, int64_t fraction) {
  Ref<> first = int_from_int64(whole), second = int_from_int64(fraction);
  return first && second ? Ref<>(tuple_of({first.value(), second.value()})) : Ref<>();
}

Ref<> time_from_seconds(const Value* a) {
  int seconds;
  return to_cint(a[0], &seconds) ? int_from_int64(seconds * kNanosecondsPerSecond) : Ref<>();
}
Ref<> time_from_seconds_object(const Value* a) {
  Rounding rounding;
  int64_t ns;
  return to_rounding(a[1], &rounding) && seconds_to_ns(a[0], rounding, &ns) ? int_from_int64(ns) : Ref<>();
}
Ref<> time_as_seconds(const Value* a) {
  int64_t ns;
  return to_int64(a[0], &ns) ? float_from_double(ns_to_seconds(ns)) : Ref<>();
}
Ref<> time_as_timeval(const Value* a) {
  return rounded(a, [](int64_t ns, Rounding rounding) {
    timeval t = ns_to_timeval(ns, rounding);
    return pair(t.tv_sec, t.tv_usec);
  });
}
Ref<> time_as_timespec(const Value* a) {
  int64_t ns;
  if (!to_int64(a[0], &ns)) return Ref<>();
  timespec t = ns_to_timespec(ns);
  return pair(t.tv_sec, t.tv_nsec);
}
Ref<> time_as_milliseconds(const Value* a) {
  return rounded(a, [](int64_t ns, Rounding rounding) { return int_from_int64(divide_ns(ns, 1'000'000, rounding)); });
}
Ref<> time_as_microseconds(const Value* a) {
  return rounded(a, [](int64_t ns, Rounding rounding) { return int_from_int64(divide_ns(ns, 1000, rounding)); });
}
Ref<> object_to_time_t(const Value* a) {
  Rounding rounding;
  time_t t;
  return to_rounding(a[1], &rounding) && seconds_to_time_t(a[0], rounding, &t) ? int_from_int64(t) : Ref<>();
}
Ref<> object_to_timeval(const Value* a) {
  Rounding rounding;
  timeval t;
  return to_rounding(a[1], &rounding) && seconds_to_timeval(a[0], rounding, &t) ? pair(t.tv_sec, t.tv_usec) : Ref<>();
}
Ref<> object_to_timespec(const Value* a) {
  Rounding rounding;
  timespec t;
  return to_rounding(a[1], &rounding) && seconds_to_timespec(a[0], rounding, &t) ? pair(t.tv_sec, t.tv_nsec) : Ref<>();
}

Ref<> set_nomemory(const Value* a) {
  int start, stop = 0;
  if (!to_cint(a[0], &start) || (given(a[1]) && !to_cint(a[1], &stop))) return Ref<>();
  return fail_allocations(start, stop) ? none_ref() : Ref<>(raise_no_memory());
}
Ref<> remove_mem_hooks(const Value*) {
  (void)end_allocation_failures();
  return none_ref();
}

Ref<> allocator_name(const Value*) { return str_from_ascii("mimalloc"); }

const NativeDef kFunctions[] = {
    PT_TEST_METHODS("$module", kInstanceMethod),
    {"create_cfunction", "()", create_cfunction},
    {"run_in_subinterp", "(code, /)", run_in_subinterp},
    {"pyobject_fastcall", "(func, args, /)", pyobject_fastcall},
    {"pyobject_fastcalldict", "(func, args, kwargs, /)", pyobject_fastcalldict},
    {"pyobject_vectorcall", "(func, args, kwnames, /)", pyobject_vectorcall},
    {"raise_memoryerror", "()", raise_memoryerror},
    {"raise_exception", "(exception, num_args, /)", raise_exception},
    {"make_exception_with_doc", "(name, doc=None, base=None, dict=None)", make_exception_with_doc},
    {"exception_print", "(exception, /)", exception_print},
    {"traceback_print", "(traceback, file, /)", traceback_print},
    {"write_unraisable_exc", "(exception, message, object, /)", write_unraisable_exc},
    {"test_with_docstring", "()", static_nothing, "This is a pretty normal docstring."},
    {"pyvectorcall_call", "(func, args, kwargs=None, /)", pyvectorcall_call},
    {"settrace_to_record", "(list, /)", settrace_to_record},
    {"hamt", "()", hamt},
    {"docstring_no_signature", "()", static_nothing, "This docstring has no signature."},
    {"docstring_with_signature_but_no_doc", "($module, /, sig)", nothing},
    {"docstring_with_signature_with_defaults",
     "($module, /, s='avocado', b=b'bytes', d=3.14, i=35, n=None, t=True, f=False, local=the_number_three, "
     "sys=sys.maxsize, exp=sys.maxsize - 1)",
     nothing, "This docstring has a valid signature with defaults."},
    {"sequence_getitem", "(sequence, index, /)", sequence_getitem},
    {"sequence_setitem", "(sequence, index, value, /)", sequence_setitem},
    {"set_errno", "(errno, /)", set_errno},
    {"call_in_temporary_c_thread", "(callback, wait=True, /)", call_in_temporary_c_thread},
    {"join_temporary_c_thread", "()", join_temporary_c_thread},
    {"PyTime_FromSeconds", "(seconds, /)", time_from_seconds},
    {"PyTime_FromSecondsObject", "(seconds, round, /)", time_from_seconds_object},
    {"PyTime_AsSecondsDouble", "(ns, /)", time_as_seconds},
    {"PyTime_AsTimeval", "(ns, round, /)", time_as_timeval},
    {"PyTime_AsTimeval_clamp", "(ns, round, /)", time_as_timeval},  // 64 bits of ns never pass time_t
    {"PyTime_AsTimespec", "(ns, /)", time_as_timespec},
    {"PyTime_AsTimespec_clamp", "(ns, /)", time_as_timespec},
    {"PyTime_AsMilliseconds", "(ns, round, /)", time_as_milliseconds},
    {"PyTime_AsMicroseconds", "(ns, round, /)", time_as_microseconds},
    {"pytime_object_to_time_t", "(seconds, round, /)", object_to_time_t},
    {"pytime_object_to_timeval", "(seconds, round, /)", object_to_timeval},
    {"pytime_object_to_timespec", "(seconds, round, /)", object_to_timespec},
    {"with_tp_del", "(cls, /)", with_tp_del},
    {"without_gc", "(cls, /)", without_gc},
    {"set_nomemory", "(start, stop=0, /)", set_nomemory},
    {"remove_mem_hooks", "()", remove_mem_hooks},
    {"pymem_getallocatorsname", "()", allocator_name},
    {},
};

const IntConstant kConstants[] = {{"CHAR_MAX", CHAR_MAX},
                                  {"CHAR_MIN", CHAR_MIN},
                                  {"UCHAR_MAX", UCHAR_MAX},
                                  {"SHRT_MAX", SHRT_MAX},
                                  {"SHRT_MIN", SHRT_MIN},
                                  {"USHRT_MAX", USHRT_MAX},
                                  {"INT_MAX", INT_MAX},
                                  {"INT_MIN", INT_MIN},
                                  {"UINT_MAX", UINT_MAX},
                                  {"LONG_MAX", LONG_MAX},
                                  {"LONG_MIN", LONG_MIN},
                                  {"LLONG_MAX", LLONG_MAX},
                                  {"LLONG_MIN", LLONG_MIN},
                                  {"PY_SSIZE_T_MAX", LONG_MAX},
                                  {"PY_SSIZE_T_MIN", LONG_MIN},
                                  {"SIZEOF_TIME_T", sizeof(time_t)},
                                  {"SIZEOF_WCHAR_T", sizeof(wchar_t)},
                                  {"SIZEOF_VOID_P", sizeof(void*)},
                                  {"WITH_PYMALLOC", 0},
                                  {"the_number_three", 3},
                                  {}};

bool execute(Module* module) {
  const std::pair<const char*, double> floats[] = {
      {"FLT_MAX", FLT_MAX}, {"FLT_MIN", FLT_MIN}, {"DBL_MAX", DBL_MAX}, {"DBL_MIN", DBL_MIN}};
  for (auto [name, value] : floats) {
    if (!module_add(module, name, float_from_double(value))) return false;
  }
  Ref<> unsigned_max = call_method(Value::small_int(1), "__lshift__", {Value::small_int(64)});
  if (unsigned_max) unsigned_max = call_method(unsigned_max.value(), "__sub__", {Value::small_int(1)});
  return unsigned_max && module_add(module, "ULONG_MAX", unsigned_max.copy()) &&
         module_add(module, "ULLONG_MAX", std::move(unsigned_max)) && module_add_ints(module, kConstants) &&
         module_add_type(module, &instance_type, &kInstanceSpec) && module_add_type(module, &class_type, &kClassSpec) &&
         module_add_type(module, &static_type, &kStaticSpec) && module_add_type(module, &await_type, &kAwaitSpec) &&
         module_add_type(module, &generic_type, &kGenericSpec) && module_add_type(module, &generic_alias_type, &kAliasSpec) &&
         module_add_type(module, &recorder_type, &kRecorderSpec) && module_add_type(module, &untraversed_type, &kUntraversedSpec);
}

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__testcapi;
const NativeModule ptpython_module__testcapi = {"_testcapi", "What CPython's suite asks of native code.", kFunctions, execute};
}
}  // namespace pt
