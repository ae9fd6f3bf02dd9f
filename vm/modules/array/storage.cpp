// The memory of arrays, and the conversion of items.
#include <bit>
#include <climits>
#include <cmath>
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/array/array.h"
#include "vm/modules/support.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt {

const ArrayKind kArrayKinds[] = {
    {'b', 1, "b", 1},  {'B', 1, "B", 0},  {'u', 4, "w", 20}, {'h', 2, "h", 4},  {'H', 2, "H", 2},
    {'i', 4, "i", 8},  {'I', 4, "I", 6},  {'l', 8, "l", 12}, {'L', 8, "L", 10}, {'q', 8, "q", 12},
    {'Q', 8, "Q", 10}, {'f', 4, "f", 14}, {'d', 8, "d", 16},
};
const int kArrayKindCount = sizeof(kArrayKinds) / sizeof(kArrayKinds[0]);

const ArrayKind* array_kind(uint32_t code) {
  for (const ArrayKind& kind : kArrayKinds) {
    if (static_cast<uint32_t>(kind.code) == code) return &kind;
  }
  return nullptr;
}
bool is_array(Value v) { return is_instance_of(v, &array_type); }

// ---- items -------------------------------------------------------------------------------------------------------

namespace {

bool overflow(const char* what, const char* how) { return raise(exc::OverflowError, "%s is %s", what, how); }

// The range checks come in two steps, as CPython's argument converters make them: first the C type that the converter
// reads, then the item's own.
bool small_item(const ArrayKind* kind, Value v, int64_t* out) {
  if (!to_int64(v, out)) return false;
  int64_t i = *out;
  auto between = [&](int64_t low, int64_t high, const char* what) {
    if (i < low) return overflow(what, "less than minimum");
    if (i > high) return overflow(what, "greater than maximum");
    return true;
  };
  switch (kind->code) {
    case 'b': return between(SHRT_MIN, SHRT_MAX, "signed short integer") && between(SCHAR_MIN, SCHAR_MAX, "signed char");
    case 'B': return between(0, UCHAR_MAX, "unsigned byte integer");
    case 'h': return between(SHRT_MIN, SHRT_MAX, "signed short integer");
    case 'H': return between(INT_MIN, INT_MAX, "signed integer") && between(0, USHRT_MAX, "unsigned short");
    default: return between(INT_MIN, INT_MAX, "signed integer");
  }
}

}  // namespace

bool item_to_raw(const ArrayKind* kind, Value v, RawItem* out) {
  switch (kind->code) {
    case 'u': {
      if (!is_str(v) || as_str(v)->length != 1) return raise(exc::TypeError, "array item must be unicode character");
      out->bits = as_str(v)->at(0);
      return true;
    }
    case 'f':
    case 'd': {
      double x;
      if (!to_double(v, &x)) return false;
      out->bits = kind->code == 'f' ? std::bit_cast<uint32_t>(static_cast<float>(x)) : std::bit_cast<uint64_t>(x);
      return true;
    }
    case 'l': {
      int64_t i;
      if (!to_int64(v, &i)) return false;
      out->bits = static_cast<uint64_t>(i);
      return true;
    }
    case 'q': {
      int64_t i;
      Ref<> number = index(v);
      if (!number) return false;
      if (!int_to_int64(number.value(), &i)) return raise(exc::OverflowError, "int too big to convert");
      out->bits = static_cast<uint64_t>(i);
      return true;
    }
    case 'I':
    case 'L': {
      Ref<> number = index(v);
      if (!number) return false;
      if (int_sign(number.value()) < 0) return raise(exc::OverflowError, "can't convert negative value to unsigned int");
      if (!int_to_uint64(number.value(), &out->bits)) {
        return raise(exc::OverflowError, "Python int too large to convert to C unsigned long");
      }
      if (kind->code == 'I' && out->bits > UINT_MAX) return overflow("unsigned int", "greater than maximum");
      return true;
    }
    case 'Q': {
      Ref<> number = index(v);
      if (!number) return false;
      if (int_sign(number.value()) < 0) return raise(exc::OverflowError, "can't convert negative int to unsigned");
      if (!int_to_uint64(number.value(), &out->bits)) return raise(exc::OverflowError, "int too big to convert");
      return true;
    }
    default: {
      int64_t i;
      if (!small_item(kind, v, &i)) return false;
      out->bits = static_cast<uint64_t>(i);
      return true;
    }
  }
}

namespace {
template <class T>
T read(const uint8_t* at) {
  T t;
  std::memcpy(&t, at, sizeof(T));
  return t;
}
}  // namespace

Ref<> item_from_raw(const ArrayKind* kind, const uint8_t* at) {
  switch (kind->code) {
    case 'b': return int_from_int64(read<int8_t>(at));
    case 'B': return int_from_int64(read<uint8_t>(at));
    case 'h': return int_from_int64(read<int16_t>(at));
    case 'H': return int_from_int64(read<uint16_t>(at));
    case 'i': return int_from_int64(read<int32_t>(at));
    case 'I': return int_from_int64(read<uint32_t>(at));
    case 'l':
    case 'q': return int_from_int64(read<int64_t>(at));
    case 'L':
    case 'Q': return int_from_uint64(read<uint64_t>(at));
    case 'f': return float_from_double(read<float>(at));
    case 'd': return float_from_double(read<double>(at));
    default: {
      auto c = read<uint32_t>(at);
      if (c > 0x10ffff) {
        return raise(exc::ValueError, "character U+%s is not in range [U+0000; U+10ffff]", "too large");
      }
      return str_from_code_point(c);
    }
  }
}

