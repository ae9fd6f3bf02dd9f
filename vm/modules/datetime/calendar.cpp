#include "vm/modules/datetime/calendar.h"

#include <cstdint>

namespace pt::datetime {
namespace {

constexpr uint8_t kDaysInMonth[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr uint16_t kDaysBeforeMonth[] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
constexpr uint32_t kDaysIn400Years = 146097;
// Years that begin in March have their leap day at the end. 1 March of the year 0 is so many days before day 0.
constexpr int kMarchOffset = 305;

// The ordinal of the Monday that begins week 1.
int first_monday(int year) {
  int january_first = to_ordinal(year, 1, 1);
  int weekday = (january_first + 6) % 7;
  return january_first - weekday + (weekday > 3 ? 7 : 0);
}

}  // namespace

int days_in_month(int year, int month) { return kDaysInMonth[month] + (month == 2 && is_leap(year)); }
int days_before_month(int year, int month) { return kDaysBeforeMonth[month] + (month > 2 && is_leap(year)); }
int days_before_year(int year) {
  int y = year - 1;
  // An unpickled date may have the year 0.
  return y >= 0 ? y * 365 + y / 4 - y / 100 + y / 400 : -366;
}
int to_ordinal(int year, int month, int day) { return days_before_year(year) + days_before_month(year, month) + day; }

CalendarDate from_ordinal(int ordinal) {
  // Without signs: divisions by constants are quicker.
  uint32_t days = static_cast<uint32_t>(ordinal + kMarchOffset);
  uint32_t cycle = days / kDaysIn400Years;
  uint32_t day_of_cycle = days % kDaysIn400Years;
  uint32_t year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
  uint32_t day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  // From March on, lengths of months repeat every five: 31 30 31 30 31, 153 days in all.
  uint32_t month_from_march = (5 * day_of_year + 2) / 153;
  uint32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {static_cast<int>(cycle * 400 + year_of_cycle + (month <= 2)), static_cast<int>(month), static_cast<int>(day)};
}

int weekday_of(int year, int month, int day) {
  int rest = (to_ordinal(year, month, day) + 6) % 7;
  return rest < 0 ? rest + 7 : rest;
}

IsoDate to_iso(int year, int month, int day) {
  int today = to_ordinal(year, month, day);
  int iso_year = year;
  int monday = first_monday(year);
  if (today < monday) {
    monday = first_monday(--iso_year);
  } else if (today >= monday + 52 * 7) {
    int next = first_monday(year + 1);
    if (today >= next) {
      monday = next;
      ++iso_year;
    }
  }
  int days = today - monday;
  return {iso_year, days / 7 + 1, days % 7 + 1};
}

IsoError from_iso(const IsoDate& iso, CalendarDate* out) {
  if (iso.year < kMinYear || iso.year > kMaxYear) return IsoError::kYear;
  if (iso.week < 1 || iso.week > 53) return IsoError::kWeek;
  int monday = first_monday(iso.year);
  // Years with 53 weeks begin on a Thursday, or are leap years that begin on a Wednesday.
  if (iso.week == 53 && first_monday(iso.year + 1) != monday + 53 * 7) return IsoError::kWeek;
  if (iso.weekday < 1 || iso.weekday > 7) return IsoError::kWeekday;
  *out = from_ordinal(monday + (iso.week - 1) * 7 + iso.weekday - 1);
  return IsoError::kNone;
}

}  // namespace pt::datetime
