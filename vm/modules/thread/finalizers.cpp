#include "vm/modules/thread/finalizers.h"

#include <cerrno>

#include "gc/platform/futex.h"
#include "gc/platform/memory.h"
#include "gc/refcount/refcount.h"
#include "gc/sync/parking_lot.h"
#include "vm/interp/safepoint.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/thread/workers.h"
#include "vm/object/error.h"
#include "vm/object/interpreter.h"
#include "vm/object/thread.h"

namespace pt {

namespace {

constexpr int kMostFinalizers = 32;
constexpr int64_t kIdleNs = 100'000'000;         // then a finalizer ends
constexpr int64_t kLookNs = 200'000;             // between two looks of one who waits for them
constexpr int64_t kLongestAwaitNs = 1'000'000'000;  // of await_finalizers
constexpr int64_t kBlockedNs = 2'000'000;           // of that, with finalizers that wait
constexpr int64_t kLongestBlockedNs = 1'000'000'000;  // of finish_finalizers, where finalizers wait for something

// On the stack of its thread.
struct Finalizer {
  Thread* thread;
  bool at_work;  // it has taken an object
  Finalizer* next;
  // In a wait, or about to end one.
  bool is_blocked() const { return at_work && thread->state.load(std::memory_order_relaxed) == MutatorState::kDetached; }
};

constinit RawMutex g_lock;
// First come first: what is between `head` and `size` waits, each with one count.
constinit Object** g_waiting PT_GUARDED_BY(g_lock) = nullptr;
constinit uint32_t g_head PT_GUARDED_BY(g_lock) = 0;
constinit uint32_t g_size PT_GUARDED_BY(g_lock) = 0;
constinit uint32_t g_capacity PT_GUARDED_BY(g_lock) = 0;
constinit Finalizer* g_first PT_GUARDED_BY(g_lock) = nullptr;
constinit int g_count PT_GUARDED_BY(g_lock) = 0;     // of those, and the starting ones
constinit int g_starting PT_GUARDED_BY(g_lock) = 0;
constinit std::atomic<bool> g_finished{false};
constinit std::atomic<uint64_t> g_ended{0};             // how many objects were dropped
// What g_ended was when somebody gave up finalizers that waited, or ran for too long; relaxed.
constinit std::atomic<uint64_t> g_gave_up_waiting{UINT64_MAX}, g_gave_up_running{UINT64_MAX};
constinit thread_local bool tls_is_finalizer = false;

bool append(Object* o) PT_REQUIRES(g_lock) {
  if (g_head == g_size) g_head = g_size = 0;
  if (g_size == g_capacity) {
    uint32_t capacity = g_capacity ? g_capacity * 2 : 64;
    void* grown = memory::reallocate(g_waiting, capacity * sizeof(Object*));
    if (!grown) return false;
    g_waiting = static_cast<Object**>(grown);
    g_capacity = capacity;
  }
  g_waiting[g_size++] = o;
  begin_end();
  return true;
}

bool nothing_waits(void*) PT_NO_THREAD_SAFETY {
  RawGuard guard(g_lock);
  return g_head == g_size;
}

// The next object; nullptr: none came for a while, and the finalizer is forgotten.
Object* next(Finalizer& self) {
  for (;;) {
    {
      RawGuard guard(g_lock);
      self.at_work = g_head != g_size;
      if (self.at_work) return g_waiting[g_head++];
    }
    if (park(&g_waiting, nothing_waits, nullptr, kIdleNs, true, true) != ParkResult::kTimedOut) continue;
    RawGuard guard(g_lock);
    if (g_head != g_size) continue;
    Finalizer** at = &g_first;
    while (*at != &self) at = &(*at)->next;
    *at = self.next;
    --g_count;
    return nullptr;
  }
}

void finalizer_main(void* argument) {
  Finalizer self{static_cast<Thread*>(argument), false, nullptr};
  bool entered = thread_enter(self.thread);
  {
    RawGuard guard(g_lock);
    --g_starting;
    if (!entered) {
      --g_count;
      return;
    }
    self.next = g_first;
    g_first = &self;
  }
  tls_is_finalizer = true;
  while (Object* o = next(self)) {
    decref(o);
    if (!run_safepoint(self.thread)) clear_error();
    g_ended.fetch_add(1, std::memory_order_relaxed);
    end_ended();
  }
  tls_is_finalizer = false;
  thread_leave(self.thread);
}

bool start() {
  bool had_error = error_pending();
  Thread* thread = thread_create();
  if (!thread) {
    if (!had_error) clear_error();
    return false;
  }
  pthread_t handle;
  thread->apart = true;  // or what an ended thread left, and another drops now, would wait for it
  if (start_worker(finalizer_main, thread, 0, &handle) == 0) return true;
  thread_free(thread);
  return false;
}

// Whether one comes, or comes back, for what waits.
bool somebody_comes() PT_REQUIRES(g_lock) {
  if (g_starting) return true;
  for (Finalizer* f = g_first; f; f = f->next) {
    if (!f->is_blocked()) return true;
  }
  return false;
}

// Returns with the lock taken, and false if there is no finalizer at all. A finaliser that waits may wait for what another
// does, so there is one more while all wait.
bool lock_with_finalizer() PT_NO_THREAD_SAFETY {
  g_lock.lock();
  if (somebody_comes() || g_count == kMostFinalizers) return true;
  ++g_count;
  ++g_starting;
  g_lock.unlock();
  bool started = start();
  g_lock.lock();
  if (started) return true;
  --g_starting;
  return --g_count != 0;
}

// What finalizers have taken waits for something else; nothing is left for others.
bool all_blocked() PT_REQUIRES(g_lock) {
  bool found = false;
  if (g_starting || g_head != g_size) return false;
  for (Finalizer* f = g_first; f; f = f->next) {
    if (f->at_work && !f->is_blocked()) return false;
    found = found || f->at_work;
  }
  return found;
}

// Waits at most `most` nanoseconds, and `most_blocked` in which finalizers do nothing but wait. Not again for those that somebody
// gave up.
void wait_for_ends(int64_t most, int64_t most_blocked) PT_NO_THREAD_SAFETY {
  int saved_errno = errno;
  auto is_due = [](void*) { return g_ends_due.load(std::memory_order_acquire) != 0; };
  int64_t begin = monotonic_ns(), blocked_since = begin;
  uint64_t ended = g_ended.load(std::memory_order_relaxed);
  while (is_due(nullptr)) {
    g_lock.lock();
    if (g_head != g_size) {
      g_lock.unlock();
      (void)lock_with_finalizer();
    }
    bool blocked = all_blocked();
    g_lock.unlock();
    int64_t now = monotonic_ns();
    uint64_t ended_now = g_ended.load(std::memory_order_relaxed);
    if (!blocked || ended_now != ended) blocked_since = now;
    ended = ended_now;
    if (now - blocked_since >= most_blocked) g_gave_up_waiting.store(ended, std::memory_order_relaxed);
    if (now - begin >= most) g_gave_up_running.store(ended, std::memory_order_relaxed);
    if ((blocked && g_gave_up_waiting.load(std::memory_order_relaxed) == ended) ||
        g_gave_up_running.load(std::memory_order_relaxed) == ended)
      break;
    (void)park(&g_ends_due, is_due, nullptr, kLookNs, true);
  }
  errno = saved_errno;
}

}  // namespace

bool hand_over_to_finalizer(Object* o) PT_NO_THREAD_SAFETY {
  if (g_finished.load(std::memory_order_relaxed) || !in_main_interpreter()) return false;
  bool done = lock_with_finalizer() && append(o);
  g_lock.unlock();
  if (done) unpark_one(&g_waiting, nullptr, nullptr);
  return done;
}

void await_finalizers() {
  if (!tls_is_finalizer) wait_for_ends(kLongestAwaitNs, kBlockedNs);
}

void finish_finalizers() {
  wait_for_ends(INT64_MAX, kLongestBlockedNs);
  g_finished.store(true, std::memory_order_relaxed);
}

void finalizers_after_fork() PT_NO_THREAD_SAFETY {
  g_lock.reset();
  g_first = nullptr;
  g_count = g_starting = 0;
  // What other threads had taken went with them.
  g_ends_due.store(static_cast<int32_t>(g_size - g_head) + tls_is_finalizer, std::memory_order_relaxed);
  if (tls_is_finalizer) g_finished.store(true, std::memory_order_relaxed);  // it is the main thread here
}

}  // namespace pt
