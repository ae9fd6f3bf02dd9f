// The _warnings module: filters, registries and the decision what to do with a warning.
#include "vm/modules/warnings/warnings.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "gc/heap/heap.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// Shared by all module objects of _warnings.
Value own_filters() { return Value::object(of_interpreter(PerInterpreter::kWarningFilters)); }
Value own_once_registry() { return Value::object(of_interpreter(PerInterpreter::kOnceRegistry)); }
// What warnings.filters, onceregistry and defaultaction were when last seen: the module may lose them.
enum Seen : int64_t { kSeenFilters, kSeenOnce, kSeenAction, kSeenCount };
List* seen_attributes() { return of_interpreter<List>(PerInterpreter::kWarningsSeen); }
constinit std::atomic<int64_t> g_filters_version{0};  // of all interpreters'
constinit Name kRegistry("__warningregistry__"), kVersion("version"), kMatch("match"), kFilters("filters"), kOnce("onceregistry"),
    kDefaultAction("defaultaction"), kShow("_showwarnmsg"), kMessageClass("WarningMessage");

Ref<Tuple> make_filter(const char* action, Type* category, const char* module_name) {
  Ref<> module = module_name ? Ref<>(str_from_ascii(module_name)) : none_ref();
  return tuple_of({Value::object(intern(action)), none(), Value::object(category), module.value(), Value::small_int(0)});
}

bool init_state() {
  if (seen_attributes()) return true;
  Value nothing[kSeenCount];
  for (Value& v : nothing) v = none();
  Ref<List> filters = list_new(), seen = list_from(nothing, kSeenCount);
  Ref<Dict> once = dict_new();
  if (!filters || !once || !seen) return false;
  struct Default {
    const char* action;
    Type* category;
    const char* module;
  };
  for (const Default& d :
       {Default{"default", exc::DeprecationWarning, "__main__"}, Default{"ignore", exc::DeprecationWarning, nullptr},
        Default{"ignore", exc::PendingDeprecationWarning, nullptr}, Default{"ignore", exc::ImportWarning, nullptr},
        Default{"ignore", exc::ResourceWarning, nullptr}}) {
    Ref<Tuple> filter = make_filter(d.action, d.category, d.module);
    if (!filter || !list_append(filters.get(), std::move(filter))) return false;
  }
  Interpreter* interpreter = current_interpreter();
  interpreter->keep(PerInterpreter::kWarningFilters, std::move(filters));
  interpreter->keep(PerInterpreter::kOnceRegistry, std::move(once));
  interpreter->keep(PerInterpreter::kWarningsSeen, std::move(seen));
  return true;
}

// An attribute of the Python module `warnings` when that has been imported (or, with `load`, can be); else empty.
Ref<> python_attribute(Name& name, bool load) {
  Ref<> module = sys_modules() ? dict_get_str(sys_modules(), names::warnings_.str()) : Ref<>();
  if (!module && load && !is_finalizing()) {
    module = import_module("warnings");
    if (!module) clear_error();
  }
  if (!module || is_none(module.value())) return Ref<>();
  return find_attribute(module.value(), name.str());
}

// As python_attribute; where there is none, the one seen last, else `initial`. Empty: error.
Ref<> state_attribute(Name& name, Seen which, Value initial) {
  Ref<> now = python_attribute(name, false);
  if (!now) {
    if (error_pending()) return Ref<>();
    Ref<> last = list_get(seen_attributes(), which);
    return last && !is_none(last.value()) ? std::move(last) : Ref<>::retain(initial);
  }
  Ref<> last = list_get(seen_attributes(), which);
  if (!last || !now.value().same(last.value())) list_set(seen_attributes(), which, now.copy());
  return now;
}

bool check_matched(Value pattern, Value text, int* matched) {
  if (is_none(pattern)) {
    *matched = 1;
    return true;
  }
  if (is_exact_str(pattern)) {
    *matched = is_str(text) && str_equal(as_str(pattern), as_str(text));
    return true;
  }
  Ref<> result = call_method(pattern, kMatch.str(), {text});
  if (!result) return false;
  *matched = truth(result.value());
  return *matched >= 0;
}

