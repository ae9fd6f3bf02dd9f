#pragma once
// The hot part of list for the interpreter and for code that fills a list nobody else sees yet.
#include "gc/platform/buffers.h"
#include "gc/sync/reservation.h"
#include "vm/types/list.h"

namespace pt {

PT_INLINE size_t list_buffer_bytes(int64_t capacity) {
  return memory::buffer_size(sizeof(ListBuffer) + static_cast<size_t>(capacity) * sizeof(Field));
}

// Lock held or list unshared: room for `wanted` items. The buffer it replaced, if any, lands in *retired and goes to
// retire_list_buffer once the lock is given up. False: out of memory, no exception.
bool list_reserve_locked(List* list, int64_t wanted, ListBuffer** retired);
void retire_list_buffer(ListBuffer* buffer);  // nullptr is fine
// Lock held, of a buffer that the list does not have any more: true when no other thread can be looking at it, so that
// retire_list_buffer will free it at once. Its capacity is gone then.
bool note_unlinked(List* list, ListBuffer* buffer);
inline constexpr int64_t kUnseenBuffer = -1;
// As list_reserve_locked, and appends.
bool list_append_locked(List* list, Ref<> item, ListBuffer** retired);
// Lock held or list unshared: cuts it to `n` items, whose tail was moved away or taken over by the caller; *retired as above.
void list_truncate_locked(List* list, int64_t n, ListBuffer** retired);
// What a list has for a buffer while it is being sorted: any change of the list puts another one there.
extern ListBuffer* const kSortingBuffer;

// Only the calling thread can reach the list: append without the lock.
PT_INLINE bool list_append_private(List* list, Ref<> item) {
  int64_t n = list->size.load(std::memory_order_relaxed);
  ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
  if (PT_UNLIKELY(!buffer || n >= buffer->capacity)) return list_append(list, std::move(item));
  buffer->items[n].init(std::move(item));
  list->size.store(n + 1, std::memory_order_release);
  return true;
}

// list.append with the single-threaded case in line.
PT_INLINE bool list_append_fast(List* list, Ref<> item) {
  if (PT_LIKELY(!multithreaded())) return list_append_private(list, std::move(item));
  if (PT_LIKELY(try_reserve_or_alone(list))) {
    int64_t n = list->size.load(std::memory_order_relaxed);
    ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
    bool room = PT_LIKELY(buffer && n < buffer->capacity);
    if (room) {
      buffer->items[n].init(std::move(item));
      list->size.store(n + 1, std::memory_order_release);
    }
    unlock_reserving<Reserve::kSecondTime>(list);
    if (room) return true;
  }
  return list_append(list, std::move(item));
}

// list[i] = item for an index in range and a single thread: true when done; otherwise `item` is untouched.
PT_INLINE bool list_set_fast(List* list, int64_t i, Ref<>& item) {
  if (PT_UNLIKELY(multithreaded())) return false;
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(list->size.load(std::memory_order_relaxed)))) {
    return false;
  }
  Ref<> old = list->buffer.load(std::memory_order_relaxed)->items[i].exchange_locked(std::move(item));
  return true;
}

// The lock of a list for a scope in which items and buffers come loose: they are let go after the lock.
class [[clang::scoped_lockable]] ListWriter {
 public:
  explicit ListWriter(List* list) : list_(list) { lock_reserving(list); }
  ~ListWriter() {
    unlock_reserving<Reserve::kSecondTime>(list_);
    retire_list_buffer(retired_);
  }
  ListWriter(const ListWriter&) = delete;
  ListWriter& operator=(const ListWriter&) = delete;

  int64_t size() const { return list_->size.load(std::memory_order_relaxed); }
  Field* items() const {
    ListBuffer* buffer = list_->buffer.load(std::memory_order_relaxed);
    return buffer ? buffer->items : nullptr;
  }
  // At most once a scope.
  bool reserve(int64_t wanted) { return list_reserve_locked(list_, wanted, &retired_); }
  void set_size(int64_t n) { list_->size.store(n, std::memory_order_release); }
  void truncate(int64_t n) { list_truncate_locked(list_, n, &retired_); }

 private:
  List* list_;
  ListBuffer* retired_ = nullptr;
};

}  // namespace pt
