#include "vm/types/range.h"

#include "gc/heap/heap.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/slice.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type range_type{};

namespace {

Value small(int64_t i) { return Value::small_int(i); }
Ref<> add(Value a, Value b) { return int_binary(BinaryOp::kAdd, a, b); }
Ref<> subtract(Value a, Value b) { return int_binary(BinaryOp::kSub, a, b); }

// How many numbers; empty on error.
Ref<> range_count(Value start, Value stop, Value step) {
  bool up = int_sign(step) > 0;
  Value low = up ? start : stop, high = up ? stop : start;
  if (int_compare(low, high) >= 0) return Ref<>::steal(small(0));
  Ref<> span = subtract(high, low);
  if (!span) return span;
  span = subtract(span.value(), small(1));
  if (!span) return span;
  Ref<> stride = up ? Ref<>::retain(step) : subtract(small(0), step);
  if (!stride) return stride;
  span = int_binary(BinaryOp::kFloorDiv, span.value(), stride.value());
  if (!span) return span;
  return add(span.value(), small(1));
}

Ref<Range> make_range(Ref<> start, Ref<> stop, Ref<> step, Ref<> length) {
  auto* r = static_cast<Range*>(allocate_object(kShape_range, sizeof(Range), true));
  if (PT_UNLIKELY(!r)) return raise_no_memory();
  // Words: with bounds below 2**62 nothing here can overflow.
  r->small =
      start.value().is_small_int() && stop.value().is_small_int() && step.value().is_small_int() && length.value().is_small_int();
  if (r->small) {
    r->first = start.value().as_small_int();
    r->stride = step.value().as_small_int();
    r->count = length.value().as_small_int();
  }
  r->start.init(std::move(start));
  r->stop.init(std::move(stop));
  r->step.init(std::move(step));
  r->length.init(std::move(length));
  return Ref<Range>::steal(r);
}

}  // namespace

Ref<> range_new(Value start, Value stop, Value step) {
  if (int_sign(step) == 0) return raise(exc::ValueError, "range() arg 3 must not be zero");
  if (start.is_small_int() && stop.is_small_int() && step.is_small_int()) {
    return range_from_words(start.as_small_int(), stop.as_small_int(), step.as_small_int());
  }
  Ref<> length = range_count(start, stop, step);
  if (!length) return length;
  return make_range(Ref<>::retain(start), Ref<>::retain(stop), Ref<>::retain(step), std::move(length));
}

Ref<> range_from_words(int64_t start, int64_t stop, int64_t step) {
  uint64_t count = 0;
  if (step > 0 && start < stop) {
    count = (static_cast<uint64_t>(stop) - static_cast<uint64_t>(start) - 1) / static_cast<uint64_t>(step) + 1;
  } else if (step < 0 && start > stop) {
    count = (static_cast<uint64_t>(start) - static_cast<uint64_t>(stop) - 1) / (-static_cast<uint64_t>(step)) + 1;
  }
  Ref<> a = int_from_int64(start), b = int_from_int64(stop), c = int_from_int64(step), n = int_from_uint64(count);
  if (!a || !b || !c || !n) return Ref<>();
  return make_range(std::move(a), std::move(b), std::move(c), std::move(n));
}

Ref<> range_number(Value first, Value index, Value stride) {
  Ref<> product = int_binary(BinaryOp::kMul, index, stride);
  if (!product) return product;
  return add(first, product.value());
}

