#pragma once
// What the native modules share: argument shapes of constructors, small conversions, pickling helpers.
#include <cstdint>

#include "gc/refcount/ref.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/attributes.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {

// Positional arguments of a constructor that takes no keywords ("X() takes no keyword arguments", "X expected at least 1
// argument, got 0"). Keywords are let through for subclasses that have an __init__ of their own. `maximum` < 0: no limit
// (only the minimum is checked and `out` may be nullptr).
bool positional_arguments(const char* name, Type* type, const Type& exact, const Args& args, int minimum, int maximum,
                          Value* out);
// "X() takes no keyword arguments".
bool refuse_keywords(const char* name, Type* type, const Type& exact, const Args& args);

// next() by the slot: empty without an exception at the end.
PT_INLINE Ref<> advance(Value iterator) {
  auto slot = type_of(iterator)->slots.next;
  return PT_LIKELY(slot != nullptr) ? slot(iterator) : next(iterator);
}
inline Ref<> return_self(Value self) { return Ref<>::retain(self); }
inline Value type_value(Value v) { return Value::object(type_of(v)); }
template <class T>
PT_INLINE T* object_of(Value v) {
  return reinterpret_cast<T*>(v.as_object());
}
inline Value value_of(const Object* o) { return Value::object(o); }
// The field of an object nobody else can change it in, or "" when empty.
inline Value or_none(Value v) { return v.empty() ? none() : v; }

// A builtin by name (`iter`, `reversed`), for __reduce__.
Ref<> builtin(const char* name);
// X[...] of a generic class: types.GenericAlias(cls, item). A class method of native types.
Ref<> class_getitem(const Value* a);
inline constexpr NativeDef kClassGetItem = {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585",
                                            kClassMethod};

// Attributes of instances of native types with kTypeHasDict; classes derived in Python visit theirs themselves.
inline void traverse_attributes(Object* o, FieldVisitor& visitor) {
  if (!has_flag(o->shape()->type, kTypeHeap)) attributes_traverse(o, visitor);
}

// A sequence index as CPython's sequence protocol converts it: IndexError when too large, TypeError
// "sequence index must be integer, not 'x'".
bool sequence_index(Value key, int64_t* out);
// Slice-style bounds of index(x, start, stop) methods: clamps, not None.
bool optional_clamped(Value v, int64_t fallback, int64_t* out);
// An int argument of a Py_ssize_t parameter: "'x' object cannot be interpreted as an integer", OverflowError
// "Python int too large to convert to C ssize_t".
bool to_ssize(Value v, int64_t* out);

// A growable array of raw values for building arguments; small sizes need no memory of their own.
class ValueBuffer {
 public:
  ValueBuffer() = default;
  ~ValueBuffer();
  ValueBuffer(const ValueBuffer&) = delete;
  ValueBuffer& operator=(const ValueBuffer&) = delete;
  bool reserve(size_t count);  // MemoryError
  void push(Value v) { values_[size_++] = v; }  // reserve() first
  Value* data() { return values_; }
  uint32_t size() const { return static_cast<uint32_t>(size_); }

 private:
  Value inline_[12];
  Value* values_ = inline_;
  size_t size_ = 0, capacity_ = 12;
};

}  // namespace pt
