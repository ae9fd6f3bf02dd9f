#pragma once
// sys.settrace and sys.setprofile. A thread that is traced runs with a dispatch table of its own, in which every
// instruction looks for events first and then goes on in the ordinary handler; other threads and times pay nothing.
#include "vm/interp/dispatch.h"
#include "vm/object/thread.h"

namespace pt {

// CallRecord::flags: was running when tracing was switched on or off; its return picks the table anew.
inline constexpr uint32_t kRecordTraceCheck = 32;
// The event of its return raised the exception that is pending: no handler of the frame gets it.
inline constexpr uint32_t kRecordTraceLeaves = 64;

extern const Dispatch g_trace_dispatch;

// Has the thread a trace or profile function, and is none of them running?
bool tracing_now();  // none of them is running
PT_INLINE bool tracing(Thread* thread) {
  return PT_UNLIKELY(!thread->trace_function.empty() || !thread->profile_function.empty()) && tracing_now();
}
// The table that calls from native code and returns start with.
inline const Dispatch* active_dispatch(Thread* thread) { return PT_UNLIKELY(tracing(thread)) ? &g_trace_dispatch : &g_dispatch; }
// The same for code that runs with `current` now, which may be the JIT's.
inline const Dispatch* update_dispatch(Thread* thread, const Dispatch* current) {
  return current == &g_dispatch || current == &g_trace_dispatch ? active_dispatch(thread) : current;
}
// The functions of the current thread have changed: running frames follow at their next safepoint, call or return.
void trace_changed(Thread* thread);

// Native code is about to go on in an interpreter that may not have noticed yet: it looks at its next safepoint.
inline void trace_remind(Thread* thread) { thread->request(kBreakFinalizers); }

// The event whose trace function runs, and the frame it is told of (kNone: nullptr).
enum class TraceEvent : uint8_t { kNone, kCall, kLine, kOther };
TraceEvent trace_event(CallRecord** record);

// Events. False with an exception pending where the function raised one (it is switched off then).
bool trace_call(Thread* thread);                    // the frame on top begins, or goes on after a yield
bool trace_exception(Thread* thread, bool raised);  // the pending exception is in the frame on top; `raised`: not re-raised
bool trace_unwound(Thread* thread);                 // it leaves that frame

}  // namespace pt
