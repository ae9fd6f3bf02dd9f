// TextIOWrapper.
#include "vm/modules/io/textio.h"

#include <cstring>

#include "gc/platform/memory.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/buffer.h"
#include "vm/types/codecs.h"
#include "vm/types/float.h"

namespace pt {

bool textio_usable(TextIO* self) {
  if (self->initialised) return true;
  return self->detached ? static_cast<bool>(raise(exc::ValueError, "underlying buffer has been detached"))
                        : static_cast<bool>(raise(exc::ValueError, "I/O operation on uninitialized object"));
}

bool textio_check_open(TextIO* self) {
  if (!textio_usable(self)) return false;
  int closed = io_is_closed(self->buffer.peek());
  if (closed < 0) return false;
  return closed ? static_cast<bool>(raise_closed()) : true;
}

void textio_set_decoded(TextIO* self, Ref<Str> text) {
  self->decoded.store(self, std::move(text));
  self->decoded_used = 0;
}
void textio_forget_decoded(TextIO* self) {
  textio_set_decoded(self, Ref<Str>());
  self->snapshot.store(self, Ref<>());
}

bool textio_write_pending(TextIO* self) {
  if (self->pending_size == 0) return true;
  // Taken out first: the write may run Python code that writes to this file.
  uint8_t* data = self->pending;
  auto size = static_cast<size_t>(self->pending_size);
  int64_t capacity = self->pending_capacity;
  self->pending = nullptr;
  self->pending_size = self->pending_capacity = 0;
  std::string_view view(reinterpret_cast<char*>(data), size);
  Ref<> result;
  if (self->buffer_is_exact) {
    result = buffered_write_bytes(self->buffer.peek(), view);
  } else {
    Ref<Bytes> bytes = bytes_from(view);
    while (bytes) {
      result = call_method(self->buffer.peek(), names::write_.str(), {bytes.value()});
      if (result || !pending_matches(exc::InterruptedError)) break;
      clear_error();
      if (!run_signal_handlers()) break;
    }
  }
  if (!self->pending) {
    self->pending = data;
    self->pending_capacity = capacity;
  } else {
    memory::release(data);
  }
  return static_cast<bool>(result);
}

namespace {

constinit Name kReadable("readable"), kWritable("writable"), kSeekable("seekable"), kRead1("read1"), kTell("tell"),
    kTruncate("truncate"), kFileno("fileno"), kIsatty("isatty"), kDeallocWarn("_dealloc_warn"), kMode("mode");

bool ask(Value file, Str* method, bool* out) {
  Ref<> answer = call_method(file, method);
  if (!answer) return false;
  int is = truth(answer.value());
  *out = is > 0;
  return is >= 0;
}

bool check_newline(Value v, char* out, bool* was_given) {
  *was_given = given(v);
  out[0] = 0;
  if (!*was_given) return true;
  if (!is_str(v)) return raise(exc::TypeError, "TextIOWrapper() argument 'newline' must be str or None, not %T", v);
  for (const char* good : {"", "\n", "\r", "\r\n"}) {
    if (as_str(v)->equals_ascii(good)) {
      std::strcpy(out, good);
      return true;
    }
  }
  return raise(exc::ValueError, "illegal newline value: %R", v);
}

void set_newline(TextIO* self, const char* newline, bool was_given) {
  std::memcpy(self->newline_argument, newline, 3);
  self->newline_given = was_given;
  self->universal = !was_given || newline[0] == 0;
  self->newline.translate = !was_given;
  self->line_end = !was_given           ? LineEnd::kLf
                   : newline[0] == 0    ? LineEnd::kUniversal
                   : newline[0] == '\n' ? LineEnd::kLf
                   : newline[1] == '\n' ? LineEnd::kCrLf
                                        : LineEnd::kCr;
  self->write_translate = !was_given || newline[0] != 0;
  // os.linesep is "\n" here, so that only an explicit \r or \r\n changes anything.
  self->write_newline = newline[0] == '\r' ? (newline[1] ? "\r\n" : "\r") : nullptr;
}

bool fix_encoder_state(TextIO* self) {
  if (!self->seekable || !self->can_encode || self->codec != TextCodec::kPython) return true;
  // Appending to a file: no byte order mark in the middle.
  Ref<> position = call_method(self->buffer.peek(), kTell.str());
  if (!position) return false;
  int zero = compare_truth(position.value(), Value::small_int(0), CompareOp::kEq);
  if (zero < 0) return false;
  return zero ? true : textio_encoder_reset(self, false);
}

Ref<> textio_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }

bool textio_init(Value v, const Args& args) {
  Value bound[6];
  TextIO* self = as_textio(v);
  self->initialised = self->detached = false;
  if (!bind_arguments("TextIOWrapper",
                      "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)", args,
                      bound)) {
    return false;
  }
  Value buffer = bound[0];
  char newline[8] = "";
  bool newline_given;
  if (given(bound[1]) && !is_str(bound[1]))
    return raise(exc::TypeError, "TextIOWrapper() argument 'encoding' must be str or None, not %T", bound[1]);
  if (given(bound[1])) {
    Utf8 name(as_str(bound[1]));
    if (!name.ok()) return false;
    if (name.view().find('\0') != std::string_view::npos) return raise(exc::ValueError, "embedded null character");
  }
  if (given(bound[2]) && !is_str(bound[2]))
    return raise(exc::TypeError, "TextIOWrapper() argument 'errors' must be str or None, not %T", bound[2]);
  if (!check_newline(bound[3], newline, &newline_given)) return false;
  bool line_buffering = false, write_through = false;
  if (!to_flag(bound[4], &line_buffering) || !to_flag(bound[5], &write_through)) return false;
  if (!given(bound[1]) && g_config.warn_default_encoding) {
    if (!warn(exc::EncodingWarning, 1, "'encoding' argument not specified")) return false;
  }
  Ref<Str> encoding = given(bound[1]) && !as_str(bound[1])->equals_ascii("locale")
                          ? Ref<Str>::retain(as_str(bound[1]))
                          : str_from_ascii(g_config.utf8_mode ? "utf-8" : "UTF-8");
  Ref<Str> errors = given(bound[2]) ? Ref<Str>::retain(as_str(bound[2])) : str_from_ascii("strict");
  if (!encoding || !errors) return false;
  memory::release(self->pending);
  self->pending = nullptr;
  self->pending_size = self->pending_capacity = 0;
  textio_forget_decoded(self);
  self->lock.reset();
  self->chunk_size = kDefaultBufferSize;
  self->bytes_per_char = 0;
  self->line_buffering = line_buffering;
  self->write_through = write_through;
  self->newline = NewlineState();
  set_newline(self, newline, newline_given);
  bool can_decode, can_encode;
  if (!ask(buffer, kReadable.str(), &can_decode) || !ask(buffer, kWritable.str(), &can_encode)) return false;
  self->can_decode = can_decode;
  self->can_encode = can_encode;
  if (g_check_codec_names && !codec_names_exist(nullptr, errors.get())) return false;
  if (!textio_set_codec(self, encoding.get(), errors.get())) return false;
  self->buffer.store(self, Ref<>::retain(buffer));
  self->buffer_is_exact = is_exact_buffered(buffer);
  bool seekable;
  if (!ask(buffer, kSeekable.str(), &seekable)) return false;
  self->seekable = self->telling = seekable;
  Ref<> read1 = find_attribute(buffer, kRead1.str());
  if (!read1 && error_pending()) return false;
  self->has_read1 = static_cast<bool>(read1);
  if (!fix_encoder_state(self)) return false;
  self->initialised = true;
  return true;
}

// ---- reading -------------------------------------------------------------------------------------------------------------

// Reads and decodes a chunk; 1 when there is more text, 0 at the end, -1 on error.
int read_chunk(TextIO* self, int64_t size_hint) {
  if (!self->can_decode) return raise_unsupported("not readable"), -1;
  Ref<Bytes> held;
  uint64_t flags = 0;
  if (self->telling && !textio_decoder_getstate(self, &held, &flags)) return -1;
  if (size_hint > 0)
    size_hint = static_cast<int64_t>((self->bytes_per_char > 1 ? self->bytes_per_char : 1) * static_cast<double>(size_hint));
  int64_t chunk = size_hint > self->chunk_size ? size_hint : self->chunk_size;
  Ref<> input;
  Value buffer = self->buffer.peek();
  if (self->buffer_is_exact && type_of(buffer) != &buffered_writer_type) {
    input = buffered_read1(buffer, chunk);
  } else {
    Ref<> size = int_from_int64(chunk);
    input = call_method(buffer, self->has_read1 ? kRead1.str() : names::read_.str(), {size.value()});
  }
  if (!input) return -1;
  int64_t count;
  Ref<Str> text;
  if (has_shape(input.value(), kShape_bytes)) {
    count = as_bytes(input.value())->length;
    text = textio_decode(self, input.value(), count == 0);
  } else {
    BufferView view(input.value());
    if (!view.ok()) {
      clear_error();
      raise(exc::TypeError, "underlying %s() should have returned a bytes-like object, not '%T'",
            self->has_read1 ? "read1" : "read", input.value());
      return -1;
    }
    count = view.size();
    text = textio_decode(self, input.value(), count == 0);
  }
  if (!text) return -1;
  int64_t length = text->length;
  self->bytes_per_char = length > 0 ? static_cast<double>(count) / static_cast<double>(length) : 0;
  textio_set_decoded(self, std::move(text));
  if (self->telling) {
    Ref<Bytes> fed;
    if (held->length == 0 && has_shape(input.value(), kShape_bytes)) {
      fed = Ref<Bytes>::retain(as_bytes(input.value()));
    } else {
      BufferView view(input.value());
      if (!view.ok()) return -1;
      fed = bytes_allocate(held->length + view.size());
      if (!fed) return -1;
      std::memcpy(fed->data, held->data, static_cast<size_t>(held->length));
      std::memcpy(fed->data + held->length, view.data(), static_cast<size_t>(view.size()));
    }
    self->snapshot_flags = flags;
    self->snapshot.store(self, std::move(fed));
  }
  return count > 0 || length > 0;
}

// Up to `limit` characters (negative: all) of what is decoded already.
Ref<Str> take_decoded(TextIO* self, int64_t limit) {
  Ref<> decoded = self->decoded.load(self);
  if (!decoded) return str_from_ascii("");
  Str* text = as_str(decoded.value());
  int64_t left = text->length - self->decoded_used;
  int64_t count = limit < 0 || limit > left ? left : limit;
  Ref<Str> part = str_substring(text, self->decoded_used, self->decoded_used + count);
  if (part) self->decoded_used += count;
  return part;
}

Ref<> read_text(TextIO* self, int64_t limit) {
  if (!self->can_decode) return raise_unsupported("not readable");
  if (!textio_write_pending(self)) return Ref<>();
  if (limit < 0) {
    Ref<> bytes = call_method(self->buffer.peek(), names::read_.str());
    if (!bytes) return Ref<>();
    Ref<Str> rest = textio_decode(self, bytes.value(), true);
    if (!rest) return Ref<>();
    Ref<Str> first = take_decoded(self, -1);
    if (!first) return Ref<>();
    textio_forget_decoded(self);
    return first->length == 0 ? Ref<>(std::move(rest)) : Ref<>(str_concat(first.get(), rest.get()));
  }
  Ref<Str> first = take_decoded(self, limit);
  if (!first || first->length == limit) return first;
  StrBuilder out;
  out.append(first.get());
  while (out.length() < limit) {
    int more = read_chunk(self, limit - out.length());
    if (more < 0) return Ref<>();
    if (more == 0) break;
    Ref<Str> part = take_decoded(self, limit - out.length());
    if (!part) return Ref<>();
    out.append(part.get());
  }
  return out.finish();
}

Ref<> read_line(TextIO* self, int64_t limit) {
  if (!textio_write_pending(self)) return Ref<>();
  Ref<Str> carried;       // text of earlier chunks, without a line end
  int64_t scan = 0;       // position in `carried` from which the next search starts
  for (;;) {
    Ref<> decoded = self->decoded.load(self);
    if (!decoded || self->decoded_used == as_str(decoded.value())->length) {
      int more = read_chunk(self, 0);
      if (more < 0) return Ref<>();
      if (more == 0) {
        textio_forget_decoded(self);
        return carried ? Ref<>(std::move(carried)) : Ref<>(str_from_ascii(""));
      }
      decoded = self->decoded.load(self);
      if (as_str(decoded.value())->length == 0) continue;
    }
    Str* chunk = as_str(decoded.value());
    int64_t used = self->decoded_used;
    Ref<Str> line;
    int64_t start = used, offset = 0;  // offset: where the chunk's position 0 would lie in `line`
    if (carried) {
      Ref<Str> part = str_substring(chunk, used, chunk->length);
      line = part ? str_concat(carried.get(), part.get()) : Ref<Str>();
      if (!line) return Ref<>();
      start = 0;
      offset = carried->length - used;
    } else {
      line = Ref<Str>::retain(chunk);
    }
    int64_t scan_next;
    int64_t end = find_line_end(line.get(), carried ? scan : start, self->line_end, &scan_next);
    if (limit >= 0 && (end < 0 || end - start > limit) && line->length - start >= limit) end = start + limit;
    if (end >= 0) {
      self->decoded_used = end - offset;
      return str_substring(line.get(), start, end);
    }
    carried = str_substring(line.get(), start, line->length);
    if (!carried) return Ref<>();
    scan = scan_next - start;
    textio_set_decoded(self, Ref<Str>());
  }
}

Ref<> method_read(const Value* a) {
  TextIO* self = as_textio(a[0]);
  int64_t limit = -1;
  if (!textio_usable(self) || !optional_size(a[1], &limit) || !textio_check_open(self)) return Ref<>();
  OwnedGuard guard(self->lock);
  return guard ? read_text(self, limit) : Ref<>();
}
Ref<> method_readline(const Value* a) {
  TextIO* self = as_textio(a[0]);
  int64_t limit = -1;
  if (!a[1].empty() && !to_size(a[1], &limit)) return Ref<>();
  if (!textio_check_open(self)) return Ref<>();
  OwnedGuard guard(self->lock);
  return guard ? read_line(self, limit) : Ref<>();
}
Ref<> textio_next(Value v) {
  TextIO* self = as_textio(v);
  if (!textio_usable(self)) return Ref<>();
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  self->telling = false;
  Ref<> line;
  if (type_of(v) == &textio_type) {
    if (!textio_check_open(self)) return Ref<>();
    line = read_line(self, -1);
  } else {
    line = call_method(v, names::readline_.str());
    if (line && !is_str(line.value())) {
      return raise(exc::OSError, "readline() should have returned a str object, not '%T'", line.value());
    }
  }
  if (!line) return Ref<>();
  if (as_str(line.value())->length == 0) {
    self->snapshot.store(self, Ref<>());
    self->telling = self->seekable;
    return Ref<>();
  }
  return line;
}

// ---- writing -------------------------------------------------------------------------------------------------------------

Ref<> method_write(const Value* a) {
  TextIO* self = as_textio(a[0]);
  if (!textio_usable(self)) return Ref<>();
  if (!is_str(a[1])) return raise(exc::TypeError, "write() argument must be str, not %T", a[1]);
  if (!textio_check_open(self)) return Ref<>();
  if (!self->can_encode) return raise_unsupported("not writable");
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  Str* given_text = as_str(a[1]);
  bool flush_buffer = self->line_buffering && contains_newline(given_text, true);
  bool flush_text = self->write_through;
  bool ok;
  if (self->write_newline) {
    Ref<Str> text = replace_newlines(Ref<Str>::retain(given_text), self->write_newline);
    ok = text && textio_encode(self, text.get());
  } else {
    ok = textio_encode(self, given_text);
  }
  if (!ok) return Ref<>();
  if (self->pending_size >= self->chunk_size || flush_buffer || flush_text) {
    if (!textio_write_pending(self)) return Ref<>();
  }
  if (flush_buffer) {
    Ref<> flushed =
        self->buffer_is_exact ? buffered_flush(self->buffer.peek()) : call_method(self->buffer.peek(), names::flush_.str());
    if (!flushed) return Ref<>();
  }
  if (!self->decoded.peek().empty() || !self->snapshot.peek().empty()) textio_forget_decoded(self);
  if (self->can_decode && !textio_decoder_reset(self)) return Ref<>();
  return int_from_int64(given_text->length);
}

Ref<> method_flush(const Value* a) { return textio_flush(a[0]); }

// ---- position ------------------------------------------------------------------------------------------------------------

Ref<> method_tell(const Value* a) {
  TextIO* self = as_textio(a[0]);
  if (!textio_check_open(self)) return Ref<>();
  OwnedGuard guard(self->lock);
  return guard ? textio_tell(a[0]) : Ref<>();
}
Ref<> method_seek(const Value* a) {
  TextIO* self = as_textio(a[0]);
  int whence = 0;
  if (!to_cint(a[2], &whence) || !textio_check_open(self)) return Ref<>();
  OwnedGuard guard(self->lock);
  return guard ? textio_seek(a[0], a[1], whence) : Ref<>();
}
Ref<> method_truncate(const Value* a) {
  TextIO* self = as_textio(a[0]);
  if (!textio_usable(self)) return Ref<>();
  Ref<> flushed = call_method(a[0], names::flush_.str());
  return flushed ? call_method(self->buffer.peek(), kTruncate.str(), {a[1].empty() ? none() : a[1]}) : Ref<>();
}

// ---- life ------------------------------------------------------------------------------------------------------------------

Ref<> method_detach(const Value* a) {
  TextIO* self = as_textio(a[0]);
  if (!textio_usable(self)) return Ref<>();
  Ref<> flushed = call_method(a[0], names::flush_.str());
  if (!flushed) return Ref<>();
  Ref<> buffer;
  {
    LockGuard guard(self);
    buffer = self->buffer.exchange_locked(Ref<>());
  }
  self->detached = true;
  self->initialised = false;
  return buffer ? std::move(buffer) : raise(exc::ValueError, "underlying buffer has been detached");
}

Ref<> method_close(const Value* a) {
  TextIO* self = as_textio(a[0]);
  if (!textio_usable(self)) return Ref<>();
  Ref<> buffer = self->buffer.load(self);
  int closed = io_is_closed(buffer.value());
  if (closed < 0) return Ref<>();
  if (closed) return none_ref();
  if (self->finalizing) {
    Ref<> warned = call_method(buffer.value(), kDeallocWarn.str(), {a[0]});
    if (!warned) clear_error();
  }
  Ref<> flushed = call_method(a[0], names::flush_.str());
  Ref<> error = flushed ? Ref<>() : take_error();
  Ref<> result = call_method(buffer.value(), names::close_.str());
  if (error) {
    if (!result) {
      Ref<> later = take_error();
      set_exception_context(later.value(), error.value());
      restore_error(std::move(later));
    } else {
      restore_error(std::move(error));
    }
    return Ref<>();
  }
  return result;
}

Ref<> method_reconfigure(const Value* a) {
  TextIO* self = as_textio(a[0]);
  if (!textio_usable(self)) return Ref<>();
  Value encoding = a[1], errors = a[2], newline_value = a[3];
  if (!self->decoded.peek().empty() || !self->snapshot.peek().empty()) {
    if (given(encoding) || given(errors) || !newline_value.empty()) {
      return raise_unsupported("It is not possible to set the encoding or newline of stream after the first read");
    }
  }
  for (Value v : {encoding, errors}) {
    if (given(v) && !is_str(v))
      return raise(exc::TypeError, "reconfigure() argument '%s' must be str or None, not %T",
                   v.same(encoding) ? "encoding" : "errors", v);
  }
  char newline[8];
  std::memcpy(newline, self->newline_argument, 3);
  bool newline_given = self->newline_given;
  if (!newline_value.empty() && !check_newline(newline_value, newline, &newline_given)) return Ref<>();
  bool line_buffering = self->line_buffering, write_through = self->write_through;
  if (given(a[4]) && !to_flag(a[4], &line_buffering)) return Ref<>();
  if (given(a[5]) && !to_flag(a[5], &write_through)) return Ref<>();
  Ref<> flushed = call_method(a[0], names::flush_.str());
  if (!flushed) return Ref<>();
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  if (given(encoding) || given(errors) || !newline_value.empty()) {
    Ref<Str> new_encoding, new_errors;
    if (given(encoding)) {
      new_encoding = as_str(encoding)->equals_ascii("locale") ? str_from_ascii("UTF-8") : Ref<Str>::retain(as_str(encoding));
      new_errors = given(errors) ? Ref<Str>::retain(as_str(errors)) : str_from_ascii("strict");
    } else {
      new_encoding = Ref<Str>::retain(as_str(self->encoding.peek()));
      new_errors = Ref<Str>::retain(as_str(given(errors) ? errors : self->errors.peek()));
    }
    if (!new_encoding || !new_errors) return Ref<>();
    if (!textio_set_codec(self, new_encoding.get(), new_errors.get())) return Ref<>();
    set_newline(self, newline, newline_given);
    if (!fix_encoder_state(self)) return Ref<>();
  }
  self->line_buffering = line_buffering;
  self->write_through = write_through;
  return none_ref();
}

template <Name& name>
Ref<> ask_buffer(const Value* a) {
  TextIO* self = as_textio(a[0]);
  return textio_usable(self) ? call_method(self->buffer.peek(), name.str()) : Ref<>();
}
template <Name& name>
Ref<> buffer_attribute(Value v) {
  TextIO* self = as_textio(v);
  return textio_usable(self) ? get_attribute(self->buffer.peek(), name.str()) : Ref<>();
}
template <Field TextIO::* member>
Ref<> field_attribute(Value v) {
  TextIO* self = as_textio(v);
  if (!textio_usable(self)) return Ref<>();
  Ref<> value = (self->*member).load(self);
  return value ? std::move(value) : none_ref();
}
template <bool TextIO::* member>
Ref<> flag_attribute(Value v) {
  return textio_usable(as_textio(v)) ? bool_ref(as_textio(v)->*member) : Ref<>();
}
Ref<> get_newlines(Value v) {
  TextIO* self = as_textio(v);
  if (!textio_usable(self)) return Ref<>();
  return self->can_decode && self->universal ? seen_newlines(self->newline.seen) : none_ref();
}
Ref<> get_chunk_size(Value v) { return textio_usable(as_textio(v)) ? int_from_int64(as_textio(v)->chunk_size) : Ref<>(); }
bool set_chunk_size(Value v, Value size) {
  if (!textio_usable(as_textio(v))) return false;
  if (size.empty()) return raise(exc::AttributeError, "cannot delete attribute");
  int64_t n;
  if (!to_size(size, &n)) return false;
  if (n <= 0) return raise(exc::ValueError, "a strictly positive integer is required");
  as_textio(v)->chunk_size = n;
  return true;
}
Ref<> get_finalizing(Value v) { return bool_ref(as_textio(v)->finalizing); }
bool set_finalizing_flag(Value v, Value flag_value) {
  bool flag = false;
  if (!to_flag(flag_value, &flag)) return false;
  as_textio(v)->finalizing = flag;
  return true;
}
Ref<> textio_repr(Value v) {
  TextIO* self = as_textio(v);
  if (!textio_usable(self)) return Ref<>();
  ReprGuard guard(v);
  if (!guard.entered()) return error_pending() ? Ref<>() : raise(exc::RuntimeError, "reentrant call inside %T.__repr__", v);
  StrBuilder out;
  out.append_ascii("<_io.TextIOWrapper");
  for (Str* name : {names::name_.str(), kMode.str()}) {
    Ref<> value = find_attribute(v, name);
    if (!value && error_pending() && !clear_if(exc::ValueError)) return Ref<>();
    if (!value) continue;
    Ref<Str> part = str_format(" %U=%R", name, value.value());
    if (!part) return Ref<>();
    out.append(part.get());
  }
  Ref<Str> encoding = str_format(" encoding=%R>", self->encoding.peek());
  if (!encoding) return Ref<>();
  out.append(encoding.get());
  return out.finish();
}
Ref<> method_getstate(const Value* a) { return raise_not_pickled(a[0]); }

void textio_traverse(Object* o, FieldVisitor& visitor) {
  auto* self = static_cast<TextIO*>(o);
  for (Field* f :
       {&self->buffer, &self->encoding, &self->errors, &self->decoder, &self->encoder, &self->decoded, &self->snapshot}) {
    visitor(*f);
  }
  io_traverse_attributes(o, visitor);
}
void textio_clear(Object* o) {
  auto* self = static_cast<TextIO*>(o);
  self->initialised = false;
  for (Field* f :
       {&self->buffer, &self->encoding, &self->errors, &self->decoder, &self->encoder, &self->decoded, &self->snapshot}) {
    f->clear();
  }
  attributes_clear(o);
}
void textio_destroy(Object* o) {
  memory::release(static_cast<TextIO*>(o)->pending);
  static_cast<TextIO*>(o)->pending = nullptr;
  textio_clear(o);
}

const NativeDef kMethods[] = {
    {"detach", "($self, /)", method_detach},
    {"reconfigure", "($self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
     method_reconfigure, "Reconfigure the text stream with new parameters."},
    {"write", "($self, text, /)", method_write},
    {"read", "($self, size=-1, /)", method_read},
    {"readline", "($self, size=-1, /)", method_readline},
    {"flush", "($self, /)", method_flush},
    {"close", "($self, /)", method_close},
    {"fileno", "($self, /)", ask_buffer<kFileno>},
    {"seekable", "($self, /)", ask_buffer<kSeekable>},
    {"readable", "($self, /)", ask_buffer<kReadable>},
    {"writable", "($self, /)", ask_buffer<kWritable>},
    {"isatty", "($self, /)", ask_buffer<kIsatty>},
    {"seek", "($self, cookie, whence=0, /)", method_seek},
    {"tell", "($self, /)", method_tell},
    {"truncate", "($self, pos=None, /)", method_truncate},
    {"__getstate__", "($self, /)", method_getstate},
    {}};
const GetSetDef kGetSets[] = {{"name", buffer_attribute<names::name_>},
                              {"closed", buffer_attribute<names::closed_>},
                              {"newlines", get_newlines},
                              {"errors", field_attribute<&TextIO::errors>},
                              {"encoding", field_attribute<&TextIO::encoding>},
                              {"buffer", field_attribute<&TextIO::buffer>},
                              {"line_buffering", flag_attribute<&TextIO::line_buffering>},
                              {"write_through", flag_attribute<&TextIO::write_through>},
                              {"_CHUNK_SIZE", get_chunk_size, set_chunk_size},
                              {"_finalizing", get_finalizing, set_finalizing_flag},
                              {"__dict__", io_get_dict},
                              {}};

}  // namespace

Ref<> textio_flush(Value v) {
  TextIO* self = as_textio(v);
  if (!textio_check_open(self)) return Ref<>();
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  self->telling = self->seekable;
  if (!textio_write_pending(self)) return Ref<>();
  if (self->buffer_is_exact) return buffered_flush(self->buffer.peek());
  return call_method(self->buffer.peek(), names::flush_.str());
}

constinit Type textio_type;
const TypeSpec textio_spec = {
    .name = "_io.TextIOWrapper",
    .size = sizeof(TextIO),
    .flags = kTypeBase | kTypeHasDict,
    .base = &textiobase_type,
    .slots = {.repr = textio_repr, .next = textio_next, .construct = textio_construct, .init = textio_init},
    .traverse = textio_traverse,
    .clear = textio_clear,
    .destroy = textio_destroy,
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "Character and line based layer over a BufferedIOBase object, buffer.",
    .signature = "(buffer, encoding=None, errors=None, newline=None,\n              line_buffering=False, write_through=False)",
};

}  // namespace pt
