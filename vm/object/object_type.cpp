// `object`: the root of all types.
#include <algorithm>
#include <vector>

#include "gc/heap/heap.h"
#include "vm/object/attributes.h"
#include "vm/object/dependency.h"
#include "vm/object/descriptors.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/object/type_build.h"
#include "vm/types/container_inl.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type object_type;

namespace {

Type* as_type(Value v) { return reinterpret_cast<Type*>(v.as_object()); }

Raised abstract_instantiation(Type* type) {
  Ref<> abstract_methods = get_attribute(Value::object(type), names::abstractmethods.str());
  if (!abstract_methods) return {};
  Ref<List> sorted = list_from_iterable(abstract_methods.value());
  if (!sorted || !list_sort(sorted.get(), Value(), false)) return {};
  int64_t n = list_size(sorted.get());
  Ref<Str> comma = str_from_ascii(", ");
  Ref<Str> joined = comma ? str_join(comma.get(), sorted.value()) : Ref<Str>();
  if (!joined) return {};
  return raise(exc::TypeError, "Can't instantiate abstract class %F with abstract method%s %U", type, n > 1 ? "s" : "",
               joined.get());
}

// Arguments are an error unless the other one of __new__ and __init__ takes them.
bool excess_arguments(const Args& args) { return args.total() != 0; }

Ref<> object_construct(Type* type, const Args& args) {
  if (PT_UNLIKELY(excess_arguments(args))) {
    if (type->slots.construct != object_construct) {
      return raise(exc::TypeError, "object.__new__() takes exactly one argument (the type to instantiate)");
    }
    if (type->slots.init == object_type.slots.init) return raise(exc::TypeError, "%F() takes no arguments", type);
  }
  if (PT_UNLIKELY(has_flag(type, kTypeAbstract))) return abstract_instantiation(type);
  return Ref<>::steal(Value::object(allocate_instance(type)));
}
bool object_init(Value self, const Args& args) {
  if (PT_UNLIKELY(excess_arguments(args))) {
    Type* type = type_of(self);
    if (type->slots.init != object_init) {
      return raise(exc::TypeError, "object.__init__() takes exactly one argument (the instance to initialize)");
    }
    if (type->slots.construct == object_construct) {
      return raise(exc::TypeError, "%F.__init__() takes exactly one argument (the instance to initialize)", type);
    }
  }
  return true;
}
Ref<> object_repr(Value self) {
  Type* type = type_of(self);
  Ref<> module_name = get_attribute(Value::object(type), names::module.str());
  clear_error();
  char address[32];
  __builtin_snprintf(address, sizeof(address), "0x%lx", self.identity());
  if (module_name && is_str(module_name.value()) && !as_str(module_name.value())->equals_ascii("builtins")) {
    return str_format("<%U.%U object at %s>", as_str(module_name.value()), as_str(type->qualname.peek()), address);
  }
  return str_format("<%U object at %s>", as_str(type->qualname.peek()), address);
}
// str() says what it thinks of the result.
Ref<> object_str(Value self) { return type_of(self)->slots.repr(self); }
Ref<> object_compare(Value a, Value b, CompareOp op) {
  if (op == CompareOp::kEq) return a.same(b) ? bool_ref(true) : not_implemented_ref();
  if (op == CompareOp::kNe) {
    // Inverts __eq__.
    auto slot = type_of(a)->slots.compare;
    if (!slot) return not_implemented_ref();
    Ref<> result = slot(a, b, CompareOp::kEq);
    if (!result || is_not_implemented(result.value())) return result;
    int t = truth(result.value());
    return t < 0 ? Ref<>() : bool_ref(!t);
  }
  return not_implemented_ref();
}

Ref<> get_class(Value self) { return Ref<>::retain(Value::object(type_of(self))); }
bool same_layout(const Type* a, const Type* b) {
  return a->slots_end == b->slots_end && a->attributes_offset == b->attributes_offset && a->item_size == b->item_size &&
         a->layout.destroy == b->layout.destroy && a->layout.traverse == b->layout.traverse;
}
// The names of the members that the class itself adds by __slots__, in layout order.
bool own_members(const Type* type, std::vector<Str*>* out) {
  Ref<Dict> dict = Ref<Dict>::retain(as_dict(type->dict.peek()));
  int64_t position = 0;
  Ref<> key, value;
  std::vector<std::pair<uint32_t, Str*>> found;
  while (dict_next(dict.get(), &position, &key, &value)) {
    if (!has_shape(value.value(), kShape_member_descriptor)) continue;
    auto* member = reinterpret_cast<MemberDescriptor*>(value.value().as_object());
    if (member->owner == type) found.emplace_back(member->offset, as_str(member->name.peek()));
  }
  std::sort(found.begin(), found.end());
  for (auto& [offset, name] : found) out->push_back(name);
  return !error_pending();
}
bool adds_dict(const Type* type) { return type->attributes_offset && !type->base->attributes_offset; }
bool adds_weakrefs(const Type* type) { return has_flag(type, kTypeWeakrefs) && !has_flag(type->base, kTypeWeakrefs); }
// The nearest class that adds to the layout of its base.
const Type* layout_class(const Type* type) {
  std::vector<Str*> members;
  while (has_flag(type, kTypeHeap) && !adds_dict(type) && !adds_weakrefs(type)) {
    if (!own_members(type, &members) || !members.empty()) break;
    type = type->base;
  }
  return type;
}
// Instances of one may become instances of the other: both add the same to the same base.
bool assignable_layout(const Type* a, const Type* b) {
  if (!same_layout(a, b)) return false;
  a = layout_class(a);
  b = layout_class(b);
  if (a == b) return true;
  std::vector<Str*> of_a, of_b;  // names are interned
  return has_flag(a, kTypeHeap) && has_flag(b, kTypeHeap) && a->base == b->base && adds_dict(a) == adds_dict(b) &&
         adds_weakrefs(a) == adds_weakrefs(b) && own_members(a, &of_a) && own_members(b, &of_b) && of_a == of_b;
}
bool put_class(Value self, Value v) {
  if (v.empty()) return raise(exc::TypeError, "can't delete __class__ attribute");
  if (!is_instance_of(v, &type_type)) {
    return raise(exc::TypeError, "__class__ must be set to a class, not '%T' object", v);
  }
  Type* to = as_type(v);
  Type* from = type_of(self);
  if (is_module(self) && is_subtype(to, &module_type) && from->slots_end == to->slots_end) {
    LockGuard guard(self.as_object());
    self.as_object()->shape_id.store(shape_id_of(to->instance_shape.load(std::memory_order_acquire)), std::memory_order_release);
    return true;
  }
  if (!has_flag(to, kTypeHeap) || !has_flag(from, kTypeHeap)) {
    return raise(exc::TypeError, "__class__ assignment only supported for mutable types or ModuleType subclasses");
  }
  if (!assignable_layout(from, to)) {
    if (error_pending()) return false;
    return raise(exc::TypeError, "__class__ assignment: '%F' object layout differs from '%F'", to, from);
  }
  Object* o = self.as_object();
  if (to->attributes_offset) {
    Ref<Dict> dict = instance_dict(o);  // dict mode: independent of the old type's shapes
    Shape* shape = dict ? shape_dict_mode(to->instance_shape.load(std::memory_order_acquire)) : nullptr;
    if (!shape) return error_pending() ? false : static_cast<bool>(raise_no_memory());
    // The inline slots of the old shape are empty now; a dict-mode object never uses them.
    LockGuard guard(o);
    o->shape_id.store(shape_id_of(shape), std::memory_order_release);
  } else {
    LockGuard guard(o);
    o->shape_id.store(shape_id_of(to->instance_shape.load(std::memory_order_acquire)), std::memory_order_release);
  }
  return true;
}
const GetSetDef kObjectGetSets[] = {{"__class__", get_class, put_class, "the object's class"}, {}};

Ref<> object_format(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "__format__() argument must be str, not %T", a[1]);
  if (as_str(a[1])->length) {
    return raise(exc::TypeError, "unsupported format string passed to %T.__format__", a[0]);
  }
  return str(a[0]);
}
Ref<> object_dir(const Value* a) {
  Ref<Dict> all = dict_new();
  if (!all) return all;
  Ref<> own = find_attribute(a[0], names::dict.str());
  if (!own && error_pending()) return Ref<>();
  Ref<> cls = get_attribute(a[0], names::class_dunder.str());
  if (cls && is_instance_of(cls.value(), &type_type)) {
    if (!type_collect_dir(as_type(cls.value()), all.get())) return Ref<>();
  }
  clear_error();
  if (own && is_dict(own.value()) && !dict_merge(all.get(), as_dict(own.value()), true)) return Ref<>();
  return dict_keys_list(all.get());
}
Ref<> object_sizeof(const Value* a) {
  if (!a[0].is_object()) return int_from_int64(a[0].is_small_int() ? 28 : 24);
  return int_from_int64(static_cast<int64_t>(slot_size(a[0].as_object())));
}
Ref<> object_init_subclass(const Value*) { return none_ref(); }
Ref<> object_subclasshook(const Value*) { return not_implemented_ref(); }

