// Instances of fundamental types, pointers, arrays, structures and unions.
#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/object/names.h"
#include "vm/types/list.h"
#include "vm/types/slice.h"

namespace pt::ctypes {

namespace {

Ref<> target_of(CData* self) {
  auto* type = static_cast<CType*>(self->shape()->type);
  return type->target.load(type);
}

// ---- fundamental types ------------------------------------------------------------------------------------------------------

Ref<> get_simple(Value v) {
  TypeInfo* info = info_of(as_cdata(v));
  return get_code(as_cdata(v), info->code, info->swapped, data_of(as_cdata(v)));
}
bool set_simple(Value v, Value value) {
  if (value.empty()) return raise(exc::TypeError, "can't delete attribute");
  TypeInfo* info = info_of(as_cdata(v));
  return set_code(as_cdata(v), info->code, info->swapped, 0, data_of(as_cdata(v)), value);
}
bool init_simple(Value self, const Args& args) {
  Value value;
  if (!bind_arguments("__init__", "(value=None, /)", Args{args.values, args.count}, &value)) return false;
  return value.empty() || set_simple(self, value);
}
Ref<> repr_simple(Value self) {
  if (info_of(as_cdata(self))->simple_subclass) return repr_object(self);
  Ref<> value = get_simple(self);
  return value ? Ref<>(str_format("%N(%R)", type_of(self), value.value())) : Ref<>();
}
Ref<> simple_from_outparam(const Value* a) {
  return info_of(as_cdata(a[0]))->simple_subclass ? Ref<>::retain(a[0]) : get_simple(a[0]);
}
const NativeDef kSimpleMethods[] = {{"__ctypes_from_outparam__", "($self, /)", simple_from_outparam}, {}};
const GetSetDef kSimpleGetSets[] = {{"value", get_simple, set_simple, "current value"}, {}};

// ---- slices
// --------------------------------------------------------------------------------------------------------------------

// Items first, first + step, ... as bytes, a str or a list. `get` gives one as an object.
template <class Get>
Ref<> slice_items(const Code* code, const uint8_t* start, int64_t first, int64_t step, int64_t count, Get&& get) {
  if (code && code->name == 'c') {
    Ref<Bytes> bytes = bytes_allocate(count);
    if (!bytes) return Ref<>();
    if (step == 1 && count) {
      copy_memory(bytes->data, start + first, count);
    } else {
      for (int64_t i = 0; i < count; ++i) copy_memory(bytes->data + i, start + first + i * step, 1);
    }
    return bytes;
  }
  if (code && code->name == 'u') {
    constexpr int64_t kWide = sizeof(wchar_t);
    auto* text = static_cast<wchar_t*>(memory::allocate(static_cast<size_t>((count ? count : 1) * kWide)));
    if (!text) return raise_no_memory();
    for (int64_t i = 0; i < count; ++i) copy_memory(text + i, start + (first + i * step) * kWide, kWide);
    Ref<Str> result = str_from_wide(text, count);
    memory::release(text);
    return result;
  }
  Ref<List> list = list_new(count);
  for (int64_t i = 0; list && i < count; ++i) {
    Ref<> item = get(first + i * step);
    if (!item || !list_append(list.get(), std::move(item))) return Ref<>();
  }
  return list;
}
// Item i of a sequence.
Ref<> sequence_item(Value sequence, int64_t i) {
  if (is_exact_list(sequence)) {
    if (Ref<> item = list_get(as_list(sequence), i)) return item;
  } else if (is_exact_tuple(sequence) && i < as_tuple(sequence)->length) {
    return Ref<>::retain(as_tuple(sequence)->at(i));
  }
  return get_item(sequence, Value::small_int(i));
}
bool has_index(Value v) { return is_int(v) || (v.is_object() && type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]); }
bool item_index(Value key, int64_t* out) {
  if (key.is_small_int()) {
    *out = key.as_small_int();
    return true;
  }
  Ref<> number = index(key);
  return number && to_size(number.value(), out);
}

// ---- arrays
// ---------------------------------------------------------------------------------------------------------------------

// Where item `i` is, of so many as the type says and as there is memory for; nullptr with IndexError.
uint8_t* array_item(CData* self, int64_t i, const TypeInfo* item) {
  int64_t size = self->size.load(std::memory_order_acquire);
  if (i < 0 || i >= self->length || (i + 1) * item->size > size) {
    raise(exc::IndexError, "invalid index");
    return nullptr;
  }
  return data_of(self) + i * item->size;
}
Ref<> get_array_item(CData* self, Value item_type, int64_t i) {
  uint8_t* at = array_item(self, i, info_of(item_type));
  return at ? get_value(self, item_type, i, at) : Ref<>();
}
bool set_array_item(CData* self, Value item_type, int64_t i, Value value) {
  uint8_t* at = array_item(self, i, info_of(item_type));
  return at && set_value(self, item_type, i, at, value);
}
Ref<> array_get(Value v, Value key) {
  CData* self = as_cdata(v);
  Ref<> item_type = target_of(self);
  if (has_index(key)) {
    int64_t i;
    if (!item_index(key, &i)) return Ref<>();
    return get_array_item(self, item_type.value(), i < 0 ? i + self->length : i);
  }
  if (!is_slice(key)) return raise(exc::TypeError, "indices must be integers");
  int64_t start, stop, step, count;
  if (!slice_indices(key, self->length, &start, &stop, &step, &count)) return Ref<>();
  return slice_items(info_of(item_type.value())->code, data_of(self), start, step, count,
                     [&](int64_t i) { return get_array_item(self, item_type.value(), i); });
}
bool array_set(Value v, Value key, Value value) {
  if (value.empty()) return raise(exc::TypeError, "Array does not support item deletion");
  CData* self = as_cdata(v);
  Ref<> item_type = target_of(self);
  if (has_index(key)) {
    int64_t i;
    return item_index(key, &i) && set_array_item(self, item_type.value(), i < 0 ? i + self->length : i, value);
  }
  if (!is_slice(key)) return raise(exc::TypeError, "indices must be integer");
  int64_t start, stop, step, count;
  if (!slice_indices(key, self->length, &start, &stop, &step, &count)) return false;
  int64_t given_count = length(value);
  if (given_count < 0 && !clear_if(exc::TypeError)) return false;
  if (given_count != count) return raise(exc::ValueError, "Can only assign sequence of same size");
  for (int64_t i = 0; i < count; ++i) {
    Ref<> item = sequence_item(value, i);
    if (!item || !set_array_item(self, item_type.value(), start + i * step, item.value())) return false;
  }
  return true;
}
int64_t array_count(Value v) { return as_cdata(v)->length; }
bool init_array(Value v, const Args& args) {
  Ref<> item_type = target_of(as_cdata(v));
  for (uint32_t i = 0; i < args.count; ++i) {
    if (!set_array_item(as_cdata(v), item_type.value(), i, args.values[i])) return false;
  }
  return true;
}
const NativeDef kArrayMethods[] = {kClassGetItem, {}};

// ---- pointers
// --------------------------------------------------------------------------------------------------------------------

Ref<> pointed_type(CData* self) {
  Ref<> type = target_of(self);
  return type ? std::move(type) : Ref<>(raise(exc::TypeError, "Cannot create instance: has no _type_"));
}
Ref<> pointer_construct(Type* type, const Args& args) {
  CType* ctype = ctype_of(type);
  if (ctype && info_of(ctype) && ctype->target.peek().empty()) {
    return raise(exc::TypeError, "Cannot create instance: has no _type_");
  }
  return cdata_construct(type, args);
}
Ref<> get_contents(Value v) {
  CData* self = as_cdata(v);
  Ref<> type = pointed_type(self);
  void* address = address_in(self);
  if (!type || !address) return type ? Ref<>(raise(exc::ValueError, "NULL pointer access")) : Ref<>();
  return cdata_within(ctype_of(type.value()), self, 0, address);
}
bool set_contents(Value v, Value value) {
  if (value.empty()) return raise(exc::TypeError, "Pointer does not support item deletion");
  CData* self = as_cdata(v);
  Ref<> type = pointed_type(self);
  if (!type) return false;
  // An instance of any C type will do.
  if (!is_cdata(value)) return raise(exc::TypeError, "expected %N instead of %T", as_type(type.value()), value);
  CData* target = as_cdata(value);
  Ref<> objects = kept_objects(target);
  return objects && point_to(self, 1, data_of(target), Ref<>::retain(value)) && keep_alive(self, 0, std::move(objects));
}
bool init_pointer(Value self, const Args& args) {
  Value value;
  if (!bind_arguments("POINTER", "(value=None, /)", Args{args.values, args.count}, &value)) return false;
  return value.empty() || set_contents(self, value);
}
int pointer_truth(Value v) { return address_in(as_cdata(v)) != nullptr; }

Ref<> pointer_get(Value v, Value key) {
  CData* self = as_cdata(v);
  Ref<> type = pointed_type(self);
  if (!type) return Ref<>();
  if (has_index(key)) {
    int64_t i;
    return item_index(key, &i) ? get_pointed(self, type.value(), i) : Ref<>();
  }
  if (!is_slice(key)) return raise(exc::TypeError, "Pointer indices must be integer");
  // There is no length: what would come from it must be said.
  Slice* slice = as_slice(key);
  int64_t start = 0, stop, step = 1;
  if (!is_none(slice->step.peek())) {
    if (!item_index(slice->step.peek(), &step)) return Ref<>();
    if (step == 0) return raise(exc::ValueError, "slice step cannot be zero");
  }
  if (is_none(slice->start.peek())) {
    if (step < 0) return raise(exc::ValueError, "slice start is required for step < 0");
  } else if (!item_index(slice->start.peek(), &start)) {
    return Ref<>();
  }
  if (is_none(slice->stop.peek())) return raise(exc::ValueError, "slice stop is required");
  if (!item_index(slice->stop.peek(), &stop)) return Ref<>();
  int64_t count =
      step > 0 ? (start < stop ? (stop - start - 1) / step + 1 : 0) : (start > stop ? (start - stop - 1) / -step + 1 : 0);
  const Code* code = info_of(type.value())->code;
  if (!code || (code->name != 'c' && code->name != 'u')) {
    return slice_items(nullptr, nullptr, start, step, count, [&](int64_t i) { return get_pointed(self, type.value(), i); });
  }
  KeepGuard guard(self);
  auto* memory = static_cast<uint8_t*>(address_in(self));
  if (count && !memory) return raise(exc::ValueError, "NULL pointer access");
  return slice_items(code, memory, start, step, count, [](int64_t) { return Ref<>(); });
}
bool pointer_set(Value v, Value key, Value value) {
  if (value.empty()) return raise(exc::TypeError, "Pointer does not support item deletion");
  CData* self = as_cdata(v);
  Ref<> type = pointed_type(self);
  if (!type) return false;
  int64_t i;
  return sequence_index(key, &i) && set_pointed(self, type.value(), i, value);
}
const GetSetDef kPointerGetSets[] = {{"contents", get_contents, set_contents, "the object this pointer points to (read-write)"},
                                     {}};

// ---- structures and unions
// ---------------------------------------------------------------------------------------------------------

// Sets the fields of the bases, then those of `type`, to the arguments in order. *used counts them.
bool set_positional(Value self, CType* type, const Args& args, uint32_t* used) {
  if (CType* base = ctype_of(type->base.load()); base && info_of(base)) {
    if (!set_positional(self, base, args, used)) return false;
  }
  Ref<> fields = dict_get_str(as_dict(type->dict.peek()), names_of::fields.str());
  if (!fields) return !error_pending();
  int64_t count = length(fields.value());
  if (count < 0) return false;
  for (int64_t i = 0; i < count && *used < args.count; ++i, ++*used) {
    Ref<> pair = sequence_item(fields.value(), i);
    Ref<> name = pair ? sequence_item(pair.value(), 0) : Ref<>();
    if (!name) return false;
    if (!is_str(name.value())) return raise(exc::TypeError, "'_fields_' must be a sequence of (name, C type) pairs");
    for (uint32_t k = 0; k < args.keyword_count(); ++k) {
      if (str_equal(as_str(args.names->at(k)), as_str(name.value())))
        return raise(exc::TypeError, "duplicate values for field %R", name.value());
    }
    Ref<Str> holder;
    if (!set_attribute(self, intern_name(as_str(name.value()), &holder), args.values[*used])) return false;
  }
  return true;
}
bool init_aggregate(Value self, const Args& args) {
  uint32_t used = 0;
  if (!set_positional(self, static_cast<CType*>(type_of(self)), args, &used)) return false;
  if (used < args.count) return raise(exc::TypeError, "too many initializers");
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    Ref<Str> holder;
    Str* name = intern_name(as_str(args.names->at(k)), &holder);
    if (!set_attribute(self, name, args.values[args.count + k])) return false;
  }
  return true;
}

}  // namespace

