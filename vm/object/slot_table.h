#pragma once
// The correspondence of special methods and protocol slots: one table gives the wrappers of builtin types
// (`int.__add__`), the dispatchers of Python classes, and inheritance.
#include "vm/object/type.h"

namespace pt {

struct Function;
struct SlotDef {
  const char* name;        // "__add__"
  const char* signature;   // "($self, value, /)"
  const char* doc;
  uint16_t offset;         // byte offset of the slot in Slots
  void* dispatcher;        // for classes that define `name` in Python; shared by all names of one slot
  // Calls the slot function for `__add__(self, ...)`. `arguments` are already bound by the signature (self first).
  Ref<> (*wrapper)(void* function, const Value* arguments);
};
extern const SlotDef* const kSlotDefs;
extern const int kSlotDefCount;

inline void* get_slot(const Slots& slots, uint16_t offset) {
  return *reinterpret_cast<const Published<void*>*>(reinterpret_cast<const char*>(&slots) + offset);
}
inline void set_slot(Slots& slots, uint16_t offset, void* function) {
  reinterpret_cast<Published<void*>*>(reinterpret_cast<char*>(&slots) + offset)->store(function);
}

// Adds a wrapper to the namespace of a builtin type for each slot it defines itself.
bool add_slot_wrappers(Type* type);
// Recomputes the slots of a Python class from what its MRO gives for the special names; `only` limits it to one name.
void update_slots(Type* type, Str* only = nullptr);

// `left op right` as a call of Python code: the method of left's type, where it is a plain function of two parameters and the
// first that is asked. nullptr: anything else. Borrowed: valid as long as the type's version is what it was.
Function* operator_method(BinaryOp op, Value left, Value right, bool inplace);
Function* comparison_method(CompareOp op, Value left, Value right);   // the same for comparisons
// The rest of the operation when that method has returned NotImplemented.
Ref<> operator_declined(BinaryOp op, Value left, Value right, bool inplace);

// Calls the special method `name` of the value's type; *found false (and an empty result) when there is none.
Ref<> call_special(Value self, Str* name, std::initializer_list<Value> arguments, bool* found);

}  // namespace pt
