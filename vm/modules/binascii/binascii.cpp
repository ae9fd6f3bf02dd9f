// binascii: hexadecimal, checksums, quoted-printable, uuencode; and the module's table.
#include "vm/modules/binascii/binascii.h"

#include <array>
#include <cstring>

#include "vm/types/int.h"

namespace pt {

namespace binascii {

constinit Type* g_error = nullptr;
constinit Type* g_incomplete = nullptr;

AsciiArgument::AsciiArgument(Value v) {
  if (is_str(v)) {
    if (!as_str(v)->ascii) {
      raise(exc::ValueError, "string argument should contain only ASCII characters");
      return;
    }
    text_ = as_str(v)->ascii_view();
    ok_ = true;
    return;
  }
  if (!get_buffer(v, &buffer_, kBufferSimple)) {
    if (pending_matches(exc::TypeError)) {
      clear_error();
      raise(exc::TypeError, "argument should be bytes, buffer or ASCII string, not '%T'", v);
    }
    return;
  }
  held_ = ok_ = true;
  text_ = {static_cast<const char*>(buffer_.data), static_cast<size_t>(buffer_.length)};
}
AsciiArgument::~AsciiArgument() {
  if (held_) release_buffer(&buffer_);
}

}  // namespace binascii

namespace {

using namespace binascii;

// ---- hexadecimal -------------------------------------------------------------------------------------------------

constexpr char kHexDigits[] = "0123456789abcdef";

int hex_value(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Ref<> hexlify(const Value* a) {
  BufferView data(a[1]);
  if (!data.ok()) return Ref<>();
  int64_t group = 1;
  int separator = -1;
  if (!a[2].empty()) {
    int64_t size = length(a[2]);
    if (size < 0) return Ref<>();
    if (size != 1) return raise(exc::ValueError, "sep must be length 1.");
    if (is_str(a[2])) {
      if (as_str(a[2])->kind != 1) return raise(exc::ValueError, "sep must be ASCII.");
      separator = as_str(a[2])->data1()[0];
    } else if (is_bytes(a[2])) {
      separator = as_bytes(a[2])->data[0];
    } else {
      return raise(exc::TypeError, "sep must be str or bytes.");
    }
  }
  int group_argument = 1;
  if (!a[3].empty() && !to_cint(a[3], &group_argument)) return Ref<>();
  group = group_argument < 0 ? -static_cast<int64_t>(group_argument) : group_argument;
  int64_t size = data.size();
  int64_t separators = separator >= 0 && group && size ? (size - 1) / group : 0;
  Ref<Bytes> result = bytes_allocate(2 * size + separators);
  if (!result) return Ref<>();
  uint8_t* out = result->data;
  // Groups count from the right, or from the left when negative.
  int64_t until_separator = separators ? (group_argument < 0 ? group : (size - 1) % group + 1) : size + 1;
  for (int64_t i = 0; i < size; ++i) {
    if (until_separator-- == 0) {
      *out++ = static_cast<uint8_t>(separator);
      until_separator = group - 1;
    }
    uint8_t byte = data.data()[i];
    *out++ = static_cast<uint8_t>(kHexDigits[byte >> 4]);
    *out++ = static_cast<uint8_t>(kHexDigits[byte & 15]);
  }
  return result;
}

Ref<> unhexlify(const Value* a) {
  AsciiArgument text(a[1]);
  if (!text.ok()) return Ref<>();
  if (text.size() % 2) return raise(g_error, "Odd-length string");
  Ref<Bytes> result = bytes_allocate(text.size() / 2);
  if (!result) return Ref<>();
  for (int64_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(text.data()[i]), low = hex_value(text.data()[i + 1]);
    if (high < 0 || low < 0) return raise(g_error, "Non-hexadecimal digit found");
    result->data[i / 2] = static_cast<uint8_t>(high << 4 | low);
  }
  return result;
}

// ---- checksums ---------------------------------------------------------------------------------------------------

// Eight tables for the reflected polynomial 0xEDB88320, so that a step takes eight bytes.
constexpr auto kCrcTables = [] {
  std::array<std::array<uint32_t, 256>, 8> t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    t[0][i] = c;
  }
  for (uint32_t i = 0; i < 256; ++i) {
    for (size_t k = 1; k < 8; ++k) t[k][i] = t[0][t[k - 1][i] & 255] ^ (t[k - 1][i] >> 8);
  }
  return t;
}();

uint32_t crc32_update(uint32_t crc, const uint8_t* p, int64_t n) {
  const auto& t = kCrcTables;
  crc = ~crc;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    word ^= crc;
    crc = t[7][word & 255] ^ t[6][word >> 8 & 255] ^ t[5][word >> 16 & 255] ^ t[4][word >> 24 & 255] ^ t[3][word >> 32 & 255] ^
          t[2][word >> 40 & 255] ^ t[1][word >> 48 & 255] ^ t[0][word >> 56];
  }
  for (; n > 0; --n) crc = t[0][(crc ^ *p++) & 255] ^ (crc >> 8);
  return ~crc;
}

// The low 32 bits of an int argument.
bool low_word(Value v, uint32_t* out) {
  if (v.empty()) return true;
  Ref<> i = index(v);
  if (!i) return false;
  IntView view(i.value());
  uint64_t limb = view.limb_count() ? view.limbs()[0] : 0;
  *out = static_cast<uint32_t>(view.negative() ? uint64_t{0} - limb : limb);
  return true;
}

Ref<> crc32(const Value* a) {
  BufferView data(a[1]);
  uint32_t crc = 0;
  if (!data.ok() || !low_word(a[2], &crc)) return Ref<>();
  uint32_t result;
  if (data.size() > 65536) {
    Detached detached;
    result = crc32_update(crc, data.data(), data.size());
  } else {
    result = crc32_update(crc, data.data(), data.size());
  }
  return int_from_int64(result);
}
Ref<> crc_hqx(const Value* a) {
  BufferView data(a[1]);
  uint32_t crc = 0;
  if (!data.ok() || !low_word(a[2], &crc)) return Ref<>();
  crc &= 0xffff;
  for (int64_t i = 0; i < data.size(); ++i) {
    crc ^= static_cast<uint32_t>(data.data()[i]) << 8;
    for (int k = 0; k < 8; ++k) crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
  }
  return int_from_int64(crc);
}

// ---- uuencode ----------------------------------------------------------------------------------------------------

Ref<> a2b_uu(const Value* a) {
  AsciiArgument text(a[1]);
  if (!text.ok()) return Ref<>();
  const uint8_t* in = text.data();
  int64_t left = text.size();
  // The first character gives the length; an empty line is one of length zero.
  int64_t wanted = left > 0 ? (*in++ - ' ') & 077 : 32 & 077;
  if (left > 0) --left;
  if (text.size() == 0) wanted = 32;
  Ref<Bytes> result = bytes_allocate(wanted);
  if (!result) return Ref<>();
  int64_t produced = 0;
  unsigned bits = 0;
  int bit_count = 0;
  for (; produced < wanted; --left, ++in) {
    unsigned c = left > 0 ? *in : 0;
    if (c == '\n' || c == '\r' || left <= 0) {
      c = 0;  // white space may have been lost from the end of the line
    } else {
      // The grave accent stands for a space.
      if (c < ' ' || c > ' ' + 64) return raise(g_error, "Illegal char");
      c = (c - ' ') & 077;
    }
    bits = bits << 6 | c;
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      result->data[produced++] = static_cast<uint8_t>(bits >> bit_count);
      bits &= (1u << bit_count) - 1;
    }
  }
  for (; left > 0; --left) {
    uint8_t c = *in++;
    if (c != ' ' && c != ' ' + 64 && c != '\n' && c != '\r') return raise(g_error, "Trailing garbage");
  }
  return result;
}

