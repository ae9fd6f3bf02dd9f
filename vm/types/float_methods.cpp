// Methods of float: ratios, hexadecimal text, rounding.
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "vm/object/native.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/format.h"
#include "vm/types/int_limbs.h"
#include "vm/types/int_type.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

namespace {

Ref<> as_integer_ratio(const Value* a) {
  double d = as_double(a[0]);
  if (std::isinf(d)) return raise(exc::OverflowError, "cannot convert Infinity to integer ratio");
  if (std::isnan(d)) return raise(exc::ValueError, "cannot convert NaN to integer ratio");
  int exponent;
  double m = std::frexp(d, &exponent);
  for (int i = 0; i < 300 && m != std::floor(m); i++) {
    m *= 2.0;
    exponent--;
  }
  Ref<> numerator = int_from_double(m), denominator = Ref<>::steal(Value::small_int(1));
  Value shift = Value::small_int(std::abs(exponent));
  Ref<>& scaled = exponent > 0 ? numerator : denominator;
  scaled = int_binary(BinaryOp::kLshift, scaled.value(), shift);
  if (!scaled) return Ref<>();
  return tuple_of({numerator.value(), denominator.value()});
}

Ref<> hex_method(const Value* a) {
  double d = as_double(a[0]);
  if (!std::isfinite(d)) return float_repr(d);
  uint64_t bits = std::bit_cast<uint64_t>(d);
  uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  int lead = exponent ? 1 : 0;
  exponent = d == 0 ? 0 : exponent ? exponent - 1023 : -1022;
  char digits[16] = {};
  for (int i = 0; i < 13; i++) digits[i] = "0123456789abcdef"[fraction >> (48 - 4 * i) & 15];
  if (d == 0) strcpy(digits, "0");
  return str_format("%s0x%d.%sp%c%d", std::signbit(d) ? "-" : "", lead, digits, exponent < 0 ? '-' : '+', std::abs(exponent));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 32);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum class HexOutcome { kOk, kMalformed, kTooLarge };
HexOutcome parse_hex(std::string_view text, double* out) {
  auto space = [](char c) { return c == ' ' || (c >= 9 && c <= 13); };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  double special;
  size_t used = parse_float(text, &special);
  if (used == text.size() && used && !std::isfinite(special) && text.find_first_of("fFaA") != std::string_view::npos &&
      text.find_first_of("0123456789") == std::string_view::npos) {
    *out = special;
    return HexOutcome::kOk;
  }
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.size() >= 2 && text[0] == '0' && (text[1] | 32) == 'x') text.remove_prefix(2);
  uint64_t mantissa = 0;
  bool sticky = false, point = false, any = false;
  int64_t exponent = 0;
  size_t i = 0;
  for (; i < text.size(); i++) {
    if (text[i] == '.') {
      if (point) return HexOutcome::kMalformed;
      point = true;
      continue;
    }
    int digit = hex_digit(text[i]);
    if (digit < 0) break;
    any = true;
    if (mantissa >> 60) {
      sticky |= digit != 0;
      exponent += 4;
    } else {
      mantissa = mantissa << 4 | static_cast<uint64_t>(digit);
    }
    if (point) exponent -= 4;
  }
  if (!any) return HexOutcome::kMalformed;
  if (i < text.size()) {
    if ((text[i] | 32) != 'p') return HexOutcome::kMalformed;
    i++;
    bool minus = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) i++;
    if (i == text.size()) return HexOutcome::kMalformed;
    int64_t power = 0;
    for (; i < text.size(); i++) {
      if (text[i] < '0' || text[i] > '9') return HexOutcome::kMalformed;
      if (power < int64_t{1} << 50) power = power * 10 + (text[i] - '0');
    }
    exponent += minus ? -power : power;
  }
  double d = 0.0;
  if (mantissa) {
    int lead = __builtin_clzll(mantissa);
    d = round_to_double(mantissa << lead, exponent - lead, sticky);
    if (std::isinf(d)) return HexOutcome::kTooLarge;
  }
  *out = negative ? -d : d;
  return HexOutcome::kOk;
}

Ref<> fromhex(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "bad argument type for built-in operation");
  double d;
  Str* text = as_str(a[1]);
  switch (text->ascii ? parse_hex(text->ascii_view(), &d) : HexOutcome::kMalformed) {
    case HexOutcome::kMalformed: return raise(exc::ValueError, "invalid hexadecimal floating-point string");
    case HexOutcome::kTooLarge: return raise(exc::OverflowError, "hexadecimal value too large to represent as a float");
    default: break;
  }
  Ref<> result = float_from_double(d);
  if (!result || a[0].is(&float_type)) return result;
  return call1(a[0], result.value());
}

