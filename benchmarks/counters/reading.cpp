#include "benchmarks/counters/reading.h"

#include <cerrno>
#include <cstring>

namespace benchmarks {

std::string reason(int error, const std::string& paranoid) {
  switch (error) {
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP: return "no PMU here counts it";
    case ENOSYS: return "this kernel has no performance events";
    case EACCES:
    case EPERM: return "not permitted" + (paranoid.empty() ? std::string() : " (kernel.perf_event_paranoid is " + paranoid + ")");
    default: return std::strerror(error);
  }
}

}  // namespace benchmarks
