#pragma once
// The memory of C++ containers (operator new). It is the runtime's own; most of it is small and wanted where no lack of it can
// be reported, so it is taken from the reserve then (gc/platform/reserve.h). What takes much of it deals with
// std::bad_alloc, in files compiled with exceptions (pt_with_exceptions() of the build).
#include <new>

#include "gc/platform/check.h"

namespace pt::memory {

// While one of these exists, operator new throws in this thread, and gives metadata (gc/platform/memory.h). Nothing that was
// compiled without exceptions and has containers or destructors may run meanwhile, Python code for one.
class Throwing {
 public:
  Throwing();
  ~Throwing();
  Throwing(const Throwing&) = delete;
  Throwing& operator=(const Throwing&) = delete;

 private:
  bool before_;
};

#ifdef __cpp_exceptions
// Runs f. False: memory ran out, and the exception unwound f.
template <class F>
[[nodiscard]] bool attempt(F&& f) {
  Throwing throwing;
  try {
    f();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}
#endif

}  // namespace pt::memory
