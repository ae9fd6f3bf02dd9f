#include "gc/sync/mutator.h"

#include <sched.h>

#include <cerrno>
#include <climits>

#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/platform/memory.h"
#include "gc/sync/mutator_parts.h"
#include "gc/sync/parking_lot.h"
#include "gc/sync/reservation.h"

namespace pt {

constinit std::atomic<int32_t> g_ends_due{0};
constinit void (*g_await_ends)() = nullptr;

namespace {

// Lock order: registry, then everything else. Held for the whole of a stop-the-world.
constinit RawMutex g_registry;
constinit Mutator* g_first = nullptr;       // guarded by g_registry, or read with the world stopped
constinit std::atomic<int> g_count{0};
// Ids given back, of all threads but those apart, and of those; guarded by g_registry.
struct FreeIds {
  uint16_t ids[kNoOwnerId];
  uint32_t count;
};
constinit FreeIds g_free_ids[2] = {};
constinit uint16_t g_next_id = 1;
FreeIds& free_ids_of(const Mutator* m) { return g_free_ids[m->apart]; }
void give_id_back(const Mutator* m) {
  FreeIds& free = free_ids_of(m);
  free.ids[free.count++] = m->id;
}
constinit std::atomic<Mutator*> g_by_id[kNoOwnerId];
constinit bool g_world_stopped = false;     // guarded by g_registry
constinit std::atomic<uint32_t> g_stop_event{0};  // bumped whenever a thread stops while a stop is asked for

std::atomic<uint32_t>* state_word(Mutator* m) { return reinterpret_cast<std::atomic<uint32_t>*>(&m->state); }

bool is_attached(const Mutator* m) { return m && m->state.load(std::memory_order_relaxed) == MutatorState::kAttached; }

void notify_stopper() {
  g_stop_event.fetch_add(1, std::memory_order_release);  // pairs with the acquire in stop_others
  futex_wake(&g_stop_event, 1);
}

// The state changes of attach and detach, without critical sections.
void enter(Mutator* m) {
  for (;;) {
    MutatorState expected = MutatorState::kDetached;
    // Acquire pairs with the release in start_others and in the borrower of the merge queue.
    if (m->state.compare_exchange_strong(expected, MutatorState::kAttached, std::memory_order_acq_rel,
                                         std::memory_order_acquire)) {
      break;
    }
    if (expected == MutatorState::kStopped) {
      futex_wait(state_word(m), static_cast<uint32_t>(MutatorState::kStopped));
    } else {
      PT_CHECK(expected == MutatorState::kBorrowed);
      sched_yield();
    }
  }
  qsbr_attached(m);
  reservations_attached();
}

void leave_as(Mutator* m, MutatorState state) {
  PT_ASSERT(is_attached(m));
  qsbr_detached(m);
  // Sequentially consistent with the request in stop_others: either it sees this state or we see its request.
  m->state.store(state, std::memory_order_seq_cst);
  if (m->breaker.load(std::memory_order_seq_cst) & kBreakStop) notify_stopper();
}

void lock_registry() PT_NO_THREAD_SAFETY {
  if (g_registry.try_lock()) return;
  Mutator* self = tls_mutator;
  bool attached = is_attached(self);
  int saved_errno = errno;
  // Counts as stopped while it waits. Locks of critical sections stay held: nobody who holds the registry takes locks.
  if (attached) leave_as(self, MutatorState::kDetached);
  g_registry.lock();
  if (attached) enter(self);
  errno = saved_errno;
}

void stop_others(Mutator* self) {
  int64_t begin = monotonic_ns();
  for (Mutator* m = g_first; m; m = m->next) {
    if (m != self) m->breaker.fetch_or(kBreakStop, std::memory_order_seq_cst);
  }
  for (int spin = 0;; ++spin) {
    uint32_t event = g_stop_event.load(std::memory_order_acquire);
    bool pending = false;
    for (Mutator* m = g_first; m; m = m->next) {
      if (m == self) continue;
      MutatorState state = m->state.load(std::memory_order_seq_cst);  // pairs with leave_as
      if (state == MutatorState::kDetached) {
        if (!m->state.compare_exchange_strong(state, MutatorState::kStopped, std::memory_order_acq_rel,
                                              std::memory_order_relaxed)) {
          pending = true;
        }
      } else if (state != MutatorState::kStopped) {
        pending = true;
      }
    }
    if (!pending) break;
    if (spin < 100) {
      cpu_pause();
    } else {
      futex_wait(&g_stop_event, event);
    }
  }
  g_world_stopped = true;
  // Whoever stops the world (collector, audit, fork) sees true counts.
  for (Mutator* m = g_first; m; m = m->next) refcount_settle(m);
  count(Counter::stop_the_world);
  count(Counter::stop_wait_ns, static_cast<uint64_t>(monotonic_ns() - begin));
}

void start_others(Mutator* self) {
  g_world_stopped = false;
  for (Mutator* m = g_first; m; m = m->next) {
    if (m == self) continue;
    m->breaker.fetch_and(~kBreakStop, std::memory_order_relaxed);
    m->state.store(MutatorState::kDetached, std::memory_order_release);  // pairs with the acquire in enter
    futex_wake(&m->state, INT_MAX);
  }
}

constinit int64_t g_stopped_since = 0;

}  // namespace

bool try_lock_registry() { return g_registry.try_lock(); }
void unlock_registry() PT_NO_THREAD_SAFETY { g_registry.unlock(); }

namespace {
// The registered thread does not run, or it is the calling one.
void become_multithreaded() {
  g_multithreaded.store(true, std::memory_order_relaxed);
  memory::keep_metadata_apart();
  reservations_start();
}
}  // namespace

void announce_threads() {
  if (multithreaded()) return;
  PT_ASSERT(is_attached(tls_mutator) && g_count.load(std::memory_order_relaxed) == 1);
  become_multithreaded();
  reservations_join(tls_owner_id);
}

bool register_mutator(Mutator* m) {
  PT_CHECK(!tls_mutator);
  if (!qsbr_create(m)) return false;
  if (!heap_create(m)) {
    qsbr_leave(m);
    return false;
  }
  g_registry.lock();
  uint16_t id = 0;
  if (FreeIds& free = free_ids_of(m); free.count) {
    id = free.ids[--free.count];
  } else if (g_next_id < kNoOwnerId) {
    id = g_next_id++;
  }
  m->id = id;
  m->breaker.store(0, std::memory_order_relaxed);
  m->state.store(MutatorState::kDetached, std::memory_order_relaxed);
  if (id != 0 && !refcount_open(m)) {
    give_id_back(m);
    id = 0;
  }
  if (id == 0) {
    g_registry.unlock();
    heap_leave(m);
    qsbr_leave(m);
    return false;
  }
  if (g_first && !multithreaded()) {
    // The other thread may be using plain instructions where atomic ones will be needed: it must not be running.
    stop_others(nullptr);
    become_multithreaded();
    start_others(nullptr);
  }
  m->next = g_first;
  g_first = m;
  g_by_id[id].store(m, std::memory_order_relaxed);
  g_count.fetch_add(1, std::memory_order_relaxed);
  g_registry.unlock();
  counters_join();
  tls_mutator = m;
  tls_owner_id = id;
  reservations_join(id);
  enter(m);
  return true;
}

void unregister_mutator(Mutator* m, void (*farewell)()) {
  PT_CHECK(m == tls_mutator && is_attached(m) && !m->sections);
  refcount_close(m);
  tls_owner_id = kNoOwnerId;
  reservations_leave();
  if (farewell) farewell();
  heap_leave(m);
  qsbr_leave(m);
  leave_as(m, MutatorState::kDetached);
  tls_mutator = nullptr;
  g_registry.lock();
  for (Mutator** at = &g_first; *at; at = &(*at)->next) {
    if (*at == m) {
      *at = m->next;
      break;
    }
  }
  g_by_id[m->id].store(nullptr, std::memory_order_relaxed);
  give_id_back(m);
  g_count.fetch_sub(1, std::memory_order_relaxed);
  g_registry.unlock();
  counters_leave();
}

void attach(Mutator* m) {
  int saved_errno = errno;
  enter(m);
  if (m->sections) sections_resume(m);
  errno = saved_errno;
}

void detach(Mutator* m) {
  int saved_errno = errno;
  if (m->sections) sections_suspend(m);
  leave_as(m, MutatorState::kDetached);
  errno = saved_errno;
}

void merge_now(Mutator* m) {
  m->acknowledge(kBreakMerge);
  refcount_drain(m);
}

void detach_to_wait(Mutator* m) {
  int saved_errno = errno;
  for (;;) {
    merge_if_asked(m);
    detach(m);
    // Sequentially consistent, as the state is: either this sees a request of merge_portion, or that sees us detached.
    if (!(m->breaker.load(std::memory_order_seq_cst) & kBreakMerge)) break;
    attach(m);
  }
  errno = saved_errno;
}

void attach_after_wait(Mutator* m) {
  attach(m);
  int saved_errno = errno;
  merge_if_asked(m);
  await_ends();
  errno = saved_errno;
}

void end_ended() {
  // Release pairs with the acquire of those who wait.
  if (g_ends_due.fetch_sub(1, std::memory_order_release) == 1) unpark_all(&g_ends_due);
}

uint32_t safepoint_slow(Mutator* m) {
  int saved_errno = errno;
  uint32_t reasons = m->breaker.load(std::memory_order_acquire);  // pairs with the release in request
  if (reasons & kBreakStop) {
    leave_as(m, MutatorState::kStopped);
    enter(m);
    reasons = m->breaker.load(std::memory_order_acquire);
  }
  if (reasons & kBreakQsbr) {
    m->acknowledge(kBreakQsbr);
    qsbr_quiescent(m);
  }
  merge_if_asked(m);
  errno = saved_errno;
  return m->breaker.load(std::memory_order_acquire) & ~(kBreakStop | kBreakQsbr | kBreakMerge);
}

StopTheWorld::StopTheWorld() PT_NO_THREAD_SAFETY {
  lock_registry();
  PT_CHECK(!g_world_stopped);
  g_stopped_since = monotonic_ns();
  stop_others(is_attached(tls_mutator) ? tls_mutator : nullptr);
}

StopTheWorld::~StopTheWorld() PT_NO_THREAD_SAFETY {
  count(Counter::stop_the_world_ns, static_cast<uint64_t>(monotonic_ns() - g_stopped_since));
  start_others(is_attached(tls_mutator) ? tls_mutator : nullptr);
  g_registry.unlock();
}

RegistryGuard::RegistryGuard() PT_NO_THREAD_SAFETY { lock_registry(); }
RegistryGuard::~RegistryGuard() PT_NO_THREAD_SAFETY { g_registry.unlock(); }

void for_each_mutator(void (*visit)(Mutator*, void*), void* context) {
  for (Mutator* m = g_first; m;) {
    Mutator* next = m->next;
    visit(m, context);
    m = next;
  }
}

Mutator* find_mutator(uint16_t id) { return id < kNoOwnerId ? g_by_id[id].load(std::memory_order_relaxed) : nullptr; }
bool try_request(uint16_t id, uint32_t reason) PT_NO_THREAD_SAFETY {
  if (!try_lock_registry()) return false;
  Mutator* m = find_mutator(id);
  // Most likely it is asked already.
  if (m && !(m->breaker.load(std::memory_order_relaxed) & reason)) m->request(reason);
  unlock_registry();
  return true;
}
int mutator_count() { return g_count.load(std::memory_order_relaxed); }

void mutators_after_fork_child() PT_NO_THREAD_SAFETY {
  Mutator* self = tls_mutator;
  if (!g_world_stopped) g_registry.reset();
  counters_after_fork_child();
  parking_lot_after_fork_child();
  refcount_after_fork_child();
  qsbr_after_fork_child();
  heap_after_fork_child();
  for (Mutator* m = g_first; m;) {
    Mutator* next = m->next;
    if (m != self) {
      refcount_orphan(m);
      heap_orphan(m);
      qsbr_orphan(m);
      g_by_id[m->id].store(nullptr, std::memory_order_relaxed);
      give_id_back(m);
    }
    m = next;
  }
  g_first = self;
  if (self) self->next = nullptr;
  g_count.store(self ? 1 : 0, std::memory_order_relaxed);
}

}  // namespace pt
