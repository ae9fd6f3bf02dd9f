#include "tests/unit/gc/fixture.h"

#include <atomic>

#include "gc/platform/futex.h"
#include "gc/sync/parking_lot.h"

namespace pt::test {
namespace {

class RefcountTest : public GcTest {
 protected:
  void SetUp() override {
    GcTest::SetUp();
    announce_threads();
    set_escalation_threshold(0);
  }
  void TearDown() override {
    set_escalation_threshold(2048);
    GcTest::TearDown();
  }
};

// An object owned by a thread that has ended, with one reference. `id` of that thread may be taken by later ones.
Ref<Node> node_of_ended_thread(ShapeId shape = kNode) {
  Ref<Node> node;
  Worker([&] { node = new_node(shape); }).join();
  return node;
}

TEST_F(RefcountTest, OwnerCountsLocally) {
  Ref<Node> n = new_node();
  incref(n.get());
  EXPECT_EQ(local_of(n.get()), 2u);
  EXPECT_EQ(n->shared.load(), 0);
  decref(n.get());
  EXPECT_EQ(local_of(n.get()), 1u);
}

TEST_F(RefcountTest, LastLocalReferenceDestroys) {
  new_node().reset();
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, ForeignIncrementIsShared) {
  Ref<Node> n = new_node();
  Worker([&] { incref(n.get()); }).join();
  EXPECT_EQ(shared_of(n.get()), 1);
  EXPECT_EQ(state_of(n.get()), kSharedDefault);
  EXPECT_EQ(reference_count(n.get()), 2);
  decref(n.get());
  // Local went to zero with a positive shared count: merged.
  EXPECT_EQ(state_of(n.get()), kSharedMerged);
  EXPECT_EQ(n->owner.load(), 0);
  EXPECT_EQ(reference_count(n.get()), 1);
  EXPECT_EQ(g_destroyed, 0);
}

TEST_F(RefcountTest, MergedObjectDiesByAnyThread) {
  Ref<Node> n = new_node();
  Worker([&] { incref(n.get()); }).join();
  decref(n.get());
  Node* raw = n.take();
  Worker([&] {
    decref(raw);
    EXPECT_EQ(g_destroyed, 1);
  }).join();
}

TEST_F(RefcountTest, MaybeSharedWithoutForeignReferencesMergesToZero) {
  Ref<Node> n = new_node();
  mark_maybe_shared(n.get());
  EXPECT_EQ(state_of(n.get()), kSharedMaybe);
  Node* raw = n.get();
  n.reset();
  EXPECT_EQ(g_destroyed, 1);
  EXPECT_EQ(raw->shared.load(), kSharedMerged);
  EXPECT_FALSE(try_incref_shared(raw));
}

TEST_F(RefcountTest, MarkMaybeSharedIsIdempotent) {
  Ref<Node> n = new_node();
  mark_maybe_shared(n.get());
  mark_maybe_shared(n.get());
  EXPECT_EQ(n->shared.load(), kSharedMaybe);
}

TEST_F(RefcountTest, MarkMaybeSharedKeepsTheCount) {
  Ref<Node> n = new_node();
  Worker([&] {
    incref(n.get());
    mark_maybe_shared(n.get());
    EXPECT_EQ(shared_of(n.get()), 1);
    EXPECT_EQ(state_of(n.get()), kSharedMaybe);
    decref(n.get());
  }).join();
  EXPECT_EQ(n->shared.load(), kSharedMaybe);
}

TEST_F(RefcountTest, TryIncrefNeedsAnnouncement) {
  Ref<Node> n = new_node();
  Worker([&] { EXPECT_FALSE(try_incref(n.get())); }).join();
  mark_maybe_shared(n.get());
  Worker([&] {
    EXPECT_TRUE(try_incref(n.get()));
    decref(n.get());
  }).join();
}

TEST_F(RefcountTest, TryIncrefWithPositiveSharedCountNeedsNone) {
  Ref<Node> n = new_node();
  Worker([&] {
    incref(n.get());
    EXPECT_TRUE(try_incref(n.get()));
    EXPECT_EQ(shared_of(n.get()), 2);
    decref(n.get());
    decref(n.get());
  }).join();
  EXPECT_EQ(n->shared.load(), 0);
}

TEST_F(RefcountTest, TryIncrefByOwnerAlwaysWorks) {
  Ref<Node> n = new_node();
  EXPECT_TRUE(try_incref(n.get()));
  EXPECT_EQ(local_of(n.get()), 2u);
  decref(n.get());
}

TEST_F(RefcountTest, TryIncrefOfMergedObject) {
  Ref<Node> n = new_node();
  mark_maybe_shared(n.get());
  Worker([&] { incref(n.get()); }).join();
  decref(n.get());
  ASSERT_EQ(state_of(n.get()), kSharedMerged);
  EXPECT_TRUE(try_incref(n.get()));
  EXPECT_EQ(shared_of(n.get()), 2);
  decref(n.get());
}

TEST_F(RefcountTest, ForeignDecrementQueuesForRunningOwner) {
  Ref<Node> n = new_node();
  incref(n.get());
  std::atomic<bool> done{false};
  Worker worker([&] {
    decref(n.get());
    done = true;
  });
  while (!done) std::this_thread::yield();  // attached: the worker cannot merge on this thread's behalf
  EXPECT_EQ(state_of(n.get()), kSharedQueued);
  EXPECT_EQ(reference_count(n.get()), 1);
  EXPECT_TRUE(tls_mutator->breaker.load() & kBreakMerge);
  safepoint();
  EXPECT_EQ(state_of(n.get()), kSharedMerged);
  EXPECT_EQ(shared_of(n.get()), 1);
  EXPECT_EQ(n->owner.load(), 0);
}

TEST_F(RefcountTest, QueuedFromMaybeShared) {
  Ref<Node> n = new_node();
  mark_maybe_shared(n.get());
  incref(n.get());
  std::atomic<bool> done{false};
  Worker worker([&] {
    decref(n.get());
    done = true;
  });
  while (!done) std::this_thread::yield();
  EXPECT_EQ(state_of(n.get()), kSharedQueued);
  safepoint();
  EXPECT_EQ(reference_count(n.get()), 1);
}

TEST_F(RefcountTest, QueuedObjectCountsOnBelowZero) {
  Ref<Node> n = new_node();
  for (int i = 0; i < 4; ++i) incref(n.get());
  std::atomic<bool> done{false};
  Worker worker([&] {
    for (int i = 0; i < 4; ++i) decref(n.get());
    done = true;
  });
  while (!done) std::this_thread::yield();
  EXPECT_EQ(state_of(n.get()), kSharedQueued);
  EXPECT_EQ(shared_of(n.get()), -3);
  EXPECT_EQ(reference_count(n.get()), 1);
  safepoint();
  EXPECT_EQ(reference_count(n.get()), 1);
  EXPECT_EQ(state_of(n.get()), kSharedMerged);
}

TEST_F(RefcountTest, QueuedObjectMayBeIncrementedByOthers) {
  Ref<Node> n = new_node();
  incref(n.get());
  std::atomic<bool> done{false};
  Worker worker([&] {
    incref(n.get());  // a counted copy of our reference
    decref(n.get());
    decref(n.get());  // the second one that was handed over
    incref(n.get());
    done = true;
  });
  while (!done) std::this_thread::yield();
  EXPECT_EQ(state_of(n.get()), kSharedQueued);
  EXPECT_EQ(shared_of(n.get()), 1);
  EXPECT_EQ(reference_count(n.get()), 2);
  safepoint();
  EXPECT_EQ(reference_count(n.get()), 2);
  decref(n.get());
}

TEST_F(RefcountTest, LocalZeroWhileQueuedMergesAndKeepsTheQueuesReference) {
  Node* n = new_node().take();
  std::atomic<bool> done{false};
  Worker worker([&] {
    decref(n);  // hands our only reference to the queue
    incref(n);  // and takes another
    done = true;
  });
  while (!done) std::this_thread::yield();
  ASSERT_EQ(state_of(n), kSharedQueued);
  decref(n);  // drops the worker's: local is zero now
  EXPECT_EQ(state_of(n), kSharedMerged);
  EXPECT_EQ(g_destroyed, 0);
  safepoint();  // the queue gives its reference back
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, HandedOverObjectDiesAtTheOwnersSafepoint) {
  Node* n = new_node().take();
  std::atomic<bool> done{false};
  Worker worker([&] {
    decref(n);
    done = true;
  });
  while (!done) std::this_thread::yield();
  EXPECT_EQ(g_destroyed, 0);
  safepoint();
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, DetachedOwnersObjectIsMergedByTheOther) {
  Node* n = new_node().take();
  Mutator* owner = tls_mutator;
  Worker([&] {
    while (owner->state != MutatorState::kDetached) std::this_thread::yield();
    decref(n);
    EXPECT_EQ(g_destroyed, 1);
  }).join();
}

TEST_F(RefcountTest, MergeOnBehalfTakesTheWholeQueue) {
  std::vector<Node*> nodes;
  for (int i = 0; i < 10; ++i) nodes.push_back(new_node().take());
  std::atomic<bool> queued{false}, detached{false};
  Worker worker([&] {
    for (int i = 0; i < 9; ++i) decref(nodes[i]);
    queued = true;
    while (!detached) std::this_thread::yield();
    decref(nodes[9]);
    EXPECT_EQ(g_destroyed, 10);
  });
  while (!queued) std::this_thread::yield();
  EXPECT_EQ(g_destroyed, 0);
  {
    Detached scope;
    detached = true;
    while (g_destroyed != 10) std::this_thread::yield();
  }
}

TEST_F(RefcountTest, EndedOwnersObjectIsMergedByWhoFindsOut) {
  Ref<Node> n = node_of_ended_thread();
  EXPECT_NE(n->owner.load(), 0);
  EXPECT_NE(n->owner.load(), tls_owner_id);
  n.reset();
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, EndedOwnersObjectWithSeveralReferences) {
  Ref<Node> n;
  Worker([&] {
    n = new_node();
    incref(n.get());
    incref(n.get());
  }).join();
  decref(n.get());
  EXPECT_EQ(state_of(n.get()), kSharedMerged);
  EXPECT_EQ(reference_count(n.get()), 2);
  decref(n.get());
  EXPECT_EQ(g_destroyed, 0);
  n.reset();
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, NewThreadInheritsTheIdAndTheObjects) {
  Ref<Node> n = node_of_ended_thread();
  ThreadId old_owner = n->owner.load();
  Worker([&] {
    EXPECT_EQ(tls_owner_id, old_owner);
    incref(n.get());
    EXPECT_EQ(local_of(n.get()), 2u);
    decref(n.get());
  }).join();
}

TEST_F(RefcountTest, QueueOfEndingThreadIsDrained) {
  Node* n = nullptr;
  std::atomic<int> step{0};
  Worker owner([&] {
    n = new_node().take();
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  decref(n);
  EXPECT_EQ(g_destroyed, 0);
  step = 2;
  owner.join();
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, ImmortalIsNeverWritten) {
  Ref<Node> n = new_node(kLeaf);
  make_immortal(n.get());
  uint64_t before = reinterpret_cast<uint64_t*>(n.get())[1];
  incref(n.get());
  EXPECT_TRUE(try_incref(n.get()));
  decref(n.get());
  decref(n.get());
  decref(n.get());
  mark_maybe_shared(n.get());
  make_deferred(n.get());
  Worker([&] {
    incref(n.get());
    decref(n.get());
    decref(n.get());
    EXPECT_TRUE(try_incref(n.get()));
  }).join();
  EXPECT_EQ(reinterpret_cast<uint64_t*>(n.get())[1], before);
  EXPECT_FALSE(n->has_gc_bit(kGcDeferred));
  EXPECT_EQ(reference_count(n.get()), int64_t{kLocalImmortal});
  (void)n.take();
}

TEST_F(RefcountTest, StaticImmortalHeader) {
  alignas(16) static Node object;
  init_immortal_header(&object, kNode);
  EXPECT_TRUE(object.is_immortal());
  decref(&object);
  EXPECT_TRUE(object.is_immortal());
}

TEST_F(RefcountTest, DeferredSurvivesItsLastCount) {
  Node* n = new_node().take();
  make_deferred(n);
  EXPECT_EQ(reference_count(n), 2);
  make_deferred(n);
  EXPECT_EQ(reference_count(n), 2);
  decref(n);
  decref(n);
  EXPECT_EQ(g_destroyed, 0);
  EXPECT_FALSE(n->has_gc_bit(kGcDead));
  // As the collector does it: no longer deferred, one true count, dropped.
  incref(n);
  {
    StopTheWorld stopped;
  }
  n->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred));
  decref(n);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, CountsOfDeferredObjectsStayInTheirThread) {
  Ref<Node> n = new_node();
  make_deferred(n.get());
  int64_t before = reference_count(n.get());
  uint64_t written = counter_sum(Counter::shared_increments);
  std::atomic<int> step{0};
  Worker worker([&] {
    for (int i = 0; i < 10; ++i) incref(n.get());
    EXPECT_EQ(shared_of(n.get()), 0);
    EXPECT_EQ(reference_count(n.get()), before + 10);
    step = 1;
    while (step != 2) safepoint();
    for (int i = 0; i < 7; ++i) decref(n.get());
  });
  while (step != 1) safepoint();
  {
    StopTheWorld stopped;
  }
  EXPECT_EQ(reference_count(n.get()), before + 10);
  step = 2;
  worker.join();
  // A thread that ends settles.
  EXPECT_EQ(reference_count(n.get()), before + 3);
  EXPECT_EQ(counter_sum(Counter::shared_increments), written);
  for (int i = 0; i < 3; ++i) decref(n.get());
  {
    StopTheWorld stopped;
  }
  n->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred));
  decref(n.get());
}

