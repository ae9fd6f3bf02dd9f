// Slices of lists: copies with a step, assignment and deletion.
#include "gc/sync/object_lock.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/list_inl.h"
#include "vm/types/slice.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

constexpr int64_t kMaxList = (INT64_MAX - 64) / 8;

// Whether any of the fields holds something to be let go.
bool any_counted(const Field* items, int64_t count, int64_t step = 1) {
  for (int64_t i = 0; i < count; ++i, items += step) {
    Value v = items->peek();
    if (v.is_object() && !v.as_object()->is_immortal()) return true;
  }
  return false;
}

// What has left a list under its lock, to be let go after it. Few of them need no memory.
class Removed {
 public:
  Removed() = default;
  ~Removed() {
    for (int64_t i = 0; i < count_; ++i) release(few_[i]);
  }
  Removed(const Removed&) = delete;
  Removed& operator=(const Removed&) = delete;
  bool reserve(int64_t count) {
    if (count <= kFew) return true;
    many_ = tuple_allocate(count);
    return static_cast<bool>(many_);
  }
  void add(Value owned) {
    if (many_)
      many_->items[count_many_++].init_value(owned);
    else
      few_[count_++] = owned;
  }

 private:
  static constexpr int64_t kFew = 8;
  Value few_[kFew];
  int64_t count_ = 0, count_many_ = 0;
  Ref<Tuple> many_;
};

}  // namespace

// Copies under the lock.
Ref<List> list_get_slice(List* list, int64_t start, int64_t stop, int64_t step) {
  if (step == 1) {
    int64_t n = list_size(list);
    int64_t count = slice_adjust(n, &start, &stop, 1);
    return list_slice(list, start, start + count);
  }
  // The count may shrink meanwhile; what is allocated suffices then.
  int64_t first = start, last = stop;
  Ref<List> result = list_new(slice_adjust(list_size(list), &first, &last, step));
  if (!result) return result;
  EnteringGuard guard(list, Access::kLooks);
  int64_t count = slice_adjust(list_size(list), &start, &stop, step);
  ListBuffer* to = result->buffer.load(std::memory_order_relaxed);
  if (count > 0 && (!to || count > to->capacity)) count = to ? to->capacity : 0;
  if (count == 0) return result;
  Field* items = list->buffer.load(std::memory_order_relaxed)->items;
  for (int64_t at = start, k = 0; k < count; ++k, at += step) to->items[k].init(items[at].load_locked());
  result->size.store(count, std::memory_order_release);
  return result;
}

bool list_assign_slice(List* list, int64_t start, int64_t end, Value iterable) {
  Ref<Tuple> source;
  // What is copied: a snapshot, or another list itself while nobody can change it.
  List* other = !multithreaded() && is_exact_list(iterable) && !iterable.is(list) ? as_list(iterable) : nullptr;
  if (!iterable.empty() && !other) {
    if (!is_exact_list(iterable) && !is_exact_tuple(iterable)) {
      Ref<> iterator = get_iter(iterable);
      if (!iterator) {
        if (clear_if(exc::TypeError)) return raise(exc::TypeError, "can only assign an iterable");
        return false;
      }
      source = tuple_from_iterable(iterator.value());
    } else if (is_exact_list(iterable)) {
      source = list_to_tuple(as_list(iterable));
    } else {
      source = Ref<Tuple>::retain(as_tuple(iterable));
    }
    if (!source) return false;
  }
  int64_t added = source ? source->length : other ? list_size(other) : 0;
  const Field* from = source ? source->items : nullptr;
  if (other && added > 0) from = other->buffer.load(std::memory_order_relaxed)->items;
  Removed removed;
  bool ok = false;
  {
    ListWriter writer(list);
    int64_t n = writer.size();
    if (start < 0) start = 0;
    if (start > n) start = n;
    if (end < start) end = start;
    if (end > n) end = n;
    int64_t gone = end - start;
    bool counted = any_counted(writer.items() + start, gone);
    ok = (!counted || removed.reserve(gone)) && added - gone <= kMaxList - n &&
         (added <= gone || writer.reserve(n + added - gone));
    if (ok) {
      Field* items = writer.items();
      for (int64_t i = 0; counted && i < gone; ++i) removed.add(items[start + i].peek());
      if (added != gone) move_fields(items + start + added, items + end, n - end);
      for (int64_t i = 0; i < added; ++i) items[start + i].init(from[i].load_locked());
      if (added < gone) {
        writer.truncate(n + added - gone);
      } else {
        writer.set_size(n + added - gone);
      }
    }
  }
  return ok || error_pending() ? ok : raise_no_memory();
}

