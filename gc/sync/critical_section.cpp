#include "gc/sync/critical_section.h"

#include "gc/platform/counters.h"
#include "gc/sync/mutator_parts.h"

namespace pt {

bool CriticalSection::held_outside(const std::atomic<uint8_t>* lock) const {
  for (CriticalSection* s = outer_; s && s->active_; s = s->outer_) {
    if (s->first_ == lock || s->second_ == lock) return true;
  }
  return false;
}

// Two locks are taken in address order while everything else this thread holds is given up, so no cycle of waiters forms:
// whoever holds the second lock and waits for the first either suspends the section that holds it or took them in order.
void CriticalSection::take() {
  mutator_->sections = outer_;
  bool got_first = !first_ || try_lock_byte(*first_);
  if (!got_first || (second_ && !try_lock_byte(*second_))) {
    if (got_first && first_) unlock_byte(*first_);
    sections_suspend(mutator_);
    // With no sections in sight, attaching after the wait does not resume the outer ones before this one.
    mutator_->sections = nullptr;
    if (first_) lock_byte(*first_);
    if (second_) lock_byte(*second_);
  }
  active_ = true;
  mutator_->sections = this;
}

void CriticalSection::begin_slow() {
  if (held_outside(first_)) first_ = nullptr;
  if (second_ && held_outside(second_)) second_ = nullptr;
  if (!first_) {
    first_ = second_;
    second_ = nullptr;
  }
  take();
}

void CriticalSection::resume_outer() { sections_resume(mutator_); }

void sections_suspend(Mutator* m) {
  for (CriticalSection* s = m->sections; s && s->active_; s = s->outer_) {
    s->active_ = false;
    s->suspended_ = true;
    if (s->first_) unlock_byte(*s->first_);
    if (s->second_) unlock_byte(*s->second_);
    count(Counter::section_suspends);
  }
}

void sections_resume(Mutator* m) {
  CriticalSection* top = m->sections;
  if (!top || top->active_) return;
  top->take();
}

}  // namespace pt
