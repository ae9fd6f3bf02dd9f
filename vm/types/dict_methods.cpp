// dict: protocol slots and methods.
#include "gc/platform/memory.h"
#include "vm/object/native.h"
#include "vm/types/dict_table.h"
#include "vm/types/dict_views.h"
#include "vm/types/iterators.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"
#include "vm/types/tuple_inl.h"

namespace pt {

constinit Type dict_type{};

namespace {

constinit Name kMissing("__missing__");

Ref<> dict_construct(Type* type, const Args&) {
  if (type == &dict_type) return dict_new();
  Ref<Dict> d = allocate<Dict>(type);
  if (d) d->table.store(kEmptyDictTable, std::memory_order_release);
  return d;
}

bool update_from(Dict* d, Value positional, const Args* keywords, Value keyword_dict) {
  if (!positional.empty() && !dict_update(d, positional)) return false;
  if (keywords && keywords->names) {
    for (uint32_t i = 0, n = keywords->keyword_count(); i < n; ++i) {
      if (!dict_set(d, keywords->names->at(i), keywords->values[keywords->count + i])) return false;
    }
  }
  return keyword_dict.empty() || dict_merge(d, as_dict(keyword_dict), true);
}

bool dict_init(Value self, const Args& args) {
  if (args.count > 1) {
    return raise(exc::TypeError, "dict expected at most 1 argument, got %zu", size_t{args.count});
  }
  return update_from(as_dict(self), args.count ? args.values[0] : Value(), &args, Value());
}

Ref<> to_dict(const Value* a) {
  Ref<Dict> d = dict_new();
  return d && dict_update(d.get(), a[0]) ? Ref<>(std::move(d)) : Ref<>();
}

int64_t dict_length(Value self) { return dict_size(as_dict(self)); }

Ref<> dict_get_item(Value self, Value key) {
  Ref<> value = dict_get(as_dict(self), key);
  if (PT_LIKELY(static_cast<bool>(value))) return value;
  if (error_pending()) return Ref<>();
  if (!is_exact_dict(self)) {
    Ref<> missing = lookup_special(self, kMissing.str());
    if (missing) return call1(missing.value(), key);
    if (error_pending()) return Ref<>();
  }
  return raise_key_error(key);
}

bool dict_set_item(Value self, Value key, Value value) {
  if (PT_LIKELY(!value.empty())) return dict_set(as_dict(self), key, value);
  int result = dict_delete(as_dict(self), key);
  if (result == 0) return raise_key_error(key);
  return result > 0;
}

int dict_contains_slot(Value self, Value key) { return dict_contains(as_dict(self), key); }

Ref<> dict_compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_dict(left) || !is_dict(right)) return not_implemented_ref();
  int result = dict_equal(as_dict(left), as_dict(right));
  if (result < 0) return Ref<>();
  return bool_ref((result != 0) == (op == CompareOp::kEq));
}

Ref<> dict_repr(Value self) {
  Dict* d = as_dict(self);
  ReprGuard guard(self);
  if (!guard.entered()) return error_pending() ? Ref<>() : Ref<>(str_from_ascii("{...}"));
  if (dict_size(d) == 0) return str_from_ascii("{}");
  StrBuilder out;
  int64_t position = 0;
  Ref<> key, value;
  bool first = true;
  if (!out.append_ascii("{")) return raise_no_memory();
  while (dict_next(d, &position, &key, &value)) {
    if (!first && !out.append_ascii(", ")) return raise_no_memory();
    first = false;
    Ref<> text = repr(key.value());
    if (!text) return text;
    if (!out.append(as_str(text.value())) || !out.append_ascii(": ")) return raise_no_memory();
    text = repr(value.value());
    if (!text) return text;
    if (!out.append(as_str(text.value()))) return raise_no_memory();
  }
  if (!out.append_ascii("}")) return raise_no_memory();
  return out.finish();
}

Ref<> dict_iter(Value self) { return dict_iterator_new(kShape_dict_key_iterator, self); }

Ref<> dict_or(Value left, Value right) {
  if (!is_dict(left) || !is_dict(right)) return not_implemented_ref();
  Ref<Dict> result = dict_copy(as_dict(left));
  if (!result || !dict_update(result.get(), right)) return Ref<>();
  return result;
}

Ref<> dict_inplace_or(Value self, Value right) {
  if (!dict_update(as_dict(self), right)) return Ref<>();
  return Ref<>::retain(self);
}

// ---- Methods ----

