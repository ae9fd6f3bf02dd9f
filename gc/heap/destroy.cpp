// The end of an object: finaliser, weak references, destruction, slot. Nested destruction beyond a depth is put off, so
// that a structure of any depth can die on a small C stack.
#include "gc/heap/heap.h"

#include <utility>

#include "gc/heap/heap_inl.h"
#include "gc/platform/counters.h"
#include "gc/platform/memory.h"
#include "gc/refcount/refcount.h"

namespace pt {

namespace {

// Puts a dead object on the pending list, alive again with the one count that the list owns: who meets it meanwhile (a
// weak reference, the collector) sees an ordinary object. False when memory is out.
bool put_off(HeapLocal* heap, Object* o) {
  if (heap->pending_size == heap->pending_capacity) {
    uint32_t capacity = heap->pending_capacity ? heap->pending_capacity * 2 : 64;
    void* grown = memory::reallocate(heap->pending, capacity * sizeof(Object*));
    if (!grown) return false;
    heap->pending = static_cast<Object**>(grown);
    heap->pending_capacity = capacity;
  }
  revive(o);
  heap->pending[heap->pending_size++] = o;
  count(Counter::deferred_destructions);
  return true;
}

PT_COLD void drain(HeapLocal* heap) {
  while (heap->pending_size) {
    Object* o = heap->pending[--heap->pending_size];
    if (decref_without_destroy(o) && !o->has_gc_bit(kGcDeferred)) destroy_object(o);
  }
}

// True when the object is not to be destroyed here: its end runs Python code, and goes to another thread.
bool hand_over(Object* o, const TypeLayout* layout, uint8_t bits) {
  bool runs_python = (layout->finalizer() && !(bits & kGcFinalised)) ||
                     ((bits & kGcHasWeakrefs) && g_heap_hooks.has_weakref_callback && g_heap_hooks.has_weakref_callback(o));
  if (!runs_python || !g_heap_hooks.hand_over) return false;
  revive(o);
  // Of no thread's own, or whoever drops it would leave it to this one again.
  (void)merge_counts(o, 0);
  if (g_heap_hooks.hand_over(o)) {
    count(Counter::finalizers_handed_over);
    return true;
  }
  return !decref_without_destroy(o) || o->has_gc_bit(kGcDeferred);
}

// True when the object is to die after all.
PT_COLD bool run_last_rites(Object* o, HeapLocal* heap, const TypeLayout* layout) {
  uint8_t bits = o->gc_bits.load(std::memory_order_relaxed);
  auto finalize = layout->finalizer();
  if (PT_UNLIKELY(heap->for_others) && hand_over(o, layout, bits)) return false;
  if (finalize && !(bits & kGcFinalised)) {
    revive(o);
    o->gc_bits.fetch_or(kGcFinalised, std::memory_order_relaxed);
    finalize(o);
    if (!decref_without_destroy(o)) return false;  // resurrected
    if (o->has_gc_bit(kGcDeferred)) return false;
    bits = o->gc_bits.load(std::memory_order_relaxed);
  }
  if (bits & kGcHasWeakrefs) {
    o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcHasWeakrefs), std::memory_order_relaxed);
    if (g_heap_hooks.clear_weakrefs) g_heap_hooks.clear_weakrefs(o);
    if (g_heap_hooks.run_callbacks) g_heap_hooks.run_callbacks();
  }
  return true;
}

PT_INLINE void free_dead(HeapLocal* heap, Object* o, uint8_t bits) {
  PT_ASSERT(!(o->lock.load(std::memory_order_relaxed) & kLockLocked));
  if (bits & kGcTracked) {
    heap->tracked_net -= g_free_weight.load(std::memory_order_relaxed);
    if (PT_UNLIKELY(heap->tracked_net <= -kTrackedBatch)) report_tracked(heap);
  }
  free_slot(heap, o);
}

// The general case; `bits` as they were before.
[[gnu::noinline]] void destroy_nested(Object* o, HeapLocal* heap, const TypeLayout* layout, uint8_t bits) {
  if (PT_UNLIKELY(heap->depth >= kMaxDestroyDepth) && put_off(heap, o)) return;
  ++heap->depth;
  bool dead = true;
  if (PT_UNLIKELY((bits & kGcHasWeakrefs) || (layout->finalizer() && !(bits & kGcFinalised)))) {
    dead = run_last_rites(o, heap, layout);
    // A finaliser may have given the object another class.
    layout = layout_of(o);
    bits = o->gc_bits.load(std::memory_order_relaxed);
  }
  if (PT_LIKELY(dead)) {
    // Dead from here on, so that a walk does not visit what is half taken apart.
    o->gc_bits.store(bits | kGcDead, std::memory_order_relaxed);
    if (layout->destroy) layout->destroy(o);
    free_dead(heap, o, bits);
  }
  if (--heap->depth == 0 && PT_UNLIKELY(heap->pending_size)) drain(heap);
}

}  // namespace

namespace {

// An object without fields, buffers, finaliser or weak references needs no more than its slot freed. False for others.
PT_INLINE bool destroy_simple(Object* o, HeapLocal* heap, const TypeLayout* layout, uint8_t bits) {
  if (layout->destroy || (bits & (kGcHasWeakrefs | kGcTracked | kGcDeferred)) || layout->finalizer()) return false;
  PT_ASSERT(!(o->lock.load(std::memory_order_relaxed) & kLockLocked));
  o->gc_bits.store(bits | kGcDead, std::memory_order_relaxed);
  free_slot(heap, o);
  return true;
}

}  // namespace

ForOthers::ForOthers() : outer_(std::exchange(tls_mutator->heap->for_others, true)) {}
ForOthers::~ForOthers() { tls_mutator->heap->for_others = outer_; }

void destroy_object(Object* o) {
  HeapLocal* heap = tls_mutator->heap;
  const TypeLayout* layout = layout_of(o);
  uint8_t bits = o->gc_bits.load(std::memory_order_relaxed);
  if (!destroy_simple(o, heap, layout, bits)) destroy_nested(o, heap, layout, bits);
}

namespace {
PT_COLD void merge_and_destroy(Object* o, int32_t shared) {
  if (end_shared_ownership(o, shared) && !o->has_gc_bit(kGcDeferred)) destroy_object(o);
}
}  // namespace

// Here rather than with the other transitions, so that the way from the last reference to the free list is one piece.
void decref_local_zero(Object* o) {
  // Acquire pairs with the release of the foreign threads' decrements: what they did to the object is visible before it
  // is destroyed. Exactly 0 means that no other thread holds or can gain a reference.
  int32_t shared = o->shared.load(std::memory_order_acquire);
  if (PT_UNLIKELY(shared != 0)) return merge_and_destroy(o, shared);
  HeapLocal* heap = tls_mutator->heap;
  const TypeLayout* layout = layout_of(o);
  uint8_t bits = o->gc_bits.load(std::memory_order_relaxed);
  if (destroy_simple(o, heap, layout, bits)) return;
  if (PT_UNLIKELY(bits & kGcDeferred)) return;  // the collector's business
  destroy_nested(o, heap, layout, bits);
}

void free_object(Object* o) {
  uint8_t bits = o->gc_bits.load(std::memory_order_relaxed);
  o->gc_bits.store(bits | kGcDead, std::memory_order_relaxed);
  free_dead(tls_mutator->heap, o, bits);
}

}  // namespace pt
