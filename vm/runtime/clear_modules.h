#pragma once
// What the ends of the process and of an interpreter do with modules. May run Python code.
namespace pt {

struct Dict;
struct Module;

// sys and builtins are there to the very end.
bool lives_on(Module* module);
// Binds names to None: those with one leading underscore first, then the others. Without `definitions`, what destructors
// may still want stays: functions, classes, modules.
void clear_globals(Dict* globals, bool definitions);
// Replaced streams go first; what is printed from now on goes to the interpreter's own.
void reset_streams();

}  // namespace pt
