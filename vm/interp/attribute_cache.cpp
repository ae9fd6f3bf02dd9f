#include "vm/interp/attribute_cache.h"

#include "gc/platform/memory.h"
#include "gc/sync/reservation.h"
#include "vm/object/dependency.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/protocol.h"
#include "vm/object/names.h"
#include "vm/object/special_methods.h"
#include "vm/object/super.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/types/tuple_getter.h"

namespace pt {
namespace {

constexpr size_t kTableSize = 1u << 14;  // chains of nodes, the newest first
constexpr uint32_t kNodeLimit = 1u << 19;
constinit std::atomic<AttributeNode*> g_nodes[kTableSize] = {};
constinit std::atomic<uint32_t> g_node_count{0};

std::atomic<AttributeNode*>& table_slot(uint32_t shape, const Str* name, const Object* holder, bool store) {
  uint64_t key = uint64_t{shape} << 1 | store;
  uint64_t mixed = key * 0x9E3779B97F4A7C15u ^ (reinterpret_cast<uintptr_t>(name) >> 4) * 0xC2B2AE3D27D4EB4Fu ^
                   (reinterpret_cast<uintptr_t>(holder) >> 4) * 0xD6E8FEB86659FD93u;
  return g_nodes[(mixed >> 20) & (kTableSize - 1)];
}

const AttributeNode* find_node(uint32_t shape, const Str* name, const Object* holder, bool store) {
  // Pairs with the release in add_node().
  const AttributeNode* node = table_slot(shape, name, holder, store).load(std::memory_order_acquire);
  for (; node; node = node->next) {
    if (node->shape.load(std::memory_order_relaxed) == shape && node->name == name && node->holder == holder &&
        node->store == store) {
      return node;
    }
  }
  return nullptr;
}
// Nodes that are no longer valid drop out of the chain while they are the newest of it.
void add_node(AttributeNode* node) {
  auto& slot = table_slot(node->shape.load(std::memory_order_relaxed), node->name, node->holder, node->store);
  AttributeNode* first = slot.load(std::memory_order_acquire);
  do {
    const AttributeNode* older = first;
    while (older && older->shape.load(std::memory_order_relaxed) == 0) older = older->next;
    node->next = older;
  } while (!slot.compare_exchange_weak(first, node, std::memory_order_acq_rel, std::memory_order_acquire));
}

AttributeNode* new_node(uint32_t shape, Str* name, AttributeKind kind, const Object* holder = nullptr) {
  if (!shape || g_node_count.fetch_add(1, std::memory_order_relaxed) >= kNodeLimit) return nullptr;
  auto* node = static_cast<AttributeNode*>(memory::allocate_metadata_zeroed(sizeof(AttributeNode)));
  if (!node) return nullptr;
  node->shape.store(shape, std::memory_order_relaxed);
  node->kind = kind;
  node->name = name;
  node->holder = holder;
  return node;
}

// `cache`: of the site, if there is one. Registers the node, checks that the class still gives `expected` for the name (so that
// no change fell in between), and makes it visible.
void publish(std::atomic<uint64_t>* cache, AttributeNode* node, Type* type, Str* name, Value expected) {
  if (!node) return;
  if (node->value.is_object()) mark_maybe_shared(node->value.as_object());
  bool registered = add_name_dependency(name, &node->shape);
  // While the version is 0 the attribute may be changing: its caches were invalidated before.
  bool stable = registered && type->version.load(std::memory_order_acquire) != 0;
  Ref<> now = type_lookup(type, name);
  if (!stable || !now.value().same(expected)) {
    node->shape.store(0, std::memory_order_relaxed);
    return;
  }
  add_node(node);
  if (cache) cache->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
}

void publish_value(std::atomic<uint64_t>* cache, Type* type, Str* name, uint32_t shape, AttributeKind kind, Value value,
                   Value expected, const Object* holder = nullptr) {
  AttributeNode* node = new_node(shape, name, kind, holder);
  if (!node) return;
  node->value = Ref<>::retain(value).take();
  node->lasting = value.is_object() && lives_on(value.as_object());
  publish(cache, node, type, name, expected);
}

uint64_t inline_offset(const Type* type, int32_t index) {
  return type->attributes_offset + sizeof(AttributeStorage) + static_cast<uint64_t>(index) * sizeof(Field);
}

// The node for attribute number `index` of instances of the shape.
AttributeNode* new_slot_node(Shape* shape, Str* name, int32_t index, bool store) {
  bool in_object = index < shape->inline_capacity;
  AttributeNode* node = new_node(shape_id_of(shape), name, in_object ? AttributeKind::kSlot : AttributeKind::kOverflow);
  if (!node) return nullptr;
  node->store = store;
  node->offset = in_object ? static_cast<int64_t>(inline_offset(shape->type, index)) : index - shape->inline_capacity;
  if (!in_object) node->version = shape->type->attributes_offset;
  return node;
}

Ref<> bind(Value descriptor, Value object, Type* type) {
  auto get = type_of(descriptor)->slots.descriptor_get;
  return get ? get(descriptor, object, Value::object(type)) : Ref<>::retain(descriptor);
}

// What a class method calls with the class first: the function of a classmethod, or a builtin type's descriptor itself. Empty
// for anything else.
Ref<> class_method_function(Value descriptor) {
  if (type_of(descriptor) == &class_method_descriptor_type) return Ref<>::retain(descriptor);
  if (type_of(descriptor) != &classmethod_type) return Ref<>();
  auto* method = reinterpret_cast<ClassMethod*>(descriptor.as_object());
  Ref<> callable = method->callable.load(method);
  return callable && is_function(callable.value()) ? std::move(callable) : Ref<>();
}

// `function` as class_method_function gives it.
Ref<> bind_class_method(Value function, Value cls) {
  return type_of(function) == &class_method_descriptor_type ? bind(function, Value(), reinterpret_cast<Type*>(cls.as_object()))
                                                            : bound_method_new(function, cls);
}

// `plain`: only what no code of descriptors decides; empty without an exception: something else.
Ref<> load_instance(Value object, Str* name, std::atomic<uint64_t>* cache, bool* unbound, bool plain = false) {
  Type* type = type_of(object);
  Object* o = object.is_object() ? object.as_object() : nullptr;
  uint32_t shape_id = o ? o->shape_id.load(std::memory_order_acquire) : 0;
  Ref<> descriptor = type_lookup(type, name);
  Type* kind = descriptor ? type_of(descriptor.value()) : nullptr;
  if (auto get = descriptor ? kind->slots.descriptor_get : nullptr; get && kind->slots.descriptor_set) {
    if (plain) return Ref<>();
    if (has_shape(descriptor.value(), kShape_property)) {
      auto* p = reinterpret_cast<Property*>(descriptor.value().as_object());
      Ref<> getter = p->getter.load(p);
      if (getter) {
        publish_value(cache, type, name, shape_id, AttributeKind::kProperty, getter.value(), descriptor.value());
      }
    } else if (has_shape(descriptor.value(), kShape_member_descriptor)) {
      auto* d = reinterpret_cast<MemberDescriptor*>(descriptor.value().as_object());
      if (d->deletable && is_subtype(type, d->owner)) {
        if (AttributeNode* node = new_node(shape_id, name, AttributeKind::kSlot)) {
          node->offset = d->offset;
          publish(cache, node, type, name, descriptor.value());
        }
      }
    } else if (is_tuple_getter(descriptor.value()) && has_flag(type, kTypeTupleSubclass)) {
      if (AttributeNode* node = new_node(shape_id, name, AttributeKind::kTupleItem)) {
        node->offset = reinterpret_cast<TupleGetter*>(descriptor.value().as_object())->index;
        publish(cache, node, type, name, descriptor.value());
      }
    } else if (has_flag(kind, kTypeHeap)) {
      if (special_method(kind, names::get.str(), 3))
        publish_value(cache, type, name, shape_id, AttributeKind::kUserDescriptor, descriptor.value(), descriptor.value());
    } else if (has_flag(kind, kTypeImmutable)) {
      publish_value(cache, type, name, shape_id, AttributeKind::kDescriptor, descriptor.value(), descriptor.value());
    }
    return get(descriptor.value(), object, Value::object(type));
  }
  if (o && type->attributes_offset) {
    Shape* shape = o->shape();
    Ref<> v = instance_get(o, name);
    if (v) {
      int32_t index = shape->flags & kShapeDictMode ? -1 : shape_find(shape, name);
      if (index >= 0 && type->attributes_offset != kAttributesAtEnd) {
        publish(cache, new_slot_node(shape, name, index, false), type, name, descriptor.value());
      }
      return v;
    }
    if (error_pending()) return Ref<>();
    if (shape->flags & kShapeDictMode) shape_id = 0;  // the dict may gain the name any time: not cacheable
  }
  if (!descriptor) return plain ? Ref<>() : raise_attribute_error(object, name);
  if (has_flag(kind, kTypeMethodDescriptor)) {
    publish_value(cache, type, name, shape_id, AttributeKind::kMethod, descriptor.value(), descriptor.value());
    if (unbound) {
      *unbound = true;
      return descriptor;
    }
  } else if (!kind->slots.descriptor_get) {
    publish_value(cache, type, name, shape_id, AttributeKind::kClassValue, descriptor.value(), descriptor.value());
  } else if (Ref<> function = class_method_function(descriptor.value())) {
    publish_value(cache, type, name, shape_id, AttributeKind::kClassMethod, function.value(), descriptor.value());
  } else if (kind == &staticmethod_type) {
    auto* s = reinterpret_cast<StaticMethod*>(descriptor.value().as_object());
    Ref<> callable = s->callable.load(s);
    if (callable) publish_value(cache, type, name, shape_id, AttributeKind::kClassValue, callable.value(), descriptor.value());
  } else if (plain) {
    return Ref<>();
  } else if (has_flag(kind, kTypeHeap) && special_method(kind, names::get.str(), 3)) {
    publish_value(cache, type, name, shape_id, AttributeKind::kUserDescriptor, descriptor.value(), descriptor.value());
  }
  return bind(descriptor.value(), object, type);
}

}  // namespace

const AttributeNode* find_attribute_node(uint32_t shape, const Str* name, bool store) {
  return find_node(shape, name, nullptr, store);
}

Value super_method_cached(const uint64_t* pc, Type* cls, Object* object, Str* name) {
  uint32_t shape = object->shape_id.load(std::memory_order_acquire);
  const AttributeNode* node = cached_node(pc);
  if (PT_UNLIKELY(!node || node->kind != AttributeKind::kSuperMethod || node->holder != cls ||
                  node->shape.load(std::memory_order_relaxed) != shape)) {
    node = find_node(shape, name, cls, false);
    if (!node) {
      Type* type = type_of(Value::object(object));
      Ref<> method = super_lookup(Value::object(cls), type, name);
      // Only what lives on without the class is handed out.
      if (!method || !has_flag(type_of(method.value()), kTypeMethodDescriptor) || !lives_on(method.value().as_object())) {
        return Value();
      }
      AttributeNode* fresh = new_node(shape, name, AttributeKind::kSuperMethod, cls);
      if (!fresh) return Value();
      fresh->value = Ref<>::retain(method.value()).take();
      mark_maybe_shared(fresh->value.as_object());
      bool registered = add_name_dependency(name, &fresh->shape);
      // As in publish().
      bool stable = registered && type->version.load(std::memory_order_acquire) != 0;
      Ref<> now = super_lookup(Value::object(cls), type, name);
      if (!stable || !now || !now.value().same(method.value())) {
        fresh->shape.store(0, std::memory_order_relaxed);
        return Value();
      }
      add_node(fresh);
      node = fresh;
    }
    inline_cache(pc)->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
  }
  return node->value.as_borrowed();
}

namespace {
constinit thread_local uint32_t tls_misses = 0;
}
const AttributeNode* other_node(const uint64_t* pc, const Object* o, const Str* name, bool store) {
  const AttributeNode* node = find_node(o->shape_id.load(std::memory_order_acquire), name, nullptr, store);
  if (node && store && !is_place(node)) return nullptr;
  if (node && ++tls_misses % 16 == 0) {
    inline_cache(pc)->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
  }
  return node;
}

const AttributeNode* slot_node(Object* o, Str* name, bool store) {
  Shape* shape = o->shape();
  if (const AttributeNode* known = find_attribute_node(shape_id_of(shape), name, store)) return known;
  Type* type = shape->type;
  bool plain = store ? type->slots.set_attribute == generic_set_attribute : type->slots.get_attribute == generic_get_attribute;
  if (!plain || !type->attributes_offset || type->attributes_offset == kAttributesAtEnd || shape->flags & kShapeDictMode)
    return nullptr;
  Ref<> descriptor = type_lookup(type, name);
  if (descriptor && type_of(descriptor.value())->slots.descriptor_set) return nullptr;
  int32_t index = shape_find(shape, name);
  if (index < 0) return nullptr;
  publish(nullptr, new_slot_node(shape, name, index, store), type, name, descriptor.value());
  return find_attribute_node(shape_id_of(shape), name, store);
}

Ref<> load_through_node(Value object, const AttributeNode* node, bool* unbound) {
  switch (node->kind) {
    case AttributeKind::kSlot: {
      Object* o = object.as_object();
      auto* field = reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + node->offset);
      Ref<> v = field->load(o);
      // An attribute that moved to the dict meanwhile shows as another shape.
      if (o->shape_id.load(std::memory_order_acquire) != node->shape.load(std::memory_order_relaxed)) return Ref<>();
      return v;
    }
    case AttributeKind::kOverflow: {
      Object* o = object.as_object();
      AttributeStorage* storage = attribute_storage(o);
      Ref<> v;
      if (!load_overflow(o, storage, node->offset, &v)) return Ref<>();
      if (o->shape_id.load(std::memory_order_acquire) != node->shape.load(std::memory_order_relaxed)) return Ref<>();
      return v;
    }
    case AttributeKind::kMethod:
      if (unbound) {
        *unbound = true;
        return Ref<>::retain(node->value);
      }
      return bind(node->value, object, type_of(object));
    case AttributeKind::kClassValue: return Ref<>::retain(node->value);
    case AttributeKind::kProperty: return call1(node->value, object);
    case AttributeKind::kClassMethod:
      if (node->holder && !object.is(node->holder)) return Ref<>();
      return bind_class_method(node->value, class_method_receiver(node, object));
    case AttributeKind::kClassAttribute: return object.is(node->holder) ? Ref<>::retain(node->value) : Ref<>();
    case AttributeKind::kModule:
      if (!object.is(node->holder)) return Ref<>();
      return dict_cached_value(module_dict(as_module(object)), node->version, node->offset);
    case AttributeKind::kDescriptor:
      return type_of(node->value)->slots.descriptor_get(node->value, object, Value::object(type_of(object)));
    case AttributeKind::kUserDescriptor: return bind(node->value, object, type_of(object));
    case AttributeKind::kTupleItem: {
      const Tuple* t = as_tuple(object);
      bool has_it = static_cast<uint64_t>(node->offset) < static_cast<uint64_t>(t->length);
      return has_it ? Ref<>::retain(t->at(node->offset)) : Ref<>();
    }
    case AttributeKind::kSuperMethod:
    case AttributeKind::kAdd: break;
  }
  return Ref<>();
}

