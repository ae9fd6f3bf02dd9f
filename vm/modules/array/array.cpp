// array.array: protocol slots, buffer, iterator, and the module.
#include "vm/modules/array/array.h"

#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/support.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {

constinit Type array_type = {}, array_iterator_type = {};

namespace {

Ref<> array_construct(Type* type, const Args& args) {
  if (args.keyword_count() && (type == &array_type || type->slots.init == array_type.slots.init)) {
    return raise(exc::TypeError, "array.array() takes no keyword arguments");
  }
  if (args.count < 1 || args.count > 2) {
    return raise(exc::TypeError, "array() takes at %s %d argument%s (%d given)", args.count < 1 ? "least" : "most",
                 args.count < 1 ? 1 : 2, args.count < 1 ? "" : "s", static_cast<int>(args.count));
  }
  Value code = args.values[0];
  if (!is_str(code) || as_str(code)->length != 1) {
    return raise(exc::TypeError, "array() argument 1 must be a unicode character, not %T", code);
  }
  Value initial = args.count == 2 ? args.values[1] : Value();
  uint32_t c = as_str(code)->at(0);
  if (!initial.empty() && c != 'u') {
    if (is_str(initial)) {
      return raise(exc::TypeError, "cannot use a str to initialize an array with typecode '%c'", static_cast<int>(c));
    }
    if (is_array(initial) && as_array(initial)->kind->code == 'u') {
      return raise(exc::TypeError, "cannot use a unicode array to initialize an array with typecode '%c'", static_cast<int>(c));
    }
  }
  const ArrayKind* kind = array_kind(c);
  if (!kind) return raise(exc::ValueError, "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)");
  Ref<Array> self = array_new(type, kind, 0);
  if (!self || initial.empty()) return self;
  if (is_bytes(initial) || is_instance_of(initial, &bytearray_type)) {
    BufferView view(initial);
    if (!view.ok() || !array_append_bytes(self.get(), view.data(), view.size())) return Ref<>();
  } else if (is_str(initial)) {
    Str* s = as_str(initial);
    self = array_new(type, kind, s->length);
    if (!self) return Ref<>();
    for (int64_t i = 0; i < s->length; ++i) {
      uint32_t point = s->at(i);
      std::memcpy(self->data + 4 * i, &point, 4);
    }
  } else if (is_array(initial) && as_array(initial)->kind == kind) {
    if (!array_extend(self.get(), initial)) return Ref<>();
  } else if (is_array(initial)) {
    if (!for_each(initial, [&](Value item) { return array_append(self.get(), item); })) return Ref<>();
  } else if (!array_extend(self.get(), initial)) {
    return Ref<>();
  }
  return self;
}
void array_destroy(Object* o) {
  auto* a = static_cast<Array*>(o);
  memory::release(a->data);
  a->data = nullptr;
}

int64_t array_length_slot(Value self) { return array_length(as_array(self)); }

bool has_index(Value v) { return is_int(v) || type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]; }

Ref<> array_get_item(Value self, Value key) {
  Array* a = as_array(self);
  if (PT_LIKELY(key.is_small_int()) || has_index(key)) {
    int64_t i;
    if (!to_size(key, &i)) return Ref<>();
    if (i < 0) i += array_length(a);
    Ref<> item = array_get(a, i);
    if (!item && !error_pending()) return raise(exc::IndexError, "array index out of range");
    return item;
  }
  if (!has_shape(key, kShape_slice)) return raise(exc::TypeError, "array indices must be integers");
  ArraySnapshot content(a);
  int64_t start, stop, step, count;
  if (!content.ok() || !slice_indices(key, content.length(), &start, &stop, &step, &count)) return Ref<>();
  int64_t size = a->kind->size;
  if (step == 1) return array_from_bytes(a->kind, content.data() + start * size, count);
  Ref<Array> result = array_new(&array_type, a->kind, count);
  for (int64_t i = 0; result && i < count; ++i) {
    std::memcpy(result->data + i * size, content.data() + (start + i * step) * size, static_cast<size_t>(size));
  }
  return result;
}