// The names of __slots__ that pickling copies.
Ref<> slot_names(Type* type) {
  Ref<> copyreg = import_attribute("copyreg", "_slotnames");
  if (!copyreg) return copyreg;
  return call1(copyreg.value(), Value::object(type));
}
Ref<> object_getstate(const Value* a) {
  Value self = a[0];
  Type* type = type_of(self);
  Ref<> state;
  if (self.is_object() && type->attributes_offset) {
    Ref<Dict> dict = instance_snapshot(self.as_object());
    if (!dict) return Ref<>();
    state = dict_size(dict.get()) ? Ref<>(std::move(dict)) : none_ref();
  } else {
    state = none_ref();
  }
  Ref<> names_list = slot_names(type);
  if (!names_list) return Ref<>();
  if (is_list(names_list.value()) && list_size(as_list(names_list.value())) > 0) {
    Ref<Dict> slots = dict_new();
    if (!slots) return Ref<>();
    Ref<Tuple> all = list_to_tuple(as_list(names_list.value()));
    for (int64_t i = 0; all && i < all->length; ++i) {
      Ref<> value = find_attribute(self, as_str(all->at(i)));
      if (!value) {
        if (error_pending()) return Ref<>();
        continue;
      }
      if (!dict_set(slots.get(), all->at(i), value.value())) return Ref<>();
    }
    if (dict_size(slots.get())) return tuple_of({state.value(), slots.value()});
  }
  return state;
}

