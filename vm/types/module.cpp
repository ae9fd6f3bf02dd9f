// Module objects, native modules, sys.
#include "vm/object/module.h"

#include <climits>

#include "gc/platform/futex.h"
#include "gc/sync/mutator.h"

#include "vm/object/attributes.h"
#include "vm/object/error.h"
#include "vm/object/names.h"
#include "vm/object/protocol.h"
#include "vm/object/native.h"
#include "vm/object/type_build.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

constinit Type module_type;

namespace {
Ref<> module_construct(Type* type, const Args&) {
  Ref<> m = Ref<>::steal(Value::object(allocate_instance(type)));
  Ref<Dict> dict = dict_new();
  if (!m || !dict) return Ref<>();
  as_module(m.value())->dict.init(std::move(dict));
  return m;
}
bool module_init(Value self, const Args& args) {
  Value v[2];
  if (!bind_arguments("module", "(name, doc=None)", args, v)) return false;
  if (!is_str(v[0])) return raise(exc::TypeError, "module() argument 'name' must be str, not %T", v[0]);
  Dict* dict = module_dict(as_module(self));
  return dict_set_str(dict, names::name.str(), v[0]) && dict_set_str(dict, names::doc.str(), v[1].empty() ? none() : v[1]) &&
         dict_set_str(dict, names::package.str(), none()) && dict_set_str(dict, names::loader.str(), none()) &&
         dict_set_str(dict, names::spec.str(), none());
}
Ref<> module_get_attribute(Value self, Str* name) {
  Type* type = type_of(self);
  Ref<> descriptor = type_lookup(type, name);
  if (descriptor) {
    Slots& slots = type_of(descriptor.value())->slots;
    if (auto get = slots.descriptor_get; get && slots.descriptor_set) return get(descriptor.value(), self, Value::object(type));
  }
  Ref<> v = dict_get_str(module_dict(as_module(self)), name);
  if (v || error_pending()) return v;
  if (descriptor) {
    auto get = type_of(descriptor.value())->slots.descriptor_get;
    return get ? get(descriptor.value(), self, Value::object(type)) : std::move(descriptor);
  }
  // PEP 562
  Ref<> hook = dict_get_str(module_dict(as_module(self)), names::getattr.str());
  if (hook) return call1(hook.value(), Value::object(name));
  if (error_pending()) return Ref<>();
  return raise_attribute_error(self, name);
}
bool module_set_attribute(Value self, Str* name, Value value) {
  Ref<> descriptor = type_lookup(type_of(self), name);
  if (descriptor) {
    auto set = type_of(descriptor.value())->slots.descriptor_set;
    if (set) return set(descriptor.value(), self, value);
  }
  Dict* dict = module_dict(as_module(self));
  if (!value.empty()) return dict_set_str(dict, name, value);
  int deleted = dict_delete_str(dict, name);
  if (deleted == 0) return raise_attribute_error(self, name);
  return deleted > 0;
}
Ref<> module_repr(Value self) {
  Ref<> repr_function = import_attribute("importlib._bootstrap", "_module_repr");
  if (!repr_function) {
    clear_error();
    Ref<> name = dict_get_str(module_dict(as_module(self)), names::name.str());
    return str_format("<module %R>", name ? name.value() : none());
  }
  return call1(repr_function.value(), self);
}
Ref<> get_dict(Value self) { return as_module(self)->dict.load(self.as_object()); }
Ref<> get_annotations(Value self) {
  Dict* dict = module_dict(as_module(self));
  Ref<> v = dict_get_str(dict, names::annotations.str());
  if (v || error_pending()) return v;
  Ref<Dict> fresh = dict_new();
  if (!fresh || !dict_set_str(dict, names::annotations.str(), fresh.value())) return Ref<>();
  return fresh;
}
bool put_annotations(Value self, Value v) {
  Dict* dict = module_dict(as_module(self));
  if (!v.empty()) return dict_set_str(dict, names::annotations.str(), v);
  int deleted = dict_delete_str(dict, names::annotations.str());
  if (deleted == 0) return raise(exc::AttributeError, "__annotations__");
  return deleted > 0;
}
Ref<> module_dir(const Value* a) {
  Ref<> names_dict = get_attribute(a[0], names::dict.str());
  if (!names_dict) return names_dict;
  if (!is_dict(names_dict.value())) return raise(exc::TypeError, "<module>.__dict__ is not a dictionary");
  Ref<> hook = dict_get_str(as_dict(names_dict.value()), names::dir.str());
  if (hook) return call0(hook.value());
  return error_pending() ? Ref<>() : dict_keys_list(as_dict(names_dict.value()));
}
void module_traverse(Object* o, FieldVisitor& v) { v(static_cast<Module*>(o)->dict); }
const NativeDef kModuleMethods[] = {{"__dir__", "($self, /)", module_dir, "__dir__() -> list"}, {}};
const GetSetDef kModuleGetSets[] = {{"__dict__", get_dict}, {"__annotations__", get_annotations, put_annotations}, {}};
}  // namespace

