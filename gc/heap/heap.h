#pragma once
// The object heap: per-thread blocks of one size class, type-stable (a freed slot keeps its refcount words until it is
// an object again; a block changes its size class or is unmapped only after a grace period).
#include <cstddef>
#include <cstdint>

#include "gc/object/object.h"

namespace pt {

struct Mutator;

// Memory for an object of `bytes` (header included) with the header set: shape, owner = this thread, local = 1,
// shared = 0. The rest is zero. nullptr when memory is out (the caller raises MemoryError). Inline fast path in
// heap_inl.h. `tracked` sets kGcTracked and counts towards the next collection; a collection never runs in here: it is
// requested through the breaker.
[[nodiscard]] Object* allocate_object(ShapeId shape, size_t bytes, bool tracked);
// Gives the slot back. The refcount words must say "dead". Any thread.
void free_object(Object*);
// Runs finaliser, weakref clearing, `destroy`, then frees. Called by refcount code when the last reference went. Deep
// structures are flattened: beyond a nesting depth the object waits in the thread's pending list.
void destroy_object(Object*);

// While it exists, objects that the calling thread destroys are ones that others gave up: what ends with a call of Python code is
// handed over (HeapHooks::hand_over), as the thread may be anywhere, and hold locks that such code takes.
class ForOthers {
 public:
  ForOthers();
  ~ForOthers();
  ForOthers(const ForOthers&) = delete;
  ForOthers& operator=(const ForOthers&) = delete;

 private:
  bool outer_;
};

// Usable bytes of the object's slot.
size_t slot_size(const Object*);

// World stopped: calls `visit` for every live object of the process.
void for_each_object(void (*visit)(Object*, void*), void* context);

// World stopped: the same for a part of the heap, so that several threads can walk it together. The heap has
// heap_part_count() parts.
void for_each_object_in_part(size_t part, void (*visit)(Object*, void*), void* context);
size_t heap_part_count();

// The range all objects but the large ones lie in; a multiple of 64 KiB. Grows with the heap.
void heap_extent(uintptr_t* begin, uintptr_t* end);

// True when the address lies in a slot of the heap that holds an object (world stopped, or the object is held).
bool is_live_object(const void* address);

// Sets up the static part: immortal objects that live outside the heap use this header.
void init_immortal_header(Object*, ShapeId);

// Hooks of the vm, set once before the first thread registers.
struct HeapHooks {
  // The object is about to die and has kGcHasWeakrefs: clear its weak references and queue the callbacks.
  void (*clear_weakrefs)(Object*);
  // Runs queued weakref callbacks of this thread (Python code).
  void (*run_callbacks)();
  // Collector: reports every Value in the thread's frames and native roots, counted ones included.
  void (*visit_roots)(Mutator*, void (*visit)(Value, void*), void* context);
  // Whether a weak reference to the object has a callback.
  bool (*has_weakref_callback)(const Object*);
  // Takes over an object and the one count it has, no thread's own: another thread drops it. False: it cannot.
  bool (*hand_over)(Object*);
};
extern constinit HeapHooks g_heap_hooks;

// Container allocations minus frees (never below 0) since reset_tracked_allocations() at which kBreakCollect is requested
// on the thread that allocates; 0: never. Threads report their counts in batches.
void set_collection_trigger(int64_t net_allocations);
// What a free takes off the count: 1, or 0 to count allocations alone. Set at start-up.
extern std::atomic<int32_t> g_free_weight;
int64_t tracked_allocations();
void reset_tracked_allocations();

struct HeapStatistics {
  uint64_t live_bytes, live_objects, blocks, large_bytes, allocations_since_collection;
};
// Walks the heap without stopping anybody: exact when nobody else allocates.
HeapStatistics heap_statistics();

}  // namespace pt
