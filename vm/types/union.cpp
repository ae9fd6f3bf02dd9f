// types.UnionType: int | str (PEP 604).
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/generic_alias.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type union_type;

namespace {
struct Union : Object {
  Field args;        // tuple
  Field parameters;  // tuple, made on demand
};
Union* as(Value v) { return reinterpret_cast<Union*>(v.as_object()); }
Tuple* args_of(Value v) { return as_tuple(as(v)->args.peek()); }

bool unionable(Value v) {
  return is_none(v) || is_instance_of(v, &type_type) || is_instance_of(v, &generic_alias_type) || has_shape(v, kShape_union);
}
bool add_member(List* out, Value v) {
  if (has_shape(v, kShape_union)) {
    for (int64_t i = 0; i < args_of(v)->length; ++i) {
      if (!add_member(out, args_of(v)->at(i))) return false;
    }
    return true;
  }
  if (is_none(v)) v = Value::object(&none_type);
  for (int64_t i = 0; i < list_size(out); ++i) {
    Ref<> have = list_get(out, i);
    bool both_alias = is_instance_of(v, &generic_alias_type) && is_instance_of(have.value(), &generic_alias_type);
    int same = have.value().same(v) ? 1 : both_alias || !is_instance_of(v, &type_type) ? equal(have.value(), v) : 0;
    if (same) return same > 0;
  }
  return list_append(out, Ref<>::retain(v));
}
Ref<> union_or(Value a, Value b) { return union_of_types(a, b); }
Ref<> union_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !has_shape(a, kShape_union) || !has_shape(b, kShape_union)) {
    return not_implemented_ref();
  }
  Ref<Set> x = set_new(as(a)->args.peek()), y = set_new(as(b)->args.peek());
  if (!x || !y) return Ref<>();
  return compare(x.value(), y.value(), op);
}
int64_t union_hash(Value self) {
  Ref<Set> s = frozenset_new(as(self)->args.peek());
  return s ? hash(s.value()) : -1;
}
Ref<> union_repr(Value self) {
  StrBuilder out;
  for (int64_t i = 0; i < args_of(self)->length; ++i) {
    if (i) out.append_ascii(" | ");
    Value v = args_of(self)->at(i);
    if (v.is(&none_type)) {
      out.append_ascii("None");
      continue;
    }
    Ref<> text;
    if (is_instance_of(v, &type_type)) {
      Ref<> qualname = get_attribute(v, names::qualname.str());
      Ref<> module_name = get_attribute(v, names::module.str());
      if (!qualname || !module_name) return Ref<>();
      if (is_str(module_name.value()) && as_str(module_name.value())->equals_ascii("builtins")) {
        text = std::move(qualname);
      } else {
        text = str_format("%V.%V", module_name.value(), qualname.value());
      }
    } else {
      text = repr(v);
    }
    if (!text || !out.append(as_str(text.value()))) return Ref<>();
  }
  return out.finish();
}
Ref<> get_args(Value self) { return Ref<>::retain(as(self)->args.peek()); }
Ref<> get_parameters(Value self) {
  Ref<> p = as(self)->parameters.load(self.as_object());
  if (p) return p;
  // A generic alias over the same arguments knows how to collect them.
  Ref<> alias = generic_alias_new(Value::object(&tuple_type), as(self)->args.peek());
  if (!alias) return alias;
  p = get_attribute(alias.value(), names::parameters.str());
  if (p) as(self)->parameters.store(self.as_object(), p.copy());
  return p;
}
Ref<> union_getitem(Value self, Value item) {
  Ref<> alias = generic_alias_new(Value::object(&tuple_type), as(self)->args.peek());
  if (!alias) return alias;
  Ref<> parameters = get_parameters(self);
  if (!parameters) return parameters;
  if (as_tuple(parameters.value())->length == 0) return raise(exc::TypeError, "%R is not a generic class", self);
  Ref<> replaced = get_item(alias.value(), item);
  if (!replaced) return replaced;
  Ref<> args = get_attribute(replaced.value(), names::args.str());
  if (!args) return args;
  Tuple* t = as_tuple(args.value());
  Ref<> result = Ref<>::retain(t->at(0));
  for (int64_t i = 1; i < t->length && result; ++i) result = binary_operation(BinaryOp::kOr, result.value(), t->at(i));
  return result;
}
Ref<> union_instancecheck(const Value* a) {
  for (int64_t i = 0; i < args_of(a[0])->length; ++i) {
    Value v = args_of(a[0])->at(i);
    if (is_instance_of(v, &generic_alias_type)) {
      return raise(exc::TypeError, "isinstance() argument 2 cannot be a parameterized generic");
    }
    int r = is_instance(a[1], v);
    if (r) return r < 0 ? Ref<>() : bool_ref(true);
  }
  return bool_ref(false);
}
Ref<> union_subclasscheck(const Value* a) {
  if (!is_instance_of(a[1], &type_type)) return raise(exc::TypeError, "issubclass() arg 1 must be a class");
  for (int64_t i = 0; i < args_of(a[0])->length; ++i) {
    Value v = args_of(a[0])->at(i);
    if (is_instance_of(v, &generic_alias_type)) {
      return raise(exc::TypeError, "issubclass() argument 2 cannot be a parameterized generic");
    }
    int r = is_subclass(a[1], v);
    if (r) return r < 0 ? Ref<>() : bool_ref(true);
  }
  return bool_ref(false);
}
Ref<> union_reduce(const Value* a) {
  Ref<> function = import_attribute("functools", "reduce");
  Ref<> op = import_attribute("operator", "or_");
  if (!function || !op) return Ref<>();
  Ref<Tuple> inner = tuple_of({op.value(), as(a[0])->args.peek()});
  if (!inner) return inner;
  return tuple_of({function.value(), inner.value()});
}
void union_traverse(Object* o, FieldVisitor& v) {
  v(static_cast<Union*>(o)->args);
  v(static_cast<Union*>(o)->parameters);
}
const NativeDef kMethods[] = {{"__instancecheck__", "($self, instance, /)", union_instancecheck},
                              {"__subclasscheck__", "($self, cls, /)", union_subclasscheck},
                              {"__reduce__", "($self, /)", union_reduce},
                              {}};
const GetSetDef kGetSets[] = {{"__args__", get_args}, {"__parameters__", get_parameters}, {}};
}  // namespace

Ref<> union_of_types(Value left, Value right) {
  if (!unionable(left) || !unionable(right) || (is_none(left) && is_none(right))) return not_implemented_ref();
  Ref<List> members = list_new();
  if (!members || !add_member(members.get(), left) || !add_member(members.get(), right)) return Ref<>();
  if (list_size(members.get()) == 1) return list_get(members.get(), 0);
  Ref<Tuple> args = list_to_tuple(members.get());
  Ref<Union> u = allocate<Union>(&union_type);
  if (!args || !u) return Ref<>();
  u->args.init(std::move(args));
  return u;
}

const TypeSpec union_spec = {
    .name = "types.UnionType",
    .size = sizeof(Union),
    .flags = kTypeNoInstantiate,
    .slots = {.binary = {[static_cast<int>(BinaryOp::kOr)] = union_or},
              .get_item = union_getitem,
              .hash = union_hash,
              .compare = union_compare,
              .repr = union_repr},
    .traverse = union_traverse,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "Represent a PEP 604 union type\n\nE.g. for int | str",
};

}  // namespace pt
