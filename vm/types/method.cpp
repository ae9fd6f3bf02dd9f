// Bound methods, property, classmethod, staticmethod and super.
#include "vm/object/attributes.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/super.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type method_type, property_type, classmethod_type, staticmethod_type, super_type;

namespace {
template <class T>
T* as(Value v) {
  return reinterpret_cast<T*>(v.as_object());
}
template <class T>
T* as(Object* o) {
  return static_cast<T*>(o);
}
Ref<> field_or_none(Value self, const Field& f) {
  Ref<> v = f.load(self.as_object());
  return v ? std::move(v) : none_ref();
}

// ---- method -------------------------------------------------------------------------------------------------------------

Ref<> method_construct(Type*, const Args& args) {
  Value v[2];
  if (!bind_arguments("method", "(function, instance, /)", args, v)) return Ref<>();
  if (!is_callable(v[0])) return raise(exc::TypeError, "first argument must be callable");
  if (is_none(v[1])) return raise(exc::TypeError, "instance must not be None");
  return bound_method_new(v[0], v[1]);
}
Ref<> method_call(Value self, const Args& args) {
  auto* m = as<BoundMethod>(self);
  return call_prepended(m->function.peek(), m->self.peek(), args);
}
Ref<> method_get_attribute(Value self, Str* name) {
  Ref<> own = type_lookup(&method_type, name);
  if (own) {
    auto get = type_of(own.value())->slots.descriptor_get;
    return get ? get(own.value(), self, Value::object(&method_type)) : std::move(own);
  }
  return get_attribute(as<BoundMethod>(self)->function.peek(), name);
}
Ref<> method_repr(Value self) {
  auto* m = as<BoundMethod>(self);
  Ref<> qualname = find_attribute(m->function.peek(), names::qualname.str());
  if (!qualname && !error_pending()) qualname = find_attribute(m->function.peek(), names::name.str());
  if (error_pending()) return Ref<>();
  if (qualname && is_str(qualname.value())) {
    return str_format("<bound method %U of %R>", as_str(qualname.value()), m->self.peek());
  }
  return str_format("<bound method ? of %R>", m->self.peek());
}
int64_t method_hash(Value self) {
  auto* m = as<BoundMethod>(self);
  uint64_t bits = m->self.peek().untagged().bits();
  int64_t h = hash(m->function.peek());
  if (h == -1) return -1;
  h ^= static_cast<int64_t>((bits >> 4) | (bits << 60));
  return h == -1 ? -2 : h;
}
Ref<> method_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !has_shape(a, kShape_method) || !has_shape(b, kShape_method)) {
    return not_implemented_ref();
  }
  int same = equal(as<BoundMethod>(a)->function.peek(), as<BoundMethod>(b)->function.peek());
  if (same < 0) return Ref<>();
  if (same) same = as<BoundMethod>(a)->self.peek().same(as<BoundMethod>(b)->self.peek());
  return bool_ref((same != 0) == (op == CompareOp::kEq));
}
Ref<> method_function(Value self) { return Ref<>::retain(as<BoundMethod>(self)->function.peek()); }
Ref<> method_self(Value self) { return Ref<>::retain(as<BoundMethod>(self)->self.peek()); }
Ref<> method_doc(Value self) { return get_attribute(as<BoundMethod>(self)->function.peek(), names::doc.str()); }
Ref<> method_descriptor_get(Value self, Value, Value) { return Ref<>::retain(self); }
Ref<> method_reduce(const Value* a) {
  Ref<> getattr = import_builtin("getattr");
  Ref<> name = get_attribute(as<BoundMethod>(a[0])->function.peek(), names::name.str());
  if (!getattr || !name) return Ref<>();
  Ref<Tuple> inner = tuple_of({as<BoundMethod>(a[0])->self.peek(), name.value()});
  if (!inner) return inner;
  return tuple_of({getattr.value(), inner.value()});
}
void method_traverse(Object* o, FieldVisitor& v) {
  v(as<BoundMethod>(o)->function);
  v(as<BoundMethod>(o)->self);
}
const NativeDef kMethodMethods[] = {{"__reduce__", "($self, /)", method_reduce}, {}};
const GetSetDef kMethodGetSets[] = {
    {"__func__", method_function, nullptr, "the function (or other callable) implementing a method"},
    {"__self__", method_self, nullptr, "the instance to which a method is bound"},
    {"__doc__", method_doc},
    {}};

// ---- property -------------------------------------------------------------------------------------------------------------

