#pragma once
// What the command line and the environment said, filled by the main program before the runtime starts.
#include <cstdint>

namespace pt {

struct RuntimeConfig {
  const char* executable = "";            // absolute path of the running program
  const char* library = nullptr;          // CPython's pure-Python library; nullptr: PTPYTHON_LIB or the configured place
  const char* own_library = nullptr;      // our lib/; nullptr: found beside the executable or in the source tree
  const char* const* argv = nullptr;      // sys.argv, file system bytes
  int argc = 0;
  const char* const* original_argv = nullptr;
  int original_argc = 0;
  const char* const* warn_options = nullptr;
  int warn_option_count = 0;
  const char* const* x_options = nullptr;  // "name" or "name=value"
  int x_option_count = 0;
  const char* pycache_prefix = nullptr;
  const char* search_path = nullptr;      // PYTHONPATH, colon separated; nullptr: none
  const char* stdio_encoding = nullptr;   // PYTHONIOENCODING: "encoding[:errors]"
  const char* hash_seed = nullptr;        // PYTHONHASHSEED; nullptr: random
  int debug = 0, inspect = 0, interactive = 0, optimize = 0;
  bool dont_write_bytecode = false, no_user_site = false, no_site = false, ignore_environment = false;
  int verbose = 0, bytes_warning = 0;
  bool quiet = false, hash_randomization = true, isolated = false, dev_mode = false, utf8_mode = false;
  bool warn_default_encoding = false, safe_path = false, unbuffered = false;
  int64_t int_max_str_digits = -1;        // -1: the default
};
extern RuntimeConfig g_config;            // written before start-up only

}  // namespace pt
