// Class statements: bases, metatype, MRO, layout, __slots__, __set_name__ and __init_subclass__.
#include "vm/object/type_build.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gc/heap/heap.h"
#include "gc/platform/memory.h"
#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/weakref.h"

namespace pt {

namespace {
struct SubclassTable {
  std::mutex mutex;
  // Both guarded by mutex; the memory of types stays.
  std::unordered_map<const Type*, std::vector<Type*>> subclasses;
  std::unordered_map<const Type*, std::vector<Type*>> bases;
  std::unordered_map<const void*, std::vector<Type*>> kept_back;  // by whose set-up makes them
};
SubclassTable& subclass_table() {
  static SubclassTable* table = new SubclassTable;
  return *table;
}
constinit thread_local const void* t_set_up = nullptr;
}  // namespace

constinit std::atomic<bool> g_finalizers_present{false};

bool add_subclass(Type* base, Type* subclass) {
  SubclassTable& table = subclass_table();
  std::lock_guard guard(table.mutex);
  table.subclasses[base].push_back(subclass);
  table.bases[subclass].push_back(base);
  return true;
}
const void* set_types_kept_back(const void* set_up) { return std::exchange(t_set_up, set_up); }
bool add_native_subclass(Type* base, Type* subclass) {
  if (!t_set_up) return add_subclass(base, subclass);
  SubclassTable& table = subclass_table();
  std::lock_guard guard(table.mutex);
  table.kept_back[t_set_up].push_back(subclass);
  return true;
}
void list_types_kept_back(const void* set_up) {
  SubclassTable& table = subclass_table();
  std::lock_guard guard(table.mutex);
  auto found = table.kept_back.find(set_up);
  if (found == table.kept_back.end()) return;
  for (Type* type : found->second) {
    table.subclasses[type->base].push_back(type);
    table.bases[type].push_back(type->base);
  }
  table.kept_back.erase(found);
}
void remove_subclass(Type* base, Type* subclass) {
  SubclassTable& table = subclass_table();
  std::lock_guard guard(table.mutex);
  std::erase(table.subclasses[base], subclass);
  std::erase(table.bases[subclass], base);
}
void forget_class(Type* type) {
  SubclassTable& table = subclass_table();
  std::lock_guard guard(table.mutex);
  if (auto found = table.bases.find(type); found != table.bases.end()) {
    for (Type* base : found->second) {
      if (auto siblings = table.subclasses.find(base); siblings != table.subclasses.end()) std::erase(siblings->second, type);
    }
    table.bases.erase(found);
  }
  table.subclasses.erase(type);
}
void for_each_subclass(Type* type, void (*visit)(Type*, void*), void* context) {
  std::vector<Type*> snapshot;
  {
    SubclassTable& table = subclass_table();
    std::lock_guard guard(table.mutex);
    auto found = table.subclasses.find(type);
    if (found == table.subclasses.end()) return;
    snapshot = found->second;
  }
  for (Type* subclass : snapshot) visit(subclass, context);
}

// ---- MRO ---------------------------------------------------------------------------------------------------------

namespace {

bool in_tail(const std::vector<std::vector<Type*>>& sequences, const std::vector<size_t>& heads, Type* candidate) {
  for (size_t i = 0; i < sequences.size(); ++i) {
    for (size_t k = heads[i] + 1; k < sequences[i].size(); ++k) {
      if (sequences[i][k] == candidate) return true;
    }
  }
  return false;
}

Raised mro_conflict(const std::vector<std::vector<Type*>>& sequences, const std::vector<size_t>& heads) {
  StrBuilder names_text;
  bool first = true;
  std::vector<Type*> seen;
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (heads[i] >= sequences[i].size()) continue;
    Type* t = sequences[i][heads[i]];
    bool known = false;
    for (Type* s : seen) known |= s == t;
    if (known) continue;
    seen.push_back(t);
    if (!first) names_text.append_ascii(", ");
    first = false;
    names_text.append(as_str(t->name.peek()));
  }
  Ref<Str> text = names_text.finish();
  if (!text) return {};
  return raise(exc::TypeError, "Cannot create a consistent method resolution\norder (MRO) for bases %U", text.get());
}

}  // namespace

