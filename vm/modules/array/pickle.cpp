// Pickling of arrays: by machine format, so that other machines can read them.
#include <bit>
#include <cstring>

#include "vm/modules/array/array.h"
#include "vm/modules/support.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt {
namespace {

// The format codes of the pickle: type, size and byte order of what `items` holds.
struct MachineFormat {
  uint8_t size;
  char type;  // 'i' signed, 'u' unsigned, 'f' float, 't' text
  bool big_endian;
};
const MachineFormat kMachineFormats[] = {{1, 'u', false}, {1, 'i', false}, {2, 'u', false}, {2, 'u', true},  {2, 'i', false},
                                         {2, 'i', true},  {4, 'u', false}, {4, 'u', true},  {4, 'i', false}, {4, 'i', true},
                                         {8, 'u', false}, {8, 'u', true},  {8, 'i', false}, {8, 'i', true},  {4, 'f', false},
                                         {4, 'f', true},  {8, 'f', false}, {8, 'f', true},  {2, 't', false}, {2, 't', true},
                                         {4, 't', false}, {4, 't', true}};  // UTF-16, UTF-32
constexpr int64_t kFormatCount = sizeof(kMachineFormats) / sizeof(kMachineFormats[0]);

uint64_t read_item(const MachineFormat& format, const uint8_t* at) {
  uint64_t bits = 0;
  for (int i = 0; i < format.size; ++i) {
    bits |= static_cast<uint64_t>(at[format.big_endian ? format.size - 1 - i : i]) << (8 * i);
  }
  return bits;
}
Ref<> item_value(const MachineFormat& format, const uint8_t* at) {
  uint64_t bits = read_item(format, at);
  if (format.type == 'f') {
    return float_from_double(format.size == 4 ? std::bit_cast<float>(static_cast<uint32_t>(bits)) : std::bit_cast<double>(bits));
  }
  if (format.type == 'u') return int_from_uint64(bits);
  auto shift = static_cast<unsigned>(64 - 8 * format.size);
  return int_from_int64(static_cast<int64_t>(bits << shift) >> shift);
}

Ref<> make_array(Value type, char code, Value items) {
  Ref<Str> code_text = str_from_code_point(static_cast<uint8_t>(code));
  if (!code_text) return Ref<>();
  return call_values(type, {code_text.value(), items});
}

}  // namespace

Ref<> array_reconstruct(const Value* a) {
  Value type = a[1], typecode = a[2], items = a[4];
  if (!is_instance_of(type, &type_type)) {
    return raise(exc::TypeError, "first argument must be a type object, not %T", type);
  }
  if (!is_subtype(object_of<Type>(type), &array_type)) {
    return raise(exc::TypeError, "%N is not a subtype of array.array", object_of<Type>(type));
  }
  if (!is_str(typecode) || as_str(typecode)->length != 1) {
    return raise(exc::TypeError, "_array_reconstructor() argument 2 must be a unicode character, not %T", typecode);
  }
  int code;
  if (!to_cint(a[3], &code)) return Ref<>();
  const ArrayKind* kind = array_kind(as_str(typecode)->at(0));
  if (!kind) return raise(exc::ValueError, "second argument must be a valid type code");
  if (code < 0 || code >= kFormatCount) {
    return raise(exc::ValueError, "third argument must be a valid machine format code.");
  }
  if (!is_bytes(items)) return raise(exc::TypeError, "fourth argument should be bytes, not %T", items);
  Bytes* bytes = as_bytes(items);
  if (code == kind->machine_format) return make_array(type, kind->code, items);
  const MachineFormat& format = kMachineFormats[code];
  if (bytes->length % format.size) return raise(exc::ValueError, "string length not a multiple of item size");
  if (format.type == 't') {
    const char* codec =
        format.size == 2 ? (format.big_endian ? "utf-16-be" : "utf-16-le") : (format.big_endian ? "utf-32-be" : "utf-32-le");
    Ref<> text = call_method(items, "decode", {Value::object(intern(codec))});
    return text ? make_array(type, kind->code, text.value()) : Ref<>();
  }
  // The smallest kind of the sign that holds the stored numbers, if the given one does not.
  const ArrayKind* target = kind;
  if (format.type != 'f') {
    const MachineFormat& own = kMachineFormats[kind->machine_format];
    if (own.type != format.type || own.size != format.size) {
      for (int i = 0; i < kArrayKindCount; ++i) {
        const MachineFormat& candidate = kMachineFormats[kArrayKinds[i].machine_format];
        if (candidate.size == format.size && candidate.type == format.type) {
          target = &kArrayKinds[i];
          break;
        }
      }
    }
  }
  int64_t count = bytes->length / format.size;
  Ref<Tuple> values = tuple_allocate(count);
  if (!values) return Ref<>();
  for (int64_t i = 0; i < count; ++i) {
    Ref<> item = item_value(format, bytes->data + i * format.size);
    if (!item) return item;
    values->items[i].init(std::move(item));
  }
  return make_array(type, target->code, values.value());
}

Ref<> array_reduce(const Value* a) {
  Array* self = as_array(a[0]);
  if (!is_int(a[1])) return raise(exc::TypeError, "__reduce_ex__ argument should be an integer");
  int64_t protocol;
  if (!to_int64(a[1], &protocol)) return Ref<>();
  Ref<> state = find_attribute(a[0], intern("__dict__"));
  if (!state) {
    if (error_pending()) return Ref<>();
    state = none_ref();
  }
  Ref<Str> code = str_from_code_point(static_cast<uint8_t>(self->kind->code));
  if (!code) return Ref<>();
  if (protocol < 3) {
    Ref<> list = call_method(a[0], "tolist");
    Ref<Tuple> arguments = list ? tuple_of({code.value(), list.value()}) : Ref<Tuple>();
    if (!arguments) return Ref<>();
    return tuple_of({type_value(a[0]), arguments.value(), state.value()});
  }
  Ref<> reconstructor = import_attribute("array", "_array_reconstructor");
  Ref<> bytes = reconstructor ? call_method(a[0], "tobytes") : Ref<>();
  if (!bytes) return bytes;
  Ref<Tuple> arguments = tuple_of({type_value(a[0]), code.value(), Value::small_int(self->kind->machine_format), bytes.value()});
  if (!arguments) return Ref<>();
  return tuple_of({reconstructor.value(), arguments.value(), state.value()});
}

}  // namespace pt
