// dict: the operations the runtime uses.
#include "vm/types/dict.h"

#include "gc/heap/heap_inl.h"
#include "vm/types/dict_table.h"
#include "vm/types/list.h"
#include "vm/types/list_inl.h"
#include "vm/types/tuple.h"
#include "vm/types/tuple_inl.h"

namespace pt {

Ref<Dict> dict_new(int64_t expected) {
  auto* d = static_cast<Dict*>(allocate_object_inline(kShape_dict, sizeof(Dict), true));
  if (PT_UNLIKELY(!d)) return raise_no_memory();
  d->table.store(kEmptyDictTable, std::memory_order_relaxed);
  reserve_lock(d);
  Ref<Dict> result = Ref<Dict>::steal(d);
  if (expected > 5) {
    DictTable* t = dict_table_new(dict_log2_for(expected), true);
    if (!t) return raise_no_memory();
    d->table.store(t, std::memory_order_release);
  }
  return result;
}

// ---- Reading ----

Ref<> dict_get_hashed(Dict* d, Value key, int64_t hash) {
  for (;;) {
    DictTable* t;
    int64_t at = dict_find_shared(d, key, hash, &t);
    if (at < 0) return Ref<>();
    Ref<> value;
    if (PT_LIKELY(dict_load_field(d, t, t->entries()[at].value, &value))) return value;
  }
}

Ref<> dict_get_str_shared(Dict* d, Str* key) { return dict_get_hashed(d, Value::object(key), exact_str_hash(key)); }

Ref<> dict_get_str(Dict* d, Str* key) { return dict_get_str_fast(d, key); }

Ref<> dict_get(Dict* d, Value key) {
  if (is_exact_str(key)) return dict_get_str_fast(d, as_str(key));
  Value v;
  if (int found = dict_find_simple(d, key, &v); PT_LIKELY(found >= 0)) return found ? Ref<>::steal(promote(v)) : Ref<>();
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return Ref<>();
  return dict_get_hashed(d, key, hash);
}

Ref<> dict_get_text(Dict* d, const char* key) {
  Ref<Str> name = str_from_utf8(key);
  if (!name) return Ref<>();
  return dict_get_str_fast(d, name.get());
}

int dict_contains(Dict* d, Value key) {
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return -1;
  DictTable* t;
  int64_t at = dict_find_shared(d, key, hash, &t);
  if (at >= 0) return !t->entries()[at].value.peek_acquire().empty();
  return at == kEntryAbsent ? 0 : -1;
}

namespace {
bool dict_place_locked(Dict* d, Str* key, DictPlace* out) {
  int64_t hash = exact_str_hash(key);
  DictTable* t = d->table.load(std::memory_order_relaxed);
  if (!t->str_keys) return false;
  *out = {t, dict_table_version(t), table_find_str(t, key, hash), t->entry_count.load(std::memory_order_relaxed)};
  return out->version;
}
}  // namespace
bool dict_place(Dict* d, Str* key, DictPlace* out) {
  LockGuard guard(d);
  return dict_place_locked(d, key, out);
}
bool try_dict_place(Dict* d, Str* key, DictPlace* out) {
  if (!try_reserve_or_alone(d)) return false;
  bool found = dict_place_locked(d, key, out);
  unreserve_unless_alone<Reserve::kAtOnce>(d);
  return found;
}
bool dict_next(Dict* d, int64_t* position, Ref<>* key, Ref<>* value, int64_t* hash) {
  for (;;) {
    DictTable* t = d->table.load(std::memory_order_acquire);
    int64_t i = *position, n = t->entry_count.load(std::memory_order_acquire);
    if (i == 0) i = t->live_begin.load(std::memory_order_relaxed);
    bool restart = false;
    for (; i < n; ++i) {
      DictEntry& e = t->entries()[i];
      if (e.value.peek_acquire().empty()) continue;
      Ref<> k, v;
      if (!dict_load_field(d, t, e.key, &k) || !dict_load_field(d, t, e.value, &v)) {
        restart = true;
        break;
      }
      if (!k || !v) continue;  // deleted meanwhile
      *position = i + 1;
      if (key) *key = std::move(k);
      if (value) *value = std::move(v);
      if (hash) *hash = e.hash;
      return true;
    }
    if (!restart) {
      *position = n;
      return false;
    }
  }
}

// ---- Writing ----

namespace {

// d[key] = value without a watcher, for a plain key; with the lock, or where nobody else can reach the dict. False: nothing has
// happened. *replaced is to be retired, old content to be let go, without the lock. kQuiet: there is to be nothing of either.
template <bool kQuiet>
PT_INLINE bool set_plain_locked(Dict* d, Value key, int64_t hash, Value value, Ref<>* old, DictTable** replaced) {
  // Watchers are added under the lock: a write that misses one came first.
  if (PT_UNLIKELY(d->watchers.load(std::memory_order_relaxed))) return false;
  DictTable* t = d->table.load(std::memory_order_relaxed);
  int64_t at = table_find_plain(t, key, hash);
  if (at >= 0) {
    Field& item = t->entries()[at].value;
    if (kQuiet) {
      Value present = item.peek();
      if (present.empty()) return false;
      if (present.is_object()) {
        if (present.identity() == value.identity()) return true;
        bool ends_quietly = is_exact_str(present) && owned_by_this_thread(present.as_object());
        if (!ends_quietly) return false;
      }
    }
    *old = item.exchange_locked(Ref<>::retain(value));
    return true;
  }
  if (PT_UNLIKELY(at == kEntryRetry)) return false;
  bool str_key = is_exact_str(key);
  if (PT_UNLIKELY(t->entry_count.load(std::memory_order_relaxed) >= t->capacity || (t->str_keys && !str_key))) {
    if (kQuiet && t != kEmptyDictTable) return false;
    t = dict_grow_locked(d, str_key, replaced);
    if (PT_UNLIKELY(!t)) return false;
  }
  dict_table_append(t, Ref<>::retain(key), hash, Ref<>::retain(value));
  d->used.store(d->used.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return true;
}
// The same; takes the lock if it is free. kPrivate: the caller has the only reference.
template <bool kPrivate>
PT_INLINE bool set_plain(Dict* d, Value key, int64_t hash, Value value) {
  bool locked = !(kPrivate && only_reference(d));
  if (locked && PT_UNLIKELY(!try_reserve_or_alone(d))) return false;
  Ref<> old;
  DictTable* replaced = nullptr;
  bool done = set_plain_locked<false>(d, key, hash, value, &old, &replaced);
  if (locked) unreserve_unless_alone<Reserve::kAtOnce>(d);
  if (PT_UNLIKELY(replaced)) dict_table_retire(replaced);
  return done;
}

bool set_any(Dict* d, Value key, int64_t hash, Value value) {
  Ref<> old;
  bool ok = true;
  {
    DictWriter writer(d);
    int64_t at = writer.find(key, hash);
    if (at >= 0) {
      old = writer.table()->entries()[at].value.exchange_locked(Ref<>::retain(value));
    } else if (at == kEntryError) {
      return false;
    } else {
      ok = writer.insert(key, hash, Ref<>::retain(value));
    }
  }
  if (PT_UNLIKELY(!ok)) return raise_no_memory();
  dict_report_write(d, key);
  return true;
}

}  // namespace

bool dict_set_hashed(Dict* d, Value key, int64_t hash, Value value) {
  return PT_LIKELY(set_plain<false>(d, key, hash, value)) || set_any(d, key, hash, value);
}

bool dict_set_simple(Dict* d, Value key, Value value) {
  Ref<> nothing;
  DictTable* empty = nullptr;
  return is_simple_key(key) && set_plain_locked<true>(d, key, simple_key_hash(key), value, &nothing, &empty);
}

bool dict_add(Dict* d, Value key, Value value) {
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return false;
  // Only here is it sure that no safepoint, where another thread could find the dict, comes before the store.
  return PT_LIKELY(set_plain<true>(d, key, hash, value)) || set_any(d, key, hash, value);
}

bool dict_set_str(Dict* d, Str* key, Value value) { return dict_set_hashed(d, Value::object(key), exact_str_hash(key), value); }

bool dict_set(Dict* d, Value key, Value value) {
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return false;
  return dict_set_hashed(d, key, hash, value);
}

bool dict_set_text(Dict* d, const char* key, Value value) { return dict_set_str(d, intern(key), value); }

namespace {

// 1 taken out, 0 absent, -1 error.
int take_out(Dict* d, Value key, int64_t hash, Ref<>* value) {
  Value owned_key;
  {
    DictWriter writer(d);
    int64_t at = writer.find(key, hash);
    if (at < 0) return at == kEntryAbsent ? 0 : -1;
    writer.remove(at, &owned_key, value);
  }
  dict_report_write(d, key);
  dict_drop_key(owned_key);
  return 1;
}

}  // namespace

int dict_delete(Dict* d, Value key) {
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return -1;
  Ref<> value;
  return take_out(d, key, hash, &value);
}

int dict_delete_str(Dict* d, Str* key) {
  Ref<> value;
  return take_out(d, Value::object(key), exact_str_hash(key), &value);
}

Ref<> dict_pop(Dict* d, Value key) {
  if (dict_size(d) == 0) return Ref<>();  // an unhashable key is no error then
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return Ref<>();
  Ref<> value;
  if (take_out(d, key, hash, &value) <= 0) return Ref<>();
  return value;
}

bool dict_pop_item(Dict* d, Ref<>* key, Ref<>* value, bool last) {
  Value owned_key;
  {
    DictWriter writer(d);
    if (writer.used() == 0) return false;
    DictTable* t = writer.table();
    int64_t at = t->live_end - 1;
    PT_ASSERT(at >= 0 && !t->entries()[at].value.peek().empty());
    if (!last) {
      at = t->live_begin.load(std::memory_order_relaxed);
      while (t->entries()[at].value.peek().empty()) ++at;
    }
    writer.remove(at, &owned_key, value);
  }
  *key = Ref<>::retain(owned_key);
  dict_report_write(d, owned_key);
  dict_drop_key(owned_key);
  return true;
}

namespace {

// A table with entry `first` of `t` before all others; their counts move along. nullptr: out of memory.
DictTable* table_beginning_with(DictTable* t, int64_t first, int64_t used) {
  DictTable* fresh = dict_table_new(dict_log2_for(used + 1), t->str_keys);
  if (!fresh) return nullptr;
  auto add = [&](int64_t at) {
    DictEntry& e = t->entries()[at];
    dict_table_append(fresh, Ref<>::steal(e.key.peek()), e.hash, Ref<>::steal(e.value.peek()));
  };
  add(first);
  for (int64_t i = t->live_begin.load(std::memory_order_relaxed), n = t->live_end; i < n; ++i) {
    if (i != first && !t->entries()[i].value.peek().empty()) add(i);
  }
  return fresh;
}

}  // namespace

int dict_move_to_end(Dict* d, Value key, bool last) {
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return -1;
  DictTable* replaced = nullptr;
  Value owned_key;
  Ref<> value;
  bool ok = true;
  {
    DictWriter writer(d);
    int64_t at = writer.find(key, hash);
    if (at < 0) return at == kEntryAbsent ? 0 : -1;
    DictTable* t = writer.table();
    if (!last) {
      if (at == t->live_begin.load(std::memory_order_relaxed)) return 1;
      DictTable* fresh = table_beginning_with(t, at, writer.used());
      if (fresh) {
        writer.publish(fresh);
        replaced = t;
      }
      ok = fresh;
    } else if (at != t->live_end - 1) {
      Ref<> same_key = t->entries()[at].key.load_locked();
      if (t->entry_count.load(std::memory_order_relaxed) >= t->capacity) {
        t = dict_grow_locked(d, t->str_keys, &replaced);
        ok = t;
        for (at = 0; ok && !t->entries()[at].key.peek().same(same_key.value());) ++at;
      }
      // The new entry comes before the old one goes: a reader finds the one or the other.
      if (ok) ok = writer.insert(same_key.value(), hash, t->entries()[at].value.load_locked());
      if (ok) writer.remove(at, &owned_key, &value);
    }
  }
  if (replaced) dict_table_retire(replaced);
  if (!ok) {
    raise_no_memory();
    return -1;
  }
  if (!owned_key.empty()) dict_drop_key(owned_key);
  dict_report_write(d, Value());
  return 1;
}

Ref<> dict_set_default(Dict* d, Value key, Value fallback) {
  int64_t hash = key_hash(key);
  if (PT_UNLIKELY(hash == -1)) return Ref<>();
  bool ok;
  {
    DictWriter writer(d);
    int64_t at = writer.find(key, hash);
    if (at >= 0) return writer.table()->entries()[at].value.load_locked();
    if (at == kEntryError) return Ref<>();
    ok = writer.insert(key, hash, Ref<>::retain(fallback));
  }
  if (!ok) return raise_no_memory();
  dict_report_write(d, key);
  return Ref<>::retain(fallback);
}

void dict_clear(Dict* d) {
  DictTable* t;
  {
    DictWriter writer(d);
    t = writer.table();
    writer.publish(kEmptyDictTable);
    writer.set_used(0);
  }
  dict_report_write(d, Value());
  dict_table_drop(t);
}

// ---- Whole dicts ----

namespace {

// A table with counted copies of the entries of `d`, which is locked. nullptr: out of memory.
DictTable* copy_table_locked(Dict* d) {
  DictTable* t = d->table.load(std::memory_order_relaxed);
  int64_t used = d->used.load(std::memory_order_relaxed);
  if (used == 0) return kEmptyDictTable;
  return dict_table_rebuild(t, used, t->str_keys, true);
}

// Hash of a key that needs no Python code; -1 otherwise.
int64_t key_hash_simple(Value key) {
  if (key.is_small_int()) return word_hash(key.as_small_int());
  return is_exact_str(key) ? exact_str_hash(as_str(key)) : -1;
}

// Keys and values of `d` at one moment.
Ref<List> snapshot(Dict* d, bool keys, bool values) {
  for (;;) {
    int64_t wanted = dict_size(d);
    Ref<List> list = list_new(wanted * (keys && values ? 2 : 1));
    if (!list) return list;
    LockGuard guard(d);
    DictTable* t = d->table.load(std::memory_order_relaxed);
    if (dict_size(d) != wanted) continue;  // grew before the lock: the room may not suffice
    if (wanted == 0) return list;
    DictEntry* entries = t->entries();
    Field* items = list->buffer.load(std::memory_order_relaxed)->items;
    int64_t count = 0;
    for (int64_t i = t->live_begin.load(std::memory_order_relaxed), n = t->live_end; i < n; ++i) {
      if (entries[i].value.peek().empty()) continue;
      if (keys) items[count++].init(entries[i].key.load_locked());
      if (values) items[count++].init(entries[i].value.load_locked());
    }
    list->size.store(count, std::memory_order_release);
    return list;
  }
}

}  // namespace

Ref<Dict> dict_copy(Dict* d) {
  Ref<Dict> copy = dict_new();
  if (!copy) return copy;
  DictTable* t;
  {
    LockGuard guard(d);
    t = copy_table_locked(d);
    if (t) copy->used.store(d->used.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  if (!t) {
    copy->used.store(0, std::memory_order_relaxed);
    return raise_no_memory();
  }
  copy->table.store(t, std::memory_order_release);
  return copy;
}

Ref<List> dict_keys_list(Dict* d) { return snapshot(d, true, false); }
Ref<List> dict_values_list(Dict* d) { return snapshot(d, false, true); }

Ref<List> dict_items_list(Dict* d) {
  Ref<List> flat = snapshot(d, true, true);
  if (!flat) return flat;
  int64_t n = list_size(flat.get()) / 2;
  Ref<List> result = list_new(n);
  if (!result) return result;
  for (int64_t i = 0; i < n; ++i) {
    Ref<Tuple> pair = tuple_pair(list_get(flat.get(), 2 * i), list_get(flat.get(), 2 * i + 1));
    if (!pair || !list_append_private(result.get(), std::move(pair))) return Ref<List>();
  }
  return result;
}

bool dict_merge(Dict* d, Dict* other, bool overwrite) {
  if (d == other || dict_size(other) == 0) return true;
  // Into an empty dict: take a copy of the table as it is.
  if (dict_size(d) == 0) {
    DictTable *old = nullptr, *copy = nullptr;
    bool done = false;
    {
      LockGuard2 guard(d, other);
      if (dict_size(d) == 0 && (copy = copy_table_locked(other))) {
        old = d->table.load(std::memory_order_relaxed);
        d->table.store(copy, std::memory_order_release);
        d->used.store(dict_size(other), std::memory_order_relaxed);
        done = true;
      }
    }
    if (done) {
      dict_table_drop(old);
      dict_report_write(d, Value());
      return true;
    }
  }
  if (!multithreaded()) {
    // Entry by entry, with an eye on what comparisons do to `other`.
    int64_t position = 0, hash;
    Ref<> key, value;
    int64_t size = dict_size(other);
    while (dict_next(other, &position, &key, &value, &hash)) {
      if (overwrite) {
        if (!dict_set_hashed(d, key.value(), hash, value.value())) return false;
      } else if (!dict_set_default(d, key.value(), value.value())) {
        return false;
      }
      if (dict_size(other) != size) return raise(exc::RuntimeError, "dict mutated during update");
    }
    return true;
  }
  // With threads: what `other` holds at one moment, and, as far as no Python code compares keys, in one step.
  Ref<List> flat = snapshot(other, true, true);
  if (!flat) return false;
  int64_t n = list_size(flat.get()) / 2;
  Field* items = n ? flat->buffer.load(std::memory_order_relaxed)->items : nullptr;
  Ref<List> replaced = list_new(n);
  if (!replaced) return false;
  int64_t i = 0;
  bool ok = true;
  while (i < n && ok) {
    // One table rebuild a scope; the lock is kept until then.
    DictWriter writer(d);
    DictTable* before = writer.table();
    while (i < n && ok && writer.table() == before) {
      Value key = items[2 * i].peek(), value = items[2 * i + 1].peek();
      int64_t hash = key_hash_simple(key);
      if (hash == -1) {
        // The hash of an object may run code: on its own.
        break;
      }
      int64_t at = writer.find(key, hash);
      if (at == kEntryError) {
        ok = false;
        break;
      }
      if (at < 0) {
        ok = writer.insert(key, hash, Ref<>::retain(value));
      } else if (overwrite) {
        ok = list_append_private(replaced.get(), writer.table()->entries()[at].value.exchange_locked(Ref<>::retain(value)));
      }
      ++i;
    }
    if (i < n && ok && writer.table() == before) break;
  }
  dict_report_write(d, Value());
  if (!ok) return error_pending() ? false : raise_no_memory();
  for (; i < n; ++i) {
    if (overwrite) {
      if (!dict_set(d, items[2 * i].peek(), items[2 * i + 1].peek())) return false;
    } else if (!dict_set_default(d, items[2 * i].peek(), items[2 * i + 1].peek())) {
      return false;
    }
  }
  return true;
}

bool dict_merge_pairs(Dict* d, Value pairs, bool overwrite) {
  Ref<> iterator = get_iter(pairs);
  if (!iterator) return false;
  for (int64_t i = 0;; ++i) {
    Ref<> item = next(iterator.value());
    if (!item) return !error_pending();
    Ref<> key, value;
    if (is_exact_tuple(item.value()) && as_tuple(item.value())->length == 2) {
      key = Ref<>::retain(as_tuple(item.value())->at(0));
      value = Ref<>::retain(as_tuple(item.value())->at(1));
    } else {
      Ref<Tuple> fast = tuple_from_iterable(item.value());
      if (!fast) {
        if (clear_if(exc::TypeError)) {
          return raise(exc::TypeError, "cannot convert dictionary update sequence element #%zd to a sequence",
                       static_cast<ssize_t>(i));
        }
        return false;
      }
      if (fast->length != 2) {
        return raise(exc::ValueError, "dictionary update sequence element #%zd has length %zd; 2 is required",
                     static_cast<ssize_t>(i), static_cast<ssize_t>(fast->length));
      }
      key = Ref<>::retain(fast->at(0));
      value = Ref<>::retain(fast->at(1));
    }
    if (overwrite) {
      if (!dict_set(d, key.value(), value.value())) return false;
    } else if (!dict_set_default(d, key.value(), value.value())) {
      return false;
    }
  }
}

namespace {
constinit Name kKeys("keys");
}

bool dict_update(Dict* d, Value mapping_or_pairs) {
  Value x = mapping_or_pairs;
  if (is_dict(x) && (is_exact_dict(x) || type_of(x)->slots.iter == dict_type.slots.iter)) {
    return dict_merge(d, as_dict(x), true);
  }
  Ref<> keys_method = find_attribute(x, kKeys.str());
  if (!keys_method) return error_pending() ? false : dict_merge_pairs(d, x, true);
  Ref<> keys = call0(keys_method.value());
  if (!keys) return false;
  Ref<> iterator = get_iter(keys.value());
  if (!iterator) return false;
  for (;;) {
    Ref<> key = next(iterator.value());
    if (!key) return !error_pending();
    Ref<> value = get_item(x, key.value());
    if (!value || !dict_set(d, key.value(), value.value())) return false;
  }
}

int dict_equal(Dict* d, Dict* other) {
  if (d == other) return 1;
  if (dict_size(d) != dict_size(other)) return 0;
  int64_t position = 0, hash;
  Ref<> key, value;
  while (dict_next(d, &position, &key, &value, &hash)) {
    Ref<> theirs = dict_get_hashed(other, key.value(), hash);
    if (!theirs) return error_pending() ? -1 : 0;
    int result = equal_items(value.value(), theirs.value());
    if (result <= 0) return result;
  }
  return 1;
}

}  // namespace pt
