// product, permutations, combinations, combinations_with_replacement. The state (index arrays) is guarded by the object
// lock; the pool is immutable.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/itertools/itertools.h"
#include "vm/modules/support.h"
#include "vm/types/str.h"

namespace pt {

namespace iter {
constinit Type product_type = {}, permutations_type = {}, combinations_type = {}, combinations_with_replacement_type = {};
}

namespace {

struct Selection : Object {
  Field pool;        // tuple; product: tuple of tuples. Immutable.
  int64_t* indices;  // product, combinations: `length`; permutations: one an item of the pool
  int64_t* cycles;   // permutations only: `length`
  int64_t length;    // items of a result
  bool started, stopped;
};
Selection* selection(Value v) { return object_of<Selection>(v); }
Tuple* pool_of(const Selection* s) { return as_tuple(s->pool.peek()); }

int64_t* new_indices(int64_t count) {
  if (count > (int64_t{1} << 40)) return raise_no_memory();
  auto* indices = static_cast<int64_t*>(memory::allocate(static_cast<size_t>(count ? count : 1) * sizeof(int64_t)));
  if (!indices) raise_no_memory();
  return indices;
}
Ref<Selection> selection_new(Type* type, Ref<Tuple> pool, int64_t indices, int64_t length) {
  Ref<Selection> self = allocate<Selection>(type);
  if (!self) return self;
  self->indices = new_indices(indices);
  if (!self->indices) return nullptr;
  self->pool.init(std::move(pool));
  self->length = length;
  return self;
}
void selection_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Selection*>(o)->pool); }
void selection_destroy(Object* o) {
  auto* s = static_cast<Selection*>(o);
  s->pool.clear();
  memory::release(s->indices);
  memory::release(s->cycles);
  s->indices = s->cycles = nullptr;
}

Ref<> pick(const Selection* s) {
  Ref<Tuple> result = tuple_allocate(s->length);
  if (!result) return Ref<>();
  Tuple* pool = pool_of(s);
  for (int64_t i = 0; i < s->length; ++i) result->items[i].init(Ref<>::retain(pool->at(s->indices[i])));
  return result;
}
Ref<> size_of(const Value* a) {
  auto* s = selection(a[0]);
  return int_from_int64(static_cast<int64_t>(sizeof(Selection)) + 8 * s->length);
}
Ref<Tuple> indices_tuple(const int64_t* indices, int64_t count) {
  Ref<Tuple> result = tuple_allocate(count);
  if (!result) return result;
  for (int64_t i = 0; i < count; ++i) result->items[i].init(Ref<>::steal(Value::small_int(indices[i])));
  return result;
}
// The members of a state tuple as integers. The tuple is read before the lock is taken.
bool read_indices(Tuple* state, int64_t count, int64_t* out) {
  for (int64_t i = 0; i < count; ++i) {
    if (!to_ssize(state->at(i), &out[i])) return false;
  }
  return true;
}
int64_t clamp(int64_t v, int64_t low, int64_t high) { return v < low ? low : v > high ? high : v; }

// ---- product -----------------------------------------------------------------------------------------------------

Ref<> product_construct(Type* type, const Args& args) {
  int64_t repeat = 1;
  if (args.keyword_count() > 1) {
    return raise(exc::TypeError, "product() takes at most 1 keyword argument (%d given)", static_cast<int>(args.keyword_count()));
  }
  for (uint32_t i = 0; i < args.keyword_count(); ++i) {
    if (!as_str(args.names->at(i))->equals_ascii("repeat")) {
      return raise(exc::TypeError, "'%U' is an invalid keyword argument for product()", as_str(args.names->at(i)));
    }
    if (!to_ssize(args.values[args.count + i], &repeat)) return Ref<>();
    if (repeat < 0) return raise(exc::ValueError, "repeat argument cannot be negative");
  }
  int64_t given_pools = repeat ? args.count : 0;
  if (given_pools && repeat > (INT64_MAX >> 4) / given_pools) {
    return raise(exc::OverflowError, "repeat argument too large");
  }
  int64_t count = given_pools * repeat;
  if (count > (int64_t{1} << 36)) return raise_no_memory();
  Ref<Tuple> pools = tuple_allocate(count);
  if (!pools) return Ref<>();
  for (int64_t i = 0; i < given_pools; ++i) {
    Ref<Tuple> pool = tuple_from_iterable(args.values[i]);
    if (!pool) return Ref<>();
    pools->items[i].init(std::move(pool));
  }
  for (int64_t i = given_pools; i < count; ++i) pools->items[i].init(Ref<>::retain(pools->at(i - given_pools)));
  Ref<Selection> self = selection_new(type, std::move(pools), count, count);
  if (!self) return Ref<>();
  std::memset(self->indices, 0, static_cast<size_t>(count) * sizeof(int64_t));
  return self;
}

