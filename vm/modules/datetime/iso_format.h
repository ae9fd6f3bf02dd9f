#pragma once
// Writing dates and times as ISO 8601 has them. Each `put` gives the end of what it wrote; fields that unpickling let through
// may have more digits than usual.
#include "vm/modules/datetime/datetime.h"

namespace pt::datetime {

inline constexpr int kIsoDateSize = 16, kIsoClockSize = 24, kIsoOffsetSize = 24;

enum class TimeSpec : uint8_t { kAuto, kHours, kMinutes, kSeconds, kMilliseconds, kMicroseconds };
// The argument `timespec` (empty: auto), number `position` of isoformat. ValueError.
bool to_timespec(Value v, int position, TimeSpec* out);

char* put_number(char* out, uint32_t value, int width);
char* put_date(char* out, Day day);
char* put_clock(char* out, Clock clock, TimeSpec spec);
// +HH:MM, with seconds and microseconds if there are any; `separator` may be "".
char* put_offset(char* out, const Delta* offset, const char* separator);
// What the tzinfo says of `argument`, nothing for None; nullptr with an exception. Runs Python code.
char* put_utcoffset(char* out, Value tzinfo, Value argument, const char* separator);

}  // namespace pt::datetime
