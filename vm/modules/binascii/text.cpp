// binascii: base64 and quoted-printable (RFC 2045).
#include <array>

#include "vm/modules/binascii/binascii.h"

namespace pt::binascii {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr auto kBase64Values = [] {
  std::array<uint8_t, 256> t{};
  for (auto& v : t) v = 255;
  for (unsigned i = 0; i < 64; ++i) t[static_cast<uint8_t>(kBase64[i])] = static_cast<uint8_t>(i);
  return t;
}();

}  // namespace

Ref<> a2b_base64(const Value* a) {
  AsciiArgument text(a[1]);
  bool strict = false;
  if (!text.ok() || !to_flag(a[2], &strict)) return Ref<>();
  int64_t size = text.size();
  const uint8_t* in = text.data();
  if (strict && size > 0 && in[0] == '=') return raise(g_error, "Leading padding not allowed");
  BytesBuilder builder;
  uint8_t* start = builder.reserve((size + 3) / 4 * 3);
  if (!start) return raise_no_memory();
  uint8_t* out = start;
  int64_t i = 0;
  // Whole groups of clean input.
  for (; i + 4 <= size; i += 4) {
    unsigned v0 = kBase64Values[in[i]], v1 = kBase64Values[in[i + 1]], v2 = kBase64Values[in[i + 2]],
             v3 = kBase64Values[in[i + 3]];
    if ((v0 | v1 | v2 | v3) & 0x80) break;
    unsigned group = v0 << 18 | v1 << 12 | v2 << 6 | v3;
    *out++ = static_cast<uint8_t>(group >> 16);
    *out++ = static_cast<uint8_t>(group >> 8);
    *out++ = static_cast<uint8_t>(group);
  }
  int position = 0, pads = 0;
  unsigned left = 0;
  bool padding = false, done = false;
  for (; i < size && !done; ++i) {
    if (in[i] == '=') {
      padding = true;
      if (position >= 2 && position + ++pads >= 4) {
        if (strict && i + 1 < size) return raise(g_error, "Excess data after padding");
        done = true;
      }
      continue;
    }
    unsigned v = kBase64Values[in[i]];
    if (v >= 64) {
      if (strict) return raise(g_error, "Only base64 data is allowed");
      continue;
    }
    if (strict && padding) return raise(g_error, "Discontinuous padding not allowed");
    pads = 0;
    switch (position) {
      case 0: left = v; break;
      case 1:
        *out++ = static_cast<uint8_t>(left << 2 | v >> 4);
        left = v & 15;
        break;
      case 2:
        *out++ = static_cast<uint8_t>(left << 4 | v >> 2);
        left = v & 3;
        break;
      default: *out++ = static_cast<uint8_t>(left << 6 | v); break;
    }
    position = (position + 1) & 3;
  }
  if (position != 0 && !done) {
    if (position == 1) {
      return raise(g_error,
                   "Invalid base64-encoded string: number of data characters (%ld) cannot be 1 more than a multiple of 4",
                   (out - start) / 3 * 4 + 1);
    }
    return raise(g_error, "Incorrect padding");
  }
  builder.advance(out - start);
  return builder.finish();
}

Ref<> b2a_base64(const Value* a) {
  BufferView data(a[1]);
  bool newline = true;
  if (!data.ok() || !to_flag(a[2], &newline)) return Ref<>();
  int64_t size = data.size();
  Ref<Bytes> result = bytes_allocate((size + 2) / 3 * 4 + newline);
  if (!result) return Ref<>();
  const uint8_t* in = data.data();
  uint8_t* out = result->data;
  auto digit = [](unsigned v) { return static_cast<uint8_t>(kBase64[v & 63]); };
  int64_t i = 0;
  for (; i + 3 <= size; i += 3) {
    unsigned group = static_cast<unsigned>(in[i]) << 16 | static_cast<unsigned>(in[i + 1]) << 8 | in[i + 2];
    *out++ = digit(group >> 18);
    *out++ = digit(group >> 12);
    *out++ = digit(group >> 6);
    *out++ = digit(group);
  }
  if (i < size) {
    bool two = i + 2 == size;
    unsigned group = static_cast<unsigned>(in[i]) << 16 | (two ? static_cast<unsigned>(in[i + 1]) << 8 : 0);
    *out++ = digit(group >> 18);
    *out++ = digit(group >> 12);
    *out++ = two ? digit(group >> 6) : uint8_t{'='};
    *out++ = '=';
  }
  if (newline) *out = '\n';
  return result;
}

