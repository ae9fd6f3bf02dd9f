#include "vm/modules/datetime/local_time.h"

#include <cerrno>

namespace pt::datetime {
namespace {

// No two offsets of a place differ by more, so that whatever changes the clock lies within.
constexpr int64_t kMaxFold = 24 * 3600;

bool to_local(time_t seconds, tm* out) {
  errno = 0;
  if (localtime_r(&seconds, out)) return true;
  if (errno == 0) errno = EINVAL;
  return raise_os_error();
}
Moment moment_of(const tm& t) {
  // A leap second is taken for the one before it.
  return {year_of(t), t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec < 59 ? t.tm_sec : 59};
}
// What local clocks show, in seconds since day 0, at UTC seconds since day 0.
bool local_clock(int64_t utc, int64_t* out) {
  tm t;
  if (!to_local(utc - kEpochSeconds, &t)) return false;
  Moment m = moment_of(t);
  m.second = t.tm_sec;
  return utc_seconds(m, out);
}

}  // namespace

bool utc_seconds(const Moment& m, int64_t* out) {
  if (m.year < kMinYear || m.year > kMaxYear) return raise(exc::ValueError, "year %d is out of range", m.year);
  int64_t days = to_ordinal(m.year, m.month, m.day);
  *out = days * kSecondsPerDay + m.hour * 3600 + m.minute * 60 + m.second;
  return true;
}

bool local_seconds(const Moment& m, int64_t* out) {
  int64_t wanted, shown;
  if (!utc_seconds(m, &wanted) || !local_clock(wanted, &shown)) return false;
  // The offset near that time gives a first solution, or, if it does not hold there, a second offset.
  int64_t offset = shown - wanted, other;
  int64_t first = wanted - offset;
  if (!local_clock(first, &shown)) return false;
  bool solved = shown == wanted;
  if (solved) {
    // Another one may lie on the other side of a change.
    int64_t probe = first + (m.fold ? kMaxFold : -kMaxFold), probed;
    if (!local_clock(probe, &probed)) return false;
    other = probed - probe;
    if (other == offset) {
      *out = first;
      return true;
    }
  } else {
    other = shown - first;
  }
  int64_t second = wanted - other;
  if (!local_clock(second, &shown)) return false;
  if (shown == wanted)
    *out = second;
  else if (solved)
    *out = first;
  else  // in a gap
    *out = (first < second) == (m.fold != 0) ? first : second;
  return true;
}

bool moment_from_timestamp(time_t seconds, int microsecond, bool utc, Value tzinfo, Moment* out) {
  tm t;
  if (utc) {
    errno = 0;
    if (!gmtime_r(&seconds, &t)) {
      if (errno == 0) errno = EINVAL;
      return raise_os_error();
    }
  } else if (!to_local(seconds, &t)) {
    return false;
  }
  *out = moment_of(t);
  out->microsecond = microsecond;
  out->tzinfo = tzinfo;
  if (utc || !is_none(tzinfo)) return true;
  // Clocks that were put back within the last day show some time twice.
  int64_t shown, before, again;
  if (!utc_seconds(*out, &shown) || !local_clock(kEpochSeconds + seconds - kMaxFold, &before)) return false;
  int64_t change = shown - before - kMaxFold;
  if (change >= 0) return true;
  if (!local_clock(kEpochSeconds + seconds + change, &again)) return false;
  out->fold = again == shown;
  return true;
}

Ref<> local_timezone(time_t seconds) {
  tm t;
  if (!to_local(seconds, &t)) return Ref<>();
  Ref<> offset = delta_new(0, t.tm_gmtoff, 0);
  Ref<> name = offset ? Ref<>(fs_decode(t.tm_zone)) : Ref<>();
  return name ? timezone_new(offset.value(), name.value()) : Ref<>();
}

}  // namespace pt::datetime
