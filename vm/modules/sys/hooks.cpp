// sys: displayhook, excepthook, unraisablehook, breakpointhook and audit hooks.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/sys/sys_internal.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt {

constinit std::atomic<bool> g_audit_hooks_present{false};

namespace {

// ---- audit ----------------------------------------------------------------------------------------------------------

List* audit_hooks() { return of_interpreter<List>(PerInterpreter::kAuditHooks); }

Ref<> sys_addaudithook(const Value* a) {
  // The hooks that are there may refuse.
  if (!audit("sys.addaudithook")) {
    if (pending_matches(exc::Exception)) {
      clear_error();
      return none_ref();
    }
    return Ref<>();
  }
  if (!audit_hooks()) {
    Ref<List> made = list_new();
    if (!made) return Ref<>();
    current_interpreter()->keep(PerInterpreter::kAuditHooks, std::move(made));
  }
  if (!list_append(audit_hooks(), Ref<>::retain(a[0]))) return Ref<>();
  g_audit_hooks_present.store(true, std::memory_order_release);
  return none_ref();
}

bool call_audit_hooks(Value event, Value arguments) {
  List* hooks = audit_hooks();
  for (int64_t i = 0; hooks && i < list_size(hooks); ++i) {
    Ref<> hook = list_get(hooks, i);
    if (!hook) break;
    Ref<> result = call_values(hook.value(), {event, arguments});
    if (!result) return false;
  }
  return true;
}

Ref<> sys_audit(const Value* a) {
  Tuple* all = as_tuple(a[0]);
  if (all->length == 0) return raise(exc::TypeError, "audit() missing 1 required positional argument: 'event'");
  if (!g_audit_hooks_present.load(std::memory_order_acquire)) return none_ref();
  if (!is_str(all->at(0))) return raise(exc::TypeError, "expected str for argument 'event', not %T", all->at(0));
  Ref<Tuple> rest = tuple_slice(all, 1, all->length);
  if (!rest || !call_audit_hooks(all->at(0), rest.value())) return Ref<>();
  return none_ref();
}

// ---- displayhook ------------------------------------------------------------------------------------------------------

// Writes repr(value) with characters the stream cannot encode escaped.
bool write_escaped(Value stream, Str* text) {
  Ref<> encoding = get_attribute(stream, names::encoding_.str());
  if (!encoding) return false;
  Ref<Str> handler = str_from_ascii("backslashreplace");
  Ref<> encoded = handler ? call_method(Value::object(text), "encode", {encoding.value(), handler.value()}) : Ref<>();
  if (!encoded) return false;
  Ref<> buffer = find_attribute(stream, names::buffer_.str());
  if (buffer) return static_cast<bool>(call_method(buffer.value(), names::write_.str(), {encoded.value()}));
  if (error_pending()) return false;
  Ref<Str> strict = str_from_ascii("strict");
  Ref<> decoded = strict ? call_method(encoded.value(), "decode", {encoding.value(), strict.value()}) : Ref<>();
  return decoded && call_method(stream, names::write_.str(), {decoded.value()});
}

Ref<> sys_displayhook(const Value* a) {
  if (is_none(a[0])) return none_ref();
  Module* builtins = builtins_module_object();
  if (!builtins) return raise(exc::RuntimeError, "lost builtins module");
  if (!dict_set_text(module_dict(builtins), "_", none())) return Ref<>();
  Ref<> out = sys_get("stdout");
  if (!out || is_none(out.value())) {
    if (error_pending()) return Ref<>();
    return raise(exc::RuntimeError, "lost sys.stdout");
  }
  Ref<> text = repr(a[0]);
  if (!text) return Ref<>();
  Ref<> written = call_method(out.value(), names::write_.str(), {text.value()});
  if (!written) {
    if (!clear_if(exc::UnicodeEncodeError) || !write_escaped(out.value(), as_str(text.value()))) return Ref<>();
  }
  Ref<Str> newline = str_from_ascii("\n");
  if (!newline || !call_method(out.value(), names::write_.str(), {newline.value()})) return Ref<>();
  if (!dict_set_text(module_dict(builtins), "_", a[0])) return Ref<>();
  return none_ref();
}

// ---- excepthook --------------------------------------------------------------------------------------------------------

Ref<> sys_excepthook(const Value* a) {
  if (!is_exception(a[1])) {
    Ref<> file = sys_get("stderr");
    if (file && !is_none(file.value())) {
      Ref<Str> text = str_format("TypeError: print_exception(): Exception expected for value, %T found\n", a[1]);
      if (text) {
        Ref<> written = call_method(file.value(), names::write_.str(), {text.value()});
        if (!written) clear_error();
      }
    }
    return none_ref();
  }
  if (given(a[2])) {
    Ref<> own = exception_traceback(a[1]);
    if (!own) set_exception_traceback(a[1], a[2]);
  }
  display_exception(a[1]);
  return none_ref();
}

// ---- unraisablehook ---------------------------------------------------------------------------------------------------

constinit StructSeqType g_unraisable_args = {};
const StructSeqField kUnraisableFields[] = {
    {"exc_type", "Exception type"}, {"exc_value", "Exception value"},           {"exc_traceback", "Exception traceback"},
    {"err_msg", "Error message"},   {"object", "Object causing the exception"}, {}};
const StructSeqDef kUnraisableDef = {
    "UnraisableHookArgs", "UnraisableHookArgs\n\nType used to pass arguments to sys.unraisablehook.", kUnraisableFields, 5};

bool put_text(Value file, Ref<Str> text) { return text && call_method(file, names::write_.str(), {text.value()}); }

bool write_unraisable_report(Value file, Tuple* args) {
  Value type = args->at(0), value = args->at(1), traceback = args->at(2), message = args->at(3), object = args->at(4);
  if (given(object)) {
    if (given(message)) {
      if (!put_text(file, str_format("%V: ", message))) return false;
    } else if (!put_text(file, str_from_ascii("Exception ignored in: "))) {
      return false;
    }
    Ref<> shown = repr(object);
    if (shown) {
      if (!put_text(file, Ref<Str>::retain(as_str(shown.value())))) return false;
    } else {
      clear_error();
      if (!put_text(file, str_from_ascii("<object repr() failed>"))) return false;
    }
    if (!put_text(file, str_from_ascii("\n"))) return false;
  } else if (given(message)) {
    if (!put_text(file, str_format("%V:\n", message))) return false;
  }
  if (given(traceback)) {
    if (!put_text(file, str_from_ascii("Traceback (most recent call last):\n"))) return false;
    Ref<> print = import_attribute("traceback", "print_tb");
    Ref<> printed = print ? call_values(print.value(), {traceback, none(), file}) : Ref<>();
    if (!printed) clear_error();
  }
  if (is_none(type) || !has_flag(type_of(type), kTypeTypeSubclass)) return true;
  Ref<> module_name = find_attribute(type, names::module.str());
  if (error_pending()) clear_error();
  if (!module_name || !is_str(module_name.value())) {
    if (!put_text(file, str_from_ascii("<unknown>."))) return false;
  } else if (!as_str(module_name.value())->equals_ascii("builtins") && !as_str(module_name.value())->equals_ascii("__main__")) {
    if (!put_text(file, str_format("%V.", module_name.value()))) return false;
  }
  Ref<> name = get_attribute(type, names::qualname.str());
  if (!name) {
    clear_error();
    if (!put_text(file, str_from_ascii("<unknown>"))) return false;
  } else if (!put_text(file, str_format("%V", name.value()))) {
    return false;
  }
  if (given(value)) {
    Ref<> text = str(value);
    if (!text) {
      clear_error();
      text = str_from_ascii("<exception str() failed>");
    }
    if (!text || !put_text(file, str_format(": %V", text.value()))) return false;
  }
  if (!put_text(file, str_from_ascii("\n"))) return false;
  Ref<> flushed = call_method(file, names::flush_.str());
  if (!flushed) clear_error();
  return true;
}

Ref<> sys_unraisablehook(const Value* a) {
  if (type_of(a[0]) != &g_unraisable_args.type) {
    return raise(exc::TypeError, "sys.unraisablehook argument type must be UnraisableHookArgs");
  }
  Ref<> file = sys_get("stderr");
  if (!file || is_none(file.value())) return none_ref();
  if (!write_unraisable_report(file.value(), as_tuple(a[0]))) return Ref<>();
  return none_ref();
}

// For write_unraisable: through sys.unraisablehook. False when there is no hook to call.
bool call_unraisable_hook(Value exception, const char* what, Value object) {
  Ref<> hook = sys_get("unraisablehook");
  if (!hook || is_none(hook.value())) return false;
  bool plain = !what || !*what || std::strcmp(what, "ignored in") == 0;
  Ref<> message = plain ? none_ref() : Ref<>(str_format("Exception ignored %s", what));
  Ref<> traceback = exception_traceback(exception);
  if (!traceback) {
    // Where it is reported, then.
    Ref<> frame = current_frame(0);
    if (frame)
      traceback = traceback_new(Value(), frame.value(), frame_pc(static_cast<FrameObject*>(frame.value().as_object())), -1);
    if (traceback) set_exception_traceback(exception, traceback.value());
    clear_error();
  }
  if (!message) return false;
  Value values[] = {Value::object(type_of(exception)), exception, traceback ? traceback.value() : none(), message.value(),
                    object};
  Ref<> args = structseq_new(&g_unraisable_args, values, 5);
  if (!args || !audit("sys.unraisablehook", {hook.value(), args.value()})) return false;
  Ref<> result = call1(hook.value(), args.value());
  if (result) return true;
  // The hook failed: that is what is reported now, by the default one.
  Ref<> error = take_error();
  Ref<> file = sys_get("stderr");
  if (!file || is_none(file.value())) return true;
  Ref<> error_traceback = exception_traceback(error.value());
  Ref<Str> hook_message = str_from_ascii("Exception ignored in sys.unraisablehook");
  if (!hook_message) return false;
  Value error_values[] = {Value::object(type_of(error.value())), error.value(),
                          error_traceback ? error_traceback.value() : none(), hook_message.value(), hook.value()};
  args = structseq_new(&g_unraisable_args, error_values, 5);
  return args && write_unraisable_report(file.value(), as_tuple(args.value()));
}

// ---- breakpointhook -----------------------------------------------------------------------------------------------------

Ref<> sys_breakpointhook(const Value* a) {
  const char* variable = g_config.ignore_environment ? nullptr : std::getenv("PYTHONBREAKPOINT");
  // os.environ may have been changed since: it writes through to the process's environment.
  if (!variable || !*variable) variable = "pdb.set_trace";
  if (std::strcmp(variable, "0") == 0) return none_ref();
  char module_name[512];
  if (std::strlen(variable) >= sizeof module_name) return raise(exc::ValueError, "PYTHONBREAKPOINT is too long");
  std::strcpy(module_name, variable);
  char* dot = std::strrchr(module_name, '.');
  const char* attribute = variable;
  if (!dot) {
    std::strcpy(module_name, "builtins");
  } else if (dot != module_name) {
    attribute = variable + (dot - module_name) + 1;
    *dot = 0;
  } else {
    return warn(exc::RuntimeWarning, 0, "Ignoring unimportable $PYTHONBREAKPOINT: \"%s\"", variable) ? none_ref() : Ref<>();
  }
  Ref<> module = import_module(module_name);
  Ref<> hook = module ? get_attribute(module.value(), attribute) : Ref<>();
  if (!hook) {
    if (!pending_matches(exc::ImportError) && !pending_matches(exc::AttributeError)) return Ref<>();
    clear_error();
    return warn(exc::RuntimeWarning, 0, "Ignoring unimportable $PYTHONBREAKPOINT: \"%s\"", variable) ? none_ref() : Ref<>();
  }
  return call_tuple_dict(hook.value(), a[0], a[1]);
}

const NativeDef kHooks[] = {
    {"addaudithook", "(hook)", sys_addaudithook, "Adds a new audit hook callback."},
    {"audit", "(*args)", sys_audit, "audit(event, *args)\n\nPasses the event to any hooks that are attached."},
    {"breakpointhook", "(*args, **kws)", sys_breakpointhook,
     "breakpointhook(*args, **kws)\n\nThis hook function is called by built-in breakpoint()."},
    {"displayhook", "(object, /)", sys_displayhook, "Print an object to sys.stdout and also save it in builtins._"},
    {"excepthook", "(exctype, value, traceback, /)", sys_excepthook,
     "Handle an exception by displaying it with a traceback on sys.stderr."},
    {"unraisablehook", "(unraisable, /)", sys_unraisablehook, "Handle an unraisable exception."},
    {},
};

}  // namespace

