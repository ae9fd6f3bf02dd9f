#pragma once
// Mutator: what gc/ knows of a thread that runs Python code: its id, its state, its safepoint flag, its heaps.
// vm/runtime/thread.h derives the interpreter's Thread from it.
#include <atomic>
#include <cstdint>

#include "gc/platform/check.h"

namespace pt {

struct Object;
struct HeapLocal;     // gc/heap: per-thread blocks
struct QsbrLocal;     // gc/reclaim: per-thread limbo lists
struct RefcountLocal; // gc/refcount: the merge queue of an owner id
struct PendingCount;  // gc/refcount: counts of deferred objects that only this thread knows yet
class CriticalSection;

enum class MutatorState : uint32_t {
  kDetached,  // not running Python: in a blocking call. Counts as quiescent and as stopped.
  kAttached,  // running
  kStopped,   // parked at a safepoint, or kept from attaching, for a stop-the-world
  kBorrowed,  // detached, and another thread merges reference counts on its behalf; for a few instructions only
};

// Reasons in Mutator::breaker; any nonzero value sends the thread to its safepoint slow path.
inline constexpr uint32_t kBreakStop = 1;       // stop-the-world requested
inline constexpr uint32_t kBreakQsbr = 2;       // announce a quiescent state
inline constexpr uint32_t kBreakMerge = 4;      // objects wait in the merge queue
inline constexpr uint32_t kBreakCollect = 8;    // run the cycle collector
inline constexpr uint32_t kBreakSignal = 16;    // main thread: signal handlers
inline constexpr uint32_t kBreakAsync = 32;     // an asynchronous exception waits
inline constexpr uint32_t kBreakShutdown = 64;  // the runtime ends: a daemon thread must not return to Python
inline constexpr uint32_t kBreakFinalizers = 128;  // weakref callbacks or finalisers wait to be run
inline constexpr uint32_t kBreakJitInvalid = 256;  // compiled code was invalidated
inline constexpr uint32_t kBreakLetGo = 512;  // somebody waits for a lock that compiled code keeps (kLockKept)

struct Mutator {
  std::atomic<uint32_t> breaker{0};
  std::atomic<MutatorState> state{MutatorState::kDetached};
  uint16_t id = 0;                       // owner id in object headers; immutable while registered
  bool apart = false;                    // set before: the id is that of no other but of threads apart, and their objects'
  std::atomic<uint64_t> qsbr_seen{0};    // epoch last announced; 0 while detached
  HeapLocal* heap = nullptr;
  QsbrLocal* qsbr = nullptr;
  RefcountLocal* refcount = nullptr;
  PendingCount* pending_counts = nullptr;  // its own thread, or anybody with the world stopped
  Mutator* next = nullptr;               // registry list, guarded by the registry lock
  void* native_handle = nullptr;         // the vm's thread object, opaque here
  CriticalSection* sections = nullptr;   // innermost critical section; its own thread only
  std::atomic<uint32_t> park_word{0};    // bumped to wake the thread from the parking lot

