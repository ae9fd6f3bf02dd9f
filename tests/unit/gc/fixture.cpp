#include "tests/unit/gc/fixture.h"

#include <new>

namespace pt::test {

std::atomic<int64_t> g_destroyed{0};
std::atomic<int64_t> g_finalised{0};
std::atomic<int64_t> g_weakrefs_cleared{0};
std::atomic<int64_t> g_callbacks{0};
void (*g_on_finalise)(Object*) = nullptr;

namespace {

void node_destroy(Object* o) {
  auto* node = static_cast<Node*>(o);
  node->left.clear();
  node->right.clear();
  g_destroyed.fetch_add(1, std::memory_order_relaxed);
}
void node_traverse(Object* o, FieldVisitor& visitor) {
  auto* node = static_cast<Node*>(o);
  visitor(node->left);
  visitor(node->right);
}
void node_clear(Object* o) {
  auto* node = static_cast<Node*>(o);
  node->left.clear();
  node->right.clear();
}
void leaf_destroy(Object*) { g_destroyed.fetch_add(1, std::memory_order_relaxed); }
void node_finalize(Object* o) {
  g_finalised.fetch_add(1, std::memory_order_relaxed);
  if (g_on_finalise) g_on_finalise(o);
}

constexpr TypeLayout kNodeLayout{"node", sizeof(Node), true, node_traverse, node_clear, node_destroy, nullptr};
constexpr TypeLayout kLeafLayout{"leaf", sizeof(Node), false, nullptr, nullptr, leaf_destroy, nullptr};
constexpr TypeLayout kFinalLayout{"final", sizeof(Node), true, node_traverse, node_clear, node_destroy, node_finalize};
constexpr TypeLayout kRawLayout{"raw", sizeof(Object), false, nullptr, nullptr, nullptr, nullptr};

void make_shape(ShapeId id, const TypeLayout* layout) { reinterpret_cast<ShapeHead*>(shape_from_id(id))->layout = layout; }

constinit Mutator g_main;

}  // namespace

void set_up_runtime() {
  if (tls_mutator) return;
  reserve_shape_region();
  make_shape(kNode, &kNodeLayout);
  make_shape(kLeaf, &kLeafLayout);
  make_shape(kFinal, &kFinalLayout);
  make_shape(kRaw, &kRawLayout);
  g_heap_hooks.clear_weakrefs = [](Object*) { g_weakrefs_cleared.fetch_add(1); };
  g_heap_hooks.run_callbacks = [] { g_callbacks.fetch_add(1); };
  PT_CHECK(register_mutator(&g_main));
}

void GcTest::SetUp() {
  set_up_runtime();
  safepoint();
  g_destroyed = 0;
  g_finalised = 0;
  g_weakrefs_cleared = 0;
  g_callbacks = 0;
  g_on_finalise = nullptr;
}

void GcTest::TearDown() {
  safepoint();
  EXPECT_EQ(tls_mutator->state.load(), MutatorState::kAttached);
  EXPECT_EQ(tls_mutator->sections, nullptr);
}

}  // namespace pt::test