namespace {
// bool and other subclasses become int, as the attributes show them.
Ref<> exact_index(Value v) {
  Ref<> number = index(v);
  return number ? int_exact(number.value()) : std::move(number);
}

Ref<> range_construct(Type*, const Args& args) {
  if (args.names && args.keyword_count() != 0) return raise(exc::TypeError, "range() takes no keyword arguments");
  if (args.count == 0) return raise(exc::TypeError, "range expected at least 1 argument, got 0");
  if (args.count > 3) return raise(exc::TypeError, "range expected at most 3 arguments, got %zu", size_t{args.count});
  const Value* a = args.values;
  if (args.count == 1) {
    Ref<> stop = exact_index(a[0]);
    if (!stop) return stop;
    return range_new(small(0), stop.value(), small(1));
  }
  Ref<> start = exact_index(a[0]);
  if (!start) return start;
  Ref<> stop = exact_index(a[1]);
  if (!stop) return stop;
  Ref<> step = args.count == 3 ? exact_index(a[2]) : Ref<>::steal(small(1));
  if (!step) return step;
  return range_new(start.value(), stop.value(), step.value());
}

int64_t range_length(Value self) {
  Range* r = as_range(self);
  if (r->small) return r->count;
  int64_t n;
  if (int_to_int64(r->length.peek(), &n)) return n;
  raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
  return -1;
}
int range_truth(Value self) { return int_sign(as_range(self)->length.peek()) != 0; }

// The number at a position that is in range.
Ref<> number_at(Range* r, int64_t i) {
  return r->small ? int_from_int64(r->first + i * r->stride) : range_number(r->start.peek(), small(i), r->step.peek());
}

Ref<> range_slice(Range* r, Value slice) {
  Ref<> from, to, step;
  if (!slice_indices_any(as_slice(slice), r->length.peek(), &from, &to, &step)) return Ref<>();
  Ref<> stride = int_binary(BinaryOp::kMul, r->step.peek(), step.value());
  if (!stride) return stride;
  Ref<> start = range_number(r->start.peek(), from.value(), r->step.peek());
  if (!start) return start;
  Ref<> stop = range_number(r->start.peek(), to.value(), r->step.peek());
  if (!stop) return stop;
  return range_new(start.value(), stop.value(), stride.value());
}

Ref<> range_get_item(Value self, Value key) {
  Range* r = as_range(self);
  if (is_slice(key)) return range_slice(r, key);
  if (!has_index(key)) return raise(exc::TypeError, "range indices must be integers or slices, not %T", key);
  Ref<> i = index(key);
  if (!i) return i;
  if (r->small && i.value().is_small_int()) {
    int64_t at = i.value().as_small_int();
    if (at < 0) at += r->count;
    if (static_cast<uint64_t>(at) < static_cast<uint64_t>(r->count)) return number_at(r, at);
    return raise(exc::IndexError, "range object index out of range");
  }
  if (int_sign(i.value()) < 0) {
    i = add(i.value(), r->length.peek());
    if (!i) return i;
  }
  if (int_sign(i.value()) < 0 || int_compare(i.value(), r->length.peek()) >= 0) {
    return raise(exc::IndexError, "range object index out of range");
  }
  return range_number(r->start.peek(), i.value(), r->step.peek());
}

bool exact_number(Value v) { return is_exact_int(v) || is_bool(v); }

// Position of an int in the range; empty without an exception when it is not there.
Ref<> position_of(Range* r, Value number) {
  if (r->small && number.is_small_int()) {
    int64_t offset = number.as_small_int() - r->first;
    if (offset % r->stride != 0) return Ref<>();
    int64_t at = offset / r->stride;
    if (static_cast<uint64_t>(at) >= static_cast<uint64_t>(r->count)) return Ref<>();
    return int_from_int64(at);
  }
  Ref<> offset = subtract(number, r->start.peek());
  if (!offset) return offset;
  Ref<> parts = int_binary(BinaryOp::kDivmod, offset.value(), r->step.peek());
  if (!parts) return parts;
  Value at = as_tuple(parts.value())->at(0), rest = as_tuple(parts.value())->at(1);
  if (int_sign(rest) != 0 || int_sign(at) < 0 || int_compare(at, r->length.peek()) >= 0) return Ref<>();
  return Ref<>::retain(at);
}

int range_contains(Value self, Value item) {
  if (exact_number(item)) {
    if (Ref<> at = position_of(as_range(self), item)) return 1;
    return error_pending() ? -1 : 0;
  }
  Ref<> iterator = range_iterator_for(as_range(self), false);
  if (!iterator) return -1;
  for (;;) {
    Ref<> number = next(iterator.value());
    if (!number) return error_pending() ? -1 : 0;
    int result = equal_items(number.value(), item);
    if (result != 0) return result;
  }
}

Ref<> range_index(const Value* a) {
  Range* r = as_range(a[0]);
  if (exact_number(a[1])) {
    Ref<> at = position_of(r, a[1]);
    if (at || error_pending()) return at;
    return raise(exc::ValueError, "%R is not in range", a[1]);
  }
  Ref<> iterator = range_iterator_for(r, false);
  if (!iterator) return iterator;
  for (int64_t i = 0;; ++i) {
    Ref<> number = next(iterator.value());
    if (!number) return error_pending() ? Ref<>() : Ref<>(raise(exc::ValueError, "sequence.index(x): x not in sequence"));
    int result = equal_items(number.value(), a[1]);
    if (result < 0) return Ref<>();
    if (result) return Ref<>::steal(small(i));
  }
}

Ref<> range_count_method(const Value* a) {
  Range* r = as_range(a[0]);
  if (exact_number(a[1])) {
    int found = range_contains(a[0], a[1]);
    if (found < 0) return Ref<>();
    return Ref<>::steal(small(found));
  }
  Ref<> iterator = range_iterator_for(r, false);
  if (!iterator) return iterator;
  int64_t count = 0;
  for (;;) {
    Ref<> number = next(iterator.value());
    if (!number) break;
    int result = equal_items(number.value(), a[1]);
    if (result < 0) return Ref<>();
    count += result;
  }
  if (error_pending()) return Ref<>();
  return Ref<>::steal(small(count));
}

bool same_int(const Field& a, const Field& b) { return int_compare(a.peek(), b.peek()) == 0; }

Ref<> range_compare(Value left, Value right, CompareOp op) {
  if ((op != CompareOp::kEq && op != CompareOp::kNe) || !is_range(left) || !is_range(right)) return not_implemented_ref();
  Range *a = as_range(left), *b = as_range(right);
  bool same = a == b;
  if (!same && same_int(a->length, b->length)) {
    if (int_sign(a->length.peek()) == 0) {
      same = true;
    } else if (same_int(a->start, b->start)) {
      same = int_compare(a->length.peek(), small(1)) == 0 || same_int(a->step, b->step);
    }
  }
  return bool_ref(same == (op == CompareOp::kEq));
}

int64_t range_hash(Value self) {
  Range* r = as_range(self);
  bool empty = int_sign(r->length.peek()) == 0, single = int_compare(r->length.peek(), small(1)) == 0;
  Ref<Tuple> parts = tuple_of({r->length.peek(), empty ? none() : r->start.peek(), empty || single ? none() : r->step.peek()});
  return parts ? hash(parts.value()) : -1;
}

Ref<> range_repr(Value self) {
  Range* r = as_range(self);
  if (int_compare(r->step.peek(), small(1)) == 0) return str_format("range(%R, %R)", r->start.peek(), r->stop.peek());
  return str_format("range(%R, %R, %R)", r->start.peek(), r->stop.peek(), r->step.peek());
}

Ref<> range_iter(Value self) { return range_iterator_for(as_range(self), false); }
Ref<> range_reversed(const Value* a) { return range_iterator_for(as_range(a[0]), true); }

Ref<> range_reduce(const Value* a) {
  Range* r = as_range(a[0]);
  Ref<Tuple> parts = tuple_of({r->start.peek(), r->stop.peek(), r->step.peek()});
  if (!parts) return Ref<>();
  return tuple_of({Value::object(&range_type), parts.value()});
}

void range_traverse(Object* o, FieldVisitor& visit) {
  Range* r = static_cast<Range*>(o);
  visit(r->start);
  visit(r->stop);
  visit(r->step);
  visit(r->length);
}

constexpr NativeDef kRangeMethods[] = {
    {"__reversed__", "($self, /)", range_reversed, "Return a reverse iterator."},
    {"__reduce__", "($self, /)", range_reduce},
    {"count", "($self, value, /)", range_count_method,
     "rangeobject.count(value) -> integer -- return number of occurrences of value"},
    {"index", "($self, value, /)", range_index,
     "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is not present."},
    {}};
const MemberDef kRangeMembers[] = {
    {"start", offsetof(Range, start)}, {"stop", offsetof(Range, stop)}, {"step", offsetof(Range, step)}, {}};

}  // namespace

const TypeSpec range_spec = {
    .name = "range",
    .size = sizeof(Range),
    .flags = kTypeSequence,
    .slots = {.truth = range_truth,
              .length = range_length,
              .get_item = range_get_item,
              .contains = range_contains,
              .hash = range_hash,
              .compare = range_compare,
              .repr = range_repr,
              .iter = range_iter,
              .construct = range_construct},
    .traverse = range_traverse,
    .methods = kRangeMethods,
    .members = kRangeMembers,
    .doc =
        "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\n"
        "Return an object that produces a sequence of integers from start (inclusive)\n"
        "to stop (exclusive) by step.  range(i, j) produces i, i+1, i+2, ..., j-1.\n"
        "start defaults to 0, and stop is omitted!  range(4) produces 0, 1, 2, 3.\n"
        "These are exactly the valid indices for a list of 4 elements.\n"
        "When step is given, it specifies the increment (or decrement).",
};

}  // namespace pt
