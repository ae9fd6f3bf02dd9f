// datetime.datetime: its methods.
#include "vm/modules/datetime/iso_format.h"
#include "vm/modules/datetime/iso_parse.h"
#include "vm/modules/datetime/local_time.h"
#include "vm/modules/datetime/timedelta.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/types/float.h"

namespace pt::datetime {
namespace {

// ---- class methods -----------------------------------------------------------------------------------------------------------

Ref<> from_timestamp(Value cls, time_t seconds, int microsecond, bool utc, Value tzinfo) {
  Moment m;
  if (!moment_from_timestamp(seconds, microsecond, utc, tzinfo, &m)) return Ref<>();
  Ref<> result = datetime_of_class(cls, m);
  return result && !is_none(tzinfo) ? call_fromutc(tzinfo, result.value()) : std::move(result);
}
Ref<> from_clock(Value cls, bool utc, Value tzinfo) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return from_timestamp(cls, now.tv_sec, static_cast<int>(now.tv_nsec / 1000), utc, tzinfo);
}
Ref<> now(const Value* a) {
  Value tzinfo = or_none(a[1]);
  return check_tzinfo(tzinfo) ? from_clock(a[0], !is_none(tzinfo), tzinfo) : Ref<>();
}
Ref<> utcnow(const Value* a) { return from_clock(a[0], true, none()); }
Ref<> from_number(Value cls, Value timestamp, bool utc, Value tzinfo) {
  timeval t;
  if (!seconds_to_timeval(timestamp, Rounding::kHalfEven, &t)) return Ref<>();
  return from_timestamp(cls, t.tv_sec, static_cast<int>(t.tv_usec), utc, tzinfo);
}
Ref<> fromtimestamp(const Value* a) {
  Value tzinfo = or_none(a[2]);
  return check_tzinfo(tzinfo) ? from_number(a[0], a[1], !is_none(tzinfo), tzinfo) : Ref<>();
}
Ref<> utcfromtimestamp(const Value* a) { return from_number(a[0], a[1], true, none()); }

Ref<> strptime(const Value* a) {
  for (int i = 1; i <= 2; ++i) {
    if (!is_str(a[i])) return raise(exc::TypeError, "strptime() argument %d must be str, not %T", i, a[i]);
  }
  Ref<> parse = import_attribute("_strptime", "_strptime_datetime");
  return parse ? call_values(parse.value(), {a[0], a[1], a[2]}) : Ref<>();
}

Ref<> combine(const Value* a) {
  if (!is_date(a[1])) return raise(exc::TypeError, "combine() argument 1 must be datetime.date, not %T", a[1]);
  if (!is_time(a[2])) return raise(exc::TypeError, "combine() argument 2 must be datetime.time, not %T", a[2]);
  Day day = as_date(a[1])->day;
  Time* t = as_time(a[2]);
  Clock c = t->clock;
  return datetime_of_class(a[0], {day.year(), day.month(), day.day(), c.hour(), c.minute(), c.second(), c.microsecond(), t->fold,
                                  a[3].empty() ? tzinfo_of(t) : a[3]});
}

Ref<> fromisoformat(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "fromisoformat: argument must be str");
  CalendarDate d;
  IsoTime t;
  if (!parse_iso_datetime(as_str(a[1]), &d, &t)) return raise(exc::ValueError, "Invalid isoformat string: %R", a[1]);
  Ref<> tzinfo = iso_timezone(t);
  if (!tzinfo) return tzinfo;
  return datetime_of_class(a[0], {d.year, d.month, d.day, t.hour, t.minute, t.second, t.microsecond, 0, tzinfo.value()});
}

// ---- parts
// ------------------------------------------------------------------------------------------------------------------------

Ref<> date_part(const Value* a) {
  Day d = as_datetime(a[0])->day;
  return date_new(d.year(), d.month(), d.day());
}
Ref<> time_part(Value self, Value tzinfo) {
  DateTime* t = as_datetime(self);
  Clock c = t->clock;
  return time_new(c.hour(), c.minute(), c.second(), c.microsecond(), tzinfo, t->fold);
}
Ref<> time_naive(const Value* a) { return time_part(a[0], none()); }
Ref<> time_aware(const Value* a) { return time_part(a[0], tzinfo_of(as_datetime(a[0]))); }

