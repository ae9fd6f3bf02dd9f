// Between Decimal and other types: construction, int and float, comparison with other numbers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "vm/modules/dynamic/decimal/plain.h"
#include "vm/types/complex.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/list.h"
#include "vm/types/unicode.h"

namespace pt::decimal {
namespace {

constexpr Rules kWidest;

// A str as ASCII: Unicode's digits become ASCII ones; anything else that is no ASCII becomes something no number contains.
// `lenient`: white space around is dropped, underscores anywhere.
class NumericText {
 public:
  NumericText(const Str* s, bool lenient) {
    int64_t start = 0, end = s->length;
    if (lenient) {
      while (start < end && unicode::is_space(s->at(start))) ++start;
      while (end > start && unicode::is_space(s->at(end - 1))) --end;
    }
    std::string_view plain =
        s->ascii ? s->ascii_view().substr(static_cast<size_t>(start), static_cast<size_t>(end - start)) : std::string_view();
    if (s->ascii && (!lenient || plain.find('_') == std::string_view::npos)) {
      view_ = plain;
      return;
    }
    auto room = static_cast<size_t>(end - start);
    char* p = room <= sizeof local_ ? local_ : (owned_ = static_cast<char*>(memory::allocate(room)));
    if (!p) {
      (void)raise_no_memory();
      ok_ = false;
      return;
    }
    char* at = p;
    for (int64_t i = start; i < end; ++i) {
      uint32_t c = s->at(i);
      if (lenient && c == '_') continue;
      int digit = c < 128 ? -1 : unicode::decimal_value(c);
      *at++ = c < 128 ? static_cast<char>(c) : digit >= 0 ? static_cast<char>('0' + digit) : '?';
    }
    view_ = {p, static_cast<size_t>(at - p)};
  }
  ~NumericText() { memory::release(owned_); }
  NumericText(const NumericText&) = delete;
  NumericText& operator=(const NumericText&) = delete;
  bool ok() const { return ok_; }
  std::string_view view() const { return view_; }

 private:
  std::string_view view_;
  char* owned_ = nullptr;
  bool ok_ = true;
  char local_[128];
};

// The digits of (sign, digits, exponent). False with ValueError pending.
bool digits_from_tuple(Number& n, Tuple* digits) {
  auto count = digits->length;
  uint8_t local[256];
  uint8_t* values =
      count <= static_cast<int64_t>(sizeof local) ? local : static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(count)));
  if (!values) return raise_no_memory();
  bool ok = true;
  for (int64_t i = 0; i < count && ok; ++i) {
    int64_t digit;
    ok = is_int(digits->at(i)) && int_to_int64(digits->at(i), &digit) && digit >= 0 && digit <= 9;
    if (ok) values[i] = static_cast<uint8_t>(digit);
  }
  bool had = !ok || computing([&] { set_digits(n, values, count); }, n);
  if (values != local) memory::release(values);
  return ok ? had : static_cast<bool>(raise(exc::ValueError, "coefficient must be a tuple of digits"));
}

// Not rounded, and not within any limits.
bool number_from_sequence(Number& n, Value sequence) {
  Ref<Tuple> parts = tuple_from_iterable(sequence);
  if (!parts) return false;
  if (parts->length != 3) return raise(exc::ValueError, "argument must be a sequence of length 3");
  int64_t sign, exponent = 0;
  if (!is_int(parts->at(0)) || !int_to_int64(parts->at(0), &sign) || (sign != 0 && sign != 1)) {
    return raise(exc::ValueError, "sign must be an integer with the value 0 or 1");
  }
  Kind kind = Kind::kFinite;
  Value third = parts->at(2);
  if (is_str(third)) {
    Str* letter = as_str(third);
    if (letter->equals_ascii("F")) {
      kind = Kind::kInfinite;
    } else if (letter->equals_ascii("n")) {
      kind = Kind::kQuiet;
    } else if (letter->equals_ascii("N")) {
      kind = Kind::kSignaling;
    } else {
      return raise(exc::ValueError, "string argument in the third position must be 'F', 'n' or 'N'");
    }
  } else if (!is_int(third)) {
    return raise(exc::ValueError, "exponent must be an integer");
  } else if (!int_to_int64(third, &exponent)) {
    return raise(exc::OverflowError, "Python int too large to convert to C ssize_t");
  }
  Value second = parts->at(1);
  Ref<Tuple> digits;
  if (is_tuple(second)) {
    digits = Ref<Tuple>::retain(as_tuple(second));
  } else if (is_list(second)) {
    digits = list_to_tuple(as_list(second));
    if (!digits) return false;
  } else {
    return raise(exc::ValueError, "coefficient must be a tuple of digits");
  }
  if (kind == Kind::kInfinite) {
    n.set_special(kind, sign);
    return true;
  }
  if (!digits_from_tuple(n, digits.get())) return false;
  n.kind = kind;
  n.negative = sign;
  n.exponent = kind == Kind::kFinite ? std::clamp(exponent, -kFarExponent, kFarExponent) : 0;
  return true;
}

