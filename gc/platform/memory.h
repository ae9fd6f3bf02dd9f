#pragma once
// Raw memory: mimalloc in ordinary builds, malloc under the sanitizers.
#include <cstddef>
#include <cstdint>

namespace pt::memory {

// Uninitialised bytes, or nullptr when memory is out. Aligned to 16.
[[nodiscard]] void* allocate(size_t bytes);
[[nodiscard]] void* allocate_uncounted(size_t bytes);  // the same, but left alone by gc/platform/faults.h
[[nodiscard]] void* allocate_zeroed(size_t bytes);
// For what many threads read and hardly any writes: code, caches, compiled traces. Once there are threads it lies on pages of
// its own, so that no buffer that one of them writes all the time shares a cache line with it. Otherwise like allocate() and
// allocate_zeroed().
[[nodiscard]] void* allocate_metadata(size_t bytes);
[[nodiscard]] void* allocate_metadata_zeroed(size_t bytes);
void keep_metadata_apart();  // there are going to be threads
// Grows or shrinks; on failure returns nullptr and leaves `block` as it was.
[[nodiscard]] void* reallocate(void* block, size_t bytes);
// `alignment` is a power of two. Free with release().
[[nodiscard]] void* allocate_aligned(size_t bytes, size_t alignment);
void release(void* block);

// Reserves address space that reads as zero when first touched. `hint` 0 lets the kernel choose; otherwise the
// region lies exactly there or the call fails. nullptr on failure.
[[nodiscard]] void* reserve(size_t bytes, uintptr_t hint = 0);
void unreserve(void* region, size_t bytes);

}  // namespace pt::memory