TEST_F(RefcountTest, DeferredByAnotherThread) {
  Ref<Node> n = new_node();
  Worker([&] { make_deferred(n.get()); }).join();
  EXPECT_TRUE(n->has_gc_bit(kGcDeferred));
  EXPECT_EQ(reference_count(n.get()), 2);
  n->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred));
  decref(n.get());
}

TEST_F(RefcountTest, EscalationAfterManySharedIncrements) {
  set_escalation_threshold(1024);
  Ref<Node> n = new_node(kLeaf);
  uint64_t before = counter_sum(Counter::escalations);
  Worker([&] {
    for (int i = 0; i < 3000 && !n->has_gc_bit(kGcDeferred); ++i) {
      incref(n.get());
      decref(n.get());
    }
  }).join();
  EXPECT_TRUE(n->has_gc_bit(kGcDeferred));
  EXPECT_EQ(counter_sum(Counter::escalations), before + 1);
  EXPECT_EQ(reference_count(n.get()), 2);
  n->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred));
  decref(n.get());
}

TEST_F(RefcountTest, NoEscalationBelowTheThreshold) {
  set_escalation_threshold(1 << 20);
  Ref<Node> n = new_node(kLeaf);
  Worker([&] {
    for (int i = 0; i < 5000; ++i) {
      incref(n.get());
      decref(n.get());
    }
  }).join();
  EXPECT_FALSE(n->has_gc_bit(kGcDeferred));
}

