#include "vm/types/tuple.h"

#include "gc/heap/heap_inl.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/slice.h"

namespace pt {

constinit std::atomic<Type*> g_tuple_getter_type{nullptr};

constinit Type tuple_type{};

namespace {

constinit struct {
  Tuple tuple;
} g_empty_tuple{};

constexpr int64_t kMaxTuple = (INT64_MAX - 64) / 8;

}  // namespace

Tuple* empty_tuple() {
  Tuple* t = &g_empty_tuple.tuple;
  if (PT_UNLIKELY(t->shape_id.load(std::memory_order_acquire) != kShape_tuple)) init_immortal_header(t, kShape_tuple);
  return t;
}

Ref<Tuple> tuple_allocate(int64_t length) {
  if (PT_UNLIKELY(length > kMaxTuple)) return raise_no_memory();
  if (PT_UNLIKELY(length == 0)) return Ref<Tuple>::retain(empty_tuple());
  auto* t = static_cast<Tuple*>(
      allocate_object_inline(kShape_tuple, sizeof(Tuple) + static_cast<size_t>(length) * sizeof(Field), true));
  if (PT_UNLIKELY(!t)) return raise_no_memory();
  t->length = length;
  return Ref<Tuple>::steal(t);
}

Ref<Tuple> tuple_from(const Value* values, int64_t count) {
  Ref<Tuple> t = tuple_allocate(count);
  if (PT_LIKELY(static_cast<bool>(t))) {
    Field* items = t->items;
    for (int64_t i = 0; i < count; ++i) items[i].init(Ref<>::retain(values[i]));
  }
  return t;
}

Ref<Tuple> tuple_from_iterable(Value iterable) {
  if (is_exact_tuple(iterable)) return Ref<Tuple>::retain(as_tuple(iterable));
  if (is_exact_list(iterable)) return list_to_tuple(as_list(iterable));
  Ref<List> list = list_from_iterable(iterable);
  if (!list) return Ref<Tuple>();
  return list_to_tuple(list.get());
}

Ref<Tuple> tuple_slice(Tuple* t, int64_t start, int64_t end) {
  if (start < 0) start = 0;
  if (end > t->length) end = t->length;
  if (end < start) end = start;
  if (start == 0 && end == t->length && is_exact_tuple(Value::object(t))) return Ref<Tuple>::retain(t);
  Ref<Tuple> result = tuple_allocate(end - start);
  if (result) {
    for (int64_t i = start; i < end; ++i) result->items[i - start].init(Ref<>::retain(t->at(i)));
  }
  return result;
}

Ref<Tuple> tuple_every(Tuple* t, int64_t start, int64_t step, int64_t count) {
  if (step == 1) return tuple_slice(t, start, start + count);
  Ref<Tuple> result = tuple_allocate(count);
  if (!result) return result;
  for (int64_t at = start, k = 0; k < count; ++k, at += step) result->items[k].init(Ref<>::retain(t->at(at)));
  return result;
}

namespace {

Ref<> to_tuple(const Value* a) { return tuple_from_iterable(a[0]); }
Ref<> tuple_construct(Type* type, const Args& args) {
  Value iterable;
  bool own_init = type != &tuple_type && type->slots.init != tuple_type.slots.init;
  if (!optional_argument("tuple", args, own_init, &iterable)) return Ref<>();
  Ref<Tuple> exact = iterable.empty() ? Ref<Tuple>::retain(empty_tuple()) : tuple_from_iterable(iterable);
  if (!exact || type == &tuple_type) return exact;
  Ref<Tuple> t = allocate<Tuple>(type, static_cast<size_t>(exact->length));
  if (!t) return t;
  t->length = exact->length;
  for (int64_t i = 0; i < exact->length; ++i) t->items[i].init(Ref<>::retain(exact->at(i)));
  return t;
}

int64_t tuple_length(Value self) { return as_tuple(self)->length; }

Ref<> tuple_get_item(Value self, Value key) {
  Tuple* t = as_tuple(self);
  int64_t i;
  if (PT_LIKELY(key.is_small_int())) {
    i = key.as_small_int();
  } else if (has_index(key)) {
    if (!to_size(key, &i)) return Ref<>();
  } else if (is_slice(key)) {
    int64_t start, stop, step, count;
    if (!slice_indices(key, t->length, &start, &stop, &step, &count)) return Ref<>();
    return tuple_every(t, start, step, count);
  } else {
    return raise(exc::TypeError, "tuple indices must be integers or slices, not %T", key);
  }
  if (i < 0) i += t->length;
  if (PT_UNLIKELY(static_cast<uint64_t>(i) >= static_cast<uint64_t>(t->length))) {
    return raise(exc::IndexError, "tuple index out of range");
  }
  return Ref<>::retain(t->at(i));
}

Ref<> tuple_concat(Value left, Value right) {
  if (!is_tuple(right)) return raise(exc::TypeError, "can only concatenate tuple (not \"%T\") to tuple", right);
  Tuple *a = as_tuple(left), *b = as_tuple(right);
  if (a->length == 0 && is_exact_tuple(right)) return Ref<>::retain(right);
  if (b->length == 0 && is_exact_tuple(left)) return Ref<>::retain(left);
  if (a->length > kMaxTuple - b->length) return raise_no_memory();
  Ref<Tuple> result = tuple_allocate(a->length + b->length);
  if (!result) return result;
  for (int64_t i = 0; i < a->length; ++i) result->items[i].init(Ref<>::retain(a->at(i)));
  for (int64_t i = 0; i < b->length; ++i) result->items[a->length + i].init(Ref<>::retain(b->at(i)));
  return result;
}

Ref<> tuple_repeat(Value self, int64_t count) {
  Tuple* t = as_tuple(self);
  if ((t->length == 0 || count == 1) && is_exact_tuple(self)) return Ref<>::retain(self);
  if (t->length == 0 || count <= 0) return Ref<>::retain(Value::object(empty_tuple()));
  if (count > kMaxTuple / t->length) return raise_no_memory();
  Ref<Tuple> result = tuple_allocate(t->length * count);
  if (!result) return result;
  int64_t at = 0;
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t i = 0; i < t->length; ++i) result->items[at++].init(Ref<>::retain(t->at(i)));
  }
  return result;
}

