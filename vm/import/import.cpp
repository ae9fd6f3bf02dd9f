// __import__ and the from-import: the parts of the import protocol that come before and after importlib's work.
#include "vm/import/import.h"

#include <cstring>

#include "vm/import/import_state.h"
#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/attributes.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constinit Name kParent("parent"), kLockUnlock("_lock_unlock_module"), kFindAndLoad("_find_and_load"),
    kHandleFromlist("_handle_fromlist");

Raised raise_import_error(Ref<Str> message, Value name, Value path) {
  if (!message) return {};
  Ref<> exception = call_keywords(Value::object(exc::ImportError), {message.value(), name, path}, {"name", "path"});
  return exception ? raise_object(exception.value()) : Raised{};
}

// The attribute of a module without running Python code where that is possible.
Ref<> module_attribute(Value module, Str* name) {
  if (is_module(module)) {
    Ref<> found = dict_get_str(module_dict(as_module(module)), name);
    if (found || error_pending()) return found;
  }
  return find_attribute(module, name);
}

// True when the module is being initialised, perhaps by another thread.
bool is_initializing(Value module, bool* result) {
  *result = false;
  Ref<> spec = module_attribute(module, names::spec.str());
  if (!spec || is_none(spec.value())) return !error_pending();
  Ref<> flag;
  if (spec.value().is_object() && has_flag(type_of(spec.value()), kTypeHeap)) {
    flag = instance_get(spec.value().as_object(), names::_initializing_.str());
  }
  if (!flag) flag = find_attribute(spec.value(), names::_initializing_.str());
  if (!flag) return !error_pending();
  int is = truth(flag.value());
  if (is < 0) return false;
  *result = is;
  return true;
}

bool ensure_initialized(Value module, Str* name) {
  bool initializing;
  if (!is_initializing(module, &initializing)) return false;
  if (!initializing || bootstrap_module().empty()) return true;
  // Waits for the thread that loads it.
  return static_cast<bool>(call_method(bootstrap_module(), kLockUnlock.str(), {Value::object(name)}));
}

// Frames of the import machinery at the end of the traceback say nothing to a user: cut them off, all of them for
// ImportError, otherwise only the call of the loaded module's code.
void remove_importlib_frames() {
  Ref<> exception = take_error();
  if (!exception) return;
  static constinit Name kFrame("tb_frame"), kNext("tb_next"), kCode("f_code"), kFilename("co_filename"), kName("co_name");
  bool always = is_instance_of(exception.value(), exc::ImportError);
  Ref<> root = exception_traceback(exception.value());
  Ref<> current = root ? root.copy() : Ref<>();
  Ref<> before;   // the entry before the present chunk; empty: the chunk starts the traceback
  Ref<> chunk_before;
  bool in_chunk = false;
  bool changed = false;
  auto text_is = [](Value v, const char* a) { return is_str(v) && as_str(v)->equals_ascii(a); };
  while (current && !is_none(current.value())) {
    Ref<> next = get_attribute(current.value(), kNext.str());
    Ref<> frame = get_attribute(current.value(), kFrame.str());
    Ref<> code = frame ? get_attribute(frame.value(), kCode.str()) : Ref<>();
    Ref<> filename = code ? get_attribute(code.value(), kFilename.str()) : Ref<>();
    Ref<> name = code ? get_attribute(code.value(), kName.str()) : Ref<>();
    if (!next || !filename || !name) {
      clear_error();
      break;
    }
    bool internal = text_is(filename.value(), "<frozen importlib._bootstrap>") ||
                    text_is(filename.value(), "<frozen importlib._bootstrap_external>");
    if (internal && !in_chunk) chunk_before = before ? before.copy() : Ref<>();
    in_chunk = internal;
    if (internal && (always || text_is(name.value(), "_call_with_frames_removed"))) {
      // Unlink the chunk up to here.
      if (chunk_before) {
        if (!set_attribute(chunk_before.value(), kNext.str(), next.value())) {
          clear_error();
          break;
        }
      } else {
        root = is_none(next.value()) ? Ref<>() : next.copy();
      }
      changed = true;
    } else {
      before = current.copy();
    }
    current = std::move(next);
  }
  if (changed) set_exception_traceback(exception.value(), root ? root.value() : none());
  restore_error(std::move(exception));
}