  void request(uint32_t reason) { breaker.fetch_or(reason, std::memory_order_release); }
  void acknowledge(uint32_t reason) { breaker.fetch_and(~reason, std::memory_order_acquire); }
};

inline constinit thread_local Mutator* tls_mutator = nullptr;
// Owner id of the running thread; kNoOwnerId, which no object carries, when it is not registered. Kept apart so that an
// ownership test is one load.
inline constexpr uint16_t kNoOwnerId = 0xFFFF;
inline constinit thread_local uint16_t tls_owner_id = kNoOwnerId;

// False until a second mutator registers; then true for good. Flipped while only one thread is attached, so that code
// may skip atomic instructions while it reads false.
inline constinit std::atomic<bool> g_multithreaded{false};
PT_INLINE bool multithreaded() { return g_multithreaded.load(std::memory_order_relaxed); }

// Sets g_multithreaded ahead of the second registration. Attached thread; for a thread about to start its first other
// thread: saves the newcomer from stopping the world.
void announce_threads();

// Registers the calling thread (detached -> attached) and gives it an owner id, which may be that of a thread that has
// ended: the new thread then owns what that one left. False when all 65,534 ids are in use or memory is out.
[[nodiscard]] bool register_mutator(Mutator*);
// Drains the thread's queues, gives its blocks up and forgets it. The thread must be attached. `farewell` runs when the
// thread owns no object any more, so that nothing waits for it to merge counts: the moment to let those go on who wait for
// its end. It must not allocate objects.
void unregister_mutator(Mutator*, void (*farewell)() = nullptr);

// Whether objects wait in the thread's merge queue; merges them (destructors, so Python code), as safepoints do. For where a
// thread takes something that others may have told it to go on by: the code behind it may expect that what they dropped has
// ended.
PT_INLINE bool merge_is_asked(const Mutator* m) { return PT_UNLIKELY(m->breaker.load(std::memory_order_relaxed) & kBreakMerge); }
PT_COLD void merge_now(Mutator*);
PT_INLINE void merge_if_asked(Mutator* m) {
  if (merge_is_asked(m)) merge_now(m);
}

// attach() blocks while the world is stopped. detach() must not be called with object locks held other than through
// critical sections, which it suspends. Both keep errno.
void attach(Mutator*);
void detach(Mutator*);

// The same for a wait that may be long, where Python code may run: merges before and behind it what other threads have left to
// this one (destructors), so that no object's end waits with it, and ends with await_ends().
void detach_to_wait(Mutator*);
void attach_after_wait(Mutator*);

// Objects that their owner has to finalise, and another thread does that now or soon (HeapHooks::hand_over). Whoever goes on
// after the last reference went may expect that the finaliser has run, so merges and waits end with await_ends(): not for long,
// as the finaliser itself may be waiting for the caller. The vm sets g_await_ends, which keeps errno.
extern constinit std::atomic<int32_t> g_ends_due;
extern constinit void (*g_await_ends)();
inline void begin_end() { g_ends_due.fetch_add(1, std::memory_order_relaxed); }
void end_ended();
PT_INLINE void await_ends() {
  if (PT_UNLIKELY(g_ends_due.load(std::memory_order_relaxed) != 0) && g_await_ends) g_await_ends();
}

// RAII: detached around a blocking call.
class Detached {
 public:
  Detached() : mutator_(tls_mutator) { detach(mutator_); }
  ~Detached() { attach(mutator_); }
  Detached(const Detached&) = delete;
  Detached& operator=(const Detached&) = delete;

 private:
  Mutator* mutator_;
};
class DetachedToWait {
 public:
  DetachedToWait() : mutator_(tls_mutator) { detach_to_wait(mutator_); }
  ~DetachedToWait() { attach_after_wait(mutator_); }
  DetachedToWait(const DetachedToWait&) = delete;
  DetachedToWait& operator=(const DetachedToWait&) = delete;

 private:
  Mutator* mutator_;
};

// Handles kBreakStop and kBreakQsbr and kBreakMerge (may run destructors, so Python code); returns the remaining reasons for the
// caller (the vm).
uint32_t safepoint_slow(Mutator*);

// Stops all other mutators at a safepoint. Nests not. No lock may be taken while the world is stopped, and none may be
// held by the caller. Two threads that ask at once: one waits, attached-stopped, until the other is done.
class StopTheWorld {
 public:
  StopTheWorld();
  ~StopTheWorld();
  StopTheWorld(const StopTheWorld&) = delete;
  StopTheWorld& operator=(const StopTheWorld&) = delete;
};

// Locks the list of mutators for a scope that neither blocks nor runs Python code. Not while the world is stopped. An
// attached thread counts as stopped while it waits for this lock.
class RegistryGuard {
 public:
  RegistryGuard();
  ~RegistryGuard();
  RegistryGuard(const RegistryGuard&) = delete;
  RegistryGuard& operator=(const RegistryGuard&) = delete;
};

// Calls `visit` for every registered mutator; the registry is locked or the world is stopped.
void for_each_mutator(void (*visit)(Mutator*, void*), void* context);
Mutator* find_mutator(uint16_t id);  // nullptr when none; only with the registry locked or the world stopped
int mutator_count();
// Requests `reason` of the thread with the id, if there is one. False, and nothing has happened: the registry is busy. Never
// waits.
[[nodiscard]] bool try_request(uint16_t id, uint32_t reason);

// After fork(), in the child: forgets all other threads, resets locks of the registry, parking lot and QSBR. What the
// forgotten threads owned passes to whoever touches it next. fork() must be called with the world stopped by the
// forking thread, so that no thread was in the middle of a heap operation; StopTheWorld then ends in parent and child.
void mutators_after_fork_child();

}  // namespace pt