Ref<> reduce_new(Value self, int64_t protocol) {
  Type* type = type_of(self);
  Ref<> new_args = Ref<>(Ref<Tuple>::retain(empty_tuple()));
  Ref<> new_kwargs;
  Ref<> get_ex = lookup_special(self, names::getnewargs_ex.str());
  if (get_ex) {
    Ref<> both = call0(get_ex.value());
    if (!both) return both;
    if (!is_tuple(both.value())) {
      return raise(exc::TypeError, "__getnewargs_ex__ should return a tuple, not '%T'", both.value());
    }
    if (as_tuple(both.value())->length != 2) {
      return raise(exc::ValueError, "__getnewargs_ex__ should return a tuple of length 2, not %ld",
                   as_tuple(both.value())->length);
    }
    new_args = Ref<>::retain(as_tuple(both.value())->at(0));
    new_kwargs = Ref<>::retain(as_tuple(both.value())->at(1));
    if (!is_tuple(new_args.value())) {
      return raise(exc::TypeError, "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '%T'",
                   new_args.value());
    }
    if (!is_dict(new_kwargs.value())) {
      return raise(exc::TypeError, "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '%T'",
                   new_kwargs.value());
    }
  } else {
    if (error_pending()) return Ref<>();
    Ref<> get = lookup_special(self, names::getnewargs.str());
    if (get) {
      new_args = call0(get.value());
      if (!new_args) return new_args;
      if (!is_tuple(new_args.value())) {
        return raise(exc::TypeError, "__getnewargs__ should return a tuple, not '%T'", new_args.value());
      }
    } else if (error_pending()) {
      return Ref<>();
    }
  }
  bool has_args = static_cast<bool>(get_ex) || as_tuple(new_args.value())->length > 0;
  Ref<> constructor;
  Ref<> constructor_args;
  bool with_kwargs = new_kwargs && dict_size(as_dict(new_kwargs.value())) > 0;
  if (with_kwargs) {
    if (protocol < 4) {
      // partial(cls.__new__, cls, *args, **kwargs) as copyreg spells it
      constructor = import_attribute("copyreg", "__newobj_ex__");
    } else {
      constructor = import_attribute("copyreg", "__newobj_ex__");
    }
    constructor_args = tuple_of({Value::object(type), new_args.value(), new_kwargs.value()});
  } else {
    constructor = import_attribute("copyreg", "__newobj__");
    Tuple* rest = as_tuple(new_args.value());
    Ref<Tuple> t = tuple_allocate(rest->length + 1);
    if (!t) return t;
    t->items[0].init(Ref<>::retain(Value::object(type)));
    for (int64_t i = 0; i < rest->length; ++i) t->items[i + 1].init(Ref<>::retain(rest->at(i)));
    constructor_args = std::move(t);
  }
  if (!constructor || !constructor_args) return Ref<>();
  Ref<> get_state = get_attribute(self, names::getstate.str());
  if (!get_state) return Ref<>();
  bool default_state =
      has_shape(get_state.value(), kShape_native_function) &&
      type_lookup_borrowed(type, names::getstate.str()).same(type_lookup_borrowed(&object_type, names::getstate.str()));
  if (default_state && !has_args && type->item_size && !is_subtype(type, &list_type) && !has_flag(type, kTypeIntSubclass)) {
    return raise(exc::TypeError, "cannot pickle '%F' object", type);
  }
  if (default_state) {
    // An object whose C++ part holds more than attributes cannot be pickled by copying attributes.
    const Type* builtin = type;
    while (has_flag(builtin, kTypeHeap)) builtin = builtin->base;
    if (builtin != &object_type && !has_args && !has_flag(builtin, kTypeListSubclass | kTypeDictSubclass | kTypeSetSubclass) &&
        builtin->layout.fixed_size > sizeof(Object)) {
      return raise(exc::TypeError, "cannot pickle '%F' object", type);
    }
  }
  Ref<> state = call0(get_state.value());
  if (!state) return Ref<>();
  Ref<> list_items = none_ref(), dict_items = none_ref();
  if (is_list(self)) {
    list_items = get_iter(self);
    if (!list_items) return Ref<>();
  }
  if (is_dict(self)) {
    Ref<> items = call_method(self, "items");
    if (!items) return Ref<>();
    dict_items = get_iter(items.value());
    if (!dict_items) return Ref<>();
  }
  return tuple_of({constructor.value(), constructor_args.value(), state.value(), list_items.value(), dict_items.value()});
}
Ref<> common_reduce(Value self, int64_t protocol) {
  if (protocol >= 2) return reduce_new(self, protocol);
  Ref<> reduce = import_attribute("copyreg", "_reduce_ex");
  if (!reduce) return reduce;
  return call_values(reduce.value(), {self, Value::small_int(protocol)});
}
Ref<> object_reduce(const Value* a) { return common_reduce(a[0], 0); }
Ref<> object_reduce_ex(const Value* a) {
  int64_t protocol;
  if (!to_int64(a[1], &protocol)) return Ref<>();
  // A class that overrides __reduce__ is asked that way.
  Ref<> reduce = get_attribute(a[0], names::reduce.str());
  if (!reduce) return reduce;
  Ref<> on_class = get_attribute(Value::object(type_of(a[0])), names::reduce.str());
  if (!on_class) return on_class;
  Value base = type_lookup_borrowed(&object_type, names::reduce.str());
  if (!on_class.value().same(base)) return call0(reduce.value());
  return common_reduce(a[0], protocol);
}

