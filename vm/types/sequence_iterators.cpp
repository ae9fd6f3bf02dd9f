// Iterators over list and tuple.
#include "gc/heap/heap_inl.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/iterators.h"

namespace pt {

constinit Type list_iterator_type{};
constinit Type list_reverse_iterator_type{};
constinit Type tuple_iterator_type{};

Ref<> list_iterator_new(Value list) {
  auto* it = static_cast<ListIterator*>(allocate_object_inline(kShape_list_iterator, sizeof(ListIterator), true));
  if (PT_UNLIKELY(!it)) return raise_no_memory();
  it->list.init(Ref<>::retain(list));
  return Ref<>::steal(Value::object(it));
}

Ref<> tuple_iterator_new(Value tuple) {
  auto* it = static_cast<TupleIterator*>(allocate_object_inline(kShape_tuple_iterator, sizeof(TupleIterator), true));
  if (PT_UNLIKELY(!it)) return raise_no_memory();
  it->tuple.init(Ref<>::retain(tuple));
  return Ref<>::steal(Value::object(it));
}

// With threads, others may be reading the field without a lock: it then stays until the iterator dies.
void list_iterator_end(ListIterator* it) {
  it->index.store(kIteratorDone, std::memory_order_relaxed);
  if (!multithreaded()) it->list.clear();
}
void tuple_iterator_end(TupleIterator* it) {
  it->index.store(kIteratorDone, std::memory_order_relaxed);
  if (!multithreaded()) it->tuple.clear();
}

namespace {

ListIterator* as_list_iterator(Value v) { return static_cast<ListIterator*>(v.as_object()); }
TupleIterator* as_tuple_iterator(Value v) { return static_cast<TupleIterator*>(v.as_object()); }

Ref<> self_iter(Value self) { return Ref<>::retain(self); }
Ref<> list_iterator_next(Value self) { return Ref<>::steal(promote(list_iterator_advance(as_list_iterator(self)))); }
Ref<> tuple_iterator_next(Value self) { return Ref<>::steal(promote(tuple_iterator_advance(as_tuple_iterator(self)))); }

Ref<> list_reverse_iterator_next(Value self) {
  ListIterator* it = as_list_iterator(self);
  int64_t i;
  if (multithreaded()) {
    i = it->index.fetch_sub(1, std::memory_order_relaxed);
  } else {
    i = it->index.load(std::memory_order_relaxed);
    it->index.store(i - 1, std::memory_order_relaxed);
  }
  Ref<> item;
  if (i >= 0) item = list_get(as_list(it->list.peek()), i);
  if (!item) {
    it->index.store(kIteratorDone, std::memory_order_relaxed);
    if (!multithreaded()) it->list.clear();
  }
  return item;
}

// (function, (sequence,), position), or (iter, (empty,)) at the end.
Ref<> reduce_iterator(const char* function, Value sequence, int64_t position) {
  Ref<> callable = import_builtin(function);
  if (!callable) return Ref<>();
  Ref<Tuple> arguments = tuple_of({sequence});
  if (!arguments) return Ref<>();
  return tuple_of({callable.value(), arguments.value(), Value::small_int(position)});
}
Ref<> reduce_ended(Ref<> empty) {
  if (!empty) return Ref<>();
  Ref<> callable = import_builtin("iter");
  if (!callable) return Ref<>();
  Ref<Tuple> arguments = tuple_of({empty.value()});
  if (!arguments) return Ref<>();
  return tuple_of({callable.value(), arguments.value()});
}

Ref<> list_iterator_length_hint(const Value* a) {
  ListIterator* it = as_list_iterator(a[0]);
  int64_t i = it->index.load(std::memory_order_relaxed);
  if (i < 0) return Ref<>::steal(Value::small_int(0));
  int64_t left = list_size(as_list(it->list.peek())) - i;
  return Ref<>::steal(Value::small_int(left > 0 ? left : 0));
}
Ref<> list_iterator_reduce(const Value* a) {
  ListIterator* it = as_list_iterator(a[0]);
  int64_t i = it->index.load(std::memory_order_relaxed);
  if (i < 0) return reduce_ended(list_new());
  return reduce_iterator("iter", it->list.peek(), i);
}
Ref<> list_iterator_set_state(const Value* a) {
  ListIterator* it = as_list_iterator(a[0]);
  int64_t i;
  if (!state_argument(a[1], &i)) return Ref<>();
  if (it->index.load(std::memory_order_relaxed) >= 0) {
    int64_t n = list_size(as_list(it->list.peek()));
    it->index.store(i < 0 ? 0 : i > n ? n : i, std::memory_order_relaxed);
  }
  return none_ref();
}

Ref<> list_reverse_iterator_length_hint(const Value* a) {
  ListIterator* it = as_list_iterator(a[0]);
  int64_t left = it->index.load(std::memory_order_relaxed) + 1;
  if (left <= 0 || list_size(as_list(it->list.peek())) < left) left = 0;
  return Ref<>::steal(Value::small_int(left));
}
Ref<> list_reverse_iterator_reduce(const Value* a) {
  ListIterator* it = as_list_iterator(a[0]);
  int64_t i = it->index.load(std::memory_order_relaxed);
  if (i < kIteratorDone / 2 || it->list.peek().empty()) return reduce_ended(list_new());
  return reduce_iterator("reversed", it->list.peek(), i);
}
Ref<> list_reverse_iterator_set_state(const Value* a) {
  ListIterator* it = as_list_iterator(a[0]);
  int64_t i;
  if (!state_argument(a[1], &i)) return Ref<>();
  if (it->index.load(std::memory_order_relaxed) > kIteratorDone / 2 && !it->list.peek().empty()) {
    int64_t n = list_size(as_list(it->list.peek()));
    it->index.store(i < -1 ? -1 : i > n - 1 ? n - 1 : i, std::memory_order_relaxed);
  }
  return none_ref();
}

Ref<> tuple_iterator_length_hint(const Value* a) {
  TupleIterator* it = as_tuple_iterator(a[0]);
  int64_t i = it->index.load(std::memory_order_relaxed);
  int64_t left = i < 0 ? 0 : as_tuple(it->tuple.peek())->length - i;
  return Ref<>::steal(Value::small_int(left > 0 ? left : 0));
}
Ref<> tuple_iterator_reduce(const Value* a) {
  TupleIterator* it = as_tuple_iterator(a[0]);
  int64_t i = it->index.load(std::memory_order_relaxed);
  if (i < 0) return reduce_ended(Ref<>::retain(Value::object(empty_tuple())));
  return reduce_iterator("iter", it->tuple.peek(), i);
}
Ref<> tuple_iterator_set_state(const Value* a) {
  TupleIterator* it = as_tuple_iterator(a[0]);
  int64_t i;
  if (!state_argument(a[1], &i)) return Ref<>();
  if (it->index.load(std::memory_order_relaxed) >= 0) {
    int64_t n = as_tuple(it->tuple.peek())->length;
    it->index.store(i < 0 ? 0 : i > n ? n : i, std::memory_order_relaxed);
  }
  return none_ref();
}

void list_iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<ListIterator*>(o)->list); }
void tuple_iterator_traverse(Object* o, FieldVisitor& visit) { visit(static_cast<TupleIterator*>(o)->tuple); }

