#include "gc/sync/parking_lot.h"

#include <cerrno>
#include <new>

#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/sync/mutator.h"
#include "gc/sync/mutator_parts.h"

namespace pt {

namespace {

struct Waiter {
  const void* address;
  std::atomic<uint32_t>* word;  // what the thread sleeps on
  Waiter* next;
  std::atomic<bool> queued;     // cleared with the bucket locked
};

struct alignas(64) Bucket {
  RawMutex lock;
  Waiter* first PT_GUARDED_BY(lock) = nullptr;
  Waiter* last PT_GUARDED_BY(lock) = nullptr;
};

constexpr unsigned kBucketBits = 9;
constinit Bucket g_buckets[1u << kBucketBits];

// For threads without a mutator.
constinit thread_local std::atomic<uint32_t> tls_park_word{0};

constexpr uint32_t kInterruptReasons = kBreakSignal | kBreakAsync | kBreakShutdown | kBreakMerge;

Bucket& bucket_of(const void* address) {
  uint64_t hash = reinterpret_cast<uintptr_t>(address) * 0x9E3779B97F4A7C15u;
  return g_buckets[hash >> (64 - kBucketBits)];
}

void dequeue(Bucket& bucket, Waiter* waiter, Waiter* previous) PT_REQUIRES(bucket.lock) {
  (previous ? previous->next : bucket.first) = waiter->next;
  if (bucket.last == waiter) bucket.last = previous;
}

// True when the waiter was still queued, and so was not woken by anybody.
bool withdraw(Bucket& bucket, Waiter& waiter) {
  RawGuard guard(bucket.lock);
  if (!waiter.queued.load(std::memory_order_relaxed)) return false;
  Waiter* previous = nullptr;
  for (Waiter* w = bucket.first; w != &waiter; w = w->next) previous = w;
  dequeue(bucket, &waiter, previous);
  waiter.queued.store(false, std::memory_order_relaxed);
  return true;
}

bool interrupted(const Mutator* m) {
  // Pairs with Mutator::request; sequentially consistent as in detach_to_wait().
  return m && (m->breaker.load(std::memory_order_seq_cst) & kInterruptReasons);
}

// The order matters: a sleeper that reads the bumped word also sees that it is no longer queued.
void release_waiter(Waiter* waiter) {
  std::atomic<uint32_t>* word = waiter->word;
  waiter->queued.store(false, std::memory_order_release);
  word->fetch_add(1, std::memory_order_release);
}

}  // namespace

ParkResult park(const void* address, bool (*validate)(void*), void* context, int64_t timeout_ns, bool detach_thread,
                bool interruptible) {
  Mutator* m = tls_mutator;
  int64_t deadline = -1;
  if (timeout_ns >= 0) {
    int64_t now = monotonic_ns();
    if (timeout_ns < INT64_MAX - now) deadline = now + timeout_ns;  // else beyond the end of time
  }
  Bucket& bucket = bucket_of(address);
  Waiter waiter{address, m ? &m->park_word : &tls_park_word, nullptr, true};
  {
    RawGuard guard(bucket.lock);
    if (!validate(context)) return ParkResult::kInvalid;
    (bucket.last ? bucket.last->next : bucket.first) = &waiter;
    bucket.last = &waiter;
  }
  count(Counter::parks);
  int saved_errno = errno;
  bool detached = detach_thread && m && m->state.load(std::memory_order_relaxed) == MutatorState::kAttached;
  if (detached) detach(m);
  ParkResult result = ParkResult::kWoken;
  for (;;) {
    uint32_t seen = waiter.word->load(std::memory_order_acquire);  // pairs with release_waiter and interrupt_parked
    if (!waiter.queued.load(std::memory_order_acquire)) {
      // Whoever woke us may still be about to bump the word, which is not to outlive us.
      RawGuard guard(bucket.lock);
      break;
    }
    if (interruptible && interrupted(m)) {
      if (!withdraw(bucket, waiter)) break;
      result = ParkResult::kInterrupted;
      break;
    }
    if (!futex_wait(waiter.word, seen, deadline)) {
      if (!withdraw(bucket, waiter)) break;
      result = ParkResult::kTimedOut;
      break;
    }
  }
  if (detached) interruptible ? attach_after_wait(m) : attach(m);
  errno = saved_errno;
  return result;
}

void unpark_one(const void* address, void (*on_unpark)(void*, UnparkInfo), void* context) {
  Bucket& bucket = bucket_of(address);
  const void* wake = nullptr;
  {
    RawGuard guard(bucket.lock);
    Waiter* found = nullptr;
    Waiter* previous = nullptr;
    for (Waiter* w = bucket.first; w; previous = w, w = w->next) {
      if (w->address == address) {
        found = w;
        break;
      }
    }
    bool more = false;
    if (found) {
      for (Waiter* w = found->next; w && !more; w = w->next) more = w->address == address;
      dequeue(bucket, found, previous);
    }
    if (on_unpark) on_unpark(context, {found != nullptr, more});
    if (found) {
      wake = found->word;
      release_waiter(found);
    }
  }
  if (wake) {
    count(Counter::unparks);
    futex_wake(wake, 1);
  }
}

void unpark_all(const void* address) {
  Bucket& bucket = bucket_of(address);
  for (;;) {
    const void* wake[32];
    int woken = 0;
    {
      RawGuard guard(bucket.lock);
      Waiter* previous = nullptr;
      for (Waiter* w = bucket.first; w && woken < 32;) {
        Waiter* next = w->next;
        if (w->address == address) {
          dequeue(bucket, w, previous);
          wake[woken++] = w->word;
          release_waiter(w);
        } else {
          previous = w;
        }
        w = next;
      }
    }
    for (int i = 0; i < woken; ++i) futex_wake(wake[i], 1);
    count(Counter::unparks, static_cast<uint64_t>(woken));
    if (woken < 32) return;
  }
}

void interrupt_parked(Mutator* m) {
  m->park_word.fetch_add(1, std::memory_order_release);
  futex_wake(&m->park_word, 1);
}

void parking_lot_after_fork_child() {
  for (Bucket& bucket : g_buckets) new (&bucket) Bucket;
}

}  // namespace pt