bool float_signal(Context* context) {
  Status status;
  status.flags = kFloatOperation;
  return record(context, status);
}

void number_from_double(Number& out, double d, Status& status) {
  if (std::isnan(d) || std::isinf(d)) {
    out.set_special(std::isnan(d) ? Kind::kQuiet : Kind::kInfinite, std::signbit(d));
    return;
  }
  if (d == 0) {
    out = Number(std::signbit(d), 0, 0);
    return;
  }
  int exponent;
  auto mantissa = static_cast<uint64_t>(std::ldexp(std::frexp(std::fabs(d), &exponent), 53));
  int shift = __builtin_ctzll(mantissa);
  mantissa >>= shift;
  exponent += shift - 53;
  Mpz z, fives;
  mpz_set_ui(z.get(), mantissa);
  out.exponent = 0;
  if (exponent >= 0) {
    mpz_mul_2exp(z.get(), z.get(), static_cast<mp_bitcnt_t>(exponent));
  } else {
    // m / 2^k = m * 5^k / 10^k
    mpz_ui_pow_ui(fives.get(), 5, static_cast<unsigned long>(-exponent));
    mpz_mul(z.get(), z.get(), fives.get());
    out.exponent = exponent;
  }
  out.adopt(z.get());
  out.kind = Kind::kFinite;
  out.negative = std::signbit(d);
  finalize_exactly(out, status);
}

}  // namespace

Ref<> decimal_from_object(Type* type, Value value, Context* context) {
  Number n;
  Status status;
  if (value.empty()) return decimal_new(type, n);
  if (is_str(value)) {
    Str* s = as_str(value);
    // Most are as they should be; what is lenient costs a second look.
    bool strict = false;
    bool done = !s->ascii || computing(
                                 [&] {
                                   strict = parse(n, s->ascii_view(), status);
                                   if (strict && !status.no_memory) finalize_exactly(n, status);
                                 },
                                 n);
    if (PT_UNLIKELY(!strict) && done) {
      NumericText text(s, true);
      done = text.ok() && computing([&] { from_text_exactly(n, text.view(), status); }, n);
    }
    if (!done) return Ref<>();
    status.flags &= kErrorMask;
    return record(context, status) ? decimal_new(type, n) : Ref<>();
  }
  if (is_decimal(value)) {
    if (type == &decimal_type && type_of(value) == &decimal_type) return Ref<>::retain(value);
    view_of(n, as_decimal(value));
    return decimal_new(type, n);
  }
  if (is_int(value)) {
    operand_slow(n, value);
  } else if (is_list(value) || is_tuple(value)) {
    if (!number_from_sequence(n, value) || !computing([&] { finalize_exactly(n, status); }, n)) return Ref<>();
  } else if (is_float(value)) {
    if (!float_signal(context) || !computing([&] { number_from_double(n, as_double(value), status); }, n)) return Ref<>();
  } else {
    return raise(exc::TypeError, "conversion from %T to Decimal is not supported", value);
  }
  return record(context, status) ? decimal_new(type, n) : Ref<>();
}

Ref<> decimal_rounded_from_object(Value value, Context* context) {
  Number n;
  Status status;
  Rules rules = context->rules();
  if (value.empty()) return decimal_new(n);
  if (is_str(value)) {
    NumericText text(as_str(value), false);
    if (!text.ok()) return Ref<>();
    return computing([&] { from_text(n, text.view(), rules, status); }, n) ? finish(context, n, status) : Ref<>();
  }
  if (is_decimal(value)) {
    view_of(n, as_decimal(value));
  } else if (is_int(value)) {
    operand_slow(n, value);
  } else if (is_list(value) || is_tuple(value)) {
    if (!number_from_sequence(n, value)) return Ref<>();
  } else if (is_float(value)) {
    if (!float_signal(context) || !computing([&] { number_from_double(n, as_double(value), status); }, n)) return Ref<>();
  } else {
    return raise(exc::TypeError, "conversion from %T to Decimal is not supported", value);
  }
  Number out;
  bool ok = computing(
      [&] {
        if (n.nan() && !n.coefficient_zero() && n.digits() > rules.precision - rules.clamp) {
          invalid(out, kConversionSyntax, status);
        } else {
          apply(out, n, rules, status);
        }
      },
      out);
  return ok ? finish(context, out, status) : Ref<>();
}

