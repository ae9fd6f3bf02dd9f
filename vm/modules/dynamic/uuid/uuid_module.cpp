// _uuid: UUIDs of the time and the machine, made by libuuid.
#include <uuid/uuid.h>

#include "gc/sync/mutator.h"
#include "vm/modules/support.h"
#include "vm/types/bytes.h"

namespace pt {
namespace {

// The 16 bytes, and 0 when no other process can have got the same, -1 when that is not sure.
Ref<> generate_time_safe(const Value*) {
  uuid_t id;
  int unsafe;
  {
    Detached detached;  // it may ask a daemon, or wait for a file's lock
    unsafe = uuid_generate_time_safe(id);
  }
  Ref<Bytes> bytes = bytes_from({reinterpret_cast<const char*>(id), sizeof id});
  return bytes ? Ref<>(tuple_of({bytes.value(), Value::small_int(unsafe)})) : Ref<>();
}

const NativeDef kFunctions[] = {
    {"generate_time_safe", "()", generate_time_safe, "A UUID of the time as bytes, and 0 if it is sure to be the only one."}, {}};

}  // namespace
}  // namespace pt

extern "C" const pt::NativeModule ptpython_module__uuid;
const pt::NativeModule ptpython_module__uuid = {"_uuid", "UUIDs by libuuid.", pt::kFunctions, [](pt::Module* module) {
                                                  return pt::module_add_int(module, "has_uuid_generate_time_safe", 1);
                                                }};
