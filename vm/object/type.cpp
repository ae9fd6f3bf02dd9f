// Type objects: initialisation of builtin types, lookup with a per-thread cache, attribute changes.
#include "vm/object/type.h"

#include <cstring>
#include <new>

#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "gc/sync/critical_section.h"
#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/dependency.h"
#include "vm/object/error.h"
#include "vm/object/method_cache.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/thread.h"
#include "vm/object/type_build.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/weakref.h"

namespace pt {

namespace {
constinit std::atomic<uint32_t> g_next_version{1};

// The collector's `clear` and `destroy` for types that only list their fields.
void clear_fields(Object* o) {
  FieldVisitor visitor{[](FieldVisitor&, Field& field) { field.clear(); }};
  layout_of(o)->traverse(o, visitor);
}
void destroy_nothing(Object*) {}
}  // namespace

// The collector finds a type by the address of its layout.
static_assert(offsetof(Type, layout) == sizeof(Object));

uint32_t next_type_version() { return g_next_version.fetch_add(1, std::memory_order_relaxed); }

bool is_subtype(const Type* type, const Type* base) {
  int64_t bases = 0;
  for (const Type* t = type; t; t = t->base, ++bases) {
    if (t == base) return true;
  }
  Value mro = type->mro.peek_acquire();
  if (mro.empty()) return base == &object_type;
  // That of a builtin type is never replaced.
  if (!has_flag(type, kTypeHeap) && as_tuple(mro)->length == bases) return false;
  // Types are not freed while the process runs, and a replaced MRO tuple is retired through its own count: take it.
  Ref<> keep = type->mro.load(const_cast<Type*>(type));
  if (!keep) return false;
  const Tuple* tuple = as_tuple(keep.value());
  for (int64_t i = 0; i < tuple->length; ++i) {
    if (tuple->at(i).is(base)) return true;
  }
  return false;
}

const char* full_name(const Type* type) { return type->spec ? type->spec->name : type->layout.name; }

Object* allocate_instance(Type* type, size_t items) {
  return allocate_instance_of(type->instance_shape.load(std::memory_order_acquire), items);
}
size_t instance_bytes(const Shape* shape, size_t items) {
  const Type* type = shape->type;
  size_t bytes = type->slots_end + items * type->item_size;
  if (!type->attributes_offset) return bytes;
  if (type->attributes_offset == kAttributesAtEnd) return ((bytes + 15) & ~size_t{15}) + sizeof(AttributeStorage);
  return type->attributes_offset + sizeof(AttributeStorage) + shape->inline_capacity * sizeof(Field);
}
Object* allocate_instance_of(Shape* shape, size_t items) {
  const Type* type = shape->type;
  if (PT_UNLIKELY(type->item_size && items > (size_t{1} << 46) / type->item_size)) {
    raise_no_memory();
    return nullptr;
  }
  Object* o = allocate_object(shape_id_of(shape), instance_bytes(shape, items), type->layout.tracked);
  if (PT_UNLIKELY(!o)) raise_no_memory();
  return o;
}

// ---- lookup ------------------------------------------------------------------------------------------------------

Value type_lookup_borrowed(Type* type, Str* name) {
  PT_ASSERT(is_interned(name));
  Thread* thread = current_thread();
  uint32_t version = type->version.load(std::memory_order_acquire);
  MethodCacheEntry* entry = nullptr;
  // Version 0: an attribute is being changed, nothing is cached.
  if (PT_LIKELY(thread && thread->method_cache && version)) {
    entry = thread->method_cache->find(type, name);
    if (entry->type == type && entry->name == name && entry->version == version) return entry->value;
  }
  Value result;
  // Comparing keys may run Python code that replaces the MRO.
  Ref<> mro = type->mro.load(type);
  if (!mro) {  // while the type is being made
    for (Type* t = type; t && result.empty(); t = t->base) {
      Value dict = t->dict.peek_acquire();
      if (!dict.empty()) result = dict_get_str(as_dict(dict), name).value();
    }
    return result;
  }
  const Tuple* tuple = as_tuple(mro.value());
  for (int64_t i = 0; i < tuple->length; ++i) {
    auto* base = reinterpret_cast<Type*>(tuple->at(i).as_object());
    Ref<> found = dict_get_str(as_dict(base->dict.peek()), name);
    if (found) {
      result = found.value();
      break;
    }
  }
  if (entry) *entry = {type, name, version, result};
  return result;
}

Ref<> type_lookup(Type* type, Str* name) {
  for (;;) {
    uint32_t version = type->version.load(std::memory_order_acquire);
    Value v = type_lookup_borrowed(type, name);
    if (!v.is_object()) return Ref<>::steal(v);
    // The namespace keeps the value alive as long as the version stands.
    if (!multithreaded()) return Ref<>::retain(v);
    if (PT_LIKELY(version) && try_incref(v.as_object())) {
      if (type->version.load(std::memory_order_acquire) == version) return Ref<>::steal(v.untagged());
      decref(v.as_object());
      continue;
    }
    // The value was not announced to other threads yet: fetch it through its dict, which does so.
    Ref<> mro = type->mro.load(type);
    if (!mro) return Ref<>::retain(v);
    const Tuple* tuple = as_tuple(mro.value());
    for (int64_t i = 0; i < tuple->length; ++i) {
      auto* base = reinterpret_cast<Type*>(tuple->at(i).as_object());
      Ref<> found = dict_get_str(as_dict(base->dict.peek()), name);
      if (found) return found;
    }
    return Ref<>();
  }
}

// ---- changes -----------------------------------------------------------------------------------------------------

void type_modified(Type* type) {
  type->version.store(next_type_version(), std::memory_order_release);
  for_each_subclass(type, [](Type* subclass, void*) { type_modified(subclass); }, nullptr);
}

namespace {
bool is_dunder(const Str* name) {
  return name->length > 4 && name->kind == 1 && std::memcmp(name->data1(), "__", 2) == 0 &&
         std::memcmp(name->data1() + name->length - 2, "__", 2) == 0;
}
}  // namespace

void update_slots_recursively(Type* type, Str* name) {
  uint32_t version;
  do {
    // Who changes the namespace meanwhile looks after doing so: what is stored here before is not the last word.
    version = type->version.load(std::memory_order_acquire);
    update_slots(type, name);
    if (!name || name == names::del.str()) update_finalizer(type);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  } while (type->version.load(std::memory_order_relaxed) != version);
  for_each_subclass(type, [](Type* subclass, void* n) { update_slots_recursively(subclass, static_cast<Str*>(n)); }, name);
}

namespace {
// Taken while a class attribute changes.
constinit std::atomic<uint8_t> g_class_changes{0};

void stop_caching(Type* type) {
  type->version.store(0, std::memory_order_release);
  for_each_subclass(type, [](Type* subclass, void*) { stop_caching(subclass); }, nullptr);
}
// 1 done, 0 nothing to delete, -1 error.
int write_namespace(Dict* dict, Str* name, Value value) {
  if (value.empty()) return dict_delete_str(dict, name);
  if (value.is_object()) mark_maybe_shared(value.as_object());
  return dict_set_str(dict, name, value) ? 1 : -1;
}
}  // namespace

void defer_method(Value v) {
  if (v.is_object() && (is_function(v) || type_of(v) == &staticmethod_type)) make_deferred(v.as_object());
}

bool type_set_attribute(Type* type, Str* name, Value value) {
  Ref<> keep_dict = type->dict.load(type);
  Dict* dict = as_dict(keep_dict.value());
  Ref<> old = dict_get_str(dict, name);  // released after everything points to the new state
  if (!value.empty()) defer_method(value);
  int done;
  if (PT_LIKELY(!multithreaded())) {
    done = write_namespace(dict, name, value);
    type_modified(type);
  } else {
    // Once a reader may have seen the new value no cache gives the old one: meanwhile none is valid, and none is filled.
    CriticalSection change(g_class_changes);
    stop_caching(type);
    invalidate_name(name);
    done = write_namespace(dict, name, value);
    type_modified(type);
  }
  if (done < 0) return false;
  if (done == 0) return raise(exc::AttributeError, "%U", name);
  invalidate_name(name);
  if (is_dunder(name)) update_slots_recursively(type, name);
  // These decide about attributes of all names.
  for (Name* n : {&names::getattribute, &names::getattr, &names::setattr, &names::delattr, &names::get, &names::set,
                  &names::delete_dunder}) {
    if (name == n->str()) invalidate_all_names();
  }
  // The per-thread method caches hold borrowed values: they go by version, so the old value may go now.
  return true;
}

void type_renamed(Type* type) {
  CriticalSection change(g_class_changes);
  type_modified(type);
}

// ---- builtin types ---------------------------------------------------------------------------------------------------

namespace {

void inherit_slots(Type* type) {
  constexpr size_t kSlots = sizeof(Slots) / sizeof(void*);
  auto* mine = reinterpret_cast<void**>(&type->slots);
  auto* theirs = reinterpret_cast<void**>(&type->base->slots);
  bool own_compare = type->slots.compare != nullptr, own_hash = type->slots.hash != nullptr;
  for (size_t i = 0; i < kSlots; ++i) {
    if (!mine[i]) mine[i] = theirs[i];
  }
  // A type that compares in its own way does not inherit the hash (data model, object.__hash__).
  if (own_compare && !own_hash && type->base == &object_type) type->slots.hash = nullptr;
}

bool fill_namespace(Type* type, const TypeSpec* spec) {
  Dict* dict = as_dict(type->dict.peek());
  for (const NativeDef* def = spec->methods; def && def->name; ++def) {
    Ref<> descriptor = def->kind == kStaticMethod
                           ? staticmethod_new(native_function_new(def, Value::object(type), Value()).value())
                           : method_descriptor_new(type, def);
    if (!descriptor || !dict_set_text(dict, def->name, descriptor.value())) return false;
  }
  for (const GetSetDef* def = spec->getsets; def && def->name; ++def) {
    Ref<> descriptor = getset_descriptor_new(type, def);
    if (!descriptor || !dict_set_text(dict, def->name, descriptor.value())) return false;
  }
  for (const MemberDef* def = spec->members; def && def->name; ++def) {
    Ref<> descriptor = member_descriptor_new(type, intern(def->name), def->offset, def->writable, false, def->doc, def->kind);
    if (!descriptor || !dict_set_text(dict, def->name, descriptor.value())) return false;
  }
  if (!dict_get_str(dict, names::doc.str())) {
    Ref<> doc = spec->doc ? Ref<>(str_from_utf8(spec->doc)) : none_ref();
    if (!doc || !dict_set_str(dict, names::doc.str(), doc.value())) return false;
  }
  if (spec->slots.construct && !dict_get_str(dict, names::new_dunder.str())) {
    Ref<> constructor = type_constructor_function(type);
    if (!constructor || !dict_set_str(dict, names::new_dunder.str(), constructor.value())) return false;
  }
  if (spec->unhashable) {
    if (!dict_set_str(dict, names::hash.str(), none())) return false;
  }
  return true;
}

// Everything but the namespace, which needs dict and str to work.
void prepare_type(Type* type, const TypeSpec* spec) {
  const char* dot = std::strrchr(spec->name, '.');
  type->layout.name = dot ? dot + 1 : spec->name;
  type->layout.fixed_size = spec->size;
  type->base = type == &object_type ? nullptr : spec->base ? spec->base : &object_type;
  const TypeLayout* inherited = type->base ? &type->base->layout : nullptr;
  type->layout.traverse = spec->traverse                                     ? spec->traverse
                          : inherited && spec->size >= inherited->fixed_size ? inherited->traverse
                                                                             : nullptr;
  type->layout.tracked = type->layout.traverse != nullptr;
  type->layout.clear = spec->clear            ? spec->clear
                       : spec->traverse       ? clear_fields
                       : type->layout.tracked ? inherited->clear
                                              : destroy_nothing;
  type->layout.destroy = spec->destroy    ? spec->destroy
                         : spec->clear    ? spec->clear
                         : spec->traverse ? clear_fields
                         : inherited      ? inherited->destroy
                                          : nullptr;
  type->layout.finalize.store(spec->finalize ? spec->finalize
                              : inherited    ? inherited->finalizer()
                                             : nullptr,
                              std::memory_order_relaxed);
  type->slots = spec->slots;
  type->slots_end = spec->size;
  type->item_size = spec->item_size ? spec->item_size : type->base ? type->base->item_size : 0;
  uint32_t inherited_flags = type->base ? type->base->flags.load(std::memory_order_relaxed) & kTypeInheritedFlags : 0;
  type->flags.store(spec->flags | kTypeImmutable | inherited_flags, std::memory_order_relaxed);
  if (spec->flags & kTypeHasDict) {
    type->attributes_offset = (spec->size + 7) & ~7u;
    type->slots_end = type->attributes_offset;
    type->layout.tracked = true;
  } else if (type->base && type->base->attributes_offset && type->base->attributes_offset != kAttributesAtEnd) {
    type->attributes_offset = (spec->size + 7) & ~7u;
    type->slots_end = type->attributes_offset;
  }
  type->spec = spec;
  type->version.store(next_type_version(), std::memory_order_relaxed);
  init_immortal_header(type, kShape_type);
}

bool finish_type(Type* type, const TypeSpec* spec) {
  if (type->base) inherit_slots(type);
  if (spec->unhashable) type->slots.hash = nullptr;
  Ref<Dict> dict = dict_new();
  if (!dict) return false;
  type->dict.init(std::move(dict));
  const char* dot = std::strrchr(spec->name, '.');
  type->name.init(Ref<>::retain(Value::object(intern(dot ? dot + 1 : spec->name))));
  type->qualname.init(type->name.load(type));
  if (dot) {
    Ref<Str> module_name = str_from_ascii({spec->name, static_cast<size_t>(dot - spec->name)});
    if (!module_name) return false;
    type->module.init(Ref<>::retain(Value::object(intern(std::move(module_name)))));
    if (!dict_set_str(as_dict(type->dict.peek()), names::module.str(), type->module.peek())) return false;
  } else {
    type->module.init(Ref<>::retain(Value::object(names::builtins_.str())));
  }
  Ref<Tuple> bases = type->base ? tuple_of({Value::object(type->base)}) : Ref<Tuple>::retain(empty_tuple());
  if (!bases) return false;
  type->bases.init(std::move(bases));
  Ref<Tuple> mro;
  if (type->base) {
    Tuple* base_mro = as_tuple(type->base->mro.peek());
    mro = tuple_allocate(base_mro->length + 1);
    if (!mro) return false;
    mro->items[0].init(Ref<>::retain(Value::object(type)));
    for (int64_t i = 0; i < base_mro->length; ++i) mro->items[i + 1].init(Ref<>::retain(base_mro->at(i)));
  } else {
    mro = tuple_of({Value::object(type)});
    if (!mro) return false;
  }
  type->mro.init(std::move(mro));
  if (!fill_namespace(type, spec) || !add_slot_wrappers(type)) return false;
  if (!type->slots.hash && type->slots.compare && !dict_get_str(as_dict(type->dict.peek()), names::hash.str())) {
    if (!dict_set_str(as_dict(type->dict.peek()), names::hash.str(), none())) return false;
  }
  return type->base == nullptr || add_native_subclass(type->base, type);
}

}  // namespace

void prepare_builtin_type(Type* type, ShapeId shape, const TypeSpec* spec) {
  prepare_type(type, spec);
  init_builtin_shape(shape, type, &type->layout, type->attributes_offset ? uint16_t{0} : kShapeNoAttributes);
  type->instance_shape.store(shape_from_id(shape), std::memory_order_relaxed);
}
void finish_builtin_type(Type* type) { PT_CHECK(finish_type(type, type->spec)); }

bool init_module_type(Type* type, const TypeSpec* spec) {
  prepare_type(type, spec);
  Shape* shape = new_root_shape(type, &type->layout, 0, type->attributes_offset ? uint16_t{0} : kShapeNoAttributes);
  if (!shape) return raise_no_memory();
  type->instance_shape.store(shape, std::memory_order_relaxed);
  return finish_type(type, spec);
}

}  // namespace pt