Ref<> b2a_uu(const Value* a) {
  BufferView data(a[1]);
  bool backtick = false;
  if (!data.ok() || !to_flag(a[2], &backtick)) return Ref<>();
  int64_t size = data.size();
  if (size > 45) return raise(g_error, "At most 45 bytes at once");
  Ref<Bytes> result = bytes_allocate(2 + (size + 2) / 3 * 4);
  if (!result) return Ref<>();
  uint8_t* out = result->data;
  auto encode = [&](unsigned v) { return static_cast<uint8_t>(backtick && v == 0 ? '`' : v + ' '); };
  *out++ = encode(static_cast<unsigned>(size));
  for (int64_t i = 0; i < size; i += 3) {
    auto byte = [&](int64_t k) { return k < size ? static_cast<unsigned>(data.data()[k]) : 0u; };
    unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = encode(group >> shift & 077);
  }
  *out = '\n';
  return result;
}

#define SEP_SIGNATURE "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)"
const NativeDef kFunctions[] = {
    {"a2b_uu", "($module, data, /)", a2b_uu, "Decode a line of uuencoded data."},
    {"b2a_uu", "($module, data, /, *, backtick=False)", b2a_uu, "Uuencode line of data."},
    {"a2b_base64", "($module, data, /, *, strict_mode=False)", a2b_base64, "Decode a line of base64 data."},
    {"b2a_base64", "($module, data, /, *, newline=True)", b2a_base64, "Base64-code line of data."},
    {"b2a_hex", SEP_SIGNATURE, hexlify, "Hexadecimal representation of binary data."},
    {"hexlify", SEP_SIGNATURE, hexlify, "Hexadecimal representation of binary data."},
    {"a2b_hex", "($module, hexstr, /)", unhexlify, "Binary data of hexadecimal representation."},
    {"unhexlify", "($module, hexstr, /)", unhexlify, "Binary data of hexadecimal representation."},
    {"crc_hqx", "($module, data, crc, /)", crc_hqx, "Compute CRC-CCITT incrementally."},
    {"crc32", "($module, data, crc=0, /)", crc32, "Compute CRC-32 incrementally."},
    {"a2b_qp", "($module, /, data, header=False)", a2b_qp, "Decode a string of qp-encoded data."},
    {"b2a_qp", "($module, /, data, quotetabs=False, istext=True, header=False)", b2a_qp,
     "Encode a string using quoted-printable encoding."},
    {}};

bool execute(Module* module) {
  if (!g_error) {
    Ref<> error = make_exception_class("binascii.Error", Value::object(exc::ValueError));
    Ref<> incomplete = make_exception_class("binascii.Incomplete", Value::object(exc::Exception));
    if (!error || !incomplete) return false;
    g_error = object_of<Type>(error.value());
    g_incomplete = object_of<Type>(incomplete.value());
    (void)error.take();
    (void)incomplete.take();
  }
  return module_add(module, "Error", Ref<>::retain(Value::object(g_error))) &&
         module_add(module, "Incomplete", Ref<>::retain(Value::object(g_incomplete)));
}

}  // namespace

extern const NativeModule binascii_module;
const NativeModule binascii_module = {"binascii", "Conversion between binary data and ASCII", kFunctions, execute};

}  // namespace pt
