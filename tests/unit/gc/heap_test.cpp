#include "tests/unit/gc/fixture.h"

#include "gc/heap/faults.h"
#include "gc/platform/memory.h"
#include "gc/platform/reserve.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace pt::test {
namespace {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PT_TEST_SLOW 1
#endif
#endif
#ifdef PT_TEST_SLOW
constexpr int kDeep = 20'000;
#else
constexpr int kDeep = 1'000'000;
#endif

using HeapTest = GcTest;

// A leaf of any size; its destruction is not counted.
Object* new_raw(size_t bytes) {
  Object* o = allocate_object(kRaw, bytes, false);
  PT_CHECK(o);
  return o;
}
char* body_of(Object* o) { return reinterpret_cast<char*>(o + 1); }

int64_t live_objects() {
  int64_t live = 0;
  StopTheWorld stopped;
  for_each_object([](Object*, void* context) { ++*static_cast<int64_t*>(context); }, &live);
  return live;
}

TEST_F(HeapTest, NewObjectIsZeroedAndOwned) {
  Ref<Node> n = new_node();
  ASSERT_TRUE(n);
  EXPECT_EQ(local_of(n.get()), 1u);
  EXPECT_EQ(n->shared.load(), 0);
  EXPECT_EQ(n->owner.load(), tls_owner_id);
  EXPECT_EQ(n->shape_id.load(), ShapeId{kNode});
  EXPECT_EQ(n->lock.load(), 0);
  EXPECT_TRUE(n->left.peek().empty());
  EXPECT_EQ(n->payload, 0);
  EXPECT_TRUE(n->has_gc_bit(kGcTracked));
  EXPECT_FALSE(n->has_gc_bit(kGcDead));
}

TEST_F(HeapTest, UntrackedHasNoTrackedBit) {
  Ref<Node> n = new_node(kLeaf);
  EXPECT_FALSE(n->has_gc_bit(kGcTracked));
}

TEST_F(HeapTest, SlotIsReusedAndZeroedAgain) {
  Node* first;
  {
    Ref<Node> n = new_node();
    n->payload = 42;
    first = n.get();
  }
  EXPECT_TRUE(first->has_gc_bit(kGcDead));
  Ref<Node> again = new_node();
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ(again->payload, 0);
  EXPECT_FALSE(again->has_gc_bit(kGcDead));
}

TEST_F(HeapTest, FreedSlotKeepsItsRefcountWords) {
  Node* n = new_node().take();
  ThreadId owner = n->owner.load();
  decref(n);
  EXPECT_EQ(n->owner.load(), owner);
  EXPECT_EQ(local_of(n), 0u);
  EXPECT_EQ(n->shared.load(), 0);
  EXPECT_FALSE(try_incref_shared(n));
}

TEST_F(HeapTest, SizeClassesCoverEverySize) {
  for (size_t bytes = 1; bytes <= kBlockLimit; ++bytes) {
    unsigned c = size_class_of(bytes);
    ASSERT_LT(c, kSizeClasses);
    ASSERT_GE(class_bytes(c), bytes);
    ASSERT_GE(class_bytes(c), sizeof(FreeSlot));
    ASSERT_EQ(class_bytes(c) % 16, 0u);
    // No class below would do.
    if (c > 2) ASSERT_LT(class_bytes(c - 1), bytes);
  }
}

TEST_F(HeapTest, FineClassesWasteLessThan16Bytes) {
  for (size_t bytes = 17; bytes <= kFineLimit; ++bytes) {
    EXPECT_LT(class_bytes(size_class_of(bytes)) - std::max<size_t>(bytes, 32) + 0, 16u);
  }
}

TEST_F(HeapTest, CoarseClassesWasteLessThanAQuarter) {
  for (size_t bytes = kFineLimit + 1; bytes <= kBlockLimit; ++bytes) {
    EXPECT_LE(class_bytes(size_class_of(bytes)) * 4, bytes * 5 + 4);
  }
}

TEST_F(HeapTest, EverySizeIsUsableAndZero) {
  for (size_t bytes : {16, 17, 32, 33, 48, 512, 513, 640, 641, 1000, 1024, 1025, 2048, 4000, 8191, 8192, 8193, 100000}) {
    Object* o = new_raw(bytes);
    EXPECT_GE(slot_size(o), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(o) % 16, 0u);
    for (size_t i = 0; i + sizeof(Object) < bytes; ++i) ASSERT_EQ(body_of(o)[i], 0);
    std::memset(body_of(o), 0xAB, bytes - std::min(bytes, sizeof(Object)));
    decref(o);
    o = new_raw(bytes);
    for (size_t i = 0; i + sizeof(Object) < bytes; ++i) ASSERT_EQ(body_of(o)[i], 0);
    decref(o);
  }
}

TEST_F(HeapTest, ObjectsDoNotOverlap) {
  std::vector<Object*> objects;
  for (int i = 0; i < 3000; ++i) {
    size_t bytes = 32 + static_cast<size_t>(i * 37 % 900);
    Object* o = new_raw(bytes);
    std::memset(body_of(o), i & 0x7F, slot_size(o) - sizeof(Object));
    objects.push_back(o);
  }
  for (int i = 0; i < 3000; ++i) {
    Object* o = objects[i];
    for (size_t b = 0; b < slot_size(o) - sizeof(Object); ++b) ASSERT_EQ(body_of(o)[b], i & 0x7F);
    decref(o);
  }
}

TEST_F(HeapTest, LargeObject) {
  Object* o = new_raw(1 << 20);
  EXPECT_FALSE(in_region(o));
  EXPECT_EQ(slot_size(o), size_t{1} << 20);
  EXPECT_TRUE(is_live_object(o));
  uint64_t large = heap_statistics().large_bytes;
  decref(o);
  EXPECT_EQ(heap_statistics().large_bytes, large - (1 << 20));
}

TEST_F(HeapTest, ImpossibleSizeGivesNull) {
  EXPECT_EQ(allocate_object(kRaw, SIZE_MAX - 8, false), nullptr);
  EXPECT_EQ(allocate_object(kRaw, size_t{1} << 62, false), nullptr);
}

TEST_F(HeapTest, LargeObjectStaysReadableForAGracePeriod) {
  announce_threads();
  Object* o = new_raw(50'000);
  decref(o);
  EXPECT_FALSE(try_incref_shared(o));
  EXPECT_TRUE(o->has_gc_bit(kGcDead));
  reclaim_retired();
}

TEST_F(HeapTest, IsLiveObject) {
  Ref<Node> n = new_node();
  EXPECT_TRUE(is_live_object(n.get()));
  EXPECT_FALSE(is_live_object(reinterpret_cast<char*>(n.get()) + 8));
  EXPECT_FALSE(is_live_object(block_of(n.get())));
  int local = 0;
  EXPECT_FALSE(is_live_object(&local));
  Node* raw = n.get();
  n.reset();
  EXPECT_FALSE(is_live_object(raw));
}

TEST_F(HeapTest, WalkVisitsExactlyTheLiveObjects) {
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < 4000; ++i) nodes.push_back(new_node());
  for (size_t i = 0; i < nodes.size(); i += 3) nodes[i].reset();
  Object* large = new_raw(20'000);
  std::set<Object*> seen;
  {
    StopTheWorld stopped;
    for_each_object([](Object* o, void* context) { EXPECT_TRUE(static_cast<std::set<Object*>*>(context)->insert(o).second); },
                    &seen);
  }
  for (auto& n : nodes) {
    if (n) EXPECT_TRUE(seen.count(n.get()));
  }
  EXPECT_TRUE(seen.count(large));
  for (Object* o : seen) EXPECT_TRUE(is_live_object(o));
  decref(large);
}

TEST_F(HeapTest, WalkByPartsIsTheWholeWalk) {
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < 30000; ++i) nodes.push_back(new_node());
  int64_t whole = live_objects();
  int64_t parts = 0;
  {
    StopTheWorld stopped;
    for (size_t part = 0; part < heap_part_count(); ++part) {
      for_each_object_in_part(part, [](Object*, void* context) { ++*static_cast<int64_t*>(context); }, &parts);
    }
  }
  EXPECT_EQ(parts, whole);
  EXPECT_GE(parts, 30000);
}

TEST_F(HeapTest, StatisticsFollowAllocation) {
  HeapStatistics before = heap_statistics();
  {
    std::vector<Ref<Node>> nodes;
    for (int i = 0; i < 1000; ++i) nodes.push_back(new_node());
    HeapStatistics with = heap_statistics();
    EXPECT_EQ(with.live_objects, before.live_objects + 1000);
    EXPECT_EQ(with.live_bytes, before.live_bytes + 1000 * 48);
  }
  EXPECT_EQ(heap_statistics().live_objects, before.live_objects);
}

TEST_F(HeapTest, EmptyBlocksAreUsedForOtherClasses) {
  auto fill = [](size_t bytes) {
    std::vector<Object*> objects;
    for (size_t total = 0; total < 8 * kBlockBytes; total += bytes) objects.push_back(new_raw(bytes));
    for (Object* o : objects) decref(o);
    reclaim_retired();
    safepoint();
  };
  fill(64);
  uint64_t after_first = heap_statistics().blocks;
  for (size_t bytes = 80; bytes <= 512; bytes += 16) fill(bytes);
  EXPECT_LT(heap_statistics().blocks, after_first + 60);
}

TEST_F(HeapTest, BlockKeepsItsClassUntilAGracePeriod) {
  announce_threads();
  Object* probe = new_raw(208);
  Block* block = block_of(probe);
  std::vector<Object*> objects{probe};
  while (objects.size() < 2 * block->capacity) objects.push_back(new_raw(208));
  std::atomic<int> step{0};
  Worker reader([&] {
    // Attached and not at a safepoint: may hold stale pointers.
    step = 1;
    while (step != 2) std::this_thread::yield();
    // However much the other thread retired, the slot still reads as a dead object of its class.
    EXPECT_EQ(block->size_class.load(), size_class_of(208));
    EXPECT_FALSE(try_incref_shared(probe));
    step = 3;
  });
  while (step != 1) std::this_thread::yield();
  for (Object* o : objects) decref(o);
  for (int i = 0; i < 5; ++i) reclaim_retired();
  for (int i = 0; i < 2000; ++i) decref(new_raw(400));
  step = 2;
  while (step != 3) std::this_thread::yield();
}

TEST_F(HeapTest, BlocksAreReusedWithinTheThread) {
  for (int warm = 0; warm < 2; ++warm) {
    std::vector<Ref<Node>> nodes;
    for (int i = 0; i < 20000; ++i) nodes.push_back(new_node());
  }
  reclaim_retired();
  uint64_t blocks = heap_statistics().blocks;
  for (int round = 0; round < 10; ++round) {
    std::vector<Ref<Node>> nodes;
    for (int i = 0; i < 20000; ++i) nodes.push_back(new_node());
    nodes.clear();
    reclaim_retired();
  }
  EXPECT_LE(heap_statistics().blocks, blocks + 20);
}

TEST_F(HeapTest, FragmentedBlocksServeAgain) {
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < 20000; ++i) nodes.push_back(new_node());
  uint64_t blocks = heap_statistics().blocks;
  for (size_t i = 0; i < nodes.size(); i += 2) nodes[i].reset();
  std::vector<Ref<Node>> more;
  for (int i = 0; i < 9000; ++i) more.push_back(new_node());
  EXPECT_LE(heap_statistics().blocks, blocks + 1);
}

