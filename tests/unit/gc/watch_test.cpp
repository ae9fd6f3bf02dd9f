#include "gc/sync/object_lock.h"

#include "gc/sync/reservation.h"
#include "tests/unit/gc/fixture.h"

namespace pt::test {
namespace {

std::atomic<int> g_ended{0};
void end_watch(Object* o) {
  StopTheWorld stopped;
  if (!is_watched(o)) return;
  o->lock.fetch_and(static_cast<uint8_t>(~kLockWatched), std::memory_order_relaxed);
  ++g_ended;
}

class WatchTest : public GcTest {
 protected:
  void SetUp() override {
    GcTest::SetUp();
    announce_threads();
    before_ = g_end_watch;
    g_end_watch = end_watch;
    g_ended = 0;
  }
  void TearDown() override {
    g_end_watch = before_;
    GcTest::TearDown();
  }

 private:
  void (*before_)(Object*) = nullptr;
};

TEST_F(WatchTest, WhoeverLocksToWriteEndsIt) {
  Ref<Node> n = new_node(), other = new_node();
  int expected = 0;
  auto ends_it = [&](auto lock) {
    watch(n.get());
    EXPECT_TRUE(is_watched(n.get()));
    lock();
    EXPECT_FALSE(is_watched(n.get()));
    EXPECT_EQ(g_ended, ++expected);
  };
  ends_it([&] { LockGuard guard(n.get()); });
  ends_it([&] { LockGuard2 guard(n.get(), other.get()); });
  ends_it([&] { LockGuard2 guard(other.get(), n.get()); });
  ends_it([&] { LockGuard2 guard(n.get(), n.get(), Access::kLooks, Access::kWrites); });
  ends_it([&] { EnteringGuard guard(n.get()); });
  ends_it([&] { CriticalSection section(n.get()); });
  ends_it([&] { CriticalSection section(other.get(), n.get()); });
  ends_it([&] {
    CriticalSection outer(other.get());
    CriticalSection section(n.get(), other.get());
  });
}

TEST_F(WatchTest, LooksLeaveIt) {
  Ref<Node> n = new_node(), other = new_node();
  watch(n.get());
  {
    LockGuard guard(n.get(), Access::kLooks);
  }
  {
    EnteringGuard guard(n.get(), Access::kLooks);
  }
  {
    LockGuard2 guard(other.get(), n.get(), Access::kWrites, Access::kLooks);
  }
  EXPECT_TRUE(try_open(n.get()));
  EXPECT_TRUE(is_watched(n.get()));
  EXPECT_EQ(g_ended, 0);
}

TEST_F(WatchTest, WhoeverDoesNotWaitDoesNotGetIt) {
  Ref<Node> n = new_node();
  watch(n.get());
  EXPECT_FALSE(try_lock_byte(n->lock));
  EXPECT_FALSE(try_lock_or_alone(n.get()));
  EXPECT_FALSE(try_reserve_or_alone(n.get()));
  EXPECT_EQ(g_ended, 0);
}

// What a thread has read of a watched object stays as it is until it comes to a safepoint.
TEST_F(WatchTest, ReadersSeeNoChangeBetweenSafepoints) {
  constexpr int kWrites = 3000;
  Ref<Node> n = new_node();
  n->payload = 0;
  auto read = [&] { return __atomic_load_n(&n->payload, __ATOMIC_RELAXED); };
  std::atomic<bool> done{false};
  std::atomic<int64_t> changed{0}, looked{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 2; ++t) {
      workers.emplace_back([&] {
        while (!done) {
          safepoint();
          if (!is_watched(n.get())) {
            watch(n.get());
            continue;
          }
          int64_t first = read();
          for (int i = 0; i < 50; ++i) changed += read() != first;
          ++looked;
        }
      });
    }
    EXPECT_TRUE(wait_until([&] { return looked > 0; }));
    for (int i = 0; i < kWrites; ++i) {
      {
        LockGuard guard(n.get());
        __atomic_store_n(&n->payload, n->payload + 1, __ATOMIC_RELAXED);
      }
      safepoint();
    }
    done = true;
  }
  EXPECT_EQ(changed, 0);
  EXPECT_GT(g_ended, 0);
  EXPECT_EQ(n->payload, kWrites);
}

}  // namespace
}  // namespace pt::test