const NativeDef kObjectMethods[] = {
    {"__format__", "($self, format_spec, /)", object_format, "Default object formatter."},
    {"__dir__", "($self, /)", object_dir, "Default dir() implementation."},
    {"__sizeof__", "($self, /)", object_sizeof, "Size of object in memory, in bytes."},
    {"__reduce__", "($self, /)", object_reduce, "Helper for pickle."},
    {"__reduce_ex__", "($self, protocol, /)", object_reduce_ex, "Helper for pickle."},
    {"__getstate__", "($self, /)", object_getstate, "Helper for pickle."},
    {"__init_subclass__", "($type, /)", object_init_subclass, "This method is called when a class is subclassed.", kClassMethod},
    {"__subclasshook__", "($type, /, *args)", object_subclasshook,
     "Abstract classes can override this to customize issubclass().", kClassMethod},
    {}};

// ---- the singletons ------------------------------------------------------------------------------------------------------

template <int Which>
Ref<> singleton_construct(Type* type, const Args& args) {
  if (args.total()) return raise(exc::TypeError, "%F takes no arguments", type);
  return Which == 0 ? none_ref() : Which == 1 ? not_implemented_ref() : Ref<>::steal(Value::object(&ellipsis_object));
}
Ref<> none_repr(Value) { return str_from_ascii("None"); }
int none_truth(Value) { return 0; }
Ref<> not_implemented_repr(Value) { return str_from_ascii("NotImplemented"); }
int not_implemented_truth(Value) {
  return warn(exc::DeprecationWarning, 1, "NotImplemented should not be used in a boolean context") ? 1 : -1;
}
Ref<> ellipsis_repr(Value) { return str_from_ascii("Ellipsis"); }
Ref<> reduce_name_not_implemented(const Value*) { return str_from_ascii("NotImplemented"); }
Ref<> reduce_name_ellipsis(const Value*) { return str_from_ascii("Ellipsis"); }
const NativeDef kNotImplementedMethods[] = {{"__reduce__", "($self, /)", reduce_name_not_implemented}, {}};
const NativeDef kEllipsisMethods[] = {{"__reduce__", "($self, /)", reduce_name_ellipsis}, {}};

}  // namespace

