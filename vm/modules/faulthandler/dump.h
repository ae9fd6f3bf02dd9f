#pragma once
// Writing Python tracebacks with nothing but write(2): from signal handlers and from a watchdog that must not wait.

namespace pt::faulthandler {

// The calling thread's calls, the innermost first, with the heading for the current thread. Async-signal-safe.
void dump_current_thread(int fd);
// All threads, if nobody is changing their list; otherwise the calling one. Async-signal-safe. Other threads go on meanwhile,
// so what it shows of them is a snapshot that may be a little off.
void dump_all_threads(int fd);
void write_text(int fd, const char* text);

}  // namespace pt::faulthandler
