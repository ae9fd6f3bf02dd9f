#pragma once
// Reserved locks: a thread works on objects of its own without taking their locks, until another thread wants one of them
// (Kawachiya, Koseki, Onodera: Lock Reservation, OOPSLA 2002; the asymmetric fence is membarrier(2)). docs/locks.md.
#include <atomic>

#include "gc/object/object.h"
#include "gc/sync/mutator.h"
#include "gc/sync/object_lock.h"

namespace pt {

// One for each owner id. Far enough from the next one that no processor fetches that as well: they fetch pairs of cache lines,
// and run ahead of what looks like a walk through them.
struct alignas(512) Reservations {
  std::atomic<const Object*> inside;   // what the owner works on; written by it alone
  // A ReservationsPhase and, above it, how many threads have had the id: what somebody finds out about one of them is not said of
  // the next.
  std::atomic<uint32_t> state;
  std::atomic<uint32_t> revoked;  // how many of its objects others have locked since
  std::atomic<int64_t> since;  // (monotonic clock, nanoseconds); relaxed, as is the count: a guess will do
  // Odd while compiled code of the owner's works on whatever is reserved for it, as it does until a safepoint at which
  // kBreakLetGo asks it to stop: counts up when it begins and when it ends. Written by the owner alone.
  std::atomic<uint64_t> claims;
  static constexpr uint32_t kPhaseBits = 3;
  uint32_t phase() const { return state.load(std::memory_order_relaxed) & kPhaseBits; }
  // Acquire pairs with the release of the owner when it leaves.
  bool is_outside() const { return !inside.load(std::memory_order_acquire) && !(claims.load(std::memory_order_acquire) & 1); }
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
// Compiled code: from here on until end_claims() the owner works, without looks at anything else, on each object whose
// header_without_flags() it finds to be reserved_header(). False: it reserves none.
[[nodiscard]] PT_INLINE bool begin_claims(Reservations& mine) {
  uint64_t n = mine.claims.load(std::memory_order_relaxed);
  mine.claims.store(n + 1, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // as in enter_reserved: before the looks at the objects, too
  if (PT_LIKELY(mine.phase() == kReserving)) return true;
  mine.claims.store(n + 2, std::memory_order_release);
  return false;
}
PT_INLINE void end_claims(Reservations& mine) {
  // Pairs with the acquire in revoke_reservation.
  mine.claims.store(mine.claims.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}
// Ends that, and tells whether it was so.
PT_INLINE bool leave_reserved(const Object* o) {
  Reservations* mine = tls_reservations;
  if (PT_LIKELY(!mine || mine->inside.load(std::memory_order_relaxed) != o)) return false;
  mine->inside.store(nullptr, std::memory_order_release);  // pairs with the acquire in revoke_reservation
  return true;
}

// Takes the lock, or begins to work on an object whose lock is the thread's own without it.
PT_INLINE void lock_reserving(Object* o, Access access = Access::kWrites) {
  if (PT_LIKELY(!multithreaded())) return lock_byte(o->lock);
  if (o->lock.load(std::memory_order_relaxed) != kLockReserved || !enter_reserved(o)) lock_byte(o->lock, access);
}
// When the lock of an object of the thread's own is reserved that nobody else has seen (so the shared count says): as soon as it
// is given back, or the second time, as what a thread has made often goes to another one first.
enum class Reserve : uint8_t { kAtOnce, kSecondTime };
// Ends either.
template <Reserve kWhen>
PT_INLINE void unlock_reserving(Object* o) {
  if (PT_LIKELY(!multithreaded())) return unlock_byte(o->lock);
  if (leave_reserved(o)) return;
  Reservations* mine = tls_reservations;
  uint8_t seen = o->lock.load(std::memory_order_relaxed);
  bool may = mine && (seen & ~kLockWasKept) == kLockLocked && o->owner.load(std::memory_order_relaxed) == tls_owner_id &&
             o->shared.load(std::memory_order_relaxed) == 0 && mine->phase() == kReserving;
  if (PT_UNLIKELY(!may)) return unlock_byte(o->lock);
  bool reserves = kWhen == Reserve::kAtOnce || (seen & kLockWasKept);
  o->lock.store(reserves ? kLockReserved : kLockWasKept, std::memory_order_release);  // as in unlock_byte
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
template <Reserve kWhen>
PT_INLINE void unreserve_unless_alone(Object* o) {
  if (PT_UNLIKELY(multithreaded())) unlock_reserving<kWhen>(o);
}

// A LockGuard for objects that mostly one thread works on.
template <Reserve kWhen>
class [[clang::scoped_lockable]] BasicReservingGuard {
 public:
  explicit BasicReservingGuard(Object* o, Access access = Access::kWrites) : object_(o) { lock_reserving(o, access); }
  ~BasicReservingGuard() { unlock_reserving<kWhen>(object_); }
  BasicReservingGuard(const BasicReservingGuard&) = delete;
  BasicReservingGuard& operator=(const BasicReservingGuard&) = delete;

 private:
  Object* object_;
};
using ReservingGuard = BasicReservingGuard<Reserve::kAtOnce>;
// Instances, cells and lists, whose locks compiled code keeps, too.
using EnteringGuard = BasicReservingGuard<Reserve::kSecondTime>;

}  // namespace pt