Ref<> find_and_load(Str* name) {
  if (bootstrap_module().empty()) {
    // Before importlib is there: native modules only.
    Ref<> module = import_native(name);
    if (module || error_pending()) return module;
    return raise(exc::ImportError, "no module named %U before the import system is up", name);
  }
  Ref<> importer = dict_get_text(module_dict(builtins_module_object()), "__import__");
  if (!importer) return error_pending() ? Ref<>() : raise(exc::ImportError, "__import__ not found");
  Ref<> module = call_method(bootstrap_module(), kFindAndLoad.str(), {Value::object(name), importer.value()});
  if (!module) remove_importlib_frames();
  return module;
}

// The absolute name for a relative import.
Ref<Str> resolve_name(Str* name, Value globals, int64_t level) {
  if (globals.empty() || is_none(globals)) return raise(exc::KeyError, "'__name__' not in globals");
  if (!is_dict(globals)) return raise(exc::TypeError, "globals must be a dict");
  Dict* dict = as_dict(globals);
  Ref<> package = dict_get_str(dict, names::package.str());
  if (!package && error_pending()) return Ref<Str>();
  Ref<> spec = dict_get_str(dict, names::spec.str());
  if (!spec && error_pending()) return Ref<Str>();
  if (package && is_none(package.value())) package.reset();
  if (spec && is_none(spec.value())) spec.reset();
  if (package) {
    if (!is_str(package.value())) return raise(exc::TypeError, "package must be a string");
    if (spec) {
      Ref<> parent = get_attribute(spec.value(), kParent.str());
      if (!parent) return Ref<Str>();
      int same = equal(package.value(), parent.value());
      if (same < 0) return Ref<Str>();
      if (!same && !warn(exc::ImportWarning, 1, "__package__ != __spec__.parent")) return Ref<Str>();
    }
  } else if (spec) {
    package = get_attribute(spec.value(), kParent.str());
    if (!package) return Ref<Str>();
    if (!is_str(package.value())) return raise(exc::TypeError, "__spec__.parent must be a string");
  } else {
    if (!warn(exc::ImportWarning, 1,
              "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__")) {
      return Ref<Str>();
    }
    package = dict_get_str(dict, names::name.str());
    if (!package) return error_pending() ? Ref<Str>() : raise(exc::KeyError, "'__name__' not in globals");
    if (!is_str(package.value())) return raise(exc::TypeError, "__name__ must be a string");
    int has_path = dict_contains(dict, names::path.value());
    if (has_path < 0) return Ref<Str>();
    if (!has_path) {
      Str* text = as_str(package.value());
      int64_t dot = text->length - 1;
      while (dot >= 0 && text->at(dot) != '.') --dot;
      package = str_substring(text, 0, dot < 0 ? 0 : dot);
      if (!package) return Ref<Str>();
    }
  }
  Str* text = as_str(package.value());
  if (text->length == 0) return raise(exc::ImportError, "attempted relative import with no known parent package");
  int64_t end = text->length;
  for (int64_t up = 1; up < level; ++up) {
    while (end > 0 && text->at(end - 1) != '.') --end;
    if (end == 0) return raise(exc::ImportError, "attempted relative import beyond top-level package");
    --end;
  }
  Ref<Str> base = str_substring(text, 0, end);
  if (!base || name->length == 0) return base;
  return str_format("%U.%U", base.get(), name);
}

int64_t find_dot(Str* name) {
  for (int64_t i = 0; i < name->length; ++i) {
    if (name->at(i) == '.') return i;
  }
  return -1;
}

}  // namespace

