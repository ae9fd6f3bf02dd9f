// The faulthandler module: Python tracebacks on fatal signals, on chosen signals, after a time, or at once.
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>

#include "vm/modules/faulthandler/dump.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/object/names.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt {
namespace {

using faulthandler::dump_all_threads;
using faulthandler::dump_current_thread;
using faulthandler::write_text;

void dump(int fd, bool all) { all ? dump_all_threads(fd) : dump_current_thread(fd); }

// `file` of the functions: a descriptor or an object with fileno(); default sys.stderr. -1 with an exception pending.
int descriptor_of(Value file, Ref<>* keep) {
  Ref<> object;
  if (file.empty() || is_none(file)) {
    object = sys_get("stderr");
    if (!object || is_none(object.value())) {
      if (!error_pending()) raise(exc::RuntimeError, object ? "sys.stderr is None" : "unable to get sys.stderr");
      return -1;
    }
  } else {
    object = Ref<>::retain(file);
  }
  int64_t fd;
  if (is_int(object.value())) {
    if (!to_int64(object.value(), &fd)) return -1;
    if (fd < 0 || fd > INT32_MAX) {
      raise(exc::ValueError, "file is not a valid file descripter");
      return -1;
    }
    return static_cast<int>(fd);
  }
  Ref<> number = call_method(object.value(), "fileno");
  if (!number) return -1;
  if (!is_int(number.value()) || !int_to_int64(number.value(), &fd) || fd < 0 || fd > INT32_MAX) {
    raise(exc::RuntimeError, "file.fileno() is not a valid file descriptor");
    return -1;
  }
  Ref<> flushed = call_method(object.value(), names::flush_.str());
  if (!flushed) clear_error();
  *keep = std::move(object);
  return static_cast<int>(fd);
}

void keep_file(Value* slot, Ref<> file) {
  Ref<> old = Ref<>::steal(*slot);
  *slot = file.take();
}

// ---- fatal signals -----------------------------------------------------------------------------------------------------------

struct FatalSignal {
  int number;
  const char* name;
  struct sigaction previous;
};
FatalSignal g_fatal[] = {{SIGBUS, "Bus error", {}},
                         {SIGILL, "Illegal instruction", {}},
                         {SIGFPE, "Floating point exception", {}},
                         {SIGABRT, "Aborted", {}},
                         {SIGSEGV, "Segmentation fault", {}}};
constinit std::atomic<bool> g_fatal_enabled{false};
constinit std::atomic<int> g_fatal_fd{-1};
constinit std::atomic<bool> g_fatal_all{true};
constinit Value g_fatal_file;  // owned; the main thread's business

void restore_fatal() {
  for (FatalSignal& signal : g_fatal) sigaction(signal.number, &signal.previous, nullptr);
}

void on_fatal(int number) {
  int saved = errno;
  const char* name = "unknown";
  for (FatalSignal& signal : g_fatal) {
    if (signal.number != number) continue;
    name = signal.name;
    sigaction(number, &signal.previous, nullptr);
  }
  int fd = g_fatal_fd.load(std::memory_order_relaxed);
  write_text(fd, "Fatal Python error: ");
  write_text(fd, name);
  write_text(fd, "\n\n");
  dump(fd, g_fatal_all.load(std::memory_order_relaxed));
  errno = saved;
  ::raise(number);
}

Ref<> enable(const Value* a) {
  bool all = true;
  if (!a[1].empty() && !to_bool(a[1], &all)) return Ref<>();
  Ref<> file;
  int fd = descriptor_of(a[0], &file);
  if (fd < 0) return Ref<>();
  keep_file(&g_fatal_file, std::move(file));
  g_fatal_fd.store(fd, std::memory_order_relaxed);
  g_fatal_all.store(all, std::memory_order_relaxed);
  if (g_fatal_enabled.exchange(true, std::memory_order_acq_rel)) return none_ref();
  // The stack may be what has run out.
  static constinit stack_t stack{};
  if (!stack.ss_sp) {
    stack.ss_size = 64 * 1024;
    stack.ss_sp = std::malloc(stack.ss_size);
    if (stack.ss_sp) sigaltstack(&stack, nullptr);
  }
  for (FatalSignal& signal : g_fatal) {
    struct sigaction action{};
    action.sa_handler = on_fatal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_NODEFER | (stack.ss_sp ? SA_ONSTACK : 0);
    if (sigaction(signal.number, &action, &signal.previous) != 0) return raise_errno(exc::RuntimeError);
  }
  return none_ref();
}
Ref<> disable(const Value*) {
  bool was = g_fatal_enabled.exchange(false, std::memory_order_acq_rel);
  if (was) restore_fatal();
  keep_file(&g_fatal_file, Ref<>());
  return bool_ref(was);
}
Ref<> is_enabled(const Value*) { return bool_ref(g_fatal_enabled.load(std::memory_order_acquire)); }

Ref<> dump_traceback(const Value* a) {
  bool all = true;
  if (!a[1].empty() && !to_bool(a[1], &all)) return Ref<>();
  Ref<> file;
  int fd = descriptor_of(a[0], &file);
  if (fd < 0) return Ref<>();
  dump(fd, all);
  return none_ref();
}

// ---- after a time ------------------------------------------------------------------------------------------------------------

struct Watchdog {
  std::mutex mutex;
  std::condition_variable changed;
  std::thread thread;
  bool cancelled = false;
  Value file;  // owned by whoever starts and cancels
};
Watchdog& watchdog() {
  static Watchdog* made = new Watchdog;
  return *made;
}

void cancel_watchdog() {
  Watchdog& w = watchdog();
  {
    std::lock_guard guard(w.mutex);
    w.cancelled = true;
  }
  w.changed.notify_all();
  if (w.thread.joinable()) {
    Detached detached;
    w.thread.join();
  }
  keep_file(&w.file, Ref<>());
}

void watch(int64_t microseconds, bool repeat, int fd, bool exits, std::string header) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  Watchdog& w = watchdog();
  std::unique_lock lock(w.mutex);
  do {
    if (w.changed.wait_for(lock, std::chrono::microseconds(microseconds), [&] { return w.cancelled; })) return;
    write_text(fd, header.c_str());
    dump_all_threads(fd);
    if (exits) _exit(1);
  } while (repeat);
}

