// str_format(): the message directives of raise().
#include <charconv>
#include <cstring>

#include "vm/object/error.h"
#include "vm/object/protocol.h"
#include "vm/types/str_data.h"

namespace pt {

namespace {

bool append_number(StrBuilder& out, auto number) {
  char text[24];
  auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return out.append_ascii({text, static_cast<size_t>(end - text)});
}

// C strings are UTF-8; what is not becomes U+FFFD.
bool append_c_string(StrBuilder& out, const char* text, size_t size) {
  const uint8_t* p = reinterpret_cast<const uint8_t*>(text);
  if (all_ascii(p, size)) return out.append_ascii({text, size});
  Ref<Str> s = str_from_wtf8({text, size});
  return s && out.append(s.get());
}

}  // namespace

Ref<Str> str_vformat(const char* format, va_list arguments) {
  StrBuilder out;
  const char* p = format;
  while (*p) {
    const char* percent = strchr(p, '%');
    if (!percent) percent = p + strlen(p);
    if (percent != p && !append_c_string(out, p, static_cast<size_t>(percent - p))) return nullptr;
    p = percent;
    if (!*p) break;
    p++;
    char size = 0;
    int precision = -1;
    if (*p == '.') {
      precision = 0;
      for (p++; *p >= '0' && *p <= '9'; p++) precision = precision * 10 + (*p - '0');
    }
    if (*p == 'l' || *p == 'z') size = *p++;
    bool ok = true;
    switch (*p++) {
      case 's': {
        const char* text = va_arg(arguments, const char*);
        if (!text) text = "(null)";
        ok = append_c_string(out, text, precision < 0 ? strlen(text) : strnlen(text, static_cast<size_t>(precision)));
        break;
      }
      case 'd': ok = size ? append_number(out, va_arg(arguments, long)) : append_number(out, va_arg(arguments, int)); break;
      case 'u':
        ok = size ? append_number(out, va_arg(arguments, unsigned long)) : append_number(out, va_arg(arguments, unsigned));
        break;
      case 'x': {
        char text[24];
        unsigned long number = size ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
        auto end = std::to_chars(text, text + sizeof text, number, 16).ptr;
        ok = out.append_ascii({text, static_cast<size_t>(end - text)});
        break;
      }
      case 'c': ok = out.append_code_point(static_cast<uint32_t>(va_arg(arguments, int))); break;
      case 'g': {
        char text[40];
        auto end = std::to_chars(text, text + sizeof text, va_arg(arguments, double), std::chars_format::general, 6).ptr;
        ok = out.append_ascii({text, static_cast<size_t>(end - text)});
        break;
      }
      case '%': ok = out.append_code_point('%'); break;
      case 'V':
      case 'R': {
        Value v = Value::from_bits(va_arg(arguments, uint64_t));
        Ref<> text = p[-1] == 'V' ? str(v) : repr(v);
        ok = text && out.append(as_str(text.value()));
        break;
      }
      case 'T':
      case 'F': {
        Type* type = p[-1] == 'T' ? type_of(Value::from_bits(va_arg(arguments, uint64_t))) : va_arg(arguments, Type*);
        if (has_flag(type, kTypeHeap)) {
          // Whoever assigned to its __name__ finds that here.
          Ref<> name = type->name.load(type);
          ok = name ? out.append(as_str(name.value())) : out.append_ascii("?");
        } else {
          ok = append_c_string(out, full_name(type), strlen(full_name(type)));
        }
        break;
      }
      case 'N': {
        Ref<> name = [](Type* type) { return type->name.load(type); }(va_arg(arguments, Type*));
        ok = name ? out.append(as_str(name.value())) : out.append_ascii("?");
        break;
      }
      case 'U': ok = out.append(va_arg(arguments, Str*)); break;
      default: PT_CHECK(false);  // an unknown directive
    }
    if (!ok) {
      if (!error_pending()) (void)raise_no_memory();
      return nullptr;
    }
  }
  return out.finish();
}

Ref<Str> str_format(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Ref<Str> s = str_vformat(format, arguments);
  va_end(arguments);
  return s;
}

}  // namespace pt