// Deletes `count` items `step` apart.
bool delete_slice(Array* a, int64_t start, int64_t step, int64_t count) {
  if (count == 0) return true;
  if (step < 0) {
    start += step * (count - 1);
    step = -step;
  }
  if (step == 1) return array_splice(a, start, count, nullptr, 0);
  // From the back, so that positions stay valid.
  for (int64_t i = count - 1; i >= 0; --i) {
    if (!array_splice(a, start + i * step, 1, nullptr, 0)) return false;
  }
  return true;
}

bool array_set_item(Value self, Value key, Value value) {
  Array* a = as_array(self);
  if (has_index(key)) {
    int64_t i;
    if (!to_size(key, &i)) return false;
    RawItem raw;
    int64_t length = array_length(a);
    if (i < 0) i += length;
    bool in_range = static_cast<uint64_t>(i) < static_cast<uint64_t>(length);
    if (!in_range) return raise(exc::IndexError, "array assignment index out of range");
    if (value.empty()) return array_splice(a, i, 1, nullptr, 0);
    if (!item_to_raw(a->kind, value, &raw)) return false;
    {
      LockGuard guard(a);
      in_range = i < a->length;
      if (in_range) std::memcpy(a->data + i * a->kind->size, &raw.bits, a->kind->size);
    }
    return in_range || raise(exc::IndexError, "array assignment index out of range");
  }
  if (!has_shape(key, kShape_slice)) return raise(exc::TypeError, "array indices must be integers");
  int64_t start, stop, step, count;
  if (!slice_indices(key, array_length(a), &start, &stop, &step, &count)) return false;
  if (value.empty()) return delete_slice(a, start, step, count);
  if (!is_array(value)) return raise(exc::TypeError, "can only assign array (not \"%T\") to array slice", value);
  if (as_array(value)->kind != a->kind) return raise(exc::TypeError, "bad argument type for built-in operation");
  ArraySnapshot fresh(as_array(value));
  if (!fresh.ok()) return false;
  if (step == 1) return array_splice(a, start, stop > start ? stop - start : 0, fresh.data(), fresh.length());
  if (fresh.length() != count) {
    return raise(exc::ValueError, "attempt to assign array of size %ld to extended slice of size %ld", fresh.length(), count);
  }
  LockGuard guard(a);
  int64_t size = a->kind->size;
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = start + i * step;
    if (at < a->length) std::memcpy(a->data + at * size, fresh.data() + i * size, static_cast<size_t>(size));
  }
  return true;
}

Ref<> array_concat(Value left, Value right) {
  if (!is_array(right)) return raise(exc::TypeError, "can only append array (not \"%T\") to array", right);
  Array* a = as_array(left);
  if (as_array(right)->kind != a->kind) return raise(exc::TypeError, "bad argument type for built-in operation");
  ArraySnapshot first(a);
  if (!first.ok()) return Ref<>();
  Ref<> result = array_from_bytes(a->kind, first.data(), first.length());
  if (!result || !array_extend(as_array(result.value()), right)) return Ref<>();
  return result;
}
Ref<> array_inplace_concat(Value self, Value other) {
  if (!is_array(other)) return raise(exc::TypeError, "can only extend array with array (not \"%T\")", other);
  return array_extend(as_array(self), other) ? Ref<>::retain(self) : Ref<>();
}
Ref<> array_repeat(Value self, int64_t count) {
  Array* a = as_array(self);
  ArraySnapshot content(a);
  if (!content.ok()) return Ref<>();
  if (count < 0) count = 0;
  if (content.length() && count > INT64_MAX / content.length()) return raise_no_memory();
  Ref<Array> result = array_new(&array_type, a->kind, content.length() * count);
  if (!result) return Ref<>();
  auto bytes = static_cast<size_t>(content.length() * a->kind->size);
  for (int64_t i = 0; bytes && i < count; ++i) {
    std::memcpy(result->data + static_cast<size_t>(i) * bytes, content.data(), bytes);
  }
  return result;
}
Ref<> array_inplace_repeat(Value self, int64_t count) {
  Array* a = as_array(self);
  Ref<> repeated = array_repeat(self, count);
  if (!repeated) return repeated;
  Array* r = as_array(repeated.value());
  return array_splice(a, 0, INT64_MAX, r->data, r->length) ? Ref<>::retain(self) : Ref<>();
}