// The action for the warning; `item` gets the filter that gave it.
Ref<Str> find_action(Value category, Value text, int64_t line, Value module, Ref<>* item) {
  Ref<> filters = state_attribute(kFilters, kSeenFilters, own_filters());
  if (!filters) return Ref<Str>();
  if (!is_list(filters.value())) return raise(exc::ValueError, "_warnings.filters must be a list");
  List* list = as_list(filters.value());
  for (int64_t i = 0; i < list_size(list); ++i) {
    Ref<> filter = list_get(list, i);
    if (!filter) break;
    if (!is_tuple(filter.value()) || as_tuple(filter.value())->length != 5) {
      return raise(exc::ValueError, "_warnings.filters item %ld isn't a 5-tuple", i);
    }
    Tuple* parts = as_tuple(filter.value());
    if (!is_str(parts->at(0))) return raise(exc::TypeError, "action must be a string, not '%T'", parts->at(0));
    int good_message, good_module;
    if (!check_matched(parts->at(1), text, &good_message) || !check_matched(parts->at(3), module, &good_module))
      return Ref<Str>();
    int good_category = is_subclass(category, parts->at(2));
    if (good_category < 0) return Ref<Str>();
    int64_t filter_line;
    if (!to_int64(parts->at(4), &filter_line)) return Ref<Str>();
    if (good_message && good_module && good_category && (filter_line == 0 || filter_line == line)) {
      *item = std::move(filter);
      return Ref<Str>::retain(as_str(parts->at(0)));
    }
  }
  Ref<> action = state_attribute(kDefaultAction, kSeenAction, Value::object(intern("default")));
  if (!action) return Ref<Str>();
  if (!is_str(action.value())) {
    return raise(exc::TypeError, "_warnings.defaultaction must be a string, not '%T'", action.value());
  }
  *item = none_ref();
  return Ref<Str>::retain(as_str(action.value()));
}

// 1 when the registry knows the key, 0 when not (and, with `remember`, it does now), -1 on error.
int already_warned(Value registry, Value key, bool remember) {
  Dict* dict = as_dict(registry);
  Ref<> version = dict_get_str(dict, kVersion.str());
  int64_t current = g_filters_version.load(std::memory_order_relaxed), seen;
  if (!version && error_pending()) return -1;
  if (!version || !is_exact_int(version.value()) || !int_to_int64(version.value(), &seen) || seen != current) {
    dict_clear(dict);
    if (!dict_set_str(dict, kVersion.str(), Value::small_int(current))) return -1;
  } else {
    Ref<> known = dict_get(dict, key);
    if (known) {
      int is = truth(known.value());
      if (is != 0) return is;
    } else if (error_pending()) {
      return -1;
    }
  }
  if (remember) return dict_set(dict, key, boolean(true)) ? 0 : -1;
  return 0;
}

int update_registry(Value registry, Value text, Value category) {
  Ref<Tuple> key = tuple_of({text, category});
  return key ? already_warned(registry, key.value(), true) : -1;
}

Ref<> module_from_filename(Str* filename) {
  if (filename->length == 0) return str_from_ascii("<unknown>");
  if (filename->length >= 3) {
    Ref<Str> tail = str_substring(filename, filename->length - 3, filename->length);
    if (tail && tail->equals_ascii(".py")) return str_substring(filename, 0, filename->length - 3);
  }
  return Ref<>::retain(Value::object(filename));
}

// Without the Python module: "file:line: Category: text" to sys.stderr.
bool show_plainly(Str* filename, int64_t line, Value text, Value category) {
  Ref<> file = sys_get("stderr");
  if (!file || is_none(file.value())) {
    clear_error();
    return true;
  }
  Ref<> name = get_attribute(category, names::name.str());
  if (!name) return false;
  Ref<Str> output = str_format("%U:%ld: %V: %V\n", filename, line, name.value(), text);
  if (!output) return false;
  Ref<> written = call_method(file.value(), names::write_.str(), {output.value()});
  if (!written) clear_error();
  return true;
}

bool show(Value category, Value text, Value message, Str* filename, int64_t line, Value source) {
  Ref<> function = python_attribute(kShow, !source.empty() && !is_none(source));
  if (!function) {
    if (error_pending()) return false;
    return show_plainly(filename, line, text, category);
  }
  if (!is_callable(function.value())) return raise(exc::TypeError, "warnings._showwarnmsg() must be set to a callable");
  Ref<> message_class = python_attribute(kMessageClass, false);
  if (!message_class) {
    return error_pending() ? false : static_cast<bool>(raise(exc::RuntimeError, "unable to get warnings.WarningMessage"));
  }
  Ref<> line_number = int_from_int64(line);
  Ref<> record = call_values(message_class.value(), {message, category, Value::object(filename), line_number.value(), none(),
                                                     none(), source.empty() ? none() : source});
  return record && call1(function.value(), record.value());
}