bool audit_slow(const char* event, std::initializer_list<Value> arguments) {
  Ref<> pending = take_error();  // auditing happens on error paths too
  Ref<Str> name = str_from_utf8(event);
  Ref<Tuple> tuple = tuple_from(arguments.begin(), static_cast<int64_t>(arguments.size()));
  if (!name || !tuple || !call_audit_hooks(name.value(), tuple.value())) return false;
  if (pending) restore_error(std::move(pending));
  return true;
}

bool sys_add_hooks(Dict* d) {
  if (!init_structseq(&g_unraisable_args, &kUnraisableDef)) return false;
  Ref<Str> module_name = str_from_ascii("sys");
  if (!module_name) return false;
  for (const NativeDef* def = kHooks; def->name; ++def) {
    Ref<> function = native_function_new(def, Value(), module_name.value());
    if (!function || !dict_set_text(d, def->name, function.value())) return false;
    if (std::strstr(def->name, "hook") && std::strcmp(def->name, "addaudithook") != 0) {
      char dunder[40];
      std::snprintf(dunder, sizeof dunder, "__%s__", def->name);
      if (!dict_set_text(d, dunder, function.value())) return false;
    }
  }
  if (in_main_interpreter()) g_unraisable_hook = call_unraisable_hook;
  return true;
}

