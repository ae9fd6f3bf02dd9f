#include "gc/refcount/ledger.h"

#include <atomic>
#include <cinttypes>
#include <cstdio>

#include "gc/platform/memory.h"
#include "gc/sync/mutator.h"

namespace pt {

#ifdef PT_ENABLE_VERIFY

constinit bool g_ledger_on = false;

namespace {

constexpr uint64_t kEntries = uint64_t{1} << 20;

struct Entry {
  std::atomic<const Object*> object;
  std::atomic<uint64_t> place;   // code address, event in the top byte
  std::atomic<uint64_t> number;  // sequence number, owner id of the thread in the top 16 bits
};

constinit Entry* g_entries = nullptr;
constinit std::atomic<uint64_t> g_next{0};

const char* name_of(uint64_t event) {
  static constexpr const char* kNames[] = {"new", "take", "give", "merge", "free"};
  return event < 5 ? kNames[event] : "?";
}

}  // namespace

void ledger_note(const Object* o, LedgerEvent event) {
  uint64_t number = g_next.fetch_add(1, std::memory_order_relaxed);
  Entry& entry = g_entries[number % kEntries];
  auto place = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  entry.object.store(o, std::memory_order_relaxed);
  entry.place.store((place & 0x00FFFFFFFFFFFFFFu) | uint64_t{static_cast<uint8_t>(event)} << 56, std::memory_order_relaxed);
  entry.number.store((number & 0x0000FFFFFFFFFFFFu) | uint64_t{tls_owner_id} << 48, std::memory_order_relaxed);
}

bool ledger_start() {
  if (!g_entries) g_entries = static_cast<Entry*>(memory::allocate_zeroed(kEntries * sizeof(Entry)));
  g_ledger_on = g_entries != nullptr;
  return g_ledger_on;
}

void ledger_stop() { g_ledger_on = false; }

int ledger_print(const Object* o) {
  if (!g_entries) return 0;
  uint64_t end = g_next.load(std::memory_order_relaxed);
  uint64_t begin = end > kEntries ? end - kEntries : 0;
  uint64_t first = begin;
  auto is = [o](const Entry& e) { return e.object.load(std::memory_order_relaxed) == o; };
  for (uint64_t i = begin; i < end; ++i) {
    const Entry& e = g_entries[i % kEntries];
    if (is(e) && e.place.load(std::memory_order_relaxed) >> 56 == 0) first = i;
  }
  int printed = 0;
  for (uint64_t i = first; i < end; ++i) {
    const Entry& e = g_entries[i % kEntries];
    if (!is(e)) continue;
    uint64_t place = e.place.load(std::memory_order_relaxed);
    uint64_t number = e.number.load(std::memory_order_relaxed);
    std::fprintf(stderr, "  #%" PRIu64 " thread %u %-5s 0x%" PRIx64 "\n", number & 0x0000FFFFFFFFFFFFu,
                 static_cast<unsigned>(number >> 48), name_of(place >> 56), place & 0x00FFFFFFFFFFFFFFu);
    ++printed;
  }
  return printed;
}

#else

bool ledger_start() { return false; }
void ledger_stop() {}
int ledger_print(const Object*) { return 0; }

#endif

}  // namespace pt
