#pragma once
// TextIOWrapper's object. Everything is guarded by `lock` once it is initialised.
#include "vm/modules/io/io.h"
#include "vm/modules/io/newlines.h"

namespace pt {

enum class TextCodec : uint8_t { kUtf8, kAscii, kLatin1, kPython };

struct TextIO : Object {
  Field buffer;            // empty: not initialised or detached
  Field encoding, errors;  // str
  Field decoder, encoder;  // incremental codec objects of kPython, or empty
  Field decoded;           // str: text read ahead, or empty
  Field snapshot;          // bytes: what the decoder got since its state was `snapshot_flags`; empty: none
  int64_t decoded_used;
  uint64_t snapshot_flags;
  OwnedLock lock;
  uint8_t* pending;        // encoded text not written yet
  int64_t pending_size, pending_capacity;
  int64_t chunk_size;
  double bytes_per_char;
  NewlineState newline;
  LineEnd line_end;
  const char* write_newline;  // nullptr: \n stays
  TextCodec codec;
  uint8_t partial_count;   // undecoded bytes of a UTF-8 sequence
  uint8_t partial[4];
  char newline_argument[3];
  bool newline_given;      // not None
  bool universal, write_translate;
  bool can_decode, can_encode;
  bool line_buffering, write_through, seekable, telling, has_read1, buffer_is_exact;
  bool initialised, detached, finalizing;
};
inline TextIO* as_textio(Value v) { return reinterpret_cast<TextIO*>(v.as_object()); }

// textio_codec.cpp: the codec part.
bool textio_set_codec(TextIO* self, Str* encoding, Str* errors);
Ref<Str> textio_decode(TextIO* self, Value bytes_like, bool final);
Ref<Str> textio_decode_bytes(TextIO* self, std::string_view data, bool final);
bool textio_encode(TextIO* self, Str* text);            // appends to `pending`
bool textio_append_pending(TextIO* self, std::string_view data);
bool textio_decoder_getstate(TextIO* self, Ref<Bytes>* buffered, uint64_t* flags);
bool textio_decoder_setstate(TextIO* self, std::string_view buffered, uint64_t flags);
bool textio_decoder_reset(TextIO* self);
bool textio_encoder_reset(TextIO* self, bool start_of_stream);
// textio_seek.cpp
Ref<> textio_tell(Value self);
Ref<> textio_seek(Value self, Value cookie, int whence);
// textio.cpp
bool textio_usable(TextIO* self);
bool textio_check_open(TextIO* self);
bool textio_write_pending(TextIO* self);
void textio_forget_decoded(TextIO* self);
void textio_set_decoded(TextIO* self, Ref<Str> text);
Ref<> textio_flush(Value self);

}  // namespace pt
