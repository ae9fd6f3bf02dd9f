// UTF-16, UTF-32 and UTF-7.
#include "vm/types/codecs.h"
#include "vm/types/str_data.h"

namespace pt {

namespace {

bool is_surrogate(uint32_t c) { return (c & 0xFFFFF800u) == 0xD800; }
bool is_high(uint32_t c) { return (c & 0xFFFFFC00u) == 0xD800; }
bool is_low(uint32_t c) { return (c & 0xFFFFFC00u) == 0xDC00; }

class UnitWriter {
 public:
  UnitWriter(int unit, bool big) : unit_(unit), big_(big) {}
  bool put(uint32_t c) {
    if (unit_ == 2 && c > 0xFFFF) {
      c -= 0x10000;
      return write(0xD800 | c >> 10) && write(0xDC00 | (c & 0x3FF));
    }
    return write(c);
  }
  BytesBuilder out;

 private:
  bool write(uint32_t c) {
    uint8_t* p = out.reserve(unit_);
    if (!p) return false;
    for (int i = 0; i < unit_; i++) p[i] = static_cast<uint8_t>(c >> (8 * (big_ ? unit_ - 1 - i : i)));
    out.advance(unit_);
    return true;
  }
  int unit_;
  bool big_;
};

Ref<Bytes> encode_units(Str* s, Str* errors, int order, int unit) {
  const char* name = unit == 2 ? (order == 0  ? "utf-16"
                                  : order < 0 ? "utf-16-le"
                                              : "utf-16-be")
                               : (order == 0  ? "utf-32"
                                  : order < 0 ? "utf-32-le"
                                              : "utf-32-be");
  Encoding encoding =
      unit == 2 ? (order > 0 ? Encoding::kUtf16Be : Encoding::kUtf16Le) : (order > 0 ? Encoding::kUtf32Be : Encoding::kUtf32Le);
  Encoder run(name, encoding, s, errors);
  UnitWriter writer(unit, order > 0);
  if (s->length < INT64_MAX / 8 && !writer.out.reserve(s->length * unit)) return raise_no_memory();
  if (order == 0 && !writer.put(0xFEFF)) return raise_no_memory();
  int64_t i = 0;
  while (i < s->length) {
    uint32_t c = s->at(i);
    if (!is_surrogate(c)) {
      if (!writer.put(c)) return raise_no_memory();
      i++;
      continue;
    }
    int64_t start = i;
    Ref<> replacement;
    i = run.handle(start, start + 1, "surrogates not allowed", &replacement);
    if (i < 0) return nullptr;
    if (is_bytes(replacement.value())) {
      std::string_view bytes = as_bytes(replacement.value())->view();
      if (bytes.size() % static_cast<size_t>(unit)) return run.fail(start, start + 1, "surrogates not allowed");
      if (!writer.out.append(bytes)) return raise_no_memory();
      continue;
    }
    Str* text = as_str(replacement.value());
    if (!text->ascii) return run.fail(start, start + 1, "surrogates not allowed");
    for (char a : text->ascii_view()) {
      if (!writer.put(static_cast<uint8_t>(a))) return raise_no_memory();
    }
  }
  return writer.out.finish();
}

uint32_t read16(const uint8_t* p, bool big) { return big ? uint32_t{p[0]} << 8 | p[1] : uint32_t{p[1]} << 8 | p[0]; }
uint32_t read32(const uint8_t* p, bool big) {
  return big ? read16(p, true) << 16 | read16(p + 2, true) : read16(p + 2, false) << 16 | read16(p, false);
}

}  // namespace

Ref<Bytes> utf16_encode(Str* text, Str* errors, int order) { return encode_units(text, errors, order, 2); }
Ref<Bytes> utf32_encode(Str* text, Str* errors, int order) { return encode_units(text, errors, order, 4); }

Ref<Str> utf16_decode(std::string_view input, Str* errors, int* byte_order, bool final, int64_t* consumed) {
  int order = *byte_order;
  int64_t i = 0;
  if (order == 0 && input.size() >= 2) {
    uint32_t mark = read16(reinterpret_cast<const uint8_t*>(input.data()), false);
    if (mark == 0xFEFF) order = -1;
    if (mark == 0xFFFE) order = 1;
    if (order) i = 2;
  }
  bool big = order > 0;
  Decoding run(big ? "utf-16-be" : "utf-16-le", big ? Encoding::kUtf16Be : Encoding::kUtf16Le, input, errors);
  StrBuilder out;
  while (i < run.size) {
    const char* problem;
    int64_t end;
    if (run.size - i < 2) {
      if (!final) break;
      problem = "truncated data";
      end = run.size;
    } else {
      uint32_t c = read16(run.data + i, big);
      if (!is_surrogate(c)) {
        if (!out.append_code_point(c)) return raise_no_memory();
        i += 2;
        continue;
      }
      end = i + 2;
      if (!is_high(c)) {
        problem = "illegal encoding";
      } else if (run.size - i < 4) {
        if (!final) break;
        problem = "unexpected end of data";
        end = run.size;
      } else {
        uint32_t low = read16(run.data + i + 2, big);
        if (is_low(low)) {
          if (!out.append_code_point(0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF)))) return raise_no_memory();
          i += 4;
          continue;
        }
        problem = "illegal UTF-16 surrogate";
      }
    }
    i = run.handle(i, end, problem, out);
    if (i < 0) return nullptr;
  }
  *byte_order = order;
  if (consumed) *consumed = i;
  return out.finish();
}

