#include "gc/collector/collector.h"

#include <cstdio>
#include <ctime>

#include "gc/collector/trial.h"
#include "gc/heap/heap.h"
#include "gc/refcount/refcount.h"
#include "gc/sync/mutator.h"
#include "gc/sync/mutator_parts.h"

namespace pt {

constinit CollectorHooks g_collector_hooks{};

namespace {

struct RootNode {
  Object* root;
  RootNode* next;
};

constinit std::atomic<RootNode*> g_roots{nullptr};
constinit std::atomic<uint32_t> g_debug{0};
constinit std::atomic<int64_t> g_collections{0};
constinit std::atomic<int64_t> g_collected{0};
constinit std::atomic<int64_t> g_uncollectable{0};
constinit std::atomic<int64_t> g_total_pause{0};
constinit std::atomic<int64_t> g_longest_pause{0};

constinit std::atomic<int64_t> g_threshold{700};
constinit std::atomic<int64_t> g_interval{0};  // set at start-up
constinit std::atomic<bool> g_enabled{true};
constinit std::atomic<int64_t> g_live{0};            // what the last collection left, in tracked objects
constinit std::atomic<bool> g_automatic{false};      // an automatic collection has not reset the count yet

// This thread runs a collection: finalisers that collect must not recurse.
constinit thread_local bool tls_collecting = false;

// An object that is not tracked costs a collection this fraction of what a tracked one does.
constexpr int64_t kWalkShare = 4;

int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

int64_t effective_trigger() {
  int64_t threshold = g_threshold.load(std::memory_order_relaxed);
  if (threshold <= 0 || !g_enabled.load(std::memory_order_relaxed)) return 0;
  if (int64_t interval = g_interval.load(std::memory_order_relaxed)) return interval;
  int64_t quarter = g_live.load(std::memory_order_relaxed) / 4;
  return threshold > quarter ? threshold : quarter;
}

void note_pause(int64_t ns) {
  g_total_pause.fetch_add(ns, std::memory_order_relaxed);
  int64_t longest = g_longest_pause.load(std::memory_order_relaxed);
  while (ns > longest && !g_longest_pause.compare_exchange_weak(longest, ns, std::memory_order_relaxed)) {
  }
}

// One collection of one thread. What it found unreachable is held by a count each, so that other threads' collections
// see those objects as referenced from outside and leave them alone: collections need no lock among each other.
class Collection {
 public:
  CollectionResult run(bool automatic);

 private:
  static void add_candidate(Object* o, void* context);
  bool find_garbage();
  void claim_garbage();
  void run_finalizers();
  void drop_resurrected();
  void free_garbage();
  void save_garbage();
  void keep_uncollectable(Trial& trial);

  WordArray<Object*> garbage_;
  WordArray<Object*> uncollectable_;  // a count each
  int64_t kept_ = 0;                  // by those: themselves included
  int64_t objects_ = 0;  // of the whole heap
  int64_t tracked_ = 0;  // or deferred
  int64_t pause_ns_ = 0;
  bool weakrefs_cleared_ = false;
  bool has_finalizers_ = false;
  bool failed_ = false;  // memory ran out: nothing is freed
  Trial* trial_ = nullptr;
};

// World stopped from here ...

struct UntrackVisitor : FieldVisitor {
  bool keep = false;
};

// True for an immutable object that can be in no cycle, neither now nor later. An empty field is yet to be filled.
bool names_nothing_tracked(Object* o) {
  const TypeLayout* layout = layout_of(o);
  if (!layout->immutable || layout->finalizer()) return false;
  UntrackVisitor visitor;
  visitor.visit = [](FieldVisitor& base, Field& field) {
    UntrackVisitor& self = static_cast<UntrackVisitor&>(base);
    if (self.keep) return;
    Value v = field.peek();
    if (v.empty()) self.keep = true;
    if (!v.is_object()) return;
    Object* target = v.as_object();
    self.keep = !target->is_immortal() && (target->gc_bits.load(std::memory_order_relaxed) & (kGcTracked | kGcDeferred));
  };
  layout->traverse(o, visitor);
  return !visitor.keep;
}

void Collection::add_candidate(Object* o, void* context) {
  Collection* self = static_cast<Collection*>(context);
  uint8_t bits = o->gc_bits.load(std::memory_order_relaxed);
  self->objects_++;
  if (!(bits & (kGcTracked | kGcDeferred))) return;
  self->tracked_++;
  // What is left out keeps its references: they count as references from outside.
  if (bits & kGcDead) return;
  if ((bits & (kGcFrozen | kGcUnreachable)) || o->is_immortal()) return self->trial_->keep_describing(o);
  int64_t count = reference_count(o);
  // Being destroyed, or about to be: its fields may be half gone.
  if (count <= 0) return self->trial_->keep_describing(o);
  if (bits & kGcDeferred) {
    count--;  // the heap's own
  } else if (names_nothing_tracked(o)) {
    o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcTracked), std::memory_order_relaxed);
    self->tracked_--;
    return;
  }
  if (!self->trial_->add(o, count)) self->failed_ = true;
}

