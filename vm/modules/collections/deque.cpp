// The ring buffer of deque and its protocol slots.
#include "vm/modules/collections/deque.h"

#include <cstring>

#include "gc/platform/memory.h"
#include "gc/sync/reservation.h"
#include "vm/modules/collections/collections.h"
#include "vm/modules/collections/deque_methods.h"
#include "vm/modules/support.h"
#include "vm/types/list.h"
#include "vm/types/list_inl.h"
#include "vm/types/str.h"

namespace pt {

constinit Type deque_type = {};

bool is_deque(Value v) { return is_instance_of(v, &deque_type); }

namespace {

constexpr int64_t kFirstCapacity = 8;
constexpr int64_t kMaximumCapacity = int64_t{1} << 44;

// Moves the items to a buffer of `capacity` slots, starting at 0. Locked.
bool resize_locked(Deque* d, int64_t capacity) {
  auto* fresh = static_cast<Field*>(memory::allocate(static_cast<size_t>(capacity) * sizeof(Field)));
  if (!fresh) return false;
  if (d->length) {
    int64_t first = d->capacity - d->head < d->length ? d->capacity - d->head : d->length;
    std::memcpy(static_cast<void*>(fresh), static_cast<void*>(d->items + d->head), static_cast<size_t>(first) * sizeof(Field));
    std::memcpy(static_cast<void*>(fresh + first), static_cast<void*>(d->items),
                static_cast<size_t>(d->length - first) * sizeof(Field));
  }
  std::memset(static_cast<void*>(fresh + d->length), 0, static_cast<size_t>(capacity - d->length) * sizeof(Field));
  memory::release(d->items);
  d->items = fresh;
  d->capacity = capacity;
  d->head = 0;
  return true;
}
bool make_room_locked(Deque* d, int64_t extra) {
  if (d->length + extra <= d->capacity) return true;
  if (d->length + extra > kMaximumCapacity) return false;
  int64_t capacity = d->capacity ? d->capacity : kFirstCapacity;
  while (capacity < d->length + extra) capacity *= 2;
  return resize_locked(d, capacity);
}
void give_room_back_locked(Deque* d) {
  if (d->capacity > 64 && d->length < d->capacity / 8) (void)resize_locked(d, d->capacity / 4);
}
Ref<> take_last_locked(Deque* d) {
  Ref<> item = d->slot(d->length - 1).exchange_locked(Ref<>());
  --d->length;
  ++d->state;
  give_room_back_locked(d);
  return item;
}

}  // namespace

bool deque_push_locked(Deque* d, Ref<>& item) {
  if (!make_room_locked(d, 1)) return false;
  d->slot(d->length).init(std::move(item));
  ++d->length;
  ++d->state;
  return true;
}
Ref<> deque_take_first_locked(Deque* d) {
  Ref<> item = d->slot(0).exchange_locked(Ref<>());
  d->head = (d->head + 1) & (d->capacity - 1);
  --d->length;
  ++d->state;
  give_room_back_locked(d);
  return item;
}
Ref<> deque_take_first(Deque* d) {
  ReservingGuard guard(d);
  return d->length ? deque_take_first_locked(d) : Ref<>();
}
Ref<> deque_take_last(Deque* d) {
  ReservingGuard guard(d);
  return d->length ? take_last_locked(d) : Ref<>();
}

bool deque_append_unbounded(Deque* d, Value item) {
  Ref<> owned = Ref<>::retain(item);
  ReservingGuard guard(d);
  return d->maximum < 0 && deque_push_locked(d, owned);
}
bool deque_append(Deque* d, Ref<> item) {
  Ref<> dropped;
  bool ok = true;
  {
    ReservingGuard guard(d);
    if (d->maximum == 0) {
      ++d->state;
      dropped = std::move(item);
    } else {
      if (d->maximum > 0 && d->length >= d->maximum) dropped = deque_take_first_locked(d);
      ok = deque_push_locked(d, item);
    }
  }
  return ok || raise_no_memory();
}
bool deque_append_left(Deque* d, Ref<> item) {
  Ref<> dropped;
  bool ok = true;
  {
    ReservingGuard guard(d);
    if (d->maximum == 0) {
      ++d->state;
      dropped = std::move(item);
    } else {
      if (d->maximum > 0 && d->length >= d->maximum) dropped = take_last_locked(d);
      ok = make_room_locked(d, 1);
      if (ok) {
        d->head = (d->head - 1) & (d->capacity - 1);
        d->slot(0).init(std::move(item));
        ++d->length;
        ++d->state;
      }
    }
  }
  return ok || raise_no_memory();
}

bool deque_insert(Deque* d, int64_t at, Ref<> item, bool* full) {
  ReservingGuard guard(d);
  *full = d->length == d->maximum;
  if (*full || !make_room_locked(d, 1)) return false;
  if (at < 0) at = at + d->length < 0 ? 0 : at + d->length;
  if (at > d->length) at = d->length;
  if (at < d->length / 2) {
    d->head = (d->head - 1) & (d->capacity - 1);
    for (int64_t k = 0; k < at; ++k) d->slot(k).init(d->slot(k + 1).exchange_locked(Ref<>()));
  } else {
    for (int64_t k = d->length; k > at; --k) d->slot(k).init(d->slot(k - 1).exchange_locked(Ref<>()));
  }
  d->slot(at).init(std::move(item));
  ++d->length;
  ++d->state;
  return true;
}

bool deque_extend(Deque* d, Value iterable, bool left) {
  Ref<> source;
  // By itself, or by a deque that other threads may be changing.
  if (iterable.is(d) || (type_of(iterable) == &deque_type && multithreaded())) {
    source = deque_items(static_cast<Deque*>(iterable.as_object()));
    if (!source) return false;
    iterable = source.value();
  }
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return false;
  for (;;) {
    Ref<> item = advance(iterator.value());
    if (!item) return !error_pending();
    if (!(left ? deque_append_left(d, std::move(item)) : deque_append(d, std::move(item)))) return false;
  }
}

void deque_clear(Deque* d) {
  Field* items;
  int64_t capacity, head, length;
  {
    ReservingGuard guard(d);
    items = d->items;
    capacity = d->capacity;
    head = d->head;
    length = d->length;
    d->items = nullptr;
    d->capacity = d->head = d->length = 0;
    ++d->state;
  }
  for (int64_t i = 0; i < length; ++i) items[(head + i) & (capacity - 1)].clear();
  memory::release(items);
}

Ref<List> deque_items(Deque* d) {
  for (;;) {
    uint64_t state;
    int64_t length = deque_snapshot(d, &state);
    Ref<List> list = list_new(length);
    if (!list) return list;
    ReservingGuard guard(d);
    if (d->length != length) continue;  // the room may not suffice
    // Only we know the list.
    for (int64_t i = 0; i < length; ++i) (void)list_append_private(list.get(), d->slot(i).load_locked());
    return list;
  }
}

int64_t deque_snapshot(Deque* d, uint64_t* state) {
  ReservingGuard guard(d);
  *state = d->state;
  return d->length;
}
Ref<> deque_get(Deque* d, int64_t i) {
  ReservingGuard guard(d);
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(d->length)) return Ref<>();
  return Ref<>::retain(d->slot(i).peek());
}
Ref<> deque_get_checked(Deque* d, int64_t i, uint64_t state, bool* changed) {
  ReservingGuard guard(d);
  *changed = d->state != state;
  if (*changed || static_cast<uint64_t>(i) >= static_cast<uint64_t>(d->length)) return Ref<>();
  return Ref<>::retain(d->slot(i).peek());
}