Ref<> dump_traceback_later(const Value* a) {
  double seconds;
  if (!to_double(a[0], &seconds)) return Ref<>();
  bool repeat = false, exits = false;
  if (!a[1].empty() && !to_bool(a[1], &repeat)) return Ref<>();
  if (!a[3].empty() && !to_bool(a[3], &exits)) return Ref<>();
  if (!(seconds > 0)) return raise(exc::ValueError, "timeout must be greater than 0");
  if (seconds > 1e9) return raise(exc::OverflowError, "timeout value is too large");
  auto microseconds = static_cast<int64_t>(seconds * 1e6);
  if (microseconds == 0) return raise(exc::ValueError, "timeout must be greater than 0");
  Ref<> file;
  int fd = descriptor_of(a[2], &file);
  if (fd < 0) return Ref<>();
  cancel_watchdog();
  char header[64];
  int64_t whole = microseconds / 1000000, rest = microseconds % 1000000;
  int written = std::snprintf(header, sizeof(header), "Timeout (%ld:%02ld:%02ld", static_cast<long>(whole / 3600),
                              static_cast<long>(whole / 60 % 60), static_cast<long>(whole % 60));
  if (rest)
    written += std::snprintf(header + written, sizeof(header) - static_cast<size_t>(written), ".%06ld", static_cast<long>(rest));
  std::snprintf(header + written, sizeof(header) - static_cast<size_t>(written), ")!\n");
  Watchdog& w = watchdog();
  w.cancelled = false;
  keep_file(&w.file, std::move(file));
  w.thread = std::thread(watch, microseconds, repeat, fd, exits, std::string(header));
  return none_ref();
}
Ref<> cancel_dump_traceback_later(const Value*) {
  cancel_watchdog();
  return none_ref();
}

// ---- chosen signals ----------------------------------------------------------------------------------------------------------

struct UserSignal {
  std::atomic<bool> enabled{false};
  std::atomic<int> fd{-1};
  std::atomic<bool> all{true}, chain{false};
  struct sigaction previous{};
  Value file;  // owned
};
constinit UserSignal g_user[NSIG];

