// list: storage, construction and the operations the runtime itself uses.
#include "vm/types/list.h"

#include <cstring>

#include "gc/heap/heap_inl.h"
#include "gc/reclaim/qsbr.h"
#include "vm/types/container_inl.h"
#include "vm/types/dict.h"
#include "vm/types/drain.h"
#include "vm/types/dict_views.h"
#include "vm/types/list_inl.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

constexpr int64_t kMaxList = (INT64_MAX - 64) / 8;

// Slots [from, to) hold nothing any more. Needed only when somebody may have read a size that covers them.
void empty_slots(const List* list, Field* items, int64_t from, int64_t to) {
  if (!multithreaded() || is_unseen(list)) return;
  for (int64_t i = from; i < to; ++i) items[i].init_value(Value());
}

constinit int64_t g_sorting_buffer[2] = {0, 0};

// Of a new buffer, which nobody sees yet. Most are short: a call would cost more.
void clear_slots(Field* items, int64_t count) {
  constexpr int64_t kFew = 16;
  if (count > kFew) {
    std::memset(static_cast<void*>(items), 0, static_cast<size_t>(count) * sizeof(Field));
    return;
  }
  for (int64_t i = 0; i < count; ++i) items[i].init_value(Value());
}

// For a new list that the caller is to fill before anybody sees it.
bool make_room(List* list, int64_t capacity) {
  auto* buffer = static_cast<ListBuffer*>(memory::allocate_buffer(list_buffer_bytes(capacity)));
  if (!buffer) return false;
  buffer->capacity = capacity;
  list->buffer.store(buffer, std::memory_order_release);
  return true;
}

bool change_capacity(List* list, int64_t capacity, ListBuffer** retired) {
  ListBuffer* old = list->buffer.load(std::memory_order_relaxed);
  if (PT_UNLIKELY(old == kSortingBuffer)) old = nullptr;
  if (!multithreaded() || is_unseen(list)) {
    size_t bytes = list_buffer_bytes(capacity);
    auto* buffer = static_cast<ListBuffer*>(old ? memory::resize_buffer(old, list_buffer_bytes(old->capacity), bytes)
                                                : memory::allocate_buffer(bytes));
    if (!buffer) return false;
    buffer->capacity = capacity;
    list->buffer.store(buffer, std::memory_order_release);
    return true;
  }
  auto* buffer = static_cast<ListBuffer*>(memory::allocate_buffer(list_buffer_bytes(capacity)));
  if (!buffer) return false;
  buffer->capacity = capacity;
  int64_t n = list->size.load(std::memory_order_relaxed);
  // Nobody sees the new buffer yet, and the lock keeps writers off the old one.
  if (n)
    std::memcpy(static_cast<void*>(buffer->items), static_cast<const void*>(old->items), static_cast<size_t>(n) * sizeof(Field));
  clear_slots(buffer->items + n, capacity - n);
  list->buffer.store(buffer, std::memory_order_release);  // pairs with the acquire in list_get_shared
  *retired = old;
  return true;
}

PT_COLD Ref<> list_get_locked(List* list, int64_t i) {
  EnteringGuard guard(list, Access::kLooks);
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(list->size.load(std::memory_order_relaxed))) return Ref<>();
  return list->buffer.load(std::memory_order_relaxed)->items[i].load_locked();
}

Ref<List> list_allocate() {
  auto* list = static_cast<List*>(allocate_object_inline(kShape_list, sizeof(List), true));
  if (PT_UNLIKELY(!list)) return raise_no_memory();
  reserve_lock(list);
  return Ref<List>::steal(list);
}

}  // namespace

bool list_reserve_locked(List* list, int64_t wanted, ListBuffer** retired) {
  ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
  if (buffer && wanted <= buffer->capacity) return true;
  if (wanted > kMaxList) return false;
  int64_t n = list->size.load(std::memory_order_relaxed);
  int64_t capacity = wanted;
  if (n > 0 || wanted <= 4) {
    int64_t spare = (wanted < 4096 ? wanted >> 1 : wanted >> 2) + 3;
    if (wanted <= kMaxList - spare) capacity = (wanted + spare) & ~int64_t{1};
    if (capacity < wanted) capacity = wanted;
  }
  return change_capacity(list, capacity, retired);
}

