// _thread.lock and _thread.RLock.
#include "vm/modules/support/time_conversion.h"
#include "vm/modules/thread/locks.h"

#include <cstdio>

#include "gc/sync/parking_lot.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/leaf_forms.h"
#include "vm/object/names.h"
#include "vm/object/thread.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {

bool ThreadLock::try_acquire() {
  uint8_t seen = state_.load(std::memory_order_relaxed);
  while (!(seen & kHeld)) {
    // Pairs with the release in release().
    if (state_.compare_exchange_weak(seen, seen | kHeld, std::memory_order_acquire, std::memory_order_relaxed)) return true;
  }
  return false;
}

Acquire ThreadLock::acquire(int64_t timeout_ns, bool interruptible) {
  if (try_acquire()) return Acquire::kTaken;
  int64_t deadline = timeout_ns < 0 ? 0 : deadline_after(timeout_ns);
  for (;;) {
    int64_t wait = -1;
    if (timeout_ns >= 0) {
      wait = deadline - monotonic_ns();
      if (wait <= 0) return try_acquire() ? Acquire::kTaken : Acquire::kBusy;
    }
    auto still_held = [](void* context) {
      auto* state = static_cast<std::atomic<uint8_t>*>(context);
      uint8_t seen = state->load(std::memory_order_relaxed);
      while (seen & kHeld) {
        if ((seen & kWaiters) || state->compare_exchange_weak(seen, seen | kWaiters, std::memory_order_relaxed)) return true;
      }
      return false;
    };
    ParkResult result = park(&state_, still_held, &state_, wait, true, interruptible);
    if (try_acquire()) return Acquire::kTaken;
    if (result == ParkResult::kInterrupted) return Acquire::kInterrupted;
    if (result == ParkResult::kTimedOut) return Acquire::kBusy;
  }
}

bool ThreadLock::release() {
  uint8_t seen = state_.load(std::memory_order_relaxed);
  for (;;) {
    if (!(seen & kHeld)) return false;
    if (seen & kWaiters) break;
    if (state_.compare_exchange_weak(seen, 0, std::memory_order_release, std::memory_order_relaxed)) return true;
  }
  unpark_one(
      &state_,
      [](void* context, UnparkInfo info) {
        static_cast<std::atomic<uint8_t>*>(context)->store(info.more_waiters ? kWaiters : 0, std::memory_order_release);
      },
      &state_);
  return true;
}

bool acquire_with_signals(ThreadLock& lock, int64_t timeout_ns, bool* timed_out) {
  *timed_out = false;
  int64_t deadline = timeout_ns < 0 ? 0 : deadline_after(timeout_ns);
  for (;;) {
    int64_t wait = timeout_ns < 0 ? -1 : deadline - monotonic_ns();
    if (timeout_ns >= 0 && wait < 0) wait = 0;
    Acquire result = lock.acquire(wait, true);
    if (result == Acquire::kTaken) return true;
    if (result == Acquire::kBusy) {
      *timed_out = true;
      return false;
    }
    if (!run_signal_handlers()) return false;
    if (current_thread()->breaker.load(std::memory_order_relaxed) & (kBreakAsync | kBreakShutdown)) {
      // Handled at the safepoint after the call; do not spin here meanwhile.
      result = lock.acquire(wait, false);
      if (result == Acquire::kTaken) return true;
      *timed_out = true;
      return false;
    }
  }
}

