#include "gc/sync/reservation.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gc/platform/counters.h"
#include "gc/platform/futex.h"
#include "gc/platform/memory.h"

namespace pt {
namespace {

// A thread that has lost so many reservations works with others on the same objects.
constexpr uint32_t kMostRevoked = 16;
constexpr int kPauses = 64;

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
  tls_reservations = all && id != kNoOwnerId ? &all[id] : nullptr;
  if (!tls_reservations) return;
  tls_reservations->revoked.store(0, std::memory_order_relaxed);
  tls_reservations->off.store(kReserving, std::memory_order_relaxed);
}

uint8_t locked_from(const Object* o, uint8_t seen) {
  Reservations* mine = tls_reservations;
  bool keeps = is_own(o) && mine && mine->off.load(std::memory_order_relaxed) == kReserving;
  return (seen | kLockLocked) & static_cast<uint8_t>(keeps ? 0xFF : ~kLockReserved);
}

void revoke_reservation(Object* o, uint8_t seen) {
  if (!(seen & kLockReserved) || is_own(o)) return;
  o->lock.fetch_or(kLockSeen, std::memory_order_relaxed);
  // Acquire pairs with the release of whoever ended the ownership, who was outside then.
  ThreadId owner = o->owner.load(std::memory_order_acquire);
  Reservations* all = g_reservations.load(std::memory_order_acquire);
  if (owner == 0 || !all) return;
  Reservations& its = all[owner];
  if (its.off.load(std::memory_order_acquire) == kEnded) return;
  count(Counter::lock_revocations);
  bool last = its.revoked.fetch_add(1, std::memory_order_relaxed) + 1 >= kMostRevoked;
  if (last) its.off.store(kEnding, std::memory_order_relaxed);
  fence_everywhere();
  for (int pauses = 0; its.inside.load(std::memory_order_acquire) == o; ++pauses) {
    if (pauses < kPauses)
      cpu_pause();
    else
      sched_yield();
  }
  // Behind the fence the owner enters no more; what it may be in still counts, and is for another time.
  if (last && !its.inside.load(std::memory_order_acquire)) its.off.store(kEnded, std::memory_order_release);
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