const TypeSpec module_spec = {
    .name = "module",
    .size = sizeof(Module),
    .flags = kTypeBase | kTypeWeakrefs,
    .slots = {.repr = module_repr,
              .get_attribute = module_get_attribute,
              .set_attribute = module_set_attribute,
              .construct = module_construct,
              .init = module_init},
    .traverse = module_traverse,
    .methods = kModuleMethods,
    .getsets = kModuleGetSets,
    .doc = "Create a module object.",
    .signature = "(name, doc=None)",
};

Dict* module_dict(Module* m) { return as_dict(m->dict.peek()); }

Raised raise_module_attribute_error(Value module_value, Str* name) {
  Dict* dict = module_dict(as_module(module_value));
  Ref<> module_name = dict_get_str(dict, names::name.str());
  Ref<> spec = dict_get_str(dict, names::spec.str());
  clear_error();
  Ref<Str> message;
  bool initialising = false, submodule = false;
  if (spec && !is_none(spec.value())) {
    Ref<> flag = find_attribute(spec.value(), names::_initializing_.str());
    initialising = flag && truth(flag.value()) > 0;
    clear_error();
    // The submodules that importlib is about to load.
    static constinit Name kLoading("_uninitialized_submodules");
    Ref<> loading = initialising ? Ref<>() : find_attribute(spec.value(), kLoading.str());
    submodule = loading && contains(loading.value(), Value::object(name)) > 0;
    clear_error();
  }
  if (module_name && is_str(module_name.value())) {
    const char* format = initialising
                             ? "partially initialized module %R has no attribute '%U' (most likely due to a circular import)"
                         : submodule ? "cannot access submodule '%U' of module %R (most likely due to a circular import)"
                                     : "module %R has no attribute '%U'";
    message = submodule ? str_format(format, name, module_name.value()) : str_format(format, module_name.value(), name);
  } else {
    message = str_format("module has no attribute '%U'", name);
  }
  if (!message) return {};
  Ref<Tuple> keys = tuple_of({names::name_.value(), names::obj_.value()});
  if (!keys) return {};
  Value values[] = {message.value(), Value::object(name), module_value};
  Ref<> exception = call(Value::object(exc::AttributeError), Args{values, 1, keys.get()});
  if (!exception) return {};
  return raise_object(exception.value());
}

Ref<Module> module_new(Str* name) {
  Value v = Value::object(name);
  Ref<> m = call1(Value::object(&module_type), v);
  if (!m) return Ref<Module>();
  // Modules are shared by threads and live long.
  make_deferred(m.value().as_object());
  return Ref<Module>::steal(as_module(m.take()));
}
bool module_add(Module* m, const char* name, Ref<> value) { return value && dict_set_text(module_dict(m), name, value.value()); }
bool module_add_int(Module* m, const char* name, int64_t value) { return module_add(m, name, int_from_int64(value)); }
bool module_add_text(Module* m, const char* name, const char* utf8) { return module_add(m, name, str_from_utf8(utf8)); }
bool module_add_type(Module* m, Type* type, const TypeSpec* spec) {
  if (!type->spec && !init_module_type(type, spec)) return false;
  return dict_set_str(module_dict(m), as_str(type->name.peek()), Value::object(type));
}

namespace {
// Native modules that are being set up. What they make once a process has no lock of its own: threads of one interpreter are
// kept apart by importlib, those of several by this.
struct SetUp {
  const NativeModule* module;
  const Mutator* by;
  SetUp* next;
};
constinit RawMutex g_set_ups_lock;
constinit SetUp* g_set_ups PT_GUARDED_BY(g_set_ups_lock) = nullptr;
constinit std::atomic<uint32_t> g_set_ups_ended{0};  // event count: bumped with the lock held, waited for without

class SetUpTurn {
 public:
  explicit SetUpTurn(const NativeModule* module) : own_{module, tls_mutator, nullptr} {
    while (!begin()) {
    }
    outer_types_ = set_types_kept_back(module);
  }
  ~SetUpTurn() {
    set_types_kept_back(outer_types_);
    {
      RawGuard guard(g_set_ups_lock);
      SetUp** at = &g_set_ups;
      while (*at != &own_) at = &(*at)->next;
      *at = own_.next;
      g_set_ups_ended.fetch_add(1, std::memory_order_release);
    }
    futex_wake(&g_set_ups_ended, INT_MAX);
  }
  SetUpTurn(const SetUpTurn&) = delete;
  SetUpTurn& operator=(const SetUpTurn&) = delete;

