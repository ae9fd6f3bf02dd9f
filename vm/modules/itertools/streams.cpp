// Iterators over one stream with a function: dropwhile, takewhile, filterfalse, starmap, compress, pairwise, accumulate.
#include "vm/modules/itertools/itertools.h"

#include "vm/modules/support.h"
#include "vm/types/str.h"
#include "vm/types/turns.h"

namespace pt {

namespace iter {
constinit Type dropwhile_type = {}, takewhile_type = {}, filterfalse_type = {}, starmap_type = {}, compress_type = {},
               pairwise_type = {}, accumulate_type = {};
}

namespace {

// A function (or a second iterator) and an iterator, both immutable, and a flag.
struct Stream : Object {
  Field function;
  Field iterator;
  std::atomic<bool> flag;  // dropwhile: items pass; takewhile: stopped
};
Stream* stream(Value v) { return object_of<Stream>(v); }
void stream_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Stream*>(o)->function);
  visitor(static_cast<Stream*>(o)->iterator);
}

Ref<> stream_new(Type* type, Value function, Value iterable) {
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return iterator;
  Ref<Stream> self = allocate<Stream>(type);
  if (!self) return Ref<>();
  self->function.init(Ref<>::retain(function));
  self->iterator.init(std::move(iterator));
  return self;
}
Ref<> function_and_iterable(const char* name, Type* type, const Type& exact, const Args& args) {
  Value v[2];
  if (!positional_arguments(name, type, exact, args, 2, 2, v)) return Ref<>();
  return stream_new(type, v[0], v[1]);
}

Ref<> stream_reduce(const Value* a) {
  Stream* s = stream(a[0]);
  Ref<Tuple> arguments = tuple_of({s->function.peek(), s->iterator.peek()});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
Ref<> flagged_reduce(const Value* a) {
  Stream* s = stream(a[0]);
  Ref<Tuple> arguments = tuple_of({s->function.peek(), s->iterator.peek()});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value(), Value::small_int(s->flag.load(std::memory_order_relaxed))});
}
Ref<> flagged_setstate(const Value* a) {
  int flag = truth(a[1]);
  if (flag < 0) return Ref<>();
  stream(a[0])->flag.store(flag, std::memory_order_relaxed);
  return none_ref();
}
const NativeDef kFlaggedMethods[] = {
    {"__reduce__", "($self, /)", flagged_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", flagged_setstate, "Set state information for unpickling."},
    {}};
const NativeDef kStreamMethods[] = {{"__reduce__", "($self, /)", stream_reduce, "Return state information for pickling."}, {}};

// 1, 0, -1 error.
int predicate(Value function, Value item) {
  Ref<> answer = call1(function, item);
  if (!answer) return -1;
  if (is_true(answer.value())) return 1;
  if (is_false(answer.value())) return 0;
  return truth(answer.value());
}

Ref<> dropwhile_construct(Type* type, const Args& args) {
  return function_and_iterable("dropwhile", type, iter::dropwhile_type, args);
}
Ref<> dropwhile_next(Value self) {
  Stream* s = stream(self);
  Value iterator = s->iterator.peek();
  for (;;) {
    Ref<> item = advance(iterator);
    if (!item || s->flag.load(std::memory_order_relaxed)) return item;
    int drop = predicate(s->function.peek(), item.value());
    if (drop < 0) return Ref<>();
    if (!drop) {
      s->flag.store(true, std::memory_order_relaxed);
      return item;
    }
  }
}

Ref<> takewhile_construct(Type* type, const Args& args) {
  return function_and_iterable("takewhile", type, iter::takewhile_type, args);
}
Ref<> takewhile_next(Value self) {
  Stream* s = stream(self);
  if (s->flag.load(std::memory_order_relaxed)) return Ref<>();
  Ref<> item = advance(s->iterator.peek());
  if (!item) return item;
  int take = predicate(s->function.peek(), item.value());
  if (take > 0) return item;
  if (take == 0) s->flag.store(true, std::memory_order_relaxed);
  return Ref<>();
}

Ref<> filterfalse_construct(Type* type, const Args& args) {
  return function_and_iterable("filterfalse", type, iter::filterfalse_type, args);
}
Ref<> filterfalse_next(Value self) {
  Stream* s = stream(self);
  Value iterator = s->iterator.peek();
  Value function = s->function.peek();
  bool by_truth = is_none(function) || function.is(&bool_type);
  for (;;) {
    Ref<> item = advance(iterator);
    if (!item) return item;
    int t = by_truth ? truth(item.value()) : predicate(function, item.value());
    if (t == 0) return item;
    if (t < 0) return Ref<>();
  }
}

Ref<> starmap_construct(Type* type, const Args& args) { return function_and_iterable("starmap", type, iter::starmap_type, args); }
Ref<> starmap_next(Value self) {
  Stream* s = stream(self);
  Ref<> arguments = advance(s->iterator.peek());
  if (!arguments) return arguments;
  if (!is_exact_tuple(arguments.value())) {
    arguments = tuple_from_iterable(arguments.value());
    if (!arguments) return Ref<>();
  }
  return call_tuple_dict(s->function.peek(), arguments.value(), Value());
}

// `function` holds the selectors' iterator.
Ref<> compress_construct(Type* type, const Args& args) {
  Value v[2];
  if (!bind_arguments("compress", "(data, selectors)", args, v)) return Ref<>();
  Ref<> data = get_iter(v[0]);
  Ref<> selectors = data ? get_iter(v[1]) : Ref<>();
  if (!selectors) return Ref<>();
  Ref<Stream> self = allocate<Stream>(type);
  if (!self) return Ref<>();
  self->function.init(std::move(selectors));
  self->iterator.init(std::move(data));
  return self;
}
Ref<> compress_step(Value self) {
  Stream* s = stream(self);
  for (;;) {
    Ref<> item = advance(s->iterator.peek());
    if (!item) return item;
    Ref<> selector = advance(s->function.peek());
    if (!selector) return selector;
    int t = truth(selector.value());
    if (t > 0) return item;
    if (t < 0) return Ref<>();
  }
}
Ref<> compress_reduce(const Value* a) {
  Stream* s = stream(a[0]);
  Ref<Tuple> arguments = tuple_of({s->iterator.peek(), s->function.peek()});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(a[0]), arguments.value()});
}
const NativeDef kCompressMethods[] = {{"__reduce__", "($self, /)", compress_reduce, "Return state information for pickling."},
                                      {}};

