// The sys module: its functions and its set-up.
#include <dlfcn.h>

#include "gc/collector/collector.h"
#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "vm/interp/trace.h"
#include "vm/modules/signal/signals.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/sys/sys_internal.h"
#include "vm/object/handled.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/float.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

constinit std::atomic<double> g_switch_interval{0.005};
constinit std::atomic<int> g_dlopen_flags{RTLD_NOW};

Ref<> or_none(Value v) { return v.empty() ? none_ref() : Ref<>::retain(v); }

// ---- exceptions -------------------------------------------------------------------------------------------------------

Ref<> sys_exc_info(const Value*) {
  Value handled = handled_exception(current_thread());
  if (handled.empty()) return tuple_of({none(), none(), none()});
  Ref<> traceback = exception_traceback(handled);
  return tuple_of({Value::object(type_of(handled)), handled, traceback ? traceback.value() : none()});
}
Ref<> sys_exception(const Value*) { return or_none(handled_exception(current_thread())); }

Ref<> sys_exit(const Value* a) {
  if (!given(a[0])) return raise_none(exc::SystemExit);
  Ref<> exception;
  if (is_tuple(a[0]))
    exception = call_tuple_dict(Value::object(exc::SystemExit), a[0], Value());
  else
    exception = call1(Value::object(exc::SystemExit), a[0]);
  return exception ? raise_object(exception.value()) : Raised{};
}

// ---- frames and threads -----------------------------------------------------------------------------------------------

Ref<> sys_getframe(const Value* a) {
  int depth = 0;
  if (!to_cint(a[0], &depth)) return Ref<>();
  Ref<> frame = current_frame(depth < 0 ? 0 : depth);
  if (!frame) return error_pending() ? Ref<>() : raise(exc::ValueError, "call stack is not deep enough");
  if (!audit("sys._getframe", {frame.value()})) return Ref<>();
  return frame;
}

struct ThreadSnapshot {
  uint64_t ident;
  Value value;  // owned
};
// ident -> what `of` gives for each thread, taken with the world stopped.
Ref<> per_thread(Ref<> (*of)(Thread*)) {
  Ref<Dict> result = dict_new();
  if (!result) return Ref<>();
  constexpr int kMost = 4096;
  auto* found = static_cast<ThreadSnapshot*>(memory::allocate(sizeof(ThreadSnapshot) * kMost));
  if (!found) return raise_no_memory();
  struct Context {
    ThreadSnapshot* found;
    int count;
    Ref<> (*of)(Thread*);
  } context{found, 0, of};
  {
    StopTheWorld stop;
    for_each_mutator(
        [](Mutator* mutator, void* c) {
          auto* into = static_cast<Context*>(c);
          if (into->count == kMost) return;
          auto* thread = static_cast<Thread*>(mutator);
          Ref<> value = into->of(thread);
          if (value) into->found[into->count++] = {thread->ident, value.take()};
        },
        &context);
  }
  bool ok = true;
  for (int i = 0; i < context.count; ++i) {
    Ref<> value = Ref<>::steal(found[i].value), key = int_from_uint64(found[i].ident);
    ok = ok && key && dict_set(result.get(), key.value(), value.value());
  }
  memory::release(found);
  return ok ? Ref<>(std::move(result)) : Ref<>();
}
Ref<> sys_current_frames(const Value*) {
  if (!audit("sys._current_frames")) return Ref<>();
  return per_thread([](Thread* thread) { return thread_frame(thread); });
}
Ref<> sys_current_exceptions(const Value*) {
  if (!audit("sys._current_exceptions")) return Ref<>();
  Ref<> exceptions = per_thread([](Thread* thread) { return or_none(handled_exception(thread)); });
  if (!exceptions) return Ref<>();
  // As (type, value, traceback).
  Ref<Dict> result = dict_new();
  int64_t position = 0;
  Ref<> key, value;
  while (result && dict_next(as_dict(exceptions.value()), &position, &key, &value)) {
    Ref<Tuple> info;
    if (is_none(value.value())) {
      info = tuple_of({none(), none(), none()});
    } else {
      Ref<> traceback = exception_traceback(value.value());
      info = tuple_of({Value::object(type_of(value.value())), value.value(), traceback ? traceback.value() : none()});
    }
    if (!info || !dict_set(result.get(), key.value(), info.value())) return Ref<>();
  }
  return result;
}

