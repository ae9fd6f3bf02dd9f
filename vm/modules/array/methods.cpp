// Methods of array.array.
#include <cstring>

#include "vm/modules/array/array.h"
#include "vm/modules/support.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {
namespace {

Ref<> done(bool ok) { return ok ? none_ref() : Ref<>(); }

Ref<> append(const Value* a) { return done(array_append(as_array(a[0]), a[1])); }
Ref<> extend(const Value* a) { return done(array_extend(as_array(a[0]), a[1])); }

Ref<> insert(const Value* a) {
  Array* self = as_array(a[0]);
  int64_t at;
  RawItem raw;
  if (!to_ssize(a[1], &at) || !item_to_raw(self->kind, a[2], &raw)) return Ref<>();
  int64_t length = array_length(self);
  if (at < 0) at = at + length < 0 ? 0 : at + length;
  return done(array_splice(self, at, 0, reinterpret_cast<uint8_t*>(&raw.bits), 1));
}

Ref<> pop(const Value* a) {
  Array* self = as_array(a[0]);
  int64_t at = -1;
  if (!a[1].empty() && !to_ssize(a[1], &at)) return Ref<>();
  int64_t length = array_length(self);
  if (length == 0) return raise(exc::IndexError, "pop from empty array");
  if (at < 0) at += length;
  Ref<> item = array_get(self, at);
  if (!item) {
    if (error_pending()) return Ref<>();
    return raise(exc::IndexError, "pop index out of range");
  }
  return array_splice(self, at, 1, nullptr, 0) ? std::move(item) : Ref<>();
}

// Position of an item equal to `wanted` in [start, stop); -1 none, -2 error.
int64_t find(Array* self, Value wanted, int64_t start, int64_t stop) {
  for (int64_t i = start; i < stop; ++i) {
    Ref<> item = array_get(self, i);
    if (!item) return error_pending() ? -2 : -1;
    int same = equal(item.value(), wanted);
    if (same < 0) return -2;
    if (same) return i;
  }
  return -1;
}
Ref<> index_of(const Value* a) {
  Array* self = as_array(a[0]);
  int64_t start, stop;
  if (!optional_clamped(a[2], 0, &start) || !optional_clamped(a[3], INT64_MAX, &stop)) return Ref<>();
  int64_t length = array_length(self);
  if (start < 0 && (start += length) < 0) start = 0;
  if (stop < 0) stop += length;
  int64_t at = find(self, a[1], start, stop);
  if (at == -1) return raise(exc::ValueError, "array.index(x): x not in array");
  return at < 0 ? Ref<>() : int_from_int64(at);
}
Ref<> remove(const Value* a) {
  Array* self = as_array(a[0]);
  int64_t at = find(self, a[1], 0, INT64_MAX);
  if (at == -1) return raise(exc::ValueError, "array.remove(x): x not in array");
  return done(at >= 0 && array_splice(self, at, 1, nullptr, 0));
}
Ref<> count(const Value* a) {
  Array* self = as_array(a[0]);
  int64_t found = 0;
  for (int64_t i = 0;; ++i) {
    Ref<> item = array_get(self, i);
    if (!item) return error_pending() ? Ref<>() : int_from_int64(found);
    int same = equal(item.value(), a[1]);
    if (same < 0) return Ref<>();
    found += same;
  }
}

Ref<> reverse(const Value* a) {
  Array* self = as_array(a[0]);
  LockGuard guard(self);
  int64_t size = self->kind->size;
  uint8_t held[8];
  for (int64_t low = 0, high = self->length - 1; low < high; ++low, --high) {
    uint8_t* x = self->data + low * size;
    uint8_t* y = self->data + high * size;
    std::memcpy(held, x, static_cast<size_t>(size));
    std::memcpy(x, y, static_cast<size_t>(size));
    std::memcpy(y, held, static_cast<size_t>(size));
  }
  return none_ref();
}
Ref<> byteswap(const Value* a) {
  Array* self = as_array(a[0]);
  LockGuard guard(self);
  int64_t size = self->kind->size;
  for (int64_t i = 0; i < self->length; ++i) {
    uint8_t* x = self->data + i * size;
    for (int64_t low = 0, high = size - 1; low < high; ++low, --high) {
      uint8_t held = x[low];
      x[low] = x[high];
      x[high] = held;
    }
  }
  return none_ref();
}

Ref<> copy(const Value* a) {
  Array* self = as_array(a[0]);
  ArraySnapshot content(self);
  return content.ok() ? array_from_bytes(self->kind, content.data(), content.length()) : Ref<>();
}

Ref<> to_list(const Value* a) {
  Array* self = as_array(a[0]);
  ArraySnapshot content(self);
  if (!content.ok()) return Ref<>();
  Ref<List> list = list_new(content.length());
  for (int64_t i = 0; list && i < content.length(); ++i) {
    Ref<> item = item_from_raw(self->kind, content.data() + i * self->kind->size);
    if (!item || !list_append(list.get(), std::move(item))) return Ref<>();
  }
  return list;
}
Ref<> from_list(const Value* a) {
  Array* self = as_array(a[0]);
  if (!is_list(a[1])) return raise(exc::TypeError, "arg must be list");
  List* list = as_list(a[1]);
  int64_t length = list_size(list);
  // All or nothing: converted aside first.
  Ref<Array> fresh = array_new(&array_type, self->kind, 0);
  if (!fresh) return Ref<>();
  for (int64_t i = 0; i < length; ++i) {
    Ref<> item = list_get(list, i);
    if (!item) return raise(exc::RuntimeError, "list changed size during iteration");
    if (!array_append(fresh.get(), item.value())) return Ref<>();
    if (list_size(list) != length) return raise(exc::RuntimeError, "list changed size during iteration");
  }
  return done(array_splice(self, INT64_MAX, 0, fresh->data, fresh->length));
}

Ref<> to_bytes(const Value* a) {
  Array* self = as_array(a[0]);
  ArraySnapshot content(self);
  if (!content.ok()) return Ref<>();
  return bytes_from({reinterpret_cast<const char*>(content.data()), static_cast<size_t>(content.length() * self->kind->size)});
}
Ref<> from_bytes(const Value* a) {
  Array* self = as_array(a[0]);
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  if (is_array(a[1]) && as_array(a[1])->kind->size != 1) return raise(exc::TypeError, "a bytes-like object is required");
  return done(array_append_bytes(self, view.data(), view.size()));
}

Ref<> to_unicode(const Value* a) {
  Array* self = as_array(a[0]);
  if (self->kind->code != 'u') {
    return raise(exc::ValueError, "tounicode() may only be called on unicode type arrays");
  }
  ArraySnapshot content(self);
  if (!content.ok()) return Ref<>();
  auto* points = reinterpret_cast<const uint32_t*>(content.data());
  for (int64_t i = 0; i < content.length(); ++i) {
    if (points[i] > 0x10ffff) return item_from_raw(self->kind, content.data() + 4 * i);
  }
  return str_from_ucs4(points, content.length());
}
Ref<> from_unicode(const Value* a) {
  Array* self = as_array(a[0]);
  if (!is_str(a[1])) return raise(exc::TypeError, "fromunicode() argument must be str, not %T", a[1]);
  if (self->kind->code != 'u') {
    return raise(exc::ValueError, "fromunicode() may only be called on unicode type arrays");
  }
  return done(for_each(a[1], [self](Value c) { return array_append(self, c); }));
}

Ref<> from_file(const Value* a) {
  Array* self = as_array(a[0]);
  int64_t n;
  if (!to_ssize(a[2], &n)) return Ref<>();
  if (n < 0) return raise(exc::ValueError, "negative count");
  if (n > INT64_MAX / self->kind->size) return raise_no_memory();
  Ref<> size = int_from_int64(n * self->kind->size);
  Ref<> data = call_method(a[1], "read", {size.value()});
  if (!data) return data;
  if (!is_bytes(data.value())) return raise(exc::TypeError, "read() didn't return bytes");
  Bytes* bytes = as_bytes(data.value());
  bool whole = bytes->length == n * self->kind->size;
  if (!array_append_bytes(self, bytes->data, bytes->length)) return Ref<>();
  if (!whole) return raise(exc::EOFError, "read() didn't return enough bytes");
  return none_ref();
}
Ref<> to_file(const Value* a) {
  Array* self = as_array(a[0]);
  ArraySnapshot content(self);
  if (!content.ok()) return Ref<>();
  constexpr int64_t kBlock = 64 * 1024;
  int64_t size = content.length() * self->kind->size;
  Ref<> write = get_attribute(a[1], "write");
  if (!write) return write;
  for (int64_t at = 0; at < size; at += kBlock) {
    int64_t piece = size - at < kBlock ? size - at : kBlock;
    Ref<Bytes> block = bytes_from({reinterpret_cast<const char*>(content.data() + at), static_cast<size_t>(piece)});
    if (!block || !call1(write.value(), block.value())) return Ref<>();
  }
  return none_ref();
}

Ref<> buffer_info(const Value* a) {
  Array* self = as_array(a[0]);
  uint64_t address;
  int64_t length;
  {
    LockGuard guard(self);
    address = reinterpret_cast<uint64_t>(self->data);
    length = self->length;
  }
  Ref<> first = int_from_uint64(address);
  Ref<> second = int_from_int64(length);
  return tuple_of({first.value(), second.value()});
}
Ref<> size_of(const Value* a) {
  Array* self = as_array(a[0]);
  LockGuard guard(self);
  return int_from_int64(static_cast<int64_t>(sizeof(Array)) + self->capacity * self->kind->size);
}

Ref<> get_typecode(Value self) { return str_from_code_point(static_cast<uint8_t>(as_array(self)->kind->code)); }
Ref<> get_itemsize(Value self) { return int_from_int64(as_array(self)->kind->size); }

}  // namespace

