#pragma once
// Parking lot: queues of blocked threads keyed by address, so that a lock needs no more than two bits.
#include <atomic>
#include <cstdint>

namespace pt {

enum class ParkResult { kWoken, kTimedOut, kInterrupted, kInvalid };

// Blocks the calling thread on `address` unless `validate(context)` (called with the bucket locked; must not block)
// returns false, which gives kInvalid. timeout_ns < 0 waits for ever. With `detach` the mutator (if any) is detached
// while it waits and attached again before the call returns. With `interruptible` a pending signal for this thread
// (kBreakSignal, kBreakAsync, kBreakShutdown) ends the wait with kInterrupted, and so do objects in its merge queue, which are
// merged before the call returns (destructors, so Python code).
ParkResult park(const void* address, bool (*validate)(void*), void* context, int64_t timeout_ns, bool detach,
                bool interruptible = false);

struct UnparkInfo {
  bool unparked;      // a thread was dequeued
  bool more_waiters;  // others still wait on the address
};
// Wakes the oldest waiter. `on_unpark(context, info)` runs with the bucket locked before the thread is released: the
// place to update the lock word. A woken waiter competes again; locks are never handed over.
void unpark_one(const void* address, void (*on_unpark)(void*, UnparkInfo), void* context);
void unpark_all(const void* address);
// Ends an interruptible wait of the thread whose Mutator this is, wherever it is parked; Mutator::request comes first.
// Async-signal-safe. The mutator must not go away meanwhile (registry locked, or the caller's own).
struct Mutator;
void interrupt_parked(Mutator*);

}  // namespace pt
