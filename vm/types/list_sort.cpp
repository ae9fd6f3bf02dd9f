// list.sort. Keys of one simple kind are compared without Python code: such a list is sorted in one step, under its
// lock. Otherwise the items are taken out of the list while Python code runs, and the list appears empty meanwhile.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/drain.h"
#include "vm/types/float.h"
#include "vm/types/list_inl.h"
#include "vm/types/merge_sort.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

// ---- Comparisons ----

enum class KeyKind { kInt, kFloat, kStr, kTuple, kOther };

PT_INLINE int compare_strs(const Str* a, const Str* b) {
  if (a->kind == 1 && b->kind == 1) {
    int64_t shared = a->length < b->length ? a->length : b->length;
    int result = std::memcmp(a->data1(), b->data1(), static_cast<size_t>(shared));
    if (result) return result;
    return a->length < b->length ? -1 : a->length > b->length;
  }
  return str_compare(a, b);
}

KeyKind kind_of(Value v) {
  if (v.is_small_int()) return KeyKind::kInt;
  if (v.is_immediate_float()) return KeyKind::kFloat;
  ShapeId shape = v.as_object()->shape_id.load(std::memory_order_relaxed);
  if (shape == kShape_str) return KeyKind::kStr;
  if (shape == kShape_float) return KeyKind::kFloat;
  return shape == kShape_tuple ? KeyKind::kTuple : KeyKind::kOther;
}

// a <=> b for two keys of one kind, none of them a tuple.
PT_INLINE int compare_plain(KeyKind kind, Value a, Value b, bool* unordered) {
  switch (kind) {
    case KeyKind::kInt: return a.as_small_int() < b.as_small_int() ? -1 : a.as_small_int() > b.as_small_int();
    case KeyKind::kFloat: {
      double x = as_double(a), y = as_double(b);
      if (x < y) return -1;
      if (x > y) return 1;
      *unordered = x != y;
      return 0;
    }
    default: return compare_strs(as_str(a), as_str(b));
  }
}

struct IntLess {
  static constexpr bool kMayFail = false;
  PT_INLINE int operator()(int64_t a, int64_t b) const { return a < b; }
};
// A key in machine form with the item it belongs to.
template <class Key>
struct Keyed {
  Key key;
  Value item;
};
struct PlainLess {
  static constexpr bool kMayFail = false;
  template <class Key>
  PT_INLINE int operator()(const Keyed<Key>& a, const Keyed<Key>& b) const {
    return a.key < b.key;
  }
};
struct DoubleLess {
  static constexpr bool kMayFail = false;
  PT_INLINE int operator()(double a, double b) const { return a < b; }
};
struct StrLess {
  static constexpr bool kMayFail = false;
  PT_INLINE int operator()(const Keyed<const Str*>& a, const Keyed<const Str*>& b) const {
    return compare_strs(a.key, b.key) < 0;
  }
};
// Strings of one byte a code point: the first eight bytes decide most comparisons without a look at the string.
struct ByteStr {
  uint64_t prefix;  // big-endian, padded with zeros
  const Str* str;
};
struct ByteStrLess {
  static constexpr bool kMayFail = false;
  PT_INLINE int operator()(const Keyed<ByteStr>& a, const Keyed<ByteStr>& b) const {
    if (a.key.prefix != b.key.prefix) return a.key.prefix < b.key.prefix;
    return compare_strs(a.key.str, b.key.str) < 0;
  }
};
ByteStr byte_str(const Str* s) {
  uint64_t prefix = 0;
  if (s->length >= 8) {
    std::memcpy(&prefix, s->data1(), 8);
  } else {
    std::memcpy(&prefix, s->data1(), static_cast<size_t>(s->length));
  }
  return {__builtin_bswap64(prefix), s};
}
// Tuples of one length whose items are of one plain kind at each index.
struct TupleLess {
  static constexpr bool kMayFail = false;
  static constexpr int64_t kMaxLength = 8;
  int64_t length = 0;
  KeyKind kinds[kMaxLength] = {};
  PT_INLINE int operator()(const Keyed<const Tuple*>& a, const Keyed<const Tuple*>& b) const {
    for (int64_t i = 0; i < length; ++i) {
      Value x = a.key->at(i), y = b.key->at(i);
      if (x.bits() == y.bits()) continue;  // identical items count as equal, NaN included
      bool unordered = false;
      int result = compare_plain(kinds[i], x, y, &unordered);
      if (result) return result < 0;
      if (unordered) return 0;
    }
    return 0;
  }
};
// Any keys: Python's <, with the usual pairs in front.
struct AnyLess {
  static constexpr bool kMayFail = true;
  int operator()(const Keyed<Value>& a, const Keyed<Value>& b) const { return less(a.key, b.key); }
  static int less(Value a, Value b) {
    if (a.is_small_int() && b.is_small_int()) return a.as_small_int() < b.as_small_int();
    if (is_exact_str(a) && is_exact_str(b)) return compare_strs(as_str(a), as_str(b)) < 0;
    return compare_truth(a, b, CompareOp::kLt);
  }
};