int tuple_contains(Value self, Value item) {
  Tuple* t = as_tuple(self);
  for (int64_t i = 0; i < t->length; ++i) {
    int result = equal_items(t->at(i), item);
    if (result != 0) return result;
  }
  return 0;
}

// The xxHash-based combination that CPython documents in its sources; sets of tuples iterate in the same order.
int64_t tuple_hash(Value self) {
  constexpr uint64_t kPrime1 = 11400714785074694791u, kPrime2 = 14029467366897019727u, kPrime5 = 2870177450012600261u;
  Tuple* t = as_tuple(self);
  uint64_t acc = kPrime5;
  for (int64_t i = 0; i < t->length; ++i) {
    int64_t lane = key_hash(t->at(i));
    if (PT_UNLIKELY(lane == -1)) return -1;
    acc += static_cast<uint64_t>(lane) * kPrime2;
    acc = std::rotl(acc, 31) * kPrime1;
  }
  acc += static_cast<uint64_t>(t->length) ^ (kPrime5 ^ 3527539u);
  return acc == ~uint64_t{0} ? 1546275796 : static_cast<int64_t>(acc);
}

Ref<> tuple_compare(Value left, Value right, CompareOp op) {
  if (!is_tuple(left) || !is_tuple(right)) return not_implemented_ref();
  Tuple *a = as_tuple(left), *b = as_tuple(right);
  int64_t shared = a->length < b->length ? a->length : b->length;
  int64_t i = 0;
  for (; i < shared; ++i) {
    int result = equal_items(a->at(i), b->at(i));
    if (result < 0) return Ref<>();
    if (result == 0) break;
  }
  if (i < shared) {
    if (op == CompareOp::kEq) return bool_ref(false);
    if (op == CompareOp::kNe) return bool_ref(true);
    return compare(a->at(i), b->at(i), op);
  }
  int64_t x = a->length, y = b->length;
  switch (op) {
    case CompareOp::kLt: return bool_ref(x < y);
    case CompareOp::kLe: return bool_ref(x <= y);
    case CompareOp::kEq: return bool_ref(x == y);
    case CompareOp::kNe: return bool_ref(x != y);
    case CompareOp::kGt: return bool_ref(x > y);
    case CompareOp::kGe: return bool_ref(x >= y);
  }
  return Ref<>();
}

