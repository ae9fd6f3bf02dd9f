#pragma once
// The locks of objects that a trace takes and keeps (docs/jit.md, Threads): for stencils and what stands in for them.
#include "gc/sync/reservation.h"
#include "jit_stencils/abi.h"

namespace pt::jit {

PT_INLINE bool is_own(const State* s, const Object& o) { return *reinterpret_cast<const uint16_t*>(&o.owner) == s->owner_id; }
// Own, and never seen by another thread: the lock may stay taken.
PT_INLINE bool may_keep(const State* s, const Object& o) { return is_own(s, o) && o.shared.load(std::memory_order_relaxed) == 0; }
// The object's lock, as lock_byte takes it, or false. Whoever begins to wait while a stencil holds it looks again later. One that
// is kept is the thread's own, and may be reserved.
PT_INLINE bool try_lock(Object& o, uint8_t as) {
  uint8_t seen = o.lock.load(std::memory_order_relaxed);
  uint8_t in_its_way = in_the_way(Access::kWrites) & static_cast<uint8_t>(as & kLockKept ? ~kLockReserved : 0xFF);
  return !(seen & in_its_way) &&
         o.lock.compare_exchange_strong(seen, seen | as, std::memory_order_acquire, std::memory_order_relaxed);
}
PT_INLINE void unlock(Object& o) {
  o.lock.store(o.lock.load(std::memory_order_relaxed) & static_cast<uint8_t>(~(kLockLocked | kLockKept)),
               std::memory_order_release);
}
// Gives a kept lock back that nobody waits for. What is kept again and again is reserved from the second time on: then taking
// it is no atomic instruction. Not from the first, as the next to want it may be another thread.
PT_INLINE void unlock_kept(const State* s, Object& o) {
  uint8_t seen = o.lock.load(std::memory_order_relaxed);
  auto next = static_cast<uint8_t>(seen & ~(kLockLocked | kLockKept));
  if (next == 0)
    next = kLockWasKept;
  else if (next == kLockWasKept && s->reservations->phase() == kReserving && o.shared.load(std::memory_order_relaxed) == 0)
    next = kLockReserved;
  o.lock.store(next, std::memory_order_release);
}
// What a word of State::held has; nullptr: nothing.
PT_INLINE Object* held_in(const State* s, int word) { return reinterpret_cast<Object*>(s->held[word]); }
// Gives it back. False when somebody waits for it: he has to be woken.
PT_INLINE bool give_up(State* s, int word) {
  if (Object* o = held_in(s, word)) {
    if (o->lock.load(std::memory_order_relaxed) & kLockParked) return false;
    unlock_kept(s, *o);
  }
  s->held[word] = 0;
  return true;
}
// Takes the object's lock, which the trace keeps from here on. False, and nothing has happened: it cannot, or the object
// does not have the shape (0: any).
PT_INLINE bool try_keep(const State* s, Object& o, uint32_t shape) {
  if (!may_keep(s, o) || !try_lock(o, kLockLocked | kLockKept)) return false;
  if (!shape || o.shape_id.load(std::memory_order_relaxed) == shape) return true;
  unlock(o);
  return false;
}
// An empty word gets an object that try_keep() has locked.
PT_INLINE void has_locked(State* s, int word, Object& o) {
  s->held[word] = reinterpret_cast<uint64_t>(&o);
  s->holds |= uint64_t{1} << word;
}
// Whether the object is among those that the trace has claimed, and of that shape (0: any).
PT_INLINE bool is_claimed(const State* s, const Object& o, uint32_t shape) {
  uint64_t rest = header_without_flags(o) ^ s->own_reserved;
  return shape ? rest == uint64_t{shape} << 8 : rest >> 40 == 0;
}
// Claims whatever is reserved for the thread, if it has not yet and the object is. Whether that is so now.
PT_INLINE bool claim(State* s, const Object& o, uint32_t shape) {
  if (o.lock.load(std::memory_order_relaxed) != kLockReserved) return false;
  if (!(s->holds & kClaims)) {
    if (!begin_claims(*s->reservations)) return false;
    s->own_reserved = reserved_header(static_cast<ThreadId>(s->owner_id));
    s->holds |= kClaims;
  }
  return is_claimed(s, o, shape);
}

}  // namespace pt::jit