TEST_F(HeapTest, ForeignThreadFrees) {
  constexpr int kCount = 5000;
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < kCount; ++i) nodes.push_back(new_node());
  Worker([&] { nodes.clear(); }).join();
  EXPECT_TRUE(wait_until([] { return g_destroyed == kCount; }));
}

TEST_F(HeapTest, ForeignFreedSlotsComeBack) {
  constexpr int kCount = 8000;
  auto round = [] {
    std::vector<Ref<Node>> nodes;
    for (int i = 0; i < kCount; ++i) nodes.push_back(new_node());
    Worker([&] { nodes.clear(); }).join();
  };
  for (int i = 0; i < 3; ++i) round();
  uint64_t blocks = heap_statistics().blocks;
  for (int i = 0; i < 12; ++i) round();
  EXPECT_LE(heap_statistics().blocks, blocks + 24);
  EXPECT_TRUE(wait_until([] { return g_destroyed == 15 * kCount; }));
}

TEST_F(HeapTest, AbandonedBlocksAreAdopted) {
  // A size that no other test uses, so that this thread has no free slots of it.
  constexpr size_t kBytes = 304;
  std::vector<Object*> kept;
  uint64_t adopted = counter_sum(Counter::blocks_adopted);
  Worker([&] {
    std::vector<Object*> many;
    for (int i = 0; i < 2000; ++i) many.push_back(new_raw(kBytes));
    for (size_t i = 0; i < many.size(); ++i) {
      if (i % 10 == 0) {
        kept.push_back(many[i]);
      } else {
        decref(many[i]);
      }
    }
  }).join();
  std::set<Object*> distinct(kept.begin(), kept.end());
  std::vector<Object*> more;
  for (int i = 0; i < 4000; ++i) more.push_back(new_raw(kBytes));
  EXPECT_GT(counter_sum(Counter::blocks_adopted), adopted);
  // Nobody's object was handed out twice.
  for (Object* o : more) EXPECT_TRUE(distinct.insert(o).second);
  for (Object* o : distinct) decref(o);
}