// Rounds to `digits` decimal places exactly: the decimal expansion is rounded half to even.
bool round_decimal(double d, int digits, double* out) {
  if (digits >= 0) {
    FloatText text(d, 'f', digits, false, false, false);
    if (!text.ok()) return false;
    (void)parse_float(text.view(), out);
    return true;
  }
  // The exact expansion; its leading digit has weight 10^exponent.
  FloatText exact(d, 'e', 780, false, false, false);
  if (!exact.ok()) return false;
  std::string_view all = exact.view();
  size_t e = all.find('e');
  char tail[16] = {};
  memcpy(tail, all.data() + e + 1, all.size() - e - 1);
  int keep = atoi(tail) + digits;  // digits that stay after the leading one
  if (keep >= 0) {
    FloatText text(d, 'e', keep, false, false, false);
    if (!text.ok()) return false;
    (void)parse_float(text.view(), out);
    return true;
  }
  if (keep < -1) {
    *out = std::copysign(0.0, d);
    return true;
  }
  // Between 0 and one unit: up when above one half; the tie goes to zero, which is even.
  size_t at = all[0] == '-' ? 1 : 0;
  bool up = all[at] > '5';
  if (all[at] == '5') {
    for (size_t i = at + 2; !up && i < e; i++) up = all[i] != '0';
  }
  char unit[16];
  int n = snprintf(unit, sizeof unit, "%s1e%d", d < 0 ? "-" : "", -digits);
  if (up) {
    (void)parse_float({unit, static_cast<size_t>(n)}, out);
  } else {
    *out = std::copysign(0.0, d);
  }
  return true;
}

Ref<> round_method(const Value* a) {
  double d = as_double(a[0]);
  if (!given(a[1])) return int_from_double(std::isfinite(d) ? std::nearbyint(d) : d);
  int64_t digits;
  if (!to_index_clamped(a[1], &digits)) return Ref<>();
  if (!std::isfinite(d) || d == 0) return float_from_double(d);
  if (digits > 323) return float_from_double(d);
  if (digits < -308) return float_from_double(std::copysign(0.0, d));
  double result;
  if (!round_decimal(d, static_cast<int>(digits), &result)) return Ref<>();
  if (std::isinf(result)) return raise(exc::OverflowError, "rounded value too large to represent");
  return float_from_double(result);
}

Ref<> conjugate(const Value* a) { return is_exact_float(a[0]) ? Ref<>::retain(a[0]) : float_from_double(as_double(a[0])); }
Ref<> is_integer(const Value* a) {
  double d = as_double(a[0]);
  return bool_ref(std::isfinite(d) && std::floor(d) == d);
}
Ref<> trunc_method(const Value* a) { return int_from_double(as_double(a[0])); }
Ref<> floor_method(const Value* a) { return int_from_double(std::floor(as_double(a[0]))); }
Ref<> ceil_method(const Value* a) { return int_from_double(std::ceil(as_double(a[0]))); }
Ref<> getnewargs(const Value* a) {
  Ref<> d = float_from_double(as_double(a[0]));
  return d ? Ref<>(tuple_of({d.value()})) : Ref<>();
}
Ref<> getformat(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "__getformat__() argument must be str, not %T", a[1]);
  if (!as_str(a[1])->equals_ascii("double") && !as_str(a[1])->equals_ascii("float")) {
    return raise(exc::ValueError, "__getformat__() argument 1 must be 'double' or 'float'");
  }
  return str_from_ascii("IEEE, little-endian");
}
Ref<> format_method(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "__format__() argument must be str, not %T", a[1]);
  return format_float(a[0], as_str(a[1]));
}

}  // namespace

const NativeDef kFloatMethods[] = {
    {"conjugate", "($self, /)", conjugate, "Return self, the complex conjugate of any float."},
    {"__trunc__", "($self, /)", trunc_method, "Return the Integral closest to x between 0 and x."},
    {"__floor__", "($self, /)", floor_method, "Return the floor as an Integral."},
    {"__ceil__", "($self, /)", ceil_method, "Return the ceiling as an Integral."},
    {"__round__", "($self, ndigits=None, /)", round_method,
     "Return the Integral closest to x, rounding half toward even. When an argument is passed, work like built-in round(x, "
     "ndigits)."},
    {"as_integer_ratio", "($self, /)", as_integer_ratio,
     "Return a pair of integers whose ratio is exactly equal to the float.\n\n>>> (0.375).as_integer_ratio()\n(3, 8)"},
    {"fromhex", "($type, string, /)", fromhex,
     "Create a floating-point number from a hexadecimal string.\n\n>>> float.fromhex('0x1.8p3')\n12.0", kClassMethod},
    {"hex", "($self, /)", hex_method,
     "Return a hexadecimal representation of a floating-point number.\n\n>>> (12.0).hex()\n'0x1.8000000000000p+3'"},
    {"is_integer", "($self, /)", is_integer, "Return True if the float is an integer."},
    {"__getnewargs__", "($self, /)", getnewargs},
    {"__getformat__", "($type, typestr, /)", getformat, "Tells how the C type 'double' or 'float' is stored.", kClassMethod},
    {"__format__", "($self, format_spec, /)", format_method, "Formats the float according to format_spec."},
    {},
};

}  // namespace pt
