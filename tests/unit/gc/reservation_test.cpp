#include "gc/sync/reservation.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gc/platform/futex.h"
#include "tests/unit/gc/fixture.h"

namespace pt::test {
namespace {

class ReservationTest : public GcTest {
 protected:
  void SetUp() override {
    GcTest::SetUp();
    announce_threads();
    // Without membarrier(2), as in some sandboxes, there are no reservations to test; with it there have to be.
    long known = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    if (known < 0 || !(known & MEMBARRIER_CMD_PRIVATE_EXPEDITED)) GTEST_SKIP() << "no membarrier(2) here";
    reservations_join(tls_owner_id);
    ASSERT_NE(tls_reservations, nullptr);
  }
};

uint8_t byte_of(const Object* o) { return o->lock.load(); }
// Locks and unlocks the object in another thread.
void visit(Object* o) {
  Worker([o] { LockGuard guard(o); });
}
Ref<Node> reserved_node() {
  Ref<Node> n = new_node();
  reserve_lock(n.get());
  return n;
}

TEST_F(ReservationTest, FirstUseReserves) {
  Ref<Node> n = new_node();
  {
    ReservingGuard guard(n.get());
  }
  EXPECT_EQ(byte_of(n.get()), kLockReserved);
  {
    ReservingGuard guard(n.get());
    EXPECT_EQ(byte_of(n.get()), kLockReserved);
    EXPECT_EQ(tls_reservations->inside.load(), n.get());
  }
  EXPECT_EQ(tls_reservations->inside.load(), nullptr);
  EXPECT_TRUE(try_reserve_or_alone(n.get()));
  EXPECT_EQ(tls_reservations->inside.load(), n.get());
  unreserve_unless_alone<Reserve::kAtOnce>(n.get());
  EXPECT_EQ(byte_of(n.get()), kLockReserved);
}

TEST_F(ReservationTest, OnlyOwnObjectsThatNobodyHasSeen) {
  Ref<Node> seen = new_node();
  mark_maybe_shared(seen.get());
  {
    ReservingGuard guard(seen.get());
  }
  EXPECT_EQ(byte_of(seen.get()), 0);
  Ref<Node> open = new_node();
  open_to_all(open.get());
  {
    ReservingGuard guard(open.get());
  }
  EXPECT_EQ(byte_of(open.get()), kLockSeen);
  Ref<Node> mine = new_node();
  Worker([&] { ReservingGuard guard(mine.get()); });
  EXPECT_EQ(byte_of(mine.get()), 0);
}

TEST_F(ReservationTest, OtherWaysOfLockingKeepIt) {
  Ref<Node> n = reserved_node(), other = new_node();
  {
    LockGuard guard(n.get());
    EXPECT_EQ(byte_of(n.get()), kLockReserved | kLockLocked);
    EXPECT_FALSE(try_reserve_or_alone(n.get()));
  }
  EXPECT_EQ(byte_of(n.get()), kLockReserved);
  {
    LockGuard2 guard(n.get(), other.get());
  }
  {
    CriticalSection section(other.get(), n.get());
  }
  EXPECT_TRUE(try_lock_byte(n->lock));
  unlock_byte(n->lock);
  EXPECT_EQ(byte_of(n.get()), kLockReserved);
  EXPECT_FALSE(try_lock_or_alone(n.get()));
}

TEST_F(ReservationTest, AnotherThreadEndsItForGood) {
  Ref<Node> n = reserved_node();
  uint64_t before = counter_sum(Counter::lock_revocations);
  visit(n.get());
  EXPECT_EQ(byte_of(n.get()), kLockSeen);
  EXPECT_EQ(counter_sum(Counter::lock_revocations), before + 1);
  {
    ReservingGuard guard(n.get());
  }
  EXPECT_EQ(byte_of(n.get()), kLockSeen);
  visit(n.get());
  EXPECT_EQ(counter_sum(Counter::lock_revocations), before + 1);
  Ref<Node> m = reserved_node();
  Worker([&] {
    EXPECT_TRUE(try_lock_byte(m->lock));
    unlock_byte(m->lock);
  });
  EXPECT_EQ(byte_of(m.get()), kLockSeen);
}

TEST_F(ReservationTest, WhoeverWantsItWaitsForTheOwner) {
  Ref<Node> n = reserved_node();
  std::atomic<bool> got{false};
  ASSERT_TRUE(enter_reserved(n.get()));
  Worker worker([&] {
    LockGuard guard(n.get());
    got = true;
  });
  while (!(byte_of(n.get()) & kLockLocked)) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(got);
  EXPECT_TRUE(leave_reserved(n.get()));
  worker.join();
  EXPECT_TRUE(got);
  EXPECT_EQ(byte_of(n.get()), kLockSeen);
}

// As compiled code does: until somebody asks for it at a safepoint.
TEST_F(ReservationTest, WhoeverWantsWhatIsClaimedAsksForIt) {
  Ref<Node> n = reserved_node(), other = reserved_node();
  std::atomic<int> got{0};
  auto is_reserved = [](const Object* o, ThreadId owner, ShapeId shape) {
    return header_without_flags(*o) == reserved_header(owner, shape);
  };
  ASSERT_TRUE(begin_claims(*tls_reservations));
  EXPECT_FALSE(tls_reservations->is_outside());
  EXPECT_TRUE(is_reserved(n.get(), tls_owner_id, kNode));
  EXPECT_FALSE(is_reserved(n.get(), tls_owner_id, kLeaf));
  EXPECT_FALSE(is_reserved(n.get(), tls_owner_id + 1, kNode));
  EXPECT_FALSE(try_open(n.get()));
  ASSERT_TRUE(enter_reserved(other.get()));
  Worker worker([&] {
    LockGuard guard(n.get());
    ++got;
  });
  EXPECT_TRUE(wait_until([&] { return tls_mutator->breaker.load() & kBreakLetGo; }));
  EXPECT_TRUE(leave_reserved(other.get()));
  EXPECT_EQ(got, 0);
  EXPECT_FALSE(is_reserved(n.get(), tls_owner_id, kNode));
  EXPECT_TRUE(is_reserved(other.get(), tls_owner_id, kNode));
  // It is enough that it ends once, though it begins again at once.
  end_claims(*tls_reservations);
  EXPECT_TRUE(begin_claims(*tls_reservations));
  worker.join();
  EXPECT_EQ(got, 1);
  EXPECT_EQ(byte_of(n.get()), kLockSeen);
  EXPECT_FALSE(tls_reservations->is_outside());
  end_claims(*tls_reservations);
  EXPECT_TRUE(tls_reservations->is_outside());
  tls_mutator->acknowledge(kBreakLetGo);
}

TEST_F(ReservationTest, SomeAreReservedTheSecondTime) {
  Ref<Node> fresh = new_node(), n = reserved_node();
  {
    EnteringGuard guard(fresh.get());
    EXPECT_EQ(byte_of(fresh.get()), kLockLocked);
  }
  EXPECT_EQ(byte_of(fresh.get()), kLockWasKept);
  {
    EnteringGuard guard(n.get());
    EXPECT_EQ(tls_reservations->inside.load(), n.get());
  }
  EXPECT_TRUE(tls_reservations->is_outside());
  EXPECT_TRUE(try_reserve_or_alone(fresh.get()));
  EXPECT_EQ(byte_of(fresh.get()), kLockLocked | kLockWasKept);
  unreserve_unless_alone<Reserve::kSecondTime>(fresh.get());
  EXPECT_EQ(byte_of(fresh.get()), kLockReserved);
  // Not what another thread has seen.
  Ref<Node> seen = new_node();
  mark_maybe_shared(seen.get());
  for (int i = 0; i < 3; ++i) {
    EnteringGuard guard(seen.get());
    EXPECT_EQ(byte_of(seen.get()) & kLockReserved, 0);
  }
  EXPECT_EQ(byte_of(seen.get()) & kLockReserved, 0);
}

TEST_F(ReservationTest, WatchedObjectsAreNotWorkedOn) {
  Ref<Node> n = reserved_node();
  watch(n.get());
  EXPECT_FALSE(enter_reserved(n.get()));
  EXPECT_FALSE(try_reserve_or_alone(n.get()));
  EXPECT_NE(header_without_flags(*n.get()), reserved_header(tls_owner_id, kNode));  // nor by compiled code
  n->lock.fetch_and(static_cast<uint8_t>(~kLockWatched));
  EXPECT_TRUE(enter_reserved(n.get()));
  EXPECT_TRUE(leave_reserved(n.get()));
}

TEST_F(ReservationTest, OneAtATime) {
  Ref<Node> a = reserved_node(), b = reserved_node();
  ASSERT_TRUE(enter_reserved(a.get()));
  EXPECT_FALSE(enter_reserved(b.get()));
  {
    ReservingGuard guard(b.get());
    EXPECT_EQ(byte_of(b.get()), kLockReserved | kLockLocked);
  }
  EXPECT_FALSE(leave_reserved(b.get()));
  EXPECT_TRUE(leave_reserved(a.get()));
}

TEST_F(ReservationTest, WhoWaitsInsideHoldsTheLock) {
  Ref<Node> a = reserved_node(), b = new_node();
  std::atomic<bool> taken{false}, release{false};
  Worker worker([&] {
    LockGuard guard(b.get());
    taken = true;
    while (!release) std::this_thread::yield();
  });
  while (!taken) std::this_thread::yield();
  Worker watcher([&] {
    wait_until([&] { return byte_of(a.get()) == kLockLocked; });
    EXPECT_EQ(byte_of(a.get()), kLockLocked);
    release = true;
  });
  {
    ReservingGuard outer(a.get());
    EXPECT_EQ(byte_of(a.get()), kLockReserved);
    LockGuard inner(b.get());
    EXPECT_EQ(tls_reservations->inside.load(), nullptr);
  }
  EXPECT_EQ(byte_of(a.get()), kLockReserved);
}

TEST_F(ReservationTest, ThreadsThatLoseManyReserveNoMore) {
  std::vector<Ref<Node>> nodes;
  for (int i = 0; i < 40; ++i) nodes.push_back(reserved_node());
  Ref<Node> kept = reserved_node();
  uint64_t before = counter_sum(Counter::lock_revocations);
  Worker([&] {
    for (auto& n : nodes) LockGuard guard(n.get());
  });
  EXPECT_EQ(tls_reservations->phase(), kEnded);
  EXPECT_FALSE(begin_claims(*tls_reservations));
  EXPECT_TRUE(tls_reservations->is_outside());
  EXPECT_LT(counter_sum(Counter::lock_revocations) - before, 20u);
  for (auto& n : nodes) EXPECT_FALSE(byte_of(n.get()) & (kLockLocked | kLockReserved));
  EXPECT_FALSE(enter_reserved(kept.get()));
  {
    ReservingGuard guard(kept.get());
  }
  EXPECT_EQ(byte_of(kept.get()), 0);
  Ref<Node> fresh = new_node();
  reserve_lock(fresh.get());
  EXPECT_EQ(byte_of(fresh.get()), 0);
  // Not at once, but when it attaches later.
  {
    Detached detached;
  }
  EXPECT_EQ(tls_reservations->phase(), kEnded);
  tls_reservations->since.fetch_sub(1'000'000'000);
  {
    Detached detached;
  }
  EXPECT_EQ(tls_reservations->phase(), kReserving);
  Ref<Node> later = reserved_node();
  EXPECT_TRUE(enter_reserved(later.get()));
  EXPECT_TRUE(leave_reserved(later.get()));
}

TEST_F(ReservationTest, LossesLongAgoDoNotCount) {
  for (int i = 0; i < 40; ++i) {
    Ref<Node> n = reserved_node();
    Worker([&] { LockGuard guard(n.get()); });
    if (i % 10 == 9) tls_reservations->since.fetch_sub(1'000'000'000);
  }
  EXPECT_EQ(tls_reservations->phase(), kReserving);
}

TEST_F(ReservationTest, WhatThreadsLeaveBehindCostsNothing) {
  Ref<Node> left;
  Reservations* theirs = nullptr;
  Worker([&] {
    left = reserved_node();
    theirs = tls_reservations;
  });
  ASSERT_EQ(byte_of(left.get()), kLockReserved);
  EXPECT_EQ(theirs->phase(), kEnded);
  uint64_t before = counter_sum(Counter::lock_revocations);
  {
    LockGuard guard(left.get());
  }
  EXPECT_FALSE(byte_of(left.get()) & kLockReserved);
  EXPECT_EQ(counter_sum(Counter::lock_revocations), before);
}

TEST_F(ReservationTest, WhatIsKnownOfAThreadIsNotSaidOfTheNext) {
  tls_reservations->state.fetch_or(kEnding);
  uint32_t of_the_last = tls_reservations->state.load();
  Reservations* mine = tls_reservations;
  reservations_leave();
  reservations_join(tls_owner_id);
  ASSERT_EQ(tls_reservations, mine);
  EXPECT_EQ(mine->phase(), kReserving);
  EXPECT_NE(mine->state.load() & ~3u, of_the_last & ~3u);
}

TEST_F(ReservationTest, CountersOfOwnersAreExact) {
  constexpr int kThreads = 4, kRounds = 200000, kObjects = 12;
  struct Shared {
    std::atomic<Node*> objects[kThreads][kObjects] = {};
    std::atomic<int> begun{0}, done{0};
  } shared;
  int64_t visits = 0, total = 0;
  RawMutex sum_lock;
  {
    std::vector<Worker> workers;
    for (int t = 0; t < kThreads; ++t) {
      workers.emplace_back([&, t] {
        Ref<Node> mine[kObjects];
        for (int i = 0; i < kObjects; ++i) {
          mine[i] = new_node();
          mine[i]->payload = 0;
          shared.objects[t][i].store(mine[i].get(), std::memory_order_release);
        }
        int64_t mine_visited = 0;
        ++shared.begun;
        wait_until([&] { return shared.begun == kThreads; });
        for (int i = 0; i < kRounds; ++i) {
          {
            ReservingGuard guard(mine[i % kObjects].get());
            ++mine[i % kObjects]->payload;
          }
          ++mine_visited;
          // Now and then somebody else's.
          if (i % 997 == 0) {
            Node* other = shared.objects[(t + 1) % kThreads][i % kObjects].load(std::memory_order_acquire);
            if (other) {
              if (i % 2) {
                LockGuard guard(other);
                ++other->payload;
              } else {
                ReservingGuard guard(other);
                ++other->payload;
              }
              ++mine_visited;
            }
          }
        }
        ++shared.done;
        wait_until([&] { return shared.done == kThreads; });
        RawGuard guard(sum_lock);
        visits += mine_visited;
        for (auto& n : mine) total += n->payload;
      });
    }
  }
  EXPECT_EQ(total, visits);
}

// Owners stop and begin anew all the time, while others take what they reserved before.
TEST_F(ReservationTest, OwnersThatBeginAnew) {
  constexpr int kThreads = 3, kObjects = 20000, kRounds = 12;
  std::atomic<Node*> latest[kThreads] = {};
  std::atomic<int> begun{0}, done{0};
  std::atomic<int64_t> visits{0}, total{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < kThreads; ++t) {
      workers.emplace_back([&, t] {
        std::vector<Ref<Node>> mine;
        int64_t mine_visited = 0;
        ++begun;
        wait_until([&] { return begun == kThreads; });
        for (int i = 0; i < kObjects; ++i) {
          Ref<Node>& n = mine.emplace_back(new_node());
          n->payload = 0;
          reserve_lock(n.get());
          latest[t].store(n.get(), std::memory_order_release);
          for (int k = 0; k < kRounds; ++k, ++mine_visited) {
            ReservingGuard guard(n.get());
            ++n->payload;
          }
          if (Node* other = latest[(t + 1) % kThreads].load(std::memory_order_acquire)) {
            ReservingGuard guard(other);
            ++other->payload;
            ++mine_visited;
          }
          if (i % 8 == 0) {
            tls_reservations->since.fetch_sub(1'000'000'000, std::memory_order_relaxed);
            Detached detached;
          }
        }
        ++done;
        wait_until([&] { return done == kThreads; });
        visits += mine_visited;
        for (auto& n : mine) total += n->payload;
      });
    }
  }
  EXPECT_EQ(total, visits);
}

// The moment at which another thread comes is the one that counts: many first times.
TEST_F(ReservationTest, RevokedInTheMiddleOfWork) {
  for (int episode = 0; episode < 3000; ++episode) {
    std::atomic<Node*> object{nullptr};
    std::atomic<bool> visited{false};
    int64_t own = 0, others = 0, total = 0;
    {
      Worker owner([&] {
        Ref<Node> n = new_node();
        n->payload = 0;
        reserve_lock(n.get());
        object.store(n.get(), std::memory_order_release);
        while (!visited) {
          ReservingGuard guard(n.get());
          ++n->payload;
          ++own;
        }
        total = n->payload;
      });
      Worker visitor([&] {
        Node* n;
        while (!(n = object.load(std::memory_order_acquire))) std::this_thread::yield();
        for (int i = 0; i < 50; ++i) {
          LockGuard guard(n);
          ++n->payload;
          ++others;
        }
        visited = true;
      });
    }
    ASSERT_EQ(total, own + others) << "in episode " << episode;
  }
}

}  // namespace
}  // namespace pt::test
