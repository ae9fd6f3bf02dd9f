// Native callables and the descriptors of builtin types.
#include "vm/object/descriptors.h"

#include <cstring>

#include "gc/platform/memory.h"
#include "vm/object/attributes.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/slot_table.h"
#include "vm/types/dict.h"
#include "vm/types/generic_alias.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type native_function_type, method_descriptor_type, class_method_descriptor_type, wrapper_descriptor_type,
    method_wrapper_type, getset_descriptor_type, member_descriptor_type, native_method_type;

namespace {
template <class T>
T* as(Value v) {
  return reinterpret_cast<T*>(v.as_object());
}

Ref<> text_or_none(const char* text) { return text ? Ref<>(str_from_utf8(text)) : none_ref(); }
Ref<> qualified_name(Type* owner, const char* name) { return str_format("%U.%s", as_str(owner->qualname.peek()), name); }
}  // namespace

Str* intern_name(Str* name, Ref<Str>* holder) {
  if (is_interned(name)) return name;
  Ref<Str> exact = has_shape(Value::object(name), kShape_str) ? Ref<Str>::retain(name) : str_substring(name, 0, name->length);
  if (!exact) return nullptr;
  *holder = Ref<Str>::retain(intern(std::move(exact)));
  return holder->get();
}

// ---- calls ---------------------------------------------------------------------------------------------------------

Ref<> call_native(const NativeDef* def, const NativeSignature* signature, Value self, const Args& args, const Type* owner,
                  Value module_name) {
  constexpr uint32_t kFew = 7;
  if (def->positional && !args.names && !signature->has_self) return def->positional(args.values, args.count);
  if (def->positional && !args.names && args.count <= kFew) {
    Value row[kFew + 1] = {self};
    for (uint32_t i = 0; i < args.count; ++i) row[i + 1] = args.values[i];
    return def->positional(row, args.count + 1);
  }
  // Only positional arguments in the right number: they are in declaration order already.
  if (PT_LIKELY(!args.names && signature->simple)) {
    int offset = signature->has_self;
    auto count = static_cast<int>(args.count);
    if (count + offset >= signature->required && count + offset <= signature->positional) {
      Value values[kMaxNativeParameters];
      values[0] = self;
      for (int i = 0; i < count; ++i) values[offset + i] = args.values[i];
      for (int i = offset + count; i < signature->count; ++i) values[i] = Value();
      return def->function(values);
    }
  }
  BoundArguments bound;
  if (!bind_native(def->name, owner, module_name, signature, self, args, &bound)) return Ref<>();
  return def->function(bound.values);
}

FlatArgs::~FlatArgs() {
  for (uint32_t i = 0; i < owned_; ++i) release(values_[i]);
  if (values_ != inline_) memory::release(values_);
}

bool FlatArgs::assign(Value tuple, Value dict) {
  auto positional = static_cast<uint32_t>(as_tuple(tuple)->length);
  uint32_t keywords = dict.empty() || is_none(dict) ? 0 : static_cast<uint32_t>(dict_size(as_dict(dict)));
  size_t total = size_t{positional} + keywords;
  if (total > 8) {
    values_ = static_cast<Value*>(memory::allocate(total * sizeof(Value)));
    if (!values_) {
      values_ = inline_;
      return raise_no_memory();
    }
  }
  for (uint32_t i = 0; i < positional; ++i) {
    values_[owned_++] = Ref<>::retain(as_tuple(tuple)->at(i)).take();
  }
  if (keywords) {
    names_ = tuple_allocate(keywords);
    if (!names_) return false;
    int64_t position = 0;
    uint32_t at = 0;
    Ref<> key, value;
    while (at < keywords && dict_next(as_dict(dict), &position, &key, &value)) {
      if (!is_str(key.value())) return raise(exc::TypeError, "keywords must be strings");
      names_->items[at].init(std::move(key));
      values_[owned_++] = value.take();
      ++at;
    }
    for (; at < keywords; ++at) {  // the dict shrank meanwhile
      names_->items[at].init(Ref<>::retain(names::self.value()));
      values_[owned_++] = none();
    }
  }
  args_ = Args{values_, positional, keywords ? names_.get() : nullptr};
  return true;
}

