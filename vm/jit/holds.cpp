#include "vm/jit/holds.h"

#include <bit>

#include "gc/sync/object_lock.h"
#include "jit_stencils/locks.h"

namespace pt::jit {

static_assert(kHeldObjects == kMostKept);

void let_go(State* s) {
  uint64_t holds = s->holds;
  s->holds = 0;
  for (; holds; holds &= holds - 1) {
    int word = std::countr_zero(holds);
    uint64_t address = s->held[word];
    if (!address) continue;
    if (!is_reserved(s, word, address)) {
      // Under several names, too, it is locked once.
      for (uint64_t others = holds & (holds - 1); others; others &= others - 1) {
        int other = std::countr_zero(others);
        if (s->held[other] == address && !is_reserved(s, other, address)) s->held[other] = 0;
      }
    }
    if (!give_up(s, word)) {
      s->held[word] = 0;
      pt::unlock_kept(reinterpret_cast<Object*>(address)->lock);
    }
  }
}

bool take_hold(State* s, uint64_t offset, uint64_t address, uint64_t shape) {
  int word = held_index(offset);
  uint64_t before = s->held[word];
  bool locked = before && !is_reserved(s, word, before), taken = false;
  for (int i = 0; i < kHeldObjects; ++i) {
    if (i == word || !s->held[i] || is_reserved(s, i, s->held[i])) continue;
    if (locked && s->held[i] == before) s->held[word] = 0;  // stays with the other
    if (s->held[i] == address) taken = true;
  }
  if (!give_up(s, word)) return false;
  Object& o = *reinterpret_cast<Object*>(address);
  if (exchange_reserved(s, word, o, static_cast<uint32_t>(shape))) return true;
  if (taken ? shape && o.shape_id.load(std::memory_order_relaxed) != shape : !try_keep(s, o, static_cast<uint32_t>(shape)))
    return false;
  // From here on the lock is no longer the last store's to give up.
  if (s->held[kLastStore] == address && !is_reserved(s, kLastStore, address)) s->held[kLastStore] = 0;
  s->held[word] = address;
  s->holds |= uint64_t{1} << word;
  return true;
}

}  // namespace pt::jit
