#pragma once
// Reserved locks: a thread works on objects of its own without taking their locks, until another thread wants one of them
// (Kawachiya, Koseki, Onodera: Lock Reservation, OOPSLA 2002; the asymmetric fence is membarrier(2)). docs/locks.md.
#include <atomic>

#include "gc/object/object.h"
#include "gc/sync/mutator.h"
#include "gc/sync/object_lock.h"

namespace pt {

inline constexpr int kMostKept = 5;

// One for each owner id. Far enough from the next one that no processor fetches that as well: they fetch pairs of cache lines, and
// run ahead of what looks like a walk through them.
struct alignas(512) Reservations {
  std::atomic<const Object*> inside;   // what the owner works on; written by it alone
  // A ReservationsPhase and, above it, how many threads have had the id: what somebody finds out about one of them is not said of
  // the next.
  std::atomic<uint32_t> state;
  std::atomic<uint32_t> revoked;  // how many of its objects others have locked since
  std::atomic<int64_t> since;  // (monotonic clock, nanoseconds); relaxed, as is the count: a guess will do
  // What compiled code of the owner's works on, or has locked, for longer than a moment, but not beyond a safepoint at which
  // kBreakLetGo asks it to stop; written by the owner alone.
  std::atomic<const Object*> kept[kMostKept];
  static constexpr uint32_t kPhaseBits = 3;
  uint32_t phase() const { return state.load(std::memory_order_relaxed) & kPhaseBits; }
  // Acquire pairs with the release of the owner when it leaves.
  bool is_kept(const Object* o) const {
    for (const auto& k : kept) {
      if (k.load(std::memory_order_acquire) == o) return true;
    }
    return false;
  }
  bool is_outside() const { return !inside.load(std::memory_order_acquire) && is_kept_by_none(); }

