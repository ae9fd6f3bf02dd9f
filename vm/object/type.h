#pragma once
// Type objects: the layout for the collector, the protocol slots, the namespace and the MRO.
#include <atomic>
#include <cstdint>

#include "gc/object/object.h"
#include "gc/platform/published.h"
#include "gc/refcount/ref.h"
#include "vm/object/shape.h"

namespace pt {

struct Dict;
struct Str;
struct Tuple;
struct Type;

// Positional values, then the values of the keywords named in `names` (a tuple of str, or nullptr).
struct Args {
  const Value* values;
  uint32_t count;         // positional only
  Tuple* names = nullptr;
  uint32_t keyword_count() const;
  uint32_t total() const { return count + keyword_count(); }
};

enum class CompareOp : uint8_t { kLt, kLe, kEq, kNe, kGt, kGe };
enum class BinaryOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kMatMul,
  kTrueDiv,
  kFloorDiv,
  kMod,
  kPow,
  kLshift,
  kRshift,
  kAnd,
  kOr,
  kXor,
  kDivmod
};
inline constexpr int kBinaryOpCount = 14;
enum class UnaryOp : uint8_t { kNeg, kPos, kInvert, kAbs, kInt, kFloat, kIndex };
inline constexpr int kUnaryOpCount = 7;

// Protocol slots. An absent slot is nullptr. Values are borrowed, results owned; an empty result means that an exception
// is pending, except for next (empty without a pending exception: exhausted). All may run Python code.
struct Slots {
  Published<Ref<> (*)(Value left, Value right)>
      binary[kBinaryOpCount];  // either operand may be the instance; NotImplemented: try on
  Published<Ref<> (*)(Value self, Value right)> inplace[kBinaryOpCount];
  Published<Ref<> (*)(Value base, Value exponent, Value modulus)> power;  // three-argument pow
  Published<Ref<> (*)(Value)> unary[kUnaryOpCount];
  Published<int (*)(Value)> truth;                                  // -1: error
  Published<int64_t (*)(Value)> length;                             // -1: error
  Published<Ref<> (*)(Value self, Value key)> get_item;
  Published<bool (*)(Value self, Value key, Value value)> set_item;  // empty value: delete
  // Sequence concatenation and repetition, tried by + and * after `binary`.
  Published<Ref<> (*)(Value, Value)> concat;
  Published<Ref<> (*)(Value, int64_t count)> repeat;
  Published<Ref<> (*)(Value, Value)> inplace_concat;
  Published<Ref<> (*)(Value, int64_t count)> inplace_repeat;
  Published<int (*)(Value self, Value item)> contains;              // -1: error
  Published<int64_t (*)(Value)> hash;                               // -1: error
  Published<Ref<> (*)(Value, Value, CompareOp)> compare;            // NotImplemented when unsupported
  Published<Ref<> (*)(Value)> repr;
  Published<Ref<> (*)(Value)> str;
  Published<Ref<> (*)(Value)> iter;
  Published<Ref<> (*)(Value)> next;
  Published<Ref<> (*)(Value self, const Args&)> call;
  Published<Ref<> (*)(Value self, Str* name)> get_attribute;
  Published<bool (*)(Value self, Str* name, Value value)> set_attribute;  // empty value: delete
  Published<Ref<> (*)(Value self, Value instance, Value type)> descriptor_get;  // empty instance: access through the class
  Published<bool (*)(Value self, Value instance, Value value)> descriptor_set;  // empty value: delete
  Published<Ref<> (*)(Type* type, const Args&)> construct;          // __new__
  Published<bool (*)(Value self, const Args&)> init;                // __init__
  Published<Ref<> (*)(Value)> await;
  Published<Ref<> (*)(Value)> async_iter;
  Published<Ref<> (*)(Value)> async_next;
  // Buffer protocol (PEP 3118), read through vm/object/buffer.h.
  Published<bool (*)(Value self, struct Buffer* out, int flags)> get_buffer;
  Published<void (*)(Value self, struct Buffer*)> release_buffer;
};

