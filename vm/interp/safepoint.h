#pragma once

namespace pt {
struct Thread;
// Does what the breaker asks for: stops, quiescent states, collection, signals, asynchronous exceptions. False with an
// exception pending. Runs Python code.
bool run_safepoint(Thread* thread);
// Only the handlers of signals that have come, if this is the main thread. False with an exception pending.
// Runs Python code.
bool run_pending_signals(Thread* thread);
}  // namespace pt