Ref<> replace(const Value* a) {
  Moment m = Moment::of(as_datetime(a[0]));
  if (!to_field(a[1], &m.year) || !to_field(a[2], &m.month) || !to_field(a[3], &m.day) || !to_field(a[4], &m.hour) ||
      !to_field(a[5], &m.minute) || !to_field(a[6], &m.second) || !to_field(a[7], &m.microsecond) || !to_field(a[9], &m.fold)) {
    return Ref<>();
  }
  if (!a[8].empty()) m.tzinfo = a[8];
  return datetime_new(m, type_of(a[0]));
}

// ---- time zones
// ------------------------------------------------------------------------------------------------------------------

Ref<> utcoffset(const Value* a) { return call_utcoffset(tzinfo_of(as_datetime(a[0])), a[0]); }
Ref<> dst(const Value* a) { return call_dst(tzinfo_of(as_datetime(a[0])), a[0]); }
Ref<> tzname(const Value* a) { return call_tzname(tzinfo_of(as_datetime(a[0])), a[0]); }

Ref<> timetuple(const Value* a) {
  DateTime* t = as_datetime(a[0]);
  int flag = -1;
  if (!is_none(tzinfo_of(t))) {
    Ref<> saving = dst(a);
    if (!saving) return saving;
    if (!is_none(saving.value())) flag = !as_delta(saving.value())->is_zero();
  }
  return struct_time(t->day, t->clock, flag);
}
Ref<> utctimetuple(const Value* a) {
  DateTime* t = as_datetime(a[0]);
  Ref<> offset = utcoffset(a);
  if (!offset) return offset;
  if (is_none(offset.value())) return struct_time(t->day, t->clock, 0);
  Moment m;
  if (!shift(t, as_delta(offset.value()), true, &m)) return Ref<>();
  return struct_time(Day::of(m.year, m.month, m.day), Clock::of(m.hour, m.minute, m.second, m.microsecond), 0);
}

Ref<> timestamp(const Value* a) {
  DateTime* t = as_datetime(a[0]);
  int64_t seconds;
  Wide microseconds;
  if (is_none(tzinfo_of(t))) {
    if (!local_seconds(Moment::of(t), &seconds)) return Ref<>();
    return float_from_double(static_cast<double>(seconds - kEpochSeconds) +
                             static_cast<double>(t->clock.microsecond()) / kMicrosecondsPerSecond);
  }
  Ref<> offset = utcoffset(a);
  if (!offset) return offset;
  if (is_none(offset.value())) return raise(exc::TypeError, "can't subtract offset-naive and offset-aware datetimes");
  microseconds = (Wide{t->day.ordinal()} * kSecondsPerDay + t->clock.seconds() - kEpochSeconds) * kMicrosecondsPerSecond +
                 t->clock.microsecond() - as_delta(offset.value())->total();
  Ref<> difference = delta_from_total(microseconds);
  if (!difference) return difference;
  Value d = difference.value();
  return delta_total_seconds(&d);
}

Ref<> astimezone(const Value* a) {
  Value self = a[0], target = or_none(a[1]);
  if (!check_tzinfo(target)) return Ref<>();
  DateTime* t = as_datetime(self);
  Ref<> offset = none_ref(), own;
  if (Value tzinfo = tzinfo_of(t); !is_none(tzinfo)) {
    if (tzinfo.same(target)) return Ref<>::retain(self);
    offset = call_utcoffset(tzinfo, self);
    if (!offset) return offset;
  }
  if (is_none(offset.value())) {
    // A naive time is local.
    int64_t seconds;
    if (!local_seconds(Moment::of(t), &seconds)) return Ref<>();
    own = local_timezone(seconds - kEpochSeconds);
    if (!own) return own;
    if (own.value().same(target)) return Ref<>::retain(self);
    offset = call_utcoffset(own.value(), self);
  }
  Moment utc;
  if (!shift(t, as_delta(offset.value()), true, &utc)) return Ref<>();
  if (is_none(target)) {
    int64_t seconds;
    if (!utc_seconds(utc, &seconds)) return Ref<>();
    own = local_timezone(seconds - kEpochSeconds);
    if (!own) return own;
    target = own.value();
  }
  utc.tzinfo = target;
  Ref<> result = datetime_of_class(type_value(self), utc);
  return result ? call_fromutc(target, result.value()) : Ref<>();
}

// ---- text
// --------------------------------------------------------------------------------------------------------------------------

Ref<> ctime_text(const Value* a) { return format_ctime(as_datetime(a[0])->day, as_datetime(a[0])->clock); }

