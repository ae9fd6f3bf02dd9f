// The time module.
#include <cmath>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <pthread.h>

#include "gc/platform/memory.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/time_conversion.h"
#include "vm/object/module.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/simple_namespace.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constexpr int64_t kNano = kNanosecondsPerSecond;

constinit StructSeqType g_struct_time = {};
const StructSeqField kTimeFields[] = {{"tm_year", "year, for example, 1993"},
                                      {"tm_mon", "month of year, range [1, 12]"},
                                      {"tm_mday", "day of month, range [1, 31]"},
                                      {"tm_hour", "hours, range [0, 23]"},
                                      {"tm_min", "minutes, range [0, 59]"},
                                      {"tm_sec", "seconds, range [0, 61])"},
                                      {"tm_wday", "day of week, range [0, 6], Monday is 0"},
                                      {"tm_yday", "day of year, range [1, 366]"},
                                      {"tm_isdst", "1 if summer time is in effect, 0 if not, and -1 if unknown"},
                                      {"tm_zone", "abbreviation of timezone name"},
                                      {"tm_gmtoff", "offset from UTC in seconds"},
                                      {}};
const StructSeqDef kTimeDef = {"time.struct_time",
                               "The time value as returned by gmtime(), localtime(), and strptime(), and\n"
                               " accepted by asctime(), mktime() and strftime().  May be considered as a\n"
                               " sequence of 9 integers.",
                               kTimeFields, 9};

// ---- clocks ----------------------------------------------------------------------------------------------------------

int64_t clock_ns(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * kNano + t.tv_nsec;
}
Ref<> seconds_of(int64_t ns) { return float_from_double(ns_to_seconds(ns)); }

template <clockid_t clock>
Ref<> time_seconds(const Value*) {
  return seconds_of(clock_ns(clock));
}
template <clockid_t clock>
Ref<> time_nanoseconds(const Value*) {
  return int_from_int64(clock_ns(clock));
}

bool read_clock(Value id, int64_t* ns, int (*read)(clockid_t, timespec*)) {
  int clock;
  if (!to_cint(id, &clock)) return false;
  timespec t;
  if (read(clock, &t) != 0) return raise_os_error();
  *ns = t.tv_sec * kNano + t.tv_nsec;
  return true;
}
Ref<> time_clock_gettime(const Value* a) {
  int64_t ns;
  return read_clock(a[0], &ns, clock_gettime) ? seconds_of(ns) : Ref<>();
}
Ref<> time_clock_gettime_ns(const Value* a) {
  int64_t ns;
  return read_clock(a[0], &ns, clock_gettime) ? int_from_int64(ns) : Ref<>();
}
Ref<> time_clock_getres(const Value* a) {
  int64_t ns;
  return read_clock(a[0], &ns, clock_getres) ? seconds_of(ns) : Ref<>();
}
Ref<> set_clock(Value id, int64_t ns) {
  int clock;
  if (!to_cint(id, &clock)) return Ref<>();
  timespec t = ns_to_timespec(ns);
  if (clock_settime(clock, &t) != 0) return raise_os_error();
  return none_ref();
}
Ref<> time_clock_settime(const Value* a) {
  int64_t ns;
  return seconds_to_ns(a[1], Rounding::kFloor, &ns) ? set_clock(a[0], ns) : Ref<>();
}
Ref<> time_clock_settime_ns(const Value* a) {
  int64_t ns;
  return to_nanoseconds(a[1], &ns) ? set_clock(a[0], ns) : Ref<>();
}
Ref<> time_pthread_getcpuclockid(const Value* a) {
  uint64_t thread;
  if (!to_culong(a[0], &thread)) return Ref<>();
  clockid_t clock;
  int error = pthread_getcpuclockid(static_cast<pthread_t>(thread), &clock);
  if (error) {
    errno = error;
    return raise_os_error();
  }
  return int_from_int64(clock);
}

