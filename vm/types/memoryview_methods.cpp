// Methods and attributes of memoryview.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/bytes_type.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/memoryview_format.h"
#include "vm/types/memoryview_type.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

Ref<> release_method(const Value* a) { return release_view(as_memoryview(a[0])) ? none_ref() : Ref<>(); }
Ref<> enter(const Value* a) {
  ViewPin pin(a[0]);
  return pin.ok() ? Ref<>::retain(a[0]) : Ref<>();
}

Ref<> to_bytes(const Value* a) {
  ViewPin pin(a[0]);
  if (!pin.ok()) return Ref<>();
  char order = 'C';
  if (given(a[1])) {
    if (!is_str(a[1])) return raise(exc::TypeError, "tobytes() argument 'order' must be str or None, not %T", a[1]);
    Str* s = as_str(a[1]);
    if (!s->equals_ascii("C") && !s->equals_ascii("F") && !s->equals_ascii("A")) {
      return raise(exc::ValueError, "order must be 'C', 'F' or 'A'");
    }
    order = static_cast<char>(s->at(0));
  }
  if (pin->length == 1) return bytes_from({reinterpret_cast<const char*>(pin->data), 1});
  Ref<Bytes> out = bytes_allocate(pin->length);
  if (out && pin->length) copy_buffer(view_buffer(pin.get()), out->data, order);
  return out;
}

Ref<> hex(const Value* a) {
  ViewPin pin(a[0]);
  if (!pin.ok()) return Ref<>();
  BytesBuilder copy;
  uint8_t* p = copy.reserve(pin->length);
  if (!p) return raise_no_memory();
  copy_buffer(view_buffer(pin.get()), p, 'C');
  copy.advance(pin->length);
  return bytes_hex(copy.view(), a[1], a[2]);
}

Ref<> list_of(const MemoryView* m, const uint8_t* p, int dimension) {
  if (dimension == m->dimensions) return unpack_item(m->format, p);
  Ref<List> out = list_new(m->shape[dimension]);
  if (!out) return Ref<>();
  for (int64_t i = 0; i < m->shape[dimension]; i++) {
    Ref<> item = list_of(m, p + i * m->strides[dimension], dimension + 1);
    if (!item || !list_append(out.get(), std::move(item))) return Ref<>();
  }
  return out;
}
Ref<> to_list(const Value* a) {
  ViewPin pin(a[0]);
  return pin.ok() ? list_of(pin.get(), pin->data, 0) : Ref<>();
}

Ref<> to_read_only(const Value* a) {
  ViewPin pin(a[0]);
  if (!pin.ok()) return Ref<>();
  Ref<MemoryView> m = derived_view(pin.get(), pin->dimensions);
  if (m) m->read_only = true;
  return m;
}

// The sizes in a shape argument; -1 on error.
int read_shape(Value shape, int64_t* sizes) {
  bool list = is_list(shape);
  Ref<Tuple> items = list ? list_to_tuple(as_list(shape)) : Ref<Tuple>::retain(as_tuple(shape));
  if (!items) return -1;
  if (items->length > 64) return (void)raise(exc::ValueError, "memoryview: number of dimensions must not exceed 64"), -1;
  for (int64_t i = 0; i < items->length; i++) {
    if (!is_int(items->at(i))) return (void)raise(exc::TypeError, "memoryview.cast(): elements of shape must be integers"), -1;
    if (!to_size(items->at(i), &sizes[i])) return -1;
    if (sizes[i] <= 0) return (void)raise(exc::ValueError, "memoryview.cast(): elements of shape must be integers > 0"), -1;
  }
  return static_cast<int>(items->length);
}

Ref<> cast(const Value* a) {
  ViewPin pin(a[0]);
  if (!pin.ok()) return Ref<>();
  if (!is_str(a[1])) return raise(exc::TypeError, "cast() argument 'format' must be str, not %T", a[1]);
  if (!buffer_is_contiguous(view_buffer(pin.get()), 'C')) {
    return raise(exc::TypeError, "memoryview: casts are restricted to C-contiguous views");
  }
  int64_t sizes[64];
  int dimensions = 1;
  if (!a[2].empty()) {
    if (!is_list(a[2]) && !is_tuple(a[2])) return raise(exc::TypeError, "shape must be a list or a tuple");
    int64_t count = is_list(a[2]) ? list_size(as_list(a[2])) : as_tuple(a[2])->length;
    if (count > 64) return raise(exc::ValueError, "memoryview: number of dimensions must not exceed 64");
    if (pin->dimensions != 1 && count != 1) return raise(exc::TypeError, "memoryview: cast must be 1D -> ND or ND -> 1D");
  }
  Str* format = as_str(a[1]);
  int64_t size = 0;
  char name[4] = {};
  if (format->ascii && format->length <= 2) memcpy(name, format->data1(), static_cast<size_t>(format->length));
  char to = native_format(name, &size);
  if (!to) {
    return raise(exc::ValueError,
                 "memoryview: destination format must be a native single character format prefixed with an optional '@'");
  }
  char from = native_format(pin->format, nullptr);  // of other formats only the bytes can be had
  auto is_byte = [](char c) { return c == 'B' || c == 'b' || c == 'c'; };
  if (!is_byte(to) && !is_byte(from)) return raise(exc::TypeError, "memoryview: cannot cast between two non-byte formats");
  if (pin->length % size) return raise(exc::TypeError, "memoryview: length is not a multiple of itemsize");
  if (a[2].empty()) {
    sizes[0] = pin->length / size;
  } else {
    dimensions = read_shape(a[2], sizes);
    if (dimensions < 0) return Ref<>();
    int64_t product = size;
    for (int i = 0; i < dimensions; i++) {
      if (__builtin_mul_overflow(product, sizes[i], &product)) {
        return raise(exc::ValueError, "memoryview.cast(): product(shape) > SSIZE_MAX");
      }
    }
    if (product != pin->length) return raise(exc::TypeError, "memoryview: product(shape) * itemsize != buffer size");
  }
  Ref<MemoryView> m = derived_view(pin.get(), dimensions);
  if (!m) return Ref<>();
  if (m->own_format) memory::release(m->own_format);
  m->format = "B";
  m->own_format = static_cast<char*>(memory::allocate(4));
  if (!m->own_format) return raise_no_memory();
  memcpy(m->own_format, name, 4);
  m->format = m->own_format;
  m->item_size = size;
  int64_t step = size;
  for (int i = dimensions - 1; i >= 0; i--) {
    m->shape[i] = sizes[i];
    m->strides[i] = step;
    step *= sizes[i];
  }
  return m;
}

