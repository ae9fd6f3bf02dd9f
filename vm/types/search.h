#pragma once
// Substring search over units of 1, 2 or 4 bytes, forwards and backwards, in linear time.
#include <cstdint>
#include <cstring>

#include "gc/platform/check.h"

namespace pt {

namespace search_detail {

// Critical factorisation: the maximal suffix of the needle under one of the two orders.
template <class At>
int64_t maximal_suffix(At x, int64_t m, int64_t* period, bool reversed) {
  int64_t i = -1, j = 0, k = 1, p = 1;
  while (j + k < m) {
    auto a = x(j + k), b = x(i + k);
    if (reversed ? a > b : a < b) {
      j += k;
      k = 1;
      p = j - i;
    } else if (a == b) {
      if (k != p) {
        k++;
      } else {
        j += p;
        k = 1;
      }
    } else {
      i = j++;
      k = p = 1;
    }
  }
  *period = p;
  return i;
}

// Two-way string matching (Crochemore and Perrin 1991): constant space, linear time. A bitmap over the low bits of the
// needle's units lets whole windows be skipped.
template <class Y, class X>
int64_t two_way(Y y, int64_t n, X x, int64_t m) {
  uint64_t bitmap[4] = {};
  for (int64_t i = 0; i < m; i++) bitmap[(x(i) >> 6) & 3] |= uint64_t{1} << (x(i) & 63);
  auto in_needle = [&](auto c) { return bitmap[(c >> 6) & 3] >> (c & 63) & 1; };
  int64_t p, q;
  int64_t i = maximal_suffix(x, m, &p, false), j = maximal_suffix(x, m, &q, true);
  int64_t cut = i > j ? i : j, period = i > j ? p : q;
  bool periodic = period + cut < m;
  for (int64_t k = 0; periodic && k <= cut; k++) periodic = x(k) == x(k + period);
  if (!periodic) period = (cut + 1 > m - cut - 1 ? cut + 1 : m - cut - 1) + 1;
  int64_t known = -1;
  for (j = 0; j <= n - m;) {
    if (!in_needle(y(j + m - 1))) {
      j += m;
      known = -1;
      continue;
    }
    i = (cut > known ? cut : known) + 1;
    while (i < m && x(i) == y(i + j)) i++;
    if (i < m) {
      j += i - cut;
      known = -1;
      continue;
    }
    i = cut;
    while (i > known && x(i) == y(i + j)) i--;
    if (i <= known) return j;
    j += period;
    if (periodic) known = m - period - 1;
  }
  return -1;
}

}  // namespace search_detail

// Position of the first unit `c`, or -1.
template <class Unit>
inline int64_t find_unit(const Unit* p, int64_t n, uint32_t c) {
  if constexpr (sizeof(Unit) == 1) {
    if (n <= 0 || c > 0xff) return -1;
    auto found = static_cast<const uint8_t*>(memchr(p, static_cast<int>(c), static_cast<size_t>(n)));
    return found ? found - p : -1;
  } else {
    if (sizeof(Unit) == 2 && c > 0xffff) return -1;
    int64_t i = 0;
    // Blocks first, for the vectoriser.
    for (; i + 16 <= n; i += 16) {
      bool any = false;
      for (int64_t j = 0; j < 16; j++) any |= p[i + j] == c;
      if (any) break;
    }
    for (; i < n; i++) {
      if (p[i] == c) return i;
    }
    return -1;
  }
}
template <class Unit>
inline int64_t rfind_unit(const Unit* p, int64_t n, uint32_t c) {
  if constexpr (sizeof(Unit) == 1) {
    if (n <= 0 || c > 0xff) return -1;
    auto found = static_cast<const uint8_t*>(memrchr(p, static_cast<int>(c), static_cast<size_t>(n)));
    return found ? found - p : -1;
  } else {
    for (int64_t i = n - 1; i >= 0; i--) {
      if (p[i] == c) return i;
    }
    return -1;
  }
}

// Position of the first occurrence of needle[0..m) in p[0..n), or -1.
template <class Unit>
int64_t find_units(const Unit* p, int64_t n, const Unit* needle, int64_t m) {
  if (m == 0) return 0;
  if (m > n) return -1;
  if (m == 1) return find_unit(p, n, needle[0]);
  if constexpr (sizeof(Unit) == 1) {
    auto found = static_cast<const uint8_t*>(memmem(p, static_cast<size_t>(n), needle, static_cast<size_t>(m)));
    return found ? found - p : -1;
  } else {
    if (m > 16) {
      return search_detail::two_way([p](int64_t i) { return p[i]; }, n, [needle](int64_t i) { return needle[i]; }, m);
    }
    for (int64_t i = 0; i <= n - m; i++) {
      int64_t at = find_unit(p + i, n - m + 1 - i, needle[0]);
      if (at < 0) return -1;
      i += at;
      if (memcmp(p + i + 1, needle + 1, static_cast<size_t>(m - 1) * sizeof(Unit)) == 0) return i;
    }
    return -1;
  }
}
template <class Unit>
int64_t rfind_units(const Unit* p, int64_t n, const Unit* needle, int64_t m) {
  if (m == 0) return n;
  if (m > n) return -1;
  if (m == 1) return rfind_unit(p, n, needle[0]);
  if (m > 16) {
    int64_t at = search_detail::two_way([p, n](int64_t i) { return p[n - 1 - i]; }, n,
                                        [needle, m](int64_t i) { return needle[m - 1 - i]; }, m);
    return at < 0 ? -1 : n - at - m;
  }
  for (int64_t i = n - m; i >= 0; i--) {
    i = rfind_unit(p, i + 1, needle[0]);
    if (i < 0) return -1;
    if (memcmp(p + i + 1, needle + 1, static_cast<size_t>(m - 1) * sizeof(Unit)) == 0) return i;
  }
  return -1;
}
// Occurrences that do not overlap, at most `limit`.
template <class Unit>
int64_t count_units(const Unit* p, int64_t n, const Unit* needle, int64_t m, int64_t limit) {
  int64_t count = 0;
  if (m == 0) return n + 1 < limit ? n + 1 : limit;
  if (m == 1) {
    if (limit > n) {
      const Unit c = needle[0];
      for (int64_t i = 0; i < n; i++) count += p[i] == c;
      return count;
    }
  }
  for (int64_t i = 0; count < limit;) {
    int64_t at = find_units(p + i, n - i, needle, m);
    if (at < 0) break;
    count++;
    i += at + m;
  }
  return count;
}

}  // namespace pt
