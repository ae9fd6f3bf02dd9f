#pragma once
// Blocks: 64 KiB of slots of one size class, aligned, so that a pointer finds its block. All blocks lie in one reserved
// region, which is never unmapped: a stale pointer into it can always be read.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gc/object/object.h"

namespace pt {

struct HeapLocal;

inline constexpr size_t kBlockBytes = 64 * 1024;
inline constexpr size_t kFineLimit = 512;      // classes in steps of 16 up to here
inline constexpr size_t kBlockLimit = 8192;    // bigger objects are large
inline constexpr unsigned kFineClasses = kFineLimit / 16 + 1;       // class = bytes / 16; 0 and 1 unused
inline constexpr unsigned kCoarseClasses = 16;                      // four for each doubling up to 8 KiB
inline constexpr unsigned kSizeClasses = kFineClasses + kCoarseClasses;

// The class of an object of `bytes` <= kBlockLimit. A slot has room for the header and a link.
constexpr unsigned size_class_of(size_t bytes) {
  if (bytes <= kFineLimit) return bytes <= 32 ? 2 : static_cast<unsigned>((bytes + 15) / 16);
  unsigned log = 63 - static_cast<unsigned>(__builtin_clzll(bytes - 1));  // 512 < bytes: log >= 9
  auto quarter = static_cast<unsigned>((bytes - 1) >> (log - 2)) & 3;
  return kFineClasses + (log - 9) * 4 + quarter;
}
constexpr size_t class_bytes(unsigned size_class) {
  if (size_class < kFineClasses) return size_class * 16;
  unsigned coarse = size_class - kFineClasses;
  size_t base = kFineLimit << (coarse / 4);
  return base + base / 4 * (coarse % 4 + 1);
}
static_assert(class_bytes(size_class_of(513)) == 640 && class_bytes(size_class_of(8192)) == 8192);
static_assert(size_class_of(8192) == kSizeClasses - 1 && size_class_of(1024) + 1 == size_class_of(1025));

// A free slot: the header stays as the dead object left it, the link follows.
struct FreeSlot {
  Object header;
  FreeSlot* link;
};

enum class BlockPlace : uint8_t { kNone, kCurrent, kPartial, kFull, kAbandoned, kPool };

struct alignas(64) Block {
  std::atomic<HeapLocal*> heap;       // owner; null: abandoned. Written by the owner or with the abandoned list locked
  FreeSlot* free;                     // owner only
  int32_t countdown;                  // owner: frees until the block must be looked at
  std::atomic<uint16_t> size_class;   // 0: not in use. Changes only after a grace period
  BlockPlace place;                   // owner
  uint32_t slot_bytes;
  uint32_t capacity;
  std::atomic<uint32_t> carved;       // slots that were ever linked into a free list
  Block* next;                        // list of the owner, abandoned list or pool
  Block* previous;
  alignas(64) std::atomic<FreeSlot*> foreign;  // freed by other threads

  char* slots() { return reinterpret_cast<char*>(this + 1); }
};
static_assert(sizeof(Block) == 128);

// Where blocks lie. Ordinary builds put the region at a fixed place, so that a test for it needs no load; the sanitizers
// have their own ideas about the address space. Written once before the first allocation.
extern constinit uintptr_t g_region_begin, g_region_end;
#ifdef PT_USE_MIMALLOC
inline constexpr unsigned kRegionBits = 40;
inline constexpr uintptr_t kRegionBase = uintptr_t{1} << kRegionBits;
PT_INLINE bool in_region(const void* p) { return reinterpret_cast<uintptr_t>(p) >> kRegionBits == 1; }
#else
PT_INLINE bool in_region(const void* p) {
  auto address = reinterpret_cast<uintptr_t>(p);
  return address - g_region_begin < g_region_end - g_region_begin;
}
#endif
PT_INLINE Block* block_of(const Object* o) {
  return reinterpret_cast<Block*>(reinterpret_cast<uintptr_t>(o) & ~(kBlockBytes - 1));
}

// Per thread. The records are reused, never freed, as blocks refer to them.
struct HeapLocal {
  Block* current[kSizeClasses];       // never null: an empty block stands in
  Block* partial[kSizeClasses];       // blocks with free slots
  Block* full[kSizeClasses];          // circular: where the next search starts
  int32_t tracked_net;                // tracked allocations minus frees not reported yet
  int32_t depth;                      // nesting of destroy_object
  Object** pending;                   // destructions put off; each entry owns a count
  uint32_t pending_size, pending_capacity;
  bool for_others;                    // a ForOthers exists
  HeapLocal* next_unused;
};
inline constexpr int32_t kTrackedBatch = 256;
inline constexpr int kMaxDestroyDepth = 48;

// Slow paths of heap_inl.h.
PT_COLD Object* allocate_slow(HeapLocal*, unsigned size_class, ShapeId, uint8_t gc_bits);
PT_COLD Object* allocate_large(size_t bytes, ShapeId, uint8_t gc_bits);
PT_COLD void report_tracked(HeapLocal*);
PT_COLD void free_slow(HeapLocal*, Block*);
PT_COLD void free_foreign(Object*, Block*);
void free_large(Object*);

// gc/heap/large.cpp
void for_each_large(unsigned shard, void (*visit)(Object*, void*), void* context);
uint64_t large_object_bytes();
size_t large_slot_size(const Object*);
bool is_live_large(const void* address);
void large_after_fork_child();
inline constexpr unsigned kLargeShards = 16;

}  // namespace pt

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#define PT_HEAP_ASAN 1
#endif
#endif

namespace pt {

inline constexpr uint8_t kPoison = 0xDD;

// A free slot may be read in its header (lock-free readers) and link only.
PT_INLINE void poison_slot([[maybe_unused]] Object* o, [[maybe_unused]] size_t slot_bytes) {
#ifdef PT_ENABLE_VERIFY
  __builtin_memset(reinterpret_cast<char*>(o) + sizeof(FreeSlot), kPoison, slot_bytes - sizeof(FreeSlot));
#endif
#ifdef PT_HEAP_ASAN
  __asan_poison_memory_region(reinterpret_cast<char*>(o) + sizeof(FreeSlot), slot_bytes - sizeof(FreeSlot));
#endif
}
PT_INLINE void unpoison_slot([[maybe_unused]] Object* o, [[maybe_unused]] size_t slot_bytes) {
#ifdef PT_HEAP_ASAN
  __asan_unpoison_memory_region(o, slot_bytes);
#endif
#ifdef PT_ENABLE_VERIFY
  // Somebody wrote to an object after its end.
  auto* bytes = reinterpret_cast<const uint8_t*>(o);
  for (size_t i = sizeof(FreeSlot); i < slot_bytes; ++i) PT_CHECK(bytes[i] == kPoison);
  PT_CHECK(o->has_gc_bit(kGcDead));
#endif
}

}  // namespace pt
