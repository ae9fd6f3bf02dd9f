// datetime.date.
#include <cstdio>

#include "vm/modules/datetime/datetime.h"
#include "vm/modules/datetime/iso_format.h"
#include "vm/modules/datetime/iso_parse.h"
#include "vm/modules/datetime/local_time.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/types/siphash.h"

namespace pt::datetime {

constinit Type date_type = {};

namespace {

Ref<> date_construct(Type* type, const Args& args) {
  if (args.count == 1) {
    uint8_t state[kDateStateSize];
    int pickled = pickled_state(args.values[0], kDateStateSize, "a date", state);
    if (pickled < 0) return Ref<>();
    if (pickled) {
      Ref<Date> date = allocate<Date>(type);
      if (date) date->day = read_day(state);
      return date;
    }
  }
  Value a[3];
  int year = 0, month = 0, day = 0;
  if (!bind_fields("(year, month, day)", args, 3, 3, 3, a)) return Ref<>();
  if (!to_field(a[0], &year) || !to_field(a[1], &month) || !to_field(a[2], &day)) return Ref<>();
  return date_new(year, month, day, type);
}

// ---- class methods -----------------------------------------------------------------------------------------------------------

Ref<> date_today(const Value* a) {
  Ref<> clock = import_attribute("time", "time");
  Ref<> now = clock ? call0(clock.value()) : Ref<>();
  return now ? call_method(a[0], kFromtimestamp.str(), {now.value()}) : Ref<>();
}
Ref<> date_fromtimestamp(const Value* a) {
  time_t seconds;
  tm t;
  if (!seconds_to_time_t(a[1], Rounding::kFloor, &seconds)) return Ref<>();
  errno = 0;
  if (!localtime_r(&seconds, &t)) {
    if (errno == 0) errno = EINVAL;
    return raise_os_error();
  }
  return date_of_class(a[0], year_of(t), t.tm_mon + 1, t.tm_mday);
}
Ref<> date_fromordinal(const Value* a) {
  int ordinal = 0;
  if (!to_field(a[1], &ordinal)) return Ref<>();
  if (ordinal < 1) return raise(exc::ValueError, "ordinal must be >= 1");
  CalendarDate d = from_ordinal(ordinal > INT32_MAX - 1000 ? INT32_MAX - 1000 : ordinal);
  return date_of_class(a[0], d.year, d.month, d.day);
}
Ref<> date_fromisoformat(const Value* a) {
  CalendarDate d;
  if (!is_str(a[1])) return raise(exc::TypeError, "fromisoformat: argument must be str");
  if (!parse_iso_date(as_str(a[1]), &d)) return raise(exc::ValueError, "Invalid isoformat string: %R", a[1]);
  return date_of_class(a[0], d.year, d.month, d.day);
}
Ref<> date_fromisocalendar(const Value* a) {
  IsoDate iso{};
  if (!to_field(a[1], &iso.year) || !to_field(a[2], &iso.week) || !to_field(a[3], &iso.weekday)) {
    if (clear_if(exc::OverflowError)) return raise(exc::ValueError, "ISO calendar component out of range");
    return Ref<>();
  }
  CalendarDate d;
  switch (from_iso(iso, &d)) {
    case IsoError::kNone: break;
    case IsoError::kYear: return raise(exc::ValueError, "Year is out of range: %d", iso.year);
    case IsoError::kWeek: return raise(exc::ValueError, "Invalid week: %d", iso.week);
    case IsoError::kWeekday: return raise(exc::ValueError, "Invalid day: %d (range is [1, 7])", iso.weekday);
  }
  return date_of_class(a[0], d.year, d.month, d.day);
}

// ---- methods
// --------------------------------------------------------------------------------------------------------------------

Ref<> get_year(Value self) { return small(as_date(self)->day.year()); }
Ref<> get_month(Value self) { return small(as_date(self)->day.month()); }
Ref<> get_day(Value self) { return small(as_date(self)->day.day()); }

int weekday(Value self) {
  Day d = as_date(self)->day;
  return weekday_of(d.year(), d.month(), d.day());
}
Ref<> date_toordinal(const Value* a) { return small(as_date(a[0])->day.ordinal()); }
Ref<> date_weekday(const Value* a) { return small(weekday(a[0])); }
Ref<> date_isoweekday(const Value* a) { return small(weekday(a[0]) + 1); }
Ref<> date_isocalendar(const Value* a) {
  Day d = as_date(a[0])->day;
  IsoDate iso = to_iso(d.year(), d.month(), d.day());
  Ref<Tuple> result = allocate<Tuple>(&iso_date_type, 3);
  if (!result) return Ref<>();
  result->length = 3;
  result->items[0].init(small(iso.year));
  result->items[1].init(small(iso.week));
  result->items[2].init(small(iso.weekday));
  return result;
}
Ref<> date_replace(const Value* a) {
  Day d = as_date(a[0])->day;
  int year = d.year(), month = d.month(), day = d.day();
  if (!to_field(a[1], &year) || !to_field(a[2], &month) || !to_field(a[3], &day)) return Ref<>();
  return date_new(year, month, day, type_of(a[0]));
}
Ref<> date_timetuple(const Value* a) { return struct_time(as_date(a[0])->day, Clock{0}, -1); }
Ref<> date_ctime(const Value* a) { return format_ctime(as_date(a[0])->day, Clock{0}); }

Ref<> date_isoformat(const Value* a) {
  char text[kIsoDateSize];
  return str_from_ascii({text, static_cast<size_t>(put_date(text, as_date(a[0])->day) - text)});
}
Ref<> date_strftime(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "strftime() argument 1 must be str, not %T", a[1]);
  Ref<> tuple = call_method(a[0], kTimetuple.str());
  if (!tuple) return tuple;
  if (!is_datetime(a[0])) return format_time(a[1], tuple.value(), none(), a[0], 0);
  DateTime* t = as_datetime(a[0]);
  return format_time(a[1], tuple.value(), tzinfo_of(t), a[0], t->clock.microsecond());
}

Ref<> date_repr(Value self) {
  Day d = as_date(self)->day;
  return str_format("%T(%d, %d, %d)", self, d.year(), d.month(), d.day());
}
Ref<> date_str(Value self) { return type_of(self) == &date_type ? date_isoformat(&self) : call_method(self, kIsoformat.str()); }

Ref<> date_reduce(const Value* a) {
  uint8_t state[kDateStateSize];
  write_state(as_date(a[0])->day, state);
  return reduced(a[0], state, kDateStateSize, none());
}

// ---- slots
// ------------------------------------------------------------------------------------------------------------------------

Ref<> date_compare(Value left, Value right, CompareOp op) {
  if (!is_date(left) || !is_date(right)) return not_implemented_ref();
  return bool_ref(ordered(op, as_date(left)->day.bits, as_date(right)->day.bits));
}
int64_t date_hash(Value self) {
  Date* d = as_date(self);
  int64_t h = d->hash.load(std::memory_order_relaxed);
  if (h) return h;
  uint8_t state[kDateStateSize];
  write_state(d->day, state);
  h = hash_bytes(state, kDateStateSize);
  d->hash.store(h, std::memory_order_relaxed);
  return h;
}

Ref<> date_add(Value left, Value right) {
  if (is_datetime(left) || is_datetime(right)) return not_implemented_ref();
  if (is_date(left)) return is_delta(right) ? date_shifted(left, as_delta(right), false) : not_implemented_ref();
  return is_delta(left) ? date_shifted(right, as_delta(left), false) : not_implemented_ref();
}
Ref<> date_subtract(Value left, Value right) {
  if (is_datetime(left) || is_datetime(right) || !is_date(left)) return not_implemented_ref();
  if (is_date(right)) return delta_new(as_date(left)->day.ordinal() - as_date(right)->day.ordinal(), 0, 0);
  return is_delta(right) ? date_shifted(left, as_delta(right), true) : not_implemented_ref();
}

const NativeDef kMethods[] = {
    {"today", "($type, /)", date_today, "The current date or time: cls.fromtimestamp(time.time()).", kClassMethod},
    {"fromtimestamp", "($type, timestamp, /)", date_fromtimestamp, "The local date of a POSIX timestamp (time.time()).",
     kClassMethod},
    {"fromordinal", "($type, ordinal, / )", date_fromordinal, "The date of a day's number; 1 January of the year 1 is day 1.",
     kClassMethod},
    {"fromisoformat", "($type, string, /)", date_fromisoformat, "The date that an ISO 8601 string names.", kClassMethod},
    {"fromisocalendar", "($type, /, year, week, day)", date_fromisocalendar,
     "The date of an ISO year, week and weekday: what isocalendar() gives, back again.", kClassMethod},
    {"ctime", "($self, /)", date_ctime, "The date as time.ctime() shows it."},
    {"strftime", "($self, /, format)", date_strftime, "The date as text by a format (see time.strftime())."},
    {"__format__", "($self, format, / )", format_method, "str(self), or strftime() by a format that is not empty."},
    {"isoformat", "($self, /)", date_isoformat, "The date as ISO 8601 has it: YYYY-MM-DD."},
    {"isoweekday", "($self, /)", date_isoweekday, "The day of the week, 1 (Monday) to 7 (Sunday)."},
    {"isocalendar", "($self, /)", date_isocalendar, "A named tuple of ISO year, week and weekday."},
    {"timetuple", "($self, /)", date_timetuple, "The time.struct_time of the date."},
    {"toordinal", "($self, /)", date_toordinal, "The number of the day; 1 January of the year 1 is day 1."},
    {"weekday", "($self, /)", date_weekday, "The day of the week, 0 (Monday) to 6 (Sunday)."},
    {"replace", "($self, /, year=..., month=..., day=...)", date_replace, "The same date but for the given fields."},
    {"__reduce__", "($self, /)", date_reduce, "What pickle and copy need: (cls, state)."},
    {}};
const GetSetDef kGetSets[] = {{"year", get_year}, {"month", get_month}, {"day", get_day}, {}};

}  // namespace