// ---- pairwise ----------------------------------------------------------------------------------------------------

struct Pairwise : Object {
  Field iterator;  // empty at the end
  Field previous;
};
Ref<> pairwise_construct(Type* type, const Args& args) {
  Value iterable;
  if (!positional_arguments("pairwise", type, iter::pairwise_type, args, 1, 1, &iterable)) return Ref<>();
  Ref<> iterator = get_iter(iterable);
  if (!iterator) return iterator;
  Ref<Pairwise> self = allocate<Pairwise>(type);
  if (!self) return Ref<>();
  self->iterator.init(std::move(iterator));
  return self;
}
Ref<> pairwise_step(Value self) {
  auto* p = object_of<Pairwise>(self);
  Ref<> iterator = p->iterator.load_locked();
  if (!iterator) return Ref<>();
  Ref<> old;
  Ref<> previous = p->previous.load_locked();
  if (!previous) {
    previous = advance(iterator.value());
    if (previous) {
      old = p->previous.exchange_locked(previous.copy());
      iterator = p->iterator.load_locked();  // the call may have come back to us
      if (!iterator) {
        old = p->previous.exchange_locked(Ref<>());
        return Ref<>();
      }
    }
  }
  Ref<> item = previous ? advance(iterator.value()) : Ref<>();
  if (!item) {
    iterator = p->iterator.exchange_locked(Ref<>());
    old = p->previous.exchange_locked(Ref<>());
    return Ref<>();
  }
  Ref<Tuple> pair = tuple_of({previous.value(), item.value()});
  old = p->previous.exchange_locked(std::move(item));
  return pair;
}
void pairwise_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Pairwise*>(o)->iterator);
  visitor(static_cast<Pairwise*>(o)->previous);
}

// ---- accumulate --------------------------------------------------------------------------------------------------

