#include "vm/types/memoryview_format.h"

#include <cstring>

#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int.h"

namespace pt {

namespace {

template <class T>
T read(const uint8_t* p) {
  T value;
  memcpy(&value, p, sizeof value);
  return value;
}

struct Code {
  char code;
  int8_t size;
  char kind;  // 's'igned, 'u'nsigned, 'f'loat, 'b'ool, 'c'haracter
};
constexpr Code kCodes[] = {
    {'c', 1, 'c'}, {'b', 1, 's'}, {'B', 1, 'u'}, {'?', 1, 'b'}, {'h', 2, 's'}, {'H', 2, 'u'},
    {'i', 4, 's'}, {'I', 4, 'u'}, {'l', 8, 's'}, {'L', 8, 'u'}, {'q', 8, 's'}, {'Q', 8, 'u'},
    {'n', 8, 's'}, {'N', 8, 'u'}, {'f', 4, 'f'}, {'d', 8, 'f'}, {'P', 8, 'u'},
};
const Code* find_code(char c) {
  for (const Code& row : kCodes) {
    if (row.code == c) return &row;
  }
  return nullptr;
}

Ref<> unpack(const Code& code, const uint8_t* p) {
  switch (code.kind) {
    case 'c': return bytes_from({reinterpret_cast<const char*>(p), 1});
    case 'b': return bool_ref(*p != 0);
    case 'f': return float_from_double(code.size == 4 ? static_cast<double>(read<float>(p)) : read<double>(p));
    case 's':
      switch (code.size) {
        case 1: return int_from_int64(read<int8_t>(p));
        case 2: return int_from_int64(read<int16_t>(p));
        case 4: return int_from_int64(read<int32_t>(p));
        default: return int_from_int64(read<int64_t>(p));
      }
    default:
      switch (code.size) {
        case 1: return int_from_int64(*p);
        case 2: return int_from_int64(read<uint16_t>(p));
        case 4: return int_from_int64(read<uint32_t>(p));
        default: return int_from_uint64(read<uint64_t>(p));
      }
  }
}

bool invalid(const char* what, const char* format) {
  return raise(what[0] == 't' ? exc::TypeError : exc::ValueError, "memoryview: invalid %s for format '%s'", what, format);
}

}  // namespace

char native_format(const char* format, int64_t* size) {
  if (*format == '@') format++;
  const Code* code = format[0] && !format[1] ? find_code(format[0]) : nullptr;
  if (!code) return 0;
  if (size) *size = code->size;
  return code->code;
}

Ref<> unpack_item(const char* format, const uint8_t* item) {
  char c = native_format(format, nullptr);
  if (!c) return raise(exc::NotImplementedError, "memoryview: format %s not supported", format);
  return unpack(*find_code(c), item);
}

bool pack_item(const char* format, uint8_t* item, Value v) {
  char c = native_format(format, nullptr);
  if (!c) return raise(exc::NotImplementedError, "memoryview: format %s not supported", format);
  const Code& code = *find_code(c);
  switch (code.kind) {
    case 'c':
      if (!is_bytes(v)) return invalid("type", format);
      if (as_bytes(v)->length != 1) return invalid("value", format);
      *item = as_bytes(v)->data[0];
      return true;
    case 'b': {
      int result = truth(v);
      if (result < 0) return false;
      *item = static_cast<uint8_t>(result);
      return true;
    }
    case 'f': {
      double d;
      if (!to_double(v, &d)) return clear_if(exc::TypeError) ? invalid("type", format) : false;
      if (code.size == 4) {
        float f = static_cast<float>(d);
        memcpy(item, &f, 4);
      } else {
        memcpy(item, &d, 8);
      }
      return true;
    }
    default: break;
  }
  Ref<> number = index(v);
  if (!number) return clear_if(exc::TypeError) ? invalid("type", format) : false;
  int bits = code.size * 8;
  if (code.kind == 's') {
    int64_t i;
    if (!int_to_int64(number.value(), &i) || (bits < 64 && (i < -(int64_t{1} << (bits - 1)) || i >= int64_t{1} << (bits - 1)))) {
      return invalid("value", format);
    }
    memcpy(item, &i, static_cast<size_t>(code.size));
    return true;
  }
  uint64_t u;
  int64_t i;
  // Pointers may be given as negative numbers.
  if (code.code == 'P' && int_to_int64(number.value(), &i)) {
    memcpy(item, &i, 8);
    return true;
  }
  if (!int_to_uint64(number.value(), &u) || (bits < 64 && u >> bits)) return invalid("value", format);
  memcpy(item, &u, static_cast<size_t>(code.size));
  return true;
}

Ref<> unpack_any(const char* format, const uint8_t* item, int64_t item_size) {
  int64_t size;
  if (char c = native_format(format, &size)) return size == item_size ? unpack(*find_code(c), item) : Ref<>();
  char order = format[0];
  if ((order != '<' && order != '>' && order != '=' && order != '!') || !format[1] || format[2]) return Ref<>();
  const Code* found = find_code(format[1]);
  if (!found || format[1] == 'n' || format[1] == 'N' || format[1] == 'P') return Ref<>();
  Code code = *found;
  if (code.code == 'l' || code.code == 'L') code.size = 4;  // the standard size
  if (code.size != item_size) return Ref<>();
  uint8_t swapped[8];
  bool big = order == '>' || order == '!';
  for (int i = 0; i < code.size; i++) swapped[i] = item[big ? code.size - 1 - i : i];
  return unpack(code, swapped);
}

}  // namespace pt
