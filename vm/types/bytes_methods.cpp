// Methods that bytes and bytearray share: searching, replacing, padding, character classes, hex.
#include <cstring>

#include "vm/types/bytes_type.h"
#include "vm/types/codecs.h"
#include "vm/types/int.h"
#include "vm/types/search.h"
#include "vm/types/str.h"
#include "vm/types/str_type.h"
#include "vm/types/tuple.h"

namespace pt::bytes_methods {

namespace {

using std::string_view;
const uint8_t* units(string_view v) { return reinterpret_cast<const uint8_t*>(v.data()); }
int64_t size_of(string_view v) { return static_cast<int64_t>(v.size()); }

bool lower_letter(uint8_t c) { return c - 'a' < 26u; }
bool upper_letter(uint8_t c) { return c - 'A' < 26u; }
bool letter(uint8_t c) { return (c | 32) - 'a' < 26u; }
bool digit(uint8_t c) { return c - '0' < 10u; }
bool space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }
uint8_t to_lower(uint8_t c) { return upper_letter(c) ? static_cast<uint8_t>(c + 32) : c; }
uint8_t to_upper(uint8_t c) { return lower_letter(c) ? static_cast<uint8_t>(c - 32) : c; }

// A result of the same length, byte by byte; f may keep state.
template <class F>
Ref<> map(Value self, F f) {
  string_view v = byte_view(self);
  BytesBuilder out;
  uint8_t* p = out.reserve(size_of(v));
  if (!p) return raise_no_memory();
  for (size_t i = 0; i < v.size(); i++) p[i] = f(static_cast<uint8_t>(v[i]));
  out.advance(size_of(v));
  return bytes_like(self, out.view());
}
template <class F>
Ref<> all_of(Value self, F f) {
  string_view v = byte_view(self);
  for (char c : v) {
    if (!f(static_cast<uint8_t>(c))) return bool_ref(false);
  }
  return bool_ref(!v.empty());
}

constexpr const char* kNeedleMessage = "argument should be integer or bytes-like object, not '%T'";

// The searched part of self, given start and end; false when start lies past the end.
bool part(Value self, int64_t start, int64_t end, string_view* out, int64_t* offset) {
  string_view v = byte_view(self);
  clamp_range(size_of(v), &start, &end);
  if (start > size_of(v) || end < start) return false;
  *out = v.substr(static_cast<size_t>(start), static_cast<size_t>(end - start));
  *offset = start;
  return true;
}

template <bool kReverse, bool kMustFind>
Ref<> search(const Value* a) {
  int64_t start = 0, end = INT64_MAX, offset;
  if (!slice_bound(a[2], &start) || !slice_bound(a[3], &end)) return Ref<>();
  BytesArgument needle(a[1], kNeedleMessage);
  if (!needle.ok()) return Ref<>();
  string_view v;
  int64_t at = -1;
  if (part(a[0], start, end, &v, &offset)) {
    at = kReverse ? rfind_units(units(v), size_of(v), needle.data(), needle.size())
                  : find_units(units(v), size_of(v), needle.data(), needle.size());
    if (at >= 0) at += offset;
  }
  if (at < 0 && kMustFind) return raise(exc::ValueError, "subsection not found");
  return int_from_int64(at);
}

template <bool kTail>
int affix(Value self, Value piece, int64_t start, int64_t end) {
  BytesArgument wanted(piece);
  if (!wanted.ok()) return -1;
  string_view v;
  int64_t offset;
  if (!part(self, start, end, &v, &offset)) return 0;
  return kTail ? v.ends_with(wanted.view()) : v.starts_with(wanted.view());
}
template <bool kTail>
Ref<> affix_method(const Value* a) {
  int64_t start = 0, end = INT64_MAX;
  if (!slice_bound(a[2], &start) || !slice_bound(a[3], &end)) return Ref<>();
  if (is_tuple(a[1])) {
    for (int64_t i = 0; i < as_tuple(a[1])->length; i++) {
      int result = affix<kTail>(a[0], as_tuple(a[1])->at(i), start, end);
      if (result) return result < 0 ? Ref<>() : bool_ref(true);
    }
    return bool_ref(false);
  }
  if (!has_buffer(a[1])) {
    return raise(exc::TypeError, "%s first arg must be bytes or a tuple of bytes, not %T", kTail ? "endswith" : "startswith",
                 a[1]);
  }
  int result = affix<kTail>(a[0], a[1], start, end);
  return result < 0 ? Ref<>() : bool_ref(result);
}

template <bool kLeft, bool kRight>
Ref<> strip_method(const Value* a) {
  bool drop[256] = {};
  if (given(a[1])) {
    BytesArgument set(a[1]);
    if (!set.ok()) return Ref<>();
    for (char c : set.view()) drop[static_cast<uint8_t>(c)] = true;
  } else {
    for (int c : {9, 10, 11, 12, 13, 32}) drop[c] = true;
  }
  string_view v = byte_view(a[0]);
  size_t whole = v.size();
  if (kLeft) {
    while (!v.empty() && drop[static_cast<uint8_t>(v.front())]) v.remove_prefix(1);
  }
  if (kRight) {
    while (!v.empty() && drop[static_cast<uint8_t>(v.back())]) v.remove_suffix(1);
  }
  return v.size() == whole ? bytes_unchanged(a[0], v) : bytes_like(a[0], v);
}

Ref<> pad(Value self, int64_t left, int64_t right, uint8_t fill) {
  string_view v = byte_view(self);
  if (left <= 0 && right <= 0) return bytes_unchanged(self, v);
  BytesBuilder out;
  if (!out.append_repeated(fill, left) || !out.append(v) || !out.append_repeated(fill, right)) return raise_no_memory();
  return bytes_like(self, out.view());
}
// -1 left, 1 right, 0 both: where the text goes.
Ref<> justify(const Value* a, const char* name, int side) {
  int64_t width;
  if (!to_size(a[1], &width)) return Ref<>();
  uint8_t fill = ' ';
  if (!a[2].empty()) {
    string_view v = is_bytes(a[2]) || is_bytearray(a[2]) ? byte_view(a[2]) : string_view();
    if (v.size() != 1) {
      return raise(exc::TypeError, "%s() argument 2 must be a byte string of length 1, not %T", name, a[2]);
    }
    fill = static_cast<uint8_t>(v[0]);
  }
  int64_t length = size_of(byte_view(a[0])), margin = width > length ? width - length : 0;
  if (side < 0) return pad(a[0], 0, margin, fill);
  if (side > 0) return pad(a[0], margin, 0, fill);
  int64_t left = margin / 2 + (margin & width & 1);
  return pad(a[0], left, margin - left, fill);
}

}  // namespace

