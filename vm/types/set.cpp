// set and frozenset: the operations the runtime uses.
#include "vm/types/set.h"

#include "gc/heap/heap_inl.h"
#include "vm/types/dict.h"
#include "vm/types/dict_table.h"
#include "vm/types/list_inl.h"
#include "vm/types/set_table.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

Ref<Set> allocate_set(ShapeId shape) {
  auto* s = static_cast<Set*>(allocate_object_inline(shape, sizeof(Set), true));
  if (PT_UNLIKELY(!s)) return raise_no_memory();
  s->table.store(kEmptySetTable, std::memory_order_relaxed);
  s->hash.store(-1, std::memory_order_relaxed);
  return Ref<Set>::steal(s);
}

bool add_hashed(Set* s, Value item, int64_t hash) {
  int result;
  {
    SetWriter writer(s);
    result = writer.add(item, hash);
  }
  if (PT_UNLIKELY(result == -2)) return raise_no_memory();
  return result >= 0;
}

}  // namespace

Ref<List> set_items_list(Set* s) {
  for (;;) {
    int64_t n = set_size(s);
    Ref<List> list = list_new(n);
    if (!list || n == 0) return list;
    LockGuard guard(s);
    if (set_size(s) != n) continue;
    SetTable* t = s->table.load(std::memory_order_relaxed);
    Field* items = list->buffer.load(std::memory_order_relaxed)->items;
    int64_t count = 0;
    for (uint64_t i = 0; i <= t->mask; ++i) {
      if (holds_item(t->entries[i].key.peek())) items[count++].init(t->entries[i].key.load_locked());
    }
    list->size.store(count, std::memory_order_release);
    return list;
  }
}

Ref<Set> set_new(Value iterable) {
  Ref<Set> s = allocate_set(kShape_set);
  if (s && !iterable.empty() && !set_update(s.get(), iterable)) return Ref<Set>();
  return s;
}

Ref<Set> frozenset_new(Value iterable) {
  if (has_shape(iterable, kShape_frozenset)) return Ref<Set>::retain(as_set(iterable));
  Ref<Set> s = allocate_set(kShape_frozenset);
  if (s && !iterable.empty() && !set_update(s.get(), iterable)) return Ref<Set>();
  return s;
}

bool set_add(Set* s, Value item) {
  int64_t hash = key_hash(item);
  if (PT_UNLIKELY(hash == -1)) return false;
  return add_hashed(s, item, hash);
}

Ref<Set> set_of(const Value* items, int64_t count) {
  Ref<Set> set = set_new();
  for (int64_t i = 0; i < count && set; ++i) {
    if (!set_add(set.get(), items[i])) return Ref<Set>();
  }
  return set;
}

int set_add_simple(Set* s, Value item) {
  int result;
  {
    SetWriter writer(s);
    result = writer.add_plain(item, key_hash(item));
  }
  if (PT_UNLIKELY(result == -2)) (void)raise_no_memory();
  return result >= 0 ? result : -1;
}

int set_contains_simple(Set* s, Value item) {
  int64_t slot = set_find_plain(s, item);
  return slot >= 0 ? 1 : slot == kSlotAbsent ? 0 : -1;
}

int set_contains(Set* s, Value item) {
  if (int simple = set_contains_simple(s, item); PT_LIKELY(simple >= 0)) return simple;
  Ref<> key;
  int64_t hash = set_key_hash(item, true, &key);
  if (PT_UNLIKELY(hash == -1)) return -1;
  SetTable* t;
  int64_t slot = set_find_shared(s, key ? key.value() : item, hash, &t);
  return slot >= 0 ? 1 : slot == kSlotAbsent ? 0 : -1;
}

int set_discard(Set* s, Value item) {
  Ref<> key;
  int64_t hash = set_key_hash(item, true, &key);
  if (PT_UNLIKELY(hash == -1)) return -1;
  Value removed;
  {
    SetWriter writer(s);
    int64_t slot = writer.find(key ? key.value() : item, hash);
    if (slot < 0) return slot == kSlotAbsent ? 0 : -1;
    removed = writer.remove(slot);
  }
  dict_drop_key(removed);
  return 1;
}

