// _testinternalcapi for CPython's own suite: the depth of the Python stack. Built, never installed.
#include "gc/object/object.h"
#include "vm/object/module.h"
#include "vm/object/thread.h"
#include "vm/types/int.h"

namespace pt {
namespace {

Ref<> get_recursion_depth(const Value*) {
  Thread* thread = current_thread();
  return int_from_int64(thread->record - thread->record_base + 1);
}

const NativeDef kFunctions[] = {{"get_recursion_depth", "()", get_recursion_depth}, {}};

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__testinternalcapi;
const NativeModule ptpython_module__testinternalcapi = {"_testinternalcapi", nullptr, kFunctions, [](Module* module) {
                                                          // What the collector needs of an object lies in its header.
                                                          return module_add_int(module, "SIZEOF_PYGC_HEAD", 0);
                                                        }};
}
}  // namespace pt
