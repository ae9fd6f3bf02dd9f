#include "vm/jit/arena.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace pt::jit {
namespace {

constinit std::atomic<uint8_t*> g_writable{nullptr};
constinit std::atomic<bool> g_initialising{false}, g_failed{false};
constinit std::atomic<size_t> g_used{0};

// The mapping is shared, so that both views see the same memory; a forked child must get memory of its own. The copy is
// made before the fork, while nobody compiles.
constinit int g_fork_copy = -1;
void copy_before_fork() {
  uint8_t* from = g_writable.load(std::memory_order_acquire);
  if (!from) return;
  g_fork_copy = memfd_create("ptpython-jit", MFD_CLOEXEC);
  if (g_fork_copy < 0) return;
  size_t left = g_used.load(std::memory_order_relaxed);
  bool ok = ftruncate(g_fork_copy, static_cast<off_t>(kArenaBytes)) == 0;
  while (ok && left) {
    ssize_t n = write(g_fork_copy, from, left);
    ok = n > 0;
    if (ok) {
      from += n;
      left -= static_cast<size_t>(n);
    }
  }
  if (!ok) {
    close(g_fork_copy);
    g_fork_copy = -1;
  }
}
void forget_copy() {
  if (g_fork_copy >= 0) close(g_fork_copy);
  g_fork_copy = -1;
}
void remap_in_child() {
  uint8_t* writable = g_writable.load(std::memory_order_acquire);
  if (!writable) return;
  bool ok = g_fork_copy >= 0 &&
            mmap(reinterpret_cast<void*>(kArenaBase), kArenaBytes, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, g_fork_copy,
                 0) != MAP_FAILED &&
            mmap(writable, kArenaBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, g_fork_copy, 0) != MAP_FAILED;
  // Without memory of its own the child compiles nothing more; what there is stays as it is.
  if (!ok) g_used.store(kArenaBytes, std::memory_order_relaxed);
  forget_copy();
}

uint8_t* map_arena() {
  int file = memfd_create("ptpython-jit", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  uint8_t* writable = nullptr;
  if (ftruncate(file, static_cast<off_t>(kArenaBytes)) == 0) {
    void* code =
        mmap(reinterpret_cast<void*>(kArenaBase), kArenaBytes, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
    if (code == reinterpret_cast<void*>(kArenaBase)) {
      void* second = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      if (second != MAP_FAILED && pthread_atfork(copy_before_fork, forget_copy, remap_in_child) == 0) {
        writable = static_cast<uint8_t*>(second);
      }
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