Ref<> call_prepended(Value callable, Value first, const Args& args) {
  uint32_t total = args.total() + 1;
  Value inline_values[12];
  Value* values = inline_values;
  if (total > 12) {
    values = static_cast<Value*>(memory::allocate(total * sizeof(Value)));
    if (!values) return raise_no_memory();
  }
  values[0] = first;
  for (uint32_t i = 1; i < total; ++i) values[i] = args.values[i - 1];
  Ref<> result = call(callable, Args{values, args.count + 1, args.names});
  if (values != inline_values) memory::release(values);
  return result;
}

Ref<> call_with_self(Value method, Value self, const Args& args) {
  Type* t = type_of(method);
  if (has_flag(t, kTypeMethodDescriptor)) return call_prepended(method, self, args);
  if (auto get = t->slots.descriptor_get) {
    Ref<> bound = get(method, self, Value::object(type_of(self)));
    if (!bound) return Ref<>();
    return call(bound.value(), args);
  }
  return call(method, args);
}

// ---- builtin functions -----------------------------------------------------------------------------------------------

Ref<> native_function_new(const NativeDef* def, Value self, Value module_name) {
  Ref<NativeFunctionObject> f = allocate<NativeFunctionObject>(&native_function_type);
  if (!f) return f;
  f->def = def;
  if (!self.empty()) f->self.init(Ref<>::retain(self));
  if (!module_name.empty()) f->module.init(Ref<>::retain(module_name));
  return f;
}
Ref<> native_method_new(const NativeDef* def, Value self, Type* owner) {
  Ref<NativeFunctionObject> f = allocate<NativeFunctionObject>(&native_function_type);
  if (!f) return f;
  f->def = def;
  if (!self.empty()) f->self.init(Ref<>::retain(self));
  f->qualname_owner.init(Ref<>::retain(Value::object(owner)));
  return f;
}

namespace {
const Type* owner_of(NativeFunctionObject* f) {
  Value owner = f->qualname_owner.peek();
  return owner.empty() ? nullptr : reinterpret_cast<Type*>(owner.as_object());
}
Ref<> construct_for(Type* owner, const Args& args);
extern const NativeDef kConstructorDef;
Ref<> native_function_call(Value self, const Args& args) {
  auto* f = as<NativeFunctionObject>(self);
  if (f->def == &kConstructorDef) return construct_for(reinterpret_cast<Type*>(f->self.peek().as_object()), args);
  return call_native(f->def, f->signature(), f->self.peek(), args, owner_of(f), f->module.peek());
}
Ref<> native_function_repr(Value self) {
  auto* f = as<NativeFunctionObject>(self);
  Value owner = f->self.peek();
  if (owner.empty() || has_shape(owner, kShape_module)) return str_format("<built-in function %s>", f->def->name);
  char address[32];
  __builtin_snprintf(address, sizeof(address), "%p", static_cast<void*>(owner.as_object()));
  return str_format("<built-in method %s of %T object at %s>", f->def->name, owner, owner.is_object() ? address : "0x0");
}
int64_t native_function_hash(Value self) {
  auto* f = as<NativeFunctionObject>(self);
  auto mixed = static_cast<int64_t>((reinterpret_cast<uintptr_t>(f->def) >> 4) ^ (f->self.peek().untagged().bits() * 31));
  return mixed == -1 ? -2 : mixed;
}
Ref<> native_function_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !has_shape(a, kShape_native_function) ||
      !has_shape(b, kShape_native_function)) {
    return not_implemented_ref();
  }
  auto* x = as<NativeFunctionObject>(a);
  auto* y = as<NativeFunctionObject>(b);
  bool same = x->def == y->def && x->self.peek().same(y->self.peek());
  return bool_ref(same == (op == CompareOp::kEq));
}
Ref<> native_name(Value self) { return str_from_utf8(as<NativeFunctionObject>(self)->def->name); }
Ref<> native_qualname(Value self) {
  auto* f = as<NativeFunctionObject>(self);
  Value bound = f->self.peek();
  if (bound.empty() || has_shape(bound, kShape_module)) return str_from_utf8(f->def->name);
  Type* t = is_instance_of(bound, &type_type) ? reinterpret_cast<Type*>(bound.as_object()) : type_of(bound);
  return qualified_name(t, f->def->name);
}
Ref<> native_doc(Value self) { return text_or_none(as<NativeFunctionObject>(self)->def->doc); }
Ref<> native_text_signature(Value self) { return text_or_none(as<NativeFunctionObject>(self)->def->signature); }
Ref<> native_self(Value self) {
  Ref<> bound = as<NativeFunctionObject>(self)->self.load(self.as_object());
  return bound ? std::move(bound) : none_ref();
}
Ref<> native_module(Value self) {
  Ref<> m = as<NativeFunctionObject>(self)->module.load(self.as_object());
  return m ? std::move(m) : none_ref();
}
bool native_set_module(Value self, Value v) {
  as<NativeFunctionObject>(self)->module.store(self.as_object(), v.empty() ? Ref<>() : Ref<>::retain(v));
  return true;
}
Ref<> native_reduce(const Value* a) {
  auto* f = as<NativeFunctionObject>(a[0]);
  Value bound = f->self.peek();
  if (bound.empty() || has_shape(bound, kShape_module)) return str_from_utf8(f->def->name);
  Ref<> getattr = import_builtin("getattr");
  Ref<Str> name = str_from_utf8(f->def->name);
  if (!getattr || !name) return Ref<>();
  Ref<Tuple> inner = tuple_of({bound, name.value()});
  if (!inner) return inner;
  return tuple_of({getattr.value(), inner.value()});
}
void native_traverse(Object* o, FieldVisitor& v) {
  auto* f = static_cast<NativeFunctionObject*>(o);
  v(f->self);
  v(f->module);
  v(f->qualname_owner);
}
const NativeDef kNativeMethods[] = {{"__reduce__", "($self, /)", native_reduce}, {}};
const GetSetDef kNativeGetSets[] = {{"__name__", native_name},
                                    {"__qualname__", native_qualname},
                                    {"__doc__", native_doc},
                                    {"__text_signature__", native_text_signature},
                                    {"__self__", native_self},
                                    {"__module__", native_module, native_set_module},
                                    {}};
}  // namespace

