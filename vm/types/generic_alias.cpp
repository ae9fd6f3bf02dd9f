// types.GenericAlias: list[int].
#include "vm/types/generic_alias.h"

#include "vm/object/attributes.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type generic_alias_type;

namespace {
GenericAlias* as(Value v) { return reinterpret_cast<GenericAlias*>(v.as_object()); }

bool is_type_parameter(Value v) {
  if (is_instance_of(v, &type_type)) return false;
  Ref<> subst = find_attribute(v, names::typing_subst.str());
  return static_cast<bool>(subst);
}
bool add_unique(List* list, Value v) {
  for (int64_t i = 0; i < list_size(list); ++i) {
    Ref<> item = list_get(list, i);
    int same = item ? equal(item.value(), v) : 0;
    if (same) return same > 0;
  }
  return list_append(list, Ref<>::retain(v));
}
Ref<> collect_parameters(Tuple* args) {
  Ref<List> found = list_new();
  if (!found) return found;
  for (int64_t i = 0; i < args->length; ++i) {
    Value arg = args->at(i);
    if (is_instance_of(arg, &type_type)) continue;
    if (is_type_parameter(arg)) {
      if (!add_unique(found.get(), arg)) return Ref<>();
      continue;
    }
    if (error_pending()) return Ref<>();
    Ref<> inner = find_attribute(arg, names::parameters.str());
    if (!inner) {
      if (error_pending()) return Ref<>();
      continue;
    }
    if (is_tuple(inner.value())) {
      for (int64_t k = 0; k < as_tuple(inner.value())->length; ++k) {
        if (!add_unique(found.get(), as_tuple(inner.value())->at(k))) return Ref<>();
      }
    }
  }
  return list_to_tuple(found.get());
}
Ref<> parameters_of(Value self) {
  GenericAlias* a = as(self);
  Ref<> p = a->parameters.load(a);
  if (p) return p;
  p = collect_parameters(as_tuple(a->args.peek()));
  if (p) a->parameters.store(a, p.copy());
  return p;
}

Ref<> alias_construct(Type* type, const Args& args) {
  Value v[2];
  if (!bind_arguments("GenericAlias", "(origin, args, /)", args, v)) return Ref<>();
  Ref<> made = generic_alias_new(v[0], v[1]);
  if (!made || type == &generic_alias_type) return made;
  Ref<GenericAlias> sub = allocate<GenericAlias>(type);
  if (!sub) return sub;
  sub->origin.init(Ref<>::retain(as(made.value())->origin.peek()));
  sub->args.init(Ref<>::retain(as(made.value())->args.peek()));
  return sub;
}

bool append_item_repr(StrBuilder& out, Value v) {
  if (v.is(&ellipsis_object)) return out.append_ascii("...");
  Ref<> origin = find_attribute(v, names::origin.str());
  Ref<> args = find_attribute(v, names::args.str());
  if (error_pending()) return false;
  Ref<> text;
  if (!(origin && args)) {
    Ref<> qualname = find_attribute(v, names::qualname.str());
    Ref<> module_name = find_attribute(v, names::module.str());
    if (error_pending()) return false;
    if (qualname && module_name && is_str(qualname.value()) && is_str(module_name.value())) {
      if (as_str(module_name.value())->equals_ascii("builtins")) return out.append(as_str(qualname.value()));
      return out.append(as_str(module_name.value())) && out.append_ascii(".") && out.append(as_str(qualname.value()));
    }
  }
  text = repr(v);
  return text && out.append(as_str(text.value()));
}
Ref<> alias_repr(Value self) {
  GenericAlias* a = as(self);
  StrBuilder out;
  if (a->starred) out.append_ascii("*");
  if (!append_item_repr(out, a->origin.peek())) return Ref<>();
  out.append_ascii("[");
  Tuple* args = as_tuple(a->args.peek());
  for (int64_t i = 0; i < args->length; ++i) {
    if (i) out.append_ascii(", ");
    Value item = args->at(i);
    if (is_list(item)) {
      out.append_ascii("[");
      Ref<Tuple> items = list_to_tuple(as_list(item));
      for (int64_t k = 0; items && k < items->length; ++k) {
        if (k) out.append_ascii(", ");
        if (!append_item_repr(out, items->at(k))) return Ref<>();
      }
      out.append_ascii("]");
    } else if (!append_item_repr(out, item)) {
      return Ref<>();
    }
  }
  if (args->length == 0) out.append_ascii("()");
  out.append_ascii("]");
  return out.finish();
}

// The items of a subscript with unpacked tuples of known length (*tuple[int, str]) spread out.
Ref<Tuple> spread_items(Value item) {
  static constinit Name kUnpackedArgs("__typing_unpacked_tuple_args__");
  Ref<Tuple> items = is_tuple(item) ? Ref<Tuple>::retain(as_tuple(item)) : tuple_of({item});
  Ref<List> spread = items ? list_new(items->length) : Ref<List>();
  for (int64_t i = 0; spread && i < items->length; ++i) {
    Value one = items->at(i);
    Ref<> parts = is_instance_of(one, &type_type) ? Ref<>() : find_attribute(one, kUnpackedArgs.str());
    if (!parts && error_pending()) return Ref<Tuple>();
    bool known = parts && is_tuple(parts.value());
    if (known && as_tuple(parts.value())->length) {
      known = !as_tuple(parts.value())->at(as_tuple(parts.value())->length - 1).is(&ellipsis_object);
    }
    if (known ? !list_extend(spread.get(), parts.value()) : !list_append(spread.get(), Ref<>::retain(one))) return Ref<Tuple>();
  }
  return spread ? list_to_tuple(spread.get()) : Ref<Tuple>();
}

Ref<> substitute(Value self, Value item) {
  GenericAlias* a = as(self);
  Ref<> parameters = parameters_of(self);
  if (!parameters) return parameters;
  int64_t count = as_tuple(parameters.value())->length;
  if (count == 0) return raise(exc::TypeError, "%R is not a generic class", self);
  Ref<Tuple> items = spread_items(item);
  if (!items) return items;
  for (int64_t i = 0; i < count; ++i) {
    Ref<> prepare = find_attribute(as_tuple(parameters.value())->at(i), names::typing_prepare_subst.str());
    if (!prepare) {
      if (error_pending()) return Ref<>();
      continue;
    }
    if (is_none(prepare.value())) continue;
    Ref<> prepared = call_values(prepare.value(), {self, items.value()});
    if (!prepared) return prepared;
    items = is_tuple(prepared.value()) ? Ref<Tuple>::retain(as_tuple(prepared.value())) : tuple_of({prepared.value()});
  }
  if (items->length != count) {
    return raise(exc::TypeError, "Too %s arguments for %R; actual %ld, expected %ld", items->length > count ? "many" : "few",
                 self, items->length, count);
  }
  Ref<List> replaced = list_new();
  Tuple* args = as_tuple(a->args.peek());
  for (int64_t i = 0; i < args->length; ++i) {
    Value arg = args->at(i);
    if (is_instance_of(arg, &type_type)) {
      if (!list_append(replaced.get(), Ref<>::retain(arg))) return Ref<>();
      continue;
    }
    static constinit Name kIsUnpacked("__typing_is_unpacked_typevartuple__");
    Ref<> unpacked = find_attribute(arg, kIsUnpacked.str());
    if (!unpacked && error_pending()) return Ref<>();
    bool spread = unpacked && truth(unpacked.value()) > 0;
    Ref<> subst = find_attribute(arg, names::typing_subst.str());
    if (error_pending()) return Ref<>();
    Ref<> value;
    if (subst) {
      for (int64_t k = 0; k < count; ++k) {
        if (as_tuple(parameters.value())->at(k).same(arg)) value = call1(subst.value(), items->at(k));
      }
      if (!value) return Ref<>();
    } else {
      Ref<> inner = find_attribute(arg, names::parameters.str());
      if (error_pending()) return Ref<>();
      if (inner && is_tuple(inner.value()) && as_tuple(inner.value())->length) {
        Ref<List> chosen = list_new();
        for (int64_t n = 0; n < as_tuple(inner.value())->length; ++n) {
          Value parameter = as_tuple(inner.value())->at(n);
          for (int64_t k = 0; k < count; ++k) {
            if (!as_tuple(parameters.value())->at(k).same(parameter)) continue;
            Value replacement = items->at(k);
            // A TypeVarTuple is iterable, and stands for several.
            if (is_tuple(replacement) && type_of(parameter)->slots.iter) {
              if (!list_extend(chosen.get(), replacement)) return Ref<>();
            } else if (!list_append(chosen.get(), Ref<>::retain(replacement))) {
              return Ref<>();
            }
          }
        }
        Ref<Tuple> key = list_to_tuple(chosen.get());
        if (!key) return key;
        value = get_item(arg, key.value());
        if (!value) return value;
      } else {
        value = Ref<>::retain(arg);
      }
    }
    if (spread && is_tuple(value.value())) {
      if (!list_extend(replaced.get(), value.value())) return Ref<>();
    } else if (!list_append(replaced.get(), std::move(value))) {
      return Ref<>();
    }
  }
  Ref<Tuple> result = list_to_tuple(replaced.get());
  if (!result) return result;
  Ref<> made = generic_alias_new(a->origin.peek(), result.value());
  if (made) as(made.value())->starred = a->starred;
  return made;
}

Ref<> alias_call(Value self, const Args& args) {
  Ref<> made = call(as(self)->origin.peek(), args);
  if (!made) return made;
  if (!set_attribute(made.value(), names::orig_class.str(), self)) {
    if (!clear_if(exc::AttributeError) && !clear_if(exc::TypeError)) return Ref<>();
  }
  return made;
}
bool own_attribute(Str* name) {
  for (const char* own : {"__class__", "__bases__", "__copy__", "__deepcopy__", "__origin__", "__args__", "__unpacked__",
                          "__parameters__", "__typing_unpacked_tuple_args__", "__mro_entries__", "__reduce_ex__", "__reduce__"}) {
    if (name->equals_ascii(own)) return true;
  }
  return false;
}
Ref<> alias_get_attribute(Value self, Str* name) {
  // Everything but the alias's own goes to the origin.
  return own_attribute(name) ? generic_get_attribute(self, name) : get_attribute(as(self)->origin.peek(), name);
}
int64_t alias_hash(Value self) {
  int64_t x = hash(as(self)->origin.peek());
  if (x == -1) return -1;
  int64_t y = hash(as(self)->args.peek());
  if (y == -1) return -1;
  return (x ^ y) == -1 ? -2 : x ^ y;
}
Ref<> alias_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_instance_of(a, &generic_alias_type) ||
      !is_instance_of(b, &generic_alias_type)) {
    return not_implemented_ref();
  }
  int same = as(a)->starred == as(b)->starred ? equal(as(a)->origin.peek(), as(b)->origin.peek()) : 0;
  if (same > 0) same = equal(as(a)->args.peek(), as(b)->args.peek());
  if (same < 0) return Ref<>();
  return bool_ref((same != 0) == (op == CompareOp::kEq));
}
Ref<> alias_or(Value a, Value b) { return union_of_types(a, b); }

