// unicode_escape, raw_unicode_escape, the escapes of bytes literals, and charmap.
#include "vm/object/native.h"
#include "vm/types/codecs.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/str_data.h"

namespace pt {

namespace {

int hex_value(uint32_t c) {
  if (c - '0' < 10) return static_cast<int>(c - '0');
  if ((c | 32) - 'a' < 6) return static_cast<int>((c | 32) - 'a' + 10);
  return -1;
}

bool put_escape(BytesBuilder& out, uint32_t c) {
  static constexpr char kHex[] = "0123456789abcdef";
  int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
  char text[10] = {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};
  for (int i = 0; i < digits; i++) text[2 + i] = kHex[(c >> (4 * (digits - 1 - i))) & 15];
  return out.append({text, static_cast<size_t>(2 + digits)});
}

// The one-letter escapes; -1 for anything else.
int simple_escape(uint32_t c) {
  switch (c) {
    case '\\':
    case '\'':
    case '"': return static_cast<int>(c);
    case 'b': return '\b';
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'f': return '\f';
    case 'v': return '\v';
    case 'a': return '\a';
    default: return -1;
  }
}

}  // namespace

Ref<Bytes> unicode_escape_encode(Str* s) {
  BytesBuilder out;
  for (int64_t i = 0; i < s->length; i++) {
    uint32_t c = s->at(i);
    bool ok;
    if (c == '\\') {
      ok = out.append("\\\\");
    } else if (c >= ' ' && c < 0x7f) {
      ok = out.append_byte(static_cast<uint8_t>(c));
    } else if (c == '\t' || c == '\n' || c == '\r') {
      ok = out.append(c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r");
    } else {
      ok = put_escape(out, c);
    }
    if (!ok) return raise_no_memory();
  }
  return out.finish();
}

Ref<Str> unicode_escape_decode(std::string_view input, Str* errors, bool final, int64_t* consumed, int64_t* first_invalid) {
  Decoding run("unicodeescape", Encoding::kOther, input, errors);
  StrBuilder out;
  if (first_invalid) *first_invalid = -1;
  int64_t i = 0;
  while (i < run.size) {
    int64_t start = i;
    uint32_t c = run.data[i++];
    if (c != '\\') {
      if (!out.append_code_point(c)) return raise_no_memory();
      continue;
    }
    const char* problem = nullptr;
    bool incomplete = false;
    if (i == run.size) {
      problem = "\\ at end of string";
      incomplete = true;
    } else {
      c = run.data[i++];
      int plain = simple_escape(c);
      if (plain >= 0) {
        if (!out.append_code_point(static_cast<uint32_t>(plain))) return raise_no_memory();
        continue;
      }
      if (c == '\n') continue;
      if (c - '0' < 8) {
        uint32_t value = c - '0';
        for (int k = 0; k < 2 && i < run.size && run.data[i] - '0' < 8u; k++) value = value * 8 + (run.data[i++] - '0');
        if (value > 0377 && first_invalid && *first_invalid < 0) *first_invalid = start + 1;
        if (!out.append_code_point(value)) return raise_no_memory();
        continue;
      }
      if (c == 'x' || c == 'u' || c == 'U') {
        int count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        problem = c == 'x' ? "truncated \\xXX escape" : c == 'u' ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape";
        uint64_t value = 0;
        while (count > 0 && i < run.size && hex_value(run.data[i]) >= 0) {
          value = value << 4 | static_cast<uint64_t>(hex_value(run.data[i++]));
          count--;
        }
        if (count == 0) {
          if (value <= 0x10FFFF) {
            if (!out.append_code_point(static_cast<uint32_t>(value))) return raise_no_memory();
            continue;
          }
          problem = "illegal Unicode character";
        } else {
          incomplete = i == run.size;
        }
      } else if (c == 'N') {
        problem = "malformed \\N character escape";
        if (i == run.size) {
          incomplete = true;
        } else if (run.data[i] == '{') {
          int64_t name = ++i;
          while (i < run.size && run.data[i] != '}') i++;
          if (i == run.size) {
            incomplete = true;
          } else if (i > name) {
            int64_t code = -1;
            if (g_codec_hooks.character_by_name) {
              code = g_codec_hooks.character_by_name(
                  {reinterpret_cast<const char*>(run.data + name), static_cast<size_t>(i - name)});
            } else {
              return raise(exc::UnicodeError, "\\N escapes not supported (can't load unicodedata module)");
            }
            if (code == -2) return nullptr;
            i++;
            if (code >= 0) {
              if (!out.append_code_point(static_cast<uint32_t>(code))) return raise_no_memory();
              continue;
            }
            problem = "unknown Unicode character name";
          }
        }
      } else {
        if (first_invalid && *first_invalid < 0) *first_invalid = start + 1;
        if (!out.append_code_point('\\') || !out.append_code_point(c)) return raise_no_memory();
        continue;
      }
    }
    if (incomplete && !final) {
      i = start;
      break;
    }
    i = run.handle(start, i, problem, out);
    if (i < 0) return nullptr;
  }
  if (consumed) *consumed = i;
  return out.finish();
}

Ref<Bytes> raw_unicode_escape_encode(Str* s) {
  BytesBuilder out;
  for (int64_t i = 0; i < s->length; i++) {
    uint32_t c = s->at(i);
    if (!(c < 256 ? out.append_byte(static_cast<uint8_t>(c)) : put_escape(out, c))) return raise_no_memory();
  }
  return out.finish();
}

Ref<Str> raw_unicode_escape_decode(std::string_view input, Str* errors, bool final, int64_t* consumed) {
  Decoding run("rawunicodeescape", Encoding::kOther, input, errors);
  StrBuilder out;
  int64_t i = 0;
  while (i < run.size) {
    int64_t start = i;
    uint32_t c = run.data[i++];
    if (c != '\\' || (i == run.size && final)) {
      if (!out.append_code_point(c)) return raise_no_memory();
      continue;
    }
    if (i == run.size) {
      i = start;
      break;
    }
    c = run.data[i++];
    if (c != 'u' && c != 'U') {
      if (!out.append_code_point('\\') || !out.append_code_point(c)) return raise_no_memory();
      continue;
    }
    int count = c == 'u' ? 4 : 8;
    const char* problem = c == 'u' ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape";
    uint64_t value = 0;
    while (count > 0 && i < run.size && hex_value(run.data[i]) >= 0) {
      value = value << 4 | static_cast<uint64_t>(hex_value(run.data[i++]));
      count--;
    }
    if (count == 0) {
      if (value <= 0x10FFFF) {
        if (!out.append_code_point(static_cast<uint32_t>(value))) return raise_no_memory();
        continue;
      }
      problem = "\\Uxxxxxxxx out of range";
    } else if (i == run.size && !final) {
      i = start;
      break;
    }
    i = run.handle(start, i, problem, out);
    if (i < 0) return nullptr;
  }
  if (consumed) *consumed = i;
  return out.finish();
}

Ref<Bytes> bytes_escape_encode(std::string_view data) {
  BytesBuilder out;
  for (char ch : data) {
    uint8_t c = static_cast<uint8_t>(ch);
    bool ok;
    if (c == '\'' || c == '\\') {
      ok = out.append_byte('\\') && out.append_byte(c);
    } else if (c == '\t' || c == '\n' || c == '\r') {
      ok = out.append(c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r");
    } else if (c < ' ' || c >= 0x7f) {
      ok = put_escape(out, c);
    } else {
      ok = out.append_byte(c);
    }
    if (!ok) return raise_no_memory();
  }
  return out.finish();
}

Ref<Bytes> bytes_escape_decode(std::string_view data, Str* errors, int64_t* first_invalid) {
  BytesBuilder out;
  if (first_invalid) *first_invalid = -1;
  size_t n = data.size();
  auto at = [&](size_t i) { return static_cast<uint8_t>(data[i]); };
  for (size_t i = 0; i < n;) {
    size_t start = i;
    uint8_t c = at(i++);
    if (c != '\\') {
      if (!out.append_byte(c)) return raise_no_memory();
      continue;
    }
    if (i == n) return raise(exc::ValueError, "Trailing \\ in string");
    c = at(i++);
    int plain = simple_escape(c);
    if (plain >= 0) {
      if (!out.append_byte(static_cast<uint8_t>(plain))) return raise_no_memory();
    } else if (c == '\n') {
      continue;
    } else if (c - '0' < 8u) {
      uint32_t value = c - '0';
      for (int k = 0; k < 2 && i < n && at(i) - '0' < 8u; k++) value = value * 8 + (at(i++) - '0');
      if (value > 0377 && first_invalid && *first_invalid < 0) *first_invalid = static_cast<int64_t>(start + 1);
      if (!out.append_byte(static_cast<uint8_t>(value))) return raise_no_memory();
    } else if (c == 'x') {
      int high = i < n ? hex_value(at(i)) : -1, low = high >= 0 && i + 1 < n ? hex_value(at(i + 1)) : -1;
      if (low >= 0) {
        if (!out.append_byte(static_cast<uint8_t>(high * 16 + low))) return raise_no_memory();
        i += 2;
        continue;
      }
      // A single digit after \x belongs to the malformed escape.
      if (high >= 0) i++;
      switch (error_mode(errors)) {
        case ErrorMode::kStrict: return raise(exc::ValueError, "invalid \\x escape at position %ld", static_cast<long>(start));
        case ErrorMode::kReplace:
          if (!out.append_byte('?')) return raise_no_memory();
          break;
        case ErrorMode::kIgnore: break;
        default: return raise(exc::ValueError, "decoding error; unknown error handling code: %U", errors);
      }
    } else {
      if (first_invalid && *first_invalid < 0) *first_invalid = static_cast<int64_t>(start + 1);
      if (!out.append_byte('\\') || !out.append_byte(c)) return raise_no_memory();
    }
  }
  return out.finish();
}

// ---- charmap -------------------------------------------------------------------------------------------------------
namespace {

constexpr const char* kUndefined = "character maps to <undefined>";
enum class Mapped { kDone, kUndefined, kError };

Mapped decode_byte(Value mapping, uint8_t byte, StrBuilder& out) {
  if (is_exact_str(mapping)) {
    Str* table = as_str(mapping);
    if (byte >= table->length || table->at(byte) == 0xFFFE) return Mapped::kUndefined;
    return out.append_code_point(table->at(byte)) ? Mapped::kDone : ((void)raise_no_memory(), Mapped::kError);
  }
  Ref<> item = get_item(mapping, Value::small_int(byte));
  if (!item) return clear_if(exc::LookupError) ? Mapped::kUndefined : Mapped::kError;
  if (is_none(item.value())) return Mapped::kUndefined;
  bool ok;
  if (is_int(item.value())) {
    int64_t code;
    if (!int_to_int64(item.value(), &code) || code < 0 || code > 0x10FFFF) {
      (void)raise(exc::TypeError, "character mapping must be in range(0x110000)");
      return Mapped::kError;
    }
    if (code == 0xFFFE) return Mapped::kUndefined;
    ok = out.append_code_point(static_cast<uint32_t>(code));
  } else if (is_str(item.value())) {
    Str* text = as_str(item.value());
    if (text->length == 1 && text->at(0) == 0xFFFE) return Mapped::kUndefined;
    ok = out.append(text);
  } else {
    (void)raise(exc::TypeError, "character mapping must return integer, None or str");
    return Mapped::kError;
  }
  if (!ok) (void)raise_no_memory();
  return ok ? Mapped::kDone : Mapped::kError;
}

Mapped encode_character(Value mapping, uint32_t c, BytesBuilder& out) {
  Ref<> item = get_item(mapping, Value::small_int(c));
  if (!item) return clear_if(exc::LookupError) ? Mapped::kUndefined : Mapped::kError;
  if (is_none(item.value())) return Mapped::kUndefined;
  bool ok;
  if (is_int(item.value())) {
    int64_t byte;
    if (!int_to_int64(item.value(), &byte) || byte < 0 || byte > 255) {
      (void)raise(exc::TypeError, "character mapping must be in range(256)");
      return Mapped::kError;
    }
    ok = out.append_byte(static_cast<uint8_t>(byte));
  } else if (is_bytes(item.value())) {
    ok = out.append(as_bytes(item.value())->view());
  } else {
    (void)raise(exc::TypeError, "character mapping must return integer, bytes or None, not %T", item.value());
    return Mapped::kError;
  }
  if (!ok) (void)raise_no_memory();
  return ok ? Mapped::kDone : Mapped::kError;
}

}  // namespace

Ref<Str> charmap_decode(std::string_view data, Str* errors, Value mapping) {
  if (mapping.empty() || is_none(mapping)) return latin1_decode(data);
  Decoding run("charmap", Encoding::kOther, data, errors);
  StrBuilder out;
  for (int64_t i = 0; i < run.size;) {
    Mapped outcome = decode_byte(mapping, run.data[i], out);
    if (outcome == Mapped::kError) return nullptr;
    i = outcome == Mapped::kDone ? i + 1 : run.handle(i, i + 1, kUndefined, out);
    if (i < 0) return nullptr;
  }
  return out.finish();
}

Ref<Bytes> charmap_encode(Str* s, Str* errors, Value mapping) {
  if (mapping.empty() || is_none(mapping)) return latin1_encode(s, errors);
  Encoder run("charmap", Encoding::kOther, s, errors);
  BytesBuilder out;
  for (int64_t i = 0; i < s->length;) {
    Mapped outcome = encode_character(mapping, s->at(i), out);
    if (outcome == Mapped::kError) return nullptr;
    if (outcome == Mapped::kDone) {
      i++;
      continue;
    }
    // All unencodable characters in a row are reported together.
    int64_t start = i, end = i + 1;
    while (end < s->length) {
      BytesBuilder probe;
      outcome = encode_character(mapping, s->at(end), probe);
      if (outcome == Mapped::kError) return nullptr;
      if (outcome == Mapped::kDone) break;
      end++;
    }
    Ref<> replacement;
    i = run.handle(start, end, kUndefined, &replacement);
    if (i < 0) return nullptr;
    if (is_bytes(replacement.value())) {
      if (!out.append(as_bytes(replacement.value())->view())) return raise_no_memory();
      continue;
    }
    Str* text = as_str(replacement.value());
    for (int64_t k = 0; k < text->length; k++) {
      outcome = encode_character(mapping, text->at(k), out);
      if (outcome == Mapped::kError) return nullptr;
      if (outcome == Mapped::kUndefined) return run.fail(start, end, kUndefined);
    }
  }
  return out.finish();
}

Ref<> charmap_build(Str* table) {
  Ref<Dict> map = dict_new();
  if (!map) return Ref<>();
  for (int64_t i = 0; i < table->length && i < 256; i++) {
    uint32_t c = table->at(i);
    if (c != 0xFFFE && !dict_set(map.get(), Value::small_int(c), Value::small_int(i))) return Ref<>();
  }
  return map;
}

}  // namespace pt