namespace {
bool cannot_fail(const AttributeNode* node) {
  switch (node->kind) {
    case AttributeKind::kSlot:
    case AttributeKind::kOverflow:
    case AttributeKind::kMethod:
    case AttributeKind::kClassValue:
    case AttributeKind::kClassMethod: return true;
    default: return false;
  }
}
}  // namespace

bool lacks_attribute(Value object, Str* name) {
  Object* o = object.as_object();
  return type_lookup_borrowed(type_of(object), name).empty() && !(o->shape()->flags & kShapeDictMode) &&
         (!type_of(object)->attributes_offset || shape_find(o->shape(), name) < 0);
}

namespace {
bool is_data_descriptor(Value v) { return !v.empty() && type_of(v)->slots.descriptor_set; }

// Values without descriptor behaviour are cached on the class itself. Empty, perhaps with an exception: something else.
Ref<> load_from_class(Type* cls, Str* name, std::atomic<uint64_t>* cache) {
  Value object = Value::object(cls);
  Type* metatype = type_of(object);
  uint32_t shape = cls->shape_id.load(std::memory_order_acquire);
  if (const AttributeNode* node = find_node(shape, name, cls, false)) {
    cache->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
    return load_through_node(object, node, nullptr);
  }
  // What the metatype has under the name counts only if the class has no such attribute, or it is a data descriptor.
  if (is_data_descriptor(type_lookup_borrowed(metatype, name))) return Ref<>();
  Ref<> found = type_lookup(cls, name);
  if (!found) return found;
  Type* kind = type_of(found.value());
  AttributeKind how = AttributeKind::kClassAttribute;
  Ref<> value;
  // Functions and methods of builtin types are themselves when the class is asked.
  if (!kind->slots.descriptor_get || kind == &function_type || kind == &method_descriptor_type ||
      kind == &wrapper_descriptor_type) {
    value = Ref<>::retain(found.value());
  } else if (kind == &staticmethod_type) {
    auto* s = reinterpret_cast<StaticMethod*>(found.value().as_object());
    value = s->callable.load(s);
  } else if ((value = class_method_function(found.value()))) {
    how = AttributeKind::kClassMethod;
  }
  if (!value) return value;
  publish_value(cache, cls, name, shape, how, value.value(), found.value(), cls);
  // publish_value has made sure of the class only.
  if (is_data_descriptor(type_lookup_borrowed(metatype, name))) invalidate_name(name);
  return how == AttributeKind::kClassMethod ? bind_class_method(value.value(), object) : std::move(value);
}
}  // namespace