bool Collection::find_garbage() {
  Trial trial;
  trial_ = &trial;
  for_each_object(add_candidate, this);
  trial_ = nullptr;
  if (failed_) return false;
  trial.subtract_internal();
  if (!trial.mark_from_roots() || !trial.unreachable(garbage_)) return false;
  if (g_collector_hooks.uncollectable) keep_uncollectable(trial);
  return !failed_;
}

void Collection::keep_uncollectable(Trial& trial) {
  for (Object* o : garbage_) {
    if (!g_collector_hooks.uncollectable(o)) continue;
    if (!uncollectable_.push(o)) {
      failed_ = true;
      return;
    }
    trial.keep(o);
  }
  if (uncollectable_.empty()) return;
  int64_t before = static_cast<int64_t>(garbage_.size());
  garbage_.truncate(0);
  failed_ = failed_ || !trial.unreachable(garbage_);
  kept_ = before - static_cast<int64_t>(garbage_.size());
  for (Object* o : uncollectable_) {
    if (owned_by_this_thread(o)) {
      incref(o);
    } else {
      merge_counts(o, 1);
    }
  }
}

// Makes the garbage ours: a count each, and counts merged, so that no owner that is blocked (or gone) has to help.
void Collection::claim_garbage() {
  for (Object* o : garbage_) {
    if (owned_by_this_thread(o)) {
      incref(o);
    } else {
      merge_counts(o, 1);
    }
    uint8_t bits = o->gc_bits.fetch_or(kGcUnreachable, std::memory_order_relaxed);
    if (layout_of(o)->finalizer() && !(bits & kGcFinalised)) has_finalizers_ = true;
  }
  for (Object* o : garbage_) {
    if (o->has_gc_bit(kGcHasWeakrefs) && g_heap_hooks.clear_weakrefs) {
      g_heap_hooks.clear_weakrefs(o);
      weakrefs_cleared_ = true;
    }
  }
}

// The whole set again, after finalisers ran: what has gained references from outside, with all it reaches, lives on.
void Collection::drop_resurrected() {
  Trial trial;
  bool complete = true;
  for (Object* o : garbage_) {
    int64_t count = reference_count(o) - 1;  // ours
    if (o->has_gc_bit(kGcDeferred)) count--;
    complete = complete && trial.add(o, count);
  }
  if (complete) {
    trial.subtract_internal();
    complete = trial.mark_from_roots();
  }
  failed_ = !complete;
  for (Object* o : garbage_) {
    if (failed_ || trial.reached(o)) {
      o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcUnreachable), std::memory_order_relaxed);
    } else if (o->has_gc_bit(kGcHasWeakrefs) && g_heap_hooks.clear_weakrefs) {
      g_heap_hooks.clear_weakrefs(o);  // made by a finaliser
      weakrefs_cleared_ = true;
    }
  }
}

// ... to here.

void Collection::run_finalizers() {
  for (Object* o : garbage_) {
    auto finalize = layout_of(o)->finalizer();
    if (!finalize) continue;
    if (o->gc_bits.fetch_or(kGcFinalised, std::memory_order_relaxed) & kGcFinalised) continue;
    finalize(o);
  }
}

void Collection::save_garbage() {
  for (Object* o : garbage_) {
    if (!o->has_gc_bit(kGcUnreachable)) continue;
    o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcUnreachable), std::memory_order_relaxed);
    if (o->has_gc_bit(kGcTracked) && g_collector_hooks.save_garbage) g_collector_hooks.save_garbage(o);
  }
}

void Collection::free_garbage() {
  for (Object* o : garbage_) {
    if (!o->has_gc_bit(kGcUnreachable)) continue;
    // Its class may get a finaliser now: not for an object that is empty.
    o->gc_bits.fetch_or(kGcFinalised, std::memory_order_relaxed);
    if (const TypeLayout* layout = layout_of(o); layout->clear) layout->clear(o);
  }
  // Deferred garbage dies by its counts from here on: they must be true, and nobody may keep any back.
  refcount_settle(tls_mutator);
  for (Object* o : garbage_) {
    if (!o->has_gc_bit(kGcUnreachable) || !o->has_gc_bit(kGcDeferred)) continue;
    o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred), std::memory_order_relaxed);
    decref(o);  // the heap's own count; ours is left
  }
  refcount_settle(tls_mutator);
  for (Object* o : garbage_) {
    o->gc_bits.fetch_and(static_cast<uint8_t>(~kGcUnreachable), std::memory_order_relaxed);
    decref(o);
  }
}

