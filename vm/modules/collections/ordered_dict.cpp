// OrderedDict: a dict whose order can be changed. The dict keeps the order anyway; each method is one operation on it, and so
// atomic towards other threads.
#include "vm/modules/collections/collections.h"

#include "vm/modules/support.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple_inl.h"

namespace pt {

constinit Type ordered_dict_type = {};

namespace {

Dict* dict_of(Value v) { return object_of<Dict>(v); }
bool is_ordered_dict(Value v) { return is_instance_of(v, &ordered_dict_type); }
// The class overrides no access to items: the dict may be worked on directly.
bool is_plain(Value v) {
  const Slots& slots = type_of(v)->slots;
  return slots.set_item == dict_type.slots.set_item && slots.get_item == dict_type.slots.get_item;
}

// Sets all items of a dict by `self`'s own __setitem__.
bool set_all(Value self, Dict* items) {
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(items, &position, &key, &value)) {
    if (!set_item(self, key.value(), value.value())) return false;
  }
  return !error_pending();
}
bool update_with(Value self, Value other) {
  if (is_plain(self)) return dict_update(dict_of(self), other);
  Ref<Dict> items = dict_new();
  return items && dict_update(items.get(), other) && set_all(self, items.get());
}

bool init(Value self, const Args& args) {
  if (args.count > 1) return raise(exc::TypeError, "expected at most 1 arguments, got %zu", size_t{args.count});
  if (is_plain(self)) return dict_type.slots.init(self, args);
  Ref<Dict> items = dict_new();
  return items && dict_type.slots.init(items.value(), args) && set_all(self, items.get());
}

Ref<> update(const Value* a) {
  Tuple* positional = as_tuple(a[1]);
  if (positional->length > 1) {
    return raise(exc::TypeError, "update() takes at most 1 positional argument (%ld given)", positional->length);
  }
  if (positional->length && !update_with(a[0], positional->at(0))) return Ref<>();
  if (!a[2].empty() && dict_size(as_dict(a[2])) && !update_with(a[0], a[2])) return Ref<>();
  return none_ref();
}

Ref<> move_to_end(const Value* a) {
  int last = a[2].empty() ? 1 : truth(a[2]);
  if (last < 0) return Ref<>();
  int result = dict_move_to_end(dict_of(a[0]), a[1], last);
  if (result < 0) return Ref<>();
  return result ? none_ref() : raise_key_error(a[1]);
}

Ref<> pop_item(const Value* a) {
  int last = a[1].empty() ? 1 : truth(a[1]);
  if (last < 0) return Ref<>();
  Ref<> key, value;
  if (!dict_pop_item(dict_of(a[0]), &key, &value, last)) return raise(exc::KeyError, "dictionary is empty");
  return tuple_pair(std::move(key), std::move(value));
}

Ref<> pop(const Value* a) {
  Ref<> value = dict_pop(dict_of(a[0]), a[1]);
  if (value || error_pending()) return value;
  return a[2].empty() ? raise_key_error(a[1]) : Ref<>::retain(a[2]);
}

Ref<> set_default(const Value* a) {
  Value fallback = a[2].empty() ? none() : a[2];
  if (is_plain(a[0])) return dict_set_default(dict_of(a[0]), a[1], fallback);
  int present = contains(a[0], a[1]);
  if (present < 0) return Ref<>();
  if (present) return get_item(a[0], a[1]);
  if (!set_item(a[0], a[1], fallback)) return Ref<>();
  return Ref<>::retain(fallback);
}

Ref<> copy(const Value* a) {
  Ref<> made = call0(type_value(a[0]));
  if (!made) return made;
  if (!is_ordered_dict(made.value()) || !is_plain(a[0]) || !is_plain(made.value())) {
    Ref<List> keys = list_from_iterable(a[0]);
    if (!keys) return Ref<>();
    for (int64_t i = 0, n = list_size(keys.get()); i < n; ++i) {
      Ref<> key = list_get(keys.get(), i);
      Ref<> value = get_item(a[0], key.value());
      if (!value || !set_item(made.value(), key.value(), value.value())) return Ref<>();
    }
    return made;
  }
  if (!dict_merge(dict_of(made.value()), dict_of(a[0]), true)) return Ref<>();
  return made;
}

Ref<> from_keys(const Value* a) {
  Value value = a[2].empty() ? none() : a[2];
  Ref<> made = call0(a[0]);
  if (!made || !for_each(a[1], [&](Value key) { return set_item(made.value(), key, value); })) return Ref<>();
  return made;
}

Ref<> reduce(const Value* a) {
  Ref<> state = call_method(a[0], "__getstate__");
  Ref<> items = state ? call_method(a[0], "items") : Ref<>();
  Ref<> iterator = items ? get_iter(items.value()) : Ref<>();
  if (!iterator) return Ref<>();
  return tuple_of({type_value(a[0]), Value::object(empty_tuple()), state.value(), none(), iterator.value()});
}

Ref<> compare_slot(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_dict(left) || !is_dict(right)) return not_implemented_ref();
  int same = dict_equal(as_dict(left), as_dict(right));
  if (same < 0) return Ref<>();
  if (same && left.as_object() != right.as_object() && is_ordered_dict(left) && is_ordered_dict(right)) {
    int64_t mine = 0, theirs = 0;
    Ref<> key, other;
    while (same && dict_next(as_dict(left), &mine, &key, nullptr)) {
      int result = dict_next(as_dict(right), &theirs, &other, nullptr) ? equal(key.value(), other.value()) : 0;
      if (result < 0) return Ref<>();
      same = result;
    }
  }
  return bool_ref((same != 0) == (op == CompareOp::kEq));
}