Ref<> load_attribute(Value object, Str* name, std::atomic<uint64_t>* cache, bool* unbound) {
  Type* type = type_of(object);
  auto getter = type->slots.get_attribute;
  if (PT_LIKELY(getter == generic_get_attribute)) {
    if (object.is_object()) {
      if (const AttributeNode* node =
              find_node(object.as_object()->shape_id.load(std::memory_order_acquire), name, nullptr, false)) {
        cache->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
        Ref<> v = load_through_node(object, node, unbound);
        if (v || error_pending()) return v;
      }
    }
    return load_instance(object, name, cache, unbound);
  }
  if (object.is_object() && has_only_getattr(type)) {
    // What is there and cannot fail goes by the caches; the hook is for the rest.
    const AttributeNode* node = find_node(object.as_object()->shape_id.load(std::memory_order_acquire), name, nullptr, false);
    Ref<> v;
    if (node && cannot_fail(node)) {
      cache->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
      v = load_through_node(object, node, unbound);
    }
    if (!v && !error_pending()) v = load_instance(object, name, cache, unbound, true);
    if (v || error_pending()) return v;
  }
  if (has_flag(type, kTypeTypeSubclass) && reads_as_class(type)) {
    Ref<> found = load_from_class(reinterpret_cast<Type*>(object.as_object()), name, cache);
    if (found || error_pending()) return found;
    return getter(object, name);
  }
  if (has_shape(object, kShape_module)) {
    Dict* dict = module_dict(as_module(object));
    DictPlace place;
    if (dict_place(dict, name, &place) && place.position >= 0 && type_lookup_borrowed(&module_type, name).empty()) {
      Ref<> v = dict_get_str(dict, name);
      if (v) {
        AttributeNode* node = new_node(kShape_module, name, AttributeKind::kModule, object.as_object());
        if (node) {
          node->version = place.version;
          node->offset = place.position;
          publish(cache, node, &module_type, name, Value());
        }
        return v;
      }
    }
    clear_error();
  }
  return getter(object, name);
}