Ref<Tuple> compute_mro(Type* type, Tuple* bases) {
  std::vector<std::vector<Type*>> sequences;
  std::vector<Type*> direct;
  for (int64_t i = 0; i < bases->length; ++i) {
    auto* base = reinterpret_cast<Type*>(bases->at(i).as_object());
    for (Type* earlier : direct) {
      if (earlier == base) return raise(exc::TypeError, "duplicate base class %F", base);
    }
    direct.push_back(base);
    Ref<> mro = base->mro.load(base);
    if (!mro) return raise(exc::TypeError, "Cannot extend an incomplete type '%F'", base);
    std::vector<Type*> sequence;
    for (int64_t k = 0; k < as_tuple(mro.value())->length; ++k) {
      sequence.push_back(reinterpret_cast<Type*>(as_tuple(mro.value())->at(k).as_object()));
    }
    sequences.push_back(std::move(sequence));
  }
  sequences.push_back(direct);
  std::vector<size_t> heads(sequences.size(), 0);
  std::vector<Value> result{Value::object(type)};
  for (;;) {
    Type* chosen = nullptr;
    bool any = false;
    for (size_t i = 0; i < sequences.size() && !chosen; ++i) {
      if (heads[i] >= sequences[i].size()) continue;
      any = true;
      Type* candidate = sequences[i][heads[i]];
      if (!in_tail(sequences, heads, candidate)) chosen = candidate;
    }
    if (!any) break;
    if (!chosen) return mro_conflict(sequences, heads);
    result.push_back(Value::object(chosen));
    for (size_t i = 0; i < sequences.size(); ++i) {
      if (heads[i] < sequences[i].size() && sequences[i][heads[i]] == chosen) ++heads[i];
    }
  }
  return tuple_from(result.data(), static_cast<int64_t>(result.size()));
}

Type* calculate_metatype(Type* metatype, Tuple* bases) {
  Type* winner = metatype;
  for (int64_t i = 0; i < bases->length; ++i) {
    Type* candidate = type_of(bases->at(i));
    if (is_subtype(winner, candidate)) continue;
    if (is_subtype(candidate, winner)) {
      winner = candidate;
      continue;
    }
    return raise(exc::TypeError,
                 "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the "
                 "metaclasses of all its bases");
  }
  return winner;
}

namespace {

// The builtin ancestor that decides the C++ layout, or the class that added __slots__ members last.
Type* layout_ancestor(Type* type) {
  while (type->base) {
    uint32_t own_end = type->slots_end;
    bool adds_fields = has_flag(type, kTypeHeap)
                           ? own_end > type->base->slots_end && !(type->attributes_offset && !type->base->attributes_offset &&
                                                                  own_end == ((type->base->slots_end + 7) & ~7u))
                           : type->layout.fixed_size > type->base->layout.fixed_size ||
                                 type->layout.traverse != type->base->layout.traverse || type->item_size != type->base->item_size;
    if (adds_fields) return type;
    type = type->base;
  }
  return type;
}

}  // namespace

Type* best_base(Tuple* bases) {
  Type* winner = nullptr;
  Type* base = nullptr;
  for (int64_t i = 0; i < bases->length; ++i) {
    Value v = bases->at(i);
    if (!is_instance_of(v, &type_type)) return raise(exc::TypeError, "bases must be types");
    auto* candidate_base = reinterpret_cast<Type*>(v.as_object());
    if (!has_flag(candidate_base, kTypeBase)) {
      if (candidate_base->spec)
        return raise(exc::TypeError, "type '%s' is not an acceptable base type", candidate_base->spec->name);
      return raise(exc::TypeError, "type '%F' is not an acceptable base type", candidate_base);
    }
    Type* candidate = layout_ancestor(candidate_base);
    if (!winner) {
      winner = candidate;
      base = candidate_base;
    } else if (is_subtype(winner, candidate)) {
      continue;
    } else if (is_subtype(candidate, winner)) {
      winner = candidate;
      base = candidate_base;
    } else {
      return raise(exc::TypeError, "multiple bases have instance lay-out conflict");
    }
  }
  return base;
}

