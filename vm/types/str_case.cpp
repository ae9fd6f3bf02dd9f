// Case conversion and character class tests of str.
#include "vm/types/str_type.h"
#include "vm/types/unicode.h"

namespace pt {

namespace {

bool ascii_lower(uint32_t c) { return c - 'a' < 26; }
bool ascii_upper(uint32_t c) { return c - 'A' < 26; }

Ref<> finish(StrBuilder& out) {
  Ref<Str> s = out.finish();
  return s;
}
bool put(StrBuilder& out, const uint32_t* c, int n) {
  for (int i = 0; i < n; i++) {
    if (!out.append_code_point(c[i])) return false;
  }
  return true;
}

// A new ASCII string of the same length, byte by byte.
template <class F>
Ref<> map_ascii(const Str* s, F f) {
  if (s->length == 1) return str_from_code_point(f(s->data1()[0], 0));
  Ref<Str> out = str_allocate(s->length, kMaxAscii);
  if (!out || s->length == 0) return out;
  const uint8_t* from = s->data1();
  uint8_t* to = out->data1();
  for (int64_t i = 0; i < s->length; i++) to[i] = static_cast<uint8_t>(f(from[i], i));
  return out;
}

// Greek capital sigma becomes a final sigma when a cased letter stands before it and none after it, case-ignorable
// characters aside (Unicode 3.13, Final_Sigma).
uint32_t lower_sigma(const Str* s, int64_t i) {
  int64_t j = i - 1;
  while (j >= 0 && unicode::has(s->at(j), unicode::kCaseIgnorable)) j--;
  if (j < 0 || !unicode::has(s->at(j), unicode::kCased)) return 0x3c3;
  j = i + 1;
  while (j < s->length && unicode::has(s->at(j), unicode::kCaseIgnorable)) j++;
  return j == s->length || !unicode::has(s->at(j), unicode::kCased) ? 0x3c2 : 0x3c3;
}
int lower_at(const Str* s, int64_t i, uint32_t out[3]) {
  uint32_t c = s->at(i);
  if (c == 0x3a3) {
    out[0] = lower_sigma(s, i);
    return 1;
  }
  return unicode::to_lower(c, out);
}

template <class F>
Ref<> map_wide(const Str* s, F f) {
  StrBuilder out;
  if (!out.reserve(s->length)) return raise_no_memory();
  uint32_t mapped[3];
  for (int64_t i = 0; i < s->length; i++) {
    int n = f(i, mapped);
    if (!put(out, mapped, n)) return raise_no_memory();
  }
  return finish(out);
}

// All characters satisfy the test and there is at least one.
template <class F>
Ref<> all_of(Value v, F f) {
  const Str* s = as_str(v);
  return bool_ref(s->length != 0 && with_units(s, [&](auto* p) {
                    for (int64_t i = 0; i < s->length; i++) {
                      if (!f(static_cast<uint32_t>(p[i]))) return false;
                    }
                    return true;
                  }));
}

}  // namespace

Ref<> str_upper_method(const Value* a) {
  const Str* s = as_str(a[0]);
  if (s->ascii) return map_ascii(s, [](uint8_t c, int64_t) { return ascii_lower(c) ? c - 32u : c; });
  return map_wide(s, [&](int64_t i, uint32_t* out) { return unicode::to_upper(s->at(i), out); });
}
Ref<> str_lower_method(const Value* a) {
  const Str* s = as_str(a[0]);
  if (s->ascii) return map_ascii(s, [](uint8_t c, int64_t) { return ascii_upper(c) ? c + 32u : c; });
  return map_wide(s, [&](int64_t i, uint32_t* out) { return lower_at(s, i, out); });
}
Ref<> str_casefold_method(const Value* a) {
  const Str* s = as_str(a[0]);
  if (s->ascii) return map_ascii(s, [](uint8_t c, int64_t) { return ascii_upper(c) ? c + 32u : c; });
  return map_wide(s, [&](int64_t i, uint32_t* out) { return unicode::to_fold(s->at(i), out); });
}
Ref<> str_swapcase_method(const Value* a) {
  const Str* s = as_str(a[0]);
  if (s->ascii) return map_ascii(s, [](uint8_t c, int64_t) { return ascii_upper(c) || ascii_lower(c) ? c ^ 32u : c; });
  return map_wide(s, [&](int64_t i, uint32_t* out) {
    uint32_t c = s->at(i);
    if (unicode::is_upper(c)) return lower_at(s, i, out);
    if (unicode::is_lower(c)) return unicode::to_upper(c, out);
    out[0] = c;
    return 1;
  });
}
Ref<> str_capitalize_method(const Value* a) {
  const Str* s = as_str(a[0]);
  if (s->ascii) {
    return map_ascii(s, [](uint8_t c, int64_t i) {
      if (i == 0) return ascii_lower(c) ? c - 32u : c;
      return ascii_upper(c) ? c + 32u : c;
    });
  }
  return map_wide(s, [&](int64_t i, uint32_t* out) { return i == 0 ? unicode::to_title(s->at(0), out) : lower_at(s, i, out); });
}
Ref<> str_title_method(const Value* a) {
  const Str* s = as_str(a[0]);
  bool after_cased = false;
  return map_wide(s, [&](int64_t i, uint32_t* out) {
    uint32_t c = s->at(i);
    int n = after_cased ? lower_at(s, i, out) : unicode::to_title(c, out);
    after_cased = unicode::has(c, unicode::kCased);
    return n;
  });
}

Ref<> str_isalpha_method(const Value* a) { return all_of(a[0], unicode::is_alpha); }
Ref<> str_isalnum_method(const Value* a) { return all_of(a[0], unicode::is_alnum); }
Ref<> str_isdecimal_method(const Value* a) { return all_of(a[0], unicode::is_decimal); }
Ref<> str_isdigit_method(const Value* a) { return all_of(a[0], unicode::is_digit); }
Ref<> str_isnumeric_method(const Value* a) { return all_of(a[0], unicode::is_numeric); }
Ref<> str_isspace_method(const Value* a) { return all_of(a[0], unicode::is_space); }
Ref<> str_isascii_method(const Value* a) { return bool_ref(as_str(a[0])->ascii || as_str(a[0])->length == 0); }
Ref<> str_isprintable_method(const Value* a) {
  return as_str(a[0])->length == 0 ? bool_ref(true) : all_of(a[0], unicode::is_printable);
}
Ref<> str_isidentifier_method(const Value* a) { return bool_ref(str_is_identifier(as_str(a[0]))); }

bool str_is_identifier(const Str* s) {
  if (s->length == 0) return false;
  uint32_t first = s->at(0);
  if (first != '_' && !unicode::has(first, unicode::kXidStart)) return false;
  for (int64_t i = 1; i < s->length; i++) {
    if (!unicode::has(s->at(i), unicode::kXidContinue)) return false;
  }
  return true;
}

namespace {
// At least one character of the wanted case, and none of the other or of title case.
Ref<> has_case(Value v, uint32_t wanted, uint32_t unwanted) {
  const Str* s = as_str(v);
  bool any = false;
  for (int64_t i = 0; i < s->length; i++) {
    uint16_t flags = unicode::record(s->at(i)).flags;
    if (flags & unwanted) return bool_ref(false);
    any |= (flags & wanted) != 0;
  }
  return bool_ref(any);
}
}  // namespace

Ref<> str_islower_method(const Value* a) { return has_case(a[0], unicode::kLower, unicode::kUpper | unicode::kTitle); }
Ref<> str_isupper_method(const Value* a) { return has_case(a[0], unicode::kUpper, unicode::kLower | unicode::kTitle); }
Ref<> str_istitle_method(const Value* a) {
  const Str* s = as_str(a[0]);
  bool any = false, after_cased = false;
  for (int64_t i = 0; i < s->length; i++) {
    uint16_t flags = unicode::record(s->at(i)).flags;
    if (flags & (unicode::kUpper | unicode::kTitle)) {
      if (after_cased) return bool_ref(false);
      any = after_cased = true;
    } else if (flags & unicode::kLower) {
      if (!after_cased) return bool_ref(false);
      any = after_cased = true;
    } else {
      after_cased = false;
    }
  }
  return bool_ref(any);
}

}  // namespace pt
