// The metatypes: what all C types have, and how each kind of type is made.
#include <dlfcn.h>

#include <cstring>
#include <string>

#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/descriptors.h"
#include "vm/object/names.h"
#include "vm/object/type_build.h"
#include "vm/types/memoryview.h"

namespace pt::ctypes {

// ---- the type of a type -------------------------------------------------------------------------------------------------------

CType* ctype_of_derived(Value v) {
  Type* meta = type_of(v);
  for (Type& metatype : metatypes) {
    if (is_subtype(meta, &metatype)) return static_cast<CType*>(v.as_object());
  }
  return nullptr;
}

TypeInfo* final_info(CType* type) {
  TypeInfo* info = info_of(type);
  if (!info || PT_LIKELY(info->final.load(std::memory_order_acquire))) return info;
  LockGuard guard(type);
  info = type->info.load(std::memory_order_relaxed);
  info->final.store(true, std::memory_order_release);
  return info;
}

TypeInfo* new_info(Kind kind) {
  auto* info = static_cast<TypeInfo*>(memory::allocate(sizeof(TypeInfo)));
  if (!info) {
    raise_no_memory();
    return nullptr;
  }
  new (info) TypeInfo;
  info->kind = kind;
  info->ffi = &ffi_type_pointer;
  return info;
}
char* copy_text(std::string_view text) {
  auto* copy = static_cast<char*>(memory::allocate(text.size() + 1));
  if (!copy) {
    raise_no_memory();
    return nullptr;
  }
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  return copy;
}

std::string shaped_format(const TypeInfo* info) {
  std::string text;
  for (int i = 0; i < info->dimensions; ++i) text += (i ? "," : "(") + std::to_string(info->shape[i]);
  if (info->dimensions) text += ")";
  return text + (info->format ? info->format : "B");
}

namespace {
CType* concrete(Value v);
}
Ref<> from_param_method(const Value* a) {
  CType* type = concrete(a[0]);
  return type ? from_param(type, a[1]) : Ref<>();
}

namespace {

CType* as_ctype(Value v) { return static_cast<CType*>(v.as_object()); }

bool publish_info(CType* type, TypeInfo* info) {
  if (info->kind == Kind::kArray) {
    set_words(info, info_of(type->target.peek()));
  } else if (info->kind != Kind::kStructure && info->kind != Kind::kUnion) {
    set_words(info, nullptr);
  }
  if (!info->item_size) info->item_size = info->size;
  type->info.store(info, std::memory_order_release);
  return true;
}
// An attribute of a class, or empty without an exception.
Ref<> class_attribute(CType* type, const Name& name) { return find_attribute(Value::object(type), name.str()); }

// ---- fundamental types
// ----------------------------------------------------------------------------------------------------------

// The type with the other byte order: made like the type itself, with the suffix "_be".
Ref<> make_swapped(const Args& args) {
  Ref<Str> name = str_format("%U_be", as_str(args.values[0]));
  if (!name) return Ref<>();
  Value values[3] = {name.value(), args.values[1], args.values[2]};
  return type_new(metatype_of(Kind::kSimple), Args{values, 3});
}

bool add_from_param(CType* type, const NativeDef* def) {
  Ref<> method = method_descriptor_new(type, def);
  return method && type_set_attribute(type, names_of::from_param.str(), method.value());
}

bool set_simple_info(CType* type, const Code* code, Value proto, bool swapped) {
  TypeInfo* info = new_info(Kind::kSimple);
  if (!info) return false;
  info->code = code;
  info->swapped = swapped;
  info->size = code->size;
  info->align = code->align;
  info->ffi = code->ffi;
  info->has_pointer = code->pointer;
  info->simple_subclass = type->base.load() != &simple_type;
  const char format[3] = {swapped ? '>' : '<', code->format, 0};
  info->format = copy_text(format);
  type->target.store(type, Ref<>::retain(proto));
  return info->format && publish_info(type, info);
}

bool make_simple(CType* type, const Args& args) {
  Ref<> proto = class_attribute(type, names_of::type);
  if (!proto) return error_pending() ? false : raise(exc::AttributeError, "class must define a '_type_' attribute");
  if (!is_str(proto.value())) return raise(exc::TypeError, "class must define a '_type_' string attribute");
  Str* text = as_str(proto.value());
  if (text->length != 1)
    return raise(exc::ValueError, "class must define a '_type_' attribute which must be a string of length 1");
  if (!text->ascii || !std::strchr(kCodeNames, static_cast<int>(text->at(0)))) {
    return raise(exc::AttributeError,
                 "class must define a '_type_' attribute which must be\na single character string containing one of '%s'.",
                 kCodeNames);
  }
  const Code* code = find_code(text->at(0));
  if (!code) return raise(exc::ValueError, "_type_ '%U' not supported", text);
  if (!set_simple_info(type, code, proto.value(), false)) return false;
  if (type->base.load() == &simple_type) {
    const NativeDef* own = code->name == 'z'   ? &kCharPointerFromParam
                           : code->name == 'Z' ? &kWidePointerFromParam
                           : code->name == 'P' ? &kVoidPointerFromParam
                                               : nullptr;
    if (own && !add_from_param(type, own)) return false;
  }
  if (type_of(Value::object(type)) != metatype_of(Kind::kSimple) || !code->swappable) return true;
  Ref<> swapped = make_swapped(args);
  if (!swapped || !set_simple_info(as_ctype(swapped.value()), code, proto.value(), true)) return false;
  for (CType* owner : {type, as_ctype(swapped.value())}) {
    if (!type_set_attribute(owner, names_of::little.str(), Value::object(type)) ||
        !type_set_attribute(owner, names_of::big.str(), swapped.value())) {
      return false;
    }
  }
  return true;
}

// ---- pointers
// -------------------------------------------------------------------------------------------------------------------

bool set_target(CType* type, Value target) {
  if (!is_instance_of(target, &type_type)) return raise(exc::TypeError, "_type_ must be a type");
  if (!info_of(target)) return raise(exc::TypeError, "_type_ must have storage info");
  type->target.store(type, Ref<>::retain(target));
  return true;
}
bool make_pointer(CType* type, const Args&) {
  TypeInfo* info = new_info(Kind::kPointer);
  if (!info) return false;
  info->size = info->align = sizeof(void*);
  info->length = 1;
  info->has_pointer = true;
  Ref<> target = dict_get_str(as_dict(type->dict.peek()), names_of::type.str());
  if (!target && error_pending()) return false;
  if (target) {
    if (!set_target(type, target.value())) return false;
    info->format = copy_text("&" + shaped_format(info_of(target.value())));
    if (!info->format) return false;
  }
  return publish_info(type, info);
}
Ref<> set_type(const Value* a) {
  if (!set_target(as_ctype(a[0]), a[1]) || !set_attribute(a[0], names_of::type.str(), a[1])) return Ref<>();
  return none_ref();
}

// ---- arrays
// ---------------------------------------------------------------------------------------------------------------------

extern const GetSetDef kCharArrayGetSets[], kWideArrayGetSets[];

bool array_length(CType* type, int64_t* out) {
  Ref<> length = class_attribute(type, names_of::length);
  if (!length) return error_pending() ? false : raise(exc::AttributeError, "class must define a '_length_' attribute");
  if (!is_int(length.value())) return raise(exc::TypeError, "The '_length_' attribute must be an integer");
  if (int_sign(length.value()) < 0) return raise(exc::ValueError, "The '_length_' attribute must not be negative");
  return int_to_int64(length.value(), out) || raise(exc::OverflowError, "The '_length_' attribute is too large");
}
bool make_array(CType* type, const Args&) {
  int64_t length;
  if (!array_length(type, &length)) return false;
  Ref<> item = class_attribute(type, names_of::type);
  if (!item) return error_pending() ? false : raise(exc::AttributeError, "class must define a '_type_' attribute");
  CType* item_type = ctype_of(item.value());
  TypeInfo* item_info = item_type ? final_info(item_type) : nullptr;
  if (!item_info) return raise(exc::TypeError, "_type_ must have storage info");
  TypeInfo* info = new_info(Kind::kArray);
  if (!info) return false;
  if (item_info->size && length > INT64_MAX / item_info->size) return raise(exc::OverflowError, "array too large");
  info->length = length;
  info->size = length * item_info->size;
  info->align = item_info->align;
  info->has_pointer = item_info->has_pointer;
  info->item_size = item_info->item_size;
  info->format = item_info->format;
  info->dimensions = item_info->dimensions + 1;
  auto* shape = static_cast<int64_t*>(memory::allocate(sizeof(int64_t) * static_cast<size_t>(info->dimensions)));
  if (!shape) return raise_no_memory();
  shape[0] = length;
  for (int i = 0; i < item_info->dimensions; ++i) shape[i + 1] = item_info->shape[i];
  info->shape = shape;
  type->target.store(type, std::move(item));
  if (const Code* code = item_info->code; code && (code->name == 'c' || code->name == 'u')) {
    for (const GetSetDef* def = code->name == 'c' ? kCharArrayGetSets : kWideArrayGetSets; def->name; ++def) {
      Ref<> descriptor = getset_descriptor_new(type, def);
      if (!descriptor || !type_set_attribute(type, intern(def->name), descriptor.value())) return false;
    }
  }
  return publish_info(type, info);
}

// Characters as a whole. What is longer than the array is refused; what is shorter gets a zero.
Ref<> get_raw(Value v) {
  CData* self = as_cdata(v);
  int64_t size = self->size.load(std::memory_order_acquire);
  Ref<Bytes> bytes = bytes_allocate(size);
  if (bytes) copy_memory(bytes->data, data_of(self), size);
  return bytes;
}
bool set_raw(Value v, Value value) {
  if (value.empty()) return raise(exc::AttributeError, "cannot delete attribute");
  BufferView view(value);
  if (!view.ok()) return false;
  CData* self = as_cdata(v);
  if (view.size() > self->size.load(std::memory_order_acquire)) return raise(exc::ValueError, "byte string too long");
  copy_memory(data_of(self), view.data(), view.size());
  return true;
}
Ref<> get_text(Value v) {
  CData* self = as_cdata(v);
  int64_t size = self->size.load(std::memory_order_acquire);
  return get_characters(find_code('c'), data_of(self), size);
}
bool set_text(Value v, Value value) {
  if (value.empty()) return raise(exc::TypeError, "can't delete attribute");
  if (!is_bytes(value)) return raise(exc::TypeError, "bytes expected instead of %T instance", value);
  CData* self = as_cdata(v);
  int64_t room = self->size.load(std::memory_order_acquire);
  if (as_bytes(value)->length > room) return raise(exc::ValueError, "byte string too long");
  // Zeros within are copied like others.
  return set_characters(find_code('c'), data_of(self), room, value, as_bytes(value)->length);
}
Ref<> get_wide_text(Value v) {
  CData* self = as_cdata(v);
  int64_t size = self->size.load(std::memory_order_acquire);
  return get_characters(find_code('u'), data_of(self), size);
}
bool set_wide_text(Value v, Value value) {
  if (value.empty()) return raise(exc::TypeError, "can't delete attribute");
  if (!is_str(value)) return raise(exc::TypeError, "unicode string expected instead of %T instance", value);
  CData* self = as_cdata(v);
  int64_t room = self->size.load(std::memory_order_acquire);
  if (as_str(value)->length > room / static_cast<int64_t>(sizeof(wchar_t))) return raise(exc::ValueError, "string too long");
  return set_characters(find_code('u'), data_of(self), room, value, as_str(value)->length);
}
const GetSetDef kCharArrayGetSets[] = {
    {"raw", get_raw, set_raw, "all bytes"}, {"value", get_text, set_text, "the bytes up to the first zero"}, {}};
const GetSetDef kWideArrayGetSets[] = {{"value", get_wide_text, set_wide_text, "the characters up to the first zero"}, {}};

// ---- structures and unions
// ----------------------------------------------------------------------------------------------------------

bool make_aggregate(CType* type, const Args&) {
  Dict* own = as_dict(type->dict.peek());
  if (dict_get_str(own, names_of::abstract.str())) return true;
  Ref<> fields = dict_get_str(own, names_of::fields.str());
  if (error_pending()) return false;
  TypeInfo* info =
      new_info(is_subtype(type_of(Value::object(type)), metatype_of(Kind::kUnion)) ? Kind::kUnion : Kind::kStructure);
  if (!info) return false;
  if (TypeInfo* from = final_info(ctype_of(type->base.load()))) {
    info->has_pointer = from->has_pointer;
    info->size = from->size;
    info->align = from->align;
    info->length = from->length;
    info->format = from->format;
    info->item_size = from->size;
    info->ffi = from->ffi;
    for (int i = 0; i < 2; ++i) info->words[i] = from->words[i];
  } else {
    info->ffi = aggregate_ffi(info);
    if (!info->ffi) return false;
  }
  publish_info(type, info);
  // A metatype may have its own idea of what is assigned.
  return !fields || set_attribute(Value::object(type), names_of::fields.str(), fields.value());
}
bool set_aggregate_attribute(Value self, Str* name, Value value) {
  CType* type = as_ctype(self);
  bool fields = !value.empty() && name->equals_ascii("_fields_");
  if (fields) {
    TypeInfo* info = info_of(type);
    if (info && info->final.load(std::memory_order_acquire)) return raise(exc::AttributeError, "_fields_ is final");
  }
  return type_type.slots.set_attribute(self, name, value) && (!fields || make_fields(type, value));
}

// ---- functions
// --------------------------------------------------------------------------------------------------------------------------

bool make_function(CType* type, const Args&) {
  TypeInfo* info = new_info(Kind::kFunction);
  if (!info) return false;
  info->size = info->align = sizeof(void*);
  info->length = 1;
  info->has_pointer = true;
  info->format = "X{}";
  Ref<> flags = class_attribute(type, names_of::flags);
  if (!flags && error_pending()) return false;
  if (!flags || !is_int(flags.value())) return raise(exc::TypeError, "class must define _flags_ which must be an integer");
  if (!to_cint(flags.value(), &info->flags)) return false;
  Ref<> argtypes = class_attribute(type, names_of::argtypes);
  if (!argtypes && error_pending()) return false;
  if (argtypes) {
    Ref<> tuple, converters;
    if (!converters_of(argtypes.value(), &tuple, &converters)) return false;
    type->argtypes.store(type, std::move(tuple));
    type->converters.store(type, std::move(converters));
  }
  Ref<> restype = class_attribute(type, names_of::restype);
  if (!restype && error_pending()) return false;
  if (restype) {
    Ref<> checker;
    if (!is_result_type(restype.value(), &checker)) {
      return error_pending() ? false : raise(exc::TypeError, "_restype_ must be a type, a callable, or None");
    }
    type->checker.store(type, std::move(checker));
    type->restype.store(type, std::move(restype));
  }
  return publish_info(type, info);
}

// ---- what all metatypes have
// ------------------------------------------------------------------------------------------------------------

// Instances are laid out as those of the kind's own abstract type: a class that is not derived from it has none.
bool is_derived(CType* type) {
  CType* const abstract[] = {&simple_type, &pointer_type, &array_type, &structure_type, &union_type, &function_type};
  for (int i = 0; i < kKindCount; ++i) {
    if (is_subtype(type_of(Value::object(type)), &metatypes[i])) return is_subtype(type, abstract[i]);
  }
  return false;
}

template <bool (*make)(CType*, const Args&)>
Ref<> construct_type(Type* metatype, const Args& args) {
  Ref<> made = type_new(metatype, args);
  if (!made) return made;
  // A metatype that is more derived has made it already.
  CType* type = as_ctype(made.value());
  if (type_of(made.value()) != metatype && info_of(type)) return made;
  if (!make(type, args)) return Ref<>();
  if (!is_derived(type)) type->info.store(nullptr, std::memory_order_release);
  return made;
}

Ref<> repeat_type(Value self, int64_t count) {
  if (count < 0) return raise(exc::ValueError, "Array length must be >= 0, not %zd", static_cast<ssize_t>(count));
  return array_type_of(self, count);
}

CType* concrete(Value v) {
  if (info_of(v)) return as_ctype(v);
  raise(exc::TypeError, "abstract class");
  return nullptr;
}

Ref<CData> instance_at(CType* type, void* address) {
  Ref<> number = int_from_uint64(reinterpret_cast<uint64_t>(address));
  return number && audit("ctypes.cdata", {number.value()}) ? cdata_at(type, address) : Ref<CData>();
}
Ref<> from_address(const Value* a) {
  void* address;
  if (!is_int(a[1])) return raise(exc::TypeError, "integer expected");
  return address_argument(a[1], &address) ? instance_at(as_ctype(a[0]), address) : Ref<CData>();
}
bool check_offset(const TypeInfo* info, int64_t size, int64_t offset) {
  if (offset < 0) return raise(exc::ValueError, "offset cannot be negative");
  if (info->size <= size - offset) return true;
  return raise(exc::ValueError, "Buffer size too small (%zd instead of at least %zd bytes)", static_cast<ssize_t>(size),
               static_cast<ssize_t>(info->size + offset));
}
Ref<> from_buffer(const Value* a) {
  int64_t offset = 0;
  CType* type = concrete(a[0]);
  if (!type || (!a[2].empty() && !to_ssize(a[2], &offset))) return Ref<>();
  Ref<> view = memoryview_from(a[1]);
  if (!view) return Ref<>();
  const MemoryView* memory = as_memoryview(view.value());
  if (memory->read_only) return raise(exc::TypeError, "underlying buffer is not writable");
  Buffer layout;
  layout.length = memory->length;
  layout.item_size = memory->item_size;
  layout.dimensions = memory->dimensions;
  layout.shape = memory->shape;
  layout.strides = memory->strides;
  if (!buffer_is_contiguous(layout, 'C')) return raise(exc::TypeError, "underlying buffer is not C contiguous");
  if (!check_offset(info_of(type), memory->length, offset)) return Ref<>();
  Ref<> number = int_from_uint64(reinterpret_cast<uint64_t>(memory->data));
  if (!number || !audit("ctypes.cdata/buffer", {number.value(), Value::small_int(memory->length), Value::small_int(offset)})) {
    return Ref<>();
  }
  Ref<CData> self = instance_at(type, memory->data + offset);
  return self && keep_alive(self.get(), -1, std::move(view)) ? Ref<>(std::move(self)) : Ref<>();
}
Ref<> from_buffer_copy(const Value* a) {
  int64_t offset = 0;
  CType* type = concrete(a[0]);
  if (!type) return Ref<>();
  BufferView view(a[1]);
  if (!view.ok() || (!a[2].empty() && !to_ssize(a[2], &offset)) || !check_offset(info_of(type), view.size(), offset)) {
    return Ref<>();
  }
  Ref<> number = int_from_uint64(reinterpret_cast<uint64_t>(view.data()));
  if (!number || !audit("ctypes.cdata/buffer", {number.value(), Value::small_int(view.size()), Value::small_int(offset)})) {
    return Ref<>();
  }
  return cdata_copy(type, view.data() + offset);
}
Ref<> in_dll(const Value* a) {
  if (!audit("ctypes.dlsym", {a[1], a[2]})) return Ref<>();
  if (!is_str(a[2])) return raise_bad_argument("in_dll", 2, "str", a[2]);
  void* handle;
  Utf8 name(as_str(a[2]));
  if (!name.ok() || !handle_of(a[1], &handle)) return Ref<>();
  void* address = dlsym(handle, name.c_str());
  if (!address) return raise(exc::ValueError, "%s", dlerror());
  return instance_at(as_ctype(a[0]), address);
}

#define PT_CTYPE_METHODS                                                                                                        \
  {"from_address", "($self, address, /)", from_address, "An instance at that address."},                                        \
      {"from_buffer", "($self, source, offset=0, /)", from_buffer, "An instance that shares the memory of a writable buffer."}, \
      {"from_buffer_copy", "($self, source, offset=0, /)", from_buffer_copy, "An instance with a copy of a buffer's bytes."},   \
      {"in_dll", "($self, library, name, /)", in_dll, "A variable that a library exports."},                                    \
      {"from_param", "($self, value, /)", from_param_method, "Makes an argument of a call of the value."}
const NativeDef kTypeMethods[] = {PT_CTYPE_METHODS, {}};
const NativeDef kPointerTypeMethods[] = {
    PT_CTYPE_METHODS, {"set_type", "($self, type, /)", set_type, "Says what the pointer points to."}, {}};

void traverse_type(Object* o, FieldVisitor& visit) {
  type_type.layout.traverse(o, visit);
  auto* type = static_cast<CType*>(o);
  for (Field* field : {&type->target, &type->argtypes, &type->converters, &type->restype, &type->checker}) visit(*field);
}
// The sizes stay: instances may be dying still.
void clear_type(Object* o) {
  type_type.layout.clear(o);
  auto* type = static_cast<CType*>(o);
  for (Field* field : {&type->target, &type->argtypes, &type->converters, &type->restype, &type->checker}) field->clear();
}

template <bool (*make)(CType*, const Args&)>
constexpr TypeSpec metatype_spec(const char* name, const char* doc, const NativeDef* methods = kTypeMethods,
                                 bool (*set_attribute)(Value, Str*, Value) = nullptr) {
  return {.name = name,
          .size = sizeof(CType),
          .flags = kTypeBase | kTypeTypeSubclass | kTypeWeakrefs | kTypeDeferredInstances,
          .base = &type_type,
          .slots = {.repeat = repeat_type, .set_attribute = set_attribute, .construct = construct_type<make>},
          .traverse = traverse_type,
          .clear = clear_type,
          .methods = methods,
          .doc = doc};
}
const TypeSpec kMetatypeSpecs[kKindCount] = {
    metatype_spec<make_simple>("_ctypes.PyCSimpleType", "The type of fundamental C types."),
    metatype_spec<make_pointer>("_ctypes.PyCPointerType", "The type of pointer types.", kPointerTypeMethods),
    metatype_spec<make_array>("_ctypes.PyCArrayType", "The type of array types."),
    metatype_spec<make_aggregate>("_ctypes.PyCStructType", "The type of structure types.", kTypeMethods, set_aggregate_attribute),
    metatype_spec<make_aggregate>("_ctypes.UnionType", "The type of union types.", kTypeMethods, set_aggregate_attribute),
    metatype_spec<make_function>("_ctypes.PyCFuncPtrType", "The type of C function types."),
};

// Both immortal dicts: (item type, length) -> array type.
constinit Value g_array_cache;

Ref<> make_named(Kind kind, Str* name, CType* base, std::initializer_list<std::pair<const Name*, Value>> attributes) {
  Ref<Dict> ns = dict_new();
  Ref<Tuple> bases = tuple_of({Value::object(base)});
  if (!ns || !bases) return Ref<>();
  for (auto& [key, value] : attributes) {
    if (!dict_set_str(ns.get(), key->str(), value)) return Ref<>();
  }
  return call_values(Value::object(metatype_of(kind)), {Value::object(name), bases.value(), ns.value()});
}

bool make_cache(Value* slot) {
  if (!slot->empty()) return true;
  Ref<Dict> made = dict_new();
  if (!made) return false;
  make_immortal(made.get());
  *slot = Value::object(made.take());
  return true;
}

}  // namespace

constinit Type metatypes[kKindCount] = {};
constinit Value g_pointer_cache;

Ref<> array_type_of(Value item, int64_t length) {
  Ref<> number = int_from_int64(length);
  Ref<Tuple> key = number ? tuple_of({item, number.value()}) : Ref<Tuple>();
  if (!key) return Ref<>();
  Ref<> cached = dict_get(as_dict(g_array_cache), key.value());
  if (cached || error_pending()) return cached;
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, "_Array_%ld", length);
  Ref<> own_name = as_ctype(item)->name.load(item.as_object());
  Ref<Str> name = str_format("%U%s", as_str(own_name.value()), suffix);
  Ref<> made =
      name ? make_named(Kind::kArray, name.get(), &array_type, {{&names_of::length, number.value()}, {&names_of::type, item}})
           : Ref<>();
  return made ? dict_set_default(as_dict(g_array_cache), key.value(), made.value()) : Ref<>();
}

