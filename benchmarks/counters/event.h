// An event: its name, how libpfm4 encodes it, the kernel's counter of it in a process and all that come of that.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "benchmarks/counters/reading.h"

namespace benchmarks {

struct Event {
  std::string name;
  std::string why;       // no counter: the reason
  bool hardware = true;  // not so where libpfm4 says otherwise, or does not know it
  int error = 0;         // no counter: the kernel's error
  int descriptor = -1;   // the counter
  Reading last;          // at the end of the last interval

  bool open(pid_t process, bool from_exec);
  void enable() const;
  void disable() const;
  Reading read() const;
};

// Events by name: `hardware`, `software`, a short name (`instructions`) or anything that libpfm4 knows.
std::vector<Event> events_named(const std::vector<std::string>& names);

}  // namespace benchmarks
