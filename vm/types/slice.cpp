#include "vm/types/slice.h"

#include "gc/heap/heap_inl.h"
#include "vm/object/native.h"
#include "vm/types/container_inl.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type slice_type{};

Ref<> slice_new(Value start, Value stop, Value step) {
  auto* slice = static_cast<Slice*>(allocate_object_inline(kShape_slice, sizeof(Slice), true));
  if (PT_UNLIKELY(!slice)) return raise_no_memory();
  auto filled = [](Value v) { return v.empty() ? none_ref() : Ref<>::retain(v); };
  slice->start.init(filled(start));
  slice->stop.init(filled(stop));
  slice->step.init(filled(step));
  return Ref<>::steal(Value::object(slice));
}

namespace {

bool slice_word(Value v, int64_t* out) {
  if (v.is_small_int()) {
    *out = v.as_small_int();
    return true;
  }
  if (!has_index(v)) {
    return raise(exc::TypeError, "slice indices must be integers or None or have an __index__ method");
  }
  return to_index_clamped(v, out);
}

// __index__ of a bound as an int object, for lengths beyond a word.
Ref<> slice_int(Value v) {
  if (!v.is_small_int() && !is_int(v) && !has_index(v)) {
    return raise(exc::TypeError, "slice indices must be integers or None or have an __index__ method");
  }
  return index(v);
}

}  // namespace

bool slice_unpack(Value slice, int64_t* start, int64_t* stop, int64_t* step) {
  Slice* s = as_slice(slice);
  return slice_unpack(s->start.peek(), s->stop.peek(), s->step.peek(), start, stop, step);
}

bool slice_unpack(Value from, Value to, Value by, int64_t* start, int64_t* stop, int64_t* step) {
  *step = 1;
  if (!by.empty() && !is_none(by)) {
    if (!slice_word(by, step)) return false;
    if (*step == 0) return raise(exc::ValueError, "slice step cannot be zero");
    if (*step < -INT64_MAX) *step = -INT64_MAX;  // so that -step is a number too
  }
  if (is_none(from)) {
    *start = *step < 0 ? INT64_MAX : 0;
  } else if (!slice_word(from, start)) {
    return false;
  }
  if (is_none(to)) {
    *stop = *step < 0 ? INT64_MIN : INT64_MAX;
  } else if (!slice_word(to, stop)) {
    return false;
  }
  return true;
}

int64_t slice_adjust(int64_t length, int64_t* start, int64_t* stop, int64_t step) {
  auto adjust = [&](int64_t* bound) {
    if (*bound < 0) {
      *bound += length;
      if (*bound < 0) *bound = step < 0 ? -1 : 0;
    } else if (*bound >= length) {
      *bound = step < 0 ? length - 1 : length;
    }
  };
  adjust(start);
  adjust(stop);
  if (step < 0) return *stop < *start ? (*start - *stop - 1) / (-step) + 1 : 0;
  return *start < *stop ? (*stop - *start - 1) / step + 1 : 0;
}

bool slice_indices(Value slice, int64_t length, int64_t* start, int64_t* stop, int64_t* step, int64_t* count) {
  if (!slice_unpack(slice, start, stop, step)) return false;
  *count = slice_adjust(length, start, stop, *step);
  return true;
}

bool slice_indices_any(Slice* s, Value length, Ref<>* start, Ref<>* stop, Ref<>* step) {
  auto add = [](Value a, Value b) { return int_binary(BinaryOp::kAdd, a, b); };
  Value zero = Value::small_int(0), minus_one = Value::small_int(-1);
  *step = Ref<>::steal(Value::small_int(1));
  if (!is_none(s->step.peek())) {
    *step = slice_int(s->step.peek());
    if (!*step) return false;
    if (int_sign(step->value()) == 0) return raise(exc::ValueError, "slice step cannot be zero");
  }
  bool backwards = int_sign(step->value()) < 0;
  Ref<> lower = Ref<>::retain(backwards ? minus_one : zero);
  Ref<> upper = backwards ? add(length, minus_one) : Ref<>::retain(length);
  if (!upper) return false;
  auto bound = [&](Value v, const Ref<>& fallback) -> Ref<> {
    if (is_none(v)) return fallback.copy();
    Ref<> b = slice_int(v);
    if (!b) return b;
    if (int_sign(b.value()) < 0) {
      b = add(b.value(), length);
      if (b && int_compare(b.value(), lower.value()) < 0) return lower.copy();
    } else if (int_compare(b.value(), upper.value()) > 0) {
      return upper.copy();
    }
    return b;
  };
  *start = bound(s->start.peek(), backwards ? upper : lower);
  if (!*start) return false;
  *stop = bound(s->stop.peek(), backwards ? lower : upper);
  return static_cast<bool>(*stop);
}

