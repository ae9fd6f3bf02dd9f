#pragma once
// The sys module for the rest of the runtime.
#include <initializer_list>

#include "gc/refcount/ref.h"

namespace pt {

struct Dict;
struct Module;

// Start-up of an interpreter, after its builtins: makes sys (without the standard streams) and sys.modules with sys and builtins
// in it.
bool init_sys();
// Of the interpreter that runs; borrowed, and nullptr before init_sys.
Dict* sys_dict();
Dict* sys_modules();  // the dict the import system was started with
Module* sys_module_object();
Module* builtins_module_object();

// A sys.stderr that needs nothing: until init_standard_streams().
bool init_first_stderr();
// Start-up, after import works: sys.stdin, stdout, stderr and their dunder twins.
bool init_standard_streams();
// Flushes stdout and stderr; -1 when stdout failed (reported as unraisable).
int flush_standard_streams();
// sys.is_finalizing(): set when shutdown begins.
void set_finalizing();
bool is_finalizing();

// PEP 578. Calls the hooks with (event, args); false with an exception pending. Costs one load while there is no hook.
extern std::atomic<bool> g_audit_hooks_present;
bool audit_slow(const char* event, std::initializer_list<Value> arguments);
inline bool audit(const char* event, std::initializer_list<Value> arguments = {}) {
  return !g_audit_hooks_present.load(std::memory_order_relaxed) || audit_slow(event, arguments);
}

// Calls sys.excepthook with the exception (an instance), falling back to the built-in display.
void report_exception(Value exception);
// What the built-in excepthook does: traceback to sys.stderr.
void display_exception(Value exception);

}  // namespace pt
