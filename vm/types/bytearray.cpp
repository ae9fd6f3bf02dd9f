// bytearray: the mutable buffer and the operations that change it. See bytes.h for the rules between threads.
#include <cstring>

#include "gc/platform/memory.h"
#include "gc/reclaim/qsbr.h"
#include "gc/sync/critical_section.h"
#include "vm/object/shape.h"
#include "vm/types/bytes_type.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

using std::string_view;

enum class Change { kDone, kExported, kNoMemory, kRange };
bool report(Change outcome) {
  switch (outcome) {
    case Change::kDone: return true;
    case Change::kExported: return raise(exc::BufferError, "Existing exports of data: object cannot be re-sized");
    case Change::kNoMemory: return raise_no_memory();
    default: return raise(exc::IndexError, "bytearray index out of range");
  }
}

// A buffer that was replaced; handed to QSBR once the lock is given up.
struct Outgrown {
  ByteBuffer* buffer = nullptr;
  ~Outgrown() {
    if (buffer) retire_buffer(buffer, sizeof(ByteBuffer) + static_cast<size_t>(buffer->capacity));
  }
};

int64_t length_of(const ByteArray* b) { return b->length.load(std::memory_order_relaxed); }
uint8_t* content_of(const ByteArray* b) {
  ByteBuffer* buffer = b->buffer.load(std::memory_order_relaxed);
  return buffer ? buffer->data + b->start.load(std::memory_order_relaxed) : nullptr;
}

// With the lock held: replaces [at, at + removed) by `added` bytes, which the caller then writes at the returned place
// (`*place`). Positions are within bounds.
Change splice(ByteArray* b, int64_t at, int64_t removed, int64_t added, uint8_t** place, Outgrown* outgrown) {
  int64_t n = length_of(b);
  if (added == removed) {
    *place = content_of(b) + at;
    return Change::kDone;
  }
  if (b->exports > 0) return Change::kExported;
  if (added > INT64_MAX / 2 - n) return Change::kNoMemory;
  int64_t size = n - removed + added, start = b->start.load(std::memory_order_relaxed);
  ByteBuffer* buffer = b->buffer.load(std::memory_order_relaxed);
  int64_t capacity = buffer ? buffer->capacity : 0;
  uint8_t* content = content_of(b);
  int64_t tail = n - at - removed;
  if (start + size <= capacity && (size > capacity / 4 || capacity < 256)) {
    if (at == 0 && added < removed) {
      b->start.store(start + removed - added, std::memory_order_relaxed);
      content += removed - added;
    } else if (tail) {
      memmove(content + at + added, content + at + removed, static_cast<size_t>(tail));
    }
  } else {
    int64_t room = size > n ? size + (size >> 3) + 16 : size + 8;
    auto* fresh = static_cast<ByteBuffer*>(memory::allocate(sizeof(ByteBuffer) + static_cast<size_t>(room)));
    if (!fresh) return Change::kNoMemory;
    fresh->capacity = room;
    if (at) memcpy(fresh->data, content, static_cast<size_t>(at));
    if (tail) memcpy(fresh->data + at + added, content + at + removed, static_cast<size_t>(tail));
    // A reader that sees the new buffer with old numbers stays within it: they are clamped to its capacity.
    b->start.store(0, std::memory_order_relaxed);
    b->buffer.store(fresh, std::memory_order_release);  // pairs with the acquire in bytearray_view
    outgrown->buffer = buffer;
    content = fresh->data;
  }
  b->length.store(size, std::memory_order_release);
  *place = content + at;
  return Change::kDone;
}

// Replaces a range; `added` does not lie in the array itself.
Change replace(ByteArray* b, int64_t at, int64_t removed, string_view added) {
  Outgrown outgrown;
  LockGuard guard(b);
  int64_t n = length_of(b);
  if (at > n) at = n;
  if (removed > n - at) removed = n - at;
  uint8_t* place;
  Change outcome = splice(b, at, removed, static_cast<int64_t>(added.size()), &place, &outgrown);
  if (outcome == Change::kDone && !added.empty()) memcpy(place, added.data(), added.size());
  return outcome;
}

}  // namespace

string_view bytearray_view(const ByteArray* b) {
  int64_t length = b->length.load(std::memory_order_acquire);
  ByteBuffer* buffer = b->buffer.load(std::memory_order_acquire);  // pairs with the release in splice
  int64_t start = b->start.load(std::memory_order_relaxed);
  if (!buffer) return {};
  if (PT_UNLIKELY(start > buffer->capacity)) start = buffer->capacity;
  if (PT_UNLIKELY(length > buffer->capacity - start)) length = buffer->capacity - start;
  return {reinterpret_cast<const char*>(buffer->data + start), static_cast<size_t>(length)};
}