// ---- stores ----------------------------------------------------------------------------------------------------------------

bool store_through_node(Object* o, const AttributeNode* node, Ref<>& value) {
  Ref<> old;
  {
    EnteringGuard guard(o);
    uint32_t shape = node->shape.load(std::memory_order_relaxed);
    if (!shape || o->shape_id.load(std::memory_order_relaxed) != shape) return false;
    old = node_field(o, node)->exchange_locked(std::move(value));
    if (node->kind == AttributeKind::kAdd) {
      o->shape_id.store(node->version, std::memory_order_release);  // pairs with the acquire in shape()
    }
  }
  return true;
}

namespace {
// A property's setter, or a descriptor with a __set__ in Python.
void publish_setter(Type* type, Str* name, uint32_t shape_id, Value descriptor) {
  AttributeNode* node;
  if (has_shape(descriptor, kShape_property)) {
    auto* p = reinterpret_cast<Property*>(descriptor.as_object());
    Ref<> setter = p->setter.load(p);
    if (!setter || !(node = new_node(shape_id, name, AttributeKind::kProperty))) return;
    node->value = setter.take();
  } else {
    if (!special_method(type_of(descriptor), names::set.str(), 3)) return;
    if (!(node = new_node(shape_id, name, AttributeKind::kUserDescriptor))) return;
    node->value = Ref<>::retain(descriptor).take();
  }
  node->store = true;
  publish(nullptr, node, type, name, descriptor);
}
}  // namespace

