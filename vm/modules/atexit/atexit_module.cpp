// The atexit module.
#include "vm/modules/atexit/atexit.h"

#include "vm/object/interpreter.h"
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

namespace pt {
namespace {

// (function, args, kwargs or None) in order of registration.
List* callbacks() {
  if (List* list = of_interpreter<List>(PerInterpreter::kExitCallbacks)) return list;
  Ref<List> made = list_new();
  if (!made) return nullptr;
  current_interpreter()->keep(PerInterpreter::kExitCallbacks, std::move(made));
  return of_interpreter<List>(PerInterpreter::kExitCallbacks);
}

Ref<> atexit_register(const Value* a) {
  if (!is_callable(a[0])) return raise(exc::TypeError, "the first argument must be callable");
  List* list = callbacks();
  if (!list) return Ref<>();
  Ref<Tuple> entry = tuple_of({a[0], a[1], a[2]});
  if (!entry || !list_append(list, std::move(entry))) return Ref<>();
  return Ref<>::retain(a[0]);
}

Ref<> atexit_unregister(const Value* a) {
  List* list = callbacks();
  if (!list) return Ref<>();
  for (int64_t i = list_size(list) - 1; i >= 0; --i) {
    Ref<> entry = list_get(list, i);
    if (!entry) continue;
    int same = equal(as_tuple(entry.value())->at(0), a[0]);
    if (same < 0) return Ref<>();
    if (!same) continue;
    // The comparison may have changed the list.
    Ref<> now = list_get(list, i);
    if (now && now.value().same(entry.value())) {
      Ref<> dropped = list_pop(list, i);
      if (!dropped && error_pending()) return Ref<>();
    }
  }
  return none_ref();
}

Ref<> atexit_clear(const Value*) {
  List* list = callbacks();
  if (!list) return Ref<>();
  for (int64_t n = list_size(list); n > 0; n = list_size(list)) {
    Ref<> dropped = list_pop(list, n - 1);
  }
  return none_ref();
}

Ref<> atexit_ncallbacks(const Value*) {
  List* list = callbacks();
  return list ? int_from_int64(list_size(list)) : Ref<>();
}

Ref<> atexit_run_exitfuncs(const Value*) {
  run_atexit_callbacks();
  return none_ref();
}

const NativeDef kFunctions[] = {
    {"register", "(func, /, *args, **kwargs)", atexit_register,
     "Register a function to be executed upon normal program termination."},
    {"unregister", "(func, /)", atexit_unregister,
     "Unregister an exit function which was previously registered using atexit.register"},
    {"_clear", "()", atexit_clear, "Clear the list of previously registered exit functions."},
    {"_run_exitfuncs", "()", atexit_run_exitfuncs, "Run all registered exit functions."},
    {"_ncallbacks", "()", atexit_ncallbacks, "Return the number of registered exit functions."},
    {},
};

}  // namespace

void run_atexit_callbacks() {
  List* list = of_interpreter<List>(PerInterpreter::kExitCallbacks);
  if (!list) return;
  for (int64_t n = list_size(list); n > 0; n = list_size(list)) {
    Ref<> entry = list_pop(list, n - 1);
    if (!entry) break;
    Tuple* parts = as_tuple(entry.value());
    Ref<> result = call_tuple_dict(parts->at(0), parts->at(1), parts->at(2));
    if (!result) write_unraisable("in atexit callback", parts->at(0));
  }
}

extern const NativeModule atexit_module;
const NativeModule atexit_module = {"atexit",
                                    "allow programmer to define multiple exit functions to be executed\n"
                                    "upon normal program termination.\n\n"
                                    "Two public functions, register and unregister, are defined.\n",
                                    kFunctions};
}  // namespace pt
