// Delivery: the C handler marks the signal, the main thread runs the Python handler at its next safepoint.
#include "vm/modules/signal/signals.h"

#include <cerrno>
#include <csignal>
#include <sys/socket.h>
#include <unistd.h>

#include "vm/modules/signal/signal_state.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/object/constants.h"
#include "vm/object/interpreter.h"
#include "vm/object/thread.h"
#include "vm/types/int.h"

namespace pt {

constinit SignalState g_signals = {};

namespace {

void note_wakeup_failure(int error) {
  // Reported on the main thread, when the handlers run.
  g_signals.wakeup_error.store(error, std::memory_order_relaxed);
}

void write_wakeup_byte(int number) {
  int fd = g_signals.wakeup_fd.load(std::memory_order_relaxed);
  if (fd < 0) return;
  auto byte = static_cast<unsigned char>(number);
  ssize_t written = g_signals.wakeup_is_socket.load(std::memory_order_relaxed) ? send(fd, &byte, 1, 0) : write(fd, &byte, 1);
  if (written < 0 &&
      (g_signals.warn_on_full_buffer.load(std::memory_order_relaxed) || (errno != EAGAIN && errno != EWOULDBLOCK))) {
    note_wakeup_failure(errno);
  }
}

}  // namespace

void trip_signal(int number) {
  int saved = errno;
  g_signals.tripped[number].store(true, std::memory_order_relaxed);
  g_signals.any_tripped.store(true, std::memory_order_release);  // pairs with the exchange in run_signal_handlers
  Thread* main = g_signals.main_thread.load(std::memory_order_acquire);
  if (main) main->request(kBreakSignal);
  write_wakeup_byte(number);
  errno = saved;
}

void signal_c_handler(int number) { trip_signal(number); }

bool signal_has_handler(int number) {
  Value handler = g_signals.handlers[number].peek_acquire();
  return !handler.empty() && !is_none(handler) && !handler.is_small_int();
}

bool run_signal_handlers() {
  Thread* thread = current_thread();
  if (!thread || thread != g_signals.main_thread.load(std::memory_order_relaxed)) return true;
  if (!in_main_interpreter()) return true;  // they wait for its return there
  thread->acknowledge(kBreakSignal);
  if (!g_signals.any_tripped.exchange(false, std::memory_order_acquire)) return true;
  int wakeup_error = g_signals.wakeup_error.exchange(0, std::memory_order_relaxed);
  if (wakeup_error) {
    errno = wakeup_error;
    raise_errno(exc::OSError);
    write_unraisable("when trying to write to the signal wakeup fd", Value());
  }
  for (int number = 1; number < kSignalCount; ++number) {
    if (!g_signals.tripped[number].exchange(false, std::memory_order_relaxed)) continue;
    Ref<> handler = g_signals.handlers[number].load(g_signals.holder);
    // The disposition may have changed since the signal came.
    if (!handler || is_none(handler.value()) || handler.value().is_small_int()) continue;
    Ref<> frame = current_frame(0);
    if (!frame) {
      if (error_pending()) return false;
      frame = none_ref();
    }
    Ref<> result = call_values(handler.value(), {Value::small_int(number), frame.value()});
    if (!result) {
      // What is still marked waits for the next safepoint.
      g_signals.any_tripped.store(true, std::memory_order_release);
      thread->request(kBreakSignal);
      return false;
    }
  }
  return true;
}

void signals_after_fork() {
  for (auto& t : g_signals.tripped) t.store(false, std::memory_order_relaxed);
  g_signals.any_tripped.store(false, std::memory_order_relaxed);
  g_signals.main_thread.store(current_thread(), std::memory_order_release);
}

}  // namespace pt