struct AliasIterator : Object {
  Field alias;
};
constinit Type alias_iterator_type;
Ref<> iterator_next(Value self) {
  auto* it = reinterpret_cast<AliasIterator*>(self.as_object());
  Ref<> alias;
  {
    LockGuard guard(it);
    alias = it->alias.exchange_locked(Ref<>());
  }
  if (!alias) return Ref<>();
  Ref<> starred = generic_alias_new(as(alias.value())->origin.peek(), as(alias.value())->args.peek());
  if (starred) as(starred.value())->starred = true;
  return starred;
}
Ref<> iterator_self(Value self) { return Ref<>::retain(self); }
void iterator_traverse(Object* o, FieldVisitor& v) { v(static_cast<AliasIterator*>(o)->alias); }
Ref<> iterator_reduce(const Value* a) {
  auto* it = reinterpret_cast<AliasIterator*>(a[0].as_object());
  Ref<> alias = it->alias.load(it), make = import_builtin("iter");
  if (!make) return Ref<>();
  Ref<Tuple> arguments = tuple_of({alias ? alias.value() : Value::object(empty_tuple())});
  return arguments ? Ref<>(tuple_of({make.value(), arguments.value()})) : Ref<>();
}
const NativeDef kIteratorMethods[] = {{"__reduce__", "($self, /)", iterator_reduce}, {}};
const TypeSpec kIteratorSpec = {.name = "generic_alias_iterator",
                                .size = sizeof(AliasIterator),
                                .flags = kTypeNoInstantiate,
                                .slots = {.iter = iterator_self, .next = iterator_next},
                                .traverse = iterator_traverse,
                                .methods = kIteratorMethods};
