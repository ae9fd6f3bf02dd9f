#pragma once
// Shared by the import system and the _imp module.
#include "gc/refcount/ref.h"

namespace pt {

struct NativeModule;
struct Str;

// The native module of that name, or nullptr. sys and builtins are not in the table.
const NativeModule* find_native_module(Str* name);
// Makes a native module (or gives sys or builtins) and puts it in sys.modules; empty without an exception when there is none.
Ref<> import_native(Str* name);
// _imp.acquire_lock and release_lock: recursive. Waits detached.
void import_lock_take();
void import_lock_leave();
// importlib.util.cache_from_source's folder for a source file whose own folder is not ours to write: "" when it is.
bool cache_is_redirected(const char* source_path);
const char* cache_folder();
// Replaces what _bootstrap does where other threads may see a module being moved (moving_parents.cpp).
bool patch_bootstrap(Value module);
// Replaces what _bootstrap_external says about cache paths and the magic number.
bool patch_bootstrap_external(Value module);

}  // namespace pt