namespace {

// Objects of classes made at run time.
Type* builtin_ancestor(const Type* type) {
  Type* t = type->base;
  while (has_flag(t, kTypeHeap)) t = t->base;
  return t;
}

void visit_members(Object* o, const Type* type, void (*visit)(Field&, void*), void* context) {
  Type* ancestor = builtin_ancestor(type);
  if (type->item_size) return;  // var-sized objects cannot have __slots__ members
  for (uint32_t at = (ancestor->slots_end + 7) & ~7u; at + 8 <= type->slots_end; at += 8) {
    visit(*reinterpret_cast<Field*>(reinterpret_cast<char*>(o) + at), context);
  }
}
void heap_traverse(Object* o, FieldVisitor& visitor) {
  const Type* type = o->shape()->type;
  Type* ancestor = builtin_ancestor(type);
  if (ancestor->spec->traverse || ancestor->layout.traverse) ancestor->layout.traverse(o, visitor);
  visit_members(o, type, [](Field& f, void* v) { (*static_cast<FieldVisitor*>(v))(f); }, &visitor);
  attributes_traverse(o, visitor);
}
void heap_clear(Object* o) {
  const Type* type = o->shape()->type;
  Type* ancestor = builtin_ancestor(type);
  if (ancestor->layout.tracked) ancestor->layout.clear(o);
  visit_members(o, type, [](Field& f, void*) { f.clear(); }, nullptr);
  attributes_clear(o);
}
void heap_destroy(Object* o) {
  const Type* type = o->shape()->type;
  visit_members(o, type, [](Field& f, void*) { f.clear(); }, nullptr);
  attributes_clear(o);
  if (auto destroy = builtin_ancestor(type)->layout.destroy) destroy(o);
}
void heap_finalize(Object* o) {
  Type* type = o->shape()->type;
  Ref<> pending = take_error();
  bool found;
  Value self = Value::object(o);
  Ref<> result = call_special(self, names::del.str(), {}, &found);
  if (found && !result) {
    Ref<> method = type_lookup(type, names::del.str());
    write_unraisable("ignored in", method ? method.value() : self);
  }
  if (!found) {
    Type* ancestor = builtin_ancestor(type);
    if (auto* finalize = ancestor->layout.finalizer()) finalize(o);
  }
  if (pending) restore_error(std::move(pending));
}

}  // namespace

void update_finalizer(Type* type) {
  Value method = type_lookup_borrowed(type, names::del.str());
  bool has_method = !method.empty();
  if (has_method && type_of(method) != &method_descriptor_type) g_finalizers_present.store(true, std::memory_order_relaxed);
  type->layout.finalize.store(has_method || builtin_ancestor(type)->layout.finalizer() ? heap_finalize : nullptr,
                              std::memory_order_relaxed);
}

