#include "gc/refcount/merge_queue.h"

#include <sched.h>

#include "gc/heap/heap.h"
#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/platform/memory.h"
#include "gc/refcount/refcount.h"
#include "gc/sync/mutator.h"
#include "gc/sync/mutator_parts.h"

namespace pt {

// Exists from the first use of its owner id on, for good. While `mutator` is null, whoever holds the lock acts as owner
// of the objects that carry the id.
struct RefcountLocal {
  RawMutex lock;
  Mutator* mutator PT_GUARDED_BY(lock) = nullptr;
  Object** entries PT_GUARDED_BY(lock) = nullptr;
  uint32_t size PT_GUARDED_BY(lock) = 0;
  uint32_t capacity PT_GUARDED_BY(lock) = 0;
};

namespace {

constinit std::atomic<RefcountLocal*> g_queues[kNoOwnerId];  // written with the registry locked

bool append(RefcountLocal& queue, Object* o) PT_REQUIRES(queue.lock) {
  if (queue.size == queue.capacity) {
    uint32_t capacity = queue.capacity ? queue.capacity * 2 : 32;
    void* grown = memory::reallocate(queue.entries, capacity * sizeof(Object*));
    if (!grown) return false;
    queue.entries = static_cast<Object**>(grown);
    queue.capacity = capacity;
  }
  queue.entries[queue.size++] = o;
  return true;
}

void destroy(Object* o) {
  if (!o->has_gc_bit(kGcDeferred)) destroy_object(o);
}

// Another thread's detached owner: merge for it, so that what it does not look after does not pile up.
bool borrow(Mutator* owner) {
  MutatorState expected = MutatorState::kDetached;
  // Acquire pairs with the release in detach: the owner's plain counts are visible.
  return owner->state.compare_exchange_strong(expected, MutatorState::kBorrowed, std::memory_order_acq_rel,
                                              std::memory_order_relaxed);
}
void give_back(Mutator* owner) {
  owner->state.store(MutatorState::kDetached, std::memory_order_seq_cst);  // pairs with the acquire in attach
}

// What is destroyed once the queue's lock is given up, and the owner may run again: it waits for that (await_ends).
struct Portion {
  static constexpr uint32_t kMost = 32;
  Object* objects[kMost];
  uint32_t count = 0;
  void merge(Object* o) {
    if (merge_counts(o, -1) != 0) return;
    objects[count++] = o;
    begin_end();
  }
  void destroy_all() {
    ForOthers for_others;
    for (uint32_t i = 0; i < count; ++i) {
      destroy(objects[i]);
      end_ended();
    }
  }
};

// Merges for an owner that is detached or has ended, or leaves `fresh` (or nothing) to the owner; *ended: `fresh` is dead. True:
// there is more to merge.
bool merge_portion(RefcountLocal& queue, Object* fresh, bool* ended, Portion& dead) PT_REQUIRES(queue.lock) {
  Mutator* owner = queue.mutator;
  if (!owner) {
    // Nobody can take over its id while the lock is held.
    *ended = fresh && merge_counts(fresh, -1) == 0;
    return false;
  }
  if (!borrow(owner)) {
    // When memory is out the object stays queued for ever, which leaks it and breaks nothing.
    if (!fresh || !append(queue, fresh)) return false;
    // Read with the lock held: if the bit is set the owner has not yet come to drain what was just appended.
    if (!(owner->breaker.load(std::memory_order_relaxed) & kBreakMerge)) owner->request(kBreakMerge);
    // It may be about to wait. Either it sees the request (detach_to_wait, park) or we see it detached.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!borrow(owner)) return false;
    --queue.size;  // `fresh` again
  }
  *ended = fresh && merge_counts(fresh, -1) == 0;
  // And what was queued while the owner ran.
  while (queue.size && dead.count < Portion::kMost) dead.merge(queue.entries[--queue.size]);
  bool more = queue.size != 0;
  give_back(owner);
  return more;
}

}  // namespace

void queue_for_merge(Object* o) {
  ThreadId id = o->owner.load(std::memory_order_relaxed);
  while (id == 0) {
    // The owner is between giving up its ownership and publishing the merged state.
    if ((o->shared.load(std::memory_order_acquire) & kSharedStateMask) == kSharedMerged) {
      if (merge_counts(o, -1) == 0) destroy(o);
      return;
    }
    sched_yield();
    id = o->owner.load(std::memory_order_relaxed);
  }
  count(Counter::merge_queued);
  note_reference(o, LedgerEvent::kMerge);
  RefcountLocal* queue = g_queues[id].load(std::memory_order_acquire);  // pairs with the release in refcount_open
  bool more = true;
  for (Object* fresh = o; more; fresh = nullptr) {
    Portion dead;
    bool ended = false;
    queue->lock.lock();
    more = merge_portion(*queue, fresh, &ended, dead);
    queue->lock.unlock();
    if (ended) destroy(fresh);
    dead.destroy_all();
  }
}

bool refcount_open(Mutator* m) {
  RefcountLocal* queue = g_queues[m->id].load(std::memory_order_relaxed);
  if (!queue) {
    queue = static_cast<RefcountLocal*>(memory::allocate_zeroed(sizeof(RefcountLocal)));
    if (!queue) return false;
    g_queues[m->id].store(queue, std::memory_order_release);
  }
  RawGuard guard(queue->lock);
  queue->mutator = m;
  m->refcount = queue;
  m->pending_counts = own_pending_counts();
  return true;
}

namespace {
void drain(RefcountLocal& queue) {
  constexpr uint32_t kBatch = 64;
  for (;;) {
    Object* batch[kBatch];
    uint32_t taken = 0;
    {
      RawGuard guard(queue.lock);
      while (taken < kBatch && queue.size) batch[taken++] = queue.entries[--queue.size];
    }
    if (taken == 0) return;
    for (uint32_t i = 0; i < taken; ++i) {
      if (merge_counts(batch[i], -1) == 0) destroy(batch[i]);
    }
  }
}
}  // namespace

void refcount_drain(Mutator* m) {
  {
    ForOthers for_others;
    drain(*m->refcount);
  }
  await_ends();
}

void refcount_close(Mutator* m) PT_NO_THREAD_SAFETY {
  refcount_settle(m);
  RefcountLocal* queue = m->refcount;
  for (;;) {
    drain(*queue);  // finalisers and all: a thread that ends holds no locks
    RawGuard guard(queue->lock);
    if (queue->size) continue;
    queue->mutator = nullptr;
    break;
  }
  refcount_settle(m);
}

void refcount_orphan(Mutator* m) {
  RefcountLocal* queue = m->refcount;
  RawGuard guard(queue->lock);
  queue->mutator = nullptr;
  // Left to the next thread with this id.
}

void refcount_after_fork_child() {
  for (std::atomic<RefcountLocal*>& queue : g_queues) {
    if (RefcountLocal* q = queue.load(std::memory_order_relaxed)) q->lock.reset();
  }
}

}  // namespace pt
