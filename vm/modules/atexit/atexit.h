#pragma once

namespace pt {
// Runs the registered functions, last first; errors are reported through sys.unraisablehook. Main thread, at shutdown.
void run_atexit_callbacks();
}  // namespace pt