int array_contains(Value self, Value wanted) {
  Array* a = as_array(self);
  for (int64_t i = 0;; ++i) {
    Ref<> item = array_get(a, i);
    if (!item) return error_pending() ? -1 : 0;
    int same = equal(item.value(), wanted);
    if (same) return same;
  }
}

Ref<> array_compare(Value left, Value right, CompareOp op) {
  if (!is_array(left) || !is_array(right)) return not_implemented_ref();
  Array* a = as_array(left);
  Array* b = as_array(right);
  int64_t a_length = array_length(a), b_length = array_length(b);
  if (a_length != b_length && (op == CompareOp::kEq || op == CompareOp::kNe)) return bool_ref(op == CompareOp::kNe);
  for (int64_t i = 0;; ++i) {
    Ref<> x = array_get(a, i);
    Ref<> y = x ? array_get(b, i) : Ref<>();
    if (!y) break;
    int same = equal(x.value(), y.value());
    if (same < 0) return Ref<>();
    if (same) continue;
    if (op == CompareOp::kEq || op == CompareOp::kNe) return bool_ref(op == CompareOp::kNe);
    return compare(x.value(), y.value(), op);
  }
  if (error_pending()) return Ref<>();
  switch (op) {
    case CompareOp::kLt: return bool_ref(a_length < b_length);
    case CompareOp::kLe: return bool_ref(a_length <= b_length);
    case CompareOp::kEq: return bool_ref(a_length == b_length);
    case CompareOp::kNe: return bool_ref(a_length != b_length);
    case CompareOp::kGt: return bool_ref(a_length > b_length);
    case CompareOp::kGe: return bool_ref(a_length >= b_length);
  }
  return not_implemented_ref();
}

Ref<> array_repr(Value self) {
  Array* a = as_array(self);
  if (array_length(a) == 0) return str_format("%N('%c')", type_of(self), a->kind->code);
  Ref<> items = call_method(self, a->kind->code == 'u' ? "tounicode" : "tolist");
  if (!items) return items;
  return str_format("%N('%c', %R)", type_of(self), a->kind->code, items.value());
}

bool array_get_buffer(Value self, Buffer* out, int) {
  Array* a = as_array(self);
  static uint8_t nothing[8];
  {
    LockGuard guard(a);
    ++a->exports;
    out->data = a->data ? a->data : nothing;
    out->length = a->length * a->kind->size;
  }
  out->item_size = a->kind->size;
  out->read_only = false;
  out->format = a->kind->format;
  out->owner = Ref<>::retain(self);
  return true;
}
void array_release_buffer(Value self, Buffer*) {
  Array* a = as_array(self);
  LockGuard guard(a);
  --a->exports;
}

// ---- iterator ----------------------------------------------------------------------------------------------------

