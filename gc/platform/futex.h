#pragma once
// The kernel's wait-on-address call, and a small mutex on top of it for the runtime's own short critical regions.
#include <atomic>
#include <cstdint>

#include "gc/platform/check.h"

namespace pt {

// Monotonic clock, nanoseconds.
int64_t monotonic_ns();

// Blocks while *word == expected, until woken, a signal arrives or `deadline_ns` (monotonic; negative: none) has passed.
// May wake for no reason. False when the deadline has passed.
bool futex_wait(const std::atomic<uint32_t>* word, uint32_t expected, int64_t deadline_ns = -1);
// Wakes up to `count` waiters. The address is not dereferenced. Async-signal-safe.
void futex_wake(const void* word, int count);

PT_INLINE void cpu_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

// Not recursive. Holders neither block, nor run Python code, nor pass a safepoint; so it may be taken while attached.
class [[clang::capability("mutex")]] RawMutex {
 public:
  constexpr RawMutex() = default;
  RawMutex(const RawMutex&) = delete;
  RawMutex& operator=(const RawMutex&) = delete;
  void lock() PT_ACQUIRE() {
    uint32_t expected = 0;
    // Pairs with the release in unlock().
    if (!word_.compare_exchange_strong(expected, 1, std::memory_order_acquire, std::memory_order_relaxed)) lock_slow();
  }
  bool try_lock() PT_TRY_ACQUIRE(true) {
    uint32_t expected = 0;
    return word_.compare_exchange_strong(expected, 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() PT_RELEASE() {
    if (word_.exchange(0, std::memory_order_release) == 2) futex_wake(&word_, 1);
  }
  // After fork(), in the child: whoever held it is gone.
  void reset() { word_.store(0, std::memory_order_relaxed); }

 private:
  PT_COLD void lock_slow();
  std::atomic<uint32_t> word_{0};  // 0 free, 1 held, 2 held and somebody may wait
};

class [[clang::scoped_lockable]] RawGuard {
 public:
  explicit RawGuard(RawMutex& mutex) PT_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~RawGuard() PT_RELEASE() { mutex_.unlock(); }
  RawGuard(const RawGuard&) = delete;
  RawGuard& operator=(const RawGuard&) = delete;

 private:
  RawMutex& mutex_;
};

}  // namespace pt
