// Error handling of the codecs: the standard handlers natively, registered ones through the _codecs module.
#include <charconv>
#include <cstring>

#include "vm/object/native.h"
#include "vm/types/codecs.h"
#include "vm/types/int.h"
#include "vm/types/str_data.h"
#include "vm/types/tuple.h"
#include "vm/types/utf8.h"

namespace pt {

constinit CodecHooks g_codec_hooks = {};
constinit bool g_check_codec_names = false;

ErrorMode error_mode(const Str* errors) {
  if (!errors || errors->equals_ascii("strict")) return ErrorMode::kStrict;
  if (errors->equals_ascii("ignore")) return ErrorMode::kIgnore;
  if (errors->equals_ascii("replace")) return ErrorMode::kReplace;
  if (errors->equals_ascii("surrogateescape")) return ErrorMode::kSurrogateEscape;
  if (errors->equals_ascii("surrogatepass")) return ErrorMode::kSurrogatePass;
  if (errors->equals_ascii("backslashreplace")) return ErrorMode::kBackslashReplace;
  if (errors->equals_ascii("xmlcharrefreplace")) return ErrorMode::kXmlCharRefReplace;
  if (errors->equals_ascii("namereplace")) return ErrorMode::kNameReplace;
  return ErrorMode::kOther;
}

bool append_escape(StrBuilder& out, uint32_t c) {
  static constexpr char kHex[] = "0123456789abcdef";
  int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
  char text[10] = {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};
  for (int i = 0; i < digits; i++) text[2 + i] = kHex[(c >> (4 * (digits - 1 - i))) & 15];
  return out.append_ascii({text, static_cast<size_t>(2 + digits)});
}

namespace {

Ref<> find_handler(Str* errors) {
  if (!g_codec_hooks.lookup_error) return raise(exc::LookupError, "unknown error handler name '%U'", errors);
  return g_codec_hooks.lookup_error(errors);
}

Ref<> make_error(Type* type, const char* name, Value object, int64_t start, int64_t end, const char* reason) {
  Ref<Str> encoding = str_from_ascii(name);
  if (!encoding) return Ref<>();
  Ref<Str> text = str_from_ascii(reason);
  if (!text) return Ref<>();
  return call_values(Value::object(type),
                     {encoding.value(), object, Value::small_int(start), Value::small_int(end), text.value()});
}

// The (replacement, position) a handler returned. `length` is that of the input.
bool unpack(Value result, bool bytes_allowed, int64_t length, Ref<>* replacement, int64_t* position) {
  const char* wanted = bytes_allowed ? "encoding error handler must return (str/bytes, int) tuple"
                                     : "decoding error handler must return (str, int) tuple";
  if (!is_tuple(result) || as_tuple(result)->length != 2) return raise(exc::TypeError, "%s", wanted);
  Value text = as_tuple(result)->at(0), at = as_tuple(result)->at(1);
  if (!is_str(text) && !(bytes_allowed && is_bytes(text))) return raise(exc::TypeError, "%s", wanted);
  if (!is_int(at)) return raise(exc::TypeError, "%s", wanted);
  if (!to_size(at, position)) return false;
  if (*position < 0) *position += length;
  if (*position < 0 || *position > length) {
    return raise(exc::IndexError, "position %V from error handler out of bounds", at);
  }
  *replacement = Ref<>::retain(text);
  return true;
}

// The surrogate that `surrogatepass` lets through at the place of the error, or 0; *used gets its size.
uint32_t passed_surrogate(Encoding encoding, const uint8_t* p, int64_t left, int* used) {
  uint32_t c = 0;
  switch (encoding) {
    case Encoding::kUtf8:
      *used = 3;
      if (left >= 3 && (p[0] & 0xF0) == 0xE0 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        c = ((p[0] & 0x0Fu) << 12) | ((p[1] & 0x3Fu) << 6) | (p[2] & 0x3Fu);
      }
      break;
    case Encoding::kUtf16Le:
      *used = 2;
      if (left >= 2) c = p[0] | uint32_t{p[1]} << 8;
      break;
    case Encoding::kUtf16Be:
      *used = 2;
      if (left >= 2) c = p[1] | uint32_t{p[0]} << 8;
      break;
    case Encoding::kUtf32Le:
      *used = 4;
      if (left >= 4) c = p[0] | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
      break;
    case Encoding::kUtf32Be:
      *used = 4;
      if (left >= 4) c = p[3] | uint32_t{p[2]} << 8 | uint32_t{p[1]} << 16 | uint32_t{p[0]} << 24;
      break;
    case Encoding::kOther: break;
  }
  return c >= 0xD800 && c <= 0xDFFF ? c : 0;
}

}  // namespace

int64_t Decoding::handle(int64_t start, int64_t end, const char* reason, StrBuilder& out) {
  switch (mode_) {
    case ErrorMode::kIgnore: return end;
    case ErrorMode::kReplace: return out.append_code_point(0xFFFD) ? end : (raise_no_memory(), -1);
    case ErrorMode::kSurrogateEscape: {
      int64_t i = start;
      // As many as four bytes a call, and never an ASCII byte.
      while (i < end && i < start + 4 && data[i] >= 0x80) {
        if (!out.append_code_point(0xDC00u + data[i])) return raise_no_memory(), -1;
        i++;
      }
      if (i > start) return i;
      break;
    }
    case ErrorMode::kSurrogatePass: {
      int used = 0;
      if (uint32_t c = passed_surrogate(encoding_, data + start, size - start, &used)) {
        return out.append_code_point(c) ? start + used : (raise_no_memory(), -1);
      }
      break;
    }
    case ErrorMode::kBackslashReplace:
      for (int64_t i = start; i < end; i++) {
        if (!append_escape(out, data[i])) return raise_no_memory(), -1;
      }
      return end;
    default: break;
  }
  return call_handler(start, end, reason, out);
}

int64_t Decoding::call_handler(int64_t start, int64_t end, const char* reason, StrBuilder& out) {
  if (!input_) {
    input_ = bytes_from({reinterpret_cast<const char*>(data), static_cast<size_t>(size)});
    if (!input_) return -1;
  }
  Ref<> error = make_error(exc::UnicodeDecodeError, name_, input_.value(), start, end, reason);
  if (!error) return -1;
  if (mode_ == ErrorMode::kStrict || mode_ == ErrorMode::kSurrogateEscape || mode_ == ErrorMode::kSurrogatePass) {
    (void)raise_object(error.value());
    return -1;
  }
  if (!handler_ && !(handler_ = find_handler(errors_))) return -1;
  if (mode_ != ErrorMode::kOther) {
    // xmlcharrefreplace and namereplace say themselves that they cannot decode.
    Ref<> result = call1(handler_.value(), error.value());
    if (result) (void)raise_object(error.value());
    return -1;
  }
  Ref<> result = call1(handler_.value(), error.value());
  if (!result) return -1;
  // The handler may have given the exception another object: decoding goes on with that.
  static constinit Name kObject("object");
  Ref<> object = get_attribute(error.value(), kObject.str());
  if (!object) return -1;
  if (!is_bytes(object.value())) {
    (void)raise(exc::TypeError, "exception attribute object must be bytes");
    return -1;
  }
  if (!object.value().same(input_.value())) {
    data = as_bytes(object.value())->data;
    size = as_bytes(object.value())->length;
    input_ = std::move(object);
  }
  Ref<> replacement;
  int64_t position;
  if (!unpack(result.value(), false, size, &replacement, &position)) return -1;
  if (!out.append(as_str(replacement.value()))) return raise_no_memory(), -1;
  return position;
}

Raised Encoder::fail(int64_t start, int64_t end, const char* reason) {
  Ref<> error = make_error(exc::UnicodeEncodeError, name_, Value::object(text_), start, end, reason);
  if (error) (void)raise_object(error.value());
  return {};
}

int64_t Encoder::handle(int64_t start, int64_t end, const char* reason, Ref<>* replacement) {
  StrBuilder out;
  bool ok = true;
  switch (mode_) {
    case ErrorMode::kIgnore: break;
    case ErrorMode::kReplace: ok = out.append_repeated('?', end - start); break;
    case ErrorMode::kBackslashReplace:
      for (int64_t i = start; ok && i < end; i++) ok = append_escape(out, text_->at(i));
      break;
    case ErrorMode::kXmlCharRefReplace:
      for (int64_t i = start; ok && i < end; i++) {
        char number[16] = "&#";
        char* last = std::to_chars(number + 2, number + 14, text_->at(i)).ptr;
        *last++ = ';';
        ok = out.append_ascii({number, static_cast<size_t>(last - number)});
      }
      break;
    case ErrorMode::kNameReplace:
      for (int64_t i = start; ok && i < end; i++) {
        uint32_t c = text_->at(i);
        Ref<Str> name;
        if (g_codec_hooks.character_name) {
          name = g_codec_hooks.character_name(c);
          if (!name && error_pending()) return -1;
        }
        ok = name ? out.append_ascii("\\N{") && out.append(name.get()) && out.append_code_point('}') : append_escape(out, c);
      }
      break;
    case ErrorMode::kSurrogateEscape: {
      int64_t n = 0;
      while (start + n < end && text_->at(start + n) >= 0xDC80 && text_->at(start + n) <= 0xDCFF) n++;
      if (n == 0 || (start + n < end)) return fail(start + n, end, reason), -1;
      Ref<Bytes> bytes = bytes_allocate(n);
      if (!bytes) return -1;
      for (int64_t i = 0; i < n; i++) bytes->data[i] = static_cast<uint8_t>(text_->at(start + i) - 0xDC00);
      *replacement = std::move(bytes);
      return start + n;
    }
    case ErrorMode::kSurrogatePass: {
      int unit = encoding_ == Encoding::kUtf8 ? 3 : encoding_ <= Encoding::kUtf16Be ? 2 : 4;
      bool little = encoding_ == Encoding::kUtf16Le || encoding_ == Encoding::kUtf32Le;
      if (encoding_ == Encoding::kOther) return fail(start, end, reason), -1;
      Ref<Bytes> bytes = bytes_allocate((end - start) * unit);
      if (!bytes) return -1;
      uint8_t* p = bytes->data;
      for (int64_t i = start; i < end; i++) {
        uint32_t c = text_->at(i);
        if (c < 0xD800 || c > 0xDFFF) return fail(start, end, reason), -1;
        if (unit == 3) {
          p += utf8_put(p, c);
        } else {
          for (int j = 0; j < unit; j++) *p++ = static_cast<uint8_t>(c >> (8 * (little ? j : unit - 1 - j)));
        }
      }
      *replacement = std::move(bytes);
      return end;
    }
    case ErrorMode::kStrict: return fail(start, end, reason), -1;
    case ErrorMode::kOther: {
      if (!handler_ && !(handler_ = find_handler(errors_))) return -1;
      Ref<> error = make_error(exc::UnicodeEncodeError, name_, Value::object(text_), start, end, reason);
      if (!error) return -1;
      Ref<> result = call1(handler_.value(), error.value());
      if (!result) return -1;
      int64_t position;
      return unpack(result.value(), true, text_->length, replacement, &position) ? position : -1;
    }
  }
  Ref<Str> text = ok ? out.finish() : nullptr;
  if (!text) {
    if (!error_pending()) (void)raise_no_memory();
    return -1;
  }
  *replacement = std::move(text);
  return end;
}

}  // namespace pt
