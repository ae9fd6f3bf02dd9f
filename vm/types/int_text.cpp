// int from and to text, with the limit on decimal digits that keeps hostile input from costing quadratic time.
#include <charconv>

#include "vm/object/native.h"
#include "vm/types/bytes.h"
#include "vm/types/int_limbs.h"
#include "vm/types/int_type.h"
#include "vm/types/str_data.h"
#include "vm/types/str_inl.h"
#include "vm/object/interpreter.h"
#include "vm/types/unicode.h"

namespace pt {

int int_max_str_digits() { return current_interpreter()->max_str_digits.load(std::memory_order_relaxed); }
void set_int_max_str_digits(int digits) { current_interpreter()->max_str_digits.store(digits, std::memory_order_relaxed); }

namespace {

constexpr int kNoDigit = 64;
int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return kNoDigit;
}
bool is_ascii_space(char c) { return c == ' ' || (c >= 9 && c <= 13); }
bool power_of_two(int base) { return (base & (base - 1)) == 0; }

enum class Parsed { kOk, kMalformed, kError };

// `digits`: values (not characters) of the digits, most significant first.
Ref<> from_digit_values(const uint8_t* digits, int64_t count, int base, bool negative) {
  while (count > 0 && digits[0] == 0) {
    digits++;
    count--;
  }
  if (count <= 12) {
    int64_t value = 0;
    for (int64_t i = 0; i < count; i++) value = value * base + digits[i];
    return Ref<>::steal(Value::small_int(negative ? -value : value));
  }
  int bits = 64 - __builtin_clzll(static_cast<uint64_t>(base));
  IntResult out(count * bits / 64 + 2);
  if (!out.ok()) return Ref<>();
  int64_t n = 0;
  if (!with_gmp(count, [&] { n = mpn_set_str(out.limbs(), digits, static_cast<size_t>(count), base); })) return Ref<>();
  return out.finish(negative, n);
}

Parsed parse(std::string_view text, int base, Ref<>* result) {
  const char *p = text.data(), *end = p + text.size();
  while (p < end && is_ascii_space(*p)) p++;
  while (p < end && is_ascii_space(end[-1])) end--;
  bool negative = false;
  if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
  bool must_be_zero = false;
  if (p + 1 < end && *p == '0') {
    char letter = static_cast<char>(p[1] | 0x20);
    int prefix_base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (prefix_base && (base == 0 || base == prefix_base)) {
      base = prefix_base;
      p += 2;
      if (p < end && *p == '_') p++;
    }
  }
  if (base == 0) {
    must_be_zero = p < end && *p == '0';  // "007" is no literal
    base = 10;
  }
  if (p == end || digit_of(*p) >= base) return Parsed::kMalformed;
  // Short numbers without underscores are read at once.
  if (end - p <= 18 && base <= 10) {
    int64_t value = 0;
    const char* q = p;
    while (q < end && digit_of(*q) < base) value = value * base + (*q++ - '0');
    if (q == end) {
      if (must_be_zero && value != 0) return Parsed::kMalformed;
      *result = Ref<>::steal(Value::small_int(negative ? -value : value));
      return Parsed::kOk;
    }
  }
  uint8_t local[256];
  size_t room = static_cast<size_t>(end - p);
  uint8_t* digits = room <= sizeof local ? local : static_cast<uint8_t*>(memory::allocate(room));
  if (!digits) {
    (void)raise_no_memory();
    return Parsed::kError;
  }
  int64_t count = 0;
  Parsed outcome = Parsed::kOk;
  bool nonzero = false;
  for (; p < end; p++) {
    if (*p == '_') {
      if (p + 1 == end || p[1] == '_') outcome = Parsed::kMalformed;
      continue;
    }
    int digit = digit_of(*p);
    if (digit >= base) {
      outcome = Parsed::kMalformed;
      break;
    }
    nonzero |= digit != 0;
    digits[count++] = static_cast<uint8_t>(digit);
  }
  if (outcome == Parsed::kOk && must_be_zero && nonzero) outcome = Parsed::kMalformed;
  if (outcome == Parsed::kOk) {
    int limit = int_max_str_digits();
    if (!power_of_two(base) && limit > 0 && count > limit) {
      (void)raise(exc::ValueError,
                  "Exceeds the limit (%d digits) for integer string conversion: value has %zd digits; "
                  "use sys.set_int_max_str_digits() to increase the limit",
                  limit, static_cast<ssize_t>(count));
      outcome = Parsed::kError;
    } else {
      *result = from_digit_values(digits, count, base, negative);
      if (!*result) outcome = Parsed::kError;
    }
  }
  if (digits != local) memory::release(digits);
  return outcome;
}

}  // namespace

Ref<> int_from_text(Str* text, int base) {
  Ref<> result;
  Parsed outcome;
  if (text->ascii) {
    std::string_view view = text->ascii_view();
    // The separators U+001C..1F count as white space in str, though not in bytes.
    while (!view.empty() && unicode::is_space(static_cast<uint8_t>(view.front()))) view.remove_prefix(1);
    while (!view.empty() && unicode::is_space(static_cast<uint8_t>(view.back()))) view.remove_suffix(1);
    outcome = parse(view, base, &result);
  } else {
    Ref<Str> plain = str_to_ascii_digits(text);
    if (!plain) return Ref<>();
    outcome = plain->ascii ? parse(plain->ascii_view(), base, &result) : Parsed::kMalformed;
  }
  if (outcome != Parsed::kMalformed) return result;
  return raise(exc::ValueError, "invalid literal for int() with base %d: %R", base, Value::object(text));
}

