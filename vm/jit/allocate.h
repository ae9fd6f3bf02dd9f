#pragma once
// Linear-scan register allocation over a validated Ir.
#include <vector>

#include "vm/jit/ir.h"

namespace pt::jit {

enum class Place : uint8_t { kNone, kRegister, kFloatRegister, kSlot, kConstant };
struct Location {
  Place place = Place::kNone;
  int32_t index = 0;   // register number, or spill slot
  bool operator==(const Location&) const = default;
};
// One location per instruction; nullptr in `error` on success. The scratch registers are never given out.
struct Allocation {
  std::vector<Location> locations;
  int spill_count = 0;
  const char* error = nullptr;
};
Allocation allocate_registers(const Ir& ir);
// Independent check: no two values that are alive together share a place.
const char* verify_allocation(const Ir& ir, const Allocation& allocation);

}  // namespace pt::jit
