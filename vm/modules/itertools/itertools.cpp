// The itertools module.
#include "vm/modules/itertools/itertools.h"

#include "vm/object/module.h"

namespace pt {
namespace {

const NativeDef kFunctions[] = {
    {"tee", "($module, iterable, n=2, /)", itertools_tee, "Returns a tuple of n independent iterators."}, {}};

bool execute(Module* module) {
#define PT_ADD(name) \
  if (!module_add_type(module, &iter::name##_type, &iter::name##_spec)) return false;
  PT_ITERTOOLS_TYPES(PT_ADD)
#undef PT_ADD
  return true;
}

}  // namespace

extern const NativeModule itertools_module;
const NativeModule itertools_module = {"itertools", "Building blocks for iterators.", kFunctions, execute};

}  // namespace pt
