#include "vm/jit/holds.h"

#include <bit>

#include "gc/sync/object_lock.h"
#include "jit_stencils/locks.h"

namespace pt::jit {

namespace {
// Another word has the object, under another name, and the lock as well.
bool is_locked_for_another(const State* s, int word, const Object* o) {
  for (int i = 0; i < kMostHeld; ++i) {
    if (i != word && held_in(s, i) == o) return true;
  }
  return false;
}
}  // namespace

void let_go(State* s) {
  uint64_t holds = s->holds;
  s->holds = 0;
  if (holds & kClaims) {
    s->own_reserved = kNoneReserved;
    end_claims(*s->reservations);
    holds &= ~kClaims;
  }
  for (; holds; holds &= holds - 1) {
    int word = std::countr_zero(holds);
    uint64_t held = s->held[word];
    if (!held) continue;
    Object* o = held_in(s, word);
    // Under several names, too, it is locked once.
    for (int other = word + 1; other < kMostHeld; ++other) {
      if (s->held[other] == held) s->held[other] = 0;
    }
    if (!give_up(s, word)) {
      s->held[word] = 0;
      pt::unlock_kept(o->lock);
    }
  }
}

bool take_hold(State* s, uint64_t word_offset, uint64_t address, uint64_t shape) {
  int word = static_cast<int>(word_offset / sizeof(uint64_t));
  Object& o = *reinterpret_cast<Object*>(address);
  auto has_shape = [&] { return o.shape_id.load(std::memory_order_relaxed) == shape; };
  if (Object* before = held_in(s, word)) {
    if (before == &o) return has_shape();
    if (is_locked_for_another(s, word, before))
      s->held[word] = 0;
    else if (!give_up(s, word))
      return false;
  }
  if (is_locked_for_another(s, word, &o)) {
    if (!has_shape()) return false;
    // From here on the lock is no longer the last store's to give up.
    if (held_in(s, kLastStore) == &o) s->held[kLastStore] = 0;
    has_locked(s, word, o);
    return true;
  }
  if (claim(s, o, static_cast<uint32_t>(shape))) return true;
  if (!try_keep(s, o, static_cast<uint32_t>(shape))) return false;
  has_locked(s, word, o);
  return true;
}

}  // namespace pt::jit
