// A listing of a code unit, for people and golden files.
#pragma once

#include <string>

#include "vm/compile/code_unit.h"

namespace pt {

struct DisassembleOptions {
  bool nested = true;      // the units among the constants too, after their owner
  bool bare = false;       // instructions only, without offsets
  bool positions = false;  // line:col-line:col at every instruction
};

// One line an instruction: word offset, name, operands. Registers below the temporaries appear by name,
// temporaries as t0, t1 ...; `!` marks a killed operand; constants appear as literals.
std::string disassemble(const CodeUnit* unit, const DisassembleOptions& options = {});

// The constant as a literal.
std::string constant_text(const UnitConstant& constant);

}  // namespace pt
