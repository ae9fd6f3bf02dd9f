#pragma once
// The one-byte lock in every object header, and the scopes that take it.
#include <algorithm>
#include <atomic>
#include <utility>

#include "gc/object/object.h"
#include "gc/sync/mutator.h"

namespace pt {

// What a lock is taken for. Looks leave watched objects watched; whoever locks one to write ends that (g_end_watch).
enum class Access : uint8_t { kWrites, kLooks };
// What keeps a lock from being taken by one compare-and-swap.
constexpr uint8_t in_the_way(Access access) {
  return kLockLocked | kLockParked | kLockReserved | (access == Access::kWrites ? kLockWatched : 0);
}

// Blocks (detached) until the lock is taken; counts as a contended acquisition.
PT_COLD void lock_slow(std::atomic<uint8_t>& lock, Access access);
PT_COLD void unlock_slow(std::atomic<uint8_t>& lock);
// Gives back a lock that compiled code has kept: kLockKept goes with it.
PT_COLD void unlock_kept(std::atomic<uint8_t>& lock);

// A lock byte as a capability for -Wthread-safety. Not recursive. May block: a safepoint.
PT_INLINE void lock_byte(std::atomic<uint8_t>& lock, Access access = Access::kWrites) {
  uint8_t seen = lock.load(std::memory_order_relaxed);
  if (PT_LIKELY(!multithreaded())) {
    PT_ASSERT(!(seen & kLockLocked));
    lock.store(seen | kLockLocked, std::memory_order_relaxed);
    return;
  }
  if ((seen & in_the_way(access)) ||
      !lock.compare_exchange_strong(seen, seen | kLockLocked, std::memory_order_acquire, std::memory_order_relaxed)) {
    lock_slow(lock, access);
  }
}
// False instead of waiting, or of ending a watch.
[[nodiscard]] bool try_lock_byte(std::atomic<uint8_t>& lock);
PT_INLINE void unlock_byte(std::atomic<uint8_t>& lock) {
  uint8_t seen = lock.load(std::memory_order_relaxed);
  if (PT_LIKELY(!multithreaded())) {
    lock.store(seen & static_cast<uint8_t>(~kLockLocked), std::memory_order_relaxed);
    return;
  }
  if (PT_UNLIKELY(seen & kLockParked)) return unlock_slow(lock);
  // A plain store, half the price of the lock: it may wipe out a kLockParked that a waiter sets at this very moment, so
  // waiters look again after kParkNs. Pairs with the acquire in lock_byte.
  lock.store(seen & static_cast<uint8_t>(~kLockLocked), std::memory_order_release);
}

// For handlers in line: false when somebody holds the lock, or it is reserved or watched. While there is one thread nothing is
// locked.
[[nodiscard]] PT_INLINE bool try_lock_or_alone(Object* o) {
  if (PT_LIKELY(!multithreaded())) return true;
  uint8_t seen = o->lock.load(std::memory_order_relaxed);
  return PT_LIKELY(
      !(seen & in_the_way(Access::kWrites)) &&
      o->lock.compare_exchange_strong(seen, seen | kLockLocked, std::memory_order_acquire, std::memory_order_relaxed));
}
PT_INLINE void unlock_unless_alone(Object* o) {
  if (PT_UNLIKELY(multithreaded())) unlock_byte(o->lock);
}

// First looks (docs/locks.md). Whether the calling thread may look at what the object holds without its lock: it owns it, or
// nobody does, or somebody has said that others look. Once true, it stays so.
PT_INLINE bool is_open(const Object* o) {
  // Acquire pairs with the release of whoever ends the ownership, and of the unlock behind open_slow: what was taken out of the
  // object and freed at once is not seen.
  ThreadId owner = o->owner.load(std::memory_order_acquire);
  return PT_LIKELY(owner == tls_owner_id) || owner == 0 || (o->lock.load(std::memory_order_acquire) & kLockSeen);
}
PT_COLD void open_slow(Object* o);
PT_INLINE void open_to_readers(Object* o) {
  if (PT_UNLIKELY(!is_open(o))) open_slow(o);
}
// For all threads, whoever owns it.
void open_to_all(Object* o);
// Sets the bit, or false instead of waiting for whoever has the lock or has reserved it.
[[nodiscard]] bool try_open(Object* o);
// Lock held: the calling thread owns the object and no other has looked, so that what it takes out may be freed at once.
PT_INLINE bool is_unseen(const Object* o) {
  return o->owner.load(std::memory_order_relaxed) == tls_owner_id && !(o->lock.load(std::memory_order_relaxed) & kLockSeen);
}

// Watched objects (docs/locks.md). Several threads; the world runs. From here on g_end_watch is called before anybody gets the
// object's lock to write, and readers without the lock may take what it holds for unchanging until they come to a safepoint.
void watch(Object* o);
PT_INLINE bool is_watched(const Object* o) { return o->lock.load(std::memory_order_acquire) & kLockWatched; }
// Attached thread, which wants to write; it may hold other locks. Returns when the object is no longer watched and every other
// thread has come to a safepoint since somebody wanted that. Set by the vm before it watches anything.
extern constinit void (*g_end_watch)(Object* o);

class [[clang::capability("object lock")]] ObjectLock;

// Holds one object's lock for a scope that neither blocks, nor runs Python code, nor releases references. For anything
// that may, use CriticalSection.
class [[clang::scoped_lockable]] LockGuard {
 public:
  explicit LockGuard(Object* o, Access access = Access::kWrites) : lock_(&o->lock) { lock_byte(*lock_, access); }
  ~LockGuard() { unlock_byte(*lock_); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  std::atomic<uint8_t>* lock_;
};

// Both locks, in address order; the same object twice locks once.
class LockGuard2 {
 public:
  LockGuard2(Object* a, Object* b, Access to_a = Access::kWrites, Access to_b = Access::kWrites) {
    if (a > b) {
      std::swap(a, b);
      std::swap(to_a, to_b);
    }
    first_ = &a->lock;
    second_ = a == b ? nullptr : &b->lock;
    lock_byte(*first_, a == b ? std::min(to_a, to_b) : to_a);
    if (second_) lock_byte(*second_, to_b);
  }
  ~LockGuard2() {
    if (second_) unlock_byte(*second_);
    unlock_byte(*first_);
  }
  LockGuard2(const LockGuard2&) = delete;
  LockGuard2& operator=(const LockGuard2&) = delete;

 private:
  std::atomic<uint8_t>* first_;
  std::atomic<uint8_t>* second_;
};

}  // namespace pt
