#pragma once
// The import system: importlib's own code does the work; this starts it and serves the common case, a module that is
// already there, without running any Python code.
#include <string_view>

#include "gc/refcount/ref.h"

namespace pt {

struct Dict;
struct Str;

// Start-up of an interpreter, after init_sys: loads importlib's bootstrap code from the library, installs it,
// sets sys.path, sys.meta_path and sys.path_hooks. False with an exception pending.
bool init_import();

// What the import statement and builtins.__import__ do. globals may be empty or None.
Ref<> import_name(Str* name, Value globals, Value locals, Value fromlist, int64_t level);
// `from module import name`: the attribute, or the submodule in sys.modules; ImportError "cannot import name ...".
Ref<> import_from(Value module, Str* name);

// Code of a source file, from the bytecode cache when that is fresh; writes the cache where it can. `shown` is co_filename.
Ref<> load_source_code(std::string_view path, Str* shown);
// Writes the bytecode file of a source where it is missing or old, for the distribution's library. False: out of memory.
bool compile_to_cache(const char* source_path);
// The same for all of the distribution's library and our own but tests (build and installation); the number of files.
int64_t compile_library();
// Folder of CPython's pure-Python library, and our own library folder ("" when there is none).
const char* library_folder();
const char* own_library_folder();
// Magic number of our bytecode files: 4 bytes.
std::string_view bytecode_magic();
// importlib._bootstrap's module of the interpreter that runs, once init_import has run.
Value bootstrap_module();

}  // namespace pt