Ref<> repr_slot(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return error_pending() ? Ref<>() : Ref<>(str_from_ascii("..."));
  if (dict_size(dict_of(self)) == 0) return str_format("%N()", type_of(self));
  Ref<> items = call_method(self, "items");
  Ref<List> list = items ? list_from_iterable(items.value()) : Ref<List>();
  if (!list) return Ref<>();
  return str_format("%N(%R)", type_of(self), list.value());
}

Ref<> or_slot(Value left, Value right) {
  if (!is_dict(left) || !is_dict(right)) return not_implemented_ref();
  Ref<> made = call1(type_value(is_ordered_dict(left) ? left : right), left);
  if (!made || !is_dict(made.value()) || !update_with(made.value(), right)) return Ref<>();
  return made;
}
Ref<> inplace_or_slot(Value self, Value other) {
  if (!update_with(self, other)) return Ref<>();
  return Ref<>::retain(self);
}

Ref<> get_attributes(Value self) { return instance_dict(self.as_object()); }
bool set_attributes(Value self, Value value) {
  if (value.empty()) return raise(exc::TypeError, "cannot delete __dict__");
  if (!is_dict(value)) return raise(exc::TypeError, "__dict__ must be set to a dictionary, not a '%T'", value);
  return instance_set_dict(self.as_object(), as_dict(value));
}

void traverse(Object* o, FieldVisitor& visitor) {
  dict_type.layout.traverse(o, visitor);
  traverse_attributes(o, visitor);
}
void clear(Object* o) {
  dict_type.layout.clear(o);
  attributes_clear(o);
}
void destroy(Object* o) {
  attributes_clear(o);
  dict_type.layout.destroy(o);
}

const NativeDef kMethods[] = {
    {"update", "($self, /, *args, **kwargs)", update, "As dict.update, by the class's own __setitem__."},
    {"move_to_end", "($self, key, last=True)", move_to_end,
     "Move an existing element to the end (or beginning if last is false).\n\nRaise KeyError if the element does not exist."},
    {"popitem", "($self, last=True)", pop_item,
     "Remove and return a (key, value) pair from the dictionary.\n\n"
     "Pairs are returned in LIFO order if last is true or FIFO order if false."},
    {"pop", "($self, key, default=<unrepresentable>)", pop,
     "od.pop(key[,default]) -> v, remove specified key and return the corresponding value.\n\n"
     "If the key is not found, return the default if given; otherwise,\nraise a KeyError."},
    {"setdefault", "($self, key, default=None)", set_default,
     "Insert key with a value of default if key is not in the dictionary.\n\n"
     "Return the value for key if key is in the dictionary, else default."},
    {"copy", "($self, /)", copy, "od.copy() -> a shallow copy of od"},
    {"fromkeys", "($type, iterable, value=None)", from_keys,
     "Create a new ordered dictionary with keys from iterable and values set to value.", kClassMethod},
    {"__reduce__", "($self, /)", reduce, "Return state information for pickling"},
    {}};
const GetSetDef kGetSets[] = {{"__dict__", get_attributes, set_attributes}, {}};

}  // namespace

const TypeSpec ordered_dict_spec = {
    .name = "collections.OrderedDict",
    .size = sizeof(Dict),
    .flags = kTypeBase | kTypeHasDict | kTypeWeakrefs,
    .base = &dict_type,
    .slots = {.binary = {[static_cast<int>(BinaryOp::kOr)] = or_slot},
              .inplace = {[static_cast<int>(BinaryOp::kOr)] = inplace_or_slot},
              .compare = compare_slot,
              .repr = repr_slot,
              .init = init},
    .traverse = traverse,
    .clear = clear,
    .destroy = destroy,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "Dictionary that remembers insertion order",
};

}  // namespace pt