// Type::flags. Immutable after the type is ready, except kTypeAbstract.
enum TypeFlags : uint32_t {
  kTypeHeap = 1u << 0,           // made by a class statement or type()
  kTypeBase = 1u << 1,           // may be subclassed
  kTypeImmutable = 1u << 2,      // attributes cannot be set
  kTypeHasDict = 1u << 3,        // instances carry attributes
  kTypeVarSize = 1u << 4,        // items follow the fixed part (tuple, str, int, bytes)
  kTypeAbstract = 1u << 5,       // has __abstractmethods__
  kTypeWeakrefs = 1u << 6,       // instances may be weakly referenced
  kTypeMapping = 1u << 7,        // matches mapping patterns
  kTypeSequence = 1u << 8,       // matches sequence patterns
  kTypeMatchSelf = 1u << 9,      // single positional pattern matches the subject itself
  kTypeNoInstantiate = 1u << 10, // "cannot create 'x' instances"
  kTypeMethodDescriptor = 1u << 11,  // calling through an instance may skip binding (functions, method descriptors)
  kTypeDeferredInstances = 1u << 12,
  // An iterator whose `next` runs no Python code, unless it lets go of what its first field, a Field, holds.
  kTypeContainerIterator = 1u << 13,
  // Fast subclass tests, inherited.
  kTypeIntSubclass = 1u << 20,
  kTypeFloatSubclass = 1u << 21,
  kTypeStrSubclass = 1u << 22,
  kTypeBytesSubclass = 1u << 23,
  kTypeTupleSubclass = 1u << 24,
  kTypeListSubclass = 1u << 25,
  kTypeDictSubclass = 1u << 26,
  kTypeSetSubclass = 1u << 27,   // set or frozenset
  kTypeExceptionSubclass = 1u << 28,
  kTypeTypeSubclass = 1u << 29,
};
inline constexpr uint32_t kTypeInheritedFlags =
    0x3FF00000u | kTypeWeakrefs | kTypeMapping | kTypeSequence | kTypeMatchSelf | kTypeVarSize | kTypeHasDict;

struct Type : Object {
  TypeLayout layout;              // layout.name is the short name for diagnostics
  Slots slots = {};               // written at creation and by changes of class attributes
  std::atomic<uint32_t> flags{0};
  uint32_t attributes_offset = 0;     // of the instance's attribute storage (AttributeStorage); 0: none;
                                  // kAttributesAtEnd: after the items of a var-sized object
  uint32_t item_size = 0;             // bytes an item, for var-sized types
  uint32_t slots_end = 0;             // end of the fixed part including __slots__ members
  std::atomic<Shape*> instance_shape{nullptr};  // root for new instances; replaced by one with more room inside
  std::atomic<uint32_t> overflows{0};           // relaxed: instances that needed an overflow array, roughly
  Published<Type*> base = nullptr;  // the base that gives the layout; counted; written by changes of __bases__
  Field name;                     // str: __name__
  Field qualname;                 // str
  Field module;                   // str or empty
  Field bases;                    // tuple
  Field mro;                      // tuple; replaced under the type lock
  Field dict;                     // dict: the namespace; written through type_set_attribute only
  Field subclasses;               // dict: id -> weakref, or empty
  Field doc_text;                 // __text_signature__ source of builtin types or empty
  const struct TypeSpec* spec = nullptr;  // builtin types: what they were made from
  std::atomic<uint32_t> version{0};  // bumped by every change of the namespace of the type or a base
};
inline constexpr uint32_t kAttributesAtEnd = 0xFFFFFFFFu;

extern Type object_type, type_type;
#define PT_BUILTIN_SHAPE(name) extern Type name##_type;
#include "vm/object/builtin_shapes.def"
#undef PT_BUILTIN_SHAPE

// Python's type(v).
PT_INLINE Type* type_of(Value v) {
  if (v.is_object()) return v.as_object()->shape()->type;
  return v.is_small_int() ? &int_type : &float_type;
}
PT_INLINE bool has_flag(const Type* type, uint32_t flag) { return type->flags.load(std::memory_order_relaxed) & flag; }
PT_INLINE bool has_shape(Value v, ShapeId id) {
  return v.is_object() && v.as_object()->shape_id.load(std::memory_order_relaxed) == id;
}
bool is_subtype(const Type* type, const Type* base);  // through the MRO, no __subclasscheck__
inline bool is_instance_of(Value v, const Type* type) {
  const Type* t = type_of(v);
  return t == type || is_subtype(t, type);
}
// Name for messages: that of a class, that of a builtin type with its module. Valid while the type lives.
const char* full_name(const Type* type);
inline const char* type_name(Value v) { return full_name(type_of(v)); }

// ---- Declaring a builtin type -------------------------------------------------------------------------------------
// A native function: gets its parameters in declaration order (self first for methods); a missing optional one is the
// empty Value; *args arrives as a tuple, **kwargs as a dict. Returns an owned result, empty with an exception pending.
using NativeFunction = Ref<> (*)(const Value* arguments);