Ref<> property_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }
bool property_init(Value self, const Args& args) {
  Value v[4];
  if (!bind_arguments("property", "(fget=None, fset=None, fdel=None, doc=None)", args, v)) return false;
  auto* p = as<Property>(self);
  Field* fields[] = {&p->getter, &p->setter, &p->deleter, &p->doc};
  for (int i = 0; i < 4; ++i) fields[i]->store(p, given(v[i]) ? Ref<>::retain(v[i]) : Ref<>());
  p->doc_from_getter = false;
  if (!given(v[3]) && given(v[0])) {
    Ref<> doc = find_attribute(v[0], names::doc.str());
    if (!doc && error_pending()) return false;
    if (doc) {
      p->doc_from_getter = true;
      // A subclass has __doc__ of its own in the class: the instance must carry it.
      if (has_flag(type_of(self), kTypeHeap)) return set_attribute(self, names::doc.str(), doc.value());
      p->doc.store(p, std::move(doc));
    }
  }
  return true;
}
Raised property_error(Property* p, Value instance, const char* what) {
  Ref<> name = p->name.load(p);
  Ref<> qualname = get_attribute(Value::object(type_of(instance)), names::qualname.str());
  if (!qualname) return {};
  if (name) return raise(exc::AttributeError, "property %R of %R object has no %s", name.value(), qualname.value(), what);
  return raise(exc::AttributeError, "property of %R object has no %s", qualname.value(), what);
}
Ref<> property_get(Value self, Value instance, Value) {
  if (instance.empty() || is_none(instance)) return Ref<>::retain(self);
  auto* p = as<Property>(self);
  Ref<> getter = p->getter.load(p);
  if (!getter) return property_error(p, instance, "getter");
  return call1(getter.value(), instance);
}
bool property_set(Value self, Value instance, Value value) {
  auto* p = as<Property>(self);
  Ref<> function = value.empty() ? p->deleter.load(p) : p->setter.load(p);
  if (!function) return property_error(p, instance, value.empty() ? "deleter" : "setter");
  Ref<> result = value.empty() ? call1(function.value(), instance) : call_values(function.value(), {instance, value});
  return static_cast<bool>(result);
}
Ref<> property_copy(Value self, Value getter, Value setter, Value deleter) {
  auto* p = as<Property>(self);
  Ref<> g = getter.empty() || is_none(getter) ? field_or_none(self, p->getter) : Ref<>::retain(getter);
  Ref<> s = setter.empty() || is_none(setter) ? field_or_none(self, p->setter) : Ref<>::retain(setter);
  Ref<> d = deleter.empty() || is_none(deleter) ? field_or_none(self, p->deleter) : Ref<>::retain(deleter);
  Ref<> doc = p->doc_from_getter && !is_none(g.value()) ? none_ref() : field_or_none(self, p->doc);
  Ref<> made = call_values(Value::object(type_of(self)), {g.value(), s.value(), d.value(), doc.value()});
  if (made && is_instance_of(made.value(), &property_type)) {
    as<Property>(made.value())->name.store(made.value().as_object(), p->name.load(p));
  }
  return made;
}
Ref<> property_getter(const Value* a) { return property_copy(a[0], a[1], Value(), Value()); }
Ref<> property_setter(const Value* a) { return property_copy(a[0], Value(), a[1], Value()); }
Ref<> property_deleter(const Value* a) { return property_copy(a[0], Value(), Value(), a[1]); }
Ref<> property_set_name(const Value* a) {
  Tuple* args = as_tuple(a[1]);
  if (args->length != 2) {
    return raise(exc::TypeError, "__set_name__() takes 2 positional arguments but %ld were given", args->length);
  }
  as<Property>(a[0])->name.store(a[0].as_object(), Ref<>::retain(args->at(1)));
  return none_ref();
}
Ref<> property_doc(Value self) { return field_or_none(self, as<Property>(self)->doc); }
bool property_put_doc(Value self, Value v) {
  as<Property>(self)->doc.store(self.as_object(), v.empty() ? Ref<>() : Ref<>::retain(v));
  return true;
}
int any_abstract(std::initializer_list<Value> functions) {
  for (Value f : functions) {
    if (f.empty()) continue;
    Ref<> flag = find_attribute(f, names::isabstractmethod.str());
    if (!flag) {
      if (error_pending()) return -1;
      continue;
    }
    int t = truth(flag.value());
    if (t) return t;
  }
  return 0;
}
Ref<> property_abstract(Value self) {
  auto* p = as<Property>(self);
  int t = any_abstract({p->getter.peek(), p->setter.peek(), p->deleter.peek()});
  return t < 0 ? Ref<>() : bool_ref(t);
}
void property_traverse(Object* o, FieldVisitor& v) {
  auto* p = as<Property>(o);
  v(p->getter);
  v(p->setter);
  v(p->deleter);
  v(p->doc);
  v(p->name);
}
const NativeDef kPropertyMethods[] = {
    {"getter", "($self, object, /)", property_getter, "Descriptor to obtain a copy of the property with a different getter."},
    {"setter", "($self, object, /)", property_setter, "Descriptor to obtain a copy of the property with a different setter."},
    {"deleter", "($self, object, /)", property_deleter, "Descriptor to obtain a copy of the property with a different deleter."},
    {"__set_name__", "($self, /, *args)", property_set_name, "Method to set name of a property."},
    {}};
