#pragma once
// Biased reference counts (PEP 703): the owner counts in `local`, everybody else atomically in `shared`.
// docs/refcount.md holds the table of states and transitions.
#include "gc/object/object.h"
#include "gc/refcount/ledger.h"
#include "gc/sync/mutator.h"

namespace pt {

// The object's last reference went (or a foreign thread must be told): out of line.
[[gnu::noinline]] void decref_local_zero(Object*);   // owner: local reached 0
[[gnu::noinline]] void decref_shared(Object*);  // not the owner: atomic, may queue for the owner or destroy; immortal: no-op
[[gnu::noinline]] void incref_shared(Object*);  // not the owner: atomic; immortal: no-op; counts towards escalation
[[gnu::noinline]] bool try_incref_shared(Object*);  // false when the count is zero or other threads were not announced

PT_INLINE bool owned_by_this_thread(const Object* o) { return o->owner.load(std::memory_order_relaxed) == tls_owner_id; }

PT_INLINE void incref(Object* o) {
  note_reference(o, LedgerEvent::kTake);
  if (PT_LIKELY(owned_by_this_thread(o))) {
    o->local.store(o->local.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  } else {
    incref_shared(o);
  }
}
// May run Python code (destructors).
PT_INLINE void decref(Object* o) {
  note_reference(o, LedgerEvent::kGive);
  if (PT_LIKELY(owned_by_this_thread(o))) {
    uint32_t count = o->local.load(std::memory_order_relaxed) - 1;
    o->local.store(count, std::memory_order_relaxed);
    if (PT_UNLIKELY(count == 0)) decref_local_zero(o);
  } else {
    decref_shared(o);
  }
}
[[gnu::noinline]] void decref_call(Object*);  // decref() where code size matters more
// For lock-free readers: takes a count only if the object cannot be dying. The slot it was read from must be read again
// afterwards; if it changed, give the count back.
PT_INLINE bool try_incref(Object* o) {
  note_reference(o, LedgerEvent::kTake);
  if (PT_LIKELY(owned_by_this_thread(o))) {
    o->local.store(o->local.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return true;
  }
  return try_incref_shared(o);
}

// Any value: pointers that carry a count are counted, everything else is left alone.
PT_INLINE void retain(Value v) {
  if (v.is_object()) incref(v.as_object());
}
PT_INLINE void release(Value v) {
  if (v.is_counted()) decref(v.as_object());
}
// Immortal or deferred: whoever lets it go, the object lives until this thread's next safepoint.
PT_INLINE bool lives_on(const Object* o) {
  // Acquire pairs with the release in make_deferred.
  return (o->gc_bits.load(std::memory_order_acquire) & kGcDeferred) || o->is_immortal();
}
// `v`, which somebody keeps alive for the moment, in the form a register holds it: counted by this thread's own objects,
// borrowed for immortal and deferred ones of others, whose headers are not written.
PT_INLINE Value register_copy(Value v) {
  if (!v.is_object()) return v;
  Object* o = v.as_object();
  if (PT_LIKELY(owned_by_this_thread(o))) {
    note_reference(o, LedgerEvent::kTake);
    o->local.store(o->local.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return v.untagged();
  }
  if (PT_LIKELY(lives_on(o))) return v.as_borrowed();
  note_reference(o, LedgerEvent::kTake);
  incref_shared(o);
  return v.untagged();
}
// The same without the part that needs a call. False, and nothing has happened: the object of another thread.
[[nodiscard]] PT_INLINE bool try_register_copy(Value v, Value* out) {
  if (v.is_object()) {
    Object* o = v.as_object();
    if (PT_LIKELY(owned_by_this_thread(o))) {
      note_reference(o, LedgerEvent::kTake);
      o->local.store(o->local.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    } else {
      if (PT_UNLIKELY(!lives_on(o))) return false;
      v = v.as_borrowed();
    }
  }
  *out = v;
  return true;
}
// The caller's counted reference is the only one: nobody else can reach the object, or gain a reference to it.
PT_INLINE bool only_reference(const Object* o) {
  static_assert(offsetof(Object, shared) == offsetof(Object, local) + 4 && sizeof(Object::local) == 4);
  // One load of both words: local 1, shared 0 and not announced.
  auto* words = reinterpret_cast<const uint64_t*>(o);
  return __atomic_load_n(words + offsetof(Object, local) / 8, __ATOMIC_RELAXED) == 1;
}
// The counted form of `v`: borrowed pointers gain a count, all else is returned as it is (already owned).
PT_INLINE Value promote(Value v) {
  if (v.is_borrowed()) {
    incref(v.as_object());
    return v.untagged();
  }
  return v;
}

// Announces that other threads may try-incref the object. Idempotent; cheap once done. Needed before a lock-free slot
// load or a weak reference can succeed on another thread (Field::load does it by itself when it finds it missing;
// whoever makes a weak reference must do it).
void mark_maybe_shared(Object*);
// Before the object is published: never freed, counts not written any more.
void make_immortal(Object*);
// Freed only by a collection from now on; registers may hold it borrowed. Counts one reference for the heap itself.
void make_deferred(Object*);
// The same for an object that several threads read, unless it has a finaliser. The calling thread holds a count.
void escalate(Object*);
// The state machine of decref without its consequence: true when the last reference went and the caller must destroy
// (or otherwise account for) the object.
[[nodiscard]] bool decref_without_destroy(Object*);
// Owner, local count at 0, `shared` (just read) not 0: ends the ownership; true when the object is dead.
[[nodiscard]] bool end_shared_ownership(Object*, int32_t shared);
// Dead object (its last count just went) that somebody must keep for a while: gives it one count again.
void revive(Object*);
// Ends the ownership of an object whose owner is this thread, or that nobody else runs on: the shared count, plus
// `extra`, is all that counts from now on. Returns the count; at 0 the caller destroys it.
int64_t merge_counts(Object*, int64_t extra);
// A thread's shared increments of one object after which the object is made deferred (sampled, so roughly), unless it
// has a finaliser or weak references. 0: never.
void set_escalation_threshold(uint32_t increments);

// For sys.getrefcount and the verifier: local plus shared, a snapshot.
int64_t reference_count(const Object*);

}  // namespace pt
