#pragma once
// array.array. All fields of an Array are guarded by its object lock; readers lock as well.
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"

namespace pt {

struct ArrayKind {
  char code;
  uint8_t size;
  const char* format;    // of the buffer protocol
  int8_t machine_format; // of the pickle (little endian), see array_pickle.cpp
};
extern const ArrayKind kArrayKinds[];
extern const int kArrayKindCount;
const ArrayKind* array_kind(uint32_t code);  // nullptr: none

struct Array : Object {
  const ArrayKind* kind;  // immutable
  uint8_t* data;
  int64_t length;         // items
  int64_t capacity;
  int64_t exports;        // live buffers: the memory must not move
};
extern Type array_type, array_iterator_type;
extern const TypeSpec array_spec, array_iterator_spec;
extern const NativeDef kArrayMethods[];
extern const GetSetDef kArrayGetSets[];

inline Array* as_array(Value v) { return reinterpret_cast<Array*>(v.as_object()); }
bool is_array(Value v);

// The bytes of one item, converted outside the lock. At most 8.
struct RawItem {
  uint64_t bits = 0;
};
bool item_to_raw(const ArrayKind* kind, Value v, RawItem* out);  // TypeError, OverflowError
Ref<> item_from_raw(const ArrayKind* kind, const uint8_t* at);

Ref<Array> array_new(Type* type, const ArrayKind* kind, int64_t length);  // zeroed
// Item `i`; empty without an exception when out of range.
Ref<> array_get(Array* a, int64_t i);
int64_t array_length(Array* a);
// Replaces `count` items at `at` by `fresh_count` items of `fresh` (the array's kind). BufferError, MemoryError.
bool array_splice(Array* a, int64_t at, int64_t count, const uint8_t* fresh, int64_t fresh_count);
bool array_append(Array* a, Value item);
bool array_extend(Array* a, Value iterable);
// A private copy of the content, to work on without the lock.
class ArraySnapshot {
 public:
  explicit ArraySnapshot(Array* a) : ArraySnapshot(a, 0, INT64_MAX) {}
  ArraySnapshot(Array* a, int64_t start, int64_t end);
  ~ArraySnapshot();
  ArraySnapshot(const ArraySnapshot&) = delete;
  ArraySnapshot& operator=(const ArraySnapshot&) = delete;
  bool ok() const { return data_ != nullptr; }  // false: MemoryError is pending
  const uint8_t* data() const { return data_; }
  int64_t length() const { return length_; }

 private:
  uint8_t* data_;
  int64_t length_;
};
// A new array of the same kind from bytes; the class is array.array.
Ref<> array_from_bytes(const ArrayKind* kind, const uint8_t* data, int64_t length);
// Appends bytes: "bytes length not a multiple of item size".
bool array_append_bytes(Array* a, const uint8_t* data, int64_t size);

Ref<> array_reconstruct(const Value* a);
Ref<> array_reduce(const Value* a);

}  // namespace pt
