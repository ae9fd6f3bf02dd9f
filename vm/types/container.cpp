#include <cstring>

#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/container_inl.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

bool plain_number(Value v) { return v.is_small_int() || v.is_immediate_float() || is_bool(v); }

int equal_numbers(Value a, Value b) {
  auto as_word = [](Value v) -> int64_t { return v.is_small_int() ? v.as_small_int() : is_true(v) ? 1 : 0; };
  bool float_a = a.is_immediate_float(), float_b = b.is_immediate_float();
  if (float_a && float_b) return a.as_immediate_float() == b.as_immediate_float();
  if (!float_a && !float_b) return as_word(a) == as_word(b);
  double d = float_a ? a.as_immediate_float() : b.as_immediate_float();
  int64_t i = as_word(float_a ? b : a);
  // The cast is exact for whole numbers of this range; outside of it a small int cannot be equal.
  if (!(d >= -0x1p62 && d <= 0x1p62)) return 0;
  int64_t whole = static_cast<int64_t>(d);
  return static_cast<double>(whole) == d && whole == i;
}

int equal_bounded(Value a, Value b, int depth) {
  if (a.same(b)) return 1;
  bool number_a = plain_number(a), number_b = plain_number(b);
  if (number_a && number_b) return equal_numbers(a, b);
  if (!a.is_object() || !b.is_object()) {
    // A number against an object: decided only for types that are known not to equal numbers.
    Value other = number_a ? b : a;
    if (is_exact_str(other) || is_none(other) || is_exact_tuple(other)) return 0;
    return -1;
  }
  ShapeId shape_a = a.as_object()->shape_id.load(std::memory_order_relaxed);
  ShapeId shape_b = b.as_object()->shape_id.load(std::memory_order_relaxed);
  auto known = [](ShapeId id) {
    return id == kShape_str || id == kShape_none || id == kShape_bool || id == kShape_int || id == kShape_float ||
           id == kShape_bytes || id == kShape_tuple;
  };
  if (!known(shape_a) || !known(shape_b)) return -1;
  if (shape_a != shape_b) {
    auto numeric = [](ShapeId id) { return id == kShape_int || id == kShape_float || id == kShape_bool; };
    if (numeric(shape_a) && numeric(shape_b)) return -1;
    if (shape_a == kShape_bytes || shape_b == kShape_bytes) return -1;  // may have to warn (-b)
    return 0;
  }
  switch (shape_a) {
    case kShape_str: return str_equal(as_str(a), as_str(b));
    case kShape_int: return int_compare(a, b) == 0;
    case kShape_float: return as_double(a) == as_double(b);
    case kShape_bytes: return as_bytes(a)->view() == as_bytes(b)->view();
    case kShape_tuple: {
      Tuple *ta = as_tuple(a), *tb = as_tuple(b);
      if (depth == 0) return -1;
      if (ta->length > 16 || tb->length > 16) return -1;
      int64_t shared = ta->length < tb->length ? ta->length : tb->length;
      for (int64_t i = 0; i < shared; ++i) {
        int result = equal_bounded(ta->at(i), tb->at(i), depth - 1);
        if (result <= 0) return result;
      }
      return ta->length == tb->length;
    }
    default: return 0;  // None and bool: identity was tested
  }
}

}  // namespace

int equal_simple(Value a, Value b) {
  if (is_exact_tuple(a) && is_exact_tuple(b)) {
    // Pairs of numbers as keys.
    const Tuple *x = as_tuple(a), *y = as_tuple(b);
    if (x->length != y->length) return 0;
    for (int64_t i = 0;; ++i) {
      if (i == x->length) return 1;
      Value p = x->at(i), q = y->at(i);
      if (!p.is_small_int() || !q.is_small_int()) break;
      if (p.bits() != q.bits()) return 0;
    }
  }
  return equal_bounded(a, b, 3);
}

bool index_bound(Value v, int64_t* out) {
  if (v.is_small_int()) {
    *out = v.as_small_int();
    return true;
  }
  if (!has_index(v)) return raise(exc::TypeError, "slice indices must be integers or have an __index__ method");
  return to_index_clamped(v, out);
}

bool state_argument(Value v, int64_t* out) {
  if (!is_int(v)) return raise(exc::TypeError, "an integer is required");
  return int_to_int64(v, out) || raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
}

bool optional_argument(const char* name, const Args& args, bool keywords_allowed, Value* out) {
  if (!keywords_allowed && args.names && args.keyword_count() != 0) {
    return raise(exc::TypeError, "%s() takes no keyword arguments", name);
  }
  if (args.count > 1) {
    return raise(exc::TypeError, "%s expected at most 1 argument, got %zu", name, size_t{args.count});
  }
  *out = args.count ? args.values[0] : Value();
  return true;
}

void move_fields(Field* to, Field* from, int64_t count) {
  if (count <= 0 || to == from) return;
  if (!multithreaded()) {
    std::memmove(static_cast<void*>(to), static_cast<const void*>(from), static_cast<size_t>(count) * sizeof(Field));
    return;
  }
  if (to < from) {
    for (int64_t i = 0; i < count; ++i) to[i].init_value(from[i].peek());
  } else {
    for (int64_t i = count; i-- > 0;) to[i].init_value(from[i].peek());
  }
}

}  // namespace pt
