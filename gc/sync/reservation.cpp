#include "gc/sync/reservation.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/platform/memory.h"

namespace pt {
namespace {

// A thread that loses so many reservations in that time works with others on the same objects. A first visit costs microseconds.
constexpr uint32_t kMostRevoked = 16;
constexpr int64_t kWindow = 100'000'000;
constexpr int kPauses = 64;
constexpr uint32_t kPhaseBits = Reservations::kPhaseBits, kNextOwner = kPhaseBits + 1;

constinit std::atomic<Reservations*> g_reservations{nullptr};  // by owner id

bool membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0) == 0; }
// Whatever a thread of this process does is before it or behind it.
void fence_everywhere() {
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  // A forked child has to register anew.
  PT_CHECK(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
}
bool is_own(const Object* o) { return o->owner.load(std::memory_order_relaxed) == tls_owner_id; }

}  // namespace

void reservations_start() {
  if (g_reservations.load(std::memory_order_relaxed) || !membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)) return;
  void* region = memory::reserve(size_t{kNoOwnerId} * sizeof(Reservations));
  g_reservations.store(static_cast<Reservations*>(region), std::memory_order_release);
}

void reservations_join(ThreadId id) {
  Reservations* all = g_reservations.load(std::memory_order_acquire);
  if (!all) return;
  Reservations& mine = all[id];
  mine.revoked.store(0, std::memory_order_relaxed);
  mine.since.store(monotonic_ns(), std::memory_order_relaxed);
  mine.state.store((mine.state.load(std::memory_order_relaxed) & ~kPhaseBits) + kNextOwner + kReserving,
                   std::memory_order_relaxed);
  // Pairs with the fence in revoke_reservation: who has found the id's last owner outside has taken its lock before, as this
  // thread sees from here on.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  tls_reservations = &mine;
}

void reservations_leave() {
  Reservations* mine = std::exchange(tls_reservations, nullptr);
  if (!mine) return;
  // Release: what it did inside comes before what anybody does who finds it outside.
  mine->state.store((mine->state.load(std::memory_order_relaxed) & ~kPhaseBits) | kEnded, std::memory_order_release);
}

void reservations_resume() {
  Reservations* mine = tls_reservations;
  if (mine && (!mine->is_outside() || monotonic_ns() - mine->since.load(std::memory_order_relaxed) < kWindow)) return;
  reservations_leave();
  if (tls_owner_id && tls_owner_id != kNoOwnerId) reservations_join(tls_owner_id);
}

uint8_t locked_from(const Object* o, uint8_t seen) {
  Reservations* mine = tls_reservations;
  bool keeps = is_own(o) && mine && mine->phase() == kReserving;
  return (seen | kLockLocked) & static_cast<uint8_t>(keeps ? 0xFF : ~kLockReserved);
}

void revoke_reservation(Object* o) {
  if (is_own(o)) return;
  o->lock.fetch_or(kLockSeen, std::memory_order_relaxed);
  // Acquire pairs with the release of whoever ended the ownership, who was outside then.
  ThreadId owner = o->owner.load(std::memory_order_acquire);
  Reservations* all = g_reservations.load(std::memory_order_acquire);
  if (owner == 0 || !all) return;
  Reservations& its = all[owner];
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with the one in reservations_join
  uint32_t state = its.state.load(std::memory_order_acquire);
  if ((state & kPhaseBits) == kEnded) return;
  count(Counter::lock_revocations);
  if (int64_t now = monotonic_ns(); now - its.since.load(std::memory_order_relaxed) >= kWindow) {
    its.since.store(now, std::memory_order_relaxed);
    its.revoked.store(0, std::memory_order_relaxed);
  }
  bool last = its.revoked.fetch_add(1, std::memory_order_relaxed) + 1 >= kMostRevoked;
  if (last && (state & kPhaseBits) == kReserving &&
      its.state.compare_exchange_strong(state, state | kEnding, std::memory_order_relaxed)) {
    state |= kEnding;
  }
  fence_everywhere();
  // If it begins anew meanwhile, it finds that this object is locked.
  const uint64_t claims = its.claims.load(std::memory_order_acquire);
  for (int pauses = 0;; ++pauses) {
    bool claimed = (claims & 1) && its.claims.load(std::memory_order_acquire) == claims;
    if (!claimed && its.inside.load(std::memory_order_acquire) != o) break;
    // Compiled code may be kept from its next safepoint by others that it waits for, so it is asked more than once.
    if (claimed && pauses % kPauses == 0) (void)try_request(owner, kBreakLetGo);
    if (pauses < kPauses)
      cpu_pause();
    else
      sched_yield();
  }
  // It was to end before the fence, so this owner enters no more; what it may be in still counts, and is for another time.
  if ((state & kPhaseBits) == kEnding && its.is_outside()) {
    uint32_t ended = (state & ~kPhaseBits) | kEnded;
    (void)its.state.compare_exchange_strong(state, ended, std::memory_order_release, std::memory_order_relaxed);
  }
}

void reservation_becomes_lock() {
  Reservations* mine = tls_reservations;
  auto* o = mine ? const_cast<Object*>(mine->inside.load(std::memory_order_relaxed)) : nullptr;
  if (!o) return;
  uint8_t seen = kLockReserved;
  // If not, somebody has it and waits until we leave.
  if (o->lock.compare_exchange_strong(seen, kLockLocked, std::memory_order_acquire, std::memory_order_relaxed))
    mine->inside.store(nullptr, std::memory_order_release);
}

}  // namespace pt
