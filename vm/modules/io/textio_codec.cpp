// TextIOWrapper: encoding and decoding. UTF-8, ASCII and Latin-1 are done here; other encodings by their incremental codecs.
#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/codecs/registry.h"
#include "vm/modules/io/textio.h"
#include "vm/object/buffer.h"
#include "vm/types/codecs.h"

namespace pt {
namespace {

constinit Name kDecode("decode"), kEncode("encode"), kReset("reset"), kGetstate("getstate"), kSetstate("setstate");

TextCodec codec_of(Str* encoding) {
  if (!encoding->ascii || encoding->length > 16) return TextCodec::kPython;
  char name[20];
  size_t n = 0;
  for (char c : encoding->ascii_view()) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    name[n++] = c == '_' || c == ' ' ? '-' : c;
  }
  std::string_view text(name, n);
  if (text == "utf-8" || text == "utf8" || text == "u8") return TextCodec::kUtf8;
  if (text == "ascii" || text == "us-ascii" || text == "646") return TextCodec::kAscii;
  if (text == "latin-1" || text == "latin1" || text == "iso-8859-1" || text == "iso8859-1" || text == "8859" || text == "l1") {
    return TextCodec::kLatin1;
  }
  return TextCodec::kPython;
}

Str* errors_of(TextIO* self) {
  Value errors = self->errors.peek();
  return errors.empty() || as_str(errors)->equals_ascii("strict") ? nullptr : as_str(errors);
}

}  // namespace

bool textio_set_codec(TextIO* self, Str* encoding, Str* errors) {
  TextCodec codec = codec_of(encoding);
  Ref<> decoder, encoder;
  if (codec == TextCodec::kPython) {
    Ref<> info = codec_lookup_text(encoding, "codecs.open()");
    if (!info) return false;
    if (self->can_decode) {
      decoder = codec_incremental(info.value(), false, Value::object(errors));
      if (!decoder) return false;
    }
    if (self->can_encode) {
      encoder = codec_incremental(info.value(), true, Value::object(errors));
      if (!encoder) return false;
    }
  }
  self->codec = codec;
  self->partial_count = 0;
  self->decoder.store(self, std::move(decoder));
  self->encoder.store(self, std::move(encoder));
  self->encoding.store(self, Ref<>::retain(Value::object(encoding)));
  self->errors.store(self, Ref<>::retain(Value::object(errors)));
  return true;
}

Ref<Str> textio_decode_bytes(TextIO* self, std::string_view data, bool final) {
  Ref<Str> text;
  Str* errors = errors_of(self);
  switch (self->codec) {
    case TextCodec::kUtf8: {
      char joined[64];
      uint8_t* joined_long = nullptr;
      std::string_view input = data;
      if (self->partial_count) {
        size_t size = self->partial_count + data.size();
        char* target = joined;
        if (size > sizeof joined) {
          joined_long = static_cast<uint8_t*>(memory::allocate(size));
          if (!joined_long) return raise_no_memory();
          target = reinterpret_cast<char*>(joined_long);
        }
        std::memcpy(target, self->partial, self->partial_count);
        std::memcpy(target + self->partial_count, data.data(), data.size());
        input = {target, size};
      }
      int64_t consumed = static_cast<int64_t>(input.size());
      text = utf8_decode(input, errors, final, &consumed);
      if (text) {
        size_t left = input.size() - static_cast<size_t>(consumed);
        if (left > sizeof self->partial) left = sizeof self->partial;  // an incomplete sequence is at most 3 bytes
        std::memmove(self->partial, input.data() + consumed, left);
        self->partial_count = static_cast<uint8_t>(left);
      }
      memory::release(joined_long);
      break;
    }
    case TextCodec::kAscii: text = ascii_decode(data, errors); break;
    case TextCodec::kLatin1: text = latin1_decode(data); break;
    case TextCodec::kPython: {
      Ref<Bytes> bytes = bytes_from(data);
      return bytes ? textio_decode(self, bytes.value(), final) : Ref<Str>();
    }
  }
  if (!text) return text;
  return self->universal ? translate_newlines(self->newline, std::move(text), final) : std::move(text);
}

Ref<Str> textio_decode(TextIO* self, Value bytes_like, bool final) {
  if (self->codec != TextCodec::kPython) {
    if (has_shape(bytes_like, kShape_bytes)) return textio_decode_bytes(self, as_bytes(bytes_like)->view(), final);
    BufferView view(bytes_like);
    return view.ok() ? textio_decode_bytes(self, view.view(), final) : Ref<Str>();
  }
  Ref<> decoder = self->decoder.load(self);
  Ref<> text = call_method(decoder.value(), kDecode.str(), {bytes_like, boolean(final)});
  if (!text) return Ref<Str>();
  if (!is_str(text.value())) return raise(exc::TypeError, "decoder should return a string result, not '%T'", text.value());
  Ref<Str> result = Ref<Str>::steal(as_str(text.take()));
  return self->universal ? translate_newlines(self->newline, std::move(result), final) : std::move(result);
}