Ref<> pointer_type_of(Value target) {
  Ref<> cached = dict_get(as_dict(g_pointer_cache), target);
  if (cached || error_pending()) return cached;
  if (is_str(target)) {  // what it points to is said later
    Ref<Str> name = str_format("LP_%U", as_str(target));
    Ref<> made = name ? make_named(Kind::kPointer, name.get(), &pointer_type, {}) : Ref<>();
    Ref<> key = made ? int_from_uint64(made.value().identity()) : Ref<>();
    return key && dict_set(as_dict(g_pointer_cache), key.value(), made.value()) ? std::move(made) : Ref<>();
  }
  if (!is_instance_of(target, &type_type)) return raise(exc::TypeError, "must be a ctypes type");
  Ref<> own_name = as_type(target)->name.load(target.as_object());
  Ref<Str> name = str_format("LP_%U", as_str(own_name.value()));
  Ref<> made = name ? make_named(Kind::kPointer, name.get(), &pointer_type, {{&names_of::type, target}}) : Ref<>();
  return made ? dict_set_default(as_dict(g_pointer_cache), target, made.value()) : Ref<>();
}

extern const TypeSpec cdata_spec, simple_spec, pointer_spec, array_spec, structure_spec, union_spec, function_spec, field_spec,
    argument_spec, thunk_spec;

