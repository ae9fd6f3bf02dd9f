// Parsing of struct formats; packing and unpacking of items.
#include "vm/modules/struct/format.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "vm/modules/support.h"
#include "vm/object/buffer.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt::structs {

constinit Type layout_type = {};
constinit Type* g_error = nullptr;

const TypeSpec layout_spec = {
    .name = "_struct._layout",
    .size = sizeof(Layout),
    .item_size = sizeof(Item),
    .flags = kTypeNoInstantiate,
};

namespace {

struct CodeInfo {
  ItemKind kind;
  uint8_t size;  // 0: no such code
};
CodeInfo code_info(char code, bool native) {
  switch (code) {
    case 'x': return {kPad, 1};
    case 'c': return {kChar, 1};
    case 's': return {kText, 1};
    case 'p': return {kPascal, 1};
    case 'b': return {kSigned, 1};
    case 'B': return {kUnsigned, 1};
    case '?': return {kBool, 1};
    case 'h': return {kSigned, 2};
    case 'H': return {kUnsigned, 2};
    case 'e': return {kHalf, 2};
    case 'i': return {kSigned, 4};
    case 'I': return {kUnsigned, 4};
    case 'l': return {kSigned, static_cast<uint8_t>(native ? 8 : 4)};
    case 'L': return {kUnsigned, static_cast<uint8_t>(native ? 8 : 4)};
    case 'q': return {kSigned, 8};
    case 'Q': return {kUnsigned, 8};
    case 'f': return {kFloat, 4};
    case 'd': return {kDouble, 8};
    case 'n': return {kSigned, static_cast<uint8_t>(native ? 8 : 0)};
    case 'N': return {kUnsigned, static_cast<uint8_t>(native ? 8 : 0)};
    case 'P': return {kPointer, static_cast<uint8_t>(native ? 8 : 0)};
    default: return {kPad, 0};
  }
}
bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Codes that align in native mode, by their size.
bool aligns(ItemKind kind) { return kind >= kSigned; }

struct Parsed {
  int64_t size = 0, values = 0, items = 0;
};
// One pass counts (out == nullptr), the other fills.
bool parse(std::string_view text, Parsed* result, Item* out) {
  bool native = true, swap = false, align = true;
  size_t at = 0;
  if (!text.empty()) {
    bool prefix = true;
    switch (text[0]) {
      case '<': native = align = false; break;
      case '>':
      case '!':
        native = align = false;
        swap = true;
        break;
      case '=': native = align = false; break;
      case '@': break;
      default: prefix = false; break;
    }
    at = prefix;
  }
  constexpr int64_t kMax = INT64_MAX;
  auto too_long = [] { return raise(g_error, "total struct size too long"); };
  *result = {};
  while (at < text.size()) {
    char c = text[at++];
    if (is_white(c)) continue;
    int64_t count = 1;
    if (is_digit(c)) {
      count = c - '0';
      while (at < text.size() && is_digit(text[at])) {
        int digit = text[at++] - '0';
        if (count >= kMax / 10 && (count > kMax / 10 || digit > kMax % 10)) return too_long();
        count = count * 10 + digit;
      }
      if (at >= text.size()) return raise(g_error, "repeat count given without format specifier");
      c = text[at++];
    }
    CodeInfo info = code_info(c, native);
    if (!info.size) return raise(g_error, "bad char in struct format");
    if (align && aligns(info.kind)) {
      int64_t mask = info.size - 1;
      if (result->size > kMax - mask) return too_long();
      result->size = (result->size + mask) & ~mask;
    }
    if (count > (kMax - result->size) / info.size) return too_long();
    bool one = info.kind == kText || info.kind == kPascal;
    if (info.kind != kPad && (one || count)) {
      if (out) {
        out[result->items] = {info.kind, c, swap, !native, one ? count : info.size, result->size, one ? 1 : count};
      }
      ++result->items;
      result->values += one ? 1 : count;
    }
    result->size += count * info.size;
  }
  return true;
}

}  // namespace