namespace {
bool valid_identifier(Value v) {
  Ref<> result = call_method(v, "isidentifier");
  return result && is_true(result.value());
}

// "_Class__name" for private names.
Ref<Str> mangle(Str* class_name, Str* name) {
  if (name->length < 3 || name->at(0) != '_' || name->at(1) != '_' ||
      (name->at(name->length - 1) == '_' && name->at(name->length - 2) == '_')) {
    return Ref<Str>::retain(name);
  }
  int64_t start = 0;
  while (start < class_name->length && class_name->at(start) == '_') ++start;
  if (start == class_name->length) return Ref<Str>::retain(name);
  Ref<Str> stripped = str_substring(class_name, start, class_name->length);
  if (!stripped) return stripped;
  return str_format("_%U%U", stripped.get(), name);
}

struct SlotNames {
  bool present = false, add_dict = false, add_weakref = false;
  std::vector<Ref<Str>> members;
};

bool collect_slots(Type* base, Str* class_name, Dict* ns, SlotNames* out) {
  Ref<> slots = dict_get_str(ns, names::slots.str());
  if (!slots) return !error_pending();
  out->present = true;
  std::vector<Ref<>> items;
  if (is_str(slots.value())) {
    items.push_back(slots.copy());
  } else if (!for_each(slots.value(), [&](Value v) {
               items.push_back(Ref<>::retain(v));
               return true;
             })) {
    return false;
  }
  for (Ref<>& item : items) {
    if (!is_str(item.value())) {
      return raise(exc::TypeError, "__slots__ items must be strings, not '%T'", item.value());
    }
    Str* text = as_str(item.value());
    if (!valid_identifier(item.value())) {
      if (!error_pending()) raise(exc::TypeError, "__slots__ must be identifiers");
      return false;
    }
    if (text->equals_ascii("__dict__")) {
      if (out->add_dict || base->attributes_offset || has_flag(base, kTypeTypeSubclass)) {
        return raise(exc::TypeError, "__dict__ slot disallowed: we already got one");
      }
      out->add_dict = true;
      continue;
    }
    if (text->equals_ascii("__weakref__")) {
      if (out->add_weakref || has_flag(base, kTypeWeakrefs)) {
        return raise(exc::TypeError, "__weakref__ slot disallowed: either we already got one, or __itemsize__ != 0");
      }
      out->add_weakref = true;
      continue;
    }
    Ref<Str> mangled = mangle(class_name, text);
    if (!mangled) return false;
    Str* interned = intern(std::move(mangled));
    if (!interned->equals_ascii("__qualname__") && !interned->equals_ascii("__classcell__")) {
      Ref<> clash = dict_get_str(ns, interned);
      if (clash) return raise(exc::ValueError, "%R in __slots__ conflicts with class variable", Value::object(interned));
    }
    out->members.push_back(Ref<Str>::retain(interned));
  }
  // In the order of their names, so that classes with the same members have the same layout.
  std::sort(out->members.begin(), out->members.end(),
            [](const Ref<Str>& a, const Ref<Str>& b) { return str_compare(a.get(), b.get()) < 0; });
  if (!out->members.empty() && (base->item_size || has_flag(base, kTypeTypeSubclass))) {
    return raise(exc::TypeError, "nonempty __slots__ not supported for subtype of '%F'", base);
  }
  return true;
}

// The __dict__ of the builtin ancestor, of classes and modules: theirs is no dict of instance variables.
Ref<> builtin_dict_descriptor(Value self) { return type_lookup(builtin_ancestor(type_of(self)), names::dict.str()); }
Ref<> get_dict_attribute(Value self) {
  Ref<> descriptor = builtin_dict_descriptor(self);
  auto get = descriptor ? type_of(descriptor.value())->slots.descriptor_get : nullptr;
  if (get) return get(descriptor.value(), self, Value::object(type_of(self)));
  return error_pending() ? Ref<>() : instance_dict(self.as_object());
}
bool set_dict_attribute(Value self, Value value) {
  Ref<> descriptor = builtin_dict_descriptor(self);
  if (descriptor) {
    auto set = type_of(descriptor.value())->slots.descriptor_set;
    if (set) return set(descriptor.value(), self, value);
    return raise(exc::AttributeError, "This object has no __dict__");
  }
  if (error_pending()) return false;
  if (value.empty()) {
    Ref<Dict> fresh = dict_new();
    return fresh && instance_set_dict(self.as_object(), fresh.get());
  }
  if (!is_dict(value)) {
    return raise(exc::TypeError, "__dict__ must be set to a dictionary, not a '%T'", value);
  }
  return instance_set_dict(self.as_object(), as_dict(value));
}
const GetSetDef kDictAttribute = {"__dict__", get_dict_attribute, set_dict_attribute,
                                  "dictionary for instance variables (if defined)"};
Ref<> get_weakref_attribute(Value self) {
  Ref<List> all = weakref_list(self);
  if (!all) return Ref<>();
  return list_size(all.get()) ? list_get(all.get(), 0) : none_ref();
}
const GetSetDef kWeakrefAttribute = {"__weakref__", get_weakref_attribute, nullptr,
                                     "list of weak references to the object (if defined)"};

// Room for the attributes that methods store on self, so that typical instances need no overflow array.
uint16_t expected_attributes(Type* type, Dict* ns) {
  uint32_t count = type->base->attributes_offset && type->base->attributes_offset != kAttributesAtEnd
                       ? type->base->instance_shape.load(std::memory_order_relaxed)->inline_capacity
                       : 0;
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(ns, &position, &key, &value)) {
    if (is_function(value.value())) {
      uint32_t stored = function_self_attribute_count(value.value());
      if (key.value().same(names::init.value())) {
        count += stored;
      }
    }
  }
  return static_cast<uint16_t>(std::min(count, kMaxInlineAttributes));
}

void defer_methods(Dict* ns) {
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(ns, &position, &key, &value)) {
    defer_method(value.value());
  }
}

bool call_set_names(Type* type, Dict* ns) {
  Ref<Dict> snapshot = dict_copy(ns);
  if (!snapshot) return false;
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(snapshot.get(), &position, &key, &value)) {
    bool found;
    Ref<> result = call_special(value.value(), names::set_name.str(), {Value::object(type), key.value()}, &found);
    if (found && !result) {
      Ref<> error = take_error();
      raise(exc::RuntimeError, "Error calling __set_name__ on '%T' instance %R in '%F'", value.value(), key.value(), type);
      Ref<> wrapped = take_error();
      set_exception_cause(wrapped.value(), error.value());
      set_exception_context(wrapped.value(), error.value());
      restore_error(std::move(wrapped));
      return false;
    }
  }
  return true;
}