bool textio_append_pending(TextIO* self, std::string_view data) {
  auto wanted = self->pending_size + static_cast<int64_t>(data.size());
  if (wanted > self->pending_capacity) {
    int64_t capacity = wanted + wanted / 2 + 1024;
    auto* grown = static_cast<uint8_t*>(memory::reallocate(self->pending, static_cast<size_t>(capacity)));
    if (!grown) return raise_no_memory();
    self->pending = grown;
    self->pending_capacity = capacity;
  }
  std::memcpy(self->pending + self->pending_size, data.data(), data.size());
  self->pending_size = wanted;
  return true;
}

bool textio_encode(TextIO* self, Str* text) {
  if (text->ascii && self->codec != TextCodec::kPython) return textio_append_pending(self, text->ascii_view());
  Ref<Bytes> bytes;
  switch (self->codec) {
    case TextCodec::kUtf8: bytes = utf8_encode(text, errors_of(self)); break;
    case TextCodec::kAscii: bytes = ascii_encode(text, errors_of(self)); break;
    case TextCodec::kLatin1: bytes = latin1_encode(text, errors_of(self)); break;
    case TextCodec::kPython: {
      Ref<> encoder = self->encoder.load(self);
      Ref<> result = call_method(encoder.value(), kEncode.str(), {Value::object(text)});
      if (!result) return false;
      if (!is_bytes(result.value())) {
        return raise(exc::TypeError, "encoder should return a bytes object, not '%T'", result.value());
      }
      bytes = Ref<Bytes>::steal(as_bytes(result.take()));
      break;
    }
  }
  return bytes && textio_append_pending(self, bytes->view());
}

bool textio_decoder_getstate(TextIO* self, Ref<Bytes>* buffered, uint64_t* flags) {
  *flags = 0;
  if (self->codec == TextCodec::kPython) {
    Ref<> decoder = self->decoder.load(self);
    Ref<> state = call_method(decoder.value(), kGetstate.str());
    if (!state) return false;
    if (!is_tuple(state.value()) || as_tuple(state.value())->length != 2) return raise(exc::TypeError, "illegal decoder state");
    Value bytes = as_tuple(state.value())->at(0);
    if (!is_bytes(bytes))
      return raise(exc::TypeError, "illegal decoder state: the first item should be a bytes object, not '%T'", bytes);
    if (!to_culong(as_tuple(state.value())->at(1), flags)) return false;
    *buffered = Ref<Bytes>::retain(as_bytes(bytes));
  } else {
    *buffered = bytes_from({reinterpret_cast<char*>(self->partial), self->partial_count});
    if (!*buffered) return false;
  }
  if (self->universal) *flags = *flags << 1 | self->newline.pending_cr;
  return true;
}

bool textio_decoder_setstate(TextIO* self, std::string_view buffered, uint64_t flags) {
  if (self->universal) {
    self->newline.pending_cr = flags & 1;
    flags >>= 1;
  }
  if (self->codec == TextCodec::kPython) {
    Ref<> decoder = self->decoder.load(self);
    Ref<Bytes> bytes = bytes_from(buffered);
    Ref<> number = int_from_uint64(flags);
    Ref<Tuple> state = bytes && number ? tuple_of({bytes.value(), number.value()}) : Ref<Tuple>();
    return state && call_method(decoder.value(), kSetstate.str(), {state.value()});
  }
  if (buffered.size() > sizeof self->partial) buffered = buffered.substr(0, sizeof self->partial);
  std::memcpy(self->partial, buffered.data(), buffered.size());
  self->partial_count = static_cast<uint8_t>(buffered.size());
  return true;
}

bool textio_decoder_reset(TextIO* self) {
  self->partial_count = 0;
  self->newline.pending_cr = false;
  self->newline.seen = 0;
  Ref<> decoder = self->decoder.load(self);
  return !decoder || call_method(decoder.value(), kReset.str());
}

bool textio_encoder_reset(TextIO* self, bool start_of_stream) {
  Ref<> encoder = self->encoder.load(self);
  if (!encoder) return true;
  if (start_of_stream) return static_cast<bool>(call_method(encoder.value(), kReset.str()));
  return static_cast<bool>(call_method(encoder.value(), kSetstate.str(), {Value::small_int(0)}));
}

}  // namespace pt
