#pragma once
// The locks of objects that a trace takes and keeps (docs/jit.md, Threads): for stencils and what stands in for them.
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
// Gives back what a word of State::held holds. False when somebody waits for it: he has to be woken.
PT_INLINE bool give_up(uint64_t& held) {
  if (!held) return true;
  Object& o = *reinterpret_cast<Object*>(held);
  if (o.lock.load(std::memory_order_relaxed) & kLockParked) return false;
  held = 0;
  unlock(o);
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
// Of State::holds, for the word of State::held at this offset in the State.
constexpr uint64_t held_bit(uint64_t offset) { return uint64_t{1} << (offset - offsetof(State, held)) / sizeof(uint64_t); }

}  // namespace pt::jit