void report_exception(Value exception) {
  Ref<> hook = sys_get("excepthook");
  if (!hook || is_none(hook.value())) {
    clear_error();
    std::fputs("sys.excepthook is missing\n", stderr);
    display_exception(exception);
    return;
  }
  Ref<> traceback = exception_traceback(exception);
  Value trace = traceback ? traceback.value() : none();
  if (!audit("sys.excepthook", {hook.value(), Value::object(type_of(exception)), exception, trace})) {
    if (pending_matches(exc::RuntimeError)) {
      clear_error();
      return;
    }
    clear_error();
  }
  Ref<> result = call_values(hook.value(), {Value::object(type_of(exception)), exception, trace});
  if (result) return;
  if (pending_matches(exc::SystemExit)) return;  // stays pending: the caller exits
  Ref<> error = take_error();
  std::fflush(stdout);
  Ref<> file = sys_get("stderr");
  auto say = [&](const char* text) {
    Ref<Str> s = str_from_ascii(text);
    if (file && s && !is_none(file.value())) {
      Ref<> written = call_method(file.value(), names::write_.str(), {s.value()});
      if (!written) clear_error();
    }
  };
  say("Error in sys.excepthook:\n");
  display_exception(error.value());
  say("\nOriginal exception was:\n");
  display_exception(exception);
}

}  // namespace pt
