// The _imp module: the table of native modules, shared objects, the import lock.
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

#include "gc/platform/memory.h"
#include "vm/import/import_state.h"
#include "vm/modules/imp/frozen.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/sys/sys_internal.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/buffer.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/thread.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/siphash.h"
#include "vm/types/tuple.h"

namespace pt {

#define PT_MODULE(symbol) extern const NativeModule symbol##_module;
#include "vm/modules/modules.def"
#undef PT_MODULE

namespace {

const NativeModule* const kModules[] = {
#define PT_MODULE(symbol) &symbol##_module,
#include "vm/modules/modules.def"
#undef PT_MODULE
};
constexpr const char* kSuffix = ".ptpython-311-x86_64-linux-gnu.so";

bool is_permanent(Str* name) { return name->equals_ascii("sys") || name->equals_ascii("builtins"); }

// ---- import lock -----------------------------------------------------------------------------------------------------

constinit ThreadLock g_import_lock;
constinit std::atomic<uint64_t> g_import_owner{0};
constinit int64_t g_import_depth = 0;  // the owner's

Ref<> imp_acquire_lock(const Value*) {
  import_lock_take();
  return none_ref();
}
Ref<> imp_release_lock(const Value*) {
  if (g_import_owner.load(std::memory_order_relaxed) != current_thread()->ident) {
    return raise(exc::RuntimeError, "not holding the import lock");
  }
  import_lock_leave();
  return none_ref();
}
Ref<> imp_lock_held(const Value*) { return bool_ref(g_import_owner.load(std::memory_order_relaxed) != 0); }

// ---- native modules ------------------------------------------------------------------------------------------------------

Ref<> permanent_module(Str* name) {
  return Ref<>::retain(Value::object(name->equals_ascii("sys") ? sys_module_object() : builtins_module_object()));
}

Ref<> imp_create_builtin(const Value* a) {
  Ref<> name = get_attribute(a[0], names::name_.str());
  if (!name) return Ref<>();
  if (!is_str(name.value())) return raise(exc::TypeError, "name must be string, not %T", name.value());
  if (is_permanent(as_str(name.value()))) return permanent_module(as_str(name.value()));
  const NativeModule* found = find_native_module(as_str(name.value()));
  if (!found) return none_ref();
  return native_module_import(*found);
}
Ref<> imp_exec_builtin(const Value*) { return int_from_int64(0); }
Ref<> imp_is_builtin(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "is_builtin() argument must be str, not %T", a[0]);
  if (is_permanent(as_str(a[0]))) return int_from_int64(-1);
  return int_from_int64(find_native_module(as_str(a[0])) != nullptr);
}

Ref<> imp_extension_suffixes(const Value*) {
  Ref<Str> suffix = str_from_ascii(kSuffix);
  if (!suffix) return Ref<>();
  Value v = suffix.value();
  return list_from(&v, 1);
}

// A shared object defines `extern "C" const pt::NativeModule ptpython_module_<last part of the name>`.
Ref<> imp_create_dynamic(const Value* a) {
  Ref<> name = get_attribute(a[0], names::name_.str()), origin = name ? get_attribute(a[0], "origin") : Ref<>();
  if (!origin) return Ref<>();
  if (!is_str(name.value())) return raise(exc::TypeError, "name must be string, not %T", name.value());
  PathArgument path;
  if (!path.convert(origin.value(), "create_dynamic", "origin")) return Ref<>();
  Utf8 utf8(as_str(name.value()));
  if (!utf8.ok() || !audit("import", {name.value(), origin.value(), none(), none(), none()})) return Ref<>();
  const char* leaf = std::strrchr(utf8.c_str(), '.');
  leaf = leaf ? leaf + 1 : utf8.c_str();
  char symbol[300];
  if (std::strlen(leaf) > 250) return raise(exc::ImportError, "module name too long");
  std::strcpy(symbol, "ptpython_module_");
  std::strcat(symbol, leaf);
  auto fail = [&](const char* text) -> Ref<> {
    Ref<Str> message = str_from_utf8(text);
    if (!message) return Ref<>();
    Ref<> error =
        call_keywords(Value::object(exc::ImportError), {message.value(), name.value(), origin.value()}, {"name", "path"});
    return error ? raise_object(error.value()) : Raised{};
  };
  void* handle;
  {
    Detached detached;
    handle = dlopen(path.c_str(), RTLD_NOW);
  }
  if (!handle) return fail(dlerror());
  auto* definition = static_cast<const NativeModule*>(dlsym(handle, symbol));
  if (!definition) return fail("dynamic module does not define a ptpython module");
  Ref<Module> module = native_module_import(*definition);
  if (module && !dict_set_str(module_dict(module.get()), names::file.str(), origin.value())) return Ref<>();
  return module;
}

// ---- code and hashes ---------------------------------------------------------------------------------------------------

bool fix_filename(Code* code, Value old_name, Value new_name) {
  Ref<> filename = code->filename.load(code);
  int same = equal(filename.value(), old_name);
  if (same < 0) return false;
  if (!same) return true;
  code->filename.store(code, Ref<>::retain(new_name));
  for (uint32_t k = 0; k < code->constant_count; ++k) {
    Value constant = code->constant(k);
    if (has_shape(constant, kShape_code) && !fix_filename(reinterpret_cast<Code*>(constant.as_object()), old_name, new_name))
      return false;
  }
  return true;
}
Ref<> imp_fix_co_filename(const Value* a) {
  if (!has_shape(a[0], kShape_code)) return raise_bad_argument("_fix_co_filename", 1, "code", a[0]);
  if (!is_str(a[1])) return raise_bad_argument("_fix_co_filename", 2, "str", a[1]);
  auto* code = reinterpret_cast<Code*>(a[0].as_object());
  Ref<> old_name = code->filename.load(code);
  return fix_filename(code, old_name.value(), a[1]) ? none_ref() : Ref<>();
}

Ref<> imp_source_hash(const Value* a) {
  int64_t key;
  if (!to_int64(a[0], &key)) return Ref<>();
  BufferView source(a[1]);
  if (!source.ok()) return Ref<>();
  uint64_t hash = siphash13({static_cast<uint64_t>(key), 0}, source.data(), static_cast<size_t>(source.size()));
  return bytes_from({reinterpret_cast<char*>(&hash), 8});
}

const NativeDef kFunctions[] = {
    {"extension_suffixes", "()", imp_extension_suffixes, "Returns the list of file suffixes used to identify extension modules."},
    {"lock_held", "()", imp_lock_held, "Return True if the import lock is currently held, else False."},
    {"acquire_lock", "()", imp_acquire_lock, "Acquires the interpreter's import lock for the current thread."},
    {"release_lock", "()", imp_release_lock, "Release the interpreter's import lock."},
    {"create_builtin", "(spec, /)", imp_create_builtin, "Create an extension module."},
    {"is_builtin", "(name, /)", imp_is_builtin, "Returns True if the module name corresponds to a built-in module."},
    {"create_dynamic", "(spec, file=None, /)", imp_create_dynamic, "Create an extension module."},
    {"exec_dynamic", "(mod, /)", imp_exec_builtin, "Initialize an extension module."},
    {"exec_builtin", "(mod, /)", imp_exec_builtin, "Initialize a built-in module."},
    {"_fix_co_filename", "(code, path, /)", imp_fix_co_filename, "Changes code.co_filename to specify the passed-in file path."},
    {"source_hash", "(key, source)", imp_source_hash},
    {},
};

bool imp_execute(Module* module) {
  if (!module_add_text(module, "check_hash_based_pycs", "default")) return false;
  Value name = Value::object(intern("_imp"));
  for (const NativeDef* def = kFrozenFunctions; def->name; ++def) {
    if (!module_add(module, def->name, native_function_new(def, Value::object(module), name))) return false;
  }
  return true;
}

}  // namespace