const MemberDef kPropertyMembers[] = {{"fget", static_cast<uint32_t>(__builtin_offsetof(Property, getter))},
                                      {"fset", static_cast<uint32_t>(__builtin_offsetof(Property, setter))},
                                      {"fdel", static_cast<uint32_t>(__builtin_offsetof(Property, deleter))},
                                      {}};
const GetSetDef kPropertyGetSets[] = {
    {"__doc__", property_doc, property_put_doc}, {"__isabstractmethod__", property_abstract}, {}};

// ---- classmethod and staticmethod
// -----------------------------------------------------------------------------------------------

// ClassMethod and StaticMethod have the same layout.
Field& callable_field(Value self) { return as<ClassMethod>(self)->callable; }

Ref<> wrapper_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }
// __module__, __name__, __qualname__, __doc__ and __dict__ of the function show through.
bool copy_metadata(Value self, Value function) {
  for (Str* name : {names::module.str(), names::name.str(), names::qualname.str(), names::doc.str(), names::annotations.str()}) {
    Ref<> v = find_attribute(function, name);
    if (!v) {
      if (error_pending()) return false;
      continue;
    }
    if (!instance_set(self.as_object(), name, v.value())) return false;
  }
  return true;
}
bool wrapper_init_common(Value self, const Args& args, const char* name) {
  Value v[1];
  if (!bind_arguments(name, "(function, /)", args, v)) return false;
  callable_field(self).store(self.as_object(), Ref<>::retain(v[0]));
  return copy_metadata(self, v[0]);
}
bool classmethod_init(Value self, const Args& args) { return wrapper_init_common(self, args, "classmethod"); }
bool staticmethod_init(Value self, const Args& args) { return wrapper_init_common(self, args, "staticmethod"); }
Ref<> classmethod_get(Value self, Value instance, Value type) {
  Ref<> function = callable_field(self).load(self.as_object());
  if (!function) return raise(exc::RuntimeError, "uninitialized classmethod object");
  Value owner = type.empty() || is_none(type) ? Value::object(type_of(instance)) : type;
  // A bound method is called with the class in front of its other arguments, not bound anew.
  if (has_shape(function.value(), kShape_method)) return bound_method_new(function.value(), owner);
  if (auto get = type_of(function.value())->slots.descriptor_get) return get(function.value(), owner, owner);
  return bound_method_new(function.value(), owner);
}
Ref<> staticmethod_get(Value self, Value, Value) {
  Ref<> function = callable_field(self).load(self.as_object());
  if (!function) return raise(exc::RuntimeError, "uninitialized staticmethod object");
  return function;
}
Ref<> staticmethod_call(Value self, const Args& args) {
  Ref<> function = callable_field(self).load(self.as_object());
  if (!function) return raise(exc::RuntimeError, "uninitialized staticmethod object");
  return call(function.value(), args);
}
Ref<> wrapper_function(Value self) { return field_or_none(self, callable_field(self)); }
Ref<> wrapper_abstract(Value self) {
  int t = any_abstract({callable_field(self).peek()});
  return t < 0 ? Ref<>() : bool_ref(t);
}
Ref<> wrapper_dict(Value self) { return instance_dict(self.as_object()); }
Ref<> classmethod_repr(Value self) { return str_format("<classmethod(%R)>", callable_field(self).peek()); }
Ref<> staticmethod_repr(Value self) { return str_format("<staticmethod(%R)>", callable_field(self).peek()); }
void wrapper_traverse(Object* o, FieldVisitor& v) {
  v(as<ClassMethod>(o)->callable);
  attributes_traverse(o, v);
}
void wrapper_clear(Object* o) {
  as<ClassMethod>(o)->callable.clear();
  if (!has_flag(o->shape()->type, kTypeHeap)) attributes_clear(o);
}
const GetSetDef kWrapperGetSets[] = {{"__func__", wrapper_function},
                                     {"__wrapped__", wrapper_function},
                                     {"__isabstractmethod__", wrapper_abstract},
                                     {"__dict__", wrapper_dict},
                                     {}};

}  // namespace

