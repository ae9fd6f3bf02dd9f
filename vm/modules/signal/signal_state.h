#pragma once
// The process-wide table of signal handlers.
#include <atomic>
#include <csignal>

#include "gc/refcount/ref.h"

namespace pt {

struct Thread;

inline constexpr int kSignalCount = NSIG;  // 1 .. 64

struct SignalState {
  Field handlers[kSignalCount];  // None: not ours; small ints SIG_DFL and SIG_IGN; else a callable. Written by the main thread.
  std::atomic<bool> tripped[kSignalCount];
  std::atomic<bool> any_tripped;
  std::atomic<int> wakeup_fd{-1};
  std::atomic<bool> wakeup_is_socket, warn_on_full_buffer{true};
  std::atomic<int> wakeup_error;
  std::atomic<Thread*> main_thread;
  Object* holder;  // immortal object whose lock guards `handlers`
};
extern SignalState g_signals;
void signal_c_handler(int number);

}  // namespace pt
