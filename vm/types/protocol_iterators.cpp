// Iterators over anything: by __getitem__ forwards (sequence_iterator) and backwards (reversed), and by calling
// (callable_iterator).
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type sequence_iterator_type{};
constinit Type callable_iterator_type{};
constinit Type reversed_type{};

namespace {

struct SequenceIterator : Object {  // sequence_iterator, reversed
  Field sequence;                   // empty at the end
  std::atomic<int64_t> index;
};
struct CallableIterator : Object {
  Field callable, sentinel;         // empty at the end
};

SequenceIterator* as_sequence_iterator(Value v) { return static_cast<SequenceIterator*>(v.as_object()); }
CallableIterator* as_callable_iterator(Value v) { return static_cast<CallableIterator*>(v.as_object()); }

Ref<> self_iter(Value self) { return Ref<>::retain(self); }

// The item, or empty at the end (the sequence is then dropped) or on error.
Ref<> item_or_end(SequenceIterator* it, Value sequence, int64_t i) {
  Ref<> index = int_from_int64(i);
  Ref<> item = index ? get_item(sequence, index.value()) : Ref<>();
  if (!item && (clear_if(exc::IndexError) || clear_if(exc::StopIteration))) it->sequence.store(it, Ref<>());
  return item;
}

Ref<> sequence_iterator_next(Value self) {
  SequenceIterator* it = as_sequence_iterator(self);
  Ref<> sequence = it->sequence.load(it);
  if (!sequence) return sequence;
  if (PT_UNLIKELY(it->index.load(std::memory_order_relaxed) == INT64_MAX)) {
    return raise(exc::OverflowError, "iter index too large");
  }
  int64_t i = claim_position(it->index);
  Ref<> item = item_or_end(it, sequence.value(), i);
  // A failing __getitem__ leaves the position where it was.
  if (!item && error_pending()) it->index.fetch_sub(1, std::memory_order_relaxed);
  return item;
}

Ref<> ended(const char* function) {
  Ref<> callable = import_builtin(function);
  if (!callable) return callable;
  Ref<Tuple> arguments = tuple_of({Value::object(empty_tuple())});
  if (!arguments) return Ref<>();
  return tuple_of({callable.value(), arguments.value()});
}

Ref<> sequence_iterator_length_hint(const Value* a) {
  SequenceIterator* it = as_sequence_iterator(a[0]);
  Ref<> sequence = it->sequence.load(it);
  if (!sequence) return Ref<>::steal(Value::small_int(0));
  if (!type_of(sequence.value())->slots.length) return not_implemented_ref();
  int64_t n = length(sequence.value());
  if (n < 0) return Ref<>();
  n -= it->index.load(std::memory_order_relaxed);
  return Ref<>::steal(Value::small_int(n > 0 ? n : 0));
}
Ref<> sequence_iterator_reduce(const Value* a) {
  SequenceIterator* it = as_sequence_iterator(a[0]);
  Ref<> sequence = it->sequence.load(it);
  if (!sequence) return ended("iter");
  Ref<> callable = import_builtin("iter");
  if (!callable) return callable;
  Ref<Tuple> arguments = tuple_of({sequence.value()});
  Ref<> i = int_from_int64(it->index.load(std::memory_order_relaxed));
  if (!arguments || !i) return Ref<>();
  return tuple_of({callable.value(), arguments.value(), i.value()});
}
Ref<> sequence_iterator_set_state(const Value* a) {
  SequenceIterator* it = as_sequence_iterator(a[0]);
  int64_t i;
  if (!state_argument(a[1], &i)) return Ref<>();
  if (!it->sequence.peek_acquire().empty()) it->index.store(i < 0 ? 0 : i, std::memory_order_relaxed);
  return none_ref();
}

void sequence_iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<SequenceIterator*>(o)->sequence); }

// ---- reversed ----

constinit Name kReversed("__reversed__");

Ref<> reversed_construct(Type* type, const Args& args) {
  bool own_init = type != &reversed_type && type->slots.init != reversed_type.slots.init;
  if (!own_init && args.names && args.keyword_count() != 0) {
    return raise(exc::TypeError, "reversed() takes no keyword arguments");
  }
  if (args.count != 1) return raise(exc::TypeError, "reversed expected 1 argument, got %zu", size_t{args.count});
  Value sequence = args.values[0];
  Ref<> method = lookup_special(sequence, kReversed.str());
  if (!method && error_pending()) return Ref<>();
  if (method && is_none(method.value())) return raise(exc::TypeError, "'%T' object is not reversible", sequence);
  if (method) return call0(method.value());
  if (!type_of(sequence)->slots.get_item) return raise(exc::TypeError, "'%T' object is not reversible", sequence);
  int64_t n = length(sequence);
  if (n < 0) return Ref<>();
  Ref<SequenceIterator> it = allocate<SequenceIterator>(type);
  if (!it) return it;
  it->sequence.init(Ref<>::retain(sequence));
  it->index.store(n - 1, std::memory_order_relaxed);
  return it;
}

Ref<> reversed_next(Value self) {
  SequenceIterator* it = as_sequence_iterator(self);
  Ref<> sequence = it->sequence.load(it);
  if (!sequence) return sequence;
  int64_t i = it->index.fetch_sub(1, std::memory_order_relaxed);
  if (i < 0) {
    it->index.store(-1, std::memory_order_relaxed);
    it->sequence.store(it, Ref<>());
    return Ref<>();
  }
  Ref<> item = item_or_end(it, sequence.value(), i);
  if (!item && error_pending()) it->index.fetch_add(1, std::memory_order_relaxed);
  return item;
}

