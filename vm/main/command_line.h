#pragma once

namespace pt {
// Parses the command line, starts the runtime, runs what was asked for and shuts down; the exit status.
int run_main(int argc, char** argv);
}  // namespace pt