TEST_F(RefcountTest, SaturatedMergedObjectBecomesImmortal) {
  Ref<Node> n = new_node(kLeaf);
  mark_maybe_shared(n.get());
  Worker([&] { incref(n.get()); }).join();
  decref(n.get());
  ASSERT_EQ(state_of(n.get()), kSharedMerged);
  n->shared.store((1 << 28) * kSharedOne | kSharedMerged);
  incref(n.get());
  EXPECT_TRUE(n->is_immortal());
  (void)n.take();
}

TEST_F(RefcountTest, SaturatedUnmergedObjectIsMergedFirst) {
  Node* n = nullptr;
  Worker([&] { n = new_node(kLeaf).take(); }).join();
  n->shared.store((1 << 28) * kSharedOne);
  incref(n);
  EXPECT_EQ(state_of(n), kSharedMerged);
  EXPECT_TRUE(n->is_immortal());
}

TEST_F(RefcountTest, DecrefWithoutDestroyTellsOnly) {
  Node* n = new_node().take();
  incref(n);
  EXPECT_FALSE(decref_without_destroy(n));
  EXPECT_TRUE(decref_without_destroy(n));
  EXPECT_EQ(g_destroyed, 0);
  revive(n);
  EXPECT_EQ(reference_count(n), 1);
  decref(n);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, ReviveOfMergedObject) {
  Node* n = new_node().take();
  mark_maybe_shared(n);
  EXPECT_TRUE(decref_without_destroy(n));
  revive(n);
  EXPECT_EQ(n->shared.load(), kSharedMerged + kSharedOne);
  EXPECT_TRUE(try_incref(n));
  decref(n);
  decref(n);
  EXPECT_EQ(g_destroyed, 1);
}

