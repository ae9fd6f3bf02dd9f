#include "gc/object/object.h"
#include "gc/platform/memory.h"

namespace pt {

void reserve_shape_region() {
  static constinit std::atomic<bool> done{false};
  if (done.exchange(true, std::memory_order_relaxed)) return;
  PT_CHECK(memory::reserve(size_t{kMaxShapes} << kShapeShift, kShapeRegionBase));
}

}  // namespace pt