 private:
  bool begin() {
    uint32_t event;
    {
      RawGuard guard(g_set_ups_lock);
      SetUp* other = g_set_ups;
      while (other && (other->module != own_.module || other->by == own_.by)) other = other->next;
      if (!other) {
        own_.next = g_set_ups;
        g_set_ups = &own_;
        return true;
      }
      event = g_set_ups_ended.load(std::memory_order_acquire);
    }
    Detached detached;
    futex_wait(&g_set_ups_ended, event);
    return false;
  }
  SetUp own_;
  const void* outer_types_;
};
}  // namespace

void native_modules_after_fork() {
  g_set_ups_lock.reset();
  RawGuard guard(g_set_ups_lock);
  for (SetUp** at = &g_set_ups; *at;) {
    if ((*at)->by == tls_mutator)
      at = &(*at)->next;
    else
      *at = (*at)->next;
  }
}

Ref<Module> native_module_import(const NativeModule& native) {
  SetUpTurn turn(&native);
  Ref<Module> m = module_new(intern(native.name));
  if (!m) return m;
  if (native.doc && !module_add_text(m.get(), "__doc__", native.doc)) return Ref<Module>();
  Value module_name = Value::object(intern(native.name));
  for (const NativeDef* def = native.functions; def && def->name; ++def) {
    Ref<> f = native_function_new(def, m.value(), module_name);
    if (!f) return Ref<Module>();
    make_deferred(f.value().as_object());
    if (!dict_set_text(module_dict(m.get()), def->name, f.value())) return Ref<Module>();
  }
  if (native.execute && !native.execute(m.get())) return Ref<Module>();
  list_types_kept_back(&native);
  return m;
}

// ---- imports from C++ --------------------------------------------------------------------------------------------------------

Ref<> import_builtin(const char* name) {
  Ref<> modules = sys_get("modules");
  Ref<> builtins_module = modules ? dict_get_str(as_dict(modules.value()), names::builtins_.str()) : Ref<>();
  if (!builtins_module) return error_pending() ? Ref<>() : raise(exc::RuntimeError, "lost builtins module");
  Ref<> v = dict_get_text(module_dict(as_module(builtins_module.value())), name);
  if (!v && !error_pending()) return raise(exc::AttributeError, "module 'builtins' has no attribute '%s'", name);
  return v;
}

Ref<> import_from_fallback(Value from, Str* name) {
  Ref<> package = find_attribute(from, names::name.str());
  Ref<> modules = sys_get("modules");
  if (package && is_str(package.value()) && modules) {
    Ref<Str> full = str_format("%V.%U", package.value(), name);
    if (!full) return Ref<>();
    Ref<> m = dict_get(as_dict(modules.value()), full.value());
    if (m || error_pending()) return m;
  }
  clear_error();
  Value package_name = package ? package.value() : Value::object(intern("<unknown module name>"));
  Ref<> path = find_attribute(from, names::file.str());
  clear_error();
  Ref<Str> message;
  bool initialising = false;
  Ref<> spec = find_attribute(from, names::spec.str());
  if (spec && !is_none(spec.value())) {
    Ref<> flag = find_attribute(spec.value(), names::_initializing_.str());
    initialising = flag && truth(flag.value()) > 0;
  }
  clear_error();
  if (!path || !is_str(path.value())) {
    message = str_format("cannot import name %R from %R (unknown location)", Value::object(name), package_name);
    path = none_ref();
  } else if (initialising) {
    message = str_format("cannot import name %R from partially initialized module %R (most likely due to a circular import) (%V)",
                         Value::object(name), package_name, path.value());
  } else {
    message = str_format("cannot import name %R from %R (%V)", Value::object(name), package_name, path.value());
  }
  if (!message) return Ref<>();
  Ref<Tuple> keys = tuple_of({names::name_.value(), names::path_.value()});
  if (!keys) return Ref<>();
  Value values[] = {message.value(), package_name, path.value()};
  Ref<> exception = call(Value::object(exc::ImportError), Args{values, 1, keys.get()});
  if (!exception) return Ref<>();
  return raise_object(exception.value());
}

}  // namespace pt
