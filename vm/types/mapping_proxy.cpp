#include "vm/types/mapping_proxy.h"

#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type mapping_proxy_type{};

Ref<> mapping_proxy_new(Value mapping) {
  Ref<MappingProxy> proxy = allocate<MappingProxy>(&mapping_proxy_type);
  if (proxy) proxy->mapping.init(Ref<>::retain(mapping));
  return proxy;
}

namespace {

bool is_proxy(Value v) { return has_shape(v, kShape_mapping_proxy); }
Value target(Value v) { return static_cast<MappingProxy*>(v.as_object())->mapping.peek(); }

Ref<> proxy_construct(Type*, const Args& args) {
  Value mapping;
  if (!bind_arguments("mappingproxy", "(mapping)", args, &mapping)) return Ref<>();
  if (!type_of(mapping)->slots.get_item || is_list(mapping) || is_tuple(mapping)) {
    return raise(exc::TypeError, "mappingproxy() argument must be a mapping, not %T", mapping);
  }
  return mapping_proxy_new(mapping);
}

int64_t proxy_length(Value self) { return length(target(self)); }
Ref<> proxy_get_item(Value self, Value key) { return get_item(target(self), key); }
int proxy_contains(Value self, Value key) {
  Value mapping = target(self);
  return is_exact_dict(mapping) ? dict_contains(as_dict(mapping), key) : contains(mapping, key);
}
Ref<> proxy_iter(Value self) { return get_iter(target(self)); }
Ref<> proxy_repr(Value self) { return str_format("mappingproxy(%R)", target(self)); }
Ref<> proxy_str(Value self) { return str(target(self)); }
Ref<> proxy_compare(Value left, Value right, CompareOp op) {
  if (!is_proxy(left)) return not_implemented_ref();
  return compare(target(left), right, op);
}
Ref<> proxy_or(Value left, Value right) {
  return binary_operation(BinaryOp::kOr, is_proxy(left) ? target(left) : left, is_proxy(right) ? target(right) : right);
}
Ref<> proxy_inplace_or(Value self, Value) { return raise(exc::TypeError, "'|=' is not supported by %T; use '|' instead", self); }

constinit Name kGet("get"), kKeys("keys"), kValues("values"), kItems("items"), kCopy("copy"), kReversed("__reversed__");

Ref<> proxy_get(const Value* a) { return call_method(target(a[0]), kGet.str(), {a[1], a[2].empty() ? none() : a[2]}); }
Ref<> proxy_keys(const Value* a) { return call_method(target(a[0]), kKeys.str()); }
Ref<> proxy_values(const Value* a) { return call_method(target(a[0]), kValues.str()); }
Ref<> proxy_items(const Value* a) { return call_method(target(a[0]), kItems.str()); }
Ref<> proxy_copy(const Value* a) { return call_method(target(a[0]), kCopy.str()); }
Ref<> proxy_reversed(const Value* a) { return call_method(target(a[0]), kReversed.str()); }

void proxy_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<MappingProxy*>(o)->mapping); }

constexpr NativeDef kProxyMethods[] = {
    {"get", "($self, key, default=None, /)", proxy_get, "Return the value for key if key is in the mapping, else default."},
    {"keys", "($self, /)", proxy_keys, "D.keys() -> a set-like object providing a view on D's keys"},
    {"values", "($self, /)", proxy_values, "D.values() -> an object providing a view on D's values"},
    {"items", "($self, /)", proxy_items, "D.items() -> a set-like object providing a view on D's items"},
    {"copy", "($self, /)", proxy_copy, "D.copy() -> a shallow copy of D"},
    {"__reversed__", "($self, /)", proxy_reversed, "D.__reversed__() -> reverse iterator"},
    {"__class_getitem__", "($type, object, /)", class_get_item, "See PEP 585", kClassMethod},
    {}};

}  // namespace

const TypeSpec mapping_proxy_spec = {
    .name = "mappingproxy",
    .size = sizeof(MappingProxy),
    .flags = kTypeMapping,
    .slots = {.binary = {[static_cast<int>(BinaryOp::kOr)] = proxy_or},
              .inplace = {[static_cast<int>(BinaryOp::kOr)] = proxy_inplace_or},
              .length = proxy_length,
              .get_item = proxy_get_item,
              .contains = proxy_contains,
              .compare = proxy_compare,
              .repr = proxy_repr,
              .str = proxy_str,
              .iter = proxy_iter,
              .construct = proxy_construct},
    .traverse = proxy_traverse,
    .methods = kProxyMethods,
    .unhashable = true,
};

}  // namespace pt
