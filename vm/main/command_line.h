#pragma once

namespace pt {
// Parses the command line, starts the runtime, runs what was asked for and shuts down; the exit status.
int run_main(int argc, char** argv);
// The exit status of a program that ends with the pending exception, which is shown; of SystemExit only its message is.
int report_pending();
}  // namespace pt
