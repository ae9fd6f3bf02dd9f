#pragma once
// System threads for Python threads. One whose Python thread has ended waits a while for the next: making and ending a
// system thread, its stack and its part of the memory allocator costs more than what most short threads do.
#include <pthread.h>

#include <cstddef>

namespace pt {

// Runs `run(argument)` in a system thread with a stack of `stack_size` bytes (0: the system's default) that has inherited
// from the caller what a new one would: signal mask, processors, scheduling, name, floating-point environment. Gives its
// handle; otherwise an error number, and `run` is not called. `run` returns with the thread's signal mask as it likes.
[[nodiscard]] int start_worker(void (*run)(void*), void* argument, size_t stack_size, pthread_t* handle);

// In the child of a fork, which has none of the waiting threads.
void workers_after_fork();

}  // namespace pt
