#pragma once
// A per-thread cache of MRO lookups: direct-mapped, validated by the type's version.
#include "vm/object/type.h"

namespace pt {

struct MethodCacheEntry {
  const Type* type;
  const Str* name;
  uint32_t version;
  Value value;  // borrowed from the namespace; empty: not found
};
struct MethodCache {
  static constexpr size_t kSize = 2048;
  MethodCacheEntry entries[kSize];
  MethodCacheEntry* find(const Type* type, const Str* name) {
    uint64_t mixed = (reinterpret_cast<uintptr_t>(type) >> 4) * 31 + (reinterpret_cast<uintptr_t>(name) >> 4);
    return &entries[(mixed ^ (mixed >> 12)) & (kSize - 1)];
  }
};

}  // namespace pt
