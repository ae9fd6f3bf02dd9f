#include "gc/platform/futex.h"
#include "tests/unit/gc/fixture.h"

namespace pt::test {
namespace {

class LockTest : public GcTest {
 protected:
  void SetUp() override {
    GcTest::SetUp();
    announce_threads();
  }
};
using CriticalSectionTest = LockTest;

bool locked(const Object* o) { return o->lock.load() & kLockLocked; }

TEST_F(LockTest, GuardLocksForItsScope) {
  Ref<Node> n = new_node();
  {
    LockGuard guard(n.get());
    EXPECT_TRUE(locked(n.get()));
  }
  EXPECT_EQ(n->lock.load(), 0);
}

TEST_F(LockTest, KeepsOtherBits) {
  std::atomic<uint8_t> lock{0xA0};
  lock_byte(lock);
  EXPECT_EQ(lock, 0xA1);
  unlock_byte(lock);
  EXPECT_EQ(lock, 0xA0);
  lock_slow(lock, Access::kWrites);
  EXPECT_EQ(lock, 0xA1);
  unlock_slow(lock);
  EXPECT_EQ(lock, 0xA0);
}

TEST_F(LockTest, TryLock) {
  std::atomic<uint8_t> lock{0};
  EXPECT_TRUE(try_lock_byte(lock));
  EXPECT_FALSE(try_lock_byte(lock));
  unlock_byte(lock);
  EXPECT_TRUE(try_lock_byte(lock));
  unlock_byte(lock);
}

TEST_F(LockTest, TwoObjectsInEitherOrder) {
  Ref<Node> a = new_node(), b = new_node();
  {
    LockGuard2 guard(a.get(), b.get());
    EXPECT_TRUE(locked(a.get()) && locked(b.get()));
  }
  {
    LockGuard2 guard(b.get(), a.get());
    EXPECT_TRUE(locked(a.get()) && locked(b.get()));
  }
  {
    LockGuard2 guard(a.get(), a.get());
    EXPECT_TRUE(locked(a.get()));
  }
  EXPECT_FALSE(locked(a.get()) || locked(b.get()));
}

TEST_F(LockTest, WaiterParksAndIsWoken) {
  std::atomic<uint8_t> lock{0};
  lock_byte(lock);
  std::atomic<bool> got{false};
  uint64_t waited = counter_sum(Counter::lock_waited);
  Worker worker([&] {
    lock_byte(lock);
    got = true;
    unlock_byte(lock);
  });
  EXPECT_TRUE(wait_until([&] { return (lock.load() & kLockParked) != 0; }));
  EXPECT_FALSE(got);
  EXPECT_GT(counter_sum(Counter::lock_waited), waited);
  unlock_byte(lock);
  worker.join();
  EXPECT_TRUE(got);
  EXPECT_EQ(lock, 0);
}

TEST_F(LockTest, WorldStopsWhileAThreadWaitsForALock) {
  std::atomic<uint8_t> lock{0};
  lock_byte(lock);
  Worker worker([&] {
    lock_byte(lock);
    unlock_byte(lock);
  });
  EXPECT_TRUE(wait_until([&] { return (lock.load() & kLockParked) != 0; }));
  {
    StopTheWorld stopped;
  }
  unlock_byte(lock);
}

TEST_F(LockTest, ContendedCounterIsExact) {
  constexpr int kThreads = 4, kRounds = 5000;
  Ref<Node> n = new_node();
  int64_t counter = 0;
  {
    std::vector<Worker> workers;
    for (int t = 0; t < kThreads; ++t) {
      workers.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          LockGuard guard(n.get());
          ++counter;
        }
      });
    }
  }
  EXPECT_EQ(counter, kThreads * kRounds);
  EXPECT_EQ(n->lock.load(), 0);
}

