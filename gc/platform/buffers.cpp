#include "gc/platform/buffers.h"

#include <cstring>

namespace pt::memory {

constinit thread_local SpareBuffers tls_spare_buffers[kMostSpareBytes / kBufferGrain + 1] = {};

void* resize_buffer(void* block, size_t old_bytes, size_t bytes) {
  if (bytes > kMostSpareBytes) return reallocate(block, bytes);
  void* fresh = allocate_buffer(bytes);
  if (!fresh) return nullptr;
  std::memcpy(fresh, block, old_bytes < bytes ? old_bytes : bytes);
  release_buffer(block, old_bytes);
  return fresh;
}

void release_spare_buffers() {
  for (SpareBuffers& spares : tls_spare_buffers) {
    while (spares.count) release(spares.blocks[--spares.count]);
  }
}

}  // namespace pt::memory
