#pragma once
#include <cstdint>

#include "gc/object/value.h"

namespace pt {

struct Dict;

// The modules there are when the program starts: finalize_modules() leaves them alone.
int64_t loaded_module_count();

// The end of the program, as far as it can see it: `__del__` of what is alive, with everything still in
// place; then the objects that modules' globals hold die, those of __main__ first and then from the last
// import on; files are flushed that way. Classes, functions and modules stay. Does nothing while other
// threads run: they use all of it. Runs Python code.
void finalize_modules(Dict* main_globals, int64_t startup_modules);

}  // namespace pt
