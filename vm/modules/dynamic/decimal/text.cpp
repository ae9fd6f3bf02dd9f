// Numeric strings: reading, and scientific and engineering notation.
#include "vm/modules/dynamic/decimal/text.h"

#include <cstring>

#include "vm/types/str_inl.h"

namespace pt::decimal {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

// "123" or "" after "nan".
bool parse_payload(Number& out, std::string_view text, Status& status) {
  for (char c : text) {
    if (!is_digit(c)) return false;
  }
  if (text.empty()) return true;
  Number payload;
  if (!parse(payload, text, status)) return false;
  Kind kind = out.kind;
  bool negative = out.negative;
  out = std::move(payload);
  out.kind = kind;
  out.negative = negative;
  return true;
}

bool parse_special(Number& out, std::string_view text, Status& status) {
  if (equals_lower(text, "inf") || equals_lower(text, "infinity")) {
    out.set_special(Kind::kInfinite, out.negative);
    return true;
  }
  bool signaling = !text.empty() && (text[0] | 0x20) == 's';
  if (signaling) text.remove_prefix(1);
  if (text.size() < 3 || !equals_lower(text.substr(0, 3), "nan")) return false;
  out.set_special(signaling ? Kind::kSignaling : Kind::kQuiet, out.negative);
  return parse_payload(out, text.substr(3), status);
}

// [sign]digits, limited to the far exponents; false: malformed.
bool parse_exponent(const char* p, const char* end, int64_t* out) {
  bool negative = p != end && *p == '-';
  if (p != end && (*p == '-' || *p == '+')) ++p;
  if (p == end) return false;
  int64_t value = 0;
  for (; p != end; ++p) {
    if (!is_digit(*p)) return false;
    if (value < kFarExponent / 10)
      value = value * 10 + (*p - '0');
    else
      value = kFarExponent;
  }
  *out = negative ? -value : value;
  return true;
}

}  // namespace

DigitText::~DigitText() { gmp::release(data_); }

void DigitText::assign(const Number& n) {
  if (PT_LIKELY(!n.big())) {
    char* end = local_ + sizeof local_;
    char* start;
    u128 v = n.small();
    if (PT_LIKELY(!(v >> 64))) {
      start = write_decimal(end, static_cast<uint64_t>(v));
    } else {
      constexpr int kHalf = 19;
      u128 low;
      u128 high = divide_small(v, kPowers.of[kHalf], &low);
      start = write_decimal(end, static_cast<uint64_t>(low));
      while (start > end - kHalf) *--start = '0';
      start = write_decimal(start, static_cast<uint64_t>(high));
    }
    view_ = {start, static_cast<size_t>(end - start)};
    return;
  }
  PT_ASSERT(!data_);
  data_ = static_cast<char*>(gmp::allocate(static_cast<size_t>(n.digits()) + 4));
  Mpz copy;  // its limbs are destroyed
  mpz_set(copy.get(), n.z());
  auto size = static_cast<mp_size_t>(mpz_size(copy.get()));
  auto* digits = reinterpret_cast<unsigned char*>(data_);
  size_t count = mpn_get_str(digits, 10, mpz_limbs_modify(copy.get(), size), size), skip = 0;
  while (skip + 1 < count && digits[skip] == 0) ++skip;
  for (size_t i = skip; i < count; ++i) digits[i] = static_cast<unsigned char>(digits[i] + '0');
  view_ = {data_ + skip, count - skip};
}

void set_digits(Number& n, const uint8_t* digits, int64_t count) {
  while (count > 0 && *digits == 0) {
    ++digits;
    --count;
  }
  if (count <= kSmallDigits) {
    u128 value = 0;
    uint64_t low = 0;
    int64_t first = count > 19 ? count - 19 : count;
    for (int64_t i = 0; i < first; ++i) low = low * 10 + digits[i];
    value = low;
    if (first < count) {
      low = 0;
      for (int64_t i = first; i < count; ++i) low = low * 10 + digits[i];
      value = value * kPowers.of[19] + low;
    }
    n.set(value);
    return;
  }
  Mpz z;
  auto room = static_cast<mp_size_t>(count / 19 + 2);
  mp_size_t size = mpn_set_str(mpz_limbs_write(z.get(), room), digits, static_cast<size_t>(count), 10);
  mpz_limbs_finish(z.get(), size);
  n.adopt(z.get());
}

