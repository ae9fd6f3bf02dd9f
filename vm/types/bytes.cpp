// bytes: allocation, the builder, construction, slots and the type.
#include "vm/types/bytes.h"

#include <atomic>
#include <cstring>
#include <optional>

#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "gc/sync/critical_section.h"
#include "vm/types/bytes_type.h"
#include "vm/types/codecs.h"
#include "vm/types/format.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/memoryview.h"
#include "vm/types/siphash.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

// The empty object and the 256 single bytes, outside the heap.
struct alignas(16) StaticBytes {
  uint8_t bytes[48];
};
constinit StaticBytes g_static_bytes[257] = {};
Bytes* static_bytes(int i) { return reinterpret_cast<Bytes*>(&g_static_bytes[i]); }

}  // namespace

void bytes_init() {
  for (int i = 0; i <= 256; i++) {
    Bytes* b = static_bytes(i);
    init_immortal_header(b, kShape_bytes);
    b->length = i < 256;
    b->hash.store(-1, std::memory_order_relaxed);
    b->data[0] = static_cast<uint8_t>(i < 256 ? i : 0);
  }
}
Bytes* empty_bytes() { return static_bytes(256); }

Ref<Bytes> bytes_allocate(int64_t length) {
  if (length <= 0) return Ref<Bytes>::steal(empty_bytes());
  if (PT_UNLIKELY(length > INT64_MAX - 256)) return raise_no_memory();
  Object* o = allocate_object(kShape_bytes, sizeof(Bytes) + static_cast<size_t>(length) + 1, false);
  if (PT_UNLIKELY(!o)) return raise_no_memory();
  Bytes* b = static_cast<Bytes*>(o);
  b->length = length;
  b->hash.store(-1, std::memory_order_relaxed);
  return Ref<Bytes>::steal(b);
}

Ref<Bytes> bytes_from(std::string_view data) {
  if (data.size() == 1) return Ref<Bytes>::steal(static_bytes(static_cast<uint8_t>(data[0])));
  Ref<Bytes> b = bytes_allocate(static_cast<int64_t>(data.size()));
  if (b && !data.empty()) memcpy(b->data, data.data(), data.size());
  return b;
}

BytesBuilder::~BytesBuilder() {
  if (data_ != inline_) memory::release(data_);
}
bool BytesBuilder::grow(int64_t count) {
  if (failed_ || count > INT64_MAX / 2 - size_) {
    failed_ = true;
    return false;
  }
  int64_t capacity = capacity_ + capacity_ / 2 + 64;
  if (capacity < size_ + count) capacity = size_ + count;
  void* data;
  if (data_ == inline_) {
    data = memory::allocate(static_cast<size_t>(capacity));
    if (data) memcpy(data, inline_, static_cast<size_t>(size_));
  } else {
    data = memory::reallocate(data_, static_cast<size_t>(capacity));
  }
  if (!data) {
    failed_ = true;
    return false;
  }
  data_ = static_cast<uint8_t*>(data);
  capacity_ = capacity;
  return true;
}
bool BytesBuilder::append(std::string_view bytes) {
  uint8_t* p = reserve(static_cast<int64_t>(bytes.size()));
  if (!p) return false;
  if (!bytes.empty()) memcpy(p, bytes.data(), bytes.size());
  size_ += static_cast<int64_t>(bytes.size());
  return true;
}
bool BytesBuilder::append_repeated(uint8_t byte, int64_t count) {
  if (count <= 0) return !failed_;
  uint8_t* p = reserve(count);
  if (!p) return false;
  memset(p, byte, static_cast<size_t>(count));
  size_ += count;
  return true;
}
Ref<Bytes> BytesBuilder::finish() {
  if (failed_) return raise_no_memory();
  return bytes_from(view());
}

// ---- Arguments -----------------------------------------------------------------------------------------------------

bool BytesArgument::take_buffer(Value v) {
  if (is_bytes(v)) {
    view_ = as_bytes(v)->view();
    return true;
  }
  if (multithreaded() && is_bytearray(v)) {
    BytesLock lock(v);
    copy_ = bytes_from(bytearray_view(as_bytearray(v)));
    if (!copy_) return false;
    view_ = copy_->view();
    return true;
  }
  if (!get_buffer(v, &buffer_, kBufferSimple)) return false;
  held_ = true;
  view_ = {static_cast<const char*>(buffer_.data), static_cast<size_t>(buffer_.length)};
  return true;
}
BytesArgument::BytesArgument(Value v, const char* message) {
  if (is_bytes(v) || has_buffer(v)) {
    ok_ = take_buffer(v);
    return;
  }
  if (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    (void)raise(exc::TypeError, message, v);
    return;
  }
  uint8_t byte;
  if (!to_byte(v, &byte)) return;
  byte_ = static_cast<char>(byte);
  view_ = {&byte_, 1};
  ok_ = true;
}

