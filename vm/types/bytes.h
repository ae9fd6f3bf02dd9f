#pragma once
// bytes (immutable) and bytearray.
#include <atomic>
#include <cstdint>
#include <string_view>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct Bytes : Object {
  int64_t length;
  mutable std::atomic<int64_t> hash;  // -1: not computed yet
  uint8_t data[];                     // zero-terminated
  std::string_view view() const { return {reinterpret_cast<const char*>(data), static_cast<size_t>(length)}; }
};
inline bool is_bytes(Value v) { return v.is_object() && has_flag(type_of(v), kTypeBytesSubclass); }
inline Bytes* as_bytes(Value v) { return reinterpret_cast<Bytes*>(v.as_object()); }
Ref<Bytes> bytes_from(std::string_view data);
Ref<Bytes> bytes_allocate(int64_t length);   // to be filled before it is published

struct ByteArray : Object {  // all guarded by the object lock
  uint8_t* data;
  int64_t length, capacity;
  int64_t exports;           // live buffer exports: resizing raises BufferError
};
Ref<ByteArray> bytearray_from(std::string_view data);

}  // namespace pt
