#pragma once
// Inside of set: tables, probing, the locked lookup. Used by set*.cpp only. The probe sequence and the growth are those
// CPython documents in its sources, so that sets of ints iterate in the same order.
#include "gc/sync/object_lock.h"
#include "vm/types/container_inl.h"
#include "vm/types/set.h"

namespace pt {

// Immortal, and no Python object: what the key of a removed entry is, so that one load tells free and removed apart.
extern constinit Object g_removed_key;
PT_INLINE bool is_removed_key(Value k) { return k.is(&g_removed_key); }
PT_INLINE bool holds_item(Value k) { return !k.empty() && !is_removed_key(k); }
inline constexpr int64_t kSlotAbsent = -1;
inline constexpr int64_t kSlotError = -2;
inline constexpr int64_t kSlotRetry = -3;

extern SetTable* const kEmptySetTable;
SetTable* set_table_new(uint64_t slots);  // a power of two; nullptr: out of memory, no exception
size_t set_table_bytes(const SetTable* t);
void set_table_retire(SetTable* t);       // its keys live on elsewhere
void set_table_drop(SetTable* t);         // with its keys. No lock held: may run Python code
// The same slots, with counts of their own; the set is locked. nullptr: out of memory, no exception.
SetTable* set_table_clone(SetTable* t);
// Adds a key known to be absent to a table with room.
void set_table_insert_clean(SetTable* t, Value owned_key, int64_t hash);

// Lock-free lookup of a small int or exact str, without Python code: slot, kSlotAbsent, or kSlotRetry (another kind of key,
// or one has the same hash).
int64_t set_find_plain(Set* s, Value key);
int64_t set_find_plain(Set* s, Value key, int64_t hash);   // of such a key
// Lock-free lookup: slot, kSlotAbsent or kSlotError.
int64_t set_find_shared(Set* s, Value key, int64_t hash, SetTable** table);
// A counted copy of the key in a slot as a reader without the lock; false: the table changed.
bool set_load_key(Set* s, SetTable* t, SetEntry& entry, Ref<>* out);

// As set_next. Where there is one thread, in line.
PT_INLINE bool set_next_inline(Set* s, int64_t* position, Ref<>* item, int64_t* hash) {
  if (PT_UNLIKELY(multithreaded())) return set_next(s, position, item, hash);
  SetTable* t = s->table.load(std::memory_order_relaxed);
  uint64_t i = static_cast<uint64_t>(*position);
  for (; i <= t->mask; ++i) {
    Value key = t->entries[i].key.peek();
    if (!holds_item(key)) continue;
    *hash = t->entries[i].hash.load(std::memory_order_relaxed);
    *item = Ref<>::retain(key);
    *position = static_cast<int64_t>(i + 1);
    return true;
  }
  *position = static_cast<int64_t>(i);
  return false;
}

class SetWriter {
 public:
  explicit SetWriter(Set* s) : set_(s) { lock_byte(s->lock); }
  ~SetWriter() {
    unlock();
    for (SetTable* t : retired_) {
      if (t) set_table_retire(t);
    }
  }
  SetWriter(const SetWriter&) = delete;
  SetWriter& operator=(const SetWriter&) = delete;

  SetTable* table() const { return set_->table.load(std::memory_order_relaxed); }
  int64_t used() const { return set_->used.load(std::memory_order_relaxed); }
  void set_used(int64_t n) { set_->used.store(n, std::memory_order_relaxed); }
  void publish(SetTable* t) { set_->table.store(t, std::memory_order_release); }  // pairs with the acquire in readers
  // Slot of the key, kSlotAbsent or kSlotError. Gives the lock up while Python code compares.
  int64_t find(Value key, int64_t hash);
  // 1 added, 0 was there, -1 error pending, -2 out of memory (no exception yet).
  int add(Value key, int64_t hash);
  // A small int or exact str, without Python code: as add(), or kUnclear, and nothing has been done.
  int add_plain(Value key, int64_t hash);
  static constexpr int kUnclear = -3;
  // A key known to be absent: 1 or -2.
  int add_absent(Value key, int64_t hash);
  // Empties a slot; the key is the caller's.
  Value remove(int64_t slot);
  bool resize(int64_t wanted);
  // True when one more growth could not be kept in this scope: leave it and begin another.
  bool full() const { return retired_[1] != nullptr; }

 private:
  void lock() {
    lock_byte(set_->lock);
    locked_ = true;
  }
  void unlock() {
    if (locked_) unlock_byte(set_->lock);
    locked_ = false;
  }

  int grow_for(Value key, int64_t hash);

  Set* set_;
  bool locked_ = true;
  int64_t removed_slot_ = -1;  // the last one that find() came by
  Ref<> held_;                 // a key being compared without the lock; let go after it
  SetTable* retired_[2] = {};
};

// What follows does what it can without Python code, from *position on, with items that are small ints or exact strs. True: all
// is done; otherwise *position is where somebody else has to go on. An exception is pending only if there is no memory.
//
// Adds to `result`, a set that nobody else has, the items of `from` that are (`wanted`) or are not in `other`. They are no
// duplicates.
bool set_select_plain(Set* result, Set* from, Set* other, bool wanted, int64_t* position);
// Adds the items of another set. With several threads nothing is done.
bool set_merge_plain(Set* into, Set* from, int64_t* position);
// Takes out the items of another set that are there, and adds the others. With several threads nothing is done.
bool set_toggle_plain(Set* into, Set* from, int64_t* position);
// Adds items[0..count), which nobody else changes meanwhile.
bool set_add_plain(Set* into, const Field* items, int64_t count, int64_t* position);

// An item's hash as set methods want it: a set stands for the frozenset of its items when `sets_allowed`. *key gets
// what is to be looked for. -1: error.
int64_t set_key_hash(Value item, bool sets_allowed, Ref<>* key);

}  // namespace pt