const TypeSpec native_function_spec = {
    .name = "builtin_function_or_method",
    .size = sizeof(NativeFunctionObject),
    .flags = kTypeNoInstantiate | kTypeWeakrefs,
    .slots = {.hash = native_function_hash,
              .compare = native_function_compare,
              .repr = native_function_repr,
              .call = native_function_call},
    .traverse = native_traverse,
    .methods = kNativeMethods,
    .getsets = kNativeGetSets,
};
// The bound form has the same representation; the type exists for `types.BuiltinMethodType`.
const TypeSpec native_method_spec = {
    .name = "builtin_method", .size = sizeof(NativeFunctionObject), .flags = kTypeNoInstantiate, .traverse = native_traverse};

// ---- method descriptors ------------------------------------------------------------------------------------------------

Ref<> method_descriptor_new(Type* owner, const NativeDef* def) {
  Ref<MethodDescriptor> d =
      allocate<MethodDescriptor>(def->kind == kClassMethod ? &class_method_descriptor_type : &method_descriptor_type);
  if (!d) return d;
  d->def = def;
  d->owner = owner;
  make_immortal(d.get());
  return d;
}

namespace {
Raised wrong_receiver(const char* name, Type* owner, Value got) {
  return raise(exc::TypeError, "descriptor '%s' for '%F' objects doesn't apply to a '%T' object", name, owner, got);
}
Ref<> method_descriptor_call(Value self, const Args& args) {
  auto* d = as<MethodDescriptor>(self);
  if (args.count == 0) {
    return raise(exc::TypeError, "unbound method %F.%s() needs an argument", d->owner, d->def->name);
  }
  if (PT_UNLIKELY(!is_instance_of(args.values[0], d->owner))) {
    return raise(exc::TypeError, "descriptor '%s' for '%F' objects doesn't apply to a '%T' object", d->def->name, d->owner,
                 args.values[0]);
  }
  return call_native(d->def, d->signature(), args.values[0], Args{args.values + 1, args.count - 1, args.names}, d->owner);
}
Ref<> method_descriptor_get(Value self, Value instance, Value) {
  auto* d = as<MethodDescriptor>(self);
  if (instance.empty()) return Ref<>::retain(self);
  if (!is_instance_of(instance, d->owner)) return wrong_receiver(d->def->name, d->owner, instance);
  return native_method_new(d->def, instance, d->owner);
}
Ref<> method_descriptor_repr(Value self) {
  auto* d = as<MethodDescriptor>(self);
  return str_format("<method '%s' of '%F' objects>", d->def->name, d->owner);
}
bool check_class_method_receiver(const MethodDescriptor* d, Value receiver) {
  if (!is_instance_of(receiver, &type_type)) {
    return raise(exc::TypeError, "descriptor '%s' for type '%F' needs a type, not a '%T' as arg 2", d->def->name, d->owner,
                 receiver);
  }
  if (!is_subtype(reinterpret_cast<Type*>(receiver.as_object()), d->owner)) {
    return raise(exc::TypeError, "descriptor '%s' requires a subtype of '%F' but received '%F'", d->def->name, d->owner,
                 reinterpret_cast<Type*>(receiver.as_object()));
  }
  return true;
}
Ref<> class_method_descriptor_get(Value self, Value instance, Value type) {
  auto* d = as<MethodDescriptor>(self);
  Value receiver = !type.empty() ? type : Value::object(type_of(instance));
  return check_class_method_receiver(d, receiver) ? native_method_new(d->def, receiver, d->owner) : Ref<>();
}
Ref<> class_method_descriptor_call(Value self, const Args& args) {
  auto* d = as<MethodDescriptor>(self);
  if (args.count == 0) {
    return raise(exc::TypeError, "descriptor '%s' of '%F' object needs an argument", d->def->name, d->owner);
  }
  if (!check_class_method_receiver(d, args.values[0])) return Ref<>();
  return call_native(d->def, d->signature(), args.values[0], Args{args.values + 1, args.count - 1, args.names}, d->owner);
}
Ref<> descriptor_name(Value self) { return str_from_utf8(as<MethodDescriptor>(self)->def->name); }
Ref<> descriptor_qualname(Value self) {
  auto* d = as<MethodDescriptor>(self);
  return qualified_name(d->owner, d->def->name);
}
Ref<> descriptor_doc(Value self) { return text_or_none(as<MethodDescriptor>(self)->def->doc); }
Ref<> descriptor_text_signature(Value self) { return text_or_none(as<MethodDescriptor>(self)->def->signature); }
Ref<> descriptor_owner(Value self) { return Ref<>::retain(Value::object(as<MethodDescriptor>(self)->owner)); }
Ref<> descriptor_reduce_with(Type* owner, Ref<Str> name) {
  Ref<> getattr = import_builtin("getattr");
  if (!getattr || !name) return Ref<>();
  Ref<Tuple> inner = tuple_of({Value::object(owner), name.value()});
  if (!inner) return inner;
  return tuple_of({getattr.value(), inner.value()});
}
Ref<> descriptor_reduce(const Value* a) {
  auto* d = as<MethodDescriptor>(a[0]);
  return descriptor_reduce_with(d->owner, str_from_utf8(d->def->name));
}
const NativeDef kDescriptorMethods[] = {{"__reduce__", "($self, /)", descriptor_reduce}, {}};
const GetSetDef kDescriptorGetSets[] = {{"__name__", descriptor_name},      {"__qualname__", descriptor_qualname},
                                        {"__doc__", descriptor_doc},        {"__text_signature__", descriptor_text_signature},
                                        {"__objclass__", descriptor_owner}, {}};
}  // namespace