struct Accumulate : Object {
  Field total;      // empty before the first item
  Field initial;    // taken by the first next()
  Field iterator;   // immutable
  Field function;   // immutable; empty: addition
};
Ref<> accumulate_construct(Type* type, const Args& args) {
  Value v[3];
  if (!bind_arguments("accumulate", "(iterable, func=None, *, initial=None)", args, v)) return Ref<>();
  Ref<> iterator = get_iter(v[0]);
  if (!iterator) return iterator;
  Ref<Accumulate> self = allocate<Accumulate>(type);
  if (!self) return Ref<>();
  self->iterator.init(std::move(iterator));
  if (given(v[1])) self->function.init(Ref<>::retain(v[1]));
  if (given(v[2])) self->initial.init(Ref<>::retain(v[2]));
  return self;
}
Ref<> accumulate_step(Value self) {
  auto* a = object_of<Accumulate>(self);
  Ref<> old;
  if (PT_UNLIKELY(!a->initial.peek().empty())) {
    Ref<> first = a->initial.exchange_locked(Ref<>());
    old = a->total.exchange_locked(first.copy());
    return first;
  }
  Ref<> item = advance(a->iterator.peek());
  if (!item) return item;
  Ref<> total = a->total.load_locked();
  if (total) {
    Value function = a->function.peek();
    if (function.empty()) {
      item = binary_operation(BinaryOp::kAdd, total.value(), item.value());
    } else {
      Value pair[2] = {total.value(), item.value()};
      item = call(function, Args{pair, 2});
    }
    if (!item) return item;
  }
  old = a->total.exchange_locked(item.copy());
  return item;
}
Ref<> accumulate_reduce(const Value* args) {
  auto* a = object_of<Accumulate>(args[0]);
  Value function = or_none(a->function.peek());
  Value iterator = a->iterator.peek();
  Value chain = Value::object(&iter::chain_type);
  if (Ref<> initial = a->initial.load(a)) {
    Ref<Tuple> first = tuple_of({initial.value()});
    Ref<> chained = first ? call_values(chain, {first.value(), iterator}) : Ref<>();
    Ref<Tuple> arguments = chained ? tuple_of({chained.value(), function}) : Ref<Tuple>();
    if (!arguments) return Ref<>();
    return tuple_of({type_value(args[0]), arguments.value(), none()});
  }
  Ref<> total = a->total.load(a);
  if (total && is_none(total.value())) {
    // None as __setstate__'s argument would mean "no total yet": replay it through the stream and skip it.
    Ref<Tuple> first = tuple_of({total.value()});
    Ref<> chained = first ? call_values(chain, {first.value(), iterator}) : Ref<>();
    Ref<> replay = chained ? call_values(type_value(args[0]), {chained.value(), function}) : Ref<>();
    Ref<Tuple> arguments = replay ? tuple_of({replay.value(), Value::small_int(1), none()}) : Ref<Tuple>();
    if (!arguments) return Ref<>();
    return tuple_of({Value::object(&iter::islice_type), arguments.value()});
  }
  Ref<Tuple> arguments = tuple_of({iterator, function});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(args[0]), arguments.value(), total ? total.value() : none()});
}
Ref<> accumulate_setstate(const Value* args) {
  auto* a = object_of<Accumulate>(args[0]);
  a->total.store(a, is_none(args[1]) ? Ref<>() : Ref<>::retain(args[1]));
  return none_ref();
}
void accumulate_traverse(Object* o, FieldVisitor& visitor) {
  auto* a = static_cast<Accumulate*>(o);
  visitor(a->total);
  visitor(a->initial);
  visitor(a->iterator);
  visitor(a->function);
}
const NativeDef kAccumulateMethods[] = {
    {"__reduce__", "($self, /)", accumulate_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", accumulate_setstate, "Set state information for unpickling."},
    {}};

}  // namespace

namespace iter {
#define PT_STREAM_SPEC(id, step_, methods_, signature_, doc_)                     \
  const TypeSpec id##_spec = {                                                    \
      .name = "itertools." #id,                                                   \
      .size = sizeof(Stream),                                                     \
      .flags = kTypeBase,                                                         \
      .slots = {.iter = return_self, .next = step_, .construct = id##_construct}, \
      .traverse = stream_traverse,                                                \
      .methods = methods_,                                                        \
      .doc = doc_,                                                                \
      .signature = signature_,                                                    \
  };
PT_STREAM_SPEC(dropwhile, dropwhile_next, kFlaggedMethods, "(predicate, iterable, /)",
               "Drop items from the iterable while predicate(item) is true, then give all that follow.")
PT_STREAM_SPEC(takewhile, takewhile_next, kFlaggedMethods, "(predicate, iterable, /)",
               "Return successive entries from an iterable as long as the predicate is true for each.")
PT_STREAM_SPEC(filterfalse, filterfalse_next, kStreamMethods, "(function, iterable, /)",
               "Return those items of iterable for which function(item) is false.")
PT_STREAM_SPEC(starmap, starmap_next, kStreamMethods, "(function, iterable, /)",
               "Return the results of the function called with each item's members as its arguments.")
PT_STREAM_SPEC(compress, in_turn_with_threads<compress_step>, kCompressMethods, "(data, selectors)",
               "Return data elements that have a true selector.")

const TypeSpec pairwise_spec = {
    .name = "itertools.pairwise",
    .size = sizeof(Pairwise),
    .flags = kTypeBase,
    .slots = {.iter = return_self, .next = in_turn<pairwise_step>, .construct = pairwise_construct},
    .traverse = pairwise_traverse,
    .doc = "Return an iterator of overlapping pairs taken from the input iterator.",
    .signature = "(iterable, /)",
};
const TypeSpec accumulate_spec = {
    .name = "itertools.accumulate",
    .size = sizeof(Accumulate),
    .flags = kTypeBase,
    .slots = {.iter = return_self, .next = in_turn<accumulate_step>, .construct = accumulate_construct},
    .traverse = accumulate_traverse,
    .methods = kAccumulateMethods,
    .doc = "Return series of accumulated sums (or other binary function results).",
    .signature = "(iterable, func=None, *, initial=None)",
};
}  // namespace iter

}  // namespace pt