void set_owned(Value* slot, Value v) {
  Ref<> old = Ref<>::steal(*slot);
  *slot = given(v) ? Ref<>::retain(v).take() : Value();
}
// The end of the function that was there may run code that comes here again: the first call prevails.
bool install_function(Value* slot, Value v, const char* kind, bool* installing) {
  if (*installing) {
    return raise(exc::RuntimeError, "Cannot install a %s function while another %s function is being installed", kind, kind);
  }
  *installing = true;
  set_owned(slot, Value());
  set_owned(slot, v);
  *installing = false;
  trace_changed(current_thread());
  return true;
}
Ref<> sys_settrace(const Value* a) {
  static thread_local bool installing = false;
  if (!audit("sys.settrace")) return Ref<>();
  return install_function(&current_thread()->trace_function, a[0], "trace", &installing) ? none_ref() : Ref<>();
}
Ref<> sys_gettrace(const Value*) { return or_none(current_thread()->trace_function); }
Ref<> sys_setprofile(const Value* a) {
  static thread_local bool installing = false;
  if (!audit("sys.setprofile")) return Ref<>();
  return install_function(&current_thread()->profile_function, a[0], "profile", &installing) ? none_ref() : Ref<>();
}
Ref<> sys_getprofile(const Value*) { return or_none(current_thread()->profile_function); }
Ref<> sys_call_tracing(const Value* a) {
  if (!is_tuple(a[1])) return raise(exc::TypeError, "call_tracing() argument 2 must be tuple, not %T", a[1]);
  return call_tuple_dict(a[0], a[1], Value());
}

Ref<> sys_getrecursionlimit(const Value*) {
  return int_from_int64(current_interpreter()->recursion_limit.load(std::memory_order_relaxed));
}
Ref<> sys_setrecursionlimit(const Value* a) {
  int limit = 0;
  if (!to_cint(a[0], &limit)) return Ref<>();
  if (limit < 1) return raise(exc::ValueError, "recursion limit must be greater or equal than 1");
  Thread* thread = current_thread();
  int64_t depth = thread->record - thread->record_base + 1;
  if (depth >= limit) {
    return raise(exc::RecursionError, "cannot set the recursion limit to %d at the recursion depth %ld: the limit is too low",
                 limit, depth);
  }
  set_recursion_limit(limit);
  return none_ref();
}
Ref<> sys_setswitchinterval(const Value* a) {
  double interval;
  if (!to_double(a[0], &interval)) return Ref<>();
  if (!(interval > 0)) return raise(exc::ValueError, "switch interval must be strictly positive");
  // Threads run in parallel: nothing is switched.
  g_switch_interval.store(interval, std::memory_order_relaxed);
  return none_ref();
}
Ref<> sys_getswitchinterval(const Value*) { return float_from_double(g_switch_interval.load(std::memory_order_relaxed)); }

// ---- asynchronous generators and coroutines ------------------------------------------------------------------------

constinit StructSeqType g_async_hooks = {};
const StructSeqField kAsyncHookFields[] = {
    {"firstiter", "Hook to intercept first iteration"}, {"finalizer", "Hook to intercept finalization"}, {}};
const StructSeqDef kAsyncHooksDef = {"asyncgen_hooks",
                                     "asyncgen_hooks\n\nA named tuple providing information about asynchronous\n"
                                     "generators hooks.  The attributes are read only.",
                                     kAsyncHookFields, 2};

Ref<> sys_get_asyncgen_hooks(const Value*) {
  Value values[] = {current_thread()->async_generator_hooks.first_iter, current_thread()->async_generator_hooks.finalizer};
  return structseq_new(&g_async_hooks, values, 2);
}
Ref<> sys_set_asyncgen_hooks(const Value* a) {
  if (given(a[1]) && !is_callable(a[1])) return raise(exc::TypeError, "callable finalizer expected, got %T", a[1]);
  if (given(a[0]) && !is_callable(a[0])) return raise(exc::TypeError, "callable firstiter expected, got %T", a[0]);
  if (!a[1].empty()) {
    if (!audit("sys.set_asyncgen_hooks_finalizer")) return Ref<>();
    set_owned(&current_thread()->async_generator_hooks.finalizer, a[1]);
  }
  if (!a[0].empty()) {
    if (!audit("sys.set_asyncgen_hooks_firstiter")) return Ref<>();
    set_owned(&current_thread()->async_generator_hooks.first_iter, a[0]);
  }
  return none_ref();
}
Ref<> sys_set_coroutine_origin_tracking_depth(const Value* a) {
  int depth = 0;
  if (!to_cint(a[0], &depth)) return Ref<>();
  if (depth < 0) return raise(exc::ValueError, "depth must be >= 0");
  current_thread()->coroutine_origin_depth = depth;
  return none_ref();
}
Ref<> sys_get_coroutine_origin_tracking_depth(const Value*) { return int_from_int64(current_thread()->coroutine_origin_depth); }

// ---- objects ------------------------------------------------------------------------------------------------------