// The common kind of the keys; for tuples, `less` gets their pattern.
KeyKind classify(const Value* keys, int64_t stride, int64_t count, TupleLess* less) {
  KeyKind kind = kind_of(keys[0]);
  if (kind == KeyKind::kOther) return kind;
  if (kind == KeyKind::kTuple) {
    const Tuple* first = as_tuple(keys[0]);
    less->length = first->length;
    if (first->length > TupleLess::kMaxLength) return KeyKind::kOther;
    for (int64_t i = 0; i < first->length; ++i) {
      less->kinds[i] = kind_of(first->at(i));
      if (less->kinds[i] == KeyKind::kTuple || less->kinds[i] == KeyKind::kOther) return KeyKind::kOther;
    }
  }
  for (int64_t n = 1; n < count; ++n) {
    Value key = keys[n * stride];
    if (kind_of(key) != kind) return KeyKind::kOther;
    if (kind != KeyKind::kTuple) continue;
    const Tuple* t = as_tuple(key);
    if (t->length != less->length) return KeyKind::kOther;
    for (int64_t i = 0; i < t->length; ++i) {
      if (kind_of(t->at(i)) != less->kinds[i]) return KeyKind::kOther;
    }
  }
  return kind;
}

// ---- Sorting arrays ----

enum class Outcome { kDone, kError, kNoMemory };

template <class T>
void reverse_array(T* items, int64_t count) {
  for (int64_t i = 0, j = count - 1; i < j; ++i, --j) {
    T item = items[i];
    items[i] = items[j];
    items[j] = item;
  }
}

template <class T, class Less>
Outcome sort_array(T* items, int64_t count, Less& less, bool reverse) {
  // Reversing before and after keeps equal items in their order.
  if (reverse) reverse_array(items, count);
  auto result = MergeSort<T, Less>(items, count, less).sort();
  if (reverse) reverse_array(items, count);
  using Sort = MergeSort<T, Less>;
  return result == Sort::kSorted ? Outcome::kDone : result == Sort::kFailed ? Outcome::kError : Outcome::kNoMemory;
}

// Sorts `items` by `keys` (which may be the same array; neither is counted here).
template <class Key, class Less, class Convert>
Outcome sort_keyed(const Value* keys, Value* items, int64_t count, Less less, bool reverse, Convert convert) {
  if (count > INT64_MAX / 32) return Outcome::kNoMemory;
  auto* pairs = static_cast<Keyed<Key>*>(memory::allocate(static_cast<size_t>(count) * sizeof(Keyed<Key>)));
  if (!pairs) return Outcome::kNoMemory;
  for (int64_t i = 0; i < count; ++i) pairs[i] = {convert(keys[i]), items[i]};
  Outcome outcome = sort_array(pairs, count, less, reverse);
  for (int64_t i = 0; i < count; ++i) items[i] = pairs[i].item;
  memory::release(pairs);
  return outcome;
}

// Floats that are all immediate are their own keys: no two of them are equal without being the same.
bool all_immediate(const Value* items, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (!items[i].is_immediate_float()) return false;
  }
  return true;
}
bool all_bytes(const Value* keys, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (as_str(keys[i])->kind != 1) return false;
  }
  return true;
}

