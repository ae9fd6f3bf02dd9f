// tee and groupby: iterators that share one stream.
#include "vm/modules/itertools/itertools.h"

#include "vm/modules/support.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/turns.h"

namespace pt {

namespace iter {
constinit Type tee_type = {}, tee_data_type = {}, groupby_type = {}, grouper_type = {};
}

namespace {

// ---- tee ---------------------------------------------------------------------------------------------------------

constexpr int kTeeItems = 57;

// A stretch of the stream, read once. The stretches form a chain that the slowest tee keeps alive.
struct TeeData : Object {
  Field iterator;            // immutable
  Field next;                // TeeData
  std::atomic<int> filled;   // items present; written with the lock held
  bool running;              // guarded by the lock: a thread is fetching the next item
  Field items[kTeeItems];
};
struct Tee : Object {
  Field data;  // guarded by the lock, as is index
  int index;
};
TeeData* tee_data(Value v) { return object_of<TeeData>(v); }

Ref<TeeData> tee_data_new(Value iterator) {
  Ref<TeeData> data = allocate<TeeData>(&iter::tee_data_type);
  if (data) data->iterator.init(Ref<>::retain(iterator));
  return data;
}
// Item `i` of the stretch; empty without an exception at the end of the stream.
Ref<> tee_data_item(TeeData* d, int i) {
  if (i < d->filled.load(std::memory_order_acquire)) return d->items[i].load(d);
  {
    LockGuard guard(d);
    if (i < d->filled.load(std::memory_order_relaxed)) return Ref<>::retain(d->items[i].peek());
    if (!d->running) {
      d->running = true;
      i = -1;
    }
  }
  if (i >= 0) return raise(exc::RuntimeError, "cannot re-enter the tee iterator");
  Ref<> item = advance(d->iterator.peek());
  LockGuard guard(d);
  d->running = false;
  if (item) {
    int at = d->filled.load(std::memory_order_relaxed);
    d->items[at].init(item.copy());
    d->filled.store(at + 1, std::memory_order_release);
  }
  return item;
}
Ref<> tee_data_next(TeeData* d) {
  Ref<> existing = d->next.load(d);
  if (existing) return existing;
  Ref<> fresh = tee_data_new(d->iterator.peek());
  if (!fresh) return fresh;
  LockGuard guard(d);
  if (!d->next.peek().empty()) return Ref<>::retain(d->next.peek());
  d->next.init(fresh.copy());
  return fresh;
}

Ref<> tee_data_construct(Type* type, const Args& args) {
  Value v[3];
  if (!positional_arguments("teedataobject", type, iter::tee_data_type, args, 3, 3, v)) return Ref<>();
  if (!is_list(v[1])) return raise(exc::TypeError, "teedataobject() argument 2 must be list, not %T", v[1]);
  Ref<Tuple> values = list_to_tuple(as_list(v[1]));
  if (!values) return Ref<>();
  bool has_next = !is_none(v[2]);
  if (values->length > kTeeItems || (has_next && values->length != kTeeItems)) {
    return raise(exc::ValueError, "Invalid arguments");
  }
  if (has_next && type_of(v[2]) != &iter::tee_data_type) return raise(exc::ValueError, "Invalid arguments");
  Ref<TeeData> data = allocate<TeeData>(type);
  if (!data) return Ref<>();
  data->iterator.init(Ref<>::retain(v[0]));
  for (int64_t i = 0; i < values->length; ++i) data->items[i].init(Ref<>::retain(values->at(i)));
  data->filled.store(static_cast<int>(values->length), std::memory_order_relaxed);
  if (has_next) data->next.init(Ref<>::retain(v[2]));
  return data;
}
Ref<> tee_data_reduce(const Value* a) {
  TeeData* d = tee_data(a[0]);
  Ref<List> values = list_new();
  if (!values) return Ref<>();
  int filled = d->filled.load(std::memory_order_acquire);
  for (int i = 0; i < filled; ++i) {
    if (!list_append(values.get(), d->items[i].load(d))) return Ref<>();
  }
  Ref<> following = d->next.load(d);
  Ref<Tuple> arguments = tuple_of({d->iterator.peek(), values.value(), following ? following.value() : none()});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
void tee_data_traverse(Object* o, FieldVisitor& visitor) {
  auto* d = static_cast<TeeData*>(o);
  visitor(d->iterator);
  for (int i = 0; i < d->filled.load(std::memory_order_relaxed); ++i) visitor(d->items[i]);
  visitor(d->next);
}
const NativeDef kTeeDataMethods[] = {{"__reduce__", "($self, /)", tee_data_reduce, "Return state information for pickling."}, {}};

Ref<> tee_next(Value self) {
  auto* t = object_of<Tee>(self);
  for (;;) {
    Ref<> data;
    int index;
    {
      LockGuard guard(t);
      data = Ref<>::retain(t->data.peek());
      index = t->index;
    }
    if (index >= kTeeItems) {
      Ref<> following = tee_data_next(tee_data(data.value()));
      if (!following) return following;
      Ref<> old;
      LockGuard guard(t);
      if (t->data.peek().same(data.value()) && t->index == index) {
        old = t->data.exchange_locked(std::move(following));
        t->index = 0;
      }
      continue;
    }
    Ref<> item = tee_data_item(tee_data(data.value()), index);
    if (!item) return item;
    LockGuard guard(t);
    if (!t->data.peek().same(data.value()) || t->index != index) continue;  // another thread took this item
    t->index = index + 1;
    return item;
  }
}
Ref<> tee_copy(const Value* a) {
  auto* t = object_of<Tee>(a[0]);
  Ref<Tee> copy = allocate<Tee>(&iter::tee_type);
  if (!copy) return Ref<>();
  LockGuard guard(t);
  copy->data.init(Ref<>::retain(t->data.peek()));
  copy->index = t->index;
  return copy;
}
Ref<> tee_from_iterable(Value iterable) {
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return iterator;
  if (type_of(iterator.value()) == &iter::tee_type) {
    Value source = iterator.value();
    return tee_copy(&source);
  }
  Ref<TeeData> data = tee_data_new(iterator.value());
  Ref<Tee> self = data ? allocate<Tee>(&iter::tee_type) : Ref<Tee>();
  if (!self) return Ref<>();
  self->data.init(std::move(data));
  return self;
}
Ref<> tee_construct(Type* type, const Args& args) {
  Value iterable;
  if (!positional_arguments("_tee", type, iter::tee_type, args, 1, 1, &iterable)) return Ref<>();
  return tee_from_iterable(iterable);
}
Ref<> tee_reduce(const Value* a) {
  auto* t = object_of<Tee>(a[0]);
  Ref<> data;
  int index;
  {
    LockGuard guard(t);
    data = Ref<>::retain(t->data.peek());
    index = t->index;
  }
  Ref<Tuple> arguments = tuple_of({Value::object(empty_tuple())});
  Ref<Tuple> state = tuple_of({data.value(), Value::small_int(index)});
  if (!arguments || !state) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), state.value()});
}
Ref<> tee_setstate(const Value* a) {
  if (!is_tuple(a[1])) return raise(exc::TypeError, "state is not a tuple");
  Tuple* state = as_tuple(a[1]);
  if (state->length != 2) {
    return raise(exc::TypeError, "function takes exactly 2 arguments (%ld given)", state->length);
  }
  int index;
  if (type_of(state->at(0)) != &iter::tee_data_type) {
    return raise(exc::TypeError, "argument 1 must be itertools._tee_dataobject, not %T", state->at(0));
  }
  if (!to_cint(state->at(1), &index)) return Ref<>();
  if (index < 0 || index > kTeeItems) return raise(exc::ValueError, "Index out of range");
  auto* t = object_of<Tee>(a[0]);
  Ref<> data = Ref<>::retain(state->at(0));
  Ref<> old;
  LockGuard guard(t);
  old = t->data.exchange_locked(std::move(data));
  t->index = index;
  return none_ref();
}
void tee_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Tee*>(o)->data); }
const NativeDef kTeeMethods[] = {{"__copy__", "($self, /)", tee_copy, "Returns an independent iterator."},
                                 {"__reduce__", "($self, /)", tee_reduce, "Return state information for pickling."},
                                 {"__setstate__", "($self, state, /)", tee_setstate, "Set state information for unpickling."},
                                 {}};