bool call_init_subclass(Type* type, const Args& args) {
  // super(type, type).__init_subclass__(**keywords). A mro() may have left the class itself out.
  Ref<> mro = type->mro.load(type);
  bool in_mro = false;
  for (int64_t i = 0; i < as_tuple(mro.value())->length && !in_mro; ++i) in_mro = as_tuple(mro.value())->at(i).is(type);
  if (!in_mro) return raise(exc::TypeError, "super(type, obj): obj must be an instance or subtype of type");
  Ref<> super = call_values(Value::object(&super_type), {Value::object(type), Value::object(type)});
  if (!super) return false;
  Ref<> method = get_attribute(super.value(), names::init_subclass.str());
  if (!method) return false;
  return static_cast<bool>(call(method.value(), Args{args.values + args.count, 0, args.names}));
}

}  // namespace

bool has_python_finalizer(Value v) {
  if (!v.is_object()) return false;
  const Type* type = type_of(v);
  return type->layout.finalizer() == heap_finalize && !builtin_ancestor(type)->layout.finalizer();
}

void finalize_once(Value v) {
  Object* o = v.as_object();
  if (o->gc_bits.fetch_or(kGcFinalised, std::memory_order_relaxed) & kGcFinalised) return;
  if (auto* finalize = o->shape()->type->layout.finalizer()) finalize(o);
}

Ref<Tuple> ask_mro(Type* type, Tuple* bases) {
  Type* metatype = type_of(Value::object(type));
  Ref<> method = metatype == &type_type ? Ref<>() : type_lookup(metatype, names::mro_.str());
  if (!method || has_shape(method.value(), kShape_method_descriptor)) return compute_mro(type, bases);
  Ref<> result = call_method(Value::object(type), names::mro_.str(), {});
  if (!result) return Ref<Tuple>();
  Ref<Tuple> mro = tuple_from_iterable(result.value());
  Type* layout = layout_ancestor(type);
  for (int64_t i = 0; mro && i < mro->length; ++i) {
    if (!is_instance_of(mro->at(i), &type_type)) {
      return raise(exc::TypeError, "mro() returned a non-class ('%T')", mro->at(i));
    }
    auto* base = reinterpret_cast<Type*>(mro->at(i).as_object());
    if (!is_subtype(layout, layout_ancestor(base))) {
      return raise(exc::TypeError, "mro() returned base with unsuitable layout ('%F')", base);
    }
  }
  return mro;
}