bool issue(Value category_in, Value message_in, Str* filename, int64_t line, Value module_in, Value registry, Value source) {
  if (!init_state()) return false;
  if (!registry.empty() && !is_dict(registry) && !is_none(registry))
    return raise(exc::TypeError, "'registry' must be a dict or None");
  if (!registry.empty() && is_none(registry)) registry = Value();
  if (!module_in.empty() && is_none(module_in)) return true;  // during interpreter shutdown
  Ref<> module = module_in.empty() ? module_from_filename(filename) : Ref<>::retain(module_in);
  if (!module) return false;
  Ref<> text, message, category;
  int is_warning = is_instance(message_in, Value::object(exc::Warning));
  if (is_warning < 0) return false;
  if (is_warning) {
    text = str(message_in);
    message = Ref<>::retain(message_in);
    category = Ref<>::retain(Value::object(type_of(message_in)));
  } else {
    text = Ref<>::retain(message_in);
    message = call1(category_in, message_in);
    category = Ref<>::retain(category_in);
  }
  if (!text || !message) return false;
  Ref<Tuple> key = tuple_of({text.value(), category.value(), Value::small_int(line)});
  if (!key) return false;
  if (!registry.empty()) {
    int known = already_warned(registry, key.value(), false);
    if (known < 0) return false;
    if (known) return true;
  }
  Ref<> item;
  Ref<Str> action = find_action(category.value(), text.value(), line, module.value(), &item);
  if (!action) return false;
  if (action->equals_ascii("error")) return raise_object(message.value());
  if (action->equals_ascii("ignore")) return true;
  int known = 0;
  if (!action->equals_ascii("always")) {
    if (!registry.empty() && !dict_set(as_dict(registry), key.value(), boolean(true))) return false;
    if (action->equals_ascii("once")) {
      if (!registry.empty()) {
        known = update_registry(registry, text.value(), category.value());
      } else {
        Ref<> once = state_attribute(kOnce, kSeenOnce, own_once_registry());
        if (!once) return false;
        if (!is_dict(once.value())) return raise(exc::TypeError, "_warnings.onceregistry must be a dict, not '%T'", once.value());
        known = update_registry(once.value(), text.value(), category.value());
      }
    } else if (action->equals_ascii("module")) {
      if (!registry.empty()) known = update_registry(registry, text.value(), category.value());
    } else if (!action->equals_ascii("default")) {
      return raise(exc::RuntimeError, "Unrecognized action (%R) in warnings.filters:\n %R", action.value(),
                   item ? item.value() : none());
    }
  }
  if (known < 0) return false;
  if (known) return true;
  return show(category.value(), text.value(), message.value(), filename, line, source);
}

// ---- where the warning points to -----------------------------------------------------------------------------------

constinit Name kBack("f_back"), kCode("f_code"), kGlobals("f_globals"), kLine("f_lineno"), kFilename("co_filename");

Ref<Str> frame_filename(Value frame) {
  Ref<> code = get_attribute(frame, kCode.str());
  Ref<> filename = code ? get_attribute(code.value(), kFilename.str()) : Ref<>();
  if (!filename) return Ref<Str>();
  if (!is_str(filename.value())) return raise(exc::TypeError, "co_filename is not a str");
  return Ref<Str>::steal(as_str(filename.take()));
}

// Frames of the import system are passed over.
bool is_internal(Str* filename) {
  Ref<Str> a = str_from_ascii("importlib"), b = str_from_ascii("_bootstrap");
  return a && b && str_find(filename, a.get(), 0, filename->length) >= 0 && str_find(filename, b.get(), 0, filename->length) >= 0;
}

Ref<> back(Value frame) {
  Ref<> f = get_attribute(frame, kBack.str());
  if (f && is_none(f.value())) return Ref<>();
  return f;
}

struct Context {
  Ref<Str> filename;
  int64_t line = 1;
  Ref<> module, registry;
};