Ref<Layout> parse_layout(Value format) {
  Ref<Bytes> encoded;
  std::string_view text;
  if (is_str(format)) {
    Str* s = as_str(format);
    if (!s->ascii) {
      (void)call_method(format, "encode", {Value::object(intern("ascii"))});  // raises UnicodeEncodeError
      return nullptr;
    }
    text = s->ascii_view();
  } else if (is_bytes(format)) {
    text = as_bytes(format)->view();
  } else {
    return raise(exc::TypeError, "Struct() argument 1 must be a str or bytes object, not %T", format);
  }
  if (text.find('\0') != std::string_view::npos) return raise(g_error, "embedded null character");
  Parsed parsed;
  if (!parse(text, &parsed, nullptr)) return nullptr;
  Ref<Layout> layout = allocate<Layout>(&layout_type, static_cast<size_t>(parsed.items));
  if (!layout) return layout;
  layout->length = parsed.items;
  layout->size = parsed.size;
  layout->values = parsed.values;
  (void)parse(text, &parsed, layout->items);
  return layout;
}

namespace {

void store(const Item& item, uint64_t bits, uint8_t* at) {
  if (item.swap) bits = __builtin_bswap64(bits) >> (64 - 8 * item.size);
  std::memcpy(at, &bits, static_cast<size_t>(item.size));
}
uint64_t fetch(const Item& item, const uint8_t* at) {
  uint64_t bits = 0;
  std::memcpy(&bits, at, static_cast<size_t>(item.size));
  return item.swap ? __builtin_bswap64(bits) >> (64 - 8 * item.size) : bits;
}

Raised out_of_range(const Item& item) {
  const char* name = item.kind == kSigned ? (item.size == 1 ? "byte" : "short") : (item.size == 1 ? "ubyte" : "ushort");
  int64_t low = item.kind == kSigned ? -(int64_t{1} << (8 * item.size - 1)) : 0;
  int64_t high = item.kind == kSigned ? -(low + 1) : (int64_t{1} << (8 * item.size)) - 1;
  if (item.size <= 2) return raise(g_error, "%s format requires %ld <= number <= %ld", name, low, high);
  return raise(g_error, "'%c' format requires %ld <= number <= %ld", item.code, low, high);
}

bool pack_integer(const Item& item, Value v, uint8_t* at) {
  Ref<> holder;
  if (!is_int(v)) {
    if (!type_of(v)->slots.unary[static_cast<int>(UnaryOp::kIndex)]) {
      return raise(g_error, "required argument is not an integer");
    }
    holder = index(v);
    if (!holder) return false;
    v = holder.value();
  }
  if (item.kind == kSigned || (item.kind == kUnsigned && item.size <= 2)) {
    int64_t i;
    if (!int_to_int64(v, &i)) return raise(g_error, "argument out of range");
    if (item.size < 8) {
      int64_t low = item.kind == kSigned ? -(int64_t{1} << (8 * item.size - 1)) : 0;
      int64_t high = item.kind == kSigned ? -(low + 1) : (int64_t{1} << (8 * item.size)) - 1;
      if (i < low || i > high) return out_of_range(item);
    }
    store(item, static_cast<uint64_t>(i), at);
    return true;
  }
  uint64_t u;
  if (item.kind == kPointer) {
    int64_t i;
    if (int_to_int64(v, &i)) {
      u = static_cast<uint64_t>(i);
    } else if (!int_to_uint64(v, &u)) {
      return raise(g_error, "int too large to convert");
    }
  } else {
    if (int_sign(v) < 0 || !int_to_uint64(v, &u)) return raise(g_error, "argument out of range");
    if (item.size < 8 && u >> (8 * item.size)) return out_of_range(item);
  }
  store(item, u, at);
  return true;
}

bool pack_real(const Item& item, Value v, uint8_t* at) {
  double x;
  if (!to_double(v, &x)) {
    clear_error();
    return raise(g_error, "required argument is not a float");
  }
  if (item.kind == kDouble) {
    store(item, std::bit_cast<uint64_t>(x), at);
  } else if (item.kind == kFloat) {
    auto narrow = static_cast<float>(x);
    if (item.standard && std::isinf(narrow) && !std::isinf(x)) {
      return raise(exc::OverflowError, "float too large to pack with f format");
    }
    store(item, std::bit_cast<uint32_t>(narrow), at);
  } else {
    uint16_t bits;
    if (!half_from_double(x, &bits)) return raise(exc::OverflowError, "float too large to pack with e format");
    store(item, bits, at);
  }
  return true;
}

// Bytes or bytearray behind 's' and 'p'. The data is copied at once: a bytearray may change.
bool pack_text(const Item& item, Value v, uint8_t* at) {
  if (!is_bytes(v) && !is_instance_of(v, &bytearray_type)) {
    return raise(g_error, "argument for '%c' must be a bytes object", item.code);
  }
  BufferView view(v);
  if (!view.ok()) return false;
  int64_t room = item.size, length = view.size();
  if (item.kind == kPascal) {
    if (room == 0) return true;
    --room;
    if (length > room) length = room;
    *at++ = static_cast<uint8_t>(length < 255 ? length : 255);
  }
  if (length > room) length = room;
  std::memcpy(at, view.data(), static_cast<size_t>(length));
  return true;
}

bool pack_one(const Item& item, Value v, uint8_t* at) {
  switch (item.kind) {
    case kSigned:
    case kUnsigned:
    case kPointer: return pack_integer(item, v, at);
    case kHalf:
    case kFloat:
    case kDouble: return pack_real(item, v, at);
    case kText:
    case kPascal: return pack_text(item, v, at);
    case kChar:
      if (!is_bytes(v) || as_bytes(v)->length != 1) {
        return raise(g_error, "char format requires a bytes object of length 1");
      }
      *at = as_bytes(v)->data[0];
      return true;
    case kBool: {
      int t = truth(v);
      if (t < 0) return false;
      *at = static_cast<uint8_t>(t);
      return true;
    }
    case kPad: break;
  }
  return true;
}

Ref<> unpack_one(const Item& item, const uint8_t* at) {
  switch (item.kind) {
    case kSigned: {
      auto shift = static_cast<unsigned>(64 - 8 * item.size);
      return int_from_int64(static_cast<int64_t>(fetch(item, at) << shift) >> shift);
    }
    case kUnsigned:
    case kPointer: return int_from_uint64(fetch(item, at));
    case kHalf: return float_from_double(double_from_half(static_cast<uint16_t>(fetch(item, at))));
    case kFloat: return float_from_double(std::bit_cast<float>(static_cast<uint32_t>(fetch(item, at))));
    case kDouble: return float_from_double(std::bit_cast<double>(fetch(item, at)));
    case kBool: return bool_ref(*at != 0);
    case kPascal: {
      if (item.size == 0) return bytes_from({});
      int64_t length = *at < item.size ? *at : item.size - 1;
      return bytes_from({reinterpret_cast<const char*>(at + 1), static_cast<size_t>(length)});
    }
    default: return bytes_from({reinterpret_cast<const char*>(at), static_cast<size_t>(item.size)});
  }
}

}  // namespace

bool pack_values(const Layout* layout, const Value* values, uint8_t* out) {
  std::memset(out, 0, static_cast<size_t>(layout->size));
  for (int64_t i = 0; i < layout->length; ++i) {
    const Item& item = layout->items[i];
    uint8_t* at = out + item.offset;
    for (int64_t k = 0; k < item.repeat; ++k, at += item.size) {
      if (!pack_one(item, *values++, at)) return false;
    }
  }
  return true;
}

Ref<> unpack_values(const Layout* layout, const uint8_t* data) {
  Ref<Tuple> result = tuple_allocate(layout->values);
  if (!result) return Ref<>();
  int64_t filled = 0;
  for (int64_t i = 0; i < layout->length; ++i) {
    const Item& item = layout->items[i];
    const uint8_t* at = data + item.offset;
    for (int64_t k = 0; k < item.repeat; ++k, at += item.size) {
      Ref<> value = unpack_one(item, at);
      if (!value) return value;
      result->items[filled++].init(std::move(value));
    }
  }
  return result;
}

}  // namespace pt::structs