Ref<> time_get_clock_info(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "get_clock_info() argument 1 must be str, not %T", a[0]);
  struct Info {
    const char* name;
    clockid_t clock;
    const char* implementation;
  };
  static const Info kInfos[] = {
      {"time", CLOCK_REALTIME, "clock_gettime(CLOCK_REALTIME)"},
      {"monotonic", CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)"},
      {"perf_counter", CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)"},
      {"process_time", CLOCK_PROCESS_CPUTIME_ID, "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)"},
      {"thread_time", CLOCK_THREAD_CPUTIME_ID, "clock_gettime(CLOCK_THREAD_CPUTIME_ID)"},
  };
  for (const Info& info : kInfos) {
    if (!as_str(a[0])->equals_ascii(info.name)) continue;
    timespec t = {0, 1};
    clock_getres(info.clock, &t);
    Ref<Dict> d = dict_new();
    Ref<Str> implementation = str_from_ascii(info.implementation);
    Ref<> resolution = float_from_double(static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9);
    if (!d || !implementation || !resolution) return Ref<>();
    bool real = info.clock == CLOCK_REALTIME;
    if (!dict_set_text(d.get(), "implementation", implementation.value()) ||
        !dict_set_text(d.get(), "monotonic", boolean(!real)) || !dict_set_text(d.get(), "adjustable", boolean(real)) ||
        !dict_set_text(d.get(), "resolution", resolution.value())) {
      return Ref<>();
    }
    return simple_namespace_new(d.get());
  }
  return raise(exc::ValueError, "unknown clock");
}

Ref<> time_sleep(const Value* a) {
  int64_t ns;
  if (!seconds_to_ns(a[0], kTimeoutRounding, &ns)) return Ref<>();
  if (ns < 0) return raise(exc::ValueError, "sleep length must be non-negative");
  timespec t = ns_to_timespec(deadline_after(ns));
  for (;;) {
    int error;
    {
      DetachedToWait detached;
      error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
    }
    if (error == 0) return none_ref();
    if (error != EINTR) {
      errno = error;
      return raise_os_error();
    }
    if (!run_signal_handlers()) return Ref<>();
  }
}

// ---- calendar ----------------------------------------------------------------------------------------------------

Ref<> from_tm(const tm& t) {
  Ref<> zone = t.tm_zone ? Ref<>(fs_decode(t.tm_zone)) : none_ref();
  if (!zone) return Ref<>();
  Value values[] = {Value::small_int(int64_t{t.tm_year} + 1900),
                    Value::small_int(t.tm_mon + 1),
                    Value::small_int(t.tm_mday),
                    Value::small_int(t.tm_hour),
                    Value::small_int(t.tm_min),
                    Value::small_int(t.tm_sec),
                    Value::small_int((t.tm_wday + 6) % 7),
                    Value::small_int(t.tm_yday + 1),
                    Value::small_int(t.tm_isdst),
                    zone.value(),
                    Value::small_int(t.tm_gmtoff)};
  return structseq_new(&g_struct_time, values, 11);
}

// Seconds since the epoch, rounded down; the present time when the argument is missing or None.
bool to_time_t(Value v, time_t* out) {
  if (!given(v)) {
    *out = ::time(nullptr);
    return true;
  }
  return seconds_to_time_t(v, Rounding::kFloor, out);
}

Ref<> time_gmtime(const Value* a) {
  time_t when;
  tm t = {};
  if (!to_time_t(a[0], &when)) return Ref<>();
  errno = 0;
  if (!gmtime_r(&when, &t)) {
    if (errno == 0) errno = EINVAL;
    return raise_os_error();
  }
  return from_tm(t);
}
Ref<> time_localtime(const Value* a) {
  time_t when;
  tm t = {};
  if (!to_time_t(a[0], &when)) return Ref<>();
  errno = 0;
  if (!localtime_r(&when, &t)) {
    if (errno == 0) errno = EINVAL;
    return raise_os_error();
  }
  return from_tm(t);
}

