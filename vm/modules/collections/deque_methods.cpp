// Methods and iterators of deque.
#include "vm/modules/collections/deque_methods.h"

#include <cstdint>

#include "vm/modules/collections/collections.h"
#include "vm/modules/collections/deque.h"
#include "vm/modules/support.h"
#include "vm/object/leaf_forms.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

constinit Type deque_iterator_type = {}, deque_reverse_iterator_type = {};

namespace {

Deque* deque_of(Value v) { return object_of<Deque>(v); }

Ref<> append(const Value* a) { return deque_append(deque_of(a[0]), Ref<>::retain(a[1])) ? none_ref() : Ref<>(); }
Ref<> append_leaf(const Value* a) { return deque_append_unbounded(deque_of(a[0]), a[1]) ? none_ref() : Ref<>(); }
Ref<> append_left(const Value* a) { return deque_append_left(deque_of(a[0]), Ref<>::retain(a[1])) ? none_ref() : Ref<>(); }
Ref<> pop(const Value* a) {
  Ref<> item = deque_take_last(deque_of(a[0]));
  if (!item) return raise(exc::IndexError, "pop from an empty deque");
  return item;
}
Ref<> pop_left(const Value* a) {
  Ref<> item = deque_take_first(deque_of(a[0]));
  if (!item) return raise(exc::IndexError, "pop from an empty deque");
  return item;
}
Ref<> pop_leaf(const Value* a) { return deque_take_last(deque_of(a[0])); }
Ref<> pop_left_leaf(const Value* a) { return deque_take_first(deque_of(a[0])); }
Ref<> clear(const Value* a) {
  deque_clear(deque_of(a[0]));
  return none_ref();
}
Ref<> extend(const Value* a) { return deque_extend(deque_of(a[0]), a[1], false) ? none_ref() : Ref<>(); }
Ref<> extend_left(const Value* a) { return deque_extend(deque_of(a[0]), a[1], true) ? none_ref() : Ref<>(); }

Ref<> count(const Value* a) {
  Deque* d = deque_of(a[0]);
  uint64_t state;
  int64_t n = deque_snapshot(d, &state);
  int64_t found = 0;
  for (int64_t i = 0; i < n; ++i) {
    bool changed;
    Ref<> item = deque_get_checked(d, i, state, &changed);
    if (changed) return raise(exc::RuntimeError, "deque mutated during iteration");
    int same = equal(item.value(), a[1]);
    if (same < 0) return Ref<>();
    found += same;
  }
  return int_from_int64(found);
}

Ref<> find_index(const Value* a) {
  int64_t start, stop;
  if (!optional_clamped(a[2], 0, &start) || !optional_clamped(a[3], INT64_MAX, &stop)) return Ref<>();
  Deque* d = deque_of(a[0]);
  uint64_t state;
  int64_t n = deque_snapshot(d, &state);
  clamp_range(n, &start, &stop);
  for (int64_t i = start; i < stop; ++i) {
    bool changed;
    Ref<> item = deque_get_checked(d, i, state, &changed);
    int same = changed ? 0 : equal(item.value(), a[1]);
    if (same < 0) return Ref<>();
    if (same) return int_from_int64(i);
    uint64_t now;
    deque_snapshot(d, &now);
    if (now != state) return raise(exc::RuntimeError, "deque mutated during iteration");
  }
  return raise(exc::ValueError, "%R is not in deque", a[1]);
}

// Rotation right by `n` steps of the items, locked.
void rotate_locked(Deque* d, int64_t n) {
  if (d->length <= 1) return;
  int64_t half = d->length / 2;
  if (n > half || n < -half) {
    n %= d->length;
    if (n > half)
      n -= d->length;
    else if (n < -half)
      n += d->length;
  }
  int64_t mask = d->capacity - 1;
  if (d->length == d->capacity) {
    d->head = (d->head - n) & mask;
  } else {
    for (; n > 0; --n) {
      Ref<> last = d->slot(d->length - 1).exchange_locked(Ref<>());
      d->head = (d->head - 1) & mask;
      d->slot(0).init(std::move(last));
    }
    for (; n < 0; ++n) {
      Ref<> first = d->slot(0).exchange_locked(Ref<>());
      d->head = (d->head + 1) & mask;
      d->slot(d->length - 1).init(std::move(first));
    }
  }
  ++d->state;
}
Ref<> rotate(const Value* a) {
  int64_t n = 1;
  if (!a[1].empty() && !to_ssize(a[1], &n)) return Ref<>();
  Deque* d = deque_of(a[0]);
  LockGuard guard(d);
  rotate_locked(d, n);
  return none_ref();
}

Ref<> reverse(const Value* a) {
  Deque* d = deque_of(a[0]);
  LockGuard guard(d);
  for (int64_t i = 0, k = d->length - 1; i < k; ++i, --k) {
    Ref<> low = d->slot(i).exchange_locked(Ref<>());
    d->slot(i).init(d->slot(k).exchange_locked(Ref<>()));
    d->slot(k).init(std::move(low));
  }
  ++d->state;
  return none_ref();
}

Ref<> insert(const Value* a) {
  int64_t at;
  if (!to_ssize(a[1], &at)) return Ref<>();
  bool full;
  if (deque_insert(deque_of(a[0]), at, Ref<>::retain(a[2]), &full)) return none_ref();
  if (full) return raise(exc::IndexError, "deque already at its maximum size");
  return raise_no_memory();
}

Ref<> remove(const Value* a) {
  Deque* d = deque_of(a[0]);
  uint64_t state;
  int64_t n = deque_snapshot(d, &state);
  for (int64_t i = 0; i < n; ++i) {
    bool changed;
    Ref<> item = deque_get_checked(d, i, state, &changed);
    int same = changed ? 0 : equal(item.value(), a[1]);
    if (same < 0) return Ref<>();
    uint64_t now;
    deque_snapshot(d, &now);
    if (changed || now != state) return raise(exc::IndexError, "deque mutated during remove().");
    if (same) return delete_item(a[0], Value::small_int(i)) ? none_ref() : Ref<>();
  }
  return raise(exc::ValueError, "%R is not in deque", a[1]);
}

Ref<> size_of(const Value* a) {
  Deque* d = deque_of(a[0]);
  LockGuard guard(d);
  return int_from_int64(static_cast<int64_t>(type_of(a[0])->layout.fixed_size) +
                        d->capacity * static_cast<int64_t>(sizeof(Field)));
}

Ref<> reduce(const Value* a) {
  Ref<> state = call_method(a[0], "__getstate__");
  Ref<> iterator = state ? get_iter(a[0]) : Ref<>();
  if (!iterator) return Ref<>();
  int64_t maximum = deque_of(a[0])->maximum;
  Ref<Tuple> arguments =
      maximum < 0 ? Ref<Tuple>::retain(empty_tuple()) : tuple_of({Value::object(empty_tuple()), Value::small_int(maximum)});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), state.value(), iterator.value()});
}

