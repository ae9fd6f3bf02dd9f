#include "vm/runtime/interpreters.h"

#include <cstdio>
#include <cstdlib>

#include "gc/collector/collector.h"
#include "vm/import/import.h"
#include "vm/modules/atexit/atexit.h"
#include "vm/modules/signal/signals.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/constants.h"
#include "vm/object/error.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/protocol.h"
#include "vm/object/type_build.h"
#include "vm/runtime/builtins.h"
#include "vm/runtime/clear_modules.h"
#include "vm/runtime/runtime.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {
namespace {

bool make_main() {
  Ref<Module> m = module_new(intern("__main__"));
  if (!m) return false;
  Ref<> modules = sys_get("modules");
  Dict* dict = module_dict(m.get());
  if (!dict_set_text(as_dict(modules.value()), "__main__", m.value()) ||
      !dict_set_str(dict, names::builtins.str(), Value::object(builtins_module())) ||
      !dict_set_str(dict, names::loader.str(), none())) {
    return false;
  }
  Ref<Dict> annotations = dict_new();
  if (!annotations || !dict_set_str(dict, names::annotations.str(), annotations.value())) return false;
  Ref<> loader = import_attribute("_frozen_importlib", "BuiltinImporter");
  if (loader) dict_set_str(dict, names::loader.str(), loader.value());
  clear_error();
  current_interpreter()->keep(PerInterpreter::kMain, std::move(m));
  return true;
}

// Objects of __main__ go first, with all else in place, then those of the other modules from the last import on; then all
// definitions.
void clear_modules() {
  reset_streams();
  Ref<List> modules = dict_values_list(sys_modules());
  clear_error();
  for (bool definitions : {false, true}) {
    clear_globals(main_globals(), definitions);
    for (int64_t i = modules ? list_size(modules.get()) : 0; --i >= 0;) {
      Ref<> module = list_get(modules.get(), i);
      if (!module || !is_module(module.value()) || lives_on(as_module(module.value()))) continue;
      Dict* globals = module_dict(as_module(module.value()));
      if (globals != main_globals()) clear_globals(globals, definitions);
    }
    // Destructors in cycles find the definitions in place.
    if (!definitions && g_finalizers_present.load(std::memory_order_relaxed)) collect();
  }
  flush_standard_streams();
  // What outlives all this (values of attribute caches) keeps nothing more.
  for (Dict* last : {sys_modules(), sys_dict(), module_dict(builtins_module())}) dict_clear(last);
  collect();
}

}  // namespace

bool start_interpreter() {
  if (!builtins_module()) {
    Ref<Module> builtins = make_builtins_module();
    if (!builtins) return false;
    current_interpreter()->keep(PerInterpreter::kBuiltins, std::move(builtins));
  }
  if (!init_sys() || !init_first_stderr() || !init_import()) return false;
  if (in_main_interpreter()) init_signals(true);
  // The codec registry finds all but the builtin encodings through this package.
  return import_module("encodings") && init_standard_streams() && make_main();
}

Dict* main_globals() { return module_dict(of_interpreter<Module>(PerInterpreter::kMain)); }

InterpreterRef create_interpreter(bool isolated) {
  InterpreterRef made = new_interpreter(isolated);
  if (!made) return made;
  made->state.store(InterpreterState::kRunning, std::memory_order_relaxed);
  bool ok;
  {
    InterpreterScope scope(made.get());
    ok = start_interpreter() && (g_config.warn_option_count == 0 || import_module("warnings")) &&
         (g_config.no_site || import_module("site"));
    if (!ok) clear_error();
  }
  if (!ok) {
    made->state.store(InterpreterState::kEnded, std::memory_order_release);
    forget_interpreter(made.get());
    raise(exc::RuntimeError, "interpreter creation failed");
    return {};
  }
  made->state.store(InterpreterState::kIdle, std::memory_order_release);
  return made;
}

bool claim_interpreter(Interpreter* interpreter, InterpreterState state) {
  InterpreterState idle = InterpreterState::kIdle;
  // Acquire pairs with the release of who ran it before.
  return interpreter != &g_main_interpreter && interpreter->state.compare_exchange_strong(idle, state, std::memory_order_acq_rel);
}

void unclaim_interpreter(Interpreter* interpreter) {
  interpreter->state.store(InterpreterState::kIdle, std::memory_order_seq_cst);
  // Sequentially consistent with end_when_idle: one of the two sees the other.
  if (interpreter->ends_with_ids.load() && interpreter->id_objects.load() == 0) end_when_idle(interpreter);
}

void end_when_idle(Interpreter* interpreter) {
  InterpreterRef keep = InterpreterRef::retain(interpreter);
  if (!claim_interpreter(interpreter, InterpreterState::kEnding)) return;
  Ref<> pending = take_error();
  end_interpreter(interpreter);
  if (pending) restore_error(std::move(pending));
}

void end_interpreter(Interpreter* interpreter) {
  {
    InterpreterScope scope(interpreter);
    wait_for_threads();
    run_atexit_callbacks();
    flush_standard_streams();
    // Acquire pairs with the release in a thread's end.
    if (interpreter->threads.load(std::memory_order_acquire) > 0) {
      std::fputs("Fatal Python error: Py_EndInterpreter: not the last thread\n", stderr);
      std::_Exit(1);
    }
    set_finalizing();
    clear_modules();
    thread_locals_leave();
    current_thread()->InterpreterPart::clear();
  }
  interpreter->state.store(InterpreterState::kEnded, std::memory_order_release);
  forget_interpreter(interpreter);
}

void wait_for_threads() {
  Ref<> modules = sys_get("modules");
  Ref<> threading = modules ? dict_get_text(as_dict(modules.value()), "threading") : Ref<>();
  if (!threading) return;
  Ref<> result = call_method(threading.value(), "_shutdown");
  if (!result) write_unraisable("ignored in", threading.value());
}

InterpreterScope::InterpreterScope(Interpreter* interpreter) {
  Thread* thread = current_thread();
  outer_ = thread->interpreter;
  outer_base_ = thread->record_base;
  outer_part_ = std::exchange(static_cast<InterpreterPart&>(*thread), std::exchange(interpreter->parked, InterpreterPart()));
  retain_interpreter(interpreter);
  thread->interpreter = interpreter;
  thread->record_base = thread->record + 1;
  restore_recursion_limit();
}

InterpreterScope::~InterpreterScope() {
  Thread* thread = current_thread();
  Interpreter* inner = thread->interpreter;
  inner->parked = std::exchange(static_cast<InterpreterPart&>(*thread), outer_part_);
  thread->interpreter = outer_;
  thread->record_base = outer_base_;
  restore_recursion_limit();
  // Signals that came meanwhile.
  if (in_main_interpreter()) thread->request(kBreakSignal);
  release_interpreter(inner);
}

}  // namespace pt
