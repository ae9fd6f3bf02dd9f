// `type` as a Python type: attributes, calling, repr, and its methods.
#include "vm/object/attributes.h"
#include "vm/object/dependency.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/type_build.h"
#include "vm/types/dict.h"
#include "vm/types/generic_alias.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/mapping_proxy.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/utf8.h"

namespace pt {

constinit Type type_type;

namespace {
Type* as_type(Value v) { return reinterpret_cast<Type*>(v.as_object()); }

// type.__getattribute__: the metatype's data descriptors, then the MRO with descriptors bound to the class.
Ref<> type_get_attribute(Value self, Str* name) {
  Type* type = as_type(self);
  Type* metatype = type_of(self);
  Ref<> meta = type_lookup(metatype, name);
  Type* meta_kind = meta ? type_of(meta.value()) : nullptr;
  auto meta_get = meta ? meta_kind->slots.descriptor_get : nullptr;
  if (meta_get && meta_kind->slots.descriptor_set) return meta_get(meta.value(), self, Value::object(metatype));
  Ref<> found = type_lookup(type, name);
  if (found) {
    auto get = type_of(found.value())->slots.descriptor_get;
    if (get) return get(found.value(), Value(), self);
    return found;
  }
  if (meta) {
    return meta_get ? meta_get(meta.value(), self, Value::object(metatype)) : std::move(meta);
  }
  return raise_attribute_error(self, name);
}

bool type_set_attribute_slot(Value self, Str* name, Value value) {
  Type* type = as_type(self);
  if (has_flag(type, kTypeImmutable)) {
    return raise(exc::TypeError, "cannot set '%U' attribute of immutable type '%s'", name, full_name(type));
  }
  Ref<> meta = type_lookup(type_of(self), name);
  if (meta) {
    auto set = type_of(meta.value())->slots.descriptor_set;
    if (set) return set(meta.value(), self, value);
  }
  if (value.empty()) {
    Ref<> own = dict_get_str(as_dict(type->dict.peek()), name);
    if (!own) return raise_attribute_error(self, name);
  }
  if (name->equals_ascii("__abstractmethods__")) return raise_attribute_error(self, name);
  return type_set_attribute(type, name, value);
}

Ref<> type_call(Value self, const Args& args) {
  Type* type = as_type(self);
  if (type == &type_type && args.count == 1 && !args.keyword_count()) {
    return Ref<>::retain(Value::object(type_of(args.values[0])));
  }
  if (type == &type_type && args.count != 3) return raise(exc::TypeError, "type() takes 1 or 3 arguments");
  auto make = type->slots.construct;
  if (!make || has_flag(type, kTypeNoInstantiate)) {
    return type->spec ? raise(exc::TypeError, "cannot create '%s' instances", type->spec->name)
                      : raise(exc::TypeError, "cannot create '%F' instances", type);
  }
  Ref<> instance = make(type, args);
  if (!instance) return instance;
  Type* made = type_of(instance.value());
  if (made != type && !is_subtype(made, type)) return instance;
  auto init = made->slots.init;
  if (init && !init(instance.value(), args)) return Ref<>();
  return instance;
}

Ref<> type_construct(Type* metatype, const Args& args) {
  if (metatype == &type_type && args.count == 1 && !args.keyword_count()) {
    return Ref<>::retain(Value::object(type_of(args.values[0])));
  }
  return type_new(metatype, args);
}
bool type_init(Value, const Args& args) {
  if (args.keyword_count() && args.count == 1) return raise(exc::TypeError, "type.__init__() takes no keyword arguments");
  if (args.count != 1 && args.count != 3) return raise(exc::TypeError, "type.__init__() takes 1 or 3 arguments");
  return true;
}

Ref<> module_of(Type* type) {
  Ref<> module_name;
  if (has_flag(type, kTypeHeap)) {
    module_name = dict_get_str(as_dict(type->dict.peek()), names::module.str());
    if (module_name) return module_name;
    if (error_pending()) return Ref<>();
  }
  // A builtin type may have an attribute of that name for its instances.
  module_name = type->module.load(type);
  return module_name ? std::move(module_name) : Ref<>::retain(names::builtins_.value());
}

Ref<> type_repr(Value self) {
  Type* type = as_type(self);
  Ref<> module_name = module_of(type);
  clear_error();
  Ref<> qualname = type->qualname.load(type);
  if (module_name && is_str(module_name.value()) && !as_str(module_name.value())->equals_ascii("builtins")) {
    return str_format("<class '%U.%U'>", as_str(module_name.value()), as_str(qualname.value()));
  }
  return str_format("<class '%U'>", as_str(qualname.value()));
}

// X | Y
Ref<> type_or(Value left, Value right) { return union_of_types(left, right); }

Ref<> get_name(Value self) { return as_type(self)->name.load(self.as_object()); }
bool mutable_type(Type* type, const char* name) {
  if (!has_flag(type, kTypeHeap)) {
    return raise(exc::TypeError, "cannot set '%s' attribute of immutable type '%s'", name, full_name(type));
  }
  return true;
}
bool not_deleted(Type* type, Value v, const char* name) {
  if (v.empty()) return raise(exc::TypeError, "cannot delete '%s' attribute of immutable type '%F'", name, type);
  return true;
}
bool put_name(Value self, Value v) {
  Type* type = as_type(self);
  if (!mutable_type(type, "__name__") || !not_deleted(type, v, "__name__")) return false;
  if (!is_str(v)) return raise(exc::TypeError, "can only assign string to %F.__name__, not '%T'", type, v);
  Utf8 utf8(as_str(v));
  if (!utf8.ok()) return false;
  if (utf8.view().find('\0') != std::string_view::npos) {
    return raise(exc::ValueError, "type name must not contain null characters");
  }
  type->name.store(type, Ref<>::retain(v));
  type_renamed(type);
  return true;
}
Ref<> get_qualname(Value self) { return as_type(self)->qualname.load(self.as_object()); }
bool put_qualname(Value self, Value v) {
  Type* type = as_type(self);
  if (!mutable_type(type, "__qualname__") || !not_deleted(type, v, "__qualname__")) return false;
  if (!is_str(v)) return raise(exc::TypeError, "can only assign string to %F.__qualname__, not '%T'", type, v);
  type->qualname.store(type, Ref<>::retain(v));
  return true;
}
Ref<> get_module(Value self) { return module_of(as_type(self)); }
bool put_module(Value self, Value v) {
  Type* type = as_type(self);
  if (!mutable_type(type, "__module__") || !not_deleted(type, v, "__module__")) return false;
  return type_set_attribute(type, names::module.str(), v);
}
Ref<> get_bases(Value self) { return as_type(self)->bases.load(self.as_object()); }
bool put_bases(Value self, Value v) {
  Type* type = as_type(self);
  if (!mutable_type(type, "__bases__") || !not_deleted(type, v, "__bases__")) return false;
  if (!is_tuple(v)) return raise(exc::TypeError, "can only assign tuple to %F.__bases__, not %T", type, v);
  Tuple* bases = as_tuple(v);
  if (bases->length == 0) return raise(exc::TypeError, "can only assign non-empty tuple to %F.__bases__, not ()", type);
  for (int64_t i = 0; i < bases->length; ++i) {
    if (!is_instance_of(bases->at(i), &type_type)) {
      return raise(exc::TypeError, "%F.__bases__ must be tuple of classes, not '%T'", type, bases->at(i));
    }
    // While an mro() runs, the new bases are there and the new order is not.
    if (is_subtype(as_type(bases->at(i)), type) || has_base(as_type(bases->at(i)), type)) {
      return raise(exc::TypeError, "a __bases__ item causes an inheritance cycle");
    }
  }
  return type_reassign_bases(type, bases);
}
Ref<> get_mro(Value self) {
  Ref<> mro = as_type(self)->mro.load(self.as_object());
  return mro ? std::move(mro) : none_ref();
}
Ref<> get_dict(Value self) { return mapping_proxy_new(as_type(self)->dict.peek()); }
Ref<> get_base(Value self) {
  Type* base = as_type(self)->base;
  return base ? Ref<>::retain(Value::object(base)) : none_ref();
}
Ref<> get_doc(Value self) {
  Type* type = as_type(self);
  Ref<> doc = type_lookup(type, names::doc.str());
  if (!doc) return none_ref();
  if (!has_flag(type, kTypeHeap)) {
    Ref<> own = dict_get_str(as_dict(type->dict.peek()), names::doc.str());
    return own ? std::move(own) : none_ref();
  }
  auto get = type_of(doc.value())->slots.descriptor_get;
  if (get) return get(doc.value(), Value(), self);
  return doc;
}
bool put_doc(Value self, Value v) {
  Type* type = as_type(self);
  if (!mutable_type(type, "__doc__") || !not_deleted(type, v, "__doc__")) return false;
  return type_set_attribute(type, names::doc.str(), v);
}
Ref<> get_text_signature(Value self) {
  Type* type = as_type(self);
  if (type->spec) return type->spec->signature ? Ref<>(str_from_utf8(type->spec->signature)) : none_ref();
  // A class may begin its docstring with one: "name(parameters)\n--\n\n".
  Ref<> doc = dict_get_str(as_dict(type->dict.peek()), names::doc.str());
  if (!doc || !is_str(doc.value())) return none_ref();
  Utf8 text(as_str(doc.value()), true);
  if (!text.ok()) return Ref<>();
  std::string_view rest = text.view(), name = type->layout.name;
  if (!rest.starts_with(name) || !rest.substr(name.size()).starts_with("(")) return none_ref();
  rest.remove_prefix(name.size());
  size_t end = rest.find(")\n--\n\n");
  if (end == std::string_view::npos || rest.find("\n\n") < end) return none_ref();
  return str_from_wtf8(rest.substr(0, end + 1));
}
Ref<> get_abstract_methods(Value self) {
  Type* type = as_type(self);
  Ref<> v = type == &type_type ? Ref<>() : dict_get_str(as_dict(type->dict.peek()), names::abstractmethods.str());
  if (v) return v;
  return raise(exc::AttributeError, "__abstractmethods__");
}
bool put_abstract_methods(Value self, Value v) {
  Type* type = as_type(self);
  int abstract = v.empty() ? 0 : truth(v);
  if (abstract < 0) return false;
  if (v.empty() && !dict_get_str(as_dict(type->dict.peek()), names::abstractmethods.str())) {
    return raise(exc::AttributeError, "__abstractmethods__");
  }
  if (!type_set_attribute(type, names::abstractmethods.str(), v)) return false;
  if (abstract) {
    type->flags.fetch_or(kTypeAbstract, std::memory_order_relaxed);
  } else {
    type->flags.fetch_and(~static_cast<uint32_t>(kTypeAbstract), std::memory_order_relaxed);
  }
  return true;
}
Ref<> get_annotations(Value self) {
  Type* type = as_type(self);
  if (!has_flag(type, kTypeHeap)) return raise(exc::AttributeError, "type object '%F' has no attribute '__annotations__'", type);
  Ref<> v = dict_get_str(as_dict(type->dict.peek()), names::annotations.str());
  if (v) {
    auto get = type_of(v.value())->slots.descriptor_get;
    return get ? get(v.value(), Value(), self) : std::move(v);
  }
  Ref<Dict> fresh = dict_new();
  if (!fresh || !type_set_attribute(type, names::annotations.str(), fresh.value())) return Ref<>();
  return fresh;
}
bool put_annotations(Value self, Value v) {
  Type* type = as_type(self);
  if (!has_flag(type, kTypeHeap)) {
    return raise(exc::TypeError, "cannot set '__annotations__' attribute of immutable type '%s'", full_name(type));
  }
  if (v.empty() && !dict_get_str(as_dict(type->dict.peek()), names::annotations.str())) {
    return raise(exc::AttributeError, "__annotations__");
  }
  return type_set_attribute(type, names::annotations.str(), v);
}
Ref<> get_basicsize(Value self) { return int_from_int64(as_type(self)->slots_end); }
Ref<> get_itemsize(Value self) { return int_from_int64(as_type(self)->item_size); }
Ref<> get_flags(Value self) {
  // The bits programs read: HEAPTYPE 1<<9, BASETYPE 1<<10, IS_ABSTRACT 1<<20, IMMUTABLETYPE 1<<8, fast subclass bits.
  Type* type = as_type(self);
  uint32_t flags = 0;
  if (has_flag(type, kTypeHeap)) flags |= 1u << 9;
  if (has_flag(type, kTypeBase)) flags |= 1u << 10;
  if (has_flag(type, kTypeImmutable)) flags |= 1u << 8;
  if (has_flag(type, kTypeMethodDescriptor) && !has_flag(type, kTypeHeap)) flags |= 1u << 17;
  if (has_flag(type, kTypeAbstract)) flags |= 1u << 20;
  if (has_flag(type, kTypeSequence)) flags |= 1u << 5;
  if (has_flag(type, kTypeMapping)) flags |= 1u << 6;
  if (type->layout.tracked) flags |= 1u << 14;
  const std::pair<uint32_t, int> subclass_bits[] = {
      {kTypeIntSubclass, 24}, {kTypeListSubclass, 25}, {kTypeTupleSubclass, 26},     {kTypeBytesSubclass, 27},
      {kTypeStrSubclass, 28}, {kTypeDictSubclass, 29}, {kTypeExceptionSubclass, 30}, {kTypeTypeSubclass, 31}};
  for (auto [ours, bit] : subclass_bits) {
    if (has_flag(type, ours)) flags |= 1u << bit;
  }
  return int_from_int64(flags);
}
Ref<> get_dictoffset(Value self) {
  Type* type = as_type(self);
  return int_from_int64(type->attributes_offset == kAttributesAtEnd ? -1 : static_cast<int64_t>(type->attributes_offset));
}
Ref<> get_weakrefoffset(Value self) { return int_from_int64(has_flag(as_type(self), kTypeWeakrefs) ? 8 : 0); }

const GetSetDef kTypeGetSets[] = {{"__name__", get_name, put_name},
                                  {"__qualname__", get_qualname, put_qualname},
                                  {"__module__", get_module, put_module},
                                  {"__bases__", get_bases, put_bases},
                                  {"__mro__", get_mro},
                                  {"__dict__", get_dict},
                                  {"__base__", get_base},
                                  {"__doc__", get_doc, put_doc},
                                  {"__text_signature__", get_text_signature},
                                  {"__abstractmethods__", get_abstract_methods, put_abstract_methods},
                                  {"__annotations__", get_annotations, put_annotations},
                                  {"__basicsize__", get_basicsize},
                                  {"__itemsize__", get_itemsize},
                                  {"__flags__", get_flags},
                                  {"__dictoffset__", get_dictoffset},
                                  {"__weakrefoffset__", get_weakrefoffset},
                                  {}};

Ref<> type_mro_method(const Value* a) {
  Ref<> bases = as_type(a[0])->bases.load(a[0].as_object());
  Ref<Tuple> mro = compute_mro(as_type(a[0]), as_tuple(bases.value()));
  if (!mro) return mro;
  return list_from_iterable(mro.value());
}
Ref<> type_subclasses(const Value* a) {
  Ref<List> result = list_new();
  if (!result) return result;
  for_each_subclass(
      as_type(a[0]),
      [](Type* subclass, void* list) { list_append(static_cast<List*>(list), Ref<>::retain(Value::object(subclass))); },
      result.get());
  return result;
}
Ref<> type_prepare(const Value*) { return dict_new(); }
Ref<> type_instancecheck(const Value* a) {
  int r = is_instance_by_type(a[1], a[0]);
  return r < 0 ? Ref<>() : bool_ref(r);
}
Ref<> type_subclasscheck(const Value* a) {
  int r = is_subclass_by_mro(a[1], a[0]);
  return r < 0 ? Ref<>() : bool_ref(r);
}
bool collect_dir(Type* type, Dict* out) {
  Ref<> mro = type->mro.load(type);
  if (!mro) return true;
  for (int64_t i = as_tuple(mro.value())->length - 1; i >= 0; --i) {
    auto* base = as_type(as_tuple(mro.value())->at(i));
    if (!dict_merge(out, as_dict(base->dict.peek()), true)) return false;
  }
  return true;
}
Ref<> type_dir(const Value* a) {
  Ref<Dict> all = dict_new();
  if (!all || !collect_dir(as_type(a[0]), all.get())) return Ref<>();
  return dict_keys_list(all.get());
}
Ref<> type_sizeof(const Value*) { return int_from_int64(static_cast<int64_t>(sizeof(Type))); }

const NativeDef kTypeMethods[] = {
    {"mro", "($self, /)", type_mro_method, "Return a type's method resolution order."},
    {"__subclasses__", "($self, /)", type_subclasses, "Return a list of immediate subclasses."},
    {"__prepare__", "($type, /, *args, **kwargs)", type_prepare, "Create the namespace for the class statement", kClassMethod},
    {"__instancecheck__", "($self, instance, /)", type_instancecheck, "Check if an object is an instance."},
    {"__subclasscheck__", "($self, subclass, /)", type_subclasscheck, "Check if a class is a subclass."},
    {"__dir__", "($self, /)", type_dir, "Specialized __dir__ implementation for types."},
    {"__sizeof__", "($self, /)", type_sizeof, "Return memory consumption of the type object."},
    {}};

void type_traverse(Object* o, FieldVisitor& v) {
  auto* t = static_cast<Type*>(o);
  v(t->name);
  v(t->qualname);
  v(t->module);
  v(t->bases);
  v(t->mro);
  v(t->dict);
  v(t->subclasses);
  v(t->doc_text);
  // An owned word has the form of a Field.
  if (has_flag(t, kTypeHeap)) v(*reinterpret_cast<Field*>(&t->base));
}

// What is left of a class that nobody can reach. Its memory stays: shapes, caches and whatever still dies with instances
// of it name it without a count. It behaves like an empty class derived from its builtin ancestor.
void type_clear(Object* o) {
  auto* t = static_cast<Type*>(o);
  if (!has_flag(t, kTypeHeap)) return;
  incref(o);
  forget_class(t);
  Type* ancestor = t->base;
  while (ancestor && has_flag(ancestor, kTypeHeap)) ancestor = ancestor->base;
  if (ancestor) {
    t->mro.store(t, ancestor->mro.load(ancestor));
    t->bases.store(t, ancestor->bases.load(ancestor));
  }
  t->version.store(next_type_version(), std::memory_order_release);
  if (Ref<> dict = t->dict.load(t)) dict_clear(as_dict(dict.value()));
}

}  // namespace

const TypeSpec type_spec = {
    .name = "type",
    .size = sizeof(Type),
    .flags = kTypeBase | kTypeTypeSubclass | kTypeWeakrefs | kTypeDeferredInstances,
    .slots = {.binary = {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                         type_or},  // BinaryOp::kOr
              .repr = type_repr,
              .call = type_call,
              .get_attribute = type_get_attribute,
              .set_attribute = type_set_attribute_slot,
              .construct = type_construct,
              .init = type_init},
    .traverse = type_traverse,
    .clear = type_clear,
    .methods = kTypeMethods,
    .getsets = kTypeGetSets,
};

bool type_collect_dir(Type* type, Dict* out) { return collect_dir(type, out); }

}  // namespace pt
