// TextIOWrapper: positions. A cookie packs the byte position where the decoder was in a known state, that state, and how
// many bytes to feed and characters to skip from there.
#include <cstring>

#include "vm/modules/io/textio.h"

namespace pt {
namespace {

constinit Name kTell("tell"), kSeek("seek"), kRead("read");

struct Cookie {
  int64_t position = 0;
  uint32_t flags = 0, feed = 0, skip = 0;
  bool at_end = false;
};
constexpr size_t kCookieBytes = 8 + 3 * 4 + 1;

Ref<> pack(const Cookie& cookie) {
  uint8_t bytes[kCookieBytes];
  std::memcpy(bytes, &cookie.position, 8);
  std::memcpy(bytes + 8, &cookie.flags, 4);
  std::memcpy(bytes + 12, &cookie.feed, 4);
  std::memcpy(bytes + 16, &cookie.skip, 4);
  bytes[20] = cookie.at_end;
  return int_from_bytes(bytes, sizeof bytes, true, false);
}
bool unpack(Value number, Cookie* cookie) {
  uint8_t bytes[kCookieBytes];
  if (!int_to_bytes(number, bytes, sizeof bytes, true, false)) {
    return raise(exc::OverflowError, "int too big to convert");
  }
  std::memcpy(&cookie->position, bytes, 8);
  std::memcpy(&cookie->flags, bytes + 8, 4);
  std::memcpy(&cookie->feed, bytes + 12, 4);
  std::memcpy(&cookie->skip, bytes + 16, 4);
  cookie->at_end = bytes[20];
  return true;
}

// Decodes and counts characters; -1 on error.
int64_t decoded_length(TextIO* self, std::string_view data, bool final) {
  Ref<Str> text = textio_decode_bytes(self, data, final);
  return text ? text->length : -1;
}

// Finds the cookie for `skip` characters into the text that `input` decodes to from the state `flags`.
bool reconstruct(TextIO* self, std::string_view input, uint64_t flags, int64_t skip, Cookie* cookie) {
  // A good place to start: as many bytes as the ratio suggests, then backwards in growing steps to a point where the
  // decoder holds nothing back.
  auto start = static_cast<int64_t>(self->bytes_per_char * static_cast<double>(skip));
  if (start > static_cast<int64_t>(input.size())) start = static_cast<int64_t>(input.size());
  int64_t step = 1;
  uint64_t start_flags = flags;
  int64_t left = skip;
  bool found = false;
  while (start > 0) {
    if (!textio_decoder_setstate(self, "", flags)) return false;
    int64_t count = decoded_length(self, input.substr(0, static_cast<size_t>(start)), false);
    if (count < 0) return false;
    if (count <= skip) {
      Ref<Bytes> held;
      uint64_t state;
      if (!textio_decoder_getstate(self, &held, &state)) return false;
      if (held->length == 0) {
        start_flags = state;
        left = skip - count;
        found = true;
        break;
      }
      start -= held->length;
      step = 1;
    } else {
      start -= step;
      step *= 2;
    }
  }
  if (!found) {
    start = 0;
    start_flags = flags;
    left = skip;
    if (!textio_decoder_setstate(self, "", flags)) return false;
  }
  int64_t position = cookie->position + start;
  auto finish = [&](int64_t feed, bool at_end) {
    cookie->position = position;
    cookie->flags = static_cast<uint32_t>(start_flags);
    cookie->feed = static_cast<uint32_t>(feed);
    cookie->skip = static_cast<uint32_t>(left);
    cookie->at_end = at_end;
    return true;
  };
  if (left == 0) return finish(0, false);
  // Byte by byte from there, moving the start along wherever the decoder is empty-handed.
  int64_t fed = 0, seen = 0;
  for (auto at = static_cast<size_t>(start); at < input.size(); ++at) {
    int64_t count = decoded_length(self, input.substr(at, 1), false);
    if (count < 0) return false;
    ++fed;
    seen += count;
    Ref<Bytes> held;
    uint64_t state;
    if (!textio_decoder_getstate(self, &held, &state)) return false;
    if (held->length == 0 && seen <= left) {
      position += fed;
      left -= seen;
      start_flags = state;
      fed = seen = 0;
    }
    if (seen >= left) return finish(fed, false);
  }
  int64_t count = decoded_length(self, "", true);
  if (count < 0) return false;
  if (seen + count < left) return raise(exc::OSError, "can't reconstruct logical file position");
  return finish(fed, true);
}

bool set_snapshot(TextIO* self, uint64_t flags, Ref<Bytes> bytes) {
  if (!bytes) return false;
  self->snapshot_flags = flags;
  self->snapshot.store(self, std::move(bytes));
  return true;
}

Ref<> seek_to_end(Value v, TextIO* self) {
  Ref<> flushed = call_method(v, names::flush_.str());
  if (!flushed) return Ref<>();
  textio_forget_decoded(self);
  if (!textio_decoder_reset(self)) return Ref<>();
  Ref<> position = call_method(self->buffer.peek(), kSeek.str(), {Value::small_int(0), Value::small_int(2)});
  if (!position) return Ref<>();
  int at_start = compare_truth(position.value(), Value::small_int(0), CompareOp::kEq);
  if (at_start < 0 || !textio_encoder_reset(self, at_start)) return Ref<>();
  return position;
}

}  // namespace

Ref<> textio_tell(Value v) {
  TextIO* self = as_textio(v);
  if (!self->seekable) return raise_unsupported("underlying stream is not seekable");
  if (!self->telling) return raise(exc::OSError, "telling position disabled by next() call");
  if (!textio_write_pending(self)) return Ref<>();
  Ref<> flushed = call_method(v, names::flush_.str());
  if (!flushed) return Ref<>();
  Ref<> position = call_method(self->buffer.peek(), kTell.str());
  if (!position) return Ref<>();
  Ref<> snapshot = self->snapshot.load(self);
  if (!self->can_decode || !snapshot) return position;
  Cookie cookie;
  if (!to_offset(position.value(), &cookie.position)) return Ref<>();
  Bytes* input = as_bytes(snapshot.value());
  cookie.position -= input->length;
  cookie.flags = static_cast<uint32_t>(self->snapshot_flags);
  Ref<> decoded = self->decoded.load(self);
  int64_t skip = decoded ? self->decoded_used : 0;
  if (skip == 0) return pack(cookie);
  Ref<Bytes> saved;
  uint64_t saved_flags;
  uint8_t saved_seen = self->newline.seen;
  if (!textio_decoder_getstate(self, &saved, &saved_flags)) return Ref<>();
  bool ok = reconstruct(self, input->view(), self->snapshot_flags, skip, &cookie);
  Ref<> error = ok ? Ref<>() : take_error();
  bool restored = textio_decoder_setstate(self, saved->view(), saved_flags);
  self->newline.seen = saved_seen;
  if (!ok) {
    clear_error();
    restore_error(std::move(error));
    return Ref<>();
  }
  return restored ? pack(cookie) : Ref<>();
}

Ref<> textio_seek(Value v, Value cookie_in, int whence) {
  TextIO* self = as_textio(v);
  if (!self->seekable) return raise_unsupported("underlying stream is not seekable");
  Ref<> cookie_object = Ref<>::retain(cookie_in);
  if (whence == 1 || whence == 2) {
    int zero = compare_truth(cookie_in, Value::small_int(0), CompareOp::kEq);
    if (zero < 0) return Ref<>();
    if (!zero)
      return raise_unsupported(whence == 1 ? "can't do nonzero cur-relative seeks" : "can't do nonzero end-relative seeks");
    if (whence == 2) return seek_to_end(v, self);
    // Seeking to the present position makes the decoder's state and the file's agree.
    cookie_object = call_method(v, kTell.str());
    if (!cookie_object) return Ref<>();
  } else if (whence != 0) {
    return raise(exc::ValueError, "invalid whence (%d, should be 0, 1 or 2)", whence);
  }
  int negative = compare_truth(cookie_object.value(), Value::small_int(0), CompareOp::kLt);
  if (negative < 0) return Ref<>();
  if (negative) return raise(exc::ValueError, "negative seek position %R", cookie_object.value());
  Ref<> flushed = call_method(v, names::flush_.str());
  if (!flushed) return Ref<>();
  Ref<> number = index(cookie_object.value());
  Cookie cookie;
  if (!number || !unpack(number.value(), &cookie)) return Ref<>();
  Ref<> position = int_from_int64(cookie.position);
  Ref<> moved = call_method(self->buffer.peek(), kSeek.str(), {position.value()});
  if (!moved) return Ref<>();
  textio_forget_decoded(self);
  bool at_start = cookie.position == 0 && cookie.flags == 0;
  if (self->can_decode) {
    if (at_start ? !textio_decoder_reset(self) : !textio_decoder_setstate(self, "", cookie.flags)) return Ref<>();
  }
  if (cookie.skip) {
    Ref<> feed = int_from_int64(cookie.feed);
    Ref<> input = call_method(self->buffer.peek(), kRead.str(), {feed.value()});
    if (!input) return Ref<>();
    if (!is_bytes(input.value())) {
      return raise(exc::TypeError, "underlying read() should have returned a bytes object, not '%T'", input.value());
    }
    if (!set_snapshot(self, cookie.flags, Ref<Bytes>::retain(as_bytes(input.value())))) return Ref<>();
    Ref<Str> text = textio_decode(self, input.value(), cookie.at_end);
    if (!text) return Ref<>();
    int64_t length = text->length;
    textio_set_decoded(self, std::move(text));
    if (length < cookie.skip) return raise(exc::OSError, "can't restore logical file position");
    self->decoded_used = cookie.skip;
  } else if (!set_snapshot(self, cookie.flags, bytes_from(""))) {
    return Ref<>();
  }
  if (!textio_encoder_reset(self, at_start)) return Ref<>();
  return cookie_object;
}

}  // namespace pt
