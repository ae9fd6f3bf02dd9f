#pragma once
// The command line's options, and what they and the environment mean for the configuration.
#include <string>
#include <vector>

namespace pt {

struct Options {
  const char* command = nullptr;
  const char* module_name = nullptr;
  const char* file = nullptr;   // "-": stdin
  bool help = false, help_environment = false, help_x_options = false, version = false;
  bool faulthandler = false, random_hashes = false;
  std::vector<const char*> warn_options, x_options;
  std::vector<const char*> argv;
  std::vector<std::string> environment_warnings;  // holds what warn_options points to
};

// 0, or the exit status of a usage error.
int parse_options(int argc, char** argv, Options* options);
// --help and its kin: true when something was printed and the process is done.
bool print_help(const Options& options);
// Takes the environment's variables and the -X options into g_config. False after a fatal error was reported.
bool configure(Options* options);

}  // namespace pt