bool check_day(int year, int month, int day) {
  if (year < kMinYear || year > kMaxYear) return raise(exc::ValueError, "year %d is out of range", year);
  if (month < 1 || month > 12) return raise(exc::ValueError, "month must be in 1..12");
  if (day < 1 || day > days_in_month(year, month)) return raise(exc::ValueError, "day is out of range for month");
  return true;
}

Ref<> date_new(int year, int month, int day, Type* type) {
  if (!check_day(year, month, day)) return Ref<>();
  Ref<Date> date = create<Date>(type, date_type);
  if (date) date->day = Day::of(year, month, day);
  return date;
}

Ref<> date_of_class(Value cls, int year, int month, int day) {
  if (cls.is(&date_type)) return date_new(year, month, day);
  if (cls.is(&datetime_type)) return datetime_new({year, month, day});
  return call_values(cls, {Value::small_int(year), Value::small_int(month), Value::small_int(day)});
}

Ref<> date_shifted(Value date, const Delta* d, bool back) {
  int64_t ordinal = as_date(date)->day.ordinal() + (back ? -int64_t{d->days} : int64_t{d->days});
  if (ordinal < 1 || ordinal > kMaxOrdinal) return raise(exc::OverflowError, "date value out of range");
  CalendarDate result = from_ordinal(static_cast<int>(ordinal));
  return date_of_class(type_value(date), result.year, result.month, result.day);
}

Ref<> format_method(const Value* a) {
  if (!is_str(a[1])) return raise(exc::TypeError, "__format__() argument 1 must be str, not %T", a[1]);
  if (as_str(a[1])->length == 0) return str(a[0]);
  return call_method(a[0], kStrftime.str(), {a[1]});
}

const TypeSpec date_spec = {
    .name = "datetime.date",
    .size = sizeof(Date),
    .flags = kTypeBase,
    .slots = {.binary = {date_add, date_subtract},
              .hash = date_hash,
              .compare = date_compare,
              .repr = date_repr,
              .str = date_str,
              .construct = date_construct},
    .methods = kMethods,
    .getsets = kGetSets,
    .doc = "A day of the Gregorian calendar, which is taken to hold at all times.",
    .signature = "(year, month, day)",
};

}  // namespace pt::datetime
