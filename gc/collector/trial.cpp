#include "gc/collector/trial.h"

#include "gc/heap/heap.h"
#include "gc/sync/mutator.h"

namespace pt {

Trial::Trial() {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  heap_extent(&begin, &end);
  shadow_.cover(begin, end);
}

bool Trial::add(Object* o, int64_t count) {
  uint32_t* word = shadow_.insert(o);
  if (!word) return false;
  // A count that does not fit saturates: such an object cannot lose all of it and stays a root.
  uint32_t kept = count >= kCountMask ? kCountMask : static_cast<uint32_t>(count < 0 ? 0 : count);
  *word = kKnown | kept;
  candidates_++;
  return true;
}

// References lead all over the heap, and most of their words are in no cache. So a reference is not followed at once: its
// word is asked for, and looked at a number of references later.

void Trial::arrive(Edge edge) {
  if ((*edge.word & (kKnown | kReached)) != kKnown) return;
  *edge.word |= kReached;
  if (PT_UNLIKELY(!stack_.push(edge.target))) failed_ = true;
}

void Trial::reach(Object* o) {
  uint32_t* word = shadow_.find(o);
  if (!word) return;
  __builtin_prefetch(word, 1);
  if (edges_count_ == kDelay) {
    arrive(edges_[edges_begin_]);
    edges_[edges_begin_] = {word, o};
    edges_begin_ = (edges_begin_ + 1) % kDelay;
  } else {
    edges_[(edges_begin_ + edges_count_++) % kDelay] = {word, o};
  }
}

void Trial::traverse(Object* o, void (*visit)(FieldVisitor&, Field&)) {
  const TypeLayout* layout = layout_of(o);
  if (!layout->traverse) return;
  Visitor visitor;
  visitor.visit = visit;
  visitor.trial = this;
  layout->traverse(o, visitor);
  if (visit == visit_mark && layout != last_layout_) {
    last_layout_ = layout;
    reach(describing(layout));
  }
}

void Trial::take_off(uint32_t* word) {
  if (!*word) return;
  uint32_t count = *word & kCountMask;
  if (PT_UNLIKELY(count == 0)) {
    underflows_++;
  } else if (PT_LIKELY(count != kCountMask)) {
    --*word;
  }
}

void Trial::visit_subtract(FieldVisitor& visitor, Field& field) {
  Value v = field.peek();
  if (!v.is_counted()) return;  // a borrowed word (register window of a running generator) holds no count
  Trial* trial = static_cast<Visitor&>(visitor).trial;
  uint32_t* word = trial->shadow_.find(v.as_object());
  if (!word) return;
  __builtin_prefetch(word, 1);
  uint32_t*& place = trial->edges_[trial->edges_begin_++ % kDelay].word;
  uint32_t* before = place;
  place = word;
  if (PT_LIKELY(before)) trial->take_off(before);
}

void Trial::subtract_internal() {
  shadow_.for_each([this](Object* o, uint32_t&) { traverse(o, visit_subtract); });
  for (Edge& edge : edges_) {
    if (edge.word) take_off(edge.word);
    edge = {};
  }
  edges_begin_ = 0;
}

void Trial::visit_mark(FieldVisitor& visitor, Field& field) {
  Value v = field.peek();
  if (v.is_object()) static_cast<Visitor&>(visitor).trial->reach(v.as_object());
}

void Trial::visit_root(Value v, void* context) {
  if (v.is_object()) static_cast<Trial*>(context)->reach(v.as_object());
}

void Trial::drain() {
  // Between the stack and the traversal the objects themselves are fetched.
  Object* waiting[kDelay];
  unsigned begin = 0;
  unsigned count = 0;
  for (;;) {
    while (count < kDelay && !stack_.empty()) {
      Object* o = stack_.pop();
      __builtin_prefetch(o);
      waiting[(begin + count++) % kDelay] = o;
    }
    if (count) {
      Object* o = waiting[begin];
      begin = (begin + 1) % kDelay;
      count--;
      traverse(o, visit_mark);
    } else if (edges_count_) {
      Edge edge = edges_[edges_begin_];
      edges_begin_ = (edges_begin_ + 1) % kDelay;
      edges_count_--;
      arrive(edge);
    } else {
      return;
    }
  }
}

void Trial::keep_describing(const Object* o) {
  const TypeLayout* layout = layout_of(o);
  if (layout == last_layout_) return;
  last_layout_ = layout;
  if (!kept_layouts_.push(layout)) failed_ = true;
}

bool Trial::mark_from_roots() {
  last_layout_ = nullptr;
  for (const TypeLayout* layout : kept_layouts_) reach(describing(layout));
  for_each_mutator(
      [](Mutator* mutator, void* context) {
        if (g_heap_hooks.visit_roots) g_heap_hooks.visit_roots(mutator, visit_root, context);
      },
      this);
  for_each_collector_root([](Object* root, void* context) { static_cast<Trial*>(context)->traverse(root, visit_mark); }, this);
  drain();
  shadow_.for_each([this](Object* o, uint32_t& word) {
    if ((word & kCountMask) == 0 || (word & kReached)) return;
    word |= kReached;
    traverse(o, visit_mark);
    drain();
  });
  return !failed_;
}

void Trial::keep(Object* o) {
  reach(o);
  drain();
}

bool Trial::unreachable(WordArray<Object*>& out) {
  bool complete = true;
  shadow_.for_each([&](Object* o, uint32_t& word) {
    if (!(word & kReached) && !out.push(o)) complete = false;
  });
  return complete;
}

}  // namespace pt
