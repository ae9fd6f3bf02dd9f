#include "vm/jit/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace pt::jit {
namespace {

constinit std::atomic<uint8_t*> g_writable{nullptr};
constinit std::atomic<bool> g_initialising{false}, g_failed{false};
constinit std::atomic<size_t> g_used{0};

uint8_t* map_arena() {
  int file = memfd_create("ptpython-jit", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  uint8_t* writable = nullptr;
  if (ftruncate(file, static_cast<off_t>(kArenaBytes)) == 0) {
    void* code = mmap(reinterpret_cast<void*>(kArenaBase), kArenaBytes, PROT_READ | PROT_EXEC,
                      MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
    if (code == reinterpret_cast<void*>(kArenaBase)) {
      void* second = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      if (second != MAP_FAILED) writable = static_cast<uint8_t*>(second);
    }
  }
  close(file);
  return writable;
}

uint8_t* arena() {
  uint8_t* writable = g_writable.load(std::memory_order_acquire);
  if (writable || g_failed.load(std::memory_order_relaxed)) return writable;
  // One thread maps it; others do without compiled code for that moment.
  if (g_initialising.exchange(true, std::memory_order_acquire)) return nullptr;
  writable = map_arena();
  if (!writable) g_failed.store(true, std::memory_order_relaxed);
  g_writable.store(writable, std::memory_order_release);  // pairs with the acquire above
  return writable;
}

}  // namespace

ArenaBlock arena_allocate(size_t bytes) {
  uint8_t* writable = arena();
  if (!writable) return {};
  bytes = (bytes + 63) & ~size_t{63};
  size_t at = g_used.fetch_add(bytes, std::memory_order_relaxed);
  if (at + bytes > kArenaBytes) {
    g_used.fetch_sub(bytes, std::memory_order_relaxed);
    return {};
  }
  return {reinterpret_cast<uint8_t*>(kArenaBase) + at, writable + at, bytes};
}

}  // namespace pt::jit
