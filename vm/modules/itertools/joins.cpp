// chain, islice, zip_longest.
#include "vm/modules/itertools/itertools.h"

#include "vm/modules/support.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/turns.h"

namespace pt {

namespace iter {
constinit Type chain_type = {}, islice_type = {}, zip_longest_type = {};
}

namespace {

// ---- chain -------------------------------------------------------------------------------------------------------

struct Chain : Object {
  Field source;  // iterator of iterables; empty at the end
  Field active;  // iterator of the present iterable, or empty
};

Ref<> chain_new(Type* type, Value iterable_of_iterables) {
  Ref<> source = get_iter(iterable_of_iterables);
  if (!source) return source;
  Ref<Chain> self = allocate<Chain>(type);
  if (!self) return Ref<>();
  self->source.init(std::move(source));
  return self;
}
Ref<> chain_construct(Type* type, const Args& args) {
  if (!refuse_keywords("chain", type, iter::chain_type, args)) return Ref<>();
  Ref<Tuple> iterables = tuple_from(args.values, args.count);
  if (!iterables) return Ref<>();
  return chain_new(type, iterables.value());
}
Ref<> chain_from_iterable(const Value* a) { return chain_new(object_of<Type>(a[0]), a[1]); }

Ref<> chain_step(Value self) {
  auto* c = object_of<Chain>(self);
  for (;;) {
    Ref<> active = c->active.load_locked();
    if (!active) {
      Ref<> source = c->source.load_locked();
      if (!source) return Ref<>();
      Ref<> iterable = advance(source.value());
      if (iterable) active = get_iter(iterable.value());
      if (!active) {
        source = c->source.exchange_locked(Ref<>());
        return Ref<>();
      }
      Ref<> old = c->active.exchange_locked(active.copy());
    }
    Ref<> item = advance(active.value());
    if (item) return item;
    if (error_pending()) return Ref<>();
    // The turn may have been given up meanwhile.
    if (c->active.peek().same(active.value())) active = c->active.exchange_locked(Ref<>());
  }
}
Ref<> chain_reduce(const Value* a) {
  auto* c = object_of<Chain>(a[0]);
  Ref<> source = c->source.load(c);
  Ref<> active = c->active.load(c);
  Value empty = Value::object(empty_tuple());
  if (!source) return tuple_of({type_value(a[0]), empty});
  Ref<Tuple> state = active ? tuple_of({source.value(), active.value()}) : tuple_of({source.value()});
  if (!state) return Ref<>();
  return tuple_of({type_value(a[0]), empty, state.value()});
}
Ref<> chain_setstate(const Value* a) {
  if (!is_tuple(a[1])) return raise(exc::TypeError, "state is not a tuple");
  Tuple* state = as_tuple(a[1]);
  if (state->length < 1 || state->length > 2) {
    return raise(exc::TypeError, "function takes at %s %d argument%s (%ld given)", state->length < 1 ? "least" : "most",
                 state->length < 1 ? 1 : 2, state->length < 1 ? "" : "s", state->length);
  }
  for (int64_t i = 0; i < state->length; ++i) {
    if (!is_iterator(state->at(i))) return raise(exc::TypeError, "Arguments must be iterators.");
  }
  auto* c = object_of<Chain>(a[0]);
  c->source.store(c, Ref<>::retain(state->at(0)));
  c->active.store(c, state->length == 2 ? Ref<>::retain(state->at(1)) : Ref<>());
  return none_ref();
}
void chain_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Chain*>(o)->source);
  visitor(static_cast<Chain*>(o)->active);
}
const NativeDef kChainMethods[] = {
    {"from_iterable", "($type, iterable, /)", chain_from_iterable,
     "Alternative chain() constructor taking a single iterable argument that evaluates lazily.", kClassMethod},
    {"__reduce__", "($self, /)", chain_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", chain_setstate, "Set state information for unpickling."},
    kClassGetItem,
    {}};

// ---- islice ------------------------------------------------------------------------------------------------------

struct Islice : Object {
  Field iterator;  // empty at the end
  std::atomic<int64_t> next, count;
  int64_t stop;    // -1: none. Immutable, as is step.
  int64_t step;
};

// None gives `fallback`; false (no exception) unless an int in 0..maxsize.
bool slice_argument(Value v, int64_t fallback, int64_t* out) {
  if (v.empty() || is_none(v)) {
    *out = fallback;
    return true;
  }
  if (!is_int(v) && !type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) return false;
  Ref<> i = index(v);
  if (!i) {
    clear_error();
    return false;
  }
  return int_to_int64(i.value(), out) && *out >= 0;
}

Ref<> islice_construct(Type* type, const Args& args) {
  Value v[4];
  if (!positional_arguments("islice", type, iter::islice_type, args, 2, 4, v)) return Ref<>();
  int64_t start = 0, stop = -1, step = 1;
  if (args.count == 2) {
    if (!slice_argument(v[1], -1, &stop)) {
      return raise(exc::ValueError, "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
    }
  } else {
    if (!slice_argument(v[2], -1, &stop)) {
      return raise(exc::ValueError, "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
    }
    if (!slice_argument(v[1], 0, &start)) {
      return raise(exc::ValueError, "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
    }
    if (!slice_argument(v[3], 1, &step) || step < 1) {
      return raise(exc::ValueError, "Step for islice() must be a positive integer or None.");
    }
  }
  Ref<> iterator = get_iter(v[0]);
  if (!iterator) return iterator;
  Ref<Islice> self = allocate<Islice>(type);
  if (!self) return Ref<>();
  self->iterator.init(std::move(iterator));
  self->next.store(start, std::memory_order_relaxed);
  self->stop = stop;
  self->step = step;
  return self;
}

Ref<> islice_step(Value self) {
  auto* s = object_of<Islice>(self);
  Ref<> iterator = s->iterator.load_locked();
  if (!iterator) return Ref<>();
  int64_t count = s->count.load(std::memory_order_relaxed);
  int64_t next_index = s->next.load(std::memory_order_relaxed);
  Ref<> item;
  while (count < next_index) {
    item = advance(iterator.value());
    if (!item) break;
    s->count.store(++count, std::memory_order_relaxed);
  }
  if (count >= next_index && (s->stop < 0 || count < s->stop)) {
    item = advance(iterator.value());
    if (item) {
      s->count.store(count + 1, std::memory_order_relaxed);
      int64_t after;
      if (__builtin_add_overflow(next_index, s->step, &after) || (s->stop >= 0 && after > s->stop)) after = s->stop;
      s->next.store(after, std::memory_order_relaxed);
      return item;
    }
  }
  iterator = s->iterator.exchange_locked(Ref<>());
  return Ref<>();
}
Ref<> islice_reduce(const Value* a) {
  auto* s = object_of<Islice>(a[0]);
  Ref<> iterator = s->iterator.load(s);
  Value zero = Value::small_int(0);
  if (!iterator) {
    Ref<List> nothing = list_new();
    Ref<> exhausted = nothing ? get_iter(nothing.value()) : Ref<>();
    Ref<Tuple> arguments = exhausted ? tuple_of({exhausted.value(), zero}) : Ref<Tuple>();
    if (!arguments) return Ref<>();
    return tuple_of({type_value(a[0]), arguments.value(), zero});
  }
  Ref<> next_index = int_from_int64(s->next.load(std::memory_order_relaxed));
  Ref<> stop = s->stop < 0 ? none_ref() : int_from_int64(s->stop);
  Ref<> step = int_from_int64(s->step);
  Ref<> count = int_from_int64(s->count.load(std::memory_order_relaxed));
  Ref<Tuple> arguments = tuple_of({iterator.value(), next_index.value(), stop.value(), step.value()});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), count.value()});
}
Ref<> islice_setstate(const Value* a) {
  int64_t count;
  if (!to_ssize(a[1], &count)) return Ref<>();
  object_of<Islice>(a[0])->count.store(count, std::memory_order_relaxed);
  return none_ref();
}
void islice_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Islice*>(o)->iterator); }
const NativeDef kIsliceMethods[] = {
    {"__reduce__", "($self, /)", islice_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", islice_setstate, "Set state information for unpickling."},
    {}};

// ---- zip_longest -------------------------------------------------------------------------------------------------

struct ZipLongest : Object {
  std::atomic<int64_t> active;
  Field fill;
  int64_t length;
  Field iterators[];  // emptied one by one
};

Ref<> zip_longest_construct(Type* type, const Args& args) {
  Value fill = none();
  for (uint32_t i = 0; i < args.keyword_count(); ++i) {
    if (!as_str(args.names->at(i))->equals_ascii("fillvalue")) {
      return raise(exc::TypeError, "zip_longest() got an unexpected keyword argument");
    }
    fill = args.values[args.count + i];
  }
  Ref<Tuple> iterators = tuple_allocate(args.count);
  if (!iterators) return Ref<>();
  for (uint32_t i = 0; i < args.count; ++i) {
    Ref<> iterator = get_iter(args.values[i]);
    if (!iterator) return iterator;
    iterators->items[i].init(std::move(iterator));
  }
  Ref<ZipLongest> self = allocate<ZipLongest>(type, args.count);
  if (!self) return Ref<>();
  self->length = args.count;
  self->active.store(args.count, std::memory_order_relaxed);
  self->fill.init(Ref<>::retain(fill));
  for (uint32_t i = 0; i < args.count; ++i) self->iterators[i].init(Ref<>::retain(iterators->at(i)));
  return self;
}
Ref<> zip_longest_step(Value self) {
  auto* z = object_of<ZipLongest>(self);
  if (z->active.load(std::memory_order_relaxed) <= 0) return Ref<>();
  Ref<Tuple> result = tuple_allocate(z->length);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < z->length; ++i) {
    Ref<> iterator = z->iterators[i].load_locked();
    Ref<> item = iterator ? advance(iterator.value()) : Ref<>();
    if (!item) {
      if (iterator) {
        int64_t left = z->active.fetch_sub(1, std::memory_order_relaxed) - 1;
        if (left <= 0 || error_pending()) {
          z->active.store(0, std::memory_order_relaxed);
          return Ref<>();
        }
        iterator = z->iterators[i].exchange_locked(Ref<>());
      }
      item = z->fill.load_locked();
    }
    result->items[i].init(std::move(item));
  }
  return result;
}
Ref<> zip_longest_reduce(const Value* a) {
  auto* z = object_of<ZipLongest>(a[0]);
  Ref<Tuple> arguments = tuple_allocate(z->length);
  if (!arguments) return Ref<>();
  for (int64_t i = 0; i < z->length; ++i) {
    Ref<> iterator = z->iterators[i].load(z);
    arguments->items[i].init(iterator ? std::move(iterator) : Ref<>::retain(Value::object(empty_tuple())));
  }
  Ref<> fill = z->fill.load(z);
  return tuple_of({type_value(a[0]), arguments.value(), fill.value()});
}
Ref<> zip_longest_setstate(const Value* a) {
  auto* z = object_of<ZipLongest>(a[0]);
  z->fill.store(z, Ref<>::retain(a[1]));
  return none_ref();
}
void zip_longest_traverse(Object* o, FieldVisitor& visitor) {
  auto* z = static_cast<ZipLongest*>(o);
  visitor(z->fill);
  for (int64_t i = 0; i < z->length; ++i) visitor(z->iterators[i]);
}
const NativeDef kZipLongestMethods[] = {
    {"__reduce__", "($self, /)", zip_longest_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", zip_longest_setstate, "Set state information for unpickling."},
    {}};

}  // namespace

