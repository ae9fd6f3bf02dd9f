// _functools: reduce, cmp_to_key, and the module's table.
#include "vm/modules/functools/functools.h"

#include "vm/modules/support.h"
#include "vm/types/str.h"

#pragma clang diagnostic ignored "-Winvalid-offsetof"  // objects derive from Object; clang lays them out in order

namespace pt {

constinit Type key_wrapper_type = {};

namespace {

// ---- cmp_to_key --------------------------------------------------------------------------------------------------

struct KeyWrapper : Object {
  Field function;  // immutable
  Field object;    // empty: the factory that cmp_to_key returns
};

Ref<> key_wrapper_new(Value function, Ref<> object) {
  Ref<KeyWrapper> key = allocate<KeyWrapper>(&key_wrapper_type);
  if (!key) return Ref<>();
  key->function.init(Ref<>::retain(function));
  key->object.init(std::move(object));
  return key;
}
Ref<> key_wrapper_call(Value self, const Args& args) {
  Value object;
  if (!bind_arguments("K", "(obj)", args, &object)) return Ref<>();
  return key_wrapper_new(object_of<KeyWrapper>(self)->function.peek(), Ref<>::retain(object));
}
Ref<> key_wrapper_compare(Value self, Value other, CompareOp op) {
  if (type_of(other) != &key_wrapper_type) return raise(exc::TypeError, "other argument must be K instance");
  auto* left = object_of<KeyWrapper>(self);
  auto* right = object_of<KeyWrapper>(other);
  Ref<> x = left->object.load(left);
  Ref<> y = right->object.load(right);
  if (!x || !y) return raise(exc::AttributeError, "object");
  Ref<> answer = call_values(left->function.peek(), {x.value(), y.value()});
  if (!answer) return answer;
  return compare(answer.value(), Value::small_int(0), op);
}
void key_wrapper_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<KeyWrapper*>(o)->function);
  visitor(static_cast<KeyWrapper*>(o)->object);
}
const MemberDef kKeyMembers[] = {{"obj", offsetof(KeyWrapper, object), true, "Value wrapped by a key function."}, {}};

Ref<> cmp_to_key(const Value* a) { return key_wrapper_new(a[1], Ref<>()); }

// ---- reduce ------------------------------------------------------------------------------------------------------

Ref<> reduce(const Value* a) {
  Ref<> iterator = get_iter(a[2]);
  if (!iterator) {
    if (pending_matches(exc::TypeError)) {
      clear_error();
      return raise(exc::TypeError, "reduce() arg 2 must support iteration");
    }
    return Ref<>();
  }
  Ref<> result = a[3].empty() ? advance(iterator.value()) : Ref<>::retain(a[3]);
  if (!result) {
    if (error_pending()) return Ref<>();
    return raise(exc::TypeError, "reduce() of empty iterable with no initial value");
  }
  for (;;) {
    Ref<> item = advance(iterator.value());
    if (!item) return error_pending() ? Ref<>() : std::move(result);
    Value pair[2] = {result.value(), item.value()};
    Ref<> next_result = call(a[1], Args{pair, 2});
    if (!next_result) return next_result;
    result = std::move(next_result);
  }
}

const NativeDef kFunctions[] = {
    {"reduce", "($module, function, iterable, initial=<unrepresentable>, /)", reduce,
     "Apply a function of two arguments cumulatively to the items of an iterable, from left to right."},
    {"cmp_to_key", "($module, /, mycmp)", cmp_to_key, "Convert a cmp= function into a key= function."},
    {}};

bool execute(Module* module) {
  if (key_wrapper_type.spec == nullptr && !init_module_type(&key_wrapper_type, &key_wrapper_spec)) return false;
  if (lru_key_type.spec == nullptr && !init_module_type(&lru_key_type, &lru_key_spec)) return false;
  if (lru_link_type.spec == nullptr && !init_module_type(&lru_link_type, &lru_link_spec)) return false;
  return module_add_type(module, &partial_type, &partial_spec) && module_add_type(module, &lru_cache_type, &lru_cache_spec);
}

}  // namespace

const TypeSpec key_wrapper_spec = {
    .name = "functools.KeyWrapper",
    .size = sizeof(KeyWrapper),
    .flags = kTypeNoInstantiate,
    .slots = {.compare = key_wrapper_compare, .call = key_wrapper_call},
    .traverse = key_wrapper_traverse,
    .members = kKeyMembers,
    .unhashable = true,
};

extern const NativeModule functools_module;
const NativeModule functools_module = {"_functools", "Tools that operate on functions.", kFunctions, execute};

}  // namespace pt
