#include "gc/platform/cpp_memory.h"

#include <utility>

#include "gc/platform/memory.h"
#include "gc/platform/reserve.h"

namespace pt::memory {
namespace {

constinit thread_local bool t_throwing = false;

}  // namespace

Throwing::Throwing() : before_(std::exchange(t_throwing, true)) {}
Throwing::~Throwing() { t_throwing = before_; }

}  // namespace pt::memory

// The sanitizers bring their own.
#ifdef PT_USE_MIMALLOC
namespace pt::memory {
PT_COLD static void* without_memory(size_t bytes) {
  if (t_throwing) throw std::bad_alloc();
  return allocate_permanent(bytes);
}
}  // namespace pt::memory

void* operator new(size_t bytes) {
  void* block = pt::memory::t_throwing ? pt::memory::allocate_metadata(bytes) : pt::memory::allocate_uncounted(bytes);
  return PT_LIKELY(block != nullptr) ? block : pt::memory::without_memory(bytes);
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return pt::memory::allocate(bytes); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  void* block = pt::memory::allocate_aligned(bytes, static_cast<size_t>(alignment));
  return PT_LIKELY(block != nullptr) ? block : throw std::bad_alloc();
}
void* operator new[](size_t bytes) { return ::operator new(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t& tag) noexcept { return ::operator new(bytes, tag); }
void* operator new[](size_t bytes, std::align_val_t alignment) { return ::operator new(bytes, alignment); }
void operator delete[](void* block) noexcept { ::operator delete(block); }
void operator delete[](void* block, size_t) noexcept { ::operator delete(block); }
void operator delete[](void* block, std::align_val_t) noexcept { pt::memory::release(block); }
void operator delete[](void* block, size_t, std::align_val_t) noexcept { pt::memory::release(block); }
void operator delete(void* block) noexcept { pt::memory::release_permanent(block); }
void operator delete(void* block, size_t) noexcept { pt::memory::release_permanent(block); }
void operator delete(void* block, std::align_val_t) noexcept { pt::memory::release(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { pt::memory::release(block); }
#endif