Ref<Str> utf32_decode(std::string_view input, Str* errors, int* byte_order, bool final, int64_t* consumed) {
  int order = *byte_order;
  int64_t i = 0;
  if (order == 0 && input.size() >= 4) {
    uint32_t mark = read32(reinterpret_cast<const uint8_t*>(input.data()), false);
    if (mark == 0xFEFF) order = -1;
    if (mark == 0xFFFE0000u) order = 1;
    if (order) i = 4;
  }
  bool big = order > 0;
  Decoding run(big ? "utf-32-be" : "utf-32-le", big ? Encoding::kUtf32Be : Encoding::kUtf32Le, input, errors);
  StrBuilder out;
  while (i < run.size) {
    const char* problem;
    int64_t end = i + 4;
    if (run.size - i < 4) {
      if (!final) break;
      problem = "truncated data";
      end = run.size;
    } else {
      uint32_t c = read32(run.data + i, big);
      if (c <= 0x10FFFF && !is_surrogate(c)) {
        if (!out.append_code_point(c)) return raise_no_memory();
        i += 4;
        continue;
      }
      problem = c > 0x10FFFF ? "code point not in range(0x110000)" : "code point in surrogate code point range(0xd800, 0xe000)";
    }
    i = run.handle(i, end, problem, out);
    if (i < 0) return nullptr;
  }
  *byte_order = order;
  if (consumed) *consumed = i;
  return out.finish();
}

// ---- UTF-7 (RFC 2152) ----------------------------------------------------------------------------------------------
namespace {

int base64_value(uint32_t c) {
  if (c - 'A' < 26) return static_cast<int>(c - 'A');
  if (c - 'a' < 26) return static_cast<int>(c - 'a' + 26);
  if (c - '0' < 10) return static_cast<int>(c - '0' + 52);
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}
char base64_digit(uint32_t n) { return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[n & 63]; }
// What is written as it is: all of ASCII but '+', backslash, tilde and most controls.
bool is_direct(uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || c == 0 || (c >= ' ' && c < 0x7f && c != '+' && c != '\\' && c != '~');
}

}  // namespace