namespace iter {
const TypeSpec chain_spec = {
    .name = "itertools.chain",
    .size = sizeof(Chain),
    .flags = kTypeBase,
    .slots = {.iter = return_self, .next = in_turn<chain_step>, .construct = chain_construct},
    .traverse = chain_traverse,
    .methods = kChainMethods,
    .doc = "chain(*iterables): gives the items of the first iterable, then those of the next, and so on.",
};
const TypeSpec islice_spec = {
    .name = "itertools.islice",
    .size = sizeof(Islice),
    .flags = kTypeBase,
    .slots = {.iter = return_self, .next = in_turn<islice_step>, .construct = islice_construct},
    .traverse = islice_traverse,
    .methods = kIsliceMethods,
    .doc = "islice(iterable, stop) or islice(iterable, start, stop[, step]): the selected items of an iterable.",
};
const TypeSpec zip_longest_spec = {
    .name = "itertools.zip_longest",
    .size = sizeof(ZipLongest),
    .item_size = sizeof(Field),
    .flags = kTypeBase,
    .slots = {.iter = return_self, .next = in_turn<zip_longest_step>, .construct = zip_longest_construct},
    .traverse = zip_longest_traverse,
    .methods = kZipLongestMethods,
    .doc = "zip_longest(*iterables, fillvalue=None): zip() that goes on until the longest iterable ends.",
};
}  // namespace iter

}  // namespace pt