const TypeSpec method_descriptor_spec = {
    .name = "method_descriptor",
    .size = sizeof(MethodDescriptor),
    .flags = kTypeNoInstantiate | kTypeMethodDescriptor,
    .slots = {.repr = method_descriptor_repr, .call = method_descriptor_call, .descriptor_get = method_descriptor_get},
    .methods = kDescriptorMethods,
    .getsets = kDescriptorGetSets,
};
const TypeSpec class_method_descriptor_spec = {
    .name = "classmethod_descriptor",
    .size = sizeof(MethodDescriptor),
    .flags = kTypeNoInstantiate,
    .slots = {.repr = method_descriptor_repr,
              .call = class_method_descriptor_call,
              .descriptor_get = class_method_descriptor_get},
    .getsets = kDescriptorGetSets,
};

// ---- slot wrappers -------------------------------------------------------------------------------------------------------

Ref<> slot_wrapper_new(Type* owner, const SlotDef* def, void* function) {
  Ref<WrapperDescriptor> w = allocate<WrapperDescriptor>(&wrapper_descriptor_type);
  if (!w) return w;
  w->def = def;
  w->function = function;
  w->owner = owner;
  make_immortal(w.get());
  return w;
}
bool is_slot_wrapper_of(Value v, void* function) {
  return has_shape(v, kShape_wrapper_descriptor) && as<WrapperDescriptor>(v)->function == function;
}
void* slot_wrapper_function(Value v, const SlotDef* def, Type* type, bool* other_slot) {
  if (has_shape(v, kShape_method_descriptor)) {
    // A builtin type may have a method for what is a slot too; they do the same.
    auto* d = as<MethodDescriptor>(v);
    bool is_named_so = d->owner && std::strcmp(d->def->name, def->name) == 0 && is_subtype(type, d->owner);
    return is_named_so ? get_slot(d->owner->slots, def->offset) : nullptr;
  }
  if (!has_shape(v, kShape_wrapper_descriptor)) return nullptr;
  auto* w = as<WrapperDescriptor>(v);
  if (!is_subtype(type, w->owner)) return nullptr;
  if (w->def->offset != def->offset) {
    // A name that has two slots (__add__: numbers and sequences), or a wrapper of another name: `__repr__ = X.__str__`.
    *other_slot = std::strcmp(w->def->name, def->name) == 0;
    return nullptr;
  }
  if (w->def->wrapper != def->wrapper) return nullptr;
  return w->function;
}

