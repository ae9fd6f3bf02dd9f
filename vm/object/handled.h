#pragma once
#include "vm/object/thread.h"

namespace pt {

// The exception that is being handled, as sys.exception() gives it: borrowed, empty when there is none. Inside a generator
// Thread::handled is the generator's own; None there says that the one outside may show through, which the record keeps.
Value handled_exception(const Thread* thread);

}  // namespace pt
