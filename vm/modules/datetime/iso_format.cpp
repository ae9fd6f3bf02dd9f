#include "vm/modules/datetime/iso_format.h"

#include <cstring>

namespace pt::datetime {

bool to_timespec(Value v, int position, TimeSpec* out) {
  *out = TimeSpec::kAuto;
  if (v.empty()) return true;
  if (!is_str(v)) return raise(exc::TypeError, "isoformat() argument %d must be str, not %T", position, v);
  static constexpr const char* kNames[] = {"auto", "hours", "minutes", "seconds", "milliseconds", "microseconds"};
  for (int i = 0; i < 6; ++i) {
    if (!as_str(v)->equals_ascii(kNames[i])) continue;
    *out = static_cast<TimeSpec>(i);
    return true;
  }
  Utf8 text(as_str(v));
  if (!text.ok()) return false;
  if (std::memchr(text.c_str(), 0, text.view().size())) return raise(exc::ValueError, "embedded null character");
  return raise(exc::ValueError, "Unknown timespec value");
}

char* put_number(char* out, uint32_t value, int width) {
  for (uint64_t limit = 10, digits = 1;; limit *= 10, ++digits) {
    if (value >= limit) continue;
    if (static_cast<uint64_t>(width) < digits) width = static_cast<int>(digits);
    break;
  }
  for (int i = width; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + width;
}

char* put_date(char* out, Day day) {
  out = put_number(out, static_cast<uint32_t>(day.year()), 4);
  *out++ = '-';
  out = put_number(out, static_cast<uint32_t>(day.month()), 2);
  *out++ = '-';
  return put_number(out, static_cast<uint32_t>(day.day()), 2);
}

char* put_clock(char* out, Clock clock, TimeSpec spec) {
  int microsecond = clock.microsecond();
  if (spec == TimeSpec::kAuto) spec = microsecond ? TimeSpec::kMicroseconds : TimeSpec::kSeconds;
  out = put_number(out, static_cast<uint32_t>(clock.hour()), 2);
  if (spec == TimeSpec::kHours) return out;
  *out++ = ':';
  out = put_number(out, static_cast<uint32_t>(clock.minute()), 2);
  if (spec == TimeSpec::kMinutes) return out;
  *out++ = ':';
  out = put_number(out, static_cast<uint32_t>(clock.second()), 2);
  if (spec == TimeSpec::kSeconds) return out;
  *out++ = '.';
  if (spec == TimeSpec::kMilliseconds) return put_number(out, static_cast<uint32_t>(microsecond / 1000), 3);
  return put_number(out, static_cast<uint32_t>(microsecond), 6);
}

char* put_offset(char* out, const Delta* offset, const char* separator) {
  // Always less than a day either way: its sign is that of the days.
  int seconds = offset->seconds, microseconds = offset->microseconds;
  *out++ = offset->days < 0 ? '-' : '+';
  if (offset->days < 0) {
    seconds = kSecondsPerDay - seconds - (microseconds != 0);
    microseconds = microseconds ? kMicrosecondsPerSecond - microseconds : 0;
  }
  auto add = [&](int value) { out = put_number(out, static_cast<uint32_t>(value), 2); };
  auto separate = [&] {
    for (const char* s = separator; *s; ++s) *out++ = *s;
  };
  add(seconds / 3600);
  separate();
  add(seconds / 60 % 60);
  if (seconds % 60 || microseconds) {
    separate();
    add(seconds % 60);
  }
  if (microseconds) {
    *out++ = '.';
    out = put_number(out, static_cast<uint32_t>(microseconds), 6);
  }
  return out;
}

char* put_utcoffset(char* out, Value tzinfo, Value argument, const char* separator) {
  if (is_none(tzinfo)) return out;
  Ref<> offset = call_utcoffset(tzinfo, argument);
  if (!offset) return nullptr;
  return is_none(offset.value()) ? out : put_offset(out, as_delta(offset.value()), separator);
}

}  // namespace pt::datetime
