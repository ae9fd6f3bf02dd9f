#pragma once
// What the interpreter knows of the JIT: a table of counters per thread, and where a loop that has become hot goes.
#include "vm/interp/dispatch.h"

namespace pt {

struct HotLoop {
  const uint64_t* pc;   // of the JUMP_BACK
  uint32_t count;
  uint32_t limit;       // the hook runs when count gets there; 0: every time
  uint32_t entries, bad_entries, failures;
};
inline constexpr int kHotLoops = 512;
inline constinit thread_local HotLoop tls_hot_loops[kHotLoops] = {};
// nullptr: no JIT. Set before the first thread starts. A handler for the JUMP_BACK instruction at pc.
inline constinit Handler g_hot_loop = nullptr;
// The same for the RESUME instruction of a function that calls itself.
inline constinit Handler g_hot_entry = nullptr;

PT_INLINE HotLoop& hot_loop(const uint64_t* pc) {
  auto bits = reinterpret_cast<uintptr_t>(pc) >> 3;
  return tls_hot_loops[(bits ^ (bits >> 9)) % kHotLoops];
}

// Times the thread entered the interpreter from native code: tells a helper whether Python code ran meanwhile.
inline constinit thread_local uint64_t tls_python_entries = 0;
// How many of these entries are in progress, and in which of them a trace is being recorded (0: in none).
inline constinit thread_local uint32_t tls_entry_depth = 0, tls_recording_depth = 0;
extern void (*g_abandon_recording)();

// Around each run of the interpreter from native code.
class InterpreterEntry {
 public:
  InterpreterEntry() {
    ++tls_python_entries;
    ++tls_entry_depth;
  }
  ~InterpreterEntry() {
    if (PT_UNLIKELY(tls_recording_depth == tls_entry_depth)) g_abandon_recording();
    --tls_entry_depth;
  }
  InterpreterEntry(const InterpreterEntry&) = delete;
  InterpreterEntry& operator=(const InterpreterEntry&) = delete;
};

}  // namespace pt
