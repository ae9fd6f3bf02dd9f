// Blocks: where they come from, how threads use them up, give them back and take over those of ended threads.
#include "gc/heap/heap.h"

#include <sys/mman.h>

#include "gc/heap/block.h"
#include "gc/heap/faults.h"
#include "gc/heap/heap_inl.h"
#include "gc/platform/counters.h"
#include "gc/platform/faults.h"
#include "gc/platform/futex.h"
#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "gc/sync/mutator_parts.h"

namespace pt {

constinit uintptr_t g_region_begin = 0, g_region_end = 0;
constinit HeapHooks g_heap_hooks{};

namespace {

constexpr int32_t kNever = INT32_MAX;
constexpr unsigned kFullSearch = 8;       // full blocks looked at before a new block is taken
constexpr unsigned kAbandonedSearch = 4;
constexpr size_t kPoolKeep = 1024;        // empty blocks that keep their memory (64 MiB)
constexpr size_t kCarveBytes = 4096;

constinit Block g_no_block{};  // stands in for a current block; its free list is empty

constinit std::atomic<size_t> g_block_count{0};  // blocks of the region that were ever used

constinit RawMutex g_pool_lock;
constinit Block* g_pool PT_GUARDED_BY(g_pool_lock) = nullptr;
constinit size_t g_pool_size PT_GUARDED_BY(g_pool_lock) = 0;
constinit HeapLocal* g_unused_heaps PT_GUARDED_BY(g_pool_lock) = nullptr;

constinit RawMutex g_abandoned_lock;
constinit Block* g_abandoned[kSizeClasses] PT_GUARDED_BY(g_abandoned_lock) = {};
constinit std::atomic<uint32_t> g_abandoned_count[kSizeClasses] = {};

// While allocations fail on purpose: the blocks that would be current, so that each allocation comes to the slow path.
constinit thread_local Block** t_held = nullptr;

constinit std::atomic<int64_t> g_tracked{0};
constinit std::atomic<int64_t> g_trigger{0};

bool reserve_region() {
#ifdef PT_USE_MIMALLOC
  constexpr unsigned kLargest = kRegionBits;
  constexpr uintptr_t kPlace = kRegionBase;
#else
  constexpr unsigned kLargest = 33;  // the sanitizers keep shadow memory
  constexpr uintptr_t kPlace = 0;
#endif
  // Less where the process may not have that much address space.
  for (unsigned bits = kLargest; bits >= 28; --bits) {
    size_t bytes = size_t{1} << bits;
    auto base = reinterpret_cast<uintptr_t>(memory::reserve(bytes, kPlace));
    if (!base) continue;
    g_region_end = (base + bytes) & ~(kBlockBytes - 1);
    g_region_begin = (base + kBlockBytes - 1) & ~(kBlockBytes - 1);
    return true;
  }
  return false;
}

Block* block_at(size_t index) { return reinterpret_cast<Block*>(g_region_begin + index * kBlockBytes); }
size_t region_blocks() { return (g_region_end - g_region_begin) / kBlockBytes; }

// An empty block for the class. What lies behind its header is anything; carve() makes slots of it.
Block* new_block(unsigned size_class) {
  Block* block = nullptr;
  {
    RawGuard guard(g_pool_lock);
    if (g_pool) {
      block = g_pool;
      g_pool = block->next;
      --g_pool_size;
    }
  }
  if (block) {
#ifdef PT_HEAP_ASAN
    __asan_unpoison_memory_region(block->slots(), kBlockBytes - sizeof(Block));
#endif
  } else {
    size_t index = g_block_count.load(std::memory_order_relaxed);
    do {
      if (index >= region_blocks()) return nullptr;
    } while (!g_block_count.compare_exchange_weak(index, index + 1, std::memory_order_relaxed));
    block = block_at(index);
#ifdef PT_HEAP_ASAN
    __lsan_register_root_region(block, kBlockBytes);  // what objects point to is not leaked
#endif
  }
  block->slot_bytes = static_cast<uint32_t>(class_bytes(size_class));
  block->capacity = static_cast<uint32_t>((kBlockBytes - sizeof(Block)) / block->slot_bytes);
  block->carved.store(0, std::memory_order_relaxed);
  block->free = nullptr;
  block->foreign.store(nullptr, std::memory_order_relaxed);
  block->next = block->previous = nullptr;
  block->place = BlockPlace::kNone;
  block->size_class.store(static_cast<uint16_t>(size_class), std::memory_order_release);  // pairs with the walk
  count(Counter::blocks_acquired);
  return block;
}

// After the grace period: the block may become anything.
void pool_block(void* memory) {
  auto* block = static_cast<Block*>(memory);
  RawGuard guard(g_pool_lock);
  if (g_pool_size >= kPoolKeep) {
    size_t used = sizeof(Block) + size_t{block->carved.load(std::memory_order_relaxed)} * block->slot_bytes;
    // All but the page with the header.
    if (used > 4096) madvise(reinterpret_cast<char*>(block) + 4096, kBlockBytes - 4096, MADV_DONTNEED);
  }
  block->size_class.store(0, std::memory_order_relaxed);
  block->place = BlockPlace::kPool;
  block->next = g_pool;
  g_pool = block;
  ++g_pool_size;
}

void retire_block(Block* block) {
  block->heap.store(nullptr, std::memory_order_relaxed);
  block->place = BlockPlace::kNone;
  if (multithreaded()) {
    retire(block, pool_block, kBlockBytes);
  } else {
    pool_block(block);
  }
}

// Links the next page's worth of never used slots.
void carve(Block* block) {
  uint32_t carved = block->carved.load(std::memory_order_relaxed);
  uint32_t batch = static_cast<uint32_t>(kCarveBytes / block->slot_bytes);
  if (batch < 4) batch = 4;
  uint32_t end = carved + batch < block->capacity ? carved + batch : block->capacity;
  FreeSlot* first = nullptr;
  for (uint32_t i = end; i-- > carved;) {
    auto* slot = reinterpret_cast<FreeSlot*>(block->slots() + size_t{i} * block->slot_bytes);
    write_header(&slot->header, 0, 0, kGcDead);
    slot->header.local.store(0, std::memory_order_relaxed);
    slot->link = first;
    first = slot;
#if defined(PT_HEAP_ASAN) || defined(PT_ENABLE_VERIFY)
    poison_slot(&slot->header, block->slot_bytes);
#endif
  }
  block->free = first;
  block->carved.store(end, std::memory_order_release);  // pairs with the walk
}

bool collect_foreign(Block* block) {
  if (!block->foreign.load(std::memory_order_relaxed)) return false;
  // Pairs with the release in free_foreign.
  FreeSlot* list = block->foreign.exchange(nullptr, std::memory_order_acquire);
  if (!block->free) {
    block->free = list;
    return true;
  }
  FreeSlot* end = list;
  while (end->link) end = end->link;
  end->link = block->free;
  block->free = list;
  return true;
}

void push_partial(HeapLocal* heap, Block* block) {
  unsigned c = block->size_class.load(std::memory_order_relaxed);
  block->place = BlockPlace::kPartial;
  block->previous = nullptr;
  block->next = heap->partial[c];
  if (block->next) block->next->previous = block;
  heap->partial[c] = block;
}
void remove_partial(HeapLocal* heap, Block* block) {
  (block->previous ? block->previous->next : heap->partial[block->size_class.load(std::memory_order_relaxed)]) = block->next;
  if (block->next) block->next->previous = block->previous;
}
void push_full(HeapLocal* heap, Block* block) {
  Block*& full = heap->full[block->size_class.load(std::memory_order_relaxed)];
  block->place = BlockPlace::kFull;
  block->countdown = 1;
  if (full) {
    block->next = full;
    block->previous = full->previous;
    block->previous->next = block;
    full->previous = block;
  } else {
    full = block->next = block->previous = block;
  }
}
void remove_full(HeapLocal* heap, Block* block) {
  Block*& full = heap->full[block->size_class.load(std::memory_order_relaxed)];
  if (block->next == block) {
    full = nullptr;
  } else {
    block->previous->next = block->next;
    block->next->previous = block->previous;
    if (full == block) full = block->next;
  }
}

// Used slots of a block the thread owns.
uint32_t used_slots(const Block* block) {
  uint32_t used = block->carved.load(std::memory_order_relaxed);
  for (FreeSlot* s = block->free; s; s = s->link) --used;
  return used;
}

Block* adopt(HeapLocal* heap, unsigned c) {
  if (g_abandoned_count[c].load(std::memory_order_relaxed) == 0) return nullptr;
  for (unsigned tries = 0; tries < kAbandonedSearch; ++tries) {
    Block* block;
    {
      RawGuard guard(g_abandoned_lock);
      block = g_abandoned[c];
      if (!block) return nullptr;
      g_abandoned[c] = block->next;
      g_abandoned_count[c].fetch_sub(1, std::memory_order_relaxed);
      block->heap.store(heap, std::memory_order_relaxed);
    }
    count(Counter::blocks_adopted);
    collect_foreign(block);
    if (!block->free && block->carved.load(std::memory_order_relaxed) < block->capacity) carve(block);
    if (block->free) return block;
    push_full(heap, block);
  }
  return nullptr;
}

// Makes a block with free slots current for the class, or returns nullptr.
Block* refill(HeapLocal* heap, unsigned c) {
  Block* block = heap->current[c];
  if (block != &g_no_block) {
    if (collect_foreign(block)) return block;
    if (block->carved.load(std::memory_order_relaxed) < block->capacity) {
      carve(block);
      return block;
    }
    count(Counter::allocations, block->capacity);
    push_full(heap, block);
    heap->current[c] = &g_no_block;
  }
  Block* found = heap->partial[c];
  if (found) {
    remove_partial(heap, found);
    collect_foreign(found);
  }
  for (unsigned i = 0; !found && heap->full[c] && i < kFullSearch; ++i) {
    Block* candidate = heap->full[c];
    heap->full[c] = candidate->next;
    if (collect_foreign(candidate)) {
      remove_full(heap, candidate);
      found = candidate;
    }
  }
  if (!found) found = adopt(heap, c);
  if (!found && (found = new_block(c))) {
    found->heap.store(heap, std::memory_order_relaxed);
    carve(found);
  }
  if (found) {
    found->place = BlockPlace::kCurrent;
    found->countdown = kNever;
    heap->current[c] = found;
  }
  return found;
}

void abandon(Block* block) {
  unsigned c = block->size_class.load(std::memory_order_relaxed);
  RawGuard guard(g_abandoned_lock);
  block->heap.store(nullptr, std::memory_order_relaxed);
  block->place = BlockPlace::kAbandoned;
  block->next = g_abandoned[c];
  g_abandoned[c] = block;
  g_abandoned_count[c].fetch_add(1, std::memory_order_relaxed);
}

void abandon_all(HeapLocal* heap, bool may_retire) {
  for (unsigned c = 0; c < kSizeClasses; ++c) {
    if (heap->current[c] != &g_no_block) {
      push_partial(heap, heap->current[c]);
      heap->current[c] = &g_no_block;
    }
    while (Block* block = heap->partial[c]) {
      remove_partial(heap, block);
      collect_foreign(block);
      // A few empty ones stay of their class: the next short thread takes them as they are.
      if (may_retire && g_abandoned_count[c].load(std::memory_order_relaxed) >= kAbandonedSearch && used_slots(block) == 0) {
        retire_block(block);
      } else {
        abandon(block);
      }
    }
    while (Block* block = heap->full[c]) {
      remove_full(heap, block);
      abandon(block);
    }
  }
}

}  // namespace

Object* allocate_slow(HeapLocal* heap, unsigned size_class, ShapeId shape, uint8_t gc_bits) {
  Block* block;
  if (PT_UNLIKELY(t_held)) {
    if (faults::count_and_fail()) return nullptr;
    heap->current[size_class] = t_held[size_class];
    block = heap->current[size_class]->free ? heap->current[size_class] : refill(heap, size_class);
    t_held[size_class] = heap->current[size_class];
    heap->current[size_class] = &g_no_block;
  } else {
    block = refill(heap, size_class);
  }
  if (!block) return nullptr;
  FreeSlot* slot = block->free;
  block->free = slot->link;
  Object* o = &slot->header;
  unpoison_slot(o, block->slot_bytes);
  note_reference(o, LedgerEvent::kNew);
  write_header(o, shape, tls_owner_id, gc_bits);
  std::memset(reinterpret_cast<char*>(o) + sizeof(Object), 0, block->slot_bytes - sizeof(Object));
  if ((gc_bits & kGcTracked) && ++heap->tracked_net >= kTrackedBatch) report_tracked(heap);
  return o;
}

Object* allocate_object(ShapeId shape, size_t bytes, bool tracked) { return allocate_object_inline(shape, bytes, tracked); }

bool fail_allocations(int64_t start, int64_t stop) {
  (void)end_allocation_failures();
  auto** held = static_cast<Block**>(memory::allocate(kSizeClasses * sizeof(Block*)));
  if (!held) return false;
  for (unsigned c = 0; c < kSizeClasses; ++c) {
    held[c] = tls_mutator->heap->current[c];
    tls_mutator->heap->current[c] = &g_no_block;
  }
  t_held = held;
  faults::arm(start, stop);
  return true;
}

int64_t end_allocation_failures() {
  if (!t_held) return 0;
  faults::disarm();
  for (unsigned c = 0; c < kSizeClasses; ++c) tls_mutator->heap->current[c] = t_held[c];
  memory::release(t_held);
  t_held = nullptr;
  return faults::counted();
}

void free_slow(HeapLocal* heap, Block* block) {
  switch (block->place) {
    case BlockPlace::kFull:
      // The first slot freed here since the block was used up: it can serve again.
      remove_full(heap, block);
      collect_foreign(block);
      push_partial(heap, block);
      block->countdown = static_cast<int32_t>(used_slots(block));
      if (block->countdown != 0) return;
      [[fallthrough]];
    case BlockPlace::kPartial:
      collect_foreign(block);
      // Keeps the last one, so that a program going up and down at the edge of a block does not move it about.
      if (used_slots(block) != 0 || (heap->partial[block->size_class.load(std::memory_order_relaxed)] == block && !block->next)) {
        block->countdown = kNever;
        return;
      }
      remove_partial(heap, block);
      retire_block(block);
      return;
    default: block->countdown = kNever;
  }
}

void free_foreign(Object* o, Block* block) {
  count(Counter::foreign_frees);
  auto* slot = reinterpret_cast<FreeSlot*>(o);
  FreeSlot* head = block->foreign.load(std::memory_order_relaxed);
  do {
    slot->link = head;
    // Pairs with the acquire in collect_foreign.
  } while (!block->foreign.compare_exchange_weak(head, slot, std::memory_order_release, std::memory_order_relaxed));
}

constinit std::atomic<int32_t> g_free_weight{1};

void report_tracked(HeapLocal* heap) {
  int64_t net = heap->tracked_net;
  heap->tracked_net = 0;
  int64_t total = g_tracked.fetch_add(net, std::memory_order_relaxed) + net;
  // Never below zero: a large structure that died must not put off the next collection by as much.
  while (PT_UNLIKELY(total < 0) && !g_tracked.compare_exchange_weak(total, 0, std::memory_order_relaxed)) {
  }
  int64_t trigger = g_trigger.load(std::memory_order_relaxed);
  if (trigger > 0 && net > 0 && total >= trigger) tls_mutator->request(kBreakCollect);
}

void set_collection_trigger(int64_t net_allocations) { g_trigger.store(net_allocations, std::memory_order_relaxed); }
int64_t tracked_allocations() {
  int64_t total = g_tracked.load(std::memory_order_relaxed);
  HeapLocal* heap = tls_mutator ? tls_mutator->heap : nullptr;
  if (!heap) return total;
  total += heap->tracked_net;
  if (total >= 0) return total;
  heap->tracked_net -= static_cast<int32_t>(total);  // never below zero: what is made from now on counts
  return 0;
}
void reset_tracked_allocations() {
  g_tracked.store(0, std::memory_order_relaxed);
  if (tls_mutator && tls_mutator->heap) tls_mutator->heap->tracked_net = 0;
}

size_t slot_size(const Object* o) { return in_region(o) ? block_of(o)->slot_bytes : large_slot_size(o); }

// A part is 16 blocks; the shards of large objects follow.
constexpr size_t kBlocksPerPart = 16;

size_t heap_part_count() {
  size_t blocks = g_block_count.load(std::memory_order_acquire);
  return (blocks + kBlocksPerPart - 1) / kBlocksPerPart + kLargeShards;
}

void for_each_object_in_part(size_t part, void (*visit)(Object*, void*), void* context) {
  size_t blocks = g_block_count.load(std::memory_order_acquire);
  size_t block_parts = (blocks + kBlocksPerPart - 1) / kBlocksPerPart;
  if (part >= block_parts) {
    for_each_large(static_cast<unsigned>(part - block_parts), visit, context);
    return;
  }
  size_t end = (part + 1) * kBlocksPerPart < blocks ? (part + 1) * kBlocksPerPart : blocks;
  for (size_t i = part * kBlocksPerPart; i < end; ++i) {
    Block* block = block_at(i);
    if (block->size_class.load(std::memory_order_acquire) == 0) continue;
    uint32_t carved = block->carved.load(std::memory_order_acquire);
    size_t step = block->slot_bytes;
    char* at = block->slots();
    for (uint32_t slot = 0; slot < carved; ++slot, at += step) {
      auto* o = reinterpret_cast<Object*>(at);
      if (o->shape_id.load(std::memory_order_relaxed) != 0 && !o->has_gc_bit(kGcDead)) visit(o, context);
    }
  }
}

void heap_extent(uintptr_t* begin, uintptr_t* end) {
  *begin = g_region_begin;
  *end = g_region_begin + g_block_count.load(std::memory_order_acquire) * kBlockBytes;
}

void for_each_object(void (*visit)(Object*, void*), void* context) {
  size_t parts = heap_part_count();
  for (size_t part = 0; part < parts; ++part) for_each_object_in_part(part, visit, context);
}

bool is_live_object(const void* address) {
  if (!in_region(address)) return is_live_large(address);
  auto* o = static_cast<const Object*>(address);
  Block* block = block_of(o);
  size_t index = (reinterpret_cast<uintptr_t>(block) - g_region_begin) / kBlockBytes;
  if (index >= g_block_count.load(std::memory_order_relaxed) || block->size_class.load(std::memory_order_relaxed) == 0) {
    return false;
  }
  auto offset = static_cast<const char*>(address) - block->slots();
  if (offset < 0 || offset % block->slot_bytes != 0 ||
      offset / block->slot_bytes >= block->carved.load(std::memory_order_relaxed)) {
    return false;
  }
  return o->shape_id.load(std::memory_order_relaxed) != 0 && !o->has_gc_bit(kGcDead);
}

void init_immortal_header(Object* o, ShapeId shape) {
  o->shape_id.store(shape, std::memory_order_relaxed);
  o->lock.store(0, std::memory_order_relaxed);
  o->gc_bits.store(0, std::memory_order_relaxed);
  o->owner.store(0, std::memory_order_relaxed);
  o->local.store(kLocalImmortal, std::memory_order_relaxed);
  o->shared.store(0, std::memory_order_relaxed);
}

HeapStatistics heap_statistics() {
  HeapStatistics s{};
  for_each_object(
      [](Object* o, void* context) {
        auto& sum = *static_cast<HeapStatistics*>(context);
        ++sum.live_objects;
        if (in_region(o)) sum.live_bytes += block_of(o)->slot_bytes;
      },
      &s);
  s.large_bytes = large_object_bytes();
  s.live_bytes += s.large_bytes;
  s.blocks = g_block_count.load(std::memory_order_relaxed);
  {
    RawGuard guard(g_pool_lock);
    s.blocks -= g_pool_size;
  }
  int64_t tracked = tracked_allocations();
  s.allocations_since_collection = tracked > 0 ? static_cast<uint64_t>(tracked) : 0;
  return s;
}

bool heap_create(Mutator* m) {
  HeapLocal* heap = nullptr;
  {
    RawGuard guard(g_pool_lock);
    if (!g_region_begin && !reserve_region()) return false;
    if (g_unused_heaps) {
      heap = g_unused_heaps;
      g_unused_heaps = heap->next_unused;
    }
  }
  if (!heap) {
    heap = static_cast<HeapLocal*>(memory::allocate_zeroed(sizeof(HeapLocal)));
    if (!heap) return false;
  }
  for (Block*& block : heap->current) block = &g_no_block;
  m->heap = heap;
  return true;
}

void heap_leave(Mutator* m) {
  HeapLocal* heap = m->heap;
  PT_ASSERT(heap->pending_size == 0);
  if (tls_mutator == m) (void)end_allocation_failures();
  report_tracked(heap);
  abandon_all(heap, tls_mutator == m);
  m->heap = nullptr;
  RawGuard guard(g_pool_lock);
  heap->next_unused = g_unused_heaps;
  g_unused_heaps = heap;
}

void heap_orphan(Mutator* m) {
  if (!m->heap) return;  // it was about to leave the registry
  abandon_all(m->heap, false);
  // What was put off belongs to a thread that is gone in the middle of it; it stays.
  m->heap->pending_size = 0;
}

void heap_after_fork_child() {
  g_pool_lock.reset();
  g_abandoned_lock.reset();
  large_after_fork_child();
}

}  // namespace pt
