#include "benchmarks/counters/event.h"

#include <linux/perf_event.h>
#include <perfmon/pfmlib_perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace benchmarks {

namespace {

struct Known {
  const char* name;
  const char* encoded;  // libpfm4's name
  bool hardware;
};

constexpr Known kKnown[] = {
    {"instructions", "PERF_COUNT_HW_INSTRUCTIONS", true},
    {"cycles", "PERF_COUNT_HW_CPU_CYCLES", true},
    {"branches", "PERF_COUNT_HW_BRANCH_INSTRUCTIONS", true},
    {"branch-misses", "PERF_COUNT_HW_BRANCH_MISSES", true},
    {"cache-references", "PERF_COUNT_HW_CACHE_REFERENCES", true},
    {"cache-misses", "PERF_COUNT_HW_CACHE_MISSES", true},
    {"dtlb-misses", "PERF_COUNT_HW_CACHE_DTLB:READ:MISS", true},
    {"task-clock", "PERF_COUNT_SW_TASK_CLOCK", false},  // nanoseconds
    {"page-faults", "PERF_COUNT_SW_PAGE_FAULTS", false},
    {"context-switches", "PERF_COUNT_SW_CONTEXT_SWITCHES", false},
};

const char* encoded_name(const std::string& name) {
  for (const Known& known : kKnown) {
    if (name == known.name) return known.encoded;
  }
  return name.c_str();
}

std::string paranoid() {
  std::string level;
  std::ifstream("/proc/sys/kernel/perf_event_paranoid") >> level;
  return level;
}

}  // namespace

bool Event::open(pid_t process, bool from_exec) {
  static const pfm_err_t started = pfm_initialize();
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  pfm_perf_encode_arg_t encoding{};
  encoding.attr = &attributes;
  encoding.size = sizeof encoding;
  // Software events happen in the kernel, on behalf of the user.
  const int levels = hardware ? PFM_PLM3 : PFM_PLM0 | PFM_PLM3;
  const pfm_err_t status =
      started != PFM_SUCCESS ? started : pfm_get_os_event_encoding(encoded_name(name), levels, PFM_OS_PERF_EVENT, &encoding);
  if (status != PFM_SUCCESS) {
    why = std::string("libpfm4: ") + pfm_strerror(status);
    hardware = false;
    return false;
  }
  hardware = attributes.type != PERF_TYPE_SOFTWARE;
  attributes.disabled = 1;
  attributes.enable_on_exec = from_exec;
  attributes.inherit = 1;
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  descriptor = static_cast<int>(syscall(SYS_perf_event_open, &attributes, process, -1, -1, PERF_FLAG_FD_CLOEXEC));
  if (descriptor >= 0) return true;
  error = errno;
  why = reason(error, paranoid());
  return false;
}

void Event::enable() const { ioctl(descriptor, PERF_EVENT_IOC_ENABLE, 0); }

void Event::disable() const { ioctl(descriptor, PERF_EVENT_IOC_DISABLE, 0); }

Reading Event::read() const {
  Reading now;
  static_assert(sizeof now == 3 * sizeof(uint64_t));
  if (::read(descriptor, &now, sizeof now) != sizeof now) return last;
  return now;
}

std::vector<Event> events_named(const std::vector<std::string>& names) {
  std::vector<Event> events;
  for (const std::string& name : names) {
    const bool all_hardware = name == "hardware", all_software = name == "software";
    bool found = false;
    for (const Known& known : kKnown) {
      if (name == known.name || (known.hardware ? all_hardware : all_software)) {
        events.push_back({.name = known.name, .hardware = known.hardware});
        found = true;
      }
    }
    if (!found) events.push_back({.name = name});
  }
  return events;
}

}  // namespace benchmarks
