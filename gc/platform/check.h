#pragma once
// Checks: PT_CHECK is always on; PT_ASSERT only in builds with assertions.

namespace pt {
// Prints the failed expression with its place to stderr and aborts.
[[noreturn, gnu::cold]] void check_failed(const char* expression, const char* file, int line);
}  // namespace pt

#define PT_CHECK(expression) (__builtin_expect(!!(expression), 1) ? (void)0 : ::pt::check_failed(#expression, __FILE__, __LINE__))
#ifdef PT_ENABLE_ASSERTS
#define PT_ASSERT(expression) PT_CHECK(expression)
#else
#define PT_ASSERT(expression) ((void)0)
#endif
#define PT_LIKELY(x) __builtin_expect(!!(x), 1)
#define PT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PT_INLINE [[gnu::always_inline]] inline
#define PT_COLD [[gnu::cold, gnu::noinline]]

// Clang's -Wthread-safety: which lock guards what, checked by the compiler.
#define PT_GUARDED_BY(lock) __attribute__((guarded_by(lock)))
#define PT_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define PT_TRY_ACQUIRE(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define PT_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define PT_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
// For functions that lock in one place and unlock in another.
#define PT_NO_THREAD_SAFETY __attribute__((no_thread_safety_analysis))
