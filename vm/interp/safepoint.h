#pragma once

namespace pt {
struct Thread;
// Does what the breaker asks for: stops, quiescent states, collection, signals, asynchronous exceptions. False with an
// exception pending. Runs Python code.
bool run_safepoint(Thread* thread);
}  // namespace pt