// ---- memory ------------------------------------------------------------------------------------------------------

Ref<Array> array_new(Type* type, const ArrayKind* kind, int64_t length) {
  if (length > INT64_MAX / kind->size) return raise_no_memory();
  Ref<Array> a = allocate<Array>(type);
  if (!a) return a;
  a->kind = kind;
  if (length) {
    a->data = static_cast<uint8_t*>(memory::allocate_zeroed(static_cast<size_t>(length * kind->size)));
    if (!a->data) return raise_no_memory();
  }
  a->length = a->capacity = length;
  return a;
}

int64_t array_length(Array* a) {
  LockGuard guard(a);
  return a->length;
}
Ref<> array_get(Array* a, int64_t i) {
  uint64_t raw = 0;
  {
    LockGuard guard(a);
    if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(a->length)) return Ref<>();
    std::memcpy(&raw, a->data + i * a->kind->size, a->kind->size);
  }
  return item_from_raw(a->kind, reinterpret_cast<uint8_t*>(&raw));
}

namespace {

enum class Resize { kOk, kExported, kNoMemory };

// Locked: room for `length` items; the content stays.
Resize reserve_locked(Array* a, int64_t length) {
  if (length <= a->capacity && length * 4 >= a->capacity) return Resize::kOk;
  if (a->exports) return length <= a->capacity ? Resize::kOk : Resize::kExported;
  if (length == 0) {
    memory::release(a->data);
    a->data = nullptr;
    a->capacity = 0;
    return Resize::kOk;
  }
  int64_t wanted = length > a->capacity ? length + (length >> 3) + 6 : length;
  if (length < a->length) wanted = length;
  if (wanted > (INT64_MAX >> 4) / a->kind->size) return Resize::kNoMemory;
  auto* data = static_cast<uint8_t*>(memory::reallocate(a->data, static_cast<size_t>(wanted * a->kind->size)));
  if (!data) return Resize::kNoMemory;
  a->data = data;
  a->capacity = wanted;
  return Resize::kOk;
}
bool report(Resize result) {
  if (result == Resize::kOk) return true;
  if (result == Resize::kNoMemory) return raise_no_memory();
  return raise(exc::BufferError, "cannot resize an array that is exporting buffers");
}

}  // namespace

bool array_splice(Array* a, int64_t at, int64_t count, const uint8_t* fresh, int64_t fresh_count) {
  Resize result = Resize::kOk;
  {
    LockGuard guard(a);
    if (at > a->length) at = a->length;
    if (count > a->length - at) count = a->length - at;
    int64_t size = a->kind->size;
    int64_t length = a->length - count + fresh_count;
    int64_t tail = a->length - at - count;
    if (length != a->length && a->exports) {
      result = Resize::kExported;
    } else {
      if (length > a->length) result = reserve_locked(a, length);
      if (result == Resize::kOk) {
        if (tail && count != fresh_count) {
          std::memmove(a->data + (at + fresh_count) * size, a->data + (at + count) * size, static_cast<size_t>(tail * size));
        }
        if (fresh_count) std::memcpy(a->data + at * size, fresh, static_cast<size_t>(fresh_count * size));
        bool shrunk = length < a->length;
        a->length = length;
        if (shrunk) (void)reserve_locked(a, length);
      }
    }
  }
  return report(result);
}

bool array_append(Array* a, Value item) {
  RawItem raw;
  if (!item_to_raw(a->kind, item, &raw)) return false;
  return array_splice(a, INT64_MAX, 0, reinterpret_cast<uint8_t*>(&raw.bits), 1);
}

bool array_extend(Array* a, Value iterable) {
  if (is_array(iterable)) {
    Array* other = as_array(iterable);
    if (other->kind != a->kind) return raise(exc::TypeError, "can only extend with array of same kind");
    ArraySnapshot content(other);
    return content.ok() && array_splice(a, INT64_MAX, 0, content.data(), content.length());
  }
  return for_each(iterable, [a](Value item) { return array_append(a, item); });
}

bool array_append_bytes(Array* a, const uint8_t* data, int64_t size) {
  if (size % a->kind->size) return raise(exc::ValueError, "bytes length not a multiple of item size");
  return array_splice(a, INT64_MAX, 0, data, size / a->kind->size);
}

Ref<> array_from_bytes(const ArrayKind* kind, const uint8_t* data, int64_t length) {
  Ref<Array> result = array_new(&array_type, kind, length);
  if (result && length) std::memcpy(result->data, data, static_cast<size_t>(length * kind->size));
  return result;
}

ArraySnapshot::ArraySnapshot(Array* a, int64_t start, int64_t end) {
  LockGuard guard(a);
  if (end > a->length) end = a->length;
  if (start > end) start = end;
  length_ = end - start;
  auto bytes = static_cast<size_t>(length_ * a->kind->size);
  data_ = static_cast<uint8_t*>(memory::allocate(bytes ? bytes : 1));
  if (data_ && bytes) std::memcpy(data_, a->data + start * a->kind->size, bytes);
  if (!data_) raise_no_memory();
}
ArraySnapshot::~ArraySnapshot() { memory::release(data_); }

}  // namespace pt