CollectionResult Collection::run(bool automatic) {
  uint32_t debug = g_debug.load(std::memory_order_relaxed);
  refcount_drain(tls_mutator);
  int64_t start = now_ns();
  bool found;
  {
    StopTheWorld stopped;
    found = find_garbage();
    if (!found) garbage_.truncate(0);
    claim_garbage();
    g_live.store(tracked_ - static_cast<int64_t>(garbage_.size()) + (objects_ - tracked_) / kWalkShare,
                 std::memory_order_relaxed);
    reset_tracked_allocations();
    set_collection_trigger(effective_trigger());
    pause_ns_ = now_ns() - start;
  }
  if (automatic) g_automatic.store(false, std::memory_order_relaxed);
  note_pause(pause_ns_);

  if (weakrefs_cleared_ && g_heap_hooks.run_callbacks) g_heap_hooks.run_callbacks();
  if (has_finalizers_) run_finalizers();
  if (has_finalizers_ || weakrefs_cleared_) {
    weakrefs_cleared_ = false;
    int64_t again = now_ns();
    {
      StopTheWorld stopped;
      drop_resurrected();
      again = now_ns() - again;
    }
    note_pause(again);
    pause_ns_ += again;
  }

  int64_t collected = 0;
  for (Object* o : garbage_) {
    if (!o->has_gc_bit(kGcUnreachable) || !o->has_gc_bit(kGcTracked)) continue;
    collected++;
    if (debug & kCollectorDebugCollectable) {
      std::fprintf(stderr, "gc: collectable <%s %p>\n", layout_of(o)->name ? layout_of(o)->name : "object",
                   static_cast<void*>(o));
    }
  }
  if (debug & kCollectorDebugSaveAll) save_garbage();
  for (Object* o : uncollectable_) {
    if (debug & kCollectorDebugUncollectable) {
      std::fprintf(stderr, "gc: uncollectable <%s %p>\n", layout_of(o)->name ? layout_of(o)->name : "object",
                   static_cast<void*>(o));
    }
    if (g_collector_hooks.save_garbage) g_collector_hooks.save_garbage(o);
    decref(o);
  }
  free_garbage();
  if (weakrefs_cleared_ && g_heap_hooks.run_callbacks) g_heap_hooks.run_callbacks();

  g_collections.fetch_add(1, std::memory_order_relaxed);
  g_collected.fetch_add(collected, std::memory_order_relaxed);
  g_uncollectable.fetch_add(kept_, std::memory_order_relaxed);
  if (debug & kCollectorDebugStatistics) {
    std::fprintf(stderr, "gc: done, %lld unreachable, %lld uncollectable, %.4fs elapsed\n",
                 static_cast<long long>(collected + kept_), static_cast<long long>(kept_),
                 static_cast<double>(now_ns() - start) * 1e-9);
  }
  return {collected, kept_, pause_ns_};
}

CollectionResult run_collection(bool automatic) {
  tls_collecting = true;
  if (g_collector_hooks.started) g_collector_hooks.started();
  Collection collection;
  CollectionResult result = collection.run(automatic);
  if (g_collector_hooks.finished) g_collector_hooks.finished(result);
  tls_collecting = false;
  return result;
}

}  // namespace

CollectionResult collect() {
  if (tls_collecting) return {0, 0, 0};
  return run_collection(false);
}

void collect_if_due() {
  tls_mutator->acknowledge(kBreakCollect);
  int64_t trigger = effective_trigger();
  if (tls_collecting || trigger == 0 || tracked_allocations() < trigger) return;
  // Another thread's automatic collection will do for this one.
  if (g_automatic.exchange(true, std::memory_order_relaxed)) return;
  run_collection(true);
}

void set_collection_threshold(int64_t allocations) {
  g_threshold.store(allocations, std::memory_order_relaxed);
  set_collection_trigger(effective_trigger());
}
void set_collection_interval(int64_t allocations) {
  g_free_weight.store(allocations ? 0 : 1, std::memory_order_relaxed);
  g_interval.store(allocations, std::memory_order_relaxed);
  set_collection_trigger(effective_trigger());
}
int64_t collection_threshold() { return g_threshold.load(std::memory_order_relaxed); }
void set_collection_enabled(bool enabled) {
  g_enabled.store(enabled, std::memory_order_relaxed);
  set_collection_trigger(effective_trigger());
}
bool collection_enabled() { return g_enabled.load(std::memory_order_relaxed); }
int64_t collection_count() {
  int64_t count = tracked_allocations();
  return count > 0 ? count : 0;
}

CollectorStatistics collector_statistics() {
  return {g_collections.load(std::memory_order_relaxed), g_collected.load(std::memory_order_relaxed),
          g_uncollectable.load(std::memory_order_relaxed), g_total_pause.load(std::memory_order_relaxed),
          g_longest_pause.load(std::memory_order_relaxed)};
}

bool add_collector_root(Object* root) {
  RootNode* node = static_cast<RootNode*>(memory::allocate(sizeof(RootNode)));
  if (!node) return false;
  node->root = root;
  node->next = g_roots.load(std::memory_order_relaxed);
  // Pairs with the acquire in for_each_collector_root.
  while (!g_roots.compare_exchange_weak(node->next, node, std::memory_order_release, std::memory_order_relaxed)) {
  }
  return true;
}

void for_each_collector_root(void (*visit)(Object*, void*), void* context) {
  for (RootNode* node = g_roots.load(std::memory_order_acquire); node; node = node->next) visit(node->root, context);
}

void set_collector_debug(uint32_t flags) { g_debug.store(flags, std::memory_order_relaxed); }
uint32_t collector_debug() { return g_debug.load(std::memory_order_relaxed); }

}  // namespace pt
