#include "vm/types/simple_namespace.h"

#include "vm/object/attributes.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

struct SimpleNamespace : Object {};

Ref<> namespace_construct(Type* type, const Args&) { return allocate<SimpleNamespace>(type); }

bool namespace_init(Value self, const Args& args) {
  if (args.count) return raise(exc::TypeError, "no positional arguments expected");
  for (uint32_t i = 0; i < args.keyword_count(); ++i) {
    if (!instance_set(self.as_object(), intern(Ref<Str>::retain(as_str(args.names->at(i)))), args.values[i])) return false;
  }
  return true;
}

Ref<> namespace_repr(Value self) {
  bool exact = type_of(self) == &simple_namespace_type;
  StrBuilder out;
  if (exact) {
    out.append_ascii("namespace");
  } else {
    Ref<> name = get_attribute(Value::object(type_of(self)), names::name.str());
    if (!name) return Ref<>();
    out.append(as_str(name.value()));
  }
  out.append_ascii("(");
  ReprGuard guard(self);
  if (guard.entered()) {
    Ref<Dict> attributes = instance_snapshot(self.as_object());
    if (!attributes) return Ref<>();
    int64_t position = 0;
    Ref<> key, value;
    bool first = true;
    while (dict_next(attributes.get(), &position, &key, &value)) {
      if (!is_str(key.value()) || as_str(key.value())->length == 0) continue;
      if (!first) out.append_ascii(", ");
      first = false;
      out.append(as_str(key.value()));
      out.append_ascii("=");
      Ref<> text = repr(value.value());
      if (!text) return Ref<>();
      out.append(as_str(text.value()));
    }
  } else {
    if (error_pending()) return Ref<>();
    out.append_ascii("...");
  }
  out.append_ascii(")");
  return out.finish();
}

Ref<> namespace_compare(Value left, Value right, CompareOp op) {
  if (!is_instance_of(left, &simple_namespace_type) || !is_instance_of(right, &simple_namespace_type))
    return not_implemented_ref();
  Ref<Dict> a = instance_dict(left.as_object()), b;
  if (!a) return Ref<>();
  b = instance_dict(right.as_object());
  if (!b) return Ref<>();
  return compare(a.value(), b.value(), op);
}

void namespace_traverse(Object* o, FieldVisitor& visitor) {
  // Classes derived in Python visit their attributes themselves.
  if (!has_flag(o->shape()->type, kTypeHeap)) attributes_traverse(o, visitor);
}
void namespace_clear(Object* o) { attributes_clear(o); }

Ref<> namespace_reduce(const Value* a) {
  Ref<Dict> attributes = instance_dict(a[0].as_object());
  if (!attributes) return Ref<>();
  return tuple_of({Value::object(type_of(a[0])), Value::object(empty_tuple()), attributes.value()});
}

Ref<> namespace_get_dict(Value self) { return instance_dict(self.as_object()); }

const NativeDef kMethods[] = {
    {"__reduce__", "($self, /)", namespace_reduce, "Return state information for pickling"},
    {},
};
const GetSetDef kGetSets[] = {{"__dict__", namespace_get_dict}, {}};
const TypeSpec kSpec = {
    .name = "types.SimpleNamespace",
    .size = sizeof(SimpleNamespace),
    .flags = kTypeBase | kTypeHasDict,
    .slots = {.compare = namespace_compare, .repr = namespace_repr, .construct = namespace_construct, .init = namespace_init},
    .traverse = namespace_traverse,
    .clear = namespace_clear,
    .destroy = namespace_clear,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "A simple attribute-based namespace.\n\nSimpleNamespace(**kwargs)",
    .unhashable = true,
};

}  // namespace

constinit Type simple_namespace_type;

bool init_simple_namespace() { return simple_namespace_type.spec || init_module_type(&simple_namespace_type, &kSpec); }

Ref<> simple_namespace_new(Dict* attributes) {
  Ref<SimpleNamespace> self = allocate<SimpleNamespace>(&simple_namespace_type);
  if (!self) return Ref<>();
  int64_t position = 0;
  Ref<> key, value;
  while (dict_next(attributes, &position, &key, &value)) {
    if (!instance_set(self.get(), intern(Ref<Str>::retain(as_str(key.value()))), value.value())) return Ref<>();
  }
  return self;
}

}  // namespace pt