Ref<> tuple_repr(Value self) {
  Tuple* t = as_tuple(self);
  if (t->length == 0) return str_from_ascii("()");
  ReprGuard guard(self);
  if (!guard.entered()) return error_pending() ? Ref<>() : Ref<>(str_from_ascii("(...)"));
  StrBuilder out;
  if (!out.append_ascii("(")) return raise_no_memory();
  for (int64_t i = 0; i < t->length; ++i) {
    if (i && !out.append_ascii(", ")) return raise_no_memory();
    Ref<> text = repr(t->at(i));
    if (!text) return text;
    if (!out.append(as_str(text.value()))) return raise_no_memory();
  }
  if (!out.append_ascii(t->length == 1 ? ",)" : ")")) return raise_no_memory();
  return out.finish();
}

Ref<> tuple_iter(Value self) { return tuple_iterator_new(self); }

Ref<> tuple_index(const Value* a) {
  Tuple* t = as_tuple(a[0]);
  int64_t start = 0, end = INT64_MAX;
  if (!a[2].empty() && !index_bound(a[2], &start)) return Ref<>();
  if (!a[3].empty() && !index_bound(a[3], &end)) return Ref<>();
  clamp_range(t->length, &start, &end);
  for (int64_t i = start; i < end; ++i) {
    int result = equal_items(t->at(i), a[1]);
    if (result < 0) return Ref<>();
    if (result) return Ref<>::steal(Value::small_int(i));
  }
  return raise(exc::ValueError, "tuple.index(x): x not in tuple");
}

Ref<> tuple_count(const Value* a) {
  Tuple* t = as_tuple(a[0]);
  int64_t count = 0;
  for (int64_t i = 0; i < t->length; ++i) {
    int result = equal_items(t->at(i), a[1]);
    if (result < 0) return Ref<>();
    count += result;
  }
  return Ref<>::steal(Value::small_int(count));
}

Ref<> tuple_getnewargs(const Value* a) {
  Tuple* t = as_tuple(a[0]);
  Ref<Tuple> copy = tuple_slice(t, 0, t->length);
  if (!copy) return copy;
  return tuple_of({copy.value()});
}

void tuple_traverse(Object* o, FieldVisitor& visit) {
  Tuple* t = static_cast<Tuple*>(o);
  for (int64_t i = 0; i < t->length; ++i) visit(t->items[i]);
}

void tuple_destroy(Object* o) {
  Tuple* t = static_cast<Tuple*>(o);
  for (int64_t i = 0; i < t->length; ++i) t->items[i].clear();
}

constexpr NativeDef kTupleMethods[] = {{"index", "($self, value, start=0, stop=sys.maxsize, /)", tuple_index,
                                        "Return first index of value.\n\nRaises ValueError if the value is not present."},
                                       {"count", "($self, value, /)", tuple_count, "Return number of occurrences of value."},
                                       {"__getnewargs__", "($self, /)", tuple_getnewargs},
                                       {"__class_getitem__", "($type, object, /)", class_get_item, "See PEP 585", kClassMethod},
                                       {}};

}  // namespace

const TypeSpec tuple_spec = {
    .name = "tuple",
    .size = sizeof(Tuple),
    .item_size = sizeof(Field),
    .flags = kTypeBase | kTypeVarSize | kTypeSequence | kTypeMatchSelf | kTypeTupleSubclass,
    .slots = {.length = tuple_length,
              .get_item = tuple_get_item,
              .concat = tuple_concat,
              .repeat = tuple_repeat,
              .contains = tuple_contains,
              .hash = tuple_hash,
              .compare = tuple_compare,
              .repr = tuple_repr,
              .iter = tuple_iter,
              .construct = tuple_construct},
    .traverse = tuple_traverse,
    .destroy = tuple_destroy,
    .methods = kTupleMethods,
    .doc =
        "Built-in immutable sequence.\n\nIf no argument is given, the constructor returns an empty tuple.\n"
        "If iterable is specified the tuple is initialized from iterable's items.\n\n"
        "If the argument is a tuple, the return value is the same object.",
    .signature = "(iterable=(), /)",
    .convert = to_tuple,
};

}  // namespace pt