TEST_F(HeapTest, ObjectsOutliveTheirThread) {
  Ref<Node> n;
  Worker([&] {
    n = new_node();
    n->payload = 77;
  }).join();
  for (int i = 0; i < 100; ++i) new_node().reset();
  EXPECT_EQ(n->payload, 77);
  n.reset();
  EXPECT_EQ(g_destroyed, 101);
}

TEST_F(HeapTest, DeepListDiesOnSmallStack) {
  {
    Ref<Node> head;
    for (int i = 0; i < kDeep; ++i) {
      Ref<Node> n = new_node();
      n->left.init(std::move(head));
      head = std::move(n);
    }
  }
  EXPECT_EQ(g_destroyed, kDeep);
}

TEST_F(HeapTest, DeepTreeDiesOnSmallStack) {
  constexpr int kHalf = kDeep / 4;
  {
    Ref<Node> head;
    for (int i = 0; i < kHalf; ++i) {
      Ref<Node> n = new_node();
      n->left.init(std::move(head));
      n->right.init(new_node());
      head = std::move(n);
    }
  }
  EXPECT_EQ(g_destroyed, 2 * kHalf);
}

TEST_F(HeapTest, DeepListFreedByAnotherThread) {
  constexpr int kLength = kDeep / 10;
  Ref<Node> head;
  for (int i = 0; i < kLength; ++i) {
    Ref<Node> n = new_node();
    n->left.init(std::move(head));
    head = std::move(n);
  }
  Worker([&] { head.reset(); }).join();
  EXPECT_TRUE(wait_until([] { return g_destroyed == kLength; }));
}

