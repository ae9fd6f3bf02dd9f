#include "vm/modules/support/line_editor.h"

#include <unistd.h>

namespace pt {

Ref<> (*g_line_editor)(const char* prompt) = nullptr;
bool can_edit_lines() { return g_line_editor && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

}  // namespace pt