// ---- groupby -----------------------------------------------------------------------------------------------------

struct GroupBy : Object {
  Field iterator;                  // immutable, as is function
  Field function;                  // None: the items are their own keys
  Field target_key, current_key, current_value;
  std::atomic<Object*> current_grouper;  // compared only
};
struct Grouper : Object {
  Field parent;      // immutable, as is target_key
  Field target_key;
};
GroupBy* groupby(Value v) { return object_of<GroupBy>(v); }

Ref<> groupby_construct(Type* type, const Args& args) {
  Value v[2];
  if (!bind_arguments("groupby", "(iterable, key=None)", args, v)) return Ref<>();
  Ref<> iterator = get_iter(v[0]);
  if (!iterator) return iterator;
  Ref<GroupBy> self = allocate<GroupBy>(type);
  if (!self) return Ref<>();
  self->iterator.init(std::move(iterator));
  self->function.init(Ref<>::retain(v[1].empty() ? none() : v[1]));
  return self;
}
// Its turn: fetches the next item and its key; false at the end or on error.
bool groupby_step(GroupBy* g) {
  Ref<> value = advance(g->iterator.peek());
  if (!value) return false;
  Ref<> key = is_none(g->function.peek()) ? value.copy() : call1(g->function.peek(), value.value());
  if (!key) return false;
  value = g->current_value.exchange_locked(std::move(value));
  key = g->current_key.exchange_locked(std::move(key));
  return true;
}
Ref<> groupby_turn(Value self) {
  GroupBy* g = groupby(self);
  g->current_grouper.store(nullptr, std::memory_order_relaxed);
  Ref<> current;
  for (;;) {
    current = g->current_key.load_locked();
    if (current) {
      Ref<> target = g->target_key.load_locked();
      if (!target) break;
      int same = equal(target.value(), current.value());
      if (same < 0) return Ref<>();
      if (same == 0) break;
    }
    if (!groupby_step(g)) return Ref<>();
  }
  Ref<> old = g->target_key.exchange_locked(current.copy());
  Ref<Grouper> grouper = allocate<Grouper>(&iter::grouper_type);
  if (!grouper) return Ref<>();
  grouper->parent.init(Ref<>::retain(self));
  grouper->target_key.init(current.copy());
  g->current_grouper.store(grouper.get(), std::memory_order_relaxed);
  return tuple_of({current.value(), grouper.value()});
}
Ref<> groupby_reduce(const Value* a) {
  GroupBy* g = groupby(a[0]);
  Ref<Tuple> arguments = tuple_of({g->iterator.peek(), g->function.peek()});
  if (!arguments) return Ref<>();
  Ref<> value = g->current_value.load(g);
  Ref<> target = g->target_key.load(g);
  Ref<> key = g->current_key.load(g);
  if (!value || !target || !key) return tuple_of({type_value(a[0]), arguments.value()});
  Ref<Tuple> state = tuple_of({value.value(), target.value(), key.value()});
  if (!state) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), state.value()});
}
Ref<> groupby_setstate(const Value* a) {
  if (!is_tuple(a[1])) return raise(exc::TypeError, "state is not a tuple");
  Tuple* state = as_tuple(a[1]);
  if (state->length != 3) {
    return raise(exc::TypeError, "function takes exactly 3 arguments (%ld given)", state->length);
  }
  GroupBy* g = groupby(a[0]);
  g->current_value.store(g, Ref<>::retain(state->at(0)));
  g->target_key.store(g, Ref<>::retain(state->at(1)));
  g->current_key.store(g, Ref<>::retain(state->at(2)));
  return none_ref();
}
void groupby_traverse(Object* o, FieldVisitor& visitor) {
  auto* g = static_cast<GroupBy*>(o);
  visitor(g->iterator);
  visitor(g->function);
  visitor(g->target_key);
  visitor(g->current_key);
  visitor(g->current_value);
}
const NativeDef kGroupByMethods[] = {
    {"__reduce__", "($self, /)", groupby_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", groupby_setstate, "Set state information for unpickling."},
    {}};

Ref<> grouper_construct(Type* type, const Args& args) {
  Value v[2];
  if (!positional_arguments("_grouper", type, iter::grouper_type, args, 2, 2, v)) return Ref<>();
  if (!is_instance_of(v[0], &iter::groupby_type)) {
    return raise(exc::TypeError, "_grouper() argument 1 must be itertools.groupby, not %T", v[0]);
  }
  Ref<Grouper> self = allocate<Grouper>(type);
  if (!self) return Ref<>();
  self->parent.init(Ref<>::retain(v[0]));
  self->target_key.init(Ref<>::retain(v[1]));
  groupby(v[0])->current_grouper.store(self.get(), std::memory_order_relaxed);
  return self;
}
Ref<> grouper_next(Value self) {
  auto* r = object_of<Grouper>(self);
  GroupBy* g = groupby(r->parent.peek());
  Ref<> item, old_key;
  CriticalSection turn(g);
  if (g->current_grouper.load(std::memory_order_relaxed) != r) return Ref<>();
  if (g->current_value.peek().empty() && !groupby_step(g)) return Ref<>();
  Ref<> key = g->current_key.load_locked();
  if (!key) return Ref<>();
  int same = equal(r->target_key.peek(), key.value());
  if (same <= 0) return Ref<>();
  item = g->current_value.exchange_locked(Ref<>());
  old_key = g->current_key.exchange_locked(Ref<>());
  return item;
}
Ref<> grouper_reduce(const Value* a) {
  auto* r = object_of<Grouper>(a[0]);
  if (groupby(r->parent.peek())->current_grouper.load(std::memory_order_relaxed) != r) {
    Ref<> iter_function = builtin("iter");
    Ref<Tuple> arguments = tuple_of({Value::object(empty_tuple())});
    if (!iter_function || !arguments) return Ref<>();
    return tuple_of({iter_function.value(), arguments.value()});
  }
  Ref<Tuple> arguments = tuple_of({r->parent.peek(), r->target_key.peek()});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
void grouper_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Grouper*>(o)->parent);
  visitor(static_cast<Grouper*>(o)->target_key);
}
const NativeDef kGrouperMethods[] = {{"__reduce__", "($self, /)", grouper_reduce, "Return state information for pickling."}, {}};

}  // namespace

