#pragma once
// Linear-scan register allocation over a validated Ir.
#include <vector>

#include "vm/jit/ir.h"

namespace pt::jit {

// One location per instruction; nullptr in `error` on success. The scratch registers are never given out.
struct Allocation {
  std::vector<Location> locations;
  std::vector<Reference> last_use;  // ir.size(): needed until the end of the loop
  int spill_count = 0;
  const char* error = nullptr;
};
Allocation allocate_registers(const Ir& ir);
// Independent check: no two values that are alive together share a place.
const char* verify_allocation(const Ir& ir, const Allocation& allocation);

}  // namespace pt::jit
