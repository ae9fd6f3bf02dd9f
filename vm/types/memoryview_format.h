#pragma once
// Items of a memoryview as Python values.
#include "gc/refcount/ref.h"

namespace pt {

// The code of a native single-character format (optional '@'), or 0. `*size` gets the item's size.
char native_format(const char* format, int64_t* size);
// One item. NotImplementedError for formats other than the native ones.
Ref<> unpack_item(const char* format, const uint8_t* item);
bool pack_item(const char* format, uint8_t* item, Value v);
// The same for comparison: also '<', '>', '=', '!' with one code; empty without an exception when not understood.
Ref<> unpack_any(const char* format, const uint8_t* item, int64_t item_size);

}  // namespace pt