TEST_F(HeapTest, DeepListWithFinalisers) {
  constexpr int kLength = 5000;
  {
    Ref<Node> head;
    for (int i = 0; i < kLength; ++i) {
      Ref<Node> n = new_node(kFinal);
      n->left.init(std::move(head));
      head = std::move(n);
    }
  }
  EXPECT_EQ(g_destroyed, kLength);
  EXPECT_EQ(g_finalised, kLength);
}

TEST_F(HeapTest, FinaliserRunsOnceBeforeDestruction) {
  g_on_finalise = [](Object* o) {
    EXPECT_EQ(g_destroyed, 0);
    EXPECT_EQ(reference_count(o), 1);
    EXPECT_TRUE(o->has_gc_bit(kGcFinalised));
  };
  new_node(kFinal).reset();
  EXPECT_EQ(g_finalised, 1);
  EXPECT_EQ(g_destroyed, 1);
}

Object* g_saved = nullptr;

TEST_F(HeapTest, FinaliserMayResurrect) {
  g_on_finalise = [](Object* o) {
    incref(o);
    g_saved = o;
  };
  new_node(kFinal).reset();
  EXPECT_EQ(g_destroyed, 0);
  EXPECT_EQ(reference_count(g_saved), 1);
  decref(g_saved);  // the second time nobody is asked
  EXPECT_EQ(g_destroyed, 1);
  EXPECT_EQ(g_finalised, 1);
}

