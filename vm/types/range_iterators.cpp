// Iterators over ranges: one for machine words, one for ints of any size.
#include "gc/heap/heap_inl.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/iterators.h"
#include "vm/types/range.h"

namespace pt {

constinit Type range_iterator_type{};
constinit Type long_range_iterator_type{};

namespace {

// Item i is start + (offset + i) * step. The position that is claimed is a word: nobody gets to its end.
struct LongRangeIterator : Object {
  Field start, step, length;  // immutable
  Field offset;               // set by __setstate__
  std::atomic<int64_t> index;
};

RangeIterator* as_range_iterator(Value v) { return static_cast<RangeIterator*>(v.as_object()); }
LongRangeIterator* as_long(Value v) { return static_cast<LongRangeIterator*>(v.as_object()); }
Value small(int64_t i) { return Value::small_int(i); }

Ref<> self_iter(Value self) { return Ref<>::retain(self); }
Ref<> range_iterator_next(Value self) { return Ref<>::steal(range_iterator_advance(as_range_iterator(self))); }

int64_t position(RangeIterator* it) {
  int64_t i = it->index.load(std::memory_order_relaxed);
  return i < 0 ? 0 : i > it->length ? it->length : i;
}

Ref<> reduce(Value start, Value stop, Value step, Value index) {
  Ref<> range = range_new(start, stop, step);
  if (!range) return range;
  Ref<> function = import_builtin("iter");
  if (!function) return function;
  Ref<Tuple> arguments = tuple_of({range.value()});
  if (!arguments) return Ref<>();
  return tuple_of({function.value(), arguments.value(), index});
}

Ref<> range_iterator_length_hint(const Value* a) {
  RangeIterator* it = as_range_iterator(a[0]);
  return int_from_int64(it->length - position(it));
}
Ref<> range_iterator_reduce(const Value* a) {
  RangeIterator* it = as_range_iterator(a[0]);
  Ref<> start = int_from_int64(it->start), step = int_from_int64(it->step), length = int_from_int64(it->length);
  if (!start || !step || !length) return Ref<>();
  Ref<> stop = range_number(start.value(), length.value(), step.value());
  Ref<> index = int_from_int64(position(it));
  if (!stop || !index) return Ref<>();
  return reduce(start.value(), stop.value(), step.value(), index.value());
}
Ref<> range_iterator_set_state(const Value* a) {
  RangeIterator* it = as_range_iterator(a[0]);
  int64_t i;
  if (!to_int64(a[1], &i)) return Ref<>();
  it->index.store(i < 0 ? 0 : i > it->length ? it->length : i, std::memory_order_relaxed);
  return none_ref();
}

// The absolute position offset + i.
Ref<> absolute(LongRangeIterator* it, int64_t i) {
  Ref<> offset = it->offset.load(it);
  return int_binary(BinaryOp::kAdd, offset.value(), small(i));
}

Ref<> long_next(Value self) {
  LongRangeIterator* it = as_long(self);
  Ref<> at = absolute(it, claim_position(it->index));
  if (!at) return at;
  if (int_compare(at.value(), it->length.peek()) >= 0) {
    // Stay where the end is.
    it->index.fetch_sub(1, std::memory_order_relaxed);
    return Ref<>();
  }
  return range_number(it->start.peek(), at.value(), it->step.peek());
}

Ref<> long_length_hint(const Value* a) {
  LongRangeIterator* it = as_long(a[0]);
  Ref<> at = absolute(it, it->index.load(std::memory_order_relaxed));
  if (!at) return at;
  return int_binary(BinaryOp::kSub, it->length.peek(), at.value());
}
Ref<> long_reduce(const Value* a) {
  LongRangeIterator* it = as_long(a[0]);
  Ref<> at = absolute(it, it->index.load(std::memory_order_relaxed));
  if (!at) return at;
  Ref<> stop = range_number(it->start.peek(), it->length.peek(), it->step.peek());
  if (!stop) return stop;
  return reduce(it->start.peek(), stop.value(), it->step.peek(), at.value());
}
Ref<> long_set_state(const Value* a) {
  LongRangeIterator* it = as_long(a[0]);
  Ref<> state = index(a[1]);
  if (!state) return state;
  if (int_sign(state.value()) < 0) state = Ref<>::steal(small(0));
  if (int_compare(state.value(), it->length.peek()) > 0) state = Ref<>::retain(it->length.peek());
  it->index.store(0, std::memory_order_relaxed);
  it->offset.store(it, std::move(state));
  return none_ref();
}

void long_traverse(Object* o, FieldVisitor& visit) {
  LongRangeIterator* it = static_cast<LongRangeIterator*>(o);
  visit(it->start);
  visit(it->step);
  visit(it->length);
  visit(it->offset);
}

constexpr char kHintDoc[] = "Private method returning an estimate of len(list(it)).";
constexpr char kReduceDoc[] = "Return state information for pickling.";
constexpr char kStateDoc[] = "Set state information for unpickling.";
constexpr NativeDef kRangeIteratorMethods[] = {{"__length_hint__", "($self, /)", range_iterator_length_hint, kHintDoc},
                                               {"__reduce__", "($self, /)", range_iterator_reduce, kReduceDoc},
                                               {"__setstate__", "($self, state, /)", range_iterator_set_state, kStateDoc},
                                               {}};
constexpr NativeDef kLongMethods[] = {{"__length_hint__", "($self, /)", long_length_hint, kHintDoc},
                                      {"__reduce__", "($self, /)", long_reduce, kReduceDoc},
                                      {"__setstate__", "($self, state, /)", long_set_state, kStateDoc},
                                      {}};

}  // namespace

Ref<> range_iterator_new(int64_t start, int64_t step, int64_t length) {
  auto* it = static_cast<RangeIterator*>(allocate_object_inline(kShape_range_iterator, sizeof(RangeIterator), false));
  if (PT_UNLIKELY(!it)) return raise_no_memory();
  it->start = start;
  it->step = step;
  it->length = length;
  return Ref<>::steal(Value::object(it));
}

Ref<> long_range_iterator_new(Value start, Value step, Value length) {
  Ref<LongRangeIterator> it = allocate<LongRangeIterator>(&long_range_iterator_type);
  if (!it) return it;
  it->start.init(Ref<>::retain(start));
  it->step.init(Ref<>::retain(step));
  it->length.init(Ref<>::retain(length));
  it->offset.init_value(small(0));
  return it;
}

Ref<> range_iterator_for(Range* r, bool reversed) {
  if (r->small) {
    if (!reversed) return range_iterator_new(r->first, r->stride, r->count);
    return range_iterator_new(r->first + (r->count - 1) * r->stride, -r->stride, r->count);
  }
  if (!reversed) return long_range_iterator_new(r->start.peek(), r->step.peek(), r->length.peek());
  Ref<> last = int_binary(BinaryOp::kSub, r->length.peek(), small(1));
  if (!last) return last;
  last = range_number(r->start.peek(), last.value(), r->step.peek());
  Ref<> step = int_binary(BinaryOp::kSub, small(0), r->step.peek());
  if (!last || !step) return Ref<>();
  return long_range_iterator_new(last.value(), step.value(), r->length.peek());
}

const TypeSpec range_iterator_spec = {
    .name = "range_iterator",
    .size = sizeof(RangeIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = range_iterator_next},
    .methods = kRangeIteratorMethods,
};
const TypeSpec long_range_iterator_spec = {
    .name = "longrange_iterator",
    .size = sizeof(LongRangeIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = self_iter, .next = long_next},
    .traverse = long_traverse,
    .methods = kLongMethods,
};

}  // namespace pt