Ref<ByteArray> bytearray_from(string_view data) {
  Ref<ByteArray> b = allocate<ByteArray>(&bytearray_type);
  if (!b || data.empty()) return b;
  auto* buffer = static_cast<ByteBuffer*>(memory::allocate(sizeof(ByteBuffer) + data.size() + 1));
  if (!buffer) return raise_no_memory();
  buffer->capacity = static_cast<int64_t>(data.size()) + 1;
  memcpy(buffer->data, data.data(), data.size());
  b->length.store(static_cast<int64_t>(data.size()), std::memory_order_relaxed);
  b->buffer.store(buffer, std::memory_order_release);
  return b;
}

bool bytearray_append(ByteArray* b, string_view data) { return report(replace(b, INT64_MAX, 0, data)); }

namespace {

void destroy_slot(Object* o) {
  ByteBuffer* buffer = static_cast<ByteArray*>(o)->buffer.exchange(nullptr, std::memory_order_relaxed);
  if (buffer) retire_buffer(buffer, sizeof(ByteBuffer) + static_cast<size_t>(buffer->capacity));
}

int64_t length_slot(Value v) { return static_cast<int64_t>(byte_view(v).size()); }
Ref<> repr_slot(Value v) {
  Ref<Str> inner;
  {
    BytesLock lock(v);
    inner = bytes_repr(byte_view(v), true);
  }
  if (!inner) return Ref<>();
  return str_format("%T(%U)", v, inner.get());
}
Ref<> str_slot(Value v) { return repr_slot(v); }

Ref<> get_item_slot(Value self, Value key) {
  bool is_slice;
  Ref<> byte = byte_at(self, key, &is_slice);
  return is_slice ? bytes_slice(self, byte_view(self), key) : std::move(byte);
}

// Bytes to be put into an array: those of any source, copied when they are the array's own.
class Source {
 public:
  // Accepts buffers and iterables of ints. `message`: raised (TypeError, one %T) for anything else.
  bool take(Value self, Value v, const char* message) {
    if (is_bytes(v)) {
      view_ = as_bytes(v)->view();
      return true;
    }
    if (v.same(self) || is_bytearray(v)) {
      BytesLock lock(v);
      if (!copy_.append(byte_view(v))) return raise_no_memory();
    } else if (has_buffer(v)) {
      BufferView view(v);
      if (!view.ok()) return false;
      if (!copy_.append(view.view())) return raise_no_memory();
    } else if (message && (is_str(v) || is_int(v) || !is_iterable(v))) {
      return raise(exc::TypeError, message, v);
    } else if (!append_bytes_of(copy_, v, true)) {
      return false;
    }
    view_ = copy_.view();
    return true;
  }
  string_view view() const { return view_; }

