// count, cycle, repeat.
#include "vm/modules/itertools/itertools.h"

#include "vm/modules/support.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/turns.h"

namespace pt {

namespace iter {
constinit Type count_type = {}, cycle_type = {}, repeat_type = {};
}

namespace {

// ---- count -------------------------------------------------------------------------------------------------------

// While start and step are small ints, the state is one atomic word, so that next() of a shared counter never gives a
// value twice; past that, `big` holds the next value.
struct Count : Object {
  std::atomic<int64_t> number;
  int64_t step;              // immutable
  std::atomic<bool> fast;    // cleared for good when the next value would not be a small int
  Field big;
  Field big_step;            // immutable
};
constexpr int64_t kFastLimit = int64_t{1} << 61;

bool is_number(Value v) {
  const Slots& slots = type_of(v)->slots;
  return is_int(v) || slots.unary[static_cast<int>(UnaryOp::kInt)] || slots.unary[static_cast<int>(UnaryOp::kFloat)] ||
         slots.unary[static_cast<int>(UnaryOp::kIndex)] || type_of(v) == &complex_type || is_subtype(type_of(v), &complex_type);
}
bool fits_fast(Value v) { return v.is_small_int() && v.as_small_int() < kFastLimit && v.as_small_int() > -kFastLimit; }

Ref<> count_construct(Type* type, const Args& args) {
  Value v[2];
  if (!bind_arguments("count", "(start=0, step=1)", args, v)) return Ref<>();
  Value start = v[0].empty() ? Value::small_int(0) : v[0];
  Value step = v[1].empty() ? Value::small_int(1) : v[1];
  if (!is_number(start) || !is_number(step)) return raise(exc::TypeError, "a number is required");
  Ref<Count> self = allocate<Count>(type);
  if (!self) return Ref<>();
  self->big_step.init(Ref<>::retain(step));
  if (fits_fast(start) && fits_fast(step)) {
    self->number.store(start.as_small_int(), std::memory_order_relaxed);
    self->step = step.as_small_int();
    self->fast.store(true, std::memory_order_relaxed);
  } else {
    self->big.init(Ref<>::retain(start));
  }
  return self;
}

Ref<> count_next(Value self) {
  auto* c = object_of<Count>(self);
  if (PT_LIKELY(c->fast.load(std::memory_order_acquire))) {
    if (!multithreaded()) {
      int64_t now = c->number.load(std::memory_order_relaxed);
      int64_t after = now + c->step;
      if (PT_LIKELY(after < kFastLimit && after > -kFastLimit)) {
        c->number.store(after, std::memory_order_relaxed);
        return Ref<>::steal(Value::small_int(now));
      }
    }
    LockGuard guard(c);
    if (c->fast.load(std::memory_order_relaxed)) {
      int64_t now = c->number.load(std::memory_order_relaxed);
      int64_t after = now + c->step;
      if (after < kFastLimit && after > -kFastLimit) {
        c->number.store(after, std::memory_order_relaxed);
      } else {
        c->big.init(Ref<>::steal(Value::small_int(after)));  // both are below 2**61: the sum is a small int
        c->fast.store(false, std::memory_order_release);
      }
      return Ref<>::steal(Value::small_int(now));
    }
  }
  for (;;) {
    Ref<> now = c->big.load(c);
    Ref<> after = binary_operation(BinaryOp::kAdd, now.value(), c->big_step.peek());
    if (!after) return after;
    Ref<> old;
    LockGuard guard(c);
    if (!c->big.peek().same(now.value())) continue;  // another thread took this value
    old = c->big.exchange_locked(std::move(after));
    return now;
  }
}
Ref<> count_current(Count* c) {
  if (c->fast.load(std::memory_order_acquire)) return int_from_int64(c->number.load(std::memory_order_relaxed));
  return c->big.load(c);
}
bool is_one(Value v) { return v.is_small_int() && v.as_small_int() == 1; }
Ref<> count_repr(Value self) {
  auto* c = object_of<Count>(self);
  Ref<> now = count_current(c);
  if (is_one(c->big_step.peek())) return str_format("%N(%R)", type_of(self), now.value());
  return str_format("%N(%R, %R)", type_of(self), now.value(), c->big_step.peek());
}
Ref<> count_reduce(const Value* a) {
  auto* c = object_of<Count>(a[0]);
  Ref<> now = count_current(c);
  Value step = c->big_step.peek();
  Ref<Tuple> arguments = is_one(step) ? tuple_of({now.value()}) : tuple_of({now.value(), step});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
void count_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Count*>(o)->big);
  visitor(static_cast<Count*>(o)->big_step);
}
const NativeDef kCountMethods[] = {{"__reduce__", "($self, /)", count_reduce, "Return state information for pickling."}, {}};

// ---- cycle -------------------------------------------------------------------------------------------------------

struct Cycle : Object {
  Field iterator;       // empty after the first pass
  Field saved;          // list; replaced by __setstate__
  int64_t index;        // guarded by the object lock
  std::atomic<bool> first_pass_saved;  // __setstate__: `saved` is complete already
};

Ref<> cycle_construct(Type* type, const Args& args) {
  Value iterable;
  if (!positional_arguments("cycle", type, iter::cycle_type, args, 1, 1, &iterable)) return Ref<>();
  Ref<> iterator = get_iter(iterable);
  Ref<List> saved = iterator ? list_new() : Ref<List>();
  if (!saved) return Ref<>();
  Ref<Cycle> self = allocate<Cycle>(type);
  if (!self) return Ref<>();
  self->iterator.init(std::move(iterator));
  self->saved.init(std::move(saved));
  return self;
}
Ref<> cycle_step(Value self) {
  auto* c = object_of<Cycle>(self);
  Ref<> saved = c->saved.load_locked();
  if (Ref<> iterator = c->iterator.load_locked()) {
    Ref<> item = advance(iterator.value());
    if (item) {
      if (!c->first_pass_saved.load(std::memory_order_relaxed) && !list_append(as_list(saved.value()), item.copy())) {
        return Ref<>();
      }
      return item;
    }
    if (error_pending()) return Ref<>();
    iterator = c->iterator.exchange_locked(Ref<>());
  }
  List* list = as_list(saved.value());
  int64_t size = list_size(list);
  if (size == 0) return Ref<>();
  int64_t at = c->index >= size ? 0 : c->index;
  c->index = at + 1 >= size ? 0 : at + 1;
  return list_get(list, at);
}
Ref<> cycle_reduce(const Value* a) {
  auto* c = object_of<Cycle>(a[0]);
  Ref<> saved = c->saved.load(c);
  Ref<> iterator = c->iterator.load(c);
  bool first_pass = static_cast<bool>(iterator);
  if (!iterator) {
    iterator = get_iter(saved.value());
    if (!iterator) return iterator;
    int64_t at;
    {
      LockGuard guard(c);
      at = c->index;
    }
    if (at && !call_method(iterator.value(), "__setstate__", {Value::small_int(at)})) return Ref<>();
  }
  Ref<Tuple> arguments = tuple_of({iterator.value()});
  Ref<Tuple> state = tuple_of({saved.value(), boolean(!first_pass)});
  if (!arguments || !state) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), state.value()});
}
Ref<> cycle_setstate(const Value* a) {
  if (!is_tuple(a[1])) return raise(exc::TypeError, "state is not a tuple");
  Tuple* state = as_tuple(a[1]);
  if (state->length != 2) {
    return raise(exc::TypeError, "function takes exactly 2 arguments (%ld given)", state->length);
  }
  if (!is_list(state->at(0))) return raise(exc::TypeError, "argument 1 must be list, not %T", state->at(0));
  int flag;
  if (!to_cint(state->at(1), &flag)) return Ref<>();
  auto* c = object_of<Cycle>(a[0]);
  c->saved.store(c, Ref<>::retain(state->at(0)));
  c->first_pass_saved.store(flag != 0, std::memory_order_relaxed);
  LockGuard guard(c);
  c->index = 0;
  return none_ref();
}
void cycle_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Cycle*>(o)->iterator);
  visitor(static_cast<Cycle*>(o)->saved);
}
const NativeDef kCycleMethods[] = {{"__reduce__", "($self, /)", cycle_reduce, "Return state information for pickling."},
                                   {"__setstate__", "($self, state, /)", cycle_setstate, "Set state information for unpickling."},
                                   {}};

