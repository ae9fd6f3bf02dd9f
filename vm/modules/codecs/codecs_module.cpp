// The _codecs module.
#include "vm/modules/codecs/registry.h"
#include "vm/modules/codecs/registry_internal.h"
#include "vm/modules/support/arguments.h"
#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/codecs.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

bool str_argument(Value v, const char* function, int position, Str** out) {
  if (!is_str(v)) return raise(exc::TypeError, "%s() argument %d must be str, not %T", function, position, v);
  *out = as_str(v);
  return true;
}
bool errors_argument(Value v, const char* function, Str** out) {
  *out = nullptr;
  if (!given(v)) return true;
  if (!is_str(v)) return raise(exc::TypeError, "%s() argument 2 must be str or None, not %T", function, v);
  *out = as_str(v);
  return true;
}
Ref<> with_count(Ref<> result, int64_t count) {
  if (!result) return Ref<>();
  Ref<> n = int_from_int64(count);
  return n ? Ref<>(tuple_of({result.value(), n.value()})) : Ref<>();
}

// Bytes-like data, or the UTF-8 form of a str where that is allowed.
class Data {
 public:
  Data(Value v, bool allow_str) {
    if (allow_str && is_str(v)) {
      utf8_ = utf8_encode(as_str(v), nullptr);
      ok_ = static_cast<bool>(utf8_);
      if (ok_) view_ = utf8_->view();
      return;
    }
    buffered_ = ok_ = get_buffer(v, &buffer_, kBufferSimple);
    if (ok_) view_ = {static_cast<const char*>(buffer_.data), static_cast<size_t>(buffer_.length)};
  }
  ~Data() {
    if (buffered_) release_buffer(&buffer_);
  }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  bool ok() const { return ok_; }
  std::string_view view() const { return view_; }

 private:
  Buffer buffer_;
  Ref<Bytes> utf8_;
  std::string_view view_;
  bool ok_ = false, buffered_ = false;
};

// ---- registry ---------------------------------------------------------------------------------------------------------

Ref<> codecs_register(const Value* a) {
  if (!is_callable(a[0])) return raise(exc::TypeError, "argument must be callable");
  CodecRegistry registry = codec_registry();
  return registry && list_append(registry.search, Ref<>::retain(a[0])) ? none_ref() : Ref<>();
}
Ref<> codecs_unregister(const Value* a) {
  CodecRegistry registry = codec_registry();
  if (!registry) return Ref<>();
  for (int64_t i = 0; i < list_size(registry.search); ++i) {
    Ref<> function = list_get(registry.search, i);
    if (!function || !function.value().same(a[0])) continue;
    dict_clear(registry.cache);
    Ref<> dropped = list_pop(registry.search, i);
    break;
  }
  return none_ref();
}
Ref<> codecs_lookup(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "lookup() argument must be str, not %T", a[0]);
  return codec_lookup(as_str(a[0]));
}
bool codec_arguments(const Value* a, const char* function, Ref<Str>* encoding, Str** errors) {
  *errors = nullptr;
  if (a[1].empty()) {
    *encoding = str_from_ascii("utf-8");
    if (!*encoding) return false;
  } else {
    if (!is_str(a[1])) return raise(exc::TypeError, "%s() argument 'encoding' must be str, not %T", function, a[1]);
    *encoding = Ref<Str>::retain(as_str(a[1]));
  }
  if (a[2].empty()) return true;
  if (!is_str(a[2])) return raise(exc::TypeError, "%s() argument 'errors' must be str, not %T", function, a[2]);
  *errors = as_str(a[2]);
  return true;
}
Ref<> codecs_encode(const Value* a) {
  Ref<Str> encoding;
  Str* errors;
  return codec_arguments(a, "encode", &encoding, &errors) ? codec_encode(a[0], encoding.get(), errors) : Ref<>();
}
Ref<> codecs_decode(const Value* a) {
  Ref<Str> encoding;
  Str* errors;
  return codec_arguments(a, "decode", &encoding, &errors) ? codec_decode(a[0], encoding.get(), errors) : Ref<>();
}
Ref<> codecs_register_error(const Value* a) {
  Str* name;
  if (!str_argument(a[0], "register_error", 1, &name)) return Ref<>();
  if (!is_callable(a[1])) return raise(exc::TypeError, "handler must be callable");
  CodecRegistry registry = codec_registry();
  return registry && dict_set(registry.handlers, a[0], a[1]) ? none_ref() : Ref<>();
}
Ref<> codecs_lookup_error(const Value* a) {
  Str* name;
  return str_argument(a[0], "lookup_error", 1, &name) ? codec_lookup_error(name) : Ref<>();
}

