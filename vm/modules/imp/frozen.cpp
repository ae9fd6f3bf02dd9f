#include "vm/modules/imp/frozen.h"

#include <atomic>
#include <string>

#include "vm/import/import_state.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

struct FrozenModule {
  const char* name;
  const char* origin;  // the module it is a copy of ("<" before a package's __init__); nullptr: none
  const char* file;    // in the library; nullptr: empty code
  bool is_package;
};
constexpr FrozenModule kFrozen[] = {{"__hello__", "__hello__", "__hello__.py", false},
                                    {"__hello_alias__", "__hello__", "__hello__.py", false},
                                    {"__phello_alias__", "__hello__", "__hello__.py", true},
                                    {"__phello_alias__.spam", "__hello__", "__hello__.py", false},
                                    {"__phello__", "__phello__", "__phello__/__init__.py", true},
                                    {"__phello__.__init__", "<__phello__", "__phello__/__init__.py", false},
                                    {"__phello__.ham", "__phello__.ham", nullptr, true},
                                    {"__phello__.ham.__init__", "<__phello__.ham", nullptr, false},
                                    {"__phello__.ham.eggs", "__phello__.ham.eggs", nullptr, false},
                                    {"__phello__.spam", "__phello__.spam", "__phello__/spam.py", false},
                                    {"__hello_only__", nullptr, "__hello__.py", false}};
// _override_frozen_modules_for_tests: negative hides them.
constinit std::atomic<int> g_override{0};

const FrozenModule* find(Value name) {
  if (!is_str(name) || g_override.load(std::memory_order_relaxed) < 0) return nullptr;
  for (const FrozenModule& module : kFrozen) {
    if (as_str(name)->equals_ascii(module.name)) return &module;
  }
  return nullptr;
}
Raised no_such(Value name) {
  Ref<Str> message = str_format("No such frozen object named %R", name);
  Ref<Tuple> names = tuple_of({Value::object(intern("name"))});
  if (!message || !names) return {};
  Value values[] = {message.value(), name};
  Ref<> error = call(Value::object(exc::ImportError), Args{values, 1, names.get()});
  return error ? raise_object(error.value()) : Raised{};
}

Ref<> code_of(const FrozenModule& module) {
  Ref<Str> filename = str_format("<frozen %s>", module.origin ? module.origin + (module.origin[0] == '<') : "frozen_only");
  if (!filename) return filename;
  if (!module.file) return compile_source("", filename.get());
  Ref<> folder = sys_get("_stdlib_dir");
  if (!folder) return raise(exc::ImportError, "no library");
  Ref<Str> path = str_format("%V/%s", folder.value(), module.file);
  Ref<> open = import_attribute("_io", "open_code");
  Ref<> file = path && open ? call1(open.value(), path.value()) : Ref<>();
  if (!file) return file;
  Ref<> data = call_method(file.value(), "read");
  Ref<> closed = call_method(file.value(), "close");
  if (!data || !closed) return Ref<>();
  return compile_source(as_bytes(data.value())->view(), filename.get());
}

Ref<> is_frozen(const Value* a) { return bool_ref(find(a[0])); }
Ref<> find_frozen(const Value* a) {
  const FrozenModule* module = find(a[0]);
  if (!module) return none_ref();
  Ref<> origin = module->origin ? Ref<>(str_from_ascii(module->origin)) : none_ref();
  return origin ? Ref<>(tuple_of({none(), boolean(module->is_package), origin.value()})) : Ref<>();
}
Ref<> get_frozen_object(const Value* a) {
  const FrozenModule* module = find(a[0]);
  if (!module) return no_such(a[0]);
  return code_of(*module);
}
Ref<> is_frozen_package(const Value* a) {
  const FrozenModule* module = find(a[0]);
  if (!module) return no_such(a[0]);
  return bool_ref(module->is_package);
}
Ref<> init_frozen(const Value*) { return none_ref(); }
Ref<> frozen_module_names(const Value*) {
  Ref<List> names = list_new();
  for (const FrozenModule& module : kFrozen) {
    if (!names || !list_append(names.get(), str_from_ascii(module.name))) return Ref<>();
  }
  return names;
}
Ref<> override_frozen(const Value* a) {
  int64_t value;
  if (!to_int64(a[0], &value)) return Ref<>();
  g_override.store(static_cast<int>(value), std::memory_order_relaxed);
  return none_ref();
}

}  // namespace

const NativeDef kFrozenFunctions[] = {
    {"find_frozen", "(name, /, *, withdata=False)", find_frozen,
     "Return info about the corresponding frozen module (if there is one) or None."},
    {"get_frozen_object", "(name, data=None, /)", get_frozen_object, "Create a code object for a frozen module."},
    {"is_frozen_package", "(name, /)", is_frozen_package, "Returns True if the module name is of a frozen package."},
    {"init_frozen", "(name, /)", init_frozen, "Initializes a frozen module."},
    {"is_frozen", "(name, /)", is_frozen, "Returns True if the module name corresponds to a frozen module."},
    {"_frozen_module_names", "()", frozen_module_names, "Returns the list of available frozen modules."},
    {"_override_frozen_modules_for_tests", "(override, /)", override_frozen},
    {}};

}  // namespace pt