TEST_F(RefcountTest, MergeCountsAddsUp) {
  Ref<Node> n = new_node();
  incref(n.get());
  Worker([&] { incref(n.get()); }).join();
  EXPECT_EQ(merge_counts(n.get(), 0), 3);
  EXPECT_EQ(merge_counts(n.get(), -1), 2);
  EXPECT_EQ(merge_counts(n.get(), -1), 1);
}

TEST_F(RefcountTest, RefOwnsAndMoves) {
  Ref<Node> a = new_node();
  Ref<Node> b = a.copy();
  EXPECT_EQ(reference_count(a.get()), 2);
  Ref<> c = std::move(b);
  EXPECT_FALSE(b);
  EXPECT_EQ(reference_count(a.get()), 2);
  c.reset();
  EXPECT_EQ(reference_count(a.get()), 1);
  Ref<> d = Ref<>::retain(Value::borrowed_object(a.get()));
  EXPECT_TRUE(d.value().is_counted());
  EXPECT_EQ(reference_count(a.get()), 2);
}

TEST_F(RefcountTest, PromoteBorrowed) {
  Ref<Node> a = new_node();
  Value v = promote(Value::borrowed_object(a.get()));
  EXPECT_TRUE(v.is_counted());
  EXPECT_EQ(reference_count(a.get()), 2);
  release(v);
  release(Value::borrowed_object(a.get()));
  EXPECT_EQ(reference_count(a.get()), 1);
  EXPECT_EQ(promote(Value::small_int(3)).as_small_int(), 3);
}