const NativeDef kArrayMethods[] = {
    {"append", "($self, v, /)", append, "Append new value v to the end of the array."},
    {"buffer_info", "($self, /)", buffer_info,
     "Return a tuple (address, length) giving the current memory address and the length in items of the buffer."},
    {"byteswap", "($self, /)", byteswap, "Byteswap all items of the array."},
    {"__copy__", "($self, /)", copy, "Return a copy of the array."},
    {"__deepcopy__", "($self, unused, /)", copy, "Return a copy of the array."},
    {"count", "($self, v, /)", count, "Return number of occurrences of v in the array."},
    {"extend", "($self, bb, /)", extend, "Append items to the end of the array."},
    {"fromfile", "($self, f, n, /)", from_file, "Read n objects from the file object f and append them to the array."},
    {"fromlist", "($self, list, /)", from_list, "Append items to array from list."},
    {"frombytes", "($self, buffer, /)", from_bytes, "Appends items from the string, interpreting it as machine values."},
    {"fromunicode", "($self, ustr, /)", from_unicode, "Extends this array with data from the unicode string ustr."},
    {"index", "($self, v, start=0, stop=sys.maxsize, /)", index_of, "Return index of first occurrence of v in the array."},
    {"insert", "($self, i, v, /)", insert, "Insert a new item v into the array before position i."},
    {"pop", "($self, i=-1, /)", pop, "Return the i-th element and delete it from the array."},
    {"__reduce_ex__", "($self, value, /)", array_reduce, "Return state information for pickling."},
    {"remove", "($self, v, /)", remove, "Remove the first occurrence of v in the array."},
    {"reverse", "($self, /)", reverse, "Reverse the order of the items in the array."},
    {"tofile", "($self, f, /)", to_file, "Write all items (as machine values) to the file object f."},
    {"tolist", "($self, /)", to_list, "Convert array to an ordinary list with the same items."},
    {"tobytes", "($self, /)", to_bytes, "Convert the array to an array of machine values and return the bytes."},
    {"tounicode", "($self, /)", to_unicode, "Convert the array to a unicode string."},
    {"__sizeof__", "($self, /)", size_of, "Size of the array in memory, in bytes."},
    {}};
const GetSetDef kArrayGetSets[] = {{"typecode", get_typecode, nullptr, "the typecode character used to create the array"},
                                   {"itemsize", get_itemsize, nullptr, "the size, in bytes, of one array item"},
                                   {}};

}  // namespace pt
