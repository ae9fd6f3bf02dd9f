#pragma once
// _thread.lock and _thread.RLock for C++ users (buffered files, import locks).
#include <atomic>
#include <cstdint>

#include "vm/object/type.h"

namespace pt {

enum class Acquire { kTaken, kBusy, kInterrupted };

// A lock of one byte over the parking lot that detaches while it waits. Not recursive; any thread may release it.
class ThreadLock {
 public:
  bool try_acquire();
  // Waits at most timeout_ns (negative: for ever). kInterrupted: a signal or an asynchronous exception waits for this
  // thread (only with `interruptible`).
  Acquire acquire(int64_t timeout_ns, bool interruptible);
  bool release();  // false when it was not held
  bool held() const { return state_.load(std::memory_order_relaxed) & kHeld; }
  void reset() { state_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr uint8_t kHeld = 1, kWaiters = 2;
  std::atomic<uint8_t> state_{0};
};

// Acquires, running signal handlers that come in between. false: not taken (*timed_out) or an exception is pending.
bool acquire_with_signals(ThreadLock& lock, int64_t timeout_ns, bool* timed_out);

struct LockObject : Object {
  ThreadLock lock;
};
struct RLockObject : Object {
  ThreadLock lock;
  std::atomic<uint64_t> owner;  // ident of the thread that holds it; 0: nobody
  int64_t count;                // the owner's only
};
void add_lock_leaf_forms();
void add_local_leaf_forms();
extern Type lock_type, rlock_type, thread_local_type;
extern const TypeSpec lock_spec, rlock_spec, thread_local_spec;

Ref<> lock_new();

// How often this process and its ancestors forked, and the thread that came through the last time: what a lock of the
// runtime needs to tell that its holder is gone. note_fork: in the child, with one thread.
void note_fork(uint64_t survivor);
uint64_t fork_generation();
uint64_t fork_survivor();
void thread_module_after_fork();
// Drops what thread-local objects hold for the calling thread in the interpreter that it runs.
void thread_locals_leave();

}  // namespace pt