Ref<> get_maximum(Value self) {
  int64_t maximum = deque_of(self)->maximum;
  return maximum < 0 ? none_ref() : int_from_int64(maximum);
}

}  // namespace

Ref<> deque_copy(const Value* a) {
  Value self = a[0];
  int64_t maximum = deque_of(self)->maximum;
  if (type_of(self) == &deque_type) {
    Ref<> result = deque_type.slots.construct(&deque_type, Args{nullptr, 0});
    if (!result) return result;
    deque_of(result.value())->maximum = maximum;
    if (!deque_extend(deque_of(result.value()), self, false)) return Ref<>();
    return result;
  }
  Ref<> result = maximum < 0 ? call1(type_value(self), self) : call_values(type_value(self), {self, Value::small_int(maximum)});
  if (result && !is_deque(result.value())) {
    return raise(exc::TypeError, "%T() must return a deque, not %T", self, result.value());
  }
  return result;
}

const NativeDef kDequeMethods[] = {
    {"append", "($self, x, /)", append, "Add an element to the right side of the deque."},
    {"appendleft", "($self, x, /)", append_left, "Add an element to the left side of the deque."},
    {"clear", "($self, /)", clear, "Remove all elements from the deque."},
    {"__copy__", "($self, /)", deque_copy, "Return a shallow copy of a deque."},
    {"copy", "($self, /)", deque_copy, "Return a shallow copy of a deque."},
    {"count", "($self, x, /)", count, "Return the number of occurrences of a value."},
    {"extend", "($self, iterable, /)", extend, "Extend the right side of the deque with elements from the iterable"},
    {"extendleft", "($self, iterable, /)", extend_left, "Extend the left side of the deque with elements from the iterable"},
    {"index", "($self, value, start=0, stop=sys.maxsize, /)", find_index, "Return first index of value."},
    {"insert", "($self, index, value, /)", insert, "Insert value before index."},
    {"pop", "($self, /)", pop, "Remove and return the rightmost element."},
    {"popleft", "($self, /)", pop_left, "Remove and return the leftmost element."},
    {"__reduce__", "($self, /)", reduce, "Return state information for pickling."},
    {"remove", "($self, value, /)", remove, "Remove first occurrence of value."},
    {"__reversed__", "($self, /)", deque_reverse_iterator_new, "Return a reverse iterator over the deque."},
    {"reverse", "($self, /)", reverse, "Reverse *IN PLACE*."},
    {"rotate", "($self, n=1, /)", rotate, "Rotate the deque n steps to the right; to the left if n is negative."},
    {"__sizeof__", "($self, /)", size_of, "Return the size of the deque in memory, in bytes."},
    kClassGetItem,
    {}};
void add_deque_leaf_forms() {
  static constexpr LeafForm kForms[] = {{append, append_leaf}, {pop, pop_leaf}, {pop_left, pop_left_leaf}};
  static constinit LeafForms forms{kForms, std::size(kForms)};
  add_leaf_forms(&forms);
}
const GetSetDef kDequeGetSets[] = {{"maxlen", get_maximum, nullptr, "maximum size of a deque or None if unbounded"}, {}};

