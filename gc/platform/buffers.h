#pragma once
// Small buffers of containers: each thread keeps some of those that came back for the next container of that size. They lie in
// the processor's cache, where the blocks that mimalloc hands out in turn do not, and a thread with few objects does not make
// mimalloc give up a page and set it up again each time that the only block on it goes.
#include <cstddef>
#include <cstdint>

#include "gc/platform/faults.h"
#include "gc/platform/memory.h"

namespace pt::memory {

inline constexpr size_t kBufferGrain = 16;
inline constexpr size_t kMostSpareBytes = 256;
inline constexpr uint32_t kMostSpares = 15;  // of a size

#ifdef PT_USE_MIMALLOC
inline constexpr bool kKeepSpares = true;
#else
inline constexpr bool kKeepSpares = false;  // the sanitizers are to see each buffer's end
#endif

struct SpareBuffers {  // of one size; the thread's own
  void* blocks[kMostSpares];
  uint32_t count;
};
extern constinit thread_local SpareBuffers tls_spare_buffers[kMostSpareBytes / kBufferGrain + 1];

constexpr size_t buffer_size(size_t bytes) { return (bytes + kBufferGrain - 1) & ~(kBufferGrain - 1); }

// As allocate(); `bytes` is a buffer_size(). Other functions of memory.h may resize or release the block.
[[nodiscard]] PT_INLINE void* allocate_buffer(size_t bytes) {
  PT_ASSERT(bytes == buffer_size(bytes));
  if (PT_LIKELY(bytes <= kMostSpareBytes)) {
    SpareBuffers& spares = tls_spare_buffers[bytes / kBufferGrain];
    if (PT_LIKELY(spares.count)) {
      if (faults::allocation_fails()) return nullptr;
      return spares.blocks[--spares.count];
    }
  }
  return allocate(bytes);
}
// `bytes`, a buffer_size(), is at most what the block was made or resized with.
PT_INLINE void release_buffer(void* block, size_t bytes) {
  PT_ASSERT(bytes == buffer_size(bytes));
  if (PT_LIKELY(bytes <= kMostSpareBytes)) {
    SpareBuffers& spares = tls_spare_buffers[bytes / kBufferGrain];
    if (PT_LIKELY(kKeepSpares && spares.count < kMostSpares)) {
      spares.blocks[spares.count++] = block;
      return;
    }
  }
  release(block);
}
// As reallocate(), of a block of `old_bytes`; both are buffer_size()s.
[[nodiscard]] void* resize_buffer(void* block, size_t old_bytes, size_t bytes);
// Gives back what the thread keeps. It must not come back to buffers afterwards.
void release_spare_buffers();

}  // namespace pt::memory
