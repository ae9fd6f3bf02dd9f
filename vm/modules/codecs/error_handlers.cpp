// The standard error handlers as functions on exceptions ("strict", "ignore", ...).
#include "vm/modules/codecs/error_handlers.h"

#include <cstdio>
#include <cstring>

#include "vm/object/native.h"
#include "vm/types/codecs.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

Raised wrong_type(Value v) { return raise(exc::TypeError, "don't know how to handle %T in error callback", v); }

enum class Kind { kEncode, kDecode, kTranslate, kNone };

// What the exception says: its kind, the text or bytes, the range clamped into it.
struct Problem {
  Kind kind = Kind::kNone;
  Ref<> object;
  int64_t start = 0, end = 0;
  Str* text() const { return as_str(object.value()); }
  Bytes* bytes() const { return as_bytes(object.value()); }
};

bool read_problem(Value exception, Problem* out) {
  if (!is_exception(exception)) return wrong_type(exception);
  if (is_instance_of(exception, exc::UnicodeEncodeError))
    out->kind = Kind::kEncode;
  else if (is_instance_of(exception, exc::UnicodeDecodeError))
    out->kind = Kind::kDecode;
  else if (is_instance_of(exception, exc::UnicodeTranslateError))
    out->kind = Kind::kTranslate;
  else
    return wrong_type(exception);
  auto* e = reinterpret_cast<UnicodeErrorObject*>(exception.as_object());
  out->object = e->object.load(e);
  if (!out->object) return raise(exc::TypeError, "object attribute not set");
  int64_t length;
  if (out->kind == Kind::kDecode) {
    if (!is_bytes(out->object.value())) return raise(exc::TypeError, "object attribute must be bytes");
    length = out->bytes()->length;
  } else {
    if (!is_str(out->object.value())) return raise(exc::TypeError, "object attribute must be unicode");
    length = out->text()->length;
  }
  int64_t start = e->start, end = e->end;
  if (start < 0) start = 0;
  if (start >= length) start = length ? length - 1 : 0;
  if (end < 1) end = 1;
  if (end > length) end = length;
  out->start = start;
  out->end = end;
  return true;
}

Ref<> answer(Ref<> replacement, int64_t position) {
  if (!replacement) return Ref<>();
  Ref<> at = int_from_int64(position);
  return at ? Ref<>(tuple_of({replacement.value(), at.value()})) : Ref<>();
}

Ref<> strict_errors(const Value* a) {
  if (!is_exception(a[0])) return raise(exc::TypeError, "codec must pass exception instance");
  return raise_object(a[0]);
}

Ref<> ignore_errors(const Value* a) {
  Problem problem;
  if (!read_problem(a[0], &problem)) return Ref<>();
  return answer(str_from_ascii(""), problem.end);
}

Ref<> replace_errors(const Value* a) {
  Problem problem;
  if (!read_problem(a[0], &problem)) return Ref<>();
  StrBuilder out;
  if (problem.kind == Kind::kDecode)
    out.append_code_point(0xFFFD);
  else if (problem.end > problem.start)
    out.append_repeated(problem.kind == Kind::kEncode ? '?' : 0xFFFD, problem.end - problem.start);
  return answer(out.finish(), problem.end);
}

Ref<> xmlcharrefreplace_errors(const Value* a) {
  Problem problem;
  if (!is_exception(a[0]) || !is_instance_of(a[0], exc::UnicodeEncodeError)) return wrong_type(a[0]);
  if (!read_problem(a[0], &problem)) return Ref<>();
  StrBuilder out;
  for (int64_t i = problem.start; i < problem.end; ++i) {
    char buffer[20];
    std::snprintf(buffer, sizeof buffer, "&#%u;", problem.text()->at(i));
    out.append_ascii(buffer);
  }
  return answer(out.finish(), problem.end);
}

Ref<> backslashreplace_errors(const Value* a) {
  Problem problem;
  if (!read_problem(a[0], &problem)) return Ref<>();
  StrBuilder out;
  for (int64_t i = problem.start; i < problem.end; ++i) {
    append_escape(out, problem.kind == Kind::kDecode ? problem.bytes()->data[i] : problem.text()->at(i));
  }
  return answer(out.finish(), problem.end);
}

Ref<> namereplace_errors(const Value* a) {
  Problem problem;
  if (!is_exception(a[0]) || !is_instance_of(a[0], exc::UnicodeEncodeError)) return wrong_type(a[0]);
  if (!read_problem(a[0], &problem)) return Ref<>();
  StrBuilder out;
  for (int64_t i = problem.start; i < problem.end; ++i) {
    uint32_t c = problem.text()->at(i);
    Ref<Str> name = g_codec_hooks.character_name ? g_codec_hooks.character_name(c) : Ref<Str>();
    if (name) {
      out.append_ascii("\\N{");
      out.append(name.get());
      out.append_ascii("}");
    } else {
      append_escape(out, c);
    }
  }
  return answer(out.finish(), problem.end);
}

