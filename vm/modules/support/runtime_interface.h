#pragma once
// What the modules need from the interpreter and the life cycle of threads: defined in vm/runtime.
#include <string_view>

#include "gc/refcount/ref.h"

namespace pt {

struct Dict;
struct Str;
struct Thread;

// Compiles source text (mode "exec", "eval" or "single") to a code object; SyntaxError. `optimize` -1: as the process.
Ref<> compile_source(std::string_view source, Str* filename, const char* mode = "exec", int optimize = -1);
// Runs a code object; the value of an "eval" code, else None.
Ref<> exec_code(Value code, Dict* globals);
// The frame `depth` Python calls up (0: innermost) of the calling thread; empty without an exception when there are not so many.
Ref<> current_frame(int64_t depth);
// Innermost frame of any thread, with the world stopped; empty when it runs no Python code.
Ref<> thread_frame(Thread* thread);
// Line number of the innermost frame `depth` up and its code's file name, for warnings; false when there is none.

// sys.setrecursionlimit, for all threads. The caller checks that the depth allows it.
void set_recursion_limit(int64_t limit);
// Lets the running thread make so many calls beyond the limit, until the limit is restored.
void lend_calls(int64_t calls);
void restore_recursion_limit();

// A Thread for an OS thread: memory only. nullptr with MemoryError, where the caller is a thread of Python.
Thread* thread_create();
void thread_free(Thread* thread);      // one that was never entered
// On the new OS thread: registers it and makes it current. False when there are too many threads.
bool thread_enter(Thread* thread);
// On that thread, at its end: drops its Python state, unregisters and frees it.
void thread_leave(Thread* thread, void (*farewell)() = nullptr);  // farewell: see unregister_mutator

}  // namespace pt