const NativeModule* find_native_module(Str* name) {
  for (const NativeModule* module : kModules) {
    if (name->equals_ascii(module->name)) return module;
  }
  return nullptr;
}

Ref<> import_native(Str* name) {
  if (is_permanent(name)) return permanent_module(name);
  const NativeModule* found = find_native_module(name);
  if (!found) return Ref<>();
  Ref<Module> module = native_module_import(*found);
  if (!module || !dict_set(sys_modules(), Value::object(name), module.value())) return Ref<>();
  return module;
}

bool sys_add_builtin_names(Dict* d) {
  constexpr size_t kCount = sizeof kModules / sizeof kModules[0];
  const char* names_list[kCount + 2];
  for (size_t i = 0; i < kCount; ++i) names_list[i] = kModules[i]->name;
  names_list[kCount] = "sys";
  names_list[kCount + 1] = "builtins";
  std::qsort(names_list, kCount + 2, sizeof(char*), [](const void* a, const void* b) {
    return std::strcmp(*static_cast<const char* const*>(a), *static_cast<const char* const*>(b));
  });
  Ref<Tuple> tuple = tuple_allocate(kCount + 2);
  if (!tuple) return false;
  for (size_t i = 0; i < kCount + 2; ++i) tuple->items[i].init(Ref<>::retain(Value::object(intern(names_list[i]))));
  return dict_set_text(d, "builtin_module_names", tuple.value());
}

void import_lock_take() {
  uint64_t self = current_thread()->ident;
  if (g_import_owner.load(std::memory_order_relaxed) == self) {
    ++g_import_depth;
    return;
  }
  while (g_import_lock.acquire(-1, false) != Acquire::kTaken) {
  }
  g_import_owner.store(self, std::memory_order_relaxed);
  g_import_depth = 1;
}
void import_lock_leave() {
  if (--g_import_depth) return;
  g_import_owner.store(0, std::memory_order_relaxed);
  g_import_lock.release();
}

extern const NativeModule imp_module;
const NativeModule imp_module = {"_imp", "(Extremely) low-level import machinery bits as used by importlib and imp.", kFunctions,
                                 imp_execute};
}  // namespace pt