Ref<> type_new(Type* metatype, const Args& args) {
  if (args.count != 3) {
    return raise(exc::TypeError, "type.__new__() takes exactly 3 arguments (%d given)", static_cast<int>(args.count));
  }
  if (!is_str(args.values[0])) {
    return raise(exc::TypeError, "type.__new__() argument 1 must be str, not %T", args.values[0]);
  }
  if (!is_tuple(args.values[1])) {
    return raise(exc::TypeError, "type.__new__() argument 2 must be tuple, not %T", args.values[1]);
  }
  if (!is_dict(args.values[2])) {
    return raise(exc::TypeError, "type.__new__() argument 3 must be dict, not %T", args.values[2]);
  }
  Str* name = as_str(args.values[0]);
  Ref<Tuple> bases = Ref<Tuple>::retain(as_tuple(args.values[1]));
  for (int64_t i = 0; i < bases->length; ++i) {
    if (is_instance_of(bases->at(i), &type_type)) continue;
    Ref<> entries = find_attribute(bases->at(i), names::mro_entries.str());
    if (entries) {
      return raise(exc::TypeError, "type() doesn't support MRO entry resolution; use types.new_class()");
    }
    if (error_pending()) return Ref<>();
  }
  Type* winner = calculate_metatype(metatype, bases.get());
  if (!winner) return Ref<>();
  if (winner != metatype) {
    if (auto make = winner->slots.construct; make != type_type.slots.construct) return make(winner, args);
    metatype = winner;
  }
  if (bases->length == 0) {
    bases = tuple_of({Value::object(&object_type)});
    if (!bases) return Ref<>();
  }
  Type* base = best_base(bases.get());
  if (!base) return Ref<>();
  Ref<Dict> ns = dict_copy(as_dict(args.values[2]));
  if (!ns) return Ref<>();

  SlotNames slot_names;
  if (!collect_slots(base, name, ns.get(), &slot_names)) return Ref<>();
  bool may_have_dict = slot_names.add_dict || !slot_names.present;
  bool bases_have_dict = false, bases_weakrefs = false;
  for (int64_t i = 0; i < bases->length; ++i) {
    auto* b = reinterpret_cast<Type*>(bases->at(i).as_object());
    bases_have_dict |= b->attributes_offset != 0;
    bases_weakrefs |= has_flag(b, kTypeWeakrefs);
  }
  // The attributes of a class or module are its namespace: instances of a metaclass need no other, and __dict__ is type's.
  if (has_flag(base, kTypeTypeSubclass) || is_subtype(base, &module_type)) may_have_dict = bases_have_dict = false;

  Ref<> holder = Ref<>::steal(Value::object(allocate_instance(metatype)));
  if (!holder) return Ref<>();
  auto* type = reinterpret_cast<Type*>(holder.value().as_object());
  make_deferred(type);
  type->base = Ref<Type>::retain(base).take();
  type->slots = Slots{};
  type->item_size = base->item_size;
  type->version.store(next_type_version(), std::memory_order_relaxed);
  uint32_t flags = kTypeHeap | kTypeBase | (base->flags.load(std::memory_order_relaxed) & kTypeInheritedFlags);
  if (slot_names.add_weakref || !slot_names.present || bases_weakrefs) flags |= kTypeWeakrefs;
  // Instances: the base's fields, then __slots__ members, then attribute storage.
  uint32_t end = base->slots_end;
  if (!slot_names.members.empty()) {
    end = (end + 7) & ~7u;
    end += static_cast<uint32_t>(slot_names.members.size()) * 8;
  }
  type->slots_end = end;
  bool has_dict = may_have_dict || bases_have_dict;
  if (has_dict) {
    flags |= kTypeHasDict;
    if (type->item_size) {
      type->attributes_offset = kAttributesAtEnd;
    } else {
      type->slots_end = (end + 7) & ~7u;
      type->attributes_offset = type->slots_end;
    }
  }
  type->flags.store(flags, std::memory_order_relaxed);
  Str* interned_name = intern(Ref<Str>::retain(name));
  {
    Utf8 utf8(interned_name);
    if (!utf8.ok()) return Ref<>();
    if (utf8.view().find('\0') != std::string_view::npos) {
      return raise(exc::ValueError, "type name must not contain null characters");
    }
    char* copy = static_cast<char*>(memory::allocate(utf8.view().size() + 1));
    if (!copy) return raise_no_memory();
    __builtin_memcpy(copy, utf8.c_str(), utf8.view().size() + 1);
    type->layout.name = copy;
  }
  type->layout.fixed_size = type->slots_end;
  type->layout.tracked = true;
  type->layout.traverse = heap_traverse;
  type->layout.clear = heap_clear;
  type->layout.destroy = heap_destroy;
  type->name.init(Ref<>::retain(Value::object(interned_name)));
  Ref<> qualname = dict_get_str(ns.get(), names::qualname.str());
  if (qualname) {
    if (!is_str(qualname.value())) {
      return raise(exc::TypeError, "type __qualname__ must be a str, not %T", qualname.value());
    }
    dict_delete_str(ns.get(), names::qualname.str());
    type->qualname.init(std::move(qualname));
  } else {
    type->qualname.init(Ref<>::retain(Value::object(interned_name)));
  }
  if (!dict_get_str(ns.get(), names::module.str())) {
    Ref<> module_name = current_module_name();
    if (module_name && !dict_set_str(ns.get(), names::module.str(), module_name.value())) return Ref<>();
  }
  Ref<> doc = dict_get_str(ns.get(), names::doc.str());
  if (!doc && !dict_set_str(ns.get(), names::doc.str(), none())) return Ref<>();
  if (doc && is_str(doc.value()) && !Utf8(as_str(doc.value())).ok()) return Ref<>();
  // __new__ is a static method, __init_subclass__ and __class_getitem__ are class methods without saying so.
  Ref<> constructor = dict_get_str(ns.get(), names::new_dunder.str());
  if (constructor && is_function(constructor.value())) {
    Ref<> wrapped = staticmethod_new(constructor.value());
    if (!wrapped || !dict_set_str(ns.get(), names::new_dunder.str(), wrapped.value())) return Ref<>();
  }
  for (Str* special : {names::init_subclass.str(), names::class_getitem.str()}) {
    Ref<> function = dict_get_str(ns.get(), special);
    if (function && is_function(function.value())) {
      Ref<> wrapped = classmethod_new(function.value());
      if (!wrapped || !dict_set_str(ns.get(), special, wrapped.value())) return Ref<>();
    }
  }
  Ref<> class_cell = dict_get_str(ns.get(), names::classcell.str());
  if (class_cell) {
    if (!has_shape(class_cell.value(), kShape_cell)) {
      return raise(exc::TypeError, "type.__new__ argument '__classcell__' must be a cell, not '%T'", class_cell.value());
    }
    dict_delete_str(ns.get(), names::classcell.str());
    cell_set(class_cell.value(), Value::object(type));
  }
  uint32_t member_at = ((base->slots_end + 7) & ~7u);
  for (Ref<Str>& member : slot_names.members) {
    Ref<> descriptor = member_descriptor_new(type, member.get(), member_at, true, true, nullptr);
    member_at += 8;
    if (!descriptor || !dict_set_str(ns.get(), member.get(), descriptor.value())) return Ref<>();
  }
  // What the class body itself binds to these names stays.
  if (has_dict && !base->attributes_offset && may_have_dict && !dict_get_str(ns.get(), names::dict.str())) {
    Ref<> descriptor = getset_descriptor_new(type, &kDictAttribute);
    if (!descriptor || !dict_set_str(ns.get(), names::dict.str(), descriptor.value())) return Ref<>();
  }
  if ((slot_names.add_weakref || !slot_names.present) && !has_flag(base, kTypeWeakrefs) &&
      !dict_get_str(ns.get(), names::weakref.str())) {
    Ref<> descriptor = getset_descriptor_new(type, &kWeakrefAttribute);
    if (!descriptor || !dict_set_str(ns.get(), names::weakref.str(), descriptor.value())) return Ref<>();
  }
  // A class with __eq__ and no __hash__ is unhashable.
  if (dict_get_str(ns.get(), names::eq.str()) && !dict_get_str(ns.get(), names::hash.str())) {
    if (!dict_set_str(ns.get(), names::hash.str(), none())) return Ref<>();
  }
  defer_methods(ns.get());
  uint16_t capacity = has_dict && !type->item_size ? expected_attributes(type, ns.get()) : uint16_t{0};
  Shape* shape = new_root_shape(type, &type->layout, capacity, has_dict ? uint16_t{0} : kShapeNoAttributes);
  if (!shape) return raise_no_memory();
  type->instance_shape.store(shape, std::memory_order_release);
  type->bases.init(bases.copy());
  type->dict.init(ns.copy());
  for (int64_t i = 0; i < bases->length; ++i) {
    if (!add_subclass(reinterpret_cast<Type*>(bases->at(i).as_object()), type)) return Ref<>();
  }
  Ref<Tuple> mro = ask_mro(type, bases.get());
  if (!mro) return Ref<>();
  // Patterns see what the first in resolution order is.
  uint32_t kind = 0;
  for (int64_t i = 1; i < mro->length && !kind; ++i) {
    kind =
        reinterpret_cast<Type*>(mro->at(i).as_object())->flags.load(std::memory_order_relaxed) & (kTypeSequence | kTypeMapping);
  }
  type->flags.fetch_and(~(kTypeSequence | kTypeMapping), std::memory_order_relaxed);
  type->flags.fetch_or(kind, std::memory_order_relaxed);
  type->mro.store(type, std::move(mro));
  type->version.store(next_type_version(), std::memory_order_release);
  // Sequence slots have no dispatcher: they come from the bases.
  type->slots.get_buffer = base->slots.get_buffer;
  type->slots.release_buffer = base->slots.release_buffer;
  update_slots(type);
  update_finalizer(type);
  Ref<> abstract_methods = dict_get_str(ns.get(), names::abstractmethods.str());
  if (abstract_methods) {
    int any = truth(abstract_methods.value());
    if (any < 0) return Ref<>();
    if (any) type->flags.fetch_or(kTypeAbstract, std::memory_order_relaxed);
  }
  if (!call_set_names(type, ns.get()) || !call_init_subclass(type, args)) return Ref<>();
  return holder;
}

}  // namespace pt
