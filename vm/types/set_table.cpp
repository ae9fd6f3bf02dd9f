// Set tables: storage, probing and the lookups with and without the lock.
#include "vm/types/set_table.h"

#include <cstring>

#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"

namespace pt {

namespace {

constexpr uint64_t kLinearProbes = 9;
constexpr uint64_t kMinSlots = 8;

struct EmptySetTable {
  uint64_t mask;
  int64_t fill;
  uint64_t has_objects;
  uint64_t hash;
  uint64_t key;
};
constinit EmptySetTable g_empty_table{};

void release_table_of_str(void* block) {
  auto* t = static_cast<SetTable*>(block);
  for (uint64_t i = 0; i <= t->mask; ++i) release(t->entries[i].key.peek());
  memory::release(t);
}

// Walks the slots of a probe sequence; `visit(slot)` returns true to stop.
template <class Visit>
PT_INLINE void walk_slots(uint64_t mask, int64_t hash, Visit&& visit) {
  uint64_t perturb = static_cast<uint64_t>(hash);
  uint64_t i = perturb & mask;
  for (;;) {
    uint64_t probes = i + kLinearProbes <= mask ? kLinearProbes : 0;
    for (uint64_t slot = i;; ++slot) {
      if (visit(slot)) return;
      if (probes-- == 0) break;
    }
    perturb >>= 5;
    i = (i * 5 + 1 + perturb) & mask;
  }
}

}  // namespace

constinit Object g_removed_key{{kShape_object}, {0}, {0}, {0}, {kLocalImmortal}, {0}};
SetTable* const kEmptySetTable = reinterpret_cast<SetTable*>(&g_empty_table);

size_t set_table_bytes(const SetTable* t) { return sizeof(SetTable) + (t->mask + 1) * sizeof(SetEntry); }

SetTable* set_table_new(uint64_t slots) {
  if (slots > uint64_t{1} << 56) return nullptr;
  auto* t = static_cast<SetTable*>(memory::allocate_zeroed(sizeof(SetTable) + slots * sizeof(SetEntry)));
  if (t) t->mask = slots - 1;
  return t;
}

void set_table_retire(SetTable* t) {
  if (t != kEmptySetTable) retire_buffer(t, set_table_bytes(t));
}

void set_table_drop(SetTable* t) {
  if (t == kEmptySetTable) return;
  if (!multithreaded()) {
    for (uint64_t i = 0; t->has_objects && i <= t->mask; ++i) release(t->entries[i].key.peek());
    memory::release(t);
    return;
  }
  // Readers compare str keys without counting them.
  for (uint64_t i = 0; i <= t->mask; ++i) {
    if (!is_exact_str(t->entries[i].key.peek())) t->entries[i].key.clear();
  }
  retire(t, release_table_of_str, set_table_bytes(t));
}

void set_table_insert_clean(SetTable* t, Value owned_key, int64_t hash) {
  walk_slots(t->mask, hash, [&](uint64_t slot) {
    SetEntry& e = t->entries[slot];
    if (!e.key.peek().empty()) return false;
    e.hash.store(hash, std::memory_order_relaxed);
    e.key.init_value(owned_key);
    return true;
  });
  ++t->fill;
  t->has_objects |= owned_key.is_object();
}

SetTable* set_table_clone(SetTable* t) {
  auto* fresh = static_cast<SetTable*>(memory::allocate(set_table_bytes(t)));
  if (!fresh) return nullptr;
  std::memcpy(static_cast<void*>(fresh), t, set_table_bytes(t));
  for (uint64_t i = 0; t->has_objects && i <= t->mask; ++i) (void)fresh->entries[i].key.load_locked().take();
  return fresh;
}

bool SetWriter::resize(int64_t wanted) {
  uint64_t slots = kMinSlots;
  while (slots <= static_cast<uint64_t>(wanted)) {
    slots <<= 1;
    if (slots == 0) return false;
  }
  SetTable* old = table();
  SetTable* fresh = set_table_new(slots);
  if (!fresh) return false;
  for (uint64_t i = 0; i <= old->mask; ++i) {
    Value key = old->entries[i].key.peek();
    if (holds_item(key)) set_table_insert_clean(fresh, key, old->entries[i].hash.load(std::memory_order_relaxed));
  }
  publish(fresh);
  if (old == kEmptySetTable) return true;
  if (!multithreaded()) {
    set_table_retire(old);
  } else if (!retired_[0]) {
    retired_[0] = old;
  } else {
    PT_ASSERT(!retired_[1]);
    retired_[1] = old;
  }
  return true;
}

int64_t SetWriter::find(Value key, int64_t hash) {
  for (;;) {
    SetTable* t = table();
    int64_t found = kSlotAbsent;
    bool restart = false;
    removed_slot_ = -1;
    walk_slots(t->mask, hash, [&](uint64_t slot) {
      SetEntry& e = t->entries[slot];
      Value k = e.key.peek();
      if (k.empty()) return true;
      if (is_removed_key(k)) {
        removed_slot_ = static_cast<int64_t>(slot);
        return false;
      }
      if (e.hash.load(std::memory_order_relaxed) != hash) return false;
      if (k.same(key)) {
        found = static_cast<int64_t>(slot);
        return true;
      }
      if (k.is_small_int() && key.is_small_int()) return false;
      int result = equal_simple(k, key);
      if (result < 0) {
        // Python code decides. It runs without the lock, and may change the set.
        Ref<> held = e.key.load_locked();
        unlock();
        held_ = std::move(held);
        result = equal(held_.value(), key);
        lock();
        if (result < 0) {
          found = kSlotError;
          return true;
        }
        if (table() != t || e.key.peek().bits() != k.bits()) {
          restart = true;
          return true;
        }
      }
      if (result > 0) found = static_cast<int64_t>(slot);
      return result > 0;
    });
    if (!restart) return found;
  }
}

namespace {
PT_INLINE bool is_plain(Value key) { return key.is_small_int() || is_exact_str(key); }
PT_INLINE int64_t plain_hash(Value key) {
  return key.is_small_int() ? word_hash(key.as_small_int()) : exact_str_hash(as_str(key));
}
}  // namespace

int SetWriter::add_plain(Value key, int64_t hash) {
  if (PT_UNLIKELY(table() == kEmptySetTable) && !resize(0)) return -2;
  SetTable* t = table();
  key = key.untagged();
  int result = kUnclear;
  walk_slots(t->mask, hash, [&](uint64_t slot) __attribute__((always_inline)) {
    SetEntry& e = t->entries[slot];
    Value k = e.key.peek();
    if (k.bits() == key.bits()) {
      result = 0;
      return true;
    }
    if (k.empty()) {
      e.hash.store(hash, std::memory_order_relaxed);
      e.key.init(Ref<>::retain(key));
      result = 1;
      return true;
    }
    if (is_removed_key(k)) return true;
    if (e.hash.load(std::memory_order_relaxed) != hash || k.is_small_int()) return false;
    if (key.is_small_int() || !is_exact_str(k)) return true;
    if (!str_equal(as_str(k), as_str(key))) return false;
    result = 0;
    return true;
  });
  if (result != 1) return result;
  ++t->fill;
  t->has_objects |= key.is_object();
  set_used(used() + 1);
  return grow_for(key, hash);
}

int SetWriter::add(Value key, int64_t hash) {
  if (is_plain(key)) {
    if (int result = add_plain(key, hash); PT_LIKELY(result != kUnclear)) return result;
  }
  int64_t slot = find(key, hash);
  if (slot >= 0) return 0;
  return slot == kSlotError ? -1 : add_absent(key, hash);
}

int SetWriter::add_absent(Value key, int64_t hash) {
  SetTable* t = table();
  if (removed_slot_ >= 0) {
    SetEntry& e = t->entries[removed_slot_];
    e.key.init(Ref<>::retain(key));
    e.hash.store(hash, std::memory_order_release);  // after the key
    t->has_objects |= key.is_object();
    set_used(used() + 1);
    return 1;
  }
  if (PT_UNLIKELY(t == kEmptySetTable)) {
    if (!resize(0)) return -2;
    t = table();
  }
  set_table_insert_clean(t, Ref<>::retain(key).take(), hash);
  set_used(used() + 1);
  return grow_for(key, hash);
}

// After the key has been added.
int SetWriter::grow_for(Value key, int64_t hash) {
  SetTable* t = table();
  if (PT_UNLIKELY(static_cast<uint64_t>(t->fill) * 5 >= t->mask * 3)) {
    int64_t n = used();
    if (!resize(n > 50000 ? n * 2 : n * 4) && static_cast<uint64_t>(t->fill) >= t->mask) {
      // The table must keep a free slot. Take the item out again.
      int64_t at = find(key, hash);
      if (at >= 0) {
        // The caller still holds a reference, so the key does not die here.
        release(remove(at));
      }
      return -2;
    }
  }
  return 1;
}

Value SetWriter::remove(int64_t slot) {
  SetEntry& e = table()->entries[slot];
  e.hash.store(kRemovedHash, std::memory_order_relaxed);
  Value key = e.key.exchange_locked(Ref<>::steal(Value::object(&g_removed_key))).take();
  set_used(used() - 1);
  return key;
}

bool set_load_key(Set* s, SetTable* t, SetEntry& entry, Ref<>* out) {
  Value v = entry.key.peek_acquire();
  if (is_removed_key(v)) v = Value();
  if (!v.is_object() || !multithreaded()) {
    *out = Ref<>::retain(v);
    return true;
  }
  if (PT_LIKELY(try_incref(v.as_object()))) {
    if (PT_LIKELY(entry.key.peek_acquire().bits() == v.bits() && s->table.load(std::memory_order_acquire) == t)) {
      *out = Ref<>::steal(v);
      return true;
    }
    decref(v.as_object());
    return false;
  }
  LockGuard guard(s);
  if (s->table.load(std::memory_order_relaxed) != t) return false;
  if (!is_removed_key(entry.key.peek())) *out = entry.key.load_locked();
  return true;
}

namespace {

// A small int or exact str, by comparisons that count nothing and run no Python code.
PT_INLINE int64_t find_plain(SetTable* t, Value key, int64_t hash) {
  int64_t found = kSlotAbsent;
  walk_slots(t->mask, hash, [&](uint64_t slot) __attribute__((always_inline)) {
    SetEntry& e = t->entries[slot];
    Value k = e.key.peek_acquire();
    if (k.bits() == key.bits()) {
      found = static_cast<int64_t>(slot);
      return true;
    }
    if (k.empty()) return true;
    if (e.hash.load(std::memory_order_relaxed) != hash || k.is_small_int() || is_removed_key(k)) return false;
    if (key.is_small_int() || !is_exact_str(k)) {
      found = kSlotRetry;
      return true;
    }
    // A str that was in the table when we looked stays readable until our next safepoint.
    if (!str_equal(as_str(k), as_str(key))) return false;
    found = static_cast<int64_t>(slot);
    return true;
  });
  return found;
}

}  // namespace

int64_t set_find_plain(Set* s, Value key) {
  SetTable* t = s->table.load(std::memory_order_acquire);  // pairs with the release in publish
  if (key.is_small_int()) return find_plain(t, key, word_hash(key.as_small_int()));
  return is_exact_str(key) ? find_plain(t, key.untagged(), exact_str_hash(as_str(key))) : kSlotRetry;
}
int64_t set_find_plain(Set* s, Value key, int64_t hash) {
  return find_plain(s->table.load(std::memory_order_acquire), key.untagged(), hash);   // pairs with the release in publish
}

bool set_select_plain(Set* result, Set* from, Set* other, bool wanted, int64_t* position) {
  int added = 1;
  bool all = false;
  {
    SetWriter writer(result);
    LockGuard2 guard(from, other);
    SetTable* t = from->table.load(std::memory_order_relaxed);
    SetTable* o = other->table.load(std::memory_order_relaxed);
    uint64_t i = static_cast<uint64_t>(*position);
    for (; i <= t->mask && added > 0 && !writer.full(); ++i) {
      SetEntry& e = t->entries[i];
      Value key = e.key.peek();
      if (!holds_item(key)) continue;
      int64_t hash = e.hash.load(std::memory_order_relaxed);
      int64_t slot = is_plain(key) ? find_plain(o, key, hash) : kSlotRetry;
      if (slot == kSlotRetry) break;
      if ((slot >= 0) == wanted) added = writer.add_absent(e.key.load_locked().value(), hash);
    }
    all = i > t->mask;
    *position = static_cast<int64_t>(i);
  }
  return added > 0 ? all : raise_no_memory();
}

namespace {
// Gives the keys of `from` from *position on to `take`, with the writer of `into`. Negative, it stops: -2, memory is out. Whether
// all were taken; false also with an exception.
template <class F>
bool walk_plain(Set* into, Set* from, int64_t* position, F&& take) {
  if (multithreaded()) return false;
  int taken = 1;
  bool all = false;
  {
    SetWriter writer(into);
    SetTable* t = from->table.load(std::memory_order_relaxed);
    uint64_t i = static_cast<uint64_t>(*position);
    for (; i <= t->mask; ++i) {
      Value key = t->entries[i].key.peek();
      if (!holds_item(key)) continue;
      taken = is_plain(key) ? take(writer, key, t->entries[i].hash.load(std::memory_order_relaxed)) : -1;
      if (taken < 0) break;
    }
    all = i > t->mask;
    *position = static_cast<int64_t>(i);
  }
  return taken != -2 ? all : raise_no_memory();
}
}  // namespace

bool set_merge_plain(Set* into, Set* from, int64_t* position) {
  return walk_plain(into, from, position, [](SetWriter& writer, Value key, int64_t hash) { return writer.add_plain(key, hash); });
}

bool set_toggle_plain(Set* into, Set* from, int64_t* position) {
  return walk_plain(into, from, position, [](SetWriter& writer, Value key, int64_t hash) {
    int64_t slot = find_plain(writer.table(), key, hash);
    if (slot == kSlotRetry) return -1;
    if (slot < 0) return writer.add_plain(key, hash);
    release(writer.remove(slot));  // an int or a str
    return 1;
  });
}

bool set_add_plain(Set* into, const Field* items, int64_t count, int64_t* position) {
  int added = 1;
  {
    SetWriter writer(into);
    for (; *position < count && !writer.full(); ++*position) {
      Value key = items[*position].peek();
      if (!is_plain(key)) break;
      added = writer.add_plain(key, plain_hash(key));
      if (added < 0) break;
    }
  }
  return added != -2 ? *position == count : raise_no_memory();
}

int64_t set_find_shared(Set* s, Value key, int64_t hash, SetTable** table) {
  for (;;) {
    SetTable* t = s->table.load(std::memory_order_acquire);  // pairs with the release in publish
    *table = t;
    int64_t found = kSlotAbsent;
    bool restart = false;
    bool key_is_str = is_exact_str(key);
    walk_slots(t->mask, hash, [&](uint64_t slot) {
      SetEntry& e = t->entries[slot];
      Value k = e.key.peek_acquire();
      int64_t h = e.hash.load(std::memory_order_relaxed);
      if (k.empty()) return true;
      if (h != hash || is_removed_key(k)) return false;
      if (k.same(key)) {
        found = static_cast<int64_t>(slot);
        return true;
      }
      if (k.is_small_int() && key.is_small_int()) return false;
      if (!multithreaded()) {
        int simple = equal_simple(k, key);
        if (simple > 0) found = static_cast<int64_t>(slot);
        if (simple >= 0) return simple > 0;
      }
      int result;
      if (key_is_str && is_exact_str(k)) {
        // A str that was in the table when we looked stays readable until our next safepoint; anything else was
        // replaced meanwhile, and the slot tells.
        result = str_equal(as_str(k), as_str(key));
      } else {
        Ref<> held;
        if (!set_load_key(s, t, e, &held)) {
          restart = true;
          return true;
        }
        if (!held) return false;
        result = equal_simple(held.value(), key);
        if (result < 0) result = equal(held.value(), key);
        if (result < 0) {
          found = kSlotError;
          return true;
        }
      }
      if (result == 0 && !multithreaded() && s->table.load(std::memory_order_relaxed) == t) return false;
      // The table first: comparing may have run Python code that let it go.
      if (s->table.load(std::memory_order_acquire) != t || e.key.peek_acquire().bits() != k.bits()) {
        restart = true;
        return true;
      }
      if (result > 0) found = static_cast<int64_t>(slot);
      return result > 0;
    });
    if (!restart) return found;
  }
}

}  // namespace pt
