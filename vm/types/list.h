#pragma once
// list: a buffer of Fields that readers use without a lock, once the list is open to them (gc/sync/object_lock.h). Writers hold
// the object lock; a buffer that is replaced goes through QSBR, unless only the owner has ever looked. Once there are threads,
// the slots past `size` are empty.
#include <atomic>
#include <cstdint>

#include "gc/refcount/ref.h"
#include "gc/sync/object_lock.h"
#include "vm/object/type.h"

namespace pt {

struct ListBuffer {
  int64_t capacity;
  Field items[];
};
struct List : Object {
  std::atomic<int64_t> size;          // written with the lock held; released after the items
  std::atomic<ListBuffer*> buffer;    // nullptr while capacity is 0; release-stored with the lock held
};
// Whether a list cut to `n` items gives memory back.
constexpr bool list_wants_smaller(int64_t capacity, int64_t n) { return capacity > 16 && n < capacity / 2; }
inline bool is_list(Value v) { return v.is_object() && has_flag(type_of(v), kTypeListSubclass); }
inline bool is_exact_list(Value v) { return has_shape(v, kShape_list); }
inline List* as_list(Value v) { return reinterpret_cast<List*>(v.as_object()); }

inline int64_t list_size(const List* list) { return list->size.load(std::memory_order_acquire); }
// list_get once there are other threads: takes no lock unless the item is fought over.
Ref<> list_get_shared(List* list, int64_t i);
// Item `i` (not negative), or empty when past the end. Any thread, no lock.
PT_INLINE Ref<> list_get(List* list, int64_t i) {
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(list->size.load(std::memory_order_acquire)))) {
    return Ref<>();
  }
  if (PT_UNLIKELY(multithreaded())) return list_get_shared(list, i);
  return Ref<>::retain(list->buffer.load(std::memory_order_relaxed)->items[i].peek());
}
// Item `i` (not negative) for a register, see Field::try_load_register. Any thread, no lock. False: past the end, or
// list_get has to decide.
[[nodiscard]] PT_INLINE bool list_load_register(const List* list, int64_t i, Value* out) {
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(list->size.load(std::memory_order_acquire)))) {
    return false;
  }
  if (PT_LIKELY(!multithreaded())) return try_register_copy(list->buffer.load(std::memory_order_relaxed)->items[i].peek(), out);
  if (PT_UNLIKELY(!is_open(list))) return false;
  ListBuffer* buffer = list->buffer.load(std::memory_order_acquire);
  if (PT_UNLIKELY(!buffer || i >= buffer->capacity)) return false;
  if (PT_UNLIKELY(!buffer->items[i].try_load_register(out) || out->empty())) return false;
  if (PT_LIKELY(list->buffer.load(std::memory_order_acquire) == buffer)) return true;
  Field::undo_load_register(*out);
  return false;
}
Ref<List> list_new(int64_t capacity = 0);
Ref<List> list_from(const Value* values, int64_t count);
Ref<List> list_from_iterable(Value iterable);
bool list_append(List* list, Ref<> item);
bool list_set(List* list, int64_t i, Ref<> item);      // false without an exception when out of range
bool list_extend(List* list, Value iterable);
bool list_insert(List* list, int64_t i, Ref<> item);   // clamps as list.insert
Ref<> list_pop(List* list, int64_t i);                 // index already normalised; empty without exception: out of range
void list_clear(List* list);
Ref<Tuple> list_to_tuple(List* list);
Ref<List> list_slice(List* list, int64_t start, int64_t end);
bool list_sort(List* list, Value key_or_empty, bool reverse);
bool list_reverse(List* list);
// list[start:end] = iterable, or del list[start:end] when `iterable` is empty. Bounds clamp as in slices.
bool list_assign_slice(List* list, int64_t start, int64_t end, Value iterable);
// The same with a step other than 0, also backwards, of bounds as slice_unpack gives them.
Ref<List> list_get_slice(List* list, int64_t start, int64_t stop, int64_t step);
bool list_set_slice(List* list, int64_t start, int64_t stop, int64_t step, Value iterable);

}  // namespace pt
