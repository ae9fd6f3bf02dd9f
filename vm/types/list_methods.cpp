// list: protocol slots and methods.
#include <algorithm>

#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/list_inl.h"
#include "vm/types/slice.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type list_type{};

namespace {

constexpr int64_t kMaxList = (INT64_MAX - 64) / 8;

Ref<> list_construct(Type* type, const Args&) {
  if (type == &list_type) return list_new();
  return allocate<List>(type);
}

Ref<> to_list(const Value* a) {
  Ref<List> list = list_new();
  return list && list_extend(list.get(), a[0]) ? Ref<>(std::move(list)) : Ref<>();
}

bool list_init(Value self, const Args& args) {
  Value iterable;
  // A subclass with a __new__ of its own may take keywords that __init__ never sees otherwise.
  bool own_new = !is_exact_list(self) && type_of(self)->slots.construct != list_type.slots.construct;
  if (!optional_argument("list", args, own_new, &iterable)) return false;
  List* list = as_list(self);
  if (list_size(list) != 0) list_clear(list);
  return iterable.empty() || list_extend(list, iterable);
}

int64_t list_length(Value self) { return list_size(as_list(self)); }

Ref<> list_get_item(Value self, Value key) {
  List* list = as_list(self);
  int64_t i;
  if (PT_LIKELY(key.is_small_int())) {
    i = key.as_small_int();
  } else if (is_slice(key)) {
    int64_t start, stop, step;
    if (!slice_unpack(key, &start, &stop, &step)) return Ref<>();
    return list_get_slice(list, start, stop, step);
  } else if (has_index(key)) {
    if (!to_size(key, &i)) return Ref<>();
  } else {
    return raise(exc::TypeError, "list indices must be integers or slices, not %T", key);
  }
  if (i < 0) i += list_size(list);
  Ref<> item = list_get(list, i);
  if (PT_UNLIKELY(!item)) return raise(exc::IndexError, "list index out of range");
  return item;
}

bool list_set_item(Value self, Value key, Value value) {
  List* list = as_list(self);
  int64_t i;
  if (PT_LIKELY(key.is_small_int())) {
    i = key.as_small_int();
  } else if (is_slice(key)) {
    int64_t start, stop, step;
    if (!slice_unpack(key, &start, &stop, &step)) return false;
    return list_set_slice(list, start, stop, step, value);
  } else if (has_index(key)) {
    if (!to_size(key, &i)) return false;
  } else {
    return raise(exc::TypeError, "list indices must be integers or slices, not %T", key);
  }
  if (i < 0) i += list_size(list);
  bool done = value.empty() ? static_cast<bool>(list_pop(list, i)) : list_set(list, i, Ref<>::retain(value));
  return done || raise(exc::IndexError, "list assignment index out of range");
}

Ref<> list_concat(Value left, Value right) {
  if (!is_list(right)) return raise(exc::TypeError, "can only concatenate list (not \"%T\") to list", right);
  List *a = as_list(left), *b = as_list(right);
  Ref<List> result = list_new();
  if (!result) return result;
  ListBuffer* unused = nullptr;
  bool ok = true;
  {
    LockGuard2 guard(a, b, Access::kLooks, Access::kLooks);
    int64_t size_a = a->size.load(std::memory_order_relaxed), size_b = b->size.load(std::memory_order_relaxed);
    ok = size_a <= kMaxList - size_b && (size_a + size_b == 0 || list_reserve_locked(result.get(), size_a + size_b, &unused));
    if (ok && size_a + size_b > 0) {
      Field* to = result->buffer.load(std::memory_order_relaxed)->items;
      Field* from = size_a ? a->buffer.load(std::memory_order_relaxed)->items : nullptr;
      for (int64_t i = 0; i < size_a; ++i) to[i].init(from[i].load_locked());
      from = size_b ? b->buffer.load(std::memory_order_relaxed)->items : nullptr;
      for (int64_t i = 0; i < size_b; ++i) to[size_a + i].init(from[i].load_locked());
      result->size.store(size_a + size_b, std::memory_order_release);
    }
  }
  if (!ok) return raise_no_memory();
  return result;
}

Ref<> list_repeat(Value self, int64_t count) {
  List* list = as_list(self);
  Ref<List> result = list_new();
  if (!result || count <= 0) return result;
  ListBuffer* unused = nullptr;
  bool ok = true;
  {
    EnteringGuard guard(list, Access::kLooks);
    int64_t n = list->size.load(std::memory_order_relaxed);
    if (n > 0) {
      ok = count <= kMaxList / n && list_reserve_locked(result.get(), n * count, &unused);
      if (ok) {
        Field* from = list->buffer.load(std::memory_order_relaxed)->items;
        Field* to = result->buffer.load(std::memory_order_relaxed)->items;
        Value first = from[0].peek();
        if (n == 1 && (!first.is_object() || first.as_object()->is_immortal())) {
          for (int64_t k = 0; k < count; ++k) to[k].init_value(first);
        } else {
          for (int64_t k = 0; k < count; ++k) {
            for (int64_t i = 0; i < n; ++i) (to++)->init(from[i].load_locked());
          }
        }
        result->size.store(n * count, std::memory_order_release);
      }
    }
  }
  if (!ok) return raise_no_memory();
  return result;
}

Ref<> list_inplace_concat(Value self, Value right) {
  if (!list_extend(as_list(self), right)) return Ref<>();
  return Ref<>::retain(self);
}

Ref<> list_inplace_repeat(Value self, int64_t count) {
  List* list = as_list(self);
  if (count <= 0) {
    list_clear(list);
    return Ref<>::retain(self);
  }
  bool ok = true;
  {
    ListWriter writer(list);
    int64_t n = writer.size();
    if (n > 0 && count > 1) {
      ok = count <= kMaxList / n && writer.reserve(n * count);
      if (ok) {
        Field* items = writer.items();
        for (int64_t i = n; i < n * count; ++i) items[i].init(items[i - n].load_locked());
        writer.set_size(n * count);
      }
    }
  }
  if (!ok) return raise_no_memory();
  return Ref<>::retain(self);
}

// Position of the first item equal to `value` in [start, end), -1 when absent, -2 on error.
int64_t find_item(List* list, Value value, int64_t start, int64_t end) {
  for (int64_t i = start; i < end; ++i) {
    if (!multithreaded()) {
      // Without other threads, items whose comparison runs no code can be looked at in place.
      if (i >= list_size(list)) return -1;
      Value v = list->buffer.load(std::memory_order_relaxed)->items[i].peek();
      if (v.same(value)) return i;
      if (v.is_small_int() && value.is_small_int()) continue;
      int result = equal_simple(v, value);
      if (result > 0) return i;
      if (result == 0) continue;
    }
    Ref<> item = list_get(list, i);
    if (!item) return -1;
    int result = equal_items(item.value(), value);
    if (result < 0) return -2;
    if (result) return i;
  }
  return -1;
}

int list_contains(Value self, Value item) {
  int64_t at = find_item(as_list(self), item, 0, INT64_MAX);
  return at >= 0 ? 1 : at == -1 ? 0 : -1;
}

// How many items the lists begin with that are equal, as is seen without Python code. One thread.
int64_t equal_prefix(const List* a, const List* b) {
  int64_t i = 0, n = std::min(list_size(a), list_size(b));
  for (; i < n; ++i) {
    Value x = a->buffer.load(std::memory_order_relaxed)->items[i].peek();
    Value y = b->buffer.load(std::memory_order_relaxed)->items[i].peek();
    if (!x.same(y) && !(is_exact_str(x) && is_exact_str(y) && str_equal(as_str(x), as_str(y)))) break;
  }
  return i;
}
Ref<> list_compare(Value left, Value right, CompareOp op) {
  if (!is_list(left) || !is_list(right)) return not_implemented_ref();
  List *a = as_list(left), *b = as_list(right);
  if (list_size(a) != list_size(b) && (op == CompareOp::kEq || op == CompareOp::kNe)) {
    return bool_ref(op == CompareOp::kNe);
  }
  for (int64_t i = multithreaded() ? 0 : equal_prefix(a, b);; ++i) {
    Ref<> x = list_get(a, i);
    if (!x) break;
    Ref<> y = list_get(b, i);
    if (!y) break;
    int result = equal_items(x.value(), y.value());
    if (result < 0) return Ref<>();
    if (result) continue;
    if (i >= list_size(a) || i >= list_size(b)) break;  // the comparison took the items away
    if (op == CompareOp::kEq) return bool_ref(false);
    if (op == CompareOp::kNe) return bool_ref(true);
    return compare(x.value(), y.value(), op);
  }
  int64_t x = list_size(a), y = list_size(b);
  switch (op) {
    case CompareOp::kLt: return bool_ref(x < y);
    case CompareOp::kLe: return bool_ref(x <= y);
    case CompareOp::kEq: return bool_ref(x == y);
    case CompareOp::kNe: return bool_ref(x != y);
    case CompareOp::kGt: return bool_ref(x > y);
    case CompareOp::kGe: return bool_ref(x >= y);
  }
  return Ref<>();
}

Ref<> list_repr(Value self) {
  List* list = as_list(self);
  if (list_size(list) == 0) return str_from_ascii("[]");
  ReprGuard guard(self);
  if (!guard.entered()) return error_pending() ? Ref<>() : Ref<>(str_from_ascii("[...]"));
  StrBuilder out;
  if (!out.append_ascii("[")) return raise_no_memory();
  for (int64_t i = 0;; ++i) {
    Ref<> item = list_get(list, i);
    if (!item) break;
    if (i && !out.append_ascii(", ")) return raise_no_memory();
    Ref<> text = repr(item.value());
    if (!text) return text;
    if (!out.append(as_str(text.value()))) return raise_no_memory();
  }
  if (!out.append_ascii("]")) return raise_no_memory();
  return out.finish();
}

Ref<> list_iter(Value self) { return list_iterator_new(self); }

// ---- Methods ----

Ref<> method_append(const Value* a) {
  if (!list_append_fast(as_list(a[0]), Ref<>::retain(a[1]))) return Ref<>();
  return none_ref();
}
Ref<> method_extend(const Value* a) {
  if (!list_extend(as_list(a[0]), a[1])) return Ref<>();
  return none_ref();
}
Ref<> method_insert(const Value* a) {
  int64_t i;
  if (!to_size(a[1], &i)) {
    if (pending_matches(exc::IndexError)) {
      clear_error();
      return raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
    }
    return Ref<>();
  }
  if (!list_insert(as_list(a[0]), i, Ref<>::retain(a[2]))) return Ref<>();
  return none_ref();
}
Ref<> method_pop(const Value* a) {
  List* list = as_list(a[0]);
  int64_t i = -1;
  if (!a[1].empty() && !to_size(a[1], &i)) return Ref<>();
  Ref<> item;
  if (i < 0) {
    // The size and the removal belong together: a negative index counts from the end at that moment.
    ListWriter writer(list);
    int64_t n = writer.size();
    i += n;
    if (i >= 0 && i < n) {
      Field* items = writer.items();
      item = Ref<>::steal(items[i].peek());
      move_fields(items + i, items + i + 1, n - 1 - i);
      writer.truncate(n - 1);
    }
  } else {
    item = list_pop(list, i);
  }
  if (PT_LIKELY(static_cast<bool>(item))) return item;
  return raise(exc::IndexError, list_size(list) == 0 ? "pop from empty list" : "pop index out of range");
}
Ref<> method_clear(const Value* a) {
  list_clear(as_list(a[0]));
  return none_ref();
}
Ref<> method_copy(const Value* a) { return list_slice(as_list(a[0]), 0, INT64_MAX); }
Ref<> method_reverse(const Value* a) {
  list_reverse(as_list(a[0]));
  return none_ref();
}

// Removes the first equal item. What was compared is what goes: should another thread have moved it, the search
// begins again.
// list.remove for items whose comparison runs no Python code, as one operation. False: one needs some.
bool remove_at_once(List* list, Value value, bool* found) {
  Ref<> removed;
  ListWriter writer(list);
  int64_t n = writer.size();
  Field* items = writer.items();
  for (int64_t i = 0; i < n; ++i) {
    int result = equal_simple(items[i].peek(), value);
    if (result < 0) return false;
    if (result == 0) continue;
    removed = Ref<>::steal(items[i].peek());
    move_fields(items + i, items + i + 1, n - 1 - i);
    writer.truncate(n - 1);
    *found = true;
    return true;
  }
  *found = false;
  return true;
}

Ref<> method_remove(const Value* a) {
  List* list = as_list(a[0]);
  bool found;
  if (multithreaded() && remove_at_once(list, a[1], &found)) {
    return found ? none_ref() : raise(exc::ValueError, "list.remove(x): x not in list");
  }
  for (int64_t i = 0;;) {
    Ref<> item = list_get(list, i);
    if (!item) return raise(exc::ValueError, "list.remove(x): x not in list");
    int result = equal_items(item.value(), a[1]);
    if (result < 0) return Ref<>();
    if (result == 0) {
      ++i;
      continue;
    }
    Ref<> removed;
    ListWriter writer(list);
    int64_t n = writer.size();
    bool unmoved = i < n && writer.items()[i].peek().same(item.value());
    if (unmoved || !multithreaded()) {
      // A comparison that changed the list loses whatever lies at the position now.
      if (i < n) {
        Field* items = writer.items();
        removed = Ref<>::steal(items[i].peek());
        move_fields(items + i, items + i + 1, n - 1 - i);
        writer.truncate(n - 1);
      }
      return none_ref();
    }
    i = 0;
  }
}

Ref<> method_index(const Value* a) {
  List* list = as_list(a[0]);
  int64_t start = 0, end = INT64_MAX;
  if (!a[2].empty() && !index_bound(a[2], &start)) return Ref<>();
  if (!a[3].empty() && !index_bound(a[3], &end)) return Ref<>();
  int64_t n = list_size(list);
  if (start < 0 && (start += n) < 0) start = 0;
  if (end < 0 && (end += n) < 0) end = 0;
  int64_t at = find_item(list, a[1], start, end);
  if (at >= 0) return Ref<>::steal(Value::small_int(at));
  if (at == -2) return Ref<>();
  return raise(exc::ValueError, "%R is not in list", a[1]);
}

Ref<> method_count(const Value* a) {
  List* list = as_list(a[0]);
  int64_t count = 0;
  for (int64_t i = 0;; ++i) {
    Ref<> item = list_get(list, i);
    if (!item) break;
    int result = equal_items(item.value(), a[1]);
    if (result < 0) return Ref<>();
    count += result;
  }
  return Ref<>::steal(Value::small_int(count));
}

Ref<> method_sort(const Value* a) {
  bool reverse = false;
  if (!a[2].empty()) {
    int64_t flag;
    Ref<> number = index(a[2]);
    if (!number) return Ref<>();
    if (!int_to_int64(number.value(), &flag) || flag != static_cast<int32_t>(flag)) {
      return raise(exc::OverflowError, "Python int too large to convert to C int");
    }
    reverse = flag != 0;
  }
  if (!list_sort(as_list(a[0]), given(a[1]) ? a[1] : Value(), reverse)) return Ref<>();
  return none_ref();
}

Ref<> method_reversed(const Value* a) {
  auto it = allocate<ListIterator>(&list_reverse_iterator_type);
  if (!it) return it;
  it->list.init(Ref<>::retain(a[0]));
  it->index.store(list_size(as_list(a[0])) - 1, std::memory_order_relaxed);
  return it;
}

Ref<> method_sizeof(const Value* a) {
  List* list = as_list(a[0]);
  EnteringGuard guard(list, Access::kLooks);
  ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
  int64_t bytes = type_of(a[0])->layout.fixed_size;
  return Ref<>::steal(Value::small_int(bytes + (buffer ? 8 + buffer->capacity * 8 : 0)));
}

void list_traverse(Object* o, FieldVisitor& visit) {
  List* list = static_cast<List*>(o);
  ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
  for (int64_t i = 0, n = list->size.load(std::memory_order_relaxed); i < n; ++i) visit(buffer->items[i]);
}

void list_clear_object(Object* o) { list_clear(static_cast<List*>(o)); }

void list_destroy(Object* o) {
  List* list = static_cast<List*>(o);
  ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
  if (!buffer || buffer == kSortingBuffer) return;
  int64_t n = list->size.load(std::memory_order_relaxed);
  list->size.store(0, std::memory_order_relaxed);
  list->buffer.store(nullptr, std::memory_order_relaxed);
  while (n-- > 0) release(buffer->items[n].peek());
  memory::release_buffer(buffer, list_buffer_bytes(buffer->capacity));
}

Ref<> method_get_item(const Value* a) { return list_get_item(a[0], a[1]); }

constexpr NativeDef kListMethods[] = {
    {"__getitem__", "($self, index, /)", method_get_item, "x.__getitem__(y) <==> x[y]"},
    {"__reversed__", "($self, /)", method_reversed, "Return a reverse iterator over the list."},
    {"__sizeof__", "($self, /)", method_sizeof, "Return the size of the list in memory, in bytes."},
    {"clear", "($self, /)", method_clear, "Remove all items from list."},
    {"copy", "($self, /)", method_copy, "Return a shallow copy of the list."},
    {"append", "($self, object, /)", method_append, "Append object to the end of the list."},
    {"insert", "($self, index, object, /)", method_insert, "Insert object before index."},
    {"extend", "($self, iterable, /)", method_extend, "Extend list by appending elements from the iterable."},
    {"pop", "($self, index=-1, /)", method_pop,
     "Remove and return item at index (default last).\n\n"
     "Raises IndexError if list is empty or index is out of range."},
    {"remove", "($self, value, /)", method_remove,
     "Remove first occurrence of value.\n\nRaises ValueError if the value is not present."},
    {"index", "($self, value, start=0, stop=sys.maxsize, /)", method_index,
     "Return first index of value.\n\nRaises ValueError if the value is not present."},
    {"count", "($self, value, /)", method_count, "Return number of occurrences of value."},
    {"reverse", "($self, /)", method_reverse, "Reverse *IN PLACE*."},
    {"sort", "($self, /, *, key=None, reverse=False)", method_sort,
     "Sort the list in ascending order and return None.\n\n"
     "The sort is in-place (i.e. the list itself is modified) and stable (i.e. the\n"
     "order of two equal elements is maintained).\n\n"
     "If a key function is given, apply it once to each list item and sort them,\n"
     "ascending or descending, according to their function values.\n\n"
     "The reverse flag can be set to sort in descending order."},
    {"__class_getitem__", "($type, object, /)", class_get_item, "See PEP 585", kClassMethod},
    {}};

}  // namespace

const TypeSpec list_spec = {
    .name = "list",
    .size = sizeof(List),
    .flags = kTypeBase | kTypeSequence | kTypeMatchSelf | kTypeListSubclass,
    .slots = {.length = list_length,
              .get_item = list_get_item,
              .set_item = list_set_item,
              .concat = list_concat,
              .repeat = list_repeat,
              .inplace_concat = list_inplace_concat,
              .inplace_repeat = list_inplace_repeat,
              .contains = list_contains,
              .compare = list_compare,
              .repr = list_repr,
              .iter = list_iter,
              .construct = list_construct,
              .init = list_init},
    .traverse = list_traverse,
    .clear = list_clear_object,
    .destroy = list_destroy,
    .methods = kListMethods,
    .doc =
        "Built-in mutable sequence.\n\nIf no argument is given, the constructor creates a new empty list.\n"
        "The argument must be an iterable if specified.",
    .signature = "(iterable=(), /)",
    .unhashable = true,
    .convert = to_list,
};

}  // namespace pt
