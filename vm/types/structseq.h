#pragma once
// Struct sequences: tuples whose items also have names (os.stat_result, time.struct_time, sys.flags ...). Items past the
// visible ones are reached by name only.
#include <initializer_list>

#include "gc/refcount/ref.h"
#include "vm/object/type.h"
#include "vm/types/tuple.h"

namespace pt {

struct Module;

struct StructSeqField {
  const char* name;  // nullptr: unnamed
  const char* doc = nullptr;
};
struct StructSeqDef {
  const char* name;              // with its module: "os.stat_result"
  const char* doc;
  const StructSeqField* fields;  // ends with an entry without name and doc
  int visible;                   // items of the tuple
  bool instantiable = true;
};
// One static object a type.
struct StructSeqType {
  Type type;
  TypeSpec spec;
  const StructSeqDef* def;
  int count;                     // all fields
  int unnamed;
};

// Makes the type ready; does nothing when it is. Start-up or module execution.
bool init_structseq(StructSeqType* type, const StructSeqDef* def);
bool module_add_structseq(Module* module, StructSeqType* type, const StructSeqDef* def);
// An instance with all fields empty: fill items[0 .. type.count) with init() before publishing. Empty hidden ones read as None.
Ref<Tuple> structseq_allocate(StructSeqType* type);
// Steals nothing: the values are counted for the new object. Missing ones are None.
Ref<> structseq_new(StructSeqType* type, const Value* values, int count);

}  // namespace pt
