#include "gc/platform/faults.h"

namespace pt::faults {

constinit std::atomic<uint32_t> g_armed_threads{0};

namespace {
struct State {
  bool armed = false;
  int64_t count = 0, start = 0, stop = 0;
};
constinit thread_local State t_state;
}  // namespace

bool count_and_fail() {
  State& s = t_state;
  if (!s.armed) return false;
  ++s.count;
  return s.count > s.start && (s.stop <= 0 || s.count <= s.stop);
}

void arm(int64_t start, int64_t stop) {
  if (!t_state.armed) g_armed_threads.fetch_add(1, std::memory_order_relaxed);
  t_state = {true, 0, start, stop};
}

void disarm() {
  if (t_state.armed) g_armed_threads.fetch_sub(1, std::memory_order_relaxed);
  t_state.armed = false;
}

int64_t counted() { return t_state.count; }

}  // namespace pt::faults
