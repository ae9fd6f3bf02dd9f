#include "gc/platform/memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#ifdef PT_USE_MIMALLOC
#include <mimalloc.h>
#endif

#include "gc/platform/check.h"
#include "gc/platform/faults.h"

namespace pt::memory {

#ifdef PT_USE_MIMALLOC
void* allocate_uncounted(size_t bytes) { return mi_malloc(bytes); }
void* allocate(size_t bytes) { return faults::allocation_fails() ? nullptr : mi_malloc(bytes); }
void* allocate_zeroed(size_t bytes) { return faults::allocation_fails() ? nullptr : mi_zalloc(bytes); }
namespace {
constinit std::atomic<bool> g_apart{false};
constinit thread_local mi_heap_t* t_metadata = nullptr;  // ends with its thread; what lies in it does not
mi_heap_t* metadata_heap() {
  if (!g_apart.load(std::memory_order_relaxed)) return mi_heap_get_default();
  if (PT_UNLIKELY(!t_metadata)) t_metadata = mi_heap_new();
  return t_metadata ? t_metadata : mi_heap_get_default();
}
}  // namespace
void keep_metadata_apart() { g_apart.store(true, std::memory_order_relaxed); }
void* allocate_metadata(size_t bytes) { return faults::allocation_fails() ? nullptr : mi_heap_malloc(metadata_heap(), bytes); }
void* allocate_metadata_zeroed(size_t bytes) {
  return faults::allocation_fails() ? nullptr : mi_heap_zalloc(metadata_heap(), bytes);
}
void* reallocate(void* block, size_t bytes) { return faults::allocation_fails() ? nullptr : mi_realloc(block, bytes); }
void* allocate_aligned(size_t bytes, size_t alignment) {
  return faults::allocation_fails() ? nullptr : mi_malloc_aligned(bytes, alignment);
}
void release(void* block) { mi_free(block); }
#else
// The sanitizers' allocator ends the process over sizes that malloc would refuse.
namespace {
bool refused(size_t bytes) { return bytes >> 38 || faults::allocation_fails(); }
}  // namespace
void* allocate_uncounted(size_t bytes) { return std::malloc(bytes ? bytes : 1); }
void* allocate(size_t bytes) { return refused(bytes) ? nullptr : std::malloc(bytes ? bytes : 1); }
void* allocate_zeroed(size_t bytes) { return refused(bytes) ? nullptr : std::calloc(bytes ? bytes : 1, 1); }
void keep_metadata_apart() {}
void* allocate_metadata(size_t bytes) { return allocate(bytes); }
void* allocate_metadata_zeroed(size_t bytes) { return allocate_zeroed(bytes); }
void* reallocate(void* block, size_t bytes) { return refused(bytes) ? nullptr : std::realloc(block, bytes ? bytes : 1); }
void* allocate_aligned(size_t bytes, size_t alignment) {
  if (refused(bytes)) return nullptr;
  void* block = nullptr;
  return posix_memalign(&block, alignment, bytes) == 0 ? block : nullptr;
}
void release(void* block) { std::free(block); }
#endif

void* reserve(size_t bytes, uintptr_t hint) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (hint ? MAP_FIXED_NOREPLACE : 0);
  void* region = mmap(reinterpret_cast<void*>(hint), bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  return region == MAP_FAILED ? nullptr : region;
}
void unreserve(void* region, size_t bytes) { munmap(region, bytes); }

}  // namespace pt::memory
