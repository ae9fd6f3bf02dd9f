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
  return !(seen & (as & kLockKept ? kLockLocked | kLockParked : kLockLocked | kLockParked | kLockReserved)) &&
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
  else if (next == kLockWasKept && s->reservations && s->reservations->phase() == kReserving &&
           o.shared.load(std::memory_order_relaxed) == 0)
    next = kLockReserved;
  o.lock.store(next, std::memory_order_release);
}
PT_INLINE bool is_reserved(const State* s, int word, uint64_t address) {
  return s->reservations && reinterpret_cast<uint64_t>(s->reservations->kept[word].load(std::memory_order_relaxed)) == address;
}
// Gives back what a word of State::held holds. False when somebody waits for it: he has to be woken.
PT_INLINE bool give_up(State* s, int word) {
  uint64_t held = s->held[word];
  if (!held) return true;
  if (is_reserved(s, word, held)) {
    s->reservations->kept[word].store(nullptr, std::memory_order_release);
  } else {
    Object& o = *reinterpret_cast<Object*>(held);
    if (o.lock.load(std::memory_order_relaxed) & kLockParked) return false;
    unlock_kept(s, o);
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
// The same where the lock is reserved for the thread, and what the word of State::held has, if anything, is so as well: one goes,
// the other comes. False: it is to be done the other way; the word then has a lock in earnest, or nothing.
PT_INLINE bool exchange_reserved(State* s, int word, Object& o, uint32_t shape) {
  uint64_t before = s->held[word];
  if (!s->reservations || reinterpret_cast<uint64_t>(s->reservations->kept[word].load(std::memory_order_relaxed)) != before)
    return false;
  if (__builtin_expect(!enter_kept(*s->reservations, word, &o, static_cast<uint16_t>(s->owner_id), shape), 0)) {
    s->held[word] = 0;
    return false;
  }
  s->held[word] = reinterpret_cast<uint64_t>(&o);
  s->holds |= uint64_t{1} << word;
  return true;
}
// Of State::held, the word at this offset in the State.
constexpr int held_index(uint64_t offset) { return static_cast<int>((offset - offsetof(State, held)) / sizeof(uint64_t)); }

}  // namespace pt::jit
