#pragma once
// What the layers above sync/ hang on a mutator. Implemented there; called by the registry. `create` runs before the
// thread is attached, false when memory is out; `leave` runs attached, in reverse order; `orphan` runs in a fork child
// for a thread that is gone.
#include "gc/sync/mutator.h"

namespace pt {

// gc/refcount. open: the id is known, the registry is locked; false: no memory. drain: merges what waits (may run Python code).
// close: no other thread will queue to this owner id any more.
[[nodiscard]] bool refcount_open(Mutator*);
void refcount_drain(Mutator*);
void refcount_close(Mutator*);
void refcount_orphan(Mutator*);
// Writes the pending counts of deferred objects into the objects. Its own thread, or the world is stopped.
void refcount_settle(Mutator*);
void refcount_after_fork_child();

// gc/reclaim. attached/detached: the thread starts and stops being a possible reader. quiescent: it holds nothing.
bool qsbr_create(Mutator*);
void qsbr_attached(Mutator*);
PT_INLINE void qsbr_detached(Mutator* m) {
  m->qsbr_seen.store(0, std::memory_order_release);  // pairs with the acquire in the scan for the oldest reader
}
void qsbr_quiescent(Mutator*);
void qsbr_leave(Mutator*);
void qsbr_orphan(Mutator*);
void qsbr_after_fork_child();

// gc/heap
bool heap_create(Mutator*);
void heap_leave(Mutator*);
void heap_orphan(Mutator*);
void heap_after_fork_child();

// gc/sync itself
void sections_suspend(Mutator*);
void sections_resume(Mutator*);
void parking_lot_after_fork_child();
// False instead of waiting. For attached threads that can do without.
bool try_lock_registry();
void unlock_registry();

}  // namespace pt
