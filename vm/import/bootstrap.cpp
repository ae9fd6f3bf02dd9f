// Start of the import system: importlib's two bootstrap files are loaded from the library's source as CPython loads its
// frozen copies, then sys.path is set up.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/import/import.h"
#include "vm/import/import_state.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"

#ifndef PT_PYTHON_LIB
#define PT_PYTHON_LIB "/usr/lib/python3.11"
#endif
#ifndef PT_OWN_LIB
#define PT_OWN_LIB ""
#endif

namespace pt {
namespace {

constexpr size_t kPathMax = 4096;
constinit char g_library[kPathMax] = "", g_own_library[kPathMax] = "", g_dynload[kPathMax] = "";

bool is_folder(const char* path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void find_folders() {
  const char* wanted = g_config.library;
  if (!wanted && !g_config.ignore_environment) wanted = std::getenv("PTPYTHON_LIB");
  if (!wanted || !*wanted) wanted = PT_PYTHON_LIB;
  std::snprintf(g_library, sizeof g_library, "%s", wanted);
  // Shared objects: <prefix>/lib/ptpython3.11-dynload, in the build tree too.
  const char* slash = std::strrchr(g_config.executable, '/');
  if (slash) {
    std::snprintf(g_dynload, sizeof g_dynload, "%.*s/../lib/ptpython3.11-dynload", static_cast<int>(slash - g_config.executable),
                  g_config.executable);
    char* resolved = realpath(g_dynload, nullptr);
    std::snprintf(g_dynload, sizeof g_dynload, "%s", resolved ? resolved : "");
    std::free(resolved);
  }
  if (g_config.own_library) {
    std::snprintf(g_own_library, sizeof g_own_library, "%s", g_config.own_library);
    return;
  }
  // Installed: <prefix>/bin/ptpython with <prefix>/lib/ptpython3.11; else the source tree.
  if (slash) {
    std::snprintf(g_own_library, sizeof g_own_library, "%.*s/../lib/ptpython3.11", static_cast<int>(slash - g_config.executable),
                  g_config.executable);
    if (is_folder(g_own_library)) {
      char* resolved = realpath(g_own_library, nullptr);
      if (resolved) {
        std::snprintf(g_own_library, sizeof g_own_library, "%s", resolved);
        std::free(resolved);
      }
      return;
    }
  }
  std::snprintf(g_own_library, sizeof g_own_library, "%s", PT_OWN_LIB);
  if (g_own_library[0] && !is_folder(g_own_library)) g_own_library[0] = 0;
}

// Executes one of the bootstrap files as module `name`.
Ref<Module> load_frozen(const char* name, const char* file, const char* shown) {
  char path[kPathMax + 64];
  std::snprintf(path, sizeof path, "%s/importlib/%s", g_library, file);
  Ref<Str> module_name = str_from_ascii(name), filename = str_from_ascii(shown);
  if (!module_name || !filename) return Ref<Module>();
  Ref<> code = load_source_code(path, filename.get());
  if (!code) return Ref<Module>();
  Ref<Module> module = module_new(module_name.get());
  if (!module || !dict_set(sys_modules(), module_name.value(), module.value())) return Ref<Module>();
  Dict* d = module_dict(module.get());
  Value builtins = Value::object(builtins_module_object());
  if (!dict_set_str(d, names::builtins.str(), builtins)) return Ref<Module>();
  Ref<> result = exec_code(code.value(), d);
  if (!result) return Ref<Module>();
  return module;
}

bool append_path(List* list, const char* text) {
  Ref<Str> entry = fs_decode(text);
  return entry && list_append(list, std::move(entry));
}

bool set_paths() {
  Ref<List> path = list_new();
  if (!path) return false;
  if (g_config.search_path) {
    const char* at = g_config.search_path;
    while (*at) {
      const char* end = std::strchr(at, ':');
      size_t length = end ? static_cast<size_t>(end - at) : std::strlen(at);
      Ref<Str> entry = fs_decode({at, length});
      if (!entry || !list_append(path.get(), std::move(entry))) return false;
      at += length + (end ? 1 : 0);
    }
  }
  if (g_own_library[0] && !append_path(path.get(), g_own_library)) return false;
  if (!append_path(path.get(), g_library) || (g_dynload[0] && !append_path(path.get(), g_dynload)) ||
      !sys_set("path", path.value()))
    return false;
  // The prefix is where <prefix>/lib/python3.11 lies.
  char prefix[kPathMax];
  std::snprintf(prefix, sizeof prefix, "%s", g_library);
  for (int up = 0; up < 2; ++up) {
    char* slash = std::strrchr(prefix, '/');
    if (slash) *slash = 0;
  }
  if (!prefix[0]) std::strcpy(prefix, "/");
  Ref<Str> prefix_text = fs_decode(prefix), library_text = fs_decode(g_library);
  if (!prefix_text || !library_text) return false;
  for (const char* name : {"prefix", "exec_prefix", "base_prefix", "base_exec_prefix"}) {
    if (!sys_set(name, prefix_text.value())) return false;
  }
  return sys_set("_stdlib_dir", library_text.value());
}

// zipimport from the library's folder, whatever sys.path says: the path being looked at may itself need it.
Ref<> zipimport_module() {
  Ref<> modules = sys_get("modules");
  Ref<> loaded = modules ? dict_get_text(as_dict(modules.value()), "zipimport") : Ref<>();
  if (loaded) return loaded;
  Ref<> make_spec = import_attribute("_frozen_importlib_external", "spec_from_file_location");
  Ref<> load = import_attribute("_frozen_importlib", "_load");
  Ref<Str> name = str_from_ascii("zipimport");
  Ref<Str> file = str_format("%s/zipimport.py", g_library);
  if (!make_spec || !load || !name || !file) return Ref<>();
  Ref<> spec = call_values(make_spec.value(), {name.value(), file.value()});
  return spec ? call1(load.value(), spec.value()) : Ref<>();
}

// A path hook that loads zipimport only for paths that can be archives.
Ref<> zip_hook(const Value* a) {
  PathArgument path;
  if (!path.convert(a[0], "zipimport", "path")) return Ref<>();
  struct stat status;
  // An archive may be named with a folder inside it: look at the longest part that exists.
  char text[kPathMax];
  if (path.view().size() >= sizeof text) return raise(exc::ImportError, "not a zip file");
  std::strcpy(text, path.c_str());
  bool found = false;
  while (text[0]) {
    if (stat(text, &status) == 0) {
      found = S_ISREG(status.st_mode);
      break;
    }
    char* slash = std::strrchr(text, '/');
    if (!slash) break;
    *slash = 0;
  }
  if (!found) return raise(exc::ImportError, "not a zip file");
  Ref<> module = zipimport_module();
  Ref<> importer = module ? get_attribute(module.value(), "zipimporter") : Ref<>();
  return importer ? call1(importer.value(), a[0]) : Ref<>();
}
const NativeDef kZipHook = {"zip_path_hook", "(path, /)", zip_hook};

bool add_zip_hook() {
  Ref<> hooks = sys_get("path_hooks");
  Ref<Str> module_name = str_from_ascii("_ptpython");
  Ref<> hook = module_name ? native_function_new(&kZipHook, Value(), module_name.value()) : Ref<>();
  return hooks && hook && list_insert(as_list(hooks.value()), 0, std::move(hook));
}

// The two bootstrap modules get specs, as CPython's frozen ones have.
bool add_spec(Value module, const char* name) {
  Ref<> spec_class = get_attribute(bootstrap_module(), "ModuleSpec"),
        loader = get_attribute(bootstrap_module(), "FrozenImporter");
  Ref<Str> text = str_from_ascii(name), origin = str_from_ascii("frozen"), empty = str_from_ascii("");
  if (!spec_class || !loader || !text || !origin || !empty) return false;
  Ref<> spec = call_keywords(spec_class.value(), {text.value(), loader.value(), origin.value()}, {"origin"});
  return spec && set_attribute(module, names::spec.str(), spec.value()) &&
         set_attribute(module, names::loader.str(), loader.value()) && set_attribute(module, names::package.str(), empty.value());
}

}  // namespace

Value bootstrap_module() {
  Object* module = of_interpreter(PerInterpreter::kBootstrap);
  return module ? Value::object(module) : Value();
}
const char* library_folder() { return g_library; }
const char* own_library_folder() { return g_own_library; }

bool init_import() {
  if (in_main_interpreter()) find_folders();
  if (!set_paths()) return false;
  Ref<Module> bootstrap = load_frozen("_frozen_importlib", "_bootstrap.py", "<frozen importlib._bootstrap>");
  if (!bootstrap) return false;
  Ref<Str> imp_name = str_from_ascii("_imp");
  Ref<> imp = imp_name ? import_native(imp_name.get()) : Ref<>();
  if (!imp) return false;
  Value sys = Value::object(sys_module_object());
  Ref<> installed = call_method(bootstrap.value(), "_install", {sys, imp.value()});
  if (!installed || !patch_bootstrap(bootstrap.value())) return false;
  Value importlib = bootstrap.value();
  current_interpreter()->keep(PerInterpreter::kBootstrap, std::move(bootstrap));
  Ref<Module> external =
      load_frozen("_frozen_importlib_external", "_bootstrap_external.py", "<frozen importlib._bootstrap_external>");
  if (!external || !patch_bootstrap_external(external.value())) return false;
  // What _bootstrap._install_external_importers does for the frozen copy.
  if (!set_attribute(importlib, intern("_bootstrap_external"), external.value())) return false;
  installed = call_method(external.value(), "_install", {importlib});
  if (!installed) return false;
  return add_spec(importlib, "_frozen_importlib") && add_spec(external.value(), "_frozen_importlib_external") && add_zip_hook();
}

}  // namespace pt