// ---- repeat ------------------------------------------------------------------------------------------------------

struct Repeat : Object {
  Field item;                   // immutable
  std::atomic<int64_t> left;    // -1: for ever
};

Ref<> repeat_construct(Type* type, const Args& args) {
  Value v[2];
  if (!bind_arguments("repeat", "(object, times=None)", args, v)) return Ref<>();
  int64_t times = -1;
  if (!v[1].empty()) {
    if (!to_ssize(v[1], &times)) return Ref<>();
    if (times < 0) times = 0;
  }
  Ref<Repeat> self = allocate<Repeat>(type);
  if (!self) return Ref<>();
  self->item.init(Ref<>::retain(v[0]));
  self->left.store(times, std::memory_order_relaxed);
  return self;
}
Ref<> repeat_next(Value self) {
  auto* r = object_of<Repeat>(self);
  int64_t left = r->left.load(std::memory_order_relaxed);
  if (left == 0) return Ref<>();
  if (left > 0) {
    if (!multithreaded()) {
      r->left.store(left - 1, std::memory_order_relaxed);
    } else {
      while (!r->left.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) {
        if (left == 0) return Ref<>();
      }
    }
  }
  return Ref<>::retain(r->item.peek());
}
Ref<> repeat_repr(Value self) {
  auto* r = object_of<Repeat>(self);
  int64_t left = r->left.load(std::memory_order_relaxed);
  if (left < 0) return str_format("%N(%R)", type_of(self), r->item.peek());
  return str_format("%N(%R, %ld)", type_of(self), r->item.peek(), left);
}
Ref<> repeat_length_hint(const Value* a) {
  int64_t left = object_of<Repeat>(a[0])->left.load(std::memory_order_relaxed);
  if (left < 0) return raise(exc::TypeError, "len() of unsized object");
  return int_from_int64(left);
}
Ref<> repeat_reduce(const Value* a) {
  auto* r = object_of<Repeat>(a[0]);
  int64_t left = r->left.load(std::memory_order_relaxed);
  Ref<Tuple> arguments = left < 0 ? tuple_of({r->item.peek()}) : tuple_of({r->item.peek(), Value::small_int(left)});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
void repeat_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<Repeat*>(o)->item); }
const NativeDef kRepeatMethods[] = {
    {"__length_hint__", "($self, /)", repeat_length_hint, "Private method returning an estimate of len(list(it))."},
    {"__reduce__", "($self, /)", repeat_reduce, "Return state information for pickling."},
    {}};

}  // namespace

