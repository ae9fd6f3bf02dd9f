#include "gc/sync/object_lock.h"

#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/sync/parking_lot.h"
#include "gc/sync/reservation.h"

namespace pt {

constinit void (*g_end_watch)(Object* o) = nullptr;

namespace {
constexpr int kSpins = 40;
// Pauses double up to this many: while a waiter keeps away, the holder does several operations without giving up the line.
constexpr int kPauses = 16;
// How long a waiter sleeps before it looks at the lock again: unlock_byte may have missed it.
constexpr int64_t kParkNs = 1'000'000;

bool still_parked(void* context) {
  auto& lock = *static_cast<std::atomic<uint8_t>*>(context);
  return (lock.load(std::memory_order_relaxed) & (kLockLocked | kLockParked)) == (kLockLocked | kLockParked);
}

void release_lock(void* context, UnparkInfo info) {
  auto& lock = *static_cast<std::atomic<uint8_t>*>(context);
  auto cleared = static_cast<uint8_t>(kLockLocked | (info.more_waiters ? 0 : kLockParked));
  lock.fetch_and(static_cast<uint8_t>(~cleared), std::memory_order_release);  // pairs with the acquire in lock_slow
}
// Of the lock of an object, as those that are kept or reserved are.
Object* object_of(std::atomic<uint8_t>& lock) {
  return reinterpret_cast<Object*>(reinterpret_cast<char*>(&lock) - offsetof(Object, lock));
}
// Compiled code keeps the lock: its thread gives it back at its next safepoint. Whoever waits asks anew each time it has looked,
// as the lock may have been given back and taken again meanwhile.
void ask_for(std::atomic<uint8_t>& lock) {
  (void)try_request(object_of(lock)->owner.load(std::memory_order_relaxed), kBreakLetGo);
}
// False: the lock is no longer what was seen. On success it is not reserved for another thread.
bool take_free(std::atomic<uint8_t>& lock, uint8_t& seen) {
  bool reserved = seen & kLockReserved;
  uint8_t taken = reserved ? locked_from(object_of(lock), seen) : seen | kLockLocked;
  // Pairs with the release in unlock_byte and unlock_slow.
  if (!lock.compare_exchange_weak(seen, taken, std::memory_order_acquire, std::memory_order_relaxed)) return false;
  if (reserved) revoke_reservation(object_of(lock));
  return true;
}
}  // namespace

bool try_lock_byte(std::atomic<uint8_t>& lock) {
  uint8_t seen = lock.load(std::memory_order_relaxed);
  while (!(seen & (kLockLocked | kLockWatched))) {
    if (take_free(lock, seen)) return true;
  }
  return false;
}

void lock_slow(std::atomic<uint8_t>& lock, Access access) {
  bool counted = false;
  int spins = 0;
  for (;;) {
    uint8_t seen = lock.load(std::memory_order_relaxed);
    if (!(seen & kLockLocked)) {
      if ((seen & kLockWatched) && access == Access::kWrites) {
        reservation_becomes_lock();  // others may wait for the thread meanwhile
        g_end_watch(object_of(lock));
        continue;
      }
      if (take_free(lock, seen)) return;
      continue;
    }
    if (!counted) {
      counted = true;
      count(Counter::lock_contended);
      reservation_becomes_lock();
      if (seen & kLockKept) ask_for(lock);
    }
    if (!(seen & kLockParked)) {
      if (spins < kSpins) {
        for (int pauses = spins < 4 ? 1 << spins : kPauses; pauses > 0; --pauses) cpu_pause();
        ++spins;
        continue;
      }
      if (!lock.compare_exchange_weak(seen, seen | kLockParked, std::memory_order_relaxed)) continue;
    }
    count(Counter::lock_waited);
    if (seen & kLockKept) ask_for(lock);
    // Detaching suspends this thread's critical sections, so nobody waits for what it holds.
    park(&lock, still_parked, &lock, kParkNs, true);
  }
}

void watch(Object* o) {
  LockGuard guard(o, Access::kLooks);
  o->lock.store(o->lock.load(std::memory_order_relaxed) | kLockWatched, std::memory_order_relaxed);
}

void open_slow(Object* o) {
  LockGuard guard(o, Access::kLooks);
  o->lock.store(o->lock.load(std::memory_order_relaxed) | kLockSeen, std::memory_order_relaxed);
}
void open_to_all(Object* o) {
  if (o->owner.load(std::memory_order_acquire) != 0 && !(o->lock.load(std::memory_order_acquire) & kLockSeen)) open_slow(o);
}
bool try_open(Object* o) {
  uint8_t seen = o->lock.load(std::memory_order_relaxed);
  // In one step, as it may be reserved at any time.
  if ((seen & (kLockLocked | kLockReserved)) ||
      !o->lock.compare_exchange_strong(seen, seen | kLockLocked, std::memory_order_acquire, std::memory_order_relaxed)) {
    return false;
  }
  o->lock.store(o->lock.load(std::memory_order_relaxed) | kLockSeen, std::memory_order_relaxed);
  unlock_byte(o->lock);
  return true;
}

void unlock_slow(std::atomic<uint8_t>& lock) {
  for (;;) {
    uint8_t seen = lock.load(std::memory_order_relaxed);
    if (seen & kLockParked) break;
    if (lock.compare_exchange_weak(seen, seen & static_cast<uint8_t>(~kLockLocked), std::memory_order_release,
                                   std::memory_order_relaxed)) {
      return;
    }
  }
  unpark_one(&lock, release_lock, &lock);
}

void unlock_kept(std::atomic<uint8_t>& lock) {
  uint8_t seen = lock.load(std::memory_order_relaxed);
  if (PT_LIKELY(!(seen & kLockParked))) {
    // As in unlock_byte.
    lock.store(seen & static_cast<uint8_t>(~(kLockLocked | kLockKept)), std::memory_order_release);
    return;
  }
  lock.fetch_and(static_cast<uint8_t>(~kLockKept), std::memory_order_relaxed);
  unlock_slow(lock);
}

}  // namespace pt