ListBuffer* const kSortingBuffer = reinterpret_cast<ListBuffer*>(g_sorting_buffer);

bool note_unlinked(List* list, ListBuffer* buffer) {
  if (!buffer || buffer == kSortingBuffer || !multithreaded() || !is_unseen(list)) return false;
  buffer->capacity = kUnseenBuffer;
  return true;
}
void retire_list_buffer(ListBuffer* buffer) {
  if (!buffer || buffer == kSortingBuffer) return;
  if (buffer->capacity == kUnseenBuffer) return memory::release(buffer);
  retire_buffer(buffer, list_buffer_bytes(buffer->capacity));
}

void list_truncate_locked(List* list, int64_t n, ListBuffer** retired) {
  int64_t old = list->size.load(std::memory_order_relaxed);
  ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
  list->size.store(n, std::memory_order_release);
  if (!buffer) return;
  empty_slots(list, buffer->items, n, old);
  if (!list_wants_smaller(buffer->capacity, n) || *retired) return;
  if (n == 0) {
    list->buffer.store(nullptr, std::memory_order_release);
    note_unlinked(list, buffer);
    *retired = buffer;
  } else {
    change_capacity(list, n + (n >> 3) + 6, retired);  // failure leaves the larger buffer
  }
}

Ref<> list_get_shared(List* list, int64_t i) {
  open_to_readers(list);
  for (;;) {
    if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(list->size.load(std::memory_order_acquire))) return Ref<>();
    ListBuffer* buffer = list->buffer.load(std::memory_order_acquire);  // pairs with the release in change_capacity
    if (!buffer || i >= buffer->capacity) return list_get_locked(list, i);
    Value v = buffer->items[i].peek_acquire();
    if (v.empty()) return list_get_locked(list, i);
    if (!v.is_object()) return Ref<>::steal(v);
    if (PT_UNLIKELY(!try_incref(v.as_object()))) return list_get_locked(list, i);
    // Still in the list? A buffer that was replaced keeps its old content, so look at both.
    if (PT_LIKELY(buffer->items[i].peek_acquire().bits() == v.bits() && list->buffer.load(std::memory_order_acquire) == buffer)) {
      return Ref<>::steal(v);
    }
    decref(v.as_object());
  }
}

Ref<List> list_new(int64_t capacity) {
  Ref<List> list = list_allocate();
  if (list && capacity > 0) {
    ListBuffer* unused = nullptr;
    if (capacity > kMaxList || !change_capacity(list.get(), capacity, &unused)) return raise_no_memory();
  }
  return list;
}

Ref<List> list_from(const Value* values, int64_t count) {
  Ref<List> list = list_allocate();
  if (list && count > 0) {
    if (count > kMaxList || !make_room(list.get(), count)) return raise_no_memory();
    Field* items = list->buffer.load(std::memory_order_relaxed)->items;
    for (int64_t i = 0; i < count; ++i) items[i].init(Ref<>::retain(values[i]));
    list->size.store(count, std::memory_order_release);
  }
  return list;
}

Ref<List> list_from_iterable(Value iterable) {
  if (is_exact_list(iterable)) return list_slice(as_list(iterable), 0, INT64_MAX);
  Ref<List> list = list_allocate();
  if (!list || !list_extend(list.get(), iterable)) return Ref<List>();
  return list;
}

bool list_append_locked(List* list, Ref<> item, ListBuffer** retired) {
  int64_t n = list->size.load(std::memory_order_relaxed);
  if (PT_UNLIKELY(!list_reserve_locked(list, n + 1, retired))) return false;
  list->buffer.load(std::memory_order_relaxed)->items[n].init(std::move(item));
  list->size.store(n + 1, std::memory_order_release);
  return true;
}

