#include "vm/main/finalize.h"

#include "gc/collector/collector.h"
#include "gc/collector/introspect.h"
#include "gc/sync/mutator.h"
#include "vm/modules/gc/gc_module.h"
#include "vm/modules/io/io.h"
#include "vm/modules/sys/sys.h"
#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/type_build.h"
#include "vm/runtime/clear_modules.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {
namespace {

template <class F>
void each_finalizable(Dict* globals, F&& each) {
  Ref<List> values = dict_values_list(globals);
  clear_error();
  for (int64_t i = 0; values && i < list_size(values.get()); ++i) {
    Ref<> v = list_get(values.get(), i);
    if (v && has_python_finalizer(v.value())) each(v.value());
  }
}
void finalize_values(Dict* globals) {
  each_finalizable(globals, [](Value v) { finalize_once(v); });
}

// What globals name first, in their order; then all others, less what sys and builtins keep to the very end.
void run_finalizers(Dict* main_globals, List* modules) {
  finalize_values(main_globals);
  for (int64_t i = 0; modules && i < list_size(modules); ++i) {
    Ref<> module = list_get(modules, i);
    if (module && is_module(module.value()) && !lives_on(as_module(module.value())))
      finalize_values(module_dict(as_module(module.value())));
  }
  ValueList objects;
  if (!objects_where([](const Object* o) { return has_python_finalizer(Value::object(const_cast<Object*>(o))); }, objects))
    return;
  ValueList kept;
  bool complete = true;
  for (Dict* globals : {sys_dict(), module_dict(builtins_module_object())})
    each_finalizable(globals, [&](Value v) { complete = kept.add(v) && complete; });
  for (size_t i = 0; complete && i < objects.size(); ++i) {
    bool keep = false;
    for (size_t k = 0; k < kept.size(); ++k) keep |= kept[k].same(objects[i]);
    if (!keep) finalize_once(objects[i]);
  }
}

}  // namespace

int64_t loaded_module_count() { return sys_modules() ? dict_size(sys_modules()) : 0; }

void finalize_modules(Dict* main_globals, int64_t startup_modules) {
  if (mutator_count() > 1) return;
  reset_streams();
  Ref<List> modules = sys_modules() ? dict_values_list(sys_modules()) : Ref<List>();
  clear_error();
  bool finalizers = g_finalizers_present.load(std::memory_order_relaxed);
  if (finalizers || g_collector_hooks.uncollectable) collect();
  warn_of_garbage();
  if (finalizers) {
    run_finalizers(main_globals, modules.get());
  }
  clear_globals(main_globals, false);
  for (int64_t i = modules ? list_size(modules.get()) : 0; --i >= startup_modules;) {
    Ref<> module = list_get(modules.get(), i);
    if (!module || !is_module(module.value())) continue;
    Dict* globals = module_dict(as_module(module.value()));
    if (globals != main_globals && !lives_on(as_module(module.value()))) clear_globals(globals, false);
  }
  clear_globals(main_globals, true);
  if (finalizers) {
    collect();
    flush_open_files();  // of classes, functions and modules that stay
  }
}

}  // namespace pt