bool store_attribute(Value object, Str* name, Value value, std::atomic<uint64_t>* cache) {
  Type* type = type_of(object);
  auto setter = type->slots.set_attribute;
  if (!setter) return set_attribute(object, name, value);
  if (setter != generic_set_attribute || !object.is_object()) return setter(object, name, value);
  Object* o = object.as_object();
  uint32_t shape_id = o->shape_id.load(std::memory_order_acquire);
  if (const AttributeNode* node = find_node(shape_id, name, nullptr, true); node && is_place(node)) {
    cache->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
    Ref<> owned = Ref<>::retain(value);
    if (store_through_node(o, node, owned)) return true;
  }
  Ref<> descriptor = type_lookup(type, name);
  if (auto set = descriptor ? type_of(descriptor.value())->slots.descriptor_set : nullptr) {
    if (has_shape(descriptor.value(), kShape_member_descriptor)) {
      auto* d = reinterpret_cast<MemberDescriptor*>(descriptor.value().as_object());
      if (d->writable && is_subtype(type, d->owner)) {
        if (AttributeNode* node = new_node(shape_id, name, AttributeKind::kSlot)) {
          node->store = true;
          node->offset = d->offset;
          publish(cache, node, type, name, descriptor.value());
        }
      }
    } else {
      publish_setter(type, name, shape_id, descriptor.value());
    }
    return set(descriptor.value(), object, value);
  }
  if (!type->attributes_offset || type->attributes_offset == kAttributesAtEnd) {
    return generic_set_attribute(object, name, value);
  }
  Shape* before = shape_from_id(shape_id);
  if (!instance_set(o, name, value)) return false;
  Shape* after = o->shape();
  if (after->flags & kShapeDictMode) return true;
  if (before == after) {
    int32_t index = shape_find(after, name);
    if (index >= 0) publish(cache, new_slot_node(after, name, index, true), type, name, descriptor.value());
  } else if (after->parent == before && after->name == name && after->slot_count <= after->inline_capacity) {
    if (AttributeNode* node = new_node(shape_id, name, AttributeKind::kAdd)) {
      node->store = true;
      node->version = shape_id_of(after);
      node->offset = static_cast<int64_t>(inline_offset(type, static_cast<int32_t>(after->slot_count) - 1));
      publish(cache, node, type, name, descriptor.value());
    }
  }
  return true;
}

}  // namespace pt