namespace {

// del list[start:stop:step] for a step other than 1.
bool delete_extended(List* list, int64_t start, int64_t stop, int64_t step) {
  Removed removed;
  ListWriter writer(list);
  int64_t n = writer.size();
  int64_t count = slice_adjust(n, &start, &stop, step);
  if (count == 0) return true;
  if (step < 0) {
    start += step * (count - 1);
    step = -step;
  }
  if (!removed.reserve(count)) return false;
  Field* items = writer.items();
  int64_t to = start;
  for (int64_t k = 0; k < count; ++k) {
    int64_t at = start + k * step;
    removed.add(items[at].peek());
    int64_t next = k + 1 < count ? at + step : n;
    move_fields(items + to, items + at + 1, next - at - 1);
    to += next - at - 1;
  }
  writer.truncate(n - count);
  return true;
}

// list[start:stop:step] = the values: the lock is taken here. False: as many as `count` says do not fit, nothing has happened.
bool fill_extended(List* list, const Field* values, int64_t size, int64_t start, int64_t stop, int64_t step, int64_t* count,
                   bool* enough_memory) {
  Removed removed;
  EnteringGuard guard(list);
  *count = slice_adjust(list_size(list), &start, &stop, step);
  if (*count != size) return false;
  if (size == 0) return true;
  Field* items = list->buffer.load(std::memory_order_relaxed)->items + start;
  bool counted = any_counted(items, size, step);
  if (counted && !removed.reserve(size)) return *enough_memory = false;
  for (int64_t k = 0; k < size; ++k, items += step) {
    Value old = items->peek();
    items->init(Ref<>::retain(values[k].peek()));
    if (counted) removed.add(old);
  }
  return true;
}

bool assign_extended(List* list, Value value, int64_t start, int64_t stop, int64_t step) {
  Ref<Tuple> source;
  // Another list is read while nobody can change it.
  List* other = !multithreaded() && is_exact_list(value) && !value.is(list) ? as_list(value) : nullptr;
  if (other) {
  } else if (is_exact_list(value) || is_exact_tuple(value)) {
    source = tuple_from_iterable(value);
  } else {
    Ref<> iterator = get_iter(value);
    if (!iterator) {
      if (clear_if(exc::TypeError)) return raise(exc::TypeError, "must assign iterable to extended slice");
      return false;
    }
    source = tuple_from_iterable(iterator.value());
  }
  if (!other && !source) return false;
  int64_t size = other ? list_size(other) : source->length, count;
  const Field* values = source ? source->items : size ? other->buffer.load(std::memory_order_relaxed)->items : nullptr;
  bool enough_memory = true;
  if (fill_extended(list, values, size, start, stop, step, &count, &enough_memory)) return true;
  if (!enough_memory) return false;
  return raise(exc::ValueError, "attempt to assign sequence of size %zd to extended slice of size %zd",
               static_cast<ssize_t>(size), static_cast<ssize_t>(count));
}

}  // namespace

bool list_set_slice(List* list, int64_t start, int64_t stop, int64_t step, Value iterable) {
  if (step == 1) {
    int64_t count = slice_adjust(list_size(list), &start, &stop, 1);
    return list_assign_slice(list, start, start + count, iterable);
  }
  return iterable.empty() ? delete_extended(list, start, stop, step) : assign_extended(list, iterable, start, stop, step);
}

}  // namespace pt
