#pragma once

namespace pt {
// Runs the functions registered in this interpreter, last first; errors are reported through sys.unraisablehook. At its end.
void run_atexit_callbacks();
}  // namespace pt
