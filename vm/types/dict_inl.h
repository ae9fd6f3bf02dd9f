#pragma once
// The hot part of dict: probing, and lookups of str keys in line.
#include "gc/sync/reservation.h"
#include "vm/types/container_inl.h"
#include "vm/types/dict.h"

namespace pt {

inline constexpr int64_t kEntryAbsent = -1;
inline constexpr int64_t kEntryError = -2;
inline constexpr int64_t kEntryRetry = -3;

template <class Slot>
PT_INLINE int64_t index_load(DictTable* t, uint64_t i) {
  return __atomic_load_n(reinterpret_cast<Slot*>(t->index()) + i, __ATOMIC_ACQUIRE);  // pairs with dict_index_store
}

// Calls `probe.template operator()<Slot>()` with the width of the table's index.
template <class F>
PT_INLINE auto with_index_width(const DictTable* t, F&& probe) {
  if (PT_LIKELY(t->log2_size <= 7)) return probe.template operator()<int8_t>();
  if (t->log2_size <= 15) return probe.template operator()<int16_t>();
  if (t->log2_size <= 31) return probe.template operator()<int32_t>();
  return probe.template operator()<int64_t>();
}

template <class Slot>
PT_INLINE int64_t find_str_slot(DictTable* t, const Str* key, int64_t hash) {
  DictEntry* entries = t->entries();
  uint64_t mask = (uint64_t{1} << t->log2_size) - 1;
  uint64_t perturb = static_cast<uint64_t>(hash);
  uint64_t i = perturb & mask;
  for (;;) {
    int64_t at = index_load<Slot>(t, i);
    if (at < 0) return kEntryAbsent;
    DictEntry& e = entries[at];
    Value k = e.key.peek_acquire();
    if (PT_LIKELY(k.is(key))) return at;
    // The bytes of a str key stay readable until the next safepoint even when another thread deletes the entry.
    if (e.hash == hash && !k.empty() && str_equal(as_str(k), key)) return at;
    perturb >>= 5;
    i = (i * 5 + perturb + 1) & mask;
  }
}

int64_t table_find_str_wide(DictTable* t, const Str* key, int64_t hash);
// Position of an exact str in a table of str keys. No Python code, no lock.
PT_INLINE int64_t table_find_str(DictTable* t, const Str* key, int64_t hash) {
  if (PT_LIKELY(t->log2_size <= 7)) return find_str_slot<int8_t>(t, key, hash);
  return table_find_str_wide(t, key, hash);
}
// Position of a small int or class among keys of any type; kEntryRetry when something else has the same hash. No Python
// code, no lock.
int64_t table_find_word(DictTable* t, Value key, int64_t hash);
// The same for an exact tuple. One thread: the tuples that are keys need no counts.
int64_t table_find_tuple(DictTable* t, Value key, int64_t hash);

// A small int, or a class whose metaclass is `type`: hash and equality are those of the word.
PT_INLINE bool is_word_key(Value key) { return key.is_small_int() || has_shape(key, kShape_type); }
// Whether a lookup of the key runs no Python code unless another key has the same hash.
PT_INLINE bool is_simple_key(Value key) { return is_word_key(key) || is_exact_str(key); }
PT_INLINE int64_t simple_key_hash(Value key) {
  if (key.is_small_int()) return word_hash(key.as_small_int());
  return is_exact_str(key) ? exact_str_hash(as_str(key)) : identity_hash(key);
}

// The lookups that need no comparison of objects: position, kEntryAbsent, or kEntryRetry.
PT_INLINE int64_t table_find_plain(DictTable* t, Value key, int64_t hash) {
  if (is_word_key(key)) return t->str_keys ? kEntryAbsent : table_find_word(t, key.untagged(), hash);
  if (t->str_keys && is_exact_str(key)) return table_find_str(t, as_str(key), hash);
  if (has_shape(key, kShape_tuple) && !multithreaded()) return t->str_keys ? kEntryAbsent : table_find_tuple(t, key, hash);
  return kEntryRetry;
}

// As dict_set, for a dict to which the caller owns a reference: takes no lock while that is the only one there is.
bool dict_add(Dict* d, Value key, Value value);
// d[key] = value for a simple key, over nothing, the same value, or one whose end runs no Python code, where nobody watches:
// there is one thread, or the caller has the lock. False: nothing has happened.
bool dict_set_simple(Dict* d, Value key, Value value);

// d[key] = value for a key that is there, one thread and no watcher: true when done; otherwise `value` is untouched.
PT_INLINE bool dict_replace_str_fast(Dict* d, Str* key, Ref<>& value) {
  DictTable* t = d->table.load(std::memory_order_relaxed);
  if (PT_UNLIKELY(multithreaded() || !t->str_keys || d->watchers.load(std::memory_order_relaxed))) return false;
  int64_t at = table_find_str(t, key, exact_str_hash(key));
  if (at < 0) return false;
  Ref<> old = t->entries()[at].value.exchange_locked(std::move(value));
  return true;
}

// Entry `position` of the dict's table `t` for a register, see Field::try_load_register. False: look again some other way.
[[nodiscard]] PT_INLINE bool dict_load_register(const Dict* d, DictTable* t, int64_t position, Value* out) {
  if (PT_LIKELY(!multithreaded())) return try_register_copy(t->entries()[position].value.peek(), out);
  if (PT_UNLIKELY(!t->entries()[position].value.try_load_register(out))) return false;
  if (PT_LIKELY(d->table.load(std::memory_order_acquire) == t)) return true;
  Field::undo_load_register(*out);
  return false;
}

Ref<> dict_get_str_shared(Dict* d, Str* key);  // with threads, or with keys that are not all str

// dict_get_str in line.
PT_INLINE Ref<> dict_get_str_fast(Dict* d, Str* key) {
  DictTable* t = d->table.load(std::memory_order_acquire);  // pairs with the release in publish
  if (PT_UNLIKELY(!t->str_keys)) return dict_get_str_shared(d, key);
  int64_t at = table_find_str(t, key, exact_str_hash(key));
  if (at < 0) return Ref<>();
  Value v;
  if (PT_LIKELY(dict_load_register(d, t, at, &v))) return Ref<>::steal(promote(v));
  return dict_get_str_shared(d, key);
}

// What a cached (version, position) names, or empty when it is no longer valid or the entry was deleted.
PT_INLINE Ref<> dict_cached_value(Dict* d, uint32_t version, int64_t position) {
  DictTable* t = d->table.load(std::memory_order_acquire);
  if (PT_UNLIKELY(t->version.load(std::memory_order_relaxed) != version)) return Ref<>();
  Field& field = t->entries()[position].value;
  if (PT_LIKELY(!multithreaded())) return Ref<>::retain(field.peek());
  Value v = field.peek_acquire();
  if (!v.is_object()) return Ref<>::steal(v);
  if (PT_UNLIKELY(!try_incref(v.as_object()))) return Ref<>();
  if (PT_LIKELY(field.peek_acquire().bits() == v.bits() && d->table.load(std::memory_order_acquire) == t)) {
    return Ref<>::steal(v);
  }
  decref(v.as_object());
  return Ref<>();
}

// Whether a dict has the key, without Python code; -1: it cannot be told that way.
PT_INLINE int dict_contains_simple(Dict* d, Value key) {
  if (!is_simple_key(key)) return -1;
  DictTable* t = d->table.load(std::memory_order_acquire);
  int64_t at = table_find_plain(t, key, simple_key_hash(key));
  return at == kEntryRetry ? -1 : at >= 0 && !t->entries()[at].value.peek_acquire().empty();
}
// d[key] for an exact dict, in register form: 1, 0 not there, -1 it cannot be told by a lookup that takes no lock and runs no
// Python code.
PT_INLINE int dict_find_simple(Dict* d, Value key, Value* v) {
  if (PT_UNLIKELY(!is_simple_key(key))) return -1;
  DictTable* t = d->table.load(std::memory_order_acquire);
  int64_t at = table_find_plain(t, key, simple_key_hash(key));
  if (PT_UNLIKELY(at < 0)) return at == kEntryAbsent ? 0 : -1;
  if (PT_UNLIKELY(!dict_load_register(d, t, at, v))) return -1;
  return !v->empty();
}
}  // namespace pt