namespace {

Ref<> slice_construct(Type*, const Args& args) {
  if (args.names && args.keyword_count() != 0) return raise(exc::TypeError, "slice() takes no keyword arguments");
  if (args.count == 0) return raise(exc::TypeError, "slice expected at least 1 argument, got 0");
  if (args.count > 3) return raise(exc::TypeError, "slice expected at most 3 arguments, got %zu", size_t{args.count});
  const Value* a = args.values;
  if (args.count == 1) return slice_new(Value(), a[0]);
  return slice_new(a[0], a[1], args.count == 3 ? a[2] : Value());
}

Ref<> slice_repr(Value self) {
  Slice* s = as_slice(self);
  return str_format("slice(%R, %R, %R)", s->start.peek(), s->stop.peek(), s->step.peek());
}

Ref<Tuple> slice_tuple(Slice* s) { return tuple_of({s->start.peek(), s->stop.peek(), s->step.peek()}); }

Ref<> slice_compare(Value left, Value right, CompareOp op) {
  if (!is_slice(left) || !is_slice(right)) return not_implemented_ref();
  if (left.same(right)) return bool_ref(op == CompareOp::kEq || op == CompareOp::kLe || op == CompareOp::kGe);
  Ref<Tuple> a = slice_tuple(as_slice(left));
  if (!a) return Ref<>();
  Ref<Tuple> b = slice_tuple(as_slice(right));
  if (!b) return Ref<>();
  return compare(a.value(), b.value(), op);
}

Ref<> slice_indices_method(const Value* a) {
  Ref<> length = index(a[1]);
  if (!length) return Ref<>();
  if (int_sign(length.value()) < 0) return raise(exc::ValueError, "length should not be negative");
  Ref<> start, stop, step;
  if (!slice_indices_any(as_slice(a[0]), length.value(), &start, &stop, &step)) return Ref<>();
  return tuple_of({start.value(), stop.value(), step.value()});
}

Ref<> slice_reduce(const Value* a) {
  Ref<Tuple> parts = slice_tuple(as_slice(a[0]));
  if (!parts) return Ref<>();
  return tuple_of({Value::object(&slice_type), parts.value()});
}

void slice_traverse(Object* o, FieldVisitor& visit) {
  Slice* s = static_cast<Slice*>(o);
  visit(s->start);
  visit(s->stop);
  visit(s->step);
}

void slice_destroy(Object* o) {
  Slice* s = static_cast<Slice*>(o);
  s->start.clear();
  s->stop.clear();
  s->step.clear();
}

constexpr NativeDef kSliceMethods[] = {{"indices", "($self, len, /)", slice_indices_method,
                                        "Assuming a sequence of length len, calculate the start and stop\n"
                                        "indices, and the stride length of the extended slice described by S."},
                                       {"__reduce__", "($self, /)", slice_reduce, "Return state information for pickling."},
                                       {}};
const MemberDef kSliceMembers[] = {
    {"start", offsetof(Slice, start)}, {"stop", offsetof(Slice, stop)}, {"step", offsetof(Slice, step)}, {}};

}  // namespace

const TypeSpec slice_spec = {
    .name = "slice",
    .size = sizeof(Slice),
    .slots = {.compare = slice_compare, .repr = slice_repr, .construct = slice_construct},
    .traverse = slice_traverse,
    .destroy = slice_destroy,
    .methods = kSliceMethods,
    .members = kSliceMembers,
    .doc =
        "slice(stop)\nslice(start, stop[, step])\n\nCreate a slice object.  This is used for extended slicing (e.g. a[0:10:2]).",
    .unhashable = true,
};

}  // namespace pt