namespace {
Ref<> wrapper_invoke(WrapperDescriptor* w, Value self, const Args& args) {
  BoundArguments bound;
  const NativeSignature* s = w->signature();
  // Slot wrappers count in CPython's older style: "expected 1 argument, got 0".
  if (!s->var_positional) {
    if (args.keyword_count()) return raise(exc::TypeError, "wrapper %s() takes no keyword arguments", w->def->name);
    auto given_count = static_cast<int>(args.count) + 1;
    if (given_count < s->required || given_count > s->positional) {
      int expected = given_count < s->required ? s->required - 1 : s->positional - 1;
      if (s->required == s->positional) {
        return raise(exc::TypeError, "expected %d argument%s, got %d", expected, expected == 1 ? "" : "s", given_count - 1);
      }
      return raise(exc::TypeError, "expected at %s %d argument%s, got %d", given_count < s->required ? "least" : "most", expected,
                   expected == 1 ? "" : "s", given_count - 1);
    }
  }
  if (!bind_native(w->def->name, w->owner, Value(), s, self, args, &bound)) return Ref<>();
  return w->def->wrapper(w->function, bound.values);
}
Ref<> wrapper_call(Value self, const Args& args) {
  auto* w = as<WrapperDescriptor>(self);
  if (args.count == 0) {
    return raise(exc::TypeError, "descriptor '%s' of '%F' object needs an argument", w->def->name, w->owner);
  }
  if (!is_instance_of(args.values[0], w->owner)) {
    return raise(exc::TypeError, "descriptor '%s' requires a '%F' object but received a '%T'", w->def->name, w->owner,
                 args.values[0]);
  }
  return wrapper_invoke(w, args.values[0], Args{args.values + 1, args.count - 1, args.names});
}
Ref<> wrapper_get(Value self, Value instance, Value) {
  auto* w = as<WrapperDescriptor>(self);
  if (instance.empty()) return Ref<>::retain(self);
  if (!is_instance_of(instance, w->owner)) return wrong_receiver(w->def->name, w->owner, instance);
  Ref<MethodWrapper> m = allocate<MethodWrapper>(&method_wrapper_type);
  if (!m) return m;
  m->descriptor.init(Ref<>::retain(self));
  m->self.init(Ref<>::retain(instance));
  return m;
}
Ref<> wrapper_repr(Value self) {
  auto* w = as<WrapperDescriptor>(self);
  return str_format("<slot wrapper '%s' of '%F' objects>", w->def->name, w->owner);
}
Ref<> wrapper_name(Value self) { return str_from_utf8(as<WrapperDescriptor>(self)->def->name); }
Ref<> wrapper_qualname(Value self) {
  return qualified_name(as<WrapperDescriptor>(self)->owner, as<WrapperDescriptor>(self)->def->name);
}
Ref<> wrapper_doc(Value self) { return text_or_none(as<WrapperDescriptor>(self)->def->doc); }
Ref<> wrapper_signature(Value self) { return text_or_none(as<WrapperDescriptor>(self)->def->signature); }
Ref<> wrapper_owner(Value self) { return Ref<>::retain(Value::object(as<WrapperDescriptor>(self)->owner)); }
Ref<> wrapper_reduce(const Value* a) {
  return descriptor_reduce_with(as<WrapperDescriptor>(a[0])->owner, str_from_utf8(as<WrapperDescriptor>(a[0])->def->name));
}
const NativeDef kWrapperMethods[] = {{"__reduce__", "($self, /)", wrapper_reduce}, {}};
const GetSetDef kWrapperGetSets[] = {{"__name__", wrapper_name},      {"__qualname__", wrapper_qualname},
                                     {"__doc__", wrapper_doc},        {"__text_signature__", wrapper_signature},
                                     {"__objclass__", wrapper_owner}, {}};

WrapperDescriptor* wrapped(Value self) { return as<WrapperDescriptor>(as<MethodWrapper>(self)->descriptor.peek()); }
Ref<> method_wrapper_call(Value self, const Args& args) {
  return wrapper_invoke(wrapped(self), as<MethodWrapper>(self)->self.peek(), args);
}
Ref<> method_wrapper_repr(Value self) {
  Value bound = as<MethodWrapper>(self)->self.peek();
  char address[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", bound.identity());
  return str_format("<method-wrapper '%s' of %T object at %s>", wrapped(self)->def->name, bound, address);
}
Ref<> method_wrapper_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !has_shape(a, kShape_method_wrapper) ||
      !has_shape(b, kShape_method_wrapper)) {
    return not_implemented_ref();
  }
  bool same = wrapped(a) == wrapped(b) && as<MethodWrapper>(a)->self.peek().same(as<MethodWrapper>(b)->self.peek());
  return bool_ref(same == (op == CompareOp::kEq));
}
int64_t method_wrapper_hash(Value self) {
  auto h =
      static_cast<int64_t>((reinterpret_cast<uintptr_t>(wrapped(self)) >> 4) ^ as<MethodWrapper>(self)->self.peek().identity());
  return h == -1 ? -2 : h;
}
Ref<> method_wrapper_self(Value self) { return Ref<>::retain(as<MethodWrapper>(self)->self.peek()); }
Ref<> method_wrapper_name(Value self) { return wrapper_name(Value::object(wrapped(self))); }
Ref<> method_wrapper_qualname(Value self) { return wrapper_qualname(Value::object(wrapped(self))); }
Ref<> method_wrapper_doc(Value self) { return wrapper_doc(Value::object(wrapped(self))); }
Ref<> method_wrapper_signature(Value self) { return wrapper_signature(Value::object(wrapped(self))); }
Ref<> method_wrapper_owner(Value self) { return wrapper_owner(Value::object(wrapped(self))); }
Ref<> method_wrapper_reduce(const Value* a) {
  Ref<> getattr = import_builtin("getattr");
  Ref<> name = method_wrapper_name(a[0]);
  if (!getattr || !name) return Ref<>();
  Ref<Tuple> inner = tuple_of({as<MethodWrapper>(a[0])->self.peek(), name.value()});
  if (!inner) return inner;
  return tuple_of({getattr.value(), inner.value()});
}
const NativeDef kMethodWrapperMethods[] = {{"__reduce__", "($self, /)", method_wrapper_reduce}, {}};
const GetSetDef kMethodWrapperGetSets[] = {{"__self__", method_wrapper_self},
                                           {"__name__", method_wrapper_name},
                                           {"__qualname__", method_wrapper_qualname},
                                           {"__doc__", method_wrapper_doc},
                                           {"__text_signature__", method_wrapper_signature},
                                           {"__objclass__", method_wrapper_owner},
                                           {}};