Ref<> decimal_from_float_exactly(Type* type, Value value) {
  Number n;
  Status status;
  if (is_int(value)) {
    operand_slow(n, value);
  } else if (is_float(value)) {
    if (!computing([&] { number_from_double(n, as_double(value), status); }, n)) return Ref<>();
  } else {
    return raise(exc::TypeError, "argument must be int or float");
  }
  if (type == &decimal_type) return decimal_new(n);
  Ref<> plain = decimal_new(n);
  return plain ? call1(Value::object(type), plain.value()) : Ref<>();
}

Ref<> decimal_to_int(const Number& n, Rounding rounding) {
  if (n.nan()) return raise(exc::ValueError, "cannot convert NaN to integer");
  if (n.infinite()) return raise(exc::OverflowError, "cannot convert Infinity to integer");
  Number whole;
  Status status;
  bool ok = computing(
      [&] {
        whole = n.copy();
        rescale(whole, 0, rounding, status);
      },
      whole);
  if (!ok) return Ref<>();
  if (status.no_memory) return raise_no_memory();
  if (!whole.big() && !(whole.small() >> 62)) {
    auto i = static_cast<int64_t>(whole.small());
    return int_from_int64(n.negative ? -i : i);
  }
  return int_from_mpz(Reading(whole).get(), n.negative);
}

Ref<> decimal_to_float(const Number& n) {
  if (n.signaling()) return raise(exc::ValueError, "cannot convert signaling NaN to float");
  double sign = n.negative ? -1.0 : 1.0;
  if (n.nan()) return float_from_double(std::copysign(std::numeric_limits<double>::quiet_NaN(), sign));
  if (n.infinite()) return float_from_double(sign * HUGE_VAL);
  constexpr double kExact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (!n.big() && n.small() <= (u128{1} << 53) && n.exponent >= -22 && n.exponent <= 22) {
    // Both are exact, so that one operation rounds correctly.
    double coefficient = sign * static_cast<double>(static_cast<uint64_t>(n.small()));
    return float_from_double(n.exponent < 0 ? coefficient / kExact[-n.exponent] : coefficient * kExact[n.exponent]);
  }
  Ref<Str> text = decimal_text(n, false, true);
  if (!text) return Ref<>();
  double d;
  parse_float(text->ascii_view(), &d);
  return float_from_double(d);
}

Ref<> decimal_integer_ratio(const Number& n) {
  if (n.nan()) return raise(exc::ValueError, "cannot convert NaN to integer ratio");
  if (n.infinite()) return raise(exc::OverflowError, "cannot convert Infinity to integer ratio");
  Status status;
  Mpz numerator, denominator;
  bool ok = computing(
      [&] {
        if (n.coefficient_zero() || n.exponent >= 0) {
          Number whole = n.copy();
          rescale(whole, 0, Rounding::kDown, status);
          mpz_set(numerator.get(), Reading(whole).get());
          mpz_set_ui(denominator.get(), 1);
        } else if (power_of_ten(denominator, -n.exponent, status)) {
          Mpz common;
          mpz_gcd(common.get(), Reading(n).get(), denominator.get());
          mpz_divexact(numerator.get(), Reading(n).get(), common.get());
          mpz_divexact(denominator.get(), denominator.get(), common.get());
        }
      },
      numerator, denominator);
  if (!ok) return Ref<>();
  if (status.no_memory) return raise_no_memory();
  Ref<> top = int_from_mpz(numerator.get(), n.negative), bottom = top ? int_from_mpz(denominator.get()) : Ref<>();
  return bottom ? Ref<>(tuple_of({top.value(), bottom.value()})) : Ref<>();
}

// ---- Comparison ----------------------------------------------------------------------------------------------------------