bool find_context(int64_t stack_level, Context* out) {
  Ref<> frame = current_frame(0);
  if (!frame && error_pending()) return false;
  auto internal = [](Value f, bool* is) {
    Ref<Str> filename = frame_filename(f);
    if (!filename) return false;
    *is = is_internal(filename.get());
    return true;
  };
  bool first_is_internal = false;
  if (frame && !internal(frame.value(), &first_is_internal)) return false;
  bool skip = stack_level > 0 && !first_is_internal;
  while (--stack_level > 0 && frame) {
    frame = back(frame.value());
    while (skip && frame) {
      bool is;
      if (!internal(frame.value(), &is)) return false;
      if (!is) break;
      frame = back(frame.value());
    }
    if (error_pending()) return false;
  }
  Ref<> globals;
  if (!frame) {
    if (!sys_dict()) return raise(exc::RuntimeError, "lost sys module");
    globals = Ref<>::retain(Value::object(sys_dict()));
    out->filename = str_from_ascii("sys");
  } else {
    globals = get_attribute(frame.value(), kGlobals.str());
    out->filename = frame_filename(frame.value());
    Ref<> line = get_attribute(frame.value(), kLine.str());
    if (!line) return false;
    if (!is_none(line.value()) && !to_int64(line.value(), &out->line)) return false;
  }
  if (!globals || !out->filename) return false;
  Dict* dict = as_dict(globals.value());
  out->registry = dict_get_str(dict, kRegistry.str());
  if (!out->registry) {
    Ref<Dict> made = dict_new();
    if (!made) return false;
    out->registry = dict_set_default(dict, kRegistry.value(), made.value());
    if (!out->registry) return false;
  }
  out->module = dict_get_str(dict, names::name.str());
  if (!out->module || (!is_none(out->module.value()) && !is_str(out->module.value()))) out->module = str_from_ascii("<string>");
  return static_cast<bool>(out->module);
}

// The category for a message; TypeError.
Ref<> check_category(Value message, Value category) {
  int is_warning = is_instance(message, Value::object(exc::Warning));
  if (is_warning < 0) return Ref<>();
  if (is_warning) return Ref<>::retain(Value::object(type_of(message)));
  if (category.empty() || is_none(category)) return Ref<>::retain(Value::object(exc::UserWarning));
  bool good = has_flag(type_of(category), kTypeTypeSubclass);
  if (good) {
    int is = is_subclass(category, Value::object(exc::Warning));
    if (is < 0) return Ref<>();
    good = is;
  }
  if (!good) return raise(exc::TypeError, "category must be a Warning subclass, not '%T'", category);
  return Ref<>::retain(category);
}

// ---- module -----------------------------------------------------------------------------------------------------------

Ref<> warnings_warn(const Value* a) {
  int64_t level = 1;
  if (!a[2].empty() && !to_int64(a[2], &level)) return Ref<>();
  Ref<> category = check_category(a[0], a[1]);
  if (!category) return Ref<>();
  return warn_message(a[0], category.value(), level, a[3]) ? none_ref() : Ref<>();
}

Ref<> warnings_warn_explicit(const Value* a) {
  if (!is_str(a[2])) return raise(exc::TypeError, "warn_explicit() argument 3 must be str, not %T", a[2]);
  int64_t line;
  if (!to_int64(a[3], &line)) return Ref<>();
  if (given(a[6]) && !is_dict(a[6])) return raise(exc::TypeError, "module_globals must be a dict, not '%T'", a[6]);
  Value module = a[4];
  Ref<> category = Ref<>::retain(a[1]);
  return issue(category.value(), a[0], as_str(a[2]), line, module, a[5], a[7]) ? none_ref() : Ref<>();
}

Ref<> warnings_filters_mutated(const Value*) {
  g_filters_version.fetch_add(1, std::memory_order_relaxed);
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"warn", "(message, category=None, stacklevel=1, source=None)", warnings_warn,
     "Issue a warning, or maybe ignore it or raise an exception."},
    {"warn_explicit", "(message, category, filename, lineno, module=None, registry=None, module_globals=None, source=None)",
     warnings_warn_explicit, "Issue a warning, or maybe ignore it or raise an exception."},
    {"_filters_mutated", "()", warnings_filters_mutated},
    {},
};

bool warnings_execute(Module* module) {
  if (!init_state()) return false;
  Dict* d = module_dict(module);
  return dict_set_text(d, "filters", own_filters()) && dict_set_text(d, "_onceregistry", own_once_registry()) &&
         dict_set_text(d, "_defaultaction", Value::object(intern("default")));
}

}  // namespace

bool warn_explicit(Value category, Value message, Str* filename, int64_t line, Value module, Value registry, Value source) {
  return issue(category, message, filename, line, module, registry, source);
}

bool warn_message(Value message, Value category, int64_t stack_level, Value source) {
  Context context;
  if (!find_context(stack_level, &context)) return false;
  return issue(category, message, context.filename.get(), context.line, context.module.value(), context.registry.value(), source);
}

bool warn(Type* category, int stack_level, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Ref<Str> message = str_vformat(format, arguments);
  va_end(arguments);
  return message && warn_message(message.value(), Value::object(category), stack_level);
}

extern const NativeModule warnings_module;
const NativeModule warnings_module = {"_warnings",
                                      "_warnings provides basic warning filtering support.\n"
                                      "It is a helper module to speed up interpreter start-up.",
                                      kFunctions, warnings_execute};
}  // namespace pt