// A tuple of nine (or a struct_time) as a tm; `zone` keeps the bytes of tm_zone alive.
bool to_tm(Value v, const char* function, tm* t, Ref<Bytes>* zone) {
  *t = {};
  if (!is_tuple(v)) return raise(exc::TypeError, "Tuple or struct_time argument required");
  Tuple* tuple = as_tuple(v);
  if (tuple->length != 9) return raise(exc::TypeError, "%s(): illegal time tuple argument", function);
  int year;
  if (!to_int_argument(tuple->at(0), &year) || !to_int_argument(tuple->at(1), &t->tm_mon) ||
      !to_int_argument(tuple->at(2), &t->tm_mday) || !to_int_argument(tuple->at(3), &t->tm_hour) ||
      !to_int_argument(tuple->at(4), &t->tm_min) || !to_int_argument(tuple->at(5), &t->tm_sec) ||
      !to_int_argument(tuple->at(6), &t->tm_wday) || !to_int_argument(tuple->at(7), &t->tm_yday) ||
      !to_int_argument(tuple->at(8), &t->tm_isdst)) {
    return false;
  }
  if (year < INT_MIN + 1900) return raise(exc::OverflowError, "year out of range");
  t->tm_year = year - 1900;
  t->tm_mon = static_cast<int>(static_cast<unsigned>(t->tm_mon) - 1u);
  t->tm_wday = static_cast<int>((int64_t{t->tm_wday} + 1) % 7);
  t->tm_yday = static_cast<int>(static_cast<unsigned>(t->tm_yday) - 1u);
  if (type_of(v) == &g_struct_time.type) {
    Value name = tuple->items[9].peek(), offset = tuple->items[10].peek();
    if (is_str(name)) {
      *zone = fs_encode(name);
      if (!*zone) return false;
      t->tm_zone = reinterpret_cast<const char*>((*zone)->data);
    }
    int64_t seconds = 0;
    if (given(offset)) {
      if (!to_int64(offset, &seconds)) return false;
      t->tm_gmtoff = seconds;
    }
  }
  return true;
}

// Ranges the C library relies on; zero is accepted for month, day and day of year, as it always was.
bool check_tm(tm* t) {
  if (t->tm_mon == -1)
    t->tm_mon = 0;
  else if (t->tm_mon < 0 || t->tm_mon > 11)
    return raise(exc::ValueError, "month out of range");
  if (t->tm_mday == 0)
    t->tm_mday = 1;
  else if (t->tm_mday < 0 || t->tm_mday > 31)
    return raise(exc::ValueError, "day of month out of range");
  if (t->tm_hour < 0 || t->tm_hour > 23) return raise(exc::ValueError, "hour out of range");
  if (t->tm_min < 0 || t->tm_min > 59) return raise(exc::ValueError, "minute out of range");
  if (t->tm_sec < 0 || t->tm_sec > 61) return raise(exc::ValueError, "seconds out of range");
  if (t->tm_wday < 0) return raise(exc::ValueError, "day of week out of range");
  if (t->tm_yday == -1)
    t->tm_yday = 0;
  else if (t->tm_yday < 0 || t->tm_yday > 365)
    return raise(exc::ValueError, "day of year out of range");
  return true;
}

