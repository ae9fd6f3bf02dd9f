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
// bytes(x) of what is neither str nor int: __bytes__, buffers, iterables of ints.
Ref<> bytes_from_object(Value v);
Bytes* empty_bytes();                        // immortal
void bytes_init();                           // start-up: the immortal empty and one-byte objects
Ref<Bytes> bytes_allocate(int64_t length);   // to be filled before it is published

// Collects bytes; small results need no memory besides the final object.
class BytesBuilder {
 public:
  BytesBuilder() = default;
  ~BytesBuilder();
  BytesBuilder(const BytesBuilder&) = delete;
  BytesBuilder& operator=(const BytesBuilder&) = delete;
  // Room for `count` more bytes, to be committed with advance(); nullptr when out of memory.
  uint8_t* reserve(int64_t count) { return count <= capacity_ - size_ || grow(count) ? data_ + size_ : nullptr; }
  void advance(int64_t count) { size_ += count; }
  bool append(std::string_view bytes);
  bool append_byte(uint8_t byte) {
    if (PT_UNLIKELY(size_ == capacity_) && !grow(1)) return false;
    data_[size_++] = byte;
    return true;
  }
  bool append_repeated(uint8_t byte, int64_t count);
  int64_t size() const { return size_; }
  const uint8_t* data() const { return data_; }
  void truncate(int64_t size) { size_ = size; }
  std::string_view view() const { return {reinterpret_cast<const char*>(data_), static_cast<size_t>(size_)}; }
  Ref<Bytes> finish();  // MemoryError when an append failed

 private:
  bool grow(int64_t count);
  static constexpr int64_t kInline = 240;
  uint8_t* data_ = inline_;
  int64_t size_ = 0, capacity_ = kInline;
  bool failed_ = false;
  uint8_t inline_[kInline];
};

// bytearray: writers hold the object lock. The buffer, where its content starts and how long it is can be read without
// it: a buffer that is replaced goes through QSBR, and readers clamp what they saw to the buffer's capacity.
struct ByteBuffer {
  int64_t capacity;
  uint8_t data[];
};
struct ByteArray : Object {
  std::atomic<ByteBuffer*> buffer;  // nullptr while nothing was ever stored
  std::atomic<int64_t> start;       // offset of the first byte: deleting at the front moves it
  std::atomic<int64_t> length;
  uint8_t* bytes() const { return buffer.load(std::memory_order_acquire)->data + start.load(std::memory_order_relaxed); }
  int64_t exports;                  // live buffer exports, guarded by the lock: resizing raises BufferError
};
inline bool is_bytearray(Value v) { return v.is_object() && is_instance_of(v, &bytearray_type); }
inline ByteArray* as_bytearray(Value v) { return reinterpret_cast<ByteArray*>(v.as_object()); }
Ref<ByteArray> bytearray_from(std::string_view data);
// The content as of now, valid until the calling thread's next safepoint (no Python code, no blocking in between).
std::string_view bytearray_view(const ByteArray* b);
// Appends; BufferError while exported.
bool bytearray_append(ByteArray* b, std::string_view data);

}  // namespace pt