enum MethodKind : uint8_t { kInstanceMethod, kClassMethod, kStaticMethod };

// One native function or method: the signature string is the single source of parsing, __text_signature__ and errors.
struct NativeDef {
  const char* name;
  const char* signature;  // e.g. "($self, index=-1, /)"; "($self, /, *args, **kwargs)"; "(x, y=0)"
  NativeFunction function;
  const char* doc = nullptr;
  MethodKind kind = kInstanceMethod;
  // For functions of a module that begin with *args, and methods with nothing else before it than self: a call without keywords
  // comes here, with the arguments, and self in front of them, as they are.
  Ref<> (*positional)(const Value* arguments, uint32_t count) = nullptr;
};
struct GetSetDef {
  const char* name;
  Ref<> (*get)(Value self);
  bool (*set)(Value self, Value value) = nullptr;  // empty value: delete; nullptr: read-only
  const char* doc = nullptr;
};
// What lies in the object at a member's offset: a Field, or an int32_t that does not change.
enum class MemberKind : uint8_t { kField, kInt32 };
// A part of the object readable (and perhaps writable) as an attribute.
struct MemberDef {
  const char* name;
  uint32_t offset;
  bool writable = false;
  const char* doc = nullptr;
  MemberKind kind = MemberKind::kField;
};

struct TypeSpec {
  const char* name;  // "list"; with a module: "itertools.count"
  uint32_t size;  // sizeof of the C++ struct
  uint32_t item_size = 0;
  uint32_t flags = 0;
  Type* base = nullptr;  // nullptr: object
  Slots slots = {};
  void (*traverse)(Object*, FieldVisitor&) = nullptr;  // nullptr: holds no references
  void (*clear)(Object*) = nullptr;  // nullptr: derived from traverse
  void (*destroy)(Object*) = nullptr;  // nullptr: clear
  void (*finalize)(Object*) = nullptr;
  const NativeDef* methods = nullptr;  // each ends with an entry without a name
  const GetSetDef* getsets = nullptr;
  const MemberDef* members = nullptr;
  const char* doc = nullptr;
  const char* signature = nullptr;  // __text_signature__ of the constructor
  bool unhashable = false;  // __hash__ is None
  NativeFunction convert = nullptr;  // the type itself called with one argument, as construct and init would do it
};

// Every type in builtin_shapes.def has `constinit Type X_type;` and `const TypeSpec X_spec` in its own file.
#define PT_BUILTIN_SHAPE(name) extern const TypeSpec name##_spec;
#include "vm/object/builtin_shapes.def"
#undef PT_BUILTIN_SHAPE

inline NativeFunction conversion_of(Value type) {
  const TypeSpec* spec = static_cast<const Type*>(type.as_object())->spec;
  return spec ? spec->convert : nullptr;
}
// Completes a static builtin type (start-up). Dunder methods (wrappers around the slots) are derived from `slots`.
void init_builtin_type(Type* type, ShapeId shape, const TypeSpec* spec);
// A static type of a native module: the same with a fresh shape.
bool init_module_type(Type* type, const TypeSpec* spec);

// ---- Allocation --------------------------------------------------------------------------------------------------
// A new instance of `type` with `items` items (var-sized types), zeroed past the header; MemoryError when out of memory.
[[nodiscard]] Object* allocate_instance(Type* type, size_t items = 0);
template <class T>
[[nodiscard]] Ref<T> allocate(Type* type, size_t items = 0) {
  return Ref<T>::steal(static_cast<T*>(allocate_instance(type, items)));
}

// ---- Attributes of types -----------------------------------------------------------------------------------------
// What the MRO gives for the name (no descriptor call); empty without an exception when absent. No lock.
Ref<> type_lookup(Type* type, Str* interned_name);
// Borrowed variant for callers that hold the type and do not run Python code in between. With threads only what lives on
// (lives_on, defer_method) may be looked into: the rest may go at any time.
Value type_lookup_borrowed(Type* type, Str* interned_name);
// What a class is given as a method: functions and static methods are shared by threads and live long, so they are freed by
// collections only.
void defer_method(Value v);
// Sets or deletes (empty value) an attribute in the type's own namespace: updates slots of the type and its
// subclasses, invalidates caches that depend on the name. No check of kTypeImmutable.
bool type_set_attribute(Type* type, Str* interned_name, Value value);

}  // namespace pt
