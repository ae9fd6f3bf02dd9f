// _collections: defaultdict, the field getters of named tuples, and the counting loop of Counter.
#include "vm/modules/collections/collections.h"
#include "vm/modules/collections/deque_methods.h"

#include "vm/modules/support.h"
#include "vm/types/dict.h"
#include "vm/types/dict_order.h"
#include "vm/types/str.h"
#include "vm/types/tuple_getter.h"

#pragma clang diagnostic ignored "-Winvalid-offsetof"  // objects derive from Object; clang lays them out in order

namespace pt {

constinit Type default_dict_type = {}, tuple_getter_type = {};

namespace {

// ---- defaultdict -------------------------------------------------------------------------------------------------

struct DefaultDict : Dict {
  Field default_factory;  // or empty
};
Ref<> factory_of(Value self) {
  auto* d = object_of<DefaultDict>(self);
  return d->default_factory.load(d);
}

constinit Name kMissing("__missing__");

bool default_dict_init(Value self, const Args& args) {
  auto* d = object_of<DefaultDict>(self);
  Args rest = args;
  Ref<> factory;
  if (args.count) {
    Value first = args.values[0];
    if (!is_callable(first) && !is_none(first)) {
      return raise(exc::TypeError, "first argument must be callable or None");
    }
    factory = is_none(first) ? Ref<>() : Ref<>::retain(first);
    rest = Args{args.values + 1, args.count - 1, args.names};
  }
  d->default_factory.store(d, std::move(factory));
  return dict_type.slots.init(self, rest);
}

Ref<> default_dict_missing(const Value* a) {
  Ref<> factory = factory_of(a[0]);
  if (!factory || is_none(factory.value())) return raise_key_error(a[1]);
  Ref<> value = call0(factory.value());
  if (!value || !set_item(a[0], a[1], value.value())) return Ref<>();
  return value;
}

Ref<> default_dict_get_item(Value self, Value key) {
  int64_t h = hash(key);
  if (h == -1) return Ref<>();
  Ref<> found = dict_get_hashed(object_of<Dict>(self), key, h);
  if (found || error_pending()) return found;
  if (type_of(self) == &default_dict_type) {
    const Value arguments[2] = {self, key};
    return default_dict_missing(arguments);
  }
  Ref<> missing = lookup_special(self, kMissing.str());
  if (missing) return call1(missing.value(), key);
  if (error_pending()) return Ref<>();
  return raise_key_error(key);
}

// A new one of the same class with the same factory, filled from `contents`.
Ref<> default_dict_like(Value self, Value contents) {
  Ref<> factory = factory_of(self);
  return call_values(type_value(self), {factory ? factory.value() : none(), contents});
}
Ref<> default_dict_copy(const Value* a) { return default_dict_like(a[0], a[0]); }

Ref<> default_dict_reduce(const Value* a) {
  Ref<> factory = factory_of(a[0]);
  Ref<Tuple> arguments = factory && !is_none(factory.value()) ? tuple_of({factory.value()}) : Ref<Tuple>::retain(empty_tuple());
  Ref<> items = call_method(a[0], "items");
  Ref<> iterator = items ? get_iter(items.value()) : Ref<>();
  if (!arguments || !iterator) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), none(), none(), iterator.value()});
}

Ref<> default_dict_repr(Value self) {
  Ref<> base = dict_type.slots.repr(self);
  if (!base) return base;
  Ref<> factory = factory_of(self);
  Ref<> factory_text;
  if (!factory) {
    factory_text = str_from_ascii("None");
  } else {
    ReprGuard guard(factory.value());
    factory_text = guard.entered() ? repr(factory.value()) : Ref<>(str_from_ascii("..."));
  }
  if (!factory_text) return Ref<>();
  return str_format("%N(%V, %V)", type_of(self), factory_text.value(), base.value());
}

Ref<> default_dict_or(Value left, Value right) {
  bool left_is_ours = is_instance_of(left, &default_dict_type);
  Value self = left_is_ours ? left : right;
  if (!is_dict(left_is_ours ? right : left)) return not_implemented_ref();
  Ref<> result = default_dict_like(self, left);
  if (!result) return result;
  if (!is_dict(result.value())) return raise(exc::TypeError, "%T() must return a dict", self);
  if (!dict_update(as_dict(result.value()), right)) return Ref<>();
  return result;
}

