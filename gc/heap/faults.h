#pragma once
// Allocation failures on purpose (gc/platform/faults.h), objects included.
#include <cstdint>

namespace pt {

// This thread's allocations fail, but for the first `start`; with `stop` > 0 those after the first `stop` succeed again. Both
// objects and raw memory count. False when there is no memory to set it up.
[[nodiscard]] bool fail_allocations(int64_t start, int64_t stop);
// Ends it; returns how many allocations were counted.
int64_t end_allocation_failures();

}  // namespace pt
