#pragma once
// Where lines typed at a terminal come from when the readline module is loaded.
#include "gc/refcount/ref.h"

namespace pt {

// Shows the prompt and gives the line with its newline as bytes; empty bytes at the end of input, empty with an
// exception pending (a signal handler's). May run Python code. nullptr: no editor.
extern Ref<> (*g_line_editor)(const char* prompt);
// True when there is an editor and both standard input and output are terminals.
bool can_edit_lines();

}  // namespace pt
