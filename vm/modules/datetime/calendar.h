#pragma once
// The proleptic Gregorian calendar: days counted from 1 January of the year 1, which is day 1 (Monday). Pure arithmetic.

namespace pt::datetime {

inline constexpr int kMinYear = 1, kMaxYear = 9999;
inline constexpr int kMaxOrdinal = 3652059;  // 31 December 9999

struct CalendarDate {
  int year, month, day;
};
struct IsoDate {
  int year, week, weekday;  // weekday 1 (Monday) to 7
};

constexpr bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
int days_in_month(int year, int month);      // month in 1..12, as everywhere here
int days_before_month(int year, int month);  // of the year
int days_before_year(int year);
int to_ordinal(int year, int month, int day);
CalendarDate from_ordinal(int ordinal);  // >= 1
int weekday_of(int year, int month, int day);  // Monday 0; never negative

// ISO 8601 weeks: the first of a year is the one with its first Thursday.
IsoDate to_iso(int year, int month, int day);
enum class IsoError { kNone, kYear, kWeek, kWeekday };
// The day may lie in the year after kMaxYear.
IsoError from_iso(const IsoDate& iso, CalendarDate* out);

}  // namespace pt::datetime
