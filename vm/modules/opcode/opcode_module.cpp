// The _opcode module. The instruction set of CPython, which `opcode` and `dis` describe, is not the one that runs here:
// stack effects are unknown.
#include "vm/modules/support/arguments.h"
#include "vm/object/module.h"

namespace pt {
namespace {

Ref<> opcode_stack_effect(const Value* a) {
  int opcode;
  if (!to_cint(a[0], &opcode)) return Ref<>();
  return raise(exc::ValueError, "invalid opcode or oparg");
}
Ref<> opcode_get_specialization_stats(const Value*) { return none_ref(); }
const NativeDef kFunctions[] = {
    {"stack_effect", "(opcode, oparg=None, /, *, jump=None)", opcode_stack_effect, "Compute the stack effect of the opcode."},
    {"get_specialization_stats", "()", opcode_get_specialization_stats, "Return the specialization stats"},
    {},
};

}  // namespace
extern const NativeModule opcode_module;
const NativeModule opcode_module = {"_opcode", "Opcode support module.", kFunctions};
}  // namespace pt
