// The fundamental types: conversion between Python values and C's.
#include <cstring>
#include <cwchar>

#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/types/float.h"

namespace pt::ctypes {

namespace {

// ---- numbers -----------------------------------------------------------------------------------------------------------------

// The lowest 64 bits, whatever is above them.
bool low_bits(Value v, uint64_t* out) {
  Ref<> number = index(v);
  if (!number) return false;
  IntView view(number.value());
  uint64_t magnitude = view.limb_count() ? view.limbs()[0] : 0;
  *out = view.negative() ? 0 - magnitude : magnitude;
  return true;
}
template <class T>
Ref<> get_integer(const Raw& raw) {
  T number = raw.as<T>();
  if constexpr (std::is_signed_v<T>) {
    return int_from_int64(number);
  } else {
    return int_from_uint64(number);
  }
}
template <class T>
bool set_integer(Value v, Raw* raw, Ref<>*) {
  uint64_t bits;
  if (!low_bits(v, &bits)) return false;
  raw->set(static_cast<T>(bits));
  return true;
}
template <class T>
Ref<> get_real(const Raw& raw) {
  return float_from_double(static_cast<double>(raw.as<T>()));
}
template <class T>
bool set_real(Value v, Raw* raw, Ref<>*) {
  double number;
  if (!to_double(v, &number)) return false;
  raw->set(static_cast<T>(number));
  return true;
}
Ref<> get_truth(const Raw& raw) { return bool_ref(raw.bytes[0] != 0); }
bool set_truth(Value v, Raw* raw, Ref<>*) {
  int is_true = truth(v);
  if (is_true >= 0) raw->bytes[0] = static_cast<uint8_t>(is_true);
  return is_true >= 0;
}
Ref<> get_variant_truth(const Raw& raw) { return bool_ref(raw.as<int16_t>() != 0); }
bool set_variant_truth(Value v, Raw* raw, Ref<>*) {
  int is_true = truth(v);
  if (is_true >= 0) raw->set(static_cast<int16_t>(is_true ? -1 : 0));
  return is_true >= 0;
}

// ---- characters --------------------------------------------------------------------------------------------------------------

Ref<> get_character(const Raw& raw) { return bytes_from({reinterpret_cast<const char*>(raw.bytes), 1}); }
bool set_character(Value v, Raw* raw, Ref<>*) {
  int64_t number;
  if (is_bytes(v) && as_bytes(v)->length == 1) {
    raw->bytes[0] = as_bytes(v)->data[0];
  } else if (std::string_view text; is_bytearray(v) && (text = bytearray_view(as_bytearray(v))).size() == 1) {
    raw->bytes[0] = static_cast<uint8_t>(text[0]);
  } else if (is_int(v) && int_to_int64(v, &number) && number >= 0 && number < 256) {
    raw->bytes[0] = static_cast<uint8_t>(number);
  } else {
    return raise(exc::TypeError, "one character bytes, bytearray or integer expected");
  }
  return true;
}
Ref<> get_wide_character(const Raw& raw) {
  wchar_t c = raw.as<wchar_t>();
  return str_from_wide(&c, 1);
}
bool set_wide_character(Value v, Raw* raw, Ref<>*) {
  if (!is_str(v)) return raise(exc::TypeError, "unicode string expected instead of %T instance", v);
  if (as_str(v)->length != 1) return raise(exc::TypeError, "one character unicode string expected");
  raw->set(static_cast<wchar_t>(as_str(v)->at(0)));
  return true;
}

// ---- addresses
// ------------------------------------------------------------------------------------------------------------------

Ref<> get_address(const Raw& raw) {
  auto address = raw.as<uint64_t>();
  return address ? int_from_uint64(address) : none_ref();
}
bool set_address(Value v, Raw* raw, Ref<>*) {
  uint64_t address = 0;
  if (!is_none(v) && !is_int(v)) return raise(exc::TypeError, "cannot be converted to pointer");
  if (is_int(v) && !low_bits(v, &address)) return false;
  raw->set(address);
  return true;
}
Ref<> get_text(const Raw& raw) {
  auto* text = raw.as<const char*>();
  return text ? Ref<>(bytes_from(text)) : none_ref();
}
bool set_text(Value v, Raw* raw, Ref<>* keep) {
  if (is_bytes(v)) {
    raw->set(as_bytes(v)->data);
    *keep = Ref<>::retain(v);
    return true;
  }
  if (!is_none(v) && !is_int(v)) return raise(exc::TypeError, "bytes or integer address expected instead of %T instance", v);
  return set_address(v, raw, keep);
}
Ref<> get_wide_text(const Raw& raw) {
  auto* text = raw.as<const wchar_t*>();
  return text ? Ref<>(str_from_wide(text, static_cast<int64_t>(std::wcslen(text)))) : none_ref();
}
bool set_wide_text(Value v, Raw* raw, Ref<>* keep) {
  if (is_str(v)) {
    wchar_t* text;
    *keep = wide_copy(as_str(v), &text);
    raw->set(text);
    return static_cast<bool>(*keep);
  }
  if (!is_none(v) && !is_int(v))
    return raise(exc::TypeError, "unicode string or integer address expected instead of %T instance", v);
  return set_address(v, raw, keep);
}
// C sees an object as its id(); it is opaque to C, but comes back as the same object.
Ref<> get_object(const Raw& raw) {
  Value v = Value::from_identity(raw.as<uint64_t>());
  if (v.empty()) return raise(exc::ValueError, "PyObject is NULL");
  if (v.is_object()) mark_maybe_shared(v.as_object());
  return Ref<>::retain(v);
}
bool set_object(Value v, Raw* raw, Ref<>* keep) {
  raw->set(v.identity());
  *keep = Ref<>::retain(v);
  return true;
}

template <class T>
constexpr Code integer(char name, char format, ffi_type* ffi) {
  return {name, format, sizeof(T), alignof(T), sizeof(T) > 1, false, ffi, get_integer<T>, set_integer<T>};
}
template <class T>
constexpr Code real(char name, bool swappable, ffi_type* ffi) {
  return {name, name, sizeof(T), alignof(T), swappable, false, ffi, get_real<T>, set_real<T>};
}
constexpr Code address(char name, Ref<> (*get)(const Raw&), bool (*set)(Value, Raw*, Ref<>*)) {
  return {name, name, 8, 8, false, true, &ffi_type_pointer, get, set};
}

const Code kCodes[] = {
    {'c', 'c', 1, 1, false, false, &ffi_type_schar, get_character, set_character},
    integer<int8_t>('b', 'b', &ffi_type_schar),
    integer<uint8_t>('B', 'B', &ffi_type_uchar),
    integer<int16_t>('h', 'h', &ffi_type_sint16),
    integer<uint16_t>('H', 'H', &ffi_type_uint16),
    integer<int32_t>('i', 'i', &ffi_type_sint32),
    integer<uint32_t>('I', 'I', &ffi_type_uint32),
    integer<int64_t>('l', 'q', &ffi_type_sint64),
    integer<uint64_t>('L', 'Q', &ffi_type_uint64),
    integer<int64_t>('q', 'q', &ffi_type_sint64),
    integer<uint64_t>('Q', 'Q', &ffi_type_uint64),
    real<double>('d', true, &ffi_type_double),
    real<float>('f', true, &ffi_type_float),
    real<long double>('g', false, &ffi_type_longdouble),
    {'u', 'u', sizeof(wchar_t), alignof(wchar_t), false, false, &ffi_type_sint32, get_wide_character, set_wide_character},
    {'?', '?', 1, 1, false, false, &ffi_type_uchar, get_truth, set_truth},
    {'v', 'v', 2, 2, false, false, &ffi_type_sint16, get_variant_truth, set_variant_truth},
    address('z', get_text, set_text),
    address('Z', get_wide_text, set_wide_text),
    address('P', get_address, set_address),
    address('O', get_object, set_object),
};

// The characters of a str as wchar_t, for as long as somebody has their address.
struct Wide : Object {
  wchar_t* text;  // immutable
};
void wide_destroy(Object* o) { memory::release(static_cast<Wide*>(o)->text); }
Ref<> wide_repr(Value self) {
  char address[24];
  std::snprintf(address, sizeof address, "%p", static_cast<void*>(self.as_object()));
  return str_format("<capsule object \"_ctypes/cfield.c pymem\" at %s>", address);
}
const TypeSpec kWideSpec = {.name = "PyCapsule",
                            .size = sizeof(Wide),
                            .flags = kTypeNoInstantiate,
                            .slots = {.repr = wide_repr},
                            .destroy = wide_destroy};

}  // namespace

constinit Type wide_type = {};
const char kCodeNames[] = "cbBhHiIlLdfuzZqQPXOv?g";

const Code* find_code(uint32_t name) {
  for (const Code& code : kCodes) {
    if (static_cast<uint32_t>(code.name) == name) return &code;
  }
  return nullptr;
}
bool init_wide_type() { return wide_type.spec || init_module_type(&wide_type, &kWideSpec); }

Ref<> wide_copy(Str* s, wchar_t** data) {
  Ref<Wide> wide = allocate<Wide>(&wide_type);
  if (!wide) return Ref<>();
  auto* text = static_cast<wchar_t*>(memory::allocate(static_cast<size_t>(s->length + 1) * sizeof(wchar_t)));
  if (!text) return raise_no_memory();
  for (int64_t i = 0; i < s->length; ++i) text[i] = static_cast<wchar_t>(s->at(i));
  text[s->length] = 0;
  wide->text = *data = text;
  return wide;
}
Ref<Str> str_from_wide(const wchar_t* text, int64_t length) {
  static_assert(sizeof(wchar_t) == sizeof(uint32_t));
  for (int64_t i = 0; i < length; ++i) {
    auto c = static_cast<uint32_t>(text[i]);
    if (c <= 0x10FFFF) continue;
    char name[16];
    std::snprintf(name, sizeof name, "U+%x", c);
    return raise(exc::ValueError, "character %s is not in range [U+0000; U+10ffff]", name);
  }
  return str_from_ucs4(reinterpret_cast<const uint32_t*>(text), length);
}

Ref<> get_characters(const Code* code, const uint8_t* at, int64_t size) {
  MemoryCopy copy(at, size);
  if (!copy.data()) return Ref<>();
  return code->name == 'c' ? Ref<>(copy.text()) : Ref<>(copy.wide_text());
}

MemoryCopy::MemoryCopy(const uint8_t* at, int64_t size) : size_(size) {
  if (size > kInline) {
    data_ = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(size)));
    if (!data_) raise_no_memory();
  } else {
    data_ = inline_;
  }
  if (data_) copy_memory(data_, at, size);
}
MemoryCopy::~MemoryCopy() {
  if (data_ != inline_) memory::release(data_);
}
Ref<Bytes> MemoryCopy::text() const {
  const void* end = std::memchr(data_, 0, static_cast<size_t>(size_));
  auto length = end ? static_cast<size_t>(static_cast<const uint8_t*>(end) - data_) : static_cast<size_t>(size_);
  return bytes_from({reinterpret_cast<char*>(data_), length});
}
Ref<Str> MemoryCopy::wide_text() const {
  int64_t length = 0, room = size_ / static_cast<int64_t>(sizeof(wchar_t));
  auto* text = reinterpret_cast<const wchar_t*>(data_);
  while (length < room && text[length]) ++length;
  return str_from_wide(text, length);
}

