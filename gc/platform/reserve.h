#pragma once
// Memory for what lives for ever and is made where nobody can report a failure: names of the runtime, signatures, shapes.
#include <cstddef>

namespace pt::memory {

// Never fails: ordinary memory, and when that is out a reserve of 1 MiB. When that is used up too the process ends with a
// message. Aligned to 16, not zeroed.
[[nodiscard]] void* allocate_permanent(size_t bytes);

// For the thread that lost a race to publish such memory; what lies in the reserve stays.
void release_permanent(void* block);

}  // namespace pt::memory
