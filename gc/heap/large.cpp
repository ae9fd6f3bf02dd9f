// Objects beyond the biggest size class: each its own allocation, in one of a few lists so that the heap can be walked.
#include "gc/heap/block.h"
#include "gc/heap/heap.h"
#include "gc/heap/heap_inl.h"
#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"

namespace pt {

namespace {

constexpr size_t kAddressSpace = size_t{1} << 47;  // nobody has that much

struct LargeHeader {
  LargeHeader* next;
  LargeHeader* previous;
  size_t bytes;  // of the object
  uint64_t unused;
};
static_assert(sizeof(LargeHeader) % 16 == 0);

struct alignas(64) Shard {
  RawMutex lock;
  LargeHeader* first PT_GUARDED_BY(lock) = nullptr;
  size_t bytes PT_GUARDED_BY(lock) = 0;
};
constinit Shard g_shards[kLargeShards];

Shard& shard_of(const LargeHeader* header) { return g_shards[(reinterpret_cast<uintptr_t>(header) * 0x9E3779B97F4A7C15u) >> 60]; }
LargeHeader* header_of(const Object* o) {
  return reinterpret_cast<LargeHeader*>(reinterpret_cast<uintptr_t>(o) - sizeof(LargeHeader));
}
Object* object_of(LargeHeader* header) { return reinterpret_cast<Object*>(header + 1); }

}  // namespace

Object* allocate_large(size_t bytes, ShapeId shape, uint8_t gc_bits) {
  if (bytes > kAddressSpace) return nullptr;
  auto* header = static_cast<LargeHeader*>(memory::allocate_zeroed(bytes + sizeof(LargeHeader)));
  if (!header) return nullptr;
  header->bytes = bytes;
  Object* o = object_of(header);
  write_header(o, shape, tls_owner_id, gc_bits);
  count(Counter::large_allocations);
  {
    Shard& shard = shard_of(header);
    RawGuard guard(shard.lock);
    header->next = shard.first;
    if (shard.first) shard.first->previous = header;
    shard.first = header;
    shard.bytes += bytes;
  }
  if (gc_bits & kGcTracked) {
    HeapLocal* heap = tls_mutator->heap;
    if (++heap->tracked_net >= kTrackedBatch) report_tracked(heap);
  }
  return o;
}

void free_large(Object* o) {
  LargeHeader* header = header_of(o);
  {
    Shard& shard = shard_of(header);
    RawGuard guard(shard.lock);
    (header->previous ? header->previous->next : shard.first) = header->next;
    if (header->next) header->next->previous = header->previous;
    shard.bytes -= header->bytes;
  }
  // A reader with a stale pointer may still look at the refcount words.
  retire_buffer(header, header->bytes + sizeof(LargeHeader));
}

void for_each_large(unsigned index, void (*visit)(Object*, void*), void* context) {
  Shard& shard = g_shards[index];
  RawGuard guard(shard.lock);
  for (LargeHeader* h = shard.first; h; h = h->next) {
    if (!object_of(h)->has_gc_bit(kGcDead)) visit(object_of(h), context);
  }
}

uint64_t large_object_bytes() {
  uint64_t sum = 0;
  for (Shard& shard : g_shards) {
    RawGuard guard(shard.lock);
    sum += shard.bytes;
  }
  return sum;
}

size_t large_slot_size(const Object* o) { return header_of(o)->bytes; }

bool is_live_large(const void* address) {
  for (Shard& shard : g_shards) {
    RawGuard guard(shard.lock);
    for (LargeHeader* h = shard.first; h; h = h->next) {
      if (object_of(h) == address) return !object_of(h)->has_gc_bit(kGcDead);
    }
  }
  return false;
}

void large_after_fork_child() {
  for (Shard& shard : g_shards) shard.lock.reset();
}

}  // namespace pt