struct ArrayIterator : Object {
  Field array;                  // empty at the end
  std::atomic<int64_t> index;
};
Ref<> array_iter(Value self) {
  Ref<ArrayIterator> it = allocate<ArrayIterator>(&array_iterator_type);
  if (!it) return Ref<>();
  it->array.init(Ref<>::retain(self));
  return it;
}
Ref<> array_iterator_next(Value self) {
  auto* it = object_of<ArrayIterator>(self);
  Ref<> array = it->array.load(it);
  if (!array) return Ref<>();
  int64_t i = it->index.fetch_add(1, std::memory_order_relaxed);
  Ref<> item = array_get(as_array(array.value()), i);
  if (!item && !error_pending()) it->array.store(it, Ref<>());
  return item;
}
Ref<> array_iterator_reduce(const Value* a) {
  auto* it = object_of<ArrayIterator>(a[0]);
  Ref<> iter_function = builtin("iter");
  if (!iter_function) return iter_function;
  Ref<> array = it->array.load(it);
  Ref<Tuple> arguments = tuple_of({array ? array.value() : Value::object(empty_tuple())});
  if (!arguments) return Ref<>();
  if (!array) return tuple_of({iter_function.value(), arguments.value()});
  Ref<> at = int_from_int64(it->index.load(std::memory_order_relaxed));
  return tuple_of({iter_function.value(), arguments.value(), at.value()});
}
Ref<> array_iterator_setstate(const Value* a) {
  auto* it = object_of<ArrayIterator>(a[0]);
  int64_t i;
  if (!to_ssize(a[1], &i)) return Ref<>();
  if (Ref<> array = it->array.load(it)) {
    int64_t length = array_length(as_array(array.value()));
    it->index.store(i < 0 ? 0 : i > length ? length : i, std::memory_order_relaxed);
  }
  return none_ref();
}
void array_iterator_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<ArrayIterator*>(o)->array); }
const NativeDef kIteratorMethods[] = {
    {"__reduce__", "($self, /)", array_iterator_reduce, "Return state information for pickling."},
    {"__setstate__", "($self, state, /)", array_iterator_setstate, "Set state information for unpickling."},
    {}};

const NativeDef kFunctions[] = {{"_array_reconstructor", "($module, arraytype, typecode, mformat_code, items, /)",
                                 array_reconstruct, "Internal. Used for pickling support."},
                                {}};

bool execute(Module* module) {
  if (!module_add_type(module, &array_type, &array_spec) ||
      !module_add(module, "ArrayType", Ref<>::retain(Value::object(&array_type)))) {
    return false;
  }
  if (!array_iterator_type.spec && !init_module_type(&array_iterator_type, &array_iterator_spec)) return false;
  if (!module_add_text(module, "typecodes", "bBuhHiIlLqQfd")) return false;
  Ref<> abc = import_attribute("collections.abc", "MutableSequence");
  if (!abc) return false;
  return static_cast<bool>(call_method(abc.value(), "register", {Value::object(&array_type)}));
}

}  // namespace

const TypeSpec array_spec = {
    .name = "array.array",
    .size = sizeof(Array),
    .flags = kTypeBase | kTypeWeakrefs | kTypeSequence,
    .slots = {.length = array_length_slot,
              .get_item = array_get_item,
              .set_item = array_set_item,
              .concat = array_concat,
              .repeat = array_repeat,
              .inplace_concat = array_inplace_concat,
              .inplace_repeat = array_inplace_repeat,
              .contains = array_contains,
              .compare = array_compare,
              .repr = array_repr,
              .iter = array_iter,
              .construct = array_construct,
              .get_buffer = array_get_buffer,
              .release_buffer = array_release_buffer},
    .destroy = array_destroy,
    .methods = kArrayMethods,
    .getsets = kArrayGetSets,
    .doc = "array(typecode [, initializer]): a sequence of numbers or characters of one machine type.",
    .unhashable = true,
};
const TypeSpec array_iterator_spec = {
    .name = "array.arrayiterator",
    .size = sizeof(ArrayIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = return_self, .next = array_iterator_next},
    .traverse = array_iterator_traverse,
    .methods = kIteratorMethods,
};

extern const NativeModule array_module;
const NativeModule array_module = {"array", "Compact sequences of numbers and characters.", kFunctions, execute};

}  // namespace pt