bool parse(Number& out, std::string_view text, Status& status) {
  const char *p = text.data(), *end = p + text.size();
  out.negative = false;
  if (p != end && (*p == '+' || *p == '-')) out.negative = *p++ == '-';
  if (p == end) return false;
  if (!is_digit(*p) && *p != '.') return parse_special(out, {p, static_cast<size_t>(end - p)}, status);
  // The common ones are read at once: up to 19 digits and perhaps a point.
  const char* q = p;
  uint64_t value = 0;
  const char* point = nullptr;
  const char* stop = end - p > 20 ? p + 20 : end;
  for (; q != stop; ++q) {
    if (is_digit(*q)) {
      if (q - p - (point != nullptr) == 19) break;
      value = value * 10 + static_cast<uint64_t>(*q - '0');
    } else if (*q == '.' && !point) {
      point = q;
    } else {
      break;
    }
  }
  int64_t e = 0, digits = q - p - (point != nullptr);
  if (q == end || (digits && (*q | 0x20) == 'e')) {
    if (!digits) return false;
    if (q != end && !parse_exponent(q + 1, end, &e)) return false;
    out.kind = Kind::kFinite;
    out.set(value);
    out.exponent = e - (point ? q - point - 1 : 0);
    return true;
  }
  // The long ones, and what is malformed.
  for (q = p, point = nullptr, digits = 0; q != end; ++q) {
    if (is_digit(*q)) {
      ++digits;
    } else if (*q == '.' && !point) {
      point = q;
    } else {
      break;
    }
  }
  if (!digits) return false;
  if (q != end && ((*q | 0x20) != 'e' || !parse_exponent(q + 1, end, &e))) return false;
  if (!room_for_digits(digits, status)) return true;
  uint8_t local[256];
  auto* values =
      digits <= static_cast<int64_t>(sizeof local) ? local : static_cast<uint8_t*>(gmp::allocate(static_cast<size_t>(digits)));
  int64_t count = 0;
  for (const char* c = p; c != q; ++c) {
    if (*c != '.') values[count++] = static_cast<uint8_t>(*c - '0');
  }
  out.kind = Kind::kFinite;
  set_digits(out, values, count);
  if (values != local) gmp::release(values);
  out.exponent = e - (point ? q - point - 1 : 0);
  return true;
}

void from_text(Number& out, std::string_view text, const Rules& rules, Status& status) {
  if (!parse(out, text, status)) return invalid(out, kConversionSyntax, status);
  if (status.no_memory) return;
  if (out.nan()) {
    if (!out.coefficient_zero() && out.digits() > rules.precision - rules.clamp) {
      return invalid(out, kConversionSyntax, status);
    }
    return;
  }
  finalize(out, rules, status);
}

void finalize_exactly(Number& n, Status& status) {
  if (PT_LIKELY(n.finite() && !n.big() && n.exponent > -kMaxEmax && n.exponent < kMaxEmax - kSmallDigits)) return;
  const Rules widest;
  Status seen;
  finalize(n, widest, seen);
  status.no_memory |= seen.no_memory;
  if (seen.flags & (kInexact | kRounded | kClamped | kInvalidMask)) invalid(n, kInvalidOperation, status);
}

void from_text_exactly(Number& out, std::string_view text, Status& status) {
  if (!parse(out, text, status)) return invalid(out, kConversionSyntax, status);
  if (!status.no_memory) finalize_exactly(out, status);
}

size_t text_room(const DigitText& digits) { return digits.view().size() + 36; }

size_t write_number(char* out, const Number& n, const DigitText& text, bool engineering, bool capitals) {
  char* p = out;
  if (n.negative) *p++ = '-';
  auto put = [&](std::string_view s) {
    std::memcpy(p, s.data(), s.size());
    p += s.size();
  };
  std::string_view digits = text.view();
  if (PT_UNLIKELY(!n.finite())) {
    if (n.infinite()) {
      put("Infinity");
    } else {
      put(n.signaling() ? "sNaN" : "NaN");
      if (!n.coefficient_zero()) put(digits);
    }
    return static_cast<size_t>(p - out);
  }
  auto size = static_cast<int64_t>(digits.size());
  int64_t left = n.exponent + size;  // digits in front of the point, were there no exponent
  int64_t place = left;              // and so many stand there
  if (n.exponent > 0 || left <= -6) {
    if (!engineering) {
      place = 1;
    } else if (n.coefficient_zero()) {
      place = ((left + 1) % 3 + 3) % 3 - 1;
    } else {
      place = ((left - 1) % 3 + 3) % 3 + 1;
    }
  }
  if (place <= 0) {
    put("0.");
    std::memset(p, '0', static_cast<size_t>(-place));
    p += -place;
    put(digits);
  } else if (place >= size) {
    put(digits);
    std::memset(p, '0', static_cast<size_t>(place - size));
    p += place - size;
  } else {
    put(digits.substr(0, static_cast<size_t>(place)));
    *p++ = '.';
    put(digits.substr(static_cast<size_t>(place)));
  }
  if (left != place) {
    int64_t e = left - place;
    *p++ = capitals ? 'E' : 'e';
    *p++ = e < 0 ? '-' : '+';
    char local[24];
    char* start = write_decimal(local + sizeof local, static_cast<uint64_t>(e < 0 ? -e : e));
    put({start, static_cast<size_t>(local + sizeof local - start)});
  }
  return static_cast<size_t>(p - out);
}

}  // namespace pt::decimal