namespace iter {
const TypeSpec count_spec = {
    .name = "itertools.count",
    .size = sizeof(Count),
    .flags = kTypeBase,
    .slots = {.repr = count_repr, .iter = return_self, .next = count_next, .construct = count_construct},
    .traverse = count_traverse,
    .methods = kCountMethods,
    .doc = "Return a count object whose .__next__() method returns consecutive values.",
    .signature = "(start=0, step=1)",
};
const TypeSpec cycle_spec = {
    .name = "itertools.cycle",
    .size = sizeof(Cycle),
    .flags = kTypeBase,
    .slots = {.iter = return_self, .next = in_turn<cycle_step>, .construct = cycle_construct},
    .traverse = cycle_traverse,
    .methods = kCycleMethods,
    .doc = "Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely.",
    .signature = "(iterable, /)",
};
const TypeSpec repeat_spec = {
    .name = "itertools.repeat",
    .size = sizeof(Repeat),
    .flags = kTypeBase,
    .slots = {.repr = repeat_repr, .iter = return_self, .next = repeat_next, .construct = repeat_construct},
    .traverse = repeat_traverse,
    .methods = kRepeatMethods,
    .doc = "repeat(object [,times]): an iterator that gives the object times times, or for ever.",
};
}  // namespace iter

}  // namespace pt
