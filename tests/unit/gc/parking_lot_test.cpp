#include "tests/unit/gc/fixture.h"

#include "gc/platform/futex.h"

namespace pt::test {
namespace {

class ParkingLotTest : public GcTest {
 protected:
  void SetUp() override {
    GcTest::SetUp();
    announce_threads();  // the tests spin without safepoints while their workers register
  }
};
constexpr int64_t kMillisecond = 1'000'000;

bool always(void*) { return true; }
bool never(void*) { return false; }

TEST_F(ParkingLotTest, ValidateFalseDoesNotWait) {
  int address = 0;
  EXPECT_EQ(park(&address, never, nullptr, -1, true), ParkResult::kInvalid);
}

TEST_F(ParkingLotTest, TimesOut) {
  int address = 0;
  int64_t begin = monotonic_ns();
  EXPECT_EQ(park(&address, always, nullptr, 5 * kMillisecond, true), ParkResult::kTimedOut);
  EXPECT_GE(monotonic_ns() - begin, 5 * kMillisecond);
}

TEST_F(ParkingLotTest, ZeroTimeoutReturnsAtOnce) {
  int address = 0;
  EXPECT_EQ(park(&address, always, nullptr, 0, true), ParkResult::kTimedOut);
}

TEST_F(ParkingLotTest, NobodyThereAfterATimeout) {
  int address = 0;
  EXPECT_EQ(park(&address, always, nullptr, kMillisecond, false), ParkResult::kTimedOut);
  UnparkInfo got{true, true};
  unpark_one(&address, [](void* context, UnparkInfo info) { *static_cast<UnparkInfo*>(context) = info; }, &got);
  EXPECT_FALSE(got.unparked);
  EXPECT_FALSE(got.more_waiters);
}

TEST_F(ParkingLotTest, HugeTimeoutIsForEver) {
  static std::atomic<int> parked;
  parked = 0;
  Worker worker([&] {
    auto enter = [](void*) {
      ++parked;
      return true;
    };
    EXPECT_EQ(park(&parked, enter, nullptr, INT64_MAX, true), ParkResult::kWoken);
  });
  while (parked != 1) std::this_thread::yield();
  unpark_all(&parked);
}

struct Sleepers {
  std::atomic<int> parked{0};
  std::atomic<int> order{0};
  std::atomic<int> woken_at[8];
};
bool announce(void* context) {
  ++static_cast<Sleepers*>(context)->parked;
  return true;
}

TEST_F(ParkingLotTest, WakesInOrderOfArrival) {
  Sleepers s;
  std::vector<Worker> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&s, i] {
      EXPECT_EQ(park(&s, announce, &s, -1, true), ParkResult::kWoken);
      s.woken_at[i] = s.order + 1;
      ++s.order;
    });
    while (s.parked != i + 1) std::this_thread::yield();
  }
  for (int i = 0; i < 4; ++i) {
    UnparkInfo got{};
    unpark_one(&s, [](void* context, UnparkInfo info) { *static_cast<UnparkInfo*>(context) = info; }, &got);
    EXPECT_TRUE(got.unparked);
    EXPECT_EQ(got.more_waiters, i < 3);
    while (s.order != i + 1) std::this_thread::yield();
    EXPECT_EQ(s.woken_at[i], i + 1);
  }
}

TEST_F(ParkingLotTest, UnparkAllWakesEverybodyOnTheAddress) {
  Sleepers s;
  Sleepers other;
  std::vector<Worker> workers;
  for (int i = 0; i < 5; ++i) workers.emplace_back([&] { park(&s, announce, &s, -1, true); });
  std::atomic<bool> other_woken{false};
  Worker outsider([&] {
    park(&other, announce, &other, -1, true);
    other_woken = true;
  });
  while (s.parked != 5 || other.parked != 1) std::this_thread::yield();
  unpark_all(&s);
  for (Worker& w : workers) w.join();
  EXPECT_FALSE(other_woken);
  unpark_all(&other);
}

TEST_F(ParkingLotTest, AddressesDoNotMix) {
  Sleepers a, b;
  std::atomic<bool> woken{false};
  Worker worker([&] {
    park(&a, announce, &a, -1, true);
    woken = true;
  });
  while (a.parked != 1) std::this_thread::yield();
  unpark_one(&b, nullptr, nullptr);
  unpark_all(&b);
  EXPECT_FALSE(woken);
  unpark_one(&a, nullptr, nullptr);
  worker.join();
  EXPECT_TRUE(woken);
}

