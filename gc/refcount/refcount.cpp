// The state machine of biased reference counts; docs/refcount.md holds the table.
#include "gc/refcount/refcount.h"

#include <sched.h>

#include "gc/heap/heap.h"
#include "gc/platform/counters.h"
#include "gc/refcount/merge_queue.h"
#include "gc/refcount/ref.h"
#include "gc/sync/mutator_parts.h"
#include "gc/sync/object_lock.h"

namespace pt {

struct PendingCount {
  Object* object;
  int64_t amount;
};

namespace {

void settle(PendingCount&);

constexpr int32_t kMergedZero = kSharedMerged;
// Beyond this many references the word could overflow; nobody will ever count that many down.
constexpr int64_t kSaturation = int64_t{1} << 28;

constexpr int32_t count_of(int32_t shared) { return shared >> 2; }
constexpr int32_t state_of(int32_t shared) { return shared & kSharedStateMask; }

// Escalation: every kSamplePeriod-th shared increment of a thread looks at its object, in a small cache of suspects.
constexpr uint32_t kSamplePeriod = 64;
constexpr uint32_t kSuspects = 64;
constexpr uint32_t kWeakrefFactor = 8;
struct Suspect {
  const Object* object;
  uint32_t hits;
};
constinit thread_local Suspect tls_suspects[kSuspects] = {};
constinit thread_local uint32_t tls_until_sample = kSamplePeriod;
constinit std::atomic<uint32_t> g_escalation_hits{2048 / kSamplePeriod};

// The calling thread holds a count.
PT_COLD void sample(Object* o) {
  tls_until_sample = kSamplePeriod;
  uint32_t threshold = g_escalation_hits.load(std::memory_order_relaxed);
  if (threshold == 0 || o->has_gc_bit(kGcDeferred)) return;
  uint32_t place = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(o) >> 4);
  Suspect* known = &tls_suspects[place % kSuspects];
  if (known->object != o) {
    Suspect* other = &tls_suspects[(place >> 6) % kSuspects];
    if (other->object == o || other->hits < known->hits) known = other;
  }
  Suspect& suspect = *known;
  if (suspect.object != o) {
    // Hits of other objects age the suspect out, so that a mixture of objects does not add up.
    if (suspect.hits > 1) {
      --suspect.hits;
      return;
    }
    suspect = {o, 1};
    return;
  }
  // Somebody may wait for its end, unless the threads fight over it for long.
  if (o->has_gc_bit(kGcHasWeakrefs)) threshold *= kWeakrefFactor;
  if (++suspect.hits < threshold) return;
  suspect = {nullptr, 0};
  escalate(o);
}

PT_INLINE void note_shared_increment(Object* o) {
  count(Counter::shared_increments);
  if (PT_UNLIKELY(--tls_until_sample == 0)) sample(o);
}

// Counts of deferred objects that are not this thread's own wait here until the world is stopped: only a collection needs
// to know them, so threads need not fight over the object's word.
constexpr size_t kPendingCounts = 256;
constinit thread_local PendingCount tls_pending[kPendingCounts] = {};

// The object's place in the table; when another object has that, this one may be at the neighbour's.
PT_INLINE size_t pending_place(const Object* o) {
  auto bits = reinterpret_cast<uintptr_t>(o) >> 4;
  return (bits ^ (bits >> 8)) % kPendingCounts;
}
PT_INLINE bool count_in_place(const Object* o, int64_t amount) {
  PendingCount& pending = tls_pending[pending_place(o)];
  if (PT_UNLIKELY(pending.object != o)) return false;
  pending.amount += amount;
  return true;
}
// False: the thread is not registered, nobody would settle for it.
bool count_pending(Object* o, int64_t amount) {
  if (PT_UNLIKELY(tls_owner_id == kNoOwnerId)) return false;
  size_t place = pending_place(o);
  PendingCount &own = tls_pending[place], &other = tls_pending[place ^ 1];
  for (;;) {
    PendingCount& pending = own.object == o || (other.object != o && own.amount == 0) ? own : other;
    if (pending.object != o && pending.amount != 0) {
      settle(pending);  // may run destructors, which count
      continue;
    }
    pending.object = o;
    pending.amount += amount;
    return true;
  }
}

// `shared` has grown past all reason. A merged object becomes immortal; the count of another one is merged first.
PT_COLD void saturate(Object* o) {
  int32_t shared = o->shared.load(std::memory_order_relaxed);
  if (state_of(shared) == kSharedMerged) {
    o->local.store(kLocalImmortal, std::memory_order_relaxed);
  } else if (state_of(shared) != kSharedQueued) {
    // The queue takes over one reference: take one for it.
    o->shared.fetch_add(kSharedOne, std::memory_order_release);
    while (state_of(shared) < kSharedQueued) {
      if (o->shared.compare_exchange_weak(shared, (shared & ~kSharedStateMask) | kSharedQueued, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
        queue_for_merge(o);
        return;
      }
    }
    // Somebody else was faster.
    o->shared.fetch_sub(kSharedOne, std::memory_order_release);
  }
}

// Owner, local count at 0: true when the object is dead.
PT_INLINE bool end_ownership(Object* o) {
  // Acquire pairs with the release of the foreign threads' decrements: what they did to the object is visible before it
  // is destroyed. Exactly 0 means that no other thread holds or can gain a reference.
  int32_t shared = o->shared.load(std::memory_order_acquire);
  return PT_LIKELY(shared == 0) || end_shared_ownership(o, shared);
}

// Not the owner, and counts are written: true when the object is dead.
bool drop_counted(Object* o) {
  count(Counter::shared_decrements);
  int32_t shared = o->shared.load(std::memory_order_relaxed);
  for (;;) {
    bool queue = count_of(shared) == 0 && state_of(shared) <= kSharedMaybe;
    // The reference that would make the count negative is not subtracted but handed to the merge queue.
    int32_t next = queue ? kSharedQueued : shared - kSharedOne;
    PT_ASSERT(state_of(shared) != kSharedMerged || count_of(shared) > 0 || o->has_gc_bit(kGcDeferred));
    // Release pairs with the acquire of whoever finds the count at zero; acquire for when that is this thread.
    if (!o->shared.compare_exchange_weak(shared, next, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
    if (queue) {
      queue_for_merge(o);
      return false;
    }
    return next == kMergedZero;
  }
}

void settle(PendingCount& pending) {
  Object* o = pending.object;
  int64_t amount = pending.amount;
  pending = {nullptr, 0};
  if (amount == 0) return;
  count(Counter::pending_settled);
  if (PT_LIKELY(o->has_gc_bit(kGcDeferred))) {
    o->shared.fetch_add(static_cast<int32_t>(amount * kSharedOne), std::memory_order_acq_rel);
    return;
  }
  // The collector has given it up meanwhile: from here on it dies by its counts.
  for (; amount > 0; --amount) incref(o);
  for (; amount < 0; ++amount) decref(o);
}

PT_INLINE bool drop_shared(Object* o) {
  if (o->is_immortal() || (o->has_gc_bit(kGcDeferred) && count_pending(o, -1))) return false;
  return drop_counted(o);
}

PT_INLINE void destroy_unless_deferred(Object* o) {
  if (PT_UNLIKELY(o->has_gc_bit(kGcDeferred))) return;  // the collector's business
  destroy_object(o);
}

}  // namespace

bool end_shared_ownership(Object* o, int32_t shared) {
  o->owner.store(0, std::memory_order_release);  // pairs with is_open
  count(Counter::merges);
  for (;;) {
    int32_t merged = (shared & ~kSharedStateMask) | kSharedMerged;
    // Release: the owner's writes come before the destruction by whoever drops the last shared count.
    if (o->shared.compare_exchange_weak(shared, merged, std::memory_order_acq_rel, std::memory_order_acquire)) {
      PT_ASSERT(count_of(merged) >= 0 || o->has_gc_bit(kGcDeferred));
      return merged == kMergedZero;
    }
  }
}

namespace {
[[gnu::noinline]] void decref_counted(Object* o) {
  if (drop_shared(o)) destroy_unless_deferred(o);
}
[[gnu::noinline]] void incref_counted(Object* o) {
  if (o->has_gc_bit(kGcDeferred) && count_pending(o, 1)) return;
  // Release pairs with the acquire in try_incref_shared: a reader whose stale pointer leads to this object, where it
  // expected one that died here, must find its slot changed when it looks again.
  int32_t before = o->shared.fetch_add(kSharedOne, std::memory_order_release);
  if (PT_UNLIKELY(count_of(before) >= kSaturation)) saturate(o);
  note_shared_increment(o);
}
[[gnu::noinline]] bool try_incref_counted(Object* o) {
  // Acquire pairs with make_deferred.
  if ((o->gc_bits.load(std::memory_order_acquire) & kGcDeferred) && count_pending(o, 1)) return true;
  int32_t shared = o->shared.load(std::memory_order_relaxed);
  for (;;) {
    // 0: the owner may free it without an atomic instruction. Merged with count 0: it is dead.
    if (shared == 0 || shared == kMergedZero) return false;
    // Acquire pairs with the release in mark_maybe_shared and incref_shared, see there.
    if (o->shared.compare_exchange_weak(shared, shared + kSharedOne, std::memory_order_acquire, std::memory_order_relaxed)) {
      break;
    }
  }
  if (PT_UNLIKELY(count_of(shared) >= kSaturation)) saturate(o);
  note_shared_increment(o);
  return true;
}
}  // namespace

// The short ways: nothing to be done, or a count in its usual place.
void decref_shared(Object* o) {
  if (o->is_immortal() || (o->has_gc_bit(kGcDeferred) && count_in_place(o, -1))) return;
  decref_counted(o);
}
void incref_shared(Object* o) {
  if (o->is_immortal() || (o->has_gc_bit(kGcDeferred) && count_in_place(o, 1))) return;
  incref_counted(o);
}
bool try_incref_shared(Object* o) {
  // Acquire pairs with make_immortal and make_deferred.
  if (o->local.load(std::memory_order_acquire) == kLocalImmortal ||
      ((o->gc_bits.load(std::memory_order_acquire) & kGcDeferred) && count_in_place(o, 1))) {
    return true;
  }
  return try_incref_counted(o);
}

bool decref_without_destroy(Object* o) {
  if (!owned_by_this_thread(o)) return drop_shared(o);
  uint32_t left = o->local.load(std::memory_order_relaxed) - 1;
  o->local.store(left, std::memory_order_relaxed);
  return left == 0 && end_ownership(o);
}

void decref_call(Object* o) { decref(o); }

int64_t merge_counts(Object* o, int64_t extra) {
  if (o->is_immortal()) return kLocalImmortal;
  int32_t shared = o->shared.load(std::memory_order_relaxed);
  if (state_of(shared) == kSharedMerged) {
    auto delta = static_cast<int32_t>(extra) * kSharedOne;
    return count_of(o->shared.fetch_add(delta, std::memory_order_acq_rel) + delta);
  }
  int64_t add = int64_t{o->local.load(std::memory_order_relaxed)} + extra;
  // Before the state changes: from then on any thread may free the object, and its slot be somebody else's. Pairs with is_open.
  o->owner.store(0, std::memory_order_release);
  o->local.store(0, std::memory_order_relaxed);
  count(Counter::merges);
  for (;;) {
    int64_t total = count_of(shared) + add;
    PT_ASSERT(total >= 0 || o->has_gc_bit(kGcDeferred));
    if (PT_UNLIKELY(total >= kSaturation)) {
      o->local.store(kLocalImmortal, std::memory_order_relaxed);
      total = kSaturation;
    }
    auto merged = static_cast<int32_t>(total) * kSharedOne | kSharedMerged;
    // Acquire and release as in end_ownership and drop_shared.
    if (o->shared.compare_exchange_weak(shared, merged, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      return total;
    }
  }
}

void revive(Object* o) {
  if (owned_by_this_thread(o)) {
    PT_ASSERT(o->local.load(std::memory_order_relaxed) == 0);
    o->local.store(1, std::memory_order_relaxed);
  } else {
    PT_ASSERT(o->shared.load(std::memory_order_relaxed) == kMergedZero);
    o->shared.store(kSharedMerged + kSharedOne, std::memory_order_release);
  }
}

void mark_maybe_shared(Object* o) {
  if (o->is_immortal()) return;
  int32_t shared = o->shared.load(std::memory_order_relaxed);
  while (state_of(shared) == kSharedDefault) {
    // Release pairs with the acquire in try_incref_shared.
    if (o->shared.compare_exchange_weak(shared, shared | kSharedMaybe, std::memory_order_release, std::memory_order_relaxed)) {
      return;
    }
  }
}

void make_immortal(Object* o) {
  o->owner.store(0, std::memory_order_relaxed);
  o->shared.store(0, std::memory_order_relaxed);
  // Release pairs with the acquire in Field::load_register and try_incref_shared, for readers with stale pointers.
  o->local.store(kLocalImmortal, std::memory_order_release);
}

void make_deferred(Object* o) {
  if (o->is_immortal()) return;
  if (o->has_gc_bit(kGcDeferred)) return;
  mark_maybe_shared(o);
  // The heap's own count, before anybody relies on it.
  incref(o);
  // Release pairs with the acquire in Field::try_load_register and try_incref_shared.
  if (o->gc_bits.fetch_or(kGcDeferred, std::memory_order_release) & kGcDeferred) decref(o);
}

void escalate(Object* o) {
  // Somebody may wait for its end: that should come with its last reference, not at some collection.
  if (layout_of(o)->finalizer()) return;
  count(Counter::escalations);
  make_deferred(o);
}

int64_t reference_count(const Object* o) {
  if (o->is_immortal()) return kLocalImmortal;
  int32_t shared = o->shared.load(std::memory_order_relaxed);
  int64_t total = count_of(shared);
  if (state_of(shared) != kSharedMerged) total += o->local.load(std::memory_order_relaxed);
  // While queued, the queue owns the reference that was not subtracted.
  if (state_of(shared) == kSharedQueued) --total;
  for (size_t place : {pending_place(o), pending_place(o) ^ 1}) {
    if (tls_pending[place].object == o) total += tls_pending[place].amount;
  }
  return total;
}

void set_escalation_threshold(uint32_t increments) {
  uint32_t hits = increments == 0 ? 0 : (increments + kSamplePeriod - 1) / kSamplePeriod;
  g_escalation_hits.store(hits, std::memory_order_relaxed);
}

void refcount_settle(Mutator* m) {
  if (!m->pending_counts) return;
  for (size_t i = 0; i < kPendingCounts; ++i) {
    PendingCount& pending = m->pending_counts[i];
    // With the world stopped nothing may die: what is not deferred any more is left to its thread.
    if (pending.amount && (m == tls_mutator || pending.object->has_gc_bit(kGcDeferred))) settle(pending);
  }
}

PendingCount* own_pending_counts() { return tls_pending; }

Ref<> Field::load_slow(Object* holder) const {
  count(Counter::field_load_slow);
  LockGuard guard(holder, Access::kLooks);
  return load_locked();
}

}  // namespace pt