bool to_byte(Value v, uint8_t* out, const char* message) {
  int64_t i;
  if (PT_LIKELY(v.is_small_int())) {
    i = v.as_small_int();
  } else {
    Ref<> number = index(v);
    if (!number) return false;
    if (!int_to_int64(number.value(), &i)) i = -1;
  }
  if (i < 0 || i > 255) return raise(exc::ValueError, "%s", message);
  *out = static_cast<uint8_t>(i);
  return true;
}

namespace {

bool append_item(BytesBuilder& out, Value item, bool is_array) {
  uint8_t byte;
  if (!to_byte(item, &byte, is_array ? "byte must be in range(0, 256)" : "bytes must be in range(0, 256)")) return false;
  return out.append_byte(byte) || raise_no_memory();
}

}  // namespace

bool append_bytes_of(BytesBuilder& out, Value v, bool is_array) {
  if (has_buffer(v)) {
    Buffer buffer;
    if (!get_buffer(v, &buffer, kBufferFull)) return false;
    uint8_t* p = out.reserve(buffer.length);
    if (p) {
      copy_buffer(buffer, p, 'C');
      out.advance(buffer.length);
    }
    release_buffer(&buffer);
    return p || raise_no_memory();
  }
  if (is_exact_list(v)) {
    List* list = as_list(v);
    for (int64_t i = 0;; i++) {
      Ref<> item = list_get(list, i);
      if (!item) return true;
      if (!append_item(out, item.value(), is_array)) return false;
    }
  }
  if (is_exact_tuple(v)) {
    for (int64_t i = 0; i < as_tuple(v)->length; i++) {
      if (!append_item(out, as_tuple(v)->at(i), is_array)) return false;
    }
    return true;
  }
  if (!is_str(v)) {
    Ref<> iterator = get_iter(v);
    if (iterator) {
      for (;;) {
        Ref<> item = next(iterator.value());
        if (!item) return !error_pending();
        if (!append_item(out, item.value(), is_array)) return false;
      }
    }
    if (!clear_if(exc::TypeError)) return false;
  }
  return raise(exc::TypeError, "cannot convert '%T' object to %s", v, is_array ? "bytearray" : "bytes");
}

Ref<> bytes_from_object(Value v) {
  if (has_shape(v, kShape_bytes)) return Ref<>::retain(v);
  static constinit Name kBytes("__bytes__");
  Ref<> method = lookup_special(v, kBytes.str());
  if (method) {
    Ref<> result = call0(method.value());
    if (result && !is_bytes(result.value()))
      return raise(exc::TypeError, "__bytes__ returned non-bytes (type %T)", result.value());
    return result;
  }
  if (error_pending()) return Ref<>();
  BytesBuilder out;
  if (!append_bytes_of(out, v, false)) return Ref<>();
  return out.finish();
}