template <class T, class Less>
Outcome sort_words(T* words, int64_t count, bool reverse) {
  Less less;
  auto result = MergeSort<T, Less>(words, count, less).sort();
  if (reverse) reverse_array(words, count);
  return result == MergeSort<T, Less>::kSorted ? Outcome::kDone : Outcome::kNoMemory;
}

Outcome sort_by(KeyKind kind, const Value* keys, Value* items, int64_t count, const TupleLess& tuple_less, bool reverse) {
  switch (kind) {
    case KeyKind::kInt:
      // The words themselves are in order, and equal ones are indistinguishable.
      if (keys == items) return sort_words<int64_t, IntLess>(reinterpret_cast<int64_t*>(items), count, reverse);
      return sort_keyed<int64_t>(keys, items, count, PlainLess(), reverse, [](Value v) { return v.as_small_int(); });
    case KeyKind::kFloat:
      if (keys == items && all_immediate(items, count)) {
        auto* numbers = reinterpret_cast<double*>(items);
        for (int64_t i = 0; i < count; ++i) numbers[i] = items[i].as_immediate_float();
        Outcome outcome = sort_words<double, DoubleLess>(numbers, count, reverse);
        for (int64_t i = 0; i < count; ++i) items[i] = Value::immediate_float(numbers[i]);
        return outcome;
      }
      return sort_keyed<double>(keys, items, count, PlainLess(), reverse, [](Value v) { return as_double(v); });
    case KeyKind::kStr:
      if (all_bytes(keys, count)) {
        return sort_keyed<ByteStr>(keys, items, count, ByteStrLess(), reverse, [](Value v) { return byte_str(as_str(v)); });
      }
      return sort_keyed<const Str*>(keys, items, count, StrLess(), reverse, [](Value v) -> const Str* { return as_str(v); });
    case KeyKind::kTuple:
      return sort_keyed<const Tuple*>(keys, items, count, tuple_less, reverse,
                                      [](Value v) -> const Tuple* { return as_tuple(v); });
    case KeyKind::kOther: break;
  }
  return sort_keyed<Value>(keys, items, count, AnyLess(), reverse, [](Value v) { return v; });
}

// ---- Sorting lists ----

// Sorts a list of plain keys under its lock. False: not possible, nothing has happened.
bool sort_at_once(List* list, bool reverse, Outcome* outcome) {
  ListBuffer* retired = nullptr;
  *outcome = Outcome::kDone;
  {
    LockGuard guard(list);
    int64_t n = list->size.load(std::memory_order_relaxed);
    if (n < 2) return true;
    ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
    static_assert(sizeof(Field) == sizeof(Value));
    auto* items = reinterpret_cast<Value*>(buffer->items);
    TupleLess less;
    KeyKind kind = classify(items, 1, n, &less);
    if (kind == KeyKind::kOther) return false;
    if (!multithreaded() || is_unseen(list)) {
      *outcome = sort_by(kind, items, items, n, less, reverse);
      return true;
    }
    // Readers see the old order or the new one.
    auto* sorted = static_cast<ListBuffer*>(memory::allocate_zeroed(list_buffer_bytes(buffer->capacity)));
    if (!sorted) {
      *outcome = Outcome::kNoMemory;
      return true;
    }
    sorted->capacity = buffer->capacity;
    std::memcpy(static_cast<void*>(sorted->items), items, static_cast<size_t>(n) * sizeof(Value));
    auto* copies = reinterpret_cast<Value*>(sorted->items);
    *outcome = sort_by(kind, copies, copies, n, less, reverse);
    if (*outcome == Outcome::kDone) {
      list->buffer.store(sorted, std::memory_order_release);  // pairs with the acquire in list_get_shared
      retired = buffer;
    } else {
      memory::release(sorted);
    }
  }
  retire_list_buffer(retired);
  return true;
}

