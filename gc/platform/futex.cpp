#include "gc/platform/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace pt {

int64_t monotonic_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool futex_wait(const std::atomic<uint32_t>* word, uint32_t expected, int64_t deadline_ns) {
  timespec deadline;
  timespec* limit = nullptr;
  if (deadline_ns >= 0) {
    deadline.tv_sec = deadline_ns / 1'000'000'000;
    deadline.tv_nsec = deadline_ns % 1'000'000'000;
    limit = &deadline;
  }
  // FUTEX_WAIT_BITSET takes an absolute time.
  long rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, limit, nullptr, FUTEX_BITSET_MATCH_ANY);
  return !(rc == -1 && errno == ETIMEDOUT);
}

void futex_wake(const void* word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, nullptr, nullptr, 0);
}

void RawMutex::lock_slow() {
  for (int spin = 0; spin < 64; ++spin) {
    if (word_.load(std::memory_order_relaxed) == 0) {
      uint32_t expected = 0;
      if (word_.compare_exchange_strong(expected, 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
    }
    cpu_pause();
  }
  int saved_errno = errno;
  while (word_.exchange(2, std::memory_order_acquire) != 0) futex_wait(&word_, 2);
  errno = saved_errno;
}

}  // namespace pt
