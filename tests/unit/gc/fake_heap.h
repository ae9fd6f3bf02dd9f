#pragma once
// Fake types for the collector's tests: nodes with two fields, bags with many, finalisers and weak references that a test
// scripts, and a mutator whose registers a test fills.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "gc/collector/collector.h"
#include "gc/collector/introspect.h"
#include "gc/heap/heap.h"
#include "gc/refcount/ref.h"
#include "gc/sync/mutator.h"
#include "tests/unit/gc/fixture.h"

namespace pt::fake {

enum FakeShape : ShapeId {
  kNodeShape = 70000,
  kFinalShape,    // a node with a finaliser
  kLeafShape,     // untracked, no fields
  kBagShape,      // many fields in a buffer
  kWeakShape,     // a weak reference
  kWindowShape,   // fields may hold borrowed words
  kPairShape,     // a node that never changes once it is filled
};

struct Node : Object {
  Field a, b;
  int64_t number;
};
struct Bag : Object {
  int64_t size;
  Field* items;
};
struct Weak : Object {
  Object* target;  // guarded by the table's lock
  void (*callback)(Weak*);
};

// What the visit_roots hook reports for the main thread.
inline std::vector<Value> g_registers;
inline Mutator* g_main_mutator = nullptr;

inline std::atomic<int64_t> g_destroyed{0};
inline std::atomic<int64_t> g_cleared{0};
inline std::atomic<int64_t> g_finalized{0};
inline void (*g_finalizer)(Node*) = nullptr;
inline void (*g_on_destroy)(Object*) = nullptr;

// ---- weak references: one list for all, as simple as can be ----
struct WeakTable {
  std::mutex lock;
  std::vector<Weak*> all;
  std::vector<Ref<Weak>> queue;
};
inline WeakTable& weak_table() {
  static WeakTable table;
  return table;
}
inline void clear_weakrefs(Object* target) {
  WeakTable& table = weak_table();
  std::lock_guard<std::mutex> guard(table.lock);
  for (size_t i = 0; i < table.all.size();) {
    Weak* weak = table.all[i];
    if (weak->target != target) {
      i++;
      continue;
    }
    weak->target = nullptr;
    table.all.erase(table.all.begin() + static_cast<ptrdiff_t>(i));
    if (weak->callback && !weak->has_gc_bit(kGcUnreachable)) table.queue.push_back(Ref<Weak>::retain(weak));
  }
}
inline void run_callbacks() {
  std::vector<Ref<Weak>> queue;
  {
    std::lock_guard<std::mutex> guard(weak_table().lock);
    queue.swap(weak_table().queue);
  }
  for (Ref<Weak>& weak : queue) weak->callback(weak.get());
}
inline void visit_roots(Mutator* mutator, void (*visit)(Value, void*), void* context) {
  if (mutator != g_main_mutator) return;
  for (Value v : g_registers) visit(v, context);
}

// ---- layouts ----
inline void traverse_node(Object* o, FieldVisitor& visitor) {
  Node* node = static_cast<Node*>(o);
  visitor(node->a);
  visitor(node->b);
}
inline void drop_node(Node* node) {
  node->a.clear();
  node->b.clear();
}
inline void clear_node(Object* o) {
  g_cleared.fetch_add(1, std::memory_order_relaxed);
  drop_node(static_cast<Node*>(o));
}
inline void destroy_node(Object* o) {
  g_destroyed.fetch_add(1, std::memory_order_relaxed);
  if (g_on_destroy) g_on_destroy(o);
  drop_node(static_cast<Node*>(o));
}
inline void finalize_node(Object* o) {
  g_finalized.fetch_add(1, std::memory_order_relaxed);
  if (g_finalizer) g_finalizer(static_cast<Node*>(o));
}
inline void destroy_leaf(Object*) { g_destroyed.fetch_add(1, std::memory_order_relaxed); }
inline void traverse_bag(Object* o, FieldVisitor& visitor) {
  Bag* bag = static_cast<Bag*>(o);
  for (int64_t i = 0; i < bag->size; i++) visitor(bag->items[i]);
}
inline void clear_bag(Object* o) {
  Bag* bag = static_cast<Bag*>(o);
  int64_t size = bag->size;
  Field* items = bag->items;
  bag->size = 0;
  bag->items = nullptr;
  for (int64_t i = 0; i < size; i++) items[i].clear();
  memory::release(items);
}
inline void destroy_bag(Object* o) {
  g_destroyed.fetch_add(1, std::memory_order_relaxed);
  clear_bag(o);
}
inline void destroy_weak(Object* o) {
  g_destroyed.fetch_add(1, std::memory_order_relaxed);
  WeakTable& table = weak_table();
  std::lock_guard<std::mutex> guard(table.lock);
  for (size_t i = 0; i < table.all.size(); i++) {
    if (table.all[i] == o) {
      table.all.erase(table.all.begin() + static_cast<ptrdiff_t>(i));
      break;
    }
  }
}
inline void destroy_window(Object* o) {
  Node* node = static_cast<Node*>(o);
  for (Field* field : {&node->a, &node->b}) {
    if (field->peek().is_borrowed()) field->init_value(Value());
  }
  destroy_node(o);
}

inline constexpr TypeLayout kNodeLayout{"node", sizeof(Node), true, traverse_node, clear_node, destroy_node, nullptr};
inline constexpr TypeLayout kFinalLayout{"final", sizeof(Node), true, traverse_node, clear_node, destroy_node, finalize_node};
inline constexpr TypeLayout kLeafLayout{"leaf", sizeof(Object), false, nullptr, nullptr, destroy_leaf, nullptr};
inline constexpr TypeLayout kBagLayout{"bag", sizeof(Bag), true, traverse_bag, clear_bag, destroy_bag, nullptr};
inline constexpr TypeLayout kWeakLayout{"weak", sizeof(Weak), false, nullptr, nullptr, destroy_weak, nullptr};
inline constexpr TypeLayout kWindowLayout{"window", sizeof(Node), true, traverse_node, nullptr, destroy_window, nullptr};
inline constexpr TypeLayout kPairLayout{"pair", sizeof(Node), true, traverse_node, nullptr, destroy_node, nullptr, true};

inline void define(ShapeId id, const TypeLayout& layout) { reinterpret_cast<ShapeHead*>(shape_from_id(id))->layout = &layout; }
inline void define_shapes() {
  reserve_shape_region();
  define(kNodeShape, kNodeLayout);
  define(kFinalShape, kFinalLayout);
  define(kLeafShape, kLeafLayout);
  define(kBagShape, kBagLayout);
  define(kWeakShape, kWeakLayout);
  define(kWindowShape, kWindowLayout);
  define(kPairShape, kPairLayout);
}

// ---- making objects ----
inline Ref<Node> make_node(ShapeId shape = kNodeShape, int64_t number = 0) {
  Node* node = static_cast<Node*>(allocate_object(shape, sizeof(Node), true));
  node->number = number;
  return Ref<Node>::steal(node);
}
inline Ref<Object> make_leaf() { return Ref<Object>::steal(allocate_object(kLeafShape, sizeof(Object), false)); }
inline Ref<Bag> make_bag(int64_t size) {
  Bag* bag = static_cast<Bag*>(allocate_object(kBagShape, sizeof(Bag), true));
  bag->items = static_cast<Field*>(memory::allocate_zeroed(static_cast<size_t>(size) * sizeof(Field)));
  bag->size = size;
  return Ref<Bag>::steal(bag);
}
inline Ref<Weak> make_weak(Object* target, void (*callback)(Weak*) = nullptr) {
  Weak* weak = static_cast<Weak*>(allocate_object(kWeakShape, sizeof(Weak), false));
  weak->target = target;
  weak->callback = callback;
  target->gc_bits.fetch_or(kGcHasWeakrefs, std::memory_order_relaxed);
  std::lock_guard<std::mutex> guard(weak_table().lock);
  weak_table().all.push_back(weak);
  return Ref<Weak>::steal(weak);
}
template <class T>
void set(Field& field, const Ref<T>& target) {
  field.init(target.copy());
}
// A ring of `n` nodes; the caller gets the first.
inline Ref<Node> make_ring(int64_t n, ShapeId shape = kNodeShape) {
  Ref<Node> first = make_node(shape, 0);
  Ref<Node> last = first.copy();
  for (int64_t i = 1; i < n; i++) {
    Ref<Node> next = make_node(shape, i);
    set(last->a, next);
    last = std::move(next);
  }
  set(last->a, first);
  return first;
}

class CollectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test::set_up_runtime();
    g_main_mutator = tls_mutator;
    define_shapes();
    saved_hooks_ = g_heap_hooks;
    g_heap_hooks = {clear_weakrefs, run_callbacks, visit_roots};
    g_finalizer = nullptr;
    g_on_destroy = nullptr;
    g_collector_hooks = {};
    saved_threshold_ = collection_threshold();
    set_collection_threshold(0);
    collect();
    reset_counts();
  }
  void TearDown() override {
    g_registers.clear();
    g_finalizer = nullptr;
    collect();
    EXPECT_EQ(verify_heap(), 0);
    set_collection_threshold(saved_threshold_);
    set_collection_trigger(0);
    safepoint_slow(mutator());
    mutator()->acknowledge(kBreakCollect);
    g_heap_hooks = saved_hooks_;
    g_collector_hooks = {};
  }
  static void reset_counts() { g_destroyed = g_cleared = g_finalized = 0; }
  static int64_t unreachable() { return collect().unreachable; }
  static std::vector<Value>& registers() { return g_registers; }
  static Mutator* mutator() { return tls_mutator; }

 private:
  HeapHooks saved_hooks_{};
  int64_t saved_threshold_ = 0;
};

}  // namespace pt::fake
