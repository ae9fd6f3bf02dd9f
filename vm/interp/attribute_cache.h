#pragma once
// Inline caches of attribute instructions: the cache word is the address of an AttributeNode, or 0. Nodes are shared by
// all sites through one table keyed by (shape, name), so that polymorphic sites find theirs without work. A change of a
// class attribute of that name sets `shape` to 0 (vm/object/dependency.h). Nodes live for ever; their number is bounded.
#include <atomic>

#include "vm/object/attributes.h"
#include "vm/object/type.h"

namespace pt {

enum class AttributeKind : uint8_t {
  kSlot,            // in the object at byte `offset`: an inline attribute or a __slots__ member
  kOverflow,        // in the overflow array at index `offset`; the object's attributes begin at byte `version`
  kMethod,          // a function or method descriptor of the class, to be called with the instance first
  kClassValue,      // a plain value of the class, not shadowed by the instance
  kProperty,        // a property of the class: `value` is its getter; stores: its setter
  kClassAttribute,  // C.name on the class object `holder`
  kClassMethod,     // what a class method calls with the class: the class object `holder`, or the instance's class
  kModule,          // in a module's dict: table `version` and entry `offset`
  kDescriptor,      // a data descriptor of a builtin type: `value`
  kTupleItem,       // a field of a named tuple: item `offset`
  kUserDescriptor,  // a descriptor of the class with a __get__, or for stores a __set__, in Python: `value`
  kSuperMethod,     // what super(holder, object).name calls with the object first
  kAdd,             // stores only: the attribute is added at `offset` and the shape becomes `version`
};
struct AttributeNode {
  std::atomic<uint32_t> shape;
  AttributeKind kind;
  uint32_t version;
  int64_t offset;
  Value value;          // owned
  const Object* holder; // kClassAttribute, kModule: the very object
  const Str* name;
  bool store;           // a node for STORE_ATTR
  bool lasting;         // `value` lives on: registers may hold it without a count
  const AttributeNode* next;  // in the table, older
};

// Looks `object`.`name` up and fills the cache when it can; the owned result or an exception. With `unbound`, a method may
// be returned without binding, then *unbound is set.
Ref<> load_attribute(Value object, Str* name, std::atomic<uint64_t>* cache, bool* unbound);
// The node that some site has made for the shape and name; nullptr: none. For objects other than classes and modules.
const AttributeNode* find_attribute_node(uint32_t shape, const Str* name, bool store);
// The method that super(`cls`, `object`).`name` calls, for the LOAD_METHOD at `pc`; empty without an exception: none that
// could be called so. The object is an instance of the class.
Value super_method_cached(const uint64_t* pc, Type* cls, Object* object, Str* name);
// The same for a site that has met other shapes before. Its cache word follows now and then only: threads that share a site
// of many shapes do not write it for each of their objects.
const AttributeNode* other_node(const uint64_t* pc, const Object* o, const Str* name, bool store);
// The same, made if need be for an attribute that the object has itself.
const AttributeNode* slot_node(Object* o, Str* name, bool store);
// Object locked, of the node's shape: where a store's node of the kinds kSlot, kAdd and kOverflow finds the attribute.
PT_INLINE Field* node_field(Object* o, const AttributeNode* node) {
  if (PT_UNLIKELY(node->kind == AttributeKind::kOverflow)) {
    auto* storage = attribute_storage_at(o, node->version);
    return &overflow_in(storage->extra.load(std::memory_order_relaxed))->slots[node->offset];
  }
  return reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + node->offset);
}
// Whether a store's node says where the attribute lies: no other is kept in a site's cache.
inline bool is_place(const AttributeNode* node) {
  return node->kind == AttributeKind::kSlot || node->kind == AttributeKind::kAdd || node->kind == AttributeKind::kOverflow;
}
bool store_attribute(Value object, Str* name, Value value, std::atomic<uint64_t>* cache);
// For an object of a class: neither it nor the class has an attribute of the name. False: perhaps.
bool lacks_attribute(Value object, Str* name);
// What a node whose shape fits gives for the object; empty without an exception when it does not apply after all.
Ref<> load_through_node(Value object, const AttributeNode* node, bool* unbound);
// The class that the value of a kClassMethod node is called with.
inline Value class_method_receiver(const AttributeNode* node, Value object) {
  return node->holder ? object : Value::object(type_of(object));
}
bool store_through_node(Object* o, const AttributeNode* node, Ref<>& value);

PT_INLINE std::atomic<uint64_t>* inline_cache(const uint64_t* pc) {
  return reinterpret_cast<std::atomic<uint64_t>*>(const_cast<uint64_t*>(pc + 1));
}
PT_INLINE const AttributeNode* cached_node(const uint64_t* pc) {
  // Pairs with the release in publish(); the address dependency orders the reads of the node on every target we have.
  return reinterpret_cast<const AttributeNode*>(__atomic_load_n(pc + 1, __ATOMIC_ACQUIRE));
}

}  // namespace pt