namespace {

Deque* deque_of(Value v) { return object_of<Deque>(v); }

Ref<> deque_construct(Type* type, const Args&) {
  Ref<Deque> d = allocate<Deque>(type);
  if (d) d->maximum = -1;
  return d;
}
bool deque_init(Value self, const Args& args) {
  Value v[2];
  if (!bind_arguments("deque", "(iterable=None, maxlen=None)", args, v)) return false;
  int64_t maximum = -1;
  if (given(v[1])) {
    if (!is_int(v[1])) return raise(exc::TypeError, "an integer is required");
    if (!to_ssize(v[1], &maximum)) return false;
    if (maximum < 0) return raise(exc::ValueError, "maxlen must be non-negative");
  }
  Deque* d = deque_of(self);
  {
    ReservingGuard guard(d);
    d->maximum = maximum;
  }
  deque_clear(d);
  return !given(v[0]) || deque_extend(d, v[0], false);
}

int64_t deque_length(Value self) {
  Deque* d = deque_of(self);
  ReservingGuard guard(d);
  return d->length;
}
int deque_truth(Value self) { return deque_length(self) != 0; }

Ref<> deque_get_item(Value self, Value key) {
  int64_t i;
  if (!sequence_index(key, &i)) return Ref<>();
  Deque* d = deque_of(self);
  if (i < 0) i += deque_length(self);
  Ref<> item = deque_get(d, i);
  if (!item) return raise(exc::IndexError, "deque index out of range");
  return item;
}

// Takes item `i` out; false when out of range.
bool remove_at_locked(Deque* d, int64_t i, Ref<>* removed) {
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(d->length)) return false;
  *removed = d->slot(i).exchange_locked(Ref<>());
  if (i < d->length / 2) {
    for (int64_t k = i; k > 0; --k) d->slot(k).init(d->slot(k - 1).exchange_locked(Ref<>()));
    d->head = (d->head + 1) & (d->capacity - 1);
  } else {
    for (int64_t k = i; k + 1 < d->length; ++k) d->slot(k).init(d->slot(k + 1).exchange_locked(Ref<>()));
  }
  --d->length;
  ++d->state;
  return true;
}

