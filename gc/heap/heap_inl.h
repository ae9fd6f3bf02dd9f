#pragma once
// The allocation fast path: pop a slot off the current block's free list, write the header, zero the rest.
#include <cstring>

#include "gc/heap/block.h"
#include "gc/heap/heap.h"
#include "gc/refcount/ledger.h"
#include "gc/sync/mutator.h"

namespace pt {

// Readers with a stale pointer may look at the header meanwhile, hence the relaxed atomic stores.
PT_INLINE void write_header(Object* o, ShapeId shape, ThreadId owner, uint8_t gc_bits) {
  static_assert(offsetof(Object, owner) == 4 && offsetof(Object, gc_bits) == 7 && offsetof(Object, local) == 8);
  uint64_t first = uint64_t{shape} | uint64_t{owner} << 32 | uint64_t{gc_bits} << 56;
  auto* words = reinterpret_cast<uint64_t*>(o);
  __atomic_store_n(words, first, __ATOMIC_RELAXED);
  __atomic_store_n(words + 1, uint64_t{1}, __ATOMIC_RELAXED);
}

// Zeroes a small block whose size is a multiple of 16, without a call.
PT_INLINE void zero_units(char* at, size_t bytes) {
  if (__builtin_constant_p(bytes) || bytes > 256) {
    std::memset(at, 0, bytes);
    return;
  }
  char* end = at + bytes;
  if (PT_LIKELY(bytes <= 64)) {
    // Overlapping: a loop would become a call again.
    if (bytes > 32) {
      __builtin_memset(at + 16, 0, 16);
      __builtin_memset(end - 32, 0, 16);
    }
    if (bytes) {
      __builtin_memset(at, 0, 16);
      __builtin_memset(end - 16, 0, 16);
    }
    return;
  }
  for (; at != end; at += 16) __builtin_memset(at, 0, 16);
}

// allocate_object() with everything known to the compiler when the size is a constant. `zero` false: the caller, whose
// object holds no references, fills all that is read later.
PT_INLINE Object* allocate_object_inline(ShapeId shape, size_t bytes, bool tracked, bool zero = true) {
  const uint8_t gc_bits = tracked ? kGcTracked : 0;
  if (PT_UNLIKELY(bytes > kBlockLimit)) return allocate_large(bytes, shape, gc_bits);
  HeapLocal* heap = tls_mutator->heap;
  const unsigned size_class = size_class_of(bytes);
  Block* block = heap->current[size_class];
  FreeSlot* slot = block->free;
  if (PT_UNLIKELY(!slot)) return allocate_slow(heap, size_class, shape, gc_bits);
  block->free = slot->link;
  auto* o = &slot->header;
  const size_t slot_bytes = class_bytes(size_class);
  unpoison_slot(o, slot_bytes);
  note_reference(o, LedgerEvent::kNew);
  write_header(o, shape, tls_owner_id, gc_bits);
  if (zero) zero_units(reinterpret_cast<char*>(o) + sizeof(Object), slot_bytes - sizeof(Object));
  if (tracked && PT_UNLIKELY(++heap->tracked_net >= kTrackedBatch)) report_tracked(heap);
  return o;
}

// free_object() without the bookkeeping of tracked objects. The header must be dead.
PT_INLINE void free_slot(HeapLocal* heap, Object* o) {
  if (PT_UNLIKELY(!in_region(o))) return free_large(o);
  Block* block = block_of(o);
  note_reference(o, LedgerEvent::kFree);
  poison_slot(o, block->slot_bytes);
  if (PT_UNLIKELY(block->heap.load(std::memory_order_relaxed) != heap)) return free_foreign(o, block);
  auto* slot = reinterpret_cast<FreeSlot*>(o);
  slot->link = block->free;
  block->free = slot;
  if (PT_UNLIKELY(--block->countdown == 0)) free_slow(heap, block);
}

}  // namespace pt