Ref<> format_asctime(const tm& t) {
  static const char kDays[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char kMonths[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, "%s %s%3d %.2d:%.2d:%.2d %ld", kDays[t.tm_wday], kMonths[t.tm_mon], t.tm_mday, t.tm_hour,
                t.tm_min, t.tm_sec, static_cast<long>(t.tm_year) + 1900);
  return str_from_ascii(buffer);
}

Ref<> time_asctime(const Value* a) {
  tm t = {};
  Ref<Bytes> zone;
  if (a[0].empty()) {
    time_t now = ::time(nullptr);
    localtime_r(&now, &t);
  } else if (!to_tm(a[0], "asctime", &t, &zone) || !check_tm(&t)) {
    return Ref<>();
  }
  return format_asctime(t);
}
Ref<> time_ctime(const Value* a) {
  time_t when;
  tm t = {};
  if (!to_time_t(a[0], &when)) return Ref<>();
  errno = 0;
  if (!localtime_r(&when, &t)) return raise_os_error();
  return format_asctime(t);
}
Ref<> time_mktime(const Value* a) {
  tm t = {};
  Ref<Bytes> zone;
  if (!to_tm(a[0], "mktime", &t, &zone)) return Ref<>();
  t.tm_wday = -1;  // stays so only when the call fails
  time_t result = mktime(&t);
  if (result == -1 && t.tm_wday == -1) return raise(exc::OverflowError, "mktime argument out of range");
  return float_from_double(static_cast<double>(result));
}

Ref<> time_strftime(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "strftime() argument 1 must be str, not %T", a[0]);
  tm t = {};
  Ref<Bytes> zone;
  if (a[1].empty()) {
    time_t now = ::time(nullptr);
    localtime_r(&now, &t);
  } else if (!to_tm(a[1], "strftime", &t, &zone) || !check_tm(&t)) {
    return Ref<>();
  }
  if (t.tm_isdst < -1) t.tm_isdst = -1;
  if (t.tm_isdst > 1) t.tm_isdst = 1;
  Utf8 format(as_str(a[0]), true);
  if (!format.ok()) return Ref<>();
  if (std::strlen(format.c_str()) != format.view().size()) return raise(exc::ValueError, "embedded null character");
  if (format.view().empty()) return str_from_ascii("");
  // A result may be empty ("%Z"): give up growing once the buffer is much longer than the format.
  for (size_t size = 1024;; size *= 2) {
    auto* buffer = static_cast<char*>(memory::allocate(size));
    if (!buffer) return raise_no_memory();
    size_t length = strftime(buffer, size, format.c_str(), &t);
    if (length > 0 || size >= 256 * format.view().size()) {
      Ref<Str> result = fs_decode({buffer, length});
      memory::release(buffer);
      return result;
    }
    memory::release(buffer);
  }
}

Ref<> time_strptime(const Value* a) {
  Ref<> parse = import_attribute("_strptime", "_strptime_time");
  if (!parse) return Ref<>();
  Args args{a, a[1].empty() ? 1u : 2u};
  return call(parse.value(), args);
}

bool set_zone(Dict* d) {
  tzset();
  // The names and offsets of this year's winter and summer.
  time_t now = ::time(nullptr);
  constexpr time_t kYear = (365 * 24 + 6) * 3600;
  time_t start = (now / kYear) * kYear;
  tm january, july;
  localtime_r(&start, &january);
  time_t middle = start + kYear / 2;
  localtime_r(&middle, &july);
  int64_t january_offset = -january.tm_gmtoff, july_offset = -july.tm_gmtoff;
  bool southern = january_offset < july_offset;
  const tm& standard = southern ? july : january;
  const tm& summer = southern ? january : july;
  Ref<Str> first = fs_decode(standard.tm_zone), second = fs_decode(summer.tm_zone);
  if (!first || !second) return false;
  Ref<Tuple> names = tuple_of({first.value(), second.value()});
  return names && dict_set_text(d, "timezone", Value::small_int(-standard.tm_gmtoff)) &&
         dict_set_text(d, "altzone", Value::small_int(-summer.tm_gmtoff)) &&
         dict_set_text(d, "daylight", Value::small_int(january_offset != july_offset)) &&
         dict_set_text(d, "tzname", names.value());
}