Ref<> bound_method_new(Value function, Value self) {
  Ref<BoundMethod> m = allocate<BoundMethod>(&method_type);
  if (!m) return m;
  m->function.init(Ref<>::retain(function));
  m->self.init(Ref<>::retain(self));
  return m;
}
Ref<> classmethod_new(Value callable) {
  Ref<ClassMethod> m = allocate<ClassMethod>(&classmethod_type);
  if (!m) return m;
  m->callable.init(Ref<>::retain(callable));
  if (!copy_metadata(m.value(), callable)) return Ref<>();
  return m;
}
Ref<> staticmethod_new(Value callable) {
  if (callable.empty()) return Ref<>();
  Ref<StaticMethod> m = allocate<StaticMethod>(&staticmethod_type);
  if (!m) return m;
  m->callable.init(Ref<>::retain(callable));
  if (!has_shape(callable, kShape_native_function) && !copy_metadata(m.value(), callable)) return Ref<>();
  return m;
}

const TypeSpec method_spec = {
    .name = "method",
    .size = sizeof(BoundMethod),
    .flags = kTypeWeakrefs,
    .slots = {.hash = method_hash,
              .compare = method_compare,
              .repr = method_repr,
              .call = method_call,
              .get_attribute = method_get_attribute,
              .descriptor_get = method_descriptor_get,
              .construct = method_construct},
    .traverse = method_traverse,
    .methods = kMethodMethods,
    .getsets = kMethodGetSets,
};
const TypeSpec property_spec = {
    .name = "property",
    .size = sizeof(Property),
    .flags = kTypeBase,
    .slots = {.descriptor_get = property_get,
              .descriptor_set = property_set,
              .construct = property_construct,
              .init = property_init},
    .traverse = property_traverse,
    .methods = kPropertyMethods,
    .getsets = kPropertyGetSets,
    .members = kPropertyMembers,
    .doc = "Property attribute.",
    .signature = "(fget=None, fset=None, fdel=None, doc=None)",
};
const TypeSpec classmethod_spec = {
    .name = "classmethod",
    .size = sizeof(ClassMethod),
    .flags = kTypeBase | kTypeHasDict,
    .slots = {.repr = classmethod_repr,
              .descriptor_get = classmethod_get,
              .construct = wrapper_construct,
              .init = classmethod_init},
    .traverse = wrapper_traverse,
    .clear = wrapper_clear,
    .getsets = kWrapperGetSets,
    .doc = "Convert a function to be a class method.",
};
const TypeSpec staticmethod_spec = {
    .name = "staticmethod",
    .size = sizeof(StaticMethod),
    .flags = kTypeBase | kTypeHasDict,
    .slots = {.repr = staticmethod_repr,
              .call = staticmethod_call,
              .descriptor_get = staticmethod_get,
              .construct = wrapper_construct,
              .init = staticmethod_init},
    .traverse = wrapper_traverse,
    .clear = wrapper_clear,
    .getsets = kWrapperGetSets,
    .doc = "Convert a function to be a static method.",
};

// ---- super -------------------------------------------------------------------------------------------------------------------

Ref<> super_lookup(Value cls, Type* object_class, Str* name) {
  Ref<> mro = object_class->mro.load(object_class);
  if (!mro) return Ref<>();  // a class in the making: its metaclass' mro() runs
  Tuple* t = as_tuple(mro.value());
  int64_t i = 0;
  while (i < t->length && !t->at(i).same(cls)) ++i;
  for (++i; i < t->length; ++i) {
    Ref<> found = dict_get_str(as_dict(reinterpret_cast<Type*>(t->at(i).as_object())->dict.peek()), name);
    if (found || error_pending()) return found;
  }
  return Ref<>();
}

