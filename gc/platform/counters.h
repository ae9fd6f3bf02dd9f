#pragma once
// Event counters: declared once in PT_COUNTERS, kept per thread, summed on demand.
#include <atomic>
#include <cstdint>

#include "gc/platform/check.h"

// name, description
#define PT_COUNTERS(X)                                                                                     \
  X(shared_increments, "reference counts taken with an atomic instruction")                                \
  X(shared_decrements, "reference counts given back with an atomic instruction")                           \
  X(merges, "objects whose local and shared counts were merged")                                           \
  X(merge_queued, "objects queued for their owner to merge")                                               \
  X(pending_settled, "counts of deferred objects that a thread had kept to itself, written to the object") \
  X(escalations, "objects made deferred because threads fought over their count")                          \
  X(field_load_slow, "lock-free slot loads that had to take the holder's lock")                            \
  X(lock_contended, "lock acquisitions that found the lock taken")                                         \
  X(lock_revocations, "locks reserved for another thread that were taken")                                 \
  X(lock_waited, "lock acquisitions that had to wait in the parking lot")                                  \
  X(parks, "times a thread went to sleep in the parking lot")                                              \
  X(unparks, "threads woken through the parking lot")                                                      \
  X(section_suspends, "critical sections given up because their thread blocked")                           \
  X(allocations, "object slots handed out (counted when a block is used up)")                              \
  X(large_allocations, "objects too big for a block")                                                      \
  X(blocks_acquired, "heap blocks taken by a thread")                                                      \
  X(blocks_adopted, "heap blocks of ended threads taken over")                                             \
  X(foreign_frees, "objects freed by a thread that does not own their block")                              \
  X(retired, "blocks of memory handed to QSBR")                                                            \
  X(grace_periods, "grace periods started")                                                                \
  X(deferred_destructions, "destructions put off because they were nested too deep")                       \
  X(finalizers_handed_over, "objects whose finaliser another thread ran for the owner")                    \
  X(collections, "runs of the cycle collector")                                                            \
  X(stop_the_world, "times the world was stopped")                                                         \
  X(stop_the_world_ns, "nanoseconds the world was stopped")                                                \
  X(stop_wait_ns, "nanoseconds spent waiting for threads to stop")

namespace pt {

enum class Counter : uint32_t {
#define X(name, text) name,
  PT_COUNTERS(X)
#undef X
};
inline constexpr uint32_t kCounterCount = 0
#define X(name, text) +1
    PT_COUNTERS(X)
#undef X
    ;

struct ThreadCounters {
  std::atomic<uint64_t> values[kCounterCount];  // written by their thread only; read relaxed by anybody
  ThreadCounters* next;                         // guarded by the counters' own lock
  bool linked;
};
inline constinit thread_local ThreadCounters tls_counters{};

PT_INLINE void count(Counter counter, uint64_t amount = 1) {
  std::atomic<uint64_t>& value = tls_counters.values[static_cast<uint32_t>(counter)];
  value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

// Includes the calling thread's counters in the sums; counters_leave() adds them to the sums of ended threads.
void counters_join();
void counters_leave();
void counters_after_fork_child();

uint64_t counter_sum(Counter);
const char* counter_name(uint32_t index);         // nullptr past the end
const char* counter_description(uint32_t index);  // nullptr past the end

}  // namespace pt