Ref<> reversed_length_hint(const Value* a) {
  SequenceIterator* it = as_sequence_iterator(a[0]);
  Ref<> sequence = it->sequence.load(it);
  if (!sequence) return Ref<>::steal(Value::small_int(0));
  int64_t n = length(sequence.value());
  if (n < 0) return Ref<>();
  int64_t left = it->index.load(std::memory_order_relaxed) + 1;
  return Ref<>::steal(Value::small_int(n < left ? 0 : left));
}
Ref<> reversed_reduce(const Value* a) {
  SequenceIterator* it = as_sequence_iterator(a[0]);
  Ref<> sequence = it->sequence.load(it);
  if (!sequence) {
    Ref<Tuple> nothing = tuple_of({Value::object(empty_tuple())});
    if (!nothing) return Ref<>();
    return tuple_of({Value::object(type_of(a[0])), nothing.value()});
  }
  Ref<Tuple> arguments = tuple_of({sequence.value()});
  if (!arguments) return Ref<>();
  return tuple_of({Value::object(type_of(a[0])), arguments.value(), Value::small_int(it->index.load(std::memory_order_relaxed))});
}
Ref<> reversed_set_state(const Value* a) {
  SequenceIterator* it = as_sequence_iterator(a[0]);
  int64_t i;
  if (!state_argument(a[1], &i)) return Ref<>();
  Ref<> sequence = it->sequence.load(it);
  if (sequence) {
    int64_t n = length(sequence.value());
    if (n < 0) return Ref<>();
    it->index.store(i < -1 ? -1 : i > n - 1 ? n - 1 : i, std::memory_order_relaxed);
  }
  return none_ref();
}

// ---- callable_iterator ----

Ref<> callable_iterator_next_slot(Value self) {
  CallableIterator* it = as_callable_iterator(self);
  Ref<> callable = it->callable.load(it), sentinel = it->sentinel.load(it);
  if (!callable || !sentinel) return Ref<>();
  Ref<> result = call0(callable.value());
  if (result) {
    int same = equal(sentinel.value(), result.value());
    if (same == 0) return result;
    if (same < 0) return Ref<>();
  } else if (!clear_if(exc::StopIteration)) {
    return Ref<>();
  }
  it->callable.store(it, Ref<>());
  it->sentinel.store(it, Ref<>());
  return Ref<>();
}
Ref<> callable_iterator_reduce(const Value* a) {
  CallableIterator* it = as_callable_iterator(a[0]);
  Ref<> callable = it->callable.load(it), sentinel = it->sentinel.load(it);
  if (!callable || !sentinel) return ended("iter");
  Ref<> function = import_builtin("iter");
  if (!function) return function;
  Ref<Tuple> arguments = tuple_of({callable.value(), sentinel.value()});
  if (!arguments) return Ref<>();
  return tuple_of({function.value(), arguments.value()});
}
void callable_iterator_traverse(Object* o, FieldVisitor& visit) {
  visit(static_cast<CallableIterator*>(o)->callable);
  visit(static_cast<CallableIterator*>(o)->sentinel);
}

constexpr char kHintDoc[] = "Private method returning an estimate of len(list(it)).";
constexpr char kReduceDoc[] = "Return state information for pickling.";
constexpr char kStateDoc[] = "Set state information for unpickling.";
constexpr NativeDef kSequenceIteratorMethods[] = {{"__length_hint__", "($self, /)", sequence_iterator_length_hint, kHintDoc},
                                                  {"__reduce__", "($self, /)", sequence_iterator_reduce, kReduceDoc},
                                                  {"__setstate__", "($self, state, /)", sequence_iterator_set_state, kStateDoc},
                                                  {}};
constexpr NativeDef kReversedMethods[] = {{"__length_hint__", "($self, /)", reversed_length_hint, kHintDoc},
                                          {"__reduce__", "($self, /)", reversed_reduce, kReduceDoc},
                                          {"__setstate__", "($self, state, /)", reversed_set_state, kStateDoc},
                                          {}};
constexpr NativeDef kCallableIteratorMethods[] = {{"__reduce__", "($self, /)", callable_iterator_reduce, kReduceDoc}, {}};

}  // namespace

Ref<> sequence_iterator_new(Value sequence) {
  Ref<SequenceIterator> it = allocate<SequenceIterator>(&sequence_iterator_type);
  if (it) it->sequence.init(Ref<>::retain(sequence));
  return it;
}

Ref<> callable_iterator_new(Value callable, Value sentinel) {
  Ref<CallableIterator> it = allocate<CallableIterator>(&callable_iterator_type);
  if (!it) return it;
  it->callable.init(Ref<>::retain(callable));
  it->sentinel.init(Ref<>::retain(sentinel));
  return it;
}

const TypeSpec sequence_iterator_spec = {
    .name = "iterator",
    .size = sizeof(SequenceIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = sequence_iterator_next},
    .traverse = sequence_iterator_traverse,
    .methods = kSequenceIteratorMethods,
};
const TypeSpec callable_iterator_spec = {
    .name = "callable_iterator",
    .size = sizeof(CallableIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = callable_iterator_next_slot},
    .traverse = callable_iterator_traverse,
    .methods = kCallableIteratorMethods,
};
const TypeSpec reversed_spec = {
    .name = "reversed",
    .size = sizeof(SequenceIterator),
    .flags = kTypeBase,
    .slots = {.iter = self_iter, .next = reversed_next, .construct = reversed_construct},
    .traverse = sequence_iterator_traverse,
    .methods = kReversedMethods,
    .doc = "Return a reverse iterator over the values of the given sequence.",
    .signature = "(sequence, /)",
};

}  // namespace pt
