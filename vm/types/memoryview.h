#pragma once
// memoryview: a typed, possibly strided view of another object's memory. Each view holds an export of its own on the
// object that owns the memory, so that views derived from one another can be released in any order.
#include "vm/object/buffer.h"
#include "vm/object/type.h"

namespace pt {

struct MemoryView : Object {
  Field exporter;          // the owner of the memory; empty after release
  // All below is immutable while the view is not released.
  uint8_t* data;
  int64_t length;          // bytes
  int64_t item_size;
  int64_t* shape;          // `dimensions` entries, then as many strides; nullptr for zero dimensions
  int64_t* strides;
  const char* format;      // never nullptr
  char* own_format;        // released with the view
  Buffer* held;            // the export on the owner; released with the view. nullptr once released.
  int64_t exports;         // exports of this view; guarded by the lock
  int64_t pins;            // operations under way, which keep the memory; guarded by the lock
  bool released;           // by release(), perhaps while pinned; guarded by the lock
  mutable std::atomic<int64_t> hash;
  int32_t dimensions;
  bool read_only;
  int64_t inline_dimensions[2];
};
inline bool is_memoryview(Value v) { return has_shape(v, kShape_memoryview); }
inline MemoryView* as_memoryview(Value v) { return static_cast<MemoryView*>(v.as_object()); }
Ref<> memoryview_from(Value exporter);
// A view of bare memory that lives as long as `owner` (may be empty: for ever).
Ref<> memoryview_from_memory(void* data, int64_t length, bool read_only, Value owner);

// Copies the buffer's items in the order 'C', 'F' or 'A' (the own order when contiguous) into `length` bytes.
void copy_buffer(const Buffer& buffer, uint8_t* out, char order);
bool buffer_is_contiguous(const Buffer& buffer, char order);  // 'C', 'F', 'A' either

}  // namespace pt
