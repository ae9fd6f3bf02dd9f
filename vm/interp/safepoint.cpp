#include "vm/interp/safepoint.h"

#include "gc/collector/collector.h"
#include "gc/heap/heap.h"
#include "gc/sync/mutator.h"
#include "vm/object/error.h"
#include "vm/object/thread.h"

namespace pt {

constinit bool (*g_run_signal_handlers)() = nullptr;

bool run_pending_signals(Thread* thread) {
  if (!(thread->breaker.load(std::memory_order_relaxed) & kBreakSignal) || !g_run_signal_handlers) return true;
  thread->acknowledge(kBreakSignal);
  return g_run_signal_handlers();
}

bool run_safepoint(Thread* thread) {
  // Before anything that runs destructors and callbacks: an exception of a handler would be lost in them.
  if (!run_pending_signals(thread)) return false;
  uint32_t reasons = safepoint_slow(thread);
  // Compiled code has been left, and what locks it kept are given back.
  if (reasons & (kBreakJitInvalid | kBreakLetGo)) thread->acknowledge(kBreakJitInvalid | kBreakLetGo);
  if (reasons & kBreakCollect) {
    thread->acknowledge(kBreakCollect);
    collect();
  }
  if (reasons & kBreakFinalizers) {
    thread->acknowledge(kBreakFinalizers);
    g_heap_hooks.run_callbacks();
  }
  if ((reasons & kBreakSignal) && g_run_signal_handlers) {
    thread->acknowledge(kBreakSignal);
    if (!g_run_signal_handlers()) return false;
  }
  if (reasons & kBreakAsync) {
    thread->acknowledge(kBreakAsync);
    Value exception = thread->async_exception;
    thread->async_exception = Value();
    if (!exception.empty()) {
      Ref<> owned = Ref<>::steal(exception);
      raise_object(owned.value());
      return false;
    }
  }
  return true;
}

}  // namespace pt
