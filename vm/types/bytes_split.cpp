// Taking bytes and bytearrays apart and putting them together.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/types/bytes_type.h"
#include "vm/types/list.h"
#include "vm/types/search.h"
#include "vm/types/tuple.h"

namespace pt::bytes_methods {

namespace {

using std::string_view;
bool space(char c) { return c == ' ' || (c >= 9 && c <= 13); }

bool append_part(List* out, Value self, string_view part) {
  Ref<> piece = bytes_like(self, part);
  return piece && list_append(out, std::move(piece));
}

bool split_space(List* out, Value self, string_view v, int64_t limit) {
  size_t n = v.size(), i = 0;
  for (;;) {
    while (i < n && space(v[i])) i++;
    if (i == n) return true;
    if (limit-- <= 0) return append_part(out, self, v.substr(i));
    size_t start = i;
    while (i < n && !space(v[i])) i++;
    if (!append_part(out, self, v.substr(start, i - start))) return false;
  }
}
bool rsplit_space(List* out, Value self, string_view v, int64_t limit) {
  size_t i = v.size();
  for (;;) {
    while (i > 0 && space(v[i - 1])) i--;
    if (i == 0) return true;
    if (limit-- <= 0) return append_part(out, self, v.substr(0, i));
    size_t end = i;
    while (i > 0 && !space(v[i - 1])) i--;
    if (!append_part(out, self, v.substr(i, end - i))) return false;
  }
}

const uint8_t* units(string_view v) { return reinterpret_cast<const uint8_t*>(v.data()); }

Ref<> split_method(const Value* a, bool from_right) {
  int64_t limit = -1;
  if (!a[2].empty() && !to_size(a[2], &limit)) return Ref<>();
  if (limit < 0) limit = INT64_MAX;
  Ref<List> out = list_new();
  if (!out) return Ref<>();
  bool ok;
  if (!given(a[1])) {
    string_view v = byte_view(a[0]);
    ok = from_right ? rsplit_space(out.get(), a[0], v, limit) : split_space(out.get(), a[0], v, limit);
  } else {
    BytesArgument separator(a[1]);
    if (!separator.ok()) return Ref<>();
    if (separator.size() == 0) return raise(exc::ValueError, "empty separator");
    string_view v = byte_view(a[0]);
    size_t m = separator.view().size();
    ok = true;
    while (ok && limit-- > 0) {
      int64_t n = static_cast<int64_t>(v.size());
      int64_t at = from_right ? rfind_units(units(v), n, separator.data(), separator.size())
                              : find_units(units(v), n, separator.data(), separator.size());
      if (at < 0) break;
      size_t position = static_cast<size_t>(at);
      if (from_right) {
        ok = append_part(out.get(), a[0], v.substr(position + m));
        v = v.substr(0, position);
      } else {
        ok = append_part(out.get(), a[0], v.substr(0, position));
        v = v.substr(position + m);
      }
    }
    ok = ok && append_part(out.get(), a[0], v);
  }
  if (!ok || (from_right && !list_reverse(out.get()))) return Ref<>();
  return out;
}

Ref<> partition_method(const Value* a, bool from_right) {
  BytesArgument separator(a[1]);
  if (!separator.ok()) return Ref<>();
  if (separator.size() == 0) return raise(exc::ValueError, "empty separator");
  string_view v = byte_view(a[0]);
  int64_t n = static_cast<int64_t>(v.size());
  int64_t at = from_right ? rfind_units(units(v), n, separator.data(), separator.size())
                          : find_units(units(v), n, separator.data(), separator.size());
  string_view before = from_right ? string_view() : v, middle, after = from_right ? v : string_view();
  if (at >= 0) {
    before = v.substr(0, static_cast<size_t>(at));
    middle = separator.view();
    after = v.substr(static_cast<size_t>(at) + middle.size());
  }
  Ref<> x = at < 0 && !from_right ? bytes_unchanged(a[0], before) : bytes_like(a[0], before);
  if (!x) return Ref<>();
  Ref<> y = at >= 0 && has_shape(a[0], kShape_bytes) ? Ref<>::retain(a[1]) : bytes_like(a[0], middle);
  if (!y) return Ref<>();
  Ref<> z = at < 0 && from_right ? bytes_unchanged(a[0], after) : bytes_like(a[0], after);
  if (!z) return Ref<>();
  return tuple_of({x.value(), y.value(), z.value()});
}

}  // namespace

Ref<> split(const Value* a) { return split_method(a, false); }
Ref<> rsplit(const Value* a) { return split_method(a, true); }
Ref<> partition(const Value* a) { return partition_method(a, false); }
Ref<> rpartition(const Value* a) { return partition_method(a, true); }

Ref<> splitlines(const Value* a) {
  bool keep = false;
  if (!a[1].empty()) {
    int64_t flag;
    if (!to_int64(a[1], &flag)) return Ref<>();
    keep = flag != 0;
  }
  Ref<List> out = list_new();
  if (!out) return Ref<>();
  string_view v = byte_view(a[0]);
  for (size_t i = 0; i < v.size();) {
    size_t start = i;
    while (i < v.size() && v[i] != '\n' && v[i] != '\r') i++;
    size_t end = i;
    if (i < v.size()) i += v[i] == '\r' && i + 1 < v.size() && v[i + 1] == '\n' ? 2 : 1;
    if (!append_part(out.get(), a[0], v.substr(start, (keep ? i : end) - start))) return Ref<>();
  }
  return out;
}

Ref<> join(const Value* a) {
  Ref<Tuple> items;
  if (is_list(a[1])) {
    items = list_to_tuple(as_list(a[1]));
  } else if (is_tuple(a[1])) {
    items = Ref<Tuple>::retain(as_tuple(a[1]));
  } else {
    Ref<> iterator = get_iter(a[1]);
    if (!iterator) {
      if (clear_if(exc::TypeError)) return raise(exc::TypeError, "can only join an iterable");
      return Ref<>();
    }
    items = tuple_from_iterable(iterator.value());
  }
  if (!items) return Ref<>();
  int64_t count = items->length;
  if (count == 1 && has_shape(items->at(0), kShape_bytes) && has_shape(a[0], kShape_bytes)) return Ref<>::retain(items->at(0));
  // Taking buffers of the items may run Python code, so the separator is read anew each time.
  BytesBuilder out;
  for (int64_t i = 0; i < count; i++) {
    Value item = items->at(i);
    BytesArgument piece(item);
    if (!piece.ok()) {
      clear_error();
      return raise(exc::TypeError, "sequence item %ld: expected a bytes-like object, %T found", i, item);
    }
    if (i && !out.append(byte_view(a[0]))) return raise_no_memory();
    if (!out.append(piece.view())) return raise_no_memory();
  }
  return bytes_like(a[0], out.view());
}

}  // namespace pt::bytes_methods