bool list_append(List* list, Ref<> item) {
  ListBuffer* retired = nullptr;
  bool done;
  {
    EnteringGuard guard(list);
    done = list_append_locked(list, std::move(item), &retired);
  }
  retire_list_buffer(retired);
  return done || raise_no_memory();
}

bool list_set(List* list, int64_t i, Ref<> item) {
  Ref<> old;
  ListWriter writer(list);
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(writer.size())) return false;
  old = writer.items()[i].exchange_locked(std::move(item));
  return true;
}

namespace {

// Appends copies of `count` fields whose holder is locked or immutable.
bool append_fields(List* list, const Field* from, int64_t count, ListBuffer** retired) {
  int64_t n = list->size.load(std::memory_order_relaxed);
  if (count > kMaxList - n || !list_reserve_locked(list, n + count, retired)) return false;
  if (count == 0) return true;
  Field* items = list->buffer.load(std::memory_order_relaxed)->items + n;
  for (int64_t i = 0; i < count; ++i) items[i].init(from[i].load_locked());
  list->size.store(n + count, std::memory_order_release);
  return true;
}

bool extend_with_list(List* list, List* other) {
  ListBuffer* retired = nullptr;
  bool ok;
  {
    LockGuard2 guard(list, other, Access::kWrites, Access::kLooks);
    // Reserve first: extending a list with itself must read from the buffer that is then in place.
    int64_t count = other->size.load(std::memory_order_relaxed);
    int64_t n = list->size.load(std::memory_order_relaxed);
    ok = count <= kMaxList - n && list_reserve_locked(list, n + count, &retired);
    ListBuffer* from = other->buffer.load(std::memory_order_relaxed);
    ListBuffer* unused = nullptr;
    if (ok && count) ok = append_fields(list, from->items, count, &unused);
  }
  retire_list_buffer(retired);
  return ok || raise_no_memory();
}

bool extend_with_tuple(List* list, Tuple* tuple) {
  bool ok;
  ListBuffer* retired = nullptr;
  {
    EnteringGuard guard(list);
    ok = append_fields(list, tuple->items, tuple->length, &retired);
  }
  retire_list_buffer(retired);
  return ok || raise_no_memory();
}

// Containers of ours whose items are appended in one step, as users of `extend` rely on.
bool extend_one_by_one(List* list, Value iterable, bool unshared) {
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return false;
  int64_t hint = has_shape(iterable, kShape_generator) ? 0 : length_hint(iterable, 0);
  if (hint < 0) return false;
  if (hint > 8) {
    ListWriter writer(list);
    int64_t n = writer.size();
    // An absurd hint is not an error; the items will show.
    if (hint < kMaxList - n) (void)writer.reserve(n + hint);
  }
  Drain drain(is_exact_list(Value::object(list)) ? iterator.value() : Value());
  for (;;) {
    if (drain.due()) return static_cast<bool>(drain.rest(DrainKind::kList, Value::object(list), 1));
    Ref<> item = next(iterator.value());
    if (!item) break;
    drain.more();
    bool ok = unshared ? list_append_private(list, std::move(item)) : list_append(list, std::move(item));
    if (!ok) return false;
  }
  return !error_pending();
}

// The items of a builtin container that is no sequence, at one moment; empty without an exception for anything else.
Ref<List> items_at_once(Value iterable) {
  if (is_exact_dict(iterable)) return dict_keys_list(as_dict(iterable));
  auto viewed = [&] { return as_dict(reinterpret_cast<DictView*>(iterable.as_object())->dict.peek()); };
  if (has_shape(iterable, kShape_dict_keys)) return dict_keys_list(viewed());
  if (has_shape(iterable, kShape_dict_values)) return dict_values_list(viewed());
  if (has_shape(iterable, kShape_dict_items)) return dict_items_list(viewed());
  if (has_shape(iterable, kShape_set) || has_shape(iterable, kShape_frozenset)) {
    Ref<Set> copy = set_new(iterable);
    Ref<List> items = copy ? list_allocate() : Ref<List>();
    if (items && extend_one_by_one(items.get(), copy.value(), true)) return items;
  }
  return Ref<List>();
}

}  // namespace

