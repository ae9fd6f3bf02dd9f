#pragma once
// Allocations of a thread that fail on purpose, for tests of memory exhaustion. What running out of memory at a given
// point does can only be seen when it happens at that point.
#include <atomic>
#include <cstdint>

#include "gc/platform/check.h"

namespace pt::faults {

// How many threads have failures on. Relaxed: a thread sees its own change, and others have no part in it.
extern constinit std::atomic<uint32_t> g_armed_threads;

// Counts an allocation of this thread; true when it is one of those that fail.
PT_COLD bool count_and_fail();
PT_INLINE bool allocation_fails() {
  return PT_UNLIKELY(g_armed_threads.load(std::memory_order_relaxed) != 0) && count_and_fail();
}

// From now on this thread's allocations fail, but for the first `start` of them; `stop` > 0: and those after the first `stop`.
// For the heap (gc/heap/faults.h), which has a fast path of its own to close.
void arm(int64_t start, int64_t stop);
void disarm();
// Allocations of this thread since arm().
int64_t counted();

}  // namespace pt::faults