TEST_F(RefcountTest, FieldLoadByOwner) {
  Ref<Node> holder = new_node();
  holder->left.init(new_node());
  Ref<> got = holder->left.load(holder.get());
  EXPECT_EQ(reference_count(got.value().as_object()), 2);
  EXPECT_TRUE(holder->right.load(holder.get()).value().empty());
  holder->right.init(Ref<>::steal(Value::small_int(7)));
  EXPECT_EQ(holder->right.load(holder.get()).value().as_small_int(), 7);
}

TEST_F(RefcountTest, FieldLoadByOtherThreadAnnounces) {
  Ref<Node> holder = new_node();
  holder->left.init(new_node());
  Object* inner = holder->left.peek().as_object();
  uint64_t slow = counter_sum(Counter::field_load_slow);
  Worker([&] {
    {
      Ref<> got = holder->left.load(holder.get());
    }
    {
      Ref<> got = holder->left.load(holder.get());
    }
  }).join();
  EXPECT_EQ(counter_sum(Counter::field_load_slow), slow + 1);
  EXPECT_EQ(state_of(inner), kSharedMaybe);
  EXPECT_EQ(reference_count(inner), 1);
}

TEST_F(RefcountTest, FieldStoreReleasesOldContent) {
  Ref<Node> holder = new_node();
  holder->left.store(holder.get(), new_node());
  holder->left.store(holder.get(), new_node());
  EXPECT_EQ(g_destroyed, 1);
  holder->left.clear();
  EXPECT_EQ(g_destroyed, 2);
}

TEST_F(RefcountTest, FieldLoadRegisterBorrowsDeferred) {
  Ref<Node> holder = new_node();
  holder->left.init(new_node());
  Object* inner = holder->left.peek().as_object();
  Value counted = holder->left.load_register(holder.get());
  EXPECT_TRUE(counted.is_counted());
  release(counted);
  make_deferred(inner);
  int64_t count = reference_count(inner);
  Worker([&] {
    Value borrowed = holder->left.load_register(holder.get());
    EXPECT_TRUE(borrowed.is_borrowed());
  }).join();
  EXPECT_EQ(reference_count(inner), count);
  EXPECT_EQ(shared_of(inner), 0);
  inner->gc_bits.fetch_and(static_cast<uint8_t>(~kGcDeferred));
  decref(inner);
}

TEST_F(RefcountTest, FieldTryLoad) {
  Ref<Node> holder = new_node();
  holder->left.init(new_node());
  Worker([&] {
    Ref<> got;
    EXPECT_FALSE(holder->left.try_load(got));
    {
      LockGuard guard(holder.get());
      got = holder->left.load_locked();
    }
    EXPECT_TRUE(got);
    EXPECT_TRUE(holder->left.try_load(got));
    EXPECT_TRUE(holder->right.try_load(got));
    EXPECT_FALSE(got);
  }).join();
}