bool deque_set_item(Value self, Value key, Value value) {
  int64_t i;
  if (!sequence_index(key, &i)) return false;
  Deque* d = deque_of(self);
  Ref<> old;
  Ref<> fresh = Ref<>::retain(value);
  bool ok;
  {
    ReservingGuard guard(d);
    if (i < 0) i += d->length;
    if (value.empty()) {
      ok = remove_at_locked(d, i, &old);
    } else {
      ok = static_cast<uint64_t>(i) < static_cast<uint64_t>(d->length);
      if (ok) old = d->slot(i).exchange_locked(std::move(fresh));
    }
  }
  return ok || raise(exc::IndexError, "deque index out of range");
}

int deque_contains(Value self, Value wanted) {
  Deque* d = deque_of(self);
  uint64_t state;
  int64_t n = deque_snapshot(d, &state);
  for (int64_t i = 0; i < n; ++i) {
    bool changed;
    Ref<> item = deque_get_checked(d, i, state, &changed);
    if (changed) {
      raise(exc::RuntimeError, "deque mutated during iteration");
      return -1;
    }
    int same = equal(item.value(), wanted);
    if (same) return same;
  }
  return 0;
}

Ref<> deque_concat(Value self, Value other) {
  if (!is_deque(other)) return raise(exc::TypeError, "can only concatenate deque (not \"%T\") to deque", other);
  Ref<> result = deque_copy(&self);
  if (!result || !deque_extend(deque_of(result.value()), other, false)) return Ref<>();
  return result;
}
Ref<> deque_inplace_concat(Value self, Value other) {
  if (!deque_extend(deque_of(self), other, false)) return Ref<>();
  return Ref<>::retain(self);
}

Ref<> deque_inplace_repeat(Value self, int64_t count) {
  Deque* d = deque_of(self);
  Ref<Deque> keep = Ref<Deque>::retain(d);
  uint64_t state;
  int64_t length = deque_snapshot(d, &state);
  if (length == 0 || count == 1) return keep;
  if (count <= 0) {
    deque_clear(d);
    return keep;
  }
  Ref<List> source = list_from_iterable(self);
  if (!source) return Ref<>();
  length = list_size(source.get());
  if (length && count > kMaximumCapacity / length && d->maximum < 0) return raise_no_memory();
  if (d->maximum >= 0 && length) {
    // Only the last `maximum` items survive: further rounds change nothing.
    int64_t rounds = d->maximum / length + 2;
    if (count - 1 > rounds) count = 1 + rounds;
  } else {
    ReservingGuard guard(d);
    if (!make_room_locked(d, length * (count - 1))) return raise_no_memory();
  }
  for (int64_t round = 1; round < count; ++round) {
    for (int64_t i = 0; i < length; ++i) {
      if (!deque_append(d, list_get(source.get(), i))) return Ref<>();
    }
  }
  return keep;
}
Ref<> deque_repeat(Value self, int64_t count) {
  Ref<> result = deque_copy(&self);
  if (!result) return result;
  return deque_inplace_repeat(result.value(), count);
}

