// The _thread module: starting threads, identities, the sentinel lock.
#include <climits>
#include <csignal>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gc/platform/memory.h"
#include "vm/modules/signal/signals.h"
#include "vm/modules/signal/signal_state.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/thread/finalizers.h"
#include "vm/modules/thread/locks.h"
#include "vm/modules/thread/workers.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"
#include "vm/types/weakref.h"

namespace pt {

namespace {

constinit std::atomic<size_t> g_stack_size{0};    // 0: the system's default

struct Boot {
  Thread* thread;
  Value function, args, kwargs;  // owned
};

void report_thread_error(Value function) {
  // SystemExit ends a thread silently.
  if (pending_matches(exc::SystemExit)) {
    clear_error();
    return;
  }
  write_unraisable("in thread started by", function);
}

void release_sentinel();

void thread_main(void* argument) {
  auto* boot = static_cast<Boot*>(argument);
  Thread* thread = boot->thread;
  if (!thread_enter(thread)) {
    // No room for one more thread: nothing of Python can run here, so what it was given stays.
    thread->interpreter->threads.fetch_sub(1, std::memory_order_release);
    memory::release(boot);
    return;
  }
  thread->ident = static_cast<uint64_t>(pthread_self());
  {
    Ref<> function = Ref<>::steal(boot->function), args = Ref<>::steal(boot->args), kwargs = Ref<>::steal(boot->kwargs);
    memory::release(boot);
    Ref<> result = call_tuple_dict(function.value(), args.value(), kwargs ? kwargs.value() : Value());
    if (!result) report_thread_error(function.value());
  }
  thread->interpreter->threads.fetch_sub(1, std::memory_order_release);  // pairs with the acquire in end_interpreter
  thread_locals_leave();
  thread_leave(thread, release_sentinel);
}

Ref<> thread_start_new_thread(const Value* a) {
  if (!is_callable(a[0])) return raise(exc::TypeError, "first arg must be callable");
  if (!is_tuple(a[1])) return raise(exc::TypeError, "2nd arg must be a tuple");
  if (!a[2].empty() && !is_dict(a[2])) return raise(exc::TypeError, "optional 3rd arg must be a dictionary");
  if (current_interpreter()->isolated) return raise(exc::RuntimeError, "thread is not supported for isolated subinterpreters");
  Thread* thread = thread_create();
  if (!thread) return Ref<>();
  auto* boot = static_cast<Boot*>(memory::allocate(sizeof(Boot)));
  if (!boot) {
    thread_free(thread);
    return raise_no_memory();
  }
  boot->thread = thread;
  boot->function = Ref<>::retain(a[0]).take();
  boot->args = Ref<>::retain(a[1]).take();
  boot->kwargs = a[2].empty() ? Value() : Ref<>::retain(a[2]).take();
  std::atomic<int64_t>& running = current_interpreter()->threads;
  running.fetch_add(1, std::memory_order_relaxed);
  pthread_t handle;
  if (start_worker(thread_main, boot, g_stack_size.load(std::memory_order_relaxed), &handle) != 0) {
    running.fetch_sub(1, std::memory_order_relaxed);
    Ref<>::steal(boot->function).reset();
    Ref<>::steal(boot->args).reset();
    Ref<>::steal(boot->kwargs).reset();
    memory::release(boot);
    thread_free(thread);
    return raise(exc::RuntimeError, "can't start new thread");
  }
  return int_from_uint64(static_cast<uint64_t>(handle));
}

Ref<> thread_allocate_lock(const Value*) { return lock_new(); }
Ref<> thread_get_ident(const Value*) { return int_from_uint64(current_thread()->ident); }
Ref<> thread_get_native_id(const Value*) { return int_from_int64(syscall(SYS_gettid)); }
Ref<> thread_count(const Value*) { return int_from_int64(current_interpreter()->threads.load(std::memory_order_relaxed)); }
Ref<> thread_exit(const Value*) { return raise_none(exc::SystemExit); }

Ref<> thread_interrupt_main(const Value* a) {
  int number = SIGINT;
  if (!to_cint(a[0], &number)) return Ref<>();
  if (number < 1 || number >= kSignalCount) return raise(exc::ValueError, "signal number out of range");
  // Ignored and default dispositions stay without effect, as for a real signal that Python does not handle.
  if (signal_has_handler(number)) trip_signal(number);
  // On the main thread itself the handler runs before the call returns.
  if (!run_signal_handlers()) return Ref<>();
  return none_ref();
}

Ref<> thread_stack_size(const Value* a) {
  int64_t size = 0;
  if (!a[0].empty()) {
    if (!to_int64(a[0], &size)) return Ref<>();
    if (size < 0) return raise(exc::ValueError, "size must be 0 or a positive value");
  }
  size_t old = g_stack_size.load(std::memory_order_relaxed);
  if (!a[0].empty()) {
    if (size != 0 && size < static_cast<int64_t>(PTHREAD_STACK_MIN) + 16384) {
      return raise(exc::ValueError, "size not valid: %ld bytes", size);
    }
    g_stack_size.store(static_cast<size_t>(size), std::memory_order_relaxed);
  }
  return int_from_int64(static_cast<int64_t>(old));
}

void release_sentinel() {
  Ref<> reference = Ref<>::steal(std::exchange(current_thread()->sentinel, Value()));
  if (!reference) return;
  Ref<> lock = weakref_get(as_weakref(reference.value()));
  if (lock) reinterpret_cast<LockObject*>(lock.value().as_object())->lock.release();
}

Ref<> thread_set_sentinel(const Value*) {
  Ref<> lock = lock_new();
  if (!lock) return Ref<>();
  Ref<> reference = weakref_new(&weakref_type, lock.value(), Value());
  if (!reference) return Ref<>();
  Ref<> old = Ref<>::steal(std::exchange(current_thread()->sentinel, reference.take()));
  return lock;
}

constinit StructSeqType g_hook_args = {};
const StructSeqField kHookFields[] = {{"exc_type", "Exception type"},
                                      {"exc_value", "Exception value"},
                                      {"exc_traceback", "Exception traceback"},
                                      {"thread", "Thread"},
                                      {}};
const StructSeqDef kHookDef = {"_thread._ExceptHookArgs",
                               "ExceptHookArgs\n\nType used to pass arguments to threading.excepthook.", kHookFields, 4};

Ref<> thread_excepthook(const Value* a) {
  if (type_of(a[0]) != &g_hook_args.type) {
    return raise(exc::TypeError, "_thread.excepthook argument type must be ExceptHookArgs");
  }
  Tuple* args = as_tuple(a[0]);
  Value type = args->at(0), value = args->at(1), traceback = args->at(2), thread = args->at(3);
  if (type.is(exc::SystemExit)) return none_ref();
  Ref<> file = sys_get("stderr");
  if (!file || is_none(file.value())) {
    // The file the thread was started with is still good when sys.stderr has gone.
    if (is_none(thread)) return none_ref();
    file = get_attribute(thread, "_stderr");
    if (!file) return Ref<>();
    if (is_none(file.value())) return none_ref();
  }
  Ref<Str> line;
  Ref<> name = is_none(thread) ? Ref<>() : find_attribute(thread, names::name_.str());
  if (!name && error_pending()) clear_error();
  if (name) {
    line = str_format("Exception in thread %V:\n", name.value());
  } else {
    char ident[40];
    __builtin_snprintf(ident, sizeof ident, "%lu", static_cast<unsigned long>(current_thread()->ident));
    line = str_format("Exception in thread %s:\n", ident);
  }
  if (!line || !call_method(file.value(), names::write_.str(), {line.value()})) return Ref<>();
  Ref<> print = import_attribute("traceback", "print_exception");
  if (!print) return Ref<>();
  Ref<> printed = call_values(print.value(), {type, value, traceback, none(), file.value()});
  if (!printed) return Ref<>();
  return call_method(file.value(), names::flush_.str());
}

const NativeDef kFunctions[] = {
    {"start_new_thread", "(function, args, kwargs=None, /)", thread_start_new_thread,
     "Start a new thread and return its identifier."},
    {"start_new", "(function, args, kwargs=None, /)", thread_start_new_thread, "An obsolete synonym of start_new_thread()."},
    {"allocate_lock", "()", thread_allocate_lock, "Create a new lock object."},
    {"allocate", "()", thread_allocate_lock, "An obsolete synonym of allocate_lock()."},
    {"exit_thread", "()", thread_exit, "An obsolete synonym of exit()."},
    {"exit", "()", thread_exit, "Raise SystemExit, which ends the current thread silently unless it is caught."},
    {"interrupt_main", "(signum=2, /)", thread_interrupt_main, "Simulate the arrival of the given signal in the main thread."},
    {"get_ident", "()", thread_get_ident,
     "Return a non-zero integer that uniquely identifies the current thread\namongst other threads that exist simultaneously."},
    {"get_native_id", "()", thread_get_native_id,
     "Return a non-negative integer identifying the thread as reported by the OS (kernel)."},
    {"_count", "()", thread_count},
    {"stack_size", "(size=0, /)", thread_stack_size,
     "Return the thread stack size used when creating new threads, and set it when given."},
    {"_set_sentinel", "()", thread_set_sentinel,
     "Set a sentinel lock that will be released when the current thread\nstate is finalized (after it is untied from the "
     "interpreter)."},
    {"_excepthook", "(args, /)", thread_excepthook, "Handle uncaught Thread.run() exception."},
    {},
};

bool thread_execute(Module* module) {
  add_lock_leaf_forms();
  add_local_leaf_forms();
  return module_add_type(module, &lock_type, &lock_spec) &&
         dict_set_text(module_dict(module), "LockType", Value::object(&lock_type)) &&
         module_add_type(module, &rlock_type, &rlock_spec) && module_add_type(module, &thread_local_type, &thread_local_spec) &&
         dict_delete_str(module_dict(module), intern("lock")) >= 0 &&
         dict_set_text(module_dict(module), "error", Value::object(exc::RuntimeError)) &&
         module_add_structseq(module, &g_hook_args, &kHookDef) &&
         module_add(module, "TIMEOUT_MAX", Ref<>::steal(Value::immediate_float(9223372036.0)));
}

}  // namespace

void thread_module_after_fork() {
  workers_after_fork();
  finalizers_after_fork();
  current_interpreter()->threads.store(0, std::memory_order_relaxed);
}

extern const NativeModule thread_module;
const NativeModule thread_module = {"_thread", "This module provides primitive operations to write multi-threaded programs.",
                                    kFunctions, thread_execute};

}  // namespace pt
