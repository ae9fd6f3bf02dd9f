#pragma once
// GMP's memory, and what happens when there is none: GMP knows no way back from its allocation functions, so the thread
// jumps out of it.
#include <cstddef>
#include <memory>
#include <type_traits>

namespace pt::gmp {

// To be called before any other use of GMP.
void init_memory();

// Calls body(argument), see attempt().
[[nodiscard]] bool run_attempt(void (*body)(void*), void* argument);

// Runs f, which calls functions of GMP that may need memory. False, with no exception pending: there was not enough, f was
// left where that was seen, and the memory that f had got for itself and for numbers without any is free again. Therefore
// - numbers that outlive f and got their memory in it are among the `results`, which give themselves up (abandon());
// - no variable of f has a destructor that does more than give GMP's memory back: destructors do not run.
// Attempts may be nested. Numbers may be freed anywhere.
template <class F, class... Results>
[[nodiscard]] bool attempt(F&& f, Results&... results) {
  using Body = std::remove_reference_t<F>;
  if (__builtin_expect(run_attempt([](void* body) { (*static_cast<Body*>(body))(); }, std::addressof(f)), 1)) return true;
  (results.abandon(), ...);
  return false;
}

// Memory as GMP's own: got in an attempt, never nullptr.
[[nodiscard]] void* allocate(size_t bytes);
void release(void* block);  // nullptr is fine

}  // namespace pt::gmp