Ref<> set_pop(Set* s) {
  Value removed;
  {
    SetWriter writer(s);
    if (writer.used() == 0) return Ref<>();
    SetTable* t = writer.table();
    uint64_t slot = static_cast<uint64_t>(s->finger) & t->mask;
    while (!holds_item(t->entries[slot].key.peek())) slot = (slot + 1) & t->mask;
    s->finger = static_cast<int64_t>(slot + 1);
    removed = writer.remove(static_cast<int64_t>(slot));
  }
  Ref<> result = Ref<>::retain(removed);
  dict_drop_key(removed);
  return result;
}

void set_clear(Set* s) {
  SetTable* t;
  {
    LockGuard guard(s);
    t = s->table.load(std::memory_order_relaxed);
    s->table.store(kEmptySetTable, std::memory_order_release);
    s->used.store(0, std::memory_order_relaxed);
    s->finger = 0;
  }
  set_table_drop(t);
}

bool set_next(Set* s, int64_t* position, Ref<>* item, int64_t* hash) {
  for (;;) {
    SetTable* t = s->table.load(std::memory_order_acquire);
    uint64_t i = static_cast<uint64_t>(*position);
    bool restart = false;
    for (; i <= t->mask; ++i) {
      SetEntry& e = t->entries[i];
      if (!holds_item(e.key.peek_acquire())) continue;
      int64_t h = e.hash.load(std::memory_order_relaxed);
      Ref<> key;
      if (!set_load_key(s, t, e, &key)) {
        restart = true;
        break;
      }
      if (!key || h == kRemovedHash) continue;
      if (PT_UNLIKELY(e.hash.load(std::memory_order_acquire) != h)) {
        --i;  // another item took the slot: once more
        continue;
      }
      *position = static_cast<int64_t>(i + 1);
      *item = std::move(key);
      if (hash) *hash = h;
      return true;
    }
    if (!restart) {
      *position = static_cast<int64_t>(i);
      return false;
    }
  }
}