Ref<> sys_getrefcount(const Value* a) {
  if (!a[0].is_object()) return int_from_int64(1'000'000'000);
  if (a[0].as_object()->is_immortal()) return int_from_int64(1'000'000'000);
  return int_from_int64(reference_count(a[0].as_object()) + 1);
}

Ref<> sys_getsizeof(const Value* a) {
  auto measure = [&]() -> Ref<> {
    Ref<> method = lookup_special(a[0], names::sizeof_dunder.str());
    if (!method) {
      if (error_pending()) return Ref<>();
      return raise(exc::TypeError, "Type %T doesn't define __sizeof__", a[0]);
    }
    Ref<> size = call0(method.value());
    if (!size) return Ref<>();
    size = index(size.value());
    if (!size) return Ref<>();
    if (int_sign(size.value()) < 0) return raise(exc::ValueError, "__sizeof__() should return >= 0");
    int64_t fits;
    if (!int_to_int64(size.value(), &fits)) return raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
    return size;
  };
  Ref<> size = measure();
  if (!size && !a[1].empty() && clear_if(exc::TypeError)) return Ref<>::retain(a[1]);
  return size;
}

Ref<> sys_intern(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "intern() argument must be str, not %T", a[0]);
  if (!is_exact_str(a[0])) return raise(exc::TypeError, "can't intern %T", a[0]);
  return Ref<>::retain(Value::object(intern(Ref<Str>::retain(as_str(a[0])))));
}

Ref<> sys_getallocatedblocks(const Value*) { return int_from_int64(static_cast<int64_t>(heap_statistics().live_objects)); }
Ref<> sys_getdefaultencoding(const Value*) { return str_from_ascii("utf-8"); }
Ref<> sys_getfilesystemencodeerrors(const Value*) { return str_from_ascii("surrogateescape"); }
Ref<> sys_get_int_max_str_digits(const Value*) { return int_from_int64(int_max_str_digits()); }
Ref<> sys_set_int_max_str_digits(const Value* a) {
  int digits = 0;
  if (!to_cint(a[0], &digits)) return Ref<>();
  if (digits != 0 && digits < 640) return raise(exc::ValueError, "maxdigits must be 0 or larger than 640");
  set_int_max_str_digits(digits);
  return none_ref();
}
Ref<> sys_is_finalizing(const Value*) { return bool_ref(is_finalizing()); }
Ref<> sys_getdlopenflags(const Value*) { return int_from_int64(g_dlopen_flags.load(std::memory_order_relaxed)); }
Ref<> sys_setdlopenflags(const Value* a) {
  int flags = 0;
  if (!to_cint(a[0], &flags)) return Ref<>();
  g_dlopen_flags.store(flags, std::memory_order_relaxed);
  return none_ref();
}
Ref<> sys_nothing(const Value*) { return none_ref(); }
Ref<> sys_zero(const Value*) { return int_from_int64(0); }

}  // namespace

