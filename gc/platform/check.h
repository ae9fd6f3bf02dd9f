#pragma once
// Checks: PT_CHECK is always on; PT_ASSERT only in builds with assertions.

namespace pt {
// Prints the failed expression with its place to stderr and aborts.
[[noreturn, gnu::cold]] void check_failed(const char* expression, const char* file, int line);
}  // namespace pt

#define PT_CHECK(expression) \
  (__builtin_expect(!!(expression), 1) ? (void)0 : ::pt::check_failed(#expression, __FILE__, __LINE__))
#ifdef PT_ENABLE_ASSERTS
#define PT_ASSERT(expression) PT_CHECK(expression)
#else
#define PT_ASSERT(expression) ((void)0)
#endif
#define PT_LIKELY(x) __builtin_expect(!!(x), 1)
#define PT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PT_INLINE [[gnu::always_inline]] inline
#define PT_COLD [[gnu::cold, gnu::noinline]]