const TypeSpec object_spec = {
    .name = "object",
    .size = sizeof(Object),
    .flags = kTypeBase,
    .slots = {.hash = identity_hash,
              .compare = object_compare,
              .repr = object_repr,
              .str = object_str,
              .get_attribute = generic_get_attribute,
              .set_attribute = generic_set_attribute,
              .construct = object_construct,
              .init = object_init},
    .methods = kObjectMethods,
    .getsets = kObjectGetSets,
    .doc =
        "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\n"
        "instance that has no instance attributes and cannot be given any.\n",
    .signature = "()",
};

constinit Type none_type, not_implemented_type, ellipsis_type;
constinit Singleton none_object{}, not_implemented_object{}, ellipsis_object{};
constinit BoolObject false_object{}, true_object{};
const TypeSpec none_spec = {.name = "NoneType",
                            .size = sizeof(Object),
                            .slots = {.truth = none_truth, .repr = none_repr, .construct = singleton_construct<0>}};
const TypeSpec not_implemented_spec = {
    .name = "NotImplementedType",
    .size = sizeof(Object),
    .slots = {.truth = not_implemented_truth, .repr = not_implemented_repr, .construct = singleton_construct<1>},
    .methods = kNotImplementedMethods};
const TypeSpec ellipsis_spec = {.name = "ellipsis",
                                .size = sizeof(Object),
                                .slots = {.repr = ellipsis_repr, .construct = singleton_construct<2>},
                                .methods = kEllipsisMethods};

}  // namespace pt
