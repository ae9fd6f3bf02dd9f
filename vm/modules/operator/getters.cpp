// operator.itemgetter, attrgetter and methodcaller. All are immutable after construction.
#include "vm/modules/operator/operator.h"

#include "vm/modules/support.h"
#include "vm/object/descriptors.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

constinit Type item_getter_type = {}, attribute_getter_type = {};

namespace {

struct ItemGetter : Object {
  Field items;  // tuple of keys
};
struct AttributeGetter : Object {
  Field names;  // tuple as given, interned where not dotted
  Field paths;  // tuple: an interned str, or a tuple of interned str for a dotted name
};

bool one_argument(const char* name, const Args& args) {
  if (args.keyword_count()) return raise(exc::TypeError, "%s() takes no keyword arguments", name);
  if (args.count != 1) return raise(exc::TypeError, "%s expected 1 argument, got %d", name, static_cast<int>(args.count));
  return true;
}

// "name(a, b, k=v)" with repr of each; `name` is the type's full name.
Ref<> call_repr(Value self, Tuple* items, Dict* keywords, Value leading) {
  Ref<> module = get_attribute(type_value(self), "__module__");
  if (!module) return Ref<>();
  Ref<Str> name = str_format("%V.%N", module.value(), type_of(self));
  StrBuilder text;
  if (!name || !text.append(name.get())) return Ref<>();
  text.append_ascii("(");
  bool comma = false;
  auto add = [&](Value v) {
    Ref<> piece = repr(v);
    if (!piece) return false;
    if (comma) text.append_ascii(", ");
    comma = true;
    text.append(as_str(piece.value()));
    return true;
  };
  if (!leading.empty() && !add(leading)) return Ref<>();
  for (int64_t i = 0; i < items->length; ++i) {
    if (!add(items->at(i))) return Ref<>();
  }
  if (keywords) {
    int64_t position = 0;
    Ref<> key, value;
    while (dict_next(keywords, &position, &key, &value)) {
      Ref<> piece = repr(value.value());
      if (!piece) return Ref<>();
      text.append_ascii(comma ? ", " : "");
      comma = true;
      text.append(as_str(key.value()));
      text.append_ascii("=");
      text.append(as_str(piece.value()));
    }
  }
  text.append_ascii(")");
  return text.finish();
}
Ref<> recursive_repr(Value self) {
  Ref<> module = get_attribute(type_value(self), "__module__");
  if (!module) return Ref<>();
  return str_format("%V.%N(...)", module.value(), type_of(self));
}

// ---- itemgetter --------------------------------------------------------------------------------------------------

Ref<> item_getter_construct(Type* type, const Args& args) {
  if (!refuse_keywords("itemgetter", type, item_getter_type, args)) return Ref<>();
  if (args.count < 1) return raise(exc::TypeError, "itemgetter expected 1 argument, got 0");
  Ref<Tuple> items = tuple_from(args.values, args.count);
  if (!items) return Ref<>();
  Ref<ItemGetter> self = allocate<ItemGetter>(type);
  if (!self) return Ref<>();
  self->items.init(std::move(items));
  return self;
}
Ref<> item_getter_call(Value self, const Args& args) {
  if (!one_argument("itemgetter", args)) return Ref<>();
  Tuple* items = as_tuple(object_of<ItemGetter>(self)->items.peek());
  Value container = args.values[0];
  if (items->length == 1) {
    Value key = items->at(0);
    if (key.is_small_int() && is_exact_tuple(container)) {
      auto i = static_cast<uint64_t>(key.as_small_int());
      Tuple* tuple = as_tuple(container);
      if (i < static_cast<uint64_t>(tuple->length)) return Ref<>::retain(tuple->at(static_cast<int64_t>(i)));
    }
    return get_item(container, key);
  }
  Ref<Tuple> result = tuple_allocate(items->length);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < items->length; ++i) {
    Ref<> item = get_item(container, items->at(i));
    if (!item) return Ref<>();
    result->items[i].init(std::move(item));
  }
  return result;
}
Ref<> item_getter_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return recursive_repr(self);
  return call_repr(self, as_tuple(object_of<ItemGetter>(self)->items.peek()), nullptr, Value());
}
Ref<> item_getter_reduce(const Value* a) { return tuple_of({type_value(a[0]), object_of<ItemGetter>(a[0])->items.peek()}); }
void item_getter_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<ItemGetter*>(o)->items); }
const NativeDef kItemGetterMethods[] = {{"__reduce__", "($self, /)", item_getter_reduce, "Return state information for pickling"},
                                        {}};

