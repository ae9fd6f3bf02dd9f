#pragma once
// Inside of dict: tables and the locked lookup. Used by dict*.cpp only.
#include "vm/types/dict_inl.h"

namespace pt {

extern DictTable* const kEmptyDictTable;

inline constexpr uint8_t kMinDictLog2 = 3;
inline int64_t dict_table_capacity(uint32_t log2_size) { return ((int64_t{1} << log2_size) * 2) / 3; }
uint8_t dict_log2_for(int64_t entries);  // smallest index that holds so many
DictTable* dict_table_new(uint8_t log2_size, bool str_keys);  // nullptr: out of memory, no exception
size_t dict_table_bytes(const DictTable* t);

// A copy of the live entries of `t` with room for `wanted`; takes the counts over (or, with `counted`, adds its own).
DictTable* dict_table_rebuild(DictTable* t, int64_t wanted, bool str_keys, bool counted);
// Gives the dict, which is locked, a table with room for one more key of that kind; nullptr: out of memory. *replaced is to
// be retired once the lock is given up.
DictTable* dict_grow_locked(Dict* d, bool str_key, DictTable** replaced);
// Room is there and the key is not: appends.
void dict_table_append(DictTable* t, Ref<> key, int64_t hash, Ref<> value);
// Frees a table that nobody else can be looking at.
void dict_table_free(DictTable* t);
// Frees a table whose entries were moved elsewhere, once no reader can be looking. No lock held.
void dict_table_retire(DictTable* t);
// Lets a table and all it holds go. No lock held: may run Python code.
void dict_table_drop(DictTable* t);
// Lets the key of a deleted entry go: str keys after a grace period, as readers compare them without counting.
void dict_drop_key(Value owned_key);

// Tells whoever watches the dict, after the write and without the lock. `key`: empty when any may have changed, or the table.
inline void dict_report_write(Dict* d, Value key) {
  if (PT_UNLIKELY(d->watchers.load(std::memory_order_relaxed)) && g_dict_watch_hook) {
    g_dict_watch_hook(d, is_exact_str(key) ? as_str(key) : nullptr);
  }
}

// The lock of a dict for a scope, and what comes loose in it: released after the lock.
class DictWriter {
 public:
  explicit DictWriter(Dict* d) : dict_(d) { lock(); }
  ~DictWriter() {
    unlock();
    finish();
  }
  DictWriter(const DictWriter&) = delete;
  DictWriter& operator=(const DictWriter&) = delete;

  DictTable* table() const { return dict_->table.load(std::memory_order_relaxed); }
  // Position of the key, kEntryAbsent, or kEntryError. For keys whose comparison runs Python code the lock is given up
  // meanwhile; the result holds for the moment it returns.
  int64_t find(Value key, int64_t hash);
  // Adds a key that find() has just not found. False: out of memory (no exception yet; call raise_no_memory unlocked).
  bool insert(Value key, int64_t hash, Ref<> value);
  // Empties the entry; its key and value are in the caller's hands.
  void remove(int64_t position, Value* key, Ref<>* value);
  void set_used(int64_t n) { dict_->used.store(n, std::memory_order_relaxed); }
  int64_t used() const { return dict_->used.load(std::memory_order_relaxed); }
  void publish(DictTable* t) { dict_->table.store(t, std::memory_order_release); }  // pairs with the acquire in readers

 private:
  void lock() {
    lock_reserving(dict_);
    locked_ = true;
  }
  void unlock() {
    if (locked_) unlock_reserving<Reserve::kAtOnce>(dict_);
    locked_ = false;
  }
  void finish() {
    if (PT_LIKELY(!retired_)) return;
    dict_report_write(dict_, Value());
    dict_table_retire(retired_);
  }

  Dict* dict_;
  bool locked_ = true;
  DictTable* retired_ = nullptr;
};

// Lock-free lookup of any key: kEntryAbsent, kEntryError, or a position in *table.
int64_t dict_find_shared(Dict* d, Value key, int64_t hash, DictTable** table);
// A counted copy of an entry's key or value as a reader without the lock; false: the table changed, look again.
bool dict_load_field(Dict* d, DictTable* t, Field& field, Ref<>* out);

}  // namespace pt