Ref<> find(const Value* a) { return search<false, false>(a); }
Ref<> rfind(const Value* a) { return search<true, false>(a); }
Ref<> index(const Value* a) { return search<false, true>(a); }
Ref<> rindex(const Value* a) { return search<true, true>(a); }
Ref<> count(const Value* a) {
  int64_t start = 0, end = INT64_MAX, offset;
  if (!slice_bound(a[2], &start) || !slice_bound(a[3], &end)) return Ref<>();
  BytesArgument needle(a[1], kNeedleMessage);
  if (!needle.ok()) return Ref<>();
  string_view v;
  if (!part(a[0], start, end, &v, &offset)) return Ref<>::steal(Value::small_int(0));
  return int_from_int64(count_units(units(v), size_of(v), needle.data(), needle.size(), INT64_MAX));
}
Ref<> startswith(const Value* a) { return affix_method<false>(a); }
Ref<> endswith(const Value* a) { return affix_method<true>(a); }
Ref<> removeprefix(const Value* a) {
  BytesArgument piece(a[1]);
  if (!piece.ok()) return Ref<>();
  string_view v = byte_view(a[0]);
  if (!v.starts_with(piece.view()) || piece.view().empty()) return bytes_unchanged(a[0], v);
  return bytes_like(a[0], v.substr(piece.view().size()));
}
Ref<> removesuffix(const Value* a) {
  BytesArgument piece(a[1]);
  if (!piece.ok()) return Ref<>();
  string_view v = byte_view(a[0]);
  if (!v.ends_with(piece.view()) || piece.view().empty()) return bytes_unchanged(a[0], v);
  return bytes_like(a[0], v.substr(0, v.size() - piece.view().size()));
}
Ref<> strip(const Value* a) { return strip_method<true, true>(a); }
Ref<> lstrip(const Value* a) { return strip_method<true, false>(a); }
Ref<> rstrip(const Value* a) { return strip_method<false, true>(a); }
Ref<> center(const Value* a) { return justify(a, "center", 0); }
Ref<> ljust(const Value* a) { return justify(a, "ljust", -1); }
Ref<> rjust(const Value* a) { return justify(a, "rjust", 1); }
Ref<> zfill(const Value* a) {
  int64_t width;
  if (!to_size(a[1], &width)) return Ref<>();
  string_view v = byte_view(a[0]);
  if (size_of(v) >= width) return bytes_unchanged(a[0], v);
  BytesBuilder out;
  bool sign = !v.empty() && (v[0] == '+' || v[0] == '-');
  if (sign) (void)out.append_byte(static_cast<uint8_t>(v[0]));
  if (!out.append_repeated('0', width - size_of(v)) || !out.append(v.substr(sign))) return raise_no_memory();
  return bytes_like(a[0], out.view());
}