namespace {
int hex_value(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

Ref<> a2b_qp(const Value* a) {
  AsciiArgument text(a[1]);
  bool header = false;
  if (!text.ok() || !to_flag(a[2], &header)) return Ref<>();
  const uint8_t* in = text.data();
  int64_t size = text.size(), i = 0;
  BytesBuilder out;
  bool ok = true;
  while (ok && i < size) {
    uint8_t c = in[i++];
    if (c != '=') {
      ok = out.append_byte(header && c == '_' ? ' ' : c);
      continue;
    }
    if (i >= size) break;
    c = in[i];
    if (c == '\n' || c == '\r') {
      while (i < size && in[i] != '\n') ++i;  // soft line break
      if (i < size) ++i;
    } else if (c == '=') {
      ok = out.append_byte('=');
      ++i;
    } else if (i + 1 < size && hex_value(c) >= 0 && hex_value(in[i + 1]) >= 0) {
      ok = out.append_byte(static_cast<uint8_t>(hex_value(c) << 4 | hex_value(in[i + 1])));
      i += 2;
    } else {
      ok = out.append_byte('=');
    }
  }
  return ok ? Ref<>(out.finish()) : Ref<>(raise_no_memory());
}

Ref<> b2a_qp(const Value* a) {
  BufferView data(a[1]);
  bool quote_tabs = false, is_text = true, header = false;
  if (!data.ok() || !to_flag(a[2], &quote_tabs) || !to_flag(a[3], &is_text) || !to_flag(a[4], &header)) return Ref<>();
  constexpr int64_t kLineLimit = 76;
  const uint8_t* in = data.data();
  int64_t size = data.size(), line = 0;
  size_t first_newline = data.view().find('\n');
  // All line ends follow the first one.
  bool crlf = first_newline != std::string_view::npos && first_newline > 0 && in[first_newline - 1] == '\r';
  BytesBuilder out;
  bool ok = true;
  uint8_t last = 0;  // what was written last, when it came as it is
  auto put = [&](std::string_view s) { ok = ok && out.append(s); };
  auto put_hex = [&](uint8_t c) {
    const char* digits = "0123456789ABCDEF";
    const char piece[3] = {'=', digits[c >> 4], digits[c & 15]};
    put({piece, 3});
  };
  auto soft_break = [&] {
    put(crlf ? "=\r\n" : "=\n");
    line = 0;
  };
  bool pending = false;  // `last` is not written yet: white space at the end of a line must be quoted
  auto flush = [&] {
    if (pending) put({reinterpret_cast<const char*>(&last), 1});
    pending = false;
  };
  for (int64_t i = 0; ok && i < size;) {
    uint8_t c = in[i];
    bool at_end = i + 1 == size;
    uint8_t following = at_end ? 0 : in[i + 1];
    bool quote = c > 126 || c == '=' || (header && c == '_') ||
                 (c == '.' && line == 0 && (at_end || following == '\n' || following == '\r' || following == 0)) ||
                 (!is_text && (c == '\r' || c == '\n')) || ((c == '\t' || c == ' ') && at_end) ||
                 (c < 33 && c != '\r' && c != '\n' && (quote_tabs || (c != '\t' && c != ' ')));
    if (quote) {
      flush();
      if (line + 3 >= kLineLimit) soft_break();
      put_hex(c);
      line += 3;
      ++i;
    } else if (is_text && (c == '\n' || (c == '\r' && following == '\n'))) {
      if (pending && (last == ' ' || last == '\t')) {
        pending = false;
        put_hex(last);
      }
      flush();
      put(crlf ? "\r\n" : "\n");
      line = 0;
      i += c == '\r' ? 2 : 1;
    } else {
      flush();
      if (!at_end && following != '\n' && line + 1 >= kLineLimit) soft_break();
      ++line;
      last = header && c == ' ' ? uint8_t{'_'} : c;
      pending = true;
      ++i;
    }
  }
  flush();
  return ok ? Ref<>(out.finish()) : Ref<>(raise_no_memory());
}

}  // namespace pt::binascii