Ref<> int_from_byte_text(Value original, std::string_view text, int base) {
  Ref<> result;
  if (parse(text, base, &result) != Parsed::kMalformed) return result;
  Ref<Bytes> shown = is_bytes(original) ? Ref<Bytes>::retain(as_bytes(original)) : bytes_from(text);
  if (!shown) return Ref<>();
  return raise(exc::ValueError, "invalid literal for int() with base %d: %R", base, shown.value());
}

Ref<> int_from_digits(std::string_view text, int base) {
  LimbBuffer scratch(static_cast<int64_t>(text.size() / 8 + 1));
  if (!scratch.ok()) return Ref<>();
  uint8_t* digits = reinterpret_cast<uint8_t*>(scratch.data());
  int64_t count = 0;
  for (char c : text) {
    if (c != '_') digits[count++] = static_cast<uint8_t>(digit_of(c));
  }
  return from_digit_values(digits, count, base, false);
}

// Text with Unicode's decimal digits and white space replaced by ASCII ones; other characters stay as they are.
Ref<Str> str_to_ascii_digits(Str* s) {
  StrBuilder out;
  int64_t start = 0, end = s->length;
  while (start < end && unicode::is_space(s->at(start))) start++;
  while (start < end && unicode::is_space(s->at(end - 1))) end--;
  for (int64_t i = start; i < end; i++) {
    uint32_t c = s->at(i);
    int digit = c < 128 ? -1 : unicode::decimal_value(c);
    if (digit >= 0) c = static_cast<uint32_t>('0' + digit);
    if (c >= 128 && unicode::is_space(c)) c = ' ';
    if (!out.append_code_point(c)) return raise_no_memory();
  }
  return out.finish();
}

Ref<Str> int_to_str(Value v, int base, bool prefix) {
  char local[80];
  const char* mark = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "";
  if (v.is_small_int()) {
    int64_t i = v.as_small_int();
    if (base == 10) {
      char* end = local + sizeof local;
      char* start = write_decimal(end, i < 0 ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i));
      if (i < 0) *--start = '-';
      return str_from_ascii({start, static_cast<size_t>(end - start)});
    }
    char* p = local;
    if (i < 0) *p++ = '-';
    if (prefix) {
      for (const char* m = mark; *m; m++) *p++ = *m;
    }
    p = std::to_chars(p, local + sizeof local, i < 0 ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i), base).ptr;
    return str_from_ascii({local, static_cast<size_t>(p - local)});
  }
  IntView view(v);
  int64_t n = view.limb_count();
  if (n == 0) {
    local[0] = '0';
    if (!prefix) return str_from_ascii("0");
    local[1] = mark[1];
    local[2] = '0';
    return str_from_ascii({local, 3});
  }
  int limit = int_max_str_digits();
  bool limited = !power_of_two(base) && limit > 0;
  auto too_long = [&]() -> Ref<Str> {
    return raise(exc::ValueError,
                 "Exceeds the limit (%d digits) for integer string conversion; "
                 "use sys.set_int_max_str_digits() to increase the limit",
                 limit);
  };
  // A first estimate (log10 of 2 is over 0.3), so that huge numbers are refused at once.
  if (limited && bit_length(view) / 10 * 3 > limit) return too_long();
  size_t room = mpn_sizeinbase(mp(view), n, base) + 2;
  uint8_t* digits = static_cast<uint8_t*>(memory::allocate(room));
  if (!digits) return raise_no_memory();
  LimbBuffer copy(n + 1);
  if (!copy.ok()) {
    memory::release(digits);
    return nullptr;
  }
  memcpy(copy.data(), view.limbs(), static_cast<size_t>(n) * 8);
  size_t count = 0, start = 0;
  // It makes a table of powers for a few limbs already.
  if (!with_gmp(n * 64, [&] { count = mpn_get_str(digits, base, copy.limbs(), n); })) {
    memory::release(digits);
    return nullptr;
  }
  while (start + 1 < count && digits[start] == 0) start++;
  if (limited && static_cast<int64_t>(count - start) > limit) {
    memory::release(digits);
    return too_long();
  }
  int64_t head = view.negative() + (prefix ? 2 : 0);
  Ref<Str> out = str_allocate(head + static_cast<int64_t>(count - start), kMaxAscii);
  if (out) {
    uint8_t* p = out->data1();
    if (view.negative()) *p++ = '-';
    if (prefix) {
      *p++ = static_cast<uint8_t>(mark[0]);
      *p++ = static_cast<uint8_t>(mark[1]);
    }
    for (size_t i = start; i < count; i++) {
      uint8_t digit = digits[i];
      *p++ = static_cast<uint8_t>(digit < 10 ? '0' + digit : 'a' + digit - 10);
    }
  }
  memory::release(digits);
  return out;
}

}  // namespace pt