Ref<> time_tzset(const Value*) {
  Ref<> module = import_module("time");
  if (!module || !set_zone(module_dict(as_module(module.value())))) return Ref<>();
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"time", "()", time_seconds<CLOCK_REALTIME>,
     "time() -> floating point number\n\nReturn the current time in seconds since the Epoch.\nFractions of a second may be "
     "present if the system clock provides them."},
    {"time_ns", "()", time_nanoseconds<CLOCK_REALTIME>, "Return the current time in nanoseconds since the Epoch."},
    {"monotonic", "()", time_seconds<CLOCK_MONOTONIC>, "Monotonic clock, cannot go backward."},
    {"monotonic_ns", "()", time_nanoseconds<CLOCK_MONOTONIC>, "Monotonic clock, cannot go backward, as nanoseconds."},
    {"perf_counter", "()", time_seconds<CLOCK_MONOTONIC>, "Performance counter for benchmarking."},
    {"perf_counter_ns", "()", time_nanoseconds<CLOCK_MONOTONIC>, "Performance counter for benchmarking as nanoseconds."},
    {"process_time", "()", time_seconds<CLOCK_PROCESS_CPUTIME_ID>,
     "Process time for profiling: sum of the kernel and user-space CPU time."},
    {"process_time_ns", "()", time_nanoseconds<CLOCK_PROCESS_CPUTIME_ID>,
     "Process time for profiling as nanoseconds:\nsum of the kernel and user-space CPU time."},
    {"thread_time", "()", time_seconds<CLOCK_THREAD_CPUTIME_ID>,
     "Thread time for profiling: sum of the kernel and user-space CPU time."},
    {"thread_time_ns", "()", time_nanoseconds<CLOCK_THREAD_CPUTIME_ID>,
     "Thread time for profiling as nanoseconds:\nsum of the kernel and user-space CPU time."},
    {"clock_gettime", "(clk_id, / )", time_clock_gettime, "Return the time of the specified clock clk_id as a float."},
    {"clock_gettime_ns", "(clk_id, / )", time_clock_gettime_ns,
     "Return the time of the specified clock clk_id as nanoseconds (int)."},
    {"clock_settime", "(clk_id, time, / )", time_clock_settime, "Set the time of the specified clock clk_id."},
    {"clock_settime_ns", "(clk_id, time, / )", time_clock_settime_ns,
     "Set the time of the specified clock clk_id with nanoseconds."},
    {"clock_getres", "(clk_id, /)", time_clock_getres, "Return the resolution (precision) of the specified clock clk_id."},
    {"pthread_getcpuclockid", "(thread_id, /)", time_pthread_getcpuclockid, "Return the clk_id of a thread's CPU time clock."},
    {"sleep", "(seconds, /)", time_sleep,
     "sleep(seconds)\n\nDelay execution for a given number of seconds.  The argument may be\na floating point number for "
     "subsecond precision."},
    {"gmtime", "(seconds=None, /)", time_gmtime,
     "Convert seconds since the Epoch to a time tuple expressing UTC (a.k.a.\nGMT).  When 'seconds' is not passed in, convert "
     "the current time instead."},
    {"localtime", "(seconds=None, /)", time_localtime, "Convert seconds since the Epoch to a time tuple expressing local time."},
    {"asctime", "(tuple=None, /)", time_asctime, "Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'."},
    {"ctime", "(seconds=None, /)", time_ctime, "Convert a time in seconds since the Epoch to a string in local time."},
    {"mktime", "(tuple, /)", time_mktime, "Convert a time tuple in local time to seconds since the Epoch."},
    {"strftime", "(format, tuple=None, /)", time_strftime,
     "Convert a time tuple to a string according to a format specification."},
    {"strptime", "(string, format='%a %b %d %H:%M:%S %Y', /)", time_strptime,
     "Parse a string to a time tuple according to a format specification."},
    {"tzset", "()", time_tzset, "Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ']."},
    {"get_clock_info", "(name, /)", time_get_clock_info, "Get information of the specified clock."},
    {},
};

const IntConstant kConstants[] = {{"CLOCK_REALTIME", CLOCK_REALTIME},
                                  {"CLOCK_MONOTONIC", CLOCK_MONOTONIC},
                                  {"CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW},
                                  {"CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID},
                                  {"CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID},
                                  {"CLOCK_BOOTTIME", CLOCK_BOOTTIME},
                                  {"CLOCK_TAI", CLOCK_TAI},
                                  {"_STRUCT_TM_ITEMS", 11},
                                  {}};

bool time_execute(Module* module) {
  return init_simple_namespace() && module_add_ints(module, kConstants) &&
         module_add_structseq(module, &g_struct_time, &kTimeDef) && set_zone(module_dict(module));
}

}  // namespace
extern const NativeModule time_module;
const NativeModule time_module = {"time", "This module provides various functions to manipulate time values.", kFunctions,
                                  time_execute};
}  // namespace pt