Ref<> reduce(Value self, bool with_fold) {
  DateTime* t = as_datetime(self);
  uint8_t state[kDateTimeStateSize];
  write_state(t->day, state);
  write_state(t->clock, state + kDateStateSize);
  if (with_fold && t->fold) state[2] |= 0x80;
  return reduced(self, state, kDateTimeStateSize, tzinfo_of(t));
}
Ref<> reduce_plain(const Value* a) { return reduce(a[0], false); }
Ref<> reduce_ex(const Value* a) {
  int protocol = 0;
  return to_field(a[1], &protocol) ? reduce(a[0], protocol > 3) : Ref<>();
}

}  // namespace

Ref<> datetime_isoformat(const Value* a) {
  DateTime* t = as_datetime(a[0]);
  uint32_t separator = 'T';
  if (!a[1].empty()) {
    if (!is_str(a[1]) || as_str(a[1])->length != 1) {
      return raise(exc::TypeError, "isoformat() argument 1 must be a unicode character, not %T", a[1]);
    }
    separator = as_str(a[1])->at(0);
  }
  TimeSpec spec;
  if (!to_timespec(a[2], 2, &spec)) return Ref<>();
  char text[kIsoDateSize + 1 + kIsoClockSize + kIsoOffsetSize];
  char* middle = put_date(text, t->day);
  *middle = static_cast<char>(separator);
  char* end = put_utcoffset(put_clock(middle + 1, t->clock, spec), tzinfo_of(t), a[0], ":");
  if (!end) return Ref<>();
  if (PT_LIKELY(separator < 0x80)) return str_from_ascii({text, static_cast<size_t>(end - text)});
  StrBuilder out;
  out.append_ascii({text, static_cast<size_t>(middle - text)});
  out.append_code_point(separator);
  out.append_ascii({middle + 1, static_cast<size_t>(end - middle - 1)});
  return out.finish();
}

const NativeDef kDateTimeMethods[] = {
    {"now", "($type, /, tz=None)", now, "The current time: local, or in the time zone tz.", kClassMethod},
    {"utcnow", "($type, /)", utcnow, "The current time in UTC, naive.", kClassMethod},
    {"fromtimestamp", "($type, /, timestamp, tz=None)", fromtimestamp,
     "The time of a POSIX timestamp (time.time()): local, or in the time zone tz.", kClassMethod},
    {"utcfromtimestamp", "($type, timestamp, / )", utcfromtimestamp, "The time of a POSIX timestamp in UTC, naive.",
     kClassMethod},
    {"strptime", "($type, date_string, format, /)", strptime, "The time that a text names by a format (see time.strptime()).",
     kClassMethod},
    {"combine", "($type, /, date, time, tzinfo=...)", combine,
     "The day of a date and the time of a time, with its tzinfo or another.", kClassMethod},
    {"fromisoformat", "($type, string, /)", fromisoformat, "The time that an ISO 8601 string names, in most of its forms.",
     kClassMethod},
    {"date", "($self, /)", date_part, "The date alone."},
    {"time", "($self, /)", time_naive, "The time of day alone, without tzinfo."},
    {"timetz", "($self, /)", time_aware, "The time of day and the tzinfo."},
    {"ctime", "($self, /)", ctime_text, "The time as time.ctime() shows it."},
    {"timetuple", "($self, /)", timetuple, "The time.struct_time of the fields."},
    {"timestamp", "($self, /)", timestamp, "The POSIX timestamp, a float."},
    {"utctimetuple", "($self, /)", utctimetuple, "The time.struct_time of the time in UTC."},
    {"isoformat", "($self, /, sep='T', timespec='auto')", datetime_isoformat,
     "The time as ISO 8601 has it: YYYY-MM-DDTHH:MM:SS[.ffffff][+HH:MM].\n\n"
     "sep stands between date and time. timespec says how much of the time: 'auto', 'hours', 'minutes', 'seconds',\n"
     "'milliseconds' or 'microseconds'."},
    {"utcoffset", "($self, /)", utcoffset, "self.tzinfo.utcoffset(self), or None."},
    {"tzname", "($self, /)", tzname, "self.tzinfo.tzname(self), or None."},
    {"dst", "($self, /)", dst, "self.tzinfo.dst(self), or None."},
    {"replace",
     "($self, /, year=..., month=..., day=..., hour=..., minute=..., second=..., microsecond=..., tzinfo=..., *, fold=...)",
     replace, "The same time but for the given fields."},
    {"astimezone", "($self, /, tz=None)", astimezone, "The same moment in the time zone tz, or in the local one."},
    {"__reduce_ex__", "($self, protocol, / )", reduce_ex, "What pickle and copy need: (cls, state)."},
    {"__reduce__", "($self, /)", reduce_plain, "What pickle and copy need: (cls, state)."},
    {}};

}  // namespace pt::datetime
