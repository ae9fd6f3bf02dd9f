#pragma once

namespace pt {

struct Code;

// For a new code object that is complete: freed by a collection only, and no container to Python (gc.is_tracked(), the number of
// objects a collection found).
void code_deferred(Code* code);

}  // namespace pt