TEST_F(HeapTest, FinaliserMayResurrectMergedObject) {
  g_on_finalise = [](Object* o) {
    incref(o);
    g_saved = o;
  };
  Ref<Node> n = new_node(kFinal);
  mark_maybe_shared(n.get());
  n.reset();
  EXPECT_EQ(g_destroyed, 0);
  decref(g_saved);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(HeapTest, WeakReferencesAreClearedAfterTheFinaliser) {
  g_on_finalise = [](Object*) { EXPECT_EQ(g_weakrefs_cleared, 0); };
  Ref<Node> n = new_node(kFinal);
  n->gc_bits.fetch_or(kGcHasWeakrefs);
  n.reset();
  EXPECT_EQ(g_weakrefs_cleared, 1);
  EXPECT_EQ(g_callbacks, 1);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(HeapTest, NoWeakrefHookWithoutWeakrefs) {
  new_node().reset();
  EXPECT_EQ(g_weakrefs_cleared, 0);
}

TEST_F(HeapTest, PendingObjectIsAlive) {
  // An object put off by the flattening owns itself: a finaliser that meets it may take it.
  static Object* deepest;
  g_on_finalise = [](Object* o) {
    if (static_cast<Node*>(o)->payload == 1) {
      deepest = o;
      incref(o);
    }
  };
  {
    Ref<Node> head = new_node(kFinal);
    head->payload = 1;
    for (int i = 0; i < 500; ++i) {
      Ref<Node> n = new_node();
      n->left.init(std::move(head));
      head = std::move(n);
    }
  }
  EXPECT_EQ(g_destroyed, 500);
  EXPECT_EQ(reference_count(deepest), 1);
  decref(deepest);
  EXPECT_EQ(g_destroyed, 501);
}

TEST_F(HeapTest, CollectionIsRequestedPastTheTrigger) {
  reset_tracked_allocations();
  set_collection_trigger(1000);
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < 700; ++i) nodes.push_back(new_node());
  EXPECT_FALSE(tls_mutator->breaker.load() & kBreakCollect);
  for (int i = 0; i < 700; ++i) nodes.push_back(new_node());
  EXPECT_TRUE(tls_mutator->breaker.load() & kBreakCollect);
  EXPECT_TRUE(safepoint_slow(tls_mutator) & kBreakCollect);
  tls_mutator->acknowledge(kBreakCollect);
  set_collection_trigger(0);
}

TEST_F(HeapTest, ShortLivedContainersDoNotTriggerCollections) {
  reset_tracked_allocations();
  set_collection_trigger(1000);
  for (int i = 0; i < 50000; ++i) new_node().reset();
  EXPECT_FALSE(tls_mutator->breaker.load() & kBreakCollect);
  set_collection_trigger(0);
}

TEST_F(HeapTest, UntrackedObjectsDoNotTriggerCollections) {
  reset_tracked_allocations();
  set_collection_trigger(1000);
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < 5000; ++i) nodes.push_back(new_node(kLeaf));
  EXPECT_FALSE(tls_mutator->breaker.load() & kBreakCollect);
  set_collection_trigger(0);
}

TEST_F(HeapTest, AllocationsFailOnPurpose) {
  Object* before = new_raw(64);
  ASSERT_TRUE(fail_allocations(2, 4));
  Object* first = allocate_object(kRaw, 64, false);
  void* second = memory::allocate(100);
  EXPECT_TRUE(first && second);
  EXPECT_EQ(allocate_object(kRaw, 64, false), nullptr);
  EXPECT_EQ(memory::allocate(100), nullptr);
  Object* large = allocate_object(kRaw, 100'000, false);
  EXPECT_TRUE(large);
  void* permanent = memory::allocate_permanent(10);
  Worker([] { decref(new_raw(64)); }).join();  // others are not concerned; its block is accounted for here
  EXPECT_GE(end_allocation_failures(), 6);
  EXPECT_EQ(end_allocation_failures(), 0);
  for (Object* o : {before, first, large}) decref(o);
  memory::release(second);
  ASSERT_TRUE(fail_allocations(0, 0));
  void* reserved = memory::allocate_permanent(10);
  EXPECT_EQ(allocate_object(kRaw, 32, false), nullptr);
  (void)end_allocation_failures();
  EXPECT_TRUE(reserved);
  memory::release_permanent(reserved);  // stays in the reserve
  memory::release_permanent(permanent);
  decref(new_raw(32));
}

// Threads allocate, exchange and free objects of many sizes, come and go; contents stay intact.
TEST_F(HeapTest, StormOfSizesAndThreads) {
  constexpr size_t kSlots = 256;
  static std::atomic<Object*> table[kSlots];
  std::atomic<int64_t> wrong{0};
  auto body = [&](uint32_t seed) {
    for (int i = 0; i < 4000; ++i) {
      seed = seed * 1664525u + 1013904223u;
      size_t bytes = 32 + (seed >> 8) % 1200;
      Object* o = new_raw(bytes);
      auto* words = reinterpret_cast<uint64_t*>(o + 1);
      words[0] = bytes;
      words[(bytes - 24) / 8] = bytes;
      Object* old = table[(seed >> 20) % kSlots].exchange(o, std::memory_order_acq_rel);
      if (old) {
        auto* seen = reinterpret_cast<uint64_t*>(old + 1);
        if (seen[(seen[0] - 24) / 8] != seen[0]) ++wrong;
        decref(old);
      }
      safepoint();
    }
  };
  for (int round = 0; round < 4; ++round) {
    std::vector<Worker> workers;
    for (uint32_t t = 0; t < 3; ++t) workers.emplace_back([&, t] { body(t * 7919u + static_cast<uint32_t>(round)); });
  }
  for (auto& slot : table) {
    if (Object* o = slot.exchange(nullptr)) decref(o);
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace pt::test
