// Arithmetic of timedelta, by microseconds: 128 bits where they do, else ints.
#include "vm/modules/datetime/timedelta.h"
#include "vm/types/float.h"
#include "vm/types/int.h"

namespace pt::datetime {
namespace {

constexpr int64_t kMaxDays = 999'999'999;
constexpr Wide kMicrosecondsPerDay = Wide{kSecondsPerDay} * kMicrosecondsPerSecond;

Raised too_large_for_int() { return raise(exc::OverflowError, "Python int too large to convert to C int"); }

struct Quotient {
  Wide quotient, rest;  // rounded down; the rest has the sign of the divisor
};
Quotient floor_divide(Wide a, Wide b) {
  Quotient result{a / b, a % b};
  if (result.rest && (result.rest < 0) != (b < 0)) {
    --result.quotient;
    result.rest += b;
  }
  return result;
}

Ref<> make(int64_t days, int64_t seconds, int64_t microseconds, Type* type) {
  if (days > kMaxDays || days < -kMaxDays) {
    return raise(exc::OverflowError, "days=%ld; must have magnitude <= %ld", days, kMaxDays);
  }
  Ref<Delta> d = create<Delta>(type, delta_type);
  if (!d) return Ref<>();
  d->days = static_cast<int32_t>(days);
  d->seconds = static_cast<int32_t>(seconds);
  d->microseconds = static_cast<int32_t>(microseconds);
  return d;
}

// a / b, to the nearest, halves to even.
Ref<> nearest_quotient(Value a, Value b) {
  Ref<> pair = int_binary(BinaryOp::kDivmod, a, b);
  if (!pair) return pair;
  Value quotient = as_tuple(pair.value())->at(0), rest = as_tuple(pair.value())->at(1);
  // The rest and the divisor have the same sign.
  Ref<> doubled = int_binary(BinaryOp::kMul, rest, Value::small_int(2));
  if (!doubled) return doubled;
  int order = int_compare(doubled.value(), b);
  if (int_sign(b) < 0) order = -order;
  bool odd = IntView(quotient).limb_count() && (IntView(quotient).limbs()[0] & 1);
  if (order > 0 || (order == 0 && odd)) return int_binary(BinaryOp::kAdd, quotient, Value::small_int(1));
  return Ref<>::retain(quotient);
}
Wide nearest_quotient(Wide a, int64_t b) {
  Quotient q = floor_divide(a, b);
  Wide doubled = q.rest * 2, divisor = b;
  if (b < 0) {
    doubled = -doubled;
    divisor = -divisor;
  }
  return q.quotient + (doubled > divisor || (doubled == divisor && (q.quotient & 1)));
}

Raised division_by_zero() { return raise(exc::ZeroDivisionError, "integer division or modulo by zero"); }

// d * numerator / denominator of the float's ratio, or the reverse.
Ref<> scale_by_float(const Delta* d, Value factor, bool divide) {
  Ref<> ratio = call_method(factor, "as_integer_ratio");
  if (!ratio) return ratio;
  if (!is_tuple(ratio.value())) {
    return raise(exc::TypeError, "unexpected return type from as_integer_ratio(): expected tuple, got '%T'", ratio.value());
  }
  Tuple* t = as_tuple(ratio.value());
  if (t->length != 2) return raise(exc::ValueError, "as_integer_ratio() must return a 2-tuple");
  if (!is_int(t->at(0)) || !is_int(t->at(1))) {
    return raise(exc::TypeError, "unexpected return type from as_integer_ratio(): expected a tuple of ints");
  }
  Ref<> total = wide_to_int(d->total());
  Ref<> product = total ? int_binary(BinaryOp::kMul, total.value(), t->at(divide)) : Ref<>();
  Ref<> quotient = product ? nearest_quotient(product.value(), t->at(!divide)) : Ref<>();
  return quotient ? delta_from_int(quotient.value()) : Ref<>();
}

Ref<> multiply_by_int(const Delta* d, Value factor) {
  int64_t n;
  if (int_to_int64(factor, &n) && n < (int64_t{1} << 59) && n > -(int64_t{1} << 59)) return delta_from_total(d->total() * n);
  Ref<> total = wide_to_int(d->total());
  Ref<> product = total ? int_binary(BinaryOp::kMul, total.value(), factor) : Ref<>();
  return product ? delta_from_int(product.value()) : Ref<>();
}

// total / total as a float.
Ref<> true_quotient(Wide a, Wide b) {
  constexpr Wide kExact = Wide{1} << 53;
  if (b && a < kExact && a > -kExact && b < kExact && b > -kExact) {
    return float_from_double(static_cast<double>(a) / static_cast<double>(b));
  }
  Ref<> x = wide_to_int(a), y = wide_to_int(b);
  return x && y ? int_true_divide(x.value(), y.value()) : Ref<>();
}

}  // namespace

Ref<> wide_to_int(Wide w) {
  if (w == static_cast<int64_t>(w)) return int_from_int64(static_cast<int64_t>(w));
  bool negative = w < 0;
  unsigned __int128 magnitude = negative ? -static_cast<unsigned __int128>(w) : static_cast<unsigned __int128>(w);
  uint64_t limbs[] = {static_cast<uint64_t>(magnitude), static_cast<uint64_t>(magnitude >> 64)};
  return int_from_limbs(negative, limbs, 2);
}
bool int_to_wide(Value v, Wide* out) {
  IntView view(v);
  if (view.limb_count() > 2 || (view.limb_count() == 2 && view.limbs()[1] >> 62)) return false;
  Wide magnitude = 0;
  for (int64_t i = view.limb_count(); i-- > 0;) magnitude = magnitude << 64 | view.limbs()[i];
  *out = view.negative() ? -magnitude : magnitude;
  return true;
}

Ref<> delta_new(int64_t days, int64_t seconds, int64_t microseconds, Type* type) {
  if (static_cast<uint64_t>(microseconds) >= kMicrosecondsPerSecond) {
    int64_t carry = microseconds / kMicrosecondsPerSecond;
    microseconds %= kMicrosecondsPerSecond;
    if (microseconds < 0) {
      --carry;
      microseconds += kMicrosecondsPerSecond;
    }
    seconds += carry;
  }
  if (static_cast<uint64_t>(seconds) >= kSecondsPerDay) {
    int64_t carry = seconds / kSecondsPerDay;
    seconds %= kSecondsPerDay;
    if (seconds < 0) {
      --carry;
      seconds += kSecondsPerDay;
    }
    days += carry;
  }
  return make(days, seconds, microseconds, type);
}

Ref<> delta_from_total(Wide total, Type* type) {
  if (total == static_cast<int64_t>(total)) return delta_new(0, 0, static_cast<int64_t>(total), type);
  Quotient days = floor_divide(total, kMicrosecondsPerDay);
  if (days.quotient != static_cast<int32_t>(days.quotient)) return too_large_for_int();
  return delta_new(static_cast<int64_t>(days.quotient), 0, static_cast<int64_t>(days.rest), type);
}
Ref<> delta_from_int(Value microseconds, Type* type) {
  Wide total;
  if (!int_to_wide(microseconds, &total)) return too_large_for_int();
  return delta_from_total(total, type);
}

Ref<> delta_negated(const Delta* d) { return delta_new(-int64_t{d->days}, -d->seconds, -d->microseconds); }

int delta_compare(const Delta* a, const Delta* b) {
  if (a->days != b->days) return a->days < b->days ? -1 : 1;
  if (a->seconds != b->seconds) return a->seconds < b->seconds ? -1 : 1;
  return a->microseconds < b->microseconds ? -1 : a->microseconds > b->microseconds;
}

Ref<> delta_add(Value left, Value right) {
  if (!is_delta(left) || !is_delta(right)) return not_implemented_ref();
  Delta *a = as_delta(left), *b = as_delta(right);
  return delta_new(int64_t{a->days} + b->days, a->seconds + b->seconds, a->microseconds + b->microseconds);
}
Ref<> delta_subtract(Value left, Value right) {
  if (!is_delta(left) || !is_delta(right)) return not_implemented_ref();
  Delta *a = as_delta(left), *b = as_delta(right);
  return delta_new(int64_t{a->days} - b->days, a->seconds - b->seconds, a->microseconds - b->microseconds);
}

Ref<> delta_multiply(Value left, Value right) {
  if (!is_delta(left)) std::swap(left, right);
  if (is_int(right)) return multiply_by_int(as_delta(left), right);
  if (is_float(right)) return scale_by_float(as_delta(left), right, false);
  return not_implemented_ref();
}

Ref<> delta_true_divide(Value left, Value right) {
  if (!is_delta(left)) return not_implemented_ref();
  Delta* d = as_delta(left);
  if (is_delta(right)) return true_quotient(d->total(), as_delta(right)->total());
  if (is_float(right)) return scale_by_float(d, right, true);
  if (!is_int(right)) return not_implemented_ref();
  int64_t n;
  if (int_to_int64(right, &n)) return n ? delta_from_total(nearest_quotient(d->total(), n)) : division_by_zero();
  Ref<> total = wide_to_int(d->total());
  Ref<> quotient = total ? nearest_quotient(total.value(), right) : Ref<>();
  return quotient ? delta_from_int(quotient.value()) : Ref<>();
}

Ref<> delta_floor_divide(Value left, Value right) {
  if (!is_delta(left)) return not_implemented_ref();
  Wide total = as_delta(left)->total();
  if (is_delta(right)) {
    Wide divisor = as_delta(right)->total();
    return divisor ? wide_to_int(floor_divide(total, divisor).quotient) : division_by_zero();
  }
  if (!is_int(right)) return not_implemented_ref();
  if (int_sign(right) == 0) return division_by_zero();
  Wide divisor;
  if (int_to_wide(right, &divisor)) return delta_from_total(floor_divide(total, divisor).quotient);
  // Much larger than any timedelta.
  bool negative = total != 0 && (total < 0) != (int_sign(right) < 0);
  return delta_new(0, 0, negative ? -1 : 0);
}

Ref<> delta_remainder(Value left, Value right) {
  if (!is_delta(left) || !is_delta(right)) return not_implemented_ref();
  Wide divisor = as_delta(right)->total();
  if (!divisor) return raise(exc::ZeroDivisionError, "integer modulo by zero");
  return delta_from_total(floor_divide(as_delta(left)->total(), divisor).rest);
}
Ref<> delta_divmod(Value left, Value right) {
  if (!is_delta(left) || !is_delta(right)) return not_implemented_ref();
  Wide divisor = as_delta(right)->total();
  if (!divisor) return division_by_zero();
  Quotient q = floor_divide(as_delta(left)->total(), divisor);
  Ref<> quotient = wide_to_int(q.quotient), rest = delta_from_total(q.rest);
  return quotient && rest ? Ref<>(tuple_of({quotient.value(), rest.value()})) : Ref<>();
}

Ref<> delta_total_seconds(const Value* a) { return true_quotient(as_delta(a[0])->total(), kMicrosecondsPerSecond); }

}  // namespace pt::datetime
