// functools.partial: positional and keyword arguments put in front of those of the call.
#include "vm/modules/functools/functools.h"
#include "vm/modules/support.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

#pragma clang diagnostic ignored "-Winvalid-offsetof"  // objects derive from Object; clang lays them out in order

namespace pt {

constinit Type partial_type = {};

namespace {

struct Partial : Object {
  Field function;
  Field args;      // tuple
  Field keywords;  // dict
};

// __setstate__ may replace the three fields at any time: callers take counts.
struct PartialState {
  Ref<> function, args, keywords;
  explicit PartialState(Value self) {
    auto* p = object_of<Partial>(self);
    function = p->function.load(p);
    args = p->args.load(p);
    keywords = p->keywords.load(p);
  }
};

bool has_own_attributes(Object* o) {
  const Shape* shape = o->shape();
  return shape->slot_count != 0 || (shape->flags & kShapeDictMode);
}

Ref<Tuple> concatenate(Tuple* first, const Value* rest, int64_t count) {
  Ref<Tuple> result = tuple_allocate(first->length + count);
  if (!result) return result;
  for (int64_t i = 0; i < first->length; ++i) result->items[i].init(Ref<>::retain(first->at(i)));
  for (int64_t i = 0; i < count; ++i) result->items[first->length + i].init(Ref<>::retain(rest[i]));
  return result;
}

Ref<> partial_call(Value self, const Args& args);

Ref<> partial_construct(Type* type, const Args& args) {
  if (args.count < 1) return raise(exc::TypeError, "type 'partial' takes at least one argument");
  Value function = args.values[0];
  Ref<> inner_function, inner_args, inner_keywords;
  if (type_of(function)->slots.call == partial_call && is_instance_of(function, &partial_type) &&
      !has_own_attributes(function.as_object())) {
    PartialState inner(function);
    inner_function = std::move(inner.function);
    inner_args = std::move(inner.args);
    inner_keywords = std::move(inner.keywords);
    function = inner_function.value();
  }
  if (!is_callable(function)) return raise(exc::TypeError, "the first argument must be callable");
  Ref<Tuple> positional = inner_args ? concatenate(as_tuple(inner_args.value()), args.values + 1, args.count - 1)
                                     : tuple_from(args.values + 1, args.count - 1);
  if (!positional) return Ref<>();
  Ref<Dict> keywords = inner_keywords ? dict_copy(as_dict(inner_keywords.value())) : dict_new();
  if (!keywords) return Ref<>();
  for (uint32_t i = 0; i < args.keyword_count(); ++i) {
    if (!dict_set(keywords.get(), args.names->at(i), args.values[args.count + i])) return Ref<>();
  }
  Ref<Partial> self = allocate<Partial>(type);
  if (!self) return Ref<>();
  self->function.init(Ref<>::retain(function));
  self->args.init(std::move(positional));
  self->keywords.init(std::move(keywords));
  return self;
}

Ref<> partial_call(Value self, const Args& args) {
  RecursionGuard guard(" while calling a Python object");
  if (!guard) return Ref<>();
  PartialState state(self);
  Tuple* first = as_tuple(state.args.value());
  Dict* keywords = as_dict(state.keywords.value());
  uint32_t named = args.keyword_count();
  ValueBuffer values;
  if (dict_size(keywords) == 0) {
    if (!values.reserve(static_cast<size_t>(first->length) + args.total())) return Ref<>();
    for (int64_t i = 0; i < first->length; ++i) values.push(first->at(i));
    for (uint32_t i = 0; i < args.total(); ++i) values.push(args.values[i]);
    return call(state.function.value(), Args{values.data(), static_cast<uint32_t>(first->length) + args.count, args.names});
  }
  // The call's keywords override ours in place.
  Ref<Dict> merged;
  if (named) {
    merged = dict_copy(keywords);
    if (!merged) return Ref<>();
    for (uint32_t i = 0; i < named; ++i) {
      if (!dict_set(merged.get(), args.names->at(i), args.values[args.count + i])) return Ref<>();
    }
    keywords = merged.get();
  }
  if (first->length == 0 && args.count == 0) {
    return call_tuple_dict(state.function.value(), Value::object(empty_tuple()), Value::object(keywords));
  }
  Ref<Tuple> all = concatenate(first, args.values, args.count);
  if (!all) return Ref<>();
  return call_tuple_dict(state.function.value(), all.value(), Value::object(keywords));
}

Ref<> partial_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return str_from_ascii("...");
  PartialState state(self);
  StrBuilder text;
  Ref<Str> name = str_format(has_flag(type_of(self), kTypeHeap) ? "%N" : "functools.%N", type_of(self));
  Ref<> piece = repr(state.function.value());
  if (!name || !piece) return Ref<>();
  text.append(name.get());
  text.append_ascii("(");
  text.append(as_str(piece.value()));
  Tuple* args = as_tuple(state.args.value());
  for (int64_t i = 0; i < args->length; ++i) {
    piece = repr(args->at(i));
    if (!piece) return Ref<>();
    text.append_ascii(", ");
    text.append(as_str(piece.value()));
  }
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(as_dict(state.keywords.value()), &position, &key, &value)) {
    // __setstate__ may have put keys of any type in.
    Ref<> key_text = str(key.value());
    piece = key_text ? repr(value.value()) : Ref<>();
    if (!piece) return Ref<>();
    text.append_ascii(", ");
    text.append(as_str(key_text.value()));
    text.append_ascii("=");
    text.append(as_str(piece.value()));
  }
  text.append_ascii(")");
  return text.finish();
}