// ---- attrgetter --------------------------------------------------------------------------------------------------

Ref<> split_path(Str* name) {
  Ref<Str> dot = str_from_ascii(".");
  if (!dot) return Ref<>();
  int64_t at = str_find(name, dot.get(), 0, name->length);
  if (at < 0) {
    Ref<Str> holder;
    Str* interned = intern_name(name, &holder);
    return Ref<>::retain(Value::object(interned));
  }
  Ref<List> parts = list_new();
  if (!parts) return Ref<>();
  int64_t start = 0;
  for (;;) {
    int64_t end = at < 0 ? name->length : at;
    Ref<Str> part = str_substring(name, start, end);
    if (!part) return Ref<>();
    if (!list_append(parts.get(), Ref<>::retain(Value::object(intern(std::move(part)))))) return Ref<>();
    if (at < 0) break;
    start = at + 1;
    at = str_find(name, dot.get(), start, name->length);
  }
  return list_to_tuple(parts.get());
}

Ref<> attribute_getter_construct(Type* type, const Args& args) {
  if (!refuse_keywords("attrgetter", type, attribute_getter_type, args)) return Ref<>();
  if (args.count < 1) return raise(exc::TypeError, "attrgetter expected 1 argument, got 0");
  Ref<Tuple> names = tuple_from(args.values, args.count);
  Ref<Tuple> paths = tuple_allocate(args.count);
  if (!names || !paths) return Ref<>();
  for (uint32_t i = 0; i < args.count; ++i) {
    if (!is_str(args.values[i])) return raise(exc::TypeError, "attribute name must be a string");
    Ref<> path = split_path(as_str(args.values[i]));
    if (!path) return Ref<>();
    paths->items[i].init(std::move(path));
  }
  Ref<AttributeGetter> self = allocate<AttributeGetter>(type);
  if (!self) return Ref<>();
  self->names.init(std::move(names));
  self->paths.init(std::move(paths));
  return self;
}
Ref<> follow(Value object, Value path) {
  if (is_str(path)) return get_attribute(object, as_str(path));
  Tuple* parts = as_tuple(path);
  Ref<> current = Ref<>::retain(object);
  for (int64_t i = 0; i < parts->length && current; ++i) {
    current = get_attribute(current.value(), as_str(parts->at(i)));
  }
  return current;
}
Ref<> attribute_getter_call(Value self, const Args& args) {
  if (!one_argument("attrgetter", args)) return Ref<>();
  Tuple* paths = as_tuple(object_of<AttributeGetter>(self)->paths.peek());
  if (paths->length == 1) return follow(args.values[0], paths->at(0));
  Ref<Tuple> result = tuple_allocate(paths->length);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < paths->length; ++i) {
    Ref<> item = follow(args.values[0], paths->at(i));
    if (!item) return Ref<>();
    result->items[i].init(std::move(item));
  }
  return result;
}
Ref<> attribute_getter_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return recursive_repr(self);
  return call_repr(self, as_tuple(object_of<AttributeGetter>(self)->names.peek()), nullptr, Value());
}
Ref<> attribute_getter_reduce(const Value* a) {
  return tuple_of({type_value(a[0]), object_of<AttributeGetter>(a[0])->names.peek()});
}
void attribute_getter_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<AttributeGetter*>(o)->names);
  visitor(static_cast<AttributeGetter*>(o)->paths);
}
const NativeDef kAttributeGetterMethods[] = {
    {"__reduce__", "($self, /)", attribute_getter_reduce, "Return state information for pickling"}, {}};

// ---- methodcaller ------------------------------------------------------------------------------------------------

