#pragma once
// Finalizer threads: run what Python code the end of an object asks for (`__del__`, callbacks of weak references, the rest of a
// generator) where the thread that would have to, the object's owner, is in the midst of something else and may hold locks
// that this code takes. Started when needed, they end when idle. docs/refcount.md, Who finalises.
#include "gc/object/object.h"

namespace pt {

// HeapHooks::hand_over. False: there are no such threads (an embedded interpreter runs, the process ends, the system has no
// more).
bool hand_over_to_finalizer(Object*);
// g_await_ends: waits until all that was handed over has ended, for a second at most, and not for long while finalizers wait for
// something themselves.
void await_finalizers();
// At the end of the process: waits in earnest, though not for finalizers that wait for something themselves; from then on every
// thread runs finalisers itself.
void finish_finalizers();
// In the child of a fork.
void finalizers_after_fork();

}  // namespace pt
