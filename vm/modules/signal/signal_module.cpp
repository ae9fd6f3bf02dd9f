// The _signal module.
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <fcntl.h>
#include <cmath>

#include "gc/heap/heap.h"
#include "vm/modules/signal/signal_state.h"
#include "vm/modules/signal/signals.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/set.h"
#include "vm/types/structseq.h"

namespace pt {
namespace {

constinit Field g_itimer_error;  // the class; set once

// Kinds of handler values.
bool is_int_value(Value v, int64_t expected) {
  int64_t i;
  return is_exact_int(v) && int_to_int64(v, &i) && i == expected;
}

bool check_number(Value v, int* number) {
  if (!to_cint(v, number)) return false;
  if (*number < 1 || *number >= kSignalCount) return raise(exc::ValueError, "signal number out of range");
  return true;
}

bool on_main_thread() {
  return current_thread() == g_signals.main_thread.load(std::memory_order_relaxed) && in_main_interpreter();
}

void install(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigaction(number, &action, nullptr);
}
bool install_checked(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  return sigaction(number, &action, nullptr) == 0;
}

Ref<> signal_default_int_handler(const Value*) { return raise_none(exc::KeyboardInterrupt); }
const NativeDef kDefaultIntHandler = {"default_int_handler", "(signalnum, frame, /)", signal_default_int_handler,
                                      "The default handler for SIGINT installed by Python.\n\nIt raises KeyboardInterrupt."};

Ref<> signal_signal(const Value* a) {
  int number;
  if (!to_cint(a[0], &number)) return Ref<>();
  if (!on_main_thread()) return raise(exc::ValueError, "signal only works in main thread of the main interpreter");
  if (number < 1 || number >= kSignalCount) return raise(exc::ValueError, "signal number out of range");
  void (*handler)(int);
  if (is_int_value(a[1], 1)) {
    handler = SIG_IGN;
  } else if (is_int_value(a[1], 0)) {
    handler = SIG_DFL;
  } else if (is_callable(a[1])) {
    handler = signal_c_handler;
  } else {
    return raise(exc::TypeError, "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object");
  }
  // What came before belongs to the old handler.
  if (!run_signal_handlers()) return Ref<>();
  if (!install_checked(number, handler)) return raise_os_error();
  Ref<> old;
  {
    LockGuard guard(g_signals.holder);
    old = g_signals.handlers[number].exchange_locked(Ref<>::retain(a[1]));
  }
  return old ? std::move(old) : none_ref();
}

Ref<> signal_getsignal(const Value* a) {
  int number;
  if (!check_number(a[0], &number)) return Ref<>();
  Ref<> handler = g_signals.handlers[number].load(g_signals.holder);
  return handler ? std::move(handler) : none_ref();
}

Ref<> signal_alarm(const Value* a) {
  int seconds;
  if (!to_cint(a[0], &seconds)) return Ref<>();
  return int_from_int64(alarm(static_cast<unsigned>(seconds)));
}

bool to_interval(Value v, timeval* out) {
  int64_t ns = 0;
  if (!v.empty() && !seconds_to_ns(v, Rounding::kCeiling, &ns)) return false;
  *out = ns_to_timeval(ns, Rounding::kCeiling);
  return true;
}

Ref<> from_itimerval(const itimerval& t) {
  auto seconds = [](const timeval& v) {
    return float_from_double(static_cast<double>(v.tv_sec) + static_cast<double>(v.tv_usec) * 1e-6);
  };
  Ref<> value = seconds(t.it_value), interval = seconds(t.it_interval);
  return tuple_of({value.value(), interval.value()});
}

Raised raise_itimer_error() {
  Ref<> error_number = int_from_int64(errno);
  Ref<Str> text = str_from_utf8(std::strerror(errno));
  if (!text) return {};
  Ref<> e = call_values(g_itimer_error.peek(), {error_number.value(), text.value()});
  return e ? raise_object(e.value()) : Raised{};
}

Ref<> signal_setitimer(const Value* a) {
  int which;
  itimerval wanted, old;
  if (!to_cint(a[0], &which) || !to_interval(a[1], &wanted.it_value) || !to_interval(a[2], &wanted.it_interval)) return Ref<>();
  if (setitimer(static_cast<__itimer_which_t>(which), &wanted, &old) != 0) return raise_itimer_error();
  return from_itimerval(old);
}

Ref<> signal_getitimer(const Value* a) {
  int which;
  itimerval old;
  if (!to_cint(a[0], &which)) return Ref<>();
  if (getitimer(static_cast<__itimer_which_t>(which), &old) != 0) return raise_itimer_error();
  return from_itimerval(old);
}

Ref<> signal_raise_signal(const Value* a) {
  int number;
  if (!to_cint(a[0], &number)) return Ref<>();
  if (::raise(number) != 0) return raise_os_error();
  if (!run_signal_handlers()) return Ref<>();
  return none_ref();
}

Ref<> signal_strsignal(const Value* a) {
  int number;
  if (!check_number(a[0], &number)) return Ref<>();
  errno = 0;
  const char* text = strsignal(number);
  if (errno || !text || std::strstr(text, "Unknown signal")) return none_ref();
  return str_from_utf8(text);
}

Ref<> signal_siginterrupt(const Value* a) {
  int number;
  int flag;
  if (!to_cint(a[0], &number) || !to_cint(a[1], &flag)) return Ref<>();
  if (number < 1 || number >= kSignalCount) return raise(exc::ValueError, "signal number out of range");
  struct sigaction action;
  if (sigaction(number, nullptr, &action) != 0) return raise_os_error();
  if (flag)
    action.sa_flags &= ~SA_RESTART;
  else
    action.sa_flags |= SA_RESTART;
  if (sigaction(number, &action, nullptr) != 0) return raise_os_error();
  return none_ref();
}

Ref<> signal_set_wakeup_fd(const Value* a) {
  int fd;
  bool warn_full = true;
  if (!to_cint(a[0], &fd) || !to_flag(a[1], &warn_full)) return Ref<>();
  if (!on_main_thread()) return raise(exc::ValueError, "set_wakeup_fd only works in main thread of the main interpreter");
  bool is_socket = false;
  if (fd != -1) {
    struct stat status;
    if (fstat(fd, &status) != 0) return raise_os_error();
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return raise_os_error();
    if (!(flags & O_NONBLOCK)) return raise(exc::ValueError, "the fd %d must be in non-blocking mode", fd);
    is_socket = S_ISSOCK(status.st_mode);
  }
  int old = g_signals.wakeup_fd.exchange(fd, std::memory_order_relaxed);
  g_signals.wakeup_is_socket.store(is_socket, std::memory_order_relaxed);
  g_signals.warn_on_full_buffer.store(warn_full, std::memory_order_relaxed);
  return int_from_int64(old);
}

Ref<> signal_pause(const Value*) {
  {
    DetachedToWait detached;
    pause();
  }
  if (!run_signal_handlers()) return Ref<>();
  return none_ref();
}

bool to_sigset(Value iterable, sigset_t* set) {
  sigemptyset(set);
  return for_each(iterable, [&](Value item) {
    Ref<> number_object = index(item);
    if (!number_object) return false;
    int64_t number;
    bool fits = int_to_int64(number_object.value(), &number);
    if (!fits || number < 1 || number >= kSignalCount) {
      Ref<> text = repr(number_object.value());
      if (!text) return false;
      return static_cast<bool>(
          raise(exc::ValueError, "signal number %U out of range [1; %d]", as_str(text.value()), kSignalCount - 1));
    }
    if (sigaddset(set, static_cast<int>(number)) != 0 && errno != EINVAL) return static_cast<bool>(raise_os_error());
    return true;
  });
}

Ref<> from_sigset(const sigset_t* set) {
  Ref<Set> result = set_new();
  if (!result) return Ref<>();
  for (int i = 1; i < kSignalCount; ++i) {
    if (sigismember(set, i) == 1 && !set_add(result.get(), Value::small_int(i))) return Ref<>();
  }
  return result;
}

Ref<> signal_pthread_kill(const Value* a) {
  uint64_t thread;
  int number;
  if (!is_int(a[0])) return raise(exc::TypeError, "an integer is required (got type %T)", a[0]);
  if (!to_culong(a[0], &thread) || !to_cint(a[1], &number)) return Ref<>();
  int error = pthread_kill(static_cast<pthread_t>(thread), number);
  if (error) {
    errno = error;
    return raise_os_error();
  }
  if (!run_signal_handlers()) return Ref<>();
  return none_ref();
}

Ref<> signal_pthread_sigmask(const Value* a) {
  int how;
  sigset_t mask, old;
  if (!to_cint(a[0], &how) || !to_sigset(a[1], &mask)) return Ref<>();
  int error = pthread_sigmask(how, &mask, &old);
  if (error) {
    errno = error;
    return raise_os_error();
  }
  if (!run_signal_handlers()) return Ref<>();
  return from_sigset(&old);
}

Ref<> signal_sigpending(const Value*) {
  sigset_t set;
  if (sigpending(&set) != 0) return raise_os_error();
  return from_sigset(&set);
}

Ref<> signal_sigwait(const Value* a) {
  sigset_t set;
  if (!to_sigset(a[0], &set)) return Ref<>();
  int number = 0, error;
  {
    DetachedToWait detached;
    error = sigwait(&set, &number);
  }
  if (error) {
    errno = error;
    return raise_os_error();
  }
  return int_from_int64(number);
}

constinit StructSeqType g_siginfo = {};
const StructSeqField kSiginfoFields[] = {{"si_signo", "signal number"},
                                         {"si_code", "signal code"},
                                         {"si_errno", "errno associated with this signal"},
                                         {"si_pid", "sending process ID"},
                                         {"si_uid", "real user ID of sending process"},
                                         {"si_status", "exit value or signal"},
                                         {"si_band", "band event for SIGPOLL"},
                                         {}};
const StructSeqDef kSiginfoDef = {"signal.struct_siginfo", "struct_siginfo: Result from sigwaitinfo or sigtimedwait.",
                                  kSiginfoFields, 7};

Ref<> from_siginfo(const siginfo_t& info) {
  Value values[] = {Value::small_int(info.si_signo), Value::small_int(info.si_code), Value::small_int(info.si_errno),
                    Value::small_int(info.si_pid),   Value::small_int(info.si_uid),  Value::small_int(info.si_status),
                    Value::small_int(info.si_band)};
  return structseq_new(&g_siginfo, values, 7);
}

Ref<> signal_sigwaitinfo(const Value* a) {
  sigset_t set;
  siginfo_t info;
  if (!to_sigset(a[0], &set)) return Ref<>();
  if (blocking([&] { return sigwaitinfo(&set, &info); }) < 0) return raise_os_error();
  return from_siginfo(info);
}

Ref<> signal_sigtimedwait(const Value* a) {
  sigset_t set;
  siginfo_t info;
  int64_t timeout;
  if (!to_sigset(a[0], &set) || !seconds_to_ns(a[1], Rounding::kCeiling, &timeout)) return Ref<>();
  if (timeout < 0) return raise(exc::ValueError, "timeout must be non-negative");
  int64_t deadline = deadline_after(timeout);
  for (;;) {
    timespec t = ns_to_timespec(timeout);
    int result, error;
    {
      DetachedToWait detached;
      result = sigtimedwait(&set, &info, &t);
      error = errno;
    }
    if (result >= 0) return from_siginfo(info);
    if (error == EAGAIN) return none_ref();
    errno = error;
    if (error != EINTR) return raise_os_error();
    if (!run_signal_handlers()) return Ref<>();
    timeout = deadline - monotonic_ns();
    if (timeout < 0) return none_ref();
  }
}

Ref<> signal_valid_signals(const Value*) {
  sigset_t set;
  sigfillset(&set);
  return from_sigset(&set);
}

Ref<> signal_pidfd_send_signal(const Value* a) {
  int fd, number;
  unsigned flags = 0;
  if (!to_cint(a[0], &fd) || !to_cint(a[1], &number) || !to_cuint(a[3], &flags)) return Ref<>();
  if (given(a[2])) return raise(exc::TypeError, "siginfo must be None");
  if (syscall(SYS_pidfd_send_signal, fd, number, nullptr, flags) < 0) return raise_os_error();
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"default_int_handler", "(signalnum, frame, /)", signal_default_int_handler,
     "The default handler for SIGINT installed by Python.\n\nIt raises KeyboardInterrupt."},
    {"signal", "(signalnum, handler, /)", signal_signal, "Set the action for the given signal."},
    {"getsignal", "(signalnum, /)", signal_getsignal, "Return the current action for the given signal."},
    {"alarm", "(seconds, /)", signal_alarm, "Arrange for SIGALRM to arrive after the given number of seconds."},
    {"setitimer", "(which, seconds, interval=0.0, /)", signal_setitimer,
     "Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF)."},
    {"getitimer", "(which, /)", signal_getitimer, "Returns current value of given itimer."},
    {"raise_signal", "(signalnum, /)", signal_raise_signal, "Send a signal to the executing process."},
    {"strsignal", "(signalnum, /)", signal_strsignal, "Return the system description of the given signal."},
    {"siginterrupt", "(signalnum, flag, /)", signal_siginterrupt, "Change system call restart behaviour."},
    {"set_wakeup_fd", "(fd, /, *, warn_on_full_buffer=True)", signal_set_wakeup_fd,
     "Sets the fd to be written to when a signal comes in."},
    {"pause", "()", signal_pause, "Wait until a signal arrives."},
    {"pthread_kill", "(thread_id, signalnum, /)", signal_pthread_kill, "Send a signal to a thread."},
    {"pthread_sigmask", "(how, mask, /)", signal_pthread_sigmask, "Fetch and/or change the signal mask of the calling thread."},
    {"sigpending", "()", signal_sigpending, "Examine pending signals."},
    {"sigwait", "(sigset, /)", signal_sigwait, "Wait for a signal."},
    {"sigwaitinfo", "(sigset, /)", signal_sigwaitinfo, "Wait synchronously until one of the signals in sigset is delivered."},
    {"sigtimedwait", "(sigset, timeout, /)", signal_sigtimedwait, "Like sigwaitinfo(), but with a timeout."},
    {"valid_signals", "()", signal_valid_signals, "Return a set of valid signal numbers on this platform."},
    {"pidfd_send_signal", "(pidfd, signalnum, siginfo=None, flags=0, /)", signal_pidfd_send_signal,
     "Send a signal to a process referred to by a pid file descriptor."},
    {},
};

const IntConstant kConstants[] = {
    {"NSIG", NSIG},
    {"SIG_BLOCK", SIG_BLOCK},
    {"SIG_UNBLOCK", SIG_UNBLOCK},
    {"SIG_SETMASK", SIG_SETMASK},
    {"SIGHUP", SIGHUP},
    {"SIGINT", SIGINT},
    {"SIGQUIT", SIGQUIT},
    {"SIGILL", SIGILL},
    {"SIGTRAP", SIGTRAP},
    {"SIGIOT", SIGIOT},
    {"SIGABRT", SIGABRT},
    {"SIGFPE", SIGFPE},
    {"SIGKILL", SIGKILL},
    {"SIGBUS", SIGBUS},
    {"SIGSEGV", SIGSEGV},
    {"SIGSYS", SIGSYS},
    {"SIGPIPE", SIGPIPE},
    {"SIGALRM", SIGALRM},
    {"SIGTERM", SIGTERM},
    {"SIGUSR1", SIGUSR1},
    {"SIGUSR2", SIGUSR2},
    {"SIGCLD", SIGCHLD},
    {"SIGCHLD", SIGCHLD},
    {"SIGPWR", SIGPWR},
    {"SIGIO", SIGIO},
    {"SIGURG", SIGURG},
    {"SIGWINCH", SIGWINCH},
    {"SIGPOLL", SIGPOLL},
    {"SIGSTOP", SIGSTOP},
    {"SIGTSTP", SIGTSTP},
    {"SIGCONT", SIGCONT},
    {"SIGTTIN", SIGTTIN},
    {"SIGTTOU", SIGTTOU},
    {"SIGVTALRM", SIGVTALRM},
    {"SIGPROF", SIGPROF},
    {"SIGXCPU", SIGXCPU},
    {"SIGXFSZ", SIGXFSZ},
    {"SIGSTKFLT", SIGSTKFLT},
    {"ITIMER_REAL", ITIMER_REAL},
    {"ITIMER_VIRTUAL", ITIMER_VIRTUAL},
    {"ITIMER_PROF", ITIMER_PROF},
    {"SIG_DFL", 0},
    {"SIG_IGN", 1},
    {},
};

bool signal_execute(Module* module) {
  if (!module_add_ints(module, kConstants) || !module_add_int(module, "SIGRTMIN", SIGRTMIN) ||
      !module_add_int(module, "SIGRTMAX", SIGRTMAX)) {
    return false;
  }
  if (g_itimer_error.peek().empty()) {
    Ref<> error = make_exception_class("signal.itimer_error", Value::object(exc::OSError));
    if (!error) return false;
    g_itimer_error.init(std::move(error));
  }
  // One object for the default handler, as set at start-up.
  Ref<> handler = g_signals.handlers[SIGINT].load(g_signals.holder);
  if (handler && is_callable(handler.value()) && type_of(handler.value()) == &native_function_type &&
      !dict_set_text(module_dict(module), "default_int_handler", handler.value())) {
    return false;
  }
  return module_add(module, "ItimerError", g_itimer_error.load(g_signals.holder)) &&
         module_add_structseq(module, &g_siginfo, &kSiginfoDef);
}

}  // namespace

