// repr() of strings, and the escaping that ascii() adds.
#include "vm/types/codecs.h"
#include "vm/types/str_data.h"
#include "vm/types/unicode.h"

namespace pt {

namespace {

template <class Unit>
int64_t plain_run(const Unit* data, int64_t i, int64_t n, uint32_t quote) {
  while (i < n && data[i] >= ' ' && data[i] < 0x7f && data[i] != '\\' && data[i] != quote) i++;
  return i;
}

Ref<Str> quote_text(const Str* s) {
  bool has_single = false, has_double = false;
  with_units(s, [&](auto* data) {
    for (int64_t i = 0; i < s->length; i++) {
      has_single |= data[i] == '\'';
      has_double |= data[i] == '"';
    }
  });
  uint32_t quote = has_single && !has_double ? '"' : '\'';
  StrBuilder out;
  (void)out.append_code_point(quote);
  with_units(s, [&](auto* data) {
    int64_t i = 0;
    while (i < s->length) {
      int64_t end = plain_run(data, i, s->length, quote);
      if (end > i) {
        (void)out.append(s, i, end);
        i = end;
        continue;
      }
      uint32_t c = data[i++];
      if (c == quote || c == '\\') {
        (void)out.append_code_point('\\');
        (void)out.append_code_point(c);
      } else if (c == '\t') {
        (void)out.append_ascii("\\t");
      } else if (c == '\n') {
        (void)out.append_ascii("\\n");
      } else if (c == '\r') {
        (void)out.append_ascii("\\r");
      } else if (c >= 0x80 && unicode::is_printable(c)) {
        (void)out.append_code_point(c);
      } else {
        (void)append_escape(out, c);
      }
    }
  });
  (void)out.append_code_point(quote);
  return out.finish();
}

}  // namespace

Ref<Str> str_repr(const Str* s) { return quote_text(s); }
Ref<> str_repr_slot(Value self) { return str_repr(as_str(self)); }

// ascii() of any text: what is not ASCII becomes escapes.
Ref<Str> str_escape_non_ascii(Str* s) {
  if (s->ascii) return Ref<Str>::retain(s);
  StrBuilder out;
  for (int64_t i = 0; i < s->length; i++) {
    uint32_t c = s->at(i);
    (void)(c < 0x80 ? out.append_code_point(c) : append_escape(out, c));
  }
  return out.finish();
}

}  // namespace pt