Ref<> partial_reduce(const Value* a) {
  PartialState state(a[0]);
  Ref<> attributes = none_ref();
  if (has_own_attributes(a[0].as_object())) {
    attributes = instance_dict(a[0].as_object());
    if (!attributes) return Ref<>();
  }
  Ref<Tuple> arguments = tuple_of({state.function.value()});
  Ref<Tuple> rest = tuple_of({state.function.value(), state.args.value(), state.keywords.value(), attributes.value()});
  if (!arguments || !rest) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), rest.value()});
}

Ref<> partial_setstate(const Value* a) {
  if (!is_tuple(a[1]) || as_tuple(a[1])->length != 4) return raise(exc::TypeError, "invalid partial state");
  Tuple* state = as_tuple(a[1]);
  Value function = state->at(0), args = state->at(1), keywords = state->at(2), attributes = state->at(3);
  if (!is_callable(function) || !is_tuple(args) || !(is_none(keywords) || is_dict(keywords))) {
    return raise(exc::TypeError, "invalid partial state");
  }
  Ref<> exact_args = is_exact_tuple(args) ? Ref<>::retain(args) : Ref<>(tuple_slice(as_tuple(args), 0, as_tuple(args)->length));
  Ref<> exact_keywords;
  if (is_none(keywords)) {
    exact_keywords = dict_new();
  } else if (is_exact_dict(keywords)) {
    exact_keywords = Ref<>::retain(keywords);
  } else {
    exact_keywords = dict_copy(as_dict(keywords));
  }
  if (!exact_args || !exact_keywords) return Ref<>();
  if (!is_exact_tuple(exact_args.value())) {
    Tuple* source = as_tuple(args);
    Ref<Tuple> copy = tuple_allocate(source->length);
    if (!copy) return Ref<>();
    for (int64_t i = 0; i < source->length; ++i) copy->items[i].init(Ref<>::retain(source->at(i)));
    exact_args = std::move(copy);
  }
  if (!is_none(attributes)) {
    if (!is_dict(attributes)) return raise(exc::TypeError, "invalid partial state");
    if (!instance_set_dict(a[0].as_object(), as_dict(attributes))) return Ref<>();
  } else if (has_own_attributes(a[0].as_object())) {
    Ref<Dict> fresh = dict_new();
    if (!fresh || !instance_set_dict(a[0].as_object(), fresh.get())) return Ref<>();
  }
  auto* self = object_of<Partial>(a[0]);
  self->function.store(self, Ref<>::retain(function));
  self->args.store(self, std::move(exact_args));
  self->keywords.store(self, std::move(exact_keywords));
  return none_ref();
}

Ref<> get_dict(Value self) { return instance_dict(self.as_object()); }
bool set_dict(Value self, Value value) {
  if (value.empty()) return raise(exc::TypeError, "cannot delete __dict__");
  if (!is_dict(value)) return raise(exc::TypeError, "__dict__ must be set to a dictionary, not a '%T'", value);
  return instance_set_dict(self.as_object(), as_dict(value));
}

void partial_traverse(Object* o, FieldVisitor& visitor) {
  auto* p = static_cast<Partial*>(o);
  visitor(p->function);
  visitor(p->args);
  visitor(p->keywords);
  traverse_attributes(o, visitor);
}
void partial_clear(Object* o) {
  auto* p = static_cast<Partial*>(o);
  p->function.clear();
  p->args.clear();
  p->keywords.clear();
  attributes_clear(o);
}

const NativeDef kMethods[] = {
    {"__reduce__", "($self, /)", partial_reduce}, {"__setstate__", "($self, state, /)", partial_setstate}, kClassGetItem, {}};
const GetSetDef kGetSets[] = {{"__dict__", get_dict, set_dict}, {}};
const MemberDef kMembers[] = {
    {"func", offsetof(Partial, function), false, "function object to use in future partial calls"},
    {"args", offsetof(Partial, args), false, "tuple of arguments to future partial calls"},
    {"keywords", offsetof(Partial, keywords), false, "dictionary of keyword arguments to future partial calls"},
    {}};

}  // namespace

const TypeSpec partial_spec = {
    .name = "functools.partial",
    .size = sizeof(Partial),
    .flags = kTypeBase | kTypeHasDict | kTypeWeakrefs,
    .slots = {.repr = partial_repr, .call = partial_call, .construct = partial_construct},
    .traverse = partial_traverse,
    .clear = partial_clear,
    .methods = kMethods,
    .getsets = kGetSets,
    .members = kMembers,
    .doc = "partial(func, *args, **keywords): a callable that calls func with these arguments and those it is given.",
};

}  // namespace pt