TEST_F(LockTest, TwoLocksInOppositeOrderDoNotDeadlock) {
  Ref<Node> a = new_node(), b = new_node();
  int64_t counter = 0;
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 4; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < 3000; ++i) {
          Node *x = a.get(), *y = b.get();
          if (t % 2) std::swap(x, y);
          LockGuard2 guard(x, y);
          ++counter;
        }
      });
    }
  }
  EXPECT_EQ(counter, 12000);
}

TEST_F(LockTest, RawMutexIsExclusive) {
  RawMutex mutex;
  int64_t counter = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        RawGuard guard(mutex);
        ++counter;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(counter, 20000);
  bool free = false;
  if (mutex.try_lock()) {
    free = true;
    mutex.unlock();
  }
  EXPECT_TRUE(free);
}

TEST_F(CriticalSectionTest, LocksForItsScope) {
  Ref<Node> a = new_node(), b = new_node();
  {
    CriticalSection one(a.get());
    EXPECT_TRUE(locked(a.get()));
    EXPECT_FALSE(one.was_suspended());
  }
  {
    CriticalSection two(b.get(), a.get());
    EXPECT_TRUE(locked(a.get()) && locked(b.get()));
  }
  {
    CriticalSection same(a.get(), a.get());
    EXPECT_TRUE(locked(a.get()));
  }
  EXPECT_FALSE(locked(a.get()) || locked(b.get()));
}

TEST_F(CriticalSectionTest, NestsOnTheSameObject) {
  Ref<Node> a = new_node(), b = new_node();
  CriticalSection outer(a.get());
  {
    CriticalSection inner(a.get());
    EXPECT_TRUE(locked(a.get()));
  }
  EXPECT_TRUE(locked(a.get()));
  {
    CriticalSection inner(a.get(), b.get());
    EXPECT_TRUE(locked(a.get()) && locked(b.get()));
    CriticalSection innermost(b.get(), a.get());
  }
  EXPECT_TRUE(locked(a.get()));
  EXPECT_FALSE(locked(b.get()));
  EXPECT_FALSE(outer.was_suspended());
}

TEST_F(CriticalSectionTest, DetachSuspendsAndAttachResumes) {
  Ref<Node> a = new_node();
  CriticalSection section(a.get());
  {
    Detached detached;
    EXPECT_FALSE(locked(a.get()));
  }
  EXPECT_TRUE(locked(a.get()));
  EXPECT_TRUE(section.was_suspended());
  EXPECT_FALSE(section.was_suspended());
}

TEST_F(CriticalSectionTest, OuterSectionResumesWhenTheInnerEnds) {
  Ref<Node> a = new_node(), b = new_node();
  CriticalSection outer(a.get());
  {
    CriticalSection inner(b.get());
    {
      Detached detached;
    }
    EXPECT_TRUE(locked(b.get()));
    EXPECT_FALSE(locked(a.get()));
  }
  EXPECT_TRUE(locked(a.get()));
  EXPECT_FALSE(locked(b.get()));
  EXPECT_TRUE(outer.was_suspended());
}

TEST_F(CriticalSectionTest, SafepointAndStopKeepIt) {
  Ref<Node> a = new_node();
  CriticalSection section(a.get());
  std::atomic<bool> stopped{false};
  Worker worker([&] {
    StopTheWorld stop;
    stopped = true;
  });
  while (!stopped) {
    safepoint();
    std::this_thread::yield();
  }
  EXPECT_TRUE(locked(a.get()));
  EXPECT_FALSE(section.was_suspended());
}

TEST_F(CriticalSectionTest, WaitingForALockGivesSectionsUp) {
  Ref<Node> a = new_node(), b = new_node();
  std::atomic<int> step{0};
  Worker worker([&] {
    CriticalSection hold(b.get());
    step = 1;
    while (step != 2) {
      safepoint();
      std::this_thread::yield();
    }
    CriticalSection wanted(a.get());  // free once the other thread waits for b
    EXPECT_TRUE(locked(a.get()));
    step = 3;
  });
  while (step != 1) std::this_thread::yield();
  CriticalSection outer(a.get());
  step = 2;
  {
    CriticalSection inner(b.get());
    EXPECT_TRUE(locked(b.get()));
  }
  EXPECT_TRUE(locked(a.get()));
}