bool bytes_from_arguments(const char* name, const Args& args, BytesBuilder& out, Ref<>* shared) {
  Value bound[3];
  bool is_array = name[4] == 'a';
  if (args.count == 1 && !args.names) {
    bound[0] = args.values[0];
  } else if (!bind_arguments(name, "(source=b'', encoding='utf-8', errors='strict')", args, bound)) {
    return false;
  }
  Value source = bound[0];
  for (int i = 1; i < 3; i++) {
    if (!bound[i].empty() && !is_str(bound[i])) {
      return raise(exc::TypeError, "%s() argument '%s' must be str, not %T", name, i == 1 ? "encoding" : "errors", bound[i]);
    }
  }
  if (source.empty() || !is_str(source)) {
    if (!bound[1].empty()) return raise(exc::TypeError, "encoding without a string argument");
    if (!bound[2].empty()) return raise(exc::TypeError, "errors without a string argument");
    if (source.empty()) return true;
  } else if (bound[1].empty()) {
    static constinit Name kStrBytes("__bytes__");
    Ref<> method = is_array || is_exact_str(source) || !bound[2].empty() ? Ref<>() : lookup_special(source, kStrBytes.str());
    if (error_pending()) return false;
    if (!method) return raise(exc::TypeError, "string argument without an encoding");
  } else {
    *shared = encode_text(as_str(source), as_str(bound[1]), bound[2].empty() ? nullptr : as_str(bound[2]));
    return static_cast<bool>(*shared);
  }
  if (!is_array) {
    static constinit Name kBytes("__bytes__");
    Ref<> method = has_shape(source, kShape_bytes) ? Ref<>() : lookup_special(source, kBytes.str());
    if (method) {
      *shared = call0(method.value());
      if (*shared && !is_bytes(shared->value())) {
        return raise(exc::TypeError, "__bytes__ returned non-bytes (type %T)", shared->value());
      }
      return static_cast<bool>(*shared);
    }
    if (error_pending()) return false;
  }
  if (is_int(source) || type_of(source)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    int64_t size;
    Ref<> number = index(source);
    if (!number) {
      if (!clear_if(exc::TypeError)) return false;
    } else {
      if (!int_to_int64(number.value(), &size)) {
        return raise(exc::OverflowError, "cannot fit '%T' into an index-sized integer", source);
      }
      if (size < 0) return raise(exc::ValueError, "negative count");
      return out.append_repeated(0, size) || raise_no_memory();
    }
  }
  if (!is_array && has_shape(source, kShape_bytes)) {
    *shared = Ref<>::retain(source);
    return true;
  }
  return append_bytes_of(out, source, is_array);
}

// ---- Slots ---------------------------------------------------------------------------------------------------------

Ref<> bytes_like(Value self, std::string_view content) {
  if (is_bytes(self)) return bytes_from(content);
  return bytearray_from(content);
}
Ref<> bytes_unchanged(Value self, std::string_view content) {
  if (has_shape(self, kShape_bytes)) return Ref<>::retain(self);
  return bytes_like(self, content);
}

Ref<> byte_at(Value self, Value key, bool* is_slice) {
  bool is_array = !is_bytes(self);
  *is_slice = false;
  int64_t i;
  if (key.is_small_int()) {
    i = key.as_small_int();
  } else if (has_shape(key, kShape_slice)) {
    *is_slice = true;
    return Ref<>();
  } else if (is_int(key) || type_of(key)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    if (!to_size(key, &i)) return Ref<>();
  } else {
    return raise(exc::TypeError, "%s indices must be integers or slices, not %T", is_array ? "bytearray" : "byte", key);
  }
  // A writer fills what it has inserted with the lock held.
  std::optional<LockGuard> guard;
  if (is_array && multithreaded()) guard.emplace(self.as_object());
  std::string_view content = byte_view(self);  // only now: __index__ may have changed it
  int64_t n = static_cast<int64_t>(content.size());
  if (i < 0) i += n;
  if (i < 0 || i >= n) {
    guard.reset();
    return raise(exc::IndexError, is_array ? "bytearray index out of range" : "index out of range");
  }
  return Ref<>::steal(Value::small_int(static_cast<uint8_t>(content[static_cast<size_t>(i)])));
}

Ref<> bytes_slice(Value self, std::string_view content, Value slice) {
  int64_t start, stop, step, count;
  if (!slice_indices(slice, static_cast<int64_t>(content.size()), &start, &stop, &step, &count)) return Ref<>();
  if (is_bytearray(self)) {
    // Slice bounds may have run Python code, and other threads may be writing: a copy is made under the lock.
    for (size_t size = content.size();;) {
      BytesBuilder copy;
      uint8_t* p = copy.reserve(count < 1 ? 1 : count);
      if (!p) return raise_no_memory();
      {
        LockGuard guard(self.as_object());
        content = byte_view(self);
        if (content.size() == size) {
          for (int64_t i = 0, at = start; i < count; i++, at += step)
            p[i] = static_cast<uint8_t>(content[static_cast<size_t>(at)]);
        }
      }
      if (content.size() == size) {
        copy.advance(count < 0 ? 0 : count);
        return bytes_like(self, copy.view());
      }
      size = content.size();
      if (!slice_indices(slice, static_cast<int64_t>(size), &start, &stop, &step, &count)) return Ref<>();
    }
  }
  if (count <= 0) return bytes_like(self, {});
  if (step == 1) {
    if (count == static_cast<int64_t>(content.size())) return bytes_unchanged(self, content);
    return bytes_like(self, content.substr(static_cast<size_t>(start), static_cast<size_t>(count)));
  }
  BytesBuilder out;
  uint8_t* p = out.reserve(count);
  if (!p) return raise_no_memory();
  for (int64_t i = 0, at = start; i < count; i++, at += step) p[i] = static_cast<uint8_t>(content[static_cast<size_t>(at)]);
  out.advance(count);
  return bytes_like(self, out.view());
}