// The encodings for which surrogates have a byte form.
Encoding encoding_kind(Value exception) {
  auto* e = reinterpret_cast<UnicodeErrorObject*>(exception.as_object());
  Ref<> encoding = e->encoding.load(e);
  if (!encoding || !is_str(encoding.value())) return Encoding::kOther;
  char name[32];
  Str* s = as_str(encoding.value());
  if (!s->ascii || s->length >= static_cast<int64_t>(sizeof name)) return Encoding::kOther;
  size_t n = 0;
  for (char c : s->ascii_view()) {
    if (c == '-' || c == '_') continue;
    name[n++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  name[n] = 0;
  std::string_view text(name, n);
  if (text == "utf8" || text == "cputf8" || text == "cp65001") return Encoding::kUtf8;
  if (text == "utf16le" || text == "utf16") return Encoding::kUtf16Le;
  if (text == "utf16be") return Encoding::kUtf16Be;
  if (text == "utf32le" || text == "utf32") return Encoding::kUtf32Le;
  if (text == "utf32be") return Encoding::kUtf32Be;
  return Encoding::kOther;
}

Ref<> surrogatepass_errors(const Value* a) {
  Problem problem;
  if (!read_problem(a[0], &problem)) return Ref<>();
  if (problem.kind == Kind::kTranslate) return wrong_type(a[0]);
  Encoding encoding = encoding_kind(a[0]);
  if (encoding == Encoding::kOther) return raise_object(a[0]);
  if (problem.kind == Kind::kEncode) {
    BytesBuilder out;
    for (int64_t i = problem.start; i < problem.end; ++i) {
      uint32_t c = problem.text()->at(i);
      if (c < 0xD800 || c > 0xDFFF) return raise_object(a[0]);
      auto put = [&](uint32_t b) { out.append_byte(static_cast<uint8_t>(b)); };
      switch (encoding) {
        case Encoding::kUtf8: put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F)); break;
        case Encoding::kUtf16Le: put(c & 0xFF), put(c >> 8); break;
        case Encoding::kUtf16Be: put(c >> 8), put(c & 0xFF); break;
        case Encoding::kUtf32Le: put(c & 0xFF), put(c >> 8), put(0), put(0); break;
        default: put(0), put(0), put(c >> 8), put(c & 0xFF); break;
      }
    }
    return answer(out.finish(), problem.end);
  }
  const uint8_t* p = problem.bytes()->data + problem.start;
  int64_t left = problem.bytes()->length - problem.start;
  uint32_t c = 0;
  int64_t used = encoding == Encoding::kUtf8 ? 3 : encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be ? 2 : 4;
  if (left >= used) {
    switch (encoding) {
      case Encoding::kUtf8:
        if ((p[0] & 0xF0) == 0xE0 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
          c = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        }
        break;
      case Encoding::kUtf16Le: c = p[0] | p[1] << 8; break;
      case Encoding::kUtf16Be: c = p[0] << 8 | p[1]; break;
      case Encoding::kUtf32Le:
        c = p[0] | static_cast<uint32_t>(p[1]) << 8 | static_cast<uint32_t>(p[2]) << 16 | static_cast<uint32_t>(p[3]) << 24;
        break;
      default:
        c = static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 | static_cast<uint32_t>(p[2]) << 8 | p[3];
        break;
    }
  }
  if (c < 0xD800 || c > 0xDFFF) return raise_object(a[0]);
  return answer(str_from_code_point(c), problem.start + used);
}

Ref<> surrogateescape_errors(const Value* a) {
  Problem problem;
  if (!read_problem(a[0], &problem)) return Ref<>();
  if (problem.kind == Kind::kTranslate) return wrong_type(a[0]);
  if (problem.kind == Kind::kEncode) {
    BytesBuilder out;
    for (int64_t i = problem.start; i < problem.end; ++i) {
      uint32_t c = problem.text()->at(i);
      if (c < 0xDC80 || c > 0xDCFF) return raise_object(a[0]);
      out.append_byte(static_cast<uint8_t>(c - 0xDC00));
    }
    return answer(out.finish(), problem.end);
  }
  // At most four bytes at a time, and none that is ASCII.
  StrBuilder out;
  int64_t i = problem.start;
  for (; i < problem.end && i < problem.start + 4; ++i) {
    uint8_t byte = problem.bytes()->data[i];
    if (byte < 128) break;
    out.append_code_point(0xDC00u + byte);
  }
  if (i == problem.start) return raise_object(a[0]);
  return answer(out.finish(), i);
}

struct Handler {
  const char* registered;
  NativeDef def;
};
const Handler kHandlers[] = {
    {"strict",
     {"strict_errors", "(exception, /)", strict_errors,
      "Implements the 'strict' error handling, which raises a UnicodeError on coding errors."}},
    {"ignore",
     {"ignore_errors", "(exception, /)", ignore_errors,
      "Implements the 'ignore' error handling, which ignores malformed data and continues."}},
    {"replace",
     {"replace_errors", "(exception, /)", replace_errors,
      "Implements the 'replace' error handling, which replaces malformed data with a replacement marker."}},
    {"xmlcharrefreplace",
     {"xmlcharrefreplace_errors", "(exception, /)", xmlcharrefreplace_errors,
      "Implements the 'xmlcharrefreplace' error handling, which replaces an unencodable character with the appropriate XML "
      "character reference."}},
    {"backslashreplace",
     {"backslashreplace_errors", "(exception, /)", backslashreplace_errors,
      "Implements the 'backslashreplace' error handling, which replaces malformed data with a backslashed escape sequence."}},
    {"namereplace",
     {"namereplace_errors", "(exception, /)", namereplace_errors,
      "Implements the 'namereplace' error handling, which replaces an unencodable character with a \\N{...} escape sequence."}},
    {"surrogatepass", {"surrogatepass", "(exception, /)", surrogatepass_errors}},
    {"surrogateescape", {"surrogateescape", "(exception, /)", surrogateescape_errors}},
};

}  // namespace

bool add_error_handlers(Dict* handlers) {
  for (const Handler& handler : kHandlers) {
    Ref<> function = native_function_new(&handler.def, Value(), Value());
    if (!function || !dict_set_text(handlers, handler.registered, function.value())) return false;
  }
  return true;
}

}  // namespace pt
