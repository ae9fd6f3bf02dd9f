#pragma once
// Reading ISO 8601 dates and times, in the forms that python3.11 takes.
#include "vm/modules/datetime/calendar.h"
#include "vm/object/type.h"

namespace pt::datetime {

struct IsoTime {
  int hour = 0, minute = 0, second = 0, microsecond = 0;
  bool has_offset = false;
  int offset_seconds = 0, offset_microseconds = 0;
};

// False: the text is none, and no exception is pending. Ranges of fields are left to whoever makes an object of them.
bool parse_iso_date(const Str* text, CalendarDate* out);
bool parse_iso_time(const Str* text, IsoTime* out);
bool parse_iso_datetime(const Str* text, CalendarDate* date, IsoTime* time);
// The tzinfo: None, timezone.utc or a new timezone. ValueError.
Ref<> iso_timezone(const IsoTime& time);

}  // namespace pt::datetime
