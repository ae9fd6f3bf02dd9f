#include "gc/platform/check.h"

#include <cstdio>
#include <cstdlib>

namespace pt {
void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "ptpython: internal check failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}
}  // namespace pt
