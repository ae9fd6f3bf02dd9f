// The choice of codec for str.encode and bytes.decode, and the single-byte codecs.
#include "vm/types/codecs.h"

#include "vm/object/buffer.h"
#include "vm/object/native.h"
#include "vm/types/str_data.h"

namespace pt {

namespace {

enum class Codec { kOther, kUtf8, kLatin1, kAscii, kUtf16, kUtf16Le, kUtf16Be, kUtf32, kUtf32Le, kUtf32Be };

Codec native_codec(const Str* name) {
  if (!name) return Codec::kUtf8;
  if (!name->ascii || name->length > 15) return Codec::kOther;
  char lower[16];
  size_t n = 0;
  for (char c : name->ascii_view())
    lower[n++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == '_' || c == ' ' ? '-' : c;
  std::string_view text(lower, n);
  struct Row {
    std::string_view name;
    Codec codec;
  };
  static constexpr Row kRows[] = {
      {"utf-8", Codec::kUtf8},        {"utf8", Codec::kUtf8},         {"latin-1", Codec::kLatin1},
      {"latin1", Codec::kLatin1},     {"iso-8859-1", Codec::kLatin1}, {"iso8859-1", Codec::kLatin1},
      {"ascii", Codec::kAscii},       {"us-ascii", Codec::kAscii},    {"utf-16", Codec::kUtf16},
      {"utf16", Codec::kUtf16},       {"utf-16-le", Codec::kUtf16Le}, {"utf-16le", Codec::kUtf16Le},
      {"utf-16-be", Codec::kUtf16Be}, {"utf-16be", Codec::kUtf16Be},  {"utf-32", Codec::kUtf32},
      {"utf32", Codec::kUtf32},       {"utf-32-le", Codec::kUtf32Le}, {"utf-32le", Codec::kUtf32Le},
      {"utf-32-be", Codec::kUtf32Be}, {"utf-32be", Codec::kUtf32Be},
  };
  for (const Row& row : kRows) {
    if (row.name == text) return row.codec;
  }
  return Codec::kOther;
}

bool check_name(Str* name) {
  if (name && name->ascii && name->ascii_view().find('\0') != std::string_view::npos) {
    return raise(exc::ValueError, "embedded null character");
  }
  return true;
}

}  // namespace

bool codec_names_exist(Str* encoding, Str* errors) {
  if (native_codec(encoding) == Codec::kOther && g_codec_hooks.lookup) {
    Ref<> found = g_codec_hooks.lookup(encoding);
    if (!found) return false;
  }
  if (error_mode(errors) == ErrorMode::kOther && g_codec_hooks.lookup_error) {
    Ref<> found = g_codec_hooks.lookup_error(errors);
    if (!found) return false;
  }
  return true;
}

Ref<> encode_text(Str* text, Str* encoding, Str* errors) {
  if (PT_UNLIKELY(g_check_codec_names) && !codec_names_exist(encoding, errors)) return Ref<>();
  switch (native_codec(encoding)) {
    case Codec::kUtf8: return utf8_encode(text, errors);
    case Codec::kLatin1: return latin1_encode(text, errors);
    case Codec::kAscii: return ascii_encode(text, errors);
    case Codec::kUtf16: return utf16_encode(text, errors, 0);
    case Codec::kUtf16Le: return utf16_encode(text, errors, -1);
    case Codec::kUtf16Be: return utf16_encode(text, errors, 1);
    case Codec::kUtf32: return utf32_encode(text, errors, 0);
    case Codec::kUtf32Le: return utf32_encode(text, errors, -1);
    case Codec::kUtf32Be: return utf32_encode(text, errors, 1);
    case Codec::kOther: break;
  }
  if (!check_name(encoding) || !check_name(errors)) return Ref<>();
  if (!g_codec_hooks.encode) return raise(exc::LookupError, "unknown encoding: %U", encoding);
  Ref<> result = g_codec_hooks.encode(Value::object(text), encoding, errors);
  if (!result || is_bytes(result.value())) return result;
  return raise(exc::TypeError, "'%U' encoder returned '%T' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
               encoding, result.value());
}

Ref<> decode_bytes(Value object, std::string_view data, Str* encoding, Str* errors) {
  if (PT_UNLIKELY(g_check_codec_names) && !codec_names_exist(encoding, errors)) return Ref<>();
  if (data.empty()) return Ref<>::retain(Value::object(empty_str()));  // whatever the codec
  int order = 0;
  switch (native_codec(encoding)) {
    case Codec::kUtf8: return utf8_decode(data, errors, true, nullptr);
    case Codec::kLatin1: return latin1_decode(data);
    case Codec::kAscii: return ascii_decode(data, errors);
    case Codec::kUtf16: return utf16_decode(data, errors, &order, true, nullptr);
    case Codec::kUtf16Le: order = -1; return utf16_decode(data, errors, &order, true, nullptr);
    case Codec::kUtf16Be: order = 1; return utf16_decode(data, errors, &order, true, nullptr);
    case Codec::kUtf32: return utf32_decode(data, errors, &order, true, nullptr);
    case Codec::kUtf32Le: order = -1; return utf32_decode(data, errors, &order, true, nullptr);
    case Codec::kUtf32Be: order = 1; return utf32_decode(data, errors, &order, true, nullptr);
    case Codec::kOther: break;
  }
  if (!check_name(encoding) || !check_name(errors)) return Ref<>();
  if (!g_codec_hooks.decode) return raise(exc::LookupError, "unknown encoding: %U", encoding);
  Ref<> result = g_codec_hooks.decode(object, encoding, errors);
  if (!result || is_str(result.value())) return result;
  return raise(exc::TypeError, "'%U' decoder returned '%T' instead of 'str'; use codecs.decode() to decode to arbitrary types",
               encoding, result.value());
}

Ref<> decode_object(Value object, Str* encoding, Str* errors) {
  if (is_bytes(object)) return decode_bytes(object, as_bytes(object)->view(), encoding, errors);
  if (is_str(object)) return raise(exc::TypeError, "decoding str is not supported");
  if (!has_buffer(object)) {
    return raise(exc::TypeError, "decoding to str: need a bytes-like object, %T found", object);
  }
  BufferView view(object);
  if (!view.ok()) return Ref<>();
  return decode_bytes(object, view.view(), encoding, errors);
}

Ref<Str> latin1_decode(std::string_view data) {
  return str_from_latin1(reinterpret_cast<const uint8_t*>(data.data()), static_cast<int64_t>(data.size()));
}

Ref<Str> ascii_decode(std::string_view data, Str* errors) {
  if (all_ascii(reinterpret_cast<const uint8_t*>(data.data()), data.size())) return str_from_ascii(data);
  Decoding run("ascii", Encoding::kOther, data, errors);
  StrBuilder out;
  int64_t i = 0;
  while (i < run.size) {
    int64_t n = static_cast<int64_t>(ascii_prefix(run.data + i, static_cast<size_t>(run.size - i)));
    if (!out.append_ascii({reinterpret_cast<const char*>(run.data + i), static_cast<size_t>(n)})) return raise_no_memory();
    i += n;
    if (i >= run.size) break;
    i = run.handle(i, i + 1, "ordinal not in range(128)", out);
    if (i < 0) return nullptr;
  }
  return out.finish();
}

// Latin-1 and ASCII: one byte a character below the limit.
static Ref<Bytes> encode_below(Str* s, Str* errors, uint32_t limit) {
  if (max_class(s) < limit) return bytes_from({reinterpret_cast<const char*>(s->data1()), static_cast<size_t>(s->length)});
  const char* reason = limit == 256 ? "ordinal not in range(256)" : "ordinal not in range(128)";
  Encoder run(limit == 256 ? "latin-1" : "ascii", Encoding::kOther, s, errors);
  BytesBuilder out;
  int64_t i = 0;
  while (i < s->length) {
    uint32_t c = s->at(i);
    if (c < limit) {
      if (!out.append_byte(static_cast<uint8_t>(c))) return raise_no_memory();
      i++;
      continue;
    }
    int64_t start = i, end = i + 1;
    while (end < s->length && s->at(end) >= limit) end++;
    Ref<> replacement;
    i = run.handle(start, end, reason, &replacement);
    if (i < 0) return nullptr;
    if (is_bytes(replacement.value())) {
      if (!out.append(as_bytes(replacement.value())->view())) return raise_no_memory();
      continue;
    }
    Str* text = as_str(replacement.value());
    for (int64_t k = 0; k < text->length; k++) {
      if (text->at(k) >= limit) return run.fail(start, end, reason);
      if (!out.append_byte(static_cast<uint8_t>(text->at(k)))) return raise_no_memory();
    }
  }
  return out.finish();
}
Ref<Bytes> latin1_encode(Str* text, Str* errors) { return encode_below(text, errors, 256); }
Ref<Bytes> ascii_encode(Str* text, Str* errors) { return encode_below(text, errors, 128); }

}  // namespace pt
