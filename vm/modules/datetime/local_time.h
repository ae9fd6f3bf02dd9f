#pragma once
// Between POSIX timestamps and the fields of a datetime, with the local time zone as the C library knows it.
#include <ctime>

#include "vm/modules/datetime/datetime.h"

namespace pt::datetime {

// Seconds of 1 January 1970 since the day 0 of the calendar, from which seconds are counted here.
inline constexpr int64_t kEpochSeconds = int64_t{719163} * kSecondsPerDay;

// Seconds since day 0, taking the fields for UTC. ValueError for a year out of range.
bool utc_seconds(const Moment& m, int64_t* out);
// The same for fields of local time; where they name two times or none, the fold decides.
bool local_seconds(const Moment& m, int64_t* out);
// The fields of a timestamp in UTC or local time; the fold is set if there are two such local times and it is the second.
bool moment_from_timestamp(time_t seconds, int microsecond, bool utc, Value tzinfo, Moment* out);
// The year of what the C library gave, wrapped where an int has no room for it: far out of range in any case.
inline int year_of(const tm& t) { return static_cast<int>(static_cast<unsigned>(t.tm_year) + 1900u); }
// A timezone with the local offset and name at that time.
Ref<> local_timezone(time_t seconds);

}  // namespace pt::datetime
