#pragma once
// Kind-generic access to the code points of strings, for the files that implement str.
#include <cstring>

#include "vm/types/str.h"

namespace pt {

// The width classes that decide a string's representation.
inline constexpr uint32_t kMaxAscii = 0x7f, kMaxLatin1 = 0xff, kMaxUcs2 = 0xffff, kMaxUnicode = 0x10ffff;

inline uint8_t kind_for(uint32_t max) { return max <= kMaxLatin1 ? 1 : max <= kMaxUcs2 ? 2 : 4; }
// The largest code point the representation of `s` admits.
inline uint32_t max_class(const Str* s) {
  return s->ascii ? kMaxAscii : s->kind == 1 ? kMaxLatin1 : s->kind == 2 ? kMaxUcs2 : kMaxUnicode;
}

// Calls f(const uintN_t* data) with the string's own unit type.
template <class F>
PT_INLINE auto with_units(const Str* s, F&& f) {
  if (s->kind == 1) return f(s->data1());
  if (s->kind == 2) return f(s->data2());
  return f(s->data4());
}
template <class F>
PT_INLINE auto with_units_mutable(Str* s, F&& f) {
  if (s->kind == 1) return f(s->data1());
  if (s->kind == 2) return f(s->data2());
  return f(s->data4());
}

// A new string in memory that cannot run out (gc/platform/reserve.h), for interning. `ascii` is ASCII.
Ref<Str> str_permanent(std::string_view ascii);

inline bool all_ascii(const uint8_t* p, size_t n) {
  uint64_t seen = 0;
  while (n >= 32) {
    uint64_t w[4];
    memcpy(w, p, 32);
    if ((w[0] | w[1] | w[2] | w[3]) & 0x8080808080808080u) return false;
    p += 32;
    n -= 32;
  }
  while (n >= 8) {
    uint64_t w;
    memcpy(&w, p, 8);
    seen |= w;
    p += 8;
    n -= 8;
  }
  for (size_t i = 0; i < n; i++) seen |= p[i];
  return !(seen & 0x8080808080808080u);
}
// Length of the leading ASCII run.
inline size_t ascii_prefix(const uint8_t* p, size_t n) {
  size_t i = 0;
  while (i + 8 <= n) {
    uint64_t w;
    memcpy(&w, p + i, 8);
    w &= 0x8080808080808080u;
    if (w) return i + static_cast<size_t>(__builtin_ctzll(w)) / 8;
    i += 8;
  }
  while (i < n && p[i] < 0x80) i++;
  return i;
}

// A number in the width class of the largest unit (bitwise or decides the class, because the limits are powers of two).
inline uint32_t units_class(const uint8_t* p, int64_t n) { return all_ascii(p, static_cast<size_t>(n)) ? kMaxAscii : kMaxLatin1; }
inline uint32_t class_of_bits(uint32_t bits) {
  return bits <= kMaxAscii ? kMaxAscii : bits <= kMaxLatin1 ? kMaxLatin1 : bits <= kMaxUcs2 ? kMaxUcs2 : kMaxUnicode;
}
template <class Unit>
inline uint32_t units_class(const Unit* p, int64_t n) {
  uint32_t seen = 0;
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    Unit block = 0;
    for (int64_t j = 0; j < 64; j++) block = static_cast<Unit>(block | p[i + j]);
    seen |= block;
    if (seen > (sizeof(Unit) == 2 ? kMaxLatin1 : kMaxUcs2)) return sizeof(Unit) == 2 ? kMaxUcs2 : kMaxUnicode;
  }
  for (; i < n; i++) seen |= p[i];
  return class_of_bits(seen);
}

// Copies units, widening or narrowing (the caller knows that they fit).
template <class To, class From>
PT_INLINE void copy_units(To* to, const From* from, int64_t n) {
  if constexpr (sizeof(To) == sizeof(From)) {
    if (n) memcpy(to, from, static_cast<size_t>(n) * sizeof(To));
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = static_cast<To>(from[i]);
  }
}
// Copies code points [start, end) of `s` to unit `at` of `to`, whose kind is at least as wide as the range needs.
inline void copy_code_points(Str* to, int64_t at, const Str* s, int64_t start, int64_t end) {
  with_units_mutable(to, [&](auto* out) { with_units(s, [&](auto* in) { copy_units(out + at, in + start, end - start); }); });
}
template <class Unit>
inline void fill_units(Unit* to, uint32_t c, int64_t n) {
  if constexpr (sizeof(Unit) == 1) {
    if (n > 0) memset(to, static_cast<int>(c), static_cast<size_t>(n));
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = static_cast<Unit>(c);
  }
}
inline void fill_code_points(Str* to, int64_t at, uint32_t c, int64_t n) {
  with_units_mutable(to, [&](auto* out) { fill_units(out + at, c, n); });
}

Ref<Str> str_from_units(const uint8_t* data, int64_t n);   // narrowed to the canonical kind
Ref<Str> str_from_units(const uint16_t* data, int64_t n);
Ref<Str> str_from_units(const uint32_t* data, int64_t n);

extern const struct NativeDef kStrMethods[];
Ref<> str_repr_slot(Value self);
Ref<> str_mod_slot(Value left, Value right);
Ref<> str_iter_slot(Value self);

}  // namespace pt