Ref<> method_caller_construct(Type* type, const Args& args) {
  if (args.count < 1) return raise(exc::TypeError, "methodcaller needs at least one argument, the method name");
  if (!is_str(args.values[0])) return raise(exc::TypeError, "method name must be a string");
  Ref<Tuple> positional = tuple_from(args.values + 1, args.count - 1);
  Ref<Dict> keywords;
  if (!positional) return Ref<>();
  if (args.keyword_count()) {
    keywords = dict_new();
    if (!keywords) return Ref<>();
    for (uint32_t i = 0; i < args.keyword_count(); ++i) {
      if (!dict_set(keywords.get(), args.names->at(i), args.values[args.count + i])) return Ref<>();
    }
  }
  Ref<MethodCaller> self = allocate<MethodCaller>(type);
  if (!self) return Ref<>();
  Ref<Str> holder;
  Str* name = intern_name(as_str(args.values[0]), &holder);
  self->name.init(Ref<>::retain(Value::object(name)));
  self->args.init(std::move(positional));
  if (keywords) self->keywords.init(std::move(keywords));
  return self;
}
Ref<> method_caller_call(Value self, const Args& args) {
  if (!one_argument("methodcaller", args)) return Ref<>();
  auto* caller = object_of<MethodCaller>(self);
  FlatArgs flat;
  if (!flat.assign(caller->args.peek(), caller->keywords.peek())) return Ref<>();
  return call_method(args.values[0], as_str(caller->name.peek()), flat.args());
}
Ref<> method_caller_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return recursive_repr(self);
  auto* caller = object_of<MethodCaller>(self);
  Value keywords = caller->keywords.peek();
  return call_repr(self, as_tuple(caller->args.peek()), keywords.empty() ? nullptr : as_dict(keywords), caller->name.peek());
}
Ref<> method_caller_reduce(const Value* a) {
  auto* caller = object_of<MethodCaller>(a[0]);
  Tuple* args = as_tuple(caller->args.peek());
  if (caller->keywords.peek().empty()) {
    Ref<Tuple> all = tuple_allocate(args->length + 1);
    if (!all) return Ref<>();
    all->items[0].init(Ref<>::retain(caller->name.peek()));
    for (int64_t i = 0; i < args->length; ++i) all->items[i + 1].init(Ref<>::retain(args->at(i)));
    return tuple_of({type_value(a[0]), all.value()});
  }
  Ref<> partial = import_attribute("functools", "partial");
  if (!partial) return Ref<>();
  Ref<Tuple> leading = tuple_of({type_value(a[0]), caller->name.peek()});
  if (!leading) return Ref<>();
  Ref<> constructor = call_tuple_dict(partial.value(), leading.value(), caller->keywords.peek());
  if (!constructor) return Ref<>();
  return tuple_of({constructor.value(), Value::object(args)});
}
void method_caller_traverse(Object* o, FieldVisitor& visitor) {
  auto* caller = static_cast<MethodCaller*>(o);
  visitor(caller->name);
  visitor(caller->args);
  visitor(caller->keywords);
}
const NativeDef kMethodCallerMethods[] = {
    {"__reduce__", "($self, /)", method_caller_reduce, "Return state information for pickling"}, {}};

}  // namespace

const TypeSpec item_getter_spec = {
    .name = "operator.itemgetter",
    .size = sizeof(ItemGetter),
    .slots = {.repr = item_getter_repr, .call = item_getter_call, .construct = item_getter_construct},
    .traverse = item_getter_traverse,
    .methods = kItemGetterMethods,
    .doc = "Callable that fetches the given item, or a tuple of the given items, from its operand.",
    .signature = "(item, /, *items)",
};
const TypeSpec attribute_getter_spec = {
    .name = "operator.attrgetter",
    .size = sizeof(AttributeGetter),
    .slots = {.repr = attribute_getter_repr, .call = attribute_getter_call, .construct = attribute_getter_construct},
    .traverse = attribute_getter_traverse,
    .methods = kAttributeGetterMethods,
    .doc = "Callable that fetches the given attribute (dots reach into attributes), or a tuple of them.",
    .signature = "(attr, /, *attrs)",
};
const TypeSpec method_caller_spec = {
    .name = "operator.methodcaller",
    .size = sizeof(MethodCaller),
    .slots = {.repr = method_caller_repr, .call = method_caller_call, .construct = method_caller_construct},
    .traverse = method_caller_traverse,
    .methods = kMethodCallerMethods,
    .doc = "Callable that calls the named method of its operand with the given arguments.",
    .signature = "(name, /, *args, **kwargs)",
};

}  // namespace pt