namespace {

// What `right` is next to `left`: its number in b, kept by `held`; `a` is multiplied by the denominator of a Rational.
// -1 error, 0 not comparable.
int comparable(Number& a, Number& b, Value right, CompareOp op, Context* context, Ref<>* held) {
  bool equality = op == CompareOp::kEq || op == CompareOp::kNe;
  if (operand(b, right)) return 1;
  Status status;
  if (is_complex(right)) {
    if (!equality || as_complex(right)->imaginary != 0) return 0;
    Ref<> real = float_from_double(as_complex(right)->real);
    return real ? comparable(a, b, real.value(), op, context, held) : -1;
  }
  if (is_float(right)) {
    // Equality takes note of the float and does not mind it.
    if (equality) {
      context->flag_bits().fetch_or(kFloatOperation, std::memory_order_relaxed);
    } else if (!float_signal(context)) {
      return -1;
    }
    if (!computing([&] { number_from_double(b, as_double(right), status); }, b)) return -1;
  } else {
    Ref<> rational = import_attribute("numbers", "Rational");
    if (!rational) return -1;
    int yes = is_instance(right, rational.value());
    if (yes <= 0) return yes;
    Ref<> numerator = get_attribute(right, "numerator"), denominator = numerator ? get_attribute(right, "denominator") : Ref<>();
    if (!denominator) return -1;
    Number factor, product;
    if (!is_int(numerator.value()) || !is_int(denominator.value())) {
      (void)raise(exc::TypeError, "numerator and denominator must be ints");
      return -1;
    }
    operand(factor, denominator.value());
    if (a.finite()) {
      // The exponent may leave the range meanwhile.
      int64_t exponent = a.exponent;
      a.exponent = 0;
      if (!computing([&] { multiply(product, a, factor, kWidest, status); }, product)) return -1;
      a = std::move(product);
      a.exponent = exponent;
    }
    operand(b, numerator.value());
    *held = std::move(numerator);
  }
  status.flags &= kErrorMask;
  return record(context, status) ? 1 : -1;
}

}  // namespace

Ref<> decimal_compare(Value left, Value right, CompareOp op) {
  Plain x, y;
  u128 p, q;
  int64_t e;
  if (PT_LIKELY(plain_operand(left, &x) && plain_operand(right, &y) && x.negative == y.negative && align(x, y, &p, &q, &e))) {
    int order = (p > q) - (p < q);
    return bool_ref(ordered(op, x.negative ? -order : order, 0));
  }
  if (!is_decimal(left)) return not_implemented_ref();
  Number a, b;
  view_of(a, as_decimal(left));
  Ref<> held;
  Ref<Context> context;
  if (!operand(b, right)) {
    context = current_context();
    if (!context) return Ref<>();
    int kind = comparable(a, b, right, op, context.get(), &held);
    if (kind < 0) return Ref<>();
    if (kind == 0) return not_implemented_ref();
  }
  if (PT_UNLIKELY(a.nan() || b.nan())) {
    bool equality = op == CompareOp::kEq || op == CompareOp::kNe;
    if (!equality || a.signaling() || b.signaling()) {
      if (!context) context = current_context();
      Status status;
      status.flags = kInvalidOperation;
      if (!context || !record(context.get(), status)) return Ref<>();
    }
    return bool_ref(op == CompareOp::kNe);
  }
  int order;
  if (!computing([&] { order = compare_numbers(a, b); })) return Ref<>();
  return bool_ref(ordered(op, order, 0));
}

Ref<> decimal_tuple(const Number& n) {
  DigitText digits;
  Ref<Tuple> row;
  Ref<> exponent;
  if (n.infinite()) {
    row = tuple_of({Value::small_int(0)});
    exponent = str_from_ascii("F");
  } else {
    if (!computing([&] { digits.assign(n); }, digits)) return Ref<>();
    std::string_view text = n.nan() && n.coefficient_zero() ? std::string_view() : digits.view();
    row = tuple_allocate(static_cast<int64_t>(text.size()));
    if (!row) return Ref<>();
    for (size_t i = 0; i < text.size(); ++i) row->items[i].init_value(Value::small_int(text[i] - '0'));
    exponent = n.finite() ? int_from_int64(n.exponent) : Ref<>(str_from_ascii(n.signaling() ? "N" : "n"));
  }
  if (!row || !exponent) return Ref<>();
  return call_values(decimal_tuple_class(), {Value::small_int(n.negative), row.value(), exponent.value()});
}

}  // namespace pt::decimal
