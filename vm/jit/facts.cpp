#include "vm/jit/facts.h"

#include <atomic>
#include <cstdint>
#include <new>

#include "gc/platform/memory.h"
#include "gc/sync/mutator.h"
#include "gc/sync/object_lock.h"
#include "vm/object/dependency.h"
#include "vm/types/dict.h"

namespace pt::jit {
namespace {

constexpr uint64_t kBits = 1u << 16;
constinit std::atomic<uint64_t> g_watched[kBits / 64] = {};   // bits are only ever set

uint64_t bit_of(const Dict* dict, const Str* name) {
  uint64_t mixed = (reinterpret_cast<uintptr_t>(dict) >> 4) * 0x9E3779B97F4A7C15u ^
                   (reinterpret_cast<uintptr_t>(name) >> 4) * 0xC2B2AE3D27D4EB4Fu;
  return (mixed >> 24) % kBits;
}

void announce() {
  ++tls_fact_changes;
  if (!multithreaded()) return;
  RegistryGuard guard;
  for_each_mutator([](Mutator* m, void*) { m->request(kBreakJitInvalid); }, nullptr);
}

// How often a watch has ended, by address: two objects may share a count, and then are watched less often than they could be.
constexpr size_t kWatchCounts = 1u << 12;
constexpr uint8_t kMostWatches = 3;
constinit std::atomic<uint8_t> g_watches_ended[kWatchCounts] = {};  // relaxed: a guess will do
std::atomic<uint8_t>& watches_ended(const Object* o) {
  return g_watches_ended[((reinterpret_cast<uintptr_t>(o) >> 4) * 0x9E3779B97F4A7C15u >> 32) % kWatchCounts];
}
void end_watch(Object* o) {
  ++tls_fact_changes;
  StopTheWorld stopped;
  if (!is_watched(o)) return;  // somebody else was faster
  o->lock.fetch_and(static_cast<uint8_t>(~kLockWatched), std::memory_order_relaxed);
  std::atomic<uint8_t>& ended = watches_ended(o);
  if (uint8_t n = ended.load(std::memory_order_relaxed); n < kMostWatches) ended.store(n + 1, std::memory_order_relaxed);
  // The others come from a safepoint, where they have left their traces.
  tls_mutator->request(kBreakJitInvalid);
}

void dict_written(Dict* dict, Str* key) {
  if (!key || is_relied_on(dict, key)) announce();
}

}  // namespace

void watch_key(Dict* dict, Str* name) {
  uint64_t bit = bit_of(dict, name);
  g_watched[bit / 64].fetch_or(uint64_t{1} << (bit % 64), std::memory_order_relaxed);
  watch_table(dict);
}
void watch_table(Dict* dict) {
  // Writers look at it after they have held the lock: a write that is not announced comes before this, and the trace finds
  // what it did when it is entered.
  LockGuard guard(dict);
  dict->watchers.store(1, std::memory_order_relaxed);
}
bool is_relied_on(const Dict* dict, const Str* name) {
  uint64_t bit = bit_of(dict, name);
  return g_watched[bit / 64].load(std::memory_order_relaxed) >> (bit % 64) & 1;
}
GlobalReference reference_to(Dict* dict, Str* name, const DictPlace& place) {
  if (place.position < 0) return {dict, place.version, 0, place.entries, name};
  return {dict, place.version, reinterpret_cast<char*>(&place.field()) - reinterpret_cast<char*>(place.table), 0, name};
}
void FreeReference::operator()(GlobalReference* g) const { memory::release(g); }
OwnedReference copy_reference(const GlobalReference& g) {
  void* block = memory::allocate_metadata(sizeof g);
  return OwnedReference(block ? new (block) GlobalReference(g) : nullptr);
}
bool try_watch(Object* o) {
  if (is_watched(o)) return true;
  if (watches_ended(o).load(std::memory_order_relaxed) >= kMostWatches) return false;
  watch(o);
  return true;
}
void forbid_watch(Object* o) {
  watches_ended(o).store(kMostWatches, std::memory_order_relaxed);
  if (is_watched(o)) end_watch(o);
}
void initialise_facts() {
  g_dict_watch_hook = dict_written;
  g_facts_changed = announce;
  g_end_watch = end_watch;
}

}  // namespace pt::jit