const NativeDef kSysFunctions[] = {
    {"_clear_type_cache", "()", sys_nothing, "Clear the internal type lookup cache."},
    {"_current_exceptions", "()", sys_current_exceptions,
     "Return a dict mapping each identifier of each thread to its handled exception."},
    {"_current_frames", "()", sys_current_frames, "Return a dict mapping each thread's thread id to its current stack frame."},
    {"_debugmallocstats", "()", sys_nothing, "Print debug info to stderr about the state of memory allocation."},
    {"_getframe", "(depth=0, /)", sys_getframe,
     "Return a frame object from the call stack.\n\nIf optional integer depth is given, return the frame object that many\ncalls "
     "below the top of the stack."},
    {"_getquickenedcount", "()", sys_zero},
    {"call_tracing", "(func, args, /)", sys_call_tracing, "Call func(*args), while tracing is enabled."},
    {"exc_info", "()", sys_exc_info, "Return current exception information: (type, value, traceback)."},
    {"exception", "()", sys_exception,
     "Return the current exception.\n\nReturn the most recent exception caught by an except clause\nin the current stack frame "
     "or in an older stack frame, or None\nif no such clause exists."},
    {"exit", "(status=None, /)", sys_exit, "Exit the interpreter by raising SystemExit(status)."},
    {"get_asyncgen_hooks", "()", sys_get_asyncgen_hooks, "Return the installed asynchronous generators hooks."},
    {"get_coroutine_origin_tracking_depth", "()", sys_get_coroutine_origin_tracking_depth,
     "Check status of origin tracking for coroutine objects in this thread."},
    {"get_int_max_str_digits", "()", sys_get_int_max_str_digits,
     "Return the maximum string digits limit for non-binary int<->str conversions."},
    {"getallocatedblocks", "()", sys_getallocatedblocks, "Return the number of memory blocks currently allocated."},
    {"getdefaultencoding", "()", sys_getdefaultencoding,
     "Return the current default encoding used by the Unicode implementation."},
    {"getdlopenflags", "()", sys_getdlopenflags, "Return the current value of the flags that are used for dlopen calls."},
    {"getfilesystemencodeerrors", "()", sys_getfilesystemencodeerrors,
     "Return the error mode used for Unicode to filename conversion."},
    {"getfilesystemencoding", "()", sys_getdefaultencoding,
     "Return the encoding used to convert Unicode filenames to OS filenames."},
    {"getprofile", "()", sys_getprofile, "Return the profiling function set with sys.setprofile."},
    {"getrecursionlimit", "()", sys_getrecursionlimit, "Return the current value of the recursion limit."},
    {"getrefcount", "(object, /)", sys_getrefcount, "Return the reference count of object."},
    {"getsizeof", "(object, default=-1)", sys_getsizeof,
     "getsizeof(object [, default]) -> int\n\nReturn the size of object in bytes."},
    {"getswitchinterval", "()", sys_getswitchinterval, "Return the current thread switch interval; see sys.setswitchinterval()."},
    {"gettrace", "()", sys_gettrace, "Return the global debug tracing function set with sys.settrace."},
    {"intern", "(string, /)", sys_intern, "``Intern'' the given string."},
    {"is_finalizing", "()", sys_is_finalizing, "Return True if Python is exiting."},
    {"set_asyncgen_hooks", "(firstiter=None, finalizer=None)", sys_set_asyncgen_hooks,
     "Set a finalizer for async generators objects."},
    {"set_coroutine_origin_tracking_depth", "(depth)", sys_set_coroutine_origin_tracking_depth,
     "Enable or disable origin tracking for coroutine objects in this thread."},
    {"set_int_max_str_digits", "(maxdigits)", sys_set_int_max_str_digits,
     "Set the maximum string digits limit for non-binary int<->str conversions."},
    {"setdlopenflags", "(flags, /)", sys_setdlopenflags, "Set the flags used by the interpreter for dlopen calls."},
    {"setprofile", "(function, /)", sys_setprofile, "Set the profiling function."},
    {"setrecursionlimit", "(limit, /)", sys_setrecursionlimit, "Set the maximum depth of the Python interpreter stack to n."},
    {"setswitchinterval", "(interval, /)", sys_setswitchinterval,
     "Set the ideal thread switching delay inside the Python interpreter."},
    {"settrace", "(function, /)", sys_settrace, "Set the global debug tracing function."},
    {},
};

Dict* sys_dict() { return of_interpreter<Dict>(PerInterpreter::kSysDict); }
Dict* sys_modules() { return of_interpreter<Dict>(PerInterpreter::kModules); }
Module* sys_module_object() { return of_interpreter<Module>(PerInterpreter::kSys); }
Module* builtins_module_object() { return of_interpreter<Module>(PerInterpreter::kBuiltins); }
void set_finalizing() { current_interpreter()->finalizing.store(true, std::memory_order_release); }
bool is_finalizing() { return current_interpreter()->finalizing.load(std::memory_order_acquire); }

Ref<> sys_get(const char* name) {
  Dict* dict = sys_dict();
  return dict ? dict_get_str(dict, intern(name)) : Ref<>();
}
bool sys_set(const char* name, Value value) {
  Dict* dict = sys_dict();
  if (!dict) return raise(exc::RuntimeError, "lost sys module");
  if (!value.empty()) return dict_set_text(dict, name, value);
  return dict_delete_str(dict, intern(name)) >= 0;
}

bool init_sys() {
  static const NativeModule kSys = {"sys",
                                    "This module provides access to some objects used or maintained by the\n"
                                    "interpreter and to functions that interact strongly with the interpreter.",
                                    kSysFunctions};
  Ref<Module> module = native_module_import(kSys);
  if (!module) return false;
  Dict* d = module_dict(module.get());
  Ref<Dict> modules = dict_new();
  if (!modules || !dict_set_text(modules.get(), "sys", module.value()) ||
      !dict_set_text(modules.get(), "builtins", Value::object(builtins_module_object())) ||
      !dict_set_text(d, "modules", modules.value())) {
    return false;
  }
  Interpreter* interpreter = current_interpreter();
  interpreter->keep(PerInterpreter::kSysDict, Ref<>::retain(Value::object(d)));
  interpreter->keep(PerInterpreter::kSys, std::move(module));
  interpreter->keep(PerInterpreter::kModules, std::move(modules));
  for (const char* name : {"path", "meta_path", "path_hooks"}) {
    Ref<List> list = list_new();
    if (!list || !dict_set_text(d, name, list.value())) return false;
  }
  Ref<Dict> cache = dict_new();
  if (!cache || !dict_set_text(d, "path_importer_cache", cache.value())) return false;
  if (g_config.int_max_str_digits >= 0) set_int_max_str_digits(static_cast<int>(g_config.int_max_str_digits));
  return init_structseq(&g_async_hooks, &kAsyncHooksDef) && sys_add_values(d) && sys_add_hooks(d);
}

}  // namespace pt
