#pragma once
#include <atomic>

// Making types: what init of builtin types and class statements share.
#include "vm/object/type.h"

namespace pt {

// The two halves of init_builtin_type: all types are prepared before any namespace is filled.
void prepare_builtin_type(Type* type, ShapeId shape, const TypeSpec* spec);
void finish_builtin_type(Type* type);

// allocate_instance() for instances that begin with `shape`.
[[nodiscard]] Object* allocate_instance_of(Shape* shape, size_t items = 0);
// Bytes of such an instance.
size_t instance_bytes(const Shape* shape, size_t items = 0);
uint32_t next_type_version();
// Some class has a __del__ of its own, or a file was opened for writing: the end of the process looks for
// such objects.
extern std::atomic<bool> g_finalizers_present;
// Instances of a heap type get a finaliser or lose it, as its MRO has a `__del__` or not.
void update_finalizer(Type* type);
// An object whose finaliser is a __del__ written in Python, and nothing else.
bool has_python_finalizer(Value v);
// Runs the object's finaliser, unless it has run.
void finalize_once(Value v);
// The namespace of `type` or a base changed: new versions for it and all subclasses.
void type_modified(Type* type);
// The class got another name: compiled code that makes messages with it goes by the version.
void type_renamed(Type* type);
// The slots of a Python class and its subclasses after a change of the special method `name`; nullptr: of any.
void update_slots_recursively(Type* type, Str* name);
// `base` is the class itself or one of its ancestors by __bases__, whatever the MRO says.
bool has_base(Type* type, const Type* base);
bool add_subclass(Type* base, Type* subclass);
// The native types of a module may use all that its set-up makes, so they cannot be found by other threads through their
// bases (type.__subclasses__) before it is over: between set_types_kept_back(set_up), which answers what was set before,
// and set_types_kept_back(that), types the thread makes are kept back, until list_types_kept_back(set_up). Those of a set-up
// that failed are listed by the one that succeeds.
const void* set_types_kept_back(const void* set_up);
bool add_native_subclass(Type* base, Type* subclass);
void list_types_kept_back(const void* set_up);
// The MRO as the metatype's mro() gives it (may run Python code), checked; by default compute_mro.
Ref<Tuple> ask_mro(Type* type, Tuple* bases);
void remove_subclass(Type* base, Type* subclass);
// Takes a class that dies out of the table of subclasses.
void forget_class(Type* type);
// Types made by class statements live as long as the process (their shapes name them).
void for_each_subclass(Type* type, void (*visit)(Type*, void*), void* context);
// The `__new__` of a builtin type.
Ref<> type_constructor_function(Type* type);
// type(name, bases, namespace, **keywords); `metatype` is the winner or a candidate.
Ref<> type_new(Type* metatype, const Args& args);
// The base that gives instances their layout. TypeError: not acceptable, lay-out conflict.
Type* best_base(Tuple* bases);
// type.__bases__ = bases (already checked to be classes without cycles).
bool type_reassign_bases(Type* type, Tuple* bases);
// Names along the MRO, for dir().
bool type_collect_dir(Type* type, struct Dict* out);
// isinstance and issubclass without hooks, as type.__instancecheck__ does. -1 error.
int is_instance_by_type(Value object, Value type);
int is_subclass_by_mro(Value derived, Value type);
// Whether __class__ of its instances is what object makes it, their type. Runs no Python code.
bool has_plain_class(Type* type);
// C3 linearisation; TypeError when there is none.
Ref<Tuple> compute_mro(Type* type, Tuple* bases);
// The most derived metatype of `metatype` and those of the bases; TypeError on conflict.
Type* calculate_metatype(Type* metatype, Tuple* bases);

}  // namespace pt
