#pragma once

namespace pt {
struct Dict;
// The read-eval-print loop on standard input; the exit status.
int run_interactive(Dict* globals);
}  // namespace pt