Ref<> product_next(Value self) {
  Selection* s = selection(self);
  Tuple* pools = pool_of(s);
  LockGuard guard(s);
  if (s->stopped) return Ref<>();
  if (!s->started) {
    s->started = true;
    for (int64_t i = 0; i < s->length; ++i) {
      if (as_tuple(pools->at(i))->length == 0) s->stopped = true;
    }
  } else {
    int64_t i = s->length - 1;
    for (; i >= 0; --i) {
      if (++s->indices[i] < as_tuple(pools->at(i))->length) break;
      s->indices[i] = 0;
    }
    if (i < 0) s->stopped = true;
  }
  if (s->stopped) return Ref<>();
  Ref<Tuple> result = tuple_allocate(s->length);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < s->length; ++i) {
    result->items[i].init(Ref<>::retain(as_tuple(pools->at(i))->at(s->indices[i])));
  }
  return result;
}
Ref<> product_reduce(const Value* a) {
  Selection* s = selection(a[0]);
  bool started, stopped;
  Ref<Tuple> indices;
  {
    LockGuard guard(s);
    started = s->started;
    stopped = s->stopped;
    if (started && !stopped) indices = indices_tuple(s->indices, s->length);
  }
  if (stopped) {
    Ref<Tuple> arguments = tuple_of({Value::object(empty_tuple())});
    if (!arguments) return Ref<>();
    return tuple_of({type_value(a[0]), arguments.value()});
  }
  if (!started) return tuple_of({type_value(a[0]), s->pool.peek()});
  if (!indices) return Ref<>();
  return tuple_of({type_value(a[0]), s->pool.peek(), indices.value()});
}
Ref<> product_setstate(const Value* a) {
  Selection* s = selection(a[0]);
  if (!is_tuple(a[1]) || as_tuple(a[1])->length != s->length) return raise(exc::ValueError, "invalid arguments");
  int64_t* fresh = new_indices(s->length);
  if (!fresh) return Ref<>();
  bool ok = read_indices(as_tuple(a[1]), s->length, fresh);
  if (ok) {
    LockGuard guard(s);
    s->started = true;
    for (int64_t i = 0; i < s->length; ++i) {
      int64_t size = as_tuple(pool_of(s)->at(i))->length;
      if (size == 0) s->stopped = true;
      s->indices[i] = clamp(fresh[i], 0, size ? size - 1 : 0);
    }
  }
  memory::release(fresh);
  return ok ? none_ref() : Ref<>();
}

// ---- combinations ------------------------------------------------------------------------------------------------

