// A check of compiled code, for tests: operands, jump targets and what every instruction finds in the
// temporaries.
#pragma once

#include <string>
#include <vector>

#include "vm/compile/code_unit.h"

namespace pt {

// Checks the unit and those among its constants. Empty when all is well, else the first fault found, with the
// unit's name and the word offset.
std::string verify(const CodeUnit* unit);

// What a register may hold at the start of an instruction, as bits.
enum RegisterState : uint8_t {
  kRegisterEmpty = 1,
  kRegisterFull = 2,
  // and, for a full one, what put it there
  kRegisterIterator = 4,
  kRegisterExit = 8,       // __exit__ of a with statement
  kRegisterHandled = 16,   // the exception of a handler
  kRegisterPrevious = 32,  // what was handled before; in the register after that
  kRegisterOther = 64,
};
// The states at each of the words, by the flow of control; an empty entry where none arrives. `unit` may be of running code.
std::vector<std::vector<uint8_t>> register_states(const CodeUnit* unit, const std::vector<uint32_t>& words);

}  // namespace pt