 private:
  bool is_kept_by_none() const {
    for (const auto& k : kept) {
      if (k.load(std::memory_order_acquire)) return false;
    }
    return true;
  }
};
static_assert(sizeof(Reservations) == 512);
// kEnding: the owner enters no more once it has seen this. kEnded: it is outside for good.
enum ReservationsPhase : uint32_t { kReserving, kEnding, kEnded };

// Of the calling thread; nullptr: it reserves none.
inline constinit thread_local Reservations* tls_reservations = nullptr;
// Such a thread's words for compiled code, which it alone sees.
inline constinit thread_local Reservations tls_no_reservations{.state = kEnded};

// Registry locked, or one thread. From now on threads that register reserve locks, if the system can.
void reservations_start();
// The calling thread has the owner id; gives it up.
void reservations_join(ThreadId id);
void reservations_leave();
// The calling thread works on nothing. It begins to reserve locks if it was there before other threads, and again if it had to
// stop long ago.
PT_COLD void reservations_resume();
PT_INLINE void reservations_attached() {
  if (PT_UNLIKELY(tls_reservations ? tls_reservations->phase() != kReserving : multithreaded())) reservations_resume();
}

// A new object that nobody else has seen: its lock is reserved for the calling thread, its owner.
PT_INLINE void reserve_lock(Object* o) {
  Reservations* mine = tls_reservations;
  if (mine && mine->phase() == kReserving) o->lock.store(kLockReserved, std::memory_order_relaxed);
}
// Begins to work on an object whose lock byte was seen to be kLockReserved. False: the lock is to be taken.
[[nodiscard]] PT_INLINE bool enter_reserved(Object* o) {
  Reservations* mine = tls_reservations;
  if (!mine || o->owner.load(std::memory_order_relaxed) != tls_owner_id || mine->inside.load(std::memory_order_relaxed))
    return false;
  mine->inside.store(o, std::memory_order_relaxed);
  // Whoever revokes marks the lock first and looks here behind a membarrier(), which is a fence here too: one of us sees the
  // other.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (PT_LIKELY(o->lock.load(std::memory_order_relaxed) == kLockReserved && mine->phase() == kReserving)) return true;
  mine->inside.store(nullptr, std::memory_order_release);  // as in leave_reserved
  return false;
}
// The first word of an object but for its last byte, the flags: the shape (from bit 8 on), the owner and the lock byte.
PT_INLINE uint64_t header_without_flags(const Object& o) {
  static_assert(offsetof(Object, shape_id) == 0 && offsetof(Object, owner) == 4 && offsetof(Object, lock) == 6);
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(&o), __ATOMIC_RELAXED) << 8;
}
// Of an object whose lock is reserved for that owner.
constexpr uint64_t reserved_header(ThreadId owner, ShapeId shape = 0) {
  return (uint64_t{shape} | uint64_t{owner} << 32 | uint64_t{kLockReserved} << 48) << 8;
}
// As enter_reserved(), for compiled code, with one of the words for what it keeps; what that had before is given back. `may` looks
// whether header_without_flags() is reserved_header() of the owner with the right shape, whether no other thread has the object (its
// shared count word says so) and whether the owner reserves locks. If not, the word is to be emptied.
template <class May>
[[nodiscard]] PT_INLINE bool enter_kept(std::atomic<const Object*>& word, const Object* o, May may) {
  word.store(o, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // as in enter_reserved
  return PT_LIKELY(may());
}
// Ends that, and tells whether it was so.
PT_INLINE bool leave_reserved(const Object* o) {
  Reservations* mine = tls_reservations;
  if (PT_LIKELY(!mine || mine->inside.load(std::memory_order_relaxed) != o)) return false;
  mine->inside.store(nullptr, std::memory_order_release);  // pairs with the acquire in revoke_reservation
  return true;
}

// Takes the lock, or begins to work on an object whose lock is the thread's own without it.
PT_INLINE void lock_reserving(Object* o) {
  if (o->lock.load(std::memory_order_relaxed) != kLockReserved || !enter_reserved(o)) lock_byte(o->lock);
}
// Ends either. The lock of an object of the thread's own which nobody else has seen (so the shared count says) is reserved from
// then on.
PT_INLINE void unlock_reserving(Object* o) {
  if (leave_reserved(o)) return;
  Reservations* mine = tls_reservations;
  if (PT_LIKELY(mine && o->lock.load(std::memory_order_relaxed) == kLockLocked &&
                o->owner.load(std::memory_order_relaxed) == tls_owner_id && o->shared.load(std::memory_order_relaxed) == 0 &&
                mine->phase() == kReserving)) {
    // As in unlock_byte.
    o->lock.store(kLockReserved, std::memory_order_release);
  } else {
    unlock_byte(o->lock);
  }
}

// The same without reserving it anew, for objects whose locks compiled code reserves.
PT_INLINE void leave_or_unlock(Object* o) {
  if (!leave_reserved(o)) unlock_byte(o->lock);
}

// What the lock byte becomes when the calling thread takes a free lock that is perhaps reserved.
uint8_t locked_from(const Object* o, uint8_t seen);
// The calling thread has just taken a lock that was reserved. Returns when the owner, if that is another thread, is not inside;
// the lock is not reserved again then (kLockSeen).
PT_COLD void revoke_reservation(Object* o);
// The calling thread is about to wait: it takes what it is inside of in earnest.
PT_COLD void reservation_becomes_lock();

// As try_lock_or_alone() and unlock_unless_alone().
[[nodiscard]] PT_INLINE bool try_reserve_or_alone(Object* o) {
  if (PT_LIKELY(!multithreaded())) return true;
  return o->lock.load(std::memory_order_relaxed) == kLockReserved ? enter_reserved(o) : try_lock_or_alone(o);
}
PT_INLINE void unreserve_unless_alone(Object* o) {
  if (PT_UNLIKELY(multithreaded())) unlock_reserving(o);
}
PT_INLINE void leave_or_unlock_unless_alone(Object* o) {
  if (PT_UNLIKELY(multithreaded())) leave_or_unlock(o);
}

// A LockGuard for objects whose locks compiled code may have reserved.
class [[clang::scoped_lockable]] EnteringGuard {
 public:
  explicit EnteringGuard(Object* o) : object_(o) { lock_reserving(o); }
  ~EnteringGuard() { leave_or_unlock(object_); }
  EnteringGuard(const EnteringGuard&) = delete;
  EnteringGuard& operator=(const EnteringGuard&) = delete;

 private:
  Object* object_;
};

// A LockGuard for objects that mostly one thread works on.
class [[clang::scoped_lockable]] ReservingGuard {
 public:
  explicit ReservingGuard(Object* o) : object_(o) { lock_reserving(o); }
  ~ReservingGuard() { unlock_reserving(object_); }
  ReservingGuard(const ReservingGuard&) = delete;
  ReservingGuard& operator=(const ReservingGuard&) = delete;

 private:
  Object* object_;
};

}  // namespace pt