void method_wrapper_traverse(Object* o, FieldVisitor& v) {
  v(static_cast<MethodWrapper*>(o)->descriptor);
  v(static_cast<MethodWrapper*>(o)->self);
}
}  // namespace

const TypeSpec wrapper_descriptor_spec = {
    .name = "wrapper_descriptor",
    .size = sizeof(WrapperDescriptor),
    .flags = kTypeNoInstantiate | kTypeMethodDescriptor,
    .slots = {.repr = wrapper_repr, .call = wrapper_call, .descriptor_get = wrapper_get},
    .methods = kWrapperMethods,
    .getsets = kWrapperGetSets,
};
const TypeSpec method_wrapper_spec = {
    .name = "method-wrapper",
    .size = sizeof(MethodWrapper),
    .flags = kTypeNoInstantiate,
    .slots = {.hash = method_wrapper_hash,
              .compare = method_wrapper_compare,
              .repr = method_wrapper_repr,
              .call = method_wrapper_call},
    .traverse = method_wrapper_traverse,
    .methods = kMethodWrapperMethods,
    .getsets = kMethodWrapperGetSets,
};

// ---- getset and member descriptors -----------------------------------------------------------------------------------------

Ref<> getset_descriptor_new(Type* owner, const GetSetDef* def) {
  Ref<GetSetDescriptor> d = allocate<GetSetDescriptor>(&getset_descriptor_type);
  if (!d) return d;
  d->def = def;
  d->owner = owner;
  d->name.init(Ref<>::retain(Value::object(intern(def->name))));
  make_deferred(d.get());
  return d;
}
Ref<> member_descriptor_new(Type* owner, Str* name, uint32_t offset, bool writable, bool deletable, const char* doc,
                            MemberKind kind) {
  Ref<MemberDescriptor> d = allocate<MemberDescriptor>(&member_descriptor_type);
  if (!d) return d;
  d->offset = offset;
  d->writable = writable;
  d->deletable = deletable;
  d->kind = kind;
  d->owner = owner;
  d->name.init(Ref<>::retain(Value::object(name)));
  d->doc = doc;
  make_deferred(d.get());
  return d;
}