Ref<> lower(const Value* a) { return map(a[0], to_lower); }
Ref<> upper(const Value* a) { return map(a[0], to_upper); }
Ref<> swapcase(const Value* a) {
  return map(a[0], [](uint8_t c) { return letter(c) ? static_cast<uint8_t>(c ^ 32) : c; });
}
Ref<> capitalize(const Value* a) {
  bool first = true;
  return map(a[0], [&](uint8_t c) {
    c = first ? to_upper(c) : to_lower(c);
    first = false;
    return c;
  });
}
Ref<> title(const Value* a) {
  bool in_word = false;
  return map(a[0], [&](uint8_t c) {
    bool is_letter = letter(c);
    c = in_word ? to_lower(c) : to_upper(c);
    in_word = is_letter;
    return c;
  });
}
Ref<> isalnum(const Value* a) {
  return all_of(a[0], [](uint8_t c) { return letter(c) || digit(c); });
}
Ref<> isalpha(const Value* a) { return all_of(a[0], letter); }
Ref<> isdigit(const Value* a) { return all_of(a[0], digit); }
Ref<> isspace(const Value* a) { return all_of(a[0], space); }
Ref<> isascii(const Value* a) {
  string_view v = byte_view(a[0]);
  return bool_ref(all_ascii(units(v), v.size()));
}
Ref<> islower(const Value* a) {
  bool any = false;
  for (char c : byte_view(a[0])) {
    if (upper_letter(static_cast<uint8_t>(c))) return bool_ref(false);
    any |= lower_letter(static_cast<uint8_t>(c));
  }
  return bool_ref(any);
}
Ref<> isupper(const Value* a) {
  bool any = false;
  for (char c : byte_view(a[0])) {
    if (lower_letter(static_cast<uint8_t>(c))) return bool_ref(false);
    any |= upper_letter(static_cast<uint8_t>(c));
  }
  return bool_ref(any);
}
Ref<> istitle(const Value* a) {
  bool any = false, in_word = false;
  for (char ch : byte_view(a[0])) {
    uint8_t c = static_cast<uint8_t>(ch);
    if (letter(c) && upper_letter(c) == in_word) return bool_ref(false);
    in_word = letter(c);
    any |= in_word;
  }
  return bool_ref(any);
}

