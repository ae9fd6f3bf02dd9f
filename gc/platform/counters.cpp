#include "gc/platform/counters.h"

#include "gc/platform/futex.h"

namespace pt {

namespace {
constinit RawMutex g_lock;
constinit ThreadCounters* g_threads PT_GUARDED_BY(g_lock) = nullptr;
constinit uint64_t g_ended[kCounterCount] PT_GUARDED_BY(g_lock) = {};

struct Entry {
  const char* name;
  const char* text;
};
constexpr Entry kEntries[] = {
#define X(name, text) {#name, text},
    PT_COUNTERS(X)
#undef X
};
}  // namespace

void counters_join() {
  RawGuard guard(g_lock);
  if (tls_counters.linked) return;
  tls_counters.linked = true;
  tls_counters.next = g_threads;
  g_threads = &tls_counters;
}

void counters_leave() {
  RawGuard guard(g_lock);
  if (!tls_counters.linked) return;
  tls_counters.linked = false;
  for (ThreadCounters** at = &g_threads; *at; at = &(*at)->next) {
    if (*at == &tls_counters) {
      *at = tls_counters.next;
      break;
    }
  }
  for (uint32_t i = 0; i < kCounterCount; ++i) {
    g_ended[i] += tls_counters.values[i].exchange(0, std::memory_order_relaxed);
  }
}

void counters_after_fork_child() {
  g_lock.reset();
  RawGuard guard(g_lock);
  // The other threads' storage still exists in the child's copy of memory, but nobody will run on it.
  for (ThreadCounters* t = g_threads; t; t = t->next) {
    if (t == &tls_counters) continue;
    for (uint32_t i = 0; i < kCounterCount; ++i) g_ended[i] += t->values[i].load(std::memory_order_relaxed);
  }
  g_threads = tls_counters.linked ? &tls_counters : nullptr;
  tls_counters.next = nullptr;
}

uint64_t counter_sum(Counter counter) {
  auto index = static_cast<uint32_t>(counter);
  RawGuard guard(g_lock);
  uint64_t sum = g_ended[index];
  for (ThreadCounters* t = g_threads; t; t = t->next) sum += t->values[index].load(std::memory_order_relaxed);
  return sum;
}

const char* counter_name(uint32_t index) { return index < kCounterCount ? kEntries[index].name : nullptr; }
const char* counter_description(uint32_t index) { return index < kCounterCount ? kEntries[index].text : nullptr; }

}  // namespace pt