template <bool Replacement>
Ref<> combinations_construct(Type* type, const Args& args) {
  Value v[2];
  int64_t r;
  if (!bind_arguments(Replacement ? "combinations_with_replacement" : "combinations", "(iterable, r)", args, v) ||
      !to_ssize(v[1], &r)) {
    return Ref<>();
  }
  Ref<Tuple> pool = tuple_from_iterable(v[0]);
  if (!pool) return Ref<>();
  if (r < 0) return raise(exc::ValueError, "r must be non-negative");
  int64_t n = pool->length;
  bool stopped = Replacement ? n == 0 && r > 0 : r > n;
  // A selection that is over from the start needs no arrays.
  Ref<Selection> self = selection_new(type, std::move(pool), stopped ? 0 : r, r);
  if (!self) return Ref<>();
  self->stopped = stopped;
  for (int64_t i = 0; !stopped && i < r; ++i) self->indices[i] = Replacement ? 0 : i;
  return self;
}
template <bool Replacement>
Ref<> combinations_next(Value self) {
  Selection* s = selection(self);
  LockGuard guard(s);
  if (s->stopped) return Ref<>();
  int64_t n = pool_of(s)->length, r = s->length;
  if (!s->started) {
    s->started = true;
    return pick(s);
  }
  int64_t i = r - 1;
  if constexpr (Replacement) {
    while (i >= 0 && s->indices[i] == n - 1) --i;
  } else {
    while (i >= 0 && s->indices[i] == i + n - r) --i;
  }
  if (i < 0) {
    s->stopped = true;
    return Ref<>();
  }
  int64_t at = ++s->indices[i];
  for (int64_t k = i + 1; k < r; ++k) s->indices[k] = Replacement ? at : ++at;
  return pick(s);
}
Ref<> combinations_reduce(const Value* a) {
  Selection* s = selection(a[0]);
  bool started, stopped;
  Ref<Tuple> indices;
  {
    LockGuard guard(s);
    started = s->started;
    stopped = s->stopped;
    if (started && !stopped) indices = indices_tuple(s->indices, s->length);
  }
  Ref<> r = int_from_int64(s->length);
  bool over = started && stopped;
  Ref<Tuple> arguments = tuple_of({over ? Value::object(empty_tuple()) : s->pool.peek(), r.value()});
  if (!arguments) return Ref<>();
  if (!started || over) return tuple_of({type_value(a[0]), arguments.value()});
  if (!indices) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), indices.value()});
}
template <bool Replacement>
Ref<> combinations_setstate(const Value* a) {
  Selection* s = selection(a[0]);
  int64_t n = pool_of(s)->length, r = s->length;
  if (!is_tuple(a[1]) || as_tuple(a[1])->length != r) return raise(exc::ValueError, "invalid arguments");
  if (s->stopped) return none_ref();
  int64_t* fresh = new_indices(r);
  if (!fresh) return Ref<>();
  bool ok = read_indices(as_tuple(a[1]), r, fresh);
  if (ok) {
    LockGuard guard(s);
    for (int64_t i = 0; i < r; ++i) s->indices[i] = clamp(fresh[i], 0, Replacement ? n - 1 : i + n - r);
    s->started = true;
  }
  memory::release(fresh);
  return ok ? none_ref() : Ref<>();
}

// ---- permutations ------------------------------------------------------------------------------------------------

Ref<> permutations_construct(Type* type, const Args& args) {
  Value v[2];
  if (!bind_arguments("permutations", "(iterable, r=None)", args, v)) return Ref<>();
  Ref<Tuple> pool = tuple_from_iterable(v[0]);
  if (!pool) return Ref<>();
  int64_t n = pool->length;
  int64_t r = n;
  if (given(v[1])) {
    if (!is_int(v[1])) return raise(exc::TypeError, "Expected int as r");
    if (!to_ssize(v[1], &r)) return Ref<>();
    if (r < 0) return raise(exc::ValueError, "r must be non-negative");
  }
  bool stopped = r > n;
  Ref<Selection> self = selection_new(type, std::move(pool), n, r);
  if (!self) return Ref<>();
  self->stopped = stopped;
  if (stopped) return self;
  self->cycles = new_indices(r);
  if (!self->cycles) return Ref<>();
  for (int64_t i = 0; i < n; ++i) self->indices[i] = i;
  for (int64_t i = 0; i < r; ++i) self->cycles[i] = n - i;
  return self;
}
Ref<> permutations_next(Value self) {
  Selection* s = selection(self);
  LockGuard guard(s);
  if (s->stopped) return Ref<>();
  int64_t n = pool_of(s)->length, r = s->length;
  if (!s->started) {
    s->started = true;
    return pick(s);
  }
  if (n == 0) {
    s->stopped = true;
    return Ref<>();
  }
  for (int64_t i = r - 1; i >= 0; --i) {
    if (--s->cycles[i] == 0) {
      // Rotate indices[i..] left by one.
      int64_t first = s->indices[i];
      for (int64_t k = i; k < n - 1; ++k) s->indices[k] = s->indices[k + 1];
      s->indices[n - 1] = first;
      s->cycles[i] = n - i;
    } else {
      int64_t k = n - s->cycles[i];
      int64_t held = s->indices[i];
      s->indices[i] = s->indices[k];
      s->indices[k] = held;
      return pick(s);
    }
  }
  s->stopped = true;
  return Ref<>();
}
Ref<> permutations_reduce(const Value* a) {
  Selection* s = selection(a[0]);
  bool started, stopped;
  Ref<Tuple> indices, cycles;
  {
    LockGuard guard(s);
    started = s->started;
    stopped = s->stopped;
    if (started && !stopped) {
      indices = indices_tuple(s->indices, pool_of(s)->length);
      cycles = indices_tuple(s->cycles, s->length);
    }
  }
  Ref<> r = int_from_int64(s->length);
  bool over = started && stopped;
  Ref<Tuple> arguments = tuple_of({over ? Value::object(empty_tuple()) : s->pool.peek(), r.value()});
  if (!arguments) return Ref<>();
  if (!started || over) return tuple_of({type_value(a[0]), arguments.value()});
  if (!indices || !cycles) return Ref<>();
  Ref<Tuple> state = tuple_of({indices.value(), cycles.value()});
  if (!state) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), state.value()});
}
Ref<> permutations_setstate(const Value* a) {
  Selection* s = selection(a[0]);
  int64_t n = pool_of(s)->length, r = s->length;
  if (!is_tuple(a[1])) return raise(exc::TypeError, "state is not a tuple");
  Tuple* state = as_tuple(a[1]);
  if (state->length != 2) {
    return raise(exc::TypeError, "function takes exactly 2 arguments (%ld given)", state->length);
  }
  for (int i = 0; i < 2; ++i) {
    if (!is_tuple(state->at(i))) return raise(exc::TypeError, "argument %d must be tuple, not %T", i + 1, state->at(i));
  }
  Tuple* indices = as_tuple(state->at(0));
  Tuple* cycles = as_tuple(state->at(1));
  if (indices->length != n || cycles->length != r) return raise(exc::ValueError, "invalid arguments");
  if (!s->cycles) return none_ref();
  int64_t* fresh = new_indices(n + r);
  if (!fresh) return Ref<>();
  bool ok = read_indices(indices, n, fresh) && read_indices(cycles, r, fresh + n);
  if (ok) {
    LockGuard guard(s);
    for (int64_t i = 0; i < n; ++i) s->indices[i] = clamp(fresh[i], 0, n - 1);
    for (int64_t i = 0; i < r; ++i) s->cycles[i] = clamp(fresh[n + i], 1, n - i);
    s->started = true;
  }
  memory::release(fresh);
  return ok ? none_ref() : Ref<>();
}