Ref<> replace(const Value* a) {
  BytesArgument from(a[1]);
  if (!from.ok()) return Ref<>();
  BytesArgument to(a[2]);
  if (!to.ok()) return Ref<>();
  int64_t limit = -1;
  if (!a[3].empty() && !to_size(a[3], &limit)) return Ref<>();
  if (limit < 0) limit = INT64_MAX;
  string_view v = byte_view(a[0]);
  int64_t n = size_of(v), m = from.size();
  if (limit == 0 || n < m) return bytes_unchanged(a[0], v);
  BytesBuilder out;
  auto full = [&] { return raise_no_memory(); };
  if (m == 0) {
    for (int64_t i = 0; i <= n; i++) {
      if (limit-- > 0 && !out.append(to.view())) return full();
      if (i < n && !out.append_byte(static_cast<uint8_t>(v[static_cast<size_t>(i)]))) return full();
    }
    return bytes_like(a[0], out.view());
  }
  int64_t start = 0;
  while (limit-- > 0) {
    int64_t at = find_units(units(v) + start, n - start, from.data(), m);
    if (at < 0) break;
    if (!out.append(v.substr(static_cast<size_t>(start), static_cast<size_t>(at))) || !out.append(to.view())) return full();
    start += at + m;
  }
  if (start == 0) return bytes_unchanged(a[0], v);
  if (!out.append(v.substr(static_cast<size_t>(start)))) return full();
  return bytes_like(a[0], out.view());
}

Ref<> translate(const Value* a) {
  uint8_t table[256];
  for (int i = 0; i < 256; i++) table[i] = static_cast<uint8_t>(i);
  if (!is_none(a[1])) {
    BytesArgument given_table(a[1]);
    if (!given_table.ok()) return Ref<>();
    if (given_table.size() != 256) return raise(exc::ValueError, "translation table must be 256 characters long");
    memcpy(table, given_table.data(), 256);
  }
  bool drop[256] = {};
  if (!a[2].empty()) {
    BytesArgument set(a[2]);
    if (!set.ok()) return Ref<>();
    for (char c : set.view()) drop[static_cast<uint8_t>(c)] = true;
  }
  string_view v = byte_view(a[0]);
  BytesBuilder out;
  uint8_t* p = out.reserve(size_of(v));
  if (!p) return raise_no_memory();
  int64_t n = 0;
  bool changed = false;
  for (char ch : v) {
    uint8_t c = static_cast<uint8_t>(ch);
    changed |= drop[c] || table[c] != c;
    p[n] = table[c];
    n += !drop[c];
  }
  if (!changed) return bytes_unchanged(a[0], v);
  out.advance(n);
  return bytes_like(a[0], out.view());
}

Ref<> maketrans(const Value* a) {
  BytesArgument from(a[0]);
  if (!from.ok()) return Ref<>();
  BytesArgument to(a[1]);
  if (!to.ok()) return Ref<>();
  if (from.size() != to.size()) return raise(exc::ValueError, "maketrans arguments must have same length");
  Ref<Bytes> table = bytes_allocate(256);
  if (!table) return Ref<>();
  for (int i = 0; i < 256; i++) table->data[i] = static_cast<uint8_t>(i);
  for (int64_t i = 0; i < from.size(); i++) table->data[from.data()[i]] = to.data()[i];
  return table;
}

Ref<> expandtabs(const Value* a) {
  int64_t size = 8;
  if (!a[1].empty() && !to_int64(a[1], &size)) return Ref<>();
  if (size > INT32_MAX || size < INT32_MIN) return raise(exc::OverflowError, "Python int too large to convert to C int");
  BytesBuilder out;
  int64_t column = 0;
  for (char ch : byte_view(a[0])) {
    uint8_t c = static_cast<uint8_t>(ch);
    bool ok = true;
    if (c == '\t') {
      int64_t spaces = size > 0 ? size - column % size : 0;
      column += spaces;
      ok = out.append_repeated(' ', spaces);
    } else {
      column = c == '\n' || c == '\r' ? 0 : column + 1;
      ok = out.append_byte(c);
    }
    if (!ok) return raise_no_memory();
  }
  return bytes_like(a[0], out.view());
}

