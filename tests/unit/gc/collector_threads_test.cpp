// The collector with several threads: foreign garbage, owners that are blocked or gone, collections that overlap.
#include "tests/unit/gc/fake_heap.h"

namespace pt::fake {
namespace {

using test::Worker;
using CollectorThreads = CollectorTest;

TEST_F(CollectorThreads, GarbageOfAThreadThatEnded) {
  Worker([] { make_ring(30).reset(); }).join();
  EXPECT_EQ(unreachable(), 30);
  EXPECT_EQ(g_destroyed, 30);
}

TEST_F(CollectorThreads, GarbageOfAThreadThatIsBlocked) {
  std::atomic<bool> made{false}, finish{false};
  Worker worker([&] {
    make_ring(30).reset();
    Detached detached;
    made = true;
    while (!finish) std::this_thread::yield();
  });
  while (!made) std::this_thread::yield();
  EXPECT_EQ(unreachable(), 30);
  EXPECT_EQ(g_destroyed, 30);
  finish = true;
}

TEST_F(CollectorThreads, GarbageOfAThreadThatRuns) {
  std::atomic<bool> made{false}, finish{false};
  Worker worker([&] {
    make_ring(30).reset();
    made = true;
    while (!finish) test::safepoint();
  });
  while (!made) std::this_thread::yield();
  EXPECT_EQ(unreachable(), 30);
  EXPECT_EQ(g_destroyed, 30);
  finish = true;
}

TEST_F(CollectorThreads, RingAcrossTwoOwners) {
  Ref<Node> mine = make_ring(10);
  Worker([&] {
    Ref<Node> theirs = make_ring(10);
    set(theirs->b, mine);
    mine->b.store(mine.get(), Ref<>::retain(theirs.value()));
  }).join();
  EXPECT_EQ(unreachable(), 0);
  mine.reset();
  EXPECT_EQ(unreachable(), 20);
  EXPECT_EQ(g_destroyed, 20);
}

TEST_F(CollectorThreads, QueuedObjectIsCountedRight) {
  // A foreign thread gives back a count of ours, which waits in our merge queue while the cycle is already garbage.
  Ref<Node> ring = make_ring(4);
  Ref<> extra = ring.copy();
  std::atomic<bool> dropped{false};
  Worker worker([&] {
    extra.reset();
    dropped = true;
  });
  while (!dropped) std::this_thread::yield();  // attached: the queue cannot be merged for us
  ring.reset();
  EXPECT_EQ(unreachable(), 4);
  test::safepoint();
  EXPECT_EQ(g_destroyed, 4);
}

TEST_F(CollectorThreads, QueuedObjectOfAnotherThread) {
  std::atomic<Node*> published{nullptr};
  std::atomic<bool> collected{false};
  Worker worker([&] {
    Ref<Node> ring = make_ring(4);
    Node* raw = ring.take();
    published = raw;
    while (!collected) {
      if (tls_mutator->breaker.load() & kBreakStop) safepoint_slow(tls_mutator);
    }
  });
  while (!published) std::this_thread::yield();
  decref(published.load());  // queued for the worker, whose only count this was
  EXPECT_EQ(unreachable(), 4);
  collected = true;
  worker.join();
  EXPECT_EQ(g_destroyed, 4);
}

TEST_F(CollectorThreads, ResurrectionOfForeignGarbage) {
  static Ref<Node> saved;
  Worker([] { make_ring(3, kFinalShape).reset(); }).join();
  g_finalizer = [](Node* node) {
    if (node->number == 1) saved = Ref<Node>::retain(node);
  };
  EXPECT_EQ(unreachable(), 0);
  EXPECT_EQ(saved->number, 1);
  saved.reset();
  EXPECT_EQ(unreachable(), 3);
  EXPECT_EQ(g_finalized, 3);
}

TEST_F(CollectorThreads, CollectionDuringAnotherOnesFinalisers) {
  // The first thread's finalisers hold still while a second thread collects: it must leave the first one's garbage alone.
  static std::atomic<int> stage;
  stage = 0;
  g_finalizer = [](Node* node) {
    if (node->number != 0) return;
    stage = 1;
    Detached detached;
    while (stage != 2) std::this_thread::yield();
  };
  Worker worker([] {
    make_ring(5, kFinalShape).reset();
    EXPECT_EQ(collect().unreachable, 5);
  });
  while (stage != 1) {
    test::safepoint();
    std::this_thread::yield();
  }
  EXPECT_EQ(unreachable(), 0);
  make_ring(3).reset();
  EXPECT_EQ(unreachable(), 3);
  EXPECT_EQ(g_destroyed, 3);
  ValueList list;
  ASSERT_TRUE(tracked_objects(list));
  for (size_t i = 0; i < list.size(); i++) {
    EXPECT_NE(list[i].as_object()->shape_id.load(), kFinalShape);  // garbage is not shown
  }
  stage = 2;
  worker.join();
  EXPECT_EQ(g_destroyed, 8);
  EXPECT_EQ(g_finalized, 5);
}

TEST_F(CollectorThreads, CyclesMadeWhileOthersCollect) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 300;
  std::atomic<int64_t> made{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < kThreads; t++) {
      workers.emplace_back([&made, t] {
        Ref<Node> live = make_ring(20);
        for (int i = 0; i < kRounds; i++) {
          int64_t n = 1 + (i * 7 + t) % 9;
          make_ring(n, i % 3 ? kNodeShape : kFinalShape).reset();
          made += n;
          test::safepoint();
          if (i % 50 == t) collect();
        }
        int64_t length = 0;
        Object* at = live.get();
        do {
          at = static_cast<Node*>(at)->a.peek().as_object();
          length++;
        } while (at != live.get());
        EXPECT_EQ(length, 20);
        made += 20;
      });
    }
    for (int i = 0; i < 20; i++) {
      collect();
      Detached detached;
      std::this_thread::yield();
    }
  }
  collect();
  EXPECT_EQ(g_destroyed, made);
  EXPECT_EQ(verify_heap(), 0);
}