// key(item) for all items; counted. nullptr: an exception is pending.
// The same by a loop in Python, which is worth it for more than a few. False: that is not so, or an exception.
bool compute_keys_in_loop(const Value* items, int64_t count, Value key, Value* keys) {
  constexpr int64_t kFew = 6;
  bool done = false;
  Ref<List> list = count > kFew && has_shape(key, kShape_function) ? list_from(items, count) : Ref<List>();
  if (!list || !map_in_place(list.get(), key, &done) || !done) return false;
  for (int64_t i = 0; i < count; ++i) {
    Ref<> k = list_get(list.get(), i);
    if (!k) {
      // Somebody has found the list and changed it.
      while (i-- > 0) release(keys[i]);
      return raise(exc::ValueError, "list modified during sort");
    }
    keys[i] = k.take();
  }
  return true;
}
Value* compute_keys(const Value* items, int64_t count, Value key) {
  auto* keys = static_cast<Value*>(memory::allocate(static_cast<size_t>(count) * sizeof(Value)));
  if (!keys) {
    raise_no_memory();
    return nullptr;
  }
  if (compute_keys_in_loop(items, count, key, keys)) return keys;
  for (int64_t i = 0; i < count; ++i) {
    Ref<> k = error_pending() ? Ref<>() : call1(key, items[i]);
    if (!k) {
      while (i-- > 0) release(keys[i]);
      memory::release(keys);
      return nullptr;
    }
    keys[i] = k.take();
  }
  return keys;
}

}  // namespace

bool list_sort(List* list, Value key, bool reverse) {
  Outcome outcome = Outcome::kDone;
  if (key.empty() && sort_at_once(list, reverse, &outcome)) {
    return outcome == Outcome::kDone || raise_no_memory();
  }
  // Take the items out; whoever looks sees an empty list.
  ListBuffer* buffer;
  int64_t n;
  bool unseen;
  {
    LockGuard guard(list);
    unseen = is_unseen(list);
    n = list->size.load(std::memory_order_relaxed);
    buffer = list->buffer.load(std::memory_order_relaxed);
    list->size.store(0, std::memory_order_release);
    list->buffer.store(kSortingBuffer, std::memory_order_release);
  }
  bool ok = true;
  if (n > 0) {
    auto* items = reinterpret_cast<Value*>(buffer->items);
    ListBuffer* source = buffer;
    if (multithreaded() && !unseen) {
      // Late readers may still be looking at the old buffer.
      auto* fresh = static_cast<ListBuffer*>(memory::allocate_zeroed(list_buffer_bytes(buffer->capacity)));
      if (fresh) {
        fresh->capacity = buffer->capacity;
        std::memcpy(static_cast<void*>(fresh->items), items, static_cast<size_t>(n) * sizeof(Value));
        buffer = fresh;
        items = reinterpret_cast<Value*>(buffer->items);
        retire_list_buffer(source);
      } else {
        ok = raise_no_memory();
      }
    }
    Value* keys = items;
    if (ok && !key.empty()) {
      keys = compute_keys(items, n, key);
      ok = keys != nullptr;
    }
    if (ok && n > 1) {
      TupleLess less;
      KeyKind kind = classify(keys, 1, n, &less);
      outcome = sort_by(kind, keys, items, n, less, reverse);
      if (outcome == Outcome::kNoMemory) raise_no_memory();
      ok = outcome == Outcome::kDone;
    }
    if (keys && keys != items) {
      for (int64_t i = 0; i < n; ++i) release(keys[i]);
      memory::release(keys);
    }
  }
  // Put the items back, whatever else came into the list meanwhile.
  ListBuffer* theirs;
  int64_t their_size;
  {
    LockGuard guard(list);
    theirs = list->buffer.load(std::memory_order_relaxed);
    note_unlinked(list, theirs);
    their_size = list->size.load(std::memory_order_relaxed);
    list->size.store(0, std::memory_order_release);
    list->buffer.store(buffer, std::memory_order_release);
    list->size.store(n, std::memory_order_release);
  }
  if (theirs != kSortingBuffer) {
    if (ok) ok = raise(exc::ValueError, "list modified during sort");
    for (int64_t i = their_size; i-- > 0;) theirs->items[i].clear();
    retire_list_buffer(theirs);
  }
  return ok;
}

}  // namespace pt
