#pragma once
// The buffer protocol (PEP 3118): views on the memory of bytes-like objects.
#include <cstdint>
#include <string_view>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

enum BufferFlags : int { kBufferSimple = 0, kBufferWritable = 1, kBufferFormat = 4, kBufferStrides = 16, kBufferFull = 0x11C };

struct Buffer {
  void* data = nullptr;
  Ref<> owner;              // keeps the exporter alive; set by get_buffer
  int64_t length = 0;       // bytes
  int64_t item_size = 1;
  bool read_only = true;
  int dimensions = 1;
  const char* format = nullptr;  // struct module syntax; nullptr: "B". Lives as long as the owner.
  int64_t* shape = nullptr;      // `dimensions` entries; nullptr for simple views
  int64_t* strides = nullptr;
  void* internal = nullptr;      // the exporter's own
};
bool has_buffer(Value);
bool get_buffer(Value exporter, Buffer* out, int flags);  // TypeError "a bytes-like object is required, not 'x'", BufferError
void release_buffer(Buffer*);

// A contiguous read-only (or writable) view for the duration of a scope.
class BufferView {
 public:
  explicit BufferView(Value exporter, int flags = kBufferSimple) { ok_ = get_buffer(exporter, &buffer_, flags); }
  ~BufferView() {
    if (ok_) release_buffer(&buffer_);
  }
  BufferView(const BufferView&) = delete;
  BufferView& operator=(const BufferView&) = delete;
  bool ok() const { return ok_; }
  uint8_t* data() const { return static_cast<uint8_t*>(buffer_.data); }
  int64_t size() const { return buffer_.length; }
  std::string_view view() const { return {static_cast<const char*>(buffer_.data), static_cast<size_t>(buffer_.length)}; }

 private:
  Buffer buffer_;
  bool ok_;
};

}  // namespace pt