// f(view) while it cannot be released.
template <class F>
Ref<> with_view(Value v, F f) {
  ViewPin pin(v);
  return pin.ok() ? f(pin.get()) : Ref<>();
}
Ref<> sizes_tuple(const int64_t* sizes, int count) {
  Ref<Tuple> out = count ? tuple_allocate(count) : Ref<Tuple>::retain(empty_tuple());
  if (!out) return Ref<>();
  for (int i = 0; i < count; i++) out->items[i].init(int_from_int64(sizes[i]));
  return out;
}

Ref<> get_obj(Value v) {
  return with_view(v, [](MemoryView* m) {
    Ref<> owner = m->exporter.load(m);
    return owner ? std::move(owner) : none_ref();
  });
}
Ref<> get_nbytes(Value v) {
  return with_view(v, [](MemoryView* m) { return int_from_int64(m->length); });
}
Ref<> get_itemsize(Value v) {
  return with_view(v, [](MemoryView* m) { return int_from_int64(m->item_size); });
}
Ref<> get_ndim(Value v) {
  return with_view(v, [](MemoryView* m) { return int_from_int64(m->dimensions); });
}
Ref<> get_format(Value v) {
  return with_view(v, [](MemoryView* m) { return Ref<>(str_from_utf8(m->format)); });
}
Ref<> get_readonly(Value v) {
  return with_view(v, [](MemoryView* m) { return bool_ref(m->read_only); });
}
Ref<> get_shape(Value v) {
  return with_view(v, [](MemoryView* m) { return sizes_tuple(m->shape, m->dimensions); });
}
Ref<> get_strides(Value v) {
  return with_view(v, [](MemoryView* m) { return sizes_tuple(m->strides, m->dimensions); });
}
Ref<> get_suboffsets(Value v) {
  return with_view(v, [](MemoryView*) { return sizes_tuple(nullptr, 0); });
}
template <char order>
Ref<> get_contiguous(Value v) {
  return with_view(v, [](MemoryView* m) { return bool_ref(buffer_is_contiguous(view_buffer(m), order)); });
}

}  // namespace

const NativeDef kMemoryViewMethods[] = {
    {"release", "($self, /)", release_method, "Release the underlying buffer exposed by the memoryview object."},
    {"tobytes", "($self, /, order='C')", to_bytes, "Return the data in the buffer as a byte string."},
    {"hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", hex,
     "Return the data in the buffer as a str of hexadecimal numbers.\n\n>>> memoryview(b'\\x01\\xfe\\x7f').hex('-')\n'01-fe-7f'"},
    {"tolist", "($self, /)", to_list, "Return the data in the buffer as a list of elements."},
    {"cast", "($self, /, format, shape=<unrepresentable>)", cast, "Cast a memoryview to a new format or shape."},
    {"toreadonly", "($self, /)", to_read_only, "Return a readonly version of the memoryview."},
    {"__enter__", "($self, /)", enter},
    {"__exit__", "($self, /, *exc_info)", release_method},
    {},
};
const GetSetDef kMemoryViewGetSets[] = {
    {"obj", get_obj, nullptr, "The underlying object of the memoryview."},
    {"nbytes", get_nbytes, nullptr, "The amount of space in bytes that the array would use in a contiguous representation."},
    {"readonly", get_readonly, nullptr, "A bool indicating whether the memory is read only."},
    {"itemsize", get_itemsize, nullptr, "The size in bytes of each element of the memoryview."},
    {"format", get_format, nullptr, "A string containing the format (in struct module style) for each element in the view."},
    {"ndim", get_ndim, nullptr, "How many dimensions of a multi-dimensional array the memory represents."},
    {"shape", get_shape, nullptr, "A tuple of ndim integers giving the shape of the memory as an N-dimensional array."},
    {"strides", get_strides, nullptr,
     "A tuple of ndim integers giving the size in bytes to access each element for each dimension."},
    {"suboffsets", get_suboffsets, nullptr, "Used internally for PIL-style arrays."},
    {"c_contiguous", get_contiguous<'C'>, nullptr, "A bool indicating whether the memory is C contiguous."},
    {"f_contiguous", get_contiguous<'F'>, nullptr, "A bool indicating whether the memory is Fortran contiguous."},
    {"contiguous", get_contiguous<'A'>, nullptr, "A bool indicating whether the memory is contiguous."},
    {},
};

}  // namespace pt