namespace {

// A table with counted copies of the items of `other`, which is locked, for a set that is empty. nullptr: no memory.
SetTable* clone_locked(Set* other) {
  SetTable* from = other->table.load(std::memory_order_relaxed);
  int64_t used = set_size(other);
  if (used == 0) return kEmptySetTable;
  // Grow as merging into an empty set would: twice the items when they are too many for the smallest table.
  uint64_t slots = 8;
  if (static_cast<uint64_t>(used) * 5 >= 7 * 3) {
    while (slots <= static_cast<uint64_t>(used) * 2) slots <<= 1;
  }
  if (slots == from->mask + 1 && from->fill == used) return set_table_clone(from);
  SetTable* t = set_table_new(slots);
  if (!t) return nullptr;
  for (uint64_t i = 0; i <= from->mask; ++i) {
    if (!holds_item(from->entries[i].key.peek())) continue;
    set_table_insert_clean(t, from->entries[i].key.load_locked().take(), from->entries[i].hash.load(std::memory_order_relaxed));
  }
  return t;
}

bool update_from_set(Set* s, Set* other) {
  if (s == other || set_size(other) == 0) return true;
  if (s->table.load(std::memory_order_relaxed) == kEmptySetTable) {
    SetTable* t = nullptr;
    bool still_empty;
    {
      LockGuard2 guard(s, other);
      still_empty = s->table.load(std::memory_order_relaxed) == kEmptySetTable;
      if (still_empty && (t = clone_locked(other))) {
        s->used.store(set_size(other), std::memory_order_relaxed);
        s->table.store(t, std::memory_order_release);
      }
    }
    if (t) return true;
    if (still_empty) return raise_no_memory();
  }
  if (!multithreaded()) {
    SetTable* t = s->table.load(std::memory_order_relaxed);
    if ((static_cast<uint64_t>(t->fill + set_size(other))) * 5 >= t->mask * 3) {
      SetWriter writer(s);
      if (!writer.resize((writer.used() + set_size(other)) * 2)) return raise_no_memory();
    }
    int64_t position = 0, hash;
    Ref<> item;
    if (set_merge_plain(s, other, &position)) return true;
    if (error_pending()) return false;
    while (set_next_inline(other, &position, &item, &hash)) {
      if (!add_hashed(s, item.value(), hash)) return false;
    }
    return true;
  }
  // With threads: what `other` holds at one moment, added in one step as far as no Python code compares items.
  Ref<List> snapshot = set_items_list(other);
  if (!snapshot) return false;
  int64_t n = list_size(snapshot.get());
  Field* items = n ? snapshot->buffer.load(std::memory_order_relaxed)->items : nullptr;
  int64_t i = 0;
  while (i < n) {
    int result = 1;
    {
      SetWriter writer(s);
      for (; i < n && result >= 0 && !writer.full(); ++i) {
        Value item = items[i].peek();
        int64_t hash = item.is_small_int()  ? word_hash(item.as_small_int())
                       : is_exact_str(item) ? exact_str_hash(as_str(item))
                                            : -1;
        if (hash == -1) break;
        result = writer.add(item, hash);
      }
    }
    if (result == -2) return raise_no_memory();
    if (result == -1) return false;
    if (i < n && !items[i].peek().is_small_int() && !is_exact_str(items[i].peek())) {
      if (!set_add(s, items[i].peek())) return false;
      ++i;
    }
  }
  return true;
}

bool update_from_tuple(Set* s, Tuple* tuple) {
  for (int64_t i = 0; !set_add_plain(s, tuple->items, tuple->length, &i); ++i) {
    if (error_pending() || !set_add(s, tuple->items[i].peek())) return false;
  }
  return true;
}
// One thread; what hashes and compares items may change the list.
bool update_from_list(Set* s, List* list) {
  for (int64_t i = 0; i < list_size(list); ++i) {
    if (set_add_plain(s, list->buffer.load(std::memory_order_relaxed)->items, list_size(list), &i)) return true;
    Ref<> item = error_pending() ? Ref<>() : list_get(list, i);
    if (!item || !set_add(s, item.value())) return false;
  }
  return true;
}

// Its characters, all of them strs.
bool update_from_str(Set* s, Str* text) {
  for (int64_t i = 0; i < text->length; ++i) {
    Ref<Str> character = str_from_code_point(text->at(i));
    if (!character || !set_add(s, Value::object(character.get()))) return false;
  }
  return true;
}

}  // namespace

bool set_update(Set* s, Value iterable) {
  if (is_any_set(iterable)) return update_from_set(s, as_set(iterable));
  if (is_exact_dict(iterable)) {
    {
      SetWriter writer(s);
      SetTable* t = writer.table();
      int64_t added = dict_size(as_dict(iterable));
      uint64_t room = t == kEmptySetTable ? 7 : t->mask;
      if (static_cast<uint64_t>(t->fill + added) * 5 >= room * 3) (void)writer.resize((writer.used() + added) * 2);
    }
    int64_t position = 0, hash;
    Ref<> key;
    while (dict_next(as_dict(iterable), &position, &key, nullptr, &hash)) {
      if (!add_hashed(s, key.value(), hash)) return false;
    }
    return true;
  }
  if (is_exact_str(iterable)) return update_from_str(s, as_str(iterable));
  if (has_shape(iterable, kShape_tuple)) return update_from_tuple(s, as_tuple(iterable));
  if (has_shape(iterable, kShape_list) && !multithreaded()) return update_from_list(s, as_list(iterable));
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return false;
  for (;;) {
    Ref<> item = next(iterator.value());
    if (!item) return !error_pending();
    if (!set_add(s, item.value())) return false;
  }
}

int64_t set_key_hash(Value item, bool sets_allowed, Ref<>* key) {
  int64_t hash = key_hash(item);
  if (PT_LIKELY(hash != -1)) return hash;
  if (!sets_allowed || !is_any_set(item) || !clear_if(exc::TypeError)) return -1;
  Ref<Set> frozen = frozenset_new(item);
  if (!frozen) return -1;
  *key = std::move(frozen);
  return pt::hash(key->value());
}

}  // namespace pt
