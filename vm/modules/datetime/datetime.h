#pragma once
// _datetime: the objects, what makes them, and what the files of this folder share. Objects are immutable once they can be
// reached, apart from the hash, which is computed when first asked for (relaxed atomic, 0: not yet).
#include <atomic>
#include <cstdint>

#include "gc/heap/heap_inl.h"
#include "vm/modules/datetime/calendar.h"
#include "vm/modules/support.h"
#include "vm/object/names.h"

namespace pt::datetime {

extern Type delta_type, date_type, time_type, datetime_type, tzinfo_type, timezone_type, iso_date_type;
extern const TypeSpec delta_spec, date_spec, time_spec, datetime_spec, tzinfo_spec, timezone_spec, iso_date_spec;

inline constexpr int kSecondsPerDay = 24 * 3600;
inline constexpr int kMicrosecondsPerSecond = 1'000'000;
// Wide enough for the microseconds of any timedelta (66 bits) times an int of 59 bits.
using Wide = __int128;

// ---- objects -------------------------------------------------------------------------------------------------------------

struct Delta : Object {
  std::atomic<int64_t> hash;
  int32_t days, seconds, microseconds;  // seconds and microseconds are not negative, and less than a day and a second
  Wide total() const { return (Wide{days} * kSecondsPerDay + seconds) * kMicrosecondsPerSecond + microseconds; }
  bool is_zero() const { return (days | seconds | microseconds) == 0; }
};

// The fields of a day, and of a time within it, in one word each, ordered as the times are.
struct Day {
  uint32_t bits;  // year 16, month 8, day 8
  static Day of(int year, int month, int day) {
    return {static_cast<uint32_t>(year) << 16 | static_cast<uint32_t>(month) << 8 | static_cast<uint32_t>(day)};
  }
  int year() const { return static_cast<int>(bits >> 16); }
  int month() const { return bits >> 8 & 0xff; }
  int day() const { return bits & 0xff; }
  int ordinal() const { return to_ordinal(year(), month(), day()); }
};
struct Clock {
  uint64_t bits;  // hour 8, minute 8, second 8, microsecond 24
  static Clock of(int hour, int minute, int second, int microsecond) {
    return {static_cast<uint64_t>(hour) << 40 | static_cast<uint64_t>(minute) << 32 | static_cast<uint64_t>(second) << 24 |
            static_cast<uint64_t>(microsecond)};
  }
  int hour() const { return bits >> 40 & 0xff; }
  int minute() const { return bits >> 32 & 0xff; }
  int second() const { return bits >> 24 & 0xff; }
  int microsecond() const { return bits & 0xffffff; }
  int seconds() const { return hour() * 3600 + minute() * 60 + second(); }
};

struct Date : Object {
  std::atomic<int64_t> hash;
  Day day;
};
struct DateTime : Date {
  uint8_t fold;  // 0 or 1
  Clock clock;
  Field tzinfo;  // empty: naive
};
struct Time : Object {
  std::atomic<int64_t> hash;
  Clock clock;
  uint8_t fold;
  Field tzinfo;
};
struct Timezone : Object {
  Field offset;  // a Delta
  Field name;    // str or empty
};

inline bool is_delta(Value v) { return is_instance_of(v, &delta_type); }
inline bool is_date(Value v) { return is_instance_of(v, &date_type); }
inline bool is_time(Value v) { return is_instance_of(v, &time_type); }
inline bool is_datetime(Value v) { return is_instance_of(v, &datetime_type); }
inline bool is_tzinfo(Value v) { return is_instance_of(v, &tzinfo_type); }
inline Delta* as_delta(Value v) { return object_of<Delta>(v); }
inline Date* as_date(Value v) { return object_of<Date>(v); }
inline Time* as_time(Value v) { return object_of<Time>(v); }
inline DateTime* as_datetime(Value v) { return object_of<DateTime>(v); }
// Borrowed; None for a naive one.
template <class T>
inline Value tzinfo_of(const T* t) {
  return or_none(t->tzinfo.peek());
}

inline Ref<> small(int64_t i) { return Ref<>::steal(Value::small_int(i)); }

// What a datetime is made of. `tzinfo` is borrowed, and None or a tzinfo.
struct Moment {
  int year, month, day, hour = 0, minute = 0, second = 0, microsecond = 0, fold = 0;
  Value tzinfo = none();
  static Moment of(const DateTime* t) {
    return {t->day.year(),     t->day.month(),         t->day.day(), t->clock.hour(), t->clock.minute(),
            t->clock.second(), t->clock.microsecond(), t->fold,      tzinfo_of(t)};
  }
};

// A new object, in line where it is of `exact`, the class that T is made for.
template <class T>
PT_INLINE Ref<T> create(Type* type, const Type& exact) {
  if (PT_UNLIKELY(type != &exact)) return allocate<T>(type);
  auto* o = static_cast<T*>(
      allocate_object_inline(shape_id_of(exact.instance_shape.load(std::memory_order_acquire)), sizeof(T), exact.layout.tracked));
  if (PT_UNLIKELY(!o)) return raise_no_memory();
  return Ref<T>::steal(o);
}

// ---- making them -----------------------------------------------------------------------------------------------------------

// Of any numbers that cannot overflow 64 bits together; OverflowError. The others raise ValueError for a field out of range.
Ref<> delta_new(int64_t days, int64_t seconds, int64_t microseconds, Type* type = &delta_type);
Ref<> delta_from_total(Wide microseconds, Type* type = &delta_type);
Ref<> delta_negated(const Delta* d);
int delta_compare(const Delta* a, const Delta* b);  // -1, 0, 1
int64_t delta_hash(Value self);
Ref<> date_new(int year, int month, int day, Type* type = &date_type);
Ref<> time_new(int hour, int minute, int second, int microsecond, Value tzinfo, int fold, Type* type = &time_type);
Ref<> datetime_new(const Moment& m, Type* type = &datetime_type);
// cls(...), which runs Python code where cls is a derived class. Those are not told the fold, as in CPython.
Ref<> date_of_class(Value cls, int year, int month, int day);
Ref<> datetime_of_class(Value cls, const Moment& m);
// Without a name and of no offset: the one timezone.utc.
Ref<> timezone_new(Value offset, Value name_or_empty);
Value timezone_utc();  // borrowed

bool check_day(int year, int month, int day);
bool check_clock(int hour, int minute, int second, int microsecond, int fold);
bool check_tzinfo(Value v);  // TypeError

// t + d or t - d; OverflowError "date value out of range". Of the class of t.
Ref<> date_shifted(Value date, const Delta* d, bool back);
Ref<> datetime_shifted(Value datetime, const Delta* d, bool back);
// The same as fields, without a timezone's knowledge.
bool shift(const DateTime* t, const Delta* d, bool back, Moment* out);
Ref<> datetime_difference(Value left, Value right);  // a timedelta

// ---- asking a tzinfo (tzinfo.cpp) --------------------------------------------------------------------------------------------
// None, or what the method gives, checked. Run Python code.
Ref<> call_utcoffset(Value tzinfo, Value argument);
Ref<> call_dst(Value tzinfo, Value argument);
Ref<> call_tzname(Value tzinfo, Value argument);
Ref<> call_fromutc(Value tzinfo, Value datetime);

// ---- text ---------------------------------------------------------------------------------------------------------------------

// strftime with %z, %Z and %f, which the C library does not know (strftime.cpp). `argument` is what the tzinfo is asked about.
Ref<> format_time(Value format, Value time_tuple, Value tzinfo, Value argument, int microsecond);
// time.struct_time of these; dst is -1, 0 or 1.
Ref<> struct_time(const Day& day, const Clock& clock, int dst);
Ref<> format_ctime(const Day& day, const Clock& clock);
// For __format__.
Ref<> format_method(const Value* a);
Ref<> datetime_isoformat(const Value* a);  // self, sep, timespec

// ---- pickling (pickle.cpp)
// -----------------------------------------------------------------------------------------------------
inline constexpr int kDateStateSize = 4, kTimeStateSize = 6, kDateTimeStateSize = 10;
// The state that a constructor got as its first argument, bytes or such text as Python 2 pickles give. 1: it is in `out`, 0: the
// argument is something else, -1 error. `what`: "a date".
int pickled_state(Value v, int size, const char* what, uint8_t* out);
void write_state(const Day& day, uint8_t* out);  // 4 bytes
void write_state(const Clock& clock, uint8_t* out);  // 6 bytes
Day read_day(const uint8_t* state);
Clock read_clock(const uint8_t* state);
// (type, (bytes,)) or (type, (bytes, tzinfo)).
Ref<> reduced(Value self, const uint8_t* state, int size, Value tzinfo);

// ---- arguments
// ------------------------------------------------------------------------------------------------------------------

// The constructor's, as bind_arguments does it; quicker where all are given by position.
inline bool bind_fields(const char* signature, const Args& args, uint32_t required, uint32_t positional, uint32_t all,
                        Value* out) {
  if (args.names || args.count < required || args.count > positional) return bind_arguments(nullptr, signature, args, out);
  for (uint32_t i = 0; i < all; ++i) out[i] = i < args.count ? args.values[i] : Value();
  return true;
}
// An int where one is given, else *out stays.
inline bool to_field(Value v, int* out) {
  if (PT_LIKELY(v.is_small_int()) && v.as_small_int() == static_cast<int>(v.as_small_int())) {
    *out = static_cast<int>(v.as_small_int());
    return true;
  }
  return v.empty() || to_int_argument(v, out);
}

// Names of methods that are called.
inline constinit Name kFromutc("fromutc"), kIsoformat("isoformat"), kStrftime("strftime"), kTimetuple("timetuple"),
    kFromtimestamp("fromtimestamp");

// Method tables of types that span files.
extern const NativeDef kDateTimeMethods[];

}  // namespace pt::datetime
