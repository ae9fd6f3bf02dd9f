// Fields of structures and unions, and how they are laid out: as GCC does on this machine.
#include <string>

#include "gc/sync/critical_section.h"
#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support.h"
#include "vm/object/names.h"

namespace pt::ctypes {

// ---- the descriptors
// -----------------------------------------------------------------------------------------------------------

namespace {

// Where the field lies in the instance; nullptr with TypeError.
uint8_t* place_of(CField* field, Value instance, int64_t size) {
  if (!is_cdata(instance) || as_cdata(instance)->size.load(std::memory_order_acquire) < field->offset + size) {
    raise(exc::TypeError, "not a ctype instance");
    return nullptr;
  }
  return data_of(as_cdata(instance)) + field->offset;
}

// An array of characters is like a string; its items' type, or nullptr.
const Code* character_code(CType* type, const TypeInfo* info) {
  if (info->kind != Kind::kArray) return nullptr;
  TypeInfo* item = info_of(type->target.peek());
  return item && item->code && (item->code->name == 'c' || item->code->name == 'u') ? item->code : nullptr;
}

uint64_t bit_mask(int bits) { return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }
uint64_t load_unit(const Code* code, bool swapped, const uint8_t* at) {
  Raw raw;
  copy_memory(raw.bytes, at, code->size);
  swap_raw(code, swapped, &raw);
  return raw.as<uint64_t>();
}
bool is_signed(const Code* code) { return std::string_view("bhilq").find(code->name) != std::string_view::npos; }

Ref<> get_bits(CField* field, const Code* code, bool swapped, const uint8_t* at) {
  uint64_t value = load_unit(code, swapped, at) >> field->shift & bit_mask(field->bits);
  if (is_signed(code) && value >> (field->bits - 1)) value |= ~bit_mask(field->bits);
  Raw raw;
  raw.set(value);
  return code->get(raw);
}

// Other fields share the item: threads that write them at the same time lose nothing.
template <class T>
bool exchange_bits(uint8_t* at, T mask, T bits) {
  if (reinterpret_cast<uintptr_t>(at) % sizeof(T) != 0) return false;
  auto* unit = reinterpret_cast<T*>(at);
  T old = __atomic_load_n(unit, __ATOMIC_RELAXED);
  while (
      !__atomic_compare_exchange_n(unit, &old, static_cast<T>((old & ~mask) | bits), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return true;
}
bool set_bits(CField* field, const Code* code, bool swapped, uint8_t* at, Value value) {
  Raw bits, mask;
  Ref<> keep;
  if (!code->set(value, &bits, &keep)) return false;
  mask.set(bit_mask(field->bits) << field->shift);
  bits.set(bits.as<uint64_t>() << field->shift & mask.as<uint64_t>());
  swap_raw(code, swapped, &bits);
  swap_raw(code, swapped, &mask);
  switch (code->size) {
    case 1: exchange_bits(at, mask.as<uint8_t>(), bits.as<uint8_t>()); return true;
    case 2:
      if (exchange_bits(at, mask.as<uint16_t>(), bits.as<uint16_t>())) return true;
      break;
    case 4:
      if (exchange_bits(at, mask.as<uint32_t>(), bits.as<uint32_t>())) return true;
      break;
    default:
      if (exchange_bits(at, mask.as<uint64_t>(), bits.as<uint64_t>())) return true;
      break;
  }
  // Packed, so out of place: byte by byte.
  for (int i = 0; i < code->size; ++i) exchange_bits(at + i, mask.bytes[i], bits.bytes[i]);
  return true;
}

Ref<> field_get(Value v, Value instance, Value) {
  if (instance.empty()) return Ref<>::retain(v);
  CField* field = as_field(v);
  Value type = field->type.peek();
  TypeInfo* info = info_of(type);
  uint8_t* at = place_of(field, instance, info->size);
  if (!at) return Ref<>();
  if (field->bits) return get_bits(field, info->code, info->swapped, at);
  if (const Code* code = character_code(ctype_of(type), info)) return get_characters(code, at, info->size);
  return get_value(as_cdata(instance), type, field->index, at);
}
bool field_set(Value v, Value instance, Value value) {
  CField* field = as_field(v);
  Value type = field->type.peek();
  TypeInfo* info = info_of(type);
  uint8_t* at = place_of(field, instance, info->size);
  if (!at) return false;
  if (value.empty()) return raise(exc::TypeError, "can't delete attribute");
  if (field->bits) return set_bits(field, info->code, info->swapped, at, value);
  if (const Code* code = character_code(ctype_of(type), info)) return set_characters(code, at, info->size, value, -1);
  return set_value(as_cdata(instance), type, field->index, at, value);
}
Ref<> field_repr(Value v) {
  CField* field = as_field(v);
  auto* type = as_type(field->type.peek());
  if (field->bits) {
    return str_format("<Field type=%N, ofs=%ld:%d, bits=%d>", type, static_cast<long>(field->offset), field->shift, field->bits);
  }
  return str_format("<Field type=%N, ofs=%ld, size=%ld>", type, static_cast<long>(field->offset), static_cast<long>(field->size));
}
Ref<> get_offset(Value v) { return int_from_int64(as_field(v)->offset); }
Ref<> get_size(Value v) {
  CField* field = as_field(v);
  return int_from_int64(field->bits ? int64_t{field->bits} << 16 | field->shift : field->size);
}
void traverse(Object* o, FieldVisitor& visit) { visit(static_cast<CField*>(o)->type); }

const GetSetDef kFieldGetSets[] = {
    {"offset", get_offset, nullptr, "where the field begins, in bytes"},
    {"size", get_size, nullptr, "bytes of the field; of a bit field, the bits times 65536 plus the first bit"},
    {}};

}  // namespace

constinit Type field_type = {};
extern const TypeSpec field_spec;
const TypeSpec field_spec = {.name = "_ctypes.CField",
                             .size = sizeof(CField),
                             .flags = kTypeNoInstantiate,
                             .slots = {.repr = field_repr, .descriptor_get = field_get, .descriptor_set = field_set},
                             .traverse = traverse,
                             .getsets = kFieldGetSets,
                             .doc = "A member of a structure or union"};

// ---- layout
// -------------------------------------------------------------------------------------------------------------------------

namespace {

struct Layout {
  bool is_union, big_endian;
  int pack;
  int64_t size = 0, offset = 0, align = 1;   // so far
  int64_t unit_bits = 0, used_bits = 0;      // of the item that bit fields share
  int64_t union_size = 0;

  // Places a field of the type; bits 0: no bit field.
  void place(const TypeInfo* type, int bits, CField* out) {
    if (is_union) size = offset = unit_bits = used_bits = 0;
    int64_t type_bits = type->size * 8;
    out->size = type->size;
    out->bits = bits;
    if (bits && unit_bits && used_bits + bits <= unit_bits && type_bits <= unit_bits) {
      // Goes on in the same item.
    } else if (bits && unit_bits && type_bits >= unit_bits && used_bits + bits <= type_bits) {
      int64_t grown = type->size - unit_bits / 8;
      offset += grown;
      size += grown;
      unit_bits = type_bits;
    } else {
      used_bits = 0;
      unit_bits = bits ? type_bits : 0;
      int64_t own = pack ? std::min<int64_t>(pack, type->align) : type->align;
      if (own && offset % own) {
        int64_t gap = own - offset % own;
        size += gap;
        offset += gap;
      }
      offset += type->size;
      size += type->size;
      align = std::max(align, own);
    }
    out->offset = offset - type->size;
    if (bits) {
      out->shift = static_cast<int>(big_endian ? unit_bits - used_bits - bits : used_bits);
      used_bits += bits;
    }
    union_size = std::max(union_size, size);
  }
};

bool class_int(CType* type, const Name& name, bool* present, int* out) {
  Ref<> value = find_attribute(Value::object(type), name.str());
  *present = static_cast<bool>(value);
  if (!value) return !error_pending();
  if (!out) return true;
  if (is_int(value.value()) && to_cint(value.value(), out) && *out >= 0) return true;
  clear_error();
  return raise(exc::ValueError, "_pack_ must be a non-negative integer");
}

// How many bits the third item of a field's description allows; 0: none was given.
bool bit_count(Tuple* pair, CType* type, const TypeInfo* info, int* bits) {
  *bits = 0;
  if (pair->length < 3) return true;
  if (!to_cint(pair->at(2), bits)) {
    clear_error();
    return raise(exc::TypeError, "'_fields_' must be a sequence of (name, C type) pairs");
  }
  if (!info->code || std::string_view("bBhHiIlLqQ?v").find(info->code->name) == std::string_view::npos)
    return raise(exc::TypeError, "bit fields not allowed for type %N", type);
  if (*bits > 0 && *bits <= info->size * 8) return true;
  return raise(exc::ValueError, "number of bits invalid for bit field");
}

// ---- anonymous fields

// The field of that name that a class has as an attribute.
Ref<> field_named(Value type, Value name) {
  if (!is_str(name)) return raise(exc::TypeError, "unexpected type");
  Ref<Str> holder;
  return get_attribute(type, intern_name(as_str(name), &holder));
}
// Gives `type` the fields of its anonymous field `outer`, at their places in it.
bool lift_fields(CType* type, CField* outer, int64_t index, int64_t offset) {
  Value inner = outer->type.peek();
  Ref<> fields = get_attribute(inner, names_of::fields.str());
  if (!fields) return false;
  return for_each(fields.value(), [&](Value pair) {
    Ref<> name = get_item(pair, Value::small_int(0));
    Ref<> found = name ? field_named(inner, name.value()) : Ref<>();
    if (!found) return false;
    if (!is_field(found.value())) return static_cast<bool>(raise(exc::TypeError, "unexpected type"));
    CField* field = as_field(found.value());
    if (field->anonymous) return lift_fields(type, field, index + field->index, offset + field->offset);
    Ref<CField> lifted = allocate<CField>(&field_type);
    if (!lifted) return false;
    lifted->offset = field->offset + offset;
    lifted->size = field->size;
    lifted->index = field->index + index;
    lifted->bits = field->bits;
    lifted->shift = field->shift;
    lifted->type.init(field->type.load(field));
    Ref<Str> holder;
    return set_attribute(Value::object(type), intern_name(as_str(name.value()), &holder), lifted.value());
  });
}
bool make_anonymous(CType* type) {
  Ref<> anonymous = find_attribute(Value::object(type), names_of::anonymous.str());
  if (!anonymous) return !error_pending();
  int64_t count = length(anonymous.value());
  if (count < 0) return clear_if(exc::TypeError) ? raise(exc::TypeError, "_anonymous_ must be a sequence") : false;
  for (int64_t i = 0; i < count; ++i) {
    Ref<> name = get_item(anonymous.value(), Value::small_int(i));
    Ref<> found = name ? field_named(Value::object(type), name.value()) : Ref<>();
    if (!found) return false;
    if (!is_field(found.value())) {
      return raise(exc::AttributeError, "'%U' is specified in _anonymous_ but not in _fields_", as_str(name.value()));
    }
    CField* field = as_field(found.value());
    field->anonymous = true;
    if (!lift_fields(type, field, field->index, field->offset)) return false;
  }
  return true;
}

// ---- passing by value: what lies in each of the first two words (System V ABI, 3.2.3)

constexpr uint8_t kInteger = 1, kFloating = 2, kExtended = 4;
void add_words(TypeInfo* info, const TypeInfo* part, int64_t offset) {
  for (int word = 0; word < 2; ++word) {
    int64_t at = offset / 8 + word;
    if (part->words[word] && at < 2) info->words[at] |= part->words[word];
  }
}

}  // namespace

void set_words(TypeInfo* info, const TypeInfo* item) {
  if (item) {  // an array
    for (int64_t i = 0; i < info->length && item->size && i * item->size < 16; ++i) add_words(info, item, i * item->size);
    return;
  }
  char name = info->code ? info->code->name : 'P';
  info->words[0] = name == 'f' || name == 'd' ? kFloating : name == 'g' ? kExtended : kInteger;
}

// libffi goes by a list of members. It gets one that has the same classes: what is longer than two words goes by memory.
ffi_type* aggregate_ffi(const TypeInfo* info) {
  // libffi knows how such a number is returned, but not such a structure.
  if (info->words[0] == kExtended && info->size == sizeof(long double)) return &ffi_type_longdouble;
  struct Description {
    ffi_type type;
    ffi_type* elements[20];
  };
  auto* made = static_cast<Description*>(memory::allocate_zeroed(sizeof(Description)));
  if (!made) {
    raise_no_memory();
    return nullptr;
  }
  made->type = {static_cast<size_t>(info->size), static_cast<uint16_t>(std::max<int64_t>(info->align, 1)), FFI_TYPE_STRUCT,
                made->elements};
  int count = 0;
  auto add = [&](ffi_type* type) { made->elements[count++] = type; };
  if (info->size > 16) {
    for (int i = 0; i < 4; ++i) add(&ffi_type_uint64);
  } else {
    for (int word = 0; word * 8 < info->size; ++word) {
      int64_t bytes = std::min<int64_t>(8, info->size - word * 8);
      bool floating = info->words[word] == kFloating;
      if (floating && bytes == 8) {
        add(&ffi_type_double);
      } else if (floating && bytes == 4) {
        add(&ffi_type_float);
      } else if (bytes == 8) {
        add(&ffi_type_uint64);
      } else if (bytes == 4) {
        add(&ffi_type_uint32);
      } else {
        for (int64_t i = 0; i < bytes; ++i) add(&ffi_type_uint8);
      }
    }
  }
  return &made->type;
}

bool make_fields(CType* type, Value fields) {
  TypeInfo* before = info_of(type);
  if (!before) return raise(exc::TypeError, "ctypes state is not initialized");
  Layout layout;
  bool swapped, packed;
  layout.pack = 0;
  layout.is_union = before->kind == Kind::kUnion;
  if (!class_int(type, names_of::swapped, &swapped, nullptr) || !class_int(type, names_of::pack, &packed, &layout.pack))
    return false;
  layout.big_endian = swapped;
  int64_t count = length(fields);
  if (count < 0) return clear_if(exc::TypeError) ? raise(exc::TypeError, "'_fields_' must be a sequence of pairs") : false;
  TypeInfo* info = new_info(before->kind);
  if (!info) return false;
  bool formatted = !layout.is_union && !packed;
  std::string format = "T{";
  if (TypeInfo* base = info_of(ctype_of(type->base.load()))) {
    layout.size = layout.offset = layout.union_size = base->size;
    layout.align = std::max<int64_t>(base->align, 1);
    info->length = base->length;
    info->has_pointer = base->has_pointer;
    for (int i = 0; i < 2; ++i) info->words[i] = base->words[i];
  }
  for (int64_t i = 0; i < count; ++i) {
    Ref<> item = get_item(fields, Value::small_int(i));
    if (!item) return false;
    Tuple* pair = is_tuple(item.value()) ? as_tuple(item.value()) : nullptr;
    if (!pair || pair->length < 2 || pair->length > 3 || !is_str(pair->at(0)))
      return raise(exc::TypeError, "'_fields_' must be a sequence of (name, C type) pairs");
    CType* field_ctype = ctype_of(pair->at(1));
    TypeInfo* field_info = field_ctype ? final_info(field_ctype) : nullptr;
    if (!field_info) {
      return raise(exc::TypeError, "second item in _fields_ tuple (index %zd) must be a C type", static_cast<ssize_t>(i));
    }
    int bits;
    if (!bit_count(pair, field_ctype, field_info, &bits)) return false;
    Ref<CField> field = allocate<CField>(&pt::ctypes::field_type);
    if (!field) return false;
    layout.place(field_info, bits, field.get());
    field->index = i;
    field->type.init(Ref<>::retain(pair->at(1)));
    info->has_pointer |= field_info->has_pointer;
    add_words(info, field_info, field->offset);
    Utf8 name(as_str(pair->at(0)));
    if (!name.ok()) return false;
    format += shaped_format(field_info) + ":" + std::string(name.view()) + ":";
    Ref<Str> holder;
    if (!set_attribute(Value::object(type), intern_name(as_str(pair->at(0)), &holder), field.value())) return false;
  }
  int64_t size = layout.is_union ? layout.union_size : layout.size;
  info->align = layout.align;
  info->size = (size + layout.align - 1) / layout.align * layout.align;
  info->item_size = info->size;
  info->length += count;
  format += "}";
  info->format = formatted ? copy_text(format) : "B";
  info->ffi = aggregate_ffi(info);
  if (!info->format || !info->ffi) return false;
  {
    LockGuard guard(type);
    if (!before->final.load(std::memory_order_relaxed)) {
      info->final.store(true, std::memory_order_relaxed);
      type->info.store(info, std::memory_order_release);
      before = nullptr;
    }
  }
  if (before) return raise(exc::AttributeError, "Structure or union cannot contain itself");
  return make_anonymous(type);
}

}  // namespace pt::ctypes
