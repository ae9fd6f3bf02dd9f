#pragma once
// Attribute storage of instances: inline slots and an overflow array named by the shape, or a dict once somebody asked
// for __dict__. Readers do not lock; writers hold the object's lock.
#include <atomic>

#include "vm/object/type.h"

namespace pt {

struct Dict;

struct OverflowSlots {
  uint32_t capacity;
  Field slots[];
};
struct AttributeStorage {
  // Dict* (counted) in a dict-mode shape, else OverflowSlots* with the low bit set: readers who see the one with the shape
  // of the other can tell. nullptr while none is needed.
  std::atomic<void*> extra;
  Field inline_slots[];
};

PT_INLINE AttributeStorage* attribute_storage_at(Object* o, uint32_t offset) {
  return reinterpret_cast<AttributeStorage*>(reinterpret_cast<char*>(o) + offset);
}
AttributeStorage* attribute_storage(Object* o);  // nullptr when instances of its type have no attributes

// What `extra` holds; nullptr when it is nothing or a dict.
PT_INLINE OverflowSlots* overflow_in(void* extra) {
  auto bits = reinterpret_cast<uintptr_t>(extra);
  return bits & 1 ? reinterpret_cast<OverflowSlots*>(bits - 1) : nullptr;
}
// Slot `index` of the overflow array into *out, any thread, no lock held. False: there is no such slot; the shape the
// caller goes by has changed.
bool load_overflow(Object* o, AttributeStorage* storage, int64_t index, Ref<>* out);

// The instance's own attribute (no descriptors, no class): empty without an exception when absent. No lock.
Ref<> instance_get(Object* o, Str* interned_name);
// More attributes than that are never kept in the object itself.
inline constexpr uint32_t kMaxInlineAttributes = 30;
// Sets it, growing the shape as needed. MemoryError.
bool instance_set(Object* o, Str* interned_name, Value value);
// 1 deleted, 0 absent, -1 error.
int instance_delete(Object* o, Str* interned_name);
// The live __dict__: materialises it (dict mode). nullptr with an error pending on failure.
Ref<Dict> instance_dict(Object* o);
bool instance_set_dict(Object* o, Dict* dict);
// Empty copy-free view for vars()-like reading without materialising: a new dict with the present attributes.
Ref<Dict> instance_snapshot(Object* o);

// object.__getattribute__ and object.__setattr__/__delattr__.
Ref<> generic_get_attribute(Value self, Str* name);
bool generic_set_attribute(Value self, Str* name, Value value);
// As generic_get_attribute, but empty without an exception when there is no such attribute. Sets no AttributeError.
Ref<> generic_find_attribute(Value self, Str* name);

// Collector and destruction.
void attributes_traverse(Object* o, FieldVisitor& visitor);
void attributes_clear(Object* o);

}  // namespace pt