bool set_characters(const Code* code, uint8_t* at, int64_t room, Value v, int64_t length) {
  if (code->name == 'c') {
    if (!is_bytes(v)) return raise(exc::TypeError, "expected bytes, %T found", v);
    if (length < 0) length = static_cast<int64_t>(std::strlen(reinterpret_cast<const char*>(as_bytes(v)->data)));
    if (length > room) {
      return raise(exc::ValueError, "bytes too long (%zd, maximum length %zd)", static_cast<ssize_t>(length),
                   static_cast<ssize_t>(room));
    }
    // With the zero behind them where there is room.
    copy_memory(at, as_bytes(v)->data, length < room ? length + 1 : length);
    return true;
  }
  if (!is_str(v)) return raise(exc::TypeError, "unicode string expected instead of %T instance", v);
  if (length < 0) length = as_str(v)->length;
  int64_t most = room / static_cast<int64_t>(sizeof(wchar_t));
  if (length > most) {
    return raise(exc::ValueError, "string too long (%zd, maximum length %zd)", static_cast<ssize_t>(length),
                 static_cast<ssize_t>(most));
  }
  wchar_t* text;
  Ref<> copy = wide_copy(as_str(v), &text);
  if (!copy) return false;
  copy_memory(at, text, (length < most ? length + 1 : length) * static_cast<int64_t>(sizeof(wchar_t)));
  return true;
}

}  // namespace pt::ctypes