constexpr char kHintDoc[] = "Private method returning an estimate of len(list(it)).";
constexpr char kReduceDoc[] = "Return state information for pickling.";
constexpr char kStateDoc[] = "Set state information for unpickling.";
constexpr NativeDef kListIteratorMethods[] = {{"__length_hint__", "($self, /)", list_iterator_length_hint, kHintDoc},
                                              {"__reduce__", "($self, /)", list_iterator_reduce, kReduceDoc},
                                              {"__setstate__", "($self, state, /)", list_iterator_set_state, kStateDoc},
                                              {}};
constexpr NativeDef kListReverseIteratorMethods[] = {
    {"__length_hint__", "($self, /)", list_reverse_iterator_length_hint, kHintDoc},
    {"__reduce__", "($self, /)", list_reverse_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", list_reverse_iterator_set_state, kStateDoc},
    {}};
constexpr NativeDef kTupleIteratorMethods[] = {{"__length_hint__", "($self, /)", tuple_iterator_length_hint, kHintDoc},
                                               {"__reduce__", "($self, /)", tuple_iterator_reduce, kReduceDoc},
                                               {"__setstate__", "($self, state, /)", tuple_iterator_set_state, kStateDoc},
                                               {}};

}  // namespace

const TypeSpec list_iterator_spec = {
    .name = "list_iterator",
    .size = sizeof(ListIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = list_iterator_next},
    .traverse = list_iterator_traverse,
    .methods = kListIteratorMethods,
};
const TypeSpec list_reverse_iterator_spec = {
    .name = "list_reverseiterator",
    .size = sizeof(ListIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = list_reverse_iterator_next},
    .traverse = list_iterator_traverse,
    .methods = kListReverseIteratorMethods,
};
const TypeSpec tuple_iterator_spec = {
    .name = "tuple_iterator",
    .size = sizeof(TupleIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = tuple_iterator_next},
    .traverse = tuple_iterator_traverse,
    .methods = kTupleIteratorMethods,
};

}  // namespace pt