// Several threads copy and drop references of one object; it must die exactly once, when the last goes.
TEST_F(RefcountTest, StormOnOneObject) {
  constexpr int kThreads = 4, kRounds = 3000;
  for (int round = 0; round < 20; ++round) {
    int64_t before = g_destroyed;
    Ref<Node> n = new_node();
    {
      std::vector<Worker> workers;
      for (int t = 0; t < kThreads; ++t) {
        incref(n.get());
        workers.emplace_back([raw = n.get()] {
          for (int i = 0; i < kRounds / 20; ++i) {
            incref(raw);
            if (i % 7 == 0) safepoint();
            decref(raw);
          }
          decref(raw);
        });
      }
      for (int i = 0; i < 100; ++i) {
        incref(n.get());
        decref(n.get());
        safepoint();
      }
      EXPECT_EQ(g_destroyed, before);
      if (round % 2) n.reset();
    }
    n.reset();
    EXPECT_TRUE(wait_until([&] { return g_destroyed == before + 1; }));
  }
}

// Writers replace what a slot holds while readers copy it without a lock.
TEST_F(RefcountTest, StormOnOneField) {
  constexpr int kReaders = 3, kWrites = 4000;
  int64_t made = 0;
  {
    Ref<Node> holder = new_node();
    ++made;
    std::atomic<bool> stop{false};
    std::atomic<int64_t> wrong{0}, reads{0};
    {
      std::vector<Worker> readers;
      for (int t = 0; t < kReaders; ++t) {
        readers.emplace_back([&] {
          while (!stop) {
            Ref<> got = holder->left.load(holder.get());
            if (got) {
              auto* node = static_cast<Node*>(got.value().as_object());
              if (node->payload != 0x600D || node->has_gc_bit(kGcDead)) ++wrong;
            }
            ++reads;
            safepoint();
          }
        });
      }
      for (int i = 0; i < kWrites; ++i) {
        Ref<Node> n = new_node();
        ++made;
        n->payload = 0x600D;
        holder->left.store(holder.get(), std::move(n));
        safepoint();
      }
      stop = true;
    }
    EXPECT_EQ(wrong, 0);
  }
  EXPECT_TRUE(wait_until([&] { return g_destroyed == made; })) << g_destroyed << " of " << made;
}

// Objects of the calling thread, which gives its references away: `count` of them are in its merge queue, with nobody else to
// look at it.
void queue_own_objects(int count, ShapeId shape = kNode) {
  std::vector<Object*> objects;
  for (int i = 0; i < count; ++i) objects.push_back(new_node(shape).take());
  std::atomic<bool> done{false};
  Worker worker([&] {
    for (Object* o : objects) decref(o);
    done = true;
  });
  while (!done) std::this_thread::yield();
}

