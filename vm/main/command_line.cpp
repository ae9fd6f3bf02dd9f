// The command line: options, running -c, -m, a file, stdin or the interactive loop, exit status.
#include "vm/main/command_line.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "vm/import/import.h"
#include "vm/interp/frames.h"
#include "vm/jit/jit.h"
#include "vm/main/finalize.h"
#include "vm/main/interactive.h"
#include "vm/main/options.h"
#include "vm/modules/atexit/atexit.h"
#include "vm/modules/codecs/registry.h"
#include "vm/modules/signal/signals.h"
#include "vm/modules/support/arguments.h"
#include "vm/jit/jit.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/thread/finalizers.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/runtime/builtins.h"
#include "vm/runtime/interpreters.h"
#include "vm/runtime/runtime.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

extern "C" [[gnu::weak]] int __llvm_profile_write_file();  // there in the build that makes a profile

namespace pt {

extern bool (*g_run_signal_handlers)();

namespace {

std::string executable_path(const char* argv0) {
  char buffer[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", buffer, sizeof(buffer) - 1);
  if (n > 0) return std::string(buffer, static_cast<size_t>(n));
  return argv0;
}

Ref<> import_statement(Value name, Value globals, Value locals, Value from_list, Value level) {
  if (!is_str(name)) return raise(exc::TypeError, "__import__() argument 1 must be str, not %T", name);
  int64_t n = 0;
  if (!level.empty() && !to_int64(level, &n)) return Ref<>();
  return import_name(as_str(name), globals, locals, from_list.empty() ? none() : from_list, n);
}

// ---- running
// -------------------------------------------------------------------------------------------------------------------

bool read_all(FILE* f, std::string* out) {
  char buffer[1 << 16];
  size_t n;
  while ((n = std::fread(buffer, 1, sizeof(buffer), f)) > 0) out->append(buffer, n);
  return !std::ferror(f);
}

// The program ended by a KeyboardInterrupt: so does the process, by the signal.
bool g_interrupted = false;

// Status of the pending exception after it was reported: SystemExit's code, 1, or 130 for KeyboardInterrupt.
}  // namespace

int report_pending() {
  Ref<> exception = take_error();
  if (!exception) return 1;
  if (is_subtype(type_of(exception.value()), exc::SystemExit)) {
    Ref<> code = find_attribute(exception.value(), names::code_.str());
    clear_error();
    if (!code || is_none(code.value())) return 0;
    if (is_int(code.value())) {
      int64_t n;
      return int_to_int64(code.value(), &n) ? static_cast<int>(n & 0xFF) : 255;
    }
    // Anything else is printed to stderr.
    Ref<> err = sys_get("stderr");
    Ref<> text = str(code.value());
    if (err && text && !is_none(err.value())) {
      Ref<> written = call_method(err.value(), "write", {text.value()});
      if (written) written = call_method(err.value(), "write", {Value::object(intern("\n"))});
    }
    clear_error();
    return 1;
  }
  bool interrupted = is_subtype(type_of(exception.value()), exc::KeyboardInterrupt);
  report_exception(exception.value());
  clear_error();
  g_interrupted = interrupted;
  return interrupted ? 130 : 1;
}

namespace {

int run_text(std::string_view source, const char* filename, Dict* globals, bool from_file) {
  Ref<Str> name = str_from_filesystem(filename);
  if (!name) return report_pending();
  CompileRequest request;
  request.source = source;
  request.filename = name.get();
  request.is_str = !from_file;
  request.is_script = from_file;
  Ref<> code = compile_text(request);
  if (!code) return report_pending();
  Ref<> result = exec_code(code.value(), globals);
  return result ? 0 : report_pending();
}

// -c. What the system's encoding makes of the argument must be text.
int run_command(const char* command, Dict* globals) {
  Ref<Str> text = str_from_filesystem(command);
  Ref<> encoded = text ? call_method(text.value(), "encode") : Ref<>();
  if (!encoded) {
    std::fputs("Unable to decode the command from the command line:\n", stderr);
    return report_pending();
  }
  return run_text(std::string(command) + '\n', "<string>", globals, false);
}

int run_module(const char* module_name, bool alter_argv) {
  Ref<> function = import_attribute("runpy", "_run_module_as_main");
  if (!function) {
    std::fputs("Could not import runpy module\n", stderr);
    return report_pending();
  }
  Ref<Str> name = str_from_filesystem(module_name);
  if (!name) return report_pending();
  Ref<> result = call_values(function.value(), {name.value(), boolean(alter_argv)});
  return result ? 0 : report_pending();
}

bool path_insert(Value entry) {
  Ref<> path = sys_get("path");
  return path && is_list(path.value()) && list_insert(as_list(path.value()), 0, Ref<>::retain(entry));
}

int run_file(const char* given, Dict* globals) {
  // sys.argv keeps the path as it was given.
  std::string absolute = given;
  if (char here[PATH_MAX]; given[0] != '/' && getcwd(here, sizeof here)) absolute = std::string(here) + '/' + given;
  const char* path = absolute.c_str();
  struct stat info;
  if (stat(path, &info) != 0) {
    std::fprintf(stderr, "%s: can't open file '%s': [Errno %d] %s\n", g_config.executable, path, errno, std::strerror(errno));
    return 2;
  }
  auto run_folder = [&] {
    Ref<Str> entry = str_from_filesystem(path);
    if (!entry || !path_insert(entry.value())) return report_pending();
    return run_module("__main__", false);
  };
  if (S_ISDIR(info.st_mode)) return run_folder();
  FILE* f = std::fopen(path, "rb");
  if (!f) {
    std::fprintf(stderr, "%s: can't open file '%s': [Errno %d] %s\n", g_config.executable, path, errno, std::strerror(errno));
    return 2;
  }
  std::string source;
  bool ok = read_all(f, &source);
  std::fclose(f);
  if (!ok) {
    std::fprintf(stderr, "%s: can't read '%s'\n", g_config.executable, path);
    return 2;
  }
  // An archive ends with its directory, whatever it begins with.
  size_t tail = source.size() > 65557 ? source.size() - 65557 : 0;
  if (source.find(std::string_view("PK\5\6", 4), tail) != std::string::npos) return run_folder();
  size_t length = std::strlen(path);
  bool compiled = length > 4 && std::strcmp(path + length - 4, ".pyc") == 0;
  Ref<Str> name = str_from_filesystem(path);
  if (!name || !dict_set_str(globals, names::file.str(), name.value()) || !dict_set_text(globals, "__cached__", none())) {
    return report_pending();
  }
  Ref<> loader_class = import_attribute("_frozen_importlib_external", compiled ? "SourcelessFileLoader" : "SourceFileLoader");
  if (loader_class) {
    Ref<> loader = call_values(loader_class.value(), {names::main.value(), name.value()});
    if (loader) dict_set_str(globals, names::loader.str(), loader.value());
  }
  clear_error();
  // sys.path[0] is the script's folder, links resolved.
  if (!g_config.safe_path) {
    char resolved[PATH_MAX];
    std::string folder = realpath(path, resolved) ? resolved : path;
    size_t slash = folder.rfind('/');
    folder = slash == std::string::npos ? "" : slash == 0 ? "/" : folder.substr(0, slash);
    Ref<Str> entry = str_from_filesystem(folder);
    if (!entry || !path_insert(entry.value())) return report_pending();
  }
  if (compiled) {
    Ref<> loader = dict_get_str(globals, names::loader.str());
    Ref<> code = loader ? call_method(loader.value(), "get_code", {names::main.value()}) : Ref<>();
    Ref<> result = code ? exec_code(code.value(), globals) : Ref<>();
    return result ? 0 : report_pending();
  }
  return run_text(source, path, globals, true);
}

int run_stdin(Dict* globals) {
  if (isatty(0) || g_config.interactive) return run_interactive(globals);
  std::string source;
  read_all(stdin, &source);
  Ref<Str> name = str_from_ascii("<stdin>");
  if (name) dict_set_str(globals, names::file.str(), name.value());
  return run_text(source, "<stdin>", globals, true);
}

// The locale's character type, for the libraries that use it (line editing). The C locale becomes UTF-8 (PEP 538).
void set_character_locale() {
  const char* now = std::setlocale(LC_CTYPE, "");
  const char* all = std::getenv("LC_ALL");
  const char* coerce = g_config.ignore_environment ? nullptr : std::getenv("PYTHONCOERCECLOCALE");
  if (!now || std::strcmp(now, "C") != 0 || (all && *all) || (coerce && std::strcmp(coerce, "0") == 0)) return;
  for (const char* name : {"C.UTF-8", "C.utf8", "UTF-8"}) {
    if (!std::setlocale(LC_CTYPE, name)) continue;
    setenv("LC_CTYPE", name, 1);
    return;
  }
}

}  // namespace

int run_main(int argc, char** argv) {
  Options options;
  if (int status = parse_options(argc, argv, &options)) return status;
  if (print_help(options)) return 0;
  if (options.version) {
    std::puts("Python 3.11.2 (ptpython 0.1.0)");
    return 0;
  }
  std::string executable = executable_path(argv[0]);
  g_config.executable = executable.c_str();
  g_config.argv = options.argv.data();
  g_config.argc = static_cast<int>(options.argv.size());
  g_config.original_argv = argv;
  g_config.original_argc = argc;
  if (!configure(&options)) return 1;
  g_config.warn_options = options.warn_options.data();
  g_config.warn_option_count = static_cast<int>(options.warn_options.size());
  g_config.x_options = options.x_options.data();
  g_config.x_option_count = static_cast<int>(options.x_options.size());
  bool compiles_library = false;
  for (const char* x : options.x_options) {
    if (std::strcmp(x, "compile_library") == 0) compiles_library = true;  // for the build and the installation
  }

  set_character_locale();
  jit::initialise();
  start_core();
  g_import = import_statement;
  g_run_signal_handlers = run_signal_handlers;
  init_codecs();
  if (!start_interpreter()) {
    std::fputs("Fatal Python error: the runtime cannot be initialised\n", stderr);
    if (error_pending()) {
      Ref<> exception = take_error();
      display_exception(exception.value());
      Ref<> text = repr(exception.value());
      if (text) {
        Utf8 utf8(as_str(text.value()));
        std::fprintf(stderr, "%s\n", utf8.ok() ? utf8.c_str() : "?");
      }
    }
    return 1;
  }
  if (compiles_library) {
    std::printf("%lld files\n", static_cast<long long>(compile_library()));
    std::fflush(nullptr);
    std::_Exit(0);
  }
  int status = 0;
  Dict* globals = main_globals();
  bool ok = true;
  if (g_config.warn_option_count > 0) {
    // Their filters are made by the Python module.
    Ref<> warnings = import_module("warnings");
    if (!warnings) {
      std::fputs("'import warnings' failed; traceback:\n", stderr);
      report_exception(take_error().value());
    }
  }
  if (!g_config.no_site) {
    Ref<> site = import_module("site");
    if (!site) {
      std::fputs("Fatal Python error: init_import_site: Failed to import the site module\n", stderr);
      return report_pending();
    }
  }
  int64_t startup_modules = loaded_module_count();
  if (options.faulthandler) {
    Ref<> enable = import_attribute("faulthandler", "enable");
    Ref<> enabled = enable ? call0(enable.value()) : Ref<>();
    if (!enabled) clear_error();
  }
  if (options.command) {
    if (!g_config.safe_path) {
      Ref<Str> empty = str_from_ascii("");
      ok = empty && path_insert(empty.value());
    }
    status = ok ? run_command(options.command, globals) : report_pending();
  } else if (options.module_name) {
    if (!g_config.safe_path) {
      char here[PATH_MAX];
      Ref<Str> folder = str_from_filesystem(getcwd(here, sizeof(here)) ? here : "");
      ok = folder && path_insert(folder.value());
    }
    status = ok ? run_module(options.module_name, true) : report_pending();
  } else if (options.file && std::strcmp(options.file, "-") != 0) {
    status = run_file(options.file, globals);
  } else {
    if (!g_config.safe_path) {
      Ref<Str> empty = str_from_ascii("");
      ok = empty && path_insert(empty.value());
    }
    status = ok ? run_stdin(globals) : report_pending();
  }
  if (g_config.inspect && (options.command || options.module_name || options.file) && (g_config.interactive || isatty(0))) {
    status = run_interactive(globals);
  }
  wait_for_threads();
  finish_finalizers();
  run_atexit_callbacks();
  set_finalizing();
  bool flushed = flush_standard_streams() >= 0;
  finalize_modules(globals, startup_modules);
  if ((flush_standard_streams() < 0 || !flushed) && status == 0) status = 120;
  std::fflush(nullptr);
  if (g_interrupted && status == 130) {
    std::signal(SIGINT, SIG_DFL);
    ::raise(SIGINT);
  }
  if (__llvm_profile_write_file) __llvm_profile_write_file();
  // Daemon threads may still run: they are never joined, and nothing they use is torn down.
  std::_Exit(status);
}

}  // namespace pt
