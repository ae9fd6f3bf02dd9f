// dict_keys, dict_values and dict_items: live views with the operations of sets.
#include "vm/types/dict_views.h"

#include "gc/heap/heap.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/dict.h"
#include "vm/types/iterators.h"
#include "vm/types/mapping_proxy.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type dict_keys_type{};
constinit Type dict_values_type{};
constinit Type dict_items_type{};

Ref<> dict_view_new(ShapeId shape, Value dict) {
  auto* view = static_cast<DictView*>(allocate_object(shape, sizeof(DictView), true));
  if (PT_UNLIKELY(!view)) return raise_no_memory();
  view->dict.init(Ref<>::retain(dict));
  return Ref<>::steal(Value::object(view));
}

namespace {

Value viewed(Value view) { return static_cast<DictView*>(view.as_object())->dict.peek(); }
bool is_set_view(Value v) { return is_dict_keys(v) || is_dict_items(v); }

int64_t view_length(Value self) { return dict_size(as_dict(viewed(self))); }

Ref<> keys_iter(Value self) { return dict_iterator_new(kShape_dict_key_iterator, viewed(self)); }
Ref<> values_iter(Value self) { return dict_iterator_new(kShape_dict_value_iterator, viewed(self)); }
Ref<> items_iter(Value self) { return dict_iterator_new(kShape_dict_item_iterator, viewed(self)); }
Ref<> keys_reversed(const Value* a) { return dict_iterator_new(kShape_dict_reverse_key_iterator, viewed(a[0])); }
Ref<> values_reversed(const Value* a) { return dict_iterator_new(kShape_dict_reverse_value_iterator, viewed(a[0])); }
Ref<> items_reversed(const Value* a) { return dict_iterator_new(kShape_dict_reverse_item_iterator, viewed(a[0])); }

int keys_contains(Value self, Value item) { return dict_contains(as_dict(viewed(self)), item); }

int items_contains(Value self, Value item) {
  if (!is_tuple(item) || as_tuple(item)->length != 2) return 0;
  Ref<> value = dict_get(as_dict(viewed(self)), as_tuple(item)->at(0));
  if (!value) return error_pending() ? -1 : 0;
  return equal_items(value.value(), as_tuple(item)->at(1));
}

Ref<> view_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return error_pending() ? Ref<>() : Ref<>(str_from_ascii("..."));
  Ref<List> items = list_from_iterable(self);
  if (!items) return Ref<>();
  return str_format("%T(%R)", self, items.value());
}

Ref<> view_mapping(Value self) { return mapping_proxy_new(viewed(self)); }

// ---- Set operations ----

// Is every item of `a` in `b`? 1, 0, -1 error.
int all_contained(Value a, Value b) {
  Ref<> iterator = get_iter(a);
  if (!iterator) return -1;
  for (;;) {
    Ref<> item = next(iterator.value());
    if (!item) return error_pending() ? -1 : 1;
    int result = contains(b, item.value());
    if (result <= 0) return result;
  }
}

Ref<> view_compare(Value left, Value right, CompareOp op) {
  if (!is_any_set(right) && !is_set_view(right)) return not_implemented_ref();
  int64_t a = length(left), b = length(right);
  if (a < 0 || b < 0) return Ref<>();
  int result = 0;
  switch (op) {
    case CompareOp::kEq:
    case CompareOp::kNe:
      result = a == b ? all_contained(left, right) : 0;
      if (result >= 0 && op == CompareOp::kNe) result = !result;
      break;
    case CompareOp::kLt: result = a < b ? all_contained(left, right) : 0; break;
    case CompareOp::kLe: result = a <= b ? all_contained(left, right) : 0; break;
    case CompareOp::kGt: result = a > b ? all_contained(right, left) : 0; break;
    case CompareOp::kGe: result = a >= b ? all_contained(right, left) : 0; break;
  }
  if (result < 0) return Ref<>();
  return bool_ref(result);
}

constinit Name kDifferenceUpdate("difference_update");
constinit Name kSymmetricUpdate("symmetric_difference_update");
constinit Name kIntersection("intersection");

Ref<> set_and_call(Value left, Value right, Str* method) {
  Ref<Set> result = set_new(left);
  if (!result) return Ref<>();
  if (!call_method(result.value(), method, {right})) return Ref<>();
  return result;
}

Ref<> view_subtract(Value left, Value right) { return set_and_call(left, right, kDifferenceUpdate.str()); }
Ref<> view_xor(Value left, Value right) { return set_and_call(left, right, kSymmetricUpdate.str()); }
Ref<> view_or(Value left, Value right) {
  Ref<Set> result = set_new(left);
  if (!result || !set_update(result.get(), right)) return Ref<>();
  return result;
}

