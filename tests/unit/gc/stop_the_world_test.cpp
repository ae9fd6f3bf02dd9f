#include <sys/wait.h>
#include <unistd.h>

#include "gc/platform/futex.h"
#include "gc/platform/memory.h"
#include "tests/unit/gc/fixture.h"

namespace pt::test {
namespace {

class StopTheWorldTest : public GcTest {
 protected:
  void SetUp() override {
    GcTest::SetUp();
    announce_threads();
  }
};

TEST_F(StopTheWorldTest, AloneIsTrivial) {
  uint64_t before = counter_sum(Counter::stop_the_world);
  {
    StopTheWorld stopped;
  }
  EXPECT_EQ(counter_sum(Counter::stop_the_world), before + 1);
  EXPECT_EQ(tls_mutator->state.load(), MutatorState::kAttached);
}

TEST_F(StopTheWorldTest, NobodyRunsWhileStopped) {
  std::atomic<bool> quit{false};
  std::atomic<int64_t> progress{0};
  std::vector<Worker> workers;
  for (int t = 0; t < 3; ++t) {
    workers.emplace_back([&] {
      while (!quit) {
        ++progress;
        safepoint();
      }
    });
  }
  while (progress < 100) std::this_thread::yield();
  for (int i = 0; i < 50; ++i) {
    StopTheWorld stopped;
    int64_t seen = progress;
    for (int k = 0; k < 1000; ++k) cpu_pause();
    EXPECT_EQ(progress, seen);
  }
  int64_t after = progress;
  EXPECT_TRUE(wait_until([&] { return progress > after; }));
  quit = true;
}

TEST_F(StopTheWorldTest, DetachedThreadsCannotAttach) {
  std::atomic<int> step{0};
  Worker worker([&] {
    {
      Detached detached;
      step = 1;
      while (step != 2) std::this_thread::yield();
    }
    step = 3;
  });
  while (step != 1) std::this_thread::yield();
  {
    StopTheWorld stopped;
    step = 2;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    EXPECT_EQ(step, 2);
  }
  EXPECT_TRUE(wait_until([&] { return step == 3; }));
}

TEST_F(StopTheWorldTest, TwoStoppersTakeTurns) {
  std::atomic<int> inside{0};
  std::atomic<int64_t> total{0};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < 4; ++t) {
      workers.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          StopTheWorld stopped;
          EXPECT_EQ(++inside, 1);
          ++total;
          --inside;
        }
      });
    }
  }
  EXPECT_EQ(total, 200);
}

TEST_F(StopTheWorldTest, UnregisteredThreadMayStopTheWorld) {
  std::atomic<bool> done{false};
  std::thread thread([&] {
    StopTheWorld stopped;
    done = true;
  });
  while (!done) {
    safepoint();
    std::this_thread::yield();
  }
  thread.join();
}

TEST_F(StopTheWorldTest, RegistrationWaitsForTheWorld) {
  std::atomic<bool> registered{false};
  std::unique_ptr<Worker> worker;
  {
    StopTheWorld stopped;
    worker = std::make_unique<Worker>([&] { registered = true; });
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    EXPECT_FALSE(registered);
  }
  worker->join();
  EXPECT_TRUE(registered);
}

TEST_F(StopTheWorldTest, ListsEveryMutator) {
  EXPECT_EQ(mutator_count(), 1);
  std::atomic<int> running{0};
  std::atomic<bool> quit{false};
  std::vector<Worker> workers;
  for (int t = 0; t < 3; ++t) {
    workers.emplace_back([&] {
      ++running;
      while (!quit) {
        safepoint();
        std::this_thread::yield();
      }
    });
  }
  while (running != 3) std::this_thread::yield();
  EXPECT_EQ(mutator_count(), 4);
  int seen = 0;
  {
    RegistryGuard guard;
    for_each_mutator([](Mutator*, void* context) { ++*static_cast<int*>(context); }, &seen);
    EXPECT_EQ(find_mutator(tls_owner_id), tls_mutator);
    EXPECT_EQ(find_mutator(kNoOwnerId), nullptr);
    EXPECT_EQ(find_mutator(0), nullptr);
  }
  EXPECT_EQ(seen, 4);
  quit = true;
}