 private:
  static bool is_iterable(Value v) { return type_of(v)->slots.iter || type_of(v)->slots.get_item; }
  BytesBuilder copy_;
  string_view view_;
};

bool set_slice(Value self, Value key, Value value) {
  ByteArray* b = as_bytearray(self);
  Source source;
  if (!value.empty() && !source.take(self, value, "can assign only bytes, buffers, or iterables of ints in range(0, 256)")) {
    return false;
  }
  string_view added = source.view();
  int64_t start, stop, step, count;
  if (!slice_indices(key, length_slot(self), &start, &stop, &step, &count)) return false;
  if (step == 1) {
    if (count < 0) count = 0;
    return report(replace(b, start, count, added));
  }
  int64_t n = static_cast<int64_t>(added.size());
  if (!value.empty()) {
    if (n != count && n != 0) {
      return raise(exc::ValueError, "attempt to assign bytes of size %ld to extended slice of size %ld", n, count);
    }
    if (n != 0) {
      Change outcome = Change::kDone;
      {
        LockGuard guard(b);
        uint8_t* content = content_of(b);
        int64_t length = length_of(b);
        int64_t last = start + (count - 1) * step;
        if (start < 0 || start >= length || last < 0 || last >= length) {
          outcome = Change::kRange;
        } else {
          const char* from = added.data();
          uint8_t* to = content + start;
          for (int64_t i = 0; i < count; i++, to += step) *to = static_cast<uint8_t>(from[i]);
        }
      }
      return report(outcome);
    }
  }
  // Deletes every step-th byte.
  if (count <= 0) return true;
  if (step < 0) {
    start += (count - 1) * step;
    step = -step;
  }
  Outgrown outgrown;
  Change outcome = Change::kDone;
  {
    LockGuard guard(b);
    int64_t length = length_of(b);
    if (b->exports > 0) {
      outcome = Change::kExported;
    } else if (start + (count - 1) * step >= length) {
      outcome = Change::kRange;
    } else {
      uint8_t* content = content_of(b);
      int64_t to = start;
      for (int64_t i = 0; i < count; i++) {
        int64_t from = start + i * step + 1, next = i + 1 < count ? from + step - 1 : length;
        memmove(content + to, content + from, static_cast<size_t>(next - from));
        to += next - from;
      }
      b->length.store(to, std::memory_order_release);
    }
  }
  return report(outcome);
}

// The position that an index names, for messages of the caller; false with an exception pending.
bool resolve_index(Value key, int64_t* at) {
  if (!is_int(key) && !type_of(key)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
    return raise(exc::TypeError, "bytearray indices must be integers or slices, not %T", key);
  }
  return to_size(key, at);
}

bool set_item_slot(Value self, Value key, Value value) {
  if (has_shape(key, kShape_slice)) return set_slice(self, key, value);
  ByteArray* b = as_bytearray(self);
  int64_t i;
  if (!resolve_index(key, &i)) return false;
  uint8_t byte = 0;
  {
    int64_t n = length_slot(self);
    if (i < -n || i >= n) return report(Change::kRange);
  }
  if (!value.empty() && !to_byte(value, &byte)) return false;
  Outgrown outgrown;
  Change outcome = Change::kDone;
  {
    LockGuard guard(b);
    int64_t n = length_of(b);
    if (i < 0) i += n;
    if (i < 0 || i >= n) {
      outcome = Change::kRange;
    } else if (!value.empty()) {
      content_of(b)[i] = byte;
    } else {
      uint8_t* place;
      outcome = splice(b, i, 1, 0, &place, &outgrown);
    }
  }
  return report(outcome);
}

Ref<> inplace_concat_slot(Value self, Value other) {
  if (!has_buffer(other)) return raise(exc::TypeError, "can't concat %T to %T", other, self);
  Source source;
  if (!source.take(self, other, nullptr)) return Ref<>();
  if (!bytearray_append(as_bytearray(self), source.view())) return Ref<>();
  return Ref<>::retain(self);
}
Ref<> inplace_repeat_slot(Value self, int64_t count) {
  ByteArray* b = as_bytearray(self);
  Outgrown outgrown;
  Change outcome = Change::kDone;
  {
    LockGuard guard(b);
    int64_t n = length_of(b);
    uint8_t* place;
    if (count <= 0 || n == 0) {
      outcome = n ? splice(b, 0, n, 0, &place, &outgrown) : Change::kDone;
    } else if (n > INT64_MAX / count) {
      outcome = Change::kNoMemory;
    } else if (count > 1) {
      outcome = splice(b, n, 0, n * (count - 1), &place, &outgrown);
      if (outcome == Change::kDone) {
        for (int64_t i = 1; i < count; i++, place += n) memcpy(place, content_of(b), static_cast<size_t>(n));
      }
    }
  }
  return report(outcome) ? Ref<>::retain(self) : Ref<>();
}

Ref<> compare_slot(Value a, Value b, CompareOp op) {
  if (!has_buffer(a) || !has_buffer(b)) return not_implemented_ref();
  BytesArgument other(is_bytearray(a) ? b : a);
  if (!other.ok()) {
    clear_error();
    return not_implemented_ref();
  }
  Value array = is_bytearray(a) ? a : b;
  BytesLock lock(array);
  string_view self = byte_view(array);
  string_view x = is_bytearray(a) ? self : other.view(), y = is_bytearray(a) ? other.view() : self;
  switch (op) {
    case CompareOp::kEq: return bool_ref(x == y);
    case CompareOp::kNe: return bool_ref(x != y);
    case CompareOp::kLt: return bool_ref(x < y);
    case CompareOp::kLe: return bool_ref(x <= y);
    case CompareOp::kGt: return bool_ref(x > y);
    default: return bool_ref(x >= y);
  }
}

bool get_buffer_slot(Value self, Buffer* out, int) {
  ByteArray* b = as_bytearray(self);
  static uint8_t nothing[1];
  LockGuard guard(b);
  out->data = content_of(b) ? content_of(b) : nothing;
  out->length = length_of(b);
  out->read_only = false;
  b->exports++;
  return true;
}
void release_buffer_slot(Value self, Buffer*) {
  ByteArray* b = as_bytearray(self);
  LockGuard guard(b);
  b->exports--;
}

Ref<> construct_slot(Type* type, const Args&) { return allocate<ByteArray>(type); }
bool init_slot(Value self, const Args& args) {
  BytesBuilder out;
  Ref<> shared;
  if (!bytes_from_arguments("bytearray", args, out, &shared)) return false;
  string_view content = shared ? as_bytes(shared.value())->view() : out.view();
  return report(replace(as_bytearray(self), 0, INT64_MAX, content));
}

// ---- Methods -------------------------------------------------------------------------------------------------------

Ref<> done(bool ok) { return ok ? none_ref() : Ref<>(); }

Ref<> append(const Value* a) {
  uint8_t byte;
  if (!to_byte(a[1], &byte)) return Ref<>();
  char c = static_cast<char>(byte);
  return done(bytearray_append(as_bytearray(a[0]), {&c, 1}));
}
Ref<> extend(const Value* a) {
  Source source;
  if (!has_buffer(a[1]) && !is_str(a[1]) && !type_of(a[1])->slots.iter && !type_of(a[1])->slots.get_item) {
    return raise(exc::TypeError, "can't extend bytearray with %T", a[1]);
  }
  if (is_str(a[1])) {
    // Its items are no integers; an empty one has none.
    if (as_str(a[1])->length == 0) return none_ref();
    return raise(exc::TypeError, "'str' object cannot be interpreted as an integer");
  }
  // The hint decides nothing, its errors count.
  if (!has_buffer(a[1]) && length_hint(a[1], 0) < 0) return Ref<>();
  if (!source.take(a[0], a[1], nullptr)) return Ref<>();
  return done(bytearray_append(as_bytearray(a[0]), source.view()));
}
Ref<> insert(const Value* a) {
  int64_t at;
  uint8_t byte;
  if (!to_size(a[1], &at) || !to_byte(a[2], &byte)) return Ref<>();
  ByteArray* b = as_bytearray(a[0]);
  Outgrown outgrown;
  Change outcome;
  {
    LockGuard guard(b);
    int64_t n = length_of(b);
    if (at < 0 && (at += n) < 0) at = 0;
    if (at > n) at = n;
    uint8_t* place;
    outcome = splice(b, at, 0, 1, &place, &outgrown);
    if (outcome == Change::kDone) *place = byte;
  }
  return done(report(outcome));
}
Ref<> pop(const Value* a) {
  int64_t at = -1;
  if (!a[1].empty() && !to_size(a[1], &at)) return Ref<>();
  ByteArray* b = as_bytearray(a[0]);
  Outgrown outgrown;
  Change outcome;
  uint8_t byte = 0;
  bool empty = false;
  {
    LockGuard guard(b);
    int64_t n = length_of(b);
    if (at < 0) at += n;
    empty = n == 0;
    if (at < 0 || at >= n) {
      outcome = Change::kRange;
    } else {
      byte = content_of(b)[at];
      uint8_t* place;
      outcome = splice(b, at, 1, 0, &place, &outgrown);
    }
  }
  if (outcome == Change::kRange) return raise(exc::IndexError, empty ? "pop from empty bytearray" : "pop index out of range");
  return report(outcome) ? Ref<>::steal(Value::small_int(byte)) : Ref<>();
}
Ref<> remove(const Value* a) {
  uint8_t byte;
  if (!to_byte(a[1], &byte)) return Ref<>();
  ByteArray* b = as_bytearray(a[0]);
  Outgrown outgrown;
  Change outcome = Change::kRange;
  {
    LockGuard guard(b);
    int64_t n = length_of(b);
    uint8_t* content = content_of(b);
    void* found = n ? memchr(content, byte, static_cast<size_t>(n)) : nullptr;
    uint8_t* place;
    if (found) outcome = splice(b, static_cast<uint8_t*>(found) - content, 1, 0, &place, &outgrown);
  }
  if (outcome == Change::kRange) return raise(exc::ValueError, "value not found in bytearray");
  return done(report(outcome));
}
Ref<> reverse(const Value* a) {
  ByteArray* b = as_bytearray(a[0]);
  LockGuard guard(b);
  uint8_t* content = content_of(b);
  for (int64_t i = 0, j = length_of(b) - 1; i < j; i++, j--) std::swap(content[i], content[j]);
  return none_ref();
}
Ref<> clear(const Value* a) { return done(report(replace(as_bytearray(a[0]), 0, INT64_MAX, {}))); }
Ref<> copy(const Value* a) {
  BytesLock lock(a[0]);
  return bytearray_from(byte_view(a[0]));
}
Ref<> allocated(const Value* a) {
  ByteArray* b = as_bytearray(a[0]);
  LockGuard guard(b);
  ByteBuffer* buffer = b->buffer.load(std::memory_order_relaxed);
  return int_from_int64(buffer ? static_cast<int64_t>(sizeof(ByteBuffer)) + buffer->capacity : 0);
}
Ref<> size_of(const Value* a) {
  Ref<> extra = allocated(a);
  int64_t bytes = 0;
  (void)int_to_int64(extra.value(), &bytes);
  return int_from_int64(static_cast<int64_t>(type_of(a[0])->layout.fixed_size) + bytes);
}

// The instance's attributes for pickling: __dict__ and slots, or None.
Ref<> state_of(Value self) {
  static constinit Name kGetState("__getstate__");
  return call_method(self, kGetState.str());
}
Ref<> reduce_with(Value self, bool text) {
  Ref<> state = state_of(self);
  if (!state) return Ref<>();
  BytesLock lock(self);
  string_view content = byte_view(self);
  Ref<Tuple> arguments;
  if (text) {
    Ref<Str> latin = str_from_latin1(reinterpret_cast<const uint8_t*>(content.data()), static_cast<int64_t>(content.size()));
    if (!latin) return Ref<>();
    static constinit Name kLatin1("latin-1");
    arguments = tuple_of({latin.value(), kLatin1.value()});
  } else {
    Ref<Bytes> bytes = bytes_from(content);
    if (!bytes) return Ref<>();
    arguments = content.empty() ? Ref<Tuple>::retain(empty_tuple()) : tuple_of({bytes.value()});
  }
  if (!arguments) return Ref<>();
  return tuple_of({Value::object(type_of(self)), arguments.value(), state.value()});
}
Ref<> reduce(const Value* a) { return reduce_with(a[0], true); }
Ref<> reduce_ex(const Value* a) {
  int64_t protocol = 0;
  if (!a[1].empty() && !to_int64(a[1], &protocol)) return Ref<>();
  return reduce_with(a[0], protocol < 3);
}

// A method that only reads: nobody writes meanwhile.
template <Ref<> (*kMethod)(const Value*)>
Ref<> locked(const Value* a) {
  BytesLock lock(a[0]);
  return kMethod(a);
}

}  // namespace

