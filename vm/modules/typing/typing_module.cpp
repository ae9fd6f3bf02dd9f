// The _typing module: what the library's typing wants native.
#include "vm/object/module.h"
#include "vm/object/native.h"

namespace pt {
namespace {

Ref<> same(const Value* a) { return Ref<>::retain(a[0]); }
const NativeDef kFunctions[] = {{"_idfunc", "(x, /)", same}, {}};

}  // namespace
extern const NativeModule typing_module;
const NativeModule typing_module = {"_typing", "Accelerators for the typing module.\n", kFunctions, nullptr};
}  // namespace pt