TEST_F(RefcountTest, WhatIsQueuedEndsBeforeALongWait) {
  queue_own_objects(3);
  int64_t before = g_destroyed;
  {
    DetachedToWait detached;
  }
  EXPECT_EQ(g_destroyed - before, 3);
  queue_own_objects(2);
  before = g_destroyed;
  int address = 0;
  auto always = [](void*) { return true; };
  EXPECT_EQ(park(&address, always, nullptr, int64_t{60} * 1'000'000'000, true, true), ParkResult::kInterrupted);
  EXPECT_EQ(g_destroyed - before, 2);
  EXPECT_FALSE(tls_mutator->breaker.load() & kBreakMerge);
}

std::vector<Object*> g_handed_over;

TEST_F(RefcountTest, FinalisersOfWhatOthersGaveUpAreHandedOver) {
  g_handed_over.clear();
  g_heap_hooks.hand_over = [](Object* o) {
    if (g_handed_over.size() == 2) return false;
    g_handed_over.push_back(o);
    return true;
  };
  queue_own_objects(3, kFinal);
  queue_own_objects(1);
  safepoint();
  EXPECT_EQ(g_handed_over.size(), 2u);
  EXPECT_EQ(g_finalised, 1);  // nobody took the third
  EXPECT_EQ(g_destroyed, 2);
  for (Object* o : g_handed_over) {
    EXPECT_EQ(o->owner.load(), 0);
    EXPECT_EQ(reference_count(o), 1);
    decref(o);
  }
  EXPECT_EQ(g_finalised, 3);
  EXPECT_EQ(g_destroyed, 4);

  // The dropping thread runs the finaliser where it merges for an owner that waits; not those of what others dropped before.
  g_handed_over.clear();
  queue_own_objects(1, kFinal);
  Object* last = new_node(kFinal).take();
  {
    Detached detached;
    std::thread([&] {
      Mutator mutator;
      PT_CHECK(register_mutator(&mutator));
      decref(last);
      EXPECT_EQ(g_finalised, 4);
      EXPECT_EQ(g_handed_over.size(), 1u);
      unregister_mutator(&mutator);
    }).join();
  }
  EXPECT_NE(g_handed_over.at(0), last);
  decref(g_handed_over.at(0));
  EXPECT_EQ(g_finalised, 5);
  EXPECT_EQ(g_ends_due.load(), 0);
}

TEST_F(RefcountTest, ThreadsApartDoNotComeToOwnWhatOthersLeft) {
  Object* left = nullptr;
  Worker([&] { left = new_node().take(); });
  ThreadId apart[2];
  int64_t before = g_destroyed;
  for (ThreadId& id : apart) {
    std::thread([&] {
      Mutator mutator;
      mutator.apart = true;
      PT_CHECK(register_mutator(&mutator));
      id = mutator.id;
      EXPECT_NE(id, left->owner.load());
      unregister_mutator(&mutator);
    }).join();
  }
  EXPECT_EQ(apart[0], apart[1]);
  Worker([&] { EXPECT_NE(tls_owner_id, apart[0]); });
  decref(left);
  EXPECT_EQ(g_destroyed - before, 1);
}

TEST_F(RefcountTest, WhoMergesForAnotherLeavesNothing) {
  queue_own_objects(200);
  int64_t before = g_destroyed;
  Object* last = new_node().take();
  {
    Detached detached;
    std::thread([&] {
      Mutator mutator;
      PT_CHECK(register_mutator(&mutator));
      decref(last);
      unregister_mutator(&mutator);
    }).join();
    EXPECT_EQ(g_destroyed - before, 201);
  }
}

// The last reference goes while its owner begins to wait: one of the two sees to it, whatever comes first.
TEST_F(RefcountTest, EndsWhileItsOwnerBeginsToWait) {
  constexpr int kRounds = 30000;
  std::atomic<Object*> given{nullptr};
  std::atomic<bool> stop{false};
  Worker worker([&] {
    while (!stop) {
      if (Object* o = given.exchange(nullptr, std::memory_order_acquire)) decref(o);
      safepoint();
    }
  });
  int late = 0;
  for (int i = 0; i < kRounds && !late; ++i) {
    int64_t before = g_destroyed;
    given.store(new_node().take(), std::memory_order_release);
    for (int spin = i % 64; spin > 0; --spin) cpu_pause();
    DetachedToWait detached;
    for (int64_t limit = monotonic_ns() + int64_t{20} * 1'000'000'000; g_destroyed == before;) {
      std::this_thread::yield();
      if ((late = monotonic_ns() > limit)) break;
    }
  }
  EXPECT_EQ(late, 0);
  stop = true;
}

// Objects wander between threads that end and start all the time: queues of ended and reused ids.
TEST_F(RefcountTest, StormOfEndingOwners) {
  constexpr int kRounds = 60;
  std::vector<Ref<Node>> shelf(64);
  std::atomic<uint8_t> lock{0};
  std::atomic<int64_t> made{0};
  auto body = [&](unsigned seed) {
    for (int i = 0; i < 100; ++i) {
      seed = seed * 1103515245u + 12345u;
      Ref<Node> n = new_node();
      ++made;
      Ref<Node> copy = n.copy();
      lock_byte(lock);
      std::swap(shelf[(seed >> 8) % shelf.size()], n);
      unlock_byte(lock);
      safepoint();
    }
  };
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Worker> workers;
    for (unsigned t = 0; t < 3; ++t) workers.emplace_back([&, t] { body(static_cast<unsigned>(round) * 31 + t); });
    body(static_cast<unsigned>(round));
  }
  shelf.clear();
  EXPECT_TRUE(wait_until([&] { return g_destroyed == made; })) << g_destroyed << " of " << made;
}

}  // namespace
}  // namespace pt::test