void default_dict_traverse(Object* o, FieldVisitor& visitor) {
  dict_type.layout.traverse(o, visitor);
  visitor(static_cast<DefaultDict*>(o)->default_factory);
}
void default_dict_clear(Object* o) {
  static_cast<DefaultDict*>(o)->default_factory.clear();
  dict_type.layout.clear(o);
}
void default_dict_destroy(Object* o) {
  static_cast<DefaultDict*>(o)->default_factory.clear();
  dict_type.layout.destroy(o);
}

const NativeDef kDefaultDictMethods[] = {
    {"__missing__", "($self, key, /)", default_dict_missing,
     "Called by __getitem__ for a missing key: stores and returns what the factory gives."},
    {"copy", "($self, /)", default_dict_copy, "Return a shallow copy."},
    {"__copy__", "($self, /)", default_dict_copy, "Return a shallow copy."},
    {"__reduce__", "($self, /)", default_dict_reduce, "Return state information for pickling."},
    kClassGetItem,
    {}};
const MemberDef kDefaultDictMembers[] = {
    {"default_factory", offsetof(DefaultDict, default_factory), true, "Factory for default value called by __missing__()."}, {}};

// ---- _tuplegetter ------------------------------------------------------------------------------------------------

TupleGetter* getter_of(Value v) { return object_of<TupleGetter>(v); }

Ref<> tuple_getter_construct(Type* type, const Args& args) {
  Value v[2];
  int64_t at;
  if (!positional_arguments("_tuplegetter", type, tuple_getter_type, args, 2, 2, v) || !to_ssize(v[0], &at)) {
    return Ref<>();
  }
  Ref<TupleGetter> self = allocate<TupleGetter>(type);
  if (!self) return Ref<>();
  self->index = at;
  self->doc.init(Ref<>::retain(v[1]));
  return self;
}
Ref<> tuple_getter_get(Value self, Value instance, Value) {
  int64_t i = getter_of(self)->index;
  if (instance.empty()) return Ref<>::retain(self);
  if (!is_tuple(instance)) {
    if (is_none(instance)) return Ref<>::retain(self);
    return raise(exc::TypeError, "descriptor for index '%ld' for tuple subclasses doesn't apply to '%T' object", i, instance);
  }
  Tuple* tuple = as_tuple(instance);
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(tuple->length)) {
    return raise(exc::IndexError, "tuple index out of range");
  }
  return Ref<>::retain(tuple->at(i));
}
bool tuple_getter_set(Value, Value, Value value) {
  return raise(exc::AttributeError, value.empty() ? "can't delete attribute" : "can't set attribute");
}
Ref<> tuple_getter_reduce(const Value* a) {
  Ref<> i = int_from_int64(getter_of(a[0])->index);
  Ref<> doc = getter_of(a[0])->doc.load(getter_of(a[0]));
  Ref<Tuple> arguments = tuple_of({i.value(), doc ? doc.value() : none()});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
Ref<> tuple_getter_repr(Value self) {
  Ref<> doc = getter_of(self)->doc.load(getter_of(self));
  return str_format("%N(%ld, %R)", type_of(self), getter_of(self)->index, doc ? doc.value() : none());
}
void tuple_getter_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<TupleGetter*>(o)->doc); }

const NativeDef kTupleGetterMethods[] = {
    {"__reduce__", "($self, /)", tuple_getter_reduce, "Return state information for pickling."}, {}};
const MemberDef kTupleGetterMembers[] = {{"__doc__", offsetof(TupleGetter, doc), true}, {}};

// ---- _count_elements ---------------------------------------------------------------------------------------------

constinit Name kGet("get"), kSetItem("__setitem__");

// True when the mapping reads and writes exactly as a dict.
bool counts_as_dict(Value mapping) {
  if (!is_dict(mapping)) return false;
  if (is_exact_dict(mapping)) return true;
  return type_lookup_borrowed(type_of(mapping), kGet.str()).same(type_lookup_borrowed(&dict_type, kGet.str())) &&
         type_lookup_borrowed(type_of(mapping), kSetItem.str()).same(type_lookup_borrowed(&dict_type, kSetItem.str()));
}

