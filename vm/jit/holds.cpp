#include "vm/jit/holds.h"

#include <bit>

#include "gc/sync/object_lock.h"
#include "jit_stencils/locks.h"

namespace pt::jit {

void let_go(State* s) {
  uint64_t holds = s->holds;
  s->holds = 0;
  for (; holds; holds &= holds - 1) {
    uint64_t& held = s->held[std::countr_zero(holds)];
    uint64_t address = held;
    if (!address) continue;
    held = 0;
    // Under several names, too, it is locked once.
    for (uint64_t others = holds & (holds - 1); others; others &= others - 1) {
      if (uint64_t& other = s->held[std::countr_zero(others)]; other == address) other = 0;
    }
    Object& o = *reinterpret_cast<Object*>(address);
    if (PT_UNLIKELY(o.lock.load(std::memory_order_relaxed) & kLockParked))
      unlock_kept(o.lock);
    else
      unlock(o);
  }
}

bool take_hold(State* s, uint64_t offset, uint64_t address, uint64_t shape) {
  uint64_t& mine = *reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(s) + offset);
  uint64_t before = mine;
  mine = 0;
  bool taken = false;
  for (uint64_t other : s->held) {
    if (other == before) before = 0;
    if (other == address) taken = true;
  }
  if (!give_up(before)) {
    mine = before;
    return false;
  }
  Object& o = *reinterpret_cast<Object*>(address);
  if (taken ? shape && o.shape_id.load(std::memory_order_relaxed) != shape : !try_keep(s, o, static_cast<uint32_t>(shape)))
    return false;
  // From here on the lock is no longer the last store's to give up.
  if (s->held[kLastStore] == address) s->held[kLastStore] = 0;
  mine = address;
  s->holds |= held_bit(offset);
  return true;
}

}  // namespace pt::jit
