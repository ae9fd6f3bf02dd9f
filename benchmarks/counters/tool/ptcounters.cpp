// Runs a command and counts what the processor does meanwhile, in it and in all its threads and children.
//
//   ptcounters [-e EVENT,...] [-o FILE] [--controlled] -- COMMAND...
//
// EVENT: hardware, software (together the default), a short name (instructions, task-clock; see event.cpp) or a name of
// libpfm4's. Hardware events are counted in user mode only. Writes JSON to FILE, or to standard error:
//   {"intervals": [{"instructions": 123.0, ...}, ...], "unavailable": {"cycles": "reason", ...}, "note": "one line" or null}
// A value is null where events shared the counters and this one had no turn. `note` says why there are no hardware
// counters. The command runs in any case; its exit status is ours.
//
// The whole command is one interval, or, with --controlled, each stretch that the command asks for: the environment's
// PT_COUNTERS names a socket; it writes `+` to start, `-` to stop, and reads one byte, which says that it has happened.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/counters/event.h"

namespace {

using namespace benchmarks;

constexpr int kUsage = 2;
constexpr int kNotRun = 127;

struct Options {
  std::vector<std::string> events{"hardware", "software"};
  const char* output = nullptr;
  bool controlled = false;
  char** command = nullptr;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::optional<Options> parse(int count, char** arguments) {
  Options options;
  int i = 1;
  for (; i < count && arguments[i][0] == '-'; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--") {
      ++i;
      break;
    }
    if (argument == "--controlled") {
      options.controlled = true;
    } else if (argument == "-e" && i + 1 < count) {
      options.events = split(arguments[++i]);
    } else if (argument == "-o" && i + 1 < count) {
      options.output = arguments[++i];
    } else {
      return std::nullopt;
    }
  }
  if (i >= count) return std::nullopt;
  options.command = arguments + i;
  return options;
}

// The process waits for a byte, so that its counters exist before the command does.
pid_t start_stopped(char** command, const int (&gate)[2], int control) {
  const pid_t process = fork();
  if (process != 0) return process;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // who gives up waiting for us ends the command, too
  close(gate[1]);
  char go;
  if (read(gate[0], &go, 1) != 1) _exit(kNotRun);
  if (control >= 0) {
    fcntl(control, F_SETFD, 0);
    setenv("PT_COUNTERS", std::to_string(control).c_str(), 1);
  }
  execvp(command[0], command);
  std::fprintf(stderr, "ptcounters: %s: %s\n", command[0], std::strerror(errno));
  _exit(kNotRun);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + '"';
}

using Interval = std::vector<std::optional<double>>;  // an entry per event

class Counters {
 public:
  Counters(std::vector<Event> events, pid_t process, bool from_exec) : events_(std::move(events)), running_(from_exec) {
    for (Event& event : events_) event.open(process, from_exec);
  }

  void start() {
    for (const Event& event : events_) event.enable();
    running_ = true;
  }

  void stop() {
    if (!running_) return;
    for (const Event& event : events_) event.disable();
    Interval interval;
    for (Event& event : events_) {
      std::optional<double> value;
      if (event.descriptor >= 0) {
        const Reading now = event.read();
        value = scaled(now - event.last);
        event.last = now;
      }
      interval.push_back(value);
    }
    intervals_.push_back(std::move(interval));
    running_ = false;
  }

  void write(FILE* out) const {
    std::fputs("{\"intervals\": [", out);
    const char* before = "";
    for (const Interval& interval : intervals_) {
      std::fprintf(out, "%s{", before);
      before = ", ";
      const char* comma = "";
      for (size_t i = 0; i < events_.size(); ++i) {
        if (events_[i].descriptor < 0) continue;
        std::fprintf(out, "%s%s: ", comma, quoted(events_[i].name).c_str());
        comma = ", ";
        interval[i] ? std::fprintf(out, "%.1f", *interval[i]) : std::fprintf(out, "null");
      }
      std::fputc('}', out);
    }
    std::fputs("], \"unavailable\": {", out);
    before = "";
    for (const Event& event : events_) {
      if (event.descriptor >= 0) continue;
      std::fprintf(out, "%s%s: %s", before, quoted(event.name).c_str(), quoted(event.why).c_str());
      before = ", ";
    }
    const std::string note = hardware_note();
    std::fprintf(out, "}, \"note\": %s}\n", note.empty() ? "null" : quoted(note).c_str());
  }

  // Why there are none, where hardware counters were asked for.
  std::string hardware_note() const {
    std::string why;
    for (const Event& event : events_) {
      if (!event.hardware) continue;
      if (event.descriptor >= 0) return "";
      if (why.empty()) why = event.error == ENOENT ? "this machine has no PMU" : event.why;
    }
    return why.empty() ? why : "hardware counters: none: " + why;
  }

 private:
  std::vector<Event> events_;
  std::vector<Interval> intervals_;
  bool running_;
};

// Serves the command's wishes until it has ended.
void serve(Counters& counters, pid_t process, int control) {
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (ended < 0) return;
  pollfd waits[2] = {{.fd = ended, .events = POLLIN}, {.fd = control, .events = POLLIN}};
  for (;;) {
    if (poll(waits, 2, -1) < 0) continue;
    if (waits[1].revents & POLLIN) {
      char wish = 0;
      if (read(control, &wish, 1) == 1) {
        wish == '+' ? counters.start() : counters.stop();
        if (send(control, &wish, 1, MSG_NOSIGNAL) != 1) waits[1].fd = -1;
        continue;
      }
      waits[1].fd = -1;
    }
    if (waits[1].revents & (POLLHUP | POLLERR)) waits[1].fd = -1;
    if (waits[0].revents) break;
  }
  close(ended);
}

}  // namespace

int main(int count, char** arguments) {
  const std::optional<Options> options = parse(count, arguments);
  if (!options) {
    std::fprintf(stderr, "usage: ptcounters [-e EVENT,...] [-o FILE] [--controlled] -- COMMAND...\n");
    return kUsage;
  }
  int gate[2], control[2] = {-1, -1};
  if (pipe2(gate, O_CLOEXEC) != 0) return kUsage;
  if (options->controlled && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) return kUsage;
  const pid_t process = start_stopped(options->command, gate, control[1]);
  if (process < 0) return kNotRun;
  if (control[1] >= 0) close(control[1]);
  // A signal from the terminal is the command's to answer.
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  Counters counters(events_named(options->events), process, !options->controlled);
  if (write(gate[1], "+", 1) != 1) return kNotRun;
  if (options->controlled) serve(counters, process, control[0]);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  counters.stop();
  FILE* out = options->output ? std::fopen(options->output, "w") : stderr;
  if (!out) {
    std::fprintf(stderr, "ptcounters: %s: %s\n", options->output, std::strerror(errno));
    return kUsage;
  }
  counters.write(out);
  if (options->output) std::fclose(out);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