// ---- encoders -----------------------------------------------------------------------------------------------------------

using Encode = Ref<Bytes> (*)(Str*, Str* errors);
Ref<> encode_with(const Value* a, const char* function, Encode encode) {
  Str* text;
  Str* errors;
  if (!str_argument(a[0], function, 1, &text) || !errors_argument(a[1], function, &errors)) return Ref<>();
  return with_count(encode(text, errors), text->length);
}
#define PT_ENCODER(name, expression)                                                                                \
  Ref<> codecs_##name(const Value* a) {                                                                             \
    return encode_with(a, #name, [](Str* text, [[maybe_unused]] Str* errors) -> Ref<Bytes> { return expression; }); \
  }
PT_ENCODER(utf_8_encode, utf8_encode(text, errors))
PT_ENCODER(utf_7_encode, utf7_encode(text, errors))
PT_ENCODER(utf_16_le_encode, utf16_encode(text, errors, -1))
PT_ENCODER(utf_16_be_encode, utf16_encode(text, errors, 1))
PT_ENCODER(utf_32_le_encode, utf32_encode(text, errors, -1))
PT_ENCODER(utf_32_be_encode, utf32_encode(text, errors, 1))
PT_ENCODER(latin_1_encode, latin1_encode(text, errors))
PT_ENCODER(ascii_encode, ascii_encode(text, errors))
PT_ENCODER(unicode_escape_encode, unicode_escape_encode(text))
PT_ENCODER(raw_unicode_escape_encode, raw_unicode_escape_encode(text))
#undef PT_ENCODER

template <Ref<Bytes> (*encode)(Str*, Str*, int)>
Ref<> encode_ordered(const Value* a, const char* function) {
  Str* text;
  Str* errors;
  int order = 0;
  if (!str_argument(a[0], function, 1, &text) || !errors_argument(a[1], function, &errors) || !to_cint(a[2], &order))
    return Ref<>();
  return with_count(encode(text, errors, order < 0 ? -1 : order > 0 ? 1 : 0), text->length);
}
Ref<> codecs_utf_16_encode(const Value* a) { return encode_ordered<utf16_encode>(a, "utf_16_encode"); }
Ref<> codecs_utf_32_encode(const Value* a) { return encode_ordered<utf32_encode>(a, "utf_32_encode"); }

Ref<> codecs_charmap_encode(const Value* a) {
  Str* text;
  Str* errors;
  if (!str_argument(a[0], "charmap_encode", 1, &text) || !errors_argument(a[1], "charmap_encode", &errors)) return Ref<>();
  return with_count(charmap_encode(text, errors, a[2].empty() ? none() : a[2]), text->length);
}
Ref<> codecs_charmap_build(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "charmap_build() argument must be str, not %T", a[0]);
  return charmap_build(as_str(a[0]));
}
Ref<> codecs_escape_encode(const Value* a) {
  if (!is_bytes(a[0])) return raise(exc::TypeError, "escape_encode() argument 1 must be bytes, not %T", a[0]);
  return with_count(bytes_escape_encode(as_bytes(a[0])->view()), as_bytes(a[0])->length);
}
Ref<> codecs_readbuffer_encode(const Value* a) {
  Data data(a[0], true);
  if (!data.ok()) return Ref<>();
  return with_count(bytes_from(data.view()), static_cast<int64_t>(data.view().size()));
}

// ---- decoders -----------------------------------------------------------------------------------------------------------

using Decode = Ref<Str> (*)(std::string_view, Str* errors, bool final, int64_t* consumed);
Ref<> decode_with(const Value* a, const char* function, bool allow_str, bool final_default, Decode decode) {
  Str* errors;
  bool final = final_default;
  Data data(a[0], allow_str);
  if (!data.ok() || !errors_argument(a[1], function, &errors) || !to_flag(a[2], &final)) return Ref<>();
  int64_t consumed = static_cast<int64_t>(data.view().size());
  return with_count(decode(data.view(), errors, final, &consumed), consumed);
}
#define PT_DECODER(name, expression)                                                                                       \
  Ref<> codecs_##name(const Value* a) {                                                                                    \
    return decode_with(a, #name, false, false,                                                                             \
                       [](std::string_view data, Str* errors, bool final, int64_t* consumed) -> Ref<Str> { expression; }); \
  }
