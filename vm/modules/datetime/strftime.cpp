// strftime, struct_time and ctime.
#include <cstdio>

#include "vm/modules/datetime/iso_format.h"

namespace pt::datetime {

Ref<> format_time(Value format, Value time_tuple, Value tzinfo, Value argument, int microsecond) {
  Str* s = as_str(format);
  if (!s->ascii) {
    Utf8 encodable(s);
    if (!encodable.ok()) return Ref<>();
  }
  StrBuilder out;
  Ref<> offset, name;  // asked for once
  int64_t start = 0, i = 0;
  for (; i < s->length && s->at(i); ++i) {
    if (s->at(i) != '%' || i + 1 == s->length) continue;
    uint32_t code = s->at(i + 1);
    if (code != 'z' && code != 'Z' && code != 'f') {
      if (code) ++i;
      continue;
    }
    out.append(s, start, i);
    start = i + 2;
    ++i;
    if (code == 'f') {
      char text[16];
      out.append_ascii({text, static_cast<size_t>(put_number(text, static_cast<uint32_t>(microsecond), 6) - text)});
    } else if (code == 'z') {
      if (!offset) {
        char text[kIsoOffsetSize];
        char* end = put_utcoffset(text, tzinfo, argument, "");
        if (!end) return Ref<>();
        offset = str_from_ascii({text, static_cast<size_t>(end - text)});
        if (!offset) return offset;
      }
      out.append(as_str(offset.value()));
    } else {
      if (!name) {
        if (is_none(tzinfo)) {
          name = Ref<>::retain(Value::object(empty_str()));
        } else {
          name = call_tzname(tzinfo, argument);
          if (!name) return name;
          // The C library is to take it as it is.
          if (is_none(name.value()))
            name = Ref<>::retain(Value::object(empty_str()));
          else
            name = call_method(name.value(), "replace", {Value::object(intern("%")), Value::object(intern("%%"))});
          if (!name) return name;
          if (!is_str(name.value())) return raise(exc::TypeError, "replace() did not return a string");
        }
      }
      out.append(as_str(name.value()));
    }
  }
  out.append(s, start, i);
  Ref<Str> plain = out.finish();
  if (!plain) return Ref<>();
  Ref<> strftime = import_attribute("time", "strftime");
  return strftime ? call_values(strftime.value(), {plain.value(), time_tuple}) : Ref<>();
}

Ref<> struct_time(const Day& day, const Clock& clock, int dst) {
  int year = day.year(), month = day.month();
  Ref<> type = import_attribute("time", "struct_time");
  if (!type) return type;
  Ref<Tuple> fields = tuple_of({Value::small_int(year), Value::small_int(month), Value::small_int(day.day()),
                                Value::small_int(clock.hour()), Value::small_int(clock.minute()),
                                Value::small_int(clock.second()), Value::small_int(weekday_of(year, month, day.day())),
                                Value::small_int(days_before_month(year, month) + day.day()), Value::small_int(dst)});
  return fields ? call1(type.value(), fields.value()) : Ref<>();
}

Ref<> format_ctime(const Day& day, const Clock& clock) {
  static constexpr const char kDays[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static constexpr const char kMonths[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  int length =
      std::snprintf(text, sizeof text, "%s %s %2d %02d:%02d:%02d %04d", kDays[weekday_of(day.year(), day.month(), day.day())],
                    kMonths[day.month() - 1], day.day(), clock.hour(), clock.minute(), clock.second(), day.year());
  return str_from_ascii({text, static_cast<size_t>(length)});
}

}  // namespace pt::datetime
