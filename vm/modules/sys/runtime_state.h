#pragma once
// State that sys functions set and the interpreter reads.
#include <atomic>
#include <cstdint>

#include "gc/object/value.h"

namespace pt {

struct Thread;

// New threads start with this many calls remaining (Thread::recursion_remaining).
extern std::atomic<int64_t> g_recursion_limit;

struct AsyncGeneratorHooks {
  Value first_iter, finalizer;  // owned; empty: none
};
extern thread_local AsyncGeneratorHooks tls_async_generator_hooks;

}  // namespace pt