Ref<> view_and(Value left, Value right) {
  Value self = left, other = right;
  if (!is_set_view(self)) {
    self = right;
    other = left;
  }
  int64_t size = view_length(self);
  if (has_shape(other, kShape_set) && size <= set_size(as_set(other))) return call_method(other, kIntersection.str(), {self});
  if (is_set_view(other) && view_length(other) > size) {
    Value swapped = self;
    self = other;
    other = swapped;
  }
  Ref<Set> result = set_new();
  if (!result) return Ref<>();
  bool ok = for_each(other, [&](Value item) {
    int found = contains(self, item);
    return found < 0 ? false : found == 0 || set_add(result.get(), item);
  });
  if (!ok) return Ref<>();
  return result;
}

Ref<> view_isdisjoint(const Value* a) {
  Value self = a[0], other = a[1];
  if (self.same(other)) return bool_ref(view_length(self) == 0);
  if (is_set_view(other) || has_shape(other, kShape_set) || has_shape(other, kShape_frozenset)) {
    int64_t theirs = length(other);
    if (theirs < 0) return Ref<>();
    if (theirs > view_length(self)) {
      Value swapped = self;
      self = other;
      other = swapped;
    }
  }
  Ref<> iterator = get_iter(other);
  if (!iterator) return Ref<>();
  for (;;) {
    Ref<> item = next(iterator.value());
    if (!item) return error_pending() ? Ref<>() : bool_ref(true);
    int found = contains(self, item.value());
    if (found < 0) return Ref<>();
    if (found) return bool_ref(false);
  }
}

void view_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<DictView*>(o)->dict); }

constexpr char kDisjointDoc[] = "Return True if the view and the given iterable have a null intersection.";
constexpr NativeDef kKeysMethods[] = {
    {"isdisjoint", "($self, other, /)", view_isdisjoint, kDisjointDoc},
    {"__reversed__", "($self, /)", keys_reversed, "Return a reverse iterator over the dict keys."},
    {}};
constexpr NativeDef kItemsMethods[] = {
    {"isdisjoint", "($self, other, /)", view_isdisjoint, kDisjointDoc},
    {"__reversed__", "($self, /)", items_reversed, "Return a reverse iterator over the dict items."},
    {}};
constexpr NativeDef kValuesMethods[] = {
    {"__reversed__", "($self, /)", values_reversed, "Return a reverse iterator over the dict values."}, {}};
constexpr GetSetDef kViewGetSets[] = {{"mapping", view_mapping, nullptr, "dictionary that this view refers to"}, {}};

constexpr int kSubIndex = static_cast<int>(BinaryOp::kSub), kAndIndex = static_cast<int>(BinaryOp::kAnd),
              kOrIndex = static_cast<int>(BinaryOp::kOr), kXorIndex = static_cast<int>(BinaryOp::kXor);

}  // namespace

const TypeSpec dict_keys_spec = {
    .name = "dict_keys",
    .size = sizeof(DictView),
    .flags = kTypeNoInstantiate,
    .slots = {.binary = {[kSubIndex] = view_subtract, [kAndIndex] = view_and, [kOrIndex] = view_or, [kXorIndex] = view_xor},
              .length = view_length,
              .contains = keys_contains,
              .compare = view_compare,
              .repr = view_repr,
              .iter = keys_iter},
    .traverse = view_traverse,
    .methods = kKeysMethods,
    .getsets = kViewGetSets,
    .unhashable = true,
};
const TypeSpec dict_items_spec = {
    .name = "dict_items",
    .size = sizeof(DictView),
    .flags = kTypeNoInstantiate,
    .slots = {.binary = {[kSubIndex] = view_subtract, [kAndIndex] = view_and, [kOrIndex] = view_or, [kXorIndex] = view_xor},
              .length = view_length,
              .contains = items_contains,
              .compare = view_compare,
              .repr = view_repr,
              .iter = items_iter},
    .traverse = view_traverse,
    .methods = kItemsMethods,
    .getsets = kViewGetSets,
    .unhashable = true,
};
const TypeSpec dict_values_spec = {
    .name = "dict_values",
    .size = sizeof(DictView),
    .flags = kTypeNoInstantiate,
    .slots = {.length = view_length, .repr = view_repr, .iter = values_iter},
    .traverse = view_traverse,
    .methods = kValuesMethods,
    .getsets = kViewGetSets,
};

}  // namespace pt