namespace {

// blocking=True, timeout=-1 as nanoseconds; negative: for ever.
bool lock_timeout(Value blocking_flag, Value timeout, int64_t* out) {
  bool blocks = true;
  if (!to_flag(blocking_flag, &blocks)) return false;
  int64_t ns = -kNanosecondsPerSecond;
  if (!timeout.empty() && !seconds_to_ns(timeout, kTimeoutRounding, &ns)) return false;
  bool unset = timeout.empty() || ns == -kNanosecondsPerSecond;
  if (!blocks && !unset) return raise(exc::ValueError, "can't specify a timeout for a non-blocking call");
  if (ns < 0 && !unset) return raise(exc::ValueError, "timeout value must be positive");
  *out = !blocks ? 0 : unset ? -1 : ns;
  return true;
}

LockObject* as_lock(Value v) { return reinterpret_cast<LockObject*>(v.as_object()); }
RLockObject* as_rlock(Value v) { return reinterpret_cast<RLockObject*>(v.as_object()); }
uint64_t own_ident() { return current_thread()->ident; }

Ref<> acquire_result(ThreadLock& lock, int64_t timeout, bool* taken) {
  merge_if_asked(current_thread());
  *taken = true;
  if (lock.try_acquire()) return bool_ref(true);
  *taken = false;
  if (timeout == 0) return bool_ref(false);
  bool timed_out;
  if (acquire_with_signals(lock, timeout, &timed_out)) {
    *taken = true;
    return bool_ref(true);
  }
  return timed_out ? bool_ref(false) : Ref<>();
}

Ref<> lock_acquire(const Value* a) {
  int64_t timeout;
  bool taken;
  if (a[1].empty() && a[2].empty())
    timeout = -1;
  else if (!lock_timeout(a[1], a[2], &timeout))
    return Ref<>();
  return acquire_result(as_lock(a[0])->lock, timeout, &taken);
}
Ref<> lock_release(const Value* a) {
  if (!as_lock(a[0])->lock.release()) return raise(exc::RuntimeError, "release unlocked lock");
  return none_ref();
}
Ref<> lock_exit(const Value* a) { return lock_release(a); }
Ref<> lock_acquire_leaf(const Value* a) {
  bool plain = a[1].empty() && a[2].empty() && !merge_is_asked(current_thread());
  return plain && as_lock(a[0])->lock.try_acquire() ? bool_ref(true) : Ref<>();
}
Ref<> lock_release_leaf(const Value* a) { return as_lock(a[0])->lock.release() ? none_ref() : Ref<>(); }
Ref<> lock_locked(const Value* a) { return bool_ref(as_lock(a[0])->lock.held()); }
Ref<> lock_at_fork_reinit(const Value* a) {
  as_lock(a[0])->lock.reset();
  return none_ref();
}
Ref<> lock_repr(Value self) {
  char buffer[100];
  std::snprintf(buffer, sizeof buffer, "<%s _thread.lock object at %p>", as_lock(self)->lock.held() ? "locked" : "unlocked",
                static_cast<void*>(self.as_object()));
  return str_from_ascii(buffer);
}

const NativeDef kLockMethods[] = {
    {"acquire_lock", "($self, blocking=True, timeout=-1)", lock_acquire},
    {"acquire", "($self, blocking=True, timeout=-1)", lock_acquire,
     "acquire(blocking=True, timeout=-1) -> bool\n(acquire_lock() is an obsolete synonym)\n\nLock the lock."},
    {"release_lock", "($self, /)", lock_release},
    {"release", "($self, /)", lock_release,
     "Release the lock, allowing another thread that is blocked waiting for\nthe lock to acquire the lock."},
    {"locked_lock", "($self, /)", lock_locked},
    {"locked", "($self, /)", lock_locked, "Return whether the lock is in the locked state."},
    {"__enter__", "($self, blocking=True, timeout=-1)", lock_acquire},
    {"__exit__", "($self, type=None, value=None, traceback=None, /)", lock_exit},
    {"_at_fork_reinit", "($self, /)", lock_at_fork_reinit},
    {},
};

// ---- RLock -----------------------------------------------------------------------------------------------------------

Ref<> rlock_construct(Type* type, const Args& args) {
  (void)args;
  Ref<RLockObject> lock = allocate<RLockObject>(type);
  return lock;
}

Ref<> rlock_acquire_leaf(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  if (!a[1].empty() || !a[2].empty()) return Ref<>();
  if (self->owner.load(std::memory_order_relaxed) == own_ident()) {
    ++self->count;
    return bool_ref(true);
  }
  if (merge_is_asked(current_thread()) || !self->lock.try_acquire()) return Ref<>();
  self->owner.store(own_ident(), std::memory_order_relaxed);
  self->count = 1;
  return bool_ref(true);
}
Ref<> rlock_acquire(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  int64_t timeout;
  if (a[1].empty() && a[2].empty())
    timeout = -1;
  else if (!lock_timeout(a[1], a[2], &timeout))
    return Ref<>();
  if (self->owner.load(std::memory_order_relaxed) == own_ident()) {
    ++self->count;
    return bool_ref(true);
  }
  bool taken;
  Ref<> result = acquire_result(self->lock, timeout, &taken);
  if (taken) {
    self->owner.store(own_ident(), std::memory_order_relaxed);
    self->count = 1;
  }
  return result;
}
Ref<> rlock_release(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  if (self->owner.load(std::memory_order_relaxed) != own_ident() || self->count == 0) {
    return raise(exc::RuntimeError, "cannot release un-acquired lock");
  }
  if (--self->count == 0) {
    self->owner.store(0, std::memory_order_relaxed);
    self->lock.release();
  }
  return none_ref();
}
Ref<> rlock_release_leaf(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  bool own = self->owner.load(std::memory_order_relaxed) == own_ident() && self->count;
  return own ? rlock_release(a) : Ref<>();
}
Ref<> rlock_is_owned(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  return bool_ref(self->owner.load(std::memory_order_relaxed) == own_ident());
}
Ref<> rlock_acquire_restore(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  if (!is_tuple(a[1]) || as_tuple(a[1])->length != 2) {
    return raise(exc::TypeError, "_acquire_restore() argument 1 must be 2-item sequence, not %T", a[1]);
  }
  int64_t count;
  uint64_t owner;
  if (!to_int64(as_tuple(a[1])->at(0), &count) || !to_culong(as_tuple(a[1])->at(1), &owner)) return Ref<>();
  if (!self->lock.try_acquire()) {
    // A condition variable must get its lock back, whatever comes in between.
    while (self->lock.acquire(-1, false) != Acquire::kTaken) {
    }
  }
  self->owner.store(owner, std::memory_order_relaxed);
  self->count = count;
  return none_ref();
}
Ref<> rlock_release_save(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  if (self->owner.load(std::memory_order_relaxed) != own_ident()) {
    return raise(exc::RuntimeError, "cannot release un-acquired lock");
  }
  Ref<> count = int_from_int64(self->count), owner = int_from_uint64(own_ident());
  Ref<Tuple> state = tuple_of({count.value(), owner.value()});
  if (!state) return Ref<>();
  self->count = 0;
  self->owner.store(0, std::memory_order_relaxed);
  self->lock.release();
  return state;
}
Ref<> rlock_at_fork_reinit(const Value* a) {
  RLockObject* self = as_rlock(a[0]);
  self->lock.reset();
  self->owner.store(0, std::memory_order_relaxed);
  self->count = 0;
  return none_ref();
}
Ref<> rlock_repr(Value v) {
  RLockObject* self = as_rlock(v);
  char numbers[120];
  uint64_t owner = self->owner.load(std::memory_order_relaxed);
  std::snprintf(numbers, sizeof numbers, "object owner=%lu count=%ld at %p", static_cast<unsigned long>(owner),
                static_cast<long>(owner ? self->count : 0), static_cast<void*>(self));
  const char* state = self->lock.held() ? "locked" : "unlocked";
  if (type_of(v) == &rlock_type) return str_format("<%s _thread.RLock %s>", state, numbers);
  Ref<> module_name = get_attribute(Value::object(type_of(v)), names::module.str());
  if (!module_name) return Ref<>();
  return str_format("<%s %V.%T %s>", state, module_name.value(), v, numbers);
}

const NativeDef kRLockMethods[] = {
    {"acquire", "($self, blocking=True, timeout=-1)", rlock_acquire, "Lock the lock."},
    {"release", "($self, /)", rlock_release, "Release the lock."},
    {"_is_owned", "($self, /)", rlock_is_owned},
    {"_acquire_restore", "($self, state, /)", rlock_acquire_restore},
    {"_release_save", "($self, /)", rlock_release_save},
    {"_at_fork_reinit", "($self, /)", rlock_at_fork_reinit},
    {"__enter__", "($self, blocking=True, timeout=-1)", rlock_acquire},
    {"__exit__", "($self, type=None, value=None, traceback=None, /)", rlock_release},
    {},
};

}  // namespace

