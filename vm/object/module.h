#pragma once
// Module objects and the declaration of native modules.
#include "vm/object/type.h"

namespace pt {

struct Dict;
struct Str;

struct Module : Object {
  Field dict;  // the namespace; immutable after construction
};
inline Module* as_module(Value v) { return reinterpret_cast<Module*>(v.as_object()); }
inline bool is_module(Value v) { return v.is_object() && is_subtype(type_of(v), &module_type); }
Ref<Module> module_new(Str* name);
Dict* module_dict(Module*);  // borrowed

// A native module: the functions of `functions` become builtin functions, then `execute` adds the rest (types with
// module_add_type, constants). One definition a module: `const NativeModule itertools_module = {...}` in
// vm/modules/itertools/*.cpp, named once in vm/modules/modules.def.
struct NativeModule {
  const char* name;
  const char* doc;
  const NativeDef* functions;           // ends with an entry without a name; may be nullptr
  bool (*execute)(Module*) = nullptr;   // false with an exception pending
};
bool module_add(Module*, const char* name, Ref<> value);            // false when the value is empty or on error
bool module_add_int(Module*, const char* name, int64_t value);
bool module_add_text(Module*, const char* name, const char* utf8);
// Initialises a static Type from its spec (first import) and adds it under its short name.
bool module_add_type(Module*, Type* type, const TypeSpec* spec);
Ref<Module> native_module_import(const NativeModule&);               // a new module object; may wait, detached
void native_modules_after_fork();                                    // in the child: threads that were at it are gone

// sys.modules entry or a fresh import; any dotted name gives the leaf module. Runs Python code.
Ref<> import_module(const char* dotted_name);
// import_module(...).attribute
Ref<> import_attribute(const char* dotted_name, const char* attribute);
// What `from m import name` does when m has no such attribute: sys.modules["m.name"], else ImportError.
Ref<> import_from_fallback(Value from, Str* name);
// The sys module's namespace.
Ref<> sys_get(const char* name);        // empty without an exception when absent
bool sys_set(const char* name, Value value);

}  // namespace pt
