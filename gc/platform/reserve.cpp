#include "gc/platform/reserve.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "gc/platform/memory.h"

namespace pt::memory {

namespace {
constexpr size_t kReserve = 1024 * 1024;
alignas(16) constinit char g_reserve[kReserve] = {};
constinit std::atomic<size_t> g_used{0};
}  // namespace

void* allocate_permanent(size_t bytes) {
  if (void* block = allocate(bytes)) return block;
  size_t rounded = (bytes + 15) & ~size_t{15};
  size_t at = g_used.fetch_add(rounded, std::memory_order_relaxed);
  if (rounded < kReserve && at <= kReserve - rounded) return g_reserve + at;
  std::fputs("ptpython: out of memory\n", stderr);
  std::_Exit(1);
}

void release_permanent(void* block) {
  if (block < g_reserve || block >= g_reserve + kReserve) release(block);
}

}  // namespace pt::memory