Ref<> bytes_concat(Value self, Value other) {
  if (!has_buffer(other)) {
    return raise(exc::TypeError, "can't concat %T to %T", other, self);
  }
  BytesArgument right(other);
  if (!right.ok()) return Ref<>();
  BytesLock lock(self);
  std::string_view a = byte_view(self), b = right.view();
  if (is_bytes(self)) {
    if (b.empty() && has_shape(self, kShape_bytes)) return Ref<>::retain(self);
    if (a.empty() && has_shape(other, kShape_bytes)) return Ref<>::retain(other);
  }
  if (a.size() > static_cast<size_t>(INT64_MAX) - b.size()) return raise_no_memory();
  if (is_bytes(self)) {
    Ref<Bytes> out = bytes_allocate(static_cast<int64_t>(a.size() + b.size()));
    if (!out || out->length == 0) return out;
    if (!a.empty()) memcpy(out->data, a.data(), a.size());
    if (!b.empty()) memcpy(out->data + a.size(), b.data(), b.size());
    return out;
  }
  BytesBuilder out;
  if (!out.append(a) || !out.append(b)) return raise_no_memory();
  return bytearray_from(out.view());
}

Ref<> bytes_repeat(Value self, int64_t count) {
  BytesLock lock(self);
  std::string_view content = byte_view(self);
  if (count <= 0 || content.empty()) return bytes_like(self, {});
  if (count == 1) return bytes_unchanged(self, content);
  int64_t n = static_cast<int64_t>(content.size());
  if (n > INT64_MAX / count) {
    if (is_bytes(self)) return raise(exc::OverflowError, "repeated bytes are too long");
    return raise_no_memory();
  }
  auto fill = [&](uint8_t* p) {
    size_t unit = content.size(), total = unit * static_cast<size_t>(count), done = unit;
    if (unit == 1) {
      memset(p, content[0], total);
      return;
    }
    memcpy(p, content.data(), unit);
    while (done < total) {
      size_t step = done < total - done ? done : total - done;
      memcpy(p + done, p, step);
      done += step;
    }
  };
  if (is_bytes(self)) {
    Ref<Bytes> out = bytes_allocate(n * count);
    if (out) fill(out->data);
    return out;
  }
  BytesBuilder out;
  uint8_t* p = out.reserve(n * count);
  if (!p) return raise_no_memory();
  fill(p);
  out.advance(n * count);
  return bytearray_from(out.view());
}

int bytes_contains(Value self, Value item) {
  BytesArgument needle(item, "a bytes-like object is required, not '%T'");
  if (!needle.ok()) return -1;
  BytesLock lock(self);
  std::string_view content = byte_view(self);
  if (needle.view().empty()) return 1;
  return memmem(content.data(), content.size(), needle.view().data(), needle.view().size()) != nullptr;
}

Ref<> bytes_mod(Value self, Value arguments) {
  if (!is_bytes(self) && !is_bytearray(self)) return not_implemented_ref();
  if (is_bytes(self)) return percent_format_bytes(self, as_bytes(self)->view(), arguments);
  Ref<Bytes> copy;
  {
    BytesLock lock(self);
    copy = bytes_from(byte_view(self));
  }
  return copy ? percent_format_bytes(self, copy->view(), arguments) : Ref<>();
}

