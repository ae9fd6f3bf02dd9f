#pragma once
// Leaf forms of native functions: what they mostly do, without Python code, waiting, or a look at frames. Compiled code calls the
// leaf form first, and shows its frames only where that leaves the work to the function itself.
#include <atomic>
#include <cstdint>

#include "vm/object/type.h"

namespace pt {

struct LeafForm {
  NativeFunction function;
  NativeFunction leaf;  // empty without an exception, and nothing has happened: `function` is to do it
  Ref<> (*get_attribute)(Value object, Str* name) = nullptr;  // instead of `function`: a type's slot; the leaf gets both
};
// The leaf forms of a module, immortal.
struct LeafForms {
  const LeafForm* forms;
  uint32_t count;
  std::atomic<bool> added = false;
  const LeafForms* next = nullptr;  // written before it is added
};
// Any thread, any number of times.
void add_leaf_forms(LeafForms* forms);
// nullptr: it has none.
NativeFunction leaf_form_of(NativeFunction function);
NativeFunction leaf_form_of(Ref<> (*get_attribute)(Value object, Str* name));

}  // namespace pt