TEST_F(ParkingLotTest, DetachesWhileItWaits) {
  Sleepers s;
  std::atomic<Mutator*> waiter{nullptr};
  Worker worker([&] {
    waiter = tls_mutator;
    park(&s, announce, &s, -1, true);
    EXPECT_EQ(tls_mutator->state.load(), MutatorState::kAttached);
  });
  while (s.parked != 1) std::this_thread::yield();
  EXPECT_TRUE(wait_until([&] { return waiter.load()->state == MutatorState::kDetached; }));
  {
    StopTheWorld stopped;
  }
  unpark_all(&s);
}

TEST_F(ParkingLotTest, InterruptEndsTheWait) {
  for (uint32_t reason : {kBreakSignal, kBreakAsync, kBreakShutdown}) {
    Sleepers s;
    std::atomic<Mutator*> waiter{nullptr};
    Worker worker([&] {
      waiter = tls_mutator;
      EXPECT_EQ(park(&s, announce, &s, -1, true, true), ParkResult::kInterrupted);
      tls_mutator->acknowledge(reason);
    });
    while (s.parked != 1) std::this_thread::yield();
    waiter.load()->request(reason);
    interrupt_parked(waiter);
    worker.join();
  }
}

TEST_F(ParkingLotTest, InterruptPendingBeforeTheWait) {
  int address = 0;
  tls_mutator->request(kBreakSignal);
  EXPECT_EQ(park(&address, always, nullptr, -1, true, true), ParkResult::kInterrupted);
  EXPECT_EQ(park(&address, always, nullptr, kMillisecond, true, false), ParkResult::kTimedOut);
  tls_mutator->acknowledge(kBreakSignal);
}

TEST_F(ParkingLotTest, OtherReasonsDoNotInterrupt) {
  Sleepers s;
  std::atomic<Mutator*> waiter{nullptr};
  Worker worker([&] {
    waiter = tls_mutator;
    EXPECT_EQ(park(&s, announce, &s, -1, true, true), ParkResult::kWoken);
  });
  while (s.parked != 1) std::this_thread::yield();
  waiter.load()->request(kBreakCollect);
  interrupt_parked(waiter);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  unpark_all(&s);
}

TEST_F(ParkingLotTest, InterruptOfAThreadThatIsNotParked) {
  interrupt_parked(tls_mutator);
  int address = 0;
  EXPECT_EQ(park(&address, always, nullptr, kMillisecond, true, true), ParkResult::kTimedOut);
}

TEST_F(ParkingLotTest, ThreadsWithoutMutatorMayPark) {
  Sleepers s;
  std::thread thread([&] { EXPECT_EQ(park(&s, announce, &s, -1, true), ParkResult::kWoken); });
  while (s.parked != 1) std::this_thread::yield();
  unpark_all(&s);
  thread.join();
}

TEST_F(ParkingLotTest, KeepsErrno) {
  int address = 0;
  errno = 1234;
  park(&address, always, nullptr, kMillisecond, true);
  EXPECT_EQ(errno, 1234);
}

// A semaphore built on the lot: no wake-up may get lost, whatever the timeouts do.
TEST_F(ParkingLotTest, StormOfTokens) {
  constexpr int kThreads = 4, kTokens = 3000;
  struct Semaphore {
    std::atomic<int> tokens{0};
  } semaphore;
  auto take = [&](int64_t timeout) {
    for (;;) {
      int have = semaphore.tokens.load();
      if (have > 0) {
        if (semaphore.tokens.compare_exchange_weak(have, have - 1)) return;
        continue;
      }
      auto empty = [](void* context) { return static_cast<Semaphore*>(context)->tokens == 0; };
      park(&semaphore, empty, &semaphore, timeout, true);
    }
  };
  std::atomic<int> taken{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < kThreads; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < kTokens; ++i) {
          take(t % 2 ? -1 : 20'000);
          ++taken;
        }
      });
    }
    for (int i = 0; i < kThreads * kTokens; ++i) {
      ++semaphore.tokens;
      unpark_one(&semaphore, nullptr, nullptr);
      safepoint();
    }
  }
  EXPECT_EQ(taken, kThreads * kTokens);
}

}  // namespace
}  // namespace pt::test
