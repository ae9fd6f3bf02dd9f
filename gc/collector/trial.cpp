#include "gc/collector/trial.h"

#include "gc/heap/heap.h"
#include "gc/sync/mutator.h"

namespace pt {

bool Trial::add(Object* o, int64_t count) {
  uint32_t* word = shadow_.insert(o);
  if (!word) return false;
  // A count that does not fit saturates: such an object cannot lose all of it and stays a root.
  uint32_t kept = count >= kCountMask ? kCountMask : static_cast<uint32_t>(count < 0 ? 0 : count);
  *word = kKnown | kept;
  candidates_++;
  return true;
}

void Trial::visit_subtract(FieldVisitor& visitor, Field& field) {
  Value v = field.peek();
  if (!v.is_counted()) return;  // a borrowed word (register window of a running generator) holds no count
  Trial* trial = static_cast<Visitor&>(visitor).trial;
  uint32_t* word = trial->shadow_.find(v.as_object());
  if (!word || !*word) return;
  uint32_t count = *word & kCountMask;
  if (PT_UNLIKELY(count == 0)) {
    trial->underflows_++;
  } else if (PT_LIKELY(count != kCountMask)) {
    --*word;
  }
}

void Trial::subtract_internal() {
  shadow_.for_each([this](Object* o, uint32_t&) { traverse(o, visit_subtract); });
}

void Trial::reach(Object* o) {
  uint32_t* word = shadow_.find(o);
  if (!word || (*word & (kKnown | kReached)) != kKnown) return;
  *word |= kReached;
  __builtin_prefetch(o);
  if (PT_UNLIKELY(!stack_.push(o))) failed_ = true;
}

void Trial::visit_mark(FieldVisitor& visitor, Field& field) {
  Value v = field.peek();
  if (v.is_object()) static_cast<Visitor&>(visitor).trial->reach(v.as_object());
}

void Trial::visit_root(Value v, void* context) {
  if (v.is_object()) static_cast<Trial*>(context)->reach(v.as_object());
}

void Trial::drain() {
  // A short queue between the stack and the traversal gives the prefetches of reach() time to arrive.
  constexpr unsigned kDelay = 4;
  Object* delayed[kDelay] = {};
  unsigned next = 0;
  unsigned waiting = 0;
  while (!stack_.empty() || waiting) {
    Object* o = delayed[next];
    delayed[next] = nullptr;
    if (o) waiting--;
    if (!stack_.empty()) {
      delayed[next] = stack_.pop();
      waiting++;
    }
    next = (next + 1) % kDelay;
    if (o) traverse(o, visit_mark);
  }
}

bool Trial::mark_from_roots() {
  for_each_mutator(
      [](Mutator* mutator, void* context) {
        if (g_heap_hooks.visit_roots) g_heap_hooks.visit_roots(mutator, visit_root, context);
      },
      this);
  for_each_collector_root(
      [](Object* root, void* context) { static_cast<Trial*>(context)->traverse(root, visit_mark); }, this);
  drain();
  shadow_.for_each([this](Object* o, uint32_t& word) {
    if ((word & kCountMask) == 0 || (word & kReached)) return;
    word |= kReached;
    traverse(o, visit_mark);
    drain();
  });
  return !failed_;
}

bool Trial::unreachable(WordArray<Object*>& out) {
  bool complete = true;
  shadow_.for_each([&](Object* o, uint32_t& word) {
    if (!(word & kReached) && !out.push(o)) complete = false;
  });
  return complete;
}

}  // namespace pt
