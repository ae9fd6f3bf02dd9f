// The table of interned strings: open addressing over atomic slots. Lookups take no lock; insertions hold the table's
// lock byte. Interned strings are immortal, so a slot never changes once it is set; a table that has been outgrown is
// kept until readers have passed a grace period.
#include <sys/random.h>

#include <ctime>

#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "gc/sync/object_lock.h"
#include "vm/object/error.h"
#include "vm/types/bytes.h"
#include "vm/types/siphash.h"
#include "vm/types/str_data.h"

namespace pt {

constinit HashKey g_hash_key = {};

namespace {

struct InternTable {
  size_t mask;
  std::atomic<Str*> slots[];
  static size_t bytes(size_t size) { return sizeof(InternTable) + size * sizeof(std::atomic<Str*>); }
};

constinit std::atomic<InternTable*> g_table{nullptr};  // replaced with the lock held
constinit std::atomic<uint8_t> g_lock{0};
constinit size_t g_count = 0;                          // guarded by g_lock

class TableLock {
 public:
  TableLock() { lock_byte(g_lock); }
  ~TableLock() { unlock_byte(g_lock); }
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;
};

InternTable* new_table(size_t size) {
  auto* table = static_cast<InternTable*>(memory::allocate_zeroed(InternTable::bytes(size)));
  if (table) table->mask = size - 1;
  return table;
}

// The slot that holds the text, or the free one where it would go.
template <class Same>
std::atomic<Str*>& probe(InternTable* table, int64_t hash, Same same) {
  size_t i = static_cast<size_t>(hash) & table->mask;
  for (;;) {
    Str* s = table->slots[i].load(std::memory_order_acquire);  // pairs with the release in insert
    if (!s || same(s)) return table->slots[i];
    i = (i + 1) & table->mask;
  }
}

// With the lock held.
bool make_room() {
  InternTable* old = g_table.load(std::memory_order_relaxed);
  if (old && (g_count + 1) * 2 <= old->mask + 1) return true;
  size_t size = old ? (old->mask + 1) * 2 : 4096;
  InternTable* table = new_table(size);
  if (!table) return old && (g_count + 1) * 8 <= (old->mask + 1) * 7;  // slower, but it works
  if (old) {
    for (size_t i = 0; i <= old->mask; i++) {
      Str* s = old->slots[i].load(std::memory_order_relaxed);
      if (!s) continue;
      probe(table, str_hash(s), [](Str*) { return false; }).store(s, std::memory_order_relaxed);
    }
  }
  g_table.store(table, std::memory_order_release);  // pairs with the acquire in find
  if (old) retire_buffer(old, InternTable::bytes(old->mask + 1));
  return true;
}

bool same_text(const Str* a, const Str* b) { return a->hash.load(std::memory_order_relaxed) == str_hash(b) && str_equal(a, b); }

// Immortality may only be given to a string that no other thread counts.
bool only_ours(Str* s) {
  return is_exact_str(Value::object(s)) &&
         (s->is_immortal() || (owned_by_this_thread(s) && s->shared.load(std::memory_order_relaxed) == 0));
}

}  // namespace

Str* intern(Ref<Str> s) {
  if (!s) return nullptr;
  if (is_interned(s.get())) return s.get();
  str_hash(s.get());
  auto same = [&](Str* other) { return same_text(other, s.get()); };
  if (InternTable* table = g_table.load(std::memory_order_acquire)) {
    if (Str* found = probe(table, str_hash(s.get()), same).load(std::memory_order_acquire)) return found;
  }
  if (!only_ours(s.get())) {
    Ref<Str> copy = str_allocate(s->length, max_class(s.get()));
    if (!copy) return nullptr;
    copy_code_points(copy.get(), 0, s.get(), 0, s->length);
    str_hash(copy.get());
    s = std::move(copy);
  }
  Str* result = nullptr;
  {
    TableLock lock;
    if (make_room()) {
      std::atomic<Str*>& slot = probe(g_table.load(std::memory_order_relaxed), str_hash(s.get()), same);
      result = slot.load(std::memory_order_relaxed);
      if (!result) {
        result = s.get();
        if (!result->is_immortal()) make_immortal(result);
        result->interned.store(1, std::memory_order_release);  // pairs with the acquire in is_interned
        slot.store(result, std::memory_order_release);         // pairs with the acquire in probe
        g_count++;
      }
    }
  }
  if (!result) (void)raise_no_memory();
  if (result == s.get()) (void)s.take();
  return result;
}

namespace {
Str* find_ascii(std::string_view text) {
  int64_t hash = hash_bytes(text.data(), text.size());
  InternTable* table = g_table.load(std::memory_order_acquire);
  if (!table) return nullptr;
  return probe(table, hash,
               [&](Str* other) { return other->hash.load(std::memory_order_relaxed) == hash && other->equals_ascii(text); })
      .load(std::memory_order_acquire);
}
}  // namespace

Str* intern_ascii(std::string_view text) {
  Str* found = find_ascii(text);
  return found ? found : intern(str_from_ascii(text));
}

// Literals are asked for where a failure could not be told, with an exception pending too.
Str* intern(const char* ascii) {
  std::string_view text(ascii);
  if (Str* found = find_ascii(text)) return found;
  return intern(str_permanent(text));
}

Str* Name::resolve() const {
  Str* s = intern(text_);
  PT_CHECK(s);
  str_.store(s, std::memory_order_release);
  return s;
}

void init_static_strings();

bool str_init(const char* seed) {
  if (!seed || !*seed || std::string_view(seed) == "random") {
    if (getrandom(&g_hash_key, sizeof g_hash_key, GRND_NONBLOCK) != sizeof g_hash_key) {
      g_hash_key = {reinterpret_cast<uintptr_t>(&seed) * 0x9E3779B97F4A7C15u, static_cast<uint64_t>(clock())};
    }
  } else {
    uint64_t number = 0;
    for (const char* p = seed; *p; p++) {
      if (*p < '0' || *p > '9') return false;
      number = number * 10 + static_cast<uint64_t>(*p - '0');
      if (number > UINT32_MAX) return false;
    }
    // The linear congruential generator that CPython expands a seed with, so that equal seeds give equal hashes.
    uint8_t key[16] = {};
    if (number != 0) {
      uint32_t x = static_cast<uint32_t>(number);
      for (uint8_t& byte : key) {
        x = x * 214013 + 2531011;
        byte = static_cast<uint8_t>(x >> 16);
      }
    }
    memcpy(&g_hash_key, key, sizeof key);
  }
  init_static_strings();
  bytes_init();
  return true;
}

}  // namespace pt
