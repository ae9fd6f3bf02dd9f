#include "vm/jit/holds.h"

#include "gc/sync/object_lock.h"
#include "jit_stencils/locks.h"

namespace pt::jit {

static_assert(kMostHeld == kMostKept);

namespace {
// Another word has the object, under another name, and the lock as well.
bool is_locked_for_another(const State* s, int word, const Object* o) {
  for (int i = 0; i < kMostKept; ++i) {
    if (i != word && s->locked[i] && held_in(s, i) == o) return true;
  }
  return false;
}
}  // namespace

void let_go(State* s) {
  s->holds = false;
  for (int word = 0; word < kMostKept; ++word) {
    Object* o = held_in(s, word);
    if (!o) continue;
    if (s->locked[word] && is_locked_for_another(s, word, o)) {
      empty(s, word);  // the other gives it back
    } else if (!give_up(s, word)) {
      empty(s, word);
      pt::unlock_kept(o->lock);
    }
  }
}

bool take_hold(State* s, uint64_t word_offset, uint64_t address, uint64_t shape) {
  int word = static_cast<int>(word_offset / sizeof(uint64_t));
  Object& o = *reinterpret_cast<Object*>(address);
  auto has_shape = [&] { return o.shape_id.load(std::memory_order_relaxed) == shape; };
  if (s->locked[word]) {
    Object* before = held_in(s, word);
    if (before == &o) return has_shape();
    if (!is_locked_for_another(s, word, before) && !give_up(s, word)) return false;
  }
  empty(s, word);
  if (is_locked_for_another(s, word, &o)) {
    if (!has_shape()) return false;
    // From here on the lock is no longer the last store's to give up.
    if (s->locked[kLastStore] && held_in(s, kLastStore) == &o) empty(s, kLastStore);
    has_locked(s, word, o);
    return true;
  }
  if (hold_reserved(s, word, o, static_cast<uint32_t>(shape))) return true;
  if (!try_keep(s, o, static_cast<uint32_t>(shape))) return false;
  has_locked(s, word, o);
  return true;
}

}  // namespace pt::jit