Ref<> import_name(Str* name, Value globals, Value locals, Value fromlist, int64_t level) {
  (void)locals;
  Ref<Str> absolute;
  if (level < 0) return raise(exc::ValueError, "level must be >= 0");
  if (level > 0) {
    absolute = resolve_name(name, globals, level);
    if (!absolute) return Ref<>();
  } else {
    if (name->length == 0) return raise(exc::ValueError, "Empty module name");
    absolute = Ref<Str>::retain(name);
  }
  Ref<> modules_object = sys_get("modules");
  Dict* modules = modules_object && is_dict(modules_object.value()) ? as_dict(modules_object.value()) : sys_modules();
  Ref<> module = dict_get(modules, absolute.value());
  if (!module && error_pending()) return Ref<>();
  if (module && !is_none(module.value())) {
    if (!ensure_initialized(module.value(), absolute.get())) return Ref<>();
  } else {
    module = find_and_load(absolute.get());
    if (!module) return Ref<>();
  }
  int has_from = 0;
  if (!fromlist.empty() && !is_none(fromlist)) {
    has_from = truth(fromlist);
    if (has_from < 0) return Ref<>();
  }
  if (has_from) {
    Ref<> path = module_attribute(module.value(), names::path.str());
    if (!path) return error_pending() ? Ref<>() : std::move(module);
    // Submodules in the list may have to be loaded.
    Ref<> importer = dict_get_text(module_dict(builtins_module_object()), "__import__");
    if (!importer) return error_pending() ? Ref<>() : raise(exc::ImportError, "__import__ not found");
    Ref<> result = call_method(bootstrap_module(), kHandleFromlist.str(), {module.value(), fromlist, importer.value()});
    if (!result) remove_importlib_frames();
    return result;
  }
  // The first component is what `import a.b` binds.
  int64_t dot = find_dot(name);
  if (level != 0 && name->length == 0) return module;
  if (dot < 0) return module;
  if (level == 0) {
    Ref<Str> front = str_substring(name, 0, dot);
    return front ? import_name(front.get(), Value(), Value(), Value(), 0) : Ref<>();
  }
  Ref<Str> front = str_substring(absolute.get(), 0, absolute->length - (name->length - dot));
  if (!front) return Ref<>();
  Ref<> result = dict_get(modules, front.value());
  if (!result && !error_pending()) return raise(exc::KeyError, "%R not in sys.modules as expected", front.value());
  return result;
}

Ref<> import_from(Value module, Str* name) {
  Ref<> found = find_attribute(module, name);
  if (found || error_pending()) return found;
  Ref<> package = find_attribute(module, names::name.str());
  if (!package && error_pending()) return Ref<>();
  if (package && is_str(package.value())) {
    Ref<Str> full = str_format("%U.%U", as_str(package.value()), name);
    if (!full) return Ref<>();
    Ref<> modules = sys_get("modules");
    found = modules && is_dict(modules.value()) ? dict_get(as_dict(modules.value()), full.value()) : Ref<>();
    if (found || error_pending()) return found;
  } else {
    package = str_from_ascii("<unknown module name>");
    if (!package) return Ref<>();
  }
  Ref<> path = is_module(module) ? dict_get_str(module_dict(as_module(module)), names::file.str()) : Ref<>();
  if (error_pending()) clear_error();
  if (!path || !is_str(path.value())) {
    return raise_import_error(
        str_format("cannot import name %R from %R (unknown location)", Value::object(name), package.value()), package.value(),
        none());
  }
  bool initializing = false;
  if (!is_initializing(module, &initializing)) clear_error();
  const char* format =
      initializing ? "cannot import name %R from partially initialized module %R (most likely due to a circular import) (%V)"
                   : "cannot import name %R from %R (%V)";
  return raise_import_error(str_format(format, Value::object(name), package.value(), path.value()), package.value(),
                            path.value());
}

Ref<> import_module(const char* dotted_name) {
  Ref<Str> name = str_from_utf8(dotted_name);
  if (!name) return Ref<>();
  Ref<> present = sys_modules() ? dict_get(sys_modules(), name.value()) : Ref<>();
  if (present && !is_none(present.value())) {
    if (!ensure_initialized(present.value(), name.get())) return Ref<>();
    return present;
  }
  if (error_pending()) return Ref<>();
  Ref<> top = import_name(name.get(), Value(), Value(), Value(), 0);
  if (!top) return Ref<>();
  if (find_dot(name.get()) < 0) return top;
  Ref<> leaf = dict_get(sys_modules(), name.value());
  if (!leaf && !error_pending()) return raise(exc::KeyError, "%U", name.get());
  return leaf;
}

Ref<> import_attribute(const char* dotted_name, const char* attribute) {
  Ref<> module = import_module(dotted_name);
  return module ? get_attribute(module.value(), attribute) : Ref<>();
}

}  // namespace pt
