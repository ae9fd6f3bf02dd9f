#include "gc/platform/memory.h"
#include "tests/unit/gc/fixture.h"

namespace pt::test {
namespace {

std::atomic<int> g_freed{0};
void count_free(void* block) {
  ++g_freed;
  memory::release(block);
}

class QsbrTest : public GcTest {
 protected:
  void SetUp() override {
    GcTest::SetUp();
    announce_threads();
    reclaim_retired();
    g_freed = 0;
  }
  void TearDown() override {
    set_retire_limit(256 * 1024);
    GcTest::TearDown();
  }
  static void retire_one(size_t bytes = 64) { retire(memory::allocate(bytes), count_free, bytes); }
};

TEST_F(QsbrTest, NotFreedAtOnce) {
  retire_one();
  EXPECT_EQ(g_freed, 0);
  EXPECT_GE(retired_bytes(), 64u);
  reclaim_retired();
  EXPECT_EQ(g_freed, 1);
  EXPECT_EQ(retired_bytes(), 0u);
}

TEST_F(QsbrTest, AloneASafepointIsEnough) {
  set_retire_limit(0);
  retire_one();  // past the limit: asks for a grace period
  EXPECT_EQ(g_freed, 0);
  EXPECT_TRUE(tls_mutator->breaker.load() & kBreakQsbr);
  safepoint();
  EXPECT_EQ(g_freed, 1);
}

TEST_F(QsbrTest, WaitsForAnAttachedReader) {
  std::atomic<int> step{0};
  Worker reader([&] {
    step = 1;
    while (step != 2) std::this_thread::yield();
    safepoint();
    step = 3;
    while (step != 4) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  retire_one();
  for (int i = 0; i < 3; ++i) reclaim_retired();
  EXPECT_EQ(g_freed, 0);
  step = 2;
  while (step != 3) std::this_thread::yield();
  reclaim_retired();
  EXPECT_EQ(g_freed, 1);
  step = 4;
}

TEST_F(QsbrTest, DetachedThreadsDoNotHoldItBack) {
  std::atomic<int> step{0};
  Worker sleeper([&] {
    Detached detached;
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  retire_one();
  reclaim_retired();
  EXPECT_EQ(g_freed, 1);
  step = 2;
}

TEST_F(QsbrTest, ThreadThatAttachesLaterDoesNotHoldItBack) {
  std::atomic<int> step{0};
  retire_one();
  tls_mutator->request(kBreakQsbr);
  Worker late([&] {
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  // It attached after the retirement but before the grace period began: it has to announce itself.
  reclaim_retired();
  EXPECT_EQ(g_freed, 0);
  step = 2;
  late.join();
  reclaim_retired();
  EXPECT_EQ(g_freed, 1);
}

TEST_F(QsbrTest, ReaderIsAskedToAnnounce) {
  std::atomic<int> step{0};
  std::atomic<Mutator*> reader{nullptr};
  Worker worker([&] {
    reader = tls_mutator;
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  retire_one();
  reclaim_retired();
  EXPECT_TRUE(reader.load()->breaker.load() & kBreakQsbr);
  step = 2;
}

TEST_F(QsbrTest, ByteLimitForcesGracePeriods) {
  set_retire_limit(10'000);
  uint64_t before = counter_sum(Counter::grace_periods);
  for (int i = 0; i < 100; ++i) {
    retire_one(1000);
    safepoint();
  }
  EXPECT_GE(counter_sum(Counter::grace_periods), before + 5);
  EXPECT_GT(g_freed, 50);
  EXPECT_LT(retired_bytes(), 30'000u);
}

TEST_F(QsbrTest, CountLimitForcesGracePeriods) {
  for (int i = 0; i < 5000; ++i) {
    retire_one(1);
    safepoint();
  }
  EXPECT_GT(g_freed, 3000);
}

TEST_F(QsbrTest, EndedThreadsLeaveTheirsToOthers) {
  Worker([] {
    for (int i = 0; i < 10; ++i) retire_one();
  }).join();
  reclaim_retired();
  EXPECT_EQ(g_freed, 10);
}

TEST_F(QsbrTest, FreedInOrder) {
  static std::vector<int> order;
  order.clear();
  static int items[5] = {0, 1, 2, 3, 4};
  for (int& i : items) retire(&i, [](void* p) { order.push_back(*static_cast<int*>(p)); }, 8);
  reclaim_retired();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(QsbrTest, FreeFunctionMayRetire) {
  static int item = 0;
  retire(
      &item,
      [](void*) {
        ++g_freed;
        retire_one();
      },
      8);
  reclaim_retired();
  EXPECT_EQ(g_freed, 1);
  reclaim_retired();
  EXPECT_EQ(g_freed, 2);
}

TEST_F(QsbrTest, RetireBufferOfNothing) { retire_buffer(nullptr, 0); }

TEST_F(QsbrTest, StopTheWorldIsQuiescentForTheOthers) {
  std::atomic<int> step{0};
  Worker reader([&] {
    step = 1;
    while (step != 2) {
      if (tls_mutator->breaker.load() & kBreakStop) safepoint_slow(tls_mutator);
      std::this_thread::yield();
    }
  });
  while (step != 1) std::this_thread::yield();
  retire_one();
  reclaim_retired();
  EXPECT_TRUE(wait_until([&] {
    {
      StopTheWorld stopped;
    }
    reclaim_retired();
    return g_freed == 1;
  }));
  step = 2;
}

// Readers follow a pointer that a writer replaces; the block must not be freed under them.
TEST_F(QsbrTest, StormOfReadersAndAWriter) {
  struct Block {
    int64_t a, b;
  };
  auto make = [](int64_t i) {
    auto* block = static_cast<Block*>(memory::allocate(sizeof(Block)));
    *block = {i, ~i};
    return block;
  };
  auto destroy = [](void* p) {
    auto* block = static_cast<Block*>(p);
    block->a = 1;
    block->b = 1;
    memory::release(block);
  };
  std::atomic<Block*> current{make(0)};
  std::atomic<bool> quit{false};
  std::atomic<int64_t> wrong{0};
  set_retire_limit(1000);
  {
    std::vector<Worker> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&, t] {
        for (int i = 0; !quit; ++i) {
          Block* block = current.load(std::memory_order_acquire);
          if (block->a != ~block->b) ++wrong;
          safepoint();
          if (i % 16 == t) Detached detached;
        }
      });
    }
    for (int64_t i = 1; i < 20000; ++i) {
      Block* old = current.exchange(make(i), std::memory_order_acq_rel);
      retire(old, destroy, sizeof(Block));
      safepoint();
    }
    quit = true;
  }
  EXPECT_EQ(wrong, 0);
  memory::release(current.load());
}

}  // namespace
}  // namespace pt::test
