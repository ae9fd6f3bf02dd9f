// _struct: Struct objects and the module's functions.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/struct/format.h"
#include "vm/modules/support.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

namespace pt {
namespace {

using structs::g_error;
using structs::Layout;

constinit Type struct_type = {}, unpack_iterator_type = {};

struct Struct : Object {
  Field format;  // str; empty before __init__
  Field layout;  // structs::Layout
};

// A counted layout of a Struct; an uninitialised one has size and values of -1, which fits no call.
Ref<> layout_of_struct(Value self) {
  auto* s = object_of<Struct>(self);
  return s->layout.load(s);
}
const Layout* as_layout(const Ref<>& r) { return r ? object_of<Layout>(r.value()) : nullptr; }
int64_t size_of(const Layout* l) { return l ? l->size : -1; }
int64_t values_of(const Layout* l) { return l ? l->values : -1; }

Ref<> struct_construct(Type* type, const Args&) { return allocate<Struct>(type); }
bool struct_init(Value self, const Args& args) {
  Value format;
  if (!bind_arguments("Struct", "(format)", args, &format)) return false;
  Ref<Layout> layout = structs::parse_layout(format);
  if (!layout) return false;
  Ref<> text = Ref<>::retain(format);
  if (is_bytes(format)) {
    text = str_from_latin1(as_bytes(format)->data, as_bytes(format)->length);
    if (!text) return false;
  }
  auto* s = object_of<Struct>(self);
  s->format.store(s, std::move(text));
  s->layout.store(s, std::move(layout));
  return true;
}

Ref<> pack(const Layout* l, const Value* values, int64_t count) {
  if (count != values_of(l)) {
    return raise(g_error, "pack expected %ld items for packing (got %ld)", values_of(l), count);
  }
  Ref<Bytes> result = bytes_allocate(l->size);
  if (!result || !structs::pack_values(l, values, result->data)) return Ref<>();
  return result;
}

Ref<> pack_into(const Layout* l, const Value* args, int64_t count) {
  if (count - 2 != values_of(l)) {
    if (count == 0) return raise(g_error, "pack_into expected buffer argument");
    if (count == 1) return raise(g_error, "pack_into expected offset argument");
    return raise(g_error, "pack_into expected %ld items for packing (got %ld)", values_of(l), count - 2);
  }
  BufferView buffer(args[0], kBufferWritable);
  if (!buffer.ok()) {
    if (pending_matches(exc::TypeError) || pending_matches(exc::BufferError)) {
      clear_error();
      raise(exc::TypeError, "argument must be read-write bytes-like object, not %T", args[0]);
    }
    return Ref<>();
  }
  int64_t offset, size = buffer.size();
  if (!to_size(args[1], &offset)) return Ref<>();
  if (offset < 0) {
    if (offset + l->size > 0) return raise(g_error, "no space to pack %ld bytes at offset %ld", l->size, offset);
    if (offset + size < 0) return raise(g_error, "offset %ld out of range for %ld-byte buffer", offset, size);
    offset += size;
  }
  if (size - offset < l->size) {
    return raise(g_error,
                 "pack_into requires a buffer of at least %zu bytes for packing %ld bytes at offset %ld (actual buffer "
                 "size is %ld)",
                 static_cast<size_t>(l->size) + static_cast<size_t>(offset), l->size, offset, size);
  }
  return structs::pack_values(l, args + 2, buffer.data() + offset) ? none_ref() : Ref<>();
}

Ref<> unpack(const Layout* l, Value source) {
  BufferView buffer(source);
  if (!buffer.ok()) return Ref<>();
  if (!l || buffer.size() != l->size) return raise(g_error, "unpack requires a buffer of %ld bytes", size_of(l));
  return structs::unpack_values(l, buffer.data());
}

Ref<> unpack_from(const Layout* l, Value source, Value offset_argument) {
  BufferView buffer(source);
  int64_t offset = 0;
  if (!buffer.ok() || (!offset_argument.empty() && !to_ssize(offset_argument, &offset))) return Ref<>();
  if (!l) return raise(g_error, "unpack requires a buffer of -1 bytes");
  int64_t size = buffer.size();
  if (offset < 0) {
    if (offset + l->size > 0) {
      return raise(g_error, "not enough data to unpack %ld bytes at offset %ld", l->size, offset);
    }
    if (offset + size < 0) return raise(g_error, "offset %ld out of range for %ld-byte buffer", offset, size);
    offset += size;
  }
  if (size - offset < l->size) {
    return raise(g_error,
                 "unpack_from requires a buffer of at least %zu bytes for unpacking %ld bytes at offset %ld (actual "
                 "buffer size is %ld)",
                 static_cast<size_t>(l->size) + static_cast<size_t>(offset), l->size, offset, size);
  }
  return structs::unpack_values(l, buffer.data() + offset);
}

// ---- iter_unpack -------------------------------------------------------------------------------------------------

struct UnpackIterator : Object {
  Field layout;                   // immutable
  Buffer buffer;                  // held until the object dies
  bool held;
  std::atomic<int64_t> position;
};
Ref<> iter_unpack(Ref<> layout, Value source) {
  const Layout* l = as_layout(layout);
  if (!l || l->size == 0) return raise(g_error, "cannot iteratively unpack with a struct of length 0");
  Ref<UnpackIterator> it = allocate<UnpackIterator>(&unpack_iterator_type);
  if (!it || !get_buffer(source, &it->buffer, kBufferSimple)) return Ref<>();
  it->held = true;
  if (it->buffer.length % l->size != 0) {
    return raise(g_error, "iterative unpacking requires a buffer of a multiple of %ld bytes", l->size);
  }
  it->layout.init(std::move(layout));
  return it;
}
Ref<> unpack_iterator_next(Value self) {
  auto* it = object_of<UnpackIterator>(self);
  auto* l = object_of<Layout>(it->layout.peek());
  int64_t at = it->position.load(std::memory_order_relaxed);
  do {
    if (at >= it->buffer.length) return Ref<>();
  } while (!it->position.compare_exchange_weak(at, at + l->size, std::memory_order_relaxed));
  return structs::unpack_values(l, static_cast<uint8_t*>(it->buffer.data) + at);
}
Ref<> unpack_iterator_length_hint(const Value* a) {
  auto* it = object_of<UnpackIterator>(a[0]);
  int64_t left = it->buffer.length - it->position.load(std::memory_order_relaxed);
  return int_from_int64(left / object_of<Layout>(it->layout.peek())->size);
}
void unpack_iterator_traverse(Object* o, FieldVisitor& visitor) { visitor(static_cast<UnpackIterator*>(o)->layout); }
void unpack_iterator_destroy(Object* o) {
  auto* it = static_cast<UnpackIterator*>(o);
  if (it->held) release_buffer(&it->buffer);
  it->held = false;
  it->buffer.owner.reset();
  it->layout.clear();
}
const NativeDef kIteratorMethods[] = {{"__length_hint__", "($self, /)", unpack_iterator_length_hint}, {}};

// ---- Struct ------------------------------------------------------------------------------------------------------

Ref<> struct_pack(const Value* a) {
  Ref<> layout = layout_of_struct(a[0]);
  Tuple* values = as_tuple(a[1]);
  return pack(as_layout(layout), reinterpret_cast<const Value*>(values->items), values->length);
}
Ref<> struct_pack_into(const Value* a) {
  Ref<> layout = layout_of_struct(a[0]);
  Tuple* values = as_tuple(a[1]);
  return pack_into(as_layout(layout), reinterpret_cast<const Value*>(values->items), values->length);
}
Ref<> struct_unpack(const Value* a) {
  Ref<> layout = layout_of_struct(a[0]);
  return unpack(as_layout(layout), a[1]);
}
Ref<> struct_unpack_from(const Value* a) {
  Ref<> layout = layout_of_struct(a[0]);
  return unpack_from(as_layout(layout), a[1], a[2]);
}
Ref<> struct_iter_unpack(const Value* a) { return iter_unpack(layout_of_struct(a[0]), a[1]); }
Ref<> struct_size_of(const Value* a) {
  Ref<> layout = layout_of_struct(a[0]);
  int64_t items = layout ? as_layout(layout)->length : 0;
  return int_from_int64(static_cast<int64_t>(sizeof(Struct)) + items * static_cast<int64_t>(sizeof(structs::Item)));
}
Ref<> struct_get_format(Value self) {
  auto* s = object_of<Struct>(self);
  Ref<> format = s->format.load(s);
  if (!format) return none_ref();
  return format;
}
Ref<> struct_get_size(Value self) {
  Ref<> layout = layout_of_struct(self);
  return int_from_int64(size_of(as_layout(layout)));
}
void struct_traverse(Object* o, FieldVisitor& visitor) {
  visitor(static_cast<Struct*>(o)->format);
  visitor(static_cast<Struct*>(o)->layout);
}

constexpr const char* kPackDoc = "Return a bytes object containing the values packed according to the format.";
constexpr const char* kPackIntoDoc = "Pack the values according to the format and write them into the writable buffer.";
constexpr const char* kUnpackDoc = "Return a tuple of the values unpacked from the buffer, whose size must be the format's.";
constexpr const char* kUnpackFromDoc = "Return a tuple of the values unpacked from the buffer, starting at the offset.";
constexpr const char* kIterUnpackDoc = "Return an iterator over the tuples unpacked from equally sized pieces of the buffer.";
const NativeDef kStructMethods[] = {{"pack", "($self, /, *values)", struct_pack, kPackDoc},
                                    {"pack_into", "($self, /, *values)", struct_pack_into, kPackIntoDoc},
                                    {"unpack", "($self, buffer, /)", struct_unpack, kUnpackDoc},
                                    {"unpack_from", "($self, /, buffer, offset=0)", struct_unpack_from, kUnpackFromDoc},
                                    {"iter_unpack", "($self, buffer, /)", struct_iter_unpack, kIterUnpackDoc},
                                    {"__sizeof__", "($self, /)", struct_size_of, "Returns size in memory, in bytes."},
                                    {}};
const GetSetDef kStructGetSets[] = {{"format", struct_get_format, nullptr, "struct format string"},
                                    {"size", struct_get_size, nullptr, "struct size in bytes"},
                                    {}};

const TypeSpec kStructSpec = {
    .name = "_struct.Struct",
    .size = sizeof(Struct),
    .flags = kTypeBase | kTypeWeakrefs,
    .slots = {.construct = struct_construct, .init = struct_init},
    .traverse = struct_traverse,
    .methods = kStructMethods,
    .getsets = kStructGetSets,
    .doc = "Struct(fmt): a compiled struct format.",
};
const TypeSpec kUnpackIteratorSpec = {
    .name = "_struct.unpack_iterator",
    .size = sizeof(UnpackIterator),
    .flags = kTypeNoInstantiate,
    .slots = {.iter = return_self, .next = unpack_iterator_next},
    .traverse = unpack_iterator_traverse,
    .clear = unpack_iterator_destroy,
    .destroy = unpack_iterator_destroy,
    .methods = kIteratorMethods,
};

// ---- module functions --------------------------------------------------------------------------------------------

constexpr int64_t kCacheLimit = 100;
constinit Dict* g_cache = nullptr;  // format -> Layout; owned, made at import

// The layout of a format, from the cache when it has been used before.
Ref<> cached_layout(Value format) {
  Ref<> found = dict_get(g_cache, format);
  if (found) return found;
  if (error_pending()) {  // unhashable formats get the constructor's message
    if (!clear_if(exc::TypeError)) return Ref<>();
    return structs::parse_layout(format);
  }
  Ref<> layout = structs::parse_layout(format);
  if (!layout) return layout;
  if (dict_size(g_cache) >= kCacheLimit) dict_clear(g_cache);
  if ((is_exact_str(format) || has_shape(format, kShape_bytes)) && !dict_set(g_cache, format, layout.value())) {
    return Ref<>();
  }
  return layout;
}

Ref<> module_calcsize(const Value* a) {
  Ref<> layout = cached_layout(a[1]);
  return layout ? int_from_int64(as_layout(layout)->size) : Ref<>();
}
Ref<> module_pack(const Value* a) {
  Tuple* args = as_tuple(a[1]);
  if (args->length == 0) return raise(exc::TypeError, "missing format argument");
  Ref<> layout = cached_layout(args->at(0));
  if (!layout) return layout;
  return pack(as_layout(layout), reinterpret_cast<const Value*>(args->items) + 1, args->length - 1);
}
Ref<> module_pack_into(const Value* a) {
  Tuple* args = as_tuple(a[1]);
  if (args->length == 0) return raise(exc::TypeError, "missing format argument");
  Ref<> layout = cached_layout(args->at(0));
  if (!layout) return layout;
  return pack_into(as_layout(layout), reinterpret_cast<const Value*>(args->items) + 1, args->length - 1);
}
Ref<> module_unpack(const Value* a) {
  Ref<> layout = cached_layout(a[1]);
  return layout ? unpack(as_layout(layout), a[2]) : Ref<>();
}
Ref<> module_unpack_from(const Value* a) {
  Ref<> layout = cached_layout(a[1]);
  return layout ? unpack_from(as_layout(layout), a[2], a[3]) : Ref<>();
}
Ref<> module_iter_unpack(const Value* a) {
  Ref<> layout = cached_layout(a[1]);
  return layout ? iter_unpack(std::move(layout), a[2]) : Ref<>();
}
Ref<> module_clear_cache(const Value*) {
  dict_clear(g_cache);
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"calcsize", "($module, format, /)", module_calcsize, "Return size in bytes of the struct described by the format."},
    {"iter_unpack", "($module, format, buffer, /)", module_iter_unpack, kIterUnpackDoc},
    {"pack", "($module, /, *values)", module_pack, kPackDoc},
    {"pack_into", "($module, /, *values)", module_pack_into, kPackIntoDoc},
    {"unpack", "($module, format, buffer, /)", module_unpack, kUnpackDoc},
    {"unpack_from", "($module, format, /, buffer, offset=0)", module_unpack_from, kUnpackFromDoc},
    {"_clearcache", "($module, /)", module_clear_cache, "Clear the internal cache."},
    {}};

bool execute(Module* module) {
  if (!g_cache) {
    Ref<Dict> cache = dict_new();
    if (!cache) return false;
    g_cache = cache.take();
    mark_maybe_shared(g_cache);
  }
  if (!g_error) {
    Ref<> error = make_exception_class("struct.error", Value::object(exc::Exception));
    if (!error) return false;
    g_error = object_of<Type>(error.value());
    (void)error.take();
  }
  return (structs::layout_type.spec || init_module_type(&structs::layout_type, &structs::layout_spec)) &&
         (unpack_iterator_type.spec || init_module_type(&unpack_iterator_type, &kUnpackIteratorSpec)) &&
         module_add_type(module, &struct_type, &kStructSpec) &&
         module_add(module, "error", Ref<>::retain(Value::object(g_error)));
}

}  // namespace

extern const NativeModule struct_module;
const NativeModule struct_module = {"_struct", "Conversion between Python values and C structs packed in bytes objects.",
                                    kFunctions, execute};

}  // namespace pt