Ref<> method_get(const Value* a) {
  Ref<> value = dict_get(as_dict(a[0]), a[1]);
  if (value || error_pending()) return value;
  return a[2].empty() ? none_ref() : Ref<>::retain(a[2]);
}
Ref<> method_setdefault(const Value* a) { return dict_set_default(as_dict(a[0]), a[1], a[2].empty() ? none() : a[2]); }
Ref<> method_pop(const Value* a) {
  Ref<> value = dict_pop(as_dict(a[0]), a[1]);
  if (value || error_pending()) return value;
  if (!a[2].empty()) return Ref<>::retain(a[2]);
  return raise_key_error(a[1]);
}
Ref<> method_popitem(const Value* a) {
  Ref<> key, value;
  if (!dict_pop_item(as_dict(a[0]), &key, &value)) return raise(exc::KeyError, "popitem(): dictionary is empty");
  return tuple_pair(std::move(key), std::move(value));
}
Ref<> method_keys(const Value* a) { return dict_view_new(kShape_dict_keys, a[0]); }
Ref<> method_values(const Value* a) { return dict_view_new(kShape_dict_values, a[0]); }
Ref<> method_items(const Value* a) { return dict_view_new(kShape_dict_items, a[0]); }
Ref<> update_positional(const Value* a, uint32_t count) {
  if (count > 2) return raise(exc::TypeError, "update expected at most 1 argument, got %d", static_cast<int>(count - 1));
  if (count == 2 && !dict_update(as_dict(a[0]), a[1])) return Ref<>();
  return none_ref();
}
Ref<> method_update(const Value* a) {
  Tuple* positional = as_tuple(a[1]);
  if (positional->length > 1) {
    return raise(exc::TypeError, "update expected at most 1 argument, got %zd", static_cast<ssize_t>(positional->length));
  }
  Value first = positional->length ? positional->at(0) : Value();
  if (!update_from(as_dict(a[0]), first, nullptr, a[2])) return Ref<>();
  return none_ref();
}
Ref<> method_clear(const Value* a) {
  dict_clear(as_dict(a[0]));
  return none_ref();
}
Ref<> method_copy(const Value* a) { return dict_copy(as_dict(a[0])); }
Ref<> method_reversed(const Value* a) { return dict_iterator_new(kShape_dict_reverse_key_iterator, a[0]); }

Ref<> method_fromkeys(const Value* a) {
  Value value = a[2].empty() ? none() : a[2];
  Ref<> result = call0(a[0]);
  if (!result) return result;
  bool exact = is_exact_dict(result.value());
  Value target = result.value();
  if (exact && (has_shape(a[1], kShape_set) || has_shape(a[1], kShape_frozenset) || is_exact_dict(a[1]))) {
    // Keys that were hashed already.
    int64_t position = 0, hash;
    Ref<> key;
    auto next_key = [&] {
      return is_exact_dict(a[1]) ? dict_next(as_dict(a[1]), &position, &key, nullptr, &hash)
                                 : set_next(as_set(a[1]), &position, &key, &hash);
    };
    while (next_key()) {
      if (!dict_set_hashed(as_dict(target), key.value(), hash, value)) return Ref<>();
    }
    return result;
  }
  bool ok =
      for_each(a[1], [&](Value key) { return exact ? dict_set(as_dict(target), key, value) : set_item(target, key, value); });
  if (!ok) return Ref<>();
  return result;
}

Ref<> method_sizeof(const Value* a) {
  Dict* d = as_dict(a[0]);
  LockGuard guard(d);
  DictTable* t = d->table.load(std::memory_order_relaxed);
  int64_t bytes = type_of(a[0])->layout.fixed_size;
  if (t != kEmptyDictTable) bytes += static_cast<int64_t>(dict_table_bytes(t));
  return Ref<>::steal(Value::small_int(bytes));
}

// ---- Layout ----

void dict_traverse(Object* o, FieldVisitor& visit) {
  DictTable* t = static_cast<Dict*>(o)->table.load(std::memory_order_relaxed);
  if (!t) return;  // not constructed yet
  DictEntry* entries = t->entries();
  for (int64_t i = 0, n = t->entry_count.load(std::memory_order_relaxed); i < n; ++i) {
    visit(entries[i].key);
    visit(entries[i].value);
  }
}

void dict_clear_object(Object* o) {
  if (static_cast<Dict*>(o)->table.load(std::memory_order_relaxed)) dict_clear(static_cast<Dict*>(o));
}

