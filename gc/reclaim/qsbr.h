#pragma once
// Quiescent-state-based reclamation: memory that lock-free readers may still see is freed after every attached thread
// has passed a safepoint.
#include <cstddef>

namespace pt {

// Calls `free_fn(block)` after a grace period. `bytes` counts towards the limit past which the calling thread forces a
// grace period by asking all mutators to announce. `free_fn` must not run Python code. The calling thread is attached.
void retire(void* block, void (*free_fn)(void*), size_t bytes);
// retire() with memory::release; frees at once while the process has one thread.
void retire_buffer(void* block, size_t bytes);

// Bytes this thread holds back, waiting for a grace period.
size_t retired_bytes();
// Asks all threads to announce a quiescent state, announces for this one and frees what has become free. The calling
// thread holds no pointer into retired memory.
void reclaim_retired();
// Bytes a thread may hold back before it asks for a grace period by itself.
void set_retire_limit(size_t bytes);

}  // namespace pt