Ref<> deque_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return str_from_ascii("[...]");
  Ref<List> items = list_from_iterable(self);
  if (!items) return Ref<>();
  int64_t maximum = deque_of(self)->maximum;
  if (maximum >= 0) return str_format("%N(%R, maxlen=%ld)", type_of(self), items.value(), maximum);
  return str_format("%N(%R)", type_of(self), items.value());
}

Ref<> deque_compare(Value left, Value right, CompareOp op) {
  if (!is_deque(left) || !is_deque(right)) return not_implemented_ref();
  Deque* a = deque_of(left);
  Deque* b = deque_of(right);
  uint64_t a_state, b_state;
  int64_t a_length = deque_snapshot(a, &a_state);
  int64_t b_length = deque_snapshot(b, &b_state);
  if (a == b && (op == CompareOp::kEq || op == CompareOp::kNe)) return bool_ref(op == CompareOp::kEq);
  if (a_length != b_length) {
    if (op == CompareOp::kEq) return bool_ref(false);
    if (op == CompareOp::kNe) return bool_ref(true);
  }
  int64_t shorter = a_length < b_length ? a_length : b_length;
  for (int64_t i = 0; i < shorter; ++i) {
    bool a_changed, b_changed;
    Ref<> x = deque_get_checked(a, i, a_state, &a_changed);
    Ref<> y = deque_get_checked(b, i, b_state, &b_changed);
    if (a_changed || b_changed) return raise(exc::RuntimeError, "deque mutated during iteration");
    int same = equal(x.value(), y.value());
    if (same < 0) return Ref<>();
    if (same) continue;
    if (op == CompareOp::kEq) return bool_ref(false);
    if (op == CompareOp::kNe) return bool_ref(true);
    return compare(x.value(), y.value(), op);
  }
  switch (op) {
    case CompareOp::kLt: return bool_ref(a_length < b_length);
    case CompareOp::kLe: return bool_ref(a_length <= b_length);
    case CompareOp::kEq: return bool_ref(a_length == b_length);
    case CompareOp::kNe: return bool_ref(a_length != b_length);
    case CompareOp::kGt: return bool_ref(a_length > b_length);
    case CompareOp::kGe: return bool_ref(a_length >= b_length);
  }
  return not_implemented_ref();
}

void deque_traverse(Object* o, FieldVisitor& visitor) {
  auto* d = static_cast<Deque*>(o);
  for (int64_t i = 0; i < d->length; ++i) visitor(d->slot(i));
}
void deque_drop(Object* o) { deque_clear(static_cast<Deque*>(o)); }

}  // namespace

const TypeSpec deque_spec = {
    .name = "collections.deque",
    .size = sizeof(Deque),
    .flags = kTypeBase | kTypeWeakrefs | kTypeSequence,
    .slots = {.truth = deque_truth,
              .length = deque_length,
              .get_item = deque_get_item,
              .set_item = deque_set_item,
              .concat = deque_concat,
              .repeat = deque_repeat,
              .inplace_concat = deque_inplace_concat,
              .inplace_repeat = deque_inplace_repeat,
              .contains = deque_contains,
              .compare = deque_compare,
              .repr = deque_repr,
              .iter = deque_iter,
              .construct = deque_construct,
              .init = deque_init},
    .traverse = deque_traverse,
    .clear = deque_drop,
    .destroy = deque_drop,
    .methods = kDequeMethods,
    .getsets = kDequeGetSets,
    .doc = "deque([iterable[, maxlen]]): a sequence with fast appends and pops at both ends.",
    .unhashable = true,
};

}  // namespace pt
