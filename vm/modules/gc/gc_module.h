#pragma once
// For the end of the process.

namespace pt {

// ResourceWarning when gc.garbage is not empty, and what is in it with DEBUG_UNCOLLECTABLE. May run Python code.
void warn_of_garbage();

}  // namespace pt