TEST_F(CriticalSectionTest, LockByteSlowSuspendsToo) {
  Ref<Node> a = new_node();
  std::atomic<uint8_t> lock{0};
  lock_byte(lock);
  std::atomic<bool> in{false};
  Worker worker([&] {
    CriticalSection section(a.get());
    in = true;
    lock_byte(lock);
    EXPECT_TRUE(section.was_suspended());
    unlock_byte(lock);
  });
  while (!in) std::this_thread::yield();
  EXPECT_TRUE(wait_until([&] { return (lock.load() & kLockParked) && !locked(a.get()); }));
  unlock_byte(lock);
}

TEST_F(CriticalSectionTest, CyclesOfNestedSectionsDoNotDeadlock) {
  constexpr int kObjects = 4;
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < kObjects; ++i) nodes.push_back(new_node());
  std::atomic<int64_t> done{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 4; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < 1500; ++i) {
          CriticalSection one(nodes[(t + i) % kObjects].get());
          CriticalSection two(nodes[(t + i + 1) % kObjects].get(), nodes[(t + i + 2) % kObjects].get());
          CriticalSection three(nodes[(t * 3 + i) % kObjects].get());
          nodes[(t * 3 + i) % kObjects]->payload++;
          if (i % 50 == 0) Detached detached;
          safepoint();
          ++done;
        }
      });
    }
  }
  int64_t sum = 0;
  for (auto& n : nodes) {
    EXPECT_EQ(n->lock.load(), 0);
    sum += n->payload;
  }
  EXPECT_EQ(done, 6000);
  EXPECT_EQ(sum, 6000);
}

TEST_F(CriticalSectionTest, PairsInBothOrdersExclude) {
  Ref<Node> a = new_node(), b = new_node();
  int64_t counter = 0;
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 4; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < 2500; ++i) {
          CriticalSection section(t % 2 ? a.get() : b.get(), t % 2 ? b.get() : a.get());
          ++counter;
        }
      });
    }
  }
  EXPECT_EQ(counter, 10000);
}

TEST_F(LockTest, WhoeverWaitsForAKeptLockAsksItsOwner) {
  Ref<Node> node = new_node();
  std::atomic<bool> got{false};
  // As compiled code does, for an object that only this thread has seen.
  node->lock.store(kLockLocked | kLockKept);
  Worker waiter([&] {
    LockGuard guard(node.get());
    got = true;
  });
  while (!(tls_mutator->breaker.load() & kBreakLetGo)) std::this_thread::yield();
  EXPECT_FALSE(got);
  tls_mutator->acknowledge(kBreakLetGo);
  unlock_kept(node->lock);
  waiter.join();
  EXPECT_TRUE(got);
  EXPECT_EQ(node->lock.load() & (kLockLocked | kLockKept), 0);
}

TEST_F(LockTest, ARequestOfNobodyIsNone) {
  uint32_t before = tls_mutator->breaker.load();
  EXPECT_TRUE(try_request(kNoOwnerId, kBreakLetGo));
  EXPECT_EQ(tls_mutator->breaker.load(), before);
}

TEST(Counters, HaveNamesAndDescriptions) {
  for (uint32_t i = 0; i < kCounterCount; ++i) {
    ASSERT_NE(counter_name(i), nullptr);
    ASSERT_NE(counter_description(i), nullptr);
  }
  EXPECT_EQ(counter_name(kCounterCount), nullptr);
  EXPECT_STREQ(counter_name(static_cast<uint32_t>(Counter::merges)), "merges");
}

TEST_F(LockTest, CountersOfEndedThreadsStay) {
  uint64_t before = counter_sum(Counter::collections);
  Worker([] { count(Counter::collections, 5); }).join();
  EXPECT_EQ(counter_sum(Counter::collections), before + 5);
}

}  // namespace
}  // namespace pt::test
