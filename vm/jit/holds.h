#pragma once
// What State::let_go and State::take_hold point to.
#include "jit_stencils/abi.h"

namespace pt::jit {

void let_go(State*);
// TakeHold where the trace has other locks. Another word may hold the same object, under another name: it stays locked until
// none does.
__attribute__((preserve_all)) bool take_hold(State*, uint64_t word_offset, uint64_t address, uint64_t shape);

}  // namespace pt::jit