Ref<Bytes> utf7_encode(Str* s, Str*) {
  BytesBuilder out;
  uint32_t buffer = 0;
  int bits = 0;
  bool shifted = false;
  for (int64_t i = 0; i < s->length; i++) {
    uint32_t c = s->at(i);
    if (shifted) {
      if (is_direct(c)) {
        if (bits) {
          (void)out.append_byte(static_cast<uint8_t>(base64_digit(buffer << (6 - bits))));
          buffer = 0;
          bits = 0;
        }
        shifted = false;
        // A character that could be read as base64 needs the end of the run marked.
        if (base64_value(c) >= 0 || c == '-') (void)out.append_byte('-');
        (void)out.append_byte(static_cast<uint8_t>(c));
        continue;
      }
    } else if (c == '+') {
      (void)out.append("+-");
      continue;
    } else if (is_direct(c)) {
      (void)out.append_byte(static_cast<uint8_t>(c));
      continue;
    } else {
      (void)out.append_byte('+');
      shifted = true;
    }
    auto unit = [&](uint32_t u) {
      buffer = buffer << 16 | u;
      bits += 16;
      while (bits >= 6) {
        bits -= 6;
        (void)out.append_byte(static_cast<uint8_t>(base64_digit(buffer >> bits)));
      }
      buffer &= (1u << bits) - 1;
    };
    if (c > 0xFFFF) {
      unit(0xD800 | (c - 0x10000) >> 10);
      unit(0xDC00 | ((c - 0x10000) & 0x3FF));
    } else {
      unit(c);
    }
  }
  if (bits) (void)out.append_byte(static_cast<uint8_t>(base64_digit(buffer << (6 - bits))));
  if (shifted) (void)out.append_byte('-');
  return out.finish();
}

Ref<Str> utf7_decode(std::string_view input, Str* errors, bool final, int64_t* consumed) {
  Decoding run("utf7", Encoding::kOther, input, errors);
  StrBuilder out;
  int64_t i = 0, shift_start = 0, shift_length = 0;
  bool shifted = false;
  uint64_t buffer = 0;
  int bits = 0;
  uint32_t surrogate = 0;  // a high one that waits for its partner
  auto put = [&](uint32_t c) { return out.append_code_point(c); };
  while (i < run.size) {
    uint32_t c = run.data[i];
    const char* problem = nullptr;
    int64_t start = i, end = i + 1;
    if (shifted) {
      int digit = base64_value(c);
      if (digit >= 0) {
        i++;
        buffer = buffer << 6 | static_cast<uint64_t>(digit);
        bits += 6;
        if (bits >= 16) {
          uint32_t unit = static_cast<uint32_t>(buffer >> (bits - 16)) & 0xFFFF;
          bits -= 16;
          buffer &= (uint64_t{1} << bits) - 1;
          if (surrogate) {
            if (is_low(unit)) {
              if (!put(0x10000 + ((surrogate & 0x3FF) << 10 | (unit & 0x3FF)))) return raise_no_memory();
              surrogate = 0;
              continue;
            }
            if (!put(surrogate)) return raise_no_memory();
            surrogate = 0;
          }
          if (is_high(unit)) {
            surrogate = unit;
          } else if (!put(unit)) {
            return raise_no_memory();
          }
        }
        continue;
      }
      // The run ends here.
      shifted = false;
      if (bits > 0) {
        start = shift_start;
        if (bits >= 6) {
          problem = "partial character in base64 sequence";
          end = ++i;
        } else if (buffer != 0) {
          problem = "non-zero padding bits in shift sequence";
          end = ++i;
        }
      }
      if (!problem) {
        if (surrogate && !put(surrogate)) return raise_no_memory();
        surrogate = 0;
        if (c == '-') i++;
        continue;
      }
    } else if (c == '+') {
      shift_start = i++;
      if (i >= run.size) {
        if (!final) {
          i = shift_start;
          break;
        }
        problem = "unterminated shift sequence";
        start = shift_start;
        end = run.size;
      } else if (run.data[i] == '-') {
        i++;
        if (!put('+')) return raise_no_memory();
        continue;
      } else if (base64_value(run.data[i]) < 0) {
        problem = "ill-formed sequence";
        start = shift_start;
        end = ++i;
      } else {
        shifted = true;
        surrogate = 0;
        shift_length = out.length();
        bits = 0;
        buffer = 0;
        continue;
      }
    } else if (c < 128 && c != '\\' && c != '~') {
      i++;
      if (!put(c)) return raise_no_memory();
      continue;
    } else {
      problem = "unexpected special character";
    }
    i = run.handle(start, end, problem, out);
    if (i < 0) return nullptr;
  }
  if (shifted) {
    if (!final) {
      // The whole run is read again next time.
      out.truncate(shift_length);
      i = shift_start;
    } else if (surrogate || bits >= 6 || (bits > 0 && buffer != 0)) {
      i = run.handle(shift_start, run.size, "unterminated shift sequence", out);
      if (i < 0) return nullptr;
    }
  }
  if (consumed) *consumed = i;
  return out.finish();
}

}  // namespace pt