Ref<> alias_iter(Value self) {
  if (!alias_iterator_type.spec && !init_module_type(&alias_iterator_type, &kIteratorSpec)) return Ref<>();
  Ref<AliasIterator> it = allocate<AliasIterator>(&alias_iterator_type);
  if (it) it->alias.init(Ref<>::retain(self));
  return it;
}

Ref<> get_origin(Value self) { return as(self)->origin.load(self.as_object()); }
Ref<> get_args(Value self) { return as(self)->args.load(self.as_object()); }
Ref<> get_unpacked(Value self) { return bool_ref(as(self)->starred); }
Ref<> get_unpacked_args(Value self) {
  if (as(self)->starred && as(self)->origin.peek().is(&tuple_type)) return get_args(self);
  return none_ref();
}
Ref<> alias_mro_entries(const Value* a) { return tuple_of({as(a[0])->origin.peek()}); }
Ref<> alias_instancecheck(const Value*) {
  return raise(exc::TypeError, "isinstance() argument 2 cannot be a parameterized generic");
}
Ref<> alias_subclasscheck(const Value*) {
  return raise(exc::TypeError, "issubclass() argument 2 cannot be a parameterized generic");
}
Ref<> alias_reduce(const Value* a) {
  if (as(a[0])->starred) {
    Ref<> plain = generic_alias_new(as(a[0])->origin.peek(), as(a[0])->args.peek());
    Ref<> it = plain ? alias_iter(plain.value()) : Ref<>();
    Ref<> next_function = import_builtin("next");
    if (!it || !next_function) return Ref<>();
    Ref<Tuple> inner = tuple_of({it.value()});
    if (!inner) return inner;
    return tuple_of({next_function.value(), inner.value()});
  }
  Ref<Tuple> inner = tuple_of({as(a[0])->origin.peek(), as(a[0])->args.peek()});
  if (!inner) return inner;
  return tuple_of({Value::object(&generic_alias_type), inner.value()});
}
Ref<> alias_dir(const Value* a) {
  Ref<> dir = import_builtin("dir");
  if (!dir) return dir;
  Ref<> names_list = call1(dir.value(), as(a[0])->origin.peek());
  if (!names_list) return names_list;
  for (const char* own : {"__origin__", "__args__", "__parameters__", "__mro_entries__", "__reduce_ex__", "__reduce__",
                          "__copy__", "__deepcopy__", "__unpacked__", "__typing_unpacked_tuple_args__", "__class__"}) {
    Value name = Value::object(intern(own));
    int present = contains(names_list.value(), name);
    if (present < 0 || (!present && !list_append(as_list(names_list.value()), Ref<>::retain(name)))) return Ref<>();
  }
  return names_list;
}
void alias_traverse(Object* o, FieldVisitor& v) {
  auto* a = static_cast<GenericAlias*>(o);
  v(a->origin);
  v(a->args);
  v(a->parameters);
}
const NativeDef kAliasMethods[] = {{"__mro_entries__", "($self, bases, /)", alias_mro_entries},
                                   {"__instancecheck__", "($self, instance, /)", alias_instancecheck},
                                   {"__subclasscheck__", "($self, cls, /)", alias_subclasscheck},
                                   {"__reduce__", "($self, /)", alias_reduce},
                                   {"__dir__", "($self, /)", alias_dir},
                                   {}};
