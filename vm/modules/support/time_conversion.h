#pragma once
// Times between Python's numbers (seconds as int or float) and those of the system (nanoseconds in 64 bits, time_t, timespec,
// timeval), with the direction of rounding said each time. ValueError for NaN; OverflowError.
#include <sys/time.h>

#include <cstdint>
#include <ctime>

#include "vm/object/protocol.h"

namespace pt {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// A wait must not be short, a time stamp must not lie ahead.
enum class Rounding { kFloor, kCeiling, kHalfEven, kAwayFromZero };
inline constexpr Rounding kTimeoutRounding = Rounding::kAwayFromZero;

double round_to_integer(double, Rounding);

// ---- from Python --------------------------------------------------------------------------------------------------------
bool seconds_to_ns(Value seconds, Rounding, int64_t* out);
bool milliseconds_to_ns(Value milliseconds, Rounding, int64_t* out);
bool seconds_to_time_t(Value seconds, Rounding, time_t* out);
// The fraction is never negative.
bool seconds_to_timespec(Value seconds, Rounding, timespec* out);
bool seconds_to_timeval(Value seconds, Rounding, timeval* out);
bool to_nanoseconds(Value ns, int64_t* out);  // an int; TypeError "expect int, got float"

// ---- between the system's --------------------------------------------------------------------------------------------------
// ns / unit, for a positive unit.
int64_t divide_ns(int64_t ns, int64_t unit, Rounding);
timespec ns_to_timespec(int64_t ns);
timeval ns_to_timeval(int64_t ns, Rounding);
double ns_to_seconds(int64_t ns);
// The point of the monotonic clock so many nanoseconds from now, or the last there is.
int64_t deadline_after(int64_t ns);

}  // namespace pt