constinit Object g_signal_holder;

void init_signals(bool install_handlers) {
  g_signals.holder = &g_signal_holder;
  init_immortal_header(&g_signal_holder, kShape_object);
  g_signals.main_thread.store(current_thread(), std::memory_order_release);
  if (install_handlers) {
    install(SIGPIPE, SIG_IGN);
    install(SIGXFSZ, SIG_IGN);
  }
  for (int number = 1; number < kSignalCount; ++number) {
    struct sigaction action;
    Value state = none();
    if (sigaction(number, nullptr, &action) == 0) {
      if (action.sa_handler == SIG_DFL)
        state = Value::small_int(0);
      else if (action.sa_handler == SIG_IGN)
        state = Value::small_int(1);
    }
    g_signals.handlers[number].store(g_signals.holder, Ref<>::retain(state));
  }
  if (install_handlers && g_signals.handlers[SIGINT].peek().is_small_int() &&
      g_signals.handlers[SIGINT].peek().as_small_int() == 0) {
    Ref<Str> module_name = str_from_ascii("_signal");
    Ref<> handler = native_function_new(&kDefaultIntHandler, Value(), module_name.value());
    if (handler) {
      g_signals.handlers[SIGINT].store(g_signals.holder, std::move(handler));
      install(SIGINT, signal_c_handler);
    }
  }
}

void finish_signals() {
  for (int number = 1; number < kSignalCount; ++number) {
    Ref<> old;
    {
      LockGuard guard(g_signals.holder);
      old = g_signals.handlers[number].exchange_locked(Ref<>::retain(Value::small_int(0)));
    }
    if (old && !is_none(old.value()) && !old.value().is_small_int()) install(number, SIG_DFL);
  }
  g_signals.wakeup_fd.store(-1, std::memory_order_relaxed);
}

extern const NativeModule signal_module;
const NativeModule signal_module = {"_signal", "This module provides mechanisms to use signal handlers in Python.", kFunctions,
                                    signal_execute};

}  // namespace pt