PT_DECODER(utf_8_decode, return utf8_decode(data, errors, final, consumed))
PT_DECODER(utf_7_decode, return utf7_decode(data, errors, final, consumed))
PT_DECODER(utf_16_decode, int order = 0; return utf16_decode(data, errors, &order, final, consumed))
PT_DECODER(utf_16_le_decode, int order = -1; return utf16_decode(data, errors, &order, final, consumed))
PT_DECODER(utf_16_be_decode, int order = 1; return utf16_decode(data, errors, &order, final, consumed))
PT_DECODER(utf_32_decode, int order = 0; return utf32_decode(data, errors, &order, final, consumed))
PT_DECODER(utf_32_le_decode, int order = -1; return utf32_decode(data, errors, &order, final, consumed))
PT_DECODER(utf_32_be_decode, int order = 1; return utf32_decode(data, errors, &order, final, consumed))
#undef PT_DECODER

template <Ref<Str> (*decode)(std::string_view, Str*, int*, bool, int64_t*)>
Ref<> decode_ex(const Value* a, const char* function) {
  Str* errors;
  int order = 0;
  bool final = false;
  Data data(a[0], false);
  if (!data.ok() || !errors_argument(a[1], function, &errors) || !to_cint(a[2], &order) || !to_flag(a[3], &final)) return Ref<>();
  int64_t consumed = static_cast<int64_t>(data.view().size());
  Ref<Str> text = decode(data.view(), errors, &order, final, &consumed);
  if (!text) return Ref<>();
  Ref<> count = int_from_int64(consumed);
  return tuple_of({text.value(), count.value(), Value::small_int(order)});
}
Ref<> codecs_utf_16_ex_decode(const Value* a) { return decode_ex<utf16_decode>(a, "utf_16_ex_decode"); }
Ref<> codecs_utf_32_ex_decode(const Value* a) { return decode_ex<utf32_decode>(a, "utf_32_ex_decode"); }

Ref<> codecs_latin_1_decode(const Value* a) {
  Str* errors;
  Data data(a[0], false);
  if (!data.ok() || !errors_argument(a[1], "latin_1_decode", &errors)) return Ref<>();
  return with_count(latin1_decode(data.view()), static_cast<int64_t>(data.view().size()));
}
Ref<> codecs_ascii_decode(const Value* a) {
  Str* errors;
  Data data(a[0], false);
  if (!data.ok() || !errors_argument(a[1], "ascii_decode", &errors)) return Ref<>();
  return with_count(ascii_decode(data.view(), errors), static_cast<int64_t>(data.view().size()));
}
Ref<> codecs_charmap_decode(const Value* a) {
  Str* errors;
  Data data(a[0], false);
  if (!data.ok() || !errors_argument(a[1], "charmap_decode", &errors)) return Ref<>();
  return with_count(charmap_decode(data.view(), errors, a[2].empty() ? none() : a[2]), static_cast<int64_t>(data.view().size()));
}

bool warn_invalid_escape(std::string_view data, int64_t position) {
  if (position < 0 || static_cast<size_t>(position) >= data.size()) return true;
  char c = data[static_cast<size_t>(position)];
  if (c >= '0' && c <= '7') return true;
  return warn(exc::DeprecationWarning, 1, "invalid escape sequence '\\%c'", c);
}
Ref<> codecs_unicode_escape_decode(const Value* a) {
  Str* errors;
  bool final = true;
  Data data(a[0], true);
  if (!data.ok() || !errors_argument(a[1], "unicode_escape_decode", &errors) || !to_flag(a[2], &final)) return Ref<>();
  int64_t consumed = static_cast<int64_t>(data.view().size()), invalid = -1;
  Ref<Str> text = unicode_escape_decode(data.view(), errors, final, &consumed, &invalid);
  if (!text || !warn_invalid_escape(data.view(), invalid)) return Ref<>();
  return with_count(std::move(text), consumed);
}
Ref<> codecs_raw_unicode_escape_decode(const Value* a) {
  return decode_with(a, "raw_unicode_escape_decode", true, true,
                     [](std::string_view data, Str* errors, bool final, int64_t* consumed) {
                       return raw_unicode_escape_decode(data, errors, final, consumed);
                     });
}
Ref<> codecs_escape_decode(const Value* a) {
  Str* errors;
  Data data(a[0], true);
  if (!data.ok() || !errors_argument(a[1], "escape_decode", &errors)) return Ref<>();
  int64_t invalid = -1;
  Ref<Bytes> bytes = bytes_escape_decode(data.view(), errors, &invalid);
  if (!bytes || !warn_invalid_escape(data.view(), invalid)) return Ref<>();
  return with_count(std::move(bytes), static_cast<int64_t>(data.view().size()));
}