namespace {
// The class whose MRO is searched for super(type, object).
Ref<> super_check(Value type, Value object) {
  constexpr const char* kMismatch = "super(type, obj): obj must be an instance or subtype of type";
  if (type.empty()) return raise(exc::TypeError, kMismatch);  // __init__ was not called
  auto* t = as<Type>(type);
  if (is_instance_of(object, &type_type) && is_subtype(as<Type>(object), t)) return Ref<>::retain(object);
  if (is_instance_of(object, t)) return Ref<>::retain(Value::object(type_of(object)));
  Ref<> cls = find_attribute(object, names::class_dunder.str());
  if (!cls && error_pending()) return Ref<>();
  if (cls && is_instance_of(cls.value(), &type_type) && !cls.value().is(type_of(object)) &&
      is_subtype(as<Type>(cls.value()), t)) {
    return cls;
  }
  return raise(exc::TypeError, kMismatch);
}
Ref<> super_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }
bool super_init(Value self, const Args& args) {
  if (args.keyword_count()) return raise(exc::TypeError, "super() takes no keyword arguments");
  if (args.count > 2) return raise(exc::TypeError, "super expected at most 2 arguments, got %d", static_cast<int>(args.count));
  Ref<> type, object;
  if (args.count == 0) {
    if (!super_from_frame(&type, &object)) return false;
  } else {
    type = Ref<>::retain(args.values[0]);
    if (args.count == 2 && !is_none(args.values[1])) object = Ref<>::retain(args.values[1]);
  }
  if (!is_instance_of(type.value(), &type_type)) {
    return raise(exc::TypeError, "super() argument 1 must be a type, not %T", type.value());
  }
  auto* s = as<Super>(self);
  Ref<> object_type_ref;
  if (object) {
    object_type_ref = super_check(type.value(), object.value());
    if (!object_type_ref) return false;
  }
  s->type.store(s, std::move(type));
  s->object.store(s, std::move(object));
  s->object_type.store(s, std::move(object_type_ref));
  return true;
}
Ref<> super_get_attribute(Value self, Str* name) {
  auto* s = as<Super>(self);
  Ref<> object_class = s->object_type.load(s);
  if (object_class && !name->equals_ascii("__class__")) {
    Ref<> type = s->type.load(s);
    Ref<> found = super_lookup(type.value(), as<Type>(object_class.value()), name);
    if (!found && error_pending()) return Ref<>();
    if (found) {
      auto get = type_of(found.value())->slots.descriptor_get;
      if (!get) return found;
      Ref<> object = s->object.load(s);
      bool through_class = !object || object.value().same(object_class.value());
      return get(found.value(), through_class ? Value() : object.value(), object_class.value());
    }
  }
  return generic_get_attribute(self, name);
}
Ref<> super_descriptor_get(Value self, Value instance, Value) {
  auto* s = as<Super>(self);
  if (instance.empty() || is_none(instance) || !s->object.peek().empty()) return Ref<>::retain(self);
  Ref<> type = s->type.load(s);
  if (type_of(self) != &super_type) {
    Value cls = Value::object(type_of(self));
    return type ? call_values(cls, {type.value(), instance}) : call0(cls);
  }
  Ref<> object_class = super_check(type.value(), instance);
  if (!object_class) return Ref<>();
  Ref<Super> bound = allocate<Super>(&super_type);
  if (!bound) return bound;
  bound->type.init(std::move(type));
  bound->object.init(Ref<>::retain(instance));
  bound->object_type.init(std::move(object_class));
  return bound;
}
Ref<> super_repr(Value self) {
  auto* s = as<Super>(self);
  Ref<> type = s->type.load(s), object_class = s->object_type.load(s);
  Ref<Str> name = type ? Ref<Str>::retain(as_str(as<Type>(type.value())->name.peek())) : str_from_ascii("NULL");
  if (!object_class) return str_format("<super: <class '%U'>, NULL>", name.get());
  return str_format("<super: <class '%U'>, <%F object>>", name.get(), as<Type>(object_class.value()));
}
void super_traverse(Object* o, FieldVisitor& v) {
  v(as<Super>(o)->type);
  v(as<Super>(o)->object);
  v(as<Super>(o)->object_type);
}
const MemberDef kSuperMembers[] = {{"__thisclass__", static_cast<uint32_t>(__builtin_offsetof(Super, type))},
                                   {"__self__", static_cast<uint32_t>(__builtin_offsetof(Super, object))},
                                   {"__self_class__", static_cast<uint32_t>(__builtin_offsetof(Super, object_type))},
                                   {}};
}  // namespace

const TypeSpec super_spec = {
    .name = "super",
    .size = sizeof(Super),
    .flags = kTypeBase,
    .slots = {.repr = super_repr,
              .get_attribute = super_get_attribute,
              .descriptor_get = super_descriptor_get,
              .construct = super_construct,
              .init = super_init},
    .traverse = super_traverse,
    .members = kSuperMembers,
    .doc = "super() -> same as super(__class__, <first argument>)",
};

}  // namespace pt