void add_lock_leaf_forms() {
  static constexpr LeafForm kForms[] = {{lock_acquire, lock_acquire_leaf},
                                        {lock_release, lock_release_leaf},
                                        {lock_exit, lock_release_leaf},
                                        {rlock_acquire, rlock_acquire_leaf},
                                        {rlock_release, rlock_release_leaf}};
  static constinit LeafForms forms{kForms, std::size(kForms)};
  add_leaf_forms(&forms);
}

namespace {
constinit std::atomic<uint64_t> g_fork_generation{0}, g_fork_survivor{0};
}
void note_fork(uint64_t survivor) {
  g_fork_survivor.store(survivor, std::memory_order_relaxed);
  g_fork_generation.fetch_add(1, std::memory_order_relaxed);
}
uint64_t fork_generation() { return g_fork_generation.load(std::memory_order_relaxed); }
uint64_t fork_survivor() { return g_fork_survivor.load(std::memory_order_relaxed); }

Ref<> lock_new() { return allocate<LockObject>(&lock_type); }

constinit Type lock_type, rlock_type;
const TypeSpec lock_spec = {
    .name = "_thread.lock",
    .size = sizeof(LockObject),
    .flags = kTypeNoInstantiate | kTypeWeakrefs,
    .slots = {.repr = lock_repr},
    .methods = kLockMethods,
    .doc = "A lock object is a synchronization primitive.  To create a lock,\ncall threading.Lock().",
};
const TypeSpec rlock_spec = {
    .name = "_thread.RLock",
    .size = sizeof(RLockObject),
    .flags = kTypeBase | kTypeWeakrefs,
    .slots = {.repr = rlock_repr, .construct = rlock_construct},
    .methods = kRLockMethods,
};

}  // namespace pt