const GetSetDef kAliasGetSets[] = {{"__parameters__", parameters_of},
                                   {"__origin__", get_origin},
                                   {"__args__", get_args},
                                   {"__unpacked__", get_unpacked},
                                   {"__typing_unpacked_tuple_args__", get_unpacked_args},
                                   {}};
}  // namespace

Ref<> generic_alias_new(Value origin, Value args) {
  Ref<Tuple> tuple = is_tuple(args) ? Ref<Tuple>::retain(as_tuple(args)) : tuple_of({args});
  Ref<GenericAlias> a = allocate<GenericAlias>(&generic_alias_type);
  if (!a || !tuple) return Ref<>();
  a->origin.init(Ref<>::retain(origin));
  a->args.init(std::move(tuple));
  return a;
}

const TypeSpec generic_alias_spec = {
    .name = "types.GenericAlias",
    .size = sizeof(GenericAlias),
    .flags = kTypeBase | kTypeWeakrefs,
    .slots = {.binary = {[static_cast<int>(BinaryOp::kOr)] = alias_or},
              .get_item = substitute,
              .hash = alias_hash,
              .compare = alias_compare,
              .repr = alias_repr,
              .iter = alias_iter,
              .call = alias_call,
              .get_attribute = alias_get_attribute,
              .construct = alias_construct},
    .traverse = alias_traverse,
    .methods = kAliasMethods,
    .getsets = kAliasGetSets,
    .doc = "Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,).",
};

}  // namespace pt
