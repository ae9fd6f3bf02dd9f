#pragma once
// Reference ledger of builds with PT_ENABLE_VERIFY: where each count was taken and given back. Off until started; other
// builds compile it to nothing.
#include <cstdint>

#include "gc/platform/check.h"

namespace pt {

struct Object;

enum class LedgerEvent : uint8_t { kNew, kTake, kGive, kMerge, kFree };

#ifdef PT_ENABLE_VERIFY
inline constexpr bool kLedgerBuilt = true;
extern constinit bool g_ledger_on;
// Logs the event with the place it was called from.
[[gnu::noinline]] void ledger_note(const Object*, LedgerEvent);
PT_INLINE void note_reference(const Object* o, LedgerEvent event) {
  if (PT_UNLIKELY(g_ledger_on)) ledger_note(o, event);
}
#else
inline constexpr bool kLedgerBuilt = false;
PT_INLINE void note_reference(const Object*, LedgerEvent) {}
#endif

// Starts logging into a ring of the last million events. Before other threads run. False when not built in or memory is
// out.
bool ledger_start();
void ledger_stop();
// Prints the object's events since its slot was last allocated to stderr: sequence number, thread, event, code address
// (the executable is not relocated: addr2line resolves it). Returns how many.
int ledger_print(const Object*);

}  // namespace pt
