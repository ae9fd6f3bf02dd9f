#pragma once
// Compiled struct formats, and the conversion of single items between values and bytes.
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt::structs {

enum ItemKind : uint8_t { kPad, kChar, kText, kPascal, kSigned, kUnsigned, kPointer, kBool, kHalf, kFloat, kDouble };

// `repeat` items of one kind; kText and kPascal are one item of `size` bytes.
struct Item {
  ItemKind kind;
  char code;
  bool swap;       // not in machine order
  bool standard;   // range messages and checks of the standard sizes
  int64_t size;    // bytes of one item
  int64_t offset;
  int64_t repeat;
};

// A parsed format. Immutable, shared by Struct objects and running iterators.
struct Layout : Object {
  int64_t size;    // bytes
  int64_t values;  // items packed or unpacked
  int64_t length;
  Item items[];
};
extern Type layout_type;
extern const TypeSpec layout_spec;
extern Type* g_error;  // struct.error; immortal once the module was imported

// From str or bytes: struct.error, TypeError, MemoryError.
Ref<Layout> parse_layout(Value format);
// Writes the values (layout->values of them) to `out`, which has layout->size bytes.
bool pack_values(const Layout* layout, const Value* values, uint8_t* out);
// A tuple of the values at `data`.
Ref<> unpack_values(const Layout* layout, const uint8_t* data);

// IEEE 754 binary16. False when too large.
bool half_from_double(double x, uint16_t* out);
double double_from_half(uint16_t bits);

}  // namespace pt::structs
