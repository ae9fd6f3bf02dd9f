#pragma once
// dict: compact and ordered. A DictTable is an index over an append-only entry array; entries are never reused within
// one table, so that lock-free readers and caches can name an entry by (table, position). Writers hold the object lock;
// a table that is replaced goes through QSBR.
#include <atomic>
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Str;
struct List;

struct DictEntry {
  int64_t hash;
  Field key;    // empty: deleted. Exact str keys of a deleted entry live on until a grace period has passed.
  Field value;  // empty: deleted
};
struct DictTable {
  uint8_t log2_size;                      // of the index
  uint8_t log2_index_bytes;
  bool str_keys;                          // all keys are exact str: lookups need no Python code. Immutable.
  std::atomic<uint32_t> version;          // 0: not asked for yet (dict_table_version)
  std::atomic<int64_t> entry_count;       // entries in use, deleted ones included; grows only
  int64_t capacity;                       // entries that fit
  int64_t live_end;                       // lock: entries from here on are deleted
  std::atomic<int64_t> live_begin;        // entries before are deleted (a hint for iteration)
  // int8/16/32/64 index (by size), then DictEntry entries[capacity].
  PT_INLINE char* index() { return reinterpret_cast<char*>(this + 1); }
  PT_INLINE DictEntry* entries() { return reinterpret_cast<DictEntry*>(index() + (size_t{1} << log2_index_bytes)); }
};
static_assert(sizeof(DictTable) == 40);
struct Dict : Object {
  std::atomic<int64_t> used;
  std::atomic<DictTable*> table;          // never nullptr: empty dicts share one immortal empty table
  std::atomic<uint32_t> watchers;  // nonzero: writes report to the JIT and caches (g_dict_watch_hook); added with the lock held
};
inline bool is_dict(Value v) { return v.is_object() && has_flag(type_of(v), kTypeDictSubclass); }
inline bool is_exact_dict(Value v) { return has_shape(v, kShape_dict); }
inline Dict* as_dict(Value v) { return reinterpret_cast<Dict*>(v.as_object()); }
inline int64_t dict_size(const Dict* d) { return d->used.load(std::memory_order_relaxed); }

// Called after a write to a dict with watchers, without its lock: the str key written, or nullptr when any may have
// changed (clear, non-str key) or the entries were moved to another table. Must not run Python code.
extern void (*g_dict_watch_hook)(Dict*, Str* key);

Ref<Dict> dict_new(int64_t expected = 0);
// Lookups: empty without an exception when absent. No lock; Python's __eq__/__hash__ may run for non-str keys.
Ref<> dict_get(Dict* d, Value key);
Ref<> dict_get_hashed(Dict* d, Value key, int64_t hash);
Ref<> dict_get_str(Dict* d, Str* key);  // exact str key: no Python code when the table has str keys
Ref<> dict_get_text(Dict* d, const char* key);
int dict_contains(Dict* d, Value key);  // -1 error
bool dict_set(Dict* d, Value key, Value value);
bool dict_set_hashed(Dict* d, Value key, int64_t hash, Value value);
bool dict_set_str(Dict* d, Str* key, Value value);
bool dict_set_text(Dict* d, const char* key, Value value);
// 1 deleted, 0 absent (no exception), -1 error.
int dict_delete(Dict* d, Value key);
int dict_delete_str(Dict* d, Str* key);
Ref<> dict_pop(Dict* d, Value key);  // empty without an exception when absent
Ref<> dict_set_default(Dict* d, Value key, Value fallback);  // atomic
// Removes the last entry, or the first. False without an exception when the dict is empty.
bool dict_pop_item(Dict* d, Ref<>* key, Ref<>* value, bool last = true);
// Makes the key's entry the last one (amortised constant time) or the first one (linear). 1, 0 absent, -1 error.
int dict_move_to_end(Dict* d, Value key, bool last);
bool dict_update(Dict* d, Value mapping_or_pairs);  // dict.update(x)
bool dict_merge(Dict* d, Dict* other, bool overwrite);
bool dict_merge_pairs(Dict* d, Value pairs, bool overwrite);  // from an iterable of pairs
void dict_clear(Dict* d);
Ref<Dict> dict_copy(Dict* d);
Ref<List> dict_keys_list(Dict* d);
Ref<List> dict_values_list(Dict* d);
Ref<List> dict_items_list(Dict* d);
// d == other; 1, 0, -1 error.
int dict_equal(Dict* d, Dict* other);
// Iteration over a snapshot position; tolerant of concurrent change. False at the end.
bool dict_next(Dict* d, int64_t* position, Ref<>* key, Ref<>* value, int64_t* hash = nullptr);
// Where a dict keeps an exact-str key, for caches. As long as its table has `version`, the entry at `position` is the key's, or
// deleted; with position < 0 it has no such key while its table also has as many `entries`.
struct DictPlace {
  DictTable* table;
  uint32_t version;
  int64_t position;
  int64_t entries;
  PT_INLINE Field& field() const { return table->entries()[position].value; }
};
// False: nothing to rely on, the key may be there or not. Takes the lock, so that no key is just being added.
bool dict_place(Dict* d, Str* key, DictPlace* out);
// The same without waiting for the lock: false, too, if it is taken, or reserved by another thread.
bool try_dict_place(Dict* d, Str* key, DictPlace* out);
// A number that names this table and no other one, ever; 0 when all are used up. Caches remember it with a position: as
// long as the dict's table has that version, the entry at the position is the same key's (or deleted: empty value).
uint32_t dict_table_version(DictTable* table);

}  // namespace pt
