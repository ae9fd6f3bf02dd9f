#pragma once
// The built-in codecs: what str.encode, bytes.decode and the _codecs module use. `errors` is an error handler's name, or
// nullptr for "strict". Decoders take `final`: when it is false, an incomplete sequence at the end is left alone; `consumed`
// (may be nullptr) gets the number of bytes used. All results are owned; empty with an exception pending on failure.
#include <cstdint>
#include <string_view>

#include "vm/object/error.h"
#include "vm/types/bytes.h"
#include "vm/types/str.h"

namespace pt {

class StrBuilder;

// str.encode(encoding, errors) and bytes.decode / str(object, encoding, errors). nullptr: "utf-8", "strict".
Ref<> encode_text(Str* text, Str* encoding, Str* errors);
Ref<> decode_object(Value bytes_like, Str* encoding, Str* errors);
Ref<> decode_bytes(Value object, std::string_view data, Str* encoding, Str* errors);  // object: bytes-like, holds the data

// What the _codecs module provides once it is there. All may run Python code.
struct CodecHooks {
  // codecs.encode/decode restricted to text encodings; the result as the codec gave it (encode: checked to be bytes).
  Ref<> (*encode)(Value object, Str* encoding, Str* errors);
  Ref<> (*decode)(Value object, Str* encoding, Str* errors);
  Ref<> (*lookup_error)(Str* name);                     // the handler; LookupError
  Ref<Str> (*character_name)(uint32_t code_point);      // empty without an exception: no name
  int64_t (*character_by_name)(std::string_view name);  // -1: unknown; -2: error pending (unicodedata cannot be had)
  Ref<> (*lookup)(Str* encoding);                       // LookupError
};
extern CodecHooks g_codec_hooks;

// Development mode (-X dev): encodings and error handlers are looked up where they turn out not to be needed, too. Set at
// start-up. The names of built-in ones are not looked up. LookupError.
extern bool g_check_codec_names;
bool codec_names_exist(Str* encoding, Str* errors);

enum class ErrorMode : uint8_t {
  kStrict,
  kIgnore,
  kReplace,
  kSurrogateEscape,
  kSurrogatePass,
  kBackslashReplace,
  kXmlCharRefReplace,
  kNameReplace,
  kOther
};
ErrorMode error_mode(const Str* errors);
enum class Encoding : uint8_t { kUtf8, kUtf16Le, kUtf16Be, kUtf32Le, kUtf32Be, kOther };  // for surrogatepass

// One decoding run: the input (a handler may replace it) and what to do with ill-formed parts.
class Decoding {
 public:
  Decoding(const char* name, Encoding encoding, std::string_view input, Str* errors)
      : data(reinterpret_cast<const uint8_t*>(input.data())),
        size(static_cast<int64_t>(input.size())),
        name_(name),
        encoding_(encoding),
        errors_(errors),
        mode_(error_mode(errors)) {}
  // Ill-formed bytes [start, end): appends the replacement and returns the position to go on from, or -1 on error.
  int64_t handle(int64_t start, int64_t end, const char* reason, StrBuilder& out);
  const uint8_t* data;
  int64_t size;

 private:
  int64_t call_handler(int64_t start, int64_t end, const char* reason, StrBuilder& out);
  const char* name_;
  Encoding encoding_;
  Str* errors_;
  ErrorMode mode_;
  Ref<> handler_;
  Ref<> input_;  // bytes, made for the exception
};

// One encoding run.
class Encoder {
 public:
  Encoder(const char* name, Encoding encoding, Str* text, Str* errors)
      : name_(name), encoding_(encoding), text_(text), errors_(errors), mode_(error_mode(errors)) {}
  // Unencodable code points [start, end): *replacement gets a str or bytes; returns the position to go on from, -1 error.
  int64_t handle(int64_t start, int64_t end, const char* reason, Ref<>* replacement);
  // Raises UnicodeEncodeError for [start, end).
  Raised fail(int64_t start, int64_t end, const char* reason);

 private:
  const char* name_;
  Encoding encoding_;
  Str* text_;
  Str* errors_;
  ErrorMode mode_;
  Ref<> handler_;
};
// "\xhh", "\uhhhh" or "\Uhhhhhhhh".
bool append_escape(StrBuilder& out, uint32_t c);

Ref<Bytes> utf8_encode(Str* text, Str* errors);
Ref<Str> utf8_decode(std::string_view data, Str* errors, bool final, int64_t* consumed);
Ref<Bytes> latin1_encode(Str* text, Str* errors);
Ref<Str> latin1_decode(std::string_view data);
Ref<Bytes> ascii_encode(Str* text, Str* errors);
Ref<Str> ascii_decode(std::string_view data, Str* errors);
// byte_order: -1 little, 1 big, 0 native with a byte order mark (decoders set it to what the mark said).
Ref<Bytes> utf16_encode(Str* text, Str* errors, int byte_order);
Ref<Str> utf16_decode(std::string_view data, Str* errors, int* byte_order, bool final, int64_t* consumed);
Ref<Bytes> utf32_encode(Str* text, Str* errors, int byte_order);
Ref<Str> utf32_decode(std::string_view data, Str* errors, int* byte_order, bool final, int64_t* consumed);
Ref<Bytes> utf7_encode(Str* text, Str* errors);
Ref<Str> utf7_decode(std::string_view data, Str* errors, bool final, int64_t* consumed);
Ref<Bytes> unicode_escape_encode(Str* text);
// `first_invalid` (may be nullptr) gets the position of the first unknown escape, or -1: the caller warns.
Ref<Str> unicode_escape_decode(std::string_view data, Str* errors, bool final, int64_t* consumed, int64_t* first_invalid);
Ref<Bytes> raw_unicode_escape_encode(Str* text);
Ref<Str> raw_unicode_escape_decode(std::string_view data, Str* errors, bool final, int64_t* consumed);
Ref<Bytes> bytes_escape_encode(std::string_view data);
Ref<Bytes> bytes_escape_decode(std::string_view data, Str* errors, int64_t* first_invalid);
// mapping: None (Latin-1), a str (decoding) or any mapping.
Ref<Bytes> charmap_encode(Str* text, Str* errors, Value mapping);
Ref<Str> charmap_decode(std::string_view data, Str* errors, Value mapping);
Ref<> charmap_build(Str* decoding_table);  // a dict for charmap_encode

}  // namespace pt
