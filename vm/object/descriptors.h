#pragma once
// Native callables and descriptors: builtin functions, method descriptors, slot wrappers, getset and member descriptors.
#include "vm/object/native_signature.h"
#include "vm/object/slot_table.h"
#include "vm/object/type.h"

namespace pt {

// What the interpreter needs to know of a native callable that it is to call with positional arguments alone, in one word: 0
// until the first such call (vm/interp/native_calls.h). Atomic; every thread would write the same.
class QuickCall {
 public:
  uint32_t load() const { return word_.load(std::memory_order_relaxed); }
  void store(uint32_t word) { word_.store(word, std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> word_;
};

// builtin_function_or_method: a module function, or a method descriptor bound to `self`.
struct NativeFunctionObject : Object {
  const NativeDef* def;
  LazySignature lazy_signature;
  const NativeSignature* signature() const { return lazy_signature.get(def->signature); }
  Field self;    // bound instance or type; the module for module functions; may be empty
  Field module;  // __module__
  Field qualname_owner;  // the type for bound methods (messages, __qualname__), or empty
  QuickCall quick;
};
// A method of `owner` bound to `self`; empty: the caller stores it.
Ref<> native_method_new(const NativeDef* def, Value self, Type* owner);
// method_descriptor, classmethod_descriptor: a method of a builtin type.
struct MethodDescriptor : Object {
  const NativeDef* def;
  LazySignature lazy_signature;
  const NativeSignature* signature() const { return lazy_signature.get(def->signature); }
  Type* owner;   // builtin types are immortal
  QuickCall quick;
};
// wrapper_descriptor: `int.__add__`.
struct WrapperDescriptor : Object {
  const SlotDef* def;
  LazySignature lazy_signature;
  const NativeSignature* signature() const { return lazy_signature.get(def->signature); }
  void* function;
  Type* owner;
};
// method-wrapper: `(1).__add__`.
struct MethodWrapper : Object {
  Field descriptor;  // WrapperDescriptor
  Field self;
};
struct GetSetDescriptor : Object {
  const GetSetDef* def;
  Type* owner;
  Field name;
};
// __slots__ members and MemberDef entries.
struct MemberDescriptor : Object {
  uint32_t offset;
  bool writable;
  bool deletable;  // __slots__: empty reads raise AttributeError; MemberDef: empty reads as None
  MemberKind kind;
  Type* owner;
  Field owner_ref;  // keeps a heap type alive
  Field name;
  const char* doc;
};
struct Property : Object {
  Field getter, setter, deleter, doc, name;
  bool doc_from_getter;
};
struct ClassMethod : Object {
  Field callable;
};   // subclasses and instances carry attributes
struct StaticMethod : Object {
  Field callable;
};
struct BoundMethod : Object {
  Field function, self;
};

Ref<> slot_wrapper_new(Type* owner, const SlotDef* def, void* function);
Ref<> method_descriptor_new(Type* owner, const NativeDef* def);
Ref<> getset_descriptor_new(Type* owner, const GetSetDef* def);
Ref<> member_descriptor_new(Type* owner, Str* name, uint32_t offset, bool writable, bool deletable, const char* doc,
                            MemberKind kind = MemberKind::kField);
Ref<> bound_method_new(Value function, Value self);
Ref<> classmethod_new(Value callable);
Ref<> staticmethod_new(Value callable);

bool is_slot_wrapper_of(Value v, void* function);
// The native function behind slot wrapper `v` when it may serve as slot `def` of `type`; *other_slot set when `v` wraps
// another slot of the same name (then it does not count at all).
void* slot_wrapper_function(Value v, const SlotDef* def, Type* type, bool* other_slot);
// The native `construct` behind a __new__ found in a builtin type's namespace, or nullptr.
void* native_constructor_of(Value v, Type* type);

// Calls `method` (as found on the type) with `self` bound.
Ref<> call_with_self(Value method, Value self, const Args& args);
// Calls `callable(first, *args)`.
Ref<> call_prepended(Value callable, Value first, const Args& args);
// Calls a native function with unparsed arguments; `self` may be empty (static).
Ref<> call_native(const NativeDef* def, const NativeSignature* signature, Value self, const Args& args, const Type* owner,
                  Value module_name = Value());

// A tuple and a dict (or empty) as Args.
class FlatArgs {
 public:
  FlatArgs() = default;
  ~FlatArgs();
  FlatArgs(const FlatArgs&) = delete;
  FlatArgs& operator=(const FlatArgs&) = delete;
  bool assign(Value tuple, Value dict_or_empty);
  const Args& args() const { return args_; }

 private:
  Args args_{nullptr, 0};
  Value inline_[8];
  Value* values_ = inline_;
  uint32_t owned_ = 0;
  Ref<Tuple> names_;
};

}  // namespace pt