#define PT_LOCKED(method) locked<method>
const NativeDef kByteArrayMethods[] = {
    PT_BYTES_METHOD_ROWS(PT_LOCKED),
    {"append", "($self, item, /)", append, "Append a single item to the end of the bytearray."},
    {"extend", "($self, iterable_of_ints, /)", extend,
     "Append all the items from the iterator or sequence to the end of the bytearray."},
    {"insert", "($self, index, item, /)", insert, "Insert a single item into the bytearray before the given index."},
    {"pop", "($self, index=-1, /)", pop, "Remove and return a single item from B."},
    {"remove", "($self, value, /)", remove, "Remove the first occurrence of a value in the bytearray."},
    {"reverse", "($self, /)", reverse, "Reverse the order of the values in B in place."},
    {"clear", "($self, /)", clear, "Remove all items from the bytearray."},
    {"copy", "($self, /)", copy, "Return a copy of B."},
    {"__alloc__", "($self, /)", allocated, "Return the number of bytes actually allocated."},
    {"__sizeof__", "($self, /)", size_of, "Returns the size of the bytearray object in memory, in bytes."},
    {"__reduce__", "($self, /)", reduce, "Return state information for pickling."},
    {"__reduce_ex__", "($self, proto=0, /)", reduce_ex, "Return state information for pickling."},
    {},
};

constinit Type bytearray_type{};
const TypeSpec bytearray_spec = {
    .name = "bytearray",
    .size = sizeof(ByteArray),
    .flags = kTypeBase | kTypeImmutable | kTypeMatchSelf,
    .slots =
        {
            .binary = {[static_cast<int>(BinaryOp::kMod)] = bytes_mod},
            .length = length_slot,
            .get_item = get_item_slot,
            .set_item = set_item_slot,
            .concat = bytes_concat,
            .repeat = bytes_repeat,
            .inplace_concat = inplace_concat_slot,
            .inplace_repeat = inplace_repeat_slot,
            .contains = bytes_contains,
            .compare = compare_slot,
            .repr = repr_slot,
            .str = str_slot,
            .iter = bytes_iter,
            .construct = construct_slot,
            .init = init_slot,
            .get_buffer = get_buffer_slot,
            .release_buffer = release_buffer_slot,
        },
    .destroy = destroy_slot,
    .methods = kByteArrayMethods,
    .doc =
        "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\n"
        "bytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\n"
        "bytearray(int) -> bytes array of that many zero bytes\nbytearray() -> empty bytes array",
    .unhashable = true,
};

}  // namespace pt
