#pragma once
// Critical sections (PEP 703): the locks of one or two objects, held for a scope that may block or run Python code.
// Whenever the thread detaches (blocks, waits for another lock) all its sections are suspended: their locks are given
// up. The innermost one is taken again before the thread goes on, an outer one when its inner one ends. So a section is
// atomic except across calls that may detach; code after such a call reads the object's state anew.
//
// What ends a section: its scope. What suspends it: detach, a contended lock_byte or CriticalSection, park(detach).
// What does not: safepoints and stop-the-world.
#include "gc/object/object.h"
#include "gc/sync/object_lock.h"

namespace pt {

// Attached thread. Lives on the stack; scopes nest.
class CriticalSection {
 public:
  explicit CriticalSection(Object* o) { begin(&o->lock, nullptr); }
  CriticalSection(Object* a, Object* b) {
    if (a > b) {
      Object* t = a;
      a = b;
      b = t;
    }
    begin(&a->lock, a == b ? nullptr : &b->lock);
  }
  // A lock byte outside of objects.
  explicit CriticalSection(std::atomic<uint8_t>& lock) { begin(&lock, nullptr); }
  ~CriticalSection() { end(); }
  CriticalSection(const CriticalSection&) = delete;
  CriticalSection& operator=(const CriticalSection&) = delete;

  // True once the section was suspended: what was read before may be stale. Resets.
  bool was_suspended() {
    bool suspended = suspended_;
    suspended_ = false;
    return suspended;
  }

 private:
  friend void sections_suspend(Mutator*);
  friend void sections_resume(Mutator*);

  void begin(std::atomic<uint8_t>* first, std::atomic<uint8_t>* second) {
    mutator_ = tls_mutator;
    first_ = first;
    second_ = second;
    outer_ = mutator_->sections;
    if (PT_LIKELY(!(first->load(std::memory_order_relaxed) & kLockLocked) && !second)) {
      lock_byte(*first);
      active_ = true;
      mutator_->sections = this;
    } else {
      begin_slow();
    }
  }
  void end() {
    PT_ASSERT(mutator_->sections == this && active_);
    mutator_->sections = outer_;
    if (PT_LIKELY(first_)) unlock_byte(*first_);
    if (second_) unlock_byte(*second_);
    if (PT_UNLIKELY(outer_ && !outer_->active_)) resume_outer();
  }
  PT_COLD void begin_slow();
  PT_COLD void resume_outer();
  void take();
  // True when an active outer section of this thread holds the lock already.
  bool held_outside(const std::atomic<uint8_t>* lock) const;

  Mutator* mutator_;
  CriticalSection* outer_;
  std::atomic<uint8_t>* first_;   // nullptr: an outer section holds it
  std::atomic<uint8_t>* second_;  // nullptr: none, or an outer section holds it
  bool active_ = false;
  bool suspended_ = false;
};

}  // namespace pt
