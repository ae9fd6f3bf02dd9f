// When importlib has run a module it takes it out of sys.modules and puts it back, as the last one. CPython's lock hides that
// from other threads; here one that imports a submodule meanwhile may miss the parent that it saw a moment ago. It waits then
// until the parent's import is over, and looks once more.
#include "vm/import/import.h"
#include "vm/import/import_state.h"
#include "vm/object/attributes.h"
#include "vm/object/error.h"
#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/frame.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

constinit Name kLockUnlock("_lock_unlock_module");

// "a.b" of "a.b.c"; empty: it has no parent, or an exception is pending.
Ref<Str> parent_of(Str* name) {
  int64_t dot = name->length - 1;
  while (dot >= 0 && name->at(dot) != '.') --dot;
  return dot > 0 ? str_substring(name, 0, dot) : Ref<Str>();
}

// The KeyError of the parent's name, raised by _find_and_load_unlocked itself: nothing has been loaded yet.
bool is_about(Value error, Str* parent) {
  const auto* e = reinterpret_cast<const BaseException*>(error.as_object());
  Value args = e->args.peek();
  Ref<> traceback = exception_traceback(error);
  return is_exact_tuple(args) && as_tuple(args)->length == 1 && is_exact_str(as_tuple(args)->at(0)) &&
         str_equal(as_str(as_tuple(args)->at(0)), parent) && traceback && !is_none(traceback.value()) &&
         reinterpret_cast<Traceback*>(traceback.value().as_object())->next.peek().empty();
}

// Whether the pending exception says that the parent is not there while it is: then it is gone. Waits for the parent's import.
bool was_moved(Value name) {
  if (!is_exact_str(name) || !pending_matches(exc::KeyError)) return false;
  Ref<> error = take_error();
  Ref<Str> parent = parent_of(as_str(name));
  bool there = false;
  if (parent && is_about(error.value(), parent.get())) {
    Ref<> modules = sys_get("modules");
    there = call_method(bootstrap_module(), kLockUnlock.str(), {parent.value()}) && modules && is_dict(modules.value()) &&
            dict_contains(as_dict(modules.value()), parent.value()) > 0;
  }
  clear_error();
  if (!there) restore_error(std::move(error));
  return there;
}

Ref<> find_and_load_unlocked(const Value* a) {
  for (;;) {
    Ref<> module = call_values(Value::object(of_interpreter(PerInterpreter::kFindAndLoadUnlocked)), {a[0], a[1]});
    if (module || !was_moved(a[0])) return module;
  }
}
const NativeDef kReplacement = {"_find_and_load_unlocked", "(name, import_)", find_and_load_unlocked};

}  // namespace

bool patch_bootstrap(Value module) {
  Ref<> replaced = get_attribute(module, kReplacement.name);
  Ref<Str> module_name = str_from_ascii("importlib._bootstrap");
  Ref<> function = replaced && module_name ? native_function_new(&kReplacement, Value(), module_name.value()) : Ref<>();
  if (!function || !set_attribute(module, intern(kReplacement.name), function.value())) return false;
  current_interpreter()->keep(PerInterpreter::kFindAndLoadUnlocked, std::move(replaced));
  return true;
}

}  // namespace pt