TEST_F(CollectorThreads, SharedSlotsUnderCollection) {
  // Threads move rings through the fields of one shared bag while all of them collect.
  constexpr int kThreads = 4;
  constexpr int kSlots = 16;
  Ref<Bag> shelf = make_bag(kSlots);
  mark_maybe_shared(shelf.get());
  std::atomic<int64_t> made{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < kThreads; t++) {
      workers.emplace_back([&, t] {
        uint32_t random = static_cast<uint32_t>(t) * 7919 + 1;
        for (int i = 0; i < 2000; i++) {
          random = random * 1664525 + 1013904223;
          uint32_t slot = (random >> 8) % kSlots;
          if (random >> 31) {
            Ref<Node> ring = make_ring(3);
            mark_maybe_shared(ring.get());
            made += 3;
            shelf->items[slot].store(shelf.get(), std::move(ring));
          } else {
            Ref<> got = shelf->items[slot].load(shelf.get());
            if (got) {
              EXPECT_EQ(static_cast<Node*>(got.value().as_object())->number, 0);
            }
          }
          test::safepoint();
          if (i % 400 == 100 * t) collect();
        }
      });
    }
    for (Worker& worker : workers) worker.join();
  }
  shelf.reset();
  collect();
  EXPECT_EQ(g_destroyed, made + 1);
}

TEST_F(CollectorThreads, DeferredObjectsUnderCollection) {
  std::atomic<int64_t> made{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 3; t++) {
      workers.emplace_back([&made] {
        for (int i = 0; i < 300; i++) {
          Ref<Node> function = make_node();
          make_deferred(function.get());
          set(function->b, function);
          Ref<Node> holder = make_node();
          set(holder->a, function);
          made += 2;
          if (i % 60 == 0) collect();
          test::safepoint();
        }
      });
    }
  }
  collect();
  EXPECT_EQ(g_destroyed, made);
}

TEST_F(CollectorThreads, AutomaticCollectionsOfManyThreads) {
  set_collection_threshold(500);
  collect();
  reset_counts();
  int64_t before = collector_statistics().collections;
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 4; t++) {
      workers.emplace_back([] {
        for (int i = 0; i < 8000; i++) {
          make_ring(2).reset();
          if (tls_mutator->breaker.load() && (safepoint_slow(tls_mutator) & kBreakCollect)) collect_if_due();
        }
      });
    }
  }
  EXPECT_GE(collector_statistics().collections, before + 5);
  collect();
  EXPECT_EQ(g_destroyed, 4 * 8000 * 2);
}

TEST_F(CollectorThreads, IntrospectionWhileOthersRun) {
  std::atomic<bool> finish{false};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 2; t++) {
      workers.emplace_back([&finish] {
        for (int i = 0; !finish; i++) {
          make_node().reset();
          if (i < 5000) make_ring(2).reset();
          test::safepoint();
        }
      });
    }
    for (int i = 0; i < 20; i++) {
      ValueList all;
      ASSERT_TRUE(tracked_objects(all));
      ValueList related;
      Value some[1];
      if (all.size()) {
        some[0] = all[all.size() / 2];
        ASSERT_TRUE(referrers(some, 1, related));
        ASSERT_TRUE(referents(some, 1, related));
      }
      collect();
    }
    finish = true;
  }
  collect();
}

}  // namespace
}  // namespace pt::fake
