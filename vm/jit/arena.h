#pragma once
// Memory for compiled code: in the low 2 GiB, mapped twice, so that no page is ever writable and executable.
#include <cstddef>
#include <cstdint>

namespace pt::jit {

inline constexpr uintptr_t kArenaBase = 0x60000000;
inline constexpr size_t kArenaBytes = size_t{64} << 20;

struct ArenaBlock {
  uint8_t* code = nullptr;      // where it runs
  uint8_t* writable = nullptr;  // the same memory, to write to
  size_t size = 0;
};
// Any thread. `code` is nullptr when the arena is full or cannot be had. Blocks live for ever.
ArenaBlock arena_allocate(size_t bytes);

}  // namespace pt::jit
