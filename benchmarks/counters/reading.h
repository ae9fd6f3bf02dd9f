// What is read of a counter, and what becomes of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace benchmarks {

// As read(2) of a counter gives it (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING).
struct Reading {
  uint64_t count = 0;
  uint64_t enabled = 0;  // nanoseconds
  uint64_t running = 0;  // less where events take turns on the counters that the processor has
};

inline Reading operator-(Reading later, Reading earlier) {
  return {later.count - earlier.count, later.enabled - earlier.enabled, later.running - earlier.running};
}

// The count of the whole time enabled, estimated from the time running. Nothing where the event had no turn.
inline std::optional<double> scaled(Reading reading) {
  if (reading.running == 0) {
    if (reading.enabled == 0) return static_cast<double>(reading.count);
    return std::nullopt;
  }
  if (reading.running >= reading.enabled) return static_cast<double>(reading.count);
  return static_cast<double>(reading.count) * (static_cast<double>(reading.enabled) / static_cast<double>(reading.running));
}

// Why perf_event_open failed with this errno. `paranoid` is kernel.perf_event_paranoid, empty where unknown.
std::string reason(int error, const std::string& paranoid);

}  // namespace benchmarks