Ref<Str> bytes_repr(std::string_view content, bool escape_single_quotes) {
  static constexpr char kHex[] = "0123456789abcdef";
  bool single = content.find('\'') != std::string_view::npos, dbl = content.find('"') != std::string_view::npos;
  char quote = single && !dbl ? '"' : '\'';
  StrBuilder out;
  char open[2] = {'b', quote};
  (void)out.append_ascii({open, 2});
  for (char c : content) {
    uint8_t byte = static_cast<uint8_t>(c);
    if (c == quote || c == '\\' || (c == '\'' && escape_single_quotes)) {
      (void)out.append_code_point('\\');
      (void)out.append_code_point(byte);
    } else if (c == '\t') {
      (void)out.append_ascii("\\t");
    } else if (c == '\n') {
      (void)out.append_ascii("\\n");
    } else if (c == '\r') {
      (void)out.append_ascii("\\r");
    } else if (byte < ' ' || byte >= 0x7f) {
      char hex[4] = {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
      (void)out.append_ascii({hex, 4});
    } else {
      (void)out.append_code_point(byte);
    }
  }
  (void)out.append_code_point(static_cast<uint8_t>(quote));
  return out.finish();
}

namespace {

Ref<> repr_slot(Value v) { return bytes_repr(as_bytes(v)->view()); }
int64_t hash_slot(Value v) {
  Bytes* b = as_bytes(v);
  int64_t h = b->hash.load(std::memory_order_relaxed);
  if (h != -1) return h;
  h = hash_bytes(b->data, static_cast<size_t>(b->length));
  b->hash.store(h, std::memory_order_relaxed);
  return h;
}
int64_t length_slot(Value v) { return as_bytes(v)->length; }
Ref<> get_item_slot(Value self, Value key) {
  bool is_slice;
  Ref<> byte = byte_at(self, key, &is_slice);
  return is_slice ? bytes_slice(self, as_bytes(self)->view(), key) : std::move(byte);
}
Ref<> compare_slot(Value a, Value b, CompareOp op) {
  if (!is_bytes(a) || !is_bytes(b)) return not_implemented_ref();
  std::string_view x = as_bytes(a)->view(), y = as_bytes(b)->view();
  switch (op) {
    case CompareOp::kEq: return bool_ref(x == y);
    case CompareOp::kNe: return bool_ref(x != y);
    case CompareOp::kLt: return bool_ref(x < y);
    case CompareOp::kLe: return bool_ref(x <= y);
    case CompareOp::kGt: return bool_ref(x > y);
    default: return bool_ref(x >= y);
  }
}
bool get_buffer_slot(Value self, Buffer* out, int flags) {
  if (flags & kBufferWritable) return raise(exc::BufferError, "Object is not writable.");
  out->data = as_bytes(self)->data;
  out->length = as_bytes(self)->length;
  return true;
}

Ref<> construct_slot(Type* type, const Args& args) {
  BytesBuilder out;
  Ref<> shared;
  if (!bytes_from_arguments("bytes", args, out, &shared)) return Ref<>();
  if (type == &bytes_type) {
    return shared ? std::move(shared) : Ref<>(out.finish());
  }
  std::string_view content = shared ? as_bytes(shared.value())->view() : out.view();
  Ref<Bytes> b = allocate<Bytes>(type, content.size() + 1);
  if (!b) return Ref<>();
  b->length = static_cast<int64_t>(content.size());
  b->hash.store(-1, std::memory_order_relaxed);
  if (!content.empty()) memcpy(b->data, content.data(), content.size());
  return b;
}

Ref<> getnewargs(const Value* a) {
  Ref<Bytes> copy = bytes_from(as_bytes(a[0])->view());
  return copy ? Ref<>(tuple_of({copy.value()})) : Ref<>();
}
Ref<> to_bytes(const Value* a) {
  if (has_shape(a[0], kShape_bytes)) return Ref<>::retain(a[0]);
  return bytes_from(as_bytes(a[0])->view());
}
Ref<> size_of(const Value* a) { return int_from_int64(static_cast<int64_t>(sizeof(Bytes)) + as_bytes(a[0])->length + 1); }

void iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<BytesIterator*>(o)->bytes); }
Ref<> iterator_self(Value self) { return Ref<>::retain(self); }
Ref<> iterator_next(Value self) {
  auto* it = reinterpret_cast<BytesIterator*>(self.as_object());
  Ref<> held = it->bytes.load(it);
  if (!held) return Ref<>();
  std::optional<BytesLock> lock(std::in_place, held.value());
  std::string_view content = byte_view(held.value());
  int64_t i = it->position.fetch_add(1, std::memory_order_relaxed);
  if (i < static_cast<int64_t>(content.size())) {
    return Ref<>::steal(Value::small_int(static_cast<uint8_t>(content[static_cast<size_t>(i)])));
  }
  it->position.store(static_cast<int64_t>(content.size()), std::memory_order_relaxed);
  lock.reset();
  it->bytes.store(it, Ref<>());
  return Ref<>();
}
Ref<> iterator_length_hint(const Value* a) {
  auto* it = reinterpret_cast<BytesIterator*>(a[0].as_object());
  Ref<> held = it->bytes.load(it);
  int64_t left = held ? static_cast<int64_t>(byte_view(held.value()).size()) - it->position.load(std::memory_order_relaxed) : 0;
  return int_from_int64(left > 0 ? left : 0);
}
Ref<> iterator_reduce(const Value* a) {
  auto* it = reinterpret_cast<BytesIterator*>(a[0].as_object());
  Ref<> held = it->bytes.load(it);
  Ref<> make = import_builtin("iter");
  if (!make) return Ref<>();
  Ref<Tuple> arguments = held ? tuple_of({held.value()}) : tuple_of({Value::object(empty_tuple())});
  if (!arguments) return Ref<>();
  if (!held) return tuple_of({make.value(), arguments.value()});
  return tuple_of({make.value(), arguments.value(), Value::small_int(it->position.load(std::memory_order_relaxed))});
}
Ref<> iterator_set_state(const Value* a) {
  int64_t position;
  if (!to_int64(a[1], &position)) return Ref<>();
  auto* it = reinterpret_cast<BytesIterator*>(a[0].as_object());
  Ref<> held = it->bytes.load(it);
  if (held) {
    int64_t length = static_cast<int64_t>(byte_view(held.value()).size());
    it->position.store(position < 0 ? 0 : position > length ? length : position, std::memory_order_relaxed);
  }
  return none_ref();
}
constexpr NativeDef kIteratorMethods[] = {
    {"__length_hint__", "($self, /)", iterator_length_hint, "Private method returning an estimate of len(list(it))."},
    {"__reduce__", "($self, /)", iterator_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", iterator_set_state, "Set state information for unpickling."},
    {},
};

Ref<> iter_slot(Value self) {
  Ref<BytesIterator> it = allocate<BytesIterator>(is_bytes(self) ? &bytes_iterator_type : &bytearray_iterator_type);
  if (it) it->bytes.init(Ref<>::retain(self));
  return it;
}

}  // namespace