#define PT_SELECTION_METHODS(name, reduce_, setstate_)                                                                 \
  const NativeDef name[] = {{"__reduce__", "($self, /)", reduce_, "Return state information for pickling."},           \
                            {"__setstate__", "($self, state, /)", setstate_, "Set state information for unpickling."}, \
                            {"__sizeof__", "($self, /)", size_of, "Returns size in memory, in bytes."},                \
                            {}}
PT_SELECTION_METHODS(kProductMethods, product_reduce, product_setstate);
PT_SELECTION_METHODS(kPermutationsMethods, permutations_reduce, permutations_setstate);
PT_SELECTION_METHODS(kCombinationsMethods, combinations_reduce, combinations_setstate<false>);
PT_SELECTION_METHODS(kReplacementMethods, combinations_reduce, combinations_setstate<true>);

}  // namespace

namespace iter {
#define PT_SELECTION_SPEC(id, next_, construct_, methods_, signature_, doc_)  \
  const TypeSpec id##_spec = {                                                \
      .name = "itertools." #id,                                               \
      .size = sizeof(Selection),                                              \
      .flags = kTypeBase,                                                     \
      .slots = {.iter = return_self, .next = next_, .construct = construct_}, \
      .traverse = selection_traverse,                                         \
      .destroy = selection_destroy,                                           \
      .methods = methods_,                                                    \
      .doc = doc_,                                                            \
      .signature = signature_,                                                \
  }
PT_SELECTION_SPEC(product, product_next, product_construct, kProductMethods, nullptr,
                  "product(*iterables, repeat=1): the Cartesian product, as nested for-loops would give it.");
PT_SELECTION_SPEC(permutations, permutations_next, permutations_construct, kPermutationsMethods, "(iterable, r=None)",
                  "Return successive r-length permutations of elements in the iterable.");
PT_SELECTION_SPEC(combinations, combinations_next<false>, combinations_construct<false>, kCombinationsMethods, "(iterable, r)",
                  "Return successive r-length combinations of elements in the iterable.");
PT_SELECTION_SPEC(combinations_with_replacement, combinations_next<true>, combinations_construct<true>, kReplacementMethods,
                  "(iterable, r)", "Return successive r-length combinations of elements, each of which may be repeated.");
}  // namespace iter

}  // namespace pt
