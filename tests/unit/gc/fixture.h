#pragma once
// What the tests of gc/ share: small layouts, their shapes, a registered main thread and worker threads.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "gc/heap/heap.h"
#include "gc/heap/heap_inl.h"
#include "gc/platform/counters.h"
#include "gc/reclaim/qsbr.h"
#include "gc/refcount/ref.h"
#include "gc/sync/critical_section.h"
#include "gc/sync/mutator.h"
#include "gc/sync/parking_lot.h"

namespace pt::test {

// A cons cell: two fields. kNode is tracked; destruction of any test object is counted.
struct Node : Object {
  Field left, right;
  int64_t payload;
};

enum TestShape : ShapeId { kNode = 1000, kLeaf, kFinal, kRaw, kTestShapeEnd };

extern std::atomic<int64_t> g_destroyed;
extern std::atomic<int64_t> g_finalised;
extern std::atomic<int64_t> g_weakrefs_cleared;
extern std::atomic<int64_t> g_callbacks;
extern void (*g_on_finalise)(Object*);

// Registers the main thread (once a process) and makes the shapes.
void set_up_runtime();

class GcTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
};

inline Ref<Node> new_node(ShapeId shape = kNode) {
  return Ref<Node>::steal(static_cast<Node*>(allocate_object(shape, sizeof(Node), shape != kLeaf)));
}
inline int32_t shared_of(const Object* o) { return o->shared.load() >> 2; }
inline int32_t state_of(const Object* o) { return o->shared.load() & kSharedStateMask; }
inline uint32_t local_of(const Object* o) { return o->local.load(); }

// Runs pending safepoint work of the calling thread.
inline void safepoint() {
  if (tls_mutator->breaker.load(std::memory_order_relaxed)) safepoint_slow(tls_mutator);
}

// A registered thread that runs `body`; the creator waits detached in join().
class Worker {
 public:
  template <class Body>
  explicit Worker(Body body)
      : thread_([body]() mutable {
          Mutator mutator;
          PT_CHECK(register_mutator(&mutator));
          body();
          unregister_mutator(&mutator);
        }) {}
  ~Worker() { join(); }
  Worker(Worker&&) = default;
  void join() {
    if (!thread_.joinable()) return;
    if (tls_mutator) {
      Detached detached;
      thread_.join();
    } else {
      thread_.join();
    }
  }

 private:
  std::thread thread_;
};

// Waits, passing safepoints, until `condition` holds; false after ten seconds.
template <class Condition>
bool wait_until(Condition condition) {
  for (int i = 0; i < 100000; ++i) {
    if (condition()) return true;
    if (tls_mutator) {
      safepoint();
      Detached detached;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  return false;
}

}  // namespace pt::test