Ref<> bytes_iter(Value self) { return iter_slot(self); }

#define PT_AS_IT_IS(method) method
const NativeDef kBytesMethods[] = {
    PT_BYTES_METHOD_ROWS(PT_AS_IT_IS),
    {"__getnewargs__", "($self, /)", getnewargs},
    {"__bytes__", "($self, /)", to_bytes, "Convert this value to exact type bytes."},
    {"__sizeof__", "($self, /)", size_of, "Returns the size of the object in memory, in bytes."},
    {},
};

constinit Type bytes_type{};
const TypeSpec bytes_spec = {
    .name = "bytes",
    .size = sizeof(Bytes),
    .item_size = 1,
    .flags = kTypeBase | kTypeVarSize | kTypeImmutable | kTypeBytesSubclass | kTypeMatchSelf,
    .slots =
        {
            .binary = {[static_cast<int>(BinaryOp::kMod)] = bytes_mod},
            .length = length_slot,
            .get_item = get_item_slot,
            .concat = bytes_concat,
            .repeat = bytes_repeat,
            .contains = bytes_contains,
            .hash = hash_slot,
            .compare = compare_slot,
            .repr = repr_slot,
            .iter = iter_slot,
            .construct = construct_slot,
            .get_buffer = get_buffer_slot,
        },
    .methods = kBytesMethods,
    .doc =
        "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\n"
        "bytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of that many zero bytes\n"
        "bytes() -> empty bytes object",
};

constinit Type bytes_iterator_type{};
const TypeSpec bytes_iterator_spec = {
    .name = "bytes_iterator",
    .size = sizeof(BytesIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = iterator_self, .next = iterator_next},
    .traverse = iterator_traverse,
    .methods = kIteratorMethods,
};
constinit Type bytearray_iterator_type{};
const TypeSpec bytearray_iterator_spec = {
    .name = "bytearray_iterator",
    .size = sizeof(BytesIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = iterator_self, .next = iterator_next},
    .traverse = iterator_traverse,
    .methods = kIteratorMethods,
};

}  // namespace pt