constinit CType simple_type = {}, pointer_type = {}, array_type = {}, structure_type = {}, union_type = {};
extern const TypeSpec simple_spec, pointer_spec, array_spec, structure_spec, union_spec;
const TypeSpec simple_spec = {
    .name = "_ctypes._SimpleCData",
    .size = sizeof(CData),
    .flags = kTypeBase,
    .base = &cdata_type,
    .slots = {.truth = cdata_truth, .repr = repr_simple, .construct = cdata_construct, .init = init_simple},
    .methods = kSimpleMethods,
    .getsets = kSimpleGetSets,
    .doc = "A value of a fundamental C type."};
const TypeSpec pointer_spec = {.name = "_ctypes._Pointer",
                               .size = sizeof(CData),
                               .flags = kTypeBase,
                               .base = &cdata_type,
                               .slots = {.truth = pointer_truth,
                                         .get_item = pointer_get,
                                         .set_item = pointer_set,
                                         .construct = pointer_construct,
                                         .init = init_pointer},
                               .getsets = kPointerGetSets,
                               .doc = "The address of a C value."};
const TypeSpec array_spec = {.name = "_ctypes.Array",
                             .size = sizeof(CData),
                             .flags = kTypeBase,
                             .base = &cdata_type,
                             .slots = {.length = array_count,
                                       .get_item = array_get,
                                       .set_item = array_set,
                                       .construct = cdata_construct,
                                       .init = init_array},
                             .methods = kArrayMethods,
                             .doc = "A fixed number of C values of one type."};
const TypeSpec structure_spec = {.name = "_ctypes.Structure",
                                 .size = sizeof(CData),
                                 .flags = kTypeBase,
                                 .base = &cdata_type,
                                 .slots = {.construct = cdata_construct, .init = init_aggregate},
                                 .doc = "Structure base class"};
const TypeSpec union_spec = {.name = "_ctypes.Union",
                             .size = sizeof(CData),
                             .flags = kTypeBase,
                             .base = &cdata_type,
                             .slots = {.construct = cdata_construct, .init = init_aggregate},
                             .doc = "Union base class"};

}  // namespace pt::ctypes
