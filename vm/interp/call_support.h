#pragma once
// Shared by the call instructions and those that prepare argument lists.
#include "vm/interp/dispatch.h"

namespace pt {

// "module.qualname()" for messages about calls.
Ref<> callable_description(Value callable);
// A name in the builtins of the running frame. Empty without an exception: not there.
Ref<> builtins_lookup(Thread* thread, Str* name);
// **mapping into the keyword dict of a call; duplicates and non-mappings raise TypeError.
bool merge_keywords(Dict* into, Value mapping, Value callable);
// Continues after a generator's code returned (`word` holds the owned value's bits): its record is gone already.
__attribute__((preserve_none)) uint64_t generator_returned(PT_HANDLER_PARAMETERS);
// FOR_ITER over a generator: goes on inside it, or by the iterator protocol.
__attribute__((preserve_none)) uint64_t for_iter_generator(PT_HANDLER_PARAMETERS);
__attribute__((preserve_none)) uint64_t for_iter_native(PT_HANDLER_PARAMETERS);

}  // namespace pt