bool list_extend(List* list, Value iterable) {
  if (is_exact_list(iterable) || iterable.is(list)) return extend_with_list(list, as_list(iterable));
  if (is_exact_tuple(iterable)) return extend_with_tuple(list, as_tuple(iterable));
  if (multithreaded()) {
    if (Ref<List> items = items_at_once(iterable)) return extend_with_list(list, items.get());
    if (error_pending()) return false;
  }
  return extend_one_by_one(list, iterable, false);
}

bool list_insert(List* list, int64_t i, Ref<> item) {
  {
    ListWriter writer(list);
    int64_t n = writer.size();
    if (PT_LIKELY(writer.reserve(n + 1))) {
      if (i < 0 && (i += n) < 0) i = 0;
      if (i > n) i = n;
      Field* items = writer.items();
      move_fields(items + i + 1, items + i, n - i);
      items[i].init(std::move(item));
      writer.set_size(n + 1);
      return true;
    }
  }
  return raise_no_memory();
}

Ref<> list_pop(List* list, int64_t i) {
  Ref<> item;
  ListWriter writer(list);
  int64_t n = writer.size();
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(n)) return Ref<>();
  Field* items = writer.items();
  item = Ref<>::steal(items[i].peek());
  move_fields(items + i, items + i + 1, n - 1 - i);
  writer.truncate(n - 1);
  return item;
}

void list_clear(List* list) {
  ListBuffer* buffer;
  int64_t n;
  {
    EnteringGuard guard(list);
    n = list->size.load(std::memory_order_relaxed);
    buffer = list->buffer.load(std::memory_order_relaxed);
    if (n == 0 && buffer == kSortingBuffer) return;
    list->size.store(0, std::memory_order_release);
    list->buffer.store(nullptr, std::memory_order_release);
    note_unlinked(list, buffer);
  }
  if (!buffer) return;
  while (n-- > 0) buffer->items[n].clear();
  retire_list_buffer(buffer);
}

Ref<Tuple> list_to_tuple(List* list) {
  EnteringGuard guard(list, Access::kLooks);
  int64_t n = list->size.load(std::memory_order_relaxed);
  Ref<Tuple> tuple = tuple_allocate(n);
  if (!tuple || n == 0) return tuple;
  Field* items = list->buffer.load(std::memory_order_relaxed)->items;
  for (int64_t i = 0; i < n; ++i) tuple->items[i].init(items[i].load_locked());
  return tuple;
}

Ref<List> list_slice(List* list, int64_t start, int64_t end) {
  Ref<List> result = list_allocate();
  if (!result) return result;
  bool ok = true;
  {
    EnteringGuard guard(list, Access::kLooks);
    int64_t n = list->size.load(std::memory_order_relaxed);
    if (start < 0) start = 0;
    if (end > n) end = n;
    if (start < end) {
      ListBuffer* unused = nullptr;
      Field* items = list->buffer.load(std::memory_order_relaxed)->items;
      ok = make_room(result.get(), end - start) && append_fields(result.get(), items + start, end - start, &unused);
    }
  }
  if (!ok) return raise_no_memory();
  return result;
}

bool list_reverse(List* list) {
  EnteringGuard guard(list);
  int64_t n = list->size.load(std::memory_order_relaxed);
  if (n < 2) return true;
  Field* items = list->buffer.load(std::memory_order_relaxed)->items;
  for (int64_t low = 0, high = n - 1; low < high; ++low, --high) {
    Value a = items[low].peek();
    items[low].init_value(items[high].peek());
    items[high].init_value(a);
  }
  return true;
}

}  // namespace pt