// ---- iterators ---------------------------------------------------------------------------------------------------

namespace {

struct DequeIterator : Object {
  Field deque;                  // immutable
  std::atomic<int64_t> index;   // items given so far
  std::atomic<int64_t> left;
  std::atomic<uint64_t> state;
};

static_assert(offsetof(DequeIterator, deque) == sizeof(Object));

Ref<> iterator_new(Type* type, Value deque) {
  Ref<DequeIterator> it = allocate<DequeIterator>(type);
  if (!it) return Ref<>();
  uint64_t state;
  int64_t n = deque_snapshot(deque_of(deque), &state);
  it->deque.init(Ref<>::retain(deque));
  it->left.store(n, std::memory_order_relaxed);
  it->state.store(state, std::memory_order_relaxed);
  return it;
}

template <bool Reverse>
Ref<> iterator_construct(Type* type, const Args& args) {
  Value v[2];
  const char* name = Reverse ? "_deque_reverse_iterator" : "_deque_iterator";
  if (!positional_arguments(name, type, Reverse ? deque_reverse_iterator_type : deque_iterator_type, args, 1, 2, v)) {
    return Ref<>();
  }
  if (!is_deque(v[0])) {
    return raise(exc::TypeError, "%s() argument 1 must be collections.deque, not %T", name, v[0]);
  }
  int64_t skip = 0;
  if (!v[1].empty() && !to_ssize(v[1], &skip)) return Ref<>();
  Ref<> result = iterator_new(type, v[0]);
  if (!result) return result;
  auto* it = object_of<DequeIterator>(result.value());
  int64_t n = it->left.load(std::memory_order_relaxed);
  if (skip > n) skip = n;
  if (skip > 0) {
    it->index.store(skip, std::memory_order_relaxed);
    it->left.store(n - skip, std::memory_order_relaxed);
  }
  return result;
}

template <bool Reverse>
Ref<> iterator_next(Value self) {
  auto* it = object_of<DequeIterator>(self);
  Deque* d = deque_of(it->deque.peek());
  bool changed = false;
  Ref<> item;
  {
    LockGuard guard(d);
    int64_t left = it->left.load(std::memory_order_relaxed);
    changed = d->state != it->state.load(std::memory_order_relaxed);
    if (changed) {
      it->left.store(0, std::memory_order_relaxed);
    } else if (left > 0) {
      int64_t i = it->index.load(std::memory_order_relaxed);
      if (i < d->length) {
        item = Ref<>::retain(d->slot(Reverse ? d->length - 1 - i : i).peek());
        it->index.store(i + 1, std::memory_order_relaxed);
        it->left.store(left - 1, std::memory_order_relaxed);
      }
    }
  }
  if (changed) return raise(exc::RuntimeError, "deque mutated during iteration");
  return item;
}
Ref<> iterator_length_hint(const Value* a) {
  return int_from_int64(object_of<DequeIterator>(a[0])->left.load(std::memory_order_relaxed));
}
Ref<> iterator_reduce(const Value* a) {
  auto* it = object_of<DequeIterator>(a[0]);
  Ref<> given = int_from_int64(length(it->deque.peek()) - it->left.load(std::memory_order_relaxed));
  Ref<Tuple> arguments = given ? tuple_of({it->deque.peek(), given.value()}) : Ref<Tuple>();
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
void iterator_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<DequeIterator*>(o)->deque); }

const NativeDef kIteratorMethods[] = {
    {"__length_hint__", "($self, /)", iterator_length_hint, "Private method returning an estimate of len(list(it))."},
    {"__reduce__", "($self, /)", iterator_reduce, "Return state information for pickling."},
    {}};

}  // namespace

Ref<> deque_iterator_new(const Value* a) { return iterator_new(&deque_iterator_type, a[0]); }
Ref<> deque_reverse_iterator_new(const Value* a) { return iterator_new(&deque_reverse_iterator_type, a[0]); }
Ref<> deque_iter(Value self) { return iterator_new(&deque_iterator_type, self); }

const TypeSpec deque_iterator_spec = {
    .name = "_collections._deque_iterator",
    .size = sizeof(DequeIterator),
    .flags = kTypeContainerIterator,
    .slots = {.iter = return_self, .next = iterator_next<false>, .construct = iterator_construct<false>},
    .traverse = iterator_traverse,
    .methods = kIteratorMethods,
};
const TypeSpec deque_reverse_iterator_spec = {
    .name = "_collections._deque_reverse_iterator",
    .size = sizeof(DequeIterator),
    .flags = kTypeContainerIterator,
    .slots = {.iter = return_self, .next = iterator_next<true>, .construct = iterator_construct<true>},
    .traverse = iterator_traverse,
    .methods = kIteratorMethods,
};

}  // namespace pt