TEST_F(StopTheWorldTest, IdsAreReused) {
  uint16_t first = 0, second = 0;
  Worker([&] { first = tls_owner_id; }).join();
  Worker([&] { second = tls_owner_id; }).join();
  EXPECT_EQ(first, second);
  EXPECT_NE(first, 0);
  EXPECT_NE(first, tls_owner_id);
}

TEST_F(StopTheWorldTest, AttachAndDetachKeepErrno) {
  errno = 77;
  {
    Detached detached;
  }
  EXPECT_EQ(errno, 77);
}

TEST_F(StopTheWorldTest, SafepointReturnsTheReasonsOfTheVm) {
  tls_mutator->request(kBreakAsync | kBreakQsbr | kBreakMerge);
  EXPECT_EQ(safepoint_slow(tls_mutator), kBreakAsync);
  EXPECT_EQ(tls_mutator->breaker.load(), kBreakAsync);
  tls_mutator->acknowledge(kBreakAsync);
}

// Threads attach, detach, start and end without pause while others stop the world. Attached threads write to a plain
// variable of their own that the stopper reads: a race unless everybody is really stopped.
TEST_F(StopTheWorldTest, StormOfStateChanges) {
  constexpr int kThreads = 4;
  struct alignas(64) Cell {
    int64_t value = 0;
  };
  std::vector<Cell> cells(kThreads);
  std::atomic<bool> quit{false};
  {
    std::vector<Worker> workers;
    for (int t = 0; t < kThreads; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; !quit; ++i) {
          cells[t].value++;
          if (i % 3 == t % 3) Detached detached;
          cells[t].value++;
          safepoint();
          if (i % 64 == 63) {
            StopTheWorld stopped;
            for (auto& cell : cells) cell.value += 0;
          }
        }
      });
    }
    Worker births([&] {
      while (!quit) {
        Worker([] { new_node().reset(); }).join();
        safepoint();
      }
    });
    for (int i = 0; i < 200; ++i) {
      StopTheWorld stopped;
      for (auto& cell : cells) cell.value += 2;
    }
    quit = true;
  }
  for (auto& cell : cells) EXPECT_GE(cell.value, 400);
}

TEST_F(StopTheWorldTest, ForkWithOtherThreadsAlive) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the sanitizer's own threads do not survive a fork";
#endif
#endif
  std::atomic<bool> quit{false};
  std::atomic<int> running{0};
  Ref<Node> foreign;
  std::atomic<uint8_t> lock{0};
  std::vector<Worker> workers;
  for (int t = 0; t < 3; ++t) {
    workers.emplace_back([&, t] {
      if (t == 0) foreign = new_node();
      ++running;
      while (!quit) {
        Ref<Node> n = new_node();
        lock_byte(lock);
        unlock_byte(lock);
        safepoint();
      }
    });
  }
  while (running != 3) std::this_thread::yield();
  for (int round = 0; round < 5; ++round) {
    pid_t pid;
    {
      StopTheWorld stopped;
      pid = fork();
      if (pid == 0) mutators_after_fork_child();
    }
    if (pid == 0) {
      // The child is alone and everything works: allocate, free, drop a forgotten thread's object, start a thread.
      bool fine = mutator_count() == 1;
      for (int i = 0; i < 5000; ++i) new_node().reset();
      int64_t before = g_destroyed;
      foreign.reset();
      fine = fine && g_destroyed == before + 1;
      lock.store(0);
      bool ran = false;
      Worker([&] {
        new_node().reset();
        ran = true;
      }).join();
      {
        StopTheWorld again;
      }
      retire_buffer(memory::allocate(100), 100);
      reclaim_retired();
      _exit(fine && ran ? 0 : 1);
    }
    int status = -1;
    {
      Detached detached;
      waitpid(pid, &status, 0);
    }
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  quit = true;
}

}  // namespace
}  // namespace pt::test