Ref<> count_elements(const Value* a) {
  Ref<> iterator = get_iter(a[2]);
  if (!iterator) return iterator;
  Value one = Value::small_int(1);
  if (counts_as_dict(a[1])) {
    Dict* counts = as_dict(a[1]);
    for (;;) {
      Ref<> key = advance(iterator.value());
      if (!key) return error_pending() ? Ref<>() : none_ref();
      int64_t h = hash(key.value());
      if (h == -1) return Ref<>();
      Ref<> old = dict_get_hashed(counts, key.value(), h);
      if (!old && error_pending()) return Ref<>();
      Ref<> sum;
      if (!old) {
        sum = Ref<>::steal(one);
      } else if (old.value().is_small_int() && old.value().as_small_int() < Value::kMaxSmallInt) {
        sum = Ref<>::steal(Value::small_int(old.value().as_small_int() + 1));
      } else {
        sum = binary_operation(BinaryOp::kAdd, old.value(), one);
      }
      if (!sum || !dict_set_hashed(counts, key.value(), h, sum.value())) return Ref<>();
    }
  }
  Ref<> getter = get_attribute(a[1], kGet.str());
  if (!getter) return getter;
  for (;;) {
    Ref<> key = advance(iterator.value());
    if (!key) return error_pending() ? Ref<>() : none_ref();
    Ref<> old = call_values(getter.value(), {key.value(), Value::small_int(0)});
    Ref<> sum = old ? binary_operation(BinaryOp::kAdd, old.value(), one) : Ref<>();
    if (!sum || !set_item(a[1], key.value(), sum.value())) return Ref<>();
  }
}

const NativeDef kFunctions[] = {{"_count_elements", "($module, mapping, iterable, /)", count_elements,
                                 "Count elements in the iterable, updating the mapping"},
                                {}};

bool execute(Module* module) {
  add_deque_leaf_forms();
  if (!tuple_getter_type.spec) {
    g_reorderable_dict_type.store(&ordered_dict_type, std::memory_order_relaxed);
    if (!init_module_type(&tuple_getter_type, &tuple_getter_spec)) return false;
    g_tuple_getter_type.store(&tuple_getter_type, std::memory_order_relaxed);
  }
  return module_add_type(module, &deque_type, &deque_spec) && module_add_type(module, &default_dict_type, &default_dict_spec) &&
         module_add_type(module, &ordered_dict_type, &ordered_dict_spec) &&
         module_add_type(module, &deque_iterator_type, &deque_iterator_spec) &&
         module_add_type(module, &deque_reverse_iterator_type, &deque_reverse_iterator_spec) &&
         module_add_type(module, &tuple_getter_type, &tuple_getter_spec);
}

}  // namespace

const TypeSpec default_dict_spec = {
    .name = "collections.defaultdict",
    .size = sizeof(DefaultDict),
    .flags = kTypeBase,
    .base = &dict_type,
    .slots = {.binary = {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                         default_dict_or},
              .get_item = default_dict_get_item,
              .repr = default_dict_repr,
              .init = default_dict_init},
    .traverse = default_dict_traverse,
    .clear = default_dict_clear,
    .destroy = default_dict_destroy,
    .methods = kDefaultDictMethods,
    .members = kDefaultDictMembers,
    .doc = "defaultdict(default_factory=None, /, [...]): a dict that makes missing values with default_factory.",
};
const TypeSpec tuple_getter_spec = {
    .name = "_collections._tuplegetter",
    .size = sizeof(TupleGetter),
    .slots = {.repr = tuple_getter_repr,
              .descriptor_get = tuple_getter_get,
              .descriptor_set = tuple_getter_set,
              .construct = tuple_getter_construct},
    .traverse = tuple_getter_traverse,
    .methods = kTupleGetterMethods,
    .members = kTupleGetterMembers,
};

extern const NativeModule collections_module;
const NativeModule collections_module = {"_collections", "High performance container types.", kFunctions, execute};

}  // namespace pt