void on_user(int number) {
  int saved = errno;
  UserSignal& user = g_user[number];
  if (!user.enabled.load(std::memory_order_acquire)) return;
  dump(user.fd.load(std::memory_order_relaxed), user.all.load(std::memory_order_relaxed));
  if (user.chain.load(std::memory_order_relaxed)) {
    // The handler before takes its turn, then this one is back.
    struct sigaction own{};
    sigaction(number, &user.previous, &own);
    errno = saved;
    ::raise(number);
    saved = errno;
    sigaction(number, &own, nullptr);
  }
  errno = saved;
}

bool check_signal(int64_t number) {
  for (FatalSignal& signal : g_fatal) {
    if (signal.number == number) {
      return raise(exc::RuntimeError, "signal %d cannot be registered, use enable() instead", static_cast<int>(number));
    }
  }
  if (number < 1 || number >= NSIG) return raise(exc::ValueError, "signal number out of range");
  return true;
}

Ref<> register_signal(const Value* a) {
  int64_t number;
  bool all = true, chain = false;
  if (!to_int64(a[0], &number) || !check_signal(number)) return Ref<>();
  if (!a[2].empty() && !to_bool(a[2], &all)) return Ref<>();
  if (!a[3].empty() && !to_bool(a[3], &chain)) return Ref<>();
  Ref<> file;
  int fd = descriptor_of(a[1], &file);
  if (fd < 0) return Ref<>();
  UserSignal& user = g_user[number];
  user.fd.store(fd, std::memory_order_relaxed);
  user.all.store(all, std::memory_order_relaxed);
  user.chain.store(chain, std::memory_order_relaxed);
  keep_file(&user.file, std::move(file));
  if (!user.enabled.load(std::memory_order_acquire)) {
    struct sigaction action{};
    action.sa_handler = on_user;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART | (chain ? SA_NODEFER : 0);
    if (sigaction(static_cast<int>(number), &action, &user.previous) != 0) return raise_errno(exc::OSError);
    user.enabled.store(true, std::memory_order_release);  // pairs with the acquire in on_user
  }
  return none_ref();
}
Ref<> unregister_signal(const Value* a) {
  int64_t number;
  if (!to_int64(a[0], &number) || !check_signal(number)) return Ref<>();
  UserSignal& user = g_user[number];
  bool was = user.enabled.exchange(false, std::memory_order_acq_rel);
  if (was) sigaction(static_cast<int>(number), &user.previous, nullptr);
  keep_file(&user.file, Ref<>());
  return bool_ref(was);
}

// ---- for tests ---------------------------------------------------------------------------------------------------------------

template <int Signal>
Ref<> raise_fatal(const Value*) {
  ::raise(Signal);
  return none_ref();
}
Ref<> read_null(const Value*) {
  volatile int* nowhere = nullptr;
  return int_from_int64(*nowhere);
}

const NativeDef kFunctions[] = {
    {"enable", "(file=sys.stderr, all_threads=True)", enable, "Shows the traceback when the process dies of a fatal signal."},
    {"disable", "()", disable, "Takes the handlers of fatal signals away."},
    {"is_enabled", "()", is_enabled, "Are the handlers of fatal signals installed?"},
    {"dump_traceback", "(file=sys.stderr, all_threads=True)", dump_traceback,
     "Writes the traceback of the current thread, or of all."},
    {"dump_traceback_later", "(timeout, repeat=False, file=sys.stderr, exit=False)", dump_traceback_later,
     "Writes the tracebacks of all threads after `timeout` seconds, or every `timeout` seconds."},
    {"cancel_dump_traceback_later", "()", cancel_dump_traceback_later, "Takes back the last dump_traceback_later()."},
    {"register", "(signum, file=sys.stderr, all_threads=True, chain=False)", register_signal,
     "Shows the traceback at each signal `signum`."},
    {"unregister", "(signum, /)", unregister_signal, "Takes back register()."},
    {"_read_null", "()", read_null, "Reads from address 0."},
    {"_sigsegv", "(release_gil=False, /)", raise_fatal<SIGSEGV>, "Sends the process a SIGSEGV."},
    {"_sigabrt", "()", raise_fatal<SIGABRT>, "Sends the process a SIGABRT."},
    {"_sigfpe", "()", raise_fatal<SIGFPE>, "Sends the process a SIGFPE."},
    {}};

}  // namespace

extern const NativeModule faulthandler_module;
const NativeModule faulthandler_module = {"faulthandler", "faulthandler module.", kFunctions};

}  // namespace pt