namespace {
Ref<> getset_get(Value self, Value instance, Value) {
  auto* d = as<GetSetDescriptor>(self);
  if (instance.empty()) return Ref<>::retain(self);
  if (!is_instance_of(instance, d->owner)) return wrong_receiver(d->def->name, d->owner, instance);
  if (!d->def->get) {
    return raise(exc::AttributeError, "attribute '%s' of '%F' objects is not readable", d->def->name, d->owner);
  }
  return d->def->get(instance);
}
bool getset_set(Value self, Value instance, Value value) {
  auto* d = as<GetSetDescriptor>(self);
  if (!is_instance_of(instance, d->owner)) return wrong_receiver(d->def->name, d->owner, instance);
  if (!d->def->set) {
    return raise(exc::AttributeError, "attribute '%s' of '%F' objects is not writable", d->def->name, d->owner);
  }
  return d->def->set(instance, value);
}
Ref<> getset_repr(Value self) {
  auto* d = as<GetSetDescriptor>(self);
  return str_format("<attribute '%s' of '%F' objects>", d->def->name, d->owner);
}
Ref<> getset_name(Value self) { return Ref<>::retain(as<GetSetDescriptor>(self)->name.peek()); }
Ref<> getset_qualname(Value self) {
  return qualified_name(as<GetSetDescriptor>(self)->owner, as<GetSetDescriptor>(self)->def->name);
}
Ref<> getset_doc(Value self) { return text_or_none(as<GetSetDescriptor>(self)->def->doc); }
Ref<> getset_owner(Value self) { return Ref<>::retain(Value::object(as<GetSetDescriptor>(self)->owner)); }
const GetSetDef kGetSetGetSets[] = {
    {"__name__", getset_name}, {"__qualname__", getset_qualname}, {"__doc__", getset_doc}, {"__objclass__", getset_owner}, {}};

Field& member_field(MemberDescriptor* d, Value instance) {
  return *reinterpret_cast<Field*>(reinterpret_cast<char*>(instance.as_object()) + d->offset);
}
Ref<> member_get(Value self, Value instance, Value) {
  auto* d = as<MemberDescriptor>(self);
  if (instance.empty()) return Ref<>::retain(self);
  if (!is_instance_of(instance, d->owner)) {
    return raise(exc::TypeError, "descriptor %R for '%F' objects doesn't apply to a '%T' object", d->name.peek(), d->owner,
                 instance);
  }
  if (d->kind == MemberKind::kInt32) {
    return Ref<>::steal(Value::small_int(*reinterpret_cast<int32_t*>(reinterpret_cast<char*>(instance.as_object()) + d->offset)));
  }
  Ref<> value = member_field(d, instance).load(instance.as_object());
  if (value) return value;
  if (!d->deletable) return none_ref();
  return raise_attribute_error(instance, as_str(d->name.peek()));
}
bool member_set(Value self, Value instance, Value value) {
  auto* d = as<MemberDescriptor>(self);
  if (!is_instance_of(instance, d->owner)) {
    return raise(exc::TypeError, "descriptor %R for '%F' objects doesn't apply to a '%T' object", d->name.peek(), d->owner,
                 instance);
  }
  if (!d->writable) return raise(exc::AttributeError, "readonly attribute");
  Field& field = member_field(d, instance);
  Ref<> old;
  {
    LockGuard guard(instance.as_object());
    old = field.exchange_locked(value.empty() ? Ref<>() : Ref<>::retain(value));
  }
  if (value.empty() && !old) return raise_attribute_error(instance, as_str(d->name.peek()));
  return true;
}
Ref<> member_repr(Value self) {
  auto* d = as<MemberDescriptor>(self);
  return str_format("<member '%U' of '%F' objects>", as_str(d->name.peek()), d->owner);
}
Ref<> member_name(Value self) { return Ref<>::retain(as<MemberDescriptor>(self)->name.peek()); }
Ref<> member_qualname(Value self) {
  auto* d = as<MemberDescriptor>(self);
  return str_format("%U.%U", as_str(d->owner->qualname.peek()), as_str(d->name.peek()));
}
Ref<> member_doc(Value self) { return text_or_none(as<MemberDescriptor>(self)->doc); }
Ref<> member_owner(Value self) { return Ref<>::retain(Value::object(as<MemberDescriptor>(self)->owner)); }
Ref<> member_reduce(const Value* a) {
  auto* d = as<MemberDescriptor>(a[0]);
  return descriptor_reduce_with(d->owner, Ref<Str>::retain(as_str(d->name.peek())));
}
const NativeDef kMemberMethods[] = {{"__reduce__", "($self, /)", member_reduce}, {}};
const GetSetDef kMemberGetSets[] = {
    {"__name__", member_name}, {"__qualname__", member_qualname}, {"__doc__", member_doc}, {"__objclass__", member_owner}, {}};
void getset_traverse(Object* o, FieldVisitor& v) { v(static_cast<GetSetDescriptor*>(o)->name); }
void member_traverse(Object* o, FieldVisitor& v) {
  v(static_cast<MemberDescriptor*>(o)->owner_ref);
  v(static_cast<MemberDescriptor*>(o)->name);
}
}  // namespace

