// Dict tables: storage, probing and the lookups with and without the lock.
#include "vm/types/dict_table.h"

#include <cstring>

#include "gc/platform/buffers.h"
#include "gc/reclaim/qsbr.h"

namespace pt {

namespace {

struct EmptyTable {
  DictTable table;
  int8_t index[8];
};
constinit EmptyTable g_empty_table{{0, 3, true, 0, 0, 0, 0, 0}, {-1, -1, -1, -1, -1, -1, -1, -1}};
constinit std::atomic<uint32_t> g_last_version{0};

size_t table_bytes(uint8_t log2_index_bytes, int64_t capacity) {
  return memory::buffer_size(sizeof(DictTable) + (size_t{1} << log2_index_bytes) +
                             static_cast<size_t>(capacity) * sizeof(DictEntry));
}

uint8_t index_log2_bytes(uint8_t log2_size) {
  if (log2_size <= 3) return 3;
  if (log2_size <= 7) return log2_size;
  if (log2_size <= 15) return static_cast<uint8_t>(log2_size + 1);
  return static_cast<uint8_t>(log2_size + (log2_size <= 31 ? 2 : 3));
}

// In the place of a deleted entry, if the key's chain comes by one: chains do not grow where keys come and go.
template <class Slot>
PT_INLINE void index_insert(DictTable* t, int64_t hash, int64_t position) {
  const DictEntry* entries = t->entries();
  auto* slots = reinterpret_cast<Slot*>(t->index());
  uint64_t mask = (uint64_t{1} << t->log2_size) - 1;
  uint64_t perturb = static_cast<uint64_t>(hash);
  uint64_t i = perturb & mask;
  while (slots[i] >= 0 && !entries[slots[i]].key.peek().empty()) {
    perturb >>= 5;
    i = (i * 5 + perturb + 1) & mask;
  }
  __atomic_store_n(&slots[i], static_cast<Slot>(position), __ATOMIC_RELEASE);  // pairs with index_load
}

template <class Slot>
void index_entries(DictTable* t, int64_t count) {
  DictEntry* entries = t->entries();
  auto* slots = reinterpret_cast<Slot*>(t->index());
  uint64_t mask = (uint64_t{1} << t->log2_size) - 1;
  for (int64_t n = 0; n < count; ++n) {
    uint64_t perturb = static_cast<uint64_t>(entries[n].hash);
    uint64_t i = perturb & mask;
    while (slots[i] >= 0) {
      perturb >>= 5;
      i = (i * 5 + perturb + 1) & mask;
    }
    slots[i] = static_cast<Slot>(n);
  }
}

void release_str_key(void* o) { decref(static_cast<Object*>(o)); }

void release_table_of_str(void* block) {
  auto* t = static_cast<DictTable*>(block);
  DictEntry* entries = t->entries();
  for (int64_t i = 0, n = t->entry_count.load(std::memory_order_relaxed); i < n; ++i) release(entries[i].key.peek());
  memory::release(t);
}

}  // namespace

constinit void (*g_dict_watch_hook)(Dict*, Str* key) = nullptr;
DictTable* const kEmptyDictTable = &g_empty_table.table;

size_t dict_table_bytes(const DictTable* t) { return table_bytes(t->log2_index_bytes, t->capacity); }

uint8_t dict_log2_for(int64_t entries) {
  uint8_t log2_size = kMinDictLog2;
  while (log2_size < 58 && dict_table_capacity(log2_size) < entries) ++log2_size;
  return log2_size;
}

uint32_t dict_table_version(DictTable* t) {
  uint32_t version = t->version.load(std::memory_order_relaxed);
  if (version || t == kEmptyDictTable) return version;
  uint32_t last = g_last_version.load(std::memory_order_relaxed);
  do {
    if (last == UINT32_MAX) return 0;
  } while (!g_last_version.compare_exchange_weak(last, last + 1, std::memory_order_relaxed));
  if (t->version.compare_exchange_strong(version, last + 1, std::memory_order_relaxed)) return last + 1;
  return version;
}

DictTable* dict_table_new(uint8_t log2_size, bool str_keys) {
  uint8_t log2_bytes = index_log2_bytes(log2_size);
  int64_t capacity = dict_table_capacity(log2_size);
  if (log2_size > 50) return nullptr;
  auto* t = static_cast<DictTable*>(memory::allocate_buffer(table_bytes(log2_bytes, capacity)));
  if (!t) return nullptr;
  t->log2_size = log2_size;
  t->log2_index_bytes = log2_bytes;
  t->str_keys = str_keys;
  new (&t->version) std::atomic<uint32_t>(0);
  new (&t->entry_count) std::atomic<int64_t>(0);
  t->capacity = capacity;
  t->live_end = 0;
  new (&t->live_begin) std::atomic<int64_t>(0);
  if (PT_LIKELY(log2_bytes == 3)) {
    uint64_t all_free = ~uint64_t{0};
    std::memcpy(t->index(), &all_free, sizeof all_free);
  } else {
    std::memset(t->index(), 0xFF, size_t{1} << log2_bytes);
  }
  return t;
}

DictTable* dict_table_rebuild(DictTable* t, int64_t wanted, bool str_keys, bool counted) {
  DictTable* fresh = dict_table_new(dict_log2_for(wanted), str_keys);
  if (!fresh) return nullptr;
  DictEntry *from = t->entries(), *to = fresh->entries();
  int64_t count = 0;
  for (int64_t i = t->live_begin.load(std::memory_order_relaxed), n = t->live_end; i < n; ++i) {
    Value value = from[i].value.peek();
    if (value.empty()) continue;
    to[count].hash = from[i].hash;
    to[count].key.init_value(counted ? from[i].key.load_locked().take() : from[i].key.peek());
    to[count].value.init_value(counted ? from[i].value.load_locked().take() : value);
    ++count;
  }
  with_index_width(fresh, [&]<class Slot>() __attribute__((always_inline)) { index_entries<Slot>(fresh, count); });
  fresh->entry_count.store(count, std::memory_order_relaxed);
  fresh->live_end = count;
  return fresh;
}

void dict_table_append(DictTable* t, Ref<> key, int64_t hash, Ref<> value) {
  int64_t at = t->entry_count.load(std::memory_order_relaxed);
  PT_ASSERT(at < t->capacity);
  DictEntry& e = t->entries()[at];
  e.hash = hash;
  e.key.init(std::move(key));
  e.value.init(std::move(value));
  with_index_width(t, [&]<class Slot>() __attribute__((always_inline)) { index_insert<Slot>(t, hash, at); });
  t->entry_count.store(at + 1, std::memory_order_release);  // pairs with the acquire in iterators
  t->live_end = at + 1;
}

void dict_table_free(DictTable* t) { memory::release_buffer(t, dict_table_bytes(t)); }

void dict_table_retire(DictTable* t) {
  if (t != kEmptyDictTable) retire_buffer(t, dict_table_bytes(t));
}

void dict_table_drop(DictTable* t) {
  if (t == kEmptyDictTable) return;
  DictEntry* entries = t->entries();
  int64_t n = t->entry_count.load(std::memory_order_relaxed);
  if (t->str_keys && multithreaded()) {
    for (int64_t i = 0; i < n; ++i) entries[i].value.clear();
    retire(t, release_table_of_str, dict_table_bytes(t));
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    release(entries[i].key.peek());
    release(entries[i].value.peek());
  }
  dict_table_retire(t);
}

void dict_drop_key(Value key) {
  if (multithreaded() && is_exact_str(key)) {
    retire(key.as_object(), release_str_key, 0);
  } else {
    release(key);
  }
}

// ---- Lookups without comparison of objects ----

int64_t table_find_str_wide(DictTable* t, const Str* key, int64_t hash) {
  if (t->log2_size <= 15) return find_str_slot<int16_t>(t, key, hash);
  if (t->log2_size <= 31) return find_str_slot<int32_t>(t, key, hash);
  return find_str_slot<int64_t>(t, key, hash);
}

namespace {

template <class Slot>
PT_INLINE int64_t find_word_slot(DictTable* t, Value key, int64_t hash) {
  DictEntry* entries = t->entries();
  uint64_t mask = (uint64_t{1} << t->log2_size) - 1;
  uint64_t perturb = static_cast<uint64_t>(hash);
  uint64_t i = perturb & mask;
  for (;;) {
    int64_t at = index_load<Slot>(t, i);
    if (at < 0) return kEntryAbsent;
    DictEntry& e = entries[at];
    Value k = e.key.peek_acquire();
    if (PT_LIKELY(k.bits() == key.bits())) return at;
    if (e.hash == hash && !k.is_small_int() && !k.empty()) return kEntryRetry;
    perturb >>= 5;
    i = (i * 5 + perturb + 1) & mask;
  }
}

}  // namespace

int64_t table_find_word(DictTable* t, Value key, int64_t hash) {
  if (t->log2_size <= 7) return find_word_slot<int8_t>(t, key, hash);
  if (t->log2_size <= 15) return find_word_slot<int16_t>(t, key, hash);
  if (t->log2_size <= 31) return find_word_slot<int32_t>(t, key, hash);
  return find_word_slot<int64_t>(t, key, hash);
}

int64_t table_find_tuple(DictTable* t, Value key, int64_t hash) {
  return with_index_width(t, [&]<class Slot>() {
    DictEntry* entries = t->entries();
    uint64_t mask = (uint64_t{1} << t->log2_size) - 1, perturb = static_cast<uint64_t>(hash);
    for (uint64_t i = perturb & mask;;) {
      int64_t at = index_load<Slot>(t, i);
      if (at < 0) return kEntryAbsent;
      const DictEntry& e = entries[at];
      if (Value k = e.key.peek(); e.hash == hash && !k.empty()) {
        int equal = k.same(key) ? 1 : equal_simple(k, key);
        if (equal < 0) return kEntryRetry;
        if (equal > 0) return at;
      }
      perturb >>= 5;
      i = (i * 5 + perturb + 1) & mask;
    }
  });
}

// ---- Lookups with the lock ----

namespace {

// The next position from slot `*i` on whose hash and key are candidates for equality; -1 at the end of the chain.
// `*exact` tells that the keys are known to be equal.
struct Chain {
  uint64_t perturb, i;
};

template <class Slot>
PT_INLINE int64_t next_candidate(DictTable* t, Value key, int64_t hash, Chain* chain, bool* exact) {
  uint64_t mask = (uint64_t{1} << t->log2_size) - 1;
  DictEntry* entries = t->entries();
  for (;;) {
    int64_t at = index_load<Slot>(t, chain->i);
    if (at < 0) return kEntryAbsent;
    chain->perturb >>= 5;
    chain->i = (chain->i * 5 + chain->perturb + 1) & mask;
    DictEntry& e = entries[at];
    Value k = e.key.peek_acquire();
    if (k.same(key) && !k.empty()) {
      *exact = true;
      return at;
    }
    if (e.hash != hash || k.empty()) continue;
    if (k.is_small_int() && key.is_small_int()) continue;
    *exact = false;
    return at;
  }
}

int64_t next_candidate_any(DictTable* t, Value key, int64_t hash, Chain* chain, bool* exact) {
  return with_index_width(
      t, [&]<class Slot>() __attribute__((always_inline)) { return next_candidate<Slot>(t, key, hash, chain, exact); });
}

Chain chain_start(const DictTable* t, int64_t hash) {
  return {static_cast<uint64_t>(hash), static_cast<uint64_t>(hash) & ((uint64_t{1} << t->log2_size) - 1)};
}

}  // namespace

int64_t DictWriter::find(Value key, int64_t hash) {
  for (;;) {
    DictTable* t = table();
    int64_t plain = table_find_plain(t, key, hash);
    if (plain != kEntryRetry) return plain;
    Chain chain = chain_start(t, hash);
    bool restart = false;
    while (!restart) {
      bool exact;
      int64_t at = next_candidate_any(t, key, hash, &chain, &exact);
      if (at < 0 || exact) return at;
      DictEntry& e = t->entries()[at];
      Value k = e.key.peek();
      int result = equal_simple(k, key);
      if (result > 0) return at;
      if (result == 0) continue;
      // Python code decides. It runs without the lock, and may change the dict.
      Ref<> held = e.key.load_locked();
      uint64_t bits = k.bits();
      unlock();
      result = equal(held.value(), key);
      held.reset();
      lock();
      if (result < 0) return kEntryError;
      if (table() != t || e.key.peek().bits() != bits) {
        restart = true;
      } else if (result > 0) {
        return at;
      }
    }
  }
}

DictTable* dict_grow_locked(Dict* d, bool str_key, DictTable** replaced) {
  DictTable* t = d->table.load(std::memory_order_relaxed);
  int64_t n = d->used.load(std::memory_order_relaxed);
  // An emptied table that is full of deleted entries starts over, too.
  DictTable* fresh =
      n == 0 ? dict_table_new(kMinDictLog2, str_key) : dict_table_rebuild(t, n < 2 ? 4 : n * 2, t->str_keys && str_key, false);
  if (!fresh) return nullptr;
  d->table.store(fresh, std::memory_order_release);  // pairs with the acquire in readers
  *replaced = t;
  return fresh;
}

bool DictWriter::insert(Value key, int64_t hash, Ref<> value) {
  DictTable* t = table();
  bool str_key = is_exact_str(key);
  if (PT_UNLIKELY(t->entry_count.load(std::memory_order_relaxed) >= t->capacity || (t->str_keys && !str_key))) {
    PT_ASSERT(!retired_);
    t = dict_grow_locked(dict_, str_key, &retired_);
    if (!t) return false;
  }
  dict_table_append(t, Ref<>::retain(key), hash, std::move(value));
  set_used(used() + 1);
  return true;
}

void DictWriter::remove(int64_t position, Value* key, Ref<>* value) {
  DictTable* t = table();
  DictEntry& e = t->entries()[position];
  *value = e.value.exchange_locked(Ref<>());
  *key = e.key.take_unshared().take();
  set_used(used() - 1);
  DictEntry* entries = t->entries();
  int64_t begin = t->live_begin.load(std::memory_order_relaxed);
  while (t->live_end > begin && entries[t->live_end - 1].value.peek().empty()) --t->live_end;
  if (position != begin) return;
  while (begin < t->live_end && entries[begin].value.peek().empty()) ++begin;
  t->live_begin.store(begin, std::memory_order_relaxed);
}

// ---- Lookups without the lock ----

bool dict_load_field(Dict* d, DictTable* t, Field& field, Ref<>* out) {
  Value v = field.peek_acquire();
  if (!v.is_object() || !multithreaded()) {
    *out = Ref<>::retain(v);
    return true;
  }
  if (PT_LIKELY(try_incref(v.as_object()))) {
    // A replaced table keeps its old content, so look at the table as well.
    if (PT_LIKELY(field.peek_acquire().bits() == v.bits() && d->table.load(std::memory_order_acquire) == t)) {
      *out = Ref<>::steal(v);
      return true;
    }
    decref(v.as_object());
    return false;
  }
  LockGuard guard(d);
  if (d->table.load(std::memory_order_relaxed) != t) return false;
  *out = field.load_locked();
  return true;
}

int64_t dict_find_shared(Dict* d, Value key, int64_t hash, DictTable** table) {
  for (;;) {
    DictTable* t = d->table.load(std::memory_order_acquire);  // pairs with the release in publish
    *table = t;
    int64_t plain = table_find_plain(t, key, hash);
    if (plain != kEntryRetry) return plain;
    Chain chain = chain_start(t, hash);
    for (;;) {
      bool exact;
      int64_t at = next_candidate_any(t, key, hash, &chain, &exact);
      if (at < 0 || exact) return at;
      DictEntry& e = t->entries()[at];
      if (!multithreaded()) {
        int simple = equal_simple(e.key.peek(), key);
        if (simple > 0) return at;
        if (simple == 0) continue;
      }
      Ref<> held;
      if (!dict_load_field(d, t, e.key, &held)) break;
      if (!held) continue;
      int result = equal_simple(held.value(), key);
      if (result == 0) continue;
      if (result < 0) {
        result = equal(held.value(), key);
        if (result < 0) return kEntryError;
        if (d->table.load(std::memory_order_acquire) != t || e.key.peek_acquire().bits() != held.value().bits()) break;
      }
      if (result > 0) return at;
    }
  }
}

}  // namespace pt
