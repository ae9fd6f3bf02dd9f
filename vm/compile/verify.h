// A check of compiled code, for tests: operands, jump targets and what every instruction finds in the
// temporaries.
#pragma once

#include <string>

#include "vm/compile/code_unit.h"

namespace pt {

// Checks the unit and those among its constants. Empty when all is well, else the first fault found, with the
// unit's name and the word offset.
std::string verify(const CodeUnit* unit);

}  // namespace pt
