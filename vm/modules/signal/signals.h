#pragma once
// Signals for the other modules and the life cycle.
#include "gc/refcount/ref.h"

namespace pt {

// Start-up, on the main thread: remembers the present dispositions, ignores SIGPIPE (and SIGXFSZ), and gives SIGINT to
// default_int_handler.
void init_signals(bool install_handlers);
// Shutdown: default dispositions for what Python handlers had.
void finish_signals();
// Marks the signal as arrived, as its C handler does. Async-signal-safe.
void trip_signal(int number);
// In the child after fork.
void signals_after_fork();
// True when a Python-level handler is set for the number (not default, not ignored).
bool signal_has_handler(int number);

}  // namespace pt
