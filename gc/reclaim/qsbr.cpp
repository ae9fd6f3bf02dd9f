#include "gc/reclaim/qsbr.h"

#include <new>

#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/platform/memory.h"
#include "gc/sync/mutator.h"
#include "gc/sync/mutator_parts.h"

namespace pt {

namespace {

struct Retired {
  void* block;
  void (*free_fn)(void*);
  size_t bytes;
  uint64_t goal;  // free once every attached thread has announced this epoch; 0: no grace period started yet
};

// A growing queue, oldest first.
struct Limbo {
  Retired* items = nullptr;
  uint32_t first = 0, last = 0, capacity = 0;
  size_t bytes = 0;

  bool push(const Retired& r) {
    if (last == capacity) {
      if (first > capacity / 2) {
        for (uint32_t i = first; i < last; ++i) items[i - first] = items[i];
        last -= first;
        first = 0;
      } else {
        uint32_t grown = capacity ? capacity * 2 : 64;
        void* memory = memory::reallocate(items, grown * sizeof(Retired));
        if (!memory) return false;
        items = static_cast<Retired*>(memory);
        capacity = grown;
      }
    }
    items[last++] = r;
    bytes += r.bytes;
    return true;
  }
};

constinit std::atomic<uint64_t> g_epoch{2};  // 0 and 1 are taken: detached, and attaching
constinit std::atomic<size_t> g_limit{256 * 1024};
constexpr uint32_t kItemLimit = 512;

// What ended threads left.
constinit RawMutex g_orphans_lock;
constinit Limbo g_orphans PT_GUARDED_BY(g_orphans_lock);
constinit std::atomic<bool> g_have_orphans{false};

}  // namespace

struct QsbrLocal {
  Limbo limbo;
  uint32_t fresh = 0;       // how many of the last items have no goal yet
  size_t fresh_bytes = 0;   // of those
  bool busy = false;        // free functions are running
};

namespace {

// The oldest epoch any attached thread may still read in. Registry locked.
uint64_t oldest_reader() {
  uint64_t oldest = g_epoch.load(std::memory_order_seq_cst);
  for_each_mutator(
      [](Mutator* m, void* context) {
        // Sequentially consistent with qsbr_attached; acquire pairs with the release of an announcement, so that the
        // reader's last look comes before the memory is freed.
        uint64_t seen = m->qsbr_seen.load(std::memory_order_seq_cst);
        auto& least = *static_cast<uint64_t*>(context);
        if (seen != 0 && seen < least) least = seen;
      },
      &oldest);
  return oldest;
}

uint64_t start_grace_period() {
  count(Counter::grace_periods);
  // The unlinking of everything retired so far comes before this in every thread that sees the new epoch.
  return g_epoch.fetch_add(1, std::memory_order_seq_cst) + 1;
}

void free_up_to(Limbo& limbo, uint64_t epoch) {
  while (limbo.first != limbo.last) {
    Retired item = limbo.items[limbo.first];
    if (item.goal == 0 || item.goal > epoch) break;
    ++limbo.first;
    limbo.bytes -= item.bytes;
    item.free_fn(item.block);
  }
  if (limbo.first == limbo.last) limbo.first = limbo.last = 0;
}

void ask_everybody(uint64_t goal) {
  for_each_mutator(
      [](Mutator* m, void* context) {
        uint64_t seen = m->qsbr_seen.load(std::memory_order_relaxed);
        if (seen != 0 && seen < *static_cast<uint64_t*>(context)) m->request(kBreakQsbr);
      },
      &goal);
}

// Starts a grace period for what has none, asks for announcements, frees what it can. Does nothing when the registry is
// taken (the world is being stopped, which is a grace period of its own).
void advance(Mutator* m, bool start) {
  QsbrLocal& q = *m->qsbr;
  if (q.busy || !try_lock_registry()) return;
  if (start && q.fresh) {
    uint64_t goal = start_grace_period();
    for (uint32_t i = q.limbo.last - q.fresh; i < q.limbo.last; ++i) q.limbo.items[i].goal = goal;
    q.fresh = 0;
    q.fresh_bytes = 0;
  }
  if (q.limbo.last - q.limbo.first > q.fresh) ask_everybody(q.limbo.items[q.limbo.last - q.fresh - 1].goal);
  uint64_t oldest = oldest_reader();
  unlock_registry();
  q.busy = true;
  free_up_to(q.limbo, oldest);
  if (g_have_orphans.load(std::memory_order_relaxed)) {
    RawGuard guard(g_orphans_lock);
    free_up_to(g_orphans, oldest);
    if (g_orphans.first == g_orphans.last) g_have_orphans.store(false, std::memory_order_relaxed);
  }
  q.busy = false;
}

void abandon(QsbrLocal& q) {
  if (q.limbo.first == q.limbo.last) return;
  uint64_t goal = start_grace_period();
  RawGuard guard(g_orphans_lock);
  for (uint32_t i = q.limbo.first; i < q.limbo.last; ++i) {
    Retired item = q.limbo.items[i];
    item.goal = goal;  // later than its own, which keeps the queue sorted
    g_orphans.push(item);
  }
  g_have_orphans.store(true, std::memory_order_relaxed);
}

}  // namespace

void retire(void* block, void (*free_fn)(void*), size_t bytes) {
  Mutator* m = tls_mutator;
  QsbrLocal& q = *m->qsbr;
  if (!q.limbo.push({block, free_fn, bytes, 0})) return;  // out of memory: better leaked than freed too early
  count(Counter::retired);
  q.fresh_bytes += bytes;
  ++q.fresh;
  if (PT_UNLIKELY(q.fresh_bytes > g_limit.load(std::memory_order_relaxed) || q.fresh > kItemLimit)) {
    advance(m, true);
  }
}

void retire_buffer(void* block, size_t bytes) {
  if (!block) return;
  if (!multithreaded()) {
    memory::release(block);
  } else {
    retire(block, memory::release, bytes);
  }
}

size_t retired_bytes() { return tls_mutator->qsbr->limbo.bytes; }
void set_retire_limit(size_t bytes) { g_limit.store(bytes, std::memory_order_relaxed); }

void reclaim_retired() {
  Mutator* m = tls_mutator;
  advance(m, true);
  qsbr_quiescent(m);
}

bool qsbr_create(Mutator* m) {
  void* memory = memory::allocate(sizeof(QsbrLocal));
  if (!memory) return false;
  m->qsbr = new (memory) QsbrLocal;
  return true;
}

void qsbr_attached(Mutator* m) {
  // First as an oldest possible reader, then with the current epoch. In the single order of sequentially consistent
  // operations, a scan either comes after the first store and waits for us, or before it, and then its epoch is what we
  // load here, with which comes everything that was unlinked before.
  m->qsbr_seen.store(1, std::memory_order_seq_cst);
  m->qsbr_seen.store(g_epoch.load(std::memory_order_seq_cst), std::memory_order_release);
}

void qsbr_quiescent(Mutator* m) {
  // Acquire pairs with start_grace_period, release with oldest_reader.
  m->qsbr_seen.store(g_epoch.load(std::memory_order_acquire), std::memory_order_release);
  QsbrLocal& q = *m->qsbr;
  if (q.limbo.first != q.limbo.last || g_have_orphans.load(std::memory_order_relaxed)) advance(m, false);
}

void qsbr_leave(Mutator* m) {
  QsbrLocal* q = m->qsbr;
  abandon(*q);
  memory::release(q->limbo.items);
  memory::release(q);
  m->qsbr = nullptr;
}

void qsbr_orphan(Mutator* m) {
  m->qsbr_seen.store(0, std::memory_order_relaxed);
  if (m->qsbr) abandon(*m->qsbr);  // else it was about to leave the registry
}

void qsbr_after_fork_child() { g_orphans_lock.reset(); }

}  // namespace pt