bool add_types(Module* module) {
  if (!make_cache(&g_array_cache) || !make_cache(&g_pointer_cache) || !init_wide_type()) return false;
  if (!field_type.spec && !init_module_type(&field_type, &field_spec)) return false;
  if (!argument_type.spec && !init_module_type(&argument_type, &argument_spec)) return false;
  if (!thunk_type.spec && !init_module_type(&thunk_type, &thunk_spec)) return false;
  if (!cdata_type.spec && !init_module_type(&cdata_type, &cdata_spec)) return false;
  CType* const types[] = {&simple_type, &pointer_type, &array_type, &structure_type, &union_type, &function_type};
  const TypeSpec* const specs[] = {&simple_spec, &pointer_spec, &array_spec, &structure_spec, &union_spec, &function_spec};
  for (int i = 0; i < kKindCount; ++i) {
    if (!metatypes[i].spec && !init_module_type(&metatypes[i], &kMetatypeSpecs[i])) return false;
    if (!types[i]->spec) {
      if (!init_module_type(types[i], specs[i])) return false;
      // Nobody has seen the type yet.
      Shape* shape = metatypes[i].instance_shape.load(std::memory_order_relaxed);
      types[i]->shape_id.store(shape_id_of(shape), std::memory_order_release);
    }
    if (!module_add(module, std::strrchr(specs[i]->name, '.') + 1, Ref<>::retain(Value::object(types[i])))) return false;
  }
  return module_add(module, "_pointer_type_cache", Ref<>::retain(g_pointer_cache));
}

}  // namespace pt::ctypes
