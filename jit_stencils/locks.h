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
PT_INLINE Object* held_in(const State* s, int word) { return reinterpret_cast<Object*>(s->held[word] & ~kIsLocked); }
PT_INLINE bool is_locked_in(const State* s, int word) { return s->held[word] & kIsLocked; }
// Gives it back. False when somebody waits for it: he has to be woken.
PT_INLINE bool give_up(State* s, int word) {
  if (is_locked_in(s, word)) {
    Object& o = *held_in(s, word);
    if (o.lock.load(std::memory_order_relaxed) & kLockParked) return false;
    unlock_kept(s, o);
  } else if (s->held[word]) {
    s->reservations->kept[word].store(nullptr, std::memory_order_release);
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
  s->held[word] = reinterpret_cast<uint64_t>(&o) | kIsLocked;
  s->holds |= uint64_t{1} << word;
}
// A word without a lock goes on to another object, of that shape (0: any), if its lock is reserved. False: it is empty.
PT_INLINE bool hold_reserved(State* s, int word, Object& o, uint32_t shape) {
  std::atomic<const Object*>& kept = s->reservations->kept[word];
  auto may = [&]() __attribute__((always_inline)) {
    uint64_t rest = header_without_flags(o) ^ s->own_reserved;
    return (shape ? rest == uint64_t{shape} << 8 : rest >> 40 == 0) && o.shared.load(std::memory_order_relaxed) == 0 &&
           s->reservations->phase() == kReserving;
  };
  bool entered = enter_kept(kept, &o, may);
  if (!entered) kept.store(nullptr, std::memory_order_release);
  s->held[word] = entered ? reinterpret_cast<uint64_t>(&o) : 0;
  s->holds |= uint64_t{entered} << word;
  return entered;
}

}  // namespace pt::jit