const TypeSpec getset_descriptor_spec = {
    .name = "getset_descriptor",
    .size = sizeof(GetSetDescriptor),
    .flags = kTypeNoInstantiate,
    .slots = {.repr = getset_repr, .descriptor_get = getset_get, .descriptor_set = getset_set},
    .traverse = getset_traverse,
    .getsets = kGetSetGetSets,
};
const TypeSpec member_descriptor_spec = {
    .name = "member_descriptor",
    .size = sizeof(MemberDescriptor),
    .flags = kTypeNoInstantiate,
    .slots = {.repr = member_repr, .descriptor_get = member_get, .descriptor_set = member_set},
    .traverse = member_traverse,
    .methods = kMemberMethods,
    .getsets = kMemberGetSets,
};

// ---- __new__ of builtin types ------------------------------------------------------------------------------------------------

namespace {
Ref<> constructor_call(const Value* a);
const NativeDef kConstructorDef = {"__new__", "($type, /, *args, **kwargs)", constructor_call,
                                   "Create and return a new object.  See help(type) for accurate signature."};
// `owner` is the type whose __new__ this is; the first argument the type to make.
Ref<> construct_for(Type* owner, const Args& args) {
  if (args.count == 0) return raise(exc::TypeError, "%F.__new__(): not enough arguments", owner);
  if (!is_instance_of(args.values[0], &type_type)) {
    return raise(exc::TypeError, "%F.__new__(X): X is not a type object (%T)", owner, args.values[0]);
  }
  auto* type = reinterpret_cast<Type*>(args.values[0].as_object());
  if (!is_subtype(type, owner)) {
    return raise(exc::TypeError, "%F.__new__(%F): %F is not a subtype of %F", owner, type, type, owner);
  }
  if (has_flag(type, kTypeNoInstantiate)) return raise(exc::TypeError, "cannot create '%F' instances", type);
  // object.__new__(int) is refused: the most derived builtin type's constructor must be used.
  Type* builtin = type;
  while (builtin && has_flag(builtin, kTypeHeap)) builtin = builtin->base;
  if (builtin && builtin->slots.construct != owner->slots.construct) {
    return raise(exc::TypeError, "%F.__new__(%F) is not safe, use %F.__new__()", owner, type, builtin);
  }
  return owner->slots.construct(type, Args{args.values + 1, args.count - 1, args.names});
}
Ref<> constructor_call(const Value* a) {
  FlatArgs flat;
  if (!flat.assign(a[1], a[2])) return Ref<>();
  return construct_for(reinterpret_cast<Type*>(a[0].as_object()), flat.args());
}
}  // namespace

Ref<> type_constructor_function(Type* type) { return native_function_new(&kConstructorDef, Value::object(type), Value()); }
void* native_constructor_of(Value v, Type*) {
  if (!has_shape(v, kShape_native_function) || as<NativeFunctionObject>(v)->def != &kConstructorDef) return nullptr;
  return reinterpret_cast<void*>(
      reinterpret_cast<Type*>(as<NativeFunctionObject>(v)->self.peek().as_object())->slots.construct.load());
}

}  // namespace pt