Ref<> decode(const Value* a) {
  for (int i = 1; i < 3; i++) {
    if (!a[i].empty() && !is_str(a[i])) {
      return raise(exc::TypeError, "decode() argument '%s' must be str, not %T", i == 1 ? "encoding" : "errors", a[i]);
    }
  }
  return decode_object(a[0], a[1].empty() ? nullptr : as_str(a[1]), a[2].empty() ? nullptr : as_str(a[2]));
}

Ref<> hex(const Value* a) {
  if (a[1].empty()) return bytes_hex(byte_view(a[0]), Value(), Value());
  Ref<Bytes> copy = bytes_from(byte_view(a[0]));  // evaluating the group size may run Python code
  return copy ? Ref<>(bytes_hex(copy->view(), a[1], a[2])) : Ref<>();
}

Ref<> fromhex(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "fromhex() argument must be str, not %T", a[1]);
  Str* s = as_str(a[1]);
  BytesBuilder out;
  auto value_of = [](uint32_t c) -> int {
    if (c - '0' < 10) return static_cast<int>(c - '0');
    if ((c | 32) - 'a' < 6) return static_cast<int>((c | 32) - 'a' + 10);
    return -1;
  };
  for (int64_t i = 0; i < s->length;) {
    uint32_t c = s->at(i);
    if (c < 128 && space(static_cast<uint8_t>(c))) {
      i++;
      continue;
    }
    int high = value_of(c);
    int low = high >= 0 && i + 1 < s->length ? value_of(s->at(i + 1)) : -1;
    if (high < 0 || low < 0) {
      return raise(exc::ValueError, "non-hexadecimal number found in fromhex() arg at position %ld", high < 0 ? i : i + 1);
    }
    if (!out.append_byte(static_cast<uint8_t>(high * 16 + low))) return raise_no_memory();
    i += 2;
  }
  bool is_array = is_subtype(reinterpret_cast<Type*>(a[0].as_object()), &bytearray_type);
  Ref<> made = is_array ? Ref<>(bytearray_from(out.view())) : Ref<>(out.finish());
  if (!made || a[0].is(&bytes_type) || a[0].is(&bytearray_type)) return made;
  return call1(a[0], made.value());
}

}  // namespace pt::bytes_methods

namespace pt {

Ref<Str> bytes_hex(std::string_view content, Value separator, Value group) {
  static constexpr char kHex[] = "0123456789abcdef";
  char mark = 0;
  int64_t size = 0;
  if (!separator.empty()) {
    int64_t length = pt::length(separator);
    if (length < 0) return nullptr;
    if (length != 1) return raise(exc::ValueError, "sep must be length 1.");
    uint32_t c;
    if (is_str(separator)) {
      c = as_str(separator)->at(0);
    } else if (is_bytes(separator)) {
      c = as_bytes(separator)->data[0];
    } else {
      return raise(exc::TypeError, "sep must be str or bytes.");
    }
    if (c > 127) return raise(exc::ValueError, "sep must be ASCII.");
    mark = static_cast<char>(c);
    size = 1;
    if (!group.empty() && !to_int64(group, &size)) return nullptr;
    if (size > INT32_MAX || size < INT32_MIN) return raise(exc::OverflowError, "Python int too large to convert to C int");
  }
  int64_t n = static_cast<int64_t>(content.size());
  int64_t step = size < 0 ? -size : size;
  int64_t marks = step && n ? (n - 1) / step : 0;
  if (n > (INT64_MAX - 64) / 4) return raise_no_memory();
  Ref<Str> out = str_allocate(n * 2 + marks, 0x7f);
  if (!out || n == 0) return out;
  uint8_t* p = out->data1();
  for (int64_t i = 0; i < n; i++) {
    // Groups are counted from the right, from the left when the size is negative.
    if (step && i && (size > 0 ? (n - i) % step == 0 : i % step == 0)) *p++ = static_cast<uint8_t>(mark);
    uint8_t byte = static_cast<uint8_t>(content[static_cast<size_t>(i)]);
    *p++ = static_cast<uint8_t>(kHex[byte >> 4]);
    *p++ = static_cast<uint8_t>(kHex[byte & 15]);
  }
  return out;
}

}  // namespace pt
