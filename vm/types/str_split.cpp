// Taking strings apart and putting them together: split, partition, splitlines, join.
#include "vm/types/list_inl.h"
#include "vm/types/str_inl.h"
#include "vm/types/str_type.h"
#include "vm/types/tuple.h"
#include "vm/types/unicode.h"

namespace pt {

namespace {

PT_INLINE bool append_part(List* out, Str* s, int64_t start, int64_t end) {
  bool inner = s->ascii && end - start < s->length;
  Ref<Str> part = inner ? str_from_ascii(s->ascii_view().substr(static_cast<size_t>(start), static_cast<size_t>(end - start)))
                        : str_substring(s, start, end);
  return part && list_append_private(out, std::move(part));
}

bool split_whitespace(List* out, Str* s, int64_t limit) {
  return with_units(s, [&](auto* p) {
    int64_t n = s->length, i = 0;
    while (limit-- > 0) {
      while (i < n && unicode::is_space(p[i])) i++;
      if (i == n) return true;
      int64_t start = i;
      while (i < n && !unicode::is_space(p[i])) i++;
      if (!append_part(out, s, start, i)) return false;
    }
    while (i < n && unicode::is_space(p[i])) i++;
    return i == n || append_part(out, s, i, n);
  });
}

bool rsplit_whitespace(List* out, Str* s, int64_t limit) {
  return with_units(s, [&](auto* p) {
    int64_t i = s->length;
    while (limit-- > 0) {
      while (i > 0 && unicode::is_space(p[i - 1])) i--;
      if (i == 0) return true;
      int64_t end = i;
      while (i > 0 && !unicode::is_space(p[i - 1])) i--;
      if (!append_part(out, s, i, end)) return false;
    }
    while (i > 0 && unicode::is_space(p[i - 1])) i--;
    return i == 0 || append_part(out, s, 0, i);
  });
}

bool split_by(List* out, Str* s, Str* separator, int64_t limit) {
  int64_t n = s->length, m = separator->length, start = 0;
  bool ok = with_needle(s, separator, true, false, [&](auto* p, auto* needle) {
    while (limit-- > 0) {
      int64_t at = find_units(p + start, n - start, needle, m);
      if (at < 0) break;
      if (!append_part(out, s, start, start + at)) return false;
      start += at + m;
    }
    return true;
  });
  return ok && append_part(out, s, start, n);
}

bool rsplit_by(List* out, Str* s, Str* separator, int64_t limit) {
  int64_t m = separator->length, end = s->length;
  bool ok = with_needle(s, separator, true, false, [&](auto* p, auto* needle) {
    while (limit-- > 0) {
      int64_t at = rfind_units(p, end, needle, m);
      if (at < 0) break;
      if (!append_part(out, s, at + m, end)) return false;
      end = at;
    }
    return true;
  });
  return ok && append_part(out, s, 0, end);
}

Ref<> split(const Value* a, bool from_right) {
  Str* s = as_str(a[0]);
  int64_t limit = -1;
  if (!a[2].empty() && !to_size(a[2], &limit)) return Ref<>();
  if (limit < 0) limit = INT64_MAX;
  if (given(a[1]) && !is_str(a[1])) return raise(exc::TypeError, "must be str or None, not %T", a[1]);
  if (given(a[1]) && as_str(a[1])->length == 0) return raise(exc::ValueError, "empty separator");
  Ref<List> out = list_new(limit < 12 ? limit + 1 : 12);
  if (!out) return Ref<>();
  bool ok;
  if (!given(a[1])) {
    ok = from_right ? rsplit_whitespace(out.get(), s, limit) : split_whitespace(out.get(), s, limit);
  } else {
    ok = from_right ? rsplit_by(out.get(), s, as_str(a[1]), limit) : split_by(out.get(), s, as_str(a[1]), limit);
  }
  if (!ok) return Ref<>();
  if (from_right && !list_reverse(out.get())) return Ref<>();
  return out;
}

Ref<> partition(const Value* a, bool from_right) {
  if (!check_str(a[1])) return Ref<>();
  Str *s = as_str(a[0]), *separator = as_str(a[1]);
  if (separator->length == 0) return raise(exc::ValueError, "empty separator");
  int64_t at = from_right ? str_rfind(s, separator, 0, s->length) : str_find(s, separator, 0, s->length);
  Value empty = Value::object(empty_str());
  if (at < 0) {
    Ref<Str> whole = str_substring(s, 0, s->length);
    if (!whole) return Ref<>();
    if (from_right) return tuple_of({empty, empty, whole.value()});
    return tuple_of({whole.value(), empty, empty});
  }
  Ref<Str> before = str_substring(s, 0, at);
  if (!before) return Ref<>();
  Ref<Str> after = str_substring(s, at + separator->length, s->length);
  if (!after) return Ref<>();
  return tuple_of({before.value(), a[1], after.value()});
}

// The items of a list or tuple while they are joined, borrowed.
template <class At>
Ref<Str> join_items(Str* separator, int64_t count, At at) {
  if (count == 0) return Ref<Str>::steal(empty_str());
  if (count == 1 && is_exact_str(at(0))) return Ref<Str>::retain(as_str(at(0)));
  int64_t total = 0;
  uint32_t max = count > 1 ? max_class(separator) : 0;
  for (int64_t i = 0; i < count; i++) {
    Value item = at(i);
    if (PT_UNLIKELY(!is_str(item))) {
      return raise(exc::TypeError, "sequence item %ld: expected str instance, %T found", i, item);
    }
    const Str* s = as_str(item);
    if (uint32_t item_max = s->ascii ? kMaxAscii : max_class(s); item_max > max) max = item_max;
    if (__builtin_add_overflow(total, s->length + (i ? separator->length : 0), &total)) {
      return raise(exc::OverflowError, "join() result is too long for a Python string");
    }
  }
  if (separator->length == 0 && total == 0) return Ref<Str>::steal(empty_str());
  Ref<Str> out = max <= kMaxAscii && total >= 2 ? ascii_str_allocate(total) : str_allocate(total, max);
  if (!out || total == 0) return out;
  if (out->kind == 1) {
    uint8_t* p = out->data1();
    const uint8_t* gap = separator->data1();
    size_t gap_size = static_cast<size_t>(separator->length);
    for (int64_t i = 0; i < count; i++) {
      if (i && gap_size) {
        if (gap_size == 1) {
          *p = *gap;
        } else {
          memcpy(p, gap, gap_size);
        }
        p += gap_size;
      }
      const Str* s = as_str(at(i));
      copy_short(p, s->data1(), static_cast<size_t>(s->length));
      p += s->length;
    }
    return out;
  }
  int64_t position = 0;
  for (int64_t i = 0; i < count; i++) {
    if (i) {
      copy_code_points(out.get(), position, separator, 0, separator->length);
      position += separator->length;
    }
    const Str* s = as_str(at(i));
    copy_code_points(out.get(), position, s, 0, s->length);
    position += s->length;
  }
  return out;
}

}  // namespace

Ref<Str> str_join(Str* separator, Value iterable) {
  if (is_exact_list(iterable) && !multithreaded()) {
    // No Python code and no other thread in between: the items stay where they are.
    List* list = as_list(iterable);
    ListBuffer* buffer = list->buffer.load(std::memory_order_relaxed);
    return join_items(separator, list->size.load(std::memory_order_relaxed),
                      [buffer](int64_t i) { return buffer->items[i].peek(); });
  }
  Ref<Tuple> items;
  if (is_list(iterable)) {
    items = list_to_tuple(as_list(iterable));
  } else if (is_tuple(iterable)) {
    items = Ref<Tuple>::retain(as_tuple(iterable));
  } else {
    Ref<> iterator = get_iter(iterable);
    if (!iterator) {
      if (clear_if(exc::TypeError)) return raise(exc::TypeError, "can only join an iterable");
      return nullptr;
    }
    // Its own iterator: one reference less, which who draws from it may have to know to be the only one.
    if (iterator.value().same(iterable.untagged())) iterator.reset();
    items = tuple_from_iterable(iterator ? iterator.value() : iterable);
  }
  if (!items) return nullptr;
  Tuple* tuple = items.get();
  return join_items(separator, tuple->length, [tuple](int64_t i) { return tuple->at(i); });
}

Ref<> str_split_method(const Value* a) { return split(a, false); }
Ref<> str_rsplit_method(const Value* a) { return split(a, true); }
Ref<> str_partition_method(const Value* a) { return partition(a, false); }
Ref<> str_rpartition_method(const Value* a) { return partition(a, true); }
Ref<> str_join_method(const Value* a) { return str_join(as_str(a[0]), a[1]); }

Ref<> str_splitlines_method(const Value* a) {
  Str* s = as_str(a[0]);
  bool keep = false;
  if (!a[1].empty() && !to_bool(a[1], &keep)) return Ref<>();
  Ref<List> out = list_new();
  if (!out) return Ref<>();
  bool ok = with_units(s, [&](auto* p) {
    int64_t n = s->length, i = 0;
    while (i < n) {
      int64_t start = i;
      while (i < n && !unicode::is_line_break(p[i])) i++;
      int64_t end = i;
      if (i < n) i += p[i] == '\r' && i + 1 < n && p[i + 1] == '\n' ? 2 : 1;
      if (!append_part(out.get(), s, start, keep ? i : end)) return false;
    }
    return true;
  });
  return ok ? Ref<>(std::move(out)) : Ref<>();
}

}  // namespace pt