#define PT_ENCODE(name) {#name, "(str, errors=None, /)", codecs_##name}
#define PT_DECODE(name) {#name, "(data, errors=None, final=False, /)", codecs_##name}
const NativeDef kFunctions[] = {
    {"register", "(search_function, /)", codecs_register, "Register a codec search function."},
    {"unregister", "(search_function, /)", codecs_unregister,
     "Unregister a codec search function and clear the registry's cache."},
    {"lookup", "(encoding, /)", codecs_lookup,
     "Looks up a codec tuple in the Python codec registry and returns a CodecInfo object."},
    {"encode", "(obj, encoding='utf-8', errors='strict')", codecs_encode, "Encodes obj using the codec registered for encoding."},
    {"decode", "(obj, encoding='utf-8', errors='strict')", codecs_decode, "Decodes obj using the codec registered for encoding."},
    {"register_error", "(errors, handler, /)", codecs_register_error,
     "Register the specified error handler under the name errors."},
    {"lookup_error", "(name, /)", codecs_lookup_error,
     "lookup_error(errors) -> handler\n\nReturn the error handler for the specified error handling name or raise a\nLookupError, "
     "if no handler exists under this name."},
    PT_ENCODE(utf_8_encode),
    PT_ENCODE(utf_7_encode),
    PT_ENCODE(utf_16_le_encode),
    PT_ENCODE(utf_16_be_encode),
    PT_ENCODE(utf_32_le_encode),
    PT_ENCODE(utf_32_be_encode),
    PT_ENCODE(latin_1_encode),
    PT_ENCODE(ascii_encode),
    PT_ENCODE(unicode_escape_encode),
    PT_ENCODE(raw_unicode_escape_encode),
    {"utf_16_encode", "(str, errors=None, byteorder=0, /)", codecs_utf_16_encode},
    {"utf_32_encode", "(str, errors=None, byteorder=0, /)", codecs_utf_32_encode},
    {"charmap_encode", "(str, errors=None, mapping=None, /)", codecs_charmap_encode},
    {"charmap_build", "(map, /)", codecs_charmap_build},
    {"escape_encode", "(data, errors=None, /)", codecs_escape_encode},
    {"readbuffer_encode", "(data, errors=None, /)", codecs_readbuffer_encode},
    PT_DECODE(utf_8_decode),
    PT_DECODE(utf_7_decode),
    PT_DECODE(utf_16_decode),
    PT_DECODE(utf_16_le_decode),
    PT_DECODE(utf_16_be_decode),
    PT_DECODE(utf_32_decode),
    PT_DECODE(utf_32_le_decode),
    PT_DECODE(utf_32_be_decode),
    {"utf_16_ex_decode", "(data, errors=None, byteorder=0, final=False, /)", codecs_utf_16_ex_decode},
    {"utf_32_ex_decode", "(data, errors=None, byteorder=0, final=False, /)", codecs_utf_32_ex_decode},
    {"latin_1_decode", "(data, errors=None, /)", codecs_latin_1_decode},
    {"ascii_decode", "(data, errors=None, /)", codecs_ascii_decode},
    {"charmap_decode", "(data, errors=None, mapping=None, /)", codecs_charmap_decode},
    {"unicode_escape_decode", "(data, errors=None, final=True, /)", codecs_unicode_escape_decode},
    {"raw_unicode_escape_decode", "(data, errors=None, final=True, /)", codecs_raw_unicode_escape_decode},
    {"escape_decode", "(data, errors=None, /)", codecs_escape_decode},
    {},
};

}  // namespace
extern const NativeModule codecs_module;
const NativeModule codecs_module = {"_codecs", nullptr, kFunctions};
}  // namespace pt