void dict_destroy(Object* o) {
  Dict* d = static_cast<Dict*>(o);
  DictTable* t = d->table.load(std::memory_order_relaxed);
  if (!t || t == kEmptyDictTable) return;
  d->table.store(kEmptyDictTable, std::memory_order_relaxed);
  d->used.store(0, std::memory_order_relaxed);
  DictEntry* entries = t->entries();
  for (int64_t i = 0, n = t->entry_count.load(std::memory_order_relaxed); i < n; ++i) {
    release(entries[i].key.peek());
    release(entries[i].value.peek());
  }
  dict_table_free(t);  // a reader would hold a reference to the dict
}

Ref<> method_contains(const Value* a) {
  int found = dict_contains_slot(a[0], a[1]);
  return found < 0 ? Ref<>() : bool_ref(found);
}
Ref<> method_get_item(const Value* a) { return dict_get_item(a[0], a[1]); }

constexpr NativeDef kDictMethods[] = {
    {"__contains__", "($self, key, /)", method_contains, "True if the dictionary has the specified key, else False."},
    {"__getitem__", "($self, key, /)", method_get_item, "x.__getitem__(y) <==> x[y]"},
    {"__reversed__", "($self, /)", method_reversed, "Return a reverse iterator over the dict keys."},
    {"__sizeof__", "($self, /)", method_sizeof, "D.__sizeof__() -> size of D in memory, in bytes"},
    {"get", "($self, key, default=None, /)", method_get, "Return the value for key if key is in the dictionary, else default."},
    {"setdefault", "($self, key, default=None, /)", method_setdefault,
     "Insert key with a value of default if key is not in the dictionary.\n\n"
     "Return the value for key if key is in the dictionary, else default."},
    {"pop", "($self, key, default=<unrepresentable>, /)", method_pop,
     "D.pop(k[,d]) -> v, remove specified key and return the corresponding value.\n\n"
     "If the key is not found, return the default if given; otherwise,\nraise a KeyError."},
    {"popitem", "($self, /)", method_popitem,
     "Remove and return a (key, value) pair as a 2-tuple.\n\n"
     "Pairs are returned in LIFO (last-in, first-out) order.\nRaises KeyError if the dict is empty."},
    {"keys", "($self, /)", method_keys, "D.keys() -> a set-like object providing a view on D's keys"},
    {"items", "($self, /)", method_items, "D.items() -> a set-like object providing a view on D's items"},
    {"values", "($self, /)", method_values, "D.values() -> an object providing a view on D's values"},
    {"update", "($self, /, *args, **kwargs)", method_update,
     "D.update([E, ]**F) -> None.  Update D from dict/iterable E and F.\n"
     "If E is present and has a .keys() method, then does:  for k in E: D[k] = E[k]\n"
     "If E is present and lacks a .keys() method, then does:  for k, v in E: D[k] = v\n"
     "In either case, this is followed by: for k in F:  D[k] = F[k]",
     kInstanceMethod, update_positional},
    {"fromkeys", "($type, iterable, value=None, /)", method_fromkeys,
     "Create a new dictionary with keys from iterable and values set to value.", kClassMethod},
    {"clear", "($self, /)", method_clear, "D.clear() -> None.  Remove all items from D."},
    {"copy", "($self, /)", method_copy, "D.copy() -> a shallow copy of D"},
    {"__class_getitem__", "($type, object, /)", class_get_item, "See PEP 585", kClassMethod},
    {}};

}  // namespace

const TypeSpec dict_spec = {
    .name = "dict",
    .size = sizeof(Dict),
    .flags = kTypeBase | kTypeMapping | kTypeMatchSelf | kTypeDictSubclass,
    .slots = {.binary = {[static_cast<int>(BinaryOp::kOr)] = dict_or},
              .inplace = {[static_cast<int>(BinaryOp::kOr)] = dict_inplace_or},
              .length = dict_length,
              .get_item = dict_get_item,
              .set_item = dict_set_item,
              .contains = dict_contains_slot,
              .compare = dict_compare,
              .repr = dict_repr,
              .iter = dict_iter,
              .construct = dict_construct,
              .init = dict_init},
    .traverse = dict_traverse,
    .clear = dict_clear_object,
    .destroy = dict_destroy,
    .methods = kDictMethods,
    .doc =
        "dict() -> new empty dictionary\n"
        "dict(mapping) -> new dictionary initialized from a mapping object's\n    (key, value) pairs\n"
        "dict(iterable) -> new dictionary initialized as if via:\n    d = {}\n    for k, v in iterable:\n"
        "        d[k] = v\n"
        "dict(**kwargs) -> new dictionary initialized with the name=value pairs\n"
        "    in the keyword argument list.  For example:  dict(one=1, two=2)",
    .unhashable = true,
    .convert = to_dict,
};

}  // namespace pt
