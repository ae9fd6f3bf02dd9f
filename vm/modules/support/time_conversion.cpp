#include "vm/modules/support/time_conversion.h"

#include <cmath>

#include "gc/platform/futex.h"
#include "vm/object/error.h"
#include "vm/types/float.h"
#include "vm/types/int.h"

namespace pt {

namespace {

Raised out_of_time_t() { return raise(exc::OverflowError, "timestamp out of range for platform time_t"); }
Raised out_of_ns() { return raise(exc::OverflowError, "timestamp too large to convert to C _PyTime_t"); }

// Whether a rounded double fits in 64 bits: -2**63 does, 2**63 does not.
bool fits_int64(double d) { return d >= -9223372036854775808.0 && d < 9223372036854775808.0; }

// value * per_unit as nanoseconds.
bool scaled_to_ns(Value value, int64_t per_unit, Rounding rounding, int64_t* out) {
  if (is_float(value)) {
    double d = as_double(value);
    if (std::isnan(d)) return raise(exc::ValueError, "Invalid value NaN (not a number)");
    d = round_to_integer(d * static_cast<double>(per_unit), rounding);
    if (!fits_int64(d)) return out_of_time_t();
    *out = static_cast<int64_t>(d);
    return true;
  }
  Ref<> number = index(value);
  if (!number) return false;
  int64_t whole;
  if (!int_to_int64(number.value(), &whole) || __builtin_mul_overflow(whole, per_unit, out)) return out_of_ns();
  return true;
}

// Whole seconds, and the fraction in units of which a second has `units`, 0 <= fraction < units.
bool split_seconds(Value value, int64_t units, Rounding rounding, time_t* seconds, int64_t* fraction) {
  if (!is_float(value)) {
    *fraction = 0;
    return seconds_to_time_t(value, rounding, seconds);
  }
  double d = as_double(value);
  if (std::isnan(d)) return raise(exc::ValueError, "Invalid value NaN (not a number)");
  double whole, scale = static_cast<double>(units);
  double rest = round_to_integer(std::modf(d, &whole) * scale, rounding);
  if (rest >= scale) {
    rest -= scale;
    whole += 1;
  } else if (rest < 0) {
    rest += scale;
    whole -= 1;
  }
  if (!fits_int64(whole)) return out_of_time_t();
  *seconds = static_cast<time_t>(whole);
  *fraction = static_cast<int64_t>(rest);
  return true;
}

}  // namespace

double round_to_integer(double d, Rounding rounding) {
  switch (rounding) {
    case Rounding::kFloor: return std::floor(d);
    case Rounding::kCeiling: return std::ceil(d);
    case Rounding::kHalfEven: return std::nearbyint(d);  // the mode of the floating-point unit is never changed
    case Rounding::kAwayFromZero: return d >= 0 ? std::ceil(d) : std::floor(d);
  }
}

bool seconds_to_ns(Value seconds, Rounding rounding, int64_t* out) {
  return scaled_to_ns(seconds, kNanosecondsPerSecond, rounding, out);
}
bool milliseconds_to_ns(Value milliseconds, Rounding rounding, int64_t* out) {
  return scaled_to_ns(milliseconds, 1'000'000, rounding, out);
}

bool seconds_to_time_t(Value seconds, Rounding rounding, time_t* out) {
  if (is_float(seconds)) {
    double d = as_double(seconds);
    if (std::isnan(d)) return raise(exc::ValueError, "Invalid value NaN (not a number)");
    d = round_to_integer(d, rounding);
    if (!fits_int64(d)) return out_of_time_t();
    *out = static_cast<time_t>(d);
    return true;
  }
  Ref<> number = index(seconds);
  if (!number) return false;
  int64_t whole;
  if (!int_to_int64(number.value(), &whole)) return out_of_time_t();
  *out = whole;
  return true;
}

bool seconds_to_timespec(Value seconds, Rounding rounding, timespec* out) {
  int64_t fraction;
  if (!split_seconds(seconds, kNanosecondsPerSecond, rounding, &out->tv_sec, &fraction)) return false;
  out->tv_nsec = fraction;
  return true;
}
bool seconds_to_timeval(Value seconds, Rounding rounding, timeval* out) {
  int64_t fraction;
  if (!split_seconds(seconds, 1'000'000, rounding, &out->tv_sec, &fraction)) return false;
  out->tv_usec = fraction;
  return true;
}

bool to_nanoseconds(Value ns, int64_t* out) {
  if (!is_int(ns)) return raise(exc::TypeError, "expect int, got %T", ns);
  return int_to_int64(ns, out) || out_of_ns();
}

int64_t divide_ns(int64_t ns, int64_t unit, Rounding rounding) {
  int64_t quotient = ns / unit, rest = ns % unit;
  if (rest == 0) return quotient;
  int64_t away = ns > 0 ? 1 : -1;
  switch (rounding) {
    case Rounding::kFloor: return ns > 0 ? quotient : quotient - 1;
    case Rounding::kCeiling: return ns > 0 ? quotient + 1 : quotient;
    case Rounding::kHalfEven: {
      int64_t size = rest > 0 ? rest : -rest;
      bool up = size > unit - size || (size == unit - size && quotient % 2 != 0);
      return up ? quotient + away : quotient;
    }
    case Rounding::kAwayFromZero: return quotient + away;
  }
}

timespec ns_to_timespec(int64_t ns) {
  int64_t seconds = divide_ns(ns, kNanosecondsPerSecond, Rounding::kFloor);
  int64_t rest = ns % kNanosecondsPerSecond;
  return {seconds, rest < 0 ? rest + kNanosecondsPerSecond : rest};
}
timeval ns_to_timeval(int64_t ns, Rounding rounding) {
  int64_t microseconds = divide_ns(ns, 1000, rounding);
  int64_t seconds = divide_ns(microseconds, 1'000'000, Rounding::kFloor);
  return {seconds, microseconds - seconds * 1'000'000};
}

double ns_to_seconds(int64_t ns) {
  // Whole seconds are exact: the number itself may have more digits than a double.
  if (ns % kNanosecondsPerSecond == 0) return static_cast<double>(ns / kNanosecondsPerSecond);
  return static_cast<double>(ns) / 1e9;
}

int64_t deadline_after(int64_t ns) {
  int64_t deadline;
  return __builtin_add_overflow(monotonic_ns(), ns, &deadline) ? INT64_MAX : deadline;
}

}  // namespace pt
