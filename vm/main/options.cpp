// Options and environment variables.
#include "vm/main/options.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gc/collector/collector.h"
#include "vm/modules/sys/config.h"
#include "vm/types/frame.h"

namespace pt {
namespace {

const char kUsage[] =
    "usage: ptpython [option] ... [-c cmd | -m mod | file | -] [arg] ...\n"
    "Options:\n"
    "-b     : issue warnings about comparing bytes with str (-bb: errors)\n"
    "-B     : don't write bytecode files on import; also PYTHONDONTWRITEBYTECODE=x\n"
    "-c cmd : program passed in as string (terminates option list)\n"
    "-d     : accepted for compatibility\n"
    "-E     : ignore PYTHON* environment variables\n"
    "-h     : print this help message and exit (also -? or --help)\n"
    "-i     : inspect interactively after running script; also PYTHONINSPECT=x\n"
    "-I     : isolate from the user's environment (implies -E and -s)\n"
    "-m mod : run library module as a script (terminates option list)\n"
    "-O     : remove assert and __debug__-dependent statements; also PYTHONOPTIMIZE=x\n"
    "-OO    : do -O changes and also discard docstrings\n"
    "-P     : don't prepend a potentially unsafe path to sys.path\n"
    "-q     : don't print version and copyright messages on interactive startup\n"
    "-s     : don't add user site directory to sys.path\n"
    "-S     : don't imply 'import site' on initialization\n"
    "-u     : force the stdout and stderr streams to be unbuffered\n"
    "-v     : verbose (trace import statements)\n"
    "-V     : print the version number and exit (also --version)\n"
    "-W arg : warning control; arg is action:message:category:module:lineno\n"
    "-x     : skip first line of source\n"
    "-X opt : set implementation-specific option\n"
    "file   : program read from script file\n"
    "-      : program read from stdin (default; interactive mode if a tty)\n"
    "arg ...: arguments passed to program in sys.argv[1:]\n";

const char kEnvironmentUsage[] =
    "Environment variables that change behavior:\n"
    "PYTHONDEVMODE       : development mode (-X dev)\n"
    "PYTHONDONTWRITEBYTECODE: don't write bytecode files (-B)\n"
    "PYTHONFAULTHANDLER  : show the traceback on fatal signals (-X faulthandler)\n"
    "PYTHONHASHSEED      : seed of the hashes of str and bytes, or random\n"
    "PYTHONHOME          : accepted for compatibility\n"
    "PYTHONINSPECT       : inspect interactively after running script (-i)\n"
    "PYTHONINTMAXSTRDIGITS: limit of digits between int and str (-X int_max_str_digits=number)\n"
    "PYTHONIOENCODING    : encoding[:errors] of the standard streams\n"
    "PYTHONNOUSERSITE    : don't add user site directory to sys.path (-s)\n"
    "PYTHONOPTIMIZE      : remove asserts (-O)\n"
    "PYTHONPATH          : folders put before the default module search path\n"
    "PYTHONPYCACHEPREFIX : root of a parallel tree of bytecode files (-X pycache_prefix=path)\n"
    "PYTHONSAFEPATH      : don't prepend a potentially unsafe path to sys.path (-P)\n"
    "PYTHONSTARTUP       : file executed on interactive startup\n"
    "PYTHONUNBUFFERED    : unbuffered standard streams (-u)\n"
    "PYTHONUTF8          : UTF-8 mode (-X utf8)\n"
    "PYTHONVERBOSE       : trace import statements (-v)\n"
    "PYTHONWARNINGS      : warning control (-W arg)\n"
    "PTPYTHON_JIT        : off, on or force (-X jit=...)\n"
    "PTPYTHON_GC_EVERY   : collect garbage at every so many allocations, for tests (-X gc_every=...)\n";
const char kXOptionsUsage[] =
    "The following implementation-specific options are available:\n"
    "-X dev      : development mode; also PYTHONDEVMODE\n"
    "-X faulthandler: show the traceback on fatal signals; also PYTHONFAULTHANDLER\n"
    "-X int_max_str_digits=number: limit of digits between int and str, 0 for none; also PYTHONINTMAXSTRDIGITS\n"
    "-X jit=off|on|force: the compiler; also PTPYTHON_JIT\n"
    "-X pycache_prefix=path: root of a parallel tree of bytecode files; also PYTHONPYCACHEPREFIX\n"
    "-X utf8[=0|1]: UTF-8 mode; also PYTHONUTF8\n";

int usage_error(const char* format, int c) {
  std::fprintf(stderr, format, c);
  std::fprintf(stderr,
               "usage: ptpython [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `python -h' for more information.\n");
  return 2;
}

bool environment_set(const char* name) {
  const char* v = std::getenv(name);
  return !g_config.ignore_environment && v && *v;
}

bool fatal(const char* where, const char* what) {
  std::fprintf(stderr, "Fatal Python error: %s: %s\nPython runtime state: core initialized\n", where, what);
  return false;
}

// The text of a limit of digits; false when it is none.
bool digit_limit(const char* text, int64_t* out) {
  char* end = nullptr;
  long long value = std::strtoll(text, &end, 10);
  if (!*text || *end || value < 0 || value > INT32_MAX || (value && value < 640)) return false;
  *out = value;
  return true;
}

// The value of -X name or -X name=value; nullptr when it was not given. The last one counts.
const char* x_option(const Options& options, const char* name) {
  size_t length = std::strlen(name);
  const char* found = nullptr;
  for (const char* x : options.x_options) {
    if (std::strncmp(x, name, length) == 0 && (!x[length] || x[length] == '=')) found = x + length + (x[length] == '=');
  }
  return found;
}

}  // namespace

int parse_options(int argc, char** argv, Options* o) {
  int i = 1;
  auto argument = [&](const char* rest, int* at) -> const char* {
    if (*rest) return rest;
    return *at + 1 < argc ? argv[++*at] : nullptr;
  };
  for (; i < argc; ++i) {
    const char* a = argv[i];
    if (a[0] != '-' || !a[1]) break;
    if (std::strcmp(a, "--help") == 0) {
      o->help = true;
      continue;
    }
    if (std::strcmp(a, "--help-env") == 0) {
      o->help_environment = true;
      continue;
    }
    if (std::strcmp(a, "--help-xoptions") == 0) {
      o->help_x_options = true;
      continue;
    }
    if (std::strcmp(a, "--help-all") == 0) {
      o->help = o->help_environment = o->help_x_options = true;
      continue;
    }
    if (std::strcmp(a, "--version") == 0) {
      o->version = true;
      continue;
    }
    if (std::strcmp(a, "--") == 0) {
      ++i;
      break;
    }
    if (a[1] == '-') {
      std::fprintf(stderr, "unknown option %s\n", a);
      return usage_error("", 0);
    }
    bool stop = false;
    for (const char* p = a + 1; *p && !stop; ++p) {
      switch (*p) {
        case 'b': ++g_config.bytes_warning; break;
        case 'B': g_config.dont_write_bytecode = true; break;
        case 'd': ++g_config.debug; break;
        case 'E': g_config.ignore_environment = true; break;
        case 'h':
        case '?': o->help = true; break;
        case 'i':
          ++g_config.inspect;
          ++g_config.interactive;
          break;
        case 'I': g_config.isolated = g_config.ignore_environment = g_config.no_user_site = g_config.safe_path = true; break;
        case 'O': ++g_config.optimize; break;
        case 'P': g_config.safe_path = true; break;
        case 'q': g_config.quiet = true; break;
        case 'R': o->random_hashes = true; break;
        case 's': g_config.no_user_site = true; break;
        case 'S': g_config.no_site = true; break;
        case 'u': g_config.unbuffered = true; break;
        case 'v': ++g_config.verbose; break;
        case 'V': o->version = true; break;
        case 'x': break;
        case 'c':
        case 'm':
        case 'W':
        case 'X': {
          const char* v = argument(p + 1, &i);
          if (!v) return usage_error("Argument expected for the -%c option\n", *p);
          if (*p == 'c') o->command = v;
          if (*p == 'm') o->module_name = v;
          if (*p == 'W') o->warn_options.push_back(v);
          if (*p == 'X') o->x_options.push_back(v);
          if (*p == 'c' || *p == 'm') {
            o->argv.push_back(*p == 'c' ? "-c" : "-m");
            for (++i; i < argc; ++i) o->argv.push_back(argv[i]);
            return 0;
          }
          stop = true;
          break;
        }
        default: return usage_error("Unknown option: -%c\n", *p);
      }
    }
  }
  if (i < argc) {
    o->file = argv[i];
    for (; i < argc; ++i) o->argv.push_back(argv[i]);
  } else {
    o->argv.push_back("");
  }
  return 0;
}

bool print_help(const Options& options) {
  if (options.help) std::fputs(kUsage, stdout);
  if (options.help_environment) std::fputs(kEnvironmentUsage, stdout);
  if (options.help_x_options) std::fputs(kXOptionsUsage, stdout);
  return options.help || options.help_environment || options.help_x_options;
}

bool configure(Options* o) {
  auto variable = [](const char* name) { return environment_set(name) ? std::getenv(name) : nullptr; };
  if (!g_config.ignore_environment) {
    if (const char* path = std::getenv("PYTHONPATH")) g_config.search_path = path;
    g_config.stdio_encoding = std::getenv("PYTHONIOENCODING");
    g_config.pycache_prefix = variable("PYTHONPYCACHEPREFIX");
  }
  if (variable("PYTHONDONTWRITEBYTECODE")) g_config.dont_write_bytecode = true;
  if (variable("PYTHONUNBUFFERED")) g_config.unbuffered = true;
  if (variable("PYTHONINSPECT")) ++g_config.inspect;
  if (variable("PYTHONNOUSERSITE")) g_config.no_user_site = true;
  if (variable("PYTHONSAFEPATH")) g_config.safe_path = true;
  if (const char* level = variable("PYTHONOPTIMIZE"); level && !g_config.optimize)
    g_config.optimize = std::max(1, std::atoi(level));
  if (const char* level = variable("PYTHONVERBOSE"); level && !g_config.verbose) g_config.verbose = std::max(1, std::atoi(level));
  if (const char* level = variable("PYTHONDEBUG"); level && !g_config.debug) g_config.debug = std::max(1, std::atoi(level));
  const char* seed = o->random_hashes ? nullptr : variable("PYTHONHASHSEED");
  g_config.hash_seed = seed;
  g_config.hash_randomization = !seed || std::strcmp(seed, "random") == 0 || std::strtoull(seed, nullptr, 10) != 0;
  g_columns_hidden = x_option(*o, "no_debug_ranges") || variable("PYTHONNODEBUGRANGES");
  g_config.dev_mode = x_option(*o, "dev") || variable("PYTHONDEVMODE");
  o->faulthandler = g_config.dev_mode || x_option(*o, "faulthandler") || variable("PYTHONFAULTHANDLER");
  g_config.warn_default_encoding = x_option(*o, "warn_default_encoding") || variable("PYTHONWARNDEFAULTENCODING");
  if (const char* prefix = x_option(*o, "pycache_prefix")) g_config.pycache_prefix = *prefix ? prefix : nullptr;
  if (const char* utf8 = x_option(*o, "utf8")) {
    if (*utf8 && std::strcmp(utf8, "0") != 0 && std::strcmp(utf8, "1") != 0) {
      return fatal("preconfig_init_utf8_mode", "invalid -X utf8 option value");
    }
    g_config.utf8_mode = std::strcmp(utf8, "0") != 0;
  } else if (const char* text = variable("PYTHONUTF8")) {
    if (std::strcmp(text, "0") != 0 && std::strcmp(text, "1") != 0) {
      return fatal("preconfig_init_utf8_mode", "invalid PYTHONUTF8 environment variable value");
    }
    g_config.utf8_mode = *text == '1';
  }
  if (const char* text = variable("PYTHONINTMAXSTRDIGITS"); text && !digit_limit(text, &g_config.int_max_str_digits)) {
    return fatal("config_init_int_max_str_digits", "PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited.");
  }
  if (const char* text = x_option(*o, "int_max_str_digits"); text && !digit_limit(text, &g_config.int_max_str_digits)) {
    return fatal("config_init_int_max_str_digits",
                 *text ? "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited."
                       : "-X int_max_str_digits: missing limit");
  }
  const char* interval = x_option(*o, "gc_every");
  if (!interval) interval = variable("PTPYTHON_GC_EVERY");
  if (int64_t allocations = interval ? std::atoll(interval) : 0; allocations > 0) set_collection_interval(allocations);
  // Later ones count more: the development mode's, the environment's, the command line's, those of -b.
  std::vector<const char*> warnings;
  if (g_config.dev_mode) warnings.push_back("default");
  if (const char* text = variable("PYTHONWARNINGS")) {
    std::string all = text;
    for (size_t at = 0; at <= all.size();) {
      size_t comma = std::min(all.find(',', at), all.size());
      o->environment_warnings.push_back(all.substr(at, comma - at));
      at = comma + 1;
    }
    for (const std::string& warning : o->environment_warnings) warnings.push_back(warning.c_str());
  }
  warnings.insert(warnings.end(), o->warn_options.begin(), o->warn_options.end());
  if (g_config.bytes_warning) warnings.push_back(g_config.bytes_warning > 1 ? "error::BytesWarning" : "default::BytesWarning");
  o->warn_options = std::move(warnings);
  return true;
}

}  // namespace pt