Ref<> itertools_tee(const Value* a) {
  int64_t n = 2;
  if (!a[2].empty() && !to_ssize(a[2], &n)) return Ref<>();
  if (n < 0) return raise(exc::ValueError, "n must be >= 0");
  Ref<Tuple> result = tuple_allocate(n);
  if (!result || n == 0) return result;
  Ref<> first = get_iter(a[1]);
  if (!first) return first;
  Ref<> copy_function = find_attribute(first.value(), intern("__copy__"));
  if (!copy_function) {
    if (error_pending()) return Ref<>();
    first = tee_from_iterable(first.value());
    if (!first) return first;
    copy_function = get_attribute(first.value(), "__copy__");
    if (!copy_function) return copy_function;
  }
  result->items[0].init(std::move(first));
  for (int64_t i = 1; i < n; ++i) {
    Ref<> copy = call0(copy_function.value());
    if (!copy) return copy;
    result->items[i].init(std::move(copy));
  }
  return result;
}

namespace iter {
const TypeSpec tee_spec = {
    .name = "itertools._tee",
    .size = sizeof(Tee),
    .flags = kTypeWeakrefs,
    .slots = {.iter = return_self, .next = tee_next, .construct = tee_construct},
    .traverse = tee_traverse,
    .methods = kTeeMethods,
    .doc = "Iterator wrapped to make it copyable.",
};
const TypeSpec tee_data_spec = {
    .name = "itertools._tee_dataobject",
    .size = sizeof(TeeData),
    .slots = {.construct = tee_data_construct},
    .traverse = tee_data_traverse,
    .methods = kTeeDataMethods,
    .doc = "teedataobject(iterable, values, next, /): a stretch of values that tee iterators share.",
};
const TypeSpec groupby_spec = {
    .name = "itertools.groupby",
    .size = sizeof(GroupBy),
    .flags = kTypeBase,
    .slots = {.iter = return_self, .next = in_turn<groupby_turn>, .construct = groupby_construct},
    .traverse = groupby_traverse,
    .methods = kGroupByMethods,
    .doc = "Make an iterator that returns consecutive keys and groups from the iterable.",
    .signature = "(iterable, key=None)",
};
const TypeSpec grouper_spec = {
    .name = "itertools._grouper",
    .size = sizeof(Grouper),
    .slots = {.iter = return_self, .next = grouper_next, .construct = grouper_construct},
    .traverse = grouper_traverse,
    .methods = kGrouperMethods,
};
}  // namespace iter

}  // namespace pt
